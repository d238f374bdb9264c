//! Runs: plans performed on this machine, and their records.
//!
//! Owns the run's folder, processes, secrets and the driver that moves the machine of
//! `plan::machine`. What may be done next is the machine's word alone.

mod driver;
mod error;
mod folder;
mod local;
mod people;
mod process;
mod redact;
mod session;
mod time;
mod view;

pub use driver::{Answer, Grounds, Journal, Memory, Outcome, Part, People, Performed, Performer, Task, View, drive};
pub use error::RunError;
pub use folder::{ReadRun, RunFolder, keep_evidence, leave_request, list_runs, name_of, read_run};
pub use local::{Local, passed_on};
pub use people::{Absent, AtTerminal, Imagined, Office, Question, Request, account, sign, statement, ways_on};
pub use process::{Control, Ended, Ending, GRACE, Job, PrivateFile, adopt_orphans, parse_outputs, perform};
pub use redact::{MASK, Redactor, SHORTEST};
pub use session::{SecretSource, Selection, Session, Setting, act, begin, fold_read, left_out, rehearse, resume};
pub use time::now;
pub use view::{Live, Plain, checklist, inert, line_of};
