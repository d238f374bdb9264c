//! The tree of unrolled items gives the edges of the plan.
//!
//! By default every item needs the one before it; `needs` replaces that for the item, `parallel`
//! drops it inside a group, and an item `on: failure` is a side branch: what comes after it needs
//! what came before it.

use super::expand::{Expansion, NodeKind, Proto};
use super::model::{Environment, On};
use crate::diag::{Code, Diagnostic, Diagnostics, nearest};
use std::collections::BTreeMap;

/// Of each step, the steps it needs, in document order.
pub(super) type Needs = Vec<Vec<(usize, On)>>;

/// Computes the edges. Reports items that `needs` names and that do not exist (RB006).
pub(super) fn link(expansion: &mut Expansion<'_>) -> Needs {
    let resolved = resolve_all(expansion);
    let mut linker = Linker {
        followed: vec![false; expansion.nodes.len()],
        exits: vec![None; expansion.nodes.len()],
        needs: vec![Vec::new(); expansion.protos.len()],
        resolved,
        expansion,
    };
    linker.mark_followed();
    linker.enter(expansion_root(), &[]);
    let mut needs = linker.needs;
    for list in &mut needs {
        list.sort_unstable();
        list.dedup_by_key(|(step, _)| *step);
    }
    needs
}

fn expansion_root() -> usize {
    0
}

/// Of each node with `needs`, the nodes it names.
fn resolve_all(expansion: &mut Expansion<'_>) -> BTreeMap<usize, Vec<usize>> {
    let mut out = BTreeMap::new();
    let mut missing = Vec::new();
    for node in 0..expansion.nodes.len() {
        let Some(names) = &expansion.nodes[node].needs else { continue };
        let mut targets = Vec::new();
        for name in names {
            let found = resolve(expansion, node, &name.value);
            if found.is_empty() {
                missing.push(unknown_item(expansion, node, &name.value, name.span));
            }
            targets.extend(found);
        }
        out.insert(node, targets);
    }
    expansion.diagnostics.extend(missing);
    out
}

/// Looks for a dotted name among the item's neighbours, then among its group's, and so on outwards.
fn resolve(expansion: &Expansion<'_>, node: usize, name: &str) -> Vec<usize> {
    let parts: Vec<&str> = name.split('.').collect();
    let mut group = expansion.nodes[node].parent;
    loop {
        let found = descend(expansion, group, &parts, &expansion.nodes[node].within);
        if !found.is_empty() || group == expansion_root() {
            return found;
        }
        group = expansion.nodes[group].parent;
    }
}

fn descend(expansion: &Expansion<'_>, group: usize, parts: &[&str], within: &BTreeMap<String, String>) -> Vec<usize> {
    let Some((first, rest)) = parts.split_first() else { return vec![group] };
    if let Some(child) = expansion.index.get(&(group, (*first).to_owned())) {
        return descend(expansion, *child, rest, within);
    }
    // The items of a repeated group are one level further down: of the repetition that the asking item
    // stands in, else of all.
    let NodeKind::Group { children, repeated: true, .. } = &expansion.nodes[group].kind else { return Vec::new() };
    let own = |child: &&usize| {
        let iteration = expansion.nodes[**child].iteration.as_ref();
        iteration.is_some_and(|(list, part)| within.get(list) == Some(part))
    };
    let same = children.iter().filter(own);
    let same: Vec<usize> = same.copied().collect();
    let among = if same.is_empty() { children.clone() } else { same };
    among.into_iter().flat_map(|child| descend(expansion, child, parts, within)).collect()
}

fn unknown_item(expansion: &Expansion<'_>, node: usize, name: &str, span: crate::text::Span) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::RunbookDangling, span, format!("unknown item `{name}`"));
    let mut known: Vec<&str> = Vec::new();
    let mut group = expansion.nodes[node].parent;
    loop {
        if let NodeKind::Group { children, .. } = &expansion.nodes[group].kind {
            known.extend(children.iter().map(|child| expansion.nodes[*child].name.as_str()));
        }
        if group == expansion_root() {
            break;
        }
        group = expansion.nodes[group].parent;
    }
    match nearest(name, known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.note("`needs` names items of the same group, of the groups around it, or `group.item`"),
    }
}

struct Linker<'e, 'a> {
    expansion: &'e Expansion<'a>,
    resolved: BTreeMap<usize, Vec<usize>>,
    /// Whether another item of the same group needs the node.
    followed: Vec<bool>,
    exits: Vec<Option<Vec<usize>>>,
    needs: Needs,
}

impl Linker<'_, '_> {
    fn mark_followed(&mut self) {
        for (node, targets) in &self.resolved {
            let parent = self.expansion.nodes[*node].parent;
            // An item that runs only on failure does not stand between its group and what comes next.
            if self.expansion.nodes[*node].on == Some(On::Failure) {
                continue;
            }
            for target in targets {
                if self.expansion.nodes[*target].parent == parent {
                    self.followed[*target] = true;
                }
            }
        }
        for node in 0..self.expansion.nodes.len() {
            let NodeKind::Group { children, parallel: false, tolerant: false, .. } = &self.expansion.nodes[node].kind
            else {
                continue;
            };
            let mut before: Option<usize> = None;
            for child in children {
                let on = self.expansion.nodes[*child].on;
                if let Some(before) = before
                    && !self.resolved.contains_key(child)
                    && on != Some(On::Failure)
                {
                    self.followed[before] = true;
                }
                if on != Some(On::Failure) {
                    before = Some(*child);
                }
            }
        }
    }

    /// Returns the last steps of a node: what the next item waits for.
    fn exits(&mut self, node: usize) -> Vec<usize> {
        if let Some(exits) = &self.exits[node] {
            return exits.clone();
        }
        let exits = match &self.expansion.nodes[node].kind {
            NodeKind::Step(step) => vec![*step],
            NodeKind::Group { children, .. } => {
                let main = |child: &&usize| self.expansion.nodes[**child].on != Some(On::Failure);
                let mut last: Vec<usize> =
                    children.iter().filter(main).filter(|child| !self.followed[**child]).copied().collect();
                if last.is_empty() {
                    // Only items for failures, or a cycle, which is reported later.
                    last = children.last().copied().into_iter().collect();
                }
                last.into_iter().flat_map(|child| self.exits(child)).collect()
            }
        };
        self.exits[node] = Some(exits.clone());
        exits
    }

    fn enter(&mut self, node: usize, before: &[(usize, On)]) {
        let expansion = self.expansion;
        match &expansion.nodes[node].kind {
            NodeKind::Step(step) => self.needs[*step] = before.to_vec(),
            NodeKind::Group { children, parallel, tolerant, .. } => {
                let mut current: Vec<(usize, On)> = before.to_vec();
                for child in children {
                    let stated = expansion.nodes[*child].on;
                    let mut needs = match self.resolved.get(child).cloned() {
                        Some(targets) => {
                            let exits = targets.into_iter().flat_map(|target| self.exits(target));
                            exits.map(|need| (need, On::Success)).collect()
                        }
                        None => current.clone(),
                    };
                    if let Some(stated) = stated {
                        needs.iter_mut().for_each(|(_, on)| *on = stated);
                    }
                    self.enter(*child, &needs);
                    if *parallel || stated == Some(On::Failure) {
                        continue;
                    }
                    let exits = self.exits(*child).into_iter();
                    current = if *tolerant {
                        // What came before the group must have gone well, the repetition before need not.
                        before.iter().copied().chain(exits.map(|exit| (exit, On::Done))).collect()
                    } else {
                        exits.map(|exit| (exit, On::Success)).collect()
                    };
                }
            }
        }
    }
}

/// A step that waits for the same component's step in an environment that comes after its own can
/// only be a mistake (RB016).
pub(super) fn check_environments(
    needs: &Needs,
    protos: &[Proto],
    environments: &BTreeMap<String, Environment>,
    diagnostics: &mut Diagnostics,
) {
    let comes_after = |later: &str, earlier: &str| {
        let mut at = environments.get(later).and_then(|environment| environment.after.as_deref());
        for _ in 0..environments.len() {
            match at {
                Some(name) if name == earlier => return true,
                Some(name) => at = environments.get(name).and_then(|environment| environment.after.as_deref()),
                None => return false,
            }
        }
        false
    };
    for (step, before) in needs.iter().enumerate() {
        let proto = &protos[step];
        for (need, _) in before {
            let other = &protos[*need];
            if let (Some(env), Some(other_env)) = (&proto.step.env, &other.step.env)
                && (proto.step.component == other.step.component
                    || proto.step.component.is_none()
                    || other.step.component.is_none())
                && comes_after(other_env, env)
            {
                let message = format!("`{}` in `{env}` waits for `{}` in `{other_env}`", proto.step.id, other.step.id);
                diagnostics.push(
                    Diagnostic::new(Code::EnvironmentOrder, proto.place.item, message)
                        .label(other.place.item, "this comes first in the checklist")
                        .note(format!("`{other_env}` comes after `{env}`")),
                );
            }
        }
    }
}
