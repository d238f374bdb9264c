//! SARIF 2.1.0 (OASIS), as code scanning takes it.

use super::reports::fingerprints;
use super::{Place, Places};
use crate::diag::{Code, Diagnostic, Diagnostics, Edit, Severity};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn render(diagnostics: &Diagnostics, places: &Places<'_>) -> String {
    // Rules that speak, each once, in the order of their ids.
    let codes: BTreeMap<&str, Code> = diagnostics.iter().map(|found| (found.code.id(), found.code)).collect();
    let rules: Vec<_> = codes
        .values()
        .map(|code| {
            json!({
                "id": code.id(),
                "shortDescription": {"text": code.summary()},
                "defaultConfiguration": {"level": level(code.severity())},
            })
        })
        .collect();
    let order: Vec<&str> = codes.keys().copied().collect();
    let names = fingerprints(diagnostics, places);
    let results: Vec<_> =
        diagnostics.iter().zip(names).map(|(diagnostic, name)| result(diagnostic, name, &order, places)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": env!("CARGO_PKG_NAME"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    super::json_text(&log)
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn result(diagnostic: &Diagnostic, fingerprint: String, order: &[&str], places: &Places<'_>) -> Value {
    let mut text = diagnostic.message.clone();
    for part in diagnostic.notes.iter().chain(&diagnostic.help) {
        text.push('\n');
        text.push_str(part);
    }
    let mut result = json!({
        "ruleId": diagnostic.code.id(),
        "ruleIndex": order.binary_search(&diagnostic.code.id()).unwrap_or(0),
        "level": level(diagnostic.severity),
        "message": {"text": text},
        "partialFingerprints": {"opsbook/v1": fingerprint},
    });
    if let Some(span) = diagnostic.span {
        result["locations"] = json!([{"physicalLocation": location(&places.place(span))}]);
    }
    if !diagnostic.labels.is_empty() {
        let labels = diagnostic.labels.iter().enumerate().map(|(id, label)| {
            let location = location(&places.place(label.span));
            json!({"id": id, "physicalLocation": location, "message": {"text": label.message}})
        });
        result["relatedLocations"] = labels.collect();
    }
    if !diagnostic.fix.is_empty() {
        let description = diagnostic.help.as_deref().unwrap_or(&diagnostic.message);
        result["fixes"] =
            json!([{"description": {"text": description}, "artifactChanges": changes(diagnostic, places)}]);
    }
    result
}

fn location(place: &Place) -> Value {
    let mut location = json!({"artifactLocation": {"uri": uri(&place.path)}});
    if let Some(region) = region(place) {
        location["region"] = region;
    }
    location
}

fn region(place: &Place) -> Option<Value> {
    let (start, end) = place.lines.as_ref()?;
    Some(json!({"startLine": start.line, "startColumn": start.col, "endLine": end.line, "endColumn": end.col}))
}

/// The edits of a fix by file.
fn changes(diagnostic: &Diagnostic, places: &Places<'_>) -> Value {
    let mut by_file: BTreeMap<String, Vec<&Edit>> = BTreeMap::new();
    for edit in &diagnostic.fix {
        by_file.entry(places.path(edit.span.file)).or_default().push(edit);
    }
    let changes = by_file.into_iter().map(|(path, edits)| {
        let replacements: Vec<_> = edits
            .into_iter()
            .filter_map(|edit| {
                let region = region(&places.place(edit.span))?;
                Some(json!({"deletedRegion": region, "insertedContent": {"text": edit.text}}))
            })
            .collect();
        json!({"artifactLocation": {"uri": uri(&path)}, "replacements": replacements})
    });
    changes.collect()
}

/// A path as a relative reference (RFC 3986): what is not unreserved is percent-encoded.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(byte.into()),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
