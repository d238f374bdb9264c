//! `opsbook build`: a project becomes a site in a folder.

use super::project::{Place, ProjectArgs};
use super::report::{self, Format};
use super::{Status, could_not};
use crate::build::{self, Cache, Overrides, Purpose};
use crate::diag::Severity;
use crate::shell::{self, Stopwatch, Terminal};
use crate::text::{SitePath, World as _};
use std::path::PathBuf;
use std::time::Duration;

/// Build the site into a folder
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook build                         Build this project into its `site/`
  opsbook build -f docs/mkdocs.yml -d public
                                        Build another project into another folder
  opsbook build --strict -q             For continuous integration: silent, and a warning fails
  opsbook build --format sarif > report.sarif
                                        Diagnostics for a code-scanning service

Files that did not change are left alone, files of an earlier build that are no longer part of the site
are removed, and files that opsbook did not write stay. When the content is at fault, the output folder
stays as it is.")]
pub(super) struct Typed {
    #[command(flatten)]
    project: ProjectArgs,
    /// Folder to write to [default: `site_dir` or `build-dir` of the configuration, else `site`]
    #[arg(short = 'd', long = "site-dir", value_name = "SITE")]
    site_dir: Option<PathBuf>,
    #[command(flatten)]
    strictness: Strictness,
    /// Remove everything else from the output folder too, except what begins with a dot
    #[arg(short, long)]
    clean: bool,
    #[command(flatten)]
    urls: Urls,
    /// How diagnostics are shown
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Say nothing but errors
    #[arg(short, long)]
    quiet: bool,
    /// Say how long each part took
    #[arg(short, long, conflicts_with = "quiet")]
    verbose: bool,
}

/// What makes a build fail.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Strictness {
    /// Let warnings fail
    #[arg(short, long, overrides_with = "no_strict")]
    strict: bool,
    /// Let warnings pass, whatever the configuration says
    #[arg(long)]
    no_strict: bool,
}

impl Strictness {
    /// What was said about it, if anything.
    pub(super) fn meaning(&self) -> Option<bool> {
        if self.strict { Some(true) } else { self.no_strict.then_some(false) }
    }
}

/// What addresses of pages look like.
#[derive(Clone, Debug, clap::Args)]
struct Urls {
    /// Make `a.md` the address `a/` [default: as the configuration says]
    #[arg(long, overrides_with = "no_directory_urls")]
    use_directory_urls: bool,
    /// Make `a.md` the address `a.html`
    #[arg(long)]
    no_directory_urls: bool,
}

pub(super) fn run(typed: Typed) -> Status {
    let terminal = Terminal::new(typed.quiet);
    let clock = Stopwatch::start();
    let Place { mut disk, config } = match typed.project.open(terminal) {
        Ok(place) => place,
        Err(status) => return status,
    };
    let urls = if typed.urls.use_directory_urls { Some(true) } else { typed.urls.no_directory_urls.then_some(false) };
    let overrides = Overrides { strict: typed.strictness.meaning(), use_directory_urls: urls, ..Overrides::default() };
    let purpose = Purpose { preview: false, address: None, time: shell::build_time() };
    let (project, diagnostics) = build::load(&disk, config, &shell::variables(), &overrides, purpose);
    let Some(mut project) = project else {
        return report::print(terminal, typed.format, typed.quiet, &diagnostics, &disk).max(Status::ContentAtFault);
    };
    // A folder named on the command line is meant from here, one in the configuration from there.
    let folder = typed.site_dir.as_ref().map_or_else(|| disk.locate(project.site_dir), |path| shell::absolute(path));
    let shown = typed.site_dir.clone().unwrap_or_else(|| folder.clone());
    if let Err(error) = shell::check_output(&disk, project.docs_dir, project.may_nest(), &folder) {
        return could_not(terminal, &error.message, error.help.as_deref());
    }
    super::project::ask_history(&mut project, &disk, terminal);
    disk.fence(project.docs_dir);
    let found = without_output(disk.list(project.docs_dir), project.docs_dir, disk.name(&folder));
    let loaded = clock.elapsed();

    let progress = |n_done: usize, n_pages: usize| {
        if n_done.is_multiple_of(64) && clock.elapsed() > Duration::from_millis(500) {
            terminal.progress(&format!("{n_done} of {n_pages} pages"));
        }
    };
    let built = build::build(&project, &disk, &found, &Cache::default(), &progress);
    terminal.progress("");
    let worked = clock.elapsed();

    let mut diagnostics = built.diagnostics;
    diagnostics.extend(build::problems_of_files(&disk.problems()));
    diagnostics.sort();
    let diagnostics = report::weigh(diagnostics, &project.levels(), project.strict);
    let status = report::print(terminal, typed.format, typed.quiet, &diagnostics, &disk);
    if diagnostics.has_errors() {
        let n_errors = diagnostics.count(Severity::Error);
        let s = if n_errors == 1 { "" } else { "s" };
        terminal.say(&format!("Nothing was written: {n_errors} error{s}"));
        return status;
    }

    let written = match shell::write_outputs(&disk, &built.outputs, &folder, typed.clean) {
        Ok(written) => written,
        Err(error) => return could_not(terminal, &error.message, error.help.as_deref()),
    };
    if let Some(error) = &written.forgotten {
        terminal.say(&format!("note: {error}"));
    }
    if typed.verbose {
        let millis = |from: Duration, to: Duration| (to - from).as_millis();
        terminal.say(&format!("Read the configuration and found {} files in {} ms", found.len(), loaded.as_millis()));
        terminal.say(&format!("Parsed, linked and rendered {} pages in {} ms", built.n_pages, millis(loaded, worked)));
        terminal.say(&format!(
            "Wrote {} files, left {} as they were, removed {} in {} ms",
            written.changed.len(),
            written.n_same,
            written.removed.len(),
            millis(worked, clock.elapsed())
        ));
    }
    let (n_pages, n_changed, seconds) = (built.n_pages, written.changed.len(), clock.elapsed().as_secs_f64());
    terminal
        .say(&format!("Built {n_pages} pages in {seconds:.2} s, {n_changed} files changed, in {}", shown.display()));
    status
}

/// Files of an earlier site are no pages of the next one, wherever the output folder lies.
pub(super) fn without_output(found: Vec<SitePath>, docs: SitePath, folder: Option<SitePath>) -> Vec<SitePath> {
    let Some(folder) = folder.filter(|folder| folder.below(docs).is_some()) else { return found };
    found.into_iter().filter(|path| path.below(folder).is_none()).collect()
}
