//! What a person at a terminal is asked, typed on a pseudo-terminal: each answer follows on its question.
#![cfg(unix)]

use crate::runs::{Bench, plan, said, status, step};
use serde_json::json;
use std::fs;
use std::process::Output;

/// Starts a program on a terminal of its own and types each answer once its question stands there; prints
/// all that it showed, and ends as it ends.
const TYPIST: &str = r#"
import fcntl, json, os, pty, select, struct, sys, termios, time
talk, command = json.loads(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    os.execvp(command[0], command)
seen, at, begun = b"", 0, time.monotonic()
def look():
    global seen
    if time.monotonic() > begun + 240:
        os.kill(pid, 9)
        sys.exit("waited too long; it showed:\n" + seen.decode(errors="replace"))
    if select.select([terminal], [], [], 1)[0]:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            return False
        seen += data
        return bool(data)
    return True
for question, answer in talk:
    while question.encode() not in seen[at:]:
        if not look():
            sys.exit("it ended before it asked " + question + "; it showed:\n" + seen.decode(errors="replace"))
    at = seen.index(question.encode(), at) + len(question)
    if answer != "-":
        os.write(terminal, answer.encode() + b"\n")
while look():
    pass
sys.stdout.write(seen.decode(errors="replace"))
sys.stdout.flush()
os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;

/// Runs the program at a terminal: each pair is what it shows and what is typed then, `-` for nothing.
fn typed(bench: &Bench, arguments: &[&str], talk: &[(&str, &str)]) -> Output {
    let mut command = bench.command(&[]);
    let program = command.get_program().to_owned();
    let (folder, variables) = (command.get_current_dir().expect("it has a folder").to_owned(), command.get_envs());
    let variables: Vec<_> = variables.map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
    let mut typist = std::process::Command::new("python3");
    typist.args(["-c", TYPIST, &json!(talk).to_string()]).arg(program).args(arguments).current_dir(folder);
    for (name, value) in variables {
        match value {
            Some(value) => typist.env(name, value),
            None => typist.env_remove(name),
        };
    }
    command = typist;
    command.env("TERM", "xterm").stdin(std::process::Stdio::null()).output().expect("python3 is installed")
}

#[test]
fn a_prompt_prompts_until_the_answer_fits() {
    let bench = Bench::new(&plan(vec![step("a", &[], "true")]));
    let page = "---\nrunbook:\n  version: 1\n  kind: procedure\n  owners: [\"@a/b\"]\n  reviewed: 2026-11-01\n  params:\n    \
                version: {type: string, pattern: '^[0-9.]+$', prompt: Which version?}\n    \
                size: {type: string, choices: [small, large]}\nchecklist:\n  - step: a\n---\n# R\n\n```bash\n#| id: a\n\
                #| impact: read\n#| timeout: 1m\necho \"$VERSION $SIZE\" >> log\n```\n";
    fs::write(bench.path("r.md"), page).expect("the folder takes files");
    let output = typed(
        &bench,
        &["run", "r.md", "--runs", "runs"],
        &[
            ("Which version? (version): ", "new"),
            ("That does not fit", "-"),
            ("Which version? (version): ", "2.5"),
            ("size [small|large]: ", "large"),
        ],
    );
    assert_eq!(status(&output), 0, "{}", said(&output));
    assert_eq!(bench.text("log"), "2.5 large\n");
    // Without a terminal nothing is asked.
    let silent = bench.opsbook(&["run", "r.md", "--runs", "runs"]);
    assert_ne!(status(&silent), 0);
    assert!(said(&silent).contains("version"), "{}", said(&silent));
}
