//! Insertions `^^text^^` and superscript `^text^`.
//!
//! Source of the rule: `pymdownx/caret.py`.

use super::delimiters::{self, Form};
use super::extension::Extension;
use crate::markdown::engine::inline::Delimiter;
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// `smart_insert`: `^^` inside a word stays text.
    pub(crate) smart_insert: bool,
    /// `insert`: whether `^^` means something.
    pub(crate) insert: bool,
    /// `superscript`: whether `^` means something.
    pub(crate) superscript: bool,
    /// `no_space`: spaces in superscript must be escaped.
    pub(crate) no_space: bool,
    /// `punctuation`: CommonMark's rules for punctuation beside a token.
    pub(crate) punctuation: bool,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options {
            smart_insert: reader.bool("smart_insert", false),
            insert: reader.bool("insert", true),
            superscript: reader.bool("superscript", true),
            no_space: reader.bool("no_space", true),
            punctuation: reader.bool("punctuation", false),
        }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        let double = Form { tag: "ins", on: self.insert };
        let single = Form { tag: "sup", on: self.superscript };
        let Some(delimiter) = delimiters::pair(b'^', double, single) else { return };
        rules.escapable(if self.superscript && self.no_space { "^ " } else { "^" });
        let punctuation = self.punctuation || delimiter.double;
        let (no_space, smart) = (self.no_space, self.smart_insert);
        delimiters::add(rules, Delimiter { no_space, smart, punctuation, ..delimiter });
    }
}
