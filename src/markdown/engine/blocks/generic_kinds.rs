//! The kinds of generic blocks: what each accepts, makes and does at its end.
//!
//! Source of the rules: `admonition.py`, `details.py`, `tab.py`, `html.py`, `definition.py` and
//! `caption.py` of `pymdownx/blocks` 13.1, and `FancyListBlock` of `pymdownx/fancylists.py`.

use super::boxes::{TabHead, add_tab, is_tab_set, set_title};
use super::generic::option;
use super::quote::title_case;
use super::tree::{ElId, Slot, Tree};
use super::{DEPTH_LIMIT, Parser};
use crate::markdown::extensions::blocks_details::BlockType;
use crate::markdown::tree::{Attrs, Node, Raw};
use crate::text::{Chunk, Span, yaml};

/// Options as written.
pub(super) type Options<'n> = Option<&'n yaml::Node>;

/// How content is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// As the tag wants it.
    Auto,
    /// As blocks.
    Block,
    /// As one run of text.
    Inline,
    /// As it is.
    Raw,
    /// As it is, and not even escaped.
    Html,
}

/// A valid block, with what it needs later.
pub(super) struct Kind {
    attrs: Attrs,
    shape: Shape,
}

enum Shape {
    Box {
        details: bool,
        open: bool,
        class: String,
        title: Title,
    },
    Tab {
        label: Chunk,
        new: bool,
        select: bool,
        alternate: bool,
        slugs: bool,
    },
    Html {
        tag: String,
        selector: Attrs,
        mode: Mode,
    },
    Definition,
    Caption {
        name: String,
        prefix: String,
        classes: String,
        prepend: bool,
        auto: bool,
        level: String,
        number: String,
        caption: ElId,
    },
    List {
        style: char,
        start: Option<u64>,
        list: ElId,
    },
}

/// A box's title.
enum Title {
    None,
    /// Made of the class or the configuration.
    Default(String),
    Written(Chunk),
}

/// Checks name, argument and options of a block; `None` where it is no block at all.
pub(super) fn validate(
    parser: &Parser<'_, '_>,
    name: &str,
    argument: Option<Chunk>,
    options: Options<'_>,
) -> Option<Kind> {
    let dialect = parser.page.dialect;
    let given = argument.as_ref().is_some_and(|argument| !argument.is_empty());
    let find = |types: &[BlockType]| types.iter().find(|known| known.name == name).cloned();
    let admonition = dialect
        .blocks_admonition
        .as_ref()
        .and_then(|options| if name == "admonition" { Some(None) } else { find(&options.types).map(Some) });
    let details = dialect
        .blocks_details
        .as_ref()
        .and_then(|options| if name == "details" { Some(None) } else { find(&options.types).map(Some) });
    let known: &[&str];
    let shape = if let Some(kind) = &admonition {
        known = if kind.is_none() { &["type"] } else { &[] };
        box_shape(false, kind.as_ref(), argument, options)?
    } else if let Some(kind) = &details {
        known = if kind.is_none() { &["open", "type"] } else { &["open"] };
        box_shape(true, kind.as_ref(), argument, options)?
    } else if let Some(tab) = dialect.blocks_tab.as_ref().filter(|_| name == "tab") {
        known = &["new", "select"];
        Shape::Tab {
            label: argument.filter(|_| given)?,
            new: truth(options, "new")?,
            select: truth(options, "select")?,
            alternate: tab.alternate_style,
            slugs: tab.slugify.is_some(),
        }
    } else if let Some(html) = dialect.blocks_html.as_ref().filter(|_| name == "html") {
        known = &["markdown"];
        let (tag, selector) = selectors(argument.filter(|_| given)?.text(), true)?;
        let mode = match option(options, "markdown") {
            Some(mode) => mode_named(&mode.as_str()?.to_lowercase())?,
            None => Mode::Auto,
        };
        let lower = tag.to_lowercase();
        let custom = html.custom.iter().rev().find(|(known, _)| *known == lower);
        let mode = match (mode, custom) {
            (Mode::Auto, Some((_, custom))) => mode_named(custom).unwrap_or(Mode::Auto),
            _ => mode,
        };
        Shape::Html { tag: lower, selector, mode }
    } else if dialect.blocks_definition.is_some() && name == "define" {
        known = &[];
        if given {
            return None;
        }
        Shape::Definition
    } else if let Some(caption) = &dialect.blocks_caption
        && let Some(kind) = caption.types.iter().find(|kind| kind.name == name)
    {
        known = &["type"];
        return caption_kind(
            argument,
            options,
            known,
            Shape::Caption {
                name: kind.name.clone(),
                prefix: kind.prefix.clone(),
                classes: kind.classes.clone(),
                prepend: caption.prepend,
                auto: caption.auto,
                level: String::new(),
                number: String::new(),
                caption: Tree::ROOT,
            },
        );
    } else if let Some(lists) = dialect.fancylists.as_ref().filter(|_| name == "fancylists") {
        known = &[];
        list_shape(argument.filter(|_| given)?.text(), &lists.additional_ordered_styles)?
    } else {
        return None;
    };
    Some(Kind { attrs: common_attrs(options, known)?, shape })
}

fn truth(options: Options<'_>, name: &str) -> Option<bool> {
    option(options, name).map_or(Some(false), yaml::Node::as_bool)
}

fn mode_named(name: &str) -> Option<Mode> {
    Some(match name {
        "auto" => Mode::Auto,
        "inline" => Mode::Inline,
        "block" => Mode::Block,
        "raw" => Mode::Raw,
        "html" => Mode::Html,
        _ => return None,
    })
}

/// Reads `attrs` and refuses options that the block does not have.
fn common_attrs(options: Options<'_>, known: &[&str]) -> Option<Attrs> {
    let mut attrs = Attrs::default();
    for (name, value) in options.and_then(yaml::Node::as_map).unwrap_or_default() {
        let name = name.as_str()?;
        if known.contains(&name) {
            continue;
        }
        if name != "attrs" {
            return None;
        }
        for (name, value) in value.as_map()? {
            let name = name.as_str().filter(|name| is_identifier(name))?;
            let value = value.as_str()?;
            match name.to_lowercase().as_str() {
                "class" => {
                    let words: Vec<&str> = value.split(' ').filter(|word| !word.is_empty()).collect();
                    if !words.iter().all(|word| is_identifier(word)) {
                        return None;
                    }
                    attrs.set("class", words.join(" "));
                }
                "id" if is_identifier(value) => attrs.set("id", value),
                "id" => return None,
                _ => attrs.set(name.to_owned(), value),
            }
        }
    }
    Some(attrs)
}

/// Tells whether a word is an identifier of CSS.
fn is_identifier(word: &str) -> bool {
    let inside = |ch: char| ch == '-' || is_identifier_start(ch) || ch.is_ascii_digit();
    let body = word.strip_prefix('-').unwrap_or(word);
    let starts = body.starts_with(is_identifier_start) || word.starts_with("--");
    starts && word.chars().all(inside)
}

fn is_identifier_start(ch: char) -> bool {
    ch.is_ascii_alphabetic() || ch == '_' || u32::from(ch) > 0x9f
}

fn box_shape(details: bool, kind: Option<&BlockType>, argument: Option<Chunk>, options: Options<'_>) -> Option<Shape> {
    let words = |class: &str| title_case(&fold_separators(class));
    let (class, default) = match kind {
        Some(kind) => (kind.class.clone(), kind.title.clone().unwrap_or_else(|| words(&kind.class))),
        None => {
            let class = match option(options, "type") {
                Some(value) => value.as_str().filter(|value| is_identifier(value))?.to_owned(),
                None => String::new(),
            };
            let title = words(&class);
            (class, title)
        }
    };
    let title = match argument {
        Some(written) if written.is_empty() => Title::None,
        Some(written) => Title::Written(written),
        None if class.is_empty() => Title::None,
        None => Title::Default(default),
    };
    let open = if details { truth(options, "open")? } else { false };
    Some(Shape::Box { details, open, class, title })
}

/// Makes a space of each run of `-` and `_`.
fn fold_separators(text: &str) -> String {
    let mut out = String::new();
    for ch in text.chars() {
        match ch {
            '-' | '_' if out.ends_with(' ') => {}
            '-' | '_' => out.push(' '),
            _ => out.push(ch),
        }
    }
    out
}

fn caption_kind(argument: Option<Chunk>, options: Options<'_>, known: &[&str], mut shape: Shape) -> Option<Kind> {
    let mut attrs = common_attrs(options, known)?;
    let text = argument.map(|argument| argument.text().to_owned()).unwrap_or_default();
    let mut rest = text.as_str();
    let Shape::Caption { prepend, level, number, .. } = &mut shape else { return None };
    if let Some(after) = rest.strip_prefix('>') {
        *prepend = false;
        rest = after.trim_start();
    } else if let Some(after) = rest.strip_prefix('<') {
        *prepend = true;
        rest = after.trim_start();
    }
    let word = &rest[..rest.find(' ').unwrap_or(rest.len())];
    let digits = word.strip_prefix('^').unwrap_or(word);
    let part = |part: &str| {
        part.starts_with(|ch: char| ('1'..='9').contains(&ch)) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !digits.is_empty() && digits.split('.').all(part) {
        *(if word.starts_with('^') { level } else { number }) = digits.to_owned();
        rest = rest[word.len()..].trim_start();
    }
    if !rest.is_empty() {
        let (_, selector) = selectors(rest, false)?;
        for (name, value) in selector.iter() {
            if name == "class" {
                let mut words: Vec<&str> = attrs.classes().chain(value.split(' ')).collect();
                words.sort_unstable();
                words.dedup();
                let joined = words.join(" ");
                attrs.set("class", joined);
            } else if attrs.get(name).is_none() {
                attrs.set(name.to_owned(), value);
            }
        }
    }
    Some(Kind { attrs, shape })
}

fn list_shape(argument: &str, styles: &[String]) -> Option<Shape> {
    let enabled = |name: &str| styles.iter().any(|style| style == name);
    let (mut style, mut start) = ('1', None);
    for word in argument.split_whitespace() {
        let (name, value) = word.split_once('=')?;
        match (name, value) {
            ("type", "1") => style = '1',
            ("type", "a" | "A") if enabled("alpha") => style = value.chars().next()?,
            ("type", "i" | "I") if enabled("roman") => style = value.chars().next()?,
            ("start", number) => start = Some(number.parse::<i64>().ok()?.max(0).unsigned_abs()),
            _ => return None,
        }
    }
    Some(Shape::List { style, start, list: Tree::ROOT })
}

/// Reads `tag#id.class[name=value]`.
fn selectors(text: &str, with_tag: bool) -> Option<(String, Attrs)> {
    let mut rest = text;
    let mut attrs = Attrs::default();
    let mut classes: Vec<String> = Vec::new();
    let mut tag = String::new();
    if with_tag {
        (tag, rest) = identifier(rest)?;
    }
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('#') {
            let (id, after) = identifier(after)?;
            if attrs.get("id").is_some() {
                return None;
            }
            attrs.set("id", id);
            rest = after;
        } else if let Some(after) = rest.strip_prefix('.') {
            let (class, after) = identifier(after)?;
            classes.push(class);
            rest = after;
        } else {
            rest = bracketed(rest.strip_prefix('[')?, &mut attrs, &mut classes)?;
        }
    }
    if !classes.is_empty() {
        classes.sort_unstable();
        attrs.set("class", classes.join(" "));
    }
    Some((tag, attrs))
}

fn bracketed<'t>(text: &'t str, attrs: &mut Attrs, classes: &mut Vec<String>) -> Option<&'t str> {
    let gap = [' ', '\t'];
    let mut rest = text.trim_start_matches(gap);
    while let Some((name, after)) = identifier(rest) {
        let name = name.to_lowercase();
        rest = after;
        let mut value = if name == "class" { String::new() } else { name.clone() };
        if let Some(after) = after.trim_start_matches(gap).strip_prefix('=') {
            let after = after.trim_start_matches(gap);
            let quote = after.chars().next().filter(|ch| matches!(ch, '"' | '\''));
            (value, rest) = match quote {
                Some(quote) => {
                    let end = after[1..].find(quote)? + 1;
                    (after[1..end].to_owned(), &after[end + 1..])
                }
                None => identifier(after)?,
            };
        }
        if name == "class" {
            classes.extend(value.split(' ').filter(|word| !word.is_empty()).map(str::to_owned));
        } else {
            attrs.set(name, value);
        }
        rest = rest.trim_start_matches(gap);
    }
    rest.strip_prefix(']')
}

fn identifier(text: &str) -> Option<(String, &str)> {
    let inside = |ch: char| ch == '-' || ch == '_' || ch.is_ascii_alphanumeric() || u32::from(ch) >= 0x80;
    let len = text.find(|ch| !inside(ch)).unwrap_or(text.len());
    let word = &text[..len];
    let body = word.strip_prefix('-').unwrap_or(word);
    let starts = body.starts_with(|ch: char| inside(ch) && !ch.is_ascii_digit() && ch != '-') || word.starts_with("--");
    starts.then(|| (word.to_owned(), &text[len..]))
}

/// Makes the element of a block.
pub(super) fn create(parser: &mut Parser<'_, '_>, kind: &mut Kind, parent: ElId, span: Span) -> ElId {
    let sane = parser.page.dialect.saneheaders.is_some();
    let el = match &mut kind.shape {
        Shape::Box { details, open, class, title } => {
            let el = parser.element(parent, if *details { "details" } else { "div" }, Some(span));
            let class = match (*details, class.as_str()) {
                (true, class) => class.to_owned(),
                (false, "" | "admonition") => "admonition".to_owned(),
                (false, class) => format!("admonition {class}"),
            };
            if *open {
                parser.attrs(el).set("open", "open");
            }
            if !class.is_empty() {
                parser.attrs(el).set("class", class);
            }
            let title = match std::mem::replace(title, Title::None) {
                Title::None => None,
                Title::Default(title) => Some(Chunk::synthetic(&title, span)),
                Title::Written(title) => Some(title),
            };
            if let Some(title) = title {
                box_title(parser, el, *details, title, sane);
            }
            el
        }
        Shape::Tab { label, new, select, alternate, slugs } => {
            let set =
                parser.tree.last_child(parent).filter(|last| !*new && is_tab_set(&parser.tree, *last, *alternate));
            let head = TabHead {
                label: label.clone(),
                select: *select,
                alternate: *alternate,
                slugs: *slugs,
                span: Some(span),
            };
            add_tab(parser, parent, set, head);
            parser.tree.last_child(parent).unwrap_or(parent)
        }
        Shape::Html { tag, selector, .. } => {
            let el = parser.element(parent, tag.clone(), Some(span));
            *parser.attrs(el) = std::mem::take(selector);
            el
        }
        Shape::Definition => parser.element(parent, "dl", Some(span)),
        Shape::Caption { .. } => create_figure(parser, &mut kind.shape, parent, span),
        Shape::List { style, start, list } => {
            *list = parser.element(parent, "ol", Some(span));
            super::fancy::set_list_attrs(parser, *list, *style, &format!("force-{}", super::fancy::style_name(*style)));
            if let Some(start) = start {
                parser.attrs(*list).set("start", start.to_string());
            }
            parent
        }
    };
    let own = parser.attrs(el);
    for (name, value) in kind.attrs.iter() {
        if name == "class" { own.add_class(value) } else { own.set(name.to_owned(), value) }
    }
    el
}

fn box_title(parser: &mut Parser<'_, '_>, el: ElId, details: bool, title: Chunk, sane: bool) {
    if details {
        let summary = parser.element(el, "summary", None);
        set_title(parser, summary, title, sane);
        return;
    }
    let p = parser.element(el, "p", None);
    parser.attrs(p).set("class", "admonition-title");
    match super::leaf::find_hash_heading(title.text(), sane) {
        Some(found) => {
            parser.tree.get_mut(p).tag = super::leaf::HEADINGS[found.level - 1].into();
            parser.tree.set_text(p, super::lines::strip(&title.slice(found.header)));
        }
        None => parser.tree.set_text(p, title),
    }
}

fn create_figure(parser: &mut Parser<'_, '_>, shape: &mut Shape, parent: ElId, span: Span) -> ElId {
    let Shape::Caption { name, classes, prepend, auto, level, number, caption, .. } = shape else { return parent };
    let last = parser.tree.last_child(parent);
    let has_caption =
        |figure: ElId| parser.tree.get(figure).children.iter().any(|child| parser.tree.is(*child, &["figcaption"]));
    let bare = last.filter(|last| parser.tree.is(*last, &["figure"]) && !has_caption(*last));
    // A figure with its caption is put into the next figure, and so on.
    let mut n_figures = 0;
    let mut inner = last;
    while let Some(id) = inner.filter(|inner| n_figures < DEPTH_LIMIT && parser.tree.is(*inner, &["figure"])) {
        n_figures += 1;
        let mut children = parser.tree.get(id).children.iter().copied();
        inner = children.find(|child| parser.tree.is(*child, &["figure"]));
    }
    let too_deep = bare.is_none() && n_figures >= DEPTH_LIMIT;
    if too_deep {
        parser.report_depth(span);
    }
    let last = last.filter(|_| !too_deep);
    let figure = bare.unwrap_or_else(|| {
        if last.is_some() {
            parser.tree.get_mut(parent).children.pop();
        }
        let figure = parser.element(parent, "figure", Some(span));
        parser.tree.get_mut(figure).children.extend(last);
        figure
    });
    for class in classes.split_whitespace() {
        if !parser.attrs(figure).has_class(class) {
            parser.attrs(figure).add_class(class);
        }
    }
    if *auto {
        let attrs = parser.attrs(figure);
        attrs.set("__figure_type", name.clone());
        if !level.is_empty() {
            attrs.set("__figure_level", level.clone());
        }
        if !number.is_empty() {
            attrs.set("__figure_num", number.clone());
        }
        if *prepend {
            attrs.set("__figure_prepend", "1");
        }
    }
    *caption = parser.tree.detached("figcaption");
    parser.tree.get_mut(*caption).span = Some(span);
    let at = if *prepend { 0 } else { parser.tree.get(figure).children.len() };
    parser.tree.get_mut(figure).children.insert(at, *caption);
    figure
}

/// Returns the element that a block's content goes into.
pub(super) fn content_of(tree: &Tree, kind: &Kind, el: ElId) -> Option<ElId> {
    match &kind.shape {
        Shape::Tab { alternate: true, .. } => {
            let contents = tree.get(el).children.iter().rev().find(|child| {
                tree.get(**child).attrs.get("class").is_some_and(|class| class.starts_with("tabbed-content"))
            });
            contents.and_then(|contents| tree.last_child(*contents))
        }
        Shape::Tab { alternate: false, .. } => tree.last_child(el),
        Shape::Caption { caption, .. } => Some(*caption),
        Shape::Box { .. } | Shape::Html { .. } | Shape::Definition | Shape::List { .. } => Some(el),
    }
}

/// Returns how a block's content is added.
pub(super) fn mode(kind: &Kind) -> Mode {
    match kind.shape {
        Shape::Html { mode: Mode::Html, .. } => Mode::Raw,
        Shape::Html { mode, .. } => mode,
        _ => Mode::Auto,
    }
}

/// Does what a block does at its end.
pub(super) fn end(parser: &mut Parser<'_, '_>, kind: &Kind, el: ElId) {
    match &kind.shape {
        Shape::Html { tag, mode, .. } => end_html(parser, tag, *mode, el),
        Shape::Definition => end_definition(parser, el),
        Shape::List { list, .. } => {
            if parser.tree.get(*list).children.is_empty() {
                let list = *list;
                parser.tree.get_mut(el).children.retain(|child| *child != list);
            }
        }
        Shape::Caption { name, prefix, prepend, auto: false, level, number, .. } if !prefix.is_empty() => {
            // Numbers by hand; a level alone has a number that says no more than that.
            let depth = level.parse::<usize>().ok().map(|level| vec!["1"; level.min(DEPTH_LIMIT) + 1].join("."));
            let number = depth.unwrap_or_else(|| number.clone());
            if !number.is_empty() {
                let attrs = parser.attrs(el);
                attrs.set("__figure_type", name.clone());
                attrs.set("__figure_fixed", number);
                if *prepend {
                    attrs.set("__figure_prepend", "1");
                }
            }
        }
        Shape::Box { .. } | Shape::Tab { .. } | Shape::Caption { .. } => {}
    }
}

fn end_html(parser: &mut Parser<'_, '_>, tag: &str, mode: Mode, el: ElId) {
    let raw_tag = matches!(tag, "canvas" | "math" | "option" | "pre" | "script" | "style" | "textarea" | "code");
    let untouched = mode == Mode::Html || mode == Mode::Auto && matches!(tag, "script" | "style");
    let escaped = mode == Mode::Raw || mode == Mode::Auto && raw_tag;
    if !untouched && !escaped {
        return;
    }
    let text = std::mem::take(&mut parser.tree.get_mut(el).text.chunk);
    let Some(span) = text.whole_span() else { return };
    let html = if untouched {
        text.text().to_owned()
    } else {
        text.text().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    };
    let mark = parser.page.stash.put(Node::Raw(Raw { html, span, block: false }));
    parser.tree.get_mut(el).text = Slot { chunk: Chunk::synthetic(&mark, span), atomic: true };
}

/// Paragraphs become terms, items of lists become definitions.
fn end_definition(parser: &mut Parser<'_, '_>, el: ElId) {
    let mut children = Vec::new();
    for child in std::mem::take(&mut parser.tree.get_mut(el).children) {
        if parser.tree.is(child, &["dt", "dd"]) {
            children.push(child);
        } else if parser.tree.is(child, &["ul", "ol"]) {
            for item in std::mem::take(&mut parser.tree.get_mut(child).children) {
                parser.tree.get_mut(item).tag = "dd".into();
                children.push(item);
            }
        } else if parser.tree.is(child, &["p"]) {
            parser.tree.get_mut(child).tag = "dt".into();
            children.push(child);
        } else {
            let term = parser.tree.detached("dt");
            parser.tree.get_mut(term).children.push(child);
            children.push(term);
        }
    }
    parser.tree.get_mut(el).children = children;
}
