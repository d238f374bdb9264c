//! What an approval is about: the digest of everything that it lets through.
//!
//! An approval is bound to itself and to *every step that comes after it*, not only to those that
//! cannot be reached without it. That is the larger set and the safe one: a step that waits for this
//! approval and for another is let through by both, and a change of it must be seen by both. The
//! digest also covers the plan around the steps: parameters, components and their versions,
//! environments, variables and what happens on failure, whether or not a script names them.
//!
//! It is made as a Merkle tree over the plan's graph, from the last step to the first, so that the
//! cost is that of the plan and not of its square.

use super::guard::{Waits, followers};
use crate::plan::{Plan, StepKind, canonical_digest};
use crate::text::Digest;
use serde_json::Value;
use std::collections::BTreeMap;

/// Returns the scope digest of each approval, by its place in the plan: `sha256:` and 64 digits.
pub fn scopes(plan: &Plan, waits: &Waits) -> BTreeMap<usize, String> {
    let approvals = plan.steps.iter().enumerate().filter(|(_, step)| step.kind == StepKind::Approval);
    let approvals: Vec<usize> = approvals.map(|(at, _)| at).collect();
    if approvals.is_empty() {
        return BTreeMap::new();
    }
    let followers = followers(waits);
    let mut reach: Vec<String> = vec![String::new(); plan.steps.len()];
    // Needs point backwards, so whatever follows on a step has its digest already.
    for at in (0..plan.steps.len()).rev() {
        let mut after: Vec<&str> = followers[at].iter().map(|follower| reach[*follower].as_str()).collect();
        after.sort_unstable();
        let text = format!("opsbook scope of a step, 1\n{}\n{}\n", plan.steps[at].digest, after.join("\n"));
        reach[at] = Digest::of(text.as_bytes()).hex();
    }
    let frame = frame(plan);
    let scope = |at: usize| {
        let text = format!("opsbook scope of an approval, 1\n{frame}\n{}\n", reach[at]);
        (at, format!("sha256:{}", Digest::of(text.as_bytes()).hex()))
    };
    approvals.into_iter().map(scope).collect()
}

/// The digest of the plan around its steps.
fn frame(plan: &Plan) -> String {
    let bare = Plan { steps: Vec::new(), source: Default::default(), hash: String::new(), ..plan.clone() };
    let mut value = bare.to_value();
    if let Value::Object(fields) = &mut value {
        fields.retain(|name, _| !matches!(name.as_str(), "steps" | "source" | "hash"));
    }
    canonical_digest(&value)
}

/// Returns the places of the steps that an approval lets through, in the order of the plan.
pub fn lets_through(waits: &Waits, approval: usize) -> Vec<usize> {
    let mut reached = vec![false; waits.len()];
    reached[approval] = true;
    let mut through = Vec::new();
    for at in approval + 1..waits.len() {
        reached[at] = waits[at].iter().flatten().any(|(need, _)| reached[*need]);
        if reached[at] {
            through.push(at);
        }
    }
    through
}

#[cfg(test)]
mod tests {
    use super::super::guard::waits;
    use super::*;
    use serde_json::json;

    fn plan(change: impl FnOnce(&mut Value)) -> Plan {
        let step = |id: &str, kind: &str, needs: &[&str]| {
            json!({
                "id": id, "item": id, "group": null, "kind": kind, "title": id, "impact": "write", "digest": "",
                "env": "production", "run": {"shell": "bash", "script": "true"},
                "needs": needs.iter().map(|need| json!({"step": need, "on": "success"})).collect::<Vec<_>>(),
            })
        };
        let mut value = json!({
            "format": 1, "runbook": "r", "stage": "bound", "kind": "release", "mode": "read-do",
            "params": {"v": {"type": "string", "value": "1"}}, "secrets": [],
            "components": [{"name": "api", "path": "c", "from": null, "to": "1.0"}],
            "environments": {"production": {"tier": 1}},
            "steps": [step("look", "run", &[]), step("go", "approval", &["look"]), step("act", "run", &["go"]),
                      step("after", "run", &["act"]), step("beside", "run", &["look"])],
            "source": {"files": []}, "hash": "",
        });
        change(&mut value);
        let mut plan: Plan = serde_json::from_value(value).expect("the sample has the plan's shape");
        plan.seal();
        plan
    }

    fn scope(change: impl FnOnce(&mut Value)) -> String {
        let plan = plan(change);
        scopes(&plan, &waits(&plan))[&1].clone()
    }

    #[test]
    fn a_scope_is_all_that_comes_after_and_the_plan_around_it() {
        let before = scope(|_| {});
        assert_eq!(scope(|plan| plan["steps"][0]["run"]["script"] = json!("false")), before, "what came before");
        assert_eq!(scope(|plan| plan["source"]["commit"] = json!("abc")), before, "where it came from");
        let changes: [fn(&mut Value); 9] = [
            |plan| plan["steps"][1]["title"] = json!("Go?"),
            |plan| plan["steps"][2]["run"]["script"] = json!("false"),
            |plan| plan["steps"][3]["run"]["script"] = json!("false"),
            |plan| plan["steps"][3]["undo"] = json!({"block": "b", "title": "b", "shell": "bash", "script": "x"}),
            |plan| plan["steps"][3]["vars"] = json!({"OPSBOOK_ENV": "production"}),
            // It waits for no approval, so it waits for this one.
            |plan| plan["steps"][4]["run"]["script"] = json!("false"),
            |plan| plan["params"]["v"]["value"] = json!("2"),
            |plan| plan["components"][0]["to"] = json!("1.1"),
            |plan| plan["environments"]["production"]["allow_weak_identity"] = json!(true),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            assert_ne!(scope(change), before, "change {number}");
        }
    }

    #[test]
    fn what_is_let_through_is_listed_in_the_order_of_the_plan() {
        let plan = plan(|_| {});
        assert_eq!(lets_through(&waits(&plan), 1), [2, 3, 4]);
    }

    #[test]
    fn ten_thousand_steps_cost_no_more_than_ten_thousand() {
        let mut plan = plan(|_| {});
        let (go, act) = (plan.steps[1].clone(), plan.steps[2].clone());
        plan.steps = (0..10_000)
            .map(|at| {
                let mut step = if at % 2 == 0 { go.clone() } else { act.clone() };
                step.id = format!("s{at}");
                step.needs.retain(|_| at > 0);
                step.needs.iter_mut().for_each(|need| need.step = format!("s{}", at - 1));
                step
            })
            .collect();
        plan.seal();
        assert_eq!(scopes(&plan, &waits(&plan)).len(), 5_000);
    }
}
