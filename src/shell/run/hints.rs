//! What to type next: for a run as it stands, one command a line.
//!
//! Knows what the machine and the rules about people accept. Does not know what the command line before
//! it said: [`Needs`] says what a command must be given of that.

use super::driver::Outcome;
use super::folder::name_of;
use super::people::account;
use crate::plan::machine::approval::{Proof, Rules, can_compare, wanted_proof};
use crate::plan::machine::{Next, Run, RunState, StepState, Waiting};
use crate::plan::{Evidence, Forbid, Step};
use std::path::Path;

/// A command and what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// What to type; words in capitals are to be filled in.
    pub command: String,
    /// What must be added to it.
    pub needs: Needs,
    /// What it does, where the command does not say it.
    pub why: Option<String>,
}

/// What a command must be given besides its own words, of what was said when the run began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Where runs are kept: it only looks.
    Place,
    /// The sources of secrets, too: it shows or writes down texts of people.
    Texts,
    /// Who acts, too.
    Person {
        /// Whether it counts only where somebody signs it.
        signed: bool,
    },
    /// How an approver says who they are, who may be somebody else.
    Approver(Proof),
    /// All that a session takes.
    Session {
        /// Whether whoever performs must say who they are.
        signed: bool,
    },
}

/// A run, and by whose rules it is judged.
struct Seen<'r> {
    name: String,
    folder: &'r Path,
    run: &'r Run,
    rules: &'r Rules,
}

/// Says how people move on a run that a session has left: everything that can be typed, in the order in
/// which one would try it.
pub fn next_commands(folder: &Path, run: &Run, outcome: &Outcome, rules: &Rules) -> Vec<Hint> {
    match outcome {
        Outcome::Unproven { step, .. } => Seen::new(folder, run, rules).for_unproven(step),
        Outcome::Closed { step, closed } => {
            let from = closed.until.as_ref().map_or("when it may".to_owned(), |until| format!("from {until} on"));
            Seen::new(folder, run, rules).for_closed(step, &from)
        }
        _ => commands_for(folder, run, rules),
    }
}

/// Says how people move on a run, wherever it stands.
pub fn commands_for(folder: &Path, run: &Run, rules: &Rules) -> Vec<Hint> {
    let seen = Seen::new(folder, run, rules);
    match run.next() {
        Next::End(state) => seen.after(state),
        Next::Act(_) | Next::Busy => vec![seen.resume(None)],
        Next::Wait(_) | Next::InDoubt(_) => seen.ways_on(run, "to go on, after that"),
        // A step that was cut off is in doubt once the run goes on: one need not go on to settle it.
        Next::Stopped => {
            let resumed = run.resumed();
            let doubt = matches!(resumed.next(), Next::InDoubt(_));
            seen.ways_on(&resumed, if doubt { "to go on, after that" } else { "to go on" })
        }
    }
}

impl<'r> Seen<'r> {
    fn new(folder: &'r Path, run: &'r Run, rules: &'r Rules) -> Seen<'r> {
        Seen { name: name_of(folder), folder, run, rules }
    }

    fn hint(&self, command: &str, rest: &str, needs: Needs, why: Option<&str>) -> Hint {
        let rest = if rest.is_empty() { String::new() } else { format!(" {rest}") };
        Hint { command: format!("opsbook {command} {}{rest}", self.name), needs, why: why.map(str::to_owned) }
    }

    /// The command that goes on; where its runners have said who they are, the next one must, too.
    fn resume(&self, why: Option<&str>) -> Hint {
        self.hint("resume", "", Needs::Session { signed: self.is_signed() }, why)
    }

    fn is_signed(&self) -> bool {
        self.run.runners().iter().any(|runner| runner.principal.is_some())
    }

    /// Whoever settles a run that was cut off takes it over, as if they had resumed it.
    fn person(&self) -> Needs {
        Needs::Person { signed: self.is_signed() && !can_compare(&account(), self.rules) }
    }

    fn settle(&self, step: &str, what: &str, why: Option<&str>) -> Hint {
        self.hint("resolve", &format!("{step} --as {what} --note TEXT"), self.person(), why)
    }

    fn log(&self, step: &str) -> Hint {
        self.hint("runs log", step, Needs::Place, Some("what it printed"))
    }

    fn report(&self) -> Hint {
        self.hint("report", "", Needs::Texts, Some("the record of the run"))
    }

    /// A new run that need not do again what this one has done.
    fn again(&self, why: &str) -> Hint {
        let here = std::env::current_dir().unwrap_or_default();
        let plan = self.folder.join("plan.json");
        let plan = typeable(&plan.strip_prefix(here).unwrap_or(&plan).to_string_lossy());
        let command = format!("opsbook run {plan} --rebase {}", self.name);
        Hint { command, needs: Needs::Session { signed: self.is_signed() }, why: Some(why.to_owned()) }
    }

    fn back(&self, why: &str) -> Option<Hint> {
        let n_steps = self.run.could_undo(None).len();
        (n_steps > 0).then(|| self.hint("rollback", "--note TEXT", self.person(), Some(why)))
    }

    /// What can be done about a run that has ended.
    fn after(&self, state: RunState) -> Vec<Hint> {
        if let Some(by) = self.run.superseded_by() {
            let needs = Needs::Place;
            return vec![
                Hint {
                    command: format!("opsbook runs show {by}"),
                    needs,
                    why: Some("it has taken this one over".into()),
                },
                self.report(),
            ];
        }
        let mut hints = Vec::new();
        let failed_undo = self.run.statuses().find(|(_, status)| status.state == StepState::RollbackFailed);
        let failed_undo = failed_undo.map(|(step, _)| step);
        let failures = if state == RunState::Succeeded { Vec::new() } else { self.run.failures() };
        for step in
            failures.iter().copied().chain(failed_undo.filter(|step| !failures.iter().any(|it| it.id == step.id)))
        {
            if self.run.status(&step.id).is_some_and(|status| status.attempts > 0) {
                hints.push(self.log(&step.id));
            }
        }
        match (state, failed_undo) {
            (RunState::RollbackFailed, Some(step)) => {
                hints.push(self.settle(&step.id, "rerun", Some("to undo it again")));
                hints.push(self.settle(&step.id, "done", Some("if you have undone it by hand")));
                hints.push(self.resume(Some("after that, to undo the rest")));
            }
            (RunState::Failed, _) => {
                for step in failures.iter().filter(|step| step.kind.is_performed()) {
                    hints.push(self.settle(&step.id, "rerun", Some("to try it again")));
                    hints.push(self.resume(Some("after that")));
                }
                if failures.iter().all(|step| !step.kind.is_performed()) {
                    hints.push(self.again("a new run that takes over what is done"));
                }
                hints.extend(self.back("to undo what was done"));
            }
            (RunState::Cancelled, _) => {
                hints.push(self.again("a new run that takes over what is done"));
                hints.extend(self.back("to undo what was done"));
            }
            _ => {}
        }
        if state != RunState::Succeeded {
            hints.push(self.report());
        }
        hints
    }

    fn resume_with(&self, rest: &str, why: &str) -> Hint {
        self.hint("resume", rest, Needs::Session { signed: self.is_signed() }, Some(why))
    }

    /// Breaking the glass before a step, where it allows that.
    fn glass(&self, id: &str, why: &str) -> Option<Hint> {
        let allowed = self.run.plan().step(id).is_some_and(|step| step.break_glass.is_some());
        allowed.then(|| self.resume_with(&format!("--break-glass '{id}=REASON'"), why))
    }

    fn for_unproven(&self, id: &str) -> Vec<Hint> {
        let mut hints = vec![self.resume_with("--evidence RUN", "with the run that proves it")];
        hints.extend(self.glass(id, "without proof: a review falls due"));
        hints.extend(self.back("to undo what was done"));
        hints
    }

    fn for_closed(&self, id: &str, from: &str) -> Vec<Hint> {
        let mut hints = vec![self.resume(Some(from)), self.resume_with("--stay", "to wait here until then")];
        hints.extend(self.glass(id, "in an emergency"));
        hints.extend(self.back("to undo what was done"));
        hints
    }

    /// Says, for a run that waits or is in doubt, how people move it on; `run` as it is once it is resumed.
    fn ways_on(&self, run: &Run, go_on: &str) -> Vec<Hint> {
        let mut hints: Vec<Hint> = match run.next() {
            Next::Wait(waiting) => waiting.iter().flat_map(|wanted| self.for_person(run, wanted)).collect(),
            Next::InDoubt(steps) => steps.iter().flat_map(|step| self.for_doubt(run, step)).collect(),
            _ => Vec::new(),
        };
        hints.push(self.resume(Some(go_on)));
        hints
    }

    fn for_person(&self, run: &Run, wanted: &Waiting) -> [Hint; 2] {
        match wanted {
            Waiting::Manual(id) => {
                let step = run.plan().step(id);
                let flag = match step.map_or(Evidence::None, |step| step.evidence) {
                    Evidence::None | Evidence::Output => "",
                    Evidence::Note => " --note TEXT",
                    Evidence::Url => " --url ADDRESS",
                    Evidence::File => " --file PATH",
                };
                let captures = step.into_iter().flat_map(|step| step.capture.keys());
                let captures: String = captures.map(|name| format!(" --capture {name}=ANSWER")).collect();
                let person = Needs::Person { signed: false };
                let no = undone(run, id).unwrap_or_else(|| "if it is not so: the step fails".to_owned());
                [
                    self.hint("done", &format!("{id}{flag}{captures}"), person, until_of(run, id).as_deref()),
                    self.hint("refuse", &format!("{id} --note TEXT"), Needs::Texts, Some(&no)),
                ]
            }
            Waiting::Approval { step: id, .. } => {
                let step = run.plan().step(id);
                let needs =
                    Needs::Approver(step.map_or(Proof::Signature, |step| wanted_proof(run.plan(), step, self.rules)));
                let who =
                    [step.and_then(|step| standing_of(run, step)), step.and_then(not_the_runner), until_of(run, id)];
                let who: Vec<String> = who.into_iter().flatten().collect();
                let who = (!who.is_empty()).then(|| who.join("; "));
                [
                    self.hint("approve", id, needs, who.as_deref()),
                    self.hint("refuse", id, needs, undone(run, id).as_deref()),
                ]
            }
        }
    }

    fn for_doubt(&self, run: &Run, id: &str) -> Vec<Hint> {
        let mut hints = vec![self.log(id)];
        if run.status(id).is_some_and(|status| status.state == StepState::RollbackInDoubt) {
            hints.push(self.settle(id, "done|failed|rerun", Some("its undo was cut off")));
            return hints;
        }
        match undone(run, id) {
            None => hints.push(self.settle(id, "done|failed|rerun", Some("it was cut off"))),
            Some(undone) => {
                hints.push(self.settle(id, "done|rerun", Some("it was cut off")));
                hints.push(self.settle(id, "failed", Some(&undone)));
            }
        }
        hints
    }
}

/// Says how many of several people have approved, where one is not enough.
fn standing_of(run: &Run, step: &Step) -> Option<String> {
    step.approval.as_ref().filter(|approval| approval.min > 1)?;
    crate::plan::machine::approval::standing(run, step)
}

/// Says until when people may act, where their time is limited.
fn until_of(run: &Run, step: &str) -> Option<String> {
    let limit = run.plan().step(step)?.people_s?;
    Some(format!("until {}", super::time::after(run.status(step)?.waits_since()?, limit)?))
}

fn not_the_runner(step: &Step) -> Option<String> {
    step.forbids(Forbid::Runner).then(|| "by somebody who does not run it".to_owned())
}

/// Says what is rolled back where a step fails: the plan undoes it by itself. `None` where that is nothing.
fn undone(run: &Run, failed: &str) -> Option<String> {
    let steps: Vec<String> = run.would_undo(failed).into_iter().map(|step| format!("`{}`", step.id)).collect();
    (!steps.is_empty()).then(|| format!("to roll back {}", steps.join(", ")))
}

/// Writes a word so that a shell reads it as one.
pub fn typeable(text: &str) -> String {
    let plain = |ch: char| ch.is_ascii_alphanumeric() || "-_./:=@%+,".contains(ch);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
