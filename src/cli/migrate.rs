//! `opsbook migrate check`: what becomes of an MkDocs project.

use super::project::{Place, ProjectArgs};
use super::report;
use super::{Status, could_not};
use crate::build::migrate::{Fate, Item, Survey, survey};
use crate::build::{self, Overrides, Purpose};
use crate::diag::Severity;
use crate::shell::{self, Disk, Terminal};
use crate::text::World as _;
use serde_json::json;

/// Move a project from MkDocs
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook migrate check
      What becomes of the project in this folder")]
pub(super) struct Typed {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Check(CheckTyped),
}

/// Tell what is the same, mapped, ignored or missing, and what to do
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook migrate check
      What becomes of the project in this folder
  opsbook migrate check -f docs/mkdocs.yml
      What becomes of that one
  opsbook migrate check --format json
      The same for programs

Nothing is written. Exit status: 0 when nothing is lost, 1 when something is, 2 could not do it.")]
struct CheckTyped {
    #[command(flatten)]
    project: ProjectArgs,
    /// How the survey is shown
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Lists for people
    #[default]
    Text,
    /// One JSON document
    Json,
}

pub(super) fn run(typed: &Typed, terminal: Terminal) -> Status {
    let Command::Check(typed) = &typed.command;
    let Place { mut disk, config } = match typed.project.open(terminal) {
        Ok(place) => place,
        Err(status) => return status,
    };
    if config.extension() == "toml" && config.stem() != "zensical" {
        let message = format!("`{config}` is no configuration of MkDocs");
        return could_not(terminal, &message, Some("name an `mkdocs.yml` with `-f`"));
    }
    let variables = shell::variables();
    let (project, _) = build::load(&disk, config, &variables, &Overrides::default(), Purpose::default());
    if let Some(project) = project {
        disk.fence(Some(project.docs_dir), &project.custom_dir.into_iter().collect::<Vec<_>>());
    }
    let survey = survey(&disk, config, &variables, &|| disk.problems());
    let text = match typed.format {
        Format::Text => text(&survey, &disk),
        Format::Json => format!("{:#}\n", json(&survey, &disk)),
    };
    if terminal.print(&text).is_err() {
        return Status::CouldNot;
    }
    let errors = survey.diagnostics.iter().filter(|found| found.severity == Severity::Error).cloned().collect();
    report::print(terminal, report::Format::Human, &errors, &disk);
    if survey.is_whole() { Status::Fine } else { Status::ContentAtFault }
}

const FATES: [(Fate, &str, &str); 4] = [
    (Fate::Same, "same", "the same as in MkDocs"),
    (Fate::Mapped, "mapped", "done in opsbook's own way"),
    (Fate::Ignored, "ignored", "without effect, and nothing is lost"),
    (Fate::Missing, "missing", "missing from the site"),
];

fn text(survey: &Survey, disk: &Disk) -> String {
    let mut out = String::new();
    for (fate, _, title) in FATES {
        let items: Vec<&Item> = survey.items.iter().filter(|item| item.fate == fate).collect();
        if items.is_empty() {
            continue;
        }
        let mut title = title.to_owned();
        title[..1].make_ascii_uppercase();
        out.push_str(&format!("{title} ({})\n", items.len()));
        if fate == Fate::Same {
            let names: Vec<&str> = items.iter().map(|item| item.what.as_str()).collect();
            out.push_str(&format!("  {}\n\n", names.join(", ")));
            continue;
        }
        for item in items {
            let place = place(item, disk).map(|(file, line, col)| format!("{file}:{line}:{col}: ")).unwrap_or_default();
            out.push_str(&format!("  {place}{}\n", item.what));
            for (word, text) in [("why", &item.why), ("do", &item.todo)] {
                if !text.is_empty() {
                    out.push_str(&format!("      {word}: {text}\n"));
                }
            }
        }
        out.push('\n');
    }
    out.push_str(if survey.is_whole() {
        "Nothing is lost. Build it with: opsbook build\n"
    } else if survey.diagnostics.has_errors() {
        "The configuration has errors, which MkDocs reports as well.\n"
    } else {
        "The site builds, and lacks what is listed as missing.\n"
    });
    out
}

fn place(item: &Item, disk: &Disk) -> Option<(&'static str, usize, usize)> {
    let span = item.span?;
    let start = disk.source(span.file).ok()?.line_col(span.start as usize);
    Some((span.file.as_str(), start.line, start.col))
}

fn json(survey: &Survey, disk: &Disk) -> serde_json::Value {
    let word = |fate| FATES.iter().find(|(known, ..)| *known == fate).map_or("", |(_, word, _)| word);
    let items: Vec<_> = survey
        .items
        .iter()
        .map(|item| {
            let mut object = json!({"fate": word(item.fate), "what": item.what});
            if let Some((file, line, col)) = place(item, disk) {
                object["place"] = json!({"file": file, "line": line, "column": col});
            }
            for (key, text) in [("why", &item.why), ("do", &item.todo)] {
                if !text.is_empty() {
                    object[key] = text.as_str().into();
                }
            }
            object
        })
        .collect();
    json!({"whole": survey.is_whole(), "errors": survey.diagnostics.count(Severity::Error), "items": items})
}
