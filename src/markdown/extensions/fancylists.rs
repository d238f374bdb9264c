//! Lists numbered by letters and Roman numerals, and generic `#.` items.
//!
//! Source of the rule: `pymdownx/fancylists.py` of pymdown-extensions 13.1.

use super::{ExtensionOptions, OptionReader};

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Numberings besides decimal: `roman`, `alpha`, `generic`.
    pub additional_ordered_styles: Vec<String>,
    /// Whether lists say `style="list-style-type: …"`.
    pub inject_style: bool,
    /// Whether lists say `class="fancylists-…"`.
    pub inject_class: bool,
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options {
            additional_ordered_styles: reader
                .opt_strings("additional_ordered_styles")
                .unwrap_or_else(|| ["roman", "alpha", "generic"].map(str::to_owned).to_vec()),
            inject_style: reader.bool("inject_style", false),
            inject_class: reader.bool("inject_class", false),
        }
    }
}
