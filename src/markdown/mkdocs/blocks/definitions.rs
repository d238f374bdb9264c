//! Definition lists, footnote definitions, abbreviations: what defines something elsewhere.
//!
//! Source of the rules: `def_list.py`, `footnotes.py` and `abbr.py` of Python-Markdown 3.11.

use super::leaf::pop;
use super::lines::{TAB, blank, detab, indented, join, line_ranges, loose_detab, strip, strip_end, strip_newlines};
use super::tree::ElId;
use super::{Blocks, Parser, State};
use crate::text::{Chunk, Spanned};
use regex::Regex;
use std::sync::LazyLock;

static DEFINITION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:^|\n)[ ]{0,3}:[ ]{1,3}(.*?)(?:\n|$)").expect("the expression is valid"));
static NO_INDENT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[ ]{0,3}[^ :]").expect("the expression is valid"));
static FOOTNOTE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)^[ ]{0,3}\[\^([^\]]*)\]:[ ]*(.*)$").expect("the expression is valid"));
static ABBREVIATION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)^[*]\[([^\\]*?)\][ ]?:[ ]*\n?[ ]*(.*)$").expect("the expression is valid"));

/// Terms, then `:   definition`.
pub(super) fn definition_list(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks) -> bool {
    let text = blocks[0].text();
    let Some(found) = DEFINITION.captures(text) else { return false };
    let whole = found.get(0).expect("the whole match is there").range();
    let first = found.get(1).expect("the group always takes part").range();
    let mut sibling = parser.tree.last_child(parent);
    let has_terms = !blank(&text[..whole.start]);
    if !has_terms && sibling.is_none() {
        return false;
    }
    let block = pop(blocks);
    let term_lines = |chunk: &Chunk, keep_blank: bool| -> Vec<Chunk> {
        let ranges = line_ranges(chunk.text());
        ranges.into_iter().map(|range| chunk.slice(range)).filter(|line| keep_blank || !blank(line.text())).collect()
    };
    let mut terms: Vec<Chunk> = term_lines(&block.slice(0..whole.start), false).iter().map(strip).collect();
    let after = block.slice(whole.end..block.len());
    let (body, rest) = if NO_INDENT.is_match(after.text()) { (after, Chunk::default()) } else { detab(&after, TAB) };
    let head = block.slice(first);
    let definition = if body.is_empty() { head } else { join(&[&head, &body], "\n") };
    let mut state = State::List;
    if let Some(paragraph) = sibling.filter(|last| !has_terms && parser.tree.is(*last, &["p"])) {
        // The paragraph above holds the terms.
        state = State::LooseList;
        terms = term_lines(&parser.tree.get(paragraph).text.chunk.clone(), true);
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

/// `[^label]: The note.`
pub(super) fn footnote(parser: &mut Parser<'_, '_>, _: ElId, blocks: &mut Blocks) -> bool {
    if !blocks[0].text().contains("[^") || !FOOTNOTE.is_match(blocks[0].text()) {
        return false;
    }
    let block = pop(blocks);
    let text = block.text();
    let mut all = FOOTNOTE.captures_iter(text).map(|found| {
        let range = |group: usize| found.get(group).expect("both groups take part").range();
        (range(0), range(1), range(2))
    });
    let Some(mut found) = all.next() else { return false };
    let preceding = block.slice(0..found.0.start);
    // Definitions directly below each other are noted at once.
    for next in all {
        if !text[found.0.end..next.0.start].trim_matches('\n').is_empty() {
            break;
        }
        let note = strip_end(&block.slice(found.2.clone()));
        define_footnote(parser, &text[found.1.clone()], note, block.span(found.0.clone()));
        found = next;
    }
    let (whole, label, head) = found;
    let head = block.slice(head);
    let rest = strip_newlines(&block.slice(whole.end..block.len()), true, false);
    let mut parts = Vec::new();
    if let Some(next) = FOOTNOTE.find(rest.text()) {
        let before = strip_newlines(&rest.slice(0..next.start()), false, true);
        parts.push(strip_newlines(&join(&[&head, &loose_detab(&before, TAB)], "\n"), true, false));
        blocks.push_front(rest.slice(next.start()..rest.len()));
    } else {
        parts.push(strip_newlines(&join(&[&head, &loose_detab(&rest, TAB)], "\n"), true, true));
        while blocks.front().is_some_and(|next| indented(next.text(), TAB)) {
            let next = pop(blocks);
            if let Some(another) = FOOTNOTE.find(next.text()) {
                let before = strip_newlines(&next.slice(0..another.start()), false, true);
                parts.push(loose_detab(&before, TAB));
                blocks.push_front(next.slice(another.start()..next.len()));
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
        blocks.push_front(strip_newlines(&preceding, false, true));
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
    let text = blocks[0].text();
    if !text.contains("*[") {
        return false;
    }
    let Some(found) = ABBREVIATION.captures(text) else { return false };
    let short = found[1].trim().to_owned();
    let meaning = found[2].trim().to_owned();
    if short.is_empty() || meaning.is_empty() {
        return false;
    }
    let whole = found.get(0).expect("the whole match is there").range();
    let block = pop(blocks);
    if meaning == "''" || meaning == "\"\"" {
        parser.page.abbreviations.remove(&short);
    } else {
        parser.page.abbreviations.insert(short, Spanned::new(meaning, block.span(whole.clone())));
    }
    let after = block.slice(whole.end..block.len());
    if !blank(after.text()) {
        blocks.push_front(strip_newlines(&after, true, false));
    }
    let before = block.slice(0..whole.start);
    if !blank(before.text()) {
        blocks.push_front(strip_newlines(&before, false, true));
    }
    true
}
