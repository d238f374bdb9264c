//! Showing diagnostics: which of them, how, and where to.

use super::Status;
use crate::diag::{Diagnostics, Severity};
use crate::shell::{Disk, Terminal};
use crate::text::World as _;

/// How diagnostics are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// With the line, and what to do about it, on standard error
    #[default]
    Human,
    /// One line each, on standard error
    Short,
}

/// What `--strict` means: a warning is an error.
pub(super) fn weigh(mut diagnostics: Diagnostics, strict: bool) -> Diagnostics {
    if strict {
        for diagnostic in diagnostics.iter_mut().filter(|diagnostic| diagnostic.severity == Severity::Warning) {
            diagnostic.severity = Severity::Error;
        }
    }
    diagnostics
}

/// Shows diagnostics.
pub(super) fn print(terminal: Terminal, _format: Format, diagnostics: &Diagnostics, disk: &Disk) {
    terminal.complain(&plain(diagnostics, disk));
}

/// Shows the diagnostics that matter at least so much.
pub(super) fn print_at_least(
    terminal: Terminal,
    format: Format,
    diagnostics: &Diagnostics,
    disk: &Disk,
    threshold: Severity,
) {
    // The order of severities begins with the worst.
    let shown = diagnostics.iter().filter(|diagnostic| diagnostic.severity <= threshold).cloned().collect();
    print(terminal, format, &shown, disk);
}

/// Diagnostics as plain text.
pub(super) fn plain(diagnostics: &Diagnostics, disk: &Disk) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        let severity = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        if let Some(span) = diagnostic.span {
            out.push_str(span.file.as_str());
            if let Ok(source) = disk.source(span.file) {
                let place = source.line_col(span.start as usize);
                out.push_str(&format!(":{}:{}", place.line, place.col));
            }
            out.push_str(": ");
        }
        out.push_str(&format!("{severity}[{}]: {}\n", diagnostic.code, diagnostic.message));
    }
    out
}

/// The exit status that diagnostics ask for.
pub(super) fn status(diagnostics: &Diagnostics) -> Status {
    if diagnostics.has_errors() { Status::ContentAtFault } else { Status::Fine }
}
