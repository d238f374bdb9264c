//! Tabs as generic blocks: `/// tab | Label`.
//!
//! Source of the rule: `pymdownx/blocks/tab.py`.

use super::machine::{Head, Kind, OpenBlock, Read, add};
use crate::markdown::engine::blocks::Parser;
use crate::markdown::engine::blocks::tree::{ElId, Tree};
use crate::markdown::engine::rules::Rules;
use crate::markdown::extensions::extension::Extension;
use crate::markdown::extensions::tabs::{TabHead, Tabs, add_tab, is_tab_set};
use crate::markdown::options::OptionReader;
use crate::text::{Chunk, Span};
use std::sync::Arc;

/// The options.
pub(crate) struct Options(Tabs);

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options(Tabs::read(reader))
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        self.0.register_names(rules);
        add(rules, self);
    }
}

impl Kind for Options {
    fn has(&self, name: &str) -> bool {
        name == "tab"
    }

    fn read(&self, head: &Head<'_>) -> Option<Read> {
        let tab = Tab {
            label: head.given()?.clone(),
            new: head.truth("new")?,
            select: head.truth("select")?,
            alternate: self.0.alternate_style,
            slugs: self.0.slugs(),
        };
        Some((head.attrs(&["new", "select"])?, Box::new(tab)))
    }
}

struct Tab {
    label: Chunk,
    new: bool,
    select: bool,
    alternate: bool,
    slugs: bool,
}

impl OpenBlock for Tab {
    fn create(&mut self, parser: &mut Parser<'_, '_>, parent: ElId, span: Span) -> ElId {
        let alternate = self.alternate;
        let last = parser.tree.last_child(parent);
        let set = last.filter(|last| !self.new && is_tab_set(&parser.tree, *last, alternate));
        let (label, select, slugs) = (self.label.clone(), self.select, self.slugs);
        add_tab(parser, parent, set, TabHead { label, select, alternate, slugs, span: Some(span) });
        parser.tree.last_child(parent).unwrap_or(parent)
    }

    fn content(&self, tree: &Tree, el: ElId) -> Option<ElId> {
        if !self.alternate {
            return tree.last_child(el);
        }
        let is_contents =
            |id: ElId| tree.get(id).attrs.get("class").is_some_and(|class| class.starts_with("tabbed-content"));
        let contents = tree.get(el).children.iter().rev().find(|child| is_contents(**child))?;
        tree.last_child(*contents)
    }
}
