//! Attacks on what a run says about people and about its plan, with the program as it is delivered.
#![cfg(unix)]

use opsbook::plan::machine::Run;
use opsbook::plan::{Plan, canonical};
use opsbook::text::Digest;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use tempfile::TempDir;

const PAGE: &str = r#"---
runbook:
  version: 1
  kind: release
  owners: ["@a/b"]
  reviewed: 2026-11-01
  params:
    version: {type: string, pattern: '^[0-9.]+$'}
  environments:
    staging: {tier: 0}
    production: {tier: 1, after: staging}
  on_failure: {rollback: none, then: "r.md#going-back"}
checklist:
  - step: look
  - group: Staging
    env: staging
    items: [{step: deploy}, {step: smoke}]
  - {id: go, approve: {role: managers, min: 1, forbid: [FORBID]}, text: "Go"}
  - group: Production
    env: production
    items: [{step: deploy}, {step: smoke}]
---
# R

```bash
#| id: look
#| role: check
#| timeout: 1m
true
```

```bash
#| id: deploy
#| role: change
#| impact: write
#| timeout: 1m
#| rollback: {none: test}
echo "$VERSION to $OPSBOOK_ENV" >> "$HOME/log"
```

```bash
#| id: smoke
#| role: verify
#| timeout: 1m
true
```

## Going back

Text.
"#;

/// A repository with a runbook and people, and a home for what must not lie in it.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new(forbid: &str) -> Desk {
        let desk = Desk { folder: tempfile::tempdir().expect("a temporary folder can be made") };
        for folder in ["book/docs", "home"] {
            fs::create_dir_all(desk.path(folder)).expect("the folder takes folders");
        }
        desk.write("docs/r.md", &PAGE.replace("FORBID", forbid));
        let mut list = String::new();
        for name in ["ana", "bob", "eve"] {
            let key = desk.path(&format!("home/{name}"));
            let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status();
            assert!(made.expect("ssh-keygen is installed").success());
            if name != "eve" {
                list.push_str(&format!("{name}@example.org {}\n", desk.public(name)));
            }
        }
        desk.write("allowed_signers", &list);
        desk.write("book.toml", &desk.book(""));
        desk.write(".gitignore", "runs/\nplan.json\n");
        desk.git(&["init", "-q", "-b", "main"]);
        desk.commit("the first state", "Dee <dee@example.org>");
        desk
    }

    fn book(&self, more: &str) -> String {
        format!(
            "[book]\ntitle = \"Ops\"\nsrc = \"docs\"\n[runbook]\nallowed-signers = \"allowed_signers\"\nruns = \"runs\"\n\
             {more}\n[runbook.roles]\nmanagers = [\"ana@example.org\", \"bob@example.org\"]\n"
        )
    }

    fn public(&self, name: &str) -> String {
        let text = fs::read_to_string(self.path(&format!("home/{name}.pub"))).expect("the public key is there");
        text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path("book").join(name), text).expect("the folder takes files");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path("book").join(name)).expect("the file is there")
    }

    fn git(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Dee", "-c", "user.email=dee@example.org"]).args(arguments);
        let output = command.current_dir(self.path("book")).output().expect("git is installed");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn commit(&self, message: &str, author: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message, "--author", author]);
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_opsbook"));
        command.args(arguments).current_dir(self.path("book")).stdin(Stdio::null());
        command.env("HOME", self.path("home")).env("XDG_STATE_HOME", self.path("home/state")).env("NO_COLOR", "1");
        command
    }

    /// Runs the program and returns its status and all it said. A name with `~` is that person's key.
    fn ops(&self, arguments: &str) -> (i32, String) {
        let home = self.path("home").to_string_lossy().into_owned();
        let words: Vec<String> = arguments.split_whitespace().map(|word| word.replace('~', &home)).collect();
        ended(&self.command(&words.iter().map(String::as_str).collect::<Vec<_>>()).output().expect("opsbook starts"))
    }

    fn is(&self, arguments: &str, status: i32, says: &str) {
        let (actual, said) = self.ops(arguments);
        assert!(actual == status && said.contains(says), "`{arguments}` ended with {actual}:\n{said}");
    }

    /// A run by Ana that waits for its approval.
    fn waiting(&self) -> PathBuf {
        self.is("run docs/r.md -p version=1.0 --no-input --as ana@example.org --key ~/ana", 4, "approve");
        self.run()
    }

    fn run(&self) -> PathBuf {
        let runs = fs::read_dir(self.path("book/runs")).expect("there are runs");
        let mut runs: Vec<PathBuf> = runs.map(|run| run.expect("it can be listed").path()).collect();
        runs.sort_by_key(|run| run.to_string_lossy().rsplit('-').next().map(str::to_owned));
        runs.pop().expect("there is a run")
    }

    fn records(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.run().join("journal.jsonl")).expect("there is a journal");
        text.lines().map(|line| serde_json::from_str(line).expect("a record is JSON")).collect()
    }

    /// Writes a journal whose chain is sound whatever stands in it.
    fn forge(&self, records: &[Value]) {
        let (mut text, mut prev) = (String::new(), "0".repeat(64));
        for (seq, record) in records.iter().enumerate() {
            let mut record = record.clone();
            let fields = record.as_object_mut().expect("a record is an object");
            fields.remove("hash");
            fields.insert("seq".into(), json!(seq));
            fields.insert("prev".into(), json!(prev));
            prev = Digest::of(canonical(&record).as_bytes()).hex();
            record["hash"] = json!(prev);
            text += &(canonical(&record) + "\n");
        }
        fs::write(self.run().join("journal.jsonl"), text).expect("the journal can be written");
    }

    /// Everybody who reads the run's journal refuses it.
    fn is_refused_everywhere(&self, why: &str) {
        for command in ["resume latest --no-input", "journal verify latest", "report latest"] {
            self.is(command, 7, why);
        }
        self.is("approve latest go --key ~/bob --as bob@example.org", 7, why);
        self.is("lint --journals runs", 1, why);
        assert!(!self.log().contains("production"), "{}", self.log());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("home/log")).unwrap_or_default()
    }
}

fn ended(output: &Output) -> (i32, String) {
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    (output.status.code().unwrap_or(-1), said)
}

/// A record that nobody wrote but its forger, made after one of the run's own.
fn forged_approval(records: &[Value]) -> Value {
    let plan = &records[0]["plan"];
    json!({"type": "approval.given", "by": "bob@example.org", "plan": plan, "source": "ssh-sig", "step": "go",
           "digest": "", "ts": records.last().expect("there are records")["ts"],
           "head": records.last().expect("there are records")["hash"]})
}

/// Gives a forged approval what the plan has: only the signature is missing.
fn with_plan(desk: &Desk, mut record: Value) -> Value {
    let plan = fs::read_to_string(desk.run().join("plan.json")).expect("the plan is there");
    let plan = Plan::from_json(&plan).expect("the plan is whole");
    let step = plan.step("go").expect("the approval is a step");
    record["digest"] = json!(step.digest);
    record["env"] = json!(step.env);
    record["scope"] = json!(Run::new(Arc::new(plan.clone())).scope("go").expect("it is an approval"));
    record
}

#[test]
fn an_approval_by_somebody_else_counts() {
    let desk = Desk::new("runner");
    desk.waiting();
    desk.is("approve latest go --key ~/ana --as ana@example.org", 2, "runs it");
    desk.is("approve latest go --key ~/eve --as bob@example.org", 2, "does not have the key");
    desk.is("approve latest go --key ~/bob --as bob@example.org", 0, "Recorded");
    desk.is("resume latest --no-input --as ana@example.org --key ~/ana", 0, "");
    assert_eq!(desk.log(), "1.0 to staging\n1.0 to production\n");
    desk.is("journal verify latest", 0, "sound");
    desk.is("report latest", 0, "approved by `bob@example.org` (ssh-sig, key `SHA256:");
    desk.is("report latest", 0, "signed as the runner by `ana@example.org` (ssh-sig, key `SHA256:");
    desk.is("lint --journals runs", 0, "");
    // The head is signed at both beginnings and both ends.
    assert_eq!(desk.records().iter().filter(|record| record["type"] == "runner.signed").count(), 4);
}

#[test]
fn a_runner_who_is_only_an_account_cannot_be_told_from_an_approver() {
    let desk = Desk::new("runner");
    desk.is("run docs/r.md -p version=1.0 --no-input", 4, "");
    desk.is("approve latest go --key ~/ana --as ana@example.org", 2, "nobody can tell");
    desk.is("approve latest go --key ~/bob --as bob@example.org", 2, "--as NAME --key PATH");
    // Whoever resumes runs it, too: a session that would make it so is refused.
    desk.waiting();
    desk.is("resume latest --no-input", 2, "who will approve `go`");
    desk.is("run docs/r.md -p version=1.0 --no-input", 4, "nobody will be able to approve `go`");
    desk.is("approve latest go --key ~/bob --as bob@example.org", 2, "nobody can tell");
    // The merged configuration says who an account is.
    let account = desk.records()[0]["by"].as_str().expect("the runner has a name").to_owned();
    desk.write("book.toml", &desk.book(&format!("accounts = {{{account} = \"ana@example.org\"}}")));
    desk.is("approve latest go --key ~/bob --as bob@example.org", 2, "nobody can tell");
    desk.commit("who root is", "Dee <dee@example.org>");
    desk.is("run docs/r.md -p version=1.0 --no-input", 4, "");
    desk.is("approve latest go --key ~/ana --as ana@example.org", 2, "runs it");
    desk.is("approve latest go --key ~/bob --as bob@example.org", 0, "Recorded");
}

/// A run of Ana's that Bob has approved, its change not begun.
fn approved(desk: &Desk) {
    desk.waiting();
    desk.is("approve latest go --key ~/bob --as bob@example.org", 0, "Recorded");
}

#[test]
fn whoever_approved_does_not_take_the_run_over() {
    let desk = Desk::new("runner");
    approved(&desk);
    let before = desk.records().len();
    // From an account that nobody knows: who it is cannot be told, and nothing is recorded.
    desk.is("resume latest --no-input", 2, "--as NAME --key PATH");
    desk.is("resume latest --no-input --allow-weak-identity", 2, "--as NAME --key PATH");
    assert_eq!(desk.records().len(), before);
    // As himself: his yes counts no more, and is asked for again.
    desk.is("resume latest --no-input --as bob@example.org --key ~/bob", 4, "approve");
    assert_eq!(desk.log(), "1.0 to staging\n");
    desk.is("approve latest go --key ~/bob --as bob@example.org", 2, "runs it");
    // Under an account that the merged configuration says is his.
    let account = desk.records()[0]["by"].as_str().expect("the runner has a name").to_owned();
    desk.write("book.toml", &desk.book(&format!("accounts = {{{account} = \"bob@example.org\"}}")));
    desk.commit("who root is", "Dee <dee@example.org>");
    desk.is("run docs/r.md -p version=1.0 --no-input", 4, "");
    desk.is("approve latest go --key ~/bob --as bob@example.org", 2, "runs it");
    let log = desk.log();
    approved(&desk);
    desk.is("resume latest --no-input", 4, "`bob@example.org` runs it since");
    assert_eq!(desk.log(), log + "1.0 to staging\n");
    desk.is("journal verify latest", 0, "sound");
    desk.is("approve latest go --key ~/bob --as bob@example.org", 2, "runs it");
}

#[test]
fn a_journal_in_which_an_approver_went_on_unseen_is_not_borne_out() {
    let desk = Desk::new("runner");
    approved(&desk);
    desk.is("resume latest --no-input --as ana@example.org --key ~/ana", 0, "");
    desk.is("journal verify latest", 0, "sound");
    let sound = desk.records();
    // The last session as an account's alone, as earlier versions let it be: its signatures left out.
    let given = sound.iter().position(|record| record["type"] == "approval.given").expect("it was given");
    let unsigned = |(at, record): &(usize, &Value)| *at < given || record["type"] != "runner.signed";
    let records: Vec<Value> = sound.iter().enumerate().filter(unsigned).map(|(_, record)| record.clone()).collect();
    desk.forge(&records);
    for command in ["journal verify latest", "report latest"] {
        desk.is(command, 7, "the approval `go` counts no more: nobody can tell");
    }
    desk.is("lint --journals runs", 1, "the approval `go` counts no more");
}

#[test]
fn a_yes_counts_by_the_rules_of_the_moment_at_which_its_change_begins() {
    let desk = Desk::new("runner");
    let resume = "resume latest --no-input --as ana@example.org --key ~/ana";
    // Bob loses the role.
    approved(&desk);
    desk.write("book.toml", &desk.book("").replace(", \"bob@example.org\"", ""));
    desk.commit("bob is no manager", "Dee <dee@example.org>");
    desk.is(resume, 4, "`bob@example.org` does not have the role `managers`");
    // Bob loses his key to somebody else.
    desk.write("book.toml", &desk.book(""));
    desk.commit("bob is", "Dee <dee@example.org>");
    approved(&desk);
    let list = desk.read("allowed_signers");
    let stolen = list.replace(&desk.public("bob"), &desk.public("eve"));
    desk.write("allowed_signers", &stolen);
    desk.commit("bob has another key", "Dee <dee@example.org>");
    desk.is(resume, 4, "does not have the key");
    // It turns out that Bob is Ana.
    desk.write("allowed_signers", &list);
    desk.commit("the old list", "Dee <dee@example.org>");
    approved(&desk);
    desk.write("allowed_signers", &format!("{list}bob@example.org {}\n", desk.public("ana")));
    desk.commit("one person, two names", "Dee <dee@example.org>");
    desk.is(resume, 4, "`bob@example.org` runs it since");
    assert!(!desk.log().contains("production"), "{}", desk.log());
}

/// A page with two changes of production one after the other, the first of which calls a program of the
/// test where there is one: what it does happens in the middle of the run.
fn with_two_changes(desk: &Desk) {
    let page = desk.read("docs/r.md");
    let page = page.replace("[{step: deploy}, ", "[{step: deploy}, {id: again, step: deploy}, ");
    let calls = "if [ \"$OPSBOOK_STEP\" = production.deploy ] && [ -x \"$HOME/meanwhile\" ]; then \"$HOME/meanwhile\"; fi\necho \"$VERSION";
    desk.write("docs/r.md", &page.replace("echo \"$VERSION", calls));
    desk.commit("two changes", "Dee <dee@example.org>");
}

/// Makes that program.
fn meanwhile(desk: &Desk, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let (path, book) = (desk.path("home/meanwhile"), desk.path("book"));
    let git = "git() { command git -c user.name=Dee -c user.email=dee@example.org \"$@\"; }";
    let text = format!("#!/bin/bash\nset -e\nexec < /dev/null\n{git}\ncd {}\n{script}\n", book.display());
    fs::write(&path, text).expect("the folder takes files");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it can be changed");
}

#[test]
fn what_is_merged_during_a_run_counts_before_its_next_change() {
    let desk = Desk::new("runner");
    with_two_changes(&desk);
    approved(&desk);
    meanwhile(&desk, "sed -i 's/, \"bob@example.org\"//' book.toml\ngit commit -qam 'bob is no manager'");
    desk.is("resume latest --no-input --as ana@example.org --key ~/ana", 4, "does not have the role `managers`");
    assert_eq!(desk.log().matches("to production").count(), 1, "{}", desk.log());
    desk.is("journal verify latest", 0, "sound");
    desk.is("lint --journals runs", 0, "");
    assert_eq!(desk.records().iter().filter(|record| record["type"] == "people.listed").count(), 2);
}

#[test]
fn an_approval_of_an_earlier_run_counts_as_long_as_it_does_there() {
    let run = |first: &str| {
        format!("run docs/r.md -p version=1.0 --no-input --evidence {first} --as ana@example.org --key ~/ana")
    };
    let name = |desk: &Desk| desk.run().file_name().expect("it has a name").to_string_lossy().into_owned();
    // Bob's key is another one since.
    let desk = Desk::new("runner");
    approved(&desk);
    let first = name(&desk);
    let list = desk.read("allowed_signers");
    desk.write("allowed_signers", &list.replace(&desk.public("bob"), &desk.public("eve")));
    desk.commit("bob has another key", "Dee <dee@example.org>");
    desk.is(&run(&first), 4, "does not have the key");
    assert!(!desk.log().contains("production"), "{}", desk.log());
    // Bob takes it back while the other run works.
    let desk = Desk::new("runner");
    with_two_changes(&desk);
    approved(&desk);
    let (first, bob) = (name(&desk), desk.path("home/bob"));
    let opsbook = env!("CARGO_BIN_EXE_opsbook");
    meanwhile(&desk, &format!("{opsbook} refuse {first} go --as bob@example.org --key {}", bob.display()));
    desk.is(&run(&first), 4, "has it no more");
    assert_eq!(desk.log().matches("to production").count(), 1, "{}", desk.log());
    desk.is("journal verify latest", 0, "sound");
}

#[test]
fn a_request_in_the_inbox_speaks_for_whoever_left_it() {
    let desk = Desk::new("runner");
    let page =
        desk.read("docs/r.md").replace("  - {id: go,", "  - {id: proof, text: Proof, evidence: file}\n  - {id: go,");
    desk.write("docs/r.md", &page);
    desk.commit("a proof", "Dee <dee@example.org>");
    desk.is("run docs/r.md -p version=1.0 --no-input --as ana@example.org --key ~/ana", 4, "proof");
    let own = desk.records()[0]["by"].clone();
    let (resume, unkept) = ("resume latest --no-input --as ana@example.org --key ~/ana", "0".repeat(64));
    let file = |name: &str, digest: Value| json!([["file", name, digest]]);
    let requests = [
        (json!("bob@example.org"), file("report.pdf", json!(unkept)), "is not the account that left it"),
        (own.clone(), file("report.pdf", json!(unkept)), "was not kept"),
        (own.clone(), file("report.pdf", Value::Null), "asks for evidence"),
        (own.clone(), file("report.pdf", json!("../../plan.json")), "was not kept"),
        (own.clone(), file("../../plan.json", json!(unkept)), "is no name of a file"),
        (own.clone(), json!([["deed", "x", null]]), "no kind of evidence"),
        (own.clone(), json!([]), "asks for evidence"),
    ];
    for (by, evidence, why) in &requests {
        let request = json!({"request": "done", "step": "proof", "by": by, "evidence": evidence});
        fs::write(desk.run().join("inbox/1.json"), request.to_string()).expect("the folder takes files");
        desk.is(resume, 4, why);
    }
    // Written into the journal, it is one that nobody believes.
    let sound = desk.records();
    for forged in [
        json!({"type": "evidence.added", "step": "proof", "kind": "deed", "value": "x", "sha256": null, "by": own}),
        json!({"type": "manual.done", "step": "proof", "by": own, "source": "os-user"}),
    ] {
        let mut records: Vec<Value> = sound.clone();
        let mut forged = forged;
        forged["ts"] = records.last().expect("there are records")["ts"].clone();
        records.push(forged);
        desk.forge(&records);
        for command in [resume, "journal verify latest", "report latest"] {
            let (status, said) = desk.ops(command);
            assert!(status == 7, "{command}: {status}\n{said}");
        }
        desk.is("lint --journals runs", 1, "RB606");
    }
    desk.forge(&sound);
    fs::write(desk.path("home/report"), [0xff, 0xfe, 0x00]).expect("the folder takes files");
    desk.is("done latest proof --file ~/report", 0, "Recorded");
    desk.is("lint --journals runs", 0, "");
    let digest = Digest::of(&[0xff, 0xfe, 0x00]).hex();
    fs::write(desk.run().join("evidence").join(digest), "another report").expect("the folder takes files");
    desk.is("lint --journals runs", 1, "is not what was kept");
    desk.is("journal verify latest", 7, "is not what was kept");
}

#[test]
fn an_approval_of_an_earlier_run_does_not_count_for_its_approver() {
    let desk = Desk::new("runner");
    approved(&desk);
    let first = desk.run().file_name().expect("it has a name").to_string_lossy().into_owned();
    // Bob begins a run of the same plan, with Ana's as evidence: by account, by his key, as a rebase.
    for (how, then) in [
        (format!("--evidence {first}"), 4),
        (format!("--evidence {first} --as bob@example.org --key ~/bob"), 4),
        (format!("--evidence {first} --only Production"), 4),
    ] {
        desk.is(&format!("run docs/r.md -p version=1.0 --no-input {how}"), then, "approve");
        assert!(!desk.log().contains("production"), "{how}: {}", desk.log());
        desk.is("journal verify latest", 0, "sound");
    }
    for who in ["", "--as bob@example.org --key ~/bob"] {
        approved(&desk);
        desk.is(&format!("run docs/r.md -p version=1.0 --no-input --rebase latest {who}"), 4, "approve");
        assert!(!desk.log().contains("production"), "{who}: {}", desk.log());
        desk.is("journal verify latest", 0, "sound");
    }
    // For Ana it does.
    let ana = format!("run docs/r.md -p version=1.0 --no-input --evidence {first} --as ana@example.org --key ~/ana");
    desk.is(&ana, 0, "");
    assert!(desk.log().ends_with("1.0 to production\n"), "{}", desk.log());
}

/// The head of a run and what it is said to have seen of the approval, put at the end of a journal.
fn with_evidence(mut records: Vec<Value>, run: &str, head: &str) -> Vec<Value> {
    while records.last().is_some_and(|record| record["type"] == "runner.signed") {
        records.pop();
    }
    let ts = records.last().expect("there are records")["ts"].clone();
    let guards = json!({"go": {"at": ts, "by": ["bob@example.org"]}});
    records.push(json!({"type": "run.evidence", "ts": ts, "run": run, "head": head, "guards": guards, "proofs": {}}));
    records
}

#[test]
fn evidence_is_a_run_that_is_here_and_has_seen_it() {
    let desk = Desk::new("runner");
    let first = desk.waiting();
    let head = desk.records().last().expect("there are records")["hash"].clone();
    let other = first.file_name().expect("it has a name").to_string_lossy().into_owned();
    fs::rename(&first, desk.path("home").join(&other)).expect("it can be moved");
    desk.waiting();
    let own = desk.run().file_name().expect("it has a name").to_string_lossy().into_owned();
    let sound = desk.records();
    // A way to a run is no name of one.
    for name in [format!("./{own}"), format!("../runs/{own}"), String::new(), ".".into()] {
        desk.forge(&with_evidence(sound.clone(), &name, &"0".repeat(64)));
        desk.is_refused_everywhere("is no name of a run");
    }
    // A run that is nowhere has seen nothing.
    desk.forge(&with_evidence(sound.clone(), "gone", &"0".repeat(64)));
    for command in ["resume latest --no-input", "journal verify latest", "report latest"] {
        desk.is(command, 6, "stands on run `gone`, which is not here");
    }
    desk.is("lint --journals runs", 1, "stands on run `gone`, which is not here");
    // One that lies elsewhere and is named now is asked what it has seen, and has not seen it.
    desk.forge(&with_evidence(sound, &other, head.as_str().expect("a hash is a text")));
    let resume = format!("resume latest --no-input --as ana@example.org --key ~/ana --evidence ~/{other}");
    desk.is(&resume, 7, "it is no evidence for `go`");
    assert!(!desk.log().contains("production"), "{}", desk.log());
}

#[test]
fn nobody_signs_for_somebody_else() {
    let desk = Desk::new("runner");
    desk.is("run docs/r.md -p version=1.0 --no-input --as bob@example.org --key ~/eve", 2, "does not have the key");
    assert_eq!(desk.log(), "", "nothing ran");
    desk.waiting();
    desk.is("approve latest go --as bob@example.org", 2, "is not the account that asks");
    desk.is("approve latest go --as bob@example.org --allow-weak-identity", 2, "is not the account that asks");
    desk.is("approve latest go --allow-weak-identity", 2, "only `production` itself");
    desk.is("resume latest --no-input --allow-weak-identity", 2, "who will approve `go`");
    desk.is("approve latest go --allow-weak-identity", 2, "only `production` itself");
}

#[test]
fn a_list_of_signers_in_the_work_tree_is_not_read() {
    let desk = Desk::new("runner");
    desk.waiting();
    let list = desk.read("allowed_signers");
    let eves = format!("bob@example.org {}\n", desk.public("eve"));
    desk.write("allowed_signers", &eves);
    desk.is("approve latest go --key ~/eve --as bob@example.org", 2, "does not have the key");
    // In the index, on another branch, by a link, by another configuration: the same.
    desk.git(&["add", "allowed_signers"]);
    desk.is("approve latest go --key ~/eve --as bob@example.org", 2, "does not have the key");
    desk.git(&["checkout", "-q", "-b", "mine"]);
    desk.commit("mine", "Eve <eve@example.org>");
    desk.is("approve latest go --key ~/eve --as bob@example.org", 2, "does not have the key");
    desk.git(&["checkout", "-q", "main"]);
    fs::write(desk.path("home/mine"), &eves).expect("the folder takes files");
    fs::remove_file(desk.path("book/allowed_signers")).expect("it can be removed");
    std::os::unix::fs::symlink(desk.path("home/mine"), desk.path("book/allowed_signers")).expect("a link can be made");
    desk.is("approve latest go --key ~/eve --as bob@example.org", 2, "does not have the key");
    fs::remove_file(desk.path("book/allowed_signers")).expect("it can be removed");
    desk.write("allowed_signers", &list);
    // Replaced objects do not count either.
    desk.write("allowed_signers", &eves);
    let (old, new) =
        (desk.git(&["rev-parse", "HEAD:allowed_signers"]), desk.git(&["hash-object", "-w", "allowed_signers"]));
    desk.write("allowed_signers", &list);
    desk.git(&["replace", &old, &new]);
    desk.is("approve latest go --key ~/eve --as bob@example.org", 2, "does not have the key");
    desk.is("approve latest go --key ~/bob --as bob@example.org", 0, "Recorded");
}

#[test]
fn programs_on_path_and_variables_have_no_say() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new("runner");
    desk.waiting();
    let (other, bin) = (desk.path("other"), desk.path("bin"));
    fs::create_dir_all(&bin).expect("the folder takes folders");
    for name in ["git", "ssh-keygen", "id", "whoami"] {
        fs::write(bin.join(name), "#!/bin/sh\necho bob@example.org\nexit 0\n").expect("the folder takes files");
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).expect("it is ours");
    }
    // Another repository, in which Eve is Bob.
    let copied = Command::new("cp").arg("-r").arg(desk.path("book")).arg(&other).status();
    assert!(copied.expect("cp is there").success());
    fs::write(other.join("allowed_signers"), format!("bob@example.org {}\n", desk.public("eve"))).expect("it is ours");
    let there = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(["-c", "user.name=e", "-c", "user.email=e@e"])
            .args(arguments)
            .current_dir(&other)
            .output()
            .expect("git is installed");
        assert!(output.status.success(), "{output:?}");
    };
    there(&["commit", "-q", "-a", "-m", "mine"]);
    // A monitor that Git would start for its own work tree.
    let config = desk.read(".git/config");
    desk.write(".git/config", &format!("{config}[core]\n\tfsmonitor = {}\n", bin.join("git").display()));
    let key = desk.path("home/eve");
    let mut command = desk.command(&["approve", "latest", "go", "--as", "bob@example.org", "--key"]);
    command.arg(&key).env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
    command.env("GIT_DIR", other.join(".git")).env("GIT_WORK_TREE", &other).env("USER", "bob@example.org");
    command.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "core.worktree").env("GIT_CONFIG_VALUE_0", &other);
    let (status, said) = ended(&command.output().expect("opsbook starts"));
    assert!(status == 2 && said.contains("does not have the key"), "{status}: {said}");
    let mut command = desk.command(&["approve", "latest", "go", "--allow-weak-identity"]);
    command.env("PATH", &bin).env("USER", "bob@example.org").env("LOGNAME", "bob@example.org");
    let (status, said) = ended(&command.output().expect("opsbook starts"));
    assert!(status == 2 && !said.contains("`bob@example.org`"), "{status}: {said}");
}

#[test]
fn a_record_without_its_signature_is_refused_everywhere() {
    let desk = Desk::new("runner");
    desk.waiting();
    let sound = desk.records();
    let forged = with_plan(&desk, forged_approval(&sound));
    let append = |record: Value| desk.forge(&[sound.clone(), vec![record]].concat());
    append(forged.clone());
    desk.is_refused_everywhere("no signature of `bob@example.org` was kept");
    // As an account's word, as GitHub's, and as one of the runner.
    let with = |key: &str, value: Value| {
        let mut record = forged.clone();
        record[key] = value;
        record
    };
    append(with("source", json!("os-user")));
    desk.is_refused_everywhere("only `production` itself");
    append(with("source", json!("github-env")));
    desk.is_refused_everywhere("nothing here bears out");
    append(with("signature", json!("0".repeat(64))));
    desk.is_refused_everywhere("is not in the run's evidence");
    append(with("signature", json!("../../../home/bob.pub")));
    desk.is_refused_everywhere("is not in the run's evidence");
    let mut runner = sound.iter().find(|record| record["type"] == "runner.signed").expect("the runner signed").clone();
    runner["by"] = json!("bob@example.org");
    desk.forge(&[&sound[..2], &[runner], &sound[3..]].concat());
    desk.is_refused_everywhere("bob@example.org");
}

#[test]
fn a_signature_is_good_for_one_decision() {
    let desk = Desk::new("runner");
    let first = desk.waiting();
    desk.is("approve latest go --key ~/bob --as bob@example.org", 0, "");
    let sound = desk.records();
    let given = sound.iter().position(|record| record["type"] == "approval.given").expect("it was given");
    let change = |at: usize, key: &str, value: Value| {
        let mut records = sound.clone();
        records[at][key] = value;
        desk.forge(&records);
    };
    change(given, "by", json!("ana@example.org"));
    desk.is_refused_everywhere("was not made over what is decided here");
    change(given, "type", json!("approval.refused"));
    desk.is_refused_everywhere("was not made over what is decided here");
    change(given, "head", sound[0]["hash"].clone());
    desk.is_refused_everywhere("was not made over what is decided here");
    change(0, "by", json!("somebody"));
    desk.is_refused_everywhere("another state of the journal");
    // Left out, doubled, in another order.
    desk.forge(&[&sound[..given], &sound[given..], &sound[given..]].concat());
    desk.is("journal verify latest", 7, "");
    desk.forge(&[&sound[..2], &sound[3..]].concat());
    desk.is("journal verify latest", 7, "");
    // The kept signature: deleted, or exchanged for another one of the same person.
    desk.forge(&sound);
    desk.is("journal verify latest", 0, "sound");
    let kept = |run: &PathBuf| run.join("evidence").join(sound[given]["signature"].as_str().expect("it is kept"));
    let signature = fs::read(kept(&first)).expect("it is kept");
    let runner = sound.iter().find(|record| record["type"] == "runner.signed").expect("the runner signed");
    let other = first.join("evidence").join(runner["signature"].as_str().expect("it is kept"));
    fs::copy(&other, kept(&first)).expect("it can be written");
    desk.is_refused_everywhere("is not what was kept");
    fs::remove_file(kept(&first)).expect("it can be removed");
    desk.is_refused_everywhere("is not in the run's evidence");
    // In another run of the same plan.
    fs::write(kept(&first), &signature).expect("it can be written");
    let second = desk.waiting();
    fs::write(kept(&second), &signature).expect("it can be written");
    let own = desk.records();
    let mut replayed = sound[given].clone();
    replayed["ts"] = own.last().expect("there are records")["ts"].clone();
    desk.forge(&[own.clone(), vec![replayed.clone()]].concat());
    desk.is_refused_everywhere("about another journal");
    replayed["head"] = own.last().expect("there are records")["hash"].clone();
    desk.forge(&[own, vec![replayed]].concat());
    desk.is_refused_everywhere("was not made over what is decided here");
}

#[test]
fn a_record_that_cannot_have_happened_is_named_at_its_place() {
    let desk = Desk::new("runner");
    desk.waiting();
    let sound = desk.records();
    let ts = sound.last().expect("there are records")["ts"].clone();
    // The change without its approval, in a chain that holds, and more after it.
    let begins = json!({"type": "step.started", "step": "production.deploy", "attempt": 1, "ts": ts});
    let ends = json!({"type": "step.finished", "step": "production.deploy", "attempt": 1, "result": "succeeded",
                      "exit": 0, "ts": ts});
    desk.forge(&[sound.clone(), vec![begins, ends]].concat());
    let place = format!("journal.jsonl:{}:1: error[RB606]: record {} is not borne out", sound.len() + 1, sound.len());
    let (status, said) = desk.ops("lint --journals runs --format short");
    assert!(status == 1 && said.contains(&place) && said.contains("it cannot have happened"), "{status}: {said}");
    for command in ["resume latest --no-input", "journal verify latest", "report latest"] {
        desk.is(command, 7, "production.deploy");
    }
}

#[test]
fn variables_that_are_passed_on_are_part_of_what_is_approved() {
    let desk = Desk::new("runner");
    let page = desk.read("docs/r.md");
    desk.write("docs/r.md", &page.replace("to $OPSBOOK_ENV\"", "to $OPSBOOK_ENV${COLOUR:+ in $COLOUR}\""));
    desk.commit("a colour", "Dee <dee@example.org>");
    let run = |arguments: &str, colour: &str| {
        let home = desk.path("home").to_string_lossy().into_owned();
        let words: Vec<String> = arguments.split_whitespace().map(|word| word.replace('~', &home)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        ended(&desk.command(&words).env("COLOUR", colour).env("BASH_ENV", "x").output().expect("opsbook starts"))
    };
    let ana = "--no-input --as ana@example.org --key ~/ana";
    let begin = format!("run docs/r.md -p version=1.0 {ana}");
    // What changes the meaning of scripts is not passed on, whatever it is for.
    for name in [
        "BASH_ENV",
        "ENV",
        "LD_PRELOAD",
        "PS4",
        "SHELLOPTS",
        "BASH_FUNC_echo%%",
        "PATH",
        "KUBECONFIG",
        "VERSION",
        "PYTHONPATH",
        "GIT_SSH_COMMAND",
        "OPSBOOK_ENV",
        "",
        "A B",
    ] {
        let mut words: Vec<String> =
            begin.split_whitespace().map(|word| word.replace('~', &desk.path("home").to_string_lossy())).collect();
        words.extend(["--pass-env".to_owned(), name.to_owned()]);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (status, said) = ended(&desk.command(&words).output().expect("opsbook starts"));
        assert!(status == 2 && said.contains("is not passed on"), "{name}: {status}: {said}");
    }
    assert_eq!(desk.log(), "", "nothing ran");
    // Named after the yes: it is no longer what was approved.
    let (status, said) = run(&begin, "red");
    assert_eq!(status, 4, "{said}");
    desk.is("approve latest go --key ~/bob --as bob@example.org", 0, "");
    let (status, said) = run(&format!("resume latest {ana} --pass-env COLOUR"), "red");
    assert!(status == 4 && said.contains("passed on to the scripts: COLOUR"), "{status}: {said}");
    assert_eq!(desk.log(), "1.0 to staging\n");
    // The signature is about the variable now, and a resume has it, too.
    desk.is("approve latest go --key ~/bob --as bob@example.org", 0, "");
    let (status, said) = run(&format!("resume latest {ana}"), "red");
    assert_eq!(status, 0, "{said}");
    assert_eq!(desk.log(), "1.0 to staging\n1.0 to production in red\n");
    desk.is("journal verify latest", 0, "sound");
    desk.is("report latest", 0, "| Variable of the runner | `COLOUR` |");
    let sound = desk.records();
    let without: Vec<Value> = sound.iter().filter(|record| record["type"] != "variables.passed").cloned().collect();
    desk.forge(&without);
    desk.is("journal verify latest", 7, "");
    desk.forge(&sound);
    // A run with it is no evidence for one without, and nothing is taken over.
    let first = desk.run().file_name().expect("it has a name").to_string_lossy().into_owned();
    let (status, said) = run(&format!("{begin} --evidence {first} --only Production"), "red");
    assert_eq!(status, 4, "{said}");
    assert!(!desk.log().contains("production\n"), "{}", desk.log());
    let (status, said) = run(&format!("{begin} --rebase {first}"), "red");
    assert!(status == 4 && said.contains("staging.deploy (deploy): attempt 1 begins"), "{status}: {said}");
    // One that is not set is said.
    let (_, said) = run(&format!("{begin} --pass-env COLOR"), "red");
    assert!(said.contains("`COLOR` is to be passed on and is not set"), "{said}");
}

#[test]
fn heads_that_lie_elsewhere_show_what_is_missing() {
    let desk = Desk::new("runner");
    desk.is("run docs/r.md -p version=1.0 --no-input --as ana@example.org --key ~/ana --anchor ~/anchor", 4, "");
    desk.is("approve latest go --key ~/bob --as bob@example.org --anchor ~/anchor", 0, "");
    desk.is("journal verify latest --anchor ~/anchor", 0, "sound");
    let sound = desk.records();
    desk.forge(&sound[..sound.len() - 2]);
    desk.is("journal verify latest", 0, "sound");
    desk.is("journal verify latest --anchor ~/anchor", 7, "anchor");
    fs::write(desk.path("home/anchor"), "").expect("it can be written");
    desk.is("journal verify latest --anchor ~/anchor", 7, "does not name");
}

#[test]
fn a_plan_is_what_its_pages_say() {
    let desk = Desk::new("runner");
    let (status, text) = desk.ops("plan docs/r.md -p version=1.0 --format json");
    assert_eq!(status, 0, "{text}");
    desk.write("plan.json", &text);
    desk.is("plan verify plan.json", 0, "compiled again");
    let edit = |change: &dyn Fn(&mut Plan)| {
        let mut plan = Plan::from_json(&text).expect("the plan is whole");
        change(&mut plan);
        plan.seal();
        desk.write("plan.json", &plan.to_json());
    };
    let edits: [&dyn Fn(&mut Plan); 5] = [
        &|plan| plan.steps[0].run.as_mut().expect("it runs").script.push_str("\ntrue"),
        &|plan| {
            plan.steps.iter_mut().filter_map(|step| step.approval.as_mut()).for_each(|approval| approval.forbid.clear())
        },
        &|plan| plan.environments.values_mut().for_each(|env| env.tier = 0),
        &|plan| plan.steps[0].source.as_mut().expect("it stands somewhere").first_line = 1,
        &|plan| drop(plan.steps.pop()),
    ];
    for (number, change) in edits.iter().enumerate() {
        edit(change);
        let (status, said) = desk.ops("plan verify plan.json");
        assert!(status == 1 && said.contains("the pages of commit"), "edit {number}: {status}: {said}");
        desk.is("run plan.json --no-input --as ana@example.org --key ~/ana", 3, "the plan is not what the pages");
    }
    // A plan that hides where it comes from proves nothing either.
    edit(&|plan| plan.source.commit = None);
    desk.is("plan verify plan.json", 0, "the plan was made of no commit");
    desk.is("run plan.json --no-input --as ana@example.org --key ~/ana", 3, "made of no commit");
    edit(&|plan| plan.source.files.clear());
    desk.is("run plan.json --no-input --as ana@example.org --key ~/ana", 3, "names no pages");
    assert_eq!(desk.log(), "", "nothing ran");
    // A journal of such a plan is found out afterwards, too.
    desk.waiting();
    let run = desk.run();
    let mut plan =
        Plan::from_json(&fs::read_to_string(run.join("plan.json")).expect("it is there")).expect("it is whole");
    plan.steps.iter_mut().filter_map(|step| step.approval.as_mut()).for_each(|approval| approval.forbid.clear());
    plan.seal();
    fs::write(run.join("plan.json"), plan.to_json()).expect("it can be written");
    let mut records: Vec<Value> =
        desk.records().into_iter().filter(|record| record["type"] != "runner.signed").collect();
    records[0]["plan"] = json!(plan.hash);
    desk.forge(&records);
    desk.is("resume latest --no-input", 3, "the plan is not what the pages");
    desk.is("lint --journals runs", 1, "the plan is not what the pages of commit");
}

#[test]
fn production_waits_for_the_commit() {
    let desk = Desk::new("runner");
    let run = "run docs/r.md -p version=1.0 --no-input --as ana@example.org --key ~/ana";
    let page = desk.read("docs/r.md");
    desk.write("docs/r.md", &page.replace("$VERSION to", "$VERSION at"));
    desk.is(run, 3, "not committed");
    desk.write("docs/r.md", &page);
    // Any file of the repository may be what a step reads, and Git's index is not asked.
    desk.write("values.yaml", "a: 1\n");
    desk.commit("values", "Dee <dee@example.org>");
    desk.write("values.yaml", "a: 2\n");
    desk.is(run, 3, "`values.yaml`");
    desk.git(&["update-index", "--assume-unchanged", "values.yaml"]);
    desk.is(run, 3, "`values.yaml`");
    desk.git(&["config", "filter.same.clean", "git show HEAD:values.yaml"]);
    desk.write(".git/info/attributes", "* filter=same\n");
    desk.is(run, 3, "`values.yaml`");
    assert_eq!(desk.log(), "", "nothing ran");
    // Only what is merged can allow it.
    desk.write("values.yaml", "a: 1\n");
    desk.git(&["update-index", "--no-assume-unchanged", "values.yaml"]);
    fs::remove_file(desk.path("book/.git/info/attributes")).expect("it can be removed");
    desk.write("book.toml", &(desk.book("") + "[runbook.policy]\ndirty-tree = \"allow\"\n"));
    desk.is(run, 3, "not committed");
    desk.commit("allow it", "Dee <dee@example.org>");
    desk.write("values.yaml", "a: 2\n");
    desk.is(run, 4, "");
}

#[test]
fn production_waits_for_the_commit_of_a_submodule_too() {
    let desk = Desk::new("runner");
    let run = "run docs/r.md -p version=1.0 --no-input --as ana@example.org --key ~/ana";
    let within = |folder: &str, arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Dee", "-c", "user.email=dee@example.org"]).args(arguments);
        let output = command.current_dir(desk.path(folder)).output().expect("git is installed");
        assert!(output.status.success(), "{output:?}");
    };
    fs::create_dir(desk.path("home/lib")).expect("the folder takes folders");
    fs::write(desk.path("home/lib/deploy.sh"), "true\n").expect("the folder takes files");
    for arguments in [&["init", "-q", "-b", "main"][..], &["add", "-A"], &["commit", "-q", "-m", "a library"]] {
        within("home/lib", arguments);
    }
    let library = desk.path("home/lib");
    let library = library.to_str().expect("it is UTF-8");
    within("book", &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library, "sub"]);
    desk.commit("a submodule", "Dee <dee@example.org>");
    desk.is(run, 4, "approve");
    let log = desk.log();
    // A file of it, its commit, and a folder that is no repository.
    desk.write("sub/deploy.sh", "evil\n");
    desk.is(run, 3, "`sub/deploy.sh`");
    desk.is("resume latest --no-input --as ana@example.org --key ~/ana", 3, "`sub/deploy.sh`");
    within("book/sub", &["commit", "-q", "-a", "-m", "evil"]);
    desk.is(run, 3, "`sub`");
    fs::remove_file(desk.path("book/sub/.git")).expect("it can be removed");
    desk.is(run, 3, "`sub`");
    assert_eq!(desk.log(), log, "nothing more ran");
    // One that is not checked out has nothing to read.
    fs::remove_dir_all(desk.path("book/sub")).expect("it can be removed");
    fs::create_dir(desk.path("book/sub")).expect("the folder takes folders");
    desk.is(run, 4, "approve");
}

#[test]
fn who_wrote_what_is_approved_may_not_approve_it() {
    let desk = Desk::new("runner, author");
    // Bob writes the block that smoke-tests production, under another address of his.
    let page = desk.read("docs/r.md");
    desk.write("docs/r.md", &page.replace("#| id: smoke\n", "#| id: smoke\n#| title: Smoke\n"));
    desk.write(".mailmap", "Bob <bob@example.org> <Robert@Example.net>\n");
    desk.commit("smoke", "Robert <robert@example.net>");
    desk.waiting();
    desk.is("approve latest go --key ~/bob --as bob@example.org", 2, "wrote what is approved");
    // A map in the work tree and revisions to ignore do not help him.
    desk.write(".mailmap", "Eve <eve@example.org> <robert@example.net>\n");
    let last = desk.git(&["rev-parse", "HEAD"]);
    desk.write(".git/ignored", &last);
    let ignored = desk.path("book/.git/ignored");
    desk.git(&["config", "blame.ignoreRevsFile", ignored.to_str().expect("it is UTF-8")]);
    desk.is("approve latest go --key ~/bob --as bob@example.org", 2, "wrote what is approved");
    // Somebody else writes them anew.
    desk.git(&["checkout", "-q", ".mailmap"]);
    desk.write(
        "docs/r.md",
        &page.replace("#| id: smoke\n#| role: verify", "#| id: smoke\n#| role: verify\n#| title: S"),
    );
    desk.commit("smoke again", "Dee <dee@example.org>");
    desk.waiting();
    desk.is("approve latest go --key ~/bob --as bob@example.org", 0, "");
}

/// Verifies an envelope as its specification says, with the arithmetic of RFC 8032 and nothing of ours.
const VERIFIER: &str = r#"
import base64, hashlib, json, sys
p = 2**255 - 19
d = -121665 * pow(121666, p - 2, p) % p
def add(P, Q):
    a, b = (P[1]-P[0])*(Q[1]-Q[0]) % p, (P[1]+P[0])*(Q[1]+Q[0]) % p
    c, e = 2*P[3]*Q[3]*d % p, 2*P[2]*Q[2] % p
    f, g, h, i = b-a, e-c, e+c, b+a
    return (f*g % p, h*i % p, g*h % p, f*i % p)
def mul(s, P):
    Q = (0, 1, 1, 0)
    while s:
        if s & 1: Q = add(Q, P)
        P, s = add(P, P), s >> 1
    return Q
def point(data):
    y = int.from_bytes(data, 'little'); sign, y = y >> 255, y & (2**255 - 1)
    x2 = (y*y - 1) * pow(d*y*y + 1, p - 2, p) % p
    x = pow(x2, (p + 3) // 8, p)
    if (x*x - x2) % p: x = x * pow(2, (p - 1) // 4, p) % p
    assert (x*x - x2) % p == 0
    if x & 1 != sign: x = p - x
    return (x, y, 1, x*y % p)
def verify(key, message, signature):
    B = point((4 * pow(5, p - 2, p) % p).to_bytes(32, 'little'))
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), 'little')
    L, R = mul(int.from_bytes(signature[32:], 'little'), B), add(point(signature[:32]), mul(h, point(key)))
    return (L[0]*R[2] - R[0]*L[2]) % p == 0 and (L[1]*R[2] - R[1]*L[2]) % p == 0
envelope, public = json.load(open(sys.argv[1])), open(sys.argv[2]).read().split()[1]
key = base64.b64decode(public)[-32:]
body, kind = base64.b64decode(envelope['payload']), envelope['payloadType']
pae = b'DSSEv1 %d %s %d %s' % (len(kind), kind.encode(), len(body), body)
signature = base64.b64decode(envelope['signatures'][0]['sig'])
assert verify(key, pae, signature), 'the signature does not hold'
assert not verify(key, pae + b' ', signature), 'the verifier is none'
print(body.decode())
"#;

#[test]
fn a_run_is_a_signed_statement_for_other_programs() {
    let desk = Desk::new("runner");
    desk.waiting();
    desk.is("approve latest go --key ~/bob --as bob@example.org", 0, "");
    desk.is("resume latest --no-input --as ana@example.org --key ~/ana", 0, "");
    desk.is("report latest --format in-toto", 2, "`--key`");
    desk.is("report latest --format in-toto --key ~/ana -o ~/statement.json", 0, "");
    let verified = Command::new("python3")
        .args(["-c", VERIFIER])
        .args([desk.path("home/statement.json"), desk.path("home/ana.pub")])
        .output()
        .expect("python3 is installed");
    let (status, said) = ended(&verified);
    assert_eq!(status, 0, "{said}");
    let statement: Value = serde_json::from_str(&said).expect("the payload is JSON");
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    let hash = desk.records()[0]["plan"].as_str().expect("the run names its plan").replace("sha256:", "");
    assert_eq!(statement["subject"][0]["digest"]["sha256"], json!(hash));
    let predicate = &statement["predicate"];
    assert_eq!(predicate["state"], "succeeded");
    assert_eq!(predicate["approvals"][0]["by"], "bob@example.org");
    let key = Command::new("ssh-keygen").arg("-lf").arg(desk.path("home/bob.pub")).output().expect("it is installed");
    let key = String::from_utf8_lossy(&key.stdout).split(' ').nth(1).expect("it has a fingerprint").to_owned();
    assert_eq!(predicate["approvals"][0]["key"], json!(key));
    assert_eq!(predicate["plan"]["commit"], json!(desk.git(&["rev-parse", "HEAD"])));
    assert_eq!(predicate["steps"].as_array().expect("there are steps").len(), 6);
}

#[test]
fn a_signed_tag_holds_a_head_fast() {
    let desk = Desk::new("runner");
    desk.waiting();
    let head = desk.records().last().expect("there are records")["hash"].as_str().expect("it has a hash").to_owned();
    let tag = |name: &str, key: &str, message: &str| {
        let key = format!("user.signingkey={}", desk.path(&format!("home/{key}")).display());
        desk.git(&["-c", "gpg.format=ssh", "-c", &key, "tag", "-s", name, "-m", message]);
    };
    tag("run-1", "ana", &format!("journal head {head}"));
    tag("other", "ana", &format!("journal head {}", "0".repeat(64)));
    tag("eves", "eve", &format!("journal head {head}"));
    desk.git(&["tag", "-a", "plain", "-m", &head]);
    desk.is("journal verify latest --tag run-1", 0, "sound");
    desk.is("journal verify latest --tag other", 7, "names no head");
    desk.is("journal verify latest --tag eves", 7, "does not have the key");
    desk.is("journal verify latest --tag plain", 7, "no SSH signature");
}

#[test]
fn what_people_do_is_signed_where_they_give_a_key() {
    let desk = Desk::new("runner");
    let page = desk.read("docs/r.md");
    desk.write("docs/r.md", &page.replace("  - {id: go,", "  - {id: read, text: Read, evidence: note}\n  - {id: go,"));
    desk.commit("an item", "Dee <dee@example.org>");
    desk.is("run docs/r.md -p version=1.0 --no-input --as ana@example.org --key ~/ana", 4, "opsbook done");
    desk.is("done latest read --note quiet --by bob@example.org --key ~/eve", 2, "does not have the key");
    assert!(desk.records().iter().all(|record| record["type"] != "manual.done"), "nothing is recorded unsigned");
    desk.is("done latest read --note quiet --by bob@example.org --key ~/bob", 0, "Recorded");
    desk.is("report latest", 0, "the record before this one signed by `bob@example.org` (ssh-sig, key `SHA256:");
    let sound = desk.records();
    let at = sound.iter().position(|record| record["type"] == "evidence.added").expect("the note is there");
    let mut records = sound.clone();
    records[at]["value"] = json!("all is burning");
    desk.forge(&records);
    desk.is("journal verify latest", 7, "another state of the journal");
}

#[test]
fn a_journal_whose_time_goes_back_is_none() {
    let desk = Desk::new("runner");
    approved(&desk);
    let sound = desk.records();
    desk.is("journal verify latest", 0, "sound");
    let at = sound.iter().rposition(|record| record["type"] == "step.finished").expect("staging was done");
    for (ts, why) in [("2020-01-01T00:00:00.000Z", "lies before"), ("soon", "nobody can read the time")] {
        let mut records = sound.clone();
        records[at]["ts"] = json!(ts);
        desk.forge(&records);
        desk.is("resume latest --no-input --as ana@example.org --key ~/ana", 7, why);
        desk.is("journal verify latest", 7, why);
        desk.is("lint --journals runs", 1, why);
    }
    assert!(!desk.log().contains("production"), "{}", desk.log());
}

#[test]
fn a_record_with_two_readings_is_refused() {
    let desk = Desk::new("runner");
    approved(&desk);
    desk.is("journal verify latest", 0, "sound");
    let journal = desk.run().join("journal.jsonl");
    let sound = fs::read_to_string(&journal).expect("there is a journal");
    let real = r#""by":"bob@example.org""#;
    for (other, what) in [
        (format!(r#""by":"carl@example.org",{real}"#), "a key twice"),
        (r#""by": "bob@example.org""#.to_owned(), "a space"),
        (r#""by":"b\u006fb@example.org""#.to_owned(), "an escape"),
    ] {
        assert!(sound.contains(real), "{sound}");
        fs::write(&journal, sound.replace(real, &other)).expect("it can be written");
        let (status, said) = desk.ops("journal verify latest");
        assert!(status == 7 && said.contains("not how the record is written"), "{what}: {status}: {said}");
        desk.is("lint --journals runs", 1, "not how the record is written");
    }
}

#[test]
fn what_is_committed_after_the_approval_is_not_what_was_approved() {
    let desk = Desk::new("runner");
    let call = desk
        .read("docs/r.md")
        .replace("echo \"$VERSION to $OPSBOOK_ENV\"", ". ./deploy.sh; echo \"$WORD $OPSBOOK_ENV\"");
    desk.write("docs/r.md", &call);
    desk.write("deploy.sh", "WORD=good\n");
    desk.commit("a program", "Dee <dee@example.org>");
    approved(&desk);
    desk.git(&["checkout", "-q", "-b", "evil"]);
    desk.write("deploy.sh", "WORD=evil\n");
    desk.commit("evil", "Eve <eve@example.org>");
    let resume = "resume latest --no-input --as ana@example.org --key ~/ana";
    for how in [resume.to_owned(), format!("{resume} --as-planned")] {
        desk.is(&how, 6, "`deploy.sh`");
    }
    assert!(!desk.log().contains("production"), "{}", desk.log());
    // The commit of the plan is performed wherever it is checked out from.
    desk.git(&["checkout", "-q", "main"]);
    desk.is(resume, 0, "");
    assert!(desk.log().ends_with("good production\n"), "{}", desk.log());
}

#[test]
fn who_is_refused_for_a_later_commit_is_told_how_to_go_on() {
    let desk = Desk::new("runner");
    approved(&desk);
    desk.write("docs/news.md", "# News\n");
    desk.commit("news", "Dee <dee@example.org>");
    // What the commit adds is no file of the plan's commit; what it changes is.
    desk.write(".gitignore", "runs/\nplan.json\nsite/\n");
    desk.commit("an ignored folder", "Dee <dee@example.org>");
    let (status, said) = desk.ops("resume latest --no-input --as ana@example.org --key ~/ana");
    assert!(status == 6 && said.contains("`.gitignore`"), "{status}: {said}");
    let typed = said.split('`').find(|part| part.starts_with("git switch --detach ")).expect("it says what to type");
    desk.git(&typed.split(' ').skip(1).collect::<Vec<_>>());
    desk.is("resume latest --no-input --as ana@example.org --key ~/ana", 0, "");
    assert!(desk.log().ends_with("1.0 to production\n"), "{}", desk.log());
}

/// A page whose change asks for something that is there only later, so that the run stops in it.
fn in_doubt(desk: &Desk) {
    let page = desk.read("docs/r.md");
    let slow = "echo \"$VERSION to $OPSBOOK_ENV${COLOUR:+ in $COLOUR}\" >> \"$HOME/log\"\n\
                if [ $OPSBOOK_ENV = production ] && [ ! -e \"$HOME/quick\" ]; then until [ -s \"$HOME/pid\" ]; do sleep 0.1; done; kill -TERM \"$(cat \"$HOME/pid\")\"; sleep 60; fi\n";
    desk.write("docs/r.md", &page.replace("echo \"$VERSION to $OPSBOOK_ENV\" >> \"$HOME/log\"\n", slow));
    desk.commit("a slow change", "Dee <dee@example.org>");
    approved(desk);
    let key = desk.path("home/ana").to_string_lossy().into_owned();
    let child = desk.command(&["resume", "latest", "--no-input", "--as", "ana@example.org", "--key", &key]);
    let mut child = { child }.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("opsbook starts");
    fs::write(desk.path("home/pid"), child.id().to_string()).expect("the folder takes files");
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(143), "{}", desk.log());
    assert!(desk.log().ends_with("1.0 to production\n"), "{}", desk.log());
    fs::write(desk.path("home/quick"), "").expect("the folder takes files");
}

#[test]
fn a_change_that_was_interrupted_is_still_ahead() {
    let desk = Desk::new("runner");
    in_doubt(&desk);
    // Nobody unnamed takes the run over, so that it can still be approved.
    let before = desk.records().len();
    desk.is("resume latest --no-input", 2, "who approved `go`");
    assert_eq!(desk.records().len(), before);
    // A variable that is passed on since takes the approval back.
    let home = desk.path("home").to_string_lossy().into_owned();
    let words = format!("resume latest --no-input --as ana@example.org --key {home}/ana --pass-env COLOUR");
    let words: Vec<&str> = words.split_whitespace().collect();
    let (status, said) = ended(&desk.command(&words).env("COLOUR", "red").output().expect("opsbook starts"));
    assert!(status == 5, "{status}: {said}");
    desk.is("resolve latest production.deploy --as rerun --by ana@example.org --key ~/ana --note again", 0, "");
    let words = format!("resume latest --no-input --as ana@example.org --key {home}/ana");
    let words: Vec<&str> = words.split_whitespace().collect();
    let (status, said) = ended(&desk.command(&words).env("COLOUR", "red").output().expect("opsbook starts"));
    assert!(status == 4 && said.contains("approve"), "{status}: {said}");
    assert!(!desk.log().contains("red"), "{}", desk.log());
}
