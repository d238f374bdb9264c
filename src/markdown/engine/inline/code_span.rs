//! Code spans: `` `code` ``.
//!
//! Source of the rule: `BacktickInlineProcessor` of `markdown/inlinepatterns.py`.

use super::arena::{El, Kind, Txt};
use super::chars::{is_space, strip};
use super::escape::escaped_backslashes;
use super::html::span_of;
use super::run::{Engine, Hit, Pass, Taken};
use super::ticks::Ticks;
use crate::markdown::engine::mark::STX;
use std::ops::Range;

/// `` `code` ``, and backslashes in pairs before a backtick; `element` makes the element of a span from
/// the bytes of the whole and of the code.
pub(crate) fn backtick(
    engine: &mut Engine<'_, '_>,
    pass: &mut Pass<'_>,
    at: usize,
    element: impl Fn(&mut Engine<'_, '_>, &Pass<'_>, Range<usize>, Range<usize>) -> El,
) -> Hit {
    let bytes = pass.text.as_bytes();
    if bytes[at] == b'\\' {
        return escaped_backslashes(pass, at, |next| next == Some('`'));
    }
    if pass.before(at) == Some('\\') {
        return Hit::No;
    }
    let text = pass.text;
    let ticks = pass.ticks.get_or_insert_with(|| Ticks::of(text));
    match ticks.code_span(at, bytes) {
        Err(end) => Hit::Skip(end),
        Ok((start, close)) => {
            let end = close + (start - at);
            let code = &pass.text[start..close];
            if code.contains(STX) {
                // What was hidden before (raw HTML, changes) comes back as it was.
                let from = start + span_of(code, is_space);
                let mut el = El::new("code", pass.span(at..end));
                el.text = Some(Txt::atomic(pass.chunk.slice(from..from + strip(code).len())));
                return Hit::Take(end, Taken::el(el));
            }
            Hit::Take(end, Taken::el(element(engine, pass, at..end, start..close)))
        }
    }
}

/// The element of a code span without colours.
pub(crate) fn plain(_: &mut Engine<'_, '_>, pass: &Pass<'_>, whole: Range<usize>, inner: Range<usize>) -> El {
    let mut el = El::new("code", pass.span(whole));
    el.kind = Kind::Code { code: strip(&pass.text[inner]).to_owned(), highlight: None };
    el
}
