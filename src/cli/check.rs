//! `opsbook check`: everything that a build finds, and nothing written.

use super::Status;
use super::build::Strictness;
use super::project::{Place, ProjectArgs};
use super::report::{self, Format};
use crate::build::{self, Cache, Overrides, Purpose};
use crate::diag::{Code, Diagnostic, Diagnostics, Edit, Severity, nearest};
use crate::shell::{self, Disk, Terminal};
use crate::text::{SitePath, Span, World as _, counted};
use std::collections::{BTreeMap, BTreeSet};

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
  opsbook check --only OB3 --since origin/main
      Links and navigation in the files that a branch changed
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
    /// Show only findings of this code, or of codes that begin so (can be repeated)
    #[arg(long, value_name = "CODE")]
    only: Vec<String>,
    /// Show only findings in files that differ from a commit, a branch or a tag of Git, new ones included
    #[arg(long, value_name = "REF")]
    since: Option<String>,
    /// How diagnostics are shown
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

pub(super) fn run(typed: &Typed, terminal: Terminal) -> Status {
    let Place { mut disk, config } = match typed.project.open(terminal) {
        Ok(place) => place,
        Err(status) => return status,
    };
    if let Some(code) =
        typed.only.iter().find(|code| !Code::ALL.iter().any(|known| known.id().starts_with(code.as_str())))
    {
        let message = format!("there is no code `{code}`");
        let help = match nearest(code, Code::ALL.iter().map(|code| code.id())) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "name one such as `OB301`, or the beginning of several, such as `OB3`".to_owned(),
        };
        return super::could_not(terminal, &message, Some(&help));
    }
    let since = match typed.since.as_deref().map(|reference| shell::git_changed_since(disk.root(), reference)) {
        None => None,
        Some(Ok(changed)) => Some(changed.iter().filter_map(|place| disk.name(place)).collect::<BTreeSet<SitePath>>()),
        Some(Err(why)) => {
            return super::could_not(
                terminal,
                &format!("cannot tell what changed: {why}"),
                Some("name a commit, a branch or a tag with `--since`"),
            );
        }
    };
    let is_asked_for = |diagnostic: &Diagnostic| {
        let only =
            typed.only.is_empty() || typed.only.iter().any(|code| diagnostic.code.id().starts_with(code.as_str()));
        let is_changed = |span: Span| since.as_ref().is_none_or(|changed| changed.contains(&span.file));
        // What no file is to blame for may be of any change.
        only && diagnostic.span.is_none_or(is_changed)
    };
    let overrides = Overrides { strict: typed.strictness.meaning(), ..Overrides::default() };
    let mut n_fixed = 0;
    let (diagnostics, n_pages) = loop {
        let (diagnostics, n_pages) = look(&mut disk, config, &overrides, terminal);
        let diagnostics: Diagnostics = diagnostics.into_iter().filter(|found| is_asked_for(found)).collect();
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
    let diagnostics = report::with_places(diagnostics, config, typed.format);
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
