//! Who may say yes (RUNBOOK-FORMAT, section 3.6).
//!
//! Judges one decision of one person on one step. Where the person's name comes from, and who last
//! changed the step's lines, is for the shell to find out.

use super::{IdentitySource, Next, Run, Waiting};
use crate::plan::{Forbid, Step, StepKind};
use std::collections::{BTreeMap, BTreeSet};

/// A person, as far as this program knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// How sure it is.
    pub source: IdentitySource,
}

/// What is known besides the run.
#[derive(Clone, Debug, Default)]
pub struct Circumstances {
    /// Who has which role, from the configuration.
    pub roles: BTreeMap<String, BTreeSet<String>>,
    /// Names and addresses of whoever last changed the step's lines.
    pub authors: BTreeSet<String>,
    /// Whether the name of an account is enough.
    pub allow_weak_identity: bool,
}

/// Judges whether a person may decide on a step that is waiting.
///
/// # Errors
/// Returns why not, as a sentence without a full stop.
pub fn may_decide(run: &Run, step: &Step, person: &Identity, known: &Circumstances) -> Result<(), String> {
    let Some(approval) = step.approval.as_ref().filter(|_| step.kind == StepKind::Approval) else {
        return Err(format!("step `{}` is not an approval", step.id));
    };
    let waiting = match run.next() {
        Next::Wait(waiting) => waiting,
        _ => Vec::new(),
    };
    if !waiting.iter().any(|wanted| matches!(wanted, Waiting::Approval { step: id, .. } if *id == step.id)) {
        return Err(format!("step `{}` is not waiting for an approval", step.id));
    }
    let name = person.name.as_str();
    let env = step.env.as_ref().and_then(|env| run.plan().environments.get(env));
    let weak_is_fine = known.allow_weak_identity || env.is_some_and(|env| env.allow_weak_identity);
    if person.source == IdentitySource::OsUser && !weak_is_fine {
        return Err(format!(
            "the name of the account `{name}` is no proof of who you are: sign with `--key`, or run with \
             `--allow-weak-identity`"
        ));
    }
    let named = approval.users.as_ref().is_some_and(|users| users.iter().any(|user| same_person(user, name)));
    match (&approval.role, &approval.users) {
        (None, None) => {}
        (Some(role), _) if !named => match known.roles.get(role) {
            None => return Err(format!("nobody has the role `{role}`: the configuration does not name it")),
            Some(people) if !people.iter().any(|user| same_person(user, name)) => {
                return Err(format!("`{name}` does not have the role `{role}`"));
            }
            Some(_) => {}
        },
        (None, Some(_)) if !named => return Err(format!("`{name}` is not among those who may decide")),
        _ => {}
    }
    for forbidden in &approval.forbid {
        let refused = match forbidden {
            Forbid::Runner => run.runners().iter().any(|runner| same_person(runner, name)).then_some("runs it"),
            Forbid::Author => {
                known.authors.iter().any(|author| same_person(author, name)).then_some("last changed the step")
            }
            Forbid::PreviousApprover => approved_before(run, step, name).then_some("gave the approval before this one"),
        };
        if let Some(what) = refused {
            return Err(format!("`{name}` may not decide on step `{}`: the same person {what}", step.id));
        }
    }
    let status = run.status(&step.id).expect("a step of the plan has a status");
    if status.decisions.iter().any(|(_, decision)| same_person(&decision.by, name)) {
        return Err(format!("`{name}` has decided on step `{}` already", step.id));
    }
    Ok(())
}

/// `@ana` and `ana` are one person.
fn same_person(a: &str, b: &str) -> bool {
    a.trim_start_matches('@').eq_ignore_ascii_case(b.trim_start_matches('@'))
}

fn approved_before(run: &Run, step: &Step, name: &str) -> bool {
    let before = run.statuses().take_while(|(other, _)| other.id != step.id);
    let last = before.filter(|(other, _)| other.kind == StepKind::Approval).last();
    last.is_some_and(|(_, status)| status.decisions.iter().any(|(_, decision)| same_person(&decision.by, name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;
    use crate::plan::machine::Event;
    use serde_json::{Value, json};
    use std::sync::Arc;

    fn waiting(approval: Value) -> Run {
        let mut plan: Plan = serde_json::from_value(json!({
            "format": 1, "runbook": "r", "stage": "bound", "kind": "release", "mode": "read-do", "params": {},
            "secrets": [], "components": [], "environments": {"production": {"tier": 1}},
            "steps": [{"id": "go", "item": "go", "group": null, "kind": "approval", "title": "Go?", "needs": [],
                       "env": "production", "approval": approval, "digest": ""}],
            "source": {"files": []}, "hash": "",
        }))
        .expect("the sample has the plan's shape");
        plan.seal();
        let mut run = Run::new(Arc::new(plan));
        let plan = run.plan().hash.clone();
        let start = Event::RunStarted { run: "r".into(), plan, by: "ana".into(), source: None, left_out: vec![] };
        run.apply("2026-05-04T12:00:00Z", &start).expect("a run begins");
        run
    }

    fn ask(run: &Run, name: &str, source: IdentitySource, known: &Circumstances) -> Result<(), String> {
        let person = Identity { name: name.into(), source };
        may_decide(run, &run.plan().steps[0], &person, known)
    }

    #[test]
    fn four_eyes_means_somebody_else() {
        let run = waiting(json!({"min": 1, "forbid": ["runner", "author"]}));
        let known = Circumstances { authors: BTreeSet::from(["Cy@Example.org".into()]), ..Circumstances::default() };
        let signed = |name| ask(&run, name, IdentitySource::SshSig, &known);
        assert!(signed("@ana").is_err_and(|why| why.contains("the same person runs it")));
        assert!(signed("cy@example.org").is_err_and(|why| why.contains("last changed the step")));
        assert_eq!(signed("ben"), Ok(()));
    }

    #[test]
    fn a_role_is_what_the_configuration_says() {
        let run = waiting(json!({"min": 1, "role": "managers"}));
        let known = |people: &[&str]| Circumstances {
            roles: BTreeMap::from([("managers".into(), people.iter().map(|name| (*name).to_owned()).collect())]),
            ..Circumstances::default()
        };
        let signed = |known: &Circumstances| ask(&run, "ben", IdentitySource::SshSig, known);
        assert!(signed(&Circumstances::default()).is_err_and(|why| why.contains("does not name it")));
        assert!(signed(&known(&["dee"])).is_err());
        assert_eq!(signed(&known(&["@Ben"])), Ok(()));
    }

    #[test]
    fn an_account_is_no_proof_unless_it_is_said_to_be() {
        let run = waiting(json!({"min": 1}));
        let weak = |allow| Circumstances { allow_weak_identity: allow, ..Circumstances::default() };
        assert!(ask(&run, "ben", IdentitySource::OsUser, &weak(false)).is_err());
        assert_eq!(ask(&run, "ben", IdentitySource::OsUser, &weak(true)), Ok(()));
    }
}
