//! Staging before production, as a rule of the runner (RUNBOOK-FORMAT, section 3.7).
//!
//! A change in an environment that comes after another one may begin only when that one has seen the
//! same change succeed and pass its watch. The same change is: the same component and version, the
//! same parameters that the step reads, the same work, with what belongs to the environment taken
//! out. Proof stands in this run or in earlier ones. Knows no clock: how old a proof may be is for
//! whoever asks to judge, by the time that is returned.

use super::guard::{Guard, behind, guard_of, is_guarded, waits};
use super::{Event, IdentitySource, Kept, Run, SkipReason, StepState, StepStatus, Vouched};
use crate::plan::{Plan, Step, StepKind};
use serde_json::Value;
use std::collections::BTreeMap;

/// Why a step may not start yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unproven {
    /// The environment that must prove it first.
    pub environment: String,
    /// What is missing there, as a sentence without a full stop.
    pub missing: String,
}

/// Returns the environment that must have seen a step's change first. Steps that only look, and those
/// in an environment that comes after none, need no proof.
pub fn proving_environment(plan: &Plan, step: &Step) -> Option<String> {
    let after = step.env.as_ref().and_then(|env| plan.environments.get(env)?.after.clone());
    after.filter(|_| is_guarded(step))
}

/// Asks whether this run itself has proven a step's change, and returns when; `None` where none is
/// needed.
///
/// # Errors
/// Returns what is missing.
pub fn proven(run: &Run, step: &Step) -> Result<Option<String>, Unproven> {
    let Some(environment) = proving_environment(run.plan(), step) else {
        return Ok(None);
    };
    let found = proven_in(run, run, step, &environment);
    found.map(Some).map_err(|(_, missing)| Unproven { environment, missing })
}

/// Asks the same of earlier runs: says what comes nearest where none has.
///
/// # Errors
/// Returns what is missing.
pub fn proven_by(wanted: &Run, step: &Step, earlier: &[Run]) -> Result<Option<String>, Unproven> {
    let Some(environment) = proving_environment(wanted.plan(), step) else {
        return Ok(None);
    };
    let mut missing = None;
    for run in std::iter::once(wanted).chain(earlier) {
        match proven_in(run, wanted, step, &environment) {
            Ok(at) => return Ok(Some(at)),
            // The nearest miss says most: keep what came furthest.
            Err(why) => missing = missing.max(Some(why)),
        }
    }
    let missing = missing.map_or_else(String::new, |(_, missing)| missing);
    Err(Unproven { environment, missing })
}

/// Tells whether a text is the name of a run, which is one of a folder and no way to anywhere.
pub fn is_name_of_run(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0'])
}

/// Makes the record of what an earlier run has seen that this one need not see again: the guards that
/// held there for the same content, and the changes that it has proven.
pub fn evidence_of(wanted: &Run, earlier: &Run, name: &str, head: &str) -> Event {
    let (mut guards, mut proofs) = (BTreeMap::new(), BTreeMap::new());
    // Scripts that saw other variables have shown something else.
    let same = wanted.passed() == earlier.passed();
    for step in wanted.plan().steps.iter().filter(|_| same) {
        if let Some(vouched) = vouched(wanted, step, earlier) {
            guards.insert(step.id.clone(), vouched);
        }
        let environment = proving_environment(wanted.plan(), step);
        if let Some(Ok(at)) = environment.map(|environment| proven_in(earlier, wanted, step, &environment)) {
            proofs.insert(step.id.clone(), at);
        }
    }
    Event::RunEvidence { run: name.to_owned(), head: head.to_owned(), guards, proofs }
}

/// Sees that what a journal says about an earlier run is what that run says: what was taken over, and
/// what it is evidence of. `run` stands just before the event, `earlier` where the event says.
///
/// # Errors
/// Returns what the earlier run does not bear out.
pub fn borne_out(run: &Run, event: &Event, earlier: &Run) -> Result<(), String> {
    match event {
        Event::RunRebased { kept, .. } => {
            let own = taken_over(run, earlier);
            match kept.iter().find(|(step, kept)| own.get(*step) != Some(*kept)) {
                Some((step, _)) => Err(format!("it has not done `{step}` as this run says")),
                None => Ok(()),
            }
        }
        Event::RunEvidence { run: name, head, guards, proofs } => {
            let Event::RunEvidence { guards: own_guards, proofs: own_proofs, .. } =
                evidence_of(run, earlier, name, head)
            else {
                return Ok(());
            };
            let guard = guards.iter().find(|(step, vouched)| own_guards.get(*step) != Some(*vouched));
            let proof = proofs.iter().find(|(step, at)| own_proofs.get(*step) != Some(*at));
            match guard.map(|(step, _)| step).or(proof.map(|(step, _)| step)) {
                Some(step) => Err(format!("it is no evidence for `{step}`")),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// Tells whether an earlier run still says of a guard what it said when it was named as evidence.
pub fn still_vouches(wanted: &Run, step: &Step, earlier: &Run, was: &Vouched) -> bool {
    vouched(wanted, step, earlier).as_ref() == Some(was)
}

/// What an earlier run has seen of a guard, where it held there and was the same.
fn vouched(wanted: &Run, step: &Step, earlier: &Run) -> Option<Vouched> {
    let (place, guard) = (earlier.place(&step.id)?, guard_of(step)?);
    let (there, status) = (&earlier.plan().steps[place], earlier.status(&step.id)?);
    if guard == Guard::Approval {
        // The scope is what comes after; what comes before must be what it was, too.
        let before = behind(wanted.waits(), &wanted.place(&step.id).into_iter().collect::<Vec<_>>());
        let mut before = wanted.plan().steps.iter().zip(&before).filter(|(_, how)| **how > 0);
        let same = wanted.scope(&step.id) == earlier.scope(&step.id)
            && status.state == StepState::Succeeded
            && before.all(|(step, _)| same_step(wanted.plan(), step, earlier.plan()));
        let times = status.decisions.iter().flat_map(|(ts, decision)| std::iter::once(ts).chain(&decision.at));
        let by = status.decisions.iter().map(|(_, decision)| decision.by.clone()).collect();
        let weak = status.decisions.iter().filter(|(_, decision)| decision.source == IdentitySource::OsUser);
        let accounts = weak.map(|(_, decision)| decision.by.clone()).collect();
        return Some(Vouched { at: times.min().filter(|_| same)?.clone(), by, accounts });
    }
    let same = there.digest == step.digest && same_params(wanted.plan(), earlier.plan(), step);
    Some(Vouched { at: status.ended_at.clone().filter(|_| same && done(status))?, ..Vouched::default() })
}

/// Returns what a run of a plan takes over of an earlier run: steps that are the same, are done, and
/// whose needs are taken over too. What people allowed is not, and what it let through stays done.
pub fn taken_over(wanted: &Run, earlier: &Run) -> BTreeMap<String, Kept> {
    let mut kept: BTreeMap<String, Kept> = BTreeMap::new();
    if wanted.passed() != earlier.passed() {
        return kept;
    }
    let plan = wanted.plan();
    let mut passed = vec![false; plan.steps.len()];
    for (at, (step, needs)) in plan.steps.iter().zip(waits(plan)).enumerate() {
        if !needs.iter().flatten().all(|(need, _)| passed[*need]) {
            continue;
        }
        if step.kind == StepKind::Approval {
            passed[at] = true;
            continue;
        }
        let status = earlier.status(&step.id).filter(|status| done(status) && same_step(plan, step, earlier.plan()));
        if let Some(status) = status {
            passed[at] = true;
            kept.insert(
                step.id.clone(),
                Kept {
                    at: status.ended_at.clone().unwrap_or_default(),
                    outputs: status.outputs.clone(),
                    previous_revision: status.previous_revision.clone(),
                    already_true: status.state != StepState::Succeeded,
                    by_word: status.is_by_word(),
                },
            );
        }
    }
    kept
}

/// Tells whether a step that one plan has done is the step of another: the same digest, and of a change
/// the same parameters where it may read them without naming them.
pub fn same_step(ours: &Plan, step: &Step, theirs: &Plan) -> bool {
    let there = theirs.step(&step.id);
    there.is_some_and(|there| there.digest == step.digest && same_params(ours, theirs, step))
}

fn same_params(ours: &Plan, theirs: &Plan, step: &Step) -> bool {
    !is_guarded(step) || !is_opaque(ours, step) || params(ours) == params(theirs)
}

/// The parameters as scripts see them.
fn params(plan: &Plan) -> BTreeMap<&str, &str> {
    let vars = plan.vars.iter().filter(|(name, _)| !matches!(name.as_str(), "COMPONENTS" | "CHART_PATHS"));
    vars.map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// Tells whether what a step reads cannot be seen: its script names neither a parameter nor a
/// component's value, so that the programs it calls may read any of them.
fn is_opaque(plan: &Plan, step: &Step) -> bool {
    let Some(run) = step.run.as_ref().filter(|_| step.kind == StepKind::Run) else {
        return false;
    };
    let words = run.script.split(|ch: char| !(ch.is_ascii_alphanumeric() || ch == '_'));
    let mut words = words.filter(|word| !word.is_empty());
    let is_own = |word: &str| step.vars.get(word).is_some_and(|value| !is_environments(plan, step, word, value));
    !words.any(|word| plan.vars.contains_key(word) || is_own(word))
}

/// Tells whether a variable is what a step's environment says about itself.
fn is_environments(plan: &Plan, step: &Step, name: &str, value: &str) -> bool {
    let env = step.env.as_ref().and_then(|env| plan.environments.get(env));
    name == "OPSBOOK_ENV" || env.is_some_and(|env| env.vars.get(name).is_some_and(|own| own == value))
}

/// How far a run's proof goes, and why not further.
type Miss = (u8, String);

/// Asks whether a run has proven a step of another one, and returns when the change was made there.
fn proven_in(run: &Run, wanted: &Run, step: &Step, environment: &str) -> Result<String, Miss> {
    let what = match &step.component {
        Some(name) => format!("`{}` of `{name}`", step.item),
        None => format!("`{}`", step.item),
    };
    let of_lists = |step: &Step| step.each.values().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" ");
    // The same item for another word of its list, which is another machine and proves nothing.
    let cousin = |other: &&Step| {
        let place = other.env.as_deref() == Some(environment) && other.component == step.component;
        place && other.item == step.item && other.each != step.each && is_guarded(other)
    };
    let not_run = || match run.plan().steps.iter().find(cousin).filter(|_| !step.each.is_empty()) {
        Some(other) => {
            let (own, other) = (of_lists(step), of_lists(other));
            (
                0,
                format!(
                    "{what} for {own} has not run in `{environment}`, where its list has {other}: both lists must have it"
                ),
            )
        }
        None => (0, format!("{what} has not run in `{environment}`")),
    };
    // Without a component nothing but the runbook says what a step is about.
    if run.plan().runbook != wanted.plan().runbook && step.component.is_none() {
        return Err(not_run());
    }
    let is_twin = |other: &Step| {
        let place = other.env.as_deref() == Some(environment) && other.component == step.component;
        place && other.each == step.each && other.item == step.item && is_guarded(other)
    };
    if run.passed() != wanted.passed() {
        return Err((1, format!("{what} ran in `{environment}` with other variables passed on: {}", passed(run))));
    }
    let mut miss = not_run();
    for (at, (twin, status)) in run.statuses().enumerate().filter(|(_, (other, _))| is_twin(other)) {
        let Some(ended_at) = status.ended_at.clone().filter(|_| done(status)) else {
            continue;
        };
        if let Some(other) = difference(run.plan(), twin, wanted.plan(), step) {
            miss = miss.max((1, format!("{what} ran in `{environment}` as something else: {other}")));
            continue;
        }
        match watched(run, at, &ended_at, wanted, step, environment) {
            Ok(()) => return Ok(ended_at),
            Err(why) => miss = miss.max((2, format!("{what} ran in `{environment}`, but {why}"))),
        }
    }
    Err(miss)
}

/// The variables that a run passes on, for people.
fn passed(run: &Run) -> String {
    let names: Vec<String> = run.passed().iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// Sees that whatever was to watch a change has passed since the change was made.
fn watched(run: &Run, twin: usize, since: &str, wanted: &Run, step: &Step, environment: &str) -> Result<(), String> {
    let of_it = |other: &Step| {
        let component = other.component == step.component || other.component.is_none();
        other.env.as_deref() == Some(environment) && component && (other.each == step.each || other.each.is_empty())
    };
    let passed = |status: &StepStatus| {
        let ended_at = status.ended_at.as_deref();
        status.state == StepState::Succeeded && ended_at.is_some_and(|ended_at| ended_at >= since)
    };
    for (other, status) in run.statuses().filter(|(other, _)| of_it(other)) {
        let failed = !matches!(status.state, StepState::Skipped { .. } | StepState::Pending) && !done(status);
        let later = status.touched_at().or(status.ended_at.as_deref()).is_some_and(|at| at >= since);
        if failed && later && (is_guarded(other) || guard_of(other) == Some(Guard::Watch)) {
            return Err(format!("`{}` has failed or been undone there since", other.id));
        }
    }
    // What the wanted plan has between the two must have passed where the change was made.
    let between = behind(wanted.waits(), &wanted.place(&step.id).into_iter().collect::<Vec<_>>());
    let demanded = wanted.plan().steps.iter().zip(&between).filter(|(other, how)| {
        **how > 0 && of_it(other) && guard_of(other) == Some(Guard::Watch) && follows_twin(wanted, other, step)
    });
    for (watch, _) in demanded {
        let is_it = |other: &Step| {
            let place = of_it(other) && other.item == watch.item && other.component == watch.component;
            place && other.each == watch.each && difference(run.plan(), other, wanted.plan(), watch).is_none()
        };
        if !run.statuses().any(|(other, status)| is_it(other) && passed(status)) {
            return Err(format!("`{}` has not passed there since", watch.id));
        }
    }
    let (own, status) = (&run.plan().steps[twin], run.statuses().nth(twin).map(|(_, status)| status));
    // Whoever settled a step in doubt by word of mouth has not verified it.
    let verified = own.verify.is_some() && status.is_some_and(|status| status.state == StepState::Succeeded);
    let watches = |other: &Step| guard_of(other) == Some(Guard::Watch) || other.monitor.is_some();
    if verified || run.statuses().any(|(other, status)| of_it(other) && watches(other) && passed(status)) {
        return Ok(());
    }
    Err("no step that verifies or monitors it has passed there since".to_owned())
}

/// Tells whether a watch comes after the change that a step's proof is made of.
fn follows_twin(wanted: &Run, watch: &Step, step: &Step) -> bool {
    let before = behind(wanted.waits(), &wanted.place(&watch.id).into_iter().collect::<Vec<_>>());
    let twin = |other: &Step| {
        let place = other.env == watch.env && other.component == step.component && other.each == step.each;
        place && other.item == step.item && is_guarded(other)
    };
    wanted.plan().steps.iter().zip(&before).any(|(other, how)| *how > 0 && twin(other))
}

/// Says why a later run takes a proof away: what it did in the environment since.
pub fn undone_by(other: &Run, wanted: &Run, step: &Step, since: &str) -> Option<String> {
    let environment = proving_environment(wanted.plan(), step)?;
    let same_book = other.plan().runbook == wanted.plan().runbook;
    other.statuses().find_map(|(there, status)| {
        let of_it = match (&there.component, &step.component) {
            (Some(there), Some(own)) => there == own,
            _ => same_book,
        };
        let counts = is_guarded(there) || guard_of(there) == Some(Guard::Watch);
        let at = status.touched_at().max(status.ended_at.as_deref()).filter(|at| *at > since)?;
        if there.env.as_ref() != Some(&environment) || !of_it || !counts {
            return None;
        }
        let id = &there.id;
        match status.state {
            StepState::Pending | StepState::Skipped { .. } => None,
            StepState::Succeeded
                if there.item != step.item || there.component != step.component || there.each != step.each =>
            {
                None
            }
            StepState::Succeeded => difference(other.plan(), there, wanted.plan(), step)
                .map(|what| format!("`{id}` put something else there at {at}: {what}")),
            StepState::Running | StepState::Verifying | StepState::RollingBack => {
                Some(format!("`{id}` is at work there"))
            }
            StepState::RolledBack => Some(format!("`{id}` was undone there at {at}")),
            _ => Some(format!("`{id}` failed there at {at}")),
        }
    })
}

/// Says how two steps differ in what they do, with what belongs to their environments taken out.
fn difference(theirs: &Plan, there: &Step, ours: &Plan, here: &Step) -> Option<String> {
    let (left, right) = (vars_of(theirs, there), vars_of(ours, here));
    let other = |name: &str, then: Option<&str>, now: Option<&str>| {
        let text = |value: Option<&str>| value.map_or("not set".to_owned(), |value| format!("`{value}`"));
        Some(format!("{name} was {} and is {}", text(then), text(now)))
    };
    for name in left.keys().chain(right.keys()) {
        let (then, now) = (left.get(name), right.get(name));
        // What whoever plans has chosen is another thing as soon as it is another text: a build that is
        // called after its environment is another build.
        let chosen = name.starts_with("COMPONENT_") || theirs.vars.contains_key(name) || ours.vars.contains_key(name);
        if then != now && (chosen || !same_text(then, there, now, here)) {
            return other(name, then.map(String::as_str), now.map(String::as_str));
        }
    }
    // Typed work has the values of parameters in its text.
    let (work_then, work_now) = (work_of(there), work_of(here));
    let in_text =
        |work: &[(&str, Value)], value: &str| !value.is_empty() && work.iter().any(|(_, part)| holds_text(part, value));
    for (name, then) in &theirs.vars {
        let now = ours.vars.get(name).filter(|now| *now != then && same_text(Some(then), there, Some(now), here));
        if now.is_some_and(|now| in_text(&work_then, then) && in_text(&work_now, now)) {
            return other(name, Some(then), now.map(String::as_str));
        }
    }
    for (field, then, now) in work_then.into_iter().zip(work_now).map(|((field, then), (_, now))| (field, then, now)) {
        if !same_value(&then, there, &now, here) {
            return Some(format!("its {field} is another"));
        }
    }
    None
}

/// The variables that a step reads, without those of its environment.
fn vars_of(plan: &Plan, step: &Step) -> BTreeMap<String, String> {
    let named = |name: &str| {
        let actions = [&step.verify, &step.undo, &step.monitor].into_iter().flatten();
        let scripts = step.run.iter().map(|run| &run.script).chain(&step.check);
        let mut scripts = scripts.chain(actions.map(|action| &action.script));
        scripts.any(|script| script.split(|ch: char| !(ch.is_ascii_alphanumeric() || ch == '_')).any(|it| it == name))
    };
    let counts = |name: &str, value: &str| match name {
        "COMPONENT_FROM" | "COMPONENT_TAG" => named(name),
        _ => !is_environments(plan, step, name, value),
    };
    let mut vars: BTreeMap<String, String> = step.vars.clone();
    if is_opaque(plan, step) {
        vars.extend(params(plan).into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
    vars.retain(|name, value| counts(name, value));
    vars
}

/// What a step does, part by part.
fn work_of(step: &Step) -> Vec<(&'static str, Value)> {
    let value = |part: Result<Value, serde_json::Error>| part.expect("every map of a step has text keys");
    vec![
        ("kind", value(serde_json::to_value((step.kind, step.role, step.impact)))),
        ("script", value(serde_json::to_value(&step.run))),
        ("Helm release", value(serde_json::to_value(&step.helm))),
        ("check", value(serde_json::to_value(&step.check))),
        ("verification", value(serde_json::to_value(&step.verify))),
        ("undo", value(serde_json::to_value((&step.undo, &step.rollback)))),
        ("monitor", value(serde_json::to_value((&step.monitor, step.wait_s)))),
        ("expectation", value(serde_json::to_value((&step.expect, step.timeout_s, &step.retries)))),
    ]
}

/// Tells whether a text stands in one of a value's.
fn holds_text(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own.contains(text),
        Value::Array(items) => items.iter().any(|item| holds_text(item, text)),
        Value::Object(entries) => entries.values().any(|item| holds_text(item, text)),
        _ => false,
    }
}

fn same_value(a: &Value, of_a: &Step, b: &Value, of_b: &Step) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => same_text(Some(a), of_a, Some(b), of_b),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_value(a, of_a, b, of_b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let same = |(key, a): (&String, &Value)| b.get(key).is_some_and(|b| same_value(a, of_a, b, of_b));
            a.len() == b.len() && a.iter().all(same)
        }
        _ => a == b,
    }
}

/// Two texts are the same as they stand, or with each step's own id and environment taken out.
fn same_text(a: Option<&String>, of_a: &Step, b: Option<&String>, of_b: &Step) -> bool {
    let neutral = |text: &String, step: &Step| {
        let text = text.replace(&step.id, "${step}");
        step.env.as_ref().map_or(text.clone(), |env| without_word(&text, env))
    };
    match (a, b) {
        (Some(a), Some(b)) => a == b || neutral(a, of_a) == neutral(b, of_b),
        _ => a == b,
    }
}

/// Replaces a word by `${env}` wherever it stands alone.
fn without_word(text: &str, word: &str) -> String {
    if word.is_empty() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        let joined = |ch: Option<char>| ch.is_some_and(char::is_alphanumeric);
        out.push_str(before);
        let alone = !joined(out.chars().next_back()) && !joined(after.chars().next());
        out.push_str(if alone { "${env}" } else { word });
        rest = after;
    }
    out + rest
}

fn done(status: &StepStatus) -> bool {
    matches!(status.state, StepState::Succeeded | StepState::Skipped { reason: SkipReason::AlreadyTrue, .. })
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
                "env": env, "component": "cavern", "digest": "", "vars": {"COMPONENT_VERSION": version},
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
        for (at, step) in done.iter().enumerate() {
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
            run.apply(&format!("2026-05-04T12:00:{:02}Z", 2 * at + 1), &started).expect("it is ready");
            run.apply(&format!("2026-05-04T12:00:{:02}Z", 2 * at + 2), &finished).expect("it is running");
        }
        run
    }

    #[test]
    fn production_waits_for_staging_and_its_watch() {
        let plan = plan("1.0");
        let production = plan.step("p.deploy").expect("it is a step");
        let ask = |done: &[&str]| proven_by(&run_with(&plan, done), production, &[]).map_err(|why| why.missing);
        assert_eq!(ask(&[]), Err("`deploy` of `cavern` has not run in `staging`".to_owned()));
        assert!(ask(&["s.deploy"]).is_err_and(|why| why.contains("no step that verifies or monitors")));
        assert!(ask(&["s.deploy", "s.watch"]).is_ok_and(|at| at.is_some()));
    }

    #[test]
    fn an_earlier_run_proves_the_same_version_only() {
        let plan = plan("1.0");
        let production = plan.step("p.deploy").expect("it is a step");
        let same = run_with(&plan, &["s.deploy", "s.watch"]);
        assert!(proven_by(&run_with(&plan, &[]), production, &[same]).is_ok());
        let other = run_with(&self::plan("0.9"), &["s.deploy", "s.watch"]);
        assert!(proven_by(&run_with(&plan, &[]), production, &[other]).is_err());
    }
}
