//! Attribute lists: `{: #id .class key=value }` after a heading, a block or an inline element.
//!
//! Source of the rule: `markdown/extensions/attr_list.py` of Python-Markdown 3.11.

use super::{ExtensionOptions, OptionReader};

/// This extension has no options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options;

impl ExtensionOptions for Options {
    fn read(_: &mut OptionReader<'_>) -> Options {
        Options
    }
}
