//! Which Markdown a page is written in: the flavour, and the rules of every extension in use.
//!
//! Owns how a list of extensions, as `markdown_extensions` of `mkdocs.yml` writes it, becomes a [`Dialect`].
//! Does not know what any extension does.

use super::engine::{self, rules::Rules};
use super::extensions::extension::{AnyOptions, Row};
use super::extensions::{self, emoji};
use super::options::OptionReader;
use super::preprocess::Preprocess;
use super::surroundings::Surroundings;
use crate::diag::{Code, Diagnostic, Diagnostics, nearest};
use crate::text::{Digest, SitePath, Span, Spanned, yaml};
use std::fmt;
use std::sync::Arc;

/// The two families of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// CommonMark with GitHub's extensions.
    CommonMark,
    /// Python-Markdown with the extensions that the project lists.
    MkDocs,
}

/// One entry of `markdown_extensions`.
#[derive(Clone, Debug, PartialEq)]
pub struct ExtensionUse {
    /// The name as written.
    pub name: Spanned<String>,
    /// The options below the name; `None` where it stands alone.
    pub options: Option<yaml::Node>,
}

/// A flavour with the rules of the extensions in use.
#[derive(Clone)]
pub struct Dialect {
    /// The family of rules.
    pub flavour: Flavour,
    /// What changes a page's text before it is parsed.
    pub preprocess: Option<Arc<dyn Preprocess>>,
    /// What pages may ask for; who makes the dialect fills it.
    pub surroundings: Surroundings,
    /// The rules, made once and shared.
    pub(crate) rules: Arc<Rules>,
    /// What they were made of: each extension's name, and its options as written.
    written: String,
}

/// What MkDocs always loads before the project's own list (`mkdocs/config/defaults.py`).
const BUILTIN: &[&str] = &["toc", "tables", "fenced_code"];

/// What `extra` stands for (`markdown/extensions/extra.py`).
const EXTRA: &[&str] = &["fenced_code", "footnotes", "attr_list", "def_list", "tables", "abbr", "md_in_html"];

/// What `pymdownx.extra` stands for (`pymdownx/extra.py`).
const PYMDOWNX_EXTRA: &[&str] = &[
    "pymdownx.betterem",
    "pymdownx.superfences",
    "footnotes",
    "attr_list",
    "def_list",
    "tables",
    "abbr",
    "md_in_html",
];

impl Dialect {
    /// Reads the project's list. MkDocs' own `toc`, `tables` and `fenced_code` are always in it; of
    /// an extension that is listed twice the last entry counts.
    ///
    /// Unknown names are warnings at the name (OB203), unknown options at the option, values of the
    /// wrong kind at the value.
    pub fn mkdocs(uses: &[ExtensionUse]) -> (Dialect, Diagnostics) {
        let mut list = List::default();
        let nowhere = Span::at_start(SitePath::new(""));
        for name in BUILTIN {
            list.add(&Spanned::new((*name).to_owned(), nowhere), None);
        }
        for entry in uses {
            list.add(&entry.name, entry.options.as_ref());
        }
        let List { extensions, diagnostics } = list;
        let written = extensions.iter().map(|(row, written, _)| format!("{}: {written}\n", row.name)).collect();
        let options = extensions.iter().map(|(row, _, options)| (row.name, Arc::clone(options))).collect();
        let mut rules = Rules::with_extensions(options);
        engine::register(&mut rules);
        for (row, _, options) in &extensions {
            (row.extend)(options, &mut rules);
        }
        engine::complete(&mut rules);
        (Dialect::of(Flavour::MkDocs, rules, written), diagnostics)
    }

    /// Returns the dialect of CommonMark and GitHub, which has no options.
    pub fn commonmark() -> Dialect {
        Dialect::of(Flavour::CommonMark, Rules::default(), String::new())
    }

    fn of(flavour: Flavour, rules: Rules, written: String) -> Dialect {
        let surroundings = Surroundings::default();
        Dialect { flavour, preprocess: None, surroundings, rules: Arc::new(rules), written }
    }

    /// Returns the names of all extensions, as Python imports them; built-in ones without
    /// `markdown.extensions.`.
    pub fn extensions() -> Vec<&'static str> {
        extensions::EXTENSIONS.iter().map(|row| row.name).collect()
    }

    /// Tells whether an extension is in use.
    pub fn uses(&self, name: &str) -> bool {
        self.rules.uses(name)
    }

    /// Returns the folders with icons of the project's own that `pymdownx.emoji` names.
    pub fn icon_folders(&self) -> Vec<String> {
        self.rules.options::<emoji::Options>().map_or_else(Vec::new, |emoji| emoji.custom_icons.clone())
    }

    /// Returns the digest of all that decides what a page becomes.
    pub fn digest(&self) -> Digest {
        let Dialect { flavour, preprocess, surroundings, written, rules: _ } = self;
        let preprocess = preprocess.as_ref().map(|preprocess| preprocess.text_digest());
        Digest::of(format!("{flavour:?}\n{written}\n{surroundings:?}\n{preprocess:?}").as_bytes())
    }
}

impl fmt::Debug for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialect")
            .field("flavour", &self.flavour)
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

/// A list of extensions as it is read.
#[derive(Default)]
struct List {
    /// Each with its options as written and as read, in the order in which they were first named.
    extensions: Vec<(&'static Row, String, AnyOptions)>,
    diagnostics: Diagnostics,
}

impl List {
    fn add(&mut self, name: &Spanned<String>, options: Option<&yaml::Node>) {
        let canonical = canonical_name(&name.value);
        let members = match canonical {
            "extra" => EXTRA,
            "pymdownx.extra" => PYMDOWNX_EXTRA,
            _ => return self.add_one(name, canonical, options),
        };
        // Options of a bundle are a mapping from its members' names to their options.
        for member in members {
            let options = options.and_then(|options| member_options(options, member));
            self.add(&Spanned::new((*member).to_owned(), name.span), options);
        }
    }

    fn add_one(&mut self, name: &Spanned<String>, canonical: &str, options: Option<&yaml::Node>) {
        let Some(row) = extensions::EXTENSIONS.iter().find(|row| row.name == canonical) else {
            if !extensions::WITHOUT_EFFECT.contains(&canonical) {
                self.diagnostics.push(unknown_extension(name, canonical));
            }
            return;
        };
        let mut reader = OptionReader::new(canonical, options, &mut self.diagnostics);
        let read = (row.read)(&mut reader);
        reader.finish();
        let written = options.map_or_else(String::new, yaml::Node::canonical);
        match self.extensions.iter_mut().find(|(known, ..)| known.name == row.name) {
            Some(known) => *known = (row, written, read),
            None => self.extensions.push((row, written, read)),
        }
    }
}

/// Finds a bundle member's options under any of its names.
fn member_options<'a>(options: &'a yaml::Node, member: &str) -> Option<&'a yaml::Node> {
    let entries = options.as_map()?;
    let found = entries.iter().rev().find(|(key, _)| key.as_str().is_some_and(|key| canonical_name(key) == member));
    found.map(|(_, value)| value)
}

/// Strips what Python lets one add to a name: the package of built-in extensions and the class.
fn canonical_name(name: &str) -> &str {
    let module = name.split(':').next().unwrap_or(name);
    module.strip_prefix("markdown.extensions.").unwrap_or(module)
}

fn unknown_extension(name: &Spanned<String>, canonical: &str) -> Diagnostic {
    if let Some((_, why)) = extensions::REFUSED.iter().find(|(refused, _)| *refused == canonical) {
        let message = format!("Markdown extension `{}` is not supported", name.value);
        return Diagnostic::new(Code::UnknownExtension, name.span, message).note(*why).help("remove it from the list");
    }
    let diagnostic =
        Diagnostic::new(Code::UnknownExtension, name.span, format!("unknown Markdown extension `{}`", name.value))
            .note("its syntax stays ordinary text on every page");
    match nearest(canonical, extensions::EXTENSIONS.iter().map(|row| row.name)) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help("the manual's page on Markdown lists the extensions that opsbook has"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> ExtensionUse {
        ExtensionUse { name: Spanned::new(name.to_owned(), Span::at_start(SitePath::new("mkdocs.yml"))), options: None }
    }

    #[test]
    fn names_may_be_long_or_short() {
        let (dialect, diagnostics) = Dialect::mkdocs(&[named("markdown.extensions.admonition"), named("extra")]);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        assert!(dialect.uses("admonition") && dialect.uses("footnotes") && dialect.uses("toc"));
        assert!(!dialect.uses("pymdownx.details"));
    }

    #[test]
    fn an_unknown_name_is_reported_with_the_nearest() {
        let (_, diagnostics) = Dialect::mkdocs(&[named("pymdownx.detals")]);
        let first = diagnostics.iter().next().expect("one finding");
        assert_eq!(first.message, "unknown Markdown extension `pymdownx.detals`");
        assert_eq!(first.help.as_deref(), Some("did you mean `pymdownx.details`?"));
    }
}
