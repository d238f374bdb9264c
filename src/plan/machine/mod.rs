//! A run as a pure state machine, and its journal as text.
//!
//! In: a bound [`Plan`] and the events so far. Out: what may be done next. A run *is* the fold of
//! its events: resuming reads the journal and folds it again. Dry run, plain run, explanation and
//! tests are drivers over the same machine.
//!
//! Knows no clock (times come with the events), no process, no file.
//!
//! [`Plan`]: super::Plan

pub mod approval;
mod chain;
mod event;
pub mod guard;
#[cfg(test)]
mod laws;
pub mod report;
mod run;

pub use chain::{Chain, Damage, GENESIS, Record};
pub use event::{BreakGlass, Decision, Event, IdentitySource, Resolution, RunState, SkipReason, StepResult};
pub use run::{Action, CAPTURE, Next, Rejected, Run, StepState, StepStatus, Waiting};
