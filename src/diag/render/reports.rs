//! Reports that services for continuous integration read: JUnit, Checkstyle, and GitLab's code quality.

use super::{Places, neutral};
use crate::diag::{Diagnostic, Diagnostics, Severity};
use crate::text::Digest;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Names each finding by what it is about and not by its line, so that it is the same one after lines were
/// put before it: the code, the file, the message, the text of the line, and which of several such it is.
pub(super) fn fingerprints(diagnostics: &Diagnostics, places: &Places<'_>) -> Vec<String> {
    let mut seen: BTreeMap<Digest, usize> = BTreeMap::new();
    let name = |diagnostic: &Diagnostic| {
        let path = diagnostic.span.map(|span| places.path(span.file)).unwrap_or_default();
        let line = diagnostic.span.and_then(|span| line_of(span, places)).unwrap_or_default();
        let digest = Digest::of_parts([
            diagnostic.code.id().as_bytes(),
            path.as_bytes(),
            diagnostic.message.as_bytes(),
            line.trim().as_bytes(),
        ]);
        let n_before = seen.entry(digest).or_insert(0);
        *n_before += 1;
        Digest::of_parts([digest.hex().as_bytes(), n_before.to_string().as_bytes()]).hex()[..32].to_owned()
    };
    diagnostics.iter().map(name).collect()
}

fn line_of(span: crate::text::Span, places: &Places<'_>) -> Option<String> {
    let source = places.source(span.file)?;
    let start = span.range().start.min(source.text().len());
    let before = source.text().get(..start)?;
    let begin = before.rfind('\n').map_or(0, |at| at + 1);
    source.text()[begin..].lines().next().map(str::to_owned)
}

/// A finding, and the line and the column of its place.
type Found<'d> = (&'d Diagnostic, (usize, usize));

/// Files and their findings; what has no place stands under no name.
fn by_file<'d>(diagnostics: &'d Diagnostics, places: &Places<'_>) -> BTreeMap<String, Vec<Found<'d>>> {
    let mut files: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for diagnostic in diagnostics {
        let place = diagnostic.span.map(|span| places.place(span));
        let at =
            place.as_ref().and_then(|place| place.lines.as_ref()).map_or((1, 1), |(start, _)| (start.line, start.col));
        files.entry(place.map(|place| place.path).unwrap_or_default()).or_default().push((diagnostic, at));
    }
    files
}

/// Checkstyle's XML: a `file` with its `error`s.
pub(super) fn checkstyle(diagnostics: &Diagnostics, places: &Places<'_>) -> String {
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">\n".to_owned();
    for (file, found) in by_file(diagnostics, places) {
        let _ = writeln!(out, "  <file name=\"{}\">", escaped(&file));
        for (diagnostic, (line, column)) in found {
            let _ = writeln!(
                out,
                "    <error line=\"{line}\" column=\"{column}\" severity=\"{}\" message=\"{}\" source=\"opsbook.{}\"/>",
                super::word(diagnostic.severity),
                escaped(&whole(diagnostic)),
                diagnostic.code
            );
        }
        out.push_str("  </file>\n");
    }
    out + "</checkstyle>\n"
}

/// JUnit's XML: each finding is a test case. One that is an error has failed; others are skipped, so that they
/// are seen and fail nothing.
pub(super) fn junit(diagnostics: &Diagnostics, places: &Places<'_>) -> String {
    let n_failed = diagnostics.count(Severity::Error);
    let n_skipped = diagnostics.len() - n_failed;
    // A suite without a case is taken for a run that did not happen.
    let n_cases = diagnostics.len().max(1);
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"opsbook\" tests=\"{n_cases}\" \
         failures=\"{n_failed}\" errors=\"0\" skipped=\"{n_skipped}\">\n"
    );
    if diagnostics.is_empty() {
        out.push_str("    <testcase name=\"nothing was found\" classname=\"opsbook\"/>\n");
    }
    for (file, found) in by_file(diagnostics, places) {
        for (diagnostic, (line, column)) in found {
            let name = escaped(&format!("{} at {line}:{column}", diagnostic.code));
            let message = escaped(&neutral(&diagnostic.message));
            let file = escaped(&file);
            let _ =
                writeln!(out, "    <testcase name=\"{name}\" classname=\"{file}\" file=\"{file}\" line=\"{line}\">");
            let _ = if diagnostic.severity == Severity::Error {
                let text = escaped(&whole(diagnostic));
                writeln!(out, "      <failure type=\"{}\" message=\"{message}\">{text}</failure>", diagnostic.code)
            } else {
                let word = super::word(diagnostic.severity);
                writeln!(out, "      <skipped message=\"{word}: {message}\"/>")
            };
            out.push_str("    </testcase>\n");
        }
    }
    out + "  </testsuite>\n</testsuites>\n"
}

/// GitLab's code quality report: a list of issues.
pub(super) fn gitlab(diagnostics: &Diagnostics, places: &Places<'_>) -> String {
    let names = fingerprints(diagnostics, places);
    let issues = diagnostics.iter().zip(names).map(|(diagnostic, fingerprint)| {
        let place = diagnostic.span.map(|span| places.place(span));
        let lines = place.as_ref().and_then(|place| place.lines.as_ref());
        let (begin, end) = lines.map_or((1, 1), |(start, end)| (start.line, end.line));
        json!({
            "description": neutral(&whole(diagnostic)),
            "check_name": diagnostic.code.id(),
            "fingerprint": fingerprint,
            "severity": match diagnostic.severity {
                Severity::Error => "major",
                Severity::Warning => "minor",
                Severity::Info => "info",
            },
            "location": {
                "path": place.map(|place| place.path).unwrap_or_default(),
                "lines": {"begin": begin, "end": end},
            },
        })
    });
    super::json_text(&issues.collect())
}

/// Message, reasons and help.
fn whole(diagnostic: &Diagnostic) -> String {
    let parts = std::iter::once(&diagnostic.message).chain(&diagnostic.notes).chain(&diagnostic.help);
    parts.map(|part| neutral(part).into_owned()).collect::<Vec<_>>().join("\n")
}

/// Escapes for XML; a line end in an attribute would be read as a blank.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    text.replace('\n', "&#10;")
}
