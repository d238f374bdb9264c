//! What a walk over the documentation folder found besides files, and what must not be published, as
//! diagnostics.

use super::project::Project;
use crate::config::Plugin;
use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::plugins::{Keeper, keeper_of};
use crate::site::{PageRoute, Site};
use crate::text::yaml::Node;
use crate::text::{ReadError, SitePath, Span};
use std::collections::BTreeSet;

/// Something below a listed folder that is no usable file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where.
    pub path: SitePath,
    /// What.
    pub kind: ProblemKind,
}

/// What is wrong with an entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemKind {
    /// A symbolic link to a place outside of the project: not followed.
    LeadsOutOfProject(String),
    /// A symbolic link out of the listed folder that stays inside of the project: followed.
    LeadsOutOfFolder(String),
    /// A symbolic link to nothing, or in a circle.
    BrokenLink,
    /// A name that is not UTF-8; its nearest text stands in the path.
    NameNotUtf8,
    /// A name with a backslash, which the path does not hold: there it would part two folders.
    NameWithBackslash(String),
    /// It is neither file nor folder: a socket, a pipe, a device.
    NotAFile,
    /// The system said no, in its words.
    Unreadable(String),
}

/// Says what is wrong with the entries of the documentation folder.
pub fn problems_of_files(problems: &[Problem]) -> Diagnostics {
    problems.iter().map(diagnostic).collect()
}

/// Says why a page cannot be read. The place of a byte that is no UTF-8 is the text before it.
pub fn unreadable_page(page: SitePath, error: &ReadError) -> Diagnostic {
    let start = Span::at_start(page);
    match error {
        ReadError::NotUtf8 { valid_up_to } => {
            let span = Span::new(page, *valid_up_to..*valid_up_to + 1);
            Diagnostic::new(Code::PageNotUtf8, span, format!("`{page}` is not valid UTF-8 at byte {valid_up_to}"))
                .help("save the file as UTF-8")
        }
        ReadError::NotFound => {
            Diagnostic::new(Code::FileUnreadable, start, format!("`{page}` vanished while the site was built"))
        }
        ReadError::IsFolder => {
            Diagnostic::new(Code::FileUnreadable, start, format!("`{page}` is a folder, not a page"))
                .help("rename the folder, or put the page's text into a file of this name")
        }
        ReadError::Outside(why) => Diagnostic::outside(start, page.as_str(), why).severity(Severity::Error),
        ReadError::Refused(why) | ReadError::Io(why) => {
            Diagnostic::new(Code::FileUnreadable, start, format!("`{page}` cannot be read: {why}"))
        }
    }
}

/// Says what a build would publish that a plugin, which opsbook does not have, keeps from readers.
pub(super) fn kept_back(project: &Project, site: &Site) -> Diagnostics {
    let plugins = project.config.plugins.iter();
    let missing = plugins.filter_map(|plugin| Some((plugin, keeper_of(&plugin.name.value)?)));
    missing.filter_map(|(plugin, keeper)| keeper_missing(project, site, plugin, keeper)).collect()
}

fn keeper_missing(project: &Project, site: &Site, plugin: &Plugin, keeper: &Keeper) -> Option<Diagnostic> {
    const SHOWN: usize = 20;
    let option = |name: &&str| plugin.options.as_ref().is_some_and(|options| options.get(name).is_some());
    let is_all = keeper.all.iter().any(option);
    let words = plugin.options.as_ref().map(words_of).unwrap_or_default();
    let concerns = |page: &(&SitePath, &PageRoute)| {
        let path = page.0.below(project.docs_dir).unwrap_or(page.0.as_str());
        is_all || is_marked(page.1.meta.as_ref(), keeper, &words) || words.iter().any(|word| is_in(path, word))
    };
    let pages: Vec<String> = site.pages.iter().filter(concerns).map(|(path, _)| format!("`{path}`")).collect();
    if pages.is_empty() && keeper.only_marked {
        return None;
    }
    let name = &plugin.name;
    let message = format!("the plugin `{}`, which {}, is not part of opsbook", name.value, keeper.does);
    let of_pages = match pages.len() {
        0 => "which pages it is for, neither its options nor the pages say".to_owned(),
        n if n > SHOWN => format!("a build would publish {} and {} more", pages[..SHOWN].join(", "), n - SHOWN),
        _ => format!("a build would publish {}", pages.join(", ")),
    };
    let diagnostic = Diagnostic::new(Code::ConfigKeeper, name.span, message).note(of_pages);
    Some(
        diagnostic
            .help("leave what is to be kept back out of the project, or list it in `exclude_docs`, and the plugin out"),
    )
}

/// The texts in a plugin's options.
fn words_of(options: &Node) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut nodes = vec![options];
    while let Some(node) = nodes.pop() {
        nodes.extend(node.as_seq().unwrap_or_default());
        nodes.extend(node.as_map().unwrap_or_default().iter().map(|(_, value)| value));
        words.extend(node.as_str().filter(|text| !text.is_empty()).map(str::to_owned));
    }
    words
}

/// Tells whether a page's front matter has one of the plugin's keys, or a word that its options name.
fn is_marked(meta: Option<&Node>, keeper: &Keeper, words: &BTreeSet<String>) -> bool {
    let is_key = |key: &&str| meta.and_then(|meta| meta.get(key)).is_some_and(|value| value.as_bool() != Some(false));
    keeper.keys.iter().any(is_key) || meta.is_some_and(|meta| !words_of(meta).is_disjoint(words))
}

/// Tells whether a path is, roughly, among those of a pattern.
fn is_in(path: &str, pattern: &str) -> bool {
    let core = pattern.trim_matches(['*', '/']);
    core.len() > 1 && path.contains(core)
}

fn diagnostic(problem: &Problem) -> Diagnostic {
    let Problem { path, kind } = problem;
    let say = |code, message: String| Diagnostic::new(code, Span::at_start(*path), message);
    match kind {
        ProblemKind::LeadsOutOfProject(target) => {
            say(Code::LinkLeavesProject, format!("symbolic link `{path}` leads out of the project, to `{target}`"))
                .note("it is not followed, because a page could publish any file of this machine through such a link")
                .help("copy the file into the documentation folder, or keep both in one Git repository")
        }
        ProblemKind::LeadsOutOfFolder(target) => say(
            Code::LinkLeavesFolder,
            format!("symbolic link `{path}` leads out of the documentation folder, to `{target}`"),
        )
        .note("it is followed, because `{target}` is part of the project".replace("{target}", target)),
        ProblemKind::BrokenLink => say(Code::BrokenSymlink, format!("symbolic link `{path}` leads nowhere"))
            .help("remove it, or correct its target"),
        ProblemKind::NameNotUtf8 => say(Code::FileNameNotUtf8, format!("the name of `{path}` is not UTF-8"))
            .note("it is no part of the site, because an address cannot hold it")
            .help("rename the file"),
        ProblemKind::NameWithBackslash(name) => {
            say(Code::FileNameNotUtf8, format!("the name of `{name}` holds a backslash"))
                .note("it is no part of the site, because in an address it would part two folders")
                .help("rename the file")
        }
        ProblemKind::NotAFile => {
            say(Code::NotAFile, format!("`{path}` is neither a file nor a folder")).note("it is no part of the site")
        }
        ProblemKind::Unreadable(why) => say(Code::FileUnreadable, format!("`{path}` cannot be read: {why}")),
    }
}
