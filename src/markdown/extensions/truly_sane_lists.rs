//! Lists nested by two spaces, as `mdx_truly_sane_lists` 1.3 has them.
//!
//! Source of the rule: the package's own `mdx_truly_sane_lists.py`; it changes the tab length of list
//! blocks and, with `truly_sane`, keeps lists of different kinds apart.

use super::{ExtensionOptions, OptionReader};

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How many spaces nest a list.
    pub nested_indent: usize,
    /// Whether bullets and numbers are lists of their own.
    pub truly_sane: bool,
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options {
            nested_indent: usize::try_from(reader.int("nested_indent", 2)).unwrap_or(2).max(1),
            truly_sane: reader.bool("truly_sane", true),
        }
    }
}
