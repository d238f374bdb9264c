//! One step in words: why it runs, what it waits for, what undoes it.

use super::table::seconds;
use crate::plan::model::{Changes, Evidence, On, Plan, Script, Step, StepKind};

/// Explains a step.
pub fn explain(plan: &Plan, step: &Step) -> String {
    let mut out = format!("{}: {}\n", step.id, step.title);
    let mut say = |label: &str, text: &str| {
        let mut lines = text.lines();
        out.push_str(&format!("  {label:<12}{}\n", lines.next().unwrap_or_default()));
        for line in lines {
            out.push_str(&format!("  {:<12}{line}\n", ""));
        }
    };
    say("because", &because(plan, step));
    if let Some(source) = &step.source {
        say("written in", &format!("{}:{}-{}", source.path, source.first_line, source.last_line));
    }
    if step.needs.is_empty() {
        say("waits for", "nothing: it may start at once");
    }
    for (at, need) in step.needs.iter().enumerate() {
        let how = match need.on {
            On::Success => "to succeed",
            On::Done => "to end in any way",
            On::Failure => "to fail",
        };
        say(if at == 0 { "waits for" } else { "" }, &format!("{} {how}", need.step));
    }
    let followers = plan.steps.iter().filter(|other| other.needs.iter().any(|need| need.step == step.id));
    for (at, follower) in followers.enumerate() {
        say(if at == 0 { "needed by" } else { "" }, &follower.id);
    }
    if let Some(when) = &step.when {
        say("only if", when);
    }
    if let Some(check) = &step.check {
        say("skipped if", &format!("this exits 0:\n{check}"));
    }
    match &step.run {
        Some(run) => say("runs", &script(run)),
        None => say("is done", by_whom(step)),
    }
    if let Some(wait) = step.wait_s {
        say("lasts", &seconds(wait));
    }
    if let Some(monitor) = &step.monitor {
        say("meanwhile", &format!("`{}` must keep passing: {}", monitor.block, monitor.title));
    }
    if let Some(until) = &step.until {
        say("until", &format!("`{}` passes: {}", until.block, until.title));
    }
    if !step.capture.is_empty() {
        say("asks for", &step.capture.keys().cloned().collect::<Vec<_>>().join(", "));
    }
    if let Some(time) = &step.not_before {
        say("not before", time);
    }
    let environment = step.env.as_ref().and_then(|env| plan.environments.get(env));
    if let Some(changes) = environment.and_then(|it| it.changes.as_ref()).filter(|_| step.writes()) {
        say("begins", &when_open(changes));
    }
    if let Some(limit) = step.people_s {
        say("at most", &format!("{}, from when people are waited for", seconds(limit)));
    }
    if let Some(every) = step.remind_s {
        say("reminds", &format!("every {}", seconds(every)));
    }
    if let Some(timeout) = step.timeout_s {
        say("at most", &seconds(timeout));
    }
    if let Some(retries) = step.retries.as_ref().filter(|retries| retries.max > 0) {
        say("again", &format!("up to {} times, {} apart", retries.max, retries.backoff));
    }
    if let Some(verify) = &step.verify {
        say("then", &format!("`{}` must pass: {}", verify.block, verify.title));
    }
    match (&step.undo, &step.rollback) {
        (Some(undo), _) => say("undone by", &format!("`{}`: {}\n{}", undo.block, undo.title, undo.script)),
        (None, Some(reason)) => say("undone by", &format!("nothing: {reason}")),
        (None, None) if step.writes() => say("undone by", "nothing, and the page does not say why"),
        (None, None) => {}
    }
    if let Some(approval) = &step.approval {
        let who = match (&approval.role, &approval.users) {
            (Some(role), _) => format!("{} of the role `{role}`", approval.min),
            (None, Some(users)) => format!("{} of {}", approval.min, users.join(", ")),
            (None, None) => approval.min.to_string(),
        };
        say("approved by", &who);
    }
    if !step.secrets.is_empty() {
        say("sees", &format!("the secrets {}", step.secrets.join(", ")));
    }
    let vars: Vec<String> = step.vars.iter().map(|(name, value)| format!("{name}={value}")).collect();
    if !vars.is_empty() {
        say("with", &vars.join("\n"));
    }
    if step.evidence != Evidence::None {
        let kept = match step.evidence {
            Evidence::Note => "a note",
            Evidence::Url => "an address",
            Evidence::File => "a file",
            Evidence::Output | Evidence::None => "its output",
        };
        say("keeps", kept);
    }
    if let Some(glass) = &step.break_glass {
        let review = glass.review_within.as_ref().map_or(String::new(), |within| format!(", reviewed within {within}"));
        say("emergency", &format!("its guards may be passed with a reason{review}"));
    }
    say("digest", &step.digest);
    out
}

/// The hours of an environment, one line each.
fn when_open(changes: &Changes) -> String {
    let windows = changes.windows.iter().map(|window| format!("{window} ({})", changes.zone));
    let freezes = changes.freezes.iter().map(|freeze| format!("not from {} to {}", freeze.from, freeze.to));
    windows.chain(freezes).collect::<Vec<_>>().join("\n")
}

fn because(plan: &Plan, step: &Step) -> String {
    let mut out = format!("the checklist of `{}` has the item `{}`", plan.runbook, step.item);
    if let Some(group) = &step.group {
        out.push_str(&format!(" in the group `{group}`"));
    }
    if let Some(component) = &step.component {
        out.push_str(&format!(", once for the component `{component}`"));
    }
    if let Some(env) = &step.env {
        out.push_str(&format!(", in `{env}`"));
    }
    out
}

fn by_whom(step: &Step) -> &'static str {
    match step.kind {
        StepKind::Approval => "by people who say yes",
        StepKind::Soak => "by waiting",
        _ => "by a person, who confirms it",
    }
}

fn script(script: &Script) -> String {
    let place = script.cwd.as_ref().map_or(String::new(), |cwd| format!(" in `{cwd}`"));
    format!("with {}{place}:\n{}", script.shell.program(), script.script)
}
