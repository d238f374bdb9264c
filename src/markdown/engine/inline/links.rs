//! Links and images: inline, by reference, and bare in angle brackets.
//!
//! The scanner of a destination with its title is `LinkInlineProcessor.getLink`'s.

use super::arena::El;
use super::chars::{is_space, strip};
use super::run::{Engine, Hit, Pass, Taken};
use crate::text::Span;
use std::ops::Range;

/// Which form of link or image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum References {
    /// `[text][label]`
    Long,
    /// `[label]`
    Short,
}

/// A link or an image that was found, before it is an element.
pub(crate) struct Found {
    /// The bytes between its brackets.
    pub(crate) text: Range<usize>,
    /// Where it leads.
    pub(crate) href: String,
    /// Its title.
    pub(crate) title: Option<String>,
    /// Where it is written.
    pub(crate) target: Span,
    /// The byte behind it.
    pub(crate) end: usize,
    by_reference: bool,
}

impl Found {
    /// Makes the element, which begins at a byte.
    fn element(self, engine: &Engine<'_, '_>, pass: &Pass<'_>, at: usize, image: bool) -> Hit {
        let end = self.end;
        let el = if image {
            let alt = engine.attribute(&pass.text[self.text.clone()]);
            self.image(pass, at, Some(alt))
        } else {
            let text = pass.chunk.slice(self.text.clone());
            let link = El::new("a", pass.span(at..end)).with_attr("href", self.href.clone()).with_text(text);
            self.finish(link)
        };
        Hit::Take(end, Taken::el(el))
    }

    /// Makes an image. Python gives one by reference its text last.
    pub(crate) fn image(self, pass: &Pass<'_>, at: usize, alt: Option<String>) -> El {
        let mut el = El::new("img", pass.span(at..self.end)).with_attr("src", self.href.clone());
        let (first, last) = if self.by_reference { (None, alt) } else { (alt, None) };
        if let Some(alt) = first {
            el.attrs.set("alt", alt);
        }
        let mut el = self.finish(el);
        if let Some(alt) = last {
            el.attrs.set("alt", alt);
        }
        el
    }

    fn finish(self, mut el: El) -> El {
        if let Some(title) = self.title {
            el.attrs.set("title", title);
        }
        el.target = Some(self.target);
        el
    }
}

/// `[text](destination "title")`; `image` for `![`.
pub(crate) fn inline_link(engine: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize, image: bool) -> Hit {
    match find_inline(engine, pass, at, image) {
        Some(found) => found.element(engine, pass, at, image),
        None => Hit::No,
    }
}

/// Finds an inline link or image.
pub(crate) fn find_inline(engine: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize, image: bool) -> Option<Found> {
    let (text, index) = bracketed(pass, at, image)?;
    let link = destination(pass, index)?;
    let title = link.title.map(|title| {
        let title = engine.attribute(strip(&title));
        dequote(&title).chars().map(|c| if is_space(c) { ' ' } else { c }).collect::<String>()
    });
    let href = strip(&engine.attribute(&pass.text[link.href.clone()])).to_owned();
    let target = stripped_span(pass, link.href);
    Some(Found { text, href, title, target, end: link.end, by_reference: false })
}

/// `[text][label]`, `[label][]`, `[label]`, and the same for images.
pub(crate) fn reference(
    engine: &mut Engine<'_, '_>,
    pass: &mut Pass<'_>,
    at: usize,
    image: bool,
    form: References,
) -> Hit {
    match find_reference(engine, pass, at, image, form) {
        Ok(found) => found.element(engine, pass, at, image),
        Err(hit) => hit,
    }
}

/// Finds a link or image by reference; otherwise where the search goes on.
pub(crate) fn find_reference(
    engine: &mut Engine<'_, '_>,
    pass: &mut Pass<'_>,
    at: usize,
    image: bool,
    form: References,
) -> Result<Found, Hit> {
    let Some((text, index)) = bracketed(pass, at, image) else { return Err(Hit::No) };
    let (label, end) = match form {
        References::Short => (text.clone(), index),
        References::Long => {
            let open = match pass.after(index) {
                Some(c) if is_space(c) => index + c.len_utf8(),
                _ => index,
            };
            if !pass.text[open..].starts_with('[') {
                return Err(Hit::No);
            }
            let Some(close) = pass.find("]", open + 1) else { return Err(Hit::No) };
            let label = if close == open + 1 { text.clone() } else { open + 1..close };
            (label, close + 1)
        }
    };
    let label = collapse(&pass.text[label], engine.page.references.longest());
    let known = label.and_then(|label| engine.page.references.get(&label));
    let Some(reference) = known.cloned() else { return Err(Hit::Skip(end)) };
    let title = reference.title.filter(|title| !title.is_empty());
    let (href, target) = (reference.url.value, reference.url.span);
    Ok(Found { text, href, title, target, end, by_reference: true })
}

/// `<scheme://…>`
pub(crate) fn autolink(engine: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize) -> Hit {
    let Some(inner) = angle(pass, at) else { return Hit::No };
    let text = &pass.text[inner.clone()];
    let scheme = text.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"+.-".contains(b)).count();
    if scheme == 0 || !text.as_bytes()[0].is_ascii_alphabetic() || !text[scheme..].starts_with("://") {
        return Hit::No;
    }
    let end = inner.end + 1;
    let mut el = El::new("a", pass.span(at..end))
        .with_attr("href", engine.attribute(text))
        .with_atomic(pass.chunk.slice(inner.clone()));
    el.target = Some(pass.span(inner));
    Hit::Take(end, Taken::el(el))
}

/// `<name@host>`. Python-Markdown hides every letter in a character reference; the letters are the
/// same, so they stand plain here.
pub(crate) fn automail(engine: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize) -> Hit {
    let Some(inner) = angle(pass, at) else { return Hit::No };
    let text = &pass.text[inner.clone()];
    let Some((name, host)) = text.rsplit_once('@') else { return Hit::No };
    if name.is_empty() || name.contains([' ', '!']) || host.is_empty() || host.contains(' ') {
        return Hit::No;
    }
    let address = engine.attribute(text);
    let address = address.strip_prefix("mailto:").unwrap_or(&address).to_owned();
    let end = inner.end + 1;
    let span = pass.span(inner.clone());
    let mut el = El::new("a", pass.span(at..end))
        .with_attr("href", format!("mailto:{address}"))
        .with_atomic(crate::text::Chunk::synthetic(&address, span));
    el.target = Some(span);
    Hit::Take(end, Taken::el(el))
}

/// Returns the inside of `<…>` without further angle brackets.
pub(crate) fn angle(pass: &mut Pass<'_>, at: usize) -> Option<Range<usize>> {
    let end = pass.find_either("<>", at + 1)?;
    (pass.text.as_bytes()[end] == b'>' && end > at + 1).then_some(at + 1..end)
}

/// Returns the inside of the brackets that open at `at`, and the byte behind them.
fn bracketed(pass: &mut Pass<'_>, at: usize, image: bool) -> Option<(Range<usize>, usize)> {
    let open = if image {
        if !pass.text[at + 1..].starts_with('[') {
            return None;
        }
        at + 1
    } else {
        if pass.before(at) == Some('!') {
            return None;
        }
        at
    };
    let text = pass.text;
    let brackets = pass.brackets.get_or_insert_with(|| match_brackets(text));
    let index = brackets.binary_search_by_key(&open, |pair| pair.0).ok()?;
    let close = brackets[index].1;
    Some((open + 1..close, close + 1))
}

/// Pairs all brackets of a text, sorted by where they open.
pub(crate) fn match_brackets(text: &str) -> Vec<(usize, usize)> {
    let mut open = Vec::new();
    let mut pairs = Vec::new();
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' => open.push(at),
            b']' => pairs.extend(open.pop().map(|start| (start, at))),
            _ => {}
        }
    }
    pairs.sort_unstable();
    pairs
}

struct Destination {
    href: Range<usize>,
    title: Option<String>,
    end: usize,
}

fn destination(pass: &mut Pass<'_>, index: usize) -> Option<Destination> {
    let text = pass.text;
    let bytes = text.as_bytes();
    if bytes.get(index) != Some(&b'(') {
        return None;
    }
    let start = index + 1 + leading_space(&text[index + 1..]);
    if let Some(found) = in_angles(text, start) {
        return Some(found);
    }
    scan(pass, start)
}

/// `<destination> "title")`
fn in_angles(text: &str, start: usize) -> Option<Destination> {
    let rest = text[start..].strip_prefix('<')?;
    let length = rest.find(['<', '>'])?;
    if rest.as_bytes()[length] != b'>' {
        return None;
    }
    let href = start + 1..start + 1 + length;
    let mut at = href.end + 1;
    at += leading_space(&text[at..]);
    let mut title = None;
    if let Some(quote) = text[at..].chars().next().filter(|c| matches!(c, '"' | '\''))
        && let Some(length) = text[at + 1..].find(quote)
    {
        title = Some(text[at + 1..at + 1 + length].to_owned());
        at += length + 2;
        at += leading_space(&text[at..]);
    }
    let title = title.filter(|title| !title.is_empty());
    text[at..].starts_with(')').then_some(Destination { href, title, end: at + 1 })
}

/// Follows parentheses and quotes to the end of the destination. A quote may open a title; when the
/// title does not close, the parentheses are counted as if it were none.
fn scan(pass: &mut Pass<'_>, start: usize) -> Option<Destination> {
    let text = pass.text;
    let mut brackets = 1i64;
    let mut backtrack = 1i64;
    let mut last_bracket = None;
    let mut quote: Option<u8> = None;
    let mut start_quote = 0;
    let mut exit_quote = None;
    let mut in_title = false;
    let mut alt_quote: Option<u8> = None;
    let mut start_alt = 0;
    let mut exit_alt = None;
    let mut last = 0u8;
    for (offset, byte) in text.bytes().enumerate().skip(start) {
        let index = offset + 1;
        match byte {
            b'(' if !in_title => brackets += 1,
            b'(' if backtrack > 0 => backtrack -= 1,
            b')' => {
                let titled =
                    (exit_quote.is_some() && quote == Some(last)) || (exit_alt.is_some() && alt_quote == Some(last));
                if titled {
                    brackets = 0;
                } else if !in_title {
                    brackets -= 1;
                } else if backtrack > 0 {
                    backtrack -= 1;
                    if backtrack == 0 {
                        last_bracket = Some(index);
                    }
                }
            }
            b'\'' | b'"' => {
                if quote.is_none() {
                    in_title = true;
                    backtrack = brackets;
                    brackets = 1;
                    start_quote = index;
                    quote = Some(byte);
                } else if quote != Some(byte) && alt_quote.is_none() {
                    start_alt = index;
                    alt_quote = Some(byte);
                } else if quote == Some(byte) {
                    exit_quote = Some(index);
                } else if alt_quote == Some(byte) {
                    exit_alt = Some(index);
                }
            }
            _ => {}
        }
        if brackets == 0 {
            if let Some(exit) = exit_quote.filter(|_| quote == Some(last)) {
                let title = text[start_quote..exit - 1].to_owned();
                return Some(Destination { href: start..start_quote - 1, title: Some(title), end: index });
            }
            if let Some(exit) = exit_alt.filter(|_| alt_quote == Some(last)) {
                let title = text[start_alt..exit - 1].to_owned();
                return Some(Destination { href: start..start_alt - 1, title: Some(title), end: index });
            }
            return Some(Destination { href: start..index - 1, title: None, end: index });
        }
        if byte != b' ' {
            last = byte;
        }
    }
    // Text full of destinations that never close would be scanned to its end for each.
    if !pass.spend(text.len() - start) {
        pass.brackets = Some(Vec::new());
        return None;
    }
    let end = last_bracket.filter(|_| backtrack == 0)?;
    Some(Destination { href: start..end - 1, title: None, end })
}

fn leading_space(text: &str) -> usize {
    text.len() - text.trim_start_matches(is_space).len()
}

fn stripped_span(pass: &Pass<'_>, range: Range<usize>) -> Span {
    let text = &pass.text[range.clone()];
    let start = range.start + leading_space(text);
    let length = strip(text).len();
    pass.span(start..start + length)
}

/// Removes a pair of quotes around a text.
pub(crate) fn dequote(text: &str) -> &str {
    for quote in ['"', '\''] {
        if text.starts_with(quote) && text.ends_with(quote) {
            return if text.len() < 2 { "" } else { &text[1..text.len() - 1] };
        }
    }
    text
}

/// Lowers a label and makes every run of white space one space; `None` where it is longer than any
/// label that is defined.
fn collapse(text: &str, longest: usize) -> Option<String> {
    let mut out = String::new();
    let mut in_space = false;
    for c in text.chars() {
        if !is_space(c) {
            out.push(c);
        } else if !in_space {
            out.push(' ');
        }
        in_space = is_space(c);
        // No character loses more than two of three bytes in lower case.
        if out.len() > 3 * longest + 2 {
            return None;
        }
    }
    Some(out.to_lowercase())
}
