//! Emitted Argo Workflows refer only to what is there: no schema and no linter says so.

use crate::golden::read_whole;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The names that follow a beginning such as `{{tasks.` in a text.
fn references<'t>(text: &'t str, beginning: &str) -> Vec<&'t str> {
    let rest = text.split(beginning).skip(1);
    rest.filter_map(|rest| rest.split_once("}}").map(|(name, _)| name)).collect()
}

fn list<'v>(value: &'v Value, path: &str) -> &'v [Value] {
    value.pointer(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn names(values: &[Value]) -> BTreeSet<&str> {
    values.iter().filter_map(|value| value["name"].as_str()).collect()
}

/// What of a workflow refers to nothing, or to what is not there yet.
fn faults(workflow: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let spec = &workflow["spec"];
    let templates: BTreeMap<&str, &Value> =
        list(spec, "/templates").iter().filter_map(|template| Some((template["name"].as_str()?, template))).collect();
    if templates.len() != list(spec, "/templates").len() {
        found.push("two templates have one name, or one has none".to_owned());
    }
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for key in ["entrypoint", "onExit"] {
        match spec[key].as_str() {
            Some(name) if templates.contains_key(name) => drop(used.insert(name)),
            None if key == "onExit" => {}
            name => found.push(format!("{key} is {name:?}")),
        }
    }
    let known = |task: &Value, used: &mut BTreeSet<_>, found: &mut Vec<String>| {
        let name = task["template"].as_str().unwrap_or_default();
        let Some((name, template)) = templates.get_key_value(name) else {
            found.push(format!("{} has no template {name}", task["name"]));
            return;
        };
        used.insert(*name);
        let inputs = list(template, "/inputs/parameters");
        let asked: Vec<Value> = inputs.iter().filter(|input| input.get("default").is_none()).cloned().collect();
        if names(list(task, "/arguments/parameters")) != names(&asked) {
            found.push(format!("{} is given something else than it asks for", task["name"]));
        }
    };
    for (name, template) in &templates {
        for task in list(template, "/steps").iter().flat_map(|steps| steps.as_array().into_iter().flatten()) {
            known(task, &mut used, &mut found);
        }
        let mut before: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for task in list(template, "/dag/tasks") {
            known(task, &mut used, &mut found);
            let own = task["name"].as_str().unwrap_or_default();
            let mut ancestors: BTreeSet<&str> = BTreeSet::new();
            let words = task["depends"].as_str().unwrap_or_default();
            for term in words.split(|ch: char| " ()&|!".contains(ch)).filter(|term| !term.is_empty()) {
                let (needed, ending) = term.split_once('.').unwrap_or((term, ""));
                match before.get(needed) {
                    Some(further) => ancestors.extend(further.iter().copied().chain([needed])),
                    None => found.push(format!("{own} needs {needed}, which does not come before it")),
                }
                if !["Succeeded", "Failed", "Errored", "Skipped", "Omitted"].contains(&ending) {
                    found.push(format!("{own} needs an ending `{ending}` of {needed}"));
                }
            }
            let text = task.to_string();
            for reference in references(&text, "{{tasks.") {
                let (from, output) = reference.split_once(".outputs.parameters.").unwrap_or((reference, ""));
                if !ancestors.contains(from) {
                    found.push(format!("{own} reads {reference}, which it does not wait for"));
                }
                if !templates.get(from).is_some_and(|it| names(list(it, "/outputs/parameters")).contains(output)) {
                    found.push(format!("{own} reads {reference}, which is no output"));
                }
            }
            if before.insert(own, ancestors).is_some() {
                found.push(format!("two tasks are called {own}"));
            }
        }
        let inputs = names(list(template, "/inputs/parameters"));
        for reference in references(&template.to_string(), "{{inputs.parameters.") {
            if !inputs.contains(reference) {
                found.push(format!("{name} reads the parameter {reference}, which it does not have"));
            }
        }
        let supplied = |output: &&Value| output.pointer("/valueFrom/supplied").is_some();
        for output in list(template, "/outputs/parameters").iter().filter(supplied) {
            if !output["name"].as_str().is_some_and(|output| inputs.contains(output)) {
                found.push(format!("{name} lets nobody choose {}", output["name"]));
            }
        }
        if template.pointer("/suspend/duration").is_some() {
            found.push(format!("{name} opens by itself"));
        }
        let source = template.pointer("/script/source").and_then(Value::as_str).unwrap_or_default();
        if source.replace("{{='{' + '{'}}", "").contains("{{") {
            found.push(format!("{name} substitutes into its script"));
        }
        let volumes = list(spec, "/volumeClaimTemplates").iter().filter_map(|claim| claim["metadata"]["name"].as_str());
        let volumes: BTreeSet<&str> = volumes.collect();
        for mount in names(list(template, "/script/volumeMounts")) {
            if !volumes.contains(mount) {
                found.push(format!("{name} mounts {mount}, which is nowhere"));
            }
        }
    }
    found.extend(templates.keys().filter(|name| !used.contains(*name)).map(|name| format!("nothing uses {name}")));
    let global = names(list(spec, "/arguments/parameters"));
    for reference in references(&spec.to_string(), "{{workflow.parameters.") {
        if !global.contains(reference) {
            found.push(format!("there is no parameter {reference} of the workflow"));
        }
    }
    found
}

fn workflows() -> Vec<(String, Value)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/runbooks");
    let mut out = Vec::new();
    for folder in [root.clone(), root.join("canfar"), root.join("manual")] {
        for entry in fs::read_dir(folder).expect("there are golden files").map(|entry| entry.expect("it can be read")) {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".argo.yaml") {
                out.push((name, serde_yaml::from_str(&read_whole(&entry.path())).expect("a workflow is YAML")));
            }
        }
    }
    out.sort_by(|a, b| a.0.cmp(&b.0));
    out
}

#[test]
fn emitted_workflows_refer_only_to_what_is_there() {
    let workflows = workflows();
    assert_eq!(workflows.len(), 6);
    for (name, workflow) in workflows {
        assert_eq!(faults(&workflow), [] as [String; 0], "{name}");
    }
}

/// A change, and the place that it is made at, if the workflow has it.
type Mutation = (&'static str, &'static str, fn(&mut Value));

const MUTATIONS: &[Mutation] = &[
    ("an entrypoint that is not there", "/spec/entrypoint", |it| *it = json!("plans")),
    ("an exit handler that is not there", "/spec/onExit", |it| *it = json!("undoing")),
    ("a template less", "/spec/templates", |it| drop(it.as_array_mut().map(Vec::pop))),
    ("a template's other name", "/spec/templates/1/name", |it| *it = json!("other")),
    ("a template twice", "/spec/templates", |it| {
        if let Some(all) = it.as_array_mut() {
            all.push(all[1].clone());
        }
    }),
    ("a task's template that is not there", "/spec/templates/0/dag/tasks/0/template", |it| *it = json!("other")),
    ("a task less", "/spec/templates/0/dag/tasks", |it| drop(it.as_array_mut().map(|all| all.remove(0)))),
    ("a task's other name", "/spec/templates/0/dag/tasks/0/name", |it| *it = json!("other")),
    ("a task twice", "/spec/templates/0/dag/tasks", |it| {
        if let Some(all) = it.as_array_mut() {
            all.push(all[0].clone());
        }
    }),
    ("tasks the other way round", "/spec/templates/0/dag/tasks", |it| {
        if let Some(all) = it.as_array_mut() {
            all.reverse();
        }
    }),
    ("a need that is not there", "/spec/templates/0/dag/tasks/1/depends", |it| *it = json!("other.Succeeded")),
    ("an ending that is none", "/spec/templates/0/dag/tasks/1/depends", |it| {
        *it = json!(it.as_str().unwrap_or_default().replace("Succeeded", "Success"));
    }),
    ("a volume that is nowhere", "/spec/volumeClaimTemplates/0/metadata/name", |it| *it = json!("other")),
    ("a parameter of the workflow less", "/spec/arguments/parameters", |it| *it = json!([])),
];

/// Changes in the first template or task that has something.
const ANYWHERE: &[Mutation] = &[
    ("an argument less", "arguments", |it| it["parameters"] = json!([])),
    ("an argument from elsewhere", "arguments", |it| {
        it["parameters"][0]["value"] = json!("{{tasks.nobody.outputs.parameters.decision}}");
    }),
    ("an input less", "inputs", |it| drop(it.as_object_mut().map(|it| it.remove("parameters")))),
    ("an output less", "outputs", |it| it["parameters"] = json!([])),
    ("a gate that opens by itself", "suspend", |it| *it = json!({"duration": "1h"})),
    ("a script with a substitution", "source", |it| *it = json!("echo {{workflow.name}}\n")),
    ("an order lost before an output is read", "depends", |it| *it = json!("")),
];

/// Changes the first entry of a name below a value that makes a fault there; tells whether any does.
fn any_caught(workflow: &Value, key: &str, change: fn(&mut Value)) -> (usize, usize) {
    let (mut tried, mut caught) = (0, 0);
    let templates = list(workflow, "/spec/templates").len();
    let tasks = list(workflow, "/spec/templates/0/dag/tasks").len();
    let places =
        (0..templates).flat_map(|at| [format!("/spec/templates/{at}"), format!("/spec/templates/{at}/script")]);
    let places = places.chain((0..tasks).map(|at| format!("/spec/templates/0/dag/tasks/{at}")));
    for place in places {
        let mut changed = workflow.clone();
        if let Some(entry) = changed.pointer_mut(&place).and_then(|it| it.get_mut(key)) {
            change(entry);
            tried += usize::from(changed != *workflow);
            caught += usize::from(!faults(&changed).is_empty());
        }
    }
    (tried, caught)
}

#[test]
fn a_broken_reference_of_a_workflow_is_found() {
    let workflows = workflows();
    for (what, place, change) in MUTATIONS {
        let mut tried = 0;
        for (name, workflow) in &workflows {
            let mut changed = workflow.clone();
            let Some(entry) = changed.pointer_mut(place) else { continue };
            change(entry);
            tried += 1;
            assert!(!faults(&changed).is_empty(), "{name}: {what} is not found");
        }
        assert!(tried > 0, "no workflow has `{place}`");
    }
    for (what, key, change) in ANYWHERE {
        let counts: Vec<(usize, usize)> =
            workflows.iter().map(|(_, workflow)| any_caught(workflow, key, *change)).collect();
        let (tried, caught): (Vec<_>, Vec<_>) = counts.into_iter().unzip();
        let (tried, caught): (usize, usize) = (tried.iter().sum(), caught.iter().sum());
        // Nobody may read an output, and a need may be lost; everything else breaks a reference.
        let least = if ["depends", "outputs"].contains(key) { 1 } else { tried };
        assert!(caught >= least && tried > 0, "{what}: found {caught} of {tried}");
    }
}
