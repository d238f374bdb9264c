//! `opsbook man`: the manual pages of the commands, for `man`.

use super::{Status, could_not};
use crate::shell::{self, Terminal};
use std::path::PathBuf;

/// Write the man pages
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook man | man -l -
      Read the page of opsbook itself
  opsbook man plan diff | man -l -
      Read the page of one command
  opsbook man -o ~/.local/share/man/man1
      Write a page for every command, where `man` finds them")]
pub(super) struct Typed {
    /// The command [default: opsbook itself]
    #[arg(value_name = "COMMAND", conflicts_with = "output")]
    command: Vec<String>,
    /// Write the pages of all commands to a folder, such as `opsbook-build.1`
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(super) fn run(typed: &Typed, terminal: Terminal) -> Status {
    let mut all = super::command().disable_help_subcommand(true);
    all.build();
    if let Some(folder) = &typed.output {
        return write(terminal, &all, folder);
    }
    let mut wanted = &all;
    for name in &typed.command {
        let Some(found) = wanted.find_subcommand(name) else {
            let what = wanted.get_display_name().unwrap_or("opsbook").replace('-', " ");
            let near = crate::diag::nearest(name, wanted.get_subcommands().map(clap::Command::get_name));
            let help = near.map_or_else(
                || format!("`{what} --help` lists the commands"),
                |near| format!("did you mean `{near}`?"),
            );
            return could_not(terminal, &format!("`{what}` has no command `{name}`"), Some(&help));
        };
        wanted = found;
    }
    super::print(terminal, &page(wanted))
}

fn page(command: &clap::Command) -> String {
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut text).expect("memory takes all that is written to it");
    String::from_utf8_lossy(&text).into_owned()
}

fn write(terminal: Terminal, all: &clap::Command, folder: &std::path::Path) -> Status {
    let mut pages = Vec::new();
    let mut commands = vec![all];
    while let Some(command) = commands.pop() {
        commands.extend(command.get_subcommands());
        let name = command.get_display_name().unwrap_or("opsbook");
        pages.push((format!("{name}.1"), page(command)));
    }
    pages.sort();
    match shell::write_files(folder, &pages) {
        Ok(()) => {
            terminal.say(&format!("Wrote {} pages to {}", pages.len(), folder.display()));
            Status::Fine
        }
        Err(error) => could_not(terminal, &error.message, error.help.as_deref()),
    }
}
