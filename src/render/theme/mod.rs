//! The theme: views become whole pages.
//!
//! Owns the templates, stylesheets and scripts of `themes/default/`, what a project puts in their
//! place, and the template engine (the only room that knows minijinja). Gets views, gives bytes. Knows
//! neither the configuration nor the disk.
//!
//! ```text
//! Theme::new(&[Override]) -> (Theme, Diagnostics)           templates are parsed once
//! Theme::assets()  -> Vec<Asset { path, bytes }>            what the pages load, and images
//! Theme::site(SiteView) -> SiteTheme                        navigation and context, once per build
//! SiteTheme::render_page(&PageView) -> Result<Made, Box<Diagnostic>>
//! SiteTheme::render_404() -> Result<Made, Box<Diagnostic>>              links are absolute
//! SiteTheme::render_static(name), render_extra(source, url)             `static_templates`, `extra_templates`
//! ```

mod assets;
mod engine;
mod features;
mod icon;
mod jinja;
mod language;
mod nav;
mod objects;
mod options;
mod site;
pub mod view;

pub use assets::Asset;
pub use features::check_names;
pub use site::{Made, SiteTheme};

use crate::diag::Diagnostics;
use crate::text::{Digest, Source};
use std::collections::BTreeMap;
use std::sync::Arc;
use view::SiteView;

/// A text file of the project that stands in the place of one of the theme's, or beside them.
#[derive(Clone, Debug)]
pub struct Override {
    /// The path inside the theme, as `partials/footer.html` or `assets/javascripts/search.js`.
    pub name: String,
    /// The file.
    pub source: Arc<Source>,
}

/// The theme with the project's own files in it, ready to be given a site.
#[derive(Clone, Debug)]
pub struct Theme {
    engine: Arc<engine::Engine>,
    overrides: BTreeMap<String, Arc<Source>>,
    digest: Digest,
}

impl Theme {
    /// Puts the project's files in the places of the theme's and parses every template.
    ///
    /// A template of the project that cannot be parsed is reported (`OB420`) and the theme's own
    /// one, where there is one, stands for it.
    pub fn new(overrides: &[Override]) -> (Theme, Diagnostics) {
        let overrides: BTreeMap<String, Arc<Source>> =
            overrides.iter().map(|file| (file.name.clone(), Arc::clone(&file.source))).collect();
        let (engine, diagnostics) = engine::Engine::new(&overrides);
        let engine = Arc::new(engine);
        let mut parts: Vec<&[u8]> = assets::embedded_parts().collect();
        parts.extend(overrides.iter().flat_map(|(name, source)| [name.as_bytes(), source.text().as_bytes()]));
        let digest = Digest::of_parts(parts);
        (Theme { engine, overrides, digest }, diagnostics)
    }

    /// Returns what the pages load, with the digest in the names of stylesheets and scripts, sorted
    /// by path; the project's own stylesheets and scripts that replace none of the theme's are
    /// among them under their own names.
    pub fn assets(&self) -> Vec<Asset> {
        assets::assets(&self.overrides)
    }

    /// Returns the digest of everything that the theme is made of.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Tells whether the theme has a template of that name, or the project has one.
    pub fn has_template(&self, name: &str) -> bool {
        self.engine.has(name)
    }

    /// Takes a site: what all pages share is prepared once.
    pub fn site(&self, site: SiteView) -> SiteTheme {
        SiteTheme::new(self, site)
    }
}
