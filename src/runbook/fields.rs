//! Reads mappings against a table of keys and says what is wrong at the smallest place.

use super::model::{Duration, Scalar};
use super::template::Template;
use crate::diag::{Code, Diagnostic, Diagnostics, nearest};
use crate::text::yaml::{Kind, Node};
use crate::text::{Source, Span, Spanned};

/// What the readers of one page share.
pub(super) struct Reader<'a> {
    /// The page.
    pub(super) source: &'a Source,
    /// What there is to say.
    pub(super) diagnostics: Diagnostics,
}

/// A mapping whose keys are known.
#[derive(Clone)]
pub(super) struct Fields<'n> {
    /// The mapping's name in messages: `runbook`, `checklist item`, `header`.
    pub(super) what: String,
    /// The mapping.
    pub(super) span: Span,
    entries: Vec<(String, Span, &'n Node)>,
}

impl<'n> Fields<'n> {
    /// Returns the value of a key; an empty one counts as absent.
    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|(_, node)| node).filter(|node| !node.is_null())
    }

    /// Returns the place of a key and its value, empty or not.
    pub(super) fn entry(&self, key: &str) -> Option<(Span, &'n Node)> {
        self.entries.iter().rev().find(|(name, ..)| name == key).map(|(_, span, node)| (*span, *node))
    }

    /// Returns the entries of a list; one value counts as a list of one.
    pub(super) fn list(&self, key: &str) -> &'n [Node] {
        self.get(key).map_or(&[][..], |node| node.as_seq().unwrap_or(std::slice::from_ref(node)))
    }

    /// Returns the keys in order with their places.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&str, Span, &'n Node)> {
        self.entries.iter().map(|(name, span, node)| (name.as_str(), *span, *node))
    }
}

impl Reader<'_> {
    /// Says that something has the wrong shape.
    pub(super) fn wrong(&mut self, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::new(Code::RunbookSchema, span, message));
    }

    /// Opens a mapping of any keys.
    pub(super) fn mapping<'n>(&mut self, node: &'n Node, what: &str) -> Option<Fields<'n>> {
        let Some(entries) = node.as_map() else {
            self.wrong(node.span, format!("`{what}` is {} where a mapping is expected", node.kind_name()));
            return None;
        };
        let mut named = Vec::new();
        for (key, value) in entries {
            let name = self.raw(key);
            named.push((self.fixed(&name, key.span, "the name of a value"), key.span, value));
        }
        Some(Fields { what: what.to_owned(), span: node.span, entries: named })
    }

    /// Opens a mapping and reports keys that are not in the table, and keys given twice.
    pub(super) fn fields<'n>(&mut self, node: &'n Node, what: &str, known: &[&str], code: Code) -> Option<Fields<'n>> {
        let fields = self.mapping(node, what)?;
        for (at, (key, span, _)) in fields.entries.iter().enumerate() {
            if let Some((_, first, _)) = fields.entries[..at].iter().find(|(other, ..)| other == key) {
                let diagnostic =
                    Diagnostic::new(Code::RunbookSchema, *span, format!("`{key}` is given twice in `{what}`"));
                self.diagnostics.push(diagnostic.label(*first, "it is given here first"));
            }
            if !known.contains(&key.as_str()) {
                let diagnostic = Diagnostic::new(code, *span, format!("unknown key `{key}` in `{what}`"));
                self.diagnostics.push(diagnostic.help(match nearest(key, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known keys are {}", list(known)),
                }));
            }
        }
        Some(fields)
    }

    /// Returns a scalar as it was written: `1.10` stays `1.10`, `on` stays `on`.
    pub(super) fn raw(&self, node: &Node) -> String {
        match &node.kind {
            Kind::String(text, _) => text.clone(),
            Kind::Null | Kind::Seq(_) | Kind::Map(_) => String::new(),
            _ => match self.source.slice(node.span) {
                Some(text) => text.trim().to_owned(),
                None => node.scalar_text().unwrap_or_default(),
            },
        }
    }

    /// Reads text that is the same for every run; numbers and truth values count as the text that was
    /// written.
    pub(super) fn text(&mut self, fields: &Fields<'_>, key: &str) -> Option<Spanned<String>> {
        let node = fields.get(key)?;
        self.text_of(node, key)
    }

    /// Reads a node as text that is the same for every run.
    pub(super) fn text_of(&mut self, node: &Node, what: &str) -> Option<Spanned<String>> {
        let text = self.verbatim_of(node, what)?;
        Some(Spanned::new(self.fixed(&text.value, text.span, &format!("`{what}`")), text.span))
    }

    /// Reads what is no text of this language, to the letter: a script, a regular expression.
    pub(super) fn verbatim(&mut self, fields: &Fields<'_>, key: &str) -> Option<Spanned<String>> {
        let node = fields.get(key)?;
        self.verbatim_of(node, key)
    }

    fn verbatim_of(&mut self, node: &Node, what: &str) -> Option<Spanned<String>> {
        if matches!(node.kind, Kind::Seq(_) | Kind::Map(_) | Kind::Null) {
            self.wrong(node.span, format!("`{what}` is {} where text is expected", node.kind_name()));
            return None;
        }
        Some(Spanned::new(self.raw(node), node.span))
    }

    /// Reads text with holes.
    pub(super) fn template(&mut self, fields: &Fields<'_>, key: &str) -> Option<Template> {
        let node = fields.get(key)?;
        self.template_of(node, key)
    }

    /// Reads a node as text with holes.
    pub(super) fn template_of(&mut self, node: &Node, what: &str) -> Option<Template> {
        let text = self.verbatim_of(node, what)?;
        let template = self.split(&text.value, text.span);
        if let Some(open) = template.open() {
            self.never_closed(open);
        }
        Some(template)
    }

    fn split(&self, text: &str, span: Span) -> Template {
        Template::written(text, span, self.source.slice(span))
    }

    fn never_closed(&mut self, open: Span) {
        self.diagnostics.push(
            Diagnostic::new(Code::RunbookUnbound, open, "`${` is never closed")
                .help("close it with `}`, or write `$${` for the two characters"),
        );
    }

    /// Text of a place that no run changes: a hole in it is an error there.
    pub(super) fn fixed(&mut self, text: &str, span: Span, what: &str) -> String {
        let template = self.split(text, span);
        if let Some(open) = template.open() {
            self.never_closed(open);
        }
        let holes: Vec<Spanned<String>> = template.holes().cloned().collect();
        for hole in holes {
            let message = format!("`${{{}}}` has no value in {what}, which is the same for every run", hole.value);
            let help = "write the value itself; `$${` stands for the two characters";
            self.diagnostics.push(Diagnostic::new(Code::RunbookUnbound, hole.span, message).help(help));
        }
        template.shown()
    }

    /// Reads a list of texts; one text counts as a list of one.
    pub(super) fn texts(&mut self, fields: &Fields<'_>, key: &str) -> Vec<Spanned<String>> {
        fields.list(key).iter().filter_map(|item| self.text_of(item, key)).collect()
    }

    /// Reads a list of texts with holes; one text counts as a list of one.
    pub(super) fn templates(&mut self, fields: &Fields<'_>, key: &str) -> Vec<Template> {
        fields.list(key).iter().filter_map(|item| self.template_of(item, key)).collect()
    }

    /// Reads variables for scripts: names in capitals, and texts with holes.
    pub(super) fn vars(&mut self, fields: &Fields<'_>, key: &str) -> Vec<(Spanned<String>, Template)> {
        let Some(values) = fields.get(key).and_then(|node| self.mapping(node, key)) else { return Vec::new() };
        let mut out: Vec<(Spanned<String>, Template)> = Vec::new();
        for (name, span, node) in values.keys() {
            let name = Spanned::new(name.to_owned(), span);
            if let Some(why) = no_variable(&name.value) {
                self.wrong(span, format!("`{}` {why}", name.value));
            } else if out.iter().any(|(other, _)| other.value == name.value) {
                self.wrong(span, format!("`{}` is given twice in `{key}`", name.value));
            } else {
                out.extend(self.template_of(node, key).map(|value| (name, value)));
            }
        }
        out
    }

    /// Reads a word out of a closed set.
    pub(super) fn word<T>(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        words: &[&str],
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<Spanned<T>> {
        let text = self.text(fields, key)?;
        match read(&text.value) {
            Some(value) => Some(Spanned::new(value, text.span)),
            None => {
                let message = format!("`{}` is no value of `{key}`", text.value);
                let diagnostic = Diagnostic::new(Code::RunbookSchema, text.span, message);
                self.diagnostics.push(diagnostic.help(match nearest(&text.value, words.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("it is one of {}", list(words)),
                }));
                None
            }
        }
    }

    /// Reads words out of a closed set, each once; one word counts as a list of one. `wrong` is said of
    /// any other: "`monday` is no day of the week".
    pub(super) fn words<T: PartialEq>(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        words: &[&str],
        read: impl Fn(&str) -> Option<T>,
        wrong: &str,
    ) -> Vec<T> {
        let mut out = Vec::new();
        for text in self.texts(fields, key) {
            match read(&text.value) {
                Some(word) if out.contains(&word) => {}
                Some(word) => out.push(word),
                None => {
                    let diagnostic =
                        Diagnostic::new(Code::RunbookSchema, text.span, format!("`{}` {wrong}", text.value));
                    self.diagnostics.push(diagnostic.help(format!("it is one of {}", list(words))));
                }
            }
        }
        out
    }

    /// Reads a length of time.
    pub(super) fn duration(&mut self, fields: &Fields<'_>, key: &str) -> Option<Spanned<Duration>> {
        let text = self.text(fields, key)?;
        match Duration::parse(&text.value) {
            Some(duration) => Some(Spanned::new(duration, text.span)),
            None => {
                let message = format!("`{}` is no length of time", text.value);
                self.diagnostics.push(
                    Diagnostic::new(Code::RunbookSchema, text.span, message)
                        .help("write a number and a unit: `30s`, `15m`, `24h`, `180d`"),
                );
                None
            }
        }
    }

    /// Reads a whole number that is not below a limit.
    pub(super) fn int(&mut self, fields: &Fields<'_>, key: &str, min: i64) -> Option<i64> {
        let node = fields.get(key)?;
        match node.as_int() {
            Some(number) if number >= min => Some(number),
            Some(number) => {
                self.wrong(node.span, format!("`{key}` is {number}, and the least is {min}"));
                None
            }
            None => {
                self.wrong(node.span, format!("`{key}` is {} where a whole number is expected", node.kind_name()));
                None
            }
        }
    }

    /// Reads a truth value.
    pub(super) fn bool(&mut self, fields: &Fields<'_>, key: &str) -> Option<bool> {
        let node = fields.get(key)?;
        let value = node.as_bool();
        if value.is_none() {
            self.wrong(node.span, format!("`{key}` is {} where true or false is expected", node.kind_name()));
        }
        value
    }

    /// Reads a plain value.
    pub(super) fn scalar(&mut self, node: &Node, what: &str) -> Option<Spanned<Scalar>> {
        let scalar = match node.kind {
            Kind::Float(_) => Some(Scalar::Text(self.raw(node))),
            _ => Scalar::of(node),
        };
        let scalar = match scalar {
            Some(Scalar::List(words)) if what == "default" => {
                let word = |word: &String| self.fixed(word, node.span, "`default`");
                Some(Scalar::List(words.iter().map(word).collect()))
            }
            Some(Scalar::List(_)) => None,
            Some(Scalar::Text(text)) => Some(Scalar::Text(self.fixed(&text, node.span, &format!("`{what}`")))),
            other => other,
        };
        if scalar.is_none() {
            self.wrong(node.span, format!("`{what}` is {} where a plain value is expected", node.kind_name()));
        }
        scalar.map(|value| Spanned::new(value, node.span))
    }

    /// Checks that text is an id: small letters, digits and `-`, a letter first.
    pub(super) fn check_id(&mut self, id: &Spanned<String>, what: &str) -> bool {
        let fine = is_id(&id.value);
        if !fine {
            let better = slug(&id.value);
            let message = format!("`{}` is no {what} id", id.value);
            let diagnostic = Diagnostic::new(Code::RunbookSchema, id.span, message)
                .note("an id is small letters, digits and `-`, and begins with a letter");
            self.diagnostics.push(if better.is_empty() {
                diagnostic
            } else {
                diagnostic.help(format!("write `{better}`"))
            });
        }
        fine
    }
}

/// Says why a page cannot set a variable.
fn no_variable(name: &str) -> Option<&'static str> {
    let capital = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
    let fine =
        name.bytes().next().is_some_and(capital) && name.bytes().all(|byte| capital(byte) || byte.is_ascii_digit());
    let of_the_run = ["OPSBOOK_", "COMPONENT_", "LD_", "BASH"].iter().any(|beginning| name.starts_with(beginning))
        || ["RB_OUTPUT", "PREVIOUS_REVISION", "KUBECONFIG", "COMPONENTS", "CHART_PATHS"].contains(&name);
    // With these a line far away from a script decides what the script does.
    let of_the_shell = ["PATH", "IFS", "ENV", "PS4", "SHELLOPTS", "PYTHONPATH", "PYTHONSTARTUP"].contains(&name);
    match (fine, of_the_run, of_the_shell) {
        (false, ..) => Some("is no name for a variable: capital letters, digits and `_`"),
        (_, true, _) => Some("is set by the run itself"),
        (.., true) => Some("decides how scripts are read, so no page sets it"),
        _ => None,
    }
}

/// Tells whether text is an id.
pub(super) fn is_id(text: &str) -> bool {
    text.starts_with(|ch: char| ch.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Makes an id out of words; empty where there is no letter or digit to keep.
pub fn slug(text: &str) -> String {
    let mut out = String::new();
    for ch in text.chars().flat_map(char::to_lowercase) {
        if ch.is_ascii_alphanumeric() {
            out.push(ch);
        } else if !out.is_empty() && !out.ends_with('-') && !matches!(ch, '\'' | '’') {
            out.push('-');
        }
        if out.len() >= 60 {
            break;
        }
    }
    let out = out.trim_matches('-');
    match out.chars().next() {
        Some(first) if first.is_ascii_digit() => format!("n{out}"),
        _ => out.to_owned(),
    }
}

/// Writes names in backticks with commas between.
pub(super) fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_out_of_words() {
        assert_eq!(slug("Don't panic, call Ana!"), "dont-panic-call-ana");
        assert_eq!(slug("1. First"), "n1-first");
        assert_eq!(slug("???"), "");
    }
}
