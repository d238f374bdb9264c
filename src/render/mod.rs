//! Documents and views become bytes: HTML, highlighting, the theme, search and the sitemap.

pub(crate) mod code;
pub mod documents;
mod highlight;
pub mod html;
pub(crate) mod html_events;
pub mod search;
pub mod sitemap;
pub mod theme;

/// Tells whether a word of a code block names a language, also one without colours here.
pub fn knows_language(word: &str) -> bool {
    highlight::Lexer::find(word).is_some()
}
