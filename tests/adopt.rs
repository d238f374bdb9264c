//! `opsbook adopt`: what is proposed, that patches are taken, and that nothing else changes.

use opsbook::build;
use opsbook::markdown::{self, Dialect, ExtensionUse};
use opsbook::plan::adopt::{Adoption, Proposal, prose, unified_diff};
use opsbook::text::{SitePath, Source, Span, Spanned};
use proptest::prelude::*;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

fn adopt(text: &str) -> Adoption {
    let source = Source::new(SitePath::new("page.md"), text);
    build::adopt_page(None, &std::collections::BTreeMap::new(), &source)
}

fn proposal(text: &str) -> Proposal {
    match adopt(text) {
        Adoption::Proposal(proposal) => proposal,
        other => panic!("no proposal: {other:?}"),
    }
}

const RESTART: &str = "# Restart the queue\n\nTell `<team>` first.\n\n- [ ] Tell the \"users\"\n\n## Look\n\n```bash\nkubectl \
                       -n <namespace> get pods | grep 'queue-<shard name>'\n```\n\n## Stop\n\n```sh\nkubectl delete pod \
                       \"queue-<shard name>\" --timeout=20m\n```\n\n```console\n$ uptime\n up 3 days\n```\n\n```console\n$ \
                       ssh <host>\n```\n\n```yaml\na: <b>\n```\n\n```\ngit status\n```\n\n```\nsome output\n```\n\n```bash\nif \
                       then\n```\n";

#[test]
fn a_page_gets_headers_parameters_and_a_checklist() {
    let found = proposal(RESTART);
    assert_eq!((found.n_steps, found.n_items, found.n_left), (4, 5, 2));
    assert_eq!(found.params, ["namespace", "shard-name"]);
    let expected = "---
runbook:
  version: 1
  id: page
  kind: procedure
  params:
    \"namespace\": {type: string, prompt: \"namespace\"}
    \"shard-name\": {type: string, prompt: \"shard name\"}
checklist:
  - text: \"Tell the \\\"users\\\"\"
  - step: look
  - step: stop
  - step: stop-2
  - step: stop-3
---

# Restart the queue
";
    assert_eq!(found.text.split_once("\nTell").map(|(head, _)| head), Some(expected));
    for part in [
        "```bash\n#| id: look\n#| impact: read\n#| timeout: 5m\nkubectl -n \"$NAMESPACE\" get pods | grep 'queue-'\"$SHARD_NAME\"''\n",
        "```sh\n#| id: stop\n#| impact: destroy\n#| timeout: 40m\nkubectl delete pod \"queue-${SHARD_NAME}\" --timeout=20m\n",
        "```console\n#| id: stop-2\n#| impact: read\n#| timeout: 5m\n$ uptime\n up 3 days\n",
        "```console\n$ ssh <host>\n",
        "```yaml\na: <b>\n",
        "```\n#| id: stop-3\n#| shell: bash\n#| impact: read\n#| timeout: 5m\ngit status\n",
        "```\nsome output\n",
        "```bash\nif then\n",
    ] {
        assert!(found.text.contains(part), "{part}\nis not in\n{}", found.text);
    }
    assert_eq!(adopt(&found.text), Adoption::IsRunbook, "a second time there is nothing to do");
}

/// Pages that are hard to change: each with what must be in the result.
const PAGES: [(&str, &str); 9] = [
    (RESTART, "id: look"),
    ("---\ntitle: T\n---\n\n# A\n\n```bash\nls <path>\n```\n", "ls \"$THE_PATH\""),
    ("# A\r\n\r\n```bash\r\nls\r\n```\r\n", "#| id: a\r\n#| impact: read\r\n"),
    ("\u{feff}# A\n\n```bash\nls\n```\n", "\u{feff}---\nrunbook:"),
    ("1. One\n\n    ```bash\n    ls\n    ```\n\n2. Two\n", "    #| id: ls\n"),
    ("> ```bash\n> ls\n> ```\n", "> #| id: ls\n"),
    ("!!! note\n    ```bash\n    ls\n    ```", "    #| id: ls\n"),
    ("# A\n\n```bash\nNS=<ns>\nkubectl -n $NS get pods\n```\n", "NS=\"$THE_NS\"\n"),
    ("# A\n\n- [ ] One\n- [ ] One\n", "  - text: \"One\"\n  - text: \"One\"\n"),
];

#[test]
fn the_prose_stays_and_the_page_has_a_plan() {
    for (text, part) in PAGES {
        let found = proposal(text);
        assert!(found.text.contains(part), "{part:?} is not in {:?}", found.text);
        assert_eq!(prose_of(&found.text), prose_of(text), "{text:?}");
        let project = crate::runbooks::Project::of(&[("page.md", &found.text)]);
        let (library, mut diagnostics) =
            opsbook::build::collect_library(None, project.world(), SitePath::new("page.md"));
        let (lowered, said) = opsbook::plan::lower(
            SitePath::new("page.md"),
            &library,
            opsbook::plan::Binding::Template,
            &opsbook::plan::Facts::default(),
            project.world(),
        );
        diagnostics.append(said);
        assert_eq!(project.show_all(&diagnostics), [] as [String; 0], "{text:?}");
        crate::schemas::assert_valid_plan(&lowered.expect("no diagnostics, hence a plan").plan);
        assert_eq!(adopt(&found.text), Adoption::IsRunbook);
    }
}

fn prose_of(text: &str) -> Vec<String> {
    let nowhere = Span::at_start(SitePath::new(""));
    let names =
        ["admonition", "attr_list", "def_list", "pymdownx.details", "pymdownx.superfences", "pymdownx.tasklist"];
    let uses = names.map(|name| ExtensionUse { name: Spanned::new(name.to_owned(), nowhere), options: None });
    let (dialect, _) = Dialect::mkdocs(&uses);
    let source = Source::new(SitePath::new("page.md"), text);
    prose(&markdown::parse(&source, &dialect, &std::collections::BTreeMap::new()).document)
}

#[test]
fn pages_that_cannot_be_adopted_stay() {
    assert_eq!(adopt("# A\n\ntext\n\n```python\nprint()\n```\n"), Adoption::Nothing);
    assert_eq!(adopt("# A\n\n```bash\nkubectl get (pod\n```\n"), Adoption::Nothing);
    assert!(matches!(adopt("Title: T\nAuthor: A\n\n# A\n\n```bash\nls\n```\n"), Adoption::Refused(_)));
    assert!(matches!(adopt("---\nchecklist: [a]\n---\n\n```bash\nls\n```\n"), Adoption::Refused(_)));
}

/// Applies a patch with a program, where that program is here.
fn patched(program: &str, arguments: &[&str], folder: &Path, diff: &str) -> Option<()> {
    let child =
        Command::new(program).args(arguments).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
    let mut child = child.ok()?;
    child.stdin.take().expect("it listens").write_all(diff.as_bytes()).expect("it takes the patch");
    assert!(child.wait().expect("it ends").success(), "{program} refused\n{diff}");
    Some(())
}

#[test]
fn patches_are_taken() {
    let programs: [(&str, &[&str]); 2] = [("git", &["apply", "-"]), ("patch", &["-p1", "--binary"])];
    let mut n_taken = 0;
    for (text, _) in PAGES {
        let found = proposal(text);
        for (program, arguments) in programs {
            let folder = tempfile::tempdir().expect("a temporary folder can be made");
            let file = folder.path().join("a page.md");
            fs::write(&file, text).expect("the folder takes files");
            let diff = unified_diff("a page.md", text, &found.edits);
            if patched(program, arguments, folder.path(), &diff).is_some() {
                assert_eq!(fs::read_to_string(&file).expect("the page is there"), found.text, "{program}: {text:?}");
                n_taken += 1;
            }
        }
    }
    assert!(n_taken >= PAGES.len(), "neither git nor patch is here");
}

#[test]
fn the_time_grows_no_faster_than_the_page() {
    let page = |count: usize| -> String {
        (0..count)
            .map(|_| "## Same heading\n\n- [ ] One\n\n```bash\nkubectl get <pod> {{ {{ {{\n```\n\n```bash\nls <a> '<b>'\n```\n\n")
            .collect()
    };
    let time = |count| {
        let text = page(count);
        let start = Instant::now();
        let found = adopt(&text);
        assert!(matches!(found, Adoption::Proposal(_)), "{found:?}");
        start.elapsed().as_secs_f64()
    };
    time(20);
    let (small, large) = (time(150), time(1200));
    // Eight times the page; a square would take 64 times as long.
    assert!(large < small.max(0.02) * 32.0, "{small} s and {large} s");
}

const PIECES: [&str; 40] = [
    "\n",
    "\n\n",
    "    ",
    "  ",
    "> ",
    "- ",
    "- [ ] ",
    "1. ",
    "# ",
    "## A\n",
    "---\n",
    "title: x\n",
    "runbook:\n",
    "checklist: [a]\n",
    "```bash\n",
    "```console\n",
    "```sh hl_lines=\"1\"\n",
    "```\n",
    "~~~ sh\n",
    "``` { .bash }\n",
    "\n```\n",
    "$ ls\n",
    "ls\n",
    "kubectl get ",
    "<pod>",
    "<a b>",
    "{{x}}",
    "'",
    "\"",
    "$(",
    ")",
    "\\",
    "<<E\n",
    "#| id: a\n",
    "é",
    "\u{feff}",
    "\r\n",
    "\t",
    "!!! note\n    ",
    "<!--",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_page_is_adopted_or_left(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..40)) {
        let text = pieces.concat();
        if let Adoption::Proposal(found) = adopt(&text) {
            prop_assert_eq!(prose_of(&found.text), prose_of(&text));
            prop_assert_eq!(adopt(&found.text), Adoption::IsRunbook);
            let diff = unified_diff("a.md", &text, &found.edits);
            prop_assert_eq!(undo(&diff), (shown(&text, &diff, '-'), shown(&found.text, &diff, '+')));
        }
    }
}

/// The lines that a patch says were there, and those that it says are there afterwards.
fn undo(diff: &str) -> (Vec<String>, Vec<String>) {
    let (mut old, mut new) = (Vec::new(), Vec::new());
    for line in diff.split('\n').skip(2) {
        match line.split_at_checked(1) {
            Some((" ", rest)) => {
                old.push(rest.to_owned());
                new.push(rest.to_owned());
            }
            Some(("-", rest)) => old.push(rest.to_owned()),
            Some(("+", rest)) => new.push(rest.to_owned()),
            _ => {}
        }
    }
    (old, new)
}

/// The lines of a text that the hunks of a patch are about.
fn shown(text: &str, diff: &str, side: char) -> Vec<String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut out = Vec::new();
    for hunk in diff.split('\n').filter(|line| line.starts_with("@@ -")) {
        let place = hunk.split(' ').find(|word| word.starts_with(side)).expect("a hunk has both sides");
        let (start, count) = place[1..].split_once(',').expect("a start and a count");
        let (start, count): (usize, usize) = (start.parse().expect("a number"), count.parse().expect("a number"));
        out.extend(
            lines[start - 1..start - 1 + count].iter().map(|line| line.strip_suffix('\n').unwrap_or(line).to_owned()),
        );
    }
    out
}
