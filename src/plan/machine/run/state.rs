//! The words of the machine: where a step stands, what may be done next, and whom it waits for.

use crate::plan::machine::{Decision, RunState, SkipReason};
use std::collections::BTreeMap;
use std::fmt;

/// Where one step stands.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StepStatus {
    /// The state.
    pub state: StepState,
    /// How often it was started.
    pub attempts: u32,
    /// When it was first started, as its record says.
    pub started_at: Option<String>,
    /// When it last ended.
    pub ended_at: Option<String>,
    /// The outputs of its last attempt.
    pub outputs: BTreeMap<String, String>,
    /// The exit status of its last attempt.
    pub exit: Option<i32>,
    /// Helm's revision before its first write.
    pub previous_revision: Option<String>,
    /// Decisions on it, with their times, where it is an approval.
    pub decisions: Vec<(String, Decision)>,
    /// What people added: kind, value, digest of a file.
    pub evidence: Vec<(String, String, Option<String>)>,
    /// Who did it, where it is a manual item.
    pub by: Option<String>,
    /// Since when people are waited for; only of steps for which that matters.
    pub(super) waits_since: Option<String>,
    /// Which reminder was the last.
    pub(super) reminders: u32,
    /// What `check` said since the last attempt.
    pub(super) checked: Option<bool>,
    /// Whether the attempt that follows was announced by a retry event.
    pub(super) retry_announced: bool,
    /// Where it stands in the order of completion.
    pub(super) ended_as: usize,
    /// Whether it may have changed the world.
    pub(super) touched: bool,
    /// Whether an operator said that it failed: no retry follows on that.
    pub(super) settled: bool,
    /// Whether that it was done is an operator's word.
    pub(super) by_word: bool,
    /// When something last happened to it that may have changed the world.
    pub(super) touched_at: Option<String>,
    /// What it was before its undo began.
    pub(super) before_undo: StepState,
}

/// The states of a step (RUNBOOK-FORMAT, section 3.3). *Ready* and the waiting states are not
/// stored: they follow from the states of the needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StepState {
    /// Not begun.
    #[default]
    Pending,
    /// Its process was started and has not ended.
    Running,
    /// Its process ended well and its `verify` has not yet.
    Verifying,
    /// Done.
    Succeeded,
    /// Passed over. `bad` where that is because something failed before it.
    Skipped {
        /// Why.
        reason: SkipReason,
        /// Whether a failure is the cause.
        bad: bool,
    },
    /// An attempt ended badly, or a person said no.
    Failed,
    /// An attempt took too long.
    TimedOut,
    /// It ended because the run was interrupted.
    Cancelled,
    /// Nobody knows whether it happened.
    InDoubt,
    /// Its undo was started and has not ended.
    RollingBack,
    /// Undone.
    RolledBack,
    /// Its undo failed.
    RollbackFailed,
    /// Nobody knows whether its undo happened.
    RollbackInDoubt,
}

/// What may be done next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// These, in this order of preference; the driver leaves out what it is doing already.
    Act(Vec<Action>),
    /// Nothing until something that is under way ends.
    Busy,
    /// Nothing until a person acts.
    Wait(Vec<Waiting>),
    /// Nothing until an operator settles these steps.
    InDoubt(Vec<String>),
    /// Nothing until the run is resumed.
    Stopped,
    /// Nothing any more.
    End(RunState),
}

/// One thing to do. Each names the event that reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Run `check` → `step.checked`.
    Check {
        /// The step.
        step: String,
        /// Whether the step is in doubt.
        in_doubt: bool,
    },
    /// Write `step.started`, then perform → `step.finished`.
    Start {
        /// The step.
        step: String,
        /// From 1.
        attempt: u32,
    },
    /// Run `verify` → `step.verified`.
    Verify {
        /// The step.
        step: String,
        /// The attempt that is verified.
        attempt: u32,
    },
    /// Wait for the backoff → `step.retry`.
    Retry {
        /// The step.
        step: String,
        /// The attempt that follows.
        attempt: u32,
    },
    /// → `step.skipped`.
    Skip {
        /// The step.
        step: String,
        /// Why.
        reason: SkipReason,
    },
    /// Write `rollback.started`, then perform the undo → `rollback.finished`.
    Undo {
        /// The step.
        step: String,
    },
    /// → `run.finished`.
    Finish(RunState),
}

impl Action {
    /// Returns the step that it is about.
    pub fn step(&self) -> Option<&str> {
        match self {
            Action::Check { step, .. }
            | Action::Start { step, .. }
            | Action::Verify { step, .. }
            | Action::Retry { step, .. }
            | Action::Skip { step, .. }
            | Action::Undo { step } => Some(step),
            Action::Finish(_) => None,
        }
    }
}

/// What the time makes due: each names the event that reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// → `step.reminded`.
    Reminder {
        /// The step that waits.
        step: String,
        /// Which reminder.
        reminder: u32,
    },
    /// → `step.overdue`.
    Overdue(String),
}

/// What a person is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// A manual item is to be done.
    Manual(String),
    /// An approval is to be given or refused.
    Approval {
        /// The step.
        step: String,
        /// How many more people must say yes.
        missing: u32,
    },
}

/// Why an event cannot have happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected(pub String);

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Rejected {}

pub(super) fn reject<T>(message: impl Into<String>) -> Result<T, Rejected> {
    Err(Rejected(message.into()))
}

impl StepStatus {
    /// Returns since when people are waited for; only of a step for which that matters: it limits their time,
    /// they are reminded of it, or a hook tells it.
    pub fn waits_since(&self) -> Option<&str> {
        self.waits_since.as_deref()
    }

    /// Tells whether the command line left the step out.
    pub fn is_left_out(&self) -> bool {
        matches!(self.state, StepState::Skipped { reason: SkipReason::LeftOut, .. })
    }

    /// Tells whether that it was done is an operator's word alone.
    pub fn is_by_word(&self) -> bool {
        self.by_word
    }

    /// Tells whether it may have changed the world.
    pub fn is_touched(&self) -> bool {
        self.touched
    }

    /// Returns when something last happened to it that may have changed the world.
    pub fn touched_at(&self) -> Option<&str> {
        self.touched_at.as_deref()
    }
}

impl StepState {
    /// Tells whether nothing more happens to the step by itself.
    pub(super) fn ended(self) -> bool {
        !matches!(self, StepState::Pending | StepState::Running | StepState::Verifying | StepState::InDoubt)
    }

    /// Tells whether what follows on success may follow.
    pub(super) fn good(self) -> bool {
        matches!(self, StepState::Succeeded | StepState::Skipped { bad: false, .. })
    }

    /// Tells whether a guard in this state holds: it was met here, its effect was there already, or an
    /// earlier run has it. One that was passed over for another reason does not.
    pub fn held(self) -> bool {
        let skipped = |reason| matches!(reason, SkipReason::AlreadyTrue | SkipReason::Evidence);
        matches!(self, StepState::Succeeded) || matches!(self, StepState::Skipped { reason, .. } if skipped(reason))
    }

    /// Tells whether a condition over outputs took it out.
    pub(super) fn is_taken_out(self) -> bool {
        matches!(self, StepState::Skipped { reason: SkipReason::Condition, .. })
    }

    /// Tells whether it was passed over because what it waited for did not come: no failure.
    pub(super) fn is_idle(self) -> bool {
        matches!(self, StepState::Skipped { reason: SkipReason::Upstream, bad: false })
    }

    /// What is said of a step in this state: "step `x` …".
    pub(super) fn said(self) -> &'static str {
        match self {
            StepState::Pending => "has not begun",
            StepState::Running => "is running",
            StepState::Verifying => "is being verified",
            StepState::Succeeded => "succeeded",
            StepState::Skipped { .. } => "was passed over",
            StepState::Failed => "failed",
            StepState::TimedOut => "took too long",
            StepState::Cancelled => "was interrupted",
            StepState::InDoubt => "is in doubt",
            StepState::RollingBack => "is being undone",
            StepState::RolledBack => "is undone",
            StepState::RollbackFailed => "could not be undone",
            StepState::RollbackInDoubt => "was being undone when the runner ended",
        }
    }

    /// Tells whether its undo has begun.
    pub(super) fn undoing(self) -> bool {
        matches!(
            self,
            StepState::RollingBack | StepState::RolledBack | StepState::RollbackFailed | StepState::RollbackInDoubt
        )
    }

    /// Tells whether a process was started whose end changes the state. A verification only looks
    /// and can be begun again, so it holds nothing up.
    pub(super) fn in_flight(self) -> bool {
        matches!(self, StepState::Running | StepState::RollingBack)
    }
}
