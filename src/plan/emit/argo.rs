//! One Argo Workflow: a DAG with suspend gates, retries, and `onExit` undoing what was begun.
//!
//! Parameters reach scripts as `env` of the container, never inside `source`; `{{` of a script is
//! written as an expression that yields it, because Argo substitutes templates in all text. Numbers
//! that Argo reads as `IntOrString` are texts.

use super::script::{OUTPUT, attempt, function, retry_loop, soak_loop};
use super::{
    CONTENT_MARK, Emitted, Losses, kubeconfig_of, lose_answers, lose_approval, lose_language, one_line, outputs_used,
    previous_of, quote, refusal, scripts_of, sealed, vars_of,
};
use crate::plan::yaml::{Value, list, map, text, write};
use crate::plan::{Approval, Evidence, Forbid, On, Plan, RollbackPolicy, RollbackScope, Step, StepKind};

/// The folder that the pods of a run share.
const SHARED: &str = "/opsbook";

/// The task that says whether any step failed.
const VERDICT: &str = "no-step-failed";

/// Emits a bound plan as one Workflow. `image` is the container image that all scripts run in.
pub fn emit_argo(plan: &Plan, image: &str) -> Emitted {
    let names = names_of(plan);
    let mut tasks: Vec<Value> =
        plan.steps.iter().enumerate().flat_map(|(at, step)| tasks(plan, at, step, &names)).collect();
    let verdict = verdict(plan, &names);
    let judged = verdict.is_some();
    tasks.extend(verdict);
    let mut templates = vec![map([("name", text("plan")), ("dag", map([("tasks", list(tasks))]))])];
    for (at, step) in plan.steps.iter().enumerate() {
        templates.extend(templates_of(plan, step, &names[at]));
    }
    if judged {
        templates.push(map([
            ("name", text(VERDICT)),
            (
                "script",
                map([
                    ("image", text("{{workflow.parameters.image}}")),
                    ("command", list([text("bash")])),
                    ("source", text("echo 'no step failed'\n")),
                ]),
            ),
        ]));
    }
    let undoable: Vec<(usize, &Step)> = if undoing(plan).is_some() {
        let written = plan.steps.iter().enumerate().filter(|(_, step)| step.undo.is_some() && step.writes());
        written.collect()
    } else {
        Vec::new()
    };
    if !undoable.is_empty() {
        let steps = undoable.iter().rev().map(|(at, _)| {
            let name = format!("undo-{}", names[*at]);
            list([map([
                ("name", text(name.clone())),
                ("template", text(name)),
                ("when", text("{{workflow.status}} != Succeeded")),
            ])])
        });
        templates.push(map([("name", text("undo")), ("steps", list(steps))]));
        for (at, step) in &undoable {
            templates.push(undo_template(plan, step, &names[*at]));
        }
    }
    let mut spec = vec![
        ("entrypoint".to_owned(), text("plan")),
        ("arguments".into(), map([("parameters", list([map([("name", text("image")), ("value", text(image))])]))])),
        (
            "synchronization".into(),
            map([("mutexes", list([map([("name", text(format!("runbook-{}", plan.runbook)))])]))]),
        ),
        (
            "volumeClaimTemplates".into(),
            list([map([
                ("metadata", map([("name", text("opsbook"))])),
                (
                    "spec",
                    map([
                        ("accessModes", list([text("ReadWriteOnce")])),
                        ("resources", map([("requests", map([("storage", text("64Mi"))]))])),
                    ]),
                ),
            ])]),
        ),
    ];
    if !undoable.is_empty() {
        spec.push(("onExit".into(), text("undo")));
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
                        ("opsbook/title", text(inert(&one_line(plan.title.as_deref().unwrap_or(&plan.runbook))))),
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
    ];
    Emitted { text: sealed(&write(&comments, &workflow)), lost: losses(plan) }
}

/// Names of tasks and templates: lower case, digits and `-`, at most 60 characters with what is put before and behind
/// them, no name twice.
fn names_of(plan: &Plan) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (at, step) in plan.steps.iter().enumerate() {
        let plain: String = step.id.chars().map(|ch| if ch.is_ascii_alphanumeric() { ch } else { '-' }).collect();
        let taken = |name: &str| names.iter().any(|other| other == name || asking(other) == name);
        let short = plain.len() <= 50
            && !taken(&plain)
            && !taken(&asking(&plain))
            && !["plan", "undo", VERDICT].contains(&plain.as_str());
        names.push(if short {
            plain
        } else {
            format!("{}-{at}", plain.get(..40).unwrap_or(&plain).trim_end_matches('-'))
        });
    }
    names
}

fn name_of<'n>(plan: &Plan, names: &'n [String], id: &str) -> &'n str {
    let at = plan.steps.iter().position(|step| step.id == id).expect("needs are steps of the plan");
    &names[at]
}

/// The tasks of a step: one, but for an approval, whose decision is asked for by a gate before it.
fn tasks(plan: &Plan, at: usize, step: &Step, names: &[String]) -> Vec<Value> {
    let mut depends: Vec<(String, Value)> = Vec::new();
    if !step.needs.is_empty() {
        let terms = step.needs.iter().map(|need| {
            let name = name_of(plan, names, &need.step);
            match need.on {
                On::Success => format!("{name}.Succeeded"),
                On::Failure => format!("({name}.Failed || {name}.Errored)"),
                On::Done => {
                    format!("({name}.Succeeded || {name}.Failed || {name}.Errored || {name}.Skipped || {name}.Omitted)")
                }
            }
        });
        depends.push(("depends".into(), text(terms.collect::<Vec<_>>().join(" && "))));
    }
    let named = |name: &str| vec![("name".to_owned(), text(name)), ("template".into(), text(name))];
    let mut task = named(&names[at]);
    if step.kind == StepKind::Approval {
        let gate = asking(&names[at]);
        let mut asks = named(&gate);
        asks.append(&mut depends);
        task.push(("depends".into(), text(format!("{gate}.Succeeded"))));
        let decision = map([
            ("name", text("decision")),
            ("value", text(format!("{{{{tasks.{gate}.outputs.parameters.decision}}}}"))),
        ]);
        task.push(("arguments".into(), map([("parameters", list([decision]))])));
        return vec![map(asks), map(task)];
    }
    task.append(&mut depends);
    let used = outputs_used(plan, step);
    if !used.is_empty() {
        let parameters = used.iter().map(|(variable, earlier, key)| {
            let from = name_of(plan, names, earlier);
            map([
                ("name", text(variable.to_ascii_lowercase())),
                ("value", text(format!("{{{{tasks.{from}.outputs.parameters.{key}}}}}"))),
            ])
        });
        task.push(("arguments".into(), map([("parameters", list(parameters))])));
    }
    vec![map(task)]
}

/// The last task, which runs where no step failed. A failure that another step answers (`on: failure`,
/// `on: done`) would else be forgotten: Argo judges a workflow by the ends of its branches.
fn verdict(plan: &Plan, names: &[String]) -> Option<Value> {
    let answered = plan.steps.iter().flat_map(|step| &step.needs).any(|need| need.on != On::Success);
    let terms = names.iter().map(|name| format!("({name}.Succeeded || {name}.Skipped || {name}.Omitted)"));
    answered.then(|| {
        map([
            ("name", text(VERDICT)),
            ("template", text(VERDICT)),
            ("depends", text(terms.collect::<Vec<_>>().join(" && "))),
        ])
    })
}

/// The name of the gate before an approval's task.
fn asking(name: &str) -> String {
    format!("{name}-asked")
}

fn undoing(plan: &Plan) -> Option<RollbackScope> {
    let policy = plan.on_failure.as_ref().filter(|policy| policy.rollback == RollbackPolicy::Reverse)?;
    Some(policy.scope)
}

fn templates_of(plan: &Plan, step: &Step, name: &str) -> Vec<Value> {
    let mut annotations =
        vec![("opsbook/step", text(&step.id)), ("opsbook/title", text(inert(&one_line(&step.title))))];
    annotations.extend(step.approval.as_ref().map(|approval| ("opsbook/approval", text(inert(&policy(approval))))));
    let head = |name: &str| {
        vec![("name".to_owned(), text(name)), ("metadata".into(), map([("annotations", map(annotations.clone()))]))]
    };
    match step.kind {
        StepKind::Approval => vec![gate(step, head(&asking(name))), decision(plan, step, head(name))],
        StepKind::Manual => vec![gate(step, head(name))],
        _ => vec![script_template(plan, step, head(name))],
    }
}

/// Fails where the gate before it was opened with another answer than `yes`: a refusal is a failure.
fn decision(plan: &Plan, step: &Step, mut head: Vec<(String, Value)>) -> Value {
    head.push(("inputs".into(), map([("parameters", list([map([("name", text("decision"))])]))])));
    let source = "[ \"$DECISION\" = yes ] || { echo 'refused'; exit 1; }\n";
    let given = [("DECISION".to_owned(), "decision".to_owned())];
    head.push(("script".into(), container(plan, step, &(opening(plan, step) + source), &given)));
    map(head)
}

/// How a script begins. It notes in the shared folder, below its environment, that it began, until it
/// has succeeded: what is undone may depend on where something failed.
fn opening(plan: &Plan, step: &Step) -> String {
    if undoing(plan) != Some(RollbackScope::Env) {
        return "set -euo pipefail\n".to_owned();
    }
    let folder = open_steps(step);
    format!(
        "set -euo pipefail\nmkdir -p {}\nopen={}\n: > \"$open\"\ntrap 'if [ $? -eq 0 ]; then rm -f \"$open\"; fi' EXIT\n",
        quote(&folder),
        quote(&format!("{folder}/{}", step.id)),
    )
}

fn open_steps(step: &Step) -> String {
    format!("{SHARED}/open/{}", step.env.as_deref().unwrap_or("-"))
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
    one_line(&parts.join(", "))
}

/// A gate waits without an end: a suspend with a duration would go on by itself.
fn gate(step: &Step, mut head: Vec<(String, Value)>) -> Value {
    head.push(("suspend".into(), map(Vec::<(String, Value)>::new())));
    if step.kind == StepKind::Approval {
        let choice = map([
            ("name", text("decision")),
            ("default", text("no")),
            ("enum", list([text("yes"), text("no")])),
            ("description", text(inert(&one_line(&step.title)))),
        ]);
        head.push(("inputs".into(), map([("parameters", list([choice]))])));
        let supplied =
            map([("name", text("decision")), ("valueFrom", map([("supplied", map(Vec::<(String, Value)>::new()))]))]);
        head.push(("outputs".into(), map([("parameters", list([supplied]))])));
    }
    map(head)
}

fn script_template(plan: &Plan, step: &Step, mut head: Vec<(String, Value)>) -> Value {
    let used = outputs_used(plan, step);
    if !used.is_empty() {
        let parameters = used.iter().map(|(variable, ..)| map([("name", text(variable.to_ascii_lowercase()))]));
        head.push(("inputs".into(), map([("parameters", list(parameters))])));
    }
    if !step.outputs.is_empty() {
        let parameters = step.outputs.iter().map(|key| {
            map([
                ("name", text(key)),
                ("valueFrom", map([("path", text(format!("/tmp/opsbook-{key}"))), ("default", text(""))])),
            ])
        });
        head.push(("outputs".into(), map([("parameters", list(parameters))])));
    }
    // A pod is one attempt: Argo repeats pods.
    if let Some(limit) = step.attempt_s().or(step.wait_s.map(|wait| wait + 600)) {
        head.push(("activeDeadlineSeconds".into(), text(limit.to_string())));
    }
    if let Some(retries) = &step.retries {
        head.push((
            "retryStrategy".into(),
            map([
                ("limit", text(retries.max.to_string())),
                ("retryPolicy", text("OnFailure")),
                ("backoff", map([("duration", text(format!("{}s", retries.backoff_s())))])),
            ]),
        ));
    }
    let given: Vec<(String, String)> =
        used.iter().map(|(variable, ..)| (variable.clone(), variable.to_ascii_lowercase())).collect();
    head.push(("script".into(), container(plan, step, &(opening(plan, step) + &source_of(step)), &given)));
    map(head)
}

fn undo_template(plan: &Plan, step: &Step, name: &str) -> Value {
    let undo = step.undo.as_ref().expect("only steps with an undo come here");
    let mark = format!("{SHARED}/{}", step.id);
    let folder = quote(&open_steps(step));
    let where_it_failed = match undoing(plan) {
        Some(RollbackScope::Env) => {
            format!("if [ -z \"$(ls -A {folder} 2>/dev/null)\" ]; then echo 'nothing failed here'; exit 0; fi\n")
        }
        _ => String::new(),
    };
    let source = format!(
        "set -euo pipefail\n{where_it_failed}if [ ! -f {mark} ]; then echo 'not begun'; exit 0; fi\nPREVIOUS_REVISION=$(cat {mark})\nexport \
         PREVIOUS_REVISION\n{}",
        format_args!("{}{}", function("undo", undo, undo.timeout_s), retry_loop("undo", undo.retries.as_ref(), "exit")),
        mark = quote(&mark),
    );
    let mut head = vec![("name".to_owned(), text(format!("undo-{name}")))];
    if let Some(limit) = undo.longest_s() {
        head.push(("activeDeadlineSeconds".into(), text(limit.to_string())));
    }
    head.push(("script".into(), container(plan, step, &source, &[])));
    map(head)
}

/// `given` are variables that hold an input parameter.
fn container(plan: &Plan, step: &Step, source: &str, given: &[(String, String)]) -> Value {
    let mut env: Vec<Value> = Vec::new();
    let mut variable = |name: &str, value: Value| env.push(map([("name", text(name)), ("value", value)]));
    for (name, value) in vars_of(plan, step) {
        variable(&name, text(inert(&value)));
    }
    variable("OPSBOOK_OUTPUT", text("/tmp/opsbook-output"));
    variable("RB_OUTPUT", text("/tmp/opsbook-output"));
    for (name, parameter) in given {
        variable(name, text(format!("{{{{inputs.parameters.{parameter}}}}}")));
    }
    for secret in &step.secrets {
        let name = secret.to_ascii_lowercase().replace('_', "-");
        let from = map([("secretKeyRef", map([("name", text(name)), ("key", text("value"))]))]);
        env.push(map([("name", text(secret)), ("valueFrom", from)]));
    }
    let source = match kubeconfig_of(plan, step) {
        Some(secret) => format!(
            "export KUBECONFIG=/tmp/kubeconfig\n(umask 077; printf '%s\\n' \"${secret}\" > \"$KUBECONFIG\")\n{source}"
        ),
        None => source.to_owned(),
    };
    map([
        ("image", text("{{workflow.parameters.image}}")),
        ("command", list([text("bash")])),
        ("env", list(env)),
        ("volumeMounts", list([map([("name", text("opsbook")), ("mountPath", text(SHARED))])])),
        ("source", text(inert(&source))),
    ])
}

fn source_of(step: &Step) -> String {
    if let Some(refusal) = refusal(step) {
        return refusal;
    }
    let scripts = scripts_of(step);
    let mut out = String::from(": > \"$OPSBOOK_OUTPUT\"\n");
    let mut mark = String::new();
    if step.undo.is_some() && step.writes() {
        let file = quote(&format!("{SHARED}/{}", step.id));
        let previous = previous_of(step).unwrap_or_else(|| "previous=''\n".to_owned());
        mark = format!("if [ ! -f {file} ]; then\n{previous}printf '%s\\n' \"$previous\" > {file}\nfi\n");
    }
    if step.kind == StepKind::Soak {
        if let Some(monitor) = scripts.monitor.or(scripts.until) {
            out.push_str(&function("monitor", monitor, monitor.timeout_s));
        }
        out.push_str(&soak_loop(step, &scripts));
    } else {
        out.push_str(&attempt(step, &scripts, &mark));
        out.push_str(&retry_loop("attempt", None, "exit"));
    }
    if !step.outputs.is_empty() {
        out.push_str(OUTPUT);
    }
    for key in &step.outputs {
        out.push_str(&format!("output \"$OPSBOOK_OUTPUT\" {key} > /tmp/opsbook-{key}\n"));
    }
    out
}

/// Argo replaces `{{…}}` in all text; an expression that yields two braces stands for them.
fn inert(value: &str) -> String {
    value.replace("{{", "{{='{' + '{'}}")
}

fn losses(plan: &Plan) -> Vec<super::Loss> {
    let mut losses = Losses::default();
    losses.of_all("the hash chain of the journal");
    lose_answers(&mut losses, plan);
    lose_language(&mut losses, plan);
    if !plan.secrets.is_empty() {
        losses.of_all("that secrets are taken out of what is shown");
    }
    if plan.groups.iter().any(|group| group.parallel > 1) {
        losses.of_all("how many of a group run at once");
    }
    for step in &plan.steps {
        if let Some(approval) = &step.approval {
            lose_approval(&mut losses, step, approval, true, true);
        }
        if step.kind == StepKind::Manual && step.evidence != Evidence::None {
            losses.of_step(step, "the evidence of a manual item");
        }
        if step.break_glass.is_some() {
            losses.of_step(step, "that breaking the glass is recorded and reviewed");
        }
        if step.expect.as_ref().is_some_and(|expect| expect.stdout_matches.is_some()) {
            losses.of_step(step, "what the output must match");
        }
        if step.writes() && !step.idempotent && step.check.is_none() {
            losses.of_step(step, "that a step which was cut off is in doubt");
        }
    }
    losses.into_sorted()
}
