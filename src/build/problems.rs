//! What a walk over the documentation folder found besides files, as diagnostics.

use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::text::{SitePath, Span};

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
    /// It is neither file nor folder: a socket, a pipe, a device.
    NotAFile,
    /// The system said no, in its words.
    Unreadable(String),
}

/// Says what is wrong with the entries of the documentation folder.
pub fn problems_of_files(problems: &[Problem]) -> Diagnostics {
    problems.iter().map(diagnostic).collect()
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
        ProblemKind::NotAFile => {
            say(Code::NotAFile, format!("`{path}` is neither a file nor a folder")).note("it is no part of the site")
        }
        ProblemKind::Unreadable(why) => say(Code::FileUnreadable, format!("`{path}` cannot be read: {why}")),
    }
}
