//! The whole: inputs to outputs.
//!
//! Owns the stages (parse, link, render, collect), what one build remembers for the next, and the way
//! from a configuration to every room's options. In: a [`World`] to read through, and the files below
//! the folder of the pages. Out: [`Outputs`], every file of the site as a value, and diagnostics.
//!
//! Pure: the same inputs yield the same bytes, however many threads there are and whatever was cached.
//! The only room that uses rayon.
//!
//! [`World`]: crate::text::World

mod cache;
mod checklists;
mod checks;
mod found;
mod hidden;
mod json;
mod live;
pub mod migrate;
mod outputs;
mod page;
mod problems;
mod project;
mod runbooks;
mod stages;
mod views;

pub use cache::Cache;
pub use outputs::{Content, OutPath, Outputs};
pub use page::page_of_its_own;
pub use problems::{Problem, ProblemKind, problems_of_files, unreadable_page};
pub use project::{History, HistoryRules, Levels, Overrides, PageTimes, Project, Purpose, RunRules, Strict, load};
pub use runbooks::{adopt_page, collect_library, collect_pages, judge_runbooks};
pub use stages::{Built, build};
