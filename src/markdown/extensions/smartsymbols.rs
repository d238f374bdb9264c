//! Symbols for what is typed in ASCII: `(c)`, `-->`, `1/2`, `1st`.
//!
//! Source of the rule: `pymdownx/smartsymbols.py`. The symbols are characters here, where Python
//! writes character references.

use super::extension::Extension;
use crate::markdown::engine::inline::chars::{is_boundary, is_word};
use crate::markdown::engine::inline::{Engine, Hit, InlineRule, InlineRules, Pass, Substitutions, Taken};
use crate::markdown::engine::mark::escaped;
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::markdown::tree::{Element, Node};
use crate::text::Chunk;
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    enabled: Vec<Symbol>,
}

/// A family of symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Symbol {
    Trademark,
    Copyright,
    Registered,
    PlusMinus,
    Arrows,
    NotEqual,
    Fractions,
    OrdinalNumbers,
    CareOf,
}

use Symbol::{Arrows, CareOf, Copyright, Fractions, NotEqual, OrdinalNumbers, PlusMinus, Registered, Trademark};

/// In the order in which they apply: the option, and the name in the pass.
const ALL: [(Symbol, &str, &str); 9] = [
    (Trademark, "trademark", "smart-trademark"),
    (Copyright, "copyright", "smart-copyright"),
    (Registered, "registered", "smart-registered"),
    (PlusMinus, "plusminus", "smart-plus-minus"),
    (Arrows, "arrows", "smart-arrows"),
    (NotEqual, "notequal", "smart-not-equal"),
    (Fractions, "fractions", "smart-fractions"),
    (OrdinalNumbers, "ordinal_numbers", "smart-ordinal-numbers"),
    (CareOf, "care_of", "smart-care-of"),
];

const FRACTIONS: [(&str, char); 15] = [
    ("1/4", '¼'),
    ("1/2", '½'),
    ("3/4", '¾'),
    ("1/3", '⅓'),
    ("2/3", '⅔'),
    ("1/5", '⅕'),
    ("2/5", '⅖'),
    ("3/5", '⅗'),
    ("4/5", '⅘'),
    ("1/6", '⅙'),
    ("5/6", '⅚'),
    ("1/8", '⅛'),
    ("3/8", '⅜'),
    ("5/8", '⅝'),
    ("7/8", '⅞'),
];

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options {
            enabled: ALL.iter().filter(|(_, name, _)| reader.bool(name, true)).map(|(symbol, ..)| *symbol).collect(),
        }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        let mut symbols = InlineRules::default();
        for (symbol, _, name) in ALL.iter().filter(|(symbol, ..)| self.enabled.contains(symbol)) {
            symbols.register(name, 30.0, Box::new(*symbol));
        }
        if symbols.len() > 0 {
            rules.text.register("smart-symbols", 6.1, Box::new(Substitutions(symbols)));
        }
    }
}

impl InlineRule for Symbol {
    /// Returns the next byte where the symbol may begin.
    fn next(&self, text: &str, at: usize) -> Option<usize> {
        let rest = text.get(at..)?;
        let found = match self {
            Trademark | Copyright | Registered => rest.find('('),
            PlusMinus => rest.find("+/-"),
            Arrows => rest.find(['<', '-']),
            NotEqual => rest.find("=/="),
            Fractions | OrdinalNumbers => rest.find(|c: char| c.is_ascii_digit()),
            CareOf => rest.find("c/o"),
        }?;
        Some(at + found)
    }

    /// Tries the symbol at a place.
    fn apply(&self, engine: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize) -> Hit {
        let rest = &pass.text[at..];
        let before = pass.before(at);
        let (length, symbol) = match self {
            Trademark if rest.starts_with("(tm)") => (4, '™'),
            Copyright if rest.starts_with("(c)") => (3, '©'),
            Registered if rest.starts_with("(r)") => (3, '®'),
            PlusMinus => (3, '±'),
            NotEqual => (3, '≠'),
            Arrows if rest.starts_with("<-->") => (4, '↔'),
            Arrows if rest.starts_with("-->") && before != Some('-') => (3, '→'),
            Arrows if rest.starts_with("<--") && !rest.starts_with("<---") => (3, '←'),
            Fractions => match fraction(rest, before) {
                Some(symbol) => (3, symbol),
                None => return Hit::No,
            },
            CareOf if is_boundary(before, Some('c')) && is_boundary(Some('o'), rest[3..].chars().next()) => (3, '℅'),
            OrdinalNumbers => return ordinal(engine, pass, at, before),
            _ => return Hit::No,
        };
        let range = at..at + length;
        Hit::Take(range.end, Taken::Text(Chunk::synthetic(&escaped(symbol), pass.span(range))))
    }
}

fn fraction(rest: &str, before: Option<char>) -> Option<char> {
    if before.is_some_and(char::is_numeric) || rest.get(3..).is_some_and(|after| after.starts_with(char::is_numeric)) {
        return None;
    }
    FRACTIONS.iter().find(|(typed, _)| rest.starts_with(typed)).map(|(_, symbol)| *symbol)
}

/// `1st`, `22nd`, `11th`: the letters are raised.
fn ordinal(engine: &mut Engine<'_, '_>, pass: &Pass<'_>, at: usize, before: Option<char>) -> Hit {
    let rest = &pass.text[at..];
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let number = &rest[..digits];
    let skip = Hit::Skip(at + digits);
    if before.is_some_and(is_word) || (digits > 1 && number.starts_with('0')) {
        return skip;
    }
    let Some(letters) = rest.get(digits..digits + 2) else { return skip };
    let last = number.as_bytes()[digits - 1];
    let teen = digits > 1 && number.as_bytes()[digits - 2] == b'1';
    let fits = match (last, letters) {
        (b'1', "st") | (b'2', "nd") | (b'3', "rd") => true,
        (b'1'..=b'3', "th") => teen,
        (_, "th") => true,
        _ => false,
    };
    if !fits || !is_boundary(letters.chars().next_back(), rest[digits + 2..].chars().next()) {
        return skip;
    }
    let number_span = pass.span(at..at + digits);
    let letters_span = pass.span(at + digits..at + digits + 2);
    let hidden: String = number.chars().map(escaped).collect();
    let raised = Element::new("sup", letters_span).with_children(vec![Node::text(letters, letters_span)]);
    let placeholder = engine.page.stash.put(raised.into());
    let mut chunk = Chunk::synthetic(&hidden, number_span);
    chunk.push_synthetic(&placeholder, letters_span);
    Hit::Take(at + digits + 2, Taken::Text(chunk))
}
