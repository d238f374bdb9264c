//! Markdown in HTML: `<div markdown="1">`, also `block` and `span`.
//!
//! Source of the rule: `markdown/extensions/md_in_html.py` of Python-Markdown 3.11.

use super::{ExtensionOptions, OptionReader};

/// This extension has no options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options;

impl ExtensionOptions for Options {
    fn read(_: &mut OptionReader<'_>) -> Options {
        Options
    }
}
