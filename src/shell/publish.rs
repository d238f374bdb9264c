//! Publishing a site: its folder becomes a commit on a branch, and the branch is pushed.
//!
//! What ends up on the branch is what `mkdocs gh-deploy` puts there (ghp-import 2.1): the files of the
//! site, `.nojekyll`, and nothing else, on top of what the remote is known to have.

use super::Terminal;
use super::disk::reason;
use super::output::OutputError;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What is published, and where.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// A folder in the repository.
    pub repository: PathBuf,
    /// The remote's name or address.
    pub remote: String,
    /// The branch.
    pub branch: String,
    /// The commit's message, with `{sha}` and `{version}` for what they stand for.
    pub message: Option<String>,
    /// Whether the remote's branch may be replaced.
    pub force: bool,
    /// Whether the commit has no parent.
    pub no_history: bool,
    /// Whether an older program may follow a newer one.
    pub ignore_version: bool,
    /// Whether Git is started through the shell.
    pub through_shell: bool,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployed {
    /// Where the site will stand, as far as that is known.
    pub address: Option<String>,
    /// The domain that the branch named before and names no more.
    pub domain_lost: Option<String>,
}

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What keeps GitHub Pages from leaving out names that begin with `_`.
const NO_JEKYLL: &str = ".nojekyll";

fn refuse(message: impl Into<String>, help: impl Into<Option<String>>) -> OutputError {
    OutputError { message: message.into(), help: help.into() }
}

/// Checks what a deployment needs besides a site: Git, a repository with a commit, the remote, a branch
/// that is not the one being worked on, and no newer deployment.
///
/// # Errors
/// With what is missing.
pub fn check_deployment(to: &Deployment) -> Result<(), OutputError> {
    let inside = to.git(&["rev-parse", "--is-inside-work-tree"])?;
    if !inside.status.success() {
        let help = "make one with `git init`, and give it a remote with `git remote add origin ADDRESS`".to_owned();
        return Err(refuse(format!("`{}` is in no Git repository", to.repository.display()), help));
    }
    if !to.git(&["check-ref-format", "--branch", &to.branch])?.status.success() {
        let help = "name another one with `-b`".to_owned();
        return Err(refuse(format!("`{}` cannot be the name of a branch", to.branch), help));
    }
    let remotes = text_of(&to.git(&["remote"])?);
    let is_address = to.remote.contains(['/', ':']);
    if !is_address && !remotes.lines().any(|name| name == to.remote) {
        let known: Vec<String> = remotes.lines().map(|name| format!("`{name}`")).collect();
        let help = if known.is_empty() {
            format!("add one with `git remote add {} ADDRESS`", to.remote)
        } else {
            format!("name one with `-r`: there is {}", known.join(", "))
        };
        return Err(refuse(format!("the repository has no remote `{}`", to.remote), help));
    }
    let current = text_of(&to.git(&["symbolic-ref", "--quiet", "HEAD"])?);
    if current == format!("refs/heads/{}", to.branch) {
        let help = "name another branch with `-b`, or switch to the branch of the sources".to_owned();
        return Err(refuse(format!("the branch `{}` is the one that is checked out", to.branch), help));
    }
    to.check_version()
}

/// Makes a commit of these files of a site, sorted by name, and pushes it.
///
/// # Errors
/// With what Git says.
pub fn deploy(to: &Deployment, site: &Path, names: &[String], terminal: Terminal) -> Result<Deployed, OutputError> {
    let local = format!("refs/heads/{}", to.branch);
    // On top of what the remote is known to have; a commit that never went there is none of its history.
    let tracked = format!("refs/remotes/{}/{}", to.remote, to.branch);
    let parent = match to.commit(&tracked)? {
        Some(commit) => Some(commit),
        None => to.commit(&local)?,
    };
    let domain_before = match &parent {
        Some(parent) => Some(to.git(&["show", &format!("{parent}:CNAME")])?),
        None => None,
    };
    let domain_before = domain_before.filter(|shown| shown.status.success()).map(|shown| text_of(&shown));

    let sha = text_of(&to.git(&["rev-parse", "--short", "HEAD"])?);
    let message = to.message.as_deref().unwrap_or("Deployed {sha} with opsbook version: {version}");
    let message = message.replace("{version}", VERSION).replace("{sha}", &sha);
    let who = to.git(&["var", "GIT_COMMITTER_IDENT"])?;
    if !who.status.success() {
        let help = "say who you are: `git config user.name NAME` and `git config user.email ADDRESS`".to_owned();
        return Err(refuse("Git does not know who makes the commit", help));
    }
    let who = text_of(&who);
    let parent = parent.filter(|_| !to.no_history);
    let from = parent.map(|parent| format!("from {parent}\n")).unwrap_or_default();
    let head = format!("commit {local}\ncommitter {who}\ndata {}\n{message}\n{from}deleteall\n", message.len());
    to.import(|pipe| {
        pipe.write_all(head.as_bytes())?;
        for name in names.iter().filter(|name| *name != NO_JEKYLL) {
            let place = site.join(name);
            add(pipe, name, mode(&place), &fs::read(&place)?)?;
        }
        add(pipe, NO_JEKYLL, "100644", b"")
    })?;
    to.push(&local, terminal)?;

    let own_domain = fs::read_to_string(site.join("CNAME")).ok().map(|text| text.trim().to_owned());
    let url = text_of(&to.git(&["config", "--get", &format!("remote.{}.url", to.remote)])?);
    let address = own_domain.as_ref().map(|domain| format!("https://{domain}/")).or_else(|| pages_address(&url));
    Ok(Deployed { address, domain_lost: domain_before.filter(|_| own_domain.is_none()) })
}

impl Deployment {
    fn command(&self, words: &[&str]) -> Command {
        let mut command = match (self.through_shell, cfg!(windows)) {
            (false, _) => Command::new("git"),
            (true, true) => {
                let mut shell = Command::new("cmd");
                shell.args(["/C", "git"]);
                shell
            }
            (true, false) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", "exec git \"$@\"", "git"]);
                shell
            }
        };
        command.args(words).current_dir(&self.repository);
        command
    }

    fn git(&self, words: &[&str]) -> Result<Output, OutputError> {
        self.command(words).stdin(Stdio::null()).output().map_err(|error| no_git(&error))
    }

    fn commit(&self, reference: &str) -> Result<Option<String>, OutputError> {
        let found = self.git(&["rev-parse", "--verify", "--quiet", &format!("{reference}^{{commit}}")])?;
        Ok(found.status.success().then(|| text_of(&found)))
    }

    /// An older program does not silently replace what a newer one has published. Commits of other
    /// programs, MkDocs' among them, say nothing about opsbook's version.
    fn check_version(&self) -> Result<(), OutputError> {
        if self.ignore_version {
            return Ok(());
        }
        let subject = text_of(&self.git(&["show", "-s", "--format=%s", &format!("refs/heads/{}", self.branch)])?);
        let Some((_, rest)) = subject.split_once("opsbook version: ") else { return Ok(()) };
        let before = rest.split_whitespace().next().unwrap_or_default();
        if numbers(before) > numbers(VERSION) {
            let help = "install a newer one, or deploy anyway with `--ignore-version`".to_owned();
            return Err(refuse(format!("opsbook {before} has deployed before, and this is opsbook {VERSION}"), help));
        }
        Ok(())
    }

    fn import(&self, write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> Result<(), OutputError> {
        // Without `--force` the branch could not leave a commit that never went to the remote.
        let mut import = self
            .command(&["fast-import", "--quiet", "--force"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| no_git(&error))?;
        // What it says fits into a pipe, so that neither waits for the other.
        let written = import.stdin.take().map_or(Ok(()), |mut pipe| write(&mut pipe));
        let ended = import.wait_with_output().map_err(|error| no_git(&error))?;
        match written {
            Ok(()) if ended.status.success() => Ok(()),
            // A closed pipe says nothing; Git says why it closed it.
            Err(error) if ended.status.success() => {
                Err(refuse(format!("cannot hand the site to Git: {}", reason(&error)), None))
            }
            _ => {
                let said = String::from_utf8_lossy(&ended.stderr).trim().to_owned();
                Err(refuse(format!("Git does not take the commit: {said}"), None))
            }
        }
    }

    fn push(&self, local: &str, terminal: Terminal) -> Result<(), OutputError> {
        let mut words = vec!["push", &self.remote, local];
        words.extend((self.force || self.no_history).then_some("--force"));
        words.extend(terminal.is_quiet().then_some("--quiet"));
        // Git may ask for a password, and shows how far it is: the terminal is its own.
        let status = self.command(&words).status().map_err(|error| no_git(&error))?;
        if status.success() {
            return Ok(());
        }
        let (remote, branch) = (&self.remote, &self.branch);
        let help = format!(
            "where the remote has newer commits, fetch them with `git fetch {remote} {branch}` and deploy again, or \
             replace them with `--force`"
        );
        Err(refuse(format!("Git could not push the branch `{branch}` to `{remote}`"), help))
    }
}

fn no_git(error: &io::Error) -> OutputError {
    refuse(format!("cannot start `git`: {}", reason(error)), "install Git, which `gh-deploy` pushes with".to_owned())
}

fn text_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The numbers of a version, for comparison.
fn numbers(version: &str) -> Vec<u64> {
    version.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect()
}

#[cfg(unix)]
fn mode(place: &Path) -> &'static str {
    use std::os::unix::fs::PermissionsExt as _;
    let executable = place.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0);
    if executable { "100755" } else { "100644" }
}

#[cfg(not(unix))]
fn mode(_: &Path) -> &'static str {
    "100644"
}

/// Adds a file to the stream (git-fast-import, "filemodify"); the name is quoted as in C.
fn add(stream: &mut dyn io::Write, name: &str, mode: &str, bytes: &[u8]) -> io::Result<()> {
    let name = name.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    stream.write_all(format!("M {mode} inline \"{name}\"\ndata {}\n", bytes.len()).as_bytes())?;
    stream.write_all(bytes)?;
    stream.write_all(b"\n")
}

/// Where GitHub Pages shows the site of a repository.
fn pages_address(url: &str) -> Option<String> {
    let (_, path) = url.split_once("github.com/").or_else(|| url.split_once("github.com:"))?;
    let (owner, name) = path.trim_end_matches('/').split_once('/')?;
    let name = name.strip_suffix(".git").unwrap_or(name);
    let host = format!("{owner}.github.io");
    Some(if name.eq_ignore_ascii_case(&host) { format!("https://{host}/") } else { format!("https://{host}/{name}/") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_stand_where_github_shows_them() {
        for (url, address) in [
            ("https://github.com/ana/handbook.git", Some("https://ana.github.io/handbook/")),
            ("git@github.com:ana/handbook.git", Some("https://ana.github.io/handbook/")),
            ("https://github.com/ana/ana.github.io", Some("https://ana.github.io/")),
            ("https://git.example.org/ana/handbook.git", None),
        ] {
            assert_eq!(pages_address(url).as_deref(), address, "{url}");
        }
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(numbers("0.10.0") > numbers("0.9.3") && numbers("1.0.0") == numbers("1.0.0-rc.1"));
    }
}
