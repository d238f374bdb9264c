//! The plan as it is written to a file: format 1 of the runbook format, section 3.2.
//!
//! These types are the plan's own; nothing inside the compiler derives `Serialize`. A plan is read
//! back with [`Plan::from_json`], which believes nothing: unknown keys, wrong digests and a wrong
//! hash are refused. Knows no runbook, no file and no clock.

use super::canonical::{canonical, canonical_digest, pretty};
use crate::runbook::Duration;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The one format number that this program reads and writes.
pub const FORMAT: u32 = 1;

/// A resolved runbook: what is to be done, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Always [`FORMAT`].
    pub format: u32,
    /// The runbook's id.
    pub runbook: String,
    /// What the run is called: the runbook's `title`, else the page's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The ticket that the run belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Whether parameters and components are bound; only a bound plan is executed or emitted.
    pub stage: Stage,
    /// What sort of work it is.
    pub kind: RunbookKind,
    /// How the checklist is read.
    pub mode: Mode,
    /// Who answers for the runbook, in the order written.
    #[serde(default)]
    pub owners: Vec<String>,
    /// The parameters; in a bound plan each has a value.
    pub params: BTreeMap<String, Param>,
    /// Names of the secrets that any step may ask for, sorted. Values never stand in a plan.
    pub secrets: Vec<String>,
    /// The environments by name.
    pub environments: BTreeMap<String, Environment>,
    /// What is released, in order; empty where the runbook has no components.
    pub components: Vec<Component>,
    /// Environment variables that every step's scripts see: parameters, `COMPONENTS`,
    /// `CHART_PATHS`. A step's own [`Step::vars`] come after these and win.
    #[serde(default)]
    pub vars: BTreeMap<String, String>,
    /// What happens when a step fails for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnFailure>,
    /// Who is told of what happens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notify: Vec<Hook>,
    /// The groups (pause points) in document order.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// The steps in an order that respects every need; ties follow the document.
    pub steps: Vec<Step>,
    /// Where the plan came from; not part of the hash.
    pub source: PlanSource,
    /// `sha256:` and the digest of the canonical plan without `hash` and without any `source`, its
    /// own or a step's.
    pub hash: String,
}

/// How much of a plan is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// No parameter has a value; a group per component stands there once, for a component whose
    /// fields are still `${component.…}`.
    Template,
    /// All values are known.
    Bound,
}

/// What sort of work a runbook is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the words of the format say it")]
pub enum RunbookKind {
    Release,
    Hotfix,
    Rollback,
    Incident,
    Maintenance,
    Procedure,
}

/// How people use the checklist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Read an item, then do it.
    ReadDo,
    /// Do from memory, then confirm.
    DoConfirm,
}

/// A parameter and, in a bound plan, its value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Param {
    /// What values it takes.
    #[serde(rename = "type")]
    pub kind: ParamType,
    /// A regular expression that the whole text must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The values to choose from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choices: Option<Vec<Value>>,
    /// The least number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// The greatest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// The value where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The value; absent in a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// What to ask a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
}

/// The types of parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the words of the format say it")]
pub enum ParamType {
    String,
    Integer,
    Boolean,
    Choice,
    Duration,
    List,
}

/// A place where components run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// 0 for a place where nobody is hurt; 1 and more for places with users.
    pub tier: u32,
    /// The environment that must have proven a change before this one sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The secret that holds the kubeconfig.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubeconfig: Option<String>,
    /// The uid of the cluster's `kube-system` namespace, verified before the first write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_uid: Option<String>,
    /// Whether unsigned approvals of the operating system's user count here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_weak_identity: bool,
    /// Variables that its steps see; they stand among each step's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub vars: BTreeMap<String, String>,
    /// When changes may begin in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
}

/// When changes may begin in an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// The time zone, by its name in the tz database.
    pub zone: String,
    /// The hours in which they may; any time where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// The days on which they may not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub freezes: Vec<Freeze>,
}

/// Hours of some days of the week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The days on which it opens; every day where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Day>,
    /// When it opens, `HH:MM`.
    pub from: String,
    /// When it closes, `HH:MM`; on the next day where that is not after `from`.
    pub to: String,
}

/// Days on which nothing may be changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// The first day, `YYYY-MM-DD`.
    pub from: String,
    /// The last day.
    pub to: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The days of a week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the words of the format say it")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// One thing that is released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// The name; also a part of step ids.
    pub name: String,
    /// The folder in the repository.
    pub path: String,
    /// The version before; `null` where it is not known or there was none.
    pub from: Option<String>,
    /// The version to release.
    pub to: String,
    /// The Git tag of `to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The commit of `to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha: Option<String>,
}

/// What happens when a step fails for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnFailure {
    /// Whether `undo` scripts run.
    pub rollback: RollbackPolicy,
    /// How far the undoing reaches.
    #[serde(default)]
    pub scope: RollbackScope,
    /// The page to go to, from the project's folder: `docs/hotfix.md#note`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<String>,
}

/// A block that tells people what happens in a run. What becomes of it changes nothing in the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// What it is told of.
    pub on: Vec<Notice>,
    /// What tells.
    pub action: Action,
    /// The secrets it sees, sorted.
    #[serde(default)]
    pub secrets: Vec<String>,
}

/// What people are told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    /// A person is waited for, or reminded.
    Waiting,
    /// A step failed for good.
    Failed,
    /// An approval was given by all who must give it.
    Approved,
    /// The run has ended.
    Ended,
}

impl Notice {
    /// Returns the word.
    pub fn word(self) -> &'static str {
        match self {
            Notice::Waiting => "waiting",
            Notice::Failed => "failed",
            Notice::Approved => "approved",
            Notice::Ended => "ended",
        }
    }
}

/// Whether `undo` scripts run after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RollbackPolicy {
    /// In the reverse order of completion.
    Reverse,
    /// Not at all.
    None,
}

/// How far the undoing reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RollbackScope {
    /// Steps of the environment of the step that failed.
    #[default]
    Env,
    /// Steps of every environment.
    All,
}

/// A pause point and the steps below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The id; the ids of its steps begin with it.
    pub id: String,
    /// The title as written.
    pub title: String,
    /// The environment given to the group.
    pub env: Option<String>,
    /// What its items are repeated for.
    pub each: Option<Each>,
    /// The name of the list, where it is repeated for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// How many of its items (with `each`: of its components) may run at once: 1 in sequence, 0
    /// without limit.
    pub parallel: u32,
    /// How many of them may fail before no new one begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_failures: Option<u32>,
}

/// What a group is repeated for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Each {
    /// For every component.
    Component,
    /// For every word of a list.
    List,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Unique in the plan: `group.component.item`.
    pub id: String,
    /// The id of the checklist item.
    pub item: String,
    /// The title of the group it belongs to.
    pub group: Option<String>,
    /// The id of that group, an entry of [`Plan::groups`].
    #[serde(default)]
    pub group_id: Option<String>,
    /// How it is done.
    pub kind: StepKind,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What it may do to the world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<Impact>,
    /// What people read.
    pub title: String,
    /// The environment it runs in.
    #[serde(default)]
    pub env: Option<String>,
    /// The component it is for.
    #[serde(default)]
    pub component: Option<String>,
    /// The words of lists that it is for, by the name of the list.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub each: BTreeMap<String, String>,
    /// The steps it waits for, in document order.
    pub needs: Vec<Need>,
    /// The condition: in a template as written; in a bound plan what is left of it, over outputs that
    /// only the run knows (`outputs.<step id>.<name>`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What a machine runs: kinds `run`, `helm`, `kubectl` and `http`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Script>,
    /// The typed form of a Helm step; `run` is its command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helm: Option<Helm>,
    /// A script for `run`'s shell that exits 0 when there is nothing left to do.
    #[serde(default)]
    pub check: Option<String>,
    /// What must pass after the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<Action>,
    /// What undoes the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Action>,
    /// Why there is no `undo`, where the writer said so.
    #[serde(default)]
    pub rollback: Option<String>,
    /// How long a soak lasts, in seconds.
    #[serde(default)]
    pub wait_s: Option<u64>,
    /// What must keep passing during a soak.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitor: Option<Action>,
    /// What ends a waiting by passing; then `wait_s` is the longest that it may last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Action>,
    /// The pause between two looks, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_s: Option<u64>,
    /// The limit of `run` in seconds.
    #[serde(default)]
    pub timeout_s: Option<u64>,
    /// When it may begin at the earliest, in UTC: `2026-12-01T21:00:00Z`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// How long people may take, in seconds, from when they are waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people_s: Option<u64>,
    /// How often they are reminded, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind_s: Option<u64>,
    /// How often it is tried again.
    #[serde(default)]
    pub retries: Option<Retries>,
    /// What `run` must show to have succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
    /// Whether running it twice is the same as once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub idempotent: bool,
    /// Names of the values it writes to `$OPSBOOK_OUTPUT`.
    #[serde(default)]
    pub outputs: Vec<String>,
    /// The answers that a person gives with it; each is one of its outputs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub capture: BTreeMap<String, Capture>,
    /// The secrets it sees, sorted.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// Environment variables of this step: its component, its environment, and those of
    /// [`Plan::vars`] that its scripts mention, so that the digest covers them.
    #[serde(default)]
    pub vars: BTreeMap<String, String>,
    /// What is kept as proof.
    #[serde(default)]
    pub evidence: Evidence,
    /// The place in the prose that explains it: `docs/page.md#anchor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// Who must say yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// How the guards may be passed in an emergency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub break_glass: Option<BreakGlass>,
    /// Where it was written; not part of the digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<StepSource>,
    /// `sha256:` and the digest of the canonical step without `source` and `digest`.
    pub digest: String,
}

/// How a step is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// By a script of the page.
    Run,
    /// By Helm.
    Helm,
    /// By kubectl.
    Kubectl,
    /// By one HTTP request.
    Http,
    /// By a person.
    Manual,
    /// By people who say yes.
    Approval,
    /// By waiting while a monitor passes.
    Soak,
}

/// What a step is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the words of the format say it")]
pub enum Role {
    Check,
    Change,
    Verify,
    Monitor,
    Rollback,
    Notify,
}

/// What a step may do to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Impact {
    /// It only looks.
    Read,
    /// It changes something that can be changed back.
    Write,
    /// It changes something that cannot.
    Destroy,
}

/// An answer that a person gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// What sort of answer.
    #[serde(rename = "type")]
    pub kind: CaptureType,
    /// The answers to choose from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// A regular expression that the whole answer must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// What to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
}

/// The sorts of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the words of the format say it")]
pub enum CaptureType {
    Text,
    Choice,
    Url,
}

/// An edge of the plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// The step that comes before.
    pub step: String,
    /// How it must have ended.
    pub on: On,
}

/// How a needed step must have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    /// Well.
    Success,
    /// In any way.
    Done,
    /// Badly.
    Failure,
}

/// A script and what runs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The interpreter.
    pub shell: Shell,
    /// The script, lines ended by `\n`, without a last one.
    pub script: String,
    /// The folder to run in, from the project's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
}

/// An interpreter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the words of the format say it")]
pub enum Shell {
    Bash,
    Sh,
    Python3,
}

/// A block of a page that belongs to a step: what verifies, undoes or monitors it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// The id of the block.
    pub block: String,
    /// What people read.
    pub title: String,
    /// The interpreter.
    pub shell: Shell,
    /// The script.
    pub script: String,
    /// The folder to run in, from the project's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Variables of this block; they win over the step's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub vars: BTreeMap<String, String>,
    /// The limit in seconds.
    #[serde(default)]
    pub timeout_s: Option<u64>,
    /// How often it is tried again.
    #[serde(default)]
    pub retries: Option<Retries>,
}

/// The typed form of a Helm step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Helm {
    /// The release's name.
    pub release: String,
    /// The chart: a folder, or a reference such as `oci://…`.
    pub chart: String,
    /// The chart's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Files of values, in order.
    #[serde(default)]
    pub values: Vec<String>,
    /// The command as a list of words; `run.script` is the same, quoted for a shell.
    pub argv: Vec<String>,
}

/// How often a step is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retries {
    /// How often after the first time.
    pub max: u32,
    /// How long between two tries, as written: `30s`.
    #[serde(default = "no_backoff")]
    pub backoff: String,
}

fn no_backoff() -> String {
    "0s".to_owned()
}

/// What a script must show to have succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The exit status; 0 where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// A regular expression that the output must match somewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdout_matches: Option<String>,
    /// What the page shows as output, for people: the answers of a console transcript.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript: Option<String>,
}

/// What is kept as proof that a step was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Nothing but the record.
    #[default]
    None,
    /// A sentence.
    Note,
    /// An address.
    Url,
    /// A file.
    File,
    /// What the script printed.
    Output,
}

/// Who must say yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// A role; who has it stands in the configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Named people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<Vec<String>>,
    /// How many different people.
    pub min: u32,
    /// Who may not.
    #[serde(default)]
    pub forbid: Vec<Forbid>,
    /// How long a yes holds, as written: `24h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

/// Who may not approve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Forbid {
    /// Who started the run.
    Runner,
    /// Who last changed the step's lines.
    Author,
    /// Who gave the approval before this one.
    PreviousApprover,
}

/// How the guards may be passed in an emergency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreakGlass {
    /// Always `required`: a reason must be given.
    pub reason: String,
    /// By when the use must have been reviewed, as written: `24h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_within: Option<String>,
}

/// Where a step was written. Lines count from 1 and are inclusive; bytes are half open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepSource {
    /// The file, from the project's folder.
    pub path: String,
    /// The first line.
    pub first_line: u64,
    /// The last line.
    pub last_line: u64,
    /// The first byte.
    pub byte_start: u64,
    /// One past the last byte.
    pub byte_end: u64,
    /// Where the lines were written that stand before the step's own script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prelude: Option<PreludeSource>,
}

/// Where the lines were written that stand before a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreludeSource {
    /// The file, from the project's folder.
    pub path: String,
    /// The line there of the first of them, from 1.
    pub first_line: u64,
    /// How many there are.
    pub lines: u64,
}

/// Where a plan came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanSource {
    /// The Git commit, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The files that were read, sorted.
    pub files: Vec<SourceFile>,
}

/// One file that was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// The file, from the project's folder.
    pub path: String,
    /// The 64 digits of its SHA-256.
    pub sha256: String,
}

/// Why text is no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// It is no JSON, or JSON of another shape; what the reader says of it.
    Shape(String),
    /// It is a plan of another format.
    Format(u64),
    /// A step's content does not have the digest that it claims.
    StepDigest {
        /// The step.
        step: String,
        /// What its content has.
        actual: String,
    },
    /// The plan's content does not have the hash that it claims.
    Hash {
        /// What its content has.
        actual: String,
    },
    /// Two steps have one id.
    DuplicateStep(String),
    /// A step needs one that does not come before it.
    Need {
        /// The step.
        step: String,
        /// What it needs.
        needs: String,
    },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Shape(why) => write!(f, "this is no plan: {why}"),
            LoadError::Format(found) => write!(f, "plan format {found} is not format {FORMAT}"),
            LoadError::StepDigest { step, actual } => {
                write!(f, "step `{step}` was changed after planning: its content has the digest {actual}")
            }
            LoadError::Hash { actual } => {
                write!(f, "the plan was changed after planning: its content has the hash {actual}")
            }
            LoadError::DuplicateStep(step) => write!(f, "two steps have the id `{step}`"),
            LoadError::Need { step, needs } => {
                write!(f, "step `{step}` needs `{needs}`, which does not come before it")
            }
        }
    }
}

impl std::error::Error for LoadError {}

impl Plan {
    /// Reads a plan and checks every digest, the hash, and that needs point backwards.
    ///
    /// # Errors
    /// See [`LoadError`]; a plan that was edited by hand is refused.
    pub fn from_json(text: &str) -> Result<Plan, LoadError> {
        let value: Value = serde_json::from_str(text).map_err(|error| LoadError::Shape(error.to_string()))?;
        match value.get("format").and_then(Value::as_u64) {
            Some(found) if found != u64::from(FORMAT) => return Err(LoadError::Format(found)),
            _ => {}
        }
        let plan: Plan = Plan::deserialize(&value).map_err(|error| LoadError::Shape(error.to_string()))?;
        let steps = value.get("steps").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut seen = BTreeSet::new();
        for (step, value) in plan.steps.iter().zip(steps) {
            let actual = canonical_digest(&without(value, &["source", "digest"]));
            if actual != step.digest {
                return Err(LoadError::StepDigest { step: step.id.clone(), actual });
            }
            if let Some(need) = step.needs.iter().find(|need| !seen.contains(need.step.as_str())) {
                return Err(LoadError::Need { step: step.id.clone(), needs: need.step.clone() });
            }
            if !seen.insert(step.id.as_str()) {
                return Err(LoadError::DuplicateStep(step.id.clone()));
            }
        }
        let actual = plan_hash(&value);
        if actual != plan.hash {
            return Err(LoadError::Hash { actual });
        }
        Ok(plan)
    }

    /// Returns the plan as an indented file with sorted keys: the same plan, the same bytes.
    pub fn to_json(&self) -> String {
        pretty(&self.to_value())
    }

    /// Returns the plan in canonical form (RFC 8785).
    pub fn to_canonical(&self) -> String {
        canonical(&self.to_value())
    }

    /// Returns the plan as a JSON value.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("every map of a plan has text keys")
    }

    /// Computes every step's digest and then the hash.
    pub fn seal(&mut self) {
        for step in &mut self.steps {
            step.digest = step.compute_digest();
        }
        self.hash = plan_hash(&self.to_value());
    }

    /// Returns the first eight digits of the hash: what run folders and descriptions carry.
    pub fn short_hash(&self) -> &str {
        let digits = self.hash.strip_prefix("sha256:").unwrap_or(&self.hash);
        digits.get(..8).unwrap_or(digits)
    }

    /// Returns the step with an id.
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }
}

impl Step {
    /// Returns the digest of the content: all but `source` and `digest`.
    pub fn compute_digest(&self) -> String {
        let value = serde_json::to_value(self).expect("every map of a step has text keys");
        canonical_digest(&without(&value, &["source", "digest"]))
    }

    /// Tells whether the step changes the world.
    pub fn writes(&self) -> bool {
        matches!(self.impact, Some(Impact::Write | Impact::Destroy))
    }

    /// Tells whether the step may be repeated without asking: it says so, or it only looks.
    pub fn is_repeatable(&self) -> bool {
        self.idempotent || self.kind == StepKind::Soak || self.impact == Some(Impact::Read)
    }

    /// Tells whether it is an approval that somebody may not give.
    pub fn forbids(&self, whom: Forbid) -> bool {
        self.approval.as_ref().is_some_and(|approval| approval.forbid.contains(&whom))
    }
}

impl StepKind {
    /// Tells whether a machine performs such steps, and not people.
    pub fn is_performed(self) -> bool {
        !matches!(self, StepKind::Manual | StepKind::Approval)
    }
}

impl Capture {
    /// Judges an answer.
    ///
    /// # Errors
    /// Says why it is none, as a sentence without a full stop.
    pub fn fits(&self, answer: &str) -> Result<(), String> {
        if answer.trim().is_empty() || answer.contains(['\n', '\r', '\0']) || answer.len() > 4096 {
            return Err("an answer is one line of text".to_owned());
        }
        match self.kind {
            CaptureType::Choice if !self.choices.iter().any(|choice| choice == answer) => {
                return Err(format!("`{answer}` is none of `{}`", self.choices.join("`, `")));
            }
            CaptureType::Url if !["https://", "http://"].iter().any(|scheme| answer.starts_with(scheme)) => {
                return Err(format!("`{answer}` is no address of the form `https://…`"));
            }
            _ => {}
        }
        match &self.pattern {
            Some(pattern) if !regex::Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|it| it.is_match(answer)) => {
                Err(format!("`{answer}` does not match `{pattern}`"))
            }
            _ => Ok(()),
        }
    }
}

impl Plan {
    /// Tells whether a step waits for another, by whatever way.
    pub fn comes_before(&self, earlier: &str, step: &Step) -> bool {
        let mut asked: BTreeSet<&str> = BTreeSet::new();
        let mut open: Vec<&Step> = vec![step];
        while let Some(step) = open.pop() {
            for need in &step.needs {
                if need.step == earlier {
                    return true;
                }
                if asked.insert(&need.step) {
                    open.extend(self.step(&need.step));
                }
            }
        }
        false
    }
}

impl Group {
    /// Returns the item (of a repeated group: the repetition) that a step inside of the group belongs to,
    /// in whichever group of it the step stands.
    pub fn unit<'s>(&self, step: &'s str) -> Option<&'s str> {
        step.strip_prefix(&self.id)?.strip_prefix('.')?.split('.').next()
    }

    /// Returns the part of a step's id that says for which of the group's repetitions it is.
    pub fn repetition<'s>(&self, step: &'s str) -> Option<&'s str> {
        self.each?;
        step.strip_prefix(&self.id)?.strip_prefix('.')?.split('.').next()
    }
}

/// How long `max` tries after the first take at most, with the pauses between them.
fn with_retries(once: u64, retries: Option<&Retries>) -> u64 {
    let more = retries.map_or(0, |retries| u64::from(retries.max));
    let pause = retries.map_or(0, Retries::backoff_s);
    once.saturating_mul(more + 1).saturating_add(pause.saturating_mul(more))
}

impl Action {
    /// How long it may take with all its tries and the pauses between them.
    pub fn longest_s(&self) -> Option<u64> {
        self.timeout_s.map(|limit| with_retries(limit, self.retries.as_ref()))
    }
}

impl Step {
    /// How long one attempt may take: its `check`, its script and its `verify`, the tries of the last
    /// included; of a soak its time and a last look. `None` where a part has no limit.
    pub fn attempt_s(&self) -> Option<u64> {
        if let Some(wait) = self.wait_s {
            let look = self.monitor.as_ref().or(self.until.as_ref()).map_or(Some(0), |look| look.timeout_s)?;
            return Some(wait.saturating_add(look));
        }
        let check = if self.check.is_some() { self.timeout_s? } else { 0 };
        let verify = match &self.verify {
            Some(verify) => verify.longest_s()?,
            None => 0,
        };
        Some(self.timeout_s?.saturating_add(check).saturating_add(verify))
    }

    /// How long the step may take with all its attempts and the pauses between them.
    pub fn longest_s(&self) -> Option<u64> {
        self.attempt_s().map(|attempt| with_retries(attempt, self.retries.as_ref()))
    }
}

impl Retries {
    /// Returns the pause between two tries in seconds.
    pub fn backoff_s(&self) -> u64 {
        duration_s(&self.backoff).unwrap_or(0)
    }
}

impl Shell {
    /// Returns the program's name.
    pub fn program(self) -> &'static str {
        match self {
            Shell::Bash => "bash",
            Shell::Sh => "sh",
            Shell::Python3 => "python3",
        }
    }
}

/// Returns the seconds of a duration such as `90`, `30s`, `15m`, `24h`, `180d`, `2w` or `1h30m`.
pub fn duration_s(text: &str) -> Option<u64> {
    Duration::parse(text).map(|duration| duration.seconds)
}

/// The hash leaves out `source` and `hash`, and every step's `source` too: prose that moves a block
/// down by a line changes neither a digest nor the hash.
fn plan_hash(plan: &Value) -> String {
    let mut bare = without(plan, &["source", "hash"]);
    if let Some(Value::Array(steps)) = bare.get_mut("steps") {
        steps.iter_mut().for_each(|step| *step = without(step, &["source"]));
    }
    canonical_digest(&bare)
}

fn without(value: &Value, keys: &[&str]) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| !keys.contains(&key.as_str()));
            Value::Object(kept.map(|(key, value)| (key.clone(), value.clone())).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn small() -> Plan {
        let step = |id: &str, needs: &[&str]| {
            json!({
                "id": id, "item": id, "group": null, "kind": "run", "title": "Do it", "impact": "read",
                "needs": needs.iter().map(|need| json!({"step": need, "on": "success"})).collect::<Vec<_>>(),
                "run": {"shell": "bash", "script": "true"}, "timeout_s": 60, "digest": "",
            })
        };
        let mut plan = Plan::deserialize(json!({
            "format": 1, "runbook": "small", "stage": "bound", "kind": "procedure", "mode": "read-do",
            "params": {}, "secrets": [], "environments": {}, "components": [],
            "steps": [step("one", &[]), step("two", &["one"])],
            "source": {"files": []}, "hash": "",
        }))
        .expect("the sample has the plan's shape");
        plan.seal();
        plan
    }

    #[test]
    fn a_sealed_plan_loads_back_to_itself_byte_for_byte() {
        let plan = small();
        let text = plan.to_json();
        let loaded = Plan::from_json(&text).expect("a sealed plan loads");
        assert_eq!(loaded, plan);
        assert_eq!(loaded.to_json(), text);
    }

    #[test]
    fn a_plan_edited_by_hand_is_refused() {
        let text = small().to_json();
        assert!(matches!(
            Plan::from_json(&text.replacen("\"script\": \"true\"", "\"script\": \"false\"", 1)),
            Err(LoadError::StepDigest { step, .. }) if step == "one"
        ));
        assert!(matches!(
            Plan::from_json(&text.replace("\"runbook\": \"small\"", "\"runbook\": \"other\"")),
            Err(LoadError::Hash { .. })
        ));
        assert!(matches!(
            Plan::from_json(&text.replacen("\"params\"", "\"extra\": 1, \"params\"", 1)),
            Err(LoadError::Shape(_))
        ));
        assert!(matches!(Plan::from_json(&text.replace("\"format\": 1", "\"format\": 2")), Err(LoadError::Format(2))));
    }

    #[test]
    fn moving_prose_keeps_digests_and_hash() {
        let mut moved = small();
        moved.steps[0].source = Some(StepSource {
            path: "a.md".into(),
            first_line: 9,
            last_line: 9,
            byte_start: 1,
            byte_end: 2,
            prelude: None,
        });
        moved.source.commit = Some("abc".into());
        let before = small();
        moved.seal();
        Plan::from_json(&moved.to_json()).expect("a sealed plan loads");
        assert_eq!(moved.hash, before.hash.clone());
        assert_eq!(moved.steps[0].digest, before.steps[0].digest);
    }

    #[test]
    fn a_step_takes_at_most_its_attempts_and_the_pauses_between_them() {
        let mut step = small().steps[0].clone();
        assert_eq!((step.attempt_s(), step.longest_s()), (Some(60), Some(60)));
        step.retries = Some(Retries { max: 2, backoff: "10s".into() });
        step.check = Some("true".into());
        let looking = json!({"block": "b", "title": "b", "shell": "bash", "script": "true", "timeout_s": 5,
            "retries": {"max": 3, "backoff": "1s"}});
        step.verify = Some(Action::deserialize(looking).expect("it is an action"));
        assert_eq!(step.attempt_s(), Some(60 + 60 + 4 * 5 + 3));
        assert_eq!(step.longest_s(), Some(3 * 143 + 2 * 10));
        step.timeout_s = None;
        assert_eq!(step.longest_s(), None);
    }

    #[test]
    fn needs_point_backwards() {
        let mut plan = small();
        plan.steps.swap(0, 1);
        plan.seal();
        assert_eq!(Plan::from_json(&plan.to_json()), Err(LoadError::Need { step: "two".into(), needs: "one".into() }));
    }
}
