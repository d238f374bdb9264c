//! What never changes during a run, worked out once from its plan.

use crate::plan::Plan;
use crate::plan::machine::guard::Waits;
use crate::plan::machine::vanish::{self, Left};
use crate::runbook::Condition;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What never changes during a run, worked out once.
#[derive(Debug)]
pub(super) struct Graph {
    /// The position of each step in the plan.
    pub(super) index: BTreeMap<String, usize>,
    /// What each step waits for, as positions; `None` where it needs a step that is not there.
    pub(super) needs: Waits,
    /// Which steps wait for each.
    pub(super) followers: Vec<Vec<usize>>,
    /// The approvals before each step, in the order of the plan.
    pub(super) approvals: Vec<Arc<Vec<usize>>>,
    /// The scope digest of each approval.
    pub(super) scopes: BTreeMap<usize, String>,
    /// The condition of each step over outputs; `None` where it cannot be read, which never holds.
    pub(super) conditions: Vec<Option<Option<Condition>>>,
    /// Of each step, whether a condition could take out a guard of it and leave it behind. The pages of such
    /// a plan are in error; whoever wrote the plan itself gets no further with it.
    pub(super) bare: Vec<bool>,
    /// The steps that people do and for which it matters since when they are waited for.
    pub(super) timed: Vec<usize>,
    /// The groups that limit how many of their items run at once or may fail.
    pub(super) limits: Vec<Limit>,
    /// The limited groups around each step, as places in `limits`, with the place of its item in them.
    pub(super) limited: Vec<Vec<(usize, usize)>>,
}

/// A group that limits its items; with `each`, its repetitions.
#[derive(Debug)]
pub(super) struct Limit {
    /// How many run at once; 0 without limit.
    pub(super) parallel: usize,
    /// How many may fail before no new one begins.
    pub(super) max_failures: Option<usize>,
    /// The steps of each item, however deep they stand in it.
    pub(super) items: Vec<Vec<usize>>,
}

/// Of each step, whether a condition could take out a guard of it and leave it behind.
pub(super) fn bare_of(plan: &Plan, waits: &Waits, conditions: &[Option<Option<Condition>>]) -> Vec<bool> {
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let mut number = |part: String| {
        let next = numbers.len();
        *numbers.entry(part).or_insert(next)
    };
    let parts = |(at, condition): (usize, &Option<Option<Condition>>)| match condition {
        Some(condition) => condition.iter().flat_map(Condition::parts).map(Condition::to_string).collect(),
        // Nobody can read it: no other step stands under it, too.
        None => vec![format!("{at}?")],
    };
    let parts = conditions.iter().enumerate().map(parts);
    let under: Vec<Vec<usize>> = parts.map(|parts| parts.into_iter().map(&mut number).collect()).collect();
    let mut bare = vec![false; plan.steps.len()];
    for found in vanish::bare(plan, waits, &under, Left::Others) {
        found.steps.iter().for_each(|step| bare[*step] = true);
    }
    bare
}

/// The limited groups of a plan, and those around each step.
pub(super) fn limits_of(plan: &Plan) -> (Vec<Limit>, Vec<Vec<(usize, usize)>>) {
    let (mut limits, mut limited) = (Vec::new(), vec![Vec::new(); plan.steps.len()]);
    for group in plan.groups.iter().filter(|group| group.parallel > 1 || group.max_failures.is_some()) {
        let mut items: Vec<Vec<usize>> = Vec::new();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, step) in plan.steps.iter().enumerate() {
            let Some(unit) = group.unit(&step.id) else { continue };
            let place = *places.entry(unit).or_insert(items.len());
            if place == items.len() {
                items.push(Vec::new());
            }
            items[place].push(at);
            limited[at].push((limits.len(), place));
        }
        let parallel = if group.parallel > 1 { group.parallel as usize } else { 0 };
        let max_failures = group.max_failures.map(|max| max as usize);
        limits.push(Limit { parallel, max_failures, items });
    }
    (limits, limited)
}
