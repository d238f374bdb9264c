//! A backslash frees any character of its meaning.
//!
//! Source of the rule: `pymdownx/escapeall.py`.

use super::extension::Extension;
use crate::markdown::engine::inline::{Hit, Pass, Taken, at_char, line_break};
use crate::markdown::engine::mark::escaped;
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::text::Chunk;
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// `hardbreak`: a backslash at a line's end is a line break.
    pub(crate) hardbreak: bool,
    /// `nbsp`: an escaped space does not break.
    pub(crate) nbsp: bool,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options { hardbreak: reader.bool("hardbreak", false), nbsp: reader.bool("nbsp", false) }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        if self.hardbreak {
            rules.inline.register("hardbreak", 5.1, line_break("\\\n"));
        }
        rules.inline.register("escape", 180.0, at_char('\\', move |_, pass, at| escape(&self, pass, at)));
    }
}

/// `\` and any character.
fn escape(options: &Options, pass: &Pass<'_>, at: usize) -> Hit {
    let Some(c) = pass.after(at + 1) else { return Hit::No };
    let end = at + 1 + c.len_utf8();
    if options.hardbreak && c == '\n' {
        return Hit::No;
    }
    let c = if options.nbsp && c == ' ' { '\u{a0}' } else { c };
    Hit::Take(end, Taken::Text(Chunk::synthetic(&escaped(c), pass.span(at..end))))
}
