//! Pages and what they become.

use super::*;
use crate::text::Source;
use std::sync::Arc;

fn node(text: &str) -> Node {
    yaml::parse(&Chunk::of(&Source::new(SitePath::new("mkdocs.yml"), text))).expect("the test's YAML is valid").root
}

/// The page's text and the messages about it.
fn expanded(settings: &str, page: &str) -> (Chunk, Vec<String>) {
    let extra =
        node("{version: 1.10, name: Ops, flag: true, list: [b, a, C], price: 3, nested: {a: {b: deep}}, empty: ''}");
    let mut variables = vec![("extra".to_owned(), extra.clone())];
    for (key, value) in extra.as_map().expect("a mapping") {
        variables.push((key.as_str().expect("a name").to_owned(), value.clone()));
    }
    let files = [
        ("docs/inc.md", "included {{ name }}\n"),
        ("docs/loop.md", "{% include 'loop.md' %}"),
        (
            "docs/macros.md",
            "{% macro hi(who, greeting='Hello') %}{{ greeting }}, {{ who }}!{% endmacro %}{% set answer = 42 %}",
        ),
        ("vars.yml", "from_file: yes\nnested: {a: {c: more}}\n"),
    ];
    let world: BTreeMap<_, _> = files
        .iter()
        .map(|(path, text)| (SitePath::new(path), Arc::new(Source::new(SitePath::new(path), *text))))
        .collect();
    let mut diagnostics = Diagnostics::new();
    let docs = SitePath::new("docs");
    let options = Options::read(&node(settings), docs, &variables, &mut diagnostics);
    let path = SitePath::new("docs/guide/p.md");
    let source = Source::new(path, page);
    let mut reads = Vec::new();
    let meta = node("{title: The page, owner: ana}");
    let mut context = Context { page: path, world: &world, reads: &mut reads, diagnostics: &mut diagnostics };
    let chunk = apply(Chunk::of(&source), &options, Some(&meta), &mut context);
    (chunk, diagnostics.iter().map(|diagnostic| format!("{} {}", diagnostic.code, diagnostic.message)).collect())
}

#[test]
fn every_round_of_a_loop_counts() {
    for page in [
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        "{% for i in range(100000) %}{% for j in range(100000) if false %}x{% endfor %}{% endfor %}",
        "{% for i in range(100000) %}{{ range(100000)|length }}{% endfor %}",
        "{% for i in range(100000) %}{% if range(100000)|length == 0 %}x{% endif %}{% endfor %}",
    ] {
        let (_, messages) = expanded("{}", page);
        let said = "OB449 the templates of this page take more than 200000 steps or make more than 8 MiB";
        assert_eq!(messages, [said], "{page}");
    }
    let (text, messages) = expanded("{}", "{% for i in range(50000) %}{% endfor %}{{ range(3)|length }}");
    assert_eq!((text.text(), messages), ("3", Vec::new()));
}

/// What mkdocs-macros-plugin 1.5.0 with Jinja2 3.1.6 makes of these pages (MkDocs 1.6.1).
#[test]
fn pages_become_what_jinja2_makes_of_them() {
    let cases = include_str!("../../../tests/cases/macros/cases.txt");
    let mut wrong = Vec::new();
    let mut n_cases = 0;
    for case in cases.split("\n====\n") {
        let (page, expected) = case.split_once("\n----\n").expect("a page, a line, and its result");
        let (got, messages) = expanded("{include_yaml: [vars.yml]}", page);
        n_cases += 1;
        if got.text().trim_end() != expected.trim_end() {
            wrong.push(format!("{page}\n  expected {expected:?}\n  got      {:?}\n  {messages:?}", got.text()));
        }
    }
    assert!(n_cases > 80 && wrong.is_empty(), "{n_cases} cases\n{}", wrong.join("\n"));
}

#[test]
fn text_outside_of_tags_keeps_its_place() {
    let page = "ä {{ name }} b\n{% for x in list %}* ö {{ x }}\n{% endfor %}end";
    let (got, messages) = expanded("", page);
    assert_eq!((got.text(), messages.len()), ("ä Ops b\n* ö b\n* ö a\n* ö C\nend", 0));
    let place = |text: &str| {
        let at = got.text().find(text).expect("it is there");
        &page[got.span(at..at + text.len()).range()]
    };
    assert_eq!((place("end"), place(" b\n"), place("* ö")), ("end", " b\n", "* ö"));
    assert_eq!(place("Ops"), "{{ name }}");
}

#[test]
fn faults_stay_in_the_page_with_a_message() {
    let cases = [
        ("{{ nope.part }}", "OB447 `nope` is not defined"),
        ("{{ nope }}", "OB447 `nope` is not defined"),
        ("{{ name | shout }}", "OB449 there is no filter `shout`"),
        ("{{ fetch('x') }}", "OB449 `fetch` is no macro of the page; functions of Python modules are not run"),
        ("{{ 1 + }}", "OB449 a value is missing before the end"),
        ("{% frob %}", "OB449 opsbook knows no statement `frob`"),
        ("{% endif %}", "OB449 `endif` ends nothing"),
        ("{% for x in 3 %}{% endfor %}", "OB449 a loop needs a list or a mapping"),
    ];
    for (page, message) in cases {
        let (got, messages) = expanded("", page);
        assert_eq!(messages, [message], "{page}");
        assert!(page.starts_with(got.text()), "{page}: {}", got.text());
    }
    let (got, messages) = expanded("", "a {% include 'nope.md' %} b {% include '../secret' %}");
    assert_eq!(got.text(), "a  b ");
    assert_eq!(messages.len(), 2);
    let (_, messages) = expanded("{module_name: tools}", "x");
    assert_eq!(messages, ["OB448 Python modules of macros (`module_name`) are not run"]);
}

#[test]
fn pages_are_left_alone_where_they_are_told_to() {
    assert_eq!(expanded("{render_by_default: false}", "{{ name }}").0.text(), "{{ name }}");
    let forced = "{render_by_default: false, force_render_paths: \"other/\\nguide/*.md\"}";
    assert_eq!(expanded(forced, "{{ name }}").0.text(), "Ops");
    let other_marks = "{j2_variable_start_string: '[[', j2_variable_end_string: ']]'}";
    assert_eq!(expanded(other_marks, "[[ name ]] {{ name }}").0.text(), "Ops {{ name }}");
    assert_eq!(expanded("{on_undefined: silent}", "a{{ nope }}b").0.text(), "ab");
}

#[test]
fn hostile_pages_end_soon() {
    let deep_if = "{% if true %}".repeat(5000);
    let loops = "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}";
    let recursive = "{% macro f(n) %}{{ f(n) }}{{ f(n) }}{% endmacro %}{{ f(1) }}";
    let bomb = "{% set a = 'xxxxxxxxxx' %}".to_owned() + &"{% set a = a * 1000 %}".repeat(5);
    let pages = [
        deep_if,
        loops.to_owned(),
        recursive.to_owned(),
        bomb,
        "{{ ".repeat(50_000),
        "{{ '".repeat(50_000),
        "{% raw %}".repeat(50_000),
        format!("{{{{ {} }}}}", "(".repeat(10_000)),
        format!("{{{{ {}1 }}}}", "1+".repeat(10_000)),
        format!("{{{{ {}1 }}}}", "not ".repeat(10_000)),
        "{% include 'loop.md' %}".to_owned(),
        "{{ x }}".repeat(50_000),
    ];
    for page in pages {
        let (got, _) = expanded("", &page);
        assert!(got.len() < 20 << 20);
    }
}
