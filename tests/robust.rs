//! What holds for any input: no panic, every place inside of its file, and time that grows no faster
//! than the page.

use opsbook::build::{self, Cache, Overrides, Purpose};
use opsbook::markdown::{self, Dialect, ExtensionUse, Parsed};
use opsbook::text::{SitePath, Source, Span, Spanned, World as _};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

type Files = BTreeMap<SitePath, Arc<Source>>;

/// Every extension at once, with its defaults.
fn everything() -> Dialect {
    let nowhere = Span::at_start(SitePath::new("mkdocs.yml"));
    let uses: Vec<ExtensionUse> = Dialect::extensions()
        .into_iter()
        .map(|name| ExtensionUse { name: Spanned::new(name.to_owned(), nowhere), options: None })
        .collect();
    Dialect::mkdocs(&uses).0
}

/// Pieces that mean something somewhere.
const PIECES: [&str; 72] = [
    "\n",
    "\n\n",
    "    ",
    "  ",
    "\t",
    " ",
    "a",
    "word ",
    "é",
    "日本",
    "\u{feff}",
    "\r\n",
    "\0",
    "\u{2}",
    "\u{3}",
    "*",
    "**",
    "_",
    "`",
    "``",
    "```",
    "~~~",
    "```sh\n",
    "``` { .sh #id }\n",
    "> ",
    "- ",
    "* ",
    "1. ",
    "# ",
    "## ",
    "===\n",
    "---\n",
    "!!! note \"T\"\n",
    "??? tip\n",
    "=== \"Tab\"\n",
    "/// note\n",
    "///\n",
    "[",
    "]",
    "(",
    ")",
    "![",
    "](a.md)",
    "[x]: /u \"t\"\n",
    "[^1]",
    "[^1]: note\n",
    "*[A]: abbr\n",
    ": def\n",
    "| a | b |\n|---|---|\n| c | d |\n",
    "<div markdown>",
    "</div>",
    "<div>",
    "<!--",
    "-->",
    "<a href=\"",
    "&amp;",
    "&#",
    "{: #id .c }",
    "{",
    "}",
    "++ctrl++",
    "==",
    "^^",
    "~~",
    "{--",
    "--}",
    ":smile:",
    "--8<-- \"b.md\"\n",
    "$x$",
    "\\",
    "#| id: x\n",
    "https://e.org/",
];

fn page() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..40).prop_map(|pieces| pieces.concat())
}

fn files(text: &str) -> Files {
    let mut files = Files::new();
    for (path, text) in [("docs/index.md", text), ("docs/b.md", "included\n"), ("b.md", "included too\n")] {
        let path = SitePath::new(path);
        files.insert(path, Arc::new(Source::new(path, text)));
    }
    files
}

/// The spans that do not lie in their file, or cut a character in two.
fn spans_outside(parsed: &Parsed, files: &Files) -> Vec<Span> {
    let mut spans = Vec::new();
    markdown::walk(&parsed.document.body, &mut |node| spans.push(node.span()));
    for diagnostic in &parsed.diagnostics {
        spans.extend(diagnostic.span);
        spans.extend(diagnostic.labels.iter().map(|label| label.span));
        spans.extend(diagnostic.fix.iter().map(|edit| edit.span));
    }
    spans.extend(parsed.facts.anchors.values());
    spans.extend(parsed.facts.links.iter().map(|link| link.target.span));
    let inside = |span: &Span| files.get(&span.file).is_some_and(|source| source.text().get(span.range()).is_some());
    spans.into_iter().filter(|span| !inside(span)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_page_and_every_place_lies_in_its_file(text in page()) {
        let files = files(&text);
        let source = &files[&SitePath::new("docs/index.md")];
        for dialect in [everything(), Dialect::commonmark()] {
            let parsed = markdown::parse(source, &dialect, &files);
            prop_assert_eq!(spans_outside(&parsed, &files), vec![]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_goes_through_the_whole_build(text in page(), meta in "[a-z: \\[\\]{}'\"\n-]{0,40}") {
        let mut files = files(&format!("---\n{meta}\n---\n{text}"));
        let config = SitePath::new("mkdocs.yml");
        let extensions: Vec<&str> = Dialect::extensions();
        let yaml = format!("site_name: Any\nmarkdown_extensions: [{}]\n", extensions.join(", "));
        files.insert(config, Arc::new(Source::new(config, yaml)));
        let (project, _) = build::load(&files, config, &BTreeMap::new(), &Overrides::default(), Purpose::default());
        let project = project.unwrap();
        let built = build::build(&project, &files, &files.list(project.docs_dir), &Cache::default(), &|_, _| {});
        prop_assert_eq!(built.n_pages, 2);
    }

    #[test]
    fn any_front_matter_is_read_or_refused(meta in "[a-d:&*!?#|>%, \\[\\]{}'\"\n\t-]{0,60}") {
        let files = files(&format!("---\n{meta}\n---\ntext\n"));
        for dialect in [everything(), Dialect::commonmark()] {
            let parsed = markdown::parse(&files[&SitePath::new("docs/index.md")], &dialect, &files);
            prop_assert_eq!(spans_outside(&parsed, &files), vec![]);
        }
    }

    #[test]
    fn any_text_is_a_configuration_or_not(text in "[a-z:_ \\[\\]{}&*!|>'\"\n-]{0,80}") {
        for name in ["mkdocs.yml", "book.toml"] {
            let config = SitePath::new(name);
            let files = Files::from([(config, Arc::new(Source::new(config, text.as_str())))]);
            let (project, diagnostics) =
                build::load(&files, config, &BTreeMap::new(), &Overrides::default(), Purpose::default());
            prop_assert!(project.is_some() || diagnostics.has_errors());
        }
    }
}

/// How many steps of work a parse takes cannot be counted from outside, so the law is tested by its
/// consequence: sixteen times the text must not run into the test runner's patience.
#[test]
fn repetition_does_not_cost_more_than_its_length() {
    let dialect = everything();
    for piece in PIECES {
        let text = piece.repeat(8_000 / piece.len().max(1) + 1);
        let files = files(&text);
        let parsed = markdown::parse(&files[&SitePath::new("docs/index.md")], &dialect, &files);
        assert_eq!(spans_outside(&parsed, &files), vec![], "{piece:?}");
    }
}

/// Parsing four times the text may take four times the time.
fn assert_linear(name: &str, dialect: &Dialect, text: &dyn Fn(usize) -> String, n: usize) {
    let parse = &mut |n| {
        let files = files(&text(n));
        drop(markdown::parse(&files[&SitePath::new("docs/index.md")], dialect, &files));
    };
    crate::growth::assert_linear(name, parse, n);
}

#[test]
fn tags_without_an_end_cost_no_more_than_their_length() {
    let dialect = Dialect::mkdocs(&[]).0;
    for piece in ["<a b=\"", "<a ", "<a", "<a b", "</a ", "</ ", "<?\n", "<!\n", "<foo`", "<b>", "&#"] {
        assert_linear(piece, &dialect, &|n| piece.repeat(n), 1_500);
    }
}

/// What opens in a line and never ends, or ends as something else, or is nothing but marks.
#[test]
fn marks_in_a_line_cost_no_more_than_their_length() {
    let dialect = everything();
    let pieces = [
        "==",
        "^^",
        "~~",
        "=a ",
        "^a b^",
        "*a",
        "_a_ ",
        "**a*",
        "\\(</",
        "\\(",
        "$a ",
        "a$ ",
        "<a@b# ",
        "x <!--",
        "x <?",
        "x <![CDATA[",
        "x <a b=\"",
        "[a](b",
        "[a](<b",
        "[a][b ",
        "[^a",
        "[=50% \"",
        "++\"a",
        "[[a",
        "a@b.",
        "@a",
        "a/b#1",
        "(http://a_b.c_d/",
        "`a``",
        "\"a",
        "{==",
        "*[a",
        "-~~~- ",
        "~~~- +",
        "$$~~~> ",
        "<a href=\"~~~~~",
        "-->~~~<a b=\"`",
        "^^^",
        "-***",
        "-___",
        "<http://{==",
        "[][[==<http://",
        "<a/b=`x",
    ];
    for piece in pieces {
        assert_linear(piece, &dialect, &|n| format!("x {}", piece.repeat(n)), 1_000);
    }
    for piece in ["]{", "]]{--é"] {
        let open = |n: usize| format!("{}{}", "[".repeat(8), piece.repeat(n));
        assert_linear(piece, &dialect, &open, 4_000);
    }
    let lines = |n: usize| "x ".to_owned() + &"<script><a href=\"\r\n".repeat(n);
    assert_linear("values with other line ends", &Dialect::commonmark(), &lines, 1_000);
}

/// What a rule takes out of the midst of a block, leaving the rest to all rules again, and what they
/// find there and refuse.
#[test]
fn blocks_in_a_block_cost_no_more_than_their_length() {
    let dialect = everything();
    let pieces = [
        "\n#",
        "***\n",
        "---\n",
        "#| id: x\n",
        ": def\n///\n# ",
        ": def\n-^^^",
        "!!! x\n",
        "??? x\n",
        "=== \"Tab\"\n",
        "===+ \"Tab\"\n",
        "[x]: y\nz\n",
        "[^1]: y\nz\n",
        "[^\n",
        "*[A]: b\n",
        "*[\n",
        "/// note\n    x: y\n# h\n",
        "/// note\nx\n///\n",
        "/// tab | x\ny\n///\n",
        "/// caption\nx\n///\n",
        "$$\n#\n",
        "\\[\n#\n",
        "    a\n# h\n",
        "a. b\n1. c\n",
        "a\n: b\n",
        "|a\n|-\n",
        "<b></i>",
        "<b><!-- -->",
        "<div markdown>\n",
        "<div markdown>\n\n</div>\nx",
    ];
    for piece in pieces {
        assert_linear(piece, &dialect, &|n| piece.repeat(n * 5 / piece.len()), 500);
    }
    let loose = |n: usize| "- a\n\n- # h\n".to_owned() + &"# h\n".repeat(n) + &" ".repeat(4 * n);
    assert_linear("headings of an item over what is indented", &dialect, &loose, 1_000);
    let table = |n: usize| "a|".repeat(n) + "\n" + &"-|".repeat(n) + "\n" + &"x\n".repeat(n);
    assert_linear("rows without their cells", &dialect, &table, 1_000);
}

#[test]
fn containers_that_stay_open_are_a_page() {
    let dialect = everything();
    for piece in
        ["/// note\n\n", "/// caption\nx\n///\n", "<div markdown>\n\n", "<div markdown><table>", "- a\n\n    > "]
    {
        let text = piece.repeat(10_000);
        let files = files(&text);
        let parsed = markdown::parse(&files[&SitePath::new("docs/index.md")], &dialect, &files);
        assert_eq!(spans_outside(&parsed, &files), vec![], "{piece:?}");
    }
    let text = "<div markdown>\n".to_owned() + &"<table>".repeat(10_000);
    let files = files(&text);
    drop(markdown::parse(&files[&SitePath::new("docs/index.md")], &dialect, &files));
}

#[test]
fn deep_nesting_costs_no_more_than_its_length() {
    let dialect = Dialect::mkdocs(&[]).0;
    let nested: [(&str, &dyn Fn(usize) -> String); 7] = [
        ("quotes", &|n| "> ".repeat(n) + "x"),
        ("lists", &|n| "- ".repeat(n) + "x"),
        ("brackets", &|n| "[".repeat(n)),
        ("pairs of brackets", &|n| "[".repeat(n) + &"]".repeat(n)),
        ("elements", &|n| "<div>".repeat(n)),
        ("links", &|n| "[".repeat(n) + &"](u)".repeat(n)),
        ("stars", &|n| "***".repeat(n)),
    ];
    for (name, text) in nested {
        assert_linear(name, &dialect, text, 2_500);
    }
}

/// A run of delimiters that closes a run of its length is as many elements, one in the other.
#[test]
fn runs_of_delimiters_cost_no_more_than_their_length() {
    for (dialect, tokens) in [(Dialect::mkdocs(&[]).0, &["*", "_"][..]), (everything(), &["*", "_", "~", "^", "="])] {
        for token in tokens {
            let around = |n: usize| token.repeat(n) + "x" + &token.repeat(n);
            assert_linear(token, &dialect, &around, 10_000);
            let words = |n: usize| format!("{token}a ").repeat(n) + &format!("b{token} ").repeat(n);
            assert_linear(token, &dialect, &words, 2_000);
        }
    }
}
