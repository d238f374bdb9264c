//! Taking in what happened: an event is applied where it can have happened, and refused where not.
//!
//! In: events with their times. Out: the run after them, or why one of them cannot have happened. What may be
//! done is asked of the rest of the machine; this changes the states and nothing else does.

use super::graph::Limit;
use super::state::{Action, Next, Rejected, StepState, reject};
use super::{CAPTURE, Needs, Owed, Run, Runner};
use crate::plan::machine::clock::millis;
use crate::plan::machine::notice::{self, for_people};
use crate::plan::machine::{
    BreakGlass, Event, Kept, Resolution, RunState, SkipReason, StepResult, Vouched, guard, proof, scope,
};
use crate::plan::{Notice, Step, StepKind};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Run {
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
    pub(super) fn follow(&mut self, ts: &str, event: &Event) -> Result<(), Rejected> {
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
                    || state == StepState::InDoubt && step.is_repeatable();
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
    fn check_before_change(&self, ts: &str, step: &Step, glass: Option<&BreakGlass>) -> Result<(), Rejected> {
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
    pub(in crate::plan::machine) fn follow_up_all(&mut self) {
        self.clear = vec![false; self.steps.len()];
        for at in 0..self.steps.len() {
            self.clear[at] = self.steps[at].state.ended() && self.is_clear(at);
        }
        self.agenda = (0..self.steps.len()).filter(|at| !self.is_quiet(*at)).collect();
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
}
