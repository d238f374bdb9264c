//! Tutorials are performed exactly as they are printed, each from an empty folder.
//!
//! Every fenced block of such a page is one of these; `content/contributing/writing.md` explains them
//! to writers:
//!
//! - `console`: each `$` line is run by Bash, and what follows it is what it prints. `…` stands for any
//!   text, on a line of its own for any lines. A command fails only where the next one is `echo $?`.
//! - a block with `title="FILE"` is that file; as `diff` it is a change to it.
//! - below `<!-- in another terminal -->`: the command keeps running until the page ends.
//! - below `<!-- shown: WHY -->`: nothing is performed.
//!
//! `OPSBOOK_UPDATE=1` writes what commands print into the page; the difference is to be read.
#![cfg(unix)]

use regex::Regex;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PERFORMED: &str = "<!-- performed -->";
/// What pages may call besides opsbook and what every Unix has.
const PROGRAMS: &[&str] = &["git", "ssh-keygen", "openssl"];

macro_rules! pages {
    ($($name:ident: $page:literal,)*) => {
        $(#[test] fn $name() { perform($page); })*
        const PAGES: &[&str] = &[$($page),*];
    };
}

pages! {
    branch_an_incident: "how-to/branch-an-incident.md",
    emit: "how-to/emit.md",
    override_a_template: "how-to/override-a-template.md",
    resume_a_run: "how-to/resume-a-run.md",
    rotate_a_certificate: "how-to/rotate-a-certificate.md",
    use_secrets: "how-to/use-secrets.md",
    check_in_ci: "tutorials/check-in-ci.md",
    first_runbook: "tutorials/first-runbook.md",
    first_site: "tutorials/first-site.md",
    move_a_project: "tutorials/move-a-project.md",
    publish: "tutorials/publish.md",
    release: "tutorials/release.md",
}

#[test]
fn every_tutorial_is_performed() {
    for folder in ["tutorials", "how-to"] {
        for entry in fs::read_dir(format!("{ROOT}/content/{folder}")).into_iter().flatten().flatten() {
            let page = format!("{folder}/{}", entry.file_name().to_string_lossy());
            let Ok(text) = fs::read_to_string(entry.path()) else { continue };
            let asks = text.contains(PERFORMED);
            assert!(asks || folder != "tutorials" || page.ends_with("/index.md"), "{page} lacks `{PERFORMED}`");
            assert_eq!(asks, PAGES.contains(&page.as_str()), "{page}: add it to `pages!` of tests/tutorials.rs");
        }
    }
}

fn perform(page: &str) {
    let place = Path::new(ROOT).join("content").join(page);
    let text = fs::read_to_string(&place).expect("the page is there");
    let asked = PROGRAMS.iter().filter(|program| text.contains(&format!("$ {program} ")));
    let missing: Vec<_> = asked.filter(|program| !is_installed(program)).collect();
    if !missing.is_empty() {
        assert!(std::env::var_os("CI").is_none(), "content/{page} needs {missing:?}, which CI has to install");
        println!("content/{page} is not performed: {missing:?} is not installed");
        return;
    }
    let blocks = blocks(&text).unwrap_or_else(|(line, what)| panic!("content/{page}:{line}: {what}"));
    let mut reader = Reader::new(&text);
    let update = std::env::var_os("OPSBOOK_UPDATE").is_some();
    let (mut news, mut differs, mut names) = (Vec::new(), false, Names::default());
    for block in &blocks {
        let at = |line: usize, what: String| -> ! { panic!("content/{page}:{line}: {what}") };
        match &block.kind {
            Kind::Shown => {}
            Kind::File(path, text) => reader.write(path, text),
            Kind::Change(path, change) => reader.change(path, change).unwrap_or_else(|what| at(block.line, what)),
            Kind::Service(command) => reader.start(command).unwrap_or_else(|what| at(command.line, what)),
            Kind::Console(commands) => {
                for (idx, command) in commands.iter().enumerate() {
                    let (status, printed) = reader.run(&command.typed);
                    let may_fail = commands.get(idx + 1).is_some_and(|next| next.typed == "echo $?");
                    if status != 0 && !may_fail {
                        at(command.line, format!("`{}` ends with {status}:\n{printed}", command.typed));
                    }
                    let lines: Vec<&str> = printed.lines().collect();
                    if command.shown.is_empty() {
                        continue;
                    }
                    if !alike(&command.shown, &lines) {
                        differs = true;
                        if !update {
                            at(command.line, command.difference(&printed));
                        }
                    }
                    let new = amended(&command.shown, &lines);
                    if let Some(what) = names.disagreement(&command.shown, &new) {
                        differs = true;
                        if !update {
                            at(command.line, format!("{what}\n\n(OPSBOOK_UPDATE=1 writes the page anew)"));
                        }
                    }
                    news.push((command, block.indent, new));
                }
            }
        }
    }
    // All commands of the page, so that times and names of runs still fit together.
    if differs {
        fs::write(&place, with_news(&text, news)).expect("the page can be written");
    }
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).exists())
}

fn with_news(text: &str, news: Vec<(&Typed, usize, Vec<String>)>) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (command, indent, printed) in news.into_iter().rev() {
        let first = command.first_shown - 1;
        let printed = printed.into_iter().map(|line| " ".repeat(indent) + &line);
        lines.splice(first..first + command.shown.len(), printed);
    }
    lines.join("\n") + "\n"
}

struct Block {
    line: usize,
    indent: usize,
    kind: Kind,
}

enum Kind {
    Console(Vec<Typed>),
    Service(Typed),
    File(String, String),
    Change(String, Vec<String>),
    Shown,
}

/// A command, and what the page says that it prints. Lines count from 1.
struct Typed {
    line: usize,
    typed: String,
    first_shown: usize,
    shown: Vec<String>,
}

impl Typed {
    fn difference(&self, printed: &str) -> String {
        let (typed, shown) = (&self.typed, self.shown.join("\n"));
        format!("`{typed}` printed\n{printed}\nand not\n{shown}\n\n(OPSBOOK_UPDATE=1 writes it)")
    }
}

/// The fenced blocks of a page, front matter left out.
fn blocks(text: &str) -> Result<Vec<Block>, (usize, String)> {
    static FENCE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"^( *)(`{3,}|~{3,})\s*([\w-]*)(.*)$"#).unwrap());
    static TITLE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"title="([^"]+)""#).unwrap());
    let lines: Vec<&str> = text.lines().collect();
    let (mut blocks, mut idx, mut remark) = (Vec::new(), 0, "");
    if lines.first() == Some(&"---") {
        idx = lines.iter().skip(1).position(|line| *line == "---").map_or(0, |end| end + 2);
    }
    while idx < lines.len() {
        let line = idx + 1;
        let Some(fence) = FENCE.captures(lines[idx]) else {
            if !lines[idx].trim().is_empty() {
                remark = lines[idx].trim();
            }
            idx += 1;
            continue;
        };
        let (indent, marks, language) = (fence[1].len(), &fence[2], &fence[3]);
        let end = lines[idx + 1..].iter().position(|line| line.trim() == marks);
        let end = idx + 1 + end.ok_or((line, "a fence that is not closed".to_owned()))?;
        let inside: Vec<&str> = lines[idx + 1..end].iter().map(|line| line.get(indent..).unwrap_or("")).collect();
        let title = TITLE.captures(&fence[4]).map(|title| title[1].to_owned());
        let kind = match (language, title) {
            _ if remark.starts_with("<!-- shown: ") => Kind::Shown,
            ("console", _) => {
                let mut commands = commands(&inside, line + 1)?;
                if remark == "<!-- in another terminal -->" {
                    Kind::Service(commands.pop().ok_or((line, "a terminal without a command".to_owned()))?)
                } else {
                    Kind::Console(commands)
                }
            }
            ("diff", Some(path)) => Kind::Change(path, inside.iter().map(|&line| line.to_owned()).collect()),
            (_, Some(path)) => Kind::File(path, inside.join("\n") + "\n"),
            _ => return Err((line, "this block is neither performed nor marked `<!-- shown: WHY -->`".to_owned())),
        };
        blocks.push(Block { line, indent, kind });
        (idx, remark) = (end + 1, "");
    }
    Ok(blocks)
}

/// `$` begins a command, `>` goes on with it, and the rest is what it prints.
fn commands(inside: &[&str], first_line: usize) -> Result<Vec<Typed>, (usize, String)> {
    let mut commands: Vec<Typed> = Vec::new();
    for (line, text) in inside.iter().enumerate().map(|(idx, text)| (first_line + idx, *text)) {
        if let Some(typed) = text.strip_prefix("$ ") {
            commands.push(Typed { line, typed: typed.to_owned(), first_shown: line + 1, shown: Vec::new() });
            continue;
        }
        let last = commands.last_mut().ok_or((line, "a console block begins with `$ `".to_owned()))?;
        match text.strip_prefix("> ").or((text == ">").then_some("")) {
            Some(more) if last.shown.is_empty() => {
                last.typed = format!("{}\n{more}", last.typed);
                last.first_shown = line + 1;
            }
            _ => last.shown.push(text.to_owned()),
        }
    }
    Ok(commands)
}

/// Somebody who follows a tutorial: a home of their own, a shell that remembers, other terminals.
struct Reader {
    home: tempfile::TempDir,
    last_status: i32,
    services: Vec<Child>,
}

impl Drop for Reader {
    fn drop(&mut self) {
        for service in &mut self.services {
            let _ = service.kill();
            let _ = service.wait();
        }
    }
}

impl Reader {
    /// Git knows the reader's name, and each repository that the page names lies on this machine: with
    /// what `tests/cases/tutorials/OWNER/NAME` holds, or empty.
    fn new(page: &str) -> Reader {
        static REMOTE: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"https://(git(?:hub|lab)\.com)/([\w-]+)/([\w-]+)\.git").unwrap());
        let reader = Reader { home: tempfile::tempdir().expect("a folder"), last_status: 0, services: Vec::new() };
        let home = reader.home();
        for folder in [".shell", ".bin", "work"] {
            fs::create_dir(home.join(folder)).expect("a folder");
        }
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_opsbook"), home.join(".bin/opsbook")).expect("a link");
        fs::write(home.join(".shell/env"), "").expect("a file");
        fs::write(home.join(".shell/folder"), home.join("work").to_string_lossy().as_bytes()).expect("a file");
        let mut git = "[user]\n\tname = Ana\n\temail = ana@example.org\n[init]\n\tdefaultBranch = main\n".to_owned();
        for host in ["github.com", "gitlab.com"] {
            git += &format!("[url \"file://{}/.remotes/{host}/\"]\n\tinsteadOf = https://{host}/\n", home.display());
        }
        fs::write(home.join(".gitconfig"), git).expect("a file");
        for remote in REMOTE.captures_iter(page) {
            reader.prepare_remote(&remote[1], &remote[2], &remote[3]);
        }
        reader
    }

    fn home(&self) -> PathBuf {
        self.home.path().canonicalize().expect("the home is there")
    }

    fn prepare_remote(&self, host: &str, owner: &str, name: &str) {
        let bare = self.home().join(format!(".remotes/{host}/{owner}/{name}.git"));
        let fixture = Path::new(ROOT).join(format!("tests/cases/tutorials/{owner}/{name}"));
        if bare.exists() {
            return;
        }
        let mut script = format!("git init -q --bare '{}'\n", bare.display());
        if fixture.exists() {
            script += &format!(
                "mkdir -p '{home}/.copy' && cp -R '{fixture}/.' '{home}/.copy' && cd '{home}/.copy' && git init -q && git add -A \
                 && git commit -qm 'Documentation' && git push -q '{bare}' HEAD:main && rm -rf '{home}/.copy'\n",
                home = self.home().display(),
                fixture = fixture.display(),
                bare = bare.display()
            );
        }
        let output = self.bash(&script).output().expect("Bash is there");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn bash(&self, script: &str) -> Command {
        let home = self.home();
        let mut command = Command::new("bash");
        command.env_clear().arg("-c").arg(script).current_dir(&home).stdin(Stdio::null());
        command.env("HOME", &home).env("LC_ALL", "C.UTF-8").env("TZ", "UTC").env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("PATH", format!("{}/.bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", home.display()));
        command
    }

    /// Where the shell stands.
    fn folder(&self) -> PathBuf {
        fs::read_to_string(self.home().join(".shell/folder")).expect("the shell stands somewhere").trim_end().into()
    }

    fn write(&self, path: &str, text: &str) {
        let place = self.folder().join(path);
        fs::create_dir_all(place.parent().expect("a file has a folder")).expect("a folder");
        fs::write(&place, text).expect("a file");
    }

    /// Changes a file: what stands before the change must be there, once.
    fn change(&self, path: &str, change: &[String]) -> Result<(), String> {
        let place = self.folder().join(path);
        let mut text = fs::read_to_string(&place).map_err(|error| format!("{path}: {error}"))?;
        for hunk in change.split(|line| line.starts_with("@@")).filter(|hunk| !hunk.is_empty()) {
            let side = |other: char| -> String {
                let lines = hunk.iter().filter(|line| !line.starts_with(other));
                lines.map(|line| line.get(1..).unwrap_or("").to_owned() + "\n").collect()
            };
            let (before, after) = (side('+'), side('-'));
            let there = text.matches(&before).count();
            if there != 1 {
                return Err(format!("{path} has this {there} times and not once:\n{before}\nIt holds:\n{text}"));
            }
            text = text.replace(&before, &after);
        }
        fs::write(&place, text).map_err(|error| format!("{path}: {error}"))
    }

    /// Runs a command in the shell that remembers its folder, its variables and the last status.
    fn run(&mut self, typed: &str) -> (i32, String) {
        let home = self.home();
        let script = format!(
            "set -a; . .shell/env; cd \"$(cat .shell/folder)\"; exec 2>&1\n\
             typed=$(cat <<'END_OF_THE_COMMAND'\n{typed}\nEND_OF_THE_COMMAND\n)\n\
             (exit {last}); eval \"$typed\"; status=$?\n\
             unset typed; pwd > '{home}/.shell/folder'; export -p > '{home}/.shell/env'; exit $status",
            last = self.last_status,
            home = home.display()
        );
        let output = self.bash(&script).output().expect("Bash is there");
        self.last_status = output.status.code().unwrap_or(-1);
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let home = home.to_str().expect("a home in UTF-8");
        let printed = printed.replace(&format!("file://{home}/.remotes/"), "https://");
        (self.last_status, printed.replace(home, "/home/ana"))
    }

    /// Starts what keeps running, and waits until it has printed what the page shows. One that ends is
    /// started again: somebody else on this machine may have had its port.
    fn start(&mut self, command: &Typed) -> Result<(), String> {
        let log = self.home().join(format!(".shell/log-{}", self.services.len()));
        let script =
            format!(". .shell/env; cd \"$(cat .shell/folder)\"; exec {} >'{}' 2>&1", command.typed, log.display());
        let spawn = |reader: &Reader| reader.bash(&script).spawn().map_err(|error| error.to_string());
        let mut child = spawn(self)?;
        let begun = Instant::now();
        loop {
            let printed = fs::read_to_string(&log).unwrap_or_default();
            let lines: Vec<&str> = printed.lines().collect();
            let ended = child.try_wait().map_err(|error| error.to_string())?.is_some();
            if !ended && alike(&command.shown, &lines) {
                self.services.push(child);
                return Ok(());
            }
            if begun.elapsed() > Duration::from_secs(60) {
                self.services.push(child);
                return Err(command.difference(&printed));
            }
            std::thread::sleep(Duration::from_millis(if ended { 1000 } else { 50 }));
            if ended {
                child = spawn(self)?;
            }
        }
    }
}

/// What a page shows, changed as little as possible to be what is printed: `…` stays where it can.
fn amended(shown: &[String], printed: &[&str]) -> Vec<String> {
    let any = |line: &String| matches!(line.trim(), "…" | "...");
    // The fewest changes from `shown[i..]` to `printed[j..]`, from the end.
    let mut cost = vec![vec![0_usize; printed.len() + 1]; shown.len() + 1];
    for i in (0..=shown.len()).rev() {
        for j in (0..=printed.len()).rev() {
            let drop = (i < shown.len()).then(|| cost[i + 1][j] + usize::from(!any(&shown[i])));
            let add = (j < printed.len()).then(|| cost[i][j + 1] + usize::from(i == shown.len() || !any(&shown[i])));
            let both = (i < shown.len() && j < printed.len() && !any(&shown[i]))
                .then(|| cost[i + 1][j + 1] + usize::from(!same_line(&shown[i], printed[j])));
            cost[i][j] = [both, drop, add].into_iter().flatten().min().unwrap_or(0);
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < shown.len() || j < printed.len() {
        let here = cost[i][j];
        if i < shown.len() && any(&shown[i]) {
            if here == cost[i + 1][j] {
                lines.push(shown[i].clone());
                i += 1;
            } else {
                j += 1;
            }
        } else if i < shown.len() && j < printed.len() && here >= cost[i + 1][j + 1] {
            let same = same_line(&shown[i], printed[j]);
            if same && here == cost[i + 1][j + 1] || here == cost[i + 1][j + 1] + 1 {
                lines.push(if same { renewed(&shown[i], printed[j]) } else { printed[j].to_owned() });
                (i, j) = (i + 1, j + 1);
            } else if j < printed.len() && here == cost[i][j + 1] + 1 {
                lines.push(printed[j].to_owned());
                j += 1;
            } else {
                i += 1;
            }
        } else if j < printed.len() && here == cost[i][j + 1] + 1 {
            lines.push(printed[j].to_owned());
            j += 1;
        } else {
            i += 1;
        }
    }
    lines
}

/// Whether lines are what the page shows, but for what differs each time.
fn alike(shown: &[String], printed: &[&str]) -> bool {
    let Some(first) = shown.first() else { return printed.iter().all(|line| line.trim().is_empty()) };
    if matches!(first.trim(), "…" | "...") {
        return (0..=printed.len()).any(|n_skipped| alike(&shown[1..], &printed[n_skipped..]));
    }
    printed.first().is_some_and(|line| same_line(first, line)) && alike(&shown[1..], &printed[1..])
}

fn same_line(shown: &str, printed: &str) -> bool {
    fits(shown.trim_end(), printed.trim_end()) || fits(&steady(shown), &steady(printed))
}

/// Whether a line has all the parts between the `…` of a pattern, in their order.
fn fits(shown: &str, printed: &str) -> bool {
    let mut parts = shown.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = printed.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// What differs each time, as what it is.
const CHANGING: [(&str, &str); 7] = [
    (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", "TIMESTAMP"),
    (r"\b\d\d:\d\d:\d\d\b", "TIME"),
    (r"  \d+:\d\d$", "  CLOCK"),
    (r"\b[0-9a-f]{8}-[0-9A-Z]{26}\b", "RUN"),
    (r"\b[0-9a-f]{40,64}\b", "DIGEST"),
    (r"\bSHA256:[A-Za-z0-9+/]{43}", "KEY"),
    (r"\b\d+(?:\.\d+)? m?s\b", "DURATION"),
];

/// A line in which times, durations, digests and names of runs are always the same.
fn steady(line: &str) -> String {
    static PATTERNS: LazyLock<Vec<(Regex, &str)>> =
        LazyLock::new(|| CHANGING.map(|(pattern, word)| (Regex::new(pattern).unwrap(), word)).into());
    PATTERNS
        .iter()
        .fold(line.trim_end().to_owned(), |line, (pattern, word)| pattern.replace_all(&line, *word).into_owned())
}

/// The printed line, with `…` where the page has it.
fn renewed(shown: &str, printed: &str) -> String {
    if !shown.contains('…') {
        return printed.to_owned();
    }
    let mut pattern = regex::escape(&steady(shown));
    for (changing, word) in CHANGING {
        pattern = pattern.replace(&regex::escape(word), changing.trim_end_matches('$'));
    }
    let pattern = format!("^({})$", pattern.replace('…', ")(?:.*?)("));
    let parts = Regex::new(&pattern).ok().and_then(|pattern| {
        let found = pattern.captures(printed.trim_end())?;
        Some(found.iter().skip(1).flatten().map(|part| part.as_str()).collect::<Vec<_>>().join("…"))
    });
    parts.unwrap_or_else(|| shown.to_owned())
}

/// Which name or digest of the page stands for which of this performance. One that stands for two is from
/// another performance than the rest of the page, which readers notice. What is the same each time is the
/// same here: the digest of a plan, and the name of its runs as far as it is that digest.
#[derive(Default)]
struct Names {
    pairs: BTreeMap<String, String>,
    back: BTreeMap<String, String>,
}

impl Names {
    fn disagreement(&mut self, shown: &[String], new: &[String]) -> Option<String> {
        static NAME: LazyLock<Regex> = LazyLock::new(|| {
            let one = |word| CHANGING.iter().find(|(_, other)| *other == word).expect("a word of the table").0;
            Regex::new(&format!("plan +sha256:[0-9a-f]{{64}}|{}|{}", one("RUN"), one("DIGEST"))).unwrap()
        });
        let (shown, new) = (shown.join("\n"), new.join("\n"));
        for (old, now) in NAME.find_iter(&shown).zip(NAME.find_iter(&new)) {
            let (old, now) = (old.as_str(), now.as_str());
            let steady = |name: &str| match name.split_once('-') {
                Some((plan, _)) => plan.to_owned(),
                None => name.strip_prefix("plan").unwrap_or_default().to_owned(),
            };
            let known = self.pairs.entry(old.to_owned()).or_insert_with(|| now.to_owned());
            let back = self.back.entry(now.to_owned()).or_insert_with(|| old.to_owned());
            if known != now || back != old || steady(old) != steady(now) {
                return Some(format!("the page has `{old}` where this performance has `{now}`"));
            }
        }
        None
    }
}

#[test]
fn an_update_changes_what_differs_and_keeps_what_stands_for_anything() {
    let shown = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let amend = |text: &str, printed: &str| amended(&shown(text), &printed.lines().collect::<Vec<_>>()).join("\n");
    assert_eq!(amend("a\n…\n1 pages", "a\nb\nc\n1 page"), "a\n…\n1 page");
    assert_eq!(amend("in … s\nold", "in 3 s\nnew\nmore"), "in … s\nnew\nmore");
    assert_eq!(amend("10:00:01 by … (1 s)", "11:00:02 by ana (2 s)"), "11:00:02 by … (2 s)");
    assert_eq!(amend("x", "a\nb"), "a\nb");
    assert_eq!(amend("a\nb\nc", "a\nc"), "a\nc");
}

#[test]
fn names_of_two_performances_are_not_mixed() {
    let run = |plan: &str, number: char| format!("run {plan}-{}", number.to_string().repeat(26));
    let mut names = Names::default();
    let mut agree = |shown: &str, now: &str| names.disagreement(&[shown.to_owned()], &[now.to_owned()]).is_none();
    assert!(agree(&run("11111111", '0'), &run("11111111", '5')));
    assert!(agree(&run("11111111", '0'), &run("11111111", '5')));
    assert!(!agree(&run("11111111", '1'), &run("11111111", '5')), "two names on the page, one run");
    assert!(!agree(&run("11111111", '0'), &run("11111111", '6')), "one name on the page, two runs");
    assert!(!agree(&run("22222222", '7'), &run("33333333", '8')), "another plan");
    let digest = |byte: &str| byte.repeat(32);
    assert!(agree(&format!("head {}", digest("aa")), &format!("head {}", digest("bb"))));
    assert!(!agree(&format!("plan  sha256:{}", digest("cc")), &format!("plan  sha256:{}", digest("dd"))));
}

#[test]
fn shown_and_printed_are_compared_but_for_what_changes() {
    let shown = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(alike(&shown("Built 2 pages in 0.05 s\n…\nlast"), &["Built 2 pages in 1.5 s", "a", "b", "last"]));
    assert!(alike(&shown("run 8d2ec244-01M8GR8VJ621PHW46R7MZY5NRH"), &["run 11111111-01M8GR8VJ621PHW46R7MZY5NRX"]));
    assert!(alike(&shown("from … to …"), &["from here to there"]));
    for (wrong, printed) in [("Built 2 pages", "Built 3 pages"), ("a", "ab"), ("… b", "a"), ("a\nb", "a")] {
        assert!(!alike(&shown(wrong), &[printed]), "{wrong}");
    }
    assert!(!alike(&shown("a"), &["a", "b"]));
}
