//! Attributes in text: `{@key=value}` is put on the element whose text it stands in, or that it
//! follows.
//!
//! Source of the rule: `LegacyAttrs` of `markdown/extensions/legacy_attrs.py`.

use super::extension::Extension;
use crate::markdown::attrs::xml_name;
use crate::markdown::engine::mark::ATOMIC;
use crate::markdown::engine::nodes::{attrs_of_mut, is_element};
use crate::markdown::engine::page::Page;
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::markdown::tree::Node;
use regex::{Captures, Regex};
use std::sync::{Arc, LazyLock};

/// The options; there are none.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options;

impl Extension for Options {
    fn read(_: &mut OptionReader<'_>) -> Options {
        Options
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        let pass = |nodes: &mut Vec<Node>, _: &mut Page<'_>| {
            apply(nodes);
        };
        rules.tree.register("legacyattrs", 15.0, Box::new(pass));
    }
}

static ATTR: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{@([^}]*)=([^}]*)\}").expect("the expression is valid"));

/// Takes attributes out of the texts of nodes and puts them where they belong; returns those that are
/// for the element around the nodes.
fn apply(nodes: &mut [Node]) -> Vec<(String, String)> {
    let mut own = Vec::new();
    let mut last = None;
    for at in 0..nodes.len() {
        let mut target = last;
        let mut found = Vec::new();
        match &mut nodes[at] {
            Node::Element(element) => {
                if let Some(alt) = element.attrs.get("alt").map(str::to_owned) {
                    element.attrs.set("alt", take(&alt, &mut found));
                }
                found.extend(apply(&mut element.children));
                target = Some(at);
            }
            Node::Text(text) if !text.text.starts_with(ATOMIC) => text.text = take(&text.text, &mut found),
            _ => {}
        }
        if is_element(&nodes[at]) {
            last = Some(at);
        }
        match target.and_then(|target| attrs_of_mut(&mut nodes[target])) {
            Some(attrs) => found.into_iter().for_each(|(name, value)| attrs.set(name, value)),
            None => own.extend(found),
        }
    }
    own
}

/// Returns a text without its attributes.
fn take(text: &str, found: &mut Vec<(String, String)>) -> String {
    let replaced = ATTR.replace_all(text, |attr: &Captures<'_>| {
        found.push((xml_name(&attr[1]).into_owned(), attr[2].replace('\n', " ")));
        ""
    });
    replaced.into_owned()
}
