//! One Argo Workflow: a DAG with a task per step, suspend gates, and `onExit` undoing what was begun.
//!
//! A step is one pod that performs the program of `frame.sh`; the pods of a run share a volume with the
//! repository, the state of the steps and their outputs. So Argo decides what may begin, and nothing of
//! a plan passes through its templates: it would evaluate `{{…}}` there, and Kubernetes `$(…)`.

use super::law::{Duty, Formula, Law};
use super::program::{Dialect, FRAME, place_of, text_of};
use super::{
    CONTENT_MARK, Emitted, Losses, MARGIN_S, Options, lose_of_all_targets, lose_of_workflows, one_line, sealed,
};
use crate::plan::yaml::{Value, list, map, text, write};
use crate::plan::{Approval, Forbid, Plan, RollbackScope, StepKind};

/// The controller evaluates `{{`, Kubernetes `$$` and the names of the variables of Argo's containers.
const ARGO: Dialect = Dialect { apart: &["{{", "$$", "$(ARGO_", "$(GODEBUG"] };

/// What a pod does around a step.
const AROUND: &str = include_str!("argo.sh");

/// The folder that the pods of a run share.
const SHARED: &str = "/opsbook";

/// The account that the pods run as.
const SERVICE_ACCOUNT: &str = "opsbook";

/// The folder that the repository is brought into at first.
const SOURCE: &str = "/repository";

/// The task that says whether any step failed, and the one before all others.
const VERDICT: &str = "no-step-failed";
const BEGIN: &str = "begin";

/// Emits a bound plan as one Workflow.
pub fn emit_argo(plan: &Plan, options: &Options) -> Emitted {
    let law = Law::of(plan);
    let names = Names::of(plan, options);
    let mut tasks = vec![map([("name", text(BEGIN)), ("template", text(BEGIN))])];
    let mut templates = vec![begin()];
    for duty in &law.duties {
        tasks.extend(tasks_of(&law, duty, &names));
        templates.extend(templates_of(&law, duty, &names));
    }
    if let Some(verdict) = verdict(&law, &names) {
        tasks.push(verdict);
        let script = script("echo 'no step failed'\n".to_owned(), Vec::new());
        templates.push(map([("name", text(VERDICT)), ("script", script)]));
    }
    // A step that fails ends nothing but what waits for it.
    let dag = map([("failFast", Value::Bool(false)), ("tasks", list(tasks))]);
    templates.insert(0, map([("name", text("plan")), ("dag", dag)]));
    let undoing = undo_templates(&law, &names);
    let mut spec = vec![
        ("entrypoint".to_owned(), text("plan")),
        ("arguments".into(), map([("parameters", list(parameters(plan, options)))])),
        (
            "synchronization".into(),
            map([("mutexes", list([map([("name", text(format!("runbook-{}", plan.runbook)))])]))]),
        ),
        ("serviceAccountName".into(), text(SERVICE_ACCOUNT)),
        (
            "securityContext".into(),
            map([
                ("runAsNonRoot", Value::Bool(true)),
                ("runAsUser", Value::from(1000)),
                ("runAsGroup", Value::from(1000)),
                ("fsGroup", Value::from(1000)),
            ]),
        ),
        ("volumeClaimTemplates".into(), list([claim()])),
        ("volumeClaimGC".into(), map([("strategy", text("OnWorkflowCompletion"))])),
        ("podGC".into(), map([("strategy", text("OnPodSuccess"))])),
        ("ttlStrategy".into(), map([("secondsAfterCompletion", Value::from(7 * 24 * 3600))])),
    ];
    if !undoing.is_empty() {
        spec.push(("onExit".into(), text("undo")));
        templates.extend(undoing);
    }
    spec.push(("templates".into(), list(templates)));
    let workflow = map([
        ("apiVersion", text("argoproj.io/v1alpha1")),
        ("kind", text("Workflow")),
        (
            "metadata",
            map([
                ("generateName", text(format!("{}-", plan.runbook))),
                (
                    "annotations",
                    map([
                        ("opsbook/plan", text(&plan.hash)),
                        ("opsbook/title", text(inert(plan.title.as_deref().unwrap_or(&plan.runbook)))),
                    ]),
                ),
            ]),
        ),
        ("spec", map(spec)),
    ]);
    let comments = [
        format!("runbook: {}, plan: {}", plan.runbook, plan.hash),
        CONTENT_MARK.to_owned(),
        "Emitted by opsbook; change the runbook and emit again instead of editing this file.".to_owned(),
        "Each secret is a Kubernetes Secret of the same name in lower case with `-`, its value under `value`."
            .to_owned(),
        "The repository comes from the parameter `repository`, at the plan's commit.".to_owned(),
    ];
    Emitted { text: sealed(&write(&comments, &workflow)), lost: losses(&law) }
}

fn parameters(plan: &Plan, options: &Options) -> Vec<Value> {
    let value = |name: &str, value: &str| map([("name", text(name)), ("value", text(value))]);
    let mut parameters = vec![value("image", &options.image)];
    parameters.push(match &options.repository {
        Some(repository) => value("repository", repository),
        // Whoever submits it must say it.
        None => map([("name", text("repository"))]),
    });
    parameters.push(value("revision", plan.source.commit.as_deref().unwrap_or("HEAD")));
    parameters.push(value("break-glass", ""));
    parameters.extend(options.pass_env.iter().map(|name| value(name, "")));
    parameters
}

fn claim() -> Value {
    let requests = map([("requests", map([("storage", text("1Gi"))]))]);
    let spec = map([("accessModes", list([text("ReadWriteOnce")])), ("resources", requests)]);
    map([("metadata", map([("name", text("opsbook"))])), ("spec", spec)])
}

/// Brings the repository, and the functions of all programs, to the shared folder.
fn begin() -> Value {
    let git = map([
        ("repo", text("{{workflow.parameters.repository}}")),
        ("revision", text("{{workflow.parameters.revision}}")),
    ]);
    let artifact = map([("name", text("repository")), ("path", text(SOURCE)), ("git", git)]);
    let frame = format!("{}{}", text_of(FRAME), text_of(AROUND));
    let source = format!(
        "set -euo pipefail\nmkdir -p {SHARED}/state {SHARED}/work\ncp -R {SOURCE}/. {SHARED}/work/\ncat >{SHARED}/frame {}",
        ARGO.input(&frame)
    );
    map([
        ("name", text(BEGIN)),
        ("inputs", map([("artifacts", list([artifact]))])),
        ("script", script(source, Vec::new())),
    ])
}

/// Names of tasks and templates: lower case, digits and `-`, at most 60 characters with what is put before and behind
/// them, no name twice.
struct Names<'o> {
    names: Vec<String>,
    /// Variables that whoever submits it gives to scripts.
    pass_env: &'o [String],
}

impl<'o> Names<'o> {
    fn of(plan: &Plan, options: &'o Options) -> Names<'o> {
        let mut names: Vec<String> = Vec::new();
        for (at, step) in plan.steps.iter().enumerate() {
            let plain: String = step.id.chars().map(|ch| if ch.is_ascii_alphanumeric() { ch } else { '-' }).collect();
            let forms = |name: &str| [name.to_owned(), asking(name), wanting(name)];
            let taken = |name: &str| names.iter().any(|other| forms(other).iter().any(|form| form == name));
            let own = ["plan", "undo", VERDICT, BEGIN].contains(&plain.as_str()) || plain.starts_with("undo-");
            let short = plain.len() <= 48 && !own && !forms(&plain).iter().any(|form| taken(form));
            names.push(if short {
                plain
            } else {
                format!("{}-{at}", plain.get(..40).unwrap_or(&plain).trim_end_matches('-'))
            });
        }
        Names { names, pass_env: &options.pass_env }
    }

    fn of_duty(&self, duty: &Duty<'_>) -> &str {
        &self.names[duty.at]
    }

    /// The first task of a step: what it waits for stands there.
    fn first(&self, duty: &Duty<'_>) -> String {
        let name = self.of_duty(duty);
        match duty.step.kind {
            StepKind::Manual | StepKind::Approval if duty.wanted.is_some() => wanting(name),
            StepKind::Approval => asking(name),
            _ => name.to_owned(),
        }
    }

    /// A formula in the words of `depends`.
    fn depends(&self, law: &Law<'_>, formula: &Formula) -> String {
        let name = |at: usize| self.of_duty(&law.duties[at]);
        let all = |formulas: &[Formula], word: &str| {
            let terms: Vec<String> = formulas.iter().map(|formula| self.depends(law, formula)).collect();
            if terms.len() == 1 { terms[0].clone() } else { format!("({})", terms.join(word)) }
        };
        match formula {
            Formula::Succeeded(at) => match (law.duties[*at].step.kind, &law.duties[*at].wanted) {
                (StepKind::Approval, Some(_)) => {
                    format!("({}.Succeeded || {}.Skipped)", name(*at), asking(name(*at)))
                }
                (StepKind::Manual, Some(_)) => format!("({0}.Succeeded || {0}.Skipped)", name(*at)),
                _ => format!("{}.Succeeded", name(*at)),
            },
            Formula::PassedOver(at) => format!("{}.Omitted", self.first(&law.duties[*at])),
            Formula::Ended(at) => {
                let name = name(*at);
                format!("({name}.Succeeded || {name}.Failed || {name}.Errored || {name}.Skipped || {name}.Omitted)")
            }
            Formula::Not(inner) => format!("!{}", parenthesised(&self.depends(law, inner))),
            Formula::All(inner) => all(inner, " && "),
            Formula::Any(inner) => all(inner, " || "),
        }
    }
}

fn parenthesised(text: &str) -> String {
    if text.starts_with('(') { text.to_owned() } else { format!("({text})") }
}

/// The name of the gate before an approval's task.
fn asking(name: &str) -> String {
    format!("{name}-asked")
}

/// The name of the task that asks for the condition of a gate.
fn wanting(name: &str) -> String {
    format!("{name}-wanted")
}

/// The tasks of a step: one, but for a gate, whose condition and whose decision have tasks of their own.
fn tasks_of(law: &Law<'_>, duty: &Duty<'_>, names: &Names<'_>) -> Vec<Value> {
    let name = names.of_duty(duty);
    let depends = match law.ready(duty.at) {
        Formula::All(waits) if waits.is_empty() => format!("{BEGIN}.Succeeded"),
        Formula::All(waits) => {
            let terms: Vec<String> = waits.iter().map(|wait| names.depends(law, wait)).collect();
            terms.join(" && ")
        }
        formula => names.depends(law, &formula),
    };
    let task = |name: &str, depends: String| {
        vec![("name".to_owned(), text(name)), ("template".to_owned(), text(name)), ("depends".into(), text(depends))]
    };
    let mut tasks = Vec::new();
    let mut depends = depends;
    let mut when = None;
    if duty.wanted.is_some() && !duty.is_performed() {
        let wanting = wanting(name);
        tasks.push(map(task(&wanting, depends)));
        depends = format!("{wanting}.Succeeded");
        when = Some(("when".to_owned(), text(format!("{{{{tasks.{wanting}.outputs.parameters.wanted}}}} == yes"))));
    }
    if duty.step.kind == StepKind::Approval {
        let gate = asking(name);
        let mut asks = task(&gate, depends);
        asks.extend(when);
        tasks.push(map(asks));
        let mut decides = task(name, format!("{gate}.Succeeded"));
        let decision = map([
            ("name", text("decision")),
            ("value", text(format!("{{{{tasks.{gate}.outputs.parameters.decision}}}}"))),
        ]);
        decides.push(("arguments".into(), map([("parameters", list([decision]))])));
        tasks.push(map(decides));
    } else {
        let mut own = task(name, depends);
        own.extend(when);
        tasks.push(map(own));
    }
    tasks
}

/// The last task, which runs where no step failed. A failure that another step answers (`on: failure`,
/// `on: done`) would else be forgotten: Argo judges a workflow by the ends of its branches.
fn verdict(law: &Law<'_>, names: &Names<'_>) -> Option<Value> {
    let is_answered = |at: usize| {
        let of_it = |duty: &Duty<'_>| duty.waits.iter().any(|wait| wait.step == at && !wait.how.is_for_success());
        law.duties.iter().any(of_it)
    };
    if !(0..law.duties.len()).any(is_answered) {
        return None;
    }
    let terms = (0..law.duties.len()).map(|at| names.depends(law, &law.well(at)));
    Some(map([
        ("name", text(VERDICT)),
        ("template", text(VERDICT)),
        ("depends", text(terms.collect::<Vec<_>>().join(" && "))),
    ]))
}

fn templates_of(law: &Law<'_>, duty: &Duty<'_>, names: &Names<'_>) -> Vec<Value> {
    let step = duty.step;
    let mut annotations = vec![("opsbook/step", text(&step.id)), ("opsbook/title", text(inert(&step.title)))];
    annotations.extend(step.approval.as_ref().map(|approval| ("opsbook/approval", text(inert(&policy(approval))))));
    let head = |name: &str| {
        vec![("name".to_owned(), text(name)), ("metadata".into(), map([("annotations", map(annotations.clone()))]))]
    };
    let name = names.of_duty(duty);
    let mut templates = Vec::new();
    if duty.wanted.is_some() && !duty.is_performed() {
        templates.push(asks_for_condition(law, duty, head(&wanting(name))));
    }
    match step.kind {
        StepKind::Approval => {
            templates.extend([gate(duty, &asking(name), head(&asking(name))), decision(duty, head(name))]);
        }
        StepKind::Manual => templates.push(gate(duty, name, head(name))),
        _ => templates.push(performance(law, duty, names, head(name))),
    }
    templates
}

/// Who may approve, for people and admission policies: Argo itself does not ask.
fn policy(approval: &Approval) -> String {
    let mut parts = vec![format!("min: {}", approval.min)];
    parts.extend(approval.role.as_ref().map(|role| format!("role: {role}")));
    parts.extend(approval.users.as_ref().map(|users| format!("users: {}", users.join(" "))));
    if !approval.forbid.is_empty() {
        let words = approval.forbid.iter().map(|word| match word {
            Forbid::Runner => "runner",
            Forbid::Author => "author",
            Forbid::PreviousApprover => "previous-approver",
        });
        parts.push(format!("forbid: {}", words.collect::<Vec<_>>().join(" ")));
    }
    parts.extend(approval.expires.as_ref().map(|expires| format!("expires: {expires}")));
    parts.join(", ")
}

/// A gate waits without an end: a suspend with a duration would go on by itself. Resumed without an
/// answer, an approval is refused.
fn gate(duty: &Duty<'_>, gate: &str, mut head: Vec<(String, Value)>) -> Value {
    head.push(("suspend".into(), map(Vec::<(String, Value)>::new())));
    if duty.step.kind == StepKind::Approval {
        let choice = map([
            ("name", text("decision")),
            ("default", text("no")),
            ("enum", list([text("yes"), text("no")])),
            ("description", text(format!("{}. {}", inert(&duty.step.title), how_to_approve(gate)))),
        ]);
        head.push(("inputs".into(), map([("parameters", list([choice]))])));
        let supplied = map([("supplied", map(Vec::<(String, Value)>::new())), ("default", text("no"))]);
        let output = map([("name", text("decision")), ("valueFrom", supplied)]);
        head.push(("outputs".into(), map([("parameters", list([output]))])));
    }
    map(head)
}

/// The commands that say yes: a plain `argo resume` is a no.
fn how_to_approve(gate: &str) -> String {
    let node = format!("{{{{workflow.name}}}} --node-field-selector displayName={gate}");
    format!("To say yes: argo node set {node} --output-parameter decision=yes && argo resume {node}")
}

/// Fails where the gate before it was opened with another answer than `yes`: a refusal is a failure.
fn decision(duty: &Duty<'_>, mut head: Vec<(String, Value)>) -> Value {
    head.push(("inputs".into(), map([("parameters", list([map([("name", text("decision"))])]))])));
    let source =
        format!("{OPENING}decide {} {} \"$DECISION\"\n", ARGO.quote(&duty.step.id), ARGO.quote(place_of(duty)));
    let given = map([("name", text("DECISION")), ("value", text("{{inputs.parameters.decision}}"))]);
    head.push(("script".into(), script(source, vec![given])));
    map(head)
}

/// Says whether the condition of a gate holds.
fn asks_for_condition(law: &Law<'_>, duty: &Duty<'_>, mut head: Vec<(String, Value)>) -> Value {
    let value_from = map([("path", text("/tmp/opsbook-wanted"))]);
    let output = map([("name", text("wanted")), ("valueFrom", value_from)]);
    head.push(("outputs".into(), map([("parameters", list([output]))])));
    let asking = || {
        let asking = ARGO.under_condition(duty, "", "echo yes >/tmp/opsbook-wanted\n");
        format!("id={}\necho no >/tmp/opsbook-wanted\n{asking}", ARGO.quote(&duty.step.id))
    };
    let source = format!("{OPENING}{}", ARGO.refusal(law, duty).unwrap_or_else(asking));
    head.push(("script".into(), script(source, Vec::new())));
    map(head)
}

/// How every program begins.
const OPENING: &str = "set -euo pipefail\nstate=/opsbook/state run=$OPSBOOK_RUN\ncd /opsbook/work\n. /opsbook/frame\n";

fn performance(law: &Law<'_>, duty: &Duty<'_>, names: &Names<'_>, mut head: Vec<(String, Value)>) -> Value {
    if let Some(limit) = duty.step.longest_s() {
        head.push(("activeDeadlineSeconds".into(), text(limit.saturating_add(MARGIN_S).to_string())));
    }
    let source = ARGO.refusal(law, duty).unwrap_or_else(|| ARGO.performance(law, duty));
    head.push(("script".into(), script(format!("{OPENING}{source}"), variables(law, duty, names))));
    map(head)
}

/// The rollback: one template for each step that can be undone, the last first, and the order of them.
fn undo_templates(law: &Law<'_>, names: &Names<'_>) -> Vec<Value> {
    let Some(scope) = law.undoing else { return Vec::new() };
    let undoable: Vec<&Duty<'_>> = law.duties.iter().rev().filter(|duty| duty.undoable).collect();
    if undoable.is_empty() {
        return Vec::new();
    }
    let passes: &[&str] = if law.is_undone_in_two() { &["own", "other"] } else { &["any"] };
    let steps = passes.iter().flat_map(|pass| {
        undoable.iter().map(move |duty| {
            let template = format!("undo-{}", names.of_duty(duty));
            let name = if *pass == "other" { format!("{template}-too") } else { template.clone() };
            let pass = map([("name", text("pass")), ("value", text(*pass))]);
            list([map([
                ("name", text(name)),
                ("template", text(template)),
                ("arguments", map([("parameters", list([pass]))])),
                ("when", text("{{workflow.status}} != Succeeded")),
            ])])
        })
    });
    let mut templates = vec![map([("name", text("undo")), ("steps", list(steps))])];
    for duty in undoable {
        let undo = duty.scripts.undo.expect("only steps with an undo come here");
        let mut head = vec![
            ("name".to_owned(), text(format!("undo-{}", names.of_duty(duty)))),
            ("inputs".into(), map([("parameters", list([map([("name", text("pass"))])]))])),
        ];
        if let Some(limit) = undo.longest_s() {
            head.push(("activeDeadlineSeconds".into(), text(limit.saturating_add(MARGIN_S).to_string())));
        }
        let own = law.duties.iter().filter(|other| other.step.env == duty.step.env);
        let own: String = own.map(|other| format!(" {}", ARGO.quote(names.of_duty(other)))).collect();
        let scope = match scope {
            RollbackScope::Env => "env",
            RollbackScope::All => "all",
        };
        let source = format!(
            "{OPENING}{}if reached {scope} \"$OPSBOOK_PASS\"{own}; then\n  perform_undo\nfi\n",
            ARGO.undo(duty)
        );
        let mut env = variables(law, duty, names);
        env.push(map([("name", text("OPSBOOK_PASS")), ("value", text("{{inputs.parameters.pass}}"))]));
        env.push(map([("name", text("OPSBOOK_FAILURES")), ("value", text("{{workflow.failures}}"))]));
        head.push(("script".into(), script(source, env)));
        templates.push(map(head));
    }
    templates
}

/// What a program finds in its surroundings: secrets, and what the workflow was given.
fn variables(law: &Law<'_>, duty: &Duty<'_>, names: &Names<'_>) -> Vec<Value> {
    let mut env = Vec::new();
    if duty.has_glass() {
        let reason = text("{{workflow.parameters.break-glass}}");
        env.push(map([("name", text("OPSBOOK_BREAK_GLASS")), ("value", reason)]));
    }
    for name in names.pass_env {
        env.push(map([("name", text(name)), ("value", text(format!("{{{{workflow.parameters.{name}}}}}")))]));
    }
    let secrets = law.plan.secrets.iter().map(String::as_str);
    for secret in secrets.filter(|name| duty.secrets.contains(name) || duty.kubeconfig == Some(*name)) {
        let name = secret.to_ascii_lowercase().replace('_', "-");
        let from = map([("secretKeyRef", map([("name", text(name)), ("key", text("value"))]))]);
        env.push(map([("name", text(secret)), ("valueFrom", from)]));
    }
    env
}

fn script(source: String, env: Vec<Value>) -> Value {
    let run = map([("name", text("OPSBOOK_RUN")), ("value", text("{{workflow.name}}"))]);
    map([
        ("image", text("{{workflow.parameters.image}}")),
        ("command", list([text("bash")])),
        ("env", list(std::iter::once(run).chain(env))),
        ("volumeMounts", list([map([("name", text("opsbook")), ("mountPath", text(SHARED))])])),
        ("source", text(source)),
    ])
}

/// Text for people in one line. Argo replaces `{{…}}` in all text; an expression that yields two braces
/// stands for them.
fn inert(value: &str) -> String {
    one_line(value).replace("{{", "{{='{' + '{'}}")
}

fn losses(law: &Law<'_>) -> Vec<super::Loss> {
    let mut losses = Losses::default();
    lose_of_all_targets(&mut losses, law);
    lose_of_workflows(&mut losses, law);
    if !law.plan.secrets.is_empty() {
        losses.of_all("that secrets are taken out of what is shown");
    }
    losses.into_sorted()
}
