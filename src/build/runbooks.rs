//! Pages as runbooks: what plans and lints are made from.

use super::Project;
use crate::diag::Diagnostics;
use crate::markdown::{self, Dialect, ExtensionUse};
use crate::plan::{Library, Page};
use crate::runbook;
use crate::text::{SitePath, Span, Spanned, World};

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
    let bare;
    let dialect = match project {
        Some(project) => &project.dialect,
        None => {
            bare = bare_dialect();
            &bare
        }
    };
    let mut diagnostics = Diagnostics::new();
    let library = Library::collect(entry, &mut |path| {
        let (page, found) = open_page(path, dialect, world)?;
        diagnostics.append(found);
        Some(page)
    });
    diagnostics.sort();
    (library, diagnostics)
}

/// Reads every Markdown page below a folder.
pub fn collect_pages(project: Option<&Project>, world: &dyn World, folder: SitePath) -> (Library, Diagnostics) {
    let bare;
    let dialect = match project {
        Some(project) => &project.dialect,
        None => {
            bare = bare_dialect();
            &bare
        }
    };
    let mut diagnostics = Diagnostics::new();
    let mut library = Library::default();
    for path in world.list(folder) {
        if !["md", "markdown"].contains(&path.extension()) {
            continue;
        }
        if let Some((page, found)) = open_page(path, dialect, world) {
            diagnostics.append(found);
            library.insert(path, page);
        }
    }
    diagnostics.sort();
    (library, diagnostics)
}

fn bare_dialect() -> Dialect {
    let nowhere = Span::at_start(SitePath::new(""));
    let uses = BARE.map(|name| ExtensionUse { name: Spanned::new(name.to_owned(), nowhere), options: None });
    Dialect::mkdocs(&uses).0
}

fn open_page(path: SitePath, dialect: &Dialect, world: &dyn World) -> Option<(Page, Diagnostics)> {
    let source = world.source(path).ok()?;
    let parsed = markdown::parse(&source, dialect, world);
    let (runbook, diagnostics) = runbook::extract(&parsed.document, &source);
    let anchors = parsed.facts.anchors.keys().cloned().collect();
    Some((Page { source, runbook, anchors }, diagnostics))
}
