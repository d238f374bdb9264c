//! Standard output for the product, standard error for the talk.

use std::io::{self, IsTerminal as _, Write as _};

/// One of the two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// Whether and how this process may talk.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    quiet: bool,
    no_color: bool,
}

impl Terminal {
    /// Looks at the environment: `NO_COLOR`, set and not empty, forbids colours
    /// (<https://no-color.org>). A quiet terminal drops what [`Terminal::say`] is given.
    pub fn new(quiet: bool) -> Terminal {
        Terminal { quiet, no_color: std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) }
    }

    /// Tells whether colours may be used on a stream: it is a terminal and nobody forbids them.
    pub fn colors(self, stream: Stream) -> bool {
        !self.no_color && self.is_terminal(stream)
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

    /// Writes a status line, unless quiet.
    pub fn say(self, line: &str) {
        if !self.quiet {
            self.complain(&format!("{line}\n"));
        }
    }

    /// Replaces the line under the cursor, where standard error is a terminal and nobody asked for
    /// quiet; the empty text wipes it.
    pub fn progress(self, text: &str) {
        if !self.quiet && io::stderr().is_terminal() {
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
