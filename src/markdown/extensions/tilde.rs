//! Deletions `~~text~~` and subscript `~text~`.
//!
//! Source of the rule: `pymdownx/tilde.py` 13.

use super::{ExtensionOptions, OptionReader};

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// `smart_delete`: `~~` inside a word stays text.
    pub smart_delete: bool,
    /// `delete`: whether `~~` means something.
    pub delete: bool,
    /// `subscript`: whether `~` means something.
    pub subscript: bool,
    /// `no_space`: spaces in subscript must be escaped.
    pub no_space: bool,
    /// `punctuation`: CommonMark's rules for punctuation beside a token.
    pub punctuation: bool,
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options {
            smart_delete: reader.bool("smart_delete", false),
            delete: reader.bool("delete", true),
            subscript: reader.bool("subscript", true),
            no_space: reader.bool("no_space", true),
            punctuation: reader.bool("punctuation", false),
        }
    }
}
