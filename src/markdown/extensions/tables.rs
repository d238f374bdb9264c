//! Tables of PHP Markdown Extra.
//!
//! Source of the rule: `markdown/extensions/tables.py` of Python-Markdown 3.11.

use super::{ExtensionOptions, OptionReader};

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Whether cells say `align` rather than `style`.
    pub use_align_attribute: bool,
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options { use_align_attribute: reader.bool("use_align_attribute", false) }
    }
}
