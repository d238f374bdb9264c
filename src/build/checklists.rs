//! Runbooks as their pages show them: the checklist, and a card for each step.

use super::cache::Cache;
use super::live;
use crate::markdown::{Node, Parsed};
use crate::plan::{self, Binding, Facts, Lowered, show};
use crate::render::theme::view::{EnvironmentView, HookView, ItemView, PageRef, ParamView, RunbookView, StepView};
use crate::runbook::{
    Block, Capture, Changes, Each, Item, ItemAction, OnFailure, Param, ParamType, Rollback, Runbook, Scalar, Template,
};
use crate::site::{PageRoute, Site};
use crate::text::{SitePath, Span, World};
use std::collections::{BTreeMap, BTreeSet};

/// Which pages' checklists use a block: by page and id of the block.
pub(super) type Users = BTreeMap<(SitePath, String), BTreeSet<SitePath>>;

/// Gives each block that is a step the id `step-…`, so that its card and links can find it, and lets
/// links name the steps and the items of the checklist.
pub(super) fn mark_steps(parsed: &mut Parsed, runbook: &Runbook) {
    let ids: BTreeMap<Span, &str> = runbook.blocks.iter().map(|block| (block.span, block.id.value.as_str())).collect();
    mark(&mut parsed.document.body, &ids);
    for (anchor, span) in runbook.anchors() {
        parsed.facts.anchors.entry(anchor).or_insert(span);
    }
}

pub(super) fn anchor(id: &str) -> String {
    format!("step-{id}")
}

fn mark(nodes: &mut [Node], ids: &BTreeMap<Span, &str>) {
    for node in nodes {
        match node {
            Node::Code(code) => {
                if let Some(id) = ids.get(&code.span) {
                    code.attrs.set("id", anchor(id));
                }
            }
            Node::Element(element) => mark(&mut element.children, ids),
            _ => {}
        }
    }
}

/// Finds out who uses whose blocks.
pub(super) fn users<'a>(runbooks: impl Iterator<Item = (SitePath, &'a Runbook)>) -> Users {
    let mut users = Users::new();
    for (page, runbook) in runbooks {
        runbook.walk_items(&mut |item| {
            if let ItemAction::Use { target, .. } = &item.action
                && let Some((file, id)) = target.value.split_once('#')
            {
                users.entry((page.parent().join(file), id.to_owned())).or_default().insert(page);
            }
        });
    }
    users
}

/// Text as the page shows it: a value that only a run has stands as its mark, the environment as itself.
fn shown(text: &Template, env: Option<&str>) -> String {
    text.fill(&mut |name| env.filter(|_| name.value == "env").map(str::to_owned))
}

/// The graphs of all runbooks that have a plan: each step leads to its block where that stands on the
/// page, else to its item.
pub(super) fn graphs(cache: &Cache, world: &dyn World) -> BTreeMap<SitePath, String> {
    if cache.parsed.values().all(|kept| kept.value.runbook.as_ref().is_none_or(|it| it.settings.is_none())) {
        return BTreeMap::new();
    }
    let library = super::runbooks::library_of(cache, world);
    let graph = |(path, page): (SitePath, &crate::plan::Page)| {
        let runbook = page.runbook.as_ref().filter(|runbook| runbook.settings.is_some())?;
        let (lowered, _) = plan::lower(path, &library, Binding::Template, &Facts::default(), world);
        let lowered = lowered.filter(|lowered| !lowered.plan.steps.is_empty())?;
        Some((path, picture(path, runbook, &lowered)))
    };
    library.pages().filter_map(graph).collect()
}

fn picture(page: SitePath, runbook: &Runbook, lowered: &Lowered) -> String {
    let mut anchors: BTreeMap<Span, String> = BTreeMap::new();
    for (anchor, span) in runbook.anchors() {
        anchors.entry(span).or_insert(anchor);
    }
    let place = lowered.plan.steps.iter().zip(&lowered.places);
    let links: BTreeMap<&str, &String> = place
        .filter_map(|(step, place)| {
            let block = place.block.filter(|_| place.block_page == page).map(|(span, _)| span);
            let anchor = block.and_then(|span| anchors.get(&span)).or_else(|| anchors.get(&place.item))?;
            Some((step.id.as_str(), anchor))
        })
        .collect();
    show::svg(&lowered.plan, &|step| links.get(step.id.as_str()).map(|anchor| format!("#{anchor}")))
}

/// The runbook as its page shows it; `None` for a page that only lends blocks to others.
pub(super) fn view(
    runbook: &Runbook,
    route: &PageRoute,
    site: &Site,
    users: &Users,
    graph_svg: Option<&String>,
    live: serde_json::Value,
) -> Option<RunbookView> {
    let settings = runbook.settings.as_ref()?;
    let text = |value: &crate::text::Spanned<String>| value.value.clone();
    Some(RunbookView {
        id: text(&settings.id),
        title: settings.title.as_ref().map(Template::shown),
        ticket: settings.ticket.as_ref().map(Template::shown),
        kind: settings.kind.value.word().to_owned(),
        mode: settings.mode.word().to_owned(),
        owners: settings.owners.iter().map(text).collect(),
        reviewed: settings.reviewed.as_ref().map(text),
        review_every: settings.review_every.as_ref().map(|every| every.value.text.clone()),
        environments: settings
            .environments
            .iter()
            .map(|env| EnvironmentView {
                name: text(&env.name),
                tier: env.tier,
                after: env.after.as_ref().map(text),
                changes: env.changes.as_ref().map(changes),
            })
            .collect(),
        params: settings.params.iter().map(param).collect(),
        secrets: settings.secrets.iter().map(text).collect(),
        notify: settings
            .notify
            .iter()
            .map(|hook| HookView {
                on: hook.on.iter().map(|on| on.word().to_owned()).collect(),
                block: block_reference(&hook.block.value, route, site),
            })
            .collect(),
        prelude: settings.prelude.as_ref().map(|prelude| block_reference(&prelude.value, route, site)),
        items: items(runbook, route, site),
        live,
        steps: runbook.blocks.iter().map(|block| step(block, runbook, route, site, users)).collect(),
        on_failure: settings.on_failure.as_ref().and_then(|failure| on_failure(failure, route, site)),
        graph_svg: graph_svg.cloned(),
    })
}

/// When an environment may be changed, in a line.
fn changes(changes: &Changes) -> String {
    let windows = changes.windows.iter().map(|window| {
        let days: Vec<&str> = window.days.iter().map(|day| day.word()).collect();
        format!("{} {}–{}", days.join(" "), window.from, window.to).trim().to_owned()
    });
    let freezes = changes.freezes.iter().map(|freeze| format!("❄ {}–{}", freeze.from, freeze.to));
    let zone = changes.zone.as_ref().map_or("UTC", |zone| zone.value.as_str());
    format!("{} ({zone})", windows.chain(freezes).collect::<Vec<_>>().join(", "))
}

fn on_failure(failure: &OnFailure, route: &PageRoute, site: &Site) -> Option<PageRef> {
    reference(&failure.then.as_ref()?.value, route, site)
}

/// What a link of a page to a page leads to, from the site's root. Text for itself where there is no
/// such page.
fn reference(target: &str, route: &PageRoute, site: &Site) -> Option<PageRef> {
    let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() { route.path } else { route.path.parent().join(file) };
    let page = site.pages.get(&path)?;
    let url = if fragment.is_empty() { page.url.clone() } else { format!("{}#{fragment}", page.url) };
    Some(PageRef { title: super::views::text_of_html(&page.title), url })
}

/// A block of this page by its id, or of another as `path.md#id`.
fn block_reference(target: &str, route: &PageRoute, site: &Site) -> PageRef {
    match target.split_once('#') {
        Some((file, id)) => {
            let found = reference(&format!("{file}#{}", anchor(id)), route, site);
            PageRef { title: target.to_owned(), url: found.map(|page| page.url).unwrap_or_default() }
        }
        None => PageRef { title: target.to_owned(), url: format!("#{}", anchor(target)) },
    }
}

fn param(param: &Param) -> ParamView {
    let shown = |value: &Scalar| match value {
        Scalar::Text(text) => text.clone(),
        Scalar::Int(number) => number.to_string(),
        Scalar::Bool(value) => value.to_string(),
        Scalar::List(words) => words.join(", "),
    };
    let mut kind = match (&param.kind, &param.choices) {
        (ParamType::Choice, Some(choices)) => {
            let choices: Vec<String> = choices.iter().map(|choice| shown(&choice.value)).collect();
            format!("one of {}", choices.join(", "))
        }
        (kind, _) => kind.word().to_owned(),
    };
    if let Some(pattern) = &param.pattern {
        kind += &format!(" /{}/", pattern.value);
    }
    match (param.min, param.max) {
        (Some(min), Some(max)) => kind += &format!(" {min}–{max}"),
        (Some(min), None) => kind += &format!(" from {min}"),
        (None, Some(max)) => kind += &format!(" up to {max}"),
        (None, None) => {}
    }
    ParamView {
        name: param.name.value.clone(),
        kind,
        default: param.default.as_ref().map(|value| shown(&value.value)),
        prompt: param.prompt.clone(),
    }
}

/// The text as it is written, where the page cannot know all of it.
fn raw(text: &Template) -> Option<String> {
    text.holes().next().map(|_| live::written(text))
}

/// The checklist in a row: each group before its items, the last of which says that it ends.
fn items(runbook: &Runbook, route: &PageRoute, site: &Site) -> Vec<ItemView> {
    let mut out = Vec::new();
    add_items(&runbook.checklist, "", None, &|entry, env| item(entry, env, runbook, route, site), &mut out);
    out
}

fn add_items(
    entries: &[Item],
    before: &str,
    env: Option<&str>,
    view: &dyn Fn(&Item, Option<&str>) -> ItemView,
    out: &mut Vec<ItemView>,
) {
    for entry in entries {
        let id = format!("{before}{}", entry.id);
        let env = entry.env.as_ref().map(|env| env.value.as_str()).or(env);
        out.push(ItemView { id: id.clone(), ..view(entry, env) });
        if let ItemAction::Group(group) = &entry.action {
            add_items(&group.items, &format!("{id}."), env, view, out);
            out.last_mut().expect("the group itself is there").closes += 1;
        }
    }
}

/// `env` is its own, or that of the group around it.
fn item(item: &Item, env: Option<&str>, runbook: &Runbook, route: &PageRoute, site: &Site) -> ItemView {
    let title_of = |id: &str| runbook.block(id).map_or_else(|| id.to_owned(), |block| shown(&block.title, env));
    let section = item.section.as_ref().and_then(|section| {
        let target = &section.value;
        if target.starts_with('#') { Some(target.clone()) } else { reference(target, route, site).map(|page| page.url) }
    });
    let (kind, default_text, url, mut detail) = match &item.action {
        ItemAction::Manual => ("manual", item.id.clone(), section, None),
        ItemAction::Step(id) => ("step", title_of(&id.value), Some(format!("#{}", anchor(&id.value))), None),
        ItemAction::Use { target, .. } => {
            let to = if target.value.contains('#') {
                Some(block_reference(&target.value, route, site))
            } else {
                reference(&target.value, route, site)
            };
            let url = to.as_ref().map(|page| page.url.clone()).filter(|url| !url.is_empty());
            let text = to.map_or_else(|| target.value.clone(), |page| page.title);
            ("use", text, url, None)
        }
        ItemAction::Approve(approve) => {
            let who = match (&approve.role, &approve.users) {
                (Some(role), _) => role.value.clone(),
                (None, Some(users)) => users.iter().map(|user| user.value.as_str()).collect::<Vec<_>>().join(", "),
                (None, None) => "anyone".to_owned(),
            };
            let who = if approve.min > 1 { format!("{} × {who}", approve.min) } else { who };
            ("approve", format!("Approval by {who}"), section, Some(who))
        }
        ItemAction::Wait { duration, until: Some(until), .. } => {
            let url = Some(format!("#{}", anchor(&until.block.value)));
            let length = format!("≤ {}", duration.value.text);
            ("wait", format!("Wait until {}", title_of(&until.block.value)), url, Some(length))
        }
        ItemAction::Wait { duration, monitor, .. } => {
            let url = monitor.as_ref().map(|monitor| format!("#{}", anchor(&monitor.value)));
            let length = duration.value.text.clone();
            ("wait", format!("Wait {length}"), url.or(section), Some(length))
        }
        ItemAction::Group(group) => ("group", shown(&group.title, env), section, None),
    };
    if !item.capture.is_empty() {
        let answer = |answer: &Capture| match answer.choices.as_slice() {
            [] => answer.name.value.clone(),
            choices => format!("{}: {}", answer.name.value, choices.join(" / ")),
        };
        detail = Some(item.capture.iter().map(answer).collect::<Vec<_>>().join(", "));
    }
    if let Some(evidence) = &item.evidence {
        detail = Some(format!("evidence: {}", evidence.value.word()));
    }
    let not_before = item.not_before.as_ref().map(|time| shown(time, env));
    if let Some(time) = &not_before {
        detail = Some(format!("≥ {time}"));
    }
    if let Some(limit) = &item.timeout {
        let within = format!("≤ {}", limit.value.text);
        detail = Some(detail.map_or(within.clone(), |detail| format!("{detail}, {within}")));
    }
    let group = if let ItemAction::Group(group) = &item.action { Some(group) } else { None };
    let text = item.text.as_ref().or(group.map(|group| &group.title)).or_else(|| match &item.action {
        ItemAction::Step(id) => runbook.block(&id.value).map(|block| &block.title),
        _ => None,
    });
    ItemView {
        raw: text.and_then(raw),
        text: item.text.as_ref().map_or(default_text, |text| shown(text, env)),
        kind: kind.to_owned(),
        url,
        env: item.env.as_ref().map(|env| env.value.clone()),
        detail,
        needs: item.needs.iter().flatten().map(|need| need.value.clone()).collect(),
        when: item.when.as_ref().map(|when| when.value.to_string()),
        each: group.and_then(|group| group.each.as_ref()).map(|each| match each {
            Each::Component => "component".to_owned(),
            Each::List { name, .. } => name.value.clone(),
        }),
        parallel: group.is_some_and(|group| group.parallel != 1),
        max_failures: group.and_then(|group| group.max_failures.as_ref()).map(|max| max.value),
        not_before,
        ..ItemView::default()
    }
}

fn step(block: &Block, runbook: &Runbook, route: &PageRoute, site: &Site, users: &Users) -> StepView {
    let id = &block.id.value;
    let used = |item: &Item| match &item.action {
        ItemAction::Step(step) => step.value == *id,
        ItemAction::Wait { monitor, until, .. } => {
            monitor.iter().chain(until.iter().map(|until| &until.block)).any(|block| block.value == *id)
        }
        _ => false,
    };
    let mut env = BTreeSet::new();
    runbook.walk_placed(&mut |item, _, of| {
        if used(item) {
            env.extend(of.map(str::to_owned));
        }
    });
    let pages = users.get(&(route.path, id.clone())).into_iter().flatten();
    StepView {
        id: id.clone(),
        title: if block.title.text == *id { String::new() } else { block.title.shown() },
        raw: raw(&block.title),
        command: live::command(block).map(|command| live::marked(&command)),
        role: block.role.as_ref().map_or("", |role| role.value.word()).to_owned(),
        impact: block.impact.as_ref().map_or("", |impact| impact.value.word()).to_owned(),
        env: env.into_iter().collect(),
        timeout: block.timeout.as_ref().map(|timeout| timeout.value.text.clone()),
        rollback: block.rollback.as_ref().map(|rollback| match rollback {
            Rollback::Block(target) => block_reference(&target.value, route, site),
            Rollback::Helm => PageRef { title: "helm rollback".to_owned(), url: String::new() },
            Rollback::None(why) => PageRef { title: format!("none: {}", why.shown()), url: String::new() },
        }),
        verify: block.verify.as_ref().map(|target| block_reference(&target.value, route, site)),
        secrets: block.secrets.iter().map(|secret| secret.value.clone()).collect(),
        used_by: pages
            .filter_map(|path| site.pages.get(path))
            .map(|route| PageRef { title: super::views::text_of_html(&route.title), url: route.url.clone() })
            .collect(),
    }
}
