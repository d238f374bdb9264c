//! `{!file!}` and `{!file!lines=1-3 5}` become the file's text, anywhere in a line.
//!
//! Source of the rule: the package `markdown-include` (`markdown_include/include.py`).

use super::extension::Extension;
use super::snippets::{DEEPEST, LARGEST_BYTES, MOST_FILES, paths, read_encoding};
use crate::diag::{Code, Diagnostic, Severity};
use crate::markdown::engine::page::Page;
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::text::{Chunk, ReadError, SitePath};
use std::ops::Range;
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// The folder that paths are relative to.
    pub(crate) base_path: SitePath,
    /// Whether headings of an included file stand below the heading before it.
    pub(crate) inherit_heading_depth: bool,
    /// By how much headings of an included file are lowered.
    pub(crate) heading_offset: i64,
    /// Whether a missing file is an error.
    pub(crate) throw_exception: bool,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        read_encoding(reader);
        let base_path = reader.node("base_path").and_then(|node| paths(node).first().copied());
        Options {
            base_path: base_path.unwrap_or_else(|| SitePath::new("")),
            inherit_heading_depth: reader.bool("inheritHeadingDepth", false),
            heading_offset: reader.int("headingOffset", 0),
            throw_exception: reader.bool("throwException", false),
        }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        let include = move |text: Chunk, page: &mut Page<'_>| {
            if text.text().contains("{!") { expand(text, &self, page) } else { text }
        };
        rules.preprocessors.register("include", 101.0, Box::new(include));
    }
}

/// Replaces every include statement by the text it names.
fn expand(text: Chunk, options: &Options, page: &mut Page<'_>) -> Chunk {
    let mut includer = Includer { options, page, chain: Vec::new(), n_bytes: 0, n_files: 0, full: false };
    includer.expand(&text)
}

struct Includer<'a, 'p, 'w> {
    options: &'a Options,
    page: &'p mut Page<'w>,
    chain: Vec<SitePath>,
    n_bytes: usize,
    n_files: usize,
    full: bool,
}

/// An include statement in a line: its bytes, the path's, and the lines it asks for.
struct Statement {
    whole: Range<usize>,
    path: Range<usize>,
    lines: Option<Range<usize>>,
}

impl Includer<'_, '_, '_> {
    fn expand(&mut self, text: &Chunk) -> Chunk {
        let mut changes = Vec::new();
        let mut depth = 0;
        for line in text.lines() {
            let mut at = 0;
            let mut shown = String::new();
            while let Some(statement) = statement(line.text, at) {
                shown.push_str(&line.text[at..statement.whole.start]);
                at = statement.whole.end;
                let shift = |range: &Range<usize>| line.range.start + range.start..line.range.start + range.end;
                let by = self.include(text, shift(&statement.path), statement.lines.as_ref().map(shift), depth);
                shown.push_str(by.text());
                changes.push((shift(&statement.whole), by));
            }
            shown.push_str(&line.text[at..]);
            // Headings that were included count like the file's own.
            for line in shown.split('\n') {
                let n_marks = line.bytes().take_while(|byte| *byte == b'#').count();
                depth = if n_marks > 0 { n_marks } else { depth };
            }
        }
        if changes.is_empty() { text.clone() } else { text.replace(&changes) }
    }

    fn include(&mut self, text: &Chunk, path: Range<usize>, lines: Option<Range<usize>>, depth: usize) -> Chunk {
        let place = text.span(path.clone());
        let found = self.options.base_path.join(text.text()[path].trim());
        let severity = if self.options.throw_exception { Severity::Error } else { Severity::Warning };
        let source = match self.page.read(found) {
            Ok(source) => source,
            Err(error) => {
                let message = format!("the included file `{found}` cannot be read");
                let said = match &error {
                    ReadError::Outside(why) => Diagnostic::outside(place, found.as_str(), why),
                    _ => Diagnostic::new(Code::IncludeNotFound, place, message).note(error.reason()),
                };
                self.page.diagnostics.push(said.severity(severity));
                return Chunk::default();
            }
        };
        if self.chain.contains(&found) || self.chain.len() >= DEEPEST {
            let chain: Vec<&str> = self.chain.iter().map(|path| path.as_str()).chain([found.as_str()]).collect();
            self.page.diagnostics.push(
                Diagnostic::new(Code::SnippetCycle, place, format!("`{found}` includes itself"))
                    .note(format!("the chain is `{}`", chain.join("` → `"))),
            );
            return Chunk::default();
        }
        self.n_bytes += source.text().len();
        self.n_files += 1;
        if self.n_bytes > LARGEST_BYTES || self.n_files > MOST_FILES {
            if self.full {
                return Chunk::default();
            }
            self.full = true;
            let message = "the included files of this page are larger than 16 MiB, or more than 4096";
            self.page.diagnostics.push(Diagnostic::new(Code::IncludeTooLarge, place, message));
            return Chunk::default();
        }
        self.chain.push(found);
        let whole = self.expand(&Chunk::of(&source));
        self.chain.pop();
        let rows: Vec<Range<usize>> = whole.lines().map(|line| line.range).collect();
        let n_rows = rows.len() - usize::from(whole.text().ends_with('\n'));
        let picked = match lines {
            None => (0..n_rows).collect(),
            Some(lines) => pick(&text.text()[lines], n_rows),
        };
        let marks = self.options.heading_offset.clamp(0, 6) as usize
            + if self.options.inherit_heading_depth { depth } else { 0 };
        let mut out = Chunk::default();
        for (idx, row) in picked.into_iter().enumerate() {
            if idx > 0 {
                out.push_synthetic("\n", place);
            }
            let range = rows[row].clone();
            let line = &whole.text()[range.clone()];
            if line.starts_with('#') {
                out.push_synthetic(&"#".repeat(marks), place);
            }
            out.push_slice(&whole, range.start..range.start + line.trim_end_matches('\r').len());
        }
        let start = out.len() - out.text().trim_start().len();
        let end = out.text().trim_end().len().max(start);
        out.slice(start..end)
    }
}

/// Finds the next `{!\s*(.+?)\s*!((\blines\b)=([0-9 -]+))?}`.
fn statement(line: &str, from: usize) -> Option<Statement> {
    let start = from + line[from..].find("{!")?;
    let mut mark = start + 3;
    // What ends no statement that starts here ends none that starts later.
    while let Some(found) = line.get(mark..).and_then(|rest| rest.find('!')) {
        let end = mark + found;
        let rest = &line[end + 1..];
        let lines = rest.strip_prefix("lines=").and_then(|rest| {
            let n_lines = rest.find(|ch: char| !matches!(ch, '0'..='9' | ' ' | '-')).unwrap_or(rest.len());
            (n_lines > 0 && rest[n_lines..].starts_with('}')).then_some(end + 7..end + 7 + n_lines)
        });
        if let Some(lines) = lines {
            return Some(Statement { whole: start..lines.end + 1, path: start + 2..end, lines: Some(lines) });
        }
        if rest.starts_with('}') {
            return Some(Statement { whole: start..end + 2, path: start + 2..end, lines: None });
        }
        mark = end + 1;
    }
    None
}

/// The lines that `1-3 5` asks for, from 0; what lies beyond the file is its last line.
fn pick(text: &str, n_rows: usize) -> Vec<usize> {
    let mut rows = Vec::new();
    let number = |word: &str| word.parse::<usize>().ok();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let (first, last) = match word.split_once('-') {
            Some((first, last)) => (number(first), number(last)),
            None => (number(word), number(word)),
        };
        let (Some(first), Some(last)) = (first, last) else { continue };
        let last = last.min(n_rows);
        let first = first.min(last).max(1);
        rows.extend(first - 1..last.max(first - 1));
    }
    rows
}
