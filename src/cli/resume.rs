//! `opsbook resume`: a run goes on where its journal ends.

use super::Status;
use super::running::{
    Carried, PerformArgs, RunArgs, check_fresh, check_pages, find_run, finish, stopped, surroundings,
};
use crate::shell::Terminal;
use crate::shell::run;

/// Resume a run that waits, was interrupted, or whose runner was killed
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook resume latest
      Go on with the last run
  opsbook resume 1f2e3d4c --no-input
      Go on without asking anything, as CI does

Exit status: as `opsbook run`.")]
pub(super) struct Typed {
    #[command(flatten)]
    run: RunArgs,
    /// Perform what was planned, although its pages have changed since
    #[arg(long)]
    as_planned: bool,
    #[command(flatten)]
    perform: PerformArgs,
}

/// Runs the command.
pub(super) fn run(typed: &Typed, terminal: Terminal) -> Status {
    let session = || {
        let around = surroundings(&typed.run.place, terminal)?;
        let path = find_run(&around.setting.runs, &typed.run.run, terminal)?;
        let read = run::read_run(&path).map_err(|error| stopped(terminal, &error))?;
        if !typed.as_planned {
            check_fresh(&read.plan, &around.setting.project, terminal)?;
        }
        check_pages(&read.plan, &around.setting, typed.as_planned, terminal)?;
        let setting = around.with(&typed.perform, terminal)?;
        let session = run::resume(&path, &setting, terminal).map_err(|error| stopped(terminal, &error))?;
        let carried = Carried::of_session(&typed.run.place, &typed.perform);
        Ok(finish(terminal, &session, &setting, &carried))
    };
    session().unwrap_or_else(|status: Status| status)
}
