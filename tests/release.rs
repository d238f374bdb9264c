//! The project's own runbook for a release, run to its end: stand-ins take the place of GitHub and of the
//! gate, git pushes to a bare repository beside, and a second person approves.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// GitHub, as far as the runbook asks: the workflow appears at the second look and makes a draft.
const GH: &str = r#"#!/usr/bin/env bash
set -euo pipefail
STATE=$HOME/state
flag() { local name=$1; shift; while [ "$1" != "$name" ]; do shift; done; echo "$2"; }
case "$1 $2" in
  "auth status") ;;
  "run list")
    tag=$(flag --branch "$@")
    if [ -e "$STATE/asked-$tag" ]; then echo 4711; else touch "$STATE/asked-$tag"; fi
    echo "$tag" > "$STATE/running" ;;
  "run watch")
    tag=$(cat "$STATE/running")
    if [ -e "$STATE/workflow-fails" ]; then exit 1; fi
    case $tag in *-rc.*) pre=true ;; *) pre=false ;; esac
    printf 'true/%s\n' "$pre" > "$STATE/release-$tag" ;;
  "release edit")
    state=$(cat "$STATE/release-$3")
    case $4 in --draft=false) draft=false ;; --draft) draft=true ;; *) exit 2 ;; esac
    echo "$draft/${state#*/}" > "$STATE/release-$3" ;;
  "release view") cat "$STATE/release-$3" ;;
  "release download")
    to=$(flag --dir "$@")
    mkdir -p "$to/opsbook"
    printf '#!/bin/sh\necho "opsbook 0.9.0"\n' > "$to/opsbook/opsbook"
    chmod +x "$to/opsbook/opsbook"
    cd "$to"
    tar -czf opsbook.tar.gz opsbook
    rm -r opsbook
    sha256sum opsbook.tar.gz > opsbook.tar.gz.sha256 ;;
  "release delete") rm "$STATE/release-$3" ;;
  *) echo "gh $*: no stand-in" >&2; exit 2 ;;
esac
"#;

struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Desk {
        let desk = Desk { folder: tempfile::tempdir().expect("a temporary folder can be made") };
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for folder in ["bin", "state", "clone/.ci", "clone/content/contributing"] {
            fs::create_dir_all(desk.path(folder)).expect("the folder takes folders");
        }
        for page in ["cut-a-release.md", "withdraw-a-release.md"] {
            let name = format!("content/contributing/{page}");
            fs::copy(root.join(&name), desk.path("clone").join(&name)).expect("the manual has the page");
        }
        fs::copy(root.join(".ci/tag-fits"), desk.path("clone/.ci/tag-fits")).expect("the script is there");
        desk.program("bin/gh", GH);
        desk.program("bin/sleep", "#!/bin/sh\n");
        desk.program("bin/cargo", "#!/bin/sh\necho cargo 1.0\n");
        desk.program("clone/.ci/run", "#!/bin/sh\n");
        desk.write("clone/Cargo.toml", "[package]\nversion = \"0.9.0\"\n");
        desk.write("clone/CHANGELOG.md", "# Changelog\n\n## 0.9.0 - 2026-11-28\n");
        desk.write("clone/.gitignore", "/runs/\n");
        desk.write(".gitconfig", "[user]\nname = Ann\nemail = ann@example.org\n");
        desk.shell("cd .. && for name in ann ben; do ssh-keygen -q -t ed25519 -N '' -f $name; done && git init -q --bare -b main origin.git");
        let signer = |name: &str| {
            let key = fs::read_to_string(desk.path(&format!("{name}.pub"))).expect("ssh-keygen wrote it");
            let key = key.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
            format!("{name}@example.org {key}\n")
        };
        desk.write("clone/signers", &(signer("ann") + &signer("ben")));
        desk.write(
            "clone/book.toml",
            "[book]\ntitle = \"x\"\nsrc = \"content\"\n\n[runbook]\nallowed-signers = \"signers\"\nruns = \"runs\"\n\n\
             [runbook.roles]\nmaintainers = [\"ben@example.org\"]\n",
        );
        desk.shell("git init -q -b main && git add -A && git commit -q -m 'Release 0.9.0'");
        desk.shell("git remote add origin ../origin.git && git push -q origin main");
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the folder takes files");
    }

    fn program(&self, name: &str, text: &str) {
        self.write(name, text);
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).expect("it is ours");
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap_or_default());
        command.current_dir(self.path("clone")).stdin(Stdio::null()).env("PATH", path).env("NO_COLOR", "1");
        command.env("HOME", self.folder.path());
        command
    }

    fn shell(&self, script: &str) -> String {
        let output = self.command("bash").args(["-euc", script]).output().expect("bash starts");
        assert!(output.status.success(), "{script}: {}", said(&output));
        said(&output)
    }

    fn opsbook(&self, arguments: &[&str]) -> Output {
        self.command(env!("CARGO_BIN_EXE_opsbook")).args(arguments).output().expect("opsbook starts")
    }

    fn run(&self) -> Output {
        self.as_ann(&["run", "content/contributing/cut-a-release.md", "--param", "version=0.9.0"])
    }

    fn resume(&self) -> Output {
        self.as_ann(&["resume", "latest"])
    }

    /// Runs it and signs that it is Ann who does.
    fn as_ann(&self, arguments: &[&str]) -> Output {
        let key = self.path("ann");
        let key = key.to_str().expect("the folder's name is text");
        self.opsbook(&[arguments, &["--as", "ann@example.org", "--key", key]].concat())
    }

    fn tags(&self) -> String {
        self.shell("git ls-remote --tags origin | sed 's#.*refs/tags/##' | grep -v '{}' || true")
    }

    fn state_of(&self, tag: &str) -> String {
        fs::read_to_string(self.path("state").join(format!("release-{tag}"))).unwrap_or_default()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

#[track_caller]
fn ends(output: &Output, status: i32) {
    assert_eq!(output.status.code(), Some(status), "{}", said(output));
}

#[test]
fn the_runbook_releases_candidate_and_version() {
    let desk = Desk::new();
    ends(&desk.run(), 4);
    ends(&desk.opsbook(&["done", "latest", "prepare.read-changelog", "--note", "read"]), 0);
    ends(&desk.resume(), 4);
    // The candidate is public and a pre-release; the version waits for people.
    assert_eq!((desk.tags().as_str(), desk.state_of("v0.9.0-rc.1").as_str()), ("v0.9.0-rc.1\n", "false/true\n"));
    ends(&desk.opsbook(&["done", "latest", "try-candidate", "--url", "https://example.org/tried"]), 0);
    ends(&desk.resume(), 4);
    assert_eq!(desk.tags(), "v0.9.0-rc.1\n");
    let key = desk.path("ben");
    let key = key.to_str().expect("the folder's name is text");
    ends(&desk.opsbook(&["approve", "latest", "approve-release", "--key", key, "--as", "ben@example.org"]), 0);
    ends(&desk.resume(), 4);
    assert_eq!((desk.tags().as_str(), desk.state_of("v0.9.0").as_str()), ("v0.9.0\nv0.9.0-rc.1\n", "false/false\n"));
    ends(&desk.opsbook(&["done", "latest", "announce", "--url", "https://example.org/news"]), 0);
    ends(&desk.resume(), 0);
    assert_eq!(desk.shell("git rev-parse v0.9.0^{} v0.9.0-rc.1^{} HEAD | sort -u | wc -l"), "1\n");
}

#[test]
fn a_workflow_that_fails_takes_the_tag_back() {
    let desk = Desk::new();
    desk.write("state/workflow-fails", "");
    ends(&desk.run(), 4);
    ends(&desk.opsbook(&["done", "latest", "prepare.read-changelog", "--note", "read"]), 0);
    ends(&desk.resume(), 8);
    assert_eq!(desk.tags(), "");
    let tags = desk.shell("git tag");
    assert_eq!(tags, "");
}

#[test]
fn a_tag_fits_its_version_and_the_changelog_gives_the_day() {
    let desk = Desk::new();
    let fits = |tag: &str| {
        let output = desk.command(".ci/tag-fits").arg(tag).output().expect("bash starts");
        (output.status.success(), said(&output))
    };
    for (tag, good) in [
        ("v0.9.0", true),
        ("v0.9.0-rc.1", true),
        ("v0.9.0-rc.12", true),
        ("v0.9.1", false),
        ("v0.9.0-rc", false),
        ("v0.9.0-rc.0", false),
        ("v0x9.0", false),
        ("0.9.0", false),
    ] {
        let (fits, why) = fits(tag);
        assert_eq!((fits, why.contains("Cargo.toml has version 0.9.0")), (good, !good), "{tag}: {why}");
    }
    desk.write("clone/CHANGELOG.md", "## 0.9.0 - unreleased\n");
    assert!(fits("v0.9.0").1.contains("has no heading '## 0.9.0 - YYYY-MM-DD'"));
}
