//! Sets of tabs, which `pymdownx.tabbed` and `pymdownx.blocks.tab` make alike.
//!
//! Source of the rules: `pymdownx/tabbed.py` and `pymdownx/blocks/tab.py`.

use crate::markdown::engine::blocks::Parser;
use crate::markdown::engine::blocks::tree::{ElId, Tree};
use crate::markdown::engine::ids::Ids;
use crate::markdown::engine::page::Page;
use crate::markdown::engine::rules::Rules;
use crate::markdown::heading::plain;
use crate::markdown::options::OptionReader;
use crate::markdown::slug::Slugify;
use crate::markdown::tree::{Element, Node};
use crate::text::{Chunk, Span};
use std::collections::BTreeMap;

/// The options that both extensions have.
#[derive(Clone, Debug)]
pub(super) struct Tabs {
    /// Whether labels and contents stand in wrappers of their own.
    pub(super) alternate_style: bool,
    /// How a tab's id is made of its label; numbered ids without it.
    slugify: Option<Slugify>,
    /// Whether the id of the heading above is put before a tab's id.
    combine_header_slug: bool,
    /// What stands between words of an id.
    separator: String,
}

impl Tabs {
    /// Reads the options.
    pub(super) fn read(reader: &mut OptionReader<'_>) -> Tabs {
        Tabs {
            alternate_style: reader.bool("alternate_style", false),
            slugify: Slugify::read_option(reader, "slugify"),
            combine_header_slug: reader.bool("combine_header_slug", false),
            separator: reader.string("separator", "-"),
        }
    }

    /// Tells whether ids are made of labels, once headings have theirs.
    pub(super) fn slugs(&self) -> bool {
        self.slugify.is_some()
    }

    /// Registers the pass that makes ids of labels, where it is asked for (`TabbedTreeprocessor`). The
    /// last extension that does so counts.
    pub(super) fn register_names(&self, rules: &mut Rules) {
        let Some(slugify) = self.slugify.clone() else { return };
        let naming = Naming { slugify, tabs: self.clone() };
        let pass = move |nodes: &mut Vec<Node>, _: &mut Page<'_>| {
            let mut ids = Ids::of(nodes);
            visit(nodes, &naming, &mut ids, "");
        };
        rules.tree.register("tab_slugs", 4.0, Box::new(pass));
    }
}

/// What a tab's head says.
pub(super) struct TabHead {
    pub(super) label: Chunk,
    pub(super) select: bool,
    pub(super) alternate: bool,
    /// Whether ids are made of labels later.
    pub(super) slugs: bool,
    pub(super) span: Option<Span>,
}

fn tab_set_class(alternate: bool) -> &'static str {
    if alternate { "tabbed-set tabbed-alternate" } else { "tabbed-set" }
}

/// Tells whether an element is a set of tabs.
pub(super) fn is_tab_set(tree: &Tree, id: ElId, alternate: bool) -> bool {
    tree.is(id, &["div"]) && tree.get(id).attrs.get("class") == Some(tab_set_class(alternate))
}

/// Adds a tab to a set, or begins a set with it; returns the element for its content.
pub(super) fn add_tab(parser: &mut Parser<'_, '_>, parent: ElId, set: Option<ElId>, head: TabHead) -> ElId {
    let TabHead { label, select, alternate, slugs, span } = head;
    let first = set.is_none();
    let set = set.unwrap_or_else(|| {
        let sets = parser.page.state::<TabSets>();
        sets.n_sets += 1;
        let n_sets = sets.n_sets;
        let set = parser.element(parent, "div", span);
        parser.attrs(set).set("class", tab_set_class(alternate));
        parser.attrs(set).set("data-tabs", format!("{n_sets}:0"));
        if alternate {
            let labels = parser.element(set, "div", None);
            parser.attrs(labels).set("class", "tabbed-labels");
            let contents = parser.element(set, "div", None);
            parser.attrs(contents).set("class", "tabbed-content");
        }
        set
    });
    let data = parser.tree.get(set).attrs.get("data-tabs").unwrap_or_default().to_owned();
    let (n_set, n_tabs) = data.split_once(':').unwrap_or(("1", "0"));
    let n_tab = n_tabs.parse::<usize>().unwrap_or(0) + 1;
    let id = format!("__tabbed_{n_set}_{n_tab}");
    let input = parser.tree.detached("input");
    let known = parser.page.state::<TabSets>().known.remove(&set);
    let mut known = known.unwrap_or_else(|| TabSet::read(&parser.tree, set));
    if first || select {
        for other in std::mem::replace(&mut known.checked, vec![input]) {
            parser.attrs(other).remove("checked");
        }
        parser.attrs(input).set("checked", "checked");
    }
    let attrs = parser.attrs(input);
    attrs.set("name", format!("__tabbed_{n_set}"));
    attrs.set("type", "radio");
    if !slugs {
        attrs.set("id", id.clone());
    }
    parser.tree.get_mut(input).span = span;
    let (labels, contents, class) = if alternate {
        parser.tree.get_mut(set).children.insert(known.n_inputs, input);
        (known.labels.unwrap_or(set), known.contents.unwrap_or(set), "tabbed-block")
    } else {
        parser.tree.get_mut(set).children.push(input);
        (set, set, "tabbed-content")
    };
    let element = parser.element(labels, "label", span);
    if !slugs {
        parser.attrs(element).set("for", id);
    }
    parser.tree.set_text(element, label);
    let content = parser.element(contents, "div", None);
    parser.attrs(content).set("class", class);
    parser.attrs(set).set("data-tabs", format!("{n_set}:{n_tab}"));
    known.n_inputs += 1;
    parser.page.state::<TabSets>().known.insert(set, known);
    content
}

/// The sets of tabs of a page.
#[derive(Default)]
struct TabSets {
    n_sets: usize,
    known: BTreeMap<ElId, TabSet>,
}

/// What a set of tabs holds, so that the next tab finds its place without a look at all others.
struct TabSet {
    n_inputs: usize,
    /// Inputs that may be checked.
    checked: Vec<ElId>,
    labels: Option<ElId>,
    contents: Option<ElId>,
}

impl TabSet {
    fn read(tree: &Tree, set: ElId) -> TabSet {
        let children = &tree.get(set).children;
        let with_class =
            |class: &str| children.iter().copied().find(|child| tree.get(*child).attrs.get("class") == Some(class));
        let checked: Vec<ElId> = children.iter().copied().filter(|child| tree.is(*child, &["input"])).collect();
        let (labels, contents) = (with_class("tabbed-labels"), with_class("tabbed-content"));
        TabSet { n_inputs: checked.len(), checked, labels, contents }
    }
}

/// How tabs get their ids.
struct Naming {
    slugify: Slugify,
    tabs: Tabs,
}

/// Visits a parent's children; the heading above a set of tabs is one among its siblings, or among
/// those of the nearest ancestor that has one.
fn visit(nodes: &mut [Node], options: &Naming, ids: &mut Ids, outer: &str) {
    let mut heading = outer.to_owned();
    for node in nodes {
        let Node::Element(element) = node else { continue };
        if element.heading_level().is_some()
            && let Some(id) = element.attrs.get("id")
        {
            heading = id.to_owned();
        }
        let classes = element.attrs.has_class("tabbed-set")
            && (!options.tabs.alternate_style || element.attrs.has_class("tabbed-alternate"));
        if element.is(&["div"]) && classes {
            name_tabs(element, options, ids, &heading);
        }
        visit(&mut element.children, options, ids, &heading);
    }
}

fn name_tabs(set: &mut Element, options: &Naming, ids: &mut Ids, heading: &str) {
    let mut slugs = Vec::new();
    for_labels(&mut set.children, options.tabs.alternate_style, &mut |label| {
        let mut slug = options.slugify.slug(&plain(&label.children), &options.tabs.separator);
        if options.tabs.combine_header_slug && !heading.is_empty() {
            slug = format!("{heading}{}{slug}", &options.tabs.separator);
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
