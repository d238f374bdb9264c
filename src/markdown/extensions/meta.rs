//! MultiMarkdown metadata: `Key: value` lines before the first blank line.
//!
//! Source of the rule: MkDocs reads front matter itself (`mkdocs/utils/meta.py`) and hands the rest of
//! the page to Python-Markdown, whose `meta` extension may then take a second block of lines.

use super::extension::Extension;
use crate::markdown::engine::rules::Rules;
use crate::markdown::front_matter::skip_meta_lines;
use crate::markdown::options::OptionReader;
use std::sync::Arc;

/// This extension has no options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options;

impl Extension for Options {
    fn read(_: &mut OptionReader<'_>) -> Options {
        Options
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        rules.preprocessors.register("meta", 27.0, Box::new(|text, _| skip_meta_lines(&text)));
    }
}
