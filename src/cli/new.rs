//! `opsbook new`: a book to begin with.

use super::{Status, could_not};
use crate::shell::{self, Terminal};
use crate::text::SitePath;
use std::path::PathBuf;

/// Start a book: a folder with a book.toml and a first page
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook new handbook          Start a book in the folder `handbook`
  opsbook new .                 Start a book in this folder

Files that are there already stay as they are; a project that has a configuration is refused.")]
pub(super) struct Typed {
    /// Folder of the new book; it may exist
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

const BOOK: &str = include_str!("new/book.toml");
const INDEX: &str = include_str!("new/index.md");

pub(super) fn run(typed: &Typed) -> Status {
    let terminal = Terminal::new(false);
    for name in super::project::CONFIG_NAMES {
        if shell::check_config(&typed.folder.join(name)).is_ok() {
            let message = format!("`{}` has a `{name}` already", typed.folder.display());
            return could_not(terminal, &message, Some("build it with `opsbook build -f`, or choose another folder"));
        }
    }
    let files = [(SitePath::new("book.toml"), BOOK), (SitePath::new("content/index.md"), INDEX)];
    match shell::write_new_files(&typed.folder, &files) {
        Ok(written) => {
            for path in written {
                terminal.say(&format!("wrote {}", path.display()));
            }
            terminal.say(&format!("show it with: opsbook serve -o -f {}", typed.folder.join("book.toml").display()));
            Status::Fine
        }
        Err(error) => could_not(terminal, &error.message, error.help.as_deref()),
    }
}
