//! One JSON document: `{"diagnostics": […], "errors": n, "warnings": n}`.
//!
//! Lines and columns begin at 1 and count characters; `start` and `end` are bytes from 0, the end is
//! one past the last. What has no value is left out.

use super::{Places, word};
use crate::diag::{Diagnostic, Diagnostics, Severity};
use crate::text::Span;
use serde_json::{Map, Value, json};

pub(super) fn render(diagnostics: &Diagnostics, places: &Places<'_>) -> String {
    let listed: Vec<_> = diagnostics.iter().map(|diagnostic| object(diagnostic, places)).collect();
    super::json_text(&json!({
        "diagnostics": listed,
        "errors": diagnostics.count(Severity::Error),
        "warnings": diagnostics.count(Severity::Warning),
    }))
}

fn object(diagnostic: &Diagnostic, places: &Places<'_>) -> Value {
    let mut object = Map::new();
    object.insert("code".to_owned(), json!(diagnostic.code.id()));
    object.insert("severity".to_owned(), json!(word(diagnostic.severity)));
    object.insert("message".to_owned(), json!(diagnostic.message));
    if let Some(span) = diagnostic.span {
        object.insert("place".to_owned(), place(span, places));
    }
    if !diagnostic.labels.is_empty() {
        let labels: Vec<_> = diagnostic
            .labels
            .iter()
            .map(|label| json!({"place": place(label.span, places), "message": label.message}))
            .collect();
        object.insert("labels".to_owned(), labels.into());
    }
    if !diagnostic.notes.is_empty() {
        object.insert("notes".to_owned(), json!(diagnostic.notes));
    }
    if let Some(help) = &diagnostic.help {
        object.insert("help".to_owned(), json!(help));
    }
    if !diagnostic.fix.is_empty() {
        let edits: Vec<_> =
            diagnostic.fix.iter().map(|edit| json!({"place": place(edit.span, places), "text": edit.text})).collect();
        object.insert("fix".to_owned(), edits.into());
    }
    object.into()
}

fn place(span: Span, places: &Places<'_>) -> Value {
    let place = places.place(span);
    let mut object = Map::new();
    object.insert("file".to_owned(), json!(place.path));
    object.insert("start".to_owned(), json!(span.start));
    object.insert("end".to_owned(), json!(span.end));
    if let Some((start, end)) = place.lines {
        object.insert("line".to_owned(), json!(start.line));
        object.insert("column".to_owned(), json!(start.col));
        object.insert("end_line".to_owned(), json!(end.line));
        object.insert("end_column".to_owned(), json!(end.col));
    }
    object.into()
}
