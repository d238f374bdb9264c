//! SuperFences: fenced code inside lists, quotes and anything else indented, and custom fences.
//!
//! Source of the rule: `pymdownx/superfences.py` of pymdown-extensions 13.1. Formats and validators
//! are Python functions there; opsbook knows the ones that come with SuperFences, Arithmatex and
//! mermaid2 by their names.

use super::{ExtensionOptions, OptionReader, arithmatex, python_name};
use crate::diag::{Code, Diagnostic, Severity};
use crate::text::yaml;

/// The options.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// Whether indented text is never code.
    pub disable_indented_code_blocks: bool,
    /// The fences with a format of their own, in the order of the list.
    pub custom_fences: Vec<CustomFence>,
    /// The class of the wrapper; empty for that of `pymdownx.highlight`.
    pub css_class: String,
    /// Whether tabs inside fences stay tabs.
    pub preserve_tabs: bool,
    /// Whether a header that cannot be read is dropped rather than the fence.
    pub relaxed_headers: bool,
}

/// One entry of `custom_fences`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomFence {
    /// The language word; `*` for every fence.
    pub name: String,
    /// The class of the element.
    pub class: String,
    /// What becomes of it.
    pub format: FenceFormat,
}

/// What becomes of a custom fence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FenceFormat {
    /// `<pre class><code>`.
    Code,
    /// `<div class>`.
    Div,
    /// `<div class>` (or another tag) with the text as a formula.
    Formula {
        /// The tag.
        tag: String,
        /// How the formula is written.
        mode: arithmatex::Mode,
    },
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options {
            disable_indented_code_blocks: reader.bool("disable_indented_code_blocks", false),
            custom_fences: custom_fences(reader),
            css_class: reader.string("css_class", ""),
            preserve_tabs: reader.bool("preserve_tabs", false),
            relaxed_headers: reader.bool("relaxed_headers", false),
        }
    }
}

/// Reads the list; an entry without name or class has no effect in SuperFences either.
fn custom_fences(reader: &mut OptionReader<'_>) -> Vec<CustomFence> {
    let Some(node) = reader.node("custom_fences") else { return Vec::new() };
    let Some(items) = node.as_seq() else {
        if !node.is_null() {
            reader.wrong_kind("custom_fences", "a list of mappings", node);
        }
        return Vec::new();
    };
    let mut fences = Vec::new();
    for item in items {
        let text = |key: &str| item.get(key).and_then(yaml::Node::scalar_text);
        let (Some(name), Some(class)) = (text("name"), text("class")) else {
            let place = item.span;
            reader.report(
                Diagnostic::new(Code::ConfigBadValue, place, "a custom fence needs `name` and `class`")
                    .severity(Severity::Warning)
                    .note("SuperFences ignores an entry that lacks one of them"),
            );
            continue;
        };
        let format = item.get("format").map_or(FenceFormat::Code, |node| format(node, reader));
        if let Some(validator) = item.get("validator") {
            check_validator(validator, reader);
        }
        fences.push(CustomFence { name, class, format });
    }
    fences
}

fn format(node: &yaml::Node, reader: &mut OptionReader<'_>) -> FenceFormat {
    let name = python_name(node).unwrap_or_default();
    if let Some((tag, mode)) = arithmatex::formatter(name, node, ("\\[", "\\]")) {
        return FenceFormat::Formula { tag: tag.unwrap_or_else(|| "div".to_owned()), mode };
    }
    match name.rsplit_once('.').map_or(name, |(_, function)| function) {
        "fence_code_format" | "fence_mermaid_custom" => FenceFormat::Code,
        "fence_div_format" | "fence_mermaid" => FenceFormat::Div,
        _ => {
            reader.report(
                Diagnostic::new(Code::UnknownFenceFunction, node.span, format!("unknown fence format `{name}`"))
                    .note("the fence becomes `<pre class>` with the code in it, as `fence_code_format` makes it")
                    .help(
                        "opsbook has `pymdownx.superfences.fence_code_format`, `.fence_div_format`, \
                         `pymdownx.arithmatex.arithmatex_fenced_format` and `mermaid2.fence_mermaid`",
                    ),
            );
            FenceFormat::Code
        }
    }
}

/// Every validator that comes with SuperFences lets all attributes through.
fn check_validator(node: &yaml::Node, reader: &mut OptionReader<'_>) {
    let name = python_name(node).unwrap_or_default();
    if !name.ends_with("default_validator") {
        reader.report(
            Diagnostic::new(Code::UnknownFenceFunction, node.span, format!("unknown fence validator `{name}`"))
                .note("it is Python; the fence takes any attributes in braces, as without a validator"),
        );
    }
}
