//! The JSON Schema of `book.toml`, made from the table of its keys.

use super::keys::{BOOK, Key, Takes};
use serde_json::{Map, Value, json};

/// Returns the schema that the manual publishes (JSON Schema, draft 2020-12).
pub fn book_schema() -> Value {
    let mut schema = table(BOOK, true);
    let head = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://opsbook.github.io/opsbook/schemas/1/book.schema.json",
        "title": "book.toml of opsbook",
        "$defs": {
            "nav": {"type": "array", "items": {"anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "minProperties": 1,
                    "maxProperties": 1,
                    "additionalProperties": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/nav"}]},
                },
            ]}},
        },
    });
    if let (Value::Object(schema), Value::Object(head)) = (&mut schema, head) {
        schema.extend(head);
        schema.insert("required".to_owned(), json!(["book"]));
        schema["properties"]["book"]["required"] = json!(["title"]);
        // A theme's further keys are data for its templates.
        schema["properties"]["theme"]["additionalProperties"] = json!(true);
    }
    schema
}

fn table(keys: &[Key], closed: bool) -> Value {
    let mut properties = Map::new();
    for key in keys {
        let mut value = takes(&key.takes);
        // Anything may come from the environment.
        if !matches!(key.takes, Takes::Table(_) | Takes::Free | Takes::Uses | Takes::TableOf(_)) {
            value = json!({"anyOf": [value, {"type": "object", "required": ["env"]}]});
        }
        value["description"] = key.about.into();
        properties.insert(key.name.to_owned(), value);
    }
    json!({"type": "object", "properties": properties, "additionalProperties": !closed})
}

fn takes(what: &Takes) -> Value {
    let texts = json!({"type": "array", "items": {"type": "string"}});
    match what {
        Takes::Text => json!({"type": "string"}),
        Takes::Flag => json!({"type": "boolean"}),
        Takes::Number => json!({"type": "number"}),
        Takes::Texts => texts,
        Takes::TextOrTexts => json!({"anyOf": [{"type": "string"}, texts]}),
        Takes::OneOf(words) => json!({"enum": words}),
        Takes::TextLists => json!({"type": "array", "items": texts}),
        Takes::Table(keys) => table(keys, true),
        Takes::TableOf(inner) => json!({"type": "object", "additionalProperties": takes(inner)}),
        Takes::Free => json!({}),
        Takes::Nav => json!({"$ref": "#/$defs/nav"}),
        Takes::Scripts => json!({"type": "array", "items": {"anyOf": [
            {"type": "string"},
            {
                "type": "object",
                "required": ["path"],
                "properties": {
                    "path": {"type": "string"},
                    "type": {"type": "string"},
                    "defer": {"type": "boolean"},
                    "async": {"type": "boolean"},
                },
                "additionalProperties": false,
            },
        ]}}),
        Takes::Uses => json!({"type": "object", "additionalProperties": {"anyOf": [
            {"type": "boolean"},
            {"type": "object"},
        ]}}),
    }
}
