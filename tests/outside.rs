//! A page publishes files of the project only, however it names them, and a message shows no value of
//! the environment.
#![cfg(unix)]

use crate::cli::Case;
use std::os::unix::fs::symlink;

const SECRET: &str = "TOPSECRET";

/// A project without a repository in a folder with a secret beside it, and one in another folder.
fn project(config: &str, page: &str) -> (Case, tempfile::TempDir) {
    let case = Case::new(&[("p/mkdocs.yml", &format!("site_name: x\n{config}")), ("p/docs/index.md", page)]);
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::write(elsewhere.path().join("outside.md"), SECRET).unwrap();
    std::fs::write(elsewhere.path().join("outside.yml"), format!("x: {SECRET}\n")).unwrap();
    std::fs::write(elsewhere.path().join("bytes.txt"), [SECRET.as_bytes(), b"\xff"].concat()).unwrap();
    case.write("outside.md", SECRET);
    case.write("outside.yml", format!("x: {SECRET}\n"));
    symlink(elsewhere.path().join("outside.md"), case.path("p/link.md")).unwrap();
    symlink(elsewhere.path(), case.path("p/folder")).unwrap();
    (case, elsewhere)
}

/// Everything that a build wrote.
fn published(case: &Case) -> String {
    let files = walk(&case.path("p/site"));
    files.iter().map(|file| String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned()).collect()
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.flat_map(|entry| if entry.path().is_dir() { walk(&entry.path()) } else { vec![entry.path()] }).collect()
}

#[test]
fn no_way_to_name_a_file_leads_out_of_the_project() {
    let includes = "plugins: [search, include-markdown]\n";
    let snippets = "markdown_extensions:\n  - pymdownx.snippets\n";
    let anywhere =
        "markdown_extensions:\n  - pymdownx.snippets:\n      restrict_base_path: false\n      base_path: [docs, .]\n";
    let brackets = "markdown_extensions:\n  - markdown_include.include\n";
    let mut rows: Vec<(String, String)> = Vec::new();
    for path in
        ["ELSE/outside.md", "../../outside.md", "../link.md", "../folder/outside.md", "ELSE/out*.md", "../../*.md"]
    {
        rows.push((includes.to_owned(), format!("{{% include \"{path}\" %}}")));
        rows.push((includes.to_owned(), format!("{{% include-markdown '{path}' %}}")));
    }
    for path in ["ELSE/outside.md", "../outside.md", "../../outside.md", "link.md", "folder/outside.md"] {
        rows.push((snippets.to_owned(), format!("--8<-- \"{path}\"")));
        rows.push((anywhere.to_owned(), format!("--8<-- \"{path}\"")));
        rows.push((brackets.to_owned(), format!("{{!{path}!}}")));
    }
    let base = |path: &str| format!("markdown_extensions:\n  - pymdownx.snippets:\n      base_path: [{path}]\n");
    rows.push((base("ELSE"), "--8<-- \"outside.md\"".to_owned()));
    rows.push((base("/"), "--8<-- \"ELSE/outside.md\"".to_owned()));
    rows.push((base(".."), "--8<-- \"outside.md\"".to_owned()));
    rows.push((snippets.replace("snippets\n", "snippets:\n      auto_append: [ELSE/outside.md]\n"), "x".to_owned()));
    let macros = |option: &str| format!("plugins:\n  - macros:\n      {option}\n");
    rows.push((macros("include_yaml: [../outside.yml]"), "{{ x }}".to_owned()));
    rows.push((macros("include_yaml: [ELSE/outside.yml]"), "{{ x }}".to_owned()));
    rows.push((macros("include_dir: .."), "{% include 'outside.md' %}".to_owned()));
    rows.push((macros("include_dir: ELSE"), "{% include 'outside.md' %}".to_owned()));
    rows.push(("extra_templates: [../../outside.md]\n".to_owned(), "x".to_owned()));
    rows.push((snippets.to_owned(), "--8<-- \".git/config\"".to_owned()));
    for (config, page) in rows {
        let (case, elsewhere) = project("", "");
        let place = elsewhere.path().to_str().unwrap();
        case.write("p/mkdocs.yml", format!("site_name: x\n{}", config.replace("ELSE", place)));
        case.write("p/docs/index.md", page.replace("ELSE", place));
        if page.contains(".git") {
            // The folder beside it is the repository then.
            case.write("p/.git/config", SECRET);
        }
        let built = case.run(&["build", "-f", "p/mkdocs.yml", "--format", "short"]);
        assert!(!published(&case).contains(SECRET), "{config}{page}");
        assert!(built.err.contains("[OB402]"), "{config}{page}\n{}", built.err);
        assert!(!built.err.contains(SECRET), "{}", built.err);
    }
}

#[test]
fn a_theme_folder_publishes_no_link_out_of_the_project() {
    let (case, elsewhere) = project("theme:\n  name: material\n  custom_dir: ov\n", "x");
    case.write("p/ov/fine.txt", "fine");
    for name in ["outside.md", "bytes.txt"] {
        symlink(elsewhere.path().join(name), case.path(&format!("p/ov/{name}"))).unwrap();
    }
    symlink(elsewhere.path(), case.path("p/ov/all")).unwrap();
    symlink(elsewhere.path().join("outside.md"), case.path("p/ov/s.html")).unwrap();
    case.write(
        "p/ov/main.html",
        "{% extends \"base.html\" %}{% block content %}{% include \"s.html\" ignore missing %}{% endblock %}",
    );
    let built = case.run(&["build", "-f", "p/mkdocs.yml", "--format", "short"]);
    assert!(!published(&case).contains(SECRET), "{}", built.err);
    for name in ["all", "outside.md", "bytes.txt", "s.html"] {
        let said = format!("p/ov/{name}:1:1: warning[OB402]: ");
        assert!(built.err.contains(&said), "no {said} in\n{}", built.err);
    }
}

#[test]
fn what_the_configuration_names_belongs_to_the_project() {
    let (case, elsewhere) = project("", "x");
    let place = elsewhere.path().to_str().unwrap();
    case.write("p/mkdocs.yml", format!("site_name: x\ndocs_dir: {place}\nplugins: [include-markdown]\n"));
    std::fs::write(elsewhere.path().join("index.md"), "{% include 'outside.md' %}").unwrap();
    let built = case.run(&["build", "-f", "p/mkdocs.yml"]);
    assert_eq!(built.status, 0, "{}", built.err);
    assert!(published(&case).contains(SECRET));
}

#[test]
fn no_message_shows_a_value_of_the_environment() {
    let configs = [
        "site_url: !ENV TOKEN\n",
        "docs_dir: !ENV TOKEN\n",
        "nav: [!ENV TOKEN]\n",
        "nav: [{a: !ENV TOKEN}]\n",
        "theme: {name: !ENV TOKEN}\n",
        "theme: {name: material, features: [!ENV TOKEN]}\n",
        "theme: {name: material, features: !ENV TOKEN}\n",
        "theme: {name: material, language: !ENV TOKEN}\n",
        "theme: {name: material, icon: {logo: !ENV TOKEN}}\n",
        "theme: {name: material, custom_dir: !ENV TOKEN}\n",
        "use_directory_urls: !ENV TOKEN\n",
        "plugins: [!ENV TOKEN]\n",
        "markdown_extensions: [!ENV TOKEN]\n",
        "extra_templates: [!ENV TOKEN]\n",
        "dev_addr: !ENV TOKEN\n",
        "edit_uri_template: !ENV TOKEN\n",
        "validation: !ENV TOKEN\n",
        "INHERIT: !ENV TOKEN\n",
    ];
    for config in configs {
        for value in ["S3CR3T", "{S3CR3T", "a/../S3CR3T"] {
            let (case, _elsewhere) = project(config, "x");
            let mut command = case.command(&["build", "--strict", "-f", "p/mkdocs.yml"]);
            let built = case.ended(command.env("TOKEN", value).output().unwrap());
            assert!(!built.err.contains("S3CR3T"), "{config}{}", built.err);
        }
    }
    let (case, _elsewhere) = project(configs[0], "x");
    let mut command = case.command(&["build", "-f", "p/mkdocs.yml", "--format", "short"]);
    let built = case.ended(command.env("TOKEN", "S3CR3T").output().unwrap());
    assert!(built.err.contains("`!ENV TOKEN`"), "{}", built.err);
}

#[test]
fn a_title_in_a_listing_of_tags_is_text() {
    let (case, _elsewhere) = project("plugins: [tags]\ntheme: {name: material}\n", "<!-- material/tags -->");
    case.write("p/docs/a.md", "---\ntags: [t]\ntitle: \"<script>alert(1)</script> A & B\"\n---\n");
    case.run(&["build", "-q", "-f", "p/mkdocs.yml"]);
    let page = std::fs::read_to_string(case.path("p/site/index.html")).unwrap();
    assert!(page.contains("<li><a href=\"a/\"> &lt;script&gt;alert(1)&lt;/script&gt; A & B </a></li>"), "{page}");
}
