//! A plan's graph for Graphviz and Mermaid.

use crate::plan::model::{Impact, On, Plan, Step, StepKind};
use std::collections::BTreeMap;

/// The word of an impact.
pub(super) fn impact_word(impact: Impact) -> &'static str {
    match impact {
        Impact::Read => "read",
        Impact::Write => "write",
        Impact::Destroy => "destroy",
    }
}

/// Returns the graph in Graphviz' language.
pub fn dot(plan: &Plan) -> String {
    let mut out =
        format!("digraph {} {{\n  rankdir=TB;\n  node [shape=box, fontname=\"sans-serif\"];\n", quoted(&plan.runbook));
    for step in &plan.steps {
        let shape = match step.kind {
            StepKind::Manual => ", shape=note",
            StepKind::Approval => ", shape=octagon",
            StepKind::Soak => ", shape=ellipse",
            _ if step.writes() => ", style=bold",
            _ => "",
        };
        out.push_str(&format!("  {} [label={}{shape}];\n", quoted(&step.id), quoted(&label(step).join("\n"))));
    }
    for (need, step) in edges(plan) {
        let style = match need.on {
            On::Success => "",
            On::Done => " [style=dashed, label=\"done\"]",
            On::Failure => " [style=dotted, label=\"failed\"]",
        };
        out.push_str(&format!("  {} -> {}{style};\n", quoted(&need.step), quoted(&step.id)));
    }
    out.push_str("}\n");
    out
}

/// Returns the graph in Mermaid's language.
pub fn mermaid(plan: &Plan) -> String {
    let numbers: BTreeMap<&str, usize> =
        plan.steps.iter().enumerate().map(|(at, step)| (step.id.as_str(), at)).collect();
    let mut out = "flowchart TD\n".to_owned();
    for (at, step) in plan.steps.iter().enumerate() {
        let (open, close) = match step.kind {
            StepKind::Manual => ("[/", "/]"),
            StepKind::Approval => ("{{", "}}"),
            StepKind::Soak => ("([", "])"),
            _ => ("[", "]"),
        };
        // Mermaid reads `#quot;` as a quote inside quotes, and nothing else needs care there.
        let label = label(step).iter().map(|line| escaped(line)).collect::<Vec<_>>().join("<br>");
        out.push_str(&format!("  s{at}{open}\"{label}\"{close}\n"));
    }
    for (need, step) in edges(plan) {
        let arrow = match need.on {
            On::Success => "-->",
            On::Done => "-.->|done|",
            On::Failure => "-.->|failed|",
        };
        let (Some(from), Some(to)) = (numbers.get(need.step.as_str()), numbers.get(step.id.as_str())) else { continue };
        out.push_str(&format!("  s{from} {arrow} s{to}\n"));
    }
    out
}

/// What a step's box says, line by line.
fn label(step: &Step) -> Vec<String> {
    let when = step.when.as_ref().map(|when| format!("when {when}"));
    [step.id.clone(), step.title.clone()].into_iter().chain(when).collect()
}

fn edges(plan: &Plan) -> impl Iterator<Item = (&crate::plan::model::Need, &Step)> {
    plan.steps.iter().flat_map(|step| step.needs.iter().map(move |need| (need, step)))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "#quot;").replace('\n', " ")
}
