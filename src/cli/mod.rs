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
mod get_deps;
mod gh_deploy;
mod lint;
mod man;
mod migrate;
mod named;
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

use crate::shell::{self, Stopwatch, Stream, Terminal, Volume};
use clap::error::{ContextKind, ErrorKind};
use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum as _};
use std::ffi::OsString;
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
  opsbook new handbook
      Start a book in the folder `handbook`
  opsbook serve -o
      Show this project in the browser, and follow every change
  opsbook build --strict
      Build the site; warnings fail the build
  opsbook check
      Look for mistakes without writing anything
  opsbook plan release.md --param release=2026.3
      Make the plan of a runbook

Without `-f`, a command looks for `book.toml`, `mkdocs.yml` or `mkdocs.yaml` in this folder, then in its \
parents.

Exit status: 0 fine, 1 the content is at fault, 2 could not do it; `opsbook run --help` has those of runs."
)]
struct Typed {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

/// What every command takes.
#[derive(Clone, Copy, Debug, clap::Args)]
#[command(next_help_heading = "Options of every command")]
struct Common {
    /// Say nothing but errors
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say more: which configuration is read, and how long it took
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    verbose: bool,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: Color,
    /// Use no colours: `--color never`
    #[arg(long, global = true, conflicts_with = "color")]
    no_color: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Color {
    /// On a terminal, unless `NO_COLOR`, `CLICOLOR=0` or `TERM=dumb` is set, and wherever `CLICOLOR_FORCE` is
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    fn meaning(self) -> Option<bool> {
        match self {
            Color::Auto => None,
            Color::Always => Some(true),
            Color::Never => Some(false),
        }
    }
}

impl Common {
    fn terminal(self) -> Terminal {
        let volume = match (self.quiet, self.verbose) {
            (true, _) => Volume::Quiet,
            (false, true) => Volume::Verbose,
            (false, false) => Volume::Normal,
        };
        Terminal::new(volume, if self.no_color { Some(false) } else { self.color.meaning() })
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    Build(build::Typed),
    Serve(serve::Typed),
    Check(check::Typed),
    New(new::Typed),
    GhDeploy(gh_deploy::Typed),
    GetDeps(get_deps::Typed),
    Migrate(migrate::Typed),
    Adopt(adopt::Typed),
    Lint(lint::Typed),
    Plan(plan::Typed),
    Emit(emit::Typed),
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
    Rollback(act::Rollback),
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
    let arguments = shell::arguments();
    let clock = Stopwatch::start();
    let typed = match Typed::try_parse_from(&arguments) {
        Ok(typed) => typed,
        Err(error) => return say_usage(&error, &arguments),
    };
    let terminal = typed.common.terminal();
    let status = match typed.command {
        Command::Build(typed) => build::run(&typed, terminal),
        Command::Serve(typed) => serve::run(&typed, terminal),
        Command::Check(typed) => check::run(&typed, terminal),
        Command::New(typed) => new::run(&typed, terminal),
        Command::GhDeploy(typed) => gh_deploy::run(&typed, terminal),
        Command::GetDeps(typed) => get_deps::run(&typed, terminal),
        Command::Migrate(typed) => migrate::run(&typed, terminal),
        Command::Adopt(typed) => adopt::run(&typed, terminal),
        Command::Lint(typed) => lint::run(&typed, terminal),
        Command::Plan(typed) => plan::run(&typed, terminal),
        Command::Emit(typed) => emit::run(&typed, terminal),
        #[cfg(unix)]
        Command::Run(typed) => run::run(&typed, terminal),
        #[cfg(unix)]
        Command::Resume(typed) => resume::run(&typed, terminal),
        #[cfg(unix)]
        Command::Approve(typed) => act::approve(&typed, terminal),
        #[cfg(unix)]
        Command::Refuse(typed) => act::refuse(&typed, terminal),
        #[cfg(unix)]
        Command::Done(typed) => act::done(&typed, terminal),
        #[cfg(unix)]
        Command::Tick(typed) => act::tick(&typed, terminal),
        #[cfg(unix)]
        Command::Resolve(typed) => act::resolve(&typed, terminal),
        #[cfg(unix)]
        Command::Cancel(typed) => act::cancel(&typed, terminal),
        #[cfg(unix)]
        Command::Rollback(typed) => act::rollback(&typed, terminal),
        #[cfg(unix)]
        Command::Runs(typed) => runs::run(&typed, terminal),
        #[cfg(unix)]
        Command::Watch(typed) => runs::watch(&typed, terminal),
        #[cfg(unix)]
        Command::Report(typed) => runs::report(&typed, terminal),
        #[cfg(unix)]
        Command::Journal(typed) => runs::journal(&typed, terminal),
        Command::Completions(typed) => completions::run(&typed, terminal),
        Command::Man(typed) => man::run(&typed, terminal),
    };
    terminal.detail(&format!("It took {} ms", clock.elapsed().as_millis()));
    status.into()
}

/// What the command line says about colours, read by hand: where it has a mistake, nothing else has read it.
fn color_asked(arguments: &[OsString]) -> Option<bool> {
    let mut asked = None;
    let mut words = arguments.iter().skip(1).filter_map(|word| word.to_str()).take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        let value = match word {
            "--no-color" => Some("never"),
            "--color" => words.next(),
            _ => word.strip_prefix("--color="),
        };
        if let Some(color) = value.and_then(|value| Color::from_str(value, false).ok()) {
            asked = color.meaning();
        }
    }
    asked
}

/// Help and version are products, a wrong option is talk.
fn say_usage(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    let terminal = Terminal::new(Volume::Normal, color_asked(arguments));
    let stream = if error.use_stderr() { Stream::Err } else { Stream::Out };
    let text = error.render();
    let mut text = if terminal.colors(stream) { text.ansi().to_string() } else { text.to_string() };
    let command = arguments.get(1).and_then(|word| word.to_str());
    let takes_project =
        command.is_some_and(|name| ["build", "check", "get-deps", "gh-deploy", "serve"].contains(&name));
    let unknown = error.get(ContextKind::InvalidArg).map(ToString::to_string);
    if error.kind() == ErrorKind::UnknownArgument && unknown.is_some_and(|word| !word.starts_with('-')) && takes_project
    {
        text.push_str("A project is named by its configuration: `-f docs/mkdocs.yml`.\n");
    }
    let status = if error.use_stderr() { Status::CouldNot } else { Status::Fine };
    match stream {
        Stream::Err => terminal.complain(&text),
        Stream::Out if terminal.print(&text).is_err() => return Status::CouldNot.into(),
        Stream::Out => {}
    }
    status.into()
}

/// Writes the product of a command.
fn print(terminal: Terminal, text: &str) -> Status {
    match terminal.print(text) {
        Ok(()) => Status::Fine,
        Err(error) => could_not(terminal, &format!("cannot write to standard output: {error}"), None),
    }
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
