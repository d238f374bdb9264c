//! A whole site at once: the new one is made beside the old one, and the two change places.
//!
//! Whoever asks by path sees the old site or the new one, also where the process is killed at any moment.
//! Whoever holds the folder itself (a server that was started in it, a container that it is mounted into)
//! keeps it: after the exchange, the old folder is brought up to date and takes its place again. What did
//! not change is linked, not copied, so it keeps its inode and time.

use super::workshop::Workshop;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What becomes of the files of a folder, by their paths in it.
#[derive(Debug, Default)]
pub(super) struct Swap {
    /// Files that stand in the new folder already.
    pub(super) changed: BTreeSet<String>,
    /// Files that stay as they are, of this site and of others, and folders without files.
    pub(super) kept: BTreeSet<String>,
    /// Files that go.
    pub(super) stale: BTreeSet<String>,
}

/// Gives a folder the place of another, once what is kept stands in it too. Returns whether that was
/// possible; if not, nothing has changed.
pub(super) fn swap(workshop: &Workshop, new: &Path, folder: &Path, files: &Swap) -> bool {
    if !folder.exists() {
        return files.kept.is_empty() && fs::rename(new, folder).is_ok();
    }
    if keep(folder, new, &files.kept).is_err() || exchange(new, folder).is_err() {
        return false;
    }
    // From here on `new` is the old folder. Where it cannot be brought up to date, the new one stays.
    if update(workshop, folder, new, files).is_ok() {
        let _ = exchange(new, folder);
    }
    true
}

/// Links what is kept into the new folder.
fn keep(folder: &Path, new: &Path, kept: &BTreeSet<String>) -> io::Result<()> {
    let mut known_folder = PathBuf::new();
    for path in kept {
        let (from, to) = (folder.join(path), new.join(path));
        if fs::symlink_metadata(&from)?.is_dir() {
            fs::create_dir_all(to)?;
            continue;
        }
        let parent = to.parent().unwrap_or(new);
        if parent != known_folder {
            fs::create_dir_all(parent)?;
            parent.clone_into(&mut known_folder);
        }
        fs::hard_link(from, to)?;
    }
    Ok(())
}

/// Brings a folder to the state of another.
fn update(workshop: &Workshop, from: &Path, folder: &Path, files: &Swap) -> io::Result<()> {
    for path in &files.stale {
        remove(folder, path)?;
    }
    let link = workshop.place("link");
    for path in &files.changed {
        let to = folder.join(path);
        fs::create_dir_all(to.parent().unwrap_or(folder))?;
        fs::hard_link(from.join(path), &link)?;
        fs::rename(&link, to)?;
    }
    Ok(())
}

/// Removes a file, and the folders that are empty afterwards.
fn remove(folder: &Path, path: &str) -> io::Result<()> {
    let place = folder.join(path);
    match fs::remove_file(&place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut parent = place.parent();
    while let Some(empty) = parent.filter(|parent| *parent != folder && fs::remove_dir(parent).is_ok()) {
        parent = empty.parent();
    }
    Ok(())
}

#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?)
}

/// Other systems cannot exchange two folders; files are renamed one by one.
#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
