//! Ids out of text, as Python-Markdown's `toc` and `pymdownx.slugs` make them.

use super::extensions::{OptionReader, python_name};
use unicode_normalization::UnicodeNormalization;

/// A way to make an id of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Slugify {
    /// `markdown.extensions.toc.slugify`: ASCII only.
    #[default]
    Ascii,
    /// `markdown.extensions.toc.slugify_unicode`.
    Unicode,
}

impl Slugify {
    /// Reads an option that names a Python function; `None` where it is not given.
    pub(crate) fn read_option(reader: &mut OptionReader<'_>, key: &'static str) -> Option<Slugify> {
        let node = reader.node(key).filter(|node| !node.is_null())?;
        match python_name(node) {
            Some("markdown.extensions.toc.slugify") => Some(Slugify::Ascii),
            Some("markdown.extensions.toc.slugify_unicode") => Some(Slugify::Unicode),
            _ => {
                reader.wrong_kind(key, "the name of a slug function that opsbook knows", node);
                None
            }
        }
    }

    /// Makes an id.
    pub fn slug(&self, text: &str, separator: &str) -> String {
        let text: String = match self {
            Slugify::Ascii => text.nfkd().filter(char::is_ascii).collect(),
            Slugify::Unicode => text.to_owned(),
        };
        let kept: String =
            text.chars().filter(|ch| ch.is_alphanumeric() || *ch == '_' || *ch == '-' || ch.is_whitespace()).collect();
        let mut slug = String::new();
        let mut gap = false;
        for ch in kept.trim().to_lowercase().chars() {
            if ch.is_whitespace() || separator.contains(ch) {
                gap = true;
                continue;
            }
            if std::mem::take(&mut gap) {
                slug.push_str(separator);
            }
            slug.push(ch);
        }
        if gap {
            slug.push_str(separator);
        }
        slug
    }
}
