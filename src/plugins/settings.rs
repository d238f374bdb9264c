//! The options of a plugin, read one by one.

use crate::config;
use crate::diag::{Code, Diagnostic, Diagnostics, Severity, nearest};
use crate::text::{Span, Spanned, yaml};

/// A plugin and its options as written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PluginSettings {
    /// The name without the theme's prefix: `tags` for `material/tags`.
    pub(crate) name: Spanned<String>,
    /// The options: a mapping, or null where there are none.
    pub(crate) settings: yaml::Node,
}

impl PluginSettings {
    /// The settings of an entry of the configuration.
    pub(crate) fn of(entry: &config::Plugin) -> PluginSettings {
        let nothing = || yaml::Node::new(yaml::Kind::Null, entry.name.span);
        PluginSettings { name: entry.name.clone(), settings: entry.options.clone().unwrap_or_else(nothing) }
    }
}

/// Reads options of one plugin and reports what is wrong with them.
pub(crate) struct Settings<'a> {
    plugin: &'a PluginSettings,
    diagnostics: &'a mut Diagnostics,
    /// How loud a value is that the option cannot have.
    bad: Severity,
}

impl<'a> Settings<'a> {
    /// Opens the options; reports those that are not among `known` (`OB440`).
    pub(crate) fn open(plugin: &'a PluginSettings, known: &[&str], diagnostics: &'a mut Diagnostics) -> Settings<'a> {
        let name = &plugin.name.value;
        for (key, _) in plugin.settings.as_map().unwrap_or_default() {
            let Some(key) = key.spanned_str() else { continue };
            if key.value == "enabled" || known.contains(&key.value.as_str()) {
                continue;
            }
            let message = format!("plugin `{name}` has no option `{}`", key.value);
            let mut diagnostic = Diagnostic::new(Code::PluginUnknownOption, key.span, message);
            diagnostic = match nearest(&key.value, known.iter().copied()) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None if known.is_empty() => diagnostic.note("it has no options at all"),
                None => diagnostic.note(format!("its options are `{}`", known.join("`, `"))),
            };
            diagnostics.push(diagnostic);
        }
        Settings { plugin, diagnostics, bad: Code::PluginBadOption.severity() }
    }

    /// Makes a value that an option cannot have an error: MkDocs builds nothing with it either.
    pub(crate) fn refusing(mut self) -> Settings<'a> {
        self.bad = Severity::Error;
        self
    }

    /// Returns an option's node; null counts as not given.
    pub(crate) fn node(&self, key: &str) -> Option<&'a yaml::Node> {
        self.plugin.settings.get(key).filter(|node| !node.is_null())
    }

    /// Returns a boolean option.
    pub(crate) fn flag(&mut self, key: &str, default: bool) -> bool {
        let Some(node) = self.node(key) else { return default };
        node.as_bool().unwrap_or_else(|| {
            self.wrong(key, node, "true or false");
            default
        })
    }

    /// Returns an option that is a text.
    pub(crate) fn text(&mut self, key: &str) -> Option<Spanned<String>> {
        let node = self.node(key)?;
        let text = node.scalar_text();
        if text.is_none() {
            self.wrong(key, node, "text");
        }
        Some(Spanned::new(text?, node.span))
    }

    /// Returns an option that is one of a few words.
    pub(crate) fn choice(&mut self, key: &str, words: &[&'static str], default: &'static str) -> &'static str {
        let Some(text) = self.text(key) else { return default };
        if let Some(word) = words.iter().find(|word| **word == text.value) {
            return word;
        }
        let message = format!("option `{key}` of plugin `{}` cannot be `{}`", self.plugin.name.value, text.value);
        let help = format!("it is one of `{}`", words.join("`, `"));
        let diagnostic = Diagnostic::new(Code::PluginBadOption, text.span, message).severity(self.bad);
        self.diagnostics.push(diagnostic.help(help));
        default
    }

    /// Returns an option that is a list of texts; a single text is a list of one.
    pub(crate) fn texts(&mut self, key: &str) -> Vec<Spanned<String>> {
        let Some(node) = self.node(key) else { return Vec::new() };
        let one = |node: &yaml::Node| node.scalar_text().map(|text| Spanned::new(text, node.span));
        match node.as_seq() {
            Some(items) => items
                .iter()
                .filter_map(|item| {
                    let text = one(item);
                    if text.is_none() {
                        self.wrong(key, item, "text");
                    }
                    text
                })
                .collect(),
            None => match one(node) {
                Some(text) => vec![text],
                None => {
                    self.wrong(key, node, "a list of texts");
                    Vec::new()
                }
            },
        }
    }

    /// Reports an option that opsbook does not carry out, where it is given and has another value than
    /// the plugin's default.
    pub(crate) fn idle(&mut self, key: &str, default: &str, note: &str) {
        let given = self.node(key).filter(|node| node.scalar_text().is_none_or(|text| text != default));
        if let Some(node) = given {
            self.diagnostics.push(idle_option(&self.plugin.name.value, key, node.span).note(note));
        }
    }

    /// Reports a value of the wrong kind.
    pub(crate) fn wrong(&mut self, key: &str, node: &yaml::Node, wanted: &str) {
        let message =
            format!("option `{key}` of plugin `{}` must be {wanted}, not {}", self.plugin.name.value, node.kind_name());
        self.diagnostics.push(Diagnostic::new(Code::PluginBadOption, node.span, message).severity(self.bad));
    }

    /// Adds a finding.
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}

/// Says that an option has no effect (`OB450`); the caller adds what is missing for it.
pub(crate) fn idle_option(plugin: &str, key: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::PluginOptionIdle, span, format!("option `{key}` of plugin `{plugin}` has no effect"))
}
