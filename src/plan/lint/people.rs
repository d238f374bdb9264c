//! Rules about owners, reviews and what is promised for failures: RB402, RB601, RB602, RB605,
//! and about findings that are no longer accepted: RB608.

use super::{Subject, because, days_over, find};
use crate::diag::{Code, Diagnostics, Severity};
use crate::runbook::{Kind, days_since_epoch};

pub(super) fn lint(subject: &Subject<'_>, found: &mut Diagnostics) {
    let Some(settings) = &subject.runbook.settings else { return };
    if settings.owners.is_empty() {
        found.push(
            find(Code::Owners, settings.id.span, "nobody owns this runbook")
                .help("add `owners: [\"@org/team\"]`: who keeps it true, and who is asked when it fails"),
        );
    }
    if let Some(source) = &subject.context.code_owners {
        let listed = |owner: &str| {
            let lines = source.text().lines().filter(|line| !line.trim_start().starts_with('#'));
            lines.flat_map(|line| line.split_whitespace().skip(1)).any(|word| word == owner)
        };
        for owner in settings.owners.iter().filter(|owner| !listed(&owner.value)) {
            found.push(
                find(Code::Owners, owner.span, format!("`{}` is not in `{}`", owner.value, source.path()))
                    .severity(Severity::Warning)
                    .help("add a line for this page there, so that its owners review its changes"),
            );
        }
    }
    let own = settings.review_every.as_ref().map(|every| (&every.value, Some(every.span)));
    let every = own.or_else(|| subject.context.policy.review_every.as_ref().map(|every| (every, None)));
    if let (Some((every, at_policy)), Some(today)) = (every, subject.context.today) {
        match settings.reviewed.as_ref().and_then(|date| days_since_epoch(&date.value).map(|day| (date, day))) {
            None => {
                let span = at_policy.unwrap_or(settings.id.span);
                let diagnostic = find(Code::ReviewDue, span, "this runbook was never reviewed");
                let diagnostic =
                    if at_policy.is_none() { because(diagnostic, None, "review-every") } else { diagnostic };
                found.push(diagnostic.help("walk through it, then add `reviewed:` with the day"));
            }
            Some((date, day)) => {
                let due = day.saturating_add(i64::try_from(every.seconds / 86_400).unwrap_or(i64::MAX / 2));
                if due < today {
                    let message = format!("the review of this runbook is {} days overdue", today - due);
                    let diagnostic = find(Code::ReviewDue, date.span, message);
                    found.push(
                        because(diagnostic, at_policy, "review-every").help("walk through it, then change the day"),
                    );
                }
            }
        }
    }
    for allow in &settings.allow {
        let (Some(until), Some(days)) = (&allow.until, days_over(allow, subject.context.today)) else { continue };
        found.push(
            find(
                Code::AllowanceOver,
                until.span,
                format!("`{}` was accepted until {}, {days} days ago", allow.rule.value, until.value),
            )
            .note(format!("the reason was: {}", allow.reason))
            .help("cure what the rule finds and remove the entry, or say until when it is acceptable"),
        );
    }
    for environment in &settings.environments {
        if let Some(weak) = environment.allow_weak_identity.as_ref().filter(|weak| weak.value && environment.tier >= 1)
        {
            found.push(
                find(
                    Code::WeakIdentity,
                    weak.span,
                    format!("anybody at the keyboard may approve for `{}`", environment.name.value),
                )
                .note("the operating system's user name proves little where users can be hurt")
                .help("remove it, and approve with a signature"),
            );
        }
    }
    if settings.kind.value == Kind::Release && settings.on_failure.as_ref().is_none_or(|it| it.then.is_none()) {
        let span = settings.on_failure.as_ref().map_or(settings.kind.span, |_| settings.kind.span);
        found.push(
            find(Code::NoFailurePath, span, "nothing says where to go when this release fails")
                .help("add `on_failure: {rollback: reverse, then: \"rollback.md#…\"}`"),
        );
    }
}
