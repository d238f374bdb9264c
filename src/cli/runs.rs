//! `opsbook runs`, `watch`, `report` and `journal verify`: runs are looked at.

use super::running::{MaskArgs, RunArgs, RunsArgs, find_run, folders_of, stopped, surroundings};
use super::{Status, could_not};
use crate::plan::machine::{Action, Event, Next, Run, StepState};
use crate::plan::machine::{report, statement};
use crate::shell::run::{
    self, Setting, checklist, examine, fold_read, inert, line_of, list_runs, n_done, name_of, read_run,
};
use crate::shell::{self, Terminal};
use crate::text::counted;
use std::path::PathBuf;
use std::time::Duration;

/// List runs, or show one
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  opsbook runs
      List all runs, oldest first
  opsbook runs show latest
      Show the checklist and the events of the last one
  opsbook runs log latest web
      Show what a step of it printed"
)]
pub(super) struct Typed {
    #[command(subcommand)]
    command: Option<Subcommand>,
    #[command(flatten)]
    place: RunsArgs,
}

#[derive(Debug, clap::Subcommand)]
enum Subcommand {
    /// Show the checklist and the events of a run
    #[command(after_help = "\
Examples:
  opsbook runs show latest
      Show the last run")]
    Show(RunArgs),
    /// Show what the steps of a run printed
    #[command(after_help = "\
Examples:
  opsbook runs log latest web
      Show what the step `web` of the last run printed")]
    Log {
        #[command(flatten)]
        run: RunArgs,
        /// The step; without one, all of them in order
        step: Option<String>,
    },
}

/// Watch a run from another terminal until it ends
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook watch latest
      Follow the checklist of the last run
  opsbook watch latest --once
      Print it as it is, for a script")]
pub(super) struct Watch {
    #[command(flatten)]
    run: RunArgs,
    /// Print the checklist once and stop
    #[arg(long)]
    once: bool,
}

/// Write the record of a run: who, what, when, outputs, evidence, chain head
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook report latest -o docs/releases/2026.3.md
      Write the record of the last run as a page of the site
  opsbook report latest --format html -o record.html
      Write it as a page of its own")]
pub(super) struct Report {
    #[command(flatten)]
    run: RunArgs,
    /// The form of the record
    #[arg(long, value_enum, default_value_t)]
    format: ReportFormat,
    /// The private Ed25519 key that signs an in-toto statement
    #[arg(long, value_name = "PATH")]
    key: Option<PathBuf>,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    #[command(flatten)]
    mask: MaskArgs,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum ReportFormat {
    /// A page for the site
    #[default]
    Markdown,
    /// A page of its own
    Html,
    /// A signed in-toto statement for other programs; takes `--key`
    InToto,
}

/// Check the journal of a run
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook journal verify latest
      Check every record of the last run")]
pub(super) struct Journal {
    #[command(subcommand)]
    command: JournalCommand,
}

#[derive(Debug, clap::Subcommand)]
enum JournalCommand {
    /// Check every record of a journal, that it is one of its plan, and its evidence
    #[command(after_help = "\
Examples:
  opsbook journal verify latest
      Check every record of the last run
  opsbook journal verify 1f2e3d4c --head HASH
      Check too that nothing is missing at the end: HASH was printed when the run ended")]
    Verify {
        #[command(flatten)]
        run: RunArgs,
        /// The hash that the chain must end with: the one printed when the run ended
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
        /// A file kept elsewhere that heads were appended to with `--anchor`: each must be in the chain
        #[arg(long, value_name = "FILE")]
        anchor: Option<PathBuf>,
        /// A Git tag, signed by an allowed signer, whose message names a head: it must be in the chain
        #[arg(long, value_name = "TAG")]
        tag: Option<String>,
    },
}

/// Runs `runs`.
pub(super) fn run(typed: &Typed, terminal: Terminal) -> Status {
    match &typed.command {
        Some(Subcommand::Show(typed)) => with_run(typed, terminal, |read, _| {
            let run = fold_read(&read).map_err(|error| stopped(terminal, &error))?;
            let mut text = format!("{} ({})\n\n", name_of(&read.path), standing(&read.path, &run));
            checklist(&run, &shell::run::now()).iter().for_each(|line| text.push_str(&format!("{line}\n")));
            text.push('\n');
            for record in &read.chain.records {
                if let Some(line) = line_of(&run, &record.event) {
                    text.push_str(&format!("{} {line}\n", record.ts));
                }
            }
            text.push_str(&format!("\nJournal head: {}\n", read.chain.head()));
            print(terminal, &text)
        }),
        Some(Subcommand::Log { run, step }) => with_run(run, terminal, |read, _| {
            if let Some(step) = step.as_ref().filter(|step| read.plan.step(step).is_none()) {
                return Err(could_not(terminal, &format!("the plan has no step `{step}`"), None));
            }
            let log = log_of(&read, step.as_deref());
            if log.is_empty() {
                terminal.complain("Nothing was printed.\n");
            }
            print(terminal, &log)
        }),
        None => list(typed, terminal).unwrap_or_else(|status| status),
    }
}

/// Returns what was kept of the output of a step, or of all.
fn log_of(read: &run::ReadRun, wanted: Option<&str>) -> String {
    let mut text = String::new();
    for record in &read.chain.records {
        let Event::StepOutput { step, attempt, evidence, .. } = &record.event else { continue };
        if wanted.is_some_and(|wanted| wanted != step) {
            continue;
        }
        let kept = shell::read_bytes(&read.path.join("evidence").join(evidence)).unwrap_or_default();
        text.push_str(&format!("== {step}, attempt {attempt}, {}\n", record.ts));
        String::from_utf8_lossy(&kept).lines().for_each(|line| text.push_str(&format!("{}\n", inert(line))));
    }
    text
}

/// Says how a run stands. The journal alone does not tell whether somebody performs it.
fn standing(path: &std::path::Path, run: &Run) -> String {
    let alive = run::runner_of(path);
    match run.next() {
        Next::Act(_) | Next::Busy if alive.is_none() => {
            let cut_off =
                run.statuses().find(|(_, status)| matches!(status.state, StepState::Running | StepState::RollingBack));
            match (cut_off, run.next()) {
                (Some((step, _)), _) => format!("cut off during {}", step.id),
                (None, Next::Act(actions)) => match actions.first().and_then(Action::step) {
                    Some(step) => format!("blocked before {step}"),
                    None => run.state().to_string(),
                },
                (None, _) => run.state().to_string(),
            }
        }
        Next::Stopped if alive.is_none() => "interrupted".to_owned(),
        _ => run.state().to_string(),
    }
}

fn list(typed: &Typed, terminal: Terminal) -> Result<Status, Status> {
    let around = surroundings(&typed.place, terminal)?;
    let folder = &around.setting.runs;
    if shell::kind_of(folder) == shell::Kind::File {
        let message = format!("`{}` is a file, and runs are kept in a folder", folder.display());
        return Err(could_not(terminal, &message, Some("name the folder with `--runs DIR`")));
    }
    let mut text = String::new();
    for path in list_runs(&around.setting.runs).map_err(|error| stopped(terminal, &error))? {
        let name = name_of(&path);
        let line = match read_run(&path).and_then(|read| Ok((fold_read(&read)?, read))) {
            Ok((run, read)) => {
                let began = read.chain.records.first().map_or("-", |record| &record.ts);
                let n_done = n_done(&run);
                let n_steps = run.plan().steps.len();
                let runbook = run.plan().runbook.clone();
                let plan = run.plan();
                let named: Vec<&str> = [&plan.ticket, &plan.title].into_iter().flatten().map(String::as_str).collect();
                let named = if named.is_empty() { String::new() } else { format!("  {}", named.join(" ")) };
                format!("{name}  {began}  {runbook}  {}  {n_done}/{n_steps}{named}\n", standing(&path, &run))
            }
            Err(error) => format!("{name}  {error}\n"),
        };
        text.push_str(&line);
    }
    if text.is_empty() {
        terminal.say(&format!("There is no run in `{}`.", around.setting.runs.display()));
    }
    print(terminal, &text)
}

/// Runs `watch`.
pub(super) fn watch(typed: &Watch, terminal: Terminal) -> Status {
    let watched = || {
        let around = surroundings(&typed.run.place, terminal)?;
        let path = find_run(&around.setting.runs, &typed.run.run, terminal)?;
        let mut shown = String::new();
        loop {
            let read = read_run(&path).map_err(|error| stopped(terminal, &error))?;
            let run = fold_read(&read).map_err(|error| stopped(terminal, &error))?;
            let lines = checklist(&run, &shell::run::now());
            let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            if text != shown {
                let clear = if terminal.can_redraw(shell::Stream::Out) { "\x1b[H\x1b[2J" } else { "" };
                print(terminal, &format!("{clear}{text}"))?;
                shown = text;
            }
            if typed.once || matches!(run.next(), Next::End(_)) {
                return Ok(Status::Fine);
            }
            shell::pause(Duration::from_millis(500));
        }
    };
    watched().unwrap_or_else(|status: Status| status)
}

/// Runs `report`.
pub(super) fn report(typed: &Report, terminal: Terminal) -> Status {
    let reported = || {
        let setting = surroundings(&typed.run.place, terminal)?.masking(&typed.mask, terminal)?;
        let path = find_run(&setting.runs, &typed.run.run, terminal)?;
        let read = read_run(&path).map_err(|error| stopped(terminal, &error))?;
        let run = examine(&read, &setting).map_err(|error| stopped(terminal, &error))?;
        let masks = run::masks(&read.plan, &setting);
        let exposed = run::exposed_and_missing(&path, &masks);
        if !exposed.is_empty() && !typed.mask.unchecked {
            let message = format!("the records of this run hold the value of {}", exposed.join(", "));
            let help = "set the variable, or say with `--secret` where the value comes from, so that it can be masked";
            let _ = could_not(terminal, &message, Some(help));
            return Err(Status::Run(3));
        }
        let evidence = |digest: &str| {
            let bytes = shell::read_bytes(&read.path.join("evidence").join(digest)).ok()?;
            String::from_utf8(bytes).ok()
        };
        // Where the record is a file of the project, it leads to the pages beside it.
        let folder = typed.output.as_ref().and_then(|output| shell::absolute(output).parent().map(ToOwned::to_owned));
        let link = |page: &str| shell::way_between(folder.as_ref()?, &setting.project, page);
        let name = name_of(&read.path);
        let folders = folders_of(&setting.project);
        let pages = shell::compile_again(&read.plan, setting.trust.repository.as_ref(), &folders).to_string();
        let sources = report::Sources { evidence: &evidence, pages: &pages, link: &link };
        let markdown = || masks.redactor.redact(&report::report(&name, &run, &read.chain, &sources));
        let text = match typed.format {
            ReportFormat::Markdown => markdown(),
            ReportFormat::Html => crate::build::page_of_its_own(&markdown()),
            ReportFormat::InToto => {
                let failed = |why: &str| could_not(terminal, &format!("cannot sign the statement: {why}"), None);
                let key = typed.key.as_ref().ok_or_else(|| failed("give a private Ed25519 key with `--key`"))?;
                let key = shell::read_text(key).map_err(|error| failed(&error.to_string()))?;
                let mut statement = statement::statement(&name, &run, &read.chain, &pages, &evidence);
                masks.clean_value(&mut statement);
                statement::envelope(&statement, &key).map_err(|why| failed(&why))?
            }
        };
        match &typed.output {
            None => print(terminal, &text),
            Some(path) => shell::write_atomically(path, text.as_bytes())
                .map(|()| Status::Fine)
                .map_err(|error| could_not(terminal, &format!("cannot write `{}`: {error}", path.display()), None)),
        }
    };
    reported().unwrap_or_else(|status: Status| status)
}

/// Runs `journal`.
pub(super) fn journal(typed: &Journal, terminal: Terminal) -> Status {
    let JournalCommand::Verify { run, head, anchor, tag } = &typed.command;
    with_run(run, terminal, |read, setting| {
        let folded = examine(&read, &setting).map_err(|error| stopped(terminal, &error))?;
        let wrong = |what: String| {
            let _ = could_not(terminal, &what, None);
            Status::Run(7)
        };
        if !read.chain.torn.is_empty() {
            terminal.say(&format!("The last line is torn ({} bytes); resuming will cut it.", read.chain.torn.len()));
        }
        for record in &read.chain.records {
            if let Some(digest) = report::evidence_of(&record.event) {
                let bytes = shell::read_bytes(&read.path.join("evidence").join(digest));
                let kept = bytes.map(|bytes| crate::text::Digest::of(&bytes).hex());
                if kept.as_ref().is_ok_and(|kept| kept != digest) || kept.is_err() {
                    return Err(wrong(format!("record {}: its evidence {digest} is not what was kept", record.seq)));
                }
            }
        }
        let actual = read.chain.head();
        if let Some(head) = head.as_ref().filter(|head| *head != actual) {
            return Err(wrong(format!(
                "the chain ends with {actual}, not with {head}: records are missing or replaced"
            )));
        }
        let own = name_of(&read.path);
        let is_there = |head: &str| read.chain.records.iter().any(|record| record.hash == head);
        if let Some(file) = anchor {
            let text = shell::read_text(file)
                .map_err(|error| could_not(terminal, &format!("cannot read `{}`: {error}", file.display()), None))?;
            let of_run = |line: &&str| line.split(' ').nth(1) == Some(own.as_str());
            let heads: Vec<&str> = text.lines().filter(of_run).filter_map(|line| line.split(' ').nth(3)).collect();
            if heads.is_empty() {
                return Err(wrong(format!("the anchor `{}` does not name run `{own}`", file.display())));
            }
            if let Some(missing) = heads.iter().find(|head| !is_there(head)) {
                return Err(wrong(format!(
                    "the anchor `{}` names {missing}, which is not in the chain: records are missing or replaced",
                    file.display()
                )));
            }
        }
        if let Some(tag) = tag {
            let (by, message) = setting.trust.signed_tag(tag).map_err(|why| wrong(format!("tag `{tag}`: {why}")))?;
            let mut words = message.split(|ch: char| !ch.is_ascii_hexdigit());
            if !words.any(|word| word.len() == 64 && is_there(word)) {
                return Err(wrong(format!("tag `{tag}` names no head of this chain")));
            }
            terminal.say(&format!("Tag `{tag}` is signed with the key {by}."));
        }
        let n_records = read.chain.records.len();
        print(
            terminal,
            &format!("All of {} sound; the run {}\nhead {actual}\n", counted(n_records, "record"), folded.said()),
        )
    })
}

fn with_run(
    typed: &RunArgs,
    terminal: Terminal,
    show: impl FnOnce(run::ReadRun, Setting) -> Result<Status, Status>,
) -> Status {
    let shown = || {
        let around = surroundings(&typed.place, terminal)?;
        let path = find_run(&around.setting.runs, &typed.run, terminal)?;
        show(read_run(&path).map_err(|error| stopped(terminal, &error))?, around.setting)
    };
    shown().unwrap_or_else(|status| status)
}

fn print(terminal: Terminal, text: &str) -> Result<Status, Status> {
    let failed =
        |error: std::io::Error| could_not(terminal, &format!("cannot write to standard output: {error}"), None);
    terminal.print(text).map(|()| Status::Fine).map_err(failed)
}
