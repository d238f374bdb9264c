//! Admonitions as generic blocks: `/// admonition | Title`, `/// note | Title`.
//!
//! Source of the rule: `pymdownx/blocks/admonition.py`.

use super::machine::{Head, Kind, OpenBlock, Read, add};
use super::titled::{BlockType, Titled};
use crate::markdown::engine::blocks::Parser;
use crate::markdown::engine::blocks::leaf::{HEADINGS, find_hash_heading};
use crate::markdown::engine::blocks::lines::strip;
use crate::markdown::engine::blocks::tree::ElId;
use crate::markdown::engine::rules::Rules;
use crate::markdown::extensions::extension::Extension;
use crate::markdown::options::OptionReader;
use crate::text::Span;
use std::sync::Arc;

/// The options.
pub(crate) struct Options {
    /// The block names besides `admonition`, each with the class it stands for.
    types: Vec<BlockType>,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options { types: BlockType::read_list(reader, "types", DEFAULT_TYPES) }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        let sane = rules.uses("pymdownx.saneheaders");
        add(rules, Arc::new(Admonitions { options: self, sane }));
    }
}

const DEFAULT_TYPES: &[&str] =
    &["note", "attention", "caution", "danger", "error", "tip", "hint", "warning", "important"];

struct Admonitions {
    options: Arc<Options>,
    /// Whether a heading needs a space behind its `#`.
    sane: bool,
}

impl Kind for Admonitions {
    fn has(&self, name: &str) -> bool {
        name == "admonition" || self.options.types.iter().any(|known| known.name == name)
    }

    fn read(&self, head: &Head<'_>) -> Option<Read> {
        let known = self.options.types.iter().find(|known| known.name == head.name && head.name != "admonition");
        let titled = Titled::read(head, known)?;
        let attrs = head.attrs(if known.is_none() { &["type"] } else { &[] })?;
        Some((attrs, Box::new(Admonition { titled, sane: self.sane })))
    }
}

struct Admonition {
    titled: Titled,
    sane: bool,
}

impl OpenBlock for Admonition {
    fn create(&mut self, parser: &mut Parser<'_, '_>, parent: ElId, span: Span) -> ElId {
        let el = parser.element(parent, "div", Some(span));
        let class = match self.titled.class.as_str() {
            "" | "admonition" => "admonition".to_owned(),
            class => format!("admonition {class}"),
        };
        parser.attrs(el).set("class", class);
        let Some(title) = self.titled.take_title(span) else { return el };
        let p = parser.element(el, "p", None);
        parser.attrs(p).set("class", "admonition-title");
        match find_hash_heading(title.text(), self.sane) {
            Some(found) => {
                parser.tree.get_mut(p).tag = HEADINGS[found.level - 1].into();
                parser.tree.set_text(p, strip(&title.slice(found.header)));
            }
            None => parser.tree.set_text(p, title),
        }
        el
    }
}
