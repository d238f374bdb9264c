//! A plan as a table for a terminal.

use crate::plan::model::{On, Plan, Stage, Step, StepKind};
use std::collections::BTreeMap;

/// Returns the plan as text: what is known, then one line for each step in order.
pub fn table(plan: &Plan) -> String {
    let mut out = String::new();
    let title = plan.title.as_ref().map(|title| format!(": {title}")).unwrap_or_default();
    out.push_str(&format!("{}{title}\n", plan.runbook));
    let mut facts: Vec<(&str, String)> = vec![(
        "plan",
        match plan.stage {
            Stage::Bound => plan.hash.clone(),
            Stage::Template => format!("{} (template: no parameter is bound)", plan.hash),
        },
    )];
    facts.extend(plan.ticket.as_ref().map(|ticket| ("ticket", ticket.clone())));
    let given = plan.params.iter().filter_map(|(name, param)| {
        let value = param.value.as_ref()?;
        Some(format!("{name}={}", shown(value)))
    });
    let given: Vec<String> = given.collect();
    if !given.is_empty() {
        facts.push(("params", given.join(" ")));
    }
    for (at, component) in plan.components.iter().enumerate() {
        let from = component.from.as_deref().unwrap_or("?");
        let label = if at == 0 { "components" } else { "" };
        facts.push((label, format!("{} {from} → {} ({})", component.name, component.to, component.path)));
    }
    if !plan.secrets.is_empty() {
        facts.push(("secrets", plan.secrets.join(" ")));
    }
    if let Some(then) = plan.on_failure.as_ref().and_then(|it| it.then.as_ref()) {
        facts.push(("on failure", then.clone()));
    }
    for (name, value) in facts {
        push_fact(&mut out, name, &value);
    }
    out.push('\n');
    push_steps(&mut out, plan);
    out
}

/// A terminal shows so many columns, and so does a page of a review.
const WIDTH: usize = 80;

/// Where the value of a fact begins.
const INDENT: usize = 12;

/// No column but that of the steps is wider.
const WIDEST: usize = 16;

fn push_fact(out: &mut String, name: &str, value: &str) {
    if name.chars().count() + 2 + value.chars().count() <= WIDTH && INDENT + value.chars().count() > WIDTH {
        out.push_str(&format!("{name}  {value}\n"));
        return;
    }
    let mut line = format!("{name:<INDENT$}");
    let mut empty = true;
    for word in value.split(' ') {
        if !empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(&format!("{line}\n"));
            (line, empty) = (" ".repeat(INDENT), true);
        }
        line.push_str(if empty { "" } else { " " });
        line.push_str(word);
        empty = false;
    }
    out.push_str(&format!("{}\n", line.trim_end()));
}

fn push_steps(out: &mut String, plan: &Plan) {
    let numbers: BTreeMap<&str, usize> =
        plan.steps.iter().enumerate().map(|(at, step)| (step.id.as_str(), at + 1)).collect();
    let mut rows: Vec<[String; 7]> = vec![["#", "step", "how", "env", "impact", "limit", "after"].map(str::to_owned)];
    for (at, step) in plan.steps.iter().enumerate() {
        rows.push([
            (at + 1).to_string(),
            step.id.clone(),
            how(step),
            step.env.clone().unwrap_or_default(),
            step.impact.map_or("", |impact| super::graph::impact_word(impact)).to_owned(),
            step.wait_s.or(step.timeout_s).or(step.people_s).map_or(String::new(), seconds),
            after(step, &numbers),
        ]);
    }
    let widest = |col: usize| rows.iter().map(|row| row[col].chars().count()).max().unwrap_or(0);
    let mut widths: Vec<usize> =
        (0..7).map(|col| if col == 1 { widest(col) } else { widest(col).min(WIDEST) }).collect();
    let others = widths.iter().sum::<usize>() - widths[1] + 2 * (widths.len() - 1);
    widths[1] = widths[1].min(WIDTH.saturating_sub(others)).max("step".len());
    for (at, row) in rows.iter().enumerate() {
        let mut cells: Vec<Vec<String>> = row.iter().zip(&widths).map(|(cell, width)| pieces(cell, *width)).collect();
        // An id is copied into commands, so it stands in one piece, if need be on a line of its own.
        if row[1].chars().count() > widths[1] {
            let pad = " ".repeat(widths[0] - row[0].chars().count());
            out.push_str(&format!("{pad}{}  {}\n", row[0], row[1]));
            (cells[0], cells[1]) = (Vec::new(), Vec::new());
        }
        let n_lines = cells.iter().map(Vec::len).max().unwrap_or(0);
        for at in 0..n_lines {
            let mut line = String::new();
            for (col, width) in widths.iter().enumerate() {
                let cell = cells[col].get(at).map(String::as_str).unwrap_or_default();
                let pad = " ".repeat(width - cell.chars().count().min(*width));
                line.push_str(&if col == 0 { format!("{pad}{cell}  ") } else { format!("{cell}{pad}  ") });
            }
            out.push_str(&format!("{}\n", line.trim_end()));
        }
        // Below the step, since a condition is as long as it likes.
        let when = at.checked_sub(1).and_then(|at| plan.steps[at].when.as_ref());
        let indent = " ".repeat(widths[0] + 2);
        for line in when.iter().flat_map(|when| pieces(&format!("when {when}"), WIDTH - indent.len())) {
            out.push_str(&format!("{indent}{line}\n"));
        }
    }
}

/// Cuts a cell into pieces that fit, at blanks where it has some.
fn pieces(cell: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in cell.split(' ') {
        let last = lines.last_mut().expect("there is a line");
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() <= width {
            last.push(' ');
            last.push_str(word);
        } else if last.is_empty() {
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    // What has no blank is cut where it must be.
    lines
        .iter()
        .flat_map(|line| {
            let chars: Vec<char> = line.chars().collect();
            chars.chunks(width.max(1)).map(|piece| piece.iter().collect()).collect::<Vec<String>>()
        })
        .collect()
}

/// A parameter's value on one line.
fn shown(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(words) => words.iter().map(shown).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn how(step: &Step) -> String {
    match step.kind {
        StepKind::Run => step.run.as_ref().map_or("run", |run| run.shell.program()).to_owned(),
        StepKind::Helm => "helm".to_owned(),
        StepKind::Kubectl => "kubectl".to_owned(),
        StepKind::Http => "http".to_owned(),
        StepKind::Manual => "by hand".to_owned(),
        StepKind::Approval => "approval".to_owned(),
        StepKind::Soak if step.until.is_some() => "wait".to_owned(),
        StepKind::Soak => "soak".to_owned(),
    }
}

/// What a step waits for: numbers, of which those in a row are written as `3-7`.
fn after(step: &Step, numbers: &BTreeMap<&str, usize>) -> String {
    let (mut plain, mut others) = (Vec::new(), Vec::new());
    for need in &step.needs {
        let number = numbers.get(need.step.as_str());
        match (number, need.on) {
            (Some(number), On::Success) => plain.push(*number),
            (None, On::Success) => others.push(need.step.clone()),
            (number, on) => {
                let name = number.map_or_else(|| need.step.clone(), usize::to_string);
                others.push(format!("{name} {}", if on == On::Done { "done" } else { "failed" }));
            }
        }
    }
    plain.sort_unstable();
    let runs = plain.chunk_by(|one, next| one + 1 == *next);
    let written = runs.flat_map(|run| match run {
        [first, _, .., last] => vec![format!("{first}-{last}")],
        few => few.iter().map(usize::to_string).collect(),
    });
    written.chain(others).collect::<Vec<_>>().join(", ")
}

/// Returns seconds as people say them: `90s`, `15m`, `2h`.
pub(super) fn seconds(seconds: u64) -> String {
    match seconds {
        0 => "0s".to_owned(),
        whole if whole.is_multiple_of(86_400) => format!("{}d", whole / 86_400),
        whole if whole.is_multiple_of(3600) => format!("{}h", whole / 3600),
        whole if whole.is_multiple_of(60) => format!("{}m", whole / 60),
        other => format!("{other}s"),
    }
}
