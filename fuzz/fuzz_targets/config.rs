//! Any text is a configuration, or there is an error that says why not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use opsbook::build::{self, Overrides, Purpose};
use opsbook::text::{SitePath, Source};
use std::collections::BTreeMap;
use std::sync::Arc;

fuzz_target!(|text: &str| {
    for name in ["mkdocs.yml", "book.toml"] {
        let path = SitePath::new(name);
        let files = BTreeMap::from([(path, Arc::new(Source::new(path, text)))]);
        let (project, diagnostics) =
            build::load(&files, path, &BTreeMap::new(), &Overrides::default(), Purpose::default());
        assert!(project.is_some() || diagnostics.has_errors());
    }
});
