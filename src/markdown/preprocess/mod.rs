//! What plugins do to a page's text before it is Markdown: inclusions, alerts of GitHub.
//!
//! In: the page's body as a [`Chunk`], the front matter cut off, and the [`World`] to include files
//! from. Out: another chunk in which every byte still knows its place, what was asked of the world,
//! and what there is to say. Each file is one plugin; a [`Preprocessor`] is a plugin with its
//! options, read once. Nothing here knows Markdown's rules; the plugins look at lines.

mod gh_admonitions;
mod include_markdown;
mod macros;
mod relocate;

use super::facts::Read;
use crate::diag::{Code, Diagnostic, Diagnostics, nearest};
use crate::text::{Chunk, ReadError, SitePath, Source, Spanned, World, yaml};
use std::sync::Arc;

/// A plugin that changes text, with its options.
#[derive(Clone, Debug, PartialEq)]
pub struct Preprocessor(Kind);

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    IncludeMarkdown(Box<include_markdown::Options>),
    GhAdmonitions,
    Macros(Box<macros::Options>),
}

/// What a preprocessor may ask, and where it says what it finds.
pub(crate) struct Context<'a> {
    /// The page.
    pub(crate) page: SitePath,
    world: &'a dyn World,
    reads: &'a mut Vec<Read>,
    /// What there is to say.
    pub(crate) diagnostics: &'a mut Diagnostics,
}

impl Preprocessor {
    /// The plugins of this room, by name.
    pub const PLUGINS: &'static [&'static str] = &["gh-admonitions", "include-markdown", "macros"];

    /// Reads a plugin's options; `None` for a plugin that does not change text. `docs_dir` is the
    /// folder that inclusions without a leading `.` start from, `variables` are the project's own that
    /// pages may name: `config`, `extra`, and each key of `extra`.
    ///
    /// Reports unknown options (`OB440`) and values that an option cannot have (`OB441`).
    pub fn read(
        name: &Spanned<String>,
        settings: &yaml::Node,
        docs_dir: SitePath,
        variables: &[(String, yaml::Node)],
        world: &dyn World,
        diagnostics: &mut Diagnostics,
    ) -> Option<Preprocessor> {
        let kind = match name.value.as_str() {
            "gh-admonitions" => {
                report_unknown(name, settings, &[], diagnostics);
                Kind::GhAdmonitions
            }
            "include-markdown" => {
                report_unknown(name, settings, include_markdown::OPTIONS, diagnostics);
                Kind::IncludeMarkdown(Box::new(include_markdown::Options::read(settings, docs_dir, diagnostics)))
            }
            "macros" => {
                macros::report_main_module(name, world, diagnostics);
                Kind::Macros(Box::new(macros::Options::read(name, settings, docs_dir, variables, diagnostics)))
            }
            _ => return None,
        };
        Some(Preprocessor(kind))
    }

    fn apply(&self, text: Chunk, meta: Option<&yaml::Node>, context: &mut Context<'_>) -> Chunk {
        match &self.0 {
            Kind::IncludeMarkdown(options) => include_markdown::apply(text, options, context),
            Kind::GhAdmonitions => gh_admonitions::apply(text),
            Kind::Macros(options) => macros::apply(text, options, meta, context),
        }
    }
}

/// Lets plugins change a page's body, in MkDocs' order: inclusions come first, whatever the order of
/// the list, because their plugin asks for that. `meta` is the page's front matter.
pub fn preprocess(
    body: Chunk,
    meta: Option<&yaml::Node>,
    plugins: &[Preprocessor],
    page: SitePath,
    world: &dyn World,
    reads: &mut Vec<Read>,
    diagnostics: &mut Diagnostics,
) -> Chunk {
    let mut context = Context { page, world, reads, diagnostics };
    let is_first = |plugin: &&Preprocessor| matches!(plugin.0, Kind::IncludeMarkdown(_));
    let (first, then): (Vec<&Preprocessor>, Vec<&Preprocessor>) = plugins.iter().partition(is_first);
    first.into_iter().chain(then).fold(body, |text, plugin| plugin.apply(text, meta, &mut context))
}

impl Context<'_> {
    /// Asks for a file and notes that it was asked for.
    pub(crate) fn source(&mut self, path: SitePath) -> Result<Arc<Source>, ReadError> {
        let answer = self.world.source(path);
        self.reads.push(Read { path, digest: answer.as_ref().ok().map(|source| source.digest()) });
        answer
    }

    /// Lists the files below a folder.
    pub(crate) fn list(&self, folder: SitePath) -> Vec<SitePath> {
        self.world.list(folder)
    }
}

fn report_unknown(name: &Spanned<String>, settings: &yaml::Node, known: &[&str], diagnostics: &mut Diagnostics) {
    for (key, _) in settings.as_map().unwrap_or_default() {
        let Some(key) = key.spanned_str() else { continue };
        if key.value == "enabled" || known.contains(&key.value.as_str()) {
            continue;
        }
        let message = format!("plugin `{}` has no option `{}`", name.value, key.value);
        let mut diagnostic = Diagnostic::new(Code::PluginUnknownOption, key.span, message);
        if let Some(near) = nearest(&key.value, known.iter().copied()) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        }
        diagnostics.push(diagnostic);
    }
}
