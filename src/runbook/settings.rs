//! The mapping under `runbook:`.

use super::fields::{Fields, Reader};
use super::keys;
use super::model::{
    Allow, Changes, Component, Components, Day, Environment, Freeze, Hook, Kind, Mode, Notice, OnFailure, Param,
    ParamType, RollbackPolicy, RollbackScope, Select, Settings, Window,
};
use crate::diag::{Code, Diagnostic, nearest};
use crate::text::yaml::Node;
use crate::text::{Span, Spanned};
use std::collections::BTreeMap;

/// Reads the settings.
pub(super) fn extract_settings(reader: &mut Reader<'_>, node: &Node, key: Span) -> Option<Settings> {
    let fields = reader.fields(node, "runbook", keys::SETTINGS, Code::RunbookSchema)?;
    match fields.get("version") {
        None => reader.diagnostics.push(
            Diagnostic::new(Code::RunbookSchema, key, "`runbook` has no `version`")
                .help("add `version: 1`, the format that this page is written in"),
        ),
        Some(version) if version.as_int() != Some(1) => {
            let message = format!("`{}` is no version of the runbook format", reader.raw(version));
            reader.diagnostics.push(
                Diagnostic::new(Code::RunbookSchema, version.span, message).help("this opsbook reads `version: 1`"),
            );
        }
        Some(_) => {}
    }
    let stem = reader.source.path().stem().to_owned();
    let id = reader.text(&fields, "id").unwrap_or_else(|| Spanned::new(super::fields::slug(&stem), key));
    reader.check_id(&id, "runbook");
    let kind = reader.word(&fields, "kind", Kind::WORDS, Kind::from_word);
    let mode = reader.word(&fields, "mode", Mode::WORDS, Mode::from_word);
    let policy = fields.get("policy").and_then(|node| reader.fields(node, "policy", keys::POLICY, Code::RunbookSchema));
    let (mut min_soak, mut min_watch) = (None, None);
    if let Some(policy) = &policy {
        min_soak = reader.duration(policy, "min_soak");
        min_watch = reader.duration(policy, "min_watch");
    }
    Some(Settings {
        span: fields.span,
        id,
        kind: kind.unwrap_or(Spanned::new(Kind::Procedure, key)),
        mode: mode.map_or(Mode::ReadDo, |mode| mode.value),
        owners: reader.texts(&fields, "owners"),
        reviewed: extract_date(reader, &fields, "reviewed"),
        review_every: reader.duration(&fields, "review_every"),
        params: extract_params(reader, &fields),
        secrets: extract_secrets(reader, &fields),
        environments: extract_environments(reader, &fields),
        components: extract_components(reader, &fields),
        on_failure: extract_on_failure(reader, &fields),
        allow: extract_allow(reader, &fields),
        min_soak,
        min_watch,
        title: reader.template(&fields, "title"),
        ticket: reader.template(&fields, "ticket"),
        notify: extract_hooks(reader, &fields),
        prelude: reader.text(&fields, "prelude"),
    })
}

fn extract_hooks(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Vec<Hook> {
    let mut hooks = Vec::new();
    for entry in fields.list("notify") {
        let Some(fields) = reader.fields(entry, "notify", keys::HOOK, Code::RunbookSchema) else { continue };
        let on = reader.words(&fields, "on", Notice::WORDS, Notice::from_word, "is nothing that a run tells of");
        if fields.get("on").is_none() {
            reader.wrong(entry.span, "this entry of `notify` does not say what it tells `on`");
        }
        match reader.text(&fields, "step") {
            Some(block) => hooks.push(Hook { on, block }),
            None => reader.wrong(entry.span, "this entry of `notify` names no `step`, the block that tells"),
        }
    }
    hooks
}

fn extract_date(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str) -> Option<Spanned<String>> {
    let date = reader.text(fields, key)?;
    if days_since_epoch(&date.value).is_none() {
        let message = format!("`{}` is no date", date.value);
        reader
            .diagnostics
            .push(Diagnostic::new(Code::RunbookSchema, date.span, message).help("write it as `2026-05-04`"));
        return None;
    }
    Some(date)
}

/// Counts the days from 1970-01-01 to a date written `YYYY-MM-DD`.
pub fn days_since_epoch(date: &str) -> Option<i64> {
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 || month.len() != 2 || day.len() != 2 {
        return None;
    }
    let (year, month, day): (i64, i64, i64) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = lengths.get(usize::try_from(month - 1).ok()?)?;
    if !(1..=*length).contains(&day) {
        return None;
    }
    let before = year - 1;
    let leaps = before / 4 - before / 100 + before / 400;
    let of_year: i64 = lengths[..(month - 1) as usize].iter().sum::<i64>() + day - 1;
    Some(before * 365 + leaps + of_year - 719_162)
}

fn extract_params(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Vec<Param> {
    let Some(params) = fields.get("params").and_then(|node| reader.mapping(node, "params")) else {
        return Vec::new();
    };
    let mut out: Vec<Param> = Vec::new();
    for (name, span, node) in params.keys() {
        let name = Spanned::new(name.to_owned(), span);
        let fine = name.value.starts_with(|ch: char| ch.is_ascii_lowercase())
            && name
                .value
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte));
        if !fine {
            let message = format!("`{}` is no name for a parameter", name.value);
            reader.diagnostics.push(
                Diagnostic::new(Code::RunbookSchema, span, message)
                    .note("a parameter's name is small letters, digits, `_` and `-`; scripts see it in capitals"),
            );
        }
        if let Some(first) = out.iter().find(|param| param.name.value == name.value) {
            let diagnostic = Diagnostic::new(
                Code::RunbookDuplicateId,
                span,
                format!("parameter `{}` is declared twice", name.value),
            );
            reader.diagnostics.push(diagnostic.label(first.name.span, "it is declared here first"));
            continue;
        }
        if let Some(param) = extract_param(reader, name, node) {
            out.push(param);
        }
    }
    out
}

fn extract_param(reader: &mut Reader<'_>, name: Spanned<String>, node: &Node) -> Option<Param> {
    let what = format!("params.{}", name.value);
    let fields = reader.fields(node, &what, keys::PARAM, Code::RunbookSchema)?;
    let choices = fields.get("choices").and_then(|node| match node.as_seq() {
        Some(items) => Some(items.iter().filter_map(|item| reader.scalar(item, "choices")).collect::<Vec<_>>()),
        None => {
            reader.wrong(node.span, format!("`choices` is {} where a list is expected", node.kind_name()));
            None
        }
    });
    let stated = reader.word(&fields, "type", ParamType::WORDS, ParamType::from_word);
    let kind = stated.map_or(if choices.is_some() { ParamType::Choice } else { ParamType::String }, |kind| kind.value);
    if kind == ParamType::Choice && choices.as_ref().is_none_or(Vec::is_empty) {
        reader.wrong(name.span, format!("parameter `{}` is a choice without `choices`", name.value));
    }
    let pattern = reader.verbatim(&fields, "pattern").filter(|pattern| match regex::Regex::new(&pattern.value) {
        Ok(_) => true,
        Err(error) => {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            let message = format!("the pattern of `{}` is no regular expression", name.value);
            reader.diagnostics.push(Diagnostic::new(Code::RunbookSchema, pattern.span, message).note(why));
            false
        }
    });
    Some(Param {
        kind,
        pattern,
        choices,
        min: reader.int(&fields, "min", i64::MIN),
        max: reader.int(&fields, "max", i64::MIN),
        default: fields.get("default").and_then(|node| reader.scalar(node, "default")),
        prompt: reader.text(&fields, "prompt").map(|text| text.value),
        name,
    })
}

fn extract_secrets(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Vec<Spanned<String>> {
    let secrets = reader.texts(fields, "secrets");
    check_secrets(reader, &secrets);
    secrets
}

/// Checks that names of secrets can be names of environment variables.
pub(super) fn check_secrets(reader: &mut Reader<'_>, secrets: &[Spanned<String>]) {
    for secret in secrets {
        let fine = secret.value.starts_with(|ch: char| ch.is_ascii_uppercase())
            && secret.value.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        if !fine {
            let message = format!("`{}` is no name for a secret", secret.value);
            reader.diagnostics.push(
                Diagnostic::new(Code::RunbookSchema, secret.span, message)
                    .note("a secret is named by capital letters, digits and `_`; its value never stands in a file"),
            );
        }
    }
}

fn extract_environments(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Vec<Environment> {
    let Some(entries) = fields.get("environments").and_then(|node| reader.mapping(node, "environments")) else {
        return Vec::new();
    };
    let mut out: Vec<Environment> = Vec::new();
    for (name, span, node) in entries.keys() {
        let name = Spanned::new(name.to_owned(), span);
        reader.check_id(&name, "environment");
        let what = format!("environments.{}", name.value);
        if node.is_null() {
            reader.wrong(span, format!("environment `{}` has no `tier`", name.value));
            continue;
        }
        let Some(fields) = reader.fields(node, &what, keys::ENVIRONMENT, Code::RunbookSchema) else { continue };
        if fields.entry("tier").is_none() {
            reader.wrong(span, format!("environment `{}` has no `tier`", name.value));
        }
        let tier = reader.int(&fields, "tier", 0).unwrap_or(0);
        let weak = fields.get("allow_weak_identity").map(|node| node.span);
        let weak_value = reader.bool(&fields, "allow_weak_identity");
        let kubeconfig = reader.text(&fields, "kubeconfig");
        check_secrets(reader, kubeconfig.as_slice());
        out.push(Environment {
            name,
            tier: u32::try_from(tier).unwrap_or(u32::MAX),
            after: reader.text(&fields, "after"),
            kubeconfig,
            cluster_uid: reader.template(&fields, "cluster_uid"),
            allow_weak_identity: weak.zip(weak_value).map(|(span, value)| Spanned::new(value, span)),
            vars: reader.vars(&fields, "vars"),
            changes: fields.get("changes").and_then(|node| extract_changes(reader, node)),
        });
    }
    let names: Vec<&str> = out.iter().map(|environment| environment.name.value.as_str()).collect();
    for environment in &out {
        let Some(after) = &environment.after else { continue };
        if !names.contains(&after.value.as_str()) {
            let diagnostic =
                Diagnostic::new(Code::RunbookSchema, after.span, format!("unknown environment `{}`", after.value));
            reader.diagnostics.push(match nearest(&after.value, names.iter().copied()) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic,
            });
            continue;
        }
        let mut at = Some(after.value.clone());
        for _ in 0..=out.len() {
            let Some(name) = at else { break };
            if name == environment.name.value {
                let message = format!("environment `{name}` comes after itself");
                reader.wrong(after.span, message);
                break;
            }
            at = out.iter().find(|other| other.name.value == name).and_then(|it| it.after.clone()).map(|it| it.value);
        }
    }
    out
}

fn extract_changes(reader: &mut Reader<'_>, node: &Node) -> Option<Changes> {
    let fields = reader.fields(node, "changes", keys::CHANGES, Code::RunbookSchema)?;
    let windows = fields.list("windows").iter().filter_map(|entry| extract_window(reader, entry)).collect();
    let freezes = fields.list("freezes").iter().filter_map(|entry| extract_freeze(reader, entry)).collect();
    if fields.get("windows").is_none() && fields.get("freezes").is_none() {
        reader.wrong(node.span, "`changes` has neither `windows` nor `freezes`");
    }
    Some(Changes { zone: reader.text(&fields, "zone"), windows, freezes })
}

fn extract_window(reader: &mut Reader<'_>, node: &Node) -> Option<Window> {
    let fields = reader.fields(node, "windows", keys::WINDOW, Code::RunbookSchema)?;
    let days = reader.words(&fields, "days", Day::WORDS, Day::from_word, "is no day of the week");
    let mut clock = |key: &str| {
        let Some(text) = reader.text(&fields, key) else {
            if fields.get(key).is_none() {
                reader.wrong(node.span, format!("this window has no `{key}`"));
            }
            return None;
        };
        if !is_clock(&text.value) {
            let message = format!("`{}` is no time of a day", text.value);
            reader
                .diagnostics
                .push(Diagnostic::new(Code::RunbookSchema, text.span, message).help("write it as `\"09:00\"`"));
            return None;
        }
        Some(text.value)
    };
    let (from, to) = (clock("from"), clock("to"));
    Some(Window { days, from: from?, to: to? })
}

/// Tells whether text is a time of a day, `00:00` to `23:59`.
fn is_clock(text: &str) -> bool {
    let number = |text: &str| (text.len() == 2).then(|| text.parse::<u32>().ok()).flatten();
    let parts = text.split_once(':').and_then(|(hour, minute)| number(hour).zip(number(minute)));
    parts.is_some_and(|(hour, minute)| hour < 24 && minute < 60)
}

fn extract_freeze(reader: &mut Reader<'_>, node: &Node) -> Option<Freeze> {
    let fields = reader.fields(node, "freezes", keys::FREEZE, Code::RunbookSchema)?;
    for key in ["from", "to"] {
        if fields.get(key).is_none() {
            reader.wrong(node.span, format!("this freeze has no `{key}`"));
        }
    }
    let (from, to) = (extract_date(reader, &fields, "from"), extract_date(reader, &fields, "to"));
    let reason = reader.text(&fields, "reason").map(|text| text.value);
    let (from, to) = (from?, to?);
    if to.value < from.value {
        reader.wrong(to.span, format!("this freeze ends on {}, before it begins", to.value));
    }
    Some(Freeze { from: from.value, to: to.value, reason })
}

fn extract_components(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Components> {
    let node = fields.get("components")?;
    if let Some(items) = node.as_seq() {
        let mut list: Vec<Component> = Vec::new();
        let mut seen: BTreeMap<String, Span> = BTreeMap::new();
        for item in items {
            let Some(component) = extract_component(reader, item) else { continue };
            if let Some(first) = seen.insert(component.name.text.clone(), component.name.span) {
                let message = format!("component `{}` is listed twice", component.name.text);
                let diagnostic = Diagnostic::new(Code::RunbookDuplicateId, component.name.span, message);
                reader.diagnostics.push(diagnostic.label(first, "it is listed here first"));
                continue;
            }
            list.push(component);
        }
        return Some(Components::List(list));
    }
    let fields = reader.fields(node, "components", keys::COMPONENTS, Code::RunbookSchema)?;
    match reader.text(&fields, "from") {
        Some(from) if from.value != "release-please" => {
            reader.diagnostics.push(
                Diagnostic::new(Code::RunbookSchema, from.span, format!("`{}` is no source of components", from.value))
                    .help("write `from: release-please`, or list the components here"),
            );
        }
        Some(_) => {}
        None => reader.wrong(node.span, "`components` names no source"),
    }
    let (select, span) = match fields.get("select") {
        None => (Select::Changed, node.span),
        Some(select) => match select.as_seq() {
            Some(items) => (
                Select::Named(items.iter().filter_map(|item| reader.template_of(item, "select")).collect()),
                select.span,
            ),
            None => match reader.raw(select).as_str() {
                "changed" => (Select::Changed, select.span),
                "all" => (Select::All, select.span),
                other if other.starts_with("${") => {
                    (Select::Named(reader.template_of(select, "select").into_iter().collect()), select.span)
                }
                other => {
                    let message = format!("`{other}` is no value of `select`");
                    reader.diagnostics.push(
                        Diagnostic::new(Code::RunbookSchema, select.span, message)
                            .help("write `changed`, `all`, or a list of names"),
                    );
                    (Select::All, select.span)
                }
            },
        },
    };
    Some(Components::ReleasePlease { select, span })
}

fn extract_component(reader: &mut Reader<'_>, node: &Node) -> Option<Component> {
    let fields = reader.fields(node, "component", keys::COMPONENT, Code::RunbookSchema)?;
    let name = reader.template(&fields, "name");
    let to = reader.template(&fields, "to");
    if name.is_none() {
        reader.wrong(node.span, "this component has no `name`");
    }
    if to.is_none() {
        reader.wrong(node.span, "this component has no version `to` release");
    }
    let name = name.filter(|name| !super::fields::slug(&name.text).is_empty())?;
    Some(Component {
        path: reader.template(&fields, "path"),
        from: reader.template(&fields, "from"),
        tag: reader.template(&fields, "tag"),
        sha: reader.template(&fields, "sha"),
        to: to?,
        name,
    })
}

fn extract_on_failure(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<OnFailure> {
    let node = fields.get("on_failure")?;
    let fields = reader.fields(node, "on_failure", keys::ON_FAILURE, Code::RunbookSchema)?;
    let rollback = reader.word(&fields, "rollback", RollbackPolicy::WORDS, RollbackPolicy::from_word);
    let scope = reader.word(&fields, "scope", RollbackScope::WORDS, RollbackScope::from_word);
    Some(OnFailure {
        rollback: rollback.map_or(RollbackPolicy::None, |word| word.value),
        scope: scope.map_or(RollbackScope::Env, |word| word.value),
        then: reader.text(&fields, "then"),
    })
}

/// Rules, by the beginning of their ids, that `allow:` cannot name: where they find something there is
/// no plan to judge, or they judge journals, emitted files and the files of Release Please.
const NOT_FOR_A_PAGE: &[&str] = &[
    "RB001", "RB002", "RB003", "RB005", "RB006", "RB007", "RB009", "RB014", "RB015", "RB016", "RB606", "RB607", "RB7",
];

fn extract_allow(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Vec<Allow> {
    let Some(node) = fields.get("allow") else { return Vec::new() };
    let Some(items) = node.as_seq() else {
        reader.wrong(node.span, format!("`allow` is {} where a list is expected", node.kind_name()));
        return Vec::new();
    };
    let mut out = Vec::new();
    for item in items {
        let (rule, reason, until) = if item.as_map().is_some() {
            let Some(fields) = reader.fields(item, "allow", keys::ALLOW, Code::RunbookSchema) else { continue };
            let Some(rule) = reader.text(&fields, "rule") else {
                reader.wrong(item.span, "this entry of `allow` names no `rule`");
                continue;
            };
            let reason = reader.text(&fields, "reason").map_or(String::new(), |text| text.value.trim().to_owned());
            (rule, reason, extract_date(reader, &fields, "until"))
        } else {
            let Some(text) = reader.text_of(item, "allow") else { continue };
            let (rule, reason) = text.value.split_once(char::is_whitespace).unwrap_or((&text.value, ""));
            (Spanned::new(rule.to_owned(), text.span), reason.trim().to_owned(), None)
        };
        if !Code::ALL.iter().any(|code| code.id() == rule.value && rule.value.starts_with("RB")) {
            reader.wrong(rule.span, format!("`{}` is no rule of runbooks", rule.value));
            continue;
        }
        if NOT_FOR_A_PAGE.iter().any(|beginning| rule.value.starts_with(beginning)) {
            reader.diagnostics.push(
                Diagnostic::new(Code::RunbookSchema, rule.span, format!("no page can accept `{}`", rule.value))
                    .note("without what it finds there is no plan, or the finding is not in a page")
                    .help("correct it, or set its level in the project's configuration"),
            );
            continue;
        }
        if reason.is_empty() {
            reader.diagnostics.push(
                Diagnostic::new(
                    Code::RunbookSchema,
                    rule.span,
                    format!("`{}` is allowed without a reason", rule.value),
                )
                .help(format!("write `{} why it is acceptable here`", rule.value)),
            );
            continue;
        }
        out.push(Allow { rule, reason, until });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::days_since_epoch;

    #[test]
    fn dates_count_days() {
        assert_eq!(days_since_epoch("1970-01-01"), Some(0));
        assert_eq!(days_since_epoch("2026-05-04"), Some(20_577));
        assert_eq!(days_since_epoch("2024-02-29"), Some(19_782));
        assert_eq!(days_since_epoch("2023-02-29"), None);
        assert_eq!(days_since_epoch("2026-5-4"), None);
        assert_eq!(days_since_epoch("2026-13-04"), None);
    }
}
