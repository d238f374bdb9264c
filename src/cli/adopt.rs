//! `opsbook adopt`: pages that were written for people become runbooks, as a patch.

use super::named;
use super::project::{self, Opened};
use super::report;
use super::{Status, could_not};
use crate::build;
use crate::plan::adopt::{Adoption, unified_diff};
use crate::shell::{self, Kind, Terminal};
use crate::text::{SitePath, World as _, counted};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Propose what makes existing pages runbooks
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook adopt docs/restart.md
      See the proposal for one page
  opsbook adopt docs | git apply
      Take the proposals for a folder of pages
  opsbook adopt --write docs/restart.md
      The same, without a patch

Shell blocks that look executable get an id, an impact and a timeout, placeholders become parameters, and the \
front matter gets a checklist. The prose stays as it is.

Exit status: 0 fine, 1 a page that was named has no proposal that keeps its prose, 2 could not do it.")]
pub(super) struct Typed {
    /// Pages or folders
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Change the pages instead of printing a patch
    #[arg(long)]
    write: bool,
}

#[derive(Default)]
struct Tally {
    pages: usize,
    adopted: usize,
    steps: usize,
    items: usize,
    params: usize,
    left: usize,
    untold: usize,
    refused: usize,
    /// The ids of the runbooks that there are.
    ids: BTreeSet<String>,
}

pub(super) fn run(typed: &Typed, terminal: Terminal) -> Status {
    let mut tally = Tally::default();
    let mut status = Status::Fine;
    for file in &typed.files {
        match adopt(terminal, typed, file, &mut tally) {
            Ok(found) => status = status.max(found),
            Err(failed) => return failed,
        }
    }
    let Tally { pages, adopted, steps, items, params, left, untold, refused, .. } = tally;
    if untold > 0 {
        let what = counted(untold, "instruction");
        terminal.say(&format!("On no list, because another sentence stands before it: {what}"));
    }
    let verb = if typed.write { "Adopted" } else { "Proposed" };
    terminal.say(&format!(
        "{verb} {adopted} of {}: {}, {}, {}; left as they are: {}, {}",
        counted(pages, "page"),
        counted(steps, "step"),
        counted(items, "item"),
        counted(params, "parameter"),
        counted(left, "shell block"),
        counted(refused, "page")
    ));
    status
}

fn adopt(terminal: Terminal, typed: &Typed, file: &std::path::Path, tally: &mut Tally) -> Result<Status, Status> {
    let one = named::pages(terminal, file)? == Kind::File;
    let Opened { disk, entry, project, docs } = project::open_page(terminal, file)?;
    let here = shell::current_folder()
        .map_err(|error| could_not(terminal, &format!("cannot tell the current folder: {error}"), None))?;
    let pages: Vec<SitePath> = if one {
        vec![entry]
    } else {
        disk.list(entry).into_iter().filter(|path| ["md", "markdown"].contains(&path.extension())).collect()
    };
    if pages.is_empty() {
        return Err(named::no_page_in(terminal, file));
    }
    // Ids are unique in a project: those that its pages have, and those that were just proposed.
    let folder = docs.unwrap_or_else(|| if one { entry.parent() } else { entry });
    for (_, page) in build::collect_pages(project.as_ref(), &disk, folder).0.pages() {
        let settings = page.runbook.as_ref().and_then(|runbook| runbook.settings.as_ref());
        tally.ids.extend(settings.map(|settings| settings.id.value.clone()));
    }
    let mut status = Status::Fine;
    for path in pages {
        let place = disk.locate(path);
        // A patch is applied where it was made.
        let shown = place.strip_prefix(&here).unwrap_or(&place).to_string_lossy().into_owned();
        let source = match disk.source(path) {
            Ok(source) => source,
            Err(why) => {
                let found = [build::unreadable_page(path, &why)].into_iter().collect();
                status = status.max(report::print(terminal, report::Format::Human, &found, &disk));
                continue;
            }
        };
        tally.pages += 1;
        let proposal = match build::adopt_page(project.as_ref(), &disk, &source, &tally.ids) {
            Adoption::IsRunbook | Adoption::Nothing => continue,
            Adoption::Refused(why) => {
                tally.refused += 1;
                terminal.say(&format!("{shown}: no proposal: {why}"));
                if one {
                    status = Status::ContentAtFault;
                }
                continue;
            }
            Adoption::Proposal(proposal) => proposal,
        };
        tally.adopted += 1;
        tally.ids.insert(proposal.id.clone());
        tally.steps += proposal.n_steps;
        tally.items += proposal.n_items;
        tally.params += proposal.params.len();
        tally.left += proposal.n_left;
        tally.untold += proposal.n_untold;
        if typed.write {
            shell::replace_file(&disk, path, &proposal.text)
                .map_err(|error| could_not(terminal, &error.message, error.help.as_deref()))?;
        } else if terminal.print(&unified_diff(&shown, source.text(), &proposal.edits)).is_err() {
            return Err(Status::CouldNot);
        }
    }
    Ok(status)
}
