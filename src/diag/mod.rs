//! Diagnostics: what there is to say about the user's text, as values.
//!
//! Owns the closed registry of codes, severities, the diagnostic itself and its renderings. Knows
//! spans; does not know where a diagnostic is printed, nor what any code's rule computes.

mod code;
mod diagnostic;
mod nearest;
pub mod render;

pub use code::Code;
pub use diagnostic::{Diagnostic, Diagnostics, Edit, Label, Severity};
pub use nearest::nearest;
