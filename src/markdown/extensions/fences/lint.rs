//! What there is to say about lines that look like fences and are none in MkDocs.

use super::header::{Header, Rest};
use crate::diag::{Code, Diagnostic};
use crate::markdown::engine::page::Page;
use crate::text::{Chunk, Line};
use std::collections::BTreeMap;
use std::ops::Range;

/// A line that looks like a fence and is none.
pub(super) enum Finding<'a> {
    /// The header cannot be read.
    Header {
        /// The line.
        line: usize,
        /// What was read.
        header: Header<'a>,
    },
    /// No line closes it.
    Unclosed {
        /// The line.
        line: usize,
        /// The fence characters.
        range: Range<usize>,
        /// The line that ended the search before the end of the text.
        cut_by: Option<usize>,
    },
}

/// Reports what the scanner for fences found.
pub(super) fn report(text: &Chunk, lines: &[Line<'_>], findings: &[Finding<'_>], page: &mut Page<'_>) {
    if findings.is_empty() {
        return;
    }
    let closers = last_closers(lines);
    for finding in findings {
        match finding {
            Finding::Header { line, header } if closers.get(header.fence).is_some_and(|last| last > line) => {
                unreadable_header(text, &lines[*line], header, page);
            }
            Finding::Header { .. } => {}
            Finding::Unclosed { line, range, cut_by } => unclosed(text, lines, *line, range, *cut_by, page),
        }
    }
}

/// The last line that could close a fence, by the fence's characters.
fn last_closers<'a>(lines: &[Line<'a>]) -> BTreeMap<&'a str, usize> {
    let bare = |line: &Line<'a>| line.text.trim_start_matches(['>', ' ', '\t']).trim_end();
    let fences = lines.iter().enumerate().map(|(idx, line)| (bare(line), idx));
    fences.filter(|(text, _)| text.starts_with("```") || text.starts_with("~~~")).collect()
}

fn unclosed(
    text: &Chunk,
    lines: &[Line<'_>],
    idx: usize,
    range: &Range<usize>,
    cut_by: Option<usize>,
    page: &mut Page<'_>,
) {
    let start = lines[idx].range.start;
    let place = text.span(start + range.start..start + range.end);
    let mut diagnostic = Diagnostic::new(Code::FenceUnclosed, place, "this fence is never closed")
        .note("MkDocs shows its lines as ordinary text");
    if let Some(cut_by) = cut_by {
        let message = "the fence ends here, because this line stands further left or in another quote";
        diagnostic = diagnostic.label(text.span(lines[cut_by].range.clone()), message);
    }
    let fence = &lines[idx].text[range.clone()];
    let help = format!("close it with a line of exactly `{fence}`, indented as the first line");
    page.diagnostics.push(diagnostic.help(help));
}

/// Reports a header where a later line closes what it would have opened.
fn unreadable_header(text: &Chunk, line: &Line<'_>, header: &Header<'_>, page: &mut Page<'_>) {
    let from = header.range.start + header.fence.len();
    let words = &line.text[from..header.range.end];
    // Backticks behind backticks are code inside a line.
    if header.fence.starts_with('`') && words.contains('`') {
        return;
    }
    let start = line.range.start;
    let blank = words.len() - words.trim_start().len();
    let place = text.span(start + from + blank..start + header.range.end);
    page.diagnostics.push(
        Diagnostic::new(Code::FenceHeader, place, "MkDocs does not read this fence's first line")
            .note("the block becomes text and code inside a line; attributes belong into braces")
            .help(format!("write `{}`", braces(header, words)))
            .fix(text.span(start + from..start + header.range.end), format!(" {}", braces(header, words))),
    );
}

/// The header's words as an attribute list: the language and bare words as classes, pairs as data.
fn braces(header: &Header<'_>, words: &str) -> String {
    let mut parts = Vec::new();
    let mut words = words.trim();
    if let Some((lang, _)) = &header.lang {
        parts.push(format!(".{lang}"));
        words = words.trim_start_matches('.').strip_prefix(lang).unwrap_or(words).trim_start();
    }
    let inside = words.strip_prefix('{').map_or(words, |rest| rest.strip_suffix('}').unwrap_or(rest));
    if let Rest::Options(options) = &header.rest {
        for (key, value) in options {
            parts.push(pair(key, value, key == value && !words.contains(&format!("{key}="))));
        }
    } else {
        for word in inside.split_whitespace() {
            let word = word.trim_matches(['{', '}', ',']);
            match word.split_once('=') {
                _ if word.is_empty() => {}
                Some((key, value)) => parts.push(pair(key, value.trim_matches(['"', '\'']), false)),
                None if parts.is_empty() => {
                    // `bash:step` has a language before its colon.
                    let mut pieces = word.split([':', ',']).filter(|piece| !piece.is_empty());
                    parts.extend(pieces.next().map(|lang| format!(".{}", class_word(lang))));
                    parts.extend(pieces.map(|piece| format!(".{}", class_word(piece))));
                }
                None => parts.push(format!(".{}", class_word(word))),
            }
        }
    }
    format!("{{ {} }}", parts.join(" "))
}

fn pair(key: &str, value: &str, flag: bool) -> String {
    match key {
        _ if flag => format!(".{key}"),
        "title" | "hl_lines" | "linenums" => format!("{key}=\"{value}\""),
        "id" => format!("#{}", class_word(value)),
        _ if key.starts_with("data-") => format!("{key}=\"{value}\""),
        _ => format!("data-{}=\"{value}\"", class_word(key)),
    }
}

/// Keeps what may stand in a class.
fn class_word(word: &str) -> String {
    let plain = |ch: char| ch.is_alphanumeric() || matches!(ch, '-' | '_' | '+' | '.' | '#');
    word.trim_start_matches(['.', '#']).chars().map(|ch| if plain(ch) { ch } else { '-' }).collect()
}
