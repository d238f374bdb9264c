//! Colours in code spans: `` `#!python x = 1` `` and `` `:::python x = 1` ``.
//!
//! Source of the rule: `pymdownx/inlinehilite.py` 13. Functions in `custom_inline` are Python's; only
//! Arithmatex' own formatters are known.

use super::{ExtensionOptions, OptionReader, highlight};
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
        if let Some(node) =
            reader.node("custom_inline").filter(|node| node.as_seq().is_some_and(|list| !list.is_empty()))
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
                (_, Some(text)) if !matches!(text.as_str(), "0" | "False" | "None" | "false" | "") => {
                    Some(String::new())
                }
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
    let default = highlight::Options::default();
    let highlight = dialect.highlight.as_ref().unwrap_or(&default);
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
