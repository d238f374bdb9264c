//! `opsbook gh-deploy` before a bare repository that stands for the remote.
//!
//! What ends up on the branch is what MkDocs 1.6.1 with ghp-import 2.1.0 puts there: compared once by hand
//! over the same project, the names and modes are the same but for the theme's own files.

use crate::cli::{Case, Ended};
use std::path::Path;
use std::process::Command;

/// A project that is committed, and its remote.
struct Published {
    case: Case,
}

impl Published {
    fn new() -> Published {
        let case = Case::new(&[("docs/CNAME", "docs.example.org\n"), ("docs/deep/page.md", "# Page\n")]);
        let published = Published { case };
        published.git(".", &["init", "-q", "--bare", "-b", "main", "remote.git"]);
        published.git(".", &["init", "-q", "-b", "main"]);
        published.git(".", &["remote", "add", "origin", "remote.git"]);
        published.git(".", &["add", "mkdocs.yml", "docs"]);
        published.git(".", &["commit", "-q", "-m", "Pages"]);
        published
    }

    fn git(&self, folder: &str, words: &[&str]) -> String {
        let output = self.command("git").args(words).current_dir(self.case.path(folder)).output().expect("Git starts");
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("Git writes text").trim().to_owned()
    }

    /// A program that knows nothing of who runs the tests.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        for (name, value) in [
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_SYSTEM", "/dev/null"),
            ("GIT_AUTHOR_NAME", "Ana"),
            ("GIT_AUTHOR_EMAIL", "ana@example.org"),
            ("GIT_COMMITTER_NAME", "Ana"),
            ("GIT_COMMITTER_EMAIL", "ana@example.org"),
            ("GIT_CEILING_DIRECTORIES", Path::new(&self.case.path(".")).parent().unwrap().to_str().unwrap()),
        ] {
            command.env(name, value);
        }
        command
    }

    fn deploy(&self, arguments: &[&str]) -> Ended {
        let mut command = self.command(env!("CARGO_BIN_EXE_opsbook"));
        command.arg("gh-deploy").args(arguments).current_dir(self.case.path("."));
        self.case.ended(command.output().expect("opsbook starts"))
    }

    /// Deploys, and it must go well.
    #[track_caller]
    fn deployed(&self, arguments: &[&str]) -> String {
        let ended = self.deploy(arguments);
        assert_eq!((ended.status, ended.out.as_str()), (0, ""), "{}", ended.err);
        ended.err
    }

    #[track_caller]
    fn refused(&self, arguments: &[&str], said: &str, help: &str) {
        let ended = self.deploy(arguments);
        assert_eq!(ended.status, 2, "{}", ended.err);
        assert!(ended.err.contains(said) && ended.err.contains(help), "{}", ended.err);
    }

    /// Modes and names of what a branch of the remote holds.
    fn branch(&self, branch: &str) -> Vec<String> {
        let listed = self.git("remote.git", &["ls-tree", "-r", "--format=%(objectmode) %(path)", branch]);
        listed.lines().map(str::to_owned).collect()
    }

    fn history(&self, branch: &str) -> Vec<String> {
        self.git("remote.git", &["log", "--format=%s", branch]).lines().map(str::to_owned).collect()
    }
}

#[test]
fn the_branch_holds_the_site_and_nothing_else() {
    let published = Published::new();
    published.case.write("site/old.html", "of an earlier build by somebody else");
    let said = published.deployed(&[]);
    assert!(said.ends_with("The site will soon stand at https://docs.example.org/\n"), "{said}");
    let files = published.branch("gh-pages");
    for file in ["100644 .nojekyll", "100644 CNAME", "100644 index.html", "100644 deep/page/index.html"] {
        assert!(files.iter().any(|found| found == file), "{file} is missing: {files:?}");
    }
    assert_eq!(files.iter().find(|file| file.contains(".opsbook") || file.ends_with("old.html")), None);
    let sha = published.git(".", &["rev-parse", "--short", "HEAD"]);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(published.history("gh-pages"), [format!("Deployed {sha} with opsbook version: {version}")]);
    // A page that goes is gone from the branch, on top of what was there.
    std::fs::remove_file(published.case.path("docs/deep/page.md")).unwrap();
    published.deployed(&["-m", "Again {sha} {version}", "-q"]);
    assert_eq!(published.history("gh-pages")[0], format!("Again {sha} {version}"));
    assert_eq!(published.history("gh-pages").len(), 2);
    assert!(!published.branch("gh-pages").iter().any(|file| file.contains("deep/")));
    published.deployed(&["--no-history", "--shell"]);
    assert_eq!(published.history("gh-pages").len(), 1);
}

#[test]
fn the_configuration_or_the_options_name_the_branch_and_the_remote() {
    let published = Published::new();
    published.git(".", &["init", "-q", "--bare", "other.git"]);
    published.git(".", &["remote", "add", "upstream", "other.git"]);
    published.case.write("mkdocs.yml", "site_name: Test\nremote_branch: pages\nremote_name: upstream\n");
    published.deployed(&[]);
    published.git("other.git", &["rev-parse", "--verify", "pages"]);
    published.deployed(&["-b", "elsewhere", "-r", "origin"]);
    published.git("remote.git", &["rev-parse", "--verify", "elsewhere"]);
    // An address is a remote too.
    published.deployed(&["-b", "direct", "-r", "./other.git"]);
    published.git("other.git", &["rev-parse", "--verify", "direct"]);
}

#[test]
fn what_somebody_else_deployed_is_not_replaced_unasked() {
    let published = Published::new();
    published.deployed(&[]);
    published.git(".", &["clone", "-q", "-b", "gh-pages", "remote.git", "theirs"]);
    published.git("theirs", &["commit", "-q", "--allow-empty", "-m", "Theirs"]);
    published.git("theirs", &["push", "-q", "origin", "gh-pages"]);
    published.refused(&[], "could not push the branch `gh-pages` to `origin`", "git fetch origin gh-pages");
    assert_eq!(published.history("gh-pages")[0], "Theirs");
    published.git(".", &["fetch", "-q", "origin"]);
    published.deployed(&[]);
    assert_eq!(published.history("gh-pages")[1], "Theirs");
    published.git("theirs", &["commit", "-q", "--amend", "--allow-empty", "-m", "Other"]);
    published.git("theirs", &["push", "-q", "--force", "origin", "gh-pages"]);
    published.deployed(&["--force"]);
    assert!(!published.history("gh-pages").contains(&"Other".to_owned()));
}

#[test]
fn what_is_missing_is_said_before_anything_is_built() {
    let published = Published::new();
    std::fs::remove_dir_all(published.case.path("site")).unwrap();
    published.refused(&["-r", "nowhere"], "the repository has no remote `nowhere`", "there is `origin`");
    published.refused(&["-b", "main"], "the branch `main` is the one that is checked out", "`-b`");
    published.refused(&["-b", "a..b"], "`a..b` cannot be the name of a branch", "`-b`");
    published.git(".", &["remote", "remove", "origin"]);
    published.refused(&[], "the repository has no remote `origin`", "git remote add origin ADDRESS");
    std::fs::remove_dir_all(published.case.path(".git")).unwrap();
    published.refused(&[], "`ROOT` is in no Git repository", "git init");
    assert!(!published.case.path("site").exists());
}

#[test]
fn an_older_program_does_not_follow_a_newer_one() {
    let published = Published::new();
    published.deployed(&["-m", "Deployed abc with opsbook version: 999.0.0"]);
    published.refused(&[], "opsbook 999.0.0 has deployed before", "--ignore-version");
    published.deployed(&["--ignore-version", "-m", "Deployed abc with MkDocs version: 999.0.0"]);
    published.deployed(&[]);
}

#[test]
fn a_domain_that_gets_lost_is_warned_of() {
    let published = Published::new();
    published.deployed(&[]);
    std::fs::remove_file(published.case.path("docs/CNAME")).unwrap();
    let said = published.deployed(&[]);
    assert!(said.contains("warning: the branch had a `CNAME` (docs.example.org)"), "{said}");
}

#[test]
fn a_site_with_mistakes_is_not_pushed() {
    let published = Published::new();
    published.case.write("docs/index.md", "# Home\n\n[gone](gone.md)\n");
    assert_eq!(published.deploy(&["--strict"]).status, 1);
    assert_eq!(published.git("remote.git", &["branch", "--list"]), "");
}
