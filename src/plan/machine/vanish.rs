//! What must not go alone: a condition that takes out a guard takes out what it guards, too.
//!
//! In: a plan, what its steps wait for, and under which conditions each of them stands. Out: the steps
//! that a condition would leave without a guard. Pages are judged by it when they are planned (RB105), and
//! the machine asks it whether a guard that was passed over lets on. Knows neither what a condition says nor
//! whether it holds.

use super::guard::{Guard, Waits, behind, guard_of, guards_env, has_users, is_guarded};
use crate::plan::{On, Plan, StepKind};
use std::collections::BTreeSet;

/// What is left where a condition does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// The steps that do not stand under it: whether other conditions hold is not known.
    Others,
    /// The steps under no condition: none of them holds.
    Free,
}

/// What a condition leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bare<C> {
    /// The condition.
    pub condition: C,
    /// The steps that it leaves without a guard, in the order of the plan.
    pub steps: Vec<usize>,
    /// A guard of the first of them.
    pub guard: usize,
}

/// Returns what each condition would leave without a guard. A manual item may go: whatever a person is to
/// do stands in the text that approvers sign. Of all others this may go:
///
/// - an approval together with the change that it is for, where whatever changes something for users
///   behind them waits for an approval of its own;
/// - a check that comes before a change of the same environment which goes with it, and what watches such a
///   change, whether it stands before or behind it.
pub fn bare<C: Ord + Copy>(plan: &Plan, waits: &Waits, under: &[Vec<C>], left: Left) -> Vec<Bare<C>> {
    let guards = plan.steps.iter().zip(under).filter(|(step, _)| may_not_vanish(guard_of(step)).is_some());
    let conditions: BTreeSet<C> = guards.flat_map(|(_, own)| own.iter().copied()).collect();
    if conditions.is_empty() {
        return Vec::new();
    }
    let ways = Ways::of(plan, waits);
    let found = conditions.into_iter().filter_map(|condition| {
        let gone: Vec<bool> = under.iter().map(|own| own.contains(&condition)).collect();
        let stays = |at: usize| match left {
            Left::Others => !gone[at],
            Left::Free => under[at].is_empty(),
        };
        let stays: Vec<bool> = (0..under.len()).map(stays).collect();
        let (steps, sources) = ways.left_behind(&gone, &stays);
        let first = *steps.first()?;
        let before = behind(waits, &[first]);
        let guard = sources.into_iter().find(|guard| before[*guard] > 0)?;
        Some(Bare { condition, steps, guard })
    });
    found.collect()
}

fn may_not_vanish(guard: Option<Guard>) -> Option<Guard> {
    guard.filter(|guard| *guard != Guard::Manual)
}

/// A plan with its edges in both directions.
struct Ways<'p> {
    plan: &'p Plan,
    waits: &'p Waits,
    followers: Vec<Vec<(usize, On)>>,
}

impl Ways<'_> {
    fn of<'p>(plan: &'p Plan, waits: &'p Waits) -> Ways<'p> {
        let mut followers = vec![Vec::new(); waits.len()];
        for (at, needs) in waits.iter().enumerate() {
            for (need, on) in needs.iter().flatten() {
                followers[*need].push((at, *on));
            }
        }
        Ways { plan, waits, followers }
    }

    /// Returns the steps that stay without a guard that goes, in order, and all guards that go and should
    /// not.
    fn left_behind(&self, gone: &[bool], stays: &[bool]) -> (Vec<usize>, Vec<usize>) {
        let steps = &self.plan.steps;
        let guarded = |at: &usize| is_guarded(&steps[*at]);
        let going = || (0..steps.len()).filter(|at| gone[*at]);
        let changes: Vec<usize> = going().filter(guarded).collect();
        let staying: Vec<usize> = (0..steps.len()).filter(|at| stays[*at]).filter(guarded).collect();
        let of = |wanted: fn(Guard) -> bool| {
            let is_it = move |at: &usize| may_not_vanish(guard_of(&steps[*at])).is_some_and(wanted);
            going().filter(is_it).collect::<Vec<usize>>()
        };
        let mut found = BTreeSet::new();

        let before_changes = behind(self.waits, &changes);
        let approvals = of(|guard| guard == Guard::Approval);
        let (with_change, alone): (Vec<usize>, Vec<usize>) =
            approvals.into_iter().partition(|at| before_changes[*at] > 0);
        let unasked = self.reached(&alone, |_| true, |_| false);
        found.extend(staying.iter().copied().filter(|at| unasked[*at]));
        let own = |at: usize| stays[at] && steps[at].kind == StepKind::Approval;
        let unasked = self.reached(&with_change, |_| true, own);
        let users = |at: &usize| has_users(&self.plan.environments, &steps[*at]);
        found.extend(staying.iter().copied().filter(|at| unasked[*at]).filter(users));

        let looks = of(|guard| guard != Guard::Approval);
        let mut sources: BTreeSet<usize> = alone.into_iter().chain(with_change).collect();
        if !looks.is_empty() {
            let envs: BTreeSet<Option<&str>> = staying.iter().map(|at| steps[*at].env.as_deref()).collect();
            for env in envs {
                let here = |at: &usize| steps[*at].env.as_deref() == env;
                let changes: Vec<usize> = changes.iter().copied().filter(here).collect();
                let (before, after) = (behind(self.waits, &changes), self.reached(&changes, |_| true, |_| false));
                let is_theirs = |at: usize| before[at] > 0 || guard_of(&steps[at]) == Some(Guard::Watch) && after[at];
                let counts = |at: &usize| !is_theirs(*at) && guards_env(self.plan, *at, env).is_some();
                let looks: Vec<usize> = looks.iter().copied().filter(counts).collect();
                // Where only its end is waited for, it need not hold.
                let unseen = self.reached(&looks, |on| on == On::Success, |_| false);
                found.extend(staying.iter().copied().filter(here).filter(|at| unseen[*at]));
                sources.extend(looks);
            }
        }
        (found.into_iter().collect(), sources.into_iter().collect())
    }

    /// Tells which steps come after some, on edges that count, and not through a step that stops it.
    fn reached(&self, from: &[usize], counts: impl Fn(On) -> bool, stops: impl Fn(usize) -> bool) -> Vec<bool> {
        let mut reached = vec![false; self.followers.len()];
        let mut pending = from.to_vec();
        while let Some(at) = pending.pop() {
            for (follower, on) in &self.followers[at] {
                if counts(*on) && !reached[*follower] {
                    reached[*follower] = true;
                    if !stops(*follower) {
                        pending.push(*follower);
                    }
                }
            }
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::super::guard::waits;
    use super::*;
    use serde_json::{Value, json};

    /// A plan in sequence: of each step its id, its sort, its environment, and whether the condition has it.
    fn steps(steps: &[(&str, &str, &str, bool)]) -> Vec<String> {
        let step = |(at, (id, sort, env, _)): (usize, &(&str, &str, &str, bool))| {
            let kind = match *sort {
                "approval" | "manual" | "soak" => sort,
                _ => "run",
            };
            let needs: Vec<Value> =
                at.checked_sub(1).map(|at| json!({"step": steps[at].0, "on": "success"})).into_iter().collect();
            let mut value = json!({
                "id": id, "item": id, "group": null, "kind": kind, "title": id, "digest": "", "env": env, "needs": needs,
            });
            if kind == "run" {
                value["role"] = json!(sort);
                value["impact"] = json!(if *sort == "change" { "write" } else { "read" });
            }
            value
        };
        let mut plan: Plan = serde_json::from_value(json!({
            "format": 1, "runbook": "r", "stage": "bound", "kind": "release", "mode": "read-do", "params": {},
            "secrets": [], "components": [],
            "environments": {"staging": {"tier": 0}, "production": {"tier": 1, "after": "staging"}},
            "steps": steps.iter().enumerate().map(step).collect::<Vec<_>>(), "source": {"files": []}, "hash": "",
        }))
        .expect("the sample has the plan's shape");
        plan.seal();
        let under: Vec<Vec<u8>> = steps.iter().map(|(.., under)| under.then_some(1).into_iter().collect()).collect();
        let found = bare(&plan, &waits(&plan), &under, Left::Free);
        assert_eq!(found, bare(&plan, &waits(&plan), &under, Left::Others), "of one condition the same is left");
        found.iter().flat_map(|bare| &bare.steps).map(|at| plan.steps[*at].id.clone()).collect()
    }

    #[test]
    fn a_guard_does_not_go_without_what_it_guards() {
        let deploy = ("deploy", "change", "production", false);
        for sort in ["approval", "check", "verify", "monitor", "soak"] {
            assert_eq!(steps(&[("guard", sort, "production", true), deploy]), ["deploy"], "{sort}");
            let prep = ("prep", "change", "staging", true);
            // What changes staging is no reason for a guard of production to go.
            assert_eq!(steps(&[prep, ("guard", sort, "production", true), deploy]), ["deploy"], "{sort}");
            assert_eq!(steps(&[("guard", sort, "production", true), prep, deploy]), ["deploy"], "{sort}");
        }
        assert_eq!(steps(&[("look", "manual", "production", true), deploy]), [""; 0]);
    }

    #[test]
    fn a_guard_may_go_with_the_change_that_it_is_for() {
        let (migrate, deploy) = (("migrate", "change", "production", true), ("deploy", "change", "production", false));
        assert_eq!(steps(&[("look", "check", "production", true), migrate, deploy]), [""; 0]);
        assert_eq!(steps(&[migrate, ("look", "verify", "production", true), deploy]), [""; 0]);
        assert_eq!(
            steps(&[migrate, ("look", "check", "production", true), deploy]),
            ["deploy"],
            "it looks at no change"
        );
        // An approval may not, but where another one follows.
        assert_eq!(steps(&[("go", "approval", "production", true), migrate, deploy]), ["deploy"]);
        let again = ("again", "approval", "production", false);
        assert_eq!(steps(&[("go", "approval", "production", true), migrate, again, deploy]), [""; 0]);
        assert_eq!(steps(&[("go", "approval", "production", true), again, deploy]), ["deploy"], "the first is alone");
        let tidy = ("tidy", "change", "staging", false);
        assert_eq!(steps(&[("go", "approval", "production", true), migrate, tidy]), [""; 0], "it has no users");
    }

    #[test]
    fn what_watches_staging_may_go_with_staging() {
        let deploy = ("deploy", "change", "production", false);
        let staging = [("s.deploy", "change", "staging", true), ("s.watch", "verify", "staging", true), deploy];
        assert_eq!(steps(&staging), [""; 0], "the proof is missing then");
    }
}
