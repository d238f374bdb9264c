//! A Git repository as evidence: what stands in its commits, and nothing that its work tree, its index,
//! its hooks or this process's environment say.
//!
//! `git` is taken from a fixed list of folders and started with an environment of its own. Replaced
//! objects, grafts, attributes, file-system monitors and ignored revisions do not count.
//! What a local reference names is the word of whoever can write the repository: a check elsewhere,
//! such as `lint --journals` in continuous integration, compares the commits.

use crate::text::{ReadError, SitePath, Source, World};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::ops::RangeInclusive;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

/// Folders that system programs are looked for in: never `PATH`.
const FOLDERS: &[&str] =
    &["/usr/bin", "/bin", "/usr/local/bin", "/opt/homebrew/bin", "/run/current-system/sw/bin", "/usr/pkg/bin"];

/// Returns where a system program lies.
pub(super) fn system_program(name: &str) -> Option<PathBuf> {
    FOLDERS.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.is_file())
}

/// A repository.
#[derive(Clone, Debug)]
pub struct Repository {
    git: PathBuf,
    folder: PathBuf,
    /// The top of its work tree.
    top: PathBuf,
}

/// What the system knows of the files that hold a repository's references: the same again tells that no
/// reference has changed.
pub(super) type Stamp = BTreeMap<PathBuf, (u64, u64, u64, i64, i64)>;

/// Two changes within this time may look like one.
const TICK: Duration = Duration::from_millis(100);
/// A repository of more references is asked for them.
const MAX_STAMPED: usize = 5_000;

/// A commit of the branch that changes are merged into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The branch, such as `origin/main`.
    pub branch: String,
    /// Its last commit.
    pub commit: String,
}

impl Repository {
    /// Finds the repository that a folder lies in; `None` where there is none.
    ///
    /// # Errors
    /// When there is one that cannot be asked.
    pub fn find(folder: &Path) -> Result<Option<Repository>, String> {
        let folder = folder.canonicalize().map_err(|error| error.to_string())?;
        let Some(top) = folder.ancestors().find(|above| above.join(".git").symlink_metadata().is_ok()) else {
            return Ok(None);
        };
        let git = system_program("git").ok_or_else(|| format!("there is no `git` in {}", FOLDERS.join(", ")))?;
        let mut found = Repository { git, folder: PathBuf::new(), top: top.to_owned() };
        let mut command = found.bare_command();
        command.current_dir(top).args(["rev-parse", "--absolute-git-dir"]);
        found.folder = PathBuf::from(text_of(&mut command, b"")?.trim_end_matches('\n'));
        Ok(Some(found))
    }

    /// Returns what tells whether any reference that says what is merged has changed; `None` where that
    /// cannot be told without asking. To ask Git takes longer than a step.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        let common = fs::read_to_string(self.folder.join("commondir"));
        let folder = common.map_or_else(|_| self.folder.clone(), |common| self.folder.join(common.trim_end()));
        let mut pending: Vec<PathBuf> =
            ["packed-refs", "reftable", "refs/heads", "refs/remotes/origin"].map(|name| folder.join(name)).into();
        let mut stamp = Stamp::new();
        let newest = SystemTime::now().checked_sub(TICK)?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        while let Some(path) = pending.pop() {
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            let changed = Duration::new(metadata.ctime().try_into().ok()?, metadata.ctime_nsec().try_into().ok()?);
            if changed > newest || stamp.len() > MAX_STAMPED {
                return None;
            }
            if metadata.is_dir() {
                let inside = fs::read_dir(&path).ok()?;
                pending.extend(inside.filter_map(|entry| Some(entry.ok()?.path())));
            }
            let (device, inode, length) = (metadata.dev(), metadata.ino(), metadata.len());
            stamp.insert(path, (device, inode, length, metadata.ctime(), metadata.ctime_nsec()));
        }
        Some(stamp)
    }

    /// Returns the top of the work tree.
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// Returns the commit that is checked out, where there is one.
    pub fn head(&self) -> Option<String> {
        self.commit("HEAD").ok()
    }

    /// Returns the full name of a commit.
    ///
    /// # Errors
    /// When the repository does not have it.
    pub fn commit(&self, name: &str) -> Result<String, String> {
        let unknown = || format!("the repository does not have the commit `{name}`");
        if name.is_empty() || name.starts_with('-') || name.contains(char::is_whitespace) {
            return Err(unknown());
        }
        let found = self.ask(&["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")]);
        found.map(|text| text.trim().to_owned()).map_err(|_| unknown())
    }

    /// Returns when a commit was made, RFC 3339 in UTC; empty where the repository does not have it.
    pub fn time(&self, commit: &str) -> String {
        let format = ["log", "-1", "--format=%cd", "--date=format-local:%Y-%m-%dT%H:%M:%S.000Z", commit];
        self.ask(&format).unwrap_or_default().trim().to_owned()
    }

    /// Returns the branch that changes are merged into: what `origin/HEAD` names, else `main` or
    /// `master` of `origin`; in a repository without that remote `main`, `master`, or the only branch.
    ///
    /// # Errors
    /// When none is.
    pub fn default_branch(&self) -> Result<Merged, String> {
        let text =
            self.ask(&["for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/remotes/origin"])?;
        let refs: BTreeMap<&str, &str> = text.lines().filter_map(|line| line.split_once(' ')).collect();
        let merged = |name: &str, commit: &str| {
            let branch = name.trim_start_matches("refs/heads/").trim_start_matches("refs/remotes/");
            Merged { branch: branch.to_owned(), commit: commit.to_owned() }
        };
        let pick = |names: &[&str]| names.iter().find_map(|name| Some(merged(name, refs.get(name)?)));
        if refs.keys().any(|name| name.starts_with("refs/remotes/")) {
            let names = ["refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master"];
            return pick(&names).ok_or_else(|| {
                "nothing says which branch of `origin` changes are merged into: `git remote set-head origin --auto`"
                    .into()
            });
        }
        let only = refs.iter().next().filter(|_| refs.len() == 1).map(|(name, commit)| merged(name, commit));
        pick(&["refs/heads/main", "refs/heads/master"])
            .or(only)
            .ok_or_else(|| "the repository has no branch `main` or `master` that changes are merged into".to_owned())
    }

    /// Tells whether a commit is part of another one's history.
    pub fn is_ancestor(&self, commit: &str, of: &str) -> bool {
        self.commit(commit).is_ok() && self.ask(&["merge-base", "--is-ancestor", commit, of]).is_ok()
    }

    /// Returns the text of a tag's or commit's object.
    ///
    /// # Errors
    /// When the repository does not have it.
    pub fn object(&self, kind: &str, name: &str) -> Result<String, String> {
        if name.starts_with('-') {
            return Err(format!("`{name}` is no name"));
        }
        self.ask(&["cat-file", kind, name])
    }

    /// Returns the files of a commit as a world whose paths begin at a folder of the work tree.
    ///
    /// # Errors
    /// When the repository does not have the commit.
    pub fn world(&self, commit: &str, root: &Path) -> Result<CommitWorld, String> {
        let root = root.canonicalize().map_err(|error| error.to_string())?;
        let prefix =
            root.strip_prefix(&self.top).map_err(|_| "the folder lies outside of the repository".to_owned())?;
        let prefix = prefix.to_str().ok_or("the folder's name is not UTF-8")?;
        Ok(CommitWorld {
            repository: self.clone(),
            root: root.clone(),
            prefix: SitePath::new(prefix),
            tree: Arc::new(self.tree(commit)?),
            read: Mutex::default(),
        })
    }

    /// Returns the way from the top of the repository to a folder.
    ///
    /// # Errors
    /// When the folder lies elsewhere.
    pub fn prefix(&self, folder: &Path) -> Result<SitePath, String> {
        let folder = folder.canonicalize().map_err(|error| error.to_string())?;
        let prefix =
            folder.strip_prefix(&self.top).map_err(|_| "the folder lies outside of the repository".to_owned())?;
        Ok(SitePath::new(prefix.to_str().ok_or("the folder's name is not UTF-8")?))
    }

    fn tree(&self, commit: &str) -> Result<BTreeMap<String, Entry>, String> {
        let commit = self.commit(commit)?;
        let text = self.ask(&["ls-tree", "-r", "-z", "--full-tree", &commit])?;
        let entry = |line: &str| {
            let (about, path) = line.split_once('\t')?;
            let mut words = about.split(' ');
            let (mode, _, object) = (words.next()?, words.next()?, words.next()?);
            Some((path.to_owned(), Entry { mode: mode.to_owned(), object: object.to_owned() }))
        };
        Ok(text.split('\0').filter_map(entry).collect())
    }

    /// Returns the files of the work tree that are not as they are in a commit, sorted. Files that the
    /// commit does not have do not count: a plan that reads one is another plan than the commit's.
    ///
    /// # Errors
    /// When the repository cannot be asked.
    pub fn changed_since(&self, commit: &str) -> Result<Vec<String>, String> {
        let tree = self.tree(commit)?;
        let mut changed = Vec::new();
        let mut hashed: Vec<(&str, &str)> = Vec::new();
        for (path, entry) in &tree {
            let place = self.top.join(path);
            let metadata = fs::symlink_metadata(&place).ok();
            let same = match (entry.mode.as_str(), &metadata) {
                ("160000", _) => {
                    changed.extend(changed_inside(&place, path, &entry.object));
                    true
                }
                (_, None) => false,
                ("120000", Some(metadata)) => {
                    let target = metadata.is_symlink().then(|| fs::read_link(&place).ok()).flatten();
                    target.is_some_and(|target| {
                        self.ask(&["cat-file", "blob", &entry.object]).is_ok_and(|text| Path::new(&text) == target)
                    })
                }
                (_, Some(metadata)) if !metadata.is_file() || path.contains('\n') => false,
                _ => {
                    hashed.push((path, &entry.object));
                    true
                }
            };
            if !same {
                changed.push(path.clone());
            }
        }
        let mut names = String::new();
        for (path, _) in &hashed {
            names.push_str(&format!("{}\n", self.top.join(path).display()));
        }
        // Without filters: neither an attribute nor a configured program may alter what is compared.
        let mut command = self.command();
        command.args(["hash-object", "--no-filters", "--stdin-paths"]);
        let digests = if hashed.is_empty() { String::new() } else { text_of(&mut command, names.as_bytes())? };
        let mut digests = digests.lines();
        changed.extend(
            hashed.iter().filter(|(_, object)| digests.next() != Some(object)).map(|(path, _)| (*path).to_owned()),
        );
        changed.sort();
        Ok(changed)
    }

    /// Returns names and addresses of whoever wrote lines of a file as it stands in a commit: authors and
    /// co-authors, as they wrote themselves and as `.mailmap` of another commit has them.
    ///
    /// # Errors
    /// When nobody can tell, such as without the whole history.
    pub fn authors(
        &self,
        commit: &str,
        path: &str,
        lines: &[RangeInclusive<u64>],
        mailmap: &str,
    ) -> Result<BTreeSet<String>, String> {
        if self.ask(&["rev-parse", "--is-shallow-repository"])?.trim() != "false" {
            return Err("the repository lacks a part of its history: `git fetch --unshallow`".into());
        }
        let mut words: Vec<String> =
            ["blame", "--porcelain", "--no-textconv", "--no-ignore-revs-file"].map(str::to_owned).into();
        words.extend(lines.iter().map(|range| format!("-L{},{}", range.start(), range.end())));
        words.extend([commit.to_owned(), "--".to_owned(), path.to_owned()]);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let text = self.ask(&words)?;
        let is_commit = |word: &str| word.len() >= 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let heads = text.lines().filter(|line| !line.starts_with('\t')).filter_map(|line| line.split(' ').next());
        let commits: BTreeSet<&str> = heads.filter(|word| is_commit(word)).collect();
        let mut command = self.command_with(&[&format!("mailmap.blob={mailmap}:.mailmap")]);
        let format = "--format=%ae%n%an%n%aE%n%aN%n%(trailers:key=Co-authored-by,valueonly)";
        command.args(["log", "--no-walk=unsorted", "--stdin", format]);
        let asked: String = commits.iter().map(|commit| format!("{commit}\n")).collect();
        let named = text_of(&mut command, asked.as_bytes())?;
        let mut authors = BTreeSet::new();
        for line in named.lines().map(str::trim).filter(|line| !line.is_empty()) {
            match line.split_once('<') {
                Some((name, address)) => {
                    authors.extend([name.trim(), address.trim_end_matches('>')].map(str::to_owned))
                }
                None => drop(authors.insert(line.to_owned())),
            }
        }
        if authors.is_empty() { Err("Git names nobody".into()) } else { Ok(authors) }
    }

    fn ask(&self, words: &[&str]) -> Result<String, String> {
        text_of(self.command().args(words), b"")
    }

    fn command(&self) -> Command {
        self.command_with(&[])
    }

    fn command_with(&self, settings: &[&str]) -> Command {
        let mut command = self.bare_command();
        command.arg("--git-dir").arg(&self.folder).current_dir("/");
        for setting in settings {
            command.args(["-c", setting]);
        }
        command
    }

    fn bare_command(&self) -> Command {
        let mut command = Command::new(&self.git);
        command.env_clear().envs([
            ("PATH", "/usr/bin:/bin"),
            ("LC_ALL", "C"),
            ("TZ", "UTC"),
            ("HOME", "/nonexistent"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_GRAFT_FILE", "/dev/null"),
            ("GIT_NO_REPLACE_OBJECTS", "1"),
            ("GIT_NO_LAZY_FETCH", "1"),
            ("GIT_OPTIONAL_LOCKS", "0"),
        ]);
        for setting in [
            "safe.directory=*",
            "core.fsmonitor=false",
            "core.hooksPath=/dev/null",
            "core.attributesFile=/dev/null",
            "advice.graftFileDeprecated=false",
            "core.commitGraph=false",
            "log.showSignature=false",
            "mailmap.file=",
            "mailmap.blob=",
        ] {
            command.args(["-c", setting]);
        }
        command
    }
}

/// Returns what is not as a commit has it in a submodule, which is a repository of its own: what it has
/// checked out, and its files. What cannot be told counts as changed.
fn changed_inside(place: &Path, path: &str, commit: &str) -> Vec<String> {
    let whole = || vec![path.to_owned()];
    let is_folder = fs::symlink_metadata(place).is_ok_and(|metadata| metadata.is_dir());
    match fs::read_dir(place).map(|mut entries| entries.next().is_none()) {
        // One that is not checked out has nothing that a step could read.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Ok(true) if is_folder => return Vec::new(),
        Ok(false) if is_folder => {}
        _ => return whole(),
    }
    let Ok(Some(own)) = Repository::find(place) else { return whole() };
    if own.top != place || own.head().as_deref() != Some(commit) {
        return whole();
    }
    let inside = own.changed_since(commit);
    inside.map_or_else(|_| whole(), |inside| inside.into_iter().map(|file| format!("{path}/{file}")).collect())
}

#[derive(Clone, Debug)]
struct Entry {
    mode: String,
    object: String,
}

/// The files of a commit. A path that leads out of the repository names a file of the machine, which
/// is read only where this account cannot write it.
#[derive(Debug)]
pub struct CommitWorld {
    repository: Repository,
    root: PathBuf,
    prefix: SitePath,
    tree: Arc<BTreeMap<String, Entry>>,
    read: Mutex<BTreeMap<SitePath, Result<Arc<Source>, ReadError>>>,
}

impl CommitWorld {
    /// Returns the same files with paths that begin at another folder.
    ///
    /// # Errors
    /// When the folder lies outside of the repository.
    pub fn at(&self, root: &Path) -> Result<CommitWorld, String> {
        let (repository, prefix) = (self.repository.clone(), self.repository.prefix(root)?);
        Ok(CommitWorld {
            repository,
            root: root.to_owned(),
            prefix,
            tree: Arc::clone(&self.tree),
            read: Mutex::default(),
        })
    }

    fn read(&self, path: SitePath) -> Result<Arc<Source>, ReadError> {
        let mut full = self.prefix.join(path.as_str());
        if full.as_str().starts_with('/') || full.as_str().starts_with("..") {
            return read_foreign(&self.root.join(path.as_str()), path);
        }
        for _ in 0..8 {
            let Some(entry) = self.tree.get(full.as_str()) else {
                let below = format!("{full}/");
                let inside = self.tree.range(below.clone()..).next().is_some_and(|(path, _)| path.starts_with(&below));
                return Err(if inside { ReadError::IsFolder } else { ReadError::NotFound });
            };
            let text = self.repository.ask(&["cat-file", "blob", &entry.object]).map_err(|why| {
                if why == NOT_UTF8 { ReadError::NotUtf8 { valid_up_to: 0 } } else { ReadError::Io(why) }
            })?;
            if entry.mode != "120000" {
                return Ok(Arc::new(Source::new(path, text)));
            }
            full = full.parent().join(&text);
        }
        Err(ReadError::NotFound)
    }
}

impl World for CommitWorld {
    fn source(&self, path: SitePath) -> Result<Arc<Source>, ReadError> {
        let held = "no thread panics while it holds what was read";
        if let Some(answer) = self.read.lock().expect(held).get(&path) {
            return answer.clone();
        }
        let answer = self.read(path);
        self.read.lock().expect(held).insert(path, answer.clone());
        answer
    }

    fn list(&self, folder: SitePath) -> Vec<SitePath> {
        let paths = self.tree.keys().map(|path| SitePath::new(path));
        let own = paths.filter_map(|path| {
            if self.prefix.as_str().is_empty() { Some(path) } else { path.below(self.prefix).map(SitePath::new) }
        });
        let mut found: Vec<SitePath> =
            own.filter(|path| folder.as_str().is_empty() || path.below(folder).is_some()).collect();
        found.sort();
        found
    }
}

/// Reads a file outside of the repository that this account can neither write nor replace.
#[cfg(not(unix))]
fn read_foreign(place: &Path, _: SitePath) -> Result<Arc<Source>, ReadError> {
    Err(ReadError::Refused(format!("nothing says who can write `{}`", place.display())))
}

#[cfg(unix)]
fn read_foreign(place: &Path, path: SitePath) -> Result<Arc<Source>, ReadError> {
    use rustix::fs::{Access, access};
    let place = place.canonicalize().map_err(|_| ReadError::NotFound)?;
    let writable = |place: &Path| access(place, Access::WRITE_OK).is_ok() || owns(place);
    if let Some(open) = place.ancestors().find(|place| writable(place)) {
        return Err(ReadError::Refused(format!("`{}` can be written by this account", open.display())));
    }
    let text = fs::read_to_string(&place).map_err(|error| ReadError::Io(error.to_string()))?;
    Ok(Arc::new(Source::new(path, text)))
}

#[cfg(unix)]
fn owns(place: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(place).is_ok_and(|metadata| metadata.uid() == rustix::process::geteuid().as_raw())
}

const NOT_UTF8: &str = "it is not UTF-8";

fn text_of(command: &mut Command, input: &[u8]) -> Result<String, String> {
    let stdin = if input.is_empty() { Stdio::null() } else { Stdio::piped() };
    let spawned = command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = spawned.map_err(|error| format!("cannot start `git`: {error}"))?;
    let writer = child.stdin.take().map(|mut pipe| {
        let input = input.to_owned();
        // Beside the reading, so that neither side waits for the other for ever.
        std::thread::spawn(move || pipe.write_all(&input))
    });
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if let Some(writer) = writer {
        let _ = writer.join();
    }
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    String::from_utf8(output.stdout).map_err(|_| NOT_UTF8.to_owned())
}
