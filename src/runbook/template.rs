//! Values with holes (`${component.name}`) and conditions over parameters.
//!
//! A hole is resolved when a plan is bound; scripts have no holes, they read environment variables.

use crate::text::{Span, Spanned};

/// Text in which `${name}` stands for a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The text as written.
    pub text: String,
    /// Where it stands.
    pub span: Span,
    /// Its parts in order.
    pub parts: Vec<Part>,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text for itself.
    Text(String),
    /// The name in a hole, with the place of the whole hole.
    Hole(Spanned<String>),
    /// A hole that is never closed, with the place of its `${`.
    Open(Span),
}

impl Template {
    /// Splits text into its parts. `$${` stands for `${`.
    pub fn new(text: &str, span: Span) -> Template {
        Template::written(text, span, None)
    }

    /// Splits text of a file into its parts. `written` is what stands at `span`, quotes and escapes
    /// included: the holes of the one are those of the other, in their order.
    pub(super) fn written(text: &str, span: Span, written: Option<&str>) -> Template {
        let n_open = text.matches(OPEN).count();
        let places =
            written.map(|written| (written, written.match_indices(OPEN).map(|(at, _)| at).collect::<Vec<_>>()));
        let places = places.filter(|(_, places)| places.len() == n_open);
        // Without its source, text knows the place of its holes where nothing made the source longer.
        let exact = span.range().len() == text.len();
        let place = |number: usize, open: usize, end: usize| {
            let (offset, length) = match &places {
                Some((written, places)) => {
                    let at = places[number];
                    let close = written[at..].find('}').filter(|_| end > open + OPEN.len());
                    (at, close.map_or(OPEN.len(), |close| close + 1))
                }
                None if exact => (open, end - open),
                None => return span,
            };
            let start = span.range().start + offset;
            Span::new(span.file, start..start + length)
        };
        let (mut parts, mut literal, mut at, mut number) = (Vec::new(), String::new(), 0, 0);
        while let Some(found) = text[at..].find(OPEN) {
            let open = at + found;
            if text[at..open].ends_with('$') {
                literal.push_str(&text[at..open - 1]);
                literal.push_str(OPEN);
                (at, number) = (open + OPEN.len(), number + 1);
                continue;
            }
            literal.push_str(&text[at..open]);
            if !literal.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut literal)));
            }
            let Some(length) = text[open..].find('}') else {
                parts.push(Part::Open(place(number, open, open + OPEN.len())));
                at = text.len();
                break;
            };
            let end = open + length + 1;
            let name = text[open + OPEN.len()..end - 1].trim().to_owned();
            parts.push(Part::Hole(Spanned::new(name, place(number, open, end))));
            number += text[open..end].matches(OPEN).count();
            at = end;
        }
        literal.push_str(&text[at..]);
        if !literal.is_empty() || parts.is_empty() {
            parts.push(Part::Text(literal));
        }
        Template { text: text.to_owned(), span, parts }
    }

    /// Makes a template of text in which nothing is a hole.
    pub fn literal(text: &str, span: Span) -> Template {
        Template { text: text.to_owned(), span, parts: vec![Part::Text(text.to_owned())] }
    }

    /// Returns the names in holes.
    pub fn holes(&self) -> impl Iterator<Item = &Spanned<String>> {
        self.parts.iter().filter_map(|part| match part {
            Part::Hole(name) => Some(name),
            Part::Text(_) | Part::Open(_) => None,
        })
    }

    /// Puts values into the holes: the one way in which a template becomes text. Where there is no
    /// value its [`mark`] stands, so that no hole ever leaves the language.
    pub fn fill(&self, value: &mut dyn FnMut(&Spanned<String>) -> Option<String>) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Hole(name) => out.push_str(&value(name).unwrap_or_else(|| mark(&name.value))),
                Part::Open(_) => out.push_str(&mark("?")),
            }
        }
        out
    }

    /// Splits it at blanks outside of holes: a value never becomes two words.
    pub fn words(&self) -> Vec<Template> {
        let mut words: Vec<Vec<Part>> = vec![Vec::new()];
        for part in &self.parts {
            let Part::Text(text) = part else {
                words.last_mut().expect("there is always a last word").push(part.clone());
                continue;
            };
            for (number, piece) in text.split(char::is_whitespace).enumerate() {
                if number > 0 {
                    words.push(Vec::new());
                }
                if !piece.is_empty() {
                    words.last_mut().expect("there is always a last word").push(Part::Text(piece.to_owned()));
                }
            }
        }
        let words = words.into_iter().filter(|parts| !parts.is_empty());
        words.map(|parts| Template { text: self.text.clone(), span: self.span, parts }).collect()
    }

    /// Returns the text as a page shows it, where no value is known.
    pub fn shown(&self) -> String {
        self.fill(&mut |_| None)
    }

    /// Returns the place of a hole that is never closed.
    pub fn open(&self) -> Option<Span> {
        self.parts.iter().find_map(|part| if let Part::Open(span) = part { Some(*span) } else { None })
    }
}

/// What opens a hole.
const OPEN: &str = "${";

/// What stands for a value that is not known yet: `‹version›` for `${params.version}`.
pub fn mark(name: &str) -> String {
    let shown = match name {
        "component.name" => "component",
        _ => name.strip_prefix("params.").or(name.strip_prefix("each.")).unwrap_or(name),
    };
    format!("‹{}›", shown.replace(OPEN, ""))
}

/// A condition over parameters: `kind == major`, `not dry_run`, `tier in [1, 2] and kind != x`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// A parameter equals a value.
    Is(String, String),
    /// A parameter is one of several values.
    In(String, Vec<String>),
    /// A parameter is true (not empty, not `false`, not `0`).
    Truth(String),
    /// The opposite.
    Not(Box<Condition>),
    /// Both.
    And(Box<Condition>, Box<Condition>),
    /// Either.
    Or(Box<Condition>, Box<Condition>),
}

impl Condition {
    /// Returns the conditions that must all hold for this one to hold.
    pub fn parts(&self) -> Vec<&Condition> {
        match self {
            Condition::And(left, right) => [left.parts(), right.parts()].concat(),
            own => vec![own],
        }
    }

    /// Reads a condition.
    ///
    /// # Errors
    /// Says what was expected, in words for a message.
    pub fn parse(text: &str) -> Result<Condition, String> {
        let mut reader = Reader { tokens: tokens(text)?, at: 0, depth: 0 };
        let condition = reader.any()?;
        match reader.peek() {
            None => Ok(condition),
            Some(token) => Err(format!("`{token}` is one word too many")),
        }
    }

    /// Decides, with the parameters' values as text.
    pub fn holds(&self, value: &impl Fn(&str) -> Option<String>) -> bool {
        match self {
            Condition::Is(name, wanted) => value(name).is_some_and(|found| found == *wanted),
            Condition::In(name, wanted) => value(name).is_some_and(|found| wanted.contains(&found)),
            Condition::Truth(name) => value(name).is_some_and(|found| !matches!(found.as_str(), "" | "false" | "0")),
            Condition::Not(inner) => !inner.holds(value),
            Condition::And(a, b) => a.holds(value) && b.holds(value),
            Condition::Or(a, b) => a.holds(value) || b.holds(value),
        }
    }

    /// Decides as far as parameters do; what asks for an output, which only a run knows, is left.
    ///
    /// # Errors
    /// Returns what is left.
    pub fn reduce(&self, value: &impl Fn(&str) -> Option<String>) -> Result<bool, Condition> {
        match self {
            Condition::Is(name, _) | Condition::In(name, _) | Condition::Truth(name) if is_output(name) => {
                Err(self.clone())
            }
            Condition::Is(..) | Condition::In(..) | Condition::Truth(_) => Ok(self.holds(value)),
            Condition::Not(inner) => match inner.reduce(value) {
                Ok(held) => Ok(!held),
                Err(rest) => Err(Condition::Not(Box::new(rest))),
            },
            Condition::And(a, b) => match (a.reduce(value), b.reduce(value)) {
                (Ok(false), _) | (_, Ok(false)) => Ok(false),
                (Ok(true), rest) | (rest, Ok(true)) => rest,
                (Err(a), Err(b)) => Err(Condition::And(Box::new(a), Box::new(b))),
            },
            Condition::Or(a, b) => match (a.reduce(value), b.reduce(value)) {
                (Ok(true), _) | (_, Ok(true)) => Ok(true),
                (Ok(false), rest) | (rest, Ok(false)) => rest,
                (Err(a), Err(b)) => Err(Condition::Or(Box::new(a), Box::new(b))),
            },
        }
    }

    /// Gives every name another one.
    #[must_use]
    pub fn renamed(&self, name: &mut impl FnMut(&str) -> String) -> Condition {
        match self {
            Condition::Is(old, value) => Condition::Is(name(old), value.clone()),
            Condition::In(old, values) => Condition::In(name(old), values.clone()),
            Condition::Truth(old) => Condition::Truth(name(old)),
            Condition::Not(inner) => Condition::Not(Box::new(inner.renamed(name))),
            Condition::And(a, b) => {
                let a = a.renamed(name);
                Condition::And(Box::new(a), Box::new(b.renamed(name)))
            }
            Condition::Or(a, b) => {
                let a = a.renamed(name);
                Condition::Or(Box::new(a), Box::new(b.renamed(name)))
            }
        }
    }

    /// Returns the parameters that it asks for, in order.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Condition::Is(name, _) | Condition::In(name, _) | Condition::Truth(name) => vec![name],
            Condition::Not(inner) => inner.names(),
            Condition::And(a, b) | Condition::Or(a, b) => [a.names(), b.names()].concat(),
        }
    }
}

/// What begins the name of an output in a condition: `outputs.decide.way`.
pub const OUTPUTS: &str = "outputs.";

/// Whether a name of a condition is that of an output.
pub fn is_output(name: &str) -> bool {
    name.starts_with(OUTPUTS)
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // No value holds both quotes: none can be written so.
        let quoted = |value: &String| if value.contains('"') { format!("'{value}'") } else { format!("\"{value}\"") };
        match self {
            Condition::Is(name, value) => write!(f, "{name} == {}", quoted(value)),
            Condition::In(name, values) => {
                write!(f, "{name} in [{}]", values.iter().map(quoted).collect::<Vec<_>>().join(", "))
            }
            Condition::Truth(name) => f.write_str(name),
            Condition::Not(inner) => write!(f, "not ({inner})"),
            Condition::And(a, b) => write!(f, "({a}) and ({b})"),
            Condition::Or(a, b) => write!(f, "({a}) or ({b})"),
        }
    }
}

const SIGNS: [&str; 7] = ["==", "!=", "(", ")", "[", "]", ","];

fn tokens(text: &str) -> Result<Vec<String>, String> {
    let (mut out, mut rest) = (Vec::new(), text.trim_start());
    while let Some(first) = rest.chars().next() {
        let length = if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            sign.len()
        } else if first == '"' || first == '\'' {
            rest[1..].find(first).map(|end| end + 2).ok_or_else(|| format!("a {first} is never closed"))?
        } else {
            rest.find(|ch: char| ch.is_whitespace() || "=!()[],'\"".contains(ch)).unwrap_or(rest.len())
        };
        if length == 0 {
            return Err(format!("`{first}` means nothing here"));
        }
        out.push(rest[..length].to_owned());
        if out.len() > 500 {
            return Err("it is longer than 500 words".to_owned());
        }
        rest = rest[length..].trim_start();
    }
    Ok(out)
}

struct Reader {
    tokens: Vec<String>,
    at: usize,
    depth: usize,
}

impl Reader {
    fn peek(&self) -> Option<&str> {
        self.tokens.get(self.at).map(String::as_str)
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.peek() == Some(token);
        self.at += usize::from(found);
        found
    }

    fn any(&mut self) -> Result<Condition, String> {
        let mut left = self.all()?;
        while self.take("or") {
            left = Condition::Or(Box::new(left), Box::new(self.all()?));
        }
        Ok(left)
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut left = self.one()?;
        while self.take("and") {
            left = Condition::And(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Condition, String> {
        self.depth += 1;
        if self.depth > 64 {
            return Err("it is nested too deeply".to_owned());
        }
        let found = self.one_within();
        self.depth -= 1;
        found
    }

    fn one_within(&mut self) -> Result<Condition, String> {
        if self.take("not") {
            return Ok(Condition::Not(Box::new(self.one()?)));
        }
        if self.take("(") {
            let inner = self.any()?;
            return if self.take(")") { Ok(inner) } else { Err("a `(` is never closed".to_owned()) };
        }
        let name = self.word("a parameter")?;
        let name = name.strip_prefix("params.").unwrap_or(&name).to_owned();
        if self.take("==") {
            return Ok(Condition::Is(name, self.word("a value")?));
        }
        if self.take("!=") {
            return Ok(Condition::Not(Box::new(Condition::Is(name, self.word("a value")?))));
        }
        if self.take("in") {
            if !self.take("[") {
                return Err("`in` wants a list in brackets".to_owned());
            }
            let mut values = Vec::new();
            while !self.take("]") {
                values.push(self.word("a value")?);
                self.take(",");
            }
            return Ok(Condition::In(name, values));
        }
        Ok(Condition::Truth(name))
    }

    fn word(&mut self, wanted: &str) -> Result<String, String> {
        match self.peek() {
            Some(token) if !SIGNS.contains(&token) && !matches!(token, "and" | "or" | "not" | "in") => {
                let word = token.trim_matches(['"', '\'']).to_owned();
                self.at += 1;
                Ok(word)
            }
            Some(token) => Err(format!("`{token}` stands where {wanted} is expected")),
            None => Err(format!("it ends where {wanted} is expected")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SitePath;

    #[test]
    fn holes_know_their_places() {
        let text = "configs/${env}/${ component.name }.yaml";
        let template = Template::new(text, Span::new(SitePath::new("a.md"), 10..10 + text.len()));
        let holes: Vec<_> = template.holes().map(|hole| (hole.value.as_str(), hole.span.range())).collect();
        assert_eq!(holes, [("env", 18..24), ("component.name", 25..44)]);
        assert_eq!(Template::new("$${x}", template.span).parts, [Part::Text("${x}".into())]);
        assert!(Template::new("a ${b", template.span).open().is_some());
        let (text, written) = ("a ${x} \"$${y}\" ${z}", r#""a ${x} \"$${y}\" ${z}""#);
        let quoted = Template::written(text, Span::new(template.span.file, 3..3 + written.len()), Some(written));
        let places: Vec<_> = quoted.holes().map(|hole| (hole.value.as_str(), hole.span.range())).collect();
        assert_eq!(places, [("x", 6..10), ("z", 21..25)]);
    }

    #[test]
    fn no_hole_leaves_the_language() {
        let span = Span::at_start(SitePath::new("a.md"));
        let filled = |text: &str| {
            let mut value = |name: &Spanned<String>| (name.value == "params.a").then(|| "${env}".to_owned());
            Template::new(text, span).fill(&mut value)
        };
        // A value is data: what looks like a hole in it stays.
        assert_eq!(filled("x ${params.a} ${ params.a }"), "x ${env} ${env}");
        assert_eq!(filled("${params.b} ${component.name} ${env} ${"), "‹b› ‹component› ‹env› ‹?›");
        assert_eq!(filled("$${params.a} $$${params.a} $ {"), "${params.a} $${params.a} $ {");
        assert_eq!(filled("${a${b}}"), "‹ab›}");
        let words = Template::new(" deploy/${ params.a }  x", span).words();
        assert_eq!(words.iter().map(Template::shown).collect::<Vec<_>>(), ["deploy/‹a›", "x"]);
    }

    #[test]
    fn conditions_decide_over_parameters() {
        let value = |name: &str| Some(if name == "kind" { "major".to_owned() } else { "false".to_owned() });
        let holds = |text: &str| Condition::parse(text).map(|condition| condition.holds(&value));
        assert_eq!(holds("kind == major"), Ok(true));
        assert_eq!(holds("params.kind != 'major'"), Ok(false));
        assert_eq!(holds("kind in [minor, \"major\"] and not dry"), Ok(true));
        assert_eq!(holds("dry or (kind == a)"), Ok(false));
        assert_eq!(holds("kind =="), Err("it ends where a value is expected".into()));
        assert_eq!(holds("kind = x"), Err("`=` means nothing here".into()));
        let reduced = |text: &str| {
            let condition = Condition::parse(text).expect("it is a condition");
            condition.reduce(&value).map_err(|rest| rest.to_string())
        };
        assert_eq!(reduced("kind == major or outputs.a.b == c"), Ok(true));
        assert_eq!(reduced("kind == major and not outputs.a.b == c"), Err("not (outputs.a.b == \"c\")".into()));
        let rest = reduced("outputs.x in [a, 'b c'] or (outputs.y and kind != minor)").expect_err("it is not known");
        assert_eq!(Condition::parse(&rest).map(|condition| condition.to_string()), Ok(rest));
        assert!(Condition::parse(&"(".repeat(1000)).is_err());
        assert!(Condition::parse(&"not ".repeat(1000)).is_err());
    }
}
