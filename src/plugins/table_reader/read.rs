//! The forms of files that become tables: separated values, JSON and YAML.

use super::frame::{Cell, Column, Frame, typed};
use super::{Arguments, Value};
use crate::text::{Chunk, Source, python_repr, yaml};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use yaml::{Kind, Node};

/// How many cells a table may have.
const MAX_CELLS: usize = 1_000_000;

/// How deep mappings of a YAML file are taken apart.
const MAX_DEPTH: usize = 16;

/// Reads a file by one of the readers; the error says why it is no table.
pub(super) fn frame(reader: &str, source: &Source, arguments: &Arguments) -> Result<Frame, String> {
    match reader {
        "read_csv" => separated(source.text(), ",", arguments),
        "read_table" => separated(source.text(), "\t", arguments),
        "read_json" => records(source, false),
        _ => records(source, true),
    }
}

/// Separated values, as `pandas.read_csv` takes them.
fn separated(text: &str, default: &str, arguments: &Arguments) -> Result<Frame, String> {
    let separator = arguments.text("sep").or_else(|| arguments.text("delimiter"));
    let separator = separator.map_or(default.to_owned(), |separator| separator.replace("\\t", "\t"));
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = skip_lines(text, arguments.number("skiprows").unwrap_or(0));
    let mut rows = rows(text, &separator)?;
    if rows.is_empty() {
        return Err("it holds no columns".to_owned());
    }
    let header = match arguments.get("header") {
        Some(Value::None) => None,
        _ => Some(rows.remove(0)),
    };
    rows.truncate(arguments.number("nrows").unwrap_or(usize::MAX));
    let n_first = rows.first().map_or(0, Vec::len);
    let names = header.map_or_else(|| (0..n_first).map(|at| at.to_string()).collect(), names);
    // Where rows have more values than there are names, the first ones are the index, which is not shown.
    let n_index = n_first.saturating_sub(names.len());
    if let Some(at) = rows.iter().position(|row| row.len() > names.len() + n_index) {
        let (wanted, got) = (names.len() + n_index, rows[at].len());
        return Err(format!("row {} has {got} values, the others {wanted}", at + 1));
    }
    check_size(rows.len(), names.len())?;
    let keeps_empty = arguments.get("keep_default_na") == Some(&Value::Bool(false));
    let is_text = arguments.get("dtype").is_some();
    let column = |(at, name): (usize, String)| {
        let texts = rows.iter().map(|row| row.get(at + n_index).cloned()).collect();
        Column { name, cells: typed(texts, keeps_empty, is_text) }
    };
    let mut columns: Vec<Column> = names.into_iter().enumerate().map(column).collect();
    if let Some(Value::List(wanted)) = arguments.get("usecols") {
        let (mut names, mut places) = (BTreeSet::new(), BTreeSet::new());
        for value in wanted {
            match value {
                Value::Text(name) => drop(names.insert(name.as_str())),
                Value::Int(place) => drop(places.insert(*place)),
                _ => return Err("`usecols` takes names or numbers".to_owned()),
            }
        }
        let known: BTreeSet<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        if let Some(name) = names.difference(&known).next() {
            return Err(format!("it has no column `{name}`"));
        }
        let mut at = -1;
        columns.retain(|column| {
            at += 1;
            names.contains(column.name.as_str()) || places.contains(&at)
        });
    }
    Ok(Frame { columns })
}

fn check_size(n_rows: usize, n_columns: usize) -> Result<(), String> {
    match n_rows.saturating_mul(n_columns) > MAX_CELLS {
        true => Err(format!("it has more than {MAX_CELLS} cells")),
        false => Ok(()),
    }
}

fn skip_lines(text: &str, n: usize) -> &str {
    (0..n).fold(text, |text, _| text.split_once('\n').map_or("", |(_, rest)| rest))
}

/// The names of a header: each once, and none empty.
fn names(header: Vec<String>) -> Vec<String> {
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let name = |(at, name): (usize, String)| {
        let first = if name.is_empty() { format!("Unnamed: {at}") } else { name };
        let count = counts.entry(first.clone()).or_default();
        let mut name = first.clone();
        while !known.insert(name.clone()) {
            *count += 1;
            name = format!("{first}.{count}");
        }
        name
    };
    header.into_iter().enumerate().map(name).collect()
}

/// The rows of a text; empty lines are none. One character parts values that may stand in quotes; a longer
/// separator is a regular expression, as pandas' own engine has it.
fn rows(text: &str, separator: &str) -> Result<Vec<Vec<String>>, String> {
    let mut chars = separator.chars();
    if let (Some(separator), None) = (chars.next(), chars.next()) {
        return quoted_rows(text, separator);
    }
    let pattern =
        Regex::new(separator).map_err(|_| format!("`{separator}` is no regular expression that opsbook can read"))?;
    let values = |line: &str| pattern.split(line).map(|value| value.trim_matches('"').to_owned()).collect();
    let lines = text.lines().map(|line| if separator == r"\s+" { line.trim_start() } else { line });
    Ok(lines.filter(|line| !line.trim().is_empty()).map(values).collect())
}

fn quoted_rows(text: &str, separator: char) -> Result<Vec<Vec<String>>, String> {
    let (mut rows, mut row, mut value) = (Vec::new(), Vec::new(), String::new());
    let mut in_quotes = false;
    let mut was_quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(ch) = chars.next() {
        match ch {
            '"' if in_quotes && chars.peek() == Some(&'"') => {
                chars.next();
                value.push('"');
            }
            '"' if in_quotes => in_quotes = false,
            _ if in_quotes => value.push(ch),
            '"' if value.is_empty() => (in_quotes, was_quoted) = (true, true),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' | '\r' => {
                end_row(&mut rows, &mut row, &mut value, &mut was_quoted);
            }
            _ if ch == separator => row.push(std::mem::take(&mut value)),
            _ => value.push(ch),
        }
    }
    if in_quotes {
        return Err("a quote is not closed".to_owned());
    }
    end_row(&mut rows, &mut row, &mut value, &mut was_quoted);
    Ok(rows)
}

fn end_row(rows: &mut Vec<Vec<String>>, row: &mut Vec<String>, value: &mut String, was_quoted: &mut bool) {
    if !row.is_empty() || !value.trim().is_empty() || *was_quoted {
        row.push(std::mem::take(value));
        rows.push(std::mem::take(row));
    }
    value.clear();
    *was_quoted = false;
}

/// A list of mappings, each a row; with `is_flat` mappings in it are taken apart (`json_normalize`).
fn records(source: &Source, is_flat: bool) -> Result<Frame, String> {
    let parsed = yaml::parse(&Chunk::of(source)).map_err(|error| error.message)?;
    let one = [parsed.root.clone()];
    let rows = match parsed.root.as_seq() {
        Some(rows) => rows,
        None if is_flat && parsed.root.as_map().is_some() => &one,
        None => return Err("it is not a list of mappings".to_owned()),
    };
    let mut records = Records { is_flat, columns: Vec::new(), places: BTreeMap::new() };
    for (at, row) in rows.iter().enumerate() {
        if row.as_map().is_none() {
            return Err("it is not a list of mappings".to_owned());
        }
        records.add("", row, at, 0);
    }
    check_size(rows.len(), records.columns.len())?;
    let column = |(name, mut cells): (String, Vec<Cell>)| {
        cells.resize(rows.len(), Cell::Missing);
        Column { name, cells }
    };
    Ok(Frame { columns: records.columns.into_iter().map(column).collect() })
}

/// Columns in the order in which they are first named, each as far as it is filled.
struct Records {
    is_flat: bool,
    columns: Vec<(String, Vec<Cell>)>,
    places: BTreeMap<String, usize>,
}

impl Records {
    fn add(&mut self, above: &str, row: &Node, at: usize, depth: usize) {
        for (key, value) in row.as_map().unwrap_or_default() {
            let name = format!("{above}{}", key.scalar_text().unwrap_or_default());
            let is_mapping = value.as_map().is_some_and(|entries| !entries.is_empty());
            if self.is_flat && is_mapping && depth < MAX_DEPTH {
                self.add(&format!("{name}."), value, at, depth + 1);
                continue;
            }
            let place = *self.places.entry(name.clone()).or_insert(self.columns.len());
            if place == self.columns.len() {
                self.columns.push((name, Vec::new()));
            }
            let cells = &mut self.columns[place].1;
            // Before the size is known, no more room is taken than a table may have.
            if at < MAX_CELLS / (place + 1) {
                // Of a key that is given twice the last value counts.
                cells.resize(at, Cell::Missing);
                cells.push(cell(value));
            }
        }
    }
}

fn cell(value: &Node) -> Cell {
    match &value.kind {
        Kind::Null => Cell::Missing,
        Kind::Bool(is) => Cell::Bool(*is),
        Kind::Float(number) => Cell::Float(*number),
        Kind::String(text, _) => Cell::Text(text.clone()),
        _ => value.as_int().map_or_else(|| Cell::Text(repr(value, 0)), Cell::Int),
    }
}

/// A list or mapping in a cell, as Python shows it.
fn repr(value: &Node, depth: usize) -> String {
    if depth == MAX_DEPTH {
        return "...".to_owned();
    }
    if let Some(items) = value.as_seq() {
        return format!("[{}]", items.iter().map(|item| repr(item, depth + 1)).collect::<Vec<_>>().join(", "));
    }
    if let Some(entries) = value.as_map() {
        let entry = |(key, value): &(Node, Node)| format!("{}: {}", repr(key, depth + 1), repr(value, depth + 1));
        return format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "));
    }
    match &value.kind {
        Kind::Null => "None".to_owned(),
        Kind::Bool(is) => if *is { "True" } else { "False" }.to_owned(),
        Kind::String(text, _) => python_repr(text),
        _ => value.scalar_text().unwrap_or_default(),
    }
}
