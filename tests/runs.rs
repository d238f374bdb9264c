//! `opsbook run` and its companions, as processes: what they leave behind and how they end.
#![cfg(unix)]

use opsbook::plan::Plan;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A folder with a plan and its runs.
pub(crate) struct Bench {
    folder: TempDir,
}

impl Bench {
    pub(crate) fn new(plan: &Value) -> Bench {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let bench = Bench { folder };
        let plan = sealed(plan);
        crate::schemas::assert_valid_plan(&plan);
        fs::write(bench.path("plan.json"), plan.to_json()).expect("the folder takes files");
        bench
    }

    /// Another bench in the same state.
    pub(crate) fn copy(&self) -> Bench {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let copied = Command::new("cp").arg("-a").arg(self.path(".")).arg(folder.path()).status();
        assert!(copied.expect("cp is here").success());
        Bench { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_opsbook"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env_remove("OPSBOOK_OUTPUT").env("XDG_STATE_HOME", self.path("state")).env("NO_COLOR", "1");
        command
    }

    pub(crate) fn opsbook(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("opsbook starts")
    }

    pub(crate) fn run(&self) -> Output {
        self.opsbook(&["run", "plan.json", "--runs", "runs"])
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("opsbook starts")
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    pub(crate) fn run_folder(&self) -> PathBuf {
        let mut entries = fs::read_dir(self.path("runs")).expect("there is a run");
        entries.next().expect("there is a run").expect("it can be listed").path()
    }

    pub(crate) fn journal(&self) -> String {
        fs::read_to_string(self.run_folder().join("journal.jsonl")).unwrap_or_default()
    }

    /// The number of records that are whole.
    fn records(&self) -> usize {
        let begun = fs::read_dir(self.path("runs")).is_ok_and(|mut runs| runs.next().is_some());
        if begun { self.journal().matches('\n').count() } else { 0 }
    }

    pub(crate) fn wait_for(&self, what: &str, holds: impl Fn() -> bool) {
        let began = Instant::now();
        while !holds() {
            assert!(began.elapsed() < Duration::from_secs(120), "waited too long for {what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

pub(crate) fn sealed(plan: &Value) -> Plan {
    let mut plan: Plan = serde_json::from_value(plan.clone()).expect("the sample has the plan's shape");
    plan.seal();
    plan
}

pub(crate) fn plan(steps: Vec<Value>) -> Value {
    json!({
        "format": 1, "runbook": "sample", "stage": "bound", "kind": "procedure", "mode": "read-do", "params": {},
        "secrets": [], "components": [],
        "environments": {"staging": {"tier": 0}, "production": {"tier": 1, "after": "staging"}},
        "steps": steps, "source": {"files": []}, "hash": "",
    })
}

pub(crate) fn step(id: &str, needs: &[&str], script: &str) -> Value {
    json!({
        "id": id, "item": id, "group": null, "kind": "run", "title": format!("Do {id}"), "impact": "write",
        "needs": needs.iter().map(|need| json!({"step": need, "on": "success"})).collect::<Vec<_>>(),
        "run": {"shell": "bash", "script": script}, "timeout_s": 60, "digest": "",
    })
}

pub(crate) fn with(mut step: Value, key: &str, value: Value) -> Value {
    step[key] = value;
    step
}

pub(crate) fn manual(id: &str, needs: &[&str], evidence: &str) -> Value {
    let mut item = with(step(id, needs, ""), "kind", json!("manual"));
    item["evidence"] = json!(evidence);
    item.as_object_mut().expect("a step is an object").remove("run");
    item
}

pub(crate) fn approval(id: &str, needs: &[&str], approval: Value) -> Value {
    let mut item = with(manual(id, needs, "none"), "kind", json!("approval"));
    item["approval"] = approval;
    item
}

pub(crate) fn status(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("it was ended by a signal: {output:?}"))
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

pub(crate) fn action(script: &str) -> Value {
    json!({"block": "b", "title": "b", "shell": "bash", "script": script, "timeout_s": 20})
}

#[test]
fn steps_run_in_order_and_pass_outputs_on() {
    let first = with(step("one", &[], "echo n=42 >> \"$OPSBOOK_OUTPUT\"; echo first >> log"), "outputs", json!(["n"]));
    let bench = Bench::new(&plan(vec![first, step("two", &["one"], "echo second $OPSBOOK_OUT_ONE_N >> log")]));
    let output = bench.run();
    assert_eq!(status(&output), 0, "{}", said(&output));
    assert_eq!(bench.text("log"), "first\nsecond 42\n");
    let head = said(&output).lines().find_map(|line| line.strip_prefix("Journal head: ").map(str::to_owned));
    let head = head.expect("the head is printed at the end");
    let verified = bench.opsbook(&["journal", "verify", "latest", "--runs", "runs", "--head", &head]);
    assert_eq!(status(&verified), 0, "{}", said(&verified));
    let wrong = bench.opsbook(&["journal", "verify", "latest", "--runs", "runs", "--head", "00"]);
    assert_eq!(status(&wrong), 7);
}

#[test]
fn the_exit_status_says_how_it_ended() {
    let run = |steps: Vec<Value>| status(&Bench::new(&plan(steps)).run());
    assert_eq!(run(vec![step("a", &[], "true")]), 0);
    assert_eq!(run(vec![step("a", &[], "false")]), 1);
    assert_eq!(run(vec![manual("a", &[], "none")]), 4);
    assert_eq!(run(vec![with(step("a", &[], "sleep 30"), "timeout_s", json!(1))]), 124);
    let bench = Bench::new(&plan(vec![]));
    assert_eq!(status(&bench.opsbook(&["run", "none.json", "--runs", "runs"])), 2);
    let broken = bench.text("plan.json").replace("\"sample\"", "\"other\"");
    fs::write(bench.path("plan.json"), broken).expect("the folder takes files");
    assert_eq!(status(&bench.run()), 3);
    let mut template = plan(vec![]);
    template["stage"] = json!("template");
    assert_eq!(status(&Bench::new(&template).run()), 3);
}

#[test]
fn what_was_written_is_undone_in_reverse() {
    let undoable =
        |id: &str, needs: &[&str], script: &str, undo: &str| with(step(id, needs, script), "undo", action(undo));
    let mut wanted = plan(vec![
        undoable("a", &[], "echo a >> log", "echo undo a >> log"),
        undoable("b", &["a"], "echo b >> log", "echo undo b >> log"),
        step("c", &["b"], "false"),
    ]);
    wanted["on_failure"] = json!({"rollback": "reverse", "then": "hotfix.md#note"});
    let bench = Bench::new(&wanted);
    let output = bench.run();
    assert_eq!(status(&output), 8, "{}", said(&output));
    assert_eq!(bench.text("log"), "a\nb\nundo b\nundo a\n");
    assert!(said(&output).contains("What to do now: hotfix.md#note"));
    wanted["steps"][1]["undo"] = action("false");
    let bench = Bench::new(&wanted);
    assert_eq!(status(&bench.run()), 9);
    assert_eq!(bench.text("log"), "a\nb\n");
}

#[test]
fn a_failed_attempt_is_tried_again_and_a_true_check_skips() {
    let flaky = with(
        step("a", &[], "echo try >> log; test \"$(wc -l < log)\" -ge 3"),
        "retries",
        json!({"max": 2, "backoff": "0s"}),
    );
    let done = with(step("b", &["a"], "echo never >> log"), "check", json!("true"));
    let bench = Bench::new(&plan(vec![flaky, done]));
    assert_eq!(status(&bench.run()), 0);
    assert_eq!(bench.text("log"), "try\ntry\ntry\n");
    assert!(bench.journal().contains("\"reason\":\"already_true\""));
}

#[test]
fn a_dry_run_executes_nothing() {
    let bench = Bench::new(&plan(vec![
        step("a", &[], "touch touched"),
        with(step("b", &["a"], "touch touched"), "undo", action("touch touched")),
        approval("c", &["b"], json!({"min": 1})),
        with(step("d", &["c"], "touch touched"), "verify", action("touch touched")),
    ]));
    let output = bench.opsbook(&["run", "plan.json", "--dry-run"]);
    assert_eq!(status(&output), 0, "{}", said(&output));
    assert!(!bench.path("touched").exists() && !bench.path("runs").exists() && !bench.path("state").exists());
    assert!(said(&output).contains("touch touched") && said(&output).contains("Nothing was executed."));
}

#[test]
fn parts_of_a_plan_can_be_left_out() {
    let log = |id: &str, needs: &[&str]| step(id, needs, &format!("echo {id} >> log"));
    let bench = Bench::new(&plan(vec![log("a", &[]), log("b", &["a"]), log("c", &["b"])]));
    assert_eq!(status(&bench.opsbook(&["run", "plan.json", "--runs", "runs", "--from", "b"])), 0);
    assert_eq!(bench.text("log"), "b\nc\n");
    let unknown = bench.opsbook(&["run", "plan.json", "--runs", "runs", "--from", "x"]);
    assert_eq!(status(&unknown), 2);
    assert!(said(&unknown).contains("the plan has no step `x`"));
}

#[test]
fn a_person_ticks_an_item_and_gives_its_evidence() {
    let bench = Bench::new(&plan(vec![manual("announce", &[], "url"), step("b", &["announce"], "echo b >> log")]));
    let waiting = bench.run();
    assert_eq!(status(&waiting), 4);
    assert!(said(&waiting).contains("announce --url ADDRESS"), "{}", said(&waiting));
    let without = bench.opsbook(&["done", "latest", "announce", "--runs", "runs"]);
    assert_eq!(status(&without), 2);
    assert!(said(&without).contains("give a url with `--url`"));
    let given = bench.opsbook(&["done", "latest", "announce", "--runs", "runs", "--url", "https://example.org/1"]);
    assert_eq!(status(&given), 0, "{}", said(&given));
    assert_eq!(status(&bench.opsbook(&["resume", "latest", "--runs", "runs"])), 0);
    assert_eq!(bench.text("log"), "b\n");
}

#[test]
fn boxes_ticked_in_an_issue_come_back() {
    let bench =
        Bench::new(&plan(vec![manual("a", &[], "none"), manual("b", &["a"], "note"), manual("c", &["b"], "none")]));
    assert_eq!(status(&bench.run()), 4);
    let issue = said(&bench.opsbook(&["emit", "markdown", "plan.json"]));
    let ticked: String = issue
        .lines()
        .map(|line| if line.contains("step: c ") { format!("{line}\n") } else { line.replace("- [ ]", "- [x]") + "\n" })
        .collect();
    fs::write(bench.path("issue.md"), ticked).expect("the folder takes files");
    let output = bench.opsbook(&["tick", "latest", "issue.md", "--runs", "runs"]);
    assert_eq!(status(&output), 0, "{}", said(&output));
    let waiting = said(&bench.opsbook(&["resume", "latest", "--runs", "runs"]));
    assert!(waiting.contains(" c --runs runs\n") && !waiting.contains(" b --runs"), "{waiting}");
}

#[test]
fn approvals_want_a_signature_of_somebody_else() {
    let bench = Bench::new(&plan(vec![
        approval("go", &[], json!({"min": 1, "role": "managers", "forbid": ["runner"]})),
        step("b", &["go"], "echo b >> log"),
    ]));
    let key = |name: &str| {
        let path = bench.path(name);
        let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&path).status();
        assert!(made.expect("ssh-keygen is installed").success());
        fs::read_to_string(path.with_extension("pub")).expect("the public key stands beside the private one")
    };
    let (ben, _eve) = (key("ben"), key("eve"));
    let ben = ben.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    fs::write(bench.path("signers"), format!("ben@example.org {ben}\n")).expect("the folder takes files");
    let book = "[book]\ntitle = \"x\"\n\n[runbook]\nallowed-signers = \"signers\"\nruns = \"runs\"\n\n\
                [runbook.roles]\nmanagers = [\"ben@example.org\"]\n";
    fs::write(bench.path("book.toml"), book).expect("the folder takes files");
    fs::create_dir(bench.path("src")).expect("the folder takes folders");
    assert_eq!(status(&bench.opsbook(&["run", "plan.json"])), 4);
    let refused = |arguments: &[&str], why: &str| {
        let output = bench.opsbook(&[&["approve", "latest", "go"], arguments].concat());
        assert_eq!(status(&output), 2, "{}", said(&output));
        assert!(said(&output).contains(why), "{}", said(&output));
    };
    refused(&[], "is no proof of who you are");
    refused(&["--key", "eve", "--as", "ben@example.org"], "does not have the key");
    refused(&["--allow-weak-identity"], "does not have the role `managers`");
    let yes = bench.opsbook(&["approve", "latest", "go", "--key", "ben", "--as", "ben@example.org"]);
    assert_eq!(status(&yes), 0, "{}", said(&yes));
    assert_eq!(status(&bench.opsbook(&["resume", "latest"])), 0);
    assert_eq!(bench.text("log"), "b\n");
    let report = bench.opsbook(&["report", "latest"]);
    assert!(said(&report).contains("approved by `ben@example.org` (ssh-sig, key `SHA256:"), "{}", said(&report));
    let html = bench.opsbook(&["report", "latest", "--format", "html"]);
    assert!(said(&html).contains("<table>") && said(&html).contains("ben@example.org"), "{}", said(&html));
}

#[test]
fn production_waits_for_staging_or_broken_glass() {
    let deploy = |id: &str, env: &str, needs: &[&str]| {
        let deploy = with(step(id, needs, &format!("echo {id} >> log")), "env", json!(env));
        with(with(deploy, "item", json!("deploy")), "verify", action("true"))
    };
    let allowed = json!({"reason": "required", "review_within": "24h"});
    let bench = Bench::new(&plan(vec![with(deploy("p", "production", &[]), "break_glass", allowed)]));
    let stopped = bench.run();
    assert_eq!(status(&stopped), 4, "{}", said(&stopped));
    assert!(said(&stopped).contains("`deploy` has not run in `staging`"), "{}", said(&stopped));
    assert_eq!(bench.text("log"), "");
    let broken = bench.opsbook(&["resume", "latest", "--runs", "runs", "--break-glass", "users are cut off"]);
    assert_eq!(status(&broken), 0, "{}", said(&broken));
    assert!(bench.journal().contains("\"reason\":\"users are cut off\"") && bench.journal().contains("\"review_by\""));
    let proven = Bench::new(&plan(vec![deploy("s", "staging", &[]), deploy("p", "production", &["s"])]));
    assert_eq!(status(&proven.run()), 0);
}

#[test]
fn a_secret_that_is_missing_or_short_begins_no_run() {
    let mut wanted = plan(vec![step("a", &[], "echo \"seen: ${TOKEN:-nothing}\" >> log")]);
    wanted["secrets"] = json!(["TOKEN"]);
    let bench = Bench::new(&wanted);
    let run = |token: &str| bench.command(&["run", "plan.json", "--runs", "runs"]).env("TOKEN", token).output();
    let missing = bench.run();
    assert_eq!(status(&missing), 3);
    assert!(said(&missing).contains("secret `TOKEN`: the variable `TOKEN` is not set"));
    assert!(said(&run("abc").expect("opsbook starts")).contains("shorter than 6 characters"));
    // A step that does not name the secret does not see it.
    assert_eq!(status(&run("long enough").expect("opsbook starts")), 0);
    assert_eq!(bench.text("log"), "seen: nothing\n");
}

#[test]
fn a_second_runner_is_told_who_holds_the_run() {
    let bench = Bench::new(&plan(vec![step("a", &[], "touch began; sleep 20")]));
    let mut first = bench.start(&["run", "plan.json", "--runs", "runs"]);
    bench.wait_for("the step", || bench.path("began").exists());
    let second = bench.opsbook(&["resume", "latest", "--runs", "runs"]);
    assert_eq!(status(&second), 6);
    assert!(said(&second).contains(&first.id().to_string()), "{}", said(&second));
    // Killed, the runner leaves its step alive, and the step holds the lock.
    first.kill().and_then(|()| first.wait()).expect("it can be killed");
    let third = bench.opsbook(&["resume", "latest", "--runs", "runs"]);
    assert_eq!(status(&third), 6);
    assert!(said(&third).contains("is held by process"), "{}", said(&third));
    let _ = Command::new("pkill").args(["-KILL", "-f", &bench.run_folder().to_string_lossy()]).status();
}

#[test]
fn a_killed_runner_leaves_its_step_in_doubt_and_a_person_settles_it() {
    let bench = Bench::new(&plan(vec![
        step("a", &[], "echo a >> log; touch began; sleep 20"),
        step("b", &["a"], "echo b >> log"),
    ]));
    let mut runner = bench.start(&["run", "plan.json", "--runs", "runs"]);
    bench.wait_for("the step", || bench.path("began").exists());
    runner.kill().and_then(|()| runner.wait()).expect("it can be killed");
    let _ = Command::new("pkill").args(["-KILL", "-f", &bench.run_folder().to_string_lossy()]).status();
    bench.wait_for("the end of the step", || status(&bench.opsbook(&["resume", "latest", "--runs", "runs"])) != 6);
    let doubt = bench.opsbook(&["resume", "latest", "--runs", "runs"]);
    assert_eq!(status(&doubt), 5, "{}", said(&doubt));
    assert!(said(&doubt).contains("`a`") && said(&doubt).contains("--as done|failed|rerun"), "{}", said(&doubt));
    let settle = ["resolve", "latest", "a", "--as", "done", "--note", "a stands in the log", "--runs", "runs"];
    assert_eq!(status(&bench.opsbook(&settle)), 0);
    assert_eq!(status(&bench.opsbook(&["resume", "latest", "--runs", "runs"])), 0);
    assert_eq!(bench.text("log"), "a\nb\n");
}

#[test]
fn signals_stop_a_run_and_it_goes_on_later() {
    for (signal, expected) in [("-INT", 130), ("-TERM", 143)] {
        let slow = with(step("a", &[], "touch began; sleep 20"), "idempotent", json!(true));
        let bench =
            Bench::new(&plan(vec![step("first", &[], "echo first >> log"), slow, step("b", &["a"], "echo b >> log")]));
        let mut runner = bench.start(&["run", "plan.json", "--runs", "runs"]);
        bench.wait_for("the step", || bench.path("began").exists());
        let sent = Command::new("kill").args([signal, &runner.id().to_string()]).status();
        assert!(sent.expect("kill is there").success());
        assert_eq!(runner.wait().expect("it ends").code(), Some(expected));
        assert!(bench.journal().contains("run.interrupted"));
        assert!(!bench.text("log").contains('b'));
    }
}

#[test]
fn a_run_can_be_given_up() {
    let bench = Bench::new(&plan(vec![manual("a", &[], "none"), step("b", &["a"], "echo b >> log")]));
    assert_eq!(status(&bench.run()), 4);
    assert_eq!(status(&bench.opsbook(&["cancel", "latest", "--runs", "runs", "--note", "postponed"])), 0);
    assert_eq!(status(&bench.opsbook(&["resume", "latest", "--runs", "runs"])), 2);
    assert!(said(&bench.opsbook(&["runs", "--runs", "runs"])).contains("cancelled"));
}

#[test]
fn an_answer_reaches_a_runner_that_is_alive() {
    let bench = Bench::new(&plan(vec![
        step("a", &[], "touch began; sleep 1.5"),
        manual("m", &[], "none"),
        step("b", &["a", "m"], "echo b >> log"),
    ]));
    let mut runner = bench.start(&["run", "plan.json", "--runs", "runs"]);
    bench.wait_for("the step", || bench.path("began").exists());
    let mut settled = bench.opsbook(&["done", "latest", "m", "--runs", "runs"]);
    for _ in 0..20 {
        if status(&settled) == 0 {
            break;
        }
        settled = bench.opsbook(&["done", "latest", "m", "--runs", "runs"]);
    }
    assert_eq!(status(&settled), 0, "{}", said(&settled));
    assert_eq!(runner.wait().expect("it ends").code(), Some(0));
    assert_eq!(bench.text("log"), "b\n");
}

#[test]
fn a_damaged_journal_is_refused_and_a_torn_one_is_cut() {
    let bench = Bench::new(&plan(vec![manual("a", &[], "none"), step("b", &["a"], "echo b >> log")]));
    assert_eq!(status(&bench.run()), 4);
    let at = bench.run_folder().join("journal.jsonl");
    let sound = fs::read(&at).expect("the journal is there");
    fs::write(&at, [&sound[..], b"{\"seq\":9"].concat()).expect("it can be written");
    assert_eq!(status(&bench.opsbook(&["done", "latest", "a", "--runs", "runs"])), 0);
    assert!(bench.journal().contains("journal.recovered"));
    let mut damaged = fs::read(&at).expect("the journal is there");
    damaged[40] ^= 1;
    fs::write(&at, damaged).expect("it can be written");
    let refused = bench.opsbook(&["resume", "latest", "--runs", "runs"]);
    assert_eq!(status(&refused), 7);
    assert!(said(&refused).contains("journal.jsonl:1: the journal is damaged"), "{}", said(&refused));
}

#[test]
fn a_plan_changed_after_it_began_is_refused() {
    let bench = Bench::new(&plan(vec![approval("go", &[], json!({"min": 1})), step("b", &["go"], "echo b >> log")]));
    assert_eq!(status(&bench.run()), 4);
    let yes = bench.opsbook(&["approve", "latest", "go", "--allow-weak-identity", "--runs", "runs"]);
    assert_eq!(status(&yes), 0, "{}", said(&yes));
    let at = bench.run_folder().join("plan.json");
    let text = fs::read_to_string(&at).expect("the plan is there");
    fs::write(&at, text.replace("echo b", "echo c")).expect("it can be written");
    let refused = bench.opsbook(&["resume", "latest", "--runs", "runs"]);
    assert_eq!(status(&refused), 7);
    assert!(said(&refused).contains("was changed after planning"), "{}", said(&refused));
    assert_eq!(bench.text("log"), "");
}

#[test]
fn a_page_changed_after_planning_makes_the_plan_stale() {
    let bench = Bench::new(&plan(vec![]));
    let page = "---\nrunbook:\n  version: 1\n  kind: procedure\nchecklist:\n  - {id: a, text: Look}\n  - step: b\n---\n# R\n\n\
                ```bash\n#| id: b\n#| impact: write\n#| timeout: 1m\necho b >> log\n```\n";
    fs::write(bench.path("page.md"), page).expect("the folder takes files");
    let made = bench.opsbook(&["plan", "page.md", "--format", "json"]);
    assert_eq!(status(&made), 0, "{}", said(&made));
    fs::write(bench.path("plan.json"), made.stdout).expect("the folder takes files");
    let first = bench.run();
    assert_eq!(status(&first), 4, "{}", said(&first));
    fs::write(bench.path("page.md"), page.replace("echo b", "echo c")).expect("the folder takes files");
    let stale = bench.run();
    assert_eq!(status(&stale), 6);
    assert!(said(&stale).contains("changed since the plan was made: page.md"), "{}", said(&stale));
    assert_eq!(status(&bench.opsbook(&["resume", "latest", "--runs", "runs"])), 6);
    assert_eq!(status(&bench.opsbook(&["resume", "latest", "--runs", "runs", "--as-planned"])), 4);
}

#[test]
fn a_new_plan_takes_over_what_is_the_same() {
    let bench = Bench::new(&plan(vec![step("a", &[], "echo a >> log"), step("b", &["a"], "false")]));
    assert_eq!(status(&bench.run()), 1);
    let mut fixed: Plan =
        serde_json::from_value(plan(vec![step("a", &[], "echo a >> log"), step("b", &["a"], "echo b >> log")]))
            .expect("the sample has the plan's shape");
    fixed.seal();
    fs::write(bench.path("plan.json"), fixed.to_json()).expect("the folder takes files");
    let output = bench.opsbook(&["run", "plan.json", "--runs", "runs", "--rebase", "latest"]);
    assert_eq!(status(&output), 0, "{}", said(&output));
    assert_eq!(bench.text("log"), "a\nb\n");
}

#[test]
fn a_disk_that_takes_no_more_stops_the_run_and_loses_nothing() {
    // Steps whose outputs make the journal longer than the plan.
    let steps = (0..60_u32).map(|at| {
        let before = at.checked_sub(1).map(|before| format!("s{before}"));
        let needs: Vec<&str> = before.iter().map(String::as_str).collect();
        let script = format!("echo s{at} >> log; printf 'n=%01000d\\n' 1 >> \"$OPSBOOK_OUTPUT\"");
        with(step(&format!("s{at}"), &needs, &script), "outputs", json!(["n"]))
    });
    let bench = Bench::new(&plan(steps.collect()));
    // A limit on the size of files stands in for a full disk: the journal's write fails part way.
    let room_kib = bench.text("plan.json").len() / 1024 + 2;
    let script = format!(
        "ulimit -f {room_kib}; trap '' XFSZ; exec {} run plan.json --runs runs",
        env!("CARGO_BIN_EXE_opsbook").replace(' ', "\\ ")
    );
    let mut command = Command::new("bash");
    let output = command.args(["-c", &script]).current_dir(bench.folder.path()).output().expect("bash starts");
    assert_eq!(status(&output), 2, "{}", said(&output));
    assert!(said(&output).contains("cannot write"), "{}", said(&output));
    // What was written is there: as many steps are known to have ended as have left their mark, and
    // the write that failed is either the beginning of the next one or the end of the last.
    let n_done = bench.text("log").lines().count();
    let n_known = bench.journal().matches("\"type\":\"step.finished\"").count();
    assert!(n_done == n_known || n_done == n_known + 1, "{n_done} steps are done, {n_known} are known to be");
    let resumed = bench.opsbook(&["resume", "latest", "--runs", "runs"]);
    assert_eq!(status(&resumed), if n_done == n_known { 0 } else { 5 }, "{}", said(&resumed));
    let verified = bench.opsbook(&["journal", "verify", "latest", "--runs", "runs"]);
    assert_eq!(status(&verified), 0, "{}", said(&verified));
}

#[test]
fn a_folder_that_cannot_be_written_and_one_that_vanishes_are_said() {
    let bench = Bench::new(&plan(vec![step("a", &[], "rm -rf runs/*")]));
    let refused = bench.opsbook(&["run", "plan.json", "--runs", "/proc/opsbook-runs"]);
    assert_eq!(status(&refused), 2);
    assert!(said(&refused).contains("cannot make `/proc/opsbook-runs`"), "{}", said(&refused));
    let vanished = bench.run();
    assert_eq!(status(&vanished), 2);
    assert!(said(&vanished).contains("runs"), "{}", said(&vanished));
}

/// Kills the runner at random moments and goes on until the run has ended; every step's effect must
/// then be there, once. `OPSBOOK_KILLS` sets how many runs, `OPSBOOK_SEED` the moments.
#[test]
fn no_kill_loses_or_doubles_a_step() {
    let number =
        |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (n_kills, mut state) = (number("OPSBOOK_KILLS", 6), number("OPSBOOK_SEED", 7));
    let mut random = move |below: u64| {
        // Knuth's MMIX generator; its upper bits are good enough for moments.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut steps = Vec::new();
    for at in 0..30_u32 {
        let before = at.checked_sub(1).map(|before| format!("s{before}"));
        let needs: Vec<&str> = before.iter().map(String::as_str).collect();
        let effect = format!("echo s{at} >> log");
        let step = match at % 3 {
            0 => step(&format!("s{at}"), &needs, &effect),
            1 => with(step(&format!("s{at}"), &needs, &effect), "check", json!(format!("grep -qx s{at} log"))),
            _ => {
                let once = format!("grep -qx s{at} log || {effect}");
                with(step(&format!("s{at}"), &needs, &once), "idempotent", json!(true))
            }
        };
        steps.push(step);
    }
    let mut n_midway = 0;
    for _ in 0..n_kills {
        let bench = Bench::new(&plan(steps.clone()));
        let mut runner = bench.start(&["run", "plan.json", "--runs", "runs"]);
        // Somewhere in the run, and there in the midst of whatever it is doing.
        let (n_records, then) = (1 + random(50) as usize, Duration::from_micros(random(8_000)));
        bench.wait_for("a record", || bench.records() >= n_records);
        std::thread::sleep(then);
        runner.kill().and_then(|()| runner.wait()).expect("it can be killed");
        n_midway += usize::from(!bench.journal().contains("run.finished"));
        finish_after_kill(&bench, &mut random);
    }
    assert!(n_midway * 2 > n_kills as usize, "only {n_midway} of {n_kills} kills came before the end");
}

fn finish_after_kill(bench: &Bench, random: &mut impl FnMut(u64) -> u64) {
    let expected: String = (0..30).map(|at| format!("s{at}\n")).collect();
    for _ in 0..200 {
        let mut runner = bench.start(&["resume", "latest", "--runs", "runs"]);
        if random(3) == 0 {
            std::thread::sleep(Duration::from_millis(random(200)));
            let _ = runner.kill();
        }
        match runner.wait().expect("it can be waited for").code() {
            Some(5) => {
                let read = bench.journal();
                let doubtful = (0..30).rev().map(|at| format!("s{at}")).find(|step| {
                    read.contains(&format!("\"step\":\"{step}\",\"ts\""))
                        && read.contains(&format!("\"step\":\"{step}\""))
                });
                let step = doubtful.expect("a step in doubt has begun");
                let what = if bench.text("log").lines().any(|line| line == step) { "done" } else { "rerun" };
                let settled =
                    bench.opsbook(&["resolve", "latest", &step, "--as", what, "--note", "the log", "--runs", "runs"]);
                assert_eq!(status(&settled), 0, "{}", said(&settled));
            }
            Some(0) => {
                assert_eq!(bench.text("log"), expected);
                let verified = bench.opsbook(&["journal", "verify", "latest", "--runs", "runs"]);
                assert_eq!(status(&verified), 0, "{}", said(&verified));
                return;
            }
            // An orphan still holds the lock, or the resumed runner was killed too.
            Some(6) | None => std::thread::sleep(Duration::from_millis(10)),
            // Another kill may have come after the end.
            Some(2) if bench.text("log") == expected => return,
            other => panic!("resume ended with {other:?}"),
        }
    }
    panic!("the run does not come to an end");
}

/// Performs a plan in the mind alone: every step begins and ends well.
fn fold_all(plan: &std::sync::Arc<Plan>) {
    use opsbook::plan::machine::{Action, Event, Next, Run, RunState, StepResult};
    let mut run = Run::new(std::sync::Arc::clone(plan));
    let happen = |run: &mut Run, event: Event| run.apply("2026-05-04T12:00:00Z", &event).expect("it can happen");
    let (by, source, left_out) = ("ana".to_owned(), None, vec![]);
    happen(&mut run, Event::RunStarted { run: "r".into(), plan: plan.hash.clone(), by, source, left_out });
    while let Next::Act(actions) = run.next() {
        let Action::Start { step, attempt } = actions[0].clone() else {
            assert_eq!(actions, [Action::Finish(RunState::Succeeded)]);
            return;
        };
        let (previous_revision, break_glass) = (None, None);
        happen(&mut run, Event::StepStarted { step: step.clone(), attempt, previous_revision, break_glass });
        let (result, exit, signal, note) = (StepResult::Succeeded, Some(0), None, None);
        let (outputs, strays) = Default::default();
        happen(&mut run, Event::StepFinished { step, attempt, result, exit, signal, outputs, strays, note });
    }
    panic!("it stands still: {:?}", run.next());
}

#[test]
fn a_run_of_many_steps_takes_no_more_for_each() {
    let chain = |n: usize| {
        let id = |at: usize| format!("s{at}");
        let steps = (0..n).map(|at| {
            let before: Vec<String> = at.checked_sub(1).map(id).into_iter().collect();
            with(step(&id(at), &before.iter().map(String::as_str).collect::<Vec<_>>(), "true"), "env", json!("staging"))
        });
        std::sync::Arc::new(sealed(&plan(steps.collect())))
    };
    let plans: std::collections::BTreeMap<usize, _> = [400, 1_600].map(|n| (n, chain(n))).into();
    crate::growth::assert_linear("a chain of steps", &mut |n| fold_all(&plans[&n]), 400);
}
