//! The one door through which a pure stage asks for a file.

use super::{SitePath, Source};
use std::sync::Arc;

/// Why a file could not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// There is no such file.
    NotFound,
    /// It is a folder.
    IsFolder,
    /// It is not valid UTF-8; the offset of the first bad byte.
    NotUtf8 {
        /// Bytes before the first one that is not UTF-8.
        valid_up_to: usize,
    },
    /// It is no file of the project: a page could publish any file of the machine that builds it.
    Outside(String),
    /// It is nothing that can be read, and why.
    Refused(String),
    /// The system said no, in its words.
    Io(String),
}

impl ReadError {
    /// Says why, in words that follow a colon.
    pub fn reason(&self) -> String {
        match self {
            ReadError::NotFound => "there is no such file".to_owned(),
            ReadError::IsFolder => "it is a folder".to_owned(),
            ReadError::NotUtf8 { valid_up_to } => format!("it is not UTF-8 from byte {valid_up_to} on"),
            ReadError::Outside(why) | ReadError::Refused(why) | ReadError::Io(why) => why.clone(),
        }
    }
}

/// Gives stages the files of a project, as one unchanging snapshot: two calls with the same path
/// during one build give the same answer.
///
/// Shells implement it over a disk, tests over a map. Who asks must record what it asked for, so
/// that a cached result can be dropped when the answer changes.
pub trait World: Sync {
    /// Returns a text file.
    ///
    /// # Errors
    /// See [`ReadError`]; a missing file is an answer like any other.
    fn source(&self, path: SitePath) -> Result<Arc<Source>, ReadError>;

    /// Returns the paths of all files below a folder, sorted; a missing folder has none.
    fn list(&self, folder: SitePath) -> Vec<SitePath>;
}

/// A world in memory, for tests and for the pages that opsbook itself carries.
impl World for std::collections::BTreeMap<SitePath, Arc<Source>> {
    fn source(&self, path: SitePath) -> Result<Arc<Source>, ReadError> {
        self.get(&path).cloned().ok_or(ReadError::NotFound)
    }

    fn list(&self, folder: SitePath) -> Vec<SitePath> {
        self.keys().copied().filter(|path| path.below(folder).is_some()).collect()
    }
}
