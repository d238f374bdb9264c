//! What Git knows of a project, asked of the `git` program.

use crate::build::{History, HistoryRules, PageTimes};
use crate::plan::lint::Branch;
use crate::text::SitePath;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Returns the text of a file at a reference, `None` where it did not exist there.
///
/// # Errors
/// Says in words why there is no answer: no Git, no repository, no such reference.
pub fn git_file(folder: &Path, reference: &str, file: &str) -> Result<Option<String>, String> {
    check_reference(folder, reference)?;
    // `./` names the file from the folder, wherever the repository begins.
    Ok(git(folder, &["show", &format!("{reference}:./{file}")]).ok())
}

/// Returns the files of a folder's repository that differ from a reference, those that Git does not know
/// yet included.
///
/// # Errors
/// Says in words why there is no answer: no Git, no repository, no such reference.
pub fn git_changed_since(folder: &Path, reference: &str) -> Result<BTreeSet<PathBuf>, String> {
    check_reference(folder, reference)?;
    let top = git(folder, &["rev-parse", "--show-toplevel"])?;
    let top = PathBuf::from(top.trim_end_matches(['\r', '\n']));
    let tracked = git(&top, &["diff", "--name-only", "-z", reference, "--"])?;
    let new = git(&top, &["ls-files", "--others", "--exclude-standard", "-z"])?;
    let names = tracked.split('\0').chain(new.split('\0')).filter(|name| !name.is_empty());
    Ok(names.map(|name| top.join(name)).collect())
}

/// Returns the commit that is checked out, where the folder is in a repository that has one.
pub fn git_commit(folder: &Path) -> Option<String> {
    git(folder, &["rev-parse", "--verify", "--quiet", "HEAD"]).ok().map(|text| text.trim().to_owned())
}

/// Returns all tags; `None` where there is no repository.
pub fn git_tags(folder: &Path) -> Option<BTreeSet<String>> {
    git(folder, &["tag", "--list"]).ok().map(|text| text.lines().map(str::to_owned).collect())
}

/// Returns the branch that changes are merged into, with its commits: the one that the remote `origin`
/// names, else `main` or `master`, there or here. `None` where there is none of them, no repository, or
/// one without its whole history.
pub fn git_default_branch(folder: &Path) -> Option<Branch> {
    let wanted = ["remotes/origin/HEAD", "remotes/origin/main", "remotes/origin/master", "heads/main", "heads/master"];
    let wanted = wanted.map(|name| format!("refs/{name}"));
    if git(folder, &["rev-parse", "--is-shallow-repository"]).ok()?.trim() != "false" {
        return None;
    }
    let found = git(folder, &["for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes/origin"]).ok()?;
    let reference = wanted.iter().find(|name| found.lines().any(|line| line == name.as_str()))?;
    let commits = git(folder, &["rev-list", reference]).ok()?;
    let name = reference.trim_start_matches("refs/").trim_start_matches("heads/").trim_start_matches("remotes/");
    Some(Branch { name: name.to_owned(), commits: commits.lines().map(str::to_owned).collect() })
}

/// Returns when each file below a folder of the project was committed first and last, by the dates of
/// its authors, in one pass over the history. A file that was renamed keeps its past, unless the rules
/// say otherwise; the rename itself is no change, as git-revision-date-localized has it.
///
/// # Errors
/// Says in words why there is no answer: no Git, no repository.
pub fn git_history(folder: &Path, below: &Path, rules: &HistoryRules) -> Result<History, String> {
    let below = below.to_string_lossy();
    let renames = if rules.renamed_is_new { "--no-renames" } else { "-M" };
    let words = [
        "-c",
        "core.quotePath=false",
        "log",
        "--format=%x01%H %at",
        "--name-status",
        renames,
        "--relative",
        "--",
        &*below,
    ];
    Ok(history_of(&git(folder, &words)?, rules))
}

/// Reads what `git log --name-status` says, the newest commit first.
fn history_of(log: &str, rules: &HistoryRules) -> History {
    let mut history = History { is_known: true, ..History::default() };
    // The name that a file had at this point of the past, and the name that it has today.
    let mut today: BTreeMap<&str, SitePath> = BTreeMap::new();
    let mut time = 0;
    let mut is_ignored = false;
    for line in log.lines() {
        if let Some((hash, stamp)) = line.strip_prefix('\u{1}').and_then(|head| head.split_once(' ')) {
            time = stamp.trim().parse().unwrap_or(time);
            is_ignored = rules.ignored.iter().any(|ignored| hash.starts_with(ignored));
            continue;
        }
        let mut cells = line.split('\t');
        let (Some(status), Some(name)) = (cells.next(), cells.next()) else { continue };
        let status = status.chars().next();
        if status != Some('R') && !is_ignored {
            history.site.get_or_insert(time);
        }
        match (status, cells.next()) {
            (Some('R'), Some(new)) => {
                let page = today.remove(new).unwrap_or_else(|| SitePath::new(new));
                today.insert(name, page);
            }
            (Some('D'), _) => {}
            (_, new) => {
                let page = *today.entry(new.unwrap_or(name)).or_insert_with(|| SitePath::new(new.unwrap_or(name)));
                let times = history.pages.entry(page).or_insert(PageTimes { created: time, updated: None });
                times.created = time;
                if !is_ignored {
                    times.updated.get_or_insert(time);
                }
            }
        }
    }
    history
}

fn check_reference(folder: &Path, reference: &str) -> Result<(), String> {
    if reference.starts_with('-') || reference.is_empty() {
        return Err(format!("`{reference}` is no Git reference"));
    }
    git(folder, &["rev-parse", "--verify", "--quiet", &format!("{reference}^{{commit}}")])
        .map(|_| ())
        .map_err(|why| if why.is_empty() { format!("Git does not know the reference `{reference}`") } else { why })
}

fn git(folder: &Path, words: &[&str]) -> Result<String, String> {
    let output = Command::new("git")
        .args(words)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot start `git`: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Page, first and last time of each page, and the site's last.
    type Times = (Vec<(&'static str, i64, Option<i64>)>, Option<i64>);

    fn times(log: &str, rules: &HistoryRules) -> Times {
        let history = history_of(log, rules);
        let pages = history.pages.into_iter().map(|(page, times)| (page.as_str(), times.created, times.updated));
        (pages.collect(), history.site)
    }

    #[test]
    fn a_renamed_file_keeps_its_past_and_a_rename_is_no_change() {
        let log = "\u{1}dd 400\n\nR100\tdocs/old.md\tdocs/new.md\n\u{1}cc 300\n\nM\tdocs/old.md\nM\tdocs/b.md\n\
                   \u{1}bb 200\n\nA\tdocs/b.md\nD\tdocs/gone.md\n\u{1}aa 100\n\nA\tdocs/old.md\n";
        let expected = vec![("docs/b.md", 200, Some(300)), ("docs/new.md", 100, Some(300))];
        assert_eq!(times(log, &HistoryRules::default()), (expected, Some(300)));
    }

    #[test]
    fn an_ignored_commit_is_no_change_but_may_be_the_first() {
        let log = "\u{1}bb 200\n\nM\ta.md\nA\tb.md\n\u{1}aa 100\n\nA\ta.md\n";
        let rules = HistoryRules { ignored: vec!["b".to_owned()], renamed_is_new: false };
        assert_eq!(times(log, &rules), (vec![("a.md", 100, Some(100)), ("b.md", 200, None)], Some(100)));
    }
}
