//! Blocks without blocks in them: headings, rules, code, paragraphs, link definitions.
//!
//! Source of the rules: `markdown/blockprocessors.py` of Python-Markdown 3.11.

use super::block::{Block, Blocks, Search};
use super::lines::{
    TAB, blank, detab, indented, leading_spaces, line_ranges, loose_detab, newline, strip, strip_end, strip_start,
};
use super::parser::{BlockRule, DEPTH_LIMIT, Parser, State};
use super::tree::ElId;
use crate::markdown::engine::page::{Page, Reference};
use crate::markdown::engine::rules::Rules;
use crate::text::Spanned;
use std::ops::Range;

/// Takes the first block off.
pub(crate) fn pop(blocks: &mut Blocks) -> Block {
    blocks.pop_front().expect("a rule is asked only where there is a block")
}

/// Empty blocks and blocks that begin with an empty line; between indented code they are part of it.
pub(crate) fn empty(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks) -> bool {
    let first = &blocks[0];
    if !first.is_empty() && !first.text().starts_with('\n') {
        return false;
    }
    let block = pop(blocks);
    let mut filler = 2;
    if !block.is_empty() {
        filler = 1;
        if block.len() > 1 {
            blocks.push_front(block.part(1..block.len()));
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

/// Indented code; `before` may change the block first.
pub(crate) fn code(
    parser: &mut Parser<'_, '_>,
    parent: ElId,
    blocks: &mut Blocks,
    before: impl Fn(Block, &mut Page<'_>) -> Block,
) -> bool {
    if !indented(blocks[0].text(), TAB) {
        return false;
    }
    let block = before(pop(blocks), parser.page);
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

/// `# Heading`, on any line of a block; `sane` where a space must follow.
pub(crate) fn hash_headings(rules: &mut Rules, sane: bool) -> BlockRule {
    let searches = [rules.search(), rules.search()];
    Box::new(move |parser, parent, blocks| hash_heading(parser, parent, blocks, sane, searches))
}

fn hash_heading(
    parser: &mut Parser<'_, '_>,
    parent: ElId,
    blocks: &mut Blocks,
    sane: bool,
    [headings, indented_lines]: [Search; 2],
) -> bool {
    let block = &blocks[0];
    let found = block.find_line(headings, |line| hash_heading_at(block.text(), line, sane));
    let Some(found) = found else { return false };
    let block = pop(blocks);
    if found.line.start > 1 {
        parser.parse_block(parent, block.part(0..found.line.start - 1));
    }
    let heading = parser.element(parent, HEADINGS[found.level - 1], Some(block.span(found.line.clone())));
    parser.tree.set_text(heading, strip(&block.slice(found.header)));
    if found.line.end + 1 < block.len() {
        let after = block.part(found.line.end + 1..block.len());
        // A heading in a loose item without a blank line below it: what follows still has the
        // item's indentation (Python-Markdown issue 1443).
        blocks.push_front(if parser.in_state(State::LooseList) {
            without_item_indentation(after, indented_lines)
        } else {
            after
        });
    }
    true
}

/// Takes an indentation off every line that has it. Each heading of an item does so, hence lines
/// that are indented by more levels than may nest keep the rest.
fn without_item_indentation(block: Block, search: Search) -> Block {
    let is_indented = |line: Range<usize>| indented(&block.text()[line], TAB).then_some(());
    if block.n_copies() >= DEPTH_LIMIT || block.find_line(search, is_indented).is_none() {
        return block;
    }
    Block::copied(loose_detab(&block, TAB), block.n_copies() + 1)
}

/// The tags of headings by level.
pub(crate) const HEADINGS: [&str; 6] = ["h1", "h2", "h3", "h4", "h5", "h6"];

/// A heading found in a block.
pub(crate) struct HashHeading {
    /// The line with its `#`.
    line: Range<usize>,
    /// 1 to 6.
    pub(crate) level: usize,
    /// The text between the `#` and the closing `#`.
    pub(crate) header: Range<usize>,
}

/// Finds the first line that is a heading (`HashHeaderProcessor.RE`); `sane` where a
/// space must follow.
pub(crate) fn find_hash_heading(text: &str, sane: bool) -> Option<HashHeading> {
    line_ranges(text).find_map(|line| hash_heading_at(text, line, sane))
}

fn hash_heading_at(text: &str, range: Range<usize>, sane: bool) -> Option<HashHeading> {
    let line = &text[range.clone()];
    let level = (line.len() - line.trim_start_matches('#').len()).min(6);
    if level == 0 || sane && !line[level..].starts_with(' ') {
        return None;
    }
    let len = header_len(&line[level..])?;
    let header = range.start + level..range.start + level + len;
    Some(HashHeading { line: range, level, header })
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
pub(crate) fn setext_heading(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks) -> bool {
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
        blocks.push_front(block.part(second_end + 1..block.len()));
    }
    true
}

/// A line of three or more `-`, `_` or `*`, anywhere in a block.
pub(crate) fn rule(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks, search: Search) -> bool {
    let block = &blocks[0];
    let found = block.find_line(search, |line| is_rule(&block.text()[line.clone()]).then_some(line));
    let Some(range) = found else { return false };
    let block = pop(blocks);
    let before = block.part(0..range.start).strip_newlines(false, true);
    if !before.is_empty() {
        parser.parse_block(parent, before);
    }
    parser.element(parent, "hr", Some(block.span(range.clone())));
    let after = block.part(range.end..block.len()).strip_newlines(true, false);
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
pub(crate) fn paragraph(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks) -> bool {
    let block = pop(blocks);
    if blank(block.text()) {
        return true;
    }
    if !parser.in_state(State::List) {
        let p = parser.element(parent, "p", None);
        parser.tree.set_text(p, strip_start(&block.chunk()));
        return true;
    }
    // In a tight list the text belongs to the item itself, behind what the item already has.
    if let Some(last) = parser.tree.last_child(parent) {
        let tail = &mut parser.tree.get_mut(last).tail.chunk;
        newline(tail, &block);
        block.push_to(tail, 0..block.len());
    } else {
        let text = &mut parser.tree.get_mut(parent).text.chunk;
        if text.is_empty() {
            *text = strip_start(&block.chunk());
        } else {
            newline(text, &block);
            block.push_to(text, 0..block.len());
        }
    }
    true
}

/// `[label]: url "title"`, one or several on lines below each other.
pub(crate) fn reference(parser: &mut Parser<'_, '_>, blocks: &mut Blocks, search: Search) -> bool {
    let block = &blocks[0];
    let found = block.find_line(search, |line| definition_at(block.text(), line.start));
    let Some(first) = found else { return false };
    let block = pop(blocks);
    let text = block.text();
    let start = first.whole.start;
    let mut end = start;
    let mut next = Some(first);
    while let Some(found) = next {
        if found.whole.start > start && text[found.whole.clone()].contains('\n') {
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
        // The next one counts where nothing but line ends lies between.
        next = text[end..].find(|ch| ch != '\n').filter(|gap| *gap > 0).and_then(|gap| definition_at(text, end + gap));
    }
    push_around(blocks, &block, start..end);
    true
}

/// Puts back what stands around a range of bytes, except where it is blank.
pub(crate) fn push_around(blocks: &mut Blocks, block: &Block, taken: Range<usize>) {
    let after = block.part(taken.end..block.len());
    if !blank(after.text()) {
        blocks.push_front(after.strip_newlines(true, false));
    }
    let before = block.part(0..taken.start);
    if !blank(before.text()) {
        blocks.push_front(before.strip_newlines(false, true));
    }
}

/// A link definition found in a block.
struct Definition {
    whole: Range<usize>,
    label: Range<usize>,
    url: Range<usize>,
    title: Option<Range<usize>>,
}

/// Reads the definition that begins with a line (`ReferenceProcessor.RE`).
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
    if let Some((title, end)) = definition_tail(text, url_start + url_len) {
        return Some(Definition { whole: start..end, label, url: url_start..url_start + url_len, title });
    }
    let line_end = url_start + rest.find('\n').unwrap_or(rest.len());
    let line = text[url_start..line_end].trim_end_matches(' ');
    let open = opening_of(line.chars().next_back()?)?;
    let close_at = url_start + line.len() - 1;
    let len = rest[..url_len.min(line.len() - 1)].rfind(open).filter(|len| *len > 0)?;
    let title_start = url_start + len;
    Some(Definition {
        whole: start..line_end,
        label,
        url: url_start..title_start,
        title: Some(title_start + 1..close_at),
    })
}

/// Returns the mark that opens what another one closes.
fn opening_of(close: char) -> Option<char> {
    match close {
        ')' => Some('('),
        '"' | '\'' => Some(close),
        _ => None,
    }
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
            let found = line_ranges(text).find_map(|line| definition_at(text, line.start))?;
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
        assert_eq!(of("[a]: x\"y\"b c\""), Some(("a".into(), "x\"y".into(), Some("b c".into()))));
        assert_eq!(of("[a]: x\"b c)"), None);
    }
}
