//! Attacks on the guards of a run, each as an operator in a hurry or one who means harm would try it:
//! with the program, on a folder of its own. The table of `content/explanation/security-model.md` names
//! them.
#![cfg(unix)]

use crate::runs::{Bench, action, manual, plan, said, status, step, with};
use opsbook::plan::machine::{BreakGlass, Chain, Event, GENESIS};
use serde_json::{Value, json};
use std::fs;

/// The events of a journal, each with its time.
type Events = Vec<(String, Event)>;

/// Writes its own id into a log.
fn mark(id: &str, needs: &[&str]) -> Value {
    step(id, needs, "echo \"$OPSBOOK_STEP\" >> log")
}

fn look(id: &str, needs: &[&str]) -> Value {
    with(with(mark(id, needs), "role", json!("check")), "impact", json!("read"))
}

fn watch(id: &str, needs: &[&str]) -> Value {
    with(look(id, needs), "role", json!("monitor"))
}

fn on(mut step: Value, how: &str) -> Value {
    step["needs"].as_array_mut().expect("a step has needs").iter_mut().for_each(|need| need["on"] = json!(how));
    step
}

fn within(step: Value, env: &str) -> Value {
    with(step, "env", json!(env))
}

/// In a group, as `--only` names them.
fn grouped(step: Value, group: &str) -> Value {
    with(with(step, "group", json!(group)), "group_id", json!(group.to_lowercase()))
}

/// An approval where the name of an account counts: who may is not what is attacked here.
fn asked(id: &str, needs: &[&str], approval: Value) -> Value {
    let mut item = within(with(manual(id, needs, "none"), "kind", json!("approval")), "production");
    item["approval"] = approval;
    item
}

fn yes(id: &str, needs: &[&str]) -> Value {
    asked(id, needs, json!({"min": 1}))
}

/// A plan where production comes after nothing.
fn guarded(steps: Vec<Value>) -> Value {
    let mut plan = plan(steps);
    plan["environments"] = json!({"staging": {"tier": 0}, "production": {"tier": 1, "allow_weak_identity": true}});
    plan["groups"] =
        json!([{"id": "production", "title": "Production", "env": "production", "each": null, "parallel": 1}]);
    plan
}

/// A plan where production comes after staging.
fn staged(steps: Vec<Value>) -> Value {
    let mut plan = guarded(steps);
    plan["environments"]["production"]["after"] = json!("staging");
    plan
}

fn twin(id: &str, env: &str, needs: &[&str]) -> Value {
    with(within(mark(id, needs), env), "item", json!("deploy"))
}

impl Bench {
    fn does(&self, words: &str) -> (i32, String) {
        let words: Vec<&str> = words.split_whitespace().chain(["--runs", "runs"]).collect();
        let output = self.opsbook(&words);
        (status(&output), said(&output))
    }

    /// The same of a command that is about no run.
    fn does_bare(&self, words: &str) -> (i32, String) {
        let output = self.opsbook(&words.split_whitespace().collect::<Vec<_>>());
        (status(&output), said(&output))
    }

    /// Ends with a status, and has done so much by then.
    fn expect(&self, words: &str, wanted: i32, log: &str) -> String {
        let (status, said) = self.does(words);
        assert_eq!(status, wanted, "opsbook {words}: {said}");
        assert_eq!(self.text("log").replace('\n', " ").trim(), log, "opsbook {words}: {said}");
        said
    }

    /// The head of the latest run's journal.
    fn head(&self) -> String {
        let path = self.path("runs").join(self.latest()).join("journal.jsonl");
        let chain = Chain::read(&fs::read(path).expect("there is a journal")).expect("it is sound");
        chain.head().to_owned()
    }

    /// Writes the journal of the latest run anew with other events, as whoever can write the folder can:
    /// the chain holds, what it says is a lie.
    fn forge(&self, change: impl FnOnce(&mut Events)) {
        let path = self.path("runs").join(self.latest()).join("journal.jsonl");
        let chain = Chain::read(&fs::read(&path).expect("there is a journal")).expect("it is sound");
        assert_ne!(chain.head(), GENESIS);
        let mut events = chain.records.into_iter().map(|record| (record.ts, record.event)).collect();
        change(&mut events);
        let mut forged = Chain::default();
        let lines: String = events.into_iter().map(|(ts, event)| forged.append(&ts, event)).collect();
        fs::write(path, lines).expect("the folder takes files");
    }

    /// The name of the latest run.
    fn latest(&self) -> String {
        let entries = fs::read_dir(self.path("runs")).expect("there is a run");
        let names = entries.map(|entry| entry.expect("it can be listed").file_name().to_string_lossy().into_owned());
        let latest = names.max_by_key(|name| name.rsplit('-').next().map(str::to_owned));
        latest.expect("there is a run")
    }

    /// A program that scripts can call.
    fn program(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.path(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("the folder takes files");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    }

    /// Ends what a killed runner has left: whatever still belongs to the latest run.
    #[cfg(target_os = "linux")]
    fn end_orphans(&self) {
        let own = format!("OPSBOOK_RUN={}", self.latest());
        let left = || {
            let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
            let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
            let is_own = |pid: &u32| {
                let variables = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
                variables.split(|byte| *byte == 0).any(|variable| variable == own.as_bytes())
            };
            pids.filter(is_own).collect::<Vec<_>>()
        };
        self.wait_for("the orphans' end", || {
            let left = left();
            for pid in &left {
                let _ = std::process::Command::new("kill").args(["-9", &pid.to_string()]).status();
            }
            left.is_empty()
        });
    }

    /// Plans anew with other steps.
    fn replan(&self, plan: &Value) {
        fs::write(self.path("plan.json"), crate::runs::sealed(plan).to_json()).expect("the folder takes files");
    }
}

#[test]
fn every_attack_names_a_test_that_exists() {
    let table = fs::read_to_string(crate::deviations::root().join("content/explanation/security-model.md"));
    let table = table.expect("the page is there");
    let (_, table) = table.split_once("## Attacks").expect("it has a table of attacks");
    let names = crate::deviations::tests_of_rows(table);
    assert!(names.len() >= 60, "{} attacks", names.len());
    let missing = crate::deviations::missing_tests(&names);
    assert!(missing.is_empty(), "no test is called {missing:?}");
}

fn with_look_and_approval() -> Bench {
    Bench::new(&guarded(vec![
        look("look", &[]),
        manual("tell", &["look"], "none"),
        yes("go", &["tell"]),
        grouped(within(mark("deploy", &["go"]), "production"), "Production"),
    ]))
}

#[test]
fn no_selection_leaves_a_guard_out() {
    for selection in ["--only Production", "--from deploy", "--env production", "--only Production --from deploy"] {
        let bench = with_look_and_approval();
        let said = bench.expect(&format!("run plan.json --no-input {selection}"), 4, "look");
        assert!(said.contains("opsbook done"), "{said}");
        bench.does("done latest tell");
        let said = bench.expect("resume latest --no-input", 4, "look");
        assert!(said.contains("opsbook approve"), "{said}");
        bench.does("approve latest go");
        bench.expect("resume latest --no-input", 0, "look deploy");
    }
}

#[test]
fn a_check_that_fails_holds_a_selected_change_back() {
    let fails = with(look("look", &[]), "run", json!({"shell": "bash", "script": "false"}));
    let change = grouped(within(mark("deploy", &["look"]), "production"), "Production");
    let bench = Bench::new(&guarded(vec![fails, change]));
    bench.expect("run plan.json --only Production", 1, "");
}

#[test]
fn neither_needs_nor_parallel_leads_around_an_approval() {
    let beside = |needs: &[&str]| guarded(vec![yes("go", &[]), within(mark("deploy", needs), "production")]);
    let bench = Bench::new(&beside(&[]));
    bench.expect("run plan.json --no-input", 4, "");
    bench.does("approve latest go");
    bench.expect("resume latest --no-input", 0, "deploy");
}

#[test]
fn what_was_refused_is_not_done_on_failure_or_done() {
    for how in ["failure", "done"] {
        let direct = on(within(mark("deploy", &["go"]), "production"), how);
        let bench = Bench::new(&guarded(vec![yes("go", &[]), direct]));
        bench.expect("run plan.json --no-input", 4, "");
        bench.does("refuse latest go");
        bench.expect("resume latest --no-input", 1, "");
        // One step further on it is the same.
        let between = within(watch("watch", &["go"]), "production");
        let later = on(within(mark("deploy", &["watch"]), "production"), how);
        let bench = Bench::new(&guarded(vec![yes("go", &[]), between, later]));
        bench.expect("run plan.json --no-input", 4, "");
        bench.does("refuse latest go");
        bench.expect("resume latest --no-input", 1, "");
    }
}

#[test]
fn an_approval_that_nobody_asks_for_is_not_given() {
    let asked_on_failure = on(yes("go", &["look"]), "failure");
    let bench =
        Bench::new(&guarded(vec![look("look", &[]), asked_on_failure, within(mark("deploy", &["go"]), "production")]));
    bench.expect("run plan.json --no-input", 0, "look");
}

#[test]
fn evidence_gives_an_approval_for_the_same_content_only() {
    let steps = |script: &str| {
        let mut change = grouped(within(mark("deploy", &["go"]), "production"), "Production");
        change["run"]["script"] = json!(format!("echo {script} >> log"));
        guarded(vec![yes("go", &[]), change])
    };
    let bench = Bench::new(&steps("one"));
    bench.expect("run plan.json --no-input", 4, "");
    let earlier = bench.latest();
    bench.does(&format!("approve {earlier} go"));
    bench.expect(&format!("run plan.json --only Production --evidence {earlier} --no-input"), 0, "one");
    bench.replan(&steps("two"));
    bench.expect(&format!("run plan.json --only Production --evidence {earlier} --no-input"), 4, "one");
    let mut other = steps("one");
    other["params"] = json!({"release": {"type": "string", "value": "2"}});
    bench.replan(&other);
    bench.expect(&format!("run plan.json --evidence {earlier} --no-input"), 4, "one");
}

#[test]
fn a_refusal_in_the_run_that_is_evidence_counts() {
    let steps = guarded(vec![yes("go", &[]), yes("again", &["go"]), within(mark("deploy", &["again"]), "production")]);
    let bench = Bench::new(&steps);
    bench.expect("run plan.json --no-input", 4, "");
    let earlier = bench.latest();
    bench.does(&format!("approve {earlier} go"));
    let (taken_back, said) = bench.does(&format!("refuse {earlier} go"));
    assert_eq!(taken_back, 0, "{said}");
    let said = bench.expect(&format!("run plan.json --evidence {earlier} --no-input"), 4, "");
    assert!(said.contains(" go --runs"), "{said}");
}

#[test]
fn a_rebase_asks_again_for_what_has_changed() {
    let steps = |script: &str| {
        let mut act = within(mark("act", &["before"]), "production");
        act["run"]["script"] = json!(script);
        guarded(vec![look("look", &[]), yes("go", &["look"]), within(mark("before", &["go"]), "production"), act])
    };
    let bench = Bench::new(&steps("false"));
    bench.expect("run plan.json --no-input", 4, "look");
    let old = bench.latest();
    bench.does(&format!("approve {old} go"));
    bench.expect(&format!("resume {old} --no-input"), 1, "look before");
    bench.replan(&steps("echo dropped >> log"));
    let said = bench.expect(&format!("run plan.json --rebase {old} --no-input"), 4, "look before");
    assert!(said.contains("approve"), "{said}");
    bench.does(&format!("approve {} go", bench.latest()));
    // What had been let through is not done a second time.
    bench.expect(&format!("resume {} --no-input", bench.latest()), 0, "look before dropped");
}

#[test]
fn a_rebase_on_other_parameters_does_what_may_read_them_again() {
    let steps = |version: &str| {
        let mut plan = guarded(vec![step("call", &[], "./call.sh"), step("fail", &["call"], "false")]);
        plan["params"] = json!({"version": {"type": "string", "value": version}});
        plan["vars"] = json!({"VERSION": version});
        plan
    };
    let bench = Bench::new(&steps("1"));
    bench.program("call.sh", "echo \"$VERSION\" >> log");
    bench.expect("run plan.json", 1, "1");
    let old = bench.latest();
    bench.replan(&steps("2"));
    bench.expect(&format!("run plan.json --rebase {old}"), 1, "1 2");
}

#[test]
fn a_yes_can_be_taken_back_until_the_change_begins() {
    let bench = Bench::new(&guarded(vec![
        yes("go", &[]),
        manual("wait", &["go"], "none"),
        within(mark("deploy", &["wait"]), "production"),
    ]));
    bench.expect("run plan.json --no-input", 4, "");
    bench.does("approve latest go");
    bench.expect("resume latest --no-input", 4, "");
    let (refused, said) = bench.does("refuse latest go");
    assert_eq!(refused, 0, "{said}");
    bench.does("done latest wait");
    bench.expect("resume latest --no-input", 1, "");
}

#[test]
fn a_yes_that_is_too_old_is_asked_for_again_whatever_stood_between() {
    let bench = Bench::new(&guarded(vec![
        asked("go", &[], json!({"min": 1, "expires": "1h"})),
        within(mark("first", &["go"]), "production"),
        manual("wait", &["first"], "none"),
        within(mark("second", &["wait"]), "production"),
    ]));
    bench.expect("run plan.json --no-input", 4, "");
    bench.does("approve latest go");
    bench.expect("resume latest --no-input", 4, "first");
    // A night goes by.
    bench.forge(|events| events.iter_mut().for_each(|(ts, _)| *ts = "2026-01-01T00:00:00.000Z".into()));
    bench.does("done latest wait");
    let said = bench.expect("resume latest --no-input", 4, "first");
    assert!(said.contains("the approval has expired"), "{said}");
    bench.does("approve latest go");
    bench.expect("resume latest --no-input", 0, "first second");
}

#[test]
fn a_clock_that_went_back_keeps_no_approval_alive() {
    let bench = Bench::new(&guarded(vec![
        asked("go", &[], json!({"min": 1, "expires": "1h"})),
        within(mark("deploy", &["go"]), "production"),
    ]));
    bench.expect("run plan.json --no-input", 4, "");
    bench.does("approve latest go");
    bench.forge(|events| events.last_mut().expect("there is a decision").0 = "2999-01-01T00:00:00.000Z".into());
    let said = bench.expect("resume latest --no-input", 6, "");
    assert!(said.contains("the clock of this machine is behind"), "{said}");
}

#[test]
fn the_run_says_how_many_are_missing() {
    let bench =
        Bench::new(&guarded(vec![asked("go", &[], json!({"min": 2})), within(mark("deploy", &["go"]), "production")]));
    bench.expect("run plan.json --no-input", 4, "");
    bench.does("approve latest go");
    let (twice, said) = bench.does("approve latest go");
    assert_eq!(twice, 2, "{said}");
    let said = bench.expect("resume latest --no-input", 4, "");
    assert!(said.contains("1 of 2 approvals, waiting for a second approver"), "{said}");
}

/// Staging is done in a run of its own; production in another, which names it.
fn proof(staging: impl Fn(&mut Value), production: impl Fn(&mut Value)) -> (i32, String) {
    let steps = |change: &dyn Fn(&mut Value)| {
        let mut plan = staged(vec![
            twin("s.deploy", "staging", &[]),
            within(watch("s.watch", &["s.deploy"]), "staging"),
            twin("p.deploy", "production", &["s.watch"]),
        ]);
        plan["params"] = json!({"version": {"type": "string", "value": "1"}});
        plan["vars"] = json!({"VERSION": "1"});
        change(&mut plan);
        plan
    };
    let bench = Bench::new(&steps(&staging));
    bench.program("call.sh", "echo \"$VERSION\" >> log");
    let (status, said) = bench.does("run plan.json --env staging");
    assert!(status == 0 || status == 1, "{said}");
    let earlier = bench.latest();
    bench.replan(&steps(&production));
    let (status, said) = bench.does(&format!("run plan.json --env production --evidence {earlier} --no-input"));
    assert_eq!(status == 0, bench.text("log").contains("p.deploy"), "{said}");
    (status, said)
}

#[test]
fn staging_proves_the_same_thing() {
    let (status, said) = proof(|_| {}, |_| {});
    assert_eq!(status, 0, "{said}");
}

#[test]
fn staging_proves_nothing_else() {
    let read = "echo \"$VERSION\" >> log; echo \"$OPSBOOK_STEP\" >> log";
    let scripts = |plan: &mut Value, script: &str| {
        [0, 2].into_iter().for_each(|at| plan["steps"][at]["run"]["script"] = json!(script));
    };
    let version = |plan: &mut Value, version: &str| {
        plan["params"]["version"]["value"] = json!(version);
        plan["vars"]["VERSION"] = json!(version);
    };
    let named = |plan: &mut Value| {
        scripts(plan, read);
        [0, 2].into_iter().for_each(|at| plan["steps"][at]["vars"]["VERSION"] = plan["vars"]["VERSION"].clone());
    };
    let component = |plan: &mut Value, version: &str| {
        plan["components"] = json!([{"name": "api", "path": "c", "from": null, "to": version}]);
        for at in [0, 2] {
            plan["steps"][at]["component"] = json!("api");
            plan["steps"][at]["vars"] = json!({"COMPONENT_NAME": "api", "COMPONENT_VERSION": version});
        }
    };
    let attack = |what: &str, staging: &dyn Fn(&mut Value), production: &dyn Fn(&mut Value), why: &str| {
        let (status, said) = proof(staging, production);
        assert_eq!(status, 4, "{what}: {said}");
        assert!(said.contains(why), "{what}: {said}");
    };
    let none = |_: &mut Value| {};
    let second = |plan: &mut Value| {
        version(plan, "2");
        named(plan);
    };
    attack("another value of a parameter that is read", &named, &second, "VERSION was `1` and is `2`");
    let called = |plan: &mut Value| scripts(plan, "./call.sh");
    let called_second = |plan: &mut Value| {
        version(plan, "2");
        called(plan);
    };
    attack("of one that a program behind it may read", &called, &called_second, "VERSION was `1` and is `2`");
    // A build that is called after its environment is another build: read by name, behind a program, and
    // where typed work has it in its text.
    let tagged = |plan: &mut Value, env: &str, script: &str| {
        version(plan, &format!("v1-{env}"));
        scripts(plan, script);
        [0, 2].into_iter().for_each(|at| plan["steps"][at]["vars"]["VERSION"] = plan["vars"]["VERSION"].clone());
    };
    let why = "VERSION was `v1-staging` and is `v1-production`";
    for script in [read, "./call.sh"] {
        let (then, now) = (
            |plan: &mut Value| tagged(plan, "staging", script),
            |plan: &mut Value| {
                tagged(plan, "production", script);
            },
        );
        attack("a build called after its environment", &then, &now, why);
    }
    let typed = |plan: &mut Value, env: &str| {
        version(plan, &format!("v1-{env}"));
        let (staging, production) = ("echo image:v1-staging >> log", "echo image:v1-production >> log");
        plan["steps"][0]["run"]["script"] = json!(staging);
        plan["steps"][2]["run"]["script"] = json!(production);
        [0, 2].into_iter().for_each(|at| plan["steps"][at]["vars"]["OTHER"] = json!("read"));
    };
    attack("the same in the text of the work", &|plan| typed(plan, "staging"), &|plan| typed(plan, "production"), why);
    attack(
        "a component called so",
        &|plan| component(plan, "1-staging"),
        &|plan| component(plan, "1-production"),
        "COMPONENT_VERSION",
    );
    attack("another version", &|plan| component(plan, "1"), &|plan| component(plan, "2"), "COMPONENT_VERSION");
    attack("another script", &none, &|plan| scripts(plan, "echo other >> log"), "its script is another");
    let verified = |plan: &mut Value| plan["steps"][0]["verify"] = action("true");
    let verified_else = |plan: &mut Value| {
        verified(plan);
        plan["steps"][2]["verify"] = action("exit 0");
    };
    attack("another verification", &verified, &verified_else, "its verification is another");
    let item = |plan: &mut Value| [0, 2].into_iter().for_each(|at| plan["steps"][at]["item"] = json!("other"));
    attack("another item", &none, &item, "has not run in `staging`");
    attack("another runbook", &|plan| plan["runbook"] = json!("another"), &none, "has not run in `staging`");
    let failed = |plan: &mut Value| plan["steps"][1]["run"]["script"] = json!("false");
    attack("a watch that failed", &failed, &none, "`s.watch`");
    let soak = |plan: &mut Value| {
        let soak = within(watch("s.soak", &["s.watch"]), "staging");
        plan["steps"].as_array_mut().expect("a plan has steps").insert(2, soak);
        plan["steps"][3]["needs"] = json!([{"step": "s.soak", "on": "success"}]);
    };
    attack("a watch that was added since", &none, &soak, "`s.soak` has not passed there since");
}

#[test]
fn a_proof_without_its_soak_is_none() {
    let bench = Bench::new(&staged(vec![
        grouped(twin("s.deploy", "staging", &[]), "Staging"),
        grouped(within(watch("s.watch", &["s.deploy"]), "staging"), "Staging"),
        within(watch("s.soak", &["s.watch"]), "staging"),
        twin("p.deploy", "production", &["s.soak"]),
    ]));
    bench.expect("run plan.json --only Staging", 0, "s.deploy s.watch");
    let earlier = bench.latest();
    let said = bench.expect(&format!("run plan.json --env production --evidence {earlier}"), 4, "s.deploy s.watch");
    assert!(said.contains("`s.soak` has not passed there since"), "{said}");
}

#[test]
fn what_happens_in_staging_later_takes_the_proof_away() {
    let steps = |script: &str| {
        let mut plan = staged(vec![
            twin("s.deploy", "staging", &[]),
            within(watch("s.watch", &["s.deploy"]), "staging"),
            twin("p.deploy", "production", &["s.watch"]),
        ]);
        for at in [0, 2] {
            plan["steps"][at]["run"]["script"] = json!(script);
        }
        plan
    };
    let own = "echo \"$OPSBOOK_STEP\" >> log";
    for (later, why) in [("false", "failed there"), ("echo other >> log", "put something else there")] {
        let bench = Bench::new(&steps(own));
        let (proven, said) = bench.does("run plan.json --env staging");
        assert_eq!(proven, 0, "{said}");
        let earlier = bench.latest();
        std::thread::sleep(std::time::Duration::from_millis(20));
        bench.replan(&steps(later));
        bench.does("run plan.json --env staging");
        bench.replan(&steps(own));
        let (status, said) = bench.does(&format!("run plan.json --env production --evidence {earlier}"));
        assert_eq!(status, 4, "{said}");
        assert!(said.contains(why) && !bench.text("log").contains("p.deploy"), "{said}");
    }
}

#[test]
fn a_proof_is_as_old_as_the_policy_allows() {
    let bench = Bench::new(&staged(vec![
        twin("s.deploy", "staging", &[]),
        within(watch("s.watch", &["s.deploy"]), "staging"),
        manual("tell", &["s.watch"], "note"),
        twin("p.deploy", "production", &["tell"]),
    ]));
    let book = "[book]\ntitle = \"x\"\n\n[runbook.policy]\nmax-age = \"1s\"\n";
    fs::write(bench.path("book.toml"), book).expect("the folder takes files");
    fs::create_dir(bench.path("src")).expect("the folder takes folders");
    bench.expect("run plan.json --no-input", 4, "s.deploy s.watch");
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    // A late record makes nothing younger.
    bench.does("done latest tell --note late");
    let said = bench.expect("resume latest --no-input", 4, "s.deploy s.watch");
    assert!(said.contains("a proof may be 1 s old"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_word_about_a_step_in_doubt_is_no_verification() {
    let mut deploy = twin("s.deploy", "staging", &[]);
    deploy["verify"] = action("exit 1");
    deploy["run"]["script"] = json!("echo begun >> log; sleep 60");
    let bench = Bench::new(&staged(vec![deploy, twin("p.deploy", "production", &[])]));
    let mut child = bench.start(&["run", "plan.json", "--runs", "runs", "--no-input"]);
    bench.wait_for("the step", || bench.text("log").contains("begun"));
    child.kill().expect("it can be killed");
    let _ = child.wait();
    bench.end_orphans();
    let (settled, said) = bench.does("resolve latest s.deploy --as done --note hurry");
    assert_eq!(settled, 0, "{said}");
    let (status, said) = bench.does("resume latest --no-input");
    assert_ne!(status, 0, "{said}");
    assert!(!bench.text("log").contains("p.deploy"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_check_that_was_cut_off_is_not_settled_as_done() {
    let mut slow = look("look", &[]);
    slow["run"]["script"] = json!("echo begun >> log; sleep 60");
    let bench = Bench::new(&guarded(vec![slow, within(mark("deploy", &["look"]), "production")]));
    let mut child = bench.start(&["run", "plan.json", "--runs", "runs", "--no-input"]);
    bench.wait_for("the check", || bench.text("log").contains("begun"));
    child.kill().expect("it can be killed");
    let _ = child.wait();
    bench.end_orphans();
    let (settled, said) = bench.does("resolve latest look --as done --note hurry");
    assert_eq!(settled, 2, "{said}");
    assert!(said.contains("it is performed again, not settled as done"), "{said}");
}

#[test]
fn one_reason_breaks_the_glass_of_one_step() {
    let glass = |id: &str, needs: &[&str]| {
        with(
            within(mark(id, needs), "production"),
            "break_glass",
            json!({"reason": "required", "review_within": "24h"}),
        )
    };
    let plan = staged(vec![glass("one", &[]), glass("two", &["one"]), within(mark("three", &["two"]), "production")]);
    let run = |reasons: &[&str], log: &str| {
        let bench = Bench::new(&plan);
        let flags: Vec<&str> = reasons.iter().flat_map(|reason| ["--break-glass", reason]).collect();
        let output = bench.opsbook(&[&["run", "plan.json", "--runs", "runs"], flags.as_slice()].concat());
        assert_eq!(status(&output), 4, "{}", said(&output));
        assert_eq!(bench.text("log").replace('\n', " ").trim(), log, "{}", said(&output));
        bench.journal()
    };
    run(&[], "");
    run(&[" "], "");
    run(&["two=users are cut off"], "");
    let journal = run(&["users are cut off"], "one");
    assert!(journal.contains("users are cut off") && journal.contains("review_by"), "{journal}");
    // The third has no glass to break, whatever the reason.
    run(&["one=users are cut off", "two=and still", "three=and more"], "one two");
}

#[test]
fn broken_glass_does_not_stand_for_an_approval() {
    let glass = json!({"reason": "required"});
    let change = with(within(mark("deploy", &["go"]), "production"), "break_glass", glass);
    let bench = Bench::new(&staged(vec![yes("go", &[]), change]));
    bench.expect("run plan.json --no-input --from deploy --break-glass hurry", 4, "");
}

/// What is written into a journal must be what can have happened: each forgery keeps the chain whole.
#[test]
fn a_forged_journal_is_no_journal_of_its_plan() {
    let started = |step: &str, break_glass: Option<BreakGlass>| Event::StepStarted {
        step: step.into(),
        attempt: 1,
        previous_revision: None,
        break_glass,
    };
    let attack = |what: &str, forge: &dyn Fn(&mut Events)| {
        let bench = Bench::new(&guarded(vec![
            look("look", &[]),
            yes("go", &["look"]),
            within(mark("deploy", &["go"]), "production"),
        ]));
        bench.expect("run plan.json --no-input", 4, "look");
        bench.does("approve latest go");
        bench.forge(|events| {
            forge(events);
            // All at one time: it is not the clock that gives them away.
            let last = events.iter().map(|(ts, _)| ts.clone()).max().expect("there are records");
            events.iter_mut().for_each(|(ts, _)| ts.clone_from(&last));
        });
        for words in ["journal verify latest", "resume latest --no-input", "report latest"] {
            let (status, said) = bench.does(words);
            assert_eq!(status, 7, "{what}: opsbook {words}: {said}");
        }
        assert_eq!(bench.text("log"), "look\n", "{what}");
    };
    let no_decision =
        |events: &mut Vec<(String, Event)>| events.retain(|(_, event)| !matches!(event, Event::ApprovalGiven(_)));
    attack("the approval is cut out", &|events| {
        no_decision(events);
        events.push((events[0].0.clone(), started("deploy", None)));
    });
    attack("it was left out from the beginning", &|events| {
        if let Event::RunStarted { left_out, .. } = &mut events[0].1 {
            *left_out = vec!["go".into()];
        }
        no_decision(events);
    });
    attack("it was given for other steps", &|events| {
        for (_, event) in events {
            if let Event::ApprovalGiven(decision) = event {
                decision.scope = format!("sha256:{}", "0".repeat(64));
            }
        }
    });
    attack("it was taken over", &|events| {
        events.truncate(1);
        let kept = ["look", "go"].map(|step| (step.to_owned(), Default::default())).into_iter().collect();
        events.push((events[0].0.clone(), Event::RunRebased { from: "r".into(), head: "h".into(), kept }));
    });
    attack("the decision comes before the question", &|events| {
        let at = events.iter().position(|(_, event)| matches!(event, Event::ApprovalGiven(_)));
        let given = events.remove(at.expect("there is a decision"));
        events.insert(1, given);
    });
    attack("an evidence that vouches for nobody", &|events| {
        no_decision(events);
        let guards = [("go".to_owned(), Default::default())].into_iter().collect();
        let (run, head, proofs) = ("r".into(), "h".into(), Default::default());
        events.push((events[0].0.clone(), Event::RunEvidence { run, head, guards, proofs }));
        let reason = opsbook::plan::machine::SkipReason::Evidence;
        events.push((events[0].0.clone(), Event::StepSkipped { step: "go".into(), reason }));
    });
    attack("glass is broken where there is none", &|events| {
        let glass = BreakGlass { by: "a".into(), reason: "b".into(), review_by: None };
        events.push((events[0].0.clone(), started("deploy", Some(glass))));
    });
}

/// What a journal says about another run is compared with that run.
#[test]
fn a_journal_that_lies_about_another_run_is_found_out() {
    let steps = guarded(vec![look("look", &[]), yes("go", &["look"]), within(mark("deploy", &["go"]), "production")]);
    let bench = Bench::new(&steps);
    bench.expect("run plan.json --no-input", 4, "look");
    let (first, head) = (bench.latest(), bench.head());
    bench.expect("run plan.json --no-input", 4, "look look");
    let lies: [(&str, Event); 3] = [
        ("it is no evidence for `go`", {
            let vouched = opsbook::plan::machine::Vouched {
                at: "2026-01-01T00:00:00.000Z".into(),
                by: vec!["ben".into()],
                accounts: vec![],
            };
            let guards = [("go".to_owned(), vouched)].into_iter().collect();
            Event::RunEvidence { run: first.clone(), head: head.clone(), guards, proofs: Default::default() }
        }),
        ("has never had the head", {
            let (guards, proofs) = Default::default();
            Event::RunEvidence { run: first.clone(), head: "0".repeat(64), guards, proofs }
        }),
        ("it has not done `look` as this run says", {
            let kept = [("look".to_owned(), Default::default())].into_iter().collect();
            Event::RunRebased { from: first, head, kept }
        }),
    ];
    for (why, lie) in lies {
        bench.forge(|events| {
            events.truncate(1);
            events.push((events[0].0.clone(), lie));
        });
        for words in ["journal verify latest", "resume latest --no-input"] {
            let (status, said) = bench.does(words);
            assert!(status == 7 && said.contains(why), "opsbook {words}: {status} {said}");
        }
    }
}

/// A page with the conditions that are attacked; `WHEN` stands at the approval.
const PAGE: &str = "---\nrunbook:\n  version: 1\n  kind: maintenance\n  owners: [\"@a/b\"]\n  reviewed: 2026-11-01\n  \
                    params:\n    fast: {type: boolean, default: false}\n  environments:\n    production: {tier: 1}\n\
                    checklist:\n  - {id: go, approve: {role: managers, min: 1}, text: Go, when: fast == false}\n  \
                    - {step: deploy, env: production}\n---\n# R\n\n```bash\n#| id: deploy\n#| role: change\n\
                    #| impact: write\n#| timeout: 1m\n#| rollback: {none: test}\necho deploy >> log\n```\n";

#[test]
fn a_condition_takes_out_no_guard() {
    let bench = Bench::new(&plan(vec![]));
    fs::write(bench.path("r.md"), PAGE).expect("the folder takes files");
    let said = bench.expect("run r.md -p fast=true --no-input", 3, "");
    assert!(said.contains("RB105") && said.contains("takes out `go`"), "{said}");
    // Together with what it guards it may go.
    let group = "  - {group: Fast, when: fast == false, items: [{id: go, approve: {role: managers, min: 1}, text: Go}, \
                 {step: deploy, env: production}]}\n  - {text: Tell}\n---";
    let (front, rest) = PAGE.split_once("  - {id: go").expect("the page has an approval");
    let (_, body) = rest.split_once("---").expect("the front matter ends");
    fs::write(bench.path("r.md"), format!("{front}{group}{body}")).expect("the folder takes files");
    bench.expect("run r.md -p fast=true --no-input", 4, "");
    // What stands behind such a group waits for the same approval, which must not go with it.
    let open = group.replace("  - {text: Tell}\n---", "  - {step: deploy, env: production}\n---");
    fs::write(bench.path("r.md"), format!("{front}{open}{body}")).expect("the folder takes files");
    let said = bench.expect("run r.md -p fast=true --no-input", 3, "");
    assert!(said.contains("RB105") && said.contains("takes out `fast.go`, and leaves `deploy`"), "{said}");
    bench.expect("run r.md -p fast=false --no-input", 4, "");
    // Behind an approval of its own it is asked for there.
    let own =
        "  - {id: again, approve: {role: managers, min: 1}, text: Again}\n  - {step: deploy, env: production}\n---";
    let asked = group.replace("  - {text: Tell}\n---", own);
    fs::write(bench.path("r.md"), format!("{front}{asked}{body}")).expect("the folder takes files");
    bench.expect("run r.md -p fast=true --no-input", 4, "");
}

/// A page with a checklist of one's own; `USED` is a page that only looks and asks.
fn page(checklist: &str) -> String {
    let (front, _) = PAGE.split_once("  - {id: go").expect("the page has an approval");
    let block =
        |id: &str, keys: &str, script: &str| format!("```bash\n#| id: {id}\n{keys}#| timeout: 1m\n{script}\n```\n\n");
    let change = "#| role: change\n#| impact: write\n#| rollback: {none: test}\n";
    let blocks = [
        block("deploy", change, "echo \"$OPSBOOK_STEP\" >> log"),
        block("prep", change, "echo \"$OPSBOOK_STEP\" >> log"),
        block("look", "#| role: check\n", "false"),
        block("ask", "#| role: check\n#| outputs: [fast]\n", "echo fast=yes >> \"$OPSBOOK_OUTPUT\""),
    ];
    let front = front.replace("    production:", "    staging: {tier: 0}\n    production:");
    let hosts = front.replace("    fast:", "    hosts: {type: list, default: [a]}\n    fast:");
    format!("{hosts}{checklist}---\n# R\n\n{}", blocks.concat())
}

const USED: &str = "---\nrunbook:\n  version: 1\n  owners: [\"@a/b\"]\nchecklist:\n  - {id: may, approve: {role: managers, \
                    min: 1}, text: May}\n---\n# U\n";

#[test]
fn what_a_condition_takes_out_it_takes_with_what_it_guards() {
    let bench = Bench::new(&plan(vec![]));
    fs::write(bench.path("u.md"), USED).expect("the folder takes files");
    let go = "{id: go, approve: {role: managers, min: 1}, text: Go}";
    let prep = "{step: prep, env: staging}";
    let (param, answer) = ("fast == false", "outputs.ask.fast == no");
    let checklists = [
        format!("  - {{group: Safe, when: WHEN, items: [{prep}, {go}]}}\n  - {{step: deploy, env: production}}\n"),
        format!("  - {{group: Safe, when: WHEN, items: [{go}, {prep}]}}\n  - {{step: deploy, env: production}}\n"),
        format!("  - {{group: Safe, when: WHEN, items: [{prep}, {{step: look}}]}}\n  - {{step: deploy, env: production}}\n"),
        format!("  - {{group: Safe, when: WHEN, items: [{{step: look}}, {prep}]}}\n  - {{step: deploy, env: production}}\n"),
        "  - {step: look, when: WHEN}\n  - {step: deploy, env: production}\n".to_owned(),
        "  - {id: soak, wait: 1h, when: WHEN}\n  - {step: deploy, env: production}\n".to_owned(),
        "  - {id: used, use: u.md, when: WHEN}\n  - {step: deploy, env: production}\n".to_owned(),
        format!("  - {{group: Safe, when: WHEN, items: [{{id: used, use: u.md}}, {prep}]}}\n  - {{step: deploy, env: production, needs: []}}\n"),
        "  - {id: go, approve: {role: managers, min: 1}, text: Go, when: WHEN}\n  - {step: deploy, env: production, needs: []}\n"
            .to_owned(),
        "  - {group: Safe, when: WHEN, items: [{group: Inner, items: [{step: look, env: production}]}]}\n  - {step: deploy, env: production}\n"
            .to_owned(),
    ];
    for checklist in &checklists {
        for (when, leads) in [(param, ""), (answer, "  - {step: ask}\n")] {
            let text = page(&format!("{leads}{}", checklist.replace("WHEN", &format!("\"{when}\""))));
            fs::write(bench.path("r.md"), &text).expect("the folder takes files");
            let said = bench.expect("run r.md -p fast=true --no-input", 3, "");
            assert!(said.contains("RB105"), "{text}\n{said}");
            let (status, said) = bench.does_bare("lint r.md");
            assert!(status == 1 && said.contains("RB105"), "{text}\n{said}");
        }
    }
    // A list of nothing is such a condition.
    let each = format!(
        "  - {{group: Hosts, each: {{host: \"${{params.hosts}}\"}}, items: [{go}, {prep}]}}\n  - {{step: deploy, env: production}}\n"
    );
    fs::write(bench.path("r.md"), page(&each)).expect("the folder takes files");
    let said = bench.expect("run r.md -p hosts= --no-input", 3, "");
    assert!(said.contains("RB105"), "{said}");
    // A check may go with its change.
    let fine = "  - {group: Safe, when: fast == false, items: [{step: look, env: production}, {step: prep, env: production}]}\n  - \
                {id: go, approve: {role: managers, min: 1}, text: Go}\n  - {step: deploy, env: production}\n";
    fs::write(bench.path("r.md"), page(fine)).expect("the folder takes files");
    bench.expect("run r.md -p fast=true --no-input", 4, "");
    let (_, said) = bench.does_bare("lint r.md");
    assert!(!said.contains("RB105"), "{said}");
}

#[test]
fn a_plan_by_hand_gets_no_further_with_such_a_condition() {
    let probe = with(look("probe", &[]), "outputs", json!(["risky"]));
    for (id, guard) in [("go", yes("go", &["probe"])), ("seen", within(look("seen", &["probe"]), "production"))] {
        for when in ["outputs.probe.risky == yes", "((("] {
            let bench = Bench::new(&guarded(vec![
                probe.clone(),
                with(guard.clone(), "when", json!(when)),
                within(mark("deploy", &[id]), "production"),
            ]));
            bench.expect("run plan.json --no-input", 1, "probe");
            bench.expect("report latest", 0, "probe");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_account_in_a_user_namespace_is_nobody() {
    let bench = Bench::new(&guarded(vec![yes("go", &[]), within(mark("deploy", &["go"]), "production")]));
    let inside = |words: &[&str]| {
        let mut command = std::process::Command::new("unshare");
        command.args(["--user", "--map-root-user", env!("CARGO_BIN_EXE_opsbook")]).args(words);
        let output = command.args(["--runs", "runs"]).current_dir(bench.path("")).output();
        output.expect("unshare is installed")
    };
    let can = std::process::Command::new("unshare").args(["--user", "--map-root-user", "true"]).status();
    if !can.is_ok_and(|status| status.success()) {
        println!("skipped: this machine makes no user namespaces");
        return;
    }
    bench.expect("run plan.json --no-input", 4, "");
    for words in [vec!["approve", "latest", "go"], vec!["approve", "latest", "go", "--allow-weak-identity"]] {
        let output = inside(&words);
        assert_eq!(status(&output), 2, "{}", said(&output));
        assert!(said(&output).contains("somebody in a user namespace"), "{}", said(&output));
    }
    bench.expect("approve latest go", 0, "");
    bench.expect("resume latest --no-input", 0, "deploy");
}

#[test]
fn a_condition_is_judged_again_with_its_answer() {
    let probe = step("probe", &[], "echo \"risky=$(cat risky)\" >> \"$OPSBOOK_OUTPUT\"; grep -q yes risky");
    let build = on(step("build", &["probe"], "grep -q yes risky"), "done");
    let when = |step: Value| with(step, "when", json!("outputs.probe.risky == yes"));
    let bench = Bench::new(&guarded(vec![
        with(probe, "outputs", json!(["risky"])),
        build,
        when(on(yes("go", &["probe"]), "done")),
        when(within(mark("deploy", &["go", "build"]), "production")),
    ]));
    fs::write(bench.path("risky"), "no\n").expect("the folder takes files");
    bench.expect("run plan.json --no-input", 1, "");
    fs::write(bench.path("risky"), "yes\n").expect("the folder takes files");
    for step in ["probe", "build"] {
        let (settled, said) = bench.does(&format!("resolve latest {step} --as rerun --note again"));
        assert_eq!(settled, 0, "{said}");
    }
    let said = bench.expect("resume latest --no-input", 4, "");
    assert!(said.contains("opsbook approve"), "{said}");
    bench.does("approve latest go");
    bench.expect("resume latest --no-input", 0, "deploy");
}

#[test]
fn a_later_run_is_neither_dated_back_nor_broken() {
    let steps = |script: &str| {
        let mut plan = staged(vec![
            twin("s.deploy", "staging", &[]),
            within(watch("s.watch", &["s.deploy"]), "staging"),
            twin("p.deploy", "production", &["s.watch"]),
        ]);
        for at in [0, 2] {
            plan["steps"][at]["run"]["script"] = json!(script);
        }
        plan
    };
    let own = "echo \"$OPSBOOK_STEP\" >> log";
    let bench = Bench::new(&steps(own));
    let (proven, said) = bench.does("run plan.json --env staging");
    assert_eq!(proven, 0, "{said}");
    let earlier = bench.latest();
    std::thread::sleep(std::time::Duration::from_millis(20));
    bench.replan(&steps("false"));
    bench.does("run plan.json --env staging");
    let journal = bench.path("runs").join(bench.latest()).join("journal.jsonl");
    bench.replan(&steps(own));
    let attack = |why: &str| {
        let (status, said) = bench.does(&format!("run plan.json --env production --evidence {earlier}"));
        assert!(status == 4 && said.contains(why), "{status}: {said}");
        assert!(!bench.text("log").contains("p.deploy"), "{said}");
    };
    let dated = std::process::Command::new("touch").args(["-t", "202001010000"]).arg(&journal).status();
    assert!(dated.expect("touch is there").success());
    attack("failed there");
    let sound = fs::read_to_string(&journal).expect("there is a journal");
    fs::write(&journal, sound + "{}\n").expect("the folder takes files");
    attack("nobody can tell what run");
}

#[test]
fn a_rebase_verifies_nothing() {
    let checked = |id: &str, env: &str, needs: &[&str]| {
        let step = with(twin(id, env, needs), "check", json!("[ \"$OPSBOOK_STEP\" = s.deploy ]"));
        with(step, "verify", action("true"))
    };
    let bench = Bench::new(&staged(vec![
        checked("s.deploy", "staging", &[]),
        checked("p.deploy", "production", &["s.deploy"]),
    ]));
    bench.expect("run plan.json --no-input", 4, "");
    let said = bench.expect(&format!("run plan.json --no-input --rebase {}", bench.latest()), 4, "");
    assert!(said.contains("has passed there since"), "{said}");
    assert!(bench.journal().contains("already_true"), "{}", bench.journal());
}
