//! Emitted files as they stand in `tests/cases/runbooks`.
//!
//! In a golden file a line `#include NAME` stands for the functions of `src/plan/emit/NAME`, which every file of
//! a target carries, so that a change of them is not one of every golden file. The digest of the content, which
//! would change with them, is left out where there is such a line. What is compared is the whole file: both are
//! put back, the digest as `sha256sum` would give it.

use opsbook::plan::emit::CONTENT_MARK;
use opsbook::text::Digest;
use std::fs;
use std::path::Path;

const INCLUDE: &str = "#include ";

/// The functions that emitted files carry, behind a first line that is for shellcheck alone.
const CARRIED: &[(&str, &str)] = &[
    ("frame.sh", include_str!("../src/plan/emit/frame.sh")),
    ("bash.sh", include_str!("../src/plan/emit/bash.sh")),
    ("github.sh", include_str!("../src/plan/emit/github.sh")),
    ("argo.sh", include_str!("../src/plan/emit/argo.sh")),
];

/// Reads a golden file as the whole file that was emitted; the empty text where there is none.
pub(crate) fn read_whole(path: &Path) -> String {
    whole(&fs::read_to_string(path).unwrap_or_default())
}

/// Puts back what a golden file leaves out.
fn whole(kept: &str) -> String {
    let mut out = String::new();
    for line in kept.split_inclusive('\n') {
        let plain = line.trim_start_matches(' ');
        let Some(name) = plain.strip_prefix(INCLUDE).and_then(|name| name.strip_suffix('\n')) else {
            out.push_str(line);
            continue;
        };
        let (_, file) = CARRIED.iter().find(|(known, _)| *known == name).expect("the line names one of the files");
        let (_, functions) = file.split_once('\n').expect("the file has a first line");
        for function_line in functions.split_inclusive('\n') {
            if function_line != "\n" {
                out.push_str(&line[..line.len() - plain.len()]);
            }
            out.push_str(function_line);
        }
    }
    let left_out = format!("{CONTENT_MARK}\n");
    if !out.contains(&left_out) {
        return out;
    }
    let content: Vec<&str> = out.lines().filter(|line| !line.contains(CONTENT_MARK)).collect();
    let digest = Digest::of(content.join("\n").as_bytes()).hex();
    out.replacen(&left_out, &format!("{CONTENT_MARK}{digest}\n"), 1)
}

/// Leaves out of an emitted file what its golden file does not hold.
#[cfg(unix)]
pub(crate) fn kept(text: &str) -> String {
    let mut out = text.to_owned();
    for (name, _) in CARRIED {
        // As it stands in a script, in a workflow of GitHub, and in one of Argo.
        for n_blanks in [0, 4, 8] {
            let line = format!("{}{INCLUDE}{name}\n", " ".repeat(n_blanks));
            out = out.replacen(&whole(&line), &line, 1);
        }
    }
    if out == text {
        return out;
    }
    let lines = out.split_inclusive('\n').map(|line| match line.split_once(CONTENT_MARK) {
        Some((before, _)) => format!("{before}{CONTENT_MARK}\n"),
        None => line.to_owned(),
    });
    lines.collect()
}
