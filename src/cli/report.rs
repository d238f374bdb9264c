//! Showing diagnostics: which of them, how, and where to.

use super::Status;
use crate::build::{Levels, Strict};
use crate::diag::render::{self, Options};
use crate::diag::{Diagnostic, Diagnostics, Severity};
use crate::shell::{self, Complaint, Disk, Stream, Terminal};
use crate::text::{SitePath, Span};

/// How diagnostics are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// With the text around each place, on standard error
    #[default]
    Human,
    /// One line each, `file:line:col: severity[code]: message`, on standard error
    Short,
    /// One JSON document, on standard output
    Json,
    /// SARIF 2.1.0 for code-scanning services, on standard output
    Sarif,
    /// Annotations of a GitHub workflow, on standard output
    Github,
    /// A code quality report of GitLab, on standard output
    Gitlab,
    /// JUnit's XML, on standard output
    Junit,
    /// Checkstyle's XML, on standard output
    Checkstyle,
}

impl Format {
    fn meaning(self) -> render::Format {
        match self {
            Format::Human => render::Format::Human,
            Format::Short => render::Format::Short,
            Format::Json => render::Format::Json,
            Format::Sarif => render::Format::Sarif,
            Format::Github => render::Format::Github,
            Format::Gitlab => render::Format::Gitlab,
            Format::Junit => render::Format::Junit,
            Format::Checkstyle => render::Format::Checkstyle,
        }
    }

    /// What other programs read is the product, the rest is talk.
    fn stream(self) -> Stream {
        match self {
            Format::Human | Format::Short => Stream::Err,
            _ => Stream::Out,
        }
    }
}

/// Gives each diagnostic the level that the configuration has for its code; then a warning that fails a
/// strict build is an error.
pub(super) fn weigh(diagnostics: Diagnostics, levels: &Levels, strict: Strict) -> Diagnostics {
    let level = |mut diagnostic: Diagnostic| {
        if let Some(level) = levels.get(diagnostic.code.id()) {
            diagnostic.severity = (*level)?;
        }
        Some(diagnostic)
    };
    let mut diagnostics: Diagnostics = diagnostics.into_iter().filter_map(level).collect();
    let warnings = diagnostics.iter_mut().filter(|diagnostic| diagnostic.severity == Severity::Warning);
    for diagnostic in warnings.filter(|diagnostic| strict.fails(diagnostic.code)) {
        diagnostic.severity = Severity::Error;
    }
    diagnostics
}

/// Gives what no file is to blame for the place of the configuration: a service has no use for a finding
/// without a file. People are told without.
pub(super) fn with_places(mut diagnostics: Diagnostics, config: SitePath, format: Format) -> Diagnostics {
    if !matches!(format, Format::Human | Format::Short | Format::Json) {
        for diagnostic in diagnostics.iter_mut() {
            diagnostic.span.get_or_insert(Span::at_start(config));
        }
    }
    diagnostics
}

/// Shows diagnostics. A quiet terminal is spared what fails nothing, except in the formats for programs.
///
/// Returns the exit status that the diagnostics ask for.
pub(super) fn print(terminal: Terminal, format: Format, diagnostics: &Diagnostics, disk: &Disk) -> Status {
    let stream = format.stream();
    let worst = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).cloned().collect();
    let shown = if terminal.is_quiet() && stream == Stream::Err { &worst } else { diagnostics };
    let text = rendered(shown, disk, format, terminal.colors(stream), Some(terminal.width()));
    match stream {
        Stream::Err => terminal.complain(&text),
        Stream::Out => {
            if let Err(error) = terminal.print(&text) {
                return super::could_not(terminal, &format!("cannot write to standard output: {error}"), None);
            }
        }
    }
    if diagnostics.has_errors() { Status::ContentAtFault } else { Status::Fine }
}

/// Complaints that a page shows; who has more of them reads the terminal.
const MAX_COMPLAINTS: usize = 50;

/// Diagnostics for the browser, errors first. The `editor` is the address that opens a place in it.
pub(super) fn complaints(diagnostics: &Diagnostics, disk: &Disk, editor: &str) -> Vec<Complaint> {
    let of = |severity: Severity| diagnostics.iter().filter(move |diagnostic| diagnostic.severity == severity);
    let all: Vec<&Diagnostic> = of(Severity::Error).chain(of(Severity::Warning)).collect();
    let mut complaints: Vec<Complaint> = all
        .iter()
        .take(MAX_COMPLAINTS)
        .map(|diagnostic| Complaint {
            is_error: diagnostic.severity == Severity::Error,
            text: rendered(&Diagnostics::from_iter([(*diagnostic).clone()]), disk, Format::Human, false, None),
            place: diagnostic.span.map(|span| {
                let at = disk.shown(span.file).line_col(span.range().start);
                let file = disk.locate(span.file).to_string_lossy().replace('\\', "/");
                let file = shell::encode_path(&format!("/{}", file.trim_start_matches('/')));
                let link = editor.replace("{file}", &file);
                let link = link.replace("{line}", &at.line.to_string()).replace("{column}", &at.col.to_string());
                (format!("{}:{}:{}", span.file, at.line, at.col), link)
            }),
        })
        .collect();
    if let Some(last) = complaints.last().filter(|_| all.len() > MAX_COMPLAINTS) {
        let text = format!("… and {} more, on the terminal", all.len() - MAX_COMPLAINTS);
        complaints.push(Complaint { is_error: last.is_error, text, place: None });
    }
    complaints
}

fn rendered(diagnostics: &Diagnostics, disk: &Disk, format: Format, colour: bool, width: Option<usize>) -> String {
    // A repository's service knows paths from the repository's root, a reader from where he stands.
    let from = match format {
        Format::Human | Format::Short | Format::Json => shell::current_folder().ok(),
        _ => shell::find_repository(disk.root()),
    };
    let prefix = from.and_then(|folder| disk.prefix(&folder)).unwrap_or_default();
    let options = Options { format: format.meaning(), colour, width, prefix };
    render::render(diagnostics, &|path| Some(disk.shown(path)), &options)
}
