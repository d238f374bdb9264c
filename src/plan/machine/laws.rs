//! Laws of the machine, over random plans and random outcomes.

use super::*;
use crate::plan::{Plan, Step};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
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
    (0_usize..6, prop::collection::vec((0_usize..8, 0_usize..6), 0..3), 0_u32..3, flags).prop_map(
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
            let kind = ["run", "run", "run", "helm", "manual", "approval"][shape.kind];
            let on = ["success", "success", "success", "success", "done", "failure"];
            let needs: BTreeSet<(String, &str)> = shape
                .needs
                .iter()
                .filter(|_| at > 0)
                .map(|(back, how)| (format!("s{}", at - 1 - back % at), on[*how]))
                .collect();
            let mut step = json!({
                "id": format!("s{at}"), "item": format!("s{at}"), "group": null, "kind": kind, "title": "t",
                "impact": "write", "env": if shape.production { "production" } else { "staging" },
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
                step["approval"] = json!({"min": 1 + shape.retries});
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
    let mut run = Run::new(Arc::clone(plan));
    let mut events = Vec::new();
    let mut happen = |run: &mut Run, event: Event| {
        run.apply("2026-05-04T12:00:00Z", &event).unwrap_or_else(|why| panic!("{event:?}: {why}"));
        events.push(event);
    };
    let by = || "ana".to_owned();
    happen(
        &mut run,
        Event::RunStarted { run: "r".into(), plan: plan.hash.clone(), by: by(), source: None, left_out: vec![] },
    );
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
                Waiting::Manual(step) => Event::ManualDone { step: step.clone(), by: by(), source: None },
                Waiting::Approval { step, missing } => {
                    let approval = plan.step(step).expect("it is a step of the plan");
                    let decision = Decision {
                        step: step.clone(),
                        plan: plan.hash.clone(),
                        digest: approval.digest.clone(),
                        env: approval.env.clone(),
                        by: format!("person {missing}"),
                        source: IdentitySource::OsUser,
                        note: None,
                    };
                    match dice.roll(6) {
                        1 => Event::ApprovalRefused(decision),
                        2 => Event::ApprovalExpired { step: step.clone() },
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
        prop_assert!(Run::fold(Arc::clone(&plan), events[..half].iter().map(|event| ("", event))).is_ok());
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
            match run.apply("", event) {
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
    let decision = Decision {
        step: "s1".into(),
        plan: plan.hash.clone(),
        digest: plan.steps[1].digest.clone(),
        env: Some("production".into()),
        by: "ben".into(),
        source: IdentitySource::SshSig,
        note: None,
    };
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
