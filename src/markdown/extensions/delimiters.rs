//! The tokens that Betterem, Caret, Tilde and Mark put together: one rule pairs them all.
//!
//! Source of the rule: `pymdownx/delimiterprocessor.py`, whose processor the first of these extensions
//! registers and the others add to.

use crate::markdown::engine::inline::{Delimiter, Emphasis, Family};
use crate::markdown::engine::rules::Rules;

/// The tokens so far.
#[derive(Default)]
struct Delimiters(Vec<Delimiter>);

/// Adds a token.
pub(super) fn add(rules: &mut Rules, delimiter: Delimiter) {
    let known = &mut rules.shared::<Delimiters>().0;
    known.retain(|known| known.token != delimiter.token);
    known.push(delimiter);
    let delimiters = known.clone();
    rules.inline.register("delimiter", 60.0, Box::new(Emphasis::new(Family::Pymdownx, delimiters)));
}

/// What a token makes, doubled or single.
#[derive(Clone, Copy)]
pub(super) struct Form {
    /// The tag.
    pub(super) tag: &'static str,
    /// Whether it means something.
    pub(super) on: bool,
}

/// A token whose double and single forms may each be off; `None` where both are.
pub(super) fn pair(token: u8, double: Form, single: Form) -> Option<Delimiter> {
    let (double_tag, single_tag) = match (double.on, single.on) {
        (true, true) => (double.tag, single.tag),
        (true, false) => (double.tag, double.tag),
        (false, true) => (single.tag, single.tag),
        (false, false) => return None,
    };
    Some(Delimiter {
        token,
        double_tag,
        single_tag,
        two_tags: double.on && single.on,
        double: double.on && !single.on,
        no_space: false,
        smart: false,
        punctuation: false,
    })
}
