//! References between runbooks: what they name, and what to say where they name nothing (RB006).

use super::library::{Library, split_reference};
use crate::diag::{Code, Diagnostic, nearest};
use crate::runbook::{Block, Body, ReferenceKind, Shell};
use crate::text::{Chunk, SitePath, Span, Spanned};

/// Finds the block that a reference written in `page` names.
pub(super) fn find_block<'l>(
    library: &'l Library,
    page: SitePath,
    reference: &Spanned<String>,
    kind: ReferenceKind,
) -> Result<(SitePath, &'l Block), Box<Diagnostic>> {
    // `step` and `monitor` name a block of the page itself, whatever the word looks like.
    let (path, id) = match kind {
        ReferenceKind::Step | ReferenceKind::Monitor => (None, Some(reference.value.trim_start_matches('#'))),
        _ => split_reference(page, &reference.value),
    };
    let path = path.unwrap_or(page);
    let word = kind.word();
    let Some(id) = id else {
        let message = format!("`{word}: {}` names a page and no block of it", reference.value);
        return Err(Box::new(Diagnostic::new(Code::RunbookDangling, reference.span, message)));
    };
    let Some(target) = library.page(path) else {
        return Err(Box::new(no_page(library, path, reference.span)));
    };
    // The id as written comes first: a block's own id may begin like an anchor.
    let anchored = id.strip_prefix("step-").unwrap_or(id);
    let found = target.runbook.as_ref().and_then(|runbook| runbook.block(id).or_else(|| runbook.block(anchored)));
    let id = anchored;
    if let Some(block) = found {
        return Ok((path, block));
    }
    let known: Vec<&str> =
        target.runbook.iter().flat_map(|runbook| runbook.blocks.iter().map(|block| block.id.value.as_str())).collect();
    let place = if path == page { String::new() } else { format!(" in `{path}`") };
    let what = if kind == ReferenceKind::Step { "step" } else { "block" };
    let diagnostic = Diagnostic::new(Code::RunbookDangling, reference.span, format!("unknown {what} `{id}`{place}"));
    let elsewhere = library.pages().find(|(other, other_page)| {
        *other != path && other_page.runbook.as_ref().is_some_and(|runbook| runbook.block(id).is_some())
    });
    Err(Box::new(match (nearest(id, known.iter().copied()), elsewhere) {
        (Some(near), _) => diagnostic.help(format!("did you mean `{near}`?")),
        (None, Some((other, _))) => diagnostic.help(format!("a step `{id}` is defined in `{other}`")),
        (None, None) => diagnostic.help(format!("give the block a header line `#| id: {id}`")),
    }))
}

/// What stands before each Bash script of a page.
pub(super) struct Prelude<'l> {
    /// The page that it stands in.
    pub(super) page: SitePath,
    /// The block.
    pub(super) block: &'l Block,
    /// Its script.
    pub(super) script: &'l Chunk,
}

/// Finds the block whose script stands before each Bash script of a page.
pub(super) fn find_prelude(library: &Library, page: SitePath) -> Option<Result<Prelude<'_>, Box<Diagnostic>>> {
    let settings = library.page(page)?.runbook.as_ref()?.settings.as_ref()?;
    let reference = settings.prelude.as_ref()?;
    Some(find_block(library, page, reference, ReferenceKind::Prelude).and_then(|(path, block)| match &block.body {
        Body::Script { shell: Shell::Bash, script, transcript: None } => Ok(Prelude { page: path, block, script }),
        _ => {
            let message = format!("`{}` is no Bash script, so it cannot stand before others", block.id.value);
            Err(Box::new(Diagnostic::new(Code::RunbookSchema, reference.span, message)))
        }
    }))
}

/// Says that there is no such page.
pub(super) fn no_page(library: &Library, path: SitePath, at: Span) -> Diagnostic {
    let known: Vec<&str> = library.pages().map(|(path, _)| path.as_str()).collect();
    let diagnostic = Diagnostic::new(Code::RunbookDangling, at, format!("there is no page `{path}`"));
    match nearest(path.as_str(), known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic,
    }
}

/// Finds the place that a link written in `page` names; returns it as a path from the project's folder.
pub(super) fn find_place(library: &Library, page: SitePath, link: &Spanned<String>) -> Result<String, Box<Diagnostic>> {
    let (file, anchor) = match link.value.split_once('#') {
        Some((file, anchor)) => (file, Some(anchor)),
        None => (link.value.as_str(), None),
    };
    let path = if file.is_empty() { page } else { page.parent().join(file) };
    let Some(target) = library.page(path) else {
        return Err(Box::new(no_page(library, path, link.span)));
    };
    let Some(anchor) = anchor else { return Ok(path.to_string()) };
    if target.anchors.contains(anchor) || generated(target, anchor) {
        return Ok(format!("{path}#{anchor}"));
    }
    let known: Vec<&str> = target.anchors.iter().map(String::as_str).collect();
    let place = if path == page { String::new() } else { format!(" in `{path}`") };
    let diagnostic =
        Diagnostic::new(Code::RunbookDangling, link.span, format!("there is no section `#{anchor}`{place}"));
    Err(Box::new(match nearest(anchor, known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `#{near}`?")),
        None => diagnostic,
    }))
}

/// The anchors that a runbook's page gets besides its headings.
fn generated(target: &super::library::Page, anchor: &str) -> bool {
    let Some(runbook) = &target.runbook else { return false };
    runbook.anchors().iter().any(|(own, _)| own == anchor)
}
