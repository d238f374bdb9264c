//! What tags mean in a configuration: `!ENV`, `!relative`, and Python objects by name.
//!
//! Nothing is executed: a Python name is looked up in a table of those that opsbook has a
//! counterpart for, and any other is reported at its place.

use super::Environment;
use crate::diag::{Code, Diagnostic, Diagnostics, nearest};
use crate::text::{SitePath, yaml};
use yaml::{Kind, Node, Style};

const CORE: &str = "tag:yaml.org,2002:";

/// The Python functions that options may name.
const PYTHON_NAMES: &[&str] = &[
    "markdown.extensions.toc.slugify",
    "markdown.extensions.toc.slugify_unicode",
    "material.extensions.emoji.to_svg",
    "material.extensions.emoji.twemoji",
    "material.plugins.tags.item_title",
    "material.plugins.tags.item_url",
    "material.plugins.tags.tag_name",
    "material.plugins.tags.tag_name_casefold",
    "mermaid2.fence_mermaid",
    "mermaid2.fence_mermaid_custom",
    "pymdownx.arithmatex.arithmatex_fenced_format",
    "pymdownx.arithmatex.arithmatex_inline_format",
    "pymdownx.arithmatex.fence_generic_format",
    "pymdownx.arithmatex.fence_mathjax_format",
    "pymdownx.arithmatex.fence_mathjax_preview_format",
    "pymdownx.arithmatex.inline_generic_format",
    "pymdownx.arithmatex.inline_mathjax_format",
    "pymdownx.arithmatex.inline_mathjax_preview_format",
    "pymdownx.emoji.emojione",
    "pymdownx.emoji.gemoji",
    "pymdownx.emoji.to_alt",
    "pymdownx.emoji.to_png",
    "pymdownx.emoji.to_png_sprite",
    "pymdownx.emoji.to_svg",
    "pymdownx.emoji.to_svg_sprite",
    "pymdownx.emoji.twemoji",
    "pymdownx.slugs.gfm",
    "pymdownx.slugs.gfm_encoded",
    "pymdownx.slugs.slugify",
    "pymdownx.slugs.uslugify",
    "pymdownx.slugs.uslugify_cased",
    "pymdownx.slugs.uslugify_cased_encoded",
    "pymdownx.slugs.uslugify_encoded",
    "pymdownx.superfences.fence_code_format",
    "pymdownx.superfences.fence_div_format",
];

/// Replaces every `!ENV` by what it stands for, as pyyaml-env-tag 1.1 does.
pub(super) fn resolve_env(node: &mut Node, env: Environment<'_>, out: &mut Diagnostics) {
    if node.tag.as_deref() == Some("!ENV") {
        *node = env_value(node, env, out);
        return;
    }
    for_children(node, &mut |child| resolve_env(child, env, out));
}

fn for_children(node: &mut Node, change: &mut dyn FnMut(&mut Node)) {
    match &mut node.kind {
        Kind::Seq(items) => items.iter_mut().for_each(change),
        Kind::Map(entries) => entries.iter_mut().for_each(|(_, value)| change(value)),
        _ => {}
    }
}

fn env_value(node: &Node, env: Environment<'_>, out: &mut Diagnostics) -> Node {
    let (names, default) = match &node.kind {
        Kind::Seq(items) => match items.split_last() {
            Some((last, rest)) if !rest.is_empty() => (rest, Some(last)),
            _ => (items.as_slice(), None),
        },
        Kind::String(..) => (std::slice::from_ref(node), None),
        _ => {
            let message = format!("`!ENV` takes a name or a list of names, not {}", node.kind_name());
            out.push(Diagnostic::new(Code::ConfigBadValue, node.span, message));
            return Node::new(Kind::Null, node.span);
        }
    };
    for name in names {
        let Some(text) = name.scalar_text() else {
            let message = format!("`!ENV` takes names of variables, not {}", name.kind_name());
            out.push(Diagnostic::new(Code::ConfigBadValue, name.span, message));
            continue;
        };
        if let Some(value) = env(&text) {
            return Node::new(yaml::resolve_scalar(&value), node.span);
        }
    }
    let mut value = default.cloned().unwrap_or_else(|| Node::new(Kind::Null, node.span));
    resolve_env(&mut value, env, out);
    value
}

/// Gives `!relative` its path and Python objects their names; reports what is neither.
pub(super) fn resolve_names(node: &mut Node, docs_dir: SitePath, out: &mut Diagnostics) {
    if let Some(tag) = node.tag.take() {
        resolve_tag(node, tag, docs_dir, out);
    }
    for_children(node, &mut |child| resolve_names(child, docs_dir, out));
}

fn resolve_tag(node: &mut Node, tag: String, docs_dir: SitePath, out: &mut Diagnostics) {
    if tag == "!relative" {
        relative(node, docs_dir, out);
        return;
    }
    let Some(core) = tag.strip_prefix(CORE) else {
        let message = format!("unknown tag `{tag}`");
        let note = "opsbook knows `!ENV`, `!relative`, `!!python/name:` and `!!python/object/apply:` here";
        out.push(Diagnostic::new(Code::ConfigBadValue, node.span, message).note(note));
        return;
    };
    let called = core.strip_prefix("python/object/apply:").or_else(|| core.strip_prefix("python/object/new:"));
    let Some(name) = core.strip_prefix("python/name:").or(called) else {
        if let Some(object) = core.strip_prefix("python/module:").or_else(|| core.strip_prefix("python/object:")) {
            unknown_name(node, object, out);
        }
        return;
    };
    // The same functions under the names of older packages.
    let name = match name.strip_prefix("materialx.emoji.") {
        Some(function) => format!("material.extensions.emoji.{function}"),
        None => name.to_owned(),
    };
    if !PYTHON_NAMES.contains(&name.as_str()) {
        unknown_name(node, &name, out);
    }
    if called.is_some() {
        node.tag = Some(format!("{CORE}python/object/apply:{name}"));
    } else {
        node.tag = Some(format!("{CORE}python/name:{name}"));
        node.kind = Kind::String(name, Style::Plain);
    }
}

fn unknown_name(node: &Node, name: &str, out: &mut Diagnostics) {
    let message = format!("the Python object `{name}` has no counterpart in opsbook");
    let mut diagnostic = Diagnostic::new(Code::ConfigPythonName, node.span, message)
        .note("opsbook executes no Python; it maps the functions of Material and pymdown-extensions by their names");
    if let Some(near) = nearest(name, PYTHON_NAMES.iter().copied()) {
        diagnostic = diagnostic.help(format!("there is `{near}`"));
    }
    out.push(diagnostic);
}

/// MkDocs 1.6, `!relative`: alone the page's folder, `$docs_dir/…` and `$config_dir/…` fixed folders.
fn relative(node: &mut Node, docs_dir: SitePath, out: &mut Diagnostics) {
    let text = node.scalar_text().unwrap_or_default();
    let (first, rest) = text.split_once('/').unwrap_or((&text, ""));
    let path = match first {
        "$docs_dir" => docs_dir.join(rest),
        "$config_dir" => SitePath::new(rest),
        "" if rest.is_empty() => {
            node.tag = Some("!relative".to_owned());
            node.kind = Kind::String(String::new(), Style::Plain);
            return;
        }
        _ => {
            let message = format!("`!relative` does not take `{text}`");
            let note = "it stands alone, or with a path that begins with `$docs_dir` or `$config_dir`";
            out.push(Diagnostic::new(Code::ConfigBadValue, node.span, message).note(note));
            return;
        }
    };
    node.kind = Kind::String(path.as_str().to_owned(), Style::Plain);
}
