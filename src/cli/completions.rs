//! `opsbook completions`: what a shell needs to complete a command line.

use super::Status;
use crate::shell::Terminal;
use clap_complete::Shell;

/// Print the completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook completions bash > ~/.local/share/bash-completion/completions/opsbook
  opsbook completions zsh > ~/.zfunc/_opsbook
  opsbook completions fish > ~/.config/fish/completions/opsbook.fish
  opsbook completions powershell >> $PROFILE
  opsbook completions elvish >> ~/.config/elvish/rc.elv")]
pub(super) struct Typed {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

pub(super) fn run(typed: &Typed, terminal: Terminal) -> Status {
    let mut text = Vec::new();
    clap_complete::generate(typed.shell, &mut super::command(), "opsbook", &mut text);
    super::print(terminal, &String::from_utf8_lossy(&text))
}
