//! Fenced and indented code: which lines are code, and how it is to be shown.
//!
//! Comes before blocks are looked for: every fence becomes a placeholder line, with its node in the
//! page's stash. Knows the rules of SuperFences, `fenced_code`, `pymdownx.highlight` and
//! `codehilite`; does not know how code is coloured or written.

mod codehilite;
mod fenced_code;
mod header;
mod lint;
mod superfences;

use super::Page;
use super::stash::placeholder_at;
use crate::markdown::extensions::highlight;
use crate::markdown::tree::{Attrs, CodeBlock, CodeStyle, HighlightStyle, Node};
use crate::text::{Chunk, Span};
use std::ops::Range;

pub(crate) use superfences::fence_ranges;

/// A fence behind a placeholder, as it was written: text that turns out to be indented code gets
/// it back (SuperFences, `revert_greedy_fences`).
#[derive(Clone, Debug)]
pub(crate) struct LiftedFence {
    /// The lines of the fence with all that stands before them.
    source: Chunk,
    /// How many columns stand before the fence on its first line.
    n_indent: usize,
}

/// Replaces every fence by a placeholder line.
///
/// Reports headers that MkDocs does not read (OB240) and fences that are never closed (OB241).
pub(crate) fn lift_fences(text: Chunk, page: &mut Page<'_>) -> Chunk {
    let dialect = page.dialect;
    if let Some(options) = &dialect.superfences {
        superfences::lift(text, options, page)
    } else if let Some(options) = &dialect.fenced_code {
        fenced_code::lift(text, options, page)
    } else {
        text
    }
}

/// Makes the node of an indented code block; `code` is without its indentation and last `\n`.
pub(crate) fn indented_code(code: Chunk, span: Span, page: &mut Page<'_>) -> Node {
    let dialect = page.dialect;
    let block = match (&dialect.highlight, &dialect.codehilite) {
        (Some(_), Some(options)) if options.before_highlight => codehilite::indented(code, span, options),
        (Some(options), _) => highlighted_indented(trim_end_newlines(code), span, options, page),
        (None, Some(options)) => codehilite::indented(code, span, options),
        (None, None) => CodeBlock { span, code, language: None, attrs: Attrs::default(), style: PLAIN },
    };
    Node::Code(Box::new(block))
}

const PLAIN: CodeStyle = CodeStyle::Plain { class: None };

/// `HighlightTreeprocessor` of `pymdownx.highlight`: no language, and neither spans nor anchors.
fn highlighted_indented(code: Chunk, span: Span, options: &highlight::Options, page: &mut Page<'_>) -> CodeBlock {
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
    CodeBlock { span, code, language: None, attrs: Attrs::default(), style: CodeStyle::Highlighted(Box::new(style)) }
}

/// The options of `pymdownx.highlight` for the next block of the page.
fn highlight_style(options: &highlight::Options, page: &mut Page<'_>) -> HighlightStyle {
    let block_number = page.n_code_blocks;
    page.n_code_blocks += 1;
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

/// Puts fences back that were lifted out of what is indented code, or out of the block that begins
/// with it.
pub(crate) fn revert_fences(code: Chunk, page: &mut Page<'_>) -> Chunk {
    if page.lifted_fences.is_empty() {
        return code;
    }
    let mut changes: Vec<(Range<usize>, Chunk)> = Vec::new();
    for line in code.lines() {
        let Some((prefix, number)) = placeholder_line(line.text) else { continue };
        let Some(fence) = page.lifted_fences.remove(&number) else { continue };
        let skipped = fence.n_indent.saturating_sub(prefix);
        changes.push((line.range, without_columns(&fence.source, skipped)));
    }
    if changes.is_empty() { code } else { code.replace(&changes) }
}

/// Tells whether a line stands for a fence that was lifted out.
pub(crate) fn is_lifted(line: &str, page: &Page<'_>) -> bool {
    placeholder_line(line).is_some_and(|(_, number)| page.lifted_fences.contains_key(&number))
}

/// Reads a line that is a placeholder: what stands before it, in bytes, and its number.
fn placeholder_line(line: &str) -> Option<(usize, usize)> {
    let prefix = line.len() - line.trim_start_matches(['>', ' ']).len();
    let (mark, number) = placeholder_at(line, prefix)?;
    (mark.end == line.len()).then_some((prefix, number))
}

/// Cuts the first characters off every line.
fn without_columns(text: &Chunk, n_chars: usize) -> Chunk {
    let mut out = Chunk::default();
    for line in text.lines() {
        let from = line.range.start + byte_of_char(line.text, n_chars);
        // With the line's end, which the last line has not.
        out.push_slice(text, from..(line.range.end + 1).min(text.len()));
    }
    out
}

/// Returns where a character begins, or the end of the text.
fn byte_of_char(text: &str, n_chars: usize) -> usize {
    text.char_indices().nth(n_chars).map_or(text.len(), |(at, _)| at)
}

fn trim_end_newlines(code: Chunk) -> Chunk {
    let end = code.text().trim_end_matches('\n').len();
    if end == code.len() { code } else { code.slice(0..end) }
}

#[cfg(test)]
mod tests;
