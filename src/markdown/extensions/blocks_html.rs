//! HTML elements as generic blocks: `/// html | div.class`.
//!
//! Source of the rule: `pymdownx/blocks/html.py` of pymdown-extensions 13.1.

use super::{ExtensionOptions, OptionReader};

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How the content of certain tags is read: the tag and one of `auto`, `inline`, `block`,
    /// `raw`, `html`.
    pub custom: Vec<(String, String)>,
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        let Some(node) = reader.node("custom") else { return Options { custom: Vec::new() } };
        if node.as_seq().is_none() && !node.is_null() {
            reader.wrong_kind("custom", "a list of mappings", node);
        }
        let mut custom = Vec::new();
        for item in node.as_seq().unwrap_or_default() {
            let text = |key: &str| item.get(key).and_then(|value| value.as_str());
            match text("tag") {
                Some(tag) => custom.push((tag.to_owned(), text("mode").unwrap_or("auto").to_owned())),
                None => reader.wrong_kind("custom", "a list of mappings with `tag`", item),
            }
        }
        Options { custom }
    }
}
