//! Standard output for the product, standard error for the talk.

use anstream::{AutoStream, ColorChoice};
use std::io::{self, IsTerminal as _, Write as _};

/// One of the two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// How much is said besides errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Volume {
    /// Nothing.
    Quiet,
    /// What was done.
    #[default]
    Normal,
    /// How it was done, too.
    Verbose,
}

/// Whether and how this process may talk.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    volume: Volume,
    color: Option<bool>,
}

impl Terminal {
    /// Talks so loud, with colours, without, or as the environment has it.
    pub fn new(volume: Volume, color: Option<bool>) -> Terminal {
        Terminal { volume, color }
    }

    /// Tells whether only errors are said.
    pub fn is_quiet(self) -> bool {
        self.volume == Volume::Quiet
    }

    /// Tells whether colours may be used on a stream. Where nobody said so or otherwise, they are by the
    /// conventions of `NO_COLOR`, `CLICOLOR_FORCE` and `CLICOLOR`, in this order, and else where the
    /// stream is a terminal whose `TERM` is not `dumb`
    /// (<https://no-color.org>, <https://bixense.com/clicolors/>).
    pub fn colors(self, stream: Stream) -> bool {
        let choice = || match stream {
            Stream::Out => AutoStream::choice(&io::stdout()),
            Stream::Err => AutoStream::choice(&io::stderr()),
        };
        self.color.unwrap_or_else(|| choice() != ColorChoice::Never)
    }

    /// Tells whether the cursor may be moved on a stream: it is a terminal, and not a dumb one.
    pub fn can_redraw(self, stream: Stream) -> bool {
        self.is_terminal(stream) && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
    }

    /// Tells whether a stream is a terminal.
    pub fn is_terminal(self, stream: Stream) -> bool {
        match stream {
            Stream::Out => io::stdout().is_terminal(),
            Stream::Err => io::stderr().is_terminal(),
        }
    }

    /// Returns the width to draw for: the terminal's where standard error is one, else 100.
    pub fn width(self) -> usize {
        #[cfg(unix)]
        if let Ok(size) = rustix::termios::tcgetwinsize(io::stderr())
            && size.ws_col >= 40
        {
            return usize::from(size.ws_col);
        }
        100
    }

    /// Returns the height to draw for: the terminal's where standard error is one, else 40 lines.
    pub fn height(self) -> usize {
        #[cfg(unix)]
        if let Ok(size) = rustix::termios::tcgetwinsize(io::stderr())
            && size.ws_row >= 10
        {
            return usize::from(size.ws_row);
        }
        40
    }

    /// Writes the product. A closed pipe is fine: who closed it has seen enough.
    ///
    /// # Errors
    /// When standard output cannot take it for another reason, such as a full disk.
    pub fn print(self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        closed_is_fine(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
    }

    /// Writes diagnostics and errors, also when quiet. Nobody is left to tell when this fails.
    pub fn complain(self, text: &str) {
        let mut err = io::stderr().lock();
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }

    /// Asks a question where somebody sits at a terminal, and returns the line that they type; `None`
    /// where nobody does, or they end the input.
    pub fn ask(self, question: &str) -> Option<String> {
        if !self.is_terminal(Stream::Err) || !io::stdin().is_terminal() {
            return None;
        }
        self.complain(question);
        let mut line = String::new();
        match io::stdin().read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim().to_owned()),
        }
    }

    /// Writes a status line, unless quiet.
    pub fn say(self, line: &str) {
        if !self.is_quiet() {
            self.complain(&format!("{line}\n"));
        }
    }

    /// Writes a line for who wants to know more.
    pub fn detail(self, line: &str) {
        if self.volume == Volume::Verbose {
            self.complain(&format!("{line}\n"));
        }
    }

    /// Replaces the line under the cursor, where standard error is a terminal and nobody asked for
    /// quiet; the empty text wipes it.
    pub fn progress(self, text: &str) {
        if !self.is_quiet() && self.can_redraw(Stream::Err) {
            self.complain(&format!("\r\x1b[2K{text}"));
        }
    }
}

fn closed_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
