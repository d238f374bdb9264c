//! What MkDocs builds with, opsbook builds with: every option of every extension, plugin and theme,
//! with values that nobody would write on purpose. `tests/cases/odd-values.py` asks the real programs.

use crate::plugins::build;
use opsbook::build::{self as stages, Overrides, Purpose};
use opsbook::diag::Severity;
use opsbook::text::{SitePath, Source};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

const PAGE: &str = include_str!("cases/odd-values.md");

fn facts() -> Value {
    serde_json::from_str(include_str!("cases/odd-values.json")).expect("the list is JSON")
}

/// The configuration that gives one option one value.
fn config(part: &str, name: &str, option: &str, value: &str) -> String {
    let nested = |path: &str| {
        let names: Vec<&str> = path.split('.').collect();
        let (last, outer) = names.split_last().expect("a name is not empty");
        let opened: String = outer.iter().map(|name| format!("{name}: {{")).collect();
        format!("{opened}{last}: {value}{}", "}".repeat(outer.len()))
    };
    let base = |left_out: &str| {
        let lines = [("site_name", "x"), ("site_url", "https://e.x/"), ("theme", "{name: material}")];
        let kept = lines.iter().filter(|(key, _)| *key != left_out);
        kept.map(|(key, value)| format!("{key}: {value}\n")).collect::<String>()
    };
    match part {
        "extensions" => format!("{}markdown_extensions: [{{{name}: {{{option}: {value}}}}}]\n", base("")),
        "plugins" => format!("{}plugins: [{{{name}: {{{option}: {value}}}}}]\n", base("")),
        "theme" => format!("{}theme: {{name: material, {}}}\n", base("theme"), nested(name)),
        "extra" => format!("{}extra: {{{}}}\n", base(""), nested(name)),
        _ => format!("{}{}\n", base(name), nested(name)),
    }
}

/// Every option with every value that MkDocs builds with: part, name, option and the value.
fn accepted(facts: &Value) -> Vec<[String; 4]> {
    let values: Vec<&str> = facts["values"].as_array().expect("values").iter().filter_map(Value::as_str).collect();
    let mut found = Vec::new();
    let mut add = |part: &str, name: &str, option: &str, numbers: &Value| {
        for number in numbers.as_array().into_iter().flatten().filter_map(Value::as_u64) {
            found.push([part, name, option, values[number as usize]].map(str::to_owned));
        }
    };
    for (part, rows) in facts.as_object().expect("parts").iter().filter(|(part, _)| *part != "values") {
        for (name, row) in rows.as_object().expect("rows") {
            match row.as_object() {
                Some(options) => options.iter().for_each(|(option, numbers)| add(part, name, option, numbers)),
                None => add(part, name, "", row),
            }
        }
    }
    found
}

fn errors_of(config: &str) -> Vec<String> {
    let file = |path: &str, text: &str| (SitePath::new(path), Arc::new(Source::new(SitePath::new(path), text)));
    let world: BTreeMap<_, _> = [file("mkdocs.yml", config), file("docs/index.md", PAGE)].into_iter().collect();
    let purpose = Purpose { preview: false, address: None, time: 1_700_000_000 };
    let path = SitePath::new("mkdocs.yml");
    let (_, found) = stages::load(&world, path, &BTreeMap::new(), &Overrides::default(), purpose);
    found.iter().filter(|found| found.severity == Severity::Error).map(|found| found.message.clone()).collect()
}

#[test]
fn a_value_that_mkdocs_builds_with_stops_no_build() {
    let facts = facts();
    let cases = accepted(&facts);
    assert!(cases.len() > 1000, "the list has {} cases", cases.len());
    let mut stopped = Vec::new();
    for [part, name, option, value] in &cases {
        let errors = errors_of(&config(part, name, option, value));
        if let Some(first) = errors.first() {
            stopped.push(format!("{part} {name} {option}: {value} -> {first}"));
        }
    }
    assert!(stopped.is_empty(), "{} of {}:\n{}", stopped.len(), cases.len(), stopped.join("\n"));
}

#[test]
fn a_page_of_all_syntaxes_is_built_with_every_odd_value() {
    let facts = facts();
    for (number, value) in facts["values"].as_array().expect("values").iter().enumerate() {
        let mut config = "site_name: x\ntheme: {name: material}\nmarkdown_extensions:\n".to_owned();
        for (name, options) in facts["extensions"].as_object().expect("extensions") {
            config.push_str(&format!("- {name}:\n"));
            for (option, numbers) in options.as_object().expect("options") {
                if numbers.as_array().expect("numbers").contains(&Value::from(number)) {
                    config.push_str(&format!("    {option}: {}\n", value.as_str().expect("a text")));
                }
            }
        }
        let built = build(&[("mkdocs.yml", &config), ("docs/index.md", PAGE)]);
        assert!(built.outputs.bytes("index.html").is_some(), "{value}");
    }
}
