//! `opsbook plan`, `lint` and `emit` as programs: what they print where, and how they end.

use crate::cli::Case;
use opsbook::plan::Plan;
use serde_json::Value;
use std::process::Command;

const PAGE: &str = "---
runbook:
  version: 1
  id: restart
  owners: [ana]
  params:
    host: {pattern: '[a-z]+'}
  on_failure: {rollback: reverse, then: index.md}
checklist:
  - {text: Tell the users, evidence: note}
  - step: look
  - {text: May we, id: go, approve: {users: [ben], forbid: [runner]}}
  - step: restart
---

# Restart

```bash
#| id: look
#| role: check
#| timeout: 1m
ping -c 1 \"$HOST\"
```

```bash
#| id: restart
#| timeout: 5m
#| verify: look
#| rollback: {none: it is up again or not}
ssh \"$HOST\" systemctl restart queue
```
";

fn case() -> Case {
    Case::new(&[("docs/restart.md", PAGE)])
}

const PLAN: [&str; 4] = ["plan", "docs/restart.md", "--param", "host=alpha"];

/// The plan as JSON, written into a file.
fn planned(case: &Case, file: &str, host: &str) -> Plan {
    let ended = case.run(&["plan", "docs/restart.md", "-p", &format!("host={host}"), "--format", "json"]);
    assert_eq!(ended.status, 0, "{}", ended.err);
    case.write(file, &ended.out);
    Plan::from_json(&ended.out).expect("what is printed is a plan")
}

#[test]
fn a_plan_is_written_in_every_format() {
    let case = case();
    let format = |format: &str| {
        let ended = case.run(&[&PLAN[..], &["--format", format]].concat());
        assert_eq!((ended.status, ended.err.as_str()), (0, ""), "{format}");
        ended.out
    };
    let table = format("text");
    assert_eq!(case.run(&PLAN).out, table, "text is what is printed without an option");
    assert!(table.starts_with("restart: Restart\n") && table.contains("host=alpha"), "{table}");
    let json: Value = serde_json::from_str(&format("json")).expect("it is JSON");
    let yaml: Value = serde_yaml::from_str(&format("yaml")).expect("it is YAML");
    assert_eq!(json, yaml);
    assert_eq!(json["steps"].as_array().map(Vec::len), Some(4));
    assert_eq!(format("json"), format("json"), "the same inputs make the same bytes");
    let dot = format("dot");
    assert!(dot.starts_with("digraph") && dot.contains("\"look\" -> \"go\""), "{dot}");
    let mermaid = format("mermaid");
    assert!(mermaid.starts_with("flowchart") && mermaid.contains("-->"), "{mermaid}");
    let svg = format("svg");
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"), "{svg}");
    let wrong = case.run(&[&PLAN[..], &["--format", "toml"]].concat());
    assert_eq!((wrong.status, wrong.out.as_str()), (2, ""));
}

/// Branches of which one is taken would look like steps one after the other.
#[test]
fn every_picture_of_a_plan_says_when_a_step_is_taken() {
    let page = PAGE.replace("  - step: look\n", "  - {step: look, when: 'params.host == \"alpha\"'}\n");
    assert_ne!(page, PAGE, "the page has such an item");
    let case = Case::new(&[("docs/restart.md", &page)]);
    for (format, said) in [
        ("text", "when host == \"alpha\"\n"),
        ("dot", "\\nwhen host == \\\"alpha\\\"\""),
        ("mermaid", "<br>when host == #quot;alpha#quot;\""),
        ("svg", "(when host == &quot;alpha&quot;)</title>"),
    ] {
        let ended = case.run(&["plan", "docs/restart.md", "--template", "--format", format]);
        assert_eq!(ended.status, 0, "{}", ended.err);
        assert!(ended.out.contains(said), "{format}: {}", ended.out);
    }
}

#[test]
fn what_is_wrong_with_a_plan_decides_the_status() {
    let case = case();
    for (arguments, status, said) in [
        (&["plan", "docs/restart.md"][..], 1, "parameter `host` has no value"),
        (&["plan", "docs/restart.md", "-p", "host=A1"], 1, "parameter `host` does not take this value"),
        (&["plan", "docs/restart.md", "-p", "host"], 2, "`--param host` has no value"),
        (&["plan", "docs/restart.md", "-p", "hots=a"], 1, "unknown parameter `hots`"),
        (&["plan", "docs/index.md"], 1, "`docs/index.md` is no runbook"),
        (&["plan", "docs/nothing.md"], 2, "nothing.md"),
        (&["plan"], 2, "required arguments were not provided"),
        (&["plan", "docs/restart.md", "-p", "host=a", "--template"], 2, "cannot be used with"),
    ] {
        let ended = case.run(arguments);
        assert_eq!((ended.status, ended.out.as_str()), (status, ""), "{arguments:?}: {}", ended.err);
        assert!(ended.err.contains(said), "{arguments:?}: {}", ended.err);
    }
    let template = case.run(&["plan", "docs/restart.md", "--template"]);
    assert_eq!((template.status, template.err.as_str()), (0, ""));
    assert!(template.out.contains("template: no parameter is bound"), "{}", template.out);
}

#[test]
fn plans_are_compared_by_what_they_do() {
    let case = case();
    planned(&case, "old.json", "alpha");
    planned(&case, "new.json", "beta");
    let same = case.run(&["plan", "diff", "old.json", "old.json"]);
    assert_eq!((same.status, same.out.as_str()), (0, "the two plans do the same\napproval go holds\n"), "{}", same.err);
    let diff = case.run(&["plan", "diff", "old.json", "new.json"]);
    assert_eq!(diff.status, 0, "{}", diff.err);
    for line in ["~ the plan's params", "~ look (vars)", "~ restart (vars)"] {
        assert!(diff.out.lines().any(|it| it == line), "no `{line}` in {}", diff.out);
    }
    assert!(diff.out.contains("approval go is void"), "{}", diff.out);
    // Words around the steps are none of the plan's business.
    case.write("docs/restart.md", PAGE.replace("# Restart\n", "# Restart\n\nFor when it hangs.\n"));
    planned(&case, "moved.json", "alpha");
    let moved = case.run(&["plan", "diff", "old.json", "moved.json"]);
    assert!(moved.out.starts_with("the two plans do the same\n"), "{}", moved.out);
    case.write("docs/restart.md", PAGE.replace("  - step: restart\n", "  - {step: restart, id: again}\n"));
    planned(&case, "renamed.json", "alpha");
    let renamed = case.run(&["plan", "diff", "old.json", "renamed.json"]);
    assert!(renamed.out.contains("+ again\n") && renamed.out.contains("- restart\n"), "{}", renamed.out);
    let broken = case.run(&["plan", "diff", "old.json", "docs/restart.md"]);
    assert_eq!((broken.status, broken.out.as_str()), (2, ""), "{}", broken.err);
}

#[test]
fn a_plan_is_verified_against_its_hash_and_its_pages() {
    let case = case();
    let plan = planned(&case, "plan.json", "alpha");
    let sound = case.run(&["plan", "verify", "plan.json"]);
    let same = "compiled again from the pages that lie here, without a repository: the same plan";
    let said = format!("{}: 4 steps, 1 file unchanged\n{same}\n", plan.hash);
    assert_eq!((sound.status, sound.out), (0, said), "{}", sound.err);
    case.write("other.json", plan.to_json().replace("systemctl restart", "systemctl stop"));
    let changed = case.run(&["plan", "verify", "other.json"]);
    assert_eq!((changed.status, changed.out.as_str()), (1, ""), "{}", changed.err);
    case.write("docs/restart.md", PAGE.replace("5m", "6m"));
    let page = case.run(&["plan", "verify", "plan.json"]);
    assert_eq!((page.status, page.out.as_str()), (1, ""));
    assert!(page.err.contains("docs/restart.md: not what the plan was made from"), "{}", page.err);
    assert_eq!(case.run(&["plan", "verify", "nothing.json"]).status, 2);
}

#[test]
fn a_step_is_explained() {
    let case = case();
    let ended = case.run(&["plan", "explain", "restart", "docs/restart.md", "-p", "host=alpha"]);
    assert_eq!((ended.status, ended.err.as_str()), (0, ""));
    for words in
        ["restart: restart\n", "written in  docs/restart.md:25-31", "waits for   go to succeed", "`look` must pass"]
    {
        assert!(ended.out.contains(words), "no `{words}` in {}", ended.out);
    }
    let unknown = case.run(&["plan", "explain", "restrat", "docs/restart.md", "-p", "host=alpha"]);
    assert_eq!((unknown.status, unknown.out.as_str()), (1, ""));
    assert!(
        unknown.err.contains("the plan has no step `restrat`") && unknown.err.contains("`restart`"),
        "{}",
        unknown.err
    );
}

fn git(case: &Case, words: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=Ana", "-c", "user.email=ana@example.org", "-c", "init.defaultBranch=main"]);
    let output = command.args(words).current_dir(case.path(".")).output().expect("there is Git");
    assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

const RELEASE: &str = "---
runbook:
  version: 1
  owners: [ana]
  components: {from: release-please, select: changed}
checklist:
  - {group: All, each: component, items: [{step: say}]}
---

# Release

```bash
#| id: say
#| role: check
#| timeout: 1m
echo \"$COMPONENT_NAME $COMPONENT_FROM $COMPONENT_VERSION\"
```
";

#[test]
fn what_changed_since_a_reference_is_released() {
    let case = Case::new(&[
        ("docs/release.md", RELEASE),
        ("release-please-config.json", r#"{"packages": {"a": {"component": "a"}, "b": {"component": "b"}}}"#),
        (".release-please-manifest.json", r#"{"a": "1.0.0", "b": "2.0.0"}"#),
    ]);
    git(&case, &["init", "-q"]);
    git(&case, &["add", "-A"]);
    git(&case, &["commit", "-qm", "first"]);
    git(&case, &["tag", "v1"]);
    case.write(".release-please-manifest.json", r#"{"a": "1.1.0", "b": "2.0.0"}"#);
    let ended = case.run(&["plan", "docs/release.md", "--since", "v1", "--format", "json"]);
    assert_eq!(ended.status, 0, "{}", ended.err);
    let plan = Plan::from_json(&ended.out).expect("it is a plan");
    let components: Vec<_> = plan.components.iter().map(|it| (it.name.as_str(), it.from.as_deref(), &*it.to)).collect();
    assert_eq!(components, [("a", Some("1.0.0"), "1.1.0")]);
    assert_eq!(plan.source.commit, Some(git(&case, &["rev-parse", "HEAD"])));
    let unknown = case.run(&["plan", "docs/release.md", "--since", "v9"]);
    assert_eq!((unknown.status, unknown.out.as_str()), (2, ""));
    assert!(unknown.err.contains("`v9`"), "{}", unknown.err);
    case.write("outputs.json", r#"{"paths_released": "[\"b\"]", "b--version": "2.5.0", "b--tag_name": "b-2.5.0"}"#);
    let outputs = ["plan", "docs/release.md", "--release-outputs", "outputs.json", "--format", "json"];
    let ended = case.run(&outputs);
    assert_eq!(ended.status, 0, "{}", ended.err);
    let plan = Plan::from_json(&ended.out).expect("it is a plan");
    assert_eq!(plan.components.iter().map(|it| (&*it.name, &*it.to)).collect::<Vec<_>>(), [("b", "2.5.0")]);
}

#[test]
fn lint_corrects_what_has_one_safe_correction() {
    let prompt = PAGE.replace("ping -c 1", "true\n$ ping -c 1");
    let case = Case::new(&[("docs/restart.md", &prompt)]);
    let found = case.run(&["lint", "docs/restart.md", "--format", "short"]);
    assert_eq!((found.status, found.out.as_str()), (1, ""));
    assert!(found.err.contains("docs/restart.md:23:1: error[RB013]"), "{}", found.err);
    let fixed = case.run(&["lint", "docs/restart.md", "--fix"]);
    assert_eq!(fixed.status, 0, "{}", fixed.err);
    assert!(fixed.err.contains("Corrected 1 place\n"), "{}", fixed.err);
    let text = std::fs::read_to_string(case.path("docs/restart.md")).expect("the page is there");
    assert_eq!(text, PAGE.replace("ping -c 1", "true\nping -c 1"));
    let again = case.run(&["lint", "docs/restart.md", "--fix"]);
    assert!(!again.err.contains("Corrected"), "{}", again.err);
}

#[test]
fn shellcheck_is_asked_where_it_is_wanted() {
    let case = case();
    let bin = case.path("bin");
    std::fs::create_dir(&bin).expect("the folder can be made");
    let answer = r#"{"comments":[{"file":"-","line":1,"endLine":1,"column":1,"endColumn":5,"level":"warning","code":2999,"message":"So it is.","fix":null}]}"#;
    // It reads the whole script, as the real one does, and finds something in scripts with `ping`.
    let stub = format!("#!/bin/sh\nif grep -q ping; then echo '{answer}'; exit 1; fi\necho '{{\"comments\":[]}}'\n");
    case.write("bin/shellcheck", &stub);
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(case.path("bin/shellcheck"), executable).expect("it can be made executable");
    let path = std::env::var("PATH").expect("there is a search path");
    let lint = |path: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_opsbook"));
        command.args(["lint", "docs/restart.md", "--shellcheck", "--format", "short"]).env("PATH", path);
        let output = command.current_dir(case.path("")).output().expect("the program starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (status, said) = lint(&format!("{}:{path}", bin.display()));
    let finding = "docs/restart.md:22:1: warning[RB017]: ShellCheck says SC2999: So it is";
    assert!(status == Some(0) && said.contains(finding) && said.matches("RB017").count() == 1, "{said}");
    let (status, said) = lint("/nowhere");
    assert!(status == Some(2) && said.contains("cannot start `shellcheck`"), "{said}");
}

#[test]
fn findings_of_lint_come_in_every_format() {
    let case = Case::new(&[("docs/restart.md", &PAGE.replace("#| timeout: 5m\n", ""))]);
    let lint = |format: &str| case.run(&["lint", "-q", "--format", format]);
    for format in ["human", "short"] {
        let ended = lint(format);
        assert_eq!((ended.status, ended.out.as_str()), (1, ""), "{format}");
        assert!(ended.err.contains("RB107"), "{format}: {}", ended.err);
    }
    for format in ["json", "sarif"] {
        let ended = lint(format);
        assert_eq!(ended.status, 1, "{format}");
        let value: Value = serde_json::from_str(&ended.out).expect("it is JSON");
        assert!(value.to_string().contains("RB107"), "{format}: {value}");
    }
    let github = lint("github");
    assert_eq!(github.status, 1);
    assert!(github.out.starts_with("::error file=docs/restart.md,line="), "{}", github.out);
    assert_eq!(case.run(&["lint", "--journals", "nowhere"]).status, 2);
}

#[test]
fn warnings_of_lint_fail_where_it_is_strict_and_two_runbooks_differ_in_their_ids() {
    let case =
        Case::new(&[("docs/restart.md", &PAGE.replace("  owners: [ana]\n", "  owners: [ana]\n  secrets: [TOKEN]\n"))]);
    assert_eq!(case.run(&["lint"]).status, 0);
    assert_eq!(case.run(&["lint", "--strict"]).status, 1);
    case.write("docs/zweite.md", PAGE);
    let ended = case.run(&["lint", "--format", "short"]);
    assert_eq!(ended.status, 1, "{}", ended.err);
    let wanted = "docs/zweite.md:4:7: error[RB005]: runbook id `restart` is used twice in this project";
    assert!(ended.err.lines().any(|line| line.starts_with(wanted)), "{}", ended.err);
}

#[cfg(unix)]
#[test]
fn a_run_of_a_commit_that_nobody_merged_is_reported() {
    let page = PAGE.replace("  - {text: Tell the users, evidence: note}\n  - step: look\n  - {text: May we, id: go, approve: {users: [ben], forbid: [runner]}}\n", "");
    let page = page.replace("ping -c 1 \"$HOST\"", "true").replace("ssh \"$HOST\" systemctl restart queue", "true");
    let case = Case::new(&[("docs/restart.md", &page), (".gitignore", "runs\nsite\n")]);
    git(&case, &["init", "-q"]);
    git(&case, &["add", "-A"]);
    git(&case, &["commit", "-qm", "first"]);
    git(&case, &["checkout", "-qb", "side"]);
    git(&case, &["commit", "-qm", "second", "--allow-empty"]);
    let run = case.run(&["run", "docs/restart.md", "-p", "host=alpha", "--runs", "runs"]);
    assert_eq!(run.status, 0, "{}", run.err);
    let lint = || case.run(&["lint", "--journals", "runs", "--format", "short", "-q"]).err;
    let found = lint();
    let side = git(&case, &["rev-parse", "HEAD"]);
    let wanted = format!("error[RB606]: the plan of this run was made of commit `{side}`, which is not on `main`");
    assert!(found.contains(&wanted), "{found}");
    git(&case, &["branch", "-f", "main", "side"]);
    assert!(!lint().contains("RB606"), "it was merged: {}", lint());
}

#[test]
fn a_plan_is_emitted_and_says_what_is_lost() {
    let case = case();
    planned(&case, "plan.json", "alpha");
    for (target, beginning) in [
        ("bash", "#!/usr/bin/env bash\n"),
        ("github", "# runbook: restart"),
        ("argo", "# runbook: restart"),
        ("markdown", "<!-- runbook: restart"),
    ] {
        let ended = case.run(&["emit", target, "plan.json"]);
        assert_eq!(ended.status, 0, "{target}: {}", ended.err);
        assert!(ended.out.starts_with(beginning), "{target}: {}", ended.out);
        assert!(ended.err.lines().all(|line| line.starts_with("not expressed: ")) && !ended.err.is_empty());
        let file = case.run(&["emit", target, "docs/restart.md", "-p", "host=alpha", "-o", "emitted"]);
        assert_eq!((file.status, file.out.as_str()), (0, ""), "{target}: {}", file.err);
        assert_eq!(std::fs::read_to_string(case.path("emitted")).expect("it was written"), ended.out);
        std::fs::remove_file(case.path("emitted")).expect("it is there");
        let strict = case.run(&["emit", target, "plan.json", "--strict", "-o", "emitted"]);
        assert_eq!((strict.status, strict.out.as_str()), (1, ""), "{target}");
        assert!(!case.path("emitted").exists(), "{target}: something is lost, and it was written all the same");
    }
    let image = case.run(&["emit", "argo", "plan.json", "--image", "example.org/ops:1"]);
    assert!(image.out.contains("value: example.org/ops:1\n"), "{}", image.out);
    assert_eq!(case.run(&["emit", "github", "plan.json", "-o", "w.yml", "--setup", "setup.sh"]).status, 0);
    let setup = std::fs::read_to_string(case.path("setup.sh")).expect("it was written");
    assert!(
        setup.contains("gate 'restart-go' true 'ben'\n") && setup.contains("gate 'restart-tell-the-users'"),
        "{setup}"
    );
    assert_eq!(case.run(&["emit", "bash", "plan.json", "--setup", "other.sh"]).status, 2);
    let template = case.run(&["emit", "bash", "docs/restart.md", "--template"]);
    assert_eq!((template.status, template.out.as_str()), (2, ""));
    assert!(template.err.contains("a template plan cannot be emitted"), "{}", template.err);
    assert_eq!(case.run(&["emit", "tekton", "plan.json"]).status, 2);
}
