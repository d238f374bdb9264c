//! `opsbook serve` as a process: what follows a change, and what must not.
#![cfg(unix)]

use crate::cli::Case;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A running preview; it ends with this value.
struct Preview {
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
    address: String,
}

impl Drop for Preview {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Preview {
    fn start(case: &Case, arguments: &[&str]) -> Preview {
        let mut command = Command::new(env!("CARGO_BIN_EXE_opsbook"));
        command.args(["serve", "-a", "127.0.0.1:0"]).args(arguments);
        Preview::of(case, command)
    }

    fn of(case: &Case, mut command: Command) -> Preview {
        let mut child = command.current_dir(case.path("")).stderr(Stdio::piped()).spawn().expect("it starts");
        let said = Arc::new(Mutex::new(Vec::new()));
        let hearing = Arc::clone(&said);
        let lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                hearing.lock().expect("no thread panics while it holds the lines").push(line);
            }
        });
        let mut preview = Preview { child, said, address: String::new() };
        let line = preview.wait_for("Serving on ");
        preview.address = line.split(' ').nth(2).expect("the address follows").to_owned();
        preview
    }

    fn said(&self) -> Vec<String> {
        self.said.lock().expect("no thread panics while it holds the lines").clone()
    }

    fn wait_for(&self, word: &str) -> String {
        until(|| self.said().into_iter().find(|line| line.contains(word)), || format!("no {word:?}: {:?}", self.said()))
    }

    fn get(&self, path: &str) -> String {
        let host = self.address.split('/').nth(2).expect("an address has a host");
        get(host, path)
    }

    fn wait_for_page(&self, path: &str, word: &str) {
        until(|| self.get(path).contains(word).then_some(()), || format!("no {word:?} at {path}: {:?}", self.said()));
    }
}

fn text(case: &Case, path: &str) -> String {
    std::fs::read_to_string(case.path(path)).expect("the log is there")
}

fn get(host: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(host).expect("it listens");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("it takes a request");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("it answers");
    text
}

fn until<T>(ask: impl Fn() -> Option<T>, why: impl Fn() -> String) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{}", why());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn looking_follows_what_notices_follow() {
    for arguments in [&[][..], &["--poll"][..]] {
        let case = Case::new(&[("mkdocs.yml", "site_name: a\n"), ("docs/index.md", "one")]);
        let preview = Preview::start(&case, arguments);
        for word in ["two", "three"] {
            case.write("docs/index.md", word.as_bytes());
            preview.wait_for_page("/", &format!("<p>{word}</p>"));
        }
        case.write("docs/new.md", b"four");
        preview.wait_for_page("/new/", "<p>four</p>");
        case.write("mkdocs.yml", b"site_name: five\n");
        preview.wait_for_page("/", "five");
    }
}

#[test]
fn what_is_said_starts_no_build_wherever_it_goes() {
    for log in ["serve.log", "docs/serve.log", "docs/page.md"] {
        let config = "site_name: a\nwatch: [.]\n";
        let config = if log == "serve.log" { "site_name: a\n" } else { config };
        let case = Case::new(&[("mkdocs.yml", config), ("docs/index.md", "one [dead](none.md)")]);
        let file = File::create(case.path(log)).expect("the folder takes files");
        let mut command = Command::new(env!("CARGO_BIN_EXE_opsbook"));
        command.args(["serve", "-a", "127.0.0.1:0"]).current_dir(case.path(""));
        command.stdout(file.try_clone().expect("it can be shared")).stderr(file);
        let mut child = command.spawn().expect("it starts");
        let built = || text(&case, log).lines().filter(|line| line.starts_with("Built ")).count();
        until(|| text(&case, log).contains("Serving on").then_some(()), || text(&case, log));
        let before = built();
        std::thread::sleep(Duration::from_millis(600));
        assert_eq!(built(), before, "{log}:\n{}", text(&case, log));
        case.write("docs/index.md", b"two");
        until(|| (built() == before + 1).then_some(()), || text(&case, log));
        child.kill().and_then(|()| child.wait()).expect("it can be ended");
    }
}

#[test]
fn a_log_that_another_program_writes_is_named_once() {
    let case = Case::new(&[("mkdocs.yml", "site_name: a\n"), ("docs/index.md", "one [dead](none.md)")]);
    let program = env!("CARGO_BIN_EXE_opsbook");
    let line = format!("exec '{program}' serve -a 127.0.0.1:0 2>&1 | tee docs/serve.log >&2");
    let mut command = Command::new("sh");
    command.args(["-c", &line]);
    let mut preview = Preview::of(&case, command);
    let built = |preview: &Preview| preview.said().iter().filter(|line| line.starts_with("Built ")).count();
    std::thread::sleep(Duration::from_millis(800));
    let n_built = built(&preview);
    assert!(n_built <= 3, "{:?}", preview.said());
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(built(&preview), n_built, "{:?}", preview.said());
    // The shell is gone before the program that it started.
    let _ = preview.child.kill();
    let _ = Command::new("pkill").args(["-P", &preview.child.id().to_string()]).status();
}

#[cfg(target_os = "linux")]
#[test]
fn where_the_system_has_no_watches_files_are_looked_at() {
    for limit in ["max_inotify_watches", "max_inotify_instances"] {
        let n_allowed = if limit == "max_inotify_watches" { 5 } else { 0 };
        let case = Case::new(&[("mkdocs.yml", "site_name: a\n"), ("docs/index.md", "one")]);
        for number in 0..20 {
            case.write(&format!("docs/{number}/index.md"), b"page");
        }
        let program = env!("CARGO_BIN_EXE_opsbook");
        let limited = format!("echo {n_allowed} > /proc/sys/user/{limit} && exec '{program}' serve -a 127.0.0.1:0");
        let in_namespace = |line: &str| {
            let mut command = Command::new("unshare");
            command.args(["-U", "-r", "sh", "-c", line]);
            command
        };
        // Some machines allow no namespaces of users.
        if !in_namespace(&format!("echo 100 > /proc/sys/user/{limit}")).status().is_ok_and(|status| status.success()) {
            return;
        }
        let preview = Preview::of(&case, in_namespace(&limited));
        preview.wait_for("opsbook looks for changes twice a second instead");
        case.write("docs/7/index.md", b"followed");
        preview.wait_for_page("/7/", "<p>followed</p>");
    }
}

#[test]
fn the_preview_stands_at_the_path_of_the_site_and_follows_it() {
    let config = |url: &str| format!("site_name: a\nsite_url: {url}\n").into_bytes();
    let case = Case::new(&[("docs/index.md", "home")]);
    case.write("mkdocs.yml", config("https://example.org/документация/"));
    let preview = Preview::start(&case, &[]);
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let path = format!("/{}/", encoded("документация"));
    assert!(preview.address.ends_with(&path), "{}", preview.address);
    assert!(preview.get("/").contains(&format!("Location: {path}\r\n")), "{}", preview.get("/"));
    preview.wait_for_page(&path, "<p>home</p>");
    case.write("mkdocs.yml", config("https://example.org/hand%20book/docs/"));
    preview.wait_for_page("/hand%20book/docs/", "<p>home</p>");
    assert!(preview.get("/hand%20book/docs/").contains("http://127.0.0.1"), "the page knows the preview's address");
}

#[test]
fn pages_hear_of_warnings_with_a_link_to_the_editor() {
    let case = Case::new(&[("mkdocs.yml", "site_name: a\n"), ("docs/index.md", "one\n\n[dead](none.md)")]);
    let preview = Preview::start(&case, &["--editor", "idea://open?file={file}&line={line}"]);
    let host = preview.address.split('/').nth(2).expect("an address has a host");
    let mut stream = TcpStream::connect(host).expect("it listens");
    write!(stream, "GET /.opsbook/events HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("it takes a request");
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    lines.find(|line| line == "event: problems").expect("it tells of problems");
    let data = lines.next().expect("data follow");
    let data: serde_json::Value = serde_json::from_str(data.trim_start_matches("data: ")).expect("they are JSON");
    assert_eq!(data[0]["is_error"], false, "{data}");
    assert_eq!(data[0]["place"][0], "docs/index.md:3:8", "{data}");
    let link = data[0]["place"][1].as_str().expect("a link");
    assert!(link.starts_with("idea://open?file=/") && link.ends_with("/docs/index.md&line=3"), "{link}");
    assert!(data[0]["text"].as_str().is_some_and(|text| text.contains("OB301")), "{data}");
}
