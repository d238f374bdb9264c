//! Laws of the machine, over random plans and random outcomes.

use super::*;
use crate::plan::{Plan, Step};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What one step of a random plan is like.
#[derive(Clone, Debug)]
struct Shape {
    kind: usize,
    needs: Vec<(usize, usize)>,
    check: bool,
    verify: bool,
    undo: bool,
    retries: u32,
    idempotent: bool,
    production: bool,
}

fn shape() -> impl Strategy<Value = Shape> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (0_usize..8, prop::collection::vec((0_usize..8, 0_usize..6), 0..3), 0_u32..3, flags).prop_map(
        |(kind, needs, retries, (check, verify, undo, idempotent, production))| Shape {
            kind,
            needs,
            check,
            verify,
            undo,
            retries,
            idempotent,
            production,
        },
    )
}

fn plan_of(shapes: &[Shape], scope_all: bool) -> Arc<Plan> {
    let action = || json!({"block": "b", "title": "b", "shell": "bash", "script": "true", "timeout_s": 1});
    let steps: Vec<Value> = shapes
        .iter()
        .enumerate()
        .map(|(at, shape)| {
            let kind = ["run", "run", "run", "helm", "manual", "approval", "run", "run"][shape.kind];
            let role = ["change", "change", "change", "change", "change", "change", "check", "monitor"][shape.kind];
            let impact = if shape.kind < 6 { "write" } else { "read" };
            let on = ["success", "success", "success", "success", "done", "failure"];
            let needs: BTreeSet<(String, &str)> = shape
                .needs
                .iter()
                .filter(|_| at > 0)
                .map(|(back, how)| (format!("s{}", at - 1 - back % at), on[*how]))
                .collect();
            let mut step = json!({
                "id": format!("s{at}"), "item": format!("s{at}"), "group": null, "kind": kind, "title": "t",
                "role": role, "impact": impact, "env": if shape.production { "production" } else { "staging" },
                "needs": needs.iter().map(|(step, on)| json!({"step": step, "on": on})).collect::<Vec<_>>(),
                "idempotent": shape.idempotent, "retries": {"max": shape.retries, "backoff": "0s"}, "digest": "",
            });
            if shape.check && kind == "run" {
                step["check"] = json!("true");
            }
            if shape.verify && kind == "run" {
                step["verify"] = action();
            }
            if shape.undo && kind != "manual" && kind != "approval" {
                step["undo"] = action();
            }
            if kind == "approval" {
                let forbid: &[&str] = if shape.idempotent { &["runner"] } else { &[] };
                step["approval"] = json!({"min": 1 + shape.retries, "forbid": forbid});
            }
            step
        })
        .collect();
    let mut plan: Plan = serde_json::from_value(json!({
        "format": 1, "runbook": "r", "stage": "bound", "kind": "procedure", "mode": "read-do", "params": {},
        "secrets": [], "environments": {}, "components": [], "steps": steps, "source": {"files": []}, "hash": "",
        "on_failure": {"rollback": "reverse", "scope": if scope_all { "all" } else { "env" }},
    }))
    .expect("the generated plan has the plan's shape");
    plan.seal();
    Arc::new(plan)
}

/// A stream of small numbers made of the random bytes of a case; zeros once they are used up.
struct Dice<'a>(std::slice::Iter<'a, u8>);

impl Dice<'_> {
    fn roll(&mut self, sides: usize) -> usize {
        self.0.next().map_or(0, |byte| usize::from(*byte) % sides)
    }
}

/// Plays a run to its end and returns its events.
fn play(plan: &Arc<Plan>, dice: &mut Dice<'_>) -> (Run, Vec<Event>) {
    play_on(plan, dice, vec![], |_| vec![])
}

/// Plays a run that leaves steps out and begins with events of its own.
fn play_on(
    plan: &Arc<Plan>,
    dice: &mut Dice<'_>,
    left_out: Vec<String>,
    first: impl FnOnce(&Run) -> Vec<Event>,
) -> (Run, Vec<Event>) {
    let mut run = Run::new(Arc::clone(plan));
    let mut events = Vec::new();
    let mut happen = |run: &mut Run, event: Event| {
        run.apply("2026-05-04T12:00:00Z", &event).unwrap_or_else(|why| panic!("{event:?}: {why}"));
        // What the machine keeps of what follows from the states is what follows from them.
        let mut anew = run.clone();
        anew.follow_up_all();
        assert_eq!(anew.next(), run.next(), "{event:?}");
        events.push(event);
    };
    let by = || "ana".to_owned();
    happen(&mut run, Event::RunStarted { run: "r".into(), plan: plan.hash.clone(), by: by(), source: None, left_out });
    for event in first(&run) {
        happen(&mut run, event);
    }
    for _ in 0..2_000 {
        let running: Vec<String> = run
            .statuses()
            .filter(|(_, status)| matches!(status.state, StepState::Running | StepState::RollingBack))
            .map(|(step, _)| step.id.clone())
            .collect();
        match dice.roll(40) {
            1 if !matches!(run.next(), Next::End(_)) => {
                happen(&mut run, Event::RunInterrupted { signal: "SIGINT".into() })
            }
            2 if !matches!(run.next(), Next::End(_)) => {
                happen(&mut run, Event::RunResumed { by: by(), source: None });
                continue;
            }
            // Somebody who approves goes on to run it.
            3 if !matches!(run.next(), Next::End(_)) => {
                happen(&mut run, Event::RunResumed { by: "@Person 0".into(), source: None });
                continue;
            }
            // What was done is wanted back, also after the end.
            6 if !run.could_undo(None).is_empty() && run.state() != RunState::RollbackFailed => {
                happen(&mut run, Event::RunWantedBack { by: by(), env: None, note: "it is slow".into() });
                continue;
            }
            how @ (4 | 5) if !matches!(run.next(), Next::End(_)) => {
                let given = run.statuses().find(|(step, status)| step.approval.is_some() && status.state.held());
                if let Some(step) = given.map(|(step, _)| step.id.clone()) {
                    let expired = Event::ApprovalExpired { step: step.clone(), why: None };
                    let event = if how == 4 { expired } else { Event::ApprovalRefused(decision(&run, &step, "dee")) };
                    happen(&mut run, event);
                    continue;
                }
            }
            _ => {}
        }
        if !running.is_empty() && (dice.roll(2) == 0 || matches!(run.next(), Next::Busy)) {
            let step = running[dice.roll(running.len())].clone();
            let status = run.status(&step).expect("it was found in this run");
            let event = if status.state == StepState::RollingBack {
                Event::RollbackFinished { step, undone: dice.roll(5) != 1, exit: None }
            } else {
                let results = [
                    StepResult::Succeeded,
                    StepResult::Succeeded,
                    StepResult::Failed,
                    StepResult::TimedOut,
                    StepResult::Cancelled,
                    StepResult::InDoubt,
                ];
                let (attempt, result) = (status.attempts, results[dice.roll(6)]);
                let (outputs, strays) = Default::default();
                Event::StepFinished { step, attempt, result, exit: None, signal: None, outputs, strays, note: None }
            };
            happen(&mut run, event);
            continue;
        }
        let event = match run.next() {
            Next::End(_) => return (run, events),
            Next::Busy => continue,
            Next::Stopped => Event::RunResumed { by: by(), source: None },
            Next::InDoubt(steps) => {
                let step = steps[dice.roll(steps.len())].clone();
                let r#as = [Resolution::Done, Resolution::Failed, Resolution::Rerun][dice.roll(3)];
                Event::Resolve { step, r#as, by: by(), note: "looked".into() }
            }
            Next::Wait(waiting) => match &waiting[dice.roll(waiting.len())] {
                Waiting::Manual(step) => {
                    let (step, source) = (step.clone(), None);
                    match dice.roll(6) {
                        1 => Event::ManualRefused { step, by: by(), source, note: "it is not so".into() },
                        _ => Event::ManualDone { step, by: by(), source },
                    }
                }
                Waiting::Approval { step, .. } => {
                    let n_decided = run.status(step).map_or(0, |status| status.decisions.len());
                    let decision = decision(&run, step, &format!("person {n_decided}"));
                    match dice.roll(6) {
                        1 => Event::ApprovalRefused(decision),
                        2 => Event::ApprovalExpired { step: step.clone(), why: None },
                        _ => Event::ApprovalGiven(decision),
                    }
                }
            },
            Next::Act(actions) => match actions[dice.roll(actions.len())].clone() {
                Action::Check { step, in_doubt } => Event::StepChecked { step, holds: dice.roll(3) == 1, in_doubt },
                Action::Start { step, attempt } => {
                    Event::StepStarted { step, attempt, previous_revision: None, break_glass: None }
                }
                Action::Verify { step, attempt } => Event::StepVerified { step, attempt, passed: dice.roll(4) != 1 },
                Action::Retry { step, attempt } => Event::StepRetry { step, attempt },
                Action::Skip { step, reason } => Event::StepSkipped { step, reason },
                Action::Undo { step } => Event::RollbackStarted { step },
                Action::Finish(state) => Event::RunFinished { state },
            },
        };
        happen(&mut run, event);
    }
    panic!("the run does not come to an end: {:?}", run.next());
}

fn decision(run: &Run, step: &str, by: &str) -> Decision {
    let step = run.plan().step(step).expect("it is a step of the plan");
    approval::decision(run, step, by, IdentitySource::OsUser, None).expect("it is an approval")
}

/// What a run has seen at a moment, worked out from its events alone, by other means than the machine's.
#[derive(Clone, Debug, Default)]
struct Seen {
    runners: BTreeSet<String>,
    /// Steps that were done, and approvals that were given.
    held: BTreeSet<String>,
    ended: BTreeSet<String>,
    yes: BTreeMap<String, BTreeSet<String>>,
}

impl Seen {
    fn count(&mut self, step: &Step) {
        let approval = step.approval.as_ref().expect("only approvals are counted");
        let forbids = !approval.forbid.is_empty();
        let people = self.yes.get(&step.id).into_iter().flatten();
        let n_people = people.filter(|person| !forbids || !self.runners.contains(*person)).count();
        if n_people >= approval.min as usize {
            self.held.insert(step.id.clone());
        } else {
            self.held.remove(&step.id);
        }
    }

    /// Takes in an event. Every change that begins where users are must have seen every guard that
    /// dominates it in the whole plan; what an earlier run has seen counts for the same content.
    fn take(&mut self, plan: &Plan, event: &Event, earlier: Option<(&Plan, &Seen)>) {
        let person = |name: &str| name.trim_start_matches('@').to_lowercase();
        match event {
            Event::RunStarted { by, .. } | Event::RunResumed { by, .. } => {
                self.runners.insert(person(by));
                let given: Vec<&Step> = plan.steps.iter().filter(|step| self.held.contains(&step.id)).collect();
                given.into_iter().filter(|step| step.approval.is_some()).for_each(|step| self.count(step));
            }
            Event::RunRebased { kept, .. } => {
                let (old, seen) = earlier.expect("only a second run takes over");
                for step in kept.keys() {
                    let same = old.step(step).map(|step| &step.digest) == plan.step(step).map(|step| &step.digest);
                    assert!(same && seen.held.contains(step), "{step} is taken over and was not done");
                    self.held.insert(step.clone());
                    self.ended.insert(step.clone());
                }
            }
            Event::ApprovalGiven(decision) => {
                self.yes.entry(decision.step.clone()).or_default().insert(person(&decision.by));
                self.count(plan.step(&decision.step).expect("it is a step of the plan"));
            }
            Event::ApprovalRefused(Decision { step, .. }) | Event::ApprovalExpired { step, .. } => {
                self.yes.remove(step);
                self.held.remove(step);
            }
            Event::StepSkipped { step, reason: SkipReason::Evidence } => {
                let (old, seen) = earlier.expect("only a second run has evidence");
                let mut about = vec![step.clone()];
                while let Some(id) = about.pop() {
                    let digest = |plan: &Plan| plan.step(&id).map(|step| step.digest.clone());
                    assert_eq!(digest(old), digest(plan), "{step} is about `{id}`, which has changed");
                    let follows = |other: &&Step| other.needs.iter().any(|need| need.step == id);
                    if plan.step(step).is_some_and(|step| step.approval.is_some()) {
                        about.extend(plan.steps.iter().filter(follows).map(|step| step.id.clone()));
                    }
                }
                assert!(seen.held.contains(step), "{step} did not hold in the run that is evidence");
                self.held.insert(step.clone());
                self.ended.insert(step.clone());
                if let Some(people) = seen.yes.get(step) {
                    self.yes.insert(step.clone(), people.clone());
                    self.count(plan.step(step).expect("it is a step of the plan"));
                }
            }
            Event::StepSkipped { step, reason } => {
                self.ended.insert(step.clone());
                if *reason == SkipReason::AlreadyTrue {
                    self.held.insert(step.clone());
                }
            }
            Event::StepFinished { step, result, .. } => {
                self.ended.insert(step.clone());
                if *result == StepResult::Succeeded && plan.step(step).is_some_and(|step| step.verify.is_none()) {
                    self.held.insert(step.clone());
                }
            }
            // What follows on its end, however it came, may follow.
            Event::ManualRefused { step, .. } => {
                self.ended.insert(step.clone());
            }
            Event::StepVerified { step, passed: true, .. }
            | Event::ManualDone { step, .. }
            | Event::StepChecked { step, holds: true, in_doubt: true } => {
                self.ended.insert(step.clone());
                self.held.insert(step.clone());
            }
            Event::Resolve { step, r#as: Resolution::Done, .. } => {
                self.ended.insert(step.clone());
                if plan.step(step).is_some_and(|step| step.verify.is_none()) {
                    self.held.insert(step.clone());
                }
            }
            Event::StepStarted { step, .. } => {
                let at = plan.steps.iter().position(|other| other.id == *step).expect("only steps of the plan start");
                let change = &plan.steps[at];
                if !change.writes() || change.env.as_deref() != Some("production") {
                    return;
                }
                for guard in dominators(plan, at) {
                    let guard = &plan.steps[guard];
                    let id = &guard.id;
                    let asked = guard.approval.is_some();
                    let looks = guard.kind == crate::plan::StepKind::Manual || !guard.writes();
                    if asked || looks && behind_success(plan, at, id) {
                        assert!(self.held.contains(id), "{step} began without `{id}`");
                    } else if looks {
                        assert!(self.ended.contains(id) || self.held.contains(id), "{step} began before `{id}`");
                    }
                }
            }
            _ => {}
        }
    }
}

/// The steps without which a step cannot be reached from the beginning of the plan.
fn dominators(plan: &Plan, at: usize) -> Vec<usize> {
    let reached_without = |gone: usize| {
        let mut reached: BTreeSet<&str> = BTreeSet::new();
        for (number, step) in plan.steps.iter().enumerate().filter(|(number, _)| *number != gone) {
            if step.needs.is_empty() || step.needs.iter().any(|need| reached.contains(need.step.as_str())) {
                reached.insert(&step.id);
            }
            if number == at {
                break;
            }
        }
        reached.contains(plan.steps[at].id.as_str())
    };
    (0..at).filter(|gone| !reached_without(*gone)).collect()
}

fn behind_success(plan: &Plan, at: usize, wanted: &str) -> bool {
    let needs = plan.steps[at].needs.iter().filter(|need| need.on == crate::plan::On::Success);
    let mut places = needs.map(|need| plan.steps.iter().position(|step| step.id == need.step).expect("it is there"));
    places.any(|need| plan.steps[need].id == wanted || behind_success(plan, need, wanted))
}

/// Whether a step's needs held at the moment of its start, computed from the events alone.
fn starts_in_order(plan: &Plan, events: &[Event]) {
    let (mut succeeded, mut started, mut announced) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let needs_verify = |id: &str| plan.step(id).is_some_and(|step| step.verify.is_some());
    let only_success = |step: &Step| step.needs.iter().all(|need| need.on == crate::plan::On::Success);
    let mut passed_over = BTreeSet::new();
    for event in events {
        match event {
            Event::StepStarted { step, attempt, .. } => {
                let first = started.insert(step.clone());
                assert_eq!(first, *attempt == 1, "{step} attempt {attempt}");
                assert!(first || announced.remove(step), "{step} ran twice without a retry");
                let plan_step = plan.step(step).expect("only steps of the plan start");
                if only_success(plan_step) {
                    for need in &plan_step.needs {
                        let ok = succeeded.contains(&need.step) || passed_over.contains(&need.step);
                        assert!(ok, "{step} started before {}", need.step);
                    }
                }
            }
            Event::StepFinished { step, result: StepResult::Succeeded, .. } if !needs_verify(step) => {
                succeeded.insert(step.clone());
            }
            Event::StepVerified { step, passed: true, .. }
            | Event::ManualDone { step, .. }
            | Event::ApprovalGiven(Decision { step, .. })
            | Event::StepChecked { step, holds: true, in_doubt: true }
            | Event::Resolve { step, r#as: Resolution::Done, .. } => {
                succeeded.insert(step.clone());
            }
            Event::StepSkipped { step, .. } => {
                passed_over.insert(step.clone());
            }
            Event::StepRetry { step, .. } | Event::Resolve { step, r#as: Resolution::Rerun, .. } => {
                announced.insert(step.clone());
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_run_ends_in_order_and_folds_back(
        shapes in prop::collection::vec(shape(), 1..9),
        scope_all in any::<bool>(),
        dice in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let plan = plan_of(&shapes, scope_all);
        let (run, events) = play(&plan, &mut Dice(dice.iter()));
        let Next::End(state) = run.next() else { panic!("play returns at the end only") };
        prop_assert!(!matches!(state, RunState::Running | RunState::Waiting | RunState::InDoubt));
        starts_in_order(&plan, &events);
        let folded = Run::fold(Arc::clone(&plan), events.iter().map(|event| ("2026-05-04T12:00:00Z", event)))
            .expect("what happened once can happen again");
        prop_assert_eq!(folded.statuses().map(|(_, status)| status.clone()).collect::<Vec<_>>(),
            run.statuses().map(|(_, status)| status.clone()).collect::<Vec<_>>());
        // No prefix of a run is anything but a run.
        let half = events.len() / 2;
        prop_assert!(Run::fold(Arc::clone(&plan), events[..half].iter().map(|event| ("2026-05-04T12:00:00Z", event))).is_ok());
    }

    /// Dominators are worked out here by other means than the machine's walk, so that cutting the
    /// machine's `guards_of` short makes this fail.
    #[test]
    fn no_change_begins_before_every_guard_that_dominates_it(
        shapes in prop::collection::vec(shape(), 2..9),
        selected in prop::collection::vec(any::<bool>(), 9),
        (edited, cut) in (0_usize..12, 0_usize..100),
        dice in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let plan = plan_of(&shapes, false);
        let mut dice = Dice(dice.iter());
        let waits = guard::waits(&plan);
        let without = |performed: &[bool]| {
            let left_out = plan.steps.iter().zip(performed).filter(|(_, performed)| !**performed);
            left_out.map(|(step, _)| step.id.clone()).collect::<Vec<_>>()
        };
        let mut performed = selected[..plan.steps.len()].to_vec();
        // A selection that leaves out a guard is no run.
        let guards = guard::left_out(&plan, &waits, &performed);
        let start = |left_out: Vec<String>| Event::RunStarted {
            run: "r".into(), plan: plan.hash.clone(), by: "ana".into(), source: None, left_out,
        };
        let begun = Run::new(Arc::clone(&plan)).apply("2026-05-04T12:00:00Z", &start(without(&performed)));
        prop_assert_eq!(begun.is_err(), !guards.is_empty());
        guards.into_iter().for_each(|guard| performed[guard] = true);
        let (_, events) = play_on(&plan, &mut dice, without(&performed), |_| vec![]);
        let events = &events[..(events.len() * cut / 100).max(1)];
        let mut seen = Seen::default();
        events.iter().for_each(|event| seen.take(&plan, event, None));

        // A second run: of the same plan or of one with an edited step, after the first or with it as evidence.
        let earlier = Run::fold(Arc::clone(&plan), events.iter().map(|event| ("2026-05-04T12:00:00Z", event)))
            .expect("what happened once can happen again");
        let mut edit = (*plan).clone();
        if let Some(step) = edit.steps.get_mut(edited) {
            step.title += "!";
        }
        edit.seal();
        let edit = Arc::new(edit);
        let rebase = dice.roll(2) == 0;
        let performed = if rebase { vec![true; edit.steps.len()] } else { performed };
        let (_, second) = play_on(&edit, &mut dice, without(&performed), |run| {
            let evidence = proof::evidence_of(run, &earlier, "r", "head");
            if rebase {
                let kept = proof::taken_over(run, &earlier);
                vec![Event::RunRebased { from: "r".into(), head: "head".into(), kept }, evidence]
            } else {
                vec![evidence]
            }
        });
        let mut again = Seen::default();
        second.iter().for_each(|event| again.take(&edit, event, Some((&plan, &seen))));
    }

    #[test]
    fn random_events_are_taken_or_refused_and_never_break_the_run(
        shapes in prop::collection::vec(shape(), 1..5),
        dice in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let plan = plan_of(&shapes, false);
        let (_, events) = play(&plan, &mut Dice(dice.iter()));
        let mut run = Run::new(Arc::clone(&plan));
        let mut shuffled: Vec<&Event> = events.iter().collect();
        shuffled.sort_by_key(|event| crate::text::Digest::of(format!("{event:?}{dice:?}").as_bytes()));
        let mut taken = Vec::new();
        for event in std::iter::once(&events[0]).chain(shuffled) {
            let before = run.next();
            match run.apply("2026-05-04T12:00:00Z", event) {
                Ok(()) => taken.push(event.clone()),
                Err(_) => prop_assert_eq!(run.next(), before),
            }
        }
        starts_in_order(&plan, &taken);
    }
}

#[test]
fn a_go_no_go_refused_does_not_undo_staging() {
    let write = Shape {
        kind: 0,
        needs: vec![],
        check: false,
        verify: false,
        undo: true,
        retries: 0,
        idempotent: false,
        production: false,
    };
    let approve = Shape { kind: 5, needs: vec![(0, 0)], undo: false, production: true, ..write.clone() };
    let plan = plan_of(&[write, approve], false);
    let mut run = Run::new(Arc::clone(&plan));
    let decision = decision(&run, "s1", "ben");
    let (outputs, strays) = Default::default();
    for event in [
        Event::RunStarted {
            run: "r".into(),
            plan: plan.hash.clone(),
            by: "ana".into(),
            source: None,
            left_out: vec![],
        },
        Event::StepStarted { step: "s0".into(), attempt: 1, previous_revision: None, break_glass: None },
        Event::StepFinished {
            step: "s0".into(),
            attempt: 1,
            result: StepResult::Succeeded,
            exit: Some(0),
            signal: None,
            outputs,
            strays,
            note: None,
        },
        Event::ApprovalRefused(decision),
    ] {
        run.apply("2026-05-04T12:00:00Z", &event).expect("it is the order of things");
    }
    assert_eq!(run.next(), Next::Act(vec![Action::Finish(RunState::Failed)]));
}
