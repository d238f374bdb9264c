//! Code blocks of a page that look as if somebody typed them into a shell.

use super::impact;
use super::inner_timeout;
use crate::markdown::CodeBlock;
use crate::plan::lint::{Outline, bash_outline, find_placeholders, prepares};
use crate::runbook::{Impact, commands_of_transcript};
use crate::text::{Chunk, Source};
use std::collections::BTreeSet;
use std::ops::Range;

const SHELLS: &[&str] = &["bash", "sh", "shell", "zsh"];
const CONSOLES: &[&str] = &["console", "shell-session", "terminal", "session", "shellsession"];

/// What a code block is.
pub(super) enum Judged {
    /// Not a script.
    Prose,
    /// A script that no machine can run as it stands.
    Left {
        /// Whether it is for somebody at a terminal.
        attended: bool,
        /// Whether what follows is typed into what it starts.
        enters: bool,
    },
    /// A script that can be a step.
    Step(Candidate),
}

/// A block that can be a step.
pub(super) struct Candidate {
    /// Where the line below the opening fence begins.
    pub(super) body: usize,
    /// What stands before the fence in its line.
    pub(super) prefix: String,
    /// Whether the header must say what runs it, because the fence does not.
    pub(super) names_shell: bool,
    pub(super) impact: Impact,
    pub(super) timeout: String,
    /// The placeholders, in order.
    pub(super) holes: Vec<Hole>,
    /// The variables that the script sets.
    pub(super) sets: BTreeSet<String>,
    /// The variables that something else must set.
    pub(super) wants: BTreeSet<String>,
    /// The first words of the first command.
    pub(super) first_words: String,
}

/// A placeholder.
pub(super) struct Hole {
    /// Where it stands in the page.
    pub(super) range: Range<usize>,
    /// The name without its brackets.
    pub(super) name: String,
    pub(super) quoting: Quoting,
    /// The variable whose whole value it is.
    pub(super) value_of: Option<String>,
}

/// What a place in a script is quoted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    None,
    Single,
    Double,
    Comment,
}

impl Quoting {
    /// Writes the expansion of a variable so that its value is one piece of text here.
    pub(super) fn write(self, var: &str) -> String {
        match self {
            Quoting::None => format!("\"${var}\""),
            Quoting::Single => format!("'\"${var}\"'"),
            Quoting::Double => format!("${{{var}}}"),
            Quoting::Comment => format!("${var}"),
        }
    }
}

/// Judges a block.
pub(super) fn judge(source: &Source, code: &CodeBlock) -> Judged {
    let language = code.language.as_ref().map(|language| language.value.to_lowercase()).unwrap_or_default();
    let named = SHELLS.contains(&language.as_str()) || CONSOLES.contains(&language.as_str());
    if !named && !language.is_empty() {
        return Judged::Prose;
    }
    let text = code.code.text();
    let Some((prefix, body_at)) = fence(source, code) else { return Judged::Prose };
    if text.starts_with("#|") || text.trim().is_empty() {
        return Judged::Prose;
    }
    let is_prompt = |line: &str| ["$ ", "% ", "❯ "].iter().any(|mark| line.trim_start().starts_with(mark));
    let prompts = text.lines().find(|line| !line.trim().is_empty()).is_some_and(is_prompt);
    let transcript = CONSOLES.contains(&language.as_str()) || prompts;
    if transcript && !named {
        // Nobody said that it is one, so that a person looks at it, where it is typed at all.
        let typed = bash_outline(commands_of_transcript(&code.code).text());
        let typed = typed.filter(|typed| !typed.commands.is_empty() && typed.commands.iter().all(|it| is_familiar(it)));
        return typed.map_or(Judged::Prose, |typed| Judged::Left { attended: true, enters: enters(&typed) });
    }
    let left = if named { Judged::Left { attended: false, enters: false } } else { Judged::Prose };
    if !transcript && text.lines().any(|line| line.trim_start().starts_with("$ ")) {
        return left;
    }
    // Of a transcript, only what stands behind the prompts is run; the answers stay as they are.
    let body = if transcript { commands_of_transcript(&code.code) } else { code.code.clone() };
    let Some((holes, script)) = fill(source, &body) else { return left };
    let elided = script.split_whitespace().any(is_left_out);
    let Some(outline) = bash_outline(&script).filter(|outline| !elided && !outline.commands.is_empty()) else {
        return left;
    };
    if outline.commands.iter().any(|command| impact::is_attended(command))
        || outline.commands.iter().all(|command| prepares(command))
    {
        let familiar = named || outline.commands.iter().all(|command| is_familiar(command));
        return if familiar { Judged::Left { attended: true, enters: enters(&outline) } } else { Judged::Prose };
    }
    let Outline { commands, sets, wants } = outline;
    if !commands.iter().all(|command| impact::is_typed(command)) {
        return Judged::Prose;
    }
    if !named && !commands.iter().all(|command| impact::is_known(command)) {
        return Judged::Prose;
    }
    let guess = impact::guess(&commands, &script);
    let least = if guess == Impact::Read { 5 } else { 15 };
    // The step gives its commands the time that they give themselves, and as much again.
    let minutes = inner_timeout(&commands).saturating_mul(2).div_ceil(60).max(least);
    // A placeholder is known by its own name, not by the one that it was tried with.
    let wants = wants.into_iter().filter(|name| name != TRIED).collect();
    let first_words: Vec<&str> = commands[0].iter().take(2).filter_map(Option::as_deref).collect();
    Judged::Step(Candidate {
        body: body_at,
        prefix,
        names_shell: !named,
        impact: guess,
        timeout: format!("{minutes}m"),
        holes,
        sets,
        wants,
        first_words: first_words.join(" "),
    })
}

/// Tells whether a word is, or ends in, dots for what somebody is to write there. `./...` is Go's.
fn is_left_out(word: &str) -> bool {
    let word = word.trim_matches(['"', '\'', '(', ')', ';']);
    let value = word.rsplit_once('=').map_or(word, |(_, value)| value.trim_matches(['"', '\'']));
    matches!(value, "..." | "…" | "[...]" | "<...>" | "[…]" | "<…>")
}

fn is_familiar(command: &[Option<String>]) -> bool {
    impact::is_known(command) || impact::is_attended(command)
}

fn enters(outline: &Outline) -> bool {
    outline.commands.iter().any(|command| impact::enters(command))
}

/// Tells whether a block leaves the shell that an earlier one entered.
pub(super) fn leaves(code: &CodeBlock) -> bool {
    let last = code.code.text().lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default().to_owned();
    let last = last.trim_start_matches(['$', '#', '>', '%', ' ']).trim_end_matches([';', '(', ')']);
    ["exit", "logout", "quit", "\\q", ".quit", ".exit", "bye"].contains(&last)
}

/// Tells whether a block that is no shell's is typed into a program that was started before it.
pub(super) fn is_typed_in_a_program(code: &CodeBlock) -> bool {
    let languages = [
        "cql",
        "cypher",
        "js",
        "javascript",
        "mysql",
        "pgsql",
        "plpgsql",
        "postgresql",
        "psql",
        "py",
        "python",
        "redis",
        "ruby",
        "sql",
    ];
    code.language.as_ref().is_some_and(|language| languages.contains(&language.value.to_lowercase().as_str()))
}

/// The variable that stands for every placeholder while a script is judged.
const TRIED: &str = "PLACEHOLDER";

/// Finds a script's placeholders, and what it is with variables in their places; `None` where it is
/// hard to tell how one is quoted, or where it stands.
fn fill(source: &Source, script: &Chunk) -> Option<(Vec<Hole>, String)> {
    let text = script.text();
    let places = find_placeholders(text);
    if places.is_empty() {
        return Some((Vec::new(), text.to_owned()));
    }
    let quotings = quotings(text, &places)?;
    let (mut holes, mut filled, mut at) = (Vec::new(), String::with_capacity(text.len()), 0);
    for ((start, length), mut quoting) in places.into_iter().zip(quotings) {
        let name = text[start..start + length].trim_matches(['<', '>', '{', '}']).trim().to_owned();
        let (mut range, mut value_of) = (start..start + length, None);
        // `NAME='<value>'`: the quotes go with the placeholder.
        let quote = match quoting {
            Quoting::Single => "'",
            Quoting::Double => "\"",
            Quoting::None | Quoting::Comment => "",
        };
        let open = text[at..range.start].strip_suffix(quote).is_some_and(|before| !before.ends_with('\\'));
        let whole = open && text[range.end..].starts_with(quote);
        if whole && quoting != Quoting::Comment {
            let before = &text[at..range.start - quote.len()];
            let ends = text[range.end + quote.len()..].chars().next().is_none_or(char::is_whitespace);
            value_of = assigned(before).filter(|_| ends).map(str::to_owned);
            if !quote.is_empty() {
                range = range.start - 1..range.end + 1;
                quoting = Quoting::None;
            }
        }
        let span = script.span(range.clone());
        if span.file != source.path() || source.slice(span) != Some(&text[range.clone()]) {
            return None;
        }
        filled.push_str(&text[at..range.start]);
        filled.push_str(&quoting.write(TRIED));
        at = range.end;
        holes.push(Hole { range: span.range(), name, quoting, value_of });
    }
    filled.push_str(&text[at..]);
    Some((holes, filled))
}

/// The variable of an assignment that a text ends in: `export NAME=`.
fn assigned(text: &str) -> Option<&str> {
    let word = text.strip_suffix('=')?;
    let start = word.rfind(|ch: char| !(ch.is_ascii_alphanumeric() || ch == '_')).map_or(0, |at| at + 1);
    let name = &word[start..];
    let begins = word[..start].chars().next_back().is_none_or(char::is_whitespace);
    (begins && name.starts_with(|ch: char| ch.is_ascii_alphabetic())).then_some(name)
}

/// Returns what stands before the opening fence, and where the next line begins; `None` where the
/// block has no fence of this page, or one that counts the lines below it.
fn fence(source: &Source, code: &CodeBlock) -> Option<(String, usize)> {
    let span = code.span;
    let text = source.text();
    if span.file != source.path() || code.code.whole_span().is_none_or(|whole| whole.file != source.path()) {
        return None;
    }
    let start = text.get(..span.range().start)?.rfind('\n').map_or(0, |at| at + 1);
    let line = text[start..].lines().next()?;
    let mark = line.find("```").or_else(|| line.find("~~~"))?;
    let prefix = &line[..mark];
    let info = &line[mark..];
    if !prefix.chars().all(|ch| matches!(ch, ' ' | '\t' | '>'))
        || info.contains("hl_lines")
        || info.contains("linenums")
    {
        return None;
    }
    let body = start + text[start..].find('\n')? + 1;
    // The first line of the code is the line below the fence.
    let first = code.code.span(0..0).range().start;
    let next = text[body..].find('\n').map_or(text.len(), |at| body + at);
    (body <= first && first <= next).then(|| (prefix.to_owned(), body))
}

/// Tells for sorted places of a script by what each is quoted; `None` where that is hard to tell: in
/// here documents and in `$'…'`.
fn quotings(script: &str, places: &[(usize, usize)]) -> Option<Vec<Quoting>> {
    if script.contains("<<") || script.contains("$'") || script.contains('`') {
        return None;
    }
    let bytes = script.as_bytes();
    let mut stack = vec![Quoting::None];
    let mut out = Vec::with_capacity(places.len());
    let (mut at, mut next) = (0, 0);
    while at < bytes.len() {
        let state = *stack.last()?;
        if let Some((start, length)) = places.get(next)
            && *start == at
        {
            out.push(state);
            next += 1;
            at += length;
            continue;
        }
        let byte = bytes[at];
        match (state, byte) {
            (Quoting::None | Quoting::Double, b'\\') => at += 1,
            (Quoting::Single, b'\'') | (Quoting::Double, b'"') | (Quoting::Comment, b'\n') => drop(stack.pop()),
            (Quoting::None, b'\'') => stack.push(Quoting::Single),
            (Quoting::None, b'"') => stack.push(Quoting::Double),
            (Quoting::None, b'#') if at == 0 || bytes[at - 1].is_ascii_whitespace() => stack.push(Quoting::Comment),
            (Quoting::None, b'(') => stack.push(Quoting::None),
            (Quoting::None, b')') if stack.len() > 1 => drop(stack.pop()),
            (Quoting::Double, b'(') if bytes[at - 1] == b'$' => stack.push(Quoting::None),
            _ => {}
        }
        at += 1;
    }
    let ended = matches!(stack.as_slice(), [Quoting::None] | [Quoting::None, Quoting::Comment]);
    (ended && out.len() == places.len()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_one_piece_of_text() {
        let script = "a <x1> '<x2>' \"<x3> $(b <x4>)\" # <x5>\nc-<x6>";
        let found = quotings(script, &find_placeholders(script)).expect("nothing is hard here");
        use Quoting::{Comment, Double, None, Single};
        assert_eq!(found, [None, Single, Double, None, Comment, None]);
        assert_eq!(quotings("cat <<E\n<x1>\nE", &[(8, 4)]), Option::None);
    }
}
