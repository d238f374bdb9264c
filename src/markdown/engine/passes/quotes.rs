//! Callouts: quotes that become admonitions or details.
//!
//! Source of the rule: `QuotesTreeprocessor` of pymdown-extensions 13.1.

use super::for_each_element;
use crate::markdown::tree::{Element, Node};

/// Turns quotes with `data-alert` into what they stand for.
pub(in crate::markdown::engine) fn apply(nodes: &mut [Node]) {
    for_each_element(nodes, &mut |element| {
        if !element.is(&["blockquote"]) {
            return;
        }
        let Some(classes) = element.attrs.remove("data-alert").filter(|classes| !classes.is_empty()) else { return };
        let collapse = element.attrs.remove("data-alert-collapse").unwrap_or_default();
        let first = element.children.iter_mut().find_map(|child| match child {
            Node::Element(first) => Some(first),
            _ => None,
        });
        if collapse.is_empty() {
            element.tag = "div".into();
            if let Some(first) = first
                && (first.is(&["p"]) || first.heading_level().is_some())
            {
                first.attrs.add_class("admonition-title");
            }
            element.attrs.add_class("admonition");
        } else {
            element.tag = "details".into();
            if let Some(first) = first {
                summarise(first);
            }
            if collapse == "open" {
                element.attrs.set("open", "open");
            }
        }
        element.attrs.add_class(&classes);
    });
}

/// Makes a summary of a paragraph, or puts a heading into one.
fn summarise(first: &mut Element) {
    if first.is(&["p"]) {
        first.tag = "summary".into();
    } else if first.heading_level().is_some() {
        let summary = Element::new("summary", first.span);
        let heading = std::mem::replace(first, summary);
        first.children.push(heading.into());
    }
}
