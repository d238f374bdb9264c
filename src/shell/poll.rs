//! Looking for changes again and again, where the system tells of none.
//!
//! Compares what files look like, never what they hold: reading a whole project twice a second is not
//! what a network mount is for. notify's own poller does read all of it, or else misses a file that is
//! replaced by an older one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

/// Folders, and whether all below them is looked at, too.
pub(super) type Places = BTreeMap<PathBuf, bool>;

/// A thread that looks; it ends with this value.
pub(super) struct Poll {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    places: Places,
    ignored: Vec<PathBuf>,
    seen: BTreeMap<PathBuf, Look>,
}

/// What a file looks like. A folder has no look: what is in it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    modified: Option<SystemTime>,
    len_bytes: u64,
    number: u64,
    is_dir: bool,
}

impl Poll {
    /// Looks at nothing yet, and calls `tell` with what has changed, sorted. Looking takes at most a
    /// tenth of the time, however many files there are.
    pub(super) fn start(interval: Duration, ignored: &[PathBuf], tell: impl Fn(Vec<PathBuf>) + Send + 'static) -> Poll {
        let state = Arc::new(Mutex::new(State { ignored: ignored.to_vec(), ..State::default() }));
        let looking = Arc::downgrade(&state);
        std::thread::spawn(move || {
            let mut pause = interval;
            loop {
                std::thread::sleep(pause);
                let Some(state) = looking.upgrade() else { return };
                let began = Instant::now();
                let changed = look_again(&state);
                pause = interval.max(began.elapsed() * 10);
                if !changed.is_empty() {
                    tell(changed);
                }
            }
        });
        Poll { state }
    }

    /// Looks at these folders from here on. What they hold at this moment is not news.
    pub(super) fn watch(&self, places: &Places) {
        let mut state = self.state.lock().expect("no thread panics while it looks");
        let state = &mut *state;
        for (place, deep) in places.iter().filter(|(place, deep)| state.places.get(*place) != Some(*deep)) {
            for (path, look) in look(place, *deep, &state.ignored) {
                state.seen.entry(path).or_insert(look);
            }
        }
        if state.places.keys().any(|place| places.get(place) != state.places.get(place)) {
            let is_looked_at = |path: &Path| {
                path.parent().is_some_and(|parent| places.contains_key(parent))
                    || path.ancestors().any(|folder| places.get(folder) == Some(&true))
            };
            state.seen.retain(|path, _| is_looked_at(path));
        }
        state.places.clone_from(places);
    }
}

fn look_again(state: &Mutex<State>) -> Vec<PathBuf> {
    let lock = || state.lock().expect("no thread panics while it looks");
    let (places, ignored) = {
        let state = lock();
        (state.places.clone(), state.ignored.clone())
    };
    let now: BTreeMap<PathBuf, Look> = places.iter().flat_map(|(place, deep)| look(place, *deep, &ignored)).collect();
    let mut state = lock();
    if state.places != places {
        // Other folders are wanted meanwhile; the next look is at those.
        return Vec::new();
    }
    let before = std::mem::replace(&mut state.seen, now);
    let now = &state.seen;
    let changed = now.iter().filter(|(path, look)| before.get(*path) != Some(look)).map(|(path, _)| path);
    let gone = before.keys().filter(|path| !now.contains_key(*path));
    let all: BTreeSet<&PathBuf> = changed.chain(gone).collect();
    all.into_iter().cloned().collect()
}

fn look(place: &Path, deep: bool, ignored: &[PathBuf]) -> Vec<(PathBuf, Look)> {
    let depth = if deep { usize::MAX } else { 1 };
    let walk = walkdir::WalkDir::new(place).min_depth(1).max_depth(depth).follow_links(true).into_iter();
    walk.filter_entry(|entry| entry.file_name() != ".git" && !ignored.iter().any(|folder| entry.path() == folder))
        .filter_map(Result::ok)
        .filter_map(|entry| Some((entry.path().to_owned(), look_of(&entry.metadata().ok()?))))
        .collect()
}

fn look_of(metadata: &Metadata) -> Look {
    if metadata.is_dir() {
        return Look { modified: None, len_bytes: 0, number: 0, is_dir: true };
    }
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(metadata);
    #[cfg(not(unix))]
    let number = 0;
    Look { modified: metadata.modified().ok(), len_bytes: metadata.len(), number, is_dir: false }
}
