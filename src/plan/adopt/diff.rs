//! Changes of a text as a unified diff that `patch -p1` and `git apply` take.

use super::Change;
use std::fmt::Write as _;

/// How many lines stand around a change.
const CONTEXT: usize = 3;

/// One line of the old text with what becomes of it.
struct Line<'t> {
    old: &'t str,
    /// Lines that come before it.
    inserted: Vec<String>,
    /// What it becomes, where it changes.
    new: Option<String>,
}

impl Line<'_> {
    fn changes(&self) -> bool {
        !self.inserted.is_empty() || self.new.is_some()
    }
}

/// Writes the changes of a file. They are sorted and apart; one that takes nothing away inserts whole
/// lines where a line begins (after a byte order mark too), any other stays inside its line.
pub fn unified_diff(path: &str, text: &str, changes: &[Change]) -> String {
    let lines = lines(text, changes);
    // A name with a blank in it is ended by a tab.
    let end = if path.contains(' ') { "\t" } else { "" };
    let mut out = format!("--- a/{path}{end}\n+++ b/{path}{end}\n");
    let (mut at, mut shift) = (0, 0_usize);
    while let Some(first) = (at..lines.len()).find(|index| lines[*index].changes()) {
        let start = first.saturating_sub(CONTEXT).max(at);
        let mut last = first;
        let mut index = first;
        while index < lines.len() && index <= last + 2 * CONTEXT {
            if lines[index].changes() {
                last = index;
            }
            index += 1;
        }
        let end = (last + 1 + CONTEXT).min(lines.len());
        let n_inserted: usize = lines[start..end].iter().map(|line| line.inserted.len()).sum();
        let n_old = end - start;
        let _ = writeln!(out, "@@ -{},{n_old} +{},{} @@", start + 1, start + 1 + shift, n_old + n_inserted);
        for line in &lines[start..end] {
            line.inserted.iter().for_each(|inserted| push(&mut out, '+', inserted));
            match &line.new {
                Some(new) => {
                    push(&mut out, '-', line.old);
                    push(&mut out, '+', new);
                }
                None => push(&mut out, ' ', line.old),
            }
        }
        shift += n_inserted;
        at = end;
    }
    out
}

fn push(out: &mut String, mark: char, line: &str) {
    out.push(mark);
    out.push_str(line);
    if !line.ends_with('\n') {
        out.push_str("\n\\ No newline at end of file\n");
    }
}

fn lines<'t>(text: &'t str, changes: &[Change]) -> Vec<Line<'t>> {
    let mut out = Vec::new();
    let (mut start, mut next) = (0, 0);
    for old in text.split_inclusive('\n') {
        let end = start + old.len();
        let mut line = Line { old, inserted: Vec::new(), new: None };
        let mut copied = start;
        while let Some(change) = changes.get(next).filter(|change| change.start < end) {
            if change.start == change.end && change.start == start {
                line.inserted.extend(change.text.split_inclusive('\n').map(str::to_owned));
            } else {
                let new = line.new.get_or_insert_default();
                new.push_str(&text[copied..change.start]);
                new.push_str(&change.text);
                copied = change.end;
            }
            next += 1;
        }
        if let Some(new) = &mut line.new {
            new.push_str(&text[copied..end]);
            // Lines that were inserted inside of this one, behind a byte order mark.
            let parts: Vec<String> = new.split_inclusive('\n').map(str::to_owned).collect();
            if let [before @ .., last] = parts.as_slice() {
                line.inserted.extend_from_slice(before);
                line.new = Some(last.clone());
            }
        }
        out.push(line);
        start = end;
    }
    out
}
