//! Which Markdown a page is written in: the flavour and the options of every extension in use.
//!
//! Owns the table of extensions by name and how a list of them, as `markdown_extensions` of
//! `mkdocs.yml` writes it, becomes a [`Dialect`]. Does not know what any extension does.

use super::extensions::{self, ExtensionOptions, OptionReader};
use crate::diag::{Code, Diagnostic, Diagnostics, nearest};
use crate::text::{SitePath, Span, Spanned, yaml};
use std::collections::BTreeMap;

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

macro_rules! dialect {
    ($($field:ident: $name:literal;)*) => {
        /// A flavour and the options of each extension; `None` where it is not in use.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Dialect {
            /// The family of rules.
            pub flavour: Flavour,
            /// Plugins that change a page's text before it is parsed, in order.
            pub preprocessors: Vec<super::preprocess::Preprocessor>,
            /// Icons of the project's own by their shortcode without colons: their SVG. Who makes
            /// the dialect fills it from the folders that `pymdownx.emoji` names.
            pub custom_icons: BTreeMap<String, String>,
            $(
                #[doc = concat!("`", $name, "`.")]
                pub $field: Option<extensions::$field::Options>,
            )*
        }

        impl Dialect {
            /// The names of all extensions, as Python imports them; built-in ones without `markdown.extensions.`.
            pub const EXTENSIONS: &'static [&'static str] = &[$($name),*];

            fn bare(flavour: Flavour) -> Dialect {
                Dialect { flavour, preprocessors: Vec::new(), custom_icons: BTreeMap::new(), $($field: None,)* }
            }

            /// Sets one extension's options; tells whether the name is known.
            fn set(&mut self, name: &str, reader: &mut OptionReader<'_>) -> bool {
                match name {
                    $($name => self.$field = Some(ExtensionOptions::read(reader)),)*
                    _ => return false,
                }
                true
            }
        }
    };
}

// One line per extension: the module in `extensions/` (and the field here), and the name.
dialect! {
    abbr: "abbr";
    mdx_gh_links: "mdx_gh_links";
    nl2br: "nl2br";
    arithmatex: "pymdownx.arithmatex";
    betterem: "pymdownx.betterem";
    bracketspan: "pymdownx.bracketspan";
    caret: "pymdownx.caret";
    critic: "pymdownx.critic";
    emoji: "pymdownx.emoji";
    escapeall: "pymdownx.escapeall";
    inlinehilite: "pymdownx.inlinehilite";
    keys: "pymdownx.keys";
    legacy_attrs: "legacy_attrs";
    legacy_em: "legacy_em";
    magiclink: "pymdownx.magiclink";
    mark: "pymdownx.mark";
    progressbar: "pymdownx.progressbar";
    smartsymbols: "pymdownx.smartsymbols";
    tilde: "pymdownx.tilde";
    smarty: "smarty";
    wikilinks: "wikilinks";
    admonition: "admonition";
    attr_list: "attr_list";
    codehilite: "codehilite";
    def_list: "def_list";
    fenced_code: "fenced_code";
    footnotes: "footnotes";
    markdown_include: "markdown_include.include";
    md_in_html: "md_in_html";
    meta: "meta";
    sane_lists: "sane_lists";
    tables: "tables";
    toc: "toc";
    truly_sane_lists: "mdx_truly_sane_lists";
    blocks_admonition: "pymdownx.blocks.admonition";
    blocks_caption: "pymdownx.blocks.caption";
    blocks_definition: "pymdownx.blocks.definition";
    blocks_details: "pymdownx.blocks.details";
    blocks_html: "pymdownx.blocks.html";
    blocks_tab: "pymdownx.blocks.tab";
    details: "pymdownx.details";
    fancylists: "pymdownx.fancylists";
    highlight: "pymdownx.highlight";
    quotes: "pymdownx.quotes";
    saneheaders: "pymdownx.saneheaders";
    snippets: "pymdownx.snippets";
    superfences: "pymdownx.superfences";
    tabbed: "pymdownx.tabbed";
    tasklist: "pymdownx.tasklist";
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
        let mut dialect = Dialect::bare(Flavour::MkDocs);
        let mut diagnostics = Diagnostics::new();
        let nowhere = Span::at_start(SitePath::new(""));
        for name in BUILTIN {
            dialect.add(&Spanned::new((*name).to_owned(), nowhere), None, &mut diagnostics);
        }
        for entry in uses {
            dialect.add(&entry.name, entry.options.as_ref(), &mut diagnostics);
        }
        (dialect, diagnostics)
    }

    /// Returns the dialect of CommonMark and GitHub, which has no options.
    pub fn commonmark() -> Dialect {
        Dialect::bare(Flavour::CommonMark)
    }

    fn add(&mut self, name: &Spanned<String>, options: Option<&yaml::Node>, diagnostics: &mut Diagnostics) {
        let canonical = canonical_name(&name.value);
        let members = match canonical {
            "extra" => EXTRA,
            "pymdownx.extra" => PYMDOWNX_EXTRA,
            _ => {
                let mut reader = OptionReader::new(canonical, options, diagnostics);
                if self.set(canonical, &mut reader) {
                    reader.finish();
                    // Both colour indented code with the same priority: the first has it.
                    if canonical == "codehilite"
                        && let Some(codehilite) = &mut self.codehilite
                    {
                        codehilite.before_highlight = self.highlight.is_none();
                    }
                } else if !extensions::WITHOUT_EFFECT.contains(&canonical) {
                    diagnostics.push(unknown_extension(name, canonical));
                }
                return;
            }
        };
        // Options of a bundle are a mapping from its members' names to their options.
        for member in members {
            let options = options.and_then(|options| member_options(options, member));
            self.add(&Spanned::new((*member).to_owned(), name.span), options, diagnostics);
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
    match nearest(canonical, Dialect::EXTENSIONS.iter().copied()) {
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
        assert!(dialect.admonition.is_some() && dialect.footnotes.is_some() && dialect.toc.is_some());
        assert!(dialect.details.is_none());
    }

    #[test]
    fn an_unknown_name_is_reported_with_the_nearest() {
        let (_, diagnostics) = Dialect::mkdocs(&[named("pymdownx.detals")]);
        let first = diagnostics.iter().next().expect("one finding");
        assert_eq!(first.message, "unknown Markdown extension `pymdownx.detals`");
        assert_eq!(first.help.as_deref(), Some("did you mean `pymdownx.details`?"));
    }
}
