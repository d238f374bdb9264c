//! Tables of PHP Markdown Extra.
//!
//! A pipe inside a code span, or behind a backslash, does not part cells; the backslash stays in the text.
//!
//! Source of the rule: `markdown/extensions/tables.py`.

use super::extension::Extension;
use crate::diag::{Code, Diagnostic, Severity};
use crate::markdown::engine::blocks::leaf::pop;
use crate::markdown::engine::blocks::lines::line_ranges;
use crate::markdown::engine::blocks::tree::ElId;
use crate::markdown::engine::blocks::{Block, Blocks, Parser, Search};
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::text::{Span, counted};
use std::ops::Range;
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// Whether cells say `align` rather than `style`.
    pub(crate) use_align_attribute: bool,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options { use_align_attribute: reader.bool("use_align_attribute", false) }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        rules.escapable("|");
        let search = rules.search();
        rules.blocks.register(
            "table",
            75.0,
            Box::new(move |parser, parent, blocks| table(&self, parser, parent, blocks, search)),
        );
    }
}

/// How many cells that were not written a page may have. All rows of a table have as many cells as
/// its first, so that without a limit a page could be as long as the square of its source.
const EMPTY_CELLS_LIMIT: usize = 200_000;

/// How many cells of a page were added that no row has.
#[derive(Default)]
struct EmptyCells(usize);

/// A block whose first line is a header row and whose second is a row of dashes.
fn table(options: &Options, parser: &mut Parser<'_, '_>, parent: ElId, blocks: &mut Blocks, search: Search) -> bool {
    let Some(shape) = table_shape(&blocks[0], search, options.use_align_attribute) else { return false };
    let block = pop(blocks);
    let mut rows = line_ranges(block.text());
    let table = parser.element(parent, "table", block.whole_span());
    let first = rows.next().unwrap_or_default();
    let head = parser.element(table, "thead", Some(block.span(first.clone())));
    build_row(parser, head, "th", &block, first, &shape);
    let body = parser.element(table, "tbody", None);
    let mut rows = rows.skip(1).peekable();
    if rows.peek().is_none() {
        let tr = parser.element(body, "tr", None);
        for _ in &shape.align {
            parser.element(tr, "td", None);
        }
    }
    for row in rows {
        build_row(parser, body, "td", &block, row, &shape);
    }
    true
}

/// What header and dashes say of a table.
struct Shape {
    /// Whether rows may have a pipe at either end that parts nothing.
    border: bool,
    /// Whether cells say `align`.
    use_align: bool,
    align: Vec<Option<&'static str>>,
}

fn table_shape(block: &Block, search: Search, use_align: bool) -> Option<Shape> {
    let mut rows = block.text().split('\n').map(|row| row.trim_matches(' '));
    let (first, second) = (rows.next()?, rows.next()?);
    if !second.chars().all(|ch| "|:- ".contains(ch)) {
        return None;
    }
    let border = has_border(first);
    let n_columns = split_row(first, border).len();
    let cells: Vec<&str> = split_row(second, border).into_iter().map(|range| &second[range]).collect();
    if cells.len() != n_columns || n_columns == 1 && !border {
        return None;
    }
    // In a table of one column every row has a border.
    let bare = |row: Range<usize>| (!has_border(block.text()[row].trim_matches(' '))).then_some(());
    if n_columns == 1 && block.find_line(search, bare).is_some() {
        return None;
    }
    Some(Shape { border, use_align, align: cells.into_iter().map(alignment).collect() })
}

fn has_border(row: &str) -> bool {
    row.starts_with('|') || ends_in_pipe(row)
}

fn alignment(cell: &str) -> Option<&'static str> {
    let cell = cell.trim_matches(' ');
    match (cell.starts_with(':'), cell.ends_with(':')) {
        (true, true) => Some("center"),
        (true, false) => Some("left"),
        (false, true) => Some("right"),
        (false, false) => None,
    }
}

fn build_row(
    parser: &mut Parser<'_, '_>,
    parent: ElId,
    tag: &'static str,
    block: &Block,
    row: Range<usize>,
    shape: &Shape,
) {
    let line = &block.text()[row.clone()];
    let start = row.start + (line.len() - line.trim_start_matches(' ').len());
    let line = line.trim_matches(' ');
    let tr = parser.element(parent, "tr", Some(block.span(row.clone())));
    let cells = split_row(line, shape.border);
    if tag == "td" && cells.len() != shape.align.len() {
        uneven(parser, block.span(row), cells.len(), shape.align.len());
    }
    // A row of one word in a table of a thousand columns has a thousand cells in Python too; a page
    // has a limit of those that are not written.
    let EmptyCells(n_empty) = parser.page.state();
    let n_missing = shape.align.len().saturating_sub(cells.len()).min(EMPTY_CELLS_LIMIT - *n_empty);
    *n_empty += n_missing;
    for (at, align) in shape.align.iter().enumerate().take(cells.len() + n_missing) {
        let cell = parser.element(tr, tag, None);
        if let Some(range) = cells.get(at) {
            let text = &line[range.clone()];
            let from = start + range.start + (text.len() - text.trim_start_matches(' ').len());
            let len = text.trim_matches(' ').len();
            parser.tree.set_text(cell, block.slice(from..from + len));
        }
        match align {
            Some(align) if shape.use_align => parser.attrs(cell).set("align", *align),
            Some(align) => parser.attrs(cell).set("style", format!("text-align: {align};")),
            None => {}
        }
    }
}

/// Reports a row that has not as many cells as the table has columns.
fn uneven(parser: &mut Parser<'_, '_>, span: Span, n_cells: usize, n_columns: usize) {
    let message = format!("this row has {}, the table {}", counted(n_cells, "cell"), counted(n_columns, "column"));
    let diagnostic = Diagnostic::new(Code::TableUneven, span, message);
    parser.page.diagnostics.push(if n_cells > n_columns {
        diagnostic.note("what is too many is not shown").help("a pipe that parts no cells is written `\\|`")
    } else {
        diagnostic.severity(Severity::Info).note("the rest of the row is empty")
    });
}

/// Tells whether a row ends in a pipe that no backslash escapes.
fn ends_in_pipe(row: &str) -> bool {
    let Some(before) = row.strip_suffix('|') else { return false };
    (before.len() - before.trim_end_matches('\\').len()).is_multiple_of(2)
}

/// Splits a row into cells, as byte ranges of it.
fn split_row(row: &str, border: bool) -> Vec<Range<usize>> {
    let start = usize::from(border && row.starts_with('|'));
    let end = if border && row.len() > start && ends_in_pipe(&row[start..]) { row.len() - 1 } else { row.len() };
    let inner = &row[start..end];
    let mut cells = Vec::new();
    let mut at = start;
    for pipe in cell_pipes(inner) {
        cells.push(at..start + pipe);
        at = start + pipe + 1;
    }
    cells.push(at..end);
    cells
}

/// A run of backticks, perhaps behind a backslash.
struct Ticks {
    /// How many backticks the run has as a closing one.
    len: usize,
    /// Its bytes, the last one included.
    first: usize,
    last: usize,
    /// 1 where a backslash takes the first backtick from an opening run.
    escape: usize,
}

/// Finds the pipes that part cells: not escaped, not inside code.
fn cell_pipes(row: &str) -> Vec<usize> {
    let bytes = row.as_bytes();
    let mut pipes = Vec::new();
    let mut ticks: Vec<Ticks> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'\\', Some(b'\\' | b'|')) => at += 2,
            (b'\\', Some(b'`')) | (b'`', _) => {
                let escaped = bytes[at] == b'\\';
                let run = at + usize::from(escaped);
                let len = bytes[run..].iter().take_while(|byte| **byte == b'`').count();
                ticks.push(Ticks { len, first: at, last: run + len - 1, escape: usize::from(escaped) });
                at = run + len;
            }
            (b'|', _) => {
                pipes.push(at);
                at += 1;
            }
            _ => at += 1,
        }
    }
    let regions = code_regions(&ticks);
    let mut next_region = regions.iter().peekable();
    pipes.retain(|pipe| {
        while next_region.peek().is_some_and(|region| region.1 < *pipe) {
            next_region.next();
        }
        next_region.peek().is_none_or(|region| *pipe < region.0)
    });
    pipes
}

/// Pairs runs of backticks of the same length.
fn code_regions(ticks: &[Ticks]) -> Vec<(usize, usize)> {
    // Where each length stands next, looked up from the right, so that pairing stays linear.
    let mut by_len: std::collections::BTreeMap<usize, Vec<usize>> = std::collections::BTreeMap::new();
    for (at, tick) in ticks.iter().enumerate() {
        by_len.entry(tick.len).or_default().push(at);
    }
    let mut regions = Vec::new();
    let mut at = 0;
    while at < ticks.len() {
        let size = ticks[at].len - ticks[at].escape;
        let close = by_len.get(&size).filter(|_| size > 0).and_then(|places| {
            let next = places.partition_point(|place| *place <= at);
            places.get(next).copied()
        });
        match close {
            Some(close) => {
                regions.push((ticks[at].first, ticks[close].last));
                at = close + 1;
            }
            None => at += 1,
        }
    }
    regions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Chunk, SitePath, Source};

    fn cells(row: &str) -> Vec<&str> {
        split_row(row, has_border(row)).into_iter().map(|range| row[range].trim()).collect()
    }

    #[test]
    fn pipes_in_code_and_behind_backslashes_part_nothing() {
        assert_eq!(cells("| a | b |"), ["a", "b"]);
        assert_eq!(cells("a `|` b | c"), ["a `|` b", "c"]);
        assert_eq!(cells(r"a \| b | c"), [r"a \| b", "c"]);
        assert_eq!(cells(r"| a | b \|"), ["a", r"b \|"]);
        assert_eq!(cells(r"a \`|` | c"), [r"a \`", "`", "c"]);
    }

    #[test]
    fn a_table_needs_as_many_dashes_as_columns() {
        let is_table = |text: &str| {
            let source = Source::new(SitePath::new("a.md"), text);
            table_shape(&Block::of(Chunk::of(&source)), Search::numbered(0), false).is_some()
        };
        assert!(is_table("a | b\n--|--"));
        assert!(!is_table("a | b\n--|--|--"));
        assert!(is_table("|a|\n|-|"));
        assert!(!is_table("|a|\n|-|\nb"));
        assert!(!is_table("a\n-"));
    }
}
