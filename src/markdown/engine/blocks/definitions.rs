//! Definition lists, footnote definitions, abbreviations: what defines something elsewhere.
//!
//! Source of the rules: `def_list.py`, `footnotes.py` and `abbr.py` of Python-Markdown 3.11.

use super::block::{Block, Blocks, Search};
use super::leaf::{pop, push_around};
use super::lines::{
    TAB, blank, detab, indented, join, leading_spaces, line_ranges, loose_detab, newline, strip, strip_end,
};
use super::tree::ElId;
use super::{Parser, State};
use crate::text::{Chunk, Spanned};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

static NO_INDENT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[ ]{0,3}[^ :]").expect("the expression is valid"));

/// Terms, then `:   definition`.
pub(super) fn definition_list(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks) -> bool {
    let block = &blocks[0];
    let found = block.find_line(Search::Definition, |line| {
        let start = definition_start(&block.text()[line.clone()])?;
        Some((line.start + start..line.end, line))
    });
    let Some((first, whole)) = found else { return false };
    let mut sibling = parser.tree.last_child(parent);
    let has_terms = !blank(&block.text()[..whole.start]);
    if !has_terms && sibling.is_none() {
        return false;
    }
    let block = pop(blocks);
    let term_lines = |block: &Block, keep_blank: bool| -> Vec<Chunk> {
        let lines = line_ranges(block.text()).map(|range| block.slice(range));
        lines.filter(|line| keep_blank || !blank(line.text())).collect()
    };
    let above = block.part(0..whole.start.saturating_sub(1));
    let mut terms: Vec<Chunk> = term_lines(&above, false).iter().map(strip).collect();
    let after = block.part((whole.end + 1).min(block.len())..block.len());
    let (definition, rest) = if NO_INDENT.is_match(after.text()) {
        (block.part(first.start..block.len()), after.part(after.len()..after.len()))
    } else {
        let (body, rest) = detab(&after, TAB);
        let mut definition = block.slice(first);
        if !body.is_empty() {
            newline(&mut definition, &block);
            definition.push(&body);
        }
        (Block::of(definition), rest)
    };
    let mut state = State::List;
    if let Some(paragraph) = sibling.filter(|last| !has_terms && parser.tree.is(*last, &["p"])) {
        // The paragraph above holds the terms.
        state = State::LooseList;
        terms = term_lines(&Block::of(parser.tree.get(paragraph).text.chunk.clone()), true);
        parser.tree.get_mut(parent).children.pop();
        sibling = parser.tree.last_child(parent);
    }
    let list = match sibling.filter(|last| parser.tree.is(*last, &["dl"])) {
        Some(list) => {
            let last = parser.tree.last_child(list);
            let loose = |last: ElId| parser.tree.is(last, &["dd"]) && parser.tree.last_child(last).is_some();
            if terms.is_empty() && last.is_some_and(loose) {
                state = State::LooseList;
            }
            list
        }
        None => parser.element(parent, "dl", None),
    };
    for term in terms {
        let dt = parser.element(list, "dt", term.whole_span());
        parser.tree.set_text(dt, term);
    }
    let dd = parser.element(list, "dd", Some(block.span(whole)));
    parser.within(state, |parser| parser.parse_block(dd, definition));
    if !rest.is_empty() {
        blocks.push_front(rest);
    }
    true
}

/// Measures `:   ` with its indentation.
fn definition_start(line: &str) -> Option<usize> {
    let indent = leading_spaces(line);
    let body = line[indent..].strip_prefix(':').filter(|_| indent <= 3)?;
    let gap = leading_spaces(body).min(3);
    (gap > 0).then_some(indent + 1 + gap)
}

/// A footnote's definition found in a block.
struct Note {
    /// From its line's start to the end of the line that its label ends in.
    whole: Range<usize>,
    label: Range<usize>,
    /// What follows the label on its line.
    head: Range<usize>,
}

/// Finds a block's first definition of a footnote.
fn find_note(block: &Block) -> Option<Note> {
    block.find_line(Search::Footnote, |line| note_at(block, line.start))
}

/// Reads the definition that begins with a line. Its label may go over several.
fn note_at(block: &Block, start: usize) -> Option<Note> {
    let text = block.text();
    let indent = leading_spaces(&text[start..]);
    let label = start + indent + "[^".len();
    if indent > 3 || !text[start + indent..].starts_with("[^") {
        return None;
    }
    let close = block.find_byte(Search::Bracket, label, b']', |_, _| true)?;
    let head = close + "]:".len();
    let gap = leading_spaces(text[close..].strip_prefix("]:")?);
    let end = text[head..].find('\n').map_or(text.len(), |len| head + len);
    Some(Note { whole: start..end, label: label..close, head: head + gap..end })
}

/// `[^label]: The note.`
pub(super) fn footnote(parser: &mut Parser<'_, '_>, _: ElId, blocks: &mut Blocks) -> bool {
    let Some(mut found) = find_note(&blocks[0]) else { return false };
    let block = pop(blocks);
    let text = block.text();
    let preceding = block.part(0..found.whole.start);
    // Definitions directly below each other are noted at once.
    loop {
        let gap = text[found.whole.end..].find(|ch| ch != '\n').filter(|gap| *gap > 0);
        let Some(next) = gap.and_then(|gap| note_at(&block, found.whole.end + gap)) else { break };
        let note = strip_end(&block.slice(found.head.clone()));
        define_footnote(parser, &text[found.label.clone()], note, block.span(found.whole.clone()));
        found = next;
    }
    let Note { whole, label, head } = found;
    let head = block.slice(head);
    let rest = block.part(whole.end..block.len()).strip_newlines(true, false);
    let mut parts = Vec::new();
    let with_head = |body: &Block| Block::of(join(&[&head, &loose_detab(body, TAB)], "\n"));
    if let Some(next) = find_note(&rest) {
        let before = rest.part(0..next.whole.start).strip_newlines(false, true);
        parts.push(with_head(&before).strip_newlines(true, false).chunk());
        blocks.push_front(rest.part(next.whole.start..rest.len()));
    } else {
        parts.push(with_head(&rest).strip_newlines(true, true).chunk());
        while blocks.front().is_some_and(|next| indented(next.text(), TAB)) {
            let next = pop(blocks);
            if let Some(another) = find_note(&next) {
                let before = next.part(0..another.whole.start).strip_newlines(false, true);
                parts.push(loose_detab(&before, TAB));
                blocks.push_front(next.part(another.whole.start..next.len()));
                break;
            }
            parts.push(loose_detab(&next, TAB));
        }
    }
    let parts: Vec<&Chunk> = parts.iter().collect();
    let note = strip_end(&join(&parts, "\n\n"));
    let span = note.whole_span().map_or(block.span(whole.clone()), |body| block.span(whole.clone()).to(body));
    define_footnote(parser, &text[label], note, span);
    if !blank(preceding.text()) {
        blocks.push_front(preceding.strip_newlines(false, true));
    }
    true
}

/// Notes a footnote; a label that is defined again keeps its number.
fn define_footnote(parser: &mut Parser<'_, '_>, label: &str, note: Chunk, span: crate::text::Span) {
    let footnotes = &mut parser.page.footnotes;
    if footnotes.notes.insert(label.to_owned(), (note, span)).is_none() {
        footnotes.labels.push(label.to_owned());
    }
}

/// `*[HTML]: Hyper Text Markup Language`.
pub(super) fn abbreviation(parser: &mut Parser<'_, '_>, _: ElId, blocks: &mut Blocks) -> bool {
    let block = &blocks[0];
    let found = block.find_line(Search::Abbreviation, |line| {
        let close = abbreviation_close(block, line.start)?;
        Some((line.start, close))
    });
    let Some((start, close)) = found else { return false };
    if block.refused(Search::AbbreviationRefused, close) {
        return false;
    }
    let text = block.text();
    // The meaning may stand on the next line.
    let colon = close + text[close..].find(':').unwrap_or_default() + 1;
    let mut at = colon + leading_spaces(&text[colon..]);
    if text[at..].starts_with('\n') {
        at += 1 + leading_spaces(&text[at + 1..]);
    }
    let end = text[at..].find('\n').map_or(text.len(), |len| at + len);
    let short = text[start + "*[".len()..close].trim().to_owned();
    let meaning = text[at..end].trim().to_owned();
    if short.is_empty() || meaning.is_empty() {
        block.refuse(Search::AbbreviationRefused, close);
        return false;
    }
    let block = pop(blocks);
    if meaning == "''" || meaning == "\"\"" {
        parser.page.abbreviations.remove(&short);
    } else {
        parser.page.abbreviations.insert(short, Spanned::new(meaning, block.span(start..end)));
    }
    push_around(blocks, &block, start..end);
    true
}

/// Finds the `]` of `*[…]:`; the text between may go over several lines and has no backslash.
fn abbreviation_close(block: &Block, start: usize) -> Option<usize> {
    let label = start + "*[".len();
    if !block.text()[start..].starts_with("*[") {
        return None;
    }
    let is_close = |at: &str, _: &str| at.starts_with("]:") || at.starts_with("] :");
    let close = block.find_byte(Search::AbbreviationColon, label, b']', is_close)?;
    let fits = close + 1 + usize::from(!block.text()[close..].starts_with("]:")) < block.len();
    let broken = block.find_byte(Search::Backslash, label, b'\\', |_, _| true).is_some_and(|at| at < close);
    (fits && !broken).then_some(close)
}
