//! Documents and views become bytes: HTML, highlighting, the theme, search and the sitemap.

pub(crate) mod code;
pub mod dates;
pub mod glightbox;
mod highlight;
pub mod html;
mod html_events;
pub mod minify;
pub mod search;
pub mod sitemap;
pub mod tags;
pub mod theme;
