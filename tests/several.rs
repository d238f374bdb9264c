//! Several builds into one folder, and builds that are killed.
#![cfg(unix)]

use crate::cli::Case;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Child;
use std::time::Duration;

/// A project of some pages that all say which state they are of.
fn write_state(case: &Case, name: &str, state: &str) {
    case.write(&format!("{name}/mkdocs.yml"), "site_name: x\n");
    for number in 0..60 {
        case.write(&format!("{name}/docs/s{}/p{number}.md", number % 7), format!("# Page {number}\n\n{state}\n"));
    }
    case.write(&format!("{name}/docs/index.md"), format!("# Home\n\n{state}\n"));
    case.write(&format!("{name}/docs/only{state}.md"), format!("# Only\n\n{state}\n"));
}

fn start(case: &Case, name: &str) -> Child {
    let config = format!("{name}/mkdocs.yml");
    let mut command = case.command(&["build", "-q", "-f", &config, "-d", "out"]);
    command.spawn().expect("it starts")
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            all.extend(files(&entry.path()).into_iter().map(|(path, bytes)| (format!("{name}/{path}"), bytes)));
        } else {
            all.insert(name, std::fs::read(entry.path()).expect("it can be read"));
        }
    }
    all
}

/// What a build alone writes.
fn alone(case: &Case, name: &str) -> BTreeMap<String, Vec<u8>> {
    assert!(start(case, name).wait().expect("it ends").success());
    let site = files(&case.path("out"));
    std::fs::remove_dir_all(case.path("out")).expect("it can be removed");
    site
}

#[test]
fn builds_at_once_write_their_own_pages_and_all_of_them() {
    let case = Case::new(&[]);
    write_state(&case, "a", "A");
    write_state(&case, "b", "B");
    let (a, b) = (alone(&case, "a"), alone(&case, "b"));
    for round in 0..6 {
        let names = if round % 2 == 0 { ["a", "a", "a"] } else { ["a", "b", "a"] };
        let builds: Vec<Child> = names.iter().map(|name| start(&case, name)).collect();
        for mut build in builds {
            assert!(build.wait().expect("it ends").success(), "round {round}");
        }
        let now: BTreeMap<_, _> = files(&case.path("out"));
        let is = |site: &BTreeMap<String, Vec<u8>>| site.iter().all(|(path, bytes)| now.get(path) == Some(bytes));
        assert!(is(&a) || (round % 2 == 1 && is(&b)), "round {round}");
        assert!(!case.path(".out.opsbook-tmp").exists());
    }
}

#[test]
fn a_build_that_is_killed_leaves_the_old_site_or_the_new_one() {
    let case = Case::new(&[]);
    write_state(&case, "a", "A");
    write_state(&case, "b", "B");
    let (a, b) = (alone(&case, "a"), alone(&case, "b"));
    assert!(start(&case, "a").wait().expect("it ends").success());
    case.write("out/theirs.txt", "theirs");
    let mut is_a = true;
    for round in 0_u64..40 {
        let mut build = start(&case, if is_a { "b" } else { "a" });
        std::thread::sleep(Duration::from_millis(round * 37 % 500));
        let _ = build.kill();
        build.wait().expect("it ends");
        let mut now = files(&case.path("out"));
        assert_eq!(now.remove("theirs.txt").as_deref(), Some(&b"theirs"[..]), "round {round}");
        // Two projects have two memories of what is theirs, so pages of the other one may stay.
        let is = |site: &BTreeMap<String, Vec<u8>>| site.iter().all(|(path, bytes)| now.get(path) == Some(bytes));
        assert!(is(&a) || is(&b), "round {round}: a mixture");
        is_a = is(&a);
    }
    assert!(start(&case, "a").wait().expect("it ends").success());
    assert!(a.iter().all(|(path, bytes)| files(&case.path("out")).get(path) == Some(bytes)));
    assert!(!case.path(".out.opsbook-tmp").exists());
}
