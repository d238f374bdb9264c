//! The record of a run for other programs: an in-toto statement, version 1, in a DSSE envelope.
//!
//! The subjects are the plan, by its hash, and the released components; the predicate says who approved
//! what, what was checked, and where the journal ends. The form of the predicate is ours, and stands in
//! the manual. Knows no file.

use super::signers::fingerprint_of;
use super::sshsig::{Signer, base64};
use super::{Chain, Decision, Event, Run, StepState};
use crate::plan::{Component, Plan, Step, canonical};
use crate::text::Digest;
use serde_json::{Map, Value, json};

/// What the predicate is. A change of its form changes the number.
pub const PREDICATE_TYPE: &str = "urn:opsbook:attestation:run:1";
/// What the payload of the envelope is.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// Returns the statement about a run. `evidence` gives the text that was kept under a digest; `pages` says
/// whether the plan is what its pages say.
pub fn statement(
    name: &str,
    run: &Run,
    chain: &Chain,
    pages: &str,
    evidence: &dyn Fn(&str) -> Option<String>,
) -> Value {
    let plan = run.plan();
    let hash = plan.hash.strip_prefix("sha256:").unwrap_or(&plan.hash);
    let mut subjects = vec![json!({"name": format!("plan of {}", plan.runbook), "digest": {"sha256": hash}})];
    subjects.extend(plan.components.iter().map(|component| subject_of(plan, component)));
    let runners: Vec<Value> =
        run.runners().iter().map(|runner| some(json!({"account": runner.account, "name": runner.principal}))).collect();
    let steps: Vec<Value> = run
        .statuses()
        .map(|(step, status)| {
            some(json!({
                "id": step.id, "digest": step.digest, "environment": step.env, "component": step.component,
                "role": step.role, "state": word(step, status.state), "attempts": status.attempts,
                "startedOn": status.started_at, "finishedOn": status.ended_at,
            }))
        })
        .collect();
    let mut approvals = Vec::new();
    let mut broken_glass = Vec::new();
    let mut listed = Vec::new();
    let mut signatures = Vec::new();
    for record in &chain.records {
        match &record.event {
            Event::ApprovalGiven(decision) => approvals.push(approval(decision, "given", &record.ts, evidence)),
            Event::ApprovalRefused(decision) => approvals.push(approval(decision, "refused", &record.ts, evidence)),
            Event::StepStarted { step, break_glass: Some(glass), .. } => broken_glass.push(some(json!({
                "step": step, "by": glass.by, "reason": glass.reason, "reviewBy": glass.review_by,
            }))),
            Event::RunnerSigned { by, signature, .. } => {
                signatures.push(signed("runner", by, signature, &record.ts, evidence));
            }
            Event::PersonSigned { by, signature, .. } => {
                signatures.push(signed("person", by, signature, &record.ts, evidence));
            }
            Event::PeopleListed(rules) => {
                listed.push(some(json!({"digest": rules.digest, "commit": rules.commit, "branch": rules.branch})));
            }
            _ => {}
        }
    }
    let parameters: Map<String, Value> =
        plan.params.iter().map(|(name, param)| (name.clone(), param.value.clone().unwrap_or_default())).collect();
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects,
        "predicateType": PREDICATE_TYPE,
        "predicate": some(json!({
            "run": name,
            "runbook": plan.runbook,
            "state": run.state().to_string(),
            "plan": some(json!({"hash": plan.hash, "commit": plan.source.commit, "pages": pages})),
            "parameters": parameters,
            "journal": {"head": chain.head(), "records": chain.records.len()},
            "startedOn": chain.records.first().map(|record| &record.ts),
            "finishedOn": chain.records.last().map(|record| &record.ts),
            "runners": runners,
            "people": listed,
            "variables": run.passed(),
            "signatures": signatures,
            "approvals": approvals,
            "steps": steps,
            "brokenGlass": broken_glass,
        })),
    })
}

/// A component by the commit that it is released from, where that is known, else by what the plan says
/// of it.
fn subject_of(plan: &Plan, component: &Component) -> Value {
    let commit = component.sha.as_ref().or(plan.source.commit.as_ref());
    let digest = commit.map_or_else(
        || {
            let value = serde_json::to_value(component).expect("a component has text keys");
            json!({"sha256": Digest::of(canonical(&value).as_bytes()).hex()})
        },
        |commit| json!({"gitCommit": commit}),
    );
    some(json!({
        "name": component.name, "digest": digest,
        "annotations": some(json!({"version": component.to, "from": component.from, "tag": component.tag, "path": component.path})),
    }))
}

/// Somebody's signature on the journal up to its record.
fn signed(who: &str, by: &str, signature: &str, ts: &str, evidence: &dyn Fn(&str) -> Option<String>) -> Value {
    let key = evidence(signature).and_then(|signature| fingerprint_of(&signature));
    some(json!({"as": who, "by": by, "key": key, "on": ts, "signature": signature}))
}

fn approval(decision: &Decision, word: &str, ts: &str, evidence: &dyn Fn(&str) -> Option<String>) -> Value {
    let key = decision.signature.as_deref().and_then(evidence).and_then(|signature| fingerprint_of(&signature));
    some(json!({
        "step": decision.step, "decision": word, "by": decision.by, "source": decision.source, "key": key,
        "on": ts, "head": decision.head, "signature": decision.signature, "note": decision.note,
    }))
}

fn word(step: &Step, state: StepState) -> &'static str {
    match state {
        StepState::Pending => "not begun",
        StepState::Running | StepState::Verifying | StepState::RollingBack => "under way",
        StepState::Succeeded => "succeeded",
        StepState::Skipped { .. } => "passed over",
        StepState::Failed if step.approval.is_some() => "refused",
        StepState::Failed | StepState::TimedOut | StepState::Cancelled => "failed",
        StepState::InDoubt | StepState::RollbackInDoubt => "in doubt",
        StepState::RolledBack => "undone",
        StepState::RollbackFailed => "undo failed",
    }
}

/// An object without what is not known.
fn some(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(fields.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        other => other,
    }
}

/// Puts a statement into an envelope that a private Ed25519 key signs.
///
/// # Errors
/// When the key cannot sign by itself.
pub fn envelope(statement: &Value, key: &str) -> Result<String, String> {
    let payload = canonical(statement);
    let signer = Signer::read(key).ok_or("it takes an Ed25519 key without a passphrase")?;
    let signature = signer.sign_raw(&pre_authentication(PAYLOAD_TYPE, payload.as_bytes()));
    let envelope = json!({
        "payloadType": PAYLOAD_TYPE,
        "payload": base64(payload.as_bytes()),
        "signatures": [{"keyid": signer.key().fingerprint(), "sig": base64(&signature)}],
    });
    Ok(canonical(&envelope) + "\n")
}

/// What is signed: type and body with their lengths, so that neither can pass for the other.
fn pre_authentication(kind: &str, body: &[u8]) -> Vec<u8> {
    let mut out = format!("DSSEv1 {} {kind} {} ", kind.len(), body.len()).into_bytes();
    out.extend_from_slice(body);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_as_the_protocol_of_dsse_shows_it() {
        let said = pre_authentication("http://example.com/HelloWorld", b"hello world");
        assert_eq!(said, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }
}
