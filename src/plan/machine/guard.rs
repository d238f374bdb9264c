//! Staging before production, as a rule of the runner (RUNBOOK-FORMAT, section 3.7).
//!
//! A write in an environment that comes after another one may start only when that one has seen the
//! same change succeed and pass its watch. Proof stands in this run or in earlier ones. Knows no
//! clock: who offers an earlier run has seen to its age.

use super::{Run, StepState};
use crate::plan::{Plan, Role, Step};

/// Why a step may not start yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unproven {
    /// The environment that must prove it first.
    pub environment: String,
    /// What is missing there, as a sentence without a full stop.
    pub missing: String,
}

/// Asks whether a step's change is proven where it must be proven first. Steps that do not write,
/// and those in an environment that comes after none, need no proof.
///
/// # Errors
/// Returns what is missing.
pub fn proven(run: &Run, step: &Step, earlier: &[Run]) -> Result<(), Unproven> {
    let plan = run.plan();
    let after = step.env.as_ref().and_then(|env| plan.environments.get(env)?.after.clone());
    let Some(environment) = after.filter(|_| step.writes()) else {
        return Ok(());
    };
    let mut missing = None;
    for run in std::iter::once(run).chain(earlier) {
        match proven_in(run, plan, step, &environment) {
            Ok(()) => return Ok(()),
            // The nearest miss says most: keep what came furthest.
            Err(why) => missing = missing.max(Some(why)),
        }
    }
    let missing = missing.expect("this run was asked at least").1;
    Err(Unproven { environment, missing })
}

/// How far a run's proof goes, and why not further.
type Miss = (u8, String);

fn proven_in(run: &Run, wanted: &Plan, step: &Step, environment: &str) -> Result<(), Miss> {
    let version = |plan: &Plan| {
        let name = step.component.as_deref()?;
        plan.components.iter().find(|component| component.name == name).map(|component| component.to.clone())
    };
    let what = match &step.component {
        Some(name) => format!("`{}` of `{name}`", step.item),
        None => format!("`{}`", step.item),
    };
    if run.plan().runbook != wanted.runbook && step.component.is_none() || version(run.plan()) != version(wanted) {
        return Err((0, format!("{what} has not run in `{environment}`")));
    }
    let there = |other: &Step| other.env.as_deref() == Some(environment) && other.component == step.component;
    let mut twins = run.statuses().filter(|(other, _)| there(other) && other.item == step.item && other.writes());
    let Some((twin, status)) = twins.find(|(_, status)| done(status.state)) else {
        return Err((0, format!("{what} has not run in `{environment}`")));
    };
    if twin.verify.is_some() {
        return Ok(());
    }
    let watched = run.statuses().any(|(other, watch)| {
        let of_it = other.env.as_deref() == Some(environment)
            && (other.component == step.component || other.component.is_none());
        let watches = matches!(other.role, Some(Role::Verify | Role::Monitor)) || other.monitor.is_some();
        of_it && watches && watch.state == StepState::Succeeded && watch.ended_at >= status.ended_at
    });
    if watched {
        return Ok(());
    }
    Err((1, format!("{what} ran in `{environment}`, but no step that verifies or monitors it has passed there since")))
}

fn done(state: StepState) -> bool {
    matches!(state, StepState::Succeeded | StepState::Skipped { reason: super::SkipReason::AlreadyTrue, .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::machine::{Event, StepResult};
    use serde_json::json;
    use std::sync::Arc;

    fn plan(version: &str) -> Arc<Plan> {
        let step = |id: &str, item: &str, env: &str, role: &str, impact: &str, needs: &[&str]| {
            json!({
                "id": id, "item": item, "group": null, "kind": "run", "title": id, "role": role, "impact": impact,
                "env": env, "component": "cavern", "digest": "",
                "needs": needs.iter().map(|need| json!({"step": need, "on": "success"})).collect::<Vec<_>>(),
            })
        };
        let mut plan: Plan = serde_json::from_value(json!({
            "format": 1, "runbook": "r", "stage": "bound", "kind": "release", "mode": "read-do", "params": {},
            "secrets": [], "components": [{"name": "cavern", "path": "c", "from": null, "to": version}],
            "environments": {"staging": {"tier": 0}, "production": {"tier": 1, "after": "staging"}},
            "steps": [
                step("s.deploy", "deploy", "staging", "change", "write", &[]),
                step("s.watch", "watch", "staging", "monitor", "read", &["s.deploy"]),
                step("p.deploy", "deploy", "production", "change", "write", &["s.deploy"]),
            ],
            "source": {"files": []}, "hash": "",
        }))
        .expect("the sample has the plan's shape");
        plan.seal();
        Arc::new(plan)
    }

    fn run_with(plan: &Arc<Plan>, done: &[&str]) -> Run {
        let mut run = Run::new(Arc::clone(plan));
        let start = Event::RunStarted {
            run: "r".into(),
            plan: plan.hash.clone(),
            by: "a".into(),
            source: None,
            left_out: vec![],
        };
        run.apply("2026-05-04T12:00:00Z", &start).expect("a run begins");
        for step in done {
            let step = (*step).to_owned();
            let started =
                Event::StepStarted { step: step.clone(), attempt: 1, previous_revision: None, break_glass: None };
            let finished = Event::StepFinished {
                step,
                attempt: 1,
                result: StepResult::Succeeded,
                exit: Some(0),
                signal: None,
                outputs: Default::default(),
                strays: vec![],
                note: None,
            };
            run.apply("2026-05-04T12:00:01Z", &started).expect("it is ready");
            run.apply("2026-05-04T12:00:02Z", &finished).expect("it is running");
        }
        run
    }

    #[test]
    fn production_waits_for_staging_and_its_watch() {
        let plan = plan("1.0");
        let production = plan.step("p.deploy").expect("it is a step");
        let ask = |done: &[&str]| proven(&run_with(&plan, done), production, &[]).map_err(|why| why.missing);
        assert_eq!(ask(&[]), Err("`deploy` of `cavern` has not run in `staging`".to_owned()));
        assert!(ask(&["s.deploy"]).is_err_and(|why| why.contains("no step that verifies or monitors")));
        assert_eq!(ask(&["s.deploy", "s.watch"]), Ok(()));
    }

    #[test]
    fn an_earlier_run_proves_the_same_version_only() {
        let plan = plan("1.0");
        let production = plan.step("p.deploy").expect("it is a step");
        let same = run_with(&plan, &["s.deploy", "s.watch"]);
        assert_eq!(proven(&run_with(&plan, &[]), production, &[same]), Ok(()));
        let other = run_with(&self::plan("0.9"), &["s.deploy", "s.watch"]);
        assert!(proven(&run_with(&plan, &[]), production, &[other]).is_err());
    }
}
