//! Text inside blocks: Python-Markdown's inline patterns.
//!
//! Owns how a run of text becomes nodes: patterns in their order of priority, each in one pass from
//! left to right; what a pattern takes leaves a placeholder, so that later patterns cannot look
//! inside. It is the algorithm of `markdown/treeprocessors.py` (`InlineProcessor`), on chunks, so
//! that every node keeps its place. Where Python's regular expressions backtrack, scanners with the
//! same language and bounded cost stand here.
//!
//! Does not know blocks, and does not decide when it is called.

pub(crate) mod abbreviations;
mod ahead;
mod arena;
pub(crate) mod chars;
mod delimiter;
mod emphasis;
mod footnote;
mod links;
mod markup;
mod passes;
mod patterns;
mod run;

pub(crate) use arena::{El, Kind, Txt};
pub(crate) use links::{angle, dequote};
pub(crate) use markup::escaped_backslashes;
pub(crate) use passes::apply_text_passes;
pub(crate) use run::{Engine, Hit, Pass, Taken};

use super::Page;
pub(crate) use super::stash::{ETX, STX};
use crate::markdown::tree::Node;
use crate::text::Chunk;

/// Stands before text that no later pass may touch: Python-Markdown's `AtomicString`. A noncharacter
/// of Unicode, gone when [`apply_text_passes`] is done.
pub(crate) const ATOMIC: char = '\u{FDD0}';

/// How deep inline elements nest; what lies deeper keeps its text and loses its elements.
const MAX_DEPTH: usize = 64;

/// Parses a run of text; placeholders in it become the nodes they stand for.
///
/// Escaped characters are still placeholders in the result, so that attribute lists cannot mistake
/// `\{` for `{`; [`apply_text_passes`] resolves them.
pub(crate) fn parse_inline(text: &Chunk, page: &mut Page<'_>) -> Vec<Node> {
    if text.is_empty() {
        return Vec::new();
    }
    let patterns = patterns::patterns_of(page.dialect);
    let mut engine = Engine::new(page, &patterns);
    engine.parse(text)
}

/// Returns the placeholder of an escaped character.
pub(crate) fn escaped(c: char) -> String {
    format!("{STX}e{}{ETX}", c as u32)
}

/// Reads the placeholder of an escaped character at the start of a text: the character, and the
/// placeholder's length.
pub(crate) fn escaped_at(text: &str) -> Option<(char, usize)> {
    let (code, length) = numbered_at(text, 'e')?;
    Some((char::from_u32(u32::try_from(code).ok()?)?, length))
}

/// Reads `STX letter number ETX` at the start of a text.
pub(crate) fn numbered_at(text: &str, letter: char) -> Option<(usize, usize)> {
    let inner = text.strip_prefix(STX)?.strip_prefix(letter)?;
    let digits = inner.find(|c: char| !c.is_ascii_digit())?;
    inner[digits..].starts_with(ETX).then_some(())?;
    Some((inner[..digits].parse().ok()?, digits + 3))
}

/// Resolves the placeholders of escaped characters.
pub(crate) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(STX) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match escaped_at(rest) {
            Some((c, length)) => {
                out.push(c);
                rest = &rest[length..];
            }
            None => {
                out.push(STX);
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}
