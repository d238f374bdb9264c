//! Blocks without blocks in them: headings, rules, code, paragraphs, link definitions.
//!
//! Source of the rules: `markdown/blockprocessors.py` of Python-Markdown 3.11.

use super::lines::{
    TAB, blank, detab, indented, leading_spaces, line_ranges, loose_detab, newline, strip, strip_end, strip_newlines,
    strip_start,
};
use super::tree::{ElId, READY};
use super::{Blocks, Parser, State};
use crate::markdown::extensions::arithmatex;
use crate::markdown::mkdocs::{Reference, fences};
use crate::text::{Chunk, Spanned};
use std::ops::Range;

/// Takes the first block off.
pub(super) fn pop(blocks: &mut Blocks) -> Chunk {
    blocks.pop_front().expect("a rule is asked only where there is a block")
}

/// Empty blocks and blocks that begin with an empty line; between indented code they are part of it.
pub(super) fn empty(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks) -> bool {
    let first = &blocks[0];
    if !first.is_empty() && !first.text().starts_with('\n') {
        return false;
    }
    let block = pop(blocks);
    let mut filler = 2;
    if !block.is_empty() {
        filler = 1;
        if block.len() > 1 {
            blocks.push_front(block.slice(1..block.len()));
        }
    }
    if let Some(last) = parser.tree.last_child(parent)
        && let Some(code) = parser.tree.get_mut(last).code.as_mut()
    {
        for _ in 0..filler {
            newline(code, &block);
        }
    }
    true
}

/// Indented code.
pub(super) fn code(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks) -> bool {
    if !indented(blocks[0].text(), TAB) {
        return false;
    }
    // Every fence of the block is text again, also one right below the indented lines.
    let block = fences::revert_fences(pop(blocks), parser.page);
    let (body, rest) = detab(&block, TAB);
    let body = strip_end(&body);
    let last = parser.tree.last_child(parent);
    if let Some(code) = last.and_then(|last| parser.tree.get_mut(last).code.as_mut()) {
        newline(code, &block);
        code.push(&body);
        newline(code, &block);
    } else {
        let span = block.whole_span();
        let pre = parser.element(parent, "pre", span);
        let mut code = body;
        newline(&mut code, &block);
        parser.tree.get_mut(pre).code = Some(code);
    }
    if !rest.is_empty() {
        blocks.push_front(rest);
    }
    true
}

/// `$$ … $$` and the other forms of Arithmatex, a block of their own.
pub(super) fn math(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks) -> bool {
    let Some(options) = &parser.page.dialect.arithmatex else { return false };
    let Some(node) = arithmatex::block(options, &blocks[0]) else { return false };
    let block = pop(blocks);
    let holder = parser.element(parent, READY, block.whole_span());
    parser.tree.get_mut(holder).before.push(node);
    true
}

/// `# Heading`, on any line of a block.
pub(super) fn hash_heading(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks) -> bool {
    let sane = parser.page.dialect.saneheaders.is_some();
    let Some(found) = find_hash_heading(blocks[0].text(), sane) else { return false };
    let block = pop(blocks);
    if found.start > 0 {
        parser.parse_block(parent, block.slice(0..found.start));
    }
    let heading = parser.element(parent, HEADINGS[found.level - 1], Some(block.span(found.line.clone())));
    parser.tree.set_text(heading, strip(&block.slice(found.header)));
    if found.end < block.len() {
        let mut after = block.slice(found.end..block.len());
        // A heading in a loose item without a blank line below it: what follows still has the
        // item's indentation (Python-Markdown issue 1443).
        if parser.in_state(State::LooseList) {
            after = loose_detab(&after, TAB);
        }
        blocks.push_front(after);
    }
    true
}

/// The tags of headings by level.
pub(crate) const HEADINGS: [&str; 6] = ["h1", "h2", "h3", "h4", "h5", "h6"];

/// A heading found in a block.
pub(super) struct HashHeading {
    /// Where the match begins: the `\n` before the line, or 0.
    start: usize,
    /// The line with its `#`.
    line: Range<usize>,
    /// 1 to 6.
    pub(super) level: usize,
    /// The text between the `#` and the closing `#`.
    pub(super) header: Range<usize>,
    /// Where the match ends: after the line's `\n`.
    end: usize,
}

/// Finds the first line that is a heading (`HashHeaderProcessor.RE`, and `RE_HEADER` of
/// `pymdownx.saneheaders` where a space must follow).
pub(super) fn find_hash_heading(text: &str, sane: bool) -> Option<HashHeading> {
    if !text.contains('#') {
        return None;
    }
    for range in line_ranges(text) {
        let line = &text[range.clone()];
        let hashes = line.len() - line.trim_start_matches('#').len();
        if hashes == 0 {
            continue;
        }
        let level = hashes.min(6);
        if sane && !line[level..].starts_with(' ') {
            continue;
        }
        if let Some(len) = header_len(&line[level..]) {
            let header = range.start + level..range.start + level + len;
            let end = (range.end + 1).min(text.len());
            return Some(HashHeading { start: range.start.saturating_sub(1), line: range, level, header, end });
        }
    }
    None
}

/// Measures a heading's text up to the closing `#`; `None` where a backslash ends the line.
fn header_len(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let closing = rest.trim_end_matches('#').len();
    let mut at = 0;
    while at < rest.len() {
        if at >= closing {
            return Some(at);
        }
        match bytes[at] {
            b'\\' => {
                let escaped = rest[at + 1..].chars().next()?;
                at += 1 + escaped.len_utf8();
            }
            _ => at += 1,
        }
    }
    Some(rest.len())
}

/// A line over `===` or `---`, the first two lines of a block.
pub(super) fn setext_heading(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks) -> bool {
    let text = blocks[0].text();
    let Some(first_end) = text.find('\n') else { return false };
    let second_end = text[first_end + 1..].find('\n').map_or(text.len(), |at| first_end + 1 + at);
    let underline = text[first_end + 1..second_end].trim_end_matches(' ');
    let level = match underline.bytes().next() {
        Some(b'=') if underline.bytes().all(|byte| byte == b'=') => 1,
        Some(b'-') if underline.bytes().all(|byte| byte == b'-') => 2,
        _ => return false,
    };
    let block = pop(blocks);
    let heading = parser.element(parent, HEADINGS[level - 1], Some(block.span(0..second_end)));
    parser.tree.set_text(heading, strip(&block.slice(0..first_end)));
    if second_end < block.len() {
        blocks.push_front(block.slice(second_end + 1..block.len()));
    }
    true
}

/// A line of three or more `-`, `_` or `*`, anywhere in a block.
pub(super) fn rule(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks) -> bool {
    let text = blocks[0].text();
    let Some(range) = line_ranges(text).into_iter().find(|range| is_rule(&text[range.clone()])) else { return false };
    let block = pop(blocks);
    let before = strip_newlines(&block.slice(0..range.start), false, true);
    if !before.is_empty() {
        parser.parse_block(parent, before);
    }
    parser.element(parent, "hr", Some(block.span(range.clone())));
    let after = strip_newlines(&block.slice(range.end..block.len()), true, false);
    if !after.is_empty() {
        blocks.push_front(after);
    }
    true
}

/// Tells whether a line is a rule: one kind of character, at most two spaces between two of them.
fn is_rule(line: &str) -> bool {
    let indent = leading_spaces(line);
    let body = line[indent..].trim_end_matches(' ');
    let Some(mark @ (b'-' | b'_' | b'*')) = body.bytes().next() else { return false };
    let mut n_marks = 0;
    let mut gap = 0;
    for byte in body.bytes() {
        if byte == mark {
            n_marks += 1;
            gap = 0;
        } else if byte == b' ' && gap < 2 {
            gap += 1;
        } else {
            return false;
        }
    }
    indent <= 3 && n_marks >= 3
}

/// What no other rule took.
pub(super) fn paragraph(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks) -> bool {
    let block = pop(blocks);
    if blank(block.text()) {
        return true;
    }
    if !parser.in_state(State::List) {
        let p = parser.element(parent, "p", None);
        parser.tree.set_text(p, strip_start(&block));
        return true;
    }
    // In a tight list the text belongs to the item itself, behind what the item already has.
    if let Some(last) = parser.tree.last_child(parent) {
        let tail = &mut parser.tree.get_mut(last).tail.chunk;
        newline(tail, &block);
        tail.push(&block);
    } else {
        let text = &mut parser.tree.get_mut(parent).text.chunk;
        if text.is_empty() {
            *text = strip_start(&block);
        } else {
            newline(text, &block);
            text.push(&block);
        }
    }
    true
}

/// `[label]: url "title"`, one or several on lines below each other.
pub(super) fn reference(parser: &mut Parser<'_, '_>, _: ElId, blocks: &mut Blocks) -> bool {
    let Some(first) = find_definition(blocks[0].text(), 0) else { return false };
    let block = pop(blocks);
    let text = block.text();
    let start = first.whole.start;
    let mut end = start;
    let mut next = Some(first);
    while let Some(found) = next {
        let spans_lines = text[found.whole.clone()].contains('\n');
        if found.whole.start > start && (!text[end..found.whole.start].trim_matches('\n').is_empty() || spans_lines) {
            break;
        }
        let label = text[found.label.clone()].trim().to_lowercase();
        let url_text = &text[found.url.clone()];
        let left = found.url.start + (url_text.len() - url_text.trim_start_matches('<').len());
        let right = (found.url.start + url_text.trim_end_matches('>').len()).max(left);
        let url = Spanned::new(text[left..right].to_owned(), block.span(left..right));
        let title = found.title.filter(|title| !title.is_empty()).map(|title| text[title].to_owned());
        parser.page.references.insert(label, Reference { url, title });
        end = found.whole.end;
        next = find_definition(text, end);
    }
    let after = block.slice(end..block.len());
    if !blank(after.text()) {
        blocks.push_front(strip_newlines(&after, true, false));
    }
    let before = block.slice(0..start);
    if !blank(before.text()) {
        blocks.push_front(strip_newlines(&before, false, true));
    }
    true
}

/// A link definition found in a block.
struct Definition {
    whole: Range<usize>,
    label: Range<usize>,
    url: Range<usize>,
    title: Option<Range<usize>>,
}

/// Finds the first definition that begins at or after `from` (`ReferenceProcessor.RE`).
fn find_definition(text: &str, from: usize) -> Option<Definition> {
    let mut at = from;
    loop {
        let bytes = text.as_bytes();
        let at_line_start = at == 0 || bytes[at - 1] == b'\n';
        if at_line_start && let Some(found) = definition_at(text, at) {
            return Some(found);
        }
        at += text[at..].find('\n')? + 1;
    }
}

fn definition_at(text: &str, start: usize) -> Option<Definition> {
    let spaces = leading_spaces(&text[start..]);
    let label_start = start + spaces + 1;
    if spaces > 3 || text.as_bytes().get(start + spaces) != Some(&b'[') {
        return None;
    }
    let label_len = text[label_start..].find(['[', ']'])?;
    let label = label_start..label_start + label_len;
    let after = text[label.end..].strip_prefix("]:")?;
    let mut url_start = text.len() - after.len();
    url_start += leading_spaces(&text[url_start..]);
    if text[url_start..].starts_with('\n') {
        url_start += 1;
        url_start += leading_spaces(&text[url_start..]);
    }
    let rest = &text[url_start..];
    let url_len = rest.find(char::is_whitespace).unwrap_or(rest.len());
    if url_len == 0 {
        return None;
    }
    // The longest destination that lets the rest fit: a title on the same or the next line, or the
    // end of the line.
    let mut ends: Vec<usize> = vec![url_len];
    ends.extend(
        rest[..url_len]
            .char_indices()
            .rev()
            .filter(|(at, ch)| *at > 0 && matches!(ch, '"' | '\'' | '('))
            .map(|found| found.0),
    );
    for len in ends {
        let url = url_start..url_start + len;
        if let Some((title, end)) = definition_tail(text, url.end) {
            return Some(Definition { whole: start..end, label, url, title });
        }
    }
    None
}

/// Reads what follows a destination: an optional title, then the end of a line.
fn definition_tail(text: &str, from: usize) -> Option<(Option<Range<usize>>, usize)> {
    let same_line = from + leading_spaces(&text[from..]);
    if text[same_line..].starts_with('\n') {
        let next_line = same_line + 1 + leading_spaces(&text[same_line + 1..]);
        if let Some(found) = title_at(text, next_line) {
            return Some(found);
        }
        if next_line == text.len() || text[next_line..].starts_with('\n') {
            return Some((None, next_line));
        }
        return Some((None, same_line));
    }
    if same_line == text.len() {
        return Some((None, same_line));
    }
    title_at(text, same_line)
}

/// Reads a title that runs to the end of its line.
fn title_at(text: &str, start: usize) -> Option<(Option<Range<usize>>, usize)> {
    let close = match text[start..].chars().next()? {
        '(' => ')',
        quote @ ('"' | '\'') => quote,
        _ => return None,
    };
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let inner = text[start + 1..line_end].trim_end_matches(' ').strip_suffix(close)?;
    Some((Some(start + 1..start + 1 + inner.len()), line_end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_follow_the_regular_expression() {
        let of = |text: &str| find_hash_heading(text, false).map(|found| (found.level, text[found.header].to_owned()));
        assert_eq!(of("# a #"), Some((1, " a ".into())));
        assert_eq!(of("####### x"), Some((6, "# x".into())));
        assert_eq!(of("# a # b"), Some((1, " a # b".into())));
        assert_eq!(of("# a\\"), None);
        assert_eq!(of("# a \\#"), Some((1, " a \\#".into())));
        assert_eq!(of("text\n##b"), Some((2, "b".into())));
        assert!(find_hash_heading("#b", true).is_none());
    }

    #[test]
    fn rules_have_three_marks_and_small_gaps() {
        for line in ["---", " * * *", "_  _  _", "-----  "] {
            assert!(is_rule(line), "{line:?}");
        }
        for line in ["--", "-   -   -", "-*-", "    ---"] {
            assert!(!is_rule(line), "{line:?}");
        }
    }

    #[test]
    fn definitions_have_titles_on_either_line() {
        let of = |text: &str| {
            let found = find_definition(text, 0)?;
            Some((
                text[found.label].to_owned(),
                text[found.url].to_owned(),
                found.title.map(|title| text[title].to_owned()),
            ))
        };
        assert_eq!(of("[a]: b"), Some(("a".into(), "b".into(), None)));
        assert_eq!(of("[a]: <b>\n  'c d'"), Some(("a".into(), "<b>".into(), Some("c d".into()))));
        assert_eq!(of("x\n [a]:\n b (c)"), Some(("a".into(), "b".into(), Some("c".into()))));
        assert_eq!(of("[a]: b c"), None);
        assert_eq!(of("[a]: foo(bar baz)"), Some(("a".into(), "foo".into(), Some("bar baz".into()))));
    }
}
