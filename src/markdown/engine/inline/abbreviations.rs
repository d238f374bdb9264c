//! Where abbreviations are used: `<abbr title>` around each.
//!
//! Source of the rule: `AbbrTreeprocessor` of `markdown/extensions/abbr.py` 3.11.

use super::ATOMIC;
use super::chars::is_boundary;
use crate::markdown::engine::Page;
use crate::markdown::tree::{Element, Node};
use crate::text::Chunk;
use aho_corasick::{AhoCorasick, MatchKind};

/// Finds abbreviations in text.
pub(crate) struct Matcher {
    search: AhoCorasick,
    /// Longest first, as Python-Markdown tries them.
    titles: Vec<(String, String)>,
}

/// A part of a text.
pub(crate) enum Piece {
    /// Text between.
    Text(Chunk),
    /// A use.
    Abbreviation(Element),
}

/// Makes the matcher of a page; `None` where the page knows no abbreviation.
pub(crate) fn matcher(page: &Page<'_>) -> Option<Matcher> {
    let options = page.dialect.abbr.as_ref()?;
    let mut known: std::collections::BTreeMap<String, String> = options.glossary.iter().cloned().collect();
    known.extend(page.abbreviations.iter().map(|(short, long)| (short.clone(), long.value.clone())));
    known.retain(|short, long| !short.is_empty() && !long.is_empty() && long != "''" && long != "\"\"");
    if known.is_empty() {
        return None;
    }
    let mut titles: Vec<(String, String)> = known.into_iter().collect();
    titles.sort_by_key(|(short, _)| std::cmp::Reverse(short.chars().count()));
    let search = AhoCorasick::builder()
        .match_kind(MatchKind::Standard)
        .build(titles.iter().map(|(short, _)| short.as_str()))
        .ok()?;
    Some(Matcher { search, titles })
}

impl Matcher {
    /// Cuts a text at its abbreviations.
    pub(crate) fn split(&self, chunk: &Chunk) -> Vec<Piece> {
        let text = chunk.text();
        // All whole words that are abbreviations; at one place the longest counts, and none begins
        // inside another.
        let mut found: Vec<(usize, std::cmp::Reverse<usize>, usize)> = self
            .search
            .find_overlapping_iter(text)
            .filter(|found| whole_word(text, found.start(), found.end()))
            .map(|found| (found.start(), std::cmp::Reverse(found.end()), found.pattern().as_usize()))
            .collect();
        found.sort_unstable();
        let mut pieces = Vec::new();
        let mut at = 0;
        for (start, std::cmp::Reverse(end), pattern) in found {
            if start < at {
                continue;
            }
            if at < start {
                pieces.push(Piece::Text(chunk.slice(at..start)));
            }
            let span = chunk.span(start..end);
            let (short, title) = &self.titles[pattern];
            let text = Node::text(format!("{ATOMIC}{short}").trim_start_matches(ATOMIC), span);
            let element = Element::new("abbr", span).with_attr("title", title.clone()).with_children(vec![text]);
            pieces.push(Piece::Abbreviation(element));
            at = end;
        }
        if at < text.len() {
            pieces.push(Piece::Text(chunk.slice(at..text.len())));
        }
        pieces
    }
}

/// `\b` on both sides.
fn whole_word(text: &str, start: usize, end: usize) -> bool {
    let inner = &text[start..end];
    is_boundary(text[..start].chars().next_back(), inner.chars().next())
        && is_boundary(inner.chars().next_back(), text[end..].chars().next())
}
