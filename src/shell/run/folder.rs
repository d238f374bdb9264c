//! The folder of a run: plan, journal, evidence, lock (RUNBOOK-FORMAT, section 3.4).
//!
//! A record is on the disk before anything follows from it. Knows the chain as text; does not know
//! what an event means.

use super::error::RunError;
use super::lock::{Holder, Lock, refuse_orphans, sweep};
use super::people::name_of_account;
use super::redact::Redactor;
use crate::plan::Plan;
use crate::plan::machine::{Chain, Event};
use crate::text::Digest;
use rustix::fs::{Mode, OFlags};
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A run on the disk. While it lives it may hold the run's lock.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    journal: File,
    chain: Chain,
    /// How much of the journal is on the disk for good.
    settled_bytes: usize,
    /// When the last record was read or written, by a clock that nobody sets.
    last_at: Instant,
    lock: Option<Lock>,
    /// Takes secrets out of whatever is written.
    redactor: Redactor,
}

/// What is read of a run without taking part in it.
#[derive(Debug)]
pub struct ReadRun {
    /// The folder.
    pub path: PathBuf,
    /// The plan.
    pub plan: Plan,
    /// The journal.
    pub chain: Chain,
}

impl RunFolder {
    /// Makes the folder of a new run, mode 0700, and takes its lock for `by`.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn create(runs: &Path, plan: &Plan, by: &str) -> Result<RunFolder, RunError> {
        let path = runs.join(format!("{}-{}", plan.short_hash(), new_ulid()?));
        let private = |path: &Path| {
            let made = fs::DirBuilder::new().mode(0o700).recursive(true).create(path);
            made.map_err(|error| RunError::io("cannot make", path, &error))
        };
        private(runs)?;
        private(&path)?;
        private(&path.join("evidence"))?;
        private(&path.join("inbox"))?;
        private(&path.join("tmp"))?;
        write_new(&path.join("plan.json"), plan.to_json().as_bytes())?;
        write_new(&path.join("lock"), b"")?;
        write_new(&path.join("journal.jsonl"), b"")?;
        sync_folder(&path)?;
        sync_folder(runs)?;
        let mut folder = RunFolder::open(&path)?;
        folder.take_lock(&Holder::this(by, true, &path))?;
        Ok(folder)
    }

    fn open(path: &Path) -> Result<RunFolder, RunError> {
        let at = path.join("journal.jsonl");
        let opened = OpenOptions::new().read(true).append(true).open(&at);
        let mut journal = opened.map_err(|error| RunError::io("cannot open", &at, &error))?;
        let mut bytes = Vec::new();
        journal.read_to_end(&mut bytes).map_err(|error| RunError::io("cannot read", &at, &error))?;
        let chain = Chain::read(&bytes).map_err(|damage| RunError::Damaged { path: at, damage })?;
        let settled_bytes = chain.sound_bytes;
        let (last_at, lock, redactor) = (Instant::now(), None, Redactor::default());
        Ok(RunFolder { path: path.to_owned(), journal, chain, settled_bytes, last_at, lock, redactor })
    }

    /// Opens a run to add to it: takes its lock, for a runner or for a command of a moment, and cuts a
    /// torn last line, which it records.
    ///
    /// # Errors
    /// When another process holds the lock, the journal or the plan is damaged, or the disk says no.
    pub fn open_locked(path: &Path, by: &str, runner: bool) -> Result<(RunFolder, Plan), RunError> {
        let plan = read_plan(path)?;
        let mut folder = RunFolder::open(path)?;
        folder.take_lock(&Holder::this(by, runner, path))?;
        // Only under the lock is the journal at rest.
        let lock = folder.lock.take();
        folder = RunFolder::open(path)?;
        folder.lock = lock;
        folder.cut_torn_tail()?;
        // What a living orphan may still read stays.
        if refuse_orphans(path).is_ok() {
            sweep(path);
        }
        Ok((folder, plan))
    }

    /// From now on secrets are taken out of every record and all evidence.
    pub fn keep_out(&mut self, redactor: &Redactor) {
        self.redactor = redactor.clone();
    }

    fn take_lock(&mut self, holder: &Holder) -> Result<(), RunError> {
        match Lock::take(&self.path.join("lock"), holder)? {
            Ok(lock) => self.lock = Some(lock),
            Err(held) => return Err(RunError::Locked { what: format!("run `{}`", self.name()), held: Box::new(held) }),
        }
        Ok(())
    }

    fn cut_torn_tail(&mut self) -> Result<(), RunError> {
        if self.chain.torn.is_empty() {
            return Ok(());
        }
        let torn = std::mem::take(&mut self.chain.torn);
        let at = self.path.join("journal.jsonl");
        let cut = self.journal.set_len(self.chain.sound_bytes as u64);
        cut.map_err(|error| RunError::io("cannot cut", &at, &error))?;
        let recovered = Event::JournalRecovered { bytes: torn.len() as u64, sha256: Digest::of(&torn).hex() };
        self.append(&self.time(), recovered)
    }

    /// Returns the time for the next record. A clock that went back does not make the journal go
    /// back: the least is the time of the record before, and what has passed since in this process.
    pub fn time(&self) -> String {
        let now = super::time::now();
        match self.chain.records.last() {
            Some(last) if last.ts > now => {
                let passed = self.last_at.elapsed().as_secs();
                let later = (passed > 0).then(|| super::time::after(&last.ts, passed)).flatten();
                later.unwrap_or_else(|| last.ts.clone())
            }
            _ => now,
        }
    }

    /// Writes one event with its time and waits until it is on the disk.
    ///
    /// # Errors
    /// As [`RunFolder::write`] and [`RunFolder::settle`].
    pub fn append(&mut self, ts: &str, event: Event) -> Result<(), RunError> {
        self.write(ts, event)?;
        self.settle()
    }

    /// Writes one event with its time. It survives the end of this process; that of the machine it
    /// survives once [`RunFolder::settle`] has returned.
    ///
    /// # Errors
    /// When the disk is full or says no. The journal then ends with the record before.
    pub fn write(&mut self, ts: &str, event: Event) -> Result<(), RunError> {
        let before = self.chain.sound_bytes;
        let line = self.chain.append(ts, masked(event, &self.redactor));
        self.last_at = Instant::now();
        let written = self.journal.write_all(line.as_bytes());
        written.map_err(|error| self.cut(before, &error))
    }

    /// Waits until all that was written is on the disk.
    ///
    /// # Errors
    /// When the disk says no, or the folder was deleted under the run. The journal then ends with what
    /// was settled.
    pub fn settle(&mut self) -> Result<(), RunError> {
        if self.settled_bytes == self.chain.sound_bytes {
            return Ok(());
        }
        let synced = self.journal.sync_data().and_then(|()| self.journal.metadata());
        let kept = synced.map_err(|error| self.cut(self.settled_bytes, &error))?;
        if kept.nlink() == 0 {
            return Err(RunError::Deleted { run: self.path.clone() });
        }
        self.settled_bytes = self.chain.sound_bytes;
        Ok(())
    }

    fn cut(&self, n_bytes: usize, error: &io::Error) -> RunError {
        let _ = self.journal.set_len(n_bytes as u64);
        RunError::io("cannot write", &self.path.join("journal.jsonl"), error)
    }

    /// Keeps bytes as evidence under their digest and returns it, hexadecimal.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn keep_evidence(&self, bytes: &[u8]) -> Result<String, RunError> {
        keep_evidence(&self.path, &self.redactor.redact_bytes(bytes))
    }

    /// Returns the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the run's name.
    pub fn name(&self) -> String {
        name_of(&self.path)
    }

    /// Returns the journal so far.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Takes the requests that others left for the runner, oldest name first, and removes them.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn take_inbox(&self) -> Result<Vec<Left>, RunError> {
        let inbox = self.path.join("inbox");
        let Ok(entries) = fs::read_dir(&inbox) else {
            return Ok(Vec::new());
        };
        let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        paths.sort();
        let mut taken = Vec::new();
        for path in paths {
            let read = fs::File::open(&path).and_then(|mut file| {
                let mut text = String::new();
                file.read_to_string(&mut text)?;
                // Of the file that was read, whatever lies under its name since.
                Ok(Left { text, by: name_of_account(file.metadata()?.uid()) })
            });
            let left = read.map_err(|error| RunError::io("cannot read", &path, &error))?;
            fs::remove_file(&path).map_err(|error| RunError::io("cannot remove", &path, &error))?;
            taken.push(left);
        }
        Ok(taken)
    }
}

/// A request that somebody left for the runner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// What is asked for.
    pub text: String,
    /// The account that the file belongs to.
    pub by: String,
}

/// What stands under these keys of a record is a name of the plan, a digest or a word of the journal's
/// own; what stands under any other was written by somebody, and secrets are taken out of it.
const OWN_KEYS: &[&str] = &[
    "type",
    "run",
    "plan",
    "step",
    "digest",
    "scope",
    "at",
    "guards",
    "proofs",
    "env",
    "kept",
    "left_out",
    "names",
    "from",
    "head",
    "state",
    "result",
    "reason",
    "kind",
    "sha256",
    "evidence",
    "source",
    "as",
    "signal",
    "review_by",
];

/// Takes the secrets out of an event.
fn masked(event: Event, redactor: &Redactor) -> Event {
    if redactor.is_empty() {
        return event;
    }
    let Ok(mut value) = serde_json::to_value(&event) else { return event };
    // A reason is a word where it says why a step is passed over, and a person's everywhere else.
    let skipped = matches!(event, Event::StepSkipped { .. });
    mask(&mut value, redactor, &|key| OWN_KEYS.contains(&key) && (key != "reason" || skipped));
    serde_json::from_value(value).unwrap_or(event)
}

/// Takes the secrets out of every text of a value but those under keys that are its own.
pub(super) fn mask(value: &mut serde_json::Value, redactor: &Redactor, own: &dyn Fn(&str) -> bool) {
    match value {
        serde_json::Value::String(text) => *text = redactor.redact(text),
        serde_json::Value::Array(items) => items.iter_mut().for_each(|item| mask(item, redactor, own)),
        serde_json::Value::Object(entries) => {
            entries.iter_mut().filter(|(key, _)| !own(key)).for_each(|(_, item)| mask(item, redactor, own));
        }
        _ => {}
    }
}

/// Returns which secrets stand in what was written before they were known: in the journal and in what
/// people gave.
///
/// # Errors
/// When it cannot be read.
pub(super) fn exposed(run: &ReadRun, redactor: &Redactor) -> Result<BTreeSet<String>, RunError> {
    let mut found = BTreeSet::new();
    let journal = run.path.join("journal.jsonl");
    let read = |path: &Path| fs::read(path).map_err(|error| RunError::io("cannot read", path, &error));
    found.extend(redactor.found_in(&read(&journal)?));
    for record in &run.chain.records {
        if let Event::EvidenceAdded { sha256: Some(digest), .. } = &record.event {
            found.extend(redactor.found_in(&read(&run.path.join("evidence").join(digest)).unwrap_or_default()));
        }
    }
    Ok(found)
}

/// Leaves a request for the process that holds the run; returns the file that it stands in until it
/// is taken.
///
/// # Errors
/// When the disk says no.
pub fn leave_request(run: &Path, text: &str) -> Result<PathBuf, RunError> {
    let inbox = run.join("inbox");
    let ulid = new_ulid()?;
    let (hidden, shown) = (inbox.join(format!(".{ulid}")), inbox.join(format!("{ulid}.json")));
    write_new(&hidden, text.as_bytes())?;
    fs::rename(&hidden, &shown).map_err(|error| RunError::io("cannot write", &shown, &error))?;
    Ok(shown)
}

/// Keeps bytes in a run's evidence under their digest and returns it, hexadecimal.
///
/// # Errors
/// When the disk says no.
pub fn keep_evidence(run: &Path, bytes: &[u8]) -> Result<String, RunError> {
    let digest = Digest::of(bytes).hex();
    let path = run.join("evidence").join(&digest);
    if !path.exists() {
        write_new(&path, bytes)?;
    }
    Ok(digest)
}

/// Returns the text that a run's evidence has under a digest; `None` where there is none, whatever else was
/// given for a digest.
pub(super) fn kept_text(run: &Path, digest: &str) -> Option<String> {
    is_digest(digest).then(|| fs::read_to_string(run.join("evidence").join(digest)).ok()).flatten()
}

/// Tells whether a run's evidence has, under a digest, what was kept.
pub(super) fn has_kept(run: &Path, digest: &str) -> bool {
    is_digest(digest)
        && fs::read(run.join("evidence").join(digest)).is_ok_and(|bytes| Digest::of(&bytes).hex() == digest)
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Reads a run without taking part in it.
///
/// # Errors
/// When it is not there or damaged.
pub fn read_run(path: &Path) -> Result<ReadRun, RunError> {
    let plan = read_plan(path)?;
    let at = path.join("journal.jsonl");
    let bytes = fs::read(&at).map_err(|error| RunError::io("cannot read", &at, &error))?;
    let chain = Chain::read(&bytes).map_err(|damage| RunError::Damaged { path: at, damage })?;
    Ok(ReadRun { path: path.to_owned(), plan, chain })
}

/// Returns the folders of all runs, oldest first, those of other accounts that cannot be looked into among
/// them. A folder that is not there has none.
///
/// # Errors
/// When the folder cannot be read.
pub fn list_runs(runs: &Path) -> Result<Vec<PathBuf>, RunError> {
    let entries = match fs::read_dir(runs) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| RunError::io("cannot read", runs, &error))?,
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| match fs::metadata(path.join("journal.jsonl")) {
        Ok(journal) => journal.is_file(),
        Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
    });
    // The part behind the plan's hash is a ULID, which sorts by time.
    paths.sort_by_key(|path| name_of(path).rsplit('-').next().map(str::to_owned));
    Ok(paths)
}

/// Tells whether another account keeps a run to itself.
pub(super) fn is_closed(path: &Path) -> bool {
    let opened = fs::File::open(path.join("journal.jsonl"));
    opened.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

/// Returns the name of a run.
pub fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn read_plan(path: &Path) -> Result<Plan, RunError> {
    let at = path.join("plan.json");
    let text = fs::read_to_string(&at).map_err(|error| RunError::io("cannot read", &at, &error))?;
    Plan::from_json(&text).map_err(|error| RunError::PlanDamaged { path: at, error })
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(|error| RunError::io("cannot write", path, &error))
}

fn sync_folder(path: &Path) -> Result<(), RunError> {
    let opened = rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty());
    let synced = opened.and_then(rustix::fs::fsync);
    synced.map_err(|error| RunError::io("cannot sync", path, &error.into()))
}

/// A name that sorts by time: 48 bits of milliseconds and 80 random ones
/// (<https://github.com/ulid/spec>).
fn new_ulid() -> Result<String, RunError> {
    let mut random = [0_u8; 10];
    getrandom::fill(&mut random).map_err(|error| RunError::System(format!("no random numbers: {error}")))?;
    let random = random.iter().fold(0_u128, |value, byte| value << 8 | u128::from(*byte));
    let value = u128::from(super::time::now_ms()) << 80 | random;
    let digits = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    Ok((0..26).rev().map(|place| digits[(value >> (place * 5) & 31) as usize] as char).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_clock_that_goes_back_does_not_take_the_journal_with_it() {
        let runs = tempfile::tempdir().expect("a temporary folder can be made");
        let mut plan: Plan = serde_json::from_value(json!({
            "format": 1, "runbook": "r", "stage": "bound", "kind": "procedure", "mode": "read-do", "params": {},
            "secrets": [], "environments": {}, "components": [], "steps": [], "source": {"files": []}, "hash": "",
        }))
        .expect("the sample has the plan's shape");
        plan.seal();
        let mut folder = RunFolder::create(runs.path(), &plan, "ana").expect("the folder takes a run");
        let later = "2999-01-01T00:00:00.000Z";
        folder.append(later, Event::RunInterrupted { signal: "SIGINT".into() }).expect("it can be written");
        assert_eq!(folder.time(), later);
    }
}
