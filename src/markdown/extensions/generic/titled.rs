//! Blocks with a title: what `admonition` and `details` share.
//!
//! Source of the rules: `pymdownx/blocks/admonition.py` and `details.py`.

use super::css::is_identifier;
use super::machine::Head;
use crate::markdown::extensions::title_case::title_case;
use crate::markdown::options::OptionReader;
use crate::text::{Chunk, Span};

/// A block name of its own, such as `note`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BlockType {
    /// The name after the slashes.
    pub(super) name: String,
    /// The class of the element.
    pub(super) class: String,
    /// The title where none is written; `None` for the class in title case.
    pub(super) title: Option<String>,
}

impl BlockType {
    /// Reads a list of names, or of mappings with `name`, `class` and `title`.
    pub(super) fn read_list(reader: &mut OptionReader<'_>, key: &'static str, default: &[&str]) -> Vec<BlockType> {
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

/// The class and the title of a block.
pub(super) struct Titled {
    /// The class.
    pub(super) class: String,
    title: Title,
}

/// A title.
enum Title {
    None,
    /// Made of the class or the configuration.
    Default(String),
    Written(Chunk),
}

impl Titled {
    /// Reads them; `known` is the name of its own that the block has.
    pub(super) fn read(head: &Head<'_>, known: Option<&BlockType>) -> Option<Titled> {
        let words = |class: &str| title_case(&fold_separators(class));
        let (class, default) = match known {
            Some(kind) => (kind.class.clone(), kind.title.clone().unwrap_or_else(|| words(&kind.class))),
            None => {
                let class = match head.option("type") {
                    Some(value) => value.as_str().filter(|value| is_identifier(value))?.to_owned(),
                    None => String::new(),
                };
                let title = words(&class);
                (class, title)
            }
        };
        let title = match head.argument {
            Some(written) if written.is_empty() => Title::None,
            Some(written) => Title::Written(written.clone()),
            None if class.is_empty() => Title::None,
            None => Title::Default(default),
        };
        Some(Titled { class, title })
    }

    /// Takes the title, for a block at `span`.
    pub(super) fn take_title(&mut self, span: Span) -> Option<Chunk> {
        match std::mem::replace(&mut self.title, Title::None) {
            Title::None => None,
            Title::Default(title) => Some(Chunk::synthetic(&title, span)),
            Title::Written(title) => Some(title),
        }
    }
}

/// Makes a space of each run of `-` and `_`.
fn fold_separators(text: &str) -> String {
    let mut out = String::new();
    for ch in text.chars() {
        match ch {
            '-' | '_' if out.ends_with(' ') => {}
            '-' | '_' => out.push(' '),
            _ => out.push(ch),
        }
    }
    out
}
