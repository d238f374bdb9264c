//! Footnotes: `text[^1]` and `[^1]: The note.`
//!
//! Source of the rule: `markdown/extensions/footnotes.py` of Python-Markdown 3.11.

use super::{ExtensionOptions, OptionReader};

/// The number of the conversion: MkDocs makes a converter for each page, which counts its making and
/// its first use.
pub(crate) const CONVERSION: u32 = 2;

/// The options, named as Python-Markdown names them.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// `PLACE_MARKER`: the text that the notes replace.
    pub place_marker: String,
    /// `UNIQUE_IDS`: whether ids carry the number of the conversion, which is 2: MkDocs converts a page once before.
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

impl Options {
    /// What an id says of a note besides its prefix.
    pub(crate) fn key(&self, label: &str) -> String {
        if self.unique_ids { format!("{CONVERSION}-{label}") } else { label.to_owned() }
    }
}

/// Puts a number into a text as Python's `str.format` does: at `{}` and `{0}`, with a width where one
/// is asked for; two braces are one.
pub(crate) fn numbered(text: &str, number: usize) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            out.push_str(&rest[..1]);
            rest = &rest[2..];
            continue;
        }
        match field(rest, number) {
            Some((shown, length)) => {
                out.push_str(&shown);
                rest = &rest[length..];
            }
            None => {
                out.push_str(&rest[..1]);
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Reads a field at the start of a text: what stands for it, and its length.
fn field(text: &str, number: usize) -> Option<(String, usize)> {
    let length = text.find('}')? + 1;
    let inner = text[..length - 1].strip_prefix('{')?;
    let inner = inner.strip_prefix('0').unwrap_or(inner);
    let width = match inner.strip_prefix(':') {
        Some(format) => format.strip_suffix('d').unwrap_or(format),
        None if inner.is_empty() => "",
        None => return None,
    };
    let wide: usize = if width.is_empty() { 0 } else { width.parse().ok().filter(|wide| *wide < 100)? };
    let shown = if width.starts_with('0') { format!("{number:0wide$}") } else { format!("{number:wide$}") };
    Some((shown, length))
}

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn numbers_stand_where_python_puts_them() {
        assert_eq!(numbered("[{}] {0:02d} {:3} {{}} {x}", 7), "[7] 07   7 {} {x}");
    }
}
