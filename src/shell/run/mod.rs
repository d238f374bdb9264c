//! Runs: plans performed on this machine, and their records.
//!
//! Owns the run's folder, processes, secrets and the driver that moves the machine of
//! `plan::machine`. What may be done next is the machine's word alone.

mod driver;
mod error;
mod folder;
mod forget;
mod hints;
mod lines;
mod local;
mod lock;
mod offer;
mod people;
mod process;
mod redact;
mod secrets;
mod session;
mod time;
mod turn;
mod view;

pub use driver::{Answer, Grounds, Journal, Memory, Outcome, Part, People, Performed, Performer, Task, View, drive};
pub use error::RunError;
pub use folder::{ReadRun, RunFolder, keep_evidence, leave_request, list_runs, name_of, read_run};
pub use hints::{Hint, Needs, commands_for, next_commands, typeable};
pub use local::{Local, passed_on};
pub use lock::{Held, Holder, runner_of};
pub use people::{Absent, AtTerminal, Imagined, Office, Question, Request, Signed, account, sign};
pub use process::{Control, Ended, Ending, GRACE, Job, Origin, PrivateFile, adopt_orphans, parse_outputs, perform};
pub use redact::{MASK, Redactor, SHORTEST};
pub use secrets::{Masks, exposed_and_missing, masks};
pub use session::{
    Acted, Runner, SecretSource, Selected, Selection, Session, Setting, act, begin, examine, fold_read, later_changes,
    rehearse, resume, select,
};
pub use time::now;
pub use view::{Live, Plain, checklist, inert, line_of, n_done};
