//! Details: `??? note "Title"`, `???+ note` for open ones.
//!
//! Source of the rule: `pymdownx/details.py`.

use super::container::{Head, continue_container, set_title, squeeze};
use super::extension::Extension;
use crate::markdown::engine::blocks::tree::{ElId, Tree};
use crate::markdown::engine::blocks::{Blocks, Parser, Search};
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::text::Chunk;
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
        let sane = rules.uses("pymdownx.saneheaders");
        rules.blocks.register(
            "details",
            105.0,
            Box::new(move |parser, parent, blocks| details(parser, parent, blocks, search, sane)),
        );
    }
}

static DETAILS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^\?{3}(\+)? ?(?:([\w\-]+(?: +[\w\-]+)*?)?(?: +"(.*?)")|([\w\-]+(?: +[\w\-]+)*?)) *$"#)
        .expect("the expression is valid")
});

/// `??? note "Title"`, open with `???+`.
fn details(
    parser: &mut Parser<'_, '_>,
    parent: ElId,
    blocks: &mut Blocks,
    search: Search,
    sane_headings: bool,
) -> bool {
    let is_container = |tree: &Tree, id: ElId| tree.is(id, &["details"]);
    let Some(head) = Head::find(search, ("???", &DETAILS), &blocks[0]) else {
        return continue_container(parser, parent, blocks, is_container);
    };
    let block = head.pop(parser, parent, blocks);
    let (class, title) = if head.groups[4].is_some() {
        let class = squeeze(&head.text(&block, 4).to_lowercase());
        let title = head.default_title(&block, 4, class.split(' ').next().unwrap_or_default());
        (class, title)
    } else {
        let title = head.groups[3].clone().map_or(Chunk::default(), |title| block.slice(title));
        (squeeze(&head.text(&block, 2).to_lowercase()), title)
    };
    let details = parser.element(parent, "details", Some(head.span(&block)));
    if head.groups[1].is_some() {
        parser.attrs(details).set("open", "open");
    }
    if !class.is_empty() {
        parser.attrs(details).set("class", class);
    }
    let summary = parser.element(details, "summary", None);
    set_title(parser, summary, title, sane_headings);
    head.body(parser, details, &block, blocks);
    true
}
