//! Jinja2's expressions: text to tree.

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    None,
    Name(String),
    List(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
    Attr(Box<Expr>, String),
    Item(Box<Expr>, Box<Expr>),
    Slice(Box<Expr>, [Option<Box<Expr>>; 3]),
    Call(Box<Expr>, Args),
    Filter(Box<Expr>, String, Args),
    Test { of: Box<Expr>, name: String, args: Args, negated: bool },
    Not(Box<Expr>),
    Negative(Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    If { condition: Box<Expr>, then: Box<Expr>, otherwise: Option<Box<Expr>> },
}

/// Arguments by place and by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Args {
    pub(super) by_place: Vec<Expr>,
    pub(super) by_name: Vec<(String, Expr)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Text(String),
    Int(i64),
    Float(f64),
    Name(String),
    Sign(&'static str),
}

/// Longer signs first.
const SIGNS: &[&str] = &[
    "**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "(", ")", "[", "]", "{", "}", ",", ".",
    ":", "|", "=",
];

/// Expressions nested deeper are refused.
const MAX_DEPTH: usize = 50;
/// Longer expressions are refused; a tree of them would be as deep.
const MAX_TOKENS: usize = 1000;

/// Parses a whole text as one expression, or several with commas between them (a list then).
pub(super) fn parse(text: &str) -> Result<Expr, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
    let first = parser.ternary()?;
    let expr = if parser.peek_sign(",") {
        let mut items = vec![first];
        while parser.take_sign(",") && !parser.is_done() {
            items.push(parser.ternary()?);
        }
        Expr::List(items)
    } else {
        first
    };
    if parser.is_done() { Ok(expr) } else { Err(format!("{} is not expected here", parser.here())) }
}

/// Parses what stands between the parentheses of a macro's definition: names, some with defaults.
pub(super) fn parse_parameters(text: &str) -> Result<Vec<(String, Option<Expr>)>, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
    let mut parameters = Vec::new();
    while !parser.is_done() {
        let name = parser.name()?;
        let default = if parser.take_sign("=") { Some(parser.ternary()?) } else { None };
        parameters.push((name, default));
        if !parser.take_sign(",") && !parser.is_done() {
            return Err(format!("{} is not expected here", parser.here()));
        }
    }
    Ok(parameters)
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        if tokens.len() == MAX_TOKENS {
            return Err("the expression is too long".to_owned());
        }
        if first == '"' || first == '\'' {
            let (text, len) = string(rest, first)?;
            tokens.push(Token::Text(text));
            rest = &rest[len..];
        } else if first.is_ascii_digit() {
            let (number, is_float) = number(rest);
            let plain = number.replace('_', "");
            let token =
                if is_float { plain.parse().ok().map(Token::Float) } else { plain.parse().ok().map(Token::Int) };
            tokens.push(token.ok_or_else(|| format!("`{number}` is too large"))?);
            rest = &rest[number.len()..];
        } else if first.is_alphabetic() || first == '_' {
            let len = rest.find(|ch: char| !(ch.is_alphanumeric() || ch == '_')).unwrap_or(rest.len());
            tokens.push(Token::Name(rest[..len].to_owned()));
            rest = &rest[len..];
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else {
            return Err(format!("`{first}` has no meaning in an expression"));
        }
    }
}

/// The number that a text begins with, and whether it is a float: `1_000`, `1.5`, `2e3`.
fn number(text: &str) -> (&str, bool) {
    let digits = |from: usize| {
        text[from..].find(|ch: char| !(ch.is_ascii_digit() || ch == '_')).map_or(text.len(), |len| from + len)
    };
    let begins_digit = |at: usize| text[at..].starts_with(|ch: char| ch.is_ascii_digit());
    let mut end = digits(0);
    let whole = end;
    if text[end..].starts_with('.') && begins_digit(end + 1) {
        end = digits(end + 1);
    }
    if text[end..].starts_with(['e', 'E']) {
        let power = end + 1 + usize::from(text[end + 1..].starts_with(['+', '-']));
        if begins_digit(power) {
            end = digits(power);
        }
    }
    (&text[..end], end > whole)
}

/// A quoted text with Python's escapes, and its length in bytes.
fn string(text: &str, quote: char) -> Result<(String, usize), String> {
    let mut out = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((at, ch)) = letters.next() {
        match ch {
            _ if ch == quote => return Ok((out, at + 1)),
            '\\' => match letters.next() {
                Some((_, 'n')) => out.push('\n'),
                Some((_, 't')) => out.push('\t'),
                Some((_, 'r')) => out.push('\r'),
                Some((_, same @ ('\\' | '\'' | '"'))) => out.push(same),
                Some((_, other)) => {
                    out.push('\\');
                    out.push(other);
                }
                None => break,
            },
            _ => out.push(ch),
        }
    }
    Err("a quoted text has no end".to_owned())
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

type Parsed = Result<Expr, String>;

impl Parser {
    fn is_done(&self) -> bool {
        self.at == self.tokens.len()
    }

    fn here(&self) -> String {
        match self.tokens.get(self.at) {
            None => "the end".to_owned(),
            Some(Token::Text(text)) => format!("the text `{text}`"),
            Some(Token::Int(number)) => format!("`{number}`"),
            Some(Token::Float(number)) => format!("`{number}`"),
            Some(Token::Name(name)) => format!("`{name}`"),
            Some(Token::Sign(sign)) => format!("`{sign}`"),
        }
    }

    fn peek_sign(&self, sign: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token::Sign(known)) if *known == sign)
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = self.peek_sign(sign);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.take_sign(sign) { Ok(()) } else { Err(format!("`{sign}` is missing before {}", self.here())) }
    }

    fn peek_word(&self, word: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token::Name(name)) if name == word)
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.peek_word(word);
        self.at += usize::from(found);
        found
    }

    fn name(&mut self) -> Result<String, String> {
        match self.tokens.get(self.at) {
            Some(Token::Name(name)) => {
                self.at += 1;
                Ok(name.clone())
            }
            _ => Err(format!("a name is missing before {}", self.here())),
        }
    }

    fn ternary(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("the expression is nested too deep".to_owned());
        }
        let mut value = self.or()?;
        while self.take_word("if") {
            let condition = self.or()?;
            let otherwise = if self.take_word("else") { Some(Box::new(self.ternary()?)) } else { None };
            value = Expr::If { condition: Box::new(condition), then: Box::new(value), otherwise };
        }
        self.depth -= 1;
        Ok(value)
    }

    fn or(&mut self) -> Parsed {
        let mut left = self.and()?;
        while self.take_word("or") {
            left = Expr::Binary("or", Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed {
        let mut left = self.not()?;
        while self.take_word("and") {
            left = Expr::Binary("and", Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Parsed {
        let mut n_nots = 0;
        while self.take_word("not") {
            n_nots += 1;
        }
        let inner = self.comparison()?;
        Ok((0..n_nots).fold(inner, |inner, _| Expr::Not(Box::new(inner))))
    }

    fn comparison(&mut self) -> Parsed {
        let mut left = self.sum()?;
        loop {
            let sign = ["==", "!=", "<=", ">=", "<", ">"].into_iter().find(|sign| self.peek_sign(sign));
            if let Some(sign) = sign {
                self.at += 1;
                left = Expr::Binary(sign, Box::new(left), Box::new(self.sum()?));
            } else if self.take_word("in") {
                left = Expr::Binary("in", Box::new(left), Box::new(self.sum()?));
            } else if self.peek_word("not")
                && matches!(self.tokens.get(self.at + 1), Some(Token::Name(name)) if name == "in")
            {
                self.at += 2;
                left = Expr::Not(Box::new(Expr::Binary("in", Box::new(left), Box::new(self.sum()?))));
            } else {
                return Ok(left);
            }
        }
    }

    fn binary(&mut self, signs: &[&'static str], next: fn(&mut Parser) -> Parsed) -> Parsed {
        let mut left = next(self)?;
        while let Some(sign) = signs.iter().find(|sign| self.peek_sign(sign)) {
            self.at += 1;
            left = Expr::Binary(sign, Box::new(left), Box::new(next(self)?));
        }
        Ok(left)
    }

    fn sum(&mut self) -> Parsed {
        self.binary(&["+", "-"], Parser::joined)
    }

    fn joined(&mut self) -> Parsed {
        self.binary(&["~"], Parser::product)
    }

    fn product(&mut self) -> Parsed {
        self.binary(&["*", "//", "/", "%"], Parser::power)
    }

    fn power(&mut self) -> Parsed {
        self.binary(&["**"], Parser::unary)
    }

    fn unary(&mut self) -> Parsed {
        if self.take_sign("-") {
            let inner = self.postfix()?;
            return self.filters(Expr::Negative(Box::new(inner)));
        }
        self.take_sign("+");
        let inner = self.postfix()?;
        self.filters(inner)
    }

    fn filters(&mut self, mut value: Expr) -> Parsed {
        loop {
            if self.take_sign("|") {
                let name = self.dotted_name()?;
                let args = if self.take_sign("(") { self.args()? } else { Args::default() };
                value = Expr::Filter(Box::new(value), name, args);
            } else if self.take_word("is") {
                let negated = self.take_word("not");
                let name = self.name()?;
                let args = self.test_args()?;
                value = Expr::Test { of: Box::new(value), name, args, negated };
            } else {
                return Ok(value);
            }
        }
    }

    fn dotted_name(&mut self) -> Result<String, String> {
        let mut name = self.name()?;
        while self.take_sign(".") {
            name = format!("{name}.{}", self.name()?);
        }
        Ok(name)
    }

    /// `is divisibleby(3)`, or `is divisibleby 3`.
    fn test_args(&mut self) -> Result<Args, String> {
        if self.take_sign("(") {
            return self.args();
        }
        let begins_value = match self.tokens.get(self.at) {
            Some(Token::Text(_) | Token::Int(_) | Token::Float(_)) => true,
            Some(Token::Name(name)) => !matches!(name.as_str(), "and" | "or" | "else" | "if" | "is" | "in" | "not"),
            _ => false,
        };
        let by_place = if begins_value { vec![self.postfix()?] } else { Vec::new() };
        Ok(Args { by_place, by_name: Vec::new() })
    }

    fn args(&mut self) -> Result<Args, String> {
        let mut args = Args::default();
        while !self.take_sign(")") {
            let named = matches!(
                (self.tokens.get(self.at), self.tokens.get(self.at + 1)),
                (Some(Token::Name(_)), Some(Token::Sign("=")))
            );
            if named {
                let name = self.name()?;
                self.at += 1;
                args.by_name.push((name, self.ternary()?));
            } else {
                args.by_place.push(self.ternary()?);
            }
            if !self.take_sign(",") && !self.peek_sign(")") {
                return Err(format!("`)` is missing before {}", self.here()));
            }
        }
        Ok(args)
    }

    fn postfix(&mut self) -> Parsed {
        let mut value = self.primary()?;
        loop {
            if self.take_sign(".") {
                let name = match self.tokens.get(self.at) {
                    Some(Token::Int(number)) => number.to_string(),
                    _ => self.name()?,
                };
                if matches!(self.tokens.get(self.at), Some(Token::Int(_))) {
                    self.at += 1;
                    let index = name.parse().map_err(|_| "an index is too large".to_owned())?;
                    value = Expr::Item(Box::new(value), Box::new(Expr::Int(index)));
                } else {
                    value = Expr::Attr(Box::new(value), name);
                }
            } else if self.take_sign("[") {
                value = self.subscript(value)?;
            } else if self.take_sign("(") {
                value = Expr::Call(Box::new(value), self.args()?);
            } else {
                return Ok(value);
            }
        }
    }

    fn subscript(&mut self, value: Expr) -> Parsed {
        let mut bounds: [Option<Box<Expr>>; 3] = [None, None, None];
        let mut n_colons = 0;
        loop {
            if self.take_sign("]") {
                break;
            }
            if self.take_sign(":") {
                n_colons += 1;
                if n_colons > 2 {
                    return Err("a slice has three parts at most".to_owned());
                }
                continue;
            }
            bounds[n_colons] = Some(Box::new(self.ternary()?));
            if !self.peek_sign(":") && !self.peek_sign("]") {
                return Err(format!("`]` is missing before {}", self.here()));
            }
        }
        match (n_colons, bounds) {
            (0, [Some(index), ..]) => Ok(Expr::Item(Box::new(value), index)),
            (0, _) => Err("an index is missing".to_owned()),
            (_, bounds) => Ok(Expr::Slice(Box::new(value), bounds)),
        }
    }

    fn primary(&mut self) -> Parsed {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        match token {
            Some(Token::Text(mut text)) => {
                // Neighbouring texts are one, as in Python.
                while let Some(Token::Text(more)) = self.tokens.get(self.at) {
                    text.push_str(more);
                    self.at += 1;
                }
                Ok(Expr::Text(text))
            }
            Some(Token::Int(number)) => Ok(Expr::Int(number)),
            Some(Token::Float(number)) => Ok(Expr::Float(number)),
            Some(Token::Name(name)) => Ok(match name.as_str() {
                "true" | "True" => Expr::Bool(true),
                "false" | "False" => Expr::Bool(false),
                "none" | "None" => Expr::None,
                _ => Expr::Name(name),
            }),
            Some(Token::Sign("(")) => {
                let mut items = Vec::new();
                let mut is_tuple = false;
                while !self.take_sign(")") {
                    items.push(self.ternary()?);
                    if self.take_sign(",") {
                        is_tuple = true;
                    } else if !self.peek_sign(")") {
                        return Err(format!("`)` is missing before {}", self.here()));
                    }
                }
                match items.pop() {
                    Some(only) if !is_tuple && items.is_empty() => Ok(only),
                    Some(last) => {
                        items.push(last);
                        Ok(Expr::List(items))
                    }
                    None => Ok(Expr::List(items)),
                }
            }
            Some(Token::Sign("[")) => {
                let mut items = Vec::new();
                while !self.take_sign("]") {
                    items.push(self.ternary()?);
                    if !self.take_sign(",") && !self.peek_sign("]") {
                        return Err(format!("`]` is missing before {}", self.here()));
                    }
                }
                Ok(Expr::List(items))
            }
            Some(Token::Sign("{")) => {
                let mut entries = Vec::new();
                while !self.take_sign("}") {
                    let key = self.ternary()?;
                    self.expect(":")?;
                    entries.push((key, self.ternary()?));
                    if !self.take_sign(",") && !self.peek_sign("}") {
                        return Err(format!("`}}` is missing before {}", self.here()));
                    }
                }
                Ok(Expr::Map(entries))
            }
            _ => {
                self.at -= 1;
                Err(format!("a value is missing before {}", self.here()))
            }
        }
    }
}
