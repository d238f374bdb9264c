//! Every rule for runbooks has a page that triggers it and one that does not.
//!
//! `tests/cases/diagnostics/RBnnn.md` is the page, with `expect: RBnnn` in a comment on the line of each
//! finding, or `expect below: RBnnn` on the line before it; `RBnnn.clean.md` says nothing. Further
//! files of a case follow lines `%%% path`. Of these `git-tags` are the tags of the repository, `git-main`
//! the commits of its default branch and `git-head` the commit that is checked out; with `params` the plan
//! is bound, with the values in it. `journal` has the time and the event of each
//! record of a run; hashes and the plan beside it are made, unless the case has lines of its own.
//! `shellcheck` is what ShellCheck answers for each script.
//!
//! `UPDATE_EXPECTED=1` puts the comments where the findings are; the difference is to be read before
//! it is committed.

use crate::runbooks::Project;
use opsbook::diag::{Code, Diagnostics};
use opsbook::plan::lint::{
    Branch, Context, Inquiry, lint, lint_emitted, lint_journals, lint_release_please, lint_with_shellcheck,
};
use opsbook::plan::machine::Chain;
use opsbook::plan::{self, Binding, Facts};
use opsbook::text::SitePath;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/diagnostics");

/// No repository, and no list of signers.
const UNASKED: Inquiry<'_> = Inquiry {
    rules: &|_| Ok(Default::default()),
    differences: &|_| None,
    digest: &|path| Some(path.file_name().to_owned()),
};

/// 2026-06-01.
const TODAY: i64 = 20_605;

/// The files of a case: the page, and what follows it.
fn files(text: &str) -> Vec<(String, String)> {
    let mut files = vec![("page.md".to_owned(), String::new())];
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("%%% ") {
            Some(path) => files.push((path.trim().to_owned(), String::new())),
            None => files.last_mut().expect("there is a page").1.push_str(line),
        }
    }
    files
}

/// JSON has no comments, so the mark at the end of a line is taken away.
fn without_marks(path: &str, text: &str) -> String {
    if !path.ends_with(".json") {
        return text.to_owned();
    }
    text.lines().map(|line| format!("{}\n", line.split(" // expect: ").next().unwrap_or_default())).collect()
}

/// The marks of a case: file, line, code.
fn marks(files: &[(String, String)]) -> BTreeSet<(String, usize, String)> {
    let mut marks = BTreeSet::new();
    for (path, text) in files {
        for (at, line) in text.lines().enumerate() {
            for (word, number) in [("expect: ", at + 1), ("expect below: ", at + 2)] {
                let Some((_, codes)) = line.split_once(word) else { continue };
                let codes = codes.split_whitespace().take_while(|code| code.starts_with("RB"));
                marks.extend(codes.map(|code| (path.clone(), number, code.to_owned())));
            }
        }
    }
    marks
}

/// What is found in a case: file, line, code; and the same for people.
fn findings(files: &[(String, String)]) -> (BTreeSet<(String, usize, String)>, Vec<String>) {
    let texts: Vec<(&str, String)> =
        files.iter().map(|(path, text)| (path.as_str(), without_marks(path, text))).collect();
    let special = |name: &str| texts.iter().find(|(path, _)| *path == name).map(|(_, text)| text.as_str());
    let kept: Vec<(&str, &str)> = texts
        .iter()
        .filter(|(path, _)| !["git-tags", "git-main", "git-head", "params", "journal", "shellcheck"].contains(path))
        .map(|(path, text)| (*path, text.as_str()))
        .collect();
    let mut project = Project::of(&kept);
    let entry = SitePath::new("page.md");
    let (library, mut found): (_, Diagnostics) = project.library("page.md");
    let given: Option<BTreeMap<String, String>> = special("params").map(|text| {
        let pair = |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        text.lines().filter_map(pair).collect()
    });
    let binding = given.as_ref().map_or(Binding::Template, Binding::Bound);
    let (lowered, more) = plan::lower(entry, &library, binding, &Facts::default(), project.world());
    found.append(more);
    let context = Context::of(project.world(), Some(TODAY), true);
    found.append(lint(entry, &library, lowered.as_ref(), &context));
    if plan::uses_release_please(&library) {
        let tags: Option<BTreeSet<String>> = special("git-tags").map(|text| text.lines().map(str::to_owned).collect());
        found.append(lint_release_please(project.world(), tags.as_ref()));
    }
    if let Some(answer) = special("shellcheck") {
        let ask = &mut |_: &str, _: &str| Ok(answer.to_owned());
        found.append(lint_with_shellcheck(entry, &library, Some(TODAY), ask).expect("the answer is ShellCheck's"));
    }
    if let Some(events) = special("journal") {
        let commit = special("git-head").map(|text| text.trim().to_owned());
        let facts = Facts { commit, ..Facts::default() };
        let plan = project.lower("page.md", &[], &facts).0.expect("the page has a plan").plan;
        let branch = special("git-main")
            .map(|text| Branch { name: "main".into(), commits: text.lines().map(str::to_owned).collect() });
        project = project
            .with("runs/1-A/journal.jsonl", &journal(events, &plan.hash))
            .with("runs/1-A/plan.json", &plan.to_json());
        found.append(lint_journals(
            SitePath::new("runs"),
            project.world(),
            &library,
            None,
            branch.as_ref(),
            &UNASKED,
            TODAY * 86_400,
        ));
    }
    found.append(lint_emitted(project.world(), &[SitePath::new("")]));
    let shown = project.show_all(&found);
    let places = found.iter().map(|diagnostic| {
        let place = diagnostic.span.expect("every finding has a place");
        let text = project.text(place.file.as_str());
        let line = text[..place.range().start].matches('\n').count() + 1;
        let file = if place.file.as_str() == "runs/1-A/journal.jsonl" { "journal" } else { place.file.as_str() };
        (file.to_owned(), line, diagnostic.code.id().to_owned())
    });
    (places.collect(), shown)
}

/// Makes a journal of lines with a time and an event.
fn journal(events: &str, plan: &str) -> String {
    let mut chain = Chain::default();
    let mut out = String::new();
    for line in events.lines() {
        let line = line.split(" # expect: ").next().unwrap_or_default().replace("PLAN", plan);
        let (ts, event) = line.split_once(' ').expect("a time and an event");
        out.push_str(&chain.append(ts, serde_json::from_str(event).expect("an event")));
    }
    out
}

/// Puts marks at findings.
fn marked(files: &[(String, String)], found: &BTreeSet<(String, usize, String)>) -> String {
    let mut out = String::new();
    for (number, (path, text)) in files.iter().enumerate() {
        if number > 0 {
            out.push_str(&format!("%%% {path}\n"));
        }
        for (at, line) in text.lines().enumerate() {
            let mut codes: Vec<&str> = Vec::new();
            for (file, line, code) in found {
                if file == path && *line == at + 1 {
                    codes.push(code);
                }
            }
            let codes = codes.join(" ");
            match () {
                () if codes.is_empty() => out.push_str(line),
                () if line.starts_with("```") => out.push_str(&format!("<!-- expect below: {codes} -->\n{line}")),
                () if path.ends_with(".json") => out.push_str(&format!("{line} // expect: {codes}")),
                () if line.starts_with("- ") => out.push_str(&format!("{line} <!-- expect: {codes} -->")),
                () => out.push_str(&format!("{line} # expect: {codes}")),
            }
            out.push('\n');
        }
    }
    out
}

#[test]
fn every_rule_has_a_page_that_triggers_it_and_one_that_does_not() {
    let mut wrong = Vec::new();
    for code in Code::ALL.iter().map(|code| code.id()).filter(|code| code.starts_with("RB")) {
        let path = format!("{CASES}/{code}.md");
        let (Ok(bad), Ok(clean)) = (fs::read_to_string(&path), fs::read_to_string(format!("{CASES}/{code}.clean.md")))
        else {
            wrong.push(format!("{code} has no pair of pages"));
            continue;
        };
        let (bad, clean) = (files(&bad), files(&clean));
        let (found, shown) = findings(&bad);
        if std::env::var_os("UPDATE_EXPECTED").is_some() && marks(&bad).is_empty() {
            fs::write(&path, marked(&bad, &found)).expect("the case can be written");
            wrong.push(format!("{code} was marked: {shown:#?}"));
        } else if marks(&bad) != found {
            wrong.push(format!("{code}.md expects {:?} and has {shown:#?}", marks(&bad)));
        }
        if !found.iter().any(|(_, _, found)| found == code) {
            wrong.push(format!("{code}.md does not trigger {code}: {shown:#?}"));
        }
        let (found, shown) = findings(&clean);
        if !found.is_empty() {
            wrong.push(format!("{code}.clean.md has {shown:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_page_is_for_a_rule_that_does_not_exist() {
    let known: BTreeSet<&str> = Code::ALL.iter().map(|code| code.id()).collect();
    for entry in fs::read_dir(CASES).expect("there are cases") {
        let name = entry.expect("it can be read").file_name().into_string().expect("a name is text");
        let code = name.split('.').next().unwrap_or_default();
        assert!(known.contains(code), "{name} is for no code");
    }
}

#[test]
fn a_journal_that_was_changed_is_reported_at_its_line() {
    let text = fs::read_to_string(format!("{CASES}/RB606.clean.md")).expect("there is a case");
    let files = files(&text);
    let project = Project::of(&[("page.md", &files[0].1)]);
    let plan = project.lower("page.md", &[], &Facts::default()).0.expect("the page has a plan").plan;
    let sound = journal(&files[1].1, &plan.hash);
    let (library, _) = project.library("page.md");
    let says = |journal: &str, plan: &str| {
        let mut files = vec![("page.md", files[0].1.as_str()), ("runs/1-A/journal.jsonl", journal)];
        files.extend((!plan.is_empty()).then_some(("runs/1-A/plan.json", plan)));
        let project = Project::of(&files);
        project.show_all(&lint_journals(
            SitePath::new("runs"),
            project.world(),
            &library,
            None,
            None,
            &UNASKED,
            TODAY * 86_400,
        ))
    };
    let json = plan.to_json();
    assert_eq!(says(&sound, &json), [] as [String; 0]);
    let changed = says(&sound.replace("\"reason\":\"down\"", "\"reason\":\"fine\""), &json);
    let expected = "runs/1-A/journal.jsonl:4:1 RB606 this line of the journal is not what was written: the record \
                    does not have the hash that it claims";
    assert_eq!(changed, [expected]);
    assert!(says(&sound, &json.replace("chart.tgz", "other.tgz"))[0].contains("plan.json:1:1 RB606"));
    assert!(says(&sound, "")[0].contains("journal.jsonl:1:1 RB606 there is no `runs/1-A/plan.json`"));
    let other = journal(&files[1].1, "sha256:0");
    assert!(says(&other, &json)[0].contains("journal.jsonl:1:1 RB606 this run was of the plan `sha256:0`"));
}
