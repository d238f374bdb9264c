//! TOML as the same tree that YAML is read into: the one place that knows the TOML crate.

use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::text::{Source, Span, yaml};
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use yaml::{Kind, Node, Style};

/// Reads a text; faults are reported, and a text with faults yields nothing.
pub(super) fn parse(source: &Source, out: &mut Diagnostics) -> Option<Node> {
    let text = source.text().strip_prefix('\u{feff}').unwrap_or(source.text());
    let skipped = source.text().len() - text.len();
    let places = Places { source, skipped };
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Some(Node { span: source.span(), ..places.table(table.get_ref(), 0..text.len()) });
    }
    for error in errors {
        let span = error.span().map_or(source.span(), |range| places.span(range));
        let words = error.message().lines().collect::<Vec<_>>().join(", ");
        let code = if words.starts_with("duplicate key") { Code::ConfigDuplicateKey } else { Code::ConfigSyntax };
        let message = match code {
            Code::ConfigDuplicateKey => {
                format!("the key `{}` is given twice", source.slice(span).unwrap_or_default().trim())
            }
            _ => format!("`{}` is not valid TOML: {words}", source.path()),
        };
        // TOML, unlike YAML, has no meaning for a key given twice.
        out.push(Diagnostic::new(code, span, message).severity(crate::diag::Severity::Error));
    }
    None
}

struct Places<'a> {
    source: &'a Source,
    skipped: usize,
}

impl Places<'_> {
    fn span(&self, range: std::ops::Range<usize>) -> Span {
        let end = self.source.text().len();
        Span::new(self.source.path(), (range.start + self.skipped).min(end)..(range.end + self.skipped).min(end))
    }

    fn value(&self, value: &Spanned<DeValue<'_>>) -> Node {
        let span = self.span(value.span());
        let kind = match value.get_ref() {
            DeValue::String(text) => Kind::String(text.to_string(), Style::Quoted),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_| Kind::String(number.to_string(), Style::Plain), Kind::Int),
            DeValue::Float(number) => number
                .as_str()
                .parse()
                .map_or_else(|_| Kind::String(number.as_str().to_owned(), Style::Plain), Kind::Float),
            DeValue::Boolean(flag) => Kind::Bool(*flag),
            DeValue::Datetime(moment) => Kind::String(moment.to_string(), Style::Plain),
            DeValue::Array(items) => Kind::Seq(items.iter().map(|item| self.value(item)).collect()),
            DeValue::Table(table) => return self.table(table, value.span()),
        };
        Node::new(kind, span)
    }

    /// The crate sorts keys by name; the order written is that of their places.
    fn table(&self, table: &DeTable<'_>, range: std::ops::Range<usize>) -> Node {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let entries = entries
            .into_iter()
            .map(|(key, value)| {
                let name = Kind::String(key.get_ref().to_string(), Style::Plain);
                (Node::new(name, self.span(key.span())), self.value(value))
            })
            .collect();
        Node::new(Kind::Map(entries), self.span(range))
    }
}
