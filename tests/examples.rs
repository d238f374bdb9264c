//! The three runbooks that the manual points to: clean, rehearsed, and performed to their end among stubs
//! of the programs that they call, by people who sign.
#![cfg(unix)]

use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

const PAGES: [&str; 4] = ["common.md", "release.md", "rotate.md", "incident.md"];

/// The runbooks with the parameters of a run.
const EXAMPLES: [(&str, &[&str]); 3] = [
    ("docs/release.md", &["-p", "change=CHG7", "-p", "version=1.2.3"]),
    ("docs/rotate.md", &["-p", "change=CHG7", "-p", "hosts=web-1,web-2,web-3"]),
    ("docs/incident.md", &["-p", "incident=INC-7"]),
];

/// Programs as a test needs them: each writes down how it was called.
const STUBS: [(&str, &str); 4] = [
    (
        "curl",
        "case \"$*\" in\n  *--json*) cat > /dev/null; printf '%s\\n' \"${@: -1}\" >> \"$HOME/told\" ;;\n  \
         */seconds) [ -e \"$HOME/fast\" ] && echo 0 || echo 4 ;;\n  */errors) echo 0 ;;\n  \
         */version) asked=$*; component=${asked##*example.org/}; component=${component%/version}; cat \"$HOME/serves-$component\" ;;\n  *) exit 6 ;;\nesac\n",
    ),
    (
        "helm",
        "release=\nprevious=\nfor word in \"$@\"; do case $word in api|web) release=$word ;; esac; done\ncase \"$*\" in\n  version*) echo v4.0.0 ;;\n  \
         history*) if [ -e \"$HOME/revision-$release\" ]; then printf '[{\"revision\":%s,\"status\":\"deployed\",\"chart\":\"x-1\",\"description\":\"d\"}]' \
         \"$(cat \"$HOME/revision-$release\")\"; else echo 'Error: release: not found' >&2; exit 1; fi ;;\n  \
         upgrade*) echo \"$*\" >> \"$HOME/helm\"; n=$(cat \"$HOME/revision-$release\" 2>/dev/null || echo 0); echo $((n + 1)) > \"$HOME/revision-$release\"; \
         if [ -e \"$HOME/broken-$release\" ] && { [ \"${OPSBOOK_ENV:-}\" = production ] || [ -e \"$HOME/silent\" ]; }; then echo old > \"$HOME/serves-$release\"; else echo 1.2.3 > \"$HOME/serves-$release\"; fi ;;\n  \
         rollback*|uninstall*) echo \"$*\" >> \"$HOME/helm\"; if [ -e \"$HOME/silent\" ]; then cat \"$HOME/silent\" >&2; exit 1; fi ;;\n  *) exit 6 ;;\nesac\n",
    ),
    (
        "ssh",
        "echo \"$*\" >> \"$HOME/ssh\"\ncase $2 in\n  serial) [ ! -e \"$HOME/broken-$1\" ] || exit 255; cat \"$HOME/serial-$1\" 2>/dev/null || echo \"old-$1\" ;;\n  \
         install) echo \"new-$1\" > \"$HOME/serial-$1\" ;;\n  \
         put-back) echo \"$3\" > \"$HOME/serial-$1\" ;;\nesac\n",
    ),
    ("kubectl", "echo \"$*\" >> \"$HOME/kubectl\"\ntouch \"$HOME/fast\"\n"),
];

/// A repository with the runbooks, and a home with keys and programs.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Place {
        let place = Place { folder: tempfile::tempdir().expect("a temporary folder can be made") };
        for folder in ["book/docs", "book/charts/api", "book/charts/web", "home", "bin"] {
            fs::create_dir_all(place.path(folder)).expect("the folder takes folders");
        }
        let pages = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/runbooks/examples/docs/");
        for page in PAGES {
            fs::copy(format!("{pages}{page}"), place.path(&format!("book/docs/{page}"))).expect("the example is there");
        }
        for chart in ["api", "web"] {
            place.write(&format!("book/charts/{chart}/Chart.yaml"), &format!("name: {chart}\nversion: 1.2.3\n"));
        }
        for (name, script) in STUBS {
            let path = place.path(&format!("bin/{name}"));
            fs::write(&path, format!("#!/usr/bin/env bash\n{script}")).expect("the folder takes files");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it can be run");
        }
        let mut list = String::new();
        for name in ["ana", "bob"] {
            let key = place.path(&format!("home/{name}"));
            let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status();
            assert!(made.expect("ssh-keygen is installed").success());
            let public = fs::read_to_string(place.path(&format!("home/{name}.pub"))).expect("the public key is there");
            list.push_str(&format!("{name}@example.org {public}"));
        }
        place.write("book/allowed_signers", &list);
        place.write(
            "book/book.toml",
            "[book]\ntitle = \"Ops\"\nsrc = \"docs\"\n[build]\nbuild-dir = \"site\"\n[runbook]\nallowed-signers = \"allowed_signers\"\nruns = \"runs\"\n\
             [runbook.roles]\nleads = [\"bob@example.org\"]\n",
        );
        place.write("book/docs/index.md", "# Ops\n");
        place.write("book/.gitignore", "runs/\nsite/\n");
        for arguments in [&["init", "-q", "-b", "main"][..], &["add", "-A"], &["commit", "-q", "-m", "the runbooks"]] {
            let mut command = Command::new("git");
            command.args(["-c", "user.name=Dee", "-c", "user.email=dee@example.org"]).args(arguments);
            assert!(command.current_dir(place.path("book")).status().expect("git is installed").success());
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the folder takes files");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Runs the program, and returns its status and all that it said.
    fn ops(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_opsbook"));
        command.args(arguments).current_dir(self.path("book")).stdin(Stdio::null());
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap_or_default());
        command.env("PATH", path).env("HOME", self.path("home")).env("XDG_STATE_HOME", self.path("home/state"));
        command
            .env("NO_COLOR", "1")
            .env("KUBE_STAGING", "kubeconfig of staging")
            .env("KUBE_PRODUCTION", "kubeconfig of production");
        let output =
            command.env("CHAT_HOOK", "https://chat.example.org/hooks/secret").output().expect("opsbook starts");
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        (output.status.code().unwrap_or(-1), said)
    }

    #[track_caller]
    fn is(&self, arguments: &[&str], status: i32) -> String {
        let (actual, said) = self.ops(arguments);
        assert_eq!(actual, status, "`{}`:\n{said}", arguments.join(" "));
        said
    }

    /// Begins a run by Ana.
    #[track_caller]
    fn begin(&self, example: usize, more: &[&str], status: i32) -> String {
        let (page, params) = EXAMPLES[example];
        let key = self.path("home/ana");
        let who = ["--no-input", "--as", "ana@example.org", "--key", key.to_str().expect("it is text")];
        self.is(&[&["run", page][..], params, &who, more].concat(), status)
    }

    #[track_caller]
    fn go_on(&self, more: &[&str], status: i32) -> String {
        let key = self.path("home/ana");
        let who = ["--no-input", "--as", "ana@example.org", "--key", key.to_str().expect("it is text")];
        self.is(&[&["resume", "latest"][..], &who, more].concat(), status)
    }

    #[track_caller]
    fn approve(&self, step: &str) {
        let key = self.path("home/bob");
        let who = ["--as", "bob@example.org", "--key", key.to_str().expect("it is text")];
        self.is(&[&["approve", "latest", step][..], &who].concat(), 0);
    }

    /// What the channel was told: event and step.
    fn told(&self) -> Vec<String> {
        let told = self.read("home/told");
        let notices = told.lines().map(|line| serde_json::from_str::<Value>(line).expect("a notice is JSON"));
        let word = |notice: &Value, key: &str| notice[key].as_str().unwrap_or_default().to_owned();
        notices
            .map(|notice| format!("{} {}", word(&notice, "event"), word(&notice, "step")).trim().to_owned())
            .collect()
    }

    /// The journal holds, and no secret stands in it or in the report.
    fn is_sound(&self) {
        self.is(&["journal", "verify", "latest"], 0);
        let report = self.is(&["report", "latest"], 0);
        assert!(!report.contains("hooks/secret"), "{report}");
    }
}

#[test]
fn the_examples_are_clean_and_run_dry() {
    let place = Place::new();
    for (path, params) in EXAMPLES {
        place.is(&["lint", path], 0);
        let template = place.is(&["plan", path, "--template", "--format", "json"], 0);
        assert!(!template.contains("${params"), "{path}: {template}");
        place.is(&[&["run", path, "--dry-run"][..], params].concat(), 0);
    }
    place.is(&["build", "--strict"], 0);
    for (page, shown) in [
        ("release", "mon tue wed thu 09:00–16:00, ❄ 2026-12-20–2027-01-05 (Europe/Zurich)"),
        ("release", "common.md#helpers"),
        ("release", "(waiting, failed, ended)"),
        ("release", "leads, ≤ 8h"),
        ("rotate", "≥ ‹start›"),
        ("rotate", "failures at most 0"),
    ] {
        let html = place.read(&format!("book/site/{page}/index.html"));
        assert!(html.contains(shown), "`{shown}` is not on the page `{page}`");
    }
}

#[test]
fn the_release_runs_to_its_end() {
    let place = Place::new();
    place.begin(0, &[], 4);
    assert_eq!(place.told(), ["waiting change"]);
    place.is(&["done", "latest", "change", "--url", "https://changes.example.org/CHG7"], 0);
    place.go_on(&[], 4);
    assert_eq!(place.read("home/helm").lines().count(), 2, "{}", place.read("home/helm"));
    place.approve("go");
    // Outside of the hours of production the glass is broken; inside, nobody needs the reasons.
    let glass = [
        "--break-glass",
        "production.api.deploy=a test at night",
        "--break-glass",
        "production.web.deploy=a test at night",
    ];
    place.go_on(&glass, 0);
    assert_eq!(place.read("home/helm").lines().count(), 4);
    assert_eq!(place.told(), ["waiting change", "waiting go", "ended"]);
    let report = place.is(&["report", "latest"], 0);
    for wanted in ["Shop 1.2.3", "CHG7", "approved by `bob@example.org`", "| `api` | - | `1.2.3` |"] {
        assert!(report.contains(wanted), "`{wanted}` is not in:\n{report}");
    }
    place.is_sound();
}

#[test]
fn a_release_that_fails_goes_back() {
    let place = Place::new();
    place.write("home/broken-web", "");
    place.begin(0, &[], 4);
    place.is(&["done", "latest", "change", "--url", "https://changes.example.org/CHG7"], 0);
    place.go_on(&[], 4);
    place.approve("go");
    let glass = [
        "--break-glass",
        "production.api.deploy=a test at night",
        "--break-glass",
        "production.web.deploy=a test at night",
    ];
    let said = place.go_on(&glass, 8);
    assert!(said.contains("production.web.deploy: its verification failed"), "{said}");
    assert!(said.contains("What to do now: docs/release.md#when-it-fails"), "{said}");
    // What served before each in production comes back, the last change first.
    let helm = place.read("home/helm");
    let back: Vec<&str> = helm.lines().skip(4).collect();
    assert_eq!(
        back,
        [
            "rollback web 1 --namespace shop-production --wait --timeout 810s",
            "rollback api 1 --namespace shop-production --wait --timeout 810s"
        ]
    );
    assert_eq!(place.told(), ["waiting change", "waiting go", "failed production.web.deploy", "ended"]);
    place.is_sound();
}

/// Where nothing served before, the built-in undo takes the release away; only Helm's word that there is
/// none counts as done.
#[test]
fn a_cluster_that_does_not_answer_has_not_undone_anything() {
    let place = Place::new();
    place.write("home/broken-api", "");
    place.write("home/silent", "Error: Kubernetes cluster unreachable\n");
    place.begin(0, &[], 4);
    place.is(&["done", "latest", "change", "--url", "https://changes.example.org/CHG7"], 0);
    let said = place.go_on(&[], 9);
    assert!(said.contains("cluster unreachable"), "{said}");
    assert!(
        place.read("home/helm").contains("uninstall api --namespace shop-staging --wait"),
        "{}",
        place.read("home/helm")
    );
    place.write("home/silent", "Error: uninstall: Release not loaded: api: release: not found\n");
    place.is(&["resolve", "latest", "staging.api.deploy", "--as", "rerun", "--note", "it answers again"], 0);
    place.go_on(&[], 8);
    place.is_sound();
}

#[test]
fn the_certificates_are_rotated() {
    let place = Place::new();
    place.begin(1, &[], 4);
    place.is(&["done", "latest", "told", "--url", "https://mail.example.org/7"], 0);
    place.go_on(&[], 4);
    place.approve("go");
    let said = place.go_on(&[], 0);
    assert!(said.contains("web-2.pem from https://ca.example.org, was old-web-2"), "{said}");
    for host in ["web-1", "web-2", "web-3"] {
        assert_eq!(place.read(&format!("home/serial-{host}")), format!("new-{host}\n"));
    }
    place.is_sound();
}

#[test]
fn a_rotation_that_fails_begins_no_further_host_and_goes_back() {
    let place = Place::new();
    place.write("home/broken-web-2", "");
    place.begin(1, &[], 4);
    place.is(&["done", "latest", "told", "--url", "https://mail.example.org/7"], 0);
    place.go_on(&[], 4);
    place.approve("go");
    let said = place.go_on(&[], 8);
    assert!(said.contains("hosts.web-2.old-one: failed with exit status 255"), "{said}");
    assert!(said.contains("hosts.web-3.old-one: passed over, too many of its group have failed"), "{said}");
    assert!(!place.read("home/ssh").contains("web-3"), "{}", place.read("home/ssh"));
    assert_eq!(place.read("home/serial-web-1"), "old-web-1\n");
    place.is_sound();
}

#[test]
fn the_incident_takes_the_way_that_was_decided() {
    for (way, approval, called) in [
        ("scale", Some("scale.may-scale"), "scale deployment/shop --replicas=8\n"),
        ("restart", Some("restart.may-restart"), "rollout restart deployment/shop\n"),
        ("nothing", None, ""),
    ] {
        let place = Place::new();
        place.begin(2, &[], 4);
        let way = format!("way={way}");
        place.is(&["done", "latest", "look.decide", "--note", "seen", "--capture", &way], 0);
        if let Some(approval) = approval {
            place.go_on(&[], 4);
            place.approve(approval);
        } else {
            place.write("home/fast", "");
        }
        place.go_on(&[], 4);
        assert_eq!(place.read("home/kubectl"), called, "{way}");
        place.is(&["done", "latest", "note", "--url", "https://wiki.example.org/INC-7"], 0);
        place.go_on(&[], 0);
        let told = place.told();
        let asked = approval.map(|step| format!("waiting {step}"));
        let expected: Vec<String> = ["waiting look.decide".to_owned()]
            .into_iter()
            .chain(asked)
            .chain(["waiting note".to_owned(), "ended".to_owned()])
            .collect();
        assert_eq!(told, expected, "{way}");
        place.is_sound();
    }
}
