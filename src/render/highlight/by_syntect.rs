//! Languages without rules of their own here: syntect's grammars, and a table from their scopes to
//! Pygments' classes.
//!
//! The only file that knows syntect. A line beyond [`LONGEST_LINE_BYTES`] is left plain, and the
//! grammar continues after it.

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

/// Colours text with syntect's grammar of a language, where it has one.
pub(super) fn lex(lexer: Lexer, text: &str, tokens: &mut Tokens) {
    let Some(syntax) = syntax(lexer) else { return };
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
            run(tokens, text, at + offset, &scopes);
            if scopes.apply(&change).is_err() {
                return;
            }
        }
        at += line.len();
        run(tokens, text, at, &scopes);
    }
}

/// Ends a run; spaces and line ends are a run of their own, as Pygments mostly has it.
fn run(tokens: &mut Tokens, text: &str, end: usize, scopes: &ScopeStack) {
    let start = tokens.end();
    if end <= start {
        return;
    }
    let class = class_of(scopes);
    if class.is_empty() || text[start..end].trim().is_empty() {
        let blank = text[start..end].trim().is_empty();
        tokens.upto(end, if blank && class.is_empty() { "w" } else { class });
        return;
    }
    tokens.upto(end, class);
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
