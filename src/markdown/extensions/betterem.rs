//! Emphasis by `*` and `_` with rules of its own.
//!
//! Source of the rule: `pymdownx/betterem.py`.

use super::delimiters;
use super::extension::Extension;
use crate::diag::{Code, Diagnostic, Severity};
use crate::markdown::engine::inline::Delimiter;
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// `smart_enable`: `*` inside a word stays text.
    pub(crate) smart_asterisk: bool,
    /// `smart_enable`: `_` inside a word stays text.
    pub(crate) smart_underscore: bool,
    /// `punctuation`: CommonMark's rules for punctuation beside a token.
    pub(crate) punctuation: bool,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        let enable = reader.string("smart_enable", "underscore");
        if !["all", "asterisk", "underscore", "none", "disabled", ""].contains(&enable.as_str())
            && let Some(node) = reader.node("smart_enable")
        {
            reader.report(
                Diagnostic::new(Code::ConfigBadValue, node.span, format!("unknown value `{enable}` of `smart_enable`"))
                    .severity(Severity::Warning)
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

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        rules.inline.deregister("em_strong");
        for (token, smart) in [(b'*', self.smart_asterisk), (b'_', self.smart_underscore)] {
            delimiters::add(
                rules,
                Delimiter {
                    token,
                    double_tag: "strong",
                    single_tag: "em",
                    two_tags: true,
                    double: false,
                    no_space: false,
                    smart,
                    punctuation: self.punctuation,
                },
            );
        }
    }
}
