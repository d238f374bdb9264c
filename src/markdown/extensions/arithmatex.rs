//! Math: `$x$`, `\(x\)` in a line, `$$…$$`, `\[…\]` and `\begin{…}` as blocks.
//!
//! Source of the rule: `pymdownx/arithmatex.py`, with its formatters for custom fences and custom
//! code spans.

use super::extension::Extension;
use crate::markdown::engine::blocks::leaf::pop;
use crate::markdown::engine::blocks::tree::{ElId, READY};
use crate::markdown::engine::blocks::{Block, Blocks, Parser, Search};
use crate::markdown::engine::inline::chars::is_space;
use crate::markdown::engine::inline::{El, Engine, Hit, Pass, Taken, Txt, at_any};
use crate::markdown::engine::mark::{ATOMIC, escaped};
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::markdown::tree::{Attrs, Element, Node, Raw};
use crate::text::{Chunk, Span, yaml};
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// `tex_inline_wrap`: what stands around math in a line, in the generic form.
    pub(crate) tex_inline_wrap: (String, String),
    /// `tex_block_wrap`.
    pub(crate) tex_block_wrap: (String, String),
    /// `smart_dollar`: no space inside the dollars.
    pub(crate) smart_dollar: bool,
    /// `block_syntax`: `$$`.
    pub(crate) block_dollar: bool,
    /// `block_syntax`: `\[`.
    pub(crate) block_square: bool,
    /// `block_syntax`: `\begin`.
    pub(crate) block_begin: bool,
    /// `inline_syntax`: `$`.
    pub(crate) inline_dollar: bool,
    /// `inline_syntax`: `\(`.
    pub(crate) inline_round: bool,
    /// `generic`: for any library rather than for MathJax's scripts.
    pub(crate) generic: bool,
    /// `preview`: show the source before it is set.
    pub(crate) preview: bool,
    /// `block_tag`.
    pub(crate) block_tag: String,
    /// `inline_tag`.
    pub(crate) inline_tag: String,
}

impl Options {
    /// Tells whether any inline form is on.
    fn has_inline(&self) -> bool {
        self.inline_dollar || self.inline_round
    }
}

fn wrap(reader: &mut OptionReader<'_>, key: &'static str, default: (&str, &str)) -> (String, String) {
    match reader.opt_strings(key).as_deref() {
        Some([open, close, ..]) => (open.clone(), close.clone()),
        _ => (default.0.to_owned(), default.1.to_owned()),
    }
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let blocks = reader.opt_strings("block_syntax").unwrap_or_else(|| all(&["dollar", "square", "begin"]));
        let inline = reader.opt_strings("inline_syntax").unwrap_or_else(|| all(&["dollar", "round"]));
        let has = |list: &[String], name: &str| list.iter().any(|item| item == name);
        Options {
            tex_inline_wrap: wrap(reader, "tex_inline_wrap", ("\\(", "\\)")),
            tex_block_wrap: wrap(reader, "tex_block_wrap", ("\\[", "\\]")),
            smart_dollar: reader.bool("smart_dollar", true),
            block_dollar: has(&blocks, "dollar"),
            block_square: has(&blocks, "square"),
            block_begin: has(&blocks, "begin"),
            inline_dollar: has(&inline, "dollar"),
            inline_round: has(&inline, "round"),
            generic: reader.bool("generic", false),
            preview: reader.bool("preview", true),
            block_tag: reader.string("block_tag", "div"),
            inline_tag: reader.string("inline_tag", "span"),
        }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        rules.escapable("$");
        if self.has_inline() {
            let options = Arc::clone(&self);
            let rule = at_any(b"$\\", move |engine, pass, at| inline(&options, engine, pass, at));
            rules.inline.register("arithmatex-inline", 189.9, rule);
        }
        let searches = Searches { dollar: rules.search(), square: rules.search(), trimmed: rules.search() };
        rules.blocks.register(
            "arithmatex-block",
            79.9,
            Box::new(move |parser, parent, blocks| block(&self, parser, parent, blocks, searches)),
        );
    }
}

/// `$x$` and `\(x\)`, and pairs of backslashes before either.
fn inline(options: &Options, engine: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize) -> Hit {
    let text = pass.text;
    let bytes = text.as_bytes();
    if pass.before(at) == Some('\\') {
        return Hit::No;
    }
    if bytes[at] == b'\\' {
        let end = at + bytes[at..].iter().take_while(|byte| **byte == b'\\').count();
        let before_dollar = options.inline_dollar && bytes.get(end) == Some(&b'$');
        let before_round = options.inline_round && bytes.get(end) == Some(&b'(') && (end - at) % 2 == 1;
        let pairs = if before_dollar && (end - at).is_multiple_of(2) {
            end - at
        } else if before_round && end - at > 1 {
            end - at - 1
        } else {
            0
        };
        if pairs > 0 {
            let mut chunk = Chunk::default();
            for start in (at..at + pairs).step_by(2) {
                chunk.push_synthetic(&escaped('\\'), pass.span(start..start + 2));
            }
            return Hit::Take(at + pairs, Taken::Text(chunk));
        }
        if !(options.inline_round && text[at..].starts_with("\\(")) {
            return Hit::Skip(end);
        }
        let Some(close) = pass.ahead.unescaped("\\)", text, at + 2).filter(|close| *close > at + 2) else {
            return Hit::No;
        };
        return Hit::Take(close + 2, Taken::el(math(options, engine, pass, at, at + 2..close, close + 2)));
    }
    if !options.inline_dollar || (options.smart_dollar && pass.after(at + 1).is_none_or(is_space)) {
        return Hit::No;
    }
    let Some(close) = dollar_end(pass, at + 1, options.smart_dollar) else { return Hit::No };
    Hit::Take(close + 1, Taken::el(math(options, engine, pass, at, at + 1..close, close + 1)))
}

/// Finds the dollar that closes; a backslash takes the next character with it.
fn dollar_end(pass: &mut Pass<'_>, from: usize, smart: bool) -> Option<usize> {
    let close = pass.ahead.unescaped("$", pass.text, from)?;
    let spaced = smart && pass.text[..close].chars().next_back().is_some_and(is_space);
    (close > from && !spaced).then_some(close)
}

/// How math is written for the script that sets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// As text between two marks, for any library.
    Generic {
        /// The mark before it.
        open: String,
        /// The mark after it.
        close: String,
    },
    /// As a script element, for MathJax.
    MathJax {
        /// Whether the source is shown until it is set.
        preview: bool,
    },
}

fn math(
    options: &Options,
    engine: &mut Engine<'_, '_>,
    pass: &Pass<'_>,
    at: usize,
    inner: std::ops::Range<usize>,
    end: usize,
) -> El {
    let (open, close) = options.tex_inline_wrap.clone();
    let mode = match options.generic {
        true => Mode::Generic { open, close },
        false => Mode::MathJax { preview: options.preview },
    };
    let el = El::new(options.inline_tag.clone(), pass.span(at..end)).with_attr("class", "arithmatex");
    fill(el, &mode, pass.chunk.slice(inner), engine)
}

/// Puts math into an element of a line.
pub(super) fn fill(mut el: El, mode: &Mode, text: Chunk, engine: &mut Engine<'_, '_>) -> El {
    let span = el.span;
    let preview = match mode {
        Mode::Generic { open, close } => {
            let mut wrapped = Chunk::synthetic(open, span);
            wrapped.push(&text);
            wrapped.push_synthetic(close, span.end_point());
            return el.with_atomic(wrapped);
        }
        Mode::MathJax { preview } => *preview,
    };
    let placeholder = engine.page.stash.put(script("math/tex", text.text(), span));
    let script = Chunk::synthetic(&placeholder, span);
    if !preview {
        return el.with_atomic(script);
    }
    let mut preview = El::new("span", span).with_attr("class", "MathJax_Preview").with_atomic(text);
    preview.tail = Some(Txt::atomic(script));
    let preview = engine.add(preview);
    el.children.push(preview);
    el
}

/// Reads the tag and the mode of `arithmatex_inline_format` or `arithmatex_fenced_format`, or of the
/// functions that came before them; `None` where the function is another.
pub(super) fn formatter(name: &str, node: &yaml::Node, marks: (&str, &str)) -> Option<(Option<String>, Mode)> {
    let kwds = node.get("kwds");
    let word = |key: &str| kwds.and_then(|kwds| kwds.get(key)).and_then(yaml::Node::scalar_text);
    let preview = || word("preview").is_some_and(|word| word.eq_ignore_ascii_case("true"));
    let generic = || Mode::Generic { open: marks.0.to_owned(), close: marks.1.to_owned() };
    let mode = match name.rsplit_once('.').map_or(name, |(_, function)| function) {
        "arithmatex_inline_format" | "arithmatex_fenced_format" => match word("mode").as_deref() {
            Some("mathjax") => Mode::MathJax { preview: preview() },
            _ => generic(),
        },
        "inline_generic_format" | "fence_generic_format" => generic(),
        "inline_mathjax_format" | "fence_mathjax_format" => Mode::MathJax { preview: false },
        "inline_mathjax_preview_format" | "fence_mathjax_preview_format" => Mode::MathJax { preview: true },
        _ => return None,
    };
    Some((word("tag"), mode))
}

/// Makes the HTML of a fence of math (`_fence_generic_format`, `_fence_mathjax_format`). A fence for
/// MathJax has no attributes.
pub(crate) fn fence(tag: &str, mode: &Mode, class: &str, attrs: &Attrs, math: &str, span: Span) -> Node {
    let math = escape(math);
    let html = match mode {
        Mode::Generic { open, close } => {
            let mut start = format!("<{tag}");
            let mut attr = |name: &str, value: &str| start.push_str(&format!(" {name}=\"{}\"", escape(value)));
            if let Some(id) = attrs.get("id") {
                attr("id", id);
            }
            let classes: Vec<&str> =
                [class].into_iter().filter(|class| !class.is_empty()).chain(attrs.classes()).collect();
            attr("class", &classes.join(" "));
            for (name, value) in attrs.iter().filter(|(name, _)| !matches!(*name, "id" | "class")) {
                attr(name, value);
            }
            format!("{start}>{open}\n{math}\n{close}</{tag}>")
        }
        Mode::MathJax { preview } => {
            let preview =
                if *preview { format!("<div class=\"MathJax_Preview\">\n{math}\n</div>\n") } else { String::new() };
            let script = format!("<script type=\"math/tex; mode=display\">\n{math}\n</script>");
            format!("<{tag} class=\"arithmatex\">\n{preview}{script}\n</{tag}>")
        }
    };
    Node::Raw(Raw { html, span, block: true })
}

/// What is looked for in blocks.
#[derive(Clone, Copy)]
struct Searches {
    dollar: Search,
    square: Search,
    trimmed: Search,
}

/// `$$ … $$` and the other forms of Arithmatex, a block of their own.
fn block(
    options: &Options,
    parser: &mut Parser<'_, '_>,
    parent: ElId,
    blocks: &mut Blocks,
    searches: Searches,
) -> bool {
    if !may_be_math(options, &blocks[0], searches) {
        return false;
    }
    let Some(node) = whole_block(options, &blocks[0].chunk()) else { return false };
    let block = pop(blocks);
    let holder = parser.element(parent, READY, block.whole_span());
    parser.tree.get_mut(holder).before.push(node);
    true
}

/// Tells whether the marks at both ends of a block are those of math: only then the whole of it is
/// looked through.
fn may_be_math(options: &Options, block: &Block, searches: Searches) -> bool {
    let text = block.text();
    // A mark behind an odd number of backslashes is none.
    let unescaped = |before: &str| (before.len() - before.trim_end_matches('\\').len()).is_multiple_of(2);
    if text.starts_with("$$") {
        if !options.block_dollar || block.refused(searches.dollar, block.len()) {
            return false;
        }
        let closed = block.trimmed_end(searches.trimmed).strip_suffix("$$").is_some_and(unescaped);
        if !closed {
            block.refuse(searches.dollar, block.len());
        }
        return closed;
    }
    if text.starts_with("\\[") {
        let is_end = |at: &str, before: &str| at.starts_with("\\]") && unescaped(before);
        let end = if options.block_square { block.find_byte(searches.square, 2, b'\\', is_end) } else { None };
        return end.is_some_and(|end| end + 2 == block.trimmed_end(searches.trimmed).len());
    }
    let Some(name) = text.strip_prefix("\\begin{").filter(|_| options.block_begin) else { return false };
    let len = name.find(|ch: char| !ch.is_ascii_lowercase()).unwrap_or(name.len());
    let name = &name[..len + usize::from(name[len..].starts_with('*'))];
    len > 0 && block.trimmed_end(searches.trimmed).ends_with(&format!("\\end{{{name}}}"))
}

/// Reads a whole block of math; the text must be nothing else.
fn whole_block(options: &Options, text: &Chunk) -> Option<Node> {
    let trimmed = text.text().trim_end_matches(' ');
    let inner = block_math(options, trimmed)?;
    let span = text.span(0..trimmed.len());
    let part = text.span(inner.clone());
    let math = &text.text()[inner];
    let wrapper = Element::new(options.block_tag.clone(), span).with_attr("class", "arithmatex");
    let children = if options.generic {
        let (open, close) = &options.tex_block_wrap;
        vec![Node::text(atomic(&format!("{open}{math}{close}")), part)]
    } else {
        let mut nodes = Vec::new();
        if options.preview {
            let preview = Element::new("div", part).with_attr("class", "MathJax_Preview");
            nodes.push(preview.with_children(vec![Node::text(atomic(math), part)]).into());
        }
        nodes.push(script("math/tex; mode=display", math, part));
        nodes
    };
    Some(wrapper.with_children(children).into())
}

/// Makes the script that MathJax reads. Its text is escaped, as Arithmatex has it.
fn script(kind: &str, math: &str, span: Span) -> Node {
    let html = format!("<script type=\"{kind}\">{}</script>", escape(math));
    Node::Raw(Raw { html, span, block: false })
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn atomic(text: &str) -> String {
    format!("{}{text}", ATOMIC)
}

fn block_math(options: &Options, text: &str) -> Option<std::ops::Range<usize>> {
    if options.block_dollar && text.len() > 4 && text.starts_with("$$") {
        let close = unescaped_end(text, 2, "$$")?;
        return (close > 2 && close + 2 == text.len()).then_some(2..close);
    }
    if options.block_square && text.starts_with("\\[") {
        let close = 2 + find_square(&text[2..])?;
        return (close > 2 && close + 2 == text.len()).then_some(2..close);
    }
    let name = options.block_begin.then(|| text.strip_prefix("\\begin{")).flatten()?;
    let name = &name[..name.find('}')?];
    let plain = name.strip_suffix('*').unwrap_or(name);
    if plain.is_empty() || !plain.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    text.ends_with(&format!("\\end{{{name}}}")).then_some(0..text.len())
}

/// Finds a mark at the end of a text that no backslash takes away.
fn unescaped_end(text: &str, from: usize, mark: &str) -> Option<usize> {
    let mut at = from;
    let bytes = text.as_bytes();
    while at < bytes.len() {
        if bytes[at] == b'\\' {
            at += 1 + text[at + 1..].chars().next()?.len_utf8();
        } else if at > from && at + mark.len() == bytes.len() && text.is_char_boundary(at) && text[at..] == *mark {
            return Some(at);
        } else {
            at += 1;
        }
    }
    None
}

fn find_square(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if bytes.get(at + 1) == Some(&b']') && at + 2 == bytes.len() => return Some(at),
            b'\\' if bytes.get(at + 1) == Some(&b']') => return None,
            b'\\' => at += 1 + text[at + 1..].chars().next()?.len_utf8(),
            _ => at += 1,
        }
    }
    None
}
