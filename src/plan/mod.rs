//! A runbook and its parameters become a plan; lints, emitters and the run as a state machine.
//!
//! In: runbooks, parameter values, and facts of the repository as values. Out: a [`Plan`], the same
//! bytes for the same inputs. Knows no clock, no host, no absolute path, and executes nothing.

mod canonical;
pub mod machine;
mod model;

pub use canonical::{canonical, canonical_digest, pretty};
pub use model::*;
