//! YAML as a tree in which every node knows its place: the one reader of YAML in this program.
//!
//! Scalars follow YAML 1.1 as PyYAML resolves them (`yes` is true, `0o17` a string, `017` is 15),
//! because that is what MkDocs users write for. Tags are kept, never acted on. Merge keys (`<<`)
//! are applied; duplicate keys are kept and reported.

mod node;
mod parse;
mod scalar;

pub use node::{Kind, Node, Style};
pub use parse::{Error, Parsed, parse, parse_as_libyaml};

/// Returns what a plain scalar without a tag means: what PyYAML's implicit resolvers make of it.
pub fn resolve_scalar(text: &str) -> Kind {
    scalar::resolve_plain(text)
}
