//! The list under `checklist:`.

use super::fields::{Fields, Reader, slug};
use super::keys;
use super::model::{
    Approve, BreakGlass, Capture, CaptureType, Duration, Each, Evidence, Forbid, Group, Item, ItemAction, On, Until,
};
use super::template::{Condition, Template};
use crate::diag::{Code, Diagnostic};
use crate::text::yaml::Node;
use crate::text::{Span, Spanned};
use std::collections::BTreeMap;

/// Groups inside groups go no deeper than this.
const MAX_DEPTH: usize = 8;

/// The keys of which an item has at most one.
const ACTIONS: [&str; 5] = ["step", "use", "approve", "wait", "group"];

/// Reads the items.
pub(super) fn extract_checklist(reader: &mut Reader<'_>, node: &Node) -> Vec<Item> {
    extract_items(reader, node, "checklist", 0)
}

fn extract_items(reader: &mut Reader<'_>, node: &Node, what: &str, depth: usize) -> Vec<Item> {
    let Some(nodes) = node.as_seq() else {
        reader.wrong(node.span, format!("`{what}` is {} where a list of items is expected", node.kind_name()));
        return Vec::new();
    };
    let items: Vec<Item> = nodes.iter().filter_map(|node| extract_item(reader, node, depth)).collect();
    unique_ids(reader, items)
}

/// An id that was written must be unique in its group; one that was derived gets a number.
fn unique_ids(reader: &mut Reader<'_>, items: Vec<Item>) -> Vec<Item> {
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    let mut out = Vec::new();
    for mut item in items {
        if let Some(first) = seen.get(&item.id) {
            if item.id_span != item.span {
                let what = if matches!(item.action, ItemAction::Group(_)) { "group" } else { "item" };
                let diagnostic = Diagnostic::new(
                    Code::RunbookDuplicateId,
                    item.id_span,
                    format!("{what} id `{}` is used twice", item.id),
                )
                .label(*first, "it is used here first")
                .help("give this one an `id` of its own");
                reader.diagnostics.push(diagnostic);
            }
            let base = item.id.clone();
            let free = (2..).find(|number| !seen.contains_key(&format!("{base}-{number}")));
            item.id = format!("{base}-{}", free.expect("some number is free"));
        }
        seen.insert(item.id.clone(), item.id_span);
        out.push(item);
    }
    out
}

fn extract_item(reader: &mut Reader<'_>, node: &Node, depth: usize) -> Option<Item> {
    if node.as_str().is_some() {
        // A bare text is the shortest manual item.
        let text = reader.template_of(node, "item")?;
        let id = slug(&text.text);
        let id = if id.is_empty() { "item".to_owned() } else { id };
        return Some(Item::new(id, node.span, Some(text), ItemAction::Manual));
    }
    let fields = reader.fields(node, "checklist item", keys::ITEM, Code::RunbookSchema)?;
    let text = reader.template(&fields, "text");
    let (action, named) = extract_action(reader, &fields, text.as_ref(), depth)?;
    let written = reader.text(&fields, "id");
    let named_span = named.as_ref().map_or(node.span, |named| named.span);
    let (id, id_span) = match written {
        Some(id) => {
            let fine = reader.check_id(&id, "item");
            (if fine { id.value } else { slug(&id.value) }, id.span)
        }
        None => (named.map_or(String::new(), |named| named.value), named_span),
    };
    let id = if id.is_empty() { "item".to_owned() } else { id };
    let evidence = reader.word(&fields, "evidence", Evidence::WORDS, Evidence::from_word);
    if let Some(wrong) = evidence.as_ref().filter(|evidence| !keeps(&action, evidence.value)) {
        let help = match &action {
            ItemAction::Manual => "write `none`, `note`, `url` or `file`",
            _ => "leave it out: the output of what runs is kept; ask a person in an item of its own",
        };
        let message = format!("`evidence: {}` means nothing here", wrong.value.word());
        reader.diagnostics.push(Diagnostic::new(Code::RunbookSchema, wrong.span, message).help(help));
    }
    let needs = fields.entry("needs").map(|_| reader.texts(&fields, "needs"));
    let when = reader.text(&fields, "when").and_then(|text| match Condition::parse(&text.value) {
        Ok(condition) => Some(Spanned::new(condition, text.span)),
        Err(why) => {
            reader.diagnostics.push(
                Diagnostic::new(Code::RunbookSchema, text.span, format!("`{}` is no condition", text.value))
                    .note(why)
                    .help("write `param == value`, `param in [a, b]`, `not param`, joined by `and` and `or`"),
            );
            None
        }
    });
    let capture = extract_capture(reader, &fields);
    if let Some((span, _)) = fields.entry("capture").filter(|_| action != ItemAction::Manual) {
        reader.wrong(span, "only an item that a person does can capture an answer");
    }
    let not_before = reader.template(&fields, "not_before");
    if let Some((span, _)) = fields.entry("not_before")
        && matches!(action, ItemAction::Manual | ItemAction::Approve(_))
    {
        reader.diagnostics.push(
            Diagnostic::new(Code::RunbookSchema, span, "`not_before` means nothing here: people act when they may")
                .help("give it to what a machine does after them, or to its group"),
        );
    }
    let (timeout, remind) = extract_patience(reader, &fields, &action);
    Some(Item {
        id,
        id_span,
        span: node.span,
        timeout,
        remind,
        not_before,
        action,
        env: reader.text(&fields, "env"),
        needs,
        on: reader.word(&fields, "on", On::WORDS, On::from_word),
        when,
        break_glass: extract_break_glass(reader, &fields),
        evidence,
        section: reader.text(&fields, "section"),
        capture,
        text,
    })
}

/// Reads how long people may take and how often they are reminded.
fn extract_patience(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    action: &ItemAction,
) -> (Option<Spanned<Duration>>, Option<Spanned<Duration>>) {
    let mut read = |key: &str, elsewhere: &str| {
        let (span, _) = fields.entry(key)?;
        if !matches!(action, ItemAction::Manual | ItemAction::Approve(_)) {
            let message = format!("`{key}` means nothing here: only people are waited for with one");
            reader.diagnostics.push(Diagnostic::new(Code::RunbookSchema, span, message).help(elsewhere));
            return None;
        }
        let length = reader.duration(fields, key)?;
        if length.value.seconds == 0 {
            reader.wrong(length.span, format!("`{key}` is at least a second"));
            return None;
        }
        Some(length)
    };
    let timeout = read("timeout", "a block has its own `timeout`, in its header");
    let remind = read("remind", "what a machine does needs no reminder");
    if let (Some(timeout), Some(remind)) = (&timeout, &remind)
        && remind.value.seconds >= timeout.value.seconds
    {
        reader.wrong(remind.span, format!("nobody is reminded before the time is over, after {}", timeout.value.text));
    }
    (timeout, remind)
}

/// Whether a kind of evidence can be asked for: a person's of a person, the output of what runs.
fn keeps(action: &ItemAction, evidence: Evidence) -> bool {
    match action {
        ItemAction::Manual => evidence != Evidence::Output,
        ItemAction::Step(_) | ItemAction::Wait { .. } => matches!(evidence, Evidence::None | Evidence::Output),
        ItemAction::Use { target, .. } => {
            target.value.contains('#') && matches!(evidence, Evidence::None | Evidence::Output)
        }
        ItemAction::Approve(_) | ItemAction::Group(_) => false,
    }
}

/// Returns what the item asks for, and the text that its id is derived from.
fn extract_action(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    text: Option<&Template>,
    depth: usize,
) -> Option<(ItemAction, Option<Spanned<String>>)> {
    let given: Vec<(&str, Span)> =
        fields.keys().filter(|(key, ..)| ACTIONS.contains(key)).map(|(key, span, _)| (key, span)).collect();
    if let [first, second, ..] = given.as_slice() {
        let message = format!("an item has one of `{}` and `{}`, not both", first.0, second.0);
        reader
            .diagnostics
            .push(Diagnostic::new(Code::RunbookSchema, second.1, message).label(first.1, "the first one"));
    }
    let action = given.first().map_or("", |(key, _)| *key);
    let belongs: &[(&str, &[&str])] = &[
        ("with", &["use"]),
        ("monitor", &["wait"]),
        ("items", &["group"]),
        ("each", &["group"]),
        ("parallel", &["group"]),
        ("max_failures", &["group"]),
    ];
    for (key, owners) in belongs {
        if let Some((span, _)) = fields.entry(key)
            && !owners.contains(&action)
        {
            reader.wrong(span, format!("`{key}` means nothing without `{}`", owners[0]));
        }
    }
    let from_text = || text.map(|text| Spanned::new(slug(&text.text), text.span));
    match action {
        "" => {
            if text.is_none() {
                let message = "this item asks for nothing";
                reader.diagnostics.push(
                    Diagnostic::new(Code::RunbookSchema, fields.span, message)
                        .help("give it a `text`, or one of `step`, `use`, `approve`, `wait` and `group`"),
                );
                return None;
            }
            // The derived id has the item's own place: it may repeat.
            Some((ItemAction::Manual, from_text().map(|id| Spanned::new(id.value, fields.span))))
        }
        "step" => {
            let step = reader.text(fields, "step")?;
            Some((ItemAction::Step(step.clone()), Some(step)))
        }
        "use" => {
            let target = reader.text(fields, "use")?;
            let name = match target.value.split_once('#') {
                Some((_, block)) => block.to_owned(),
                None => slug(target.value.rsplit('/').next().unwrap_or_default().trim_end_matches(".md")),
            };
            let with = match fields.get("with").and_then(|node| reader.mapping(node, "with")) {
                None => Vec::new(),
                Some(values) => {
                    let pairs: Vec<(Spanned<String>, &Node)> =
                        values.keys().map(|(name, span, node)| (Spanned::new(name.to_owned(), span), node)).collect();
                    let mut with = Vec::new();
                    for (name, node) in pairs {
                        with.extend(reader.template_of(node, "with").map(|value| (name, value)));
                    }
                    with
                }
            };
            let name = Spanned::new(name, target.span);
            Some((ItemAction::Use { target, with }, Some(name)))
        }
        "approve" => {
            let (key, node) = fields.entry("approve")?;
            let approve = extract_approve(reader, node, key)?;
            Some((ItemAction::Approve(approve), from_text().or(Some(Spanned::new("approve".to_owned(), fields.span)))))
        }
        "wait" => {
            let until = fields.get("wait").filter(|node| node.as_map().is_some());
            let (duration, until) = match until {
                Some(node) => {
                    let (duration, until) = extract_until(reader, node)?;
                    (duration, Some(until))
                }
                None => (reader.duration(fields, "wait")?, None),
            };
            if let Some((span, _)) = fields.entry("monitor").filter(|_| until.is_some()) {
                reader.wrong(span, "what waits `until` a block passes has no `monitor`");
            }
            let monitor = reader.text(fields, "monitor");
            let id = from_text().or(Some(Spanned::new("wait".to_owned(), fields.span)));
            Some((ItemAction::Wait { duration, monitor, until }, id))
        }
        _ => {
            let title = reader.template(fields, "group")?;
            let id = Spanned::new(slug(&title.text), title.span);
            if depth >= MAX_DEPTH {
                reader.wrong(title.span, format!("groups stand inside each other more than {MAX_DEPTH} deep"));
                return None;
            }
            let each = fields.get("each").and_then(|node| extract_each(reader, node));
            let parallel = match fields.get("parallel") {
                None => 1,
                Some(node) => match (node.as_bool(), node.as_int()) {
                    (Some(true), _) => 0,
                    (Some(false), _) => 1,
                    (_, Some(number)) if (1..=1000).contains(&number) => u32::try_from(number).unwrap_or(1),
                    _ => {
                        reader.wrong(node.span, "`parallel` is true, false, or how many may run at once");
                        1
                    }
                },
            };
            let max_failures = reader.int(fields, "max_failures", 0).and_then(|number| {
                let (span, node) = fields.entry("max_failures")?;
                if parallel == 1 && each.is_none() {
                    reader.wrong(span, "`max_failures` means nothing in a group in sequence: what fails ends it");
                    return None;
                }
                Some(Spanned::new(u32::try_from(number).unwrap_or(u32::MAX), node.span))
            });
            let items = match fields.entry("items") {
                Some((_, node)) => extract_items(reader, node, "items", depth + 1),
                None => {
                    reader.wrong(title.span, format!("group `{}` has no `items`", title.text));
                    Vec::new()
                }
            };
            Some((ItemAction::Group(Group { title, each, parallel, max_failures, items }), Some(id)))
        }
    }
}

fn extract_until(reader: &mut Reader<'_>, node: &Node) -> Option<(Spanned<Duration>, Until)> {
    let fields = reader.fields(node, "wait", keys::WAIT, Code::RunbookSchema)?;
    let block = reader.text(&fields, "until");
    let within = reader.duration(&fields, "within");
    for (key, missing) in [("until", block.is_none()), ("within", within.is_none())] {
        if missing && fields.get(key).is_none() {
            reader.wrong(node.span, format!("`wait` has no `{key}`"));
        }
    }
    let every = reader.duration(&fields, "every");
    let thirty = Duration { text: "30s".to_owned(), seconds: 30 };
    let every = every.map_or(thirty, |every| every.value);
    if every.seconds == 0 {
        reader.wrong(node.span, "`every` is at least a second");
    }
    Some((within?, Until { block: block?, every }))
}

fn extract_capture(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Vec<Capture> {
    let Some(answers) = fields.get("capture").and_then(|node| reader.mapping(node, "capture")) else {
        return Vec::new();
    };
    let mut out: Vec<Capture> = Vec::new();
    for (name, span, node) in answers.keys() {
        let name = Spanned::new(name.to_owned(), span);
        let fine = name.value.starts_with(|ch: char| ch.is_ascii_lowercase())
            && name.value.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !fine || out.iter().any(|other| other.name.value == name.value) {
            reader.wrong(span, format!("`{}` is no name for an answer, or it is there twice", name.value));
            continue;
        }
        out.extend(extract_answer(reader, name, node));
    }
    out
}

fn extract_answer(reader: &mut Reader<'_>, name: Spanned<String>, node: &Node) -> Option<Capture> {
    if node.as_map().is_none() {
        let word = reader.text_of(node, "capture")?;
        let Some(kind) = CaptureType::from_word(&word.value).filter(|kind| *kind != CaptureType::Choice) else {
            reader.wrong(
                word.span,
                format!("`{}` is no sort of answer: write `text`, `url` or `{{choices: […]}}`", word.value),
            );
            return None;
        };
        return Some(Capture { name, kind, choices: Vec::new(), pattern: None, prompt: None });
    }
    let what = format!("capture.{}", name.value);
    let fields = reader.fields(node, &what, keys::CAPTURE, Code::RunbookSchema)?;
    let choices: Vec<String> = reader.texts(&fields, "choices").into_iter().map(|text| text.value).collect();
    let stated = reader.word(&fields, "type", CaptureType::WORDS, CaptureType::from_word);
    let kind =
        stated.map_or(if choices.is_empty() { CaptureType::Text } else { CaptureType::Choice }, |kind| kind.value);
    if (kind == CaptureType::Choice) == choices.is_empty() {
        reader.wrong(name.span, format!("`{}` is a choice without `choices`, or the reverse", name.value));
    }
    let pattern = reader.verbatim(&fields, "pattern").filter(|pattern| {
        let fine = regex::Regex::new(&pattern.value).is_ok();
        if !fine {
            reader.wrong(pattern.span, format!("the pattern of `{}` is no regular expression", name.value));
        }
        fine
    });
    let prompt = reader.template(&fields, "prompt");
    Some(Capture { name, kind, choices, pattern: pattern.map(|pattern| pattern.value), prompt })
}

fn extract_each(reader: &mut Reader<'_>, node: &Node) -> Option<Each> {
    if node.as_map().is_none() {
        let each = reader.text_of(node, "each")?;
        if each.value == "component" {
            return Some(Each::Component);
        }
        let message = format!("`{}` is nothing that a group can be repeated for", each.value);
        let help = "write `each: component`, or `each: {host: [a, b]}`, or `each: {host: \"${params.hosts}\"}`";
        reader.diagnostics.push(Diagnostic::new(Code::RunbookSchema, each.span, message).help(help));
        return None;
    }
    let fields = reader.mapping(node, "each")?;
    let keys: Vec<(String, Span)> = fields.keys().map(|(name, span, _)| (name.to_owned(), span)).collect();
    let [(name, span)] = keys.as_slice() else {
        reader.wrong(node.span, "`each` names one list: `each: {host: [a, b]}`");
        return None;
    };
    let name = Spanned::new(name.clone(), *span);
    if !reader.check_id(&name, "`each`") {
        return None;
    }
    if name.value == "component" {
        reader.wrong(*span, "components are those of the runbook: write `each: component`");
        return None;
    }
    let values = reader.templates(&fields, &name.value);
    if values.is_empty() {
        reader.wrong(*span, format!("`each` has no list for `{}`", name.value));
        return None;
    }
    Some(Each::List { name, values })
}

fn extract_approve(reader: &mut Reader<'_>, node: &Node, key: Span) -> Option<Approve> {
    if node.is_null() {
        reader.wrong(key, "`approve` does not say who");
        return None;
    }
    let fields = reader.fields(node, "approve", keys::APPROVE, Code::RunbookSchema)?;
    let role = reader.text(&fields, "role");
    let users = fields.get("users").map(|_| reader.texts(&fields, "users"));
    let min = reader.int(&fields, "min", 1).unwrap_or(1);
    if role.is_none() && users.as_ref().is_none_or(Vec::is_empty) {
        let message = "`approve` does not say who";
        reader.diagnostics.push(Diagnostic::new(Code::RunbookSchema, key, message).help("name a `role`, or `users`"));
    }
    if let Some(users) = &users
        && role.is_none()
        && (users.len() as i64) < min
    {
        reader.wrong(key, format!("{min} people must approve, and {} are named", users.len()));
    }
    let forbid = reader.words(&fields, "forbid", Forbid::WORDS, Forbid::from_word, "is nobody whom `forbid` knows");
    Some(Approve {
        span: node.span,
        role,
        users,
        min: u32::try_from(min).unwrap_or(u32::MAX),
        forbid,
        expires: reader.duration(&fields, "expires").map(|duration| duration.value),
    })
}

fn extract_break_glass(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<BreakGlass> {
    let node = fields.get("break_glass")?;
    let fields = reader.fields(node, "break_glass", keys::BREAK_GLASS, Code::RunbookSchema)?;
    match reader.text(&fields, "reason") {
        Some(reason) if reason.value != "required" => {
            reader.diagnostics.push(
                Diagnostic::new(Code::RunbookSchema, reason.span, "`reason` of `break_glass` is always `required`")
                    .note("the reason is given when the glass is broken, not when the runbook is written"),
            );
        }
        Some(_) => {}
        None => reader.wrong(node.span, "`break_glass` needs `reason: required`"),
    }
    Some(BreakGlass {
        span: node.span,
        review_within: reader.duration(&fields, "review_within").map(|duration| duration.value),
    })
}
