//! A runbook becomes a plan: total and deterministic, without clock, host or absolute path.
//!
//! In: the pages as a [`Library`], parameter values, and facts of the repository. Out: a sealed
//! [`Plan`] and the place of every step, or diagnostics. First the checklist is unrolled into a tree
//! of nodes (`expand.rs`), then the tree gives the edges (`edges.rs`), then the order.

use super::components::{Facts, bind_components};
use super::edges;
use super::expand::{Asked, Expansion, Proto, Scope};
use super::library::Library;
use super::links::find_place;
use super::machine::guard;
use super::machine::vanish::{self, Left};
use super::model::{
    Changes, Environment, FORMAT, Freeze, Need, OnFailure, Plan, PlanSource, SourceFile, Stage, Step, Window,
};
use super::outputs::{Outputs, output_variable};
use super::params::{bind_params, check_defaults, to_model, variable};
use super::{graph, window, words};
use crate::diag::{Code, Diagnostic, Diagnostics, nearest};
use crate::runbook::{Components, Condition, OUTPUTS, Runbook, Scalar, Select, Settings, Template, mark};
use crate::text::{SitePath, Source, Span, World};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// How much is known when a plan is made.
#[derive(Clone, Copy, Debug)]
pub enum Binding<'a> {
    /// Nothing: the template that lints read.
    Template,
    /// The parameters' values as texts.
    Bound(&'a BTreeMap<String, String>),
}

/// A plan and where its parts stand.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// The plan, sealed.
    pub plan: Plan,
    /// Of each step, in the order of `plan.steps`.
    pub places: Vec<Place>,
    /// Of a template, the guards that some parameters or answers would take out alone (RB105). Of a bound
    /// plan they are errors.
    pub vanishing: Diagnostics,
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The checklist item.
    pub item: Span,
    /// The text of the item that names the step: its `step`, `use`, `id` or `text`.
    pub name: Span,
    /// The block, with its id's place.
    pub block: Option<(Span, Span)>,
    /// The page whose checklist the item stands in.
    pub page: SitePath,
    /// The page of the block.
    pub block_page: SitePath,
}

/// Lowers the runbook of a page. Errors are diagnostics; a plan that came with errors is good for
/// further questions, and must not be executed. `None` where there is no order to speak of.
pub fn lower(
    entry: SitePath,
    library: &Library,
    binding: Binding<'_>,
    facts: &Facts,
    world: &dyn World,
) -> (Option<Lowered>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let Some((runbook, settings)) = runbook_of(entry, library, &mut diagnostics) else {
        return (None, diagnostics);
    };
    let template = matches!(binding, Binding::Template);
    let values = match binding {
        Binding::Template => {
            check_defaults(&settings.params, &mut diagnostics);
            BTreeMap::new()
        }
        Binding::Bound(given) => bind_params(&settings.params, given, &mut diagnostics),
    };
    let texts: BTreeMap<String, String> = if template {
        settings.params.iter().map(|param| (param.name.value.clone(), mark(&param.name.value))).collect()
    } else {
        // What has no value was reported; what it leaves behind is not reported again.
        let value = |name: &String| values.get(name).map_or_else(|| mark(name), Scalar::text);
        settings.params.iter().map(|param| (param.name.value.clone(), value(&param.name.value))).collect()
    };
    let mut files: Vec<SourceFile> = Vec::new();
    let components = match &settings.components {
        Some(Components::ReleasePlease { select, .. }) if template => {
            let mut holes = Vec::new();
            if let Select::Named(names) = select {
                names.iter().for_each(|name| drop(resolve_params(name, &texts, &BTreeMap::new(), &mut holes)));
            }
            diagnostics.extend(holes);
            Vec::new()
        }
        Some(declared) => {
            let mut holes = Vec::new();
            let mut resolve =
                |text: &Template, own: &BTreeMap<&str, String>| resolve_params(text, &texts, own, &mut holes);
            let found = bind_components(declared, facts, world, &mut resolve, &mut files, &mut diagnostics);
            diagnostics.extend(holes);
            if template { Vec::new() } else { found }
        }
        None => Vec::new(),
    };
    let mut vars: BTreeMap<String, String> =
        texts.iter().map(|(name, value)| (variable(name), value.clone())).collect();
    if settings.components.is_some() {
        let join = |part: fn(&super::model::Component) -> &str| {
            if template { mark("components") } else { components.iter().map(part).collect::<Vec<_>>().join(" ") }
        };
        vars.insert("COMPONENTS".to_owned(), join(|component| &component.name));
        vars.insert("CHART_PATHS".to_owned(), join(|component| &component.path));
    }
    let mut environments = BTreeMap::new();
    add_environments(settings, &texts, &mut environments, &mut diagnostics);

    let own = BTreeMap::from([("runbook.id", settings.id.value.clone())]);
    let mut holes = Vec::new();
    let mut named = |text: &Option<Template>| {
        let text = resolve_params(text.as_ref()?, &texts, &own, &mut holes);
        Some(text.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|text| !text.is_empty())
    };
    let (title, ticket) = (named(&settings.title).or_else(|| runbook.title.clone()), named(&settings.ticket));
    diagnostics.extend(holes);

    let texts = Rc::new(texts);
    let unroll = |whole: bool, diagnostics: Diagnostics| {
        let (components, vars, environments) = (components.clone(), vars.clone(), environments.clone());
        let mut expansion = Expansion::new(library, template, whole, components, vars, environments, diagnostics);
        expansion.secrets.extend(settings.secrets.iter().map(|secret| secret.value.clone()));
        let root = expansion.root();
        let scope = Scope {
            page: entry,
            prefix: String::new(),
            parent: root,
            env: None,
            break_glass: None,
            not_before: None,
            component: None,
            each: Rc::new(BTreeMap::new()),
            within: Rc::new(BTreeMap::new()),
            conditions: Vec::new(),
            vanishes: Vec::new(),
            values: Rc::clone(&texts),
            vars: Rc::new(BTreeMap::new()),
            group: None,
            stack: Rc::new(vec![entry]),
            settings_id: settings.id.value.clone(),
        };
        expansion.items(&runbook.checklist, &scope);
        (expansion, scope)
    };
    let (mut expansion, scope) = unroll(false, diagnostics);
    let took_out = expansion.took_out;
    expansion.pages.insert(entry);
    let notify = expansion.hooks(settings, &scope);
    let on_failure = settings.on_failure.as_ref().map(|declared| OnFailure {
        rollback: words::rollback_policy(declared.rollback),
        scope: words::rollback_scope(declared.scope),
        then: declared.then.as_ref().and_then(|then| match find_place(library, entry, then) {
            Ok(place) => Some(place),
            Err(diagnostic) => {
                expansion.diagnostics.push(*diagnostic);
                None
            }
        }),
    });
    let needs = edges::link(&mut expansion);
    let Expansion { protos, mut diagnostics, components, vars, environments, secrets, groups, pages, .. } = expansion;
    for path in pages {
        files.extend(library.page(path).map(|page| source_file(&page.source)));
    }
    files.sort();
    files.dedup();
    let mut misplaced = Diagnostics::new();
    edges::check_environments(&needs, &protos, &environments, &mut misplaced);
    let Ordered { steps, places, conditions, vanishes } = match in_order(protos, &needs) {
        Ok(ordered) => ordered,
        Err(cycle) => {
            diagnostics.push(*cycle);
            return (None, diagnostics);
        }
    };
    diagnostics.append(misplaced);
    if steps.is_empty() && !diagnostics.has_errors() {
        diagnostics.push(Diagnostic::new(Code::RunbookSchema, settings.id.span, "nothing is left to do in this plan"));
    }
    let mut plan = Plan {
        format: FORMAT,
        runbook: settings.id.value.clone(),
        title,
        ticket,
        stage: if template { Stage::Template } else { Stage::Bound },
        kind: words::kind(settings.kind.value),
        mode: words::mode(settings.mode),
        owners: settings.owners.iter().map(|owner| owner.value.clone()).collect(),
        params: settings
            .params
            .iter()
            .map(|param| (param.name.value.clone(), to_model(param, values.get(&param.name.value))))
            .collect(),
        secrets: secrets.into_iter().collect(),
        environments,
        components,
        vars,
        on_failure,
        notify,
        groups,
        steps,
        source: PlanSource { commit: facts.commit.clone(), files },
        hash: String::new(),
    };
    ask_outputs(&mut plan, &conditions, &mut diagnostics);
    plan.seal();
    let spans = |asked: &Vec<Asked>| asked.iter().map(|asked| asked.span).collect();
    let under: Vec<Vec<Span>> = if template { vanishes } else { conditions.iter().map(spans).collect() };
    let mut vanishing = vanishing(&plan, &under, Left::Others);
    if took_out {
        vanishing.extend(taken_out(unroll(true, Diagnostics::new()).0, &plan));
    }
    if !template {
        diagnostics.append(std::mem::take(&mut vanishing));
    }
    (Some(Lowered { plan, places, vanishing }), diagnostics)
}

/// The steps of a plan in their order, with what is known of each.
struct Ordered {
    steps: Vec<Step>,
    places: Vec<Place>,
    conditions: Vec<Vec<Asked>>,
    vanishes: Vec<Vec<Span>>,
}

/// Orders unrolled steps by what they need.
fn in_order(protos: Vec<Proto>, needs: &edges::Needs) -> Result<Ordered, Box<Diagnostic>> {
    let indices: Vec<Vec<usize>> = needs.iter().map(|needs| needs.iter().map(|(step, _)| *step).collect()).collect();
    let order = graph::order(&indices).map_err(|cycle| Box::new(cycle_diagnostic(&cycle, &protos)))?;
    let ids: Vec<String> = protos.iter().map(|proto| proto.step.id.clone()).collect();
    let mut protos: Vec<Option<Proto>> = protos.into_iter().map(Some).collect();
    let mut ordered = Ordered { steps: vec![], places: vec![], conditions: vec![], vanishes: vec![] };
    for index in order {
        let mut proto = protos[index].take().expect("an order names every step once");
        proto.step.needs = needs[index].iter().map(|(step, on)| Need { step: ids[*step].clone(), on: *on }).collect();
        ordered.steps.push(proto.step);
        ordered.places.push(proto.place);
        ordered.conditions.push(proto.conditions);
        ordered.vanishes.push(proto.vanishes);
    }
    Ok(ordered)
}

/// Judges what these parameters take out: in the checklist as it would be if they took out nothing, no guard
/// goes alone.
fn taken_out(mut whole: Expansion<'_>, plan: &Plan) -> Diagnostics {
    let needs = edges::link(&mut whole);
    let Expansion { protos, environments, .. } = whole;
    match in_order(protos, &needs) {
        Ok(Ordered { steps, vanishes, .. }) => {
            vanishing(&Plan { steps, environments, ..plan.clone() }, &vanishes, Left::Free)
        }
        Err(cycle) => [*cycle].into_iter().collect(),
    }
}

/// A condition may take out a change together with what guards it, and never the guard alone: the change
/// would go on unguarded (RB105).
fn vanishing(plan: &Plan, under: &[Vec<Span>], left: Left) -> Diagnostics {
    let found = vanish::bare(plan, &guard::waits(plan), under, left).into_iter().map(|bare| {
        let (guard, step) = (&plan.steps[bare.guard].id, &plan.steps[bare.steps[0]].id);
        let message = match left {
            Left::Free => format!("this takes out `{guard}`, and leaves `{step}`, which it guards"),
            Left::Others => format!("this can take out `{guard}` and leave `{step}`, which it guards"),
        };
        Diagnostic::new(Code::VanishingCheck, bare.condition, message).help(
            "put the guard and all that it guards into one group with this `when`, or let a check decide for itself",
        )
    });
    found.collect()
}

/// Gives each step its condition over outputs, each output by the whole id of the step that writes it.
fn ask_outputs(plan: &mut Plan, conditions: &[Vec<Asked>], diagnostics: &mut Diagnostics) {
    if conditions.iter().all(Vec::is_empty) {
        return;
    }
    let outputs = Outputs::of(plan);
    let mut said: BTreeSet<Span> = BTreeSet::new();
    let mut found: Vec<Option<String>> = Vec::new();
    for (step, asked) in plan.steps.iter().zip(conditions) {
        let mut whole: Option<Condition> = None;
        for Asked { condition, span, from } in asked {
            let seen = outputs.seen_from(from);
            let mut wrong = |message: String, help: &str| {
                if said.insert(*span) {
                    diagnostics.push(Diagnostic::new(Code::RunbookUnbound, *span, message).help(help));
                }
            };
            let condition = condition.renamed(&mut |name| {
                let Some((writer, key)) = name.strip_prefix(OUTPUTS).map(|it| it.rsplit_once('.').unwrap_or(("", it)))
                else {
                    return name.to_owned();
                };
                match seen.get(&output_variable(writer, key)) {
                    Some(Some(output)) if plan.comes_before(output.step, step) => {
                        return format!("{OUTPUTS}{}.{}", output.step, output.key);
                    }
                    Some(Some(output)) => {
                        wrong(
                            format!("`{}` does not come before `{}`", output.step, step.id),
                            "let the item wait for it",
                        );
                    }
                    Some(None) => {
                        wrong(format!("`{name}` could be the output of several steps"), "write more of the id")
                    }
                    None if outputs.may_mean(&output_variable(writer, key)) => {}
                    None => wrong(
                        format!("`when` asks for `{name}`, which is no output"),
                        "write `outputs.<step>.<name>`, and declare the name under `outputs` or `capture`",
                    ),
                }
                name.to_owned()
            });
            whole = Some(match whole {
                Some(before) => Condition::And(Box::new(before), Box::new(condition)),
                None => condition,
            });
        }
        found.push(whole.map(|condition| condition.to_string()));
    }
    for (step, when) in plan.steps.iter_mut().zip(found) {
        step.when = when.or(step.when.take());
    }
}

fn runbook_of<'l>(
    entry: SitePath,
    library: &'l Library,
    diagnostics: &mut Diagnostics,
) -> Option<(&'l Runbook, &'l Settings)> {
    let page = library.page(entry)?;
    let found = page.runbook.as_ref().and_then(|runbook| Some((runbook, runbook.settings.as_ref()?)));
    if found.is_none() {
        diagnostics.push(
            Diagnostic::new(Code::RunbookSchema, Span::at_start(entry), format!("`{entry}` is no runbook"))
                .help("a runbook has `runbook:` in its front matter; `opsbook adopt` proposes one"),
        );
    }
    found
}

/// Adds a page's environments; the one that was there first stays.
pub(super) fn add_environments(
    settings: &Settings,
    values: &BTreeMap<String, String>,
    environments: &mut BTreeMap<String, Environment>,
    diagnostics: &mut Diagnostics,
) {
    for declared in &settings.environments {
        let name = &declared.name.value;
        if environments.contains_key(name) {
            continue;
        }
        let own = BTreeMap::from([("env", name.clone())]);
        let mut holes = Vec::new();
        let mut resolve = |text: &Template| resolve_params(text, values, &own, &mut holes);
        let environment = Environment {
            tier: declared.tier,
            after: declared.after.as_ref().map(|after| after.value.clone()),
            kubeconfig: declared.kubeconfig.as_ref().map(|secret| secret.value.clone()),
            cluster_uid: declared.cluster_uid.as_ref().map(&mut resolve),
            allow_weak_identity: declared.allow_weak_identity.as_ref().is_some_and(|allowed| allowed.value),
            vars: declared.vars.iter().map(|(name, value)| (name.value.clone(), resolve(value))).collect(),
            changes: declared.changes.as_ref().map(changes),
        };
        if let Some(zone) = declared.changes.as_ref().and_then(|changes| changes.zone.as_ref())
            && window::zone(&zone.value).is_none()
        {
            let message = format!("`{}` is no time zone", zone.value);
            diagnostics.push(
                Diagnostic::new(Code::RunbookSchema, zone.span, message)
                    .help("name it as the tz database does: `Europe/Zurich`, `America/New_York`, `UTC`"),
            );
        }
        diagnostics.extend(holes);
        environments.insert(name.clone(), environment);
    }
}

fn changes(declared: &crate::runbook::Changes) -> Changes {
    let window = |window: &crate::runbook::Window| Window {
        days: window.days.iter().map(|day| words::day(*day)).collect(),
        from: window.from.clone(),
        to: window.to.clone(),
    };
    let freeze = |freeze: &crate::runbook::Freeze| Freeze {
        from: freeze.from.clone(),
        to: freeze.to.clone(),
        reason: freeze.reason.clone(),
    };
    Changes {
        zone: declared.zone.as_ref().map_or("UTC".to_owned(), |zone| zone.value.clone()),
        windows: declared.windows.iter().map(window).collect(),
        freezes: declared.freezes.iter().map(freeze).collect(),
    }
}

/// Resolves holes that name parameters, or what a setting knows of itself; anything else is reported.
fn resolve_params(
    template: &Template,
    values: &BTreeMap<String, String>,
    own: &BTreeMap<&str, String>,
    holes: &mut Vec<Diagnostic>,
) -> String {
    template.fill(&mut |name| {
        let param = name.value.strip_prefix("params.").and_then(|param| values.get(param));
        let value = param.or_else(|| own.get(name.value.as_str()));
        if value.is_none() {
            let message = format!("`${{{}}}` has no value here", name.value);
            let diagnostic = Diagnostic::new(Code::RunbookUnbound, name.span, message);
            let known = values.keys().map(|name| format!("params.{name}")).collect::<Vec<_>>();
            let near = nearest(&name.value, known.iter().map(String::as_str).chain(own.keys().copied()));
            holes.push(match near {
                Some(near) => diagnostic.help(format!("did you mean `${{{near}}}`?")),
                None => diagnostic.help("settings are read before there is a step: only parameters are known here"),
            });
        }
        value.cloned()
    })
}

/// Names a source by path and digest.
pub(super) fn source_file(source: &Source) -> SourceFile {
    SourceFile { path: source.path().to_string(), sha256: source.digest().hex() }
}

fn cycle_diagnostic(cycle: &[usize], protos: &[Proto]) -> Diagnostic {
    let names: Vec<&str> = cycle.iter().map(|index| protos[*index].step.id.as_str()).collect();
    let path = [names.as_slice(), &names[..1]].concat().join("` needs `");
    let message = if names.len() == 1 {
        format!("`{}` waits for itself", names[0])
    } else {
        format!("these items wait for each other: `{path}`")
    };
    let mut diagnostic = Diagnostic::new(Code::RunbookCycle, protos[cycle[0]].needs_span, message);
    for index in &cycle[1..] {
        diagnostic = diagnostic.label(protos[*index].needs_span, format!("`{}` waits here", protos[*index].step.id));
    }
    diagnostic
}

/// Returns the words of scripts that can be names of variables.
pub(super) fn mentioned<'s>(scripts: impl IntoIterator<Item = &'s str>) -> BTreeSet<&'s str> {
    scripts
        .into_iter()
        .flat_map(|script| script.split(|ch: char| !(ch.is_ascii_alphanumeric() || ch == '_')))
        .filter(|word| word.starts_with(|ch: char| ch.is_ascii_uppercase() || ch == '_'))
        .collect()
}
