//! Pages that were written for people become runbooks: what would have to be added to them.
//!
//! Owns which blocks look executable, the ids, headers and parameters proposed for them, and the
//! checks that a proposal passes: the prose is what it was, and the page has a template plan. In: a
//! page and a way to read it. Out: edits of its text. Knows no dialect and writes no file.

mod diff;
mod impact;
mod scripts;

pub use diff::unified_diff;

use super::lint::Words;
use super::params::variable;
use super::{Binding, Facts, Library, Page, lower};
use crate::diag::{Diagnostics, Severity};
use crate::markdown::{CodeBlock, Document, Node, plain_text, walk};
use crate::runbook::{Block, Duration, Item, ItemAction, Runbook, Shell, slug};
use crate::text::{SitePath, Source, World};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

/// A page as its readers see it.
pub struct Reading {
    /// The page's tree.
    pub document: Document,
    /// The runbook on it.
    pub runbook: Option<Runbook>,
    /// The anchors of the page.
    pub anchors: BTreeSet<String>,
    /// What the runbook's reader says.
    pub diagnostics: Diagnostics,
}

/// What adoption comes to for one page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adoption {
    /// The page has a runbook.
    IsRunbook,
    /// There is no block that looks executable, and no task list.
    Nothing,
    /// A proposal could not be made that leaves the prose as it is and has a plan; why.
    Refused(String),
    /// What to change.
    Proposal(Proposal),
}

/// Changes that make a page a runbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The changes, sorted: whole lines that are inserted, and parts of lines that are replaced.
    pub edits: Vec<Change>,
    /// The text with the changes.
    pub text: String,
    /// How many blocks become steps.
    pub n_steps: usize,
    /// How many items the checklist has.
    pub n_items: usize,
    /// The parameters that stand for placeholders.
    pub params: Vec<String>,
    /// How many shell blocks stay prose, because they do not parse, or nobody can fill them in.
    pub n_left: usize,
}

/// A change of a text: bytes of the old one, and what stands there afterwards.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Where the bytes begin.
    pub start: usize,
    /// Where they end.
    pub end: usize,
    /// What takes their place.
    pub text: String,
}

/// Proposes what makes a page a runbook. `read` reads a text as that page.
pub fn adopt(source: &Source, world: &dyn World, read: &dyn Fn(&Source) -> Reading) -> Adoption {
    let before = read(source);
    if before.runbook.as_ref().is_some_and(|runbook| runbook.settings.is_some()) {
        return Adoption::IsRunbook;
    }
    let mut draft = Draft::default();
    draft.gather(source, &before);
    let front = match FrontMatter::find(source.text(), &before.document) {
        Ok(front) => front,
        Err(why) => return Adoption::Refused(why.to_owned()),
    };
    // The checklist is the one that the page has without writing it: boxes and blocks in order.
    let settings = draft.settings(source.path());
    let (text, _) = draft.apply(source.text(), &front, &settings);
    let derived = read(&Source::new(source.path(), text));
    if let Some(why) = first_error(&derived.diagnostics).filter(|_| draft.n_steps > 0) {
        return Adoption::Refused(why);
    }
    let Some(runbook) = derived.runbook.filter(|runbook| !runbook.checklist.is_empty()) else {
        return Adoption::Nothing;
    };
    let settings = settings + &checklist(&runbook.checklist);
    let (text, edits) = draft.apply(source.text(), &front, &settings);
    let after = Source::new(source.path(), text.clone());
    match refuse(&before.document, &after, world, read) {
        Some(why) => Adoption::Refused(why),
        None => Adoption::Proposal(Proposal {
            edits,
            text,
            n_steps: draft.n_steps,
            n_items: runbook.checklist.len(),
            params: draft.params.into_keys().collect(),
            n_left: draft.n_left,
        }),
    }
}

/// Says what is wrong with a page that was changed; `before` is the page as it was.
fn refuse(before: &Document, after: &Source, world: &dyn World, read: &dyn Fn(&Source) -> Reading) -> Option<String> {
    let reading = read(after);
    if let Some(why) = first_error(&reading.diagnostics) {
        return Some(why);
    }
    if prose(before) != prose(&reading.document) {
        return Some("the prose would not stay as it is".to_owned());
    }
    let mut library = Library::default();
    let page = Page {
        source: Arc::new(Source::new(after.path(), after.text())),
        runbook: reading.runbook,
        anchors: reading.anchors,
    };
    library.insert(after.path(), page);
    let (lowered, diagnostics) = lower(after.path(), &library, Binding::Template, &Facts::default(), world);
    first_error(&diagnostics).or_else(|| lowered.is_none().then(|| "there would be no plan".to_owned()))
}

fn first_error(diagnostics: &Diagnostics) -> Option<String> {
    let error = diagnostics.iter().find(|diagnostic| diagnostic.severity == Severity::Error)?;
    Some(format!("{}: {}", error.code, error.message))
}

/// Returns all that a page says outside of its code blocks, with a mark where each of them stands.
pub fn prose(document: &Document) -> Vec<String> {
    let mut out = Vec::new();
    walk(&document.body, &mut |node| {
        out.push(match node {
            Node::Code(_) => "code".to_owned(),
            Node::Text(text) => format!("text {}", text.text),
            Node::CodeSpan(span) => format!("span {}", span.code),
            Node::Raw(raw) => format!("raw {}", raw.html),
            Node::Icon(icon) => format!("icon {}", icon.name),
            Node::Element(element) => format!("element {} {}", element.tag, element.attrs.get("id").unwrap_or("")),
        });
    });
    out
}

/// Where the settings go.
struct FrontMatter {
    at: usize,
    /// Whether the page has none, so that its marks are added too.
    new: bool,
    /// How lines end.
    end: &'static str,
}

impl FrontMatter {
    fn find(text: &str, document: &Document) -> Result<FrontMatter, &'static str> {
        let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let first = text[start..].lines().next().unwrap_or_default();
        let end = if text[start + first.len()..].starts_with("\r\n") { "\r\n" } else { "\n" };
        let Some(meta) = &document.front_matter.meta else { return Ok(FrontMatter { at: start, new: true, end }) };
        if !first.starts_with("---") {
            return Err("its metadata is no YAML: write it between two lines `---` first");
        }
        if meta.as_map().is_some_and(|entries| entries.iter().any(|(key, _)| key.as_str() == Some("checklist"))) {
            return Err("its front matter has a `checklist` without a `runbook`");
        }
        let mut at = start + first.len() + end.len();
        for line in text.get(at..).unwrap_or_default().split_inclusive('\n') {
            if matches!(line.trim_end(), "---" | "...") {
                return Ok(FrontMatter { at, new: false, end });
            }
            at += line.len();
        }
        Err("its front matter has no end")
    }
}

/// What is found on a page.
#[derive(Default)]
struct Draft {
    edits: Vec<Change>,
    /// The parameters: the name, and the placeholder as written.
    params: BTreeMap<String, String>,
    n_steps: usize,
    n_left: usize,
}

impl Draft {
    fn gather(&mut self, source: &Source, reading: &Reading) {
        let blocks: &[Block] = reading.runbook.as_ref().map_or(&[], |runbook| &runbook.blocks);
        let mut ids: BTreeSet<String> = blocks.iter().map(|block| block.id.value.clone()).collect();
        let known: BTreeSet<usize> = blocks.iter().map(|block| block.span.range().start).collect();
        let mut heading = String::new();
        let mut found: Vec<(&CodeBlock, String)> = Vec::new();
        walk(&reading.document.body, &mut |node| match node {
            Node::Element(element) if element.heading_level().is_some() => {
                heading = plain_text(&element.children);
            }
            Node::Code(code) if !known.contains(&code.span.range().start) => found.push((code, heading.clone())),
            _ => {}
        });
        let candidates: Vec<(scripts::Candidate, String)> = found
            .into_iter()
            .filter_map(|(code, heading)| match scripts::judge(source, code) {
                scripts::Judged::Prose => None,
                scripts::Judged::Left => {
                    self.n_left += 1;
                    None
                }
                scripts::Judged::Step(candidate) => Some((candidate, heading)),
            })
            .collect();
        // A name that a script sets means the script's value.
        let taken: BTreeSet<String> = candidates.iter().flat_map(|(candidate, _)| candidate.sets.clone()).collect();
        let mut next: BTreeMap<String, usize> = BTreeMap::new();
        for (candidate, heading) in candidates {
            let mut id = slug(&heading);
            if id.is_empty() {
                id = slug(&candidate.first_words);
            }
            if id.is_empty() {
                id = "step".to_owned();
            }
            let base = id.clone();
            while !ids.insert(id.clone()) {
                let number = next.entry(base.clone()).or_insert(1);
                *number += 1;
                id = format!("{base}-{number}");
            }
            self.add(source.text(), &candidate, &id, &taken);
        }
        self.edits.sort();
    }

    fn add(&mut self, text: &str, candidate: &scripts::Candidate, id: &str, taken: &BTreeSet<String>) {
        for hole in &candidate.holes {
            let name = parameter(&hole.name, taken);
            let var = variable(&name);
            self.params.entry(name).or_insert_with(|| hole.name.clone());
            let Range { start, end } = hole.range.clone();
            self.edits.push(Change { start, end, text: hole.quoting.write(&var) });
        }
        let prefix = &candidate.prefix;
        let end = if text[..candidate.body].ends_with("\r\n") { "\r\n" } else { "\n" };
        let mut header = format!("{prefix}#| id: {id}{end}");
        if candidate.names_shell {
            let _ = write!(header, "{prefix}#| shell: {}{end}", Shell::Bash.word());
        }
        let _ = write!(header, "{prefix}#| impact: {}{end}", candidate.impact.word());
        let _ = write!(header, "{prefix}#| timeout: {}{end}", candidate.timeout);
        self.edits.push(Change { start: candidate.body, end: candidate.body, text: header });
        self.n_steps += 1;
    }

    fn settings(&self, path: SitePath) -> String {
        let mut out = "runbook:\n  version: 1\n".to_owned();
        let mut id = slug(path.stem());
        if id.is_empty() {
            id = "runbook".to_owned();
        }
        let _ = writeln!(out, "  id: {id}\n  kind: procedure");
        if !self.params.is_empty() {
            out.push_str("  params:\n");
            for (name, prompt) in &self.params {
                let _ = writeln!(out, "    {}: {{type: string, prompt: {}}}", quoted(name), quoted(prompt));
            }
        }
        out
    }

    fn apply(&self, text: &str, front: &FrontMatter, settings: &str) -> (String, Vec<Change>) {
        let lines = settings.replace('\n', front.end);
        let lines = if front.new { format!("---{0}{lines}---{0}{0}", front.end) } else { lines };
        let mut edits = vec![Change { start: front.at, end: front.at, text: lines }];
        edits.extend(self.edits.iter().cloned());
        edits.sort();
        let (mut out, mut at) = (String::with_capacity(text.len() + settings.len()), 0);
        for edit in &edits {
            out.push_str(&text[at..edit.start]);
            out.push_str(&edit.text);
            at = edit.end;
        }
        out.push_str(&text[at..]);
        (out, edits)
    }
}

/// Names that a shell or its user's programs give a meaning to.
const RESERVED: &[&str] = &[
    "BASH",
    "CDPATH",
    "DISPLAY",
    "EDITOR",
    "ENV",
    "EUID",
    "GROUPS",
    "HOME",
    "HOSTNAME",
    "IFS",
    "KUBECONFIG",
    "LANG",
    "LOGNAME",
    "MAIL",
    "OLDPWD",
    "OPTARG",
    "OPTIND",
    "PATH",
    "PPID",
    "PS1",
    "PS2",
    "PWD",
    "RANDOM",
    "REPLY",
    "SECONDS",
    "SHELL",
    "TERM",
    "TMPDIR",
    "TZ",
    "UID",
    "USER",
];

/// Names a parameter after a placeholder; scripts see it in capitals, so that it must not be `PATH`.
fn parameter(placeholder: &str, taken: &BTreeSet<String>) -> String {
    let mut name = slug(placeholder);
    if name.is_empty() {
        name = "value".to_owned();
    }
    let var = variable(&name);
    let special = ["OPSBOOK_", "COMPONENT", "LC_", "BASH_"].iter().any(|start| var.starts_with(start));
    if special || RESERVED.contains(&var.as_str()) || taken.contains(&var) {
        name.insert_str(0, "the-");
    }
    name
}

/// Writes text as a YAML scalar that is nothing but text.
fn quoted(text: &str) -> String {
    let mut out = "\"".to_owned();
    for ch in text.chars() {
        match ch {
            '"' | '\\' => out.extend(['\\', ch]),
            ch if ch.is_control() || matches!(ch, '\u{2028}' | '\u{2029}' | '\u{feff}') => out.push(' '),
            ch => out.push(ch),
        }
    }
    out.push('"');
    out
}

fn checklist(items: &[Item]) -> String {
    let mut out = "checklist:\n".to_owned();
    for item in items {
        let text = item.text.as_ref().map(|text| quoted(&text.value));
        match (&item.action, text) {
            (ItemAction::Step(step), Some(text)) => {
                let _ = writeln!(out, "  - step: {}\n    text: {text}", step.value);
            }
            (ItemAction::Step(step), None) => {
                let _ = writeln!(out, "  - step: {}", step.value);
            }
            (_, Some(text)) => {
                let _ = writeln!(out, "  - text: {text}");
            }
            (_, None) => {}
        }
    }
    out
}

/// The longest `--timeout` that a script gives to one of its commands, in seconds.
fn inner_timeout(words: &[Words]) -> u64 {
    let mut longest = 0;
    for command in words {
        for (at, word) in command.iter().enumerate() {
            let Some(word) = word else { continue };
            let value = match word.strip_prefix("--timeout") {
                Some("") => command.get(at + 1).and_then(Option::as_deref),
                Some(rest) => rest.strip_prefix('='),
                None => None,
            };
            longest = longest.max(value.and_then(Duration::parse).map_or(0, |duration| duration.seconds));
        }
    }
    longest
}
