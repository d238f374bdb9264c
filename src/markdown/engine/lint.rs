//! Where the dialect does what writers rarely mean: nested lists that end up flat, lists that are
//! part of a paragraph, and text that ends the list it was meant to belong to.
//!
//! The rules look at lines after fences and raw HTML were taken out, and change nothing: what
//! MkDocs makes of a page is made here too.

use super::blocks::lines::{TAB, leading_spaces, line_ranges};
use super::mark::STX;
use super::page::Page;
use crate::diag::{Code, Diagnostic};
use crate::text::{Chunk, Span};
use std::ops::Range;

/// The name of the check among the preprocessors, so that other rules for lists can take it out.
pub(crate) const LINT: &str = "opsbook_lists";

/// Reports what the lists of a page do not do.
pub(crate) fn check_lists(text: &Chunk, page: &mut Page<'_>) {
    let mut state = Lists { text, items: Vec::new(), flat: Vec::new(), found: Vec::new() };
    let mut block_start: Option<Start> = None;
    for range in line_ranges(text.text()) {
        let line = &text.text()[range.clone()];
        if line.trim().is_empty() {
            block_start = None;
            continue;
        }
        let first = block_start.is_none();
        let marker = marker_len(line);
        let start = *block_start.get_or_insert_with(|| kind_of(line));
        match marker {
            Some(len) if start == Start::List || first => {
                state.item(range, leading_spaces(line), len);
            }
            Some(_) if start == Start::Paragraph && leading_spaces(line) < TAB => {
                state.glued(range);
                // One finding says it for the whole list.
                block_start = Some(Start::Other);
            }
            Some(_) => {}
            None if first => state.leave(range, line),
            None if is_break(line) => block_start = None,
            None => {}
        }
    }
    state.finish_list();
    let own = page.source.path();
    let found = state.found.into_iter().filter(|diagnostic| diagnostic.span.is_some_and(|span| span.file == own));
    page.diagnostics.extend(found);
}

/// What a block begins with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    List,
    Paragraph,
    Other,
}

fn kind_of(line: &str) -> Start {
    let body = line.trim_start_matches(' ');
    if marker_len(line).is_some() {
        Start::List
    } else if leading_spaces(line) >= TAB
        || is_break(line)
        || body.starts_with(['>', '|', '!', '?', '=', ':', '[', '*', '<', '/', STX])
    {
        Start::Other
    } else {
        Start::Paragraph
    }
}

/// Tells whether a line ends the block it stands in: a heading or something that was taken out.
fn is_break(line: &str) -> bool {
    line.starts_with('#') || line.trim_start_matches(' ').starts_with(STX)
}

/// Measures an item's marker with its spaces, the indentation left out. A number other than 1 may
/// well be a year at the start of a line, so it counts only where a list is.
fn marker_len(line: &str) -> Option<usize> {
    let body = line.trim_start_matches(' ');
    let digits = body.len() - body.trim_start_matches(|ch: char| ch.is_ascii_digit()).len();
    let len = match body.as_bytes().get(digits) {
        Some(b'.') if (1..=3).contains(&digits) => digits + 1,
        Some(b'-' | b'*' | b'+') if digits == 0 => 1,
        _ => return None,
    };
    let gap = leading_spaces(&body[len..]);
    (gap > 0 && !body[len..].trim().is_empty()).then_some(len + gap)
}

/// An item above the line in hand.
struct Item {
    indent: usize,
    /// Where its text begins, from its own indentation.
    content: usize,
    /// The indentation that would nest it as it looks.
    meant: usize,
}

struct Lists<'c> {
    text: &'c Chunk,
    items: Vec<Item>,
    /// Items that look nested and are not, with the spaces that they lack.
    flat: Vec<(Range<usize>, usize)>,
    found: Vec<Diagnostic>,
}

impl Lists<'_> {
    fn item(&mut self, range: Range<usize>, indent: usize, len: usize) {
        while self.items.last().is_some_and(|above| indent < above.indent + above.content) {
            self.items.pop();
        }
        let meant = match self.items.last() {
            None if indent >= TAB => indent,
            None => {
                self.finish_flat();
                0
            }
            Some(above) => above.meant + TAB,
        };
        if meant > indent && !self.items.is_empty() {
            self.flat.push((range, meant - indent));
        }
        self.items.push(Item { indent, content: len.min(TAB), meant });
    }

    /// A block that is no list: it belongs to the item above where it is indented by four.
    fn leave(&mut self, range: Range<usize>, line: &str) {
        let indent = leading_spaces(line);
        let Some(item) = self.items.first() else { return };
        let meant = (1..TAB).contains(&indent) && indent >= item.content.min(2);
        if meant {
            self.ends_list(range, TAB - indent);
        }
        if indent < TAB {
            self.finish_list();
        }
    }

    fn ends_list(&mut self, range: Range<usize>, missing: usize) {
        let line = self.text.slice(range.clone());
        let Some(span) = line.whole_span() else { return };
        self.found.push(
            Diagnostic::new(Code::ListEnded, span, "this text ends the list above it")
                .note("what belongs to a list item is indented by four spaces in MkDocs")
                .help("indent it by four spaces")
                .fix(insertion(self.text, range.start), " ".repeat(missing)),
        );
    }

    fn glued(&mut self, range: Range<usize>) {
        let Some(span) = self.text.slice(range.clone()).whole_span() else { return };
        self.found.push(
            Diagnostic::new(Code::ListInParagraph, span, "this list is part of the paragraph above it")
                .note("MkDocs begins a list only behind a blank line")
                .help("put a blank line before it")
                .fix(insertion(self.text, range.start), "\n"),
        );
    }

    fn finish_list(&mut self) {
        self.finish_flat();
        self.items.clear();
    }

    /// Reports the flat items of one list together, with one fix for all of them.
    fn finish_flat(&mut self) {
        let flat = std::mem::take(&mut self.flat);
        let Some((first, _)) = flat.first() else { return };
        let Some(span) = self.text.slice(first.clone()).whole_span() else { return };
        let mut diagnostic =
            Diagnostic::new(Code::ListFlattened, span, "this item is not nested below the one above it")
                .note("MkDocs nests lists by four spaces, so the item joins the outer list")
                .help("indent nested items by four spaces");
        for (range, missing) in flat {
            diagnostic = diagnostic.fix(insertion(self.text, range.start), " ".repeat(missing));
        }
        self.found.push(diagnostic);
    }
}

/// The empty place before a byte of the text.
fn insertion(text: &Chunk, at: usize) -> Span {
    let span = text.span(at..(at + 1).min(text.len()));
    Span { end: span.start, ..span }
}

#[cfg(test)]
mod tests {
    use crate::diag::Diagnostics;
    use crate::markdown::{Dialect, parse};
    use crate::text::{SitePath, Source};
    use std::collections::BTreeMap;

    fn found(text: &str) -> Diagnostics {
        let source = Source::new(SitePath::new("a.md"), text);
        let (dialect, _) = Dialect::mkdocs(&[]);
        parse(&source, &dialect, &BTreeMap::new()).diagnostics
    }

    /// Applies every fix, the last place first.
    fn fixed(text: &str) -> String {
        let mut edits: Vec<_> = found(text).into_iter().flat_map(|diagnostic| diagnostic.fix).collect();
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
        let mut out = text.to_owned();
        for edit in edits {
            out.replace_range(edit.span.range(), &edit.text);
        }
        out
    }

    #[test]
    fn flattened_lists_are_nested_by_the_fix() {
        let text = "- a\n  - b\n    - c\n- d\n";
        assert_eq!(found(text).iter().next().map(|found| found.code.id()), Some("OB205"));
        assert_eq!(fixed(text), "- a\n    - b\n        - c\n- d\n");
        assert!(found("- a\n    - b\n        - c\n").is_empty());
    }

    #[test]
    fn a_list_in_a_paragraph_gets_its_blank_line() {
        assert_eq!(fixed("Some text\n- a\n- b\n"), "Some text\n\n- a\n- b\n");
        assert!(found("# Heading\n- a\n").is_empty());
    }

    #[test]
    fn text_that_ends_a_list_is_indented() {
        assert_eq!(fixed("1. a\n\n   more\n\n2. b\n"), "1. a\n\n    more\n\n2. b\n");
        assert!(found("1. a\n\n    more\n\n2. b\n").is_empty());
        assert!(found("1. a\n\nmore\n").is_empty());
    }
}
