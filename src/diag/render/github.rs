//! Workflow commands of GitHub Actions: each becomes an annotation of the pull request.

use super::{Places, neutral};
use crate::diag::{Diagnostic, Diagnostics, Severity};
use std::fmt::Write as _;

pub(super) fn render(diagnostics: &Diagnostics, places: &Places<'_>) -> String {
    diagnostics.iter().map(|diagnostic| command(diagnostic, places)).collect()
}

fn command(diagnostic: &Diagnostic, places: &Places<'_>) -> String {
    let name = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let mut out = format!("::{name} ");
    if let Some(span) = diagnostic.span {
        let place = places.place(span);
        let _ = write!(out, "file={},", property(&neutral(&place.path)));
        if let Some((start, end)) = place.lines {
            let _ = write!(out, "line={},endLine={},col={},", start.line, end.line, start.col);
            // GitHub takes an end column only on the same line.
            if start.line == end.line {
                let _ = write!(out, "endColumn={},", end.col.max(start.col));
            }
        }
    }
    let mut text = neutral(&diagnostic.message).into_owned();
    for note in &diagnostic.notes {
        let _ = write!(text, "\nnote: {}", neutral(note));
    }
    if let Some(help) = &diagnostic.help {
        let _ = write!(text, "\nhelp: {}", neutral(help));
    }
    let _ = writeln!(out, "title={}::{}", diagnostic.code, data(&text));
    out
}

/// Escapes as the runner's toolkit does: `%`, and what ends a line.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property, which `:` and `,` would end as well.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
