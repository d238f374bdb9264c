//! A run as a pure state machine, and its journal as text.
//!
//! In: a bound [`Plan`] and the events so far. Out: what may be done next. A run *is* the fold of
//! its events: resuming reads the journal and folds it again. Dry run, plain run, explanation and
//! tests are drivers over the same machine.
//!
//! Knows no clock (times come with the events), no process, no file.
//!
//! # What holds
//!
//! Whoever can write a journal can write anything into it; the machine takes only what can have
//! happened. It asks the same questions when a run is performed and when its journal is read, so that
//! `journal verify` and the report vouch for no run that went around a guard:
//!
//! - [`guard`] says what guards what, from the plan alone. No selection leaves a guard out, and no
//!   change begins before its guards hold.
//! - [`vanish`] says which guards a condition may take out, and with what.
//! - [`scope`] says what an approval is about; a decision carries it.
//! - [`approval`] says who may decide, and what a person signs.
//! - [`proof`] says when staging has proven a change, and what an earlier run is evidence of.
//! - [`clock`] reads times; a yes is judged by the time of the record in which a change begins.
//!
//! The page `content/explanation/security-model.md` says the same for people, and against whom.
//!
//! [`Plan`]: super::Plan

pub mod approval;
mod chain;
pub mod clock;
mod event;
pub mod guard;
#[cfg(test)]
mod laws;
mod notice;
pub mod proof;
pub mod report;
mod run;
pub mod scope;
pub mod signers;
pub mod sshsig;
pub mod statement;
pub mod testimony;
pub mod vanish;

pub use chain::{Chain, Damage, GENESIS, Record};
pub use event::{
    BreakGlass, Decision, Event, IdentitySource, Kept, Listed, Resolution, RunState, SkipReason, StepResult, Vouched,
};
pub use notice::for_people;
pub use run::{Action, CAPTURE, Due, EVIDENCE, Next, Owed, Rejected, Run, Runner, StepState, StepStatus, Waiting, Yes};
