//! `codehilite`: colours for indented code and for `fenced_code`.
//!
//! Source of the rule: `markdown/extensions/codehilite.py` of Python-Markdown 3.11. On purpose
//! different: a language is guessed only from a `#!` line; formatters other than Pygments' own HTML
//! are Python and not run; colours are always classes.

use super::{ExtensionOptions, OptionReader};
use crate::diag::{Code, Diagnostic};
use crate::markdown::tree::LinenumsStyle;
use crate::text::yaml::{self, Kind};

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Whether lines are numbered; `None` numbers those that a `#!` line asks for.
    pub linenums: Option<bool>,
    /// How numbers stand beside lines.
    pub linenums_style: LinenumsStyle,
    /// Whether a missing language may be guessed.
    pub guess_lang: bool,
    /// The class of the wrapper.
    pub css_class: String,
    /// Whether code is coloured.
    pub use_pygments: bool,
    /// The prefix of the language's class where it is not.
    pub lang_prefix: String,
    /// `linespans` of Pygments' formatter.
    pub line_spans: String,
    /// `lineanchors` of Pygments' formatter.
    pub line_anchors: String,
    /// `anchorlinenos` of Pygments' formatter.
    pub anchor_linenums: bool,
    /// `linenostart` of Pygments' formatter.
    pub first_line: i64,
    /// `linenostep` of Pygments' formatter.
    pub line_step: i64,
    /// `linenospecial` of Pygments' formatter.
    pub line_special: i64,
    /// `stripnl` of Pygments' lexers.
    pub stripnl: bool,
    /// Whether it stands before `pymdownx.highlight` in the list, and so has the indented code.
    pub before_highlight: bool,
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        // Without effect where colours are classes.
        reader.node("pygments_style");
        super::highlight::report_noclasses(reader);
        if let Some(node) = reader.node("pygments_formatter")
            && node.as_str() != Some("html")
        {
            let name = super::python_name(node).unwrap_or_default();
            reader.report(
                Diagnostic::new(Code::UnknownFenceFunction, node.span, format!("unknown Pygments formatter `{name}`"))
                    .note("code is written as the formatter `html` writes it"),
            );
        }
        let (linenums, linenums_style) = linenums(reader);
        Options {
            linenums,
            linenums_style,
            guess_lang: reader.bool("guess_lang", true),
            css_class: reader.string("css_class", "codehilite"),
            use_pygments: reader.bool("use_pygments", true),
            lang_prefix: reader.string("lang_prefix", "language-"),
            line_spans: reader.string("linespans", ""),
            line_anchors: reader.string("lineanchors", ""),
            anchor_linenums: reader.bool("anchorlinenos", false),
            first_line: reader.int("linenostart", 1),
            line_step: reader.int("linenostep", 1),
            line_special: reader.int("linenospecial", 0),
            stripnl: reader.bool("stripnl", true),
            before_highlight: false,
        }
    }
}

/// Anything but a false value numbers lines, in a table unless it is `inline`.
fn linenums(reader: &mut OptionReader<'_>) -> (Option<bool>, LinenumsStyle) {
    let Some(node) = reader.node("linenums") else { return (None, LinenumsStyle::Table) };
    match &node.kind {
        Kind::Null => (None, LinenumsStyle::Table),
        Kind::String(word, _) if word == "inline" => (Some(true), LinenumsStyle::Inline),
        Kind::String(word, _) if word == "table" => (Some(true), LinenumsStyle::Table),
        _ => (super::truth(node), LinenumsStyle::Table),
    }
}

/// A value of a fence's attribute list, as `parseBoolValue` of Python-Markdown takes it.
pub(crate) fn truth_of_word(word: &str) -> Option<bool> {
    let place = crate::text::Span::at_start(crate::text::SitePath::new(""));
    super::truth(&yaml::Node::new(Kind::String(word.to_owned(), yaml::Style::Plain), place))
}
