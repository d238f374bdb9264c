//! What happens in a run, as values: the events that the journal keeps and the machine folds.

use crate::plan::Notice;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One event. The serialised form is the journal's (RUNBOOK-FORMAT, section 3.4): `type` names the
/// kind, absent options are not written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum Event {
    /// A run begins. Always the first event.
    #[serde(rename = "run.started")]
    RunStarted {
        /// The run's name.
        run: String,
        /// The plan's hash, with its `sha256:`.
        plan: String,
        /// Who runs it.
        by: String,
        /// How sure that name is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<IdentitySource>,
        /// Steps left out by `--from` and `--only`, with the reason given on the command line.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        left_out: Vec<String>,
    },
    /// A run goes on after its runner ended.
    #[serde(rename = "run.resumed")]
    RunResumed {
        /// Who resumes it.
        by: String,
        /// How sure that name is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<IdentitySource>,
    },
    /// Who begins, resumes or ends a session of the run signs that it is them, and what the journal
    /// holds so far.
    #[serde(rename = "runner.signed")]
    RunnerSigned {
        /// Who, by a name of the list of allowed signers.
        by: String,
        /// The head of the journal before this record.
        head: String,
        /// The digest of the signature's copy in the run's evidence, hexadecimal.
        signature: String,
    },
    /// Who did what the record before this one says signs it, and with it all that the journal holds so far.
    #[serde(rename = "person.signed")]
    PersonSigned {
        /// Who, by a name of the list of allowed signers.
        by: String,
        /// The head of the journal before this record.
        head: String,
        /// The digest of the signature's copy in the run's evidence, hexadecimal.
        signature: String,
    },
    /// Where the rules about people come from: who may sign, who has which role.
    #[serde(rename = "people.listed")]
    PeopleListed(Listed),
    /// Variables of the runner's environment are passed on to the scripts besides those that always are:
    /// by name, from here on, in each session.
    #[serde(rename = "variables.passed")]
    VariablesPassed {
        /// Their names.
        names: BTreeSet<String>,
    },
    /// The run takes over what an earlier run of an older plan has done: steps whose digest is the
    /// same keep their result. Approvals are never among them.
    #[serde(rename = "run.rebased")]
    RunRebased {
        /// The earlier run.
        from: String,
        /// The head of its journal.
        head: String,
        /// The steps that keep their result, and what is kept of each.
        kept: BTreeMap<String, Kept>,
    },
    /// An earlier run is named as evidence: what it has seen and this run need not see again.
    #[serde(rename = "run.evidence")]
    RunEvidence {
        /// The earlier run.
        run: String,
        /// The head of its journal.
        head: String,
        /// The guards that held there for the same content.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        guards: BTreeMap<String, Vouched>,
        /// The writes whose change it has proven where it must be proven first, and when.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        proofs: BTreeMap<String, String>,
    },
    /// The runner was told to stop; nothing new starts until the run is resumed.
    #[serde(rename = "run.interrupted")]
    RunInterrupted {
        /// The signal, such as `SIGINT`.
        signal: String,
    },
    /// The operator gives the run up: nothing starts any more.
    #[serde(rename = "run.cancelled")]
    RunCancelled {
        /// Who.
        by: String,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// A person wants back what the run has done: nothing starts any more, and what can be undone is.
    #[serde(rename = "run.wanted-back")]
    RunWantedBack {
        /// Who wants it.
        by: String,
        /// The one environment whose steps are undone, where it is not all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        env: Option<String>,
        /// Why.
        note: String,
    },
    /// A later run has taken over what this one has done: it is performed no more.
    #[serde(rename = "run.superseded")]
    RunSuperseded {
        /// The later run.
        run: String,
    },
    /// The run has ended.
    #[serde(rename = "run.finished")]
    RunFinished {
        /// How.
        state: RunState,
    },
    /// A step's `check` was run to see whether its effect is there already.
    #[serde(rename = "step.checked")]
    StepChecked {
        /// The step.
        step: String,
        /// Whether it holds.
        holds: bool,
        /// Whether the step was in doubt when it was asked.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        in_doubt: bool,
    },
    /// A step is about to be spawned: written and synced before.
    #[serde(rename = "step.started")]
    StepStarted {
        /// The step.
        step: String,
        /// From 1.
        attempt: u32,
        /// The Helm revision before the write, so that undo is defined even after a crash.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous_revision: Option<String>,
        /// Why the order staging before production was set aside, where it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        break_glass: Option<BreakGlass>,
    },
    /// Output of a step was kept as evidence.
    #[serde(rename = "step.output")]
    StepOutput {
        /// The step.
        step: String,
        /// The attempt.
        attempt: u32,
        /// The digest of the evidence file, hexadecimal.
        evidence: String,
        /// Bytes of output seen, before the cap.
        bytes: u64,
        /// The digest of all output after redaction, also of what the cap cut.
        sha256: String,
    },
    /// A step's process ended.
    #[serde(rename = "step.finished")]
    StepFinished {
        /// The step.
        step: String,
        /// The attempt.
        attempt: u32,
        /// How.
        result: StepResult,
        /// The exit status, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exit: Option<i32>,
        /// The signal that ended it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signal: Option<i32>,
        /// What it wrote to its output file.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        outputs: BTreeMap<String, String>,
        /// Processes that outlived it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        strays: Vec<u32>,
        /// Why, where the process alone does not say it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// A step's `verify` was run after it.
    #[serde(rename = "step.verified")]
    StepVerified {
        /// The step that was verified.
        step: String,
        /// The attempt.
        attempt: u32,
        /// Whether it passed.
        passed: bool,
    },
    /// A failed step is tried again: only after this event may it start a second time.
    #[serde(rename = "step.retry")]
    StepRetry {
        /// The step.
        step: String,
        /// The attempt that follows, from 2.
        attempt: u32,
    },
    /// A step is passed over.
    #[serde(rename = "step.skipped")]
    StepSkipped {
        /// The step.
        step: String,
        /// Why.
        reason: SkipReason,
    },
    /// A person says yes to an approval step.
    #[serde(rename = "approval.given")]
    ApprovalGiven(Decision),
    /// A person says no to an approval step.
    #[serde(rename = "approval.refused")]
    ApprovalRefused(Decision),
    /// Nobody decided in time, what was approved did not start in time, or somebody who said yes may
    /// say it no more.
    #[serde(rename = "approval.expired")]
    ApprovalExpired {
        /// The approval step.
        step: String,
        /// Why, where it is not the time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// People have been waited for so long that it is time to remind them.
    #[serde(rename = "step.reminded")]
    StepReminded {
        /// The step that waits.
        step: String,
        /// Which reminder it is, from 1; those that fell due while nobody performed the run are one.
        reminder: u32,
    },
    /// People have been waited for longer than they may take.
    #[serde(rename = "step.overdue")]
    StepOverdue {
        /// The step that waited.
        step: String,
    },
    /// People were told of something by a hook of the plan, or could not be.
    #[serde(rename = "run.notified")]
    RunNotified {
        /// The place of the hook in the plan's list, from 0.
        hook: usize,
        /// Of what.
        on: Notice,
        /// The step that it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
        /// Which reminder it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reminder: Option<u32>,
        /// Why they could not be told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failed: Option<String>,
    },
    /// A person did a manual item.
    #[serde(rename = "manual.done")]
    ManualDone {
        /// The step.
        step: String,
        /// Who.
        by: String,
        /// How sure that name is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<IdentitySource>,
    },
    /// A person did not do a manual item, or found it not to be so.
    #[serde(rename = "manual.refused")]
    ManualRefused {
        /// The step.
        step: String,
        /// Who.
        by: String,
        /// How sure that name is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<IdentitySource>,
        /// Why.
        note: String,
    },
    /// Evidence was added to a step.
    #[serde(rename = "evidence.added")]
    EvidenceAdded {
        /// The step.
        step: String,
        /// Which kind: `note`, `url` or `file`.
        kind: String,
        /// The note or the URL; of a file its name.
        value: String,
        /// The digest of a file's copy in the run's evidence, hexadecimal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sha256: Option<String>,
        /// Who.
        by: String,
    },
    /// An operator settles a step that is in doubt.
    #[serde(rename = "resolve")]
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
    /// A step's undo is about to be spawned.
    #[serde(rename = "rollback.started")]
    RollbackStarted {
        /// The step that is undone.
        step: String,
    },
    /// A step's undo ended.
    #[serde(rename = "rollback.finished")]
    RollbackFinished {
        /// The step.
        step: String,
        /// Whether it is undone.
        undone: bool,
        /// The exit status, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exit: Option<i32>,
    },
    /// The journal's last line was torn and has been cut.
    #[serde(rename = "journal.recovered")]
    JournalRecovered {
        /// How many bytes were cut.
        bytes: u64,
        /// Their digest, hexadecimal.
        sha256: String,
    },
}

/// What a run takes over of a step that an earlier run has done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// When the earlier run had done it.
    pub at: String,
    /// Its outputs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,
    /// The Helm revision before its write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_revision: Option<String>,
    /// Whether its effect was there already, so that nothing was done or verified.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub already_true: bool,
    /// Whether that it was done is an operator's word alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_word: bool,
}

/// A guard that held in an earlier run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vouched {
    /// When it held; of an approval, when the first of its decisions was made.
    pub at: String,
    /// Who said yes, of an approval.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
    /// Those of them who are names of accounts, and not of the list of allowed signers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<String>,
}

/// A person's decision on an approval step, bound to what was decided on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The approval step.
    pub step: String,
    /// The plan's hash.
    pub plan: String,
    /// The step's digest.
    pub digest: String,
    /// The digest of all that the step lets through; see [`super::scope`].
    pub scope: String,
    /// The step's environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// The head of the journal when it was signed, of a signed decision: what the person had seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// When it was signed, RFC 3339, of a signed decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Who.
    pub by: String,
    /// How sure that name is.
    pub source: IdentitySource,
    /// What they said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The digest of the signature's copy in the run's evidence, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// The rules about people as they were at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// The digest of the list of allowed signers, the roles and the accounts, hexadecimal.
    pub digest: String,
    /// The commit that they stand in; absent where there is no repository, and whoever can write the
    /// project's folder can write them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The branch whose last commit it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
}

/// Why a write in a later environment started without proof from the earlier one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreakGlass {
    /// Who broke it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When the review is due, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_by: Option<String>,
}

/// How sure the name of a person is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentitySource {
    /// The name of the account, which anybody with that account can use.
    OsUser,
    /// GitHub's record of who approved a deployment.
    GithubEnv,
    /// A signature by a key of the list of allowed signers, kept in the run's folder.
    SshSig,
}

/// How an attempt of a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepResult {
    /// As expected.
    Succeeded,
    /// Otherwise.
    Failed,
    /// It took too long and was killed.
    TimedOut,
    /// The run was interrupted while it ran, and it ended on the first signal.
    Cancelled,
    /// It was killed; nobody knows how far it came.
    InDoubt,
}

/// Why a step is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// Its `check` holds: what it would do is there.
    AlreadyTrue,
    /// What it needs cannot come any more.
    Upstream,
    /// The command line left it out.
    LeftOut,
    /// Its `when` does not hold for what steps before it gave out.
    Condition,
    /// An earlier run that was named as evidence has it.
    Evidence,
    /// So many of its group have failed that no new one begins.
    Failures,
}

/// As what an operator settles a step in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// It has happened.
    Done,
    /// It has not, and shall not.
    Failed,
    /// Do it again.
    Rerun,
}

/// The state of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Steps are being performed, or could be.
    Running,
    /// A person is needed.
    Waiting,
    /// Every step is done or rightly passed over.
    Succeeded,
    /// A step failed and nothing was undone.
    Failed,
    /// A step failed and what had been done is undone.
    RolledBack,
    /// A step failed, and an undo failed too.
    RollbackFailed,
    /// A step's outcome is unknown and a person must say.
    InDoubt,
    /// The operator gave it up.
    Cancelled,
    /// A later run has taken it over.
    Superseded,
}

impl Event {
    /// Tells whether it is about the work of a step alone, and says nothing about people.
    pub fn is_work(&self) -> bool {
        matches!(
            self,
            Event::StepChecked { .. }
                | Event::StepStarted { .. }
                | Event::StepOutput { .. }
                | Event::StepFinished { .. }
                | Event::StepVerified { .. }
                | Event::StepRetry { .. }
        )
    }

    /// Returns the step that the event is about.
    pub fn step(&self) -> Option<&str> {
        match self {
            Event::StepChecked { step, .. }
            | Event::StepStarted { step, .. }
            | Event::StepOutput { step, .. }
            | Event::StepFinished { step, .. }
            | Event::StepVerified { step, .. }
            | Event::StepRetry { step, .. }
            | Event::StepSkipped { step, .. }
            | Event::ApprovalGiven(Decision { step, .. })
            | Event::ApprovalRefused(Decision { step, .. })
            | Event::ApprovalExpired { step, .. }
            | Event::StepReminded { step, .. }
            | Event::StepOverdue { step }
            | Event::ManualDone { step, .. }
            | Event::ManualRefused { step, .. }
            | Event::EvidenceAdded { step, .. }
            | Event::Resolve { step, .. }
            | Event::RollbackStarted { step }
            | Event::RollbackFinished { step, .. } => Some(step),
            Event::RunStarted { .. }
            | Event::RunResumed { .. }
            | Event::RunnerSigned { .. }
            | Event::PersonSigned { .. }
            | Event::PeopleListed(_)
            | Event::VariablesPassed { .. }
            | Event::RunRebased { .. }
            | Event::RunEvidence { .. }
            | Event::RunInterrupted { .. }
            | Event::RunCancelled { .. }
            | Event::RunWantedBack { .. }
            | Event::RunSuperseded { .. }
            | Event::RunFinished { .. }
            | Event::RunNotified { .. }
            | Event::JournalRecovered { .. } => None,
        }
    }
}

impl RunState {
    /// What is said of a run in this state: "the run …".
    pub fn said(self) -> &'static str {
        match self {
            RunState::Running => "is running",
            RunState::Waiting => "is waiting",
            RunState::Succeeded => "succeeded",
            RunState::Failed => "failed",
            RunState::RolledBack => "failed and was rolled back",
            RunState::RollbackFailed => "failed, and so did its rollback",
            RunState::InDoubt => "is in doubt",
            RunState::Cancelled => "was cancelled",
            RunState::Superseded => "was taken over by a later one",
        }
    }
}

impl std::fmt::Display for RunState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            RunState::Running => "running",
            RunState::Waiting => "waiting",
            RunState::Succeeded => "succeeded",
            RunState::Failed => "failed",
            RunState::RolledBack => "rolled back",
            RunState::RollbackFailed => "rollback failed",
            RunState::InDoubt => "in doubt",
            RunState::Cancelled => "cancelled",
            RunState::Superseded => "taken over",
        })
    }
}

impl std::fmt::Display for IdentitySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            IdentitySource::OsUser => "os-user",
            IdentitySource::GithubEnv => "github-env",
            IdentitySource::SshSig => "ssh-sig",
        })
    }
}
