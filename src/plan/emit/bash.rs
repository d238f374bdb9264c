//! One standalone bash script: for one operator, read-do.
//!
//! The script keeps the state of each step in a folder, so that a second run repeats nothing and a
//! step that was cut off is in doubt (exit 5), asks on a terminal and exits 4 without one. How a step is
//! performed stands in `frame.sh`, what the script does around it in `bash.sh`.

use super::law::{Duty, Law};
use super::program::{BASH, FRAME, place_of, text_of, waits_of};
use super::{CONTENT_MARK, Emitted, Losses, Options, lose_of_all_targets, one_line, sealed};
use crate::plan::{Evidence, Plan, RollbackScope, StepKind};

/// What the script does around the steps.
const AROUND: &str = include_str!("bash.sh");

/// Emits a bound plan as one bash script.
pub fn emit_bash(plan: &Plan, options: &Options) -> Emitted {
    let law = Law::of(plan);
    let title = plan.title.as_deref().unwrap_or(&plan.runbook);
    let then = plan.on_failure.as_ref().and_then(|policy| policy.then.as_deref()).unwrap_or_default();
    let mut out = format!(
        "#!/usr/bin/env bash\n# {}\n# runbook: {}, plan: {}\n# {CONTENT_MARK}\n# Emitted by opsbook; change the runbook and emit \
         again instead of editing this file.\n# Functions are called by name, and not every plan needs all of them; \
         values are data, in which\n# nothing expands:\n# shellcheck disable=SC2034,SC2317,SC2329,SC2016\nset -euo \
         pipefail\n\nplan={}\nrunbook={}\nthen_go_to={}\nsecrets=({})\n# Variables that scripts see besides: names of the \
         project, and of whoever runs this.\nread -r -a passes <<<{}\" \
         ${{OPSBOOK_PASS_ENV:-}}\"\nstate=${{OPSBOOK_STATE:-${{XDG_STATE_HOME:-$HOME/.local/state}}/opsbook/bash/${{plan:7:16}}}}\n\
         run=bash-${{plan:7:8}}\n\n",
        one_line(title),
        plan.runbook,
        plan.hash,
        BASH.quote(&plan.hash),
        BASH.quote(&plan.runbook),
        BASH.quote(then),
        plan.secrets.join(" "),
        BASH.quote(&options.pass_env.join(" ")),
    );
    out.push_str(text_of(FRAME));
    out.push_str(text_of(AROUND));
    for duty in &law.duties {
        out.push_str(&functions(&law, duty));
    }
    out.push_str("\nbegin\n");
    for duty in &law.duties {
        out.push_str(&call(&law, duty));
    }
    out.push_str(&ending(&law));
    Emitted { text: sealed(&out), lost: losses(&law) }
}

fn losses(law: &Law<'_>) -> Vec<super::Loss> {
    let plan = law.plan;
    let mut losses = Losses::default();
    lose_of_all_targets(&mut losses, law);
    losses.of_all("that processes which outlive a killed runner are found");
    if !plan.secrets.is_empty() {
        losses.of_all("that secrets are taken out of what is shown");
    }
    if plan.groups.iter().any(|group| group.parallel != 1) {
        losses.of_all("that steps run side by side");
    }
    for step in &plan.steps {
        if step.evidence == Evidence::File {
            losses.of_step(step, "a copy of the file that is evidence");
        }
    }
    losses.into_sorted()
}

/// The functions of a step: what performs it, and what undoes it.
fn functions(law: &Law<'_>, duty: &Duty<'_>) -> String {
    let (at, step) = (duty.at, duty.step);
    let mut out = format!("\n# {}: {}\n", step.id, one_line(&step.title));
    if !duty.is_performed() {
        let kind = match (step.kind, step.evidence) {
            (StepKind::Approval, _) => "approval",
            (_, Evidence::Note) => "note",
            (_, Evidence::Url) => "url",
            (_, Evidence::File) => "file",
            _ => "none",
        };
        let mut asking = String::new();
        for (name, capture) in &step.capture {
            let choices: String = capture.choices.iter().map(|choice| format!(" {}", BASH.quote(choice))).collect();
            let prompt = BASH.quote(&one_line(capture.prompt.as_deref().unwrap_or(name)));
            asking.push_str(&format!("answer \"$1\" {} {prompt}{choices}\n", BASH.quote(name)));
        }
        asking.push_str(&format!("ask \"$@\" {kind}\n"));
        out.push_str(&format!("work_{at}() {{\n{}}}\n", BASH.under_condition(duty, "", &asking)));
        return out;
    }
    out.push_str(&format!("work_{at}() {{\n{}}}\n", BASH.performance(law, duty)));
    if duty.undoable {
        out.push_str(&format!("undo_{at}() {{\n{}perform_undo\n}}\n", BASH.undo(duty)));
    }
    out
}

fn call(law: &Law<'_>, duty: &Duty<'_>) -> String {
    let (at, step) = (duty.at, duty.step);
    let needs: String = waits_of(law, duty).iter().map(|need| format!(" {}", BASH.quote(need))).collect();
    let what = [&step.id, place_of(duty), &one_line(&step.title)].map(|word| BASH.quote(word)).join(" ");
    if !duty.is_performed() {
        return format!("ask_at {at} {what}{needs}\n");
    }
    let repeatable = if step.is_repeatable() || step.check.is_some() { "yes" } else { "no" };
    format!("perform_at {at} {what} {repeatable}{needs}\n")
}

fn ending(law: &Law<'_>) -> String {
    let mut out = String::from("\nif [ \"${#failed[@]}\" -eq 0 ]; then\n  say \"all done\"\n  exit 0\nfi\nundone=''\n");
    if let Some(scope) = law.undoing {
        let undoable: Vec<&Duty<'_>> = law.duties.iter().filter(|duty| duty.undoable).collect();
        for (name, value) in [("undo_of", true), ("undo_in", false)] {
            let value = |duty: &Duty<'_>| BASH.quote(if value { &duty.step.id } else { place_of(duty) });
            let entries = undoable.iter().map(|duty| format!("[{}]={}", duty.at, value(duty)));
            out.push_str(&format!("{name}=({})\n", entries.collect::<Vec<_>>().join(" ")));
        }
        out.push_str(match scope {
            RollbackScope::Env => "roll_back env\n",
            RollbackScope::All => "roll_back all\n",
        });
    }
    out.push_str(
        "say \"failed: ${failed[*]}${then_go_to:+; go to $then_go_to}\"\n[ -z \"$undone\" ] || exit 8\n[ ! -f \"$state/timed-out\" ] \
         || exit 124\nexit 1\n",
    );
    out
}
