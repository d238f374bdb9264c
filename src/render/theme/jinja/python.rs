//! Values in Python's words: `str`, `repr` and `json.dumps`.

use super::time::Moment;
use crate::text::{python_repr, quoted_ascii, safe_in_html};
use minijinja::Value;
use minijinja::value::ValueKind;

/// Writes a value as Python's `str` does; one that is missing is empty, as Jinja has it.
pub(in super::super) fn text(value: &Value) -> String {
    match value.kind() {
        ValueKind::Undefined => String::new(),
        ValueKind::String => value.as_str().unwrap_or_default().to_owned(),
        ValueKind::Plain => value.to_string(),
        _ => repr(value),
    }
}

/// Writes a value as Python's `repr` does.
pub(super) fn repr(value: &Value) -> String {
    match value.kind() {
        ValueKind::Undefined => "Undefined".to_owned(),
        ValueKind::None => "None".to_owned(),
        ValueKind::Bool => if value.is_true() { "True" } else { "False" }.to_owned(),
        ValueKind::Number => number(value),
        ValueKind::String => python_repr(value.as_str().unwrap_or_default()),
        ValueKind::Seq | ValueKind::Iterable => {
            let items: Vec<String> = value.try_iter().into_iter().flatten().map(|item| repr(&item)).collect();
            match (value.is_tuple(), items.len()) {
                (true, 1) => format!("({},)", items[0]),
                (true, _) => format!("({})", items.join(", ")),
                _ => format!("[{}]", items.join(", ")),
            }
        }
        ValueKind::Plain if value.downcast_object_ref::<Moment>().is_some() => {
            value.downcast_object_ref::<Moment>().map(Moment::repr).unwrap_or_default()
        }
        ValueKind::Map if value.as_object().is_some_and(is_written_by_itself) => value.to_string(),
        ValueKind::Map => {
            let keys = value.try_iter().into_iter().flatten();
            let pair = |key: Value| format!("{}: {}", repr(&key), repr(&value.get_item(&key).unwrap_or_default()));
            format!("{{{}}}", keys.map(pair).collect::<Vec<_>>().join(", "))
        }
        _ => value.to_string(),
    }
}

/// Objects that are no mere mappings, such as pages, write themselves as MkDocs' do.
fn is_written_by_itself(object: &minijinja::value::DynObject) -> bool {
    matches!(object.repr(), minijinja::value::ObjectRepr::Map) && object.enumerator_len().is_none()
}

fn number(value: &Value) -> String {
    if value.is_integer() {
        return value.to_string();
    }
    let Ok(number) = f64::try_from(value.clone()) else { return value.to_string() };
    match number {
        number if number.is_nan() => "nan".to_owned(),
        number if number.is_infinite() => if number > 0.0 { "inf" } else { "-inf" }.to_owned(),
        number if number != 0.0 && !(1e-4..1e16).contains(&number.abs()) => {
            let text = format!("{number:e}");
            let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
            format!("{digits}e{sign}{exponent:0>2}")
        }
        number => format!("{number:?}"),
    }
}

/// Writes a value as Jinja's `tojson` does: keys in order, all but ASCII escaped, and nothing in it
/// that HTML would read. `None` for what JSON has no words for.
pub(in super::super) fn json(value: &Value, indent: Option<usize>) -> Option<String> {
    let mut out = String::new();
    write_json(value, indent, 0, &mut out)?;
    Some(safe_in_html(&out))
}

fn write_json(value: &Value, indent: Option<usize>, depth: usize, out: &mut String) -> Option<()> {
    let line = |out: &mut String, depth: usize| {
        if let Some(width) = indent {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', width * depth));
        }
    };
    let comma = if indent.is_some() { "," } else { ", " };
    match value.kind() {
        ValueKind::None => out.push_str("null"),
        ValueKind::Bool => out.push_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::Number => out.push_str(&match number(value).as_str() {
            "nan" => "NaN".to_owned(),
            "inf" => "Infinity".to_owned(),
            "-inf" => "-Infinity".to_owned(),
            number => number.to_owned(),
        }),
        ValueKind::String => out.push_str(&quoted_ascii(value.as_str()?)),
        ValueKind::Seq | ValueKind::Iterable => {
            let items: Vec<Value> = value.try_iter().ok()?.collect();
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                out.push_str(if n > 0 { comma } else { "" });
                line(out, depth + 1);
                write_json(item, indent, depth + 1, out)?;
            }
            if !items.is_empty() {
                line(out, depth);
            }
            out.push(']');
        }
        ValueKind::Map if !value.as_object().is_some_and(is_written_by_itself) => {
            let mut keys: Vec<Value> = value.try_iter().ok()?.collect();
            keys.sort_by_key(text);
            out.push('{');
            for (n, key) in keys.iter().enumerate() {
                out.push_str(if n > 0 { comma } else { "" });
                line(out, depth + 1);
                let name = match key.kind() {
                    ValueKind::Bool => text(key).to_lowercase(),
                    ValueKind::None => "null".to_owned(),
                    _ => text(key),
                };
                out.push_str(&quoted_ascii(&name));
                out.push_str(": ");
                write_json(&value.get_item(key).ok()?, indent, depth + 1, out)?;
            }
            if !keys.is_empty() {
                line(out, depth);
            }
            out.push('}');
        }
        _ => return None,
    }
    Some(())
}
