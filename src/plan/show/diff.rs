//! What changed between two plans, by digest.

use crate::plan::model::{Plan, Step, StepKind};
use serde_json::Value;
use std::collections::BTreeMap;

/// A difference of two plans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The new plan has a step that the old one does not have.
    Added(String),
    /// The old plan has a step that the new one does not have.
    Removed(String),
    /// A step's content differs; the keys that do.
    Changed(String, Vec<String>),
    /// Something beside the steps differs.
    Plan(String),
}

/// Compares two plans: the plan's own values first, then steps in the order of the new plan, then
/// those that are gone.
pub fn diff(old: &Plan, new: &Plan) -> Vec<Change> {
    let mut out = Vec::new();
    let (old_value, new_value) = (old.to_value(), new.to_value());
    for key in keys(&old_value, &new_value) {
        if !matches!(key.as_str(), "steps" | "source" | "hash") && old_value.get(&key) != new_value.get(&key) {
            out.push(Change::Plan(key));
        }
    }
    let by_id: BTreeMap<&str, &Step> = old.steps.iter().map(|step| (step.id.as_str(), step)).collect();
    for step in &new.steps {
        match by_id.get(step.id.as_str()) {
            None => out.push(Change::Added(step.id.clone())),
            Some(before) if before.digest == step.digest => {}
            Some(before) => {
                let value = |step: &Step| serde_json::to_value(step).unwrap_or(Value::Null);
                let (a, b) = (value(before), value(step));
                let differs = |key: &String| !matches!(key.as_str(), "source" | "digest") && a.get(key) != b.get(key);
                out.push(Change::Changed(step.id.clone(), keys(&a, &b).into_iter().filter(differs).collect()));
            }
        }
    }
    let new_ids: BTreeMap<&str, ()> = new.steps.iter().map(|step| (step.id.as_str(), ())).collect();
    let gone = old.steps.iter().filter(|step| !new_ids.contains_key(step.id.as_str()));
    out.extend(gone.map(|step| Change::Removed(step.id.clone())));
    out
}

fn keys(a: &Value, b: &Value) -> Vec<String> {
    let names =
        |value: &Value| value.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    let mut keys = [names(a), names(b)].concat();
    keys.sort();
    keys.dedup();
    keys
}

/// Returns the differences as text, and which approvals still hold: those whose step is the same.
pub fn diff_text(old: &Plan, new: &Plan) -> String {
    let changes = diff(old, new);
    let mut out = String::new();
    if changes.is_empty() {
        out.push_str("the two plans do the same\n");
    }
    for change in &changes {
        out.push_str(&match change {
            Change::Added(id) => format!("+ {id}\n"),
            Change::Removed(id) => format!("- {id}\n"),
            Change::Changed(id, keys) => format!("~ {id} ({})\n", keys.join(", ")),
            Change::Plan(key) => format!("~ the plan's {key}\n"),
        });
    }
    for approval in new.steps.iter().filter(|step| step.kind == StepKind::Approval) {
        let same = old.step(&approval.id).is_some_and(|before| before.digest == approval.digest);
        // An approval is given for a plan and a step; a policy may let it stand while the step is the same.
        let verdict = if old.hash == new.hash {
            "holds"
        } else if same {
            "is void unless the policy reuses approvals of the same digest"
        } else {
            "is void"
        };
        out.push_str(&format!("approval {} {verdict}\n", approval.id));
    }
    out
}
