//! Backslashes, and two spaces at the end of a line.
//!
//! Source of the rules: `EscapeInlineProcessor` and `LINE_BREAK_RE` of `markdown/inlinepatterns.py`.

use super::arena::El;
use super::delimiter::run_end;
use super::run::{Hit, Pass, Taken};
use crate::markdown::engine::mark::escaped;
use crate::text::Chunk;

/// An even run of backslashes before what `closes` accepts: half as many, escaped. Nothing of the run
/// can begin anything else.
pub(crate) fn escaped_backslashes(pass: &Pass<'_>, at: usize, closes: impl Fn(Option<char>) -> bool) -> Hit {
    let end = run_end(pass.text.as_bytes(), at);
    let length = end - at;
    if pass.before(at) == Some('\\') || length % 2 == 1 || !closes(pass.after(end)) {
        return Hit::Skip(end);
    }
    let mut chunk = Chunk::default();
    for pair in 0..length / 2 {
        chunk.push_synthetic(&escaped('\\'), pass.span(at + 2 * pair..at + 2 * pair + 2));
    }
    Hit::Take(end, Taken::Text(chunk))
}

/// `\` and a character that may be escaped.
pub(crate) fn escape(escapable: &str, pass: &Pass<'_>, at: usize) -> Hit {
    let Some(c) = pass.after(at + 1) else { return Hit::No };
    let end = at + 1 + c.len_utf8();
    if !escapable.contains(c) {
        return Hit::Skip(end);
    }
    Hit::Take(end, Taken::Text(Chunk::synthetic(&escaped(c), pass.span(at..end))))
}

/// Two spaces at the end of a line.
pub(crate) fn line_break(pass: &Pass<'_>, at: usize) -> Hit {
    if !pass.text[at..].starts_with("  \n") {
        return Hit::No;
    }
    Hit::Take(at + 3, Taken::el(El::new("br", pass.span(at..at + 3))))
}
