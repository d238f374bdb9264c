//! An issue's body: the checklist as boxes that people tick, with ids in comments so that the ticks
//! can be brought back.

use super::{CONTENT_MARK, Emitted, Losses, one_line, sealed};
use crate::plan::{Evidence, Plan, Step, StepKind};

/// Emits a plan as the body of an issue.
pub fn emit_markdown(plan: &Plan) -> Emitted {
    let title = one_line(plan.title.as_deref().unwrap_or(&plan.runbook));
    let mut out = format!(
        "<!-- runbook: {}, plan: {} -->\n<!-- {CONTENT_MARK} -->\n\n# {}\n\n",
        plan.runbook,
        plan.hash,
        escaped(&title)
    );
    for (name, param) in &plan.params {
        if let Some(value) = &param.value {
            out.push_str(&format!("- {name}: `{}`\n", one_line(&value.to_string()).replace('`', "'")));
        }
    }
    let mut group = None;
    for step in &plan.steps {
        if group != Some(&step.group) {
            group = Some(&step.group);
            let title = step.group.as_deref().map_or_else(|| "Then".to_owned(), |title| escaped(&one_line(title)));
            out.push_str(&format!("\n## {title}\n\n"));
        }
        out.push_str(&box_of(step));
    }
    let undo: Vec<&Step> = plan.steps.iter().filter(|step| step.undo.is_some()).collect();
    let then = plan.on_failure.as_ref().and_then(|policy| policy.then.as_deref());
    if !undo.is_empty() || then.is_some() {
        out.push_str("\n## If it goes wrong\n\n");
        for step in undo.iter().rev() {
            let action = step.undo.as_ref().expect("only steps with an undo were kept");
            out.push_str(&format!("- [ ] Undo {}: {}\n", code(&step.id), escaped(&one_line(&action.title))));
        }
        if let Some(then) = then {
            out.push_str(&format!("- [ ] Go to {}\n", code(then)));
        }
    }
    let mut losses = Losses::default();
    losses.of_all("everything but the order and the text of the steps");
    Emitted { text: sealed(&out), lost: losses.into_sorted() }
}

fn box_of(step: &Step) -> String {
    let whose = step.component.as_ref().map(|name| format!(" {}", code(name))).unwrap_or_default();
    let env = step.env.as_ref().map(|env| format!(" in {}", code(env))).unwrap_or_default();
    let what = match (step.kind, step.evidence) {
        (StepKind::Approval, _) => " (approval)",
        (StepKind::Soak, _) => " (soak)",
        (StepKind::Manual, Evidence::Note) => " (with a note)",
        (StepKind::Manual, Evidence::Url) => " (with an address)",
        (StepKind::Manual, Evidence::File) => " (with a file)",
        (StepKind::Manual, _) => "",
        _ => " (machine)",
    };
    format!("- [ ] {}{whose}{env}{what} <!-- step: {} -->\n", escaped(&one_line(&step.title)), step.id)
}

/// Returns the steps whose boxes are ticked in an issue's body, in its order.
pub fn ticked_steps(body: &str) -> Vec<String> {
    let ticked = |line: &&str| {
        let line = line.trim_start();
        ["- [x] ", "- [X] ", "* [x] ", "* [X] "].iter().any(|mark| line.starts_with(mark))
    };
    let id = |line: &str| Some(line.rsplit_once("<!-- step: ")?.1.split_once(" -->")?.0.to_owned());
    body.lines().filter(ticked).filter_map(id).collect()
}

/// Text that is no markup and cannot end the comment behind it.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for ch in text.chars() {
        if "\\`*_[]<>#|!~".contains(ch) {
            out.push('\\');
        }
        out.push(ch);
    }
    out
}

fn code(text: &str) -> String {
    format!("`{}`", one_line(text).replace('`', "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_come_back() {
        let body =
            "- [x] One <!-- step: a.one -->\n- [ ] Two <!-- step: b -->\n  * [X] Three <!-- step: c -->\n- [x] Mine\n";
        assert_eq!(ticked_steps(body), ["a.one", "c"]);
    }

    #[test]
    fn a_title_cannot_forge_a_step() {
        assert_eq!(escaped("x <!-- step: y -->"), "x \\<\\!-- step: y --\\>");
    }
}
