//! HTML as a flat run of tags and text, cut as Python's `html.parser` cuts it.
//!
//! MkDocs' search reads the rendered page with that parser, so its view of broken HTML decides what
//! is found. Only tokens: no tree, no repair.

use std::borrow::Cow;

/// A piece of HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event<'a> {
    /// `<a href="x">`, and the first half of `<br/>`.
    Start {
        /// The name in lower case.
        tag: String,
        /// Names in lower case; a value that is not there is empty.
        attrs: Vec<(String, String)>,
    },
    /// `</a>`, and the second half of `<br/>`.
    End {
        /// The name in lower case.
        tag: String,
    },
    /// Text, its references resolved.
    Text(Cow<'a, str>),
}

/// Resolves the character references of a text.
pub(crate) fn text(text: &str) -> String {
    html_escape::decode_html_entities(text).into_owned()
}

/// Cuts HTML into pieces. Comments, declarations and processing instructions yield nothing.
pub(crate) fn html_events(html: &str) -> Vec<Event<'_>> {
    html_pieces(html).flat_map(|(_, events)| events).collect()
}

/// Cuts HTML into pieces that make it up again when they are joined, each with what it says: text, a
/// tag (a script or a style with what it holds), or nothing.
pub(crate) fn html_pieces(html: &str) -> impl Iterator<Item = (&str, Vec<Event<'_>>)> {
    let mut rest = html;
    std::iter::from_fn(move || {
        let mut events = Vec::new();
        let end = match rest.find('<').unwrap_or(rest.len()) {
            0 if rest.is_empty() => return None,
            0 => markup(rest, &mut events),
            end => {
                events.push(Event::Text(html_escape::decode_html_entities(&rest[..end])));
                end
            }
        };
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some((piece, events))
    })
}

/// Elements that never have an end.
pub(crate) fn is_void(tag: &str) -> bool {
    const VOID: [&str; 14] =
        ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];
    VOID.contains(&tag)
}

/// Reads what begins with `<`, and returns its length.
fn markup<'a>(rest: &'a str, out: &mut Vec<Event<'a>>) -> usize {
    let second = rest[1..].chars().next();
    let known = match second {
        Some(ch) if ch.is_ascii_alphabetic() => start_tag(rest, out),
        Some('/') => end_tag(rest, out),
        Some('!') if rest.starts_with("<!--") => comment(rest),
        Some('!' | '?') => rest.find('>').map(|at| at + 1),
        _ => {
            out.push(Event::Text(Cow::Borrowed("<")));
            return 1;
        }
    };
    known.unwrap_or_else(|| {
        // Markup without an end is text up to the next `>` or `<`.
        let end = match rest.find('>') {
            Some(close) => close + 1,
            None => rest[1..].find('<').map_or(rest.len(), |open| open + 1),
        };
        out.push(Event::Text(html_escape::decode_html_entities(&rest[..end])));
        end
    })
}

fn comment(rest: &str) -> Option<usize> {
    let mut from = 4;
    loop {
        let dashes = from + rest.get(from..)?.find("--")?;
        let after = rest[dashes + 2..].trim_start();
        if after.starts_with('>') {
            return Some(rest.len() - after.len() + 1);
        }
        from = dashes + 1;
    }
}

fn is_space(ch: char) -> bool {
    matches!(ch, ' ' | '\t' | '\n' | '\r' | '\x0c')
}

fn start_tag<'a>(rest: &'a str, out: &mut Vec<Event<'a>>) -> Option<usize> {
    let name_end = rest.find(|ch: char| is_space(ch) || matches!(ch, '/' | '>' | '\0'))?;
    let tag = rest[1..name_end].to_ascii_lowercase();
    let mut attrs = Vec::new();
    let mut at = name_end;
    loop {
        at += rest[at..].len() - rest[at..].trim_start_matches(is_space).len();
        let tail = &rest[at..];
        if tail.starts_with('>') {
            at += 1;
            out.push(Event::Start { tag: tag.clone(), attrs });
            break;
        }
        if tail.starts_with("/>") {
            at += 2;
            out.push(Event::Start { tag: tag.clone(), attrs });
            out.push(Event::End { tag });
            return Some(at);
        }
        if tail.starts_with('/') {
            at += 1;
            continue;
        }
        let first = tail.chars().next()?;
        let name_length =
            tail[first.len_utf8()..].find(|ch: char| is_space(ch) || matches!(ch, '/' | '=' | '>'))? + first.len_utf8();
        let name = tail[..name_length].to_lowercase();
        at += name_length;
        let spaced = rest[at..].trim_start_matches(is_space);
        let Some(value) = spaced.strip_prefix('=') else {
            attrs.push((name, String::new()));
            continue;
        };
        let value = value.trim_start_matches('=').trim_start_matches(is_space);
        let quote = value.chars().next()?;
        let (text, length) = if matches!(quote, '"' | '\'') {
            let close = value[1..].find(quote)?;
            (&value[1..=close], close + 2)
        } else {
            let end = value.find(|ch: char| is_space(ch) || ch == '>')?;
            (&value[..end], end)
        };
        attrs.push((name, html_escape::decode_html_entities(text).into_owned()));
        at = rest.len() - value.len() + length;
    }
    if matches!(tag.as_str(), "script" | "style") {
        let end = raw_end(&rest[at..], &tag);
        if end > 0 {
            out.push(Event::Text(Cow::Borrowed(&rest[at..at + end])));
        }
        at += end;
    }
    Some(at)
}

/// Where the text of a `<script>` or a `<style>` ends.
fn raw_end(rest: &str, tag: &str) -> usize {
    let mut from = 0;
    while let Some(found) = rest[from..].find("</") {
        let open = from + found;
        let name = rest[open + 2..].trim_start_matches(is_space);
        let closes = name.get(..tag.len()).is_some_and(|name| name.eq_ignore_ascii_case(tag))
            && name[tag.len()..].trim_start_matches(is_space).starts_with('>');
        if closes {
            return open;
        }
        from = open + 2;
    }
    rest.len()
}

fn end_tag<'a>(rest: &'a str, out: &mut Vec<Event<'a>>) -> Option<usize> {
    let close = rest.find('>')?;
    let name = rest[2..close].trim_start_matches(is_space);
    if name.starts_with(|ch: char| ch.is_ascii_alphabetic()) {
        let end = name.find(|ch: char| is_space(ch) || matches!(ch, '/' | '\0')).unwrap_or(name.len());
        out.push(Event::End { tag: name[..end].to_ascii_lowercase() });
    }
    Some(close + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(html: &str) -> String {
        html_events(html)
            .into_iter()
            .map(|event| match event {
                Event::Start { tag, attrs } => {
                    let attrs: Vec<String> = attrs.iter().map(|(name, value)| format!(" {name}={value}")).collect();
                    format!("[{tag}{}]", attrs.concat())
                }
                Event::End { tag } => format!("[/{tag}]"),
                Event::Text(text) => text.into_owned(),
            })
            .collect()
    }

    // The expectations are those of Python 3.11's html.parser.

    #[test]
    fn tags_attributes_and_references() {
        assert_eq!(shown("<A Href='x&amp;y' b=c d>&lt;&nbsp;</A>"), "[a href=x&y b=c d=]<\u{a0}[/a]");
        assert_eq!(shown("<br/>x<hr />"), "[br][/br]x[hr][/hr]");
        assert_eq!(shown("a < b <1"), "a < b <1");
        assert_eq!(shown("<a href=\"a>b\">x"), "[a href=a>b]x");
    }

    #[test]
    fn what_shows_nothing_yields_nothing() {
        assert_eq!(shown("a<!-- x > -- y -->b<!DOCTYPE html>c<?php x ?>d"), "abcd");
    }

    #[test]
    fn scripts_are_text_up_to_their_end() {
        assert_eq!(shown("<script>if (a<b) '</p>'</script>x"), "[script]if (a<b) '</p>'[/script]x");
    }

    #[test]
    fn markup_without_an_end_is_text() {
        assert_eq!(shown("<a href="), "<a href=");
        assert_eq!(shown("<!-- x"), "<!-- x");
    }
}
