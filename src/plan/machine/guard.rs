//! What guards what: the one definition of a guard, which selection, run and proofs share.
//!
//! In: a plan. Out: for each step what it waits for, and which guards stand before it. The page
//! `content/explanation/security-model.md` says the same in words. Knows nothing of what happened in
//! a run.

use crate::plan::{Environment, Impact, On, Plan, Role, Step, StepKind};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a step is to those that come after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// People must say yes.
    Approval,
    /// A person must have done it.
    Manual,
    /// It must have been looked at and found right.
    Check,
    /// What was changed must have been looked at since: `verify`, `monitor`, and a soak.
    Watch,
}

/// Of each step, what it waits for; `None` where it needs a step that is not in the plan.
pub type Waits = Vec<Option<Vec<(usize, On)>>>;

/// Tells which sort of guard a step is, if any.
pub fn guard_of(step: &Step) -> Option<Guard> {
    match step.kind {
        StepKind::Approval => Some(Guard::Approval),
        StepKind::Manual => Some(Guard::Manual),
        StepKind::Soak => Some(Guard::Watch),
        StepKind::Run | StepKind::Helm | StepKind::Kubectl | StepKind::Http => match step.role {
            Some(Role::Check) => Some(Guard::Check),
            Some(Role::Verify | Role::Monitor) => Some(Guard::Watch),
            Some(Role::Change | Role::Rollback | Role::Notify) => None,
            None => (step.impact == Some(Impact::Read)).then_some(Guard::Check),
        },
    }
}

/// Tells whether a step is one that guards hold back: whatever a machine performs and does not say
/// that it only looks.
pub fn is_guarded(step: &Step) -> bool {
    !matches!(step.kind, StepKind::Manual | StepKind::Approval | StepKind::Soak) && step.impact != Some(Impact::Read)
}

/// Tells whether a step is in an environment with users, of those that a plan has. One that is not among
/// them counts as such.
pub fn has_users(environments: &BTreeMap<String, Environment>, step: &Step) -> bool {
    step.env.as_ref().is_some_and(|env| environments.get(env).is_none_or(|env| env.tier >= 1))
}

/// Returns what each step waits for: its needs, and one thing more. A change where users are that
/// waits for no approval at all waits for the last one that stands before it in the checklist, so
/// that neither `needs: []` nor `parallel` leads around it.
pub fn waits(plan: &Plan) -> Waits {
    let index: BTreeMap<&str, usize> = plan.steps.iter().enumerate().map(|(at, step)| (step.id.as_str(), at)).collect();
    let mut asked = vec![false; plan.steps.len()];
    let mut last_approval = None;
    let mut waits = Vec::with_capacity(plan.steps.len());
    for (at, step) in plan.steps.iter().enumerate() {
        let needs = step.needs.iter().map(|need| Some((*index.get(need.step.as_str())?, need.on)));
        let mut needs: Option<Vec<(usize, On)>> = needs.collect();
        if let Some(needs) = &mut needs {
            let is_asked = |need: usize| asked[need] || plan.steps[need].kind == StepKind::Approval;
            asked[at] = needs.iter().any(|(need, _)| is_asked(*need));
            if let Some(approval) = last_approval
                && !asked[at]
                && is_guarded(step)
                && has_users(&plan.environments, step)
            {
                needs.push((approval, On::Success));
                asked[at] = true;
            }
            // One that is asked for only after a failure stands beside the checklist.
            if step.kind == StepKind::Approval && needs.iter().all(|(_, on)| *on != On::Failure) {
                last_approval = Some(at);
            }
        }
        waits.push(needs);
    }
    waits
}

/// Returns the steps that wait for each step.
pub fn followers(waits: &Waits) -> Vec<Vec<usize>> {
    let mut followers = vec![Vec::new(); waits.len()];
    for (at, needs) in waits.iter().enumerate() {
        for (need, _) in needs.iter().flatten() {
            followers[*need].push(at);
        }
    }
    followers
}

/// Returns the approvals that each step waits for, directly or through others, in the order of the plan.
/// Steps that wait for the same ones share them.
pub fn approvals(plan: &Plan, waits: &Waits) -> Vec<Arc<Vec<usize>>> {
    let mut found: Vec<Arc<Vec<usize>>> = Vec::with_capacity(waits.len());
    let own = |need: usize| plan.steps[need].kind == StepKind::Approval;
    for (at, needs) in waits.iter().enumerate() {
        // A plan whose needs do not point backwards is not read.
        let needs: Vec<usize> = needs.iter().flatten().map(|(need, _)| *need).filter(|need| *need < at).collect();
        let first = needs.first().map(|need| Arc::clone(&found[*need])).unwrap_or_default();
        let is_same = |need: &usize| !own(*need) && (Arc::ptr_eq(&found[*need], &first) || found[*need] == first);
        found.push(if needs.iter().all(is_same) {
            first
        } else {
            let mut all: BTreeSet<usize> = needs.iter().flat_map(|need| found[*need].iter().copied()).collect();
            all.extend(needs.iter().copied().filter(|need| own(*need)));
            Arc::new(all.into_iter().collect())
        });
    }
    found
}

/// Returns the guards of a step, in the order of the plan: every one that it waits for, directly or
/// through others. `bool` tells whether the guard must have held: an approval always must; the
/// others need not where an `on: failure` or `on: done` lies between, which asks for their end only.
///
/// What watches a change in an environment that the step's own comes after is no guard of its own:
/// it is part of the proof that the change needs there; see [`super::proof`].
pub fn guards(plan: &Plan, waits: &Waits, at: usize) -> Vec<(usize, Guard, bool)> {
    let seen = behind(waits, &[at]);
    let env = plan.steps[at].env.as_deref();
    let found = seen.iter().enumerate().filter(|(_, how)| **how > 0);
    let guards = found.filter_map(|(step, how)| Some((step, guards_env(plan, step, env)?, *how)));
    guards.map(|(step, guard, how)| (step, guard, how == 2 || guard == Guard::Approval)).collect()
}

/// Returns the guards that a selection leaves out although it performs what they guard.
pub fn left_out(plan: &Plan, waits: &Waits, performed: &[bool]) -> Vec<usize> {
    let mut by_env: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (at, step) in plan.steps.iter().enumerate().filter(|(at, step)| performed[*at] && is_guarded(step)) {
        by_env.entry(step.env.as_deref()).or_default().push(at);
    }
    let mut missing = vec![false; plan.steps.len()];
    for (env, steps) in by_env {
        for (at, _) in behind(waits, &steps).iter().enumerate().filter(|(_, how)| **how > 0) {
            missing[at] |= !performed[at] && guards_env(plan, at, env).is_some();
        }
    }
    missing.iter().enumerate().filter(|(_, missing)| **missing).map(|(at, _)| at).collect()
}

/// Which sort of guard a step is to changes in an environment.
pub(super) fn guards_env(plan: &Plan, at: usize, env: Option<&str>) -> Option<Guard> {
    let step = &plan.steps[at];
    let guard = guard_of(step)?;
    let before = env.zip(step.env.as_deref()).is_some_and(|(env, before)| comes_after(plan, env, before));
    (guard != Guard::Watch || !before).then_some(guard)
}

/// Tells whether an environment comes after another one, directly or through others.
fn comes_after(plan: &Plan, env: &str, before: &str) -> bool {
    let after = |env: &str| plan.environments.get(env).and_then(|env| env.after.as_deref());
    // No more steps than there are environments: a circle is no way.
    let chain = std::iter::successors(after(env), |env| after(env));
    chain.take(plan.environments.len()).any(|env| env == before)
}

/// Of each step, whether any of some others waits for it: 0 no, 1 not for its success, 2 for success
/// all along.
pub fn behind(waits: &Waits, steps: &[usize]) -> Vec<u8> {
    let mut seen = vec![0_u8; waits.len()];
    let mut pending: Vec<(usize, u8)> = steps.iter().map(|step| (*step, 2)).collect();
    while let Some((step, how)) = pending.pop() {
        for (need, on) in waits[step].iter().flatten() {
            let how = if *on == On::Success { how } else { 1 };
            if seen[*need] < how {
                seen[*need] = how;
                pending.push((*need, how));
            }
        }
    }
    seen
}
