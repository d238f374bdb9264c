//! Emoji and icons by shortcode: `:smile:`, `:material-check:`.
//!
//! Source of the rule: `pymdownx/emoji.py` and `material/extensions/emoji.py`. A picture of an
//! emoji lies on somebody else's server and its `alt` is the character, so that a reader without a
//! network sees it too; in a site for use without one (the plugin `offline`) the character stands for
//! such a picture. An unknown shortcode stays text and is reported.

use super::extension::Extension;
use crate::diag::{Code, Diagnostic, nearest};
use crate::icons::{self, EmojiIndex};
use crate::markdown::engine::inline::chars::is_word;
use crate::markdown::engine::inline::{El, Engine, Hit, Kind, Pass, Taken, Txt, at_char};
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::{OptionReader, python_name};
use crate::markdown::tree::{Glyph, Node, Raw};
use crate::text::{Chunk, Span, yaml};
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// `emoji_index`: which names are known.
    pub(crate) index: Index,
    /// `emoji_generator`: what becomes of a name.
    pub(crate) generator: Generator,
    /// `title` of an emoji.
    pub(crate) title: Title,
    /// `alt`: whether the character is shown where there is no picture, rather than the shortcode.
    pub(crate) alt_unicode: bool,
    /// `remove_variation_selector`
    pub(crate) remove_variation_selector: bool,
    /// `strict`: unknown names are errors.
    pub(crate) strict: bool,
    /// `options.classes`
    pub(crate) classes: String,
    /// `options.attributes`
    pub(crate) attributes: Vec<(String, String)>,
    /// `options.image_path`: where pictures lie.
    pub(crate) image_path: Option<String>,
    /// `options.non_standard_image_path`: where pictures lie that are no characters.
    pub(crate) non_standard_image_path: Option<String>,
    /// `options.size` of pictures in a sprite.
    pub(crate) size: String,
    /// `options.custom_icons`: folders with icons of the project's own; who makes the dialect reads
    /// them into its surroundings.
    pub(crate) custom_icons: Vec<String>,
}

/// Which names are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Index {
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
pub(crate) enum Generator {
    /// `material.extensions.emoji.to_svg`: as `Svg`, and icons in the page itself.
    MaterialSvg,
    /// `pymdownx.emoji.to_svg`: a drawn picture.
    Svg,
    /// `pymdownx.emoji.to_png`: a picture of points.
    Png,
    /// `pymdownx.emoji.to_svg_sprite`: a part of one drawing.
    SvgSprite,
    /// `pymdownx.emoji.to_png_sprite`: a part of one picture, by classes.
    PngSprite,
    /// `pymdownx.emoji.to_alt`: the character alone.
    Alt,
}

/// The title of an emoji.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Title {
    /// The shortcode.
    Short,
    /// The name.
    Long,
    /// None.
    None,
}

impl Index {
    fn name(self) -> &'static str {
        match self {
            Index::Material | Index::Twemoji => "twemoji",
            Index::Gemoji => "gemoji",
            Index::Emojione => "emojione",
        }
    }

    fn table(self) -> EmojiIndex {
        match self {
            Index::Material | Index::Twemoji => EmojiIndex::Twemoji,
            Index::Gemoji => EmojiIndex::Gemoji,
            Index::Emojione => EmojiIndex::Emojione,
        }
    }
}

impl Extension for Options {
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
                ("material.extensions.emoji.to_svg", Generator::MaterialSvg),
                ("materialx.emoji.to_svg", Generator::MaterialSvg),
                ("zensical.extensions.emoji.to_svg", Generator::MaterialSvg),
                ("pymdownx.emoji.to_svg", Generator::Svg),
                ("pymdownx.emoji.to_png", Generator::Png),
                ("pymdownx.emoji.to_svg_sprite", Generator::SvgSprite),
                ("pymdownx.emoji.to_png_sprite", Generator::PngSprite),
                ("pymdownx.emoji.to_alt", Generator::Alt),
            ],
            Generator::Png,
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
            // A character reference in an attribute is the character.
            alt_unicode: matches!(reader.string("alt", "unicode").as_str(), "unicode" | "html_entity"),
            remove_variation_selector: reader.bool("remove_variation_selector", false),
            strict: reader.bool("strict", false),
            classes: text("classes").unwrap_or_else(|| index.name().to_owned()),
            attributes,
            image_path: text("image_path"),
            non_standard_image_path: text("non_standard_image_path"),
            size: text("size").unwrap_or_else(|| "64".to_owned()),
            custom_icons,
        }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        rules.escapable(":");
        rules.inline.register("emoji", 75.0, at_char(':', move |engine, pass, at| shortcode(&self, engine, pass, at)));
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
fn shortcode(options: &Options, engine: &mut Engine<'_, '_>, pass: &Pass<'_>, at: usize) -> Hit {
    let rest = &pass.text[at + 1..];
    let length = rest.find(|c: char| !(is_word(c) || c == '+' || c == '-')).unwrap_or(rest.len());
    if length == 0 || !rest[length..].starts_with(':') {
        return Hit::No;
    }
    let name = &rest[..length];
    let end = at + length + 2;
    let span = pass.span(at..end);
    if let Some(emoji) = options.index.table().emoji(name) {
        let alt = match options.alt_unicode {
            true => emoji.text(!options.remove_variation_selector),
            false => pass.text[at..end].to_owned(),
        };
        let title = if options.title == Title::Long { emoji.name } else { &pass.text[at..end] };
        let shown = Shown { picture: Some(emoji.picture), category: emoji.category, alt, title, name };
        return Hit::Take(end, generate(options, engine, &shown, span));
    }
    if options.index == Index::Material {
        let custom = engine.page.surroundings.icons.get(name).cloned();
        let path = if custom.is_none() { icons::path_of(name) } else { None };
        if options.generator != Generator::MaterialSvg && (custom.is_some() || path.is_some()) {
            let code = &pass.text[at..end];
            let shown = Shown { picture: None, category: "", alt: code.to_owned(), title: code, name };
            return Hit::Take(end, generate(options, engine, &shown, span));
        }
        let mut el = El::new("span", span).with_attr("class", options.classes.clone());
        if let Some(svg) = custom {
            let svg = engine.page.stash.put(Node::Raw(Raw { html: svg, span, block: false }));
            return Hit::Take(end, Taken::el(el.with_text(Chunk::synthetic(&svg, span))));
        }
        if let Some(path) = path {
            el.kind = Kind::Icon { name: name.to_owned(), glyph: Glyph::Svg(path) };
            return Hit::Take(end, Taken::el(el));
        }
    }
    report_unknown(options, engine, name, span);
    Hit::Take(end, Taken::Text(pass.chunk.slice(at..end)))
}

/// What a generator has to show.
struct Shown<'a> {
    /// The code points that a picture is called by; an icon has none.
    picture: Option<&'a str>,
    category: &'a str,
    alt: String,
    title: &'a str,
    name: &'a str,
}

const EMOJIONE_SVG: &str = "https://cdnjs.cloudflare.com/ajax/libs/emojione/2.2.7/assets/svg/";
const EMOJIONE_PNG: &str = "https://cdnjs.cloudflare.com/ajax/libs/emojione/2.2.7/assets/png/";
const TWEMOJI_SVG: &str = "https://cdn.jsdelivr.net/gh/jdecked/twemoji@16.0.1/assets/svg/";
const TWEMOJI_PNG: &str = "https://cdn.jsdelivr.net/gh/jdecked/twemoji@16.0.1/assets/72x72/";
const GITHUB_PNG: &str = "https://github.githubassets.com/images/icons/emoji/unicode/";

/// Makes what the generator makes.
fn generate(options: &Options, engine: &mut Engine<'_, '_>, shown: &Shown<'_>, span: Span) -> Taken {
    // Python writes the name of the nothing that an icon has for code points.
    let picture = shown.picture.unwrap_or("None");
    let text = Txt::atomic(Chunk::synthetic(&shown.alt, span));
    let image_path = options.image_path.as_deref();
    let mut el = match options.generator {
        Generator::Alt => {
            let html = Node::Raw(Raw { html: shown.alt.clone(), span, block: false });
            return Taken::Text(Chunk::synthetic(&engine.page.stash.put(html), span));
        }
        Generator::Svg | Generator::MaterialSvg => {
            let known = if options.index.name() == "twemoji" { TWEMOJI_SVG } else { EMOJIONE_SVG };
            image(options, engine, shown, format!("{}{picture}.svg", image_path.unwrap_or(known)), span)
        }
        Generator::Png => {
            let known = match options.index {
                Index::Gemoji => GITHUB_PNG,
                Index::Emojione => EMOJIONE_PNG,
                Index::Twemoji | Index::Material => TWEMOJI_PNG,
            };
            let src = match shown.picture {
                Some(picture) => format!("{}{picture}.png", image_path.unwrap_or(known)),
                None => format!("{}{}.png", options.non_standard_image_path.as_deref().unwrap_or(known), shown.name),
            };
            image(options, engine, shown, src, span)
        }
        Generator::PngSprite => {
            let (classes, size, category) = (&options.classes, &options.size, shown.category);
            let mut el = El::new("span", span).with_attr("class", format!("{classes}-{size}-{category} _{picture}"));
            el.text = Some(text);
            el
        }
        Generator::SvgSprite => {
            let mut described = El::new("description", span);
            described.text = Some(text);
            let sprite = image_path.unwrap_or("./../assets/sprites/emojione.sprites.svg");
            let part = El::new("use", span).with_attr("xlink:href", format!("{sprite}#emoji-{picture}"));
            let mut el = El::new("svg", span).with_attr("class", options.classes.clone());
            el.children = vec![engine.add(described), engine.add(part)];
            return Taken::el(el);
        }
    };
    if options.title != Title::None {
        el.attrs.set("title", shown.title);
    }
    for (name, value) in &options.attributes {
        el.attrs.set(name.clone(), value.clone());
    }
    Taken::el(el)
}

/// Makes a picture; where the site may ask no other host for it, its text.
fn image(options: &Options, engine: &Engine<'_, '_>, shown: &Shown<'_>, src: String, span: Span) -> El {
    if engine.page.surroundings.offline && (src.contains("://") || src.starts_with("//")) {
        let mut el = El::new("span", span).with_attr("class", options.classes.clone());
        el.kind = Kind::Icon { name: shown.name.to_owned(), glyph: Glyph::Emoji(shown.alt.clone()) };
        return el;
    }
    El::new("img", span)
        .with_attr("alt", shown.alt.clone())
        .with_attr("class", options.classes.clone())
        .with_attr("src", src)
}

/// Times such as `10:30:00` look like shortcodes; only what has a letter and could be a name is
/// reported.
fn report_unknown(options: &Options, engine: &mut Engine<'_, '_>, name: &str, span: Span) {
    if !options.strict && !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return;
    }
    let mut diagnostic = Diagnostic::new(Code::UnknownShortcode, span, format!("unknown icon or emoji `:{name}:`"))
        .note("it stays text on the page");
    if options.strict {
        diagnostic = diagnostic.severity(crate::diag::Severity::Error);
    }
    let index = options.index.table();
    let near = match options.index {
        Index::Material => icons::nearest(name, Some(index)),
        _ => icons::nearest_emoji(name, index),
    };
    engine.page.diagnostics.push(match near {
        Some(near) => diagnostic.help(format!("did you mean `:{near}:`?")),
        None => diagnostic.help("write `\\:` to say that no icon is meant"),
    });
}
