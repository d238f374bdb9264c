//! Abbreviations: `*[HTML]: Hyper Text Markup Language`.
//!
//! Source of the rule: `markdown/extensions/abbr.py`.

use super::extension::Extension;
use crate::markdown::engine::blocks::leaf::{pop, push_around};
use crate::markdown::engine::blocks::lines::leading_spaces;
use crate::markdown::engine::blocks::{Block, Blocks, Parser, Search};
use crate::markdown::engine::inline::chars::is_boundary;
use crate::markdown::engine::inline::{Piece, TextPass, TextWork};
use crate::markdown::engine::mark::ATOMIC;
use crate::markdown::engine::page::Page;
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::markdown::tree::{Element, Node};
use crate::text::Chunk;
use aho_corasick::{AhoCorasick, MatchKind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// Abbreviations that every page knows.
    pub(crate) glossary: Vec<(String, String)>,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options { glossary: reader.string_map("glossary").unwrap_or_default() }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        let searches = Searches {
            definition: rules.search(),
            refused: rules.search(),
            colon: rules.search(),
            backslash: rules.search(),
        };
        rules.blocks.register("abbr", 16.0, Box::new(move |parser, _, blocks| definition(parser, blocks, searches)));
        rules.text.register("abbr", 7.0, Box::new(Uses(self)));
    }
}

/// What a page defines: what is short, and what it means.
#[derive(Default)]
struct Abbreviations(BTreeMap<String, String>);

/// What is looked for in blocks.
#[derive(Clone, Copy)]
struct Searches {
    definition: Search,
    refused: Search,
    colon: Search,
    backslash: Search,
}

/// `*[HTML]: Hyper Text Markup Language`.
fn definition(parser: &mut Parser<'_, '_>, blocks: &mut Blocks, searches: Searches) -> bool {
    let block = &blocks[0];
    let found = block.find_line(searches.definition, |line| {
        let close = abbreviation_close(block, line.start, searches)?;
        Some((line.start, close))
    });
    let Some((start, close)) = found else { return false };
    if block.refused(searches.refused, close) {
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
        block.refuse(searches.refused, close);
        return false;
    }
    let block = pop(blocks);
    if meaning == "''" || meaning == "\"\"" {
        parser.page.state::<Abbreviations>().0.remove(&short);
    } else {
        parser.page.state::<Abbreviations>().0.insert(short, meaning);
    }
    push_around(blocks, &block, start..end);
    true
}

/// Finds the `]` of `*[…]:`; the text between may go over several lines and has no backslash.
fn abbreviation_close(block: &Block, start: usize, searches: Searches) -> Option<usize> {
    let label = start + "*[".len();
    if !block.text()[start..].starts_with("*[") {
        return None;
    }
    let is_close = |at: &str, _: &str| at.starts_with("]:") || at.starts_with("] :");
    let close = block.find_byte(searches.colon, label, b']', is_close)?;
    let fits = close + 1 + usize::from(!block.text()[close..].starts_with("]:")) < block.len();
    let broken = block.find_byte(searches.backslash, label, b'\\', |_, _| true).is_some_and(|at| at < close);
    (fits && !broken).then_some(close)
}

/// Where abbreviations are used: `<abbr title>` around each (`AbbrTreeprocessor`).
struct Uses(Arc<Options>);

impl TextPass for Uses {
    fn begin(&self, page: &Page<'_>) -> Option<Box<dyn TextWork + '_>> {
        Some(Box::new(matcher(&self.0, page)?))
    }
}

/// Finds abbreviations in text.
struct Matcher {
    search: AhoCorasick,
    /// Longest first, as Python-Markdown tries them.
    titles: Vec<(String, String)>,
}

/// Makes the matcher of a page; `None` where the page knows no abbreviation.
fn matcher(options: &Options, page: &Page<'_>) -> Option<Matcher> {
    let mut known: BTreeMap<String, String> = options.glossary.iter().cloned().collect();
    let own = page.known_state::<Abbreviations>();
    known.extend(own.into_iter().flat_map(|own| &own.0).map(|(short, long)| (short.clone(), long.clone())));
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

impl TextWork for Matcher {
    /// Cuts a text at its abbreviations.
    fn run(&self, chunk: Chunk, _: &mut Page<'_>) -> Vec<Piece> {
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
            pieces.push(Piece::Node(element.into()));
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
