//! The machine: `next` says what may be done, `apply` takes in what happened.
//!
//! In: a plan, and events with their times. Out: what may be done, and where everything stands. The questions
//! are here; `apply` alone changes anything, `state` has the words, `graph` what the plan says once and for all.
//! Knows no clock, no process, no file.

mod apply;
mod graph;
mod state;

pub use state::{Action, Due, Next, Rejected, StepState, StepStatus, Waiting};

use graph::{Graph, Limit, bare_of, limits_of};

use super::clock::{is_older, millis};
use super::guard::{self, Waits};
use super::signers::folded;
use super::{Decision, Event, IdentitySource, RunState, SkipReason, Vouched, scope};
use crate::plan::{
    Closed, Forbid, Notice, On, Plan, RollbackPolicy, RollbackScope, Step, StepKind, closed as closed_environment,
    duration_s,
};
use crate::runbook::{Condition, OUTPUTS};
use std::collections::{BTreeMap, BTreeSet};
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
                } else if step.is_repeatable() {
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

/// Helm steps have a built-in check: deployed, and the version that was to be.
fn can_check_in_doubt(step: &Step) -> bool {
    step.check.is_some() || step.kind == StepKind::Helm
}
