//! Plans as people and other programs read them: tables, graphs, explanations, differences.
//!
//! In: sealed plans. Out: text. Decides nothing.

mod diff;
mod explain;
mod graph;
mod picture;
mod table;

pub use diff::{Change, diff, diff_text};
pub use explain::explain;
pub use graph::{dot, mermaid};
pub use picture::svg;
pub use table::table;

use crate::plan::{Plan, yaml};

/// Returns a plan as YAML: keys sorted, scripts as literal blocks.
pub fn as_yaml(plan: &Plan) -> String {
    yaml::write(&[], &yaml::of_json(&plan.to_value()))
}
