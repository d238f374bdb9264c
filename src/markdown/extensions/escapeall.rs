//! A backslash frees any character of its meaning.
//!
//! Source of the rule: `pymdownx/escapeall.py` 13.

use super::{ExtensionOptions, OptionReader};
use crate::markdown::engine::inline::{Engine, Hit, Pass, Taken, escaped};
use crate::text::Chunk;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// `hardbreak`: a backslash at a line's end is a line break.
    pub hardbreak: bool,
    /// `nbsp`: an escaped space does not break.
    pub nbsp: bool,
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options { hardbreak: reader.bool("hardbreak", false), nbsp: reader.bool("nbsp", false) }
    }
}

/// `\` and any character.
pub(crate) fn escape(options: &Options, _: &mut Engine<'_, '_>, pass: &Pass<'_>, at: usize) -> Hit {
    let Some(c) = pass.after(at + 1) else { return Hit::No };
    let end = at + 1 + c.len_utf8();
    if options.hardbreak && c == '\n' {
        return Hit::No;
    }
    let c = if options.nbsp && c == ' ' { '\u{a0}' } else { c };
    Hit::Take(end, Taken::Text(Chunk::synthetic(&escaped(c), pass.span(at..end))))
}
