//! Emphasis by `*` and `_` with rules of its own.
//!
//! Source of the rule: `pymdownx/betterem.py` 13.

use super::{ExtensionOptions, OptionReader};
use crate::diag::{Code, Diagnostic};

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// `smart_enable`: `*` inside a word stays text.
    pub smart_asterisk: bool,
    /// `smart_enable`: `_` inside a word stays text.
    pub smart_underscore: bool,
    /// `punctuation`: CommonMark's rules for punctuation beside a token.
    pub punctuation: bool,
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        let enable = reader.string("smart_enable", "underscore");
        if !["all", "asterisk", "underscore", "none", "disabled", ""].contains(&enable.as_str())
            && let Some(node) = reader.node("smart_enable")
        {
            reader.report(
                Diagnostic::new(Code::ConfigBadValue, node.span, format!("unknown value `{enable}` of `smart_enable`"))
                    .note("neither `*` nor `_` inside a word is treated as text")
                    .help("its values are: all, asterisk, underscore, none"),
            );
        }
        Options {
            smart_asterisk: enable == "asterisk" || enable == "all",
            smart_underscore: enable == "underscore" || enable == "all",
            punctuation: reader.bool("punctuation", true),
        }
    }
}
