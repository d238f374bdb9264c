//! Admonitions as generic blocks: `/// admonition | Title`, `/// note | Title`.
//!
//! Source of the rule: `pymdownx/blocks/admonition.py` of pymdown-extensions 13.1.

use super::{ExtensionOptions, OptionReader};
use crate::markdown::extensions::blocks_details::BlockType;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The block names, each with the class it stands for.
    pub types: Vec<BlockType>,
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options { types: BlockType::read_list(reader, "types", DEFAULT_TYPES) }
    }
}

const DEFAULT_TYPES: &[&str] =
    &["note", "attention", "caution", "danger", "error", "tip", "hint", "warning", "important"];
