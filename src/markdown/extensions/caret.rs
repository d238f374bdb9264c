//! Insertions `^^text^^` and superscript `^text^`.
//!
//! Source of the rule: `pymdownx/caret.py` 13.

use super::{ExtensionOptions, OptionReader};

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// `smart_insert`: `^^` inside a word stays text.
    pub smart_insert: bool,
    /// `insert`: whether `^^` means something.
    pub insert: bool,
    /// `superscript`: whether `^` means something.
    pub superscript: bool,
    /// `no_space`: spaces in superscript must be escaped.
    pub no_space: bool,
    /// `punctuation`: CommonMark's rules for punctuation beside a token.
    pub punctuation: bool,
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options {
            smart_insert: reader.bool("smart_insert", false),
            insert: reader.bool("insert", true),
            superscript: reader.bool("superscript", true),
            no_space: reader.bool("no_space", true),
            punctuation: reader.bool("punctuation", false),
        }
    }
}
