//! The output folder: what a site becomes on a disk.
//!
//! Only what changed is written, and shown all at once where the system can (`swap.rs`); else each file
//! is renamed into place, whole or not at all. Only what opsbook wrote is removed: the manifest of the
//! build before says what that is. Files of others stay, nothing but the site is left in the folder, and
//! one process at a time writes to it (`workshop.rs`).

use super::disk::{Disk, reason};
use super::manifest::Manifest;
use super::swap::{Swap, swap};
use super::workshop::Workshop;
use crate::build::{Content, OutPath, Outputs};
use crate::text::SitePath;
use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a write did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Files that are new or different.
    pub changed: Vec<OutPath>,
    /// Files that were the same already.
    pub n_same: usize,
    /// Files of an earlier build that are gone.
    pub removed: Vec<String>,
    /// Why the next build will not know which files are its own to remove, where that is so.
    pub forgotten: Option<OutputError>,
}

/// Why a site could not be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputError {
    /// What failed, in lower case without a full stop.
    pub message: String,
    /// What to do, where that is known.
    pub help: Option<String>,
}

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for OutputError {}

fn failed(what: &str, place: &Path, error: &io::Error) -> OutputError {
    OutputError { message: format!("cannot {what} `{}`: {}", place.display(), reason(error)), help: None }
}

/// Checks that a site may be written to a folder, before anything is built: it must not be, hold, or
/// lie in the documentation folder, must not hold the project, and must take files. With `may_nest` it
/// may lie in the documentation folder.
///
/// Creates the folders above it where they are missing, and leaves nothing else.
///
/// # Errors
/// With the folder and the rule.
pub fn check_output(disk: &Disk, docs: SitePath, may_nest: bool, folder: &Path) -> Result<(), OutputError> {
    let real = real_place(folder);
    let docs_place = real_place(&disk.locate(docs));
    let refuse = |what: &str, help: &str| {
        Err(OutputError {
            message: format!("the output folder `{}` {what}", folder.display()),
            help: Some(help.to_owned()),
        })
    };
    let elsewhere = "choose another one with `-d`, or set `site_dir` (`build-dir` in `book.toml`)";
    if real == docs_place {
        return refuse("is the documentation folder", elsewhere);
    }
    if docs_place.starts_with(&real) {
        return refuse(&format!("holds the documentation folder `{docs}`"), elsewhere);
    }
    if real.starts_with(&docs_place) && !may_nest {
        return refuse(&format!("lies in the documentation folder `{docs}`"), elsewhere);
    }
    if disk.root().starts_with(&real) {
        return refuse("holds the project itself", elsewhere);
    }
    let is_new = !folder.exists();
    fs::create_dir_all(folder).map_err(|error| failed("create the output folder", folder, &error))?;
    let probe = folder.join(format!(".opsbook-tmp-{}", std::process::id()));
    let taken = match fs::create_dir(&probe).and_then(|()| fs::remove_dir(&probe)) {
        // A process of the same number, in another container, may be doing the same.
        Err(error) if matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound) => Ok(()),
        outcome => outcome,
    };
    if is_new {
        // The whole site appears at once.
        let _ = fs::remove_dir(folder);
    }
    taken.map_err(|error| failed("write to the output folder", folder, &error))
}

/// The place without symbolic links, also where its last parts do not exist yet.
fn real_place(place: &Path) -> PathBuf {
    let mut missing = Vec::new();
    let mut known = place.to_owned();
    loop {
        if let Ok(real) = known.canonicalize() {
            return missing.iter().rev().fold(real, |path: PathBuf, part| path.join(part));
        }
        let (Some(name), true) = (known.file_name().map(ToOwned::to_owned), known.pop()) else {
            return place.to_owned();
        };
        if known.as_os_str().is_empty() {
            known.push(".");
        }
        missing.push(name);
    }
}

/// Writes a site. With `clean`, everything else in the folder goes too, except what begins with a
/// dot, as `mkdocs build --clean` does. `waits` is called when another build writes to the folder.
///
/// # Errors
/// With the file that could not be written. A manifest that cannot be written is no error: the site is
/// whole without it.
pub fn write_outputs(
    disk: &Disk,
    outputs: &Outputs,
    folder: &Path,
    clean: bool,
    waits: &dyn Fn(),
) -> Result<Written, OutputError> {
    // A folder that is a symbolic link stays one: what it leads to is written.
    let real = real_place(folder);
    let cannot_write = |error: io::Error| failed("write to the output folder", folder, &error);
    let workshop = Workshop::open(&real, waits).map_err(cannot_write)?;
    let manifest = Manifest::of(disk, folder);
    let before = manifest.read();
    let now: BTreeSet<String> = outputs.files.keys().map(|path| path.as_str().to_owned()).collect();
    let changed = changed_files(disk, outputs, &real);
    let stale = if clean { strangers(&real, &now) } else { before.difference(&now).cloned().collect() };
    // Should this build be killed, the next one still knows every file that may be ours.
    if !now.is_subset(&before) {
        // One that cannot be written is reported at the end.
        let _ = manifest.write(&before.union(&now).cloned().collect());
    }
    let at_once = workshop.is_beside && changed.len() + stale.len() != 1;
    let removed = match at_once.then(|| swap_site(disk, outputs, &real, &workshop, &changed, &stale)) {
        Some(Some(outcome)) => outcome?,
        _ => {
            fs::create_dir_all(&real).map_err(cannot_write)?;
            clear_the_way(&real, &before, &now)?;
            // Where the folder is of another file system than what is beside it, files cannot be renamed into it.
            let workshop = if same_file_system(&real, &workshop.place("")) {
                workshop
            } else {
                Workshop::inside(&real, waits).map_err(cannot_write)?
            };
            write_files_of(disk, outputs, &changed, &real, &|thread| Some(workshop.place(&thread.to_string())))?;
            prune(&real, stale)?
        }
    };
    let forgotten = manifest.write(&now).err();
    let n_same = outputs.files.len() - changed.len();
    Ok(Written { n_same, changed, removed, forgotten })
}

/// Makes the whole site beside the old one and lets the two change places. `None` where that cannot be
/// done and nothing has happened.
fn swap_site(
    disk: &Disk,
    outputs: &Outputs,
    folder: &Path,
    workshop: &Workshop,
    changed: &[OutPath],
    stale: &BTreeSet<String>,
) -> Option<Result<Vec<String>, OutputError>> {
    if changed.is_empty() && stale.is_empty() {
        return folder.exists().then(|| Ok(Vec::new()));
    }
    let changed_names: BTreeSet<String> = changed.iter().map(|path| path.as_str().to_owned()).collect();
    let mut kept = BTreeSet::new();
    let mut removed = Vec::new();
    for (path, is_empty_folder) in whole_folder(folder)? {
        if !is_empty_folder && changed_names.contains(&path) {
            continue;
        }
        if !is_empty_folder && stale.contains(&path) {
            removed.push(path);
            continue;
        }
        // A file of others stands where a folder has to be, or the other way round: file by file, the one
        // that is in the way is named.
        let is_in_the_way = path.match_indices('/').any(|(slash, _)| changed_names.contains(&path[..slash]))
            || changed_names
                .range(format!("{path}/")..)
                .next()
                .is_some_and(|next| !is_empty_folder && next.starts_with(&format!("{path}/")))
            || (is_empty_folder && changed_names.contains(&path));
        if is_in_the_way {
            return None;
        }
        kept.insert(path);
    }
    let new = workshop.place("new");
    if let Err(error) = fs::create_dir(&new) {
        return Some(Err(failed("write", &new, &error)));
    }
    if let Err(error) = write_files_of(disk, outputs, changed, &new, &|_| None) {
        return Some(Err(error));
    }
    let files = Swap { changed: changed_names, kept, stale: removed.iter().cloned().collect() };
    if swap(workshop, &new, folder, &files) {
        removed.sort();
        return Some(Ok(removed));
    }
    let _ = fs::remove_dir_all(&new);
    None
}

/// Every file of a folder, and every folder without one. `None` where not all of it can be seen, or a link
/// leads out of it that a file of the site may stand behind.
fn whole_folder(folder: &Path) -> Option<Vec<(String, bool)>> {
    if !folder.exists() {
        return Some(Vec::new());
    }
    let mut all = Vec::new();
    for entry in walkdir::WalkDir::new(folder).min_depth(1) {
        let entry = entry.ok()?;
        let path = entry.path().strip_prefix(folder).ok()?.to_str()?.replace('\\', "/");
        if entry.file_type().is_dir() {
            if fs::read_dir(entry.path()).ok()?.next().is_none() {
                all.push((path, true));
            }
        } else if entry.path_is_symlink() && entry.path().is_dir() {
            return None;
        } else {
            all.push((path, false));
        }
    }
    Some(all)
}

#[cfg(unix)]
fn same_file_system(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(a).is_ok_and(|a| fs::metadata(b).is_ok_and(|b| a.dev() == b.dev()))
}

#[cfg(not(unix))]
fn same_file_system(_: &Path, _: &Path) -> bool {
    false
}

/// The files that are not in the folder as they should be, sorted.
fn changed_files(disk: &Disk, outputs: &Outputs, folder: &Path) -> Vec<OutPath> {
    let files: Vec<(&OutPath, &Content)> = outputs.files.iter().collect();
    let changed = Mutex::new(Vec::new());
    // Reading fails nobody: what cannot be read is written.
    let compared = on_all_processors(&files, &|_, (path, content)| {
        let target = folder.join(path.as_str());
        let same = match content {
            Content::Bytes(bytes) => holds(&target, bytes),
            Content::CopyOf(source) => same_files(&disk.locate(*source), &target),
        };
        if !same {
            changed.lock().expect("no thread panics while it holds the list").push((*path).clone());
        }
        Ok(())
    });
    debug_assert!(compared.is_ok());
    let mut changed = changed.into_inner().expect("no thread panics while it holds the list");
    changed.sort();
    changed
}

/// Writes files of a site into a folder: in place, or where each thread is given a temporary file, by
/// renaming it.
fn write_files_of(
    disk: &Disk,
    outputs: &Outputs,
    paths: &[OutPath],
    folder: &Path,
    temporary: &(dyn Fn(usize) -> Option<PathBuf> + Sync),
) -> Result<(), OutputError> {
    let parents: BTreeSet<PathBuf> =
        paths.iter().filter_map(|path| folder.join(path.as_str()).parent().map(Path::to_owned)).collect();
    for parent in parents {
        fs::create_dir_all(&parent).map_err(|error| failed("create the folder", &parent, &error))?;
    }
    on_all_processors(paths, &|thread, path| {
        let target = folder.join(path.as_str());
        let temporary = temporary(thread);
        let file = temporary.as_ref().unwrap_or(&target);
        match &outputs.files[path] {
            Content::Bytes(bytes) => fs::write(file, bytes).map_err(|error| failed("write", &target, &error))?,
            Content::CopyOf(source) => copy(&disk.locate(*source), file)?,
        }
        match &temporary {
            Some(file) => fs::rename(file, &target).map_err(|error| failed("write", &target, &error)),
            None => Ok(()),
        }
    })
}

/// Does something with each item, on all processors: most of the time goes into waiting for the disk.
/// Each thread has a number.
///
/// # Errors
/// With one of those that there were; then not all was done.
fn on_all_processors<T: Sync>(
    items: &[T],
    work: &(dyn Fn(usize, &T) -> Result<(), OutputError> + Sync),
) -> Result<(), OutputError> {
    let next = AtomicUsize::new(0);
    let result = Mutex::new(Ok(()));
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from).min(items.len() / 16 + 1);
    let go_on = |thread: usize| {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = work(thread, item) {
                *result.lock().expect("no thread panics while it holds the result") = Err(error);
                next.store(items.len(), Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        for thread in 1..n_threads {
            let go_on = &go_on;
            scope.spawn(move || go_on(thread));
        }
        go_on(0);
    });
    result.into_inner().expect("no thread panics while it holds the result")
}

/// Copies bytes, not permissions: a read-only image must not make a read-only site.
fn copy(source: &Path, target: &Path) -> Result<(), OutputError> {
    let mut from = File::open(source).map_err(|error| failed("read", source, &error))?;
    let mut to = File::create(target).map_err(|error| failed("write", target, &error))?;
    io::copy(&mut from, &mut to).map_err(|error| failed("copy", source, &error))?;
    Ok(())
}

fn holds(target: &Path, bytes: &[u8]) -> bool {
    fs::symlink_metadata(target).is_ok_and(|metadata| metadata.is_file() && metadata.len() == bytes.len() as u64)
        && fs::read(target).is_ok_and(|there| there == bytes)
}

fn same_files(source: &Path, target: &Path) -> bool {
    let (Ok(a), Ok(b)) = (fs::metadata(source), fs::symlink_metadata(target)) else { return false };
    if !b.is_file() || a.len() != b.len() {
        return false;
    }
    let (Ok(mut a), Ok(mut b)) = (File::open(source), File::open(target)) else { return false };
    let (mut left, mut right) = ([0; 64 * 1024], [0; 64 * 1024]);
    loop {
        let (Ok(n_left), Ok(n_right)) = (fill(&mut a, &mut left), fill(&mut b, &mut right)) else { return false };
        if left[..n_left] != right[..n_right] {
            return false;
        }
        if n_left < left.len() {
            return true;
        }
    }
}

fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..])? {
            0 => break,
            n_read => filled += n_read,
        }
    }
    Ok(filled)
}

/// Removes files of an earlier build that stand where a folder has to be, and folders of an earlier
/// build that stand where a file has to be.
fn clear_the_way(folder: &Path, before: &BTreeSet<String>, now: &BTreeSet<String>) -> Result<(), OutputError> {
    for path in before.difference(now) {
        let is_folder_now =
            now.range(format!("{path}/")..).next().is_some_and(|next| next.starts_with(&format!("{path}/")));
        let was_below_a_file_of_now = path.match_indices('/').any(|(slash, _)| now.contains(&path[..slash]));
        if is_folder_now || was_below_a_file_of_now {
            prune(folder, BTreeSet::from([path.clone()]))?;
        }
    }
    Ok(())
}

/// Removes files, and the folders that are empty afterwards. Returns what was there.
fn prune(folder: &Path, stale: BTreeSet<String>) -> Result<Vec<String>, OutputError> {
    let mut removed = Vec::new();
    for path in stale.into_iter().filter(|path| OutPath::new(path).is_some()) {
        let place = folder.join(&path);
        match fs::remove_file(&place) {
            Ok(()) => removed.push(path),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            // Somebody put a folder there: it is not ours.
            Err(_) if place.is_dir() => {}
            Err(error) => return Err(failed("remove", &place, &error)),
        }
        let mut parent = place.parent();
        while let Some(empty) = parent.filter(|parent| *parent != folder && fs::remove_dir(parent).is_ok()) {
            parent = empty.parent();
        }
    }
    Ok(removed)
}

/// Everything in the folder that this build did not write; what begins with a dot is left out.
fn strangers(folder: &Path, now: &BTreeSet<String>) -> BTreeSet<String> {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_entry(|entry| entry.depth() != 1 || !entry.file_name().to_string_lossy().starts_with('.'))
        .filter_map(Result::ok)
        .filter(|entry| !entry.file_type().is_dir())
        .filter_map(|entry| Some(entry.path().strip_prefix(folder).ok()?.to_str()?.replace('\\', "/")))
        .filter(|path| !now.contains(path))
        .collect()
}

/// Writes files that are not there yet below a folder, and makes the folders they need. Returns the
/// files written; one that exists stays as it is.
///
/// # Errors
/// With the file that could not be written.
pub fn write_new_files(folder: &Path, files: &[(SitePath, &str)]) -> Result<Vec<PathBuf>, OutputError> {
    let mut written = Vec::new();
    for (path, text) in files {
        let place = folder.join(path.as_str());
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).map_err(|error| failed("create the folder", parent, &error))?;
        }
        match File::create_new(&place) {
            Ok(mut file) => {
                file.write_all(text.as_bytes()).map_err(|error| failed("write", &place, &error))?;
                written.push(place);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed("write", &place, &error)),
        }
    }
    Ok(written)
}

/// Writes files into a folder, each whole or not at all, and makes the folder where it is missing.
/// What the files held before is gone.
///
/// # Errors
/// With the file that could not be written.
pub fn write_files(folder: &Path, files: &[(String, String)]) -> Result<(), OutputError> {
    fs::create_dir_all(folder).map_err(|error| failed("create the folder", folder, &error))?;
    for (name, text) in files {
        let place = folder.join(name);
        super::write_atomically(&place, text.as_bytes()).map_err(|error| failed("write", &place, &error))?;
    }
    Ok(())
}

/// Replaces the text of a file of the project, whole or not at all.
///
/// # Errors
/// With the file that could not be written.
pub fn replace_file(disk: &Disk, path: SitePath, text: &str) -> Result<(), OutputError> {
    let place = disk.locate(path);
    // Through a symbolic link, the file that it leads to is the one to change.
    let place = place.canonicalize().map_err(|error| failed("change", &place, &error))?;
    let mut temporary = place.clone().into_os_string();
    temporary.push(".opsbook-tmp");
    let permissions = fs::metadata(&place).map(|metadata| metadata.permissions());
    fs::write(&temporary, text)
        .and_then(|()| permissions.and_then(|permissions| fs::set_permissions(&temporary, permissions)))
        .and_then(|()| fs::rename(&temporary, &place))
        .map_err(|error| failed("change", &place, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place {
        folder: tempfile::TempDir,
        disk: Disk,
    }

    impl Place {
        fn new() -> Place {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir_all(folder.path().join("docs")).unwrap();
            fs::write(folder.path().join("docs/a.png"), "image").unwrap();
            let disk = Disk::open(folder.path()).unwrap();
            Place { folder, disk }
        }

        fn site(&self) -> PathBuf {
            self.folder.path().join("site")
        }

        fn check(&self, folder: &str) -> Result<(), String> {
            check_output(&self.disk, SitePath::new("docs"), false, &self.folder.path().join(folder))
                .map_err(|error| error.message.replace(self.folder.path().to_str().unwrap(), "ROOT"))
        }

        fn write(&self, files: &[(&str, &str)]) -> Written {
            let mut outputs = Outputs::default();
            for (path, text) in files {
                outputs.add(OutPath::new(path).unwrap(), text.as_bytes());
            }
            outputs.files.insert(OutPath::new("img/a.png").unwrap(), Content::CopyOf(SitePath::new("docs/a.png")));
            write_outputs(&self.disk, &outputs, &self.site(), false, &|| {}).unwrap()
        }

        fn files(&self) -> Vec<String> {
            let mut files: Vec<_> = strangers(&self.site(), &BTreeSet::new()).into_iter().collect();
            files.sort();
            files
        }
    }

    #[test]
    fn only_changes_are_written_and_only_own_files_are_removed() {
        let place = Place::new();
        let written = place.write(&[("index.html", "one"), ("old/index.html", "old")]);
        assert_eq!((written.changed.len(), written.n_same), (3, 0));
        fs::write(place.site().join("theirs.txt"), "theirs").unwrap();
        let written = place.write(&[("index.html", "two")]);
        assert_eq!(written.changed, [OutPath::new("index.html").unwrap()]);
        assert_eq!((written.n_same, written.removed), (1, vec!["old/index.html".to_owned()]));
        assert_eq!(place.files(), ["img/a.png", "index.html", "theirs.txt"]);
        assert!(!place.site().join("old").exists());
        assert!(!place.folder.path().join(".site.opsbook-tmp").exists());
        assert_eq!(fs::read_to_string(place.site().join("img/a.png")).unwrap(), "image");
    }

    #[test]
    fn a_file_may_become_a_folder_and_a_folder_a_file() {
        let place = Place::new();
        place.write(&[("a", "file"), ("b/index.html", "page")]);
        place.write(&[("a/index.html", "page"), ("b", "file")]);
        assert_eq!(place.files(), ["a/index.html", "b", "img/a.png"]);
    }

    #[test]
    fn cleaning_spares_only_names_with_a_dot() {
        let place = Place::new();
        place.write(&[("index.html", "one")]);
        fs::write(place.site().join("theirs.txt"), "theirs").unwrap();
        fs::write(place.site().join(".nojekyll"), "").unwrap();
        let mut outputs = Outputs::default();
        outputs.add(OutPath::new("index.html").unwrap(), "one".as_bytes());
        let written = write_outputs(&place.disk, &outputs, &place.site(), true, &|| {}).unwrap();
        assert_eq!(written.removed, ["img/a.png", "theirs.txt"]);
        assert_eq!(place.files(), ["index.html"]);
        assert!(place.site().join(".nojekyll").exists());
    }

    #[test]
    fn a_manifest_cannot_name_files_outside() {
        let place = Place::new();
        place.write(&[("index.html", "one")]);
        let outside = BTreeSet::from(["../docs/a.png".to_owned()]);
        Manifest::of(&place.disk, &place.site()).write(&outside).unwrap();
        place.write(&[("index.html", "two")]);
        assert!(place.folder.path().join("docs/a.png").exists());
    }

    #[test]
    fn the_folder_holds_the_site_and_nothing_else() {
        let place = Place::new();
        place.write(&[("index.html", "one")]);
        let mut names: Vec<_> = fs::read_dir(place.site()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["img", "index.html"]);
        let cache = place.folder.path().join(".cache/opsbook");
        assert_eq!(fs::read_to_string(cache.join(".gitignore")).unwrap(), "*\n");
    }

    #[test]
    fn each_folder_has_a_manifest_of_its_own() {
        let place = Place::new();
        place.write(&[("a.html", "one")]);
        let other = Manifest::of(&place.disk, &place.folder.path().join("other"));
        assert_eq!(other.read(), BTreeSet::new());
        other.write(&BTreeSet::new()).unwrap();
        assert_eq!(place.write(&[("b.html", "two")]).removed, ["a.html"]);
    }

    #[test]
    fn a_site_is_whole_where_nothing_can_be_remembered() {
        let place = Place::new();
        fs::write(place.folder.path().join(".cache"), "a file").unwrap();
        let written = place.write(&[("index.html", "one")]);
        assert!(written.forgotten.is_some_and(|error| error.message.starts_with("cannot remember")));
        assert_eq!(place.files(), ["img/a.png", "index.html"]);
    }

    #[test]
    fn the_output_folder_stays_away_from_the_sources() {
        let place = Place::new();
        assert_eq!(place.check("site/deep"), Ok(()));
        assert_eq!(place.check("docs"), Err("the output folder `ROOT/docs` is the documentation folder".to_owned()));
        let error = place.check("docs/site").unwrap_err();
        assert_eq!(error, "the output folder `ROOT/docs/site` lies in the documentation folder `docs`");
        let error = place.check("site/../../").unwrap_err();
        assert!(error.ends_with("holds the documentation folder `docs`"), "{error}");
        fs::write(place.folder.path().join("file"), "").unwrap();
        let error = place.check("file").unwrap_err();
        assert_eq!(error, "cannot create the output folder `ROOT/file`: file exists");
        let error = place.check("file/below").unwrap_err();
        assert_eq!(error, "cannot create the output folder `ROOT/file/below`: not a directory");
    }

    /// What the folder holds is one state, whatever stood there before; and it is the same folder.
    #[cfg(unix)]
    #[test]
    fn the_folder_stays_the_same_one_and_so_does_what_did_not_change() {
        use std::os::unix::fs::MetadataExt as _;
        let number = |path: &Path| fs::metadata(path).unwrap().ino();
        let place = Place::new();
        place.write(&[("index.html", "one"), ("a/index.html", "a"), ("b/index.html", "b"), ("gone/x", "")]);
        let theirs = place.site().join("theirs");
        fs::create_dir_all(theirs.join("empty")).unwrap();
        fs::write(theirs.join("file"), "theirs").unwrap();
        std::os::unix::fs::symlink("nowhere", theirs.join("link")).unwrap();
        let numbers = || {
            [place.site(), theirs.clone(), theirs.join("file"), place.site().join("b/index.html")]
                .map(|path| number(&path))
        };
        let before = numbers();
        let written =
            place.write(&[("index.html", "two"), ("a/index.html", "aa"), ("b/index.html", "b"), ("new/y", "")]);
        assert_eq!((written.changed.len(), written.n_same, written.removed), (3, 2, vec!["gone/x".to_owned()]));
        assert_eq!(numbers(), before);
        assert_eq!(
            place.files(),
            ["a/index.html", "b/index.html", "img/a.png", "index.html", "new/y", "theirs/file", "theirs/link"]
        );
        assert!(theirs.join("empty").is_dir() && !place.site().join("gone").exists());
        assert_eq!(fs::read_dir(place.folder.path()).unwrap().count(), 3);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_is_a_link_stays_one_and_what_lies_behind_links_is_written_there() {
        let place = Place::new();
        let root = place.folder.path();
        for folder in ["real", "images"] {
            fs::create_dir(root.join(folder)).unwrap();
        }
        std::os::unix::fs::symlink("real", place.site()).unwrap();
        place.write(&[("index.html", "one"), ("a.html", "a")]);
        std::os::unix::fs::symlink("../images", root.join("real/deep")).unwrap();
        place.write(&[("index.html", "two"), ("a.html", "aa"), ("deep/b.html", "b")]);
        assert!(place.site().is_symlink() && root.join("real/deep").is_symlink());
        assert_eq!(fs::read_to_string(root.join("real/a.html")).unwrap(), "aa");
        assert_eq!(fs::read_to_string(root.join("images/b.html")).unwrap(), "b");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_does_not_hide_the_documentation_folder() {
        let place = Place::new();
        std::os::unix::fs::symlink("docs", place.folder.path().join("link")).unwrap();
        assert!(place.check("link").unwrap_err().ends_with("is the documentation folder"));
        assert!(place.check("link/new").unwrap_err().ends_with("lies in the documentation folder `docs`"));
    }
}
