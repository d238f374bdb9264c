//! Task lists: `- [ ] open`, `- [x] done`.
//!
//! Source of the rule: `pymdownx/tasklist.py`. Its pass runs before text is read, on items whose text, or
//! whose first paragraph, begins with `[ ]`, `[x]` or `[X]`.

use super::extension::Extension;
use crate::markdown::engine::blocks::Parser;
use crate::markdown::engine::blocks::tree::{ElId, Tree};
use crate::markdown::engine::page::Page;
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::markdown::tree::{Node, Raw};
use crate::text::{Chunk, Span};
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// Whether a `<label>` with an empty `<span>` wraps the box.
    pub(crate) custom_checkbox: bool,
    /// Whether the reader may tick the box.
    pub(crate) clickable_checkbox: bool,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        // Python takes them, and nothing reads them.
        reader.node("delete");
        reader.node("subscript");
        Options {
            custom_checkbox: reader.bool("custom_checkbox", false),
            clickable_checkbox: reader.bool("clickable_checkbox", false),
        }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        let pass = move |parser: &mut Parser<'_, '_>| apply(&mut parser.tree, &self, parser.page);
        rules.block_tree.register("task-list", 25.0, Box::new(pass));
    }
}

/// Puts check boxes into the items of task lists.
fn apply(tree: &mut Tree, options: &Options, page: &mut Page<'_>) {
    for list in tree.ids_in_order(Tree::ROOT) {
        let mut found = false;
        for item in tree.get(list).children.clone() {
            if tree.is(item, &["li"]) && put_box(tree, item, options, page) {
                tree.get_mut(item).attrs.add_class("task-list-item");
                found = true;
            }
        }
        if found && !tree.get(list).attrs.has_class("task-list") {
            tree.get_mut(list).attrs.add_class("task-list");
        }
    }
}

fn put_box(tree: &mut Tree, item: ElId, options: &Options, page: &mut Page<'_>) -> bool {
    let holder = if !tree.get(item).text.chunk.is_empty() {
        item
    } else {
        match tree.get(item).children.first() {
            Some(first) if tree.is(*first, &["p"]) => *first,
            _ => return false,
        }
    };
    let text = tree.get(holder).text.chunk.clone();
    let Some((checked, len)) = box_at(text.text()) else { return false };
    let span = text.span(0..len);
    let mark = page.stash.put(check_box(checked, options, span));
    let mut replaced = Chunk::synthetic(&mark, span);
    replaced.push_slice(&text, len..text.len());
    tree.set_text(holder, replaced);
    true
}

/// Reads `[x] `; whether it is ticked, and its length with the spaces around it.
fn box_at(text: &str) -> Option<(bool, usize)> {
    let indent = text.len() - text.trim_start_matches(' ').len();
    let rest = text[indent..].strip_prefix('[')?;
    let state = rest.chars().next().filter(|state| matches!(state, 'x' | 'X' | ' '))?;
    let after = rest[1..].strip_prefix(']')?;
    let gap = after.len() - after.trim_start_matches(' ').len();
    (gap > 0).then_some((state != ' ', indent + 3 + gap))
}

fn check_box(checked: bool, options: &Options, span: Span) -> Node {
    let disabled = if options.clickable_checkbox { "" } else { " disabled" };
    let checked = if checked { " checked" } else { "" };
    let input = format!("<input type=\"checkbox\"{disabled}{checked}/>");
    let html = if options.custom_checkbox {
        format!("<label class=\"task-list-control\">{input}<span class=\"task-list-indicator\"></span></label> ")
    } else {
        format!("{input} ")
    };
    Node::Raw(Raw { html, span, block: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_need_one_state_and_a_space() {
        assert_eq!(box_at("[x] a"), Some((true, 4)));
        assert_eq!(box_at(" [ ]  a"), Some((false, 6)));
        for text in ["[-] a", "[ ]a", "[] a", "[xx] a"] {
            assert_eq!(box_at(text), None);
        }
    }
}
