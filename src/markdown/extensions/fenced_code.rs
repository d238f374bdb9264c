//! Fenced code at the left margin: what MkDocs has without SuperFences.
//!
//! Source of the rule: `markdown/extensions/fenced_code.py` of Python-Markdown 3.11. With
//! `pymdownx.superfences` on, that takes its place, as in MkDocs.

use super::{ExtensionOptions, OptionReader};

/// The options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The prefix of the class that names the language.
    pub lang_prefix: String,
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options { lang_prefix: reader.string("lang_prefix", "language-") }
    }
}
