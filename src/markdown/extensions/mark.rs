//! Marked text: `==text==`.
//!
//! Source of the rule: `pymdownx/mark.py` 13.

use super::{ExtensionOptions, OptionReader};

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// `smart_mark`: `==` inside a word stays text.
    pub smart_mark: bool,
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options { smart_mark: reader.bool("smart_mark", false) }
    }
}
