//! What people are told of a run, in words: why somebody is waited for, and why a step failed.

use super::{Event, Resolution, StepResult};
use crate::plan::{Approval, Step};

/// Says why people are waited for with a step; `missing` says how many must still say yes.
pub(super) fn of_waiting(step: &Step, missing: u32) -> String {
    let limit = step.people_s.map(|limit| format!(", within {}", for_people(limit))).unwrap_or_default();
    match &step.approval {
        Some(approval) => format!("waits for {missing} to approve, {}{limit}: {}", who(approval), step.title),
        None => format!("waits for a person{limit}: {}", step.title),
    }
}

fn who(approval: &Approval) -> String {
    match (&approval.role, &approval.users) {
        (Some(role), _) => format!("of the role {role}"),
        (None, users) => format!("of {}", users.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ")),
    }
}

/// Says why a step failed, by the event that ended it.
pub(super) fn of_failure(step: &Step, event: &Event) -> String {
    let noted = |what: String, note: &Option<String>| match note {
        Some(note) => format!("{what}: {note}"),
        None => what,
    };
    match event {
        Event::StepFinished { result, exit, note, .. } => {
            let what = match (result, exit) {
                (StepResult::TimedOut, _) => "took too long".to_owned(),
                (_, Some(exit)) if *exit != 0 => format!("failed with exit status {exit}"),
                _ => "failed".to_owned(),
            };
            noted(what, note)
        }
        Event::StepVerified { .. } => "its verification failed".to_owned(),
        Event::ApprovalRefused(decision) => noted(format!("refused by {}", decision.by), &decision.note),
        Event::ApprovalExpired { .. } => "the approval has expired".to_owned(),
        Event::StepOverdue { .. } => {
            format!("nobody acted within {}", for_people(step.people_s.unwrap_or_default()))
        }
        Event::Resolve { by, note, r#as: Resolution::Failed, .. } => format!("settled as failed by {by}: {note}"),
        _ => "failed".to_owned(),
    }
}

/// A length of time in its largest whole unit.
pub fn for_people(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min")];
    let whole = units.iter().find(|(length, _)| seconds >= *length && seconds.is_multiple_of(*length));
    whole.map_or_else(|| format!("{seconds} s"), |(length, unit)| format!("{} {unit}", seconds / length))
}
