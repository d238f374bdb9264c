//! Colours in code spans: `` `#!python x = 1` `` and `` `:::python x = 1` ``.
//!
//! Source of the rule: `pymdownx/inlinehilite.py`. Formats in `custom_inline` are Python functions;
//! opsbook knows Arithmatex' own by their names.

use super::arithmatex;
use super::extension::Extension;
use super::fences::highlight;
use crate::diag::{Code, Diagnostic, Severity};
use crate::markdown::engine::inline::chars::{is_space, is_word, strip};
use crate::markdown::engine::inline::code_span::backtick;
use crate::markdown::engine::inline::{El, Engine, Kind, Pass, at_any};
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::{OptionReader, python_name};
use crate::markdown::tree::InlineHighlight;
use crate::text::yaml;
use std::ops::Range;
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// `style_plain_text`: whether code without a language is coloured too, and as which.
    pub(crate) style_plain_text: Option<String>,
    /// `css_class`; empty for the highlighter's.
    pub(crate) css_class: String,
    /// `custom_inline`, in the order of the list.
    pub(crate) custom: Vec<CustomInline>,
}

/// One entry of `custom_inline`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CustomInline {
    /// The language word; `*` for every code span.
    pub(crate) name: String,
    /// The class of the element.
    pub(crate) class: String,
    /// The tag and the mode of a formula; `None` where the span stays code.
    pub(crate) formula: Option<(String, arithmatex::Mode)>,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        let style_plain_text = match reader.node("style_plain_text") {
            None => None,
            Some(node) => match (&node.kind, node.scalar_text()) {
                (crate::text::yaml::Kind::String(text, _), _) => (!text.is_empty()).then(|| text.clone()),
                (crate::text::yaml::Kind::Bool(true), _) => Some(String::new()),
                (_, Some(text)) if !matches!(text.as_str(), "0" | "False" | "None" | "false" | "") => {
                    Some(String::new())
                }
                _ => None,
            },
        };
        Options { style_plain_text, css_class: reader.string("css_class", ""), custom: custom(reader) }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        let highlight = rules.options::<highlight::Options>().unwrap_or_default();
        let rule = at_any(b"`\\", move |engine, pass, at| {
            backtick(engine, pass, at, |engine, pass, whole, inner| {
                element(&self, &highlight, engine, pass, whole, inner)
            })
        });
        rules.inline.register("backtick", 190.0, rule);
    }
}

/// Reads the list; an entry without name or class has no effect in InlineHilite either.
fn custom(reader: &mut OptionReader<'_>) -> Vec<CustomInline> {
    let Some(node) = reader.node("custom_inline") else { return Vec::new() };
    let Some(items) = node.as_seq() else {
        if !node.is_null() {
            reader.refuse_unless_empty("custom_inline", "a list of mappings", node);
        }
        return Vec::new();
    };
    let mut custom = Vec::new();
    for item in items {
        let text = |key: &str| item.get(key).and_then(yaml::Node::scalar_text);
        let (Some(name), Some(class)) = (text("name"), text("class")) else {
            reader.report(
                Diagnostic::new(Code::ConfigBadValue, item.span, "a custom code span needs `name` and `class`")
                    .severity(Severity::Warning)
                    .note("InlineHilite ignores an entry that lacks one of them"),
            );
            continue;
        };
        let formula = item.get("format").and_then(|node| formula(node, reader));
        custom.push(CustomInline { name, class, formula });
    }
    custom
}

fn formula(node: &yaml::Node, reader: &mut OptionReader<'_>) -> Option<(String, arithmatex::Mode)> {
    let name = python_name(node).unwrap_or_default();
    if let Some((tag, mode)) = arithmatex::formatter(name, node, ("\\(", "\\)")) {
        // The function for MathJax takes no tag.
        let tag = tag.filter(|_| matches!(mode, arithmatex::Mode::Generic { .. }));
        return Some((tag.unwrap_or_else(|| "span".to_owned()), mode));
    }
    reader.report(
        Diagnostic::new(Code::UnknownFenceFunction, node.span, format!("unknown format of a code span `{name}`"))
            .note("it is Python; such code spans are shown as code in that language")
            .help("opsbook has `pymdownx.arithmatex.arithmatex_inline_format`"),
    );
    None
}

/// Makes the element of a code span whose code, marks of its language included, stands at `inner`.
fn element(
    options: &Options,
    highlight: &highlight::Options,
    engine: &mut Engine<'_, '_>,
    pass: &Pass<'_>,
    whole: Range<usize>,
    inner: Range<usize>,
) -> El {
    let source = &pass.text[inner.clone()];
    let (word, code) = language(source).unwrap_or(("", source));
    let span = pass.span(whole);
    let custom = options.custom.iter().rev().find(|custom| custom.name == "*" || custom.name == word);
    if let Some(CustomInline { class, formula: Some((tag, mode)), .. }) = custom {
        let from = inner.end - code.trim_start_matches(is_space).len();
        let text = pass.chunk.slice(from..from + strip(code).len());
        let class = match mode {
            arithmatex::Mode::Generic { .. } => class.as_str(),
            arithmatex::Mode::MathJax { .. } => "arithmatex",
        };
        return arithmatex::fill(El::new(tag.clone(), span).with_attr("class", class), mode, text, engine);
    }
    let mut el = El::new("code", span);
    el.kind = kind(options, highlight, word, strip(code));
    el
}

/// Makes the kind of a code span from its language and its code.
fn kind(options: &Options, highlight: &highlight::Options, language: &str, code: &str) -> Kind {
    let code = code.to_owned();
    if language.is_empty() && options.style_plain_text.is_none() && !highlight.guess_lang {
        return Kind::Code { code, highlight: None };
    }
    let language = match language {
        "" => options.style_plain_text.clone().unwrap_or_default(),
        word => word.to_owned(),
    };
    let lexer = highlight.extend_pygments_lang.iter().find(|(name, _)| *name == language.to_lowercase());
    let css_class = if options.css_class.is_empty() { &highlight.css_class } else { &options.css_class };
    let highlight = InlineHighlight {
        css_class: css_class.clone(),
        lang_class: highlight.pygments_lang_class,
        language_prefix: highlight.language_prefix.clone(),
        lexer: lexer.map(|(_, lexer)| lexer.clone()),
        use_pygments: highlight.use_pygments,
        language,
    };
    Kind::Code { code, highlight: Some(highlight) }
}

/// Reads `#!lang ` or `:::lang ` at the start.
fn language(source: &str) -> Option<(&str, &str)> {
    let rest =
        source.strip_prefix("#!").or_else(|| source.starts_with(":::").then(|| source.trim_start_matches(':')))?;
    let end = rest.find(|c: char| !(is_word(c) || "#.+-".contains(c))).unwrap_or(rest.len());
    rest[end..].starts_with(is_space).then(|| rest.split_at(end))
}
