//! HTML elements as generic blocks: `/// html | div.class`.
//!
//! Source of the rule: `pymdownx/blocks/html.py`.

use super::css::selectors;
use super::machine::{Head, Kind, Mode, OpenBlock, Read, add, is_raw};
use crate::markdown::engine::blocks::Parser;
use crate::markdown::engine::blocks::tree::{ElId, Slot};
use crate::markdown::engine::rules::Rules;
use crate::markdown::extensions::extension::Extension;
use crate::markdown::options::OptionReader;
use crate::markdown::tree::{Attrs, Node, Raw};
use crate::text::{Chunk, Span};
use std::sync::Arc;

/// The options.
pub(crate) struct Options {
    /// How the content of certain tags is read: the tag and one of `auto`, `inline`, `block`,
    /// `raw`, `html`.
    custom: Vec<(String, String)>,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        let Some(node) = reader.node("custom") else { return Options { custom: Vec::new() } };
        if node.as_seq().is_none() && !node.is_null() {
            reader.refuse_unless_empty("custom", "a list of mappings", node);
        }
        let mut custom = Vec::new();
        for item in node.as_seq().unwrap_or_default() {
            let text = |key: &str| item.get(key).and_then(|value| value.as_str());
            match text("tag") {
                Some(tag) => custom.push((tag.to_owned(), text("mode").unwrap_or("auto").to_owned())),
                None => reader.refuse("custom", "a list of mappings with `tag`", item),
            }
        }
        Options { custom }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        add(rules, self);
    }
}

impl Kind for Options {
    fn has(&self, name: &str) -> bool {
        name == "html"
    }

    fn read(&self, head: &Head<'_>) -> Option<Read> {
        let (tag, selector) = selectors(head.given()?.text(), true)?;
        let mode = match head.option("markdown") {
            Some(mode) => mode_named(&mode.as_str()?.to_lowercase())?,
            None => Mode::Auto,
        };
        let tag = tag.to_lowercase();
        let custom = self.custom.iter().rev().find(|(known, _)| *known == tag);
        let mode = match (mode, custom) {
            (Mode::Auto, Some((_, custom))) => mode_named(custom).unwrap_or(Mode::Auto),
            _ => mode,
        };
        Some((head.attrs(&["markdown"])?, Box::new(Html { tag, selector, mode })))
    }
}

fn mode_named(name: &str) -> Option<Mode> {
    Some(match name {
        "auto" => Mode::Auto,
        "inline" => Mode::Inline,
        "block" => Mode::Block,
        "raw" => Mode::Raw,
        "html" => Mode::Html,
        _ => return None,
    })
}

struct Html {
    tag: String,
    selector: Attrs,
    mode: Mode,
}

impl OpenBlock for Html {
    fn create(&mut self, parser: &mut Parser<'_, '_>, parent: ElId, span: Span) -> ElId {
        let el = parser.element(parent, self.tag.clone(), Some(span));
        *parser.attrs(el) = std::mem::take(&mut self.selector);
        el
    }

    fn mode(&self) -> Mode {
        // What is not even escaped is added as it is, too.
        if self.mode == Mode::Html { Mode::Raw } else { self.mode }
    }

    /// Hides content that is not Markdown.
    fn end(&self, parser: &mut Parser<'_, '_>, el: ElId) {
        let untouched =
            self.mode == Mode::Html || self.mode == Mode::Auto && matches!(self.tag.as_str(), "script" | "style");
        let escaped = self.mode == Mode::Raw || self.mode == Mode::Auto && is_raw(&self.tag);
        if !untouched && !escaped {
            return;
        }
        let text = std::mem::take(&mut parser.tree.get_mut(el).text.chunk);
        let Some(span) = text.whole_span() else { return };
        let html = if untouched {
            text.text().to_owned()
        } else {
            text.text().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
        };
        let mark = parser.page.stash.put(Node::Raw(Raw { html, span, block: false }));
        parser.tree.get_mut(el).text = Slot { chunk: Chunk::synthetic(&mark, span), atomic: true };
    }
}
