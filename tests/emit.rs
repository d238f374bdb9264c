//! `opsbook emit`: golden files, and the emitted script as a process.
#![cfg(unix)]

use crate::golden::{kept, read_whole};
use opsbook::plan::Plan;
use opsbook::plan::emit::{
    Emitted, Options, edited_by_hand, emit_argo, emit_bash, emit_github, emit_github_setup, emit_markdown,
};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

fn options() -> Options {
    Options { image: "docker.io/alpine/k8s:1.33.4".into(), ..Options::default() }
}

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/runbooks")
}

fn every_form(plan: &Plan) -> [(&'static str, Emitted); 4] {
    crate::schemas::assert_valid_plan(plan);
    [
        ("sh", emit_bash(plan, &options())),
        ("github.yml", emit_github(plan, &options())),
        ("argo.yaml", emit_argo(plan, &options())),
        ("issue.md", emit_markdown(plan)),
    ]
}

/// Compares with a golden file; `UPDATE_EXPECTED` writes it instead.
fn golden(path: &Path, text: &str) {
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(path, kept(text)).expect("golden files can be written");
    }
    assert!(read_whole(path) == text, "{} differs: look, then set UPDATE_EXPECTED", path.display());
}

#[test]
fn the_examples_are_emitted_as_ever() {
    for name in ["quarterly-release", "hotfix-rollback"] {
        let text = fs::read_to_string(cases().join(format!("canfar/{name}.plan.json"))).expect("the plan is there");
        let plan = Plan::from_json(&text).expect("the plan is sound");
        for (ending, emitted) in every_form(&plan) {
            golden(&cases().join(format!("canfar/{name}.{ending}")), &emitted.text);
            assert_eq!(edited_by_hand(&emitted.text), Some(false));
            assert!(!emitted.lost.is_empty(), "{name}.{ending}");
        }
        golden(&cases().join(format!("canfar/{name}.setup.sh")), &emit_github_setup(&plan));
    }
}

#[test]
fn the_runbooks_of_the_manual_are_emitted_as_ever() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, params) in [
        ("cut-a-release", ["version=1.2.3"].as_slice()),
        ("withdraw-a-release", ["bad=1.2.3", "good=1.2.2"].as_slice()),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_opsbook"));
        command.current_dir(root).args(["plan", &format!("content/contributing/{name}.md"), "--format", "json"]);
        for param in params {
            command.args(["--param", param]);
        }
        let output = command.stdin(Stdio::null()).output().expect("opsbook starts");
        let mut plan = Plan::from_json(&String::from_utf8_lossy(&output.stdout)).expect("the page compiles");
        // Each commit of this repository is another one.
        plan.source.commit = plan.source.commit.map(|_| "0".repeat(40));
        for (ending, emitted) in every_form(&plan) {
            golden(&cases().join(format!("manual/{name}.{ending}")), &emitted.text);
        }
    }
}

#[test]
fn one_of_every_construct_is_emitted_as_ever() {
    let mut plan: Plan = serde_json::from_value(every_construct()).expect("the sample has the plan's shape");
    plan.seal();
    for (ending, emitted) in every_form(&plan) {
        golden(&cases().join(format!("every-construct.{ending}")), &emitted.text);
    }
    let policy = plan.on_failure.as_mut().expect("the sample has one");
    policy.scope = opsbook::plan::RollbackScope::All;
    let undo = plan.steps[2].undo.clone();
    plan.steps[5].undo = undo;
    plan.seal();
    for (ending, emitted) in every_form(&plan) {
        if ending != "issue.md" {
            golden(&cases().join(format!("every-construct-undone-everywhere.{ending}")), &emitted.text);
        }
    }
}

fn step(id: &str, needs: &[&str], script: &str) -> Value {
    json!({
        "id": id, "item": id, "group": null, "kind": "run", "title": format!("Do {id}"), "impact": "write",
        "needs": needs.iter().map(|need| {
            let (on, step) = need.split_once(':').unwrap_or(("success", need));
            json!({"step": step, "on": on})
        }).collect::<Vec<_>>(),
        "run": {"shell": "bash", "script": script}, "timeout_s": 60, "digest": "",
    })
}

fn with(mut step: Value, entries: &[(&str, Value)]) -> Value {
    for (key, value) in entries {
        step[*key] = value.clone();
    }
    step
}

fn plan_of(steps: Vec<Value>) -> Value {
    json!({
        "format": 1, "runbook": "sample", "title": "A sample", "stage": "bound", "kind": "procedure",
        "mode": "read-do", "params": {}, "secrets": [], "components": [],
        "environments": {"staging": {"tier": 0, "kubeconfig": "KUBE_STAGING"}, "production": {"tier": 1, "after": "staging"}},
        "on_failure": {"rollback": "reverse", "then": "hotfix.md#note"},
        "steps": steps, "source": {"files": []}, "hash": "",
    })
}

fn every_construct() -> Value {
    let action =
        |script: &str| json!({"block": "b", "title": "Undo it", "shell": "bash", "script": script, "timeout_s": 60});
    let nobody = |id: &str, needs: &[&str], kind: &str| {
        let mut item = with(step(id, needs, ""), &[("kind", json!(kind)), ("evidence", json!("url"))]);
        item.as_object_mut().expect("a step is an object").remove("run");
        item
    };
    let mut plan = plan_of(vec![
        nobody("tick", &[], "manual"),
        with(
            step("outputs", &["tick"], "echo \"n=1\" >> \"$OPSBOOK_OUTPUT\""),
            &[("outputs", json!(["n"])), ("impact", json!("read"))],
        ),
        with(
            step("hard", &["outputs"], "echo '${{ x }} {{ y }}'\nEND_OF_SCRIPT\necho $OPSBOOK_OUT_OUTPUTS_N"),
            &[
                ("env", json!("staging")),
                ("secrets", json!(["KUBE_STAGING", "TOKEN"])),
                ("check", json!("false")),
                ("verify", with(action("true"), &[("cwd", json!("deploy"))])),
                ("undo", with(action("print('back')"), &[("shell", json!("python3"))])),
                ("retries", json!({"max": 2, "backoff": "5s"})),
                ("vars", json!({"QUOTE": "it's \"so\" $HOME ${{ a }} {{ b }}", "TRUTH": "yes"})),
            ],
        ),
        with(
            nobody("soak", &["hard"], "soak"),
            &[("wait_s", json!(120)), ("monitor", action("true")), ("env", json!("staging"))],
        ),
        with(
            nobody("go", &["soak"], "approval"),
            &[
                ("approval", json!({"min": 2, "role": "r", "forbid": ["runner", "author"], "expires": "24h"})),
                ("env", json!("production")),
            ],
        ),
        with(
            step("python", &["go"], "print('x')"),
            &[
                ("run", json!({"shell": "python3", "script": "print('x')", "cwd": "tools"})),
                ("env", json!("production")),
                ("expect", json!({"exit": 3})),
                ("break_glass", json!({"reason": "required"})),
            ],
        ),
        with(step("cleanup", &["done:python"], "echo always"), &[("impact", json!("read"))]),
        with(step("mourn", &["failure:python"], "echo failed"), &[("impact", json!("read"))]),
    ]);
    plan["secrets"] = json!(["KUBE_STAGING", "TOKEN"]);
    plan
}

/// A folder with an emitted script.
struct Emission {
    folder: tempfile::TempDir,
}

impl Emission {
    fn new(steps: Vec<Value>) -> Emission {
        let mut plan: Plan = serde_json::from_value(plan_of(steps)).expect("the sample has the plan's shape");
        plan.seal();
        Emission::of(&plan)
    }

    fn of(plan: &Plan) -> Emission {
        crate::schemas::assert_valid_plan(plan);
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let script = folder.path().join("plan.sh");
        fs::write(&script, emit_bash(plan, &options()).text).expect("the folder takes files");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).expect("it can be made a program");
        Emission { folder }
    }

    fn command(&self) -> Command {
        let mut command = Command::new("bash");
        command.arg("plan.sh").current_dir(self.folder.path()).stdin(Stdio::null());
        command.env("OPSBOOK_STATE", self.folder.path().join("state"));
        command
    }

    /// The script among stubs, with a value for every secret; the call that begins with `hang` stays.
    fn command_in(&self, plan: &Plan, hang: &str) -> Command {
        let mut command = self.command();
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", self.folder.path().join("bin").display()));
        command.env("HOME", self.folder.path()).env("HANG", hang).env("PROM_URL", "http://localhost:9");
        command.env("OPSBOOK_PASS_ENV", "HANG PROM_URL").env("OPSBOOK_BREAK_GLASS", "staging is no more");
        command.envs(plan.secrets.iter().map(|name| (name, format!("the value of {name}"))));
        command
    }

    fn run_in(&self, plan: &Plan, hang: &str) -> (i32, String) {
        Emission::ended(&mut self.command_in(plan, hang))
    }

    fn run(&self) -> (i32, String) {
        Emission::ended(&mut self.command())
    }

    fn ended(command: &mut Command) -> (i32, String) {
        let Output { status, stderr, stdout } = command.output().expect("bash starts");
        let said = String::from_utf8_lossy(&stderr).into_owned() + &String::from_utf8_lossy(&stdout);
        (status.code().unwrap_or(-1), said)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

#[test]
fn the_script_runs_to_the_end_and_a_second_time_repeats_nothing() {
    let emission = Emission::new(vec![
        with(step("a", &[], "echo a >> log; echo n=7 >> \"$OPSBOOK_OUTPUT\""), &[("outputs", json!(["n"]))]),
        step("b", &["a"], "echo b $OPSBOOK_OUT_A_N >> log"),
        with(step("c", &["b"], "echo never >> log"), &[("check", json!("true"))]),
        with(step("d", &["failure:b"], "echo never >> log"), &[]),
        with(
            step("e", &["d"], "echo e >> log; test \"$(grep -c e log)\" -ge 2"),
            &[("retries", json!({"max": 1, "backoff": "0s"}))],
        ),
    ]);
    let (status, said) = emission.run();
    assert_eq!(status, 0, "{said}");
    assert_eq!(emission.log(), "a\nb 7\ne\ne\n");
    assert_eq!(emission.run().0, 0);
    assert_eq!(emission.log(), "a\nb 7\ne\ne\n");
}

#[test]
fn each_script_of_a_step_runs_in_its_own_folder() {
    let print = "basename \"$PWD\" >> \"$HOME/log\"";
    let action = |cwd: &str| json!({"block": "b", "title": "b", "shell": "bash", "script": print, "cwd": cwd});
    let mut change = with(step("a", &[], ""), &[("run", json!({"shell": "bash", "script": print, "cwd": "one"}))]);
    change["verify"] = json!({"block": "b", "title": "b", "shell": "bash", "script": print});
    let watch = [("kind", json!("soak")), ("wait_s", json!(0)), ("monitor", action("two"))];
    let mut soak = with(step("b", &["a"], ""), &watch);
    soak.as_object_mut().expect("a step is an object").remove("run");
    let emission = Emission::new(vec![change, soak]);
    for folder in ["one", "two"] {
        fs::create_dir(emission.folder.path().join(folder)).expect("the folder takes folders");
    }
    let output = emission.command().env("HOME", emission.folder.path()).output().expect("bash starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let home = emission.folder.path().file_name().expect("it has a name").to_string_lossy().into_owned();
    assert_eq!(emission.log(), format!("one\n{home}\ntwo\n"));
}

/// The steps of an emitted workflow that run something: the script, and the variables it is given.
fn runs_of(workflow: &str) -> Vec<(String, Vec<(String, String)>)> {
    let workflow: Value = serde_yaml::from_str(workflow).expect("the workflow is YAML");
    let jobs = workflow["jobs"].as_object().expect("there are jobs").values();
    let steps = jobs.flat_map(|job| job["steps"].as_array().expect("a job has steps"));
    let runs = steps.filter_map(|step| Some((step["run"].as_str()?.to_owned(), step["env"].as_object())));
    let variable = |(name, value): (&String, &Value)| {
        (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    runs.map(|(run, env)| (run, env.into_iter().flatten().map(variable).collect())).collect()
}

#[test]
fn no_expression_stands_inside_a_run_of_a_workflow() {
    let mut seen = 0;
    for folder in [cases(), cases().join("canfar"), cases().join("manual")] {
        for entry in fs::read_dir(folder).expect("there are golden files").map(|entry| entry.expect("it can be read")) {
            if entry.file_name().to_string_lossy().ends_with(".github.yml") {
                for (run, _) in runs_of(&read_whole(&entry.path())) {
                    assert!(!run.contains("${{"), "{}: {run}", entry.path().display());
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn a_script_with_braces_of_an_expression_runs_in_a_workflow_as_it_was_written() {
    let script = "a='${{ x }}'\nprintf '%s\\n' \"$a $\"'{{' > log\ncat >> log <<'EOF'\n\"${{ y }}\" ${{\nEOF\n";
    let undo = json!({"block": "b", "title": "b", "shell": "bash", "script": script, "timeout_s": 20});
    let steps = vec![with(step("a", &[], script), &[("undo", undo)])];
    let plan: Plan = serde_json::from_value(plan_of(steps)).expect("the sample has the plan's shape");
    let workflow = emit_github(&plan, &options()).text;
    let all: Value = serde_yaml::from_str(&workflow).expect("the workflow is YAML");
    let runs = runs_of(&workflow);
    let of_scripts: Vec<&(String, Vec<(String, String)>)> =
        runs.iter().filter(|(run, _)| run.contains("OPSBOOK_FRAME")).collect();
    assert_eq!(of_scripts.len(), 2, "the step and its undo");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (run, env) in of_scripts {
        let mut command = Command::new("bash");
        command.args(["-c", run]).current_dir(folder.path()).env("RUNNER_TEMP", folder.path());
        command.env("OPSBOOK_FRAME", all["env"]["OPSBOOK_FRAME"].as_str().expect("it is text"));
        command.env("GITHUB_RUN_ID", "1").envs(env.iter().cloned());
        let output = command.output().expect("bash starts");
        assert!(output.status.success(), "{run}\n{}", String::from_utf8_lossy(&output.stderr));
        let log = fs::read_to_string(folder.path().join("log")).expect("the script wrote it");
        assert_eq!(log, "${{ x }} ${{\n\"${{ y }}\" ${{\n");
        fs::remove_file(folder.path().join("log")).expect("it is there");
    }
}

#[test]
fn the_scripts_of_a_workflow_of_argo_undo_where_something_failed() {
    let undo = |name: &str| json!({"block": "b", "title": "b", "shell": "bash", "script": format!("echo undo {name} $PREVIOUS_REVISION >> log")});
    let change = |id: &str, needs: &[&str], env: &str, script: &str| {
        with(step(id, needs, script), &[("env", json!(env)), ("undo", undo(id))])
    };
    let mut sample = plan_of(vec![
        change("a", &[], "staging", "printf 'n<<E\\none\\ntwo\\nE\\n' >> \"$OPSBOOK_OUTPUT\""),
        change("b", &["a"], "production", "false"),
    ]);
    sample["steps"][0]["outputs"] = json!(["n"]);
    sample["environments"]["production"] = json!({"tier": 0});
    let plan: Plan = serde_json::from_value(sample).expect("the sample has the plan's shape");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let root = folder.path().to_string_lossy().into_owned();
    let at = |text: &str| {
        text.replace("/opsbook/", &format!("{root}/shared/")).replace("/repository/", &format!("{root}/source/"))
    };
    for name in ["shared", "source"] {
        fs::create_dir(folder.path().join(name)).expect("the folder takes folders");
    }
    fs::write(folder.path().join("source/VERSION"), "1").expect("the folder takes files");
    let workflow: Value = serde_yaml::from_str(&emit_argo(&plan, &options()).text).expect("the workflow is YAML");
    let run = |name: &str| {
        let templates = workflow["spec"]["templates"].as_array().expect("there are templates");
        let script = &templates.iter().find(|it| it["name"] == name).expect("it is there")["script"];
        let mut command = Command::new("bash");
        command.args(["-c", &at(script["source"].as_str().expect("it is text"))]).current_dir(folder.path());
        command.envs([
            ("OPSBOOK_RUN", "r"),
            ("OPSBOOK_PASS", "any"),
            ("OPSBOOK_FAILURES", "[]"),
            ("KUBE_STAGING", "kube"),
        ]);
        command.output().expect("bash starts").status.code()
    };
    assert_eq!((run("begin"), run("a"), run("b")), (Some(0), Some(0), Some(1)));
    assert_eq!((run("undo-b"), run("undo-a")), (Some(0), Some(0)));
    let log = fs::read_to_string(folder.path().join("shared/work/log")).expect("something was undone");
    assert_eq!(log, "undo b\n", "staging is as it was: the failure was in production");
    assert_eq!((run("undo-b"), run("begin")), (Some(0), Some(0)));
    let log = fs::read_to_string(folder.path().join("shared/work/log")).expect("something was undone");
    assert_eq!(log, "undo b\n", "it was undone already");
}

#[test]
fn the_setup_of_a_workflow_makes_what_its_first_job_asks_for() {
    let mut plan: Plan = serde_json::from_value(every_construct()).expect("the sample has the plan's shape");
    plan.owners = vec!["@org/team".to_owned()];
    plan.seal();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let gh = "#!/bin/bash\nprintf '%s' \"$*\" >> log\ncase $* in\n  *--input*) printf ' ' >> log; cat >> log ;;\n  *orgs/*) echo 7 ;;\n  \
              *users/*) echo 8 ;;\n  *staging*--json*) echo KUBE_STAGING ;;\nesac\necho >> log\n[[ $* == *PUT* || $* != *environments/staging ]]\n";
    fs::write(folder.path().join("gh"), gh).expect("the folder takes files");
    fs::set_permissions(folder.path().join("gh"), fs::Permissions::from_mode(0o700)).expect("it can be made a program");
    let mut command = Command::new("bash");
    let path = std::env::var("PATH").unwrap_or_default();
    command.args(["-c", &emit_github_setup(&plan), "setup", "org/shop"]).current_dir(folder.path());
    command.env("PATH", format!("{}:{path}", folder.path().display()));
    let without = command.output().expect("bash starts");
    assert!(String::from_utf8_lossy(&without.stderr).contains("ROLE_R: the people and teams of this role"));
    fs::remove_file(folder.path().join("log")).expect("something was asked before");
    let output = command.env("ROLE_R", "ana org/leads").output().expect("bash starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let log = fs::read_to_string(folder.path().join("log")).expect("gh was called");
    for line in [
        "api --silent --method PUT repos/org/shop/environments/sample-tick --input - {\"prevent_self_review\":false,\"reviewers\":[{\"type\":\"Team\",\"id\":7}]}",
        "api --silent --method PUT repos/org/shop/environments/sample-go --input - {\"prevent_self_review\":true,\"reviewers\":[{\"type\":\"User\",\"id\":8},{\"type\":\"Team\",\"id\":7}]}",
        "api --silent repos/org/shop/environments/production",
        "api --silent --method PUT repos/org/shop/environments/staging",
    ] {
        assert!(log.lines().any(|it| it == line), "no `{line}` in {log}");
    }
    assert!(!log.contains("PUT repos/org/shop/environments/production"), "{log}");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("set the secret: gh secret set TOKEN --repo org/shop --env staging\n"), "{said}");
    assert!(!said.contains("secret set KUBE_STAGING"), "{said}");
}

/// Waits for what a process does.
fn until(what: &str, done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(120), "{what} takes too long");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Every program that the examples call, as a script that notes the call in `log`. The one whose call
/// begins with `$HANG` notes its process in `began` and stays.
const STUB: &str = r#"#!/bin/bash
call="${0##*/} $*"
if [ -n "${HANG:-}" ] && [[ $call == "$HANG"* ]] && [ ! -e "$HOME/began" ]; then
  echo $$ > "$HOME/began.new" && mv "$HOME/began.new" "$HOME/began"
  exec sleep 60
fi
printf '%s\n' "${call//[$'\n']/ }" >> "$HOME/log"
case $call in
  'helm history'*) echo '[{"revision":4,"status":"deployed"}]' ;;
  'jq -e '*) cat > /dev/null; exit 1 ;;
  'jq '*) cat > /dev/null; echo 0 ;;
  'python3 '*) exit 3 ;;
esac
"#;

/// A plan among stubs of all the programs that it calls, its soaks without a length.
fn among_stubs(mut plan: Plan) -> Emission {
    for step in &mut plan.steps {
        step.wait_s = step.wait_s.map(|_| 0);
    }
    plan.seal();
    let emission = Emission::of(&plan);
    let bin = emission.folder.path().join("bin");
    for folder in ["bin", "tools", "deploy"] {
        fs::create_dir(emission.folder.path().join(folder)).expect("the folder takes folders");
    }
    for name in ["helm", "kubectl", "jq", "promtool", "sleep", "python3", "END_OF_SCRIPT"] {
        let stub = if name == "sleep" { "#!/bin/bash\nexec /bin/sleep 0\n" } else { STUB };
        fs::write(bin.join(name), stub.replace("exec sleep", "exec /bin/sleep")).expect("the folder takes files");
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o700)).expect("it can be made a program");
    }
    emission
}

/// Runs a script again and again, a person doing what it waits for; returns how it ended, what it said
/// and how often it waited.
fn with_a_person(emission: &Emission, plan: &Plan, hang: &str) -> (i32, String, usize) {
    for waited in 0.. {
        let (status, said) = emission.run_in(plan, hang);
        let Some((_, rest)) = said.split_once("waiting: ").filter(|_| status == 4) else {
            return (status, said, waited);
        };
        let id = rest.split_once('[').and_then(|(_, rest)| rest.split_once(']')).expect("it names the step").0;
        fs::write(emission.folder.path().join(format!("state/{id}.state")), "done\n").expect("a person writes it");
    }
    unreachable!("a plan has an end")
}

/// The plans of both examples and of one of every construct, each with the call that is killed and the
/// step that is in doubt then.
fn plans_among_stubs() -> Vec<(Plan, &'static str, &'static str)> {
    let example = |name: &str| {
        let text = fs::read_to_string(cases().join(format!("canfar/{name}.plan.json"))).expect("the plan is there");
        Plan::from_json(&text).expect("the plan is sound")
    };
    let mut all: Plan = serde_json::from_value(every_construct()).expect("the sample has the plan's shape");
    all.seal();
    vec![
        (example("quarterly-release"), "helm upgrade --install skaha", "staging.skaha.deploy"),
        (example("hotfix-rollback"), "helm upgrade --install cavern", "patch-staging.cavern.deploy"),
        (all, "python3", "python"),
    ]
}

#[test]
fn the_examples_run_to_the_end_and_a_second_time_repeat_nothing() {
    for (plan, ..) in plans_among_stubs() {
        let emission = among_stubs(plan.clone());
        let (status, said, waited) = with_a_person(&emission, &plan, "");
        assert_eq!(status, 0, "{}: {said}", plan.runbook);
        let people =
            plan.steps.iter().filter(|step| step.approval.is_some() || step.run.is_none() && step.wait_s.is_none());
        assert_eq!(waited, people.count(), "{}", plan.runbook);
        let log = emission.log();
        let upgrades = plan.steps.iter().filter(|step| step.helm.is_some()).count();
        assert_eq!(log.matches("helm upgrade").count(), upgrades, "{}: {log}", plan.runbook);
        let (status, said) = emission.run_in(&plan, "");
        assert_eq!(status, 0, "{}: {said}", plan.runbook);
        assert_eq!(emission.log(), log, "{}: the second run repeats something", plan.runbook);
    }
}

#[test]
fn an_example_that_is_killed_in_a_step_stops_and_names_it() {
    for (plan, call, doubtful) in plans_among_stubs() {
        let emission = among_stubs(plan.clone());
        let began = emission.folder.path().join("began");
        // People first; the killed run is the one that gets as far as the call.
        let mut runner = loop {
            let mut runner = emission.command_in(&plan, call).stderr(Stdio::piped()).spawn().expect("bash starts");
            let ended = std::cell::Cell::new(None);
            let runner_cell = std::cell::RefCell::new(&mut runner);
            until("a step", || {
                ended.set(runner_cell.borrow_mut().try_wait().expect("it can be asked"));
                ended.get().is_some() || began.exists()
            });
            if ended.get().is_none() {
                break runner;
            }
            let output = runner.wait_with_output().expect("it has ended");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(4), "{}: {said}", plan.runbook);
            let (_, rest) = said.split_once("waiting: ").expect("it waits");
            let id = rest.split_once('[').and_then(|(_, rest)| rest.split_once(']')).expect("it names the step").0;
            fs::write(emission.folder.path().join(format!("state/{id}.state")), "done\n").expect("a person writes it");
        };
        runner.kill().and_then(|()| runner.wait()).expect("it can be killed");
        let log = emission.log();
        let (held, said) = emission.run_in(&plan, "");
        assert_eq!(held, 6, "{}: the step of the killed run is alive: {said}", plan.runbook);
        let orphan = fs::read_to_string(&began).expect("the call noted its process");
        Command::new("kill").args(["-KILL", orphan.trim()]).status().expect("there is kill");
        until("the orphan's end", || emission.run_in(&plan, "").0 != 6);
        let (status, said) = emission.run_in(&plan, "");
        assert_eq!(status, 5, "{}: {said}", plan.runbook);
        assert!(said.contains(&format!("in doubt: {doubtful} ")), "{}: {said}", plan.runbook);
        assert_eq!(emission.log(), log, "{}: something was repeated", plan.runbook);
    }
}

#[test]
fn the_script_undoes_in_reverse_and_says_how_it_ended() {
    let undo = |script: &str| json!({"block": "b", "title": "b", "shell": "bash", "script": script, "timeout_s": 20});
    let steps = |last: &str| {
        vec![
            with(step("a", &[], "echo a >> log"), &[("undo", undo("echo undo a >> log"))]),
            with(step("b", &["a"], "echo b >> log"), &[("undo", undo("echo undo b >> log"))]),
            step("c", &["b"], last),
        ]
    };
    let emission = Emission::new(steps("false"));
    let (status, said) = emission.run();
    assert_eq!(status, 8, "{said}");
    assert!(said.contains("go to hotfix.md#note"), "{said}");
    assert_eq!(emission.log(), "a\nb\nundo b\nundo a\n");
    let mut failing = steps("false");
    failing[1]["undo"] = undo("false");
    assert_eq!(Emission::new(failing).run().0, 9);
    assert_eq!(Emission::new(vec![with(step("a", &[], "sleep 20"), &[("timeout_s", json!(1))])]).run().0, 124);
    assert_eq!(Emission::new(vec![step("a", &[], "false")]).run().0, 1);
}

#[test]
fn without_a_terminal_a_person_is_waited_for() {
    let mut item = with(step("tick", &[], ""), &[("kind", json!("manual"))]);
    item.as_object_mut().expect("a step is an object").remove("run");
    let (status, said) = Emission::new(vec![item]).run();
    assert_eq!(status, 4, "{said}");
    assert!(said.contains("needs a person"), "{said}");
}

fn undoing(script: &str) -> Value {
    json!({"block": "b", "title": "b", "shell": "bash", "script": script, "timeout_s": 20})
}

#[test]
fn outputs_are_what_was_written_and_unset_where_nothing_was() {
    let writes = "printf 'a<<E\\n\\n two\\n\\nE\\nb=  x = y  \\nc=\\nb=z\\n' >> \"$OPSBOOK_OUTPUT\"";
    let shows = "printf '[%s]' \"$OPSBOOK_OUT_MK_A\" \"$OPSBOOK_OUT_MK_B\" \"${OPSBOOK_OUT_MK_C-unset}\" \"${OPSBOOK_OUT_MK_D-unset}\" >> log";
    let emission = Emission::new(vec![
        with(
            step("mk", &[], writes),
            &[("outputs", json!(["a", "b", "c", "d"])), ("undo", undoing("echo \"undo $OPSBOOK_OUT_MK_B\" >> log"))],
        ),
        step("use", &["mk"], &format!("{shows}; false")),
    ]);
    assert_eq!(emission.run().0, 8);
    assert_eq!(emission.log(), "[\n two\n][z][][unset]undo z\n");
    for wrong in ["nonsense", "=x", "a<<E\\nb"] {
        let emission = Emission::new(vec![step("mk", &[], &format!("printf '{wrong}\\n' >> \"$OPSBOOK_OUTPUT\""))]);
        assert_eq!(emission.run().0, 1, "{wrong}");
    }
    let secret = with(step("mk", &[], "echo \"a=$TOKEN\" >> \"$OPSBOOK_OUTPUT\""), &[("secrets", json!(["TOKEN"]))]);
    let mut sample = plan_of(vec![secret]);
    sample["secrets"] = json!(["TOKEN"]);
    let mut plan: Plan = serde_json::from_value(sample).expect("the sample has the plan's shape");
    plan.seal();
    let emission = Emission::of(&plan);
    let (status, said) = Emission::ended(emission.command().env("TOKEN", "sesame-open"));
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("its outputs hold the secret TOKEN"), "{said}");
}

#[test]
fn every_environment_where_something_failed_is_undone() {
    let change = |id: &str, env: &str| {
        let entries = [("env", json!(env)), ("undo", undoing(&format!("echo undo {id} >> log")))];
        with(step(id, &[], &format!("echo {id} >> log; false")), &entries)
    };
    let mut sample = plan_of(vec![change("a", "staging"), change("b", "production")]);
    sample["environments"] = json!({"staging": {"tier": 0}, "production": {"tier": 0}});
    let mut plan: Plan = serde_json::from_value(sample).expect("the sample has the plan's shape");
    plan.seal();
    let emission = Emission::of(&plan);
    assert_eq!(emission.run().0, 8);
    assert_eq!(emission.log(), "a\nb\nundo b\nundo a\n");
}

#[test]
fn a_script_that_is_interrupted_ends_its_step_and_undoes_nothing() {
    for (signal, ended) in [("INT", 130), ("TERM", 143)] {
        let slow = "touch began; sleep 30; echo late >> log";
        let emission = Emission::new(vec![with(step("a", &[], slow), &[("undo", undoing("echo undo >> log"))])]);
        let mut runner = emission.command().stderr(Stdio::null()).spawn().expect("bash starts");
        until("the step", || emission.folder.path().join("began").exists());
        let sent = Command::new("kill").args([format!("-{signal}"), runner.id().to_string()]).status();
        assert!(sent.expect("there is kill").success());
        assert_eq!(runner.wait().expect("it ends").code(), Some(ended));
        assert_eq!(emission.log(), "");
        let (status, said) = emission.run();
        assert_eq!(status, 5, "{said}");
        assert!(said.contains("in doubt: a "), "{said}");
    }
}

#[test]
fn what_staging_has_not_proven_waits_for_a_person() {
    let change = |id: &str, item: &str, env: &str, needs: &[&str]| {
        with(
            step(id, needs, &format!("echo {id} >> log")),
            &[("env", json!(env)), ("item", json!(item)), ("break_glass", json!({"reason": "required"}))],
        )
    };
    let watch = with(
        step("s.watch", &["s.a"], "test ! -e broken"),
        &[("env", json!("staging")), ("role", json!("monitor")), ("impact", json!("read"))],
    );
    let mut sample = plan_of(vec![
        change("s.a", "a", "staging", &[]),
        watch,
        change("p.a", "a", "production", &["done:s.watch"]),
        with(step("last", &["done:p.a"], "echo last >> log"), &[("impact", json!("read"))]),
    ]);
    sample["environments"]["staging"] = json!({"tier": 0});
    let mut plan: Plan = serde_json::from_value(sample.clone()).expect("the sample has the plan's shape");
    plan.seal();
    let emission = Emission::of(&plan);
    assert_eq!(emission.run().0, 0);
    let emission = Emission::of(&plan);
    fs::write(emission.folder.path().join("broken"), "").expect("the folder takes files");
    let (status, said) = emission.run();
    assert_eq!(status, 4, "{said}");
    assert!(said.contains("s.watch has not passed in staging"), "{said}");
    assert_eq!(emission.log(), "s.a\n");
    let (status, said) = Emission::ended(emission.command().env("OPSBOOK_BREAK_GLASS", "the house is on fire"));
    assert_eq!(status, 1, "the watch has failed all the same: {said}");
    assert_eq!(emission.log(), "s.a\np.a\nlast\n");
    assert_eq!(plan.steps.len(), 4);
    // Nothing in the plan could prove it.
    sample["steps"].as_array_mut().expect("there are steps").remove(1);
    sample["steps"][1]["needs"] = json!([{"step": "s.a", "on": "success"}]);
    let mut plan: Plan = serde_json::from_value(sample).expect("the sample has the plan's shape");
    plan.seal();
    let emitted = emit_bash(&plan, &options());
    assert!(emitted.lost.iter().any(|loss| loss.what.starts_with("proof by an earlier run") && loss.steps == ["p.a"]));
    assert_eq!(Emission::of(&plan).run().0, 4);
}

#[test]
fn scripts_see_of_their_surroundings_what_a_run_lets_them_see() {
    let emission = Emission::new(vec![step("a", &[], "env | cut -d= -f1 | sort | tr '\\n' ' ' > log")]);
    let mut command = emission.command();
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", emission.folder.path());
    command.env("OPSBOOK_STATE", emission.folder.path().join("state")).env("OTHER", "x").env("MINE", "y");
    let (status, said) = Emission::ended(command.env("OPSBOOK_PASS_ENV", "MINE"));
    assert_eq!(status, 0, "{said}");
    let seen = emission.log();
    let seen: Vec<&str> =
        seen.split_whitespace().filter(|name| !["_", "PWD", "SHLVL", "OLDPWD"].contains(name)).collect();
    let wanted = [
        "HOME",
        "MINE",
        "OPSBOOK_MASK",
        "OPSBOOK_OUTPUT",
        "OPSBOOK_PLAN",
        "OPSBOOK_RUN",
        "OPSBOOK_STEP",
        "PATH",
        "RB_OUTPUT",
    ];
    assert_eq!(seen, wanted);
}

#[test]
fn nothing_of_a_plan_is_evaluated_by_the_controller_of_argo() {
    let hostile = "{{workflow.name}} {{=1+1}} {{{ $$ $(ARGO_POD_NAME) }}";
    let entries = [("vars", json!({"X": hostile})), ("undo", undoing(hostile)), ("env", json!("staging"))];
    let steps = vec![with(step("a", &[], &format!("echo '{hostile}'")), &entries)];
    let mut plan: Plan = serde_json::from_value(plan_of(steps)).expect("the sample has the plan's shape");
    plan.seal();
    let workflow: Value = serde_yaml::from_str(&emit_argo(&plan, &options()).text).expect("the workflow is YAML");
    let templates = workflow["spec"]["templates"].as_array().expect("there are templates");
    let sources: Vec<&str> = templates.iter().filter_map(|it| it["script"]["source"].as_str()).collect();
    assert_eq!(sources.len(), 3);
    for source in sources {
        assert!(!["{{", "$$", "$(ARGO_"].iter().any(|text| source.contains(text)), "{source}");
    }
}

#[test]
fn the_rollback_of_a_workflow_waits_for_all_and_for_no_cancelled_run() {
    let mut plan: Plan = serde_json::from_value(every_construct()).expect("the sample has the plan's shape");
    plan.on_failure.as_mut().expect("the sample has one").scope = opsbook::plan::RollbackScope::All;
    plan.steps[5].undo = plan.steps[2].undo.clone();
    plan.seal();
    let workflow: Value = serde_yaml::from_str(&emit_github(&plan, &options()).text).expect("the workflow is YAML");
    let jobs = workflow["jobs"].as_object().expect("there are jobs");
    let (undoing, others): (Vec<&String>, Vec<&String>) = jobs.keys().partition(|id| id.starts_with("rollback-"));
    assert_eq!(undoing, ["rollback-production", "rollback-staging"]);
    for (at, id) in undoing.iter().enumerate() {
        let needs: Vec<&str> =
            jobs[*id]["needs"].as_array().expect("it needs").iter().filter_map(Value::as_str).collect();
        let all = others.iter().filter(|id| id.as_str() != "preflight").copied().chain(undoing[..at].iter().copied());
        let all: std::collections::BTreeSet<&str> = all.map(String::as_str).collect();
        assert_eq!(needs.iter().copied().collect::<std::collections::BTreeSet<_>>(), all);
        let condition = jobs[*id]["if"].as_str().expect("it has a condition");
        assert!(condition.ends_with("&& !cancelled()"), "{condition}");
    }
}
