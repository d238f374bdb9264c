//! The published JSON Schemas of the front matter and of the plan say what the program says.
//!
//! The schema of the front matter is compared with the tables of keys and words that the reader uses,
//! that of the plan with the types that read a plan; every plan that the tests make must be valid.

use opsbook::plan::{self, Plan};
use opsbook::runbook::{self, keys};
use opsbook::text::yaml::{self, Kind, Node};
use opsbook::text::{Chunk, SitePath, Source};
use regex::Regex;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

fn published(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("content/schemas/1").join(name);
    serde_json::from_str(&fs::read_to_string(path).expect("the manual has the schema")).expect("a schema is JSON")
}

/// What the catalog that SchemaStore takes says of each, and the schema's own address, are where the
/// manual publishes the file.
#[test]
fn each_schema_has_a_versioned_address() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).expect("it is there");
    let home = manifest.lines().find_map(|line| line.strip_prefix("homepage = \"")?.strip_suffix('"'));
    let home = home.expect("Cargo.toml has a homepage");
    let catalog = published("../catalog.json");
    let entries = catalog["schemas"].as_array().expect("the catalog lists schemas");
    for (entry, name) in entries.iter().zip(["book", "plan", "runbook"]) {
        let address = format!("{home}schemas/1/{name}.schema.json");
        assert_eq!(
            (&entry["url"], &published(&format!("{name}.schema.json"))["$id"]),
            (&json!(address), &json!(address))
        );
        assert!(entry["name"].is_string() && entry["description"].is_string() && entry["fileMatch"].is_array());
    }
    assert_eq!(entries.len(), 3);
}

/// Says what is wrong with a plan; every plan of the tests goes through here.
pub(crate) fn assert_valid_plan(plan: &Plan) {
    thread_local! { static SCHEMA: Schema = Schema::new(published("plan.schema.json")); }
    let wrong = SCHEMA.with(|schema| schema.check(&plan.to_value()));
    assert_eq!(wrong, [] as [String; 0], "the plan `{}` is not what plan.schema.json says", plan.runbook);
}

/// A validator for the keywords that the two schemas use; any other keyword is refused.
struct Schema {
    root: Value,
    patterns: RefCell<BTreeMap<String, Regex>>,
}

impl Schema {
    fn new(root: Value) -> Schema {
        Schema { root, patterns: RefCell::default() }
    }

    fn check(&self, value: &Value) -> Vec<String> {
        let mut wrong = Vec::new();
        self.look(&self.root, value, "", &mut wrong);
        wrong
    }

    fn fits(&self, schema: &Value, value: &Value) -> bool {
        let mut wrong = Vec::new();
        self.look(schema, value, "", &mut wrong);
        wrong.is_empty()
    }

    fn matches(&self, pattern: &str, text: &str) -> bool {
        let mut patterns = self.patterns.borrow_mut();
        let made = || Regex::new(pattern).expect("a pattern of a schema is a regular expression");
        patterns.entry(pattern.to_owned()).or_insert_with(made).is_match(text)
    }

    fn look(&self, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
        let schema = schema.as_object().expect("a schema is an object");
        let all = |word: &str| schema.get(word).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let number = |rule: &Value| rule.as_i64().expect("a limit is a whole number");
        let length = |rule: &Value| usize::try_from(number(rule)).expect("a length is not negative");
        for (word, rule) in schema {
            let fine = match word.as_str() {
                "$schema" | "$id" | "$defs" | "title" | "description" | "properties" | "then" => true,
                "$ref" => {
                    let name = rule.as_str().and_then(|rule| rule.strip_prefix("#/$defs/")).expect("a reference");
                    let target = self.root["$defs"].get(name).unwrap_or_else(|| panic!("nothing is called {name}"));
                    self.look(target, value, at, wrong);
                    true
                }
                "type" => match rule.as_array() {
                    Some(types) => types.iter().any(|name| is_type(name, value)),
                    None => is_type(rule, value),
                },
                "enum" => all(word).contains(value),
                "const" => rule == value,
                "pattern" => value.as_str().is_none_or(|text| self.matches(rule.as_str().expect("a pattern"), text)),
                "minLength" => value.as_str().is_none_or(|text| text.chars().count() >= length(rule)),
                "minimum" => value.as_i64().is_none_or(|found| found >= number(rule)),
                "maximum" => value.as_i64().is_none_or(|found| found <= number(rule)),
                "minItems" => value.as_array().is_none_or(|items| items.len() >= length(rule)),
                "uniqueItems" => value.as_array().is_none_or(|items| {
                    items.iter().map(Value::to_string).collect::<BTreeSet<_>>().len() == items.len()
                }),
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.look(rule, item, &format!("{at}/{index}"), wrong);
                    }
                    true
                }
                "required" => value.as_object().is_none_or(|object| {
                    all(word).iter().all(|key| object.contains_key(key.as_str().expect("a key is a text")))
                }),
                "propertyNames" => {
                    value.as_object().is_none_or(|object| object.keys().all(|key| self.fits(rule, &json!(key))))
                }
                "additionalProperties" => {
                    for (key, inner) in value.as_object().into_iter().flatten() {
                        if schema.get("properties").is_some_and(|known| known.get(key).is_some()) {
                            continue;
                        }
                        match rule {
                            Value::Bool(true) => {}
                            Value::Bool(false) => wrong.push(format!("{at}/{key}: unknown")),
                            rule => self.look(rule, inner, &format!("{at}/{key}"), wrong),
                        }
                    }
                    true
                }
                "allOf" => {
                    all(word).iter().for_each(|rule| self.look(rule, value, at, wrong));
                    true
                }
                "anyOf" => all(word).iter().any(|rule| self.fits(rule, value)),
                "not" => !self.fits(rule, value),
                "if" => {
                    if self.fits(rule, value) {
                        self.look(&schema["then"], value, at, wrong);
                    }
                    true
                }
                other => panic!("this validator does not know `{other}`"),
            };
            if !fine {
                wrong.push(format!("{at}: {word}"));
            }
        }
        if let (Some(known), Some(object)) = (schema.get("properties"), value.as_object()) {
            for (key, inner) in object {
                if let Some(rule) = known.get(key) {
                    self.look(rule, inner, &format!("{at}/{key}"), wrong);
                }
            }
        }
    }
}

fn is_type(name: &Value, value: &Value) -> bool {
    match name.as_str().expect("a type has a name") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("there is no type `{other}`"),
    }
}

fn sorted<'a>(words: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    words.into_iter().map(str::to_owned).collect()
}

fn properties(schema: &Value) -> BTreeSet<String> {
    assert_eq!(schema["additionalProperties"], json!(false), "{schema:#}");
    sorted(schema["properties"].as_object().expect("it has properties").keys().map(String::as_str))
}

#[test]
fn the_schema_of_the_front_matter_has_the_readers_keys_and_no_other() {
    let schema = published("runbook.schema.json");
    let tables = [
        ("runbook", keys::SETTINGS),
        ("param", keys::PARAM),
        ("environment", keys::ENVIRONMENT),
        ("components_from", keys::COMPONENTS),
        ("component", keys::COMPONENT),
        ("on_failure", keys::ON_FAILURE),
        ("allow_entry", keys::ALLOW),
        ("policy", keys::POLICY),
        ("item", keys::ITEM),
        ("approve", keys::APPROVE),
        ("break_glass", keys::BREAK_GLASS),
        ("block", keys::BLOCK),
        ("hook", keys::HOOK),
        ("changes", keys::CHANGES),
        ("window", keys::WINDOW),
        ("freeze", keys::FREEZE),
        ("wait_until", keys::WAIT),
        ("capture", keys::CAPTURE),
        ("retries", keys::RETRIES),
        ("expect", keys::EXPECT),
        ("helm", keys::HELM),
        ("kubectl", keys::KUBECTL),
        ("http", keys::HTTP),
    ];
    for (name, keys) in tables {
        assert_eq!(properties(&schema["$defs"][name]), sorted(keys.iter().copied()), "{name}");
    }
    // No mapping of the schema is without a table.
    let closed = schema["$defs"].as_object().expect("it has parts").iter();
    let closed: BTreeSet<&str> =
        closed.filter(|(_, part)| part.get("properties").is_some()).map(|(name, _)| name.as_str()).collect();
    assert_eq!(closed, tables.iter().map(|(name, _)| *name).collect());
    let front = schema["properties"].as_object().expect("it has properties");
    assert_eq!(sorted(front.keys().map(String::as_str)), sorted(["runbook", "checklist"]));
}

#[test]
fn the_schema_of_the_front_matter_has_the_readers_words() {
    let parts = &published("runbook.schema.json")["$defs"];
    let words = |part: &str, key: &str| {
        let values = parts[part]["properties"][key]["enum"].as_array().expect("it is a choice of words").clone();
        values.iter().map(|word| word.as_str().expect("a word is a text").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(words("runbook", "kind"), runbook::Kind::WORDS);
    assert_eq!(words("runbook", "mode"), runbook::Mode::WORDS);
    assert_eq!(words("param", "type"), runbook::ParamType::WORDS);
    assert_eq!(words("on_failure", "rollback"), runbook::RollbackPolicy::WORDS);
    assert_eq!(words("on_failure", "scope"), runbook::RollbackScope::WORDS);
    assert_eq!(words("capture", "type"), runbook::CaptureType::WORDS);
    assert_eq!(words("item", "on"), runbook::On::WORDS);
    assert_eq!(words("item", "evidence"), runbook::Evidence::WORDS);
    assert_eq!(words("block", "type"), runbook::BlockType::WORDS);
    assert_eq!(words("block", "role"), runbook::Role::WORDS);
    assert_eq!(words("block", "impact"), runbook::Impact::WORDS);
    assert_eq!(words("block", "shell"), runbook::Shell::WORDS);
}

/// The names that a type reads, out of what it says of a name that it does not know.
fn names_of<T: DeserializeOwned>(value: Value) -> BTreeSet<String> {
    let Err(error) = serde_json::from_value::<T>(value) else { panic!("the type takes any name") };
    let said = error.to_string();
    let (_, expected) = said.split_once("expected ").unwrap_or_else(|| panic!("another complaint: {said}"));
    sorted(expected.split('`').skip(1).step_by(2))
}

#[test]
fn the_schema_of_the_plan_is_that_of_the_types() {
    let schema = published("plan.schema.json");
    let keys = || json!({"no-such-key": 1});
    assert_eq!(properties(&schema), names_of::<Plan>(keys()));
    let parts = &schema["$defs"];
    let types = [
        ("param", names_of::<plan::Param>(keys())),
        ("environment", names_of::<plan::Environment>(keys())),
        ("component", names_of::<plan::Component>(keys())),
        ("on_failure", names_of::<plan::OnFailure>(keys())),
        ("hook", names_of::<plan::Hook>(keys())),
        ("prelude_source", names_of::<plan::PreludeSource>(keys())),
        ("changes", names_of::<plan::Changes>(keys())),
        ("window", names_of::<plan::Window>(keys())),
        ("freeze", names_of::<plan::Freeze>(keys())),
        ("group", names_of::<plan::Group>(keys())),
        ("step", names_of::<plan::Step>(keys())),
        ("need", names_of::<plan::Need>(keys())),
        ("script", names_of::<plan::Script>(keys())),
        ("action", names_of::<plan::Action>(keys())),
        ("helm", names_of::<plan::Helm>(keys())),
        ("capture", names_of::<plan::Capture>(keys())),
        ("retries", names_of::<plan::Retries>(keys())),
        ("expect", names_of::<plan::Expect>(keys())),
        ("approval", names_of::<plan::Approval>(keys())),
        ("break_glass", names_of::<plan::BreakGlass>(keys())),
        ("step_source", names_of::<plan::StepSource>(keys())),
        ("plan_source", names_of::<plan::PlanSource>(keys())),
        ("source_file", names_of::<plan::SourceFile>(keys())),
    ];
    for (name, names) in &types {
        assert_eq!(properties(&parts[name]), *names, "{name}");
    }
    let closed = parts.as_object().expect("it has parts").iter().filter(|(_, part)| part.get("properties").is_some());
    assert_eq!(closed.count(), types.len());
    let word = || json!("no-such-word");
    let words = [
        (&schema["properties"]["stage"], names_of::<plan::Stage>(word())),
        (&schema["properties"]["kind"], names_of::<plan::RunbookKind>(word())),
        (&schema["properties"]["mode"], names_of::<plan::Mode>(word())),
        (&parts["param"]["properties"]["type"], names_of::<plan::ParamType>(word())),
        (&parts["on_failure"]["properties"]["rollback"], names_of::<plan::RollbackPolicy>(word())),
        (&parts["on_failure"]["properties"]["scope"], names_of::<plan::RollbackScope>(word())),
        (&parts["group"]["properties"]["each"], names_of::<plan::Each>(word())),
        (&parts["step"]["properties"]["kind"], names_of::<plan::StepKind>(word())),
        (&parts["step"]["properties"]["role"], names_of::<plan::Role>(word())),
        (&parts["step"]["properties"]["impact"], names_of::<plan::Impact>(word())),
        (&parts["step"]["properties"]["evidence"], names_of::<plan::Evidence>(word())),
        (&parts["capture"]["properties"]["type"], names_of::<plan::CaptureType>(word())),
        (&parts["need"]["properties"]["on"], names_of::<plan::On>(word())),
        (&parts["script"]["properties"]["shell"], names_of::<plan::Shell>(word())),
        (&parts["action"]["properties"]["shell"], names_of::<plan::Shell>(word())),
        (&parts["approval"]["properties"]["forbid"]["items"], names_of::<plan::Forbid>(word())),
    ];
    for (place, names) in words {
        let values = place["enum"].as_array().unwrap_or_else(|| panic!("no choice of words: {place}"));
        assert_eq!(sorted(values.iter().filter_map(Value::as_str)), names);
    }
}

#[test]
fn broken_plans_are_refused() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/runbooks/canfar/quarterly-release.plan.json");
    let plan: Value = serde_json::from_str(&fs::read_to_string(path).expect("the plan is there")).expect("it is JSON");
    let schema = Schema::new(published("plan.schema.json"));
    assert_eq!(schema.check(&plan), [] as [String; 0]);
    let at = |kind: &str| {
        let steps = plan["steps"].as_array().expect("it has steps");
        steps.iter().position(|step| step["kind"] == kind).expect("the plan has one of every kind")
    };
    let (helm, approval, soak) = (at("helm"), at("approval"), at("soak"));
    let broken: [(&str, Value); 14] = [
        ("/format", json!(2)),
        ("/runbook", json!("Not An Id")),
        ("/stage", json!("done")),
        ("/hash", json!("sha256:abc")),
        ("/secrets", json!(["A", "A"])),
        ("/secrets", json!(["lower"])),
        ("/params/release", json!({})),
        ("/environments/staging/tier", json!(-1)),
        ("/components/0/colour", json!("red")),
        ("/steps/0/needs", json!([{"step": "a", "on": "fire"}])),
        ("/steps/0/title", json!("")),
        (&format!("/steps/{helm}/run"), Value::Null),
        (&format!("/steps/{approval}/approval/min"), json!(0)),
        (&format!("/steps/{soak}/wait_s"), Value::Null),
    ];
    for (place, value) in broken {
        let mut other = plan.clone();
        let (parent, key) = place.rsplit_once('/').expect("a pointer");
        other.pointer_mut(parent).expect("the place is there")[key] = value;
        assert_ne!(schema.check(&other), [] as [String; 0], "{place}");
    }
    let left_out = [
        ("".to_owned(), "hash"),
        ("/steps/0".to_owned(), "id"),
        (format!("/steps/{helm}"), "run"),
        (format!("/steps/{helm}"), "helm"),
        (format!("/steps/{approval}"), "approval"),
    ];
    for (place, key) in left_out {
        let mut other = plan.clone();
        let object = other.pointer_mut(&place).and_then(Value::as_object_mut).expect("the place is there");
        assert!(object.remove(key).is_some(), "{place}/{key}");
        assert_ne!(schema.check(&other), [] as [String; 0], "{place}/{key}");
    }
}

/// Front matter as an editor's YAML reader hands it to a schema.
fn as_json(node: &Node) -> Value {
    match &node.kind {
        Kind::Null => Value::Null,
        Kind::Bool(value) => json!(value),
        Kind::Int(value) => json!(value),
        Kind::Float(value) => json!(value),
        Kind::String(text, _) => json!(text),
        Kind::Seq(items) => Value::Array(items.iter().map(as_json).collect()),
        Kind::Map(entries) => {
            let entry = |(key, value): &(Node, Node)| (key.scalar_text().unwrap_or_default(), as_json(value));
            Value::Object(entries.iter().map(entry).collect())
        }
    }
}

fn front_matter(text: &str) -> Value {
    let inside = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).expect("it begins with ---").0;
    let source = Source::new(SitePath::new("a.md"), inside);
    as_json(&yaml::parse(&Chunk::of(&source)).expect("it is YAML").root)
}

#[test]
fn front_matter_is_judged_as_the_reader_does() {
    let schema = Schema::new(published("runbook.schema.json"));
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/runbooks/canfar/docs/runbooks");
    for name in ["quarterly-release.md", "hotfix-rollback.md"] {
        let text = fs::read_to_string(cases.join(name)).expect("the example is there");
        assert_eq!(schema.check(&front_matter(&text)), [] as [String; 0], "{name}");
    }
    let page = |runbook: &str, checklist: &str| {
        front_matter(&format!("---\ntitle: T\nrunbook: {runbook}\nchecklist: {checklist}\n---\n"))
    };
    let fine = [
        ("{version: 1}", "[a]"),
        ("{version: 1, owners: me, reviewed: 2026-05-04, review_every: 180d}", "[{text: a, needs: []}]"),
        ("{version: 1, components: [{name: a, to: 1.0}]}", "[{group: G, items: [{step: s}], parallel: 3}]"),
        ("{version: 1, allow: [\"RB104 it rebuilds itself\"]}", "[{wait: 30m, monitor: m}, {approve: {role: r}}]"),
    ];
    for (runbook, checklist) in fine {
        assert_eq!(schema.check(&page(runbook, checklist)), [] as [String; 0], "{runbook} {checklist}");
    }
    let wrong = [
        ("{}", "[a]"),
        ("{version: 2}", "[a]"),
        ("{version: 1, colour: red}", "[a]"),
        ("{version: 1, reviewed: soon}", "[a]"),
        ("{version: 1, params: {Big: {}}}", "[a]"),
        ("{version: 1, environments: {a: {}}}", "[a]"),
        ("{version: 1, allow: [RB104]}", "[a]"),
        ("{version: 1}", "[{step: a, use: b.md}]"),
        ("{version: 1}", "[{env: a}]"),
        ("{version: 1}", "[{group: G}]"),
        ("{version: 1}", "[{wait: long}]"),
        ("{version: 1}", "[{approve: {min: 1}}]"),
        ("{version: 1}", "[{step: a, on: fire}]"),
    ];
    for (runbook, checklist) in wrong {
        assert_ne!(schema.check(&page(runbook, checklist)), [] as [String; 0], "{runbook} {checklist}");
    }
}
