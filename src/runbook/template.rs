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
}

impl Template {
    /// Splits text into its parts. `$${` stands for `${`; a hole that is never closed is text.
    pub fn new(text: &str, span: Span) -> Template {
        // Escapes and quotes make the source longer than the value; then the place is the whole.
        let exact = span.range().len() == text.len();
        let (mut parts, mut literal, mut at) = (Vec::new(), String::new(), 0);
        while let Some(found) = text[at..].find("${") {
            let open = at + found;
            if text[..open].ends_with('$') {
                literal.push_str(&text[at..open - 1]);
                literal.push_str("${");
                at = open + 2;
                continue;
            }
            let Some(length) = text[open..].find('}') else { break };
            literal.push_str(&text[at..open]);
            if !literal.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut literal)));
            }
            let end = open + length + 1;
            let start = span.range().start;
            let place = if exact { Span::new(span.file, start + open..start + end) } else { span };
            parts.push(Part::Hole(Spanned::new(text[open + 2..end - 1].trim().to_owned(), place)));
            at = end;
        }
        literal.push_str(&text[at..]);
        if !literal.is_empty() || parts.is_empty() {
            parts.push(Part::Text(literal));
        }
        Template { text: text.to_owned(), span, parts }
    }

    /// Returns the names in holes.
    pub fn holes(&self) -> impl Iterator<Item = &Spanned<String>> {
        self.parts.iter().filter_map(|part| match part {
            Part::Hole(name) => Some(name),
            Part::Text(_) => None,
        })
    }
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

    /// Returns the parameters that it asks for, in order.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Condition::Is(name, _) | Condition::In(name, _) | Condition::Truth(name) => vec![name],
            Condition::Not(inner) => inner.names(),
            Condition::And(a, b) | Condition::Or(a, b) => [a.names(), b.names()].concat(),
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
        assert_eq!(Template::new("$${x} ${", template.span).parts, [Part::Text("${x} ${".into())]);
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
        assert!(Condition::parse(&"(".repeat(1000)).is_err());
        assert!(Condition::parse(&"not ".repeat(1000)).is_err());
    }
}
