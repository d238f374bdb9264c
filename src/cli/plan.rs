//! `opsbook plan`: a runbook becomes a plan; plans are compared, explained and verified.

use super::named;
use super::project::{self, Opened};
use super::report::{self, Format as ReportFormat};
use super::{Status, could_not, print};
use crate::build;
use crate::plan::{self, Binding, Facts, Plan, show};
use crate::shell::{self, Terminal};
use crate::text::{SitePath, World as _, counted};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Make the plan of a runbook, or look at plans
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  opsbook plan docs/release.md --param release=2026.3
      The plan as a table
  opsbook plan docs/release.md --param release=2026.3 --since v2026.2 --format json > plan.json
      The plan as a file: the same inputs make the same bytes
  opsbook plan docs/release.md --template
      The order of things, before anything is decided
  opsbook plan explain staging.cavern.deploy docs/release.md --param release=2026.3
      One step: why it runs, what it waits for, what undoes it
  opsbook plan diff old.json new.json
      What changed, and which approvals are void
  opsbook plan verify plan.json
      Whether a plan is whole and its pages are unchanged

Exit status: 0 fine, 1 the runbook is at fault, 2 could not do it."
)]
pub(super) struct Typed {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    runbook: Option<Runbook>,
    /// How the plan is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Say what changed between two plans
    #[command(after_help = "\
Examples:
  opsbook plan diff old.json new.json
      What changed, and which approvals are void")]
    Diff {
        /// The plan before
        old: PathBuf,
        /// The plan after
        new: PathBuf,
    },
    /// Say why a step runs, what it waits for and what undoes it
    #[command(after_help = "\
Examples:
  opsbook plan explain staging.cavern.deploy docs/release.md --param release=2026.3
      One step of a runbook, in words")]
    Explain {
        /// The step's id
        step: String,
        #[command(flatten)]
        runbook: Runbook,
    },
    /// Check a plan's hash and digests, and that its pages are unchanged
    #[command(after_help = "\
Examples:
  opsbook plan verify plan.json
      Whether a plan is whole and its pages are unchanged")]
    Verify {
        /// The plan
        plan: PathBuf,
    },
}

/// A runbook and what binds it: shared by every command that needs a plan.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Runbook {
    /// A page with a runbook, or a plan in JSON
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Value of a parameter (can be repeated)
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE")]
    pub(super) params: Vec<String>,
    /// Git reference to compare with: what changed since then is released
    #[arg(long, value_name = "REF", conflicts_with = "release_outputs")]
    pub(super) since: Option<String>,
    /// Outputs of the Release Please action as a JSON file, in place of `--since`
    #[arg(long, value_name = "FILE")]
    pub(super) release_outputs: Option<PathBuf>,
    /// Leave parameters and components open
    #[arg(long, conflicts_with_all = ["params", "since", "release_outputs"])]
    pub(super) template: bool,
}

/// How a plan is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A table for people
    #[default]
    Text,
    /// The plan as it is stored and verified
    Json,
    /// The same, as YAML
    Yaml,
    /// A graph for Graphviz
    Dot,
    /// A graph for Mermaid
    Mermaid,
    /// A picture of the graph
    Svg,
}

pub(super) fn run(typed: &Typed, terminal: Terminal) -> Status {
    let done = match (&typed.command, &typed.runbook) {
        (Some(Command::Diff { old, new }), _) => diff(terminal, old, new),
        (Some(Command::Explain { step, runbook }), _) => explain(terminal, step, runbook),
        (Some(Command::Verify { plan }), _) => verify(terminal, plan),
        (None, Some(runbook)) => make_plan(terminal, runbook).map(|plan| {
            let text = match typed.format {
                Format::Text => show::table(&plan),
                Format::Json => plan.to_json(),
                Format::Yaml => show::as_yaml(&plan),
                Format::Dot => show::dot(&plan),
                Format::Mermaid => show::mermaid(&plan),
                Format::Svg => show::svg(&plan, &|_| None) + "\n",
            };
            print(terminal, &text)
        }),
        (None, None) => {
            let help = "name one: `opsbook plan docs/release.md`";
            Err(could_not(terminal, "there is no runbook to plan", Some(help)))
        }
    };
    done.unwrap_or_else(|status| status)
}

/// Makes the plan of a runbook, or loads a plan that was made before. What is wrong is said to the
/// terminal; there is no plan then.
pub(super) fn make_plan(terminal: Terminal, wanted: &Runbook) -> Result<Plan, Status> {
    make_plan_asking(terminal, wanted, true)
}

/// Like [`make_plan`]; asks for the parameters that have no value only where that is wanted.
pub(super) fn make_plan_asking(terminal: Terminal, wanted: &Runbook, ask: bool) -> Result<Plan, Status> {
    let expected = "a page with a runbook, such as `docs/release.md`, or a plan in JSON";
    named::file(terminal, &wanted.file, expected)?;
    if wanted.file.extension().is_some_and(|extension| extension == "json") {
        return load(terminal, &wanted.file);
    }
    if !named::is_page(&wanted.file) {
        let message = format!("`{}` is neither a page nor a plan in JSON", wanted.file.display());
        return Err(could_not(terminal, &message, Some(&format!("name {expected}"))));
    }
    let Opened { disk, entry, project, .. } = project::open_page(terminal, &wanted.file)?;
    let facts = gather_facts(terminal, wanted, &disk)?;
    let mut given = BTreeMap::new();
    for param in &wanted.params {
        let Some((name, value)) = param.split_once('=') else {
            let message = format!("`--param {param}` has no value");
            return Err(could_not(terminal, &message, Some("write `--param name=value`")));
        };
        given.insert(name.trim().to_owned(), value.to_owned());
    }
    let (library, mut diagnostics) = build::collect_library(project.as_ref(), &disk, entry);
    if ask && !wanted.template && !diagnostics.has_errors() {
        ask_params(terminal, &library, entry, &mut given);
    }
    let binding = if wanted.template { Binding::Template } else { Binding::Bound(&given) };
    let (lowered, found) = plan::lower(entry, &library, binding, &facts, &disk);
    diagnostics.append(found);
    diagnostics.sort();
    report::print(terminal, ReportFormat::Human, &diagnostics, &disk);
    match lowered {
        Some(lowered) if !diagnostics.has_errors() => Ok(lowered.plan),
        None if !diagnostics.has_errors() => {
            let message = format!("there is no runbook in `{}`", wanted.file.display());
            Err(could_not(terminal, &message, Some(&format!("name {expected}"))))
        }
        _ => Err(Status::ContentAtFault),
    }
}

/// Asks at the terminal, where there is one, for the parameters that have neither a value nor a default.
fn ask_params(terminal: Terminal, library: &plan::Library, entry: SitePath, given: &mut BTreeMap<String, String>) {
    let settings = library.runbook(entry).and_then(|runbook| runbook.settings.as_ref());
    for param in settings.map(|settings| settings.params.as_slice()).unwrap_or_default() {
        let name = &param.name.value;
        if given.contains_key(name) || param.default.is_some() {
            continue;
        }
        let question = param.prompt.as_ref().map_or_else(|| name.clone(), |prompt| format!("{prompt} ({name})"));
        let choices: Vec<String> = param.choices.iter().flatten().map(|choice| choice.value.text()).collect();
        let choices = if choices.is_empty() { String::new() } else { format!(" [{}]", choices.join("|")) };
        loop {
            let Some(text) = terminal.ask(&format!("{question}{choices}: ")) else { return };
            match plan::takes(param, &text) {
                Ok(()) => {
                    given.insert(name.clone(), text);
                    break;
                }
                Err(why) => terminal.complain(&format!("That does not fit: {why}\n")),
            }
        }
    }
}

/// Asks Git and the action's outputs for what they know.
fn gather_facts(terminal: Terminal, wanted: &Runbook, disk: &shell::Disk) -> Result<Facts, Status> {
    let mut facts = Facts { commit: shell::git_commit(disk.root()), ..Facts::default() };
    if let Some(reference) = &wanted.since {
        let manifest =
            shell::git_file(disk.root(), reference, plan::MANIFEST).map_err(|why| could_not(terminal, &why, None))?;
        facts.base = Some(plan::Base { reference: reference.clone(), manifest });
    }
    if let Some(file) = &wanted.release_outputs {
        let text = read(terminal, file)?;
        let outputs: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text).map_err(|error| {
            could_not(
                terminal,
                &format!("`{}` has no outputs: {error}", file.display()),
                Some("it is a JSON mapping of texts"),
            )
        })?;
        let text = |value: serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        facts.outputs = Some(outputs.into_iter().map(|(name, value)| (name, text(value))).collect());
    }
    Ok(facts)
}

fn read(terminal: Terminal, file: &std::path::Path) -> Result<String, Status> {
    shell::read_text(file).map_err(|why| {
        could_not(terminal, &format!("cannot read `{}`: {why}", file.display()), Some("name a text file"))
    })
}

fn load(terminal: Terminal, file: &std::path::Path) -> Result<Plan, Status> {
    let shown = file.display();
    named::file(terminal, file, "a plan in JSON, such as `opsbook plan PAGE --format json` makes")?;
    if named::is_page(file) {
        let help = format!("make its plan: `opsbook plan {shown} --format json > plan.json`");
        return Err(could_not(terminal, &format!("`{shown}` is a page, and a plan in JSON is wanted"), Some(&help)));
    }
    let text = read(terminal, file)?;
    Plan::from_json(&text).map_err(|error| {
        let help = "make a plan with `opsbook plan PAGE --format json`";
        could_not(terminal, &format!("`{shown}`: {error}"), Some(help));
        Status::ContentAtFault
    })
}

fn diff(terminal: Terminal, old: &std::path::Path, new: &std::path::Path) -> Result<Status, Status> {
    let (old, new) = (load(terminal, old)?, load(terminal, new)?);
    Ok(print(terminal, &show::diff_text(&old, &new)))
}

fn explain(terminal: Terminal, id: &str, runbook: &Runbook) -> Result<Status, Status> {
    let plan = make_plan(terminal, runbook)?;
    let Some(step) = plan.step(id) else {
        let ids: Vec<&str> = plan.steps.iter().map(|step| step.id.as_str()).collect();
        let ends: Vec<&str> = ids.iter().filter(|other| other.ends_with(&format!(".{id}"))).copied().collect();
        let help = match (crate::diag::nearest(id, ids.iter().copied()), ends.first()) {
            (_, Some(end)) => Some(format!("did you mean `{end}`?")),
            (Some(near), None) => Some(format!("did you mean `{near}`?")),
            (None, None) => None,
        };
        could_not(terminal, &format!("the plan has no step `{id}`"), help.as_deref());
        return Err(Status::ContentAtFault);
    };
    Ok(print(terminal, &show::explain(&plan, step)))
}

fn verify(terminal: Terminal, file: &std::path::Path) -> Result<Status, Status> {
    let plan = load(terminal, file)?;
    // The plan's paths begin at the project's folder: the nearest one above this folder or above the
    // plan that has them all.
    let here = shell::current_folder()
        .map_err(|error| could_not(terminal, &format!("cannot tell the current folder: {error}"), None))?;
    let above = shell::absolute(file);
    let folders = here.ancestors().chain(above.ancestors().skip(1));
    let mut changed: Vec<String> = Vec::new();
    let mut found = plan.source.files.is_empty();
    for folder in folders {
        let Ok(disk) = shell::Disk::open(folder) else { continue };
        let states: Vec<(&str, Option<bool>)> = plan
            .source
            .files
            .iter()
            .map(|file| {
                let source = disk.source(crate::text::SitePath::new(&file.path)).ok();
                (file.path.as_str(), source.map(|source| source.digest().hex() == file.sha256))
            })
            .collect();
        if states.iter().any(|(_, state)| state.is_some()) {
            found = true;
            changed =
                states.iter().filter(|(_, state)| *state != Some(true)).map(|(path, _)| (*path).to_owned()).collect();
            break;
        }
    }
    if !found {
        let message = "the hash and the digests hold, but none of the plan's pages is here";
        return Err(could_not(terminal, message, Some("run this in the project's folder")));
    }
    if !changed.is_empty() {
        for path in &changed {
            terminal.complain(&format!("{path}: not what the plan was made from\n"));
        }
        let files = counted(plan.source.files.len(), "file");
        let message = format!("{} of {files} changed since the plan was made", changed.len());
        could_not(terminal, &message, Some("make the plan again and compare the two with `opsbook plan diff`"));
        return Err(Status::ContentAtFault);
    }
    let (steps, files) = (counted(plan.steps.len(), "step"), counted(plan.source.files.len(), "file"));
    let mut text = format!("{}: {steps}, {files} unchanged\n", plan.hash);
    let repository = shell::Repository::find(&here).map_err(|why| could_not(terminal, &why, None))?;
    let folders: Vec<PathBuf> = here.ancestors().chain(above.ancestors().skip(1)).map(PathBuf::from).collect();
    let again = shell::compile_again(&plan, repository.as_ref(), &folders);
    if matches!(again, shell::Again::Other { .. }) {
        could_not(terminal, &again.to_string(), Some("make the plan again with `opsbook plan`"));
        return Err(Status::ContentAtFault);
    }
    text.push_str(&format!("{again}\n"));
    Ok(print(terminal, &text))
}
