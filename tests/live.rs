//! The live checklist of a run, as it stands on a terminal.
#![cfg(unix)]

use crate::runs::{Bench, manual, plan, step};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A terminal of 80 by 24 with a program in it, and what stands on it.
struct Tty {
    keyboard: File,
    screen: Arc<Mutex<Screen>>,
    child: Child,
}

/// What a terminal makes of the few sequences that the checklist uses.
#[derive(Default)]
struct Screen {
    lines: Vec<String>,
    row: usize,
    column: usize,
    pending: String,
}

impl Screen {
    fn write(&mut self, text: &str) {
        self.pending.push_str(text);
        let text = std::mem::take(&mut self.pending);
        let mut chars = text.char_indices().peekable();
        while let Some((at, ch)) = chars.next() {
            match ch {
                '\n' => (self.row, self.column) = (self.row + 1, 0),
                '\r' => self.column = 0,
                '\x1b' => {
                    let Some(end) = text[at + 1..].find(|ch: char| ch.is_ascii_alphabetic()) else {
                        self.pending = text[at..].to_owned();
                        return;
                    };
                    self.obey(&text[at + 1..at + 2 + end]);
                    while chars.peek().is_some_and(|(next, _)| *next <= at + 1 + end) {
                        chars.next();
                    }
                }
                ch => {
                    let column = self.column;
                    let line = self.line();
                    let mut cells: Vec<char> = line.chars().collect();
                    cells.resize(cells.len().max(column + 1), ' ');
                    cells[column] = ch;
                    *line = cells.into_iter().collect();
                    self.column += 1;
                }
            }
        }
    }

    fn obey(&mut self, sequence: &str) {
        let number = || sequence[1..sequence.len() - 1].parse().unwrap_or(1);
        let column = self.column;
        match sequence.chars().last() {
            Some('A') => self.row = self.row.saturating_sub(number()),
            Some('K') if sequence == "[2K" => self.line().clear(),
            Some('K') => *self.line() = self.line().chars().take(column).collect(),
            Some('J') => {
                *self.line() = self.line().chars().take(column).collect();
                self.lines.truncate(self.row + 1);
            }
            Some('m') => {}
            _ => panic!("the screen does not know {sequence:?}"),
        }
    }

    fn line(&mut self) -> &mut String {
        let row = self.row;
        self.lines.resize(self.lines.len().max(row + 1), String::new());
        &mut self.lines[row]
    }
}

impl Tty {
    fn start(bench: &Bench, arguments: &[&str]) -> Tty {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("there are pseudo terminals");
        grantpt(&terminal).and_then(|()| unlockpt(&terminal)).expect("it can be opened");
        let name = ptsname(&terminal, Vec::new()).expect("it has a name");
        let inner = OpenOptions::new().read(true).write(true).open(name.to_str().expect("it is ASCII"));
        let inner = inner.expect("it opens");
        tcsetwinsize(&inner, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).expect("it has a size");
        let side = || Stdio::from(inner.try_clone().expect("it can be shared"));
        let mut command = bench.command(arguments);
        let child = command.stdin(side()).stdout(side()).stderr(side()).spawn().expect("opsbook starts");
        drop(command);
        let keyboard = File::from(terminal);
        let mut reader = keyboard.try_clone().expect("it can be shared");
        let screen = Arc::new(Mutex::new(Screen::default()));
        let shown = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let mut chunk = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut chunk) {
                bytes.extend_from_slice(&chunk[..length]);
                let valid = std::str::from_utf8(&bytes).map_or_else(|error| error.valid_up_to(), str::len);
                let text: Vec<u8> = bytes.drain(..valid).collect();
                let text = String::from_utf8(text).expect("it is valid up to there");
                shown.lock().expect("no thread panics while it holds the screen").write(&text);
            }
        });
        Tty { keyboard, screen, child }
    }

    fn lines(&self) -> Vec<String> {
        let screen = self.screen.lock().expect("no thread panics while it holds the screen");
        screen.lines.iter().map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
    }

    /// Waits until a line begins with one text and holds another.
    fn wait_for(&self, begin: &str, word: &str) {
        let began = Instant::now();
        while !self.lines().iter().any(|line| line.starts_with(begin) && line.contains(word)) {
            assert!(began.elapsed() < Duration::from_secs(120), "no `{begin}…{word}` on {:#?}", self.lines());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn end(mut self) -> (Option<i32>, Vec<String>) {
        let status = self.child.wait().expect("it ends");
        // What was written last may still be on its way through the terminal.
        std::thread::sleep(Duration::from_millis(200));
        (status.code(), self.lines())
    }
}

#[test]
fn a_run_on_a_terminal_is_one_checklist_drawn_over_itself() {
    let wait = "echo before the gate; until [ -e gate ]; do sleep 0.02; done";
    let bench =
        Bench::new(&plan(vec![step("one", &[], "true"), step("two", &["one"], wait), step("three", &["two"], "true")]));
    let tty = Tty::start(&bench, &["run", "plan.json", "--runs", "runs"]);
    tty.wait_for("✓ Do one", "");
    tty.wait_for("▶ Do two", "running");
    tty.wait_for("    │ ", "before the gate");
    tty.wait_for("· Do three", "");
    tty.wait_for("1 of 3 done", "");
    std::fs::write(bench.path("gate"), "").expect("the folder takes files");
    tty.wait_for("✓ Do three", "");
    let (status, lines) = tty.end();
    assert_eq!(status, Some(0), "{lines:#?}");
    for title in ["Do one", "Do two", "Do three", "3 of 3 done"] {
        assert_eq!(lines.iter().filter(|line| line.contains(title)).count(), 1, "{title} in {lines:#?}");
    }
    assert!(!lines.iter().any(|line| line.contains('▶')), "{lines:#?}");
}

#[test]
fn a_person_is_asked_below_the_checklist_and_answers_there() {
    let bench = Bench::new(&plan(vec![manual("look", &[], "none"), step("then", &["look"], "echo then >> log")]));
    let mut tty = Tty::start(&bench, &["run", "plan.json", "--runs", "runs"]);
    tty.wait_for("⏸ Do look", "waits for a person");
    assert_eq!(bench.text("log"), "");
    tty.keyboard.write_all(b"y\n").expect("it takes keys");
    tty.wait_for("✓ Do then", "");
    let (status, lines) = tty.end();
    assert_eq!((status, bench.text("log").as_str()), (Some(0), "then\n"), "{lines:#?}");
}

#[test]
fn a_person_says_no_at_the_terminal_and_why() {
    let bench = Bench::new(&plan(vec![manual("look", &[], "none"), step("then", &["look"], "echo then >> log")]));
    let mut tty = Tty::start(&bench, &["run", "plan.json", "--runs", "runs"]);
    tty.wait_for("⏸ Do look", "waits for a person");
    tty.keyboard.write_all(b"n\nthe basket stays empty\n").expect("it takes keys");
    tty.wait_for("✗ Do look", "failed");
    let (status, lines) = tty.end();
    assert_eq!((status, bench.text("log").as_str()), (Some(1), ""), "{lines:#?}");
    assert!(bench.journal().contains("\"note\":\"the basket stays empty\""), "{}", bench.journal());
}
