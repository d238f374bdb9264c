//! Rules about order, environments, approvals and what undoes a step: RB102 to RB104, RB201 to RB206,
//! RB301, RB303, RB401, RB505, RB603 and RB604.

use super::{Policy, Subject, because, find, stricter};
use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::plan::lower::{Lowered, Place};
use crate::plan::model::{Evidence, Forbid, On, Plan, Role, Step, StepKind};
use crate::runbook::{Kind, Settings};
use crate::text::Span;
use std::collections::BTreeMap;

pub(super) fn lint(subject: &Subject<'_>, found: &mut Diagnostics) {
    let Some(settings) = &subject.runbook.settings else { return };
    shared_secrets(settings, found);
    incident_note(subject, settings, found);
    let Some(lowered) = subject.lowered else { return };
    let graph = Graph::new(lowered);
    // What is wrong with one component's step is wrong with every component's: it is said once.
    let mut once = Once { found, said: Vec::new() };
    graph.checks_come_first(&mut once);
    graph.first_write_is_checked(settings, &mut once);
    graph.writes_can_be_undone(&mut once);
    graph.staging_comes_first(&mut once);
    graph.versions_agree(&mut once);
    graph.approvals(&mut once);
    graph.writes_are_watched(&mut once);
    graph.waits(settings, &subject.context.policy, &mut once);
    graph.people(&mut once);
}

struct Once<'f> {
    found: &'f mut Diagnostics,
    said: Vec<(Code, Span)>,
}

impl Once<'_> {
    fn push(&mut self, diagnostic: Diagnostic) {
        let key = (diagnostic.code, diagnostic.span.unwrap_or_else(|| Span::at_start(crate::text::SitePath::new(""))));
        if !self.said.contains(&key) {
            self.said.push(key);
            self.found.push(diagnostic);
        }
    }
}

struct Graph<'a> {
    plan: &'a Plan,
    places: &'a [Place],
    /// Of each step, the steps that have surely succeeded before it.
    before: Vec<Bits>,
}

/// A set of steps.
#[derive(Clone)]
struct Bits(Vec<u64>);

impl Bits {
    fn new(length: usize) -> Bits {
        Bits(vec![0; length.div_ceil(64)])
    }

    fn insert(&mut self, at: usize) {
        self.0[at / 64] |= 1 << (at % 64);
    }

    fn has(&self, at: usize) -> bool {
        self.0[at / 64] & (1 << (at % 64)) != 0
    }

    fn join(&mut self, other: &Bits) {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine |= theirs);
    }
}

impl<'a> Graph<'a> {
    fn new(lowered: &'a Lowered) -> Graph<'a> {
        let plan = &lowered.plan;
        let numbers: BTreeMap<&str, usize> =
            plan.steps.iter().enumerate().map(|(at, step)| (step.id.as_str(), at)).collect();
        let mut before: Vec<Bits> = Vec::with_capacity(plan.steps.len());
        for step in &plan.steps {
            let mut set = Bits::new(plan.steps.len());
            for need in step.needs.iter().filter(|need| need.on == On::Success) {
                if let Some(at) = numbers.get(need.step.as_str()).filter(|at| **at < before.len()) {
                    set.join(&before[*at]);
                    set.insert(*at);
                }
            }
            before.push(set);
        }
        Graph { plan, places: &lowered.places, before }
    }

    fn steps(&self) -> impl Iterator<Item = (usize, &'a Step)> {
        self.plan.steps.iter().enumerate()
    }

    fn tier(&self, step: &Step) -> u32 {
        step.env.as_ref().and_then(|env| self.plan.environments.get(env)).map_or(0, |environment| environment.tier)
    }

    /// The environment that must have proven a step's change.
    fn proving(&self, step: &Step) -> Option<&'a str> {
        self.plan.environments.get(step.env.as_ref()?)?.after.as_deref()
    }

    /// A step that changes something in the normal course of things.
    fn is_change(&self, step: &Step) -> bool {
        step.writes() && step.role != Some(Role::Rollback)
    }

    fn same_block(&self, a: usize, b: usize) -> bool {
        let block = |at: usize| self.places[at].block.map(|(span, _)| span);
        block(a).is_some() && block(a) == block(b)
    }

    /// RB102.
    fn checks_come_first(&self, once: &mut Once<'_>) {
        let order = |at: usize| self.places[at].item;
        for (write, step) in self.steps().filter(|(_, step)| step.writes()) {
            let missed = self.steps().find(|(check, other)| {
                other.role == Some(Role::Check)
                    && !other.writes()
                    && (other.env.is_none() || other.env == step.env)
                    && (other.component.is_none() || other.component == step.component)
                    && order(*check).file == order(write).file
                    && order(*check).start < order(write).start
                    && !self.before[write].has(*check)
            });
            if let Some((check, other)) = missed {
                once.push(
                    find(
                        Code::CheckBypassed,
                        self.places[write].name,
                        format!("`{}` does not wait for the check `{}`", step.id, other.id),
                    )
                    .label(self.places[check].name, "the check stands before it on the checklist")
                    .note("`needs` or `parallel` lets it start before the check has passed")
                    .help("name the check in `needs`, or leave `needs` out"),
                );
            }
        }
    }

    /// RB103.
    fn first_write_is_checked(&self, settings: &Settings, once: &mut Once<'_>) {
        if !matches!(settings.kind.value, Kind::Release | Kind::Hotfix) {
            return;
        }
        let Some((first, step)) = self.steps().find(|(_, step)| step.writes()) else { return };
        let looks =
            |step: &Step| !step.writes() && matches!(step.role, Some(Role::Check | Role::Verify | Role::Monitor));
        let checked =
            step.check.is_some() || self.steps().any(|(at, other)| self.before[first].has(at) && looks(other));
        if !checked {
            once.push(
                find(
                    Code::NoCheck,
                    self.places[first].name,
                    format!("nothing is checked before `{}`, the first change", step.id),
                )
                .help("put a step with `#| role: check` before it"),
            );
        }
    }

    /// RB104.
    fn writes_can_be_undone(&self, once: &mut Once<'_>) {
        for (at, step) in self.steps() {
            if self.is_change(step) && self.tier(step) >= 1 && step.undo.is_none() && step.rollback.is_none() {
                let span = self.places[at].block.map_or(self.places[at].name, |(_, id)| id);
                once.push(
                    find(
                        Code::NoRollback,
                        span,
                        format!("nothing undoes `{}` in `{}`", step.item, step.env.as_deref().unwrap_or_default()),
                    )
                    .label(self.places[at].name, "it runs here")
                    .help("add `#| rollback: block-id`, or `#| rollback: {none: why it cannot be undone}`"),
                );
            }
        }
    }

    /// RB201 and RB202.
    fn staging_comes_first(&self, once: &mut Once<'_>) {
        for (at, step) in self.steps() {
            let Some(proving) = self.proving(step).filter(|_| self.is_change(step) && step.break_glass.is_none())
            else {
                continue;
            };
            let twins: Vec<usize> = self
                .steps()
                .filter(|(twin, other)| {
                    other.env.as_deref() == Some(proving)
                        && other.component == step.component
                        && self.same_block(*twin, at)
                })
                .map(|(twin, _)| twin)
                .collect();
            let env = step.env.as_deref().unwrap_or_default();
            let Some(twin) = twins.iter().copied().find(|twin| self.before[at].has(*twin)) else {
                let diagnostic = find(
                    Code::NotInStagingFirst,
                    self.places[at].name,
                    format!("`{}` changes `{env}` before it is proven in `{proving}`", step.id),
                );
                once.push(match twins.first() {
                    Some(twin) => diagnostic
                        .label(
                            self.places[*twin].name,
                            format!("this does the same in `{proving}`, but does not come before it"),
                        )
                        .help("let the change wait for it: no `needs` that leaves it out"),
                    None => diagnostic.help(format!("do the same step in `{proving}` first")),
                });
                continue;
            };
            let proven = self.plan.steps[twin].verify.is_some()
                || self.steps().any(|(between, other)| {
                    self.watches(other)
                        && other.env.as_deref() == Some(proving)
                        && (other.component.is_none() || other.component == step.component)
                        && self.before[between].has(twin)
                        && self.before[at].has(between)
                });
            if !proven {
                once.push(
                    find(
                        Code::NotProven,
                        self.places[at].name,
                        format!("nothing looks at `{proving}` before `{}` changes `{env}`", step.id),
                    )
                    .label(self.places[twin].name, format!("`{proving}` is changed here"))
                    .help("put a step with `#| role: verify` or `#| role: monitor` between the two"),
                );
            }
        }
    }

    fn watches(&self, step: &Step) -> bool {
        !step.writes()
            && matches!(step.role, Some(Role::Verify | Role::Monitor))
            && (step.kind != StepKind::Soak || step.monitor.is_some())
    }

    /// RB206.
    fn versions_agree(&self, once: &mut Once<'_>) {
        for (at, step) in self.steps() {
            let (Some(helm), Some(proving)) = (&step.helm, self.proving(step)) else { continue };
            let other = self.steps().find_map(|(twin, other)| {
                let theirs = other.helm.as_ref()?;
                let same = other.env.as_deref() == Some(proving)
                    && other.component == step.component
                    && theirs.release == helm.release;
                (same && (theirs.version != helm.version || theirs.chart != helm.chart)).then_some((twin, theirs))
            });
            if let Some((twin, theirs)) = other {
                let version = |version: &Option<String>| version.clone().unwrap_or_else(|| "no version".to_owned());
                once.push(
                    find(
                        Code::VersionsDiffer,
                        self.places[at].block.map_or(self.places[at].name, |(_, id)| id),
                        format!(
                            "`{}` ships {} and `{proving}` proved {}",
                            step.id,
                            version(&helm.version),
                            version(&theirs.version)
                        ),
                    )
                    .label(self.places[twin].block.map_or(self.places[twin].name, |(_, id)| id), "the other version")
                    .help("use one block in both environments"),
                );
            }
        }
    }

    /// RB203 and RB603.
    fn approvals(&self, once: &mut Once<'_>) {
        let mut open = false;
        for (at, step) in self.steps() {
            if !step.writes() || self.tier(step) == 0 {
                continue;
            }
            let approvals: Vec<usize> = self
                .steps()
                .filter(|(before, other)| other.kind == StepKind::Approval && self.before[at].has(*before))
                .map(|(before, _)| before)
                .collect();
            if approvals.is_empty() && step.break_glass.is_none() && !open {
                open = true;
                once.push(
                    find(
                        Code::NoApproval,
                        self.places[at].name,
                        format!(
                            "nobody approves before `{}` changes `{}`",
                            step.id,
                            step.env.as_deref().unwrap_or_default()
                        ),
                    )
                    .help("put `approve: {role: …, min: 1, forbid: [runner]}` before it, or allow `break_glass`"),
                );
            }
            for approval in approvals {
                if !self.plan.steps[approval].forbids(Forbid::Runner) {
                    once.push(
                        find(
                            Code::SelfApproval,
                            self.places[approval].name,
                            format!("who runs this may also approve `{}`", self.plan.steps[approval].id),
                        )
                        .note("four eyes see more than two")
                        .help("add `forbid: [runner]`"),
                    );
                }
            }
        }
    }

    /// RB301.
    fn writes_are_watched(&self, once: &mut Once<'_>) {
        for (at, step) in self.steps().filter(|(_, step)| step.writes()) {
            let watched = step.verify.is_some()
                || self.steps().any(|(after, other)| {
                    self.watches(other)
                        && other.env == step.env
                        && (other.component.is_none() || other.component == step.component)
                        && self.before[after].has(at)
                });
            if !watched {
                once.push(
                    find(Code::NotWatched, self.places[at].name, format!("nothing looks whether `{}` worked", step.id))
                        .help("add `#| verify: block-id` to its block, or put a step with `#| role: monitor` after it"),
                );
            }
        }
    }

    /// RB205 and RB303.
    fn waits(&self, settings: &Settings, policy: &Policy, once: &mut Once<'_>) {
        if let Some((min, at_policy)) = stricter(settings.min_soak.as_ref(), policy.min_soak.as_ref()) {
            for (at, step) in self.steps() {
                if step.wait_s.is_some_and(|wait| wait < min.seconds) {
                    let message = format!("`{}` waits less than {}", step.id, min.text);
                    let diagnostic = find(Code::ShortSoak, self.places[at].name, message);
                    once.push(because(diagnostic, at_policy, "min-soak"));
                }
            }
        }
        if let Some((min, at_policy)) = stricter(settings.min_watch.as_ref(), policy.min_watch.as_ref()) {
            let last = self.steps().filter(|(_, step)| self.watches(step) && self.tier(step) >= 1).last();
            if let Some((at, step)) = last
                && step.wait_s.unwrap_or(0) < min.seconds
            {
                let env = step.env.as_deref().unwrap_or_default();
                let message = format!("the last look at `{env}` is shorter than {}", min.text);
                let diagnostic = find(Code::ShortWatch, self.places[at].name, message);
                once.push(because(diagnostic, at_policy, "min-watch").help("end with `wait: …` and a `monitor`"));
            }
        }
    }

    /// RB505 and RB604.
    fn people(&self, once: &mut Once<'_>) {
        for (at, step) in self.steps() {
            if step.kind == StepKind::Manual && self.tier(step) >= 1 && step.evidence == Evidence::None {
                once.push(
                    find(Code::NoEvidence, self.places[at].name, format!("nothing proves that `{}` was done", step.id))
                        .help("add `evidence: note`, `url` or `file`"),
                );
            }
            if !step.writes() {
                continue;
            }
            let foreign = self.plan.environments.iter().find(|(name, environment)| {
                Some(name.as_str()) != step.env.as_deref()
                    && environment.kubeconfig.as_ref().is_some_and(|secret| step.secrets.contains(secret))
                    // One secret for two environments is RB204's to say.
                    && step.env.as_ref().and_then(|env| self.plan.environments.get(env)).is_none_or(|own| own.kubeconfig != environment.kubeconfig)
            });
            if let Some((name, _)) = foreign {
                let span = self.places[at].block.map_or(self.places[at].name, |(_, id)| id);
                once.push(
                    find(Code::ForeignSecret, span, format!("`{}` sees the kubeconfig of `{name}`", step.item))
                        .label(self.places[at].name, "it runs here")
                        .help("leave it out of `secrets:`: a step gets the kubeconfig of its own environment"),
                );
            }
        }
    }
}

/// RB204.
fn shared_secrets(settings: &Settings, found: &mut Diagnostics) {
    for (at, environment) in settings.environments.iter().enumerate() {
        let Some(secret) = &environment.kubeconfig else { continue };
        let first = settings.environments[..at]
            .iter()
            .filter_map(|other| other.kubeconfig.as_ref())
            .find(|other| other.value == secret.value);
        if let Some(first) = first {
            found.push(
                find(Code::SharedSecret, secret.span, format!("two environments share the secret `{}`", secret.value))
                    .label(first.span, "the other one")
                    .note("what is meant for one would reach the other")
                    .help("give each environment a kubeconfig of its own"),
            );
        }
    }
}

/// RB401: after a failure somebody writes down what happened.
fn incident_note(subject: &Subject<'_>, settings: &Settings, found: &mut Diagnostics) {
    if !matches!(settings.kind.value, Kind::Hotfix | Kind::Rollback | Kind::Incident) {
        return;
    }
    let about = |text: &str| {
        let text = text.to_lowercase();
        ["incident", "post-mortem", "postmortem", "review"].iter().any(|word| text.contains(word))
    };
    let mut notes: Vec<&crate::runbook::Item> = Vec::new();
    subject.runbook.walk_items(&mut |item| {
        let proof = item.evidence.as_ref().is_some_and(|evidence| evidence.value == crate::runbook::Evidence::Url);
        let section = item.section.as_ref().is_some_and(|section| about(&section.value));
        if proof && section {
            notes.push(item);
        }
    });
    let Some(note) = notes.first() else {
        found.push(
            find(
                Code::NoIncidentNote,
                settings.kind.span,
                format!("this {} ends without an incident note", settings.kind.value.word()),
            )
            .help("add a last item with `evidence: url` and a `section` about the incident note, `on: done`"),
        );
        return;
    };
    let anyway = notes.iter().any(|item| item.on.as_ref().is_some_and(|on| on.value == crate::runbook::On::Done));
    if !anyway {
        let span = note.text.as_ref().map_or(note.id_span, |text| text.span);
        found.push(
            find(Code::NoIncidentNote, span, "the incident note is only written when everything went well")
                .severity(Severity::Warning)
                .help("add `on: done`, so that it is also asked for after a failure"),
        );
    }
}
