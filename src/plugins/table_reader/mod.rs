//! `table-reader`: tables of files in pages (mkdocs-table-reader-plugin 4.0).
//!
//! `{{ read_csv('data.csv') }}` becomes a Markdown table as pandas reads it and tabulate writes it. This
//! file finds the calls and the files, and reads their arguments; `frame.rs` knows columns, `read.rs`
//! the forms of files.
//!
//! Where we differ: `read_csv`, `read_table`, `read_json`, `read_yaml` and `read_raw` are there, the
//! readers of binary files are not; beside the plugin `macros` a call stands alone between its braces.

mod frame;
mod read;

use super::event::{Plugin, Reading};
use crate::diag::{Code, Diagnostic, Severity};
use crate::markdown::preprocess::Context;
use crate::text::{Chunk, ReadError, SitePath, Source, Span, yaml};
use frame::Layout;
use regex::Regex;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

/// What a survey says of it.
pub(super) const DIFFERS: &str = "CSV, TSV, JSON, YAML and raw files are shown, binary ones are not";

/// The readers, and whether opsbook has them.
const READERS: &[(&str, bool)] = &[
    ("read_csv", true),
    ("read_table", true),
    ("read_fwf", false),
    ("read_excel", false),
    ("read_yaml", true),
    ("read_json", true),
    ("read_feather", false),
    ("read_parquet", false),
    ("read_orc", false),
    ("read_html", false),
    ("read_xml", false),
    ("read_hdf", false),
    ("read_sas", false),
    ("read_spss", false),
    ("read_stata", false),
    ("read_raw", true),
];

/// The largest file that is read, in bytes.
const MAX_BYTES: usize = 4 << 20;

#[derive(Debug)]
struct TableReader {
    /// Where files are looked for: the configuration's folder and that of the pages, with `data_path`.
    folders: [SitePath; 2],
    allow_missing_files: bool,
    /// The readers whose calls are carried out.
    selected: Vec<&'static str>,
}

pub(super) fn read(reading: &mut Reading<'_>) -> Option<Box<dyn Plugin>> {
    let (above, docs) = (reading.config.file.parent(), reading.config.docs_dir);
    let known = ["data_path", "allow_missing_files", "select_readers", "base_path", "search_page_directory"];
    let mut settings = reading.settings(&known).refusing();
    for key in ["base_path", "search_page_directory"] {
        settings.idle(key, "", "the plugin has given it up: all folders are searched");
    }
    let data_path = settings.text("data_path").map_or(".".to_owned(), |path| path.value);
    let allow_missing_files = settings.flag("allow_missing_files", false);
    let given = settings.node("select_readers").is_some();
    let mut selected = Vec::new();
    for name in settings.texts("select_readers") {
        match READERS.iter().find(|(reader, _)| *reader == name.value) {
            Some((reader, _)) => selected.push(*reader),
            None => {
                let message = format!("plugin `table-reader` has no reader `{}`", name.value);
                let diagnostic = Diagnostic::new(Code::PluginBadOption, name.span, message).severity(Severity::Error);
                let names: Vec<&str> = READERS.iter().map(|(reader, _)| *reader).collect();
                settings.report(diagnostic.help(format!("readers are `{}`", names.join("`, `"))));
            }
        }
    }
    if !given {
        selected = READERS.iter().map(|(reader, _)| *reader).collect();
    }
    let folders = [above, docs].map(|folder| folder.join(&data_path));
    Some(Box::new(TableReader { folders, allow_missing_files, selected }))
}

/// A call on one line: the indentation before it, the reader, its arguments.
static CALL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)( *)\{\{\s+(read_[a-z]+)\((.+?)\)\s+\}\}").expect("the pattern is a literal"));

impl Plugin for TableReader {
    fn on_page_markdown(&self, text: Chunk, _: Option<&yaml::Node>, page: &mut Context<'_>) -> Chunk {
        if !text.text().contains("{{") {
            return text;
        }
        let mut changes: Vec<(Range<usize>, Chunk)> = Vec::new();
        for found in CALL.captures_iter(text.text()) {
            let (whole, name, arguments) = (found.get_match(), &found[2].to_lowercase(), &found[3]);
            let Some(reader) = self.selected.iter().find(|reader| *reader == name) else { continue };
            let span = text.span(whole.start() + found[1].len()..whole.end());
            match self.call(reader, arguments, span, page) {
                Ok(table) => {
                    let table = indented(&table, found[1].len());
                    changes.push((whole.range(), Chunk::synthetic(&table, span)));
                }
                Err(diagnostic) => page.diagnostics.push(*diagnostic),
            }
        }
        if changes.is_empty() { text } else { text.replace(&changes) }
    }
}

impl TableReader {
    fn call(
        &self,
        reader: &str,
        arguments: &str,
        span: Span,
        page: &mut Context<'_>,
    ) -> Result<String, Box<Diagnostic>> {
        let fault = |message: String| Diagnostic::new(Code::TableUnreadable, span, message);
        if READERS.iter().any(|(name, is_here)| *name == reader && !is_here) {
            let note = "the call stays in the page as text";
            let message = format!("opsbook has no `{reader}`");
            return Err(Box::new(fault(message).severity(Severity::Warning).note(note).help("save the table as CSV")));
        }
        let arguments = Arguments::read(arguments).map_err(|why| fault(format!("the call of `{reader}` {why}")))?;
        let Some(source) = self.find(&arguments.file, page).map_err(fault)? else {
            let searched = [self.folders[0], self.folders[1], page.page.parent()].map(|folder| format!("`{folder}`"));
            let message = format!("there is no file of a table `{}`", arguments.file);
            let mut diagnostic = fault(message).note(format!("looked for in {}", searched.join(", ")));
            if !self.allow_missing_files {
                return Err(Box::new(diagnostic));
            }
            diagnostic.severity = Severity::Warning;
            page.diagnostics.push(diagnostic);
            return Ok(format!("{{{{ Cannot find '{}' }}}}", arguments.file));
        };
        if source.text().len() > MAX_BYTES {
            let message = format!("`{}` is larger than {} MiB", source.path(), MAX_BYTES >> 20);
            return Err(Box::new(fault(message).note("a page cannot hold such a table")));
        }
        if reader == "read_raw" {
            return Ok(source.text().to_owned());
        }
        for unknown in arguments.unknown(reader) {
            let message = format!("the argument `{unknown}` of `{reader}` has no effect");
            page.diagnostics.push(Diagnostic::new(Code::PluginOptionIdle, span, message));
        }
        let frame = read::frame(reader, &source, &arguments)
            .map_err(|why| fault(format!("`{}` cannot be read as a table: {why}", source.path())))?;
        let layout = match arguments.text("tablefmt").as_deref() {
            None | Some("pipe") => Layout::Pipe,
            Some("github") => Layout::Github,
            Some(other) => return Err(Box::new(fault(format!("opsbook writes no tables in the form `{other}`")))),
        };
        Ok(frame.markdown(layout, &arguments.texts("colalign")))
    }

    /// Finds a file; the first of the three folders that has it counts.
    fn find(&self, file: &str, page: &mut Context<'_>) -> Result<Option<Arc<Source>>, String> {
        for folder in [self.folders[0], self.folders[1], page.page.parent()] {
            match page.source(folder.join(file)) {
                Ok(source) => return Ok(Some(source)),
                Err(ReadError::NotFound | ReadError::IsFolder) => {}
                Err(error) => return Err(format!("`{file}` cannot be read: {}", error.reason())),
            }
        }
        Ok(None)
    }
}

/// Indents each line by whole steps of four spaces; lines of white space stay (`textwrap.indent`).
fn indented(text: &str, n_spaces: usize) -> String {
    let indent = " ".repeat(n_spaces / 4 * 4);
    let line = |line: &str| if line.trim().is_empty() { line.to_owned() } else { format!("{indent}{line}") };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// The arguments of a call: the file, and what is named.
struct Arguments {
    file: String,
    named: Vec<(String, Value)>,
}

/// A literal of Python.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    None,
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Value>),
}

impl Arguments {
    /// Reads what stands between the parentheses, as the plugin's `safe_eval.py` does.
    fn read(text: &str) -> Result<Arguments, String> {
        let (mut file, mut named) = (None, Vec::new());
        for segment in split_top_level(text, ',') {
            let parts = split_top_level(segment, '=');
            if let [name, _, ..] = parts[..] {
                let value = segment[segment.find('=').unwrap_or_default() + 1..].trim();
                // A value with a backslash is taken as it is, without its quotes.
                let value = match value.contains('\\') {
                    true => Some(Value::Text(value.replace(['\'', '"'], ""))),
                    false => literal(value),
                };
                let value = value.ok_or_else(|| format!("gives `{name}` what is no literal of Python"))?;
                named.push((name.to_owned(), value));
            } else if !named.is_empty() {
                return Err("has a positional argument behind a named one".to_owned());
            } else if file.is_some() {
                return Err("has more than one positional argument".to_owned());
            } else {
                match literal(segment) {
                    Some(Value::Text(text)) => file = Some(text),
                    _ => return Err(format!("needs the path of a file in quotes, not `{segment}`")),
                }
            }
        }
        if file.is_none()
            && let Some(at) = named.iter().position(|(name, _)| name == "filepath_or_buffer")
            && let (_, Value::Text(text)) = named.remove(at)
        {
            file = Some(text);
        }
        let file = file.ok_or_else(|| "names no file".to_owned())?;
        Ok(Arguments { file, named })
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.named.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    fn text(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    fn texts(&self, name: &str) -> Vec<String> {
        let items = match self.get(name) {
            Some(Value::List(items)) => items.as_slice(),
            _ => &[],
        };
        items.iter().filter_map(|item| if let Value::Text(text) = item { Some(text.clone()) } else { None }).collect()
    }

    fn number(&self, name: &str) -> Option<usize> {
        match self.get(name)? {
            Value::Int(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }

    /// The arguments that have no effect.
    fn unknown(&self, reader: &str) -> Vec<&str> {
        let of_text = ["sep", "delimiter", "header", "usecols", "skiprows", "nrows", "dtype", "keep_default_na"];
        let of_all = ["tablefmt", "colalign", "encoding", "index"];
        let is_text = matches!(reader, "read_csv" | "read_table");
        let has_effect = |name: &str| of_all.contains(&name) || is_text && of_text.contains(&name);
        let is_default = |name: &str, value: &Value| match (name, value) {
            ("index", value) => *value == Value::Bool(false),
            ("encoding", Value::Text(text)) => text.to_lowercase().replace(['-', '_'], "").starts_with("utf8"),
            ("encoding", _) => false,
            ("header", value) => matches!(value, Value::None | Value::Int(0)),
            ("dtype", value) => {
                matches!(value, Value::Text(kind) if matches!(kind.as_str(), "str" | "string" | "object"))
            }
            _ => true,
        };
        let idle = self.named.iter().filter(|(name, value)| !has_effect(name) || !is_default(name, value));
        idle.map(|(name, _)| name.as_str()).collect()
    }
}

/// Splits at a character that stands outside of quotes and brackets.
fn split_top_level(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut from, mut depth, mut quote) = (Vec::new(), 0, 0usize, None);
    for (at, ch) in text.char_indices() {
        match (quote, ch) {
            (Some(open), _) => quote = (open != ch).then_some(open),
            (None, '\'' | '"') => quote = Some(ch),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, _) if ch == separator && depth == 0 => {
                parts.push(text[from..at].trim());
                from = at + ch.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text[from..].trim());
    parts
}

/// Reads a text in quotes, a number, `True`, `False`, `None`, or a list or tuple of these.
fn literal(text: &str) -> Option<Value> {
    match text {
        "None" => return Some(Value::None),
        "True" => return Some(Value::Bool(true)),
        "False" => return Some(Value::Bool(false)),
        _ => {}
    }
    if let Ok(number) = text.parse() {
        return Some(Value::Int(number));
    }
    for quote in ['\'', '"'] {
        let inner = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
        if let Some(inner) = inner.filter(|inner| !inner.contains([quote, '\\'])) {
            return Some(Value::Text(inner.to_owned()));
        }
    }
    for (open, close) in [('[', ']'), ('(', ')')] {
        if let Some(inner) = text.strip_prefix(open).and_then(|text| text.strip_suffix(close)) {
            let items = split_top_level(inner, ',').into_iter().filter(|item| !item.is_empty());
            // One level is all that an argument here has.
            return items
                .map(|item| literal(item).filter(|it| !matches!(it, Value::List(_))))
                .collect::<Option<_>>()
                .map(Value::List);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_as_the_plugin_reads_them() {
        let read = |text: &str| Arguments::read(text).map(|read| (read.file.clone(), read.named));
        let text = |text: &str| Value::Text(text.to_owned());
        assert_eq!(read("'a=b,c.csv'"), Ok(("a=b,c.csv".to_owned(), Vec::new())));
        let named = vec![
            ("sep".to_owned(), text("\\t")),
            ("usecols".to_owned(), Value::List(vec![text("a"), Value::Int(1)])),
            ("header".to_owned(), Value::None),
        ];
        assert_eq!(read("\"x\", sep = '\\t', usecols=['a', 1], header=None"), Ok(("x".to_owned(), named)));
        assert!(read("x.csv").is_err() && read("sep=1, 'x'").is_err() && read("'x', 'y'").is_err());
        assert!(read("'x', a=f(1)").is_err() && read("a=1").is_err());
        assert_eq!(read("filepath_or_buffer='x'"), Ok(("x".to_owned(), Vec::new())));
    }

    #[test]
    fn tables_are_indented_by_whole_steps() {
        assert_eq!(indented("a\n\nb", 6), "    a\n\n    b");
        assert_eq!(indented("a", 3), "a");
    }
}
