//! Filters, tests and functions of Jinja2 that minijinja does not have, or has otherwise.

use super::methods::{Growing, GrowingMap};
use super::python::{json, repr, text};
use crate::text::{markup_escaped, url_quoted};
use minijinja::formatting::{FormatStyle, format};
use minijinja::value::{Kwargs, Rest, Tuple, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Value};

type Answer = Result<Value, Error>;

/// Adds all of them to an engine.
pub(super) fn register(engine: &mut Environment<'static>) {
    engine.add_filter("e", escape);
    engine.add_filter("escape", escape);
    engine.add_filter("forceescape", |value: &Value| Value::from_safe_string(markup_escaped(&text(value))));
    engine.add_filter("string", |value: &Value| Value::from(text(value)));
    engine.add_filter("default", default);
    engine.add_filter("d", default);
    engine.add_filter("tojson", tojson);
    engine.add_filter("replace", replace);
    engine.add_filter("join", join);
    engine.add_filter("title", |value: &Value| title(&text(value)));
    engine.add_filter("capitalize", |value: &Value| capitalized(&text(value)));
    engine.add_filter("lower", |value: &Value| text(value).to_lowercase());
    engine.add_filter("upper", |value: &Value| text(value).to_uppercase());
    engine.add_filter("truncate", truncate);
    engine.add_filter("striptags", |value: &Value| strip_tags(&text(value)));
    engine.add_filter("urlencode", urlencode);
    engine.add_filter("center", |value: &Value, width: Option<usize>| {
        let text = text(value);
        let n = width.unwrap_or(80).min(10_000).saturating_sub(text.chars().count());
        let left = n / 2 + (n & (n + text.chars().count()) & 1);
        format!("{}{text}{}", " ".repeat(left), " ".repeat(n - left))
    });
    engine.add_filter("wordcount", |value: &Value| {
        text(value).split(|ch: char| !ch.is_alphanumeric() && ch != '_').filter(|word| !word.is_empty()).count()
    });
    engine.add_filter("wordwrap", wordwrap);
    engine.add_filter("filesizeformat", |value: f64, binary: Option<bool>| file_size(value, binary.unwrap_or(false)));
    engine.add_filter("xmlattr", xmlattr);
    engine.add_filter("urlize", urlize);
    engine.add_filter("pprint", |value: &Value| repr(value));
    engine.add_filter("format", |pattern: &Value, args: Rest<Value>, kwargs: Kwargs| -> Answer {
        let named: Vec<(String, Value)> =
            kwargs.args().map(|name| Ok((name.to_owned(), kwargs.get(name)?))).collect::<Result<_, Error>>()?;
        match named.is_empty() {
            true => percent(&text(pattern), &Value::from(Tuple::new(args.0))),
            false => percent(&text(pattern), &Value::from_pairs(named)),
        }
    });
    engine.add_filter("first", |value: &Value| -> Answer { Ok(value.try_iter()?.next().unwrap_or_default()) });
    // The same site every time: there is no chance in a build.
    engine.add_filter("random", |value: &Value| -> Answer { Ok(value.try_iter()?.next().unwrap_or_default()) });
    engine.add_filter("_percent", |pattern: &Value, values: &Value| percent(&text(pattern), values));
    engine.add_filter("_list", |value: &Value| Growing::of(value));
    engine.add_filter("_dict", |value: &Value| GrowingMap::of(value));
    engine.add_test("callable", |value: &Value| value.as_object().is_some() && value.kind() == ValueKind::Plain);
    engine.add_function("cycler", |items: Rest<Value>| minijinja_contrib::globals::cycler(items.0));
    engine.add_function("dict", dict);
    engine.add_function("joiner", minijinja_contrib::globals::joiner);
    for name in ["_", "gettext"] {
        engine.add_function(name, |text: &Value| text.clone());
    }
    engine.add_function("ngettext", |one: Value, many: Value, n: i64| if n == 1 { one } else { many });
}

fn escape(value: &Value) -> Value {
    if value.is_safe() { value.clone() } else { Value::from_safe_string(markup_escaped(&text(value))) }
}

fn default(value: &Value, args: Rest<Value>, kwargs: Kwargs) -> Answer {
    let named = |name: &str| kwargs.get::<Option<Value>>(name);
    let other =
        args.first().cloned().or(named("default_value")?).or(named("value")?).unwrap_or_else(|| Value::from(""));
    let is_lax = args.get(1).cloned().or(named("boolean")?).is_some_and(|lax| lax.is_true());
    kwargs.assert_all_used()?;
    Ok(if value.is_undefined() || (is_lax && !value.is_true()) { other } else { value.clone() })
}

fn tojson(value: &Value, indent: Option<usize>, kwargs: Kwargs) -> Answer {
    let indent = indent.or(kwargs.get("indent")?);
    kwargs.assert_all_used()?;
    let no_json = || Error::new(ErrorKind::BadSerialization, format!("{} has no form in JSON", repr(value)));
    Ok(Value::from_safe_string(json(value, indent).ok_or_else(no_json)?))
}

fn replace(value: &Value, from: &Value, to: &Value, count: Option<usize>) -> String {
    text(value).replacen(&text(from), &text(to), count.unwrap_or(usize::MAX))
}

fn join(value: &Value, args: Rest<Value>, kwargs: Kwargs) -> Answer {
    let glue = args.first().cloned().or(kwargs.get("d")?).map(|glue| text(&glue)).unwrap_or_default();
    let attribute: Option<Value> = args.get(1).cloned().or(kwargs.get("attribute")?);
    kwargs.assert_all_used()?;
    let mut texts = Vec::new();
    for item in items_of(value)? {
        texts.push(text(&match &attribute {
            Some(attribute) => reach(&item, &text(attribute)),
            None => item,
        }));
    }
    Ok(Value::from(texts.join(&glue)))
}

/// Python's `dict`: a mapping or pairs, and names.
fn dict(from: Option<Value>, kwargs: Kwargs) -> Answer {
    let mut pairs = Vec::new();
    for item in from.iter().flat_map(|from| from.try_iter().into_iter().flatten()) {
        let is_map = from.as_ref().is_some_and(|from| from.kind() == ValueKind::Map);
        pairs.push(match &from {
            Some(from) if is_map => (item.clone(), from.get_item(&item)?),
            _ => (item.get_item_by_index(0)?, item.get_item_by_index(1)?),
        });
    }
    for name in kwargs.args() {
        pairs.push((Value::from(name), kwargs.get(name)?));
    }
    Ok(Value::from_pairs(pairs))
}

/// The items of a value; a missing one has none.
fn items_of(value: &Value) -> Result<Vec<Value>, Error> {
    if value.is_undefined() { Ok(Vec::new()) } else { Ok(value.try_iter()?.collect()) }
}

/// Follows a dotted name.
fn reach(value: &Value, path: &str) -> Value {
    path.split('.').fold(value.clone(), |value, name| match name.parse::<usize>() {
        Ok(at) => value.get_item_by_index(at).unwrap_or_default(),
        Err(_) => value.get_attr(name).unwrap_or_default(),
    })
}

/// Jinja's `title` begins a word after white space, a dash and an opening bracket.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at_start = true;
    for ch in text.chars() {
        if at_start {
            out.extend(ch.to_uppercase());
        } else {
            out.extend(ch.to_lowercase());
        }
        at_start = ch.is_whitespace() || "-({[<".contains(ch);
    }
    out
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars.flat_map(char::to_lowercase)).collect(),
        None => String::new(),
    }
}

fn truncate(value: &Value, args: Rest<Value>, kwargs: Kwargs) -> Answer {
    let option = |at: usize, name: &str| -> Result<Option<Value>, Error> {
        Ok(args.get(at).cloned().or(kwargs.get::<Option<Value>>(name)?).filter(|value| !value.is_none()))
    };
    let number = |value: Option<Value>, other: usize| value.and_then(|value| value.as_usize()).unwrap_or(other);
    let length = number(option(0, "length")?, 255);
    let kill = option(1, "killwords")?.is_some_and(|value| value.is_true());
    let end = option(2, "end")?.map_or_else(|| "...".to_owned(), |value| text(&value));
    let leeway = number(option(3, "leeway")?, 5);
    kwargs.assert_all_used()?;
    let this: Vec<char> = text(value).chars().collect();
    if this.len() <= length + leeway {
        return Ok(Value::from(this.into_iter().collect::<String>()));
    }
    let cut: String = this[..length.saturating_sub(end.chars().count())].iter().collect();
    let cut = if kill { cut.as_str() } else { cut.rsplit_once(' ').map_or(cut.as_str(), |(before, _)| before) };
    Ok(Value::from(format!("{cut}{end}")))
}

/// Leaves tags and comments out and makes all white space single blanks.
fn strip_tags(text: &str) -> Value {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let closes = if rest[at..].starts_with("<!--") { rest[at..].find("-->").map(|end| end + 3) } else { None };
        let end = closes.or_else(|| rest[at..].find('>').map(|end| end + 1));
        out.push_str(&rest[..at]);
        match end {
            Some(end) => rest = &rest[at + end..],
            None => {
                out.push_str(&rest[at..]);
                rest = "";
            }
        }
    }
    out.push_str(rest);
    // Jinja resolves the references of what is left.
    let out = crate::render::html_events::text(&out);
    Value::from(out.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn urlencode(value: &Value) -> Answer {
    let query = |text: &str| url_quoted(text, b"").replace("%20", "+");
    let pair = |name: &Value, value: &Value| format!("{}={}", query(&text(name)), query(&text(value)));
    let pairs: Vec<String> = match value.kind() {
        ValueKind::Map => value.try_iter()?.map(|key| pair(&key, &value.get_item(&key).unwrap_or_default())).collect(),
        ValueKind::Seq | ValueKind::Iterable => {
            let at = |item: &Value, n: usize| item.get_item_by_index(n).unwrap_or_default();
            value.try_iter()?.map(|item| pair(&at(&item, 0), &at(&item, 1))).collect()
        }
        _ => return Ok(Value::from(url_quoted(&text(value), b"/"))),
    };
    Ok(Value::from(pairs.join("&")))
}

fn wordwrap(value: &Value, width: Option<usize>) -> String {
    let width = width.unwrap_or(79).max(1);
    let wrap = |line: &str| {
        let mut lines: Vec<String> = vec![String::new()];
        for word in line.split(' ') {
            let last = lines.last_mut().expect("there is a line");
            if last.is_empty() {
                last.push_str(word);
            } else if last.chars().count() + 1 + word.chars().count() <= width {
                last.push(' ');
                last.push_str(word);
            } else {
                lines.push(word.to_owned());
            }
        }
        lines.join("\n")
    };
    text(value).lines().map(wrap).collect::<Vec<_>>().join("\n")
}

fn file_size(size: f64, binary: bool) -> String {
    let (base, units) = if binary {
        (1024.0, ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"])
    } else {
        (1000.0, ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"])
    };
    if size == 1.0 {
        return "1 Byte".to_owned();
    }
    if size < base {
        return format!("{} Bytes", size.trunc());
    }
    let mut unit = base;
    for (n, name) in units.iter().enumerate() {
        let next = unit * base;
        if size < next || n + 1 == units.len() {
            return format!("{:.1} {name}", size / unit);
        }
        unit = next;
    }
    String::new()
}

fn xmlattr(value: &Value, space: Option<bool>) -> Answer {
    let mut out = String::new();
    for key in value.try_iter()? {
        let held = value.get_item(&key)?;
        if !held.is_none() && !held.is_undefined() {
            let glue = if out.is_empty() { "" } else { " " };
            out.push_str(&format!("{glue}{}=\"{}\"", markup_escaped(&text(&key)), markup_escaped(&text(&held))));
        }
    }
    if !out.is_empty() && space.unwrap_or(true) {
        out.insert(0, ' ');
    }
    Ok(Value::from_safe_string(out))
}

/// Makes links of the words that are addresses.
fn urlize(value: &Value) -> Value {
    let link = |word: &str| {
        let core = word.trim_end_matches(['.', ',', ')', ':', ';', '!', '?']);
        let escaped_core = markup_escaped(core);
        let href = match core {
            core if core.starts_with("https://") || core.starts_with("http://") => escaped_core.clone(),
            core if core.starts_with("www.") => format!("https://{escaped_core}"),
            _ => return markup_escaped(word),
        };
        format!("<a href=\"{href}\" rel=\"noopener\">{escaped_core}</a>{}", markup_escaped(&word[core.len()..]))
    };
    let text = text(value);
    Value::from_safe_string(text.split(' ').map(link).collect::<Vec<_>>().join(" "))
}

/// Python's `%` of a text.
pub(super) fn percent(pattern: &str, values: &Value) -> Answer {
    let in_python = |value: Value| match value.kind() {
        ValueKind::Number | ValueKind::String | ValueKind::Map => value,
        _ => Value::from(text(&value)),
    };
    let values: Vec<Value> = match values.is_tuple() {
        true => values.try_iter()?.map(in_python).collect(),
        false => vec![in_python(values.clone())],
    };
    Ok(Value::from(format(FormatStyle::Printf, pattern, &values)?))
}
