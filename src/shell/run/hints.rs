//! What to type next: for a run that waits, failed, was cut off or is in doubt, one command a line.

use super::driver::Outcome;
use crate::plan::machine::proof::Unproven;
use crate::plan::machine::{Next, Run, RunState, StepState, Waiting};
use crate::plan::{Evidence, StepKind};

/// A command and what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// What to type; words in capitals are to be filled in.
    pub command: String,
    /// What it does, where the command does not say it.
    pub why: Option<String>,
}

impl Hint {
    fn because(command: String, why: &str) -> Hint {
        Hint { command, why: Some(why.to_owned()) }
    }
}

/// Says how people move on a run that a session has left: everything that can be typed, in the order in
/// which one would try it.
pub fn next_commands(name: &str, run: &Run, outcome: &Outcome) -> Vec<Hint> {
    let mut hints = Vec::new();
    let resume = resume_command(name, run);
    match outcome {
        Outcome::Ended(RunState::Succeeded | RunState::Cancelled) => {}
        Outcome::Ended(state) => {
            let failed = run.statuses().filter(|(_, status)| {
                matches!(status.state, StepState::Failed | StepState::TimedOut | StepState::RollbackFailed)
            });
            for (step, status) in failed {
                let id = &step.id;
                if status.attempts > 0 {
                    hints.push(Hint::because(format!("opsbook runs log {name} {id}"), "what it printed"));
                }
                // A run that undid what it had done is over.
                let again = *state == RunState::Failed && performed(step.kind)
                    || *state == RunState::RollbackFailed && status.state == StepState::RollbackFailed;
                if again {
                    let what = if *state == RunState::Failed { "to try it again" } else { "to undo it again" };
                    let command = format!("opsbook resolve {name} {id} --as rerun --note TEXT");
                    hints.push(Hint::because(command, what));
                    hints.push(Hint::because(resume.clone(), "after that"));
                }
                if status.state == StepState::RollbackFailed {
                    let command = format!("opsbook resolve {name} {id} --as done --note TEXT");
                    hints.push(Hint::because(command, "if you have undone it by hand"));
                }
            }
            hints.push(Hint::because(format!("opsbook report {name}"), "the record of the run"));
        }
        Outcome::Closed { step, closed } => {
            let from = closed.until.as_ref().map_or("when it may".to_owned(), |until| format!("from {until} on"));
            hints.push(Hint { command: resume.clone(), why: Some(from) });
            hints.push(Hint::because(format!("{resume} --stay"), "to wait here until then"));
            if run.plan().step(step).is_some_and(|step| step.break_glass.is_some()) {
                let command = format!("{resume} --break-glass '{step}=REASON'");
                hints.push(Hint::because(command, "in an emergency"));
            }
        }
        Outcome::Unproven { why, .. } => hints.extend(for_unproven(&resume, why)),
        Outcome::Waiting(_) | Outcome::InDoubt(_) | Outcome::Interrupted => {
            hints.extend(ways_on(name, run));
            hints.push(Hint::because(resume, "to go on"));
        }
    }
    hints
}

/// The command that goes on with a run; where its runners have said who they are, the next one must, too.
pub fn resume_command(name: &str, run: &Run) -> String {
    let signed = run.runners().iter().any(|runner| runner.principal.is_some());
    let who = if signed { " --as NAME --key PATH" } else { "" };
    format!("opsbook resume {name}{who}")
}

fn for_unproven(resume: &str, _why: &Unproven) -> [Hint; 2] {
    [
        Hint::because(format!("{resume} --evidence RUN"), "with the run that proves it"),
        Hint::because(format!("{resume} --break-glass REASON"), "where the step allows it"),
    ]
}

/// Says how many of several people have approved, where one is not enough.
fn standing_of(run: &Run, step: &str) -> Option<String> {
    let step = run.plan().step(step)?;
    step.approval.as_ref().filter(|approval| approval.min > 1)?;
    crate::plan::machine::approval::standing(run, step)
}

/// Says until when people may act, where their time is limited.
fn until_of(run: &Run, step: &str) -> Option<String> {
    let limit = run.plan().step(step)?.people_s?;
    Some(format!("until {}", super::time::after(run.status(step)?.waits_since()?, limit)?))
}

/// Says, for a run that waits or is in doubt, how people move it on.
fn ways_on(name: &str, run: &Run) -> Vec<Hint> {
    match run.next() {
        Next::Wait(waiting) => waiting
            .iter()
            .flat_map(|wanted| match wanted {
                Waiting::Manual(step) => {
                    let evidence = run.plan().step(step).map_or(Evidence::None, |step| step.evidence);
                    let flag = match evidence {
                        Evidence::None | Evidence::Output => "",
                        Evidence::Note => " --note TEXT",
                        Evidence::Url => " --url ADDRESS",
                        Evidence::File => " --file PATH",
                    };
                    let captures = run.plan().step(step).into_iter().flat_map(|step| step.capture.keys());
                    let captures: String = captures.map(|name| format!(" --capture {name}=ANSWER")).collect();
                    vec![Hint {
                        command: format!("opsbook done {name} {step}{flag}{captures}"),
                        why: until_of(run, step),
                    }]
                }
                Waiting::Approval { step, .. } => vec![
                    Hint {
                        command: format!("opsbook approve {name} {step}"),
                        why: standing_of(run, step).or_else(|| until_of(run, step)),
                    },
                    Hint { command: format!("opsbook refuse {name} {step}"), why: undone(run, step) },
                ],
            })
            .collect(),
        Next::InDoubt(steps) => steps
            .iter()
            .flat_map(|step| {
                let undo = run.status(step).is_some_and(|status| status.state == StepState::RollbackInDoubt);
                let what = if undo { "its undo was cut off" } else { "it was cut off" };
                let settle = |what: &str| format!("opsbook resolve {name} {step} --as {what} --note TEXT");
                let mut hints = vec![Hint::because(format!("opsbook runs log {name} {step}"), "what it printed")];
                match undone(run, step).filter(|_| !undo) {
                    None => hints.push(Hint::because(settle("done|failed|rerun"), what)),
                    Some(undone) => {
                        hints.push(Hint::because(settle("done|rerun"), what));
                        hints.push(Hint::because(settle("failed"), &undone));
                    }
                }
                hints
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Says what is rolled back where a step fails: the plan undoes it by itself. `None` where that is nothing.
fn undone(run: &Run, failed: &str) -> Option<String> {
    let steps: Vec<String> = run.would_undo(failed).into_iter().map(|step| format!("`{}`", step.id)).collect();
    (!steps.is_empty()).then(|| format!("to roll back {}", steps.join(", ")))
}

fn performed(kind: StepKind) -> bool {
    !matches!(kind, StepKind::Manual | StepKind::Approval)
}
