//! Images with a text become figures: the text is the caption.
//!
//! Source of the rule: `markdown_captions.py`.

use super::extension::Extension;
use crate::markdown::engine::inline::links::{Found, References, find_inline, find_reference};
use crate::markdown::engine::inline::{El, Engine, Hit, Pass, Taken, Txt, at_text};
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::text::Chunk;
use std::sync::Arc;

/// This extension has no options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options;

impl Extension for Options {
    fn read(_: &mut OptionReader<'_>) -> Options {
        Options
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        let has_lists = rules.uses("attr_list");
        let caption = move |engine: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize| match find_inline(
            engine, pass, at, true,
        ) {
            Some(found) if has_text(pass, at) => figure(engine, pass, at, found, None, has_lists),
            _ => Hit::No,
        };
        rules.inline.register("caption", 151.0, at_text("![", caption));
        for (name, form) in [("ref_caption", References::Long), ("short_ref_caption", References::Short)] {
            let caption = move |engine: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize| {
                if !has_text(pass, at) {
                    return Hit::No;
                }
                match find_reference(engine, pass, at, true, form) {
                    Ok(found) => {
                        // What earlier rules made of such a text is text again (`unescape`).
                        let text = engine.attribute(&pass.text[found.text.clone()]);
                        let text = Chunk::synthetic(&text, pass.span(found.text.clone()));
                        figure(engine, pass, at, found, Some(text), has_lists)
                    }
                    Err(hit) => hit,
                }
            };
            rules.inline.register(name, 151.0, at_text("![", caption));
        }
    }
}

/// Tells whether the brackets of an image hold anything.
fn has_text(pass: &Pass<'_>, at: usize) -> bool {
    pass.text[at + 2..].chars().next().is_some_and(|ch| ch != ']')
}

/// Makes a figure; an attribute list behind the image is the figure's.
fn figure(
    engine: &mut Engine<'_, '_>,
    pass: &mut Pass<'_>,
    at: usize,
    found: Found,
    text: Option<Chunk>,
    has_lists: bool,
) -> Hit {
    let text = text.unwrap_or_else(|| pass.chunk.slice(found.text.clone()));
    let mut end = found.end;
    let mut caption = El::new("figcaption", pass.span(found.text.clone())).with_text(text);
    if has_lists && let Some(close) = list_end(pass, end) {
        let mut tail = Chunk::synthetic("\n", pass.span(end..end));
        tail.push_slice(pass.chunk, end..close);
        caption.tail = Some(Txt::open(tail));
        end = close;
    }
    let image = engine.add(found.image(pass, at, None));
    let caption = engine.add(caption);
    let mut figure = El::new("figure", pass.span(at..end));
    figure.children = vec![image, caption];
    Hit::Take(end, Taken::el(figure))
}

/// The byte behind an attribute list that begins at a byte; the last brace of the line ends it
/// (`AttrListTreeprocessor.BASE_RE`).
fn list_end(pass: &mut Pass<'_>, at: usize) -> Option<usize> {
    let text = pass.text;
    text[at..].strip_prefix('{')?;
    let line = pass.find("\n", at).unwrap_or(text.len());
    pass.find("}", at).filter(|brace| *brace < line)?;
    let close = at + text[at..line].rfind('}')?;
    let inner = &text[at + 1..close];
    let begins = |inner: &str| inner.trim_start_matches(' ').starts_with(|ch| !matches!(ch, '}' | ' '));
    (begins(inner.strip_prefix(':').unwrap_or(inner)) || begins(inner)).then_some(close + 1)
}
