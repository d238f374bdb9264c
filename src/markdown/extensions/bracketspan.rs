//! Text in brackets with an attribute list: `[text]{.class}` becomes a `span`.
//!
//! Source of the rule: `pymdownx/bracketspan.py`. Without `attr_list` it does nothing.

use super::extension::Extension;
use crate::markdown::attrs::parse_attrs;
use crate::markdown::engine::inline::{El, Engine, Hit, Pass, Txt, at_char};
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use std::ops::Range;
use std::sync::Arc;

/// The options; there are none.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options;

impl Extension for Options {
    fn read(_: &mut OptionReader<'_>) -> Options {
        Options
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        rules.escapable("=");
        if rules.uses("attr_list") {
            rules.inline.register("bracket_span", 124.0, at_char('[', spans));
        }
    }
}

/// A span that is made, and the bytes it takes.
type Made = (Range<usize>, usize);

/// Makes all spans of a text. A bracket that closes without a list is text, and what it closes stays
/// open for a later one.
fn spans(engine: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize) -> Hit {
    let text = pass.text;
    let mut open: Vec<(usize, Vec<Made>)> = Vec::new();
    let mut done: Vec<Made> = Vec::new();
    // Brackets in the list of a span that lies in no other are its values'.
    let mut begin = at;
    let mut line = Line::default();
    for (offset, byte) in text.bytes().enumerate().skip(at) {
        match byte {
            _ if offset < begin => {}
            b'[' => open.push((offset, Vec::new())),
            b']' if !open.is_empty() => {
                let Some((inner, end)) = list_at(text, offset + 1, &mut line) else { continue };
                let Some((start, children)) = open.pop() else { continue };
                let (attrs, rest) = parse_attrs(&text[inner]);
                let whole = start..end - rest.len();
                let mut el = El::new("span", pass.span(whole.clone()));
                el.attrs = attrs;
                let mut from = start + 1;
                let mut slice = |to: usize, next: usize| {
                    let text = Txt::open(pass.chunk.slice(from..to));
                    from = next;
                    Some(text)
                };
                for (range, child) in children {
                    let before = slice(range.start, range.end);
                    match el.children.last() {
                        Some(last) => engine.els[*last].tail = before,
                        None => el.text = before,
                    }
                    el.children.push(child);
                }
                let after = slice(offset, end);
                match el.children.last() {
                    Some(last) => engine.els[*last].tail = after,
                    None => el.text = after,
                }
                let end = whole.end;
                let made = (whole, engine.add(el));
                match open.last_mut() {
                    Some((_, inside)) => inside.push(made),
                    None => {
                        done.push(made);
                        begin = end;
                    }
                }
            }
            _ => {}
        }
    }
    done.extend(open.into_iter().flat_map(|(_, inside)| inside));
    if done.is_empty() { Hit::Skip(text.len()) } else { Hit::Elements(done) }
}

/// A line that was looked at: its end, and its last closing brace.
#[derive(Default)]
struct Line {
    end: usize,
    brace: Option<usize>,
}

/// Reads the attribute list at a place: the bytes inside, and the byte behind. It may hold braces; the
/// last one of the line ends it. Places are asked for from left to right.
fn list_at(text: &str, at: usize, known: &mut Line) -> Option<(Range<usize>, usize)> {
    let line = text[at..].strip_prefix('{')?;
    if at >= known.end {
        known.end = text[at..].find('\n').map_or(text.len(), |end| at + end);
        known.brace = text[at..known.end].rfind('}').map(|brace| at + brace);
    }
    let line = &line[..known.end - at - 1];
    let colon = line.strip_prefix(':').map_or(0, |_| 1);
    let begins = |from: usize| {
        let from = from + (line.len() - from - line[from..].trim_start_matches(' ').len());
        line[from..].starts_with(|c| !matches!(c, '}' | ' ')).then_some(from)
    };
    if let Some(from) = begins(colon).or_else(|| begins(0))
        && let Some(close) = known.brace.filter(|close| *close > at + 1 + from)
    {
        return Some((at + 1 + from..close, close + 1));
    }
    let inner = text[at + 1..].trim_start();
    let close = text.len() - inner.len();
    inner.starts_with('}').then_some((close..close, close + 1))
}
