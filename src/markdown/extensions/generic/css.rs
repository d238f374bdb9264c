//! Attributes of a block as CSS writes them: `tag#id.class[name=value]`.
//!
//! Source of the rule: `pymdownx/blocks/html.py` and the checks of `pymdownx/blocks/block.py`.

use crate::markdown::tree::Attrs;

/// Tells whether a word is an identifier of CSS.
pub(super) fn is_identifier(word: &str) -> bool {
    let inside = |ch: char| ch == '-' || is_identifier_start(ch) || ch.is_ascii_digit();
    let body = word.strip_prefix('-').unwrap_or(word);
    let starts = body.starts_with(is_identifier_start) || word.starts_with("--");
    starts && word.chars().all(inside)
}

fn is_identifier_start(ch: char) -> bool {
    ch.is_ascii_alphabetic() || ch == '_' || u32::from(ch) > 0x9f
}

/// Reads `tag#id.class[name=value]`.
pub(super) fn selectors(text: &str, with_tag: bool) -> Option<(String, Attrs)> {
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
