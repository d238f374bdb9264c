//! Code becomes coloured runs, under the class names that Pygments uses.
//!
//! Owns which language has rules of its own here and which is left to syntect, and the bounds that
//! keep colouring linear. Knows neither HTML nor the options of a block.

mod bash;
mod by_syntect;
mod console;
mod diff;
mod docker;
mod go;
mod ini;
mod jinja;
mod json;
mod lexers;
mod nginx;
mod promql;
mod python;
mod scan;
mod terraform;
mod tokens;
mod toml;
mod weave;
mod yaml;

pub(crate) use lexers::Lexer;
pub(crate) use tokens::{Class, Tokens};

/// A line longer than this is not coloured: rules made of regular expressions may take more than
/// linear time on one.
const LONGEST_LINE_BYTES: usize = 2_000;

/// A block larger than this is not coloured.
const LARGEST_BLOCK_BYTES: usize = 512 * 1024;

/// Colours code. Lines end at `\n`; the same text always gives the same runs.
pub(crate) fn lex(lexer: Lexer, text: &str) -> Tokens {
    let mut tokens = Tokens::default();
    if text.len() > LARGEST_BLOCK_BYTES {
        return tokens;
    }
    match lexer.alias {
        "text" => {}
        "output" => tokens.upto(text.len(), "go"),
        "bash" => bash::lex(text, &mut tokens),
        "console" => console::lex(text, &mut tokens),
        "diff" => diff::lex(text, &mut tokens),
        "django" => jinja::lex(text, &mut tokens),
        "docker" => docker::lex(text, &mut tokens),
        "nginx" => nginx::lex(text, &mut tokens),
        "python" => python::lex(text, &mut tokens),
        "promql" => promql::lex(text, &mut tokens),
        "terraform" => terraform::lex(text, &mut tokens),
        "yaml+jinja" => jinja::lex_yaml(text, &mut tokens),
        "go" => go::lex(text, &mut tokens),
        "ini" => ini::lex_ini(text, &mut tokens),
        "properties" => ini::lex_properties(text, &mut tokens),
        "toml" => toml::lex(text, &mut tokens),
        "json" => json::lex(text, &mut tokens),
        "yaml" => yaml::lex(text, &mut tokens),
        _ => by_syntect::lex(lexer, text, &mut tokens),
    }
    tokens
}

#[cfg(test)]
mod tests;
