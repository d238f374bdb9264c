//! Jinja templates, alone and around YAML, as Pygments' `DjangoLexer` and `YamlJinjaLexer` cut them.

use super::scan::{byte, char_at, digits, is_word, next_char, run, run_bytes, space, word};
use super::weave::{Piece, weave};
use super::{Tokens, yaml};

/// Colours a template; what is outside of its marks is `Other`.
pub(super) fn lex(text: &str, tokens: &mut Tokens) {
    for piece in pieces(text) {
        match piece {
            Piece::Mark(end, class) => tokens.upto(end, class),
            Piece::Code(range) => tokens.upto(range.end, "x"),
        }
    }
}

/// Colours a template of a YAML file.
pub(super) fn lex_yaml(text: &str, tokens: &mut Tokens) {
    weave(text, &pieces(text), yaml::lex, tokens);
}

/// Cuts a template: marks, and the text between them.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    // What nothing closes is looked for once: comments, comment blocks, raw blocks.
    let mut unclosed = [false; 3];
    let mut at = 0;
    while at < text.len() {
        let brace = at + text[at..].find('{').unwrap_or(text.len() - at);
        if brace > at {
            pieces.push(Piece::Code(at..brace));
            at = brace;
            continue;
        }
        at = match byte(text, at + 1) {
            b'{' => {
                pieces.push(Piece::Mark(at + 2, "cp"));
                inside(text, at + 2, "}}", &mut pieces)
            }
            b'#' if !unclosed[0] && text[at + 2..].contains("#}") => {
                let end = at + 2 + text[at + 2..].find("#}").map_or(0, |end| end + 2);
                pieces.push(Piece::Mark(end, "c"));
                end
            }
            b'#' => {
                unclosed[0] = true;
                pieces.push(Piece::Code(at..at + 1));
                at + 1
            }
            b'%' => match block(text, at, &mut unclosed, &mut pieces) {
                Some(end) => end,
                None => {
                    pieces.push(Piece::Code(at..at + 1));
                    at + 1
                }
            },
            _ => {
                pieces.push(Piece::Code(at..at + 1));
                at + 1
            }
        };
    }
    pieces
}

/// `-?\s*` or `\s*-?` around a word of a block.
fn trimming(text: &str, at: usize) -> usize {
    space(text, at + usize::from(byte(text, at) == b'-'))
}

/// `{% word …`.
fn block(text: &str, at: usize, unclosed: &mut [bool; 3], pieces: &mut Vec<Piece>) -> Option<usize> {
    let start = trimming(text, at + 2);
    for (idx, name, class) in [(1, "comment", "c"), (2, "raw", "")] {
        if text[start..].starts_with(name) && !unclosed[idx] {
            match whole_block(text, at, start, name, class, pieces) {
                Ok(Some(end)) => return Some(end),
                Ok(None) => {}
                Err(Unclosed) => unclosed[idx] = true,
            }
        }
    }
    let end = name_end(text, start)?;
    pieces.push(Piece::Mark(at + 2, "cp"));
    pieces.push(Piece::Mark(start, ""));
    if text[start..].starts_with("filter") {
        let name = space(text, start + 6);
        if let Some(name_end) = name_end(text, name).filter(|_| name > start + 6) {
            pieces.push(Piece::Mark(start + 6, "k"));
            pieces.push(Piece::Mark(name, ""));
            pieces.push(Piece::Mark(name_end, "nf"));
            return Some(inside(text, name_end, "%}", pieces));
        }
    }
    pieces.push(Piece::Mark(end, "k"));
    Some(inside(text, end, "%}", pieces))
}

struct Unclosed;

/// `{% raw %} … {% endraw %}`.
fn whole_block(
    text: &str,
    at: usize,
    start: usize,
    name: &str,
    class: &'static str,
    pieces: &mut Vec<Piece>,
) -> Result<Option<usize>, Unclosed> {
    let close = |from: usize| {
        let dash = space(text, from);
        let end = dash + usize::from(byte(text, dash) == b'-');
        text[end..].starts_with("%}").then_some(end)
    };
    let Some(open_end) = close(start + name.len()) else { return Ok(None) };
    let mut from = open_end + 2;
    while let Some(found) = text[from..].find("{%") {
        let mark = from + found;
        let word = trimming(text, mark + 2);
        let ends = text[word..].strip_prefix("end").is_some_and(|rest| rest.starts_with(name));
        if ends && let Some(end) = close(word + 3 + name.len()) {
            let ends = [
                (at + 2, "cp"),
                (start, ""),
                (start + name.len(), "k"),
                (open_end, ""),
                (open_end + 2, "cp"),
                (mark, class),
                (mark + 2, "cp"),
                (word, ""),
                (word + 3 + name.len(), "k"),
                (end, ""),
                (end + 2, "cp"),
            ];
            pieces.extend(ends.map(|(end, class)| Piece::Mark(end, class)));
            return Ok(Some(end + 2));
        }
        from = mark + 2;
    }
    Err(Unclosed)
}

/// `[a-zA-Z_]\w*`.
fn name_end(text: &str, at: usize) -> Option<usize> {
    matches!(byte(text, at), b'a'..=b'z' | b'A'..=b'Z' | b'_').then(|| word(text, at))
}

/// The inside of `{{ }}` or `{% %}`, up to behind its end.
fn inside(text: &str, mut at: usize, close: &str, pieces: &mut Vec<Piece>) -> usize {
    let mut unclosed = [false; 2];
    while at < text.len() {
        let dash = usize::from(byte(text, at) == b'-');
        if text[at + dash..].starts_with(close) {
            pieces.push(Piece::Mark(at + dash, ""));
            pieces.push(Piece::Mark(at + dash + 2, "cp"));
            return at + dash + 2;
        }
        let blank = space(text, at);
        if blank > at {
            pieces.push(Piece::Mark(blank, ""));
            at = blank;
            continue;
        }
        at = match expression(text, at, &mut unclosed, pieces) {
            Some(end) => end,
            None => {
                let end = next_char(text, at);
                pieces.push(Piece::Mark(end, if close == "%}" { "p" } else { "err" }));
                end
            }
        };
    }
    at
}

/// One token of an expression.
fn expression(text: &str, at: usize, unclosed: &mut [bool; 2], pieces: &mut Vec<Piece>) -> Option<usize> {
    let first = byte(text, at);
    if first == b'|' {
        let name = space(text, at + 1);
        let end = name_end(text, name)?;
        pieces.extend([Piece::Mark(at + 1, "o"), Piece::Mark(name, ""), Piece::Mark(end, "nf")]);
        return Some(end);
    }
    if text[at..].starts_with("is")
        && let Some(end) = test(text, at, pieces)
    {
        return Some(end);
    }
    let (end, class) = if name_end(text, at).is_some() {
        name(text, at)
    } else if first == b'.' && char_at(text, at + 1).is_some_and(is_word) {
        (word(text, at + 1), "nv")
    } else if let Some(end) = string(text, at, unclosed) {
        let quote = byte(text, end - 1);
        (end, if quote == b'"' { "s2" } else { "s1" })
    } else if b"{}()[]+-*/%,:~".contains(&first) && first != 0 {
        (at + 1, "o")
    } else if matches!(first, b'<' | b'>' | b'=') || text[at..].starts_with("!=") {
        (at + if byte(text, at + 1) == b'=' { 2 } else { 1 }, "o")
    } else if first.is_ascii_digit() {
        (number(text, at), "m")
    } else {
        return None;
    };
    pieces.push(Piece::Mark(end, class));
    Some(end)
}

/// `is [not] name`.
fn test(text: &str, at: usize, pieces: &mut Vec<Piece>) -> Option<usize> {
    let start = space(text, at + 2);
    if start == at + 2 {
        return None;
    }
    if text[start..].starts_with("not") {
        let name = space(text, start + 3);
        if let Some(end) = name_end(text, name) {
            let ends = [(at + 2, "k"), (start, ""), (start + 3, "k"), (name, ""), (end, "nf")];
            pieces.extend(ends.map(|(end, class)| Piece::Mark(end, class)));
            return Some(end);
        }
    }
    let end = name_end(text, start)?;
    pieces.extend([Piece::Mark(at + 2, "k"), Piece::Mark(start, ""), Piece::Mark(end, "nf")]);
    Some(end)
}

fn name(text: &str, at: usize) -> (usize, &'static str) {
    let end = word(text, at);
    match &text[at..end] {
        "_" | "true" | "false" | "none" | "True" | "False" | "None" => (end, "kp"),
        "with" => {
            let context = space(text, end);
            let whole = word(text, context);
            if &text[context..whole] == "context" { (whole, "k") } else { (end, "k") }
        }
        "without" => {
            let context = space(text, end);
            let whole = word(text, context);
            if &text[context..whole] == "context" { (whole, "k") } else { (hyphenated(text, end), "nv") }
        }
        "ignore" => {
            let missing = space(text, end);
            let whole = word(text, missing);
            let both = missing > end && &text[missing..whole] == "missing";
            if both { (whole, "k") } else { (hyphenated(text, end), "nv") }
        }
        "in" | "as" | "reversed" | "recursive" | "not" | "and" | "or" | "is" | "if" | "else" | "import" | "scoped"
        | "withcontext" | "withoutcontext" => (end, "k"),
        "loop" | "block" | "super" | "forloop" => (end, "nb"),
        _ => (hyphenated(text, end), "nv"),
    }
}

fn hyphenated(text: &str, at: usize) -> usize {
    run(text, at, |ch| is_word(ch) || ch == '-')
}

/// A string, with an optional colon before it.
fn string(text: &str, at: usize, unclosed: &mut [bool; 2]) -> Option<usize> {
    let quote_at = at + usize::from(byte(text, at) == b':');
    let quote = byte(text, quote_at);
    let idx = match quote {
        b'"' => 0,
        b'\'' => 1,
        _ => return None,
    };
    if unclosed[idx] {
        return None;
    }
    let bytes = text.as_bytes();
    let mut end = quote_at + 1;
    while end < bytes.len() {
        match bytes[end] {
            b'\\' => end += 2,
            found if found == quote => return Some(end + 1),
            _ => end += 1,
        }
    }
    unclosed[idx] = true;
    None
}

/// `[0-9](\.[0-9]*)?(eE[+-][0-9])?[flFLdD]?`: one digit before the point.
fn number(text: &str, at: usize) -> usize {
    let mut end = at + 1;
    if byte(text, end) == b'.' {
        end = digits(text, end + 1);
    }
    if text[end..].starts_with("eE")
        && matches!(byte(text, end + 2), b'+' | b'-')
        && byte(text, end + 3).is_ascii_digit()
    {
        end += 4;
    }
    run_bytes(text, end, |byte| matches!(byte, b'f' | b'l' | b'F' | b'L' | b'd' | b'D')).min(end + 1)
}
