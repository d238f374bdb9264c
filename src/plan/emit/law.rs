//! The law that every engine keeps, in no engine's words: what a step waits for, what it sees, what
//! must have been proven before it, what becomes of it, and when it is undone.
//!
//! In: a bound plan, and the machine's rules of guards and proofs. Out: a [`Law`], from which a target
//! is written (`content/contributing/architecture.md` says how). Knows no engine and no shell.

use crate::plan::machine::guard::{self, Guard, behind, guard_of, is_guarded};
use crate::plan::machine::{Decision, Event, IdentitySource, Run, SkipReason, StepResult, proof};
use crate::plan::{Action, On, Outputs, Plan, RollbackPolicy, RollbackScope, Step, StepKind};
use crate::runbook::{Condition, OUTPUTS};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How deep a formula is followed through steps that may be passed over well.
const DEEPEST: usize = 8;

/// What is to be done with a plan.
pub(super) struct Law<'p> {
    pub(super) plan: &'p Plan,
    /// One for each step, in the order of the plan.
    pub(super) duties: Vec<Duty<'p>>,
    /// How far a rollback reaches, where there is one.
    pub(super) undoing: Option<RollbackScope>,
}

/// What is to be done about a step.
pub(super) struct Duty<'p> {
    pub(super) at: usize,
    pub(super) step: &'p Step,
    /// What it waits for, by place.
    pub(super) waits: Vec<Wait>,
    /// Its condition over outputs.
    pub(super) wanted: Option<Condition>,
    /// What the environment before must have seen.
    pub(super) proof: Proof,
    pub(super) scripts: Scripts<'p>,
    /// The variables that its scripts see.
    pub(super) vars: BTreeMap<String, String>,
    /// The outputs that its scripts mention: variable, step, key.
    pub(super) outputs: Vec<(String, &'p str, &'p str)>,
    /// The secrets that its scripts see.
    pub(super) secrets: Vec<&'p str>,
    /// The secret that holds the kubeconfig of its environment.
    pub(super) kubeconfig: Option<&'p str>,
    /// Whether a rollback undoes it.
    pub(super) undoable: bool,
}

/// The scripts of a step.
pub(super) struct Scripts<'p> {
    pub(super) main: Option<Action>,
    pub(super) check: Option<Action>,
    pub(super) verify: Option<&'p Action>,
    pub(super) undo: Option<&'p Action>,
    pub(super) monitor: Option<&'p Action>,
    pub(super) until: Option<&'p Action>,
}

/// One thing that a step waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wait {
    /// The place of the other step, an earlier one.
    pub(super) step: usize,
    pub(super) how: How,
}

/// How another step must have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum How {
    /// Well: it was done, there was nothing to do, or it was passed over without a failure.
    Well,
    /// Not well.
    Badly,
    /// It was done or there was nothing to do; being passed over for another reason than its condition is
    /// not enough.
    Held,
    /// In any way.
    Ended,
}

impl How {
    /// Tells whether it asks for a success.
    pub(super) fn is_for_success(self) -> bool {
        matches!(self, How::Well | How::Held)
    }
}

/// What the environment before must have seen of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// Nothing, or the order alone sees to it.
    Given,
    /// These steps must have passed.
    Asked { environment: String, of: Vec<(usize, Seen)> },
    /// No step of this plan can prove it.
    Lacking { environment: String, why: String },
}

/// How a step that is part of a proof must have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// Done, or nothing was left to do.
    Done,
    /// Done here.
    Passed,
    /// Not badly.
    Well,
}

/// A sentence about how steps have ended, for engines that decide themselves what may begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Formula {
    Succeeded(usize),
    PassedOver(usize),
    Ended(usize),
    Not(Box<Formula>),
    All(Vec<Formula>),
    Any(Vec<Formula>),
}

impl<'p> Law<'p> {
    /// Works out the law for a plan.
    pub(super) fn of(plan: &'p Plan) -> Law<'p> {
        let policy = plan.on_failure.as_ref().filter(|policy| policy.rollback == RollbackPolicy::Reverse);
        let undoing = policy.map(|policy| policy.scope);
        let needs = guard::waits(plan);
        let mut waits: Vec<Vec<Wait>> = (0..plan.steps.len()).map(|at| waits_of(plan, &needs, at)).collect();
        let proofs = proofs(plan, &needs, &mut waits);
        make_room(plan, &mut waits);
        let outputs = Outputs::of(plan);
        let duties = plan.steps.iter().zip(waits).zip(proofs).enumerate().map(|(at, ((step, mut waits), proof))| {
            waits.sort_unstable();
            waits.dedup();
            let scripts = scripts_of(step);
            Duty {
                at,
                step,
                waits,
                // What cannot be read as a condition never holds.
                wanted: step
                    .when
                    .as_ref()
                    .map(|when| Condition::parse(when).unwrap_or_else(|_| Condition::In(String::new(), Vec::new()))),
                proof,
                vars: vars_of(plan, step),
                outputs: outputs_used(&outputs, plan, step, &scripts),
                scripts,
                secrets: secrets_of(plan, step),
                kubeconfig: kubeconfig_of(plan, step),
                undoable: undoing.is_some() && step.undo.is_some() && step.writes(),
            }
        });
        Law { plan, duties: duties.collect(), undoing }
    }

    /// The place of a step.
    pub(super) fn place(&self, step: &str) -> usize {
        self.plan.steps.iter().position(|other| other.id == step).expect("outputs and needs are those of steps")
    }

    /// Tells whether a step can be passed over without a failure, because what it waits for did not come.
    pub(super) fn may_be_idle(&self, at: usize) -> bool {
        self.duties[at].waits.iter().any(|wait| match wait.how {
            How::Badly => true,
            How::Held => self.may_be_idle(wait.step),
            How::Well | How::Ended => false,
        })
    }

    /// The step whose answer a step's condition asks for, for engines that ask nobody.
    pub(super) fn asks_a_person(&self, duty: &Duty<'_>) -> Option<&'p Step> {
        let asks = duty.asks();
        self.plan.steps.iter().find(|step| !step.capture.is_empty() && asks.contains(&step.id))
    }

    /// When a step has ended well.
    pub(super) fn well(&self, at: usize) -> Formula {
        self.well_to(at, 0)
    }

    fn well_to(&self, at: usize, depth: usize) -> Formula {
        if !self.may_be_idle(at) {
            return Formula::Succeeded(at);
        }
        let mut passed_over = vec![Formula::PassedOver(at)];
        if depth < DEEPEST {
            let needed = self.duties[at].waits.iter().filter(|wait| wait.how.is_for_success());
            passed_over.extend(needed.map(|wait| self.well_to(wait.step, depth + 1)));
        }
        Formula::Any(vec![Formula::Succeeded(at), Formula::All(passed_over)])
    }

    /// When a step may begin.
    pub(super) fn ready(&self, at: usize) -> Formula {
        let waits = self.duties[at].waits.iter().map(|wait| match wait.how {
            How::Well => self.well(wait.step),
            How::Badly => Formula::All(vec![Formula::Ended(wait.step), Formula::Not(Box::new(self.well(wait.step)))]),
            How::Held => Formula::Succeeded(wait.step),
            How::Ended => Formula::Ended(wait.step),
        });
        Formula::All(waits.collect())
    }

    /// Of each step, whether it comes before another by success all along.
    pub(super) fn before(&self, at: usize) -> Vec<bool> {
        let mut before = vec![false; self.duties.len()];
        let mut open = vec![at];
        while let Some(step) = open.pop() {
            for wait in self.duties[step].waits.iter().filter(|wait| wait.how.is_for_success()) {
                if !std::mem::replace(&mut before[wait.step], true) {
                    open.push(wait.step);
                }
            }
        }
        before
    }

    /// The steps that a rollback may undo, the last first, in stretches of one environment.
    pub(super) fn stretches(&self) -> Vec<Vec<usize>> {
        let mut stretches: Vec<Vec<usize>> = Vec::new();
        for duty in self.duties.iter().rev().filter(|duty| duty.undoable) {
            match stretches.last_mut().filter(|last| self.duties[last[0]].step.env == duty.step.env) {
                Some(last) => last.push(duty.at),
                None => stretches.push(vec![duty.at]),
            }
        }
        stretches
    }

    /// Tells whether a rollback of everything must look at environments with a failure first, and then at
    /// the others: where the reverse of the plan's order could be another one.
    pub(super) fn is_undone_in_two(&self) -> bool {
        let stretches = self.stretches();
        let foreign = |later: &[usize], earlier: &[usize]| {
            let env = &self.duties[earlier[0]].step.env;
            // Nothing of it is touched before all that could fail in the other one has passed.
            let all = |at: usize| {
                let before = self.before(at);
                self.duties.iter().filter(|duty| duty.step.env == *env).all(|duty| before[duty.at])
            };
            !later.iter().all(|at| all(*at))
        };
        let pairs = stretches.iter().enumerate();
        let mut pairs = pairs.flat_map(|(at, later)| stretches[at + 1..].iter().map(move |earlier| (later, earlier)));
        self.undoing == Some(RollbackScope::All) && pairs.any(|(later, earlier)| foreign(later, earlier))
    }
}

impl Formula {
    /// The steps that are mentioned.
    pub(super) fn steps(&self) -> BTreeSet<usize> {
        match self {
            Formula::Succeeded(step) | Formula::PassedOver(step) | Formula::Ended(step) => BTreeSet::from([*step]),
            Formula::Not(inner) => inner.steps(),
            Formula::All(inner) | Formula::Any(inner) => inner.iter().flat_map(Formula::steps).collect(),
        }
    }
}

impl Duty<'_> {
    /// Tells whether a machine performs the step.
    pub(super) fn is_performed(&self) -> bool {
        !matches!(self.step.kind, StepKind::Manual | StepKind::Approval)
    }

    /// The steps whose outputs its condition asks for.
    pub(super) fn asks(&self) -> BTreeSet<String> {
        let names = self.wanted.iter().flat_map(Condition::names);
        names.filter_map(|name| Some(name.strip_prefix(OUTPUTS)?.rsplit_once('.')?.0.to_owned())).collect()
    }

    /// Tells whether it may stop the run for a person: what the environment before must have seen is not
    /// certain.
    pub(super) fn may_halt(&self) -> bool {
        self.proof != Proof::Given
    }

    /// Tells whether a reason can let it begin all the same.
    pub(super) fn has_glass(&self) -> bool {
        self.step.break_glass.is_some() && self.may_halt()
    }
}

impl Scripts<'_> {
    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Action> {
        let looks = [self.verify, self.undo, self.monitor, self.until];
        [self.main.as_ref(), self.check.as_ref()].into_iter().chain(looks).flatten()
    }
}

/// What a step waits for: its needs, the approval that nothing leads around, and the guards that what it
/// needs can have been passed over without.
fn waits_of(plan: &Plan, needs: &guard::Waits, at: usize) -> Vec<Wait> {
    let how = |on: On| match on {
        On::Success => How::Well,
        On::Failure => How::Badly,
        On::Done => How::Ended,
    };
    let own = needs[at].iter().flatten().map(|(step, on)| Wait { step: *step, how: how(*on) });
    let mut waits: Vec<Wait> = own.collect();
    if is_guarded(&plan.steps[at]) {
        let seen = behind(needs, &[at]);
        let may_be_idle = |step: usize| {
            needs[step].iter().flatten().any(|(_, on)| *on == On::Failure) || is_guarded(&plan.steps[step])
        };
        let guards = guard::guards(plan, needs, at).into_iter();
        let open = guards.filter(|(step, _, must_hold)| *must_hold && (seen[*step] < 2 || may_be_idle(*step)));
        waits.extend(open.map(|(step, ..)| Wait { step, how: How::Held }));
    }
    waits
}

/// A group of which only so many may be under way: each waits for the end of the one that many before it.
fn make_room(plan: &Plan, waits: &mut [Vec<Wait>]) {
    for group in plan.groups.iter().filter(|group| group.parallel > 1) {
        let mut units: Vec<(&str, Vec<usize>)> = Vec::new();
        for (at, step) in plan.steps.iter().enumerate() {
            let Some(unit) = group.unit(&step.id) else { continue };
            match units.iter_mut().find(|(name, _)| *name == unit) {
                Some((_, steps)) => steps.push(at),
                None => units.push((unit, vec![at])),
            }
        }
        let room = group.parallel as usize;
        for (earlier, later) in units.iter().zip(units.iter().skip(room)) {
            // The first steps of the one wait for the last ones of the other.
            let inside = |unit: &[usize], at: usize| waits[at].iter().any(|wait| unit.contains(&wait.step));
            let is_last = |step: usize| !earlier.1.iter().any(|at| waits[*at].iter().any(|wait| wait.step == step));
            let firsts = later.1.iter().filter(|at| !inside(&later.1, **at));
            let lasts: Vec<usize> = earlier.1.iter().copied().filter(|step| is_last(*step)).collect();
            let pairs = firsts.flat_map(|at| lasts.iter().map(move |step| (*at, *step))).filter(|(at, step)| step < at);
            let pairs: Vec<(usize, usize)> = pairs.collect();
            for (at, step) in pairs {
                waits[at].push(Wait { step, how: How::Ended });
            }
        }
    }
}

/// What each change must have been proven by, and in `waits` that these steps have ended.
fn proofs(plan: &Plan, needs: &guard::Waits, waits: &mut [Vec<Wait>]) -> Vec<Proof> {
    let mut proofs = vec![Proof::Given; plan.steps.len()];
    let asked: Vec<(usize, String)> = plan
        .steps
        .iter()
        .enumerate()
        .filter_map(|(at, step)| Some((at, proof::proving_environment(plan, step)?)))
        .collect();
    if asked.is_empty() {
        return proofs;
    }
    let all = rehearsed(plan, needs, None);
    let uncertain =
        |step: usize| plan.steps[step].when.is_some() || needs[step].iter().flatten().any(|(_, on)| *on == On::Failure);
    let mut without: BTreeMap<usize, Vec<Result<(), String>>> = BTreeMap::new();
    for (at, environment) in asked {
        if let Err(why) = &all[at] {
            proofs[at] = Proof::Lacking { environment, why: why.clone() };
            continue;
        }
        let step = &plan.steps[at];
        let of_it = |other: &Step| {
            let component = other.component == step.component || other.component.is_none();
            let watches = is_guarded(other) || guard_of(other) == Some(Guard::Watch);
            other.env.as_ref() == Some(&environment)
                && component
                && watches
                && (other.each == step.each || other.each.is_empty())
        };
        let seen = behind(needs, &[at]);
        let mut of = Vec::new();
        let mut is_given = true;
        for other in (0..at).filter(|other| of_it(&plan.steps[*other])) {
            let how = match guard_of(&plan.steps[other]) {
                _ if uncertain(other) => {
                    let rest = without.entry(other).or_insert_with(|| rehearsed(plan, needs, Some(other)));
                    if rest[at].is_ok() { Seen::Well } else { Seen::Passed }
                }
                Some(Guard::Watch) => Seen::Passed,
                _ => Seen::Done,
            };
            let sure = seen[other] == 2 && !uncertain(other);
            is_given &= sure && (how != Seen::Passed || plan.steps[other].check.is_none());
            of.push((other, how));
        }
        if !is_given {
            waits[at].extend(of.iter().map(|(step, _)| Wait { step: *step, how: How::Ended }));
            proofs[at] = Proof::Asked { environment, of };
        }
    }
    proofs
}

/// Performs a plan on a day on which everything passes, and asks before each change whether it is proven.
/// `without` is a step that is not performed.
fn rehearsed(plan: &Plan, needs: &guard::Waits, without: Option<usize>) -> Vec<Result<(), String>> {
    let mut bare = plan.clone();
    for step in &mut bare.steps {
        step.when = None;
        step.capture.clear();
    }
    let bare = Arc::new(bare);
    let mut run = Run::new(Arc::clone(&bare));
    let mut moment = 0_u64;
    let mut happen = |run: &mut Run, event: Event| {
        moment += 1;
        // What cannot happen leaves its step as it is, and with it what is not proven.
        let _ = run.apply(&format!("2000-01-01T00:00:00.{moment:012}Z"), &event);
    };
    let by = "opsbook".to_owned();
    let started = Event::RunStarted { run: "r".into(), plan: bare.hash.clone(), by, source: None, left_out: vec![] };
    happen(&mut run, started);
    let changes = bare.steps.iter().filter(|step| proof::proving_environment(&bare, step).is_some());
    let proofs = changes.map(|step| (step.id.clone(), String::new())).collect();
    happen(&mut run, Event::RunEvidence { run: "e".into(), head: "e".into(), guards: BTreeMap::new(), proofs });
    let mut verdicts = Vec::with_capacity(bare.steps.len());
    for (at, step) in bare.steps.iter().enumerate() {
        verdicts.push(proof::proven(&run, step).map(|_| ()).map_err(|why| why.missing));
        let id = || step.id.clone();
        let is_idle = needs[at].iter().flatten().any(|(_, on)| *on == On::Failure);
        if Some(at) == without {
            continue;
        }
        if is_idle {
            happen(&mut run, Event::StepSkipped { step: id(), reason: SkipReason::Upstream });
            continue;
        }
        match step.kind {
            StepKind::Manual => {
                happen(&mut run, Event::ManualDone { step: id(), by: "person".into(), source: None });
            }
            StepKind::Approval => {
                for number in 0..step.approval.as_ref().map_or(1, |approval| approval.min).max(1) {
                    let decision = Decision {
                        step: id(),
                        plan: bare.hash.clone(),
                        digest: step.digest.clone(),
                        scope: run.scope(&step.id).unwrap_or_default().to_owned(),
                        env: step.env.clone(),
                        head: None,
                        at: None,
                        by: format!("person-{number}"),
                        source: IdentitySource::SshSig,
                        note: None,
                        signature: None,
                    };
                    happen(&mut run, Event::ApprovalGiven(decision));
                }
            }
            _ => {
                let begun = Event::StepStarted { step: id(), attempt: 1, previous_revision: None, break_glass: None };
                happen(&mut run, begun);
                let finished = Event::StepFinished {
                    step: id(),
                    attempt: 1,
                    result: StepResult::Succeeded,
                    exit: Some(0),
                    signal: None,
                    outputs: BTreeMap::new(),
                    strays: vec![],
                    note: None,
                };
                happen(&mut run, finished);
                if step.verify.is_some() {
                    happen(&mut run, Event::StepVerified { step: id(), attempt: 1, passed: true });
                }
            }
        }
    }
    verdicts
}

fn scripts_of(step: &Step) -> Scripts<'_> {
    let of = |shell, script: &str, cwd: &Option<String>| Action {
        block: step.item.clone(),
        title: step.title.clone(),
        shell,
        script: script.to_owned(),
        cwd: cwd.clone(),
        vars: BTreeMap::new(),
        timeout_s: step.timeout_s,
        retries: None,
    };
    let run = step.run.as_ref();
    Scripts {
        main: run.map(|run| of(run.shell, &run.script, &run.cwd)),
        check: step.check.as_ref().zip(run).map(|(check, run)| of(run.shell, check, &run.cwd)),
        verify: step.verify.as_ref(),
        undo: step.undo.as_ref(),
        monitor: step.monitor.as_ref(),
        until: step.until.as_ref(),
    }
}

/// The plan's variables, then the step's own.
fn vars_of(plan: &Plan, step: &Step) -> BTreeMap<String, String> {
    let mut vars = plan.vars.clone();
    vars.extend(step.vars.clone());
    vars.insert("OPSBOOK_PLAN".into(), plan.short_hash().to_owned());
    vars.insert("OPSBOOK_STEP".into(), step.id.clone());
    if let Some(env) = &step.env {
        vars.insert("OPSBOOK_ENV".into(), env.clone());
    }
    vars
}

/// The outputs that a step's scripts mention.
fn outputs_used<'p>(
    outputs: &Outputs<'p>,
    plan: &'p Plan,
    step: &Step,
    scripts: &Scripts<'_>,
) -> Vec<(String, &'p str, &'p str)> {
    let texts: Vec<&str> = scripts.all().map(|action| action.script.as_str()).collect();
    if !texts.iter().any(|text| text.contains("OPSBOOK_OUT")) {
        return Vec::new();
    }
    // The beginning of the names alone means all of them.
    let mention = |variable: &str| {
        let whole = |text: &&str| mentions(text, variable);
        texts.iter().any(whole)
            || texts.iter().any(|text| ["OPSBOOK_OUT_", "OPSBOOK_OUT"].iter().any(|all| mentions(text, all)))
    };
    let seen = outputs.seen_by(step).into_iter().filter(|(variable, _)| mention(variable));
    let kept = seen.filter_map(|(variable, output)| {
        let output = output?;
        let writer = plan.step(output.step)?;
        let key = writer.outputs.iter().find(|key| key.as_str() == output.key)?;
        Some((variable, writer.id.as_str(), key.as_str()))
    });
    kept.collect()
}

/// Tells whether a script has a variable's name as a word.
fn mentions(text: &str, variable: &str) -> bool {
    let goes_on = |at: usize| text[at..].starts_with(|ch: char| ch.is_ascii_alphanumeric() || ch == '_');
    text.match_indices(variable).any(|(at, _)| !goes_on(at + variable.len()))
}

/// The secrets that a step sees: its own, and never the kubeconfig of another environment.
fn secrets_of<'p>(plan: &Plan, step: &'p Step) -> Vec<&'p str> {
    let own = kubeconfig_of(plan, step);
    let foreign = |name: &String| {
        let mut others = plan.environments.iter().filter(|(of, _)| Some(*of) != step.env.as_ref());
        step.env.is_some()
            && own != Some(name.as_str())
            && others.any(|(_, other)| other.kubeconfig.as_ref() == Some(name))
    };
    step.secrets.iter().filter(|name| !foreign(name)).map(String::as_str).collect()
}

fn kubeconfig_of<'p>(plan: &'p Plan, step: &Step) -> Option<&'p str> {
    plan.environments.get(step.env.as_ref()?)?.kubeconfig.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// Steps as `id env role needs…`, a need with its wish before a colon.
    fn plan(environments: Value, steps: &[&str]) -> Plan {
        let step = |line: &&str| {
            let words: Vec<&str> = line.split(' ').collect();
            let needs = words[3..].iter().map(|need| {
                let (on, step) = need.split_once(':').unwrap_or(("success", need));
                json!({"step": step, "on": on})
            });
            let item = words[0].rsplit('.').next();
            let env = (words[1] != "-").then_some(words[1]);
            let kind = if words[2] == "approval" { "approval" } else { "run" };
            let role = (words[2] != "approval").then_some(words[2]);
            let impact = if words[2] == "change" { "write" } else { "read" };
            let undo = json!({"block": "u", "title": "u", "shell": "bash", "script": "true"});
            json!({"id": words[0], "item": item, "group": null, "kind": kind, "role": role, "impact": impact,
                "title": words[0], "env": env, "needs": needs.collect::<Vec<_>>(), "undo": undo, "digest": ""})
        };
        let mut plan: Plan = serde_json::from_value(json!({
            "format": 1, "runbook": "r", "stage": "bound", "kind": "procedure", "mode": "read-do", "params": {},
            "secrets": [], "environments": environments, "components": [], "source": {"files": []}, "hash": "",
            "on_failure": {"rollback": "reverse", "scope": "all"},
            "steps": steps.iter().map(step).collect::<Vec<_>>(),
        }))
        .expect("the sample has the plan's shape");
        plan.seal();
        plan
    }

    fn two() -> Value {
        json!({"staging": {"tier": 0}, "production": {"tier": 1, "after": "staging"}})
    }

    #[test]
    fn order_gives_a_proof_or_it_is_asked_for_or_there_is_none() {
        let proof = |steps: &[&str]| Law::of(&plan(two(), steps)).duties.pop().expect("there are steps").proof;
        let staging = ["s.a staging change", "s.w staging monitor s.a"];
        assert_eq!(proof(&[staging[0], staging[1], "p.a production change s.w"]), Proof::Given);
        let asked = Proof::Asked { environment: "staging".into(), of: vec![(0, Seen::Done), (1, Seen::Passed)] };
        assert_eq!(proof(&[staging[0], staging[1], "p.a production change done:s.w"]), asked);
        assert_eq!(proof(&[staging[0], staging[1], "p.a production change"]), asked);
        assert!(matches!(proof(&[staging[0], "p.a production change s.a"]), Proof::Lacking { .. }));
        assert!(matches!(proof(&["p.a production change"]), Proof::Lacking { .. }));
        assert_eq!(proof(&["p.w production monitor"]), Proof::Given);
    }

    #[test]
    fn no_way_leads_around_an_approval() {
        let plan = plan(json!({"e": {"tier": 1}}), &["go - approval", "tell - notify done:go", "a e change done:tell"]);
        let law = Law::of(&plan);
        assert!(law.duties[2].waits.contains(&Wait { step: 0, how: How::Held }), "{:?}", law.duties[2].waits);
        assert!(law.duties[1].waits.iter().all(|wait| wait.how == How::Ended));
    }

    #[test]
    fn a_step_that_waited_in_vain_for_a_failure_holds_nothing_up() {
        let plan = plan(json!({}), &["a - change", "alarm - notify failure:a", "b - change alarm a"]);
        let law = Law::of(&plan);
        let idle = Formula::All(vec![Formula::PassedOver(1)]);
        assert_eq!(law.well(1), Formula::Any(vec![Formula::Succeeded(1), idle]));
        assert!(!law.may_be_idle(2) && law.may_be_idle(1));
        assert_eq!(law.ready(2).steps(), BTreeSet::from([0, 1]));
    }

    #[test]
    fn a_group_has_no_more_under_way_than_it_may() {
        let mut plan = plan(json!({}), &["g.a - change", "g.b - change", "g.c - change"]);
        plan.groups = vec![
            serde_json::from_value(json!({"id": "g", "title": "g", "env": null, "each": null, "parallel": 2}))
                .expect("it has the shape of a group"),
        ];
        plan.steps.iter_mut().for_each(|step| step.group_id = Some("g".into()));
        let law = Law::of(&plan);
        assert_eq!(law.duties[2].waits, [Wait { step: 0, how: How::Ended }]);
        assert!(law.duties[1].waits.is_empty());
    }

    #[test]
    fn a_rollback_looks_twice_only_where_the_order_could_be_another() {
        let in_two =
            |steps: &[&str]| Law::of(&plan(json!({"s": {"tier": 0}, "p": {"tier": 0}}), steps)).is_undone_in_two();
        assert!(!in_two(&["a s change", "b p change a"]));
        assert!(in_two(&["a s change", "b p change"]));
        assert!(in_two(&["a s change", "b p change a", "c s change b"]));
    }
}
