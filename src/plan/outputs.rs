//! The names under which a step's scripts see the outputs of other steps.
//!
//! One rule for the run, the lints and every emitter: an output is `OPSBOOK_OUT_<STEP>_<KEY>`, where
//! `<STEP>` is the end of the writing step's id, from its last part to the whole; inside a repeated
//! group the part of the reader's own iteration may be left out. Where a name could mean several
//! outputs it means the nearest one: of the reader's own iteration, then in the innermost group that
//! holds both, then the one with the fewest groups between. Two that are equally near have no such
//! name. Knows no values and no run.

use super::model::{Plan, Step};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The outputs of a plan.
#[derive(Debug)]
pub struct Outputs<'p> {
    writers: Vec<Writer<'p>>,
    repeated: BTreeSet<&'p str>,
}

/// A step with outputs, its id in parts.
#[derive(Debug)]
struct Writer<'p> {
    step: &'p Step,
    path: Vec<&'p str>,
    iterations: Vec<usize>,
}

/// What a variable holds: an output of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output<'p> {
    /// The step that writes it.
    pub step: &'p str,
    /// Its name there.
    pub key: &'p str,
}

/// How near an output is; the greatest is meant.
type Nearness = (u8, usize, Reverse<usize>);

impl<'p> Outputs<'p> {
    /// Collects the outputs of a plan.
    pub fn of(plan: &'p Plan) -> Outputs<'p> {
        let repeated: BTreeSet<&str> =
            plan.groups.iter().filter(|group| group.each.is_some()).map(|group| group.id.as_str()).collect();
        let writing = plan.steps.iter().filter(|step| !step.outputs.is_empty());
        let writers = writing.map(|step| Writer {
            step,
            path: step.id.split('.').collect(),
            iterations: iterations(&step.id, &repeated),
        });
        Outputs { writers: writers.collect(), repeated }
    }

    /// Returns the variables that a step's scripts see, each with what it holds; `None` where two
    /// outputs are equally near.
    pub fn seen_by(&self, reader: &Step) -> BTreeMap<String, Option<Output<'p>>> {
        self.seen_from(&reader.id)
    }

    /// Returns what is seen at the place of an id, of a step or of a group.
    pub fn seen_from(&self, reader: &str) -> BTreeMap<String, Option<Output<'p>>> {
        let path: Vec<&str> = reader.split('.').collect();
        let own: BTreeSet<(usize, &str)> =
            iterations(reader, &self.repeated).into_iter().map(|at| (at, path[at])).collect();
        let own: BTreeSet<&str> = own.into_iter().map(|(_, part)| part).collect();
        let mut seen: BTreeMap<String, (Nearness, Option<Output<'p>>)> = BTreeMap::new();
        for writer in &self.writers {
            let same = writer.iterations.iter().all(|at| own.contains(writer.path[*at]));
            let common = writer.path.iter().zip(&path).take_while(|(one, other)| one == other).count();
            // A step is as near to itself as to a neighbour.
            let common = common.min(writer.path.len() - 1);
            let class = match (writer.iterations.is_empty(), same) {
                (false, true) => 2,
                (true, _) => 1,
                (false, false) => 0,
            };
            let nearness = (class, common, Reverse(writer.path.len() - common));
            let mut names: BTreeSet<String> =
                (0..writer.path.len()).map(|from| writer.path[from..].join("-")).collect();
            if class == 2 {
                let kept = writer.path.iter().enumerate().filter(|(at, _)| !writer.iterations.contains(at));
                let kept: Vec<&str> = kept.map(|(_, part)| *part).collect();
                names.extend((0..kept.len()).map(|from| kept[from..].join("-")));
            }
            for key in &writer.step.outputs {
                let output = Output { step: &writer.step.id, key };
                for name in &names {
                    let found = seen.entry(output_variable(name, key)).or_insert((nearness, Some(output)));
                    if nearness > found.0 {
                        *found = (nearness, Some(output));
                    } else if nearness == found.0 && found.1 != Some(output) {
                        found.1 = None;
                    }
                }
            }
        }
        seen.into_iter().map(|(name, (_, output))| (name, output)).collect()
    }
}

impl Outputs<'_> {
    /// Tells whether a variable names an output of an iteration that this plan, a template, has not
    /// unrolled: `OPSBOOK_OUT_HOSTS_LB_1_DRAIN_CONNS` for the steps of `hosts` per component.
    pub fn may_mean(&self, name: &str) -> bool {
        self.writers.iter().filter(|writer| !writer.iterations.is_empty()).any(|writer| {
            let part = |at: usize| if writer.iterations.contains(&at) { "*" } else { writer.path[at] };
            writer.step.outputs.iter().any(|key| {
                (0..writer.path.len()).any(|from| {
                    let parts: Vec<&str> = (from..writer.path.len()).map(part).collect();
                    fits(&format!("OPSBOOK_OUT_{}_{}", wild(&parts.join("-")), shouted(key)), name)
                })
            })
        })
    }
}

fn wild(name: &str) -> String {
    name.split('*').map(shouted).collect::<Vec<_>>().join("*")
}

/// Whether a name is like a pattern in which `*` stands for one letter or more.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(behind) = name.strip_prefix(head) else { return false };
    (1..=behind.len()).any(|at| behind.is_char_boundary(at) && fits(rest, &behind[at..]))
}

/// The positions of a step's id that say which iteration of a repeated group it belongs to.
fn iterations(id: &str, repeated: &BTreeSet<&str>) -> Vec<usize> {
    let dots = id.match_indices('.').map(|(at, _)| at);
    dots.enumerate().filter(|(_, dot)| repeated.contains(&id[..*dot])).map(|(number, _)| number + 1).collect()
}

/// Returns the variable of an output: `OPSBOOK_OUT_STAGING_DEPLOY_URL`.
pub(in crate::plan) fn output_variable(step: &str, key: &str) -> String {
    format!("OPSBOOK_OUT_{}_{}", shouted(step), shouted(key))
}

/// The form that names have in variables: `staging.cavern` is `STAGING_CAVERN`.
pub(in crate::plan) fn shouted(name: &str) -> String {
    name.chars().map(|ch| if ch.is_ascii_alphanumeric() { ch.to_ascii_uppercase() } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Steps by id, each with the output `x`; `repeated` are the groups per component.
    fn plan(steps: &[&str], repeated: &[&str]) -> Plan {
        let step = |id: &&str| {
            json!({"id": id, "item": id.rsplit('.').next(), "group": null, "kind": "run", "title": id, "needs": [],
                "run": {"shell": "bash", "script": "true"}, "outputs": ["x"], "digest": ""})
        };
        let group = |id: &&str| json!({"id": id, "title": id, "env": null, "each": "component", "parallel": 1});
        serde_json::from_value(json!({
            "format": 1, "runbook": "r", "stage": "bound", "kind": "procedure", "mode": "read-do", "params": {},
            "secrets": [], "environments": {}, "components": [], "source": {"files": []}, "hash": "",
            "steps": steps.iter().map(step).collect::<Vec<_>>(),
            "groups": repeated.iter().map(group).collect::<Vec<_>>(),
        }))
        .expect("the sample has the plan's shape")
    }

    /// What a variable means for a step.
    fn meaning(plan: &Plan, reader: &str, name: &str) -> Option<String> {
        let reader = plan.step(reader).expect("it is a step");
        let seen = Outputs::of(plan).seen_by(reader);
        seen.get(&format!("OPSBOOK_OUT_{name}_X")).map(|output| output.map_or("?".into(), |it| it.step.to_owned()))
    }

    #[test]
    fn the_nearest_output_is_meant() {
        let plan = plan(&["a", "g.a", "g.b", "g.h.a", "g.h.c", "z"], &[]);
        let means = |reader: &str, name: &str| meaning(&plan, reader, name);
        assert_eq!(means("z", "A").as_deref(), Some("a"));
        assert_eq!(means("g.b", "A").as_deref(), Some("g.a"));
        assert_eq!(means("g.h.c", "A").as_deref(), Some("g.h.a"));
        assert_eq!(means("g.h.c", "B").as_deref(), Some("g.b"));
        // The whole id always works, and so does any end of it.
        assert_eq!(means("z", "G_H_A").as_deref(), Some("g.h.a"));
        assert_eq!(means("z", "H_A").as_deref(), Some("g.h.a"));
        assert_eq!(means("z", "C").as_deref(), Some("g.h.c"));
        assert_eq!(means("z", "NOTHING"), None);
    }

    #[test]
    fn the_own_iteration_comes_first() {
        let steps = ["s.a.deploy", "s.b.deploy", "p.a.look", "p.b.look", "p.b.deploy", "end"];
        let plan = plan(&steps, &["s", "p"]);
        let means = |reader: &str, name: &str| meaning(&plan, reader, name);
        assert_eq!(means("p.a.look", "DEPLOY").as_deref(), Some("s.a.deploy"));
        assert_eq!(means("p.b.look", "DEPLOY").as_deref(), Some("p.b.deploy"));
        assert_eq!(means("p.b.look", "S_DEPLOY").as_deref(), Some("s.b.deploy"));
        assert_eq!(means("p.b.look", "S_A_DEPLOY").as_deref(), Some("s.a.deploy"));
        // Nobody can say which of the two is meant.
        assert_eq!(means("end", "DEPLOY").as_deref(), Some("?"));
        assert_eq!(means("end", "S_B_DEPLOY").as_deref(), Some("s.b.deploy"));
    }

    #[test]
    fn a_template_knows_the_names_of_iterations_that_are_to_come() {
        let plan = plan(&["hosts.component.drain", "z"], &["hosts"]);
        let outputs = Outputs::of(&plan);
        assert!(outputs.may_mean("OPSBOOK_OUT_HOSTS_LB_1_DRAIN_X") && outputs.may_mean("OPSBOOK_OUT_LB_1_DRAIN_X"));
        // An iteration may have any name, that of its group included.
        assert!(outputs.may_mean("OPSBOOK_OUT_HOST_A_DRAIN_X") && outputs.may_mean("OPSBOOK_OUT_HOSTS_DRAIN_X"));
        for other in ["OPSBOOK_OUT_HOSTS_LB_1_DRAIN_Y", "OPSBOOK_OUT_HOSTS_LB_1_DRAINED_X", "OPSBOOK_OUT_DRAINED_X"] {
            assert!(!outputs.may_mean(other), "{other}");
        }
    }

    #[test]
    fn a_page_that_is_used_sees_what_it_sees_alone() {
        let alone = plan(&["a", "g.a", "g.b", "end"], &[]);
        let used = plan(&["a", "u.a", "u.g.a", "u.g.b", "u.end"], &[]);
        for (reader, name) in [("end", "A"), ("end", "G_A"), ("end", "G_B"), ("g.b", "A"), ("g.b", "G_A")] {
            let own = meaning(&alone, reader, name).map(|step| format!("u.{step}"));
            assert_eq!(meaning(&used, &format!("u.{reader}"), name), own, "{reader} {name}");
        }
    }
}
