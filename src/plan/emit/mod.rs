//! A bound plan for other engines: bash, GitHub Actions, Argo Workflows, an issue's body.
//!
//! Each emitter is a pure function from a plan to text and to a list of what the target cannot
//! express (RUNBOOK-FORMAT, section 4). Parameters and outputs reach scripts as environment
//! variables only; nothing is pasted into a script.

mod argo;
mod bash;
mod github;
mod github_setup;
mod markdown;
mod script;

pub use argo::emit_argo;
pub use bash::emit_bash;
pub use github::emit_github;
pub use github_setup::emit_github_setup;
pub use markdown::{emit_markdown, ticked_steps};

use super::{Action, Approval, Forbid, Outputs, Plan, Step, StepKind};
use crate::text::Digest;

/// What an emitter made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitted {
    /// The file.
    pub text: String,
    /// What the target cannot express, sorted.
    pub lost: Vec<Loss>,
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

/// What workflows of other engines lose of answers: they ask nobody, so a step that depends on one fails.
fn lose_answers(losses: &mut Losses, plan: &Plan) {
    for step in &plan.steps {
        if !step.capture.is_empty() {
            losses.of_step(step, "the answers that a person gives");
        }
        if step.when.is_some() {
            losses.of_step(step, "a `when` over outputs: the step fails instead");
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

/// What stands in for a step whose condition an engine cannot ask.
fn refusal(step: &Step) -> Option<String> {
    let when = step.when.as_ref()?;
    Some(format!("echo {} >&2\nexit 1\n", quote(&format!("whether {when} is not known here"))))
}

/// What every target but opsbook's own runner loses of an approval.
fn lose_approval(losses: &mut Losses, step: &Step, approval: &Approval, quorum: bool, roles: bool) {
    if quorum && approval.min > 1 {
        losses.of_step(step, "that more than one person must approve");
    }
    if roles && (approval.role.is_some() || approval.users.is_some()) {
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

/// The scripts of a step, with what they may take.
struct Scripts<'p> {
    main: Option<Action>,
    check: Option<Action>,
    verify: Option<&'p Action>,
    undo: Option<&'p Action>,
    monitor: Option<&'p Action>,
    until: Option<&'p Action>,
}

fn scripts_of(step: &Step) -> Scripts<'_> {
    let of = |shell, script: &str, cwd: &Option<String>| Action {
        block: step.item.clone(),
        title: step.title.clone(),
        shell,
        script: script.to_owned(),
        cwd: cwd.clone(),
        vars: std::collections::BTreeMap::new(),
        timeout_s: step.timeout_s,
        retries: step.retries.clone(),
    };
    let run = step.run.as_ref();
    Scripts {
        main: run.map(|run| of(run.shell, &run.script, &run.cwd)),
        check: step.check.as_ref().zip(run).map(|(check, run)| of(run.shell, check, &run.cwd)),
        verify: step.verify.as_ref(),
        undo: step.undo.as_ref(),
        monitor: step.monitor.as_ref(),
        until: step.until.as_ref(),
    }
}

/// The variables that a step's scripts see, in order: the plan's, then the step's own.
fn vars_of(plan: &Plan, step: &Step) -> std::collections::BTreeMap<String, String> {
    let mut vars = plan.vars.clone();
    vars.extend(step.vars.clone());
    vars.insert("OPSBOOK_PLAN".into(), plan.short_hash().to_owned());
    vars.insert("OPSBOOK_STEP".into(), step.id.clone());
    if let Some(env) = &step.env {
        vars.insert("OPSBOOK_ENV".into(), env.clone());
    }
    vars
}

/// The outputs of earlier steps that a step's scripts mention: variable, step, key.
fn outputs_used(plan: &Plan, step: &Step) -> Vec<(String, String, String)> {
    let scripts = scripts_of(step);
    let looks = [scripts.monitor, scripts.until];
    let actions = [scripts.main.as_ref(), scripts.check.as_ref(), scripts.verify, scripts.undo];
    let actions = actions.into_iter().chain(looks);
    let texts: Vec<&str> = actions.flatten().map(|action| action.script.as_str()).collect();
    if !texts.iter().any(|text| text.contains("OPSBOOK_OUT_")) {
        return Vec::new();
    }
    let seen = Outputs::of(plan).seen_by(step);
    let used = seen.into_iter().filter(|(variable, _)| texts.iter().any(|text| mentions(text, variable)));
    used.filter_map(|(variable, output)| Some((variable, output?.step.to_owned(), output?.key.to_owned()))).collect()
}

/// Tells whether a script has a variable's name as a word.
fn mentions(text: &str, variable: &str) -> bool {
    let goes_on = |at: usize| text[at..].starts_with(|ch: char| ch.is_ascii_alphanumeric() || ch == '_');
    text.match_indices(variable).any(|(at, _)| !goes_on(at + variable.len()))
}

/// The secret that holds the kubeconfig of a step's environment.
fn kubeconfig_of<'p>(plan: &'p Plan, step: &Step) -> Option<&'p str> {
    plan.environments.get(step.env.as_ref()?)?.kubeconfig.as_deref()
}

/// Exports a block's own variables.
fn exports(action: &Action) -> String {
    action.vars.iter().map(|(name, value)| format!("export {name}={}\n", quote(value))).collect()
}

/// Quotes a word for a POSIX shell, always in single quotes.
fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// A comment's text: one line, whatever a title holds.
fn one_line(text: &str) -> String {
    text.chars().map(|ch| if ch.is_control() { ' ' } else { ch }).collect()
}

/// The commands that set `previous` to the revision of a Helm release that serves, or to nothing, of a
/// step that writes one. A newer revision that failed is no way back, and where Helm cannot say, nothing
/// may be written: the way back would not be known.
fn previous_of(step: &Step) -> Option<String> {
    let helm = step.helm.as_ref().filter(|_| step.writes())?;
    let namespace = helm.namespace.as_ref().map(|namespace| format!(" -n {}", quote(namespace))).unwrap_or_default();
    Some(format!(
        "previous=$(helm history {} -o json{namespace} 2>&1) || case $previous in\n  *'release: not found'*) previous='' ;;\n  \
         *) printf '%s\\n' \"$previous\" >&2; exit 1 ;;\nesac\nprevious=$(printf '%s' \"$previous\" | tr '}}' '\\n' |\n  sed -n \
         's/.*\"revision\":\\([0-9]*\\).*\"status\":\"deployed\".*/\\1/p' | tail -n 1)\n",
        quote(&helm.release)
    ))
}

/// Tells whether a machine performs the step.
fn performed(step: &Step) -> bool {
    !matches!(step.kind, StepKind::Manual | StepKind::Approval)
}

/// Tells whether a step may be repeated without asking.
fn repeatable(step: &Step) -> bool {
    step.idempotent || step.kind == StepKind::Soak || !step.writes()
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
