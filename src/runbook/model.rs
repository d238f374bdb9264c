//! What a page asks to be done, as it was written.

use super::template::{Condition, Template};
use crate::text::{Chunk, SitePath, Span, Spanned, yaml};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "the words of the format say it")]
        pub enum $name { $($variant,)* }

        impl $name {
            /// Every word, in the order of the format.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// Returns the value that a word names.
            pub fn from_word(word: &str) -> Option<$name> {
                match word { $($word => Some($name::$variant),)* _ => None }
            }

            /// Returns the word.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }
        }
    };
}

words! { /** What sort of work a runbook is for. */ Kind {
    Release "release", Hotfix "hotfix", Rollback "rollback", Incident "incident", Maintenance "maintenance",
    Procedure "procedure",
} }
words! { /** How the checklist is read. */ Mode { ReadDo "read-do", DoConfirm "do-confirm", } }
words! { /** The types of parameters. */ ParamType {
    String "string", Integer "integer", Boolean "boolean", Choice "choice", Duration "duration", List "list",
} }
words! { /** What a step is for. */ Role {
    Check "check", Change "change", Verify "verify", Monitor "monitor", Rollback "rollback", Notify "notify",
} }
words! { /** What a step may do to the world. */ Impact { Read "read", Write "write", Destroy "destroy", } }
words! { /** How a needed step must have ended. */ On { Success "success", Done "done", Failure "failure", } }
words! { /** What is kept as proof. */ Evidence {
    None "none", Note "note", Url "url", File "file", Output "output",
} }
words! { /** Who may not approve. */ Forbid {
    Runner "runner", Author "author", PreviousApprover "previous-approver",
} }
words! { /** What sort of answer is captured. */ CaptureType { Text "text", Choice "choice", Url "url", } }
words! { /** An interpreter. */ Shell { Bash "bash", Sh "sh", Python3 "python3", } }
words! { /** Whether `undo` scripts run after a failure. */ RollbackPolicy { Reverse "reverse", None "none", } }
words! { /** How far the undoing reaches. */ RollbackScope { Env "env", All "all", } }
words! { /** The days of a week. */ Day {
    Mon "mon", Tue "tue", Wed "wed", Thu "thu", Fri "fri", Sat "sat", Sun "sun",
} }
words! { /** What people are told of. */ Notice {
    Waiting "waiting", Failed "failed", Approved "approved", Ended "ended",
} }
words! { /** How a block runs. */ BlockType { Run "run", Helm "helm", Kubectl "kubectl", Http "http", } }

/// What a page asks to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Runbook {
    /// The page.
    pub path: SitePath,
    /// The page's title: `title` of the front matter, else its first heading.
    pub title: Option<String>,
    /// The settings; `None` on a page that only has blocks for other pages' checklists.
    pub settings: Option<Settings>,
    /// The items in order.
    pub checklist: Vec<Item>,
    /// Whether the checklist was derived from the page's task lists and blocks.
    pub derived: bool,
    /// The executable blocks in document order.
    pub blocks: Vec<Block>,
    /// Task-list boxes in the prose, with their text, in document order.
    pub boxes: Vec<TaskBox>,
}

/// A `- [ ]` box of the prose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskBox {
    /// Its text without markup.
    pub text: String,
    /// The id that a derived item would have.
    pub slug: String,
    /// Where it stands.
    pub span: Span,
    /// The block that it contains or links to, by id.
    pub block: Option<String>,
}

/// The mapping under `runbook:`.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Where it stands.
    pub span: Span,
    /// The id; the file's stem where none is written.
    pub id: Spanned<String>,
    /// What sort of work it is.
    pub kind: Spanned<Kind>,
    /// How it is read.
    pub mode: Mode,
    /// Who answers for it.
    pub owners: Vec<Spanned<String>>,
    /// The day of the last review, `YYYY-MM-DD`.
    pub reviewed: Option<Spanned<String>>,
    /// How long a review holds.
    pub review_every: Option<Spanned<Duration>>,
    /// The parameters in the order written.
    pub params: Vec<Param>,
    /// Names of secrets.
    pub secrets: Vec<Spanned<String>>,
    /// The environments in the order written.
    pub environments: Vec<Environment>,
    /// What is released.
    pub components: Option<Components>,
    /// What happens on failure.
    pub on_failure: Option<OnFailure>,
    /// Findings that the writer accepts.
    pub allow: Vec<Allow>,
    /// The least length of a soak.
    pub min_soak: Option<Spanned<Duration>>,
    /// The least length of the last monitor.
    pub min_watch: Option<Spanned<Duration>>,
    /// What a run is called; the page's title where none is written.
    pub title: Option<Template>,
    /// The ticket that a run belongs to.
    pub ticket: Option<Template>,
    /// Who is told of what happens, in the order written.
    pub notify: Vec<Hook>,
    /// The block whose script stands before each Bash script of the page, by id or as `path.md#id`.
    pub prelude: Option<Spanned<String>>,
}

/// A block that tells people what happens in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// What it is told of.
    pub on: Vec<Notice>,
    /// The block, by id or as `path.md#id`.
    pub block: Spanned<String>,
}

/// A length of time as written and in seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duration {
    /// As written: `15m`.
    pub text: String,
    /// In seconds.
    pub seconds: u64,
}

/// A declared parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// The name.
    pub name: Spanned<String>,
    /// What values it takes.
    pub kind: ParamType,
    /// A regular expression for the whole text.
    pub pattern: Option<Spanned<String>>,
    /// The values to choose from.
    pub choices: Option<Vec<Spanned<Scalar>>>,
    /// The least number.
    pub min: Option<i64>,
    /// The greatest number.
    pub max: Option<i64>,
    /// The value where none is given.
    pub default: Option<Spanned<Scalar>>,
    /// What to ask.
    pub prompt: Option<String>,
}

/// A plain value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// Text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A truth value.
    Bool(bool),
    /// Words in order.
    List(Vec<String>),
}

/// A declared environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// The name.
    pub name: Spanned<String>,
    /// 0 where nobody is hurt.
    pub tier: u32,
    /// The environment that comes first.
    pub after: Option<Spanned<String>>,
    /// The secret that holds the kubeconfig.
    pub kubeconfig: Option<Spanned<String>>,
    /// The cluster's uid.
    pub cluster_uid: Option<Template>,
    /// Whether unsigned approvals count here.
    pub allow_weak_identity: Option<Spanned<bool>>,
    /// Variables that its steps see, in the order written.
    pub vars: Vec<(Spanned<String>, Template)>,
    /// When changes may begin in it.
    pub changes: Option<Changes>,
}

/// When changes may begin in an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The time zone, by its name; UTC where none is written.
    pub zone: Option<Spanned<String>>,
    /// The hours in which they may; any time where there are none.
    pub windows: Vec<Window>,
    /// The days on which they may not.
    pub freezes: Vec<Freeze>,
}

/// Hours of some days of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The days on which it opens; every day where none is written.
    pub days: Vec<Day>,
    /// When it opens, `HH:MM`.
    pub from: String,
    /// When it closes, `HH:MM`; on the next day where that is not after `from`.
    pub to: String,
}

/// Days on which nothing may be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// The first day, `YYYY-MM-DD`.
    pub from: String,
    /// The last day.
    pub to: String,
    /// Why.
    pub reason: Option<String>,
}

/// Where components come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Components {
    /// A list in the page.
    List(Vec<Component>),
    /// The packages of Release Please.
    ReleasePlease {
        /// Which of them.
        select: Select,
        /// Where that is said.
        span: Span,
    },
}

/// Which packages are released.
#[derive(Clone, Debug, PartialEq)]
pub enum Select {
    /// Those whose version differs from the base's.
    Changed,
    /// All.
    All,
    /// These, by name; a name may come from a parameter.
    Named(Vec<Template>),
}

/// A component of an explicit list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// The name.
    pub name: Template,
    /// The folder.
    pub path: Option<Template>,
    /// The version before.
    pub from: Option<Template>,
    /// The version to release.
    pub to: Template,
    /// The tag.
    pub tag: Option<Template>,
    /// The commit.
    pub sha: Option<Template>,
}

/// What happens when a step fails for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnFailure {
    /// Whether it is undone.
    pub rollback: RollbackPolicy,
    /// How far.
    pub scope: RollbackScope,
    /// Where to go, as a link of this page.
    pub then: Option<Spanned<String>>,
}

/// An accepted finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow {
    /// The rule's id.
    pub rule: Spanned<String>,
    /// Why it is accepted.
    pub reason: String,
    /// The last day on which it is accepted, `YYYY-MM-DD`; for ever where none is written.
    pub until: Option<Spanned<String>>,
}

/// An item of the checklist.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The id, written or derived; unique in its group.
    pub id: String,
    /// Where the id stands, or the item where it is derived.
    pub id_span: Span,
    /// The whole item.
    pub span: Span,
    /// What people read.
    pub text: Option<Template>,
    /// What it asks for.
    pub action: ItemAction,
    /// The environment.
    pub env: Option<Spanned<String>>,
    /// What it waits for, where that is not simply the item before.
    pub needs: Option<Vec<Spanned<String>>>,
    /// How those must have ended.
    pub on: Option<Spanned<On>>,
    /// Whether it happens at all.
    pub when: Option<Spanned<Condition>>,
    /// How the guards may be passed.
    pub break_glass: Option<BreakGlass>,
    /// What is kept as proof.
    pub evidence: Option<Spanned<Evidence>>,
    /// The place in the prose, as a link of this page.
    pub section: Option<Spanned<String>>,
    /// The answers that a person gives, in the order written.
    pub capture: Vec<Capture>,
    /// How long people may take.
    pub timeout: Option<Spanned<Duration>>,
    /// How often they are reminded.
    pub remind: Option<Spanned<Duration>>,
    /// When it may begin at the earliest.
    pub not_before: Option<Template>,
}

/// What an item asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemAction {
    /// That a person does and confirms it.
    Manual,
    /// A block of this page, by id.
    Step(Spanned<String>),
    /// A block or a whole checklist of another page.
    Use {
        /// `path.md#block` or `path.md`.
        target: Spanned<String>,
        /// Values of that page's parameters.
        with: Vec<(Spanned<String>, Template)>,
    },
    /// That people say yes.
    Approve(Approve),
    /// That time passes while a monitor keeps passing.
    Wait {
        /// How long.
        duration: Spanned<Duration>,
        /// The block that must keep passing.
        monitor: Option<Spanned<String>>,
        /// What ends the waiting; then `duration` is the longest it may last.
        until: Option<Until>,
    },
    /// Other items.
    Group(Group),
}

/// What ends a waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Until {
    /// The block that must pass.
    pub block: Spanned<String>,
    /// The pause between two looks.
    pub every: Duration,
}

/// An answer that a person gives with an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// The name of the output.
    pub name: Spanned<String>,
    /// What sort of answer.
    pub kind: CaptureType,
    /// The answers to choose from.
    pub choices: Vec<String>,
    /// A regular expression for the whole answer.
    pub pattern: Option<String>,
    /// What to ask.
    pub prompt: Option<Template>,
}

/// A pause point.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The title.
    pub title: Template,
    /// What it is repeated for.
    pub each: Option<Each>,
    /// How many may run at once: 1 in sequence, 0 without limit.
    pub parallel: u32,
    /// How many of them may fail before no new one begins.
    pub max_failures: Option<Spanned<u32>>,
    /// The items in order.
    pub items: Vec<Item>,
}

/// What a group is repeated for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Each {
    /// For every component.
    Component,
    /// For every word of a list.
    List {
        /// The name under which its items see the word.
        name: Spanned<String>,
        /// The words; a hole may stand for several.
        values: Vec<Template>,
    },
}

impl Each {
    /// Returns where the list is named.
    pub fn span(&self) -> Option<Span> {
        match self {
            Each::Component => None,
            Each::List { name, .. } => Some(name.span),
        }
    }
}

/// Who must say yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approve {
    /// Where it stands.
    pub span: Span,
    /// A role.
    pub role: Option<Spanned<String>>,
    /// Named people.
    pub users: Option<Vec<Spanned<String>>>,
    /// How many.
    pub min: u32,
    /// Who may not.
    pub forbid: Vec<Forbid>,
    /// How long a yes holds.
    pub expires: Option<Duration>,
}

/// How the guards may be passed in an emergency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakGlass {
    /// Where it stands.
    pub span: Span,
    /// By when its use must have been reviewed.
    pub review_within: Option<Duration>,
}

/// An executable block.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The id.
    pub id: Spanned<String>,
    /// The whole block with its fences.
    pub span: Span,
    /// What people read; the id where none is written.
    pub title: Template,
    /// How it runs.
    pub body: Body,
    /// What it is for.
    pub role: Option<Spanned<Role>>,
    /// What it may do.
    pub impact: Option<Spanned<Impact>>,
    /// The limit.
    pub timeout: Option<Spanned<Duration>>,
    /// How often it is tried again.
    pub retries: Option<Retries>,
    /// A script that exits 0 when there is nothing to do.
    pub check: Option<Spanned<String>>,
    /// The block that must pass after it.
    pub verify: Option<Spanned<String>>,
    /// What undoes it.
    pub rollback: Option<Rollback>,
    /// Names of what it writes.
    pub outputs: Vec<Spanned<String>>,
    /// The secrets it sees.
    pub secrets: Vec<Spanned<String>>,
    /// The folder to run in.
    pub cwd: Option<Template>,
    /// What it must show.
    pub expect: Option<Expect>,
    /// Whether running it twice is the same as once.
    pub idempotent: bool,
    /// Variables that its script sees, in the order written.
    pub env: Vec<(Spanned<String>, Template)>,
    /// The code below the header, every line with its place.
    pub code: Chunk,
    /// Whether it is a console transcript, of which only the commands run.
    pub console: bool,
}

/// How a block runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// As a script.
    Script {
        /// The interpreter.
        shell: Shell,
        /// The script: the code, or the commands of a transcript.
        script: Chunk,
        /// The answers of a transcript.
        transcript: Option<String>,
    },
    /// As `helm upgrade --install`.
    Helm(Box<HelmSpec>),
    /// As `kubectl`.
    Kubectl(Box<KubectlSpec>),
    /// As one request.
    Http(Box<HttpSpec>),
}

/// What undoes a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rollback {
    /// A block, by id or as `path.md#id`.
    Block(Spanned<String>),
    /// Nothing, and why.
    None(Template),
    /// Helm, by the revision that served before; by an uninstallation where there was none.
    Helm,
}

/// How often a block is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retries {
    /// How often after the first time.
    pub max: u32,
    /// The pause.
    pub backoff: Option<Duration>,
}

/// What a block must show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expect {
    /// The exit status.
    pub exit: Option<i32>,
    /// A regular expression for the output; a value in it stands for itself.
    pub stdout_matches: Option<Template>,
}

/// The body of a block of type `helm`.
#[derive(Clone, Debug, PartialEq)]
pub struct HelmSpec {
    /// The release.
    pub release: Template,
    /// The chart.
    pub chart: Template,
    /// The chart's version.
    pub version: Option<Template>,
    /// The namespace.
    pub namespace: Option<Template>,
    /// Files of values.
    pub values: Vec<Template>,
    /// Single values; never secrets, which would show in the list of processes.
    pub set: Vec<(String, Template)>,
    /// Whether Helm itself rolls back a failed upgrade.
    pub rollback_on_failure: bool,
    /// How it waits; empty for `--wait` without a value.
    pub wait: Option<String>,
    /// Helm's own limit.
    pub timeout: Option<Spanned<Duration>>,
    /// How many revisions Helm keeps.
    pub history_max: Option<i64>,
    /// Whether the namespace is made.
    pub create_namespace: bool,
    /// The major version whose flags are used.
    pub major: u32,
}

/// The body of a block of type `kubectl`.
#[derive(Clone, Debug, PartialEq)]
pub struct KubectlSpec {
    /// The verb and what it acts on.
    pub verb: KubectlVerb,
    /// The namespace.
    pub namespace: Option<Template>,
    /// The label selector.
    pub selector: Option<Template>,
    /// kubectl's own limit.
    pub timeout: Option<Spanned<Duration>>,
    /// Whether `apply` is done by the server.
    pub server_side: bool,
}

/// What kubectl does.
#[derive(Clone, Debug, PartialEq)]
pub enum KubectlVerb {
    /// `rollout status RESOURCE`.
    Rollout(Template),
    /// `wait RESOURCE --for=CONDITION`.
    Wait {
        /// The resource.
        resource: Template,
        /// The condition.
        condition: Template,
    },
    /// `apply -f FILE`, for each.
    Apply(Vec<Template>),
    /// `delete RESOURCE`.
    Delete(Template),
    /// `get RESOURCE`.
    Get(Template),
}

/// The body of a block of type `http`.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpSpec {
    /// The address.
    pub url: Template,
    /// The method in capitals.
    pub method: String,
    /// The headers in order.
    pub headers: Vec<(String, Template)>,
    /// The body.
    pub body: Option<Template>,
    /// The statuses that count as success; empty for every status below 400.
    pub expect_status: Vec<i64>,
    /// The limit of the request.
    pub timeout: Option<Spanned<Duration>>,
}

impl Runbook {
    /// Returns the block with an id.
    pub fn block(&self, id: &str) -> Option<&Block> {
        self.blocks.iter().find(|block| block.id.value == id)
    }

    /// Visits every item, groups before their items.
    pub fn walk_items<'a>(&'a self, visit: &mut impl FnMut(&'a Item)) {
        let mut stack: Vec<&Item> = self.checklist.iter().rev().collect();
        while let Some(item) = stack.pop() {
            visit(item);
            if let ItemAction::Group(group) = &item.action {
                stack.extend(group.items.iter().rev());
            }
        }
    }

    /// Returns the anchors that the runbook's page has besides its headings, each with its place:
    /// `step-…` for blocks, and `item-…`, with the ids of the groups around it before the item's, where
    /// there is a checklist to show.
    pub fn anchors(&self) -> Vec<(String, Span)> {
        let mut out: Vec<(String, Span)> =
            self.blocks.iter().map(|block| (format!("step-{}", block.id.value), block.span)).collect();
        if self.settings.is_none() {
            return out;
        }
        self.walk_placed(&mut |item, path, _| out.push((format!("item-{path}"), item.span)));
        out
    }

    /// Visits every item, groups before their items, with its path (the ids of the groups around it and
    /// its own, joined by dots) and with the environment that it works in.
    pub fn walk_placed<'a>(&'a self, visit: &mut impl FnMut(&'a Item, &str, Option<&'a str>)) {
        // No deeper than the reader lets groups stand inside each other.
        let mut stack: Vec<(&Item, String, Option<&str>)> =
            self.checklist.iter().rev().map(|item| (item, String::new(), None)).collect();
        while let Some((item, before, env)) = stack.pop() {
            let path = format!("{before}{}", item.id);
            let env = item.env.as_ref().map(|env| env.value.as_str()).or(env);
            visit(item, &path, env);
            if let ItemAction::Group(group) = &item.action {
                stack.extend(group.items.iter().rev().map(|inner| (inner, format!("{path}."), env)));
            }
        }
    }

    /// Returns the links to other places that the runbook makes outside its prose, as written and
    /// in document order: `use`, `section`, `then`, `verify` and `rollback`.
    pub fn references(&self) -> Vec<Reference> {
        let mut out = Vec::new();
        if let Some(then) =
            self.settings.as_ref().and_then(|settings| settings.on_failure.as_ref()).and_then(|it| it.then.as_ref())
        {
            out.push(Reference { kind: ReferenceKind::Then, target: then.clone(), from: None });
        }
        for hook in self.settings.iter().flat_map(|settings| &settings.notify) {
            out.push(Reference { kind: ReferenceKind::Notify, target: hook.block.clone(), from: None });
        }
        if let Some(prelude) = self.settings.as_ref().and_then(|settings| settings.prelude.as_ref()) {
            out.push(Reference { kind: ReferenceKind::Prelude, target: prelude.clone(), from: None });
        }
        self.walk_items(&mut |item| {
            let from = Some(item.id.clone());
            let mut add = |kind, target: &Spanned<String>| {
                out.push(Reference { kind, target: target.clone(), from: from.clone() });
            };
            match &item.action {
                ItemAction::Step(block) => add(ReferenceKind::Step, block),
                ItemAction::Use { target, .. } => add(ReferenceKind::Use, target),
                ItemAction::Wait { monitor, until, .. } => {
                    let blocks = monitor.iter().chain(until.iter().map(|until| &until.block));
                    blocks.for_each(|block| add(ReferenceKind::Monitor, block));
                }
                _ => {}
            }
            if let Some(section) = &item.section {
                add(ReferenceKind::Section, section);
            }
        });
        for block in &self.blocks {
            let from = Some(block.id.value.clone());
            if let Some(verify) = &block.verify {
                out.push(Reference { kind: ReferenceKind::Verify, target: verify.clone(), from: from.clone() });
            }
            if let Some(Rollback::Block(undo)) = &block.rollback {
                out.push(Reference { kind: ReferenceKind::Rollback, target: undo.clone(), from });
            }
        }
        out
    }
}

/// A link that a runbook makes outside its prose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Which key makes it.
    pub kind: ReferenceKind,
    /// What it names, as written.
    pub target: Spanned<String>,
    /// The item or block that makes it.
    pub from: Option<String>,
}

/// Which key makes a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the words of the format say it")]
pub enum ReferenceKind {
    Step,
    Use,
    Monitor,
    Section,
    Verify,
    Rollback,
    Then,
    Notify,
    Prelude,
}

impl ReferenceKind {
    /// Returns the key.
    pub fn word(self) -> &'static str {
        match self {
            ReferenceKind::Step => "step",
            ReferenceKind::Use => "use",
            ReferenceKind::Monitor => "monitor",
            ReferenceKind::Section => "section",
            ReferenceKind::Verify => "verify",
            ReferenceKind::Rollback => "rollback",
            ReferenceKind::Then => "then",
            ReferenceKind::Notify => "notify",
            ReferenceKind::Prelude => "prelude",
        }
    }
}

impl Scalar {
    /// Returns the value as a script sees it.
    pub fn text(&self) -> String {
        match self {
            Scalar::Text(text) => text.clone(),
            Scalar::Int(number) => number.to_string(),
            Scalar::Bool(value) => value.to_string(),
            Scalar::List(words) => words.join(" "),
        }
    }

    /// Reads a plain value of a YAML node.
    pub fn of(node: &yaml::Node) -> Option<Scalar> {
        match &node.kind {
            yaml::Kind::String(text, _) => Some(Scalar::Text(text.clone())),
            yaml::Kind::Int(number) => Some(Scalar::Int(*number)),
            yaml::Kind::Bool(value) => Some(Scalar::Bool(*value)),
            yaml::Kind::Seq(items) => {
                items.iter().map(yaml::Node::scalar_text).collect::<Option<_>>().map(Scalar::List)
            }
            _ => None,
        }
    }
}

impl Item {
    /// Makes an item of no more than an id, a text and what it asks for.
    pub(super) fn new(id: String, span: Span, text: Option<Template>, action: ItemAction) -> Item {
        Item {
            id,
            id_span: span,
            span,
            text,
            action,
            env: None,
            needs: None,
            on: None,
            when: None,
            break_glass: None,
            evidence: None,
            section: None,
            capture: Vec::new(),
            timeout: None,
            remind: None,
            not_before: None,
        }
    }
}

impl Duration {
    /// Reads `90`, `30s`, `15m`, `24h`, `180d`, `2w`, `1h30m`.
    pub fn parse(text: &str) -> Option<Duration> {
        let trimmed = text.trim();
        if let Ok(seconds) = trimmed.parse() {
            return Some(Duration { text: trimmed.to_owned(), seconds });
        }
        let (mut seconds, mut number, mut any) = (0_u64, String::new(), false);
        for ch in trimmed.chars() {
            let unit = match ch {
                '0'..='9' => {
                    number.push(ch);
                    continue;
                }
                's' => 1,
                'm' => 60,
                'h' => 3600,
                'd' => 86_400,
                'w' => 604_800,
                _ => return None,
            };
            seconds = seconds.checked_add(number.parse::<u64>().ok()?.checked_mul(unit)?)?;
            number.clear();
            any = true;
        }
        (any && number.is_empty()).then(|| Duration { text: trimmed.to_owned(), seconds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        let texts = ["30s", "15m", "1h30m", "2d", "90", "", "m", "1x", "5m3"];
        let read = texts.map(|text| Duration::parse(text).map(|duration| duration.seconds));
        assert_eq!(read, [Some(30), Some(900), Some(5400), Some(172_800), Some(90), None, None, None, None]);
    }
}
