//! Rules about secrets: RB501 to RB503, RB506.

use super::{Subject, bash, find};
use crate::diag::{Code, Diagnostics, Severity};
use crate::runbook::{Body, Shell};
use crate::text::{Chunk, Source, Span, yaml};
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// What a leaked secret looks like, and what it is.
static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let pattern = |text: &str, what| (Regex::new(text).expect("a constant pattern"), what);
    vec![
        pattern(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", "an access key of AWS"),
        pattern(r"\bgh[pousr]_[A-Za-z0-9]{36,}\b", "a token of GitHub"),
        pattern(r"\bgithub_pat_[A-Za-z0-9_]{40,}\b", "a token of GitHub"),
        pattern(r"\bglpat-[A-Za-z0-9_-]{20,}\b", "a token of GitLab"),
        pattern(r"\bxox[abprs]-[A-Za-z0-9-]{20,}\b", "a token of Slack"),
        pattern(r"\bAIza[0-9A-Za-z_-]{35}\b", "a key of Google"),
        pattern(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\b", "a signed token"),
        pattern(r"-----BEGIN [A-Z ]*PRIVATE KEY-----", "a private key"),
        pattern(r"\bhttps?://[^\s/:@]+:[^\s/:@$<{]{4,}@", "an address with a password"),
    ]
});

/// A name that says secret, and a literal given to it.
static ASSIGNED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)\b[a-z0-9_-]*(?:password|passwd|secret|token|api[_-]?key|private[_-]?key)[a-z0-9_-]*["']?\s*[:=]\s*["']?([A-Za-z0-9+/_=.!@#%^&*-]{12,})["']?"#)
        .expect("a constant pattern")
});

pub(super) fn lint(subject: &Subject<'_>, found: &mut Diagnostics) {
    literals(subject, found);
    for block in &subject.runbook.blocks {
        if let Body::Script { shell, script, .. } = &block.body
            && *shell != Shell::Python3
        {
            let read = bash::read(script.text());
            let mut secrets: BTreeSet<&str> = block.secrets.iter().map(|secret| secret.value.as_str()).collect();
            let settings = subject.runbook.settings.as_ref();
            secrets.extend(settings.iter().flat_map(|it| &it.secrets).map(|secret| secret.value.as_str()));
            command_lines(script, &read, &secrets, found);
        }
    }
    declarations(subject, found);
    register(subject, found);
}

/// RB501: in blocks and in the front matter's lines.
fn literals(subject: &Subject<'_>, found: &mut Diagnostics) {
    let Some(page) = subject.library.page(subject.runbook.path) else { return };
    for block in &subject.runbook.blocks {
        scan(&block.code, found);
        if let Some(check) = &block.check {
            scan(&Chunk::synthetic(&check.value, check.span), found);
        }
    }
    if subject.runbook.settings.is_some()
        && let Some(end) = front_matter(&page.source)
    {
        scan(&Chunk::lifted(&page.source, 0..end), found);
    }
}

fn front_matter(source: &Source) -> Option<usize> {
    let text = source.text();
    let start = if text.starts_with("---") { 3 } else { return None };
    text[start..].find("\n---").map(|end| start + end)
}

fn scan(chunk: &Chunk, found: &mut Diagnostics) {
    let text = chunk.text();
    let mut seen: Vec<std::ops::Range<usize>> = Vec::new();
    for (pattern, what) in PATTERNS.iter() {
        for hit in pattern.find_iter(text) {
            seen.push(hit.range());
            say_literal(chunk.span(hit.range()), what, found);
        }
    }
    for hit in ASSIGNED.captures_iter(text) {
        let Some(value) = hit.get(1) else { continue };
        let known = seen.iter().any(|range| range.start < value.end() && value.start() < range.end);
        if !known && entropy(value.as_str()) > 3.0 && mixed(value.as_str()) {
            say_literal(chunk.span(value.range()), "what looks like a secret", found);
        }
    }
}

fn say_literal(span: Span, what: &str, found: &mut Diagnostics) {
    found.push(
        find(Code::SecretLiteral, span, format!("{what} is written out in this page"))
            .note("everybody who can read the page or its history has it")
            .help("revoke it, declare a name under `secrets:`, and read it from the environment"),
    );
}

/// Bits per character.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    text.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let length = text.len() as f64;
    counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / length).map(|p| -p * p.log2()).sum()
}

/// A password has letters and digits; a file name or a resource's name rarely has both and no `.yaml`.
fn mixed(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !text.contains(".y")
        && !text.starts_with(['.', '/', '$'])
}

/// Commands of the shell itself: their words never show in a list of processes.
const BUILTINS: &[&str] =
    &["[", "test", ":", "export", "local", "declare", "readonly", "read", "printf", "unset", "return", "exit"];

/// RB503.
fn command_lines(script: &Chunk, read: &bash::Script, secrets: &BTreeSet<&str>, found: &mut Diagnostics) {
    for command in &read.commands {
        let name = command.name().unwrap_or_default();
        let mut say = |range: std::ops::Range<usize>, message: String, help: &str| {
            found.push(
                find(Code::SecretExposed, script.span(range), message)
                    .note("other users of the machine, logs and the journal can see it")
                    .help(help.to_owned()),
            );
        };
        let file = "pass it by file or by standard input: `--password-stdin`, `--netrc-file`, `-H @file`";
        match name {
            "echo" | "printf" => {
                for word in &command.words[1..] {
                    if let Some(secret) = word.vars.iter().find(|var| secrets.contains(var.as_str())) {
                        say(word.range.clone(), format!("`{name}` prints the secret `{secret}`"), "do not print it");
                    }
                }
                continue;
            }
            "set" => {
                let traces = command.words[1..].iter().find(|word| {
                    let text = word.literal.as_deref().unwrap_or_default();
                    text.starts_with('-') && !text.starts_with("--") && text.contains('x')
                });
                if let Some(word) = traces
                    && !secrets.is_empty()
                {
                    say(word.range.clone(), "`set -x` prints every secret that a command uses".to_owned(), "remove it");
                }
                continue;
            }
            "env" | "printenv" if command.words.len() == 1 && !secrets.is_empty() => {
                let range = command.words[0].range.clone();
                say(
                    range,
                    format!("`{name}` prints the whole environment, secrets included"),
                    "name what you want to see",
                );
                continue;
            }
            _ if BUILTINS.contains(&name) => continue,
            _ => {}
        }
        for (at, word) in command.words.iter().enumerate().skip(1) {
            let text = word.literal.as_deref().unwrap_or_default();
            if let Some(secret) = word.vars.iter().find(|var| secrets.contains(var.as_str())) {
                // A kubeconfig is the name of a file.
                let raw = &script.text()[word.range.clone()];
                let before = command.words[at - 1].literal.as_deref().unwrap_or_default();
                if secret.starts_with("KUBECONFIG") && (before == "--kubeconfig" || raw.contains("--kubeconfig")) {
                    continue;
                }
                say(word.range.clone(), format!("the secret `{secret}` is a word of the command line"), file);
                continue;
            }
            let option = text.split('=').next().unwrap_or_default();
            let names_secret =
                ["--password", "--passwd", "--token", "--secret", "--api-key", "--access-token"].contains(&option);
            let user = name == "curl" && (text == "-u" || text == "--user");
            let value = if text.contains('=') { Some(word) } else { command.words.get(at + 1) };
            let given = value.is_some_and(|value| {
                !value.vars.is_empty() || value.literal.as_ref().is_some_and(|it| !it.starts_with('-'))
            });
            if (names_secret && given) || user {
                say(word.range.clone(), format!("`{option}` puts a secret on the command line"), file);
            }
        }
    }
}

/// RB502.
fn declarations(subject: &Subject<'_>, found: &mut Diagnostics) {
    let Some(settings) = &subject.runbook.settings else { return };
    let declared: BTreeSet<&str> = settings.secrets.iter().map(|secret| secret.value.as_str()).collect();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    let wanted = settings.environments.iter().filter_map(|environment| environment.kubeconfig.as_ref());
    let wanted = wanted.chain(subject.runbook.blocks.iter().flat_map(|block| &block.secrets));
    for secret in wanted {
        used.insert(&secret.value);
        if !declared.contains(secret.value.as_str()) {
            found.push(
                find(Code::SecretDeclared, secret.span, format!("secret `{}` is not declared", secret.value))
                    .help(format!("add it under `runbook: secrets: [{}]`", secret.value)),
            );
        }
    }
    let steps = subject.lowered.iter().flat_map(|lowered| &lowered.plan.steps);
    used.extend(steps.flat_map(|step| &step.secrets).map(String::as_str));
    for secret in &settings.secrets {
        if !used.contains(secret.value.as_str()) {
            found.push(
                find(Code::SecretDeclared, secret.span, format!("no step uses the secret `{}`", secret.value))
                    .severity(Severity::Warning)
                    .help("remove it: what is not needed should not be handed out"),
            );
        }
    }
}

/// RB506: `secrets.yml` says when each secret was last rotated.
fn register(subject: &Subject<'_>, found: &mut Diagnostics) {
    let (Some(settings), Some(source), Some(today)) =
        (&subject.runbook.settings, &subject.context.secrets_register, subject.context.today)
    else {
        return;
    };
    let Ok(parsed) = yaml::parse(&Chunk::of(source)) else { return };
    for secret in &settings.secrets {
        let entry = parsed.root.get(&secret.value);
        let text = |key: &str| {
            let node = entry?.get(key)?;
            Some(node.as_str().map_or_else(|| source.slice(node.span).unwrap_or_default().to_owned(), str::to_owned))
        };
        let Some(every) = text("rotate_every").and_then(|text| crate::runbook::Duration::parse(&text)) else {
            continue;
        };
        let rotated = text("rotated").and_then(|date| crate::runbook::days_since_epoch(&date));
        let due = rotated.map(|day| day + i64::try_from(every.seconds / 86_400).unwrap_or(i64::MAX / 2));
        if due.is_none_or(|due| due < today) {
            let place = entry.map_or(source.span(), |entry| entry.span);
            found.push(
                find(Code::SecretRotation, secret.span, format!("secret `{}` is due for rotation", secret.value))
                    .label(place, format!("it is to be rotated every {}", every.text))
                    .help("rotate it and write the day into `secrets.yml`"),
            );
        }
    }
}
