//! Secrets of a run stand nowhere: not in its folder, not in its report, not on the site that shows it.
#![cfg(unix)]

use crate::runs::{Bench, manual, plan, said, status, step, with};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

const SECRET: &str = "S3cr3t/W\u{f6}rd+\"x\" & <more>";

/// The text of every file below a folder.
fn artefacts(folder: &Path) -> Vec<(PathBuf, String)> {
    let (mut out, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder can be listed").flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path => {
                    let text = String::from_utf8_lossy(&fs::read(&path).expect("it can be read")).into_owned();
                    out.push((path, text));
                }
            }
        }
    }
    out
}

/// The forms of the secret, as `python3` writes them in [`LEAK`].
fn forms() -> Vec<String> {
    let hex: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
    let percent = "S3cr3t%2FW%C3%B6rd%2B%22x%22%20%26%20%3Cmore%3E";
    let html = "S3cr3t/W\u{f6}rd+&quot;x&quot; &amp; &lt;more&gt;";
    let cores = ["UzNjcjN0L1fDtnJkKyJ4IiAm", "M2NyM3QvV8O2cmQrIngiICYg", "zY3IzdC9Xw7ZyZCsieCIgJi"];
    let mut forms: Vec<String> = vec![SECRET.into(), hex, percent.into(), percent.to_lowercase(), html.into()];
    forms.extend(cores.map(str::to_owned));
    forms.push(SECRET.to_uppercase());
    forms.push(SECRET.chars().rev().collect());
    forms.push("5333 6372 3374 2f57".into());
    forms.push("53 33 63 72 33 74 2f 57".into());
    forms.push("S3cr3t/W\\u00f6rd+\\\"x\\\"".into());
    forms.push("&#83;&#51;&#99;&#114;".into());
    forms
}

const LEAK: &str = r#"import os, sys, base64, urllib.parse, html, json, subprocess
p = os.environ["TOKEN"]; b = p.encode()
def w(name, text): print(name + ": " + text, flush=True)
w("plain", p); w("upper", p.upper()); w("reversed", p[::-1]); w("spaced", " ".join(p))
for shift in range(3): w("base64", base64.b64encode(b"x" * shift + b + b"tail").decode())
w("wrapped", base64.encodebytes(b * 5).decode()); w("url", base64.urlsafe_b64encode(b).decode())
w("hex", b.hex()); w("HEX", b.hex().upper()); w("xxd", " ".join(b.hex()[i:i+4] for i in range(0, len(b) * 2, 4)))
for at in range(0, len(b), 16):
    row = b[at:at+16]
    print("%08x: %-39s  %s" % (at, " ".join(row.hex()[i:i+4] for i in range(0, len(row) * 2, 4)),
          "".join(chr(c) if 32 <= c < 127 else "." for c in row)))
print(subprocess.run(["od", "-An", "-tx1"], input=b, capture_output=True).stdout.decode())
print(subprocess.run(["od"], input=b, capture_output=True).stdout.decode())
print(subprocess.run(["od", "-c"], input=b, capture_output=True).stdout.decode())
w("percent", urllib.parse.quote(p, safe="")); w("form", urllib.parse.quote_plus(p))
w("percent, lower", "".join("%%%02x" % c for c in b))
w("html", html.escape(p)); w("decimal", "".join("&#%d;" % ord(c) for c in p)); w("list", str(list(b)))
w("json", json.dumps(p)); w("json in json", json.dumps(json.dumps(p))); w("repr", repr(p)); w("repr of bytes", repr(b))
w("colour", p[:6] + "\x1b[31m" + p[6:] + "\x1b[0m"); w("in two lines", p[:9] + "\n" + p[9:])
for ch in p: sys.stdout.write(ch); sys.stdout.flush()
print(); print(dict(os.environ)); print("error " + p, file=sys.stderr)
subprocess.run(["bash", "-xc", 'true "$TOKEN"; echo "end"'])
environ = open("/proc/%d/environ" % os.getppid(), "rb").read() if os.path.exists("/proc/self/environ") else b""
open("seen", "w").write("the runner shows it" if b in environ else "the runner shows nothing")
"#;

#[test]
fn no_artefact_holds_a_secret_in_any_form() {
    let leak = json!({"shell": "python3", "script": LEAK});
    let mut wanted = plan(vec![
        with(with(step("leak", &[], ""), "run", leak), "secrets", json!(["TOKEN"])),
        manual("note", &["leak"], "note"),
        manual("file", &["note"], "file"),
        with(with(step("fails", &["file"], "exit 3"), "secrets", json!(["TOKEN"])), "impact", json!("read")),
    ]);
    wanted["secrets"] = json!(["TOKEN"]);
    wanted["title"] = json!("A sample");
    let bench = Bench::new(&wanted);
    let opsbook = |arguments: &[&str], wanted: i32| -> Output {
        let output = bench.command(arguments).env("TOKEN", SECRET).output().expect("opsbook starts");
        assert_eq!(status(&output), wanted, "{arguments:?}: {}", said(&output));
        output
    };
    let mut spoken = vec![said(&opsbook(&["run", "plan.json", "--runs", "runs"], 4))];
    assert_eq!(bench.text("seen"), "the runner shows nothing");
    // Nobody performs the run now: what people type is masked all the same.
    let typed = format!("the password is {SECRET}, or UzNjcjN0L1fDtnJkKyJ4IiAmIDxtb3JlPg==");
    opsbook(&["done", "latest", "note", "--note", &typed, "--runs", "runs"], 0);
    let named = bench.path(&format!("{}.txt", SECRET.replace('/', "_")));
    fs::write(&named, format!("a file with {SECRET}\n")).expect("the folder takes files");
    opsbook(&["done", "latest", "file", "--file", &named.to_string_lossy(), "--runs", "runs"], 0);
    spoken.push(said(&opsbook(&["resume", "latest", "--runs", "runs"], 1)));
    opsbook(&["resolve", "latest", "fails", "--as", "rerun", "--note", &typed, "--runs", "runs"], 0);
    opsbook(&["cancel", "latest", "--note", &typed, "--runs", "runs"], 0);
    fs::create_dir_all(bench.path("docs")).expect("the folder takes folders");
    fs::write(bench.path("mkdocs.yml"), "site_name: x\ntheme:\n  name: material\n").expect("the folder takes files");
    fs::remove_file(&named).expect("it can be removed");
    let page = bench.path("docs/index.md");
    opsbook(&["report", "latest", "-o", &page.to_string_lossy(), "--runs", "runs"], 0);
    spoken.push(said(&opsbook(&["report", "latest", "--format", "html", "--runs", "runs"], 0)));
    spoken.push(said(&opsbook(&["runs", "show", "latest", "--runs", "runs"], 0)));
    spoken.push(said(&opsbook(&["runs", "log", "latest", "--runs", "runs"], 0)));
    opsbook(&["build"], 0);
    let mut found = artefacts(&bench.path("runs"));
    found.extend(artefacts(&bench.path("docs")));
    found.extend(artefacts(&bench.path("site")));
    found.extend(spoken.into_iter().map(|text| (PathBuf::from("what it said"), text)));
    assert!(found.iter().any(|(_, text)| text.contains("the password is ***>, or ***")));
    assert!(found.iter().any(|(_, text)| text.contains("a file with ***")));
    for (path, text) in &found {
        for form in forms() {
            assert!(!text.contains(&form), "{form} stands in {}:\n{text}", path.display());
        }
    }
}

#[test]
fn what_cannot_be_looked_through_is_not_written_down() {
    let mut wanted = plan(vec![manual("a", &[], "note"), step("b", &["a"], "true")]);
    wanted["secrets"] = json!(["TOKEN"]);
    let bench = Bench::new(&wanted);
    let with_secret =
        |arguments: &[&str]| bench.command(arguments).env("TOKEN", SECRET).output().expect("opsbook starts");
    let without = |arguments: &[&str]| bench.command(arguments).output().expect("opsbook starts");
    assert_eq!(status(&with_secret(&["run", "plan.json", "--runs", "runs"])), 4);
    let note = format!("it is {SECRET}");
    let done = ["done", "latest", "a", "--note", &note, "--runs", "runs"];
    let refused = without(&done);
    assert_eq!(status(&refused), 2);
    assert!(said(&refused).contains("`TOKEN`") && said(&refused).contains("`--unchecked`"), "{}", said(&refused));
    assert!(!artefacts(&bench.path("runs")).iter().any(|(_, text)| text.contains("it is ")));
    // Whoever says that it holds none answers for it: the resume finds it, and the report is not written.
    assert_eq!(status(&without(&[&done[..], &["--unchecked"]].concat())), 0);
    let resumed = with_secret(&["resume", "latest", "--runs", "runs"]);
    assert_eq!(status(&resumed), 0, "{}", said(&resumed));
    assert!(said(&resumed).contains("WARNING: `TOKEN` stands in the records of this run"), "{}", said(&resumed));
    let report = without(&["report", "latest", "--runs", "runs"]);
    assert_eq!(status(&report), 3, "{}", said(&report));
    let masked = with_secret(&["report", "latest", "--runs", "runs"]);
    assert_eq!(status(&masked), 0, "{}", said(&masked));
    assert!(said(&masked).contains("it is ***") && !said(&masked).contains("W\u{f6}rd"));
}

#[test]
fn a_statement_for_other_programs_holds_no_secret_either() {
    let approval = with(manual("go", &[], "none"), "kind", json!("approval"));
    let mut wanted = plan(vec![with(approval, "approval", json!({"min": 1})), step("b", &["go"], "true")]);
    wanted["secrets"] = json!(["TOKEN"]);
    let bench = Bench::new(&wanted);
    let opsbook = |arguments: &[&str]| bench.command(arguments).env("TOKEN", SECRET).output().expect("opsbook starts");
    assert_eq!(status(&opsbook(&["run", "plan.json", "--runs", "runs"])), 4);
    let note = format!("the password is {SECRET}");
    let yes = ["approve", "latest", "go", "--allow-weak-identity", "--unchecked", "--note", &note, "--runs", "runs"];
    let output = bench.command(&yes).output().expect("opsbook starts");
    assert_eq!(status(&output), 0, "{}", said(&output));
    assert_eq!(status(&opsbook(&["resume", "latest", "--runs", "runs"])), 0);
    let key = std::env::current_dir().expect("there is a folder").join("tests/cases/keys/ana");
    let key = key.to_string_lossy();
    let out = ["report", "latest", "--format", "in-toto", "--key", &key, "-o", "statement.json", "--runs", "runs"];
    let output = opsbook(&out);
    assert_eq!(status(&output), 0, "{}", said(&output));
    let decode = "import base64, json; print(base64.b64decode(json.load(open('statement.json'))['payload']).decode())";
    let decoded = std::process::Command::new("python3").args(["-c", decode]).current_dir(bench.path("")).output();
    let decoded = said(&decoded.expect("python3 is installed"));
    assert!(decoded.contains("the password is ***") && decoded.contains("\"decision\":\"given\""), "{decoded}");
    assert!(!decoded.contains("rd+"), "{decoded}");
}

#[test]
fn an_output_that_holds_a_secret_fails_the_step() {
    for script in
        ["echo \"t=x$TOKEN\" >> $OPSBOOK_OUTPUT", "echo \"t=$(printf %s \"$TOKEN\" | base64)\" >> $OPSBOOK_OUTPUT"]
    {
        let leaky = with(with(step("a", &[], script), "secrets", json!(["TOKEN"])), "outputs", json!(["t"]));
        let mut wanted = plan(vec![leaky, step("b", &["a"], "echo $OPSBOOK_OUT_A_T >> log")]);
        wanted["secrets"] = json!(["TOKEN"]);
        let bench = Bench::new(&wanted);
        let output = bench.command(&["run", "plan.json", "--runs", "runs"]).env("TOKEN", "hunter2hunter2").output();
        let output = output.expect("opsbook starts");
        assert_eq!(status(&output), 1, "{}", said(&output));
        assert!(said(&output).contains("its output `t` holds the secret `TOKEN`"), "{}", said(&output));
        assert!(!said(&output).contains("hunter2") && bench.text("log").is_empty());
    }
}

#[test]
fn a_value_made_on_the_way_is_masked_from_then_on_in_later_steps_too() {
    let made =
        "token=made-$((40 + 2))-on-the-way; echo $token >> $OPSBOOK_MASK; echo \"got $token\"; echo $token > made";
    let late = "echo \"later $(cat made)\"; echo \"t=$(cat made)\" >> $OPSBOOK_OUTPUT";
    let bench = Bench::new(&plan(vec![step("a", &[], made), with(step("b", &["a"], late), "outputs", json!(["t"]))]));
    let output = bench.command(&["run", "plan.json", "--runs", "runs"]).output().expect("opsbook starts");
    assert_eq!(status(&output), 1, "{}", said(&output));
    assert!(said(&output).contains("got ***") && said(&output).contains("later ***"), "{}", said(&output));
    assert!(said(&output).contains("holds a value that it masks"), "{}", said(&output));
    assert!(artefacts(&bench.path("runs")).iter().all(|(_, text)| !text.contains("made-42")));
    let short = Bench::new(&plan(vec![step("a", &[], "echo abc >> $OPSBOOK_MASK")]));
    let output = short.command(&["run", "plan.json", "--runs", "runs"]).output().expect("opsbook starts");
    assert_eq!(status(&output), 1);
    assert!(said(&output).contains("cannot be masked: each needs 6 characters"), "{}", said(&output));
}

#[test]
fn a_parameter_that_holds_a_secret_begins_no_run() {
    let mut wanted = plan(vec![step("a", &[], "true")]);
    wanted["secrets"] = json!(["TOKEN"]);
    wanted["params"] = json!({"reason": {"type": "string", "value": "use hunter2hunter2 please"}});
    let bench = Bench::new(&wanted);
    let output = bench.command(&["run", "plan.json", "--runs", "runs"]).env("TOKEN", "hunter2hunter2").output();
    let output = output.expect("opsbook starts");
    assert_eq!(status(&output), 3, "{}", said(&output));
    assert!(said(&output).contains("parameter `reason` holds the secret `TOKEN`"), "{}", said(&output));
    assert!(!said(&output).contains("hunter2") && !bench.path("runs").exists());
}

#[test]
fn a_secret_in_place_of_a_name_is_written_nowhere() {
    let mut wanted = plan(vec![manual("proof", &[], "url"), step("b", &["proof"], "true")]);
    wanted["secrets"] = json!(["TOKEN"]);
    let bench = Bench::new(&wanted);
    let secret = "hunter2hunter2";
    let opsbook = |arguments: &[&str]| {
        let output = bench.command(arguments).env("TOKEN", secret).output().expect("opsbook starts");
        assert!(!said(&output).contains("hunter2"), "{arguments:?}: {}", said(&output));
        output
    };
    // `--pass-env "$TOKEN"` for `--pass-env TOKEN`.
    for name in [secret.to_owned(), format!("{secret} x")] {
        let output = opsbook(&["run", "plan.json", "--runs", "runs", "--pass-env", &name]);
        assert_eq!(status(&output), 2, "{}", said(&output));
        assert!(said(&output).contains("the value of the secret `TOKEN`"), "{}", said(&output));
    }
    assert!(!bench.path("runs").exists());
    assert_eq!(status(&opsbook(&["run", "plan.json", "--runs", "runs"])), 4);
    let output = opsbook(&["resume", "latest", "--runs", "runs", "--pass-env", secret]);
    assert_eq!(status(&output), 2, "{}", said(&output));
    // What others leave for the runner, and what it says of a request that it refuses.
    let run =
        fs::read_dir(bench.path("runs")).expect("there is a run").next().expect("one").expect("it is listed").path();
    let url = |value: &str| json!([["url", value, null]]);
    let requests = [
        json!({"request": "done", "step": "proof", "by": "ana", "evidence": [["capture", secret, null]]}),
        json!({"request": "done", "step": "proof", "by": "ana", "evidence": url(secret)}),
        json!({"request": "done", "step": "proof", "by": secret, "evidence": url("https://example.org")}),
        json!({"request": "done", "step": "proof", "by": "ana", "evidence": [[secret, "x", null], ["url", "https://example.org", null]]}),
        json!({"request": "done", "step": "proof", "by": "ana", "evidence": [["url", "https://example.org", secret]]}),
        json!({"request": "done", "step": secret, "by": "ana", "evidence": []}),
        json!({"request": "resolve", "step": secret, "as": "done", "by": "ana", "note": "x"}),
        json!({"request": "resolve", "step": "b", "as": secret, "by": "ana", "note": "x"}),
        json!({"request": "back", "env": secret, "by": "ana", "note": "x"}),
        json!({"request": secret}),
        json!(secret),
    ];
    for request in &requests {
        fs::write(run.join("inbox/1.json"), request.to_string()).expect("the folder takes files");
        let output = opsbook(&["resume", "latest", "--runs", "runs"]);
        assert_eq!(status(&output), 4, "{request}: {}", said(&output));
        assert!(said(&output).contains("a request was refused"), "{request}: {}", said(&output));
    }
    assert!(artefacts(&bench.path("runs")).iter().all(|(_, text)| !text.contains("hunter2")));
}
