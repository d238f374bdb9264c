//! Every command, given what it cannot use: it says what was given, what was expected and what to type,
//! and its status is never that of a success.

use crate::cli::Case;

/// A runbook that cannot be read because of one byte.
const LATIN: &[u8] = b"---\nrunbook: {version: 1, id: latin, owners: [a]}\nchecklist: [{step: o}]\n---\n# \xe9\n";

/// A project with one file of every wrong kind.
fn wrong() -> Case {
    let case = Case::new(&[("docs/empty.md", ""), ("docs/text.txt", "text"), ("empty.json", ""), ("empty.yml", "")]);
    std::fs::create_dir(case.path("nothing")).unwrap();
    case.write("docs/latin.md", LATIN);
    case.write("latin.json", b"\"\xe9\"");
    case.write("latin.yml", b"site_name: \xe9\n");
    #[cfg(unix)]
    for name in ["loop.md", "loop.yml", "loop.json"] {
        // Who runs the tests may read everything; a link to itself is what nobody can read.
        std::os::unix::fs::symlink(name, case.path(name)).unwrap();
    }
    case
}

/// What is typed, the status, and what is said.
type Row<'a> = (&'a str, i32, &'a [&'a str]);

fn assert_rows(case: &Case, command: &str, rows: &[Row<'_>]) {
    for (given, status, expected) in rows {
        if cfg!(not(unix)) && given.contains("loop") {
            continue;
        }
        let typed = format!("{command} {given}");
        let ended = case.run(&typed.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>());
        assert_eq!(ended.status, *status, "{typed}\n{}", ended.err);
        for text in *expected {
            assert!(ended.err.contains(text), "{typed}: no `{text}` in\n{}", ended.err);
        }
        if *status == 2 {
            let way_out = ["help: ", "--help", "write `"].iter().any(|way| ended.err.contains(way));
            assert!(way_out, "{typed} does not say what to type:\n{}", ended.err);
        }
    }
}

#[test]
fn a_plan_is_made_of_a_runbook_or_refused_in_words() {
    let case = wrong();
    let fault = |at_fault| -> Vec<Row<'static>> {
        vec![
            ("missing.md", 2, &["error: there is no file `missing.md`", "name a page with a runbook"]),
            ("docs", 2, &["error: `docs` is a folder", "name a page with a runbook"]),
            ("docs/latin.md", at_fault, &["error[OB401]: `docs/latin.md` is not valid UTF-8", "docs/latin.md:5:3"]),
            ("docs/empty.md", at_fault, &["error[RB002]: `docs/empty.md` is no runbook", "`opsbook adopt`"]),
            ("docs/index.md", at_fault, &["error[RB002]: `docs/index.md` is no runbook", "`opsbook adopt`"]),
            ("docs/text.txt", 2, &["error: `docs/text.txt` is neither a page nor a plan in JSON"]),
            ("loop.md", 2, &["error: cannot read `loop.md`: "]),
            ("loop.json", 2, &["error: cannot read `loop.json`: "]),
            ("empty.json", at_fault, &["error: `empty.json`: this is no plan", "opsbook plan PAGE --format json"]),
            ("latin.json", 2, &["error: cannot read `latin.json`: it is not UTF-8 after its first 1 bytes"]),
        ]
    };
    for (command, at_fault) in [("plan", 1), ("emit bash", 1), ("plan explain x", 1)] {
        assert_rows(&case, command, &fault(at_fault));
    }
    if cfg!(unix) {
        assert_rows(&case, "run --dry-run", &fault(3));
        assert_rows(&case, "run --runs runs", &fault(3));
        assert!(!case.path("runs").exists());
    }
}

#[test]
fn plans_are_wanted_where_plans_are_compared() {
    let case = wrong();
    let rows: &[Row<'_>] = &[
        ("missing.json", 2, &["error: there is no file `missing.json`", "opsbook plan PAGE --format json"]),
        ("docs", 2, &["error: `docs` is a folder"]),
        (
            "docs/index.md",
            2,
            &["`docs/index.md` is a page, and a plan in JSON is wanted", "opsbook plan docs/index.md"],
        ),
        ("empty.json", 1, &["error: `empty.json`: this is no plan", "opsbook plan PAGE"]),
        ("latin.json", 2, &["error: cannot read `latin.json`"]),
        ("loop.json", 2, &["error: cannot read `loop.json`"]),
    ];
    assert_rows(&case, "plan verify", rows);
    assert_rows(&case, "plan diff empty.json", &[("", 2, &["<NEW>"])]);
    for row in rows {
        assert_rows(&case, &format!("plan diff {}", row.0), &[(row.0, row.1, row.2)]);
    }
}

#[test]
fn pages_are_wanted_where_pages_are_judged() {
    let case = wrong();
    assert_rows(
        &case,
        "lint",
        &[
            ("", 1, &["error[OB401]: `docs/latin.md`", "Judged 0 runbooks: 1 finding\n"]),
            ("missing.md", 2, &["error: there is no file `missing.md`", "or a folder of pages"]),
            ("docs", 1, &["error[OB401]: `docs/latin.md`"]),
            ("nothing", 2, &["error: there is no Markdown page in `nothing`"]),
            ("docs/latin.md", 1, &["error[OB401]: `docs/latin.md`"]),
            ("docs/empty.md", 0, &["`docs/empty.md` has no runbook to judge"]),
            ("docs/text.txt", 2, &["error: `docs/text.txt` is no Markdown page"]),
            ("empty.json", 2, &["error: `empty.json` is no Markdown page"]),
            ("loop.md", 2, &["error: cannot read `loop.md`"]),
            ("--journals missing", 2, &["error: there is no folder `missing`"]),
        ],
    );
    assert_rows(
        &case,
        "adopt",
        &[
            ("", 2, &["<FILE>"]),
            ("missing.md", 2, &["error: there is no file `missing.md`"]),
            ("docs", 1, &["error[OB401]: `docs/latin.md`"]),
            ("nothing", 2, &["error: there is no Markdown page in `nothing`"]),
            ("docs/latin.md", 1, &["error[OB401]: `docs/latin.md`"]),
            ("docs/empty.md", 0, &["Proposed 0 of 1 page: "]),
            ("docs/text.txt", 2, &["error: `docs/text.txt` is no Markdown page"]),
            ("loop.md", 2, &["error: cannot read `loop.md`"]),
        ],
    );
}

#[test]
fn configurations_are_wanted_where_projects_are_named() {
    let case = wrong();
    let rows: &[Row<'_>] = &[
        ("missing.yml", 2, &["error: the configuration file `ROOT/missing.yml` does not exist", "with `-f`"]),
        ("docs", 2, &["error: the configuration file `ROOT/docs` is a folder", "`mkdocs.yml` in it"]),
        ("docs/index.md", 2, &["error: `ROOT/docs/index.md` is a page, not a configuration", "with `-f`"]),
        ("empty.yml", 1, &["error[OB105]"]),
        ("latin.yml", 1, &["error[OB114]: the configuration `latin.yml` is not UTF-8"]),
        ("loop.yml", 2, &["error: the configuration file `ROOT/loop.yml` cannot be read"]),
    ];
    for command in ["build -f", "check -f", "serve -f", "migrate check -f", "gh-deploy -f", "get-deps -f"] {
        assert_rows(&case, command, rows);
    }
    for command in ["build", "check", "serve", "gh-deploy", "get-deps"] {
        let named: &[Row<'_>] =
            &[("docs/index.md", 2, &["unexpected argument 'docs/index.md'", "`-f docs/mkdocs.yml`"])];
        assert_rows(&case, command, named);
    }
}

#[test]
fn where_there_is_no_project_every_command_says_so() {
    let case = Case::new(&[]);
    for name in ["mkdocs.yml", "docs/index.md"] {
        std::fs::remove_file(case.path(name)).unwrap();
    }
    for command in ["build", "check", "serve", "lint", "migrate check", "gh-deploy", "get-deps"] {
        assert_rows(
            &case,
            command,
            &[("", 2, &["error: there is no `book.toml` or `mkdocs.yml` in `ROOT`", "opsbook new"])],
        );
    }
}

#[test]
fn an_address_is_blamed_on_the_option_that_gave_it() {
    let case = Case::new(&[]);
    let option = "for '--dev-addr <ADDR:PORT>'";
    assert_rows(
        &case,
        "serve -a",
        &[
            ("8000", 2, &["invalid value '8000'", option, "the host is missing; write `-a 127.0.0.1:8000`"]),
            ("localhost", 2, &["invalid value 'localhost'", option, "the port is missing"]),
            ("localhost:99999", 2, &[option, "`99999` is not a port"]),
            ("example.org:80", 2, &[option, "`example.org` is not an IP address or `localhost`"]),
            ("[::1]:x", 2, &[option, "`x` is not a port"]),
        ],
    );
    case.write("mkdocs.yml", "site_name: Test\ndev_addr: '8000'\n");
    assert_rows(&case, "serve", &[("", 1, &["mkdocs.yml:2:11", "`dev_addr` is not an address and a port"])]);
}

#[test]
fn a_book_is_not_started_over_something_else() {
    let case = wrong();
    assert_rows(
        &case,
        "new",
        &[
            (".", 2, &["error: `.` has a `mkdocs.yml` already", "opsbook build -f ./mkdocs.yml"]),
            ("empty.json", 2, &["error: `empty.json` is a file, and a book needs a folder", "opsbook new handbook"]),
            ("", 2, &["<DIR>"]),
        ],
    );
    std::fs::remove_file(case.path("mkdocs.yml")).unwrap();
    let made = case.run(&["new", "."]);
    assert_eq!(made.status, 0, "{}", made.err);
    assert_eq!(made.err, "Wrote book.toml\nWrote content/index.md\nShow it with: opsbook serve -o\n");
}

#[cfg(unix)]
#[test]
fn a_run_that_is_not_there_is_named() {
    let case = wrong();
    for command in [
        "resume latest",
        "approve latest x",
        "refuse latest x",
        "done latest x",
        "tick latest docs/index.md",
        "resolve latest x --as done --note y",
        "cancel latest",
        "watch latest",
        "report latest",
        "runs show latest",
        "journal verify latest",
    ] {
        assert_rows(&case, command, &[("--runs nothing", 2, &["error: there is no run `latest`", "`opsbook runs`"])]);
    }
    assert_rows(
        &case,
        "runs --runs",
        &[
            ("mkdocs.yml", 2, &["error: `ROOT/mkdocs.yml` is a file, and runs are kept in a folder"]),
            ("nothing", 0, &["There is no run in `ROOT/nothing`."]),
        ],
    );
}
