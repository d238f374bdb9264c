//! Symbols for what is typed in ASCII: `(c)`, `-->`, `1/2`, `1st`.
//!
//! Source of the rule: `pymdownx/smartsymbols.py` 13. The symbols are characters here, where Python
//! writes character references.

use super::{ExtensionOptions, OptionReader};
use crate::markdown::engine::inline::chars::{is_boundary, is_word};
use crate::markdown::engine::inline::{Engine, Hit, Pass, Taken, escaped};
use crate::markdown::tree::{Element, Node};
use crate::text::Chunk;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    enabled: Vec<Symbol>,
}

/// A family of symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Symbol {
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

/// In the order in which they apply.
const ALL: [(Symbol, &str); 9] = [
    (Trademark, "trademark"),
    (Copyright, "copyright"),
    (Registered, "registered"),
    (PlusMinus, "plusminus"),
    (Arrows, "arrows"),
    (NotEqual, "notequal"),
    (Fractions, "fractions"),
    (OrdinalNumbers, "ordinal_numbers"),
    (CareOf, "care_of"),
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

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options { enabled: ALL.iter().filter(|(_, name)| reader.bool(name, true)).map(|(symbol, _)| *symbol).collect() }
    }
}

/// Returns the families that are on, in order.
pub(crate) fn symbols(options: &Options) -> Vec<Symbol> {
    options.enabled.clone()
}

impl Symbol {
    /// Returns the next byte where the symbol may begin.
    pub(crate) fn next(self, text: &str, at: usize) -> Option<usize> {
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
    pub(crate) fn apply(self, engine: &mut Engine<'_, '_>, pass: &Pass<'_>, at: usize) -> Hit {
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
