//! Task lists: `- [ ] open`, `- [x] done`.
//!
//! Source of the rule: `pymdownx/tasklist.py` of pymdown-extensions 13.1.

use super::{ExtensionOptions, OptionReader};

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Whether a `<label>` with an empty `<span>` wraps the box.
    pub custom_checkbox: bool,
    /// Whether the reader may tick the box.
    pub clickable_checkbox: bool,
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        // Python takes them, and nothing reads them.
        reader.node("delete");
        reader.node("subscript");
        Options {
            custom_checkbox: reader.bool("custom_checkbox", false),
            clickable_checkbox: reader.bool("clickable_checkbox", false),
        }
    }
}
