//! Dockerfiles, as Pygments' `DockerLexer` cuts them: instructions here, commands as a shell's.

use super::scan::{blank, byte, char_at, is_word, line_end, next_char, run, space, word};
use super::{Tokens, bash, json};

/// Colours a Dockerfile.
pub(super) fn lex(text: &str, tokens: &mut Tokens) {
    let mut at = 0;
    while at < text.len() {
        let line = line_end(text, at);
        at = if byte(text, at) == b'#' {
            tokens.upto(line, "c");
            line
        } else if let Some(end) = instruction(text, at, tokens) {
            end
        } else if line > at {
            // The line, and every one that a backslash continues.
            let mut end = line;
            while byte(text, end - 1) == b'\\' && end + 1 < text.len() && line_end(text, end + 1) > end + 1 {
                end = line_end(text, end + 1);
            }
            part(text, at, end, bash::lex, tokens);
            end
        } else {
            tokens.upto(at + 1, "w");
            at + 1
        };
    }
}

/// Colours a part of the text as if it stood alone.
fn part(text: &str, start: usize, end: usize, lex: fn(&str, &mut Tokens), tokens: &mut Tokens) {
    let mut inner = Tokens::default();
    lex(&text[start..end], &mut inner);
    for (run_end, class) in inner.runs() {
        tokens.upto(start + run_end, class);
    }
    tokens.upto(end, "");
}

/// Finds the first of some words, in any case, that the text begins with.
fn begins(text: &str, at: usize, words: &[&str]) -> Option<usize> {
    let bytes = &text.as_bytes()[at..];
    let found = words
        .iter()
        .find(|word| bytes.len() >= word.len() && bytes[..word.len()].eq_ignore_ascii_case(word.as_bytes()));
    found.map(|word| at + word.len())
}

/// `\s*\\?\s*`.
fn line_break(text: &str, at: usize) -> usize {
    let slash = space(text, at);
    space(text, slash + usize::from(byte(text, slash) == b'\\'))
}

fn instruction(text: &str, at: usize, tokens: &mut Tokens) -> Option<usize> {
    if let Some(end) = begins(text, at, &["FROM"]) {
        return Some(from(text, end, tokens));
    }
    if let Some(end) = spaced(text, begins(text, at, &["ONBUILD"])) {
        return Some(with_shell(text, end, line_break(text, end.1), tokens));
    }
    if let Some(end) = spaced(text, begins(text, at, &["HEALTHCHECK"])) {
        return Some(with_shell(text, end, pairs(text, end.1, "--"), tokens));
    }
    if let Some((name, start)) = spaced(text, begins(text, at, &["VOLUME", "ENTRYPOINT", "CMD", "SHELL"])) {
        let list = line_break(text, start);
        let line = line_end(text, list);
        let close = text[list..line].find(']').filter(|_| byte(text, list) == b'[');
        if let Some(close) = close {
            with_shell(text, (name, start), list, tokens);
            part(text, list, list + close + 1, json::lex, tokens);
            return Some(list + close + 1);
        }
    }
    if let Some(end) = spaced(text, begins(text, at, &["LABEL", "ENV", "ARG"])) {
        return Some(with_shell(text, end, pairs(text, end.1, ""), tokens));
    }
    let simple = ["MAINTAINER", "EXPOSE", "WORKDIR", "USER", "STOPSIGNAL", "VOLUME"];
    if let Some((name, start)) = spaced(text, begins(text, at, &simple)) {
        tokens.upto(name, "k");
        tokens.upto(start, "w");
        let end = line_end(text, start);
        tokens.upto(end, "s");
        return Some(end);
    }
    let (name, start) =
        spaced(text, begins(text, at, &["RUN", "CMD", "ENTRYPOINT", "ENV", "ARG", "LABEL", "ADD", "COPY"]))?;
    tokens.upto(name, "k");
    tokens.upto(start, "w");
    Some(start)
}

/// A word's end and where the white space behind it ends.
fn spaced(text: &str, name: Option<usize>) -> Option<(usize, usize)> {
    let name = name?;
    let start = space(text, name);
    (start > name).then_some((name, start))
}

fn with_shell(text: &str, (name, start): (usize, usize), end: usize, tokens: &mut Tokens) -> usize {
    tokens.upto(name, "k");
    tokens.upto(start, "w");
    part(text, start, end, bash::lex, tokens);
    end
}

/// `image AS name` behind `FROM`.
fn from(text: &str, name: usize, tokens: &mut Tokens) -> usize {
    let full = |at| run(text, at, |ch: char| !ch.is_whitespace());
    tokens.upto(name, "k");
    let image = blank(text, name);
    tokens.upto(image, "w");
    let image_end = full(image);
    tokens.upto(image_end, "s");
    let keyword = blank(text, image_end);
    tokens.upto(keyword, "w");
    let Some(keyword_end) = begins(text, keyword, &["AS"]) else { return keyword };
    tokens.upto(keyword_end, "k");
    let stage = blank(text, keyword_end);
    tokens.upto(stage, "w");
    let end = full(stage);
    tokens.upto(end, "s");
    end
}

/// `KEY=value` words with line breaks around them.
fn pairs(text: &str, start: usize, mark: &str) -> usize {
    let mut end = start;
    loop {
        let name = line_break(text, end);
        if !text[name..].starts_with(mark) {
            return end;
        }
        let name = name + mark.len();
        let sign = word(text, name);
        if sign == name || byte(text, sign) != b'=' || !char_at(text, sign + 1).is_some_and(is_word) {
            return end;
        }
        end = line_break(text, word(text, sign + 1)).max(next_char(text, sign));
    }
}
