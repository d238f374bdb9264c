//! Policy lints: what a plan would do, judged before anybody runs it.
//!
//! In: the pages, a runbook's template plan, and facts (today, CODEOWNERS, the register of secrets) as
//! values. Out: diagnostics, one rule each, those that the page allows with a reason left out.
//!
//! A step waits for all that it needs, so what has surely happened before it are its ancestors along
//! `success` edges; that relation, and not the order of lines, is what the rules about order ask.

mod bash;
mod journals;
mod order;
mod pages;
mod people;
mod release;
mod scripts;
mod secrets;
mod shellcheck;

use super::library::Library;
use super::lower::Lowered;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::runbook::{Allow, Duration, Runbook, days_since_epoch};
use crate::text::{SitePath, Source, Span, Spanned, World};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use journals::{Branch, Inquiry, lint_emitted, lint_journals};
pub use release::lint_release_please;
pub(in crate::plan) use scripts::{find_placeholders, prepares};
pub use shellcheck::lint_with_shellcheck;

/// What a lint must be told.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Today as days since 1970-01-01; without it nothing is out of date.
    pub today: Option<i64>,
    /// The project's CODEOWNERS.
    pub code_owners: Option<Arc<Source>>,
    /// The register of secrets, `secrets.yml`.
    pub secrets_register: Option<Arc<Source>>,
    /// Whether the library has every page of the project, so that a block without a use is an orphan.
    pub whole: bool,
    /// What the project asks of every runbook.
    pub policy: Policy,
}

/// What a project asks of every runbook, whatever its page says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The least length of a soak; a page may ask for more.
    pub min_soak: Option<Duration>,
    /// The least length of the last look; a page may ask for more.
    pub min_watch: Option<Duration>,
    /// How long a review holds where the page does not say.
    pub review_every: Option<Duration>,
}

/// The stricter of what a page and the project ask for, with the place where it is the page that does.
fn stricter(own: Option<&Spanned<Duration>>, project: Option<&Duration>) -> Option<(Duration, Option<Span>)> {
    let own = own.filter(|own| project.is_none_or(|project| project.seconds <= own.value.seconds));
    match own {
        Some(own) => Some((own.value.clone(), Some(own.span))),
        None => project.map(|project| (project.clone(), None)),
    }
}

/// Says where a limit comes from.
fn because(diagnostic: Diagnostic, at: Option<Span>, key: &str) -> Diagnostic {
    match at {
        Some(at) => diagnostic.label(at, "the policy"),
        None => diagnostic.note(format!("`runbook.policy.{key}` of the configuration asks for it")),
    }
}

impl Context {
    /// Reads what stands in the project's files.
    pub fn of(world: &dyn World, today: Option<i64>, whole: bool) -> Context {
        let first = |paths: &[&str]| paths.iter().find_map(|path| world.source(SitePath::new(path)).ok());
        Context {
            today,
            code_owners: first(&[".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"]),
            secrets_register: first(&["secrets.yml"]),
            whole,
            policy: Policy::default(),
        }
    }
}

/// What the rules look at.
struct Subject<'a> {
    runbook: &'a Runbook,
    library: &'a Library,
    /// The template plan, where there is one.
    lowered: Option<&'a Lowered>,
    context: &'a Context,
}

/// Judges a page: its blocks always, its checklist and order where it is a runbook.
///
/// Findings that `allow:` names, with a reason, are left out.
pub fn lint(entry: SitePath, library: &Library, lowered: Option<&Lowered>, context: &Context) -> Diagnostics {
    let Some(runbook) = library.runbook(entry) else { return Diagnostics::new() };
    let subject = Subject { runbook, library, lowered, context };
    let mut found = Diagnostics::new();
    pages::lint(&subject, &mut found);
    scripts::lint(&subject, &mut found);
    secrets::lint(&subject, &mut found);
    if runbook.settings.is_some() {
        people::lint(&subject, &mut found);
        order::lint(&subject, &mut found);
    }
    let silent = |diagnostic: &Diagnostic| allowed(diagnostic, runbook, library, context.today);
    let mut kept: Diagnostics = found.into_iter().filter(|diagnostic| !silent(diagnostic)).collect();
    kept.sort();
    kept
}

/// Whether the page that is judged, or the page of the finding, accepts it today.
fn allowed(diagnostic: &Diagnostic, runbook: &Runbook, library: &Library, today: Option<i64>) -> bool {
    let accepts = |runbook: &Runbook| {
        let allow = runbook.settings.iter().flat_map(|settings| &settings.allow);
        allow.into_iter().any(|allow| allow.rule.value == diagnostic.code.id() && days_over(allow, today).is_none())
    };
    accepts(runbook) || diagnostic.span.and_then(|span| library.runbook(span.file)).is_some_and(accepts)
}

/// How many days ago the last day was on which a page accepts a finding; `None` while it does.
fn days_over(allow: &Allow, today: Option<i64>) -> Option<i64> {
    let last = days_since_epoch(&allow.until.as_ref()?.value)?;
    Some(today? - last).filter(|days| *days > 0)
}

/// Makes a finding.
fn find(code: Code, span: crate::text::Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(code, span, message)
}

/// Which blocks of which pages anything uses, by page and id.
fn used_blocks(library: &Library) -> BTreeMap<(SitePath, String), usize> {
    let mut out = BTreeMap::new();
    for (path, page) in library.pages() {
        let Some(runbook) = &page.runbook else { continue };
        for reference in runbook.references() {
            use crate::runbook::ReferenceKind::{Monitor, Notify, Prelude, Rollback, Step, Use, Verify};
            if !matches!(reference.kind, Step | Use | Monitor | Notify | Prelude | Verify | Rollback) {
                continue;
            }
            if let Ok((path, block)) = super::links::find_block(library, path, &reference.target, reference.kind) {
                *out.entry((path, block.id.value.clone())).or_insert(0) += 1;
            }
        }
    }
    out
}

/// A simple command, name first; `None` stands for a word with an expansion in it.
pub(in crate::plan) type Words = Vec<Option<String>>;

/// What adoption asks of a script.
pub(in crate::plan) struct Outline {
    /// The simple commands.
    pub(in crate::plan) commands: Vec<Words>,
    /// The variables that it sets.
    pub(in crate::plan) sets: BTreeSet<String>,
    /// The variables that neither it nor a run sets.
    pub(in crate::plan) wants: BTreeSet<String>,
}

/// Reads a script; `None` where Bash does not parse it.
pub(in crate::plan) fn bash_outline(script: &str) -> Option<Outline> {
    let read = bash::read(script);
    let words = |command: bash::Command| command.words.into_iter().map(|word| word.literal).collect();
    let wanted = |name: &str, guarded: bool| !guarded && !read.sources && !scripts::is_given(name);
    let names =
        read.reads.iter().filter(|found| wanted(&found.name, found.guarded) && !read.sets.contains(&found.name));
    let wants = names.map(|found| found.name.clone()).collect();
    read.error.is_none().then(|| Outline {
        commands: read.commands.into_iter().map(words).collect(),
        sets: read.sets,
        wants,
    })
}
