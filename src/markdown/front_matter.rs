//! What stands before a page's body, by MkDocs' rules.
//!
//! Source of the rules: `mkdocs/utils/meta.py` of MkDocs 1.6.1 for YAML and for MultiMarkdown lines,
//! and `markdown/extensions/meta.py` of Python-Markdown 3.11 for the second helping of such lines
//! that the extension `meta` takes from the body.

use super::tree::FrontMatter;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::text::yaml::{self, Kind, Node, Style};
use crate::text::{Chunk, Span};
use std::ops::Range;

/// Splits a page, its line ends normalised, into front matter and body.
///
/// YAML that cannot be read, or that is no mapping, stays in the page, as with MkDocs; here that is
/// a warning (OB101). Lines `Key: value` before the first blank line are metadata too; where that
/// takes a line which probably was meant to be read, OB204 says so.
pub(crate) fn split_front_matter(text: &Chunk, diagnostics: &mut Diagnostics) -> (FrontMatter, Chunk) {
    let Some((inner, end)) = yaml_block(text.text()) else { return multimarkdown(text, diagnostics) };
    let yaml = text.slice(inner.clone());
    let span = text.span(inner.clone());
    let stays = |diagnostics: &mut Diagnostics, at: Span, message: String| {
        diagnostics.push(
            Diagnostic::new(Code::ConfigSyntax, at, message)
                .severity(crate::diag::Severity::Warning)
                .note("MkDocs shows such front matter as text of the page"),
        );
        (FrontMatter::default(), text.clone())
    };
    match yaml::parse_as_libyaml(&yaml) {
        Err(error) => stays(diagnostics, error.span, format!("the front matter is not valid YAML: {}", error.message)),
        Ok(parsed) if parsed.root.as_map().is_none() => {
            let kind = parsed.root.kind_name();
            stays(diagnostics, span, format!("the front matter must be a mapping, not {kind}"))
        }
        Ok(parsed) => {
            for (first, again) in parsed.duplicate_keys {
                diagnostics.push(
                    Diagnostic::new(Code::ConfigDuplicateKey, again, "a key given twice in the front matter")
                        .label(first, "first given here")
                        .note("the last one counts"),
                );
            }
            let body = skip_line_ends(text, end);
            (FrontMatter { meta: Some(parsed.root), span: Some(span) }, body)
        }
    }
}

fn skip_line_ends(text: &Chunk, from: usize) -> Chunk {
    let rest = &text.text()[from..];
    text.slice(text.len() - rest.trim_start_matches('\n').len()..text.len())
}

/// Finds `---` at the very start and the next line that is `---` or `...`: what lies between, and
/// where the second one ends.
fn yaml_block(text: &str) -> Option<(Range<usize>, usize)> {
    let is_fence = |line: &str, fence: &str| {
        line.strip_prefix(fence).is_some_and(|rest| rest.bytes().all(|byte| matches!(byte, b' ' | b'\t')))
    };
    let first = text.find('\n')?;
    if !is_fence(&text[..first], "---") {
        return None;
    }
    let start = first + 1;
    // There is at least one line between the two.
    let mut at = start + text[start..].find('\n')? + 1;
    loop {
        let end = at + text[at..].find('\n')?;
        let line = &text[at..end];
        if is_fence(line, "---") || is_fence(line, "...") {
            return Some((start..at, end + 1));
        }
        at = end + 1;
    }
}

/// A line `Key: value`.
struct MetaLine<'a> {
    key: &'a str,
    value: &'a str,
}

fn meta_line(line: &str) -> Option<MetaLine<'_>> {
    let body = line.trim_start_matches(' ');
    let (key, value) = body.split_once(':')?;
    let word = |ch: char| ch.is_ascii_alphanumeric() || ch == '_' || ch == '-';
    let valid = line.len() - body.len() <= 3 && !key.is_empty() && key.chars().all(word);
    valid.then_some(MetaLine { key, value: value.trim() })
}

/// Keys that pages are known to use; anything else before a blank line may well be prose.
const KNOWN_KEYS: &[&str] = &[
    "author",
    "authors",
    "categories",
    "comments",
    "copyright",
    "date",
    "description",
    "draft",
    "hide",
    "icon",
    "keywords",
    "language",
    "link",
    "links",
    "pin",
    "readtime",
    "revision_date",
    "runbook",
    "search",
    "slug",
    "status",
    "subtitle",
    "summary",
    "tags",
    "template",
    "title",
    "updated",
    "version",
];

fn multimarkdown(text: &Chunk, diagnostics: &mut Diagnostics) -> (FrontMatter, Chunk) {
    let mut entries: Vec<(String, String, Span, Span)> = Vec::new();
    let mut at = 0;
    let mut doubtful = None;
    let mut end_of_meta = 0;
    for line in text.lines() {
        at = line.range.start;
        if line.text.trim().is_empty() {
            at = (line.range.end + 1).min(text.len());
            break;
        }
        if let Some(found) = meta_line(line.text) {
            let key = found.key.to_lowercase();
            let key_at = line.text.find(found.key).unwrap_or(0) + line.range.start;
            let key_span = text.span(key_at..key_at + found.key.len());
            let span = text.span(line.range.clone());
            if doubtful.is_none() && !KNOWN_KEYS.contains(&key.as_str()) {
                doubtful = Some((span, found.key.to_owned()));
            }
            match entries.iter_mut().find(|entry| entry.0 == key) {
                Some(entry) => entry.1 = format!("{} {}", entry.1, found.value),
                None => entries.push((key, found.value.to_owned(), key_span, span)),
            }
        } else if line.text.starts_with("    ") || line.text.starts_with('\t') {
            // MkDocs adds the line to the key that came last.
            match entries.last_mut() {
                Some(entry) => entry.1 = format!("{} {}", entry.1, line.text.trim()),
                None => break,
            }
        } else {
            break;
        }
        end_of_meta = line.range.end;
        at = (line.range.end + 1).min(text.len());
    }
    if entries.is_empty() {
        return (FrontMatter::default(), skip_line_ends(text, at));
    }
    if let Some((span, key)) = doubtful {
        diagnostics.push(
            Diagnostic::new(Code::SwallowedLine, span, format!("the line `{key}: …` is taken for metadata, not shown"))
                .note("lines `Key: value` before the first blank line of a page are metadata to MkDocs")
                .help("put a blank line before it where it is meant to be read")
                .fix(text.span(0..1), text.text().chars().next().map(|ch| format!("\n{ch}")).unwrap_or_default()),
        );
    }
    let string = |value: String, span: Span| Node::new(Kind::String(value, Style::Plain), span);
    let span = text.span(0..end_of_meta);
    let entries = entries.into_iter().map(|(key, value, key_span, span)| (string(key, key_span), string(value, span)));
    let meta = Node::new(Kind::Map(entries.collect()), span);
    (FrontMatter { meta: Some(meta), span: Some(span) }, skip_line_ends(text, at))
}

/// Cuts off what the extension `meta` takes from the body: a block of its own with or without fences.
pub(crate) fn skip_meta_lines(text: &Chunk) -> Chunk {
    let fence = |line: &str, mark: &str| {
        line.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
    };
    let mut keyed = false;
    for (number, line) in text.lines().enumerate() {
        let rest = |from: usize| text.slice(from.min(text.len())..text.len());
        if number == 0 && line.text.starts_with("---") {
            continue;
        }
        if line.text.trim().is_empty() || fence(line.text, "---") || fence(line.text, "...") {
            return rest(line.range.end + 1);
        }
        if meta_line(line.text).is_some() {
            keyed = true;
        } else if !(keyed && line.text.starts_with("    ")) {
            return rest(line.range.start);
        }
    }
    Chunk::default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{SitePath, Source};

    fn split(text: &str) -> (Option<Node>, String, Vec<String>) {
        let mut diagnostics = Diagnostics::new();
        let source = Source::new(SitePath::new("a.md"), text);
        let (matter, body) = split_front_matter(&Chunk::of(&source), &mut diagnostics);
        (matter.meta, body.text().to_owned(), diagnostics.iter().map(|found| found.message.clone()).collect())
    }

    #[test]
    fn yaml_is_cut_off() {
        let (meta, body, said) = split("---\ntitle: A\n---\n\n# B\n");
        assert_eq!(meta.as_ref().and_then(|meta| meta.get("title")).and_then(Node::as_str), Some("A"));
        assert_eq!((body.as_str(), said.len()), ("# B\n", 0));
    }

    /// What libyaml makes of each, as MkDocs asks it.
    #[test]
    fn a_tab_may_stand_after_a_colon() {
        let title = |yaml: &str| {
            let (meta, body, said) = split(&format!("---\n{yaml}\n---\n# B\n"));
            assert_eq!((body.as_str(), said.len()), ("# B\n", 0), "{yaml:?}");
            meta.and_then(|meta| meta.get("title").cloned()).expect("it has a title")
        };
        assert_eq!(title("title:\tTabbed").as_str(), Some("Tabbed"));
        assert_eq!(title("a:\t1\ntitle:\t\tTwo\twords\nb:\t2").as_str(), Some("Two\twords"));
        assert_eq!(title("title: {a:\tb}").get("a").and_then(Node::as_str), Some("b"));
        assert_eq!(title("x: 'a:\tb'\ntitle:\t'c:\td'").as_str(), Some("c:\td"));
        assert_eq!(title("title:\t|\n  block:\tx").as_str(), Some("block:\tx\n"));
        assert_eq!(title("title:\tTäb").as_str(), Some("Täb"));
    }

    #[test]
    fn yaml_that_is_no_mapping_stays() {
        let (meta, body, said) = split("---\n- a\n---\nb\n");
        assert!(meta.is_none());
        assert_eq!(body, "---\n- a\n---\nb\n");
        assert_eq!(said, ["the front matter must be a mapping, not a list"]);
    }

    #[test]
    fn an_empty_block_is_none() {
        assert!(yaml_block("---\n---\nx\n").is_none());
        assert!(yaml_block("----\na\n---\n").is_none());
    }

    #[test]
    fn a_swallowed_line_is_reported() {
        let (meta, body, said) = split("Note: read this\n\ntext\n");
        assert_eq!(meta.as_ref().and_then(|meta| meta.get("note")).and_then(Node::as_str), Some("read this"));
        assert_eq!(body, "text\n");
        assert_eq!(said, ["the line `Note: …` is taken for metadata, not shown"]);
        assert!(split("title: A\ntags: b\n\ntext\n").2.is_empty());
    }
}
