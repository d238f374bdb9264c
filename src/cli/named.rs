//! Files that somebody named: what they have to be, and what is said where they are something else.

use super::{Status, could_not};
use crate::shell::{self, Kind, Terminal};
use std::path::Path;

/// Tells whether a file is a page by its name, as MkDocs has it.
pub(super) fn is_page(file: &Path) -> bool {
    let extension = file.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| ["md", "markdown", "mdown", "mkdn", "mkd"].contains(&extension))
}

/// Checks that a file was named that can be read; `wanted` says what it should have been.
///
/// # Errors
/// When there is none, or it is a folder.
pub(super) fn file(terminal: Terminal, file: &Path, wanted: &str) -> Result<(), Status> {
    if exists(terminal, file, wanted)? == Kind::Folder {
        let message = format!("`{}` is a folder", file.display());
        return Err(could_not(terminal, &message, Some(&format!("name {wanted}"))));
    }
    Ok(())
}

/// Checks that a page or a folder with pages was named, and returns which of the two.
///
/// # Errors
/// When it is neither.
pub(super) fn pages(terminal: Terminal, file: &Path) -> Result<Kind, Status> {
    let wanted = "a page, such as `docs/release.md`, or a folder of pages";
    let kind = exists(terminal, file, wanted)?;
    if kind == Kind::File && !is_page(file) {
        let message = format!("`{}` is no Markdown page", file.display());
        return Err(could_not(terminal, &message, Some(&format!("name {wanted}"))));
    }
    Ok(kind)
}

/// Says that a folder holds no page.
pub(super) fn no_page_in(terminal: Terminal, folder: &Path) -> Status {
    let message = format!("there is no Markdown page in `{}`", folder.display());
    could_not(terminal, &message, Some("name a page, such as `docs/release.md`, or the folder that holds them"))
}

fn exists(terminal: Terminal, file: &Path, wanted: &str) -> Result<Kind, Status> {
    let help = format!("name {wanted}");
    match shell::look_at(&shell::absolute(file)) {
        Ok(Kind::Missing) => Err(could_not(terminal, &format!("there is no file `{}`", file.display()), Some(&help))),
        Ok(kind) => Ok(kind),
        Err(why) => Err(could_not(terminal, &format!("cannot read `{}`: {why}", file.display()), Some(&help))),
    }
}
