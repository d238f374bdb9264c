//! `opsbook check`: everything that a build finds, and nothing written.

use super::Status;
use super::build::Strictness;
use super::project::{Place, ProjectArgs};
use super::report::{self, Format};
use crate::build::{self, Cache, Overrides, Purpose};
use crate::diag::{Diagnostic, Diagnostics, Edit, Severity};
use crate::shell::{self, Disk, Terminal};
use crate::text::{SitePath, World as _, counted};
use std::collections::BTreeMap;

/// Look for mistakes without writing anything
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook check
      Everything that a build would find
  opsbook check --strict
      Warnings fail
  opsbook check --fix
      Correct what has one safe correction
  opsbook check --format github
      Annotations for a GitHub workflow")]
pub(super) struct Typed {
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    strictness: Strictness,
    /// Correct what has one safe correction, then look again
    #[arg(long)]
    fix: bool,
    /// How diagnostics are shown
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

pub(super) fn run(typed: &Typed, terminal: Terminal) -> Status {
    let Place { mut disk, config } = match typed.project.open(terminal) {
        Ok(place) => place,
        Err(status) => return status,
    };
    let overrides = Overrides { strict: typed.strictness.meaning(), ..Overrides::default() };
    let mut n_fixed = 0;
    let (diagnostics, n_pages) = loop {
        let (diagnostics, n_pages) = look(&mut disk, config, &overrides, terminal);
        let edits = if typed.fix && n_fixed == 0 { edits(&diagnostics) } else { BTreeMap::new() };
        if edits.is_empty() {
            break (diagnostics, n_pages);
        }
        for (path, edits) in edits {
            let Ok(source) = disk.source(path) else { continue };
            let (text, n_applied) = apply(source.text(), &edits);
            if let Err(error) = shell::replace_file(&disk, path, &text) {
                return super::could_not(terminal, &error.message, error.help.as_deref());
            }
            n_fixed += n_applied;
        }
        disk = disk.afresh();
    };
    let status = report::print(terminal, typed.format, &diagnostics, &disk);
    if n_fixed > 0 {
        terminal.say(&format!("Corrected {}", counted(n_fixed, "place")));
    }
    let count = |severity, noun| counted(diagnostics.count(severity), noun);
    terminal.say(&format!(
        "Checked {}: {}, {}, {}",
        counted(n_pages, "page"),
        count(Severity::Error, "error"),
        count(Severity::Warning, "warning"),
        count(Severity::Info, "note")
    ));
    status
}

fn look(disk: &mut Disk, config: SitePath, overrides: &Overrides, terminal: Terminal) -> (Diagnostics, usize) {
    let purpose = Purpose { preview: false, address: None, time: shell::build_time() };
    let (project, diagnostics) = build::load(disk, config, &shell::variables(), overrides, purpose);
    let Some(mut project) = project else { return (diagnostics, 0) };
    super::project::prepare(&mut project, disk, terminal);
    let output = disk.name(&disk.locate(project.site_dir));
    let found = super::build::without_output(disk.list(project.docs_dir), project.docs_dir, output);
    let built = build::build(&project, disk, &found, &Cache::default(), &|_, _| {});
    let mut diagnostics = built.diagnostics;
    diagnostics.append(build::judge_runbooks(&project, &built.cache, disk, shell::build_time()));
    diagnostics.extend(build::problems_of_files(&disk.problems()));
    diagnostics.sort();
    (report::weigh(diagnostics, &project.levels(), project.strict), built.n_pages)
}

/// All edits by file. Of two fixes that touch each other, the first counts; the other diagnostic is
/// found again afterwards.
pub(super) fn edits(diagnostics: &Diagnostics) -> BTreeMap<SitePath, Vec<Edit>> {
    let mut by_file: BTreeMap<SitePath, Vec<Edit>> = BTreeMap::new();
    for diagnostic in diagnostics {
        if diagnostic.fix.iter().all(|edit| !touches_any(edit, by_file.get(&edit.span.file))) {
            take(diagnostic, &mut by_file);
        }
    }
    by_file
}

fn touches_any(edit: &Edit, others: Option<&Vec<Edit>>) -> bool {
    let touches = |other: &Edit| edit.span.start <= other.span.end && other.span.start <= edit.span.end;
    others.into_iter().flatten().any(touches)
}

fn take(diagnostic: &Diagnostic, by_file: &mut BTreeMap<SitePath, Vec<Edit>>) {
    for edit in &diagnostic.fix {
        by_file.entry(edit.span.file).or_default().push(edit.clone());
    }
}

/// Applies edits that do not touch each other; returns how many.
pub(super) fn apply(text: &str, edits: &[Edit]) -> (String, usize) {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort();
    let (mut out, mut at, mut n_applied) = (String::with_capacity(text.len()), 0, 0);
    for edit in edits {
        let range = edit.span.range();
        let Some(between) = text.get(at..range.start).filter(|_| text.get(range.clone()).is_some()) else { continue };
        out.push_str(between);
        out.push_str(&edit.text);
        at = range.end;
        n_applied += 1;
    }
    out.push_str(&text[at..]);
    (out, n_applied)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Code;
    use crate::text::Span;

    #[test]
    fn fixes_that_touch_each_other_wait_for_the_next_round() {
        let path = SitePath::new("a.md");
        let fix = |range, text: &str| {
            Diagnostic::new(Code::PageNotUtf8, Span::new(path, range), "m")
                .fix(Span::new(path, 0..0), "")
                .fix(Span::new(path, 0..0), text)
        };
        let one = |range: std::ops::Range<usize>, text: &str| {
            let mut diagnostic = fix(range.clone(), text);
            diagnostic.fix = vec![Edit { span: Span::new(path, range), text: text.to_owned() }];
            diagnostic
        };
        let diagnostics: Diagnostics = [one(4..7, "2"), one(0..3, "1"), one(6..9, "x")].into_iter().collect();
        let edits = edits(&diagnostics);
        assert_eq!(apply("one two three", &edits[&path]), ("1 2 three".to_owned(), 2));
    }
}
