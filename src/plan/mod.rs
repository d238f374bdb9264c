//! A runbook and its parameters become a plan; lints, emitters and the run as a state machine.
//!
//! In: runbooks, parameter values, and facts of the repository as values. Out: a [`Plan`], the same
//! bytes for the same inputs. Knows no clock, no host, no absolute path, and executes nothing.

pub mod adopt;
mod canonical;
mod components;
mod edges;
pub mod emit;
mod expand;
mod graph;
mod library;
mod links;
pub mod lint;
mod lower;
pub mod machine;
mod model;
mod outputs;
mod params;
pub mod show;
mod typed;
mod window;
mod words;
mod yaml;

pub use canonical::{canonical, canonical_digest, pretty};
pub use components::{Base, CONFIG, Facts, MANIFEST, Package, Packages, read_packages, uses_release_please};
pub use library::{Library, Page, split_reference};
pub use lower::{Binding, Lowered, Place, lower};
pub use model::*;
pub use outputs::{Output, Outputs};
pub use params::takes;
pub use typed::command_of;
pub use window::{Closed, closed};
