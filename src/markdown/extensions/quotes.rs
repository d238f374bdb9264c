//! Quotes that a blank line parts, and GitHub's callouts `> [!NOTE]`.
//!
//! Source of the rule: `pymdownx/quotes.py` of pymdown-extensions 13.1.

use super::{ExtensionOptions, OptionReader};

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Whether `> [!NOTE]` becomes an admonition.
    pub callouts: bool,
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options { callouts: reader.bool("callouts", false) }
    }
}
