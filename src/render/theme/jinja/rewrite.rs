//! What minijinja reads otherwise than Jinja2, put into words that both read alike before it is read.
//!
//! - `"%s" % value` becomes a filter, because `%` is for numbers only;
//! - what a loop goes through may be written without brackets: `for n in 1, 2`;
//! - `[]` and `{}` after `set` become lists and mappings that can grow, in a template that makes one grow;
//! - what an included template sets stays in it;
//! - `{% trans %}` and its end go: MkDocs has no words to put in their place.
//!
//! No line is added or lost, so a message's line is that of the file.

use std::borrow::Cow;

/// Returns a template as minijinja is to read it.
pub(in super::super) fn rewritten(source: &str) -> Cow<'_, str> {
    let grows = [".append(", ".extend(", ".update(", ".insert(", ".pop(", ".setdefault(", ".remove(", ".clear("];
    let grows = grows.iter().any(|call| source.contains(call));
    let has_percent =
        source.contains("\" %") || source.contains("' %") || source.contains("\"%") || source.contains("'%");
    let has_trans = source.contains("trans ");
    let has_loop = source.contains(',') && source.contains("for ");
    let has_include = source.contains("include ");
    if !grows && !has_percent && !has_trans && !has_loop && !has_include {
        return Cow::Borrowed(source);
    }
    let mut out = String::with_capacity(source.len() + 64);
    let mut rest = source;
    while let Some(open) = next_tag(rest) {
        out.push_str(&rest[..open]);
        let end = tag_end(rest, open);
        let tag = &rest[open..end];
        let words = tag.trim_start_matches("{%").trim_start_matches(['-', '+']).trim_start();
        if tag.starts_with("{#") {
            out.push_str(tag);
        } else if words.starts_with("raw") && !words[3..].starts_with(|ch: char| ch.is_alphanumeric()) {
            let close = rest[end..].find("endraw").map_or(rest.len(), |at| end + at);
            out.push_str(&rest[open..close]);
            rest = &rest[close..];
            continue;
        } else if tag.starts_with("{%") && (words.starts_with("trans ") || words.starts_with("endtrans")) {
            // The sign stays, so that white space goes where it went.
            out.push_str(&tag.replacen("{%", "{#", 1).replace("%}", "#}"));
        } else {
            let tag = if has_percent { with_percent(tag) } else { Cow::Borrowed(tag) };
            out.push_str(&match words {
                words if grows && words.starts_with("set ") => growing(&tag),
                words if words.starts_with("for ") => with_brackets(&tag),
                words if words.starts_with("include ") && tag.len() > 4 => alone(&tag),
                _ => tag,
            });
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn next_tag(text: &str) -> Option<usize> {
    let mut found = text.match_indices('{').map(|(at, _)| at);
    found.find(|at| text[at + 1..].starts_with(['{', '%', '#']))
}

/// The end of the tag that begins at `open`: past its closing braces, strings left alone.
fn tag_end(text: &str, open: usize) -> usize {
    let close = match text.as_bytes()[open + 1] {
        b'{' => "}}",
        b'%' => "%}",
        _ => return text[open..].find("#}").map_or(text.len(), |at| open + at + 2),
    };
    let mut quote = None;
    let mut depth = 0usize;
    let mut escaped = false;
    for (at, ch) in text[open + 2..].char_indices() {
        match (quote, ch) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), ch) if ch == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(ch),
            (None, '{') => depth += 1,
            (None, '}') if depth > 0 => depth -= 1,
            _ if text[open + 2 + at..].starts_with(close) => return open + at + 4,
            _ => {}
        }
    }
    text.len()
}

/// `= []` and `= {}` at the end of a `set`, and such values of a namespace.
fn growing<'t>(tag: &Cow<'t, str>) -> Cow<'t, str> {
    let mut out = tag.to_string();
    for (empty, filter) in [("[]", "[]|_list"), ("{}", "{}|_dict")] {
        out = out
            .replace(&format!("= {empty}"), &format!("= {filter}"))
            .replace(&format!("={empty}"), &format!("={filter}"));
    }
    if let Some(list) = out.find("= [").filter(|_| !out.contains("|_list")) {
        // A list with items: the filter stands behind its end.
        if let Some(end) = out.rfind(']').filter(|end| *end > list) {
            let behind = out[end + 1..].trim_start_matches(['-', '+']).trim();
            if behind.trim_start_matches('-') == "%}" {
                out.insert_str(end + 1, "|_list");
            }
        }
    }
    Cow::Owned(out)
}

/// An `include` in a scope of its own.
fn alone<'t>(tag: &Cow<'t, str>) -> Cow<'t, str> {
    let sign = |ch: Option<char>| ch.filter(|ch| matches!(ch, '-' | '+')).map(String::from).unwrap_or_default();
    let (before, after) = (sign(tag.chars().nth(2)), sign(tag.chars().nth_back(2)));
    let inner = &tag[2 + before.len()..tag.len() - 2 - after.len()];
    Cow::Owned(format!("{{%{before} with %}}{{%{inner}%}}{{% endwith {after}%}}"))
}

/// `for n in 1, 2` as `for n in (1, 2)`.
fn with_brackets<'t>(tag: &Cow<'t, str>) -> Cow<'t, str> {
    let bytes = tag.as_bytes();
    let Some(start) = tag.find(" in ").map(|at| at + 4) else { return tag.clone() };
    let (mut at, mut has_comma) = (start, false);
    while at < bytes.len() {
        match bytes[at] {
            b'"' | b'\'' => at = string_end(bytes, at),
            b'(' | b'[' | b'{' => at = bracket_end(bytes, at),
            b'%' | b'-' | b'+' if tag[at..].trim_start_matches(['-', '+']).starts_with("%}") => break,
            b' ' if tag[at..].starts_with(" if ") || tag[at..].starts_with(" recursive") => break,
            byte => {
                has_comma |= byte == b',';
                at += 1;
            }
        }
    }
    if !has_comma || at >= bytes.len() {
        return tag.clone();
    }
    Cow::Owned(format!("{}({}){}", &tag[..start], &tag[start..at], &tag[at..]))
}

/// `"…" % operand` as `"…"|_percent(operand)`.
fn with_percent(tag: &str) -> Cow<'_, str> {
    let bytes = tag.as_bytes();
    let mut out = String::new();
    let (mut from, mut at) = (0, 2);
    while at < bytes.len() {
        if !matches!(bytes[at], b'"' | b'\'') {
            at += 1;
            continue;
        }
        let end = string_end(bytes, at);
        let operator = end + spaces(&bytes[end.min(bytes.len())..]);
        let is_percent = bytes.get(operator) == Some(&b'%') && bytes.get(operator + 1) != Some(&b'}');
        if !is_percent {
            at = end;
            continue;
        }
        let start = operator + 1 + spaces(&bytes[operator + 1..]);
        let stop = operand_end(bytes, start);
        out.push_str(&tag[from..end]);
        out.push_str("|_percent(");
        out.push_str(&tag[end..operator]);
        out.push_str(&tag[operator + 1..stop]);
        out.push(')');
        from = stop;
        at = stop;
    }
    if from == 0 {
        return Cow::Borrowed(tag);
    }
    out.push_str(&tag[from..]);
    Cow::Owned(out)
}

fn spaces(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

fn string_end(bytes: &[u8], open: usize) -> usize {
    let mut at = open + 1;
    while at < bytes.len() && bytes[at] != bytes[open] {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

/// The end of a name, a text, a number or a bracket, with what is called, reached and filtered of it.
fn operand_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 128;
    match bytes.get(at) {
        Some(b'"' | b'\'') => at = string_end(bytes, at),
        Some(b'(' | b'[' | b'{') => at = bracket_end(bytes, at),
        _ => at += bytes[at.min(bytes.len())..].iter().take_while(|byte| is_word(byte)).count(),
    }
    loop {
        let behind = at + spaces(&bytes[at.min(bytes.len())..]);
        match bytes.get(behind) {
            Some(b'(' | b'[') => at = bracket_end(bytes, behind),
            Some(b'.' | b'|') => {
                let name = behind + 1 + spaces(&bytes[behind + 1..]);
                at = name + bytes[name.min(bytes.len())..].iter().take_while(|byte| is_word(byte)).count();
                if at == name {
                    return at.min(bytes.len());
                }
            }
            _ => return at.min(bytes.len()),
        }
    }
}

fn bracket_end(bytes: &[u8], open: usize) -> usize {
    let (mut at, mut depth) = (open, 0usize);
    while at < bytes.len() {
        match bytes[at] {
            b'"' | b'\'' => at = string_end(bytes, at) - 1,
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}
