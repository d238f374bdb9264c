//! One GitHub Actions workflow.
//!
//! Steps of one group and environment that follow one another are one job. Each approval, and each run of
//! manual items, is a gate job with an environment of its own, so that its reviewers are asked once. A step
//! performs the program of `frame.sh`; what other jobs must know of it goes through artifacts. No
//! expression stands inside `run:`.

use super::law::{Duty, Formula, How, Law, Proof};
use super::program::{Dialect, FRAME, text_of};
use super::{
    CONTENT_MARK, Emitted, Losses, MARGIN_S, Options, lose_of_all_targets, lose_of_workflows, one_line, sealed,
};
use crate::plan::yaml::{Value, list, map, text, write};
use crate::plan::{Forbid, Plan, RollbackScope, Step, StepKind};
use std::collections::BTreeSet;

const CHECKOUT: &str = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683";
const UPLOAD: &str = "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02";
const DOWNLOAD: &str = "actions/download-artifact@d3f86a106a0bac45b974a628896c90dbdf5c8093";

/// GitHub evaluates this in all text.
const GITHUB: Dialect = Dialect { apart: &["${{"] };

/// What a job does around its steps.
const AROUND: &str = include_str!("github.sh");

/// How every program begins: with the functions that it is written with.
const OPENING: &str = "eval \"$OPSBOOK_FRAME\"\n";

/// The longest that a job may take.
const JOB_MINUTES: u64 = 360;

/// Emits a bound plan as one workflow file.
pub fn emit_github(plan: &Plan, options: &Options) -> Emitted {
    let law = Law::of(plan);
    let flow = Flow::of(&law, options);
    let mut written: Vec<(String, Value)> = Vec::new();
    let gates: Vec<&Job> = flow.jobs.iter().filter(|job| job.gate).collect();
    if !gates.is_empty() {
        written.push(("preflight".into(), preflight(&law, &gates)));
    }
    for (at, job) in flow.jobs.iter().enumerate() {
        let mut needs = flow.needs_of(at);
        if job.gate && flow.duty(job).wanted.is_some() {
            let id = asking(job);
            written.push((id.clone(), flow.asking_job(job, &needs)));
            needs = (vec![id.clone()], Some(format!("needs.{id}.outputs.wanted == 'yes'")));
        }
        let value = if job.gate { flow.gate_job(job, &needs) } else { flow.run_job(job, &needs) };
        written.push((job.id.clone(), value));
    }
    written.extend(flow.rollback_jobs());
    let title = one_line(plan.title.as_deref().unwrap_or(&plan.runbook));
    let glass = text("Why the glass is broken, where staging has not proven a change (STEP=REASON, or a reason)");
    let inputs = map([("break_glass", map([("description", glass), ("type", text("string")), ("default", text(""))]))]);
    let dispatch =
        if law.duties.iter().any(Duty::has_glass) { vec![("inputs".to_owned(), inputs)] } else { Vec::new() };
    let workflow = map([
        ("name", text(title.clone())),
        ("run-name", text(format!("{title} ({})", plan.short_hash()))),
        ("on", map([("workflow_dispatch", map(dispatch))])),
        ("permissions", map(Vec::<(String, Value)>::new())),
        (
            "concurrency",
            map([("group", text(format!("runbook-{}", plan.runbook))), ("cancel-in-progress", Value::Bool(false))]),
        ),
        ("defaults", map([("run", map([("shell", text("bash"))]))])),
        ("env", map([("OPSBOOK_FRAME", text(format!("{}{}", text_of(FRAME), text_of(AROUND))))])),
        ("jobs", map(written)),
    ]);
    let mut notes = vec![
        format!("runbook: {}, plan: {}", plan.runbook, plan.hash),
        CONTENT_MARK.to_owned(),
        "Emitted by opsbook; change the runbook and emit again instead of editing this file.".to_owned(),
        "Pinned: actions/checkout v4.2.2, actions/upload-artifact v4.6.2, actions/download-artifact v4.3.0.".to_owned(),
    ];
    for job in &gates {
        notes.push(format!(
            "Environment `{}` needs required reviewers: `opsbook emit github --setup FILE` writes a script for them.",
            environment_of(plan, job)
        ));
    }
    Emitted { text: sealed(&write(&notes, &workflow)), lost: losses(&law, &flow.jobs) }
}

/// Steps that are one job.
pub(super) struct Job {
    pub(super) id: String,
    /// Whether people are waited for.
    pub(super) gate: bool,
    /// The steps by place.
    pub(super) steps: Vec<usize>,
}

/// A plan as jobs.
pub(super) struct Flow<'l, 'p> {
    law: &'l Law<'p>,
    options: &'l Options,
    pub(super) jobs: Vec<Job>,
    /// The job of each step.
    home: Vec<usize>,
    /// Whether the default condition of each job is right: nothing before it may fail and be answered.
    plain: Vec<bool>,
    /// Whether each job must know about steps of others.
    informed: Vec<bool>,
    /// The steps that other jobs must know about.
    asked: BTreeSet<usize>,
}

impl<'l, 'p> Flow<'l, 'p> {
    pub(super) fn of(law: &'l Law<'p>, options: &'l Options) -> Flow<'l, 'p> {
        let jobs = jobs_of(law);
        let mut home = vec![0; law.duties.len()];
        for (at, job) in jobs.iter().enumerate() {
            job.steps.iter().for_each(|step| home[*step] = at);
        }
        let mut flow =
            Flow { law, options, jobs, home, plain: Vec::new(), informed: Vec::new(), asked: BTreeSet::new() };
        for at in 0..flow.jobs.len() {
            let waits = |step: &usize| flow.law.duties[*step].waits.iter();
            let outside = flow.jobs[at].steps.iter().flat_map(waits).filter(|wait| flow.home[wait.step] != at);
            let plain = outside.into_iter().all(|wait| {
                wait.how == How::Well && !law.may_be_idle(wait.step) && flow.plain[flow.home[wait.step]] && {
                    let waited = &law.duties[wait.step];
                    waited.is_performed() || waited.wanted.is_none()
                }
            });
            flow.plain.push(plain);
        }
        // Where a step may stop the run for a person, the jobs that a failure does not keep must know.
        let halting = law.duties.iter().filter(|duty| duty.may_halt()).map(|duty| duty.at);
        let halting: BTreeSet<usize> = halting.collect();
        for (at, job) in flow.jobs.iter().enumerate() {
            let mut asked: BTreeSet<usize> = BTreeSet::new();
            for duty in job.steps.iter().map(|step| &law.duties[*step]) {
                asked.extend(duty.outputs.iter().map(|(_, writer, _)| law.place(writer)));
                asked.extend(duty.asks().iter().map(|step| law.place(step)));
                if let Proof::Asked { of, .. } = &duty.proof {
                    asked.extend(of.iter().map(|(step, _)| *step));
                }
            }
            if !flow.plain[at] {
                asked.extend(&halting);
            }
            asked.retain(|step| flow.home[*step] != at);
            flow.informed.push(!asked.is_empty());
            flow.asked.extend(asked);
        }
        if law.undoing.is_some() {
            flow.asked.extend(halting);
        }
        flow
    }

    fn duty(&self, job: &Job) -> &'l Duty<'p> {
        &self.law.duties[job.steps[0]]
    }

    fn duties(&self, job: &Job) -> impl Iterator<Item = &'l Duty<'p>> {
        job.steps.iter().map(|step| &self.law.duties[*step])
    }

    /// Whether the steps of a job are of interest to others.
    fn is_told(&self, job: &Job) -> bool {
        !job.gate && self.duties(job).any(|duty| duty.undoable || self.asked.contains(&duty.at))
    }

    /// The jobs that a job waits for, and how they must have ended.
    fn needs_of(&self, at: usize) -> (Vec<String>, Option<String>) {
        let waits = self.jobs[at].steps.iter().flat_map(|step| match self.law.ready(*step) {
            Formula::All(waits) => waits,
            formula => vec![formula],
        });
        let outside = |formula: &Formula| formula.steps().iter().any(|step| self.home[*step] != at);
        let waits: Vec<Formula> = waits.filter(outside).collect();
        let needed: BTreeSet<usize> = waits.iter().flat_map(Formula::steps).map(|step| self.home[step]).collect();
        let mut ids: Vec<String> = needed.iter().map(|job| self.jobs[*job].id.clone()).collect();
        for job in needed.iter().map(|job| &self.jobs[*job]).filter(|job| job.gate && self.duty(job).wanted.is_some()) {
            ids.push(asking(job));
        }
        let preflight = self.jobs.iter().any(|job| job.gate);
        if preflight && (ids.is_empty() || !self.plain[at]) {
            ids.push("preflight".into());
        }
        if self.plain[at] {
            return (ids, None);
        }
        let mut terms: Vec<String> = Vec::new();
        if preflight {
            terms.push("needs.preflight.result == 'success'".into());
        }
        for term in waits.iter().filter_map(|wait| self.condition(wait)) {
            if !terms.contains(&term) {
                terms.push(term);
            }
        }
        (ids, Some(terms.join(" && ")))
    }

    /// A formula as an expression; `None` where it holds of itself, as all jobs that are needed have ended.
    fn condition(&self, formula: &Formula) -> Option<String> {
        let result = |at: usize, result: &str| {
            let job = &self.jobs[self.home[at]];
            match (result, job.gate && self.duty(job).wanted.is_some()) {
                ("success", true) => format!(
                    "(needs.{id}.result == 'success' || needs.{id}.result == 'skipped' && needs.{}.result == 'success')",
                    asking(job),
                    id = job.id
                ),
                ("skipped", true) => format!("needs.{}.result == 'skipped'", asking(job)),
                _ => format!("needs.{}.result == '{result}'", job.id),
            }
        };
        let joined = |formulas: &[Formula], word: &str| {
            let terms: Option<Vec<String>> = formulas.iter().map(|formula| self.condition(formula)).collect();
            let terms = terms?;
            Some(if terms.len() == 1 { terms[0].clone() } else { format!("({})", terms.join(word)) })
        };
        match formula {
            Formula::Succeeded(at) => Some(result(*at, "success")),
            Formula::PassedOver(at) => Some(result(*at, "skipped")),
            Formula::Ended(_) => None,
            Formula::Not(inner) => match (&**inner, self.condition(inner)?) {
                (Formula::Succeeded(_), plain) if !plain.starts_with('(') => Some(plain.replace("==", "!=")),
                (_, inner) => Some(format!("!({inner})")),
            },
            Formula::All(inner) => {
                let terms: Vec<String> = inner.iter().filter_map(|formula| self.condition(formula)).collect();
                match terms.len() {
                    0 => None,
                    1 => terms.into_iter().next(),
                    _ => Some(format!("({})", terms.join(" && "))),
                }
            }
            Formula::Any(inner) => joined(inner, " || "),
        }
    }

    fn gate_job(&self, job: &Job, needs: &(Vec<String>, Option<String>)) -> Value {
        let first = self.duty(job).step;
        let mut body = job_head(&first.title, needs);
        body.push(("permissions".into(), map(Vec::<(String, Value)>::new())));
        body.push(("timeout-minutes".into(), Value::from(5)));
        body.push(("environment".into(), map([("name", text(environment_of(self.law.plan, job)))])));
        let line = |duty: &Duty<'_>| format!("- {} ({})", one_line(&duty.step.title), duty.step.id);
        let lines: Vec<String> = self.duties(job).map(line).collect();
        let run = "printf '%s\\n\\n%s\\n' \"$HEADING\" \"$ITEMS\" >> \"$GITHUB_STEP_SUMMARY\"";
        let heading = if first.kind == StepKind::Approval { "Approved" } else { "Done by hand" };
        body.push((
            "steps".into(),
            list([map([
                ("name", text("Record it")),
                ("env", map([("HEADING", text(heading)), ("ITEMS", text(escaped(&lines.join("\n"))))])),
                ("run", text(run)),
            ])]),
        ));
        map(body)
    }

    /// The job before a gate that says whether its condition holds.
    fn asking_job(&self, job: &Job, needs: &(Vec<String>, Option<String>)) -> Value {
        let duty = self.duty(job);
        let mut body = job_head(&format!("Whether it is wanted: {}", duty.step.title), needs);
        body.push(("permissions".into(), map(Vec::<(String, Value)>::new())));
        body.push(("timeout-minutes".into(), Value::from(5)));
        body.push(("outputs".into(), map([("wanted", text("${{ steps.ask.outputs.wanted }}"))])));
        let asking = || {
            let asking = GITHUB.under_condition(duty, "", "echo wanted=yes >>\"$GITHUB_OUTPUT\"\n");
            format!("id={}\n{asking}", GITHUB.quote(&duty.step.id))
        };
        let run = format!("{OPENING}{}", GITHUB.refusal(self.law, duty).unwrap_or_else(asking));
        let ask = map([("name", text("Ask for the condition")), ("id", text("ask")), ("run", text(run))]);
        body.push(("steps".into(), list([fetch(), ask])));
        map(body)
    }

    /// What people read of a job.
    fn name_of(&self, job: &Job) -> String {
        let first = self.duty(job).step;
        let alone = self.jobs.iter().filter(|other| !other.gate && self.duty(other).step.group_id == first.group_id);
        let name = match &first.group {
            Some(group) if alone.count() == 1 => group.clone(),
            Some(group) => format!("{group}: {}", first.title),
            None => first.title.clone(),
        };
        match &first.component {
            Some(component) if first.group.is_some() => format!("{name} ({component})"),
            _ => name,
        }
    }

    fn run_job(&self, job: &Job, needs: &(Vec<String>, Option<String>)) -> Value {
        let first = self.duty(job).step;
        let mut body = job_head(&self.name_of(job), needs);
        body.push(("permissions".into(), map([("contents", text("read"))])));
        let minutes: u64 = self.duties(job).map(minutes_of).sum();
        body.push(("timeout-minutes".into(), Value::from((minutes + 5).min(JOB_MINUTES))));
        if let Some(env) = &first.env {
            body.push(("environment".into(), map([("name", text(env))])));
        }
        let mut steps = vec![checkout()];
        if self.informed[self.home[job.steps[0]]] {
            steps.push(fetch());
        }
        let told = self.is_told(job);
        let duties: Vec<&Duty<'_>> = self.duties(job).collect();
        let mut parts = 0;
        for (position, duty) in duties.iter().enumerate() {
            steps.push(self.step_value(duty));
            let next = duties.get(position + 1);
            // Whatever is lost with a runner, of each change it is known whether it was begun.
            if next.is_some_and(|next| duty.undoable || next.undoable) {
                parts += 1;
                let condition = format!("always() && steps.{}.outcome != 'skipped'", step_id(duty.step));
                steps.push(upload(&format!("opsbook-{}-{parts}", job.id), &condition));
            }
        }
        if told {
            steps.push(upload(&format!("opsbook-{}", job.id), "always()"));
        }
        body.push(("steps".into(), list(steps)));
        map(body)
    }

    fn step_value(&self, duty: &Duty<'_>) -> Value {
        let run = GITHUB.refusal(self.law, duty).unwrap_or_else(|| GITHUB.performance(self.law, duty));
        let mut env = self.variables(duty);
        if duty.has_glass() {
            env.push(("OPSBOOK_BREAK_GLASS".into(), text("${{ inputs.break_glass }}")));
        }
        let mut entries = vec![
            ("name".to_owned(), text(escaped(&one_line(&duty.step.title)))),
            ("id".into(), text(step_id(duty.step))),
            ("timeout-minutes".into(), Value::from(minutes_of(duty))),
        ];
        if !env.is_empty() {
            entries.push(("env".into(), map(env)));
        }
        entries.push(("run".into(), text(format!("{OPENING}{run}"))));
        map(entries)
    }

    /// What a program finds in its surroundings.
    fn variables(&self, duty: &Duty<'_>) -> Vec<(String, Value)> {
        let named = self.options.pass_env.iter().map(|name| (name.clone(), text(format!("${{{{ vars.{name} }}}}"))));
        let mut env: Vec<(String, Value)> = named.collect();
        let secrets = self.law.plan.secrets.iter().map(String::as_str);
        for name in secrets.filter(|name| duty.secrets.contains(name) || duty.kubeconfig == Some(*name)) {
            env.push((name.to_owned(), text(format!("${{{{ secrets.{name} }}}}"))));
        }
        env
    }

    /// The jobs that undo, the last change first, each a stretch of steps of one environment. They wait for
    /// the end of all others, and for one another; the first that fails ends the rollback.
    fn rollback_jobs(&self) -> Vec<(String, Value)> {
        let Some(scope) = self.law.undoing else { return Vec::new() };
        let everywhere = scope == RollbackScope::All;
        let in_two = self.law.is_undone_in_two();
        let stretches = self.law.stretches();
        let failed = |env: Option<&Option<String>>| {
            let jobs = self.jobs.iter().filter(|job| env.is_none_or(|env| self.duty(job).step.env == *env));
            // A job that took too long is cancelled.
            let ended = |job: &Job| format!("needs.{0}.result == 'failure' || needs.{0}.result == 'cancelled'", job.id);
            format!("({})", jobs.map(ended).collect::<Vec<_>>().join(" || "))
        };
        let passes: &[Option<bool>] = if in_two { &[Some(true), Some(false)] } else { &[None] };
        let mut before: Vec<String> = Vec::new();
        let mut written = Vec::new();
        let taken: BTreeSet<String> = self.jobs.iter().map(|job| job.id.clone()).collect();
        for (own, stretch) in passes.iter().flat_map(|own| stretches.iter().map(move |stretch| (own, stretch))) {
            let env = &self.law.duties[stretch[0]].step.env;
            let place = env.as_deref().unwrap_or("the rest");
            let mut condition = match own {
                Some(true) => failed(Some(env)),
                Some(false) => format!("{} && !{}", failed(None), failed(Some(env))),
                None if everywhere => failed(None),
                None => failed(Some(env)),
            };
            for before in &before {
                condition.push_str(&format!(" && needs.{before}.result != 'failure'"));
            }
            let id =
                free_id(&format!("rollback-{place}"), &|id| taken.contains(id) || before.iter().any(|it| it == id));
            let needed = self.jobs.iter().map(|job| &job.id).chain(&before).map(text);
            let name = match own {
                Some(false) => format!("Undo in {place}, for a failure elsewhere"),
                _ => format!("Undo in {place}"),
            };
            let minutes: u64 = stretch.iter().map(|at| undo_minutes(&self.law.duties[*at])).sum();
            let mut body = vec![
                ("name".to_owned(), text(name)),
                ("runs-on".into(), text("ubuntu-24.04")),
                ("needs".into(), list(needed)),
                ("if".into(), text(format!("{condition} && !cancelled()"))),
                ("permissions".into(), map([("actions", text("read")), ("contents", text("read"))])),
                ("timeout-minutes".into(), Value::from((minutes + 10).min(JOB_MINUTES))),
            ];
            if let Some(env) = env {
                body.push(("environment".into(), map([("name", text(env))])));
            }
            let mut steps = vec![checkout(), fetch(), see_what_began()];
            steps.extend(stretch.iter().map(|at| self.undo_value(&self.law.duties[*at])));
            body.push(("steps".into(), list(steps)));
            before.push(id.clone());
            written.push((id, map(body)));
        }
        written
    }

    fn undo_value(&self, duty: &Duty<'_>) -> Value {
        let job = &self.jobs[self.home[duty.at]];
        let steps = job.steps.iter().take_while(|at| **at != duty.at).map(|at| &self.law.duties[*at].step.id);
        let steps: String = steps.map(|id| format!(" {}", GITHUB.quote(id))).collect();
        let run = format!(
            "{OPENING}{}undo_in_job \"$OPSBOOK_RESULT\" {}{steps}\n",
            GITHUB.undo(duty),
            GITHUB.quote(&one_line(&self.name_of(job)))
        );
        let mut env = self.variables(duty);
        env.push(("OPSBOOK_RESULT".into(), text(format!("${{{{ needs.{}.result }}}}", job.id))));
        map([
            ("name", text(one_line(&format!("Undo {}", duty.step.id)))),
            ("timeout-minutes", Value::from(undo_minutes(duty))),
            ("env", map(env)),
            ("run", text(run)),
        ])
    }
}

/// The jobs of a plan: each step begins one, unless it goes on with the one before.
fn jobs_of(law: &Law<'_>) -> Vec<Job> {
    let mut jobs: Vec<Job> = Vec::new();
    // The names of gates are the steps' own: people find them by these.
    let gates: BTreeSet<String> =
        law.duties.iter().filter(|duty| !duty.is_performed()).map(|duty| plain_id(&duty.step.id)).collect();
    for duty in &law.duties {
        if jobs.last().is_some_and(|job| goes_on(law, job, duty)) {
            jobs.last_mut().expect("one was seen").steps.push(duty.at);
            continue;
        }
        let gate = !duty.is_performed();
        let names = match (&duty.step.group_id, gate) {
            (Some(group), false) => vec![plain_id(group), plain_id(&duty.step.id)],
            _ => vec![plain_id(&duty.step.id)],
        };
        let own = ["preflight".to_owned()];
        let taken = |id: &str| {
            jobs.iter().any(|job| job.id == id) || own.iter().any(|own| own == id) || !gate && gates.contains(id)
        };
        let free = names.iter().find(|id| !taken(id)).cloned();
        let id = free.unwrap_or_else(|| free_id(names.last().expect("there is a name"), &taken));
        jobs.push(Job { id, gate, steps: vec![duty.at] });
    }
    jobs
}

/// Tells whether a step can be one more of a job: it begins where the last one succeeded, what else it waits
/// for came before the job, and nobody but those behind it waits for the last one.
fn goes_on(law: &Law<'_>, job: &Job, duty: &Duty<'_>) -> bool {
    let (first, last) = (&law.duties[job.steps[0]], *job.steps.last().expect("a job has steps"));
    let (own, other) = (duty.step, law.duties[last].step);
    let alike = own.group_id == other.group_id
        && job.gate != duty.is_performed()
        && (own.env == other.env || job.gate)
        && (!job.gate || own.kind == StepKind::Manual && other.kind == StepKind::Manual);
    if !alike || law.may_be_idle(last) || job.gate && (duty.wanted.is_some() || first.wanted.is_some()) {
        return false;
    }
    let before = law.before(first.at);
    let known = |step: usize| job.steps.contains(&step) || before[step];
    let follows = duty.waits.iter().any(|wait| wait.step == last && wait.how == How::Well);
    if !follows || !duty.waits.iter().all(|wait| wait.how != How::Badly && known(wait.step)) {
        return false;
    }
    let mut others = law.duties.iter().filter(|other| other.at != duty.at);
    let all_behind = others.all(|other| {
        let mut waits = other.waits.iter().filter(|wait| wait.step == last);
        waits.all(|wait| wait.how.is_for_success() && law.before(other.at)[duty.at])
    });
    let minutes: u64 = job.steps.iter().map(|at| minutes_of(&law.duties[*at])).sum();
    all_behind && (job.gate || minutes + minutes_of(duty) + 5 <= JOB_MINUTES)
}

/// A job's id: letters, digits, `-` and `_`.
fn plain_id(name: &str) -> String {
    let plain: String = name.chars().map(|ch| if ch.is_ascii_alphanumeric() { ch } else { '-' }).collect();
    if plain.starts_with(|ch: char| ch.is_ascii_alphabetic()) { plain } else { format!("_{plain}") }
}

fn free_id(name: &str, taken: &dyn Fn(&str) -> bool) -> String {
    let base = plain_id(name);
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    std::iter::once(base.clone()).chain(numbered).find(|id| !taken(id)).expect("numbers do not end")
}

/// The id of the job that asks for the condition of a gate.
fn asking(job: &Job) -> String {
    format!("{}-wanted", job.id)
}

pub(super) fn environment_of(plan: &Plan, job: &Job) -> String {
    format!("{}-{}", plan.runbook, job.id)
}

fn job_head(name: &str, needs: &(Vec<String>, Option<String>)) -> Vec<(String, Value)> {
    let mut head =
        vec![("name".to_owned(), text(escaped(&one_line(name)))), ("runs-on".to_owned(), text("ubuntu-24.04"))];
    if !needs.0.is_empty() {
        head.push(("needs".into(), list(needs.0.iter().map(text))));
    }
    match needs.1.as_deref() {
        None => {}
        Some("") => head.push(("if".into(), text("${{ !cancelled() }}"))),
        Some(condition) => head.push(("if".into(), text(format!("{condition} && !cancelled()")))),
    }
    head
}

fn checkout() -> Value {
    map([
        ("name", text("Check out the repository")),
        ("uses", text(CHECKOUT)),
        ("with", map([("persist-credentials", Value::Bool(false))])),
    ])
}

/// Brings what earlier jobs have left.
fn fetch() -> Value {
    map([
        ("name", text("Fetch what earlier jobs have left")),
        ("uses", text(DOWNLOAD)),
        (
            "with",
            map([
                ("pattern", text("opsbook-*")),
                ("path", text("${{ runner.temp }}/opsbook-earlier")),
                ("merge-multiple", Value::Bool(true)),
            ]),
        ),
    ])
}

fn upload(name: &str, condition: &str) -> Value {
    map([
        ("name", text("Keep what other jobs need")),
        ("if", text(condition)),
        ("uses", text(UPLOAD)),
        (
            "with",
            map([
                ("name", text(name)),
                ("path", text("${{ runner.temp }}/opsbook")),
                ("if-no-files-found", text("ignore")),
                ("include-hidden-files", Value::Bool(false)),
            ]),
        ),
    ])
}

/// Writes down the jobs that failed before their first step: what they were to change was not begun.
fn see_what_began() -> Value {
    let run = "mkdir -p \"$RUNNER_TEMP/opsbook\"\ngh api --paginate \
               \"repos/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID/attempts/${GITHUB_RUN_ATTEMPT:-1}/jobs\" --jq '.jobs[] | \
               select((.steps | length) == 0) | .name' >\"$RUNNER_TEMP/opsbook/never-began\" || true\n";
    map([
        ("name", text("See which jobs never began")),
        ("env", map([("GH_TOKEN", text("${{ github.token }}"))])),
        ("run", text(run)),
    ])
}

/// The id of a step inside its job.
fn step_id(step: &Step) -> String {
    let plain = step.id.replace(|ch: char| !ch.is_ascii_alphanumeric(), "_");
    if plain.starts_with(|ch: char| ch.is_ascii_alphabetic()) { plain } else { format!("_{plain}") }
}

/// `${{` in a value would be an expression; an expression that yields it is not.
fn escaped(value: &str) -> String {
    value.replace("${{", "${{ '${{' }}")
}

fn minutes_of(duty: &Duty<'_>) -> u64 {
    let longest = duty.step.longest_s().map(|longest| longest.saturating_add(MARGIN_S));
    longest.map_or(JOB_MINUTES - 5, |longest| longest.div_ceil(60)).clamp(1, JOB_MINUTES - 5)
}

fn undo_minutes(duty: &Duty<'_>) -> u64 {
    let longest = duty.scripts.undo.and_then(crate::plan::Action::longest_s);
    longest.map_or(60, |longest| longest.saturating_add(MARGIN_S).div_ceil(60)).clamp(1, JOB_MINUTES - 10)
}

/// Tells whether whoever starts the run may not pass a gate.
pub(super) fn forbids_runner(law: &Law<'_>, job: &Job) -> bool {
    let approvals = job.steps.iter().filter_map(|at| law.duties[*at].step.approval.as_ref());
    approvals.into_iter().any(|approval| approval.forbid.contains(&Forbid::Runner))
}

/// Reads the settings of each gate's environment, and fails where nobody would be asked.
fn preflight(law: &Law<'_>, gates: &[&Job]) -> Value {
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
            let apart = forbids_runner(law, job);
            format!("{} {}", environment_of(law.plan, job), if apart { "apart" } else { "any" })
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

fn losses(law: &Law<'_>, jobs: &[Job]) -> Vec<super::Loss> {
    let mut losses = Losses::default();
    lose_of_all_targets(&mut losses, law);
    lose_of_workflows(&mut losses, law);
    losses.of_all("that a third run waits: a run that is queued is cancelled by the next");
    if jobs.iter().filter(|job| !job.gate).count() > 1 {
        losses.of_all("files that a step leaves in its folder, for steps of another job");
    }
    for step in &law.plan.steps {
        if step.wait_s.is_some_and(|wait| wait > 6 * 3600) {
            losses.of_step(step, "a soak longer than the six hours of a job");
        }
    }
    losses.into_sorted()
}
