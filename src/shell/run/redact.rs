//! Secrets are taken out of everything before it is written or shown.
//!
//! A value is looked for in the forms that it takes when programs pass it on ([`forms`]), in text read
//! as it is, with its escapes undone once and twice ([`escapes`]), and in dumps of bytes as numbers
//! ([`dumps`]). Case, quotes, white space and, where enough of a value is left, all punctuation are
//! passed over, so that wrapped, spaced and quoted values are found. Text may come in any pieces; the
//! time is linear in it, and what is held back is bounded by the longest form.

mod beside;
mod dumps;
mod escapes;
mod forms;

use aho_corasick::Anchored;
use aho_corasick::automaton::{Automaton as _, StateID};
use aho_corasick::nfa::contiguous::NFA;
use beside::Beside;
use dumps::Dumps;
use escapes::{Escapes, Scheme};
use forms::Level;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What stands in place of a secret.
pub const MASK: &str = "***";

/// The least length of a secret, in bytes: a shorter one would blot out innocent text.
pub const SHORTEST: usize = 6;

/// More bytes than this between two bytes of a value part them: no bound, no end to what is held back.
const GAP: u64 = 512;

/// How much text is looked at in one go.
const PIECE: usize = 16 * 1024;

/// So much of a value may stand at the end of a line that is shown because nothing follows it.
const HARMLESS: usize = 3;

/// Knows secrets and takes them out of text. Its copies learn together.
#[derive(Clone, Default)]
pub struct Redactor {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// What is known: the name of each value, and the value.
    known: Mutex<Known>,
    /// Raised whenever something was learnt.
    version: AtomicU64,
}

#[derive(Default)]
struct Known {
    values: Vec<(String, String)>,
    matcher: Arc<Matcher>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} values)", self.known().values.len())
    }
}

impl Redactor {
    /// Learns the values of secrets by name.
    ///
    /// # Errors
    /// Returns the name of the first secret that is shorter than [`SHORTEST`] and not among those
    /// that may be.
    pub fn new(secrets: &BTreeMap<String, String>, short_allowed: &BTreeSet<String>) -> Result<Redactor, String> {
        let trimmed = |value: &String| value.trim_end_matches(['\n', '\r']).to_owned();
        let values: Vec<(String, String)> =
            secrets.iter().map(|(name, value)| (name.clone(), trimmed(value))).collect();
        if let Some((name, _)) =
            values.iter().find(|(name, value)| value.len() < SHORTEST && !short_allowed.contains(name))
        {
            return Err(name.clone());
        }
        let redactor = Redactor::default();
        redactor.learn_all(values);
        Ok(redactor)
    }

    /// Learns a value that was made on the way; from now on it goes like any other. Returns `false`,
    /// and learns nothing, where it is too short.
    pub fn learn(&self, name: &str, value: &str) -> bool {
        let value = value.trim();
        if value.len() >= SHORTEST && !self.known().values.iter().any(|(_, known)| known == value) {
            self.learn_all(vec![(name.to_owned(), value.to_owned())]);
        }
        value.len() >= SHORTEST
    }

    fn learn_all(&self, values: Vec<(String, String)>) {
        let mut known = self.known();
        known.values.extend(values);
        known.matcher = Arc::new(Matcher::of(&known.values));
        self.shared.version.fetch_add(1, Ordering::SeqCst);
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.shared.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whether nothing is looked for.
    pub fn is_empty(&self) -> bool {
        self.known().values.is_empty()
    }

    /// Takes the secrets out of a whole text.
    pub fn redact(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.redact_bytes(text.as_bytes())).into_owned()
    }

    /// Takes the secrets out of a whole file.
    pub fn redact_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let (mut stream, mut out) = (self.stream(), Vec::with_capacity(bytes.len()));
        stream.push(bytes, &mut out);
        stream.finish(&mut out);
        out
    }

    /// Returns the names of the secrets that stand in a text in any form, sorted.
    pub fn found_in(&self, bytes: &[u8]) -> Vec<String> {
        let mut stream = self.stream();
        stream.push(bytes, &mut Vec::new());
        stream.finish(&mut Vec::new());
        let known = self.known();
        let names: BTreeSet<&String> =
            stream.owners.iter().filter_map(|owner| Some(&known.values.get(*owner)?.0)).collect();
        names.into_iter().cloned().collect()
    }

    /// Begins a text that comes in pieces.
    pub fn stream(&self) -> RedactedStream<'_> {
        let version = self.shared.version.load(Ordering::SeqCst);
        let matcher = Arc::clone(&self.known().matcher);
        RedactedStream {
            redactor: self,
            version,
            readings: Readings::new(&matcher),
            matcher,
            held: Vec::new(),
            base: 0,
            found: Vec::new(),
            done: 0,
            masking: false,
            owes_line_end: false,
            owners: BTreeSet::new(),
        }
    }
}

/// All forms of all values, as automata.
#[derive(Default)]
struct Matcher {
    levels: Vec<(Level, Words)>,
    dumps: Option<Words>,
}

/// Words that are looked for at once.
struct Words {
    automaton: NFA,
    start: StateID,
    longest: usize,
    /// Whose each word is.
    owners: Vec<usize>,
}

impl Words {
    fn of(words: BTreeMap<Vec<u8>, usize>) -> Option<Words> {
        let longest = words.keys().map(Vec::len).max()?;
        let automaton = NFA::new(words.keys()).ok()?;
        let start = automaton.start_state(Anchored::No).ok()?;
        Some(Words { automaton, start, longest, owners: words.into_values().collect() })
    }
}

impl Matcher {
    fn of(values: &[(String, String)]) -> Matcher {
        let mut levels: BTreeMap<Level, BTreeMap<Vec<u8>, usize>> = BTreeMap::new();
        let mut dumped = BTreeMap::new();
        for (owner, (_, value)) in values.iter().enumerate() {
            forms::each(value, &mut |level, word| {
                levels.entry(level).or_default().entry(word).or_insert(owner);
            });
            forms::each_dumped(value, &mut |word| {
                dumped.entry(word).or_insert(owner);
            });
        }
        let levels = levels.into_iter().filter_map(|(level, words)| Some((level, Words::of(words)?)));
        Matcher { levels: levels.collect(), dumps: Words::of(dumped) }
    }

    fn is_empty(&self) -> bool {
        self.levels.is_empty() && self.dumps.is_none()
    }

    /// Whose a text is taken to be that could not be looked through.
    fn some_owner(&self) -> usize {
        self.levels.iter().find_map(|(_, words)| words.owners.first().copied()).unwrap_or(0)
    }
}

/// One byte of a text that was read in some way, and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unit {
    byte: u8,
    start: u64,
    end: u64,
}

/// Something that was found: where, and whose it is.
struct Found {
    range: Range<u64>,
    owner: usize,
}

/// The search for words in one reading of a text.
#[derive(Clone)]
struct Lane {
    state: StateID,
    /// The last bytes that were kept, with where they begin: as many as the longest word has.
    recent: VecDeque<(u8, u64)>,
    /// Where the last of them ends.
    end: u64,
}

impl Lane {
    fn new(words: &Words) -> Lane {
        Lane { state: words.start, recent: VecDeque::new(), end: 0 }
    }

    fn reset(&mut self, words: &Words) {
        self.state = words.start;
        self.recent.clear();
    }

    /// Tells whether what was taken could be the beginning of a word.
    fn is_within(&self, words: &Words) -> bool {
        self.state != words.start
    }

    /// Takes the next byte that counts; tells whether a word ends with it.
    fn take(&mut self, words: &Words, unit: Unit, found: &mut Vec<Found>) -> bool {
        if unit.start > self.end + GAP {
            self.reset(words);
        }
        self.end = unit.end;
        if self.recent.len() == words.longest {
            self.recent.pop_front();
        }
        self.recent.push_back((unit.byte, unit.start));
        self.state = words.automaton.next_state(Anchored::No, self.state, unit.byte);
        if !words.automaton.is_match(self.state) {
            return false;
        }
        for index in 0..words.automaton.match_len(self.state) {
            let word = words.automaton.match_pattern(self.state, index);
            let begin = self.recent.len().checked_sub(words.automaton.pattern_len(word));
            if let Some((_, start)) = begin.and_then(|begin| self.recent.get(begin)) {
                found.push(Found { range: *start..unit.end, owner: words.owners[word.as_usize()] });
            }
        }
        true
    }

    /// Returns how many of the last bytes could be the beginning of a word: the state is what so many
    /// bytes lead to, and no fewer.
    fn depth(&self, words: &Words, now: u64) -> usize {
        if self.state == words.start || now > self.end + GAP {
            return 0;
        }
        let leads_here = |n_bytes: usize| {
            let last = self.recent.range(self.recent.len() - n_bytes..);
            let next = |state, (byte, _): &(u8, u64)| words.automaton.next_state(Anchored::No, state, *byte);
            last.fold(words.start, next) == self.state
        };
        let mut enough = 1;
        while enough < self.recent.len() && !leads_here(enough) {
            enough = (enough * 2).min(self.recent.len());
        }
        let (mut low, mut high) = (enough / 2 + 1, enough);
        while low < high {
            let middle = low.midpoint(high);
            if leads_here(middle) { high = middle } else { low = middle + 1 }
        }
        high
    }

    /// Tells whether another lane would go on in the same way from here, and about the same bytes.
    fn stands_as(&self, other: &Lane, words: &Words, now: u64) -> bool {
        let depth = self.depth(words, now);
        let last = |lane: &Lane| -> Vec<u64> {
            let from = lane.recent.len().saturating_sub(depth);
            lane.recent.range(from..).map(|(_, start)| *start).collect()
        };
        self.state == other.state && depth == other.depth(words, now) && last(self) == last(other)
    }

    /// Returns where the earliest byte that could belong to a word begins.
    fn earliest(&self, words: &Words, now: u64) -> Option<u64> {
        let depth = self.depth(words, now);
        if depth == 0 {
            return None;
        }
        // Two bytes may come from one place, and a dump's bytes from one line.
        self.recent.range(self.recent.len() - depth..).map(|(_, start)| *start).min()
    }
}

/// The ways in which a text is read: after which one, and whose escapes are undone in it.
const WAYS: [(Option<usize>, Scheme); 7] = [
    (None, Scheme::Percent),
    (Some(0), Scheme::Percent),
    (Some(1), Scheme::Percent),
    (Some(0), Scheme::Html),
    (Some(3), Scheme::Html),
    (Some(0), Scheme::Backslash),
    (Some(5), Scheme::Backslash),
];

/// A text read in one way, at each level.
struct Reading {
    lanes: Vec<Lane>,
    escapes: Escapes,
    /// The readings that begin within one of its escapes.
    beside: Beside,
    /// Whether it differs from the reading that it comes after: without an escape, both are the same.
    awake: bool,
}

/// A text read as it is, with its escapes undone, with those of the result undone, and as a dump.
struct Readings {
    texts: Vec<Reading>,
    dumps: Option<Dumps>,
}

impl Readings {
    fn new(matcher: &Matcher) -> Readings {
        let lanes: Vec<Lane> = matcher.levels.iter().map(|(_, words)| Lane::new(words)).collect();
        let reading = |(after, scheme): &(Option<usize>, Scheme)| Reading {
            lanes: lanes.clone(),
            escapes: Escapes::new(*scheme),
            beside: Beside::new(*scheme),
            awake: after.is_none(),
        };
        Readings { texts: WAYS.iter().map(reading).collect(), dumps: matcher.dumps.as_ref().map(Dumps::new) }
    }

    fn take(&mut self, matcher: &Matcher, units: Vec<Unit>, found: &mut Vec<Found>) {
        if let (Some(dumps), Some(words)) = (&mut self.dumps, &matcher.dumps) {
            units.iter().for_each(|unit| dumps.take(words, *unit, found));
        }
        let now = units.last().map_or(0, |unit| unit.end);
        // Of each reading that is awake: where its lanes stood before this text, and what it reads.
        let mut read: Vec<Option<(Vec<Lane>, Vec<Unit>)>> = WAYS.iter().map(|_| None).collect();
        let mut first = Some(units);
        for (index, (after, _)) in WAYS.iter().enumerate() {
            let reading = &mut self.texts[index];
            let units = match after {
                None => first.take().unwrap_or_default(),
                Some(after) => {
                    let Some((lanes, units)) = &read[*after] else { continue };
                    if !reading.awake {
                        if !units.iter().any(|unit| reading.escapes.begin(unit.byte)) {
                            continue;
                        }
                        // It has read the same as the one before, until now.
                        reading.lanes.clone_from(lanes);
                        reading.awake = true;
                    }
                    let (undone, looked) = reading.escapes.undo_telling(units, false);
                    reading.beside.take(matcher, &looked, found);
                    undone
                }
            };
            let before = reading.lanes.clone();
            feed(&mut reading.lanes, matcher, &units, found);
            read[index] = Some((before, units));
        }
        self.settle(matcher, now);
    }

    /// Lets the readings sleep that are the same as those that they come after.
    fn settle(&mut self, matcher: &Matcher, now: u64) {
        for (index, (after, _)) in WAYS.iter().enumerate().rev() {
            let Some(after) = after else { continue };
            let followed = WAYS.iter().zip(&self.texts).any(|((other, _), text)| *other == Some(index) && text.awake);
            let (before, reading) = (&self.texts[*after], &self.texts[index]);
            let mut lanes = before.lanes.iter().zip(&reading.lanes).zip(&matcher.levels);
            let same = reading.awake
                && !followed
                && reading.escapes.is_empty()
                && reading.beside.is_empty()
                && lanes.all(|((one, other), (_, words))| one.stands_as(other, words, now));
            if same {
                self.texts[index].awake = false;
            }
        }
    }

    /// Ends the text: what is left of escapes stands for itself.
    fn finish(&mut self, matcher: &Matcher, found: &mut Vec<Found>) {
        let mut read: Vec<Vec<Unit>> = WAYS.iter().map(|_| Vec::new()).collect();
        for (index, (after, _)) in WAYS.iter().enumerate() {
            let Some(after) = after else { continue };
            let reading = &mut self.texts[index];
            if reading.awake {
                let (rest, looked) = reading.escapes.undo_telling(&read[*after], true);
                reading.beside.take(matcher, &looked, found);
                reading.beside.finish(matcher, found);
                feed(&mut reading.lanes, matcher, &rest, found);
                read[index] = rest;
            }
        }
        if let (Some(dumps), Some(words)) = (&mut self.dumps, &matcher.dumps) {
            dumps.finish(words, found);
        }
    }

    /// Returns where the first byte stands that may yet turn out to be a secret's, and how many bytes
    /// of one it could be the beginning of.
    fn open(&self, matcher: &Matcher, now: u64) -> Option<(u64, usize)> {
        let mut open: Option<(u64, usize)> = None;
        let mut add = |start: u64, depth: usize| {
            let (earliest, deepest) = open.unwrap_or((start, depth));
            open = Some((earliest.min(start), deepest.max(depth)));
        };
        for reading in self.texts.iter().filter(|reading| reading.awake) {
            if let Some(start) = reading.escapes.open() {
                add(start, HARMLESS + 1);
            }
            reading.beside.open(matcher, now, &mut add);
            for (lane, (_, words)) in reading.lanes.iter().zip(&matcher.levels) {
                if let Some(start) = lane.earliest(words, now) {
                    add(start, lane.depth(words, now));
                }
            }
        }
        if let (Some(dumps), Some(words)) = (&self.dumps, &matcher.dumps)
            && let Some((start, depth)) = dumps.open(words, now)
        {
            add(start, depth);
        }
        open
    }
}

fn feed(lanes: &mut [Lane], matcher: &Matcher, units: &[Unit], found: &mut Vec<Found>) {
    for (lane, (level, words)) in lanes.iter_mut().zip(&matcher.levels) {
        for unit in units {
            if let Some(byte) = level.keep(unit.byte) {
                lane.take(words, Unit { byte, ..*unit }, found);
            }
        }
    }
}

/// A text that comes in pieces. What could be the beginning of a secret is held back.
pub struct RedactedStream<'a> {
    redactor: &'a Redactor,
    version: u64,
    matcher: Arc<Matcher>,
    readings: Readings,
    /// What was taken and not released, and where in the text it begins.
    held: Vec<u8>,
    base: u64,
    found: Vec<Found>,
    /// Up to here the text was copied, or a mask stands for it.
    done: u64,
    /// Whether the last thing that was written is a mask.
    masking: bool,
    /// Whether that mask stands for the end of a line too.
    owes_line_end: bool,
    /// Whose values were found so far.
    owners: BTreeSet<usize>,
}

impl fmt::Debug for RedactedStream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedactedStream({} bytes held)", self.held.len())
    }
}

impl RedactedStream<'_> {
    /// Takes the next piece and adds what is now certain to `out`.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.keep_up();
        if self.matcher.is_empty() {
            out.extend_from_slice(bytes);
            self.base += bytes.len() as u64;
            self.done = self.base;
            return;
        }
        for piece in bytes.chunks(PIECE) {
            self.read(piece);
            let certain = self.readings.open(&self.matcher, self.end()).map_or(self.end(), |(start, _)| start);
            self.release(certain, out);
        }
    }

    /// Nothing has come for a while: adds whole lines to `out` whose end is hardly the beginning of a
    /// secret, so that people see them.
    pub fn idle(&mut self, out: &mut Vec<u8>) {
        let depth = self.readings.open(&self.matcher, self.end()).map_or(0, |(_, depth)| depth);
        if self.held.ends_with(b"\n") && depth <= HARMLESS {
            self.release(self.end(), out);
        }
    }

    /// Ends the text and adds what was held back to `out`.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.keep_up();
        self.readings.finish(&self.matcher, &mut self.found);
        self.release(self.end(), out);
        if std::mem::take(&mut self.owes_line_end) {
            out.push(b'\n');
        }
    }

    fn end(&self) -> u64 {
        self.base + self.held.len() as u64
    }

    fn read(&mut self, piece: &[u8]) {
        let from = self.end();
        self.held.extend_from_slice(piece);
        let unit = |(byte, start): (&u8, u64)| Unit { byte: *byte, start, end: start + 1 };
        self.readings.take(&self.matcher, piece.iter().zip(from..).map(unit).collect(), &mut self.found);
    }

    /// Learns what the redactor has learnt since: what is held is looked at again.
    fn keep_up(&mut self) {
        let version = self.redactor.shared.version.load(Ordering::SeqCst);
        if version == self.version {
            return;
        }
        self.version = version;
        self.matcher = Arc::clone(&self.redactor.known().matcher);
        self.readings = Readings::new(&self.matcher);
        for piece in std::mem::take(&mut self.held).chunks(PIECE) {
            self.read(piece);
        }
    }

    fn release(&mut self, certain: u64, out: &mut Vec<u8>) {
        self.found.sort_by_key(|found| found.range.start);
        let n_due = self.found.partition_point(|found| found.range.start < certain);
        for Found { range, owner } in self.found.drain(..n_due).collect::<Vec<_>>() {
            self.owners.insert(owner);
            if range.end <= self.done {
                continue;
            }
            self.copy(range.start, out);
            if !self.masking {
                out.extend_from_slice(MASK.as_bytes());
                self.masking = true;
            }
            self.owes_line_end |= self.slice(self.done, range.end).contains(&b'\n');
            self.done = range.end;
        }
        self.copy(certain, out);
        let n_released = usize::try_from(certain.saturating_sub(self.base)).unwrap_or(0).min(self.held.len());
        self.held.drain(..n_released);
        self.base += n_released as u64;
    }

    /// Copies what stands up to a place and was not dealt with.
    fn copy(&mut self, until: u64, out: &mut Vec<u8>) {
        if until > self.done {
            if std::mem::take(&mut self.owes_line_end) {
                out.push(b'\n');
            }
            out.extend_from_slice(self.slice(self.done, until));
            self.done = until;
            self.masking = false;
        }
    }

    fn slice(&self, from: u64, until: u64) -> &[u8] {
        let place = |at: u64| usize::try_from(at.saturating_sub(self.base)).unwrap_or(usize::MAX).min(self.held.len());
        &self.held[place(from)..place(until)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn redactor(value: &str) -> Redactor {
        let secrets = BTreeMap::from([("S".to_owned(), value.to_owned())]);
        Redactor::new(&secrets, &BTreeSet::from(["S".to_owned()])).expect("short ones are allowed")
    }

    /// Base64 (6) or base32 (5) of bytes, padded.
    fn encoded(bytes: &[u8], width: usize, alphabet: &str) -> String {
        let (alphabet, group) = (alphabet.as_bytes(), if width == 6 { 4 } else { 8 });
        let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| usize::from(byte >> (7 - at % 8) & 1));
        let n_digits = (bytes.len() * 8).div_ceil(width);
        let digit = |digit: usize| (0..width).fold(0, |value, idx| value << 1 | bit(digit * width + idx));
        let mut out: String = (0..n_digits).map(|at| char::from(alphabet[digit(at)])).collect();
        while !out.len().is_multiple_of(group) {
            out.push('=');
        }
        out
    }

    const STANDARD: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const URL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    fn wrapped(text: &str, width: usize) -> String {
        let chars: Vec<char> = text.chars().collect();
        chars.chunks(width).map(|line| line.iter().collect::<String>()).collect::<Vec<_>>().join("\n")
    }

    fn each_byte(text: &str, write: impl Fn(u8) -> String) -> String {
        text.bytes().map(write).collect()
    }

    fn each_char(text: &str, write: impl Fn(char) -> String) -> String {
        text.chars().map(write).collect()
    }

    fn percent(text: &str) -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        each_byte(text, |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
    }

    fn utf16_escapes(text: &str) -> String {
        text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()
    }

    fn json(text: &str) -> String {
        serde_json::Value::from(text).to_string()
    }

    /// A dump of bytes, 16 a line: the offset, the bytes in groups, the characters.
    fn dump(bytes: &[u8], offset: impl Fn(usize) -> String, row: impl Fn(&[u8]) -> String, chars: &str) -> String {
        let shown = |row: &[u8]| -> String {
            row.iter().map(|byte| if (32..127).contains(byte) { char::from(*byte) } else { '.' }).collect()
        };
        let lines = bytes.chunks(16).enumerate().map(|(at, bytes)| {
            let column = if chars.is_empty() { String::new() } else { format!("  {chars}{}{chars}", shown(bytes)) };
            format!("{}{}{column}\n", offset(at * 16), row(bytes))
        });
        lines.collect()
    }

    fn grouped(row: &[u8], n_bytes: usize, write: impl Fn(&[u8]) -> String) -> String {
        row.chunks(n_bytes).map(write).collect::<Vec<_>>().join(" ")
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The forms of a value, each with its name and with how many characters of it may be left.
    fn forms(value: &str) -> Vec<(&'static str, String, usize)> {
        let bytes = value.as_bytes();
        let (b64, url) = (|bytes: &[u8]| encoded(bytes, 6, STANDARD), |bytes: &[u8]| encoded(bytes, 6, URL));
        let wide: Vec<u8> = value.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let four = value.repeat(4);
        let middle = value.char_indices().nth(value.chars().count() / 2).map_or(0, |(at, _)| at);
        let swapped = |ch: char| {
            if ch.is_ascii_lowercase() { ch.to_ascii_uppercase() } else { ch.to_ascii_lowercase() }
        };
        let octal_words = |row: &[u8]| {
            grouped(row, 2, |pair| format!("{:06o}", u16::from_le_bytes([pair[0], *pair.get(1).unwrap_or(&0)])))
        };
        let html = |text: &str| {
            text.replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
                .replace('\'', "&#x27;")
        };
        let (seven, eight) = (|at: usize| format!("{at:07o} "), |at: usize| format!("{at:08x}: "));
        vec![
            ("plain", value.to_owned(), 0),
            ("upper", value.to_uppercase(), 0),
            ("other case", each_char(value, |ch| swapped(ch).to_string()), 0),
            ("reversed", value.chars().rev().collect(), 2),
            ("base64", b64(bytes), 4),
            ("base64 at 1", b64(&[b"x", bytes, b"tail"].concat()), 12),
            ("base64 at 2", b64(&[b"admin:ab", bytes, b"t"].concat()), 18),
            ("base64 for URLs", url(bytes), 4),
            ("base64 at 64", wrapped(&b64(four.as_bytes()), 64), 14),
            ("base64 at 76", wrapped(&b64(four.as_bytes()), 76), 14),
            ("base64 at 20", wrapped(&b64(four.as_bytes()), 20), 14),
            ("base64 twice", b64(b64(bytes).as_bytes()), 12),
            ("base64 of UTF-16", b64(&wide), 6),
            ("base64 of JSON", b64(json(value).as_bytes()), 8),
            ("base64 of a URL", percent(&b64(bytes)), 8),
            ("base32", encoded(bytes, 5, BASE32), 8),
            ("hex", hex(bytes), 0),
            ("HEX", hex(bytes).to_uppercase(), 0),
            ("hex, spaced", grouped(bytes, 1, hex), 0),
            ("hex, colons", grouped(bytes, 1, hex).replace(' ', ":"), 0),
            ("hex of UTF-16", hex(&wide), 2),
            ("xxd", dump(bytes, eight, |row| grouped(row, 2, hex), ""), 0),
            ("xxd, characters", dump(bytes, eight, |row| format!("{:39}", grouped(row, 2, hex)), " "), 0),
            ("hexdump -C", dump(bytes, |at| format!("{at:08x}  "), |row| grouped(row, 1, hex), "|"), 0),
            ("od -tx1", dump(bytes, seven, |row| grouped(row, 1, hex), ""), 0),
            ("od", dump(bytes, seven, octal_words, ""), 0),
            ("od -b", dump(bytes, seven, |row| grouped(row, 1, |byte| format!("{:03o}", byte[0])), ""), 0),
            ("od -tu1", dump(bytes, seven, |row| grouped(row, 1, |byte| format!(" {:3}", byte[0])), ""), 0),
            ("bytes", format!("{bytes:?}"), 2),
            (
                "xxd -i",
                dump(bytes, |_| "  ".into(), |row| grouped(row, 1, |byte| format!("0x{:02x},", byte[0])), ""),
                2,
            ),
            ("percent", percent(value), 0),
            ("percent, lower", percent(value).replace("%2F", "%2f").replace("%3A", "%3a").replace("%5C", "%5c"), 0),
            ("percent, form", percent(value).replace("%20", "+"), 0),
            ("percent, all", each_byte(value, |byte| format!("%{byte:02x}")), 0),
            ("percent, twice", percent(&percent(value)), 0),
            ("HTML", html(value), 0),
            ("HTML, decimal", each_char(value, |ch| format!("&#{};", u32::from(ch))), 0),
            ("HTML, hex", each_char(value, |ch| format!("&#X{:x};", u32::from(ch))), 0),
            ("JSON", json(value), 2),
            ("JSON in JSON", json(&json(value)), 8),
            ("JSON, escaped", utf16_escapes(value), 0),
            ("C, hex", each_byte(value, |byte| format!("\\x{byte:02x}")), 0),
            ("C, octal", each_byte(value, |byte| format!("\\{byte:03o}")), 0),
            ("debug", format!("{value:?}"), 2),
            ("set -x", format!("'{}'", value.replace('\'', "'\\''")), 2),
            ("set -x, $''", format!("$'{}'", value.replace('\\', "\\\\").replace('\'', "\\'")), 3),
            ("printf %q", each_char(value, |ch| if ch.is_alphanumeric() { ch.into() } else { format!("\\{ch}") }), 2),
            ("in two lines", format!("{}\n{}", &value[..middle], &value[middle..]), 0),
            ("spaced", each_char(value, |ch| format!("{ch} ")), 0),
        ]
    }

    /// Secrets as people and programs make them.
    fn samples(n_samples: usize) -> Vec<String> {
        let mut state = 11_u64;
        let mut random = move |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap_or(0) % below
        };
        let alphabets = [
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
            "abcdefghjkmnpqrstuvwxyz ABCDEFGHJKLMNPQR23456789 \u{f6}\u{e9}\u{1f511}-",
            "0123456789abcdef",
        ];
        (0..n_samples)
            .map(|at| {
                let alphabet: Vec<char> = alphabets[at % alphabets.len()].chars().collect();
                let length = 14 + random(30);
                let text: String = (0..length).map(|_| alphabet[random(alphabet.len())]).collect();
                // Blanks at its ends are no part of a secret.
                format!("k{}Z", text.trim())
            })
            .collect()
    }

    #[test]
    fn a_thousand_secrets_go_in_every_form() {
        let n_samples = std::env::var("OPSBOOK_SECRETS").ok().and_then(|text| text.parse().ok()).unwrap_or(200);
        for value in samples(n_samples) {
            let known = redactor(&value);
            for (name, form, may_stay) in forms(&value) {
                let out = known.redact(&format!("log: {form}\nend"));
                // Of a dump's line, what stands before the numbers goes too.
                let left = out.strip_prefix("log: ").unwrap_or(&out).strip_suffix("end").unwrap_or(&out);
                let left: String = left.replace(MASK, "").split_whitespace().collect();
                let n_left = left.chars().filter(|ch| !"=,'\"[]".contains(*ch)).count();
                assert!(out.contains(MASK) && n_left <= may_stay, "{name} of {value}:\n{form}\nbecame\n{out}");
            }
        }
    }

    #[test]
    fn weak_secrets_go_as_they_are_and_innocent_text_stays() {
        for value in ["123456", "a!@#$%", "x9", "\"'\\ &<"] {
            let known = redactor(value);
            for form in [value.to_owned(), percent(value), json(value)] {
                let out = known.redact(&format!("log: {form} end"));
                assert!(out.contains(MASK), "{form} of {value} became {out}");
            }
        }
        let known = redactor("123456");
        for text in ["12:34:56 it is", "12 34 56", "order 1234-56"] {
            assert_eq!(known.redact(text), text);
        }
    }

    #[test]
    fn keys_within_a_file_are_secrets_and_its_words_are_not() {
        let file =
            "apiVersion: v1\nkind: Config\nusers:\n- name: admin\n  user:\n    token: eyJhbGciOiJSUzI1NiIsImtpZCI6\n";
        let known = redactor(file);
        assert_eq!(known.redact("got eyJhbGciOiJSUzI1NiIsImtpZCI6"), "got ***");
        assert_eq!(known.redact("the users of Config"), "the users of Config");
        let known = redactor("-----BEGIN-----\nabcdefgh\n-----END-----\n");
        assert_eq!(known.redact("x abcdefgh y"), "x *** y");
        let known = redactor("postgres://app:n0t-for-y0u@db/x");
        assert_eq!(known.redact("user app, password n0t-for-y0u"), "user app, password ***");
    }

    #[test]
    fn a_short_secret_is_refused_by_name() {
        let secrets = BTreeMap::from([("PIN".to_owned(), "1234".to_owned())]);
        assert_eq!(Redactor::new(&secrets, &BTreeSet::new()).err(), Some("PIN".to_owned()));
        assert!(Redactor::new(&secrets, &BTreeSet::from(["PIN".to_owned()])).is_ok());
    }

    #[test]
    fn nothing_is_held_back_that_cannot_be_a_secret() {
        let mut out = Vec::new();
        Redactor::default().stream().push(b"abc", &mut out);
        assert_eq!(out, b"abc");
        let known = redactor("zq8wvkxj77");
        let (mut stream, mut out) = (known.stream(), Vec::new());
        stream.push(b"Waiting for z\n", &mut out);
        stream.idle(&mut out);
        assert_eq!(out, b"Waiting for z\n");
        // The beginning of a line that has not ended is.
        out.clear();
        stream.push(b"zq8", &mut out);
        stream.idle(&mut out);
        assert_eq!(out, b"");
    }

    #[test]
    fn what_is_held_back_is_bounded() {
        let known = redactor("zq8wvkxj77 and more of it");
        let (mut stream, mut out) = (known.stream(), Vec::new());
        stream.push(b"zq8w", &mut out);
        for _ in 0..1000 {
            stream.push(&b" \n".repeat(1000), &mut out);
        }
        assert!(stream.held.len() < 64 * 1024, "{} bytes are held", stream.held.len());
    }

    #[test]
    fn what_is_learnt_on_the_way_goes_from_then_on() {
        let known = Redactor::default();
        let (mut stream, mut out) = (known.stream(), Vec::new());
        stream.push(b"before made-here-1, ", &mut out);
        assert!(known.learn("M", "made-here-1") && !known.learn("M", "short"));
        stream.push(b"after made-here-1", &mut out);
        stream.finish(&mut out);
        assert_eq!(String::from_utf8_lossy(&out), "before made-here-1, after ***");
        assert_eq!(known.found_in(b"x bWFkZS1oZXJlLTE= y"), ["M"]);
    }

    /// What is read beside escapes is bounded, whatever the secret and the escapes: even where each of them
    /// could begin the value.
    #[test]
    fn readings_beside_escapes_are_bounded() {
        let secrets = ["41AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "\\n\\n\\n\\n\\n\\n", "amp;&&&&&&&&amp;"];
        for (secret, text) in
            secrets.into_iter().flat_map(|secret| ["%41", "\\", "%25", "&amp;"].map(|text| (secret, text)))
        {
            let known = redactor(secret);
            let text = text.repeat(20_000 / text.len());
            let began = std::time::Instant::now();
            known.redact(&text);
            assert!(began.elapsed().as_secs() < 20, "{secret} in {:?}: {:?}", &text[..5], began.elapsed());
        }
    }

    /// Redacts a text that comes in pieces.
    fn in_pieces(known: &Redactor, text: &str, cuts: Vec<usize>) -> String {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % (text.len() + 1)).collect();
        cuts.sort_unstable();
        let (mut stream, mut out, mut at) = (known.stream(), Vec::new(), 0);
        for cut in cuts {
            stream.push(&text.as_bytes()[at..cut], &mut out);
            at = cut;
        }
        stream.push(&text.as_bytes()[at..], &mut out);
        stream.finish(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    proptest! {
        #[test]
        fn no_cut_lets_a_plain_secret_through(
            secret in "[a-zA-Z0-9/+=\" ]{6,24}",
            before in "[a-z \n]{0,12}",
            after in "[a-z \n]{0,12}",
            cuts in prop::collection::vec(0_usize..60, 0..6),
        ) {
            prop_assume!(secret.trim().len() >= SHORTEST);
            let (known, text) = (redactor(&secret), format!("{before}{secret}{after}"));
            let (out, whole) = (in_pieces(&known, &text, cuts), known.redact(&text));
            prop_assert!(out.contains(MASK) && !out.contains(secret.as_str()), "{:?}", out);
            // What stands before it on its line may have been shown before it came.
            prop_assert!(whole.len() <= out.len() && out.len() <= whole.len() + before.len(), "{:?} {:?}", out, whole);
        }

        #[test]
        fn no_cut_lets_a_secret_through(
            secret in prop_oneof!["[ -~]{6,24}", "[a-zA-Z0-9/+=_-]{6,24}", "[0-9a-f]{6,24}", "\\PC{6,12}"],
            form in 0_usize..49,
            before in around(),
            after in around(),
            cuts in prop::collection::vec(0_usize..600, 0..8),
        ) {
            let secret = secret.trim();
            prop_assume!(secret.len() >= SHORTEST && secret.split_whitespace().map(str::len).sum::<usize>() > 3);
            let known = redactor(secret);
            let (name, form, _) = forms(secret).swap_remove(form);
            prop_assume!(!is_short(secret) || !PASSED_OVER.iter().any(|start| name.starts_with(start)));
            let text = format!("{before}{form}{after}");
            let (out, whole) = (in_pieces(&known, &text, cuts), known.redact(&text));
            // What stands before the numbers of a dump may have been shown before they came.
            let dumped = ["hex", "HEX", "xxd", "hexdump", "od", "bytes", "spaced"].iter().any(|start| name.starts_with(start));
            prop_assert!(out == whole || dumped && out.len() <= whole.len() + before.len() + 24, "{} {:?} {:?}", name, out, whole);
            prop_assert!(out.contains(MASK) && !out.contains(form.as_str()), "{} {:?}", name, out);
        }
    }

    /// What may stand around a secret: anything, and above all what escapes and dumps are made of.
    fn around() -> impl Strategy<Value = String> {
        prop_oneof!["[ -~\n]{0,12}", r"([%\\&#|:;0-9a-fx \n]|0x|\\u|\\x|%2|%25|&#x?|&amp;|  ){0,6}"]
    }

    /// Forms in which more stands between the bytes of a value than may be passed over in a short one.
    const PASSED_OVER: [&str; 7] =
        ["upper", "other case", "set -x", "printf %q", "in two lines", "spaced", "base64 at"];

    /// Tells whether only the exact form of a value and its escapes are looked for.
    fn is_short(value: &str) -> bool {
        let kept = value.bytes().filter_map(|byte| Level::Tight.keep(byte));
        kept.map(|byte| if byte.is_ascii_digit() { 3 } else { 5 }).sum::<usize>() < 30
    }
}
