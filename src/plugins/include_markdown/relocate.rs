//! Relative addresses in a text that moves from one file into another.
//!
//! Follows mkdocs-include-markdown-plugin 7 (`rewrite_relative_urls`): inline links and images, link
//! definitions, `src` of `<img>` and `<source>`, `href` of `<a>`, all outside of code.

use crate::text::{Chunk, SitePath, Span};
use std::ops::Range;

/// Rewrites the addresses of a text written in `from` so that they hold in `to`.
pub(super) fn relocate(text: &Chunk, from: SitePath, to: SitePath, place: Span) -> Chunk {
    let all = text.text();
    let mut found: Vec<Range<usize>> = Vec::new();
    for range in paragraphs(text) {
        let part = &all[range.clone()];
        for url in links(part).into_iter().chain(definitions(part)).chain(attributes(part)) {
            found.push(range.start + url.start..range.start + url.end);
        }
    }
    found.sort_by_key(|range| (range.start, range.end));
    let mut changes: Vec<(Range<usize>, Chunk)> = Vec::new();
    for range in found {
        if changes.last().is_some_and(|(last, _)| range.start < last.end || range.start == last.start) {
            continue;
        }
        let url = &all[range.clone()];
        let moved = moved(url, from, to);
        if moved != url {
            let origin = if range.is_empty() { place } else { text.span(range.clone()) };
            changes.push((range, Chunk::synthetic(&moved, origin)));
        }
    }
    text.replace(&changes)
}

/// Where an address written in one file points, as another file must write it.
fn moved(url: &str, from: SitePath, to: SitePath) -> String {
    let is_scheme = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '+' | '-' | '.');
    let has_scheme = url.find(':').is_some_and(|colon| colon > 1 && url[..colon].chars().all(is_scheme));
    if has_scheme || url.starts_with('/') || url.starts_with('#') {
        return url.to_owned();
    }
    let target = folded(from.parent().as_str(), url);
    let base = folded(to.parent().as_str(), "");
    let common = target.iter().zip(&base).take_while(|(a, b)| a == b).count();
    let mut parts = vec![".."; base.len() - common];
    parts.extend(target[common..].iter().map(String::as_str));
    let mut out = if parts.is_empty() { ".".to_owned() } else { parts.join("/") };
    if url.ends_with('/') {
        out.push('/');
    }
    out
}

/// The parts of a path below a folder, `.` and `..` folded. Beyond the project `..` parts stay.
fn folded(folder: &str, path: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| last != "..") => {
                parts.pop();
            }
            _ => parts.push(part.to_owned()),
        }
    }
    parts
}

/// The stretches between code. A block of lines that begins with four blanks is code only where its
/// first line is blank, as the plugin has it.
fn paragraphs(text: &Chunk) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    let mut open: Option<Range<usize>> = None;
    let mut maybe_code: Option<Range<usize>> = None;
    let mut fence: Option<&str> = None;
    let mut after_blank = false;
    let grow = |open: &mut Option<Range<usize>>, line: &Range<usize>| match open {
        Some(range) => range.end = line.end,
        None => *open = Some(line.clone()),
    };
    for line in text.lines() {
        let range = line.range.start..(line.range.end + 1).min(text.len());
        let bare = line.text.trim_start();
        if let Some(mark) = fence {
            if bare.starts_with(mark) {
                fence = None;
            }
            after_blank = bare.is_empty();
            continue;
        }
        if bare.starts_with("```") || bare.starts_with("~~~") {
            fence = Some(&bare[..3]);
            out.extend(open.take());
        } else if line.text.starts_with("    ") {
            let target = if bare.is_empty() || maybe_code.is_some() { &mut maybe_code } else { &mut open };
            grow(target, &range);
        } else if let Some(code) = maybe_code.take() {
            out.extend(open.take());
            if !after_blank {
                out.push(code.start..range.end);
            }
        } else {
            grow(&mut open, &range);
        }
        after_blank = bare.is_empty();
    }
    out.extend(open);
    if let Some(code) = maybe_code
        && !after_blank
    {
        out.push(code);
    }
    out
}

/// The destinations of `[text](url "title")` and `![alt](url)`.
fn links(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(open) = text[at..].find('[').map(|found| at + found) {
        at = open + 1;
        let is_image = open > 0 && bytes[open - 1] == b'!';
        let close = if is_image {
            let line = text[open..].find('\n').map_or(text.len(), |end| open + end);
            text[open..line].find("](").map(|found| open + found)
        } else {
            link_text_end(text, open)
        };
        let Some(close) = close.filter(|close| bytes.get(close + 1) == Some(&b'(')) else { continue };
        if let Some(url) = destination(text, close + 2) {
            out.push(url);
        }
    }
    out
}

/// The `]` of a link's text, in which brackets may stand one level deep.
fn link_text_end(text: &str, open: usize) -> Option<usize> {
    let mut at = open + 1;
    loop {
        let next = at + text[at..].find(['[', ']'])?;
        if text.as_bytes()[next] == b']' {
            return Some(next);
        }
        if next == open + 1 {
            return None;
        }
        let inner = next + 1 + text[next + 1..].find(['[', ']'])?;
        if text.as_bytes()[inner] != b']' || inner == next + 1 {
            return None;
        }
        at = inner + 1;
    }
}

/// The address behind `](`: the shortest that a `)` follows, with a title between them or not.
fn destination(text: &str, from: usize) -> Option<Range<usize>> {
    let mut start = from + text[from..].len() - text[from..].trim_start().len();
    if text[start..].starts_with('<') {
        start += 1;
    }
    let line_end = text[start..].find('\n').map_or(text.len(), |end| start + end);
    // A quote that no `)` follows closes nowhere further on either.
    let mut unclosed = Vec::new();
    for (offset, ch) in text[start..line_end].char_indices() {
        if !(ch == ')' || ch == '>' || ch.is_whitespace()) {
            continue;
        }
        let end = start + offset;
        let mut rest = text[end..].strip_prefix('>').unwrap_or(&text[end..]).trim_start();
        if let Some(quote) = rest.chars().next().filter(|ch| matches!(ch, '"' | '\'')) {
            if unclosed.contains(&quote) {
                continue;
            }
            let title = rest[1..].split('\n').next().unwrap_or_default();
            let Some(close) = title.find(&format!("{quote})")) else {
                unclosed.push(quote);
                continue;
            };
            rest = &rest[close + 2..];
        }
        if rest.starts_with(')') {
            return Some(start..end);
        }
        if ch == ')' {
            return None;
        }
    }
    None
}

/// The addresses of `[label]: url "title"`.
fn definitions(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let line_start = start;
        start += line.len();
        let bare = line.trim_start_matches(' ');
        if line.len() - bare.len() > 4 || !bare.starts_with('[') {
            continue;
        }
        let Some(colon) = line.rfind("]:") else { continue };
        let rest = &text[line_start + colon + 2..];
        let mut bare = rest.trim_start_matches([' ', '\t']);
        if let Some(next) = bare.strip_prefix('\n') {
            bare = next.trim_start_matches([' ', '\t']);
        }
        bare = bare.strip_prefix('<').unwrap_or(bare);
        let url = bare.split(char::is_whitespace).next().unwrap_or_default();
        let after = bare[url.len()..].trim_start_matches([' ', '\t']);
        let url = url.strip_suffix('>').unwrap_or(url);
        let is_whole = after.is_empty() || after.starts_with(['\n', '"', '(']);
        if !url.is_empty() && is_whole {
            let at = text.len() - bare.len();
            out.push(at..at + url.len());
        }
    }
    out
}

/// The values of `src` of `<img>` and `<source>` and of `href` of `<a>`, where they are quoted.
fn attributes(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    for (open, _) in text.match_indices('<') {
        let name_end = text[open + 1..].find(|ch: char| !ch.is_ascii_alphanumeric()).map(|end| open + 1 + end);
        let Some(name_end) = name_end else { continue };
        let wanted = match &text[open + 1..name_end] {
            "img" | "source" => "src",
            "a" => "href",
            _ => continue,
        };
        let mut at = name_end;
        loop {
            let spaced = text[at..].trim_start();
            if spaced.len() == text[at..].len() {
                break;
            }
            at = text.len() - spaced.len();
            let length =
                spaced.find(|ch: char| !(ch.is_alphanumeric() || matches!(ch, '_' | '-'))).unwrap_or(spaced.len());
            if length == 0 {
                break;
            }
            let name = &spaced[..length];
            let Some(value) = spaced[length..].trim_start().strip_prefix('=') else {
                at += length;
                continue;
            };
            let quoted = value.trim_start();
            let Some(quote) = quoted.chars().next().filter(|ch| matches!(ch, '"' | '\'')) else { break };
            let Some(close) = quoted[1..].find(quote) else { break };
            let start = text.len() - quoted.len() + 1;
            if name == wanted {
                let url = start..start + close;
                if close > 0 && !text[url.clone()].contains(char::is_whitespace) {
                    out.push(url);
                }
                break;
            }
            at = start + close + 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    fn becomes(text: &str, want: &str) {
        let from = SitePath::new("docs/inc/part.md");
        let source = Source::new(from, text);
        let place = Span::at_start(from);
        let out = relocate(&Chunk::of(&source), from, SitePath::new("docs/guide/page.md"), place);
        assert_eq!(out.text(), want);
    }

    // The expectations are the plugin's own output (`rewrite_relative_urls`, 7.3.0).

    #[test]
    fn links_and_images_move() {
        becomes("[a](x.md) ![b](y/z.png \"t\")", "[a](../inc/x.md) ![b](../inc/y/z.png \"t\")");
        becomes("[![i](p.png)](q.md#h)", "[![i](../inc/p.png)](../inc/q.md#h)");
        becomes("[a](<x y.md>) [b](../guide/c.md) [d](sub/)", "[a](<../inc/x y.md>) [b](c.md) [d](../inc/sub/)");
        becomes("[l]: x.md \"t\"\n[m]: <y.md>\n", "[l]: ../inc/x.md \"t\"\n[m]: <../inc/y.md>\n");
        becomes(
            "<img alt=\"x\" src=\"p.png\"> <a class='c' href='q.md'>",
            "<img alt=\"x\" src=\"../inc/p.png\"> <a class='c' href='../inc/q.md'>",
        );
    }

    #[test]
    fn addresses_anchors_and_code_stay() {
        becomes(
            "[a](https://e.org) [b](#c) [d](/e) [f](mailto:g@h)",
            "[a](https://e.org) [b](#c) [d](/e) [f](mailto:g@h)",
        );
        becomes("```\n[a](x.md)\n```\n[b](y.md)\n", "```\n[a](x.md)\n```\n[b](../inc/y.md)\n");
    }
}
