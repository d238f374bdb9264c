//! Lists that need no empty line before them.
//!
//! Source of the rule: `mdx_breakless_lists.py`. It looks at lines alone, and so puts an empty line before
//! the first item in code, too.

use super::extension::Extension;
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::text::Chunk;
use regex::Regex;
use std::sync::{Arc, LazyLock};

/// This extension has no options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options;

impl Extension for Options {
    fn read(_: &mut OptionReader<'_>) -> Options {
        Options
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        rules.preprocessors.register("breakless_lists", 27.0, Box::new(|text, _| with_breaks(&text)));
    }
}

static ITEM: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^ *(?:\d+\.|[*+-]) ").expect("the pattern is a literal"));

/// Puts an empty line before each first item of a list.
fn with_breaks(text: &Chunk) -> Chunk {
    let mut breaks = Vec::new();
    let mut in_list = false;
    for line in text.lines() {
        if ITEM.is_match(line.text) {
            if !in_list {
                let start = line.range.start;
                breaks.push((start..start, Chunk::synthetic("\n", text.span(start..start))));
            }
            in_list = true;
        } else if line.text.is_empty() {
            in_list = false;
        }
    }
    text.replace(&breaks)
}
