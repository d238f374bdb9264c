//! Ids of tabs made of their labels.
//!
//! Source of the rule: `TabbedTreeprocessor` of `pymdownx/tabbed.py` 13.1. It runs after headings
//! have their ids.

use super::heading::plain;
use super::toc::Ids;
use crate::markdown::slug::Slugify;
use crate::markdown::tree::{Element, Node};

/// How tabs get their ids.
pub(in crate::markdown::engine) struct TabIds<'o> {
    pub(in crate::markdown::engine) slugify: &'o Slugify,
    pub(in crate::markdown::engine) separator: &'o str,
    pub(in crate::markdown::engine) combine_header_slug: bool,
    pub(in crate::markdown::engine) alternate: bool,
}

/// Gives inputs and labels of every set of tabs their ids.
pub(in crate::markdown::engine) fn apply(nodes: &mut [Node], options: &TabIds<'_>) {
    let mut ids = Ids::of(nodes);
    visit(nodes, options, &mut ids, "");
}

/// Visits a parent's children; the heading above a set of tabs is one among its siblings, or among
/// those of the nearest ancestor that has one.
fn visit(nodes: &mut [Node], options: &TabIds<'_>, ids: &mut Ids, outer: &str) {
    let mut heading = outer.to_owned();
    for node in nodes {
        let Node::Element(element) = node else { continue };
        if element.heading_level().is_some()
            && let Some(id) = element.attrs.get("id")
        {
            heading = id.to_owned();
        }
        let classes = element.attrs.has_class("tabbed-set")
            && (!options.alternate || element.attrs.has_class("tabbed-alternate"));
        if element.is(&["div"]) && classes {
            name_tabs(element, options, ids, &heading);
        }
        visit(&mut element.children, options, ids, &heading);
    }
}

fn name_tabs(set: &mut Element, options: &TabIds<'_>, ids: &mut Ids, heading: &str) {
    let mut slugs = Vec::new();
    for_labels(&mut set.children, options.alternate, &mut |label| {
        let mut slug = options.slugify.slug(&plain(&label.children), options.separator);
        if options.combine_header_slug && !heading.is_empty() {
            slug = format!("{heading}{}{slug}", options.separator);
        }
        let slug = ids.unique(slug);
        label.attrs.set("for", slug.clone());
        slugs.push(slug);
    });
    let mut slugs = slugs.into_iter();
    for child in &mut set.children {
        if let Node::Element(input) = child
            && input.is(&["input"])
            && let Some(slug) = slugs.next()
        {
            input.attrs.set("id", slug);
        }
    }
}

fn for_labels(children: &mut [Node], alternate: bool, work: &mut impl FnMut(&mut Element)) {
    for child in children {
        let Node::Element(element) = child else { continue };
        if element.is(&["label"]) {
            work(element);
        } else if alternate && element.attrs.get("class") == Some("tabbed-labels") {
            for_labels(&mut element.children, false, work);
        }
    }
}
