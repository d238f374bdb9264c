//! One process with a beginning, a limit and an end (RUNBOOK-FORMAT, section 3.5).
//!
//! Owns the process group of a step: its own session, no standard input, the script in a private
//! file, time limits with grace, output with times and a cap, values that are masked from the moment
//! the script says so, and the search for descendants that escaped. Does not know steps, plans or
//! journals.

use super::error::RunError;
use super::lines::Lines;
use super::lock::StepLock;
use super::redact::Redactor;
use super::time;
use crate::plan::Shell;
use crate::text::Digester;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, Signal};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicI32, AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long a process may take to end after SIGTERM.
pub const GRACE: Duration = Duration::from_secs(10);

/// How much output is kept of a step: so much of its beginning, and as much of its end.
const KEPT_BYTES: usize = 256 * 1024;

/// The name under which values are known that a script had masked.
pub(super) const MASKED: &str = "OPSBOOK_MASK";

/// The environment variable that marks a job's processes, so that those that escape are known.
const MARK: &str = "OPSBOOK_PROCESS";

/// How much is read of a stream at once, and how often before the other and the clock are looked at.
const READ_BYTES: usize = 64 * 1024;
const N_READS: usize = 8;

/// How long a stream is silent before the end of a line is shown that could be a secret's beginning.
const SILENCE: Duration = Duration::from_millis(300);

/// How long output may still come after the process has ended: a descendant can hold the pipe.
const DRAIN: Duration = Duration::from_millis(200);

/// What to run.
#[derive(Clone, Debug)]
pub struct Job {
    /// The interpreter.
    pub shell: Shell,
    /// The script.
    pub script: String,
    /// The folder to run in.
    pub cwd: PathBuf,
    /// The whole environment: nothing is inherited.
    pub env: BTreeMap<String, String>,
    /// The limit.
    pub timeout: Option<Duration>,
    /// The file that the script adds values to that are masked from then on.
    pub masks: Option<PathBuf>,
    /// Where the script was written.
    pub origin: Option<Origin>,
    /// Whether what it leaves running is ended with it.
    pub end_leftovers: bool,
}

/// Where a script was written: a page, and the line there of the script's first line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The page.
    pub page: String,
    /// The line, from 1.
    pub line: usize,
    /// The page and line of what stands before it in the script, and how many lines that is.
    pub prelude: Option<(String, usize, usize)>,
}

impl Origin {
    /// Says where a line of the script was written.
    fn of(&self, line: usize) -> String {
        match &self.prelude {
            Some((page, first, n_lines)) if line <= *n_lines => format!("{page}:{}", first + line - 1),
            Some((_, _, n_lines)) => format!("{}:{}", self.page, self.line + line - n_lines - 1),
            None => format!("{}:{}", self.page, self.line + line - 1),
        }
    }
}

/// Says in a message of a shell or of Python where its page has the line that the message is about: the
/// script's own file is gone by the time that somebody reads it.
fn at_home<'t>(text: Cow<'t, str>, script: &str, origin: Option<&Origin>) -> Cow<'t, str> {
    let Some((origin, at)) = origin.and_then(|origin| Some((origin, text.find(script)?))) else { return text };
    let (before, rest) = (&text[..at], &text[at + script.len()..]);
    let (before, number) = match (rest.strip_prefix(": line "), rest.strip_prefix("\", line ")) {
        (Some(number), _) => (before, number),
        (None, Some(number)) => (before.strip_suffix("File \"").unwrap_or(before), number),
        (None, None) => return text,
    };
    let n_digits = number.bytes().take_while(u8::is_ascii_digit).count();
    match number[..n_digits].parse::<usize>() {
        Ok(line) if line > 0 => Cow::Owned(format!("{before}{}{}", origin.of(line), &number[n_digits..])),
        _ => text,
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By itself, with a status.
    Exited(i32),
    /// By a signal that this program did not send.
    Signalled(i32),
    /// It took too long; it was ended.
    TimedOut,
    /// The run was interrupted; it ended on the first signal.
    Cancelled,
    /// The run was interrupted twice, or it outlived its grace; it was killed.
    Killed,
}

/// A process that has ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// How.
    pub ending: Ending,
    /// The output that is kept, redacted, each line with its time and stream.
    pub log: String,
    /// Standard output that is kept, redacted.
    pub stdout: String,
    /// Bytes of redacted output, before the cap.
    pub n_bytes: u64,
    /// The digest of all redacted output in the order of its coming, hexadecimal.
    pub digest: String,
    /// Descendants that are still alive.
    pub strays: Vec<u32>,
    /// How many values the script wanted masked that are too short for it.
    pub n_unmasked: usize,
}

impl Ended {
    /// Returns the end of a process that said nothing.
    pub fn nothing(ending: Ending) -> Ended {
        let digest = Digester::default().finish().hex();
        Ended {
            ending,
            log: String::new(),
            stdout: String::new(),
            n_bytes: 0,
            digest,
            strays: Vec::new(),
            n_unmasked: 0,
        }
    }
}

/// What the outside wants of all processes: nothing, an end, or an end at once.
#[derive(Debug, Default)]
pub struct Control {
    /// 0, 1 or 2: how often the run was interrupted.
    level: AtomicU8,
    /// The first signal that interrupted it.
    signal: AtomicI32,
}

impl Control {
    /// Asks for an end because of a signal; the second time for an end at once.
    pub fn interrupt(&self, signal: i32) {
        let _ = self.signal.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
        let _ = self.level.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |level| Some((level + 1).min(2)));
    }

    /// Returns the first signal that interrupted the run, or 0.
    pub fn signal(&self) -> i32 {
        self.signal.load(Ordering::SeqCst)
    }

    /// Returns the name of that signal.
    pub fn signal_name(&self) -> &'static str {
        match self.signal() {
            signal_hook::consts::SIGTERM => "SIGTERM",
            signal_hook::consts::SIGHUP => "SIGHUP",
            _ => "SIGINT",
        }
    }

    /// Returns how often an end was asked for, 2 at most.
    pub fn level(&self) -> u8 {
        self.level.load(Ordering::SeqCst)
    }
}

/// Makes this process the parent of descendants that lose theirs (Linux), so that they are found.
pub fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// Runs a job to its end. `show` gets redacted output as it comes, whole lines, several at a time.
///
/// # Errors
/// When the process cannot be started; nothing has happened then.
pub fn perform(
    job: &Job,
    private_folder: &Path,
    redactor: &Redactor,
    control: &Control,
    show: &mut dyn FnMut(&str),
) -> Result<Ended, RunError> {
    let script = PrivateFile::new(private_folder, job.script.as_bytes())?;
    let mut command = Command::new(job.shell.program());
    match job.shell {
        Shell::Bash => command.args(["-euo", "pipefail"]),
        Shell::Sh => command.arg("-eu"),
        Shell::Python3 => &mut command,
    };
    let mark = script.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    command.arg(&script.path).env_clear().envs(&job.env).env(MARK, &mark).current_dir(&job.cwd);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let lock = StepLock::new(private_folder, &mark, job.env.get("OPSBOOK_STEP").map_or("-", String::as_str))?;
    own_session(&mut command, lock.handle()?);
    let spawned = command.spawn();
    // Only the process and this function hold the lock now.
    drop(command);
    let mut child = spawned.map_err(|error| {
        let what = if job.cwd.is_dir() { Path::new(job.shell.program()) } else { &job.cwd };
        RunError::io("cannot start", what, &error)
    })?;
    let script = script.path.to_string_lossy();
    watch(&mut child, job, &mark, &script, redactor, control, show)
    // The lock's file goes here: whatever still holds it was left behind by a process that has ended.
}

/// Starts the process as the leader of a new session, and so of a new process group: it has no
/// terminal to take signals from, and one signal reaches all of it. It keeps the lock open.
#[allow(unsafe_code, reason = "the one place: setsid between fork and exec has no safe form in std")]
fn own_session(command: &mut Command, lock: File) {
    // SAFETY: both calls are async-signal-safe and the closure touches no memory of the parent.
    unsafe {
        command.pre_exec(move || {
            rustix::process::setsid()?;
            rustix::io::fcntl_setfd(&lock, rustix::io::FdFlags::empty())?;
            Ok(())
        });
    }
}

fn watch(
    child: &mut Child,
    job: &Job,
    mark: &str,
    script: &str,
    redactor: &Redactor,
    control: &Control,
    show: &mut dyn FnMut(&str),
) -> Result<Ended, RunError> {
    let system = |error: std::io::Error| RunError::System(format!("lost sight of a process: {error}"));
    let group = Pid::from_child(child);
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    for pipe in [out.as_ref().map(AsFd::as_fd), err.as_ref().map(AsFd::as_fd)].into_iter().flatten() {
        rustix::fs::fcntl_setfl(pipe, rustix::fs::OFlags::NONBLOCK).map_err(|error| system(error.into()))?;
    }
    #[cfg(target_os = "linux")]
    let pidfd = rustix::process::pidfd_open(group, rustix::process::PidfdFlags::empty()).ok();
    #[cfg(not(target_os = "linux"))]
    let pidfd: Option<std::os::fd::OwnedFd> = None;
    let mut log = Log::new(redactor, job, script);
    let mut buffer = vec![0_u8; READ_BYTES];
    let mut last_read = Instant::now();
    let started = Instant::now();
    let mut stop = Stop::default();
    let mut ended: Option<(ExitStatus, Instant)> = None;
    loop {
        if ended.is_none()
            && let Some(status) = child.try_wait().map_err(system)?
        {
            ended = Some((status, Instant::now()));
        }
        if let Some((_, since)) = ended
            && (out.is_none() && err.is_none() || since.elapsed() > DRAIN)
        {
            break;
        }
        if ended.is_none() {
            stop.advance(group, control.level(), job.timeout.is_some_and(|limit| started.elapsed() >= limit));
        }
        let mut fds: Vec<PollFd<'_>> = Vec::with_capacity(3);
        fds.extend(out.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        fds.extend(err.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        if ended.is_none() {
            fds.extend(pidfd.as_ref().map(|fd| PollFd::new(fd, PollFlags::IN)));
        }
        // Signals raise a level instead of waking a poll, so a poll is short.
        let left = job.timeout.map_or(Duration::MAX, |limit| limit.saturating_sub(started.elapsed()));
        let pause = left.min(Duration::from_millis(if pidfd.is_some() { 50 } else { 5 }));
        let pause = Timespec::try_from(pause).map_err(|error| RunError::System(error.to_string()))?;
        let _ = rustix::event::poll(&mut fds, Some(&pause));
        if drain(&mut out, 0, &mut log, &mut buffer) | drain(&mut err, 1, &mut log, &mut buffer) {
            last_read = Instant::now();
        } else if last_read.elapsed() > SILENCE {
            log.idle();
        }
        log.show(show);
    }
    log.finish();
    log.show(show);
    let (status, _) = ended.expect("the loop ends only after the process");
    if job.end_leftovers || matches!(stop.why, Some(Why::TimedOut | Why::Interrupted)) {
        // Whoever is left of the group has had its chance.
        let _ = rustix::process::kill_process_group(group, Signal::KILL);
    }
    let strays = find_strays(mark, job.end_leftovers || stop.why.is_some());
    let ending = match (stop.why, status.code(), status.signal()) {
        (Some(Why::TimedOut), ..) => Ending::TimedOut,
        (Some(Why::Interrupted), ..) if stop.killed => Ending::Killed,
        (Some(Why::Interrupted), ..) => Ending::Cancelled,
        (None, Some(code), _) => Ending::Exited(code),
        (None, None, signal) => Ending::Signalled(signal.unwrap_or(0)),
    };
    Ok(log.into_ended(ending, strays))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    TimedOut,
    Interrupted,
}

/// The end of a process that does not end by itself: SIGTERM, grace, SIGKILL, always to the group.
#[derive(Default)]
struct Stop {
    why: Option<Why>,
    since: Option<Instant>,
    killed: bool,
}

impl Stop {
    fn advance(&mut self, group: Pid, interrupts: u8, timed_out: bool) {
        if self.why.is_none() && (interrupts > 0 || timed_out) {
            self.why = Some(if timed_out { Why::TimedOut } else { Why::Interrupted });
            self.since = Some(Instant::now());
            let _ = rustix::process::kill_process_group(group, Signal::TERM);
        }
        let overdue = self.since.is_some_and(|since| since.elapsed() >= GRACE);
        if !self.killed && (overdue || interrupts >= 2 && self.why.is_some()) {
            self.killed = true;
            let _ = rustix::process::kill_process_group(group, Signal::KILL);
        }
    }
}

/// Reads what a pipe holds, but not for ever; tells whether anything came.
fn drain<P: std::io::Read>(pipe: &mut Option<P>, stream: usize, log: &mut Log<'_>, buffer: &mut [u8]) -> bool {
    let Some(open) = pipe else {
        return false;
    };
    let mut any = false;
    for _ in 0..N_READS {
        match open.read(buffer) {
            Ok(0) => {
                *pipe = None;
                return any;
            }
            Ok(n_bytes) => {
                any = true;
                log.push(stream, &buffer[..n_bytes]);
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return any,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => {
                *pipe = None;
                return any;
            }
        }
    }
    any
}

/// Returns the living processes that lost their parent, became ours, and carry a mark in their
/// environment (Linux). With `kill` they are ended instead.
fn find_strays(mark: &str, kill: bool) -> Vec<u32> {
    let marked = format!("{MARK}={mark}");
    let mut strays = Vec::new();
    for task in fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let listed = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        for pid in listed.split_ascii_whitespace().filter_map(|word| word.parse::<u32>().ok()) {
            let environment = environment_of(pid);
            let Some(found) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
                continue;
            };
            if !environment.split(|byte| *byte == 0).any(|entry| entry == marked.as_bytes()) {
                continue;
            }
            if kill {
                let _ = rustix::process::kill_process(found, Signal::KILL);
                let _ = rustix::process::waitpid(Some(found), rustix::process::WaitOptions::empty());
            } else {
                strays.push(pid);
            }
        }
    }
    strays.sort_unstable();
    strays
}

/// Reads the environment of a child. While a process becomes another program it has none to show for a
/// moment; one that has ended has none for good.
fn environment_of(pid: u32) -> Vec<u8> {
    for _ in 0..50 {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let has_ended = status.rsplit(')').next().is_none_or(|rest| rest.is_empty() || rest.starts_with(" Z"));
        if has_ended || !environment.is_empty() {
            return environment;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Vec::new()
}

/// Output as it comes: redacted, timed by the line, capped.
struct Log<'r> {
    redactor: &'r Redactor,
    script: &'r str,
    origin: Option<&'r Origin>,
    masks: Option<Masks>,
    streams: [Lines<'r>; 2],
    kept: Capped,
    stdout: Capped,
    n_bytes: u64,
    whole: Digester,
    /// Lines that were not shown yet.
    unseen: String,
    clean: Vec<u8>,
}

impl<'r> Log<'r> {
    fn new(redactor: &'r Redactor, job: &'r Job, script: &'r str) -> Log<'r> {
        let masks = job.masks.as_ref().and_then(|path| File::open(path).ok());
        Log {
            redactor,
            script,
            origin: job.origin.as_ref(),
            masks: masks.map(|file| Masks { file, line: Vec::new(), n_short: 0 }),
            streams: [Lines::new(redactor), Lines::new(redactor)],
            kept: Capped::default(),
            stdout: Capped::default(),
            n_bytes: 0,
            whole: Digester::default(),
            unseen: String::new(),
            clean: Vec::new(),
        }
    }

    fn push(&mut self, stream: usize, bytes: &[u8]) {
        // What the script had masked before it wrote these bytes stands in the file by now.
        if let Some(masks) = &mut self.masks {
            masks.learn(self.redactor, false);
        }
        self.streams[stream].push(bytes, &mut self.clean);
        self.take(stream);
    }

    fn idle(&mut self) {
        for stream in 0..2 {
            self.streams[stream].idle(&mut self.clean);
            self.take(stream);
        }
    }

    /// Takes what is clean now.
    fn take(&mut self, stream: usize) {
        let clean = std::mem::take(&mut self.clean);
        if !clean.is_empty() {
            self.n_bytes += clean.len() as u64;
            self.whole.push(&clean);
            if stream == 0 {
                self.stdout.push(&clean);
            }
            let stamp = format!("{} {} ", time::now(), ["out", "err"][stream]);
            let (kept, unseen, script, origin) = (&mut self.kept, &mut self.unseen, self.script, self.origin);
            let mut keep = |line: &[u8]| {
                keep_line(kept, unseen, &stamp, &at_home(String::from_utf8_lossy(line), script, origin));
            };
            self.streams[stream].cut(&clean, &mut keep);
        }
        self.clean = clean;
        self.clean.clear();
    }

    fn finish(&mut self) {
        if let Some(masks) = &mut self.masks {
            masks.learn(self.redactor, true);
        }
        for stream in 0..2 {
            self.streams[stream].finish(&mut self.clean);
            self.take(stream);
            let stamp = format!("{} {} ", time::now(), ["out", "err"][stream]);
            let (kept, unseen) = (&mut self.kept, &mut self.unseen);
            self.streams[stream].last(&mut |line| keep_line(kept, unseen, &stamp, &String::from_utf8_lossy(line)));
        }
    }

    fn show(&mut self, show: &mut dyn FnMut(&str)) {
        if !self.unseen.is_empty() {
            show(&self.unseen);
            self.unseen.clear();
        }
    }

    fn into_ended(self, ending: Ending, strays: Vec<u32>) -> Ended {
        Ended {
            ending,
            log: self.kept.into_text(),
            stdout: self.stdout.into_text(),
            n_bytes: self.n_bytes,
            digest: self.whole.finish().hex(),
            strays,
            n_unmasked: self.masks.map_or(0, |masks| masks.n_short),
        }
    }
}

fn keep_line(kept: &mut Capped, unseen: &mut String, stamp: &str, text: &str) {
    kept.push(stamp.as_bytes());
    kept.push(text.as_bytes());
    kept.push(b"\n");
    unseen.push_str(text);
    unseen.push('\n');
}

/// The file that a script adds values to that are to be masked, one a line.
struct Masks {
    file: File,
    /// The line that has not ended.
    line: Vec<u8>,
    n_short: usize,
}

impl Masks {
    fn learn(&mut self, redactor: &Redactor, ended: bool) {
        let before = self.line.len();
        // A file of the step's own: what cannot be read holds nothing.
        let _ = self.file.read_to_end(&mut self.line);
        if self.line.len() == before && !ended {
            return;
        }
        let whole = self.line.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let rest = self.line.split_off(whole);
        let lines = std::mem::replace(&mut self.line, rest);
        for line in String::from_utf8_lossy(&lines).lines().filter(|line| !line.trim().is_empty()) {
            self.n_short += usize::from(!redactor.learn(MASKED, line));
        }
        // A value whose line has not ended is masked too: its output may come before the line's end.
        let last = String::from_utf8_lossy(&self.line).into_owned();
        if !last.trim().is_empty() {
            let learnt = redactor.learn(MASKED, &last);
            self.n_short += usize::from(ended && !learnt);
        }
    }
}

/// Keeps the beginning and the end of what it is given.
#[derive(Default)]
struct Capped {
    head: Vec<u8>,
    tail: Vec<u8>,
    n_cut: u64,
}

impl Capped {
    fn push(&mut self, bytes: &[u8]) {
        let room = KEPT_BYTES.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..room]);
        self.tail.extend_from_slice(&bytes[room..]);
        // Cut rarely, so that each byte moves at most once on average.
        if self.tail.len() > 2 * KEPT_BYTES {
            let cut = self.tail.len() - KEPT_BYTES;
            self.tail.drain(..cut);
            self.n_cut += cut as u64;
        }
    }

    fn into_text(mut self) -> String {
        if self.tail.len() > KEPT_BYTES {
            let cut = self.tail.len() - KEPT_BYTES;
            self.tail.drain(..cut);
            self.n_cut += cut as u64;
        }
        if self.n_cut > 0 {
            self.head.extend_from_slice(format!("\n[… {} bytes left out …]\n", self.n_cut).as_bytes());
        }
        self.head.extend_from_slice(&self.tail);
        String::from_utf8_lossy(&self.head).into_owned()
    }
}

/// How many private files this process has made: their names must differ.
static N_FILES: AtomicU64 = AtomicU64::new(0);

/// A file with mode 0600 that goes when its owner goes.
#[derive(Debug)]
pub struct PrivateFile {
    /// Where it is.
    pub path: PathBuf,
}

impl PrivateFile {
    /// Writes one in a folder.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn new(folder: &Path, bytes: &[u8]) -> Result<PrivateFile, RunError> {
        let number = N_FILES.fetch_add(1, Ordering::SeqCst);
        let path = folder.join(format!("{}-{number}", std::process::id()));
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
        let written = file.and_then(|mut file| file.write_all(bytes));
        written.map_err(|error| RunError::io("cannot write", &path, &error))?;
        Ok(PrivateFile { path })
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Reads what a step wrote to its output file: `key=value` lines and `key<<END` … `END` blocks, as
/// GitHub's `$GITHUB_OUTPUT` has them. Lines of another form are left out.
///
/// # Errors
/// Says which line is neither of the two.
pub fn parse_outputs(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut outputs = BTreeMap::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let wrong = |why: &str| format!("line {} of what it wrote to $OPSBOOK_OUTPUT {why}", number + 1);
        let equals = line.find('=').unwrap_or(usize::MAX);
        let heredoc = line.find("<<").unwrap_or(usize::MAX);
        if heredoc < equals {
            let (key, end) = (line[..heredoc].trim(), &line[heredoc + 2..]);
            let (mut body, mut ended) = (Vec::new(), false);
            for (_, line) in lines.by_ref() {
                ended = line == end;
                if ended {
                    break;
                }
                body.push(line);
            }
            if !ended || key.is_empty() {
                return Err(wrong(&format!("begins a value that `{end}` never ends")));
            }
            outputs.insert(key.to_owned(), body.join("\n"));
        } else if let Some((key, value)) = line.split_once('=').filter(|(key, _)| !key.trim().is_empty()) {
            outputs.insert(key.trim().to_owned(), value.to_owned());
        } else if !line.trim().is_empty() {
            return Err(wrong("is neither `name=value` nor `name<<END`"));
        }
    }
    Ok(outputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str, timeout: Option<Duration>, control: &Control) -> Ended {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let env = BTreeMap::from([("PATH".to_owned(), std::env::var("PATH").unwrap_or_default())]);
        let job = Job {
            shell: Shell::Bash,
            script: script.into(),
            cwd: folder.path().into(),
            env,
            timeout,
            masks: None,
            origin: None,
            end_leftovers: false,
        };
        perform(&job, folder.path(), &Redactor::default(), control, &mut |_| {}).expect("bash starts")
    }

    #[test]
    fn a_message_names_the_line_of_the_page() {
        let mut origin = Origin { page: "docs/a.md".into(), line: 12, prelude: None };
        let said = |text: &'static str| at_home(text.into(), "/tmp/7-1", Some(&origin)).into_owned();
        assert_eq!(said("/tmp/7-1: line 3: foo: command not found"), "docs/a.md:14: foo: command not found");
        assert_eq!(said("  File \"/tmp/7-1\", line 1, in <module>"), "  docs/a.md:12, in <module>");
        assert_eq!(said("line 3 of /tmp/7-1"), "line 3 of /tmp/7-1");
        origin.prelude = Some(("docs/b.md".into(), 5, 2));
        let said = |text: &'static str| at_home(text.into(), "/tmp/7-1", Some(&origin)).into_owned();
        assert_eq!(said("/tmp/7-1: line 2: x"), "docs/b.md:6: x");
        assert_eq!(said("/tmp/7-1: line 3: x"), "docs/a.md:12: x");
    }

    #[test]
    fn a_failing_line_ends_the_script() {
        let ended = run("echo one; false; echo two", None, &Control::default());
        assert_eq!((ended.ending, ended.stdout.as_str()), (Ending::Exited(1), "one\n"));
        assert_eq!(run("kill -9 $$", None, &Control::default()).ending, Ending::Signalled(9));
    }

    #[test]
    fn only_the_given_environment_is_seen_and_no_input() {
        let ended = run("env | cut -d= -f1 | sort | tr '\\n' ' '; cat", None, &Control::default());
        assert_eq!(ended.stdout.trim(), "OPSBOOK_PROCESS PATH PWD SHLVL _");
        assert_eq!(ended.ending, Ending::Exited(0));
    }

    #[test]
    fn a_timeout_reaches_grandchildren() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let mark = folder.path().join("mark");
        let script = format!("bash -c 'sleep 30; touch {}' & sleep 30", mark.display());
        let ended = run(&script, Some(Duration::from_millis(300)), &Control::default());
        assert_eq!(ended.ending, Ending::TimedOut);
        assert!(!mark.exists());
    }

    #[test]
    fn a_descendant_that_holds_the_pipe_does_not_hold_the_step() {
        let began = Instant::now();
        let ended = run("setsid sleep 5 & echo done", None, &Control::default());
        assert_eq!((ended.ending, ended.stdout.as_str()), (Ending::Exited(0), "done\n"));
        assert!(began.elapsed() < Duration::from_secs(4));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_escaped_descendant_is_reported_and_after_a_timeout_killed() {
        adopt_orphans();
        let ended = run("setsid sleep 5 > /dev/null 2>&1 & sleep 0.1", None, &Control::default());
        assert_eq!((ended.ending, ended.strays.len()), (Ending::Exited(0), 1));
        let script = "setsid sleep 77.7 & sleep 30";
        let ended = run(script, Some(Duration::from_millis(300)), &Control::default());
        assert_eq!((ended.ending, ended.strays.len()), (Ending::TimedOut, 0));
        let left = Command::new("pgrep").args(["-f", "^sleep 77[.]7$"]).output().expect("pgrep runs");
        assert_eq!(String::from_utf8_lossy(&left.stdout), "");
    }

    #[test]
    fn an_interrupt_ends_it_and_a_second_one_kills() {
        let polite = Control::default();
        polite.interrupt(2);
        assert_eq!(run("sleep 30", None, &polite).ending, Ending::Cancelled);
        let stubborn = Control::default();
        stubborn.interrupt(2);
        stubborn.interrupt(2);
        assert_eq!(run("trap '' TERM; sleep 30", None, &stubborn).ending, Ending::Killed);
    }

    #[test]
    fn much_output_is_cut_in_the_middle() {
        let ended = run("head -c 2000000 /dev/zero | tr '\\0' 'x'; echo end", None, &Control::default());
        assert_eq!(ended.n_bytes, 2_000_004);
        assert!(ended.stdout.len() < 2 * KEPT_BYTES + 100);
        assert!(ended.stdout.ends_with("end\n") && ended.stdout.contains("bytes left out"));
    }

    #[test]
    fn a_process_that_never_pauses_is_still_timed_out() {
        let began = Instant::now();
        let ended = run("yes", Some(Duration::from_millis(300)), &Control::default());
        assert_eq!(ended.ending, Ending::TimedOut);
        assert!(began.elapsed() < Duration::from_secs(8));
    }

    #[test]
    fn a_value_is_masked_from_the_moment_the_script_says_so() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let masks = folder.path().join("masks");
        fs::write(&masks, "").expect("the folder takes files");
        let env = BTreeMap::from([
            ("PATH".to_owned(), std::env::var("PATH").unwrap_or_default()),
            ("OPSBOOK_MASK".to_owned(), masks.to_string_lossy().into_owned()),
        ]);
        let script = "echo made-on-the-way-1 >> $OPSBOOK_MASK; echo made-on-the-way-1 | base64; \
                      printf 'no-line-end-2' >> $OPSBOOK_MASK; echo no-line-end-2; echo >> $OPSBOOK_MASK; \
                      echo abc >> $OPSBOOK_MASK";
        let (timeout, masks) = (None, Some(masks));
        let job = Job {
            shell: Shell::Bash,
            script: script.into(),
            cwd: folder.path().into(),
            env,
            timeout,
            masks,
            origin: None,
            end_leftovers: false,
        };
        let redactor = Redactor::default();
        let ended = perform(&job, folder.path(), &redactor, &Control::default(), &mut |_| {}).expect("bash starts");
        assert_eq!((ended.stdout.as_str(), ended.n_unmasked), ("***EK\n***\n", 1));
        assert_eq!(redactor.redact("x made-on-the-way-1 y"), "x *** y");
    }

    #[test]
    fn outputs_read_as_github_writes_them() {
        let text = "a=1\nb<<EOF\nx=y\nz\nEOF\nc=d=e\n";
        let outputs = parse_outputs(text).expect("every line is one of the two");
        let pairs: Vec<_> = outputs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("a", "1"), ("b", "x=y\nz"), ("c", "d=e")]);
        let wrong = |text: &str| parse_outputs(text).expect_err("it is no output");
        assert!(wrong("a=1\nhello\n").contains("line 2 "));
        assert!(wrong("=1").contains("line 1 "));
        assert!(wrong("b<<E\nx\n").contains("`E` never ends"));
    }
}
