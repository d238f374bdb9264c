//! Any text is a page in CommonMark.
#![no_main]

use libfuzzer_sys::fuzz_target;
use opsbook::markdown::{self, Dialect};
use opsbook::text::{SitePath, Source};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

static DIALECT: LazyLock<Dialect> = LazyLock::new(Dialect::commonmark);

fuzz_target!(|text: &str| {
    let files: BTreeMap<SitePath, Arc<Source>> = BTreeMap::new();
    markdown::parse(&Source::new(SitePath::new("docs/index.md"), text), &DIALECT, &files);
});
