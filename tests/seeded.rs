//! Mistakes that `opsbook check` finds, each in a small project: the code and the place.

use crate::cli::Case;

/// What `check` says about files, one line each.
fn said(files: &[(&str, &str)], arguments: &[&str]) -> String {
    let case = Case::new(files);
    let ended = case.run(&[&["check", "--format", "short"], arguments].concat());
    ended.err
}

#[test]
fn each_mistake_is_found_at_its_place() {
    let config = |more: &str| format!("site_name: x\ntheme:\n  name: material\n{more}");
    let pages: &[(&str, &str, &str)] = &[
        ("", "[x](y.md) [gone][none]", "docs/index.md:1:11: warning[OB209]"),
        ("markdown_extensions: [footnotes]\n", "a[^1] b[^2]\n\n[^1]: one", "docs/index.md:1:8: warning[OB210]"),
        ("markdown_extensions: [footnotes]\n", "a[^1]\n\n[^1]: one\n[^2]: two", "info[OB211]"),
        ("", "[](other.md)", "docs/index.md:1:4: warning[OB212]"),
        ("", "# a\n\n### b", "docs/index.md:3:1: info[OB213]"),
        ("", "| a | b |\n|---|---|\n| 1 | 2 | 3 |", "docs/index.md:3:1: warning[OB214]"),
        ("markdown_extensions: [pymdownx.superfences]\n", "```pyton\nx\n```", "docs/index.md:1:4: info[OB248]"),
        ("markdown_extensions: [pymdownx.superfences]\n", "```python\nx\n", "docs/index.md:1:1: warning[OB241]"),
        ("", "<img src=\"gone.png\">", "docs/index.md:1:11: warning[OB314]"),
        ("", "<a href=\"gone/\">x</a>", "docs/index.md:1:10: warning[OB314]"),
        ("", "<a href=\"#nope\">x</a>", "docs/index.md:1:10: warning[OB314]"),
        ("", "<a href=\"other/#nope\">x</a>", "docs/index.md:1:10: warning[OB314]"),
        ("", "<video src=\"v.mp4\" poster=\"p.png\"></video>", "docs/index.md:1:13: warning[OB314]"),
        ("", "<a href=\"other.md\">x</a>", "docs/index.md:1:10: info[OB313]"),
        ("", "<p id=\"a\"></p>\n\n<p id=\"a\"></p>", "docs/index.md:3:8: warning[OB208]"),
        ("extra_css: [gone.css]\n", "x", "mkdocs.yml:4:13: warning[OB116]"),
        ("extra_javascript: [gone.js]\n", "x", "mkdocs.yml:4:20: warning[OB116]"),
        ("  logo: gone.svg\n", "x", "mkdocs.yml:4:9: warning[OB116]"),
        ("nav: [index.md, other.md, a: other.md]\n", "x", "mkdocs.yml:4:30: info[OB315]"),
        ("extra: {opsbook: {check: {levels: {OB316: warning}}}}\n", "x", "docs/lonely.png:1:1: warning[OB316]"),
    ];
    for (more, page, expected) in pages {
        let config = config(more);
        let files = [
            ("mkdocs.yml", config.as_str()),
            ("docs/index.md", *page),
            ("docs/other.md", "# Other"),
            ("docs/lonely.png", "image"),
        ];
        let said = said(&files, &[]);
        assert!(said.contains(expected), "no `{expected}` for\n{more}{page}\n{said}");
    }
}

#[test]
fn what_is_right_is_left_alone() {
    let config = "site_name: x\nextra_css: [a.css, 'https://e.org/x.css', '//e.org/y.css']\nextra_javascript: [a.js]\n\
                  theme: {name: material, logo: a.png, favicon: img/f.png, custom_dir: ov}\n\
                  markdown_extensions: [footnotes, md_in_html, pymdownx.superfences, attr_list]\n";
    let page = "# A\n\n## B\n\n# C\n\n<img src=\"a.png\"> <a href=\"sub/p/\">x</a> <a href=\"sub/p\">x</a> <a href=\"#b\">x</a>\n\n\
                <a href=\"sub/p/#c\">x</a> <a href=\"../beside/\">x</a> <a href=\"/root/\">x</a> <a href=\"https://e.org\">x</a>\n\n\
                <a href=\"{{ x }}\">x</a> <img src=\"data:image/png;base64,x\"> <a href=\"?q=1\">x</a> <a href=\"#\">x</a>\n\n\
                | a |\n|---|\n| 1 |\n\nlist[a][b] `[a][b]` [^n]\n\n[^n]: note\n\n```text\nx\n```\n\n```PowerShell\nx\n```\n\n```\nx\n```\n";
    let files = [
        ("mkdocs.yml", config),
        ("docs/index.md", page),
        ("docs/sub/p.md", "# P\n\n<div id='c'></div>\n\n<img src=\"../../a.png\">"),
        ("docs/a.css", ""),
        ("docs/a.js", ""),
        ("docs/a.png", "x"),
        ("ov/img/f.png", "x"),
    ];
    let said = said(&files, &["--strict"]);
    assert_eq!(said.lines().collect::<Vec<_>>(), ["Checked 2 pages: 0 errors, 0 warnings, 0 notes"]);
}

/// macOS gives names in another form than keyboards do; they look the same.
#[test]
fn a_link_finds_a_file_whose_name_looks_the_same() {
    let files = [("docs/index.md", "[x](caf\u{e9}.md)"), ("docs/cafe\u{301}.md", "# Caf\u{e9}\n\n[y](index.md)")];
    let said = said(&files, &["--strict"]);
    assert_eq!(said.lines().collect::<Vec<_>>(), ["Checked 2 pages: 0 errors, 0 warnings, 0 notes"]);
}

#[test]
fn a_part_of_the_findings_can_be_asked_for() {
    let files = [("docs/index.md", "[](a.md)\n\n[x](gone.md)"), ("docs/a.md", "[](index.md)")];
    let all = said(&files, &[]);
    assert_eq!(all.matches("[OB212]").count(), 2, "{all}");
    let only = said(&files, &["--only", "OB30", "--strict"]);
    assert!(!only.contains("[OB212]") && only.contains("[OB301]"), "{only}");
    let none = said(&files, &["--only", "OB9"]);
    assert!(none.contains("error: there is no code `OB9`"), "{none}");

    let case = Case::new(&files);
    let git = |words: &[&str]| {
        let mut command = std::process::Command::new("git");
        let identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"];
        let ended = command.args(identity).args(words).current_dir(case.path("")).output().expect("there is Git");
        assert!(ended.status.success(), "{words:?}: {}", String::from_utf8_lossy(&ended.stderr));
    };
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "one"]);
    case.write("docs/a.md", "[](index.md) more");
    case.write("docs/new.md", "[](index.md)");
    let since = case.run(&["check", "--format", "short", "--since", "HEAD"]).err;
    assert!(since.contains("docs/a.md:1:4: warning[OB212]"), "{since}");
    assert!(since.contains("docs/new.md:1:4: warning[OB212]"), "{since}");
    assert!(!since.contains("docs/index.md"), "{since}");
    let unknown = case.run(&["check", "--since", "nowhere"]);
    assert_eq!(unknown.status, 2, "{}", unknown.err);
}

#[test]
fn every_result_for_a_service_has_a_file() {
    let case = Case::new(&[
        ("mkdocs.yml", "site_name: x\nplugins:\n  - redirects:\n      redirect_maps: {'../a.md': index.md}\n"),
        ("docs/index.md", "[](a.md)"),
    ]);
    for format in ["sarif", "gitlab", "junit", "checkstyle"] {
        let ended = case.run(&["check", "--format", format]);
        assert!(
            !ended.out.is_empty() && !ended.out.contains("file=\"\"") && !ended.out.contains("name=\"\""),
            "{}",
            ended.out
        );
        if format == "sarif" {
            let log: serde_json::Value = serde_json::from_str(&ended.out).expect("it is JSON");
            let results = log["runs"][0]["results"].as_array().expect("a list").clone();
            assert!(!results.is_empty());
            for result in results {
                assert!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].is_string(), "{result}");
            }
        }
    }
}
