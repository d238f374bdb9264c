//! One GitHub Actions workflow.
//!
//! Consecutive steps of one group, environment and kind are one job; a group per component is one
//! matrix job whose cells run one after the other. Each approval, and each run of manual items, is
//! a gate job with an environment of its own, so that its reviewers are asked once. Values reach
//! scripts through `env:` alone: no expression stands inside `run:`.

use super::script::{attempt, function, retry_loop, soak_loop};
use super::{
    CONTENT_MARK, Emitted, Losses, Scripts, exports, kubeconfig_of, lose_answers, lose_approval, lose_language,
    one_line, outputs_used, performed, previous_of, quote, refusal, scripts_of, sealed, vars_of,
};
use crate::plan::yaml::{Value, list, map, text, write};
use crate::plan::{Action, Evidence, Forbid, Impact, On, Plan, RollbackPolicy, RollbackScope, Shell, Step, StepKind};
use std::collections::{BTreeMap, BTreeSet};

const CHECKOUT: &str = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683";
const UPLOAD: &str = "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02";
const DOWNLOAD: &str = "actions/download-artifact@d3f86a106a0bac45b974a628896c90dbdf5c8093";

/// The variable through which a script comes that cannot stand inside `run:`, and how it is performed.
const SCRIPT: &str = "OPSBOOK_SCRIPT";
const PERFORM_SCRIPT: &str = "bash -euo pipefail <(printf '%s\\n' \"$OPSBOOK_SCRIPT\")";

/// Emits a bound plan as one workflow file.
pub fn emit_github(plan: &Plan) -> Emitted {
    let jobs = jobs_of(plan);
    let mut written: Vec<(String, Value)> = Vec::new();
    let gates: Vec<&Job<'_>> = jobs.iter().filter(|job| job.gate).collect();
    if !gates.is_empty() {
        written.push(("preflight".into(), preflight(plan, &gates)));
    }
    for (at, job) in jobs.iter().enumerate() {
        let needs = needs_of(&jobs, at, !gates.is_empty());
        let value = if job.gate { gate_job(plan, job, &needs) } else { run_job(plan, job, &needs) };
        written.push((job.id.clone(), value));
    }
    written.extend(rollback_jobs(plan, &jobs));
    let title = one_line(plan.title.as_deref().unwrap_or(&plan.runbook));
    let workflow = map([
        ("name", text(title.clone())),
        ("run-name", text(format!("{title} ({})", plan.short_hash()))),
        ("on", map([("workflow_dispatch", map(Vec::<(String, Value)>::new()))])),
        ("permissions", map(Vec::<(String, Value)>::new())),
        (
            "concurrency",
            map([("group", text(format!("runbook-{}", plan.runbook))), ("cancel-in-progress", Value::Bool(false))]),
        ),
        ("defaults", map([("run", map([("shell", text("bash"))]))])),
        ("jobs", map(written)),
    ]);
    let comments = [
        format!("runbook: {}, plan: {}", plan.runbook, plan.hash),
        CONTENT_MARK.to_owned(),
        "Emitted by opsbook; change the runbook and emit again instead of editing this file.".to_owned(),
        "Pinned: actions/checkout v4.2.2, actions/upload-artifact v4.6.2, actions/download-artifact v4.3.0.".to_owned(),
    ];
    let mut notes: Vec<String> = comments.to_vec();
    for job in &gates {
        notes.push(format!(
            "Environment `{}` needs required reviewers: `opsbook emit github --setup FILE` writes a script for them.",
            environment_of(plan, job)
        ));
    }
    Emitted { text: sealed(&write(&notes, &workflow)), lost: losses(plan) }
}

/// Steps that are one job.
pub(super) struct Job<'p> {
    id: String,
    /// Whether people are waited for.
    pub(super) gate: bool,
    /// One list of steps per component, or a single list.
    cells: Vec<Vec<&'p Step>>,
}

impl<'p> Job<'p> {
    pub(super) fn steps(&self) -> impl Iterator<Item = &'p Step> + use<'p, '_> {
        self.cells.iter().flatten().copied()
    }

    pub(super) fn first(&self) -> &'p Step {
        self.cells[0][0]
    }
}

pub(super) fn jobs_of(plan: &Plan) -> Vec<Job<'_>> {
    let each = |step: &Step| cell_of(plan, step).is_some();
    let mut jobs: Vec<Job<'_>> = Vec::new();
    for step in &plan.steps {
        let gate = !performed(step);
        let joins = jobs.last().is_some_and(|job| {
            let first = job.first();
            let one_gate = gate && first.kind == StepKind::Manual && step.kind == StepKind::Manual;
            job.gate == gate
                && first.group_id == step.group_id
                && (one_gate || !gate && first.env == step.env && each(first) == each(step))
                && step.needs.iter().all(|need| need.on == On::Success)
        });
        if !joins {
            let name = match (&step.group_id, gate) {
                (Some(group), false) => group.clone(),
                _ => step.id.clone(),
            };
            let id = job_id(&name, &jobs);
            jobs.push(Job { id, gate, cells: vec![Vec::new()] });
        }
        let job = jobs.last_mut().expect("one was pushed where there was none");
        let cell = job.cells.last().expect("a job has a cell");
        let new_cell = each(step) && cell.last().is_some_and(|last: &&Step| cell_of(plan, last) != cell_of(plan, step));
        if new_cell {
            match job.cells.iter_mut().find(|cell| cell_of(plan, cell[0]) == cell_of(plan, step)) {
                Some(cell) => cell.push(step),
                None => job.cells.push(vec![step]),
            }
        } else {
            job.cells.last_mut().expect("a job has a cell").push(step);
        }
    }
    jobs
}

/// The cell of a matrix that a step belongs to: what its group is repeated for.
fn cell_of<'s>(plan: &Plan, step: &'s Step) -> Option<&'s str> {
    let group = plan.groups.iter().find(|group| Some(&group.id) == step.group_id.as_ref())?;
    let part = group.repetition(&step.id)?;
    Some(step.component.as_deref().filter(|_| group.list.is_none()).unwrap_or(part))
}

/// A job's id: letters, digits, `-` and `_`, and no id twice.
fn job_id(name: &str, jobs: &[Job<'_>]) -> String {
    let base: String = name.chars().map(|ch| if ch.is_ascii_alphanumeric() { ch } else { '-' }).collect();
    let taken = |id: &str| id == "preflight" || jobs.iter().any(|job| job.id == id);
    let mut id = base.clone();
    let mut number = 2;
    while taken(&id) {
        id = format!("{base}-{number}");
        number += 1;
    }
    id
}

/// The jobs that a job waits for, and how they must have ended.
fn needs_of(jobs: &[Job<'_>], at: usize, preflight: bool) -> (Vec<String>, Option<String>) {
    let home: BTreeMap<&str, usize> =
        jobs.iter().enumerate().flat_map(|(at, job)| job.steps().map(move |step| (step.id.as_str(), at))).collect();
    let mut needed = BTreeSet::new();
    let mut terms: BTreeMap<usize, &str> = BTreeMap::new();
    let mut plain = true;
    for need in jobs[at].steps().flat_map(|step| &step.needs) {
        let Some(other) = home.get(need.step.as_str()).filter(|other| **other != at) else {
            continue;
        };
        needed.insert(*other);
        plain &= need.on == On::Success;
        match need.on {
            On::Success => drop(terms.insert(*other, "success")),
            On::Failure => drop(terms.insert(*other, "failure")),
            On::Done => {}
        }
    }
    let mut ids: Vec<String> = needed.iter().map(|other| jobs[*other].id.clone()).collect();
    if ids.is_empty() && preflight {
        ids.push("preflight".into());
    }
    // By itself a job waits for the success of all; any other wish says what is wanted of each.
    let condition = (!plain).then(|| {
        let terms = terms.iter().map(|(other, result)| format!(" && needs.{}.result == '{result}'", jobs[*other].id));
        format!("always(){}", terms.collect::<String>())
    });
    (ids, condition)
}

pub(super) fn environment_of(plan: &Plan, job: &Job<'_>) -> String {
    format!("{}-{}", plan.runbook, job.id)
}

fn job_head(name: &str, needs: &(Vec<String>, Option<String>)) -> Vec<(String, Value)> {
    let mut head = vec![("name".to_owned(), text(one_line(name))), ("runs-on".to_owned(), text("ubuntu-24.04"))];
    if !needs.0.is_empty() {
        head.push(("needs".into(), list(needs.0.iter().map(text))));
    }
    if let Some(condition) = &needs.1 {
        head.push(("if".into(), text(condition)));
    }
    head
}

fn gate_job(plan: &Plan, job: &Job<'_>, needs: &(Vec<String>, Option<String>)) -> Value {
    let first = job.first();
    let mut body = job_head(&first.title, needs);
    body.push(("permissions".into(), map(Vec::<(String, Value)>::new())));
    body.push(("timeout-minutes".into(), Value::from(5)));
    body.push(("environment".into(), map([("name", text(environment_of(plan, job)))])));
    let lines: Vec<String> = job.steps().map(|step| format!("- {} ({})", one_line(&step.title), step.id)).collect();
    let run = "printf '%s\\n\\n%s\\n' \"$HEADING\" \"$ITEMS\" >> \"$GITHUB_STEP_SUMMARY\"";
    let heading = if first.kind == StepKind::Approval { "Approved" } else { "Done by hand" };
    body.push((
        "steps".into(),
        list([map([
            ("name", text("Record it")),
            ("env", map([("HEADING", text(heading)), ("ITEMS", text(lines.join("\n")))])),
            ("run", text(run)),
        ])]),
    ));
    map(body)
}

/// Reads the settings of each gate's environment, and fails where nobody would be asked.
fn preflight(plan: &Plan, gates: &[&Job<'_>]) -> Value {
    let script = "failed=0\nwhile read -r name apart; do\n  rules=$(gh api \"repos/$REPOSITORY/environments/$name\" 2>/dev/null || \
                  echo '{}')\n  if ! jq -e '[.protection_rules[]? | select(.type == \"required_reviewers\")] | length > 0' \
                  <<<\"$rules\" >/dev/null; then\n    echo \"::error::environment $name has no required reviewers\"\n    \
                  failed=1\n  fi\n  if [ \"$apart\" = apart ] && ! jq -e '[.protection_rules[]? | \
                  select(.prevent_self_review == true)] | length > 0' <<<\"$rules\" >/dev/null; then\n    echo \
                  \"::error::environment $name lets whoever starts the run approve it\"\n    failed=1\n  fi\ndone \
                  <<<\"$GATES\"\nexit \"$failed\"";
    let lines: Vec<String> = gates
        .iter()
        .map(|job| {
            let apart = job
                .steps()
                .any(|step| step.approval.as_ref().is_some_and(|approval| approval.forbid.contains(&Forbid::Runner)));
            format!("{} {}", environment_of(plan, job), if apart { "apart" } else { "any" })
        })
        .collect();
    let env = [
        ("GH_TOKEN", text("${{ github.token }}")),
        ("REPOSITORY", text("${{ github.repository }}")),
        ("GATES", text(lines.join("\n"))),
    ];
    map([
        ("name", text("The gates ask somebody")),
        ("runs-on", text("ubuntu-24.04")),
        ("permissions", map([("actions", text("read"))])),
        ("timeout-minutes", Value::from(5)),
        ("steps", list([map([("name", text("Read the environments")), ("env", map(env)), ("run", text(script))])])),
    ])
}

fn run_job(plan: &Plan, job: &Job<'_>, needs: &(Vec<String>, Option<String>)) -> Value {
    let first = job.first();
    let name = first.group.as_deref().unwrap_or(&first.title);
    let name = if job.cells.len() > 1 { format!("{name} (${{{{ matrix.component }}}})") } else { name.to_owned() };
    let mut body = job_head(&name, needs);
    body.push(("permissions".into(), map([("contents", text("read"))])));
    let minutes: u64 = job.cells.iter().map(|cell| cell.iter().map(|step| minutes_of(step)).sum()).max().unwrap_or(1);
    body.push(("timeout-minutes".into(), Value::from((minutes + 5).min(360))));
    if let Some(env) = &first.env {
        body.push(("environment".into(), map([("name", text(env))])));
    }
    let undoable = job.steps().any(|step| step.undo.is_some() && step.writes());
    let outputs = job.steps().flat_map(|step| step.outputs.iter().map(move |key| (step, key)));
    let outputs: Vec<(String, Value)> = outputs
        .filter(|_| job.cells.len() == 1)
        .map(|(step, key)| {
            let id = step_id(step);
            (format!("{id}_{key}"), text(format!("${{{{ steps.{id}.outputs.{key} }}}}")))
        })
        .collect();
    if !outputs.is_empty() {
        body.push(("outputs".into(), map(outputs)));
    }
    // What differs between the cells of a step stands in the matrix, and reaches it through `env`.
    let rows: Vec<Vec<Row<'_>>> =
        job.cells.iter().map(|cell| cell.iter().map(|step| row(plan, step)).collect()).collect();
    if job.cells.len() > 1 {
        body.push(("strategy".into(), strategy(plan, job, &rows)));
    }
    let checkout = map([
        ("name", text("Check out the repository")),
        ("uses", text(CHECKOUT)),
        ("with", map([("persist-credentials", Value::Bool(false))])),
    ]);
    let mut steps = vec![checkout];
    for (position, row) in rows[0].iter().enumerate() {
        let others: Vec<&Row<'_>> = rows.iter().skip(1).filter_map(|cell| cell.get(position)).collect();
        steps.push(step_value(plan, job, row, &others));
    }
    if undoable {
        let suffix = if job.cells.len() > 1 { "-${{ matrix.component }}" } else { "" };
        steps.push(map([
            ("name", text("Keep what a rollback needs")),
            ("if", text("always()")),
            ("uses", text(UPLOAD)),
            (
                "with",
                map([
                    ("name", text(format!("opsbook-{}{suffix}", job.id))),
                    ("path", text("${{ runner.temp }}/opsbook")),
                    ("if-no-files-found", text("ignore")),
                    ("include-hidden-files", Value::Bool(false)),
                ]),
            ),
        ]));
    }
    body.push(("steps".into(), list(steps)));
    map(body)
}

/// A step of a job as its parts: the variables, and the script around its scripts.
struct Row<'p> {
    step: &'p Step,
    env: BTreeMap<String, String>,
    script: String,
}

fn row<'p>(plan: &Plan, step: &'p Step) -> Row<'p> {
    Row { step, env: vars_of(plan, step), script: step_script(step) }
}

fn strategy(plan: &Plan, job: &Job<'_>, rows: &[Vec<Row<'_>>]) -> Value {
    let group = plan.groups.iter().find(|group| Some(&group.id) == job.first().group_id.as_ref());
    let include = rows.iter().map(|cell| {
        let mut entry = vec![("component".to_owned(), text(cell_of(plan, cell[0].step).unwrap_or("-")))];
        for (position, row) in cell.iter().enumerate() {
            let others = rows.iter().filter_map(|cell| cell.get(position));
            let others: Vec<&Row<'_>> = others.collect();
            for (name, value) in &row.env {
                if others.iter().any(|other| other.env.get(name) != Some(value)) {
                    entry.push((matrix_key(row.step, name), text(escaped(value))));
                }
            }
            if others.iter().any(|other| other.script != row.script) {
                entry.push((matrix_key(row.step, "SCRIPT"), text(escaped(&row.script))));
            }
        }
        map(entry)
    });
    let mut strategy = vec![("fail-fast", Value::Bool(true))];
    match group.map_or(1, |group| group.parallel) {
        0 => {}
        parallel => strategy.push(("max-parallel", Value::from(parallel))),
    }
    strategy.push(("matrix", map([("include", list(include))])));
    map(strategy)
}

fn matrix_key(step: &Step, name: &str) -> String {
    format!("{}_{}", step.item.replace('-', "_"), name.to_ascii_lowercase())
}

fn step_value(plan: &Plan, job: &Job<'_>, row: &Row<'_>, others: &[&Row<'_>]) -> Value {
    let step = row.step;
    let mut env: Vec<(String, Value)> = Vec::new();
    for (name, value) in &row.env {
        let differs = others.iter().any(|other| other.env.get(name) != Some(value));
        let value = if differs { format!("${{{{ matrix.{} }}}}", matrix_key(step, name)) } else { escaped(value) };
        env.push((name.clone(), text(value)));
    }
    for (variable, earlier, key) in outputs_used(plan, step) {
        let earlier = plan.step(&earlier).expect("outputs are those of steps of the plan");
        let here = job.steps().any(|other| other.id == earlier.id);
        let id = step_id(earlier);
        let from = if here {
            format!("${{{{ steps.{id}.outputs.{key} }}}}")
        } else {
            let home = jobs_of(plan).into_iter().find(|job| job.steps().any(|other| other.id == earlier.id));
            format!("${{{{ needs.{}.outputs.{id}_{key} }}}}", home.map_or_else(String::new, |job| job.id))
        };
        env.push((variable, text(from)));
    }
    for secret in &step.secrets {
        env.push((secret.clone(), text(format!("${{{{ secrets.{secret} }}}}"))));
    }
    let mut run = String::from("set -euo pipefail\n");
    run.push_str("export OPSBOOK_OUTPUT=$GITHUB_OUTPUT RB_OUTPUT=$GITHUB_OUTPUT\n");
    if let Some(secret) = kubeconfig_of(plan, step) {
        run.push_str(&format!(
            "export KUBECONFIG=$RUNNER_TEMP/kubeconfig\n(umask 077; if [ -f \"${secret}\" ]; then cat \"${secret}\"; else \
             printf '%s\\n' \"${secret}\"; fi > \"$KUBECONFIG\")\n"
        ));
    }
    if others.iter().any(|other| other.script != row.script) {
        env.push((SCRIPT.into(), text(format!("${{{{ matrix.{} }}}}", matrix_key(step, "SCRIPT")))));
        run.push_str(PERFORM_SCRIPT);
    } else {
        run.push_str(&performing(&row.script, &mut env));
    }
    map([
        ("name", text(one_line(&step.title))),
        ("id", text(step_id(step))),
        ("timeout-minutes", Value::from(minutes_of(step))),
        ("env", map(env)),
        ("run", text(run)),
    ])
}

/// The id of a step inside its job: the same in every cell.
fn step_id(step: &Step) -> String {
    step.item.replace(|ch: char| !ch.is_ascii_alphanumeric(), "_")
}

/// `${{` in a value would be an expression; an expression that yields it is not.
fn escaped(value: &str) -> String {
    value.replace("${{", "${{ '${{' }}")
}

/// What `run:` has to do to perform a script. A script with `${{` in it, which GitHub would take for
/// an expression, comes through the environment instead: its bytes stay what they were.
fn performing(script: &str, env: &mut Vec<(String, Value)>) -> String {
    if !script.contains("${{") {
        return script.to_owned();
    }
    env.push((SCRIPT.into(), text(escaped(script))));
    PERFORM_SCRIPT.to_owned()
}

fn minutes_of(step: &Step) -> u64 {
    step.longest_s().unwrap_or(6 * 3600).div_ceil(60).clamp(1, 360)
}

/// The script of a step: check, what a rollback must know, tries, verification.
fn step_script(step: &Step) -> String {
    if let Some(refusal) = refusal(step) {
        return refusal;
    }
    let scripts: Scripts<'_> = scripts_of(step);
    let mut out = String::new();
    let mut mark = String::new();
    if step.undo.is_some() && step.writes() {
        let file = "\"$RUNNER_TEMP/opsbook/$OPSBOOK_STEP\"";
        mark.push_str(&format!("mkdir -p \"$RUNNER_TEMP/opsbook\"\nif [ ! -f {file} ]; then\n"));
        mark.push_str(&previous_of(step).unwrap_or_else(|| "previous=''\n".to_owned()));
        mark.push_str(&format!("printf '%s\\n' \"$previous\" > {file}\nfi\n"));
    }
    if step.kind == StepKind::Soak {
        if let Some(monitor) = scripts.monitor.or(scripts.until) {
            out.push_str(&function("monitor", monitor, monitor.timeout_s));
        }
        out.push_str(&soak_loop(step, &scripts));
        return out;
    }
    let Some(main) = &scripts.main else {
        return out;
    };
    let wanted = step.expect.as_ref().and_then(|expect| expect.exit).unwrap_or(0);
    let alone = scripts.check.is_none() && scripts.verify.is_none() && step.retries.is_none() && wanted == 0;
    if alone && main.shell == Shell::Bash {
        out.push_str(&mark);
        out.push_str(&plain(main));
        return out;
    }
    out.push_str(&attempt(step, &scripts, &mark));
    out.push_str(&retry_loop("attempt", step.retries.as_ref(), "exit"));
    out
}

/// A script of bash as it is, in its folder.
fn plain(action: &Action) -> String {
    let cd = action.cwd.as_ref().map(|cwd| format!("cd {}\n", quote(cwd))).unwrap_or_default();
    cd + &exports(action) + &action.script
}

/// One job an environment that undoes, in the reverse order, what the artifacts say was begun. With
/// `scope: env` a failure in the environment starts it, with `scope: all` any failure; there, one
/// environment is undone after the other, the last one that was changed first, until one fails.
fn rollback_jobs(plan: &Plan, jobs: &[Job<'_>]) -> Vec<(String, Value)> {
    let policy = plan.on_failure.as_ref().filter(|policy| policy.rollback == RollbackPolicy::Reverse);
    let Some(policy) = policy else { return Vec::new() };
    let everywhere = policy.scope == RollbackScope::All;
    let undoable = |step: &&Step| step.undo.is_some() && step.writes();
    let mut by_env: BTreeMap<Option<&str>, Vec<&Step>> = BTreeMap::new();
    for step in plan.steps.iter().filter(undoable) {
        by_env.entry(step.env.as_deref()).or_default().push(step);
    }
    let of_env = |env: Option<&str>| {
        let jobs = jobs.iter().filter(move |job| everywhere || !job.gate && job.first().env.as_deref() == env);
        jobs.map(|job| job.id.clone()).collect::<Vec<String>>()
    };
    let mut order: Vec<(Option<&str>, Vec<&Step>)> = by_env.into_iter().collect();
    if everywhere {
        let last =
            |steps: &[&Step]| plan.steps.iter().rposition(|step| steps.last().is_some_and(|it| it.id == step.id));
        order.sort_by_key(|(_, steps)| std::cmp::Reverse(last(steps)));
    }
    let id_of = |env: Option<&str>| {
        let name = env.unwrap_or("the rest");
        format!("rollback-{}", name.replace(|ch: char| !ch.is_ascii_alphanumeric(), "-"))
    };
    let mut before: Option<String> = None;
    order
        .into_iter()
        .map(|(env, steps)| {
            let mut needed = of_env(env);
            let name = env.unwrap_or("the rest");
            let failed: Vec<String> = needed.iter().map(|job| format!("needs.{job}.result == 'failure'")).collect();
            let mut condition = format!("always() && ({})", failed.join(" || "));
            let id = id_of(env);
            if let Some(before) = before.replace(id.clone()).filter(|_| everywhere) {
                condition.push_str(&format!(" && needs.{before}.result == 'success'"));
                needed.push(before);
            }
            let mut body = vec![
                ("name".to_owned(), text(format!("Undo in {name}"))),
                ("runs-on".into(), text("ubuntu-24.04")),
                ("needs".into(), list(needed.iter().map(text))),
                ("if".into(), text(condition)),
                ("permissions".into(), map([("contents", text("read"))])),
                ("timeout-minutes".into(), Value::from(120)),
            ];
            if let Some(env) = env {
                body.push(("environment".into(), map([("name", text(env))])));
            }
            let mut written = vec![
                map([
                    ("name", text("Check out the repository")),
                    ("uses", text(CHECKOUT)),
                    ("with", map([("persist-credentials", Value::Bool(false))])),
                ]),
                map([
                    ("name", text("Fetch what was begun")),
                    ("uses", text(DOWNLOAD)),
                    (
                        "with",
                        map([
                            ("pattern", text("opsbook-*")),
                            ("path", text("${{ runner.temp }}/opsbook")),
                            ("merge-multiple", Value::Bool(true)),
                        ]),
                    ),
                ]),
            ];
            written.extend(steps.iter().rev().map(|step| undo_value(plan, step)));
            body.push(("steps".into(), list(written)));
            (id, map(body))
        })
        .collect()
}

fn undo_value(plan: &Plan, step: &Step) -> Value {
    let undo = step.undo.as_ref().expect("only steps with an undo come here");
    let mut env: Vec<(String, Value)> =
        vars_of(plan, step).into_iter().map(|(name, value)| (name, text(escaped(&value)))).collect();
    env.extend(step.secrets.iter().map(|name| (name.clone(), text(format!("${{{{ secrets.{name} }}}}")))));
    let mut run = format!(
        "set -euo pipefail\nmark=$RUNNER_TEMP/opsbook/{}\nif [ ! -f \"$mark\" ]; then echo \"not begun\"; exit 0; \
         fi\nPREVIOUS_REVISION=$(cat \"$mark\")\nexport PREVIOUS_REVISION\n",
        quote(&step.id)
    );
    if let Some(secret) = kubeconfig_of(plan, step) {
        run.push_str(&format!(
            "export KUBECONFIG=$RUNNER_TEMP/kubeconfig\n(umask 077; printf '%s\\n' \"${secret}\" > \"$KUBECONFIG\")\n"
        ));
    }
    let script = match (undo.shell, &undo.retries) {
        (Shell::Bash, None) => plain(undo),
        _ => function("undo", undo, undo.timeout_s) + &retry_loop("undo", undo.retries.as_ref(), "exit"),
    };
    run.push_str(&performing(&script, &mut env));
    map([
        ("name", text(one_line(&format!("Undo {}", step.id)))),
        ("timeout-minutes", Value::from(undo.timeout_s.unwrap_or(3600).div_ceil(60).clamp(1, 360))),
        ("env", map(env)),
        ("run", text(run)),
    ])
}

fn losses(plan: &Plan) -> Vec<super::Loss> {
    let mut losses = Losses::default();
    losses.of_all("the hash chain of the journal");
    lose_answers(&mut losses, plan);
    lose_language(&mut losses, plan);
    losses.of_all("that a third run waits: a run that is queued is cancelled by the next");
    if plan.groups.iter().any(|group| group.parallel != 1 && group.each.is_none()) {
        losses.of_all("that steps of a group run side by side");
    }
    for step in &plan.steps {
        if let Some(approval) = &step.approval {
            lose_approval(&mut losses, step, approval, true, true);
        }
        if step.kind == StepKind::Manual && step.evidence != Evidence::None {
            losses.of_step(step, "the evidence of a manual item");
        }
        if matches!(step.impact, Some(Impact::Write | Impact::Destroy)) && !step.idempotent && step.check.is_none() {
            losses.of_step(step, "that a step which was cut off is in doubt");
        }
        if step.break_glass.is_some() {
            losses.of_step(step, "that breaking the glass is recorded and reviewed");
        }
        if cell_of(plan, step).is_some() && !step.outputs.is_empty() {
            losses.of_step(step, "outputs per component: those of a matrix collapse to one");
        }
        if step.expect.as_ref().is_some_and(|expect| expect.stdout_matches.is_some()) {
            losses.of_step(step, "what the output must match");
        }
        if step.wait_s.is_some_and(|wait| wait > 6 * 3600) {
            losses.of_step(step, "a soak longer than the six hours of a job");
        }
    }
    losses.into_sorted()
}
