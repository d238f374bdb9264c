//! What an expression is worth: Jinja2's filters, tests and the methods of Python's texts, lists and mappings.

use super::expr::{Args, Expr};
use super::run::Run;
use super::value::Value;
use crate::text::{markup_escaped, quoted_ascii, safe_in_html, url_quoted};
use std::cmp::Ordering;

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Something is asked of what is not there.
    Undefined(String),
    /// Anything else.
    Failed(String),
}

/// Texts and lists made by an expression are no longer than this.
const MAX_LEN: usize = 1_000_000;

fn failed<T>(message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Failed(message.into()))
}

/// Arguments with their values.
struct Given {
    by_place: Vec<Value>,
    by_name: Vec<(String, Value)>,
}

impl Given {
    fn get(&self, place: usize, name: &str) -> Option<&Value> {
        let named = self.by_name.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        self.by_place.get(place).or(named)
    }

    fn text(&self, place: usize, name: &str, default: &str) -> String {
        self.get(place, name).map_or_else(|| default.to_owned(), Value::show)
    }

    fn int(&self, place: usize, name: &str, default: i64) -> i64 {
        self.get(place, name).and_then(Value::int).unwrap_or(default)
    }

    fn flag(&self, place: usize, name: &str) -> bool {
        self.get(place, name).is_some_and(Value::is_true)
    }
}

impl Run<'_, '_> {
    /// Evaluates an expression.
    pub(super) fn eval(&mut self, expr: &Expr) -> Result<Value, Fault> {
        match expr {
            Expr::Text(text) => Ok(Value::text(text)),
            Expr::Int(number) => Ok(Value::Int(*number)),
            Expr::Float(number) => Ok(Value::Float(*number)),
            Expr::Bool(flag) => Ok(Value::Bool(*flag)),
            Expr::None => Ok(Value::None),
            Expr::Name(name) => {
                Ok(self.lookup(name).unwrap_or_else(|| Value::Undefined(format!("{{{{ {name} }}}}").into())))
            }
            Expr::List(items) => Ok(Value::list(items.iter().map(|item| self.eval(item)).collect::<Result<_, _>>()?)),
            Expr::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| Ok((self.eval(key)?, self.eval(value)?)));
                Ok(Value::map(entries.collect::<Result<_, Fault>>()?))
            }
            Expr::Attr(of, name) => {
                let value = self.eval(of)?;
                self.attribute(of, &value, &Value::text(name))
            }
            Expr::Item(of, key) => {
                let value = self.eval(of)?;
                let key = self.eval(key)?;
                self.attribute(of, &value, &key)
            }
            Expr::Slice(of, bounds) => {
                let value = self.eval(of)?;
                let mut at = [None; 3];
                for (at, bound) in at.iter_mut().zip(bounds) {
                    *at = bound.as_ref().map(|bound| self.eval(bound)).transpose()?.and_then(|value| value.int());
                }
                slice(&value, at)
            }
            Expr::Call(callee, args) => self.call(callee, args),
            Expr::Filter(of, name, args) => {
                let value = self.eval(of)?;
                let given = self.given(args)?;
                self.filter(value, name, &given)
            }
            Expr::Test { of, name, args, negated } => {
                let value = self.eval(of)?;
                let given = self.given(args)?;
                Ok(Value::Bool(test(&value, name, &given)? != *negated))
            }
            Expr::Not(inner) => Ok(Value::Bool(!self.eval(inner)?.is_true())),
            Expr::Negative(inner) => match self.eval(inner)? {
                Value::Int(number) => number.checked_neg().map(Value::Int).ok_or(Fault::Failed("too large".to_owned())),
                Value::Float(number) => Ok(Value::Float(-number)),
                _ => failed("only a number has a negative"),
            },
            Expr::Binary("and", left, right) => {
                let left = self.eval(left)?;
                if left.is_true() { self.eval(right) } else { Ok(left) }
            }
            Expr::Binary("or", left, right) => {
                let left = self.eval(left)?;
                if left.is_true() { Ok(left) } else { self.eval(right) }
            }
            Expr::Binary(sign, left, right) => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                binary(sign, &left, &right)
            }
            Expr::If { condition, then, otherwise } => {
                if self.eval(condition)?.is_true() {
                    self.eval(then)
                } else {
                    otherwise.as_ref().map_or(Ok(Value::Undefined("".into())), |otherwise| self.eval(otherwise))
                }
            }
        }
    }

    fn attribute(&mut self, of: &Expr, value: &Value, key: &Value) -> Result<Value, Fault> {
        if value.is_undefined() {
            return Err(Fault::Undefined(format!("{} is not defined", described(of))));
        }
        Ok(value.get(key).unwrap_or_else(|| {
            // Jinja2's words for a missing element.
            let kind = match value {
                Value::Map(_) => "dict object",
                Value::List(_) => "list object",
                Value::Text(_) => "str object",
                _ => "object",
            };
            Value::Undefined(format!("{{{{ no such element: {kind}['{}'] }}}}", key.show()).into())
        }))
    }

    fn given(&mut self, args: &Args) -> Result<Given, Fault> {
        let by_place = args.by_place.iter().map(|arg| self.eval(arg)).collect::<Result<_, _>>()?;
        let by_name = args.by_name.iter().map(|(name, arg)| Ok((name.clone(), self.eval(arg)?)));
        Ok(Given { by_place, by_name: by_name.collect::<Result<_, Fault>>()? })
    }

    fn call(&mut self, callee: &Expr, args: &Args) -> Result<Value, Fault> {
        let given = self.given(args)?;
        if let Expr::Attr(of, method) = callee {
            let of_value = self.eval(of)?;
            if let Some(Value::Macro(index)) = of_value.get(&Value::text(method)) {
                return self.call_macro(index, &given.by_place, &given.by_name).map(|text| Value::text(&text));
            }
            if of_value.is_undefined() {
                return Err(Fault::Undefined(format!("{} is not defined", described(of))));
            }
            return self.method(of_value, method, &given);
        }
        if let Expr::Name(name) = callee {
            match (self.lookup(name), name.as_str()) {
                (Some(Value::Macro(index)), _) => {
                    return self.call_macro(index, &given.by_place, &given.by_name).map(|text| Value::text(&text));
                }
                (None, "range") => {
                    let range = range(&given)?;
                    self.charge(range.items().map_or(0, |items| items.len() / 10));
                    return Ok(range);
                }
                // mkdocs-macros: an address without a scheme leads from a page's folder to the pages'.
                (None, "fix_url") => {
                    let url = given.text(0, "url", "");
                    let has_scheme = url.split_once(':').is_some_and(|(scheme, _)| {
                        scheme.starts_with(|ch: char| ch.is_ascii_alphabetic())
                            && scheme.chars().all(|ch| ch.is_ascii_alphanumeric() || "+-.".contains(ch))
                    });
                    let has_path = !url.starts_with("//") && !url.starts_with(['#', '?']) && !url.is_empty();
                    let prefix = if !has_scheme && has_path { "../" } else { "" };
                    return Ok(Value::text(&format!("{prefix}{url}")));
                }
                (None, "dict") => {
                    let entries = given.by_name.iter().map(|(name, value)| (Value::text(name), value.clone()));
                    return Ok(Value::map(entries.collect()));
                }
                (None, _) => {
                    return failed(format!(
                        "`{name}` is no macro of the page; functions of Python modules are not run"
                    ));
                }
                (Some(_), _) => {}
            }
        }
        failed(format!("{} cannot be called", described(callee)))
    }

    fn method(&mut self, of: Value, name: &str, given: &Given) -> Result<Value, Fault> {
        match (&of, name) {
            (Value::Map(entries), "items") => {
                let pair = |(key, value): &(Value, Value)| Value::list(vec![key.clone(), value.clone()]);
                Ok(Value::list(entries.iter().map(pair).collect()))
            }
            (Value::Map(entries), "keys") => Ok(Value::list(entries.iter().map(|(key, _)| key.clone()).collect())),
            (Value::Map(entries), "values") => {
                Ok(Value::list(entries.iter().map(|(_, value)| value.clone()).collect()))
            }
            (Value::Map(_), "get") => {
                let Some(key) = given.get(0, "key") else { return failed("`get` needs a key") };
                Ok(of.get(key).unwrap_or_else(|| given.get(1, "default").cloned().unwrap_or(Value::None)))
            }
            (Value::Text(text), _) => text_method(text, name, given),
            _ => failed(format!("there is no method `{name}` here")),
        }
    }

    fn filter(&mut self, value: Value, name: &str, given: &Given) -> Result<Value, Fault> {
        let text = || value.show();
        let items = |value: &Value| value.items().ok_or(Fault::Failed(format!("`{name}` needs a list")));
        Ok(match name {
            "default" | "d" => {
                let missing = value.is_undefined() || given.flag(1, "boolean") && !value.is_true();
                if missing { given.get(0, "default_value").cloned().unwrap_or(Value::text("")) } else { value }
            }
            "upper" | "lower" | "title" | "capitalize" => text_method(&text(), name, given)?,
            "trim" => text_method(&text(), "strip", given)?,
            "replace" => text_method(&text(), "replace", given)?,
            "string" => Value::text(&text()),
            "safe" => value,
            "escape" | "e" | "forceescape" => Value::text(&markup_escaped(&text())),
            "length" | "count" => match value.len() {
                Some(len) => Value::Int(len as i64),
                None => return failed(format!("`{name}` needs a text, a list or a mapping")),
            },
            "wordcount" => Value::Int(text().split_whitespace().count() as i64),
            "int" => match &value {
                Value::Float(number) => Value::Int(*number as i64),
                Value::Text(text) => {
                    let number = text.trim().parse::<i64>().ok();
                    let number = number.or_else(|| text.trim().parse::<f64>().ok().map(|number| number as i64));
                    Value::Int(number.unwrap_or_else(|| given.int(0, "default", 0)))
                }
                other => Value::Int(other.int().unwrap_or_else(|| given.int(0, "default", 0))),
            },
            "float" => match &value {
                Value::Text(text) => Value::Float(text.trim().parse().unwrap_or(0.0)),
                other => Value::Float(other.number().unwrap_or(0.0)),
            },
            "abs" => match value {
                Value::Int(number) => Value::Int(number.saturating_abs()),
                other => Value::Float(other.number().ok_or(Fault::Failed("`abs` needs a number".to_owned()))?.abs()),
            },
            "round" => {
                if matches!(value, Value::Int(_)) {
                    return Ok(value);
                }
                let Some(number) = value.number() else { return failed("`round` needs a number") };
                let factor = 10f64.powi(given.int(0, "precision", 0).clamp(-15, 15) as i32);
                let scaled = number * factor;
                let rounded = match given.text(1, "method", "common").as_str() {
                    "ceil" => scaled.ceil(),
                    "floor" => scaled.floor(),
                    _ => scaled.round_ties_even(),
                };
                Value::Float(rounded / factor)
            }
            "first" => items(&value)?.into_iter().next().unwrap_or(Value::Undefined("".into())),
            "last" => items(&value)?.into_iter().next_back().unwrap_or(Value::Undefined("".into())),
            "list" => Value::list(items(&value)?),
            "join" => {
                let attribute = given.get(1, "attribute").cloned();
                let shown = items(&value)?.into_iter().map(|item| match &attribute {
                    Some(attribute) => dotted(&item, attribute).show(),
                    None => item.show(),
                });
                Value::text(&shown.collect::<Vec<_>>().join(&given.text(0, "d", "")))
            }
            "reverse" => match &value {
                Value::Text(text) => Value::text(&text.chars().rev().collect::<String>()),
                other => Value::list(items(other)?.into_iter().rev().collect()),
            },
            "sort" => {
                let attribute = given.get(2, "attribute").cloned();
                let folds_case = !given.flag(1, "case_sensitive");
                let mut sorted = items(&value)?;
                sorted.sort_by(|left, right| by_key(left, right, attribute.as_ref(), folds_case));
                if given.flag(0, "reverse") {
                    sorted.reverse();
                }
                Value::list(sorted)
            }
            "unique" => {
                let mut kept: Vec<Value> = Vec::new();
                for item in items(&value)?.into_iter().take(2000) {
                    if !kept
                        .iter()
                        .any(|known| by_key(known, &item, None, true) == Ordering::Equal && known.equals(&item))
                    {
                        kept.push(item);
                    }
                }
                Value::list(kept)
            }
            "sum" => {
                let attribute = given.get(0, "attribute").cloned();
                let mut sum = given.get(1, "start").cloned().unwrap_or(Value::Int(0));
                for item in items(&value)? {
                    let item = attribute.as_ref().map_or_else(|| item.clone(), |attribute| dotted(&item, attribute));
                    sum = binary("+", &sum, &item)?;
                }
                sum
            }
            "min" | "max" => {
                let wanted = if name == "min" { Ordering::Less } else { Ordering::Greater };
                let mut best: Option<Value> = None;
                for item in items(&value)? {
                    if best.as_ref().is_none_or(|best| by_key(&item, best, None, true) == wanted) {
                        best = Some(item);
                    }
                }
                best.unwrap_or(Value::Undefined("".into()))
            }
            "map" => {
                let attribute =
                    given.by_name.iter().find(|(known, _)| known == "attribute").map(|(_, value)| value.clone());
                let listed = items(&value)?;
                match (attribute, given.by_place.split_first()) {
                    (Some(attribute), _) => Value::list(listed.iter().map(|item| dotted(item, &attribute)).collect()),
                    (None, Some((filter, rest))) => {
                        let rest = Given { by_place: rest.to_vec(), by_name: given.by_name.clone() };
                        let name = filter.show();
                        let mapped = listed.into_iter().map(|item| self.filter(item, &name, &rest));
                        Value::list(mapped.collect::<Result<_, _>>()?)
                    }
                    (None, None) => return failed("`map` needs a filter or an attribute"),
                }
            }
            "select" | "reject" | "selectattr" | "rejectattr" => {
                let by_attribute = name.ends_with("attr");
                let mut args = given.by_place.iter().cloned();
                let attribute = if by_attribute { args.next() } else { None };
                let test_name = args.next().map(|name| name.show());
                let rest = Given { by_place: args.collect(), by_name: Vec::new() };
                let mut kept = Vec::new();
                for item in items(&value)? {
                    let seen = attribute.as_ref().map_or_else(|| item.clone(), |attribute| dotted(&item, attribute));
                    let holds = match &test_name {
                        Some(name) => test(&seen, name, &rest)?,
                        None => seen.is_true(),
                    };
                    if holds == name.starts_with("select") {
                        kept.push(item);
                    }
                }
                Value::list(kept)
            }
            "items" | "dictsort" => {
                let Value::Map(entries) = &value else { return failed(format!("`{name}` needs a mapping")) };
                let mut pairs: Vec<_> = entries.iter().cloned().collect();
                if name == "dictsort" {
                    pairs.sort_by(|left, right| by_key(&left.0, &right.0, None, true));
                }
                Value::list(pairs.into_iter().map(|(key, value)| Value::list(vec![key, value])).collect())
            }
            "batch" => {
                let size = usize::try_from(given.int(0, "linecount", 1)).unwrap_or(1).max(1);
                Value::list(items(&value)?.chunks(size).map(|chunk| Value::list(chunk.to_vec())).collect())
            }
            "indent" => {
                let width = given.get(0, "width").cloned().unwrap_or(Value::Int(4));
                let space = match width.int() {
                    Some(width) => " ".repeat(usize::try_from(width).unwrap_or(0).min(200)),
                    None => width.show(),
                };
                let (first, blank) = (given.flag(1, "first"), given.flag(2, "blank"));
                let indented: Vec<String> = text()
                    .split('\n')
                    .enumerate()
                    .map(|(at, line)| {
                        let plain = at == 0 && !first || line.is_empty() && !blank && at > 0;
                        if plain { line.to_owned() } else { format!("{space}{line}") }
                    })
                    .collect();
                Value::text(&indented.join("\n"))
            }
            "truncate" => {
                let (text, limit) = (text(), usize::try_from(given.int(0, "length", 255)).unwrap_or(0));
                let ending = given.text(2, "end", "...");
                let leeway = usize::try_from(given.int(3, "leeway", 5)).unwrap_or(0);
                if text.chars().count() <= limit.saturating_add(leeway) {
                    return Ok(Value::text(&text));
                }
                let cut: String = text.chars().take(limit.saturating_sub(ending.chars().count())).collect();
                let cut =
                    if given.flag(1, "killwords") { &cut } else { cut.rsplit_once(' ').map_or(&*cut, |(cut, _)| cut) };
                Value::text(&format!("{cut}{ending}"))
            }
            "tojson" => Value::text(&json(&value)),
            "urlencode" => Value::text(&url_quoted(&text(), b"/")),
            "striptags" => Value::text(&without_tags(&text())),
            "format" => match super::percent::format(&text(), &given.by_place) {
                Ok(text) => Value::text(&text),
                Err(why) => return failed(why),
            },
            "center" => {
                let (text, width) = (text(), usize::try_from(given.int(0, "width", 80)).unwrap_or(0).min(MAX_LEN));
                let missing = width.saturating_sub(text.chars().count());
                // Python gives the odd space to the left where the width is odd.
                let left = missing / 2 + (missing & width & 1);
                Value::text(&format!("{}{text}{}", " ".repeat(left), " ".repeat(missing - left)))
            }
            _ => return failed(format!("there is no filter `{name}`")),
        })
    }
}

/// Words for an expression in a message.
fn described(expr: &Expr) -> String {
    match expr {
        Expr::Name(name) => format!("`{name}`"),
        Expr::Attr(of, name) => format!("{}.{name}`", described(of).trim_end_matches('`')),
        _ => "what stands before it".to_owned(),
    }
}

/// `a.b.c` as an attribute of items.
fn dotted(value: &Value, path: &Value) -> Value {
    if path.int().is_some() {
        return value.get(path).unwrap_or(Value::Undefined("".into()));
    }
    path.show().split('.').fold(value.clone(), |value, name| {
        let index = name.parse().ok().and_then(|index| value.get(&Value::Int(index)));
        value.get(&Value::text(name)).or(index).unwrap_or(Value::Undefined("".into()))
    })
}

fn by_key(left: &Value, right: &Value, attribute: Option<&Value>, folds_case: bool) -> Ordering {
    let key = |value: &Value| {
        let value = attribute.map_or_else(|| value.clone(), |attribute| dotted(value, attribute));
        match value {
            Value::Text(text) if folds_case => Value::text(&text.to_lowercase()),
            other => other,
        }
    };
    key(left).order(&key(right)).unwrap_or(Ordering::Equal)
}

fn range(given: &Given) -> Result<Value, Fault> {
    let numbers: Vec<i64> = given.by_place.iter().filter_map(Value::int).collect();
    let (start, end, step) = match numbers[..] {
        [end] => (0, end, 1),
        [start, end] => (start, end, 1),
        [start, end, step] if step != 0 => (start, end, step),
        _ => return failed("`range` takes one to three numbers"),
    };
    let mut items = Vec::new();
    let mut at = start;
    while if step > 0 { at < end } else { at > end } {
        if items.len() == 100_000 {
            return failed("`range` is longer than 100000");
        }
        items.push(Value::Int(at));
        at = at.saturating_add(step);
    }
    Ok(Value::list(items))
}

fn slice(value: &Value, [start, end, step]: [Option<i64>; 3]) -> Result<Value, Fault> {
    let Some(items) = value.items().filter(|_| !matches!(value, Value::Map(_))) else {
        return failed("only a text or a list has slices");
    };
    let step = step.unwrap_or(1);
    if step == 0 {
        return failed("the step of a slice is not 0");
    }
    let len = items.len() as i64;
    let clamp = |bound: i64, low: i64, high: i64| if bound < 0 { bound + len } else { bound }.clamp(low, high);
    let (first, last) = if step > 0 {
        (start.map_or(0, |at| clamp(at, 0, len)), end.map_or(len, |at| clamp(at, 0, len)))
    } else {
        (start.map_or(len - 1, |at| clamp(at, -1, len - 1)), end.map_or(-1, |at| clamp(at, -1, len - 1)))
    };
    let mut kept = Vec::new();
    let mut at = first;
    while if step > 0 { at < last } else { at > last } {
        kept.push(items[at as usize].clone());
        at = at.saturating_add(step);
    }
    Ok(match value {
        Value::Text(_) => Value::text(&kept.iter().map(Value::show).collect::<String>()),
        _ => Value::list(kept),
    })
}

fn binary(sign: &str, left: &Value, right: &Value) -> Result<Value, Fault> {
    let unknown = || Fault::Failed(format!("`{sign}` does not join these values"));
    if let Some(Value::Undefined(_)) = [left, right].into_iter().find(|value| value.is_undefined())
        && !matches!(sign, "==" | "!=" | "~" | "in")
    {
        return Err(Fault::Undefined("a value of a calculation is not defined".to_owned()));
    }
    Ok(match sign {
        "==" => Value::Bool(left.equals(right)),
        "!=" => Value::Bool(!left.equals(right)),
        "<" | "<=" | ">" | ">=" => {
            let order = left.order(right).ok_or_else(unknown)?;
            Value::Bool(match sign {
                "<" => order.is_lt(),
                "<=" => order.is_le(),
                ">" => order.is_gt(),
                _ => order.is_ge(),
            })
        }
        "in" => Value::Bool(match (left, right) {
            (Value::Text(part), Value::Text(whole)) => whole.contains(&**part),
            _ => right.items().ok_or_else(unknown)?.iter().any(|item| item.equals(left)),
        }),
        "~" => bounded_text(format!("{}{}", left.show(), right.show()))?,
        "+" => match (left, right) {
            (Value::Text(left), Value::Text(right)) => bounded_text(format!("{left}{right}"))?,
            (Value::List(left), Value::List(right)) if left.len() + right.len() <= MAX_LEN => {
                Value::list(left.iter().chain(right.iter()).cloned().collect())
            }
            _ => calculate(sign, left, right).ok_or_else(unknown)?,
        },
        "*" => match (left, right.int()) {
            (Value::Text(text), Some(times)) => {
                let times = usize::try_from(times).unwrap_or(0);
                if text.len().saturating_mul(times) > MAX_LEN {
                    return failed("the text is too long");
                }
                Value::text(&text.repeat(times))
            }
            _ => calculate(sign, left, right).ok_or_else(unknown)?,
        },
        _ => calculate(sign, left, right).ok_or_else(unknown)?,
    })
}

fn bounded_text(text: String) -> Result<Value, Fault> {
    if text.len() > MAX_LEN { failed("the text is too long") } else { Ok(Value::text(&text)) }
}

/// Python's arithmetic.
fn calculate(sign: &str, left: &Value, right: &Value) -> Option<Value> {
    if let (Some(left), Some(right)) = (left.int(), right.int()) {
        let whole = match sign {
            "+" => left.checked_add(right)?,
            "-" => left.checked_sub(right)?,
            "*" => left.checked_mul(right)?,
            "//" => {
                let quotient = left.checked_div(right)?;
                if left % right != 0 && (left < 0) != (right < 0) { quotient - 1 } else { quotient }
            }
            "%" => {
                let rest = left.checked_rem(right)?;
                if rest != 0 && (rest < 0) != (right < 0) { rest + right } else { rest }
            }
            "**" if right >= 0 => left.checked_pow(u32::try_from(right).ok()?)?,
            "/" if right != 0 => return Some(Value::Float(left as f64 / right as f64)),
            _ => return None,
        };
        return Some(Value::Int(whole));
    }
    let (left, right) = (left.number()?, right.number()?);
    Some(Value::Float(match sign {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" if right != 0.0 => left / right,
        "//" if right != 0.0 => (left / right).floor(),
        "%" if right != 0.0 => left - right * (left / right).floor(),
        "**" => left.powf(right),
        _ => return None,
    }))
}

fn test(value: &Value, name: &str, given: &Given) -> Result<bool, Fault> {
    let other = given.get(0, "other");
    let order = |wanted: fn(Ordering) -> bool| other.and_then(|other| value.order(other)).is_some_and(wanted);
    Ok(match name {
        "defined" => !value.is_undefined(),
        "undefined" => value.is_undefined(),
        "none" => matches!(value, Value::None),
        "true" => matches!(value, Value::Bool(true)),
        "false" => matches!(value, Value::Bool(false)),
        "boolean" => matches!(value, Value::Bool(_)),
        "string" => matches!(value, Value::Text(_)),
        "integer" => matches!(value, Value::Int(_)),
        "float" => matches!(value, Value::Float(_)),
        "number" => matches!(value, Value::Int(_) | Value::Float(_) | Value::Bool(_)),
        "mapping" => matches!(value, Value::Map(_)),
        "sequence" | "iterable" => matches!(value, Value::List(_) | Value::Map(_) | Value::Text(_)),
        "callable" => matches!(value, Value::Macro(_)),
        "odd" => value.int().is_some_and(|number| number % 2 != 0),
        "even" => value.int().is_some_and(|number| number % 2 == 0),
        "divisibleby" => match (value.int(), other.and_then(Value::int)) {
            (Some(number), Some(by)) if by != 0 => number % by == 0,
            _ => return failed("`divisibleby` needs a number other than 0"),
        },
        "eq" | "equalto" | "sameas" => other.is_some_and(|other| value.equals(other)),
        "ne" => !other.is_some_and(|other| value.equals(other)),
        "lt" | "lessthan" => order(Ordering::is_lt),
        "le" => order(Ordering::is_le),
        "gt" | "greaterthan" => order(Ordering::is_gt),
        "ge" => order(Ordering::is_ge),
        "in" => match other {
            Some(other) => binary("in", value, other)?.is_true(),
            None => false,
        },
        "lower" => value.show().chars().any(char::is_lowercase) && !value.show().chars().any(char::is_uppercase),
        "upper" => value.show().chars().any(char::is_uppercase) && !value.show().chars().any(char::is_lowercase),
        _ => return failed(format!("there is no test `{name}`")),
    })
}

/// Methods of Python's `str`, which some filters are as well.
fn text_method(text: &str, name: &str, given: &Given) -> Result<Value, Fault> {
    let chars = |given: &Given| given.get(0, "chars").map(|chars| chars.show().chars().collect::<Vec<char>>());
    let kept = |keep: fn(&str, &[char]) -> String, plain: fn(&str) -> &str| match chars(given) {
        Some(chars) => Value::text(&keep(text, &chars)),
        None => Value::text(plain(text)),
    };
    Ok(match name {
        "upper" => Value::text(&text.to_uppercase()),
        "lower" | "casefold" => Value::text(&text.to_lowercase()),
        "capitalize" => {
            let mut letters = text.chars();
            let first = letters.next().map(char::to_uppercase).into_iter().flatten();
            Value::text(&first.chain(letters.as_str().to_lowercase().chars()).collect::<String>())
        }
        "title" => {
            let mut out = String::new();
            let mut inside = false;
            for ch in text.chars() {
                if inside {
                    out.extend(ch.to_lowercase())
                } else {
                    out.extend(ch.to_uppercase())
                }
                inside = !ch.is_whitespace() && !matches!(ch, '-' | '(' | '[' | '{' | '<');
            }
            Value::text(&out)
        }
        "strip" => kept(|text, chars| text.trim_matches(chars).to_owned(), str::trim),
        "lstrip" => kept(|text, chars| text.trim_start_matches(chars).to_owned(), str::trim_start),
        "rstrip" => kept(|text, chars| text.trim_end_matches(chars).to_owned(), str::trim_end),
        "replace" => {
            let (old, new) = (given.text(0, "old", ""), given.text(1, "new", ""));
            let limit = usize::try_from(given.int(2, "count", -1)).unwrap_or(usize::MAX);
            if old.is_empty() || text.matches(old.as_str()).count().saturating_mul(new.len()) > MAX_LEN {
                return failed("`replace` needs a text to look for, and a short result");
            }
            Value::text(&text.replacen(&old, &new, limit))
        }
        "split" => match given.get(0, "sep") {
            Some(Value::Text(separator)) if !separator.is_empty() => {
                Value::list(text.split(&**separator).map(Value::text).collect())
            }
            _ => Value::list(text.split_whitespace().map(Value::text).collect()),
        },
        "splitlines" => Value::list(text.lines().map(Value::text).collect()),
        "startswith" => Value::Bool(text.starts_with(&given.text(0, "prefix", ""))),
        "endswith" => Value::Bool(text.ends_with(&given.text(0, "suffix", ""))),
        "removeprefix" => {
            let prefix = given.text(0, "prefix", "");
            Value::text(text.strip_prefix(&*prefix).unwrap_or(text))
        }
        "removesuffix" => {
            let suffix = given.text(0, "suffix", "");
            Value::text(text.strip_suffix(&*suffix).unwrap_or(text))
        }
        "join" => {
            let Some(items) = given.get(0, "items").and_then(Value::items) else {
                return failed("`join` needs a list");
            };
            Value::text(&items.iter().map(Value::show).collect::<Vec<_>>().join(text))
        }
        "format" => {
            let mut out = String::new();
            let mut rest = text;
            let mut next = 0;
            while let Some(at) = rest.find('{') {
                out.push_str(&rest[..at]);
                let Some(end) = rest[at..].find('}').map(|end| at + end) else { return failed("a brace is open") };
                let name = &rest[at + 1..end];
                let value = if name.is_empty() {
                    next += 1;
                    given.by_place.get(next - 1)
                } else {
                    name.parse::<usize>().map_or_else(|_| given.get(usize::MAX, name), |at| given.by_place.get(at))
                };
                let Some(value) = value else { return failed(format!("there is no value for `{{{name}}}`")) };
                out.push_str(&value.show());
                rest = &rest[end + 1..];
            }
            Value::text(&(out + rest))
        }
        "isdigit" => Value::Bool(!text.is_empty() && text.chars().all(char::is_numeric)),
        "count" => Value::Int(text.matches(&given.text(0, "sub", "")).count() as i64),
        _ => return failed(format!("texts have no method `{name}`")),
    })
}

fn without_tags(text: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for ch in text.chars() {
        match ch {
            '<' => inside = true,
            '>' if inside => inside = false,
            _ if !inside => out.push(ch),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// JSON as Python's `json.dumps` writes it, escaped for HTML as Jinja2 does.
fn json(value: &Value) -> String {
    match value {
        Value::Undefined(_) | Value::None | Value::Macro(_) => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(_) | Value::Float(_) => value.show(),
        Value::Text(text) => safe_in_html(&quoted_ascii(text)),
        Value::List(items) => format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            // Jinja2 sorts keys.
            let mut entries: Vec<_> = entries.iter().map(|(key, value)| (key.show(), json(value))).collect();
            entries.sort();
            let shown = entries.into_iter().map(|(key, value)| format!("{}: {value}", json(&Value::text(&key))));
            format!("{{{}}}", shown.collect::<Vec<_>>().join(", "))
        }
    }
}
