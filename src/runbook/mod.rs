//! A document becomes a runbook: settings, items and executable blocks.
//!
//! In: a parsed page. Out: a [`Runbook`], every part with its place, and diagnostics. The page stays
//! an ordinary page: what is said here stands in front matter and in `#|` lines of code blocks.
//!
//! Does not know other pages (references are kept as written), parameters' values, or the plan.

mod blocks;
mod derive;
mod extract;
mod fields;
mod items;
pub mod keys;
mod model;
mod settings;
mod template;
mod typed;

pub use blocks::commands_of_transcript;
pub use extract::extract;
pub use fields::slug;
pub use model::*;
pub use settings::days_since_epoch;
pub use template::{Condition, OUTPUTS, Part, Template, is_output, mark};
