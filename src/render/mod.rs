//! Documents and views become bytes: HTML, highlighting, the theme, search and the sitemap.

pub(crate) mod code;
pub mod dates;
pub mod documents;
pub mod glightbox;
mod highlight;
pub mod html;
mod html_events;
pub mod minify;
pub mod search;
pub mod sitemap;
pub mod tags;
pub mod theme;

/// Tells whether a word of a code block names a language, also one without colours here.
pub fn knows_language(word: &str) -> bool {
    highlight::Lexer::find(word).is_some()
}
