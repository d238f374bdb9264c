//! Captions as generic blocks: `/// caption`, `/// figure-caption`, after what they describe.
//!
//! Source of the rule: `pymdownx/blocks/caption.py` of pymdown-extensions 13.1.

use super::{ExtensionOptions, OptionReader};

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The block names with their numbering.
    pub types: Vec<CaptionType>,
    /// How deep nested figures get numbers; 0 for all.
    pub auto_level: i64,
    /// Whether captions with a prefix are numbered without being asked.
    pub auto: bool,
    /// Whether the caption stands before the content.
    pub prepend: bool,
}

/// A kind of caption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptionType {
    /// The name after the slashes.
    pub name: String,
    /// The text before the caption, `{}` standing for the number.
    pub prefix: String,
    /// Classes of the figure.
    pub classes: String,
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options {
            types: read_types(reader),
            auto_level: reader.int("auto_level", 0),
            auto: reader.bool("auto", true),
            prepend: reader.bool("prepend", false),
        }
    }
}

fn read_types(reader: &mut OptionReader<'_>) -> Vec<CaptionType> {
    let kind = |name: &str, prefix: &str, classes: &str| CaptionType {
        name: name.to_owned(),
        prefix: prefix.to_owned(),
        classes: classes.to_owned(),
    };
    let Some(node) = reader.node("types") else {
        return vec![
            kind("caption", "", ""),
            kind("figure-caption", "Figure {}.", ""),
            kind("table-caption", "Table {}.", ""),
        ];
    };
    let mut types = Vec::new();
    for item in node.as_seq().unwrap_or_default() {
        let text = |key: &str| item.get(key).and_then(|value| value.as_str()).unwrap_or_default();
        match (item.as_str(), text("name")) {
            (Some(name), _) => types.push(kind(name, "", "")),
            (None, "") => reader.wrong_kind("types", "a list of names", item),
            (None, name) => types.push(kind(name, text("prefix"), text("classes"))),
        }
    }
    if node.as_seq().is_none() && !node.is_null() {
        reader.wrong_kind("types", "a list", node);
    }
    types
}
