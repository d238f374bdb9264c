//! Text that plugins change before it is Markdown, against the real plugins' output.

use opsbook::diag::Diagnostics;
use opsbook::markdown::preprocess::{Preprocessor, preprocess};
use opsbook::text::{Chunk, SitePath, Source, Span, Spanned, yaml};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

#[test]
fn inclusions_and_alerts_become_what_the_plugins_make_of_them() {
    let cases = std::fs::read_to_string("tests/cases/include-markdown/cases.json").unwrap();
    let cases: Vec<Value> = serde_json::from_str(&cases).unwrap();
    let mut wrong = Vec::new();
    for case in &cases {
        let mut world: BTreeMap<SitePath, Arc<Source>> = BTreeMap::new();
        for (name, text) in case["files"].as_object().unwrap() {
            let path = SitePath::new(name);
            world.insert(path, Arc::new(Source::new(path, text.as_str().unwrap())));
        }
        let docs = SitePath::new("docs");
        let mut diagnostics = Diagnostics::new();
        let mut plugins = Vec::new();
        for (name, settings) in case["plugins"].as_object().unwrap() {
            let config = Source::new(SitePath::new("mkdocs.yml"), settings.to_string());
            let settings = yaml::parse(&Chunk::of(&config)).unwrap().root;
            let name = Spanned::new(name.clone(), Span::at_start(config.path()));
            plugins.extend(Preprocessor::read(&name, &settings, docs, &[], &world, &mut diagnostics));
        }
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let page = docs.join(case["page"].as_str().unwrap());
        let text = Chunk::of(&world[&page]);
        let mut reads = Vec::new();
        let got = preprocess(text, None, &plugins, page, &world, &mut reads, &mut diagnostics);
        let want = case["expected"].as_str().unwrap();
        if got.text() != want {
            wrong.push(format!("{}\ngot  {:?}\nwant {want:?}", world[&page].text(), got.text()));
        }
        for at in (0..got.len()).filter(|at| got.text().is_char_boundary(*at)) {
            let span = got.span(at..at);
            let file = world.get(&span.file).unwrap_or_else(|| panic!("{span:?} lies in no file"));
            assert!(span.end as usize <= file.text().len());
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
}
