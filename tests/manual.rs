//! opsbook is its own first user: its manual, its runbooks, and the page of each command.

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn opsbook(arguments: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_opsbook"));
    command.args(arguments).current_dir(root).env("NO_COLOR", "1").stdin(Stdio::null());
    command.output().expect("opsbook starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

#[test]
fn the_manual_has_no_fault() {
    let checked = opsbook(&["check", "--strict"]);
    assert!(checked.status.success(), "{}", said(&checked));
}

#[test]
fn the_pictures_are_small() {
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("content/images");
    for picture in std::fs::read_dir(images).expect("the folder is there").flatten() {
        let n_bytes = picture.metadata().expect("a file").len();
        assert!(n_bytes <= 150_000, "{} has {n_bytes} bytes", picture.path().display());
    }
}

#[test]
fn every_page_has_its_place_in_the_navigation() {
    let site = tempfile::tempdir().expect("a temporary folder can be made");
    let built = opsbook(&["build", "-q", "-d", site.path().to_str().expect("the folder's name is text")]);
    assert!(built.status.success(), "{}", said(&built));
    let home = std::fs::read_to_string(site.path().join("index.html")).expect("the home page is there");
    // A page that the navigation does not name is appended, in a second tab of its folder's name.
    let tabs = home.split("md-tabs__link").skip(1).filter_map(|tab| tab.split('>').nth(1)?.split('<').next());
    let tabs: Vec<&str> = tabs.map(str::trim).collect();
    assert_eq!(tabs, ["Home", "Tutorials", "How-to guides", "Reference", "Explanation", "Contributing"]);
}

#[test]
fn the_own_runbooks_compile() {
    for arguments in [
        ["plan", "content/contributing/cut-a-release.md", "--param", "version=1.2.3", "--format", "json"].as_slice(),
        &["plan", "content/contributing/withdraw-a-release.md", "--param", "bad=1.2.3", "--param", "good=1.2.2"],
    ] {
        let planned = opsbook(arguments);
        assert!(planned.status.success(), "{}", said(&planned));
    }
}

#[test]
fn every_command_stands_in_the_manual() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let index = std::fs::read_to_string(root.join("content/commands/index.md")).expect("the page is there");
    let help = said(&opsbook(&["--help"]));
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names: Vec<&str> = commands
        .filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.len() > 15, "{help}");
    for name in names.into_iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_lowercase())) {
        let stands = index.contains(&format!("`opsbook {name}")) || index.contains(&format!("`{name}`"));
        assert!(stands, "content/commands/index.md does not name `{name}`");
    }
}
