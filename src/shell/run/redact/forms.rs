//! The forms that a value takes when programs pass it on, and how closely each is looked for.

use super::SHORTEST;

/// How closely a form is looked for: the more of it is left, the more may be passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Byte by byte.
    Exact,
    /// White space, control characters, quotes, backslashes and case are passed over.
    Tight,
    /// So is all that is neither a letter nor a digit.
    Loose,
}

/// Enough of a form to look for it: about 30 bits of what it could be.
const ENOUGH: usize = 30;

/// A word of so many bytes within a value of several lines is a value of its own, when it looks like a key.
const KEY: usize = 20;

impl Level {
    /// Returns the byte that stands for one of a text, or `None` where it is passed over.
    pub(super) fn keep(self, byte: u8) -> Option<u8> {
        let kept = match self {
            Level::Exact => return Some(byte),
            Level::Tight => !(byte.is_ascii_whitespace() || byte.is_ascii_control() || b"\\'\"".contains(&byte)),
            Level::Loose => byte.is_ascii_alphanumeric() || byte >= 0x80,
        };
        kept.then(|| byte.to_ascii_lowercase())
    }

    /// Returns what is left of a form at this level, where that is enough.
    fn word(self, form: &[u8]) -> Option<Vec<u8>> {
        let word: Vec<u8> = form.iter().filter_map(|byte| self.keep(*byte)).collect();
        let weight: usize = word.iter().map(|byte| if byte.is_ascii_digit() { 3 } else { 5 }).sum();
        let enough = if self == Level::Exact { !word.is_empty() } else { weight >= ENOUGH };
        enough.then_some(word)
    }
}

/// Calls `add` with each form of a value and its level.
pub(super) fn each(value: &str, add: &mut dyn FnMut(Level, Vec<u8>)) {
    of_one(value, Level::Loose, add);
    for line in value.lines().map(str::trim).filter(|line| value.contains('\n') && line.len() >= SHORTEST) {
        // `kind: Config` stands in many a file, so that a line's punctuation counts.
        of_one(line, if is_key(line) { Level::Loose } else { Level::Tight }, add);
        let words = line.split(|ch: char| ch.is_whitespace() || "\"',".contains(ch));
        words.filter(|word| *word != line && is_key(word)).for_each(|word| of_one(word, Level::Loose, add));
    }
    if let Some(password) = password_of(value) {
        of_one(password, Level::Loose, add);
    }
}

/// Calls `add` with each word that a value is in a dump of bytes: white space shows as nothing there.
pub(super) fn each_dumped(value: &str, add: &mut dyn FnMut(Vec<u8>)) {
    let lines = value.lines().filter(|_| value.contains('\n'));
    for text in std::iter::once(value).chain(lines).chain(password_of(value)) {
        let word: Vec<u8> = text.bytes().filter_map(keep_dumped).collect();
        if text.len() >= SHORTEST && word.len() > 3 {
            // Digits that stand straight before or behind a dump make another number of its first or last.
            add(word[1..].to_vec());
            add(word[..word.len() - 1].to_vec());
            add(word);
        }
    }
}

/// Returns the byte that stands for one of a dump.
pub(super) fn keep_dumped(byte: u8) -> Option<u8> {
    (!byte.is_ascii_whitespace() && byte != 0).then(|| byte.to_ascii_lowercase())
}

/// Tells whether a word looks like a key or a token and not like a name.
fn is_key(word: &str) -> bool {
    let has = |wanted: fn(&u8) -> bool| word.bytes().any(|byte| wanted(&byte));
    word.len() >= KEY
        && !word.contains(char::is_whitespace)
        && !word.contains("://")
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
}

/// Returns the password in an address: `scheme://user:password@host`.
fn password_of(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    (password.len() >= SHORTEST).then_some(password)
}

fn of_one(value: &str, loosest: Level, add: &mut dyn FnMut(Level, Vec<u8>)) {
    let bytes = value.as_bytes();
    place(bytes, loosest, add);
    // The lanes pass over the case of ASCII alone.
    if !value.is_ascii() {
        place(value.to_uppercase().as_bytes(), loosest, add);
        place(value.to_lowercase().as_bytes(), loosest, add);
    }
    // `+` is how forms write a blank.
    if value.contains(' ') {
        place(value.replace(' ', "+").as_bytes(), loosest, add);
    }
    // A sign before it can make its beginning an escape, as `%` makes one of `0a`: such text is found as
    // it is written.
    for blank in ["%20", "+"] {
        let percent: Vec<u8> = bytes.iter().flat_map(|byte| percent_form(*byte, blank)).collect();
        if percent != bytes {
            place(&percent, loosest, add);
        }
    }
    // As it is escaped once: what stands before one that is escaped twice may be read as an escape with its
    // beginning, and this is what the reading beside that one finds.
    for escaped in [ascii_json(value), html(value)] {
        if escaped.as_bytes() != bytes {
            place(escaped.as_bytes(), loosest, add);
        }
    }
    let json = serde_json::Value::from(value).to_string();
    let escaped = json.as_bytes()[1..json.len() - 1].to_vec();
    if escaped != bytes {
        place(&escaped, loosest, add);
    }
    let mut derived = |form: Vec<u8>| {
        if form.len() >= SHORTEST {
            place(&form, Level::Loose, add);
        }
    };
    derived(value.chars().rev().collect::<String>().into_bytes());
    derived(bytes.iter().map(|byte| rot13(*byte)).collect());
    let mut wide: Vec<Vec<u8>> = vec![bytes.to_vec()];
    wide.extend([
        value.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        value.encode_utf16().flat_map(u16::to_be_bytes).collect(),
    ]);
    for text in &wide {
        derived(text.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect());
    }
    if escaped != bytes {
        wide.push(escaped);
    }
    for text in &wide {
        for shift in 0..3 {
            let core = digits(text, shift, 6, BASE64);
            derived(core.iter().map(|digit| url_digit(*digit)).collect());
            derived(core);
        }
    }
    for shift in 0..5 {
        derived(digits(bytes, shift, 5, BASE32));
    }
    for inner in (0..3).map(|shift| digits(bytes, shift, 6, BASE64)) {
        (0..3).for_each(|shift| derived(digits(&inner, shift, 6, BASE64)));
    }
}

/// A value as JSON writes it in ASCII, without the quotes around it.
fn ascii_json(value: &str) -> String {
    let json = serde_json::Value::from(value).to_string();
    let mut out = String::with_capacity(json.len());
    for ch in json[1..json.len() - 1].chars() {
        if ch.is_ascii() {
            out.push(ch);
        } else {
            let mut units = [0; 2];
            ch.encode_utf16(&mut units).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        }
    }
    out
}

/// A value as HTML writes it.
fn html(value: &str) -> String {
    html_escape::encode_quoted_attribute(value).into_owned()
}

/// A byte as addresses write it (RFC 3986, section 2.1), a blank as it is given.
fn percent_form(byte: u8, blank: &str) -> Vec<u8> {
    if byte == b' ' {
        blank.as_bytes().to_vec()
    } else if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        vec![byte]
    } else {
        format!("%{byte:02x}").into_bytes()
    }
}

/// Adds a form at the loosest level at which enough of it is left.
fn place(form: &[u8], loosest: Level, add: &mut dyn FnMut(Level, Vec<u8>)) {
    let levels = [Level::Loose, Level::Tight, Level::Exact];
    let fits = levels.into_iter().filter(|level| *level <= loosest);
    if let Some((level, word)) = fits.filter_map(|level| Some((level, level.word(form)?))).next() {
        add(level, word);
    }
}

fn rot13(byte: u8) -> u8 {
    let turned = |first: u8| first + (byte - first + 13) % 26;
    match byte {
        b'a'..=b'z' => turned(b'a'),
        b'A'..=b'Z' => turned(b'A'),
        other => other,
    }
}

fn url_digit(digit: u8) -> u8 {
    match digit {
        b'+' => b'-',
        b'/' => b'_',
        other => other,
    }
}

const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The digits of base64 or base32 that depend on `bytes` alone when `shift` other bytes stand before
/// them in their group.
fn digits(bytes: &[u8], shift: usize, width: usize, alphabet: &[u8]) -> Vec<u8> {
    let bit = |at: usize| {
        let byte = (at / 8).checked_sub(shift).and_then(|idx| bytes.get(idx)).copied().unwrap_or(0);
        usize::from(byte >> (7 - at % 8) & 1)
    };
    let (first, last) = ((shift * 8).div_ceil(width), (shift + bytes.len()) * 8 / width);
    let value = |digit: usize| (0..width).fold(0, |value, idx| value << 1 | bit(digit * width + idx));
    (first..last).map(|digit| alphabet[value(digit)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_looked_for_as_loosely_as_it_bears() {
        let level = |value: &str| {
            let mut first = None;
            place(value.as_bytes(), Level::Loose, &mut |level, _| first = Some(level));
            first
        };
        assert_eq!(level("hunter2hunter2"), Some(Level::Loose));
        assert_eq!(level("a!b?c#d$"), Some(Level::Tight));
        assert_eq!(level("123456"), Some(Level::Exact));
    }

    #[test]
    fn digits_are_those_of_the_encoders() {
        // printf 'foobar' | base64, printf 'xfoobar' | base64, printf 'foobar' | base32
        assert_eq!(digits(b"foobar", 0, 6, BASE64), b"Zm9vYmFy");
        assert_eq!(digits(b"foobar", 1, 6, BASE64), b"Zvb2Jhc");
        assert_eq!(digits(b"foobar", 0, 5, BASE32), b"MZXW6YTBO");
    }

    #[test]
    fn an_address_gives_away_its_password() {
        assert_eq!(password_of("postgres://app:s3cr3t-9@db:5432/x"), Some("s3cr3t-9"));
        assert_eq!(password_of("https://example.org/a@b:cdefgh"), None);
    }
}
