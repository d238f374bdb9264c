//! At a terminal: what can be done about a failure or a doubt is asked at once, and what comes next is
//! shown to whoever wants to see it before saying yes.

use super::driver::Outcome;
use super::people::{AtTerminal, Request};
use super::process::Control;
use super::view::inert;
use crate::plan::StepKind;
use crate::plan::machine::{Event, Resolution, Run, RunState, StepState};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

/// So many lines of a step's output say what went wrong.
const N_LINES: usize = 40;

/// Offers to settle the first step that holds a run up. Returns what was decided: nothing, where the
/// person leaves it.
pub(super) fn offer(
    people: &mut AtTerminal,
    run: &Run,
    outcome: &Outcome,
    control: &Control,
    log: &dyn Fn(&str) -> String,
) -> Vec<Event> {
    let Some((step, choices)) = held_up_by(run, outcome) else { return Vec::new() };
    let words: Vec<String> = choices.iter().map(|(_, word)| format!("{word}, ")).collect();
    loop {
        people.terminal.complain(&format!("\n{step}: {}[s]how what it printed, [l]eave it: ", words.concat()));
        let Some(line) = typed(people, control) else { return Vec::new() };
        let answer = line.to_ascii_lowercase();
        let chosen = choices.iter().find(|(_, word)| answer.starts_with(&word[1..2]) && !answer.is_empty());
        match (answer.chars().next(), chosen) {
            (Some('l' | 'q'), _) => return Vec::new(),
            (Some('s'), _) => {
                let log = log(&step);
                let lines: Vec<&str> = log.lines().collect();
                for line in lines.iter().skip(lines.len().saturating_sub(N_LINES)) {
                    people.terminal.complain(&format!("    {}\n", inert(line)));
                }
            }
            (_, Some((resolution, _))) => {
                people.terminal.complain("What did you see? It stands in the journal: ");
                let Some(note) = typed(people, control) else { return Vec::new() };
                let by = people.by.clone();
                let request = Request::Resolve { step: step.clone(), r#as: *resolution, by, note };
                match people.office.judge(run, request) {
                    Ok(events) => return events,
                    Err(why) => people.terminal.complain(&format!("That does not count: {why}\n")),
                }
            }
            _ => {}
        }
    }
}

/// The step that holds a run up, and as what it can be settled.
fn held_up_by(run: &Run, outcome: &Outcome) -> Option<(String, Vec<(Resolution, &'static str)>)> {
    let first = |wanted: &[StepState], kinds: fn(StepKind) -> bool| {
        let mut found = run.statuses().filter(|(step, status)| wanted.contains(&status.state) && kinds(step.kind));
        found.next().map(|(step, _)| step.id.clone())
    };
    let (again, done) = ((Resolution::Rerun, "[r]un it again"), (Resolution::Done, "[d]one"));
    match outcome {
        Outcome::InDoubt(steps) => Some((steps.first()?.clone(), vec![done, (Resolution::Failed, "[f]ailed"), again])),
        Outcome::Ended(RunState::Failed) => {
            Some((first(&[StepState::Failed, StepState::TimedOut], StepKind::is_performed)?, vec![again]))
        }
        Outcome::Ended(RunState::RollbackFailed) => {
            let undo = (Resolution::Rerun, "[r]un its undo again");
            Some((first(&[StepState::RollbackFailed], |_| true)?, vec![undo, (Resolution::Done, "[d]one by hand")]))
        }
        _ => None,
    }
}

/// Waits for a line; `None` where nobody is there any more.
fn typed(people: &AtTerminal, control: &Control) -> Option<String> {
    while control.level() == 0 {
        match people.lines.recv_timeout(Duration::from_millis(200)) {
            Ok(line) => return Some(line.trim().to_owned()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
    None
}

/// Returns the scripts of the steps that a step lets begin.
pub(super) fn scripts_after(run: &Run, id: &str) -> String {
    let mut text = String::new();
    for step in run.plan().steps.iter().filter(|step| step.needs.iter().any(|need| need.step == id)) {
        text.push_str(&format!("  {}: {}\n", step.id, inert(&step.title)));
        let script = step.run.as_ref().map(|run| run.script.as_str()).unwrap_or_default();
        script.trim_end().lines().for_each(|line| text.push_str(&format!("    > {}\n", inert(line))));
    }
    if text.is_empty() { "  nothing follows on this\n".to_owned() } else { text }
}
