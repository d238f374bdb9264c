//! Snippets: `--8<-- "file"` becomes the file's text.
//!
//! Source of the rule: `pymdownx/snippets.py`. On purpose different:
//! nothing is downloaded (`url_download`); with `restrict_base_path: false` a path may lead anywhere that
//! the project may be read from, and no further.
//!
//! Files come through [`Page::read`], so that every question is recorded; a path is compared with its base
//! folder part by part, so that nothing beside the folder is taken for something in it. Included lines keep
//! their places in their files.

mod target;

use super::extension::Extension;
use crate::diag::{Code, Diagnostic, Severity};
use crate::markdown::engine::page::Page;
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::text::{Chunk, ReadError, SitePath, Source, Span, counted, yaml};
use std::ops::Range;
use std::sync::Arc;
use target::{Marker, Section, Target, marker, section_marker};

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// The folders that are searched, in order; a file stands for itself.
    pub(crate) base_path: Vec<SitePath>,
    /// Whether a path may lead out of its base path.
    pub(crate) restrict_base_path: bool,
    /// Whether a missing file is an error.
    pub(crate) check_paths: bool,
    /// Snippets at the end of every page.
    pub(crate) auto_append: Vec<String>,
    /// Whether sections and line ranges lose their common indentation.
    pub(crate) dedent_subsections: bool,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        if let Some(node) = reader.node("url_download")
            && node.as_bool() == Some(true)
        {
            reader.report(
                Diagnostic::new(
                    Code::SnippetDownload,
                    node.span,
                    "`url_download` is not supported: nothing is fetched",
                )
                .note("a build that asks the network gives other pages tomorrow, and none without it")
                .help("keep a copy of the file in the project and include that"),
            );
        }
        // They say how to download.
        for key in ["url_max_size", "url_timeout", "url_request_headers", "max_retries", "backoff_factor"] {
            reader.node(key);
        }
        read_encoding(reader);
        let base_path = reader.node("base_path").map(paths).unwrap_or_else(|| vec![SitePath::new("")]);
        Options {
            base_path,
            restrict_base_path: reader.bool("restrict_base_path", true),
            check_paths: reader.bool("check_paths", false),
            auto_append: reader.opt_strings("auto_append").unwrap_or_default(),
            dedent_subsections: reader.bool("dedent_subsections", false),
        }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        rules.preprocessors.register("snippet", 32.0, Box::new(move |text, page| expand(text, &self, page)));
    }
}

/// Reads one path or a list of them. `!relative` with `$config_dir` names the same folder as a path
/// without it; `$docs_dir` was put in place by the configuration.
pub(crate) fn paths(node: &yaml::Node) -> Vec<SitePath> {
    let one = |node: &yaml::Node| {
        let text = node.scalar_text().unwrap_or_default();
        SitePath::new(text.strip_prefix("$config_dir").map_or(text.as_str(), |rest| rest.trim_start_matches('/')))
    };
    match node.as_seq() {
        Some(items) => items.iter().map(one).collect(),
        None => vec![one(node)],
    }
}

/// Every text file is UTF-8 here.
pub(crate) fn read_encoding(reader: &mut OptionReader<'_>) {
    if let Some(node) = reader.node("encoding")
        && let Some(name) = node.as_str()
        && !matches!(
            name.to_ascii_lowercase().replace(['-', '_'], "").as_str(),
            "utf8" | "utf8sig" | "ascii" | "usascii"
        )
    {
        reader.wrong_kind("encoding", "`utf-8`", node);
    }
}

/// How many files may include each other in one chain.
pub(crate) const DEEPEST: usize = 100;

/// How much text may be included into one page.
/// How many files one page may include, each as often as it is included.
pub(super) const MOST_FILES: usize = 4096;

pub(super) const LARGEST_BYTES: usize = 16 * 1024 * 1024;

/// Replaces snippet markers by the text they name.
///
/// Reports files and sections that do not exist (OB202, an error with `check_paths`), downloads
/// (OB244), files that include themselves (OB245), and paths that lead out of their base (OB246).
fn expand(text: Chunk, options: &Options, page: &mut Page<'_>) -> Chunk {
    if options.auto_append.is_empty() && !text.text().contains("8<-") {
        return text;
    }
    let mut lines: Vec<Chunk> = text.lines().map(|line| text.slice(line.range)).collect();
    if !options.auto_append.is_empty() {
        // As SnippetPreprocessor.run appends them: a block of snippets behind an empty line.
        let block = format!("\n\n-8<-\n{}\n-8<-\n", options.auto_append.join("\n\n"));
        let place = text.whole_span().map_or(page.start(), Span::end_point);
        lines.extend(block.split('\n').map(|line| Chunk::synthetic(line, place)));
    }
    let mut expander = Expander { options, page, chain: Vec::new(), n_bytes: 0, n_files: 0, full: false };
    let lines = expander.expand(lines, false);
    join(&lines, text.whole_span().map_or(page.start(), Span::end_point))
}

fn join(lines: &[Chunk], place: Span) -> Chunk {
    let mut out = Chunk::default();
    for (idx, line) in lines.iter().enumerate() {
        if idx > 0 {
            out.push_synthetic("\n", lines[idx - 1].whole_span().map_or(place, Span::end_point));
        }
        out.push(line);
    }
    out
}

/// `SnippetPreprocessor`, for one page.
struct Expander<'a, 'p, 'w> {
    options: &'a Options,
    page: &'p mut Page<'w>,
    /// The files that are being included, the outermost first.
    chain: Vec<SitePath>,
    /// How much was included so far.
    n_bytes: usize,
    /// How many files that was, each as often as it was included.
    n_files: usize,
    full: bool,
}

impl Expander<'_, '_, '_> {
    /// `parse_snippets`: the lines with all snippets in them expanded. Lines of a section keep the
    /// markers of other sections.
    fn expand(&mut self, lines: Vec<Chunk>, is_section: bool) -> Vec<Chunk> {
        let mut out = Vec::new();
        let mut in_block = false;
        for line in lines {
            match marker(line.text()) {
                Some(Marker::Escaped(semicolon)) => out.push(without(&line, semicolon..semicolon + 1)),
                Some(Marker::Single(_)) if in_block => {}
                Some(Marker::Single(path)) => self.include(&line, path, &mut out),
                Some(Marker::Block) => in_block = !in_block,
                None if in_block => {
                    let text = line.text().strip_suffix('\r').unwrap_or(line.text());
                    let path = text.trim();
                    if path.is_empty() {
                        out.push(Chunk::default());
                    } else {
                        let start = text.len() - text.trim_start().len();
                        self.include(&line, start..start + path.len(), &mut out);
                    }
                }
                None if is_section => out.push(line),
                None => match section_marker(line.text()) {
                    Some(Section { escape: Some(semicolon), .. }) => {
                        out.push(without(&line, semicolon..semicolon + 1));
                    }
                    Some(_) => {}
                    None => out.push(line),
                },
            }
        }
        out
    }

    /// Includes what a path names; `path` is its place in the line.
    fn include(&mut self, line: &Chunk, path: Range<usize>, out: &mut Vec<Chunk>) {
        let place = line.span(path.clone());
        let text = line.text()[path].trim();
        if text.starts_with(';') || self.full {
            return;
        }
        let Some(target) = Target::parse(text) else {
            self.missing(place, "a snippet without a path".to_owned(), Vec::new());
            return;
        };
        let Some(source) = self.find(&target, place) else { return };
        if self.chain.contains(&source.path()) {
            let chain: Vec<&str> =
                self.chain.iter().map(|path| path.as_str()).chain([source.path().as_str()]).collect();
            self.page.diagnostics.push(
                Diagnostic::new(Code::SnippetCycle, place, format!("`{}` includes itself", source.path()))
                    .note(format!("the chain is `{}`", chain.join("` → `")))
                    .note("MkDocs leaves this snippet out without a word"),
            );
            return;
        }
        if self.chain.len() >= DEEPEST {
            self.page.diagnostics.push(Diagnostic::new(
                Code::NestingTooDeep,
                place,
                format!("snippets include each other more than {DEEPEST} files deep"),
            ));
            return;
        }
        let lines = self.select(&source, &target, place);
        self.n_bytes += lines.iter().map(Chunk::len).sum::<usize>();
        self.n_files += 1;
        // Of files that include each other twice, there are soon more than anybody can wait for.
        if self.n_bytes > LARGEST_BYTES || self.n_files > MOST_FILES {
            self.full = true;
            let message = "the snippets of this page are larger than 16 MiB, or more than 4096";
            self.page
                .diagnostics
                .push(Diagnostic::new(Code::IncludeTooLarge, place, message).note("what follows is left out"));
            return;
        }
        self.chain.push(source.path());
        let lines = self.expand(lines, target.section.is_some());
        self.chain.pop();
        let indent = indent(line.text());
        if indent.is_empty() {
            out.extend(lines);
            return;
        }
        out.extend(lines.into_iter().map(|line| {
            let mut indented = Chunk::synthetic(&indent, place);
            indented.push(&line);
            indented
        }));
    }

    /// `get_snippet_path`, and the file.
    fn find(&mut self, target: &Target<'_>, place: Span) -> Option<Arc<Source>> {
        let path = target.path;
        let lower = path.to_ascii_lowercase();
        if lower.starts_with("http://") || lower.starts_with("https://") {
            self.page.diagnostics.push(
                Diagnostic::new(Code::SnippetDownload, place, format!("the snippet `{path}` is not fetched"))
                    .note("opsbook reads nothing from the network, and neither does MkDocs without `url_download`")
                    .help("keep a copy of the file in the project and include that"),
            );
            return None;
        }
        let options = self.options;
        let (mut escapes, mut outside) = (false, None);
        for base in &options.base_path {
            // A base that is a file stands for that file, asked for from its folder, and nothing else.
            let from_folder = base.parent().join(path) == *base;
            let found = if from_folder { *base } else { base.join(path) };
            if found == *base && !from_folder {
                continue;
            }
            if options.restrict_base_path && found != *base && found.below(*base).is_none() {
                if let Err(ReadError::Outside(why)) = self.page.read(found) {
                    outside = Some(why);
                }
                escapes = true;
                continue;
            }
            match self.page.read(found) {
                Ok(source) => return Some(source),
                Err(ReadError::NotFound) => {}
                Err(ReadError::Outside(why)) => {
                    let said = Diagnostic::outside(place, path, &why).severity(self.severity());
                    self.page.diagnostics.push(said);
                    return None;
                }
                Err(error) => {
                    self.missing(place, format!("the snippet `{found}` cannot be read"), vec![error.reason()]);
                    return None;
                }
            }
        }
        if let Some(why) = outside {
            self.page.diagnostics.push(Diagnostic::outside(place, path, &why).severity(self.severity()));
        } else if escapes {
            let severity = self.severity();
            self.page.diagnostics.push(
                Diagnostic::new(
                    Code::SnippetEscapes,
                    place,
                    format!("the snippet `{path}` lies outside the base path"),
                )
                .severity(severity)
                .note("MkDocs leaves it out without a word")
                .help("add the folder to `base_path` of `pymdownx.snippets`"),
            );
        } else {
            let bases: Vec<&str> = options
                .base_path
                .iter()
                .map(|base| if base.as_str().is_empty() { "." } else { base.as_str() })
                .collect();
            let searched = format!("searched in `{}`", bases.join("`, `"));
            self.missing(place, format!("the snippet `{path}` does not exist"), vec![searched]);
        }
        None
    }

    fn severity(&self) -> Severity {
        if self.options.check_paths { Severity::Error } else { Severity::Warning }
    }

    fn missing(&mut self, place: Span, message: String, notes: Vec<String>) {
        let mut diagnostic = Diagnostic::new(Code::IncludeNotFound, place, message).severity(self.severity());
        diagnostic.notes = notes;
        self.page.diagnostics.push(diagnostic);
    }

    /// `select_snippet_lines`: the whole file, its line ranges, or a section.
    fn select(&mut self, source: &Source, target: &Target<'_>, place: Span) -> Vec<Chunk> {
        if source.text().is_empty() {
            return Vec::new();
        }
        let whole = Chunk::of(source);
        // Python reads every kind of line end as `\n`.
        let lines: Vec<Chunk> = whole
            .lines()
            .map(|line| {
                let cut = usize::from(line.text.ends_with('\r'));
                whole.slice(line.range.start..line.range.end - cut)
            })
            .collect();
        if !target.ranges.is_empty() {
            let mut picked = Vec::new();
            for range in &target.ranges {
                picked.extend_from_slice(&lines[range.of(lines.len())]);
            }
            if picked.is_empty() {
                let message = format!("`{}` has no such lines", source.path());
                self.missing(place, message, vec![format!("the file has {}", counted(lines.len(), "line"))]);
            }
            return self.dedented(picked);
        }
        let Some(name) = target.section else { return lines };
        let (picked, found) = extract_section(name, lines);
        if !found {
            let message = format!("`{}` has no section `{name}`", source.path());
            let marks = format!("a section stands between `--8<-- [start:{name}]` and `--8<-- [end:{name}]`");
            self.missing(place, message, vec![marks]);
        }
        self.dedented(picked)
    }

    fn dedented(&self, lines: Vec<Chunk>) -> Vec<Chunk> {
        if self.options.dedent_subsections { dedent(lines) } else { lines }
    }
}

/// The white space before a marker, tabs made spaces as Python's `expandtabs(4)` does.
fn indent(line: &str) -> String {
    let mut out = String::new();
    for ch in line.chars() {
        match ch {
            ' ' => out.push(' '),
            '\t' => out.push_str(&"    "[out.len() % 4..]),
            _ => break,
        }
    }
    out
}

fn without(line: &Chunk, cut: Range<usize>) -> Chunk {
    line.replace(&[(cut, Chunk::default())])
}

/// `extract_section`: the lines of a section, and whether it was found.
fn extract_section(name: &str, lines: Vec<Chunk>) -> (Vec<Chunk>, bool) {
    let mut picked = Vec::new();
    let (mut inside, mut found) = (false, false);
    for mut line in lines {
        match section_marker(line.text()) {
            Some(Section { escape: Some(semicolon), .. }) => line = without(&line, semicolon..semicolon + 1),
            Some(section) if section.name == name => {
                if section.starts {
                    (inside, found) = (true, true);
                    continue;
                }
                break;
            }
            Some(_) if inside => continue,
            Some(_) | None => {}
        }
        if inside {
            picked.push(line);
        }
    }
    (picked, found)
}

/// Python's `textwrap.dedent` over lines; joined and split again, no lines are one empty line.
fn dedent(lines: Vec<Chunk>) -> Vec<Chunk> {
    if lines.is_empty() {
        return vec![Chunk::default()];
    }
    let blank = |text: &str| text.chars().all(|ch| matches!(ch, ' ' | '\t'));
    let margins = lines.iter().map(Chunk::text).filter(|text| !blank(text));
    let margins = margins.map(|text| &text[..text.len() - text.trim_start_matches([' ', '\t']).len()]);
    let margin = margins.reduce(|left, right| {
        let n_same = left.bytes().zip(right.bytes()).take_while(|(one, other)| one == other).count();
        &left[..n_same]
    });
    let n_margin = margin.map_or(0, str::len);
    let cut = |line: &Chunk| {
        if blank(line.text()) { Chunk::default() } else { line.slice(n_margin..line.len()) }
    };
    lines.iter().map(cut).collect()
}

#[cfg(test)]
mod tests;
