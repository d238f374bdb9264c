//! What a configuration says about findings and runbooks has its effect: levels of single codes, limits
//! of the project, and what a runbook's page shows of its plan.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// A runbook that nothing is wrong with.
const RUNBOOK: &str = "---
runbook:
  version: 1
  kind: maintenance
  owners: ['@org/team']
  environments: {production: {tier: 1}}
checklist:
  - {id: go, approve: {role: leads, min: 1, forbid: [runner]}, text: Go}
  - group: Change
    env: production
    items:
      - step: restart
      - {id: soak, wait: 10m, monitor: look, text: Watch}
---

# Restart

See [the restart](#step-restart), [the approval](#item-go) and [the wait](#item-change.soak).

```bash
#| id: restart
#| title: Restart the queue
#| impact: write
#| timeout: 5m
#| rollback: {none: a restart cannot be undone}
#| verify: look
systemctl restart queue
```

```bash
#| id: look
#| role: monitor
#| timeout: 1m
test \"$(systemctl is-active queue)\" = active
```
";

struct Ended {
    status: i32,
    err: String,
}

/// Writes a project and performs one command in it; returns it with the folder.
fn perform(config: &str, pages: &[(&str, &str)], arguments: &[&str]) -> (Ended, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("mkdocs.yml", &format!("site_name: Test\ntheme: material\n{config}"));
    for (path, text) in pages {
        write(path, text);
    }
    (run(folder.path(), arguments), folder)
}

fn run(folder: &Path, arguments: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_opsbook"));
    command.args(arguments).current_dir(folder).env("SOURCE_DATE_EPOCH", "1780272000").stdin(Stdio::null());
    let output = command.output().unwrap();
    Ended { status: output.status.code().unwrap(), err: String::from_utf8(output.stderr).unwrap() }
}

fn levels(of: &str, levels: &str) -> String {
    format!("extra:\n  opsbook:\n    {of}: {{levels: {{{levels}}}}}\n")
}

#[test]
fn the_level_of_a_code_acts_in_build_check_and_lint() {
    let nobody =
        RUNBOOK.replace("  owners: ['@org/team']\n", "").replace("[the restart](#step-restart)", "[x](gone.md)");
    let pages = [("docs/index.md", nobody.as_str())];
    for command in ["build", "check", "lint"] {
        let judged = |config: &str, more: &[&str]| {
            let arguments = [&[command, "--format", "short"], more].concat();
            perform(config, &pages, &arguments).0
        };
        // A link without a target is a warning, a runbook without owners an error.
        let (link, owners) = (command != "lint", command != "build");
        let plain = judged("", &[]);
        assert_eq!(plain.err.contains("warning[OB301]"), link, "{command}: {}", plain.err);
        assert_eq!(plain.err.contains("error[RB601]"), owners, "{command}: {}", plain.err);
        assert_eq!(plain.status, i32::from(owners), "{command}: {}", plain.err);

        let louder = judged(&levels("check", "OB301: error, RB601: warning"), &[]);
        assert_eq!(louder.err.contains("error[OB301]"), link, "{command}: {}", louder.err);
        assert_eq!(louder.err.contains("warning[RB601]"), owners, "{command}: {}", louder.err);
        assert_eq!(louder.status, i32::from(link), "{command}: {}", louder.err);

        let softer = judged(&levels("check", "OB301: info, RB601: info"), &["--strict"]);
        assert_eq!(softer.err.contains("info[OB301]"), link, "{command}: {}", softer.err);
        assert_eq!(softer.err.contains("info[RB601]"), owners, "{command}: {}", softer.err);
        assert_eq!(softer.status, 0, "{command}: {}", softer.err);

        let silent = judged(&levels("check", "ob301: ignore, rb601: ignore"), &["--strict"]);
        assert!(!silent.err.contains("OB301") && !silent.err.contains("RB601"), "{command}: {}", silent.err);
        assert_eq!(silent.status, 0, "{command}: {}", silent.err);
    }
}

#[test]
fn the_policy_s_levels_come_first() {
    let nobody = RUNBOOK.replace("  owners: ['@org/team']\n", "");
    let both =
        "extra:\n  opsbook:\n    check: {levels: {RB601: error}}\n    runbook: {policy: {levels: {RB601: ignore}}}\n";
    for command in ["check", "lint"] {
        let (ended, _) = perform(both, &[("docs/index.md", &nobody)], &[command, "--format", "short"]);
        assert_eq!((ended.status, ended.err.contains("RB601")), (0, false), "{}", ended.err);
    }
}

#[test]
fn the_project_s_limits_hold_for_every_runbook() {
    let policy = |text: &str| format!("extra:\n  opsbook:\n    runbook: {{policy: {{{text}}}}}\n");
    let says = |config: &str, page: &str, rule: &str| {
        for command in ["check", "lint"] {
            let (ended, _) = perform(config, &[("docs/index.md", page)], &[command, "--format", "short"]);
            let found = ended.err.contains(rule);
            if command == "lint" {
                return found;
            }
            let (linted, _) = perform(config, &[("docs/index.md", page)], &["lint", "--format", "short"]);
            assert_eq!(found, linted.err.contains(rule), "{}{}", ended.err, linted.err);
        }
        unreachable!("the loop ends with lint")
    };
    let own = |text: &str| RUNBOOK.replace("  version: 1\n", &format!("  version: 1\n  {text}\n"));
    assert!(!says("", RUNBOOK, "RB205"));
    assert!(says(&policy("min-soak: 1h 30m"), RUNBOOK, "RB205"));
    assert!(!says(&policy("min-soak: 10m"), RUNBOOK, "RB205"));
    assert!(says(&policy("min-soak: 5m"), &own("policy: {min_soak: 15m}"), "RB205"), "a page may ask for more");
    assert!(says(&policy("min-soak: 20m"), &own("policy: {min_soak: 5m}"), "RB205"), "a page may not ask for less");
    assert!(says(&policy("min-watch: 1h"), RUNBOOK, "RB303"));
    assert!(!says(&policy("min-watch: 10m"), RUNBOOK, "RB303"));
    // The clock says 2026-06-01.
    assert!(!says("", RUNBOOK, "RB602"));
    assert!(says(&policy("review-every: 30d"), RUNBOOK, "RB602"), "it was never reviewed");
    assert!(says(&policy("review-every: 30d"), &own("reviewed: 2026-04-01"), "RB602"));
    assert!(!says(&policy("review-every: 90d"), &own("reviewed: 2026-04-01"), "RB602"));
    assert!(!says(&policy("review-every: 30d"), &own("reviewed: 2026-04-01\n  review_every: 90d"), "RB602"));
}

#[test]
fn a_runbook_s_page_shows_the_graph_of_its_plan() {
    let (ended, folder) = perform("", &[("docs/index.md", RUNBOOK)], &["build", "--format", "short"]);
    assert_eq!(ended.status, 0, "{}", ended.err);
    let page = || fs::read_to_string(folder.path().join("site/index.html")).unwrap();
    let first = page();
    let graph = &first[first.find("<svg class=\"plan-graph\"").expect("there is a graph")..];
    let graph = &graph[..graph.find("</svg>").expect("it ends")];
    for link in ["#item-go", "#step-restart", "#item-change.soak"] {
        assert!(graph.contains(&format!("<a href=\"{link}\">")), "{link} in {graph}");
        assert!(first.contains(&format!("id=\"{}\"", &link[1..])), "{link} is on the page");
    }
    assert_eq!(run(folder.path(), &["build", "--clean"]).status, 0);
    assert_eq!(page(), first, "the same inputs, the same bytes");
}

#[test]
fn links_to_steps_and_items_are_anchors() {
    let anchors = "validation: {anchors: warn}\n";
    let (fine, _) = perform(anchors, &[("docs/index.md", RUNBOOK)], &["check", "--format", "short", "--strict"]);
    assert_eq!(fine.status, 0, "{}", fine.err);
    let page = RUNBOOK.replace("(#step-restart)", "(#step-restrat)").replace("(#item-go)", "(#item-soak)");
    let (wrong, _) = perform(anchors, &[("docs/index.md", &page)], &["check", "--format", "short"]);
    for place in ["18:19: warning[OB304]", "18:50: warning[OB304]"] {
        assert!(wrong.err.contains(&format!("docs/index.md:{place}")), "{}", wrong.err);
    }
}
