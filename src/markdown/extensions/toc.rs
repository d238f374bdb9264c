//! Heading ids, permalinks, and the table of contents at `[TOC]`.
//!
//! Source of the rule: `markdown/extensions/toc.py` of Python-Markdown 3.11.

use super::{ExtensionOptions, OptionReader};
use crate::markdown::slug::Slugify;
use crate::text::yaml::{self, Kind};

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The text that the table of contents replaces; empty for none.
    pub marker: String,
    /// The title of the table.
    pub title: String,
    /// The class of the title.
    pub title_class: String,
    /// The class of the table.
    pub toc_class: String,
    /// Whether headings are links to themselves.
    pub anchorlink: bool,
    /// The class of such a link.
    pub anchorlink_class: String,
    /// The link after a heading.
    pub permalink: Permalink,
    /// The class of that link.
    pub permalink_class: String,
    /// The title of that link.
    pub permalink_title: String,
    /// Whether that link stands before the heading's text.
    pub permalink_leading: bool,
    /// The level that `#` makes.
    pub baselevel: u8,
    /// How ids are made.
    pub slugify: Slugify,
    /// What stands between the words of an id.
    pub separator: String,
    /// The first and the last level in the table.
    pub toc_depth: (u8, u8),
}

/// The link after a heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permalink {
    /// None.
    Off,
    /// `¶`.
    Pilcrow,
    /// A text of the project's own.
    Text(String),
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        let permalink = read_permalink(reader);
        let toc_depth = read_depth(reader);
        Options {
            marker: reader.string("marker", "[TOC]"),
            title: reader.string("title", ""),
            title_class: reader.string("title_class", "toctitle"),
            toc_class: reader.string("toc_class", "toc"),
            anchorlink: reader.bool("anchorlink", false),
            anchorlink_class: reader.string("anchorlink_class", "toclink"),
            permalink,
            permalink_class: reader.string("permalink_class", "headerlink"),
            permalink_title: reader.string("permalink_title", "Permanent link"),
            permalink_leading: reader.bool("permalink_leading", false),
            baselevel: u8::try_from(reader.int("baselevel", 1).clamp(1, 6)).unwrap_or(1),
            slugify: Slugify::read_option(reader, "slugify").unwrap_or_default(),
            separator: reader.string("separator", "-"),
            toc_depth,
        }
    }
}

/// Python-Markdown takes words for truth values first, and anything else for the link's text.
fn read_permalink(reader: &mut OptionReader<'_>) -> Permalink {
    let Some(node) = reader.node("permalink") else { return Permalink::Off };
    match (super::truth(node), &node.kind) {
        (Some(true), _) => Permalink::Pilcrow,
        (Some(false), _) | (None, Kind::Null) => Permalink::Off,
        (None, _) => match node.scalar_text() {
            Some(text) => Permalink::Text(text),
            None => {
                reader.wrong_kind("permalink", "true, false or a text", node);
                Permalink::Off
            }
        },
    }
}

fn read_depth(reader: &mut OptionReader<'_>) -> (u8, u8) {
    let Some(node) = reader.node("toc_depth") else { return (1, 6) };
    let depth = depth_of(node);
    if depth.is_none() {
        reader.wrong_kind("toc_depth", "a level such as `3` or a range such as `2-4`", node);
    }
    depth.unwrap_or((1, 6))
}

fn depth_of(node: &yaml::Node) -> Option<(u8, u8)> {
    let text = node.scalar_text()?;
    match text.split_once('-') {
        Some((top, bottom)) => Some((top.trim().parse().ok()?, bottom.trim().parse().ok()?)),
        None => Some((1, text.trim().parse().ok()?)),
    }
}
