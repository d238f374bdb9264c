//! Output of a process as lines that people read: without escape sequences, each line in its last state.
//!
//! The order is the point: escape sequences go first, so that a colour in the middle of a secret hides
//! nothing; then secrets go; only then is text cut into lines.

use super::redact::{RedactedStream, Redactor};

/// A line that is longer than this is cut, so that it cannot fill the memory.
const LONGEST: usize = 256 * 1024;

/// An escape sequence that is longer than this is none.
const LONGEST_SEQUENCE: usize = 4096;

/// One stream of a process on its way to lines.
pub(super) struct Lines<'r> {
    sequences: Sequences,
    secrets: RedactedStream<'r>,
    /// The line that has not ended.
    line: Vec<u8>,
    plain: Vec<u8>,
}

impl<'r> Lines<'r> {
    pub(super) fn new(redactor: &'r Redactor) -> Lines<'r> {
        let (line, plain) = (Vec::new(), Vec::new());
        Lines { sequences: Sequences::default(), secrets: redactor.stream(), line, plain }
    }

    /// Takes what the process wrote; what is fit to be kept is added to `clean`.
    pub(super) fn push(&mut self, bytes: &[u8], clean: &mut Vec<u8>) {
        self.plain.clear();
        self.sequences.strip(bytes, &mut self.plain);
        self.secrets.push(&self.plain, clean);
    }

    /// Nothing has come for a while.
    pub(super) fn idle(&mut self, clean: &mut Vec<u8>) {
        self.secrets.idle(clean);
    }

    /// Nothing comes any more.
    pub(super) fn finish(&mut self, clean: &mut Vec<u8>) {
        self.secrets.finish(clean);
    }

    /// Cuts clean text into lines. Of a line that was written over itself, the last state counts.
    pub(super) fn cut(&mut self, clean: &[u8], line: &mut dyn FnMut(&[u8])) {
        let mut rest = clean;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            if self.line.is_empty() {
                line(last_state(&rest[..end]));
            } else {
                self.line.extend_from_slice(&rest[..end]);
                line(last_state(&self.line));
                self.line.clear();
            }
            rest = &rest[end + 1..];
        }
        self.line.extend_from_slice(rest);
        if rest.contains(&b'\r') {
            // A progress bar has no end of line for as long as it runs.
            let n_bytes = self.line.iter().rev().skip_while(|byte| **byte == b'\r').count();
            let over = self.line[..n_bytes].iter().rposition(|byte| *byte == b'\r');
            self.line.drain(..over.map_or(0, |at| at + 1));
        }
        if self.line.len() > LONGEST {
            self.last(line);
        }
    }

    /// Ends a line that has no end.
    pub(super) fn last(&mut self, line: &mut dyn FnMut(&[u8])) {
        if !self.line.is_empty() {
            line(last_state(&self.line));
            self.line.clear();
        }
    }
}

fn last_state(line: &[u8]) -> &[u8] {
    let n_bytes = line.iter().rev().skip_while(|byte| **byte == b'\r').count();
    let line = &line[..n_bytes];
    line.iter().rposition(|byte| *byte == b'\r').map_or(line, |at| &line[at + 1..])
}

/// Takes escape sequences of terminals out of a text (ECMA-48): colours, titles, movements.
#[derive(Debug, Default)]
struct Sequences {
    state: State,
    length: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// Behind ESC.
    Escape,
    /// In a control sequence.
    Control,
    /// In a string for the terminal, such as a title.
    String,
    /// In such a string, behind ESC.
    StringEscape,
}

impl Sequences {
    fn strip(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        if self.state == State::Text && !bytes.contains(&0x1b) {
            out.extend_from_slice(bytes);
            return;
        }
        for byte in bytes {
            self.length += 1;
            let too_long = self.length > LONGEST_SEQUENCE;
            self.state = match (self.state, *byte) {
                (State::Text, 0x1b) => {
                    self.length = 0;
                    State::Escape
                }
                (State::Text, byte) => {
                    out.push(byte);
                    State::Text
                }
                (State::Escape, b'[') => State::Control,
                (State::Escape, b']' | b'P' | b'X' | b'^' | b'_') => State::String,
                (State::Escape, 0x20..=0x2f) => State::Escape,
                (State::Escape | State::StringEscape, 0x30..=0x7e) => State::Text,
                (State::Control, 0x20..=0x3f) if !too_long => State::Control,
                (State::Control, 0x40..=0x7e) => State::Text,
                (State::String, 0x07) => State::Text,
                (State::String, 0x1b) => State::StringEscape,
                (State::String, byte) if byte != b'\n' && !too_long => State::String,
                (_, 0x1b) => State::Escape,
                // It was no sequence after all.
                (_, byte) => {
                    out.push(byte);
                    State::Text
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&str]) -> Vec<String> {
        let redactor = Redactor::default();
        let (mut lines, mut out) = (Lines::new(&redactor), Vec::new());
        let mut take = |line: &[u8]| out.push(String::from_utf8_lossy(line).into_owned());
        for piece in pieces {
            let mut clean = Vec::new();
            lines.push(piece.as_bytes(), &mut clean);
            lines.cut(&clean, &mut take);
        }
        let mut clean = Vec::new();
        lines.finish(&mut clean);
        lines.cut(&clean, &mut take);
        lines.last(&mut take);
        out
    }

    #[test]
    fn colours_and_titles_go() {
        assert_eq!(lines(&["a \x1b[1;31mred\x1b[", "0m b\n\x1b]0;title\x07c\x1b(B\n"]), ["a red b", "c"]);
        // What never ends hides no more than its line.
        assert_eq!(lines(&["\x1b]0;title\nnext\n"]), ["", "next"]);
    }

    #[test]
    fn a_progress_bar_shows_its_last_state() {
        assert_eq!(lines(&["10%\r20%\r", "100%\ndone\r\n", "1\r2"]), ["100%", "done", "2"]);
    }

    #[test]
    fn a_progress_bar_fills_no_memory() {
        let redactor = Redactor::default();
        let mut lines = Lines::new(&redactor);
        for _ in 0..10_000 {
            lines.cut(b"a long bar\r", &mut |_| {});
        }
        assert!(lines.line.len() < 100);
    }

    #[test]
    fn a_colour_inside_of_a_secret_hides_nothing() {
        let secrets = std::collections::BTreeMap::from([("S".to_owned(), "hunter2hunter2".to_owned())]);
        let redactor = Redactor::new(&secrets, &Default::default()).expect("it is long enough");
        let (mut lines, mut clean) = (Lines::new(&redactor), Vec::new());
        lines.push(b"x hunter\x1b[31m2hun\x1b[0mter2 y", &mut clean);
        lines.finish(&mut clean);
        assert_eq!(clean, b"x *** y");
    }
}
