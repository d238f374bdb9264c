//! Tabs as generic blocks: `/// tab | Label`.
//!
//! Source of the rule: `pymdownx/blocks/tab.py` of pymdown-extensions 13.1.

use super::{ExtensionOptions, OptionReader};
use crate::markdown::slug::Slugify;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Whether labels and contents stand in wrappers of their own.
    pub alternate_style: bool,
    /// How a tab's id is made of its label; numbered ids without it.
    pub slugify: Option<Slugify>,
    /// Whether the id of the heading above is put before a tab's id.
    pub combine_header_slug: bool,
    /// What stands between words of an id.
    pub separator: String,
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options {
            alternate_style: reader.bool("alternate_style", false),
            slugify: Slugify::read_option(reader, "slugify"),
            combine_header_slug: reader.bool("combine_header_slug", false),
            separator: reader.string("separator", "-"),
        }
    }
}
