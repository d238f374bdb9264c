//! Rules about the text of scripts: RB010 to RB013, RB018, RB019, RB302, RB504.

use super::{Subject, bash, find};
use crate::diag::{Code, Diagnostic, Diagnostics, nearest};
use crate::plan::Outputs;
use crate::plan::links::find_prelude;
use crate::plan::model::{Plan, Step};
use crate::runbook::{Block, Body, Role, Shell};
use crate::text::{Chunk, Span};
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Variables that every process has, or that Bash itself sets.
const GIVEN: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "PWD",
    "OLDPWD",
    "SHELL",
    "LANG",
    "LC_ALL",
    "TERM",
    "TMPDIR",
    "TZ",
    "HOSTNAME",
    "IFS",
    "RANDOM",
    "SECONDS",
    "LINENO",
    "UID",
    "EUID",
    "PPID",
    "REPLY",
    "PIPESTATUS",
    "OPTARG",
    "OPTIND",
    "FUNCNAME",
    "OSTYPE",
    "HOSTTYPE",
    "MACHTYPE",
    "SHLVL",
    "EPOCHSECONDS",
    "EPOCHREALTIME",
    "DIRSTACK",
    "GROUPS",
    "SHELLOPTS",
    "_",
    "COLUMNS",
    "LINES",
    "MAPFILE",
    "COPROC",
    "CI",
];

/// Variables that a run gives to steps.
const RUN: &[&str] = &[
    "OPSBOOK_ENV",
    "OPSBOOK_OUTPUT",
    "OPSBOOK_PLAN",
    "OPSBOOK_RUN",
    "OPSBOOK_STEP",
    "RB_OUTPUT",
    "PREVIOUS_REVISION",
    "KUBECONFIG",
    "COMPONENT_NAME",
    "COMPONENT_VERSION",
    "COMPONENT_FROM",
    "COMPONENT_PATH",
    "COMPONENT_TAG",
    "COMPONENTS",
    "CHART_PATHS",
];

/// Variables, behind `OPSBOOK_`, that a block of `notify` sees besides.
pub(in crate::plan) const TOLD: &[&str] = &[
    "EVENT",
    "RUN",
    "PLAN",
    "RUNBOOK",
    "TITLE",
    "TICKET",
    "STATE",
    "STEP",
    "STEP_TITLE",
    "ENV",
    "REMINDER",
    "REASON",
    "TEXT",
    "NOTICE",
];

pub(super) fn lint(subject: &Subject<'_>, found: &mut Diagnostics) {
    for block in &subject.runbook.blocks {
        let Body::Script { shell, script, .. } = &block.body else {
            expressions(&block.code, found);
            continue;
        };
        prompts(block, found);
        placeholders(script, found);
        expressions(script, found);
        let sources = *shell != Shell::Python3 && bash::read(script.text()).sources;
        outputs_written(block, script, sources, found);
        if *shell == Shell::Python3 {
            continue;
        }
        let read = bash::read(script.text());
        if let Some((at, why)) = &read.error {
            let end = (at + 1).min(script.len());
            let span = script.span((*at).min(end.saturating_sub(1))..end);
            found.push(find(Code::BashSyntax, span, format!("`{}` does not parse: {why}", block.id.value)));
            continue;
        }
        failures_hidden(script, &read, found);
        let monitors = block.role.as_ref().is_some_and(|role| role.value == Role::Monitor);
        if monitors && read.forgives {
            found.push(
                find(Code::MonitorCannotFail, block.id.span, format!("monitor `{}` cannot fail", block.id.value))
                    .note("its last command succeeds whatever was seen")
                    .help("let the last command test a number against a limit"),
            );
        }
        let mut read = read;
        let prelude = find_prelude(subject.library, subject.runbook.path).and_then(Result::ok);
        if prelude.as_ref().is_none_or(|prelude| prelude.block.span != block.span) {
            only_prepares(block, script, &read, found);
            if let Some(prelude) = prelude.filter(|_| *shell == Shell::Bash) {
                let before = bash::read(prelude.script.text());
                read.sources |= before.sources;
                read.sets.extend(before.sets);
            }
        }
        variables(subject, block, script, &read, found);
    }
}

/// RB013.
fn prompts(block: &Block, found: &mut Diagnostics) {
    if block.console {
        return;
    }
    for line in block.code.lines() {
        let trimmed = line.text.trim_start();
        if trimmed.starts_with("$ ") {
            let start = line.range.start + line.text.len() - trimmed.len();
            found.push(
                find(Code::Prompt, block.code.span(start..start + 1), "a prompt in a block that is run as it stands")
                    .help("name the language `console`, so that only the commands are taken, or remove the prompts")
                    .fix(block.code.span(start..start + 2), ""),
            );
        }
    }
}

/// RB011.
fn placeholders(script: &Chunk, found: &mut Diagnostics) {
    let text = script.text();
    for (at, length) in find_placeholders(text) {
        let name = &text[at..at + length];
        found.push(
            find(
                Code::Placeholder,
                script.span(at..at + length),
                format!("`{name}` is a placeholder in an executable block"),
            )
            .note("nobody fills it in when the step runs")
            .help("declare a parameter and write `$NAME` here"),
        );
    }
}

/// Finds `<name>` and `{{name}}` where they cannot be anything else.
pub(in crate::plan) fn find_placeholders(text: &str) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let bytes = text.as_bytes();
    let word = |byte: u8| byte.is_ascii_alphanumeric() || b"_-. ".contains(&byte);
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'<' {
            let inner = bytes[at + 1..].iter().take(60).take_while(|byte| word(**byte)).count();
            let name = &text[at + 1..at + 1 + inner];
            let closed = bytes.get(at + 1 + inner) == Some(&b'>');
            // `cmd <in >out` has a blank before `>`; `<b>` is HTML, `<(` a process.
            let alone = at == 0 || !matches!(bytes[at - 1], b'<' | b'&' | b'0'..=b'9' | b'\\');
            let plain = name.starts_with(|ch: char| ch.is_ascii_alphabetic()) && !name.ends_with([' ', '.']);
            let html =
                ["a", "b", "i", "p", "br", "hr", "div", "span", "html", "body", "head", "code", "pre", "li", "ul"];
            if closed && alone && plain && inner > 1 && !html.contains(&name) {
                out.push((at, inner + 2));
            }
        }
        if text[..].is_char_boundary(at) && text[at..].starts_with("{{") && !text[..at].ends_with('{') {
            let near = &bytes[at..bytes.len().min(at + 62)];
            let Some(close) = near.windows(2).position(|pair| pair == b"}}") else { continue };
            let name = text[at + 2..at + close].trim();
            let bare = name.starts_with(|ch: char| ch.is_ascii_alphabetic())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
                && !["end", "else"].contains(&name);
            if bare {
                out.push((at, close + 2));
            }
        }
    }
    out
}

/// RB504.
fn expressions(script: &Chunk, found: &mut Diagnostics) {
    let text = script.text();
    for needle in ["${{ secrets.", "${{secrets.", "${{ github.event", "${{github.event"] {
        for (at, _) in text.match_indices(needle) {
            let end = text[at..].find("}}").map_or(at + needle.len(), |close| at + close + 2);
            found.push(
                find(Code::ForeignExpression, script.span(at..end), "an expression of GitHub Actions in a script")
                    .note("it is replaced before the shell reads the script, so its value can be code")
                    .help("declare a parameter or a secret and read it as an environment variable"),
            );
        }
    }
}

/// RB012, and RB502 for a secret that the block does not list.
fn variables(subject: &Subject<'_>, block: &Block, script: &Chunk, read: &bash::Script, found: &mut Diagnostics) {
    let Some(lowered) = subject.lowered.filter(|_| !read.sources) else { return };
    // The steps of this plan that this block is part of decide what it sees.
    let plan = &lowered.plan;
    let steps: Vec<&Step> = lowered
        .places
        .iter()
        .zip(&plan.steps)
        .filter(|(place, step)| {
            place.block.is_some_and(|(span, _)| span == block.span)
                || [&step.verify, &step.undo, &step.monitor]
                    .into_iter()
                    .flatten()
                    .any(|action| action.block == block.id.value && place_page(place, subject) == subject.runbook.path)
        })
        .map(|(_, step)| step)
        .collect();
    let hook = plan.notify.iter().find(|hook| hook.action.block == block.id.value);
    if steps.is_empty() && hook.is_none() {
        return;
    }
    let mut known: BTreeSet<String> = plan.vars.keys().cloned().collect();
    known.extend(steps.first().iter().flat_map(|step| step.vars.keys().cloned()));
    known.extend(hook.iter().flat_map(|hook| hook.action.vars.keys().cloned()));
    if hook.is_some() {
        known.extend(TOLD.iter().map(|name| format!("OPSBOOK_{name}")));
    }
    known.extend(steps.iter().flat_map(|step| step.secrets.iter().cloned()));
    known.extend(block.secrets.iter().map(|secret| secret.value.clone()));
    let outputs = Outputs::of(plan);
    let mut said: BTreeSet<&str> = BTreeSet::new();
    for variable in &read.reads {
        let name = variable.name.as_str();
        let fine = variable.guarded || read.sets.contains(name) || is_given(name) || known.contains(name);
        if fine || !said.insert(name) {
            continue;
        }
        let span = script.span(variable.range.clone());
        if name.starts_with(OUTPUT) {
            found.extend(output_read(plan, &outputs, &steps, block, name, span));
            continue;
        }
        if plan.secrets.iter().any(|secret| secret == name) {
            found.push(
                find(
                    Code::SecretDeclared,
                    span,
                    format!("step `{}` does not list the secret `{name}`", block.id.value),
                )
                .note("a step sees only the secrets that it lists")
                .help(format!("add `#| secrets: [{name}]` to the header")),
            );
            continue;
        }
        let candidates: Vec<&str> = known.iter().map(String::as_str).chain(RUN.iter().copied()).collect();
        let diagnostic = find(Code::UnknownVariable, span, format!("nothing sets `${name}`"))
            .note("a run passes on only parameters, components, outputs and listed secrets");
        found.push(match nearest(name, candidates.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `${near}`?")),
            None => diagnostic.help("declare a parameter, or write `${NAME:-default}` where it may be absent"),
        });
    }
}

/// What begins the name of an output.
const OUTPUT: &str = "OPSBOOK_OUT_";

/// RB012 for an output: each step that the block is part of must know the name, and come after the step
/// that writes it.
fn output_read(
    plan: &Plan,
    outputs: &Outputs<'_>,
    steps: &[&Step],
    block: &Block,
    name: &str,
    span: Span,
) -> Option<Diagnostic> {
    let finding = |message: String| find(Code::UnknownVariable, span, message);
    for step in steps {
        let seen = outputs.seen_by(step);
        match seen.get(name) {
            Some(Some(output)) => {
                // What undoes a step runs when all is over, what verifies it after the step itself.
                let follows = step.undo.as_ref().is_some_and(|undo| undo.block == block.id.value)
                    || output.step == step.id
                        && step.run.as_ref().is_some_and(|run| !run.script.ends_with(block_script(block)))
                    || plan.comes_before(output.step, step);
                if !follows {
                    let message = format!(
                        "`${name}` is an output of `{}`, which does not come before `{}`",
                        output.step, step.id
                    );
                    return Some(
                        finding(message).help("let the item wait for it: `needs`, or its place in the checklist"),
                    );
                }
            }
            Some(None) => {
                let whole: Vec<String> = seen
                    .iter()
                    .filter(|(other, output)| output.is_some() && other.ends_with(&name[OUTPUT.len()..]))
                    .map(|(other, _)| format!("`${other}`"))
                    .collect();
                let message = format!("`${name}` could be the output of several steps in `{}`", step.id);
                return Some(finding(message).help(format!("write more of the id: {}", whole.join(", "))));
            }
            None if outputs.may_mean(name) => {}
            None => {
                let diagnostic = finding(format!("nothing sets `${name}` in `{}`", step.id))
                    .note("an output is named by the end of its step's id: `OPSBOOK_OUT_<STEP>_<NAME>`");
                return Some(match nearest(name, seen.keys().map(String::as_str)) {
                    Some(near) => diagnostic.help(format!("did you mean `${near}`?")),
                    None => diagnostic.help("name it under `outputs` in the header of the block that writes it"),
                });
            }
        }
    }
    None
}

fn block_script(block: &Block) -> &str {
    match &block.body {
        Body::Script { script, .. } => script.text().trim_end_matches('\n'),
        _ => "",
    }
}

/// RB019. The status of a command in `$(…)` is that of nothing but an assignment.
fn failures_hidden(script: &Chunk, read: &bash::Script, found: &mut Diagnostics) {
    let is_output = |name: &String| matches!(name.as_str(), "OPSBOOK_OUTPUT" | "RB_OUTPUT");
    for command in read.commands.iter().filter(|command| command.into.iter().any(is_output)) {
        for at in &command.calls {
            let end = script.text()[*at..].find('\n').map_or(script.len(), |length| at + length);
            let message = "when this command fails, the step succeeds and gives out something else";
            found.push(
                find(Code::HiddenFailure, script.span(*at..end), message)
                    .note("Bash ends a script for a command in `$(…)` only where it is all that is assigned")
                    .help("assign it first: `value=$(…)` on a line of its own, then `echo \"name=$value\"`"),
            );
        }
    }
}

/// Commands that change nothing but the shell in which they stand.
const PREPARES: &[&str] =
    &["alias", "cd", "declare", "export", "popd", "pushd", "readonly", "set", "shopt", "typeset", "umask", "unset"];

/// Tells whether a command, its words without assignments before the name, changes nothing but its own shell.
pub(in crate::plan) fn prepares(words: &[Option<String>]) -> bool {
    match words.first() {
        None => true,
        Some(None) => false,
        Some(Some(name)) if ["source", "."].contains(&name.as_str()) => {
            words.get(1).is_some_and(|file| file.as_ref().is_some_and(|file| file.ends_with("/activate")))
        }
        Some(Some(name)) => PREPARES.contains(&name.as_str()),
    }
}

/// RB020.
fn only_prepares(block: &Block, script: &Chunk, read: &bash::Script, found: &mut Diagnostics) {
    let checks = block.role.as_ref().is_some_and(|role| role.value == Role::Check);
    let words = |command: &bash::Command| -> Vec<Option<String>> {
        command.words.iter().map(|word| word.literal.clone()).collect()
    };
    let nothing = read.commands.is_empty() && read.sets.is_empty();
    if checks
        || nothing
        || script.text().contains('>')
        || !read.commands.iter().all(|command| prepares(&words(command)))
    {
        return;
    }
    let start = read.commands.iter().flat_map(|command| &command.words).map(|word| word.range.start).min().unwrap_or(0);
    let length = script.text()[start..].lines().next().unwrap_or_default().trim_end().len();
    found.push(
        find(
            Code::OnlyPrepares,
            script.span(start..start + length),
            format!("what `{}` does ends with it", block.id.value),
        )
        .note("each step has a shell of its own: the next one begins in the project's folder, with its own variables")
        .help("write it into the steps that need it, or into a block that `runbook.prelude` names"),
    );
}

/// RB018, as far as the script says in so many words what it writes.
fn outputs_written(block: &Block, script: &Chunk, sources: bool, found: &mut Diagnostics) {
    static WRITES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?:echo|printf)\s+(?:-\S+\s+|--\s+)*["']?([A-Za-z_][A-Za-z0-9_-]*)(?:=|<<)"#).expect("a pattern")
    });
    let mentions = |text: &str| text.contains("OPSBOOK_OUTPUT") || text.contains("RB_OUTPUT");
    let declared = |name: &str| block.outputs.iter().any(|output| output.value == name);
    let (mut written, mut all_known) = (BTreeSet::new(), !sources);
    for line in script.lines().filter(|line| mentions(line.text)) {
        let names = WRITES.captures_iter(line.text).filter(|_| line.text.contains('>'));
        let names: Vec<regex::Match<'_>> = names.filter_map(|found| found.get(1)).collect();
        all_known &= !names.is_empty();
        for name in names {
            let span = script.span(line.range.start + name.start()..line.range.start + name.end());
            if !declared(name.as_str()) && written.insert(name.as_str().to_owned()) {
                let message = format!("`{}` is written and not declared", name.as_str());
                let names = block.outputs.iter().map(|output| output.value.as_str());
                let diagnostic = find(Code::OutputMismatch, span, message).note("no other step sees it");
                found.push(match nearest(name.as_str(), names) {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                    None => diagnostic.help(format!("add `#| outputs: [{}]` to the header", name.as_str())),
                });
            }
            written.insert(name.as_str().to_owned());
        }
    }
    // A name that is made at run time, or a loop over names, may be any of them.
    for output in block.outputs.iter().filter(|output| all_known && !written.contains(&output.value)) {
        let message = format!("`{}` is declared and never written", output.value);
        let line = format!("write `echo \"{}=…\" >> \"$OPSBOOK_OUTPUT\"`, or take the name away", output.value);
        found.push(find(Code::OutputMismatch, output.span, message).help(line));
    }
}

/// Tells whether every step has a variable, whatever its runbook says.
pub(super) fn is_given(name: &str) -> bool {
    GIVEN.contains(&name) || RUN.contains(&name) || name.starts_with("BASH")
}

fn place_page(place: &crate::plan::Place, subject: &Subject<'_>) -> crate::text::SitePath {
    if place.block.is_some() { place.block_page } else { subject.runbook.path }
}
