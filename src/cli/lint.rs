//! `opsbook lint`: runbooks judged by their policies.

use super::fix;
use super::project::{self, Opened};
use super::report::{self, Format};
use super::Status;
use crate::build;
use crate::diag::Diagnostics;
use crate::plan::lint::{self, Context};
use crate::plan::{self, Binding, Facts};
use crate::shell::{self, Terminal};
use crate::text::SitePath;
use std::path::PathBuf;

/// Judge runbooks by their policies
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook lint                          Every runbook of this project
  opsbook lint docs/release.md          One page
  opsbook lint --fix                    Correct what has one safe correction
  opsbook lint --format sarif > report.sarif
                                        For a code-scanning service

A page accepts a finding with a reason: `runbook: allow: [\"RB104 the cache rebuilds itself\"]`.

Exit status: 0 fine, 1 a rule is broken, 2 could not do it.")]
pub(super) struct Typed {
    /// Pages or folders [default: the project's pages]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Let warnings fail
    #[arg(short, long)]
    strict: bool,
    /// Correct what has one safe correction, then look again
    #[arg(long)]
    fix: bool,
    /// How findings are shown
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Say nothing but errors
    #[arg(short, long)]
    quiet: bool,
}

pub(super) fn run(typed: &Typed) -> Status {
    let terminal = Terminal::new(typed.quiet);
    let files = if typed.files.is_empty() { vec![PathBuf::from(".")] } else { typed.files.clone() };
    let mut worst = Status::Fine;
    for file in &files {
        let mut opened = match project::open_page(terminal, file) {
            Ok(opened) => opened,
            Err(status) => return status,
        };
        let (mut diagnostics, mut n_runbooks) = look(&opened);
        if typed.fix {
            match fix::apply_all(&diagnostics, &opened.disk) {
                Ok(0) => {}
                Ok(n_fixed) => {
                    terminal.say(&format!("Corrected {n_fixed} places"));
                    opened.disk = opened.disk.afresh();
                    (diagnostics, n_runbooks) = look(&opened);
                }
                Err(error) => return super::could_not(terminal, &error.message, error.help.as_deref()),
            }
        }
        let diagnostics = report::weigh(diagnostics, typed.strict);
        worst = worst.max(report::print(terminal, typed.format, typed.quiet, &diagnostics, &opened.disk));
        terminal.say(&format!("Judged {n_runbooks} runbooks: {} findings", diagnostics.len()));
    }
    worst
}

/// Judges the pages at and below the place that was named; pages elsewhere count as uses.
fn look(opened: &Opened) -> (Diagnostics, usize) {
    let Opened { disk, entry, project, docs } = opened;
    let is_page = entry.extension() == "md" || entry.extension() == "markdown";
    let folder = match docs {
        Some(docs) => *docs,
        None if is_page => entry.parent(),
        None => *entry,
    };
    let (mut library, mut found) = build::collect_pages(project.as_ref(), disk, folder);
    if is_page && library.page(*entry).is_none() {
        let (own, more) = build::collect_library(project.as_ref(), disk, *entry);
        for (path, page) in own.pages() {
            library.insert(path, page.clone());
        }
        found.append(more);
    }
    let wanted = |path: SitePath| path == *entry || !is_page && path.below(*entry).is_some() || !is_page && docs.is_some_and(|docs| docs.below(*entry).is_some() && path.below(docs).is_some());
    let mut diagnostics: Diagnostics =
        found.into_iter().filter(|diagnostic| diagnostic.span.is_none_or(|span| wanted(span.file))).collect();
    let context = Context::of(disk, Some(shell::today()), true);
    let mut n_runbooks = 0;
    for (path, page) in library.pages().filter(|(path, _)| wanted(*path)) {
        let Some(runbook) = &page.runbook else { continue };
        let lowered = if runbook.settings.is_some() {
            n_runbooks += 1;
            let (lowered, found) = plan::lower(path, &library, Binding::Template, &Facts::default(), disk);
            diagnostics.append(found);
            lowered
        } else {
            None
        };
        diagnostics.append(lint::lint(path, &library, lowered.as_ref(), &context));
    }
    if plan::uses_release_please(&library) {
        diagnostics.append(lint::lint_release_please(disk, shell::git_tags(disk.root()).as_ref()));
    }
    diagnostics.sort();
    (diagnostics, n_runbooks)
}
