//! A plan's graph as SVG, made without any other program.
//!
//! The layout is layered: a step stands one row below the last step that it needs, side by side
//! with the steps of the same row. Colours come from classes and `currentColor`, so the picture
//! follows the page's palette; without a style sheet it is black on nothing.

use crate::plan::model::{On, Plan, Step, StepKind};
use std::collections::BTreeMap;

const WIDTH: usize = 250;
const HEIGHT: usize = 44;
const GAP_X: usize = 24;
const GAP_Y: usize = 26;
const MARGIN: usize = 8;

/// Returns the graph as one `<svg>` element. `link` gives the address of a step's place in a page.
pub fn svg(plan: &Plan, link: &dyn Fn(&Step) -> Option<String>) -> String {
    let numbers: BTreeMap<&str, usize> =
        plan.steps.iter().enumerate().map(|(at, step)| (step.id.as_str(), at)).collect();
    let mut rows: Vec<usize> = Vec::with_capacity(plan.steps.len());
    let mut columns: Vec<usize> = Vec::with_capacity(plan.steps.len());
    let mut filled: Vec<usize> = Vec::new();
    for step in &plan.steps {
        let needs = step.needs.iter().filter_map(|need| numbers.get(need.step.as_str()).copied());
        let above: Vec<usize> = needs.filter(|need| *need < rows.len()).collect();
        let row = above.iter().map(|need| rows[*need] + 1).max().unwrap_or(0);
        if filled.len() <= row {
            filled.resize(row + 1, 0);
        }
        rows.push(row);
        columns.push(filled[row]);
        filled[row] += 1;
    }
    let widest = filled.iter().copied().max().unwrap_or(1).max(1);
    let width = widest * WIDTH + (widest - 1) * GAP_X + 2 * MARGIN;
    let height = filled.len().max(1) * (HEIGHT + GAP_Y) - GAP_Y + 2 * MARGIN;
    let place = |at: usize| {
        // A row with fewer steps stands in the middle.
        let row_width = filled[rows[at]] * WIDTH + (filled[rows[at]] - 1) * GAP_X;
        let x = (width - row_width) / 2 + columns[at] * (WIDTH + GAP_X);
        (x, MARGIN + rows[at] * (HEIGHT + GAP_Y))
    };
    let title = format!("Order of the {} of {}", crate::text::counted(plan.steps.len(), "step"), plan.runbook);
    let mut out = format!(
        "<svg class=\"plan-graph\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{}\">",
        escape(&title)
    );
    for (at, step) in plan.steps.iter().enumerate() {
        for need in &step.needs {
            let Some(from) = numbers.get(need.step.as_str()).copied().filter(|from| *from < at) else { continue };
            let ((from_x, from_y), (to_x, to_y)) = (place(from), place(at));
            let (x1, y1, x2, y2) = (from_x + WIDTH / 2, from_y + HEIGHT, to_x + WIDTH / 2, to_y);
            let (class, dash) = match need.on {
                On::Success => ("success", ""),
                On::Done => ("done", " stroke-dasharray=\"6 3\""),
                On::Failure => ("failure", " stroke-dasharray=\"2 3\""),
            };
            let line = if x1 == x2 && rows[at] == rows[from] + 1 {
                format!("M{x1} {y1}V{y2}")
            } else {
                let bend = GAP_Y.max((y2 - y1) / 3);
                format!("M{x1} {y1}C{x1} {} {x2} {} {x2} {y2}", y1 + bend, y2.saturating_sub(bend))
            };
            let path = format!("{line}M{} {}L{x2} {y2}L{} {}", x2 - 4, y2 - 5, x2 + 4, y2 - 5);
            out.push_str(&format!(
                "<path class=\"plan-edge plan-edge--{class}\" d=\"{path}\" fill=\"none\" stroke=\"currentColor\" stroke-opacity=\".5\"{dash}/>"
            ));
        }
    }
    for (at, step) in plan.steps.iter().enumerate() {
        let (x, y) = place(at);
        let class = match step.kind {
            StepKind::Manual => "manual",
            StepKind::Approval => "approval",
            StepKind::Soak => "soak",
            _ if step.writes() => "write",
            _ => "read",
        };
        let round = if matches!(step.kind, StepKind::Soak | StepKind::Approval) { HEIGHT / 2 } else { 6 };
        let weight = if class == "write" || class == "approval" { 2 } else { 1 };
        let env = step.env.as_deref().map_or(String::new(), |env| format!(" data-env=\"{}\"", escape(env)));
        let href = link(step);
        if let Some(href) = &href {
            out.push_str(&format!("<a href=\"{}\">", escape(href)));
        }
        let when = step.when.as_ref().map_or(String::new(), |when| format!(" (when {when})"));
        let title = format!("{}{when}", step.title);
        out.push_str(&format!("<g class=\"plan-node plan-node--{class}\"{env}><title>{}</title>", escape(&title)));
        out.push_str(&format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"{round}\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"{weight}\"/>"
        ));
        let middle = x + WIDTH / 2;
        for (offset, size, text) in [(19, 13, beginning(&step.title, 36)), (35, 11, shorten(&step.id, 40))] {
            let opacity = if size == 11 { " fill-opacity=\".7\"" } else { "" };
            out.push_str(&format!(
                "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\" font-size=\"{size}\" fill=\"currentColor\"{opacity}>{}</text>",
                y + offset,
                escape(&text)
            ));
        }
        out.push_str("</g>");
        if href.is_some() {
            out.push_str("</a>");
        }
    }
    out.push_str("</svg>");
    out
}

/// Keeps the beginning of a title.
fn beginning(text: &str, limit: usize) -> String {
    let mut cut: String = text.chars().take(limit).collect();
    if cut.len() < text.len() {
        cut.pop();
        cut.truncate(cut.trim_end().len());
        cut.push('…');
    }
    cut
}

/// Keeps both ends of an id, its group and its item: the middle goes.
fn shorten(text: &str, limit: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= limit {
        return text.to_owned();
    }
    let head: String = chars[..limit / 2 - 1].iter().collect();
    let tail: String = chars[chars.len() - limit / 2..].iter().collect();
    format!("{head}…{tail}")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
