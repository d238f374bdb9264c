//! Bodies of blocks of type `helm`, `kubectl` and `http`.

use super::fields::{Fields, Reader};
use super::keys;
use super::model::{Body, HelmSpec, HttpSpec, KubectlSpec, KubectlVerb};
use super::template::Template;
use crate::diag::{Code, Diagnostic};
use crate::text::yaml::Node;
use crate::text::{Chunk, Span, yaml};

/// Reads a body as YAML and says why where it is none.
pub(super) fn parse_body(reader: &mut Reader<'_>, code: &Chunk, at: Span) -> Option<Node> {
    match yaml::parse(code) {
        Ok(parsed) => Some(parsed.root),
        Err(error) => {
            let diagnostic =
                Diagnostic::new(Code::RunbookYaml, error.span, format!("this is no YAML: {}", error.message));
            // `${x}` inside `[…]` opens a mapping, and the error shows up somewhere after it.
            let flow = code.text().lines().any(|line| {
                let open = line.find('[').unwrap_or(usize::MAX);
                line.find("${").is_some_and(|hole| hole > open)
            });
            let diagnostic = diagnostic.label(at, "in this block");
            reader.diagnostics.push(if flow {
                diagnostic
                    .note("inside `[…]` the `{` of `${…}` opens a mapping")
                    .help("write the list with one `- ` line per value, or quote the value")
            } else {
                diagnostic
            });
            None
        }
    }
}

/// Reads the body of a `helm` block.
pub(super) fn extract_helm(reader: &mut Reader<'_>, node: &Node, at: Span) -> Option<Body> {
    let fields = reader.fields(node, "helm step", keys::HELM, Code::RunbookUnknownBlockKey)?;
    let release = needed(reader, &fields, "release", at);
    let chart = needed(reader, &fields, "chart", at);
    let on_failure = reader.text(&fields, "on_failure");
    let rollback_on_failure = match on_failure.as_ref().map(|text| text.value.as_str()) {
        None | Some("none") => false,
        Some("rollback") => true,
        Some(other) => {
            let span = on_failure.as_ref().map_or(at, |text| text.span);
            reader.wrong(span, format!("`{other}` is no value of `on_failure`: it is `rollback` or `none`"));
            false
        }
    };
    let wait = reader.text(&fields, "wait").map(|wait| wait.value).filter(|wait| wait != "false");
    let major = reader.int(&fields, "helm", 3).unwrap_or(4);
    let set = fields.get("set").and_then(|node| reader.mapping(node, "set"));
    let set = set.map_or(Vec::new(), |set| {
        let pairs: Vec<(String, &Node)> = set.keys().map(|(name, _, node)| (name.to_owned(), node)).collect();
        let mut out = Vec::new();
        for (name, node) in pairs {
            out.extend(reader.template_of(node, "set").map(|value| (name, value)));
        }
        out
    });
    Some(Body::Helm(Box::new(HelmSpec {
        release: release?,
        chart: chart?,
        version: reader.template(&fields, "version"),
        namespace: reader.template(&fields, "namespace"),
        values: reader.templates(&fields, "values"),
        set,
        rollback_on_failure,
        wait: wait.map(|wait| if wait == "true" { String::new() } else { wait }),
        timeout: reader.duration(&fields, "timeout"),
        history_max: reader.int(&fields, "history_max", 0),
        create_namespace: reader.bool(&fields, "create_namespace").unwrap_or(false),
        major: u32::try_from(major).unwrap_or(4),
    })))
}

/// Reads the body of a `kubectl` block.
pub(super) fn extract_kubectl(reader: &mut Reader<'_>, node: &Node, at: Span) -> Option<Body> {
    let fields = reader.fields(node, "kubectl step", keys::KUBECTL, Code::RunbookUnknownBlockKey)?;
    let verbs = ["rollout", "wait", "apply", "delete", "get"];
    let given: Vec<(&str, Span)> =
        fields.keys().filter(|(key, ..)| verbs.contains(key)).map(|(key, span, _)| (key, span)).collect();
    if given.len() != 1 {
        let span = given.get(1).map_or(at, |(_, span)| *span);
        reader.diagnostics.push(
            Diagnostic::new(Code::RunbookSchema, span, "a kubectl step does exactly one thing")
                .help(format!("give it one of {}", super::fields::list(&verbs))),
        );
        return None;
    }
    let belongs: [(&str, &[&str]); 3] =
        [("for", &["wait"]), ("server_side", &["apply"]), ("timeout", &["rollout", "wait", "delete"])];
    for (key, owners) in belongs {
        if let Some((span, _)) = fields.entry(key)
            && !owners.contains(&given[0].0)
        {
            reader.wrong(span, format!("`{key}` means nothing without {}", super::fields::list(owners)));
        }
    }
    let verb = match given[0].0 {
        "rollout" => KubectlVerb::Rollout(reader.template(&fields, "rollout")?),
        "wait" => KubectlVerb::Wait {
            resource: reader.template(&fields, "wait")?,
            condition: needed(reader, &fields, "for", at)?,
        },
        "apply" => KubectlVerb::Apply(reader.templates(&fields, "apply")),
        "delete" => KubectlVerb::Delete(reader.template(&fields, "delete")?),
        _ => KubectlVerb::Get(reader.template(&fields, "get")?),
    };
    Some(Body::Kubectl(Box::new(KubectlSpec {
        verb,
        namespace: reader.template(&fields, "namespace"),
        selector: reader.template(&fields, "selector"),
        timeout: reader.duration(&fields, "timeout"),
        server_side: reader.bool(&fields, "server_side").unwrap_or(false),
    })))
}

/// Reads the body of an `http` block.
pub(super) fn extract_http(reader: &mut Reader<'_>, node: &Node, at: Span) -> Option<Body> {
    let fields = reader.fields(node, "http step", keys::HTTP, Code::RunbookUnknownBlockKey)?;
    let url = needed(reader, &fields, "url", at);
    let method = reader.text(&fields, "method").map_or("GET".to_owned(), |text| text.value.to_uppercase());
    let headers = fields.get("headers").and_then(|node| reader.mapping(node, "headers"));
    let headers = headers.map_or(Vec::new(), |headers| {
        let pairs: Vec<(String, &Node)> = headers.keys().map(|(name, _, node)| (name.to_owned(), node)).collect();
        let mut out = Vec::new();
        for (name, node) in pairs {
            out.extend(reader.template_of(node, "headers").map(|value| (name, value)));
        }
        out
    });
    let mut expect_status = Vec::new();
    if let Some(node) = fields.get("expect_status") {
        for item in node.as_seq().unwrap_or(std::slice::from_ref(node)) {
            match item.as_int() {
                Some(status) if (100..600).contains(&status) => expect_status.push(status),
                _ => reader.wrong(item.span, "`expect_status` is a status between 100 and 599, or a list of them"),
            }
        }
    }
    Some(Body::Http(Box::new(HttpSpec {
        url: url?,
        method,
        headers,
        body: reader.template(&fields, "body"),
        expect_status,
        timeout: reader.duration(&fields, "timeout"),
    })))
}

fn needed(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str, at: Span) -> Option<Template> {
    let value = reader.template(fields, key);
    if value.is_none() && fields.get(key).is_none() {
        reader.wrong(at, format!("this {} has no `{key}`", fields.what));
    }
    value
}
