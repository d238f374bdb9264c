//! The names by which code blocks call a language, as Pygments 2.21 knows them.
//!
//! Knows every alias, also of languages that opsbook does not colour, because the alias decides
//! what `pygments_lang_class` and `auto_title` write.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// One language per line: its name, a tab, its aliases with spaces between them.
const NAMES: &str = include_str!("names.txt");

static BY_ALIAS: LazyLock<BTreeMap<&'static str, Lexer>> = LazyLock::new(|| {
    let mut table = BTreeMap::new();
    for line in NAMES.lines() {
        let (name, aliases) = line.split_once('\t').expect("each line of names.txt has a tab");
        let alias = aliases.split(' ').next().unwrap_or(aliases);
        table.extend(aliases.split(' ').map(|word| (word, Lexer { name, alias })));
    }
    table
});

/// A language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lexer {
    /// Its name for people, such as `Bash Session`.
    pub(crate) name: &'static str,
    /// The first of its aliases, such as `console`: what opsbook calls it inside.
    pub(crate) alias: &'static str,
}

impl Lexer {
    /// What code is that names no language that Pygments knows.
    pub(crate) const TEXT: Lexer = Lexer { name: "Text only", alias: "text" };

    /// Finds a language by one of its aliases, in any case.
    pub(crate) fn find(word: &str) -> Option<Lexer> {
        BY_ALIAS.get(word.to_lowercase().as_str()).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_are_found_in_any_case() {
        let found = Lexer::find("Shell-Session").expect("Pygments knows it");
        assert_eq!((found.name, found.alias), ("Bash Session", "console"));
        assert_eq!(Lexer::find("text"), Some(Lexer::TEXT));
        assert_eq!(Lexer::find("no-such-language"), None);
    }
}
