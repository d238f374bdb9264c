//! Secrets are taken out of everything before it is written or shown.
//!
//! A value is looked for as it is, line by line where it has several, and in the forms it takes
//! when programs pass it on: base64 (at each of its three alignments, both alphabets), URL and
//! JSON escapes, hexadecimal. Text may come in any pieces.

use aho_corasick::{AhoCorasick, MatchKind};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What stands in place of a secret.
pub const MASK: &str = "***";

/// The least length of a secret, in bytes: a shorter one would blot out innocent text.
pub const SHORTEST: usize = 6;

/// Knows secrets and takes them out of text.
#[derive(Clone, Default)]
pub struct Redactor {
    matcher: Option<AhoCorasick>,
    longest: usize,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} bytes at most)", self.longest)
    }
}

impl Redactor {
    /// Learns the values of secrets by name.
    ///
    /// # Errors
    /// Returns the name of the first secret that is shorter than [`SHORTEST`] and not among those
    /// that may be.
    pub fn new(secrets: &BTreeMap<String, String>, short_allowed: &BTreeSet<String>) -> Result<Redactor, String> {
        let mut forms = BTreeSet::new();
        for (name, value) in secrets {
            let value = value.trim_end_matches(['\n', '\r']);
            if value.len() < SHORTEST && !short_allowed.contains(name) {
                return Err(name.clone());
            }
            add_forms(value, &mut forms);
            for line in value.lines().map(str::trim).filter(|line| line.len() >= SHORTEST) {
                add_forms(line, &mut forms);
            }
        }
        forms.remove(&b""[..]);
        if forms.is_empty() {
            return Ok(Redactor::default());
        }
        let longest = forms.iter().map(Vec::len).max().unwrap_or(0);
        let matcher = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&forms);
        Ok(Redactor { matcher: matcher.ok(), longest })
    }

    /// Takes the secrets out of a whole text.
    pub fn redact(&self, text: &str) -> String {
        let mut stream = self.stream();
        let mut out = stream.push(text.as_bytes());
        out.extend(stream.finish());
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Begins a text that comes in pieces.
    pub fn stream(&self) -> RedactedStream<'_> {
        RedactedStream { redactor: self, held: Vec::new() }
    }
}

/// A text that comes in pieces. What could be the beginning of a secret is held back.
#[derive(Debug)]
pub struct RedactedStream<'a> {
    redactor: &'a Redactor,
    held: Vec<u8>,
}

impl RedactedStream<'_> {
    /// Takes the next piece and returns what is now certain.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        // Any secret that begins before this point lies wholly in what is held.
        let certain = (self.held.len() + 1).saturating_sub(self.redactor.longest.max(1));
        self.release(certain)
    }

    /// Returns what was held back.
    pub fn finish(&mut self) -> Vec<u8> {
        self.release(self.held.len())
    }

    fn release(&mut self, certain: usize) -> Vec<u8> {
        let Some(matcher) = &self.redactor.matcher else {
            return std::mem::take(&mut self.held);
        };
        let mut out = Vec::with_capacity(certain);
        let mut at = 0;
        for found in matcher.find_iter(&self.held) {
            if found.start() >= certain {
                break;
            }
            out.extend_from_slice(&self.held[at..found.start()]);
            out.extend_from_slice(MASK.as_bytes());
            at = found.end();
        }
        if at < certain {
            out.extend_from_slice(&self.held[at..certain]);
            at = certain;
        }
        self.held.drain(..at);
        out
    }
}

fn add_forms(value: &str, forms: &mut BTreeSet<Vec<u8>>) {
    let bytes = value.as_bytes();
    forms.insert(bytes.to_vec());
    forms.insert(percent_encoded(value, false).into_bytes());
    forms.insert(percent_encoded(value, true).into_bytes());
    forms.insert(percent_encoded(value, true).replace("%20", "+").into_bytes());
    let json = serde_json::Value::from(value).to_string();
    forms.insert(json.as_bytes()[1..json.len() - 1].to_vec());
    forms.insert(json[1..json.len() - 1].replace('/', "\\/").into_bytes());
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    forms.insert(hex.to_uppercase().into_bytes());
    forms.insert(hex.into_bytes());
    for shift in 0..3 {
        let text = base64_core(bytes, shift);
        if text.len() >= SHORTEST {
            forms.insert(text.replace('+', "-").replace('/', "_").into_bytes());
            forms.insert(text.into_bytes());
        }
    }
}

fn percent_encoded(value: &str, slash_too: bool) -> String {
    let mut out = String::new();
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte as char),
            b'/' if !slash_too => out.push('/'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The digits of base64 that depend on `bytes` alone when `shift` other bytes stand before them in
/// their group of three.
fn base64_core(bytes: &[u8], shift: usize) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let n_bits = (shift + bytes.len()) * 8;
    let bit = |at: usize| {
        let byte = (at / 8).checked_sub(shift).and_then(|idx| bytes.get(idx)).copied().unwrap_or(0);
        usize::from(byte >> (7 - at % 8) & 1)
    };
    let first = (shift * 8).div_ceil(6);
    let last = n_bits / 6;
    (first..last).map(|digit| DIGITS[(0..6).fold(0, |value, idx| value << 1 | bit(digit * 6 + idx))] as char).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn redactor(value: &str) -> Redactor {
        let secrets = BTreeMap::from([("S".to_owned(), value.to_owned())]);
        Redactor::new(&secrets, &BTreeSet::new()).expect("the value is long enough")
    }

    #[test]
    fn every_form_of_a_secret_goes() {
        let known = redactor("p@ss/wörd\"1");
        for text in ["p@ss/wörd\"1", "p%40ss/w%C3%B6rd%221", "p%40ss%2Fw%C3%B6rd%221", "p@ss/wörd\\\"1"] {
            assert_eq!(known.redact(&format!("a {text} b")), "a *** b");
        }
        // printf 'p@ss/wörd"1' | base64, alone and behind one and two other bytes.
        for (text, rest) in
            [("cEBzcy93w7ZyZCIx", "***"), ("eHBAc3Mvd8O2cmQiMQ==", "eH***Q=="), ("eHhwQHNzL3fDtnJkIjE=", "eHh***E=")]
        {
            assert_eq!(known.redact(text), rest);
        }
    }

    #[test]
    fn each_line_of_a_secret_is_one() {
        let known = redactor("-----BEGIN-----\nabcdefgh\n-----END-----\n");
        assert_eq!(known.redact("x abcdefgh y"), "x *** y");
    }

    #[test]
    fn a_short_secret_is_refused_by_name() {
        let secrets = BTreeMap::from([("PIN".to_owned(), "1234".to_owned())]);
        assert_eq!(Redactor::new(&secrets, &BTreeSet::new()).err(), Some("PIN".to_owned()));
        assert!(Redactor::new(&secrets, &BTreeSet::from(["PIN".to_owned()])).is_ok());
    }

    #[test]
    fn without_secrets_nothing_is_held_back() {
        let none = Redactor::default();
        assert_eq!(none.stream().push(b"abc"), b"abc");
    }

    proptest! {
        #[test]
        fn no_cut_lets_a_secret_through(
            secret in "[a-zA-Z0-9/+=\" ]{6,24}",
            before in "[a-z \n]{0,12}",
            after in "[a-z \n]{0,12}",
            cuts in prop::collection::vec(0_usize..60, 0..6),
        ) {
            prop_assume!(!secret.trim().is_empty() && secret.trim().len() >= SHORTEST);
            let known = redactor(&secret);
            let text = format!("{before}{secret}{after}");
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % (text.len() + 1)).collect();
            cuts.sort_unstable();
            let (mut stream, mut out, mut at) = (known.stream(), Vec::new(), 0);
            for cut in cuts {
                out.extend(stream.push(&text.as_bytes()[at..cut]));
                at = cut;
            }
            out.extend(stream.push(&text.as_bytes()[at..]));
            out.extend(stream.finish());
            let out = String::from_utf8(out).expect("the pieces were text");
            prop_assert!(!out.contains(secret.as_str()));
            prop_assert_eq!(out, known.redact(&text));
        }
    }
}
