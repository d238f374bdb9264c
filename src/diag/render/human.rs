//! With the text around each place, drawn by annotate-snippets; the one file that knows that crate.
//!
//! A snippet is cut to the lines that it needs, and very long lines to what stands near the place, so
//! that the cost of a message does not grow with its file.

use super::{Options, Places, neutral};
use crate::diag::{Diagnostic, Diagnostics, Edit, Severity};
use crate::text::{Source, Span};
use annotate_snippets::renderer::{DEFAULT_TERM_WIDTH, DecorStyle, Renderer};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Patch, Snippet};
use std::ops::Range;
use std::sync::Arc;

/// A span of more lines is shown by its first one.
const MAX_SPAN_LINES: usize = 8;
/// Places further apart have snippets of their own.
const MAX_GAP_LINES: usize = 20;
/// A longer line is cut to this many bytes on either side of the place.
const MAX_LINE_BYTES: usize = 500;

pub(super) fn render(diagnostics: &Diagnostics, places: &Places<'_>, options: &Options) -> String {
    let renderer = if options.colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(options.width.unwrap_or(DEFAULT_TERM_WIDTH));
    let mut out = String::new();
    for diagnostic in diagnostics {
        out.push_str(&one(diagnostic, places, &renderer));
        out.push_str("\n\n");
    }
    out
}

fn one(diagnostic: &Diagnostic, places: &Places<'_>, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let title = level.primary_title(neutral(&diagnostic.message).into_owned()).id(diagnostic.code.id());
    let mut group = Group::with_title(title);
    for window in windows(diagnostic, places) {
        group = window.add_to(group);
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(neutral(note).into_owned()));
    }
    let mut groups = Vec::new();
    let patch = patch_window(&diagnostic.fix, places);
    match (&diagnostic.help, patch) {
        (help, Some(window)) => {
            groups.push(group);
            let text = help.as_deref().unwrap_or("change it");
            groups.push(window.add_to(Group::with_title(Level::HELP.secondary_title(neutral(text).into_owned()))));
        }
        (Some(help), None) => groups.push(group.element(Level::HELP.message(neutral(help).into_owned()))),
        (None, None) => groups.push(group),
    }
    renderer.render(&groups)
}

/// A stretch of whole lines (or of one long line) with what is marked in it.
struct Window {
    path: String,
    /// `None` where there is no source to show.
    source: Option<Arc<Source>>,
    /// Bytes of the source.
    range: Range<usize>,
    first_line: usize,
    /// Where the first mark begins, for a window that does not begin at a line's start.
    cut_at: Option<(usize, usize)>,
    marks: Vec<(Range<usize>, AnnotationKind, String)>,
    edits: Vec<(Range<usize>, String)>,
}

impl Window {
    fn add_to(self, group: Group<'static>) -> Group<'static> {
        let Some(source) = self.source else {
            return group.element(Origin::path(self.path));
        };
        let text = harmless(&source.text()[self.range.clone()]);
        let shift = |range: Range<usize>| {
            let start = range.start.clamp(self.range.start, self.range.end) - self.range.start;
            let end = range.end.clamp(self.range.start, self.range.end) - self.range.start;
            start..end.max(start)
        };
        if self.edits.is_empty() {
            let mut snippet = Snippet::source(text).line_start(self.first_line);
            let group = match self.cut_at {
                Some((line, column)) => group.element(Origin::path(self.path).line(line).char_column(column)),
                None => {
                    snippet = snippet.path(self.path);
                    group
                }
            };
            let marks = self.marks.into_iter().map(|(range, kind, label)| {
                let mark = kind.span(shift(range));
                if label.is_empty() { mark } else { mark.label(label) }
            });
            group.element(snippet.annotations(marks))
        } else {
            // Beside a patch annotate-snippets shows the source's control characters as they are.
            let text =
                text.replace('\r', " ").replace(|ch: char| ch.is_ascii_control() && !matches!(ch, '\n' | '\t'), "?");
            let snippet = Snippet::source(text).line_start(self.first_line).path(self.path);
            let patches = self.edits.into_iter().map(|(range, text)| Patch::new(shift(range), text));
            group.element(snippet.patches(patches))
        }
    }
}

/// The windows of a diagnostic: the primary place first, labels joined to it or to each other where
/// they are near.
fn windows(diagnostic: &Diagnostic, places: &Places<'_>) -> Vec<Window> {
    let Some(span) = diagnostic.span else { return Vec::new() };
    let mut windows = vec![window(span, AnnotationKind::Primary, String::new(), places)];
    for label in &diagnostic.labels {
        let next = window(label.span, AnnotationKind::Context, neutral(&label.message).into_owned(), places);
        let near = windows.iter_mut().find(|known| joinable(known, &next));
        match near {
            Some(known) => {
                known.first_line = known.first_line.min(next.first_line);
                known.range = known.range.start.min(next.range.start)..known.range.end.max(next.range.end);
                known.marks.extend(next.marks);
            }
            None => windows.push(next),
        }
    }
    windows
}

fn joinable(left: &Window, right: &Window) -> bool {
    let far = |left: &Window, right: &Window| right.first_line > left.first_line + MAX_GAP_LINES + MAX_SPAN_LINES;
    left.source.is_some()
        && left.path == right.path
        && left.cut_at.is_none()
        && right.cut_at.is_none()
        && !far(left, right)
        && !far(right, left)
}

fn window(span: Span, kind: AnnotationKind, label: String, places: &Places<'_>) -> Window {
    let path = neutral(&places.path(span.file)).into_owned();
    let empty = |path| Window {
        path,
        source: None,
        range: 0..0,
        first_line: 1,
        cut_at: None,
        marks: Vec::new(),
        edits: Vec::new(),
    };
    let Some(source) = places.source(span.file) else { return empty(path) };
    let text = source.text();
    let mark = on_characters(text, span.range());
    let lines = source.lines();
    let (first, last) = (lines.line(mark.start), lines.line(mark.end.max(mark.start + 1) - 1));
    let line_end = |line: usize| lines.line_start(line + 1).map_or(text.len(), |next| next - 1);
    let (mark, last) = if last - first >= MAX_SPAN_LINES {
        (mark.start..line_end(first).max(mark.start), first)
    } else {
        (mark, last)
    };
    let start = lines.line_start(first).expect("a line that holds an offset has a start");
    let range = start..line_end(last).max(mark.end);
    if range.len() <= 4 * MAX_LINE_BYTES {
        let marks = vec![(mark, kind, label)];
        return Window { source: Some(source), range, first_line: first, marks, ..empty(path) };
    }
    let place = source.line_col(mark.start);
    let cut = on_characters(
        text,
        mark.start.saturating_sub(MAX_LINE_BYTES).max(start)
            ..mark.end.min(mark.start + MAX_LINE_BYTES).saturating_add(MAX_LINE_BYTES).min(range.end),
    );
    // Only the line on which the mark begins.
    let end = text[mark.start..cut.end].find('\n').map_or(cut.end, |at| mark.start + at);
    let mark = mark.start..mark.end.min(end);
    Window {
        source: Some(source),
        range: cut.start..end,
        first_line: first,
        cut_at: Some((place.line, place.col)),
        marks: vec![(mark, kind, label)],
        ..empty(path)
    }
}

/// The window of a fix: one, where its edits lie near each other in one file.
fn patch_window(edits: &[Edit], places: &Places<'_>) -> Option<Window> {
    let first = edits.first()?;
    if edits.iter().any(|edit| edit.span.file != first.span.file) {
        return None;
    }
    let source = places.source(first.span.file)?;
    let text = source.text();
    let mut changes: Vec<_> = edits
        .iter()
        .map(|edit| {
            let inserted = edit.text.replace(|ch: char| !matches!(ch, '\n' | '\t') && super::is_dangerous(ch), "·");
            (on_characters(text, edit.span.range()), inserted)
        })
        .collect();
    changes.sort_by_key(|(range, _)| (range.start, range.end));
    let overlap = changes.windows(2).any(|pair| pair[0].0.end > pair[1].0.start);
    let lines = source.lines();
    let (low, high) = (changes.first()?.0.start, changes.last()?.0.end);
    let (first_line, last_line) = (lines.line(low), lines.line(high));
    let start = lines.line_start(first_line)?;
    let end = lines.line_start(last_line + 1).map_or(text.len(), |next| next - 1).max(high);
    if overlap || last_line - first_line > MAX_GAP_LINES || end - start > 4 * MAX_LINE_BYTES {
        return None;
    }
    let path = neutral(&places.path(first.span.file)).into_owned();
    Some(Window {
        path,
        range: start..end,
        source: Some(source),
        first_line,
        cut_at: None,
        marks: Vec::new(),
        edits: changes,
    })
}

/// A range inside the text that begins and ends between characters.
fn on_characters(text: &str, range: Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(range.start.min(text.len()));
    let end = text.ceil_char_boundary(range.end.min(text.len()));
    start..end.max(start)
}

/// A copy of the same length in bytes without the control characters that annotate-snippets lets
/// through (it shows those of ASCII itself): C1 controls, and marks and separators of direction.
fn harmless(text: &str) -> String {
    text.chars()
        .map(|ch| match ch {
            '\u{80}'..='\u{9f}' => '·',
            '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' => '\u{fffd}',
            _ => ch,
        })
        .collect()
}
