//! The whole of a page.

use super::blocks::extract_block;
use super::derive::{derive_checklist, extract_boxes};
use super::fields::Reader;
use super::items::extract_checklist;
use super::model::{Block, Runbook, Settings};
use super::settings::extract_settings;
use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::markdown::{Document, Node, plain_text, walk};
use crate::text::{Source, Span, yaml};
use std::collections::BTreeMap;

/// Reads the runbook of a page: `Some` where the front matter has `runbook:`, or where a block has a
/// header with an `id`, so that other pages may use it. `source` is the text of `document`.
///
/// Reports RB001 to RB005; references to other places are kept as written and are not checked.
pub fn extract(document: &Document, source: &Source) -> (Option<Runbook>, Diagnostics) {
    let mut reader = Reader { source, diagnostics: Diagnostics::new() };
    let meta = document.front_matter.meta.as_ref().and_then(|meta| meta.as_map());
    let entry = |name: &str| meta?.iter().rev().find(|(key, _)| key.as_str() == Some(name));
    let settings_entry = entry("runbook").filter(|(_, node)| is_settings(&mut reader, node));
    let settings = settings_entry.and_then(|(key, node)| extract_settings(&mut reader, node, key.span));
    let on_runbook = settings_entry.is_some();
    let blocks = extract_blocks(&mut reader, document, on_runbook);
    if !on_runbook && blocks.is_empty() {
        return (None, reader.diagnostics);
    }
    if let Some(settings) = &settings {
        check_variables(&mut reader, settings, &blocks);
    }
    let boxes = extract_boxes(&document.body, &blocks);
    let checklist_entry = if on_runbook { entry("checklist") } else { None };
    let (checklist, derived) = match checklist_entry {
        Some((_, node)) => (extract_checklist(&mut reader, node), false),
        None if on_runbook => (derive_checklist(&boxes, &blocks), true),
        None => (Vec::new(), false),
    };
    if let Some((key, _)) = settings_entry
        && checklist.is_empty()
        && settings.is_some()
    {
        let at = checklist_entry.map_or(key.span, |(key, _)| key.span);
        let diagnostic = Diagnostic::new(Code::RunbookSchema, at, "this runbook asks for nothing");
        reader.diagnostics.push(diagnostic.help("write a `checklist:`, a task list, or a block with `#| id:`"));
    }
    let title = entry("title").and_then(|(_, node)| Some((node.scalar_text()?, node.span)));
    let title = match title {
        // The page is the same for every run, and so is what it is called.
        Some((title, span)) if on_runbook => Some(reader.fixed(&title, span, "the page's `title`")),
        Some((title, _)) => Some(title),
        None => heading(document),
    };
    let runbook = Runbook { path: source.path(), title, settings, checklist, derived, blocks, boxes };
    (Some(runbook), reader.diagnostics)
}

/// A variable of a page may not hide a parameter or a secret: whoever reads the script would not see it.
fn check_variables(reader: &mut Reader<'_>, settings: &Settings, blocks: &[Block]) {
    let of_environments = settings.environments.iter().flat_map(|environment| &environment.vars);
    for (name, _) in of_environments.chain(blocks.iter().flat_map(|block| &block.env)) {
        let param =
            settings.params.iter().find(|param| param.name.value.to_uppercase().replace('-', "_") == name.value);
        let secret = settings.secrets.iter().find(|secret| secret.value == name.value);
        let taken = param.map(|param| (param.name.span, "parameter")).or(secret.map(|secret| (secret.span, "secret")));
        if let Some((span, what)) = taken {
            let message = format!("`{}` is the variable of a {what}", name.value);
            reader
                .diagnostics
                .push(Diagnostic::new(Code::RunbookDuplicateId, name.span, message).label(span, "it is declared here"));
        }
    }
}

/// Pages of MkDocs may have a key of this name for a template of their own, as `runbook: https://…`;
/// who meant a runbook hears what is missing.
fn is_settings(reader: &mut Reader<'_>, node: &yaml::Node) -> bool {
    let is_mapping = node.as_map().is_some();
    if !is_mapping {
        let message = format!("`runbook` is {} where a mapping is expected", node.kind_name());
        let diagnostic = Diagnostic::new(Code::RunbookSchema, node.span, message).severity(Severity::Warning);
        reader.diagnostics.push(diagnostic.note("the page is no runbook"));
    }
    is_mapping
}

fn heading(document: &Document) -> Option<String> {
    let mut found = None;
    walk(&document.body, &mut |node| {
        if let Node::Element(element) = node
            && found.is_none()
            && element.is(&["h1"])
        {
            found = Some(plain_text(&element.children).trim().to_owned());
        }
    });
    found.filter(|title| !title.is_empty())
}

fn extract_blocks(reader: &mut Reader<'_>, document: &Document, on_runbook: bool) -> Vec<Block> {
    let mut codes = Vec::new();
    walk(&document.body, &mut |node| {
        if let Node::Code(code) = node {
            codes.push(code);
        }
    });
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    let mut out = Vec::new();
    for code in codes {
        let Some(block) = extract_block(reader, code, on_runbook) else { continue };
        if let Some(first) = seen.get(&block.id.value) {
            let message = format!("block id `{}` is used twice", block.id.value);
            let diagnostic = Diagnostic::new(Code::RunbookDuplicateId, block.id.span, message);
            reader.diagnostics.push(diagnostic.label(*first, "it is used here first"));
            continue;
        }
        seen.insert(block.id.value.clone(), block.id.span);
        out.push(block);
    }
    out
}
