//! Links to pages by name: `[[Page name]]`.
//!
//! Source of the rule: `markdown/extensions/wikilinks.py`. A `build_url`
//! function of the project's own cannot be called; the option is reported.

use super::extension::Extension;
use crate::diag::{Code, Diagnostic, Severity};
use crate::markdown::engine::inline::chars::{is_word, strip};
use crate::markdown::engine::inline::{El, Hit, Pass, Taken, at_char};
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::text::Chunk;
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// `base_url`: what stands before the name.
    pub(crate) base_url: String,
    /// `end_url`: what stands after it.
    pub(crate) end_url: String,
    /// `html_class`.
    pub(crate) html_class: String,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        if let Some(node) = reader.node("build_url").filter(|node| !node.is_null()) {
            reader.report(
                Diagnostic::new(Code::ConfigBadValue, node.span, "`build_url` names a Python function")
                    .severity(Severity::Warning)
                    .note("opsbook runs no Python; addresses are made of `base_url`, the name and `end_url`"),
            );
        }
        Options {
            base_url: reader.string("base_url", "/"),
            end_url: reader.string("end_url", "/"),
            html_class: reader.string("html_class", "wikilink"),
        }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        rules.inline.register("wikilink", 75.0, at_char('[', move |_, pass, at| link(&self, pass, at)));
    }
}

/// `[[name]]`
fn link(options: &Options, pass: &Pass<'_>, at: usize) -> Hit {
    let Some(inner) = pass.text[at..].strip_prefix("[[") else { return Hit::No };
    let length = inner.find(|c: char| !(is_word(c) || c == ' ' || c == '-')).unwrap_or(inner.len());
    if length == 0 || !inner[length..].starts_with("]]") {
        return Hit::No;
    }
    let end = at + length + 4;
    let label = strip(&inner[..length]);
    if label.is_empty() {
        return Hit::Take(end, Taken::Text(Chunk::default()));
    }
    let start = at + 2 + (inner[..length].len() - inner[..length].trim_start().len());
    let target = pass.span(start..start + label.len());
    let mut el = El::new("a", pass.span(at..end))
        .with_attr("href", format!("{}{}{}", options.base_url, clean(label), options.end_url))
        .with_text(Chunk::copied(label, target));
    if !options.html_class.is_empty() {
        el.attrs.set("class", options.html_class.clone());
    }
    el.target = Some(target);
    Hit::Take(end, Taken::el(el))
}

/// Spaces, with an underscore beside them, become one underscore.
fn clean(label: &str) -> String {
    let mut out = String::new();
    let mut rest = label;
    while let Some(c) = rest.chars().next() {
        let spaces = rest.len() - rest.trim_start_matches(' ').len();
        if spaces > 0 {
            out.push('_');
            rest = &rest[spaces..];
            rest = rest.strip_prefix('_').unwrap_or(rest);
        } else if c == '_' && rest[1..].starts_with(' ') {
            out.push('_');
            rest = rest[1..].trim_start_matches(' ');
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}
