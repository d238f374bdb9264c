//! Definition lists as generic blocks: `/// define`.
//!
//! Source of the rule: `pymdownx/blocks/definition.py`.

use super::machine::{Head, Kind, OpenBlock, Read, add};
use crate::markdown::engine::blocks::Parser;
use crate::markdown::engine::blocks::tree::ElId;
use crate::markdown::engine::rules::Rules;
use crate::markdown::extensions::extension::Extension;
use crate::markdown::options::OptionReader;
use crate::text::Span;
use std::sync::Arc;

/// This extension has no options.
pub(crate) struct Options;

impl Extension for Options {
    fn read(_: &mut OptionReader<'_>) -> Options {
        Options
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        add(rules, self);
    }
}

impl Kind for Options {
    fn has(&self, name: &str) -> bool {
        name == "define"
    }

    fn read(&self, head: &Head<'_>) -> Option<Read> {
        if head.given().is_some() {
            return None;
        }
        Some((head.attrs(&[])?, Box::new(Definition)))
    }
}

struct Definition;

impl OpenBlock for Definition {
    fn create(&mut self, parser: &mut Parser<'_, '_>, parent: ElId, span: Span) -> ElId {
        parser.element(parent, "dl", Some(span))
    }

    /// Paragraphs become terms, items of lists become definitions.
    fn end(&self, parser: &mut Parser<'_, '_>, el: ElId) {
        let mut children = Vec::new();
        for child in std::mem::take(&mut parser.tree.get_mut(el).children) {
            if parser.tree.is(child, &["dt", "dd"]) {
                children.push(child);
            } else if parser.tree.is(child, &["ul", "ol"]) {
                for item in std::mem::take(&mut parser.tree.get_mut(child).children) {
                    parser.tree.get_mut(item).tag = "dd".into();
                    children.push(item);
                }
            } else if parser.tree.is(child, &["p"]) {
                parser.tree.get_mut(child).tag = "dt".into();
                children.push(child);
            } else {
                let term = parser.tree.detached("dt");
                parser.tree.get_mut(term).children.push(child);
                children.push(term);
            }
        }
        parser.tree.get_mut(el).children = children;
    }
}
