//! `exclude`: files that are no part of the project (mkdocs-exclude 1.0).
//!
//! `glob` is a list of `fnmatch` patterns, `regex` a list of regular expressions that match from the
//! beginning, both over the path from the folder of the pages. A link to such a file is a link to
//! nothing, other than with `exclude_docs`.

use super::Settings;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::site::options::SiteOptions;
use crate::text::glob::Pattern;
use regex::Regex;

/// What is excluded.
pub(crate) struct Exclude {
    globs: Vec<Pattern>,
    regexes: Vec<Regex>,
}

impl Exclude {
    /// Tells whether a file is excluded.
    pub(crate) fn matches(&self, uri: &str) -> bool {
        self.globs.iter().any(|glob| glob.matches(uri)) || self.regexes.iter().any(|regex| regex.is_match(uri))
    }
}

/// Reads the plugin's options; `None` where it is not used.
pub(crate) fn read(options: &SiteOptions, diagnostics: &mut Diagnostics) -> Option<Exclude> {
    let mut settings = Settings::open(options.plugin("exclude")?, &["glob", "regex"], diagnostics);
    let globs = settings.texts("glob").iter().map(|glob| Pattern::fnmatch(&glob.value)).collect();
    let mut regexes = Vec::new();
    for pattern in settings.texts("regex") {
        match Regex::new(&format!("^(?:{})", pattern.value)) {
            Ok(regex) => regexes.push(regex),
            Err(_) => settings.report(
                Diagnostic::new(
                    Code::PluginBadOption,
                    pattern.span,
                    format!("`{}` is not a regular expression that opsbook can read", pattern.value),
                )
                .note("look-around and back references are not supported"),
            ),
        }
    }
    Some(Exclude { globs, regexes })
}
