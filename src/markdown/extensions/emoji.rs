//! Emoji and icons by shortcode: `:smile:`, `:material-check:`.
//!
//! Source of the rule: `pymdownx/emoji.py` 13 and `material/extensions/emoji.py` 9.8. On purpose an
//! emoji is the character itself, where Python links a picture on somebody else's server: a page must
//! work without a network. An unknown shortcode stays text and is reported.

use super::{ExtensionOptions, OptionReader, python_name};
use crate::diag::{Code, Diagnostic, nearest};
use crate::icons;
use crate::markdown::mkdocs::inline::chars::is_word;
use crate::markdown::mkdocs::inline::{El, Engine, Hit, Kind, Pass, Taken};
use crate::markdown::tree::{Glyph, Node, Raw};
use crate::text::{Chunk, yaml};

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// `emoji_index`: which names are known.
    pub index: Index,
    /// `emoji_generator`: what becomes of a name.
    pub generator: Generator,
    /// `title` of an emoji.
    pub title: Title,
    /// `alt`: `short` shows the shortcode where an emoji is not a character.
    pub alt_short: bool,
    /// `remove_variation_selector`
    pub remove_variation_selector: bool,
    /// `strict`: unknown names are errors.
    pub strict: bool,
    /// `options.classes`
    pub classes: String,
    /// `options.attributes`
    pub attributes: Vec<(String, String)>,
    /// `options.custom_icons`: folders with icons of the project's own; who makes the dialect reads
    /// them into it.
    pub custom_icons: Vec<String>,
}

/// Which names are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// Material's: Twemoji's names and icons.
    Material,
    /// `pymdownx.emoji.twemoji`
    Twemoji,
    /// `pymdownx.emoji.gemoji`
    Gemoji,
    /// `pymdownx.emoji.emojione`
    Emojione,
}

/// What becomes of an emoji.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generator {
    /// A character in an element: `to_svg`, `to_png` and the sprites.
    Element,
    /// The character alone: `to_alt`.
    Alt,
}

/// The title of an emoji.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Title {
    /// The shortcode.
    Short,
    /// The name.
    Long,
    /// None.
    None,
}

impl Index {
    fn class(self) -> &'static str {
        match self {
            Index::Material | Index::Twemoji => "twemoji",
            Index::Gemoji => "gemoji",
            Index::Emojione => "emojione",
        }
    }
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        let index = choice(
            reader,
            "emoji_index",
            &[
                ("material.extensions.emoji.twemoji", Index::Material),
                ("materialx.emoji.twemoji", Index::Material),
                ("zensical.extensions.emoji.twemoji", Index::Material),
                ("pymdownx.emoji.twemoji", Index::Twemoji),
                ("pymdownx.emoji.gemoji", Index::Gemoji),
                ("pymdownx.emoji.emojione", Index::Emojione),
            ],
            Index::Emojione,
        );
        let generator = choice(
            reader,
            "emoji_generator",
            &[
                ("material.extensions.emoji.to_svg", Generator::Element),
                ("materialx.emoji.to_svg", Generator::Element),
                ("zensical.extensions.emoji.to_svg", Generator::Element),
                ("pymdownx.emoji.to_svg", Generator::Element),
                ("pymdownx.emoji.to_png", Generator::Element),
                ("pymdownx.emoji.to_svg_sprite", Generator::Element),
                ("pymdownx.emoji.to_png_sprite", Generator::Element),
                ("pymdownx.emoji.to_awesome", Generator::Element),
                ("pymdownx.emoji.to_alt", Generator::Alt),
            ],
            Generator::Element,
        );
        let title = match reader.string("title", "short").as_str() {
            "short" => Title::Short,
            "long" => Title::Long,
            _ => Title::None,
        };
        let options = reader.node("options");
        let text = |key: &str| options.and_then(|options| options.get(key)).and_then(yaml::Node::scalar_text);
        let attributes = options
            .and_then(|options| options.get("attributes")?.as_map())
            .unwrap_or_default()
            .iter()
            .filter_map(|(name, value)| Some((name.scalar_text()?, value.scalar_text()?)))
            .collect();
        let custom_icons = options
            .and_then(|options| options.get("custom_icons")?.as_seq())
            .unwrap_or_default()
            .iter()
            .filter_map(yaml::Node::scalar_text)
            .collect();
        Options {
            index,
            generator,
            title,
            alt_short: reader.string("alt", "unicode") == "short",
            remove_variation_selector: reader.bool("remove_variation_selector", false),
            strict: reader.bool("strict", false),
            classes: text("classes").unwrap_or_else(|| index.class().to_owned()),
            attributes,
            custom_icons,
        }
    }
}

/// Reads the name of a Python function among those whose effect is known.
fn choice<T: Copy>(reader: &mut OptionReader<'_>, key: &'static str, known: &[(&str, T)], default: T) -> T {
    let Some(node) = reader.node(key).filter(|node| !node.is_null()) else { return default };
    let name = python_name(node).unwrap_or_default();
    if let Some((_, value)) = known.iter().find(|(known, _)| *known == name) {
        return *value;
    }
    let diagnostic = Diagnostic::new(Code::ConfigBadValue, node.span, format!("unknown value of `{key}`: `{name}`"))
        .severity(crate::diag::Severity::Warning)
        .note("opsbook runs no Python; it knows the functions of Material and of PyMdown Extensions by name");
    reader.report(match nearest(name, known.iter().map(|(name, _)| *name)) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic,
    });
    default
}

/// `:name:`
pub(crate) fn shortcode(options: &Options, engine: &mut Engine<'_, '_>, pass: &Pass<'_>, at: usize) -> Hit {
    let rest = &pass.text[at + 1..];
    let length = rest.find(|c: char| !(is_word(c) || c == '+' || c == '-')).unwrap_or(rest.len());
    if length == 0 || !rest[length..].starts_with(':') {
        return Hit::No;
    }
    let name = &rest[..length];
    let end = at + length + 2;
    let span = pass.span(at..end);
    if let Some(emoji) = icons::emoji(name) {
        return Hit::Take(end, emoji_node(options, pass, at..end, name, emoji));
    }
    if options.index == Index::Material {
        let custom = engine.page.dialect.custom_icons.get(name).cloned();
        if let Some(svg) = custom {
            let svg = engine.page.stash.put(Node::Raw(Raw { html: svg, span, block: false }));
            let el = El::new("span", span).with_attr("class", options.classes.clone());
            return Hit::Take(end, Taken::el(el.with_text(Chunk::synthetic(&svg, span))));
        }
        if let Some(path) = icons::path_of(name) {
            let mut el = El::new("span", span).with_attr("class", options.classes.clone());
            el.kind = Kind::Icon { name: name.to_owned(), glyph: Glyph::Svg(path) };
            return Hit::Take(end, Taken::el(el));
        }
    }
    report_unknown(options, engine, name, span);
    Hit::Take(end, Taken::Text(pass.chunk.slice(at..end)))
}

fn emoji_node(
    options: &Options,
    pass: &Pass<'_>,
    range: std::ops::Range<usize>,
    name: &str,
    emoji: icons::Emoji,
) -> Taken {
    let span = pass.span(range);
    let mut text = emoji.text.into_owned();
    if options.remove_variation_selector {
        text.retain(|c| c != '\u{fe0f}');
    }
    if options.generator == Generator::Alt {
        let shown = if options.alt_short { format!(":{name}:") } else { text };
        return Taken::Text(Chunk::synthetic(&shown, span));
    }
    let mut el = El::new("span", span).with_attr("class", options.classes.clone());
    match options.title {
        Title::Short => el.attrs.set("title", format!(":{name}:")),
        Title::Long => el.attrs.set("title", emoji.name.clone()),
        Title::None => {}
    }
    for (name, value) in &options.attributes {
        el.attrs.set(name.clone(), value.clone());
    }
    el.kind = Kind::Icon { name: name.to_owned(), glyph: Glyph::Emoji(text) };
    Taken::el(el)
}

/// Times such as `10:30:00` look like shortcodes; only what has a letter and could be a name is
/// reported.
fn report_unknown(options: &Options, engine: &mut Engine<'_, '_>, name: &str, span: crate::text::Span) {
    if !options.strict && !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return;
    }
    let mut diagnostic = Diagnostic::new(Code::UnknownShortcode, span, format!("unknown icon or emoji `:{name}:`"))
        .note("it stays text on the page");
    if options.strict {
        diagnostic = diagnostic.severity(crate::diag::Severity::Error);
    }
    engine.page.diagnostics.push(match icons::nearest(name) {
        Some(near) => diagnostic.help(format!("did you mean `:{near}:`?")),
        None => diagnostic.help("write `\\:` to say that no icon is meant"),
    });
}
