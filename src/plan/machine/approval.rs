//! Who may say yes, and to what (RUNBOOK-FORMAT, section 3.6).
//!
//! Judges one decision of one person on one step, and writes the text that such a person signs.
//! Where the person's name comes from, and who last changed the step's lines, is for the shell to
//! find out.

use super::{Decision, IdentitySource, Next, Run, Waiting};
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
pub fn may_decide(run: &Run, step: &Step, yes: bool, person: &Identity, known: &Circumstances) -> Result<(), String> {
    let Some(approval) = step.approval.as_ref().filter(|_| step.kind == StepKind::Approval) else {
        return Err(format!("step `{}` is not an approval", step.id));
    };
    let waiting = match run.next() {
        Next::Wait(waiting) => waiting,
        _ => Vec::new(),
    };
    let waits = waiting.iter().any(|wanted| matches!(wanted, Waiting::Approval { step: id, .. } if *id == step.id));
    let status = run.status(&step.id).expect("a step of the plan has a status");
    // What was given can be taken back as long as the run goes on.
    let taken_back = !yes && status.state.held() && !matches!(run.next(), Next::End(_));
    if !waits && !taken_back {
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
    if yes && status.decisions.iter().any(|(_, decision)| same_person(&decision.by, name)) {
        return Err(format!("`{name}` has decided on step `{}` already", step.id));
    }
    Ok(())
}

/// Binds a person's decision to what it is about: the plan, the step, and all that the step lets
/// through. `None` where the step is no approval.
pub fn decision(run: &Run, step: &Step, by: &str, source: IdentitySource, note: Option<String>) -> Option<Decision> {
    Some(Decision {
        step: step.id.clone(),
        plan: run.plan().hash.clone(),
        digest: step.digest.clone(),
        scope: run.scope(&step.id)?.to_owned(),
        env: step.env.clone(),
        head: None,
        at: None,
        by: by.to_owned(),
        source,
        note,
    })
}

/// The version of the text that people sign. A change of the text changes the number.
pub const MESSAGE_VERSION: u32 = 1;
/// So many changes are named one by one; the rest is counted, and the scope covers all.
const MAX_NAMED: usize = 50;

/// Returns the text that a decision's signature is made over: what is approved or refused, in words,
/// one fact a line. It depends on the run's plan, on what the run leaves out, and on the decision
/// alone, so that it can be written again from the journal and the signature be checked again. Text
/// of people stands in quotes that it cannot leave, so no value can pass for another line.
pub fn approval_message(run_name: &str, run: &Run, decision: &Decision, yes: bool) -> String {
    let plan = run.plan();
    let title = plan.step(&decision.step).map_or("", |step| step.title.as_str());
    let mut out = format!("opsbook approval {MESSAGE_VERSION}\n\n");
    let mut line = |key: &str, value: &str| out.push_str(&format!("{key}: {value}\n"));
    line("decision", if yes { "I approve" } else { "I refuse" });
    line("step", &format!("{} {}", quoted(&decision.step), quoted(title)));
    line("by", &quoted(&decision.by));
    if let Some(note) = &decision.note {
        line("note", &quoted(note));
    }
    let runbook_title = plan.title.as_ref().map(|title| format!(" {}", quoted(title))).unwrap_or_default();
    line("runbook", &format!("{}{runbook_title}", quoted(&plan.runbook)));
    if let Some(ticket) = &plan.ticket {
        line("ticket", &quoted(ticket));
    }
    line("environment", &decision.env.as_ref().map_or("none of its own".to_owned(), |env| quoted(env)));
    for component in &plan.components {
        let from = component.from.as_ref().map_or("unknown".to_owned(), |from| quoted(from));
        line("component", &format!("{} from {from} to {}", quoted(&component.name), quoted(&component.to)));
    }
    for (name, param) in &plan.params {
        let value = param.value.as_ref().map_or("none".to_owned(), |value| escaped(&value.to_string()));
        line("parameter", &format!("{} = {value}", quoted(name)));
    }
    let through = run.lets_through(&decision.step);
    let changes: Vec<&&Step> = through.iter().filter(|step| step.writes()).collect();
    line("lets through", &format!("{} steps, {} of them changes", through.len(), changes.len()));
    for step in changes.iter().take(MAX_NAMED) {
        let env = step.env.as_ref().map(|env| format!(" in {}", quoted(env))).unwrap_or_default();
        line("change", &format!("{}{env}", quoted(&step.id)));
    }
    if changes.len() > MAX_NAMED {
        line("change", &format!("and {} more", changes.len() - MAX_NAMED));
    }
    let n_left_out = run.statuses().filter(|(_, status)| status.is_left_out()).count();
    line("left out of this run", &format!("{n_left_out} steps"));
    line("run", &quoted(run_name));
    line("plan", &quoted(&decision.plan));
    line("step digest", &quoted(&decision.digest));
    line("scope", &quoted(&decision.scope));
    line("journal head", &decision.head.as_ref().map_or("none".to_owned(), |head| quoted(head)));
    line("at", &decision.at.as_ref().map_or("unknown".to_owned(), |at| quoted(at)));
    out
}

/// Says how far an approval is: `1 of 2 approvals, waiting for a second approver`. `None` where the
/// step is no approval.
pub fn standing(run: &Run, step: &Step) -> Option<String> {
    let approval = step.approval.as_ref()?;
    let n_given = approval.min.saturating_sub(run.missing(&step.id)?);
    let wanted = match n_given + 1 {
        1 => "an approver".to_owned(),
        2 => "a second approver".to_owned(),
        3 => "a third approver".to_owned(),
        number => format!("approver {number}"),
    };
    let word = if approval.min == 1 { "approval" } else { "approvals" };
    Some(format!("{n_given} of {} {word}, waiting for {wanted}", approval.min))
}

/// Text in quotes, as JSON writes it, on one line and without signs that turn the reading about.
fn quoted(text: &str) -> String {
    escaped(&serde_json::Value::from(text).to_string())
}

fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for ch in json.chars() {
        let turns =
            matches!(ch, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
        if turns || ch.is_control() {
            out.push_str(&format!("\\u{:04x}", u32::from(ch)));
        } else {
            out.push(ch);
        }
    }
    out
}

/// `@ana` and `ana` are one person.
pub fn same_person(a: &str, b: &str) -> bool {
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
        may_decide(run, &run.plan().steps[0], true, &person, known)
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
