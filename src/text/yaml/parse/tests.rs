use super::*;
use crate::text::{SitePath, Source};

fn read(text: &str) -> Result<Parsed, Error> {
    parse(&Chunk::of(&Source::new(SitePath::new("a.yml"), text)))
}

fn root(text: &str) -> Node {
    read(text).expect("the test's text is YAML").root
}

/// The tree as one line, for comparison: kinds and text, no places.
fn show(node: &Node) -> String {
    let tag = node.tag.as_ref().map(|tag| format!("<{tag}>")).unwrap_or_default();
    let body = match &node.kind {
        Kind::Null => "null".to_owned(),
        Kind::Bool(value) => value.to_string(),
        Kind::Int(number) => number.to_string(),
        Kind::Float(number) => format!("{number:?}"),
        Kind::String(text, _) => format!("{text:?}"),
        Kind::Seq(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
        Kind::Map(entries) => {
            let entries: Vec<_> =
                entries.iter().map(|(key, value)| format!("{}: {}", show(key), show(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    };
    format!("{tag}{body}")
}

/// Every node that has one place, with the text at it.
fn walk<'a>(node: &'a Node, visit: &mut dyn FnMut(&'a Node)) {
    visit(node);
    match &node.kind {
        Kind::Seq(items) => items.iter().for_each(|item| walk(item, visit)),
        Kind::Map(entries) => entries.iter().for_each(|(key, value)| {
            walk(key, visit);
            walk(value, visit);
        }),
        _ => {}
    }
}

#[test]
fn spans_are_bytes_and_read_back_plain_scalars() {
    let text = "\u{feff}# Grüße\nä: ö ü   # x\nliste:\n  - é\n  - 'ß'\nflow: {ñ: [日本, \u{1f600} b], c: d}\n";
    let source = Source::new(SitePath::new("a.yml"), text);
    let tree = root(text);
    let mut n_seen = 0;
    walk(&tree, &mut |node| {
        if let Kind::String(value, Style::Plain) = &node.kind {
            assert_eq!(source.slice(node.span), Some(value.as_str()));
            n_seen += 1;
        }
    });
    assert_eq!(n_seen, 10);
    assert_eq!(source.slice(tree.get("liste").expect("it is there").span), Some("é\n  - 'ß'"));
    assert_eq!(source.slice(tree.get("flow").expect("it is there").span), Some("ñ: [日本, \u{1f600} b], c: d"));
}

#[test]
fn spans_map_through_the_chunk() {
    let page = Source::new(SitePath::new("p.md"), "> ü: 1\n> b: two\n");
    let mut chunk = Chunk::lifted(&page, 2..8);
    chunk.push(&Chunk::lifted(&page, 10..page.text().len()));
    let tree = parse(&chunk).expect("it is YAML").root;
    assert_eq!(page.slice(tree.get("b").expect("it is there").span), Some("two"));
    assert_eq!(page.slice(tree.get("ü").expect("it is there").span), Some("1"));
}

#[test]
fn tags_are_kept_with_two_marks_spelled_out() {
    assert_eq!(show(&root("a: !ENV [A, 3]\nb: !ENV X\nc: !!python/name:m.f\nd: !!str 12\ne: ! 7\nf: !!int '9'")), {
        "{\"a\": <!ENV>[\"A\", 3], \"b\": <!ENV>\"X\", \"c\": <tag:yaml.org,2002:python/name:m.f>\"\", \
         \"d\": \"12\", \"e\": \"7\", \"f\": 9}"
    });
    assert_eq!(
        show(&root("s: !!python/object/apply:pymdownx.slugs.slugify {kwds: {case: lower}}")),
        "{\"s\": <tag:yaml.org,2002:python/object/apply:pymdownx.slugs.slugify>{\"kwds\": {\"case\": \"lower\"}}}"
    );
}

#[test]
fn merge_keys_are_applied_below_own_keys() {
    let text = "base: &b {x: 1, y: 2}\nother: &o {y: 3, z: 4}\nm: {<<: [*b, *o], x: 9, w: 0}\nq: {'<<': 1}";
    let tree = root(text);
    assert_eq!(show(tree.get("m").expect("it is there")), "{\"y\": 2, \"z\": 4, \"x\": 9, \"w\": 0}");
    assert_eq!(show(tree.get("q").expect("it is there")), "{\"<<\": 1}");
    let error = read("a: {<<: 3}").expect_err("a number cannot be merged");
    assert_eq!(error.message, "`<<` takes a mapping or a list of mappings, not a number");
}

#[test]
fn duplicate_keys_are_kept_and_reported() {
    let parsed = read("a: 1\nb: 2\na: 3\n").expect("duplicates are no error");
    assert_eq!(parsed.root.get("a").and_then(Node::as_int), Some(3));
    let places: Vec<_> = parsed.duplicate_keys.iter().map(|(first, second)| (first.range(), second.range())).collect();
    assert_eq!(places, [(0..1, 10..11)]);
}

#[test]
fn an_alias_stands_at_its_own_place() {
    let text = "a: &x [1, 2]\nb: *x\n";
    let tree = root(text);
    assert_eq!(show(tree.get("b").expect("it is there")), "[1, 2]");
    assert_eq!(&text[tree.get("b").expect("it is there").span.range()], "*x");
}

#[test]
fn bad_text_has_a_place() {
    let cases = [
        ("a: [1, 2", 8, "expected ',' or ']'"),
        ("a: b\n---\nc: d\n", 5, "a second document"),
        ("a: \u{7}", 3, "the character U+0007 is not allowed in YAML"),
        ("a: b: c", 4, "mapping values are not allowed"),
        ("x: *nope", 3, "anchor"),
        ("a: &a [*a]", 7, "an alias stands inside the node that it names"),
        ("? [a]\n: b", 3, "a list cannot be a key"),
    ];
    for (text, at, words) in cases {
        let error = read(text).expect_err(text);
        assert!(error.message.contains(words), "{text:?}: {}", error.message);
        assert_eq!(error.span.start, at, "{text:?}: {}", error.message);
    }
}

#[test]
fn bombs_and_towers_are_refused_before_they_unfold() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (before, name) in ('a'..'j').zip('b'..='j') {
        bomb.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 9].join(", ")));
    }
    assert!(read(&bomb).expect_err("nine to the tenth").message.contains("more than 1000000 nodes"));
    for tower in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000), "? ".repeat(100_000)] {
        assert_eq!(read(&tower).expect_err("too deep").message, "nested deeper than 128 levels");
    }
}

#[test]
fn an_empty_text_is_null() {
    for text in ["", "\n# only a comment\n", "---\n", "\u{feff}", "~"] {
        assert!(root(text).is_null(), "{text:?}");
    }
}

/// What PyYAML 6.0.3's `safe_load` makes of `k: SCALAR`, for 400 scalars of which half are random;
/// dates, and integers beyond 64 bits, are text here on purpose and so in the table.
#[test]
fn scalars_mean_what_pyyaml_makes_of_them() {
    let table = include_str!("../../../../tests/cases/yaml/scalars.tsv");
    let mut wrong = Vec::new();
    for line in table.lines() {
        let (text, expected) = line.split_once('\t').expect("two columns");
        let node = root(&format!("k: {text}"));
        let value = node.get("k").expect("it is there");
        let got = match &value.kind {
            Kind::Null => "null".to_owned(),
            Kind::Bool(_) => format!("bool {}", value.scalar_text().expect("a scalar")),
            Kind::Int(number) => format!("int {number}"),
            Kind::Float(_) => format!("float {}", value.scalar_text().expect("a scalar")),
            Kind::String(kept, _) if kept == text => "str".to_owned(),
            other => format!("{other:?}"),
        };
        if got != expected {
            wrong.push(format!("{text}: PyYAML {expected}, here {got}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// The parser tells some errors again and again, and never ends by itself.
#[test]
fn bad_text_is_refused_as_libyaml_too() {
    let read = |text: &str| parse_as_libyaml(&Chunk::of(&Source::new(SitePath::new("a.yml"), text)));
    for text in ["a: [\n", "a: {\n", "a: \"\n", "a: [b\n---\n", "a:\t[\n", "a: 'b\n", "- [\n- {", "a: &\n", "? [\n"] {
        assert!(read(text).is_err(), "{text:?}");
    }
    let root = read("a:\tb\nc: \"d\te\"\n").unwrap().root;
    assert_eq!(show(&root), r#"{"a": "b", "c": "d\te"}"#);
}
