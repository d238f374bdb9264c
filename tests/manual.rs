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
