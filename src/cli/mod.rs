//! The command line: what was typed becomes what is meant, and a result becomes an exit status.
//!
//! One file per subcommand. Each holds its arguments as typed (a struct that clap fills), what they
//! mean, and the command itself over the rooms below. All output goes through [`Terminal`]: the
//! product to standard output, the talk to standard error.

#[cfg(unix)]
mod act;
mod adopt;
mod build;
mod check;
mod completions;
mod emit;
mod lint;
mod man;
mod migrate;
mod new;
mod plan;
mod project;
mod report;
#[cfg(unix)]
mod resume;
#[cfg(unix)]
mod run;
#[cfg(unix)]
mod running;
#[cfg(unix)]
mod runs;
mod serve;

use crate::shell::{self, Stream, Terminal};
use clap::{CommandFactory as _, Parser, Subcommand};
use std::process::ExitCode;

/// How a command ended;
/// the order goes from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// All is well: 0.
    Fine,
    /// The content is at fault: 1.
    ContentAtFault,
    /// It could not be done: 2.
    CouldNot,
    /// A run's own status (RUNBOOK-FORMAT, section 3.5).
    Run(u8),
}

impl Status {
    /// What a command's own failure means for `run`, whose 1 is a step's: a plan that is at fault is 3.
    fn of_run(self) -> Status {
        if self == Status::ContentAtFault { Status::Run(3) } else { self }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(match status {
            Status::Fine => 0,
            Status::ContentAtFault => 1,
            Status::CouldNot => 2,
            Status::Run(status) => status,
        })
    }
}

/// One Markdown source, two compilers: a documentation site for people, release plans for machines
#[derive(Debug, Parser)]
#[command(
    name = "opsbook",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "\
Examples:
  opsbook new handbook          Start a book in the folder `handbook`
  opsbook serve -o              Show this project in the browser, and follow every change
  opsbook build --strict        Build the site; warnings fail the build
  opsbook check                 Look for mistakes without writing anything
  opsbook plan release.md --param release=2026.3
                                Make the plan of a runbook

Without `-f`, a command looks for `book.toml`, `mkdocs.yml` or `mkdocs.yaml` in this folder, then in its parents.

Exit status: 0 fine, 1 the content is at fault, 2 could not do it."
)]
struct Typed {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Adopt(adopt::Typed),
    Build(build::Typed),
    Check(check::Typed),
    Migrate(migrate::Typed),
    Emit(emit::Typed),
    New(new::Typed),
    Lint(lint::Typed),
    Plan(plan::Typed),
    Serve(serve::Typed),
    #[cfg(unix)]
    Run(run::Typed),
    #[cfg(unix)]
    Resume(resume::Typed),
    #[cfg(unix)]
    Approve(act::Approve),
    #[cfg(unix)]
    Refuse(act::Refuse),
    #[cfg(unix)]
    Done(act::Done),
    #[cfg(unix)]
    Tick(act::Tick),
    #[cfg(unix)]
    Resolve(act::Resolve),
    #[cfg(unix)]
    Cancel(act::Cancel),
    #[cfg(unix)]
    Runs(runs::Typed),
    #[cfg(unix)]
    Watch(runs::Watch),
    #[cfg(unix)]
    Report(runs::Report),
    #[cfg(unix)]
    Journal(runs::Journal),
    Completions(completions::Typed),
    Man(man::Typed),
}

/// Returns what the program accepts: every command, argument and option, with its words.
pub fn command() -> clap::Command {
    Typed::command()
}

/// Runs the program with this process' arguments.
pub fn main() -> ExitCode {
    let typed = match Typed::try_parse_from(shell::arguments()) {
        Ok(typed) => typed,
        Err(error) => return say_usage(&error),
    };
    let status = match typed.command {
        Command::Adopt(typed) => adopt::run(&typed),
        Command::Build(typed) => build::run(typed),
        Command::Check(typed) => check::run(typed),
        Command::Migrate(typed) => migrate::run(&typed),
        Command::Emit(typed) => emit::run(&typed),
        Command::New(typed) => new::run(&typed),
        Command::Lint(typed) => lint::run(&typed),
        Command::Plan(typed) => plan::run(&typed),
        Command::Serve(typed) => serve::run(&typed),
        #[cfg(unix)]
        Command::Run(typed) => run::run(&typed),
        #[cfg(unix)]
        Command::Resume(typed) => resume::run(&typed),
        #[cfg(unix)]
        Command::Approve(typed) => act::approve(&typed),
        #[cfg(unix)]
        Command::Refuse(typed) => act::refuse(&typed),
        #[cfg(unix)]
        Command::Done(typed) => act::done(&typed),
        #[cfg(unix)]
        Command::Tick(typed) => act::tick(&typed),
        #[cfg(unix)]
        Command::Resolve(typed) => act::resolve(&typed),
        #[cfg(unix)]
        Command::Cancel(typed) => act::cancel(&typed),
        #[cfg(unix)]
        Command::Runs(typed) => runs::run(&typed),
        #[cfg(unix)]
        Command::Watch(typed) => runs::watch(&typed),
        #[cfg(unix)]
        Command::Report(typed) => runs::report(&typed),
        #[cfg(unix)]
        Command::Journal(typed) => runs::journal(&typed),
        Command::Completions(typed) => completions::run(&typed),
        Command::Man(typed) => man::run(&typed),
    };
    status.into()
}

/// Help and version are products, a wrong option is talk.
fn say_usage(error: &clap::Error) -> ExitCode {
    let terminal = Terminal::new(false);
    let stream = if error.use_stderr() { Stream::Err } else { Stream::Out };
    let text = error.render();
    let text = if terminal.colors(stream) { text.ansi().to_string() } else { text.to_string() };
    let status = if error.use_stderr() { Status::CouldNot } else { Status::Fine };
    match stream {
        Stream::Err => terminal.complain(&text),
        Stream::Out if terminal.print(&text).is_err() => return Status::CouldNot.into(),
        Stream::Out => {}
    }
    status.into()
}

/// Says why a command could not do its work.
fn could_not(terminal: Terminal, message: &str, help: Option<&str>) -> Status {
    let (red, cyan, bold, off) = if terminal.colors(Stream::Err) {
        ("\x1b[1;31m", "\x1b[1;36m", "\x1b[1m", "\x1b[0m")
    } else {
        ("", "", "", "")
    };
    terminal.complain(&format!("{red}error{off}{bold}: {message}{off}\n"));
    if let Some(help) = help {
        terminal.complain(&format!("  {cyan}help{off}: {help}\n"));
    }
    Status::CouldNot
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        command().debug_assert();
    }
}
