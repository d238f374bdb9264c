//! The theme: views become whole pages.
//!
//! Owns the templates, stylesheets and scripts of `themes/default/`, what a project puts in their
//! place, and the template engine (the only room that knows Tera). Gets views, gives bytes. Knows
//! neither the configuration nor the disk.
//!
//! ```text
//! Theme::new(&[Override]) -> Result<Theme, Diagnostics>     templates are parsed once
//! Theme::assets()  -> Vec<Asset { path, bytes }>            what the pages load, and images
//! Theme::site(SiteView) -> SiteTheme                        navigation and context, once per build
//! SiteTheme::render_page(&PageView) -> Result<String, Diagnostic>
//! SiteTheme::render_404() -> Result<String, Diagnostic>     links are absolute
//! SiteTheme::render_template(name) -> Result<String, Diagnostic>   `static_templates`
//! ```

pub mod view;
