//! One process with a beginning, a limit and an end (RUNBOOK-FORMAT, section 3.5).
//!
//! Owns the process group of a step: its own session, no standard input, the script in a private
//! file, time limits with grace, output with times and a cap, and the search for descendants that
//! escaped. Does not know steps, plans or journals.

use super::error::RunError;
use super::redact::Redactor;
use super::time;
use crate::plan::Shell;
use crate::text::Digest;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, Signal};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
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

/// The environment variable that marks a job's processes, so that those that escape are known.
const MARK: &str = "OPSBOOK_PROCESS";

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

/// Runs a job to its end. `show` gets redacted output as it comes, in whole lines.
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
    own_session(&mut command);
    let spawned = command.spawn();
    let mut child = spawned.map_err(|error| {
        let what = if job.cwd.is_dir() { Path::new(job.shell.program()) } else { &job.cwd };
        RunError::io("cannot start", what, &error)
    })?;
    watch(&mut child, job, &mark, redactor, control, show)
}

/// Starts the process as the leader of a new session, and so of a new process group: it has no
/// terminal to take signals from, and one signal reaches all of it.
#[allow(unsafe_code, reason = "the one place: setsid between fork and exec has no safe form in std")]
fn own_session(command: &mut Command) {
    // SAFETY: setsid is async-signal-safe and the closure touches no memory of the parent.
    unsafe {
        command.pre_exec(|| {
            rustix::process::setsid()?;
            Ok(())
        });
    }
}

fn watch(
    child: &mut Child,
    job: &Job,
    mark: &str,
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
    let mut log = Log::new(redactor);
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
        drain(&mut out, 0, &mut log, show);
        drain(&mut err, 1, &mut log, show);
    }
    log.finish(show);
    let (status, _) = ended.expect("the loop ends only after the process");
    if matches!(stop.why, Some(Why::TimedOut | Why::Interrupted)) {
        // Whoever is left of the group has had its chance.
        let _ = rustix::process::kill_process_group(group, Signal::KILL);
    }
    let strays = find_strays(mark, stop.why.is_some());
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

fn drain<P: std::io::Read>(pipe: &mut Option<P>, stream: usize, log: &mut Log<'_>, show: &mut dyn FnMut(&str)) {
    let Some(open) = pipe else {
        return;
    };
    let mut buffer = [0_u8; 16 * 1024];
    loop {
        match open.read(&mut buffer) {
            Ok(0) => break,
            Ok(n_bytes) => log.push(stream, &buffer[..n_bytes], show),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    *pipe = None;
}

/// Returns the living processes that lost their parent, became ours, and carry a mark in their
/// environment (Linux). With `kill` they are ended instead.
fn find_strays(mark: &str, kill: bool) -> Vec<u32> {
    let marked = format!("{MARK}={mark}");
    let mut strays = Vec::new();
    for task in fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let listed = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        for pid in listed.split_ascii_whitespace().filter_map(|word| word.parse::<u32>().ok()) {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
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

/// Output as it comes: redacted, timed by the line, capped.
struct Log<'r> {
    streams: [super::redact::RedactedStream<'r>; 2],
    partial: [Vec<u8>; 2],
    kept: Capped,
    stdout: Capped,
    n_bytes: u64,
    whole: Vec<Digest>,
}

impl<'r> Log<'r> {
    fn new(redactor: &'r Redactor) -> Log<'r> {
        Log {
            streams: [redactor.stream(), redactor.stream()],
            partial: [Vec::new(), Vec::new()],
            kept: Capped::default(),
            stdout: Capped::default(),
            n_bytes: 0,
            whole: Vec::new(),
        }
    }

    fn push(&mut self, stream: usize, bytes: &[u8], show: &mut dyn FnMut(&str)) {
        let clean = self.streams[stream].push(bytes);
        self.take(stream, &clean, show);
    }

    fn take(&mut self, stream: usize, clean: &[u8], show: &mut dyn FnMut(&str)) {
        self.n_bytes += clean.len() as u64;
        if !clean.is_empty() {
            self.whole.push(Digest::of(clean));
        }
        if stream == 0 {
            self.stdout.push(clean);
        }
        self.partial[stream].extend_from_slice(clean);
        while let Some(end) = self.partial[stream].iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.partial[stream].drain(..=end).collect();
            self.line(stream, &line[..end], show);
        }
        // A line without an end is cut, so that it cannot fill the memory.
        if self.partial[stream].len() > KEPT_BYTES {
            let line = std::mem::take(&mut self.partial[stream]);
            self.line(stream, &line, show);
        }
    }

    fn line(&mut self, stream: usize, line: &[u8], show: &mut dyn FnMut(&str)) {
        let text = String::from_utf8_lossy(line);
        show(&text);
        self.kept.push(format!("{} {} {text}\n", time::now(), ["out", "err"][stream]).as_bytes());
    }

    fn finish(&mut self, show: &mut dyn FnMut(&str)) {
        for stream in 0..2 {
            let rest = self.streams[stream].finish();
            self.take(stream, &rest, show);
            let last = std::mem::take(&mut self.partial[stream]);
            if !last.is_empty() {
                self.line(stream, &last, show);
            }
        }
    }

    fn into_ended(self, ending: Ending, strays: Vec<u32>) -> Ended {
        let parts: Vec<&[u8]> = self.whole.iter().map(Digest::as_bytes).collect();
        Ended {
            ending,
            log: self.kept.into_text(),
            stdout: self.stdout.into_text(),
            n_bytes: self.n_bytes,
            digest: Digest::of_parts(parts).hex(),
            strays,
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
        let job = Job { shell: Shell::Bash, script: script.into(), cwd: folder.path().into(), env, timeout };
        perform(&job, folder.path(), &Redactor::default(), control, &mut |_| {}).expect("bash starts")
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
    fn outputs_read_as_github_writes_them() {
        let text = "a=1\nb<<EOF\nx=y\nz\nEOF\nnoise\nc=d=e\n";
        let outputs = parse_outputs(text).expect("every line is one of the two");
        let pairs: Vec<_> = outputs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("a", "1"), ("b", "x=y\nz"), ("c", "d=e")]);
        let wrong = |text: &str| parse_outputs(text).expect_err("it is no output");
        assert!(wrong("a=1\nhello\n").contains("line 2 "));
        assert!(wrong("=1").contains("line 1 "));
        assert!(wrong("b<<E\nx\n").contains("`E` never ends"));
    }
}
