//! The people of a run: who they are, what they ask for, and what of it counts.
//!
//! A person acts through a [`Request`]: typed at the runner's terminal, left in the run's inbox for
//! a runner that is alive, or given to a run that nobody holds. All three are judged here by the
//! same rules. Nothing that is written in a page comes this way.

use super::driver::{Answer, People};
use super::error::RunError;
use super::folder::{Left, has_kept, keep_evidence, kept_text, name_of, read_run};
use super::hints::typeable;
use super::offer::scripts_after;
use super::redact::Redactor;
use super::session::{fold_with, ground};
use crate::plan::machine::approval::{self, Authors, Circumstances, Identity, Proof, approval_message, may_decide};
use crate::plan::machine::signers::{self, DECISIONS};
use crate::plan::machine::sshsig::Signer;
use crate::plan::machine::testimony::{Archive, is_fresh, lacks_evidence, signed_yes};
use crate::plan::machine::{
    CAPTURE, Chain, Decision, EVIDENCE, Event, IdentitySource, Next, Resolution, Run, Vouched, Waiting, proof,
};
use crate::plan::{Evidence, Forbid, Step, StepKind};
use crate::shell::repository::system_program;
use crate::shell::{Again, Trust, compile_again};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a person asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// To approve or refuse a step.
    Decide {
        /// The step.
        step: String,
        /// Whether it is a yes.
        yes: bool,
        /// Who.
        by: String,
        /// What they say.
        note: Option<String>,
        /// What makes it more than the word of an account.
        signed: Option<Signed>,
    },
    /// To tick a manual item.
    Done {
        /// The step.
        step: String,
        /// Who.
        by: String,
        /// What proves it: kind (`note`, `url`, `file`), value, and of a file its digest.
        evidence: Vec<(String, String, Option<String>)>,
    },
    /// To say that a manual item is not done, or is not so.
    Refuse {
        /// The step.
        step: String,
        /// Who.
        by: String,
        /// Why.
        note: String,
    },
    /// To undo what was done.
    Back {
        /// Who.
        by: String,
        /// The one environment, where it is not all.
        env: Option<String>,
        /// Why.
        note: String,
    },
    /// To settle a step in doubt.
    Resolve {
        /// The step.
        step: String,
        /// As what.
        r#as: Resolution,
        /// Who.
        by: String,
        /// Why.
        note: String,
    },
    /// To give the run up.
    Cancel {
        /// Who.
        by: String,
        /// Why.
        note: Option<String>,
    },
}

impl Request {
    /// Returns the account that is said to ask, where no signature shows who it is.
    fn by_account(&self) -> Option<&str> {
        match self {
            Request::Decide { signed: Some(_), .. } => None,
            Request::Decide { by, .. }
            | Request::Done { by, .. }
            | Request::Refuse { by, .. }
            | Request::Back { by, .. }
            | Request::Resolve { by, .. }
            | Request::Cancel { by, .. } => Some(by),
        }
    }
}

/// A signature on a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// When it was made, RFC 3339.
    pub at: String,
    /// The head of the journal then.
    pub head: String,
    /// The armoured signature over [`approval_message`].
    pub signature: String,
}

/// What requests are judged by.
#[derive(Clone, Debug, Default)]
pub struct Office {
    /// The run's folder; evidence is kept there.
    pub run: PathBuf,
    /// The run's name.
    pub name: String,
    /// The project's folder.
    pub project: PathBuf,
    /// The rules about people.
    pub trust: Trust,
    /// Whether they are others than at the beginning, and the journal does not say so yet.
    pub is_new: bool,
    /// The runs that are named as evidence.
    pub evidence: Vec<PathBuf>,
    /// Whether the name of an account is enough where nobody is hurt.
    pub allow_weak_identity: bool,
    /// Takes secrets out of what people type.
    pub redactor: Redactor,
}

impl Office {
    /// Judges a request and returns the events that it comes to.
    ///
    /// # Errors
    /// Returns why it does not count, as a sentence without a full stop.
    pub fn judge(&self, run: &Run, request: Request) -> Result<Vec<Event>, String> {
        let judged = self.refuse_hidden(&request).and_then(|()| self.judged(run, request));
        judged.map_err(|why| self.redactor.redact(&why))
    }

    /// Refuses a request with a secret in what is written down as it stands: names, kinds and digests.
    fn refuse_hidden(&self, request: &Request) -> Result<(), String> {
        let mut texts: Vec<&str> = match request {
            Request::Decide { step, by, .. }
            | Request::Done { step, by, .. }
            | Request::Refuse { step, by, .. }
            | Request::Resolve { step, by, .. } => vec![step, by],
            Request::Back { by, env, .. } => std::iter::once(by).chain(env).map(String::as_str).collect(),
            Request::Cancel { by, .. } => vec![by],
        };
        match request {
            Request::Decide { signed: Some(signed), .. } => texts.extend([signed.at.as_str(), &signed.head]),
            Request::Done { evidence, .. } => {
                texts.extend(
                    evidence
                        .iter()
                        .flat_map(|(kind, _, digest)| std::iter::once(kind).chain(digest))
                        .map(|text| text.as_str()),
                );
            }
            _ => {}
        }
        if texts.into_iter().any(|text| self.redactor.redact(text) != text) {
            return Err("it holds a secret where a name belongs".into());
        }
        Ok(())
    }

    fn judged(&self, run: &Run, request: Request) -> Result<Vec<Event>, String> {
        match request {
            Request::Decide { step, yes, by, note, signed } => self.judge_decision(run, &step, yes, by, note, signed),
            Request::Done { step, by, evidence } => self.judge_done(run, &step, by, evidence),
            Request::Resolve { step, r#as, by, note } => {
                let note = self.redactor.redact(&note);
                if note.trim().is_empty() {
                    return Err("say with `--note` what you saw: it stands in the journal".into());
                }
                Ok(vec![Event::Resolve { step, r#as, by, note }])
            }
            Request::Refuse { step, by, note } => {
                let manual = run.plan().step(&step).is_some_and(|step| step.kind == StepKind::Manual);
                let waits =
                    matches!(run.next(), Next::Wait(waiting) if waiting.contains(&Waiting::Manual(step.clone())));
                let note = self.redactor.redact(&note);
                if !manual {
                    Err(format!("step `{step}` is not done by hand"))
                } else if !waits {
                    Err(format!("step `{step}` is not waiting for a person"))
                } else if note.trim().is_empty() {
                    Err("say with `--note` why not: it stands in the journal".into())
                } else {
                    Ok(vec![Event::ManualRefused { step, by, source: Some(IdentitySource::OsUser), note }])
                }
            }
            Request::Back { by, env, note } => {
                if let Some(env) = env.as_ref().filter(|env| !run.plan().environments.contains_key(*env)) {
                    return Err(format!("the plan has no environment `{env}`"));
                }
                Ok(vec![Event::RunWantedBack { by, env, note: self.redactor.redact(&note) }])
            }
            Request::Cancel { by, note } => {
                Ok(vec![Event::RunCancelled { by, note: note.map(|note| self.redactor.redact(&note)) }])
            }
        }
    }

    fn judge_decision(
        &self,
        run: &Run,
        id: &str,
        yes: bool,
        by: String,
        note: Option<String>,
        signed: Option<Signed>,
    ) -> Result<Vec<Event>, String> {
        let step = run.plan().step(id).ok_or_else(|| format!("the plan has no step `{id}`"))?;
        let source = if signed.is_some() { IdentitySource::SshSig } else { IdentitySource::OsUser };
        let clean = note.as_ref().map(|note| self.redactor.redact(note));
        if signed.is_some() && clean != note {
            return Err("the note holds a secret: sign again without it".into());
        }
        let mut decision = approval::decision(run, step, &by, source, clean)
            .ok_or_else(|| format!("step `{id}` is not an approval"))?;
        let chain = read_run(&self.run).map_err(|error| error.to_string())?.chain;
        if let Some(signed) = &signed {
            (decision.at, decision.head) = (Some(signed.at.clone()), Some(signed.head.clone()));
            is_fresh(&chain.records, &decision)?;
            let message = approval_message(&self.name, run, &decision, yes);
            let now = super::time::now();
            let claim = signers::Signed { by: &by, namespace: DECISIONS, message: &message, at: &now };
            self.trust.rules.verify(&claim, &signed.signature)?;
        } else if by != account() && by != owner_of(&self.run) {
            return Err(format!("`{by}` is not the account that asks: sign with `--key PATH`"));
        }
        let known = Circumstances {
            rules: self.trust.rules.clone(),
            authors: self.authors(run, step),
            allow_weak_identity: self.allow_weak_identity,
        };
        may_decide(run, step, yes, &Identity { name: by, source }, &known)?;
        let mut events: Vec<Event> = self.listed(&chain).into_iter().collect();
        if let Some(signed) = signed {
            let kept = keep_evidence(&self.run, signed.signature.as_bytes()).map_err(|error| error.to_string())?;
            decision.signature = Some(kept);
        }
        events.push(if yes { Event::ApprovalGiven(decision) } else { Event::ApprovalRefused(decision) });
        Ok(events)
    }

    /// The record of where the rules stand, where they are not those of the last such record.
    pub(super) fn listed(&self, chain: &Chain) -> Option<Event> {
        let last = chain.records.iter().rev().find_map(|record| match &record.event {
            Event::PeopleListed(listed) => Some(listed),
            _ => None,
        });
        (last != Some(&self.trust.listed)).then(|| Event::PeopleListed(self.trust.listed.clone()))
    }

    /// Reads the rules about people again: they may have been merged since.
    fn renew(&mut self) -> Result<(), String> {
        let again = self.trust.read_again();
        self.is_new |= again.map_err(|why| format!("the rules about people cannot be read: {why}"))?;
        Ok(())
    }

    /// Reads the rules about people again, and returns the record of where they stand where they are others.
    fn read_rules(&mut self) -> Result<Option<Event>, RunError> {
        self.renew().map_err(|why| RunError::Stale { why })?;
        if !std::mem::take(&mut self.is_new) {
            return Ok(None);
        }
        Ok(self.listed(&read_run(&self.run)?.chain))
    }

    /// Looks again at an approval that was given, with the rules about people as they are now, and at the run
    /// that has it where that is an earlier one.
    ///
    /// # Errors
    /// Returns why it counts no more, as a sentence without a full stop.
    fn still_counts(&self, run: &Run, approval: &Step, now: &str) -> Result<(), String> {
        self.counts_in(&self.run, run, approval, now)?;
        let Some(vouched) = run.vouched_for(&approval.id) else { return Ok(()) };
        let mut first = None;
        for name in run.evidence() {
            match self.counts_elsewhere(run, name, approval, vouched, now) {
                Ok(()) => return Ok(()),
                Err(why) => first = first.or(Some(why)),
            }
        }
        Err(first.unwrap_or_else(|| "no run was named that has it".to_owned()))
    }

    /// Does so with a run and the signatures that its folder keeps.
    fn counts_in(&self, path: &Path, run: &Run, approval: &Step, now: &str) -> Result<(), String> {
        let rules = &self.trust.rules;
        let kept = |digest: &str| kept_text(path, digest);
        let archive = Archive { kept: &kept, rules: &|listed| self.trust.rules_of(listed) };
        let name = name_of(path);
        let signed = |ts: &str, decision: &Decision| signed_yes(&name, run, ts, decision, rules, &archive);
        approval::still_counts(run, approval, now, rules, &signed)
    }

    /// Sees that an earlier run, as it is now, has an approval that this run took its word for.
    fn counts_elsewhere(
        &self,
        run: &Run,
        name: &str,
        approval: &Step,
        vouched: &Vouched,
        now: &str,
    ) -> Result<(), String> {
        let said = |error: RunError| format!("run `{name}`: {error}");
        let path = ground(&self.run, name, &self.evidence).map_err(said)?;
        let path = path.ok_or_else(|| format!("run `{name}`, which has it, is not here"))?;
        let earlier = read_run(&path).and_then(|read| fold_with(&read, &self.evidence)).map_err(said)?;
        let there = earlier.plan().step(&approval.id);
        let there = there.filter(|_| proof::still_vouches(run, approval, &earlier, vouched));
        let there = there.ok_or_else(|| format!("run `{name}` has it no more"))?;
        self.counts_in(&path, &earlier, there, now).map_err(|why| format!("run `{name}`: {why}"))
    }

    /// Who wrote what an approval lets through, where it asks.
    fn authors(&self, run: &Run, step: &Step) -> Authors {
        if !step.forbids(Forbid::Author) {
            return Authors::NotAsked;
        }
        let Some(repository) = &self.trust.repository else {
            return Authors::Unknown("there is no repository".into());
        };
        let plan = run.plan();
        let folders: Vec<PathBuf> = self.project.ancestors().map(Path::to_owned).collect();
        let (pages, commit) = match compile_again(plan, Some(repository), &folders) {
            Again::Same(pages) => (pages, plan.source.commit.clone().unwrap_or_default()),
            Again::Other { place, .. } => {
                return Authors::Unknown(format!("{place} make another plan, so that its lines are not committed"));
            }
            Again::Unknown(why) => return Authors::Unknown(why),
        };
        let mailmap = self.trust.listed.commit.as_deref().unwrap_or(&commit);
        let mut authors = BTreeSet::new();
        for (path, lines) in pages.guarded_lines(&step.id) {
            match repository.authors(&commit, &path, &lines, mailmap) {
                Ok(found) => authors.extend(found),
                Err(why) => return Authors::Unknown(why),
            }
        }
        Authors::Known(authors)
    }

    fn judge_done(
        &self,
        run: &Run,
        id: &str,
        by: String,
        evidence: Vec<(String, String, Option<String>)>,
    ) -> Result<Vec<Event>, String> {
        let step = run.plan().step(id).ok_or_else(|| format!("the plan has no step `{id}`"))?;
        if step.kind != StepKind::Manual {
            return Err(format!("step `{id}` is not done by hand"));
        }
        let (answers, evidence): (Vec<_>, Vec<_>) = evidence.into_iter().partition(|(kind, ..)| kind == CAPTURE);
        if let Some((kind, ..)) = evidence.iter().find(|(kind, ..)| !EVIDENCE.contains(&kind.as_str())) {
            return Err(format!("`{kind}` is no kind of evidence"));
        }
        if let Some(kind) = lacks_evidence(step, &evidence) {
            return Err(format!("step `{id}` asks for evidence: give a {kind} with `--{kind}`"));
        }
        for (_, name, digest) in evidence.iter().filter(|(kind, ..)| kind == "file") {
            if name.contains(['/', '\\']) {
                return Err(format!("`{name}` is no name of a file"));
            }
            if digest.as_ref().is_none_or(|digest| !has_kept(&self.run, digest)) {
                return Err(format!("the file `{name}` was not kept: give it with `--file`"));
            }
        }
        if let Some((_, url, _)) = evidence.iter().find(|(kind, value, _)| kind == "url" && !is_url(value)) {
            return Err(format!("`{url}` is no address of the form `https://…`"));
        }
        let mut given: BTreeMap<&str, &str> = BTreeMap::new();
        for (_, answer, _) in &answers {
            let (name, value) = answer.split_once('=').ok_or_else(|| format!("`{answer}` is not `name=answer`"))?;
            let capture = step.capture.get(name).ok_or_else(|| format!("step `{id}` asks for no answer `{name}`"))?;
            capture.fits(value)?;
            if self.redactor.redact(value) != value {
                return Err(format!("the answer `{name}` holds a secret"));
            }
            given.insert(name, value);
        }
        if let Some(name) = step.capture.keys().find(|name| !given.contains_key(name.as_str())) {
            return Err(format!("step `{id}` asks for the answer `{name}`: give it with `--capture {name}=…`"));
        }
        let answered = given.into_iter().map(|(name, value)| Event::EvidenceAdded {
            step: id.to_owned(),
            kind: CAPTURE.to_owned(),
            value: format!("{name}={value}"),
            sha256: None,
            by: by.clone(),
        });
        let answered: Vec<Event> = answered.collect();
        let added = evidence.into_iter().map(|(kind, value, sha256)| Event::EvidenceAdded {
            step: id.to_owned(),
            kind,
            value: self.redactor.redact(&value),
            sha256,
            by: by.clone(),
        });
        let mut events: Vec<Event> = added.collect();
        events.extend(answered);
        events.push(Event::ManualDone { step: id.to_owned(), by, source: Some(IdentitySource::OsUser) });
        Ok(events)
    }
}

/// Signs a message with a private SSH key and returns the armoured signature. A key that needs a
/// passphrase, a token or an agent is used by `ssh-keygen`, from the system's own folders.
///
/// # Errors
/// When it cannot be signed.
pub fn sign(namespace: &str, message: &str, key: &Path) -> Result<String, RunError> {
    let failed = |why: String| RunError::System(format!("cannot sign with `{}`: {why}", key.display()));
    let text = fs::read_to_string(key).map_err(|error| failed(error.to_string()))?;
    if let Some(signer) = Signer::read(&text) {
        return Ok(signer.sign(namespace, message.as_bytes()));
    }
    let program = system_program("ssh-keygen").ok_or_else(|| failed("`ssh-keygen` is not installed".into()))?;
    let mut command = Command::new(program);
    command.args(["-Y", "sign", "-n", namespace, "-f"]).arg(key);
    let output = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = output.map_err(|error| failed(error.to_string()))?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(message.as_bytes()).map_err(|error| failed(error.to_string()))?;
    }
    let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Returns the name of the account that runs this process: its number is the system's word.
pub fn account() -> String {
    name_of_account(rustix::process::getuid().as_raw())
}

/// Returns the account that a run's folder belongs to: only it could have left a request there.
fn owner_of(run: &Path) -> String {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(run).map_or_else(|_| String::new(), |metadata| name_of_account(metadata.uid()))
}

/// An account that the system's list does not name, such as one of a directory service, is its number.
/// In a user namespace numbers are what whoever made it says, and name nobody.
pub(super) fn name_of_account(uid: u32) -> String {
    if !numbers_are_the_systems() {
        return approval::UNKNOWN_ACCOUNT.to_owned();
    }
    let list = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = list.lines().find_map(|line| {
        let mut cells = line.split(':');
        let (name, number) = (cells.next()?, cells.nth(1)?);
        (number.parse() == Ok(uid) && !name.is_empty()).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| format!("uid:{uid}"))
}

/// Tells whether the numbers of accounts are those of the machine: the kernel's own file says so, and not
/// one that lies in its place.
#[cfg(target_os = "linux")]
fn numbers_are_the_systems() -> bool {
    use std::io::Read as _;
    const PROC_SUPER_MAGIC: i128 = 0x9fa0;
    let Ok(mut file) = fs::File::open("/proc/self/uid_map") else { return false };
    let is_kernels = rustix::fs::fstatfs(&file).is_ok_and(|system| system.f_type as i128 == PROC_SUPER_MAGIC);
    let mut map = String::new();
    is_kernels && file.read_to_string(&mut map).is_ok() && map.split_whitespace().eq(["0", "0", "4294967295"])
}

#[cfg(not(target_os = "linux"))]
fn numbers_are_the_systems() -> bool {
    true
}

fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
}

/// Nobody is there: a run that needs somebody stops, and requests of others are judged.
#[derive(Debug)]
pub struct Absent {
    /// Judges what others leave.
    pub office: Office,
    /// Whether the runner stays for them.
    pub stay: bool,
}

impl People for Absent {
    fn ask(&mut self, _run: &Run, _waiting: &[Waiting]) -> Result<Answer, RunError> {
        if !self.stay {
            return Ok(Answer::Leave);
        }
        std::thread::sleep(std::time::Duration::from_millis(300));
        Ok(Answer::Nothing)
    }

    fn read_rules(&mut self) -> Result<Option<Event>, RunError> {
        self.office.read_rules()
    }

    fn still_counts(&self, run: &Run, approval: &Step, now: &str) -> Result<(), String> {
        self.office.still_counts(run, approval, now)
    }

    fn admit(&mut self, run: &Run, request: &Left) -> Result<Vec<Event>, String> {
        admit(&mut self.office, run, request)
    }
}

/// Says yes to everything: for dry runs, where nothing follows from it.
#[derive(Debug)]
pub struct Imagined;

impl People for Imagined {
    fn ask(&mut self, run: &Run, waiting: &[Waiting]) -> Result<Answer, RunError> {
        let events = waiting.iter().take(1).map(|wanted| match wanted {
            Waiting::Manual(step) => {
                let plan_step = run.plan().step(step).expect("the machine names steps of its plan");
                let held = run.status(step).map_or(BTreeMap::new(), |status| status.outputs.clone());
                // Nobody is there to choose: the first of the choices is imagined.
                match plan_step.capture.iter().find(|(name, _)| !held.contains_key(*name)) {
                    Some((name, capture)) => Event::EvidenceAdded {
                        step: step.clone(),
                        kind: CAPTURE.into(),
                        value: format!("{name}={}", imagined(capture)),
                        sha256: None,
                        by: "somebody".into(),
                    },
                    None => Event::ManualDone { step: step.clone(), by: "somebody".into(), source: None },
                }
            }
            Waiting::Approval { step, missing } => {
                let plan_step = run.plan().step(step).expect("the machine names steps of its plan");
                let by = format!("approver {missing}");
                let decision = approval::decision(run, plan_step, &by, IdentitySource::OsUser, None);
                Event::ApprovalGiven(decision.expect("the machine waits for approvals on approvals"))
            }
        });
        Ok(Answer::Events(events.collect()))
    }

    fn read_rules(&mut self) -> Result<Option<Event>, RunError> {
        Ok(None)
    }

    fn still_counts(&self, _run: &Run, _approval: &Step, _now: &str) -> Result<(), String> {
        Ok(())
    }

    fn admit(&mut self, _run: &Run, _request: &Left) -> Result<Vec<Event>, String> {
        Err("a dry run takes no requests".into())
    }
}

/// An answer for a dry run.
fn imagined(capture: &crate::plan::Capture) -> String {
    match (capture.choices.first(), capture.kind) {
        (Some(choice), _) => choice.clone(),
        (None, crate::plan::CaptureType::Url) => "https://example.org".into(),
        (None, _) => "something".into(),
    }
}

/// A person at the runner's terminal.
#[derive(Debug)]
pub struct AtTerminal {
    /// Judges what is typed, and what others leave.
    pub office: Office,
    /// The name of the account.
    pub by: String,
    /// Lines that are typed, from a thread that reads them.
    pub lines: std::sync::mpsc::Receiver<String>,
    /// What was asked last and is not answered.
    pub asked: Option<Question>,
    /// Writes a question.
    pub terminal: crate::shell::Terminal,
}

/// A question at the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Is the item done?
    Done(String),
    /// The evidence for it: kind.
    Evidence(String, &'static str),
    /// An answer, after what was given already: its name.
    Capture(String, String, Vec<(String, String, Option<String>)>),
    /// Why is the item not done?
    Refuse(String),
    /// May it go on?
    Approve(String),
}

impl People for AtTerminal {
    fn ask(&mut self, run: &Run, waiting: &[Waiting]) -> Result<Answer, RunError> {
        let Some(first) = waiting.first() else {
            return Ok(Answer::Nothing);
        };
        let id = match first {
            Waiting::Manual(step) | Waiting::Approval { step, .. } => step.clone(),
        };
        let step = run.plan().step(&id).expect("the machine names steps of its plan").clone();
        let current = match &self.asked {
            Some(
                Question::Done(asked)
                | Question::Evidence(asked, _)
                | Question::Capture(asked, ..)
                | Question::Refuse(asked)
                | Question::Approve(asked),
            ) => *asked == id,
            None => false,
        };
        if !current {
            self.put_question(run, &step);
        }
        match self.lines.recv_timeout(std::time::Duration::from_millis(300)) {
            Ok(line) => Ok(self.answer(run, &step, line.trim())),
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => Ok(Answer::Nothing),
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => Ok(Answer::Leave),
        }
    }

    fn read_rules(&mut self) -> Result<Option<Event>, RunError> {
        self.office.read_rules()
    }

    fn still_counts(&self, run: &Run, approval: &Step, now: &str) -> Result<(), String> {
        self.office.still_counts(run, approval, now)
    }

    fn admit(&mut self, run: &Run, request: &Left) -> Result<Vec<Event>, String> {
        admit(&mut self.office, run, request)
    }
}

impl AtTerminal {
    fn put_question(&mut self, run: &Run, step: &Step) {
        let place = step.section.as_ref().map(|section| format!(" ({section})")).unwrap_or_default();
        self.terminal.complain(&format!("\n{}{place}\n", step.title));
        if step.kind == StepKind::Approval {
            let rules = &self.office.trust.rules;
            let proof = match approval::wanted_proof(run.plan(), step, rules) {
                Proof::Signature => " --as NAME --key PATH",
                Proof::AllowedAccount => " --allow-weak-identity",
                Proof::Account => "",
            };
            let run_folder = typeable(&self.office.run.to_string_lossy());
            let command = format!("opsbook approve {run_folder} {}{proof}", step.id);
            // Who may not say yes is not asked.
            let is_asked = !step.forbids(Forbid::Runner) && (proof.is_empty() || self.office.allow_weak_identity);
            let question = if is_asked {
                format!(
                    "Approve? [y]es, [n]o, [s]how what follows, [l]eave the run waiting; or another person: {command}\n> "
                )
            } else {
                format!("It waits for another person: {command}\n[s]how what follows, [l]eave the run waiting: ")
            };
            self.terminal.complain(&question);
            self.asked = Some(Question::Approve(step.id.clone()));
        } else {
            self.terminal.complain("Done? [y]es, [n]o: it fails, [s]how what follows, [l]eave the run waiting: ");
            self.asked = Some(Question::Done(step.id.clone()));
        }
    }

    fn answer(&mut self, run: &Run, step: &Step, line: &str) -> Answer {
        let asked = self.asked.take();
        let (by, id) = (self.by.clone(), step.id.clone());
        let request = match (asked, line.to_ascii_lowercase().as_str()) {
            (Some(Question::Capture(_, name, mut evidence)), _) => {
                if let Some(why) = step.capture.get(&name).and_then(|capture| capture.fits(line).err()) {
                    self.terminal.complain(&format!("That is no answer: {why}\n"));
                    return self.want_answer(step, evidence).unwrap_or(Answer::Nothing);
                }
                evidence.push((CAPTURE.to_owned(), format!("{name}={line}"), None));
                match self.want_answer(step, evidence.clone()) {
                    Some(answer) => return answer,
                    None => Request::Done { step: id, by, evidence },
                }
            }
            (Some(Question::Evidence(_, kind)), _) => {
                let evidence = vec![(kind.to_owned(), line.to_owned(), None)];
                match self.want_answer(step, evidence.clone()) {
                    Some(answer) => return answer,
                    None => Request::Done { step: id, by, evidence },
                }
            }
            (Some(Question::Refuse(_)), _) => Request::Refuse { step: id, by, note: line.to_owned() },
            (_, "l" | "leave" | "q") => return Answer::Leave,
            (_, "s" | "show") => {
                self.terminal.complain(&scripts_after(run, &id));
                return Answer::Nothing;
            }
            (Some(Question::Approve(_)), answer @ ("y" | "yes" | "n" | "no")) => {
                Request::Decide { step: id, yes: answer.starts_with('y'), by, note: None, signed: None }
            }
            (Some(Question::Done(_)), "n" | "no") => {
                self.terminal.complain("Why not? It stands in the journal: ");
                self.asked = Some(Question::Refuse(id));
                return Answer::Nothing;
            }
            (Some(Question::Done(_)), "y" | "yes") => match step.evidence {
                Evidence::None | Evidence::Output => match self.want_answer(step, Vec::new()) {
                    Some(answer) => return answer,
                    None => Request::Done { step: id, by, evidence: Vec::new() },
                },
                Evidence::Note => return self.want(step, "note", "Note: "),
                Evidence::Url => return self.want(step, "url", "Address (https://…): "),
                Evidence::File => {
                    let name = &self.office.name;
                    self.terminal.complain(&format!("Give the file: opsbook done {name} {id} --file PATH\n"));
                    return Answer::Nothing;
                }
            },
            _ => return Answer::Nothing,
        };
        match self.office.renew().and_then(|()| self.office.judge(run, request)) {
            Ok(events) => Answer::Events(events),
            Err(why) => {
                self.terminal.complain(&format!("That does not count: {why}\n"));
                Answer::Nothing
            }
        }
    }

    /// Asks for the next answer that an item wants; `None` where all are given.
    fn want_answer(&mut self, step: &Step, evidence: Vec<(String, String, Option<String>)>) -> Option<Answer> {
        let given =
            |name: &String| evidence.iter().any(|(_, it, _)| it.split_once('=').is_some_and(|(it, _)| it == name));
        let (name, capture) = step.capture.iter().find(|(name, _)| !given(name))?;
        let choices =
            if capture.choices.is_empty() { String::new() } else { format!(" [{}]", capture.choices.join(", ")) };
        let prompt = capture.prompt.as_deref().unwrap_or(name);
        self.terminal.complain(&format!("{prompt}{choices}: "));
        self.asked = Some(Question::Capture(step.id.clone(), name.clone(), evidence));
        Some(Answer::Nothing)
    }

    fn want(&mut self, step: &Step, kind: &'static str, prompt: &str) -> Answer {
        self.terminal.complain(prompt);
        self.asked = Some(Question::Evidence(step.id.clone(), kind));
        Answer::Nothing
    }
}

fn admit(office: &mut Office, run: &Run, left: &Left) -> Result<Vec<Event>, String> {
    let request = serde_json::from_str(&left.text);
    let request: Request = request.map_err(|error| office.redactor.redact(&format!("it cannot be read: {error}")))?;
    // A signature says who it is; without one, only whose file it is.
    if let Some(by) = request.by_account().filter(|by| *by != left.by) {
        let why = format!("`{by}` is not the account that left it: that is `{}`", left.by);
        return Err(office.redactor.redact(&why));
    }
    office.renew()?;
    office.judge(run, request)
}
