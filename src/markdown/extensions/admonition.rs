//! Admonitions: `!!! note "Title"` over a body indented by four.
//!
//! Source of the rule: `markdown/extensions/admonition.py`.

use super::container::{Head, continue_container, squeeze};
use super::extension::Extension;
use crate::markdown::engine::blocks::tree::{ElId, Tree};
use crate::markdown::engine::blocks::{Blocks, Parser, Search};
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use regex::Regex;
use std::sync::{Arc, LazyLock};

/// This extension has no options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options;

impl Extension for Options {
    fn read(_: &mut OptionReader<'_>) -> Options {
        Options
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        let search = rules.search();
        rules.blocks.register(
            "admonition",
            105.0,
            Box::new(move |parser, parent, blocks| admonition(parser, parent, blocks, search)),
        );
    }
}

static ADMONITION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"^!!! ?([\w\-]+(?: +[\w\-]+)*)(?: +"(.*?)")? *$"#).expect("the expression is valid"));

/// `!!! note "Title"`.
fn admonition(parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks, search: Search) -> bool {
    let is_container = |tree: &Tree, id: ElId| {
        tree.is(id, &["div"]) && tree.get(id).attrs.get("class").is_some_and(|class| class.contains("admonition"))
    };
    let Some(head) = Head::find(search, ("!!!", &ADMONITION), &blocks[0]) else {
        return continue_container(parser, parent, blocks, is_container);
    };
    let block = head.pop(parser, parent, blocks);
    let class = squeeze(&head.text(&block, 1).to_lowercase());
    let title = match &head.groups[2] {
        Some(title) => block.slice(title.clone()),
        None => head.default_title(&block, 1, class.split(' ').next().unwrap_or_default()),
    };
    let div = parser.element(parent, "div", Some(head.span(&block)));
    parser.attrs(div).set("class", format!("admonition {class}"));
    if !title.is_empty() {
        let p = parser.element(div, "p", None);
        parser.attrs(p).set("class", "admonition-title");
        parser.tree.set_text(p, title);
    }
    head.body(parser, div, &block, blocks);
    true
}
