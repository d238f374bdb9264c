//! `minify`: pages with less white space, the same to a reader and to a browser.
//!
//! Outside of elements that show white space, a run of it becomes one space; comments go where the
//! plugin's options say so. Text, tags and attributes stay byte for byte, so ids, links and scripts
//! are what they were. Options are those of mkdocs-minify-plugin 0.8 and of htmlmin, which it calls.

use super::event::{Plugin, Reading};
use super::settings::{Settings, idle_option};
use crate::diag::{Diagnostic, Severity};
use crate::render::html_events::{Event, html_pieces, is_void};
use crate::site::PageRoute;
use crate::text::yaml;

/// What is taken out of pages.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Minify {
    /// `htmlmin_opts.remove_comments`
    remove_comments: bool,
    /// `htmlmin_opts.pre_tags`
    pre_tags: Vec<String>,
    /// `htmlmin_opts.pre_attr`
    pre_attr: String,
}

const OPTIONS: [&str; 7] =
    ["minify_html", "minify_js", "minify_css", "js_files", "css_files", "htmlmin_opts", "cache_safe"];

/// Options of htmlmin that would change tags, or white space that a reader sees.
const IDLE: [&str; 7] = [
    "remove_empty_space",
    "remove_all_empty_space",
    "reduce_empty_attributes",
    "reduce_boolean_attributes",
    "remove_optional_attribute_quotes",
    "convert_charrefs",
    "keep_pre",
];

pub(super) fn read(reading: &mut Reading<'_>) -> Option<Box<dyn Plugin>> {
    Some(Box::new(Minify::read(reading.settings(&OPTIONS))?))
}

impl Plugin for Minify {
    fn on_post_page(&self, html: String, _: &PageRoute) -> String {
        self.page(&html)
    }

    fn on_post_template(&self, html: String, _: &str) -> String {
        self.page(&html)
    }
}

impl Minify {
    /// Reads the options; `None` where pages stay as they are. Reports options that the plugin does
    /// not have (`OB440`), values that they cannot have (`OB441`), and those that opsbook does not
    /// carry out (`OB450`).
    fn read(mut settings: Settings<'_>) -> Option<Minify> {
        let idle = |key: &str, node: &yaml::Node, note: &str| -> Diagnostic {
            let mut diagnostic = idle_option("minify", key, node.span).note(note);
            diagnostic.severity = Severity::Info;
            diagnostic
        };
        for key in ["minify_js", "minify_css", "cache_safe"] {
            if let Some(node) = settings.node(key)
                && settings.flag(key, false)
            {
                settings.report(idle(
                    key,
                    node,
                    "stylesheets and scripts of the project go out as they are, under their own names",
                ));
            }
        }
        let mut minify = Minify {
            remove_comments: false,
            pre_tags: vec!["pre".to_owned(), "textarea".to_owned()],
            pre_attr: "pre".to_owned(),
        };
        let options = settings.node("htmlmin_opts");
        if let Some(node) = options.filter(|node| node.as_map().is_none()) {
            settings.wrong("htmlmin_opts", node, "a mapping");
        }
        for (key, value) in options.and_then(yaml::Node::as_map).unwrap_or_default() {
            let Some(key) = key.spanned_str() else { continue };
            match key.value.as_str() {
                "remove_comments" => match value.as_bool() {
                    Some(given) => minify.remove_comments = given,
                    None => settings.wrong("htmlmin_opts.remove_comments", value, "true or false"),
                },
                "pre_tags" => match value.as_seq() {
                    Some(tags) => minify.pre_tags = tags.iter().filter_map(yaml::Node::scalar_text).collect(),
                    None => settings.wrong("htmlmin_opts.pre_tags", value, "a list of texts"),
                },
                "pre_attr" => match value.as_str() {
                    Some(name) => minify.pre_attr = name.to_lowercase(),
                    None => settings.wrong("htmlmin_opts.pre_attr", value, "text"),
                },
                other if IDLE.contains(&other) => {
                    if value.as_bool() != Some(false) {
                        let note = "tags stay as they are, and so does white space between words";
                        settings.report(idle(&format!("htmlmin_opts.{other}"), value, note));
                    }
                }
                other => {
                    let message = format!("htmlmin has no option `{other}`");
                    settings.report(Diagnostic::new(crate::diag::Code::PluginUnknownOption, key.span, message));
                }
            }
        }
        settings.flag("minify_html", false).then_some(minify)
    }

    /// Takes white space, and comments where asked, out of a page.
    fn page(&self, html: &str) -> String {
        let mut out = String::with_capacity(html.len());
        // The element that shows its white space, and how many of its name are open in it.
        let mut kept: Option<(String, usize)> = None;
        // Whether what went out last is white space that the next may join.
        let mut after_space = false;
        for (piece, events) in html_pieces(html) {
            match (events.first(), &mut kept) {
                (Some(Event::Text(_)), None) => squeeze(piece, &mut after_space, &mut out),
                (None, None) if self.remove_comments && is_plain_comment(piece) && parts_nothing(&out) => {}
                (first, kept) => {
                    out.push_str(piece);
                    after_space = false;
                    let closes_itself = events.len() == 2 && matches!(events[1], Event::End { .. });
                    match (first, kept.as_mut()) {
                        (Some(Event::Start { tag, attrs }), None) if !closes_itself && self.keeps(tag, attrs) => {
                            *kept = Some((tag.clone(), 1));
                        }
                        (Some(Event::Start { tag, .. }), Some((name, depth))) if tag == name && !closes_itself => {
                            *depth += 1;
                        }
                        (Some(Event::End { tag }), Some((name, depth))) if tag == name => {
                            *depth -= 1;
                            if *depth == 0 {
                                *kept = None;
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        out
    }

    /// Tells whether an element's white space is shown, or read by a script that draws it.
    fn keeps(&self, tag: &str, attrs: &[(String, String)]) -> bool {
        let drawn = |value: &str| value.split_whitespace().any(|class| matches!(class, "mermaid" | "arithmatex"));
        let shown = |(name, value): &(String, String)| match name.as_str() {
            "class" => drawn(value),
            "style" => value.contains("white-space"),
            name => name == self.pre_attr,
        };
        let is_code = matches!(tag, "pre" | "textarea" | "code" | "listing" | "xmp");
        (is_code || self.pre_tags.iter().any(|name| name == tag) || attrs.iter().any(shown)) && !is_void(tag)
    }
}

/// A comment that neither a browser reads (`[if …]`) nor its writer wants to keep (`!`).
fn is_plain_comment(piece: &str) -> bool {
    let inner = piece.strip_prefix("<!--");
    inner.is_some_and(|inner| {
        let bare = inner.trim_start();
        !inner.starts_with('!')
            && !bare.starts_with("[if")
            && !bare.starts_with("<![endif")
            && !bare.starts_with("[endif")
    })
}

/// Tells whether what goes out next cannot join what went out last to a tag or a reference: `<` and
/// `b>`, which only a comment keeps apart, are text.
fn parts_nothing(out: &str) -> bool {
    out.is_empty() || out.ends_with(['>', ';', ' ', '\t', '\n', '\r', '\x0c'])
}

/// Writes text with one space for each run of white space, a run that comments had cut included.
fn squeeze(text: &str, after_space: &mut bool, out: &mut String) {
    for ch in text.chars() {
        let is_space = matches!(ch, ' ' | '\t' | '\n' | '\r' | '\x0c');
        if !is_space {
            out.push(ch);
        } else if !*after_space {
            out.push(' ');
        }
        *after_space = is_space;
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::PluginSettings;
    use super::*;
    use crate::diag::Diagnostics;
    use crate::text::{Chunk, SitePath, Source, Spanned};
    use proptest::prelude::*;

    fn read(options: &str) -> (Option<Minify>, Vec<String>) {
        let source = Source::new(SitePath::new("mkdocs.yml"), options);
        let settings = yaml::parse(&Chunk::of(&source)).expect("the test's YAML is valid").root;
        let plugin = PluginSettings { name: Spanned::new("minify".to_owned(), settings.span), settings };
        let mut diagnostics = Diagnostics::new();
        let minify = Minify::read(Settings::open(&plugin, &OPTIONS, &mut diagnostics));
        (minify, diagnostics.iter().map(|finding| finding.message.clone()).collect())
    }

    fn page(options: &str, html: &str) -> String {
        read(options).0.expect("the test asks for `minify_html`").page(html)
    }

    #[test]
    fn runs_of_white_space_become_one_space() {
        assert_eq!(page("{minify_html: true}", "<p>\n  a  <b>\t b</b>\n\n</p>\n"), "<p> a <b> b</b> </p> ");
        assert_eq!(page("{minify_html: true}", "a\u{a0} \u{a0}b"), "a\u{a0} \u{a0}b");
    }

    #[test]
    fn what_shows_its_white_space_stays() {
        let kept = [
            "<pre>\n a  <b>  b</b>\n</pre>",
            "<textarea>\n a\n</textarea>",
            "<script>\n  a()\n</script>",
            "<style>\n  a {}\n</style>",
            "<code>a  b</code>",
            "<div class=\"mermaid x\">\n<div>\n</div>\n</div>",
            "<p style=\"white-space: pre\">a\n\nb</p>",
            "<p pre>a\n\nb</p>",
            "<a  href='x'   title=\"a  b\">x</a>",
        ];
        for html in kept {
            assert_eq!(page("{minify_html: true}", html), html);
        }
    }

    #[test]
    fn comments_go_where_asked() {
        let html = "a <!-- x --> b<!--[if IE]> y <![endif]--><!--! z -->";
        assert_eq!(page("{minify_html: true}", html), html);
        let options = "{minify_html: true, htmlmin_opts: {remove_comments: true}}";
        assert_eq!(page(options, html), "a b<!--[if IE]> y <![endif]--><!--! z -->");
    }

    #[test]
    fn what_is_not_carried_out_is_said() {
        assert_eq!(read("{}"), (None, Vec::new()));
        let (minify, said) = read("{minify_js: true, minify_css: false, js_files: [a.js]}");
        assert_eq!((minify, said), (None, vec!["option `minify_js` of plugin `minify` has no effect".to_owned()]));
        let (_, said) = read("{minify_html: true, htmlmin_opts: {remove_empty_space: true, nope: 1}}");
        let expected = [
            "option `htmlmin_opts.remove_empty_space` of plugin `minify` has no effect",
            "htmlmin has no option `nope`",
        ];
        assert_eq!(said, expected);
    }

    /// What a reader gets of a page: tags with attributes, and text with runs of white space as one.
    fn shown(html: &str) -> (Vec<Event<'_>>, String) {
        let mut text = String::new();
        let mut tags = Vec::new();
        for (_, events) in html_pieces(html) {
            for event in events {
                match event {
                    Event::Text(piece) => text.push_str(&piece),
                    tag => tags.push(tag),
                }
            }
        }
        (tags, text.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
    }

    proptest! {
        #[test]
        fn tags_and_text_are_the_same(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "<p>", "</p>", "<pre>", "</pre>", "<code>", "</code>", "<div class=\"mermaid\" id='a  b'>", "</div>",
                    "<!-- c -->", "<!--", "-->", "<br/>", "<br>", "<script> a  b </script>", " ", "\n\n", "\t ", "x", "é&amp;",
                    "&#32;&nbsp;", "<", ">", "<a href=\"x  y\"  title = 'z'>", "</a>", "<textarea>", "</textarea>", "\"",
                ]),
                0..40,
            ),
            remove_comments: bool,
        ) {
            let html = pieces.concat();
            let options = format!("{{minify_html: true, htmlmin_opts: {{remove_comments: {remove_comments}}}}}");
            let minified = page(&options, &html);
            prop_assert!(minified.len() <= html.len());
            prop_assert_eq!(shown(&minified), shown(&html), "{} became {}", html, minified);
            prop_assert_eq!(page(&options, &minified), minified.clone());
        }
    }
}
