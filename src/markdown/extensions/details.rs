//! Details: `??? note "Title"`, `???+ note` for open ones.
//!
//! Source of the rule: `pymdownx/details.py` of pymdown-extensions 13.1.

use super::{ExtensionOptions, OptionReader};

/// This extension has no options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options;

impl ExtensionOptions for Options {
    fn read(_: &mut OptionReader<'_>) -> Options {
        Options
    }
}
