//! The inline rules that Python-Markdown itself registers, with its names and priorities
//! (`build_inlinepatterns` of `markdown/inlinepatterns.py`).

use super::arena::El;
use super::delimiter::{Delimiter, Family};
use super::emphasis::Emphasis;
use super::links::{self, References};
use super::run::{Hit, InlineRule, Taken, at_any, at_char, at_text};
use super::{code_span, escape, html};
use crate::markdown::engine::rules::Rules;

/// Registers them, but for `escape`, which [`complete`] knows the characters of.
pub(crate) fn register(rules: &mut Rules) {
    rules.escapable("\\`*_{}[]()>#+-.!");
    let inline = &mut rules.inline;
    inline.register(
        "backtick",
        190.0,
        at_any(b"`\\", |engine, pass, at| code_span::backtick(engine, pass, at, code_span::plain)),
    );
    let reference = |image, form| {
        at_text(if image { "![" } else { "[" }, move |engine, pass, at| links::reference(engine, pass, at, image, form))
    };
    inline.register("reference", 170.0, reference(false, References::Long));
    inline.register("link", 160.0, at_char('[', |engine, pass, at| links::inline_link(engine, pass, at, false)));
    inline.register("image_link", 150.0, at_text("![", |engine, pass, at| links::inline_link(engine, pass, at, true)));
    inline.register("image_reference", 140.0, reference(true, References::Long));
    inline.register("short_reference", 130.0, reference(false, References::Short));
    inline.register("short_image_ref", 125.0, reference(true, References::Short));
    inline.register("autolink", 120.0, at_char('<', links::autolink));
    inline.register("automail", 110.0, at_char('<', links::automail));
    inline.register("linebreak", 100.0, at_text("  \n", |_, pass, at| escape::line_break(pass, at)));
    inline.register("html", 90.0, at_char('<', |engine, pass, at| html::html(engine, pass, at, false)));
    inline.register("entity", 80.0, at_char('&', |engine, pass, at| html::entity(engine, pass, at)));
    inline.register("em_strong", 60.0, em_strong(true));
}

/// Emphasis by `*` and `_`; `smart` where `_` inside a word stays text, as it does but for `legacy_em`.
pub(crate) fn em_strong(smart: bool) -> Box<dyn InlineRule> {
    let delimiter = |token, smart| Delimiter {
        token,
        double_tag: "strong",
        single_tag: "em",
        two_tags: true,
        double: false,
        no_space: false,
        smart,
        punctuation: false,
    };
    Box::new(Emphasis::new(Family::Core, vec![delimiter(b'*', false), delimiter(b'_', smart)]))
}

/// Registers `escape` where no extension did: which characters a backslash frees of their meaning is known
/// once every extension has said its own.
pub(crate) fn complete(rules: &mut Rules) {
    if rules.inline.contains("escape") {
        return;
    }
    let escapable = rules.escapables().to_owned();
    let rule = at_char('\\', move |_, pass, at| escape::escape(&escapable, pass, at));
    rules.inline.register("escape", 180.0, rule);
}

/// A line break of so many bytes, as `hardbreak` and `nl2br` make it.
pub(crate) fn line_break(what: &'static str) -> Box<dyn InlineRule> {
    at_text(what, move |_, pass, at| {
        let end = at + what.len();
        Hit::Take(end, Taken::el(El::new("br", pass.span(at..end))))
    })
}
