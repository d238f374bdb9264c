//! Locks: of a run, of a runbook in an environment, and of a step's process.
//!
//! A lock is held by an open file and goes with the process that opened it; what stands in the file
//! only says who that is. A step's process inherits the lock of a file of its own, so that an orphan
//! is known for as long as it lives, and what it left running after its end is nobody's orphan.

use super::error::RunError;
use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The ending of the files that steps' processes hold.
const STEP: &str = "step";

/// Who holds a lock, in their own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// When it was started, in the system's own count: another process may get its number later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<u64>,
    /// Who started it.
    pub by: String,
    /// Since when it holds the lock, RFC 3339.
    pub since: String,
    /// Whether it performs the run; else a person's command is at work for a moment.
    pub runner: bool,
    /// The folder of the run.
    #[serde(default)]
    pub run: PathBuf,
}

impl Holder {
    /// Returns this process as a holder.
    pub(super) fn this(by: &str, runner: bool, run: &Path) -> Holder {
        let pid = std::process::id();
        let since = super::time::now();
        Holder { pid, started: start_of(pid), by: by.to_owned(), since, runner, run: run.to_owned() }
    }

    /// Tells whether the process is there, and is the one that wrote this.
    pub(super) fn is_alive(&self) -> bool {
        let there = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw).is_some_and(|pid| {
            // A process of somebody else is there too, although it takes no signal from here.
            !matches!(rustix::process::test_kill_process(pid), Err(rustix::io::Errno::SRCH))
        });
        there && (self.started.is_none() || start_of(self.pid) == self.started)
    }
}

/// A lock that is held until this is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    file: File,
    /// Who held it before, where they said so.
    pub(super) before: Option<Holder>,
}

/// Somebody else holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Who, where they are still who they said.
    pub holder: Option<Holder>,
    /// Processes that have the lock open, where the system tells.
    pub pids: Vec<u32>,
}

impl Lock {
    /// Takes a lock, or says who has it.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub(super) fn take(path: &Path, holder: &Holder) -> Result<Result<Lock, Held>, RunError> {
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        let mut file = opened.map_err(|error| RunError::io("cannot open", path, &error))?;
        let taken = rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok();
        let mut noted = String::new();
        // What a holder that was cut off wrote is nothing.
        let _ = file.read_to_string(&mut noted);
        let before: Option<Holder> = serde_json::from_str(&noted).ok();
        if !taken {
            return Ok(Err(Held { holder: before.filter(Holder::is_alive), pids: holders_of(path) }));
        }
        let mut lock = Lock { path: path.to_owned(), file, before };
        lock.note(holder)?;
        Ok(Ok(lock))
    }

    /// Writes down who holds the lock.
    ///
    /// # Errors
    /// When the disk says no.
    pub(super) fn note(&mut self, holder: &Holder) -> Result<(), RunError> {
        let text = serde_json::to_string(holder).expect("a holder has text keys");
        let noted =
            self.file.set_len(0).and_then(|()| self.file.rewind()).and_then(|()| self.file.write_all(text.as_bytes()));
        noted.map_err(|error| RunError::io("cannot write", &self.path, &error))
    }
}

/// The lock of a step's process: a file that it inherits. The file goes when its runner has seen the
/// process end, so that one that is there and held is an orphan's.
#[derive(Debug)]
pub(super) struct StepLock {
    path: PathBuf,
    file: File,
}

impl StepLock {
    /// Makes one in a run's private folder; `label` is what people know the step by.
    ///
    /// # Errors
    /// When the disk says no.
    pub(super) fn new(folder: &Path, name: &str, label: &str) -> Result<StepLock, RunError> {
        let path = folder.join(name).with_extension(STEP);
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path);
        let locked = file.and_then(|mut file| {
            file.write_all(label.as_bytes())?;
            rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)?;
            Ok(file)
        });
        let file = locked.map_err(|error| RunError::io("cannot write", &path, &error))?;
        Ok(StepLock { path, file })
    }

    /// Returns a handle that a child process may keep open.
    ///
    /// # Errors
    /// When there are too many open files.
    pub(super) fn handle(&self) -> Result<File, RunError> {
        self.file.try_clone().map_err(|error| RunError::io("cannot keep", &self.path, &error))
    }
}

impl Drop for StepLock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Returns the process that performs a run, where one does.
pub fn runner_of(run: &Path) -> Option<Holder> {
    let noted = fs::read_to_string(run.join("lock")).ok()?;
    let holder: Holder = serde_json::from_str(&noted).ok()?;
    (holder.runner && holder.is_alive()).then_some(holder)
}

/// Finds a process of a step whose runner did not see its end, and that is still alive.
///
/// # Errors
/// Names it.
pub(super) fn refuse_orphans(run: &Path) -> Result<(), RunError> {
    for path in files_in(&run.join("tmp")).filter(|path| path.extension().is_some_and(|end| end == STEP)) {
        let Ok(mut file) = File::open(&path) else { continue };
        if rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared).is_err() {
            let mut step = String::new();
            let _ = file.read_to_string(&mut step);
            return Err(RunError::Orphaned { run: run.to_owned(), step, pids: holders_of(&path) });
        }
    }
    Ok(())
}

/// Removes what runners that are gone left in a run's private folder: scripts, kubeconfigs, locks.
pub(super) fn sweep(run: &Path) {
    for path in files_in(&run.join("tmp")) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let pid = name.split(['-', '.']).next().and_then(|pid| pid.parse().ok());
        let nobody = Holder {
            pid: 0,
            started: None,
            by: String::new(),
            since: String::new(),
            runner: true,
            run: PathBuf::new(),
        };
        if pid.is_some_and(|pid| !Holder { pid, ..nobody }.is_alive()) {
            let _ = fs::remove_file(&path);
        }
    }
}

fn files_in(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter()
}

/// Where the locks of runbooks are: one file for each runbook and environment of a project.
#[derive(Clone, Debug)]
pub(super) struct Places<'a> {
    /// The folder of all locks of this account.
    pub(super) locks: &'a Path,
    /// The project.
    pub(super) project: &'a Path,
    /// The runbook.
    pub(super) runbook: &'a str,
}

impl Places<'_> {
    /// Takes the lock of each environment, or of none where the plan has none; all or none of them.
    /// The second value says which is held, and by whom.
    ///
    /// # Errors
    /// When a lock cannot be made.
    pub(super) fn take(
        &self,
        environments: &[Option<&str>],
        holder: &Holder,
    ) -> Result<Result<Vec<Lock>, (String, Held)>, RunError> {
        let made = fs::DirBuilder::new().mode(0o700).recursive(true).create(self.locks);
        made.map_err(|error| RunError::io("cannot make", self.locks, &error))?;
        let mut locks = Vec::new();
        for environment in environments {
            match Lock::take(&self.path(*environment), holder)? {
                Ok(lock) => locks.push(lock),
                Err(held) => {
                    let place = environment.map(|name| format!(" in `{name}`")).unwrap_or_default();
                    return Ok(Err((format!("`{}`{place}", self.runbook), held)));
                }
            }
        }
        Ok(Ok(locks))
    }

    fn path(&self, environment: Option<&str>) -> PathBuf {
        let project = fs::canonicalize(self.project).unwrap_or_else(|_| self.project.to_owned());
        let environment = environment.unwrap_or_default();
        let parts = [project.as_os_str().as_encoded_bytes(), self.runbook.as_bytes(), environment.as_bytes()];
        let harmless = |name: &str| -> String {
            name.chars().take(60).map(|ch| if ch.is_ascii_alphanumeric() || ch == '-' { ch } else { '_' }).collect()
        };
        let digest = crate::text::Digest::of_parts(parts).hex();
        let name = [harmless(self.runbook), harmless(environment), digest[..16].to_owned()];
        let name: Vec<String> = name.into_iter().filter(|part| !part.is_empty()).collect();
        self.locks.join(format!("{}.lock", name.join(".")))
    }
}

/// Returns when a process was started, in clock ticks since the machine began (Linux).
fn start_of(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything; the start is field 22, the first behind the name is 3.
    let (_, rest) = stat.rsplit_once(')')?;
    // A process that was killed and that nobody has waited for does nothing any more.
    if rest.trim_start().starts_with(['Z', 'X']) {
        return None;
    }
    rest.split_ascii_whitespace().nth(19)?.parse().ok()
}

/// Returns the processes that have a file open, this one left out, where the system tells.
fn holders_of(path: &Path) -> Vec<u32> {
    let Ok(wanted) = fs::metadata(path).map(|meta| (meta.dev(), meta.ino())) else {
        return Vec::new();
    };
    let mut holders = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let files = fs::read_dir(entry.path().join("fd")).into_iter().flatten().flatten();
        let mut open = files.filter_map(|file| fs::metadata(file.path()).ok());
        if pid != std::process::id() && open.any(|meta| (meta.dev(), meta.ino()) == wanted) {
            holders.push(pid);
        }
    }
    holders.sort_unstable();
    holders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_one_process_s_and_says_whose() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join("lock");
        let holder = Holder::this("ana", true, Path::new("/runs/1"));
        let lock = Lock::take(&path, &holder).expect("the folder takes files").expect("it is free");
        assert_eq!(lock.before, None);
        let held = Lock::take(&path, &holder).expect("the folder takes files").expect_err("it is held");
        assert_eq!(held.holder.as_ref(), Some(&holder));
        drop(lock);
        let again = Lock::take(&path, &holder).expect("the folder takes files").expect("it is free again");
        assert_eq!(again.before, Some(holder));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn another_process_with_the_same_number_is_not_the_holder() {
        let holder = Holder::this("ana", true, Path::new("/runs/1"));
        assert!(holder.is_alive());
        let reused = Holder { started: holder.started.map(|started| started + 1), ..holder.clone() };
        assert!(!reused.is_alive());
        assert!(!Holder { pid: 0x3fff_fff0, ..holder }.is_alive());
    }

    #[test]
    fn environments_and_projects_have_locks_of_their_own() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        let locks = folder.path().join("locks");
        let holder = Holder::this("ana", true, Path::new("/runs/1"));
        #[allow(clippy::result_large_err, reason = "it is what the function returns")]
        let take = |project: &Path, environments: &[Option<&str>]| {
            Places { locks: &locks, project, runbook: "release" }
                .take(environments, &holder)
                .expect("locks can be made")
        };
        let staging = take(&one, &[Some("staging")]).expect("it is free");
        let (what, _) = take(&one, &[Some("production"), Some("staging")]).expect_err("one of them is held");
        assert_eq!(what, "`release` in `staging`");
        // What was taken before the one that is held was let go.
        take(&one, &[Some("production")]).expect("it is free");
        take(&other, &[Some("staging")]).expect("another project's is its own");
        drop(staging);
        take(&one, &[Some("staging")]).expect("it is free again");
    }
}
