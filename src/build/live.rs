//! What the script of a runbook's page must know, as JSON: what each item waits and asks for, and the
//! values that texts and commands are filled with. Knows no HTML, and nothing of a run.
//!
//! Texts stand here as they are written, `${params.release}` and all: only the reader of the page knows
//! the values.

use super::cache::Cache;
use crate::diag::Diagnostics;
use crate::plan::{self, Packages};
use crate::runbook::{
    Approve, Block, Body, Capture, Components, Condition, Duration, Each, Item, ItemAction, Param, Part, Role, Runbook,
    Scalar, Select, Settings, Shell, Template, mark,
};
use crate::text::{SitePath, Spanned, World};
use serde_json::{Map, Value as Json, json};

/// What stands around the name of a value in a command of the page: characters that no writer uses, so
/// that a value is put in after the words were quoted, and quoted with them.
const HOLE: (char, char) = ('\u{e000}', '\u{e001}');

/// A block of any page.
pub(super) type Blocks<'a> = dyn Fn(SitePath, &str) -> Option<&'a Block> + 'a;

/// A text as it is written, from its parts.
pub(super) fn written(text: &Template) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) => text.replace("${", "$${"),
        Part::Hole(name) => format!("${{{}}}", name.value),
        Part::Open(_) => mark("?"),
    };
    text.parts.iter().map(part).collect()
}

/// The command of a block that is none itself, with its holes.
pub(super) fn command(block: &Block) -> Option<String> {
    let hole = |name: &str| format!("{}{name}{}", HOLE.0, HOLE.1);
    plan::command_of(block, &hole("step"), &hole)
}

/// A command as a page shows it where no value is known.
pub(super) fn marked(command: &str) -> String {
    let mut out = String::new();
    for (at, piece) in command.split(HOLE.0).enumerate() {
        match piece.split_once(HOLE.1).filter(|_| at > 0) {
            Some((name, rest)) => out.extend([mark(name).as_str(), rest]),
            None => out.push_str(piece),
        }
    }
    out
}

/// The packages of Release Please, where a runbook releases them.
pub(super) fn packages(cache: &Cache, world: &dyn World) -> Option<Packages> {
    let mut settings = cache.parsed.values().filter_map(|kept| kept.value.runbook.as_ref()?.settings.as_ref());
    let asked = settings.any(|settings| matches!(settings.components, Some(Components::ReleasePlease { .. })));
    // What is wrong with them is said where plans are judged.
    asked.then(|| plan::read_packages(world, &mut Diagnostics::new())).flatten()
}

/// What the page of a runbook tells its script. `every` is how long a review holds where the page does
/// not say.
pub(super) fn data(
    runbook: &Runbook,
    packages: Option<&Packages>,
    every: Option<&Duration>,
    blocks: &Blocks<'_>,
) -> Option<Json> {
    let settings = runbook.settings.as_ref()?;
    let mut items = Map::new();
    let mut used = Map::new();
    runbook.walk_placed(&mut |entry, path, _| {
        items.insert(path.to_owned(), item(entry, runbook, blocks, &mut used));
    });
    let vars = |vars: &[(Spanned<String>, Template)]| pairs(vars.iter());
    let environments: Map<String, Json> =
        settings.environments.iter().map(|env| (env.name.value.clone(), vars(&env.vars))).collect();
    let review = settings.review_every.as_ref().map(|every| &every.value).or(every);
    Some(json!({
        "id": settings.id.value,
        "source": runbook.path.as_str(),
        "title": settings.title.as_ref().map(written).or_else(|| runbook.title.as_ref().map(|title| title.replace("${", "$${"))),
        "mode": settings.mode.word(),
        "owners": settings.owners.len(),
        "reviewed": settings.reviewed.as_ref().map(|day| &day.value),
        "review_s": review.map(|every| every.seconds),
        "params": settings.params.iter().map(param).collect::<Vec<_>>(),
        "environments": environments,
        "components": components(settings, packages),
        "items": items,
        "blocks": used,
    }))
}

fn pairs<'a>(pairs: impl Iterator<Item = &'a (Spanned<String>, Template)>) -> Json {
    pairs.map(|(name, value)| json!([name.value, written(value)])).collect()
}

fn param(param: &Param) -> Json {
    let texts = |choices: &Vec<Spanned<Scalar>>| choices.iter().map(|choice| choice.value.text()).collect::<Vec<_>>();
    json!({
        "name": param.name.value,
        "type": param.kind.word(),
        "pattern": param.pattern.as_ref().map(|pattern| &pattern.value),
        "choices": param.choices.as_ref().map(texts),
        "min": param.min,
        "max": param.max,
        "default": param.default.as_ref().map(|default| default.value.text()),
    })
}

/// What may be released; `choose` where only a run finds out which of it is.
fn components(settings: &Settings, packages: Option<&Packages>) -> Option<Json> {
    let list: Vec<Json> = match settings.components.as_ref()? {
        Components::List(list) => {
            let optional = |text: &Option<Template>| text.as_ref().map(written);
            let component = |it: &crate::runbook::Component| {
                json!({
                    "name": written(&it.name),
                    "path": optional(&it.path).unwrap_or_else(|| written(&it.name)),
                    "from": optional(&it.from),
                    "to": written(&it.to),
                    "tag": optional(&it.tag),
                })
            };
            list.iter().map(component).collect()
        }
        Components::ReleasePlease { .. } => {
            let packages = packages?;
            let component = |it: &plan::Package| {
                let version =
                    packages.manifest.iter().find(|(path, ..)| *path == it.path).map(|(_, version, _)| version);
                json!({
                    "name": it.name,
                    "path": it.path,
                    "to": version,
                    "tag": version.map(|version| format!("{}{version}", it.tag_prefix)),
                })
            };
            packages.packages.iter().map(component).collect()
        }
    };
    let (choose, names) = match settings.components.as_ref()? {
        Components::ReleasePlease { select: Select::Changed, .. } => (true, None),
        Components::ReleasePlease { select: Select::Named(names), .. } => {
            (false, Some(names.iter().map(written).collect::<Vec<_>>()))
        }
        _ => (false, None),
    };
    Some(json!({ "list": list, "choose": choose, "names": names }))
}

fn item(item: &Item, runbook: &Runbook, blocks: &Blocks<'_>, used: &mut Map<String, Json>) -> Json {
    let mut out = Map::new();
    let mut add = |key: &str, value: Json| drop(out.insert(key.to_owned(), value));
    if let Some(env) = &item.env {
        add("env", json!(env.value));
    }
    if let Some(needs) = &item.needs {
        add("needs", needs.iter().map(|need| need.value.as_str()).collect());
    }
    if let Some(on) = &item.on {
        add("on", json!(on.value.word()));
    }
    if let Some(when) = &item.when {
        add("when", condition(&when.value));
    }
    if let Some(evidence) = &item.evidence {
        add("evidence", json!(evidence.value.word()));
    }
    if !item.capture.is_empty() {
        add("capture", item.capture.iter().map(capture).collect());
    }
    if let Some(time) = &item.not_before {
        add("not_before", json!(written(time)));
    }
    let mut block = |page: SitePath, id: &str, key: String| {
        let found = blocks(page, id)?;
        let role = found.role.as_ref().map(|role| role.value.word());
        used.entry(key.clone()).or_insert_with(|| block_data(found, page != runbook.path));
        Some((key, role))
    };
    let mut uses = |found: Option<(String, Option<&str>)>| {
        if let Some((key, role)) = found {
            add("block", json!(key));
            if let Some(role) = role {
                add("role", json!(role));
            }
        }
    };
    match &item.action {
        ItemAction::Manual => {}
        ItemAction::Step(id) => uses(block(runbook.path, &id.value, id.value.clone())),
        ItemAction::Use { target, with } => {
            if let Some((file, id)) = target.value.split_once('#') {
                uses(block(runbook.path.parent().join(file), id, target.value.clone()));
            }
            add("with", pairs(with.iter()));
        }
        ItemAction::Approve(approve) => add("approve", approval(approve)),
        ItemAction::Wait { duration, monitor, until } => {
            let watches = until.as_ref().map(|until| &until.block).or(monitor.as_ref());
            if let Some(id) = watches {
                uses(block(runbook.path, &id.value, id.value.clone()));
            }
            add("role", json!(Role::Monitor.word()));
            if until.is_none() {
                add("wait", json!(duration.value.seconds));
            }
        }
        ItemAction::Group(group) => {
            add("parallel", json!(group.parallel != 1));
            match &group.each {
                Some(Each::Component) => add("each", json!("component")),
                Some(Each::List { name, values }) => {
                    add("each", json!([name.value, values.iter().map(written).collect::<Vec<_>>()]));
                }
                None => {}
            }
            if group.each.is_some() && group.max_failures.as_ref().is_some_and(|max| max.value > 0) {
                add("tolerant", json!(true));
            }
        }
    }
    Json::Object(out)
}

/// A block that stands on another page brings its script along.
fn block_data(block: &Block, foreign: bool) -> Json {
    let command = command(block);
    let (shell, script) = match &block.body {
        Body::Script { shell, script, .. } => (shell.word(), Some(script.text()).filter(|_| foreign)),
        _ => (Shell::Bash.word(), None),
    };
    let mut out = json!({ "shell": shell });
    let optional = [
        ("command", command.map(Json::from)),
        ("script", script.map(Json::from)),
        ("env", Some(pairs(block.env.iter())).filter(|_| !block.env.is_empty())),
    ];
    for (key, value) in optional {
        if let Some(value) = value {
            out[key] = value;
        }
    }
    out
}

fn capture(capture: &Capture) -> Json {
    json!({
        "name": capture.name.value,
        "type": capture.kind.word(),
        "choices": capture.choices,
        "pattern": capture.pattern,
        "prompt": capture.prompt.as_ref().map(written),
    })
}

fn approval(approve: &Approve) -> Json {
    json!({
        "role": approve.role.as_ref().map(|role| &role.value),
        "users": approve.users.iter().flatten().map(|user| &user.value).collect::<Vec<_>>(),
        "min": approve.min,
        "forbid": approve.forbid.iter().map(|forbid| forbid.word()).collect::<Vec<_>>(),
    })
}

fn condition(it: &Condition) -> Json {
    match it {
        Condition::Is(name, value) => json!(["is", name, value]),
        Condition::In(name, values) => json!(["in", name, values]),
        Condition::Truth(name) => json!(["true", name]),
        Condition::Not(inner) => json!(["not", condition(inner)]),
        Condition::And(a, b) => json!(["and", condition(a), condition(b)]),
        Condition::Or(a, b) => json!(["or", condition(a), condition(b)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Span;

    #[test]
    fn a_text_is_written_as_it_was_read() {
        let span = Span::at_start(SitePath::new("a.md"));
        for text in ["deploy", "$${x} ${params.a}${env}", "${component.name}: $${", "a $ b"] {
            assert_eq!(written(&Template::new(text, span)), text);
        }
        assert_eq!(written(&Template::literal("${x}", span)), "$${x}");
    }

    #[test]
    fn a_command_without_values_shows_their_names() {
        let command = "helm '\u{e000}params.release\u{e001}-x' \u{e001}\u{e000}";
        assert_eq!(marked(command), "helm '‹release›-x' \u{e001}");
        assert_eq!(marked("\u{e001}a"), "\u{e001}a");
    }
}
