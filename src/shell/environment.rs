//! What surrounds this process: arguments, variables, the current folder.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

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
