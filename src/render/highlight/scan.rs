//! Helpers that the lexers share: where runs of characters end. All positions are bytes; past the
//! end of the text, and inside a character, there is nothing.

/// Tells whether a character is one of Python's `\w`.
pub(super) fn is_word(ch: char) -> bool {
    ch == '_' || ch.is_alphanumeric()
}

/// Returns the byte at a position; 0 past the end.
pub(super) fn byte(text: &str, at: usize) -> u8 {
    text.as_bytes().get(at).copied().unwrap_or(0)
}

/// Returns the character at a position.
pub(super) fn char_at(text: &str, at: usize) -> Option<char> {
    text.get(at..)?.chars().next()
}

/// Returns where the character at a position ends.
pub(super) fn next_char(text: &str, at: usize) -> usize {
    at + char_at(text, at).map_or(1, char::len_utf8)
}

/// Returns where a run of characters that fit ends.
pub(super) fn run(text: &str, at: usize, fits: impl Fn(char) -> bool) -> usize {
    let mut end = at;
    for ch in text.get(at..).unwrap_or_default().chars() {
        if !fits(ch) {
            break;
        }
        end += ch.len_utf8();
    }
    end
}

/// Returns where a run of bytes of ASCII that fit ends.
pub(super) fn run_bytes(text: &str, at: usize, fits: impl Fn(u8) -> bool) -> usize {
    at + text.as_bytes().get(at..).unwrap_or_default().iter().take_while(|byte| fits(**byte)).count()
}

/// Returns where `\w*` ends.
pub(super) fn word(text: &str, at: usize) -> usize {
    run(text, at, is_word)
}

/// Returns where `\s*` ends.
pub(super) fn space(text: &str, at: usize) -> usize {
    run(text, at, char::is_whitespace)
}

/// Returns where `[ \t]*` ends.
pub(super) fn blank(text: &str, at: usize) -> usize {
    run_bytes(text, at, |byte| matches!(byte, b' ' | b'\t'))
}

/// Returns where `[ ]*` ends.
pub(super) fn spaces(text: &str, at: usize) -> usize {
    run_bytes(text, at, |byte| byte == b' ')
}

/// Returns where `[0-9]*` ends.
pub(super) fn digits(text: &str, at: usize) -> usize {
    run_bytes(text, at, |byte| byte.is_ascii_digit())
}

/// Returns where the line ends, before its `\n`.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |end| at + end)
}

/// Tells whether a line begins here.
pub(super) fn at_line_start(text: &str, at: usize) -> bool {
    at == 0 || byte(text, at - 1) == b'\n'
}

/// Tells whether a line ends here.
pub(super) fn at_line_end(text: &str, at: usize) -> bool {
    at >= text.len() || byte(text, at) == b'\n'
}

/// Tells whether a word stands just before.
pub(super) fn after_word(text: &str, at: usize) -> bool {
    text[..at].chars().next_back().is_some_and(is_word)
}

/// A set of words.
pub(super) struct Words(Vec<&'static str>);

impl Words {
    /// Reads words with spaces between them.
    pub(super) fn of(text: &'static str) -> Words {
        let mut words: Vec<&str> = text.split(' ').collect();
        words.sort_unstable();
        Words(words)
    }

    /// Tells whether a word is in the set.
    pub(super) fn has(&self, word: &str) -> bool {
        self.0.binary_search(&word).is_ok()
    }
}

/// Makes a static set of words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $text:literal) => {
        $(#[$doc])*
        static $name: std::sync::LazyLock<super::scan::Words> =
            std::sync::LazyLock::new(|| super::scan::Words::of($text));
    };
}

pub(super) use words;
