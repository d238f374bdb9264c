//! Fenced code, before blocks are looked for.

use super::Page;
use crate::markdown::tree::{Attrs, CodeBlock, CodeStyle, Node};
use crate::text::{Chunk, Span};

/// Replaces every fence by a placeholder line.
pub(crate) fn lift_fences(text: Chunk, page: &mut Page<'_>) -> Chunk {
    let mut changes = Vec::new();
    let mut open: Option<(usize, usize, String)> = None;
    for line in text.lines() {
        match &open {
            None if line.text.starts_with("```") => {
                open = Some((line.range.start, line.range.end + 1, line.text[3..].trim().to_owned()));
            }
            Some((start, body, language)) if line.text.trim_end() == "```" => {
                let span = text.span(*start..line.range.end);
                let end = line.range.start.saturating_sub(1).max(*body);
                let class = (!language.is_empty()).then(|| format!("language-{language}"));
                let code = CodeBlock {
                    span,
                    code: text.slice(*body..end),
                    language: None,
                    attrs: Attrs::default(),
                    style: CodeStyle::Plain { class },
                };
                let mark = page.stash.put(Node::Code(Box::new(code)));
                changes.push((*start..line.range.end, Chunk::synthetic(&format!("\n{mark}\n"), span)));
                open = None;
            }
            _ => {}
        }
    }
    text.replace(&changes)
}

/// Makes the node of an indented code block; `code` is without its indentation and last `\n`.
pub(crate) fn indented_code(code: Chunk, span: Span, page: &mut Page<'_>) -> Node {
    let _ = page;
    let style = CodeStyle::Plain { class: None };
    Node::Code(Box::new(CodeBlock { span, code, language: None, attrs: Attrs::default(), style }))
}
