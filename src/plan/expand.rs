//! The checklist is unrolled: groups per component, pages that are used, blocks into steps.

use super::library::{Library, Page, split_reference};
use super::links::{Prelude, find_block, find_place, find_prelude, no_page};
use super::lower::{Place, add_environments, mentioned};
use super::model::{
    Action, Approval, BreakGlass, Capture, Component, Each, Environment, Evidence, Expect, Group, Helm, Hook, Impact,
    On, PreludeSource, Retries, Role, Script, Shell, Step, StepKind, StepSource,
};
use super::params::{bind_params, variable};
use super::{typed, window, words};
use crate::diag::{Code, Diagnostic, Diagnostics, nearest};
use crate::runbook::{self, Block, Body, Condition, Item, ItemAction, ReferenceKind, Rollback, Template, mark};
use crate::text::{SitePath, Span, Spanned};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Pages inside pages go no deeper than this.
const MAX_USES: usize = 8;
/// A plan has no more steps than this: a mistake should not fill the memory.
const MAX_STEPS: usize = 200_000;

/// A part of the unrolled checklist.
pub(super) struct Node {
    /// The item's id, or the component's.
    pub(super) name: String,
    /// The group it stands in; the root stands in itself.
    pub(super) parent: usize,
    pub(super) kind: NodeKind,
    pub(super) needs: Option<Vec<Spanned<String>>>,
    pub(super) on: Option<On>,
    /// Which repetition it is, where its group is repeated: the name of the list and the word.
    pub(super) iteration: Option<(String, String)>,
    /// The repetitions around it, by the name of the list.
    pub(super) within: Rc<BTreeMap<String, String>>,
}

/// What a node is.
pub(super) enum NodeKind {
    Step(usize),
    Group {
        children: Vec<usize>,
        parallel: bool,
        /// Whether the children are the repetitions of a repeated group.
        repeated: bool,
        /// Whether a repetition goes on where the one before it failed.
        tolerant: bool,
    },
}

/// A step before its edges are known.
pub(super) struct Proto {
    pub(super) step: Step,
    pub(super) place: Place,
    /// Where the item says what it waits for.
    pub(super) needs_span: Span,
    /// The conditions over outputs, its own and those of the groups around it.
    pub(super) conditions: Vec<Asked>,
    /// What takes it out with these parameters; in a template, what could. Only where that is asked for.
    pub(super) vanishes: Vec<Span>,
}

/// A condition over outputs.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) condition: Condition,
    /// Where it is written.
    pub(super) span: Span,
    /// The id of the item that says it: names are looked up from there.
    pub(super) from: String,
}

/// Where an item stands while it is unrolled.
#[derive(Clone)]
pub(super) struct Scope {
    /// The page whose checklist it is.
    pub(super) page: SitePath,
    /// What ids begin with, its dot included.
    pub(super) prefix: String,
    /// The group's node.
    pub(super) parent: usize,
    pub(super) env: Option<String>,
    /// How the guards of the group's changes may be passed.
    pub(super) break_glass: Option<runbook::BreakGlass>,
    /// Before when nothing of the group begins, in UTC.
    pub(super) not_before: Option<String>,
    pub(super) component: Option<usize>,
    /// The words of lists that it is repeated for, by the name of the list.
    pub(super) each: Rc<BTreeMap<String, String>>,
    /// The repetitions around it: the part of the id, by the name of the list.
    pub(super) within: Rc<BTreeMap<String, String>>,
    /// The conditions over outputs around it.
    pub(super) conditions: Vec<Asked>,
    /// What takes out all of it, or could.
    pub(super) vanishes: Vec<Span>,
    /// The page's parameters as texts.
    pub(super) values: Rc<BTreeMap<String, String>>,
    /// Variables that the page's steps see besides the plan's.
    pub(super) vars: Rc<BTreeMap<String, String>>,
    /// The group, an index of the plan's groups.
    pub(super) group: Option<usize>,
    /// The pages that are being unrolled, outermost first.
    pub(super) stack: Rc<Vec<SitePath>>,
    /// The id of the page's runbook.
    pub(super) settings_id: String,
}

/// One repetition of a group.
struct Repetition {
    /// The name of the list.
    list: String,
    /// Its part of step ids.
    part: String,
    /// The component, where it is for one.
    component: Option<usize>,
    /// The word, where it is for one of a list.
    word: Option<String>,
}

/// The one repetition that stands for all that there could be.
fn stand_in(each: &runbook::Each) -> Repetition {
    let (list, component, word) = match each {
        runbook::Each::Component => ("component".to_owned(), Some(usize::MAX), None),
        runbook::Each::List { name, .. } => (name.value.clone(), None, Some(mark(&name.value))),
    };
    Repetition { part: list.clone(), list, component, word }
}

/// The unrolled checklist.
pub(super) struct Expansion<'a> {
    library: &'a Library,
    template: bool,
    /// Whether what the parameters take out stays, marked.
    whole: bool,
    /// Whether the parameters take anything out.
    pub(super) took_out: bool,
    pub(super) components: Vec<Component>,
    component_ids: Vec<String>,
    pub(super) vars: BTreeMap<String, String>,
    pub(super) environments: BTreeMap<String, Environment>,
    pub(super) secrets: BTreeSet<String>,
    pub(super) groups: Vec<Group>,
    pub(super) nodes: Vec<Node>,
    /// Children by parent and name.
    pub(super) index: BTreeMap<(usize, String), usize>,
    pub(super) protos: Vec<Proto>,
    /// The pages that steps came from.
    pub(super) pages: BTreeSet<SitePath>,
    pub(super) diagnostics: Diagnostics,
    full: bool,
    /// Holes that were reported: what is wrong for one component is not said again for the next.
    said: BTreeSet<Span>,
}

impl<'a> Expansion<'a> {
    pub(super) fn new(
        library: &'a Library,
        template: bool,
        whole: bool,
        components: Vec<Component>,
        vars: BTreeMap<String, String>,
        environments: BTreeMap<String, Environment>,
        diagnostics: Diagnostics,
    ) -> Expansion<'a> {
        let component_ids = unique_parts(components.iter().map(|component| component.name.as_str()));
        Expansion {
            library,
            template,
            whole,
            took_out: false,
            components,
            component_ids,
            vars,
            environments,
            secrets: BTreeSet::new(),
            groups: Vec::new(),
            nodes: Vec::new(),
            index: BTreeMap::new(),
            protos: Vec::new(),
            pages: BTreeSet::new(),
            diagnostics,
            full: false,
            said: BTreeSet::new(),
        }
    }

    /// Makes the outermost group.
    pub(super) fn root(&mut self) -> usize {
        self.nodes.push(Node {
            name: String::new(),
            parent: 0,
            kind: NodeKind::Group { children: Vec::new(), parallel: false, repeated: false, tolerant: false },
            needs: None,
            on: None,
            iteration: None,
            within: Rc::default(),
        });
        0
    }

    /// Unrolls items into the scope's group.
    pub(super) fn items(&mut self, items: &[Item], scope: &Scope) {
        for item in items {
            self.item(item, scope);
        }
    }

    /// Makes the hooks of the runbook that is planned; pages that it uses tell nobody.
    pub(super) fn hooks(&mut self, settings: &runbook::Settings, scope: &Scope) -> Vec<Hook> {
        let mut hooks = Vec::new();
        for hook in &settings.notify {
            match find_block(self.library, scope.page, &hook.block, ReferenceKind::Notify) {
                Ok((page, block)) => {
                    let mut secrets = Vec::new();
                    let action = self.action(page, block, "notify", scope, hook.block.span, &mut secrets);
                    secrets.sort();
                    secrets.dedup();
                    self.secrets.extend(secrets.iter().cloned());
                    hooks.push(Hook { on: hook.on.iter().map(|on| words::notice(*on)).collect(), action, secrets });
                }
                Err(diagnostic) => self.diagnostics.push(*diagnostic),
            }
        }
        hooks
    }

    /// Checks the section of an item that is no step itself.
    fn check_section(&mut self, item: &Item, scope: &Scope) {
        if let Some(section) = &item.section
            && let Err(diagnostic) = find_place(self.library, scope.page, section)
        {
            self.diagnostics.push(*diagnostic);
        }
    }

    fn add(&mut self, node: Node) -> usize {
        let number = self.nodes.len();
        let parent = node.parent;
        self.index.insert((parent, node.name.clone()), number);
        self.nodes.push(node);
        if let NodeKind::Group { children, .. } = &mut self.nodes[parent].kind {
            children.push(number);
        }
        number
    }

    fn add_group(&mut self, item: Option<&Item>, name: &str, scope: &Scope, parallel: bool, repeated: bool) -> usize {
        self.add(Node {
            name: name.to_owned(),
            parent: scope.parent,
            kind: NodeKind::Group { children: Vec::new(), parallel, repeated, tolerant: false },
            needs: item.and_then(|item| item.needs.clone()),
            on: item.and_then(|item| item.on.as_ref()).map(|on| words::on(on.value)),
            iteration: None,
            within: Rc::clone(&scope.within),
        })
    }

    /// A group without anything in it is not there: its neighbours follow each other.
    fn drop_if_empty(&mut self, node: usize) {
        let empty = matches!(&self.nodes[node].kind, NodeKind::Group { children, .. } if children.is_empty());
        let parent = self.nodes[node].parent;
        if empty && let NodeKind::Group { children, .. } = &mut self.nodes[parent].kind {
            children.retain(|child| *child != node);
            self.nodes[node].needs = None;
        }
    }

    fn item(&mut self, item: &Item, scope: &Scope) {
        let (mut conditions, mut vanishes) = (scope.conditions.clone(), scope.vanishes.clone());
        if let Some(when) = &item.when {
            self.check_condition(when, scope);
            let from = format!("{}{}", scope.prefix, item.id);
            if self.template {
                vanishes.push(when.span);
                // Looked up, and not decided.
                if when.value.names().into_iter().any(runbook::is_output) {
                    conditions.push(Asked { condition: when.value.clone(), span: when.span, from });
                }
            } else {
                match when.value.reduce(&|name| scope.values.get(name).cloned()) {
                    Ok(false) => {
                        self.took_out = true;
                        if !self.whole {
                            return;
                        }
                        vanishes.push(when.span);
                    }
                    Ok(true) => {}
                    // What a step gives out decides.
                    Err(condition) => conditions.push(Asked { condition, span: when.span, from }),
                }
            }
        }
        let env = match &item.env {
            Some(env) => {
                self.check_environment(env);
                Some(env.value.clone())
            }
            None => scope.env.clone(),
        };
        let break_glass = item.break_glass.clone().or_else(|| scope.break_glass.clone());
        let mut inner = Scope { env, break_glass, conditions, vanishes, ..scope.clone() };
        if let Some(declared) = &item.not_before {
            let stated = self.not_before(declared, &inner, item.span);
            // Of two, the later one holds.
            inner.not_before = inner.not_before.max(stated);
        }
        match &item.action {
            ItemAction::Group(group) => {
                self.check_section(item, scope);
                self.group(item, group, &inner);
            }
            ItemAction::Use { target, with } if split_reference(scope.page, &target.value).1.is_none() => {
                self.check_section(item, scope);
                self.use_page(item, target, with, &inner);
            }
            ItemAction::Use { target, with } => {
                match find_block(self.library, scope.page, target, ReferenceKind::Use) {
                    Ok((page, block)) => {
                        self.check_with(page, with);
                        let inner = self.with_values(with, &inner);
                        self.block_step(item, page, block, target.span, &inner);
                    }
                    Err(diagnostic) => self.diagnostics.push(*diagnostic),
                }
            }
            ItemAction::Step(name) => match find_block(self.library, scope.page, name, ReferenceKind::Step) {
                Ok((page, block)) => self.block_step(item, page, block, name.span, &inner),
                Err(diagnostic) => self.diagnostics.push(*diagnostic),
            },
            ItemAction::Manual => {
                let mut step = self.bare_step(item, StepKind::Manual, &inner);
                step.evidence = item.evidence.as_ref().map_or(Evidence::None, |it| words::evidence(it.value));
                for answer in &item.capture {
                    let prompt = answer.prompt.as_ref().map(|prompt| self.words(prompt, &inner, item.span));
                    let (kind, choices) = (words::capture(answer.kind), answer.choices.clone());
                    let capture = Capture { kind, choices, pattern: answer.pattern.clone(), prompt };
                    step.outputs.push(answer.name.value.clone());
                    step.capture.insert(answer.name.value.clone(), capture);
                }
                self.finish(item, step, None, &inner);
            }
            ItemAction::Approve(approve) => {
                let mut step = self.bare_step(item, StepKind::Approval, &inner);
                step.evidence = item.evidence.as_ref().map_or(Evidence::None, |it| words::evidence(it.value));
                step.approval = Some(Approval {
                    role: approve.role.as_ref().map(|role| role.value.clone()),
                    users: approve.users.as_ref().map(|users| users.iter().map(|user| user.value.clone()).collect()),
                    min: approve.min,
                    forbid: approve.forbid.iter().map(|word| words::forbid(*word)).collect(),
                    expires: approve.expires.as_ref().map(|expires| expires.text.clone()),
                });
                self.finish(item, step, None, &inner);
            }
            ItemAction::Wait { duration, monitor, until } => {
                let mut step = self.bare_step(item, StepKind::Soak, &inner);
                step.wait_s = Some(duration.value.seconds);
                step.evidence = item.evidence.as_ref().map_or(Evidence::Output, |it| words::evidence(it.value));
                if let Some(until) = until {
                    match find_block(self.library, scope.page, &until.block, ReferenceKind::Monitor) {
                        Ok((page, block)) => {
                            step.role = Some(Role::Check);
                            step.impact = Some(Impact::Read);
                            step.every_s = Some(until.every.seconds.max(1));
                            let id = step.id.clone();
                            let action = self.action(page, block, &id, &inner, item.span, &mut step.secrets);
                            step.until = Some(action);
                        }
                        Err(diagnostic) => self.diagnostics.push(*diagnostic),
                    }
                }
                if let Some(name) = monitor {
                    match find_block(self.library, scope.page, name, ReferenceKind::Monitor) {
                        Ok((page, block)) => {
                            step.role = Some(Role::Monitor);
                            step.impact = Some(Impact::Read);
                            let id = step.id.clone();
                            let action = self.action(page, block, &id, &inner, item.span, &mut step.secrets);
                            step.monitor = Some(action);
                        }
                        Err(diagnostic) => self.diagnostics.push(*diagnostic),
                    }
                }
                self.finish(item, step, None, &inner);
            }
        }
    }

    fn group(&mut self, item: &Item, group: &runbook::Group, scope: &Scope) {
        let id = format!("{}{}", scope.prefix, item.id);
        let title = self.words(&group.title, scope, item.span);
        let number = self.groups.len();
        self.groups.push(Group {
            id: id.clone(),
            title,
            env: scope.env.clone(),
            each: group.each.as_ref().map(|each| match each {
                runbook::Each::Component => Each::Component,
                runbook::Each::List { .. } => Each::List,
            }),
            list: match &group.each {
                Some(runbook::Each::List { name, .. }) => Some(name.value.clone()),
                _ => None,
            },
            parallel: group.parallel,
            max_failures: group.max_failures.as_ref().map(|max| max.value),
        });
        let parallel = group.parallel != 1;
        let node = self.add_group(Some(item), &item.id, scope, parallel, group.each.is_some());
        let goes_on = group.max_failures.as_ref().filter(|max| max.value > 0 && !parallel && group.each.is_some());
        if let (Some(_), NodeKind::Group { tolerant, .. }) = (goes_on, &mut self.nodes[node].kind) {
            *tolerant = true;
        }
        let first_step = self.protos.len();
        let mut inner = Scope { prefix: format!("{id}."), parent: node, group: Some(number), ..scope.clone() };
        let mut repetitions = self.repetitions(group.each.as_ref(), scope, item.span);
        // A group that is repeated for nothing takes out what stands in it, as a condition does.
        if let Some(each) = group.each.as_ref().filter(|_| repetitions.is_empty()) {
            self.took_out = true;
            if self.whole {
                inner.vanishes.push(each.span().unwrap_or(item.span));
                repetitions.push(Some(stand_in(each)));
            }
        }
        for repetition in repetitions {
            let Some(Repetition { list, part, component, word }) = repetition else {
                self.items(&group.items, &inner);
                continue;
            };
            let child = self.add_group(None, &part, &inner, false, false);
            self.nodes[child].iteration = Some((list.clone(), part.clone()));
            let mut within = (*inner.within).clone();
            within.insert(list.clone(), part.clone());
            let mut each = (*inner.each).clone();
            each.extend(word.map(|word| (list, word)));
            let (each, within, component) = (Rc::new(each), Rc::new(within), component.or(inner.component));
            let prefix = format!("{id}.{part}.");
            self.items(&group.items, &Scope { prefix, parent: child, component, each, within, ..inner.clone() });
            self.drop_if_empty(child);
            if self.full {
                break;
            }
        }
        if let Some(max) = goes_on
            && self.protos[first_step..].iter().any(|proto| proto.step.approval.is_some())
            && self.said.insert(max.span)
        {
            // An approval guards all that comes after it, the repetitions after its own included.
            let message = "a group in sequence that goes on after a failure holds an approval";
            let diagnostic = Diagnostic::new(Code::RunbookSchema, max.span, message);
            self.diagnostics.push(diagnostic.help("put the approval before the group, or take `max_failures` away"));
        }
        self.drop_if_empty(node);
    }

    /// What a group is repeated for, in order; `None` once for a group that is not repeated. In a
    /// template one repetition stands for all that there will be.
    fn repetitions(&mut self, each: Option<&runbook::Each>, scope: &Scope, item: Span) -> Vec<Option<Repetition>> {
        let (name, values) = match each {
            None => return vec![None],
            Some(runbook::Each::Component) => {
                let of = |part: &str, component| {
                    let (list, part) = ("component".to_owned(), part.to_owned());
                    Some(Repetition { list, part, component: Some(component), word: None })
                };
                if self.template {
                    return vec![each.map(stand_in)];
                }
                return self.component_ids.iter().enumerate().map(|(at, part)| of(part, at)).collect();
            }
            Some(runbook::Each::List { name, values }) => (name, values),
        };
        let list = &name.value;
        if scope.each.contains_key(list) || self.vars.contains_key(&variable(list)) {
            let message = format!("`{list}` has another value around this group");
            self.diagnostics.push(Diagnostic::new(Code::RunbookDuplicateId, name.span, message));
            return Vec::new();
        }
        let mut words: Vec<String> = Vec::new();
        for value in values {
            for word in self.resolve(value, scope, item).split_whitespace() {
                if words.iter().any(|other| other == word) {
                    let message = format!("`{word}` is listed twice");
                    self.diagnostics.push(Diagnostic::new(Code::RunbookDuplicateId, value.span, message));
                } else {
                    words.push(word.to_owned());
                }
            }
        }
        if self.template {
            return vec![each.map(stand_in)];
        }
        let parts = unique_parts(words.iter().map(String::as_str));
        let of = |(word, part)| Some(Repetition { list: list.clone(), part, component: None, word: Some(word) });
        words.into_iter().zip(parts).map(of).collect()
    }

    fn use_page(&mut self, item: &Item, target: &Spanned<String>, with: &[(Spanned<String>, Template)], scope: &Scope) {
        let path = split_reference(scope.page, &target.value).0.unwrap_or(scope.page);
        if scope.stack.contains(&path) {
            let from = scope.stack.iter().position(|page| *page == path).unwrap_or(0);
            let chain: Vec<String> =
                scope.stack[from..].iter().chain([&path]).map(|page| format!("`{page}`")).collect();
            let message = format!("a page uses itself: {}", chain.join(" uses "));
            self.diagnostics.push(Diagnostic::new(Code::RunbookUnbound, target.span, message));
            return;
        }
        if scope.stack.len() > MAX_USES {
            let message = format!("pages use each other more than {MAX_USES} deep");
            self.diagnostics.push(Diagnostic::new(Code::RunbookUnbound, target.span, message));
            return;
        }
        let library = self.library;
        let Some(page) = library.page(path) else {
            self.diagnostics.push(no_page(library, path, target.span));
            return;
        };
        let Some((runbook, settings)) =
            page.runbook.as_ref().and_then(|runbook| Some((runbook, runbook.settings.as_ref()?)))
        else {
            let message = format!("`{path}` has no checklist to use");
            self.diagnostics.push(
                Diagnostic::new(Code::RunbookDangling, target.span, message)
                    .help("use one of its blocks (`page.md#block`), or give the page a `runbook:`"),
            );
            return;
        };
        let mut given: BTreeMap<String, String> = BTreeMap::new();
        for param in &settings.params {
            if let Some(value) = scope.values.get(&param.name.value) {
                given.insert(param.name.value.clone(), value.clone());
            }
        }
        self.check_with(path, with);
        for (name, template) in with.iter().filter(|(name, _)| is_param(settings, name)) {
            let value = self.resolve(template, scope, item.span);
            given.insert(name.value.clone(), value);
        }
        let values: BTreeMap<String, String> = if self.template {
            let own = |name: &String| mark(name);
            let names = settings.params.iter().map(|param| &param.name.value);
            names.map(|name| (name.clone(), given.get(name).cloned().unwrap_or_else(|| own(name)))).collect()
        } else {
            let mut found = Diagnostics::new();
            let bound = bind_params(&settings.params, &given, &mut found);
            // The page is right; who uses it did not say enough.
            for diagnostic in found {
                let message = diagnostic.message.clone();
                let mut here = Diagnostic::new(Code::RunbookUnbound, target.span, message);
                if let Some(span) = diagnostic.span {
                    here = here.label(span, "it is declared here");
                }
                self.diagnostics.push(here.help("give it under `with:`"));
            }
            bound.into_iter().map(|(name, value)| (name, value.text())).collect()
        };
        add_environments(settings, &values, &mut self.environments, &mut self.diagnostics);
        self.secrets.extend(settings.secrets.iter().map(|secret| secret.value.clone()));
        self.pages.insert(path);
        let vars: BTreeMap<String, String> = values
            .iter()
            .map(|(name, value)| (variable(name), value.clone()))
            .filter(|(name, value)| self.vars.get(name) != Some(value))
            .collect();
        let id = format!("{}{}", scope.prefix, item.id);
        let title = item.text.as_ref().map(|text| self.words(text, scope, item.span));
        let title = title.or_else(|| runbook.title.clone());
        self.groups.push(Group {
            id: id.clone(),
            title: title.unwrap_or_else(|| settings.id.value.clone()),
            env: scope.env.clone(),
            each: None,
            list: None,
            parallel: 1,
            max_failures: None,
        });
        let group = self.groups.len() - 1;
        let node = self.add_group(Some(item), &item.id, scope, false, false);
        let mut stack = scope.stack.to_vec();
        stack.push(path);
        let inner = Scope {
            page: path,
            prefix: format!("{id}."),
            parent: node,
            env: scope.env.clone(),
            break_glass: scope.break_glass.clone(),
            not_before: scope.not_before.clone(),
            component: scope.component,
            each: Rc::clone(&scope.each),
            within: Rc::clone(&scope.within),
            conditions: scope.conditions.clone(),
            vanishes: scope.vanishes.clone(),
            values: Rc::new(values),
            vars: Rc::new(vars),
            group: Some(group),
            stack: Rc::new(stack),
            settings_id: settings.id.value.clone(),
        };
        self.items(&runbook.checklist, &inner);
        self.drop_if_empty(node);
    }

    /// Reports values for parameters that a runbook does not have; blocks of a page without settings
    /// take any.
    fn check_with(&mut self, path: SitePath, with: &[(Spanned<String>, Template)]) {
        let page = self.library.page(path).and_then(|page| page.runbook.as_ref());
        let Some(settings) = page.and_then(|runbook| runbook.settings.as_ref()) else { return };
        for (name, _) in with.iter().filter(|(name, _)| !is_param(settings, name)) {
            let message = format!("`{path}` has no parameter `{}`", name.value);
            let known: Vec<&str> = settings.params.iter().map(|param| param.name.value.as_str()).collect();
            let diagnostic = Diagnostic::new(Code::RunbookUnbound, name.span, message);
            self.diagnostics.push(match nearest(&name.value, known.iter().copied()) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic,
            });
        }
    }

    /// Adds the values of `with` to what a single block sees.
    fn with_values(&mut self, with: &[(Spanned<String>, Template)], scope: &Scope) -> Scope {
        if with.is_empty() {
            return scope.clone();
        }
        let mut values = (*scope.values).clone();
        let mut vars = (*scope.vars).clone();
        for (name, template) in with {
            let value = self.resolve(template, scope, template.span);
            vars.insert(variable(&name.value), value.clone());
            values.insert(name.value.clone(), value);
        }
        Scope { values: Rc::new(values), vars: Rc::new(vars), ..scope.clone() }
    }

    fn block_step(&mut self, item: &Item, page: SitePath, block: &Block, name: Span, scope: &Scope) {
        self.pages.insert(page);
        let mut step = self.bare_step(item, StepKind::Run, scope);
        if item.text.is_none() {
            step.title = self.words(&block.title, scope, item.span);
        }
        let stated = block.impact.as_ref().map(|impact| words::impact(impact.value));
        let looks = matches!(
            block.role.as_ref().map(|role| role.value),
            Some(runbook::Role::Check | runbook::Role::Verify | runbook::Role::Monitor | runbook::Role::Notify)
        );
        let impact = stated.unwrap_or(if looks { Impact::Read } else { Impact::Write });
        step.impact = Some(impact);
        let by_impact = if impact == Impact::Read { Role::Check } else { Role::Change };
        step.role = Some(block.role.as_ref().map_or(by_impact, |role| words::role(role.value)));
        step.timeout_s = block.timeout.as_ref().map(|timeout| timeout.value.seconds);
        step.retries = retries(block);
        step.idempotent = block.idempotent;
        step.outputs = block.outputs.iter().map(|output| output.value.clone()).collect();
        step.evidence = item.evidence.as_ref().map_or(Evidence::Output, |it| words::evidence(it.value));
        let transcript = match &block.body {
            Body::Script { transcript, .. } => transcript.clone(),
            _ => None,
        };
        if block.expect.is_some() || transcript.is_some() {
            step.expect = Some(Expect {
                exit: block.expect.as_ref().and_then(|expect| expect.exit),
                stdout_matches: block
                    .expect
                    .as_ref()
                    .and_then(|it| it.stdout_matches.as_ref())
                    .map(|it| self.resolve_as(it, scope, item.span, &|value| regex::escape(&value))),
                transcript,
            });
        }
        let id = step.id.clone();
        let (kind, script, helm, used) = self.script(block, &id, scope, item.span);
        step.kind = kind;
        step.vars.extend(self.block_vars(block, scope, item.span));
        step.run = Some(script);
        step.helm = helm;
        step.secrets = used;
        let own = block.check.as_ref().map(|check| lines(&check.value));
        let is_bash = matches!(&block.body, Body::Script { shell: runbook::Shell::Bash, .. });
        let prelude = if own.is_some() && is_bash { self.prelude(block) } else { None };
        step.check = own.map(|own| with_prelude(prelude, own));
        if let Some(verify) = &block.verify {
            match find_block(self.library, page, verify, ReferenceKind::Verify) {
                Ok((page, block)) => {
                    step.verify = Some(self.action(page, block, &id, scope, item.span, &mut step.secrets));
                }
                Err(diagnostic) => self.diagnostics.push(*diagnostic),
            }
        }
        match &block.rollback {
            Some(Rollback::Block(undo)) => match find_block(self.library, page, undo, ReferenceKind::Rollback) {
                Ok((page, block)) => {
                    step.undo = Some(self.action(page, block, &id, scope, item.span, &mut step.secrets));
                }
                Err(diagnostic) => self.diagnostics.push(*diagnostic),
            },
            Some(Rollback::Helm) => {
                step.undo = step.helm.as_ref().map(|helm| typed::helm_back(helm, &id, block, step.timeout_s))
            }
            Some(Rollback::None(reason)) => step.rollback = Some(self.resolve(reason, scope, item.span)),
            None => {}
        }
        self.finish_block(item, step, (page, block), name, scope);
    }

    /// Makes a step that has no block yet.
    fn bare_step(&mut self, item: &Item, kind: StepKind, scope: &Scope) -> Step {
        let title = match &item.text {
            Some(text) => self.words(text, scope, item.span),
            None => item.id.clone(),
        };
        let group = scope.group.map(|group| &self.groups[group]);
        let section = item.section.as_ref().and_then(|section| match find_place(self.library, scope.page, section) {
            Ok(place) => Some(place),
            Err(diagnostic) => {
                self.diagnostics.push(*diagnostic);
                None
            }
        });
        let mut vars = scope
            .env
            .as_ref()
            .and_then(|env| self.environments.get(env))
            .map_or(BTreeMap::new(), |env| env.vars.clone());
        vars.extend((*scope.vars).clone());
        vars.extend(scope.each.iter().map(|(list, word)| (variable(list), word.clone())));
        if let Some(env) = &scope.env {
            vars.insert("OPSBOOK_ENV".to_owned(), env.clone());
        }
        let component = scope.component.map(|number| match self.components.get(number) {
            Some(component) => {
                let mut add = |name: &str, value: &str| vars.insert(format!("COMPONENT_{name}"), value.to_owned());
                add("NAME", &component.name);
                add("VERSION", &component.to);
                add("FROM", component.from.as_deref().unwrap_or_default());
                add("PATH", &component.path);
                if let Some(tag) = &component.tag {
                    add("TAG", tag);
                }
                component.name.clone()
            }
            None => {
                for (name, hole) in
                    [("NAME", "name"), ("VERSION", "to"), ("FROM", "from"), ("PATH", "path"), ("TAG", "tag")]
                {
                    vars.insert(format!("COMPONENT_{name}"), mark(&format!("component.{hole}")));
                }
                "component".to_owned()
            }
        });
        // A group's holds for the changes in it; what people do has no guards to pass.
        let glass = if kind == StepKind::Run { scope.break_glass.as_ref() } else { item.break_glass.as_ref() };
        Step {
            id: format!("{}{}", scope.prefix, item.id),
            item: item.id.clone(),
            group: group.map(|group| group.title.clone()),
            group_id: group.map(|group| group.id.clone()),
            kind,
            role: None,
            impact: None,
            title,
            env: scope.env.clone(),
            component,
            each: (*scope.each).clone(),
            needs: Vec::new(),
            when: item.when.as_ref().filter(|_| self.template).map(|when| when.value.to_string()),
            run: None,
            helm: None,
            check: None,
            verify: None,
            undo: None,
            rollback: None,
            wait_s: None,
            monitor: None,
            until: None,
            every_s: None,
            timeout_s: None,
            not_before: scope.not_before.clone().filter(|_| kind.is_performed()),
            people_s: item.timeout.as_ref().map(|timeout| timeout.value.seconds),
            remind_s: item.remind.as_ref().map(|remind| remind.value.seconds),
            retries: None,
            expect: None,
            idempotent: false,
            outputs: Vec::new(),
            capture: BTreeMap::new(),
            secrets: Vec::new(),
            vars,
            evidence: Evidence::None,
            section,
            approval: None,
            break_glass: glass.map(|declared| BreakGlass {
                reason: "required".to_owned(),
                review_within: declared.review_within.as_ref().map(|within| within.text.clone()),
            }),
            source: None,
            digest: String::new(),
        }
    }

    /// Reads the time before which an item does not begin.
    fn not_before(&mut self, declared: &Template, scope: &Scope, item: Span) -> Option<String> {
        let text = self.resolve(declared, scope, item);
        let time = window::in_utc(&text);
        let unknown = self.template && declared.holes().next().is_some();
        if time.is_none() && !unknown && self.said.insert(declared.span) {
            let message = format!("`{text}` is no time with its distance from UTC");
            self.diagnostics.push(
                Diagnostic::new(Code::RunbookSchema, declared.span, message)
                    .help("write it as `2026-12-01T22:00+01:00`, or as `2026-12-01T21:00Z`"),
            );
        }
        time
    }

    /// Resolves what people read: one line, one blank between two words.
    fn words(&mut self, text: &Template, scope: &Scope, item: Span) -> String {
        self.resolve(text, scope, item).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn finish_block(&mut self, item: &Item, step: Step, block: (SitePath, &Block), name: Span, scope: &Scope) {
        let place = Place {
            item: item.span,
            name,
            block: Some((block.1.span, block.1.id.span)),
            page: scope.page,
            block_page: block.0,
        };
        self.push(item, step, place, scope);
    }

    fn finish(&mut self, item: &Item, step: Step, name: Option<Span>, scope: &Scope) {
        let name = name.or_else(|| item.text.as_ref().map(|text| text.span)).unwrap_or(item.id_span);
        let place = Place { item: item.span, name, block: None, page: scope.page, block_page: scope.page };
        self.push(item, step, place, scope);
    }

    fn push(&mut self, item: &Item, mut step: Step, place: Place, scope: &Scope) {
        if self.protos.len() >= MAX_STEPS {
            if !self.full {
                let message = format!("a plan has at most {MAX_STEPS} steps");
                self.diagnostics.push(Diagnostic::new(Code::RunbookSchema, item.span, message));
            }
            self.full = true;
            return;
        }
        if let Some(kubeconfig) = scope.env.as_ref().and_then(|env| self.environments.get(env)?.kubeconfig.clone())
            && (step.run.is_some() || step.monitor.is_some() || step.until.is_some())
        {
            step.secrets.push(kubeconfig);
        }
        step.secrets.sort();
        step.secrets.dedup();
        self.secrets.extend(step.secrets.iter().cloned());
        let mut found: Vec<(String, String)> = Vec::new();
        {
            let scripts = step.run.iter().map(|run| run.script.as_str()).chain(step.check.as_deref()).chain(
                [&step.verify, &step.undo, &step.monitor, &step.until]
                    .into_iter()
                    .flatten()
                    .map(|action| action.script.as_str()),
            );
            for word in mentioned(scripts) {
                if let Some((name, value)) = self.vars.get_key_value(word)
                    && !step.vars.contains_key(word)
                {
                    found.push((name.clone(), value.clone()));
                }
            }
        }
        step.vars.extend(found);
        let span = place.block.map_or(place.item, |(block, _)| block);
        let page = if place.block.is_some() { place.block_page } else { place.page };
        step.source = self.library.page(page).map(|page| step_source(page, span));
        let has_own_script =
            step.kind == StepKind::Run && step.run.as_ref().is_some_and(|run| run.shell == Shell::Bash);
        if let Some(Ok(Prelude { page: path, block, script })) = find_prelude(self.library, page)
            && has_own_script
            && block.span != span
            && let Some(source) = &mut step.source
            && let Some(of) = self.library.page(path)
        {
            let first_line = of.source.lines().line(script.span(0..1).range().start) as u64;
            let n_lines = lines(script.text()).split('\n').count() as u64;
            source.prelude = Some(PreludeSource { path: path.to_string(), first_line, lines: n_lines });
        }
        let needs_span = item.needs.as_ref().and_then(|needs| needs.first()).map_or(place.name, |need| need.span);
        let number = self.protos.len();
        let (conditions, vanishes) = (scope.conditions.clone(), scope.vanishes.clone());
        self.protos.push(Proto { step, place, needs_span, conditions, vanishes });
        self.add(Node {
            name: item.id.clone(),
            parent: scope.parent,
            kind: NodeKind::Step(number),
            needs: item.needs.clone(),
            on: item.on.as_ref().map(|on| words::on(on.value)),
            iteration: None,
            within: Rc::clone(&scope.within),
        });
    }

    fn action(
        &mut self,
        page: SitePath,
        block: &Block,
        step: &str,
        scope: &Scope,
        item: Span,
        secrets: &mut Vec<String>,
    ) -> Action {
        self.pages.insert(page);
        if let Some(expect) =
            block.expect.as_ref().filter(|it| it.exit.is_some_and(|exit| exit != 0) || it.stdout_matches.is_some())
        {
            let span = expect.stdout_matches.as_ref().map_or(block.id.span, |pattern| pattern.span);
            let message = format!("what `{}` expects is not looked at here", block.id.value);
            self.diagnostics.push(
                Diagnostic::new(Code::RunbookSchema, span, message)
                    .label(item, "this item verifies, undoes or watches with it")
                    .help("let the script itself exit with 0 where all is well"),
            );
        }
        let (_, script, _, used) = self.script(block, step, scope, item);
        secrets.extend(used);
        Action {
            block: block.id.value.clone(),
            title: self.words(&block.title, scope, item),
            shell: script.shell,
            script: script.script,
            cwd: script.cwd,
            vars: self.block_vars(block, scope, item),
            timeout_s: block.timeout.as_ref().map(|timeout| timeout.value.seconds),
            retries: retries(block),
        }
    }

    fn block_vars(&mut self, block: &Block, scope: &Scope, item: Span) -> BTreeMap<String, String> {
        block.env.iter().map(|(name, value)| (name.value.clone(), self.resolve(value, scope, item))).collect()
    }

    /// What stands before each Bash script of a page: that page's own, whoever uses its blocks.
    fn prelude(&mut self, own: &Block) -> Option<String> {
        match find_prelude(self.library, own.span.file)? {
            Ok(prelude) if prelude.block.span == own.span => None,
            Ok(prelude) => {
                self.pages.insert(prelude.page);
                Some(lines(prelude.script.text()))
            }
            Err(diagnostic) => {
                if diagnostic.span.is_none_or(|span| self.said.insert(span)) {
                    self.diagnostics.push(*diagnostic);
                }
                None
            }
        }
    }

    fn script(
        &mut self,
        block: &Block,
        step: &str,
        scope: &Scope,
        item: Span,
    ) -> (StepKind, Script, Option<Helm>, Vec<String>) {
        let timeout = block.timeout.as_ref().map(|timeout| timeout.value.seconds);
        let cwd = block.cwd.as_ref().map(|cwd| self.resolve(cwd, scope, item));
        let prelude = self.prelude(block);
        let mut secrets: Vec<String> = block.secrets.iter().map(|secret| secret.value.clone()).collect();
        let mut resolve = |template: &Template| self.resolve(template, scope, item);
        let (kind, shell, text, helm) = match &block.body {
            Body::Script { shell: runbook::Shell::Bash, script, .. } => {
                (StepKind::Run, Shell::Bash, with_prelude(prelude, lines(script.text())), None)
            }
            Body::Script { shell, script, .. } => (StepKind::Run, words::shell(*shell), lines(script.text()), None),
            Body::Helm(spec) => {
                let (helm, text) = typed::helm(spec, step, timeout, &mut resolve);
                (StepKind::Helm, Shell::Bash, text, Some(helm))
            }
            Body::Kubectl(spec) => (StepKind::Kubectl, Shell::Bash, typed::kubectl(spec, timeout, &mut resolve), None),
            Body::Http(spec) => {
                let (text, used) = typed::http(spec, timeout, &mut resolve);
                secrets.extend(used);
                (StepKind::Http, Shell::Bash, text, None)
            }
        };
        (kind, Script { shell, script: text, cwd }, helm, secrets)
    }

    /// Resolves a template; a hole without a value is reported (RB009).
    fn resolve(&mut self, template: &Template, scope: &Scope, item: Span) -> String {
        self.resolve_as(template, scope, item, &|value| value)
    }

    fn resolve_as(
        &mut self,
        template: &Template,
        scope: &Scope,
        item: Span,
        form: &dyn Fn(String) -> String,
    ) -> String {
        let mut missing = Vec::new();
        let text = template.fill(&mut |name| {
            let value = self.value(&name.value, scope);
            if value.is_none() {
                missing.push(name.clone());
            }
            value.map(form)
        });
        for name in missing {
            self.unbound(&name, scope, item);
        }
        text
    }

    fn value(&self, name: &str, scope: &Scope) -> Option<String> {
        if let Some(param) = name.strip_prefix("params.") {
            return scope.values.get(param).cloned();
        }
        if let Some(list) = name.strip_prefix("each.") {
            return scope.each.get(list).cloned();
        }
        if let Some(field) = name.strip_prefix("component.") {
            let known = ["name", "version", "to", "from", "path", "tag"].contains(&field);
            return match self.components.get(scope.component?) {
                _ if !known => None,
                None => Some(mark(name)),
                Some(component) => match field {
                    "name" => Some(component.name.clone()),
                    "version" | "to" => Some(component.to.clone()),
                    "from" => component.from.clone(),
                    "path" => Some(component.path.clone()),
                    _ => component.tag.clone(),
                },
            };
        }
        match name {
            "env" => scope.env.clone(),
            "runbook.id" => Some(scope.settings_id.clone()),
            _ => None,
        }
    }

    fn unbound(&mut self, name: &Spanned<String>, scope: &Scope, item: Span) {
        if !self.said.insert(name.span) {
            return;
        }
        let message = format!("`${{{}}}` has no value here", name.value);
        let diagnostic =
            Diagnostic::new(Code::RunbookUnbound, name.span, message).label(item, "in the step of this item");
        let params: Vec<String> = scope.values.keys().map(|param| format!("params.{param}")).collect();
        let each: Vec<String> = scope.each.keys().map(|list| format!("each.{list}")).collect();
        let mut known: Vec<&str> = params.iter().chain(&each).map(String::as_str).collect();
        known.extend([
            "component.name",
            "component.to",
            "component.from",
            "component.path",
            "component.tag",
            "env",
            "runbook.id",
        ]);
        self.diagnostics.push(if name.value.starts_with("component.") && scope.component.is_none() {
            diagnostic.help("use the block inside a group with `each: component`")
        } else if name.value.starts_with("each.") {
            diagnostic.help("use it inside a group that is repeated for that list: `each: {host: [a, b]}`")
        } else if name.value == "env" {
            diagnostic.help("give the item or its group an `env`")
        } else if name.value == "component.from" {
            diagnostic.note("the component's version before is not known; `--since REF` says it")
        } else {
            match nearest(&name.value, known.iter().copied()) {
                Some(near) => diagnostic.help(format!("did you mean `${{{near}}}`?")),
                None => diagnostic.help(format!("known are `{}`", known.join("`, `"))),
            }
        });
    }

    fn check_environment(&mut self, env: &Spanned<String>) {
        if self.environments.contains_key(&env.value) {
            return;
        }
        let known: Vec<&str> = self.environments.keys().map(String::as_str).collect();
        let diagnostic =
            Diagnostic::new(Code::RunbookDangling, env.span, format!("unknown environment `{}`", env.value));
        let diagnostic = match nearest(&env.value, known.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help("declare it under `runbook: environments:` with its `tier`"),
        };
        self.diagnostics.push(diagnostic);
    }

    fn check_condition(&mut self, when: &Spanned<runbook::Condition>, scope: &Scope) {
        for name in when.value.names().into_iter().filter(|name| !runbook::is_output(name)) {
            if scope.values.contains_key(name) || (self.diagnostics.has_errors() && !self.template) {
                continue;
            }
            let known: Vec<&str> = scope.values.keys().map(String::as_str).collect();
            let diagnostic = Diagnostic::new(
                Code::RunbookUnbound,
                when.span,
                format!("`when` asks for `{name}`, which is no parameter"),
            );
            let diagnostic = match nearest(name, known.iter().copied()) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic,
            };
            self.diagnostics.push(diagnostic);
        }
    }
}

fn is_param(settings: &runbook::Settings, name: &Spanned<String>) -> bool {
    settings.params.iter().any(|param| param.name.value == name.value)
}

fn retries(block: &Block) -> Option<Retries> {
    block.retries.as_ref().map(|retries| Retries {
        max: retries.max,
        backoff: retries.backoff.as_ref().map_or("0s".to_owned(), |backoff| backoff.text.clone()),
    })
}

/// Scripts have `\n` at the end of every line but the last.
fn lines(script: &str) -> String {
    script.replace("\r\n", "\n").trim_end_matches('\n').to_owned()
}

/// Puts a script behind what stands before it.
fn with_prelude(prelude: Option<String>, script: String) -> String {
    match prelude {
        Some(prelude) => format!("{prelude}\n{script}"),
        None => script,
    }
}

/// The parts of step ids that names become, no two alike.
fn unique_parts<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut out = Vec::new();
    for name in names {
        let base = component_id(name);
        let mut part = base.clone();
        let mut number = 2;
        while !taken.insert(part.clone()) {
            part = format!("{base}-{number}");
            number += 1;
        }
        out.push(part);
    }
    out
}

/// A name's part of step ids.
fn component_id(name: &str) -> String {
    let mut out = String::new();
    for ch in name.chars().flat_map(char::to_lowercase) {
        if ch.is_ascii_alphanumeric() {
            out.push(ch);
        } else if !out.ends_with('-') && !out.is_empty() {
            out.push('-');
        }
    }
    let out = out.trim_end_matches('-');
    if out.is_empty() { "component".to_owned() } else { out.to_owned() }
}

fn step_source(page: &Page, span: Span) -> StepSource {
    let lines = page.source.lines();
    let range = span.range();
    // The `\n` behind a block belongs to its last line.
    let last = range.end.max(range.start + 1) - 1;
    StepSource {
        path: span.file.to_string(),
        first_line: lines.line(range.start) as u64,
        last_line: lines.line(last) as u64,
        byte_start: range.start as u64,
        byte_end: range.end as u64,
        prelude: None,
    }
}
