//! Who may say yes, and to what (RUNBOOK-FORMAT, section 3.6).
//!
//! Judges one decision of one person on one step, and writes the text that such a person signs.
//! Where the person's name comes from, and who last changed the step's lines, is for the shell to
//! find out.

use super::signers::{Signed, Signers, folded};
use super::{Decision, IdentitySource, Listed, Next, Run, Runner, Waiting, Yes, guard, scope};
use crate::plan::{Approval, Forbid, Plan, Step, StepKind, canonical};
use crate::text::Digest;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// A person, as far as this program knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// How sure it is.
    pub source: IdentitySource,
}

/// The rules about people, as the trusted configuration has them.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Who has which role.
    pub roles: BTreeMap<String, BTreeSet<String>>,
    /// The names among the signers of accounts of machines.
    pub accounts: BTreeMap<String, String>,
    /// Whose signatures count.
    pub signers: Signers,
    /// Whether the project has no repository, and so no rules that its operator could not write: such a
    /// run proves nothing about people.
    pub without_repository: bool,
    /// Why there are no rules, where there should be some.
    pub missing: Option<String>,
    /// When the commit was made that has them, RFC 3339 in UTC: no clock that says less is believed.
    pub since: String,
}

impl Rules {
    /// Returns the digest of the rules, hexadecimal.
    pub fn digest(&self) -> String {
        let value = json!({ "signers": self.signers.digest(), "roles": self.roles, "accounts": self.accounts });
        Digest::of(canonical(&value).as_bytes()).hex()
    }

    /// Checks a signature and returns the fingerprint of its key.
    ///
    /// # Errors
    /// Returns why it does not count, as a sentence without a full stop.
    pub fn verify(&self, signed: &Signed<'_>, armoured: &str) -> Result<String, String> {
        if let Some(why) = &self.missing {
            return Err(format!("nothing says whose signature counts: {why}"));
        }
        let at = signed.at.max(&self.since);
        self.signers.verify(&Signed { at, ..*signed }, armoured)
    }
}

/// Who wrote the lines that an approval lets through.
#[derive(Clone, Debug, Default)]
pub enum Authors {
    /// They are not asked about here: an approval that was given is looked at again.
    #[default]
    NotAsked,
    /// Their names and addresses.
    Known(BTreeSet<String>),
    /// Nobody can tell, and why.
    Unknown(String),
}

/// What is known besides the run.
#[derive(Clone, Debug, Default)]
pub struct Circumstances {
    /// The rules about people.
    pub rules: Rules,
    /// Who wrote what is approved.
    pub authors: Authors,
    /// Whether the name of an account is enough where nobody is hurt.
    pub allow_weak_identity: bool,
}

/// Returns an approval and the steps that it lets through.
pub fn lets_through<'p>(plan: &'p Plan, approval: &str) -> Vec<&'p Step> {
    let Some(at) = plan.steps.iter().position(|step| step.id == approval) else {
        return Vec::new();
    };
    let through = scope::lets_through(&guard::waits(plan), at);
    std::iter::once(at).chain(through).map(|at| &plan.steps[at]).collect()
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
    if let Some(why) = &known.rules.missing {
        return Err(format!("nothing says who may decide: {why}"));
    }
    let name = person.name.as_str();
    if person.source == IdentitySource::OsUser {
        weak_is_fine(run.plan(), step, name, known.allow_weak_identity)?;
    }
    is_named(approval, name, &known.rules)?;
    // One person may have several names: those that share a key.
    let names = known.rules.signers.names_of(name);
    let is_them = |other: &str| names.contains(&folded(other));
    for forbidden in &approval.forbid {
        let refused = match forbidden {
            Forbid::Runner => runs_it(run.runners(), person, &known.rules, &is_them)?.then_some("runs it"),
            Forbid::Author => wrote_it(known, &is_them)?.then_some("wrote what is approved"),
            Forbid::PreviousApprover => {
                approved_before(run, step, &is_them).then_some("gave the approval before this one")
            }
        };
        if let Some(what) = refused {
            return Err(format!("`{name}` may not decide on step `{}`: the same person {what}", step.id));
        }
    }
    if yes && status.decisions.iter().any(|(_, decision)| is_them(&decision.by)) {
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
        signature: None,
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
    for name in run.passed() {
        line("variable of the runner", &quoted(name));
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

/// An account's name counts where every environment of tier 1 or more that the approval opens says so
/// itself; where it opens none, whoever runs may allow it.
fn weak_is_fine(plan: &Plan, step: &Step, name: &str, allowed: bool) -> Result<(), String> {
    let opened: BTreeSet<&str> = lets_through(plan, &step.id).iter().filter_map(|step| step.env.as_deref()).collect();
    let opened = opened.iter().filter_map(|env| Some((*env, plan.environments.get(*env)?)));
    let guarded: Vec<_> = opened.filter(|(_, env)| env.tier > 0).collect();
    let own = step.env.as_ref().and_then(|env| plan.environments.get(env));
    let refuse = |way: String| Err(format!("the name of the account `{name}` is no proof of who you are: {way}"));
    if name == UNKNOWN_ACCOUNT {
        return refuse("sign with `--key PATH --as NAME`".into());
    }
    if let Some((env, _)) = guarded.iter().find(|(_, env)| !env.allow_weak_identity) {
        return refuse(format!("sign with `--key PATH --as NAME` (only `{env}` itself could allow it)"));
    }
    if guarded.is_empty() && !allowed && !own.is_some_and(|env| env.allow_weak_identity) {
        return refuse("sign with `--key PATH --as NAME`, or say `--allow-weak-identity`".into());
    }
    Ok(())
}

/// The name of an account of which nobody can say whose it is: one in a user namespace.
pub const UNKNOWN_ACCOUNT: &str = "somebody in a user namespace";

/// How somebody who decides says who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// With a signature.
    Signature,
    /// With the name of their account, which they must allow to count.
    AllowedAccount,
    /// With the name of their account.
    Account,
}

/// Returns how whoever decides on an approval has to say who they are.
pub fn wanted_proof(plan: &Plan, step: &Step, rules: &Rules) -> Proof {
    match (weak_is_fine(plan, step, "", false), weak_is_fine(plan, step, "", true)) {
        (Ok(()), _) => Proof::Account,
        (_, Ok(())) if rules.signers.is_empty() => Proof::AllowedAccount,
        _ => Proof::Signature,
    }
}

/// Sees that an approval is for a person to give: by name, or by role.
fn is_named(approval: &Approval, name: &str, rules: &Rules) -> Result<(), String> {
    let is_it = |user: &String| folded(user) == folded(name);
    if approval.users.as_ref().is_some_and(|users| users.iter().any(is_it)) {
        return Ok(());
    }
    match (&approval.role, &approval.users) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(format!("`{name}` is not among those who may decide")),
        (Some(role), _) => match rules.roles.get(role) {
            None => Err(format!("nobody has the role `{role}`: the configuration does not name it")),
            Some(people) if people.iter().any(is_it) => Ok(()),
            Some(_) => Err(format!("`{name}` does not have the role `{role}`")),
        },
    }
}

/// Looks again at an approval that was given, by the rules about people as they are now: each yes counts
/// only while whoever gave it has the role and the key, and is nobody who has run it since. `signed`
/// checks the kept signature of a decision that was recorded at a time, by the same rules.
///
/// # Errors
/// Returns why too few count, as a sentence without a full stop.
pub fn still_counts(
    run: &Run,
    step: &Step,
    now: &str,
    rules: &Rules,
    signed: &dyn Fn(&str, &Decision) -> Result<(), String>,
) -> Result<(), String> {
    let Some(approval) = &step.approval else { return Ok(()) };
    if let Some(why) = &rules.missing {
        return Err(format!("nothing says who may decide: {why}"));
    }
    let forbids = step.forbids(Forbid::Runner);
    let look = |yes: &Yes<'_>| {
        let person = Identity { name: yes.by.clone(), source: yes.source };
        let names = rules.signers.names_of(yes.by);
        is_named(approval, yes.by, rules)?;
        match yes.decision.filter(|(_, decision)| decision.source == IdentitySource::SshSig) {
            Some((ts, decision)) => signed(ts, decision)?,
            None if yes.source == IdentitySource::SshSig && !rules.signers.knows(yes.by) => {
                return Err(format!("the list of allowed signers does not have `{}` any more", yes.by));
            }
            None => {}
        }
        if forbids && runs_it(run.runners(), &person, rules, &|other| names.contains(&folded(other)))? {
            return Err(format!("`{}` runs it since", yes.by));
        }
        Ok(names)
    };
    let (mut people, mut n_people, mut first) = (BTreeSet::new(), 0, None);
    for yes in run.yeses(&step.id, Some(now)) {
        match look(&yes) {
            // One person may have several names.
            Ok(names) if names.is_disjoint(&people) => {
                n_people += 1;
                people.extend(names);
            }
            Ok(_) => {}
            Err(why) => first = first.or(Some(why)),
        }
    }
    if n_people >= approval.min.max(1) {
        return Ok(());
    }
    Err(first.unwrap_or_else(|| "too few people say yes".to_owned()))
}

/// Tells whether signers can be compared with whoever runs under an account alone.
pub fn can_compare(account: &str, rules: &Rules) -> bool {
    rules.accounts.contains_key(account) || is_pointless(rules)
}

/// Tells whether the rules tell nobody from anybody: without a repository there is nothing that the
/// operator could not have written, and with a single signer nobody else could have signed. The run says
/// that it proves nothing.
fn is_pointless(rules: &Rules) -> bool {
    rules.without_repository && !rules.signers.knows_several()
}

/// Tells whether a person began or resumed the run. Accounts are compared with accounts, and names of
/// signers with names of signers.
fn runs_it(
    runners: &[Runner],
    person: &Identity,
    rules: &Rules,
    is_them: &dyn Fn(&str) -> bool,
) -> Result<bool, String> {
    let principal = |account: &str| rules.accounts.get(account).map(String::as_str);
    for runner in runners {
        let runner_name = runner.principal.as_deref().or_else(|| principal(&runner.account));
        let same = is_them(&runner.account)
            || runner_name.is_some_and(is_them)
            || person.source == IdentitySource::OsUser
                && principal(&person.name)
                    .zip(runner_name)
                    .is_some_and(|(own, other)| rules.signers.names_of(own).contains(&folded(other)));
        if same {
            return Ok(true);
        }
        let is_known = person.source == IdentitySource::OsUser && runner.account != UNKNOWN_ACCOUNT;
        let comparable = runner_name.is_some() || is_known;
        if !comparable && !is_pointless(rules) {
            let account = &runner.account;
            return Err(format!(
                "nobody can tell whether `{}` is who runs it: the account `{account}` is no name among the signers. \
                 Name the account in the configuration: `[runbook.accounts]` `{account} = \"NAME\"`, or begin another \
                 run with `--as NAME --key PATH`, and with `--rebase` of this one so that it takes over what is done",
                person.name
            ));
        }
    }
    Ok(false)
}

fn wrote_it(known: &Circumstances, is_them: &dyn Fn(&str) -> bool) -> Result<bool, String> {
    match &known.authors {
        Authors::NotAsked => Ok(false),
        Authors::Known(authors) => Ok(authors.iter().any(|author| is_them(author))),
        Authors::Unknown(why) => Err(format!("nobody can tell who wrote what is approved: {why}")),
    }
}

fn approved_before(run: &Run, step: &Step, is_them: &dyn Fn(&str) -> bool) -> bool {
    let before = run.statuses().take_while(|(other, _)| other.id != step.id);
    let last = before.filter(|(other, _)| other.kind == StepKind::Approval).last();
    last.is_some_and(|(_, status)| status.decisions.iter().any(|(_, decision)| is_them(&decision.by)))
}

/// Returns where rules come from, for the journal.
pub fn listed(rules: &Rules, commit: Option<String>, branch: Option<String>) -> Listed {
    Listed { digest: rules.digest(), commit, branch }
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
        let authors = || Authors::Known(BTreeSet::from(["Cy@Example.org".into()]));
        let mut known = Circumstances { authors: authors(), ..Circumstances::default() };
        known.rules.accounts.insert("ana".into(), "ana@example.org".into());
        let signed = |known: &Circumstances, name| ask(&run, name, IdentitySource::SshSig, known);
        assert!(signed(&known, "@ana").is_err_and(|why| why.contains("the same person runs it")));
        assert!(signed(&known, "Ana@Example.org").is_err_and(|why| why.contains("the same person runs it")));
        assert!(signed(&known, "cy@example.org").is_err_and(|why| why.contains("wrote what is approved")));
        assert_eq!(signed(&known, "ben"), Ok(()));
        known.authors = Authors::Unknown("it is not committed".into());
        assert!(signed(&known, "ben").is_err_and(|why| why.contains("it is not committed")));
    }

    #[test]
    fn who_cannot_be_compared_with_the_runner_may_not_decide() {
        let mut run = waiting(json!({"min": 1, "forbid": ["runner"]}));
        let known = Circumstances::default();
        let signed = |run: &Run, name| ask(run, name, IdentitySource::SshSig, &known);
        assert!(signed(&run, "ben@example.org").is_err_and(|why| why.contains("`--as NAME --key PATH`")));
        let signs = Event::RunnerSigned { by: "Ana@example.org".into(), head: "".into(), signature: "".into() };
        run.apply("2026-05-04T12:00:01Z", &signs).expect("the runner signs");
        assert_eq!(signed(&run, "ben@example.org"), Ok(()));
        assert!(signed(&run, "ana@example.org").is_err_and(|why| why.contains("runs it")));
        // Everybody who resumes it runs it.
        let resumed = Event::RunResumed { by: "root".into(), source: None };
        run.apply("2026-05-04T12:00:02Z", &resumed).expect("it goes on");
        assert!(signed(&run, "ben@example.org").is_err_and(|why| why.contains("the account `root`")));
    }

    #[test]
    fn a_role_is_what_the_configuration_says() {
        let run = waiting(json!({"min": 1, "role": "managers"}));
        let known = |people: &[&str]| {
            let mut known = Circumstances::default();
            known.rules.roles.insert("managers".into(), people.iter().map(|name| (*name).to_owned()).collect());
            known
        };
        let signed = |known: &Circumstances| ask(&run, "ben", IdentitySource::SshSig, known);
        assert!(signed(&Circumstances::default()).is_err_and(|why| why.contains("does not name it")));
        assert!(signed(&known(&["dee"])).is_err());
        assert_eq!(signed(&known(&["@Ben"])), Ok(()));
    }

    #[test]
    fn an_account_is_no_proof_unless_the_environment_says_so() {
        let mut run = waiting(json!({"min": 1}));
        let weak = |allow| Circumstances { allow_weak_identity: allow, ..Circumstances::default() };
        let ask = |run: &Run, allow| ask(run, "ben", IdentitySource::OsUser, &weak(allow));
        // Nobody grants himself what production does not.
        assert!(ask(&run, false).is_err());
        assert!(ask(&run, true).is_err_and(|why| why.contains("only `production` itself")));
        let mut change = |change: &dyn Fn(&mut Plan)| {
            let mut plan = Plan::clone(run.plan());
            change(&mut plan);
            plan.seal();
            run = waiting(json!({"min": 1}));
            let started = run.runners()[0].account.clone();
            let event = Event::RunStarted {
                run: "r".into(),
                plan: plan.hash.clone(),
                by: started,
                source: None,
                left_out: vec![],
            };
            run = Run::new(Arc::new(plan));
            run.apply("2026-05-04T12:00:00Z", &event).expect("a run begins");
            (ask(&run, false).is_ok(), ask(&run, true).is_ok())
        };
        let env = |plan: &mut Plan, change: &dyn Fn(&mut crate::plan::Environment)| {
            plan.environments.values_mut().for_each(change);
        };
        assert_eq!(change(&|plan| env(plan, &|env| env.allow_weak_identity = true)), (true, true));
        assert_eq!(
            change(&|plan| env(plan, &|env| {
                env.allow_weak_identity = false;
                env.tier = 0
            })),
            (false, true)
        );
        // An approval without an environment counts by what it lets through.
        assert_eq!(
            change(&|plan| {
                env(plan, &|env| env.tier = 1);
                let mut write = plan.steps[0].clone();
                (write.id, write.kind, write.approval) = ("write".into(), StepKind::Run, None);
                write.needs = vec![crate::plan::Need { step: "go".into(), on: crate::plan::On::Success }];
                plan.steps[0].env = None;
                plan.steps.push(write);
            }),
            (false, false)
        );
    }
}
