//! How code blocks are coloured, numbered and titled.
//!
//! Source of the rule: `pymdownx/highlight.py`. On purpose different:
//! a language is never guessed (`guess_lang`), and colours are always classes (`noclasses`).

use crate::diag::{Code, Diagnostic};
use crate::markdown::engine::blocks::Parser;
use crate::markdown::engine::lower::replace_code;
use crate::markdown::engine::page::Page;
use crate::markdown::engine::rules::Rules;
use crate::markdown::extensions::extension::Extension;
use crate::markdown::options::{OptionReader, truth};
use crate::markdown::tree::{Attrs, CodeBlock, CodeStyle, HighlightStyle, LanguageTitle, LinenumsStyle, Node};
use crate::text::yaml::{self, Kind};
use crate::text::{Chunk, Span};
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// Whether code is coloured.
    pub(crate) use_pygments: bool,
    /// Whether a missing language may be guessed.
    pub(crate) guess_lang: bool,
    /// The class of the wrapper.
    pub(crate) css_class: String,
    /// Whether lines are numbered: always, never (not even where a fence asks), or where asked.
    pub(crate) linenums: Option<bool>,
    /// How numbers stand beside lines.
    pub(crate) linenums_style: LinenumsStyle,
    /// Every how many lines is special; below 0 for none.
    pub(crate) linenums_special: i64,
    /// Names and the languages that colour them.
    pub(crate) extend_pygments_lang: Vec<(String, String)>,
    /// The prefix of language classes.
    pub(crate) language_prefix: String,
    /// Whether attributes stand on `<pre>` where nothing is coloured.
    pub(crate) code_attr_on_pre: bool,
    /// Whether the language's name is a title.
    pub(crate) auto_title: bool,
    /// Other titles for names of languages.
    pub(crate) auto_title_map: Vec<LanguageTitle>,
    /// The prefix of ids around lines.
    pub(crate) line_spans: String,
    /// The prefix of anchors before lines.
    pub(crate) line_anchors: String,
    /// Whether numbers are links.
    pub(crate) anchor_linenums: bool,
    /// Whether the wrapper has a class for the language.
    pub(crate) pygments_lang_class: bool,
    /// Whether empty lines at both ends are dropped.
    pub(crate) stripnl: bool,
    /// The language of code that names none.
    pub(crate) default_lang: String,
    /// Whether titles of fences are HTML.
    pub(crate) title_html: bool,
}

impl Default for Options {
    fn default() -> Options {
        let mut nothing = crate::diag::Diagnostics::new();
        Options::read(&mut OptionReader::new("pymdownx.highlight", None, &mut nothing))
    }
}

impl Extension for Options {
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

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        let pass = move |parser: &mut Parser<'_, '_>| {
            replace_code(parser, |code, span, page| highlighted(trim_end_newlines(code), span, &self, page));
        };
        rules.block_tree.register("indent-highlight", 30.0, Box::new(pass));
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
        Some(node) if node.as_str().is_some() && truth(node).is_none() => {
            reader.wrong_kind("guess_lang", "true, false, `block` or `inline`", node);
            false
        }
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

/// `HighlightTreeprocessor` of `pymdownx.highlight`: no language, and neither spans nor anchors.
fn highlighted(code: Chunk, span: Span, options: &Options, page: &mut Page<'_>) -> Node {
    let style = HighlightStyle {
        linenums: options.linenums.unwrap_or(false).then_some(1),
        line_special: options.linenums_special.max(0),
        indented: true,
        ..highlight_style(options, page)
    };
    let style = HighlightStyle {
        line_spans: String::new(),
        line_anchors: String::new(),
        anchor_linenums: false,
        title_html: false,
        ..style
    };
    let style = CodeStyle::Highlighted(Box::new(style));
    Node::Code(Box::new(CodeBlock { span, code, language: None, attrs: Attrs::default(), style }))
}

/// How many highlighted blocks a page has so far.
#[derive(Default)]
struct CodeBlocks(usize);

/// The options of `pymdownx.highlight` for the next block of the page.
pub(super) fn highlight_style(options: &Options, page: &mut Page<'_>) -> HighlightStyle {
    let CodeBlocks(n_blocks) = page.state();
    let block_number = *n_blocks;
    *n_blocks += 1;
    HighlightStyle {
        css_class: options.css_class.clone(),
        lang_class: options.pygments_lang_class,
        language_prefix: options.language_prefix.clone(),
        use_pygments: options.use_pygments,
        guess_lang: options.guess_lang,
        title: None,
        title_html: options.title_html,
        auto_title: options.auto_title,
        auto_title_map: options.auto_title_map.clone(),
        lexer: None,
        default_lang: options.default_lang.clone(),
        stripnl: options.stripnl,
        linenums: None,
        linenums_style: options.linenums_style,
        line_step: 1,
        line_special: 0,
        hl_lines: Vec::new(),
        line_spans: options.line_spans.clone(),
        line_anchors: options.line_anchors.clone(),
        anchor_linenums: options.anchor_linenums,
        code_attr_on_pre: options.code_attr_on_pre,
        block_number,
        indented: false,
        codehilite: false,
    }
}

fn trim_end_newlines(code: Chunk) -> Chunk {
    let end = code.text().trim_end_matches('\n').len();
    if end == code.len() { code } else { code.slice(0..end) }
}
