//! Shell sessions, as Pygments' `BashSessionLexer` cuts them: prompts, commands, output.

use super::weave::{Piece, weave};
use super::{Tokens, bash};
use regex::Regex;
use std::sync::LazyLock;

/// `(venv)` before a prompt.
static VENV: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^(\([^)]*\))(\s*)").expect("the pattern is well-formed"));

/// A prompt: nothing, `sh-5.1`, `user@host dir` or `[user@host dir]`, and `$`, `#`, `%` or `❯`.
static PROMPT: LazyLock<Regex> = LazyLock::new(|| {
    let names = r"(?:| |sh\S*?|\w+\S+[@:]\S+(?:\s+\S+)?|\[\S+[@:][^\n]+\].+)";
    Regex::new(&format!(r"^((?:(?:\[.*?\])|(?:\(\S+\))?{names})\s*[$#%❯]\s*)(.*\n?)"))
        .expect("the pattern is well-formed")
});

/// A longer line is output: the prompt stands at the start of a line that people typed.
const LONGEST_PROMPT_BYTES: usize = 2_000;

/// Colours a session.
pub(super) fn lex(text: &str, tokens: &mut Tokens) {
    let mut pieces = Vec::new();
    let mut continues = false;
    let mut start = 0;
    for whole in text.split_inclusive('\n') {
        let end = start + whole.len();
        let mut at = start;
        start = end;
        if let Some(found) = VENV.captures(whole) {
            let venv = found.get(1).map_or(0, |venv| venv.end());
            pieces.push(Piece::Mark(at + venv, "gp gp-VirtualEnv"));
            at += found[0].len();
            pieces.push(Piece::Mark(at, ""));
        }
        let line = &text[at..end];
        let prompt = if line.len() <= LONGEST_PROMPT_BYTES { PROMPT.captures(line) } else { None };
        if let Some(prompt) = prompt.and_then(|found| found.get(1)) {
            pieces.push(Piece::Mark(at + prompt.end(), "gp"));
            pieces.push(Piece::Code(at + prompt.end()..end));
            continues = line.ends_with("\\\n");
        } else if continues {
            let mark = if line.starts_with("> ") { 2 } else { 0 };
            pieces.push(Piece::Mark(at + mark, "gp"));
            pieces.push(Piece::Code(at + mark..end));
            continues = line.ends_with("\\\n");
        } else {
            flush(text, &mut pieces, tokens);
            tokens.upto(end, "go");
        }
    }
    flush(text, &mut pieces, tokens);
}

/// Colours the commands of neighbouring lines as one script.
fn flush(text: &str, pieces: &mut Vec<Piece>, tokens: &mut Tokens) {
    weave(text, pieces, bash::lex, tokens);
    pieces.clear();
}
