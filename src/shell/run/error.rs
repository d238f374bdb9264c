//! Why a run cannot go on, and the exit status that says so (RUNBOOK-FORMAT, section 3.5).

use crate::plan::LoadError;
use crate::plan::machine::Damage;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Our own failure, or a state of the world that stops a run.
#[derive(Debug)]
pub enum RunError {
    /// The system said no about a file.
    Io {
        /// What was tried, such as `cannot write`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's words.
        why: String,
    },
    /// The system said no about something else.
    System(String),
    /// Another process has the run.
    Locked {
        /// The run's folder.
        run: PathBuf,
        /// Processes that have the lock open, where the system tells.
        holders: Vec<u32>,
        /// What the lock's holder wrote into it: its process id.
        noted: String,
    },
    /// The run's folder was deleted while it ran.
    Deleted {
        /// The folder.
        run: PathBuf,
    },
    /// A line of the journal is not what was written.
    Damaged {
        /// The journal.
        path: PathBuf,
        /// Where and how.
        damage: Damage,
    },
    /// The journal is sound but cannot be one of this plan.
    Impossible {
        /// The run's folder.
        run: PathBuf,
        /// Why.
        why: String,
    },
    /// The plan in the run's folder is not what was planned.
    PlanDamaged {
        /// The plan.
        path: PathBuf,
        /// Why.
        error: LoadError,
    },
    /// The plan does not fit what it was made from any more.
    Stale {
        /// What changed.
        why: String,
    },
    /// The plan cannot be run.
    Invalid {
        /// Why.
        why: String,
    },
    /// Something outside the plan was left half done, and a person must look.
    InDoubt(String),
    /// What was asked for makes no sense here.
    Usage(String),
}

impl RunError {
    /// Makes an error about a file.
    pub fn io(what: &'static str, path: &Path, error: &io::Error) -> RunError {
        let why = match error.kind() {
            io::ErrorKind::StorageFull => "the disk is full".to_owned(),
            io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
            io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
            _ => error.to_string(),
        };
        RunError::Io { what, path: path.to_owned(), why }
    }

    /// Returns the exit status of the process.
    pub fn exit_status(&self) -> u8 {
        match self {
            RunError::Io { .. } | RunError::System(_) | RunError::Deleted { .. } | RunError::Usage(_) => 2,
            RunError::Invalid { .. } => 3,
            RunError::InDoubt(_) => 5,
            RunError::Locked { .. } | RunError::Stale { .. } => 6,
            RunError::Damaged { .. } | RunError::Impossible { .. } | RunError::PlanDamaged { .. } => 7,
        }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Io { what, path, why } => write!(f, "{what} `{}`: {why}", path.display()),
            RunError::System(why) | RunError::Usage(why) | RunError::InDoubt(why) => f.write_str(why),
            RunError::Locked { run, holders, noted } => {
                write!(f, "run `{}` is held by ", super::folder::name_of(run))?;
                match holders.as_slice() {
                    [] if noted.is_empty() => write!(f, "another process"),
                    [] => write!(f, "process {noted}"),
                    pids => {
                        let pids: Vec<String> = pids.iter().map(u32::to_string).collect();
                        let word = if pids.len() == 1 { "process" } else { "processes" };
                        write!(f, "{word} {}", pids.join(", "))
                    }
                }?;
                write!(f, "; a step of an earlier runner may still be alive: wait for it or end it, then resume")
            }
            RunError::Deleted { run } => write!(
                f,
                "the run's folder `{}` was deleted while it ran: what was done since is recorded nowhere",
                run.display()
            ),
            RunError::Damaged { path, damage } => write!(
                f,
                "{}:{}: the journal is damaged: {}; nothing is run on top of it",
                path.display(),
                damage.line,
                damage.message
            ),
            RunError::Impossible { run, why } => {
                write!(f, "the journal of `{}` cannot be one of its plan: {why}", run.display())
            }
            RunError::PlanDamaged { path, error } => write!(f, "{}: {error}", path.display()),
            RunError::Stale { why } | RunError::Invalid { why } => f.write_str(why),
        }
    }
}

impl std::error::Error for RunError {}
