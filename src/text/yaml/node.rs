//! The tree.

use crate::text::{Span, Spanned};

/// How a scalar was written; what was quoted is a string whatever it looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single or double quotes.
    Quoted,
    /// As a `|` or `>` block.
    Block,
}

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The text it was read from; of a mapping or a sequence, from its first to its last child.
    pub span: Span,
    /// The tag as written, such as `!ENV` or `tag:yaml.org,2002:python/name:pymdownx.slugs.slugify`
    /// (`!!` is spelled out).
    pub tag: Option<String>,
    /// The value.
    pub kind: Kind,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `null`, `~`, or nothing.
    Null,
    /// A YAML 1.1 boolean.
    Bool(bool),
    /// An integer that fits 64 bits.
    Int(i64),
    /// A float.
    Float(f64),
    /// Any other scalar. Dates stay text: who wants a date reads it as one.
    String(String, Style),
    /// A sequence.
    Seq(Vec<Node>),
    /// A mapping in the order written, merge keys applied; of two equal keys both stand here and
    /// [`Node::get`] finds the last, as PyYAML does.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// Makes a node without a tag.
    pub fn new(kind: Kind, span: Span) -> Node {
        Node { span, tag: None, kind }
    }

    /// Writes the value without its places: two values are equal where their texts are.
    pub fn canonical(&self) -> String {
        let mut out = self.tag.as_ref().map_or_else(String::new, |tag| format!("!<{tag}> "));
        match &self.kind {
            Kind::Seq(items) => {
                out.push('[');
                for item in items {
                    out.push_str(&item.canonical());
                    out.push(',');
                }
                out.push(']');
            }
            Kind::Map(entries) => {
                out.push('{');
                for (key, value) in entries {
                    out.push_str(&format!("{}:{},", key.canonical(), value.canonical()));
                }
                out.push('}');
            }
            Kind::String(text, _) => out.push_str(&format!("{text:?}")),
            scalar => out.push_str(&format!("{scalar:?}")),
        }
        out
    }

    /// Returns the text of a string scalar.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text, _) => Some(text),
            _ => None,
        }
    }

    /// Returns any scalar as Python's `str` would show it; `None` for null and collections.
    pub fn scalar_text(&self) -> Option<String> {
        match &self.kind {
            Kind::String(text, _) => Some(text.clone()),
            Kind::Bool(true) => Some("True".to_owned()),
            Kind::Bool(false) => Some("False".to_owned()),
            Kind::Int(number) => Some(number.to_string()),
            Kind::Float(number) => Some(python_float(*number)),
            Kind::Null | Kind::Seq(_) | Kind::Map(_) => None,
        }
    }

    /// Returns the value of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        if let Kind::Bool(value) = self.kind { Some(value) } else { None }
    }

    /// Returns the value of an integer.
    pub fn as_int(&self) -> Option<i64> {
        if let Kind::Int(value) = self.kind { Some(value) } else { None }
    }

    /// Returns the items of a sequence.
    pub fn as_seq(&self) -> Option<&[Node]> {
        if let Kind::Seq(items) = &self.kind { Some(items) } else { None }
    }

    /// Returns the entries of a mapping in the order written.
    pub fn as_map(&self) -> Option<&[(Node, Node)]> {
        if let Kind::Map(entries) = &self.kind { Some(entries) } else { None }
    }

    /// Tells whether the value is null.
    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    /// Returns the value of a key; of several equal keys, the last.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.iter().rev().find(|(name, _)| name.as_str() == Some(key)).map(|(_, value)| value)
    }

    /// Returns the text of a string scalar with its place.
    pub fn spanned_str(&self) -> Option<Spanned<String>> {
        self.as_str().map(|text| Spanned::new(text.to_owned(), self.span))
    }

    /// Names the kind for a message: `a list`, `a number`, …
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Null => "nothing",
            Kind::Bool(_) => "true or false",
            Kind::Int(_) | Kind::Float(_) => "a number",
            Kind::String(..) => "text",
            Kind::Seq(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }
}

/// Python's `repr` of a float: an exponent below 1e-4 and from 1e16 on, of two digits at least.
fn python_float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    let text = format!("{number:?}");
    match text.split_once('e') {
        None => text,
        Some((mantissa, exponent)) => {
            let mantissa = mantissa.strip_suffix(".0").unwrap_or(mantissa);
            let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
            format!("{mantissa}e{sign}{digits:0>2}")
        }
    }
}
