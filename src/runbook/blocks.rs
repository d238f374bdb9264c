//! Code blocks with a `#|` header.

use super::fields::{Fields, Reader};
use super::keys;
use super::model::{Block, BlockType, Body, Expect, Impact, Retries, Role, Rollback, Shell};
use super::template::Template;
use super::{settings, typed};
use crate::diag::{Code, Diagnostic, nearest};
use crate::markdown::CodeBlock;
use crate::text::{Chunk, Span, Spanned, yaml};
use std::ops::Range;

/// What marks a header line, by the comment that the language wants.
const MARKS: [&str; 3] = ["#|", "//|", "--|"];

/// Languages that bash runs, as fences name them.
const BASH: &[&str] = &["bash", "shell", "shell-session", "console", "terminal", "session", "zsh"];
const SH: &[&str] = &["sh", "ash", "dash"];
const PYTHON: &[&str] = &["python", "python3", "py", "pycon"];
const CONSOLE: &[&str] = &["console", "shell-session", "terminal", "session", "shellsession"];

/// Returns the block where its header has an `id`; a code block without one is prose.
pub(super) fn extract_block(reader: &mut Reader<'_>, code: &CodeBlock, on_runbook: bool) -> Option<Block> {
    let header = split_header(&code.code);
    let named = runme_name(reader, code);
    if header.lines.is_empty() {
        let id = named?;
        return finish(reader, code, id, None, header.body);
    }
    let text = header_text(&code.code, &header.lines);
    let parsed = match yaml::parse(&text) {
        Ok(parsed) => parsed.root,
        Err(error) => {
            // A header of another tool (Quarto, Jupyter) on a page that is no runbook is not ours.
            if on_runbook || text.text().lines().any(|line| line.trim_start().starts_with("id:")) {
                let message = format!("the header of this block is no YAML: {}", error.message);
                reader.diagnostics.push(Diagnostic::new(Code::RunbookYaml, error.span, message));
            }
            return None;
        }
    };
    let has_id = parsed.get("id").is_some();
    if parsed.as_map().is_none() || (!has_id && named.is_none()) {
        if on_runbook && !has_id {
            let at = parsed.as_map().and_then(|entries| {
                entries.iter().find(|(key, _)| key.as_str().is_some_and(|key| keys::BLOCK.contains(&key)))
            });
            if let Some((key, _)) = at {
                reader.diagnostics.push(
                    Diagnostic::new(Code::RunbookSchema, key.span, "the header of this block has no `id`")
                        .note("a block becomes a step by its `id`; without one it is prose")
                        .help("add a line `#| id: …`"),
                );
            }
        }
        return None;
    }
    let fields = reader.fields(&parsed, "block header", keys::BLOCK, Code::RunbookUnknownBlockKey)?;
    let id = reader.text(&fields, "id").or(named)?;
    finish(reader, code, id, Some(&fields), header.body)
}

struct Header {
    /// The header's lines as ranges of the code, the marks left out.
    lines: Vec<Range<usize>>,
    /// Where the script begins.
    body: usize,
}

/// Takes the leading run of header lines; a blank or any other line ends it.
fn split_header(code: &Chunk) -> Header {
    let (mut lines, mut body) = (Vec::new(), 0);
    for line in code.lines() {
        let Some(mark) = MARKS.iter().find(|mark| line.text.starts_with(**mark)) else { break };
        let mut skip = mark.len();
        if line.text[skip..].starts_with(' ') {
            skip += 1;
        }
        lines.push(line.range.start + skip..line.range.end);
        body = (line.range.end + 1).min(code.len());
    }
    Header { lines, body }
}

fn header_text(code: &Chunk, lines: &[Range<usize>]) -> Chunk {
    let mut out = Chunk::default();
    for line in lines {
        out.push_slice(code, line.clone());
        out.push_synthetic("\n", code.span(line.end..line.end));
    }
    out
}

/// Runme writes ```` ```sh {name=x} ```` or ```` ```sh {"name":"x"} ````.
fn runme_name(reader: &Reader<'_>, code: &CodeBlock) -> Option<Spanned<String>> {
    let fence = reader.source.slice(code.span)?.lines().next()?;
    if !fence.trim_start().starts_with(['`', '~']) {
        return None;
    }
    let open = fence.find('{')?;
    let inside = &fence[open + 1..fence.rfind('}').filter(|close| *close > open)?];
    let at = inside.find("name")?;
    let before = inside[..at].chars().next_back();
    if before.is_some_and(|ch| ch.is_alphanumeric() || ch == '-' || ch == '_') {
        return None;
    }
    let rest = inside[at + 4..].trim_start_matches('"').trim_start();
    let value = rest.strip_prefix(['=', ':'])?.trim_start().trim_start_matches(['"', '\'']);
    let length = value.find(|ch: char| !(ch.is_alphanumeric() || ch == '-' || ch == '_')).unwrap_or(value.len());
    if length == 0 {
        return None;
    }
    let start = code.span.range().start + (value.as_ptr() as usize - fence.as_ptr() as usize);
    let span = Span::new(code.span.file, start..start + length);
    Some(Spanned::new(super::fields::slug(&value[..length]), span))
}

fn finish(
    reader: &mut Reader<'_>,
    code: &CodeBlock,
    id: Spanned<String>,
    fields: Option<&Fields<'_>>,
    body_at: usize,
) -> Option<Block> {
    if !reader.check_id(&id, "block") {
        return None;
    }
    let none = yaml::Node::new(yaml::Kind::Map(Vec::new()), code.span);
    let empty = reader.mapping(&none, "block header")?;
    let fields = fields.unwrap_or(&empty);
    let body = code.code.slice(body_at..code.code.len());
    let language = code.language.as_ref().map(|language| language.value.to_lowercase()).unwrap_or_default();
    let kind = reader.word(fields, "type", BlockType::WORDS, BlockType::from_word);
    let kind = kind.map_or(BlockType::Run, |kind| kind.value);
    if let Some((span, _)) = fields.entry("shell").filter(|_| kind != BlockType::Run) {
        reader.wrong(span, format!("`shell` means nothing in a block of type `{}`", kind.word()));
    }
    let secrets = reader.texts(fields, "secrets");
    settings::check_secrets(reader, &secrets);
    let mut console = false;
    let body_kind = match kind {
        BlockType::Run => {
            let shell = extract_shell(reader, fields, code, &language);
            let prompts = CONSOLE.contains(&language.as_str())
                || (BASH.contains(&language.as_str()) && first_line_is_prompt(&body));
            console = prompts && shell.is_some();
            shell.map(|shell| {
                if console {
                    let (script, transcript) = commands(&body);
                    Body::Script { shell, script, transcript }
                } else {
                    Body::Script { shell, script: body.clone(), transcript: None }
                }
            })
        }
        _ => {
            let read = match kind {
                BlockType::Helm => typed::extract_helm,
                BlockType::Kubectl => typed::extract_kubectl,
                BlockType::Http | BlockType::Run => typed::extract_http,
            };
            typed::parse_body(reader, &body, code.span).and_then(|node| read(reader, &node, id.span))
        }
    };
    let retries = fields
        .get("retries")
        .and_then(|node| reader.fields(node, "retries", keys::RETRIES, Code::RunbookUnknownBlockKey))
        .map(|retries| {
            let max = reader.int(&retries, "max", 0).unwrap_or(0);
            if max > 10 {
                let span = retries.get("max").map_or(retries.span, |node| node.span);
                reader.wrong(span, format!("`max` is {max}, and the greatest is 10"));
            }
            Retries {
                max: u32::try_from(max.min(10)).unwrap_or(0),
                backoff: reader.duration(&retries, "backoff").map(|backoff| backoff.value),
            }
        });
    let expect = fields
        .get("expect")
        .and_then(|node| reader.fields(node, "expect", keys::EXPECT, Code::RunbookUnknownBlockKey))
        .map(|expect| Expect {
            exit: reader.int(&expect, "exit", 0).and_then(|exit| i32::try_from(exit).ok()),
            stdout_matches: reader.template(&expect, "stdout_matches").filter(|pattern| {
                let fine = regex::Regex::new(&pattern.shown()).is_ok();
                if !fine {
                    reader.wrong(pattern.span, "`stdout_matches` is no regular expression");
                }
                fine
            }),
        });
    let outputs = extract_outputs(reader, fields);
    let timeout = reader.duration(fields, "timeout");
    if let Some(zero) = timeout.as_ref().filter(|timeout| timeout.value.seconds == 0) {
        reader.wrong(zero.span, "a timeout of nothing never lets the step run");
    }
    let title = reader.template(fields, "title").unwrap_or_else(|| Template::literal(&id.value, id.span));
    Some(Block {
        span: code.span,
        title,
        body: body_kind?,
        role: reader.word(fields, "role", Role::WORDS, Role::from_word),
        impact: reader.word(fields, "impact", Impact::WORDS, Impact::from_word),
        timeout: timeout.filter(|timeout| timeout.value.seconds > 0),
        retries,
        check: reader.verbatim(fields, "check"),
        verify: reader.text(fields, "verify"),
        rollback: extract_rollback(reader, fields, kind),
        outputs,
        secrets,
        cwd: reader.template(fields, "cwd"),
        expect,
        idempotent: reader.bool(fields, "idempotent").unwrap_or(false),
        env: reader.vars(fields, "env"),
        code: body,
        console,
        id,
    })
}

fn extract_outputs(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Vec<Spanned<String>> {
    let outputs = reader.texts(fields, "outputs");
    for output in &outputs {
        let fine = output.value.starts_with(|ch: char| ch.is_ascii_lowercase())
            && output.value.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !fine {
            reader.wrong(output.span, format!("`{}` is no name for an output", output.value));
        }
    }
    outputs
}

fn extract_rollback(reader: &mut Reader<'_>, fields: &Fields<'_>, kind: BlockType) -> Option<Rollback> {
    let node = fields.get("rollback")?;
    if node.as_map().is_some() {
        let inner = reader.fields(node, "rollback", keys::ROLLBACK, Code::RunbookUnknownBlockKey)?;
        if let Some((span, _)) = inner.entry("helm") {
            let how = reader.text(&inner, "helm");
            if kind != BlockType::Helm {
                reader.wrong(span, "only a block of type `helm` is undone by Helm itself");
            } else if how.is_none_or(|how| how.value != "previous") || inner.keys().count() > 1 {
                reader.wrong(span, "Helm goes back to the revision before: write `rollback: {helm: previous}`");
            }
            return Some(Rollback::Helm);
        }
        let reason = reader.template(&inner, "none");
        if reason.as_ref().is_none_or(|reason| reason.text.trim().is_empty()) {
            reader.wrong(node.span, "`rollback: {none: …}` needs a reason");
        }
        return reason.map(Rollback::None);
    }
    let text = reader.text(fields, "rollback")?;
    if text.value == "none" || text.value.starts_with("none:") {
        let reason = text.value.trim_start_matches("none").trim_start_matches(':').trim().to_owned();
        if reason.is_empty() {
            reader.diagnostics.push(
                Diagnostic::new(Code::RunbookSchema, text.span, "`rollback: none` needs a reason")
                    .help("write `rollback: {none: why it cannot be undone}`"),
            );
            return None;
        }
        return Some(Rollback::None(Template::literal(&reason, text.span)));
    }
    Some(Rollback::Block(text))
}

fn extract_shell(reader: &mut Reader<'_>, fields: &Fields<'_>, code: &CodeBlock, language: &str) -> Option<Shell> {
    if let Some((_, node)) = fields.entry("shell")
        && !node.is_null()
    {
        return reader.word(fields, "shell", Shell::WORDS, Shell::from_word).map(|shell| shell.value);
    }
    if BASH.contains(&language) || CONSOLE.contains(&language) {
        Some(Shell::Bash)
    } else if SH.contains(&language) {
        Some(Shell::Sh)
    } else if PYTHON.contains(&language) {
        Some(Shell::Python3)
    } else {
        let (span, message) = match &code.language {
            Some(language) => (language.span, format!("nothing runs a block in `{}`", language.value)),
            None => (code.span, "this step is a block without a language".to_owned()),
        };
        let known = [BASH, SH, PYTHON].concat();
        let diagnostic = Diagnostic::new(Code::RunbookNoInterpreter, span, message);
        reader.diagnostics.push(match nearest(language, known.iter().copied()) {
            Some(near) if !language.is_empty() => diagnostic.help(format!("did you mean `{near}`?")),
            _ => diagnostic
                .help("name the language `bash`, `sh` or `python`, say `shell:` in the header, or give a `type`"),
        });
        None
    }
}

/// Returns the length of a prompt at the start of a line.
pub(super) fn prompt(line: &str) -> Option<usize> {
    let trimmed = line.trim_start();
    let indent = line.len() - trimmed.len();
    ["$ ", "% ", "❯ "].iter().find(|mark| trimmed.starts_with(**mark)).map(|mark| indent + mark.len())
}

fn first_line_is_prompt(body: &Chunk) -> bool {
    body.lines().find(|line| !line.text.trim().is_empty()).is_some_and(|line| prompt(line.text).is_some())
}

/// Returns the commands that a transcript shows after its prompts.
pub fn commands_of_transcript(code: &Chunk) -> Chunk {
    commands(code).0
}

/// Takes the prompt lines of a transcript with their continuations; the rest is what they answer.
fn commands(body: &Chunk) -> (Chunk, Option<String>) {
    let (mut script, mut answers) = (Chunk::default(), Vec::new());
    let mut continues = false;
    for line in body.lines() {
        let text = line.text;
        let start = match (prompt(text), continues) {
            (Some(length), _) => Some(length),
            (None, true) => Some(if text.starts_with("> ") { 2 } else { 0 }),
            (None, false) if text.starts_with("> ") && !script.is_empty() && answers.is_empty() => Some(2),
            (None, false) => None,
        };
        match start {
            Some(start) => {
                if !script.is_empty() {
                    script.push_synthetic("\n", body.span(line.range.start..line.range.start));
                }
                script.push_slice(body, line.range.start + start..line.range.end);
                continues = text.trim_end().ends_with('\\');
            }
            None => answers.push(text),
        }
    }
    let transcript = answers.join("\n");
    let transcript = transcript.trim_matches('\n');
    (script, (!transcript.is_empty()).then(|| transcript.to_owned()))
}
