//! Pages as runbooks: what plans and lints are made from.

use super::{Cache, Project, unreadable_page};
use crate::diag::Diagnostics;
use crate::markdown::{self, Dialect, ExtensionUse};
use crate::plan::adopt::{self, Adoption, Reading};
use crate::plan::lint::{self, Context};
use crate::plan::{self, Binding, Facts, Library, Page};
use crate::runbook;
use crate::text::{ReadError, SitePath, Source, Span, Spanned, World};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What a page without a project is written in: the blocks and lists that runbooks need.
const BARE: [&str; 7] = [
    "admonition",
    "attr_list",
    "def_list",
    "pymdownx.details",
    "pymdownx.superfences",
    "pymdownx.tabbed",
    "pymdownx.tasklist",
];

/// Reads a page and every page that its runbook draws on. Without a project, pages are read as MkDocs
/// reads them with the usual extensions.
pub fn collect_library(project: Option<&Project>, world: &dyn World, entry: SitePath) -> (Library, Diagnostics) {
    let dialect = dialect_of(project);
    let mut diagnostics = Diagnostics::new();
    let library = Library::collect(entry, &mut |path| take(open_page(path, &dialect, world), path, &mut diagnostics));
    diagnostics.sort();
    (library, diagnostics)
}

/// Reads every Markdown page below a folder.
pub fn collect_pages(project: Option<&Project>, world: &dyn World, folder: SitePath) -> (Library, Diagnostics) {
    let dialect = dialect_of(project);
    let mut diagnostics = Diagnostics::new();
    let mut library = Library::default();
    for path in world.list(folder) {
        if !["md", "markdown"].contains(&path.extension()) {
            continue;
        }
        if let Some(page) = take(open_page(path, &dialect, world), path, &mut diagnostics) {
            library.insert(path, page);
        }
    }
    diagnostics.sort();
    (library, diagnostics)
}

/// Judges the runbooks of a build: what their plans cannot be made of, and their policies. `time` is
/// that of the build, in seconds since 1970.
pub fn judge_runbooks(project: &Project, cache: &Cache, world: &dyn World, time: i64) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    if cache.parsed.values().all(|kept| kept.value.runbook.is_none()) {
        return diagnostics;
    }
    let library = library_of(cache, world);
    let mut context = Context::of(world, Some(time / 86_400), true);
    context.policy = project.lint_policy();
    for (path, page) in library.pages() {
        let Some(runbook) = &page.runbook else { continue };
        let mut lowered = None;
        if runbook.settings.is_some() {
            let (plan, found) = plan::lower(path, &library, Binding::Template, &Facts::default(), world);
            diagnostics.append(found);
            lowered = plan;
        }
        diagnostics.append(lint::lint(path, &library, lowered.as_ref(), &context));
    }
    diagnostics.append(lint::lint_emitted(world, &[project.docs_dir, SitePath::new(".github/workflows")]));
    if plan::uses_release_please(&library) {
        diagnostics.append(lint::lint_release_please(world, None));
    }
    diagnostics.sort();
    diagnostics
}

/// The pages of a build.
pub(super) fn library_of(cache: &Cache, world: &dyn World) -> Library {
    let mut library = Library::default();
    for (path, kept) in &cache.parsed {
        let Ok(source) = world.source(*path) else { continue };
        let anchors = kept.value.parsed.facts.anchors.keys().cloned().collect();
        library.insert(*path, Page { source, runbook: kept.value.runbook.clone(), anchors });
    }
    library
}

/// Proposes what makes a page a runbook. `taken` are the ids of other runbooks.
pub fn adopt_page(project: Option<&Project>, world: &dyn World, source: &Source, taken: &BTreeSet<String>) -> Adoption {
    let dialect = dialect_of(project);
    adopt::adopt(source, world, taken, &|source| {
        let parsed = markdown::parse(source, &dialect, world);
        let (runbook, diagnostics) = runbook::extract(&parsed.document, source);
        let anchors = parsed.facts.anchors.keys().cloned().collect();
        Reading { document: parsed.document, runbook, anchors, diagnostics }
    })
}

/// The dialect of the project; without one, MkDocs' with the usual extensions.
fn dialect_of(project: Option<&Project>) -> Cow<'_, Dialect> {
    project.map_or_else(
        || {
            let nowhere = Span::at_start(SitePath::new(""));
            let uses = BARE.map(|name| ExtensionUse { name: Spanned::new(name.to_owned(), nowhere), options: None });
            Cow::Owned(Dialect::mkdocs(&uses).0)
        },
        |project| Cow::Borrowed(&project.dialect),
    )
}

/// Keeps a page, and what there is to say of it. One that is not there is missed by whoever wants it.
fn take(opened: Result<(Page, Diagnostics), ReadError>, path: SitePath, out: &mut Diagnostics) -> Option<Page> {
    match opened {
        Ok((page, found)) => {
            out.append(found);
            Some(page)
        }
        Err(ReadError::NotFound) => None,
        Err(why) => {
            out.push(unreadable_page(path, &why));
            None
        }
    }
}

fn open_page(path: SitePath, dialect: &Dialect, world: &dyn World) -> Result<(Page, Diagnostics), ReadError> {
    let source = world.source(path)?;
    let parsed = markdown::parse(&source, dialect, world);
    let (runbook, diagnostics) = runbook::extract(&parsed.document, &source);
    let anchors = parsed.facts.anchors.keys().cloned().collect();
    Ok((Page { source, runbook, anchors }, diagnostics))
}
