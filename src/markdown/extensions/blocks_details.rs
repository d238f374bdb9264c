//! Details as generic blocks: `/// details | Summary`.
//!
//! Source of the rule: `pymdownx/blocks/details.py` of pymdown-extensions 13.1.

use super::{ExtensionOptions, OptionReader};

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The block names besides `details`, each with its class.
    pub types: Vec<BlockType>,
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options { types: BlockType::read_list(reader, "types", &[]) }
    }
}

/// A block name of its own, such as `note`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockType {
    /// The name after the slashes.
    pub name: String,
    /// The class of the element.
    pub class: String,
    /// The title where none is written; `None` for the class in title case.
    pub title: Option<String>,
}

impl BlockType {
    /// Reads a list of names, or of mappings with `name`, `class` and `title`.
    pub(crate) fn read_list(reader: &mut OptionReader<'_>, key: &'static str, default: &[&str]) -> Vec<BlockType> {
        let plain = |name: &str| BlockType { name: name.to_owned(), class: name.to_owned(), title: None };
        let Some(node) = reader.node(key) else { return default.iter().map(|name| plain(name)).collect() };
        let Some(items) = node.as_seq() else {
            if !node.is_null() {
                reader.wrong_kind(key, "a list", node);
            }
            return Vec::new();
        };
        let mut types = Vec::new();
        for item in items {
            if let Some(name) = item.as_str() {
                types.push(plain(name));
            } else if let Some(name) = item.get("name").and_then(|name| name.as_str()) {
                let class = item.get("class").and_then(|class| class.as_str()).unwrap_or(name);
                let title = item.get("title").and_then(|title| title.as_str()).map(str::to_owned);
                types.push(BlockType { name: name.to_owned(), class: class.to_owned(), title });
            } else {
                reader.wrong_kind(key, "a list of names", item);
            }
        }
        types
    }
}
