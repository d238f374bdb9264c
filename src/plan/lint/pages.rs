//! Rules about a page and its checklist as they are written: RB004, RB005, RB008, RB101, RB105 to RB108.

use super::{Subject, bash, find, used_blocks};
use crate::diag::{Code, Diagnostics};
use crate::runbook::{Body, Duration, Impact, Item, ItemAction};
use crate::text::Span;
use std::collections::BTreeSet;

/// More items than this in one group are more than people keep in mind.
const MAX_ITEMS: usize = 9;

pub(super) fn lint(subject: &Subject<'_>, found: &mut Diagnostics) {
    let runbook = subject.runbook;
    fences(subject, found);
    unique_id(subject, found);
    orphans(subject, found);
    boxes(subject, found);
    timeouts(subject, found);
    // RB105: the plan says it.
    found.extend(subject.lowered.iter().flat_map(|lowered| lowered.vanishing.iter().cloned()));
    group_size(&runbook.checklist, "the checklist", runbook.settings.as_ref().map(|it| it.id.span), found);
    runbook.walk_items(&mut |item| {
        if let ItemAction::Group(group) = &item.action {
            group_size(&group.items, &format!("group `{}`", group.title.text), Some(group.title.span), found);
        }
    });
}

/// RB004: attributes behind the language, which plain MkDocs does not read as a fence.
fn fences(subject: &Subject<'_>, found: &mut Diagnostics) {
    let Some(page) = subject.library.page(subject.runbook.path) else { return };
    let text = page.source.text();
    let (mut open, mut at): (Option<String>, usize) = (None, 0);
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        let mark: String = trimmed.chars().take_while(|ch| *ch == '`').collect();
        let mark = if mark.is_empty() { trimmed.chars().take_while(|ch| *ch == '~').collect() } else { mark };
        if mark.len() < 3 {
            continue;
        }
        let info = trimmed[mark.len()..].trim_end();
        if let Some(opened) = &open {
            if mark.starts_with(opened.as_str()) && info.trim().is_empty() {
                open = None;
            }
            continue;
        }
        if info.contains('`') {
            continue;
        }
        open = Some(mark.clone());
        let info_start = start + indent + mark.len();
        let words = info.trim_start();
        let lead = info.len() - words.len();
        let language = words.split([' ', '\t', ',']).next().unwrap_or_default();
        let rest = &words[language.len()..];
        let wrong = if words.starts_with('{') {
            None
        } else if let Some(brace) = rest.find('{') {
            Some((brace, rest.len(), "attributes in braces behind a language"))
        } else if rest.starts_with(',') {
            Some((0, rest.len(), "a comma behind a language"))
        } else {
            let unknown = rest.split_whitespace().find(|word| {
                let known = ["hl_lines", "linenums", "title", "use_pygments", "linenos"];
                word.split_once('=').is_some_and(|(name, _)| !known.contains(&name) && !name.contains(['"', '\'']))
            });
            unknown.and_then(|word| rest.find(word).map(|from| (from, from + word.len(), "an attribute of our own")))
        };
        if let Some((from, to, what)) = wrong {
            let base = info_start + lead + language.len();
            let span = Span::new(page.source.path(), base + from..base + to);
            found.push(
                find(Code::FenceAttributes, span, format!("{what}: plain MkDocs does not read this as a code block"))
                    .help("put it into a `#| id: …` line at the top of the block"),
            );
        }
    }
}

/// RB008, and RB101 for blocks that would change something.
fn orphans(subject: &Subject<'_>, found: &mut Diagnostics) {
    let runbook = subject.runbook;
    if runbook.derived {
        return;
    }
    let used = used_blocks(subject.library);
    for block in &runbook.blocks {
        if used.contains_key(&(runbook.path, block.id.value.clone())) {
            continue;
        }
        let writes = block.impact.as_ref().is_some_and(|impact| impact.value != Impact::Read);
        let id = &block.id.value;
        if runbook.settings.is_some() && writes {
            found.push(
                find(
                    Code::UnreachableWrite,
                    block.id.span,
                    format!("step `{id}` changes things and is not on the checklist"),
                )
                .note("what is not on the checklist is done without its checks")
                .help(format!("add `- step: {id}` to the checklist, or drop the `id` if it is only to be read")),
            );
        } else if subject.context.whole {
            found.push(
                find(Code::OrphanStep, block.id.span, format!("no checklist uses step `{id}`"))
                    .help("add it to a checklist, or drop the `id` if it is only to be read"),
            );
        }
    }
}

/// RB108.
fn boxes(subject: &Subject<'_>, found: &mut Diagnostics) {
    let runbook = subject.runbook;
    if runbook.derived || runbook.settings.is_none() {
        return;
    }
    let mut known: BTreeSet<String> = BTreeSet::new();
    runbook.walk_items(&mut |item| {
        known.insert(item.id.clone());
        known.extend(item.text.as_ref().map(|text| text.text.clone()));
        if let ItemAction::Step(step) = &item.action {
            known.insert(step.value.clone());
        }
    });
    for task in &runbook.boxes {
        let linked = known.contains(&task.slug)
            || known.contains(&task.text)
            || task.block.as_ref().is_some_and(|block| known.contains(block));
        if !linked {
            found.push(
                find(Code::LooseBox, task.span, "this box is not on the checklist")
                    .note("a box in the prose is ticked by nobody: the checklist in the front matter is what runs")
                    .help("add an item with this text, or make it a plain list item"),
            );
        }
    }
}

/// RB106.
fn group_size(items: &[Item], what: &str, span: Option<Span>, found: &mut Diagnostics) {
    if items.len() > MAX_ITEMS
        && let Some(span) = span
    {
        found.push(
            find(Code::LongGroup, span, format!("{what} has {} items", items.len()))
                .note(format!("more than {MAX_ITEMS} between two pauses are more than people keep in mind"))
                .help("divide it into groups"),
        );
    }
}

/// RB005: two runbooks of a project have one id, so that nobody can tell their runs apart.
fn unique_id(subject: &Subject<'_>, found: &mut Diagnostics) {
    let Some(settings) = subject.runbook.settings.as_ref().filter(|_| subject.context.whole) else { return };
    let same = |(path, page): (crate::text::SitePath, &crate::plan::library::Page)| {
        let other = page.runbook.as_ref()?.settings.as_ref()?;
        (path < subject.runbook.path && other.id.value == settings.id.value).then_some(other.id.span)
    };
    if let Some(first) = subject.library.pages().find_map(same) {
        found.push(
            find(
                Code::RunbookDuplicateId,
                settings.id.span,
                format!("runbook id `{}` is used twice in this project", settings.id.value),
            )
            .label(first, "it is used here first")
            .help("give this one an `id` of its own; where none is written, the file's name counts"),
        );
    }
}

/// RB107: no limit, or a limit of the command's own that the step's cuts off. Where Helm takes a failure
/// back, it waits as long again for what was there before.
fn timeouts(subject: &Subject<'_>, found: &mut Diagnostics) {
    for block in &subject.runbook.blocks {
        let id = &block.id.value;
        let Some(limit) = &block.timeout else {
            found.push(
                find(Code::Timeout, block.id.span, format!("step `{id}` has no timeout"))
                    .note("a command that hangs would hold the run, and the people waiting for it, for ever")
                    .help("add `#| timeout: 10m` to the header"),
            );
            continue;
        };
        let mut inner: Vec<Inner> = Vec::new();
        let stated = match &block.body {
            Body::Helm(spec) => spec.timeout.as_ref(),
            Body::Kubectl(spec) => spec.timeout.as_ref(),
            Body::Http(spec) => spec.timeout.as_ref(),
            Body::Script { script, .. } => {
                inner.extend(stated_timeouts(script));
                None
            }
        };
        inner.extend(stated.map(|timeout| Inner {
            span: timeout.span,
            limit: timeout.value.clone(),
            twice: matches!(&block.body, Body::Helm(spec) if spec.rollback_on_failure),
        }));
        for Inner { span, limit: own, twice } in inner {
            if own.seconds.saturating_mul(if twice { 2 } else { 1 }) >= limit.value.seconds {
                let again = if twice { ", and as long again to take a failure back" } else { "" };
                found.push(
                    find(
                        Code::Timeout,
                        span,
                        format!("this waits {}{again}, and the step ends after {}", own.text, limit.value.text),
                    )
                    .label(limit.span, "the step's timeout")
                    .note("the command would be killed before it can say what went wrong")
                    .help("give the step more time than the command"),
                );
            }
        }
    }
}

/// A limit of a command's own.
struct Inner {
    span: Span,
    limit: Duration,
    /// Whether the command may take the time twice.
    twice: bool,
}

/// Finds `--timeout 5m` and `--timeout=5m` in a script.
fn stated_timeouts(script: &crate::text::Chunk) -> Vec<Inner> {
    let text = script.text();
    let takes_back = |command: &bash::Command| {
        let flag = |word: &bash::Word| matches!(word.literal.as_deref(), Some("--atomic" | "--rollback-on-failure"));
        let (first, last) = (command.words.first()?, command.words.last()?);
        (command.name() == Some("helm") && command.words.iter().any(flag)).then_some(first.range.start..last.range.end)
    };
    let twice: Vec<std::ops::Range<usize>> = bash::read(text).commands.iter().filter_map(takes_back).collect();
    let mut out = Vec::new();
    for (at, _) in text.match_indices("--timeout") {
        let rest = &text[at + "--timeout".len()..];
        let Some(value) = rest.strip_prefix(['=', ' ']) else { continue };
        let start = at + "--timeout".len() + 1;
        let value = value.trim_start_matches('"');
        let start = start + usize::from(text[start..].starts_with('"'));
        let length = value.find(|ch: char| !ch.is_ascii_alphanumeric()).unwrap_or(value.len());
        if let Some(duration) = Duration::parse(&value[..length]) {
            out.push(Inner {
                span: script.span(start..start + length),
                limit: duration,
                twice: twice.iter().any(|range| range.contains(&at)),
            });
        }
    }
    out
}
