//! The driver: moves the machine of `plan::machine` with a performer, people and a journal.
//!
//! It decides nothing about order: the machine says what may be done, and whatever happens becomes
//! an event that is recorded before it is applied. A dry run is this driver with a performer that
//! cannot spawn and a journal in memory.

use super::error::RunError;
use super::folder::{Left, RunFolder, is_closed, list_runs, name_of, read_run};
use super::process::{Control, Ended, Ending, parse_outputs};
use super::session::fold_read;
use super::time;
use crate::plan::machine::clock::is_older;
use crate::plan::machine::proof::{self, Unproven};
use crate::plan::machine::{
    Action, BreakGlass, Chain, Due, Event, Next, Owed, Run, RunState, StepResult, Waiting, guard,
};
use crate::plan::{Closed, Evidence, Expect, Step, duration_s};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

/// How many messages of steps may wait: each holds what was read at once, half a megabyte at most.
const QUEUE: usize = 8;

/// Where events are recorded.
pub trait Journal {
    /// Returns the time for the next record, never before that of the last.
    fn time(&self) -> String;

    /// Records an event. Nothing may follow from it before [`Journal::settle`].
    ///
    /// # Errors
    /// When it cannot be kept; nothing may follow then.
    fn record(&mut self, ts: &str, event: Event) -> Result<(), RunError>;

    /// Waits until all that was recorded is kept for good.
    ///
    /// # Errors
    /// When it cannot be kept; nothing may follow then.
    fn settle(&mut self) -> Result<(), RunError>;

    /// Keeps evidence under its digest.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn keep(&mut self, bytes: &[u8]) -> Result<String, RunError>;

    /// Returns the events that others asked for since the last time.
    ///
    /// # Errors
    /// When they cannot be read.
    fn requests(&mut self) -> Result<Vec<Left>, RunError>;
}

impl Journal for RunFolder {
    fn time(&self) -> String {
        RunFolder::time(self)
    }

    fn record(&mut self, ts: &str, event: Event) -> Result<(), RunError> {
        self.write(ts, event)
    }

    fn settle(&mut self) -> Result<(), RunError> {
        RunFolder::settle(self)
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<String, RunError> {
        self.keep_evidence(bytes)
    }

    fn requests(&mut self) -> Result<Vec<Left>, RunError> {
        self.take_inbox()
    }
}

/// A journal that is nowhere: for dry runs.
#[derive(Debug, Default)]
pub struct Memory(Chain);

impl Journal for Memory {
    fn time(&self) -> String {
        let last = self.0.records.last().map(|record| record.ts.clone());
        last.unwrap_or_default().max(time::now())
    }

    fn record(&mut self, ts: &str, event: Event) -> Result<(), RunError> {
        self.0.append(ts, event);
        Ok(())
    }

    fn settle(&mut self) -> Result<(), RunError> {
        Ok(())
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<String, RunError> {
        Ok(crate::text::Digest::of(bytes).hex())
    }

    fn requests(&mut self) -> Result<Vec<Left>, RunError> {
        Ok(Vec::new())
    }
}

/// Which part of a step is performed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its `check`.
    Check,
    /// What it is for.
    Main,
    /// Its `verify`.
    Verify,
    /// Its `undo`.
    Undo,
}

/// One part of a step, with what its scripts may know.
#[derive(Clone, Debug)]
pub struct Task<'p> {
    /// The step.
    pub step: &'p Step,
    /// Which part of it.
    pub part: Part,
    /// Outputs of the steps that are done, by step id.
    pub outputs: BTreeMap<String, BTreeMap<String, String>>,
    /// Helm's revision before the step.
    pub previous_revision: Option<String>,
}

/// Something that a hook of the plan is to tell, with all that it may say.
#[derive(Clone, Debug)]
pub struct News {
    /// What, and which hook tells it.
    pub owed: Owed,
    /// Why.
    pub why: String,
    /// How the run stands.
    pub state: RunState,
}

/// A part of a step that was performed.
#[derive(Clone, Debug)]
pub struct Performed {
    /// How it ended.
    pub ended: Ended,
    /// What it wrote to its output file, redacted.
    pub outputs_text: String,
    /// The result, where the process alone does not decide it.
    pub verdict: Option<StepResult>,
    /// Why, where the process does not say it.
    pub note: Option<String>,
}

/// Performs parts of steps. One performer serves several threads.
pub trait Performer: Sync {
    /// Performs one part to its end. `show` gets output as it comes, whole lines, several at a time.
    ///
    /// # Errors
    /// When it could not be begun.
    fn perform(&self, task: &Task<'_>, show: &mut dyn FnMut(&str)) -> Result<Performed, RunError>;

    /// Looks at what must hold before a step's first start, and returns Helm's present revision.
    ///
    /// # Errors
    /// When the step must not start.
    fn prepare(&self, step: &Step) -> Result<Option<String>, RunError>;

    /// Lets a hook of the plan tell people something.
    ///
    /// # Errors
    /// Says why it could not.
    fn tell(&self, news: &News) -> Result<(), String>;

    /// Waits, unless the run is interrupted.
    fn pause(&self, time: Duration);
}

/// What people answer.
#[derive(Clone, Debug)]
pub enum Answer {
    /// These happened.
    Events(Vec<Event>),
    /// Nothing yet; ask again.
    Nothing,
    /// Nobody is there: the run stops here and can be resumed.
    Leave,
}

/// Stands between the run and the people it waits for.
pub trait People {
    /// Waits a moment for an answer of somebody.
    ///
    /// # Errors
    /// When the terminal is lost.
    fn ask(&mut self, run: &Run, waiting: &[Waiting]) -> Result<Answer, RunError>;

    /// Reads the rules about people again, and returns the record of where they stand where they are others
    /// than before.
    ///
    /// # Errors
    /// When they cannot be read, so that nobody can tell who may decide.
    fn read_rules(&mut self) -> Result<Option<Event>, RunError>;

    /// Looks again at an approval that was given, before a change that it guards begins at a time.
    ///
    /// # Errors
    /// Returns why it counts no more, as a sentence without a full stop.
    fn still_counts(&self, run: &Run, approval: &Step, now: &str) -> Result<(), String>;

    /// Turns a request that was left for the runner into events, or says why it may not count.
    fn admit(&mut self, run: &Run, request: &Left) -> Result<Vec<Event>, String>;
}

/// Shows what happens.
pub trait View {
    /// The session begins.
    fn begin(&mut self, _run: &Run) {}

    /// Something was recorded.
    fn event(&mut self, run: &Run, ts: &str, event: &Event);

    /// A step printed lines; each has its end.
    fn output(&mut self, step: &str, lines: &str);

    /// Something is to be said that is no event.
    fn say(&mut self, line: &str);

    /// Time has passed.
    fn tick(&mut self, run: &Run);
}

/// How a session of a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The run has ended.
    Ended(RunState),
    /// People are waited for.
    Waiting(Vec<Waiting>),
    /// These steps are in doubt.
    InDoubt(Vec<String>),
    /// It was interrupted.
    Interrupted,
    /// It is too early for a step.
    Closed {
        /// The step.
        step: String,
        /// Why, and until when.
        closed: Closed,
    },
    /// A write has no proof from the environment before.
    Unproven {
        /// The step.
        step: String,
        /// What is missing.
        why: Unproven,
    },
}

/// What a session may count on besides the plan.
#[derive(Clone, Debug, Default)]
pub struct Grounds {
    /// Earlier runs that prove what staging has seen.
    pub earlier: Vec<Run>,
    /// How old a proof may be when what it is for begins, in seconds.
    pub max_age_s: Option<u64>,
    /// The folders of all runs: what others have done since can take a proof away.
    pub among: Vec<PathBuf>,
    /// The name of this run.
    pub own: String,
    /// Whether to stay until it is time for a step.
    pub stay: bool,
    /// Who breaks the glass.
    pub breaker: String,
    /// Why the glass is broken: each reason counts for one step, the one that it names with `STEP=`
    /// or the first that needs it.
    pub break_glass: Vec<String>,
}

/// How far a clock may be behind the journal before nothing that expires can be judged by it.
const MAX_LAG_S: u64 = 60;

enum Message {
    Output { step: String, lines: String },
    Done { step: String, part: Part, attempt: u32, in_doubt: bool, performed: Result<Performed, RunError> },
    RetryDue { step: String, attempt: u32 },
    Told { owed: Owed, failed: Option<String> },
}

/// Performs a run until it ends, needs somebody, or is interrupted.
///
/// # Errors
/// When the journal cannot be kept, or the world is not as a step needs it. What was recorded
/// stays; what was begun is waited for.
#[allow(clippy::too_many_arguments, reason = "each is one side of the run; a struct of them would only hide that")]
pub fn drive(
    run: &mut Run,
    journal: &mut dyn Journal,
    performer: &dyn Performer,
    people: &mut dyn People,
    view: &mut dyn View,
    control: &Control,
    grounds: &Grounds,
) -> Result<Outcome, RunError> {
    view.begin(run);
    let outcome = drive_unsettled(run, journal, performer, people, view, control, grounds);
    // Whatever stopped the session, what happened in it is kept.
    let settled = journal.settle();
    let outcome = outcome?;
    settled.map(|()| outcome)
}

/// Like [`drive`], the last records perhaps not on the disk yet.
#[allow(clippy::too_many_arguments, reason = "as above")]
fn drive_unsettled(
    run: &mut Run,
    journal: &mut dyn Journal,
    performer: &dyn Performer,
    people: &mut dyn People,
    view: &mut dyn View,
    control: &Control,
    grounds: &Grounds,
) -> Result<Outcome, RunError> {
    let plan = std::sync::Arc::clone(run.plan());
    std::thread::scope(|scope| {
        // A screen that is slower than a step slows the step down instead of filling the memory.
        let (sender, receiver) = mpsc::sync_channel(QUEUE);
        let reasons = grounds.break_glass.iter().cloned().collect();
        let mut driver = Driver {
            run,
            journal,
            view,
            grounds,
            reasons,
            in_flight: BTreeSet::new(),
            looked_at: BTreeSet::new(),
            told_to_stop: false,
            telling: BTreeSet::new(),
            early: None,
        };
        loop {
            if control.level() > 0 && !driver.told_to_stop {
                driver.told_to_stop = true;
                driver.happen(Event::RunInterrupted { signal: control.signal_name().into() })?;
            }
            for request in driver.journal.requests()? {
                match people.admit(driver.run, &request) {
                    Ok(events) => events.into_iter().try_for_each(|event| driver.happen_if_possible(event))?,
                    Err(why) => driver.view.say(&format!("a request was refused: {why}")),
                }
            }
            driver.mind_the_time()?;
            while let Some(news) = driver.next_news() {
                driver.journal.settle()?;
                let sender = sender.clone();
                scope.spawn(move || {
                    let failed = performer.tell(&news).err();
                    let _ = sender.send(Message::Told { owed: news.owed, failed });
                });
            }
            let (mut begun, mut early) = (false, None);
            if let Next::Act(actions) = driver.run.next() {
                for action in actions {
                    let Some(work) = driver.begin(&action, performer, people)? else {
                        continue;
                    };
                    begun = !matches!(work, Work::Closed { .. } | Work::Blocked { .. });
                    match work {
                        Work::Done => {}
                        Work::Closed { step, closed } => {
                            // Others need not wait for it.
                            early.get_or_insert((step, closed));
                            continue;
                        }
                        Work::Blocked { step, why } if driver.in_flight.is_empty() && driver.telling.is_empty() => {
                            return Ok(Outcome::Unproven { step, why });
                        }
                        Work::Blocked { .. } => {}
                        Work::Pause { step, attempt, time } => {
                            let sender = sender.clone();
                            scope.spawn(move || {
                                performer.pause(time);
                                let _ = sender.send(Message::RetryDue { step, attempt });
                            });
                        }
                        Work::Perform { part, attempt, in_doubt, step, outputs, previous_revision } => {
                            // The end of the step before and the beginning of this one: one wait for the disk.
                            driver.journal.settle()?;
                            let plan_step = plan.step(&step).expect("the machine names steps of its plan");
                            let task = Task { step: plan_step, part, outputs, previous_revision };
                            let sender = sender.clone();
                            scope.spawn(move || {
                                let mut show = |lines: &str| {
                                    let lines = lines.to_owned();
                                    let _ = sender.send(Message::Output { step: step.clone(), lines });
                                };
                                let performed = performer.perform(&task, &mut show);
                                let _ = sender.send(Message::Done { step, part, attempt, in_doubt, performed });
                            });
                        }
                    }
                    // Each event may change what may be done.
                    break;
                }
            }
            if begun {
                continue;
            }
            driver.journal.settle()?;
            if driver.in_flight.is_empty() && driver.telling.is_empty() {
                let waiting = match driver.run.next() {
                    Next::End(state) => return Ok(Outcome::Ended(state)),
                    Next::Stopped => return Ok(Outcome::Interrupted),
                    Next::InDoubt(steps) => return Ok(Outcome::InDoubt(steps)),
                    Next::Wait(waiting) => waiting,
                    Next::Busy => return Err(RunError::System("a step is under way that nobody performs".into())),
                    Next::Act(_) => {
                        let Some((step, closed)) = early else { continue };
                        let waiting = driver.run.waiting();
                        if waiting.is_empty() && !grounds.stay {
                            return Ok(Outcome::Closed { step, closed });
                        }
                        if waiting.is_empty() {
                            driver.say_once(&step, &closed);
                            performer.pause(Duration::from_millis(200));
                            driver.view.tick(driver.run);
                            continue;
                        }
                        waiting
                    }
                };
                match people.ask(driver.run, &waiting)? {
                    Answer::Events(events) => {
                        events.into_iter().try_for_each(|event| driver.happen_if_possible(event))?;
                    }
                    Answer::Nothing => driver.view.tick(driver.run),
                    Answer::Leave => return Ok(Outcome::Waiting(waiting)),
                }
                continue;
            }
            match receiver.recv_timeout(Duration::from_millis(200)) {
                Ok(message) => driver.take(message)?,
                Err(_) => driver.view.tick(driver.run),
            }
        }
    })
}

enum Work {
    Done,
    Closed {
        step: String,
        closed: Closed,
    },
    Blocked {
        step: String,
        why: Unproven,
    },
    Pause {
        step: String,
        attempt: u32,
        time: Duration,
    },
    Perform {
        step: String,
        part: Part,
        attempt: u32,
        in_doubt: bool,
        outputs: BTreeMap<String, BTreeMap<String, String>>,
        previous_revision: Option<String>,
    },
}

struct Driver<'a> {
    run: &'a mut Run,
    journal: &'a mut dyn Journal,
    view: &'a mut dyn View,
    grounds: &'a Grounds,
    /// Reasons to break the glass that have not been used.
    reasons: VecDeque<String>,
    in_flight: BTreeSet<String>,
    /// Approvals that were looked at since something was last recorded about people.
    looked_at: BTreeSet<String>,
    told_to_stop: bool,
    /// What hooks are telling now.
    telling: BTreeSet<Owed>,
    /// For which step it was said last that it is too early.
    early: Option<String>,
}

impl Driver<'_> {
    /// Applies an event and records it. The machine comes first, so that the journal never holds
    /// what cannot be folded again; a record that fails ends the session, and with it this state.
    fn happen(&mut self, event: Event) -> Result<(), RunError> {
        let ts = self.journal.time();
        self.run.apply(&ts, &event).map_err(|why| RunError::Usage(why.to_string()))?;
        if !event.is_work() {
            self.looked_at.clear();
        }
        self.journal.record(&ts, event.clone())?;
        self.view.event(self.run, &ts, &event);
        Ok(())
    }

    /// Like [`Driver::happen`], for what others asked for: what cannot happen is said and left out.
    fn happen_if_possible(&mut self, event: Event) -> Result<(), RunError> {
        match self.happen(event) {
            Err(RunError::Usage(why)) => {
                self.view.say(&format!("a request was refused: {why}"));
                Ok(())
            }
            other => other,
        }
    }

    /// Says that it is too early for a step, once.
    fn say_once(&mut self, step: &str, closed: &Closed) {
        if self.early.as_deref() != Some(step) {
            let until = closed.until.as_ref().map(|until| format!("; it begins at {until}")).unwrap_or_default();
            self.view.say(&format!("{step} waits: {}{until}", closed.why));
            self.early = Some(step.to_owned());
        }
    }

    /// Returns what a hook is to tell next.
    fn next_news(&mut self) -> Option<News> {
        // What an interrupt cut short, the next session tells.
        if self.told_to_stop {
            return None;
        }
        // Each hook tells one thing after the other, as it happened.
        let is_busy = |hook: usize| self.telling.iter().any(|owed| owed.hook == hook);
        let (owed, why) = self.run.owed().find(|(owed, _)| !is_busy(owed.hook))?;
        let news = News { owed: owed.clone(), why: why.to_owned(), state: self.run.state() };
        self.telling.insert(news.owed.clone());
        Some(news)
    }

    /// Records what the time has made due for people who are waited for.
    ///
    /// # Errors
    /// When the clock cannot say.
    fn mind_the_time(&mut self) -> Result<(), RunError> {
        if !self.run.is_timed() || self.told_to_stop {
            return Ok(());
        }
        let now = self.trusted_time("how long people have been waited for")?;
        for due in self.run.due(&now) {
            self.happen(match due {
                Due::Reminder { step, reminder } => Event::StepReminded { step, reminder },
                Due::Overdue(step) => Event::StepOverdue { step },
            })?;
        }
        Ok(())
    }

    /// Returns the time of the next record.
    ///
    /// # Errors
    /// When this machine's clock is far behind the journal, so that nobody can tell `what`.
    fn trusted_time(&self, what: &str) -> Result<String, RunError> {
        let now = self.journal.time();
        if is_older(&time::now(), &now, MAX_LAG_S) {
            let why = format!(
                "the clock of this machine is behind the last record of the journal ({now}): nobody can tell {what}. \
                 Set the clock right, then resume"
            );
            return Err(RunError::Stale { why });
        }
        Ok(now)
    }

    /// Begins an action, or returns `None` where it is under way already.
    fn begin(
        &mut self,
        action: &Action,
        performer: &dyn Performer,
        people: &mut dyn People,
    ) -> Result<Option<Work>, RunError> {
        let (id, part, attempt, in_doubt) = match action {
            Action::Finish(state) if self.in_flight.is_empty() => {
                self.happen(Event::RunFinished { state: *state })?;
                return Ok(Some(Work::Done));
            }
            Action::Finish(_) => return Ok(None),
            Action::Check { step, .. }
            | Action::Start { step, .. }
            | Action::Verify { step, .. }
            | Action::Retry { step, .. }
            | Action::Skip { step, .. }
            | Action::Undo { step }
                if self.in_flight.contains(step) =>
            {
                return Ok(None);
            }
            Action::Skip { step, reason } => {
                self.happen(Event::StepSkipped { step: step.clone(), reason: *reason })?;
                return Ok(Some(Work::Done));
            }
            Action::Retry { step, attempt } => {
                let retries = self.step(step).retries.as_ref();
                let time = Duration::from_secs(retries.map_or(0, crate::plan::Retries::backoff_s));
                self.in_flight.insert(step.clone());
                return Ok(Some(Work::Pause { step: step.clone(), attempt: *attempt, time }));
            }
            Action::Check { step, in_doubt } => (step, Part::Check, 0, *in_doubt),
            Action::Start { step, attempt } => (step, Part::Main, *attempt, false),
            Action::Verify { step, attempt } => (step, Part::Verify, *attempt, false),
            Action::Undo { step } => (step, Part::Undo, 0, false),
        };
        match part {
            Part::Main => {
                // Too early, nobody is asked and nothing is looked at: what counts then may be another.
                let closed = self.run.closed(id, &self.trusted_time_for(id)?);
                if let Some(closed) = closed.clone().filter(|_| self.reason_for(id).is_none()) {
                    return Ok(Some(Work::Closed { step: id.clone(), closed }));
                }
                if self.expire_approvals(id, people)? {
                    return Ok(Some(Work::Done));
                }
                let unproven = self.proof(id)?.err();
                let is_held = closed.is_some() || unproven.is_some();
                let break_glass = if is_held { self.broken_glass(id) } else { None };
                if let Some(why) = unproven.filter(|_| break_glass.is_none()) {
                    return Ok(Some(Work::Blocked { step: id.clone(), why }));
                }
                let previous_revision = performer.prepare(self.step(id))?;
                let step = id.clone();
                self.happen(Event::StepStarted { step, attempt, previous_revision, break_glass })?;
            }
            Part::Undo => self.happen(Event::RollbackStarted { step: id.clone() })?,
            Part::Check | Part::Verify => {}
        }
        self.in_flight.insert(id.clone());
        let outputs = self.run.statuses().filter(|(_, status)| !status.outputs.is_empty());
        Ok(Some(Work::Perform {
            step: id.clone(),
            part,
            attempt,
            in_doubt,
            outputs: outputs.map(|(step, status)| (step.id.clone(), status.outputs.clone())).collect(),
            previous_revision: self.run.status(id).and_then(|status| status.previous_revision.clone()),
        }))
    }

    fn step(&self, id: &str) -> &Step {
        self.run.plan().step(id).expect("the machine names steps of its plan")
    }

    /// Returns the time of the next record, which must be right where the step does not begin at any.
    fn trusted_time_for(&self, id: &str) -> Result<String, RunError> {
        let step = self.step(id);
        let environment = step.env.as_ref().and_then(|env| self.run.plan().environments.get(env));
        if step.not_before.is_none() && environment.is_none_or(|environment| environment.changes.is_none()) {
            return Ok(self.journal.time());
        }
        self.trusted_time(&format!("whether `{id}` may begin"))
    }

    /// Takes back approvals before a step that count no more at this moment. Tells whether there were
    /// any.
    ///
    /// # Errors
    /// When one expires and the clock cannot say whether it has.
    fn expire_approvals(&mut self, id: &str, people: &mut dyn People) -> Result<bool, RunError> {
        let now = if self.run.has_expiry(id) {
            self.trusted_time(&format!("whether an approval before `{id}` has expired"))?
        } else {
            self.journal.time()
        };
        let is_guarded = guard::is_guarded(self.step(id)) && !self.run.given_approvals(id).is_empty();
        if let Some(listed) = if is_guarded { people.read_rules()? } else { None } {
            self.happen(listed)?;
        }
        let mut expired = Vec::new();
        let given = if is_guarded { self.run.given_approvals(id) } else { Vec::new() };
        for approval in given {
            let step = approval.id.clone();
            if self.run.missing_at(&step, &now) > 0 {
                expired.push(Event::ApprovalExpired { step, why: None });
            } else if !self.looked_at.contains(&step) {
                // What another run shows can be taken back there at any moment.
                let is_elsewhere = self.run.vouched_for(&step).is_some();
                match people.still_counts(self.run, approval, &now) {
                    Ok(()) if is_elsewhere => {}
                    Ok(()) => drop(self.looked_at.insert(step)),
                    Err(why) => expired.push(Event::ApprovalExpired { step, why: Some(why) }),
                }
            }
        }
        let any = !expired.is_empty();
        expired.into_iter().try_for_each(|event| self.happen(event))?;
        Ok(any)
    }

    /// Asks whether a step's change is proven where it must be first, now.
    fn proof(&self, id: &str) -> Result<Result<(), Unproven>, RunError> {
        let step = self.step(id);
        let Some(environment) = proof::proving_environment(self.run.plan(), step) else {
            return Ok(Ok(()));
        };
        let at = match proof::proven_by(self.run, step, &self.grounds.earlier) {
            Ok(at) => at,
            Err(why) => match self.run.proven_by_evidence(id) {
                Some(at) => Some(at.to_owned()),
                None => return Ok(Err(why)),
            },
        };
        let Some(at) = at else {
            return Ok(Ok(()));
        };
        let unproven = |missing: String| Ok(Err(Unproven { environment: environment.clone(), missing }));
        if let Some(limit) = self.grounds.max_age_s.filter(|limit| is_older(&at, &self.journal.time(), *limit)) {
            return unproven(format!("what proves it was done at {at}, and a proof may be {limit} s old"));
        }
        let later = match self.later_runs(&at) {
            Ok(later) => later,
            Err(why) => return unproven(why),
        };
        for (name, other) in later {
            if let Some(why) = proof::undone_by(&other, self.run, step, &at) {
                return unproven(format!("run {name} has taken the proof away: {why}"));
            }
        }
        Ok(Ok(()))
    }

    /// Returns the other runs to which something happened after a time, as their last records say: what the
    /// disk says of a file can be set. Runs of other accounts that keep them to themselves are not among them.
    ///
    /// # Errors
    /// Names one that cannot be read, so that nobody can tell what it did.
    fn later_runs(&self, since: &str) -> Result<Vec<(String, Run)>, String> {
        let all = self.grounds.among.iter().flat_map(|runs| list_runs(runs).unwrap_or_default());
        let others = all.filter(|path| name_of(path) != self.grounds.own && !is_closed(path));
        let mut later = Vec::new();
        for path in others {
            let name = name_of(&path);
            let blind = |why: RunError| format!("nobody can tell what run {name} has done since: {why}");
            let read = read_run(&path).map_err(blind)?;
            if read.chain.records.last().is_some_and(|last| last.ts.as_str() >= since) {
                later.push((name.clone(), fold_read(&read).map_err(blind)?));
            }
        }
        Ok(later)
    }

    /// Finds the reason for a step whose glass may be broken: the one that names it, or the first that
    /// names none.
    fn reason_for(&self, id: &str) -> Option<usize> {
        self.step(id).break_glass.as_ref()?;
        let names = |reason: &str| {
            let (step, why) = reason.split_once('=').unwrap_or(("", reason));
            let step = self.run.plan().step(step).map(|step| step.id.clone());
            (step, why.trim().is_empty())
        };
        let own = self.reasons.iter().position(|reason| names(reason) == (Some(id.to_owned()), false));
        own.or_else(|| self.reasons.iter().position(|reason| names(reason).0.is_none() && !reason.trim().is_empty()))
    }

    /// Takes the reason for a step whose glass may be broken: one reason, one step.
    fn broken_glass(&mut self, id: &str) -> Option<BreakGlass> {
        let reason = self.reasons.remove(self.reason_for(id)?)?;
        let own = reason.split_once('=').filter(|(step, _)| *step == id).map(|(_, why)| why.to_owned());
        let reason = own.unwrap_or(reason);
        let allowed = self.step(id).break_glass.clone()?;
        let within = allowed.review_within.as_deref().and_then(duration_s);
        let review_by = within.and_then(|seconds| time::after(&self.journal.time(), seconds));
        Some(BreakGlass { by: self.grounds.breaker.clone(), reason, review_by })
    }

    fn take(&mut self, message: Message) -> Result<(), RunError> {
        match message {
            Message::Output { step, lines } => {
                self.view.output(&step, &lines);
                Ok(())
            }
            Message::Told { owed, failed } => {
                self.telling.remove(&owed);
                // What was done meanwhile needs no telling any more.
                if failed.is_some() && self.told_to_stop || !self.run.owed().any(|(other, _)| *other == owed) {
                    return Ok(());
                }
                let Owed { hook, on, step, reminder } = owed;
                self.happen(Event::RunNotified { hook, on, step, reminder, failed })
            }
            Message::RetryDue { step, attempt } => {
                self.in_flight.remove(&step);
                // An interrupt during the pause leaves the retry for the resume.
                if self.told_to_stop { Ok(()) } else { self.happen(Event::StepRetry { step, attempt }) }
            }
            Message::Done { step, part, attempt, in_doubt, performed } => {
                self.in_flight.remove(&step);
                let performed = match performed {
                    Ok(performed) => performed,
                    Err(why) => not_begun(&why),
                };
                self.take_done(step, part, attempt, in_doubt, performed)
            }
        }
    }

    fn take_done(
        &mut self,
        step: String,
        part: Part,
        attempt: u32,
        in_doubt: bool,
        performed: Performed,
    ) -> Result<(), RunError> {
        let Performed { ended, outputs_text, verdict, note } = performed;
        let stopped = matches!(ended.ending, Ending::Cancelled | Ending::Killed);
        let passed = ended.ending == Ending::Exited(0);
        match part {
            Part::Check | Part::Verify if stopped => Ok(()),
            Part::Check => {
                if let Some(note) = note {
                    self.view.say(&format!("{step}: {note}"));
                }
                self.happen(Event::StepChecked { step, holds: passed, in_doubt })
            }
            Part::Verify => {
                self.keep_log(&step, attempt, &ended)?;
                self.happen(Event::StepVerified { step, attempt, passed })
            }
            Part::Undo => {
                self.keep_log(&step, self.run.status(&step).map_or(0, |status| status.attempts), &ended)?;
                let exit = exit_of(ended.ending);
                self.happen(Event::RollbackFinished { step, undone: passed, exit })
            }
            Part::Main => {
                self.keep_log(&step, attempt, &ended)?;
                let plan_step = self.step(&step).clone();
                let (result, why) = match verdict {
                    Some(result) => (result, None),
                    None => judge(plan_step.expect.as_ref(), &ended),
                };
                let (exit, signal) = (exit_of(ended.ending), signal_of(ended.ending));
                let written = parse_outputs(&outputs_text);
                let (result, why) = match &written {
                    Err(wrong) if result == StepResult::Succeeded => {
                        (StepResult::Failed, Some(at_its_place(&plan_step, wrong)))
                    }
                    _ => (result, why),
                };
                let mut outputs = written.unwrap_or_default();
                let differs = if result == StepResult::Succeeded { differing(&plan_step, &outputs) } else { None };
                if let Some(differs) = &differs {
                    self.view.say(&format!("{step}: {differs}"));
                }
                outputs.retain(|key, _| plan_step.outputs.contains(key));
                let (strays, note) = (ended.strays, note.or(why).or(differs));
                self.happen(Event::StepFinished { step, attempt, result, exit, signal, outputs, strays, note })
            }
        }
    }

    fn keep_log(&mut self, step: &str, attempt: u32, ended: &Ended) -> Result<(), RunError> {
        if ended.n_bytes == 0 && self.step(step).evidence != Evidence::Output {
            return Ok(());
        }
        let evidence = self.journal.keep(ended.log.as_bytes())?;
        let (bytes, sha256) = (ended.n_bytes, ended.digest.clone());
        self.happen(Event::StepOutput { step: step.to_owned(), attempt, evidence, bytes, sha256 })
    }
}

/// Says where what a step wrote and the outputs that it declares differ.
fn differing(step: &Step, written: &BTreeMap<String, String>) -> Option<String> {
    let list = |names: Vec<&String>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let missing: Vec<&String> = step.outputs.iter().filter(|name| !written.contains_key(*name)).collect();
    let unknown: Vec<&String> = written.keys().filter(|name| !step.outputs.contains(name)).collect();
    let mut parts = Vec::new();
    if !missing.is_empty() {
        parts.push(format!("it declares the output {} and did not write it", list(missing)));
    }
    if !unknown.is_empty() {
        parts.push(format!("it wrote the output {} and does not declare it, so no step sees it", list(unknown)));
    }
    (!parts.is_empty()).then(|| at_its_place(step, &parts.join("; ")))
}

/// A sentence with the line of the page that the step stands in.
fn at_its_place(step: &Step, what: &str) -> String {
    match &step.source {
        Some(source) => format!("{what} ({}:{})", source.path, source.first_line),
        None => what.to_owned(),
    }
}

/// Judges an attempt by how it ended and by what the step expects.
fn judge(expect: Option<&Expect>, ended: &Ended) -> (StepResult, Option<String>) {
    match ended.ending {
        Ending::TimedOut => (StepResult::TimedOut, None),
        Ending::Cancelled => (StepResult::Cancelled, None),
        Ending::Killed => (StepResult::InDoubt, None),
        Ending::Signalled(_) => (StepResult::Failed, None),
        Ending::Exited(exit) => {
            let wanted = expect.and_then(|expect| expect.exit).unwrap_or(0);
            if exit != wanted {
                let why = (wanted != 0).then(|| format!("it exited with {exit}, not with {wanted}"));
                return (StepResult::Failed, why);
            }
            let Some(pattern) = expect.and_then(|expect| expect.stdout_matches.as_deref()) else {
                return (StepResult::Succeeded, None);
            };
            match Regex::new(pattern) {
                Ok(regex) if regex.is_match(&ended.stdout) => (StepResult::Succeeded, None),
                Ok(_) => (StepResult::Failed, Some(format!("its output does not match `{pattern}`"))),
                Err(error) => (StepResult::Failed, Some(format!("`{pattern}` is no pattern: {error}"))),
            }
        }
    }
}

/// A process that could not be started has changed nothing: the attempt failed.
fn not_begun(why: &RunError) -> Performed {
    let ended = Ended::nothing(Ending::Exited(127));
    Performed { ended, outputs_text: String::new(), verdict: Some(StepResult::Failed), note: Some(why.to_string()) }
}

fn exit_of(ending: Ending) -> Option<i32> {
    if let Ending::Exited(code) = ending { Some(code) } else { None }
}

fn signal_of(ending: Ending) -> Option<i32> {
    if let Ending::Signalled(signal) = ending { Some(signal) } else { None }
}
