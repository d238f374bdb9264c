//! Block structure: Python-Markdown's block parser and its processors.
//!
//! `parser.rs` is the loop, `core.rs` the order of the core's rules, each family of which has its file.

pub(crate) mod block;
mod core;
pub(crate) mod leaf;
pub(crate) mod lines;
pub(crate) mod lists;
mod parser;
pub(crate) mod quote;
pub(crate) mod tree;

pub(crate) use self::core::register;
pub(crate) use block::{Block, Blocks, Search};
pub(crate) use parser::{BlockRule, DEPTH_LIMIT, Parser, State, parse_document};
