//! `codehilite`: colours for indented code and for `fenced_code`.
//!
//! Source of the rule: `markdown/extensions/codehilite.py`. On purpose
//! different: a language is guessed only from a `#!` line; formatters other than Pygments' own HTML
//! are Python and not run; colours are always classes.

use super::header::is_language_char;
use super::highlight::report_noclasses;
use crate::diag::{Code, Diagnostic};
use crate::markdown::engine::blocks::Parser;
use crate::markdown::engine::lower::replace_code;
use crate::markdown::engine::rules::Rules;
use crate::markdown::extensions::extension::Extension;
use crate::markdown::options::{OptionReader, python_name, truth, truth_of_word};
use crate::markdown::tree::{Attrs, CodeBlock, CodeStyle, HighlightStyle, LinenumsStyle, Node};
use crate::text::yaml::Kind;
use crate::text::{Chunk, Span, Spanned};
use std::ops::Range;
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// Whether lines are numbered; `None` numbers those that a `#!` line asks for.
    pub(crate) linenums: Option<bool>,
    /// How numbers stand beside lines.
    pub(crate) linenums_style: LinenumsStyle,
    /// Whether a missing language may be guessed.
    pub(crate) guess_lang: bool,
    /// The class of the wrapper.
    pub(crate) css_class: String,
    /// Whether code is coloured.
    pub(crate) use_pygments: bool,
    /// The prefix of the language's class where it is not.
    pub(crate) lang_prefix: String,
    /// `linespans` of Pygments' formatter.
    pub(crate) line_spans: String,
    /// `lineanchors` of Pygments' formatter.
    pub(crate) line_anchors: String,
    /// `anchorlinenos` of Pygments' formatter.
    pub(crate) anchor_linenums: bool,
    /// `linenostart` of Pygments' formatter.
    pub(crate) first_line: i64,
    /// `linenostep` of Pygments' formatter.
    pub(crate) line_step: i64,
    /// `linenospecial` of Pygments' formatter.
    pub(crate) line_special: i64,
    /// `stripnl` of Pygments' lexers.
    pub(crate) stripnl: bool,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        // Without effect where colours are classes.
        reader.node("pygments_style");
        report_noclasses(reader);
        if let Some(node) = reader.node("pygments_formatter")
            && node.as_str() != Some("html")
        {
            let name = python_name(node).unwrap_or_default();
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
        }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        // `pymdownx.highlight` has the same priority: the first in the list has the indented code.
        let pass = move |parser: &mut Parser<'_, '_>| {
            replace_code(parser, |code, span, _| Node::Code(Box::new(indented(code, span, &self))));
        };
        rules.block_tree.register("hilite", 30.0, Box::new(pass));
    }
}

/// Anything but a false value numbers lines, in a table unless it is `inline`.
fn linenums(reader: &mut OptionReader<'_>) -> (Option<bool>, LinenumsStyle) {
    let Some(node) = reader.node("linenums") else { return (None, LinenumsStyle::Table) };
    match &node.kind {
        Kind::Null => (None, LinenumsStyle::Table),
        Kind::String(word, _) if word == "inline" => (Some(true), LinenumsStyle::Inline),
        Kind::String(word, _) if word == "table" => (Some(true), LinenumsStyle::Table),
        _ => (truth(node), LinenumsStyle::Table),
    }
}

/// The style of a block before its own options.
pub(super) fn style(options: &Options) -> HighlightStyle {
    HighlightStyle {
        css_class: options.css_class.clone(),
        language_prefix: options.lang_prefix.clone(),
        use_pygments: options.use_pygments,
        guess_lang: options.guess_lang,
        linenums: options.linenums.unwrap_or(false).then_some(options.first_line),
        linenums_style: options.linenums_style,
        line_step: options.line_step,
        line_special: options.line_special,
        line_spans: options.line_spans.clone(),
        line_anchors: options.line_anchors.clone(),
        anchor_linenums: options.anchor_linenums,
        stripnl: options.stripnl,
        codehilite: true,
        ..HighlightStyle::default()
    }
}

/// An indented block: its first line may name the language, as `:::python` or `#!python` do.
fn indented(code: Chunk, span: Span, options: &Options) -> CodeBlock {
    let mut style = style(options);
    style.indented = true;
    let code = trim_newlines(&code);
    let text = code.text();
    let first_end = text.find('\n').unwrap_or(text.len());
    let (mut language, mut kept) = (None, 0..code.len());
    if let Some(shebang) = parse_header(&text[..first_end]) {
        if !shebang.has_path {
            kept = (first_end + 1).min(code.len())..code.len();
        }
        if options.linenums.is_none() && shebang.numbers_lines {
            style.linenums = Some(options.first_line);
        }
        style.hl_lines = shebang.hl_lines;
        language = Some(Spanned::new(shebang.lang.0.to_lowercase(), code.span(shebang.lang.1)));
    }
    let code = trim_newlines(&code.slice(kept));
    if language.as_ref().is_some_and(|language| language.value.is_empty()) {
        language = None;
    }
    CodeBlock { span, code, language, attrs: Attrs::default(), style: CodeStyle::Highlighted(Box::new(style)) }
}

/// What a first line says to `CodeHilite._parseHeader`.
struct Shebang<'a> {
    lang: (&'a str, Range<usize>),
    has_path: bool,
    numbers_lines: bool,
    hl_lines: Vec<usize>,
}

/// `(^::+|^#!)((/\w+)*[/ ])?([\w#.+-]*)\s*(hl_lines="…")?`.
fn parse_header(line: &str) -> Option<Shebang<'_>> {
    let numbers_lines = line.starts_with("#!");
    let n_colons = line.len() - line.trim_start_matches(':').len();
    let mut at = if numbers_lines { 2 } else { n_colons };
    if at < 2 {
        return None;
    }
    let n_path = path_len(&line[at..]);
    at += n_path;
    let n_lang = line[at..].find(|ch: char| !is_language_char(ch)).unwrap_or(line.len() - at);
    let lang = (&line[at..at + n_lang], at..at + n_lang);
    let rest = line[at + n_lang..].trim_start();
    let hl = rest.strip_prefix("hl_lines=").and_then(|rest| {
        let quote = rest.chars().next().filter(|ch| matches!(ch, '"' | '\''))?;
        rest[1..].split_once(quote).map(|(inside, _)| inside)
    });
    Some(Shebang { lang, has_path: n_path > 0, numbers_lines, hl_lines: hl.map(parse_hl_lines).unwrap_or_default() })
}

/// The length of `(?:/\w+)*[/ ]` at the start, longest first; 0 where it does not match.
fn path_len(text: &str) -> usize {
    let mut at = 0;
    let mut longest = 0;
    loop {
        match text.as_bytes().get(at) {
            Some(b'/' | b' ') => longest = at + 1,
            _ => return longest,
        }
        if !text[at..].starts_with('/') {
            return longest;
        }
        let word = text[at + 1..].find(|ch: char| !ch.is_alphanumeric() && ch != '_').unwrap_or(text.len() - at - 1);
        if word == 0 {
            return longest;
        }
        at += 1 + word;
    }
}

/// `parse_hl_lines`: numbers with spaces between; nothing where one is no number.
pub(super) fn parse_hl_lines(text: &str) -> Vec<usize> {
    let numbers: Result<Vec<i64>, _> = text.split_whitespace().map(str::parse).collect();
    let mut lines: Vec<usize> =
        numbers.unwrap_or_default().into_iter().filter_map(|line| line.try_into().ok()).collect();
    lines.sort_unstable();
    lines.dedup();
    lines
}

/// What a fence's attribute list may change: options of the extension and of Pygments' formatter.
/// Others have no effect there either.
pub(super) fn set_option(style: &mut HighlightStyle, key: &str, value: &str) {
    let number = value.trim().parse::<i64>();
    match key {
        // A truth value, and what is none is false.
        "linenums" if truth_of_word(value) == Some(true) => {
            style.linenums = style.linenums.or(Some(1));
            style.linenums_style = LinenumsStyle::Table;
        }
        "linenums" => style.linenums = None,
        "linenos" => {
            style.linenums = style.linenums.or(Some(1));
            style.linenums_style = if value == "inline" { LinenumsStyle::Inline } else { LinenumsStyle::Table };
        }
        "hl_lines" => style.hl_lines = parse_hl_lines(value),
        "linenostart" => {
            if let (Ok(number), Some(_)) = (number, style.linenums) {
                style.linenums = Some(number.saturating_abs());
            }
        }
        "linenostep" => style.line_step = number.unwrap_or(1).saturating_abs(),
        "linenospecial" => style.line_special = number.unwrap_or(0).saturating_abs(),
        "anchorlinenos" => style.anchor_linenums = truth_of_word(value).unwrap_or(false),
        "lineanchors" => value.clone_into(&mut style.line_anchors),
        "linespans" => value.clone_into(&mut style.line_spans),
        "filename" => style.title = Some(value.to_owned()),
        "css_class" | "cssclass" => value.clone_into(&mut style.css_class),
        "guess_lang" => style.guess_lang = truth_of_word(value).unwrap_or(true),
        _ => {}
    }
}

/// Python's `strip('\n')`.
fn trim_newlines(code: &Chunk) -> Chunk {
    let text = code.text();
    let start = text.len() - text.trim_start_matches('\n').len();
    let end = text.trim_end_matches('\n').len().max(start);
    code.slice(start..end)
}
