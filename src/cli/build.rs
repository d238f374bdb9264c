//! `opsbook build`: a project becomes a site in a folder.

use super::project::{Place, ProjectArgs};
use super::report::{self, Format};
use super::{Status, could_not};
use crate::build::{self, Cache, Overrides, Purpose};
use crate::diag::Severity;
use crate::shell::{self, Stopwatch, Terminal};
use crate::text::{SitePath, World as _, counted};
use std::path::PathBuf;
use std::time::Duration;

/// Build the site into a folder
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook build
      Build this project into its `site/`
  opsbook build -f docs/mkdocs.yml -d public
      Build another project into another folder
  opsbook build --strict -q
      For continuous integration: silent, and a warning fails
  opsbook build --format sarif > report.sarif
      Diagnostics for a code-scanning service

Files that did not change are left alone, files of an earlier build that are no longer part of the site are \
removed, and files that opsbook did not write stay. When the content is at fault, or the build is stopped, the \
output folder stays as it is.")]
pub(super) struct Typed {
    #[command(flatten)]
    site: SiteArgs,
    /// How diagnostics are shown
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// Which site is built, and where to.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct SiteArgs {
    #[command(flatten)]
    pub(super) project: ProjectArgs,
    /// Folder to write to [default: `site_dir` or `build-dir` of the configuration, else `site`]
    #[arg(short = 'd', long = "site-dir", value_name = "SITE")]
    site_dir: Option<PathBuf>,
    #[command(flatten)]
    strictness: Strictness,
    /// Remove everything else from the output folder too, except what begins with a dot
    #[arg(short, long, overrides_with = "dirty")]
    clean: bool,
    #[command(flatten)]
    dirty: Dirty,
    #[command(flatten)]
    look: Look,
}

/// MkDocs' `--dirty`, whose promise is kept anyway.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Dirty {
    /// Accepted for MkDocs' sake, without effect: a file that did not change is never written again
    #[arg(long, alias = "dirtyreload")]
    dirty: bool,
}

impl Dirty {
    /// Says why it does nothing, where it was asked for.
    pub(super) fn explain(self, terminal: Terminal) {
        if self.dirty {
            terminal.say(
                "note: `--dirty` does nothing here: a file that did not change is never written again, and the site \
                 is always that of a whole build",
            );
        }
    }
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

/// What the site looks like, in place of what the configuration says.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Look {
    /// The theme [default: as the configuration says]
    #[arg(short, long, value_name = "THEME")]
    theme: Option<String>,
    /// Make `a.md` the address `a/` [default: as the configuration says]
    #[arg(long, overrides_with = "no_directory_urls")]
    use_directory_urls: bool,
    /// Make `a.md` the address `a.html`
    #[arg(long)]
    no_directory_urls: bool,
}

impl Look {
    /// What was said about it.
    pub(super) fn overrides(&self, strictness: &Strictness) -> Overrides {
        let urls = if self.use_directory_urls { Some(true) } else { self.no_directory_urls.then_some(false) };
        Overrides {
            strict: strictness.meaning(),
            use_directory_urls: urls,
            theme: self.theme.clone(),
            ..Overrides::default()
        }
    }
}

pub(super) fn run(typed: &Typed, terminal: Terminal) -> Status {
    let place = typed.site.project.open(terminal);
    let written = place.and_then(|place| write_site(&typed.site, place, typed.format, terminal));
    written.map_or_else(|status| status, |_| Status::Fine)
}

/// Builds and writes a site; returns its folder, and the names of its files.
///
/// # Errors
/// With the status of the command, once what is wrong has been said.
pub(super) fn write_site(
    typed: &SiteArgs,
    place: Place,
    format: Format,
    terminal: Terminal,
) -> Result<(PathBuf, Vec<String>), Status> {
    let clock = Stopwatch::start();
    let Place { mut disk, config } = place;
    typed.dirty.explain(terminal);
    let overrides = typed.look.overrides(&typed.strictness);
    let purpose = Purpose { preview: false, address: None, time: shell::build_time() };
    let (project, diagnostics) = build::load(&disk, config, &shell::variables(), &overrides, purpose);
    let Some(mut project) = project else {
        return Err(report::print(terminal, format, &diagnostics, &disk).max(Status::ContentAtFault));
    };
    // A folder named on the command line is meant from here, one in the configuration from there.
    let folder = typed.site_dir.as_ref().map_or_else(|| disk.locate(project.site_dir), |path| shell::absolute(path));
    let shown = typed.site_dir.clone().unwrap_or_else(|| folder.clone());
    if let Err(error) = shell::check_output(&disk, project.docs_dir, project.may_nest(), &folder) {
        return Err(could_not(terminal, &error.message, error.help.as_deref()));
    }
    super::project::prepare(&mut project, &mut disk, terminal);
    let found = without_output(disk.list(project.docs_dir), project.docs_dir, disk.name(&folder));
    let loaded = clock.elapsed();

    let progress = |n_done: usize, n_pages: usize| {
        if n_done.is_multiple_of(64) && clock.elapsed() > Duration::from_millis(500) {
            terminal.progress(&format!("{n_done} of {}", counted(n_pages, "page")));
        }
    };
    let built = build::build(&project, &disk, &found, &Cache::default(), &progress);
    terminal.progress("");
    let worked = clock.elapsed();

    let mut diagnostics = built.diagnostics;
    diagnostics.extend(build::problems_of_files(&disk.problems()));
    diagnostics.sort();
    let diagnostics = report::weigh(diagnostics, &project.levels(), project.strict);
    let diagnostics = report::with_places(diagnostics, config, format);
    let status = report::print(terminal, format, &diagnostics, &disk);
    if diagnostics.has_errors() {
        terminal.say(&format!("Nothing was written: {}", counted(diagnostics.count(Severity::Error), "error")));
    }
    if status != Status::Fine {
        return Err(status);
    }

    let waits = || terminal.say(&format!("Waiting for another build that writes to {}", shown.display()));
    let written = match shell::write_outputs(&disk, &built.outputs, &folder, typed.clean, &waits) {
        Ok(written) => written,
        Err(error) => return Err(could_not(terminal, &error.message, error.help.as_deref())),
    };
    if let Some(error) = &written.forgotten {
        terminal.say(&format!("note: {error}"));
    }
    let millis = |from: Duration, to: Duration| (to - from).as_millis();
    let files = |n| counted(n, "file");
    let pages = counted(built.n_pages, "page");
    terminal.detail(&format!("Read the configuration and found {} in {} ms", files(found.len()), loaded.as_millis()));
    terminal.detail(&format!("Parsed, linked and rendered {pages} in {} ms", millis(loaded, worked)));
    terminal.detail(&format!(
        "Wrote {}, left {} alone, removed {} in {} ms",
        files(written.changed.len()),
        written.n_same,
        written.removed.len(),
        millis(worked, clock.elapsed())
    ));
    let (changed, seconds) = (files(written.changed.len()), clock.elapsed().as_secs_f64());
    terminal.say(&format!("Built {pages} in {seconds:.2} s, {changed} changed, in {}", shown.display()));
    Ok((folder, built.outputs.files.keys().map(|path| path.as_str().to_owned()).collect()))
}

/// Files of an earlier site are no pages of the next one, wherever the output folder lies.
pub(super) fn without_output(found: Vec<SitePath>, docs: SitePath, folder: Option<SitePath>) -> Vec<SitePath> {
    let Some(folder) = folder.filter(|folder| folder.below(docs).is_some()) else { return found };
    found.into_iter().filter(|path| path.below(folder).is_none()).collect()
}
