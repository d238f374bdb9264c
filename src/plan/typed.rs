//! Typed steps become commands: a list of words, and the same words quoted for a shell.

use super::model::{Action, Helm, Shell};
use crate::runbook::{Block, Body, HelmSpec, HttpSpec, KubectlSpec, KubectlVerb, Part, Template};

use std::collections::BTreeMap;

/// Resolves a template; a hole that has no value was reported by whoever resolves.
pub(super) type Resolve<'a> = dyn FnMut(&Template) -> String + 'a;

/// Quotes a word for a POSIX shell where it needs it.
pub(super) fn quote(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=@%+,".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Joins words into a command of several lines, one option a line.
fn command(words: &[String]) -> String {
    let mut out = String::new();
    for (at, word) in words.iter().enumerate() {
        let breaks = at > 0 && word.starts_with("--") && word != "--install";
        if at > 0 {
            out.push_str(if breaks { " \\\n  " } else { " " });
        }
        // The one word with a variable: which plan this run belongs to is known when it runs.
        if word.starts_with(DESCRIPTION) {
            out.push_str(&format!("\"{word}\""));
        } else {
            out.push_str(&quote(word));
        }
    }
    out
}

const DESCRIPTION: &str = "runbook ${OPSBOOK_PLAN:-}/";

/// A command's own limit: the stated one, or what the step's leaves each of `n_waits` waits.
fn inner_timeout(stated: Option<u64>, step: Option<u64>, n_waits: u64) -> Option<String> {
    let share = |step: u64| (step.saturating_sub((step / 10).max(10)) / n_waits).max(1);
    let seconds = stated.or_else(|| step.map(share))?;
    Some(if seconds.is_multiple_of(60) { format!("{}m", seconds / 60) } else { format!("{seconds}s") })
}

/// Returns the command of a block that is none itself, for a page: each hole stands as what `hole` says of
/// its name, and the step as `step`.
pub fn command_of(block: &Block, step: &str, hole: &dyn Fn(&str) -> String) -> Option<String> {
    let timeout_s = block.timeout.as_ref().map(|timeout| timeout.value.seconds);
    let resolve: &mut Resolve<'_> = &mut |text: &Template| text.fill(&mut |name| Some(hole(&name.value)));
    match &block.body {
        Body::Script { .. } => None,
        Body::Helm(spec) => Some(helm(spec, step, timeout_s, resolve).1),
        Body::Kubectl(spec) => Some(kubectl(spec, timeout_s, resolve)),
        Body::Http(spec) => Some(http(spec, timeout_s, resolve).0),
    }
}

/// Makes the command of a Helm step. Helm's own limit, where none is stated, is a tenth below the
/// step's, so that Helm ends first and can say why; where Helm takes a failure back, it is half of
/// that, because it waits as long again for what was there before.
pub(super) fn helm(spec: &HelmSpec, step: &str, timeout_s: Option<u64>, resolve: &mut Resolve<'_>) -> (Helm, String) {
    let release = resolve(&spec.release);
    let chart = resolve(&spec.chart);
    let version = spec.version.as_ref().map(&mut *resolve);
    let namespace = spec.namespace.as_ref().map(&mut *resolve);
    let values: Vec<String> = spec.values.iter().map(&mut *resolve).collect();
    let mut argv: Vec<String> = ["helm", "upgrade", "--install"].map(str::to_owned).to_vec();
    argv.extend([release.clone(), chart.clone()]);
    let mut option = |name: &str, value: &str| argv.extend([name.to_owned(), value.to_owned()]);
    if let Some(version) = &version {
        option("--version", version);
    }
    if let Some(namespace) = &namespace {
        option("--namespace", namespace);
    }
    for file in &values {
        option("--values", file);
    }
    for (name, value) in &spec.set {
        option("--set", &format!("{name}={}", resolve(value).replace(',', "\\,")));
    }
    let stated = spec.timeout.as_ref().map(|timeout| timeout.value.seconds);
    if let Some(timeout) = inner_timeout(stated, timeout_s, if spec.rollback_on_failure { 2 } else { 1 }) {
        option("--timeout", &timeout);
    }
    if let Some(history_max) = spec.history_max {
        option("--history-max", &history_max.to_string());
    }
    option("--description", &format!("{DESCRIPTION}{step}"));
    if spec.create_namespace {
        argv.push("--create-namespace".to_owned());
    }
    if spec.rollback_on_failure {
        argv.push(if spec.major >= 4 { "--rollback-on-failure" } else { "--atomic" }.to_owned());
    }
    match &spec.wait {
        Some(how) if spec.major >= 4 && !how.is_empty() => argv.push(format!("--wait={how}")),
        Some(_) => argv.push("--wait".to_owned()),
        None => {}
    }
    let script = command(&argv);
    (Helm { release, chart, version, namespace, values, argv }, script)
}

/// What takes a Helm step back: to the revision that served before it, and where none did, to nothing.
pub(super) fn helm_back(helm: &Helm, step: &str, block: &Block, timeout_s: Option<u64>) -> Action {
    let namespace =
        helm.namespace.as_ref().map_or(String::new(), |namespace| format!(" --namespace {}", quote(namespace)));
    let limit = inner_timeout(None, timeout_s, 1).map_or(String::new(), |limit| format!(" --timeout {limit}"));
    let release = quote(&helm.release);
    // Only that there is no such release means that there is nothing to undo: a cluster that does not
    // answer is no release that is gone.
    let script = format!(
        "if [ -n \"${{PREVIOUS_REVISION:-}}\" ]; then\n  helm rollback {release} \"$PREVIOUS_REVISION\"{namespace} --wait{limit}\n\
         else\n  said=$(helm uninstall {release}{namespace} --wait{limit} 2>&1) || case $said in\n    \
         *'release: not found'*) ;;\n    *) printf '%s\\n' \"$said\" >&2; exit 1 ;;\n  esac\n  \
         printf '%s\\n' \"$said\"\nfi"
    );
    Action {
        block: block.id.value.clone(),
        title: format!("Helm takes {step} back"),
        shell: Shell::Bash,
        script,
        cwd: None,
        vars: BTreeMap::new(),
        timeout_s,
        retries: None,
    }
}

/// Makes the command of a kubectl step.
pub(super) fn kubectl(spec: &KubectlSpec, timeout_s: Option<u64>, resolve: &mut Resolve<'_>) -> String {
    let mut argv = vec!["kubectl".to_owned()];
    if let Some(namespace) = &spec.namespace {
        argv.extend(["--namespace".to_owned(), resolve(namespace)]);
    }
    let waits = matches!(spec.verb, KubectlVerb::Rollout(_) | KubectlVerb::Wait { .. } | KubectlVerb::Delete(_));
    match &spec.verb {
        KubectlVerb::Rollout(what) => {
            argv.extend(["rollout".to_owned(), "status".to_owned()]);
            argv.extend(resource(what, resolve));
        }
        KubectlVerb::Wait { resource: what, condition } => {
            argv.push("wait".to_owned());
            argv.extend(resource(what, resolve));
            argv.push(format!("--for={}", resolve(condition)));
        }
        KubectlVerb::Apply(files) => {
            argv.push("apply".to_owned());
            for file in files {
                argv.extend(["--filename".to_owned(), resolve(file)]);
            }
            if spec.server_side {
                argv.push("--server-side".to_owned());
            }
        }
        KubectlVerb::Delete(what) => {
            argv.push("delete".to_owned());
            argv.extend(resource(what, resolve));
        }
        KubectlVerb::Get(what) => {
            argv.push("get".to_owned());
            argv.extend(resource(what, resolve));
        }
    }
    if let Some(selector) = &spec.selector {
        argv.push(format!("--selector={}", resolve(selector)));
    }
    let stated = spec.timeout.as_ref().map(|timeout| timeout.value.seconds);
    if waits && let Some(timeout) = inner_timeout(stated, timeout_s, 1) {
        argv.push(format!("--timeout={timeout}"));
    }
    command(&argv)
}

/// Splits `deployment cavern` into its words before anything is resolved: a value never becomes two.
fn resource(template: &Template, resolve: &mut Resolve<'_>) -> Vec<String> {
    template.words().iter().map(resolve).collect()
}

/// Makes the command of an HTTP step. A secret never becomes a word of the command line: curl reads
/// it from the environment (`--variable`, curl 8.3 and later).
pub(super) fn http(spec: &HttpSpec, timeout_s: Option<u64>, resolve: &mut Resolve<'_>) -> (String, Vec<String>) {
    let mut secrets: Vec<String> = Vec::new();
    let mut argv: Vec<String> = ["curl", "--silent", "--show-error", "--location"].map(str::to_owned).to_vec();
    argv.extend(["--request".to_owned(), spec.method.clone()]);
    if let Some(seconds) = spec.timeout.as_ref().map(|timeout| timeout.value.seconds).or(timeout_s) {
        argv.extend(["--max-time".to_owned(), seconds.to_string()]);
    }
    let mut sent: Vec<(&str, String)> = Vec::new();
    for (name, value) in &spec.headers {
        let (text, with_secret) = expand(value, &mut secrets, resolve);
        sent.push((if with_secret { "--expand-header" } else { "--header" }, format!("{name}: {text}")));
    }
    if let Some(body) = &spec.body {
        let (text, with_secret) = expand(body, &mut secrets, resolve);
        sent.push((if with_secret { "--expand-data" } else { "--data-raw" }, text));
    }
    for secret in &secrets {
        argv.extend(["--variable".to_owned(), format!("%{secret}")]);
    }
    for (option, value) in sent {
        argv.extend([option.to_owned(), value]);
    }
    let url = resolve(&spec.url);
    if spec.expect_status.is_empty() {
        argv.extend(["--fail".to_owned(), "--url".to_owned(), url]);
        return (command(&argv), secrets);
    }
    argv.extend(["--output", "/dev/stderr", "--write-out", "%{http_code}", "--url"].map(str::to_owned));
    argv.push(url);
    let wanted: Vec<String> = spec.expect_status.iter().map(i64::to_string).collect();
    let script = format!(
        "status=$({})\ncase $status in\n  {}) ;;\n  *) echo \"status $status\" >&2; exit 1 ;;\nesac",
        command(&argv),
        wanted.join(" | ")
    );
    (script, secrets)
}

/// Resolves a template in which `${secrets.NAME}` becomes curl's `{{NAME}}`.
fn expand(template: &Template, secrets: &mut Vec<String>, resolve: &mut Resolve<'_>) -> (String, bool) {
    let (mut out, mut found) = (String::new(), false);
    for part in &template.parts {
        match part {
            Part::Hole(name) if name.value.starts_with("secrets.") => {
                let secret = name.value["secrets.".len()..].to_owned();
                out.push_str(&format!("{{{{{secret}}}}}"));
                found = true;
                if !secrets.contains(&secret) {
                    secrets.push(secret);
                }
            }
            Part::Hole(_) | Part::Open(_) => {
                out.push_str(&resolve(&Template { parts: vec![part.clone()], ..template.clone() }));
            }
            Part::Text(text) => out.push_str(text),
        }
    }
    (out, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_split_them() {
        assert_eq!(quote("a/b.c:1"), "a/b.c:1");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("it's $x"), "'it'\\''s $x'");
    }

    #[test]
    fn the_inner_limit_is_below_the_outer_one() {
        assert_eq!(inner_timeout(None, Some(900), 1).as_deref(), Some("810s"));
        assert_eq!(inner_timeout(None, Some(900), 2).as_deref(), Some("405s"));
        assert_eq!(inner_timeout(Some(540), Some(900), 2).as_deref(), Some("9m"));
        assert_eq!(inner_timeout(None, Some(5), 2).as_deref(), Some("1s"));
    }
}
