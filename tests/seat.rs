//! The operator's seat: who has the runbook, what to type next, what is shown and reported.
#![cfg(unix)]

use crate::runs::{Bench, action, manual, plan, said, status, step, with};
use serde_json::{Value, json};
use std::fs;
use std::process::Command;
use std::time::Duration;

fn end(pid: u64) {
    let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
}

/// The processes that a run's journal names as left behind.
fn strays(bench: &Bench) -> Vec<u64> {
    let journal = bench.journal();
    let records = journal.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let strays = records.filter_map(|record| record["strays"].as_array().cloned()).flatten();
    strays.filter_map(|pid| pid.as_u64()).collect()
}

#[test]
fn what_a_finished_step_left_running_holds_nothing() {
    let bench = Bench::new(&plan(vec![
        step("forward", &[], "sleep 40 >/dev/null 2>&1 & echo forwarding"),
        manual("look", &["forward"], "none"),
        step("after", &["look"], "echo after >> log"),
    ]));
    assert_eq!(status(&bench.run()), 4);
    let done = bench.opsbook(&["done", "latest", "look", "--runs", "runs"]);
    assert_eq!(status(&done), 0, "{}", said(&done));
    assert!(said(&done).contains("Recorded.") && !said(&done).contains("alive"), "{}", said(&done));
    let resumed = bench.opsbook(&["resume", "latest", "--runs", "runs"]);
    assert_eq!(status(&resumed), 0, "{}", said(&resumed));
    assert_eq!(bench.text("log"), "after\n");
    if cfg!(target_os = "linux") {
        let left = strays(&bench);
        assert_eq!(left.len(), 1, "{}", bench.journal());
        left.into_iter().for_each(end);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_step_left_running_ends_with_it_where_the_policy_says_so() {
    let left = "setsid sleep 41.5 >/dev/null 2>&1 & echo $! > pid; sleep 0.2";
    let bench = Bench::new(&plan(vec![step("forward", &[], left)]));
    let book = "[book]\ntitle = \"x\"\n\n[runbook.policy]\nend-leftovers = true\n";
    fs::write(bench.path("book.toml"), book).expect("the folder takes files");
    fs::create_dir(bench.path("src")).expect("the folder takes folders");
    let output = bench.run();
    assert_eq!(status(&output), 0, "{}", said(&output));
    let pid = bench.text("pid");
    assert!(!std::path::Path::new("/proc").join(pid.trim()).exists(), "{pid} is alive");
    assert!(strays(&bench).is_empty());
}

#[test]
fn a_runbook_runs_once_at_a_time_in_an_environment() {
    let deploy = |env: &str| with(step("deploy", &[], "touch began; sleep 3; echo done >> log"), "env", json!(env));
    let bench = Bench::new(&plan(vec![deploy("staging")]));
    let mut first = bench.start(&["run", "plan.json", "--runs", "runs"]);
    bench.wait_for("the step", || bench.path("began").exists());
    // Not even with its runs kept elsewhere.
    let second = bench.opsbook(&["run", "plan.json", "--runs", "elsewhere"]);
    assert_eq!(status(&second), 6, "{}", said(&second));
    assert!(said(&second).contains("`sample` in `staging` is held by process"), "{}", said(&second));
    assert!(said(&second).contains(&first.id().to_string()) && !bench.path("elsewhere").exists());
    let patient = bench.opsbook(&["run", "plan.json", "--runs", "elsewhere", "--wait"]);
    assert_eq!(status(&patient), 0, "{}", said(&patient));
    assert!(said(&patient).contains("Waiting: "), "{}", said(&patient));
    assert_eq!(first.wait().expect("it ends").code(), Some(0));
    assert_eq!(bench.text("log"), "done\ndone\n");
}

#[test]
fn an_orphan_holds_its_runbook_too() {
    let bench = Bench::new(&plan(vec![with(step("a", &[], "echo $$ > began; sleep 20"), "env", json!("staging"))]));
    let mut runner = bench.start(&["run", "plan.json", "--runs", "runs"]);
    bench.wait_for("the step", || !bench.text("began").is_empty());
    runner.kill().and_then(|()| runner.wait()).expect("it can be killed");
    let other = bench.opsbook(&["run", "plan.json", "--runs", "runs"]);
    assert_eq!(status(&other), 6, "{}", said(&other));
    assert!(said(&other).contains("which step `a` began and which outlived its runner"), "{}", said(&other));
    let listed = bench.opsbook(&["runs", "--runs", "runs"]);
    assert!(said(&listed).contains("cut off during a"), "{}", said(&listed));
    let _ = Command::new("pkill").args(["-KILL", "-s", bench.text("began").trim()]).status();
    bench.wait_for("the orphan's end", || status(&bench.opsbook(&["resume", "latest", "--runs", "runs"])) == 5);
}

#[test]
fn the_last_lines_can_be_typed() {
    let bench = Bench::new(&plan(vec![
        step("a", &[], "echo why it failed; test -e fixed"),
        manual("m", &["a"], "url"),
        step("b", &["m"], "echo b >> log"),
    ]));
    let type_next = |output: &std::process::Output, wanted: &str| -> String {
        let text = said(output);
        let line = text.lines().find(|line| line.trim_start().starts_with(wanted));
        let line = line.unwrap_or_else(|| panic!("no `{wanted}` in:\n{text}"));
        let command = line.split("   #").next().unwrap_or_default().trim();
        let command = command.replace("TEXT", "seen").replace("ADDRESS", "https://example.org/1");
        let words: Vec<&str> = command.split(' ').skip(1).collect();
        let output = bench.opsbook(&words);
        said(&output) + &format!("\nstatus {}", status(&output))
    };
    let failed = bench.run();
    assert_eq!(status(&failed), 1);
    assert!(said(&failed).contains("failed.\n"), "{}", said(&failed));
    let log = type_next(&failed, "opsbook runs log ");
    assert!(log.contains("why it failed") && log.ends_with("status 0"), "{log}");
    fs::write(bench.path("fixed"), "").expect("the folder takes files");
    assert!(type_next(&failed, "opsbook resolve ").ends_with("status 0"));
    let waiting = type_next(&failed, "opsbook resume ");
    assert!(waiting.ends_with("status 4"), "{waiting}");
    let waiting = bench.opsbook(&["resume", "latest", "--runs", "runs"]);
    assert!(type_next(&waiting, "opsbook done ").ends_with("status 0"));
    let ended = type_next(&waiting, "opsbook resume ");
    assert!(ended.contains(" succeeded.\n") && ended.ends_with("status 0"), "{ended}");
    assert!(!ended.contains("is succeeded"));
}

#[test]
fn runs_that_stand_still_are_listed_as_such() {
    let slow = with(step("a", &[], "touch began; sleep 20"), "idempotent", json!(true));
    let bench = Bench::new(&plan(vec![slow]));
    let mut runner = bench.start(&["run", "plan.json", "--runs", "runs"]);
    bench.wait_for("the step", || bench.path("began").exists());
    assert!(said(&bench.opsbook(&["runs", "--runs", "runs"])).contains("  running  "));
    let _ = Command::new("kill").args(["-INT", &runner.id().to_string()]).status();
    runner.wait().expect("it ends");
    let listed = bench.opsbook(&["runs", "--runs", "runs"]);
    assert!(said(&listed).contains("  interrupted  "), "{}", said(&listed));
    let deploy = with(with(step("p", &[], "true"), "env", json!("production")), "item", json!("deploy"));
    let unproven = Bench::new(&plan(vec![with(deploy, "verify", action("true"))]));
    assert_eq!(status(&unproven.run()), 4);
    let listed = unproven.opsbook(&["runs", "--runs", "runs"]);
    assert!(said(&listed).contains("blocked before p"), "{}", said(&listed));
}

#[test]
fn a_script_is_shown_before_it_runs() {
    let bench = Bench::new(&plan(vec![step("a", &[], "x=1\ntouch file")]));
    let output = bench.opsbook(&["run", "plan.json", "--runs", "runs", "--show"]);
    assert_eq!(status(&output), 0);
    assert!(said(&output).contains("  a > x=1\n  a > touch file\n"), "{}", said(&output));
}

#[test]
fn a_message_of_a_script_names_its_line_on_the_page() {
    let page = "# Title\n\n```bash\n#| id: a\n\necho one\nno-such-command\n```\n";
    let source = json!({"path": "page.md", "first_line": 3, "last_line": 8, "byte_start": 9, "byte_end": 60});
    let bench = Bench::new(&plan(vec![with(step("a", &[], "echo one\nno-such-command"), "source", source)]));
    fs::write(bench.path("page.md"), page).expect("the folder takes files");
    let output = bench.run();
    assert_eq!(status(&output), 1);
    assert!(said(&output).contains("page.md:7: no-such-command: command not found"), "{}", said(&output));
    assert!(said(&output).contains("a: failed with exit status 127 (page.md:3)"), "{}", said(&output));
}

#[test]
fn the_report_says_what_was_set_aside_settled_and_undone() {
    let deploy = with(with(step("p", &[], "echo deployed"), "env", json!("production")), "item", json!("deploy"));
    let deploy = with(with(deploy, "verify", action("echo verified")), "undo", action("echo put back"));
    let deploy = with(deploy, "break_glass", json!({"reason": "required", "review_within": "24h"}));
    let source = json!({"path": "docs/page.md", "first_line": 3, "last_line": 8, "byte_start": 9, "byte_end": 60});
    let last = with(with(step("z", &["p"], "exit 3"), "env", json!("production")), "impact", json!("read"));
    let mut wanted = plan(vec![with(deploy, "source", source), last]);
    wanted["on_failure"] = json!({"rollback": "reverse"});
    wanted["params"] = json!({"release": {"type": "string", "value": "2026.3"}});
    wanted["components"] = json!([{"name": "web", "path": "charts/web", "from": "1.0.0", "to": "1.1.0"}]);
    let bench = Bench::new(&wanted);
    let run = ["run", "plan.json", "--runs", "runs", "--break-glass", "users are cut off"];
    let output = bench.opsbook(&run);
    assert_eq!(status(&output), 8, "{}", said(&output));
    fs::create_dir_all(bench.path("docs/records")).expect("the folder takes folders");
    let written = bench.opsbook(&["report", "latest", "--runs", "runs", "-o", "docs/records/1.md"]);
    assert_eq!(status(&written), 0, "{}", said(&written));
    let report = bench.text("docs/records/1.md");
    for wanted in [
        "## Broken glass",
        "`users are cut off`; a review is due by 2",
        "| Parameter `release` | `2026.3` |",
        "| `web` | `1.0.0` | `1.1.0` | `charts/web` |",
        "[`docs/page.md:3`](<../page.md>)",
        "### Undo of `p` (",
        "### Verification of `p` (attempt 1",
        "### `p` (attempt 1",
    ] {
        assert!(report.contains(wanted), "`{wanted}` is not in:\n{report}");
    }
    let settled = Bench::new(&plan(vec![step("a", &[], "test -e fixed")]));
    assert_eq!(status(&settled.run()), 1);
    let resolve = ["resolve", "latest", "a", "--as", "rerun", "--note", "the disk was full", "--runs", "runs"];
    assert_eq!(status(&settled.opsbook(&resolve)), 0);
    let report = said(&settled.opsbook(&["report", "latest", "--runs", "runs"]));
    assert!(report.contains("`a` settled as to be done again by"), "{report}");
    assert!(report.contains(": `the disk was full`"), "{report}");
}

#[test]
fn two_commands_at_once_are_both_recorded() {
    let bench = Bench::new(&plan(vec![manual("a", &[], "none"), manual("b", &[], "none")]));
    assert_eq!(status(&bench.run()), 4);
    let mut children: Vec<_> =
        ["a", "b"].iter().map(|id| bench.start(&["done", "latest", id, "--runs", "runs"])).collect();
    std::thread::sleep(Duration::from_millis(10));
    assert!(children.iter_mut().all(|child| child.wait().is_ok_and(|status| status.success())));
    assert_eq!(bench.journal().matches("manual.done").count(), 2);
}

#[test]
fn what_rolls_back_is_offered_where_the_plan_can() {
    let undone = |id: &str, needs: &[&str], script: &str| {
        with(step(id, needs, script), "undo", action(&format!("echo undo {id} >> log")))
    };
    let mut wanted = plan(vec![
        undone("one", &[], "echo one >> log"),
        with(with(manual("go", &["one"], "none"), "kind", json!("approval")), "approval", json!({"min": 1})),
        undone("two", &["go"], "kill -9 $$"),
    ]);
    wanted["on_failure"] = json!({"rollback": "reverse", "scope": "all"});
    let bench = Bench::new(&wanted);
    let waiting = bench.run();
    assert_eq!(status(&waiting), 4, "{}", said(&waiting));
    assert!(said(&waiting).contains(" --runs runs   # to roll back `one`"), "{}", said(&waiting));
    let refused = bench.opsbook(&["refuse", "latest", "go", "--allow-weak-identity", "--runs", "runs"]);
    assert_eq!(status(&refused), 0, "{}", said(&refused));
    assert_eq!(status(&bench.opsbook(&["resume", "latest", "--runs", "runs"])), 8);
    assert_eq!(bench.text("log"), "one\nundo one\n");
    // Without anything to undo it is not offered.
    wanted["on_failure"] = json!({"rollback": "none"});
    let bench = Bench::new(&wanted);
    let waiting = bench.run();
    assert!(status(&waiting) == 4 && !said(&waiting).contains("roll back"), "{}", said(&waiting));
}
