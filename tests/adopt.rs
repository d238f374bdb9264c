//! `opsbook adopt`: what is proposed, that patches are taken, and that nothing else changes.

use opsbook::build;
use opsbook::diag::{Code, Severity};
use opsbook::markdown::{self, Dialect, ExtensionUse};
use opsbook::plan::adopt::{Adoption, Proposal, prose, unified_diff};
use opsbook::plan::lint::{self, Context};
use opsbook::text::{SitePath, Source, Span, Spanned};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

fn adopt(text: &str) -> Adoption {
    let source = Source::new(SitePath::new("page.md"), text);
    build::adopt_page(None, &std::collections::BTreeMap::new(), &source, &BTreeSet::new())
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
    assert_eq!((found.n_steps, found.n_items, found.n_left), (3, 6, 3));
    assert_eq!(found.params, ["namespace", "shard-name"]);
    let expected = "---
runbook:
  version: 1
  id: page
  kind: procedure
  params:
    namespace: {type: string, prompt: \"namespace\"}
    shard-name: {type: string, prompt: \"shard name\"}
  allow:
    - \"RB301 adopted: the page does not say yet how to see whether its changes worked\"
    - \"RB601 adopted: the page names no owner yet\"
checklist:
  - text: \"Tell <team> first\"
  - text: \"Tell the \\\"users\\\"\"
  - group: \"Look\"
    items:
      - step: look
  - group: \"Stop\"
    items:
      - step: stop
      - step: stop-2
      - text: \"By hand: Stop\"
        section: \"#stop\"
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
        // It may be typed on that host.
        "```\ngit status\n",
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
    ("# A\n\n```bash\nNS=<ns>\nkubectl -n $NS get pods\n```\n", "NS=\"$NS\"\n"),
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
        let context = Context::of(project.world(), None, true);
        diagnostics.append(lint::lint(SitePath::new("page.md"), &library, lowered.as_ref(), &context));
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

/// The items that are proposed for a page, in order: ids of steps, and texts of what people do.
fn items(text: &str) -> Vec<String> {
    let text = proposal(text).text;
    let items = text.lines().skip_while(|line| *line != "checklist:").take_while(|line| *line != "---");
    let items = items.filter_map(|line| {
        let line = line.trim_start().strip_prefix("- ")?;
        let text = line.strip_prefix("text: ").or_else(|| line.strip_prefix("step: "))?;
        Some(text.trim_matches('"').to_owned())
    });
    items.collect()
}

#[test]
fn what_is_typed_into_an_entered_shell_is_for_people() {
    for enter in
        ["ssh host", "oc rsh pod/web", "kubectl exec -it web -- bash", "docker exec -it web sh", "sudo -i", "su -"]
    {
        let page = format!(
            "# A\n\n## One\n\nGo in:\n\n```bash\n{enter}\n```\n\nLook around:\n\n```bash\nls /srv\n```\n\n## Two\n\n\
             ```bash\ndf -h\n```\n"
        );
        assert_eq!(items(&page), ["Go in", "Look around", "two"], "{enter}");
    }
    let left = "# A\n\n```bash\nssh host\n```\n\n```bash\nls\nexit\n```\n\n```bash\ndf -h\n```\n";
    assert_eq!(items(left), ["By hand: A", "a"]);
    let said = "# A\n\nLog in to the node and look:\n\n```bash\ndf -h\n```\n\n## B\n\n```bash\nls\n```\n";
    // What stands below the title holds for the whole page.
    assert_eq!(items(said), ["Log in to the node and look", "By hand: B"]);
    let sql = "# A\n\n```bash\npsql -h db shop\n```\n\nFind the rows:\n\n```sql\nselect 1;\n```\n\n## B\n\n```bash\ndf -h\n```\n";
    assert_eq!(items(sql), ["By hand: A", "Find the rows", "By hand: B"]);
}

#[test]
fn what_only_prepares_a_shell_or_is_left_out_is_for_people() {
    for prepares in [
        "export API_TOKEN=...",
        "export API_TOKEN=\"…\"",
        "TOKEN=...",
        "cd /srv/app",
        "export A=1\ncd /srv",
        "source .venv/bin/activate",
        "helm upgrade shop --set tag=...",
    ] {
        let page = format!("# A\n\n```bash\n{prepares}\n```\n\n## B\n\n```bash\ndf -h\n```\n");
        assert_eq!(items(&page), ["By hand: A", "b"], "{prepares}");
    }
    let go = "# A\n\n```bash\ncd /srv\ngo test ./...\n```\n";
    assert_eq!(items(go), ["a"]);
}

#[test]
fn a_numbered_item_of_one_word_is_what_its_block_is_for() {
    for fence in ["```", "```bash"] {
        let page = |text: &str| format!("# A\n\n{text}\n\n    {fence}\n    kubectl get pods\n    ```\n");
        let said = |page: &str| proposal(page).text.contains("  - step: a\n    text: \"Drain\"\n---\n");
        assert!(said(&page("1. Drain:")), "{fence}");
        // Above a block of the prose such a word may say anything of it.
        assert!(!said(&page("Drain:").replace("\n    ", "\n")), "{fence}");
    }
}

#[test]
fn logins_are_for_people() {
    for login in ["gcloud auth login", "az login", "aws sso login", "vault login", "docker login registry.example.org"]
    {
        let page = format!("# A\n\n```bash\n{login}\n```\n\n```bash\ndf -h\n```\n");
        assert_eq!(items(&page), ["By hand: A", "a"], "{login}");
    }
}

#[test]
fn one_of_several_ways_is_not_the_next_step() {
    let block = |script: &str| format!("```bash\n{script}\n```\n\n");
    let (install, update) = (block("helm install web charts/web"), block("helm upgrade web charts/web"));
    let page = format!("# A\n\nTo install the chart:\n\n{install}To update the chart:\n\n{update}");
    assert_eq!(items(&page), ["Choose what applies: To install the chart; To update the chart"]);
    let page = format!("# A\n\nInstall the chart:\n\n{install}Or update it in place:\n\n{update}");
    assert_eq!(items(&page), ["Choose what applies: Install the chart; Or update it in place"]);
    let page = format!("# A\n\nLook:\n\n{}If the chart is there already:\n\n{update}", block("df -h"));
    assert_eq!(items(&page), ["a", "Only where it applies: If the chart is there already"]);
    let page = format!("# A\n\n## Deploy\n\n{install}## Rollback\n\n{}", block("helm rollback web"));
    assert_eq!(items(&page), ["deploy", "Only where it applies: Rollback"]);
    let page = format!("# A\n\n## Option 1\n\n{install}## Option 2\n\n{update}");
    assert_eq!(items(&page), ["Choose what applies: Option 1; Option 2"]);
}

#[test]
fn no_instruction_is_dropped() {
    let page = "# A\n\nThis page is about the queue.\n\n1. Tell the users on the status page.\n2. Stop the queue:\n\n    \
                ```bash\n    kubectl scale deploy queue --replicas=0\n    ```\n\n3. The queue is empty now. Check that \
                the dashboard is green.\n\nVerify that no mail is stuck. Then wait for ten minutes.\n\n- Open the \
                dashboard\n- a name\n- Run time is short\n";
    let found = proposal(page);
    assert_eq!(
        items(page),
        [
            "Tell the users on the status page",
            "a",
            "The queue is empty now",
            "Verify that no mail is stuck",
            "Open the dashboard"
        ]
    );
    assert_eq!(found.n_untold, 2);
}

#[test]
fn pages_that_cannot_be_adopted_stay() {
    assert_eq!(adopt("# A\n\ntext\n\n```python\nprint()\n```\n"), Adoption::Nothing);
    assert_eq!(adopt("# A\n\n```bash\nkubectl get (pod\n```\n"), Adoption::Nothing);
    assert_eq!(adopt("# A\n\n```bash\nfor i in 1 2 <15\ndo ls\ndone\n```\n"), Adoption::Nothing);
    assert!(matches!(adopt("Title: T\nAuthor: A\n\n# A\n\n```bash\nls\n```\n"), Adoption::Refused(_)));
    assert!(matches!(adopt("---\nchecklist: [a]\n---\n\n```bash\nls\n```\n"), Adoption::Refused(_)));
}

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/adopt");

/// The pages of the cases: name and text.
fn cases() -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = fs::read_dir(CASES)
        .expect("there are cases")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .map(|path| {
            let name = path.file_stem().expect("it has a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("a case is text"))
        })
        .collect();
    all.sort();
    assert!(all.len() >= 5);
    all
}

/// What `check` says of a page.
fn findings(text: &str) -> opsbook::diag::Diagnostics {
    let project = crate::runbooks::Project::of(&[("page.md", text)]);
    let path = SitePath::new("page.md");
    let (library, mut found) = build::collect_library(None, project.world(), path);
    let facts = opsbook::plan::Facts::default();
    let (lowered, said) =
        opsbook::plan::lower(path, &library, opsbook::plan::Binding::Template, &facts, project.world());
    found.append(said);
    found.append(lint::lint(path, &library, lowered.as_ref(), &Context::of(project.world(), None, true)));
    found
}

#[test]
fn proposals_are_as_written_and_break_no_rule() {
    let mut wrong = Vec::new();
    for (name, text) in cases() {
        let found = proposal(&text);
        let diff = unified_diff(&format!("{name}.md"), &text, &found.edits);
        let path = format!("{CASES}/{name}.diff");
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&path, &diff).expect("the case can be written");
        }
        if fs::read_to_string(&path).unwrap_or_default() != diff {
            wrong.push(format!("{name}:\n{diff}"));
        }
        assert_eq!(prose_of(&found.text), prose_of(&text), "{name}");
        assert_eq!(adopt(&found.text), Adoption::IsRunbook, "{name}");
        let errors = findings(&found.text).into_iter().filter(|found| found.severity == Severity::Error);
        assert_eq!(errors.map(|error| error.message).collect::<Vec<_>>(), [] as [String; 0], "{name}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// In boxes, quotes, lists, tabs and transcripts, what is said about a line names that line.
#[test]
fn a_mistake_in_a_step_is_reported_at_its_line() {
    let mut n_tried = 0;
    for (name, text) in cases() {
        let adopted = proposal(&text).text;
        let lines: Vec<&str> = adopted.split_inclusive('\n').collect();
        for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.contains("#| timeout:")) {
            let prefix = &line[..line.find("#|").expect("it was found")];
            let below = lines[at + 1].trim_start_matches([' ', '>']);
            let prompt = if below.starts_with("$ ") { "$ " } else { "" };
            let mistakes: [(String, Code, &str); 4] = [
                (format!("{prefix}#| timeuot: 5m\n"), Code::RunbookUnknownBlockKey, "timeuot"),
                (format!("{prefix}{prompt}echo é \"$NOBODY_SETS_IT\"\n"), Code::UnknownVariable, "NOBODY_SETS_IT"),
                (format!("{prefix}{prompt}echo é <the place>\n"), Code::Placeholder, "<the place>"),
                (
                    format!("{prefix}{prompt}echo 'é' ${{{{ github.event.a }}}}\n"),
                    Code::ForeignExpression,
                    "github.event",
                ),
            ];
            for (mistake, code, named) in mistakes {
                // A header's mistake stands in place of the header's line, a script's below it.
                let header = usize::from(!mistake.contains("#|"));
                let before = lines[..at + header].concat();
                let page = before.clone() + &mistake + &lines[at + 1..].concat();
                let found = findings(&page);
                let said: Vec<(usize, &str)> = found
                    .iter()
                    .filter(|diagnostic| diagnostic.code == code)
                    .map(|diagnostic| {
                        let range = diagnostic.span.expect("it has a place").range();
                        (page[..range.start].matches('\n').count(), &page[range])
                    })
                    .collect();
                let line = before.matches('\n').count();
                assert!(
                    said.iter().any(|(at, text)| *at == line && text.contains(named)),
                    "{name} {line}: {said:?}\n{page}"
                );
                n_tried += 1;
            }
        }
    }
    assert!(n_tried > 60, "{n_tried}");
}

/// A folder with a project, and the program in it.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        let bench = Bench { folder: tempfile::tempdir().expect("a temporary folder can be made") };
        let extensions = "[admonition, attr_list, pymdownx.superfences, pymdownx.tabbed, pymdownx.tasklist]";
        bench.write("mkdocs.yml", &format!("site_name: Test\nmarkdown_extensions: {extensions}\n"));
        bench.write("docs/index.md", "# Home\n");
        for (name, text) in cases() {
            bench.write(&format!("docs/pages/{name}.md"), &text);
        }
        bench
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().expect("it stands in a folder")).expect("the folder can be made");
        fs::write(path, text).expect("the folder takes files");
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.path().join(path)).expect("the file is there")
    }

    /// Runs the program: how it ended, and what it wrote to both streams.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_opsbook"));
        let output = command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null()).output();
        let output = output.expect("the program starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it writes text");
        (output.status.code().expect("it ends by itself"), text(output.stdout), text(output.stderr))
    }

    /// What readers see of the pages, apart from the checklists, the cards and the code.
    fn shown(&self) -> Vec<(String, String)> {
        assert_eq!(self.run(&["build", "-q"]).0, 0);
        let shown = |(name, _): (String, String)| {
            let page = self.read(&format!("site/pages/{name}/index.html"));
            let start = page.find("<article").expect("a page has an article");
            let mut html = page[start..page.find("</article>").expect("it ends")].to_owned();
            for (open, tag) in
                [("<section class=\"ob-runbook\"", "section"), ("<div class=\"ob-step\"", "div"), ("<pre", "pre")]
            {
                while let Some(at) = html.find(open) {
                    let end = at + length_of_element(&html[at..], tag);
                    html.replace_range(at..end, if tag == "pre" { "CODE" } else { "" });
                }
            }
            // A step has an anchor of its own.
            let mut words = String::new();
            for part in html.split(" id=\"step-") {
                let rest = if words.is_empty() { part } else { part.split_once('"').map_or("", |(_, rest)| rest) };
                words.push_str(rest);
            }
            (name, words.split_whitespace().collect::<Vec<_>>().join(" "))
        };
        cases().into_iter().map(shown).collect()
    }
}

/// How long the element is that a text begins with.
fn length_of_element(html: &str, tag: &str) -> usize {
    let (open, close) = (format!("<{tag}"), format!("</{tag}>"));
    let (mut at, mut depth) = (0, 0);
    loop {
        let next = html[at..].find(&close).expect("it is closed") + at;
        depth += html[at..next].matches(&open).count();
        at = next + close.len();
        depth -= 1;
        if depth == 0 {
            return at;
        }
    }
}

#[test]
fn a_folder_is_adopted_as_a_patch_or_in_place() {
    let bench = Bench::new();
    let before = bench.shown();
    let (status, patch, said) = bench.run(&["adopt", "docs"]);
    assert_eq!(status, 0, "{said}");
    assert!(said.contains(&format!("Proposed {} of {} pages", cases().len(), cases().len() + 1)), "{said}");
    assert_eq!(bench.read("docs/pages/long.md"), cases()[1].1, "a proposal changes nothing");

    let (status, none, said) = bench.run(&["adopt", "--write", "docs"]);
    assert_eq!((status, none.as_str()), (0, ""), "{said}");
    assert!(said.contains("Adopted 5 of 6 pages"), "{said}");
    let other = Bench::new();
    if patched("git", &["apply", "-"], other.folder.path(), &patch).is_some() {
        for (name, _) in cases() {
            let path = format!("docs/pages/{name}.md");
            assert_eq!(bench.read(&path), other.read(&path), "{name}");
        }
    }
    assert_eq!(bench.shown(), before, "the prose stays");
    let (status, _, said) = bench.run(&["check"]);
    assert!(status == 0 && said.contains(" 0 errors"), "{said}");
    let (status, nothing, said) = bench.run(&["adopt", "docs"]);
    assert_eq!((status, nothing.as_str()), (0, ""), "{said}");
}

#[test]
fn no_two_pages_get_one_id() {
    let bench = Bench::new();
    for folder in ["db", "web", "web/old"] {
        bench.write(&format!("docs/{folder}/restart.md"), "# Restart\n\n```bash\nkubectl get pods\n```\n");
    }
    let id = |folder: &str| {
        let text = bench.read(&format!("docs/{folder}/restart.md"));
        text.lines().find_map(|line| line.strip_prefix("  id: ").map(str::to_owned)).expect("it is adopted")
    };
    assert_eq!(bench.run(&["adopt", "--write", "docs/web"]).0, 0);
    assert_eq!((id("web/old"), id("web")), ("restart".to_owned(), "web-restart".to_owned()));
    assert_eq!(bench.run(&["adopt", "--write", "docs/db/restart.md"]).0, 0);
    assert_eq!(id("db"), "db-restart");
}

#[test]
fn the_exit_status_says_whether_a_page_has_a_proposal() {
    let bench = Bench::new();
    bench.write("docs/old.md", "Title: T\nAuthor: A\n\n# A\n\n```bash\nls\n```\n");
    let (status, out, said) = bench.run(&["adopt", "docs/old.md"]);
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(said.contains("docs/old.md: no proposal: its metadata is no YAML"), "{said}");
    let (status, _, said) = bench.run(&["adopt", "docs"]);
    assert!(status == 0 && said.ends_with(", 1 page\n"), "{said}");
    assert_eq!(bench.run(&["adopt", "docs/pages/values.md"]).0, 0);
    assert_eq!(bench.run(&["adopt", "docs/index.md"]).0, 0, "a page without commands needs nothing");
    assert_eq!(bench.run(&["adopt", "docs/none.md"]).0, 2);
    assert_eq!(bench.run(&["adopt"]).0, 2);
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
    let propose = &mut |count| {
        let found = adopt(&page(count));
        assert!(matches!(found, Adoption::Proposal(_)), "{found:?}");
    };
    crate::growth::assert_linear("adopt", propose, 60);
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
