//! Colours in code spans: `` `#!python x = 1` `` and `` `:::python x = 1` ``.
//!
//! Source of the rule: `pymdownx/inlinehilite.py` 13. Functions in `custom_inline` are Python's; only
//! Arithmatex' own formatters are known.

use super::{ExtensionOptions, OptionReader};
use crate::diag::{Code, Diagnostic};
use crate::markdown::Dialect;
use crate::markdown::mkdocs::inline::Kind;
use crate::markdown::mkdocs::inline::chars::{is_space, is_word, strip};
use crate::markdown::tree::InlineHighlight;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// `style_plain_text`: whether code without a language is coloured too, and as which.
    pub style_plain_text: Option<String>,
    /// `css_class`; empty for the highlighter's.
    pub css_class: String,
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        if let Some(node) = reader.node("custom_inline").filter(|node| node.as_seq().is_some_and(|list| !list.is_empty()))
        {
            reader.report(
                Diagnostic::new(Code::ConfigBadValue, node.span, "`custom_inline` names Python functions")
                    .note("opsbook runs no Python; such code spans are shown as code"),
            );
        }
        let style_plain_text = match reader.node("style_plain_text") {
            None => None,
            Some(node) => match (&node.kind, node.scalar_text()) {
                (crate::text::yaml::Kind::String(text, _), _) => (!text.is_empty()).then(|| text.clone()),
                (crate::text::yaml::Kind::Bool(true), _) => Some(String::new()),
                (_, Some(text)) if !matches!(text.as_str(), "0" | "False" | "None" | "false" | "") => Some(String::new()),
                _ => None,
            },
        };
        Options { style_plain_text, css_class: reader.string("css_class", "") }
    }
}

/// Makes the kind of a code span from what stands between its backticks.
pub(crate) fn code(options: &Options, dialect: &Dialect, source: &str) -> Kind {
    let (language, code) = language(source).map_or(("", source), |(language, rest)| (language, rest));
    let code = strip(code).to_owned();
    let (css_class, use_pygments, lang_class, guess) = match &dialect.highlight {
        Some(highlight) => {
            (highlight.css_class.clone(), highlight.use_pygments, highlight.pygments_lang_class, highlight.guesses_inline())
        }
        None => ("highlight".to_owned(), true, false, false),
    };
    if language.is_empty() && options.style_plain_text.is_none() && !guess {
        return Kind::Code { code, highlight: None };
    }
    let language = if language.is_empty() { options.style_plain_text.clone().unwrap_or_default() } else { language.to_owned() };
    let css_class = if options.css_class.is_empty() { css_class } else { options.css_class.clone() };
    Kind::Code { code, highlight: Some(InlineHighlight { language, css_class, lang_class, use_pygments }) }
}

/// Reads `#!lang ` or `:::lang ` at the start.
fn language(source: &str) -> Option<(&str, &str)> {
    let rest = source
        .strip_prefix("#!")
        .or_else(|| source.starts_with(":::").then(|| source.trim_start_matches(':')))?;
    let end = rest.find(|c: char| !(is_word(c) || "#.+-".contains(c))).unwrap_or(rest.len());
    rest[end..].starts_with(is_space).then(|| rest.split_at(end))
}
