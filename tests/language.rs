//! The language says what it means: values in texts, and the names of outputs.

use crate::runbooks::Project;
use opsbook::plan::{Binding, Facts, Outputs, Plan};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

/// What becomes of a value in a text.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Text {
    /// It is put in.
    Filled,
    /// It is an error at its place: the text is the same for every run.
    Fixed,
    /// The text is of another language, and stays as it is.
    Verbatim,
}
use Text::{Filled, Fixed, Verbatim};

const PAGE: &str = r##"---
title: Page
runbook:
  version: 1
  id: page
  kind: procedure
  owners: [ana]
  params:
    word: {type: string, default: w, prompt: P, pattern: ".*"}
    pick: {choices: [a], default: a}
  environments:
    prod: {tier: 1, cluster_uid: u, changes: {zone: UTC, freezes: {from: 2030-01-01, to: 2030-01-02, reason: why}}}
  notify: {on: ended, step: look}
  prelude: run
  components:
    - {name: web, path: p, from: f, to: t, tag: g, sha: s}
  on_failure: {rollback: none, then: "#away"}
  allow:
    - {rule: RB104, reason: because}
checklist:
  - Just do it
  - {id: one, text: T, capture: {a: {choices: [x], prompt: Q}}, section: "#away", evidence: note, when: word == x or not pick == b}
  - step: run
  - {id: hung, step: typed, env: prod, needs: [one]}
  - {id: used, use: "other.md#lent", with: {name: v}}
  - {id: may, text: May we, approve: {role: leads, users: [ana]}}
  - {id: soak, wait: 1m, monitor: look, text: Soak}
  - group: G
    each: component
    items: [{step: call, id: c}]
  - step: pods
  - step: waits
  - {step: selected, not_before: "2026-12-01T22:00Z"}
---

# Page

```bash
#| id: run
#| title: N
#| role: check
#| timeout: 1m
#| check: test -f x
#| verify: look
#| cwd: d
#| expect: {exit: 0, stdout_matches: m}
echo "$WORD"
```

```bash
#| id: look
#| role: verify
#| timeout: 1m
true
```

```yaml
#| id: typed
#| type: helm
#| rollback: {none: why}
#| timeout: 5m
release: r
chart: c
version: "1"
namespace: n
values: [file]
set: {a: b}
wait: watcher
```

```yaml
#| id: pods
#| type: kubectl
#| role: check
#| timeout: 1m
rollout: deploy/x
namespace: n
selector: app=x
```

```yaml
#| id: waits
#| type: kubectl
#| role: check
#| timeout: 1m
wait: pod/x
for: condition=Ready
```

```yaml
#| id: selected
#| type: kubectl
#| timeout: 1m
apply: [one.yaml]
```

```yaml
#| id: call
#| type: http
#| role: notify
#| timeout: 1m
url: http://h/p
method: POST
headers: {X-A: b}
body: content
```

## Away
"##;

/// Of each text of the schema: where it stands in the page, and what becomes of a value in it. `@` is the
/// place of the value.
const TEXTS: &[(&str, &str, &str, &str, Text)] = &[
    ("runbook", "owners", "owners: [ana]", "owners: [\"a@\"]", Fixed),
    ("runbook", "title", "  version: 1\n  id", "  version: 1\n  title: \"R @\"\n  id", Filled),
    ("runbook", "ticket", "  version: 1\n  id", "  version: 1\n  ticket: \"@\"\n  id", Filled),
    ("runbook", "prelude", "prelude: run", "prelude: \"@\"", Fixed),
    ("hook", "step", "ended, step: look", "ended, step: \"@\"", Fixed),
    ("freeze", "reason", "reason: why", "reason: \"why @\"", Fixed),
    // A value that is no time is an error; see `limits.rs`.
    ("item", "not_before", "", "", Filled),
    ("param", "pattern", "pattern: \".*\"", "pattern: \".*|a[$]\"", Verbatim),
    ("param", "choices", "choices: [a]", "choices: [a, \"@\"]", Fixed),
    ("param", "default", "default: w", "default: \"@\"", Fixed),
    ("param", "prompt", "prompt: P", "prompt: \"P @\"", Fixed),
    ("environment", "cluster_uid", "cluster_uid: u", "cluster_uid: \"u-@\"", Filled),
    ("components_from", "select", "", "", Filled),
    ("component", "name", "name: web", "name: \"web-@\"", Filled),
    ("component", "path", "path: p", "path: \"p/@\"", Filled),
    ("component", "from", "from: f", "from: \"@\"", Filled),
    ("component", "to", "to: t", "to: \"@\"", Filled),
    ("component", "tag", "tag: g", "tag: \"@\"", Filled),
    ("component", "sha", "sha: s", "sha: \"@\"", Filled),
    ("on_failure", "then", "then: \"#away\"", "then: \"#away-@\"", Fixed),
    ("allow_entry", "reason", "reason: because", "reason: \"of @\"", Fixed),
    ("item", "text", "text: T", "text: \"T @\"", Filled),
    ("item", "step", "- step: run", "- step: \"run@\"", Fixed),
    ("item", "use", "use: \"other.md#lent\"", "use: \"other.md#@\"", Fixed),
    ("item", "with", "with: {name: v}", "with: {name: \"v @\"}", Filled),
    ("item", "monitor", "monitor: look", "monitor: \"@\"", Fixed),
    ("item", "group", "group: G", "group: \"G @\"", Filled),
    ("item", "each", "each: component", "each: {host: [a, \"@\"]}", Filled),
    ("wait_until", "until", "wait: 1m, monitor: look", "wait: {within: 1m, until: \"@\"}", Fixed),
    ("capture", "choices", "capture: {a: {choices: [x]", "capture: {a: {choices: [x, \"@\"]", Fixed),
    ("capture", "pattern", "capture: {a: {choices: [x]", "capture: {a: {pattern: \"a[$]\", choices: [x]", Verbatim),
    ("capture", "prompt", "prompt: Q", "prompt: \"Q @\"", Filled),
    ("item", "env", "env: prod", "env: \"@\"", Fixed),
    ("item", "needs", "needs: [one]", "needs: [\"@\"]", Fixed),
    ("item", "when", "when: word == x or not pick == b", "when: \"word == @\"", Fixed),
    ("item", "section", "section: \"#away\"", "section: \"#@\"", Fixed),
    ("approve", "role", "role: leads", "role: \"@\"", Fixed),
    ("approve", "users", "users: [ana]", "users: [\"@\"]", Fixed),
    ("block", "title", "title: N", "title: \"N @\"", Filled),
    ("block", "check", "check: test -f x", "check: \"test -f @\"", Verbatim),
    ("block", "verify", "verify: look", "verify: \"look@\"", Fixed),
    ("block", "rollback", "rollback: {none: why}", "rollback: {none: \"why @\"}", Filled),
    ("block", "cwd", "cwd: d", "cwd: \"d/@\"", Filled),
    ("expect", "stdout_matches", "stdout_matches: m", "stdout_matches: \"m @\"", Filled),
    ("helm", "release", "release: r", "release: r-@", Filled),
    ("helm", "chart", "chart: c", "chart: c-@", Filled),
    ("helm", "version", "version: \"1\"", "version: \"1-@\"", Filled),
    ("helm", "namespace", "c\nversion: \"1\"\nnamespace: n", "c\nversion: \"1\"\nnamespace: n-@", Filled),
    ("helm", "values", "values: [file]", "values: [\"file-@\"]", Filled),
    ("helm", "set", "set: {a: b}", "set: {a: \"b @\"}", Filled),
    ("helm", "wait", "wait: watcher", "wait: \"@\"", Fixed),
    ("helm", "on_failure", "wait: watcher", "on_failure: \"@\"", Fixed),
    ("helm", "helm", "wait: watcher", "helm: \"@\"", Fixed),
    ("kubectl", "rollout", "rollout: deploy/x", "rollout: deploy/@", Filled),
    ("kubectl", "wait", "wait: pod/x", "wait: pod/@", Filled),
    ("kubectl", "for", "for: condition=Ready", "for: condition=@", Filled),
    ("kubectl", "apply", "apply: [one.yaml]", "apply: [\"@.yaml\"]", Filled),
    ("kubectl", "delete", "rollout: deploy/x", "delete: deploy/@", Filled),
    ("kubectl", "get", "rollout: deploy/x", "get: deploy/@", Filled),
    ("kubectl", "namespace", "deploy/x\nnamespace: n", "deploy/x\nnamespace: n-@", Filled),
    ("kubectl", "selector", "selector: app=x", "selector: app=@", Filled),
    ("http", "url", "url: http://h/p", "url: http://h/@", Filled),
    ("http", "method", "method: POST", "method: \"POST@\"", Fixed),
    ("http", "headers", "headers: {X-A: b}", "headers: {X-A: \"b @\"}", Filled),
    ("http", "body", "body: content", "body: content @", Filled),
    ("http", "expect_status", "body: content", "expect_status: \"@\"", Fixed),
    // Texts that are no value of a key.
    ("items", "", "- Just do it", "- \"Just @\"", Filled),
    ("vars", "", "cluster_uid: u", "cluster_uid: u, vars: {A: \"a @\"}", Filled),
    ("vars", "", "#| cwd: d", "#| cwd: d\n#| env: {A: \"a @\"}", Filled),
    ("vars", "", "cluster_uid: u", "cluster_uid: u, vars: {\"@\": a}", Fixed),
    ("allow", "", "{rule: RB104, reason: because}", "\"RB104 of @\"", Fixed),
    // Names, and what is not opsbook's own.
    ("helm", "set", "set: {a: b}", "set: {\"@\": b}", Fixed),
    ("http", "headers", "headers: {X-A: b}", "headers: {\"@\": b}", Fixed),
    ("item", "with", "with: {name: v}", "with: {\"@\": v}", Fixed),
    ("", "title", "title: Page", "title: \"@\"", Fixed),
];

/// The texts that a schema takes: a key whose value, or one of whose values, may be any text.
fn free_texts() -> BTreeSet<(String, String)> {
    let schema = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/content/schemas/1/runbook.schema.json"));
    let schema: Value = serde_json::from_str(&schema.expect("the manual has the schema")).expect("it is JSON");
    let parts = schema["$defs"].as_object().expect("it has parts");
    let mut out = BTreeSet::new();
    for (part, rule) in parts {
        match rule["properties"].as_object() {
            Some(keys) => {
                let free = keys.iter().filter(|(_, rule)| is_free(rule, 0));
                out.extend(free.map(|(key, _)| (part.clone(), key.clone())));
            }
            // A list of short forms, such as an item that is only a text.
            None if ["items", "allow", "vars"].contains(&part.as_str()) => {
                out.insert((part.clone(), String::new()));
            }
            None => {}
        }
    }
    out
}

/// Whether a schema takes any text, itself or in its items; parts that are named are looked at as parts.
fn is_free(rule: &Value, depth: usize) -> bool {
    assert!(depth < 8, "{rule}");
    let kind = &rule["type"];
    let text = kind == "string" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "string"));
    let limited = ["enum", "const", "pattern"].iter().any(|word| rule.get(word).is_some());
    let inner = ["items", "additionalProperties"].iter().filter_map(|word| rule.get(word)).collect::<Vec<_>>();
    let any = rule["anyOf"].as_array().into_iter().flatten();
    let untyped = ["type", "$ref", "enum", "const", "anyOf"].iter().all(|word| rule.get(word).is_none());
    let any_value = kind == "object" && rule.get("additionalProperties").is_none() && rule.get("properties").is_none();
    (text && !limited)
        || untyped
        || any_value
        || inner.into_iter().chain(any).any(|rule| rule.is_object() && is_free(rule, depth + 1))
}

fn project(page: &str) -> Project {
    Project::of(&[
        ("page.md", page),
        ("other.md", "# Other\n\n```bash\n#| id: lent\n#| role: check\n#| timeout: 1m\necho \"$NAME\"\n```\n"),
    ])
}

#[test]
fn every_text_of_the_schema_takes_a_value_or_says_that_it_does_not() {
    let listed: BTreeSet<(String, String)> = TEXTS
        .iter()
        .filter(|row| !row.0.is_empty())
        .map(|(part, key, ..)| ((*part).to_owned(), (*key).to_owned()))
        .collect();
    assert_eq!(free_texts(), listed, "the texts of the schema and those of this test");
    let (_, clean) = project(PAGE).lower("page.md", &[], &Facts::default());
    assert!(clean.is_empty(), "{:?}", project(PAGE).show_all(&clean));
    for (part, key, from, to, text) in TEXTS.iter().filter(|row| !row.2.is_empty()) {
        let what = format!("{part}.{key}: {to}");
        assert_eq!(PAGE.matches(from).count(), 1, "{what}: `{from}`");
        let line = |hole: &str| PAGE.replace(from, &to.replace('@', hole));
        let changed = project(&line("${params.word}"));
        let (lowered, found) = changed.lower("page.md", &[("word", "VALUE")], &Facts::default());
        let said = changed.show_all(&found);
        let plan = lowered.map(|lowered| lowered.plan.to_json()).unwrap_or_default();
        if *text != Verbatim {
            assert!(!plan.contains("${params") && !plan.contains("${nothing"), "{what}\n{plan}");
        }
        match text {
            Filled => {
                assert_eq!(said, [] as [&str; 0], "{what}");
                assert!(plan.contains("VALUE"), "{what}\n{plan}");
            }
            Verbatim => assert_eq!(said, [] as [&str; 0], "{what}"),
            Fixed => assert!(!said.is_empty(), "{what}"),
        }
        // An unknown name is an error at its place, in the template as in the plan.
        let wrong = project(&line("${params.nope}"));
        let (lowered, found) = wrong.lower_as("page.md", Binding::Template, &Facts::default());
        if *text == Verbatim {
            continue;
        }
        let at =
            wrong.text("page.md").lines().position(|line| line.contains("${params.nope}")).expect("it is there") + 1;
        let said = wrong.show_all(&found);
        assert!(said.iter().any(|line| line.starts_with(&format!("page.md:{at}:"))), "{what} at {at}: {said:?}");
        assert!(lowered.is_none_or(|lowered| !lowered.plan.to_json().contains("${params")), "{what}");
        // What is never closed, too; and two dollars stand for one.
        let open = project(&line("${params.word"));
        assert!(!open.lower_as("page.md", Binding::Template, &Facts::default()).1.is_empty(), "{what}");
        // In a pattern the two characters have a meaning of their own.
        if *text == Filled && *key != "stdout_matches" {
            let escaped = project(&line("$${params.word}"));
            let (lowered, found) = escaped.lower("page.md", &[("word", "VALUE")], &Facts::default());
            assert_eq!(escaped.show_all(&found), [] as [&str; 0], "{what}");
            let plan = lowered.expect("it is a plan").plan.to_json();
            assert!(
                plan.contains("{params.word") && !plan.contains("VALUE-") && !plan.contains("$${"),
                "{what}\n{plan}"
            );
        }
    }
}

#[test]
fn a_value_is_not_read_again_and_its_place_is_exact() {
    let page = PAGE.replace("text: T,", "text: \"T ${params.word} ${params.wrod}\",");
    let project = project(&page);
    let (lowered, found) = project.lower("page.md", &[("word", "${env} ${params.pick}")], &Facts::default());
    let (line, column) = page
        .lines()
        .enumerate()
        .find_map(|(line, text)| Some((line + 1, text.find("${params.wrod")? + 1)))
        .expect("it is there");
    assert_eq!(
        project.show_all(&found),
        [format!("page.md:{line}:{column} RB009 `${{params.wrod}}` has no value here")]
    );
    let plan = lowered.expect("there is an order").plan;
    assert_eq!(plan.step("one").expect("it is a step").title, "T ${env} ${params.pick} ‹wrod›");
}

/// A page of random groups; every step writes an output, and every third one says what it sees.
struct Nest {
    random: u64,
    page: String,
    blocks: String,
    number: usize,
    /// Whether it may use the other page.
    uses: bool,
}

impl Nest {
    fn below(&mut self, limit: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % limit
    }

    fn items(&mut self, indent: usize, depth: usize) {
        let pad = " ".repeat(indent);
        let mut used: BTreeSet<u64> = BTreeSet::new();
        for _ in 0..2 + self.below(2) {
            self.number += 1;
            let number = self.number;
            match self.below(if depth < 3 { 7 } else { 3 }) {
                5 => {
                    let list = format!("{pad}- group: G{number}\n{pad}  each: {{l{number}: [x, y]}}\n{pad}  items:\n");
                    self.page.push_str(&list);
                    self.items(indent + 4, depth + 1);
                }
                6 if self.uses => self.page.push_str(&format!("{pad}- {{use: other.md, id: u{number}}}\n")),
                3 => {
                    self.page.push_str(&format!("{pad}- group: G{number}\n{pad}  items:\n"));
                    self.items(indent + 4, depth + 1);
                }
                4 => {
                    let each = if self.below(2) == 0 { "    each: component\n" } else { "" };
                    self.page.push_str(&format!(
                        "{pad}- group: G{number}\n{}{pad}  items:\n",
                        each.replace("    ", &format!("{pad}  "))
                    ));
                    self.items(indent + 4, depth + 1);
                }
                _ => {
                    // The same few ids again and again, so that names are shared and shadowed.
                    let id = self.below(4);
                    let id = if used.insert(id) { format!("s{id}") } else { format!("t{number}") };
                    self.page.push_str(&format!("{pad}- {{step: w{number}, id: {id}}}\n"));
                    self.blocks.push_str(&format!(
                        "\n```bash\n#| id: w{number}\n#| role: check\n#| timeout: 20s\n#| outputs: [x]\n{{ echo \"@$OPSBOOK_STEP\"; env | grep ^OPSBOOK_OUT_ | sort || true; }} >> seen.txt\necho \"x=$OPSBOOK_STEP\" >> \"$OPSBOOK_OUTPUT\"\n```\n"
                    ));
                }
            }
        }
    }
}

/// A page and another one that it uses.
fn nest(seed: u64) -> (String, String) {
    let written = |seed: u64, depth: usize, uses: bool, components: &str| {
        // Two lists around a step must not share a name.
        let number = if uses { 0 } else { 1_000 };
        let mut nest = Nest { random: seed, page: String::new(), blocks: String::new(), number, uses };
        nest.items(2, depth);
        format!(
            "---\nrunbook:\n  version: 1\n  kind: procedure\n  owners: [ana]\n{components}checklist:\n{}---\n\n# Page\n{}",
            nest.page, nest.blocks
        )
    };
    let components = "  components: [{name: a, to: \"1\"}, {name: b, to: \"1\"}]\n";
    (written(seed, 0, true, components), written(seed + 1, 2, false, ""))
}

/// What each step saw, by step, as the file says that the scripts wrote.
fn seen(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut out: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut step = String::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('@') {
            step = name.to_owned();
            out.entry(step.clone()).or_default();
        } else if let Some((name, value)) = line.split_once('=') {
            out.entry(step.clone()).or_default().insert(name.to_owned(), value.to_owned());
        }
    }
    out
}

/// What the plan says that a step sees of the steps before it.
fn foretold(plan: &Plan, at: usize) -> BTreeMap<String, String> {
    let outputs = Outputs::of(plan);
    let before: BTreeSet<&str> = plan.steps[..at].iter().map(|step| step.id.as_str()).collect();
    let names = outputs.seen_by(&plan.steps[at]).into_iter();
    let names = names.filter_map(|(name, output)| Some((name, output?.step.to_owned())));
    names.filter(|(_, step)| before.contains(step.as_str())).collect()
}

#[cfg(unix)]
#[test]
fn the_run_the_plan_and_the_bash_script_agree_on_the_names_of_outputs() {
    // Between them they hold groups in groups, repetitions for components and for lists, and pages that are used.
    let nests = [543_656, 62_674, 13_400_834].map(nest);
    for what in ["    - group:", "each: component", "each: {l", "use: other.md"] {
        assert!(nests.iter().any(|(page, _)| page.contains(what)), "no nest has `{what}`");
    }
    for (page, other) in nests {
        let project = Project::of(&[("page.md", &page), ("other.md", &other)]);
        let (lowered, found) = project.lower("page.md", &[], &Facts::default());
        assert_eq!(project.show_all(&found), [] as [&str; 0], "{page}");
        let plan = lowered.expect("it is a plan").plan;
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        fs::write(folder.path().join("plan.json"), plan.to_json()).expect("the folder takes files");
        fs::write(folder.path().join("page.md"), &page).expect("the folder takes files");
        fs::write(folder.path().join("other.md"), &other).expect("the folder takes files");
        let mut command = Command::new(env!("CARGO_BIN_EXE_opsbook"));
        command.args(["run", "plan.json", "--runs", "runs"]).current_dir(folder.path()).env("NO_COLOR", "1");
        let ended = command.env("XDG_STATE_HOME", folder.path().join("state")).output().expect("opsbook starts");
        assert!(ended.status.success(), "{}\n{page}", String::from_utf8_lossy(&ended.stderr));
        let run = seen(&fs::read_to_string(folder.path().join("seen.txt")).expect("the steps wrote it"));
        for (at, step) in plan.steps.iter().enumerate() {
            assert_eq!(run[&step.id], foretold(&plan, at), "{} of\n{page}", step.id);
        }
        // The script of bash gives a step what its text names: every name that the plan foretells.
        let mut named = plan.clone();
        for (at, step) in plan.steps.iter().enumerate() {
            let script = &mut named.steps[at].run.as_mut().expect("every step has a script").script;
            let names: Vec<String> = foretold(&plan, at).keys().map(|name| format!("${{{name}}}")).collect();
            *script = format!(": \"{}\"\n{script}", names.join(""));
            assert!(!step.outputs.is_empty());
        }
        named.seal();
        let emitted = opsbook::plan::emit::emit_bash(&named, &opsbook::plan::emit::Options::default());
        fs::remove_file(folder.path().join("seen.txt")).expect("the steps wrote it");
        fs::write(folder.path().join("run.sh"), emitted.text).expect("the folder takes files");
        let mut command = Command::new("bash");
        command.arg("run.sh").current_dir(folder.path()).env("OPSBOOK_STATE", folder.path().join("bash"));
        let ended = command.output().expect("bash starts");
        assert!(ended.status.success(), "{}\n{page}", String::from_utf8_lossy(&ended.stderr));
        let script = seen(&fs::read_to_string(folder.path().join("seen.txt")).expect("the steps wrote it"));
        assert_eq!(script, run, "{page}");
    }
}

const BRANCHES: &str = "---
runbook:
  version: 1
  kind: procedure
  owners: [ana]
  title: \"Case ${params.number}\"
  ticket: \"T-${params.number}\"
  params: {number: {type: integer}, hosts: {type: list}}
  environments: {lab: {tier: 0, vars: {BASE: \"http://${env}\"}}}
checklist:
  - {id: decide, text: Decide, capture: {way: {choices: [left, right]}, why: text}}
  - {id: go-left, step: left, when: outputs.decide.way == left}
  - {id: go-right, step: right, when: outputs.decide.way == right and not number == 9}
  - {id: there, env: lab, wait: {until: is-there, every: 1s, within: 20s}}
  - group: Hosts
    env: lab
    each: {host: \"${params.hosts}\"}
    items: [{step: visit}]
---

# Page

```bash
#| id: left
#| role: notify
#| timeout: 1m
echo left >> way
```

```bash
#| id: right
#| role: notify
#| timeout: 1m
echo \"right $OPSBOOK_OUT_DECIDE_WHY\" >> way
```

```bash
#| id: is-there
#| role: check
#| timeout: 1m
echo x >> looks
test \"$(wc -l < looks)\" -ge 2
```

```bash
#| id: visit
#| role: check
#| timeout: 1m
#| env: {URL: \"${env}/${each.host}\"}
echo \"$HOST of $HOSTS at $BASE $URL\" >> visits
```
";

#[cfg(unix)]
#[test]
fn an_answer_decides_and_a_waiting_ends() {
    let case = crate::cli::Case::new(&[("page.md", BRANCHES)]);
    let run = case.run(&["run", "page.md", "-p", "number=7", "-p", "hosts=a b", "--runs", "runs"]);
    assert_eq!(run.status, 4, "{}{}", run.out, run.err);
    assert!(
        run.err.contains("--capture way=ANSWER") || run.out.contains("--capture way=ANSWER"),
        "{}{}",
        run.out,
        run.err
    );
    for (answers, said) in [
        (&["--capture", "way=up", "--capture", "why=x"][..], "none of `left`, `right`"),
        (&["--capture", "way=left"], "asks for the answer `why`"),
        (&["--capture", "way=left", "--capture", "why=x", "--capture", "who=x"], "no answer `who`"),
    ] {
        let done = case.run(&[&["done", "latest", "decide", "--runs", "runs"][..], answers].concat());
        assert!(done.status != 0 && done.err.contains(said), "{answers:?}: {}", done.err);
    }
    let done = ["done", "latest", "decide", "--capture", "way=right", "--capture", "why=so", "--runs", "runs"];
    let done = case.run(&done);
    assert_eq!(done.status, 0, "{}", done.err);
    let resumed = case.run(&["resume", "latest", "--runs", "runs"]);
    assert_eq!(resumed.status, 0, "{}{}", resumed.out, resumed.err);
    let read = |name: &str| fs::read_to_string(case.path(name)).unwrap_or_default();
    assert_eq!(read("way"), "right so\n");
    assert_eq!(read("looks").lines().count(), 2);
    assert_eq!(read("visits"), "a of a b at http://lab lab/a\nb of a b at http://lab lab/b\n");
    let runs = case.run(&["runs", "--runs", "runs"]);
    assert!(runs.out.contains("T-7 Case 7"), "{}", runs.out);
    let report = case.run(&["report", "latest", "--runs", "runs"]);
    assert!(report.out.contains("Case 7") && report.out.contains("T-7"), "{}", report.out);
    // Other engines ask nobody: what depends on an answer fails there, and that is said before.
    let plan = case.run(&["plan", "page.md", "-p", "number=7", "-p", "hosts=a,b", "--format", "json"]);
    let plan = Plan::from_json(&plan.out).expect("it is a plan");
    let options = opsbook::plan::emit::Options::default();
    for emitted in [opsbook::plan::emit::emit_github(&plan, &options), opsbook::plan::emit::emit_argo(&plan, &options)]
    {
        let lost: Vec<&str> = emitted.lost.iter().map(|loss| loss.what.as_str()).collect();
        assert!(lost.contains(&"the answers that a person gives"), "{lost:?}");
        assert!(lost.contains(&"a `when` over an answer: the step fails instead"), "{lost:?}");
    }
    let script = opsbook::plan::emit::emit_bash(&plan, &options).text;
    assert!(script.contains("answer \"$1\" 'way'") && script.contains("is 'decide' 'way' 'left'"), "{script}");
}

#[test]
fn conditions_name_outputs_that_come_before_and_spare_approvals() {
    let said = |from: &str, to: &str| {
        let page = BRANCHES.replace(from, to);
        assert_ne!(page, BRANCHES);
        let project = Project::of(&[("page.md", &page)]);
        let params = [("number", "7"), ("hosts", "a")];
        let (_, bound) = project.lower("page.md", &params, &Facts::default());
        let (_, template) = project.lower_as("page.md", Binding::Template, &Facts::default());
        // Only what a parameter takes is known first when it is given.
        assert!(template.has_errors() || to.contains("choices: [b]"), "{:?}", project.show_all(&template));
        project.show_all(&bound).join("\n")
    };
    assert!(said("outputs.decide.way == left", "outputs.decide.wya == left").contains("RB009 `when` asks for"));
    let later = said(
        "{id: decide, text: Decide,",
        "{id: early, step: left, when: outputs.decide.way == left}\n  - {id: decide, text: Decide,",
    );
    assert!(later.contains("does not come before `early`"), "{later}");
    let gate = "{id: may, text: May we, when: outputs.decide.way == left, approve: {role: r}}\n  - {id: change, step: left}\n  - ";
    let page = BRANCHES
        .replace("{id: there,", &format!("{gate}{{id: there,"))
        .replace("#| id: left\n#| role: notify", "#| id: left\n#| role: change");
    let project = Project::of(&[("page.md", &page)]);
    let (_, found) = project.lower("page.md", &[("number", "7"), ("hosts", "a")], &Facts::default());
    assert!(project.show_all(&found).iter().any(|line| line.contains("RB105")), "{:?}", project.show_all(&found));
    assert!(said("hosts: {type: list}", "hosts: {type: list, choices: [b]}").contains("`a` is none of `b`"));
    assert!(said("vars: {BASE:", "vars: {OPSBOOK_X: a, BASE:").contains("is set by the run itself"));
    assert!(said("vars: {BASE:", "vars: {HOSTS: a, BASE:").contains("RB005 `HOSTS` is the variable of a parameter"));
}
