//! A survey of an MkDocs project: what its configuration says, and what a build of it finds.

use super::cache::Cache;
use super::problems::{Problem, problems_of_files};
use super::project::{self, Project, Purpose};
use super::{stages, views};
use crate::config::{self, Overrides};
use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::markdown::{Dialect, ExtensionUse};
use crate::plugins;
use crate::text::{SitePath, Span, Spanned, World};
use std::collections::BTreeMap;

pub use crate::config::migrate::{Fate, Item, Survey};

/// Surveys what would become of an MkDocs project. Changes nothing. `problems` are those of the folder
/// of the pages, once it was listed.
pub fn survey(
    world: &dyn World,
    file: SitePath,
    variables: &BTreeMap<String, String>,
    problems: &dyn Fn() -> Vec<Problem>,
) -> Survey {
    let knows_extension = |name: &str| {
        let name = Spanned::new(name.to_owned(), Span::at_start(file));
        let (_, findings) = Dialect::mkdocs(&[ExtensionUse { name, options: None }]);
        !findings.iter().any(|finding| finding.code == Code::UnknownExtension)
    };
    let mut survey =
        config::migrate::survey(file, world, &|name| variables.get(name).cloned(), &knows_extension, &fate_of);
    let (project, found) = project::load(world, file, variables, &Overrides::default(), Purpose::default());
    if project.is_none() {
        survey.diagnostics = found;
    }
    if let Some(project) = project {
        let found = world.list(project.docs_dir);
        let mut built = stages::build(&project, world, &found, &Cache::default(), &|_, _| {});
        built.diagnostics.append(problems_of_files(&problems()));
        templates(&project, world, &built.diagnostics, &mut survey.items);
        losses(&project, &built.diagnostics, &mut survey.items);
    }
    survey.items.sort_by(|left, right| (left.fate, left.span, &left.what).cmp(&(right.fate, right.span, &right.what)));
    survey.items.dedup();
    survey
}

/// What becomes of a plugin, as a survey says it.
fn fate_of(name: &str) -> config::migrate::PluginFate {
    match plugins::fate_of(name) {
        plugins::Fate::Same => (Fate::Same, "", ""),
        plugins::Fate::Differs(how) => (Fate::Mapped, how, ""),
        plugins::Fate::Harmless(what) => (Fate::Ignored, what, "remove it"),
        plugins::Fate::Missing(what) => (Fate::Missing, what, "remove it when the site can do without it"),
    }
}

/// Templates of Material 9.8 that opsbook's theme has not: a file of such a name would replace nothing.
/// Its translations in `partials/languages` are others.
const ONLY_MATERIALS: [&str; 6] = [
    "blog-post.html",
    "blog.html",
    "fragments/tags/default/listing.html",
    "fragments/tags/default/tag.html",
    "partials/pagination.html",
    "partials/post.html",
];

/// The project's templates: those that run, those that do not, and those that the theme never asks for.
fn templates(project: &Project, world: &dyn World, diagnostics: &Diagnostics, items: &mut Vec<Item>) {
    let files: Vec<_> =
        views::custom_files(project, world).into_iter().filter(|(_, name)| name.ends_with(".html")).collect();
    let (own, _) = crate::render::theme::Theme::new(&[]);
    let only_materials = |name: &str| ONLY_MATERIALS.contains(&name) || name.starts_with("partials/languages/");
    let span = project.config.theme.custom_dir.as_ref().map(|folder| folder.span);
    for (path, name) in &files {
        let is_asked_for = files
            .iter()
            .any(|(other, _)| other != path && world.source(*other).is_ok_and(|source| source.text().contains(*name)));
        let failed = diagnostics.iter().find(|diagnostic| {
            matches!(diagnostic.code, Code::TemplateSyntax | Code::TemplateRender)
                && diagnostic.span.is_some_and(|span| span.file == *path)
        });
        let provider = provider_of(name);
        let (fate, why, todo) = match failed {
            Some(failed) => (
                Fate::Missing,
                format!("it does not run: {}", failed.message),
                "the theme's own one stands in; see the manual's page on templates",
            ),
            None if only_materials(name) && !own.has_template(name) && !is_asked_for => (
                Fate::Missing,
                "opsbook's theme has no part of this name, and no template of the project includes it".to_owned(),
                "put what it shows into a block of `main.html`",
            ),
            None if provider.is_some() && !own.has_template(name) => {
                let provider = provider.unwrap_or_default();
                (Fate::Mapped, format!("it is shown where `extra.analytics.provider` is `{provider}`"), "")
            }
            None if name.contains('/') && !own.has_template(name) && !is_asked_for => {
                (Fate::Ignored, "neither Material nor a template of the project asks for it".to_owned(), "")
            }
            None => (Fate::Mapped, "it runs, in opsbook's own theme".to_owned(), ""),
        };
        let what = format!("template `{path}`");
        items.push(Item { fate, what, why, todo: todo.to_owned(), span });
    }
    for name in &project.config.extra_templates {
        let path = project.docs_dir.join(&name.value);
        let failed = diagnostics.iter().find(|diagnostic| {
            matches!(diagnostic.code, Code::TemplateRender) && diagnostic.span.is_some_and(|span| span.file == path)
        });
        let (fate, why, todo) = match failed {
            Some(failed) => (Fate::Missing, format!("it does not run: {}", failed.message), "the file is left out"),
            None => (Fate::Same, String::new(), ""),
        };
        let what = format!("extra template `{path}`");
        items.push(Item { fate, what, why, todo: todo.to_owned(), span: Some(name.span) });
    }
}

/// The provider of analytics that a template is for: the place that Material documents for one's own.
fn provider_of(name: &str) -> Option<&str> {
    name.strip_prefix("partials/integrations/analytics/")?.strip_suffix(".html")
}

/// What to do about findings that mean that the site lacks what MkDocs gives it.
fn todo_of(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::MacroPython => "write its variables into `extra`, its macros as Jinja macros",
        Code::MacroFailed | Code::MacroUndefined => "see the messages of `opsbook check`",
        Code::PluginOptionIdle => "see whether the site can do without it",
        Code::UnknownFenceFunction => "name one of the functions that opsbook knows",
        Code::SnippetDownload => "put the text into a file of the project",
        Code::ThemeFeature => "see whether the site can do without it",
        Code::ThemeLanguage => "put a file of words into the project's own theme folder",
        Code::TemplateUnknown => "put the template into `theme.custom_dir`",
        Code::LinkLeavesProject => "copy the file into the documentation folder",
        Code::NestingTooDeep | Code::IncludeTooLarge => "make the page simpler",
        _ => return None,
    })
}

/// Findings of the configuration one by one, those of pages together.
fn losses(project: &Project, diagnostics: &Diagnostics, items: &mut Vec<Item>) {
    let mut of_pages: BTreeMap<Code, Vec<&Diagnostic>> = BTreeMap::new();
    for diagnostic in diagnostics.iter().filter(|diagnostic| diagnostic.severity <= Severity::Warning) {
        let Some(todo) = todo_of(diagnostic.code) else { continue };
        let is_of_configuration = diagnostic.span.is_some_and(|span| project.config_files.contains(&span.file));
        if is_of_configuration {
            let why = diagnostic.notes.first().cloned().unwrap_or_default();
            let what = diagnostic.message.clone();
            items.push(Item { fate: Fate::Missing, what, why, todo: todo.to_owned(), span: diagnostic.span });
        } else {
            of_pages.entry(diagnostic.code).or_default().push(diagnostic);
        }
    }
    for (code, found) in of_pages {
        let (first, n_more) = (found[0], found.len() - 1);
        let more = if n_more == 0 { String::new() } else { format!(", and {n_more} more of this kind") };
        items.push(Item {
            fate: Fate::Missing,
            what: format!("{}{more}", first.message),
            why: code.summary().to_owned(),
            todo: todo_of(code).unwrap_or_default().to_owned(),
            span: first.span,
        });
    }
}
