//! YAML values as templates see them.

use crate::text::yaml::{self, Kind};
use serde_json::{Map, Number, Value};

/// Returns a YAML value as JSON. Keys are text as Python's `str` shows them; of two equal keys the
/// last counts; what JSON has no number for (`.inf`, `.nan`) is null.
pub(super) fn json_of(node: &yaml::Node) -> Value {
    match &node.kind {
        Kind::Null => Value::Null,
        Kind::Bool(value) => Value::Bool(*value),
        Kind::Int(number) => Value::Number((*number).into()),
        Kind::Float(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
        Kind::String(text, _) => Value::String(text.clone()),
        Kind::Seq(items) => Value::Array(items.iter().map(json_of).collect()),
        Kind::Map(entries) => {
            let entries = entries.iter().filter_map(|(key, value)| Some((key.scalar_text()?, json_of(value))));
            Value::Object(entries.collect::<Map<_, _>>())
        }
    }
}
