//! RB017: what ShellCheck finds in the scripts of a page, at its place on the page.
//!
//! Knows which scripts ShellCheck can read and what its answers mean; who starts it is not known here.

use super::{allowed, find};
use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::plan::library::Library;
use crate::runbook::{Body, Shell};
use crate::text::{Chunk, SitePath};
use serde::Deserialize;

/// What `shellcheck -f json1` prints.
#[derive(Deserialize)]
struct Answer {
    comments: Vec<Comment>,
}

/// A finding. Lines and columns count from 1, columns in characters; the end column is the one behind.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Comment {
    line: usize,
    end_line: usize,
    column: usize,
    end_column: usize,
    level: String,
    code: u32,
    message: String,
}

/// Asks ShellCheck about each script of a page that it can read. `ask` takes ShellCheck's name of the
/// shell and the script, and returns what `shellcheck -f json1` prints; `today` is in days since 1970.
///
/// # Errors
/// Returns the first refusal of `ask`, and an answer that is not ShellCheck's.
pub fn lint_with_shellcheck(
    entry: SitePath,
    library: &Library,
    today: Option<i64>,
    ask: &mut dyn FnMut(&str, &str) -> Result<String, String>,
) -> Result<Diagnostics, String> {
    let mut found = Diagnostics::new();
    let Some(runbook) = library.runbook(entry) else { return Ok(found) };
    for block in &runbook.blocks {
        let Body::Script { shell, script, .. } = &block.body else { continue };
        let dialect = match shell {
            Shell::Bash => "bash",
            Shell::Sh => "sh",
            Shell::Python3 => continue,
        };
        let text = ask(dialect, script.text())?;
        let answer: Answer =
            serde_json::from_str(&text).map_err(|error| format!("ShellCheck's answer is not understood: {error}"))?;
        found.extend(answer.comments.iter().map(|comment| finding(comment, script)));
    }
    let mut kept: Diagnostics =
        found.into_iter().filter(|diagnostic| !allowed(diagnostic, runbook, library, today)).collect();
    kept.sort();
    Ok(kept)
}

fn finding(comment: &Comment, script: &Chunk) -> Diagnostic {
    let start = byte_of(script, comment.line, comment.column);
    let end = byte_of(script, comment.end_line, comment.end_column).max(start);
    let severity = match comment.level.as_str() {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        _ => Severity::Info,
    };
    let message = comment.message.trim_end_matches('.');
    find(Code::ShellCheck, script.span(start..end), format!("ShellCheck says SC{}: {message}", comment.code))
        .severity(severity)
}

/// The byte of a script at a line and a column of ShellCheck's; the end of the line, or of the script,
/// where there is no such place.
fn byte_of(script: &Chunk, line: usize, column: usize) -> usize {
    let Some(line) = script.lines().nth(line.saturating_sub(1)) else { return script.len() };
    let within = line.text.char_indices().nth(column.saturating_sub(1)).map_or(line.text.len(), |(byte, _)| byte);
    line.range.start + within
}
