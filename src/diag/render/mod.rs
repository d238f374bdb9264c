//! Diagnostics as text: for people, for editors, for programs, for code scanning, for GitHub.
//!
//! Owns the forms. In: diagnostics in the order in which they are to be shown, and a function
//! that hands out the sources that their spans lie in. Out: a string that ends in a line break, or is
//! empty. Does not know where it is printed.
//!
//! No form lets a control character of a quoted text through: what a page holds cannot move the
//! cursor of the terminal, or end a line of the output.

mod github;
mod human;
mod json;
mod reports;
mod sarif;
mod short;

use super::{Diagnostics, Severity};
use crate::text::{LineCol, SitePath, Source, Span};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

/// The form of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// With the text around each place.
    #[default]
    Human,
    /// One line each: `file:line:col: severity[code]: message`.
    Short,
    /// One JSON document.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands that annotate a pull request.
    Github,
    /// GitLab's code quality report.
    Gitlab,
    /// JUnit's XML.
    Junit,
    /// Checkstyle's XML.
    Checkstyle,
}

/// How to render.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The form.
    pub format: Format,
    /// Whether the human form uses colours.
    pub colour: bool,
    /// How many columns the human form has; 140 where it is not known.
    pub width: Option<usize>,
    /// What stands before each path: the configuration's folder as seen from where the reader (for
    /// SARIF and GitHub: the repository) is. Empty, or ending in `/`.
    pub prefix: String,
}

/// Renders diagnostics in the order given.
///
/// Where `sources` has no source for a path, the path stands without line and column.
pub fn render(
    diagnostics: &Diagnostics,
    sources: &dyn Fn(SitePath) -> Option<Arc<Source>>,
    options: &Options,
) -> String {
    let places = Places { sources, prefix: &options.prefix };
    match options.format {
        Format::Human => human::render(diagnostics, &places, options),
        Format::Short => short::render(diagnostics, &places),
        Format::Json => json::render(diagnostics, &places),
        Format::Sarif => sarif::render(diagnostics, &places),
        Format::Github => github::render(diagnostics, &places),
        Format::Gitlab => reports::gitlab(diagnostics, &places),
        Format::Junit => reports::junit(diagnostics, &places),
        Format::Checkstyle => reports::checkstyle(diagnostics, &places),
    }
}

/// Sums up: `2 errors, 1 warning`; `None` where there is neither.
pub fn summary(diagnostics: &Diagnostics) -> Option<String> {
    let counted = |severity, word: &str| {
        let count = diagnostics.count(severity);
        (count > 0).then(|| crate::text::counted(count, word))
    };
    let parts: Vec<_> =
        [counted(Severity::Error, "error"), counted(Severity::Warning, "warning")].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The word for a severity.
fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

/// Turns spans into places as people count.
struct Places<'a> {
    sources: &'a dyn Fn(SitePath) -> Option<Arc<Source>>,
    prefix: &'a str,
}

/// A span as people count: the end is one past the last character.
struct Place {
    path: String,
    /// `None` where there is no source.
    lines: Option<(LineCol, LineCol)>,
}

impl Places<'_> {
    fn source(&self, file: SitePath) -> Option<Arc<Source>> {
        (self.sources)(file)
    }

    fn path(&self, file: SitePath) -> String {
        format!("{}{file}", self.prefix)
    }

    fn place(&self, span: Span) -> Place {
        let lines = self.source(span.file).map(|source| {
            let range = span.range();
            (source.line_col(range.start), source.line_col(range.end))
        });
        Place { path: self.path(span.file), lines }
    }
}

/// Makes control characters, and those that turn the direction of text, visible.
fn neutral(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for ch in text.chars() {
        if is_dangerous(ch) { out.extend(ch.escape_unicode()) } else { out.push(ch) }
    }
    Cow::Owned(out)
}

fn is_dangerous(ch: char) -> bool {
    ch.is_control() || matches!(ch, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Writes a JSON document with dangerous characters escaped; JSON lets them stand as they are, but a
/// terminal would act on them.
fn json_text(document: &serde_json::Value) -> String {
    let mut out = String::new();
    for ch in format!("{document:#}\n").chars() {
        if ch != '\n' && is_dangerous(ch) {
            let _ = write!(out, "\\u{:04x}", u32::from(ch));
        } else {
            out.push(ch);
        }
    }
    out
}

#[cfg(test)]
mod tests;
