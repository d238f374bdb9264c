//! Ids out of text, as Python-Markdown's `toc` and `pymdownx.slugs` make them.

use super::engine::inline::chars::{is_space, is_word, strip};
use super::options::{OptionReader, python_name};
use crate::text::yaml;
use std::fmt::Write;
use unicode_normalization::UnicodeNormalization;

/// Composes letters and their marks (NFC): the same name may be written in two ways, as by macOS and by a keyboard.
pub fn composed(text: &str) -> String {
    text.nfc().collect()
}

/// A way to make an id of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Slugify {
    /// `markdown.extensions.toc.slugify`: ASCII only.
    #[default]
    Ascii,
    /// `markdown.extensions.toc.slugify_unicode`.
    Unicode,
    /// `pymdownx.slugs`.
    Pymdownx {
        /// What becomes of capital letters.
        case: Case,
        /// Whether what is not ASCII is percent-encoded.
        percent_encode: bool,
        /// The normal form.
        normalize: Form,
    },
}

/// What becomes of capital letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// They stay.
    None,
    /// They become small.
    Lower,
    /// Those of ASCII become small.
    LowerAscii,
    /// Unicode's case folding.
    Fold,
}

/// Unicode's normal forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Composed.
    Nfc,
    /// Decomposed.
    Nfd,
    /// Composed, by compatibility.
    Nfkc,
    /// Decomposed, by compatibility.
    Nfkd,
}

impl Slugify {
    /// Reads an option that names a Python function; `None` where it is not given.
    pub(crate) fn read_option(reader: &mut OptionReader<'_>, key: &'static str) -> Option<Slugify> {
        let node = reader.node(key).filter(|node| !node.is_null())?;
        let found =
            python_name(node).or_else(|| node.get("object").and_then(python_name)).and_then(|name| by_name(name, node));
        if found.is_none() {
            reader.wrong_kind(key, "the name of a slug function that opsbook knows", node);
        }
        found
    }

    /// Reads the name of a Python function, as YAML writes it; `None` for one that is not known.
    pub fn of_node(node: &yaml::Node) -> Option<Slugify> {
        let name = python_name(node).or_else(|| node.get("object").and_then(python_name))?;
        by_name(name, node)
    }

    /// Makes an id.
    pub fn slug(&self, text: &str, separator: &str) -> String {
        match self {
            Slugify::Ascii => by_toc(&text.nfkd().filter(char::is_ascii).collect::<String>(), separator),
            Slugify::Unicode => by_toc(text, separator),
            Slugify::Pymdownx { case, percent_encode, normalize } => {
                by_pymdownx(text, separator, *case, *percent_encode, *normalize)
            }
        }
    }
}

/// Knows the functions of Python-Markdown and PyMdown Extensions, today's and former ones.
fn by_name(name: &str, node: &yaml::Node) -> Option<Slugify> {
    let pymdownx = |case, percent_encode| Slugify::Pymdownx { case, percent_encode, normalize: Form::Nfc };
    Some(match name {
        "markdown.extensions.toc.slugify" => Slugify::Ascii,
        "markdown.extensions.toc.slugify_unicode" => Slugify::Unicode,
        "pymdownx.slugs.slugify" => {
            let option = |key: &str| node.get("kwds").and_then(|kwds| kwds.get(key));
            let word = |key: &str| option(key).and_then(yaml::Node::scalar_text).unwrap_or_default();
            let case = match word("case").as_str() {
                "lower" => Case::Lower,
                "lower-ascii" => Case::LowerAscii,
                "fold" => Case::Fold,
                _ => Case::None,
            };
            let normalize = match word("normalize").as_str() {
                "NFD" => Form::Nfd,
                "NFKC" => Form::Nfkc,
                "NFKD" => Form::Nfkd,
                _ => Form::Nfc,
            };
            let percent_encode = option("percent_encode").and_then(yaml::Node::as_bool).unwrap_or(false);
            Slugify::Pymdownx { case, percent_encode, normalize }
        }
        "pymdownx.slugs.uslugify" => pymdownx(Case::Lower, false),
        "pymdownx.slugs.uslugify_cased" => pymdownx(Case::None, false),
        "pymdownx.slugs.uslugify_encoded" => pymdownx(Case::Lower, true),
        "pymdownx.slugs.uslugify_cased_encoded" => pymdownx(Case::None, true),
        "pymdownx.slugs.gfm" => pymdownx(Case::LowerAscii, false),
        "pymdownx.slugs.gfm_encoded" => pymdownx(Case::LowerAscii, true),
        _ => return None,
    })
}

/// `slugify` of `markdown/extensions/toc.py`.
fn by_toc(text: &str, separator: &str) -> String {
    let kept: String = text.chars().filter(|c| is_word(*c) || is_space(*c) || *c == '-').collect();
    let mut slug = String::new();
    let mut in_gap = false;
    for c in strip(&kept).to_lowercase().chars() {
        // The separator stands in a class of characters in Python's expression.
        let gap = is_space(c) || separator.contains(c);
        if gap && !in_gap {
            slug.push_str(separator);
        }
        if !gap {
            slug.push(c);
        }
        in_gap = gap;
    }
    slug
}

/// `_uslugify` of `pymdownx/slugs.py`.
fn by_pymdownx(text: &str, separator: &str, case: Case, percent_encode: bool, normalize: Form) -> String {
    let normal: String = match normalize {
        Form::Nfc => text.nfc().collect(),
        Form::Nfd => text.nfd().collect(),
        Form::Nfkc => text.nfkc().collect(),
        Form::Nfkd => text.nfkd().collect(),
    };
    let plain = without_tags(&normal);
    let plain = strip(&plain);
    let cased = match case {
        Case::None => plain.to_owned(),
        Case::Lower => plain.to_lowercase(),
        Case::LowerAscii => plain.to_ascii_lowercase(),
        // Rust has no folding of its own; small letters of capital ones are the same but for a few.
        Case::Fold => plain.to_uppercase().to_lowercase().replace('ς', "σ"),
    };
    let mut slug = String::new();
    for c in cased.chars() {
        if c == ' ' {
            slug.push_str(separator);
        } else if is_word(c) || c == '-' {
            slug.push(c);
        }
    }
    if percent_encode { encode(&slug) } else { slug }
}

/// Removes tags: `</?[^>]*>`.
fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        let Some(close) = rest[open..].find('>') else { break };
        out.push_str(&rest[..open]);
        rest = &rest[open + close + 1..];
    }
    out.push_str(rest);
    out
}

/// `urllib.parse.quote`.
fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"_.-~/".contains(&byte) {
            out.push(byte as char);
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tocs_own_rule_keeps_ascii() {
        assert_eq!(Slugify::Ascii.slug("Žlutý  kůň: 50 % -- x", "-"), "zluty-kun-50-x");
        assert_eq!(Slugify::Unicode.slug("Žlutý kůň", "-"), "žlutý-kůň");
        assert_eq!(Slugify::Ascii.slug("日本", "-"), "");
    }

    #[test]
    fn pymdownx_keeps_every_space() {
        let slugs = Slugify::Pymdownx { case: Case::Lower, percent_encode: false, normalize: Form::Nfc };
        assert_eq!(slugs.slug("A  b & <i>C</i>", "-"), "a--b--c");
        let encoded = Slugify::Pymdownx { case: Case::None, percent_encode: true, normalize: Form::Nfc };
        assert_eq!(encoded.slug("é", "-"), "%C3%A9");
    }
}
