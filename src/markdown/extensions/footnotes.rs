//! Footnotes: `text[^1]` and `[^1]: The note.`
//!
//! Source of the rule: `markdown/extensions/footnotes.py` of Python-Markdown 3.11.

use super::{ExtensionOptions, OptionReader};

/// The options, named as Python-Markdown names them.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// `PLACE_MARKER`: the text that the notes replace.
    pub place_marker: String,
    /// `UNIQUE_IDS`: whether ids carry the number of the conversion. MkDocs converts each page with
    /// a converter of its own, so that number is always 1.
    pub unique_ids: bool,
    /// `BACKLINK_TEXT`.
    pub backlink_text: String,
    /// `SUPERSCRIPT_TEXT`, `{}` standing for the number.
    pub superscript_text: String,
    /// `BACKLINK_TITLE`, `{}` standing for the number.
    pub backlink_title: String,
    /// `SEPARATOR` between the parts of an id.
    pub separator: String,
    /// `USE_DEFINITION_ORDER`: number notes as they are defined rather than as they are used.
    pub use_definition_order: bool,
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options {
            place_marker: reader.string("PLACE_MARKER", "///Footnotes Go Here///"),
            unique_ids: reader.bool("UNIQUE_IDS", false),
            backlink_text: reader.string("BACKLINK_TEXT", "&#8617;"),
            superscript_text: reader.string("SUPERSCRIPT_TEXT", "{}"),
            backlink_title: reader.string("BACKLINK_TITLE", "Jump back to footnote %d in the text").replace("%d", "{}"),
            separator: reader.string("SEPARATOR", ":"),
            use_definition_order: reader.bool("USE_DEFINITION_ORDER", true),
        }
    }
}
