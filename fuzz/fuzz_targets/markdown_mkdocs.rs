//! Any text is a page in MkDocs' dialect, with every extension there is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use opsbook::markdown::{self, Dialect, ExtensionUse};
use opsbook::text::{SitePath, Source, Span, Spanned};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

static DIALECT: LazyLock<Dialect> = LazyLock::new(|| {
    let nowhere = Span::at_start(SitePath::new("mkdocs.yml"));
    let named = |name: &&str| ExtensionUse { name: Spanned::new((*name).to_owned(), nowhere), options: None };
    let uses: Vec<ExtensionUse> = Dialect::extensions().iter().map(named).collect();
    Dialect::mkdocs(&uses).0
});

fuzz_target!(|text: &str| {
    let files: BTreeMap<SitePath, Arc<Source>> = BTreeMap::new();
    markdown::parse(&Source::new(SitePath::new("docs/index.md"), text), &DIALECT, &files);
});
