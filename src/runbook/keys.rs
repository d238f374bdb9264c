//! The words of the language: every key that the reader knows, in one table per mapping.
//!
//! The published JSON Schema of the front matter lists the same keys; a test compares the two.

/// Keys of `runbook:`.
pub const SETTINGS: &[&str] = &[
    "version",
    "id",
    "kind",
    "mode",
    "owners",
    "reviewed",
    "review_every",
    "params",
    "secrets",
    "environments",
    "components",
    "on_failure",
    "allow",
    "policy",
    "title",
    "ticket",
    "notify",
    "prelude",
];
/// Keys of one entry of `params:`.
pub const PARAM: &[&str] = &["type", "pattern", "choices", "min", "max", "default", "prompt"];
/// Keys of one entry of `environments:`.
pub const ENVIRONMENT: &[&str] =
    &["tier", "after", "kubeconfig", "cluster_uid", "allow_weak_identity", "vars", "changes"];
/// Keys of `changes:` of an environment.
pub const CHANGES: &[&str] = &["zone", "windows", "freezes"];
/// Keys of one entry of `windows:`.
pub const WINDOW: &[&str] = &["days", "from", "to"];
/// Keys of one entry of `freezes:`.
pub const FREEZE: &[&str] = &["from", "to", "reason"];
/// Keys of `components:` where it names a source.
pub const COMPONENTS: &[&str] = &["from", "select"];
/// Keys of one entry of an explicit list of components.
pub const COMPONENT: &[&str] = &["name", "path", "from", "to", "tag", "sha"];
/// Keys of `on_failure:`.
pub const ON_FAILURE: &[&str] = &["rollback", "scope", "then"];
/// Keys of one entry of `notify:`.
pub const HOOK: &[&str] = &["on", "step"];
/// Keys of one entry of `allow:`.
pub const ALLOW: &[&str] = &["rule", "reason", "until"];
/// Keys of `policy:`.
pub const POLICY: &[&str] = &["min_soak", "min_watch"];
/// Keys of a checklist item.
pub const ITEM: &[&str] = &[
    "id",
    "text",
    "step",
    "use",
    "with",
    "approve",
    "wait",
    "monitor",
    "group",
    "items",
    "each",
    "parallel",
    "max_failures",
    "env",
    "needs",
    "on",
    "when",
    "break_glass",
    "evidence",
    "section",
    "capture",
    "timeout",
    "remind",
    "not_before",
];
/// Keys of `wait:` where it waits for a block to pass.
pub const WAIT: &[&str] = &["until", "every", "within"];
/// Keys of one entry of `capture:`.
pub const CAPTURE: &[&str] = &["type", "choices", "pattern", "prompt"];
/// Keys of `approve:`.
pub const APPROVE: &[&str] = &["role", "users", "min", "forbid", "expires"];
/// Keys of `break_glass:`.
pub const BREAK_GLASS: &[&str] = &["reason", "review_within"];
/// Keys of a block's header.
pub const BLOCK: &[&str] = &[
    "id",
    "title",
    "type",
    "role",
    "impact",
    "timeout",
    "retries",
    "check",
    "verify",
    "rollback",
    "outputs",
    "secrets",
    "cwd",
    "shell",
    "expect",
    "idempotent",
    "env",
];
/// Keys of `rollback:` where it is no block.
pub const ROLLBACK: &[&str] = &["none", "helm"];
/// Keys of `retries:`.
pub const RETRIES: &[&str] = &["max", "backoff"];
/// Keys of `expect:`.
pub const EXPECT: &[&str] = &["exit", "stdout_matches"];
/// Keys of the body of a block of type `helm`.
pub const HELM: &[&str] = &[
    "release",
    "chart",
    "version",
    "namespace",
    "values",
    "set",
    "on_failure",
    "wait",
    "timeout",
    "history_max",
    "create_namespace",
    "helm",
];
/// Keys of the body of a block of type `kubectl`.
pub const KUBECTL: &[&str] =
    &["rollout", "wait", "for", "apply", "delete", "get", "namespace", "selector", "timeout", "server_side"];
/// Keys of the body of a block of type `http`.
pub const HTTP: &[&str] = &["url", "method", "headers", "body", "expect_status", "timeout"];
