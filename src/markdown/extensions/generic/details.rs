//! Details as generic blocks: `/// details | Summary`.
//!
//! Source of the rule: `pymdownx/blocks/details.py`.

use super::machine::{Head, Kind, OpenBlock, Read, add};
use super::titled::{BlockType, Titled};
use crate::markdown::engine::blocks::Parser;
use crate::markdown::engine::blocks::tree::ElId;
use crate::markdown::engine::rules::Rules;
use crate::markdown::extensions::container::set_title;
use crate::markdown::extensions::extension::Extension;
use crate::markdown::options::OptionReader;
use crate::text::Span;
use std::sync::Arc;

/// The options.
pub(crate) struct Options {
    /// The block names besides `details`, each with its class.
    types: Vec<BlockType>,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options { types: BlockType::read_list(reader, "types", &[]) }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        let sane = rules.uses("pymdownx.saneheaders");
        add(rules, Arc::new(AllDetails { options: self, sane }));
    }
}

struct AllDetails {
    options: Arc<Options>,
    /// Whether a heading needs a space behind its `#`.
    sane: bool,
}

impl Kind for AllDetails {
    fn has(&self, name: &str) -> bool {
        name == "details" || self.options.types.iter().any(|known| known.name == name)
    }

    fn read(&self, head: &Head<'_>) -> Option<Read> {
        let known = self.options.types.iter().find(|known| known.name == head.name && head.name != "details");
        let titled = Titled::read(head, known)?;
        let open = head.truth("open")?;
        let attrs = head.attrs(if known.is_none() { &["open", "type"] } else { &["open"] })?;
        Some((attrs, Box::new(Details { titled, open, sane: self.sane })))
    }
}

struct Details {
    titled: Titled,
    open: bool,
    sane: bool,
}

impl OpenBlock for Details {
    fn create(&mut self, parser: &mut Parser<'_, '_>, parent: ElId, span: Span) -> ElId {
        let el = parser.element(parent, "details", Some(span));
        if self.open {
            parser.attrs(el).set("open", "open");
        }
        if !self.titled.class.is_empty() {
            parser.attrs(el).set("class", self.titled.class.clone());
        }
        if let Some(title) = self.titled.take_title(span) {
            let summary = parser.element(el, "summary", None);
            set_title(parser, summary, title, self.sane);
        }
        el
    }
}
