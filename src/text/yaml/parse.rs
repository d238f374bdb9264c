//! Text to tree, over the events of saphyr-parser.
//!
//! The parser is a YAML 1.2 one that hands out raw scalars; what they mean (`scalar.rs`), merge keys,
//! aliases and the limits are decided here. It counts characters; spans are bytes of the file that
//! the chunk was lifted from.

use super::{Kind, Node, Style, scalar};
use crate::text::{Chunk, Span};
use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

const MAX_DEPTH: usize = 128;
const MAX_NODES: u64 = 1_000_000;
const BOM: char = '\u{feff}';

/// A tree and what was odd about it.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The root; null for an empty document.
    pub root: Node,
    /// Keys given twice in one mapping: the first place and the second.
    pub duplicate_keys: Vec<(Span, Span)>,
}

/// Why text is no YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What is wrong, in lower case without a full stop.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// Reads the one document of a text. A byte order mark at its start is skipped.
///
/// Time and memory are linear in the text and in the nodes that aliases unfold to; the limits are
/// checked before anything is unfolded.
///
/// # Errors
/// Returns the first place at which the text is no YAML, has a second document, is nested deeper
/// than 128 levels, or whose aliases unfold to more than a million nodes.
pub fn parse(text: &Chunk) -> Result<Parsed, Error> {
    read(Places::new(text))
}

/// Reads the one document of a text as libyaml does, which takes a tab between a key and its value.
///
/// # Errors
/// As [`parse`].
pub fn parse_as_libyaml(text: &Chunk) -> Result<Parsed, Error> {
    // The parser says where it met such a tab, so those in quoted texts stay. Front matter has few.
    const MOST: usize = 100;
    let mut body = Cow::Borrowed(Places::new(text).body);
    for _ in 0..MOST {
        let places = Places { body: &body, ..Places::new(text) };
        // The parser goes on after its first error, and may tell the same one for ever.
        let Some(error) = Parser::new_from_str(places.body).find_map(Result::err) else { break };
        if !error.info().starts_with("':' must be followed") {
            break;
        }
        let end = places.byte(error.marker().index()) - places.skipped;
        let start = body[..end].trim_end_matches('\t').len();
        if start == end {
            break;
        }
        body.to_mut().replace_range(start..end, &" ".repeat(end - start));
    }
    read(Places { body: &body, ..Places::new(text) })
}

fn read(places: Places<'_>) -> Result<Parsed, Error> {
    let text = places.chunk;
    if let Some((at, ch)) = places.body.char_indices().find(|(_, ch)| !is_printable(*ch)) {
        let start = places.skipped + at;
        return Err(Error {
            message: format!("the character U+{:04X} is not allowed in YAML", u32::from(ch)),
            span: text.span(start..start + ch.len_utf8()),
        });
    }
    let events = scan(&places)?;
    let used = check_limits(&places, &events)?;
    let mut builder = Builder { places: &places, used, anchors: BTreeMap::new(), duplicates: Vec::new() };
    let root = builder.build(events)?;
    Ok(Parsed { root, duplicate_keys: builder.duplicates })
}

/// YAML 1.1, section 5.1: the printable characters.
fn is_printable(ch: char) -> bool {
    matches!(ch, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

/// Turns the parser's character offsets into bytes of the chunk.
struct Places<'a> {
    chunk: &'a Chunk,
    body: &'a str,
    /// Bytes before the body: the byte order mark.
    skipped: usize,
    /// The byte offset of each character; `None` where every character is one byte.
    offsets: Option<Vec<usize>>,
}

impl Places<'_> {
    fn new(chunk: &Chunk) -> Places<'_> {
        let body = chunk.text().strip_prefix(BOM).unwrap_or(chunk.text());
        let offsets = (!body.is_ascii()).then(|| body.char_indices().map(|(at, _)| at).collect());
        Places { chunk, body, skipped: chunk.len() - body.len(), offsets }
    }

    fn byte(&self, n_chars: usize) -> usize {
        let at = match &self.offsets {
            None => n_chars.min(self.body.len()),
            Some(offsets) => offsets.get(n_chars).copied().unwrap_or(self.body.len()),
        };
        at + self.skipped
    }

    /// The bytes of an event, without the white space and comments that the parser runs over.
    fn range(&self, span: saphyr_parser::Span) -> Range<usize> {
        let start = self.byte(span.start.index());
        let end = self.byte(span.end.index()).max(start);
        start..start + self.chunk.text()[start..end].trim_end().len()
    }

    fn span(&self, range: Range<usize>) -> Span {
        self.chunk.span(range)
    }

    fn error(&self, message: impl Into<String>, range: Range<usize>) -> Error {
        Error { message: message.into(), span: self.span(range) }
    }
}

/// An event without the stream and document marks.
enum Token {
    Scalar { text: String, style: Style, anchor: usize, tag: Option<String> },
    Alias { anchor: usize },
    Open { map: bool, anchor: usize, tag: Option<String> },
    Close,
}

fn scan(places: &Places<'_>) -> Result<Vec<(Token, Range<usize>)>, Error> {
    let mut tokens = Vec::new();
    let mut n_documents = 0;
    let mut depth = 0;
    for event in Parser::new_from_str(places.body) {
        let (event, span) = event.map_err(|error| {
            let at = places.byte(error.marker().index());
            let width = places.chunk.text()[at..].chars().next().map_or(0, char::len_utf8);
            places.error(plain_words(error.info()), at..at + width)
        })?;
        let range = places.range(span);
        let token = match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => continue,
            Event::DocumentStart(_) => {
                n_documents += 1;
                if n_documents > 1 {
                    return Err(places.error("a second document begins here, where one is expected", range));
                }
                continue;
            }
            Event::Alias(anchor) => Token::Alias { anchor },
            Event::Scalar(text, style, anchor, tag) => {
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                };
                Token::Scalar { text: text.into_owned(), style, anchor, tag: tag.map(|tag| tag_text(&tag)) }
            }
            Event::SequenceStart(anchor, tag) => Token::Open { map: false, anchor, tag: tag.map(|tag| tag_text(&tag)) },
            Event::MappingStart(anchor, tag) => Token::Open { map: true, anchor, tag: tag.map(|tag| tag_text(&tag)) },
            Event::SequenceEnd | Event::MappingEnd => Token::Close,
        };
        match token {
            Token::Open { .. } if depth == MAX_DEPTH => {
                return Err(places.error(format!("nested deeper than {MAX_DEPTH} levels"), range));
            }
            Token::Open { .. } => depth += 1,
            Token::Close => depth -= 1,
            _ => {}
        }
        tokens.push((token, range));
    }
    Ok(tokens)
}

fn tag_text(tag: &Tag) -> String {
    format!("{}{}", tag.handle, tag.suffix)
}

/// The parser's words, in the form of a diagnostic.
fn plain_words(info: &str) -> String {
    // Its scanner reads ahead of its events and has a limit of its own, 255 flow collections.
    if info == "recursion limit exceeded" {
        return format!("nested deeper than {MAX_DEPTH} levels");
    }
    let mut words = info.trim().trim_end_matches('.').to_owned();
    if words.chars().nth(1).is_none_or(|second| !second.is_uppercase()) {
        let first = words.chars().next().map_or(0, char::len_utf8);
        let lower = words[..first].to_lowercase();
        words.replace_range(..first, &lower);
    }
    words
}

/// Checks the size of what aliases unfold to, and returns which anchors an alias uses.
fn check_limits(places: &Places<'_>, tokens: &[(Token, Range<usize>)]) -> Result<BTreeMap<usize, bool>, Error> {
    let mut sizes: BTreeMap<usize, u64> = BTreeMap::new();
    let mut used = BTreeMap::new();
    // For each open collection: its anchor, the nodes in it so far.
    let mut open: Vec<(usize, u64)> = Vec::new();
    let mut total = 0u64;
    for (token, range) in tokens {
        let (anchor, size) = match token {
            Token::Open { anchor, .. } => {
                open.push((*anchor, 1));
                continue;
            }
            Token::Close => open.pop().expect("the parser closes only what it opened"),
            Token::Scalar { anchor, .. } => (*anchor, 1),
            Token::Alias { anchor } => {
                let Some(size) = sizes.get(anchor) else {
                    return Err(places.error("an alias stands inside the node that it names", range.clone()));
                };
                used.insert(*anchor, true);
                (0, *size)
            }
        };
        if anchor != 0 {
            sizes.insert(anchor, size);
        }
        match open.last_mut() {
            Some((_, parent)) => *parent = parent.saturating_add(size),
            None => total = total.saturating_add(size),
        }
        let so_far = open.last().map_or(total, |(_, size)| *size);
        if so_far > MAX_NODES {
            return Err(places.error(format!("aliases unfold to more than {MAX_NODES} nodes"), range.clone()));
        }
    }
    Ok(used)
}

struct Builder<'a> {
    places: &'a Places<'a>,
    used: BTreeMap<usize, bool>,
    anchors: BTreeMap<usize, Node>,
    duplicates: Vec<(Span, Span)>,
}

/// A collection whose end has not come yet.
struct Frame {
    map: bool,
    anchor: usize,
    tag: Option<String>,
    children: Vec<(Node, bool)>,
    start: usize,
    covered: Option<Span>,
}

impl Builder<'_> {
    fn build(&mut self, tokens: Vec<(Token, Range<usize>)>) -> Result<Node, Error> {
        let mut open: Vec<Frame> = Vec::new();
        for (token, range) in tokens {
            // Whether the node is a plain `<<`, which merges when it is a key.
            let mut merges = false;
            let (node, anchor) = match token {
                Token::Open { map, anchor, tag } => {
                    let frame = Frame { map, anchor, tag, children: Vec::new(), start: range.start, covered: None };
                    open.push(frame);
                    continue;
                }
                Token::Close => {
                    let frame = open.pop().expect("the parser closes only what it opened");
                    let anchor = frame.anchor;
                    (self.close(frame, range)?, anchor)
                }
                Token::Scalar { text, style, anchor, tag } => {
                    merges = tag.is_none() && style == Style::Plain && text == "<<";
                    let kind = match (&tag, style) {
                        (Some(tag), _) => scalar::resolve_tagged(tag, &text, style),
                        (None, Style::Plain) => scalar::resolve_plain(&text),
                        (None, _) => Kind::String(text, style),
                    };
                    let tag = tag.filter(|tag| !scalar::is_core(tag));
                    (Node { span: self.places.span(range), tag, kind }, anchor)
                }
                Token::Alias { anchor } => {
                    let named = self.anchors.get(&anchor).expect("the limits were checked with the same anchors");
                    (Node { span: self.places.span(range), ..named.clone() }, 0)
                }
            };
            if anchor != 0 && self.used.contains_key(&anchor) {
                self.anchors.insert(anchor, node.clone());
            }
            match open.last_mut() {
                Some(frame) => {
                    frame.covered = Some(frame.covered.map_or(node.span, |covered| covered.to(node.span)));
                    frame.children.push((node, merges));
                }
                None => return Ok(node),
            }
        }
        let at = self.places.skipped;
        Ok(Node::new(Kind::Null, self.places.span(at..at)))
    }

    fn close(&mut self, frame: Frame, end: Range<usize>) -> Result<Node, Error> {
        let span = frame.covered.unwrap_or_else(|| self.places.span(frame.start..end.end.max(frame.start)));
        let tag = frame.tag.filter(|tag| !scalar::is_core(tag));
        if !frame.map {
            let items = frame.children.into_iter().map(|(node, _)| node).collect();
            return Ok(Node { span, tag, kind: Kind::Seq(items) });
        }
        let mut merged: Vec<(Node, Node)> = Vec::new();
        let mut own: Vec<(Node, Node)> = Vec::new();
        let mut children = frame.children.into_iter();
        while let (Some((key, merges)), Some((value, _))) = (children.next(), children.next()) {
            if merges {
                merge_into(&mut merged, value)?;
            } else {
                own.push((key, value));
            }
        }
        Ok(Node { span, tag, kind: Kind::Map(self.join(merged, own)?) })
    }

    /// Puts a mapping's own entries over the merged ones, as a Python `dict` would: a key keeps its
    /// first position and gets its last value. Own keys given twice are reported and both kept.
    fn join(&mut self, merged: Vec<(Node, Node)>, own: Vec<(Node, Node)>) -> Result<Vec<(Node, Node)>, Error> {
        let mut entries: Vec<(Node, Node)> = Vec::with_capacity(merged.len() + own.len());
        let mut places: BTreeMap<KeyId, usize> = BTreeMap::new();
        for (key, value) in merged {
            match places.get(&KeyId::of(&key)?) {
                Some(at) => entries[*at].1 = value,
                None => {
                    places.insert(KeyId::of(&key)?, entries.len());
                    entries.push((key, value));
                }
            }
        }
        let n_merged = entries.len();
        let mut first_places: BTreeMap<KeyId, Span> = BTreeMap::new();
        for (key, value) in own {
            let id = KeyId::of(&key)?;
            let repeated = first_places.get(&id).copied();
            if let Some(first) = repeated {
                self.duplicates.push((first, key.span));
            } else {
                first_places.insert(id.clone(), key.span);
            }
            match places.get(&id) {
                Some(at) if *at < n_merged => entries[*at] = (key, value),
                _ => {
                    places.insert(id, entries.len());
                    entries.push((key, value));
                }
            }
        }
        Ok(entries)
    }
}

/// Takes in the value of `<<`: a mapping, or a list of mappings of which the first wins.
fn merge_into(merged: &mut Vec<(Node, Node)>, value: Node) -> Result<(), Error> {
    let refuse = |node: &Node| Error {
        message: format!("`<<` takes a mapping or a list of mappings, not {}", node.kind_name()),
        span: node.span,
    };
    match value.kind {
        Kind::Map(entries) => merged.extend(entries),
        Kind::Seq(items) => {
            for item in items.into_iter().rev() {
                match item.kind {
                    Kind::Map(entries) => merged.extend(entries),
                    _ => return Err(refuse(&item)),
                }
            }
        }
        _ => return Err(refuse(&value)),
    }
    Ok(())
}

/// When two keys are one key for Python: `1`, `1.0` and `true` are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum KeyId {
    Null,
    Integer(i64),
    Float(u64),
    Text(String),
}

impl KeyId {
    fn of(key: &Node) -> Result<KeyId, Error> {
        Ok(match &key.kind {
            Kind::Null => KeyId::Null,
            Kind::Bool(value) => KeyId::Integer(i64::from(*value)),
            Kind::Int(number) => KeyId::Integer(*number),
            Kind::Float(number) if number.fract() == 0.0 && number.abs() < 2f64.powi(53) => {
                KeyId::Integer(*number as i64)
            }
            Kind::Float(number) => KeyId::Float(number.to_bits()),
            Kind::String(text, _) => KeyId::Text(text.clone()),
            Kind::Seq(_) | Kind::Map(_) => {
                let message = format!("{} cannot be a key", key.kind_name());
                return Err(Error { message, span: key.span });
            }
        })
    }
}

#[cfg(test)]
mod tests;
