//! MultiMarkdown metadata: `Key: value` lines before the first blank line.
//!
//! Source of the rule: MkDocs reads front matter itself (`mkdocs/utils/meta.py`) and hands the rest of
//! the page to Python-Markdown, whose `meta` extension may then take a second block of lines.

use super::{ExtensionOptions, OptionReader};

/// This extension has no options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options;

impl ExtensionOptions for Options {
    fn read(_: &mut OptionReader<'_>) -> Options {
        Options
    }
}
