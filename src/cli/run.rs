//! `opsbook run`: a plan is performed on this machine.

use super::running::{
    Carried, PerformArgs, RunsArgs, check_fresh, check_pages, find_run, finish, stopped, surroundings,
};
use super::{Status, plan};
use crate::shell::Terminal;
use crate::shell::run::{self, Plain, Selection, select};

/// Perform a plan, or a runbook with its parameters, on this machine
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook run docs/runbooks/release.md --param release=2026.3
      Perform a runbook with its parameters
  opsbook plan docs/runbooks/release.md --param release=2026.3 --format json > plan.json
  opsbook run plan.json --dry-run
      Make a plan, and see what it would do

Exit status: 0 all done, 1 a step failed, 2 could not begin, 3 the plan is not fit to run, 4 a person is \
needed, 5 a step is in doubt, 6 the run is held or the plan is stale, 7 the journal is damaged, 8 failed and \
undone, 9 an undo failed, 124 a step took too long, 130 and 143 interrupted.")]
pub(super) struct Typed {
    #[command(flatten)]
    runbook: plan::Runbook,
    /// Show what would be done, in order, without doing anything
    #[arg(long)]
    dry_run: bool,
    /// Leave out the steps before this one
    #[arg(long, value_name = "STEP")]
    from: Option<String>,
    /// Perform only the steps of one group
    #[arg(long, value_name = "GROUP")]
    only: Option<String>,
    /// Perform only the steps of one environment, and those of none
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Take over what an earlier run of an older plan has done, where steps are the same
    #[arg(long, value_name = "RUN")]
    rebase: Option<String>,
    #[command(flatten)]
    place: RunsArgs,
    #[command(flatten)]
    perform: PerformArgs,
}

/// Runs the command.
pub(super) fn run(typed: &Typed, terminal: Terminal) -> Status {
    perform(typed, terminal).unwrap_or_else(|status| status)
}

fn perform(typed: &Typed, terminal: Terminal) -> Result<Status, Status> {
    let plan = plan::make_plan_asking(terminal, &typed.runbook, !typed.perform.no_input).map_err(Status::of_run)?;
    let selection = Selection { from: typed.from.clone(), only: typed.only.clone(), env: typed.env.clone() };
    let selected = select(&plan, &selection).map_err(|error| stopped(terminal, &error))?;
    if !selected.guards.is_empty() {
        let guards: Vec<String> = selected.guards.iter().map(|guard| format!("`{guard}`")).collect();
        terminal.complain(&format!("Not left out, because they guard what is selected: {}.\n", guards.join(", ")));
    }
    let left_out = selected.left_out;
    if typed.dry_run {
        run::rehearse(plan, left_out, &mut Plain::new(terminal, false)).map_err(|error| stopped(terminal, &error))?;
        terminal.complain("Nothing was executed.\n");
        return Ok(Status::Fine);
    }
    let around = surroundings(&typed.place, terminal)?;
    check_fresh(&plan, &around.setting.project, terminal)?;
    check_pages(&plan, &around.setting, false, terminal)?;
    let rebase = typed.rebase.as_ref().map(|run| find_run(&around.setting.runs, run, terminal)).transpose()?;
    let setting = around.with(&typed.perform, terminal)?;
    let session = run::begin(plan, &setting, left_out, rebase.as_deref(), terminal);
    let session = session.map_err(|error| stopped(terminal, &error))?;
    let carried = Carried::of_session(&typed.place, &typed.perform);
    Ok(finish(terminal, &session, &setting, &carried))
}
