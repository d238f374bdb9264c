//! `glightbox`: images of a page's content become links that open them in a light box.
//!
//! Follows mkdocs-glightbox 0.5: which images, and the attributes of their links. The box itself is
//! the theme's (`lightbox.js`); it finds the plugin's options in the page's settings. Without a
//! script each image is a link to its file.

use super::event::{Content, ContentContext, Plugin, Reading};
use super::settings::Settings;
use crate::render::html_events::{Event, html_pieces, is_void};
use std::fmt::Write;

/// The plugin's options that decide what the content looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Glightbox {
    width: String,
    height: String,
    skip_classes: Vec<String>,
    auto_caption: bool,
    caption_position: &'static str,
    auto_themed: bool,
    manual: bool,
}

const OPTIONS: [&str; 15] = [
    "touchNavigation",
    "loop",
    "effect",
    "slide_effect",
    "width",
    "height",
    "zoomable",
    "draggable",
    "skip_classes",
    "auto_themed",
    "auto_caption",
    "caption_position",
    "background",
    "shadow",
    "manual",
];

/// Classes of images that are signs in the text.
const SIGNS: [&str; 4] = ["emojione", "twemoji", "gemoji", "off-glb"];

pub(super) fn read(reading: &mut Reading<'_>) -> Option<Box<dyn Plugin>> {
    Some(Box::new(Glightbox::read(reading.settings(&OPTIONS))))
}

impl Plugin for Glightbox {
    fn on_page_content(&self, content: &mut Content, page: &ContentContext<'_>) {
        if self.looks_at(page.meta) {
            content.html = self.wrap(&content.html, page.meta);
            // mkdocs-glightbox hands a whole document on.
            content.is_document = true;
        }
    }
}

impl Glightbox {
    /// Reads the options. Reports those that the plugin does not have (`OB440`) and values that an
    /// option cannot have (`OB441`).
    fn read(mut settings: Settings<'_>) -> Glightbox {
        // The light box reads these where the page is shown; here only their values are looked at.
        for (key, default) in [("touchNavigation", true), ("loop", false), ("zoomable", true), ("draggable", true)] {
            settings.flag(key, default);
        }
        settings.flag("shadow", true);
        settings.text("background");
        settings.choice("effect", &["zoom", "fade", "none"], "zoom");
        settings.choice("slide_effect", &["slide", "zoom", "fade", "none"], "slide");
        Glightbox {
            width: settings.text("width").map_or_else(|| "auto".to_owned(), |text| text.value),
            height: settings.text("height").map_or_else(|| "auto".to_owned(), |text| text.value),
            skip_classes: settings.texts("skip_classes").into_iter().map(|class| class.value).collect(),
            auto_caption: settings.flag("auto_caption", false),
            caption_position: settings.choice("caption_position", &["bottom", "top", "left", "right"], "bottom"),
            auto_themed: settings.flag("auto_themed", false),
            manual: settings.flag("manual", false),
        }
    }

    /// Tells whether the plugin touches a page at all: its front matter may say `glightbox: false`.
    fn looks_at(&self, meta: &serde_json::Value) -> bool {
        meta.get("glightbox").and_then(serde_json::Value::as_bool) != Some(false)
    }

    /// Wraps the images of a page's content. `meta` is the page's front matter: `glightbox: false`
    /// leaves the page alone, `glightbox: true` takes all images where the plugin is `manual`,
    /// `glightbox-manual: true` takes chosen ones, `glightbox.auto_caption: true` shows captions.
    fn wrap(&self, html: &str, meta: &serde_json::Value) -> String {
        let is = |key: &str| meta.get(key).and_then(serde_json::Value::as_bool);
        let whole = is("glightbox");
        if !self.looks_at(meta) || !html.contains("<img") && !html.contains("<IMG") {
            return html.to_owned();
        }
        let chosen_only = match whole {
            Some(true) if self.manual => false,
            _ => self.manual || is("glightbox-manual") == Some(true),
        };
        let auto_caption = self.auto_caption || is("glightbox.auto_caption") == Some(true);
        let mut out = String::with_capacity(html.len() + html.len() / 8);
        // Elements that are open, for an image stands alone only where its parent is no link.
        let mut open: Vec<String> = Vec::new();
        for (piece, events) in html_pieces(html) {
            let image = match events.first() {
                Some(Event::Start { tag, attrs }) if tag == "img" => Some(attrs),
                _ => None,
            };
            let in_link = open.last().is_some_and(|parent| parent == "a");
            match image.filter(|attrs| !in_link && self.takes(attrs, chosen_only)) {
                Some(attrs) => {
                    out.push_str(&self.link(attrs, auto_caption));
                    out.push_str(piece);
                    out.push_str("</a>");
                }
                None => out.push_str(piece),
            }
            for event in events {
                match event {
                    Event::Start { tag, .. } if !is_void(&tag) => open.push(tag),
                    Event::End { tag } if !is_void(&tag) => close(&mut open, &tag),
                    _ => {}
                }
            }
        }
        out
    }

    fn takes(&self, attrs: &[(String, String)], chosen_only: bool) -> bool {
        let mut classes = attribute(attrs, "class").split_whitespace();
        let skipped = |class: &str| SIGNS.contains(&class) || self.skip_classes.iter().any(|skip| skip == class);
        if classes.clone().any(skipped) {
            return false;
        }
        !chosen_only || classes.any(|class| class == "on-glb")
    }

    fn link(&self, attrs: &[(String, String)], auto_caption: bool) -> String {
        let first = |names: [&str; 2]| {
            let value = attribute(attrs, names[0]);
            if value.is_empty() { attribute(attrs, names[1]) } else { value }
        };
        let source = first(["data-src", "src"]);
        let title = if auto_caption { first(["data-title", "alt"]) } else { attribute(attrs, "data-title") };
        let has_position = attrs.iter().any(|(name, _)| name == "data-caption-position");
        let position = if has_position { attribute(attrs, "data-caption-position") } else { self.caption_position };
        let gallery = if self.auto_themed && (source.contains("#only-light") || source.contains("#gh-light-mode-only"))
        {
            "light"
        } else if self.auto_themed && (source.contains("#only-dark") || source.contains("#gh-dark-mode-only")) {
            "dark"
        } else {
            attribute(attrs, "data-gallery")
        };
        let mut link = "<a class=\"glightbox\" data-type=\"image\"".to_owned();
        let mut add = |name: &str, value: &str| {
            let value = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
            let _ = write!(link, " {name}=\"{value}\"");
        };
        add("data-width", &self.width);
        add("data-height", &self.height);
        add("href", source);
        let more = [
            ("data-title", title),
            ("data-description", attribute(attrs, "data-description")),
            ("data-desc-position", position),
            ("data-gallery", gallery),
        ];
        for (name, value) in more.into_iter().filter(|(_, value)| !value.is_empty()) {
            add(name, value);
        }
        link.push('>');
        link
    }
}

fn attribute<'a>(attrs: &'a [(String, String)], name: &str) -> &'a str {
    attrs.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

/// Takes back the innermost element of a name, and what stands open in it. An end without a beginning
/// is looked for no deeper than a page nests, so that broken HTML costs no more than its length.
fn close(open: &mut Vec<String>, tag: &str) {
    let from = open.len().saturating_sub(64);
    if let Some(at) = open[from..].iter().rposition(|name| name == tag) {
        open.truncate(from + at);
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::PluginSettings;
    use super::*;
    use crate::diag::Diagnostics;
    use crate::text::{Chunk, SitePath, Source, Spanned, yaml};
    use serde_json::json;

    fn wrap(options: &str, html: &str, meta: &serde_json::Value) -> String {
        let source = Source::new(SitePath::new("mkdocs.yml"), options);
        let settings = yaml::parse(&Chunk::of(&source)).expect("the test's YAML is valid").root;
        let plugin = PluginSettings { name: Spanned::new("glightbox".to_owned(), settings.span), settings };
        let mut diagnostics = Diagnostics::new();
        let plugin = Glightbox::read(Settings::open(&plugin, &OPTIONS, &mut diagnostics));
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        plugin.wrap(html, meta)
    }

    const PLAIN: &str = "<img alt=\"A &amp; B\" src=\"a.png\" />";
    const HEAD: &str = "<a class=\"glightbox\" data-type=\"image\" data-width=\"auto\" data-height=\"auto\"";

    // The expectations are what mkdocs-glightbox 0.5.3 makes of the same images.

    #[test]
    fn images_are_links_to_their_files() {
        let got = wrap("{}", &format!("<p>x{PLAIN}y</p>"), &json!({}));
        assert_eq!(got, format!("<p>x{HEAD} href=\"a.png\" data-desc-position=\"bottom\">{PLAIN}</a>y</p>"));
    }

    #[test]
    fn links_and_signs_stay() {
        let pages = [
            "<a href=\"x\"><img src=\"a.png\"></a>",
            "<img class=\"x off-glb\" src=\"a.png\">",
            "<img class=\"twemoji\" src=\"a.png\">",
            "<img class=\"mine\" src=\"a.png\">",
            "<!-- <img src=\"a.png\"> --><script>'<img src=\"a.png\">'</script>",
        ];
        for html in pages {
            assert_eq!(wrap("{skip_classes: [mine]}", html, &json!({})), html);
        }
        let inside = "<a href=\"x\"><b><img src=\"a.png\"></b></a>";
        assert!(wrap("{}", inside, &json!({})).contains("<b><a class=\"glightbox\""));
    }

    #[test]
    fn captions_galleries_and_sizes() {
        let got = wrap("{auto_caption: true, caption_position: left, width: 80%}", PLAIN, &json!({}));
        assert!(got.contains("data-width=\"80%\"") && got.contains("data-title=\"A &amp; B\""), "{got}");
        assert!(got.contains("data-desc-position=\"left\""), "{got}");
        let own = "<img src=\"a.png\" data-title=\"T\" data-description=\"D\" data-gallery=\"g\" data-caption-position=\"top\">";
        let got = wrap("{}", own, &json!({}));
        let attrs =
            "href=\"a.png\" data-title=\"T\" data-description=\"D\" data-desc-position=\"top\" data-gallery=\"g\">";
        assert!(got.contains(attrs), "{got}");
        let got = wrap("{auto_themed: true}", "<img src=\"a.png#only-dark\">", &json!({}));
        assert!(got.contains("data-gallery=\"dark\""), "{got}");
        let got = wrap("{}", PLAIN, &json!({"glightbox.auto_caption": true}));
        assert!(got.contains("data-title=\"A &amp; B\""), "{got}");
    }

    #[test]
    fn pages_choose() {
        assert_eq!(wrap("{}", PLAIN, &json!({"glightbox": false})), PLAIN);
        assert_eq!(wrap("{manual: true}", PLAIN, &json!({})), PLAIN);
        assert_eq!(wrap("{}", PLAIN, &json!({"glightbox-manual": true})), PLAIN);
        assert_ne!(wrap("{manual: true}", PLAIN, &json!({"glightbox": true})), PLAIN);
        assert_ne!(wrap("{manual: true}", "<img class=\"on-glb\" src=\"a.png\">", &json!({})), PLAIN);
    }
}
