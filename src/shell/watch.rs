//! Watching files: one call returns when something may have changed.
//!
//! The only file that knows notify. Three of its ways are taken care of here: it reports our own
//! reading (`Access`), which would make every build start the next one; an overflow arrives as one
//! event without paths, which means that anything may have changed; and a save arrives as a burst,
//! which must become one change. Whether a file's text is another one is not asked here: the next
//! snapshot finds that out.

use notify::event::ModifyKind;
use notify::{EventKind, RecursiveMode};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// A burst of changes is over when nothing happened for so long …
const QUIET: Duration = Duration::from_millis(40);
/// … or when it has lasted so long.
const PATIENCE: Duration = Duration::from_millis(250);

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
    inner: Box<dyn notify::Watcher>,
    events: Receiver<notify::Result<notify::Event>>,
    watched: BTreeMap<PathBuf, RecursiveMode>,
    ignored: Vec<PathBuf>,
}

impl Watcher {
    /// Starts watching nothing; with `poll`, by looking again and again instead of by the system's
    /// notices, which some network and container file systems do not send. Changes below the
    /// `ignored` folders never count.
    ///
    /// # Errors
    /// When the system has no more watches to give.
    pub fn start(poll: Option<Duration>, ignored: Vec<PathBuf>) -> Result<Watcher, String> {
        let (sender, events) = channel();
        let inner: Box<dyn notify::Watcher> = match poll {
            Some(interval) => {
                let config = notify::Config::default().with_poll_interval(interval).with_compare_contents(true);
                Box::new(notify::PollWatcher::new(sender, config).map_err(|error| error.to_string())?)
            }
            None => Box::new(notify::recommended_watcher(sender).map_err(|error| error.to_string())?),
        };
        Ok(Watcher { inner, events, watched: BTreeMap::new(), ignored })
    }

    /// Watches exactly these folders, with all below them, and these files. What does not exist yet
    /// is noticed when it appears in a folder that does. Returns what cannot be watched, and why.
    pub fn watch(&mut self, folders: &BTreeSet<PathBuf>, files: &BTreeSet<PathBuf>) -> Vec<String> {
        let mut wanted: BTreeMap<PathBuf, RecursiveMode> = BTreeMap::new();
        for folder in folders {
            match folder.is_dir() {
                true => wanted.insert(folder.clone(), RecursiveMode::Recursive),
                false => nearest_folder(folder).and_then(|folder| only_itself(&mut wanted, folder)),
            };
        }
        // Editors replace a file by renaming another over it, which ends a watch on the file itself.
        for file in files.iter().filter(|file| !folders.iter().any(|folder| file.starts_with(folder))) {
            nearest_folder(file).and_then(|folder| only_itself(&mut wanted, folder));
        }
        let mut problems = Vec::new();
        for (place, mode) in &self.watched {
            if wanted.get(place) != Some(mode) {
                // It may be gone, and its watch with it.
                let _ = self.inner.unwatch(place);
            }
        }
        for (place, mode) in &wanted {
            if self.watched.get(place) != Some(mode)
                && let Err(error) = self.inner.watch(place, *mode)
            {
                problems.push(format!("cannot watch `{}`: {error}", place.display()));
            }
        }
        self.watched = wanted;
        problems
    }

    /// Waits for changes, until a burst of them is over.
    pub fn wait(&self) -> Change {
        loop {
            let mut burst = Burst::default();
            match self.events.recv() {
                Ok(event) => burst.add(event, &self.ignored),
                // The sender lives in the watcher, which lives in `self`.
                Err(_) => unreachable!("the watcher outlives its events"),
            }
            let began = Instant::now();
            while let Some(patience) = PATIENCE.checked_sub(began.elapsed()) {
                match self.events.recv_timeout(QUIET.min(patience)) {
                    Ok(event) => burst.add(event, &self.ignored),
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
                }
            }
            if let Some(change) = burst.change() {
                return change;
            }
        }
    }
}

fn nearest_folder(place: &Path) -> Option<PathBuf> {
    place.ancestors().skip(1).find(|folder| folder.is_dir()).map(Path::to_owned)
}

fn only_itself(wanted: &mut BTreeMap<PathBuf, RecursiveMode>, folder: PathBuf) -> Option<RecursiveMode> {
    Some(*wanted.entry(folder).or_insert(RecursiveMode::NonRecursive))
}

#[derive(Default)]
struct Burst {
    paths: BTreeSet<PathBuf>,
    everything: bool,
}

impl Burst {
    fn add(&mut self, event: notify::Result<notify::Event>, ignored: &[PathBuf]) {
        match event {
            Ok(event) if event.need_rescan() => self.everything = true,
            Ok(event) if changes_files(&event.kind) => {
                let counts = |path: &PathBuf| !ignored.iter().any(|folder| path.starts_with(folder));
                self.paths.extend(event.paths.into_iter().filter(counts));
            }
            Ok(_) => {}
            Err(_) => self.everything = true,
        }
    }

    fn change(self) -> Option<Change> {
        if self.everything {
            Some(Change::Everything)
        } else if self.paths.is_empty() {
            None
        } else {
            Some(Change::Paths(self.paths))
        }
    }
}

fn changes_files(kind: &EventKind) -> bool {
    match kind {
        EventKind::Create(_) | EventKind::Remove(_) => true,
        EventKind::Modify(kind) => !matches!(kind, ModifyKind::Metadata(_)),
        EventKind::Any | EventKind::Access(_) | EventKind::Other => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::Event;
    use notify::event::{AccessKind, CreateKind, DataChange, Flag, MetadataKind, RenameMode};

    fn burst(events: Vec<Event>) -> Option<Change> {
        let mut burst = Burst::default();
        for event in events {
            burst.add(Ok(event), &[PathBuf::from("/p/site")]);
        }
        burst.change()
    }

    #[test]
    fn only_real_changes_count() {
        let on = |kind, path: &str| Event::new(kind).add_path(PathBuf::from(path));
        assert_eq!(burst(vec![on(EventKind::Access(AccessKind::Any), "/p/a")]), None);
        assert_eq!(burst(vec![on(EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)), "/p/a")]), None);
        assert_eq!(burst(vec![on(EventKind::Create(CreateKind::File), "/p/site/index.html")]), None);
        let change = burst(vec![
            on(EventKind::Modify(ModifyKind::Data(DataChange::Any)), "/p/a"),
            on(EventKind::Modify(ModifyKind::Name(RenameMode::To)), "/p/b"),
            on(EventKind::Modify(ModifyKind::Data(DataChange::Any)), "/p/a"),
        ]);
        assert_eq!(change, Some(Change::Paths(BTreeSet::from(["/p/a".into(), "/p/b".into()]))));
        let lost = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        assert_eq!(burst(vec![lost]), Some(Change::Everything));
    }

    #[test]
    fn a_file_that_is_replaced_and_one_that_appears_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let (file, missing) = (root.join("a.md"), root.join("sub/b.md"));
        std::fs::write(&file, "one").unwrap();
        let mut watcher = Watcher::start(None, Vec::new()).unwrap();
        let problems = watcher.watch(&BTreeSet::new(), &BTreeSet::from([file.clone(), missing.clone()]));
        assert_eq!(problems, [""; 0]);
        std::fs::write(root.join("a.tmp"), "two").unwrap();
        std::fs::rename(root.join("a.tmp"), &file).unwrap();
        let Change::Paths(paths) = watcher.wait() else { panic!("a rename is no overflow") };
        assert!(paths.contains(&file), "{paths:?}");
        std::fs::create_dir(root.join("sub")).unwrap();
        let Change::Paths(paths) = watcher.wait() else { panic!("a new folder is no overflow") };
        assert!(paths.contains(&root.join("sub")), "{paths:?}");
    }
}
