//! What Git knows of a project, asked of the `git` program.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

/// Returns the text of a file at a reference, `None` where it did not exist there.
///
/// # Errors
/// Says in words why there is no answer: no Git, no repository, no such reference.
pub fn git_file(folder: &Path, reference: &str, file: &str) -> Result<Option<String>, String> {
    check_reference(folder, reference)?;
    // `./` names the file from the folder, wherever the repository begins.
    Ok(git(folder, &["show", &format!("{reference}:./{file}")]).ok())
}

/// Returns the commit that is checked out, where the folder is in a repository that has one.
pub fn git_commit(folder: &Path) -> Option<String> {
    git(folder, &["rev-parse", "--verify", "--quiet", "HEAD"]).ok().map(|text| text.trim().to_owned())
}

/// Returns all tags; `None` where there is no repository.
pub fn git_tags(folder: &Path) -> Option<BTreeSet<String>> {
    git(folder, &["tag", "--list"]).ok().map(|text| text.lines().map(str::to_owned).collect())
}

fn check_reference(folder: &Path, reference: &str) -> Result<(), String> {
    if reference.starts_with('-') || reference.is_empty() {
        return Err(format!("`{reference}` is no Git reference"));
    }
    git(folder, &["rev-parse", "--verify", "--quiet", &format!("{reference}^{{commit}}")])
        .map(|_| ())
        .map_err(|why| if why.is_empty() { format!("Git does not know the reference `{reference}`") } else { why })
}

fn git(folder: &Path, words: &[&str]) -> Result<String, String> {
    let output = Command::new("git")
        .args(words)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot start `git`: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}
