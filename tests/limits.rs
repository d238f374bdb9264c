//! What bounds a run: failures of a group, time that people have, hours in which changes may begin.
#![cfg(unix)]

use crate::cli::Case;
use crate::runbooks::Project;
use opsbook::plan::Facts;
use std::fs;

/// Hosts that are visited: those of `BAD` fail, and each writes down that it began and ended.
fn hosts(group: &str, params: &str) -> String {
    format!(
        "---\nrunbook:\n  version: 1\n  kind: procedure\n  owners: [ana]\n  params: {{bad: {{type: list}}}}\n{params}checklist:\n  \
         - {{id: first, step: look}}\n  - group: Hosts\n{group}    items:\n      - group: Inner\n        items: [{{step: begin}}]\n      \
         - {{step: end}}\n  - {{id: last, step: look}}\n  - {{id: after, step: look, on: done}}\n---\n\n# Page\n\n\
         ```bash\n#| id: look\n#| role: check\n#| timeout: 1m\necho look >> log\n```\n\n\
         ```bash\n#| id: begin\n#| role: notify\n#| timeout: 1m\necho \"begin $HOST\" >> log\n\
         case \" $BAD \" in *\" $HOST \"*) exit 1 ;; esac\n[ \"$HOST\" != slow ] || sleep 1\n```\n\n\
         ```bash\n#| id: end\n#| role: notify\n#| timeout: 1m\necho \"end $HOST\" >> log\n```\n"
    )
}

/// What the hosts of a group have written, in order, and the status of the run.
fn visited(group: &str, bad: &str) -> (Vec<String>, i32) {
    let case = Case::new(&[("page.md", &hosts(group, ""))]);
    let run = case.run(&["run", "page.md", "-p", &format!("bad={bad}"), "--runs", "runs"]);
    let log = fs::read_to_string(case.path("log")).unwrap_or_default();
    let verified = case.run(&["journal", "verify", "latest", "--runs", "runs"]);
    assert_eq!(verified.status, 0, "{}{}", verified.out, verified.err);
    (log.lines().map(str::to_owned).collect(), run.status)
}

#[test]
fn so_many_failures_and_no_new_one_begins() {
    let each = "    each: {host: [a, b, c, d]}\n";
    // As it has always been: in sequence the first failure ends it.
    let (log, status) = visited(each, "b");
    assert_eq!((log.join(" "), status), ("look begin a end a begin b look".into(), 1));
    let one = format!("{each}    max_failures: 1\n");
    let (log, status) = visited(&one, "b");
    assert_eq!((log.join(" "), status), ("look begin a end a begin b begin c end c begin d end d look".into(), 1));
    let (log, status) = visited(&one, "a,b");
    assert_eq!((log.join(" "), status), ("look begin a begin b look".into(), 1));
    let (log, status) = visited(&one, "none");
    assert_eq!(status, 0);
    assert_eq!(log.iter().filter(|line| *line == "look").count(), 3, "{log:?}");
}

#[test]
fn what_runs_beside_a_failure_goes_on_to_its_end() {
    let each = "    each: {host: [slow, bad, c, d]}\n    parallel: 2\n";
    // Without a limit, side by side, a failure stops nobody else: that is the default.
    let (log, status) = visited(each, "bad");
    assert!(log.contains(&"end c".into()) && log.contains(&"end d".into()), "{log:?}");
    assert_eq!(status, 1);
    let (log, status) = visited(&format!("{each}    max_failures: 0\n"), "bad");
    assert!(log.contains(&"end slow".into()), "{log:?}");
    assert!(!log.contains(&"begin c".into()) && !log.contains(&"begin d".into()), "{log:?}");
    // What waits for an end only still comes.
    assert_eq!((log.last().map(String::as_str), status), (Some("look"), 1));
}

#[test]
fn a_limit_that_means_nothing_is_an_error_at_its_place() {
    let said = |group: &str| {
        let project = Project::of(&[("page.md", &hosts(group, ""))]);
        let (_, found) = project.lower("page.md", &[("bad", "x")], &Facts::default());
        project.show_all(&found).join("\n")
    };
    assert!(said("    max_failures: 1\n").starts_with("page.md:10:5 RB002 `max_failures` means nothing"));
    assert!(said("    each: {host: [a]}\n    max_failures: -1\n").contains("RB002"));
    let gate = hosts("    each: {host: [a]}\n    max_failures: 1\n", "")
        .replace("      - {step: end}\n", "      - {id: may, text: May we, approve: {role: r}}\n      - {step: end}\n");
    let project = Project::of(&[("page.md", &gate)]);
    let (_, found) = project.lower("page.md", &[("bad", "x")], &Facts::default());
    let found = project.show_all(&found).join("\n");
    assert!(found.contains("page.md:11:19 RB002 a group in sequence that goes on after a failure"), "{found}");
}

/// The page of a checklist shows groups inside groups, whoever they are for.
#[test]
fn groups_inside_groups_are_on_the_page() {
    let page = "---\nrunbook:\n  version: 1\n  owners: [ana]\n  environments: {lab: {tier: 0}}\nchecklist:\n  - group: Outer\n    env: lab\n    \
                items:\n      - {id: one, text: One}\n      - group: Middle\n        items:\n          - {id: two, step: work}\n          \
                - group: Inmost\n            each: {host: [a]}\n            items: [{id: three, use: \"other.md#lent\"}]\n          \
                - {id: four, text: Four}\n      - {id: five, text: Five}\n---\n\n# Page\n\nSee [three](#item-outer.middle.inmost.three).\n\n\
                ```bash\n#| id: work\n#| role: check\n#| timeout: 1m\ntrue\n```\n";
    let other = "# Other\n\n```bash\n#| id: lent\n#| role: check\n#| timeout: 1m\ntrue\n```\n";
    let case = Case::new(&[("docs/page.md", page), ("docs/other.md", other)]);
    let built = case.run(&["build", "--strict"]);
    assert_eq!(built.status, 0, "{}", built.err);
    let html = fs::read_to_string(case.path("site/page/index.html")).expect("the page is built");
    let at = |id: &str| html.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no {id} in {html}"));
    let order = ["outer", "outer.one", "outer.middle", "outer.middle.two", "outer.middle.inmost"];
    let rest = ["outer.middle.inmost.three", "outer.middle.four", "outer.five"];
    let places: Vec<usize> = order.iter().chain(&rest).map(|id| at(&format!("item-{id}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
    for id in order.iter().chain(&rest) {
        assert_eq!(html.matches(&format!("id=\"item-{id}\"")).count(), 1, "{id}");
    }
    // The environment of the outer group is that of the step's card, and the lent block says who uses it.
    let card = &html[html.find("id=\"step-work\"").expect("the card is there").saturating_sub(1500)..];
    assert!(card.contains("lab"), "{card}");
    let other = fs::read_to_string(case.path("site/other/index.html")).expect("the page is built");
    assert!(other.contains("page/"), "{other}");
    let used = other.find("ob-step").expect("the lent block has a card");
    assert!(other[used..].contains("../page/"), "{}", &other[used..]);
}
