//! Jinja2's statements: text to parts, each with its place.

use super::Marks;
use super::expr::{self, Expr};
use std::ops::Range;

/// A part of a template; ranges are bytes of its text.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// Text that stays as it is, `{% raw %}` too.
    Text(Range<usize>),
    /// `{{ … }}`.
    Print {
        whole: Range<usize>,
        value: Result<Expr, String>,
    },
    If {
        branches: Vec<(Option<Expr>, Vec<Part>)>,
    },
    For {
        whole: Range<usize>,
        names: Vec<String>,
        over: Expr,
        only_if: Option<Expr>,
        body: Vec<Part>,
        otherwise: Vec<Part>,
    },
    Set {
        whole: Range<usize>,
        names: Vec<String>,
        value: Expr,
    },
    SetBlock {
        name: String,
        body: Vec<Part>,
    },
    Macro {
        name: String,
        parameters: Vec<(String, Option<Expr>)>,
        body: Vec<Part>,
    },
    Include {
        whole: Range<usize>,
        file: Expr,
        may_lack: bool,
    },
    /// `{% import 'f' as x %}` (`names` is empty), `{% from 'f' import a as b %}`.
    Import {
        whole: Range<usize>,
        file: Expr,
        module: String,
        names: Vec<(String, String)>,
    },
    With {
        values: Vec<(String, Expr)>,
        body: Vec<Part>,
    },
    FilterBlock {
        whole: Range<usize>,
        filters: Expr,
        body: Vec<Part>,
    },
    /// What cannot be carried out; its text stays.
    Bad {
        whole: Range<usize>,
        message: String,
    },
}

/// Blocks nested deeper are refused.
const MAX_DEPTH: usize = 40;

/// Something between two pieces of text.
struct Tag {
    whole: Range<usize>,
    inner: Range<usize>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Print,
    Statement,
    /// Comments, and the marks around raw text.
    Nothing,
}

enum Piece {
    Text(Range<usize>),
    Tag(Tag),
}

/// Parses a template. Faults become parts, so the rest works all the same.
pub(super) fn parse(text: &str, marks: &Marks) -> Vec<Part> {
    let pieces = pieces(text, marks);
    let mut parser = Parser { text, pieces, at: 0 };
    let mut parts = Vec::new();
    loop {
        let (more, ended) = parser.parts(0, &[]);
        parts.extend(more);
        match ended {
            // An end without a beginning.
            Some((word, tag)) => parts.push(Part::Bad { whole: tag, message: format!("`{word}` ends nothing") }),
            None => return parts,
        }
    }
}

/// Splits text at its tags, white space taken away where a tag says so (`{%-`, `-%}`).
fn pieces(text: &str, marks: &Marks) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut trim_next = false;
    let mut raw_may_end = true;
    // Where each opening mark stands next, so that the text is searched once for each.
    let mut opens = [
        (Some(0), marks.variable_start.as_str(), Kind::Print),
        (Some(0), marks.block_start.as_str(), Kind::Statement),
        (Some(0), marks.comment_start.as_str(), Kind::Nothing),
    ];
    let mut is_first = true;
    loop {
        for (next, mark, _) in &mut opens {
            if is_first || next.is_some_and(|next| next < at) {
                *next = text[at..].find(*mark).map(|found| at + found);
            }
        }
        is_first = false;
        let found = opens
            .iter()
            .filter_map(|(next, mark, kind)| Some(((*next)?, *mark, *kind)))
            .min_by_key(|(start, mark, _)| (*start, usize::MAX - mark.len()));
        let closed = found.and_then(|(start, mark, kind)| Some((start, close(text, start, mark, kind, marks)?, kind)));
        let Some((start, tag, kind)) = closed else {
            push_text(text, at..text.len(), trim_next, false, &mut pieces);
            return pieces;
        };
        push_text(text, at..start, trim_next, tag.trims_before, &mut pieces);
        at = tag.whole.end;
        trim_next = tag.trims_after;
        let word = text[tag.inner.clone()].trim();
        if kind == Kind::Statement && word == "raw" {
            let end = if raw_may_end { end_of_raw(text, at, marks) } else { None };
            raw_may_end = end.is_some();
            match end {
                Some((body_end, end, trims_before, trims_after)) => {
                    pieces.push(Piece::Tag(Tag { whole: tag.whole, inner: 0..0, kind: Kind::Nothing }));
                    push_text(text, at..body_end, trim_next, trims_before, &mut pieces);
                    at = end;
                    trim_next = trims_after;
                }
                None => pieces.push(Piece::Tag(Tag { whole: tag.whole, inner: tag.inner, kind })),
            }
            continue;
        }
        pieces.push(Piece::Tag(Tag { whole: tag.whole, inner: tag.inner, kind }));
    }
}

fn push_text(text: &str, range: Range<usize>, trim_start: bool, trim_end: bool, pieces: &mut Vec<Piece>) {
    let mut range = range;
    if trim_start {
        range.start = range.end - text[range.clone()].trim_start().len();
    }
    if trim_end {
        range.end = range.start + text[range.clone()].trim_end().len();
    }
    if !range.is_empty() {
        pieces.push(Piece::Text(range));
    }
}

struct Closed {
    whole: Range<usize>,
    inner: Range<usize>,
    trims_before: bool,
    trims_after: bool,
}

/// Finds the end of a tag; marks inside quoted texts do not count, nor do those inside braces.
fn close(text: &str, start: usize, open: &str, kind: Kind, marks: &Marks) -> Option<Closed> {
    let mark = match kind {
        Kind::Print => &marks.variable_end,
        Kind::Statement => &marks.block_end,
        Kind::Nothing => &marks.comment_end,
    };
    let mut inner = start + open.len();
    let mut at = inner;
    let mut quote = None;
    let mut n_braces = 0usize;
    let end = loop {
        let rest = &text[at..];
        let ch = rest.chars().next()?;
        let counts = quote.is_none() && n_braces == 0 || kind == Kind::Nothing;
        if counts && rest.starts_with(mark.as_str()) {
            break at;
        }
        match (quote, ch) {
            (Some(open), _) if ch == open => quote = None,
            (Some(_), '\\') => at += rest[1..].chars().next().map_or(0, char::len_utf8),
            (Some(_), _) => {}
            (None, '"' | '\'') if kind != Kind::Nothing => quote = Some(ch),
            (None, '{') => n_braces += 1,
            (None, '}') => n_braces = n_braces.saturating_sub(1),
            _ => {}
        }
        at += ch.len_utf8();
    };
    let whole = start..end + mark.len();
    let mut inner_end = end;
    let (mut trims_before, mut trims_after) = (false, false);
    if text[inner..inner_end].starts_with(['-', '+']) {
        trims_before = text[inner..].starts_with('-');
        inner += 1;
    }
    if text[inner..inner_end].ends_with(['-', '+']) {
        trims_after = text[..inner_end].ends_with('-');
        inner_end -= 1;
    }
    Some(Closed { whole, inner: inner..inner_end, trims_before, trims_after })
}

/// Finds `{% endraw %}`: where the raw text ends, where the tag ends, and what it trims.
fn end_of_raw(text: &str, from: usize, marks: &Marks) -> Option<(usize, usize, bool, bool)> {
    let mut at = from;
    loop {
        let start = at + text[at..].find(marks.block_start.as_str())?;
        let body = start + marks.block_start.len();
        let end = text[body..].find(marks.block_end.as_str()).map(|end| body + end)?;
        let inner = &text[body..end];
        if inner.trim_matches(['-', '+']).trim() == "endraw" {
            return Some((start, end + marks.block_end.len(), inner.starts_with('-'), inner.ends_with('-')));
        }
        at = body;
    }
}

struct Parser<'a> {
    text: &'a str,
    pieces: Vec<Piece>,
    at: usize,
}

/// The word that ended a list of parts, with the rest of its tag.
type Ended = Option<(String, Range<usize>)>;

impl Parser<'_> {
    /// Parses parts up to a statement that begins with one of `ends`, or any `end…`, `else`, `elif`.
    fn parts(&mut self, depth: usize, ends: &[&str]) -> (Vec<Part>, Ended) {
        let mut parts = Vec::new();
        while self.at < self.pieces.len() {
            let (whole, inner, kind) = match &self.pieces[self.at] {
                Piece::Text(range) => {
                    parts.push(Part::Text(range.clone()));
                    self.at += 1;
                    continue;
                }
                Piece::Tag(tag) => (tag.whole.clone(), tag.inner.clone(), tag.kind),
            };
            self.at += 1;
            let inner = self.text[inner].trim();
            match kind {
                Kind::Nothing => {}
                Kind::Print => parts.push(Part::Print { whole, value: expr::parse(inner) }),
                Kind::Statement => {
                    let word = inner.split(|ch: char| !(ch.is_alphanumeric() || ch == '_')).next().unwrap_or_default();
                    if ends.contains(&word) || word.starts_with("end") || matches!(word, "else" | "elif") {
                        // The tag is looked at again by who waits for it.
                        return (parts, Some((word.to_owned(), whole)));
                    }
                    let rest = inner[word.len()..].trim();
                    let part = self.statement(word, rest, whole.clone(), depth);
                    parts.push(part.unwrap_or_else(|message| Part::Bad { whole, message }));
                }
            }
        }
        (parts, None)
    }

    /// The text of the tag that ended the last list of parts, without its first word.
    fn ended_rest(&self) -> &str {
        match &self.pieces[self.at - 1] {
            Piece::Tag(tag) => {
                let inner = self.text[tag.inner.clone()].trim();
                inner.find(char::is_whitespace).map_or("", |at| inner[at..].trim())
            }
            Piece::Text(_) => "",
        }
    }

    fn body(&mut self, depth: usize, end: &str) -> Result<Vec<Part>, String> {
        if depth == MAX_DEPTH {
            return Err(format!("blocks are nested deeper than {MAX_DEPTH}"));
        }
        match self.parts(depth + 1, &[end]) {
            (body, Some((word, _))) if word == end => Ok(body),
            (_, Some((word, _))) => Err(format!("`{word}` stands where `{end}` is expected")),
            (_, None) => Err(format!("`{end}` is missing")),
        }
    }

    fn statement(&mut self, word: &str, rest: &str, whole: Range<usize>, depth: usize) -> Result<Part, String> {
        match word {
            "if" => self.if_part(rest, depth),
            "for" => self.for_part(rest, whole, depth),
            "set" => match split_outside(rest, "=") {
                Some((names, value)) => Ok(Part::Set { whole, names: name_list(names), value: expr::parse(value)? }),
                None => {
                    let name = rest.split(['|', ' ']).next().unwrap_or_default().to_owned();
                    Ok(Part::SetBlock { name, body: self.body(depth, "endset")? })
                }
            },
            "macro" => {
                let (name, parameters) = rest
                    .strip_suffix(')')
                    .and_then(|rest| rest.split_once('('))
                    .ok_or("a macro is written `macro name(parameters)`")?;
                let parameters = expr::parse_parameters(parameters)?;
                Ok(Part::Macro { name: name.trim().to_owned(), parameters, body: self.body(depth, "endmacro")? })
            }
            "include" => {
                let mut file = rest.trim();
                for ending in ["without context", "with context"] {
                    file = file.strip_suffix(ending).unwrap_or(file).trim();
                }
                let may_lack = file.ends_with("ignore missing");
                let file = file.strip_suffix("ignore missing").unwrap_or(file);
                Ok(Part::Include { whole, file: expr::parse(file)?, may_lack })
            }
            "import" => {
                let (file, module) = rest.split_once(" as ").ok_or("an import is written `import 'file' as name`")?;
                let module = module.split_whitespace().next().unwrap_or_default().to_owned();
                Ok(Part::Import { whole, file: expr::parse(file)?, module, names: Vec::new() })
            }
            "from" => {
                let (file, names) = rest.split_once(" import ").ok_or("written `from 'file' import name`")?;
                let names = names.trim_end_matches("with context").trim_end_matches("without context");
                let pair = |name: &str| match name.split_once(" as ") {
                    Some((name, other)) => (name.trim().to_owned(), other.trim().to_owned()),
                    None => (name.trim().to_owned(), name.trim().to_owned()),
                };
                let names = names.split(',').map(pair).collect();
                Ok(Part::Import { whole, file: expr::parse(file)?, module: String::new(), names })
            }
            "with" => {
                let mut values = Vec::new();
                for (name, value) in expr::parse_parameters(rest)? {
                    values.push((name, value.unwrap_or(Expr::None)));
                }
                Ok(Part::With { values, body: self.body(depth, "endwith")? })
            }
            "filter" => {
                // The filters of the block, after a name that stands for its text.
                let filters = expr::parse(&format!("__body | {rest}"))?;
                Ok(Part::FilterBlock { whole, filters, body: self.body(depth, "endfilter")? })
            }
            _ => Err(format!("opsbook knows no statement `{word}`")),
        }
    }

    fn if_part(&mut self, rest: &str, depth: usize) -> Result<Part, String> {
        if depth == MAX_DEPTH {
            return Err(format!("blocks are nested deeper than {MAX_DEPTH}"));
        }
        let mut branches = Vec::new();
        let mut condition = Some(expr::parse(rest));
        let mut fault = None;
        loop {
            let (body, ended) = self.parts(depth + 1, &["elif", "else", "endif"]);
            let parsed = match condition.take() {
                Some(Ok(parsed)) => Some(parsed),
                Some(Err(message)) => {
                    fault = Some(message);
                    None
                }
                None => None,
            };
            branches.push((parsed, body));
            match ended {
                Some((word, _)) if word == "endif" => break,
                Some((word, _)) if word == "elif" => condition = Some(expr::parse(self.ended_rest())),
                Some((word, _)) if word == "else" => {}
                Some((word, _)) => return Err(format!("`{word}` stands where `endif` is expected")),
                None => return Err("`endif` is missing".to_owned()),
            }
        }
        fault.map_or(Ok(Part::If { branches }), Err)
    }

    fn for_part(&mut self, rest: &str, whole: Range<usize>, depth: usize) -> Result<Part, String> {
        if depth == MAX_DEPTH {
            return Err(format!("blocks are nested deeper than {MAX_DEPTH}"));
        }
        let head =
            split_outside(rest, " in ").ok_or("a loop is written `for name in values`").map(|(names, values)| {
                let values = values.trim().strip_suffix(" recursive").unwrap_or(values);
                let (values, only_if) = match split_outside(values, " if ") {
                    Some((values, condition)) if split_outside(condition, " else ").is_none() => {
                        (values, Some(condition))
                    }
                    _ => (values, None),
                };
                (name_list(names), values.to_owned(), only_if.map(str::to_owned))
            });
        let (body, ended) = self.parts(depth + 1, &["else", "endfor"]);
        let otherwise = match ended {
            Some((word, _)) if word == "endfor" => Vec::new(),
            Some((word, _)) if word == "else" => self.body(depth, "endfor")?,
            Some((word, _)) => return Err(format!("`{word}` stands where `endfor` is expected")),
            None => return Err("`endfor` is missing".to_owned()),
        };
        let (names, values, only_if) = head?;
        let only_if = only_if.map(|condition| expr::parse(&condition)).transpose()?;
        Ok(Part::For { whole, names, over: expr::parse(&values)?, only_if, body, otherwise })
    }
}

fn name_list(names: &str) -> Vec<String> {
    names.trim().trim_start_matches('(').trim_end_matches(')').split(',').map(|name| name.trim().to_owned()).collect()
}

/// Splits at the first separator that stands outside quotes and brackets; `=` is not part of `==`.
fn split_outside<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    let mut quote = None;
    let mut depth = 0i32;
    for (at, ch) in text.char_indices() {
        match (quote, ch) {
            (Some(open), _) if ch == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(ch),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            _ => {}
        }
        if quote.is_none() && depth == 0 && text[at..].starts_with(separator) {
            let rest = &text[at + separator.len()..];
            if separator == "=" && (rest.starts_with('=') || text[..at].ends_with(['!', '<', '>', '='])) {
                continue;
            }
            return Some((&text[..at], rest));
        }
    }
    None
}
