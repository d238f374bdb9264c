//! Languages without rules of their own here: syntect's grammars, and a table from their scopes to
//! Pygments' classes.
//!
//! The only file that knows syntect. A line beyond [`LONGEST_LINE_BYTES`] is left plain, and the
//! grammar continues after it.

use super::scan::is_word;
use super::{Class, LONGEST_LINE_BYTES, Lexer, Tokens};
use std::sync::LazyLock;
use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(two_face::syntax::extra_newlines);

/// Scopes and the classes of what they name. Of several that fit, the longest counts; of several
/// scopes on a stack, the innermost that has a class.
static TABLE: LazyLock<Vec<(Scope, Class)>> = LazyLock::new(|| {
    let scope = |text: &str| Scope::new(text).expect("the table holds well-formed scopes");
    SCOPES.iter().map(|(name, class)| (scope(name), *class)).collect()
});

const SCOPES: &[(&str, Class)] = &[
    ("comment", "c1"),
    ("comment.block", "cm"),
    ("comment.line.documentation", "sd"),
    ("comment.line.shebang", "ch"),
    ("constant", "kc"),
    ("constant.character", "sc"),
    ("constant.character.escape", "se"),
    ("constant.language", "kc"),
    ("constant.numeric", "m"),
    ("constant.numeric.float", "mf"),
    ("constant.numeric.integer", "mi"),
    ("constant.numeric.integer.hexadecimal", "mh"),
    ("constant.numeric.integer.octal", "mo"),
    ("constant.numeric.integer.binary", "mb"),
    ("constant.other", "no"),
    ("constant.other.color", "mh"),
    ("constant.other.placeholder", "si"),
    ("entity.name", "n"),
    ("entity.name.class", "nc"),
    ("entity.name.struct", "nc"),
    ("entity.name.enum", "nc"),
    ("entity.name.trait", "nc"),
    ("entity.name.interface", "nc"),
    ("entity.name.function", "nf"),
    ("entity.name.label", "nl"),
    ("entity.name.namespace", "nn"),
    ("entity.name.section", "gh"),
    ("entity.name.tag", "nt"),
    ("entity.name.type", "nc"),
    ("entity.other.attribute-name", "na"),
    ("entity.other.attribute-name.class.css", "nc"),
    ("entity.other.attribute-name.id.css", "nn"),
    ("entity.other.inherited-class", "n"),
    ("invalid", "err"),
    ("keyword", "k"),
    ("keyword.control.import", "kn"),
    ("keyword.declaration", "kd"),
    ("keyword.operator", "o"),
    ("keyword.operator.word", "ow"),
    ("keyword.operator.logical.python", "ow"),
    ("markup.bold", "gs"),
    ("markup.deleted", "gd"),
    ("markup.heading", "gh"),
    ("markup.inserted", "gi"),
    ("markup.italic", "ge"),
    ("markup.raw", "s"),
    ("meta.diff.header", "gh"),
    ("meta.diff.range", "gu"),
    ("meta.annotation", "nd"),
    ("punctuation", "p"),
    ("punctuation.definition.annotation", "nd"),
    ("punctuation.definition.comment", "c1"),
    ("punctuation.definition.string", "s2"),
    ("punctuation.definition.variable", "nv"),
    ("punctuation.definition.tag", "p"),
    ("storage", "k"),
    ("storage.modifier", "kd"),
    ("storage.type", "kt"),
    ("storage.type.class", "k"),
    ("storage.type.function", "k"),
    ("string", "s"),
    ("string.quoted.double", "s2"),
    ("string.quoted.single", "s1"),
    ("string.quoted.other", "sx"),
    ("string.regexp", "sr"),
    ("string.unquoted", "s"),
    ("support.constant", "kc"),
    ("support.function", "nb"),
    ("support.type", "nb"),
    ("support.class", "nb"),
    ("variable", "n"),
    ("variable.function", "nf"),
    ("variable.language", "bp"),
    ("variable.other.readwrite.instance", "vi"),
    ("variable.parameter", "n"),
];

/// Where Pygments' lexer of a language speaks otherwise; `word` is a word without any scope.
const OVERRIDES: &[(&str, &[(&str, Class)])] = &[
    ("c", &[("word", "n"), ("s2", "s"), ("nf", "n"), ("kn", "cp")]),
    ("cpp", &[("word", "n"), ("s2", "s"), ("nf", "n"), ("kn", "cp")]),
    ("csharp", &[("word", "n"), ("s2", "s"), ("nb", "n")]),
    ("css", &[("nb", "k"), ("cm", "c")]),
    ("groovy", &[("word", "n")]),
    ("html", &[("s2", "s"), ("c1", "cm")]),
    ("java", &[("word", "n"), ("s2", "s")]),
    ("javascript", &[("word", "nx"), ("n", "nx"), ("nf", "nx"), ("nb", "nx"), ("nc", "nx")]),
    ("lua", &[("word", "n")]),
    ("make", &[("n", ""), ("nf", ""), ("nb", ""), ("s", ""), ("c1", "c")]),
    ("ruby", &[("word", "n")]),
    ("rust", &[("word", "n"), ("s2", "s"), ("nb", "n"), ("kd", "k")]),
    ("sql", &[("word", "n"), ("s2", "ss"), ("nf", "n"), ("kt", "nb")]),
    ("typescript", &[("word", "nx"), ("n", "nx"), ("nf", "nx"), ("nb", "nx"), ("nc", "nx")]),
    ("xml", &[("s2", "s"), ("c1", "cm")]),
];

/// Colours text with syntect's grammar of a language, where it has one.
pub(super) fn lex(lexer: Lexer, text: &str, tokens: &mut Tokens) {
    let Some(syntax) = syntax(lexer) else { return };
    let overrides = OVERRIDES.iter().find(|(alias, _)| *alias == lexer.alias).map_or(&[][..], |(_, table)| table);
    let mut state = ParseState::new(syntax);
    let mut scopes = ScopeStack::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.len() > LONGEST_LINE_BYTES {
            at += line.len();
            tokens.upto(at, "");
            continue;
        }
        let Ok(changes) = state.parse_line(line, &SYNTAXES) else { return };
        for (offset, change) in changes {
            run(tokens, text, at + offset, &scopes, overrides);
            if scopes.apply(&change).is_err() {
                return;
            }
        }
        at += line.len();
        run(tokens, text, at, &scopes, overrides);
    }
}

/// Ends a run. Of text without a class, white space and words are runs of their own, as Pygments
/// mostly has it.
fn run(tokens: &mut Tokens, text: &str, end: usize, scopes: &ScopeStack, overrides: &[(&str, Class)]) {
    let start = tokens.end();
    if end <= start {
        return;
    }
    let change = |class: &str| overrides.iter().find(|(from, _)| *from == class).map(|(_, to)| *to);
    let class = class_of(scopes);
    if !class.is_empty() {
        tokens.upto(end, change(class).unwrap_or(class));
        return;
    }
    let word = change("word").unwrap_or_default();
    let mut at = start;
    while at < end {
        let kind = |ch: char| (ch.is_whitespace(), is_word(ch));
        let first = text[at..end].chars().next().map(kind);
        at = text[at..end].find(|ch| Some(kind(ch)) != first).map_or(end, |found| at + found);
        let class = match first {
            Some((true, _)) => "w",
            Some((_, true)) => word,
            _ => "",
        };
        tokens.upto(at, class);
    }
}

fn class_of(scopes: &ScopeStack) -> Class {
    scopes.scopes.iter().rev().find_map(|scope| class_of_scope(*scope)).unwrap_or_default()
}

fn class_of_scope(scope: Scope) -> Option<Class> {
    let fitting = TABLE.iter().filter(|(known, _)| known.is_prefix_of(scope));
    fitting.max_by_key(|(known, _)| known.len()).map(|(_, class)| *class)
}

/// Finds a grammar: by Pygments' first alias, by a name that syntect uses for it, by its name.
fn syntax(lexer: Lexer) -> Option<&'static SyntaxReference> {
    let token = match lexer.alias {
        "csharp" => "cs",
        "objective-c" => "m",
        "javascript" => "js",
        "postgresql" | "mysql" | "plpgsql" | "transact-sql" => "sql",
        "react" => "tsx",
        "vbnet" | "restructuredtext" => return None,
        alias => alias,
    };
    SYNTAXES.find_syntax_by_token(token).or_else(|| SYNTAXES.find_syntax_by_name(lexer.name))
}
