//! Tracked changes: `{++added++}`, `{--removed--}`, `{~~old~>new~~}`, `{==marked==}`, `{>>said<<}`.
//!
//! Source of the rule: `pymdownx/critic.py`. Marks are found in the whole page before its blocks
//! are, as Python does; in the tree each opening and closing tag is raw HTML in its place.

use super::extension::Extension;
use crate::diag::{Code, Diagnostic, Severity};
use crate::markdown::engine::page::Page;
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::markdown::tree::{Node, Raw};
use crate::text::Chunk;
use std::ops::Range;
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// `mode`
    pub(crate) mode: Mode,
}

/// What becomes of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It is shown.
    View,
    /// It is made.
    Accept,
    /// It is undone.
    Reject,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        let mode = match reader.string("mode", "view").as_str() {
            "view" => Mode::View,
            "accept" => Mode::Accept,
            // Python takes every other word for `reject`.
            other => {
                if other != "reject"
                    && let Some(node) = reader.node("mode")
                {
                    reader.report(
                        Diagnostic::new(Code::ConfigBadValue, node.span, format!("unknown value `{other}` of `mode`"))
                            .severity(Severity::Warning)
                            .note("it is taken for `reject`")
                            .help("its values are: view, accept, reject"),
                    );
                }
                Mode::Reject
            }
        };
        // Read by Python and used by nothing in it.
        let _ = reader.bool("raw_view", false);
        Options { mode }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        // Python marks the text before white space is normalised, and hides its marks from that for a
        // while; here they come right after it.
        let mode = self.mode;
        rules.preprocessors.register("critic", 26.0, Box::new(move |text, page| apply_marks(text, mode, page)));
    }
}

/// A mark in the text: what it is, and where its parts stand.
struct Mark {
    whole: Range<usize>,
    kind: Change,
    text: Range<usize>,
    new: Range<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Insert,
    Delete,
    Mark,
    Comment,
    Substitute,
}

const KINDS: [(&str, &str, Change); 5] = [
    ("{++", "++}", Change::Insert),
    ("{--", "--}", Change::Delete),
    ("{==", "==}", Change::Mark),
    ("{>>", "<<}", Change::Comment),
    ("{~~", "~~}", Change::Substitute),
];

/// Replaces the marks of a page's text; before its blocks are looked for.
fn apply_marks(text: Chunk, mode: Mode, page: &mut Page<'_>) -> Chunk {
    let mut changes = Vec::new();
    for mark in find_marks(text.text()) {
        let mut by = Chunk::default();
        if mode == Mode::View {
            view(&text, &mark, page, &mut by);
        } else {
            let kept = match (mark.kind, mode) {
                (Change::Insert, Mode::Accept) | (Change::Delete, Mode::Reject) | (Change::Mark, _) => mark.text,
                (Change::Substitute, Mode::Accept) => mark.new,
                (Change::Substitute, _) => mark.text,
                _ => 0..0,
            };
            by.push_slice(&text, kept);
        }
        changes.push((mark.whole, by));
    }
    if changes.is_empty() { text } else { text.replace(&changes) }
}

fn view(text: &Chunk, mark: &Mark, page: &mut Page<'_>, by: &mut Chunk) {
    let mut put = |html: String, range: Range<usize>, by: &mut Chunk| {
        let span = text.span(range);
        let placeholder = page.stash.put(Node::Raw(Raw { html, span, block: false }));
        by.push_synthetic(&placeholder, span);
    };
    let mut part = |tag: &str, range: Range<usize>, by: &mut Chunk| {
        let start = mark.whole.start..range.start;
        if is_break(&text.text()[range.clone()]) {
            let html = format!("<{tag} class=\"critic break\">&nbsp;</{tag}>");
            let around = if tag == "ins" { "\n\n" } else { "" };
            by.push_synthetic(around, text.span(mark.whole.clone()));
            put(html, mark.whole.clone(), by);
            by.push_synthetic(around, text.span(mark.whole.clone()));
            return;
        }
        put(format!("<{tag} class=\"critic\">"), start, by);
        by.push_slice(text, range.clone());
        put(format!("</{tag}>"), range.end..mark.whole.end, by);
    };
    match mark.kind {
        Change::Insert => part("ins", mark.text.clone(), by),
        Change::Delete => part("del", mark.text.clone(), by),
        Change::Mark => {
            put("<mark class=\"critic\">".to_owned(), mark.whole.start..mark.text.start, by);
            by.push_slice(text, mark.text.clone());
            put("</mark>".to_owned(), mark.text.end..mark.whole.end, by);
        }
        Change::Substitute => {
            part("del", mark.text.clone(), by);
            part("ins", mark.new.clone(), by);
        }
        Change::Comment => {
            let said = &text.text()[mark.text.clone()];
            let said = said.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
            let html = format!("<span class=\"critic comment\">{}</span>", said.replace('\n', " "));
            put(html, mark.whole.clone(), by);
        }
    }
}

/// Two or more line ends and nothing else: a paragraph that is added or removed.
fn is_break(text: &str) -> bool {
    text.len() >= 2 && text.bytes().all(|byte| byte == b'\n')
}

/// Finds marks from left to right; none begins inside another, and a kind whose end was not found once
/// is not looked for again.
fn find_marks(text: &str) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut dead = [false; KINDS.len()];
    let mut at = 0;
    while let Some(found) = text[at..].find('{') {
        let start = at + found;
        let Some(index) = KINDS.iter().position(|(open, ..)| text[start..].starts_with(open)) else {
            at = start + 1;
            continue;
        };
        at = start + 3;
        if dead[index] {
            continue;
        }
        let (_, close, kind) = KINDS[index];
        let split = if kind == Change::Substitute { text[at..].find("~>").map(|mid| at + mid) } else { Some(at) };
        let from = split.map(|split| if kind == Change::Substitute { split + 2 } else { split });
        let end = from.and_then(|from| text[from..].find(close).map(|end| from + end));
        let (Some(split), Some(from), Some(end)) = (split, from, end) else {
            dead[index] = true;
            continue;
        };
        let (old, new) = if kind == Change::Substitute { (at..split, from..end) } else { (at..end, 0..0) };
        marks.push(Mark { whole: start..end + 3, kind, text: old, new });
        at = end + 3;
    }
    marks
}
