//! What Git knows of pages, for the plugins that show it; who asks Git is somebody else.

use crate::text::SitePath;
use std::collections::BTreeMap;

/// When a page was first and last committed, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageTimes {
    /// The first commit.
    pub created: i64,
    /// The last commit; `None` where all commits of the page are ignored.
    pub updated: Option<i64>,
}

/// What Git knows of the folder of the pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The times of all pages that Git knows.
    pub pages: BTreeMap<SitePath, PageTimes>,
    /// The last commit of all.
    pub site: Option<i64>,
    /// Whether there is a repository at all.
    pub is_known: bool,
}

/// Which commits count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryRules {
    /// Beginnings of hashes: such a commit is no change of a page.
    pub ignored: Vec<String>,
    /// Whether a file that was renamed is a new one (`enable_git_follow: false`).
    pub renamed_is_new: bool,
}
