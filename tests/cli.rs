//! The program from outside: what it says, how it ends, and what then stands in the output folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A project in a folder of its own, with a good site from before in `site/`.
pub(crate) struct Case {
    folder: tempfile::TempDir,
}

/// How a run ended.
pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

const CONFIG: &str = "site_name: Test\ntheme:\n  name: material\n";

impl Case {
    pub(crate) fn new(files: &[(&str, &str)]) -> Case {
        let case = Case { folder: tempfile::tempdir().unwrap() };
        case.write("mkdocs.yml", CONFIG);
        case.write("docs/index.md", "# Home\n");
        assert_eq!(case.run(&["build", "-q"]).status, 0);
        case.write("site/theirs.txt", "not ours");
        for (path, text) in files {
            case.write(path, text);
        }
        case
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.ended(self.command(arguments).output().unwrap())
    }

    pub(crate) fn ended(&self, output: Output) -> Ended {
        ended(output, self.folder.path())
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_opsbook"));
        command.args(arguments).current_dir(self.folder.path()).env_remove("SOURCE_DATE_EPOCH").stdin(Stdio::null());
        command
    }

    /// Every file of the site that stands in the output folder.
    fn site(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        files(&self.path("site"))
    }

    /// Builds, and expects one diagnostic that begins so, the status, and an untouched site.
    #[track_caller]
    fn fails(&self, arguments: &[&str], status: i32, expected: &str) {
        let before = self.site();
        let ended = self.run(arguments);
        assert!(ended.err.lines().any(|line| line.starts_with(expected)), "no line `{expected}` in:\n{}", ended.err);
        assert_eq!(ended.status, status, "{}", ended.err);
        assert_eq!(self.site(), before, "the site changed");
        assert!(before.contains_key(&self.path("site/index.html")));
    }
}

fn ended(output: Output, folder: &Path) -> Ended {
    let real = folder.canonicalize().unwrap();
    let text = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).unwrap();
        text.replace(real.to_str().unwrap(), "ROOT").replace(folder.to_str().unwrap(), "ROOT")
    };
    Ended { status: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

const SHORT: &[&str] = &["build", "--format", "short"];

#[test]
fn a_good_project_is_built_and_the_files_of_others_stay() {
    let case = Case::new(&[("docs/guide.md", "# Guide\n")]);
    let ended = case.run(&["build"]);
    assert_eq!((ended.status, ended.out.as_str()), (0, ""), "{}", ended.err);
    assert!(ended.err.contains("Built 2 pages"), "{}", ended.err);
    assert!(case.path("site/guide/index.html").exists() && case.path("site/theirs.txt").exists());
    fs::remove_file(case.path("docs/guide.md")).unwrap();
    assert_eq!(case.run(&["build", "-q"]).err, "");
    assert!(!case.path("site/guide").exists() && case.path("site/theirs.txt").exists());
    assert_eq!(case.run(&["build", "-q", "--clean"]).status, 0);
    assert!(!case.path("site/theirs.txt").exists());
}

#[test]
fn a_project_is_found_from_its_folders_and_its_book_comes_first() {
    let case = Case::new(&[("docs/deep/page.md", "# Page\n")]);
    let from = |folder: &str| {
        let mut command = case.command(&["check"]);
        ended(command.current_dir(case.path(folder)).output().unwrap(), case.folder.path())
    };
    assert!(from("docs/deep").err.contains("Checked 2 pages"));
    case.write("book.toml", "[book]\ntitle = \"Book\"\nsrc = \"content\"\n");
    case.write("content/index.md", "# One page\n");
    assert!(from("docs/deep").err.contains("Checked 1 page:"));
    let empty = tempfile::tempdir().unwrap();
    let mut command = case.command(&["build"]);
    let ended = ended(command.current_dir(empty.path()).output().unwrap(), empty.path());
    assert_eq!(ended.status, 2);
    assert!(ended.err.starts_with("error: there is no `book.toml` or `mkdocs.yml` in `ROOT`"), "{}", ended.err);
}

#[test]
fn a_page_that_is_not_utf8_fails_with_its_place() {
    let case = Case::new(&[]);
    case.write("docs/latin.md", b"# Title\n\ncaf\xe9\n");
    case.fails(SHORT, 1, "docs/latin.md:3:4: error[OB401]: `docs/latin.md` is not valid UTF-8");
}

#[test]
fn empty_files_are_pages() {
    let case = Case::new(&[("docs/empty.md", ""), ("docs/blank.md", "\n\n"), ("docs/bom.md", "\u{feff}")]);
    let ended = case.run(&["build", "--strict"]);
    assert_eq!(ended.status, 0, "{}", ended.err);
    for page in ["empty", "blank", "bom"] {
        assert!(case.path(&format!("site/{page}/index.html")).exists(), "{page}");
    }
    case.write("mkdocs.yml", "");
    case.fails(SHORT, 1, "mkdocs.yml:1:1: error[OB105]: ");
}

#[test]
fn a_folder_in_the_place_of_a_file_is_named() {
    let case = Case::new(&[("docs/page.md/inner.md", "# Inner\n"), ("folder/x", "")]);
    let ended = case.run(&["build", "--strict"]);
    assert_eq!(ended.status, 0, "{}", ended.err);
    assert!(case.path("site/page.md/inner/index.html").exists());
    case.fails(&["build", "-f", "folder"], 2, "error: the configuration file `ROOT/folder` is a folder");
    case.fails(&["build", "-f", "none.yml"], 2, "error: the configuration file `ROOT/none.yml` does not exist");
}

#[test]
fn a_missing_include_has_its_place() {
    let case = Case::new(&[("docs/index.md", "# Home\n\n--8<-- \"none.md\"\n")]);
    case.write(
        "mkdocs.yml",
        format!("{CONFIG}markdown_extensions:\n  - pymdownx.snippets:\n      check_paths: true\n"),
    );
    case.fails(SHORT, 1, "docs/index.md:3:");
    assert!(case.run(SHORT).err.contains("[OB202]"));
}

#[test]
fn yaml_that_does_not_parse_has_its_place() {
    let case = Case::new(&[("mkdocs.yml", "site_name: Test\nnav: [a.md\ntheme: material\n")]);
    case.fails(SHORT, 1, "mkdocs.yml:3:");
    case.write("mkdocs.yml", "site_name: Test\nsite_name: Twice\n");
    case.fails(&["build", "--strict", "--format", "short"], 1, "mkdocs.yml:2:1: error[OB104]: ");
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb += &format!("a{level}: &a{level} [{items}]\n");
    }
    case.write("mkdocs.yml", format!("site_name: Test\nextra:\n  {}\n", bomb.trim_end().replace('\n', "\n  ")));
    case.fails(SHORT, 1, "mkdocs.yml:");
    case.write("mkdocs.yml", format!("site_name: Test\nextra: {}\n", "[".repeat(100_000)));
    case.fails(SHORT, 1, "mkdocs.yml:2:");
}

#[test]
fn a_configuration_that_inherits_itself_is_named() {
    let case = Case::new(&[
        ("mkdocs.yml", "INHERIT: base.yml\nsite_name: Test\n"),
        ("base.yml", "INHERIT: mkdocs.yml\ntheme: material\n"),
    ]);
    case.fails(SHORT, 1, "base.yml:1:10: error[OB106]: ");
    case.write("mkdocs.yml", "INHERIT: none.yml\nsite_name: Test\n");
    case.fails(SHORT, 1, "mkdocs.yml:1:10: error[OB106]: ");
}

#[test]
fn two_pages_with_one_address_are_named() {
    let case = Case::new(&[("docs/guide.md", "# One\n"), ("docs/guide/index.md", "# Two\n")]);
    case.fails(&["build", "--strict", "--format", "short"], 1, "docs/guide");
    assert!(case.run(SHORT).err.contains("[OB311]"), "{}", case.run(SHORT).err);
}

#[cfg(unix)]
#[test]
fn links_out_of_the_project_are_refused() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.md"), "# Secret\n").unwrap();
    let case = Case::new(&[("README.md", "# Readme\n")]);
    symlink("../README.md", case.path("docs/readme.md")).unwrap();
    let ended = case.run(&["build", "--strict", "--format", "short"]);
    assert_eq!(ended.status, 0, "{}", ended.err);
    assert!(ended.err.contains("docs/readme.md:1:1: info[OB404]: "), "{}", ended.err);
    assert!(case.path("site/readme/index.html").exists());
    symlink(outside.path().join("secret.md"), case.path("docs/secret.md")).unwrap();
    let ended = case.run(SHORT);
    let said = "docs/secret.md:1:1: warning[OB402]: symbolic link `docs/secret.md` leads out of the project";
    assert!(ended.status == 0 && ended.err.contains(said), "{}", ended.err);
    assert!(!case.path("site/secret").exists());
}

#[test]
fn an_output_folder_that_cannot_be_written_is_named() {
    let case = Case::new(&[("file", "")]);
    case.fails(&["build", "-d", "file"], 2, "error: cannot create the output folder `ROOT/file`: file exists");
    case.fails(&["build", "-d", "file/below"], 2, "error: cannot create the output folder `ROOT/file/below`: ");
}

#[test]
fn an_output_folder_in_the_sources_is_refused() {
    let case = Case::new(&[]);
    case.fails(&["build", "-d", "docs"], 2, "error: the output folder `ROOT/docs` is the documentation folder");
    case.fails(
        &["build", "-d", "docs/out"],
        2,
        "error: the output folder `ROOT/docs/out` lies in the documentation folder",
    );
    case.fails(&["build", "-d", "."], 2, "error: the output folder `ROOT` holds the documentation folder `docs`");
    case.write("mkdocs.yml", format!("{CONFIG}site_dir: docs\n"));
    case.fails(SHORT, 1, "mkdocs.yml:4:11: error[OB111]: ");
}

#[test]
fn strict_fails_also_when_quiet() {
    let case = Case::new(&[("docs/index.md", "# Home\n\n[gone](gone.md)\n")]);
    assert_eq!(case.run(&["build", "-q", "-d", "other"]).err, "");
    case.fails(&["build", "-q", "--strict", "--format", "short"], 1, "docs/index.md:3:8: error[OB301]: ");
    case.write("mkdocs.yml", format!("{CONFIG}strict: true\n"));
    case.fails(SHORT, 1, "docs/index.md:3:8: error[OB301]: ");
    assert_eq!(case.run(&["build", "--no-strict"]).status, 0);
}

#[test]
fn strict_in_a_configuration_of_mkdocs_fails_for_what_mkdocs_says() {
    let case = Case::new(&[("docs/index.md", "# Home\n\ntext\n- no list\n")]);
    case.write("mkdocs.yml", format!("{CONFIG}strict: true\nplugins: [search, of-somebody]\n"));
    let ended = case.run(SHORT);
    assert_eq!(ended.status, 0, "{}", ended.err);
    for code in ["mkdocs.yml:5:19: warning[OB109]", "docs/index.md:4:1: warning[OB206]"] {
        assert!(ended.err.contains(code), "{}", ended.err);
    }
    assert_eq!(case.run(&["build", "--strict"]).status, 1);
}

#[test]
fn a_key_of_somebody_else_makes_no_runbook() {
    let case =
        Case::new(&[("docs/a.md", "---\nrunbook: https://example.com\n---\n# A\n\n```bash\n#| id: x\nls\n```\n")]);
    let ended = case.run(SHORT);
    assert!(ended.status == 0 && ended.err.contains("docs/a.md:2:10: warning[RB002]: "), "{}", ended.err);
}

#[test]
fn a_survey_tells_what_is_lost_and_only_that() {
    let config = "site_name: Test\ntheme:\n  name: material\n  custom_dir: own\nplugins: [search, macros]\n";
    let case = Case::new(&[
        ("mkdocs.yml", config),
        ("own/main.html", "{% extends \"base.html\" %}{% block announce %}Hello{% endblock %}"),
        ("docs/a.md", "# A\n"),
    ]);
    let whole = case.run(&["migrate", "check"]);
    assert_eq!(whole.status, 0, "{}", whole.out);
    assert!(whole.out.contains("template `own/main.html`"), "{}", whole.out);
    // What Material asks for by a name of the project's choice, what the project includes itself, and
    // what nobody asks for, in MkDocs neither.
    for (path, said) in [
        ("own/partials/integrations/analytics/fathom.html", "where `extra.analytics.provider` is `fathom`"),
        ("own/partials/mine.html", "neither Material nor a template of the project asks for it"),
    ] {
        case.write(path, "<script></script>");
        let survey = case.run(&["migrate", "check"]);
        assert!(survey.status == 0 && survey.out.contains(said), "{}", survey.out);
    }
    case.write("own/404.html", "{% include \"partials/mine.html\" %}");
    let survey = case.run(&["migrate", "check"]);
    assert!(survey.status == 0 && !survey.out.contains("neither Material nor"), "{}", survey.out);
    for (path, text, said) in [
        ("main.py", "", "the Python module `main.py`"),
        ("own/partials/footer.html", "{% do x() %}", "template `own/partials/footer.html`"),
        ("own/partials/post.html", "post", "template `own/partials/post.html`"),
        ("own/partials/languages/de.html", "words", "template `own/partials/languages/de.html`"),
        ("docs/a.md", "{{ mine(1) }}", "`mine` is no macro"),
    ] {
        let before = fs::read(case.path(path)).ok();
        case.write(path, text);
        let lost = case.run(&["migrate", "check"]);
        let missing = lost.out.split("Missing from the site (1)").nth(1).unwrap_or_else(|| panic!("{}", lost.out));
        assert!(lost.status == 1 && missing.contains(said), "{}", lost.out);
        match before {
            Some(before) => case.write(path, before),
            None => fs::remove_file(case.path(path)).unwrap(),
        }
    }
}

#[test]
fn templates_that_fail_leave_their_place_to_the_themes() {
    let own = "theme:\n  name: material\n  custom_dir: own\n";
    let case = Case::new(&[
        ("mkdocs.yml", &format!("site_name: Test\n{own}")),
        ("own/partials/footer.html", "{% nope %}\n"),
        ("own/main.html", "{% extends \"base.html\" %}{% block announce %}{{ 1 + page.title }}{% endblock %}"),
        ("docs/index.md", "---\ntemplate: home.html\n---\n# Home\n"),
        ("docs/a.md", "# A\n"),
    ]);
    let ended = case.run(SHORT);
    assert_eq!(ended.status, 0, "{}", ended.err);
    for said in ["own/partials/footer.html:1:4: warning[OB420]", "own/main.html:1:", "warning[OB421]", "warning[OB422]"]
    {
        assert!(ended.err.contains(said), "{}", ended.err);
    }
    for page in ["site/index.html", "site/a/index.html"] {
        assert!(fs::read_to_string(case.path(page)).unwrap().contains("<article"), "{page}");
    }
    assert_eq!(case.run(&["build", "--strict"]).status, 1);
}

#[test]
fn check_says_the_same_and_writes_nothing() {
    let case = Case::new(&[("docs/index.md", "# Home\n\n[gone](gone.md)\n")]);
    let before = case.site();
    let said = |ended: &Ended| ended.err.lines().filter(|line| line.contains("[OB")).collect::<Vec<_>>().join("\n");
    let checked = case.run(&["check", "--format", "short"]);
    assert_eq!(checked.status, 0);
    assert_eq!(case.run(&["check", "--strict"]).status, 1);
    assert_eq!(case.site(), before);
    assert_eq!(said(&checked), said(&case.run(SHORT)));
    assert!(said(&checked).starts_with("docs/index.md:3:8: warning[OB301]"));
}

#[test]
fn a_closed_pipe_is_fine() {
    let case = Case::new(&[]);
    for arguments in [&["--help"][..], &["check", "--format", "json"]] {
        let mut child = case.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        drop(child.stderr.take());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn wrong_options_are_status_two_and_help_is_a_product() {
    let case = Case::new(&[]);
    let wrong = case.run(&["build", "--nope"]);
    assert_eq!((wrong.status, wrong.out.as_str()), (2, ""));
    assert!(wrong.err.contains("unexpected argument '--nope'"), "{}", wrong.err);
    let help = case.run(&["build", "--help"]);
    assert_eq!((help.status, help.err.as_str()), (0, ""));
    assert!(help.out.contains("Examples:") && !help.out.contains('\x1b'), "{}", help.out);
    assert_eq!(case.run(&["--version"]).out, format!("opsbook {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_shell_gets_completions_for_every_command() {
    let case = Case::new(&[]);
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let made = case.run(&["completions", shell]);
        assert_eq!((made.status, made.err.as_str()), (0, ""), "{shell}");
        for word in ["migrate", "completions", "site-dir"] {
            assert!(made.out.contains(word), "{shell}: {word}");
        }
    }
    let bash = case.run(&["completions", "bash"]).out;
    case.write("completions.bash", bash);
    // What a person who presses the tab key after `opsbook bui` is offered.
    let script = "source completions.bash; COMP_WORDS=(opsbook bui); COMP_CWORD=1; _opsbook opsbook bui opsbook; \
                  echo \"${COMPREPLY[@]}\"";
    if let Ok(output) = Command::new("bash").args(["-c", script]).current_dir(case.folder.path()).output() {
        assert_eq!(String::from_utf8_lossy(&output.stdout), "build\n", "{output:?}");
    }
    assert_eq!(case.run(&["completions", "tcsh"]).status, 2);
}

#[test]
fn every_command_has_a_man_page() {
    let case = Case::new(&[]);
    let written = case.run(&["man", "-o", "man"]);
    assert_eq!((written.status, written.out.as_str()), (0, ""), "{}", written.err);
    for (page, words) in [
        ("opsbook.1", &["man"][..]),
        ("opsbook-build.1", &["man", "build"]),
        ("opsbook-plan-diff.1", &["man", "plan", "diff"]),
    ] {
        let shown = case.run(words);
        assert_eq!((shown.status, shown.err.as_str()), (0, ""));
        assert!(shown.out.contains(".SH SYNOPSIS") && shown.out.contains(".TH "), "{page}");
        assert_eq!(fs::read_to_string(case.path("man").join(page)).unwrap(), shown.out, "{page}");
    }
    let unknown = case.run(&["man", "biuld"]);
    assert_eq!(unknown.status, 2);
    assert_eq!(unknown.err, "error: `opsbook` has no command `biuld`\n  help: did you mean `build`?\n");
}

#[test]
fn help_is_a_command_too() {
    let case = Case::new(&[]);
    for words in [&["build"][..], &["plan", "diff"]] {
        let (command, option) = (case.run(&[&["help"], words].concat()), case.run(&[words, &["--help"]].concat()));
        assert_eq!((command.status, command.out), (0, option.out));
    }
}

#[test]
fn a_configuration_may_come_through_standard_input() {
    use std::io::Write as _;
    let case = Case::new(&[("pages/index.md", "# Home\n")]);
    let mut child = case
        .command(&["build", "-f", "-", "-d", "piped"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"site_name: Piped\ndocs_dir: pages\n").unwrap();
    let ended = ended(child.wait_with_output().unwrap(), case.folder.path());
    assert_eq!(ended.status, 0, "{}", ended.err);
    assert!(fs::read_to_string(case.path("piped/index.html")).unwrap().contains("<title>Piped</title>"));
}

#[test]
fn a_new_book_builds_strictly_and_is_not_overwritten() {
    let case = Case::new(&[]);
    let made = case.run(&["new", "handbook"]);
    assert_eq!((made.status, made.out.as_str()), (0, ""), "{}", made.err);
    let built = case.run(&["build", "--strict", "-f", "handbook/book.toml"]);
    assert_eq!(built.status, 0, "{}", built.err);
    assert!(case.path("handbook/site/index.html").exists());
    let again = case.run(&["new", "handbook"]);
    assert_eq!(again.status, 2);
    assert!(again.err.starts_with("error: `handbook` has a `book.toml` already"), "{}", again.err);
}

#[test]
fn two_builds_are_the_same_bytes_and_the_second_writes_nothing() {
    let case = Case::new(&[("docs/guide.md", "# Guide\n\n```sh\nls\n```\n"), ("docs/image.png", "image")]);
    let build = |folder: &str, threads: &str| {
        let mut command = case.command(&["build", "-d", folder]);
        let output = command.env("SOURCE_DATE_EPOCH", "1700000000").env("RAYON_NUM_THREADS", threads).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    build("one", "1");
    build("two", "4");
    let relative = |folder: &str| -> BTreeMap<String, Vec<u8>> {
        let root = case.path(folder);
        let name = |path: &Path| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        files(&root).into_iter().map(|(path, bytes)| (name(&path), bytes)).collect()
    };
    assert_eq!(relative("one"), relative("two"));
    assert!(build("one", "2").contains(" 0 files changed"), "{}", build("one", "2"));
}

const USED: &str = "# Lent\n\n```bash\n#| id: look\n#| impact: read\n#| timeout: 5m\ndate\n```\n";
const USER: &str =
    "---\nrunbook: {version: 1, id: NAME, owners: [a]}\nchecklist:\n  - use: lent.md#look\n---\n\n# User NAME\n";

#[test]
fn a_step_names_the_runbooks_that_use_it() {
    let lent = format!("---\nrunbook: {{version: 1, id: lent, owners: [a]}}\n---\n\n{USED}");
    let one = USER.replace("NAME", "one");
    let two = USER.replace("NAME", "two").replace("lent.md", "../lent.md");
    let case = Case::new(&[("docs/lent.md", &lent), ("docs/one.md", &one), ("docs/deep/two.md", &two)]);
    let ended = case.run(&["build"]);
    assert_eq!(ended.status, 0, "{}", ended.err);
    let page = fs::read_to_string(case.path("site/lent/index.html")).unwrap();
    let card = &page[page.find("data-ob-step=\"look\"").expect("the step has a card")..];
    let users = &card[card.find("Used by").expect("it is used")..card.find("</dl>").expect("the card ends")];
    for link in ["<a href=\"../one/\">User one</a>", "<a href=\"../deep/two/\">User two</a>"] {
        assert!(users.contains(link), "{link}: {users}");
    }
    // And the other way: the item leads to the step.
    let user = fs::read_to_string(case.path("site/deep/two/index.html")).unwrap();
    assert!(user.contains("href=\"../../lent/#step-look\""), "{user}");
    case.write("docs/one.md", "# One\n");
    assert_eq!(case.run(&["build"]).status, 0);
    let page = fs::read_to_string(case.path("site/lent/index.html")).unwrap();
    assert!(!page.contains("../one/\">User one"), "who uses it no more is gone");
}

/// A runbook whose only step fails.
#[cfg(unix)]
fn failing(name: &str) -> String {
    format!(
        "---\nrunbook: {{version: 1, id: {name}, owners: [a]}}\nchecklist: [{{step: look}}]\n---\n\n# {name}\n\n```bash\n\
         #| id: look\n#| impact: read\n#| timeout: 1m\nfalse\n```\n"
    )
}

#[cfg(unix)]
#[test]
fn journals_are_judged_for_the_page_that_is_named() {
    let case = Case::new(&[("docs/one.md", &failing("one")), ("docs/two.md", &failing("two"))]);
    for page in ["docs/one.md", "docs/two.md"] {
        let mut command = case.command(&["run", page, "--runs", "runs"]);
        let ended = command.env("XDG_STATE_HOME", case.path("state")).output().unwrap();
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    }
    let said = |arguments: &[&str]| {
        let ended = case.run(&[&["lint", "--format", "short"], arguments].concat());
        let about = |page: &str| ended.err.lines().filter(|line| line.contains("RB403") && line.contains(page)).count();
        (about("one.md"), about("two.md"))
    };
    assert_eq!(said(&["--journals", "runs"]), (1, 1));
    assert_eq!(said(&["--journals", "runs", "docs"]), (1, 1));
    assert_eq!(said(&["--journals", "runs", "docs/one.md"]), (1, 0));
    assert_eq!(said(&["--journals", "runs", "docs/two.md"]), (0, 1));
    assert_eq!(said(&["docs/one.md"]), (0, 0));
}

#[test]
fn what_a_page_names_is_reported_at_its_place() {
    let case = Case::new(&[
        (
            "docs/index.md",
            "---\nicon: material/pencil-boks\n---\n\n# Home\n\n<p>\n  See\n  <a class=\"x\" href=\"two.md\">two</a>.\n</p>\n",
        ),
        ("docs/two.md", "---\ntitle: Two\ntemplate: none.html\n---\n\n# Two\n"),
    ]);
    let ended = case.run(&["check", "--format", "short"]);
    for place in
        ["docs/index.md:2:7: warning[OB423]", "docs/index.md:9:22: info[OB313]", "docs/two.md:3:11: warning[OB422]"]
    {
        assert!(ended.err.contains(place), "{place}: {}", ended.err);
    }
}
