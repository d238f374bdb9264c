//! Columns and cells, as pandas types them and tabulate writes them.

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// `NaN`
    Missing,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
}

/// A column: its name, and a cell for each row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) cells: Vec<Cell>,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Frame {
    pub(super) columns: Vec<Column>,
}

/// The form of a Markdown table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// With colons that say how columns are aligned.
    Pipe,
    /// Without.
    Github,
}

/// What a column holds, from the least to the most general (tabulate's `_more_generic`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    None,
    Bool,
    Int,
    Float,
    Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Align {
    Left,
    Center,
    Right,
    /// To the right, with the decimal points one below the other.
    Decimal,
}

/// Texts that pandas takes for nothing.
const MISSING: &[&str] = &[
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
];

/// Types a column of texts, as `read_csv` does: all whole numbers, all numbers, all truth values, or text.
pub(super) fn typed(texts: Vec<Option<String>>, keeps_empty: bool, is_text: bool) -> Vec<Cell> {
    let is_missing = |text: &Option<String>| text.as_deref().is_none_or(|text| !keeps_empty && MISSING.contains(&text));
    let given: Vec<&str> = texts.iter().filter(|text| !is_missing(text)).flatten().map(String::as_str).collect();
    let lacks = given.len() < texts.len();
    let all = |is: &dyn Fn(&str) -> bool| !is_text && given.iter().all(|text| is(text));
    let make: Box<dyn Fn(&str) -> Cell> = if !lacks && !given.is_empty() && all(&|text| int(text).is_some()) {
        Box::new(|text| int(text).map_or(Cell::Missing, Cell::Int))
    } else if all(&|text| float(text).is_some()) {
        Box::new(|text| float(text).map_or(Cell::Missing, Cell::Float))
    } else if all(&|text| truth(text).is_some()) {
        Box::new(|text| truth(text).map_or(Cell::Missing, Cell::Bool))
    } else {
        Box::new(|text| Cell::Text(text.to_owned()))
    };
    let cell = |text: &Option<String>| match text {
        Some(given) if !is_missing(text) => make(given),
        _ => Cell::Missing,
    };
    texts.iter().map(cell).collect()
}

fn int(text: &str) -> Option<i64> {
    text.trim().parse().ok()
}

fn float(text: &str) -> Option<f64> {
    let text = text.trim();
    let is_number = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
    let is_word = matches!(text.trim_start_matches(['+', '-']).to_lowercase().as_str(), "inf" | "infinity");
    if is_number || is_word { text.parse().ok() } else { None }
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "True" | "TRUE" | "true" => Some(true),
        "False" | "FALSE" | "false" => Some(false),
        _ => None,
    }
}

impl Frame {
    /// Writes the table, as `to_markdown(index=False)` does with tabulate.
    pub(super) fn markdown(mut self, layout: Layout, wanted: &[String]) -> String {
        self.unify();
        let columns: Vec<Written> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, column)| Written::of(column, wanted.get(at).map(String::as_str)))
            .collect();
        let mut lines = vec![line(columns.iter().map(|column| column.header.clone()))];
        lines.push(format!("|{}|", columns.iter().map(|column| column.rule(layout)).collect::<Vec<_>>().join("|")));
        for row in 0..self.columns.first().map_or(0, |column| column.cells.len()) {
            lines.push(line(columns.iter().map(|column| column.cells[row].clone())));
        }
        lines.join("\n")
    }

    /// A table of numbers only is one array of floats, once one of its columns is.
    fn unify(&mut self) {
        let is = |column: &Column, of: fn(&Cell) -> bool| column.cells.iter().all(of);
        for column in &mut self.columns {
            // A column of numbers that lacks some is one of floats.
            let is_number = is(column, |cell| matches!(cell, Cell::Int(_) | Cell::Float(_) | Cell::Missing));
            if is_number && !is(column, |cell| matches!(cell, Cell::Int(_))) {
                to_floats(column);
            }
        }
        let all_numbers =
            self.columns.iter().all(|column| is(column, |cell| matches!(cell, Cell::Int(_) | Cell::Float(_))));
        let has_floats =
            self.columns.iter().any(|column| column.cells.iter().any(|cell| matches!(cell, Cell::Float(_))));
        if all_numbers && has_floats {
            self.columns.iter_mut().for_each(to_floats);
        }
    }
}

fn to_floats(column: &mut Column) {
    for cell in &mut column.cells {
        match cell {
            Cell::Int(number) => *cell = Cell::Float(*number as f64),
            Cell::Missing => *cell = Cell::Float(f64::NAN),
            Cell::Bool(_) | Cell::Float(_) | Cell::Text(_) => {}
        }
    }
}

fn line(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.map(|cell| format!(" {cell} ")).collect();
    format!("|{}|", cells.join("|"))
}

/// A column as it is written: padded texts.
struct Written {
    header: String,
    cells: Vec<String>,
    align: Align,
    width: usize,
}

impl Written {
    fn of(column: &Column, wanted: Option<&str>) -> Written {
        let kind = column.cells.iter().map(kind).max().unwrap_or(Kind::None);
        let own = if matches!(kind, Kind::Int | Kind::Float) { Align::Decimal } else { Align::Left };
        let align = match wanted {
            Some("left") => Align::Left,
            Some("center") => Align::Center,
            Some("right") => Align::Right,
            Some("decimal") => Align::Decimal,
            _ => own,
        };
        let header = escaped(&column.name);
        let mut cells: Vec<String> = column.cells.iter().map(|cell| shown(cell, kind).trim().to_owned()).collect();
        if align == Align::Decimal {
            let most = cells.iter().map(|cell| after_point(cell)).max().unwrap_or(-1);
            for cell in &mut cells {
                let lacks = usize::try_from(most - after_point(cell)).unwrap_or_default();
                cell.push_str(&" ".repeat(lacks));
            }
        }
        let length = |text: &String| text.chars().count();
        let width = cells.iter().map(length).max().unwrap_or(0).max(length(&header) + 2);
        let pad = |text: &String| padded(text, width, align);
        Written { header: pad(&header), cells: cells.iter().map(pad).collect(), align, width }
    }

    fn rule(&self, layout: Layout) -> String {
        let dashes = "-".repeat(self.width + 2);
        match (layout, self.align) {
            // Nothing tells where columns without cells stand.
            _ if self.cells.is_empty() => dashes,
            (Layout::Github, _) => dashes,
            (_, Align::Left) => format!(":{}", &dashes[1..]),
            (_, Align::Right | Align::Decimal) => format!("{}:", &dashes[1..]),
            (_, Align::Center) => format!(":{}:", &dashes[2..]),
        }
    }
}

fn padded(text: &str, width: usize, align: Align) -> String {
    let lacks = width.saturating_sub(text.chars().count());
    let (before, after) = match align {
        Align::Left => (0, lacks),
        Align::Center => (lacks / 2, lacks - lacks / 2),
        Align::Right | Align::Decimal => (lacks, 0),
    };
    format!("{}{text}{}", " ".repeat(before), " ".repeat(after))
}

/// How many characters stand behind the decimal point, or behind the `e`; -1 for none.
fn after_point(text: &str) -> i64 {
    if float(text).is_none() || int(text).is_some() {
        return -1;
    }
    let at = text.rfind('.').or_else(|| text.to_lowercase().rfind('e'));
    at.map_or(-1, |at| (text.len() - at - 1) as i64)
}

fn kind(cell: &Cell) -> Kind {
    match cell {
        Cell::Missing | Cell::Float(_) => Kind::Float,
        Cell::Bool(_) => Kind::Bool,
        Cell::Int(_) => Kind::Int,
        Cell::Text(text) if matches!(text.as_str(), "True" | "False") => Kind::Bool,
        Cell::Text(text) if int(text).is_some() => Kind::Int,
        Cell::Text(text) if float(text).is_some() => Kind::Float,
        Cell::Text(_) => Kind::Text,
    }
}

fn shown(cell: &Cell, kind: Kind) -> String {
    match (cell, kind) {
        (Cell::Missing, _) => "nan".to_owned(),
        (Cell::Bool(is), Kind::Float) => if *is { "1" } else { "0" }.to_owned(),
        (Cell::Bool(is), _) => if *is { "True" } else { "False" }.to_owned(),
        (Cell::Int(number), Kind::Float) => general(*number as f64),
        (Cell::Int(number), _) => number.to_string(),
        (Cell::Float(number), Kind::Text) => format!("{number:?}").replace("NaN", "nan"),
        (Cell::Float(number), _) => general(*number),
        (Cell::Text(text), Kind::Float) => float(text).map_or_else(|| text.clone(), general),
        (Cell::Text(text), _) => escaped(text),
    }
}

/// Python's `format(number, "g")`.
fn general(number: f64) -> String {
    if !number.is_finite() {
        return format!("{number}").to_lowercase();
    }
    let scientific = format!("{number:.5e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let trim = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if (-4..6).contains(&exponent) {
        let decimals = usize::try_from(5 - exponent).unwrap_or_default();
        trim(&format!("{number:.decimals$}"))
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", trim(digits), exponent.abs())
    }
}

/// A text in a cell: its pipes escaped, its line ends as `<br>`.
fn escaped(text: &str) -> String {
    let text = text.replace("\r\n", "<br>").replace(['\r', '\n'], "<br>");
    let mut out = String::with_capacity(text.len());
    for ch in text.chars() {
        if ch == '|' && !out.ends_with('\\') {
            out.push('\\');
        }
        out.push(ch);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_python_shows_them() {
        let shown = [0.0, 1.0, 1.5, 1234567.0, 1e-7, 0.0001, 100000.0, 123456.7, -2.5e10, f64::NAN, f64::INFINITY];
        let want = ["0", "1", "1.5", "1.23457e+06", "1e-07", "0.0001", "100000", "123457", "-2.5e+10", "nan", "inf"];
        assert_eq!(shown.map(general), want.map(str::to_owned));
    }

    #[test]
    fn columns_are_typed_as_pandas_types_them() {
        let typed =
            |texts: &[&str]| super::typed(texts.iter().map(|text| Some((*text).to_owned())).collect(), false, false);
        assert_eq!(typed(&["1", " 2"]), [Cell::Int(1), Cell::Int(2)]);
        assert_eq!(typed(&["1", ""]), [Cell::Float(1.0), Cell::Missing]);
        assert_eq!(typed(&["True", "FALSE"]), [Cell::Bool(true), Cell::Bool(false)]);
        assert_eq!(typed(&["1", "x"])[0], Cell::Text("1".to_owned()));
    }
}
