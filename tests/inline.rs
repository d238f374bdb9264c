//! Text inside blocks: where its nodes stand, and how long it takes.

use crate::cases::{dialect, parsed};
use opsbook::markdown::{Dialect, Node, walk};
use opsbook::render::html::render_html;

/// Everything that pairs, nests or hides, switched on together.
fn everything() -> Dialect {
    dialect(
        "- attr_list\n- footnotes\n- abbr\n- smarty\n- nl2br\n- wikilinks\n- pymdownx.betterem\n- pymdownx.caret\n\
         - pymdownx.tilde\n- pymdownx.mark\n- pymdownx.critic\n- pymdownx.keys\n- pymdownx.smartsymbols\n\
         - pymdownx.emoji\n- pymdownx.arithmatex\n- pymdownx.inlinehilite\n- pymdownx.progressbar\n- mdx_gh_links\n\
         - pymdownx.magiclink: {repo_url_shorthand: true, user: a, repo: b, repo_url_shortener: true}\n",
    )
}

const TOKENS: [&str; 48] = [
    "*",
    "**",
    "***",
    "_",
    "__",
    "^",
    "^^",
    "~",
    "~~",
    "==",
    "`",
    "``",
    "\\",
    "[",
    "](u)",
    "![",
    "][r]",
    "{: .c }",
    "<b>",
    "<http://a.b>",
    "&amp;",
    "&",
    "<",
    "\"",
    "'",
    "--",
    "...",
    "(c)",
    "1st",
    "1/2",
    ":smile:",
    ":nope:",
    "++a++",
    "++\"",
    "$a$",
    "$",
    "https://a.b",
    "a@b.c",
    "#12",
    "@u",
    "{++",
    "++}",
    "[[W]]",
    "[=5%]",
    "é",
    "\n",
    " ",
    "word",
];

#[test]
fn every_span_lies_in_the_page_and_text_stands_where_it_says() {
    let dialect = everything();
    let mut state: u64 = 42;
    for _ in 0..400 {
        let mut text = String::from("p ");
        for _ in 0..24 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(TOKENS[(state >> 33) as usize % TOKENS.len()]);
        }
        let (source, parsed) = parsed(&text, &dialect);
        walk(&parsed.document.body, &mut |node: &Node| {
            let span = node.span();
            assert_eq!(span.file, source.path());
            assert!(source.slice(span).is_some(), "{span:?} is not in {text:?}");
            if let Node::Text(part) = node {
                assert!(!part.text.contains(['\u{2}', '\u{3}', '\u{fdd0}']), "{:?} of {text:?}", part.text);
            }
        });
        for found in parsed.diagnostics.iter() {
            assert!(found.span.is_some_and(|span| source.slice(span).is_some()), "{found:?} of {text:?}");
        }
    }
}

#[test]
fn plain_text_is_a_copy_of_the_page() {
    let (source, parsed) = parsed("one *two* \\_ [three](u) `x`\n", &everything());
    let mut copies = Vec::new();
    walk(&parsed.document.body, &mut |node| {
        if let Node::Text(text) = node
            && source.slice(text.span) == Some(text.text.as_str())
        {
            copies.push(text.text.clone());
        }
    });
    assert_eq!(copies, ["one ", "two", " ", " ", "three", " "]);
}

#[test]
fn brackets_with_a_list_are_spans() {
    let with = dialect("- pymdownx.bracketspan\n- attr_list\n");
    let html = |text: &str| render_html(&parsed(text, &with).1.document.body, &|_| None);
    assert_eq!(
        html("[a *b*]{.c #d} [e [f]{.g} h]{k=v} [i\n"),
        concat!(
            "<p><span class=\"c\" id=\"d\">a <em>b</em></span> ",
            "<span k=\"v\">e <span class=\"g\">f</span> h</span> [i</p>",
        )
    );
    let link = "<p><a href=\"u\">a <span class=\"c\">b</span> d</a> [e] {.f}</p>";
    assert_eq!(html("[a [b]{.c} d](u) [e] {.f}\n"), link);
}

#[test]
fn a_value_of_an_attribute_list_may_hold_tags() {
    let with = dialect("- attr_list\n");
    let html = |text: &str| render_html(&parsed(text, &with).1.document.body, &|_| None);
    let value = "data-x=\"T &lt;b&gt;x&lt;/b&gt;\"";
    assert_eq!(
        html("*a*{data-x=\"T <b>x</b>\"} `c`{.d}\n"),
        format!("<p><em {value}>a</em> <code class=\"d\">c</code></p>")
    );
    assert_eq!(html("a <i>b</i>\n{: data-x=\"T <b>x</b>\" }\n"), format!("<p {value}>a <i>b</i></p>"));
}

#[test]
fn the_old_ways_of_emphasis_and_attributes_are_there() {
    let old = dialect("- legacy_em\n- legacy_attrs\n");
    let html = |text: &str| render_html(&parsed(text, &old).1.document.body, &|_| None);
    assert_eq!(html("a_b_c *d*{@title=e} f {@id=g}\n"), "<p>a<em>b</em>c <em id=\"g\" title=\"e\">d</em> f </p>");
    assert_eq!(html("![h{@width=3}](i) {@class=j}k\n"), "<p><img alt=\"h\" class=\"j\" src=\"i\" width=\"3\" /> k</p>");
}

#[test]
fn a_misspelt_icon_is_reported_at_its_shortcode() {
    let dialect = dialect(
        "- pymdownx.emoji:\n    emoji_index: !!python/name:material.extensions.emoji.twemoji\n\
         \x20   emoji_generator: !!python/name:material.extensions.emoji.to_svg\n",
    );
    let (source, parsed) = parsed("at 10:30:00 :material-chekc: :material-check:\n", &dialect);
    let found: Vec<_> = parsed.diagnostics.iter().collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].span.and_then(|span| source.slice(span)), Some(":material-chekc:"));
    assert_eq!(found[0].help.as_deref(), Some("did you mean `:material-check:`?"));
}

#[test]
fn text_that_is_nothing_but_marks_takes_linear_time() {
    let dialect = everything();
    let marks = [
        "*", "_", "[", "`", "<", "![", "^", "~", "\\", "*a ", "_a ", "^a ", "[a](", "[a](b \"", "\"'", "&a", "$a",
        "++\"", "a@", "a@b.", "a/b#1 ", ":a", "*a **b ", "[a][", "*_^~=", "{++", "{~~a~>", "http://a", "[==",
        "**a *b ", "**a*a",
    ];
    for mark in marks {
        let parse = &mut |bytes: usize| drop(parsed(&format!("x {}\n", mark.repeat(bytes / mark.len())), &dialect));
        crate::growth::assert_linear(mark, parse, 3_000);
    }
}

#[test]
fn deep_nesting_is_bounded() {
    for text in ["*a _b ".repeat(3000) + &"_ *".repeat(3000), "[".repeat(3000) + "a" + &"](u)".repeat(3000)] {
        let (_, parsed) = parsed(&text, &everything());
        let mut n_nodes = 0;
        walk(&parsed.document.body, &mut |_| n_nodes += 1);
        assert!(n_nodes > 0);
    }
}
