//! Every line's end is a line break.
//!
//! Source of the rule: `markdown/extensions/nl2br.py` of Python-Markdown 3.11.

use super::{ExtensionOptions, OptionReader};

/// This extension has no options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options;

impl ExtensionOptions for Options {
    fn read(_: &mut OptionReader<'_>) -> Options {
        Options
    }
}
