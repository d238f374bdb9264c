//! One line each, as compilers write it and editors read it.

use super::{Places, neutral, word};
use crate::diag::Diagnostics;
use std::fmt::Write as _;

pub(super) fn render(diagnostics: &Diagnostics, places: &Places<'_>) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        if let Some(span) = diagnostic.span {
            let place = places.place(span);
            out.push_str(&neutral(&place.path));
            if let Some((start, _)) = place.lines {
                let _ = write!(out, ":{}:{}", start.line, start.col);
            }
            out.push_str(": ");
        }
        let _ = writeln!(out, "{}[{}]: {}", word(diagnostic.severity), diagnostic.code, neutral(&diagnostic.message));
    }
    out
}
