//! Which files of an output folder are opsbook's own: the manifest that one build leaves to the next.
//!
//! It lies in `.cache/opsbook/` of the project and not in the output folder, all of which is published.
//! It knows paths, not what the files hold, and nothing of how they are written.

use super::disk::{Disk, reason};
use super::output::OutputError;
use crate::text::Digest;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const FOLDER: &str = ".cache/opsbook";
const FORMAT: u32 = 2;

/// The manifest of one output folder of one project.
pub(super) struct Manifest {
    place: PathBuf,
    /// The folder it is about: relative to the project where it lies in there, so that a project may move.
    folder: String,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Stored {
    format: u32,
    folder: String,
    files: BTreeSet<String>,
}

impl Manifest {
    /// The manifest of the folder, whether it is there or not.
    pub(super) fn of(disk: &Disk, folder: &Path) -> Manifest {
        let folder = match disk.name(folder) {
            Some(inside) => inside.as_str().to_owned(),
            None => folder.canonicalize().unwrap_or_else(|_| folder.to_owned()).to_string_lossy().into_owned(),
        };
        let name = &Digest::of(folder.as_bytes()).hex()[..16];
        Manifest { place: disk.root().join(FOLDER).join(format!("site-{name}.json")), folder }
    }

    /// The files of earlier builds; none where there is no manifest that this version can read.
    pub(super) fn read(&self) -> BTreeSet<String> {
        let Ok(text) = fs::read_to_string(&self.place) else { return BTreeSet::new() };
        match serde_json::from_str::<Stored>(&text) {
            Ok(stored) if stored.format == FORMAT && stored.folder == self.folder => stored.files,
            _ => BTreeSet::new(),
        }
    }

    /// Replaces the manifest, whole or not at all.
    ///
    /// # Errors
    /// With the manifest's place: the project may be read-only.
    pub(super) fn write(&self, files: &BTreeSet<String>) -> Result<(), OutputError> {
        let stored = Stored { format: FORMAT, folder: self.folder.clone(), files: files.clone() };
        let text = serde_json::to_string_pretty(&stored).expect("a manifest is strings and a number") + "\n";
        if fs::read_to_string(&self.place).is_ok_and(|there| there == text) {
            return Ok(());
        }
        self.replace(&text).map_err(|error| OutputError {
            message: format!("cannot remember which files are opsbook's, in `{}`: {}", self.place.display(), reason(&error)),
            help: Some("files of this site that a later one no longer has will stay in the output folder; `--clean` removes them".to_owned()),
        })
    }

    fn replace(&self, text: &str) -> io::Result<()> {
        let parent = self.place.parent().expect("the place is below the project's folder");
        fs::create_dir_all(parent)?;
        // The folder is nobody's to commit, whatever the project's own `.gitignore` says.
        let ignore = parent.join(".gitignore");
        if !ignore.exists() {
            fs::write(ignore, "*\n")?;
        }
        let temporary = self.place.with_extension(format!("{}.tmp", std::process::id()));
        fs::write(&temporary, text)?;
        fs::rename(&temporary, &self.place)
    }
}
