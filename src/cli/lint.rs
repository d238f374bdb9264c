//! `opsbook lint`: runbooks judged by their policies.

use super::Status;
use super::check;
use super::named;
use super::project::{self, Opened, ProjectArgs};
use super::report::{self, Format};
use crate::build::{self, Project, Strict};
use crate::diag::Diagnostics;
use crate::plan::lint::{self, Context};
use crate::plan::{self, Binding, Facts};
use crate::shell::{self, Kind, Terminal};
use crate::text::{Digest, SitePath, World as _, counted};
use std::path::{Path, PathBuf};

/// Judge runbooks by their policies
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook lint
      Every runbook of this project
  opsbook lint docs/release.md
      One page
  opsbook lint --fix
      Correct what has one safe correction
  opsbook lint --journals runs
      The journals of runs, too; of a page's runs where one is named
  opsbook lint --shellcheck
      What ShellCheck finds in the scripts, too
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
    /// Judge the runs in this folder, too: journals, reviews that are due, runs that failed
    #[arg(long, value_name = "DIR")]
    journals: Option<PathBuf>,
    /// Show scripts to `shellcheck`, which has to be installed
    #[arg(long)]
    shellcheck: bool,
}

pub(super) fn run(typed: &Typed, terminal: Terminal) -> Status {
    if let Some(runs) = &typed.journals
        && !matches!(shell::kind_of(&shell::absolute(runs)), shell::Kind::Folder)
    {
        let help = "name the folder that runs are kept in, one folder a run";
        return super::could_not(terminal, &format!("there is no folder `{}`", runs.display()), Some(help));
    }
    let files = if typed.files.is_empty() {
        // Without a project there is nothing to judge, and nobody named anything else.
        if let Err(status) = ProjectArgs::default().open(terminal) {
            return status;
        }
        vec![PathBuf::from(".")]
    } else {
        typed.files.clone()
    };
    let mut worst = Status::Fine;
    for file in &files {
        let kind = match named::pages(terminal, file) {
            Ok(kind) => kind,
            Err(status) => return status,
        };
        let mut opened = match project::open_page(terminal, file) {
            Ok(opened) => opened,
            Err(status) => return status,
        };
        let (mut diagnostics, mut n_runbooks) = match look(&opened, typed, terminal) {
            Ok(found) => found,
            Err(why) => return super::could_not(terminal, &why, None),
        };
        if typed.fix {
            let mut n_fixed = 0;
            for (path, edits) in check::edits(&diagnostics) {
                let Ok(source) = opened.disk.source(path) else { continue };
                let (text, n_applied) = check::apply(source.text(), &edits);
                if let Err(error) = shell::replace_file(&opened.disk, path, &text) {
                    return super::could_not(terminal, &error.message, error.help.as_deref());
                }
                n_fixed += n_applied;
            }
            if n_fixed > 0 {
                terminal.say(&format!("Corrected {}", counted(n_fixed, "place")));
                opened.disk = opened.disk.afresh();
                (diagnostics, n_runbooks) = match look(&opened, typed, terminal) {
                    Ok(found) => found,
                    Err(why) => return super::could_not(terminal, &why, None),
                };
            }
        }
        if kind == Kind::Folder && !has_page(&opened) {
            return named::no_page_in(terminal, file);
        }
        let levels = opened.project.as_ref().map(Project::levels).unwrap_or_default();
        let strict = if typed.strict { Strict::Full } else { Strict::No };
        let diagnostics = report::weigh(diagnostics, &levels, strict);
        worst = worst.max(report::print(terminal, typed.format, &diagnostics, &opened.disk));
        let (runbooks, findings) = (counted(n_runbooks, "runbook"), counted(diagnostics.len(), "finding"));
        terminal.say(&if n_runbooks == 0 && kind == Kind::File && diagnostics.is_empty() {
            format!("`{}` has no runbook to judge", file.display())
        } else {
            format!("Judged {runbooks}: {findings}")
        });
    }
    worst
}

/// Tells whether there is a page at all where a folder was named.
fn has_page(opened: &Opened) -> bool {
    let is_page = |path: &SitePath| named::is_page(Path::new(path.as_str()));
    opened.disk.list(opened.entry).iter().any(is_page)
}

/// Judges the pages at and below the place that was named; pages elsewhere count as uses.
///
/// # Errors
/// When ShellCheck is wanted and cannot be asked.
fn look(opened: &Opened, typed: &Typed, terminal: Terminal) -> Result<(Diagnostics, usize), String> {
    let Opened { disk, entry, project, docs } = opened;
    let is_page = entry.extension() == "md" || entry.extension() == "markdown";
    // The whole of the project's pages, where the named place is among them: a block is an orphan only
    // when no other page uses it.
    let place = if is_page { entry.parent() } else { *entry };
    let related = |docs: &SitePath| *docs == place || place.below(*docs).is_some() || docs.below(place).is_some();
    let folder = docs.filter(related).unwrap_or(place);
    let (mut library, mut found) = build::collect_pages(project.as_ref(), disk, folder);
    if is_page && library.page(*entry).is_none() {
        let (own, more) = build::collect_library(project.as_ref(), disk, *entry);
        for (path, page) in own.pages() {
            library.insert(path, page.clone());
        }
        found.append(more);
    }
    // The project's folder stands for its pages.
    let all = !is_page && (folder == *entry || folder.below(*entry).is_some());
    let wanted = |path: SitePath| all || path == *entry || !is_page && path.below(*entry).is_some();
    let mut diagnostics: Diagnostics =
        found.into_iter().filter(|diagnostic| diagnostic.span.is_none_or(|span| wanted(span.file))).collect();
    let mut context = Context::of(disk, Some(shell::build_time() / 86_400), true);
    context.policy = project.as_ref().map(Project::lint_policy).unwrap_or_default();
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
        if typed.shellcheck {
            diagnostics.append(lint::lint_with_shellcheck(path, &library, context.today, &mut shell::shellcheck)?);
        }
    }
    if plan::uses_release_please(&library) {
        diagnostics.append(lint::lint_release_please(disk, shell::git_tags(disk.root()).as_ref()));
    }
    let mut emitted = vec![if is_page { place } else { folder }];
    emitted.extend(all.then(|| SitePath::new(".github/workflows")));
    diagnostics.append(lint::lint_emitted(disk, &emitted));
    if let Some(runs) = typed.journals.as_deref().and_then(|runs| disk.name(&shell::absolute(runs))) {
        let branch = shell::git_default_branch(disk.root());
        // Runs of the pages that were named; with the whole project, of pages that are gone, too.
        let settings = library.pages().filter(|(path, _)| wanted(*path)).filter_map(|(_, page)| page.runbook.as_ref());
        let ids = settings.filter_map(|runbook| Some(runbook.settings.as_ref()?.id.value.clone())).collect();
        let of = (!all).then_some(&ids);
        let config = project::CONFIG_NAMES.iter().find(|name| disk.source(SitePath::new(name)).is_ok());
        let trust = shell::Trust::find(disk.root(), config.copied())?;
        let folders: Vec<PathBuf> = disk.root().ancestors().map(PathBuf::from).collect();
        let differences = |plan: &plan::Plan| {
            let again = shell::compile_again(plan, trust.repository.as_ref(), &folders);
            if let shell::Again::Unknown(_) = again {
                terminal.say(&format!("Plan {}: {again}", plan.short_hash()));
            }
            matches!(again, shell::Again::Other { .. }).then(|| again.to_string())
        };
        let digest = |path: SitePath| {
            let bytes = shell::read_bytes(&disk.root().join(path.as_str())).ok()?;
            Some(Digest::of(&bytes).hex())
        };
        let rules = |listed: &_| trust.rules_of(listed);
        let inquiry = lint::Inquiry { rules: &rules, differences: &differences, digest: &digest };
        let now = shell::build_time();
        diagnostics.append(lint::lint_journals(runs, disk, &library, of, branch.as_ref(), &inquiry, now));
    }
    diagnostics.sort();
    Ok((diagnostics, n_runbooks))
}
