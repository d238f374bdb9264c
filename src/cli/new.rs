//! `opsbook new`: a book to begin with.

use super::{Status, could_not};
use crate::shell::{self, Kind, Terminal};
use crate::text::SitePath;
use std::path::{Path, PathBuf};

/// Start a book: a folder with a book.toml and a first page
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook new handbook
      Start a book in the folder `handbook`
  opsbook new .
      Start a book in this folder

Files that are there already stay as they are; a project that has a configuration is refused.")]
pub(super) struct Typed {
    /// Folder of the new book; it may exist
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

const BOOK: &str = include_str!("new/book.toml");
const INDEX: &str = include_str!("new/index.md");

pub(super) fn run(typed: &Typed, terminal: Terminal) -> Status {
    if shell::kind_of(&shell::absolute(&typed.folder)) == Kind::File {
        let message = format!("`{}` is a file, and a book needs a folder", typed.folder.display());
        return could_not(terminal, &message, Some("name a folder: `opsbook new handbook`"));
    }
    for name in super::project::CONFIG_NAMES {
        if shell::check_config(&typed.folder.join(name)).is_ok() {
            let message = format!("`{}` has a `{name}` already", typed.folder.display());
            let path = typed.folder.join(name);
            let help = format!("build it with `opsbook build -f {}`, or choose another folder", path.display());
            return could_not(terminal, &message, Some(&help));
        }
    }
    let files = [(SitePath::new("book.toml"), BOOK), (SitePath::new("content/index.md"), INDEX)];
    match shell::write_new_files(&typed.folder, &files) {
        Ok(written) => {
            for path in written {
                terminal.say(&format!("Wrote {}", path.strip_prefix(".").unwrap_or(&path).display()));
            }
            let book = typed.folder.join("book.toml");
            let named = if typed.folder == Path::new(".") { String::new() } else { format!(" -f {}", book.display()) };
            terminal.say(&format!("Show it with: opsbook serve -o{named}"));
            Status::Fine
        }
        Err(error) => could_not(terminal, &error.message, error.help.as_deref()),
    }
}
