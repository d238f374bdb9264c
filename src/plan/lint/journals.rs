//! Rules about what was run and emitted: RB403, RB606 and RB607.

use super::{allowed, find};
use crate::diag::{Code, Diagnostics};
use crate::plan::emit::{CONTENT_MARK, edited_by_hand};
use crate::plan::library::Library;
use crate::plan::machine::approval::Rules;
use crate::plan::machine::proof::is_name_of_run;
use crate::plan::machine::report::evidence_of;
use crate::plan::machine::testimony::{self, Archive, Forged};
use crate::plan::machine::{Chain, Event, Listed, Record, RunState};
use crate::plan::model::Plan;
use crate::runbook::days_since_epoch;
use crate::text::{SitePath, Source, Span, World};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The branch that changes are merged into, as Git knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Its name.
    pub name: String,
    /// All of its commits.
    pub commits: BTreeSet<String>,
}

/// What only a shell can find out about runs.
pub struct Inquiry<'a> {
    /// Gives the rules about people as a record says that they were.
    pub rules: &'a dyn Fn(&Listed) -> Result<Rules, String>,
    /// Compiles a plan's pages again, and says so where they make another plan.
    pub differences: &'a dyn Fn(&Plan) -> Option<String>,
    /// Gives the digest of a file, hexadecimal.
    pub digest: &'a dyn Fn(SitePath) -> Option<String>,
}

impl std::fmt::Debug for Inquiry<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inquiry")
    }
}

/// Judges the runs below a folder: whether each journal is the one that was written, for the plan beside
/// it, and whether its records of people are borne out (RB606); whether the plan is what its pages say, and
/// was made of a commit on the default branch, where that is known (RB606);
/// whether a review that a broken glass asked for is overdue (RB606); and whether a page says something of
/// the runs that failed since its review (RB403). `now` is in seconds since 1970.
///
/// `of` names the runbooks whose runs are judged; without it all are. A run whose plan cannot be read
/// may be of any.
pub fn lint_journals(
    folder: SitePath,
    world: &dyn World,
    library: &Library,
    of: Option<&BTreeSet<String>>,
    branch: Option<&Branch>,
    inquiry: &Inquiry<'_>,
    now: i64,
) -> Diagnostics {
    let mut found = Diagnostics::new();
    for path in world.list(folder).into_iter().filter(|path| path.file_name() == "journal.jsonl") {
        let plan = || Plan::from_json(world.source(path.parent().join("plan.json")).ok()?.text()).ok();
        if of.is_some_and(|of| plan().is_some_and(|plan| !of.contains(&plan.runbook))) {
            continue;
        }
        let mut own = Diagnostics::new();
        lint_run(path, world, library, branch, inquiry, now, &mut own);
        let accepted = |diagnostic: &crate::diag::Diagnostic| {
            let page = diagnostic.span.and_then(|span| library.runbook(span.file));
            page.is_some_and(|page| allowed(diagnostic, page, library, Some(now.div_euclid(86_400))))
        };
        found.extend(own.into_iter().filter(|diagnostic| !accepted(diagnostic)));
    }
    found.sort();
    found
}

fn lint_run(
    path: SitePath,
    world: &dyn World,
    library: &Library,
    branch: Option<&Branch>,
    inquiry: &Inquiry<'_>,
    now: i64,
    found: &mut Diagnostics,
) {
    let run = path.parent();
    let mut say = |span: Span, message: String, help: &str| {
        found.push(find(Code::Journal, span, message).help(help.to_owned()));
    };
    let journal = match world.source(path) {
        Ok(journal) => journal,
        Err(error) => {
            let help = "bring the journal back from a copy; its head is in the report of the run";
            return say(Span::at_start(path), format!("the journal cannot be read: {error:?}"), help);
        }
    };
    let chain = match Chain::read(journal.text().as_bytes()) {
        Ok(chain) => chain,
        Err(damage) => {
            let message = format!("this line of the journal is not what was written: {}", damage.message);
            let help = "treat what the run claims from here on as unproven, and find out who changed it";
            return say(line(&journal, damage.line), message, help);
        }
    };
    let plan_path = run.join("plan.json");
    let plan = match world.source(plan_path).map(|source| Plan::from_json(source.text())) {
        Ok(Ok(plan)) => plan,
        Ok(Err(error)) => {
            let help = "bring the plan back from a copy: the journal names its hash";
            return say(Span::at_start(plan_path), format!("the plan of this run is damaged: {error}"), help);
        }
        Err(_) => return say(line(&journal, 1), format!("there is no `{plan_path}`"), "bring it back from a copy"),
    };
    if let Some(Record { event: Event::RunStarted { plan: started, .. }, .. }) = chain.records.first()
        && *started != plan.hash
    {
        let message = format!("this run was of the plan `{started}`, and `{plan_path}` is `{}`", plan.hash);
        return say(line(&journal, 1), message, "bring the plan back that was performed");
    }
    let plan = Arc::new(plan);
    let kept = |digest: &str| {
        let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        let path = is_digest.then(|| run.join("evidence").join(digest))?;
        Some(world.source(path).ok()?.text().to_owned())
    };
    let archive = Archive { kept: &kept, rules: inquiry.rules };
    if let Err(Forged { seq, why }) = testimony::check(run.file_name(), &plan, &chain, &archive) {
        let message = format!("record {seq} is not borne out: {why}");
        let at = usize::try_from(seq).unwrap_or(0) + 1;
        say(line(&journal, at), message, "treat what the run claims as unproven, and ask the person it names");
    }
    for (at, record) in chain.records.iter().enumerate() {
        let (Event::RunRebased { from: name, head, .. } | Event::RunEvidence { run: name, head, .. }) = &record.event
        else {
            continue;
        };
        let beside = is_name_of_run(name).then(|| world.source(run.parent().join(name).join("journal.jsonl")).ok());
        let message = match beside {
            None => format!("`{name}` is no name of a run"),
            Some(None) => format!("this run stands on run `{name}`, which is not here"),
            Some(Some(journal)) => match Chain::read(journal.text().as_bytes()) {
                Ok(chain) if chain.records.iter().any(|record| record.hash == *head) => continue,
                Ok(_) => format!("run `{name}` has never had the head {head}"),
                Err(_) => continue,
            },
        };
        let help = "treat what the run claims as unproven until the run that it names lies beside it";
        say(line(&journal, at + 1), message, help);
    }
    for (at, record) in chain.records.iter().enumerate() {
        let Some(digest) = evidence_of(&record.event) else { continue };
        if (inquiry.digest)(run.join("evidence").join(digest)).as_deref() != Some(digest) {
            let message = format!("the evidence {digest} of record {} is not what was kept", record.seq);
            say(line(&journal, at + 1), message, "treat what the record claims as unproven");
        }
    }
    if let Some(difference) = (inquiry.differences)(&plan) {
        say(line(&journal, 1), difference, "find out who made the plan: what was approved is not what the pages say");
    }
    if let Some(branch) = branch {
        for (at, record) in chain.records.iter().enumerate() {
            let Event::PeopleListed(Listed { commit: Some(commit), .. }) = &record.event else { continue };
            if !branch.commits.contains(commit) {
                let message =
                    format!("the rules about people are those of commit `{commit}`, not of `{}`", branch.name);
                say(line(&journal, at + 1), message, "ask who made that commit: it may list anybody");
            }
        }
        let help = "merge the change before it is performed, and make the plan of what was merged";
        match &plan.source.commit {
            Some(commit) if branch.commits.contains(commit) => {}
            Some(commit) => {
                let message =
                    format!("the plan of this run was made of commit `{commit}`, which is not on `{}`", branch.name);
                say(line(&journal, 1), message, help);
            }
            None => say(line(&journal, 1), "the plan of this run was made of no commit".to_owned(), help),
        }
    }
    let name = run.file_name();
    let page = library.pages().find_map(|(_, page)| {
        let settings = page.runbook.as_ref()?.settings.as_ref()?;
        (settings.id.value == plan.runbook).then_some((page, settings))
    });
    let listed = page.is_some_and(|(page, _)| page.source.text().contains(name));
    for (at, record) in chain.records.iter().enumerate() {
        let Event::StepStarted { step, break_glass: Some(glass), .. } = &record.event else { continue };
        let Some(due) = glass.review_by.as_deref().and_then(seconds).filter(|due| *due < now) else { continue };
        let reviewed = chain.records[at..].iter().any(
            |later| matches!(&later.event, Event::EvidenceAdded { step: of, kind, .. } if of == step && kind == "url"),
        );
        if !reviewed && !listed {
            let days = (now - due) / 86_400;
            let message = format!("the review of the broken glass at `{step}` is {days} days overdue");
            say(line(&journal, at + 1), message, "review it, and name the run on the runbook's page beside the review");
        }
    }
    // How it ended last: what failed may have been done again since.
    let ended = chain.records.iter().rev().find_map(|record| match &record.event {
        Event::RunFinished { state } => Some((record, *state)),
        _ => None,
    });
    let failed = ended.filter(|(_, state)| {
        use RunState::{Failed, InDoubt, RollbackFailed, RolledBack};
        matches!(state, Failed | InDoubt | RollbackFailed | RolledBack)
    });
    if let (Some((failed, _)), Some((_, settings))) = (failed, page)
        && let Some(day) = seconds(&failed.ts).map(|seconds| seconds.div_euclid(86_400))
        && settings.reviewed.as_ref().and_then(|date| days_since_epoch(&date.value)).is_none_or(|date| date <= day)
        && !listed
    {
        let span = settings.reviewed.as_ref().map_or(settings.id.span, |date| date.span);
        let date = failed.ts.get(..10).unwrap_or_default();
        found.push(
            find(Code::FailedRun, span, format!("run `{name}` failed on {date}, and this page says nothing of it"))
                .note("who follows the page next meets the same trouble")
                .help("link the incident under the run's name, or correct the page and change the day of review"),
        );
    }
}

/// The line of a journal, from 1.
fn line(source: &Source, number: usize) -> Span {
    let mut at = 0;
    for (before, text) in source.text().split_inclusive('\n').enumerate() {
        if before + 1 == number {
            return Span::new(source.path(), at..at + text.trim_end().len());
        }
        at += text.len();
    }
    Span::at_start(source.path())
}

/// Seconds since 1970 of a time such as `2026-05-04T12:00:00Z`.
fn seconds(time: &str) -> Option<i64> {
    let part = |range: std::ops::Range<usize>| time.get(range)?.parse::<i64>().ok();
    let day = days_since_epoch(time.get(..10)?)?;
    Some(day * 86_400 + part(11..13)? * 3600 + part(14..16)? * 60 + part(17..19)?)
}

/// Judges emitted files in folders: one that was changed by hand loses the change with the next
/// `opsbook emit`, and is not what was approved (RB607).
pub fn lint_emitted(world: &dyn World, folders: &[SitePath]) -> Diagnostics {
    let mut found = Diagnostics::new();
    let mut paths: Vec<SitePath> = folders.iter().flat_map(|folder| world.list(*folder)).collect();
    paths.sort();
    paths.dedup();
    for path in paths.into_iter().filter(|path| ["sh", "yml", "yaml"].contains(&path.extension())) {
        let Ok(source) = world.source(path) else { continue };
        if let Some(at) = source.text().find(CONTENT_MARK).filter(|_| edited_by_hand(source.text()) == Some(true)) {
            found.push(
                find(
                    Code::EmittedEdited,
                    Span::new(path, at..at + CONTENT_MARK.len()),
                    "this file was changed since it was emitted",
                )
                .note("the next `opsbook emit` would undo the change, and nobody approved it")
                .help("change the runbook, and emit the file anew"),
            );
        }
    }
    found
}
