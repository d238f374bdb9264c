//! Parameters get their values.

use super::model;
use crate::diag::{Code, Diagnostic, Diagnostics, nearest};
use crate::runbook::{Param, ParamType, Scalar};
use serde_json::Value;
use std::collections::BTreeMap;

/// Checks given texts against declarations and fills in defaults.
///
/// A value that is missing or that the declaration does not take is reported at the declaration
/// (RB015); a value for a parameter that does not exist has no place in any file.
pub(super) fn bind_params(
    declared: &[Param],
    given: &BTreeMap<String, String>,
    diagnostics: &mut Diagnostics,
) -> BTreeMap<String, Scalar> {
    let names: Vec<&str> = declared.iter().map(|param| param.name.value.as_str()).collect();
    for name in given.keys().filter(|name| !names.contains(&name.as_str())) {
        let diagnostic = Diagnostic::placeless(Code::ParameterValue, format!("unknown parameter `{name}`"));
        diagnostics.push(match (nearest(name, names.iter().copied()), names.is_empty()) {
            (Some(near), _) => diagnostic.help(format!("did you mean `{near}`?")),
            (None, true) => diagnostic.help("this runbook has no parameters"),
            (None, false) => diagnostic.help(format!("its parameters are `{}`", names.join("`, `"))),
        });
    }
    let mut values = BTreeMap::new();
    for param in declared {
        let name = &param.name.value;
        let value = match given.get(name) {
            Some(text) => read(param, &Scalar::Text(text.clone())),
            None => match &param.default {
                Some(default) => read(param, &default.value),
                None => {
                    let diagnostic = Diagnostic::new(
                        Code::ParameterValue,
                        param.name.span,
                        format!("parameter `{name}` has no value"),
                    );
                    let diagnostic = diagnostic.help(format!("give one with `--param {name}=…`"));
                    diagnostics.push(match &param.prompt {
                        Some(prompt) => diagnostic.note(format!("what it asks for: {prompt}")),
                        None => diagnostic,
                    });
                    continue;
                }
            },
        };
        match value {
            Ok(value) => {
                values.insert(name.clone(), value);
            }
            Err(why) => {
                let message = format!("parameter `{name}` does not take this value: {why}");
                let span = match (&param.pattern, given.contains_key(name), &param.default) {
                    (_, false, Some(default)) => default.span,
                    (Some(pattern), ..) => pattern.span,
                    _ => param.name.span,
                };
                diagnostics.push(Diagnostic::new(Code::ParameterValue, span, message));
            }
        }
    }
    values
}

/// Checks the defaults of a template, which has no other values: one that its declaration does not take
/// would fail every run that relies on it.
pub(super) fn check_defaults(declared: &[Param], diagnostics: &mut Diagnostics) {
    for param in declared {
        let Some(default) = &param.default else { continue };
        if let Err(why) = read(param, &default.value) {
            let message = format!("parameter `{}` does not take its default: {why}", param.name.value);
            diagnostics.push(Diagnostic::new(Code::ParameterValue, default.span, message));
        }
    }
}

/// Tells whether a parameter takes a value that somebody types.
///
/// # Errors
/// Says why it does not.
pub fn takes(param: &Param, text: &str) -> Result<(), String> {
    read(param, &Scalar::Text(text.to_owned())).map(|_| ())
}

fn read(param: &Param, value: &Scalar) -> Result<Scalar, String> {
    if param.kind == ParamType::List {
        return read_list(param, value);
    }
    if matches!(value, Scalar::List(_)) {
        return Err("it is a list".to_owned());
    }
    let text = value.text();
    if let Some(pattern) = &param.pattern {
        let whole = regex::Regex::new(&format!("^(?:{})$", pattern.value)).map_err(|error| error.to_string())?;
        if !whole.is_match(&text) {
            return Err(format!("`{text}` does not match `{}`", pattern.value));
        }
    }
    if text.contains('\0') {
        return Err("it has a NUL in it".to_owned());
    }
    match param.kind {
        ParamType::String => Ok(Scalar::Text(text)),
        ParamType::Integer => {
            let number: i64 = text.trim().parse().map_err(|_| format!("`{text}` is no whole number"))?;
            match (param.min, param.max) {
                (Some(min), _) if number < min => Err(format!("{number} is below {min}")),
                (_, Some(max)) if number > max => Err(format!("{number} is above {max}")),
                _ => Ok(Scalar::Int(number)),
            }
        }
        ParamType::Boolean => match text.as_str() {
            "true" | "yes" | "1" => Ok(Scalar::Bool(true)),
            "false" | "no" | "0" => Ok(Scalar::Bool(false)),
            _ => Err(format!("`{text}` is neither true nor false")),
        },
        ParamType::Choice => {
            let choices = param.choices.as_deref().unwrap_or_default();
            match choices.iter().find(|choice| choice.value.text() == text) {
                Some(choice) => Ok(choice.value.clone()),
                None => {
                    let names: Vec<String> =
                        choices.iter().map(|choice| format!("`{}`", choice.value.text())).collect();
                    Err(format!("`{text}` is none of {}", names.join(", ")))
                }
            }
        }
        ParamType::List => unreachable!("lists are read above"),
        ParamType::Duration => match crate::runbook::Duration::parse(&text) {
            Some(_) => Ok(Scalar::Text(text)),
            None => Err(format!("`{text}` is no length of time such as `30m`")),
        },
    }
}

/// A list is words between commas or blanks, so that a script can take it apart without a mistake; its
/// pattern and choices hold for each word, its limits for their number.
fn read_list(param: &Param, value: &Scalar) -> Result<Scalar, String> {
    let words: Vec<String> = match value {
        Scalar::List(words) => words.clone(),
        other => other
            .text()
            .split([',', ' ', '\t', '\n', '\r'])
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect(),
    };
    let one =
        Param { kind: if param.choices.is_some() { ParamType::Choice } else { ParamType::String }, ..param.clone() };
    for (at, word) in words.iter().enumerate() {
        if word.is_empty() || word.contains(|ch: char| ch.is_whitespace() || ch == ',') {
            return Err(format!("`{word}` is not one word"));
        }
        if words[..at].contains(word) {
            return Err(format!("`{word}` is in it twice"));
        }
        read(&one, &Scalar::Text(word.clone()))?;
    }
    let length = i64::try_from(words.len()).unwrap_or(i64::MAX);
    match (param.min, param.max) {
        (Some(min), _) if length < min => Err(format!("it has {length} words, and the least is {min}")),
        (_, Some(max)) if length > max => Err(format!("it has {length} words, and the most is {max}")),
        _ => Ok(Scalar::List(words)),
    }
}

/// Returns the name of a parameter as scripts see it: `change-window` is `CHANGE_WINDOW`.
pub(super) fn variable(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}

/// Puts a declaration into its serialised form.
pub(super) fn to_model(param: &Param, value: Option<&Scalar>) -> model::Param {
    model::Param {
        kind: super::words::param_type(param.kind),
        pattern: param.pattern.as_ref().map(|pattern| pattern.value.clone()),
        choices: param.choices.as_ref().map(|choices| choices.iter().map(|choice| json(&choice.value)).collect()),
        min: param.min,
        max: param.max,
        default: param.default.as_ref().map(|default| json(&default.value)),
        value: value.map(json),
        prompt: param.prompt.clone(),
    }
}

fn json(value: &Scalar) -> Value {
    match value {
        Scalar::Text(text) => Value::from(text.as_str()),
        Scalar::Int(number) => Value::from(*number),
        Scalar::Bool(value) => Value::from(*value),
        Scalar::List(words) => Value::from(words.clone()),
    }
}
