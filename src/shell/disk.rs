//! A project on a disk, as one unchanging snapshot.

use crate::build::{Problem, ProblemKind};
use crate::text::{ReadError, SitePath, Source, World};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

/// The files of a project: what was read once stays as it was read, for as long as this value lives.
///
/// [`Disk::next`] makes the next snapshot, which shares the texts of all files that did not change.
#[derive(Debug)]
pub struct Disk {
    /// The folder that paths are relative to, without symbolic links.
    root: PathBuf,
    /// The folder that all of the project lies in: its Git repository, or `root` where there is none.
    bounds: PathBuf,
    /// What is part of the project; everything, while its configuration is read.
    realm: Option<Realm>,
    /// Files that stand in memory only, such as a configuration that came through standard input.
    given: BTreeMap<SitePath, Arc<Source>>,
    seen: Mutex<Seen>,
    before: BTreeMap<SitePath, Entry>,
}

/// What a page may name: files of the project, however it names them.
#[derive(Debug)]
struct Realm {
    /// The folder of the pages, whose links are reported.
    docs: Option<SitePath>,
    /// Folders that the configuration names: they are part of the project wherever they lie.
    named: Vec<SitePath>,
    /// Where these folders and the project really are.
    roots: Vec<PathBuf>,
    /// Folders that were looked up: whether what lies in them is part of the project.
    folders: Mutex<BTreeMap<PathBuf, bool>>,
}

#[derive(Debug, Default)]
struct Seen {
    files: BTreeMap<SitePath, Entry>,
    folders: BTreeMap<SitePath, Arc<Vec<SitePath>>>,
    problems: BTreeSet<Problem>,
}

#[derive(Clone, Debug)]
struct Entry {
    answer: Result<Arc<Source>, ReadError>,
    /// What the file looked like when it was read; `None` where a later change could not be seen.
    stamp: Option<Stamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    len_bytes: u64,
}

impl Disk {
    /// Opens the project whose configuration file lies in a folder.
    ///
    /// # Errors
    /// When the folder cannot be found.
    pub fn open(root: &Path) -> io::Result<Disk> {
        let root = root.canonicalize()?;
        Ok(Disk {
            bounds: super::find_repository(&root).unwrap_or_else(|| root.clone()),
            root,
            realm: None,
            given: BTreeMap::new(),
            seen: Mutex::default(),
            before: BTreeMap::new(),
        })
    }

    /// Puts a text in the place of a file.
    pub fn give(&mut self, source: Source) {
        self.given.insert(source.path(), Arc::new(source));
    }

    /// From here on only files of the project are read: those in its Git repository, or in the folder
    /// of its configuration where there is none, and those in folders that the configuration names, the
    /// folder of the pages first.
    pub fn fence(&mut self, docs: Option<SitePath>, named: &[SitePath]) {
        let named: Vec<SitePath> = docs.into_iter().chain(named.iter().copied()).collect();
        let real = |folder: &SitePath| self.locate(*folder).canonicalize().ok();
        let roots = [self.bounds.clone()].into_iter().chain(named.iter().filter_map(real)).collect();
        let realm = Realm { docs, named, roots, folders: Mutex::default() };
        self.realm = Some(realm);
        // The configuration may have asked for others, such as one that it inherits from.
        let mut seen = std::mem::take(&mut *self.seen());
        seen.files.retain(|path, _| self.outside(*path).is_none());
        seen.folders.clear();
        self.seen = Mutex::new(seen);
    }

    /// Returns the folder that paths are relative to.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns where a file lies.
    pub fn locate(&self, path: SitePath) -> PathBuf {
        self.root.join(path.as_str())
    }

    /// Returns the project's name of a place on the disk.
    pub fn name(&self, place: &Path) -> Option<SitePath> {
        relative(&self.root, place)
    }

    /// Returns the way from a folder to the project's, to put before its paths: empty, or ending in `/`.
    pub fn prefix(&self, from: &Path) -> Option<String> {
        let way = relative(&from.canonicalize().ok()?, &self.root)?;
        Some(if way.as_str().is_empty() { String::new() } else { format!("{way}/") })
    }

    /// Returns a file's text for showing a place in it, whatever is wrong with the file: what is no
    /// UTF-8 is replaced, what cannot or may not be read is empty.
    pub fn shown(&self, path: SitePath) -> Arc<Source> {
        match self.source(path) {
            Ok(source) => source,
            Err(ReadError::NotUtf8 { .. }) => {
                let bytes = fs::read(self.locate(path)).unwrap_or_default();
                Arc::new(Source::new(path, String::from_utf8_lossy(&bytes)))
            }
            Err(_) => Arc::new(Source::new(path, "")),
        }
    }

    /// Makes the snapshot of a later moment. Texts are shared with this one where size and time of
    /// change show that a file is the same.
    pub fn next(self) -> Disk {
        let seen = self.seen.into_inner().expect("no thread panics while it holds what was seen");
        Disk {
            root: self.root,
            bounds: self.bounds,
            realm: self.realm,
            given: self.given,
            seen: Mutex::default(),
            before: seen.files,
        }
    }

    /// Makes the snapshot of a later moment from nothing: no text is shared.
    pub fn afresh(self) -> Disk {
        Disk { before: BTreeMap::new(), ..self.next() }
    }

    /// Returns what a file looks like, for telling whether it changed: size and time of change.
    pub fn stamp(&self, path: SitePath) -> String {
        fs::metadata(self.locate(path)).map_or_else(
            |error| reason(&error),
            |metadata| format!("{} {:?}", metadata.len(), metadata.modified().ok()),
        )
    }

    /// Returns what was wrong in the folders listed so far, sorted.
    pub fn problems(&self) -> Vec<Problem> {
        self.seen().problems.iter().cloned().collect()
    }

    /// Returns every file and folder asked for so far, for a watcher.
    pub fn asked(&self) -> (Vec<SitePath>, Vec<SitePath>) {
        let seen = self.seen();
        (seen.files.keys().copied().collect(), seen.folders.keys().copied().collect())
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().expect("no thread panics while it holds what was seen")
    }

    fn read(&self, path: SitePath) -> Entry {
        let place = self.locate(path);
        if let Some(why) = self.outside(path) {
            return Entry { answer: Err(ReadError::Outside(why)), stamp: None };
        }
        let metadata = match fs::metadata(&place) {
            Ok(metadata) => metadata,
            Err(error) => return Entry { answer: Err(read_error(&error)), stamp: None },
        };
        if metadata.is_dir() {
            return Entry { answer: Err(ReadError::IsFolder), stamp: None };
        }
        // A pipe would block the build, a device might never end.
        if !metadata.is_file() {
            return Entry { answer: Err(ReadError::Refused("it is not a regular file".to_owned())), stamp: None };
        }
        let stamp = trusted_stamp(&metadata);
        if let (Some(stamp), Some(before)) = (stamp, self.before.get(&path))
            && before.stamp == Some(stamp)
        {
            return before.clone();
        }
        let answer = match fs::read(&place) {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Ok(self.shared(path, text)),
                Err(error) => Err(ReadError::NotUtf8 { valid_up_to: error.utf8_error().valid_up_to() }),
            },
            Err(error) => Err(read_error(&error)),
        };
        Entry { answer, stamp }
    }

    /// The source of the snapshot before, where the text is the same.
    fn shared(&self, path: SitePath, text: String) -> Arc<Source> {
        match self.before.get(&path) {
            Some(Entry { answer: Ok(source), .. }) if source.text() == text => Arc::clone(source),
            _ => Arc::new(Source::new(path, text)),
        }
    }

    /// Why a path is none of the project, whether something is there or not.
    fn outside(&self, path: SitePath) -> Option<String> {
        let realm = self.realm.as_ref()?;
        if path.as_str().split('/').any(|part| part == ".git") {
            return Some("it is one of Git's own".to_owned());
        }
        let place = self.locate(path);
        let is_named = path.below(SitePath::new("")).is_some()
            || realm.named.iter().any(|folder| path == *folder || path.below(*folder).is_some())
            || realm.holds(&without_climbing(&place));
        if !is_named {
            return Some("it lies outside".to_owned());
        }
        let leads_out = |real: PathBuf| {
            (!realm.holds(&real)).then(|| format!("a symbolic link leads to `{}`, outside of it", real.display()))
        };
        if place.is_symlink() {
            return place.canonicalize().ok().and_then(leads_out);
        }
        let parent = place.parent()?;
        let known = realm.folders.lock().expect("no thread panics while it holds the folders").get(parent).copied();
        match known {
            Some(true) => None,
            _ => {
                let real = parent.canonicalize().ok()?;
                let is_inside = realm.holds(&real);
                let mut folders = realm.folders.lock().expect("no thread panics while it holds the folders");
                folders.insert(parent.to_owned(), is_inside);
                leads_out(real)
            }
        }
    }

    fn walk(&self, folder: SitePath) -> (Vec<SitePath>, Vec<Problem>) {
        let place = self.locate(folder);
        if self.realm.is_some() && self.outside(folder.join("file")).is_some() {
            return (Vec::new(), Vec::new());
        }
        let real_folder = place.canonicalize().ok();
        let is_among =
            |folders: &[SitePath]| folders.iter().any(|known| *known == folder || folder.below(*known).is_some());
        let realm = self.realm.as_ref();
        // Links of other folders, such as those of a virtual environment, are nobody's concern.
        let reports = realm.is_some_and(|realm| is_among(&realm.named));
        let is_docs = realm.is_some_and(|realm| realm.docs.is_some_and(|docs| is_among(&[docs])));
        let mut files = Vec::new();
        let mut problems = Vec::new();
        let mut walk = walkdir::WalkDir::new(&place).follow_links(true).sort_by_file_name().into_iter();
        while let Some(entry) = walk.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) if error.depth() == 0 => break,
                Err(error) => {
                    let path = error.path().and_then(|path| self.name_of(folder, &place, path)).unwrap_or(folder);
                    let is_link = error.path().is_some_and(Path::is_symlink) || error.loop_ancestor().is_some();
                    let kind = match error.io_error() {
                        Some(inner) if !(is_link && inner.kind() == io::ErrorKind::NotFound) => {
                            ProblemKind::Unreadable(reason(inner))
                        }
                        _ => ProblemKind::BrokenLink,
                    };
                    problems.push(Problem { path, kind });
                    continue;
                }
            };
            if entry.depth() == 0 {
                continue;
            }
            // Git's own files belong to no site, and there may be very many.
            if entry.file_name() == ".git" && entry.file_type().is_dir() {
                walk.skip_current_dir();
                continue;
            }
            if cfg!(unix) && entry.file_name().to_str().is_some_and(|name| name.contains('\\')) {
                let name = entry.path().strip_prefix(&self.root).unwrap_or(entry.path()).display().to_string();
                problems.push(Problem { path: folder, kind: ProblemKind::NameWithBackslash(name) });
                if entry.file_type().is_dir() {
                    walk.skip_current_dir();
                }
                continue;
            }
            let Some(path) = self.name_of(folder, &place, entry.path()) else {
                let nearest = entry.path().strip_prefix(&place).unwrap_or(entry.path()).to_string_lossy().into_owned();
                problems.push(Problem { path: folder.join(&nearest), kind: ProblemKind::NameNotUtf8 });
                if entry.file_type().is_dir() {
                    walk.skip_current_dir();
                }
                continue;
            };
            if let Some(realm) = realm
                && entry.path_is_symlink()
                && let Ok(real) = entry.path().canonicalize()
            {
                if !realm.holds(&real) {
                    let kind = ProblemKind::LeadsOutOfProject(real.display().to_string());
                    problems.extend(reports.then_some(Problem { path, kind }));
                    if entry.file_type().is_dir() {
                        walk.skip_current_dir();
                    }
                    continue;
                }
                if is_docs && !real_folder.as_ref().is_some_and(|folder| real.starts_with(folder)) {
                    let target =
                        relative(&self.root, &real).map_or_else(|| real.display().to_string(), |way| way.to_string());
                    problems.push(Problem { path, kind: ProblemKind::LeadsOutOfFolder(target) });
                }
            }
            if entry.file_type().is_file() {
                files.push(path);
            } else if !entry.file_type().is_dir() {
                problems.push(Problem { path, kind: ProblemKind::NotAFile });
            }
        }
        files.sort();
        (files, problems)
    }

    fn name_of(&self, folder: SitePath, place: &Path, found: &Path) -> Option<SitePath> {
        Some(folder.join(found.strip_prefix(place).ok()?.to_str()?))
    }
}

impl Realm {
    /// Tells whether a place without symbolic links is part of the project.
    fn holds(&self, real: &Path) -> bool {
        let is_gits = real.components().any(|part| part.as_os_str() == ".git");
        !is_gits && self.roots.iter().any(|root| real.starts_with(root))
    }
}

/// A place whose `..` are folded by their text.
fn without_climbing(place: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in place.components() {
        match part {
            std::path::Component::ParentDir => drop(out.pop()),
            part => out.push(part),
        }
    }
    out
}

impl World for Disk {
    fn source(&self, path: SitePath) -> Result<Arc<Source>, ReadError> {
        if let Some(given) = self.given.get(&path) {
            return Ok(Arc::clone(given));
        }
        if let Some(entry) = self.seen().files.get(&path) {
            return entry.answer.clone();
        }
        // Read without the lock; whoever stores first decides what this snapshot holds.
        let entry = self.read(path);
        self.seen().files.entry(path).or_insert(entry).answer.clone()
    }

    fn list(&self, folder: SitePath) -> Vec<SitePath> {
        if let Some(known) = self.seen().folders.get(&folder) {
            return known.to_vec();
        }
        let (files, problems) = self.walk(folder);
        let mut seen = self.seen();
        seen.problems.extend(problems);
        seen.folders.entry(folder).or_insert_with(|| Arc::new(files)).to_vec()
    }
}

/// Returns `place` as seen from `root`, with `..` where it has to climb.
fn relative(root: &Path, place: &Path) -> Option<SitePath> {
    if let Ok(below) = place.strip_prefix(root) {
        return Some(SitePath::new(below.to_str()?));
    }
    let shared = root.components().zip(place.components()).take_while(|(a, b)| a == b).count();
    // Two drives of Windows share nothing.
    if shared == 0 {
        return Some(SitePath::new(place.to_str()?));
    }
    let mut path = PathBuf::new();
    root.components().skip(shared).for_each(|_| path.push(".."));
    place.components().skip(shared).for_each(|part| path.push(part));
    Some(SitePath::new(path.to_str()?))
}

/// What shows that a file is still the same. A file that changed in the last two seconds may change
/// again without a trace, because clocks of file systems are coarse: it is not to be trusted.
fn trusted_stamp(metadata: &Metadata) -> Option<Stamp> {
    let modified = metadata.modified().ok()?;
    let age = SystemTime::now().duration_since(modified).ok()?;
    (age > Duration::from_secs(2)).then_some(Stamp { modified, len_bytes: metadata.len() })
}

fn read_error(error: &io::Error) -> ReadError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReadError::NotFound,
        io::ErrorKind::IsADirectory => ReadError::IsFolder,
        _ => ReadError::Io(reason(error)),
    }
}

/// The system's words without its number: `Permission denied`.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, bytes) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        folder
    }

    fn problems(disk: &Disk) -> Vec<(&'static str, ProblemKind)> {
        disk.list(SitePath::new("docs"));
        disk.problems().into_iter().map(|problem| (problem.path.as_str(), problem.kind)).collect()
    }

    #[test]
    fn each_way_to_fail_has_its_name() {
        let folder = project(&[("docs/a.md", b"ok \xff"), ("docs/b/c.md", b"")]);
        let disk = Disk::open(folder.path()).unwrap();
        let ask = |path| disk.source(SitePath::new(path)).map(|source| source.text().to_owned());
        assert_eq!(ask("docs/a.md"), Err(ReadError::NotUtf8 { valid_up_to: 3 }));
        assert_eq!(ask("docs/b"), Err(ReadError::IsFolder));
        assert_eq!(ask("docs/none.md"), Err(ReadError::NotFound));
        assert_eq!(ask("docs/a.md/below"), Err(ReadError::NotFound));
        assert_eq!(ask("docs/b/c.md"), Ok(String::new()));
        assert_eq!(disk.list(SitePath::new("docs")), [SitePath::new("docs/a.md"), SitePath::new("docs/b/c.md")]);
        assert!(disk.list(SitePath::new("nowhere")).is_empty());
    }

    #[test]
    fn a_snapshot_does_not_change_and_the_next_one_shares_what_stayed() {
        let folder = project(&[("a.md", b"one"), ("b.md", b"same")]);
        let disk = Disk::open(folder.path()).unwrap();
        let (a, b) = (SitePath::new("a.md"), SitePath::new("b.md"));
        let (first_a, first_b) = (disk.source(a).unwrap(), disk.source(b).unwrap());
        fs::write(folder.path().join("a.md"), "two").unwrap();
        assert_eq!(disk.source(a).unwrap().text(), "one");
        let disk = disk.next();
        assert_eq!(disk.source(a).unwrap().text(), "two");
        assert!(Arc::ptr_eq(&disk.source(b).unwrap(), &first_b));
        assert_eq!(first_a.text(), "one");
    }

    #[cfg(unix)]
    #[test]
    fn symbolic_links_stay_inside_of_the_project() {
        use std::os::unix::fs::symlink;
        let outside = project(&[("secret.md", b"secret"), ("folder/deep.md", b"secret")]);
        let folder = project(&[("docs/index.md", b""), ("README.md", b"readme"), ("docs_internal/x.md", b"x")]);
        let docs = folder.path().join("docs");
        symlink(outside.path().join("secret.md"), docs.join("out.md")).unwrap();
        symlink(outside.path().join("folder"), docs.join("outside")).unwrap();
        symlink("../README.md", docs.join("readme.md")).unwrap();
        symlink("nothing", docs.join("broken.md")).unwrap();
        symlink(".", docs.join("circle")).unwrap();
        let mut disk = Disk::open(folder.path()).unwrap();
        disk.fence(Some(SitePath::new("docs")), &[]);
        let found = problems(&disk);
        let names: Vec<_> = found.iter().map(|(path, _)| *path).collect();
        assert_eq!(names, ["docs/broken.md", "docs/circle", "docs/out.md", "docs/outside", "docs/readme.md"]);
        assert_eq!(found[0].1, ProblemKind::BrokenLink);
        assert_eq!(found[1].1, ProblemKind::BrokenLink);
        assert!(matches!(found[2].1, ProblemKind::LeadsOutOfProject(_)));
        assert_eq!(found[4].1, ProblemKind::LeadsOutOfFolder("README.md".to_owned()));
        assert_eq!(disk.list(SitePath::new("docs")), [SitePath::new("docs/index.md"), SitePath::new("docs/readme.md")]);
        assert_eq!(disk.source(SitePath::new("docs/readme.md")).unwrap().text(), "readme");
        for path in ["docs/out.md", "docs/outside/deep.md"] {
            assert!(matches!(disk.source(SitePath::new(path)), Err(ReadError::Outside(_))), "{path}");
        }
    }

    /// Whatever names a file asks the disk for it: what it refuses, no page can publish.
    #[cfg(unix)]
    #[test]
    fn only_files_of_the_project_are_read_however_they_are_named() {
        use std::os::unix::fs::symlink;
        let outside = project(&[("secret.md", b"secret"), ("theme/logo.svg", b"logo")]);
        let folder =
            project(&[("p/docs/index.md", b""), ("p/part.md", b"part"), ("beside.md", b""), ("p/.git-x", b"")]);
        let root = folder.path().join("p");
        symlink(outside.path().join("secret.md"), root.join("link.md")).unwrap();
        symlink(outside.path(), root.join("folder")).unwrap();
        symlink(outside.path().join("none"), root.join("nothing.md")).unwrap();
        let secret = outside.path().join("secret.md").canonicalize().unwrap();
        let theme = outside.path().join("theme").canonicalize().unwrap();
        let mut disk = Disk::open(&root).unwrap();
        let ask = |disk: &Disk, path: &str| match disk.source(SitePath::new(path)) {
            Ok(_) => "read",
            Err(ReadError::Outside(_)) => "outside",
            Err(ReadError::NotFound) => "missing",
            Err(_) => "other",
        };
        // A configuration may inherit from anywhere; what it asked for is no page's to ask for.
        assert_eq!(ask(&disk, secret.to_str().unwrap()), "read");
        disk.fence(Some(SitePath::new("docs")), &[SitePath::new(theme.to_str().unwrap())]);
        for (path, expected) in [
            (secret.to_str().unwrap(), "outside"),
            ("/etc/passwd", "outside"),
            ("/etc/none", "outside"),
            ("/etc/pass*", "outside"),
            ("../beside.md", "outside"),
            ("../none.md", "outside"),
            ("docs/../../beside.md", "outside"),
            ("link.md", "outside"),
            ("folder/secret.md", "outside"),
            ("folder/theme/logo.svg", "read"),
            ("nothing.md", "missing"),
            (".git/config", "outside"),
            ("part.md", "read"),
            (".git-x", "read"),
            ("docs/index.md", "read"),
            (theme.join("logo.svg").to_str().unwrap(), "read"),
        ] {
            assert_eq!(ask(&disk, path), expected, "{path}");
        }
        assert_eq!(disk.list(SitePath::new("/etc")), []);
        assert_eq!(disk.list(SitePath::new("..")), []);
        assert!(!disk.list(SitePath::new("")).iter().any(|path| path.as_str().contains("secret")));
        assert_eq!(disk.list(SitePath::new(theme.to_str().unwrap())).len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_name_with_a_backslash_is_said() {
        let folder = project(&[("docs/back\\slash.md", b""), ("docs/a.md", b"")]);
        let disk = Disk::open(folder.path()).unwrap();
        let kind = ProblemKind::NameWithBackslash("docs/back\\slash.md".to_owned());
        assert_eq!(problems(&disk), [("docs", kind)]);
        assert_eq!(disk.list(SitePath::new("docs")), [SitePath::new("docs/a.md")]);
    }

    #[cfg(unix)]
    #[test]
    fn symbolic_links_may_lead_anywhere_in_the_repository() {
        let folder = project(&[(".git/HEAD", b"ref: x"), ("README.md", b"readme"), ("site/docs/index.md", b"")]);
        let docs = folder.path().join("site/docs");
        std::os::unix::fs::symlink("../../README.md", docs.join("readme.md")).unwrap();
        let mut disk = Disk::open(&folder.path().join("site")).unwrap();
        disk.fence(Some(SitePath::new("docs")), &[]);
        let found = problems(&disk);
        assert_eq!(found, [("docs/readme.md", ProblemKind::LeadsOutOfFolder("../README.md".to_owned()))]);
        assert_eq!(disk.source(SitePath::new("docs/readme.md")).unwrap().text(), "readme");
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_not_text_are_reported() {
        use std::os::unix::ffi::OsStrExt as _;
        let folder = project(&[("docs/index.md", b"")]);
        let name = std::ffi::OsStr::from_bytes(b"caf\xe9.md");
        if fs::write(folder.path().join("docs").join(name), "x").is_ok() {
            let disk = Disk::open(folder.path()).unwrap();
            assert_eq!(problems(&disk), [("docs/caf\u{fffd}.md", ProblemKind::NameNotUtf8)]);
        }
    }

    #[test]
    fn places_have_names_relative_to_the_root() {
        let name = |root: &str, place: &str| relative(Path::new(root), Path::new(place)).unwrap().as_str();
        assert_eq!(name("/a/b", "/a/b/c.md"), "c.md");
        assert_eq!(name("/a/b", "/a/x/c.md"), "../x/c.md");
        assert_eq!(name("/a/b", "/a/b"), "");
    }
}
