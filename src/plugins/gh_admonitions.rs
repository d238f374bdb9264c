//! `gh-admonitions`: alerts as GitHub and GitLab write them become admonitions
//! (mkdocs-github-admonitions-plugin 0.1).
//!
//! `> [!NOTE]` with quoted lines below it, and GitLab's `>>> [!NOTE] Title` up to a line `>>>`, become
//! `!!! note "Title"` with an indented body. `caution` becomes `danger`, `important` becomes `warning`.

use super::event::{Plugin, Reading};
use crate::markdown::preprocess::Context;
use crate::text::{Chunk, Line, yaml};
use std::ops::Range;

const KINDS: &[(&str, &str)] =
    &[("note", "note"), ("tip", "tip"), ("important", "warning"), ("caution", "danger"), ("warning", "warning")];

#[derive(Debug)]
struct GhAdmonitions;

pub(super) fn read(reading: &mut Reading<'_>) -> Option<Box<dyn Plugin>> {
    reading.settings(&[]);
    Some(Box::new(GhAdmonitions))
}

impl Plugin for GhAdmonitions {
    fn on_page_markdown(&self, text: Chunk, _: Option<&yaml::Node>, _: &mut Context<'_>) -> Chunk {
        apply(text)
    }
}

/// Turns alerts into admonitions.
fn apply(text: Chunk) -> Chunk {
    quoted(fenced(text))
}

/// An alert's first line.
struct Head {
    kind: &'static str,
    title: String,
}

/// Reads `> [!type] title` behind its marker.
fn head(line: &str, marker: &str) -> Option<Head> {
    let rest = line.strip_prefix(marker)?;
    let spaces = rest.len() - rest.trim_start_matches(' ').len();
    let rest = rest[spaces..].strip_prefix("[!")?;
    let close = rest.find(']').filter(|_| spaces <= 3)?;
    let word = rest[..close].to_ascii_lowercase();
    let (name, kind) = KINDS.iter().find(|(name, _)| *name == word)?;
    let title = rest[close + 1..].trim();
    let title = if title.is_empty() { format!("{}{}", name[..1].to_uppercase(), &name[1..]) } else { title.to_owned() };
    Some(Head { kind, title })
}

fn quoted(text: Chunk) -> Chunk {
    let lines = ended_lines(&text);
    let fences = fences(&text);
    let mut changes = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let Some(head) = head(lines[at].text, ">") else {
            at += 1;
            continue;
        };
        let n_body = lines[at + 1..].iter().take_while(|line| line.text.starts_with('>')).count();
        let whole = lines[at].range.start..lines[at + n_body].range.end + 1;
        if n_body > 0 && !fences.iter().any(|fence| fence.start < whole.start && whole.end < fence.end) {
            let body: Vec<Range<usize>> = lines[at + 1..=at + n_body]
                .iter()
                .map(|line| line.range.start + if line.text.starts_with("> ") { 2 } else { 1 }..line.range.end)
                .collect();
            changes.push((whole.clone(), admonition(&text, &head, lines[at].range.clone(), &body)));
        }
        at += n_body + 1;
    }
    text.replace(&changes)
}

/// GitLab's form: everything up to the last line `>>>`.
fn fenced(text: Chunk) -> Chunk {
    let lines = ended_lines(&text);
    let fences = fences(&text);
    let last_line_start = text.text().rfind('\n').map_or(0, |end| end + 1);
    for (at, line) in lines.iter().enumerate() {
        let Some(head) = head(line.text, ">>>") else { continue };
        // The body reaches to the last closing line of the page, as the plugin's greedy pattern has it.
        let end = if text.text()[last_line_start..].starts_with(">>>") && last_line_start > line.range.end {
            Some(last_line_start)
        } else {
            lines[at + 1..].iter().rev().find(|line| line.text.starts_with(">>>")).map(|line| line.range.start)
        };
        let Some(end) = end.filter(|end| *end > line.range.end + 1) else { continue };
        let whole = line.range.start..end + 3;
        if fences.iter().any(|fence| fence.start < whole.start && whole.end < fence.end) {
            return text;
        }
        let body: Vec<Range<usize>> =
            lines[at + 1..].iter().filter(|line| line.range.start < end).map(|line| line.range.clone()).collect();
        return text.replace(&[(whole, admonition(&text, &head, line.range.clone(), &body))]);
    }
    text
}

fn admonition(text: &Chunk, head: &Head, head_range: Range<usize>, body: &[Range<usize>]) -> Chunk {
    let place = text.span(head_range);
    let mut out = Chunk::synthetic(&format!("!!! {} \"{}\"\n", head.kind, head.title), place);
    let blank = |range: &&Range<usize>| text.text()[(*range).clone()].trim().is_empty();
    let first = body.iter().position(|range| !blank(&range)).unwrap_or(body.len());
    let last = body.iter().rposition(|range| !blank(&range)).map_or(first, |last| last + 1);
    for range in &body[first..last] {
        out.push_synthetic("    ", place);
        out.push_slice(text, range.clone());
        out.push_synthetic("\n", place);
    }
    out
}

/// The lines that end in a newline; the plugin's patterns see no others.
fn ended_lines(text: &Chunk) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = text.lines().collect();
    lines.pop();
    lines
}

/// Where fences of backquotes at the beginning of a line stand.
fn fences(text: &Chunk) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut open = None;
    for line in text.lines().filter(|line| line.text.starts_with("```")) {
        match open.take() {
            None => open = Some(line.range.start),
            Some(start) => out.push(start..line.range.start + 3),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{SitePath, Source};

    fn becomes(text: &str, want: &str) {
        let source = Source::new(SitePath::new("a.md"), text);
        assert_eq!(apply(Chunk::of(&source)).text(), want);
    }

    // The expectations are the plugin's own output.

    #[test]
    fn an_alert_becomes_an_admonition() {
        becomes("a\n> [!NOTE]\n> one\n>\n> two\nb\n", "a\n!!! note \"Note\"\n    one\n    \n    two\nb\n");
        becomes("> [!Caution] Own title\n> x\n", "!!! danger \"Own title\"\n    x\n");
        becomes(">[!tip]\n>x\n", "!!! tip \"Tip\"\n    x\n");
        becomes("> [!NOTE]  \n>one\n> [!TIP]\n> two\n", "!!! note \"Note\"\n    one\n    [!TIP]\n    two\n");
    }

    #[test]
    fn an_alert_in_a_fence_and_an_unknown_one_stay() {
        becomes("```\n> [!NOTE]\n> one\n```\n", "```\n> [!NOTE]\n> one\n```\n");
        becomes("> [!foo]\n> one\n", "> [!foo]\n> one\n");
        becomes("> [!NOTE]\ntext\n", "> [!NOTE]\ntext\n");
    }

    #[test]
    fn gitlabs_form_ends_at_its_mark() {
        becomes(">>> [!tip]\none\n\ntwo\n>>>\n", "!!! tip \"Tip\"\n    one\n    \n    two\n\n");
    }

    #[test]
    fn text_keeps_its_place() {
        let source = Source::new(SitePath::new("a.md"), "> [!NOTE]\n> one\n");
        let out = apply(Chunk::of(&source));
        let at = out.text().find("one").unwrap();
        assert_eq!(out.span(at..at + 3).range(), 12..15);
    }
}
