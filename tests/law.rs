//! The law of emission as a property: random plans with random failures are performed by the emitted script
//! and by the pure machine, and must do the same, in the same order, and end the same.
//!
//! `OPSBOOK_PLANS` says how many plans; `OPSBOOK_SEED` which is the first.
#![cfg(unix)]

use opsbook::plan::emit::{Options, emit_bash};
use opsbook::plan::machine::{Action, Decision, Event, IdentitySource, Next, Run, RunState, StepResult, Waiting};
use opsbook::plan::{Plan, StepKind};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Numbers from a seed (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn of<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[usize::try_from(self.below(all.len() as u64)).expect("it is small")]
    }
}

/// How a step's scripts behave: how often each part fails, and what is said by people.
#[derive(Clone, Debug, Default)]
struct Fate {
    main: u32,
    verify: u32,
    undo: u32,
    /// Whether its check holds.
    check: bool,
    /// Whether it writes its output.
    writes: bool,
    /// The step whose output it shows.
    shows: Option<String>,
    refused: bool,
}

/// A script that notes its call and fails so often.
fn script(part: &str, fails: u32, more: &str) -> String {
    format!(
        "echo \"$OPSBOOK_STEP {part}{more}\" >> \"$HOME/log\"\n[ \"$(grep -c \"^$OPSBOOK_STEP {part}\" \"$HOME/log\")\" -gt {fails} ]"
    )
}

fn random_plan(dice: &mut Dice) -> (Plan, BTreeMap<String, Fate>) {
    let stages = dice.one_in(2);
    let after = if stages { json!({"tier": 1, "after": "s"}) } else { json!({"tier": 0}) };
    let action = |script: String, retries: u64| {
        let retries = (retries > 0).then(|| json!({"max": retries, "backoff": "0s"}));
        json!({"block": "b", "title": "b", "shell": "bash", "script": script, "timeout_s": 60, "retries": retries})
    };
    let (mut steps, mut fates, mut ids): (Vec<Value>, BTreeMap<String, Fate>, Vec<String>) = Default::default();
    for at in 0..3 + dice.below(6) {
        let id = format!("s{at}");
        let mut fate = Fate::default();
        let times = [0, 0, 0, 0, 1, 9];
        let needs: Vec<Value> = match (ids.last(), dice.below(6)) {
            (None, _) | (_, 0) => Vec::new(),
            (Some(last), 1..4) => vec![json!({"step": last, "on": "success"})],
            _ => {
                let on = |dice: &mut Dice| *dice.of(&["success", "success", "done", "failure"]);
                let two = [dice.of(&ids).clone(), dice.of(&ids).clone()];
                let mut needs = vec![json!({"step": two[0], "on": on(dice)})];
                if two[1] != two[0] {
                    needs.push(json!({"step": two[1], "on": on(dice)}));
                }
                needs
            }
        };
        let env = dice.of(&[None, Some("s"), Some("s"), Some("p"), Some("p")]);
        let role = *dice.of(&["change", "change", "change", "check", "monitor", "verify", "notify"]);
        // The item and the script of two environments are one: what is proven in one of them.
        let item = format!("i{}", dice.below(2));
        let mut step = json!({
            "id": id, "item": item, "group": null, "title": id, "needs": needs, "env": env, "digest": "",
        });
        let kind = dice.below(12);
        if kind == 0 && !stages {
            step["kind"] = json!("approval");
            step["approval"] = json!({"min": 1});
            fate.refused = dice.one_in(3);
        } else if kind == 1 {
            step["kind"] = json!("soak");
            step["wait_s"] = json!(0);
            fate.main = *dice.of(&[0, 0, 9]);
            step["monitor"] = action(script("main", fate.main, ""), 0);
        } else {
            let writes = role == "change";
            fate.main = *dice.of(&times);
            fate.writes = dice.one_in(2);
            let output = if fate.writes { "\necho v=$OPSBOOK_STEP >> \"$OPSBOOK_OUTPUT\"" } else { "" };
            fate.shows = (dice.one_in(2) && !ids.is_empty()).then(|| dice.of(&ids).clone());
            let shown = fate.shows.as_ref();
            let shown =
                shown.map_or(String::new(), |step| format!(" ${{OPSBOOK_OUT_{}_V-unset}}", step.to_uppercase()));
            let main = script("main", fate.main, &shown);
            let (head, test) = main.split_once('\n').expect("it has two lines");
            step["run"] = json!({"shell": "bash", "script": format!("{head}{output}\n{test}")});
            step["kind"] = json!("run");
            step["role"] = json!(role);
            step["impact"] = json!(if writes { "write" } else { "read" });
            step["timeout_s"] = json!(60);
            step["outputs"] = json!(["v"]);
            if dice.one_in(3) {
                step["retries"] = json!({"max": 1 + dice.below(2), "backoff": "0s"});
            }
            if dice.one_in(4) {
                fate.verify = *dice.of(&times);
                step["verify"] = action(script("verify", fate.verify, ""), dice.below(3));
            }
            if dice.one_in(6) {
                fate.check = dice.one_in(2);
                step["check"] = json!(script("check", if fate.check { 0 } else { 99 }, ""));
            }
            if writes && !dice.one_in(4) {
                fate.undo = *dice.of(&[0, 0, 0, 0, 1, 9]);
                step["undo"] = action(script("undo", fate.undo, ""), dice.below(2));
            }
            if dice.one_in(6) && !ids.is_empty() {
                let asked = dice.of(&ids).clone();
                step["when"] = json!(format!("outputs.{asked}.v == {asked}"));
            }
        }
        fates.insert(id.clone(), fate);
        ids.push(id);
        steps.push(step);
    }
    let scope = *dice.of(&["env", "all"]);
    let rollback = if dice.one_in(6) { "none" } else { "reverse" };
    let mut plan: Plan = serde_json::from_value(json!({
        "format": 1, "runbook": "sample", "stage": "bound", "kind": "procedure", "mode": "read-do", "params": {},
        "secrets": [], "components": [], "environments": {"s": {"tier": 0}, "p": after},
        "on_failure": {"rollback": rollback, "scope": scope}, "steps": steps, "source": {"files": []}, "hash": "",
    }))
    .expect("the sample has the plan's shape");
    plan.seal();
    (plan, fates)
}

/// The machine's way through a plan: what is called, and the exit status of a run.
fn by_machine(plan: &Plan, fates: &BTreeMap<String, Fate>) -> (Vec<String>, i32) {
    let mut run = Run::new(Arc::new(plan.clone()));
    let (mut log, mut moment): (Vec<String>, u64) = (Vec::new(), 0);
    let mut happen = |run: &mut Run, event: Event| {
        moment += 1;
        run.apply(&format!("2026-01-01T00:00:{:02}.{moment:06}Z", moment / 60 % 60), &event).is_ok()
    };
    let by = "runner".to_owned();
    let started = Event::RunStarted { run: "r".into(), plan: plan.hash.clone(), by, source: None, left_out: vec![] };
    assert!(happen(&mut run, started));
    loop {
        let actions = match run.next() {
            Next::End(state) => {
                let status = match state {
                    RunState::Succeeded => 0,
                    RunState::RolledBack => 8,
                    RunState::RollbackFailed => 9,
                    _ => 1,
                };
                return (log, status);
            }
            Next::Wait(waiting) => {
                let Waiting::Approval { step, .. } = &waiting[0] else { panic!("nobody does anything by hand") };
                let own = plan.step(step).expect("it is a step");
                let decision = Decision {
                    step: step.clone(),
                    plan: plan.hash.clone(),
                    digest: own.digest.clone(),
                    scope: run.scope(step).unwrap_or_default().to_owned(),
                    env: own.env.clone(),
                    head: None,
                    at: None,
                    by: "person".into(),
                    source: IdentitySource::SshSig,
                    note: None,
                    signature: None,
                };
                let event =
                    if fates[step].refused { Event::ApprovalRefused(decision) } else { Event::ApprovalGiven(decision) };
                assert!(happen(&mut run, event));
                continue;
            }
            Next::Act(actions) => actions,
            other => panic!("the machine says {other:?}"),
        };
        let call = |log: &mut Vec<String>, step: &str, part: &str, fails: u32, more: &str| {
            log.push(format!("{step} {part}{more}"));
            let beginning = format!("{step} {part}");
            log.iter().filter(|line| line.starts_with(&beginning)).count() > fails as usize
        };
        let event = match actions.into_iter().next().expect("there is something to do") {
            Action::Finish(state) => Event::RunFinished { state },
            Action::Skip { step, reason } => Event::StepSkipped { step, reason },
            Action::Retry { step, attempt } => Event::StepRetry { step, attempt },
            Action::Check { step, in_doubt } => {
                let holds = call(&mut log, &step, "check", if fates[&step].check { 0 } else { 99 }, "");
                Event::StepChecked { step, holds, in_doubt }
            }
            Action::Start { step, attempt } => {
                let begun =
                    Event::StepStarted { step: step.clone(), attempt, previous_revision: None, break_glass: None };
                if !happen(&mut run, begun) {
                    return (log, 4);
                }
                let fate = &fates[&step];
                let shown = fate.shows.as_ref().map_or(String::new(), |shown| {
                    let outputs = &run.status(shown).expect("it is a step").outputs;
                    format!(" {}", outputs.get("v").map_or("unset", String::as_str))
                });
                let passed = call(&mut log, &step, "main", fate.main, &shown);
                let result = if passed { StepResult::Succeeded } else { StepResult::Failed };
                let outputs = fate.writes.then(|| ("v".to_owned(), step.clone())).into_iter().collect();
                Event::StepFinished {
                    step,
                    attempt,
                    result,
                    exit: None,
                    signal: None,
                    outputs,
                    strays: vec![],
                    note: None,
                }
            }
            Action::Verify { step, attempt } => {
                let verify = plan.step(&step).and_then(|step| step.verify.clone()).expect("it has one");
                let tries = 1 + verify.retries.map_or(0, |retries| retries.max);
                let passed = (0..tries).any(|_| call(&mut log, &step, "verify", fates[&step].verify, ""));
                Event::StepVerified { step, attempt, passed }
            }
            Action::Undo { step } => {
                assert!(happen(&mut run, Event::RollbackStarted { step: step.clone() }));
                let undo = plan.step(&step).and_then(|step| step.undo.clone()).expect("it has one");
                let tries = 1 + undo.retries.map_or(0, |retries| retries.max);
                let undone = (0..tries).any(|_| call(&mut log, &step, "undo", fates[&step].undo, ""));
                Event::RollbackFinished { step, undone, exit: None }
            }
        };
        assert!(happen(&mut run, event.clone()), "{event:?} is refused");
    }
}

/// The emitted script's way through a plan.
fn by_script(folder: &Path, plan: &Plan, fates: &BTreeMap<String, Fate>) -> (Vec<String>, i32, String) {
    fs::write(folder.join("plan.sh"), emit_bash(plan, &Options::default()).text).expect("the folder takes files");
    loop {
        let mut command = Command::new("bash");
        command.arg("plan.sh").current_dir(folder).env("HOME", folder).env("OPSBOOK_STATE", folder.join("state"));
        let output = command.stdin(Stdio::null()).output().expect("bash starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let status = output.status.code().unwrap_or(-1);
        if let Some((_, rest)) = said.split_once("waiting: ").filter(|_| status == 4) {
            let id = rest.split_once('[').and_then(|(_, rest)| rest.split_once(']')).expect("it names the step").0;
            let word = if fates[id].refused { "failed" } else { "done" };
            fs::write(folder.join(format!("state/{id}.state")), word).expect("a person writes it");
            continue;
        }
        let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
        return (log.lines().map(str::to_owned).collect(), status, said);
    }
}

#[test]
fn random_plans_do_the_same_in_a_script_as_in_a_run() {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let (plans, first) = (number("OPSBOOK_PLANS").unwrap_or(24), number("OPSBOOK_SEED").unwrap_or(1));
    let mut statuses: BTreeMap<i32, u32> = BTreeMap::new();
    for seed in first..first + plans {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let (plan, fates) = random_plan(&mut dice);
        // An approval that is asked for beside other steps is given later by the machine than by the script.
        let asks = plan.steps.iter().any(|step| step.kind == StepKind::Approval);
        let (mut wanted, status) = by_machine(&plan, &fates);
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (mut found, ended, said) = by_script(folder.path(), &plan, &fates);
        if asks {
            wanted.sort();
            found.sort();
        }
        assert_eq!((&found, ended), (&wanted, status), "seed {seed}\n{}\n{said}", plan.to_json());
        *statuses.entry(status).or_default() += 1;
    }
    if plans >= 24 && first == 1 {
        assert!(statuses.len() >= 4, "the plans are too much alike: {statuses:?}");
    }
    println!("{plans} plans, by exit status: {statuses:?}");
}
