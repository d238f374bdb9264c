//! What people signed in a run, checked again: whoever reads a journal believes no record of a person
//! that the kept signature does not bear out.
//!
//! In: the plan, the journal, the kept signatures, and the rules about people as they were when a record
//! was written. Out: the first record that is not borne out. Knows no file and no repository.

use super::approval::{Circumstances, Identity, Rules, approval_message, may_decide, still_counts};
use super::signers::{DECISIONS, RUNS, Signed};
use super::{CAPTURE, Chain, Decision, EVIDENCE, Event, GENESIS, IdentitySource, Listed, Record, Run, guard};
use crate::plan::{Evidence, Plan, Step};
use crate::text::Digest;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A record that is not borne out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forged {
    /// The record's number.
    pub seq: u64,
    /// Why, as a sentence without a full stop.
    pub why: String,
}

/// What a journal is checked against.
pub struct Archive<'a> {
    /// Gives the text that was kept under a digest.
    pub kept: &'a dyn Fn(&str) -> Option<String>,
    /// Gives the rules about people as they stand where a record says.
    pub rules: &'a dyn Fn(&Listed) -> Result<Rules, String>,
}

impl std::fmt::Debug for Archive<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Archive")
    }
}

/// The text that the runner's signature is made over.
pub fn runner_message(run_name: &str, plan: &str, by: &str, head: &str) -> String {
    format!("opsbook run\nrun: {run_name}\nplan: {plan}\nhead: {head}\nrunner: {by}\n")
}

/// The text that somebody's signature on what they did is made over.
pub fn person_message(run_name: &str, plan: &str, by: &str, head: &str) -> String {
    format!("opsbook record\nrun: {run_name}\nplan: {plan}\nhead: {head}\nby: {by}\n")
}

/// Checks every record of a person in a journal, and folds it.
///
/// # Errors
/// Returns the first record that is not borne out, or cannot have happened.
pub fn check(run_name: &str, plan: &Arc<Plan>, chain: &Chain, archive: &Archive<'_>) -> Result<Run, Forged> {
    let mut run = Run::new(Arc::clone(plan));
    let mut rules: Result<Option<Rules>, String> = Ok(None);
    // Approvals that were looked at since something was last said about people.
    let mut looked_at: BTreeSet<String> = BTreeSet::new();
    for (at, record) in chain.records.iter().enumerate() {
        let before = &chain.records[..at];
        let forged = |why: String| Forged { seq: record.seq, why };
        let own = || match &rules {
            Ok(rules) => Ok(rules.clone().unwrap_or_default()),
            Err(why) => Err(why.clone()),
        };
        match &record.event {
            Event::RunStarted { run: named, .. } if named != run_name => {
                return Err(forged(format!("this is the journal of run `{named}`")));
            }
            Event::PeopleListed(listed) => rules = (archive.rules)(listed).map(Some),
            Event::RunnerSigned { by, head, signature } | Event::PersonSigned { by, head, signature } => {
                let rules = own().map_err(forged)?;
                let previous = before.last().map_or(GENESIS, |record| &record.hash);
                if head != previous {
                    return Err(forged(format!("the signature of `{by}` is about another state of the journal")));
                }
                let is_runner = matches!(record.event, Event::RunnerSigned { .. });
                let text = if is_runner { runner_message } else { person_message };
                let message = text(run_name, &plan.hash, by, head);
                let signed = Signed { by, namespace: RUNS, message: &message, at: &record.ts };
                borne_out(&rules, &signed, Some(signature), archive).map_err(forged)?;
            }
            Event::ApprovalGiven(decision) | Event::ApprovalRefused(decision) => {
                let yes = matches!(record.event, Event::ApprovalGiven(_));
                let known = Circumstances {
                    rules: own().map_err(forged)?,
                    allow_weak_identity: true,
                    ..Circumstances::default()
                };
                check_decision(run_name, &run, record, before, decision, yes, &known, archive).map_err(forged)?;
            }
            Event::EvidenceAdded { kind, .. } if kind != CAPTURE && !EVIDENCE.contains(&kind.as_str()) => {
                return Err(forged(format!("`{kind}` is no kind of evidence")));
            }
            Event::ManualDone { step, .. } => {
                let lacks = plan.step(step).zip(run.status(step));
                if let Some(kind) = lacks.and_then(|(step, status)| lacks_evidence(step, &status.evidence)) {
                    return Err(forged(format!("`{step}` is done, and the {kind} that it asks for is not there")));
                }
            }
            Event::StepStarted { step, .. } if plan.step(step).is_some_and(guard::is_guarded) => {
                for approval in run.given_approvals(step) {
                    if looked_at.insert(approval.id.clone()) {
                        let rules = own().map_err(forged)?;
                        let signed =
                            |ts: &str, decision: &Decision| signed_yes(run_name, &run, ts, decision, &rules, archive);
                        let counts = still_counts(&run, approval, &record.ts, &rules, &signed);
                        let why =
                            |why| format!("`{step}` began, and the approval `{}` counts no more: {why}", approval.id);
                        counts.map_err(|found| forged(why(found)))?;
                    }
                }
            }
            _ => {}
        }
        if !record.event.is_work() {
            looked_at.clear();
        }
        let happened = run.apply(&record.ts, &record.event);
        happened.map_err(|why| Forged { seq: record.seq, why: format!("it cannot have happened: {why}") })?;
    }
    Ok(run)
}

/// Returns the kind of evidence that an item asks for and does not have.
pub fn lacks_evidence(step: &Step, given: &[(String, String, Option<String>)]) -> Option<&'static str> {
    let wanted = match step.evidence {
        Evidence::None | Evidence::Output => return None,
        Evidence::Note => "note",
        Evidence::Url => "url",
        Evidence::File => "file",
    };
    let is_it = |(kind, value, digest): &(String, String, Option<String>)| {
        kind == wanted && !value.trim().is_empty() && (wanted != "file" || digest.is_some())
    };
    (!given.iter().any(is_it)).then_some(wanted)
}

#[allow(clippy::too_many_arguments, reason = "they are one record and what is around it")]
fn check_decision(
    run_name: &str,
    run: &Run,
    record: &Record,
    before: &[Record],
    decision: &Decision,
    yes: bool,
    known: &Circumstances,
    archive: &Archive<'_>,
) -> Result<(), String> {
    let by = &decision.by;
    match decision.source {
        IdentitySource::GithubEnv => return Err(format!("nothing here bears out that GitHub knows `{by}`")),
        IdentitySource::OsUser => {}
        IdentitySource::SshSig => {
            is_fresh(before, decision)?;
            signed_decision(run_name, run, &record.ts, decision, yes, &known.rules, archive)?;
        }
    }
    let step = run.plan().step(&decision.step).ok_or_else(|| format!("the plan has no step `{}`", decision.step))?;
    may_decide(run, step, yes, &Identity { name: by.clone(), source: decision.source }, known)
}

/// Checks the kept signature of a yes that was recorded at a time.
///
/// # Errors
/// Returns why it does not count, as a sentence without a full stop.
pub fn signed_yes(
    run_name: &str,
    run: &Run,
    ts: &str,
    decision: &Decision,
    rules: &Rules,
    archive: &Archive<'_>,
) -> Result<(), String> {
    signed_decision(run_name, run, ts, decision, true, rules, archive)
}

fn signed_decision(
    run_name: &str,
    run: &Run,
    ts: &str,
    decision: &Decision,
    yes: bool,
    rules: &Rules,
    archive: &Archive<'_>,
) -> Result<(), String> {
    let message = approval_message(run_name, run, decision, yes);
    let signed = Signed { by: &decision.by, namespace: DECISIONS, message: &message, at: ts };
    borne_out(rules, &signed, decision.signature.as_ref(), archive)
}

/// Checks that a decision was made on a state of this journal, and on none before the approval was asked
/// for anew.
///
/// # Errors
/// Returns why it was not.
pub fn is_fresh(before: &[Record], decision: &Decision) -> Result<(), String> {
    let (by, step) = (&decision.by, &decision.step);
    let head =
        decision.head.as_deref().ok_or_else(|| format!("the decision of `{by}` names no head of the journal"))?;
    let seen = before.iter().position(|record| record.hash == head);
    let seen = seen.ok_or_else(|| format!("the decision of `{by}` is about another journal"))?;
    let since = &before[seen + 1..];
    if since.iter().any(|record| matches!(&record.event, Event::ApprovalExpired { step: of, .. } if of == step)) {
        return Err(format!("the decision of `{by}` was made before the approval of `{step}` was asked for anew"));
    }
    Ok(())
}

fn borne_out(
    rules: &Rules,
    signed: &Signed<'_>,
    signature: Option<&String>,
    archive: &Archive<'_>,
) -> Result<(), String> {
    let by = signed.by;
    let digest = signature.ok_or_else(|| format!("no signature of `{by}` was kept"))?;
    let kept = (archive.kept)(digest).ok_or_else(|| format!("the signature of `{by}` is not in the run's evidence"))?;
    if Digest::of(kept.as_bytes()).hex() != *digest {
        return Err(format!("the kept signature of `{by}` is not what was kept"));
    }
    rules.verify(signed, &kept).map(|_| ())
}
