//! Block quotes, and GitHub's callouts in them.
//!
//! Source of the rules: `BlockQuoteProcessor` of Python-Markdown 3.11 and `pymdownx/quotes.py` of
//! pymdown-extensions 13.1.

use super::block::{Block, Blocks, Search};
use super::leaf::pop;
use super::lines::{join_lines, line_ranges};
use super::tree::ElId;
use super::{Parser, State};
use crate::text::Chunk;
use std::ops::Range;

/// `> quote`, on any line of a block.
pub(super) fn quote(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks) -> bool {
    let block = &blocks[0];
    let found = block.find_line(Search::Quote, |line| mark_len(&block.text()[line.clone()]).map(|_| line));
    let Some(first) = found else { return false };
    let callouts = parser.page.dialect.quotes.as_ref().map(|options| options.callouts);
    let block = pop(blocks);
    let before = first.start.saturating_sub(1);
    parser.parse_block(parent, block.part(0..before));
    // The match begins at the `\n` before the line, so the body does too.
    let body = block.part(before..block.len());
    let span = block.span(first.start..block.len());
    let (body, callout) = match callouts {
        Some(true) => strip_callout(&body),
        _ => (strip_marks(&body), None),
    };
    let last =
        parser.tree.last_child(parent).filter(|last| callouts.is_none() && parser.tree.is(*last, &["blockquote"]));
    let quote = match last {
        Some(quote) => quote,
        None => parser.element(parent, "blockquote", Some(span)),
    };
    if let Some(callout) = callout {
        parser.attrs(quote).set("data-alert", callout.classes);
        parser.attrs(quote).set("data-alert-collapse", callout.collapse);
    }
    parser.within(State::Quote, |parser| parser.parse_chunk(quote, body));
    true
}

/// Measures `> ` with its indentation.
fn mark_len(line: &str) -> Option<usize> {
    let indent = super::lines::leading_spaces(line);
    let rest = line[indent..].strip_prefix('>').filter(|_| indent <= 3)?;
    Some(indent + 1 + usize::from(rest.starts_with(' ')))
}

/// What remains of a line without its mark.
fn clean(text: &str, range: Range<usize>) -> Range<usize> {
    let line = &text[range.clone()];
    if line.trim() == ">" {
        return range.end..range.end;
    }
    range.start + mark_len(line).unwrap_or(0)..range.end
}

fn strip_marks(body: &Block) -> Chunk {
    let parts: Vec<_> = line_ranges(body.text()).map(|range| clean(body.text(), range)).collect();
    join_lines(body, &parts)
}

/// What `> [!NOTE]` says.
struct Callout {
    classes: String,
    collapse: &'static str,
}

/// Strips the marks and takes a callout's first line apart: its title becomes a paragraph.
fn strip_callout(body: &Block) -> (Chunk, Option<Callout>) {
    let text = body.text();
    let lines: Vec<Range<usize>> = line_ranges(text).collect();
    let head = lines.iter().position(|range| !text[range.clone()].is_empty() && text[range.clone()].trim() != ">");
    let Some((at, (kinds, fold, title))) = head.and_then(|at| Some((at, callout_head(text, lines[at].clone())?)))
    else {
        return (strip_marks(body), None);
    };
    let mut words: Vec<String> = kinds.split('|').map(|word| word.trim().to_owned()).collect();
    let collapse = match fold {
        Some('+') => "open",
        Some(_) => "closed",
        None => "",
    };
    let mut parts: Vec<Range<usize>> = lines[..at].iter().map(|range| clean(text, range.clone())).collect();
    let mut out = Chunk::default();
    parts.push(title.clone());
    out.push(&join_lines(body, &parts));
    let head_span = body.span(lines[at].clone());
    if title.is_empty() {
        out.push_synthetic(&title_case(&words[0]), head_span);
    }
    // The callout's own line is empty now, which parts the title from what follows.
    out.push_synthetic("\n", head_span.end_point());
    let rest: Vec<Range<usize>> = lines[at + 1..].iter().map(|range| clean(text, range.clone())).collect();
    if !rest.is_empty() {
        out.push_synthetic("\n", head_span.end_point());
        out.push(&join_lines(body, &rest));
    }
    words[0] = words[0].to_lowercase();
    (out, Some(Callout { classes: words.join(" "), collapse }))
}

/// Reads `> [!KIND | class]+ Title`: the kinds, the fold mark and the title's bytes.
fn callout_head(text: &str, range: Range<usize>) -> Option<(&str, Option<char>, Range<usize>)> {
    let line = &text[range.clone()];
    let indent = super::lines::leading_spaces(line);
    let rest = line[indent..].strip_prefix('>').filter(|_| indent <= 3)?;
    let rest = rest.trim_start_matches(' ').strip_prefix("[!")?;
    let close = rest.find(']')?;
    let kinds = &rest[..close];
    let word = |word: &str| {
        let word = word.trim_matches(' ');
        !word.is_empty() && word.chars().all(|ch| ch.is_alphanumeric() || ch == '_' || ch == '-')
    };
    if kinds.starts_with(' ') || kinds.ends_with(' ') || !kinds.split('|').all(word) {
        return None;
    }
    let after = &rest[close + 1..];
    let fold = after.chars().next().filter(|ch| matches!(ch, '+' | '-'));
    let title = &after[fold.map_or(0, char::len_utf8)..];
    let start = range.end - title.trim_start().len();
    let end = start + title.trim().len();
    Some((kinds, fold, start..end))
}

/// `str.title`: every run of letters begins with a capital and goes on in lower case.
pub(super) fn title_case(text: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for ch in text.chars() {
        if !ch.is_alphabetic() {
            out.push(ch);
        } else if inside {
            out.extend(ch.to_lowercase());
        } else {
            out.extend(ch.to_uppercase());
        }
        inside = ch.is_alphabetic();
    }
    out
}
