//! `exclude`: files that are no part of the project (mkdocs-exclude 1.0).
//!
//! `glob` is a list of `fnmatch` patterns, `regex` a list of regular expressions that match from the
//! beginning, both over the path from the folder of the pages. A link to such a file is a link to
//! nothing, other than with `exclude_docs`.

use super::event::{Plugin, Reading};
use crate::diag::{Code, Diagnostic};
use crate::site::FoundFiles;
use crate::text::glob::Pattern;
use regex::Regex;

/// What is excluded.
#[derive(Debug)]
struct Exclude {
    globs: Vec<Pattern>,
    regexes: Vec<Regex>,
}

impl Exclude {
    /// Tells whether a file is excluded.
    fn matches(&self, uri: &str) -> bool {
        self.globs.iter().any(|glob| glob.matches(uri)) || self.regexes.iter().any(|regex| regex.is_match(uri))
    }
}

impl Plugin for Exclude {
    fn on_files(&self, files: &mut FoundFiles<'_>) {
        files.files.retain(|file| !self.matches(&file.uri));
    }
}

pub(super) fn read(reading: &mut Reading<'_>) -> Option<Box<dyn Plugin>> {
    let mut settings = reading.settings(&["glob", "regex"]);
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
    Some(Box::new(Exclude { globs, regexes }))
}
