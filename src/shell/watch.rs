//! Watching files: one call returns when something may have changed.
//!
//! The only file that knows notify. Four of its ways are taken care of here: it reports our own reading
//! (`Access`), which would make every build start the next one; an overflow arrives as one event without
//! paths, which means that anything may have changed; a save arrives as a burst, which must become one
//! change; and the system has only so many watches to give, after which files are looked at again and
//! again. Whether a file's text is another one is not asked here: the next snapshot finds that out.

use super::poll::{Places, Poll};
use notify::event::{AccessKind, AccessMode, MetadataKind, ModifyKind, RenameMode};
use notify::{ErrorKind, EventKind, RecursiveMode};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::time::{Duration, Instant};

/// A burst of changes is over when nothing happened for so long …
const QUIET: Duration = Duration::from_millis(40);
/// … or when it has lasted so long.
const PATIENCE: Duration = Duration::from_millis(250);
/// Between two looks at the files, where the system does not tell of changes.
const INTERVAL: Duration = Duration::from_millis(500);

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// These paths, and possibly what is below them.
    Paths(BTreeSet<PathBuf>),
    /// Anything: the system lost count.
    Everything,
}

/// Watches folders and files.
pub struct Watcher {
    inner: Inner,
    sender: Sender<News>,
    news: Receiver<News>,
    wanted: Wanted,
    ignored: Vec<PathBuf>,
    notices: Vec<String>,
}

enum Inner {
    Notices(Box<dyn notify::Watcher>, Places),
    Looks(Poll),
}

/// What counts: all below the folders, and the files.
#[derive(Default)]
struct Wanted {
    folders: BTreeSet<PathBuf>,
    files: BTreeSet<PathBuf>,
}

/// What became of a file, as far as its news tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Became {
    /// It is there and was not before.
    New,
    /// It is being written.
    Written,
    /// What was written is whole: it was closed, or renamed to this name.
    Whole,
    /// It is there no more.
    Gone,
}

#[derive(Debug)]
enum News {
    Of(Vec<(PathBuf, Became)>),
    /// The system lost count.
    Lost,
    /// The system has no more watches to give.
    Exhausted,
}

impl Watcher {
    /// Starts watching nothing; with `poll`, by looking again and again instead of by the system's
    /// notices, which some network and container file systems do not send. Changes below the
    /// `ignored` folders never count, nor do those of files that this process's own output goes to.
    pub fn start(poll: bool, ignored: Vec<PathBuf>) -> Watcher {
        let (sender, news) = channel();
        let mut notices = Vec::new();
        let inner = match if poll { None } else { Some(by_notices(sender.clone())) } {
            Some(Ok(inner)) => Inner::Notices(inner, Places::new()),
            Some(Err(error)) => {
                notices.push(out_of_watches(&error));
                by_looks(&sender, &ignored)
            }
            None => by_looks(&sender, &ignored),
        };
        Watcher { inner, sender, news, wanted: Wanted::default(), ignored, notices }
    }

    /// Watches exactly these folders, with all below them, and these files. What does not exist yet
    /// is noticed when it appears in a folder that does. Returns what there is to say about it.
    pub fn watch(&mut self, folders: BTreeSet<PathBuf>, files: BTreeSet<PathBuf>) -> Vec<String> {
        let mut places = Places::new();
        for folder in &folders {
            match folder.is_dir() {
                true => places.insert(folder.clone(), true),
                false => nearest_folder(folder).map(|folder| *places.entry(folder).or_insert(false)),
            };
        }
        // Editors replace a file by renaming another over it, which ends a watch on the file itself.
        for file in files.iter().filter(|file| !file.ancestors().any(|folder| folders.contains(folder))) {
            nearest_folder(file).map(|folder| *places.entry(folder).or_insert(false));
        }
        self.wanted = Wanted { folders, files };
        self.look_at(places);
        std::mem::take(&mut self.notices)
    }

    fn look_at(&mut self, places: Places) {
        let (inner, watched) = match &mut self.inner {
            Inner::Looks(poll) => return poll.watch(&places),
            Inner::Notices(inner, watched) => (inner, watched),
        };
        for (place, _) in watched.iter().filter(|(place, deep)| places.get(*place) != Some(*deep)) {
            // It may be gone, and its watch with it.
            let _ = inner.unwatch(place);
        }
        for (place, deep) in places.iter().filter(|(place, deep)| watched.get(*place) != Some(*deep)) {
            let mode = if *deep { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
            match inner.watch(place, mode) {
                Ok(()) => {}
                // A folder that went away meanwhile is noticed in the one above it.
                Err(error) if is_missing(&error) => {}
                Err(error) => {
                    self.notices.push(out_of_watches(&error));
                    self.inner = by_looks(&self.sender, &self.ignored);
                    return self.look_at(places);
                }
            }
        }
        *watched = places;
    }

    /// Waits for changes: until all that is being written is whole, or a burst of changes is over.
    pub fn wait(&mut self) -> Change {
        loop {
            let mut burst = Burst::default();
            // What came while nobody waited is a burst that is under way.
            let (first, is_calm) = match self.news.try_recv() {
                Ok(first) => (Some(first), false),
                Err(TryRecvError::Empty) => (self.news.recv().ok(), true),
                Err(TryRecvError::Disconnected) => (None, true),
            };
            self.add(first.expect("the watcher has a sender itself"), &mut burst);
            let began = Instant::now();
            while let Some(patience) = PATIENCE.checked_sub(began.elapsed()) {
                // The rest of a notice that is already there belongs to it.
                while let Ok(news) = self.news.try_recv() {
                    self.add(news, &mut burst);
                }
                if is_calm && burst.is_whole() {
                    break;
                }
                match self.news.recv_timeout(QUIET.min(patience)) {
                    Ok(news) => self.add(news, &mut burst),
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
                }
            }
            if let Some(change) = burst.change() {
                return change;
            }
        }
    }

    fn add(&mut self, news: News, burst: &mut Burst) {
        match news {
            News::Lost => burst.everything = true,
            News::Exhausted => {
                // Of what the system did not watch, nobody knows what has changed.
                burst.everything = true;
                if let Inner::Notices(_, places) = &self.inner {
                    let places = places.clone();
                    self.notices.push(out_of_watches(&notify::Error::new(ErrorKind::MaxFilesWatch)));
                    self.inner = by_looks(&self.sender, &self.ignored);
                    self.look_at(places);
                }
            }
            News::Of(changes) => {
                for (path, became) in changes {
                    if self.wanted.counts(&path)
                        && !self.ignored.iter().any(|folder| path.starts_with(folder))
                        && !is_own_output(&path)
                    {
                        burst.add(path, became);
                    }
                }
            }
        }
    }
}

impl Wanted {
    /// Tells whether a change of this path is one of what is wanted: of a file, of something in a
    /// folder, or of a folder above them, which may have come or gone with them.
    fn counts(&self, path: &Path) -> bool {
        let above = |wanted: &BTreeSet<PathBuf>| {
            wanted.range(path.to_owned()..).next().is_some_and(|wanted| wanted.starts_with(path))
        };
        above(&self.files) || above(&self.folders) || path.ancestors().any(|folder| self.folders.contains(folder))
    }
}

fn by_notices(sender: Sender<News>) -> notify::Result<Box<dyn notify::Watcher>> {
    let tell = move |event: notify::Result<notify::Event>| {
        if let Some(news) = news_of(event) {
            // Nobody listens when the program ends.
            let _ = sender.send(news);
        }
    };
    Ok(Box::new(notify::recommended_watcher(tell)?))
}

fn by_looks(sender: &Sender<News>, ignored: &[PathBuf]) -> Inner {
    let sender = sender.clone();
    Inner::Looks(Poll::start(INTERVAL, ignored, move |paths| {
        let _ = sender.send(News::Of(paths.into_iter().map(|path| (path, Became::Whole)).collect()));
    }))
}

fn is_missing(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

fn out_of_watches(error: &notify::Error) -> String {
    let (why, help) = match &error.kind {
        ErrorKind::MaxFilesWatch => (
            "it watches no more files for this user".to_owned(),
            "; a larger `fs.inotify.max_user_watches` gives more (`sysctl`)",
        ),
        ErrorKind::Io(error) => (
            super::disk::reason(error),
            if cfg!(target_os = "linux") { "; see `fs.inotify.max_user_instances` (`sysctl`)" } else { "" },
        ),
        _ => (error.to_string(), ""),
    };
    format!("the system does not tell of changed files: {why}; opsbook looks for changes twice a second instead{help}")
}

fn nearest_folder(place: &Path) -> Option<PathBuf> {
    place.ancestors().skip(1).find(|folder| folder.is_dir()).map(Path::to_owned)
}

/// Tells whether standard output or standard error goes to this file: what is said about a build would
/// start the next one.
#[cfg(unix)]
fn is_own_output(path: &Path) -> bool {
    use std::os::fd::{AsFd as _, BorrowedFd};
    use std::os::unix::fs::MetadataExt as _;
    let Ok(file) = std::fs::metadata(path) else { return false };
    let is = |stream: BorrowedFd<'_>| {
        let stream = stream.try_clone_to_owned().and_then(|stream| std::fs::File::from(stream).metadata());
        file.is_file() && stream.is_ok_and(|stream| (stream.dev(), stream.ino()) == (file.dev(), file.ino()))
    };
    is(std::io::stdout().as_fd()) || is(std::io::stderr().as_fd())
}

#[cfg(not(unix))]
fn is_own_output(_: &Path) -> bool {
    false
}

/// What happened since the last change was told.
#[derive(Default)]
struct Burst {
    changes: std::collections::BTreeMap<PathBuf, (bool, Became)>,
    everything: bool,
}

impl Burst {
    fn add(&mut self, path: PathBuf, became: Became) {
        let (is_new, _) = *self.changes.entry(path.clone()).or_insert((became == Became::New, became));
        match became {
            // A file that came and went, such as the one that an editor renames over the page, was never there.
            Became::Gone if is_new => drop(self.changes.remove(&path)),
            _ => drop(self.changes.insert(path, (is_new, became))),
        }
    }

    /// Tells whether nothing more is to be waited for: a file that is gone may come back, since some
    /// editors move a page away before they write the new one.
    fn is_whole(&self) -> bool {
        !self.everything && self.changes.values().all(|(_, became)| *became == Became::Whole)
    }

    fn change(self) -> Option<Change> {
        if self.everything {
            Some(Change::Everything)
        } else if self.changes.is_empty() {
            None
        } else {
            Some(Change::Paths(self.changes.into_keys().collect()))
        }
    }
}

fn news_of(event: notify::Result<notify::Event>) -> Option<News> {
    let event = match event {
        Ok(event) if event.need_rescan() => return Some(News::Lost),
        Ok(event) => event,
        Err(error) if matches!(error.kind, ErrorKind::MaxFilesWatch) => return Some(News::Exhausted),
        Err(_) => return Some(News::Lost),
    };
    let became = match event.kind {
        EventKind::Create(_) => Became::New,
        EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(RenameMode::From)) => Became::Gone,
        EventKind::Access(AccessKind::Close(AccessMode::Write))
        | EventKind::Modify(ModifyKind::Name(RenameMode::To)) => Became::Whole,
        // The two names have had news of their own.
        EventKind::Modify(ModifyKind::Name(RenameMode::Both)) if cfg!(target_os = "linux") => return None,
        EventKind::Modify(ModifyKind::Metadata(kind)) if kind != MetadataKind::WriteTime => return None,
        EventKind::Modify(_) => Became::Written,
        EventKind::Any | EventKind::Access(_) | EventKind::Other => return None,
    };
    Some(News::Of(event.paths.into_iter().map(|path| (path, became)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::Event;
    use notify::event::{CreateKind, DataChange, Flag};

    const WRITTEN: EventKind = EventKind::Modify(ModifyKind::Data(DataChange::Any));
    const CLOSED: EventKind = EventKind::Access(AccessKind::Close(AccessMode::Write));
    const CREATED: EventKind = EventKind::Create(CreateKind::File);
    const FROM: EventKind = EventKind::Modify(ModifyKind::Name(RenameMode::From));
    const TO: EventKind = EventKind::Modify(ModifyKind::Name(RenameMode::To));

    /// A burst of events on paths below `/p/docs`, whether it is whole, and its paths.
    fn burst(events: &[(EventKind, &str)]) -> (bool, Vec<String>) {
        let mut burst = Burst::default();
        for (kind, path) in events {
            if let Some(News::Of(changes)) = news_of(Ok(Event::new(*kind).add_path(path.into()))) {
                changes.into_iter().for_each(|(path, became)| burst.add(path, became));
            }
        }
        let is_whole = burst.is_whole();
        let paths = match burst.change() {
            Some(Change::Paths(paths)) => paths.into_iter().map(|path| path.display().to_string()).collect(),
            Some(Change::Everything) => vec!["everything".to_owned()],
            None => Vec::new(),
        };
        (is_whole, paths)
    }

    fn whole(paths: &[&str]) -> (bool, Vec<String>) {
        (true, paths.iter().map(|path| (*path).to_owned()).collect())
    }

    fn unfinished(paths: &[&str]) -> (bool, Vec<String>) {
        (false, whole(paths).1)
    }

    #[test]
    fn a_save_is_one_change_whatever_the_editor_does() {
        // In place.
        assert_eq!(burst(&[(WRITTEN, "/a.md")]), unfinished(&["/a.md"]));
        assert_eq!(burst(&[(WRITTEN, "/a.md"), (WRITTEN, "/a.md"), (CLOSED, "/a.md")]), whole(&["/a.md"]));
        // Another file over it.
        let save = [(CREATED, "/t"), (WRITTEN, "/t"), (CLOSED, "/t"), (FROM, "/t"), (TO, "/a.md")];
        assert_eq!(burst(&save), whole(&["/a.md"]));
        // Moved away, then written anew.
        let save = [(FROM, "/a.md"), (TO, "/a.md~")];
        assert_eq!(burst(&save), unfinished(&["/a.md", "/a.md~"]));
        let save = [(FROM, "/a.md"), (TO, "/a.md~"), (CREATED, "/a.md"), (WRITTEN, "/a.md"), (CLOSED, "/a.md")];
        assert_eq!(burst(&save), whole(&["/a.md", "/a.md~"]));
        assert_eq!(burst(&[(EventKind::Remove(notify::event::RemoveKind::File), "/a.md")]), unfinished(&["/a.md"]));
        assert_eq!(burst(&[(EventKind::Create(CreateKind::Folder), "/d")]), unfinished(&["/d"]));
    }

    #[test]
    fn reading_and_permissions_are_no_news_but_a_time_of_change_is() {
        let metadata = |kind| EventKind::Modify(ModifyKind::Metadata(kind));
        assert_eq!(burst(&[(EventKind::Access(AccessKind::Any), "/a")]).1, [""; 0]);
        assert_eq!(burst(&[(metadata(MetadataKind::Any), "/a")]).1, [""; 0]);
        assert_eq!(burst(&[(metadata(MetadataKind::WriteTime), "/a")]).1, ["/a"]);
        let lost = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        assert!(matches!(news_of(Ok(lost)), Some(News::Lost)));
        let exhausted = notify::Error::new(ErrorKind::MaxFilesWatch);
        assert!(matches!(news_of(Err(exhausted)), Some(News::Exhausted)));
    }

    #[test]
    fn only_what_is_wanted_counts() {
        let set = |paths: &[&str]| paths.iter().map(PathBuf::from).collect();
        let wanted =
            Wanted { folders: set(&["/p/docs", "/q/new/theme"]), files: set(&["/p/mkdocs.yml", "/p/inc/a.md"]) };
        for (path, expected) in [
            ("/p/docs", true),
            ("/p/docs/deep/a.md", true),
            ("/p/docs.log", false),
            ("/p/mkdocs.yml", true),
            ("/p/serve.log", false),
            ("/p/inc", true),
            ("/p/inc/a.md", true),
            ("/p/inc/b.md", false),
            ("/p", true),
            ("/q/new", true),
            ("/q/old", false),
        ] {
            assert_eq!(wanted.counts(Path::new(path)), expected, "{path}");
        }
    }

    /// A watcher of a file that is there and of one that is not, the folder, and both files.
    fn watcher(poll: bool) -> (tempfile::TempDir, Watcher, PathBuf, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let (file, missing) = (root.join("a.md"), root.join("sub/b.md"));
        std::fs::write(&file, "one").unwrap();
        let mut watcher = Watcher::start(poll, Vec::new());
        let notices = watcher.watch(BTreeSet::new(), BTreeSet::from([file.clone(), missing.clone()]));
        assert_eq!(notices, [""; 0]);
        (folder, watcher, file, missing)
    }

    #[test]
    fn a_file_that_is_replaced_and_one_that_appears_are_noticed() {
        for poll in [false, true] {
            let (folder, mut watcher, file, missing) = watcher(poll);
            let root = folder.path();
            std::fs::write(root.join("a.tmp"), "two").unwrap();
            std::fs::rename(root.join("a.tmp"), &file).unwrap();
            assert_eq!(watcher.wait(), Change::Paths(BTreeSet::from([file])));
            let sub = missing.parent().unwrap().to_owned();
            std::fs::create_dir(&sub).unwrap();
            assert_eq!(watcher.wait(), Change::Paths(BTreeSet::from([sub])));
        }
    }

    #[test]
    fn looking_follows_new_changed_replaced_and_removed_files_of_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let file = root.join("deep/a.md");
        std::fs::create_dir(root.join("deep")).unwrap();
        std::fs::write(&file, "one").unwrap();
        let mut watcher = Watcher::start(true, vec![root.join("site")]);
        watcher.watch(BTreeSet::from([root.clone()]), BTreeSet::new());
        let one = || Change::Paths(BTreeSet::from([file.clone()]));
        std::fs::create_dir(root.join("site")).unwrap();
        std::fs::write(root.join("site/index.html"), "").unwrap();
        std::fs::write(&file, "two, longer").unwrap();
        assert_eq!(watcher.wait(), one());
        // An older file of the same length.
        let long_ago = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        std::fs::File::options().write(true).open(&file).unwrap().set_modified(long_ago).unwrap();
        assert_eq!(watcher.wait(), one());
        std::fs::remove_file(&file).unwrap();
        assert_eq!(watcher.wait(), one());
    }
}
