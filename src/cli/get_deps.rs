//! `opsbook get-deps`: what else has to be installed for a project, which is nothing.

use super::Status;
use super::project::{Place, ProjectArgs};
use super::report::{self, Format};
use crate::build::{self, Overrides, Purpose};
use crate::shell::{self, Terminal};

/// Tell what has to be installed to build this project: nothing
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook get-deps
      Say so on standard error, and print nothing

`mkdocs get-deps` prints the Python packages that a project needs. opsbook needs none, so scripts that \
install what it prints install nothing.")]
pub(super) struct Typed {
    #[command(flatten)]
    project: ProjectArgs,
    /// Accepted for MkDocs' sake, without effect: there is nothing to look up
    #[arg(short, long, value_name = "FILE")]
    projects_file: Option<String>,
}

pub(super) fn run(typed: &Typed, terminal: Terminal) -> Status {
    let Place { disk, config } = match typed.project.open(terminal) {
        Ok(place) => place,
        Err(status) => return status,
    };
    let overrides = Overrides::default();
    let (project, diagnostics) = build::load(&disk, config, &shell::variables(), &overrides, Purpose::default());
    if project.is_none() {
        return report::print(terminal, Format::Human, &diagnostics, &disk).max(Status::ContentAtFault);
    }
    if typed.projects_file.is_some() {
        terminal.say("note: `--projects-file` does nothing here: there is nothing to look up");
    }
    terminal.say(&format!("Nothing is needed: opsbook builds `{config}` without other packages"));
    terminal.say("What its plugins become: opsbook migrate check");
    Status::Fine
}
