//! Methods of Python's texts, lists, mappings and numbers that minijinja's own shim does not have.

use super::python::{repr, text};
use super::time::date_of;
use minijinja::value::{Object, ObjectRepr, Tuple, ValueKind, from_args};
use minijinja::{Error, ErrorKind, State, Value};
use std::sync::{Arc, Mutex};

/// Calls a method of a value that is no object of ours.
pub(super) fn call(state: &mut State<'_, '_>, value: &Value, name: &str, args: &[Value]) -> Result<Value, Error> {
    let found = match value.kind() {
        ValueKind::String => of_text(value.as_str().unwrap_or_default(), name, args)?,
        ValueKind::Seq | ValueKind::Iterable => of_list(value, name, args)?,
        ValueKind::Map => of_map(value, name, args)?,
        ValueKind::Number => of_number(value, name),
        _ => None,
    };
    match found {
        Some(found) => Ok(found),
        None => minijinja_contrib::pycompat::unknown_method_callback(state, value, name, args),
    }
}

fn of_text(this: &str, name: &str, args: &[Value]) -> Result<Option<Value>, Error> {
    let first = || -> Result<&str, Error> { from_args::<(&str,)>(args).map(|(text,)| text) };
    let n_chars = |at: usize| this[..at].chars().count() as i64;
    let missing = || Error::new(ErrorKind::InvalidOperation, "substring not found");
    let pad = || -> Result<(usize, char), Error> {
        let (width, fill) = from_args::<(usize, Option<&str>)>(args)?;
        let width = width.min(10_000).saturating_sub(this.chars().count());
        Ok((width, fill.and_then(|fill| fill.chars().next()).unwrap_or(' ')))
    };
    let fill = |n: usize, ch: char| -> String { std::iter::repeat_n(ch, n).collect() };
    let parts = |found: Option<usize>, width: usize, at_start: bool| {
        let parts = match found {
            Some(at) => [&this[..at], &this[at..at + width], &this[at + width..]],
            None if at_start => [this, "", ""],
            None => ["", "", this],
        };
        Value::from(Tuple::new(parts.into_iter().map(Value::from).collect()))
    };
    Ok(Some(match name {
        "removeprefix" => {
            let prefix = first()?;
            Value::from(this.strip_prefix(prefix).unwrap_or(this))
        }
        "removesuffix" => {
            let suffix = first()?;
            Value::from(this.strip_suffix(suffix).unwrap_or(this))
        }
        "partition" => {
            let sep = first()?;
            parts(this.find(sep), sep.len(), true)
        }
        "rpartition" => {
            let sep = first()?;
            parts(this.rfind(sep), sep.len(), false)
        }
        "rsplit" => {
            let (sep, most) = from_args::<(Option<&str>, Option<i64>)>(args)?;
            let most =
                most.and_then(|most| usize::try_from(most).ok()).map_or(usize::MAX, |most| most.saturating_add(1));
            let mut found: Vec<&str> = match sep {
                Some(sep) => this.rsplitn(most, sep).collect(),
                None => this.split_whitespace().rev().collect(),
            };
            found.reverse();
            Value::from(found.into_iter().map(Value::from).collect::<Vec<_>>())
        }
        "index" => Value::from(n_chars(this.find(first()?).ok_or_else(missing)?)),
        "rindex" => Value::from(n_chars(this.rfind(first()?).ok_or_else(missing)?)),
        "zfill" => {
            let (width,) = from_args::<(usize,)>(args)?;
            let (sign, digits) = this.split_at(usize::from(this.starts_with(['-', '+'])));
            Value::from(format!("{sign}{}{digits}", fill(width.min(10_000).saturating_sub(this.chars().count()), '0')))
        }
        "ljust" => pad().map(|(n, ch)| Value::from(format!("{this}{}", fill(n, ch))))?,
        "rjust" => pad().map(|(n, ch)| Value::from(format!("{}{this}", fill(n, ch))))?,
        "center" => pad().map(|(n, ch)| {
            // CPython puts the odd one to the left where the width is odd.
            let left = n / 2 + (n & (n + this.chars().count()) & 1);
            Value::from(format!("{}{this}{}", fill(left, ch), fill(n - left, ch)))
        })?,
        "casefold" => Value::from(this.to_lowercase()),
        "swapcase" => Value::from(
            this.chars()
                .flat_map(|ch| -> Vec<char> {
                    if ch.is_uppercase() { ch.to_lowercase().collect() } else { ch.to_uppercase().collect() }
                })
                .collect::<String>(),
        ),
        "expandtabs" => Value::from(this.replace('\t', &" ".repeat(8))),
        "isdecimal" => Value::from(!this.is_empty() && this.chars().all(|ch| ch.is_ascii_digit())),
        "isidentifier" => Value::from(
            this.starts_with(|ch: char| ch.is_alphabetic() || ch == '_')
                && this.chars().all(|ch| ch.is_alphanumeric() || ch == '_'),
        ),
        "join" => {
            let (items,) = from_args::<(Value,)>(args)?;
            let texts: Vec<String> = items.try_iter()?.map(|item| text(&item)).collect();
            Value::from(texts.join(this))
        }
        "encode" | "decode" | "__str__" | "__html__" => Value::from(this),
        "strftime" | "isoformat" | "date" | "timestamp" | "weekday" | "isoweekday" => match date_of(this) {
            // YAML's days come here as they are written.
            Some(moment) => return moment_method(moment, name, args).map(Some),
            None => return Ok(None),
        },
        _ => return Ok(None),
    }))
}

fn moment_method(moment: super::Moment, name: &str, args: &[Value]) -> Result<Value, Error> {
    let engine = minijinja::Environment::empty();
    Value::from_object(moment).call_method(&mut engine.empty_state(), name, args)
}

fn of_list(this: &Value, name: &str, args: &[Value]) -> Result<Option<Value>, Error> {
    let items = || -> Result<Vec<Value>, Error> { Ok(this.try_iter()?.collect()) };
    Ok(Some(match name {
        "index" => {
            let (wanted,) = from_args::<(Value,)>(args)?;
            let found = items()?.iter().position(|item| *item == wanted);
            let missing = || Error::new(ErrorKind::InvalidOperation, format!("{} is not in list", repr(&wanted)));
            Value::from(found.ok_or_else(missing)? as i64)
        }
        "copy" => Value::from(items()?),
        _ => return Ok(None),
    }))
}

fn of_map(this: &Value, name: &str, args: &[Value]) -> Result<Option<Value>, Error> {
    Ok(Some(match name {
        "copy" => this.clone(),
        "get" => {
            let (key, other) = from_args::<(Value, Option<Value>)>(args)?;
            match this.get_item(&key)? {
                found if found.is_undefined() => other.unwrap_or(Value::from(())),
                found => found,
            }
        }
        "items" => {
            let pair = |key: Value| Value::from(Tuple::new(vec![key.clone(), this.get_item(&key).unwrap_or_default()]));
            Value::from(this.try_iter()?.map(pair).collect::<Vec<_>>())
        }
        _ => return Ok(None),
    }))
}

fn of_number(this: &Value, name: &str) -> Option<Value> {
    match name {
        "is_integer" => Some(Value::from(f64::try_from(this.clone()).is_ok_and(|number| number.fract() == 0.0))),
        "bit_length" => Some(Value::from(64 - this.as_i64()?.unsigned_abs().leading_zeros())),
        _ => None,
    }
}

/// A list that a template changes: `[]` where it calls `append` and the like.
#[derive(Debug, Default)]
pub(super) struct Growing(Mutex<Vec<Value>>);

impl Growing {
    pub(super) fn of(items: &Value) -> Value {
        let items = items.try_iter().map(|items| items.collect()).unwrap_or_default();
        Value::from_object(Growing(Mutex::new(items)))
    }

    fn items(&self) -> std::sync::MutexGuard<'_, Vec<Value>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Object for Growing {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let items = self.items();
        let at = key.as_i64()?;
        let at = if at < 0 { usize::try_from(items.len() as i64 + at).ok()? } else { usize::try_from(at).ok()? };
        items.get(at).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> minijinja::value::Enumerator {
        minijinja::value::Enumerator::Values(self.items().clone())
    }

    fn is_true(self: &Arc<Self>) -> bool {
        !self.items().is_empty()
    }

    fn call_method(self: &Arc<Self>, state: &mut State<'_, '_>, name: &str, args: &[Value]) -> Result<Value, Error> {
        let end = |at: i64, len: usize| -> usize {
            let at = if at < 0 { at + len as i64 } else { at };
            usize::try_from(at).unwrap_or(0).min(len)
        };
        match name {
            "append" => {
                let (item,) = from_args::<(Value,)>(args)?;
                self.items().push(item);
            }
            "extend" => {
                let (more,) = from_args::<(Value,)>(args)?;
                let more: Vec<Value> = more.try_iter()?.collect();
                self.items().extend(more);
            }
            "insert" => {
                let (at, item) = from_args::<(i64, Value)>(args)?;
                let mut items = self.items();
                let at = end(at, items.len());
                items.insert(at, item);
            }
            "pop" => {
                let (at,) = from_args::<(Option<i64>,)>(args)?;
                let mut items = self.items();
                let at = end(at.unwrap_or(-1), items.len());
                if at >= items.len() {
                    return Err(Error::new(ErrorKind::InvalidOperation, "pop index out of range"));
                }
                return Ok(items.remove(at));
            }
            "remove" => {
                let (wanted,) = from_args::<(Value,)>(args)?;
                let mut items = self.items();
                let at = items.iter().position(|item| *item == wanted);
                let missing = || Error::new(ErrorKind::InvalidOperation, "list.remove(x): x not in list");
                items.remove(at.ok_or_else(missing)?);
            }
            "clear" => self.items().clear(),
            "reverse" => self.items().reverse(),
            "sort" => self.items().sort(),
            _ => {
                let items = Value::from(self.items().clone());
                return call(state, &items, name, args);
            }
        }
        Ok(Value::from(()))
    }
}

/// A mapping that a template changes: `{}` where it calls `update` and the like.
#[derive(Debug, Default)]
pub(super) struct GrowingMap(Mutex<Vec<(Value, Value)>>);

impl GrowingMap {
    pub(super) fn of(map: &Value) -> Value {
        let keys = map.try_iter().into_iter().flatten();
        let pairs = keys.map(|key| (key.clone(), map.get_item(&key).unwrap_or_default())).collect();
        Value::from_object(GrowingMap(Mutex::new(pairs)))
    }

    fn pairs(&self) -> std::sync::MutexGuard<'_, Vec<(Value, Value)>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn set(&self, key: Value, value: Value) {
        let mut pairs = self.pairs();
        match pairs.iter_mut().find(|(known, _)| *known == key) {
            Some(pair) => pair.1 = value,
            None => pairs.push((key, value)),
        }
    }
}

impl Object for GrowingMap {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.pairs().iter().find(|(known, _)| known == key).map(|(_, value)| value.clone())
    }

    fn enumerate(self: &Arc<Self>) -> minijinja::value::Enumerator {
        minijinja::value::Enumerator::Values(self.pairs().iter().map(|(key, _)| key.clone()).collect())
    }

    fn is_true(self: &Arc<Self>) -> bool {
        !self.pairs().is_empty()
    }

    fn call_method(self: &Arc<Self>, state: &mut State<'_, '_>, name: &str, args: &[Value]) -> Result<Value, Error> {
        match name {
            "update" => {
                let (other,) = from_args::<(Value,)>(args)?;
                let pairs: Vec<Value> = other.try_iter()?.collect();
                for key in pairs {
                    self.set(key.clone(), other.get_item(&key)?);
                }
                Ok(Value::from(()))
            }
            "setdefault" => {
                let (key, value) = from_args::<(Value, Option<Value>)>(args)?;
                let known = self.get_value(&key);
                Ok(known.unwrap_or_else(|| {
                    let value = value.unwrap_or(Value::from(()));
                    self.set(key, value.clone());
                    value
                }))
            }
            "pop" => {
                let (key, other) = from_args::<(Value, Option<Value>)>(args)?;
                let mut pairs = self.pairs();
                match pairs.iter().position(|(known, _)| *known == key) {
                    Some(at) => Ok(pairs.remove(at).1),
                    None => other
                        .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, format!("KeyError: {}", repr(&key)))),
                }
            }
            _ => {
                let pairs = self.pairs().clone();
                call(state, &Value::from_pairs(pairs), name, args)
            }
        }
    }
}
