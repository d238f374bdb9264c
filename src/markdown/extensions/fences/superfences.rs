//! SuperFences: fenced code inside lists, quotes and anything else indented, and custom fences.
//!
//! Source of the rule: `pymdownx/superfences.py`. Formats and validators
//! are Python functions there; opsbook knows the ones that come with SuperFences, Arithmatex and
//! mermaid2 by their names.
//!
//! One pass over the lines (`SuperFencesBlockPreprocessor`) with at most one fence open; a fence that turns
//! out not to be one is left as it is, and its lines are not looked at again.

use super::header::{Header, Rest, scan_attrs, superfences as read_header};
use super::highlight::{self, highlight_style};
use super::lifted::{Lifted, LiftedFence, byte_of_char, is_lifted, revert_fences};
use super::lint::{self, Finding};
use crate::diag::{Code, Diagnostic, Severity};
use crate::markdown::engine::blocks::leaf::code;
use crate::markdown::engine::blocks::{Block, Blocks, Parser, Search};
use crate::markdown::engine::mark::node_at;
use crate::markdown::engine::page::Page;
use crate::markdown::engine::rules::Rules;
use crate::markdown::extensions::arithmatex;
use crate::markdown::extensions::extension::Extension;
use crate::markdown::options::{OptionReader, python_name};
use crate::markdown::tree::{Attrs, CodeBlock, CodeStyle, HighlightStyle, Node};
use crate::text::{Chunk, Line, Span, Spanned, yaml};
use std::ops::Range;
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Options {
    /// Whether indented text is never code.
    pub(crate) disable_indented_code_blocks: bool,
    /// The fences with a format of their own, in the order of the list.
    pub(crate) custom_fences: Vec<CustomFence>,
    /// The class of the wrapper; empty for that of `pymdownx.highlight`.
    pub(crate) css_class: String,
    /// Whether tabs inside fences stay tabs.
    pub(crate) preserve_tabs: bool,
    /// Whether a header that cannot be read is dropped rather than the fence.
    pub(crate) relaxed_headers: bool,
}

/// One entry of `custom_fences`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CustomFence {
    /// The language word; `*` for every fence.
    pub(crate) name: String,
    /// The class of the element.
    pub(crate) class: String,
    /// What becomes of it.
    pub(crate) format: FenceFormat,
}

/// What becomes of a custom fence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FenceFormat {
    /// `<pre class><code>`.
    Code,
    /// `<div class>`.
    Div,
    /// `<div class>` (or another tag) with the text as a formula.
    Formula {
        /// The tag.
        tag: String,
        /// How the formula is written.
        mode: arithmatex::Mode,
    },
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options {
            disable_indented_code_blocks: reader.bool("disable_indented_code_blocks", false),
            custom_fences: custom_fences(reader),
            css_class: reader.string("css_class", ""),
            preserve_tabs: reader.bool("preserve_tabs", false),
            relaxed_headers: reader.bool("relaxed_headers", false),
        }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        let options = rules.options::<highlight::Options>();
        let fences = Arc::new(FenceRules {
            highlight: options.unwrap_or_else(|| Arc::new(highlight::Options::default())),
            attr_list: rules.uses("attr_list"),
            strict_quotes: rules.uses("pymdownx.quotes"),
            fences: Arc::clone(&self),
        });
        if self.preserve_tabs {
            let fences = Arc::clone(&fences);
            let keep = move |text: Chunk, page: &mut Page<'_>| {
                page.kept_tabs = fence_ranges(&text, &fences);
                text
            };
            rules.preprocessors.register("fenced_raw_block", 31.05, Box::new(keep));
        }
        rules.preprocessors.register("fenced_code_block", 25.0, Box::new(move |text, page| lift(text, &fences, page)));
        if self.disable_indented_code_blocks {
            rules.blocks.deregister("code");
            return;
        }
        let search = rules.search();
        let indented = move |parser: &mut Parser<'_, '_>, parent, blocks: &mut Blocks| {
            code(parser, parent, blocks, |block, page| with_fences(block, page, search))
        };
        rules.blocks.register("code", 80.0, Box::new(indented));
    }
}

/// Reads the list; an entry without name or class has no effect in SuperFences either.
fn custom_fences(reader: &mut OptionReader<'_>) -> Vec<CustomFence> {
    let Some(node) = reader.node("custom_fences") else { return Vec::new() };
    let Some(items) = node.as_seq() else {
        if !node.is_null() {
            reader.refuse_unless_empty("custom_fences", "a list of mappings", node);
        }
        return Vec::new();
    };
    let mut fences = Vec::new();
    for item in items {
        let text = |key: &str| item.get(key).and_then(yaml::Node::scalar_text);
        let (Some(name), Some(class)) = (text("name"), text("class")) else {
            let place = item.span;
            reader.report(
                Diagnostic::new(Code::ConfigBadValue, place, "a custom fence needs `name` and `class`")
                    .severity(Severity::Warning)
                    .note("SuperFences ignores an entry that lacks one of them"),
            );
            continue;
        };
        let format = item.get("format").map_or(FenceFormat::Code, |node| read_format(node, reader));
        if let Some(validator) = item.get("validator") {
            check_validator(validator, reader);
        }
        fences.push(CustomFence { name, class, format });
    }
    fences
}

fn read_format(node: &yaml::Node, reader: &mut OptionReader<'_>) -> FenceFormat {
    let name = python_name(node).unwrap_or_default();
    if let Some((tag, mode)) = arithmatex::formatter(name, node, ("\\[", "\\]")) {
        return FenceFormat::Formula { tag: tag.unwrap_or_else(|| "div".to_owned()), mode };
    }
    match name.rsplit_once('.').map_or(name, |(_, function)| function) {
        "fence_code_format" | "fence_mermaid_custom" => FenceFormat::Code,
        "fence_div_format" | "fence_mermaid" => FenceFormat::Div,
        _ => {
            reader.report(
                Diagnostic::new(Code::UnknownFenceFunction, node.span, format!("unknown fence format `{name}`"))
                    .note("the fence becomes `<pre class>` with the code in it, as `fence_code_format` makes it")
                    .help(
                        "opsbook has `pymdownx.superfences.fence_code_format`, `.fence_div_format`, \
                         `pymdownx.arithmatex.arithmatex_fenced_format` and `mermaid2.fence_mermaid`",
                    ),
            );
            FenceFormat::Code
        }
    }
}

/// Every validator that comes with SuperFences lets all attributes through.
fn check_validator(node: &yaml::Node, reader: &mut OptionReader<'_>) {
    let name = python_name(node).unwrap_or_default();
    if !name.ends_with("default_validator") {
        reader.report(
            Diagnostic::new(Code::UnknownFenceFunction, node.span, format!("unknown fence validator `{name}`"))
                .note("it is Python; the fence takes any attributes in braces, as without a validator"),
        );
    }
}

const TAB: usize = 4;

/// Lifts every fence out of a text.
fn lift(text: Chunk, rules: &FenceRules, page: &mut Page<'_>) -> Chunk {
    if !text.text().contains("```") && !text.text().contains("~~~") {
        return text;
    }
    let lines: Vec<Line<'_>> = text.lines().collect();
    let mut findings = Vec::new();
    let found = scan(&lines, rules, &mut |finding| findings.push(finding));
    lint::report(&text, &lines, &findings, page);
    let mut changes = Vec::new();
    for fence in found {
        let (first, last) = (&lines[fence.lines.start], &lines[fence.lines.end - 1]);
        let whole = first.range.start..last.range.end;
        let span = text.span(first.range.start + fence.opening.prefix.n_bytes..last.range.end);
        let code = code_of(&text, &lines[fence.lines.start + 1..fence.lines.end - 1], &fence.opening.prefix);
        let n_lines = fence.lines.len() - 2;
        let node = make_node(&fence.opening, first, &text, code, span, n_lines, rules, page);
        let mark = page.stash.put(node);
        if !rules.fences.disable_indented_code_blocks
            && let Some((_, number)) = node_at(&mark, 0)
        {
            let n_indent = fence.opening.prefix.n_columns;
            page.state::<Lifted>().0.insert(number, LiftedFence { source: text.slice(whole.clone()), n_indent });
        }
        let mut line = untabbed(&text, first, &fence.opening.prefix);
        line.push_synthetic(&mark, span);
        changes.push((whole, line));
    }
    text.replace(&changes)
}

/// Returns the byte ranges of all fences: the text in which `preserve_tabs` keeps tabs while white
/// space is made uniform.
fn fence_ranges(text: &Chunk, rules: &FenceRules) -> Vec<Range<usize>> {
    let lines: Vec<Line<'_>> = text.lines().collect();
    let found = scan(&lines, rules, &mut |_| {});
    found.iter().map(|fence| lines[fence.lines.start].range.start..lines[fence.lines.end - 1].range.end).collect()
}

/// Puts fences back into a block that begins with indented code: every fence of it is text again, also one
/// right below the indented lines.
fn with_fences(block: Block, page: &mut Page<'_>, search: Search) -> Block {
    let is_fence = |line: Range<usize>| is_lifted(&block.text()[line], page).then_some(());
    if block.find_line(search, is_fence).is_none() {
        return block;
    }
    let text = revert_fences(block.chunk(), page);
    Block::copied(text, block.n_copies() + 1)
}

/// What decides about fences.
struct FenceRules {
    fences: Arc<Options>,
    highlight: Arc<highlight::Options>,
    attr_list: bool,
    /// With `pymdownx.quotes`, every line of a fence has as many `>` as its first.
    strict_quotes: bool,
}

/// What stands before the text of a line: spaces, tabs and `>`.
#[derive(Clone, Debug)]
struct Prefix {
    n_bytes: usize,
    n_columns: usize,
    n_quotes: usize,
}

/// The opening line of a fence.
struct Opening<'a> {
    prefix: Prefix,
    header: Header<'a>,
    meaning: Meaning,
}

/// What a header that was accepted says.
#[derive(Debug, Default)]
struct Meaning {
    lang: Option<String>,
    lang_range: Option<Range<usize>>,
    id: String,
    classes: Vec<String>,
    options: Vec<(String, Option<String>)>,
    attrs: Vec<(String, Option<String>)>,
    /// The position in `custom_fences`; `None` for a highlighted block.
    custom: Option<usize>,
}

/// A whole fence: its lines from the opening to the closing one.
struct Found<'a> {
    opening: Opening<'a>,
    lines: Range<usize>,
}

/// Finds all fences.
fn scan<'a>(lines: &[Line<'a>], rules: &FenceRules, report: &mut dyn FnMut(Finding<'a>)) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    let mut open: Option<(usize, Opening<'a>)> = None;
    let mut n_blank = 0_usize;
    let mut torn = false;
    for (idx, line) in lines.iter().enumerate() {
        let text = line.text.trim_end_matches('\r');
        let Some((start, opening)) = &open else {
            let prefix = prefix(text, None);
            let Some(header) = read_header(text, prefix.n_bytes) else { continue };
            match meaning(&header, rules) {
                Some(meaning) => open = Some((idx, Opening { prefix, header, meaning })),
                None => report(Finding::Header { line: idx, header }),
            }
            n_blank = 0;
            continue;
        };
        match judge(text, opening, &mut n_blank, rules) {
            Verdict::Content => {}
            Verdict::Closes => {
                let (start, opening) = open.take().expect("a fence is open");
                found.push(Found { opening, lines: start..idx + 1 });
            }
            Verdict::Abandon => {
                let range = fence_range(opening);
                report(Finding::Unclosed { line: *start, range, cut_by: Some(idx) });
                torn = true;
                open = None;
            }
        }
    }
    if let Some((start, opening)) = open {
        // After a fence that was torn, the line that would have closed it opens one.
        let bare = opening.header.range.len() == opening.header.fence.len();
        if !(torn && bare) {
            report(Finding::Unclosed { line: start, range: fence_range(&opening), cut_by: None });
        }
    }
    found
}

fn fence_range(opening: &Opening<'_>) -> Range<usize> {
    let start = opening.header.range.start;
    start..start + opening.header.fence.len()
}

enum Verdict {
    Content,
    Closes,
    Abandon,
}

/// `eval_quoted` and `eval_fence`: what a line is to the open fence.
///
/// Columns are counted to the fence's own, tabs as wide as they are: SuperFences reads `>` and spaces alike,
/// and a line that stands further left, or in another quote, ends the search, so that a fence cannot reach
/// out of the item or quote that it began in.
fn judge(line: &str, opening: &Opening<'_>, n_blank: &mut usize, rules: &FenceRules) -> Verdict {
    let own = prefix(line, Some(opening.prefix.n_columns));
    let content = &line[own.n_bytes..];
    let n_quotes = opening.prefix.n_quotes;
    let closes =
        content.strip_prefix(opening.header.fence).is_some_and(|rest| rest.trim_matches([' ', '\t']).is_empty());
    if n_quotes > 0 {
        if own.n_quotes > n_quotes || (rules.strict_quotes && own.n_quotes != n_quotes) {
            return Verdict::Abandon;
        }
        if content.is_empty() {
            *n_blank += 1;
            return Verdict::Content;
        }
        if own.n_columns < opening.prefix.n_bytes || (*n_blank > 0 && own.n_quotes < n_quotes) {
            return Verdict::Abandon;
        }
    } else {
        if own.n_quotes > 0 {
            return Verdict::Abandon;
        }
        if line.trim().is_empty() {
            *n_blank += 1;
            return Verdict::Content;
        }
        if own.n_columns != opening.prefix.n_columns && !content.is_empty() {
            return Verdict::Abandon;
        }
    }
    if closes {
        return Verdict::Closes;
    }
    *n_blank = 0;
    Verdict::Content
}

/// Reads what stands before a line's text, up to a number of columns where one is given.
fn prefix(line: &str, limit: Option<usize>) -> Prefix {
    let mut prefix = Prefix { n_bytes: 0, n_columns: 0, n_quotes: 0 };
    for byte in line.bytes() {
        if limit.is_some_and(|limit| prefix.n_columns >= limit) || !matches!(byte, b'>' | b' ' | b'\t') {
            break;
        }
        prefix.n_bytes += 1;
        prefix.n_quotes += usize::from(byte == b'>');
        prefix.n_columns += if byte == b'\t' { TAB - prefix.n_columns % TAB } else { 1 };
    }
    prefix
}

/// The code between the fence lines, without what stands before the fence's own columns.
fn code_of(text: &Chunk, lines: &[Line<'_>], opening: &Prefix) -> Chunk {
    let mut code = Chunk::default();
    for (idx, line) in lines.iter().enumerate() {
        let own = prefix(line.text, Some(opening.n_columns));
        let mut from = line.range.start + own.n_bytes;
        if own.n_columns < opening.n_columns {
            // A line with less before it: SuperFences counts characters, of whatever kind.
            from += byte_of_char(&line.text[own.n_bytes..], opening.n_columns - own.n_columns);
        }
        let surplus = own.n_columns.saturating_sub(opening.n_columns);
        code.push_synthetic(&" ".repeat(surplus), text.span(from..from));
        let last = idx + 1 == lines.len();
        let end = line.range.end + usize::from(!last);
        code.push_slice(text, from..end.max(from));
    }
    code
}

/// What stands before the fence, tabs made spaces.
fn untabbed(text: &Chunk, line: &Line<'_>, prefix: &Prefix) -> Chunk {
    let range = line.range.start..line.range.start + prefix.n_bytes;
    if !line.text[..prefix.n_bytes].contains('\t') {
        return text.slice(range);
    }
    let mut plain = String::new();
    let mut n_columns = 0;
    for ch in line.text[..prefix.n_bytes].chars() {
        let width = if ch == '\t' { TAB - n_columns % TAB } else { 1 };
        plain.extend(std::iter::repeat_n(if ch == '\t' { ' ' } else { ch }, width));
        n_columns += width;
    }
    Chunk::synthetic(&plain, text.span(range))
}

/// `parse_options`, `handle_attrs` and `handle_unrecognized`: `None` where the header is refused.
fn meaning(header: &Header<'_>, rules: &FenceRules) -> Option<Meaning> {
    let lang = header.lang.as_ref();
    let mut meaning = Meaning {
        lang: lang.map(|(word, _)| (*word).to_owned()),
        lang_range: lang.map(|(_, range)| range.clone()),
        ..Meaning::default()
    };
    let mut values: Vec<(String, Option<String>)> = Vec::new();
    let accepted = match &header.rest {
        Rest::Unrecognized => false,
        Rest::Options(options) => {
            for (key, value) in options {
                put(&mut values, key, Some(value));
            }
            validate(&mut meaning, &values, Form::Options, rules)
        }
        Rest::Braces(inside, start) => {
            let untabbed = inside.replace('\t', "    ");
            let shifted = untabbed.len() != inside.len();
            for attr in scan_attrs(&untabbed).0 {
                match (attr.key, attr.value) {
                    ("id", value) => meaning.id = value.unwrap_or("None").to_owned(),
                    (".", value) => {
                        if meaning.classes.is_empty() && meaning.lang_range.is_none() && !shifted {
                            meaning.lang_range = Some(start + attr.range.start + 1..start + attr.range.end);
                        }
                        meaning.classes.push(value.unwrap_or_default().to_owned());
                    }
                    (key, value) => put(&mut values, key, value),
                }
            }
            if meaning.lang.is_none() {
                let first = (!meaning.classes.is_empty()).then(|| meaning.classes.remove(0));
                meaning.lang = Some(first.unwrap_or_default());
            }
            validate(&mut meaning, &values, Form::Braces, rules)
        }
    };
    if accepted {
        return Some(meaning);
    }
    if !rules.fences.relaxed_headers {
        return None;
    }
    validate(&mut meaning, &[], Form::Braces, rules);
    Some(meaning)
}

fn put(values: &mut Vec<(String, Option<String>)>, key: &str, value: Option<&str>) {
    let value = value.map(str::to_owned);
    match values.iter_mut().find(|(known, _)| known == key) {
        Some(entry) => entry.1 = value,
        None => values.push((key.to_owned(), value)),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Options,
    Braces,
}

/// Asks the custom fences that fit, the last first, and then the highlighter. Outside braces an
/// attribute that is no option refuses.
fn validate(meaning: &mut Meaning, values: &[(String, Option<String>)], form: Form, rules: &FenceRules) -> bool {
    let lang = meaning.lang.clone();
    let fits = |fence: &CustomFence| fence.name == "*" || lang.as_deref() == Some(fence.name.as_str());
    let custom = rules.fences.custom_fences.iter().enumerate().rev();
    // A fence named `*` takes the place of the highlighter, so it comes last.
    let named = custom.clone().filter(|(_, fence)| fence.name != "*" && fits(fence)).map(|(idx, _)| Some(idx));
    let star = custom.filter(|(_, fence)| fence.name == "*").map(|(idx, _)| Some(idx)).next();
    for candidate in named.chain([star.unwrap_or(None)]) {
        let Some((options, attrs)) = sort_values(values, candidate, rules) else { continue };
        if form == Form::Options && !attrs.is_empty() {
            continue;
        }
        meaning.custom = candidate;
        meaning.options = options;
        meaning.attrs = if rules.attr_list && form == Form::Braces { attrs } else { Vec::new() };
        return true;
    }
    false
}

type Values = Vec<(String, Option<String>)>;

/// `highlight_validator` and `default_validator`: options and attributes apart. A flag where a
/// value is needed refuses, as the exception does there.
fn sort_values(
    values: &[(String, Option<String>)],
    custom: Option<usize>,
    rules: &FenceRules,
) -> Option<(Values, Values)> {
    let (mut options, mut attrs) = (Vec::new(), Vec::new());
    for (key, value) in values {
        let is_option = custom.is_none()
            && rules.highlight.use_pygments
            && match key.as_str() {
                "hl_lines" => is_hl_lines(value.as_deref()?),
                "linenums" => value.as_deref()?.starts_with(|ch: char| ch.is_ascii_digit()),
                "title" | "title_mode" => true,
                _ => false,
            };
        let to = if is_option { &mut options } else { &mut attrs };
        to.push((key.clone(), value.clone()));
    }
    Some((options, attrs))
}

/// `^\d+(?:-\d+)?(?:[ \t]+\d+(?:-\d+)?)*$`.
fn is_hl_lines(text: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    !text.is_empty()
        && !text.starts_with([' ', '\t'])
        && !text.ends_with([' ', '\t'])
        && text.split([' ', '\t']).filter(|word| !word.is_empty()).all(|word| match word.split_once('-') {
            Some((from, to)) => number(from) && number(to),
            None => number(word),
        })
}

#[expect(clippy::too_many_arguments, reason = "one call, and each is a different thing")]
fn make_node(
    opening: &Opening<'_>,
    first: &Line<'_>,
    text: &Chunk,
    code: Chunk,
    span: Span,
    n_lines: usize,
    rules: &FenceRules,
    page: &mut Page<'_>,
) -> Node {
    let meaning = &opening.meaning;
    let mut attrs = Attrs::default();
    if !meaning.id.is_empty() {
        attrs.set("id", meaning.id.clone());
    }
    for class in &meaning.classes {
        attrs.add_class(class);
    }
    for (key, value) in &meaning.attrs {
        // A flag has Python's `None` for a value there, and so it is written.
        attrs.set(key.clone(), value.as_deref().unwrap_or("None"));
    }
    let language = meaning.lang.as_ref().filter(|lang| !lang.is_empty()).map(|lang| {
        let range = meaning.lang_range.clone().unwrap_or(opening.header.range.clone());
        let range = first.range.start + range.start..first.range.start + range.end;
        Spanned::new(lang.clone(), text.span(range))
    });
    let style = match meaning.custom.and_then(|idx| rules.fences.custom_fences.get(idx)) {
        None => CodeStyle::Highlighted(Box::new(highlighted(meaning, n_lines, rules, page))),
        Some(CustomFence { class, format: FenceFormat::Code, .. }) => {
            CodeStyle::Custom { class: class.clone(), div: false }
        }
        Some(CustomFence { class, format: FenceFormat::Div, .. }) => {
            CodeStyle::Custom { class: class.clone(), div: true }
        }
        Some(CustomFence { class, format: FenceFormat::Formula { tag, mode }, .. }) => {
            return arithmatex::fence(tag, mode, class, &attrs, code.text(), span);
        }
    };
    Node::Code(Box::new(CodeBlock { span, code, language, attrs, style }))
}

/// `SuperFencesBlockPreprocessor.highlight`.
fn highlighted(meaning: &Meaning, n_lines: usize, rules: &FenceRules, page: &mut Page<'_>) -> HighlightStyle {
    let mut style = highlight_style(&rules.highlight, page);
    if !rules.fences.css_class.is_empty() {
        style.css_class.clone_from(&rules.fences.css_class);
    }
    let option =
        |name: &str| meaning.options.iter().find(|(key, _)| key == name).and_then(|(_, value)| value.as_deref());
    let numbers: Vec<i64> = option("linenums").map(linenums).unwrap_or_default();
    let start = numbers.first().copied();
    let numbered = match rules.highlight.linenums {
        Some(true) => start != Some(0),
        Some(false) => false,
        None => start.is_some_and(|start| start > 0),
    };
    if numbered {
        style.linenums = Some(start.unwrap_or(1).max(1));
        style.line_step = numbers.get(1).copied().unwrap_or(1).max(1);
        let special = numbers.get(2).copied().unwrap_or(rules.highlight.linenums_special);
        style.line_special = special.max(0);
    }
    style.title = option("title").map(str::to_owned);
    if let Some(mode) = option("title_mode") {
        style.title_html = mode == "html";
    }
    style.hl_lines = option("hl_lines").map(|text| hl_lines(text, n_lines)).unwrap_or_default();
    let word = meaning.lang.as_deref().unwrap_or_default().to_lowercase();
    let extended = rules.highlight.extend_pygments_lang.iter().find(|(name, _)| *name == word);
    style.lexer = extended.map(|(_, lexer)| lexer.clone());
    style
}

/// The three numbers of `linenums="1 2 3"`, as far as they are there.
fn linenums(text: &str) -> Vec<i64> {
    let mut numbers = Vec::new();
    let mut rest = text;
    while numbers.len() < 3 {
        let n_digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if n_digits == 0 {
            break;
        }
        numbers.push(rest[..n_digits].parse().unwrap_or(i64::from(u32::MAX)).min(i64::from(u32::MAX)));
        let blank = rest[n_digits..].trim_start_matches([' ', '\t']);
        if blank.len() == rest.len() - n_digits {
            break;
        }
        rest = blank;
    }
    numbers
}

/// The lines to mark, sorted; numbers beyond the code are cut as `normalize_hl_line` cuts them.
fn hl_lines(text: &str, n_lines: usize) -> Vec<usize> {
    let number = |word: &str| word.parse::<usize>().map_or(n_lines + 1, |number| number.min(n_lines + 1));
    let mut lines = Vec::new();
    for word in text.split_whitespace() {
        match word.split_once('-') {
            Some((from, to)) => lines.extend(number(from)..=number(to)),
            // Pygments shows an empty block as one line, which a number beyond the code must not mark.
            None => lines.extend(Some(number(word)).filter(|line| *line <= n_lines)),
        }
    }
    lines.sort_unstable();
    lines.dedup();
    lines
}
