//! Paths inside a project, as values that do not depend on the machine.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{LazyLock, RwLock};

/// A file of the project: its path relative to the folder of the configuration file, with `/`
/// between the parts, whatever the platform.
///
/// A path that leads out of that folder keeps its leading `..` parts; one on another root is
/// absolute. Equal paths are one interned string, so a `SitePath` is `Copy`, and the order is the
/// order of the strings.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SitePath(&'static str);

/// Every path seen by this process. Paths are few and small; they are never freed.
static PATHS: LazyLock<RwLock<BTreeSet<&'static str>>> = LazyLock::new(RwLock::default);

impl SitePath {
    /// Makes a path from text: `\` becomes `/`, `.` parts and doubled separators vanish, and
    /// `a/..` is folded.
    pub fn new(path: &str) -> SitePath {
        let normal = normalise(path);
        let held = "no thread panics while it holds the path table";
        if let Some(known) = PATHS.read().expect(held).get(normal.as_str()) {
            return SitePath(known);
        }
        let mut table = PATHS.write().expect(held);
        if let Some(known) = table.get(normal.as_str()) {
            return SitePath(known);
        }
        let kept: &'static str = Box::leak(normal.into_boxed_str());
        table.insert(kept);
        SitePath(kept)
    }

    /// Returns the path as text.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// Returns the part after the last `/`.
    pub fn file_name(self) -> &'static str {
        self.0.rsplit('/').next().unwrap_or(self.0)
    }

    /// Returns the file name without its last extension; a leading dot is not an extension.
    pub fn stem(self) -> &'static str {
        let name = self.file_name();
        match name.rfind('.') {
            Some(dot) if dot > 0 => &name[..dot],
            _ => name,
        }
    }

    /// Returns the last extension without its dot, or the empty string.
    pub fn extension(self) -> &'static str {
        let name = self.file_name();
        match name.rfind('.') {
            Some(dot) if dot > 0 => &name[dot + 1..],
            _ => "",
        }
    }

    /// Returns the folder that holds this path; the root is the empty path.
    pub fn parent(self) -> SitePath {
        match self.0.rfind('/') {
            Some(slash) => SitePath::new(&self.0[..slash]),
            None => SitePath::new(""),
        }
    }

    /// Returns `relative` as seen from this folder; an absolute `relative` stands for itself.
    pub fn join(self, relative: &str) -> SitePath {
        if self.0.is_empty() || relative.starts_with('/') {
            SitePath::new(relative)
        } else {
            SitePath::new(&format!("{}/{relative}", self.0))
        }
    }

    /// Returns the rest of the path below `folder`, compared part by part (`docs` is not above
    /// `docs_internal/x`). Every path is below the empty folder.
    pub fn below(self, folder: SitePath) -> Option<&'static str> {
        if folder.0.is_empty() {
            return (!self.0.starts_with("..") && !self.0.starts_with('/')).then_some(self.0);
        }
        self.0.strip_prefix(folder.0)?.strip_prefix('/')
    }
}

fn normalise(path: &str) -> String {
    let path = path.replace('\\', "/");
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if path.starts_with('/') => {}
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if path.starts_with('/') { format!("/{joined}") } else { joined }
}

impl PartialOrd for SitePath {
    fn partial_cmp(&self, other: &SitePath) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SitePath {
    fn cmp(&self, other: &SitePath) -> std::cmp::Ordering {
        self.0.cmp(other.0)
    }
}

impl fmt::Display for SitePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for SitePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_once() {
        assert_eq!(SitePath::new("a//./b/../c.md").as_str(), "a/c.md");
        assert_eq!(SitePath::new("..\\x.yml").as_str(), "../x.yml");
        assert_eq!(SitePath::new("../../x").as_str(), "../../x");
        assert_eq!(SitePath::new("/../etc").as_str(), "/etc");
        assert_eq!(SitePath::new("a").join("../b"), SitePath::new("b"));
    }

    #[test]
    fn below_compares_whole_parts() {
        let docs = SitePath::new("docs");
        assert_eq!(SitePath::new("docs/a.md").below(docs), Some("a.md"));
        assert_eq!(SitePath::new("docs_internal/a.md").below(docs), None);
        assert_eq!(SitePath::new("../a.md").below(SitePath::new("")), None);
    }

    #[test]
    fn names_have_stems_and_extensions() {
        let path = SitePath::new("a/b.tar.gz");
        assert_eq!((path.stem(), path.extension()), ("b.tar", "gz"));
        let hidden = SitePath::new(".pages");
        assert_eq!((hidden.stem(), hidden.extension()), (".pages", ""));
    }
}
