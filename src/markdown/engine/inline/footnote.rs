//! References to footnotes: `[^1]`.

use super::arena::El;
use super::run::{Engine, Hit, Pass, Taken};
use crate::markdown::extensions::footnotes::{Options, numbered};
use crate::text::Chunk;

/// `[^label]`
pub(crate) fn reference(options: &Options, engine: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize) -> Hit {
    if !pass.text[at..].starts_with("[^") {
        return Hit::No;
    }
    let Some(close) = pass.find("]", at + 2) else { return Hit::No };
    let label = &pass.text[at + 2..close];
    let end = close + 1;
    let footnotes = &mut engine.page.footnotes;
    let Some(defined) = footnotes.number_of(label) else { return Hit::Skip(end) };
    let used = footnotes.note_use(label);
    let number = if options.use_definition_order { defined } else { used };
    let separator = &options.separator;
    let key = options.key(label);
    let first = format!("fnref{separator}{key}");
    let count = footnotes.found_refs.entry(first.clone()).or_insert(0);
    *count += 1;
    let id = if *count == 1 { first } else { format!("fnref{count}{separator}{key}") };
    let span = pass.span(at..end);
    let text = numbered(&options.superscript_text, number + 1);
    let link = El::new("a", span)
        .with_attr("href", format!("#fn{separator}{key}"))
        .with_attr("class", "footnote-ref")
        .with_text(Chunk::synthetic(&text, span));
    let link = engine.add(link);
    let mut el = El::new("sup", span).with_attr("id", id);
    el.children.push(link);
    Hit::Take(end, Taken::el(el))
}
