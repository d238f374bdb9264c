//! What a session prints to be typed next: in every state that a run can be left in, each printed command
//! is accepted and leads where its comment says.
#![cfg(unix)]

use crate::runs::{Bench, action, approval, manual, plan, said, status, step, with};
use serde_json::{Value, json};
use std::fs;
use std::process::{Command, Output};

/// A printed command: its words, and what stands behind it.
#[derive(Clone, Debug, PartialEq)]
struct Printed {
    command: String,
    why: String,
}

/// The commands that were printed to be typed next.
fn printed(text: &str) -> Vec<Printed> {
    let listed = text.lines().skip_while(|line| !line.starts_with("Next:")).skip(1);
    let listed = listed.take_while(|line| line.starts_with("  opsbook "));
    let told = text.lines().filter_map(|line| line.strip_prefix("Recorded. Go on with: "));
    let lines = listed.chain(told).map(|line| {
        let (command, why) = line.split_once("   # ").unwrap_or((line, ""));
        Printed { command: command.trim().to_owned(), why: why.to_owned() }
    });
    lines.collect()
}

/// The words that a shell makes of a command.
fn words(command: &str) -> Vec<String> {
    let output =
        Command::new("bash").args(["-c", &format!("printf '%s\\0' {command}")]).output().expect("bash is here");
    let text = String::from_utf8(output.stdout).expect("it is text");
    text.split_terminator('\0').skip(1).map(str::to_owned).collect()
}

/// A bench that is left in a state, which each printed command meets anew.
struct Left {
    bench: Bench,
    /// Who fills in `NAME` and `PATH` of a signature.
    signer: Option<(&'static str, &'static str)>,
}

impl Left {
    /// Fills in what is printed in capitals and types it on a copy of the bench. Returns the copy.
    fn typed(&self, printed: &Printed, choice: &str) -> (Bench, Output) {
        let copy = self.bench.copy();
        let output = self.type_on(&copy, printed, choice);
        (copy, output)
    }

    fn type_on(&self, bench: &Bench, printed: &Printed, choice: &str) -> Output {
        let mut filled = printed.command.replace("done|failed|rerun", choice).replace("done|rerun", choice);
        if let Some((name, key)) = self.signer {
            filled = filled.replace(" NAME --key PATH", &format!(" {name} --key {key}"));
        }
        for (word, value) in [
            ("TEXT", "seen"),
            ("ADDRESS", "https://example.org/1"),
            ("ANSWER", "blue"),
            ("REASON", "users-are-cut-off"),
            ("--file PATH", "--file plan.json"),
        ] {
            filled = filled.replace(word, value);
        }
        let words = words(&filled);
        bench.opsbook(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Types every command that was printed, each in the state in which it was printed; one that comes after
    /// others, after those before it. `leads` says what is told of each: what follows on it.
    fn types_all(&self, text: &str, expected: &[(&str, &str, &str)]) {
        let all = printed(text);
        let short = |it: &Printed| {
            let words: Vec<&str> = it.command.split(' ').skip(1).filter(|word| !word.contains("-01")).collect();
            format!("{} # {}", words.join(" ").replace(" --runs runs", ""), it.why)
        };
        let found: Vec<String> = all.iter().map(short).collect();
        let wanted: Vec<String> = expected.iter().map(|(command, why, _)| format!("{command} # {why}")).collect();
        assert_eq!(found, wanted, "in:\n{text}");
        for (at, (it, (_, _, leads))) in all.iter().zip(expected).enumerate() {
            for choice in ["done", "failed", "rerun"] {
                if !it.command.contains('|') && choice != "done" {
                    continue;
                }
                let (bench, before) = if it.why.contains("after that") {
                    self.typed(&all[at - 1], choice)
                } else {
                    let copy = self.bench.copy();
                    let output = copy.opsbook(&["runs", "--runs", "runs"]);
                    (copy, output)
                };
                let output = self.type_on(&bench, it, choice);
                let text = format!("{}\n{}", said(&before), said(&output));
                assert!(![2, 3, 6, 7].contains(&status(&output)), "`{}` is refused:\n{text}", it.command);
                let state = said(&bench.opsbook(&["runs", "--runs", "runs"]));
                let log = format!("{text}\n{state}");
                assert!(log.contains(leads), "`{}` does not lead to `{leads}`:\n{log}", it.command);
            }
        }
    }
}

fn left(plan: &Value) -> Left {
    Left { bench: Bench::new(plan), signer: None }
}

fn undoable(id: &str, needs: &[&str], script: &str, undo: &str) -> Value {
    with(step(id, needs, script), "undo", action(undo))
}

fn reversed(steps: Vec<Value>) -> Value {
    with(plan(steps), "on_failure", json!({"rollback": "reverse"}))
}

#[test]
fn after_a_failure() {
    let it = left(&plan(vec![undoable("a", &[], "touch a", "rm a"), step("b", &["a"], "echo bad; test -e fixed")]));
    let output = it.bench.run();
    assert_eq!(status(&output), 1);
    fs::write(it.bench.path("fixed"), "").expect("the folder takes files");
    it.types_all(
        &said(&output),
        &[
            ("runs log b", "what it printed", "bad"),
            ("resolve b --as rerun --note TEXT", "to try it again", "Go on with: opsbook resume"),
            ("resume", "after that", "succeeded"),
            ("rollback --note TEXT", "to undo what was done", "Go on with: opsbook resume"),
            ("report", "the record of the run", "failed"),
        ],
    );
}

#[test]
fn after_a_rollback_and_one_that_failed() {
    let steps = || vec![undoable("a", &[], "touch a", "echo back >> log; rm a"), step("b", &["a"], "echo bad; false")];
    let it = left(&reversed(steps()));
    let output = it.bench.run();
    assert_eq!(status(&output), 8);
    it.types_all(
        &said(&output),
        &[("runs log b", "what it printed", "bad"), ("report", "the record of the run", "rolled back")],
    );
    let it = left(&reversed(vec![
        undoable("zero", &[], "true", "touch zero-is-undone"),
        undoable("a", &["zero"], "touch a", "echo stuck; test -e free"),
        step("b", &["a"], "false"),
    ]));
    let output = it.bench.run();
    assert_eq!(status(&output), 9);
    fs::write(it.bench.path("free"), "").expect("the folder takes files");
    it.types_all(
        &said(&output),
        &[
            ("runs log b", "what it printed", "Nothing was printed"),
            ("runs log a", "what it printed", "stuck"),
            ("resolve a --as rerun --note TEXT", "to undo it again", "Go on with: opsbook resume"),
            ("resolve a --as done --note TEXT", "if you have undone it by hand", "Go on with: opsbook resume"),
            ("resume", "after that, to undo the rest", "zero: undone"),
            ("report", "the record of the run", "rollback failed"),
        ],
    );
}

#[test]
fn where_people_are_waited_for() {
    let item = with(manual("m", &["a"], "url"), "capture", json!({"colour": {"type": "text"}}));
    let it = left(&reversed(vec![undoable("a", &[], "touch a", "rm a"), item, step("c", &["m"], "true")]));
    let output = it.bench.run();
    assert_eq!(status(&output), 4);
    it.types_all(
        &said(&output),
        &[
            ("done m --url ADDRESS --capture colour=ANSWER", "", "Go on with"),
            ("refuse m --note TEXT", "to roll back `a`", "Go on with"),
            ("resume", "to go on, after that", "rolled back"),
        ],
    );
    let it = left(&plan(vec![approval("go", &[], json!({"min": 1})), step("c", &["go"], "true")]));
    let output = it.bench.run();
    it.types_all(
        &said(&output),
        &[
            ("approve go --allow-weak-identity", "", "Go on with"),
            ("refuse go --allow-weak-identity", "", "Go on with"),
            ("resume", "to go on, after that", "failed"),
        ],
    );
    let refused = it.bench.opsbook(&["refuse", "latest", "go", "--allow-weak-identity", "--runs", "runs"]);
    assert_eq!(status(&refused), 0, "{}", said(&refused));
    let ended = it.bench.opsbook(&["resume", "latest", "--runs", "runs"]);
    it.types_all(
        &said(&ended),
        &[
            ("run --rebase", "a new run that takes over what is done", "waiting"),
            ("report", "the record of the run", "failed"),
        ],
    );
}

#[test]
fn where_a_step_is_in_doubt() {
    let steps = vec![
        undoable("a", &[], "test -e again || { touch again; kill -9 $PPID; }", "echo undone"),
        step("b", &["a"], "true"),
    ];
    let it = left(&plan(steps));
    let _ = it.bench.command(&["run", "plan.json", "--runs", "runs"]).output();
    // The step may live a moment longer than its runner.
    let resume = || it.bench.opsbook(&["resume", "latest", "--runs", "runs"]);
    it.bench.wait_for("the orphan's end", || status(&resume()) == 5);
    let output = resume();
    it.types_all(
        &said(&output),
        &[
            ("runs log a", "what it printed", ""),
            ("resolve a --as done|failed|rerun --note TEXT", "it was cut off", "Go on with"),
            ("resume", "to go on, after that", "the run "),
        ],
    );
}

#[test]
fn after_an_interrupt() {
    // A change that was interrupted is in doubt, and what only looks is not.
    for (impact, expected) in [
        (
            "write",
            &[
                ("runs log a", "what it printed", "began"),
                ("resolve a --as done|failed|rerun --note TEXT", "it was cut off", "Go on with"),
                ("resume", "to go on, after that", "a"),
            ][..],
        ),
        ("read", &[("resume", "to go on", "succeeded")][..]),
    ] {
        let script = "echo began; touch began; test -e fixed || sleep 30";
        let it = left(&plan(vec![with(step("a", &[], script), "impact", json!(impact))]));
        let mut command = it.bench.command(&["run", "plan.json", "--runs", "runs"]);
        let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn();
        let child = child.expect("opsbook starts");
        it.bench.wait_for("the step", || it.bench.path("began").exists());
        let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(status(&output), 130, "{}", said(&output));
        fs::write(it.bench.path("fixed"), "").expect("the folder takes files");
        it.types_all(&said(&output), expected);
    }
}

#[test]
fn after_a_run_was_given_up_or_taken_over() {
    let it = left(&plan(vec![undoable("a", &[], "touch a", "rm a"), manual("m", &["a"], "none")]));
    assert_eq!(status(&it.bench.run()), 4);
    let before = it.bench.copy();
    let cancelled = it.bench.opsbook(&["cancel", "latest", "--note", "not today", "--runs", "runs"]);
    assert!(said(&cancelled).contains("was cancelled."), "{}", said(&cancelled));
    it.types_all(
        &said(&cancelled),
        &[
            ("run --rebase", "a new run that takes over what is done", "waiting"),
            ("rollback --note TEXT", "to undo what was done", "Go on with"),
            ("report", "the record of the run", "cancelled"),
        ],
    );
    // A run that another one has taken over is performed no more: not resumed, not settled, not undone.
    let it = Left { bench: before, signer: None };
    let old = it.bench.run_folder().file_name().expect("it has a name").to_string_lossy().into_owned();
    let new = it.bench.opsbook(&["run", "plan.json", "--rebase", &old, "--runs", "runs"]);
    assert_eq!(status(&new), 4, "{}", said(&new));
    for words in [&["resume"][..], &["done", "m"], &["rollback", "--note", "x"], &["cancel"]] {
        let words = [&words[..1], &[old.as_str()], &words[1..], &["--runs", "runs"]].concat();
        let refused = it.bench.opsbook(&words);
        assert_eq!(status(&refused), 2, "{words:?}: {}", said(&refused));
        assert!(said(&refused).contains("taken over by"), "{words:?}: {}", said(&refused));
    }
    let twice = it.bench.opsbook(&["run", "plan.json", "--rebase", &old, "--runs", "runs"]);
    assert_eq!(status(&twice), 2, "{}", said(&twice));
    assert!(said(&it.bench.opsbook(&["runs", "--runs", "runs"])).contains("  taken over  "));
    assert_eq!(status(&it.bench.opsbook(&["journal", "verify", &old, "--runs", "runs"])), 0);
}

#[test]
fn what_succeeded_can_be_undone() {
    let undo = |id: &str| format!("echo {id} >> undone");
    let staged = |id: &str, needs: &[&str], env: &str| with(undoable(id, needs, "true", &undo(id)), "env", json!(env));
    let all = || {
        plan(vec![
            staged("a", &[], "staging"),
            staged("b", &["a"], "staging"),
            undoable("c", &["b"], "true", &undo("c")),
        ])
    };
    let it = left(&all());
    assert_eq!(status(&it.bench.run()), 0);
    let back = ["rollback", "latest", "--note", "orders fail", "--runs", "runs"];
    let said_back = said(&it.bench.opsbook(&back));
    it.types_all(&said_back, &[("resume", "", "rolled back")]);
    let one = it.bench.copy();
    let resumed = it.bench.opsbook(&["resume", "latest", "--runs", "runs"]);
    assert_eq!(status(&resumed), 8);
    assert!(said(&resumed).contains("the run was rolled back"), "{}", said(&resumed));
    assert_eq!(it.bench.text("undone"), "c\nb\na\n");
    let again = it.bench.opsbook(&back);
    assert_eq!(status(&again), 2);
    assert!(said(&again).contains("nothing that was done can be undone"), "{}", said(&again));
    drop(one);
    let it = left(&all());
    assert_eq!(status(&it.bench.run()), 0);
    assert_eq!(status(&it.bench.opsbook(&[&back[..], &["--env", "staging"]].concat())), 0);
    assert_eq!(status(&it.bench.opsbook(&["resume", "latest", "--runs", "runs"])), 8);
    assert_eq!(it.bench.text("undone"), "b\na\n");
    assert_eq!(status(&it.bench.opsbook(&[&back[..], &["--env", "nowhere"]].concat())), 2);
    // A step that was cut off is undone like one that failed: nobody has to settle it first.
    let half = undoable("a", &[], "kill -9 $PPID", &undo("a"));
    let it = left(&plan(vec![half, step("b", &["a"], "touch went-on")]));
    let _ = it.bench.command(&["run", "plan.json", "--runs", "runs"]).output();
    it.bench.wait_for("the orphan's end", || status(&it.bench.opsbook(&back)) == 0);
    assert_eq!(status(&it.bench.opsbook(&["resume", "latest", "--runs", "runs"])), 8);
    assert_eq!(it.bench.text("undone"), "a\n");
    assert!(!it.bench.path("went-on").exists());
}

#[test]
fn a_signed_run_says_who_has_to_sign() {
    let it = Left {
        bench: Bench::new(&reversed(vec![
            undoable("a", &[], "touch a", "rm a"),
            approval("go", &["a"], json!({"min": 1, "role": "managers", "forbid": ["runner"]})),
            step("b", &["go"], "touch began; test -e fixed || sleep 30"),
        ])),
        signer: Some(("ben@example.org", "ben")),
    };
    let key = |name: &str| {
        let path = it.bench.path(name);
        let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&path).status();
        assert!(made.expect("ssh-keygen is installed").success());
        let text = fs::read_to_string(path.with_extension("pub")).expect("the public key stands beside it");
        format!("{name}@example.org {}\n", text.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
    };
    fs::write(it.bench.path("signers"), key("ana") + &key("ben")).expect("the folder takes files");
    let book = "[book]\ntitle = \"x\"\n\n[runbook]\nallowed-signers = \"signers\"\nruns = \"runs\"\n\n\
                [runbook.roles]\nmanagers = [\"ben@example.org\"]\n";
    fs::write(it.bench.path("book.toml"), book).expect("the folder takes files");
    fs::create_dir(it.bench.path("src")).expect("the folder takes folders");
    // Whoever is nobody is told at once that nobody could approve what they run.
    let nobody = it.bench.copy().opsbook(&["run", "plan.json"]);
    assert!(said(&nobody).contains("nobody will be able to approve `go`"), "{}", said(&nobody));
    let output = it.bench.opsbook(&["run", "plan.json", "--as", "ana@example.org", "--key", "ana"]);
    assert_eq!(status(&output), 4, "{}", said(&output));
    assert!(!said(&output).contains("WARNING"), "{}", said(&output));
    it.types_all(
        &said(&output),
        &[
            ("approve go --as NAME --key PATH", "by somebody who does not run it", "Go on with"),
            ("refuse go --as NAME --key PATH", "to roll back `a`", "Go on with"),
            ("resume --as ana@example.org --key ana", "to go on, after that", "rolled back"),
        ],
    );
    // A session by nobody would make it impossible to approve: it is refused, and nothing is spoilt.
    let unsigned = it.bench.opsbook(&["resume", "latest"]);
    assert_eq!(status(&unsigned), 2, "{}", said(&unsigned));
    assert!(said(&unsigned).contains("who will approve `go`"), "{}", said(&unsigned));
    let approve = ["approve", "latest", "go", "--as", "ben@example.org", "--key", "ben"];
    let approved = it.bench.opsbook(&approve);
    assert!(said(&approved).contains("--as NAME --key PATH"), "{}", said(&approved));
    // Interrupted after the approval: whoever settles it takes it over, and signs.
    let mut command = it.bench.command(&["resume", "latest", "--as", "ana@example.org", "--key", "ana"]);
    let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn();
    let child = child.expect("opsbook starts");
    it.bench.wait_for("the step", || it.bench.path("began").exists());
    let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    let output = child.wait_with_output().expect("it ends");
    fs::write(it.bench.path("fixed"), "").expect("the folder takes files");
    it.types_all(
        &said(&output),
        &[
            ("runs log b", "what it printed", ""),
            ("resolve b --as done|rerun --note TEXT --by ana@example.org --key ana", "it was cut off", "Go on with"),
            ("resolve b --as failed --note TEXT --by ana@example.org --key ana", "to roll back `a`", "Go on with"),
            ("resume --as ana@example.org --key ana", "to go on, after that", "rolled back"),
        ],
    );
}

#[test]
fn what_was_said_at_the_beginning_is_said_again() {
    let mut wanted = plan(vec![
        with(step("a", &[], "test \"$TOKEN\" = abc"), "secrets", json!(["TOKEN"])),
        step("b", &["a"], "false"),
    ]);
    wanted["secrets"] = json!(["TOKEN"]);
    let it = left(&wanted);
    fs::write(it.bench.path("my token"), "abc").expect("the folder takes files");
    let begun =
        ["run", "plan.json", "--runs", "runs", "--secret", "TOKEN=file:my token", "--allow-short-secret", "TOKEN"];
    let output = it.bench.opsbook(&begun);
    assert_eq!(status(&output), 1, "{}", said(&output));
    let secret = "--secret 'TOKEN=file:my token'";
    it.types_all(
        &said(&output),
        &[
            ("runs log b", "what it printed", "Nothing was printed"),
            (&format!("resolve b --as rerun --note TEXT {secret}"), "to try it again", "Go on with"),
            (&format!("resume {secret} --allow-short-secret TOKEN"), "after that", "failed"),
            (&format!("report {secret}"), "the record of the run", "failed"),
        ],
    );
}

#[test]
fn before_a_change_that_is_not_proven() {
    let deploy = |glass: bool| {
        let deploy = with(with(step("p", &[], "true"), "env", json!("production")), "item", json!("deploy"));
        let deploy = with(deploy, "verify", action("true"));
        let allowed = json!({"reason": "required", "review_within": "24h"});
        if glass { with(deploy, "break_glass", allowed) } else { deploy }
    };
    let it = left(&plan(vec![deploy(true)]));
    let output = it.bench.run();
    assert_eq!(status(&output), 4);
    let all = printed(&said(&output));
    assert_eq!(all.len(), 2, "{}", said(&output));
    let (_, broken) = it.typed(&all[1], "");
    assert_eq!(status(&broken), 0, "{}", said(&broken));
    let closed = left(&plan(vec![deploy(false)]));
    let output = closed.bench.run();
    assert!(!said(&output).contains("break-glass"), "{}", said(&output));
}

#[test]
fn a_copy_of_a_run_is_approved_elsewhere_and_comes_back() {
    let it = left(&plan(vec![approval("go", &[], json!({"min": 1})), step("c", &["go"], "touch went-on")]));
    assert_eq!(status(&it.bench.run()), 4);
    let elsewhere = it.bench.copy();
    let approve = ["approve", "latest", "go", "--allow-weak-identity", "--runs", "runs"];
    assert_eq!(status(&elsewhere.opsbook(&approve)), 0);
    let back = Command::new("cp").arg("-a").arg(elsewhere.path("runs")).arg(it.bench.path(".")).status();
    assert!(back.expect("cp is here").success());
    let resumed = it.bench.opsbook(&["resume", "latest", "--runs", "runs"]);
    assert_eq!(status(&resumed), 0, "{}", said(&resumed));
    assert!(it.bench.path("went-on").exists());
}

#[test]
fn a_list_of_runs_says_what_it_cannot_read_and_how_far_each_is() {
    let it = left(&plan(vec![step("a", &[], "true"), step("b", &["a"], "false")]));
    let _ = it.bench.run();
    let list = || it.bench.opsbook(&["runs", "--runs", "runs"]);
    assert!(said(&list()).contains("  failed  1/2"), "{}", said(&list()));
    // A runner that was killed and that nobody has waited for performs nothing.
    let slow = Bench::new(&plan(vec![step("a", &[], "touch began; sleep 5")]));
    let mut runner = slow.start(&["run", "plan.json", "--runs", "runs"]);
    slow.wait_for("the step", || slow.path("began").exists());
    runner.kill().expect("it can be killed");
    slow.wait_for("its end", || said(&slow.opsbook(&["runs", "--runs", "runs"])).contains("cut off during a"));
    runner.wait().expect("it ended");
    let root = Command::new("id").arg("-u").output().expect("id is here").stdout == b"0\n";
    if root {
        return; // Nothing is forbidden to it.
    }
    let forbid = |path: &std::path::Path, mode: &str| {
        assert!(Command::new("chmod").arg(mode).arg(path).status().expect("chmod is here").success());
    };
    let run = it.bench.run_folder();
    forbid(&run, "000");
    let (listed, shown) = (list(), it.bench.opsbook(&["runs", "show", "latest", "--runs", "runs"]));
    forbid(&run, "700");
    forbid(&it.bench.path("runs"), "000");
    let closed = list();
    forbid(&it.bench.path("runs"), "700");
    for output in [listed, shown, closed] {
        assert!(said(&output).contains("permission denied"), "{}", said(&output));
    }
}

#[test]
fn another_word_of_a_list_proves_nothing_and_is_named() {
    let of = |id: &str, needs: &[&str], env: &str, host: &str| {
        let deploy = with(with(step(id, needs, "true"), "env", json!(env)), "item", json!("deploy"));
        with(with(deploy, "verify", action("true")), "each", json!({"host": host}))
    };
    let bench = Bench::new(&plan(vec![of("s", &[], "staging", "stage-1"), of("p", &["s"], "production", "web-1")]));
    let output = bench.run();
    assert_eq!(status(&output), 4, "{}", said(&output));
    let wanted = "`deploy` for `web-1` has not run in `staging`, where its list has `stage-1`";
    assert!(said(&output).contains(wanted), "{}", said(&output));
}
