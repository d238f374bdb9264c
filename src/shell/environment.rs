//! What surrounds this process: arguments, variables, the current folder.

use super::disk::reason;
use super::output::OutputError;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Returns the arguments, the program's name first.
pub fn arguments() -> Vec<OsString> {
    std::env::args_os().collect()
}

/// Returns the environment variables whose name and value are text.
pub fn variables() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Returns the current folder.
///
/// # Errors
/// When it was removed or may not be read.
pub fn current_folder() -> io::Result<PathBuf> {
    std::env::current_dir()
}

/// Returns the first of several files that stands in a folder or, failing that, in its parents:
/// all names are tried in one folder before its parent is looked at.
pub fn find_upwards(folder: &Path, names: &[&str]) -> Option<PathBuf> {
    folder.ancestors().find_map(|folder| names.iter().map(|name| folder.join(name)).find(|path| path.is_file()))
}

/// Returns the nearest folder above that is a Git repository.
pub fn find_repository(folder: &Path) -> Option<PathBuf> {
    let mark = find_upwards(folder, &[".git/HEAD", ".git"])?;
    mark.ancestors().find(|place| place.ends_with(".git"))?.parent().map(ToOwned::to_owned)
}

/// Returns all of standard input as text.
///
/// # Errors
/// When it cannot be read or is not UTF-8.
pub fn read_standard_input() -> io::Result<String> {
    io::read_to_string(io::stdin())
}

/// Returns the text of a file that the user named.
///
/// # Errors
/// Says in words why there is none.
pub fn read_text(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|error| reason(&error))?;
    String::from_utf8(bytes)
        .map_err(|error| format!("it is not UTF-8 after its first {} bytes", error.utf8_error().valid_up_to()))
}

const CONFIG_HELP: &str = "name a `book.toml` or an `mkdocs.yml` with `-f`; without it, the nearest one is taken";

/// Checks that a configuration file that somebody named is a file.
///
/// # Errors
/// With what it is instead.
pub fn check_config(path: &Path) -> Result<(), OutputError> {
    let refuse = |what: String, help: Option<&str>| {
        let message = format!("the configuration file `{}` {what}", path.display());
        Err(OutputError { message, help: help.map(str::to_owned) })
    };
    match path.metadata() {
        Ok(metadata) if metadata.is_file() => Ok(()),
        Ok(metadata) if metadata.is_dir() => {
            refuse("is a folder".to_owned(), Some("name the `book.toml` or `mkdocs.yml` in it"))
        }
        Ok(_) => refuse("is not a regular file".to_owned(), Some(CONFIG_HELP)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => refuse("does not exist".to_owned(), Some(CONFIG_HELP)),
        Err(error) => refuse(format!("cannot be read: {}", reason(&error)), Some(CONFIG_HELP)),
    }
}

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing, or nothing that may be looked at.
    Missing,
    /// A folder.
    Folder,
    /// A file, or something else that is no folder.
    File,
}

/// Looks what stands at a place; symbolic links count as what they lead to.
pub fn kind_of(path: &Path) -> Kind {
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => Kind::Folder,
        Ok(_) => Kind::File,
        Err(_) => Kind::Missing,
    }
}

/// Looks what stands at a place, and whether it can be read.
///
/// # Errors
/// Says in words why it cannot.
pub fn look_at(path: &Path) -> Result<Kind, String> {
    let readable = match path.metadata() {
        Ok(metadata) if metadata.is_dir() => std::fs::read_dir(path).map(|_| Kind::Folder),
        Ok(_) => std::fs::File::open(path).map(|_| Kind::File),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Kind::Missing),
        Err(error) => Err(error),
    };
    readable.map_err(|error| reason(&error))
}

/// Returns a path as seen from the root of the file system, symbolic links kept.
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Opens an address in the user's browser and does not wait for it.
///
/// # Errors
/// When the system has no program for that.
pub fn open_in_browser(address: &str) -> io::Result<()> {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    let null = Stdio::null;
    Command::new(program).arg(address).stdin(null()).stdout(null()).stderr(null()).spawn().map(drop)
}

/// Returns this program's folder for state by the platform's convention: `$XDG_STATE_HOME/opsbook`,
/// else `~/.local/state/opsbook` (XDG Base Directory 0.8); on macOS
/// `~/Library/Application Support/opsbook`. `None` where the account has no home.
pub fn state_folder() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = match named {
        Some(folder) => folder,
        None if cfg!(target_os = "macos") => std::env::home_dir()?.join("Library/Application Support"),
        None => std::env::home_dir()?.join(".local/state"),
    };
    Some(folder.join("opsbook"))
}

/// Returns the relative way from a folder to a page of a project, where the folder is the project's too.
pub fn way_between(folder: &Path, project: &Path, page: &str) -> Option<String> {
    let folder = std::fs::canonicalize(folder).ok()?;
    let within = folder.strip_prefix(std::fs::canonicalize(project).ok()?).ok()?.to_owned();
    let from: Vec<String> = within.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let to: Vec<&str> = page.split('/').collect();
    let n_shared = from.iter().zip(&to).take_while(|(one, other)| one == *other).count();
    let up = std::iter::repeat_n("..", from.len() - n_shared);
    Some(up.chain(to[n_shared..].iter().copied()).collect::<Vec<_>>().join("/"))
}

/// Reads a file that is no part of a project.
///
/// # Errors
/// When it cannot be read.
pub fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    std::fs::read(path)
}

/// Writes a file that is no part of a project, whole or not at all.
///
/// # Errors
/// When it cannot be written.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut temporary = path.to_owned().into_os_string();
    temporary.push(".opsbook-tmp");
    std::fs::write(&temporary, bytes).and_then(|()| std::fs::rename(&temporary, path))
}
