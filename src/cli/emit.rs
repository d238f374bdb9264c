//! `opsbook emit`: a plan for another engine.

use super::{Status, could_not, plan};
use crate::plan::emit::{Emitted, Options, emit_argo, emit_bash, emit_github, emit_github_setup, emit_markdown};
use crate::plan::{Plan, Stage};
use crate::shell::{self, Terminal};
use std::path::PathBuf;

/// Write a plan for another engine
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook emit bash docs/release.md --param release=2026.3 -o release.sh
      One script for one operator
  opsbook emit github plan.json -o .github/workflows/release-2026.3.yml
      A workflow for GitHub Actions
  opsbook emit argo plan.json --image registry.example.org/ops:1 | kubectl create -f -
      A Workflow for Argo Workflows
  opsbook emit markdown plan.json | gh issue create --title 'Release 2026.3' --body-file -
      An issue with boxes to tick

What the target cannot express is listed on standard error; with --strict it is an error.")]
pub(super) struct Typed {
    /// The engine
    #[arg(value_enum, value_name = "TARGET")]
    target: Target,
    #[command(flatten)]
    runbook: plan::Runbook,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Write the script, too, that makes the environments and reviewers of a GitHub workflow
    #[arg(long, value_name = "PATH")]
    setup: Option<PathBuf>,
    /// Fail where the target cannot express something
    #[arg(short, long)]
    strict: bool,
    /// The image that an Argo Workflow runs its scripts in; it has bash and what the scripts call
    #[arg(long, value_name = "IMAGE", default_value = "docker.io/alpine/k8s:1.33.4")]
    image: String,
    /// Let scripts see a variable of the surroundings: of whoever starts the script, of the repository at
    /// GitHub, a parameter of the Workflow (can be repeated)
    #[arg(long = "pass-env", value_name = "NAME")]
    pass_env: Vec<String>,
    /// The address of the repository that an Argo Workflow clones
    #[arg(long, value_name = "URL")]
    repository: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Target {
    /// One standalone script, resumable, for one operator
    Bash,
    /// One workflow for GitHub Actions
    Github,
    /// One Workflow for Argo Workflows
    Argo,
    /// The body of an issue, with boxes to tick
    Markdown,
}

/// Runs the command.
pub(super) fn run(typed: &Typed, terminal: Terminal) -> Status {
    emit(typed, terminal).unwrap_or_else(|status| status)
}

fn emit(typed: &Typed, terminal: Terminal) -> Result<Status, Status> {
    let plan = plan::make_plan(terminal, &typed.runbook)?;
    if plan.stage != Stage::Bound {
        let help = "give its parameters with `--param`";
        return Err(could_not(terminal, "a template plan cannot be emitted", Some(help)));
    }
    if typed.setup.is_some() && typed.target != Target::Github {
        return Err(could_not(terminal, "only a GitHub workflow has a setup", Some("leave `--setup` out")));
    }
    let Emitted { text, lost } = emitted(&plan, typed);
    for loss in &lost {
        let steps = if loss.steps.is_empty() { String::new() } else { format!(" ({})", loss.steps.join(", ")) };
        terminal.complain(&format!("not expressed: {}{steps}\n", loss.what));
    }
    if typed.strict && !lost.is_empty() {
        return Err(Status::ContentAtFault);
    }
    let failed = |what: String| could_not(terminal, &what, None);
    if let Some(path) = &typed.setup {
        shell::write_atomically(path, emit_github_setup(&plan).as_bytes())
            .map_err(|error| failed(format!("cannot write `{}`: {error}", path.display())))?;
    }
    match &typed.output {
        None => terminal.print(&text).map_err(|error| failed(format!("cannot write to standard output: {error}")))?,
        Some(path) => shell::write_atomically(path, text.as_bytes())
            .map_err(|error| failed(format!("cannot write `{}`: {error}", path.display())))?,
    }
    Ok(Status::Fine)
}

fn emitted(plan: &Plan, typed: &Typed) -> Emitted {
    let options =
        Options { image: typed.image.clone(), repository: typed.repository.clone(), pass_env: typed.pass_env.clone() };
    match typed.target {
        Target::Bash => emit_bash(plan, &options),
        Target::Github => emit_github(plan, &options),
        Target::Argo => emit_argo(plan, &options),
        Target::Markdown => emit_markdown(plan),
    }
}
