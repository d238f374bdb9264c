//! What a walk over the documentation folder found besides files, as diagnostics.

use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::text::{ReadError, SitePath, Span};

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
