//! Abbreviations: `*[HTML]: Hyper Text Markup Language`.
//!
//! Source of the rule: `markdown/extensions/abbr.py` of Python-Markdown 3.11.

use super::{ExtensionOptions, OptionReader};

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Abbreviations that every page knows.
    pub glossary: Vec<(String, String)>,
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options { glossary: reader.string_map("glossary").unwrap_or_default() }
    }
}
