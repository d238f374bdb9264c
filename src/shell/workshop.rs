//! Where files stand until they are whole: a folder beside the one that they are for, or in it.
//!
//! Beside it (`.site.opsbook-tmp` for `site`) there is one for all processes, and who holds it is the only
//! one that writes: it is also the lock. Where nothing can be made beside the folder, each process has one
//! of its own in it, and the folder itself is the lock. Knows nothing of what is written.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The file in a workshop that is locked; a folder without it is somebody else's.
const LOCK: &str = "lock";
const NAME: &str = ".opsbook-tmp";

/// A workshop, held by this process; it goes with this value.
#[derive(Debug)]
pub(super) struct Workshop {
    place: PathBuf,
    /// Whether it stands beside the folder, on the same file system as far as one can tell.
    pub(super) is_beside: bool,
    _lock: Option<File>,
}

impl Workshop {
    /// Opens the workshop of a folder; `waits` is called when another process holds it.
    ///
    /// # Errors
    /// When it can be made neither beside the folder nor in it.
    pub(super) fn open(folder: &Path, waits: &dyn Fn()) -> io::Result<Workshop> {
        let beside = folder.file_name().map(|name| {
            let mut name = name.to_owned();
            name.push(NAME);
            let mut hidden = std::ffi::OsString::from(".");
            hidden.push(name);
            folder.with_file_name(hidden)
        });
        if let Some(place) = beside
            && let Ok(lock) = hold(&place, waits)
        {
            return Ok(Workshop { place, is_beside: true, _lock: Some(lock) });
        }
        Workshop::inside(folder, waits)
    }

    /// Opens a workshop in a folder, which it makes where it is missing.
    pub(super) fn inside(folder: &Path, waits: &dyn Fn()) -> io::Result<Workshop> {
        fs::create_dir_all(folder)?;
        // Some file systems lock no folders; nobody else's files are touched there either.
        let lock = File::open(folder).ok().filter(|lock| locked(lock, waits).is_ok());
        remove_leftovers(folder, lock.is_some());
        let mut number = std::process::id();
        loop {
            let place = folder.join(format!("{NAME}-{number}"));
            match fs::create_dir(&place) {
                // It belongs to somebody else, such as a process of the same number in another container.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number = number.wrapping_add(1),
                Err(error) => return Err(error),
                Ok(()) => {
                    File::create(place.join(LOCK))?;
                    return Ok(Workshop { place, is_beside: false, _lock: lock });
                }
            }
        }
    }

    /// Returns a place in the workshop.
    pub(super) fn place(&self, name: &str) -> PathBuf {
        self.place.join(name)
    }

    /// Tells whether a name of an output folder is that of a workshop.
    pub(super) fn is_name(name: &str) -> bool {
        let number = name.strip_prefix(NAME).and_then(|rest| rest.strip_prefix('-'));
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()))
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        empty(&self.place);
        // As long as the lock is there, the folder is known for a workshop.
        let _ = fs::remove_file(self.place.join(LOCK));
        let _ = fs::remove_dir(&self.place);
    }
}

/// Makes or takes over a workshop and locks it.
fn hold(place: &Path, waits: &dyn Fn()) -> io::Result<File> {
    loop {
        match try_to_hold(place, waits) {
            // Who held it has just removed it.
            Err(error) if error.kind() == io::ErrorKind::NotFound && place.parent().is_some_and(Path::is_dir) => {}
            Ok(None) => {}
            Ok(Some(lock)) => return Ok(lock),
            Err(error) => return Err(error),
        }
    }
}

fn try_to_hold(place: &Path, waits: &dyn Fn()) -> io::Result<Option<File>> {
    match fs::create_dir(place) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    if !fs::symlink_metadata(place)?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let path = place.join(LOCK);
    let names: Vec<_> = fs::read_dir(place)?.flatten().map(|entry| entry.file_name()).collect();
    // The lock comes first and goes last.
    if !names.is_empty() && !names.iter().any(|name| name == LOCK) {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let lock = File::options().create(true).append(true).open(&path)?;
    locked(&lock, waits)?;
    if !is_same(&lock, &path) {
        return Ok(None);
    }
    // Left by a build that was killed.
    empty(place);
    Ok(Some(lock))
}

/// Removes what is in a workshop, but for its lock. What cannot be removed is by the next build.
fn empty(place: &Path) {
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name() != LOCK) {
        let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let _ = if is_dir { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
    }
}

fn locked(file: &File, waits: &dyn Fn()) -> io::Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(fs::TryLockError::WouldBlock) => {
            waits();
            file.lock()
        }
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

/// Tells whether an open file is the one that stands at a path.
fn is_same(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(there)) = (file.metadata(), fs::metadata(path)) else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        (open.dev(), open.ino()) == (there.dev(), there.ino())
    }
    #[cfg(not(unix))]
    {
        // An open file cannot be replaced.
        open.is_file() && there.is_file()
    }
}

/// Removes the workshops of builds that were killed: nobody else is at work in a locked folder.
fn remove_leftovers(folder: &Path, is_locked: bool) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|_| is_locked) {
        let is_ours = entry.file_name().to_str().is_some_and(Workshop::is_name) && entry.path().join(LOCK).exists();
        if is_ours && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn one_at_a_time_holds_the_workshop() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("site");
        let (n_inside, n_waited) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let count = || {
            n_waited.fetch_add(1, Ordering::SeqCst);
        };
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let workshop = Workshop::open(&folder, &count).unwrap();
                        assert!(workshop.is_beside);
                        assert_eq!(n_inside.fetch_add(1, Ordering::SeqCst), 0);
                        fs::create_dir(workshop.place("new")).unwrap();
                        n_inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(n_waited.load(Ordering::SeqCst) > 0);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn folders_of_others_stay_and_leftovers_go() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("site");
        let theirs = root.path().join(".site.opsbook-tmp");
        fs::create_dir(&theirs).unwrap();
        fs::write(theirs.join("theirs"), "").unwrap();
        for name in [".opsbook-tmp", ".opsbook-tmp-1", ".opsbook-tmp-x", ".opsbook-tmp-2"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        fs::write(folder.join(".opsbook-tmp-2/lock"), "").unwrap();
        let workshop = Workshop::open(&folder, &|| {}).unwrap();
        assert!(!workshop.is_beside && workshop.place("a").starts_with(&folder));
        drop(workshop);
        let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, [".opsbook-tmp", ".opsbook-tmp-1", ".opsbook-tmp-x"]);
        assert!(theirs.join("theirs").exists());
        // A leftover beside the folder is taken over.
        fs::remove_dir_all(&theirs).unwrap();
        fs::create_dir_all(theirs.join("new/deep")).unwrap();
        fs::write(theirs.join("lock"), "").unwrap();
        let workshop = Workshop::open(&folder, &|| {}).unwrap();
        assert!(workshop.is_beside && !workshop.place("new").exists());
    }
}
