//! Any text is a page that may hold a runbook, and a runbook becomes a plan or errors.
#![no_main]

use libfuzzer_sys::fuzz_target;
use opsbook::markdown::{self, Dialect};
use opsbook::plan::{self, Binding, Facts, Library, Page};
use opsbook::runbook::extract;
use opsbook::text::{SitePath, Source};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

static DIALECT: LazyLock<Dialect> = LazyLock::new(|| Dialect::mkdocs(&[]).0);

fuzz_target!(|text: &str| {
    let path = SitePath::new("a.md");
    let files = BTreeMap::from([(path, Arc::new(Source::new(path, text)))]);
    let library = Library::collect(path, &mut |path| {
        let source = files.get(&path)?.clone();
        let parsed = markdown::parse(&source, &DIALECT, &files);
        let (runbook, _) = extract(&parsed.document, &source);
        Some(Page { source, runbook, anchors: parsed.facts.anchors.keys().cloned().collect() })
    });
    let none = BTreeMap::new();
    plan::lower(path, &library, Binding::Bound(&none), &Facts::default(), &files);
});
