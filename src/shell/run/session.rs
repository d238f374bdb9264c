//! Sessions: a run is begun, resumed or rehearsed, and people act on one that nobody holds.
//!
//! Owns the putting together: folder, performer, people, view, signals. Decides nothing about order
//! or about who may do what.

use super::driver::{Grounds, Memory, News, Outcome, Part, Performed, Performer, Task, View, drive};
use super::error::RunError;
use super::folder::{ReadRun, RunFolder, kept_text, leave_request, list_runs, name_of, read_run};
use super::forget::forget;
use super::local::{Local, passed_on, refuse_passing};
use super::lock::{Holder, refuse_orphans};
use super::offer::offer;
use super::people::{Absent, AtTerminal, Imagined, Office, Request, account, sign};
use super::process::{Control, Ended, Ending, adopt_orphans};
use super::redact::Redactor;
use super::secrets::{look_back, masks, read_secrets, refuse_secret_names, refuse_secret_params};
use super::turn::{left_out_of, one_at_a_time, patiently};
use super::view::{Live, Plain, line_of};
use crate::plan::machine::approval::{Proof, can_compare, wanted_proof};
use crate::plan::machine::proof::is_name_of_run;
use crate::plan::machine::signers::{RUNS, Signed};
use crate::plan::machine::{self, testimony};
use crate::plan::machine::{
    Action, Chain, Event, IdentitySource, Next, Run, RunState, StepResult, StepState, guard, proof,
};
use crate::plan::{Forbid, Plan, Stage, Step, StepKind};
use crate::shell::{Stream, Terminal, Trust, variables};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a session is told besides its plan.
#[derive(Clone, Debug, Default)]
pub struct Setting {
    /// The folder of all runs.
    pub runs: PathBuf,
    /// The project's folder.
    pub project: PathBuf,
    /// The rules about people, and where they stand.
    pub trust: Trust,
    /// Who runs, where they sign that it is them.
    pub runner: Option<Runner>,
    /// A file elsewhere that heads of the journal are appended to.
    pub anchor: Option<PathBuf>,
    /// Whether the name of an account is enough where nobody is hurt.
    pub allow_weak_identity: bool,
    /// Where secrets come from, where that is not the variable of their name.
    pub secrets: BTreeMap<String, SecretSource>,
    /// Secrets that may be short.
    pub short_secrets: BTreeSet<String>,
    /// Variables that scripts see besides the usual ones.
    pub pass_env: Vec<String>,
    /// Runs that prove what staging has seen.
    pub evidence: Vec<PathBuf>,
    /// How old such a proof may be, in seconds.
    pub max_age_s: Option<u64>,
    /// Why the glass is broken, where it is: one reason for one step.
    pub break_glass: Vec<String>,
    /// The folder of the locks of runbooks: all runs of a project share it.
    pub locks: PathBuf,
    /// Whether what a step left running is ended with it.
    pub end_leftovers: bool,
    /// Whether to wait for a lock that somebody else holds.
    pub wait: bool,
    /// Whether to stay for people who are not there, in place of leaving the run waiting.
    pub stay: bool,
    /// Whether to show each script before it runs.
    pub show: bool,
    /// Whether what people type may be written down although not every secret is at hand to look for.
    pub unchecked: bool,
    /// Whether to draw the checklist live and to ask at the terminal.
    pub interactive: bool,
}

/// Somebody who signs that they run a run.
#[derive(Clone, Debug)]
pub struct Runner {
    /// Their name among the allowed signers.
    pub name: String,
    /// Their private key.
    pub key: PathBuf,
}

/// Where a secret's value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// An environment variable.
    Env(String),
    /// A file.
    File(PathBuf),
    /// What a program prints.
    Command(Vec<String>),
}

/// Which steps a run leaves out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The first step; those before it are left out.
    pub from: Option<String>,
    /// The one group, by id or title, whose steps are performed.
    pub only: Option<String>,
    /// The one environment whose steps are performed, with those of none.
    pub env: Option<String>,
}

/// What a session comes to.
#[derive(Clone, Debug)]
pub struct Session {
    /// The run's name.
    pub name: String,
    /// Its folder.
    pub path: PathBuf,
    /// The run as it stands.
    pub run: Run,
    /// How the session ended.
    pub outcome: Outcome,
    /// The head of the journal's chain.
    pub head: String,
    /// The signal that interrupted it, or 0.
    pub signal: i32,
}

impl Session {
    /// Returns the exit status of the process (RUNBOOK-FORMAT, section 3.5).
    pub fn exit_status(&self) -> u8 {
        let timed_out = self.run.statuses().any(|(_, status)| status.state == StepState::TimedOut);
        match &self.outcome {
            Outcome::Ended(RunState::Succeeded) => 0,
            Outcome::Ended(RunState::Failed) if timed_out => 124,
            Outcome::Ended(RunState::RolledBack) => 8,
            Outcome::Ended(RunState::RollbackFailed) => 9,
            Outcome::Ended(_) => 1,
            Outcome::Waiting(_) | Outcome::Closed { .. } | Outcome::Unproven { .. } => 4,
            Outcome::InDoubt(_) => 5,
            Outcome::Interrupted => u8::try_from(128 + self.signal).unwrap_or(130),
        }
    }
}

/// What a selection comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selected {
    /// The steps that are left out.
    pub left_out: Vec<String>,
    /// The steps that were not selected and are performed, because they guard what is.
    pub guards: Vec<String>,
}

/// Works out which steps of a plan a selection leaves out. Guards of what is performed are not among
/// them, selected or not.
///
/// # Errors
/// When it names no step or group of the plan.
pub fn select(plan: &Plan, selection: &Selection) -> Result<Selected, RunError> {
    let mut kept: Vec<bool> = vec![true; plan.steps.len()];
    if let Some(from) = &selection.from {
        let at = plan.steps.iter().position(|step| step.id == *from);
        let at = at.ok_or_else(|| RunError::Usage(format!("the plan has no step `{from}`")))?;
        kept[..at].fill(false);
    }
    if let Some(only) = &selection.only {
        let inside = |step: &Step| step.group_id.as_ref() == Some(only) || step.group.as_ref() == Some(only);
        if !plan.steps.iter().any(inside) {
            return Err(RunError::Usage(format!("the plan has no group `{only}`")));
        }
        for (kept, step) in kept.iter_mut().zip(&plan.steps) {
            *kept &= inside(step);
        }
    }
    if let Some(env) = &selection.env {
        if !plan.environments.contains_key(env) {
            return Err(RunError::Usage(format!("the plan has no environment `{env}`")));
        }
        for (kept, step) in kept.iter_mut().zip(&plan.steps) {
            *kept &= step.env.as_ref().is_none_or(|of| of == env);
        }
    }
    let guards = guard::left_out(plan, &guard::waits(plan), &kept);
    guards.iter().for_each(|guard| kept[*guard] = true);
    let steps = plan.steps.iter().zip(&kept).filter(|(_, kept)| !**kept);
    Ok(Selected {
        left_out: steps.map(|(step, _)| step.id.clone()).collect(),
        guards: guards.iter().map(|guard| plan.steps[*guard].id.clone()).collect(),
    })
}

/// Begins a run of a bound plan and performs it as far as it goes.
///
/// # Errors
/// See [`RunError`].
pub fn begin(
    plan: Plan,
    setting: &Setting,
    left_out: Vec<String>,
    rebase: Option<&Path>,
    terminal: Terminal,
) -> Result<Session, RunError> {
    if plan.stage != Stage::Bound {
        return Err(RunError::Invalid { why: "this is a template plan: give its parameters first".into() });
    }
    let secrets = read_secrets(&plan, setting)?;
    let redactor = redactor_of(&secrets, setting)?;
    refuse_secret_params(&plan, &redactor)?;
    let earlier = earlier_runs(setting)?;
    let takes_over = rebase.map(|path| Ok((path, earlier_run(path, setting)?))).transpose()?;
    if let Some((_, earlier)) = &takes_over {
        refuse_taking_over(earlier)?;
    }
    refuse_secret_names(&setting.pass_env, &redactor)?;
    setting.pass_env.iter().try_for_each(|name| refuse_passing(name, &plan))?;
    let mut locks = one_at_a_time(&plan, &left_out, &setting.runs, setting, terminal)?;
    let by = account();
    let mut folder = RunFolder::create(&setting.runs, &plan, &by)?;
    folder.keep_out(&redactor);
    let holder = Holder::this(&by, true, folder.path());
    locks.iter_mut().try_for_each(|lock| lock.note(&holder))?;
    let plan = Arc::new(plan);
    let mut run = Run::new(Arc::clone(&plan));
    let (by, source) = (account(), Some(IdentitySource::OsUser));
    let started = Event::RunStarted { run: folder.name(), plan: plan.hash.clone(), by, source, left_out };
    record(&mut folder, &mut run, started)?;
    pass_on(&mut folder, &mut run, setting, terminal)?;
    if let Some((_, Earlier { name, head, run: old })) = &takes_over {
        // What people allowed counts again only where nothing before or after it has changed.
        let mut evidence = proof::evidence_of(&run, old, name, head);
        if let Event::RunEvidence { guards, .. } = &mut evidence {
            guards.retain(|_, vouched| !vouched.by.is_empty());
        }
        let kept = proof::taken_over(&run, old);
        let (from, head) = (name.clone(), head.clone());
        record(&mut folder, &mut run, Event::RunRebased { from, head, kept })?;
        record(&mut folder, &mut run, evidence)?;
    }
    record_evidence(&mut folder, &mut run, &earlier)?;
    let known = identify(&mut folder, &mut run, setting);
    let known =
        known.and_then(|()| takes_over.iter().try_for_each(|(path, _)| supersede(path, &folder.name(), setting)));
    if let Err(error) = known {
        // Nothing has happened: who runs it could not say so, or the run before it is in use.
        let _ = std::fs::remove_dir_all(folder.path());
        return Err(error);
    }
    terminal.say(&format!("run {}", folder.name()));
    warn_of_nobody(&run, setting, terminal);
    go_on(folder, run, secrets, redactor, earlier, setting, terminal)
}

/// Records which variables are passed on besides those of the sessions before, and says which of all of
/// them are not there.
fn pass_on(folder: &mut RunFolder, run: &mut Run, setting: &Setting, terminal: Terminal) -> Result<(), RunError> {
    let new = setting.pass_env.iter().filter(|name| !run.passed().contains(*name));
    let names: BTreeSet<String> = new.cloned().collect();
    if !names.is_empty() {
        let event = Event::VariablesPassed { names };
        terminal.say(&line_of(run, &event).unwrap_or_default());
        record(folder, run, event)?;
    }
    let there = variables();
    for name in run.passed().iter().filter(|name| !there.contains_key(*name)) {
        terminal.complain(&format!("`{name}` is to be passed on and is not set: no script sees it.\n"));
    }
    Ok(())
}

/// Records which runs are named as evidence, and what each has seen.
fn record_evidence(folder: &mut RunFolder, run: &mut Run, earlier: &[Earlier]) -> Result<(), RunError> {
    for Earlier { name, head, run: old } in earlier {
        if !run.has_evidence(name, head) {
            let event = proof::evidence_of(run, old, name, head);
            record(folder, run, event)?;
        }
    }
    Ok(())
}

/// Sees that a run can be taken over: nobody has done so, and nothing of it is in doubt, which the new run
/// would do again without asking.
fn refuse_taking_over(earlier: &Earlier) -> Result<(), RunError> {
    let (name, refuse) = (&earlier.name, |why: String| Err(RunError::Usage(why)));
    if let Some(by) = earlier.run.superseded_by() {
        return refuse(format!("run `{name}` was taken over by run `{by}`: take that one over"));
    }
    match earlier.run.resumed().next() {
        Next::InDoubt(steps) => refuse(format!(
            "step `{}` of run `{name}` is in doubt, and a new run would do it again: say first what became of it, with \
             `opsbook resolve`",
            steps.join("`, `")
        )),
        _ => Ok(()),
    }
}

/// Writes into a run that another one has taken it over, so that nobody goes on with both.
fn supersede(path: &Path, by: &str, setting: &Setting) -> Result<(), RunError> {
    let (mut folder, plan) = RunFolder::open_locked(path, &account(), false)?;
    let mut run = fold(path, Arc::new(plan), folder.chain())?;
    if run.superseded_by() == Some(by) {
        return Ok(());
    }
    record(&mut folder, &mut run, Event::RunSuperseded { run: by.to_owned() })?;
    anchor(&folder, setting)
}

/// Resumes a run that nobody holds.
///
/// # Errors
/// See [`RunError`].
pub fn resume(path: &Path, setting: &Setting, terminal: Terminal) -> Result<Session, RunError> {
    let opened = patiently(setting, terminal, || RunFolder::open_locked(path, &account(), true))?;
    let (mut folder, plan) = opened;
    refuse_orphans(path)?;
    let secrets = read_secrets(&plan, setting)?;
    let redactor = redactor_of(&secrets, setting)?;
    folder.keep_out(&redactor);
    let exposed = look_back(&read_run(path)?, &redactor)?;
    if !exposed.is_empty() {
        let names = exposed.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        terminal.complain(&format!(
            "WARNING: {names} stands in the records of this run, written when it was not at hand to be looked for.\n\
             Change the secret. `opsbook report` masks it where it knows it and refuses to write where it does not.\n"
        ));
    }
    let left_out = left_out_of(folder.chain());
    let _locks = one_at_a_time(&plan, &left_out, path, setting, terminal)?;
    let earlier = earlier_runs(setting)?;
    let mut run = borne_out(path, Arc::new(plan), folder.chain(), setting, Stands::Here)?;
    refuse_secret_names(&setting.pass_env, &redactor)?;
    let passed = setting.pass_env.iter().chain(run.passed());
    passed.into_iter().try_for_each(|name| refuse_passing(name, run.plan()))?;
    if let Next::End(state) = run.next() {
        let by = run.superseded_by().map(|by| format!(" by run `{by}`, which goes on")).unwrap_or_default();
        return Err(RunError::Usage(format!("run `{}` has ended: {state}{by}", folder.name())));
    }
    refuse_nobody(&run, setting)?;
    // Where the session before was cut off as soon as it had taken over another run.
    for record in &folder.chain().records {
        if let Event::RunRebased { from, .. } = &record.event
            && let Some(beside) = ground(path, from, &setting.evidence)?
        {
            supersede(&beside, &folder.name(), setting)?;
        }
    }
    let (by, source) = (account(), Some(IdentitySource::OsUser));
    record(&mut folder, &mut run, Event::RunResumed { by, source })?;
    pass_on(&mut folder, &mut run, setting, terminal)?;
    record_evidence(&mut folder, &mut run, &earlier)?;
    identify(&mut folder, &mut run, setting)?;
    go_on(folder, run, secrets, redactor, earlier, setting, terminal)
}

/// Performs a plan in the mind: the same driver, with a performer that has no way to spawn.
///
/// # Errors
/// When a step's change is not proven where it must be.
pub fn rehearse(mut plan: Plan, left_out: Vec<String>, view: &mut dyn View) -> Result<Run, RunError> {
    // Nobody is told of what is only imagined.
    plan.notify.clear();
    // It is never too early to look.
    plan.environments.values_mut().for_each(|environment| environment.changes = None);
    plan.steps.iter_mut().for_each(|step| step.not_before = None);
    let plan = Arc::new(plan);
    let mut run = Run::new(Arc::clone(&plan));
    let started =
        Event::RunStarted { run: "rehearsal".into(), plan: plan.hash.clone(), by: account(), source: None, left_out };
    let now = super::time::now();
    run.apply(&now, &started).map_err(|why| RunError::Usage(why.to_string()))?;
    // Everything that might be done is shown, as if staging had proven it.
    let proven = run.plan().steps.iter().filter(|step| proof::proving_environment(run.plan(), step).is_some());
    let proofs = proven.map(|step| (step.id.clone(), now.clone())).collect();
    let imagined =
        Event::RunEvidence { run: "imagined".into(), head: String::new(), guards: Default::default(), proofs };
    run.apply(&now, &imagined).map_err(|why| RunError::Usage(why.to_string()))?;
    let grounds = Grounds::default();
    let control = Control::default();
    drive(&mut run, &mut Memory::default(), &Rehearsal, &mut Imagined, view, &control, &grounds)?;
    Ok(run)
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acted {
    /// It stands in the journal.
    Recorded,
    /// The runner has it.
    Left(Option<Holder>),
}

/// How long the runner of a run may take to fetch a request.
const FETCHED: Duration = Duration::from_secs(3);

/// Lets a person act on a run: directly where nobody holds it, through its inbox where a runner does.
///
/// # Errors
/// When the request does not count, or see [`RunError`].
pub fn act(path: &Path, setting: &Setting, request: Request) -> Result<Acted, RunError> {
    let masks = masks(&read_run(path)?.plan, setting);
    let request = masks.clean(&request)?;
    let began = Instant::now();
    loop {
        let held = match RunFolder::open_locked(path, &account(), false) {
            Err(RunError::Locked { held, .. }) => {
                let is_alive = held.holder.as_ref().is_some_and(|holder| holder.runner);
                if setting.runner.is_some() && is_alive {
                    let why = "what is left for a runner that is alive cannot be signed: do it when the run waits, or \
                               without a key";
                    return Err(RunError::Usage(why.into()));
                }
                held
            }
            opened => {
                let (mut folder, plan) = opened?;
                folder.keep_out(&masks.redactor);
                act_alone(&mut folder, plan, setting, &masks.redactor, request)?;
                return Ok(Acted::Recorded);
            }
        };
        let momentary = held.holder.as_ref().is_none_or(|holder| !holder.runner);
        if momentary && began.elapsed() < FETCHED {
            std::thread::sleep(Duration::from_millis(20));
        } else if leave(path, setting, &masks.redactor, &request)? {
            return Ok(Acted::Left(held.holder));
        }
    }
}

/// Leaves a request for the runner; returns `false` where the runner ended without fetching it.
fn leave(path: &Path, setting: &Setting, redactor: &Redactor, request: &Request) -> Result<bool, RunError> {
    let read = read_run(path)?;
    let run = borne_out(path, Arc::new(read.plan), &read.chain, setting, Stands::Anywhere)?;
    // Judged twice: here, so that the person hears of it, and by the runner, which decides.
    office(setting, path, redactor.clone()).judge(&run, request.clone()).map_err(RunError::Usage)?;
    let text = serde_json::to_string(request).expect("every part of a request has text keys");
    let left = leave_request(path, &text)?;
    let began = Instant::now();
    while left.exists() && began.elapsed() < FETCHED {
        std::thread::sleep(Duration::from_millis(20));
        if RunFolder::open_locked(path, &account(), false).is_ok() && std::fs::remove_file(&left).is_ok() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn act_alone(
    folder: &mut RunFolder,
    plan: Plan,
    setting: &Setting,
    redactor: &Redactor,
    request: Request,
) -> Result<(), RunError> {
    let path = folder.path().to_owned();
    let mut run = borne_out(&path, Arc::new(plan), folder.chain(), setting, Stands::Anywhere)?;
    let cancels = matches!(request, Request::Cancel { .. });
    let settles = matches!(request, Request::Resolve { .. } | Request::Back { .. });
    if cancels || settles {
        // What a step's process does that is still alive cannot be settled.
        refuse_orphans(&path)?;
    }
    let cut_off = |state| matches!(state, StepState::Running | StepState::RollingBack | StepState::Cancelled);
    let orphaned = !matches!(run.next(), Next::End(_)) && run.statuses().any(|(_, status)| cut_off(status.state));
    if orphaned && (cancels || settles) {
        // Nobody holds the run, so whoever performed these steps is gone, or was interrupted.
        refuse_nobody(&run, setting)?;
        record(folder, &mut run, Event::RunResumed { by: account(), source: Some(IdentitySource::OsUser) })?;
        identify(folder, &mut run, setting)?;
    }
    let events = office(setting, &path, redactor.clone()).judge(&run, request).map_err(RunError::Usage)?;
    let listed = listed_in(folder, setting).filter(|_| setting.runner.is_some());
    let events: Vec<Event> = listed.into_iter().chain(events).collect();
    // The signature comes first, so that nothing is recorded that should be signed and is not.
    let ts = folder.time();
    let mut ahead = folder.chain().clone();
    for event in &events {
        ahead.append(&ts, event.clone());
    }
    let signed = sign_journal(folder, ahead.head(), &run, setting, testimony::person_message)?;
    let signed = signed.map(|(by, head, signature)| Event::PersonSigned { by, head, signature });
    for event in events.into_iter().chain(signed) {
        record_at(folder, &mut run, &ts, event)?;
    }
    if cancels
        && let Next::Act(actions) = run.next()
        && actions == [Action::Finish(RunState::Cancelled)]
    {
        record(folder, &mut run, Event::RunFinished { state: RunState::Cancelled })?;
    }
    anchor(folder, setting)
}

/// Returns a later run of the same runbook beside a run that has changed something: the last one.
pub fn later_changes(path: &Path, setting: &Setting) -> Option<String> {
    let (own, folder) = (read_run(path).ok()?, path.parent().unwrap_or(&setting.runs));
    let runs = list_runs(folder).ok()?;
    let later = runs.iter().rev().take_while(|other| name_of(other) != name_of(path));
    let changed = |other: &&PathBuf| {
        let read = read_run(other).ok().filter(|read| read.plan.runbook == own.plan.runbook);
        let run = read.and_then(|read| fold_read(&read).ok());
        run.is_some_and(|run| run.statuses().any(|(step, status)| step.writes() && status.is_touched()))
    };
    later.into_iter().find(changed).map(|other| name_of(other))
}

/// Folds a run that was read.
///
/// # Errors
/// When its journal is not one of its plan.
pub fn fold_read(read: &ReadRun) -> Result<Run, RunError> {
    fold(&read.path, Arc::new(read.plan.clone()), &read.chain)
}

/// Folds a run that was read, and compares it with the runs that it stands on: beside it, or among those
/// that are named.
///
/// # Errors
/// When its journal is not one of its plan.
pub(super) fn fold_with(read: &ReadRun, named: &[PathBuf]) -> Result<Run, RunError> {
    let n_records = read.chain.records.len();
    fold_on(&read.path, Arc::new(read.plan.clone()), &read.chain, n_records, named, MAX_STANDS)
}

/// Folds a run that was read, and checks every record of a person in it.
///
/// # Errors
/// When its journal is not one of its plan, a record is not borne out, or a run that it stands on is not here.
pub fn examine(read: &ReadRun, setting: &Setting) -> Result<Run, RunError> {
    borne_out(&read.path, Arc::new(read.plan.clone()), &read.chain, setting, Stands::Here)
}

/// Whether a run must be here that another one stands on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// It must: without it nothing shows what it is said to have seen.
    Here,
    /// Whoever goes on with the run will look at it.
    Anywhere,
}

/// Folds a run, and checks every record of a person in it and in the runs that it stands on: whoever can
/// write this journal can write those, too. The fold bounds how deep they go.
fn borne_out(path: &Path, plan: Arc<Plan>, chain: &Chain, setting: &Setting, stands: Stands) -> Result<Run, RunError> {
    let (named, trust) = (&setting.evidence, &setting.trust);
    fold_on(path, Arc::clone(&plan), chain, chain.records.len(), named, MAX_STANDS)?;
    for record in &chain.records {
        let (Event::RunRebased { from: name, .. } | Event::RunEvidence { run: name, .. }) = &record.event else {
            continue;
        };
        if let Some(ground) = ground(path, name, named)? {
            let read = read_run(&ground)?;
            borne_out(&ground, Arc::new(read.plan), &read.chain, setting, stands)?;
        } else if stands == Stands::Here {
            let why = format!(
                "this run stands on run `{name}`, which is not here: name its folder with `--evidence`, or put it \
                 beside this one"
            );
            return Err(RunError::Stale { why });
        }
    }
    let kept = |digest: &str| kept_text(path, digest);
    let archive = testimony::Archive { kept: &kept, rules: &|listed| trust.rules_of(listed) };
    testimony::check(&name_of(path), &plan, chain, &archive).map_err(|forged| RunError::Forged {
        run: path.to_owned(),
        seq: forged.seq,
        why: forged.why,
    })
}

/// Refuses somebody who does not say who they are where that would take back what others have said, or make
/// it impossible to say: whoever runs a run may not approve it, and nobody could tell.
fn refuse_nobody(run: &Run, setting: &Setting) -> Result<(), RunError> {
    let by = account();
    if setting.runner.is_some() || can_compare(&by, &setting.trust.rules) {
        return Ok(());
    }
    let is_known =
        |runner: &machine::Runner| runner.principal.is_some() || can_compare(&runner.account, &setting.trust.rules);
    // Where somebody unknown has run it already, nobody can approve it any more.
    let all_known = run.runners().iter().all(is_known);
    let is_ahead = |step: &&Step| run.may_yet_begin(&step.id);
    let approval = run.statuses().find(|(step, status)| {
        let by_key = || run.yeses(&step.id, None).iter().any(|yes| yes.source == IdentitySource::SshSig);
        let given = status.state.held() && by_key();
        let missing = status.state == StepState::Pending && all_known;
        step.forbids(Forbid::Runner) && (given || missing) && run.lets_through(&step.id).iter().any(is_ahead)
    });
    let Some((approval, status)) = approval else { return Ok(()) };
    let whom = if status.state.held() { "who approved" } else { "who will approve" };
    Err(RunError::Usage(format!(
        "nobody could tell the account `{by}` from those {whom} `{}`, and whoever runs a run may not approve it: say \
         who you are, with the name and the key that the run was begun with (`--as NAME --key PATH` of `resume`, `--by \
         NAME --key PATH` of `resolve`, `rollback` and `cancel`)",
        approval.id
    )))
}

/// Says that nobody will be able to approve what an unknown account runs.
fn warn_of_nobody(run: &Run, setting: &Setting, terminal: Terminal) {
    let by = account();
    if setting.runner.is_some() || can_compare(&by, &setting.trust.rules) {
        return;
    }
    let approval = run.statuses().find(|(step, status)| {
        let by_key =
            step.forbids(Forbid::Runner) && wanted_proof(run.plan(), step, &setting.trust.rules) == Proof::Signature;
        by_key && status.state == StepState::Pending
    });
    if let Some((approval, _)) = approval {
        terminal.complain(&format!(
            "WARNING: nobody will be able to approve `{}`: it may not be who runs it, and nobody can tell who the \
             account `{by}` is. Begin with `--as NAME --key PATH`.\n",
            approval.id
        ));
    }
}

/// Writes down where the rules about people stand and, where a key was given, who runs.
fn identify(folder: &mut RunFolder, run: &mut Run, setting: &Setting) -> Result<(), RunError> {
    if let Some(listed) = listed_in(folder, setting) {
        record(folder, run, listed)?;
    }
    sign_head(folder, run, setting)?;
    anchor(folder, setting)
}

/// The record of where the rules about people stand, where the journal does not have it.
fn listed_in(folder: &RunFolder, setting: &Setting) -> Option<Event> {
    office(setting, folder.path(), Redactor::default()).listed(folder.chain())
}

/// The runner signs what the journal holds so far, where there is a key.
fn sign_head(folder: &mut RunFolder, run: &mut Run, setting: &Setting) -> Result<(), RunError> {
    let head = folder.chain().head();
    let Some((by, head, signature)) = sign_journal(folder, head, run, setting, testimony::runner_message)? else {
        return Ok(());
    };
    record(folder, run, Event::RunnerSigned { by, head, signature })
}

/// Signs a head of the journal with the key of whoever acts: name, head, digest of the kept signature.
fn sign_journal(
    folder: &RunFolder,
    head: &str,
    run: &Run,
    setting: &Setting,
    text: fn(&str, &str, &str, &str) -> String,
) -> Result<Option<(String, String, String)>, RunError> {
    let Some(Runner { name, key }) = &setting.runner else {
        return Ok(None);
    };
    let message = text(&folder.name(), &run.plan().hash, name, head);
    let signature = sign(RUNS, &message, key)?;
    let signed = Signed { by: name, namespace: RUNS, message: &message, at: &folder.time() };
    setting.trust.rules.verify(&signed, &signature).map_err(RunError::Usage)?;
    Ok(Some((name.clone(), head.to_owned(), folder.keep_evidence(signature.as_bytes())?)))
}

/// Appends the journal's head to the file elsewhere that holds it fast, in one write.
fn anchor(folder: &RunFolder, setting: &Setting) -> Result<(), RunError> {
    use std::io::Write as _;
    let Some(path) = &setting.anchor else {
        return Ok(());
    };
    let chain = folder.chain();
    let line = format!("{} {} {} {}\n", folder.time(), folder.name(), chain.records.len(), chain.head());
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(path);
    let written = opened.and_then(|mut file| file.write_all(line.as_bytes()).and_then(|()| file.sync_data()));
    written.map_err(|error| RunError::io("cannot write", path, &error))
}

/// Runs that stand on runs that stand on runs go no deeper than this.
const MAX_STANDS: usize = 8;

fn fold(path: &Path, plan: Arc<Plan>, chain: &Chain) -> Result<Run, RunError> {
    fold_on(path, plan, chain, chain.records.len(), &[], MAX_STANDS)
}

/// Folds the first records of a run. What it says about an earlier run is compared with that run, where
/// that is here: whoever can write a journal can also write what it stands on.
fn fold_on(
    path: &Path,
    plan: Arc<Plan>,
    chain: &Chain,
    n_records: usize,
    named: &[PathBuf],
    depth: usize,
) -> Result<Run, RunError> {
    let impossible = |why: String| RunError::Impossible { run: path.to_owned(), why };
    let mut run = Run::new(plan);
    for record in &chain.records[..n_records] {
        if let Event::RunRebased { from: name, head, .. } | Event::RunEvidence { run: name, head, .. } = &record.event
            && let Some(ground) = ground(path, name, named)?
        {
            if depth == 0 {
                return Err(impossible(format!("it stands on too many runs: {name}")));
            }
            let earlier = read_run(&ground)?;
            let at = earlier.chain.records.iter().position(|record| record.hash == *head);
            let at = at.ok_or_else(|| impossible(format!("run `{name}` has never had the head {head}")))?;
            let earlier = fold_on(&ground, Arc::new(earlier.plan), &earlier.chain, at + 1, named, depth - 1)?;
            let borne_out = proof::borne_out(&run, &record.event, &earlier);
            borne_out.map_err(|why| impossible(format!("run `{name}`: {why}")))?;
        }
        run.apply(&record.ts, &record.event).map_err(|why| impossible(why.to_string()))?;
    }
    Ok(run)
}

/// Finds the folder of a run that another one stands on: beside it, or among those that are named as
/// evidence now. The one place that says where such a run is.
///
/// # Errors
/// When the name is a way to somewhere and not the name of a run.
pub(super) fn ground(path: &Path, name: &str, named: &[PathBuf]) -> Result<Option<PathBuf>, RunError> {
    if !is_name_of_run(name) {
        let why = format!("`{name}` is no name of a run");
        return Err(RunError::Impossible { run: path.to_owned(), why });
    }
    let beside = path.parent().unwrap_or(path).join(name);
    let named = named.iter().filter(|path| name_of(path) == name).cloned();
    Ok(std::iter::once(beside).chain(named).find(|folder| folder.join("journal.jsonl").is_file()))
}

fn record(folder: &mut RunFolder, run: &mut Run, event: Event) -> Result<(), RunError> {
    let ts = folder.time();
    record_at(folder, run, &ts, event)
}

fn record_at(folder: &mut RunFolder, run: &mut Run, ts: &str, event: Event) -> Result<(), RunError> {
    run.apply(ts, &event).map_err(|why| RunError::Usage(why.to_string()))?;
    folder.append(ts, event)
}

fn redactor_of(secrets: &BTreeMap<String, String>, setting: &Setting) -> Result<Redactor, RunError> {
    Redactor::new(secrets, &setting.short_secrets).map_err(|name| RunError::Invalid {
        why: format!(
            "the value of secret `{name}` is shorter than {} characters: taking it out of all output would blot out \
             innocent text. Use a longer one, or say `--allow-short-secret {name}`",
            super::redact::SHORTEST
        ),
    })
}

fn go_on(
    mut folder: RunFolder,
    mut run: Run,
    secrets: BTreeMap<String, String>,
    redactor: Redactor,
    earlier: Vec<Earlier>,
    setting: &Setting,
    terminal: Terminal,
) -> Result<Session, RunError> {
    let control = Arc::new(Control::default());
    follow_signals(&control)?;
    adopt_orphans();
    let local = Local {
        plan: Arc::clone(run.plan()),
        run: folder.name(),
        project: setting.project.clone(),
        private_folder: folder.path().join("tmp"),
        env: passed_on(&variables(), run.passed()),
        secrets,
        redactor: redactor.clone(),
        end_leftovers: setting.end_leftovers,
        control: Arc::clone(&control),
        known_clusters: Default::default(),
        helm_major: Default::default(),
    };
    forget(local.secrets.values());
    let folders = setting.evidence.iter().filter_map(|path| path.parent());
    let folders: BTreeSet<PathBuf> = folders.chain([setting.runs.as_path()]).map(Path::to_owned).collect();
    let grounds = Grounds {
        earlier: earlier.into_iter().map(|earlier| earlier.run).collect(),
        max_age_s: setting.max_age_s,
        among: folders.into_iter().collect(),
        own: folder.name(),
        stay: setting.stay || at_terminal_of(setting, terminal),
        breaker: account(),
        break_glass: setting.break_glass.iter().map(|reason| redactor.redact(reason)).collect(),
    };
    let office = office(setting, folder.path(), redactor);
    let outcome = if at_terminal_of(setting, terminal) {
        let lines = typed_lines();
        let mut people = AtTerminal { office, by: account(), lines, asked: None, terminal };
        let mut view = Live::new(terminal, setting.show);
        at_terminal(&mut run, &mut folder, &local, &mut people, &mut view, &control, &grounds)
    } else {
        drive(
            &mut run,
            &mut folder,
            &local,
            &mut Absent { office, stay: setting.stay },
            &mut Plain::new(terminal, setting.show),
            &control,
            &grounds,
        )
    };
    let outcome = outcome.map_err(|why| RunError::Within { run: folder.path().to_owned(), why: Box::new(why) })?;
    sign_head(&mut folder, &mut run, setting)?;
    anchor(&folder, setting)?;
    let path = folder.path().to_owned();
    Ok(Session {
        name: folder.name(),
        path,
        run,
        outcome,
        head: folder.chain().head().to_owned(),
        signal: control.signal(),
    })
}

/// Tells whether a person sits at the terminal of this process.
fn at_terminal_of(setting: &Setting, terminal: Terminal) -> bool {
    setting.interactive && terminal.can_redraw(Stream::Err) && std::io::stdin().is_terminal()
}

/// Performs a run as far as it goes, and on from there where the person at the terminal settles what
/// holds it up.
#[allow(clippy::too_many_arguments, reason = "those of `drive`")]
fn at_terminal(
    run: &mut Run,
    folder: &mut RunFolder,
    local: &Local,
    people: &mut AtTerminal,
    view: &mut Live,
    control: &Control,
    grounds: &Grounds,
) -> Result<Outcome, RunError> {
    loop {
        let outcome = drive(run, folder, local, people, view, control, grounds)?;
        let log = |step: &str| last_log(folder, step);
        let decided = offer(people, run, &outcome, control, &log);
        if decided.is_empty() {
            return Ok(outcome);
        }
        decided.into_iter().try_for_each(|event| record(folder, run, event))?;
    }
}

/// Returns what was kept of a step's last output.
fn last_log(folder: &RunFolder, wanted: &str) -> String {
    let kept = folder.chain().records.iter().rev().find_map(|record| match &record.event {
        Event::StepOutput { step, evidence, .. } if step == wanted => Some(evidence),
        _ => None,
    });
    let kept = kept.and_then(|digest| std::fs::read(folder.path().join("evidence").join(digest)).ok());
    String::from_utf8_lossy(&kept.unwrap_or_default()).into_owned()
}

fn office(setting: &Setting, run: &Path, redactor: Redactor) -> Office {
    Office {
        run: run.to_owned(),
        name: name_of(run),
        project: setting.project.clone(),
        trust: setting.trust.clone(),
        is_new: false,
        evidence: setting.evidence.clone(),
        allow_weak_identity: setting.allow_weak_identity,
        redactor,
    }
}

/// Reads lines in a thread of their own; the thread ends with the process.
fn typed_lines() -> std::sync::mpsc::Receiver<String> {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            if line.is_err() || sender.send(line.unwrap_or_default()).is_err() {
                return;
            }
        }
    });
    receiver
}

fn follow_signals(control: &Arc<Control>) -> Result<(), RunError> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP]);
    let mut signals = signals.map_err(|error| RunError::System(format!("cannot listen for signals: {error}")))?;
    let control = Arc::clone(control);
    std::thread::spawn(move || {
        for signal in signals.forever() {
            control.interrupt(signal);
        }
    });
    Ok(())
}

/// A run that is named as evidence, or to be taken over.
struct Earlier {
    name: String,
    head: String,
    run: Run,
}

/// Reads the runs that are named as evidence. One whose journal does not hold is evidence of nothing.
fn earlier_runs(setting: &Setting) -> Result<Vec<Earlier>, RunError> {
    setting.evidence.iter().map(|path| earlier_run(path, setting)).collect()
}

fn earlier_run(path: &Path, setting: &Setting) -> Result<Earlier, RunError> {
    let read = read_run(path)?;
    Ok(Earlier { name: name_of(path), head: read.chain.head().to_owned(), run: examine(&read, setting)? })
}

/// A performer without hands: it holds nothing that could start a process.
#[derive(Debug)]
struct Rehearsal;

impl Performer for Rehearsal {
    fn perform(&self, task: &Task<'_>, show: &mut dyn FnMut(&str)) -> Result<Performed, RunError> {
        let step = task.step;
        // A check that does not hold shows the most: everything that might be done is shown.
        let ending = Ending::Exited(i32::from(task.part == Part::Check));
        let script = match task.part {
            Part::Check => step.check.as_deref(),
            Part::Main if step.kind == StepKind::Soak => {
                step.monitor.as_ref().or(step.until.as_ref()).map(|look| look.script.as_str())
            }
            Part::Main => step.run.as_ref().map(|run| run.script.as_str()),
            Part::Verify => step.verify.as_ref().map(|verify| verify.script.as_str()),
            Part::Undo => step.undo.as_ref().map(|undo| undo.script.as_str()),
        };
        let script = script.unwrap_or_default().trim_end_matches('\n');
        if !script.is_empty() {
            show(&format!("{script}\n"));
        }
        let ended = Ended::nothing(ending);
        // As if it had gone well, so every output is there.
        let outputs_text = step.outputs.iter().map(|name| format!("{name}=\n")).collect();
        Ok(Performed { ended, outputs_text, verdict: Some(StepResult::Succeeded), note: None })
    }

    fn prepare(&self, _step: &Step) -> Result<Option<String>, RunError> {
        Ok(None)
    }

    fn tell(&self, _news: &News) -> Result<(), String> {
        Ok(())
    }

    fn pause(&self, _time: Duration) {}
}
