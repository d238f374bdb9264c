//! What a build yields: every file of the site, by its path.

use crate::text::SitePath;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The path of a file of the site, relative to the output folder: parts between `/`, none of them
/// empty, `.` or `..`, so that no page can leave the folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutPath(Arc<str>);

/// Where the bytes of a file come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// These.
    Bytes(Arc<[u8]>),
    /// A file of the project, byte for byte.
    CopyOf(SitePath),
}

/// Every file of a site, sorted by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outputs {
    /// The files.
    pub files: BTreeMap<OutPath, Content>,
}

impl OutPath {
    /// Takes a path that stays inside of the output folder and that every platform can hold.
    pub fn new(path: &str) -> Option<OutPath> {
        let fine = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['\0', '\\']);
        path.split('/').all(fine).then(|| OutPath(path.into()))
    }

    /// Returns the path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for OutPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Outputs {
    /// Adds a file made here.
    pub fn add(&mut self, path: OutPath, bytes: impl Into<Arc<[u8]>>) {
        self.files.insert(path, Content::Bytes(bytes.into()));
    }

    /// Returns the bytes made here for a path; `None` for copies and for what is not there.
    pub fn bytes(&self, path: &str) -> Option<&Arc<[u8]>> {
        match self.files.get(&OutPath::new(path)?)? {
            Content::Bytes(bytes) => Some(bytes),
            Content::CopyOf(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_cannot_leave_the_output_folder() {
        for path in ["", "/etc", "a//b", "../x", "a/../../x", "./a", "a\\..\\b", "a\0"] {
            assert_eq!(OutPath::new(path), None, "{path:?}");
        }
        assert_eq!(OutPath::new("A b/..c/index.html").unwrap().as_str(), "A b/..c/index.html");
    }
}
