//! What bounds a run: failures of a group, time that people have, hours in which changes may begin.
#![cfg(unix)]

use crate::cli::Case;
use crate::runbooks::Project;
use opsbook::plan::Facts;
use std::fs;

/// Hosts that are visited: those of `BAD` fail, and each writes down that it began and ended.
fn hosts(group: &str, params: &str) -> String {
    format!(
        "---\nrunbook:\n  version: 1\n  kind: procedure\n  owners: [ana]\n  params: {{bad: {{type: list}}}}\n{params}checklist:\n  \
         - {{id: first, step: look}}\n  - group: Hosts\n{group}    items:\n      - group: Inner\n        items: [{{step: begin}}]\n      \
         - {{step: end}}\n  - {{id: last, step: look}}\n  - {{id: after, step: look, needs: [hosts], on: done}}\n---\n\n# Page\n\n\
         ```bash\n#| id: look\n#| role: check\n#| timeout: 1m\necho look >> log\n```\n\n\
         ```bash\n#| id: begin\n#| role: notify\n#| timeout: 1m\necho \"begin $HOST\" >> log\n\
         case \" $BAD \" in *\" $HOST \"*) exit 1 ;; esac\n[ \"$HOST\" != slow ] || sleep 1\n```\n\n\
         ```bash\n#| id: end\n#| role: notify\n#| timeout: 1m\necho \"end $HOST\" >> log\n```\n"
    )
}

/// What the hosts of a group have written, in order, and the status of the run.
fn visited(group: &str, bad: &str) -> (Vec<String>, i32) {
    let case = Case::new(&[("page.md", &hosts(group, ""))]);
    let run = case.run(&["run", "page.md", "-p", &format!("bad={bad}"), "--runs", "runs"]);
    let log = fs::read_to_string(case.path("log")).unwrap_or_default();
    let verified = case.run(&["journal", "verify", "latest", "--runs", "runs"]);
    assert_eq!(verified.status, 0, "{}{}", verified.out, verified.err);
    (log.lines().map(str::to_owned).collect(), run.status)
}

#[test]
fn so_many_failures_and_no_new_one_begins() {
    let each = "    each: {host: [a, b, c, d]}\n";
    // As it has always been: in sequence the first failure ends it.
    let (log, status) = visited(each, "b");
    assert_eq!((log.join(" "), status), ("look begin a end a begin b look".into(), 1));
    let one = format!("{each}    max_failures: 1\n");
    let (log, status) = visited(&one, "b");
    assert_eq!((log.join(" "), status), ("look begin a end a begin b begin c end c begin d end d look".into(), 1));
    let (log, status) = visited(&one, "a,b");
    assert_eq!((log.join(" "), status), ("look begin a begin b look".into(), 1));
    let (log, status) = visited(&one, "none");
    assert_eq!(status, 0);
    assert_eq!(log.iter().filter(|line| *line == "look").count(), 3, "{log:?}");
}

#[test]
fn what_runs_beside_a_failure_goes_on_to_its_end() {
    let each = "    each: {host: [slow, bad, c, d]}\n    parallel: 2\n";
    // Without a limit, side by side, a failure stops nobody else: that is the default.
    let (log, status) = visited(each, "bad");
    assert!(log.contains(&"end c".into()) && log.contains(&"end d".into()), "{log:?}");
    assert_eq!(status, 1);
    let (log, status) = visited(&format!("{each}    max_failures: 0\n"), "bad");
    assert!(log.contains(&"end slow".into()), "{log:?}");
    assert!(!log.contains(&"begin c".into()) && !log.contains(&"begin d".into()), "{log:?}");
    // What waits for an end only still comes.
    assert_eq!((log.last().map(String::as_str), status), (Some("look"), 1));
}

#[test]
fn a_limit_that_means_nothing_is_an_error_at_its_place() {
    let said = |group: &str| {
        let project = Project::of(&[("page.md", &hosts(group, ""))]);
        let (_, found) = project.lower("page.md", &[("bad", "x")], &Facts::default());
        project.show_all(&found).join("\n")
    };
    assert!(said("    max_failures: 1\n").starts_with("page.md:10:5 RB002 `max_failures` means nothing"));
    assert!(said("    each: {host: [a]}\n    max_failures: -1\n").contains("RB002"));
    let gate = hosts("    each: {host: [a]}\n    max_failures: 1\n", "")
        .replace("      - {step: end}\n", "      - {id: may, text: May we, approve: {role: r}}\n      - {step: end}\n");
    let project = Project::of(&[("page.md", &gate)]);
    let (_, found) = project.lower("page.md", &[("bad", "x")], &Facts::default());
    let found = project.show_all(&found).join("\n");
    assert!(found.contains("page.md:11:19 RB002 a group in sequence that goes on after a failure"), "{found}");
}

/// The page of a checklist shows groups inside groups, whoever they are for.
#[test]
fn groups_inside_groups_are_on_the_page() {
    let page = "---\nrunbook:\n  version: 1\n  owners: [ana]\n  environments: {lab: {tier: 0}}\nchecklist:\n  - group: Outer\n    env: lab\n    \
                items:\n      - {id: one, text: One}\n      - group: Middle\n        items:\n          - {id: two, step: work}\n          \
                - group: Inmost\n            each: {host: [a]}\n            items: [{id: three, use: \"other.md#lent\"}]\n          \
                - {id: four, text: Four}\n      - {id: five, text: Five}\n---\n\n# Page\n\nSee [three](#item-outer.middle.inmost.three).\n\n\
                ```bash\n#| id: work\n#| role: check\n#| timeout: 1m\ntrue\n```\n";
    let other = "---\nrunbook: {version: 1, owners: [ana]}\nchecklist: [{step: lent}]\n---\n\n# Other\n\n```bash\n#| id: lent\n#| role: check\n#| timeout: 1m\ntrue\n```\n";
    let case = Case::new(&[("docs/page.md", page), ("docs/other.md", other)]);
    let built = case.run(&["build", "--strict"]);
    assert_eq!(built.status, 0, "{}", built.err);
    let html = fs::read_to_string(case.path("site/page/index.html")).expect("the page is built");
    let at = |id: &str| html.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no {id} in {html}"));
    let order = ["outer", "outer.one", "outer.middle", "outer.middle.two", "outer.middle.inmost"];
    let rest = ["outer.middle.inmost.three", "outer.middle.four", "outer.five"];
    let places: Vec<usize> = order.iter().chain(&rest).map(|id| at(&format!("item-{id}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
    for id in order.iter().chain(&rest) {
        assert_eq!(html.matches(&format!("id=\"item-{id}\"")).count(), 1, "{id}");
    }
    // The environment of the outer group is that of the step's card, and the lent block says who uses it.
    let card = &html[html.find("id=\"step-work\"").expect("the card is there").saturating_sub(1500)..];
    assert!(card.contains("lab"), "{card}");
    let other = fs::read_to_string(case.path("site/other/index.html")).expect("the page is built");
    assert!(other.contains("page/"), "{other}");
    let used = other.find("ob-step").expect("the lent block has a card");
    assert!(other[used..].contains("../page/"), "{}", &other[used..]);
}

/// A page whose checklist and blocks are given.
fn page(settings: &str, checklist: &str, blocks: &str) -> String {
    let open = "  environments: {lab: {tier: 0}}\n";
    let environments = if settings.contains("environments:") { "" } else { open };
    format!(
        "---\nrunbook:\n  version: 1\n  kind: procedure\n  owners: [ana]\n{environments}{settings}checklist:\n{checklist}---\n\n\
         # Page\n\n```bash\n#| id: work\n#| impact: write\n#| timeout: 1m\n#| rollback: {{none: none}}\necho \"work $OPSBOOK_STEP\" >> log\n```\n{blocks}"
    )
}

fn journal(case: &Case) -> String {
    let run = fs::read_dir(case.path("runs")).expect("there are runs").flatten().map(|entry| entry.path());
    let last = run.filter(|path| path.join("journal.jsonl").is_file()).max().expect("there is a run");
    fs::read_to_string(last.join("journal.jsonl")).expect("a run has a journal")
}

fn said_of(page: &str) -> String {
    let project = Project::of(&[("page.md", page)]);
    project.show_all(&project.lower("page.md", &[], &Facts::default()).1).join("\n")
}

const PATIENCE: &str =
    "  - {id: look, text: Look, timeout: 1s}\n  - {id: sorry, step: work, on: failure}\n  - {id: then, step: work}\n";

#[test]
fn people_may_take_so_long_and_no_longer() {
    let case = Case::new(&[("page.md", &page("", PATIENCE, ""))]);
    let run = case.run(&["run", "page.md", "--runs", "runs"]);
    assert!(run.status == 4 && run.err.contains("# until 20"), "{}{}", run.out, run.err);
    std::thread::sleep(std::time::Duration::from_millis(1200));
    // The journal's time counts, whether or not somebody has performed the run meanwhile.
    let done = case.run(&["done", "latest", "look", "--runs", "runs"]);
    assert!(done.status != 0 && done.err.contains("the time for step `look` is over"), "{}", done.err);
    let resumed = case.run(&["resume", "latest", "--runs", "runs"]);
    assert_eq!(resumed.status, 124, "{}{}", resumed.out, resumed.err);
    assert!(resumed.err.contains("look (Look): nobody acted within 1 s"), "{}", resumed.err);
    assert_eq!(fs::read_to_string(case.path("log")).unwrap_or_default(), "work sorry\n");
    assert!(case.run(&["report", "latest", "--runs", "runs"]).out.contains("nobody acted in time"));
    assert_eq!(case.run(&["journal", "verify", "latest", "--runs", "runs"]).status, 0);
}

#[test]
fn people_are_reminded_once_for_all_that_was_missed() {
    let items = "  - {id: look, text: Look, timeout: 1h, remind: 1s}\n  - {id: then, step: work}\n";
    let case = Case::new(&[("page.md", &page("", items, ""))]);
    assert_eq!(case.run(&["run", "page.md", "--runs", "runs"]).status, 4);
    std::thread::sleep(std::time::Duration::from_millis(2100));
    let resumed = case.run(&["resume", "latest", "--runs", "runs"]);
    assert_eq!(resumed.status, 4, "{}{}", resumed.out, resumed.err);
    let n_reminded = |journal: &str| journal.matches("step.reminded").count();
    assert_eq!(n_reminded(&journal(&case)), 1, "{}", journal(&case));
    assert!(
        journal(&case).contains("\"reminder\":2") || journal(&case).contains("\"reminder\":3"),
        "{}",
        journal(&case)
    );
    assert_eq!(case.run(&["done", "latest", "look", "--runs", "runs"]).status, 0);
    assert_eq!(case.run(&["resume", "latest", "--runs", "runs"]).status, 0);
}

/// A journal that says something else than the time does is none.
#[test]
fn the_time_is_judged_by_the_journal() {
    use crate::runs::{manual, plan, sealed, step, with};
    use opsbook::plan::machine::{Due, Event, IdentitySource, Run};
    let limited = with(with(manual("look", &[], "none"), "people_s", 60.into()), "remind_s", 20.into());
    let plan = sealed(&plan(vec![limited, step("then", &["look"], "true")]));
    let begun = || {
        let mut run = Run::new(std::sync::Arc::new(plan.clone()));
        let (name, by) = ("r".to_owned(), "ana".to_owned());
        let event = Event::RunStarted { run: name, plan: plan.hash.clone(), by, source: None, left_out: Vec::new() };
        run.apply("2026-05-04T12:00:00Z", &event).expect("a run begins");
        run
    };
    let done = Event::ManualDone { step: "look".into(), by: "ana".into(), source: Some(IdentitySource::OsUser) };
    let overdue = Event::StepOverdue { step: "look".into() };
    let reminded = |reminder| Event::StepReminded { step: "look".into(), reminder };
    let takes = |ts: &str, event: &Event| begun().apply(ts, event).is_ok();
    assert!(takes("2026-05-04T12:01:00Z", &done) && !takes("2026-05-04T12:01:00.001Z", &done));
    assert!(!takes("2026-05-04T12:01:00Z", &overdue) && takes("2026-05-04T12:01:00.001Z", &overdue));
    assert!(!takes("2026-05-04T12:00:19Z", &reminded(1)) && takes("2026-05-04T12:00:20Z", &reminded(1)));
    assert!(takes("2026-05-04T12:00:40Z", &reminded(2)) && !takes("2026-05-04T12:00:40Z", &reminded(1)));
    let mut run = begun();
    assert_eq!(run.due("2026-05-04T12:00:45Z"), [Due::Reminder { step: "look".into(), reminder: 2 }]);
    run.apply("2026-05-04T12:00:45Z", &reminded(2)).expect("it is due");
    assert_eq!(run.due("2026-05-04T12:00:50Z"), []);
    assert_eq!(run.due("2026-05-04T12:02:00Z"), [Due::Overdue("look".into())]);
}

#[test]
fn a_runner_stays_for_people() {
    let items = "  - {id: look, text: Look}\n  - {id: then, step: work}\n";
    let case = Case::new(&[("page.md", &page("", items, ""))]);
    let mut command = case.command(&["run", "page.md", "--stay", "--no-input", "--runs", "runs"]);
    let mut runner = command.stdout(std::process::Stdio::null()).spawn().expect("it starts");
    let began = std::time::Instant::now();
    while case.run(&["done", "latest", "look", "--runs", "runs"]).status != 0 {
        assert!(began.elapsed().as_secs() < 60, "nobody takes it");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert_eq!(runner.wait().expect("it ends").code(), Some(0));
    assert_eq!(fs::read_to_string(case.path("log")).unwrap_or_default(), "work then\n");
}

#[test]
fn limits_of_people_are_for_people() {
    let wrong = |item: &str| said_of(&page("", &format!("  - {item}\n"), ""));
    assert!(wrong("{id: a, step: work, timeout: 1h}").contains("RB002 `timeout` means nothing here"));
    assert!(wrong("{id: a, wait: 1m, remind: 1h}").contains("RB002 `remind` means nothing here"));
    assert!(wrong("{id: a, text: A, timeout: 1h, remind: 2h}").contains("RB002 nobody is reminded"));
    assert!(wrong("{id: a, text: A, timeout: 0s}").contains("RB002 `timeout` is at least a second"));
    assert!(wrong("{id: a, text: A, not_before: \"2026-12-01T00:00Z\"}").contains("RB002 `not_before` means nothing"));
}

const TELL: &str = "\n```bash\n#| id: tell\n#| role: notify\n#| timeout: 2s\n#| secrets: [HOOK_TOKEN]\n\
                    echo \"$OPSBOOK_EVENT|$OPSBOOK_STEP|$OPSBOOK_REASON|$OPSBOOK_REMINDER|$OPSBOOK_STATE|$BASE\" >> told\n\
                    echo \"$OPSBOOK_NOTICE\" >> notices\ntest -n \"$HOOK_TOKEN\"\n```\n\n\
                    ```bash\n#| id: broken\n#| role: notify\n#| timeout: 1s\n#| secrets: [HOOK_TOKEN]\n\
                    case $OPSBOOK_EVENT in ended) sleep 30 ;; esac\necho \"cannot use $HOOK_TOKEN\"\nexit 7\n```\n";
const HOOKS: &str = "  secrets: [HOOK_TOKEN]\n  params: {base: {default: here}}\n  notify:\n    - {on: [waiting, approved, failed, ended], step: tell}\n    \
                     - {on: [waiting, ended], step: broken}\n";

#[test]
fn hooks_tell_people_and_a_hook_that_fails_fails_nothing() {
    let items = "  - {id: go, text: Go, approve: {users: [ana, root], min: 1}}\n  - {id: look, text: Look, remind: 1s}\n  \
                 - {id: bad, step: fails}\n";
    let fails = "\n```bash\n#| id: fails\n#| role: check\n#| timeout: 1m\n#| retries: {max: 1}\nexit 5\n```\n";
    let case = Case::new(&[("page.md", &page(HOOKS, items, &format!("{TELL}{fails}")))]);
    let secret = "s3cret-of-the-hook";
    let opsbook = |arguments: &[&str]| {
        let mut command = case.command(&[arguments, &["--runs", "runs"]].concat());
        case.ended(command.env("HOOK_TOKEN", secret).output().expect("it starts"))
    };
    let first = opsbook(&["run", "page.md", "--allow-weak-identity"]);
    assert_eq!(first.status, 4, "{}{}", first.out, first.err);
    assert!(first.err.contains("told by tell: waiting of go"), "{}", first.err);
    assert!(first.err.contains("broken could not tell: waiting of go: exit status 7: cannot use ***"), "{}", first.err);
    // What was told is not told again.
    let again = opsbook(&["resume", "latest", "--allow-weak-identity"]);
    assert!(again.status == 4 && !again.err.contains("told by"), "{}", again.err);
    let yes = opsbook(&["approve", "latest", "go", "--allow-weak-identity"]);
    assert_eq!(yes.status, 0, "{}", yes.err);
    // Nobody performed the run when it was approved: the next session tells it.
    assert_eq!(opsbook(&["resume", "latest"]).status, 4);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert_eq!(opsbook(&["resume", "latest"]).status, 4);
    assert_eq!(opsbook(&["done", "latest", "look"]).status, 0);
    let last = opsbook(&["resume", "latest"]);
    assert_eq!(last.status, 1, "{}{}", last.out, last.err);
    assert!(last.err.contains("broken could not tell: ended: it took too long"), "{}", last.err);
    let told = fs::read_to_string(case.path("told")).expect("the hook ran");
    let lines: Vec<&str> = told.lines().collect();
    let account = lines[1].split("approved by ").nth(1).and_then(|rest| rest.split('|').next()).unwrap_or("?");
    let expected = [
        "waiting|go|waits for 1 to approve, of ana, root: Go||waiting|here".to_owned(),
        format!("approved|go|approved by {account}||waiting|here"),
        "waiting|look|waits for a person: Look||waiting|here".to_owned(),
        "waiting|look|waits for a person: Look|1|waiting|here".to_owned(),
        "failed|bad|failed with exit status 5||failed|here".to_owned(),
        "ended||the run failed||failed|here".to_owned(),
    ];
    assert_eq!(lines.len(), expected.len(), "{told}");
    for (line, expected) in lines.iter().zip(&expected) {
        // How the run stands at that moment, and how many reminders were missed, is what it is.
        let parts = |text: &str| text.split('|').map(str::to_owned).collect::<Vec<_>>();
        let (line, expected) = (parts(line), parts(expected));
        assert_eq!(
            (&line[..3], &line[5], line[3].is_empty()),
            (&expected[..3], &expected[5], expected[3].is_empty()),
            "{told}"
        );
    }
    for notice in fs::read_to_string(case.path("notices")).expect("the hook ran").lines() {
        let notice: serde_json::Value = serde_json::from_str(notice).expect("a notice is JSON");
        assert_eq!(notice["runbook"], "page");
        assert!(notice["text"].as_str().is_some_and(|text| text.starts_with("Page: ")), "{notice}");
    }
    assert_eq!(opsbook(&["journal", "verify", "latest"]).status, 0);
    assert!(!journal(&case).contains(secret) && !told.contains(secret));
    let report = opsbook(&["report", "latest"]).out;
    assert!(report.contains("told by `tell` of ended") && report.contains("could not be"), "{report}");
}

#[test]
fn hooks_are_judged_where_they_are_written() {
    let wrong = |hook: &str| said_of(&page(&format!("  notify: {hook}\n"), "  - {id: a, step: work}\n", ""));
    assert!(wrong("{on: [begun], step: work}").contains("RB002 `begun` is nothing that a run tells of"));
    assert!(wrong("{on: ended}").contains("RB002 this entry of `notify` names no `step`"));
    assert!(wrong("{step: work}").contains("does not say what it tells `on`"));
    assert!(wrong("{on: ended, step: wrok}").contains("RB006 unknown block `wrok`"));
    let case = Case::new(&[("page.md", &page(HOOKS, "  - {id: a, step: work}\n", &TELL.replace("$BASE", "$BSAE")))]);
    let lint = case.run(&["lint", "page.md", "--format", "short"]);
    assert!(lint.err.contains("RB012") && lint.err.contains("`$BSAE`"), "{}{}", lint.out, lint.err);
    let emitted = case.run(&["emit", "bash", "page.md", "--strict", "-p", "base=x"]);
    assert!(emitted.status != 0 && emitted.err.contains("who is told of what happens"), "{}", emitted.err);
}

const FROZEN: &str = "  environments:\n    lab:\n      tier: 0\n      changes: {zone: Europe/Zurich, freezes: {from: 2000-01-01, to: 2999-12-31, reason: sale}}\n";

#[test]
fn a_frozen_environment_is_not_changed_but_by_breaking_the_glass() {
    let items = "  - {id: look, step: see, env: lab}\n  - {id: change, step: work, env: lab, break_glass: {reason: required, review_within: 24h}}\n";
    let see = "\n```bash\n#| id: see\n#| role: check\n#| timeout: 1m\necho see >> log\n```\n";
    let case = Case::new(&[("page.md", &page(FROZEN, items, see))]);
    assert_eq!(case.run(&["run", "page.md", "--dry-run"]).status, 0);
    let run = case.run(&["run", "page.md", "--runs", "runs"]);
    assert_eq!(run.status, 4, "{}{}", run.out, run.err);
    assert!(
        run.err.contains("stops before `change`: `lab` is frozen from 2000-01-01 to 2999-12-31 (sale)"),
        "{}",
        run.err
    );
    assert!(run.err.contains("--break-glass 'change=REASON'"), "{}", run.err);
    // Whoever only looks is not held back.
    assert_eq!(fs::read_to_string(case.path("log")).unwrap_or_default(), "see\n");
    let glass = case.run(&["resume", "latest", "--break-glass", "change=it burns", "--runs", "runs"]);
    assert_eq!(glass.status, 0, "{}{}", glass.out, glass.err);
    let report = case.run(&["report", "latest", "--runs", "runs"]).out;
    assert!(report.contains("## Broken glass") && report.contains("it burns"), "{report}");
    assert_eq!(case.run(&["journal", "verify", "latest", "--runs", "runs"]).status, 0);
}

#[test]
fn no_journal_holds_a_change_that_began_too_early() {
    use crate::runs::{plan, sealed, step, with};
    use opsbook::plan::machine::{BreakGlass, Event, Run};
    use serde_json::json;
    let within = |id: &str| with(with(step(id, &[], "true"), "env", json!("lab")), "impact", json!("write"));
    let glass = with(within("glass"), "break_glass", json!({"reason": "required"}));
    let look = with(within("look"), "impact", json!("read"));
    let later = with(look.clone(), "not_before", json!("2026-12-24T13:00:00Z"));
    let mut value = plan(vec![within("plain"), glass, look, with(later, "id", json!("later"))]);
    let freeze = json!({"from": "2026-12-20", "to": "2027-01-05"});
    value["environments"] = json!({"lab": {"tier": 0, "changes": {"zone": "UTC", "freezes": [freeze]}}});
    let plan = std::sync::Arc::new(sealed(&value));
    let takes = |ts: &str, id: &str, broken: bool| {
        let mut run = Run::new(std::sync::Arc::clone(&plan));
        let (name, by) = ("r".to_owned(), "ana".to_owned());
        let event = Event::RunStarted { run: name, plan: plan.hash.clone(), by, source: None, left_out: Vec::new() };
        run.apply("2026-12-01T12:00:00Z", &event).expect("a run begins");
        let glass = BreakGlass { by: "ana".into(), reason: "it burns".into(), review_by: None };
        let (step, break_glass) = (id.to_owned(), broken.then_some(glass));
        run.apply(ts, &Event::StepStarted { step, attempt: 1, previous_revision: None, break_glass }).is_ok()
    };
    for (ts, id, broken, fine) in [
        ("2026-12-19T23:59:59.999Z", "plain", false, true),
        ("2026-12-20T00:00:00Z", "plain", false, false),
        ("2027-01-05T23:59:59Z", "plain", false, false),
        ("2027-01-06T00:00:00Z", "plain", false, true),
        ("2026-12-24T12:00:00Z", "plain", true, false),
        ("2026-12-24T12:00:00Z", "glass", false, false),
        ("2026-12-24T12:00:00Z", "glass", true, true),
        ("2026-12-24T12:00:00Z", "look", false, true),
        ("2026-12-24T12:59:59Z", "later", false, false),
        ("2026-12-24T13:00:00Z", "later", false, true),
    ] {
        assert_eq!(takes(ts, id, broken), fine, "{id} at {ts}, glass {broken}");
    }
}

#[test]
fn a_step_does_not_begin_before_its_time_and_others_do() {
    let items = "  - {id: early, text: Early}\n  - group: Both\n    parallel: true\n    items:\n      - {id: late, step: work, not_before: \"${params.start}\"}\n      \
                 - {id: now, step: work}\n";
    let case = Case::new(&[(
        "page.md",
        &page("  params: {start: {}}\n", &items.replace("  - {id: early, text: Early}\n", ""), ""),
    )]);
    let run = |start: &str, more: &[&str]| {
        let start = format!("start={start}");
        case.run(&[&["run", "page.md", "-p", &start, "--runs", "runs"], more].concat())
    };
    let stopped = run("2999-12-01T22:00+01:00", &[]);
    assert_eq!(stopped.status, 4, "{}{}", stopped.out, stopped.err);
    assert!(
        stopped.err.contains("stops before `both.late`: it does not begin before 2999-12-01T21:00:00Z"),
        "{}",
        stopped.err
    );
    assert_eq!(fs::read_to_string(case.path("log")).unwrap_or_default(), "work both.now\n");
    assert_eq!(run("2020-12-01T22:00+01:00", &[]).status, 0);
    let soon = std::time::SystemTime::now() + std::time::Duration::from_secs(3);
    let soon = soon.duration_since(std::time::UNIX_EPOCH).expect("it is later").as_secs();
    let since = format!("@{soon}");
    let mut date = std::process::Command::new("date");
    let output = date.args(["-u", "-d", &since, "+%Y-%m-%dT%H:%M:%SZ"]).output().expect("there is a date");
    let soon = String::from_utf8(output.stdout).expect("it is text");
    let stayed = run(soon.trim(), &["--stay", "--no-input"]);
    assert_eq!(stayed.status, 0, "{}{}", stayed.out, stayed.err);
    assert!(stayed.err.contains("both.late waits: it does not begin before"), "{}", stayed.err);
    let wrong = run("tomorrow", &[]);
    assert!(wrong.status == 3 || wrong.status == 1, "{} {}", wrong.status, wrong.err);
    assert!(wrong.err.contains("`tomorrow` is no time with its distance from UTC"), "{}", wrong.err);
}

#[test]
fn hours_are_judged_where_they_are_written() {
    let wrong = |changes: &str| {
        let settings = format!("  environments: {{lab: {{tier: 0, changes: {changes}}}}}\n");
        said_of(&page(&settings, "  - {id: a, step: work, env: lab}\n", ""))
    };
    assert_eq!(wrong("{windows: {days: [mon, fri], from: 22:00, to: \"04:00\"}}"), "");
    assert!(wrong("{zone: Europe/Zürich, freezes: []}").contains("RB002 `Europe/Zürich` is no time zone"));
    assert!(
        wrong("{windows: {days: [monday], from: 22:00, to: 23:00}}").contains("RB002 `monday` is no day of the week")
    );
    assert!(wrong("{windows: {from: 9, to: 23:00}}").contains("RB002 `9` is no time of a day"));
    assert!(wrong("{windows: {to: 23:00}}").contains("RB002 this window has no `from`"));
    assert!(wrong("{freezes: {from: 2026-12-20, to: 2026-12-01}}").contains("before it begins"));
    assert!(wrong("{zone: UTC}").contains("RB002 `changes` has neither `windows` nor `freezes`"));
}

#[test]
fn a_prelude_stands_before_each_bash_script_of_its_page() {
    let helpers = "---\nrunbook: {version: 1, owners: [ana], prelude: helpers}\nchecklist: [{step: lent}]\n---\n\n# Helpers\n\n\
                   ```bash\n#| id: helpers\n#| title: Helpers\n#| role: check\n#| timeout: 1m\nLOG=log\nsay() {\n  echo \"$1\" >> \"$LOG\"\n  \
                   [ \"$1\" != wrong ] || no-such-command\n}\n```\n\n```bash\n#| id: lent\n#| role: check\n#| timeout: 1m\nsay lent\n```\n";
    let items = "  - {id: one, step: first}\n  - {id: two, use: \"helpers.md#lent\"}\n  - {id: three, step: other}\n  - {id: four, step: bad}\n";
    let blocks = "\n```bash\n#| id: first\n#| role: check\n#| timeout: 1m\n#| check: test -n \"$LOG\" && false\n#| verify: seen\nsay one\n```\n\n\
                  ```bash\n#| id: seen\n#| role: verify\n#| timeout: 1m\nsay seen\n```\n\n```python\n#| id: other\n#| role: check\n#| timeout: 1m\nprint('three')\n```\n\n\
                  ```bash\n#| id: bad\n#| role: check\n#| timeout: 1m\necho \"$WHAT\"\nsay \"$WHAT\"\nalso-no-command\n```\n";
    let page = page("  params: {what: {default: fine}}\n  prelude: \"helpers.md#helpers\"\n", items, blocks);
    let case = Case::new(&[("docs/page.md", &page), ("docs/helpers.md", helpers)]);
    let line_of =
        |text: &str, wanted: &str| text.lines().position(|line| line.contains(wanted)).expect("it is there") + 1;
    let lint = case.run(&["lint", "docs/page.md", "docs/helpers.md", "--format", "short"]);
    assert!(!lint.err.contains("RB012") && !lint.err.contains("RB008"), "{}", lint.err);
    let run = case.run(&["run", "docs/page.md", "--runs", "runs"]);
    assert_eq!(run.status, 1, "{}{}", run.out, run.err);
    assert_eq!(fs::read_to_string(case.path("log")).unwrap_or_default(), "one\nseen\nlent\nfine\n");
    // Each message names the page and the line that it came from.
    let own = format!("docs/page.md:{}: also-no-command", line_of(&page, "also-no-command"));
    assert!(run.err.contains(&own), "{own} in {}", run.err);
    let run = case.run(&["run", "docs/page.md", "-p", "what=wrong", "--runs", "runs"]);
    let theirs = format!("docs/helpers.md:{}: no-such-command", line_of(helpers, "no-such-command"));
    assert!(run.err.contains(&theirs), "{theirs} in {}", run.err);
    // It is part of what is approved, and of what another target runs.
    let digest = |case: &Case| {
        let plan = case.run(&["plan", "docs/page.md", "--format", "json"]).out;
        let plan: serde_json::Value = serde_json::from_str(&plan).expect("it is a plan");
        let steps = plan["steps"].as_array().expect("it has steps").clone();
        steps.iter().map(|step| step["digest"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let before = digest(&case);
    case.write("docs/helpers.md", helpers.replace("LOG=log", "LOG=other"));
    let after = digest(&case);
    let changed: Vec<bool> = before.iter().zip(&after).map(|(before, after)| before != after).collect();
    assert_eq!(changed, [true, true, false, true]);
    let wrong = page.replace("helpers.md#helpers", "helpers.md#helper");
    let project = Project::of(&[("page.md", &wrong), ("helpers.md", helpers)]);
    let said = project.show_all(&project.lower("page.md", &[], &Facts::default()).1).join("\n");
    assert!(said.contains("RB006 unknown block `helper`"), "{said}");
    assert_eq!(said.matches("`helper`").count(), 1, "{said}");
}

/// One attempt is check, script and verification; what repeats which is said in the manual under "Attempts".
#[test]
fn retries_of_a_step_repeat_the_attempt_and_those_of_a_verification_only_itself() {
    let blocks = "\n```bash\n#| id: change\n#| impact: write\n#| timeout: 1m\n#| rollback: {none: none}\n#| retries: {max: 1}\n#| verify: looks\n\
                  #| check: \"echo check >> log; false\"\necho script >> log\n```\n\n\
                  ```bash\n#| id: looks\n#| role: verify\n#| timeout: 1m\n#| retries: {max: 1}\necho verify >> log\n\
                  test \"$(grep -c verify log)\" -ge 4\n```\n";
    let case = Case::new(&[("page.md", &page("", "  - {id: a, step: change}\n", blocks))]);
    let run = case.run(&["run", "page.md", "--runs", "runs"]);
    assert_eq!(run.status, 0, "{}{}", run.out, run.err);
    let log = fs::read_to_string(case.path("log")).unwrap_or_default();
    let attempt = ["check", "script", "verify", "verify"];
    assert_eq!(log.lines().collect::<Vec<_>>(), [attempt, attempt].concat());
    assert_eq!(journal(&case).matches("\"type\":\"step.verified\"").count(), 2);
}
