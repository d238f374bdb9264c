//! Plans as people and other programs read them: tables, graphs, explanations, differences.
//!
//! In: sealed plans. Out: text. Decides nothing.

mod diff;
mod explain;
mod graph;
mod picture;
mod table;
mod yaml;

pub use diff::{Change, diff, diff_text};
pub use explain::explain;
pub use graph::{dot, mermaid};
pub use picture::svg;
pub use table::table;
pub use yaml::yaml;
