//! Why a run cannot go on, and the exit status that says so (RUNBOOK-FORMAT, section 3.5).

use super::folder::name_of;
use super::hints::typeable;
use super::lock::Held;
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
    /// Another process has it.
    Locked {
        /// What: a run, or a runbook in an environment.
        what: String,
        /// Who.
        held: Box<Held>,
    },
    /// A process that a runner began and did not see end is still alive.
    Orphaned {
        /// The run's folder.
        run: PathBuf,
        /// The step.
        step: String,
        /// The processes, where the system tells.
        pids: Vec<u32>,
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
    /// A record of a person is not borne out by a signature.
    Forged {
        /// The run's folder.
        run: PathBuf,
        /// The record's number.
        seq: u64,
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
    /// A run that had begun could not go on.
    Within {
        /// The run's folder.
        run: PathBuf,
        /// Why.
        why: Box<RunError>,
    },
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
            RunError::Within { why, .. } => why.exit_status(),
            RunError::Io { .. } | RunError::System(_) | RunError::Deleted { .. } | RunError::Usage(_) => 2,
            RunError::Invalid { .. } => 3,
            RunError::InDoubt(_) => 5,
            RunError::Locked { .. } | RunError::Orphaned { .. } | RunError::Stale { .. } => 6,
            RunError::Damaged { .. }
            | RunError::Impossible { .. }
            | RunError::Forged { .. }
            | RunError::PlanDamaged { .. } => 7,
        }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Io { what, path, why } => write!(f, "{what} `{}`: {why}", path.display()),
            RunError::System(why) | RunError::Usage(why) | RunError::InDoubt(why) => f.write_str(why),
            RunError::Locked { what, held } if held.holder.is_some() => {
                let holder = held.holder.as_ref().expect("it was just seen");
                let run = name_of(&holder.run);
                let doing = if holder.runner { "who runs" } else { "whose command writes to" };
                let (pid, by, since) = (holder.pid, &holder.by, &holder.since);
                write!(f, "{what} is held by process {pid} of {by}, {doing} {run} since {since}")?;
                write!(
                    f,
                    "; `opsbook watch {}` shows it, `--wait` waits for its end",
                    typeable(&holder.run.to_string_lossy())
                )
            }
            RunError::Locked { what, held } => {
                write!(f, "{what} is held by {}; `--wait` waits for its end", processes(&held.pids))
            }
            RunError::Orphaned { run, step, pids } => write!(
                f,
                "run `{}` is held by {}, which step `{step}` began and which outlived its runner: wait for it or end it, then \
                 resume",
                name_of(run),
                processes(pids)
            ),
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
            RunError::Forged { run, seq, why } => {
                write!(f, "record {seq} of the journal of `{}` is not borne out: {why}", super::folder::name_of(run))
            }
            RunError::PlanDamaged { path, error } => write!(f, "{}: {error}", path.display()),
            RunError::Stale { why } | RunError::Invalid { why } => f.write_str(why),
            RunError::Within { why, .. } => write!(f, "{why}"),
        }
    }
}

fn processes(pids: &[u32]) -> String {
    let named: Vec<String> = pids.iter().map(u32::to_string).collect();
    match named.as_slice() {
        [] => "a process that the system does not name".to_owned(),
        [one] => format!("process {one}"),
        several => format!("processes {}", several.join(", ")),
    }
}

impl std::error::Error for RunError {}
