//! Options of an extension, read from YAML.
//!
//! Knows how Python-Markdown and PyYAML take values, and no extension.

use crate::diag::{Code, Diagnostic, Diagnostics, Severity, nearest};
use crate::text::yaml::{self, Kind};

/// Reads one extension's options and reports what does not fit.
pub(crate) struct OptionReader<'a> {
    extension: &'a str,
    options: Option<&'a yaml::Node>,
    known: Vec<&'static str>,
    diagnostics: &'a mut Diagnostics,
}

impl<'a> OptionReader<'a> {
    /// Starts reading; `options` is what stands below the extension's name.
    pub(crate) fn new(extension: &'a str, options: Option<&'a yaml::Node>, diagnostics: &'a mut Diagnostics) -> Self {
        let options = options.filter(|node| !node.is_null());
        if let Some(node) = options
            && node.as_map().is_none()
        {
            diagnostics.push(Diagnostic::new(
                Code::ConfigBadValue,
                node.span,
                format!("the options of `{extension}` must be a mapping, not {}", node.kind_name()),
            ));
        }
        OptionReader { extension, options, known: Vec::new(), diagnostics }
    }

    /// Returns an option as it stands; `None` where it is not given.
    pub(crate) fn node(&mut self, key: &'static str) -> Option<&'a yaml::Node> {
        self.known.push(key);
        self.options?.get(key)
    }

    /// Reads a truth value; words such as `"yes"` count as Python-Markdown's `parseBoolValue` has it.
    pub(crate) fn bool(&mut self, key: &'static str, default: bool) -> bool {
        self.opt_bool(key).unwrap_or(default)
    }

    /// Reads a truth value that may be absent. Other words than Python-Markdown's stop MkDocs, too.
    pub(crate) fn opt_bool(&mut self, key: &'static str) -> Option<bool> {
        let node = self.node(key)?;
        let value = truth(node);
        if value.is_none() && !node.is_null() {
            self.refuse(key, "true or false", node);
        }
        value
    }

    /// Reads text; numbers and truth values are taken as Python's `str` shows them.
    pub(crate) fn string(&mut self, key: &'static str, default: &str) -> String {
        self.opt_string(key).unwrap_or_else(|| default.to_owned())
    }

    /// Reads text that may be absent.
    pub(crate) fn opt_string(&mut self, key: &'static str) -> Option<String> {
        let node = self.node(key)?;
        let value = node.scalar_text();
        if value.is_none() && !node.is_null() {
            self.wrong_kind(key, "text", node);
        }
        value
    }

    /// Reads an integer.
    pub(crate) fn int(&mut self, key: &'static str, default: i64) -> i64 {
        let Some(node) = self.node(key) else { return default };
        let value = match node.kind {
            Kind::Bool(value) => Some(i64::from(value)),
            Kind::Float(value) => Some(value as i64),
            _ => node.as_int().or_else(|| node.as_str()?.trim().parse().ok()),
        };
        if value.is_none() && !node.is_null() {
            self.refuse(key, "a whole number", node);
        }
        value.unwrap_or(default)
    }

    /// Reads a list of texts; one text alone is a list of one. `None` where it is not given.
    pub(crate) fn opt_strings(&mut self, key: &'static str) -> Option<Vec<String>> {
        let node = self.node(key)?;
        if let Some(text) = node.scalar_text() {
            return Some(vec![text]);
        }
        let Some(items) = node.as_seq() else {
            if !node.is_null() {
                self.wrong_kind(key, "a list of texts", node);
            }
            return None;
        };
        let mut texts = Vec::new();
        for item in items {
            match item.scalar_text() {
                Some(text) => texts.push(text),
                None => self.wrong_kind(key, "a list of texts", item),
            }
        }
        Some(texts)
    }

    /// Reads a mapping of texts to texts, in the order written.
    pub(crate) fn string_map(&mut self, key: &'static str) -> Option<Vec<(String, String)>> {
        let node = self.node(key)?;
        let Some(entries) = node.as_map() else {
            if !node.is_null() {
                self.wrong_kind(key, "a mapping", node);
            }
            return None;
        };
        Some(entries.iter().filter_map(|(name, value)| Some((name.scalar_text()?, value.scalar_text()?))).collect())
    }

    /// Says that an option's value does not fit. MkDocs builds with it all the same, and so does opsbook.
    pub(crate) fn wrong_kind(&mut self, key: &str, wanted: &str, node: &yaml::Node) {
        self.refuse_as(Severity::Warning, key, wanted, node);
    }

    /// Says that an option's value does not fit, where MkDocs builds nothing either.
    pub(crate) fn refuse(&mut self, key: &str, wanted: &str, node: &yaml::Node) {
        self.refuse_as(Severity::Error, key, wanted, node);
    }

    /// As [`Self::refuse`], but for what Python takes for nothing: there, MkDocs does not look further.
    pub(crate) fn refuse_unless_empty(&mut self, key: &str, wanted: &str, node: &yaml::Node) {
        let is_empty = !node.is_null() && !matches!(node.kind, Kind::Bool(_)) && truth(node) != Some(true);
        let is_empty = is_empty && node.scalar_text().is_none_or(|text| text.is_empty());
        self.refuse_as(if is_empty { Severity::Warning } else { Severity::Error }, key, wanted, node);
    }

    fn refuse_as(&mut self, severity: Severity, key: &str, wanted: &str, node: &yaml::Node) {
        let is = match node.as_str() {
            Some(text) if text.len() <= 40 => format!("`{text}`"),
            _ => node.kind_name().to_owned(),
        };
        let message = format!("option `{key}` of `{}` must be {wanted}, not {is}", self.extension);
        let diagnostic = Diagnostic::new(Code::ConfigBadValue, node.span, message).severity(severity);
        self.diagnostics.push(match severity {
            Severity::Error => diagnostic,
            _ => diagnostic.note("MkDocs says nothing and builds; the page may look otherwise here"),
        });
    }

    /// Adds a finding about a value.
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Reports the options that no getter asked for.
    pub(crate) fn finish(self) {
        for (key, _) in self.options.and_then(yaml::Node::as_map).unwrap_or_default() {
            let name = key.scalar_text().unwrap_or_default();
            if self.known.contains(&name.as_str()) {
                continue;
            }
            let diagnostic = Diagnostic::new(
                Code::ConfigUnknownKey,
                key.span,
                format!("`{}` has no option `{name}`", self.extension),
            );
            self.diagnostics.push(match nearest(&name, self.known.iter().copied()) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None if self.known.is_empty() => diagnostic.help("this extension has no options"),
                None => diagnostic.help(format!("its options are: {}", self.known.join(", "))),
            });
        }
    }
}

/// Reads a value as Python-Markdown's `util.parseBoolValue` does.
pub(crate) fn truth(node: &yaml::Node) -> Option<bool> {
    match &node.kind {
        Kind::Bool(value) => Some(*value),
        Kind::Int(value) => Some(*value != 0),
        Kind::Float(value) => Some(*value != 0.0),
        Kind::String(text, _) => match text.to_lowercase().as_str() {
            "true" | "yes" | "y" | "on" | "1" => Some(true),
            "false" | "no" | "n" | "off" | "0" | "none" => Some(false),
            // PyYAML makes a date of it, and every date is true.
            _ if matches!(node.kind, Kind::String(_, yaml::Style::Plain)) && is_date(text) => Some(true),
            _ => None,
        },
        Kind::Null => None,
        Kind::Seq(items) => Some(!items.is_empty()),
        Kind::Map(entries) => Some(!entries.is_empty()),
    }
}

fn is_date(text: &str) -> bool {
    let digits = |part: &str, n: usize| part.len() == n && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = text.split('-').collect();
    matches!(parts[..], [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2))
}

/// Returns the name of a Python object that YAML asks for: `!!python/name:a.b` or
/// `!!python/object/apply:a.b` say `a.b`; plain text says itself.
pub(crate) fn python_name(node: &yaml::Node) -> Option<&str> {
    let Some(tag) = node.tag.as_deref() else { return node.as_str() };
    let tag = tag.strip_prefix("tag:yaml.org,2002:").or_else(|| tag.strip_prefix("!!")).unwrap_or(tag);
    tag.strip_prefix("python/name:").or_else(|| tag.strip_prefix("python/object/apply:"))
}

/// Reads a word as [`truth`] reads a value.
pub(crate) fn truth_of_word(word: &str) -> Option<bool> {
    let place = crate::text::Span::at_start(crate::text::SitePath::new(""));
    truth(&yaml::Node::new(Kind::String(word.to_owned(), yaml::Style::Plain), place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{SitePath, Span};

    fn mapping(key: &str, value: Kind) -> yaml::Node {
        let span = Span::at_start(SitePath::new("mkdocs.yml"));
        let key = yaml::Node::new(Kind::String(key.to_owned(), yaml::Style::Plain), span);
        yaml::Node::new(Kind::Map(vec![(key, yaml::Node::new(value, span))]), span)
    }

    #[test]
    fn wrong_kinds_and_unknown_options_are_reported() {
        let mut diagnostics = Diagnostics::new();
        let options = mapping("lavel", Kind::Int(3));
        let mut reader = OptionReader::new("x", Some(&options), &mut diagnostics);
        assert_eq!(reader.int("level", 1), 1);
        reader.finish();
        let options = mapping("level", Kind::Seq(Vec::new()));
        let mut reader = OptionReader::new("x", Some(&options), &mut diagnostics);
        assert_eq!(reader.int("level", 1), 1);
        reader.finish();
        let messages: Vec<_> =
            diagnostics.iter().map(|found| (found.message.as_str(), found.help.as_deref())).collect();
        assert_eq!(
            messages,
            [
                ("`x` has no option `lavel`", Some("did you mean `level`?")),
                ("option `level` of `x` must be a whole number, not a list", None),
            ]
        );
    }

    #[test]
    fn python_words_are_truth_values() {
        let mut diagnostics = Diagnostics::new();
        let options = mapping("a", Kind::String("Yes".to_owned(), yaml::Style::Plain));
        assert!(OptionReader::new("x", Some(&options), &mut diagnostics).bool("a", false));
    }
}
