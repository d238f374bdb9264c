//! The machine: `next` says what may be done, `apply` takes in what happened.

use super::clock::{is_older, millis};
use super::guard::{self, Waits};
use super::notice::{self, for_people};
use super::signers::folded;
use super::vanish::{self, Left};
use super::{
    Decision, Event, IdentitySource, Kept, Resolution, RunState, SkipReason, StepResult, Vouched, proof, scope,
};
use crate::plan::{
    Closed, Forbid, Impact, Notice, On, Plan, RollbackPolicy, RollbackScope, Step, StepKind,
    closed as closed_environment, duration_s,
};
use crate::runbook::{Condition, OUTPUTS};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// A plan being performed: the fold of its events.
#[derive(Clone, Debug)]
pub struct Run {
    plan: Arc<Plan>,
    graph: Arc<Graph>,
    steps: Vec<StepStatus>,
    started: bool,
    /// Set by an interrupt, cleared by a resume: nothing new starts.
    stopping: bool,
    cancelled: bool,
    /// Set where a person wants back what was done: in one environment, or in all.
    going_back: Option<Option<String>>,
    /// The run that has taken this one over.
    superseded_by: Option<String>,
    finished: Option<RunState>,
    /// The time of the last record, in milliseconds.
    last: Option<i64>,
    /// How many steps have ended so far: the order of completion, for the rollback.
    n_ended: usize,
    /// Who began or resumed the run, in order.
    sessions: Vec<Runner>,
    /// Guards that an earlier run has seen, by place.
    vouched: BTreeMap<usize, Vouched>,
    /// Writes whose change an earlier run has proven, by place, and when.
    proofs: BTreeMap<usize, String>,
    /// The earlier runs that were named, with the heads of their journals.
    evidence: BTreeSet<(String, String)>,
    /// The variables that are passed on to the scripts besides those that always are.
    passed: BTreeSet<String>,
    /// What hooks have not told yet, and why they are to tell it, in the order in which it happened.
    owed: Vec<(Owed, String)>,
    /// The steps that something may be done about, besides ending the run: all others are done with, or
    /// wait for a step that has not ended. It follows from the states, and saves looking at all of them.
    agenda: BTreeSet<usize>,
    /// Of each step that has ended, whether every guard before it lets on. This follows, too.
    clear: Vec<bool>,
}

/// Something that a hook of the plan is to tell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owed {
    /// The place of the hook in the plan's list.
    pub hook: usize,
    /// Of what it tells.
    pub on: Notice,
    /// The step that it is about.
    pub step: Option<String>,
    /// Which reminder it is.
    pub reminder: Option<u32>,
}

/// Who began or resumed a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runner {
    /// The account.
    pub account: String,
    /// The name of the list of allowed signers, where they signed.
    pub principal: Option<String>,
}

/// Somebody's yes to an approval.
#[derive(Clone, Copy, Debug)]
pub struct Yes<'r> {
    /// Who.
    pub by: &'r String,
    /// How sure that name is.
    pub source: IdentitySource,
    /// The decision with the time of its record, where it was made in this run.
    pub decision: Option<(&'r str, &'r Decision)>,
}

/// What never changes during a run, worked out once.
#[derive(Debug)]
struct Graph {
    /// The position of each step in the plan.
    index: BTreeMap<String, usize>,
    /// What each step waits for, as positions; `None` where it needs a step that is not there.
    needs: Waits,
    /// Which steps wait for each.
    followers: Vec<Vec<usize>>,
    /// The approvals before each step, in the order of the plan.
    approvals: Vec<Arc<Vec<usize>>>,
    /// The scope digest of each approval.
    scopes: BTreeMap<usize, String>,
    /// The condition of each step over outputs; `None` where it cannot be read, which never holds.
    conditions: Vec<Option<Option<Condition>>>,
    /// Of each step, whether a condition could take out a guard of it and leave it behind. The pages of such
    /// a plan are in error; whoever wrote the plan itself gets no further with it.
    bare: Vec<bool>,
    /// The steps that people do and for which it matters since when they are waited for.
    timed: Vec<usize>,
    /// The groups that limit how many of their items run at once or may fail.
    limits: Vec<Limit>,
    /// The limited groups around each step, as places in `limits`, with the place of its item in them.
    limited: Vec<Vec<(usize, usize)>>,
}

/// A group that limits its items; with `each`, its repetitions.
#[derive(Debug)]
struct Limit {
    /// How many run at once; 0 without limit.
    parallel: usize,
    /// How many may fail before no new one begins.
    max_failures: Option<usize>,
    /// The steps of each item, however deep they stand in it.
    items: Vec<Vec<usize>>,
}

/// Of each step, whether a condition could take out a guard of it and leave it behind.
fn bare_of(plan: &Plan, waits: &Waits, conditions: &[Option<Option<Condition>>]) -> Vec<bool> {
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let mut number = |part: String| {
        let next = numbers.len();
        *numbers.entry(part).or_insert(next)
    };
    let parts = |(at, condition): (usize, &Option<Option<Condition>>)| match condition {
        Some(condition) => condition.iter().flat_map(Condition::parts).map(Condition::to_string).collect(),
        // Nobody can read it: no other step stands under it, too.
        None => vec![format!("{at}?")],
    };
    let parts = conditions.iter().enumerate().map(parts);
    let under: Vec<Vec<usize>> = parts.map(|parts| parts.into_iter().map(&mut number).collect()).collect();
    let mut bare = vec![false; plan.steps.len()];
    for found in vanish::bare(plan, waits, &under, Left::Others) {
        found.steps.iter().for_each(|step| bare[*step] = true);
    }
    bare
}

/// The limited groups of a plan, and those around each step.
fn limits_of(plan: &Plan) -> (Vec<Limit>, Vec<Vec<(usize, usize)>>) {
    let (mut limits, mut limited) = (Vec::new(), vec![Vec::new(); plan.steps.len()]);
    for group in plan.groups.iter().filter(|group| group.parallel > 1 || group.max_failures.is_some()) {
        let mut items: Vec<Vec<usize>> = Vec::new();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, step) in plan.steps.iter().enumerate() {
            let Some(unit) = group.unit(&step.id) else { continue };
            let place = *places.entry(unit).or_insert(items.len());
            if place == items.len() {
                items.push(Vec::new());
            }
            items[place].push(at);
            limited[at].push((limits.len(), place));
        }
        let parallel = if group.parallel > 1 { group.parallel as usize } else { 0 };
        let max_failures = group.max_failures.map(|max| max as usize);
        limits.push(Limit { parallel, max_failures, items });
    }
    (limits, limited)
}

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
    waits_since: Option<String>,
    /// Which reminder was the last.
    reminders: u32,
    /// What `check` said since the last attempt.
    checked: Option<bool>,
    /// Whether the attempt that follows was announced by a retry event.
    retry_announced: bool,
    /// Where it stands in the order of completion.
    ended_as: usize,
    /// Whether it may have changed the world.
    touched: bool,
    /// Whether an operator said that it failed: no retry follows on that.
    settled: bool,
    /// Whether that it was done is an operator's word.
    by_word: bool,
    /// When something last happened to it that may have changed the world.
    touched_at: Option<String>,
    /// What it was before its undo began.
    before_undo: StepState,
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

fn reject<T>(message: impl Into<String>) -> Result<T, Rejected> {
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
    fn ended(self) -> bool {
        !matches!(self, StepState::Pending | StepState::Running | StepState::Verifying | StepState::InDoubt)
    }

    /// Tells whether what follows on success may follow.
    fn good(self) -> bool {
        matches!(self, StepState::Succeeded | StepState::Skipped { bad: false, .. })
    }

    /// Tells whether a guard in this state holds: it was met here, its effect was there already, or an
    /// earlier run has it. One that was passed over for another reason does not.
    pub fn held(self) -> bool {
        let skipped = |reason| matches!(reason, SkipReason::AlreadyTrue | SkipReason::Evidence);
        matches!(self, StepState::Succeeded) || matches!(self, StepState::Skipped { reason, .. } if skipped(reason))
    }

    /// Tells whether a condition over outputs took it out.
    fn is_taken_out(self) -> bool {
        matches!(self, StepState::Skipped { reason: SkipReason::Condition, .. })
    }

    /// Tells whether it was passed over because what it waited for did not come: no failure.
    fn is_idle(self) -> bool {
        matches!(self, StepState::Skipped { reason: SkipReason::Upstream, bad: false })
    }

    /// What is said of a step in this state: "step `x` …".
    fn said(self) -> &'static str {
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
    fn undoing(self) -> bool {
        matches!(
            self,
            StepState::RollingBack | StepState::RolledBack | StepState::RollbackFailed | StepState::RollbackInDoubt
        )
    }

    /// Tells whether a process was started whose end changes the state. A verification only looks
    /// and can be begun again, so it holds nothing up.
    fn in_flight(self) -> bool {
        matches!(self, StepState::Running | StepState::RollingBack)
    }
}

impl Run {
    /// Makes a run before its first event.
    pub fn new(plan: Arc<Plan>) -> Run {
        let index: BTreeMap<String, usize> =
            plan.steps.iter().enumerate().map(|(at, step)| (step.id.clone(), at)).collect();
        let conditions = plan.steps.iter().map(|step| match &step.when {
            None => Some(None),
            Some(when) => Condition::parse(when).ok().map(Some),
        });
        let needs = guard::waits(&plan);
        let scopes = scope::scopes(&plan, &needs);
        let (limits, limited) = limits_of(&plan);
        let tells = plan.notify.iter().any(|hook| hook.on.contains(&Notice::Waiting));
        let is_timed = |at: &usize| {
            let step = &plan.steps[*at];
            step.people_s.is_some() || step.remind_s.is_some() || tells && !step.kind.is_performed()
        };
        let timed = (0..plan.steps.len()).filter(is_timed).collect();
        let (followers, approvals) = (guard::followers(&needs), guard::approvals(&plan, &needs));
        let conditions: Vec<_> = conditions.collect();
        let bare = bare_of(&plan, &needs, &conditions);
        let graph = Graph { conditions, bare, index, needs, followers, approvals, scopes, timed, limits, limited };
        let graph = Arc::new(graph);
        let steps = vec![StepStatus::default(); plan.steps.len()];
        let mut run = Run {
            plan,
            graph,
            steps,
            started: false,
            stopping: false,
            cancelled: false,
            going_back: None,
            superseded_by: None,
            finished: None,
            last: None,
            n_ended: 0,
            sessions: Vec::new(),
            vouched: BTreeMap::new(),
            proofs: BTreeMap::new(),
            evidence: BTreeSet::new(),
            passed: BTreeSet::new(),
            owed: Vec::new(),
            agenda: BTreeSet::new(),
            clear: Vec::new(),
        };
        run.follow_up_all();
        run
    }

    /// Folds events with their times.
    ///
    /// # Errors
    /// Returns why the first event that cannot have happened cannot.
    pub fn fold<'e>(plan: Arc<Plan>, events: impl IntoIterator<Item = (&'e str, &'e Event)>) -> Result<Run, Rejected> {
        let mut run = Run::new(plan);
        for (ts, event) in events {
            run.apply(ts, event)?;
        }
        Ok(run)
    }

    /// Returns the plan.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Returns where a step stands.
    pub fn status(&self, step: &str) -> Option<&StepStatus> {
        self.graph.index.get(step).map(|at| &self.steps[*at])
    }

    /// Returns the steps with their states, in plan order.
    pub fn statuses(&self) -> impl Iterator<Item = (&Step, &StepStatus)> {
        self.plan.steps.iter().zip(&self.steps)
    }

    /// Returns everybody who began or resumed the run, in order.
    pub fn runners(&self) -> &[Runner] {
        &self.sessions
    }

    /// Returns the names of the variables that are passed on to the scripts besides those that always are.
    pub fn passed(&self) -> &BTreeSet<String> {
        &self.passed
    }

    /// Returns what each step waits for.
    pub fn waits(&self) -> &Waits {
        &self.graph.needs
    }

    /// Returns the place of a step in the plan.
    pub fn place(&self, step: &str) -> Option<usize> {
        self.graph.index.get(step).copied()
    }

    /// Returns the digest of all that an approval lets through; `None` where the step is none.
    pub fn scope(&self, step: &str) -> Option<&str> {
        self.graph.scopes.get(self.graph.index.get(step)?).map(String::as_str)
    }

    /// Returns the steps that an approval lets through.
    pub fn lets_through(&self, approval: &str) -> Vec<&Step> {
        let at = self.graph.index.get(approval);
        let through = at.map(|at| scope::lets_through(&self.graph.needs, *at)).unwrap_or_default();
        through.into_iter().map(|at| &self.plan.steps[at]).collect()
    }

    /// Returns how many more people must say yes to an approval.
    pub fn missing(&self, step: &str) -> Option<u32> {
        self.graph.index.get(step).map(|at| self.missing_approvals(*at))
    }

    /// Tells whether an earlier run was named as evidence already, as it is now.
    pub fn has_evidence(&self, run: &str, head: &str) -> bool {
        self.evidence.contains(&(run.to_owned(), head.to_owned()))
    }

    /// Returns when an earlier run has proven a write's change.
    pub fn proven_by_evidence(&self, step: &str) -> Option<&str> {
        self.proofs.get(self.graph.index.get(step)?).map(String::as_str)
    }

    /// Returns what an earlier run has of a guard, where this one took its word for it.
    pub fn vouched_for(&self, step: &str) -> Option<&Vouched> {
        let at = self.place(step)?;
        let is_elsewhere = matches!(self.steps[at].state, StepState::Skipped { reason: SkipReason::Evidence, .. });
        self.vouched.get(&at).filter(|_| is_elsewhere)
    }

    /// Returns the names of the runs that were named as evidence.
    pub fn evidence(&self) -> BTreeSet<&str> {
        self.evidence.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Tells whether any approval before a step counts for a time only.
    pub fn has_expiry(&self, step: &str) -> bool {
        let expires =
            |at: &usize| self.plan.steps[*at].approval.as_ref().is_some_and(|approval| approval.expires.is_some());
        self.place(step).is_some_and(|at| self.graph.approvals[at].iter().any(expires))
    }

    /// Returns the approvals before a step that were given.
    pub fn given_approvals(&self, step: &str) -> Vec<&Step> {
        let Some(at) = self.graph.index.get(step).copied() else {
            return Vec::new();
        };
        let given = self.graph.approvals[at].iter().filter(|at| self.steps[**at].state.held());
        given.map(|at| &self.plan.steps[*at]).collect()
    }

    /// Returns the approvals before a step that count no more at a time: what was said is too old, or
    /// is no longer said by enough people who may.
    pub fn stale_approvals(&self, step: &str, now: &str) -> Vec<String> {
        let counts_no_more = |approval: &&Step| self.missing_at(&approval.id, now) > 0;
        self.given_approvals(step).into_iter().filter(counts_no_more).map(|step| step.id.clone()).collect()
    }

    /// Returns how many more people must say yes to an approval, at a time.
    pub fn missing_at(&self, approval: &str, now: &str) -> u32 {
        let at = self.graph.index.get(approval);
        at.map_or(0, |at| self.wanted_approvals(*at).saturating_sub(self.n_approvals(*at, Some(now))))
    }

    /// Returns everybody who has said yes to an approval and whose word counts by their name alone, at a
    /// time where one is given: none who runs it where that is forbidden, and none whose word is too old.
    pub fn yeses(&self, approval: &str, now: Option<&str>) -> Vec<Yes<'_>> {
        self.graph.index.get(approval).map(|at| self.yeses_at(*at, now)).unwrap_or_default()
    }

    /// Returns the steps that would be undone if a step failed for good now, the first one first.
    pub fn would_undo(&self, failed: &str) -> Vec<&Step> {
        let order = self.place(failed).map(|at| self.undo_order(&[at])).unwrap_or_default();
        order.into_iter().map(|at| &self.plan.steps[at]).collect()
    }

    /// Returns the steps that would be undone if a person wanted back what was done in one environment, or
    /// in all of them, the first one first.
    pub fn could_undo(&self, env: Option<&str>) -> Vec<&Step> {
        self.done_in(env).into_iter().map(|at| &self.plan.steps[at]).collect()
    }

    /// Returns the steps that failed for good, also those that were undone since.
    pub fn failures(&self) -> Vec<&Step> {
        (0..self.steps.len()).filter(|at| self.failed(*at)).map(|at| &self.plan.steps[at]).collect()
    }

    /// Returns the run that has taken this one over.
    pub fn superseded_by(&self) -> Option<&str> {
        self.superseded_by.as_deref()
    }

    /// Returns the run as it will be once somebody resumes it.
    #[must_use]
    pub fn resumed(&self) -> Run {
        let mut run = self.clone();
        // By nobody, so that no approval is taken back; a run that has ended stays as it is.
        let _ = run.follow("", &Event::RunResumed { by: String::new(), source: None });
        run
    }

    /// Returns what is said of the run: "the run …".
    pub fn said(&self) -> &'static str {
        match self.state() {
            RunState::RolledBack if self.going_back.is_some() => "was rolled back",
            RunState::RollbackFailed if self.going_back.is_some() => "could not be rolled back",
            state => state.said(),
        }
    }

    /// Returns the run's state in one word.
    pub fn state(&self) -> RunState {
        match self.next() {
            Next::End(state) => state,
            Next::InDoubt(_) => RunState::InDoubt,
            Next::Wait(_) => RunState::Waiting,
            Next::Act(_) | Next::Busy | Next::Stopped => RunState::Running,
        }
    }

    /// Says what may be done. It depends on the events alone.
    pub fn next(&self) -> Next {
        if let Some(state) = self.finished {
            return Next::End(state);
        }
        let busy = self.agenda.iter().any(|at| self.steps[*at].state.in_flight());
        if self.stopping {
            return if busy { Next::Busy } else { Next::Stopped };
        }
        if self.going_back.is_some() {
            let doubt = |(step, status): (&Step, &StepStatus)| {
                (status.state == StepState::RollbackInDoubt).then(|| step.id.clone())
            };
            let doubts: Vec<String> = self.statuses().filter_map(doubt).collect();
            return match (busy, doubts.is_empty()) {
                (true, _) => Next::Busy,
                (false, false) => Next::InDoubt(doubts),
                (false, true) => self.ending(),
            };
        }
        if self.cancelled {
            return if busy { Next::Busy } else { Next::Act(vec![Action::Finish(RunState::Cancelled)]) };
        }
        let (mut actions, mut waiting, mut doubts) = (Vec::new(), Vec::new(), Vec::new());
        for at in &self.agenda {
            self.step_next(*at, &self.plan.steps[*at], &mut actions, &mut waiting, &mut doubts);
        }
        if !actions.is_empty() {
            return Next::Act(actions);
        }
        if busy {
            return Next::Busy;
        }
        if !doubts.is_empty() {
            return Next::InDoubt(doubts);
        }
        if !waiting.is_empty() {
            return Next::Wait(waiting);
        }
        self.ending()
    }

    fn step_next(
        &self,
        at: usize,
        step: &Step,
        actions: &mut Vec<Action>,
        waiting: &mut Vec<Waiting>,
        doubts: &mut Vec<String>,
    ) {
        let status = &self.steps[at];
        let id = || step.id.clone();
        match status.state {
            StepState::Pending if self.is_stopped(at) => {
                actions.push(Action::Skip { step: id(), reason: SkipReason::Failures });
            }
            StepState::Pending => match self.needs_of(at).and(|| self.guards_of(at)) {
                Needs::Open => {}
                Needs::Lost => actions.push(Action::Skip { step: id(), reason: SkipReason::Upstream }),
                Needs::Met if !self.wanted(at) => {
                    actions.push(Action::Skip { step: id(), reason: SkipReason::Condition });
                }
                Needs::Met if self.is_vouched(at) => {
                    actions.push(Action::Skip { step: id(), reason: SkipReason::Evidence });
                }
                Needs::Met => match step.kind {
                    StepKind::Manual => waiting.push(Waiting::Manual(id())),
                    StepKind::Approval => {
                        waiting.push(Waiting::Approval { step: id(), missing: self.missing_approvals(at) });
                    }
                    _ if step.check.is_some() && status.checked.is_none() => {
                        actions.push(Action::Check { step: id(), in_doubt: false });
                    }
                    _ if status.checked == Some(true) => {
                        actions.push(Action::Skip { step: id(), reason: SkipReason::AlreadyTrue });
                    }
                    _ if !self.has_room(at) => {}
                    _ => actions.push(Action::Start { step: id(), attempt: status.attempts + 1 }),
                },
            },
            StepState::Verifying => actions.push(Action::Verify { step: id(), attempt: status.attempts }),
            StepState::Failed | StepState::TimedOut if self.may_retry(at) => {
                actions.push(Action::Retry { step: id(), attempt: status.attempts + 1 });
            }
            StepState::InDoubt => {
                if can_check_in_doubt(step) && status.checked.is_none() {
                    actions.push(Action::Check { step: id(), in_doubt: true });
                } else if repeatable(step) {
                    actions.push(Action::Retry { step: id(), attempt: status.attempts + 1 });
                } else {
                    doubts.push(id());
                }
            }
            StepState::RollbackInDoubt => doubts.push(id()),
            _ => {}
        }
    }

    /// Says why a step may not begin at a time: it is too early for it, or for any change in its
    /// environment.
    pub fn closed(&self, step: &str, now: &str) -> Option<Closed> {
        let step = &self.plan.steps[*self.graph.index.get(step)?];
        if let Some(time) = step.not_before.as_ref()
            && millis(time).zip(millis(now)).is_none_or(|(time, now)| now < time)
        {
            return Some(Closed { why: format!("it does not begin before {time}"), until: Some(time.clone()) });
        }
        let name = step.env.as_deref().filter(|_| guard::is_guarded(step))?;
        closed_environment(name, self.plan.environments.get(name)?.changes.as_ref()?, now)
    }

    /// Returns what hooks have not told yet, and why they are to tell it, in the order of happening.
    pub fn owed(&self) -> impl Iterator<Item = (&Owed, &str)> {
        self.owed.iter().map(|(owed, why)| (owed, why.as_str()))
    }

    fn owe(&mut self, on: Notice, step: Option<usize>, reminder: Option<u32>, why: &str) {
        let step = step.map(|at| self.plan.steps[at].id.clone());
        for (hook, _) in self.plan.notify.iter().enumerate().filter(|(_, hook)| hook.on.contains(&on)) {
            self.owed.push((Owed { hook, on, step: step.clone(), reminder }, why.to_owned()));
        }
    }

    /// Notes what an event gives hooks to tell. `lost` and `held` say how its step stood before it.
    fn note_news(&mut self, event: &Event, at: Option<usize>, lost: bool, held: bool) {
        if self.plan.notify.is_empty() {
            return;
        }
        if let Event::RunFinished { state } = event {
            self.owe(Notice::Ended, None, None, &format!("the run {}", state.said()));
        }
        let Some(at) = at else { return };
        if self.is_lost(at) && !lost {
            let why = notice::of_failure(&self.plan.steps[at], event);
            self.owe(Notice::Failed, Some(at), None, &why);
        }
        if let Event::ApprovalGiven(decision) = event
            && self.steps[at].state == StepState::Succeeded
            && !held
        {
            self.owe(Notice::Approved, Some(at), None, &format!("approved by {}", decision.by));
        }
        if let Event::StepReminded { reminder, .. } = event {
            let why = notice::of_waiting(&self.plan.steps[at], self.missing_approvals(at));
            self.owe(Notice::Waiting, Some(at), Some(*reminder), &why);
        }
    }

    /// Tells whether a step failed and is not tried again by itself.
    fn is_lost(&self, at: usize) -> bool {
        self.failed(at) && !self.may_retry(at)
    }

    /// Returns the people who are waited for, whatever machines do meanwhile.
    pub fn waiting(&self) -> Vec<Waiting> {
        let asked = (0..self.steps.len()).filter(|at| !self.plan.steps[*at].kind.is_performed());
        let waiting = asked.filter(|at| self.waits_for_people(*at)).map(|at| {
            let step = self.plan.steps[at].id.clone();
            match self.plan.steps[at].kind {
                StepKind::Approval => Waiting::Approval { step, missing: self.missing_approvals(at) },
                _ => Waiting::Manual(step),
            }
        });
        waiting.collect()
    }

    /// Tells whether the time can make anything due: somebody is waited for who must not take for ever.
    pub fn is_timed(&self) -> bool {
        let is_limited = |at: usize| self.plan.steps[at].people_s.or(self.plan.steps[at].remind_s).is_some();
        self.graph.timed.iter().any(|at| self.steps[*at].waits_since.is_some() && is_limited(*at))
    }

    /// Returns what a time makes due, in the order of the plan.
    pub fn due(&self, now: &str) -> Vec<Due> {
        let due = self.graph.timed.iter().filter_map(|at| {
            let (step, status) = (&self.plan.steps[*at], &self.steps[*at]);
            if self.is_overdue(*at, now) {
                return Some(Due::Overdue(step.id.clone()));
            }
            let reminder = self.reminder_at(*at, now);
            (reminder > status.reminders).then(|| Due::Reminder { step: step.id.clone(), reminder })
        });
        due.collect()
    }

    /// Tells whether people have been waited for longer than they may take.
    fn is_overdue(&self, at: usize, now: &str) -> bool {
        let limit = self.plan.steps[at].people_s;
        self.steps[at].waits_since.as_ref().zip(limit).is_some_and(|(since, limit)| is_older(since, now, limit))
    }

    /// Which reminder is the last that is due at a time; 0 where none is.
    fn reminder_at(&self, at: usize, now: &str) -> u32 {
        let since = self.steps[at].waits_since.as_deref().and_then(millis);
        let every = self.plan.steps[at].remind_s.filter(|every| *every > 0).and_then(|every| i64::try_from(every).ok());
        let number = since.zip(every).zip(millis(now)).map_or(0, |((since, every), now)| (now - since) / 1_000 / every);
        u32::try_from(number.max(0)).unwrap_or(u32::MAX)
    }

    /// Whether people are waited for with a step now.
    fn waits_for_people(&self, at: usize) -> bool {
        self.finished.is_none()
            && !self.cancelled
            && self.going_back.is_none()
            && self.steps[at].state == StepState::Pending
            && !self.is_stopped(at)
            && self.needs_of(at) == Needs::Met
            && self.wanted(at)
            && !self.is_vouched(at)
    }

    /// Notes since when people are waited for: from the record that made them be.
    fn note_waiting(&mut self, ts: &str) {
        let graph = Arc::clone(&self.graph);
        for at in &graph.timed {
            let waits = self.waits_for_people(*at);
            let status = &mut self.steps[*at];
            if waits != status.waits_since.is_some() {
                status.waits_since = waits.then(|| ts.to_owned());
                status.reminders = 0;
                let id = &self.plan.steps[*at].id;
                self.owed.retain(|(owed, _)| owed.on != Notice::Waiting || owed.step.as_ref() != Some(id));
                if waits {
                    let why = notice::of_waiting(&self.plan.steps[*at], self.missing_approvals(*at));
                    self.owe(Notice::Waiting, Some(*at), None, &why);
                }
            }
        }
    }

    /// Tells whether a step's condition over the outputs of earlier steps holds.
    fn wanted(&self, at: usize) -> bool {
        let value = |name: &str| {
            let (step, key) = name.strip_prefix(OUTPUTS)?.rsplit_once('.')?;
            self.status(step)?.outputs.get(key).cloned()
        };
        match &self.graph.conditions[at] {
            Some(None) => true,
            Some(Some(condition)) => condition.holds(&value),
            None => false,
        }
    }

    /// Tells whether every limited group around a step may have one more of its items under way.
    fn has_room(&self, at: usize) -> bool {
        self.graph.limited[at].iter().all(|(limit, item)| {
            let Limit { parallel, items, .. } = &self.graph.limits[*limit];
            let is_under_way = |item: &&Vec<usize>| self.has_begun(item) && !self.has_ended(item);
            *parallel == 0 || self.has_begun(&items[*item]) || items.iter().filter(is_under_way).count() < *parallel
        })
    }

    /// Tells whether a step belongs to an item that begins no more: so many others of its group have
    /// failed. What has begun goes on to its end.
    fn is_stopped(&self, at: usize) -> bool {
        self.graph.limited[at].iter().any(|(limit, item)| {
            let Limit { max_failures, items, .. } = &self.graph.limits[*limit];
            let fails = |item: &&Vec<usize>| item.iter().any(|at| self.is_lost(*at));
            max_failures.is_some_and(|max| !self.has_begun(&items[*item]) && items.iter().filter(fails).count() > max)
        })
    }

    fn has_begun(&self, item: &[usize]) -> bool {
        item.iter().any(|at| {
            let status = &self.steps[*at];
            let passed_over = |reason| matches!(reason, SkipReason::LeftOut | SkipReason::Failures);
            let skipped = matches!(status.state, StepState::Skipped { reason, .. } if passed_over(reason));
            status.attempts > 0 || status.state != StepState::Pending && !skipped
        })
    }

    fn has_ended(&self, item: &[usize]) -> bool {
        item.iter().all(|at| self.steps[*at].state.ended())
    }

    /// Nothing can be performed any more: undo, or end.
    fn ending(&self) -> Next {
        let failed: Vec<usize> = (0..self.steps.len()).filter(|at| self.failed(*at)).collect();
        if self.going_back.is_none() && failed.is_empty() && self.steps.iter().all(|status| status.state.good()) {
            return Next::Act(vec![Action::Finish(RunState::Succeeded)]);
        }
        if self.steps.iter().any(|status| status.state == StepState::RollbackFailed) {
            return Next::Act(vec![Action::Finish(RunState::RollbackFailed)]);
        }
        if let Some(at) = self.undo_order(&failed).first() {
            return Next::Act(vec![Action::Undo { step: self.plan.steps[*at].id.clone() }]);
        }
        let undone = self.steps.iter().any(|status| status.state == StepState::RolledBack);
        Next::Act(vec![Action::Finish(if undone { RunState::RolledBack } else { RunState::Failed })])
    }

    /// Returns the steps that are still to be undone, the first one first (RUNBOOK-FORMAT, 3.8).
    fn undo_order(&self, failed: &[usize]) -> Vec<usize> {
        if let Some(env) = &self.going_back {
            return self.done_in(env.as_deref());
        }
        let Some(policy) = self.plan.on_failure.as_ref().filter(|policy| policy.rollback == RollbackPolicy::Reverse)
        else {
            return Vec::new();
        };
        let envs: BTreeSet<Option<&str>> = failed.iter().map(|at| self.plan.steps[*at].env.as_deref()).collect();
        // The environment of the failure comes first.
        let own = |step: &Step| envs.contains(&step.env.as_deref());
        self.to_undo(|step| policy.scope == RollbackScope::All || own(step), own)
    }

    /// Returns what was done in one environment, or in all of them, and can be undone, the latest first.
    fn done_in(&self, env: Option<&str>) -> Vec<usize> {
        self.to_undo(|step| env.is_none() || step.env.as_deref() == env, |_| true)
    }

    /// Returns those of some steps that may have changed something and can be undone: those that come
    /// `first`, then the others, each the latest first.
    fn to_undo(&self, in_scope: impl Fn(&Step) -> bool, first: impl Fn(&Step) -> bool) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.steps.len())
            .filter(|at| {
                let (step, status) = (&self.plan.steps[*at], &self.steps[*at]);
                let open = !matches!(status.state, StepState::RolledBack | StepState::RollbackFailed);
                status.touched && open && step.writes() && step.undo.is_some() && in_scope(step)
            })
            .collect();
        // What has begun and not ended is later than everything that has.
        let ended_as = |status: &StepStatus| if status.state.ended() { status.ended_as } else { usize::MAX };
        order.sort_by_key(|at| (!first(&self.plan.steps[*at]), std::cmp::Reverse(ended_as(&self.steps[*at]))));
        order
    }

    /// Tells whether a step failed for good, also when it was undone since.
    fn failed(&self, at: usize) -> bool {
        let status = &self.steps[at];
        let state = if status.state.undoing() { status.before_undo } else { status.state };
        matches!(state, StepState::Failed | StepState::TimedOut | StepState::Cancelled)
    }

    fn may_retry(&self, at: usize) -> bool {
        let max = self.plan.steps[at].retries.as_ref().map_or(0, |retries| retries.max);
        let status = &self.steps[at];
        self.plan.steps[at].kind.is_performed() && !status.settled && status.attempts >= 1 && status.attempts <= max
    }

    fn needs_of(&self, at: usize) -> Needs {
        let Some(needs) = &self.graph.needs[at] else {
            return Needs::Lost;
        };
        let mut all = Needs::Met;
        for (needed, on) in needs {
            let state = self.steps[*needed].state;
            if !state.ended() || matches!(state, StepState::Failed | StepState::TimedOut) && self.may_retry(*needed) {
                all = Needs::Open;
                continue;
            }
            let holds = match on {
                On::Done => true,
                On::Success => state.good(),
                On::Failure => !state.good(),
            };
            if !holds {
                return Needs::Lost;
            }
        }
        all
    }

    /// Tells how the guards of a step stand, those included that what it needs has been passed over
    /// or kept without. A step that only looks is held back by nothing but its needs.
    fn guards_of(&self, at: usize) -> Needs {
        let step = &self.plan.steps[at];
        if !guard::is_guarded(step) || !self.graph.bare[at] && self.is_clear(at) {
            return Needs::Met;
        }
        let guards = guard::guards(&self.plan, &self.graph.needs, at);
        let states = guards.iter().map(|(guard, _, must_hold)| match self.guard_state(*guard, at) {
            // Its end is enough, however it came.
            Needs::Lost if !must_hold => Needs::Met,
            state => state,
        });
        states.fold(Needs::Met, |all, state| match (all, state) {
            (Needs::Lost, _) | (_, Needs::Lost) => Needs::Lost,
            (Needs::Open, _) | (_, Needs::Open) => Needs::Open,
            _ => Needs::Met,
        })
    }

    /// How one guard stands to a step that it guards.
    fn guard_state(&self, guard: usize, step: usize) -> Needs {
        let state = self.steps[guard].state;
        if self.lets_on(guard) && !(self.graph.bare[step] && state.is_taken_out()) {
            Needs::Met
        } else if !state.ended() || matches!(state, StepState::Failed | StepState::TimedOut) && self.may_retry(guard) {
            Needs::Open
        } else {
            Needs::Lost
        }
    }

    /// Tells whether what a guard guards may begin: it holds, or its condition over outputs took it out and
    /// still does, which the language allows together with what it guards only.
    fn lets_on(&self, at: usize) -> bool {
        let state = self.steps[at].state;
        state.held() || state.is_taken_out() && !self.wanted(at)
    }

    /// Tells whether every guard before a step lets on, as far as its needs have ended: mostly all do.
    fn is_clear(&self, at: usize) -> bool {
        let lets_on = |need: usize| guard::guard_of(&self.plan.steps[need]).is_none() || self.lets_on(need);
        let needs = self.graph.needs[at].as_ref();
        needs.is_some_and(|needs| needs.iter().all(|(need, _)| self.clear[*need] && lets_on(*need)))
    }

    /// Tells whether there is nothing to do about a step until another one changes.
    fn is_quiet(&self, at: usize) -> bool {
        match self.steps[at].state {
            StepState::Pending => !self.is_stopped(at) && self.needs_of(at) == Needs::Open,
            StepState::Failed | StepState::TimedOut => !self.may_retry(at),
            StepState::Running | StepState::Verifying | StepState::InDoubt => false,
            StepState::RollingBack | StepState::RollbackInDoubt => false,
            StepState::Succeeded | StepState::Skipped { .. } | StepState::Cancelled => true,
            StepState::RolledBack | StepState::RollbackFailed => true,
        }
    }

    /// Sees to what follows from the state of one step. What may begin depends on a step's own state and on
    /// those of its needs, so that nobody else is asked.
    fn follow_up(&mut self, at: usize) {
        self.clear[at] = self.steps[at].state.ended() && self.is_clear(at);
        let graph = Arc::clone(&self.graph);
        // Too many failures stop what waits beside it, too.
        let limits = graph.limited[at].iter().map(|(limit, _)| &graph.limits[*limit]);
        let counts = |limit: &&Limit| limit.max_failures.is_some() && self.failed(at);
        let beside: Vec<usize> =
            limits.filter(counts).flat_map(|limit| limit.items.iter().flatten().copied()).collect();
        for at in std::iter::once(&at).chain(&graph.followers[at]).chain(&beside) {
            if self.is_quiet(*at) {
                self.agenda.remove(at);
            } else {
                self.agenda.insert(*at);
            }
        }
    }

    /// Does the same for all steps.
    pub(super) fn follow_up_all(&mut self) {
        self.clear = vec![false; self.steps.len()];
        for at in 0..self.steps.len() {
            self.clear[at] = self.steps[at].state.ended() && self.is_clear(at);
        }
        self.agenda = (0..self.steps.len()).filter(|at| !self.is_quiet(*at)).collect();
    }

    /// Tells whether an earlier run has what a guard is for.
    fn is_vouched(&self, at: usize) -> bool {
        let Some(vouched) = self.vouched.get(&at) else {
            return false;
        };
        if self.plan.steps[at].kind != StepKind::Approval {
            return true;
        }
        let people = vouched.by.iter().filter(|by| self.may_count(at, by));
        distinct(people) >= self.wanted_approvals(at)
    }

    /// Tells whether a person's yes may count beside those who run it.
    fn may_count(&self, at: usize, by: &str) -> bool {
        let forbidden = self.plan.steps[at].forbids(Forbid::Runner);
        let runs_it = |runner: &Runner| {
            let names = std::iter::once(&runner.account).chain(&runner.principal);
            names.into_iter().any(|name| folded(name) == folded(by))
        };
        !forbidden || !self.sessions.iter().any(runs_it)
    }

    /// A step that is passed over is tainted when one of its needs for success ended badly; one that
    /// waited for a failure which did not come is not, and the checklist goes on after it.
    fn skipped_badly(&self, at: usize) -> bool {
        let Some(needs) = &self.graph.needs[at] else {
            return true;
        };
        let bad_need = needs.iter().any(|(needed, on)| {
            let state = self.steps[*needed].state;
            *on == On::Success && state.ended() && !state.good()
        });
        let guards = || guard::guards(&self.plan, &self.graph.needs, at).into_iter();
        let is_bad = |guard: usize| self.guard_state(guard, at) == Needs::Lost && !self.steps[guard].state.is_idle();
        bad_need
            || guard::is_guarded(&self.plan.steps[at])
                && guards().any(|(guard, _, must_hold)| must_hold && is_bad(guard))
    }

    fn wanted_approvals(&self, at: usize) -> u32 {
        // Nobody at all can approve nothing.
        self.plan.steps[at].approval.as_ref().map_or(1, |approval| approval.min).max(1)
    }

    fn missing_approvals(&self, at: usize) -> u32 {
        self.wanted_approvals(at).saturating_sub(self.n_approvals(at, None))
    }

    /// Returns how many people have said yes whose word counts, at a time where one is given: each once.
    fn n_approvals(&self, at: usize, now: Option<&str>) -> u32 {
        distinct(self.yeses_at(at, now).iter().map(|yes| yes.by))
    }

    fn yeses_at(&self, at: usize, now: Option<&str>) -> Vec<Yes<'_>> {
        let approval = self.plan.steps[at].approval.as_ref();
        let limit = approval.and_then(|approval| duration_s(approval.expires.as_ref()?));
        let is_fresh = |given: &str| now.zip(limit).is_none_or(|(now, limit)| !is_older(given, now, limit));
        let status = &self.steps[at];
        let mut yeses: Vec<Yes<'_>> = Vec::new();
        if let StepState::Skipped { reason: SkipReason::Evidence, .. } = status.state {
            let vouched = self.vouched.get(&at).filter(|vouched| is_fresh(&vouched.at));
            let source = |vouched: &Vouched, by| {
                if vouched.accounts.contains(by) { IdentitySource::OsUser } else { IdentitySource::SshSig }
            };
            let vouched = vouched.into_iter().flat_map(|vouched| vouched.by.iter().map(move |by| (vouched, by)));
            yeses.extend(vouched.map(|(vouched, by)| Yes { by, source: source(vouched, by), decision: None }));
        } else {
            let fresh = status.decisions.iter().filter(|(ts, decision)| {
                // Whichever is the earlier: when it was signed, or when it was recorded.
                is_fresh(ts) && decision.at.as_ref().is_none_or(|at| is_fresh(at))
            });
            yeses.extend(fresh.map(|(ts, decision)| Yes {
                by: &decision.by,
                source: decision.source,
                decision: Some((ts, decision)),
            }));
        }
        yeses.retain(|yes| self.may_count(at, yes.by));
        yeses
    }

    /// Takes back approvals that whoever runs it now has given.
    fn drop_approvals_of_runners(&mut self) {
        for at in 0..self.steps.len() {
            let is_approval = self.plan.steps[at].kind == StepKind::Approval;
            if is_approval && self.steps[at].state.held() && self.missing_approvals(at) > 0 {
                self.steps[at].state = StepState::Pending;
            }
        }
    }

    /// Tells whether a step may yet begin, for the first time or again.
    pub fn may_yet_begin(&self, step: &str) -> bool {
        self.place(step).is_some_and(|at| self.is_ahead(at))
    }

    fn is_ahead(&self, at: usize) -> bool {
        let status = &self.steps[at];
        let is_settled =
            |reason| matches!(reason, SkipReason::LeftOut | SkipReason::AlreadyTrue | SkipReason::Evidence);
        match if status.state.undoing() { status.before_undo } else { status.state } {
            _ if status.state == StepState::RolledBack => false,
            StepState::Succeeded => false,
            StepState::Skipped { reason, .. } => !is_settled(reason),
            _ => true,
        }
    }

    /// Takes back what earlier runs have shown: they saw other variables.
    fn drop_evidence(&mut self) {
        self.proofs.clear();
        let steps = &self.steps;
        self.vouched.retain(|at, _| steps[*at].state != StepState::Pending);
    }

    /// Takes back the approvals of what may yet begin: it is no longer what was approved.
    fn ask_again_for_what_is_ahead(&mut self) {
        for at in 0..self.steps.len() {
            if self.plan.steps[at].kind != StepKind::Approval {
                continue;
            }
            let is_ahead = |through: &usize| self.is_ahead(*through);
            if scope::lets_through(&self.graph.needs, at).iter().any(is_ahead) {
                self.vouched.remove(&at);
                self.steps[at].decisions.clear();
                if self.steps[at].state.held() {
                    self.steps[at].state = StepState::Pending;
                }
            }
        }
    }

    /// Takes in one event with its time.
    ///
    /// # Errors
    /// Returns why the event cannot follow on those before it; the run is then unchanged.
    pub fn apply(&mut self, ts: &str, event: &Event) -> Result<(), Rejected> {
        // Else an old yes would be fresh again behind a record that is dated back.
        let Some(now) = millis(ts) else {
            return reject(format!("nobody can read the time `{ts}`"));
        };
        if self.last.is_some_and(|last| now < last) {
            return reject(format!("its time {ts} lies before that of the record before it"));
        }
        self.follow(ts, event)?;
        self.last = Some(now);
        Ok(())
    }

    /// Takes an event in, whatever its time.
    fn follow(&mut self, ts: &str, event: &Event) -> Result<(), Rejected> {
        let at = event.step().and_then(|step| self.graph.index.get(step).copied());
        let stood = at.map(|at| (self.is_lost(at), self.steps[at].state.held()));
        let let_on = at.map(|at| self.lets_on(at));
        self.take(ts, event)?;
        match at {
            // A guard that no longer lets on, and whatever a person says of several steps at once, is about
            // more than the steps that follow.
            Some(at) if let_on <= Some(self.lets_on(at)) && !matches!(event, Event::Resolve { .. }) => {
                self.follow_up(at);
            }
            _ => self.follow_up_all(),
        }
        let (lost, held) = stood.unwrap_or_default();
        self.note_news(event, at, lost, held);
        self.note_waiting(ts);
        Ok(())
    }

    fn take(&mut self, ts: &str, event: &Event) -> Result<(), Rejected> {
        if self.started == matches!(event, Event::RunStarted { .. }) {
            return reject(if self.started { "the run has begun already" } else { "the run has not begun" });
        }
        let reopens = match (event, self.finished) {
            (Event::JournalRecovered { .. } | Event::RunSuperseded { .. }, _) => true,
            (Event::RunWantedBack { .. }, Some(state)) => {
                !matches!(state, RunState::RollbackFailed | RunState::Superseded)
            }
            (Event::Resolve { r#as: Resolution::Rerun, .. }, Some(state)) => {
                matches!(state, RunState::Failed | RunState::RollbackFailed)
            }
            (Event::Resolve { r#as: Resolution::Done, .. }, Some(state)) => state == RunState::RollbackFailed,
            _ => false,
        };
        let adds = matches!(
            event,
            Event::EvidenceAdded { .. }
                | Event::RunnerSigned { .. }
                | Event::PersonSigned { .. }
                | Event::PeopleListed(_)
                | Event::RunNotified { .. }
        );
        if let Some(state) = self.finished
            && !reopens
            && !adds
        {
            let by = self.superseded_by.as_ref().map(|by| format!(" by `{by}`")).unwrap_or_default();
            return reject(format!("the run has ended: {state}{by}"));
        }
        match event {
            Event::RunStarted { by, plan, left_out, .. } => self.apply_started(by, plan, left_out),
            Event::PeopleListed(_) | Event::PersonSigned { .. } => Ok(()),
            Event::RunnerSigned { by, .. } => {
                let last = self.sessions.last_mut().expect("a run that has begun has a runner");
                match &last.principal {
                    Some(other) if other != by => reject(format!("`{other}` runs it, and not `{by}`")),
                    _ => {
                        last.principal = Some(by.clone());
                        self.drop_approvals_of_runners();
                        Ok(())
                    }
                }
            }
            Event::RunResumed { by, .. } => {
                self.sessions.push(Runner { account: by.clone(), principal: None });
                self.drop_approvals_of_runners();
                self.stopping = false;
                for status in &mut self.steps {
                    status.state = match status.state {
                        StepState::Running | StepState::Cancelled => {
                            status.checked = None;
                            StepState::InDoubt
                        }
                        StepState::RollingBack => StepState::RollbackInDoubt,
                        other => other,
                    };
                }
                Ok(())
            }
            Event::VariablesPassed { names } => {
                let n_before = self.passed.len();
                self.passed.extend(names.iter().cloned());
                if self.passed.len() > n_before {
                    self.drop_evidence();
                    self.ask_again_for_what_is_ahead();
                }
                Ok(())
            }
            Event::RunRebased { kept, .. } => self.apply_rebased(kept),
            Event::RunEvidence { run, head, guards, proofs } => self.apply_evidence(run, head, guards, proofs),
            Event::RunInterrupted { .. } => {
                self.stopping = true;
                Ok(())
            }
            Event::RunNotified { hook, on, step, reminder, .. } => {
                let owed = Owed { hook: *hook, on: *on, step: step.clone(), reminder: *reminder };
                match self.owed.iter().position(|(other, _)| *other == owed) {
                    Some(at) => {
                        self.owed.remove(at);
                        Ok(())
                    }
                    None => reject(format!("hook {hook} had nothing to tell of `{}`", on.word())),
                }
            }
            Event::RunCancelled { .. } => {
                self.cancelled = true;
                Ok(())
            }
            Event::RunWantedBack { env, .. } => self.apply_wanted_back(env.as_deref()),
            Event::RunSuperseded { run } => {
                if let Some(by) = &self.superseded_by {
                    return reject(format!("the run was taken over by `{by}` already"));
                }
                self.superseded_by = Some(run.clone());
                self.finished = Some(RunState::Superseded);
                Ok(())
            }
            Event::RunFinished { state } => {
                if self.next() != Next::Act(vec![Action::Finish(*state)]) {
                    return reject(format!("the run is not {state}"));
                }
                self.finished = Some(*state);
                Ok(())
            }
            Event::JournalRecovered { .. } => Ok(()),
            _ => {
                let step = event.step().expect("every event that is not about the run names a step");
                let Some(at) = self.graph.index.get(step).copied() else {
                    return reject(format!("the plan has no step `{step}`"));
                };
                self.apply_to_step(ts, event, at)
            }
        }
    }

    fn apply_wanted_back(&mut self, env: Option<&str>) -> Result<(), Rejected> {
        if self.could_undo(env).is_empty() {
            let place = env.map(|env| format!(" in `{env}`")).unwrap_or_default();
            return reject(format!("nothing that was done{place} can be undone"));
        }
        self.finished = None;
        // What was wanted back before is still wanted.
        self.going_back = match self.going_back.take() {
            Some(before) if before.as_deref() != env => Some(None),
            _ => Some(env.map(str::to_owned)),
        };
        Ok(())
    }

    fn apply_started(&mut self, by: &str, plan: &str, left_out: &[String]) -> Result<(), Rejected> {
        if plan != self.plan.hash {
            return reject("the run is one of another plan");
        }
        if let Some(unknown) = left_out.iter().find(|step| !self.graph.index.contains_key(*step)) {
            return reject(format!("the plan has no step `{unknown}`"));
        }
        let mut performed = vec![true; self.steps.len()];
        left_out.iter().for_each(|step| performed[self.graph.index[step]] = false);
        if let Some(guard) = guard::left_out(&self.plan, &self.graph.needs, &performed).first() {
            return reject(format!("`{}` is left out, and it guards what is not", self.plan.steps[*guard].id));
        }
        for step in left_out {
            self.steps[self.graph.index[step]].state = StepState::Skipped { reason: SkipReason::LeftOut, bad: false };
        }
        self.started = true;
        self.sessions.push(Runner { account: by.to_owned(), principal: None });
        Ok(())
    }

    fn apply_rebased(&mut self, kept: &BTreeMap<String, Kept>) -> Result<(), Rejected> {
        if self.n_ended > 0 {
            return reject("a run takes over another one's results before it does anything itself");
        }
        if let Some(unknown) = kept.keys().find(|step| !self.graph.index.contains_key(*step)) {
            return reject(format!("the plan has no step `{unknown}`"));
        }
        let kept: BTreeMap<usize, &Kept> = kept.iter().map(|(step, kept)| (self.graph.index[step], kept)).collect();
        // Approvals are not taken over, and what was let through by one stays done.
        let mut passed = vec![false; self.steps.len()];
        for at in 0..self.steps.len() {
            let is_approval = self.plan.steps[at].kind == StepKind::Approval;
            let follows = self.graph.needs[at].iter().flatten().all(|(need, _)| passed[*need]);
            if kept.contains_key(&at) && (is_approval || !follows) {
                return reject(format!("step `{}` cannot be taken over", self.plan.steps[at].id));
            }
            passed[at] = follows && (is_approval || kept.contains_key(&at));
        }
        for (at, kept) in kept {
            let status = &mut self.steps[at];
            status.outputs.clone_from(&kept.outputs);
            status.previous_revision.clone_from(&kept.previous_revision);
            // What was true without being done was not verified either, here as little as there.
            if kept.already_true {
                self.end(at, &kept.at, StepState::Skipped { reason: SkipReason::AlreadyTrue, bad: false });
                continue;
            }
            status.touched = true;
            status.by_word = kept.by_word;
            status.touched_at = Some(kept.at.clone());
            self.end(at, &kept.at, StepState::Succeeded);
        }
        Ok(())
    }

    fn apply_evidence(
        &mut self,
        run: &str,
        head: &str,
        guards: &BTreeMap<String, Vouched>,
        proofs: &BTreeMap<String, String>,
    ) -> Result<(), Rejected> {
        if let Some(unknown) = guards.keys().chain(proofs.keys()).find(|step| !self.graph.index.contains_key(*step)) {
            return reject(format!("the plan has no step `{unknown}`"));
        }
        let no_guard = |step: &&String| guard::guard_of(&self.plan.steps[self.graph.index[*step]]).is_none();
        if let Some(step) = guards.keys().find(no_guard) {
            return reject(format!("step `{step}` guards nothing"));
        }
        self.vouched.extend(guards.iter().map(|(step, vouched)| (self.graph.index[step], vouched.clone())));
        self.proofs.extend(proofs.iter().map(|(step, at)| (self.graph.index[step], at.clone())));
        self.evidence.insert((run.to_owned(), head.to_owned()));
        Ok(())
    }

    fn apply_to_step(&mut self, ts: &str, event: &Event, at: usize) -> Result<(), Rejected> {
        let plan = Arc::clone(&self.plan);
        let step = &plan.steps[at];
        let state = self.steps[at].state;
        let pending = state == StepState::Pending;
        let met = pending && self.needs_of(at) == Needs::Met;
        let ready = met && self.wanted(at) && !self.is_stopped(at);
        let may_begin = || ready && self.guards_of(at) == Needs::Met;
        match event {
            Event::StepChecked { holds, in_doubt, .. } => {
                let expected = if *in_doubt { state == StepState::InDoubt } else { may_begin() };
                if !expected || self.steps[at].checked.is_some() {
                    return reject(format!("step `{}` is not to be checked", step.id));
                }
                self.steps[at].checked = Some(*holds);
                if *holds && *in_doubt {
                    self.end(at, ts, StepState::Succeeded);
                }
            }
            Event::StepStarted { attempt, previous_revision, break_glass, .. } => {
                if !may_begin() || self.going_back.is_some() {
                    return reject(format!("step `{}` is not ready for attempt {attempt}", step.id));
                }
                if let Some(closed) = self.closed(&step.id, ts).filter(|_| break_glass.is_none()) {
                    return reject(format!("step `{}` cannot begin: {}", step.id, closed.why));
                }
                if break_glass.is_some() && step.break_glass.is_none() {
                    return reject(format!("step `{}` has no glass to break", step.id));
                }
                if guard::is_guarded(step) {
                    self.check_before_change(ts, step, break_glass.as_ref())?;
                }
                let status = &mut self.steps[at];
                if !step.kind.is_performed() || *attempt != status.attempts + 1 || status.checked == Some(true) {
                    return reject(format!("step `{}` is not ready for attempt {attempt}", step.id));
                }
                if *attempt > 1 && !status.retry_announced {
                    return reject(format!("step `{}` starts again without a retry", step.id));
                }
                status.state = StepState::Running;
                status.attempts = *attempt;
                status.retry_announced = false;
                status.touched = true;
                status.by_word = false;
                status.touched_at = Some(ts.to_owned());
                status.started_at.get_or_insert_with(|| ts.to_owned());
                if status.previous_revision.is_none() {
                    status.previous_revision.clone_from(previous_revision);
                }
            }
            Event::StepOutput { .. } => {
                if self.steps[at].attempts == 0 && self.steps[at].checked.is_none() {
                    return reject(format!("step `{}` has not run", step.id));
                }
            }
            Event::StepFinished { attempt, result, exit, outputs, .. } => {
                if state != StepState::Running || *attempt != self.steps[at].attempts {
                    return reject(format!("attempt {attempt} of step `{}` is not running", step.id));
                }
                self.steps[at].exit = *exit;
                self.steps[at].touched_at = Some(ts.to_owned());
                self.steps[at].outputs.clone_from(outputs);
                match result {
                    StepResult::Succeeded if step.verify.is_some() => self.steps[at].state = StepState::Verifying,
                    StepResult::Succeeded => self.end(at, ts, StepState::Succeeded),
                    StepResult::Failed => self.end(at, ts, StepState::Failed),
                    StepResult::TimedOut => self.end(at, ts, StepState::TimedOut),
                    StepResult::Cancelled => self.end(at, ts, StepState::Cancelled),
                    StepResult::InDoubt => {
                        self.steps[at].checked = None;
                        self.steps[at].state = StepState::InDoubt;
                    }
                }
            }
            Event::StepVerified { attempt, passed, .. } => {
                if state != StepState::Verifying || *attempt != self.steps[at].attempts {
                    return reject(format!("attempt {attempt} of step `{}` is not being verified", step.id));
                }
                self.end(at, ts, if *passed { StepState::Succeeded } else { StepState::Failed });
            }
            Event::StepRetry { attempt, .. } => {
                let again = matches!(state, StepState::Failed | StepState::TimedOut) && self.may_retry(at)
                    || state == StepState::InDoubt && repeatable(step);
                if !again || *attempt != self.steps[at].attempts + 1 {
                    return reject(format!("step `{}` is not to be tried again", step.id));
                }
                self.again(at);
            }
            Event::StepSkipped { reason, .. } => {
                let bad = match reason {
                    SkipReason::Upstream
                        if pending
                            && (self.needs_of(at) == Needs::Lost || met && self.guards_of(at) == Needs::Lost) =>
                    {
                        self.skipped_badly(at)
                    }
                    SkipReason::Failures if pending && self.is_stopped(at) => true,
                    SkipReason::Condition if met && !self.wanted(at) => false,
                    SkipReason::Evidence if ready && self.is_vouched(at) => false,
                    SkipReason::AlreadyTrue if ready && self.steps[at].checked == Some(true) => false,
                    _ => return reject(format!("step `{}` is not to be passed over", step.id)),
                };
                self.end(at, ts, StepState::Skipped { reason: *reason, bad });
            }
            Event::ApprovalGiven(decision) | Event::ApprovalRefused(decision) => {
                let refused = matches!(event, Event::ApprovalRefused(_));
                // What was given can be taken back.
                if !(ready || refused && state.held()) || step.kind != StepKind::Approval {
                    return reject(format!("step `{}` is not waiting for an approval", step.id));
                }
                if decision.plan != plan.hash || decision.digest != step.digest || decision.env != step.env {
                    return reject(format!("the decision on step `{}` is about another plan", step.id));
                }
                if ready && self.is_overdue(at, ts) {
                    return reject(self.too_late(at));
                }
                if Some(&decision.scope) != self.graph.scopes.get(&at) {
                    return reject(format!("the decision on step `{}` is about other steps after it", step.id));
                }
                if refused {
                    self.end(at, ts, StepState::Failed);
                } else {
                    self.steps[at].decisions.push((ts.to_owned(), decision.clone()));
                    if self.n_approvals(at, Some(ts)) >= self.wanted_approvals(at) {
                        self.end(at, ts, StepState::Succeeded);
                    }
                }
            }
            Event::ApprovalExpired { .. } => {
                if step.kind != StepKind::Approval || !(ready || state.held()) {
                    return reject(format!("the approval of step `{}` cannot expire", step.id));
                }
                self.steps[at].decisions.clear();
                self.vouched.remove(&at);
                if ready {
                    self.end(at, ts, StepState::Failed);
                } else {
                    // Asked again before the next change that it guards; what it let through stays done.
                    self.steps[at].state = StepState::Pending;
                }
            }
            Event::StepReminded { reminder, .. } => {
                if *reminder <= self.steps[at].reminders || *reminder != self.reminder_at(at, ts) {
                    return reject(format!("reminder {reminder} of step `{}` is not due", step.id));
                }
                self.steps[at].reminders = *reminder;
            }
            Event::StepOverdue { .. } => {
                if !self.is_overdue(at, ts) {
                    return reject(format!("step `{}` is not overdue", step.id));
                }
                self.end(at, ts, StepState::TimedOut);
            }
            Event::ManualDone { by, .. } => {
                if !ready || step.kind != StepKind::Manual {
                    return reject(format!("step `{}` is not waiting for a person", step.id));
                }
                if self.is_overdue(at, ts) {
                    return reject(self.too_late(at));
                }
                if let Some(name) = step.capture.keys().find(|name| !self.steps[at].outputs.contains_key(*name)) {
                    return reject(format!("step `{}` asks for the answer `{name}`", step.id));
                }
                self.steps[at].by = Some(by.clone());
                self.end(at, ts, StepState::Succeeded);
            }
            Event::ManualRefused { by, .. } => {
                if !ready || step.kind != StepKind::Manual {
                    return reject(format!("step `{}` is not waiting for a person", step.id));
                }
                self.steps[at].by = Some(by.clone());
                self.end(at, ts, StepState::Failed);
            }
            Event::EvidenceAdded { kind, value, .. } if kind == CAPTURE => {
                let answer = value.split_once('=');
                let fits = answer.is_some_and(|(name, answer)| {
                    step.capture.get(name).is_some_and(|capture| capture.fits(answer).is_ok())
                });
                let Some((name, answer)) = answer.filter(|_| fits && ready) else {
                    return reject(format!("step `{}` does not take this answer", step.id));
                };
                self.steps[at].outputs.insert(name.to_owned(), answer.to_owned());
            }
            Event::EvidenceAdded { kind, value, sha256, .. } => {
                self.steps[at].evidence.push((kind.clone(), value.clone(), sha256.clone()));
            }
            Event::Resolve { r#as, .. } => self.apply_resolution(ts, at, *r#as)?,
            Event::RollbackStarted { .. } => {
                if self.next() != Next::Act(vec![Action::Undo { step: step.id.clone() }]) {
                    return reject(format!("step `{}` is not to be undone", step.id));
                }
                self.steps[at].before_undo = state;
                self.steps[at].touched_at = Some(ts.to_owned());
                self.steps[at].state = StepState::RollingBack;
            }
            Event::RollbackFinished { undone, .. } => {
                if state != StepState::RollingBack {
                    return reject(format!("step `{}` is not being undone", step.id));
                }
                self.steps[at].touched_at = Some(ts.to_owned());
                self.steps[at].state = if *undone { StepState::RolledBack } else { StepState::RollbackFailed };
            }
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
            | Event::JournalRecovered { .. } => return reject(format!("this is not about step `{}`", step.id)),
        }
        Ok(())
    }

    fn too_late(&self, at: usize) -> String {
        let (id, limit) = (&self.plan.steps[at].id, self.plan.steps[at].people_s.unwrap_or_default());
        format!("the time for step `{id}` is over: it was waited for {}", for_people(limit))
    }

    fn apply_resolution(&mut self, ts: &str, at: usize, resolution: Resolution) -> Result<(), Rejected> {
        let plan = Arc::clone(&self.plan);
        let id = &plan.steps[at].id;
        match (self.steps[at].state, resolution) {
            // Nobody's word stands for a look.
            (StepState::InDoubt, Resolution::Done) if guard::guard_of(&plan.steps[at]).is_some() => {
                return reject(format!("step `{id}` only looks: it is performed again, not settled as done"));
            }
            (StepState::InDoubt, Resolution::Done) => {
                self.steps[at].by_word = true;
                self.steps[at].touched_at = Some(ts.to_owned());
                if plan.steps[at].verify.is_some() {
                    self.steps[at].state = StepState::Verifying;
                } else {
                    self.end(at, ts, StepState::Succeeded);
                }
            }
            (StepState::InDoubt, Resolution::Failed) => {
                self.steps[at].settled = true;
                self.end(at, ts, StepState::Failed);
            }
            (StepState::InDoubt, Resolution::Rerun) => self.again(at),
            (StepState::RollbackInDoubt | StepState::RollbackFailed, Resolution::Done) => {
                self.steps[at].state = StepState::RolledBack;
                // What is left is undone, too.
                self.finished = None;
            }
            (StepState::RollbackInDoubt, Resolution::Failed) => self.steps[at].state = StepState::RollbackFailed,
            (StepState::RollbackInDoubt | StepState::RollbackFailed, Resolution::Rerun) => {
                self.steps[at].state = self.steps[at].before_undo;
                self.finished = None;
            }
            (StepState::Failed | StepState::TimedOut, Resolution::Rerun)
                if matches!(self.finished, None | Some(RunState::Failed))
                    && self.plan.steps[at].kind.is_performed() =>
            {
                self.finished = None;
                self.again(at);
                for status in &mut self.steps {
                    // What a condition said was said of the old answers.
                    let followed =
                        |reason| matches!(reason, SkipReason::Upstream | SkipReason::Failures | SkipReason::Condition);
                    if matches!(status.state, StepState::Skipped { reason, .. } if followed(reason)) {
                        status.state = StepState::Pending;
                    }
                }
            }
            (StepState::Failed, Resolution::Rerun) if !plan.steps[at].kind.is_performed() => {
                return reject(format!("step `{id}` was refused: what was said stays said in this run"));
            }
            (StepState::Pending, _) if !plan.steps[at].kind.is_performed() => {
                return reject(format!("step `{id}` is for a person, and not in doubt"));
            }
            (state, _) => return reject(format!("step `{id}` {}, so there is nothing to settle", state.said())),
        }
        Ok(())
    }

    /// What must hold at the moment a change begins, besides that its guards have been met: every yes
    /// before it is still one, and its change is proven where it must be first, or the glass is broken.
    fn check_before_change(&self, ts: &str, step: &Step, glass: Option<&super::BreakGlass>) -> Result<(), Rejected> {
        if let Some(approval) = self.stale_approvals(&step.id, ts).first() {
            return reject(format!("step `{}` cannot begin: the approval `{approval}` counts no more", step.id));
        }
        match glass {
            Some(glass) if glass.reason.trim().is_empty() => {
                reject(format!("the glass of step `{}` is broken without a reason", step.id))
            }
            Some(_) => Ok(()),
            None if self.proven_by_evidence(&step.id).is_some() => Ok(()),
            None => proof::proven(self, step).map(|_| ()).map_err(|why| Rejected(why.missing)),
        }
    }

    fn end(&mut self, at: usize, ts: &str, state: StepState) {
        let status = &mut self.steps[at];
        status.state = state;
        status.ended_at = Some(ts.to_owned());
        self.n_ended += 1;
        status.ended_as = self.n_ended;
    }

    fn again(&mut self, at: usize) {
        let status = &mut self.steps[at];
        status.state = StepState::Pending;
        status.retry_announced = true;
        status.checked = None;
        status.settled = false;
    }
}

/// The kind of evidence that is an answer: its value is `name=answer`.
pub const CAPTURE: &str = "capture";

/// The kinds of evidence, but answers.
pub const EVIDENCE: [&str; 3] = ["note", "url", "file"];

/// Counts people, each once, however the name is spelt.
fn distinct<'n>(names: impl Iterator<Item = &'n String>) -> u32 {
    let people: BTreeSet<String> = names.map(|name| folded(name)).collect();
    u32::try_from(people.len()).unwrap_or(u32::MAX)
}

impl Needs {
    /// Both must hold; the second is only asked where the first does.
    fn and(self, other: impl FnOnce() -> Needs) -> Needs {
        if self == Needs::Met { other() } else { self }
    }
}

/// Whether a step's needs hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// All do.
    Met,
    /// Some may yet.
    Open,
    /// One cannot any more.
    Lost,
}

/// Tells whether a step may be repeated without asking: it says so, or it only looks.
fn repeatable(step: &Step) -> bool {
    step.idempotent || step.kind == StepKind::Soak || step.impact == Some(Impact::Read)
}

/// Helm steps have a built-in check: deployed, and the version that was to be.
fn can_check_in_doubt(step: &Step) -> bool {
    step.check.is_some() || step.kind == StepKind::Helm
}
