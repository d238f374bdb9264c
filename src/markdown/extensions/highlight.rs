//! How code blocks are coloured, numbered and titled.
//!
//! Source of the rule: `pymdownx/highlight.py` of pymdown-extensions 13.1. On purpose different:
//! a language is never guessed (`guess_lang`), and colours are always classes (`noclasses`).

use super::{ExtensionOptions, OptionReader};
use crate::diag::{Code, Diagnostic};
use crate::markdown::tree::{LanguageTitle, LinenumsStyle};
use crate::text::yaml::{self, Kind};

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Whether code is coloured.
    pub use_pygments: bool,
    /// Whether a missing language may be guessed.
    pub guess_lang: bool,
    /// The class of the wrapper.
    pub css_class: String,
    /// Whether lines are numbered: always, never (not even where a fence asks), or where asked.
    pub linenums: Option<bool>,
    /// How numbers stand beside lines.
    pub linenums_style: LinenumsStyle,
    /// Every how many lines is special; below 0 for none.
    pub linenums_special: i64,
    /// Names and the languages that colour them.
    pub extend_pygments_lang: Vec<(String, String)>,
    /// The prefix of language classes.
    pub language_prefix: String,
    /// Whether attributes stand on `<pre>` where nothing is coloured.
    pub code_attr_on_pre: bool,
    /// Whether the language's name is a title.
    pub auto_title: bool,
    /// Other titles for names of languages.
    pub auto_title_map: Vec<LanguageTitle>,
    /// The prefix of ids around lines.
    pub line_spans: String,
    /// The prefix of anchors before lines.
    pub line_anchors: String,
    /// Whether numbers are links.
    pub anchor_linenums: bool,
    /// Whether the wrapper has a class for the language.
    pub pygments_lang_class: bool,
    /// Whether empty lines at both ends are dropped.
    pub stripnl: bool,
    /// The language of code that names none.
    pub default_lang: String,
    /// Whether titles of fences are HTML.
    pub title_html: bool,
}

impl Default for Options {
    fn default() -> Options {
        let mut nothing = crate::diag::Diagnostics::new();
        Options::read(&mut OptionReader::new("pymdownx.highlight", None, &mut nothing))
    }
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        // Without effect where colours are classes: which classes there are does not depend on it.
        reader.node("pygments_style");
        // Read by no code since pymdown-extensions 8.
        reader.node("linenums_class");
        report_noclasses(reader);
        Options {
            use_pygments: reader.bool("use_pygments", true),
            guess_lang: guess_lang(reader),
            css_class: reader.string("css_class", "highlight"),
            linenums: reader.opt_bool("linenums"),
            linenums_style: linenums_style(reader),
            linenums_special: reader.int("linenums_special", -1),
            extend_pygments_lang: extend_pygments_lang(reader),
            language_prefix: reader.string("language_prefix", "language-"),
            code_attr_on_pre: reader.bool("code_attr_on_pre", false),
            auto_title: reader.bool("auto_title", false),
            auto_title_map: auto_title_map(reader),
            line_spans: reader.string("line_spans", ""),
            line_anchors: reader.string("line_anchors", ""),
            anchor_linenums: reader.bool("anchor_linenums", false),
            pygments_lang_class: reader.bool("pygments_lang_class", false),
            stripnl: reader.bool("stripnl", true),
            default_lang: reader.string("default_lang", ""),
            title_html: reader.string("title_mode", "text") == "html",
        }
    }
}

/// Says that inline colours are not to be had.
pub(super) fn report_noclasses(reader: &mut OptionReader<'_>) {
    if let Some(node) = reader.node("noclasses")
        && node.as_bool() == Some(true)
    {
        reader.report(
            Diagnostic::new(Code::InlineColours, node.span, "`noclasses` is not supported: colours stay classes")
                .help("style the classes with the theme's or your own CSS"),
        );
    }
}

/// `block` and `inline` say where to guess.
fn guess_lang(reader: &mut OptionReader<'_>) -> bool {
    match reader.node("guess_lang") {
        Some(node) if node.as_str().is_some_and(|word| matches!(word, "block" | "inline")) => true,
        _ => reader.bool("guess_lang", false),
    }
}

fn linenums_style(reader: &mut OptionReader<'_>) -> LinenumsStyle {
    let Some(node) = reader.node("linenums_style") else { return LinenumsStyle::Table };
    match node.as_str() {
        Some("table") => LinenumsStyle::Table,
        Some("inline") => LinenumsStyle::Inline,
        Some("pymdownx-inline") => LinenumsStyle::PymdownxInline,
        _ => {
            reader.wrong_kind("linenums_style", "`table`, `inline` or `pymdownx-inline`", node);
            LinenumsStyle::Table
        }
    }
}

/// A list of `{name, lang, options}`.
fn extend_pygments_lang(reader: &mut OptionReader<'_>) -> Vec<(String, String)> {
    let Some(node) = reader.node("extend_pygments_lang") else { return Vec::new() };
    let mut pairs: Vec<(String, String)> = Vec::new();
    for item in node.as_seq().unwrap_or_default() {
        let text = |key: &str| item.get(key).and_then(yaml::Node::scalar_text);
        match (text("name"), text("lang")) {
            (Some(name), Some(lang)) if pairs.iter().all(|(known, _)| *known != name.to_lowercase()) => {
                pairs.push((name.to_lowercase(), lang));
            }
            (Some(_), Some(_)) => {}
            _ => reader.wrong_kind("extend_pygments_lang", "a list of `name` and `lang`", item),
        }
    }
    pairs
}

/// A mapping from a language's name to a title, or to `{title, mode}`.
fn auto_title_map(reader: &mut OptionReader<'_>) -> Vec<LanguageTitle> {
    let Some(node) = reader.node("auto_title_map") else { return Vec::new() };
    let mut titles = Vec::new();
    for (name, value) in node.as_map().unwrap_or_default() {
        let language = name.scalar_text().unwrap_or_default();
        let (title, html) = match &value.kind {
            Kind::Map(_) => {
                let mode = value.get("mode").and_then(yaml::Node::as_str).unwrap_or("text");
                (value.get("title").and_then(yaml::Node::scalar_text), mode.eq_ignore_ascii_case("html"))
            }
            _ => (value.scalar_text(), false),
        };
        titles.push(LanguageTitle { language, title: title.unwrap_or_default(), html });
    }
    titles
}
