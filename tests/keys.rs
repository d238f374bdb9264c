//! Every key of the language acts: where it changes, the plan or a finding changes.
//!
//! One project holds every key once. Of each key a case says which text of the project it stands in and
//! what that becomes; a key that is read and ignored leaves plan and findings as they were, and a key
//! without a case is missed. Digests and places of sources are left out of the comparison, because any
//! edit changes them.

use crate::runbooks::Project;
use opsbook::plan::lint::{Context, lint};
use opsbook::plan::{self, Binding, Facts};
use opsbook::runbook::keys;
use opsbook::text::SitePath;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const PAGE: &str = include_str!("cases/runbooks/every-key/page.md");
const OTHER: &str = include_str!("cases/runbooks/every-key/other.md");
const PROJECT: &[(&str, &str)] = &[
    ("page.md", PAGE),
    ("other.md", OTHER),
    ("release-please-config.json", r#"{"packages": {"charts/a": {"component": "a"}, "charts/b": {"component": "b"}}}"#),
    (".release-please-manifest.json", r#"{"charts/a": "1.0.0", "charts/b": "2.0.0"}"#),
    ("charts/a/Chart.yaml", "name: a\nversion: 1.0.0\n"),
    ("charts/b/Chart.yaml", "name: b\nversion: 2.0.0\n"),
];

/// 2026-06-01.
const TODAY: i64 = 20_605;

/// What a change to the project is compared by: the bound plan, and what is said.
fn signature(page: &str, other: &str) -> String {
    let mut project = Project::of(PROJECT);
    project = project.with("page.md", page).with("other.md", other);
    let entry = SitePath::new("page.md");
    let (library, mut said) = project.library("page.md");
    let given: BTreeMap<String, String> = [("release".to_owned(), "7".to_owned())].into();
    let (bound, found) = plan::lower(entry, &library, Binding::Bound(&given), &Facts::default(), project.world());
    said.append(found);
    let (template, found) = plan::lower(entry, &library, Binding::Template, &Facts::default(), project.world());
    said.append(found);
    let context = Context::of(project.world(), Some(TODAY), true);
    said.append(lint(entry, &library, template.as_ref(), &context));
    said.append(lint(SitePath::new("other.md"), &library, None, &context));
    let mut plan: Value =
        bound.map_or(Value::Null, |bound| serde_json::from_str(&bound.plan.to_json()).expect("a plan is JSON"));
    strip(&mut plan);
    let messages: Vec<String> =
        said.iter().map(|it| format!("{} {} {:?} {:?}", it.code, it.message, it.notes, it.help)).collect();
    format!("{plan:#}\n{}", messages.join("\n"))
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(entries) => {
            for key in ["source", "digest", "hash"] {
                entries.remove(key);
            }
            entries.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

/// Table, key, the text that it stands in, what becomes of it.
type Case = (&'static str, &'static str, &'static str, &'static str);

const CASES: &[Case] = &[
    ("SETTINGS", "version", "  version: 1\n  id", "  version: 2\n  id"),
    ("SETTINGS", "id", "id: every-key", "id: any-key"),
    ("SETTINGS", "kind", "kind: release", "kind: procedure"),
    ("SETTINGS", "mode", "mode: do-confirm", "mode: read-do"),
    ("SETTINGS", "owners", "owners: [ana]", "owners: [ben]"),
    ("SETTINGS", "reviewed", "reviewed: 2026-05-04", "reviewed: 2020-05-04"),
    ("SETTINGS", "review_every", "review_every: 180d", "review_every: 1d"),
    ("SETTINGS", "params", "    spare: {type: string, default: x}\n", ""),
    ("SETTINGS", "secrets", "secrets: [KUBE_A, KUBE_B, TOKEN]", "secrets: [KUBE_A, KUBE_B, TOKEN, SPARE]"),
    ("SETTINGS", "environments", "    spare: {tier: 0}\n", ""),
    ("SETTINGS", "components", "select: [a]", "select: all"),
    ("SETTINGS", "on_failure", "  on_failure: {rollback: reverse, scope: all, then: \"#away\"}\n", ""),
    ("SETTINGS", "allow", "rule: RB203", "rule: RB303"),
    ("SETTINGS", "policy", "  policy: {min_soak: 1h, min_watch: 1h}\n", ""),
    ("SETTINGS", "title", "title: Run it", "title: Do it"),
    ("SETTINGS", "ticket", "ticket: CHG1", "ticket: CHG2"),
    ("SETTINGS", "notify", "  notify: {on: [ended], step: page}\n", ""),
    ("SETTINGS", "prelude", "prelude: ready", "prelude: undo"),
    ("HOOK", "on", "on: [ended]", "on: [failed]"),
    ("HOOK", "step", "[ended], step: page", "[ended], step: ready"),
    ("ENVIRONMENT", "changes", "zone: Europe/Zurich, windows", "zone: UTC, windows"),
    ("CHANGES", "zone", "zone: Europe/Zurich", "zone: Europe/Berlin"),
    ("CHANGES", "windows", "windows: {days: [mon], from: \"09:00\", to: \"17:00\"}, ", ""),
    ("CHANGES", "freezes", ", freezes: {from: 2026-12-20, to: 2027-01-05, reason: sale}", ""),
    ("WINDOW", "days", "days: [mon]", "days: [tue]"),
    ("WINDOW", "from", "from: \"09:00\"", "from: \"08:00\""),
    ("WINDOW", "to", "to: \"17:00\"", "to: \"18:00\""),
    ("FREEZE", "from", "from: 2026-12-20", "from: 2026-12-21"),
    ("FREEZE", "to", "to: 2027-01-05", "to: 2027-01-06"),
    ("FREEZE", "reason", "reason: sale", "reason: feast"),
    ("ITEM", "max_failures", "max_failures: 1", "max_failures: 2"),
    ("ITEM", "timeout", "timeout: 3h", "timeout: 4h"),
    ("ITEM", "remind", "remind: 1h", "remind: 2h"),
    ("ITEM", "not_before", "2026-12-01T22:00Z", "2026-12-02T22:00Z"),
    ("PARAM", "type", "{type: string, default: x}", "{type: integer, default: x}"),
    ("PARAM", "pattern", "pattern: \"[0-9]+\"", "pattern: \"[a-z]+\""),
    ("PARAM", "choices", "choices: [small, large]", "choices: [small]"),
    ("PARAM", "min", "min: 1", "min: 5"),
    ("PARAM", "max", "max: 9", "max: 2"),
    ("PARAM", "default", "default: 3", "default: 4"),
    ("PARAM", "prompt", "prompt: its number", "prompt: the number"),
    ("ENVIRONMENT", "tier", "b: {tier: 1", "b: {tier: 0"),
    ("ENVIRONMENT", "after", "after: a, ", ""),
    ("ENVIRONMENT", "kubeconfig", "kubeconfig: KUBE_B", "kubeconfig: KUBE_A"),
    ("ENVIRONMENT", "cluster_uid", "cluster_uid: one", "cluster_uid: two"),
    ("ENVIRONMENT", "allow_weak_identity", "allow_weak_identity: false", "allow_weak_identity: true"),
    ("ENVIRONMENT", "vars", "vars: {REGION: eu}", "vars: {REGION: us}"),
    ("COMPONENTS", "from", "from: release-please", "from: somewhere"),
    ("COMPONENTS", "select", "select: [a]", "select: [b]"),
    ("COMPONENT", "name", "from: release-please, select: [a]", "[{name: n, to: 1.0.0}]"),
    ("COMPONENT", "path", "{from: release-please, select: [a]}", "[{name: a, to: 1.0.0, path: p}]"),
    ("COMPONENT", "from", "{from: release-please, select: [a]}", "[{name: a, to: 1.0.0, from: 0.9.0}]"),
    ("COMPONENT", "to", "{from: release-please, select: [a]}", "[{name: a, to: 9.0.0}]"),
    ("COMPONENT", "tag", "{from: release-please, select: [a]}", "[{name: a, to: 1.0.0, tag: t}]"),
    ("COMPONENT", "sha", "{from: release-please, select: [a]}", "[{name: a, to: 1.0.0, sha: abc}]"),
    ("ON_FAILURE", "rollback", "rollback: reverse", "rollback: none"),
    ("ON_FAILURE", "scope", "scope: all", "scope: env"),
    ("ON_FAILURE", "then", "then: \"#away\"", "then: \"other.md\""),
    ("ALLOW", "rule", "rule: RB203", "rule: RB106"),
    ("ALLOW", "reason", "reason: short ones", "reason: ''"),
    ("ALLOW", "until", "until: 2026-06-02", "until: 2026-05-30"),
    ("POLICY", "min_soak", "min_soak: 1h, ", ""),
    ("POLICY", "min_watch", "min_watch: 1h", "min_watch: 1m"),
    ("ITEM", "id", "{id: tick,", "{id: tock,"),
    ("ITEM", "text", "text: Look at it", "text: Look at that"),
    ("ITEM", "step", "- step: ready", "- step: script"),
    ("ITEM", "use", "use: other.md#lent", "use: other.md#lent-too"),
    ("ITEM", "with", "with: {name: given}", "with: {name: other}"),
    ("ITEM", "approve", "min: 2, forbid: [runner]", "min: 3, forbid: [runner]"),
    ("ITEM", "wait", "wait: 30m", "wait: 31m"),
    ("ITEM", "monitor", "monitor: look", "monitor: look-again"),
    ("ITEM", "group", "group: Each", "group: All"),
    ("ITEM", "items", "      - step: extra\n", ""),
    ("ITEM", "each", "each: component", "each: nothing"),
    ("ITEM", "parallel", "parallel: 2", "parallel: 3"),
    ("ITEM", "env", "env: a\n    items: # of a", "env: b\n    items: # of a"),
    ("ITEM", "needs", "needs: [ready]", "needs: []"),
    ("ITEM", "on", "on: done", "on: success"),
    ("ITEM", "when", "when: size == small", "when: size == large"),
    ("ITEM", "break_glass", "break_glass: {reason: required, review_within: 24h}, ", ""),
    ("ITEM", "evidence", "evidence: url", "evidence: note"),
    ("ITEM", "section", "section: \"#away\"", "section: \"#page\""),
    ("APPROVE", "role", "role: leads", "role: others"),
    ("APPROVE", "users", "users: [ana, ben]", "users: [ana, carl]"),
    ("APPROVE", "min", "min: 2", "min: 1"),
    ("APPROVE", "forbid", "forbid: [runner]", "forbid: [author]"),
    ("APPROVE", "expires", "expires: 24h", "expires: 12h"),
    ("BREAK_GLASS", "reason", "{reason: required, ", "{reason: none, "),
    ("BREAK_GLASS", "review_within", "review_within: 24h", "review_within: 12h"),
    ("BLOCK", "id", "#| id: script\n", "#| id: scripts\n"),
    ("BLOCK", "title", "#| title: A script", "#| title: That script"),
    ("BLOCK", "type", "#| type: http", "#| type: kubectl"),
    ("BLOCK", "role", "#| role: change", "#| role: notify"),
    ("BLOCK", "impact", "#| impact: destroy", "#| impact: write"),
    ("BLOCK", "timeout", "#| timeout: 7m", "#| timeout: 8m"),
    ("BLOCK", "retries", "#| retries: {max: 2, backoff: 5s}\n", ""),
    ("BLOCK", "check", "#| check: test -f done", "#| check: test -f finished"),
    ("BLOCK", "verify", "#| verify: look\n", "#| verify: look-again\n"),
    ("BLOCK", "rollback", "#| rollback: undo\n", "#| rollback: {none: it stays}\n"),
    ("BLOCK", "outputs", "#| outputs: [count]", "#| outputs: [counts]"),
    ("BLOCK", "secrets", "#| secrets: [TOKEN]", "#| secrets: []"),
    ("BLOCK", "cwd", "#| cwd: tools", "#| cwd: other"),
    ("BLOCK", "shell", "#| shell: sh", "#| shell: bash"),
    ("BLOCK", "expect", "#| expect: {exit: 3, stdout_matches: \"ok\"}\n", ""),
    ("BLOCK", "idempotent", "#| idempotent: true", "#| idempotent: false"),
    ("BLOCK", "env", "#| env: {MODE: fast}", "#| env: {MODE: slow}"),
    ("ROLLBACK", "none", "{none: Helm does it}", "{none: it does}"),
    ("ROLLBACK", "helm", "{none: Helm does it}", "{helm: previous}"),
    ("ITEM", "capture", ", capture: {way: {choices: [on, back], prompt: Which way, pattern: \"[a-z]+\"}}", ""),
    ("WAIT", "until", "until: look-again", "until: look"),
    ("WAIT", "every", "every: 7s", "every: 8s"),
    ("WAIT", "within", "within: 3m", "within: 4m"),
    ("CAPTURE", "type", "{choices: [on, back],", "{type: text, choices: [on, back],"),
    ("CAPTURE", "choices", "choices: [on, back]", "choices: [on, out]"),
    ("CAPTURE", "pattern", "pattern: \"[a-z]+\"", "pattern: \"[a-z]*\""),
    ("CAPTURE", "prompt", "prompt: Which way", "prompt: What way"),
    ("RETRIES", "max", "max: 2, backoff", "max: 3, backoff"),
    ("RETRIES", "backoff", "backoff: 5s", "backoff: 6s"),
    ("EXPECT", "exit", "exit: 3", "exit: 4"),
    ("EXPECT", "stdout_matches", "stdout_matches: \"ok\"", "stdout_matches: \"fine\""),
    ("HELM", "release", "release: shop", "release: store"),
    ("HELM", "chart", "chart: ./charts/shop", "chart: ./charts/store"),
    ("HELM", "version", "version: 1.2.3", "version: 1.2.4"),
    ("HELM", "namespace", "namespace: web", "namespace: net"),
    ("HELM", "values", "values: [values.yaml]", "values: [other.yaml]"),
    ("HELM", "set", "set: {size: 1}", "set: {size: 2}"),
    ("HELM", "on_failure", "on_failure: rollback", "on_failure: none"),
    ("HELM", "wait", "wait: watcher", "wait: legacy"),
    ("HELM", "timeout", "timeout: 2m # helm", "timeout: 3m # helm"),
    ("HELM", "history_max", "history_max: 5", "history_max: 6"),
    ("HELM", "create_namespace", "create_namespace: true", "create_namespace: false"),
    ("HELM", "helm", "helm: 4", "helm: 3"),
    ("KUBECTL", "rollout", "rollout: deploy/shop", "rollout: deploy/store"),
    ("KUBECTL", "wait", "wait: pod/shop", "wait: pod/store"),
    ("KUBECTL", "for", "for: condition=Ready", "for: delete"),
    ("KUBECTL", "apply", "apply: [a.yaml]", "apply: [b.yaml]"),
    ("KUBECTL", "delete", "delete: pod/old", "delete: pod/older"),
    ("KUBECTL", "get", "get: pods", "get: nodes"),
    ("KUBECTL", "namespace", "namespace: kube", "namespace: system"),
    ("KUBECTL", "selector", "selector: app=shop", "selector: app=store"),
    ("KUBECTL", "timeout", "timeout: 4m # kubectl", "timeout: 3m # kubectl"),
    ("KUBECTL", "server_side", "server_side: true", "server_side: false"),
    ("HTTP", "url", "url: https://example.org/a", "url: https://example.org/b"),
    ("HTTP", "method", "method: POST", "method: PUT"),
    ("HTTP", "headers", "X-Kind: one", "X-Kind: two"),
    ("HTTP", "body", "body: hello", "body: goodbye"),
    ("HTTP", "expect_status", "expect_status: [201]", "expect_status: [202]"),
    ("HTTP", "timeout", "timeout: 20s # http", "timeout: 30s # http"),
];

/// Every key of every table.
fn all_keys() -> BTreeSet<(&'static str, &'static str)> {
    let tables: [(&str, &'static [&'static str]); 24] = [
        ("SETTINGS", keys::SETTINGS),
        ("PARAM", keys::PARAM),
        ("ENVIRONMENT", keys::ENVIRONMENT),
        ("COMPONENTS", keys::COMPONENTS),
        ("COMPONENT", keys::COMPONENT),
        ("ON_FAILURE", keys::ON_FAILURE),
        ("ALLOW", keys::ALLOW),
        ("POLICY", keys::POLICY),
        ("ITEM", keys::ITEM),
        ("APPROVE", keys::APPROVE),
        ("BREAK_GLASS", keys::BREAK_GLASS),
        ("BLOCK", keys::BLOCK),
        ("WAIT", keys::WAIT),
        ("CAPTURE", keys::CAPTURE),
        ("ROLLBACK", keys::ROLLBACK),
        ("RETRIES", keys::RETRIES),
        ("EXPECT", keys::EXPECT),
        ("HELM", keys::HELM),
        ("KUBECTL", keys::KUBECTL),
        ("HTTP", keys::HTTP),
        ("HOOK", keys::HOOK),
        ("CHANGES", keys::CHANGES),
        ("WINDOW", keys::WINDOW),
        ("FREEZE", keys::FREEZE),
    ];
    tables.into_iter().flat_map(|(table, keys)| keys.iter().map(move |key| (table, *key))).collect()
}

#[test]
fn every_key_of_the_language_has_a_case() {
    let cases: BTreeSet<(&str, &str)> = CASES.iter().map(|(table, key, ..)| (*table, *key)).collect();
    assert_eq!(cases, all_keys());
}

#[test]
fn a_key_that_changes_changes_the_plan_or_a_finding() {
    let whole = signature(PAGE, OTHER);
    assert!(!whole.contains("RB002") && !whole.contains("RB003") && whole.starts_with('{'), "{whole}");
    let mut wrong = Vec::new();
    for (table, key, from, to) in CASES {
        if PAGE.matches(from).count() != 1 {
            wrong.push(format!("{table} {key}: `{from}` stands {} times in the page", PAGE.matches(from).count()));
            continue;
        }
        if signature(&PAGE.replacen(from, to, 1), OTHER) == whole {
            wrong.push(format!("{table} {key}: nothing changes with it"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
