//! `{!file!}` becomes the file's text.
//!
//! Source of the rule: the package `markdown-include` 0.8 (`markdown_include/include.py`).

use super::snippets::{paths, read_encoding};
use super::{ExtensionOptions, OptionReader};
use crate::text::SitePath;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The folder that paths are relative to.
    pub base_path: SitePath,
    /// Whether headings of an included file stand below the heading before it.
    pub inherit_heading_depth: bool,
    /// By how much headings of an included file are lowered.
    pub heading_offset: i64,
    /// Whether a missing file is an error.
    pub throw_exception: bool,
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        read_encoding(reader);
        let base_path = reader.node("base_path").and_then(|node| paths(node).first().copied());
        Options {
            base_path: base_path.unwrap_or_else(|| SitePath::new("")),
            inherit_heading_depth: reader.bool("inheritHeadingDepth", false),
            heading_offset: reader.int("headingOffset", 0),
            throw_exception: reader.bool("throwException", false),
        }
    }
}
