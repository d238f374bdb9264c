//! The record of a run as a Markdown page: who, what, when, what was set aside, outputs, evidence, chain head.
//!
//! Text of people and programs stands in code spans and fences that it cannot close, so that a
//! page made of it says nothing else than was said.

use super::signers::fingerprint_of;
use super::{Chain, Event, Resolution, Run, SkipReason, StepState, StepStatus};
use crate::plan::Step;
use std::collections::BTreeMap;

/// What a record is made of besides the run and its journal.
pub struct Sources<'a> {
    /// Gives the text kept under a digest, where it is text.
    pub evidence: &'a dyn Fn(&str) -> Option<String>,
    /// Whether the plan is what its pages say.
    pub pages: &'a str,
    /// Gives the address of a page, seen from the record, where there is one.
    pub link: &'a dyn Fn(&str) -> Option<String>,
}

/// Writes the record.
pub fn report(name: &str, run: &Run, chain: &Chain, sources: &Sources<'_>) -> String {
    let plan = run.plan();
    let title = plan.title.as_deref().unwrap_or(&plan.runbook);
    let mut out =
        format!("---\ntitle: {}\n---\n\n# {}\n\n", quoted(&format!("{title}: {}", run.state())), plain(title));
    facts(name, run, chain, sources, &mut out);
    components(run, &mut out);
    steps(run, sources, &mut out);
    broken_glass(chain, &mut out);
    people(run, chain, sources, &mut out);
    outputs(chain, sources, &mut out);
    out
}

fn facts(name: &str, run: &Run, chain: &Chain, sources: &Sources<'_>, out: &mut String) {
    let plan = run.plan();
    let began = chain.records.first().map_or("-", |record| &record.ts);
    let ended = chain.records.last().map_or("-", |record| &record.ts);
    let mut runners: Vec<String> = Vec::new();
    for runner in run.runners() {
        let account = span(&runner.account);
        let runner = match &runner.principal {
            Some(name) => format!("{} (ssh-sig), account {account}", span(name)),
            None => account,
        };
        if !runners.contains(&runner) {
            runners.push(runner);
        }
    }
    out.push_str("| | |\n|---|---|\n");
    let facts = [
        ("State", run.state().to_string()),
        ("Run", span(name)),
        ("Runbook", span(&plan.runbook)),
        ("Plan", span(&plan.hash)),
        ("Commit", plan.source.commit.as_deref().map_or("-".to_owned(), span)),
        ("Pages", plain(sources.pages)),
        ("Begun", began.to_owned()),
        ("Last record", ended.to_owned()),
        ("Run by", runners.join(", ")),
        ("Journal head", span(chain.head())),
    ];
    let passed = run.passed().iter().map(|name| ("Variable of the runner", span(name)));
    let ticket = plan.ticket.as_ref().map(|ticket| ("Ticket", span(ticket)));
    for (key, value) in facts.into_iter().chain(ticket).chain(passed) {
        out.push_str(&format!("| {key} | {value} |\n"));
    }
    for (name, param) in &plan.params {
        let value = param.value.as_ref().map_or("-".to_owned(), |value| span(&text_of(value)));
        out.push_str(&format!("| Parameter {} | {value} |\n", span(name)));
    }
}

fn text_of(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn components(run: &Run, out: &mut String) {
    let plan = run.plan();
    if plan.components.is_empty() {
        return;
    }
    out.push_str("\n## Components\n\n| Component | From | To | Path |\n|---|---|---|---|\n");
    for component in &plan.components {
        let from = component.from.as_deref().map_or("-".to_owned(), span);
        let (name, to, path) = (span(&component.name), span(&component.to), span(&component.path));
        out.push_str(&format!("| {name} | {from} | {to} | {path} |\n"));
    }
}

fn steps(run: &Run, sources: &Sources<'_>, out: &mut String) {
    out.push_str(
        "\n## Steps\n\n| | Step | Written in | Environment | Result | Attempts | Begun | Ended |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for (step, status) in run.statuses() {
        let place = step.source.as_ref().map_or("-".to_owned(), |source| {
            let place = span(&format!("{}:{}", source.path, source.first_line));
            (sources.link)(&source.path).map_or(place.clone(), |link| format!("[{place}](<{}>)", one_line(&link)))
        });
        out.push_str(&format!(
            "| {} | {} | {place} | {} | {} | {} | {} | {} |\n",
            mark(status.state),
            plain(&step.title),
            step.env.as_deref().map_or("-".to_owned(), plain),
            word(step, status),
            status.attempts,
            status.started_at.as_deref().unwrap_or("-"),
            status.ended_at.as_deref().unwrap_or("-"),
        ));
    }
}

/// Guards that were set aside stand in a section of their own: somebody must look at each.
fn broken_glass(chain: &Chain, out: &mut String) {
    let broken = chain.records.iter().filter_map(|record| match &record.event {
        Event::StepStarted { step, break_glass: Some(glass), .. } => Some((&record.ts, step, glass)),
        _ => None,
    });
    for (at, (ts, step, glass)) in broken.enumerate() {
        if at == 0 {
            out.push_str("\n## Broken glass\n\n");
        }
        let review = glass
            .review_by
            .as_ref()
            .map_or("no review was asked for".to_owned(), |due| format!("a review is due by {due}"));
        let (step, by, reason) = (span(step), span(&glass.by), span(&glass.reason));
        out.push_str(&format!("- {ts} {step} was begun without proof by {by}: {reason}; {review}\n"));
    }
}

/// What people did, in the order in which they did it.
fn people(run: &Run, chain: &Chain, sources: &Sources<'_>, out: &mut String) {
    out.push_str("\n## People\n\n");
    let before = out.len();
    // The key by its fingerprint, as `ssh-keygen -l` shows it.
    let key = |signature: &str| {
        let key = (sources.evidence)(signature).and_then(|armoured| fingerprint_of(&armoured));
        key.map(|key| format!(", key {}", span(&key))).unwrap_or_default()
    };
    for record in &chain.records {
        let ts = &record.ts;
        let note = |note: &Option<String>| note.as_ref().map(|note| format!(": {}", span(note))).unwrap_or_default();
        let line = match &record.event {
            Event::ApprovalGiven(decision) | Event::ApprovalRefused(decision) => {
                let given = matches!(record.event, Event::ApprovalGiven(_));
                let what = if given { "approved" } else { "refused" };
                let (step, by) = (span(&decision.step), span(&decision.by));
                let key = decision.signature.as_deref().map(key).unwrap_or_default();
                format!("{step} {what} by {by} ({}{key}){}", decision.source, note(&decision.note))
            }
            Event::ApprovalExpired { step, why: None } => format!("{}: the approval expired", span(step)),
            Event::ApprovalExpired { step, why: Some(why) } => {
                format!("{}: the approval counts no more: {}", span(step), span(why))
            }
            Event::RunNotified { hook, on, step, failed, .. } => {
                let hook = run.plan().notify.get(*hook).map_or("-", |hook| hook.action.block.as_str());
                let about = step.as_ref().map(|step| format!(" {}", span(step))).unwrap_or_default();
                let failed = failed.as_ref().map(|why| format!(" could not be: {}", span(why)));
                format!("told by {} of {}{about}{}", span(hook), on.word(), failed.unwrap_or_default())
            }
            Event::StepReminded { step, reminder } => format!("{}: reminder {reminder}", span(step)),
            Event::StepOverdue { step } => format!("{}: nobody acted in time", span(step)),
            Event::ManualDone { step, by, .. } => format!("{} done by {}", span(step), span(by)),
            Event::ManualRefused { step, by, note, .. } => {
                format!("{} refused by {}: {}", span(step), span(by), span(note))
            }
            Event::EvidenceAdded { step, kind, value, sha256, by } => {
                let kept = sha256.as_ref().map(|digest| format!(", kept as {}", span(digest))).unwrap_or_default();
                format!("{} {} by {}: {}{kept}", span(step), plain(kind), span(by), span(value))
            }
            Event::Resolve { step, r#as, by, note } => {
                let what = match r#as {
                    Resolution::Done => "done",
                    Resolution::Failed => "failed",
                    Resolution::Rerun => "to be done again",
                };
                format!("{} settled as {what} by {}: {}", span(step), span(by), span(note))
            }
            Event::RunnerSigned { by, signature, .. } => {
                format!("signed as the runner by {} (ssh-sig{})", span(by), key(signature))
            }
            Event::PersonSigned { by, signature, .. } => {
                format!("the record before this one signed by {} (ssh-sig{})", span(by), key(signature))
            }
            Event::VariablesPassed { names } => {
                let names: Vec<String> = names.iter().map(|name| span(name)).collect();
                format!("the runner passes on {}", names.join(", "))
            }
            Event::RunResumed { by, .. } => format!("resumed by {}", span(by)),
            Event::RunCancelled { by, note: why } => format!("cancelled by {}{}", span(by), note(why)),
            Event::RunWantedBack { by, env, note } => {
                let env = env.as_ref().map(|env| format!(" in {}", span(env))).unwrap_or_default();
                format!("what was done{env} wanted back by {}: {}", span(by), span(note))
            }
            Event::RunSuperseded { run } => format!("taken over by run {}", span(run)),
            _ => continue,
        };
        out.push_str(&format!("- {ts} {line}\n"));
    }
    if out.len() == before {
        out.push_str("Nobody was asked.\n");
    }
}

fn outputs(chain: &Chain, sources: &Sources<'_>, out: &mut String) {
    out.push_str("\n## Output\n");
    // What a step's process had been asked to do when its output was kept.
    let mut doing: BTreeMap<&str, &str> = BTreeMap::new();
    for record in &chain.records {
        match &record.event {
            Event::StepStarted { step, .. } => drop(doing.insert(step, "")),
            Event::StepFinished { step, .. } => drop(doing.insert(step, "verification of ")),
            Event::RollbackStarted { step } => drop(doing.insert(step, "undo of ")),
            Event::StepOutput { step, attempt, evidence: digest, bytes, .. } => {
                let what = doing.get(step.as_str()).copied().unwrap_or_default();
                let attempt = if what == "undo of " { String::new() } else { format!("attempt {attempt}, ") };
                out.push_str(&format!("\n### {}{} ({attempt}{bytes} bytes)\n\n", capital(what), span(step)));
                match (sources.evidence)(digest) {
                    Some(text) => out.push_str(&fenced(&text)),
                    None => out.push_str(&format!("Kept as {}.\n", span(digest))),
                }
            }
            _ => {}
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

/// Returns the digest of the evidence that an event names.
pub fn evidence_of(event: &Event) -> Option<&str> {
    match event {
        Event::StepOutput { evidence, .. } => Some(evidence),
        Event::EvidenceAdded { sha256, .. } => sha256.as_deref(),
        Event::RunnerSigned { signature, .. } | Event::PersonSigned { signature, .. } => Some(signature),
        Event::ApprovalGiven(decision) | Event::ApprovalRefused(decision) => decision.signature.as_deref(),
        _ => None,
    }
}

fn mark(state: StepState) -> &'static str {
    match state {
        StepState::Succeeded => "✓",
        StepState::Skipped { .. } => "–",
        StepState::Pending => "·",
        StepState::InDoubt | StepState::RollbackInDoubt => "?",
        StepState::RolledBack => "↩",
        _ => "✗",
    }
}

fn word(step: &Step, status: &StepStatus) -> String {
    let word = match status.state {
        StepState::Pending => "not begun",
        StepState::Running => "running",
        StepState::Verifying => "being verified",
        StepState::Succeeded => "succeeded",
        StepState::Skipped { reason: SkipReason::AlreadyTrue, .. } => "already true",
        StepState::Skipped { reason: SkipReason::Upstream, .. } => "passed over",
        StepState::Skipped { reason: SkipReason::LeftOut, .. } => "left out",
        StepState::Skipped { reason: SkipReason::Condition, .. } => "not wanted",
        StepState::Skipped { reason: SkipReason::Evidence, .. } => "seen by an earlier run",
        StepState::Skipped { reason: SkipReason::Failures, .. } => "not begun, too many had failed",
        StepState::Failed if step.approval.is_some() => "refused",
        StepState::Failed => "failed",
        StepState::TimedOut if !step.kind.is_performed() => "nobody acted in time",
        StepState::TimedOut => "took too long",
        StepState::Cancelled => "interrupted",
        StepState::InDoubt => "in doubt",
        StepState::RollingBack => "being undone",
        StepState::RolledBack => "undone",
        StepState::RollbackFailed => "undo failed",
        StepState::RollbackInDoubt => "undo in doubt",
    };
    match status.exit.filter(|exit| *exit != 0) {
        Some(exit) => format!("{word}, exit {exit}"),
        None => word.to_owned(),
    }
}

/// Text in a sentence or a cell: nothing in it is markup.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for ch in one_line(text).chars() {
        if "\\`*_{}[]()<>#|!~&".contains(ch) {
            out.push('\\');
        }
        out.push(ch);
    }
    out
}

/// Text as a code span; a backtick in it becomes an apostrophe, a bar would end a cell.
fn span(text: &str) -> String {
    format!("`{}`", one_line(text).replace('`', "'").replace('|', "¦"))
}

fn one_line(text: &str) -> String {
    text.chars().map(|ch| if ch.is_control() { ' ' } else { ch }).collect()
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(one_line(text)).to_string()
}

/// Text as a fence longer than any run of backticks in it.
fn fenced(text: &str) -> String {
    let longest = text.split(|ch| ch != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let harmless = |ch: char| ch == '\n' || ch == '\t' || !ch.is_control();
    let text: String = text.chars().map(|ch| if harmless(ch) { ch } else { '\u{fffd}' }).collect();
    format!("{fence}text\n{}\n{fence}\n", text.trim_end_matches('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(plain("a|b <i>*x*"), "a\\|b \\<i\\>\\*x\\*");
        assert_eq!(span("a`b|c\nd"), "`a'b¦c d`");
        assert_eq!(fenced("x\n````\n"), "`````text\nx\n````\n`````\n");
    }
}
