//! Dumps of bytes as numbers: `xxd`, `od`, `hexdump` and lists of numbers, whatever stands between them.
//!
//! Each line is read as numbers in several ways at once; what an offset or a column of characters says
//! is passed over, and goes with the numbers where they are a secret's.

use super::forms::keep_dumped;
use super::{Found, HARMLESS, Lane, Unit, Words};

/// A line that is longer than this is masked by its numbers and not as a whole.
const LONG: u64 = 512;

/// The longest word that can be a number.
const WORD: usize = 40;

/// How a word is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Hex,
    /// Without a thought for columns of characters, and for an offset only on the way: what stands before a
    /// dump may look like them.
    HexAlone,
    /// Hexadecimal words of a machine that puts the least byte first.
    HexSwapped,
    Octal,
    Decimal,
    Characters,
}

const WAYS: [Way; 6] = [Way::Hex, Way::HexAlone, Way::HexSwapped, Way::Octal, Way::Decimal, Way::Characters];

/// A text that is read as a dump.
pub(super) struct Dumps {
    lanes: Vec<Lane>,
    /// Which ways read a number in this line.
    fits: [bool; WAYS.len()],
    /// Whether the last word looks like where the line stands, behind other text.
    late_offset: bool,
    /// Whether the rest of the line holds no hexadecimal number any more.
    hex_is_over: bool,
    /// How many digits the first hexadecimal number of the line has.
    width: Option<usize>,
    line_start: u64,
    n_words: usize,
    word: Vec<u8>,
    word_start: u64,
    n_blanks: usize,
    /// From where the rest of the line goes with what was found in it.
    going: Option<(u64, usize)>,
}

impl Dumps {
    pub(super) fn new(words: &Words) -> Dumps {
        Dumps {
            lanes: WAYS.iter().map(|_| Lane::new(words)).collect(),
            fits: [false; WAYS.len()],
            late_offset: false,
            hex_is_over: false,
            width: None,
            line_start: 0,
            n_words: 0,
            word: Vec::new(),
            word_start: 0,
            n_blanks: 0,
            going: None,
        }
    }

    pub(super) fn take(&mut self, words: &Words, unit: Unit, found: &mut Vec<Found>) {
        match unit.byte {
            b'\n' => {
                self.end_word(words, b'\n', unit.start, found);
                self.end_line(words, unit, found);
            }
            byte if byte.is_ascii_whitespace() || b",;:[](){}|".contains(&byte) => {
                self.end_word(words, byte, unit.start, found);
                self.n_blanks += 1;
                self.hex_is_over |= byte == b'|' && self.width.is_some();
            }
            byte => {
                if self.word.is_empty() {
                    self.word_start = unit.start;
                    if std::mem::take(&mut self.late_offset) && self.n_blanks == 2 {
                        (self.hex_is_over, self.width) = (false, None);
                    }
                    self.hex_is_over |= self.n_blanks > 2 && self.width.is_some();
                    self.n_blanks = 0;
                }
                if self.word.len() <= WORD {
                    self.word.push(byte);
                }
            }
        }
        if let Some((from, owner)) = self.going.filter(|(from, _)| unit.end > from + LONG) {
            found.push(Found { range: from..unit.end, owner });
            self.going = None;
        }
    }

    pub(super) fn finish(&mut self, words: &Words, found: &mut Vec<Found>) {
        let end = self.word_start + self.word.len() as u64;
        self.end_word(words, b'\n', end, found);
        self.end_line(words, Unit { byte: b'\n', start: end, end }, found);
    }

    fn end_line(&mut self, words: &Words, end: Unit, found: &mut Vec<Found>) {
        if let Some((from, owner)) = self.going.take() {
            found.push(Found { range: from..end.start, owner });
        }
        if self.n_words > 0 {
            // Another text between two numbers parts them.
            for (lane, fits) in self.lanes.iter_mut().zip(self.fits) {
                if !fits {
                    lane.reset(words);
                }
            }
        }
        self.fits = [false; WAYS.len()];
        (self.hex_is_over, self.late_offset, self.width) = (false, false, None);
        (self.n_words, self.n_blanks) = (0, 0);
        self.line_start = end.end;
    }

    fn end_word(&mut self, words: &Words, by: u8, end: u64, found: &mut Vec<Found>) {
        if self.word.is_empty() {
            return;
        }
        let word = std::mem::take(&mut self.word);
        let first = self.n_words == 0;
        self.n_words += 1;
        let hex_digits = word.iter().all(u8::is_ascii_hexdigit);
        if word.len() > WORD {
            return;
        }
        // Where the line stands in what was dumped, perhaps behind other text.
        let is_wide = hex_digits && (6..=16).contains(&word.len()) && by != b'\n';
        let is_offset = is_wide && (first || by == b':');
        if is_offset && !first {
            (self.hex_is_over, self.width) = (false, None);
        }
        self.late_offset = is_wide && self.width.is_some_and(|width| word.len() > width);
        let start = if self.word_start < self.line_start + LONG { self.line_start } else { self.word_start };
        for (index, way) in WAYS.into_iter().enumerate() {
            if is_offset && (way != Way::HexAlone || self.lanes[index].is_within(words)) {
                continue;
            }
            let Some(bytes) = self.read(way, &word) else { continue };
            self.fits[index] = true;
            for byte in bytes.into_iter().filter_map(keep_dumped) {
                if self.lanes[index].take(words, Unit { byte, start, end }, found)
                    && let Some(last) = found.last()
                {
                    self.going = Some((end, last.owner));
                }
            }
        }
        // What is no number ends the hexadecimal ones of its line: the characters follow.
        self.hex_is_over |= !is_offset && self.width.is_some() && self.read(Way::Hex, &word).is_none();
    }

    fn read(&mut self, way: Way, word: &[u8]) -> Option<Vec<u8>> {
        match way {
            Way::Hex | Way::HexAlone | Way::HexSwapped => {
                let digits = match word {
                    [b'0', b'x' | b'X', digits @ ..] => digits,
                    _ => word,
                };
                let even = !digits.is_empty() && digits.len().is_multiple_of(2) && digits.len() <= 32;
                let fits = self.width.is_none_or(|width| digits.len() <= width) && !self.hex_is_over;
                let fits = fits || way == Way::HexAlone;
                if !even || !fits || !digits.iter().all(u8::is_ascii_hexdigit) {
                    return None;
                }
                if way != Way::HexAlone {
                    self.width.get_or_insert(digits.len());
                }
                let mut bytes: Vec<u8> =
                    digits.chunks(2).filter_map(|pair| number(pair, 16)?.try_into().ok()).collect();
                if way == Way::HexSwapped {
                    bytes.reverse();
                }
                Some(bytes)
            }
            Way::Octal => match word.len() {
                3 => Some(vec![u8::try_from(number(word, 8)?).ok()?]),
                6 => Some(u16::try_from(number(word, 8)?).ok()?.to_le_bytes().to_vec()),
                _ => None,
            },
            Way::Decimal => {
                let digits = word.len() <= 3 && word.iter().all(u8::is_ascii_digit);
                digits.then(|| number(word, 10)?.try_into().ok()).flatten().map(|byte| vec![byte])
            }
            Way::Characters => match word {
                [byte] => Some(vec![*byte]),
                [b'\\', b'0'] | b"sp" | b"nl" | b"nul" => Some(Vec::new()),
                [b'\\', byte] if byte.is_ascii_alphabetic() => Some(Vec::new()),
                [_, _, _] => Some(vec![u8::try_from(number(word, 8)?).ok()?]),
                _ => None,
            },
        }
    }

    /// Returns where the first byte stands that may yet be a secret's, and how many bytes of one it
    /// could be the beginning of.
    pub(super) fn open(&self, words: &Words, now: u64) -> Option<(u64, usize)> {
        let mut open: Option<(u64, usize)> = self.going.map(|(from, _)| (from, HARMLESS + 1));
        for lane in &self.lanes {
            if let Some(start) = lane.earliest(words, now) {
                let depth = lane.depth(words, now);
                let (earliest, deepest) = open.unwrap_or((start, depth));
                open = Some((earliest.min(start), deepest.max(depth)));
            }
        }
        open
    }
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}
