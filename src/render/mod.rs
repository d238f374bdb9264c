//! Documents and views become bytes: HTML, highlighting, the theme, search and the sitemap.

pub(crate) mod code;
mod highlight;
pub mod theme;
