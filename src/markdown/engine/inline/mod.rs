//! Text inside blocks: Python-Markdown's inline patterns.
//!
//! Owns how a run of text becomes nodes: rules in their order of priority, each in one pass from left to
//! right; what a rule takes leaves a mark, so that later rules cannot look inside. It is the algorithm of
//! `markdown/treeprocessors.py` (`InlineProcessor`), on chunks, so that every node keeps its place. Where
//! Python's regular expressions backtrack, scanners with the same language and bounded cost stand here.
//!
//! Does not know blocks, and does not decide when it is called.

mod ahead;
mod arena;
pub(crate) mod chars;
pub(crate) mod code_span;
mod core;
mod delimiter;
mod emphasis;
pub(crate) mod escape;
pub(crate) mod html;
pub(crate) mod links;
mod regions;
mod resolve;
mod run;
mod text;
mod ticks;

pub(crate) use self::core::{complete, em_strong, line_break, register};
pub(crate) use arena::{El, Kind, Txt};
pub(crate) use delimiter::{Delimiter, Family};
pub(crate) use emphasis::Emphasis;
pub(crate) use run::{
    Engine, Hit, InlineRule, InlineRules, Pass, Taken, at_any, at_char, at_text, outside_links, parse_inline,
};
pub(crate) use text::{Piece, Substitutions, TextPass, TextPasses, TextWork, apply_text_passes};
