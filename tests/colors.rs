//! When there are colours: `--color`, the variables that other programs obey too, and the terminal.

use crate::cli::Case;
use std::process::{Command, Stdio};

/// A project with something to complain of.
fn case() -> Case {
    Case::new(&[("docs/index.md", "# Home\n\n[gone](gone.md)\n")])
}

/// A command in an environment that says nothing of colours but this.
fn command(case: &Case, variables: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = case.command(arguments);
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLORTERM", "CI"] {
        command.env_remove(name);
    }
    command.env("TERM", "xterm-256color").envs(variables.iter().copied());
    command
}

fn is_coloured(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair == b"\x1b[")
}

#[track_caller]
fn assert_in_a_pipe(case: &Case, variables: &[(&str, &str)], arguments: &[&str], expected: bool) {
    let output = command(case, variables, arguments).output().expect("opsbook starts");
    let said = [output.stderr, output.stdout].concat();
    assert!(!said.is_empty(), "{arguments:?} says nothing");
    assert_eq!(is_coloured(&said), expected, "{variables:?} {arguments:?}: {}", String::from_utf8_lossy(&said));
}

#[test]
fn a_pipe_is_coloured_only_where_somebody_asks_for_it() {
    let case = case();
    let check: &[&str] = &["check"];
    for (variables, arguments, expected) in [
        (&[][..], check, false),
        (&[("CLICOLOR", "1")], check, false),
        (&[("CLICOLOR_FORCE", "1")], check, true),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], check, false),
        (&[], &["check", "--color", "always"], true),
        (&[("NO_COLOR", "1")], &["--color=always", "check"], true),
        (&[("CLICOLOR_FORCE", "1")], &["check", "--color", "never"], false),
        (&[("CLICOLOR_FORCE", "1")], &["check", "--no-color"], false),
        // What is wrong with the command line, and the help.
        (&[], &["check", "--nope"], false),
        (&[], &["check", "--color", "always", "--nope"], true),
        (&[("CLICOLOR_FORCE", "1")], &["--color=never", "check", "--nope"], false),
        (&[("CLICOLOR_FORCE", "1")], &["check", "--help"], true),
        (&[], &["check", "--help"], false),
    ] {
        assert_in_a_pipe(&case, variables, arguments, expected);
    }
    let wrong = case.run(&["check", "--color", "sometimes"]);
    assert_eq!(wrong.status, 2);
    assert!(wrong.err.contains("[possible values: auto, always, never]"), "{}", wrong.err);
}

#[cfg(unix)]
#[test]
fn a_terminal_is_coloured_unless_somebody_or_it_itself_says_no() {
    let case = case();
    for (variables, arguments, expected) in [
        (&[][..], &["check"][..], true),
        (&[("TERM", "dumb")], &["check"], false),
        (&[("NO_COLOR", "1")], &["check"], false),
        (&[("NO_COLOR", "")], &["check"], true),
        (&[("CLICOLOR", "0")], &["check"], false),
        (&[], &["check", "--color", "never"], false),
        (&[("TERM", "dumb")], &["check", "--color", "always"], true),
    ] {
        let said = on_a_terminal(command(&case, variables, arguments));
        assert!(String::from_utf8_lossy(&said).contains("gone.md"), "{arguments:?} says nothing");
        assert_eq!(is_coloured(&said), expected, "{variables:?} {arguments:?}: {}", String::from_utf8_lossy(&said));
    }
}

/// Runs a command whose standard error is a terminal, and returns what it wrote there.
#[cfg(unix)]
fn on_a_terminal(mut command: Command) -> Vec<u8> {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use std::io::Read as _;
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("there are pseudo terminals");
    grantpt(&terminal).and_then(|()| unlockpt(&terminal)).expect("it can be opened");
    let name = ptsname(&terminal, Vec::new()).expect("it has a name");
    let inner = std::fs::OpenOptions::new().read(true).write(true).open(name.to_str().expect("it is ASCII"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(inner.expect("it opens"));
    let mut child = command.spawn().expect("opsbook starts");
    drop(command);
    let (mut reader, mut said, mut chunk) = (std::fs::File::from(terminal), Vec::new(), [0; 4096]);
    // The end of the program is an error here, once everything was read.
    while let Ok(length @ 1..) = reader.read(&mut chunk) {
        said.extend_from_slice(&chunk[..length]);
    }
    child.wait().expect("it ends");
    said
}
