//! `opsbook approve`, `refuse`, `done`, `resolve`, `cancel` and `rollback`: people act on a run.

use super::running::{Carried, MaskArgs, RunArgs, find_run, stopped, surroundings};
use super::{Status, could_not};
use crate::plan::StepKind;
use crate::plan::emit::ticked_steps;
use crate::plan::machine::approval::{approval_message, decision};
use crate::plan::machine::signers::DECISIONS;
use crate::plan::machine::{IdentitySource, Next, Resolution, Waiting};
use crate::shell::run::{self, Acted, Request, Runner, Setting, Signed, account, keep_evidence, read_run};
use crate::shell::{self, Terminal};
use crate::text::counted;
use std::path::PathBuf;

/// Say yes to a step of a run
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook approve latest approve-production --key ~/.ssh/id_ed25519 --as ana@example.org
      Approve a step of the last run, with a signature
  opsbook approve 1f2e3d4c go --note \"dashboards are quiet\"
      Approve a step of another run, in the name of this account

A signature is checked against `allowed-signers` of `[runbook]`; without one the name is the account's, which \
counts where the environment allows it and, where nobody is hurt, with `--allow-weak-identity`.")]
pub(super) struct Approve {
    #[command(flatten)]
    decide: Decide,
}

/// Say no to an approval or a manual item of a run: it fails
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook refuse latest approve-production --note \"an incident is open\" --key ~/.ssh/id_ed25519 --as ana@example.org
      Say no, with a signature
  opsbook refuse latest try-it --note \"the basket stays empty\"
      Say that what a person was to do or see is not so")]
pub(super) struct Refuse {
    #[command(flatten)]
    decide: Decide,
}

#[derive(Debug, clap::Args)]
struct Decide {
    #[command(flatten)]
    run: RunArgs,
    /// The step
    step: String,
    /// Say why
    #[arg(long)]
    note: Option<String>,
    /// Sign with this private SSH key
    #[arg(long, value_name = "PATH", requires = "name")]
    key: Option<PathBuf>,
    /// The name that the key has among the allowed signers
    #[arg(long = "as", value_name = "NAME", id = "name")]
    name: Option<String>,
    /// Let the name of the account count, where nobody is hurt
    #[arg(long)]
    allow_weak_identity: bool,
    #[command(flatten)]
    mask: MaskArgs,
    /// Append the head of the journal to this file, which is kept elsewhere
    #[arg(long, value_name = "FILE")]
    anchor: Option<PathBuf>,
}

/// Who acts, where they sign it.
#[derive(Clone, Debug, Default, clap::Args)]
struct PersonArgs {
    /// Sign as this name of the allowed signers
    #[arg(long = "by", value_name = "NAME", requires = "person_key")]
    by: Option<String>,
    /// Sign with this private SSH key
    #[arg(long = "key", value_name = "PATH", id = "person_key", requires = "by")]
    key: Option<PathBuf>,
}

/// What the arguments about who acts change of a setting.
fn signs(typed: &PersonArgs) -> impl FnOnce(&mut Setting) {
    let person = typed.by.clone().zip(typed.key.clone()).map(|(name, key)| Runner { name, key });
    |setting| setting.runner = person
}

/// Tick a manual item of a run
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook done latest announce --url https://status.example.org/42
      Tick an item of the last run, with an address as evidence
  opsbook done latest read-changelog --note \"nothing surprising\"
      Tick another one, with a sentence")]
pub(super) struct Done {
    #[command(flatten)]
    run: RunArgs,
    /// The item
    step: String,
    /// Give a sentence as evidence
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Give an address as evidence
    #[arg(long, value_name = "ADDRESS")]
    url: Option<String>,
    /// Give a file as evidence; a copy is kept under its digest
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    #[command(flatten)]
    mask: MaskArgs,
    /// Give an answer that the item asks for
    #[arg(long, value_name = "NAME=ANSWER")]
    capture: Vec<String>,
    #[command(flatten)]
    person: PersonArgs,
}

/// Say what became of a step that is in doubt, or try a failed one again
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook resolve latest staging.cavern.deploy --as done --note \"helm history shows revision 7\"
      Somebody looked: it has happened
  opsbook resolve latest staging.cavern.deploy --as rerun --note \"nothing had been sent\"
      It has not: do it again")]
pub(super) struct Resolve {
    #[command(flatten)]
    run: RunArgs,
    /// The step
    step: String,
    /// What became of it
    #[arg(long = "as", value_name = "WHAT")]
    what: What,
    /// Say what you saw
    #[arg(long, value_name = "TEXT")]
    note: String,
    #[command(flatten)]
    mask: MaskArgs,
    #[command(flatten)]
    person: PersonArgs,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum What {
    /// It has happened
    Done,
    /// It has not, and shall not
    Failed,
    /// Do it again
    Rerun,
}

/// Give a run up: nothing of it starts any more
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook cancel latest --note \"the release is called off\"
      Give the last run up")]
pub(super) struct Cancel {
    #[command(flatten)]
    run: RunArgs,
    /// Say why
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    mask: MaskArgs,
    #[command(flatten)]
    person: PersonArgs,
}

/// Undo what a run has done: a waiting one, a failed one, or one that succeeded
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook rollback latest --note \"orders are failing\"
      Undo what the last run has done, the latest first
  opsbook rollback latest --env production --note \"orders are failing\"
      Undo what it has done in production")]
pub(super) struct Rollback {
    #[command(flatten)]
    run: RunArgs,
    /// Say why
    #[arg(long, value_name = "TEXT")]
    note: String,
    /// Undo the steps of one environment only
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    #[command(flatten)]
    mask: MaskArgs,
    #[command(flatten)]
    person: PersonArgs,
}

/// Tick the manual items whose boxes are ticked in the issue that `opsbook emit markdown` made
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gh issue view 42 --json body --jq .body > issue.md
  opsbook tick latest issue.md
      Take over what was ticked in issue 42")]
pub(super) struct Tick {
    #[command(flatten)]
    run: RunArgs,
    /// The body of the issue
    #[arg(value_name = "FILE")]
    issue: PathBuf,
    /// Give the issue's address as the evidence of items that ask for one
    #[arg(long, value_name = "ADDRESS")]
    url: Option<String>,
    #[command(flatten)]
    mask: MaskArgs,
}

/// Runs `tick`: one item after the other, in the order of the plan, as far as the run waits for them.
pub(super) fn tick(typed: &Tick, terminal: Terminal) -> Status {
    let ticked = || {
        let setting = surroundings(&typed.run.place, terminal)?.masking(&typed.mask, terminal)?;
        let path = find_run(&setting.runs, &typed.run.run, terminal)?;
        let body = shell::read_text(&typed.issue)
            .map_err(|error| could_not(terminal, &format!("cannot read `{}`: {error}", typed.issue.display()), None))?;
        let ticked = ticked_steps(&body);
        let mut n_recorded = 0;
        loop {
            let read = read_run(&path).map_err(|error| stopped(terminal, &error))?;
            let run = run::fold_read(&read).map_err(|error| stopped(terminal, &error))?;
            let waiting = match run.next() {
                Next::Wait(waiting) => waiting,
                _ => Vec::new(),
            };
            let next = waiting.into_iter().find_map(|wanted| match wanted {
                Waiting::Manual(step) if ticked.contains(&step) => Some(step),
                _ => None,
            });
            let Some(step) = next else { break };
            let url = typed.url.clone().map(|url| ("url".to_owned(), url, None));
            let note = Some(("note".to_owned(), format!("ticked in {}", typed.issue.display()), None));
            let evidence = url.into_iter().chain(note).collect();
            let request = Request::Done { step: step.clone(), by: account(), evidence };
            let acted = run::act(&path, &setting, request).map_err(|error| stopped(terminal, &error))?;
            terminal.say(&format!("{step}: ticked"));
            n_recorded += 1;
            if acted != Acted::Recorded {
                break;
            }
        }
        terminal.say(&format!("Recorded {n_recorded} of {}", counted(ticked.len(), "ticked item")));
        Ok(Status::Fine)
    };
    ticked().unwrap_or_else(|status: Status| status)
}

/// Runs `approve`.
pub(super) fn approve(typed: &Approve, terminal: Terminal) -> Status {
    decide(&typed.decide, true, terminal)
}

/// Runs `refuse`.
pub(super) fn refuse(typed: &Refuse, terminal: Terminal) -> Status {
    decide(&typed.decide, false, terminal)
}

fn decide(typed: &Decide, yes: bool, terminal: Terminal) -> Status {
    let change = |setting: &mut Setting| {
        setting.allow_weak_identity = typed.allow_weak_identity;
        setting.anchor.clone_from(&typed.anchor);
    };
    let carried = Carried::of_command(&typed.run.place, &typed.mask.secrets, None, None);
    act(&typed.run, &typed.mask, change, &carried, terminal, |path, setting| {
        let by = typed.name.clone().unwrap_or_else(account);
        let read = read_run(path).map_err(|error| stopped(terminal, &error))?;
        if !yes && read.plan.step(&typed.step).is_some_and(|step| step.kind == StepKind::Manual) {
            let signs = typed.name.clone().zip(typed.key.clone());
            setting.runner = signs.map(|(name, key)| Runner { name, key });
            let note = typed.note.clone().unwrap_or_default();
            return Ok(Request::Refuse { step: typed.step.clone(), by: account(), note });
        }
        let signed = match &typed.key {
            None => None,
            Some(key) => {
                let run = run::fold_read(&read).map_err(|error| stopped(terminal, &error))?;
                let step = run
                    .plan()
                    .step(&typed.step)
                    .cloned()
                    .ok_or_else(|| could_not(terminal, &format!("the plan has no step `{}`", typed.step), None))?;
                let decided = decision(&run, &step, &by, IdentitySource::SshSig, typed.note.clone());
                let mut decided = decided
                    .ok_or_else(|| could_not(terminal, &format!("step `{}` is not an approval", typed.step), None))?;
                let (at, head) = (run::now(), read.chain.head().to_owned());
                (decided.at, decided.head) = (Some(at.clone()), Some(head.clone()));
                let text = approval_message(&run::name_of(path), &run, &decided, yes);
                // What is signed is what was read.
                if terminal.is_terminal(shell::Stream::Err) {
                    terminal.complain(&text);
                }
                let signature = run::sign(DECISIONS, &text, key).map_err(|error| stopped(terminal, &error))?;
                Some(Signed { at, head, signature })
            }
        };
        Ok(Request::Decide { step: typed.step.clone(), yes, by, note: typed.note.clone(), signed })
    })
}

/// Runs `done`.
pub(super) fn done(typed: &Done, terminal: Terminal) -> Status {
    act(
        &typed.run,
        &typed.mask,
        signs(&typed.person),
        &carried(&typed.run, &typed.mask, &typed.person),
        terminal,
        |path, setting| {
            let mut evidence = Vec::new();
            evidence.extend(typed.note.clone().map(|note| ("note".to_owned(), note, None)));
            evidence.extend(typed.url.clone().map(|url| ("url".to_owned(), url, None)));
            evidence.extend(typed.capture.iter().map(|answer| ("capture".to_owned(), answer.clone(), None)));
            if let Some(file) = &typed.file {
                let bytes = shell::read_bytes(file).map_err(|error| {
                    could_not(terminal, &format!("cannot read `{}`: {error}", file.display()), None)
                })?;
                let kept = read_run(path).and_then(|read| {
                    let clean = run::masks(&read.plan, setting).clean_file(&bytes)?;
                    keep_evidence(path, &clean)
                });
                let digest = kept.map_err(|error| stopped(terminal, &error))?;
                let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                evidence.push(("file".to_owned(), name, Some(digest)));
            }
            Ok(Request::Done { step: typed.step.clone(), by: account(), evidence })
        },
    )
}

/// Runs `resolve`.
pub(super) fn resolve(typed: &Resolve, terminal: Terminal) -> Status {
    let r#as = match typed.what {
        What::Done => Resolution::Done,
        What::Failed => Resolution::Failed,
        What::Rerun => Resolution::Rerun,
    };
    act(
        &typed.run,
        &typed.mask,
        signs(&typed.person),
        &carried(&typed.run, &typed.mask, &typed.person),
        terminal,
        |_, _| Ok(Request::Resolve { step: typed.step.clone(), r#as, by: account(), note: typed.note.clone() }),
    )
}

/// Runs `cancel`.
pub(super) fn cancel(typed: &Cancel, terminal: Terminal) -> Status {
    act(
        &typed.run,
        &typed.mask,
        signs(&typed.person),
        &carried(&typed.run, &typed.mask, &typed.person),
        terminal,
        |_, _| Ok(Request::Cancel { by: account(), note: typed.note.clone() }),
    )
}

/// Runs `rollback`: what is to be undone is recorded, and the next session undoes it.
pub(super) fn rollback(typed: &Rollback, terminal: Terminal) -> Status {
    let carried = carried(&typed.run, &typed.mask, &typed.person);
    act(&typed.run, &typed.mask, signs(&typed.person), &carried, terminal, |path, setting| {
        if let Some(later) = run::later_changes(path, setting) {
            terminal.complain(&format!(
                "WARNING: run {later} of the same runbook has changed something since, and that is not undone first.\n"
            ));
        }
        Ok(Request::Back { by: account(), env: typed.env.clone(), note: typed.note.clone() })
    })
}

fn carried(run: &RunArgs, mask: &MaskArgs, person: &PersonArgs) -> Carried {
    Carried::of_command(&run.place, &mask.secrets, person.by.as_ref(), person.key.as_ref())
}

fn act(
    typed: &RunArgs,
    mask: &MaskArgs,
    change: impl FnOnce(&mut Setting),
    carried: &Carried,
    terminal: Terminal,
    request: impl FnOnce(&std::path::Path, &mut Setting) -> Result<Request, Status>,
) -> Status {
    let acted = || {
        let mut setting = surroundings(&typed.place, terminal)?.masking(mask, terminal)?;
        change(&mut setting);
        let path = find_run(&setting.runs, &typed.run, terminal)?;
        let request = request(&path, &mut setting)?;
        let acted = run::act(&path, &setting, request).map_err(|error| stopped(terminal, &error))?;
        let name = run::name_of(&path);
        terminal.say(&match acted {
            Acted::Recorded => {
                let run = read_run(&path)
                    .and_then(|read| run::fold_read(&read))
                    .map_err(|error| stopped(terminal, &error))?;
                let next = run::commands_for(&path, &run, &setting.trust.rules);
                match (run.next(), next.last()) {
                    (Next::End(_), _) => format!("Recorded. Run {name} {}.\n{}", run.said(), carried.lines(&next)),
                    (Next::InDoubt(_), _) => format!("Recorded.\n{}", carried.lines(&next)),
                    (_, Some(resume)) => format!("Recorded. Go on with: {}", carried.command(resume)),
                    (_, None) => "Recorded.".to_owned(),
                }
                .trim_end()
                .to_owned()
            }
            Acted::Left(Some(holder)) => format!("Left for the runner of {name}: process {}.", holder.pid),
            Acted::Left(None) => format!("Left for the process that holds {name}."),
        });
        Ok(Status::Fine)
    };
    acted().unwrap_or_else(|status: Status| status)
}
