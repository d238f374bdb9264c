//! The theme's own words, by language.

use super::assets::embedded_text;
use crate::text::Source;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Returns the words of a language by key; keys that it lacks, and languages that the theme has no
/// words of, are in English. `language` is always the language asked for. A file of the project
/// under the same path replaces the theme's.
pub(super) fn words(language: &str, overrides: &BTreeMap<String, Arc<Source>>) -> BTreeMap<String, String> {
    let read = |name: &str| match overrides.get(&format!("languages/{name}.txt")) {
        Some(source) => parse_words(source.text()),
        None => read(name),
    };
    let mut words = read("en");
    for name in names_of(language) {
        words.extend(read(name));
    }
    words.insert("language".to_string(), language.to_string());
    words
}

/// Tells whether the theme has words of a language.
pub(super) fn is_spoken(language: &str) -> bool {
    names_of(language).iter().any(|name| embedded_text(&format!("languages/{name}.txt")).is_some())
}

/// The files that a language's words are in, the most particular last.
fn names_of(language: &str) -> Vec<&str> {
    let base = language.split(['-', '_']).next().unwrap_or(language);
    let kin = match language {
        "no" | "nn" => Some("nb"),
        "zh-TW" | "zh_TW" | "zh-HK" | "zh_HK" => Some("zh-Hant"),
        "pt_BR" => Some("pt-BR"),
        _ => None,
    };
    [Some(base), kin, Some(language)].into_iter().flatten().collect()
}

fn read(language: &str) -> BTreeMap<String, String> {
    let text = embedded_text(&format!("languages/{language}.txt")).unwrap_or_default();
    parse_words(text)
}

fn parse_words(text: &str) -> BTreeMap<String, String> {
    let pairs = text.lines().filter_map(|line| line.split_once(": "));
    pairs.map(|(key, word)| (key.to_string(), word.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_that_is_not_there_keeps_its_code_and_speaks_english() {
        let words = words("tlh", &BTreeMap::new());
        assert_eq!(words["language"], "tlh");
        assert_eq!(words["toc"], "Table of contents");
    }

    #[test]
    fn regional_languages_fall_back_to_their_base() {
        let words = |language| words(language, &BTreeMap::new());
        assert_eq!(words("de-AT")["toc"], words("de")["toc"]);
        assert_ne!(words("de")["toc"], words("en")["toc"]);
        assert_eq!(words("ar")["direction"], "rtl");
    }

    #[test]
    fn a_project_can_bring_a_language() {
        let source = Arc::new(Source::new(crate::text::SitePath::new("themes/languages/it.txt"), "toc: Indice\n"));
        let overrides = BTreeMap::from([("languages/it.txt".to_string(), source)]);
        let words = words("it", &overrides);
        assert_eq!((words["toc"].as_str(), words["search"].as_str()), ("Indice", "Search"));
    }

    /// Languages with the words of Material's templates; `de`, `fr` and `es` have all words.
    const LANGUAGES: &[&str] = &[
        "ar", "bg", "ca", "cs", "da", "el", "fa", "fi", "he", "hu", "id", "it", "ja", "ko", "nb", "nl", "pl", "pt",
        "pt-BR", "ro", "ru", "sk", "sv", "tr", "uk", "vi", "zh", "zh-Hant",
    ];
    /// Words that only opsbook has.
    const OURS: &[&str] =
        &["clipboard.copy.step", "search.filter.all", "search.filter.runbooks", "search.filter.steps", "select.lines"];

    #[test]
    fn kindred_languages_share_words() {
        let words = |language| words(language, &BTreeMap::new());
        assert_eq!(words("no")["search"], words("nb")["search"]);
        assert_eq!(words("zh-TW")["search"], words("zh-Hant")["search"]);
        assert!(is_spoken("pt_BR") && is_spoken("de-CH") && !is_spoken("tlh"));
    }

    #[test]
    fn translations_only_use_known_keys() {
        let english = read("en");
        for language in LANGUAGES {
            let other = read(language);
            let unknown: Vec<_> = other.keys().filter(|key| !english.contains_key(*key)).collect();
            assert!(unknown.is_empty(), "{language}: {unknown:?}");
            let missing = english.keys().filter(|key| !key.starts_with("runbook") && !other.contains_key(*key));
            let missing: Vec<_> = missing.filter(|key| !OURS.contains(&key.as_str())).collect();
            assert!(missing.is_empty(), "{language}: {missing:?}");
            let counted = other.iter().filter(|(key, _)| key.ends_with(".other"));
            assert!(counted.into_iter().all(|(_, word)| word.contains('#')), "{language}");
        }
        for language in ["de", "fr", "es"] {
            let other = read(language);
            let unknown: Vec<_> = other.keys().filter(|key| !english.contains_key(*key)).collect();
            assert!(unknown.is_empty(), "{language}: {unknown:?}");
            assert_eq!(other.len(), english.len(), "{language} has all of them");
        }
    }
}
