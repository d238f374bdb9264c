//! Documents and views become bytes: HTML, highlighting, the theme, search and the sitemap.

pub mod theme;
