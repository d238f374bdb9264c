//! Undoes what programs do to characters that mean something to others: percent signs of addresses,
//! references of HTML, backslashes of shells, JSON, Python and C.

use super::Unit;
use std::ops::Range;

/// The longest reference of HTML that is looked for.
const LONGEST: usize = 34;

/// Who wrote the escapes: a text has those of one, and what looks like another's is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// `%40`.
    Percent,
    /// `&amp;`, `&#64;`.
    Html,
    /// `\n`, `\x40`, `\u0040`, `\100`.
    Backslash,
}

/// Text whose escapes are being undone.
#[derive(Clone, Debug)]
pub(super) struct Escapes {
    scheme: Scheme,
    /// The beginning of an escape that is not complete.
    pending: Vec<Unit>,
}

impl Scheme {
    /// Tells whether an escape may begin with a byte.
    pub(super) fn begins(self, byte: u8) -> bool {
        byte == match self {
            Scheme::Percent => b'%',
            Scheme::Html => b'&',
            Scheme::Backslash => b'\\',
        }
    }
}

/// A text whose escapes were undone.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// The text.
    pub(super) text: Vec<Unit>,
    /// So much of it was looked at before, and left open.
    pub(super) n_before: usize,
    /// So much of it is done.
    pub(super) n_done: usize,
    /// Where its escapes are.
    pub(super) escapes: Vec<Range<usize>>,
}

enum Undone {
    /// So many bytes are an escape, which stands for these.
    Escape(usize, Vec<u8>),
    /// The first byte stands for itself.
    Plain,
    /// More bytes will tell.
    Open,
}

impl Escapes {
    pub(super) fn new(scheme: Scheme) -> Escapes {
        Escapes { scheme, pending: Vec::new() }
    }

    /// Tells whether an escape may begin with a byte.
    pub(super) fn begin(&self, byte: u8) -> bool {
        self.scheme.begins(byte)
    }

    /// Undoes the escapes of the text that comes next. At the end, what is not complete is plain.
    pub(super) fn undo(&mut self, units: &[Unit], ended: bool) -> Vec<Unit> {
        self.undo_telling(units, ended).0
    }

    /// Does the same, and returns the whole text that was looked at, with the place of each escape in it:
    /// what was left open the last time, and the units.
    pub(super) fn undo_telling(&mut self, units: &[Unit], ended: bool) -> (Vec<Unit>, Looked) {
        let mut text = std::mem::take(&mut self.pending);
        let mut looked = Looked { n_before: text.len(), ..Looked::default() };
        text.extend_from_slice(units);
        let (mut out, mut at) = (Vec::with_capacity(text.len()), 0);
        while let Some(first) = text.get(at) {
            let undone = if self.begin(first.byte) { undo(&text[at..]) } else { Undone::Plain };
            match undone {
                Undone::Open if !ended => break,
                Undone::Plain | Undone::Open => {
                    out.push(*first);
                    at += 1;
                }
                Undone::Escape(length, bytes) => {
                    let (start, end) = (first.start, text[at + length - 1].end);
                    out.extend(bytes.into_iter().map(|byte| Unit { byte, start, end }));
                    looked.escapes.push(at..at + length);
                    at += length;
                }
            }
        }
        self.pending = text[at..].to_vec();
        looked.text = text;
        looked.n_done = at;
        (out, looked)
    }

    /// Returns where an incomplete escape begins.
    pub(super) fn open(&self) -> Option<u64> {
        self.pending.first().map(|unit| unit.start)
    }

    /// Tells whether no escape is incomplete.
    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }
}

fn undo(text: &[Unit]) -> Undone {
    match text[0].byte {
        b'%' => match number(text, 1, 16, 2, 2) {
            Number::Is(value, length) => Undone::Escape(1 + length, vec![u8::try_from(value).unwrap_or(b'?')]),
            Number::Open => Undone::Open,
            Number::Not => Undone::Plain,
        },
        b'&' => reference(text),
        _ => backslash(text),
    }
}

enum Number {
    Is(u32, usize),
    Open,
    Not,
}

/// Reads a number of so many digits at least and at most.
fn number(text: &[Unit], from: usize, radix: u32, least: usize, most: usize) -> Number {
    let (mut value, mut length) = (0_u32, 0);
    while length < most {
        let Some(unit) = text.get(from + length) else { return Number::Open };
        let Some(digit) = char::from(unit.byte).to_digit(radix) else { break };
        value = value.saturating_mul(radix).saturating_add(digit);
        length += 1;
    }
    if length >= least { Number::Is(value, length) } else { Number::Not }
}

fn utf8(value: u32) -> Vec<u8> {
    char::from_u32(value).unwrap_or('\u{fffd}').to_string().into_bytes()
}

fn reference(text: &[Unit]) -> Undone {
    let end =
        text.iter().take(LONGEST).skip(1).position(|unit| !(unit.byte.is_ascii_alphanumeric() || unit.byte == b'#'));
    let Some(end) = end.map(|end| end + 1) else {
        return if text.len() < LONGEST { Undone::Open } else { Undone::Plain };
    };
    if text[end].byte != b';' {
        return Undone::Plain;
    }
    let name: String = text[..=end].iter().map(|unit| char::from(unit.byte)).collect();
    let undone = html_escape::decode_html_entities(&name);
    if undone == name { Undone::Plain } else { Undone::Escape(end + 1, undone.into_owned().into_bytes()) }
}

fn backslash(text: &[Unit]) -> Undone {
    let Some(next) = text.get(1).map(|unit| unit.byte) else { return Undone::Open };
    let byte = |value: u32| vec![u8::try_from(value & 0xff).unwrap_or(b'?')];
    let (from, radix, least, most) = match next {
        b'x' => (2, 16, 1, 2),
        b'u' => return unicode(text),
        b'U' => (2, 16, 4, 8),
        b'0'..=b'7' => (1, 8, 1, 3),
        b'n' => return Undone::Escape(2, b"\n".to_vec()),
        b't' => return Undone::Escape(2, b"\t".to_vec()),
        b'r' => return Undone::Escape(2, b"\r".to_vec()),
        b'a' | b'b' | b'e' | b'f' | b'v' => return Undone::Escape(2, b"\x1b".to_vec()),
        other => return Undone::Escape(2, vec![other]),
    };
    match number(text, from, radix, least, most) {
        Number::Is(value, length) if next == b'U' => Undone::Escape(from + length, utf8(value)),
        Number::Is(value, length) => Undone::Escape(from + length, byte(value)),
        Number::Open => Undone::Open,
        Number::Not => Undone::Escape(2, vec![next]),
    }
}

/// `\u00f6`, `\u{f6}`, and the pairs of JSON for what lies beyond.
fn unicode(text: &[Unit]) -> Undone {
    if text.get(2).is_none() {
        return Undone::Open;
    }
    if text[2].byte == b'{' {
        return match number(text, 3, 16, 1, 6) {
            Number::Is(value, length) => match text.get(3 + length).map(|unit| unit.byte) {
                None => Undone::Open,
                Some(b'}') => Undone::Escape(4 + length, utf8(value)),
                Some(_) => Undone::Escape(2, b"u".to_vec()),
            },
            Number::Open => Undone::Open,
            Number::Not => Undone::Escape(2, b"u".to_vec()),
        };
    }
    let (high, length) = match number(text, 2, 16, 4, 4) {
        Number::Is(value, length) => (value, 2 + length),
        Number::Open => return Undone::Open,
        Number::Not => return Undone::Escape(2, b"u".to_vec()),
    };
    if !(0xd800..0xdc00).contains(&high) {
        return Undone::Escape(length, utf8(high));
    }
    let follows = |at: usize, byte: u8| text.get(length + at).is_none_or(|unit| unit.byte == byte);
    if !follows(0, b'\\') || !follows(1, b'u') {
        return Undone::Escape(length, utf8(high));
    }
    match number(text, length + 2, 16, 4, 4) {
        Number::Is(low @ 0xdc00..0xe000, more) => {
            Undone::Escape(length + 2 + more, utf8(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)))
        }
        Number::Open => Undone::Open,
        Number::Is(..) | Number::Not => Undone::Escape(length, utf8(high)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undone(scheme: Scheme, text: &str) -> String {
        let unit = |(at, byte): (usize, &u8)| Unit { byte: *byte, start: at as u64, end: at as u64 + 1 };
        let units: Vec<Unit> = text.as_bytes().iter().enumerate().map(unit).collect();
        let mut escapes = Escapes::new(scheme);
        // One byte at a time: an escape may come in any pieces.
        let mut out: Vec<Unit> = units.iter().flat_map(|unit| escapes.undo(&[*unit], false)).collect();
        out.extend(escapes.undo(&[], true));
        String::from_utf8_lossy(&out.iter().map(|unit| unit.byte).collect::<Vec<_>>()).into_owned()
    }

    #[test]
    fn escapes_are_undone() {
        use Scheme::{Backslash, Html, Percent};
        for (scheme, text, wanted) in [
            (Percent, "p%40s%2fs%", "p@s/s%"),
            (Percent, r"100% of %zz \x40", r"100% of %zz \x40"),
            (Html, "a &amp; b &#64;&#x2F;&quot; &nosuch; &", "a & b @/\" &nosuch; &"),
            (Backslash, r"\x70\160\u0070\U00000070\u{70}", "ppppp"),
            (Backslash, r"w\u00f6rd \ud83d\ude00", "w\u{f6}rd \u{1f600}"),
            (Backslash, r#"say \"it\" \\ 'x'\''y'"#, r#"say "it" \ 'x'''y'"#),
            (Backslash, r"\303\266\0530", "\u{f6}+0"),
        ] {
            assert_eq!(undone(scheme, text), wanted, "{text}");
        }
    }
}
