//! `same-dir`: the pages lie beside the configuration (mkdocs-same-dir 0.1).
//!
//! `docs_dir` may be the configuration's own folder, or hold the folder of the site. Of the files right
//! beside the configuration only pages, style sheets, scripts and `CNAME` are part of the site, because
//! the others, such as the configuration itself, are about the project.

use super::event::{Plugin, Reading};
use crate::site::{FoundFiles, is_page, url};

#[derive(Debug)]
struct SameDir;

pub(super) fn read(_: &mut Reading<'_>) -> Option<Box<dyn Plugin>> {
    Some(Box::new(SameDir))
}

impl Plugin for SameDir {
    fn on_files(&self, files: &mut FoundFiles<'_>) {
        files.files.retain(|file| keeps(&file.uri));
    }
}

/// Tells whether a file is part of the site, by its path from the folder of the pages.
fn keeps(uri: &str) -> bool {
    let is_below = uri.contains('/');
    let is_script = [".js", ".javascript", ".mjs", ".css"].iter().any(|end| uri.ends_with(end));
    is_below || is_page(uri) || is_script || url::splitext(uri).0 == "CNAME"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_about_the_project_are_left_out() {
        let kept = ["a.md", "README.md", "x.css", "x.js", "m.mjs", "CNAME", "img/a.png", "sub/mkdocs.yml"];
        assert!(kept.iter().all(|uri| keeps(uri)));
        assert!(["mkdocs.yml", "requirements.txt", "logo.png", "LICENSE"].iter().all(|uri| !keeps(uri)));
    }
}
