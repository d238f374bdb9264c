//! From a path to a configuration: reading, inheriting, and the choice between the two forms.

use super::model::{Config, Overrides};
use super::{book, mkdocs, special, toml_tree, zensical};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::text::{Chunk, Digest, ReadError, SitePath, Source, Span, World, yaml};
use std::sync::Arc;
use yaml::{Kind, Node};

/// Gives the value of an environment variable; the only way from a configuration to the environment.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A loaded configuration.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration; `None` where a fault leaves nothing to build with.
    pub config: Option<Config>,
    /// The files that were asked for with the digests of what came, in order; `None` where nothing
    /// came. The result holds while these answers do.
    pub reads: Vec<(SitePath, Option<Digest>)>,
    /// What there is to say.
    pub diagnostics: Diagnostics,
}

/// Reads a configuration: `zensical.toml`, a book's TOML where the path ends in `.toml`, MkDocs' YAML otherwise.
///
/// Reports every fault of the file under `OB101` to `OB115`. The environment is asked only for names that the file
/// itself writes down (`!ENV` in `mkdocs.yml`, `{ env = … }` in `book.toml` with the name in
/// `[security] env`).
pub fn load(path: SitePath, world: &dyn World, env: Environment<'_>, overrides: &Overrides) -> Loaded {
    let mut loader = Loader { world, reads: Vec::new(), out: Diagnostics::new() };
    let config = if zensical::is_name(path) {
        loader.read(path, None).and_then(|source| {
            let root = zensical::project(toml_tree::parse(&source, &mut loader.out)?);
            mkdocs::config(path, root, world, overrides, &mut loader.out)
        })
    } else if path.extension() == "toml" {
        loader.read(path, None).and_then(|source| {
            let root = toml_tree::parse(&source, &mut loader.out)?;
            book::config(path, &root, world, env, overrides, &mut loader.out)
        })
    } else {
        loader.mkdocs_tree(path, env).and_then(|mut root| {
            special::resolve_env(&mut root, env, &mut loader.out);
            mkdocs::config(path, root, world, overrides, &mut loader.out)
        })
    };
    loader.out.sort();
    Loaded { config, reads: loader.reads, diagnostics: loader.out }
}

/// Reads a YAML configuration and what it inherits, without a look at what its keys mean.
pub(super) fn tree(path: SitePath, world: &dyn World, env: Environment<'_>) -> Option<Node> {
    let mut loader = Loader { world, reads: Vec::new(), out: Diagnostics::new() };
    if zensical::is_name(path) {
        let source = loader.read(path, None)?;
        return toml_tree::parse(&source, &mut loader.out).map(zensical::project);
    }
    loader.mkdocs_tree(path, env)
}

struct Loader<'a> {
    world: &'a dyn World,
    reads: Vec<(SitePath, Option<Digest>)>,
    out: Diagnostics,
}

impl Loader<'_> {
    /// Reads a file that `asked` names, or the configuration itself.
    fn read(&mut self, path: SitePath, asked: Option<Span>) -> Option<Arc<Source>> {
        let answer = self.world.source(path);
        self.reads.push((path, answer.as_ref().ok().map(|source| source.digest())));
        let error = match answer {
            Ok(source) => return Some(source),
            Err(error) => error,
        };
        let why = match error {
            ReadError::NotFound => "does not exist".to_owned(),
            ReadError::IsFolder => "is a folder".to_owned(),
            ReadError::NotUtf8 { valid_up_to } => format!("is not UTF-8 after its first {valid_up_to} bytes"),
            ReadError::Outside(rule) | ReadError::Refused(rule) => format!("may not be read: {rule}"),
            ReadError::Io(words) => format!("cannot be read: {words}"),
        };
        self.out.push(match asked {
            Some(span) => {
                Diagnostic::new(Code::ConfigInherit, span, format!("the inherited configuration `{path}` {why}"))
                    .help("the path is relative to the file that names it")
            }
            None => Diagnostic::placeless(Code::ConfigUnreadable, format!("the configuration `{path}` {why}")),
        });
        None
    }

    /// Reads a file and what it inherits, merged.
    fn mkdocs_tree(&mut self, path: SitePath, env: Environment<'_>) -> Option<Node> {
        // From the configuration to its farthest ancestor.
        let mut chain: Vec<(SitePath, Node)> = Vec::new();
        let mut next = Some((path, None));
        while let Some((path, asked)) = next.take() {
            if let Some(span) = asked
                && chain.iter().any(|(seen, _)| *seen == path)
            {
                let names: Vec<_> = chain.iter().map(|(seen, _)| *seen).chain([path]).collect();
                let steps = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" → ");
                let message = format!("`{path}` inherits itself");
                self.out
                    .push(Diagnostic::new(Code::ConfigInherit, span, message).note(format!("the chain is {steps}")));
                return None;
            }
            let source = self.read(path, asked)?;
            let mut root = self.parse_yaml(&source)?;
            next = take_inherit(&mut root, env, &mut self.out)
                .map(|(parent, span)| (path.parent().join(&parent), Some(span)));
            chain.push((path, root));
        }
        let merged = chain.into_iter().rev().map(|(_, root)| root).reduce(merge);
        merged.map(|root| if root.is_null() { Node::new(Kind::Map(Vec::new()), root.span) } else { root })
    }

    fn parse_yaml(&mut self, source: &Source) -> Option<Node> {
        let parsed = match yaml::parse(&Chunk::of(source)) {
            Ok(parsed) => parsed,
            Err(error) => {
                let message = format!("`{}` is not valid YAML: {}", source.path(), error.message);
                let span = if source.text().is_empty() { source.span() } else { error.span };
                self.out.push(Diagnostic::new(Code::ConfigSyntax, span, message));
                return None;
            }
        };
        for (first, second) in parsed.duplicate_keys {
            let key = source.slice(second).unwrap_or_default();
            let message = format!("the key `{key}` is given twice");
            self.out.push(
                Diagnostic::new(Code::ConfigDuplicateKey, second, message)
                    .label(first, "first given here")
                    .note("the last one counts"),
            );
        }
        if parsed.root.as_map().is_none() && !parsed.root.is_null() {
            let message = format!("`{}` holds {}, not a mapping of keys", source.path(), parsed.root.kind_name());
            self.out.push(Diagnostic::new(Code::ConfigBadValue, parsed.root.span, message));
            return None;
        }
        Some(Node { span: source.span(), ..parsed.root })
    }
}

/// Takes `INHERIT` out of a mapping.
fn take_inherit(root: &mut Node, env: Environment<'_>, out: &mut Diagnostics) -> Option<(String, Span)> {
    let Kind::Map(entries) = &mut root.kind else { return None };
    let mut taken = None;
    entries.retain(|(key, value)| {
        let is_it = key.as_str() == Some("INHERIT");
        if is_it {
            taken = Some(value.clone());
        }
        !is_it
    });
    let mut value = taken?;
    special::resolve_env(&mut value, env, out);
    let path = value.as_str().map(|path| (path.to_owned(), value.span));
    if path.is_none() {
        let message = format!("`INHERIT` takes the path of a configuration, not {}", value.kind_name());
        out.push(Diagnostic::new(Code::ConfigInherit, value.span, message));
    }
    path
}

/// Lays a child over its parent: mappings are merged key by key, anything else is replaced
/// (MkDocs merges with mergedeep's `REPLACE`). Keys keep the parent's order.
fn merge(parent: Node, child: Node) -> Node {
    match (parent, child) {
        (Node { kind: Kind::Map(below), .. }, Node { kind: Kind::Map(above), span, tag }) => {
            let mut entries = below;
            let mut places: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
            for (at, (key, _)) in entries.iter().enumerate() {
                places.insert(key.scalar_text().unwrap_or_default(), at);
            }
            for (key, value) in above {
                match places.get(&key.scalar_text().unwrap_or_default()) {
                    Some(at) => {
                        let slot = &mut entries[*at];
                        let before = std::mem::replace(&mut slot.1, Node::new(Kind::Null, span));
                        *slot = (key, merge(before, value));
                    }
                    None => {
                        places.insert(key.scalar_text().unwrap_or_default(), entries.len());
                        entries.push((key, value));
                    }
                }
            }
            Node { span, tag, kind: Kind::Map(entries) }
        }
        (_, child) => child,
    }
}
