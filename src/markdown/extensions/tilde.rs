//! Deletions `~~text~~` and subscript `~text~`.
//!
//! Source of the rule: `pymdownx/tilde.py`.

use super::delimiters::{self, Form};
use super::extension::Extension;
use crate::markdown::engine::inline::Delimiter;
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// `smart_delete`: `~~` inside a word stays text.
    pub(crate) smart_delete: bool,
    /// `delete`: whether `~~` means something.
    pub(crate) delete: bool,
    /// `subscript`: whether `~` means something.
    pub(crate) subscript: bool,
    /// `no_space`: spaces in subscript must be escaped.
    pub(crate) no_space: bool,
    /// `punctuation`: CommonMark's rules for punctuation beside a token.
    pub(crate) punctuation: bool,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options {
            smart_delete: reader.bool("smart_delete", false),
            delete: reader.bool("delete", true),
            subscript: reader.bool("subscript", true),
            no_space: reader.bool("no_space", true),
            punctuation: reader.bool("punctuation", false),
        }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        let double = Form { tag: "del", on: self.delete };
        let single = Form { tag: "sub", on: self.subscript };
        let Some(delimiter) = delimiters::pair(b'~', double, single) else { return };
        rules.escapable(if self.subscript && self.no_space { "~ " } else { "~" });
        let punctuation = self.punctuation || delimiter.double;
        let (no_space, smart) = (self.no_space, self.smart_delete);
        delimiters::add(rules, Delimiter { no_space, smart, punctuation, ..delimiter });
    }
}
