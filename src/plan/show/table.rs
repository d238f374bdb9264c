//! A plan as a table for a terminal.

use crate::plan::model::{On, Plan, Stage, Step, StepKind};
use std::collections::BTreeMap;

/// Returns the plan as text: what is known, then one line for each step in order.
pub fn table(plan: &Plan) -> String {
    let mut out = String::new();
    out.push_str(&plan.runbook);
    if let Some(title) = &plan.title {
        out.push_str(&format!(": {title}"));
    }
    out.push('\n');
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
        out.push_str(&format!("{name:<12}{value}\n"));
    }
    out.push('\n');

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
            step.wait_s.or(step.timeout_s).map_or(String::new(), seconds),
            after(step, &numbers),
        ]);
    }
    let widths: Vec<usize> =
        (0..7).map(|col| rows.iter().map(|row| row[col].chars().count()).max().unwrap_or(0)).collect();
    for row in rows {
        let mut line = String::new();
        for (col, cell) in row.iter().enumerate() {
            let pad = widths[col] - cell.chars().count();
            if col == 0 {
                line.push_str(&format!("{}{cell}  ", " ".repeat(pad)));
            } else {
                line.push_str(&format!("{cell}{}  ", " ".repeat(pad)));
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
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
        StepKind::Soak => "soak".to_owned(),
    }
}

fn after(step: &Step, numbers: &BTreeMap<&str, usize>) -> String {
    let names = step.needs.iter().map(|need| {
        let number = numbers.get(need.step.as_str()).map_or_else(|| need.step.clone(), usize::to_string);
        match need.on {
            On::Success => number,
            On::Done => format!("{number} done"),
            On::Failure => format!("{number} failed"),
        }
    });
    names.collect::<Vec<_>>().join(", ")
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
