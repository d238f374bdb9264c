//! A run as people see it: plain lines, or a live checklist on a terminal.

use super::driver::View;
use super::time;
use crate::plan::StepKind;
use crate::plan::machine::{
    Event, Next, Resolution, Run, SkipReason, StepResult, StepState, StepStatus, Waiting, for_people,
};
use crate::shell::Terminal;
use crate::text::counted;
use std::collections::VecDeque;

/// How many lines of output stand below the checklist.
const N_LINES: usize = 6;

/// One line an event, for logs and pipes.
#[derive(Debug)]
pub struct Plain {
    terminal: Terminal,
    show: bool,
}

impl Plain {
    /// Writes to a terminal or what stands for one; with `show`, scripts before they run.
    pub fn new(terminal: Terminal, show: bool) -> Plain {
        Plain { terminal, show }
    }
}

impl View for Plain {
    fn event(&mut self, run: &Run, ts: &str, event: &Event) {
        if let Some(line) = line_of(run, event) {
            self.terminal.say(&format!("{} {line}", clock_of(ts)));
        }
        if self.show {
            script_of(run, event).iter().for_each(|line| self.terminal.say(line));
        }
    }

    fn output(&mut self, step: &str, lines: &str) {
        let text: String = lines.lines().map(|line| format!("  {step} | {}\n", inert(line))).collect();
        self.terminal.say(text.trim_end_matches('\n'));
    }

    fn say(&mut self, line: &str) {
        self.terminal.say(line);
    }

    fn tick(&mut self, _run: &Run) {}
}

/// The checklist, drawn over itself.
#[derive(Debug)]
pub struct Live {
    terminal: Terminal,
    n_drawn: usize,
    output: VecDeque<String>,
    said: Vec<String>,
    drawn: String,
    show: bool,
}

impl Live {
    /// Draws on a terminal from here on; with `show`, scripts before they run stand above.
    pub fn new(terminal: Terminal, show: bool) -> Live {
        Live { terminal, n_drawn: 0, output: VecDeque::new(), said: Vec::new(), drawn: String::new(), show }
    }

    fn draw(&mut self, run: &Run) {
        let width = self.terminal.width().max(20);
        let mut lines = checklist(run, &time::now());
        let height = self.terminal.height().saturating_sub(self.output.len() + 3).max(5);
        if lines.len() > height {
            let active = lines.iter().position(|line| line.contains('▶') || line.contains('⏸')).unwrap_or(0);
            let from = active.saturating_sub(height / 2).min(lines.len() - height);
            lines = lines[from..from + height].to_vec();
        }
        lines.extend(self.output.iter().map(|line| format!("    │ {line}")));
        lines.push("Ctrl-C stops the run; a second one kills the step".to_owned());
        let text: String = lines.iter().map(|line| format!("{}\x1b[K\n", cut(line, width - 1))).collect();
        if text == self.drawn && self.said.is_empty() {
            return;
        }
        let up = if self.n_drawn > 0 { format!("\x1b[{}A\r", self.n_drawn) } else { String::new() };
        let said: String = self.said.drain(..).map(|line| format!("{line}\x1b[K\n")).collect();
        self.terminal.complain(&format!("{up}{said}{text}\x1b[J"));
        self.n_drawn = lines.len();
        self.drawn = text;
    }
}

impl View for Live {
    fn begin(&mut self, run: &Run) {
        self.draw(run);
    }

    fn event(&mut self, run: &Run, _ts: &str, event: &Event) {
        if matches!(event, Event::StepStarted { .. } | Event::RollbackStarted { .. }) {
            self.output.clear();
        }
        if self.show {
            self.said.extend(script_of(run, event));
        }
        self.draw(run);
    }

    fn output(&mut self, _step: &str, lines: &str) {
        let n_lines = lines.lines().count();
        self.output.extend(lines.lines().skip(n_lines.saturating_sub(N_LINES)).map(inert));
        self.output.drain(..self.output.len().saturating_sub(N_LINES));
    }

    fn say(&mut self, line: &str) {
        self.said.push(line.to_owned());
    }

    fn tick(&mut self, run: &Run) {
        let waiting = matches!(run.next(), Next::Wait(_));
        if waiting {
            // A question stands below the list; drawing over it would wipe what is being typed.
            self.n_drawn = 0;
            self.drawn.clear();
        } else {
            self.draw(run);
        }
    }
}

/// The script that an event begins, line by line.
fn script_of(run: &Run, event: &Event) -> Vec<String> {
    let (id, script) = match event {
        Event::StepStarted { step: id, .. } => {
            let step = run.plan().step(id);
            let own = step.and_then(|step| step.run.as_ref()).map(|run| &run.script);
            (id, own.or_else(|| Some(&step?.monitor.as_ref()?.script)))
        }
        Event::RollbackStarted { step: id } => {
            (id, run.plan().step(id).and_then(|step| step.undo.as_ref()).map(|undo| &undo.script))
        }
        _ => return Vec::new(),
    };
    let script = script.map(String::as_str).unwrap_or_default();
    script.trim_end().lines().map(|line| format!("  {id} > {}", inert(line))).collect()
}

/// Where a step was written: ` (docs/release.md:12)`.
fn place_of(run: &Run, id: &str) -> String {
    let source = run.plan().step(id).and_then(|step| step.source.as_ref());
    source.map(|source| format!(" ({}:{})", source.path, source.first_line)).unwrap_or_default()
}

/// The checklist as lines: groups, items with their marks, times and states.
pub fn checklist(run: &Run, now: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut group = None;
    let waiting = match run.next() {
        Next::Wait(waiting) => waiting,
        _ => Vec::new(),
    };
    let waits_for = |id: &str| {
        waiting.iter().any(|wanted| match wanted {
            Waiting::Manual(step) | Waiting::Approval { step, .. } => step == id,
        })
    };
    for (step, status) in run.statuses() {
        if step.group != group {
            group.clone_from(&step.group);
            if let Some(title) = &group {
                lines.push(format!("{title}:"));
            }
        }
        let indent = if step.group.is_some() { "  " } else { "" };
        let (mark, word) = if waits_for(&step.id) {
            ('⏸', if step.kind == StepKind::Approval { "waits for an approval" } else { "waits for a person" })
        } else {
            mark_of(status)
        };
        let whose = step.component.as_ref().map(|name| format!(" [{name}]")).unwrap_or_default();
        let time = elapsed(status, now).map(|time| format!("  {time}")).unwrap_or_default();
        let word = if word.is_empty() { String::new() } else { format!("  {word}") };
        lines.push(format!("{indent}{mark} {}{whose}{word}{time}", inert(&step.title)));
    }
    lines.push(format!("{} of {} done, the run {}", n_done(run), run.statuses().count(), run.said()));
    lines
}

/// Counts the steps that are done or rightly passed over; what failed or was undone is not.
pub fn n_done(run: &Run) -> usize {
    run.statuses().filter(|(_, status)| is_done(status.state)).count()
}

fn is_done(state: StepState) -> bool {
    matches!(state, StepState::Succeeded | StepState::Skipped { bad: false, .. })
}

fn mark_of(status: &StepStatus) -> (char, &'static str) {
    match status.state {
        StepState::Pending => ('·', if status.attempts > 0 { "to be tried again" } else { "" }),
        StepState::Running => ('▶', "running"),
        StepState::Verifying => ('▶', "being verified"),
        StepState::Succeeded => ('✓', ""),
        StepState::Skipped { reason: SkipReason::AlreadyTrue, .. } => ('✓', "already true"),
        StepState::Skipped { reason: SkipReason::Upstream, .. } => ('–', "passed over"),
        StepState::Skipped { reason: SkipReason::LeftOut, .. } => ('–', "left out"),
        StepState::Skipped { reason: SkipReason::Condition, .. } => ('–', "not wanted"),
        StepState::Skipped { reason: SkipReason::Evidence, .. } => ('✓', "seen by an earlier run"),
        StepState::Skipped { reason: SkipReason::Failures, .. } => ('–', "not begun"),
        StepState::Failed => ('✗', "failed"),
        StepState::TimedOut => ('✗', "took too long"),
        StepState::Cancelled => ('✗', "interrupted"),
        StepState::InDoubt => ('?', "in doubt"),
        StepState::RollingBack => ('▶', "being undone"),
        StepState::RolledBack => ('↩', "undone"),
        StepState::RollbackFailed => ('✗', "its undo failed"),
        StepState::RollbackInDoubt => ('?', "its undo is in doubt"),
    }
}

fn elapsed(status: &StepStatus, now: &str) -> Option<String> {
    let seconds = time::seconds_between(status.started_at.as_ref()?, status.ended_at.as_deref().unwrap_or(now))?;
    Some(format!("{}:{:02}", seconds / 60, seconds % 60))
}

/// One event as a line, or `None` where it says nothing to people.
pub fn line_of(run: &Run, event: &Event) -> Option<String> {
    let title = |id: &str| run.plan().step(id).map_or_else(String::new, |step| format!(" ({})", inert(&step.title)));
    Some(match event {
        Event::RunStarted { run: name, by, .. } => format!("run {name} begins, by {by}"),
        Event::RunResumed { by, .. } => format!("the run goes on, by {by}"),
        Event::PersonSigned { by, .. } => format!("{} signs what the journal holds so far", inert(by)),
        Event::RunnerSigned { .. } | Event::PeopleListed(_) => return None,
        Event::VariablesPassed { names } => {
            format!("passed on to the scripts: {}", names.iter().cloned().collect::<Vec<_>>().join(", "))
        }
        Event::RunRebased { from, kept, .. } => format!("{} kept from run {from}", counted(kept.len(), "step")),
        Event::RunEvidence { run, guards, proofs, .. } => format!(
            "run {run} is evidence for {} and {}",
            counted(guards.len(), "guard"),
            counted(proofs.len(), "change")
        ),
        Event::RunInterrupted { signal } => format!("interrupted by {signal}: nothing new begins"),
        Event::RunCancelled { by, .. } => format!("given up by {by}"),
        Event::RunWantedBack { by, env, note } => {
            let env = env.as_ref().map(|env| format!(" in {env}")).unwrap_or_default();
            format!("what was done{env} is wanted back by {by}: {}", inert(note))
        }
        Event::RunSuperseded { run } => format!("taken over by run {}", inert(run)),
        Event::RunFinished { state } if *state == run.state() => format!("the run {}", run.said()),
        Event::RunFinished { state } => format!("the run {}", state.said()),
        Event::StepChecked { step, holds, .. } => {
            format!("{step}: its check {}", if *holds { "holds" } else { "does not hold" })
        }
        Event::StepStarted { step, attempt, break_glass, .. } => {
            let glass = break_glass.as_ref().map(|glass| format!(", breaking the glass: {}", glass.reason));
            format!("{step}{}: attempt {attempt} begins{}", title(step), glass.unwrap_or_default())
        }
        Event::StepOutput { .. } => return None,
        Event::StepFinished { step, result, exit, note, strays, .. } => {
            let exit =
                exit.filter(|exit| *exit != 0).map(|exit| format!(" with exit status {exit}")).unwrap_or_default();
            let note = note.as_ref().map(|note| format!(": {}", inert(note))).unwrap_or_default();
            let strays =
                if strays.is_empty() { String::new() } else { format!("; processes that outlived it: {strays:?}") };
            let how = match result {
                StepResult::Succeeded => "succeeded",
                StepResult::Failed => "failed",
                StepResult::TimedOut => "took too long",
                StepResult::Cancelled => "was interrupted",
                StepResult::InDoubt => "was killed and is in doubt",
            };
            let place = if *result == StepResult::Succeeded { String::new() } else { place_of(run, step) };
            format!("{step}: {how}{exit}{place}{note}{strays}")
        }
        Event::StepVerified { step, passed, .. } => {
            format!("{step}: {}", if *passed { "verified" } else { "its verification failed" })
        }
        Event::StepRetry { step, attempt } => format!("{step}: attempt {attempt} follows"),
        Event::StepSkipped { step, reason } => {
            let why = match reason {
                SkipReason::AlreadyTrue => "already true",
                SkipReason::Upstream => "what it needs did not come",
                SkipReason::LeftOut => "left out",
                SkipReason::Condition => "its `when` does not hold",
                SkipReason::Evidence => "an earlier run has it",
                SkipReason::Failures => "too many of its group have failed",
            };
            format!("{step}: passed over, {why}")
        }
        Event::ApprovalGiven(decision) => {
            format!("{}: approved by {} ({})", decision.step, decision.by, decision.source)
        }
        Event::ApprovalRefused(decision) => {
            format!("{}: refused by {} ({})", decision.step, decision.by, decision.source)
        }
        Event::ApprovalExpired { step, why: None } => format!("{step}: the approval has expired"),
        Event::ApprovalExpired { step, why: Some(why) } => {
            format!("{step}: the approval counts no more: {}", inert(why))
        }
        Event::RunNotified { hook, on, step, failed, .. } => {
            let hook = run.plan().notify.get(*hook).map_or("", |hook| hook.action.block.as_str());
            let about = step.as_ref().map(|step| format!(" of {step}")).unwrap_or_default();
            match failed {
                None => format!("told by {hook}: {}{about}", on.word()),
                Some(why) => format!("{hook} could not tell: {}{about}: {}", on.word(), inert(why)),
            }
        }
        Event::StepReminded { step, reminder } => {
            format!("{step}{}: reminder {reminder}: people are still waited for", title(step))
        }
        Event::StepOverdue { step } => {
            let limit = run.plan().step(step).and_then(|step| step.people_s).unwrap_or_default();
            format!("{step}{}: nobody acted within {}", title(step), for_people(limit))
        }
        Event::ManualDone { step, by, .. } => format!("{step}{}: done by {by}", title(step)),
        Event::ManualRefused { step, by, note, .. } => {
            format!("{step}{}: refused by {by}: {}", title(step), inert(note))
        }
        Event::EvidenceAdded { step, kind, value, .. } => format!("{step}: {kind} added: {}", inert(value)),
        Event::Resolve { step, by, note, r#as } => {
            let what = match r#as {
                Resolution::Done => "done",
                Resolution::Failed => "failed",
                Resolution::Rerun => "to be done again",
            };
            format!("{step}: settled as {what} by {by}: {}", inert(note))
        }
        Event::RollbackStarted { step } => format!("{step}{}: is being undone", title(step)),
        Event::RollbackFinished { step, undone, .. } => {
            format!("{step}: {}", if *undone { "undone" } else { "its undo failed" })
        }
        Event::JournalRecovered { bytes, .. } => format!("{bytes} bytes of a torn record were cut"),
    })
}

/// Text that cannot steer a terminal: control characters and bidirectional overrides are shown as
/// a replacement (CWE-150).
pub fn inert(text: &str) -> String {
    let harmless = |ch: char| {
        ch == '\t'
            || !(ch.is_control() || ('\u{202a}'..='\u{202e}').contains(&ch) || ('\u{2066}'..='\u{2069}').contains(&ch))
    };
    text.chars().map(|ch| if harmless(ch) { ch } else { '\u{fffd}' }).collect()
}

fn clock_of(ts: &str) -> &str {
    ts.get(11..19).unwrap_or(ts)
}

fn cut(line: &str, width: usize) -> String {
    if line.chars().count() <= width {
        line.to_owned()
    } else {
        line.chars().take(width.saturating_sub(1)).chain(['…']).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_cannot_steer_the_terminal() {
        assert_eq!(inert("a\x1b]0;x\x07b\u{202e}c\td"), "a\u{fffd}]0;x\u{fffd}b\u{fffd}c\td");
    }
}
