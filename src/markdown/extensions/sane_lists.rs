//! Lists that do not mix bullets and numbers, and keep their first number.
//!
//! Source of the rule: `markdown/extensions/sane_lists.py` of Python-Markdown 3.11.

use super::{ExtensionOptions, OptionReader};

/// This extension has no options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options;

impl ExtensionOptions for Options {
    fn read(_: &mut OptionReader<'_>) -> Options {
        Options
    }
}
