//! A bound plan for other engines: bash, GitHub Actions, Argo Workflows, an issue's body.
//!
//! Each emitter is a pure function from a plan to text and to a list of what the target cannot
//! express (RUNBOOK-FORMAT, section 4). Parameters and outputs reach scripts as environment
//! variables only; nothing is pasted into a script.

mod argo;
mod bash;
mod github;
mod github_setup;
mod law;
mod markdown;
mod program;

pub use argo::emit_argo;
pub use bash::emit_bash;
pub use github::emit_github;
pub use github_setup::emit_github_setup;
pub use markdown::{emit_markdown, ticked_steps};

use self::law::{Law, Proof};
use super::{Approval, Evidence, Forbid, Plan, Step, StepKind};
use crate::text::Digest;

/// What an emitter made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitted {
    /// The file.
    pub text: String,
    /// What the target cannot express, sorted.
    pub lost: Vec<Loss>,
}

/// What emission needs to know besides the plan.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The container image that all scripts of an Argo Workflow run in.
    pub image: String,
    /// The address of the repository that an Argo Workflow clones; whoever submits it names one otherwise.
    pub repository: Option<String>,
    /// Names of variables of the surroundings that scripts see, as with `--pass-env`.
    pub pass_env: Vec<String>,
}

/// One thing that the target cannot express.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loss {
    /// What, as a sentence without a full stop.
    pub what: String,
    /// The steps that it concerns; none where it concerns the whole.
    pub steps: Vec<String>,
}

/// The line that says which content a file was emitted with: a later edit by hand shows (RB607).
pub const CONTENT_MARK: &str = "content: sha256:";

/// How much longer than its scripts an engine gives a step: what is ended has ten seconds each time, and Helm
/// is asked before.
const MARGIN_S: u64 = 300;

/// Tells whether a file that carries [`CONTENT_MARK`] was changed since it was emitted; `None` for a
/// file without one.
pub fn edited_by_hand(text: &str) -> Option<bool> {
    let line = text.lines().find(|line| line.contains(CONTENT_MARK))?;
    let claimed = line.split(CONTENT_MARK).nth(1)?.trim();
    let claimed = claimed.split_whitespace().next().unwrap_or_default();
    Some(claimed != content_digest(text))
}

fn content_digest(text: &str) -> String {
    let kept = text.lines().filter(|line| !line.contains(CONTENT_MARK));
    Digest::of(kept.collect::<Vec<_>>().join("\n").as_bytes()).hex()
}

/// Puts the digest of a text into its line that ends with [`CONTENT_MARK`].
fn sealed(text: &str) -> String {
    let digest = content_digest(text);
    text.replacen(CONTENT_MARK, &format!("{CONTENT_MARK}{digest}"), 1)
}

/// Collects losses, one line for all steps that share one.
#[derive(Default)]
struct Losses(std::collections::BTreeMap<String, Vec<String>>);

impl Losses {
    fn of_step(&mut self, step: &Step, what: &str) {
        self.0.entry(what.to_owned()).or_default().push(step.id.clone());
    }

    fn of_all(&mut self, what: &str) {
        self.0.entry(what.to_owned()).or_default();
    }

    fn into_sorted(self) -> Vec<Loss> {
        self.0.into_iter().map(|(what, steps)| Loss { what, steps }).collect()
    }
}

/// What no target but opsbook's own runner can do.
fn lose_of_all_targets(losses: &mut Losses, law: &Law<'_>) {
    losses.of_all("the hash chain of the journal");
    lose_language(losses, law.plan);
    for duty in &law.duties {
        let step = duty.step;
        if matches!(duty.proof, Proof::Lacking { .. }) {
            losses.of_step(step, "proof by an earlier run: the step refuses to begin");
        }
        if step.break_glass.is_some() {
            losses.of_step(step, "that breaking the glass is reviewed");
        }
        if step.expect.as_ref().is_some_and(|expect| expect.stdout_matches.is_some()) {
            losses.of_step(step, "what the output must match");
        }
        if duty.scripts.all().any(|action| action.script.contains("OPSBOOK_MASK")) {
            losses.of_step(step, "that values in `$OPSBOOK_MASK` are taken out of what is shown");
        }
        if let Some(approval) = &step.approval {
            lose_approval(losses, step, approval);
        }
    }
}

/// What every target but opsbook's own runner loses of the language.
fn lose_language(losses: &mut Losses, plan: &Plan) {
    if plan.groups.iter().any(|group| group.max_failures.is_some()) {
        losses.of_all("how many of a group may fail before no new one begins");
    }
    if !plan.notify.is_empty() {
        losses.of_all("who is told of what happens");
    }
    if plan.environments.values().any(|environment| environment.changes.is_some()) {
        losses.of_all("when an environment may be changed");
    }
    for step in &plan.steps {
        if step.not_before.is_some() {
            losses.of_step(step, "when it may begin");
        }
        if step.people_s.is_some() {
            losses.of_step(step, "how long people may take");
        }
        if step.remind_s.is_some() {
            losses.of_step(step, "that people are reminded");
        }
    }
}

/// What workflows of other engines lose: they ask nobody, so a step that depends on an answer fails, and to
/// them one that was cut off has failed.
fn lose_of_workflows(losses: &mut Losses, law: &Law<'_>) {
    for duty in &law.duties {
        let step = duty.step;
        if !step.capture.is_empty() {
            losses.of_step(step, "the answers that a person gives");
        }
        if law.asks_a_person(duty).is_some() {
            losses.of_step(step, "a `when` over an answer: the step fails instead");
        }
        if step.kind == StepKind::Manual && step.evidence != Evidence::None {
            losses.of_step(step, "the evidence of a manual item");
        }
        if duty.is_performed() && !step.is_repeatable() && step.check.is_none() {
            losses.of_step(step, "that a step which was cut off is in doubt");
        }
    }
}

/// What every target but opsbook's own runner loses of an approval.
fn lose_approval(losses: &mut Losses, step: &Step, approval: &Approval) {
    if approval.min > 1 {
        losses.of_step(step, "that more than one person must approve");
    }
    if approval.role.is_some() || approval.users.is_some() {
        losses.of_step(step, "who may approve");
    }
    for forbid in &approval.forbid {
        losses.of_step(
            step,
            match forbid {
                Forbid::Runner => "that the approver is not the runner",
                Forbid::Author => "that the approver is not the author",
                Forbid::PreviousApprover => "that the approver is not the one before",
            },
        );
    }
    if approval.expires.is_some() {
        losses.of_step(step, "when an approval expires");
    }
}

/// A comment's text: one line, whatever a title holds.
fn one_line(text: &str) -> String {
    text.chars().map(|ch| if ch.is_control() { ' ' } else { ch }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_by_hand_shows() {
        let text = sealed("# content: sha256:\na\nb\n");
        assert_eq!(edited_by_hand(&text), Some(false));
        assert_eq!(edited_by_hand(&text.replace('b', "c")), Some(true));
        assert_eq!(edited_by_hand("a"), None);
    }
}
