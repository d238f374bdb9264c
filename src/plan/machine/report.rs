//! The record of a run as a Markdown page: who, what, when, outputs, evidence, chain head.
//!
//! Text of people and programs stands in code spans and fences that it cannot close, so that a
//! page made of it says nothing else than was said.

use super::{Chain, Event, Run, SkipReason, StepState, StepStatus};
use crate::plan::Step;

/// Writes the record. `evidence` gives the text kept under a digest, where it is text.
pub fn report(name: &str, run: &Run, chain: &Chain, evidence: &dyn Fn(&str) -> Option<String>) -> String {
    let plan = run.plan();
    let title = plan.title.as_deref().unwrap_or(&plan.runbook);
    let mut out =
        format!("---\ntitle: {}\n---\n\n# {}\n\n", quoted(&format!("{title}: {}", run.state())), plain(title));
    let began = chain.records.first().map_or("-", |record| &record.ts);
    let ended = chain.records.last().map_or("-", |record| &record.ts);
    let runners: Vec<String> = run.runners().iter().map(|by| span(by)).collect();
    out.push_str("| | |\n|---|---|\n");
    let facts = [
        ("State", run.state().to_string()),
        ("Run", span(name)),
        ("Runbook", span(&plan.runbook)),
        ("Ticket", plan.ticket.as_ref().map_or("-".to_owned(), |ticket| span(ticket))),
        ("Plan", span(&plan.hash)),
        ("Begun", began.to_owned()),
        ("Last record", ended.to_owned()),
        ("Run by", runners.join(", ")),
        ("Journal head", span(chain.head())),
    ];
    for (key, value) in facts {
        out.push_str(&format!("| {key} | {value} |\n"));
    }
    for (name, param) in &plan.params {
        let value = param.value.as_ref().map_or("-".to_owned(), |value| span(&value.to_string()));
        out.push_str(&format!("| Parameter {} | {value} |\n", span(name)));
    }
    out.push_str(
        "\n## Steps\n\n| | Step | Environment | Result | Attempts | Begun | Ended |\n|---|---|---|---|---|---|---|\n",
    );
    for (step, status) in run.statuses() {
        out.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} | {} |\n",
            mark(status.state),
            plain(&step.title),
            step.env.as_deref().unwrap_or("-"),
            word(step, status),
            status.attempts,
            status.started_at.as_deref().unwrap_or("-"),
            status.ended_at.as_deref().unwrap_or("-"),
        ));
    }
    out.push_str("\n## People\n\n");
    let mut any = false;
    for (step, status) in run.statuses() {
        for (ts, decision) in &status.decisions {
            any = true;
            let note = decision.note.as_ref().map(|note| format!(": {}", span(note))).unwrap_or_default();
            let (id, by) = (span(&step.id), span(&decision.by));
            out.push_str(&format!("- {ts} {id} approved by {by} ({}){note}\n", decision.source));
        }
        if let Some(by) = &status.by {
            any = true;
            let ended = status.ended_at.as_deref().unwrap_or("-");
            out.push_str(&format!("- {ended} {} done by {}\n", span(&step.id), span(by)));
        }
        for (kind, value, digest) in &status.evidence {
            any = true;
            let kept = digest.as_ref().map(|digest| format!(", kept as {}", span(digest))).unwrap_or_default();
            out.push_str(&format!("- {} {kind}: {}{kept}\n", span(&step.id), span(value)));
        }
    }
    if !any {
        out.push_str("Nobody was asked.\n");
    }
    out.push_str("\n## Output\n");
    for record in &chain.records {
        if let Event::StepOutput { step, attempt, evidence: digest, bytes, .. } = &record.event {
            out.push_str(&format!("\n### {} (attempt {attempt}, {bytes} bytes)\n\n", span(step)));
            match evidence(digest) {
                Some(text) => out.push_str(&fenced(&text)),
                None => out.push_str(&format!("Kept as {}.\n", span(digest))),
            }
        }
    }
    out
}

/// Returns the digest of the evidence that an event names.
pub fn evidence_of(event: &Event) -> Option<&str> {
    match event {
        Event::StepOutput { evidence, .. } => Some(evidence),
        Event::EvidenceAdded { sha256, .. } => sha256.as_deref(),
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
        StepState::Failed if step.approval.is_some() => "refused",
        StepState::Failed => "failed",
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
