//! Lists numbered by letters and Roman numerals, and generic `#.` items.
//!
//! Items of another numbering end a list; a single letter is Roman where the list is, or where it is an `i`
//! first. A block `/// fancylists` says how the next list is numbered.
//!
//! Source of the rule: `pymdownx/fancylists.py`.

use super::extension::Extension;
use super::generic::machine::{self, Head, Kind, OpenBlock, Read};
use crate::markdown::engine::blocks::leaf::pop;
use crate::markdown::engine::blocks::lines::{TAB, indented, leading_spaces, line_ranges, newline};
use crate::markdown::engine::blocks::lists::loosen_last_item;
use crate::markdown::engine::blocks::tree::{ElId, Tree};
use crate::markdown::engine::blocks::{Block, Blocks, Parser, State};
use crate::markdown::engine::nodes::for_each_element;
use crate::markdown::engine::page::Page;
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::markdown::tree::Node;
use crate::text::{Chunk, Span};
use regex::Regex;
use std::sync::{Arc, LazyLock};

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// Numberings besides decimal: `roman`, `alpha`, `generic`.
    pub(crate) additional_ordered_styles: Vec<String>,
    /// Whether lists say `style="list-style-type: …"`.
    pub(crate) inject_style: bool,
    /// Whether lists say `class="fancylists-…"`.
    pub(crate) inject_class: bool,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options {
            additional_ordered_styles: reader
                .opt_strings("additional_ordered_styles")
                .unwrap_or_else(|| ["roman", "alpha", "generic"].map(str::to_owned).to_vec()),
            inject_style: reader.bool("inject_style", false),
            inject_class: reader.bool("inject_class", false),
        }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        for (name, priority, ordered) in [("olist", 40.0, true), ("ulist", 30.0, false)] {
            let options = Arc::clone(&self);
            rules.blocks.register(
                name,
                priority,
                Box::new(move |parser, parent, blocks| list(&options, parser, parent, blocks, ordered)),
            );
        }
        let clean_up = |nodes: &mut Vec<Node>, _: &mut Page<'_>| {
            for_each_element(nodes, &mut |element| {
                element.attrs.remove(FANCY);
            });
        };
        rules.tree.register("olist-cleanup", 10.0, Box::new(clean_up));
        machine::add(rules, Arc::new(Lists(self)));
    }
}

static ROMAN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^m*(?:c[md]|d(?:c{0,4}|c{5}$)|(?:c{0,9}|c{10}$))",
        r"(?:x[cl]|l(?:x{0,4}|x{5}$)|(?:x{0,9}|x{10}$))",
        r"(?:i[xv]|v(?:i{0,4}|i{5}$)|(?:i{0,9}|i{10}$))$"
    ))
    .expect("the expression is valid")
});

/// The attribute that keeps a list's numbering until the tree is finished.
const FANCY: &str = "__fancylist";

/// Which numberings are on.
#[derive(Clone, Copy)]
struct Styles {
    roman: bool,
    alpha: bool,
    generic: bool,
}

impl Options {
    fn has(&self, name: &str) -> bool {
        self.additional_ordered_styles.iter().any(|style| style == name)
    }

    fn styles(&self) -> Styles {
        Styles { roman: self.has("roman"), alpha: self.has("alpha"), generic: self.has("generic") }
    }
}

/// An item's marker: its text without the last character, that character, and its bytes.
struct Marker<'l> {
    value: &'l str,
    separator: char,
    len: usize,
}

fn marker_at(line: &str, indent: usize, styles: Styles) -> Option<Marker<'_>> {
    let body = &line[indent..];
    let first = body.chars().next()?;
    let value_len = match first {
        '-' | '*' | '+' => 0,
        '#' if styles.generic => 1,
        '0'..='9' => body.find(|ch: char| !ch.is_ascii_digit())?,
        _ if first.is_ascii_alphabetic() => body.find(|ch: char| !ch.is_ascii_alphabetic())?,
        _ => return None,
    };
    let value = &body[..value_len];
    let separator = body[value_len..].chars().next().filter(|ch| value.is_empty() || matches!(ch, '.' | ')'))?;
    let gap = leading_spaces(&body[value_len + 1..]);
    if gap == 0 || !valid_value(value, separator, gap, styles) {
        return None;
    }
    Some(Marker { value, separator, len: indent + value_len + 1 + gap })
}

fn valid_value(value: &str, separator: char, gap: usize, styles: Styles) -> bool {
    let Some(first) = value.chars().next().filter(char::is_ascii_alphabetic) else { return true };
    let upper = first.is_ascii_uppercase();
    let one_case = value.chars().all(|ch| ch.is_ascii_uppercase() == upper);
    let roman = styles.roman && one_case && ROMAN.is_match(&value.to_ascii_lowercase());
    if value.len() > 1 {
        return roman;
    }
    if !upper {
        return styles.alpha || roman;
    }
    // `A. x` may be the initials of a name: one more space, or `)`, makes it an item.
    let clear = separator == ')' || gap >= 2;
    clear && (styles.alpha || styles.roman && "IVXLCDM".contains(first))
}

fn list(options: &Options, parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks, ordered: bool) -> bool {
    let styles = options.styles();
    let text = blocks[0].text();
    let line = &text[..text.find('\n').unwrap_or(text.len())];
    let indent = leading_spaces(line);
    let first = marker_at(line, indent, styles).filter(|marker| indent < TAB && marker.value.is_empty() != ordered);
    if first.is_none() {
        return false;
    }
    let tag = if ordered { "ol" } else { "ul" };
    let sibling = parser.tree.last_child(parent).filter(|last| parser.tree.is(*last, &[tag]));
    let fancy_of = |id: ElId| parser.tree.get(id).attrs.get(FANCY).unwrap_or_default().to_owned();
    let before = if ordered { sibling.map(fancy_of).unwrap_or_default() } else { String::new() };
    let block = pop(blocks);
    let Items { items, fancy, start, rest } = split_items(&block, &before, ordered, styles);
    if let Some(rest) = rest {
        blocks.push_front(rest);
    }
    let last = parser.tree.last_child(parent);
    let forced =
        last.filter(|last| parser.tree.get(*last).attrs.get(FANCY).is_some_and(|fancy| fancy.starts_with("force")));
    let same = sibling.filter(|list| parser.tree.get(*list).attrs.get(FANCY).unwrap_or_default() == fancy);
    let mut items = items.into_iter();
    let list = if let Some(list) = same {
        loosen_last_item(parser, list);
        if let Some((item, span)) = items.next() {
            let li = parser.element(list, "li", span);
            parser.within(State::LooseList, |parser| parser.parse_block(li, Block::of(item)));
        }
        list
    } else if parser.tree.is(parent, &["ol", "ul"]) {
        parent
    } else {
        let list = match forced.filter(|_| ordered) {
            Some(list) => {
                parser.attrs(list).set(FANCY, fancy);
                list
            }
            None => {
                let list = parser.element(parent, tag, None);
                if ordered {
                    set_list_attrs(options, parser, list, style_of(&fancy), &fancy);
                }
                list
            }
        };
        if start != "1" && parser.tree.get(list).attrs.get("start").is_none() {
            parser.attrs(list).set("start", start);
        }
        list
    };
    parser.within(State::List, |parser| {
        for (item, span) in items {
            if let Some(last) = parser.tree.last_child(list).filter(|_| indented(item.text(), TAB)) {
                parser.parse_block(last, Block::of(item));
            } else {
                let li = parser.element(list, "li", span);
                parser.parse_block(li, Block::of(item));
            }
        }
    });
    true
}

/// Sets what a list says of its numbering.
fn set_list_attrs(options: &Options, parser: &mut Parser<'_, '_>, list: ElId, style: char, fancy: &str) {
    let name = match style {
        'a' => "lower-alpha",
        'A' => "upper-alpha",
        'i' => "lower-roman",
        'I' => "upper-roman",
        _ => "decimal",
    };
    let attrs = parser.attrs(list);
    attrs.set("type", style.to_string());
    attrs.set(FANCY, fancy);
    if options.inject_style {
        attrs.set("style", format!("list-style-type: {name};"));
    }
    if options.inject_class {
        attrs.set("class", format!("fancylists-{name}"));
    }
}

fn style_of(fancy: &str) -> char {
    match fancy.split_once('-').map_or("", |parts| parts.1) {
        "roman" => 'i',
        "ROMAN" => 'I',
        "alpha" => 'a',
        "ALPHA" => 'A',
        _ => '1',
    }
}

/// Names the numbering of a list type.
fn style_name(style: char) -> &'static str {
    match style {
        'a' => "alpha",
        'A' => "ALPHA",
        'i' => "roman",
        'I' => "ROMAN",
        _ => "decimal",
    }
}

struct Items {
    items: Vec<(Chunk, Option<Span>)>,
    fancy: String,
    start: String,
    /// From the first item on that belongs to another list.
    rest: Option<Block>,
}

fn split_items(block: &Block, before: &str, ordered: bool, styles: Styles) -> Items {
    let text = block.text();
    let mut out = Items { items: Vec::new(), fancy: before.to_owned(), start: "1".to_owned(), rest: None };
    let mut fancy = before.to_owned();
    for range in line_ranges(text) {
        let line = &text[range.clone()];
        let indent = leading_spaces(line);
        if let Some(marker) = marker_at(line, indent, styles).filter(|_| indent < TAB) {
            let first = out.items.is_empty();
            let (new, old) = fancy_type(&marker, first, &fancy, styles);
            if !first && new != old {
                out.rest = Some(block.part(range.start..block.len()));
                return out;
            }
            fancy = new;
            if first && ordered {
                out.start = start_of(&marker, &fancy);
            }
            out.fancy = fancy.clone();
            let span = Some(block.span(range.start + indent..range.end));
            out.items.push((block.slice(range.start + marker.len..range.end), span));
            continue;
        }
        let Some(last) = out.items.last_mut() else { continue };
        let nested = (TAB..TAB * 2).contains(&indent) && marker_at(line, indent, styles).is_some();
        if nested && !indented(last.0.text(), TAB) {
            out.items.push((block.slice(range), None));
        } else if range.start > 0 && !last.0.is_empty() {
            block.push_to(&mut last.0, range.start - 1..range.end);
        } else {
            newline(&mut last.0, block);
            block.push_to(&mut last.0, range);
        }
    }
    out
}

/// Tells an item's numbering, and what the list's is after it (`get_fancy_type`).
fn fancy_type(marker: &Marker<'_>, first: bool, fancy: &str, styles: Styles) -> (String, String) {
    let value = marker.value;
    let prefix = match marker.separator {
        _ if value.is_empty() => return (String::new(), fancy.to_owned()),
        '.' => "dot-",
        _ => "paren-",
    };
    let mut fancy = fancy;
    if let Some(forced) = fancy.strip_prefix("force-") {
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        let letters = value.bytes().all(|byte| byte.is_ascii_alphabetic());
        let possible = match forced.to_lowercase().as_str() {
            _ if value == "#" => true,
            "decimal" => digits,
            "roman" => styles.roman && letters && (value.len() > 2 || "ivxlcdm".contains(&value.to_lowercase())),
            _ => styles.alpha && letters && value.len() == 1,
        };
        if possible {
            let both = format!("{prefix}{forced}");
            return (both.clone(), both);
        }
        fancy = "";
    }
    let kind = if value == "#" {
        fancy.split_once('-').map_or("decimal", |parts| parts.1)
    } else if value.bytes().all(|byte| byte.is_ascii_digit()) {
        "decimal"
    } else {
        let upper = value.starts_with(|ch: char| ch.is_ascii_uppercase());
        let (alpha, roman) = if upper { ("ALPHA", "ROMAN") } else { ("alpha", "roman") };
        let lower = value.to_lowercase();
        if value.len() == 1 && is_alpha(&lower, first, fancy, (prefix, alpha, roman), styles) { alpha } else { roman }
    };
    (format!("{prefix}{kind}"), fancy.to_owned())
}

fn is_alpha(lower: &str, first: bool, fancy: &str, names: (&str, &str, &str), styles: Styles) -> bool {
    let (prefix, alpha, roman) = names;
    let in_roman = "ivxlcdm".contains(lower);
    let was_alpha = fancy.strip_prefix(prefix) == Some(alpha);
    let was_roman = fancy.strip_prefix(prefix) == Some(roman);
    if !styles.alpha {
        return false;
    }
    if first {
        !styles.roman || !in_roman || was_alpha || (!was_roman && lower != "i")
    } else {
        !styles.roman || was_alpha || !in_roman
    }
}

/// Returns the number that a list begins with.
fn start_of(marker: &Marker<'_>, fancy: &str) -> String {
    let value = marker.value;
    match fancy.split_once('-').map_or("", |parts| parts.1).to_lowercase().as_str() {
        _ if value == "#" => "1".to_owned(),
        "roman" => roman_value(value).to_string(),
        "alpha" => value.bytes().next().map_or(1, |byte| byte.to_ascii_uppercase() - 64).to_string(),
        _ => value.to_owned(),
    }
}

fn roman_value(text: &str) -> usize {
    let digit = |ch: char| match ch.to_ascii_uppercase() {
        'I' => 1,
        'V' => 5,
        'X' => 10,
        'L' => 50,
        'C' => 100,
        'D' => 500,
        'M' => 1000,
        _ => 0,
    };
    let digits: Vec<usize> = text.chars().map(digit).collect();
    let mut total = 0;
    let mut at = 0;
    while at < digits.len() {
        match digits.get(at + 1) {
            Some(next) if *next > digits[at] => {
                total += next - digits[at];
                at += 2;
            }
            _ => {
                total += digits[at];
                at += 1;
            }
        }
    }
    total
}

/// `/// fancylists | type=a start=3` (`FancyListBlock`).
struct Lists(Arc<Options>);

impl Kind for Lists {
    fn has(&self, name: &str) -> bool {
        name == "fancylists"
    }

    fn read(&self, head: &Head<'_>) -> Option<Read> {
        let (mut style, mut start) = ('1', None);
        for word in head.given()?.text().split_whitespace() {
            let (name, value) = word.split_once('=')?;
            match (name, value) {
                ("type", "1") => style = '1',
                ("type", "a" | "A") if self.0.has("alpha") => style = value.chars().next()?,
                ("type", "i" | "I") if self.0.has("roman") => style = value.chars().next()?,
                ("start", number) => start = Some(number.parse::<i64>().ok()?.max(0).unsigned_abs()),
                _ => return None,
            }
        }
        let block = ListBlock { options: Arc::clone(&self.0), style, start, list: Tree::ROOT };
        Some((head.attrs(&[])?, Box::new(block)))
    }
}

struct ListBlock {
    options: Arc<Options>,
    style: char,
    start: Option<u64>,
    list: ElId,
}

impl OpenBlock for ListBlock {
    fn create(&mut self, parser: &mut Parser<'_, '_>, parent: ElId, span: Span) -> ElId {
        self.list = parser.element(parent, "ol", Some(span));
        let forced = format!("force-{}", style_name(self.style));
        set_list_attrs(&self.options, parser, self.list, self.style, &forced);
        if let Some(start) = self.start {
            parser.attrs(self.list).set("start", start.to_string());
        }
        parent
    }

    /// A list that nothing was added to goes.
    fn end(&self, parser: &mut Parser<'_, '_>, el: ElId) {
        if parser.tree.get(self.list).children.is_empty() {
            parser.tree.get_mut(el).children.retain(|child| *child != self.list);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roman_numerals_have_values() {
        assert_eq!(["i", "iv", "IX", "xlii", "MCMXC"].map(roman_value), [1, 4, 9, 42, 1990]);
    }

    #[test]
    fn markers_need_their_spaces() {
        let all = Styles { roman: true, alpha: true, generic: true };
        let read = |line: &'static str| marker_at(line, 0, all).map(|marker| marker.value);
        assert_eq!(read("a. x"), Some("a"));
        assert_eq!(read("iv) x"), Some("iv"));
        assert_eq!(read("#. x"), Some("#"));
        assert_eq!(read("A.  x"), Some("A"));
        assert_eq!(read("A. x"), None);
        assert_eq!(read("abc. x"), None);
        assert_eq!(read("- x"), Some(""));
    }
}
