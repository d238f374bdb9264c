//! Every line's end is a line break.
//!
//! Source of the rule: `markdown/extensions/nl2br.py`.

use super::extension::Extension;
use crate::markdown::engine::inline::line_break;
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use std::sync::Arc;

/// This extension has no options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options;

impl Extension for Options {
    fn read(_: &mut OptionReader<'_>) -> Options {
        Options
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        rules.inline.register("nl", 5.0, line_break("\n"));
    }
}
