//! Typed Helm and kubectl steps run the real programs, of Helm 3 and of Helm 4, before a Kubernetes
//! API in memory.
//!
//! The programs are those of `OPSBOOK_KUBE_TOOLS` or `target/kube-tools`, in the folders `helm3` and
//! `helm4`; `.ci/kube-tools` fetches them. Without them these tests say that they are skipped, and fail
//! where `CI` is set.

mod api;
mod protobuf;

use api::Cluster;
use serde_json::Value;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Which programs a test runs.
#[derive(Clone, Copy, PartialEq)]
enum Tools {
    Helm3,
    Helm4,
}

impl Tools {
    fn folder(self) -> Option<PathBuf> {
        let named = std::env::var_os("OPSBOOK_KUBE_TOOLS");
        if named.as_ref().is_some_and(|named| named == "none") {
            return None;
        }
        let is_wanted = named.is_some() || std::env::var_os("CI").is_some_and(|value| !value.is_empty());
        let all = named.map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/kube-tools"), PathBuf::from);
        let folder = all.join(if self == Tools::Helm3 { "helm3" } else { "helm4" });
        let there = folder.join("helm").is_file() && folder.join("kubectl").is_file();
        assert!(
            there || !is_wanted,
            "`{}` does not hold helm and kubectl: run `.ci/kube-tools`, or do without by `OPSBOOK_KUBE_TOOLS=none`",
            folder.display()
        );
        // The programs are run in other folders.
        there.then(|| fs::canonicalize(folder).expect("it is there"))
    }
}

/// Runs a test with each Helm that is there, and says which are not. In continuous integration all must
/// be there, unless `OPSBOOK_KUBE_TOOLS=none` says that this run does without: what is skipped proves
/// nothing, and nobody reads what a green run says.
fn with_each(test: &str, body: impl Fn(Tools, PathBuf) + Sync) {
    std::thread::scope(|scope| {
        for (tools, name) in [(Tools::Helm3, "Helm 3"), (Tools::Helm4, "Helm 4")] {
            match tools.folder() {
                Some(folder) => {
                    let body = &body;
                    scope.spawn(move || body(tools, folder));
                }
                // Straight to standard error: what passes is not shown otherwise.
                None => {
                    let told = writeln!(std::io::stderr(), "SKIPPED: {test} with {name}: see `.ci/kube-tools`");
                    told.expect("standard error takes text");
                }
            }
        }
    });
}

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  labels: {app.kubernetes.io/instance: {{ .Release.Name }}}
spec:
  replicas: 1
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      containers:
        - {name: web, image: {{ .Values.image | quote }}}
";

/// The front matter and the blocks of a release; what is in capitals differs by test.
const PAGE: &str = r#"---
title: Release
runbook:
  version: 1
  id: release
  kind: release
  owners: [ops]
  secrets: [KUBECONFIG_STAGING, KUBECONFIG_PRODUCTION]
  environments:
    staging: {tier: 0, kubeconfig: KUBECONFIG_STAGING}
    production: {tier: 1, after: staging, kubeconfig: KUBECONFIG_PRODUCTION, cluster_uid: uid-of-production}
  on_failure: {rollback: reverse}
checklist:
CHECKLIST
---

# Release

## Going forward

```yaml
#| id: deploy
#| title: Upgrade the chart
#| type: helm
#| impact: write
#| timeout: 30s
#| rollback: undo
#| verify: watch
release: web
chart: charts/web
version: 1.0.0
namespace: shop
create_namespace: true
values:
  - values-${env}.yaml
OPTIONS
```

```yaml
#| id: watch
#| title: The deployment is rolled out
#| type: kubectl
#| impact: read
#| timeout: 20s
rollout: deployment web
namespace: shop
```

```bash
#| id: smoke
#| title: The switch is on
#| impact: read
#| timeout: 20s
env | sort > seen-by-$OPSBOOK_ENV
test -e switch
```

## Going back

```bash
#| id: undo
#| title: Return to the revision before
#| role: rollback
#| impact: write
#| timeout: 20s
helm rollback web "$PREVIOUS_REVISION" -n shop --wait --timeout 10s
```
"#;

const STAGING: &str = "  - group: Staging
    env: staging
    items: [{step: deploy}, {step: watch}, {step: smoke}]
";

const PRODUCTION: &str = "  - group: Production
    env: production
    items: [{step: deploy}, {step: watch}, {step: smoke}]
";

/// A project with a chart, two clusters, and the programs.
struct Bench {
    folder: TempDir,
    tools: PathBuf,
    staging: Cluster,
    production: Cluster,
}

impl Bench {
    fn new(tools: PathBuf, checklist: &str, options: &str) -> Bench {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (staging, production) = (Cluster::start("uid-of-staging"), Cluster::start("uid-of-production"));
        let bench = Bench { folder, tools, staging, production };
        bench.write("mkdocs.yml", "site_name: Shop\n");
        bench.write("docs/release.md", &PAGE.replace("CHECKLIST", checklist).replace("OPTIONS", options));
        bench.write("charts/web/Chart.yaml", CHART);
        bench.write("charts/web/templates/deployment.yaml", DEPLOYMENT);
        bench.write("kubeconfig-production", &bench.production.kubeconfig());
        bench.write("switch", "");
        bench.image("first");
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("the folder takes folders");
        fs::write(path, text).expect("the folder takes files");
    }

    /// Sets the image that is released next, in both environments.
    fn image(&self, name: &str) {
        for env in ["staging", "production"] {
            self.write(&format!("values-{env}.yaml"), &format!("image: {name}\n"));
        }
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        let path = format!("{}:{}", self.tools.display(), std::env::var("PATH").unwrap_or_default());
        command.current_dir(self.folder.path()).stdin(Stdio::null()).env_clear();
        command.env("PATH", path).env("HOME", self.folder.path()).env("NO_COLOR", "1");
        // One secret is the kubeconfig's text, the other its path: both are understood.
        command.env("KUBECONFIG_STAGING", self.staging.kubeconfig());
        command.env("KUBECONFIG_PRODUCTION", self.path("kubeconfig-production"));
        command
    }

    fn opsbook(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(Path::new(env!("CARGO_BIN_EXE_opsbook")));
        command.args(arguments).args(["--runs", "runs"]).output().expect("opsbook starts")
    }

    fn run(&self) -> Output {
        self.opsbook(&["run", "docs/release.md"])
    }

    fn start(&self) -> Child {
        let mut command = self.command(Path::new(env!("CARGO_BIN_EXE_opsbook")));
        command.args(["run", "docs/release.md", "--runs", "runs"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("opsbook starts")
    }

    /// Runs Helm in the staging cluster, as a person would.
    fn helm(&self, arguments: &[&str]) -> Output {
        self.write("kubeconfig-by-hand", &self.staging.kubeconfig());
        let mut command = self.command(&self.tools.join("helm"));
        command.env("KUBECONFIG", self.path("kubeconfig-by-hand"));
        command.args(arguments).args(["-n", "shop"]).output().expect("helm starts")
    }

    fn history_is_empty(&self) -> bool {
        let history = self.helm(&["history", "web", "-o", "json"]);
        !history.status.success() && String::from_utf8_lossy(&history.stderr).contains("not found")
    }

    fn history(&self) -> Vec<Value> {
        serde_json::from_slice(&self.helm(&["history", "web", "-o", "json"]).stdout).expect("helm prints JSON")
    }

    /// Returns the folder of the run that wrote last.
    fn latest_run(&self) -> PathBuf {
        let runs = fs::read_dir(self.path("runs")).expect("there is a run");
        let mut runs: Vec<PathBuf> = runs.flatten().map(|entry| entry.path()).collect();
        runs.sort_by_key(|run| fs::metadata(run.join("journal.jsonl")).and_then(|meta| meta.modified()).ok());
        runs.pop().expect("there is a run")
    }

    fn journal(&self) -> String {
        fs::read_to_string(self.latest_run().join("journal.jsonl")).unwrap_or_default()
    }

    fn resume(&self) -> Output {
        self.opsbook(&["resume", "latest"])
    }

    /// Begins a run, and kills the runner and then Helm when the cluster has this image.
    fn kill_when_deployed(&self, image: &str) {
        let mut runner = self.start();
        self.wait_for("the deployment", || self.staging.image("shop", "web") == image);
        runner.kill().and_then(|()| runner.wait()).expect("it can be killed");
        // Helm lives on and holds the run's lock; what was killed may hold it a moment longer.
        ends(&self.resume(), 6);
        self.wait_for("the end of Helm", || {
            let pids = self.run_is_held();
            let _ = Command::new("kill").arg("-9").args(&pids).stderr(Stdio::null()).status();
            pids.is_empty()
        });
    }

    /// Returns the processes that hold the run or one of its steps: locks of both lie in its folder.
    fn run_is_held(&self) -> Vec<String> {
        let run = fs::canonicalize(self.latest_run()).expect("a run has a folder");
        let holds = |entry: &fs::DirEntry| {
            let files = fs::read_dir(entry.path().join("fd")).into_iter().flatten().flatten();
            files.filter_map(|file| fs::read_link(file.path()).ok()).any(|to| to.starts_with(&run))
        };
        let held = fs::read_dir("/proc").into_iter().flatten().flatten().filter(holds);
        held.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    fn wait_for(&self, what: &str, holds: impl Fn() -> bool) {
        let began = Instant::now();
        while !holds() {
            assert!(began.elapsed() < Duration::from_secs(120), "waited too long for {what}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("it was ended by a signal: {output:?}"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

/// Checks how a command ended, and shows all that it said where it ended otherwise.
fn ends(output: &Output, wanted: i32) {
    assert_eq!(status(output), wanted, "{}", said(output));
}

fn states(revisions: &[(u64, String)]) -> Vec<&str> {
    revisions.iter().map(|(_, state)| state.as_str()).collect()
}

#[test]
fn a_release_is_installed_upgraded_and_taken_back() {
    with_each("install, upgrade, undo", |_, tools| {
        let bench = Bench::new(tools, STAGING, "wait: watcher\nhistory_max: 5");
        ends(&bench.run(), 0);
        assert_eq!(bench.staging.image("shop", "web"), "first");
        assert!(!bench.journal().contains("previous_revision"), "{}", bench.journal());
        bench.image("second");
        ends(&bench.run(), 0);
        assert_eq!(bench.staging.image("shop", "web"), "second");
        assert!(bench.journal().contains("\"previous_revision\":\"1\""), "{}", bench.journal());
        // Helm's history tells which plan and step each revision is of.
        let history = bench.history();
        let description = history[1]["description"].as_str().unwrap_or_default();
        assert!(description.starts_with("runbook ") && description.ends_with("/staging.deploy"), "{description}");
        assert!(description.len() > "runbook /staging.deploy".len() + 6, "{description}");
        // A later step fails: the runbook's undo goes back to what was there.
        bench.image("third");
        fs::remove_file(bench.path("switch")).expect("the switch is there");
        let undone = bench.run();
        ends(&undone, 8);
        assert_eq!(bench.staging.image("shop", "web"), "second");
        assert!(bench.journal().contains("\"previous_revision\":\"2\""), "{}", bench.journal());
        assert_eq!(states(&bench.staging.revisions("web")), ["superseded", "superseded", "superseded", "deployed"]);
    });
}

#[test]
fn the_built_in_undo_goes_back_to_what_served_or_to_nothing() {
    with_each("built-in undo", |_, tools| {
        let bench = Bench::new(tools, STAGING, "wait: watcher");
        let page = fs::read_to_string(bench.path("docs/release.md")).expect("the bench has a page");
        bench.write("docs/release.md", &page.replace("#| rollback: undo", "#| rollback: {helm: previous}"));
        // Nothing served before: nothing serves after.
        fs::remove_file(bench.path("switch")).expect("the switch is there");
        let undone = bench.run();
        ends(&undone, 8);
        assert!(bench.history_is_empty(), "{}", said(&undone));
        bench.write("switch", "");
        ends(&bench.run(), 0);
        bench.image("second");
        fs::remove_file(bench.path("switch")).expect("the switch is there");
        ends(&bench.run(), 8);
        assert_eq!(bench.staging.image("shop", "web"), "first");
        assert_eq!(states(&bench.staging.revisions("web")), ["superseded", "superseded", "deployed"]);
        // Somebody took the release away meanwhile: there is nothing left to undo, and that is no failure.
        ends(&bench.helm(&["uninstall", "web"]), 0);
        let script = "helm uninstall web -n shop\nfalse";
        let page = fs::read_to_string(bench.path("docs/release.md")).expect("the bench has a page");
        let by_hand =
            script.replace("helm", &format!("KUBECONFIG={} helm", bench.path("kubeconfig-by-hand").display()));
        bench.write("docs/release.md", &page.replace("test -e switch", &by_hand));
        ends(&bench.run(), 8);
        assert!(bench.history_is_empty());
    });
}

#[test]
fn helm_takes_a_failing_upgrade_back() {
    with_each("failing upgrade", |_, tools| {
        let bench = Bench::new(tools, STAGING, "wait: watcher\ntimeout: 2s\non_failure: rollback");
        ends(&bench.run(), 0);
        bench.image("never-ready");
        let failed = bench.run();
        ends(&failed, 8);
        assert_eq!(bench.staging.image("shop", "web"), "first");
        assert!(bench.journal().contains("\"previous_revision\":\"1\""), "{}", bench.journal());
        let revisions = bench.staging.revisions("web");
        assert_eq!(states(&revisions)[1], "failed", "{revisions:?}");
        assert_eq!(revisions.last().map(|(_, state)| state.as_str()), Some("deployed"), "{revisions:?}");
    });
}

#[test]
fn a_killed_upgrade_is_in_doubt_and_can_be_repaired() {
    with_each("killed upgrade", |_, tools| {
        let bench = Bench::new(tools, STAGING, "wait: watcher\ntimeout: 25s");
        ends(&bench.run(), 0);
        bench.image("never-ready");
        bench.kill_when_deployed("never-ready");
        let resumed = bench.resume();
        ends(&resumed, 5);
        assert_eq!(states(&bench.staging.revisions("web")), ["deployed", "pending-upgrade"]);
        let wanted = "release `web` is pending-upgrade: an earlier attempt was cut off";
        assert!(said(&resumed).contains(wanted), "{}", said(&resumed));
        assert!(said(&resumed).contains("`helm rollback web 1 -n shop`"), "{}", said(&resumed));
        // Nothing is tried on top of a pending release.
        let id = "staging.deploy";
        ends(&bench.opsbook(&["resolve", "latest", id, "--as", "rerun", "--note", "looked"]), 0);
        let refused = bench.resume();
        ends(&refused, 5);
        assert!(said(&refused).contains(wanted), "{}", said(&refused));
        ends(&bench.helm(&["rollback", "web", "1"]), 0);
        bench.image("second");
        ends(&bench.resume(), 0);
        assert_eq!(bench.staging.image("shop", "web"), "second");
    });
}

#[test]
fn a_killed_install_is_named_with_its_repair() {
    with_each("killed install", |_, tools| {
        let bench = Bench::new(tools, STAGING, "wait: watcher");
        bench.image("never-ready");
        bench.kill_when_deployed("never-ready");
        let resumed = bench.resume();
        ends(&resumed, 5);
        assert!(said(&resumed).contains("release `web` is pending-install"), "{}", said(&resumed));
        assert!(said(&resumed).contains("`helm uninstall web -n shop`"), "{}", said(&resumed));
        ends(&bench.helm(&["uninstall", "web"]), 0);
        bench.image("first");
        let rerun = ["resolve", "latest", "staging.deploy", "--as", "rerun", "--note", "uninstalled"];
        ends(&bench.opsbook(&rerun), 0);
        ends(&bench.resume(), 0);
        assert_eq!(bench.staging.image("shop", "web"), "first");
    });
}

#[test]
fn a_step_that_ended_after_its_runner_was_killed_is_known_to_be_done() {
    with_each("killed runner", |_, tools| {
        // Without `wait` Helm is soon done; the runner is killed between Helm's end and the record.
        let bench = Bench::new(tools, STAGING, "history_max: 5");
        ends(&bench.run(), 0);
        let folder = bench.latest_run();
        let journal = fs::read_to_string(folder.join("journal.jsonl")).expect("there is a journal");
        let started = journal.lines().position(|line| line.contains("\"type\":\"step.started\"")).expect("it began");
        let cut: String = journal.lines().take(started + 1).map(|line| format!("{line}\n")).collect();
        fs::write(folder.join("journal.jsonl"), cut).expect("the journal can be cut");
        let resumed = bench.resume();
        ends(&resumed, 0);
        assert_eq!(states(&bench.staging.revisions("web")), ["deployed"]);
        // The same journal does not pass for done when the deployed revision is not this step's.
        ends(
            &bench.helm(&["upgrade", "web", "charts/web", "-f", "values-staging.yaml", "--description", "by hand"]),
            0,
        );
        let cut: String = journal.lines().take(started + 1).map(|line| format!("{line}\n")).collect();
        fs::write(folder.join("journal.jsonl"), cut).expect("the journal can be cut");
        ends(&bench.resume(), 5);
    });
}

#[test]
fn kubectl_applies_and_waits() {
    with_each("kubectl", |_, tools| {
        let bench = Bench::new(tools, "  - {step: apply, env: staging}\n  - {step: wait, env: staging}\n", "");
        let blocks = "\n```yaml\n#| id: apply\n#| title: Apply the worker\n#| type: kubectl\n#| impact: write\n\
                      #| timeout: 20s\n#| rollback: {none: the worker may stay}\n#| verify: wait\napply: [worker.yaml]\n\
                      server_side: true\nnamespace: shop\n```\n\n```yaml\n#| id: wait\n\
                      #| title: The worker is there\n#| type: kubectl\n#| impact: read\n#| timeout: 13s\n\
                      wait: deployment worker\nfor: condition=Available\nnamespace: shop\n```\n";
        let page = fs::read_to_string(bench.path("docs/release.md")).expect("the page is there");
        // The blocks of the other steps go: nothing uses them here.
        let head = page.split("## Going forward").next().unwrap_or_default();
        bench.write("docs/release.md", &(head.to_owned() + blocks));
        let worker = |image: &str| {
            let text =
                DEPLOYMENT.replace("{{ .Release.Name }}", "worker").replace("{{ .Values.image | quote }}", image);
            bench.write("worker.yaml", &text);
        };
        worker("first");
        ends(&bench.run(), 0);
        worker("second");
        ends(&bench.run(), 0);
        assert_eq!(bench.staging.image("shop", "worker"), "second");
        worker("never-ready");
        let failed = bench.run();
        ends(&failed, 1);
        assert!(said(&failed).contains("timed out waiting for the condition"), "{}", said(&failed));
    });
}

#[test]
fn an_emitted_script_does_the_same() {
    with_each("emitted script", |helm, tools| {
        if helm == Tools::Helm3 {
            // A script cannot ask which Helm there is: it has the words of the plan, Helm 4's.
            return;
        }
        let bench = Bench::new(tools, STAGING, "on_failure: rollback\ntimeout: 5s\nwait: watcher");
        let script = bench.path("release.sh");
        let emitted = |image: &str| {
            bench.image(image);
            let mut command = bench.command(Path::new(env!("CARGO_BIN_EXE_opsbook")));
            ends(
                &command.args(["emit", "bash", "docs/release.md", "-o", "release.sh"]).output().expect("it starts"),
                0,
            );
            let state = bench.path(&format!("state-{image}"));
            bench.command(Path::new("bash")).arg(&script).env("OPSBOOK_STATE", state).output().expect("bash starts")
        };
        ends(&emitted("first"), 0);
        ends(&emitted("second"), 0);
        ends(
            &bench.helm(&["upgrade", "web", "charts/web", "--set", "image=never-ready", "--wait", "--timeout", "1s"]),
            1,
        );
        fs::remove_file(bench.path("switch")).expect("the switch is there");
        // The failed revision is not the one to go back to.
        ends(&emitted("third"), 8);
        assert_eq!(bench.staging.image("shop", "web"), "second");
    });
}

#[test]
fn each_environment_sees_its_own_cluster() {
    let checklist = STAGING.to_owned() + PRODUCTION;
    with_each("isolation", |_, tools| {
        let bench = Bench::new(tools, &checklist, "wait: watcher");
        bench.write("values-production.yaml", "image: for-production\n");
        ends(&bench.run(), 0);
        let images = [&bench.staging, &bench.production].map(|cluster| cluster.image("shop", "web"));
        assert_eq!(images, ["first", "for-production"]);
        for (env, stranger) in [("staging", "production"), ("production", "staging")] {
            let seen = fs::read_to_string(bench.path(&format!("seen-by-{env}"))).expect("the step wrote it");
            assert!(seen.contains("KUBECONFIG=/"), "{seen}");
            for trace in [format!("KUBECONFIG_{}", stranger.to_uppercase()), format!("kubeconfig-{stranger}")] {
                assert!(!seen.contains(&trace), "{env} sees {trace}: {seen}");
            }
        }
        // The kubeconfig of production leads to staging: what is meant for production is not written there.
        bench.write("kubeconfig-production", &bench.staging.kubeconfig());
        bench.write("values-staging.yaml", "image: second\n");
        let before = bench.production.requests();
        let refused = bench.run();
        ends(&refused, 6);
        let wanted = "the uid of `kube-system` is `uid-of-staging`, and the runbook pins `uid-of-production`";
        assert!(said(&refused).contains(wanted), "{}", said(&refused));
        assert_eq!(bench.staging.image("shop", "web"), "second");
        assert_eq!(bench.staging.revisions("web").len(), 2);
        assert_eq!(bench.production.requests(), before);
        bench.write("kubeconfig-production", &bench.staging.kubeconfig().replace("127.0.0.1:", "127.0.0.1:1/"));
        let unreachable = bench.run();
        ends(&unreachable, 6);
        let wanted = "cannot see whether the kubeconfig of environment `production` leads to its cluster: ";
        assert!(said(&unreachable).contains(wanted), "{}", said(&unreachable));
    });
}
