//! Marked text: `==text==`.
//!
//! Source of the rule: `pymdownx/mark.py`.

use super::delimiters;
use super::extension::Extension;
use crate::markdown::engine::inline::Delimiter;
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// `smart_mark`: `==` inside a word stays text.
    pub(crate) smart_mark: bool,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options { smart_mark: reader.bool("smart_mark", false) }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        rules.escapable("=");
        delimiters::add(
            rules,
            Delimiter {
                token: b'=',
                double_tag: "mark",
                single_tag: "mark",
                two_tags: false,
                double: true,
                no_space: false,
                smart: self.smart_mark,
                punctuation: true,
            },
        );
    }
}
