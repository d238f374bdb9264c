//! How a text falls into words to search for.
//!
//! The search box cuts what is typed in the browser, in `search-engine.js`, and must cut alike:
//! `tests/cases/search/words.json` holds both to the same table. So the rules are few: one regular
//! expression for a run of characters, which stays one word with its punctuation (`--frozen`,
//! `spec.strategy.canary`), and below it the parts of the run.

use regex::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// How many characters of a word count.
const LONGEST: usize = 40;

/// What joins the parts of a run, and what stands before and behind it.
const PUNCTUATION: [char; 12] = ['.', '-', '/', ':', '@', '+', '#', '$', '%', '_', '\'', '’'];

static RUN: LazyLock<Regex> = LazyLock::new(|| {
    let letter = r"[\p{Alphabetic}\p{M}\p{N}_]";
    Regex::new(&format!(r"(?:--?|[.@$%])?{letter}+(?:[.\-/:@+'’]{{1,3}}{letter}+)*[+#]{{0,2}}")).expect("it is valid")
});

/// Scripts that put no blank between words.
static SPACELESS: LazyLock<Regex> = LazyLock::new(|| {
    let scripts = r"\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}";
    Regex::new(&format!(r"[{scripts}\p{{Script=Lao}}\p{{Script=Khmer}}\p{{Script=Myanmar}}ー々]+"))
        .expect("it is valid")
});

/// Who is told of each word: the word without capitals and accents, in which there is no blank; how many
/// parts stand before it; and whether it is only a piece of what a writer takes for one word, as
/// `Budget` of `DisruptionBudget`.
type Visit<'a> = dyn FnMut(&str, u32, bool) + 'a;

/// Visits the words of a text in order, and tells how many parts it has.
pub(super) fn words(text: &str, visit: &mut Visit<'_>) -> u32 {
    let mut at = 0;
    let mut lower = String::new();
    for run in (Runs { text, at: 0 }) {
        // Most runs: letters and digits, of which at most the first is a capital.
        let (first, rest) = run.as_bytes().split_at(1);
        if first[0].is_ascii_alphanumeric() && rest.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9')) {
            lower.clear();
            lower.push_str(run);
            lower.make_ascii_lowercase();
            tell(&lower, &mut at, false, visit);
            continue;
        }
        let parts = run.split(PUNCTUATION).filter(|part| !part.is_empty());
        let n_parts = parts.clone().take(2).count();
        let is_plain = n_parts == 1 && !run.starts_with(PUNCTUATION) && !run.ends_with(PUNCTUATION);
        if n_parts > 0 && !is_plain {
            let whole = fold(run);
            if whole.chars().nth(LONGEST).is_none() {
                visit(&whole, at, false);
            }
        }
        parts.for_each(|part| part_words(part, &mut at, visit));
    }
    at
}

/// The runs of a text: what [`RUN`] finds one after the other. Most texts are nearly ASCII, of which a run
/// is found some ten times faster by hand; what touches another character is the expression's.
struct Runs<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Iterator for Runs<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        let bytes = self.text.as_bytes();
        while self.at < bytes.len() {
            match ascii_run(bytes, self.at) {
                Ok(Some(end)) => {
                    let run = &self.text[self.at..end];
                    self.at = end;
                    return Some(run);
                }
                Ok(None) => self.at += 1,
                Err(NotAscii) => {
                    let found = RUN.find_at(self.text, self.at);
                    self.at = found.map_or(bytes.len(), |found| found.end());
                    return found.map(|found| found.as_str());
                }
            }
        }
        None
    }
}

/// A character that is not ASCII has a say in where a run begins or ends.
struct NotAscii;

/// Where the run ends that begins at a byte, if one does.
fn ascii_run(bytes: &[u8], start: usize) -> Result<Option<usize>, NotAscii> {
    // Behind the end stands what is in no run.
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(b' ');
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let prefix = match (byte(start), byte(start + 1)) {
        (b'-', b'-') => 2,
        (b'-' | b'.' | b'@' | b'$' | b'%', _) => 1,
        _ => 0,
    };
    let mut at = start + prefix;
    if !is_letter(byte(at)) {
        // `--` may be `-` before another `-`, before which no run begins.
        return if byte(at).is_ascii() { Ok(None) } else { Err(NotAscii) };
    }
    loop {
        while is_letter(byte(at)) {
            at += 1;
        }
        let joints = (at..at + 4).take_while(|at| b".-/:@+'".contains(&byte(*at))).count();
        if !byte(at + joints).is_ascii() {
            return Err(NotAscii);
        }
        if !(1..=3).contains(&joints) || !is_letter(byte(at + joints)) {
            break;
        }
        at += joints;
    }
    let marks = (at..at + 2).take_while(|at| matches!(byte(*at), b'+' | b'#')).count();
    Ok(Some(at + marks))
}

fn part_words(part: &str, at: &mut u32, visit: &mut Visit<'_>) {
    let pieces = pieces(part);
    let is_piece = pieces.len() > 1;
    if is_piece {
        visit(cut(&fold(part)), *at, false);
    }
    for piece in pieces {
        let folded = fold(piece);
        let mut rest = 0;
        if !folded.is_ascii() {
            for spaceless in SPACELESS.find_iter(&folded) {
                tell(&folded[rest..spaceless.start()], at, is_piece, visit);
                tell_pairs(spaceless.as_str(), at, visit);
                rest = spaceless.end();
            }
        }
        tell(&folded[rest..], at, is_piece, visit);
    }
}

fn tell(text: &str, at: &mut u32, is_piece: bool, visit: &mut Visit<'_>) {
    if !text.is_empty() {
        visit(cut(text), *at, is_piece);
        *at += 1;
    }
}

/// Every two neighbours, and the last one alone, so that each begins a word.
fn tell_pairs(text: &str, at: &mut u32, visit: &mut Visit<'_>) {
    for (start, _) in text.char_indices() {
        let mut ends = text[start..].char_indices().map(|(end, ch)| start + end + ch.len_utf8());
        let first = ends.next().unwrap_or(start);
        visit(&text[start..ends.next().unwrap_or(first)], *at, false);
        *at += 1;
    }
}

/// Cuts before capitals: `maxSurge`, `HTTPServer`. Of ASCII only, so that no table of letters matters.
fn pieces(part: &str) -> Vec<&str> {
    let bytes = part.as_bytes();
    if !bytes.iter().skip(1).any(u8::is_ascii_uppercase) {
        return vec![part];
    }
    let mut pieces = Vec::new();
    let mut start = 0;
    for index in 1..bytes.len() {
        let (before, here, after) = (bytes[index - 1], bytes[index], bytes.get(index + 1).copied().unwrap_or(b' '));
        let is_hump = (before.is_ascii_lowercase() || before.is_ascii_digit()) && here.is_ascii_uppercase();
        let is_end = before.is_ascii_uppercase() && here.is_ascii_uppercase() && after.is_ascii_lowercase();
        if is_hump || is_end {
            pieces.push(&part[start..index]);
            start = index;
        }
    }
    pieces.push(&part[start..]);
    pieces
}

/// Takes capitals, accents and compatibility forms away.
fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => text.to_ascii_lowercase().into(),
            false => text.into(),
        };
    }
    let bare = text.to_lowercase();
    let bare = bare.nfkd().filter(|ch| !('\u{300}'..='\u{36f}').contains(ch) && !ch.is_whitespace());
    bare.collect::<String>().to_lowercase().nfc().collect::<String>().into()
}

fn cut(term: &str) -> &str {
    if term.len() <= LONGEST {
        return term;
    }
    term.char_indices().nth(LONGEST).map_or(term, |(end, _)| &term[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn runs_are_what_the_expression_finds(text in "[ab_1 .\\-/:@+'’#$%é\u{301}日A\n]{0,24}") {
            let found: Vec<&str> = RUN.find_iter(&text).map(|run| run.as_str()).collect();
            prop_assert_eq!(Runs { text: &text, at: 0 }.collect::<Vec<_>>(), found);
        }
    }

    #[test]
    fn the_table_that_the_search_box_is_held_to() {
        /// A text and its words: each with its place, and whether it is a piece of one.
        type Case = (String, Vec<(String, u32, bool)>);
        let table = include_str!("../../../tests/cases/search/words.json");
        let table: Vec<Case> = serde_json::from_str(table).unwrap();
        assert!(table.len() > 30);
        for (text, want) in table {
            let mut found = Vec::new();
            words(&text, &mut |term, at, is_piece| found.push((term.to_owned(), at, is_piece)));
            assert_eq!(found, want, "{text:?}");
        }
    }
}
