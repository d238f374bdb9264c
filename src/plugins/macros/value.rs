//! Values of templates, and how Python would show and compare them.

use crate::text::{python_repr, yaml};
use std::cmp::Ordering;
use std::sync::Arc;
use yaml::{Kind, Node};

/// A value. Collections are shared, so a copy is cheap.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// What is not there, in the words of Jinja's `DebugUndefined`.
    Undefined(Arc<str>),
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Arc<str>),
    List(Arc<Vec<Value>>),
    /// In the order written; of equal keys the last counts.
    Map(Arc<Vec<(Value, Value)>>),
    /// A macro of the page by its number.
    Macro(usize),
}

impl Value {
    pub(super) fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    pub(super) fn list(items: Vec<Value>) -> Value {
        Value::List(Arc::new(items))
    }

    pub(super) fn map(entries: Vec<(Value, Value)>) -> Value {
        Value::Map(Arc::new(entries))
    }

    pub(super) fn of(node: &Node) -> Value {
        match &node.kind {
            Kind::Null => Value::None,
            Kind::Bool(flag) => Value::Bool(*flag),
            Kind::Int(number) => Value::Int(*number),
            Kind::Float(number) => Value::Float(*number),
            Kind::String(text, _) => Value::text(text),
            Kind::Seq(items) => Value::list(items.iter().map(Value::of).collect()),
            Kind::Map(entries) => {
                Value::map(entries.iter().map(|(key, value)| (Value::of(key), Value::of(value))).collect())
            }
        }
    }

    pub(super) fn is_undefined(&self) -> bool {
        matches!(self, Value::Undefined(_))
    }

    pub(super) fn is_true(&self) -> bool {
        match self {
            Value::Undefined(_) | Value::None => false,
            Value::Bool(flag) => *flag,
            Value::Int(number) => *number != 0,
            Value::Float(number) => *number != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::List(items) => !items.is_empty(),
            Value::Map(entries) => !entries.is_empty(),
            Value::Macro(_) => true,
        }
    }

    pub(super) fn get(&self, key: &Value) -> Option<Value> {
        match self {
            Value::Map(entries) => {
                entries.iter().rev().find(|(known, _)| known.equals(key)).map(|(_, value)| value.clone())
            }
            Value::List(items) => at(items.len(), key).map(|index| items[index].clone()),
            Value::Text(text) => {
                let letters: Vec<char> = text.chars().collect();
                at(letters.len(), key).map(|index| Value::text(&letters[index].to_string()))
            }
            _ => None,
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
            Value::Int(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn int(&self) -> Option<i64> {
        match self {
            Value::Bool(flag) => Some(i64::from(*flag)),
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// The items that a loop goes through: of a mapping its keys, of a text its characters.
    pub(super) fn items(&self) -> Option<Vec<Value>> {
        match self {
            Value::Undefined(_) => Some(Vec::new()),
            Value::List(items) => Some(items.to_vec()),
            Value::Map(entries) => Some(entries.iter().map(|(key, _)| key.clone()).collect()),
            Value::Text(text) => Some(text.chars().map(|ch| Value::text(&ch.to_string())).collect()),
            _ => None,
        }
    }

    pub(super) fn len(&self) -> Option<usize> {
        match self {
            Value::Undefined(_) => Some(0),
            Value::Text(text) => Some(text.chars().count()),
            Value::List(items) => Some(items.len()),
            Value::Map(entries) => Some(entries.len()),
            _ => None,
        }
    }

    pub(super) fn equals(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Undefined(_), Value::Undefined(_)) | (Value::None, Value::None) => true,
            (Value::Text(left), Value::Text(right)) => left == right,
            (Value::List(left), Value::List(right)) => {
                left.len() == right.len() && left.iter().zip(right.iter()).all(|(left, right)| left.equals(right))
            }
            (Value::Map(left), Value::Map(right)) => {
                left.len() == right.len()
                    && left.iter().all(|(key, value)| other.get(key).is_some_and(|there| there.equals(value)))
            }
            (Value::Macro(left), Value::Macro(right)) => left == right,
            _ => matches!((self.number(), other.number()), (Some(left), Some(right)) if left == right),
        }
    }

    /// Python's order; `None` where it has none.
    pub(super) fn order(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
            (Value::List(left), Value::List(right)) => {
                for (left, right) in left.iter().zip(right.iter()) {
                    match left.order(right)? {
                        Ordering::Equal => {}
                        unequal => return Some(unequal),
                    }
                }
                Some(left.len().cmp(&right.len()))
            }
            _ => self.number()?.partial_cmp(&other.number()?),
        }
    }

    /// Python's `str`.
    pub(super) fn show(&self) -> String {
        match self {
            Value::Undefined(words) => words.to_string(),
            Value::Text(text) => text.to_string(),
            other => other.repr(),
        }
    }

    /// Python's `repr`.
    fn repr(&self) -> String {
        match self {
            Value::Undefined(_) => "Undefined".to_owned(),
            Value::None => "None".to_owned(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            Value::Int(number) => number.to_string(),
            Value::Float(number) => {
                let place = crate::text::Span::at_start(crate::text::SitePath::new(""));
                Node::new(Kind::Float(*number), place).scalar_text().unwrap_or_default()
            }
            Value::Text(text) => python_repr(text),
            Value::List(items) => format!("[{}]", items.iter().map(Value::repr).collect::<Vec<_>>().join(", ")),
            Value::Map(entries) => {
                let entry = |(key, value): &(Value, Value)| format!("{}: {}", key.repr(), value.repr());
                format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
            Value::Macro(_) => "<macro>".to_owned(),
        }
    }
}

/// An index into `len` items, from the end where it is negative.
fn at(len: usize, key: &Value) -> Option<usize> {
    let index = key.int()?;
    let index = if index < 0 { index + len as i64 } else { index };
    usize::try_from(index).ok().filter(|index| *index < len)
}
