//! Fenced code at the left margin: what MkDocs has without SuperFences.
//!
//! Source of the rule: `markdown/extensions/fenced_code.py`. With
//! `pymdownx.superfences` on, that takes its place, as in MkDocs. A closing line is looked up rather than
//! searched, so that many fences that are never closed take linear time.

use super::codehilite::{self, parse_hl_lines, set_option, style};
use super::header::{Attr, is_language_char, scan_attrs};
use crate::markdown::engine::page::Page;
use crate::markdown::engine::rules::Rules;
use crate::markdown::extensions::extension::Extension;
use crate::markdown::options::{OptionReader, truth_of_word};
use crate::markdown::tree::{Attrs, CodeBlock, CodeStyle, Node};
use crate::text::{Chunk, Line, Spanned};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// The prefix of the class that names the language.
    pub(crate) lang_prefix: String,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options { lang_prefix: reader.string("lang_prefix", "language-") }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        if rules.uses("pymdownx.superfences") {
            return;
        }
        let around = Around {
            options: self,
            codehilite: rules.options::<codehilite::Options>(),
            attr_list: rules.uses("attr_list"),
        };
        let lift = move |text: Chunk, page: &mut Page<'_>| lift(text, &around, page);
        rules.preprocessors.register("fenced_code_block", 25.0, Box::new(lift));
    }
}

/// The options, and those of others that have a say.
struct Around {
    options: Arc<Options>,
    codehilite: Option<Arc<codehilite::Options>>,
    attr_list: bool,
}

/// Lifts every fence out of a text.
fn lift(text: Chunk, around: &Around, page: &mut Page<'_>) -> Chunk {
    let lines: Vec<Line<'_>> = text.lines().collect();
    let closers = closers(&lines);
    let mut changes = Vec::new();
    let mut idx = 0;
    while idx < lines.len() {
        let Some(opening) = opening(lines[idx].text) else {
            idx += 1;
            continue;
        };
        let later = closers.get(opening.fence).map(|rows| &rows[rows.partition_point(|row| *row <= idx)..]);
        let Some(end) = later.and_then(|rows| rows.first().copied()) else {
            idx += 1;
            continue;
        };
        let attrs = match opening.header {
            Header::Braces(inside) => scan_attrs(inside),
            Header::Words { .. } => (Vec::new(), false),
        };
        if attrs.1 {
            idx += 1;
            continue;
        }
        let whole = lines[idx].range.start..lines[end].range.end;
        let span = text.span(whole.clone());
        let code = if end == idx + 1 {
            Chunk::default()
        } else {
            text.slice(lines[idx + 1].range.start..lines[end - 1].range.end)
        };
        let mut block =
            CodeBlock { span, code, language: None, attrs: Attrs::default(), style: CodeStyle::Plain { class: None } };
        read_header(&opening, &attrs.0, &text, lines[idx].range.start, &mut block, around);
        let mark = page.stash.put(Node::Code(Box::new(block)));
        changes.push((whole, Chunk::synthetic(&format!("\n{mark}\n"), span)));
        idx = end + 1;
    }
    text.replace(&changes)
}

struct Opening<'a> {
    fence: &'a str,
    header: Header<'a>,
}

enum Header<'a> {
    /// The inside of `{…}`.
    Braces(&'a str),
    /// A language and its place in the line, and lines to mark.
    Words { lang: &'a str, range: Range<usize>, hl_lines: Option<&'a str> },
}

/// Reads an opening line; `None` where it is none.
fn opening(line: &str) -> Option<Opening<'_>> {
    let first = line.bytes().next().filter(|byte| matches!(byte, b'`' | b'~'))?;
    let n_fence = line.bytes().take_while(|byte| *byte == first).count();
    if n_fence < 3 {
        return None;
    }
    let fence = &line[..n_fence];
    let rest = line[n_fence..].trim_start_matches(' ');
    if let Some(inside) = rest.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        return Some(Opening { fence, header: Header::Braces(inside) });
    }
    let dotted = rest.strip_prefix('.').unwrap_or(rest);
    let n_lang = dotted.find(|ch: char| !is_language_char(ch)).unwrap_or(dotted.len());
    let (mut lang, mut after) = (&dotted[..n_lang], dotted[n_lang..].trim_start_matches(' '));
    if lang == "hl_lines" && after.starts_with('=') {
        // The language is optional, and `hl_lines=` alone is no language.
        (lang, after) = ("", rest);
    }
    let start = line.len() - dotted.len();
    let range = start..start + lang.len();
    if after.is_empty() {
        return Some(Opening { fence, header: Header::Words { lang, range, hl_lines: None } });
    }
    let quoted = after.strip_prefix("hl_lines=")?;
    let quote = quoted.chars().next().filter(|ch| matches!(ch, '"' | '\''))?;
    let inside = quoted[1..].trim_end_matches(' ').strip_suffix(quote)?;
    Some(Opening { fence, header: Header::Words { lang, range, hl_lines: Some(inside) } })
}

/// The lines that close a fence, by its characters.
fn closers<'a>(lines: &[Line<'a>]) -> BTreeMap<&'a str, Vec<usize>> {
    let mut rows: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (idx, line) in lines.iter().enumerate() {
        let text = line.text.trim_end_matches(' ');
        let first = text.bytes().next();
        if text.len() >= 3 && matches!(first, Some(b'`' | b'~')) && text.bytes().all(|byte| Some(byte) == first) {
            rows.entry(text).or_default().push(idx);
        }
    }
    rows
}

/// Gives a block what its header says.
fn read_header(
    opening: &Opening<'_>,
    attrs: &[Attr<'_>],
    text: &Chunk,
    line_start: usize,
    block: &mut CodeBlock,
    around: &Around,
) {
    let (mut id, mut classes, mut pairs) = (None, Vec::new(), Vec::<(&str, &str)>::new());
    let mut hl_lines = None;
    match &opening.header {
        Header::Words { lang, range, hl_lines: lines } => {
            if !lang.is_empty() {
                let place = text.span(line_start + range.start..line_start + range.end);
                block.language = Some(Spanned::new((*lang).to_owned(), place));
            }
            hl_lines = *lines;
        }
        Header::Braces(inside) => {
            let line = &text.text()[line_start..];
            let start = line_start + line.find('{').map_or(0, |brace| brace + 1);
            debug_assert!(text.text()[start..].starts_with(inside));
            for attr in attrs {
                let value = attr.value.unwrap_or(attr.key);
                match attr.key {
                    "id" => id = Some(value),
                    "." if block.language.is_none() && classes.is_empty() => {
                        let place = text.span(start + attr.range.start + 1..start + attr.range.end);
                        block.language = Some(Spanned::new(value.to_owned(), place));
                    }
                    "." => classes.push(value),
                    key => {
                        pairs.retain(|(known, _)| *known != key);
                        pairs.push((key, value));
                    }
                }
            }
        }
    }
    let asked = pairs.iter().find(|(key, _)| *key == "use_pygments").map(|(_, value)| truth_of_word(value));
    if let Some(codehilite) = &around.codehilite {
        // What is given and no truth value counts as false.
        if codehilite.use_pygments && asked.is_none_or(|asked| asked == Some(true)) {
            let mut style = style(codehilite);
            for (key, value) in &pairs {
                set_option(&mut style, key, value);
            }
            if let Some(lines) = hl_lines {
                style.hl_lines = parse_hl_lines(lines);
            }
            if !classes.is_empty() {
                block.attrs.set("class", classes.join(" "));
            }
            block.style = CodeStyle::Highlighted(Box::new(style));
            return;
        }
    }
    let language = block.language.as_ref().filter(|language| !language.value.is_empty());
    let class = language.map(|language| format!("{}{}", around.options.lang_prefix, language.value));
    block.style = CodeStyle::Plain { class };
    if let Some(id) = id {
        block.attrs.set("id", id);
    }
    if !classes.is_empty() {
        block.attrs.set("class", classes.join(" "));
    }
    if around.attr_list && asked != Some(Some(true)) {
        for (key, value) in pairs.into_iter().filter(|(key, _)| *key != "use_pygments") {
            // The list of lines is written as Python shows a list.
            let list = (key == "hl_lines").then(|| format!("{:?}", parse_hl_lines(value)));
            block.attrs.set(sanitised(key), list.unwrap_or_else(|| value.to_owned()));
        }
        if let Some(lines) = hl_lines {
            block.attrs.set("hl_lines", format!("{:?}", parse_hl_lines(lines)));
        }
    }
}

/// `sanitize_name` of `attr_list`, for the characters that a key can hold.
fn sanitised(key: &str) -> String {
    let fits = |ch: char| ch.is_alphanumeric() || matches!(ch, '_' | ':' | '-' | '.' | '\u{b7}');
    key.chars().map(|ch| if fits(ch) { ch } else { '_' }).collect()
}
