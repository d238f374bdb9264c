//! Pages that were written for people become runbooks: what would have to be added to them.
//!
//! Owns which blocks look executable, the ids, headers and parameters proposed for them, and the
//! checks that a proposal passes: the prose is what it was, and the page has a template plan. In: a
//! page and a way to read it. Out: edits of its text. Knows no dialect and writes no file.

mod checklist;
mod diff;
mod impact;
mod scripts;

pub use diff::unified_diff;

use super::lint::{self, Context, Words};
use super::params::variable;
use super::{Binding, Facts, Library, Page, lower};
use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::markdown::{CodeBlock, Document, Node, walk};
use crate::runbook::{Block, Duration, ItemAction, Runbook, Shell, slug};
use crate::text::{SitePath, Source, Span, World};
use checklist::{Entry, Outline};
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
    /// The runbook's id.
    pub id: String,
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
    /// How many shell blocks stay prose: no machine can run them as they stand.
    pub n_left: usize,
    /// How many sentences tell somebody to do something and are on no list: they stand behind another one.
    pub n_untold: usize,
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

/// Proposes what makes a page a runbook. `taken` are the ids of other runbooks, and `read` reads a text as
/// that page.
///
/// A block that would be an error as a step stays prose, and becomes something that a person does.
pub fn adopt(
    source: &Source,
    world: &dyn World,
    taken: &BTreeSet<String>,
    read: &dyn Fn(&Source) -> Reading,
) -> Adoption {
    let before = read(source);
    if before.runbook.as_ref().is_some_and(|runbook| runbook.settings.is_some()) {
        return Adoption::IsRunbook;
    }
    let front = match FrontMatter::find(source.text(), &before.document) {
        Ok(front) => front,
        Err(why) => return Adoption::Refused(why.to_owned()),
    };
    let mut found = Found::gather(source, &before);
    let context = Context::of(world, None, true);
    let id = runbook_id(source.path(), taken);
    // Every round takes a block out or accepts a rule, so there are not many.
    let mut allowed: BTreeSet<Code> = BTreeSet::new();
    loop {
        let draft = Draft::of(source, &found, allowed.clone());
        let attempt = match draft.attempt(source, &id, &front, &found, read) {
            Ok(Some(attempt)) => attempt,
            Ok(None) => return Adoption::Nothing,
            Err(why) => return Adoption::Refused(why),
        };
        let errors = attempt.errors(source.path(), world, &context);
        let blocks: BTreeMap<&str, Span> = attempt.blocks();
        let mut again = false;
        for error in &errors {
            let Some(span) = error.span else { continue };
            let blamed = found.steps.iter_mut().find(|step| {
                let block = blocks.get(step.id.as_str());
                step.candidate.is_some()
                    && block.is_some_and(|block| block.file == span.file && block.range().contains(&span.range().start))
            });
            if let Some(step) = blamed {
                step.candidate = None;
                again = true;
            } else if reason(error.code).is_some() {
                again |= allowed.insert(error.code);
            }
        }
        if again {
            continue;
        }
        if let Some(error) = errors.first() {
            return Adoption::Refused(format!("{}: {}", error.code, error.message));
        }
        if prose(&before.document) != prose(&attempt.reading.document) {
            return Adoption::Refused("the prose would not stay as it is".to_owned());
        }
        return Adoption::Proposal(Proposal {
            id,
            edits: attempt.edits,
            text: attempt.text,
            n_steps: draft.n_steps,
            n_items: attempt.n_items,
            n_untold: attempt.n_untold,
            params: draft.params.into_keys().collect(),
            n_left: found.steps.iter().filter(|step| step.candidate.is_none()).count(),
        });
    }
}

/// An id made of the page's name; of its folder's too, and then of a number, where another runbook has it.
fn runbook_id(path: SitePath, taken: &BTreeSet<String>) -> String {
    // The first page of a folder is called like the folder.
    let index = ["index", "readme", "_index"].contains(&path.stem().to_lowercase().as_str());
    let folder = path.parent().file_name();
    let first = if index { folder } else { "" };
    let own = [first, path.stem(), "runbook"].into_iter().map(slug).find(|id| !id.is_empty()).unwrap_or_default();
    let above = if index { path.parent().parent().file_name() } else { folder };
    let longer = Some(slug(above)).filter(|above| !above.is_empty()).map(|above| format!("{above}-{own}"));
    let last = longer.clone().unwrap_or_else(|| own.clone());
    let numbered = (2..).map(|number| format!("{last}-{number}"));
    std::iter::once(own).chain(longer).chain(numbered).find(|id| !taken.contains(id)).unwrap_or_default()
}

/// Why a page that is adopted may break a rule for now: its prose does not have what the rule asks for,
/// and nobody can make it up. The page says so itself, in `allow`.
fn reason(code: Code) -> Option<&'static str> {
    match code {
        Code::Owners => Some("adopted: the page names no owner yet"),
        Code::NotWatched => Some("adopted: the page does not say yet how to see whether its changes worked"),
        _ => None,
    }
}

/// A page with its changes.
struct Attempt {
    text: String,
    edits: Vec<Change>,
    reading: Reading,
    n_items: usize,
    n_untold: usize,
}

impl Attempt {
    /// What `check` would call errors.
    fn errors(&self, path: SitePath, world: &dyn World, context: &Context) -> Vec<Diagnostic> {
        let mut library = Library::default();
        let page = Page {
            source: Arc::new(Source::new(path, self.text.clone())),
            runbook: self.reading.runbook.clone(),
            anchors: self.reading.anchors.clone(),
        };
        library.insert(path, page);
        let (lowered, mut found) = lower(path, &library, Binding::Template, &Facts::default(), world);
        found.append(self.reading.diagnostics.clone());
        found.append(lint::lint(path, &library, lowered.as_ref(), context));
        found.into_iter().filter(|diagnostic| diagnostic.severity == Severity::Error).collect()
    }

    /// Where the steps' blocks stand, by id.
    fn blocks(&self) -> BTreeMap<&str, Span> {
        let blocks = self.reading.runbook.iter().flat_map(|runbook| &runbook.blocks);
        blocks.map(|block| (block.id.value.as_str(), block.span)).collect()
    }
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

/// The shell blocks of a page, in order.
struct Found {
    steps: Vec<FoundStep>,
}

struct FoundStep {
    /// Which of the page's code blocks it is.
    index: usize,
    /// The id that it has as a step.
    id: String,
    /// What makes it a step; without one, a person does what it says.
    candidate: Option<scripts::Candidate>,
    /// What a person chooses from here, where it is one of several ways.
    choice: Option<String>,
    /// Whether it is something that a person does, and not only something that no machine reads.
    for_people: bool,
    /// The first line of the block.
    first_line: String,
}

impl Found {
    fn gather(source: &Source, reading: &Reading) -> Found {
        let blocks: &[Block] = reading.runbook.as_ref().map_or(&[], |runbook| &runbook.blocks);
        let mut ids: BTreeSet<String> = blocks.iter().map(|block| block.id.value.clone()).collect();
        let known: BTreeSet<Span> = blocks.iter().map(|block| block.span).collect();
        let outline = Outline::of(&reading.document);
        let mut codes: Vec<&CodeBlock> = Vec::new();
        walk(&reading.document.body, &mut |node| {
            if let Node::Code(code) = node {
                codes.push(code);
            }
        });
        let mut next: BTreeMap<String, usize> = BTreeMap::new();
        let mut choices = outline.choices();
        let mut steps = Vec::new();
        // Where a shell of another machine or of a program was entered: what follows is typed there.
        let mut entered: Option<Option<usize>> = None;
        for (index, (code, place)) in codes.into_iter().zip(&outline.codes).enumerate() {
            if known.contains(&code.span) {
                continue;
            }
            let within =
                |section: Option<usize>| section.is_none_or(|section| outline.path(place.at).contains(&section));
            entered = entered.filter(|section| within(*section));
            if entered.is_none() && checklist::goes_in(&place.above) {
                entered = Some(place.heading);
            }
            let judged = scripts::judge(source, code);
            let enters = matches!(judged, scripts::Judged::Left { enters: true, .. });
            let attended = matches!(judged, scripts::Judged::Left { attended: true, .. }) || entered.is_some();
            let candidate = match judged {
                scripts::Judged::Prose if entered.is_some() && scripts::is_typed_in_a_program(code) => None,
                scripts::Judged::Prose => continue,
                scripts::Judged::Left { .. } => None,
                scripts::Judged::Step(_) if entered.is_some() => None,
                scripts::Judged::Step(candidate) => Some(candidate),
            };
            if scripts::leaves(code) {
                entered = None;
            } else if enters {
                entered = Some(place.heading);
            }
            let choice = choices.remove(&index);
            let candidate = candidate.filter(|_| choice.is_none());
            let first_line = code.code.text().trim_start().lines().next().unwrap_or_default().trim().to_owned();
            let mut id = String::new();
            if candidate.is_some() {
                let heading = place.heading.map_or("", |heading| outline.headings[heading].title.as_str());
                // `2. Stop it` is called `stop-it`.
                let words = heading.trim_start_matches(|ch: char| !ch.is_alphabetic());
                let first_words = candidate.as_ref().map_or("", |candidate| candidate.first_words.as_str());
                id = [words, first_words, "step"].into_iter().map(slug).find(|id| !id.is_empty()).unwrap_or_default();
                let base = id.clone();
                while !ids.insert(id.clone()) {
                    let number = next.entry(base.clone()).or_insert(1);
                    *number += 1;
                    id = format!("{base}-{number}");
                }
            }
            let for_people = attended || choice.is_some();
            steps.push(FoundStep { index, id, candidate, choice, for_people, first_line });
        }
        Found { steps }
    }
}

/// The changes of a page.
#[derive(Default)]
struct Draft {
    edits: Vec<Change>,
    /// The parameters: the name, and what to ask for.
    params: BTreeMap<String, String>,
    /// The secrets.
    secrets: BTreeSet<String>,
    /// The rules that the page breaks for now.
    allowed: BTreeSet<Code>,
    n_steps: usize,
}

impl Draft {
    fn of(source: &Source, found: &Found, allowed: BTreeSet<Code>) -> Draft {
        let mut draft = Draft { allowed, ..Draft::default() };
        let steps = || found.steps.iter().filter_map(|step| Some((step.candidate.as_ref()?, step.id.as_str())));
        for (candidate, id) in steps() {
            draft.add(source.text(), candidate, id);
        }
        // What a script finds out is known to that script only.
        for (name, prompt) in &mut draft.params {
            let var = variable(name);
            if *prompt == var
                && let Some((_, id)) = steps().find(|(candidate, _)| candidate.sets.contains(&var))
            {
                *prompt = format!("{var}, as step {id} finds it");
            }
        }
        draft.edits.sort();
        draft
    }

    fn add(&mut self, text: &str, candidate: &scripts::Candidate, id: &str) {
        let assigned: BTreeSet<&str> = candidate.holes.iter().filter_map(|hole| hole.value_of.as_deref()).collect();
        let mut secrets: BTreeSet<String> = BTreeSet::new();
        for hole in &candidate.holes {
            let own = hole.value_of.as_deref().and_then(parameter_of);
            let taken = |var: &str| candidate.sets.contains(var) && !assigned.contains(var);
            let name = own.unwrap_or_else(|| parameter(&hole.name, &taken));
            let var = variable(&name);
            if is_secret(&var) {
                secrets.insert(var.clone());
            } else {
                self.params.entry(name).or_insert_with(|| hole.name.clone());
            }
            let Range { start, end } = hole.range.clone();
            self.edits.push(Change { start, end, text: hole.quoting.write(&var) });
        }
        for var in &candidate.wants {
            if is_secret(var) {
                secrets.insert(var.clone());
            } else if let Some(name) = parameter_of(var) {
                self.params.entry(name).or_insert_with(|| var.clone());
            }
        }
        let prefix = &candidate.prefix;
        let end = if text[..candidate.body].ends_with("\r\n") { "\r\n" } else { "\n" };
        let mut header = format!("{prefix}#| id: {id}{end}");
        if candidate.names_shell {
            let _ = write!(header, "{prefix}#| shell: {}{end}", Shell::Bash.word());
        }
        let _ = write!(header, "{prefix}#| impact: {}{end}", candidate.impact.word());
        let _ = write!(header, "{prefix}#| timeout: {}{end}", candidate.timeout);
        if !secrets.is_empty() {
            let names: Vec<&str> = secrets.iter().map(String::as_str).collect();
            let _ = write!(header, "{prefix}#| secrets: [{}]{end}", names.join(", "));
        }
        self.secrets.append(&mut secrets);
        self.edits.push(Change { start: candidate.body, end: candidate.body, text: header });
        self.n_steps += 1;
    }

    /// Makes the changes; `None` where nothing would be on the checklist.
    fn attempt(
        &self,
        source: &Source,
        id: &str,
        front: &FrontMatter,
        found: &Found,
        read: &dyn Fn(&Source) -> Reading,
    ) -> Result<Option<Attempt>, String> {
        // The checklist is the one that the page has without writing it, boxes and blocks in order, and
        // what people do instead of the blocks that nobody can run.
        let settings = self.settings(id);
        let (text, _) = self.apply(source.text(), front, &settings);
        let derived = read(&Source::new(source.path(), text));
        let items = derived.runbook.as_ref().map_or(&[][..], |runbook| &runbook.checklist);
        let by_hand = || found.steps.iter().filter(|step| step.candidate.is_none());
        if items.is_empty() && !by_hand().any(|step| step.for_people) {
            return Ok(None);
        }
        let outline = Outline::of(&derived.document);
        let leads: BTreeMap<usize, &str> =
            outline.codes.iter().filter_map(|code| Some((code.at, code.lead.as_deref()?))).collect();
        let mut entries: Vec<Entry> = Vec::new();
        for item in items {
            let at = item.span.range().start;
            let text = item.text.as_ref().map(|text| text.text.clone());
            let lead = leads.get(&at).map(|lead| (*lead).to_owned());
            let step = match &item.action {
                ItemAction::Step(step) => Some(step.value.clone()),
                _ => None,
            };
            entries.push(Entry { at, step, text: text.or(lead), by_hand: false });
        }
        let mut chosen: BTreeSet<&str> = BTreeSet::new();
        for step in by_hand() {
            let Some(place) = outline.codes.get(step.index) else { continue };
            if step.choice.as_deref().is_some_and(|choice| !chosen.insert(choice)) {
                continue;
            }
            let heading = || place.heading.map(|heading| format!("By hand: {}", outline.headings[heading].title));
            let text = step.choice.clone().or_else(|| place.lead.clone()).or_else(heading);
            let text = text.unwrap_or_else(|| format!("By hand: {}", step.first_line));
            entries.push(Entry { at: place.at, step: None, text: Some(text), by_hand: true });
        }
        // What the prose tells people to do besides is theirs to do.
        let said: BTreeSet<String> = entries.iter().filter_map(|entry| entry.text.clone()).collect();
        for told in outline.told.iter().filter(|told| !said.contains(&told.text)) {
            entries.push(Entry { at: told.at, step: None, text: Some(told.text.clone()), by_hand: false });
        }
        entries.sort_by_key(|entry| entry.at);
        // Several blocks that nobody can run, under one heading, are one thing to do.
        entries.dedup_by(|one, before| one.by_hand && before.by_hand && one.text == before.text);
        let n_items = entries.len();
        let settings = settings + &checklist::write(&outline, entries, &derived.anchors);
        let (text, edits) = self.apply(source.text(), front, &settings);
        let reading = read(&Source::new(source.path(), text.clone()));
        Ok(Some(Attempt { text, edits, reading, n_items, n_untold: outline.n_untold }))
    }

    fn settings(&self, id: &str) -> String {
        let mut out = "runbook:\n  version: 1\n".to_owned();
        let _ = writeln!(out, "  id: {id}\n  kind: procedure");
        if !self.params.is_empty() {
            out.push_str("  params:\n");
            for (name, prompt) in &self.params {
                let _ = writeln!(out, "    {name}: {{type: string, prompt: {}}}", quoted(prompt));
            }
        }
        if !self.secrets.is_empty() {
            let names: Vec<&str> = self.secrets.iter().map(String::as_str).collect();
            let _ = writeln!(out, "  secrets: [{}]", names.join(", "));
        }
        if !self.allowed.is_empty() {
            out.push_str("  allow:\n");
            for code in &self.allowed {
                let _ = writeln!(out, "    - {}", quoted(&format!("{code} {}", reason(*code).unwrap_or_default())));
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
fn parameter(placeholder: &str, taken: &dyn Fn(&str) -> bool) -> String {
    let mut name = slug(placeholder);
    if name.is_empty() {
        name = "value".to_owned();
    }
    let var = variable(&name);
    if is_special(&var) || taken(&var) {
        name.insert_str(0, "the-");
    }
    name
}

/// The parameter that scripts see as a variable; `None` where there is none.
fn parameter_of(var: &str) -> Option<String> {
    let name = var.to_lowercase().replace('_', "-");
    let fine = var.starts_with(|ch: char| ch.is_ascii_uppercase()) && variable(&name) == var && !is_special(var);
    fine.then_some(name)
}

fn is_special(var: &str) -> bool {
    RESERVED.contains(&var) || ["OPSBOOK_", "COMPONENT", "LC_", "BASH_"].iter().any(|start| var.starts_with(start))
}

/// Tells whether a variable holds what must not be seen, by its name.
fn is_secret(var: &str) -> bool {
    ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "CREDENTIAL", "API_KEY", "PRIVATE_KEY", "ACCESS_KEY"]
        .iter()
        .any(|word| var == *word || var.ends_with(&format!("_{word}")))
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
