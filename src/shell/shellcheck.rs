//! Asking ShellCheck, where it is installed.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// Returns what `shellcheck -f json1` says of a script in a dialect that it knows: `bash` or `sh`.
///
/// # Errors
/// When `shellcheck` is not on the search path, or did not look at the script.
pub fn shellcheck(dialect: &str, script: &str) -> Result<String, String> {
    let mut command = Command::new("shellcheck");
    command.args(["--format", "json1", "--shell", dialect, "-"]);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| format!("cannot start `shellcheck`: {error}"))?;
    if let Some(mut pipe) = child.stdin.take() {
        // A program that ends before it has read all of the script says why by how it ends.
        let _ = pipe.write_all(script.as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| format!("cannot wait for `shellcheck`: {error}"))?;
    // 1 says that something was found.
    if matches!(output.status.code(), Some(0 | 1)) {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("`shellcheck` failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
