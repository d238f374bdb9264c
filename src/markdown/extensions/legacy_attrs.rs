//! Attributes as they were written once: `text {@title=value}`.
//!
//! Source of the rule: `markdown/extensions/legacy_attrs.py` of Python-Markdown 3.11.

use super::{ExtensionOptions, OptionReader};

/// The options; there are none.
#[derive(Clone, Debug, PartialEq)]
pub struct Options;

impl ExtensionOptions for Options {
    fn read(_: &mut OptionReader<'_>) -> Options {
        Options
    }
}
