//! `include-markdown`: other files in a page (mkdocs-include-markdown-plugin 7).
//!
//! `{% include-markdown "part.md" start="…" end="…" %}` takes Markdown in, moves its relative links
//! and its headings; `{% include "file" %}` takes any text in. A path that begins with `./` or `../`
//! starts from the page, any other from the folder of the pages; both may be patterns.
//!
//! Where we differ: nothing is fetched from the network, the plugin's cache has therefore no effect,
//! files are UTF-8, and orders that a second build could not repeat (`random`, `mtime` …) are refused.

mod relocate;

use super::event::{Plugin, Reading};
use crate::diag::{Code, Diagnostic, Diagnostics, Severity, nearest};
use crate::markdown::preprocess::Context;
use crate::text::{Chunk, NaturalKey, ReadError, SitePath, Source, Span, yaml};
use globset::{GlobBuilder, GlobMatcher};
use relocate::relocate;
use std::ops::Range;
use std::sync::Arc;

/// The plugin's options, by name.
const OPTIONS: &[&str] = &[
    "opening_tag",
    "closing_tag",
    "encoding",
    "preserve_includer_indent",
    "dedent",
    "trailing_newlines",
    "comments",
    "rewrite_relative_urls",
    "heading_offset",
    "order",
    "start",
    "end",
    "exclude",
    "cache",
    "cache_dir",
    "recursive",
    "directives",
    "include_from_url",
];

/// The options, read.
#[derive(Clone, Debug, PartialEq)]
struct Options {
    docs_dir: SitePath,
    opening_tag: String,
    closing_tag: String,
    /// What `include` and `include-markdown` are called.
    names: [String; 2],
    exclude: Vec<String>,
    defaults: Arguments,
}

/// What a directive asks for.
#[derive(Clone, Debug, PartialEq)]
struct Arguments {
    start: Option<String>,
    end: Option<String>,
    exclude: Option<String>,
    order: String,
    heading_offset: i64,
    preserve_includer_indent: bool,
    dedent: bool,
    trailing_newlines: bool,
    comments: bool,
    rewrite_relative_urls: bool,
    recursive: bool,
}

pub(super) fn read(reading: &mut Reading<'_>) -> Option<Box<dyn Plugin>> {
    reading.settings(OPTIONS);
    let (settings, docs_dir) = (&reading.plugin.settings, reading.config.docs_dir);
    Some(Box::new(Options::read(settings, docs_dir, reading.diagnostics)))
}

impl Plugin for Options {
    fn on_page_markdown(&self, text: Chunk, _: Option<&yaml::Node>, page: &mut Context<'_>) -> Chunk {
        apply(text, self, page)
    }
}

impl Options {
    fn read(settings: &yaml::Node, docs_dir: SitePath, diagnostics: &mut Diagnostics) -> Options {
        let mut bad = |node: &yaml::Node, name: &str, wanted: &str| {
            let message = format!("option `{name}` of plugin `include-markdown` must be {wanted}");
            diagnostics.push(Diagnostic::new(Code::PluginBadOption, node.span, message));
        };
        let node = |name: &str| settings.get(name).filter(|node| !node.is_null());
        let mut text = |name: &str| {
            let node = node(name)?;
            let text = node.scalar_text();
            if text.is_none() {
                bad(node, name, "text");
            }
            text
        };
        let opening_tag = text("opening_tag").filter(|tag| !tag.is_empty()).unwrap_or("{%".to_owned());
        let closing_tag = text("closing_tag").filter(|tag| !tag.is_empty()).unwrap_or("%}".to_owned());
        let (start, end) = (text("start"), text("end"));
        let order = text("order").unwrap_or("alpha-path".to_owned());
        if let (Some(encoding), Some(node)) = (text("encoding"), node("encoding"))
            && !is_utf8(&encoding)
        {
            bad(node, "encoding", "`utf-8`: opsbook reads no other");
        }
        let mut flag = |name: &str, default: bool| {
            let Some(node) = node(name) else { return default };
            node.as_bool().unwrap_or_else(|| {
                bad(node, name, "true or false");
                default
            })
        };
        let defaults = Arguments {
            start,
            end,
            exclude: None,
            order,
            preserve_includer_indent: flag("preserve_includer_indent", true),
            dedent: flag("dedent", false),
            trailing_newlines: flag("trailing_newlines", true),
            comments: flag("comments", false),
            rewrite_relative_urls: flag("rewrite_relative_urls", true),
            recursive: flag("recursive", true),
            heading_offset: node("heading_offset").map_or(0, |node| {
                node.as_int().unwrap_or_else(|| {
                    bad(node, "heading_offset", "a number");
                    0
                })
            }),
        };
        let name = |kind: &str| {
            let given = node("directives").and_then(|names| names.get(kind)).and_then(yaml::Node::as_str);
            given.unwrap_or(kind).to_owned()
        };
        let exclude = node("exclude").and_then(yaml::Node::as_seq).unwrap_or_default();
        Options {
            docs_dir,
            opening_tag,
            closing_tag,
            names: [name("include"), name("include-markdown")],
            exclude: exclude.iter().filter_map(yaml::Node::scalar_text).collect(),
            defaults,
        }
    }
}

/// How deep inclusions may lie in each other.
const MAX_DEPTH: usize = 32;

/// How many files one page may take in: inclusions that double at each level stop here.
const MAX_FILES: usize = 4096;

/// How much one page may take in.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// How many missing files get a suggestion, which all files of their folder are looked through for.
const MAX_SUGGESTIONS: usize = 20;

/// Takes the files in that a page asks for.
fn apply(text: Chunk, options: &Options, context: &mut Context<'_>) -> Chunk {
    let page = context.page;
    let mut run = Run { options, context, open: vec![page], n_files: 0, n_bytes: 0, n_missing: 0 };
    run.expand(text, page)
}

struct Run<'a, 'b> {
    options: &'a Options,
    context: &'a mut Context<'b>,
    /// The files that are being expanded, the page first.
    open: Vec<SitePath>,
    n_files: usize,
    n_bytes: usize,
    n_missing: usize,
}

/// A directive as written.
struct Directive {
    /// The whole, with the blanks and words before it that are its indentation.
    range: Range<usize>,
    indent: Range<usize>,
    is_markdown: bool,
    /// The path, and where it stands.
    file: Option<(String, Range<usize>)>,
    /// What follows the path.
    arguments: Range<usize>,
}

impl Run<'_, '_> {
    fn expand(&mut self, text: Chunk, file: SitePath) -> Chunk {
        if !text.text().contains(&self.options.opening_tag) {
            return text;
        }
        let docs = self.options.docs_dir;
        if self.options.exclude.iter().any(|pattern| Pattern::new(docs.join(pattern).as_str()).hits(file)) {
            return text;
        }
        let mut changes = Vec::new();
        for directive in directives(text.text(), self.options) {
            let included = self.include(&text, &directive, file);
            changes.push((directive.range, included));
        }
        text.replace(&changes)
    }

    fn include(&mut self, text: &Chunk, directive: &Directive, file: SitePath) -> Chunk {
        let whole = text.span(directive.indent.end..directive.range.end);
        let Some((path, path_range)) = &directive.file else {
            self.say(Code::IncludeNotFound, whole, "an inclusion without a path")
                .help("write the path in quotes: `{% include-markdown \"part.md\" %}`")
                .push(self);
            return Chunk::default();
        };
        let path_span = text.span(path_range.clone());
        if self.is_full() {
            return Chunk::default();
        }
        let arguments = self.arguments(text, directive);
        let found = self.files(path, &arguments, file, path_span);
        let mut out = Chunk::default();
        let mut missing = (arguments.start.is_some(), arguments.end.is_some());
        for (path, source) in found {
            let is_circular = self.open.contains(&path);
            if is_circular || self.open.len() > MAX_DEPTH {
                let message = if is_circular {
                    format!("`{path}` includes itself")
                } else {
                    format!("`{path}` is left out: files include each other deeper than {MAX_DEPTH}")
                };
                self.say(Code::IncludeNotFound, path_span, message).push(self);
                continue;
            }
            self.n_files += 1;
            self.n_bytes += source.text().len();
            if self.is_full() {
                let message = "the included files of this page are larger than 16 MiB, or more than 4096";
                self.say(Code::IncludeTooLarge, path_span, message).note("what follows is left out").push(self);
                return out;
            }
            let mut part = Chunk::of(&source);
            let (start, end) = (arguments.start.as_deref(), arguments.end.as_deref());
            if start.is_some_and(|start| !start.is_empty()) || end.is_some_and(|end| !end.is_empty()) {
                let (cut, has_start, has_end) = between(&part, start, end);
                missing.0 &= !has_start;
                missing.1 &= !has_end;
                part = cut;
            } else {
                missing = (false, false);
            }
            if arguments.recursive {
                self.open.push(path);
                part = self.expand(part, path);
                self.open.pop();
            }
            out.push(&fit(part, text, directive, &arguments, (path, file), whole));
        }
        for (is_missing, name, value) in [(missing.0, "start", &arguments.start), (missing.1, "end", &arguments.end)] {
            if let (true, Some(value)) = (is_missing, value) {
                self.say(Code::IncludeNotFound, path_span, format!("`{name}` is not in the included text: `{value}`"))
                    .severity(Severity::Warning)
                    .push(self);
            }
        }
        out
    }

    /// Tells whether nothing more is taken in.
    fn is_full(&self) -> bool {
        self.n_files > MAX_FILES || self.n_bytes > MAX_BYTES
    }

    fn arguments(&mut self, text: &Chunk, directive: &Directive) -> Arguments {
        let mut out = self.options.defaults.clone();
        for (name, value, range) in pairs(&text.text()[directive.arguments.clone()]) {
            let at = directive.arguments.start;
            let span = text.span(at + range.start..at + range.end);
            let only_markdown = ["comments", "rewrite-relative-urls", "heading-offset"];
            if !ARGUMENTS.contains(&name) || (!directive.is_markdown && only_markdown.contains(&name)) {
                let said = self.say(Code::PluginUnknownOption, span, format!("an inclusion has no argument `{name}`"));
                match nearest(name, ARGUMENTS.iter().copied()) {
                    Some(near) => said.help(format!("did you mean `{near}`?")).push(self),
                    None => said.push(self),
                }
                continue;
            }
            let flag = match name {
                "preserve-includer-indent" => &mut out.preserve_includer_indent,
                "dedent" => &mut out.dedent,
                "trailing-newlines" => &mut out.trailing_newlines,
                "comments" => &mut out.comments,
                "rewrite-relative-urls" => &mut out.rewrite_relative_urls,
                "recursive" => &mut out.recursive,
                _ => {
                    match (name, &value) {
                        ("start", Value::Quoted(value)) => out.start = Some(value.clone()),
                        ("end", Value::Quoted(value)) => out.end = Some(value.clone()),
                        ("exclude", Value::Quoted(value)) => out.exclude = Some(value.clone()),
                        ("order", Value::Quoted(value)) => out.order.clone_from(value),
                        ("encoding", Value::Quoted(value)) if is_utf8(value) => {}
                        ("heading-offset", Value::Bare(value)) if value.parse::<i64>().is_ok() => {
                            out.heading_offset = value.parse().unwrap_or(0);
                        }
                        _ => self
                            .say(Code::PluginBadOption, span, format!("argument `{name}` cannot be this"))
                            .push(self),
                    }
                    continue;
                }
            };
            match &value {
                Value::Bare(word) if word == "true" => *flag = true,
                Value::Bare(word) if word == "false" => *flag = false,
                _ => self
                    .say(
                        Code::PluginBadOption,
                        span,
                        format!("argument `{name}` must be `true` or `false`, without quotes"),
                    )
                    .push(self),
            }
        }
        out
    }

    /// The files that a path or a pattern names, in order.
    fn files(
        &mut self,
        path: &str,
        arguments: &Arguments,
        includer: SitePath,
        span: Span,
    ) -> Vec<(SitePath, Arc<Source>)> {
        let colon = path.find(':').unwrap_or(0);
        if colon > 1 && path[..colon].chars().all(|ch| ch.is_ascii_alphanumeric() || matches!(ch, '+' | '-' | '.')) {
            self.say(Code::IncludeNotFound, span, format!("`{path}` is not included: opsbook fetches nothing"))
                .note("a build depends on the files of the project only")
                .help("keep a copy of the file in the project")
                .push(self);
            return Vec::new();
        }
        let is_relative = path.starts_with("./") || path.starts_with("../");
        let folder = if is_relative { includer.parent() } else { self.options.docs_dir };
        let exact = folder.join(path);
        match self.context.source(exact) {
            Ok(source) => return vec![(exact, source)],
            Err(ReadError::NotFound | ReadError::IsFolder) => {}
            Err(error) => {
                let said = match &error {
                    ReadError::Outside(why) => Diagnostic::outside(span, path, why),
                    _ => self.say(Code::IncludeNotFound, span, format!("`{path}` cannot be read: {}", error.reason())),
                };
                said.push(self);
                return Vec::new();
            }
        }
        let mut excluded =
            self.options.exclude.iter().map(|pattern| self.options.docs_dir.join(pattern)).collect::<Vec<_>>();
        // The plugin finds the files of another pattern, and then compares them with whole paths.
        if let Some(pattern) = arguments.exclude.as_deref() {
            if pattern.starts_with("./") || pattern.starts_with("../") {
                excluded.push(includer.parent().join(pattern));
            } else {
                self.say(Code::PluginBadOption, span, format!("`exclude` leaves out nothing: `{pattern}`"))
                    .help("let it begin with `./` or `../`, from the page that it stands on")
                    .push(self);
            }
        }
        let mut found = Vec::new();
        if path.contains(['*', '?', '[', '{']) {
            let fixed = &exact.as_str()[..exact.as_str().find(['*', '?', '[', '{']).unwrap_or(0)];
            let base = SitePath::new(fixed.rfind('/').map_or("", |slash| &fixed[..slash]));
            found = self.context.list(base);
            let wanted = Pattern::new(exact.as_str());
            let excluded: Vec<Pattern> = excluded.iter().map(|pattern| Pattern::new(pattern.as_str())).collect();
            found.retain(|file| wanted.hits(*file) && *file != includer);
            found.retain(|file| !excluded.iter().any(|pattern| pattern.hits(*file)));
            if !sort(&mut found, &arguments.order) {
                self.say(Code::PluginBadOption, span, format!("files cannot be put in the order `{}`", arguments.order))
                    .help("orders are `alpha` and `natural`, by `path`, `name` or `extension`, with `-` before them to reverse")
                    .push(self);
            }
        }
        let out: Vec<_> = found.into_iter().filter_map(|path| Some((path, self.context.source(path).ok()?))).collect();
        if out.is_empty() {
            self.n_missing += 1;
            let known = if self.n_missing > MAX_SUGGESTIONS { Vec::new() } else { self.context.list(exact.parent()) };
            let mut said = self
                .say(Code::IncludeNotFound, span, format!("`{path}` is not there to be included"))
                .note(format!("looked for `{exact}`"))
                .severity(Severity::Error);
            if let Some(near) = nearest(exact.as_str(), known.iter().map(|path| path.as_str())) {
                said = said.help(format!("did you mean `{near}`?"));
            }
            said.push(self);
        }
        out
    }

    fn say(&self, code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, span, message)
    }
}

/// Lets a diagnostic end in the sentence that makes it.
trait PushTo {
    fn push(self, run: &mut Run<'_, '_>);
}

impl PushTo for Diagnostic {
    fn push(self, run: &mut Run<'_, '_>) {
        run.context.diagnostics.push(self);
    }
}

const ARGUMENTS: &[&str] = &[
    "start",
    "end",
    "exclude",
    "encoding",
    "order",
    "comments",
    "preserve-includer-indent",
    "dedent",
    "trailing-newlines",
    "rewrite-relative-urls",
    "recursive",
    "heading-offset",
];

fn is_utf8(name: &str) -> bool {
    matches!(name.to_ascii_lowercase().as_str(), "utf-8" | "utf8" | "utf_8" | "utf-8-sig")
}

/// A pattern of files, or a folder whose own files are meant.
struct Pattern<'a> {
    text: &'a str,
    matcher: Option<GlobMatcher>,
}

impl Pattern<'_> {
    fn new(text: &str) -> Pattern<'_> {
        let glob = GlobBuilder::new(text).literal_separator(true).build();
        Pattern { text, matcher: glob.ok().map(|glob| glob.compile_matcher()) }
    }

    fn hits(&self, file: SitePath) -> bool {
        file.as_str() == self.text
            || file.parent().as_str() == self.text
            || self.matcher.as_ref().is_some_and(|matcher| matcher.is_match(file.as_str()))
    }
}

/// Sorts as `order` says; tells whether it could be read.
fn sort(files: &mut [SitePath], order: &str) -> bool {
    let (reverse, order) = match order.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, order),
    };
    let (kind, by) = match order.split_once('-') {
        Some((kind, by)) => (kind, by),
        None if matches!(order, "path" | "name" | "extension") => ("alpha", order),
        None => (order, "path"),
    };
    let is_known = matches!(kind, "alpha" | "natural" | "") && matches!(by, "path" | "name" | "extension" | "");
    let part = |file: &SitePath| match by {
        "name" => file.file_name().to_owned(),
        "extension" => file.extension().to_owned(),
        _ => file.as_str().to_owned(),
    };
    if kind == "natural" {
        files.sort_by_cached_key(|file| (NaturalKey::new(&part(file).to_lowercase()), file.file_name()));
    } else {
        files.sort_by_cached_key(part);
    }
    if reverse {
        files.reverse();
    }
    is_known
}

/// Finds the directives of a text, in order.
fn directives(text: &str, options: &Options) -> Vec<Directive> {
    let mut out: Vec<Directive> = Vec::new();
    let mut from = 0;
    let last_close = text.rfind(&options.closing_tag).unwrap_or(0);
    while let Some(open) = text[from..].find(&options.opening_tag).map(|found| from + found) {
        // Looking for an end that is not there, from each beginning, would take the square of the text.
        if open > last_close {
            break;
        }
        from = open + options.opening_tag.len();
        let Some(directive) = directive_at(text, open, out.last().map_or(0, |last| last.range.end), options) else {
            continue;
        };
        from = directive.range.end;
        out.push(directive);
    }
    out
}

fn directive_at(text: &str, open: usize, floor: usize, options: &Options) -> Option<Directive> {
    let mut at = open + options.opening_tag.len();
    let skip = |at: usize| at + text[at..].len() - text[at..].trim_start().len();
    at = skip(at);
    let [plain, markdown] = &options.names;
    let rest = &text[at..];
    let is = |name: &str| rest.strip_prefix(name).is_some_and(|rest| rest.starts_with(char::is_whitespace));
    let is_markdown = is(markdown);
    if !is_markdown && !is(plain) {
        return None;
    }
    at = skip(at + if is_markdown { markdown } else { plain }.len());
    let mut file = None;
    for quote in ['"', '\''] {
        if let Some((value, end)) = quoted(text, at, quote) {
            file.get_or_insert((value, at + 1..end - 1));
            at = end;
        }
    }
    let close = at + text[at..].find(&options.closing_tag)?;
    let arguments = at..at + text[at..close].trim_end().len();
    // The indentation is whatever of blanks, words, dots and backslashes stands straight before.
    let is_indent = |ch: char| matches!(ch, ' ' | '\t' | '.' | '\\' | '_') || ch.is_alphanumeric();
    let indent = text[floor..open].trim_end_matches(is_indent).len() + floor;
    Some(Directive {
        range: indent..close + options.closing_tag.len(),
        indent: indent..open,
        is_markdown,
        file,
        arguments,
    })
}

/// Reads a quoted text, in which a backslash keeps the quote; returns it with its end.
fn quoted(text: &str, at: usize, quote: char) -> Option<(String, usize)> {
    let rest = text[at..].strip_prefix(quote)?;
    let mut before = quote;
    let end = rest.char_indices().find(|(index, ch)| {
        let is_end = *ch == quote && before != '\\' && *index > 0;
        before = *ch;
        is_end
    });
    let end = end?.0;
    Some((rest[..end].replace(&format!("\\{quote}"), &quote.to_string()), at + end + 2))
}

/// The value of an argument.
enum Value {
    Quoted(String),
    Bare(String),
}

/// The `name=value` pairs of a text, each with the range of the name.
fn pairs(text: &str) -> Vec<(&str, Value, Range<usize>)> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(equals) = text[at..].find('=').map(|found| at + found) {
        let name_start = text[at..equals].rfind(char::is_whitespace).map_or(at, |blank| at + blank + 1);
        let name = &text[name_start..equals];
        let value_at = equals + 1;
        let quote = text[value_at..].chars().next().filter(|ch| matches!(ch, '"' | '\''));
        let value = match quote.and_then(|quote| quoted(text, value_at, quote)) {
            Some((value, end)) => {
                at = end;
                Value::Quoted(value)
            }
            None => {
                let word = text[value_at..].split(char::is_whitespace).next().unwrap_or_default();
                at = value_at + word.len();
                Value::Bare(word.to_owned())
            }
        };
        out.push((name, value, name_start..equals));
    }
    out
}

/// The part of a text between two marks, and whether each was found.
fn between(text: &Chunk, start: Option<&str>, end: Option<&str>) -> (Chunk, bool, bool) {
    let all = text.text();
    let start = start.map(escapes);
    let end = end.map(escapes);
    match (start, end) {
        (Some(start), None) => match all.find(&start) {
            Some(at) => (text.slice(at + start.len()..text.len()), true, true),
            None => (Chunk::default(), false, true),
        },
        (None, Some(end)) => match all.find(&end) {
            Some(at) => (text.slice(0..at), true, true),
            None => (text.clone(), true, false),
        },
        (Some(start), Some(end)) => {
            let starts: Vec<usize> = all.match_indices(&start).map(|(at, _)| at).collect();
            let mut out = Chunk::default();
            let mut parts: Vec<Range<usize>> = Vec::new();
            for (index, at) in starts.iter().enumerate() {
                parts.push(at + start.len()..starts.get(index + 1).copied().unwrap_or(text.len()));
            }
            if starts.is_empty() {
                parts.push(0..text.len());
            }
            for part in parts {
                // Of a part that holds several ends, every other stretch counts, as in the plugin.
                let mut from = part.start;
                let ends: Vec<usize> = all[part.clone()].match_indices(&end).map(|(at, _)| part.start + at).collect();
                for (index, stop) in ends.iter().copied().chain([part.end]).enumerate() {
                    if index % 2 == 0 {
                        out.push_slice(text, from..stop);
                    }
                    from = stop + end.len();
                }
            }
            (out, !starts.is_empty(), all.contains(&end))
        }
        (None, None) => (text.clone(), true, true),
    }
}

/// Python's escapes in a mark: `\n`, `\t`, `\\`, quotes, `\xhh`, `\uhhhh`.
fn escapes(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(ch) = chars.next() {
        if ch != '\\' {
            out.push(ch);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some(same @ ('\\' | '"' | '\'')) => out.push(same),
            Some(kind @ ('x' | 'u')) => {
                let digits: String = chars.clone().take(if kind == 'x' { 2 } else { 4 }).collect();
                match u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32) {
                    Some(ch) => {
                        out.push(ch);
                        chars.nth(digits.len() - 1);
                    }
                    None => out.extend(['\\', kind]),
                }
            }
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}

/// Makes included text fit the place it goes to. `moved` is the file it comes from and the one that
/// includes it.
fn fit(
    mut part: Chunk,
    text: &Chunk,
    directive: &Directive,
    arguments: &Arguments,
    moved: (SitePath, SitePath),
    whole: Span,
) -> Chunk {
    let indent = &text.text()[directive.indent.clone()];
    if !arguments.trailing_newlines {
        let end = part.text().trim_end_matches(['\r', '\n']).len();
        part = part.slice(0..end);
    }
    if !directive.is_markdown {
        if arguments.dedent {
            part = dedent(&part);
        }
        if !arguments.preserve_includer_indent {
            return with_prefix(indent, &part, whole);
        }
        return indented(&part, indent, true, whole);
    }
    if arguments.rewrite_relative_urls {
        part = relocate(&part, moved.0, moved.1, whole);
    }
    if arguments.comments {
        let separator = if arguments.trailing_newlines { "\n" } else { "" };
        let name = directive.file.as_ref().map_or("", |(name, _)| name.as_str());
        let marks = match (arguments.start.as_deref().unwrap_or(""), arguments.end.as_deref().unwrap_or("")) {
            ("", "") => String::new(),
            (start, end) => format!("'{}' '{}' ", escaped(start), escaped(end)),
        };
        let head = format!("<!-- BEGIN INCLUDE {} {marks}-->{separator}", escaped(name));
        part = with_prefix(&head, &part, whole);
        part.push_synthetic(&format!("{separator}<!-- END INCLUDE -->"), whole);
    }
    part = with_prefix(indent, &part, whole);
    if arguments.dedent {
        part = dedent(&part);
    }
    if arguments.preserve_includer_indent {
        part = indented(&part, &" ".repeat(indent.chars().count()), false, whole);
    }
    if arguments.heading_offset != 0 { with_offset(&part, arguments.heading_offset, whole) } else { part }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#x27;")
}

fn with_prefix(prefix: &str, part: &Chunk, place: Span) -> Chunk {
    let mut out = Chunk::synthetic(prefix, place);
    out.push(part);
    out
}

/// Puts an indentation before each line, or before each but the first.
fn indented(part: &Chunk, indent: &str, first_too: bool, place: Span) -> Chunk {
    let mut out = Chunk::default();
    if part.is_empty() && first_too {
        return Chunk::synthetic(indent, place);
    }
    for line in part.lines() {
        let end = (line.range.end + 1).min(part.len());
        if line.range.start == end {
            continue;
        }
        if first_too || line.range.start > 0 {
            out.push_synthetic(indent, place);
        }
        out.push_slice(part, line.range.start..end);
    }
    out
}

/// Python's `textwrap.dedent`: takes off the blanks that all lines begin with, and empties blank lines.
fn dedent(part: &Chunk) -> Chunk {
    let is_blank = |text: &str| text.trim_matches([' ', '\t']).is_empty();
    let margin = part
        .lines()
        .filter(|line| !is_blank(line.text))
        .map(|line| &line.text[..line.text.len() - line.text.trim_start_matches([' ', '\t']).len()]);
    let margin = margin.reduce(|a, b| {
        let common = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
        &a[..common]
    });
    let margin = margin.map_or(0, str::len);
    let mut out = Chunk::default();
    for line in part.lines() {
        let end = (line.range.end + 1).min(part.len());
        let start = if is_blank(line.text) { line.range.end } else { line.range.start + margin };
        out.push_slice(part, start..end);
    }
    out
}

/// Moves headings deeper, or up for a negative number, fences left alone.
fn with_offset(part: &Chunk, offset: i64, place: Span) -> Chunk {
    let mut out = Chunk::default();
    let mut fence: Option<&str> = None;
    for line in part.lines() {
        let end = (line.range.end + 1).min(part.len());
        let bare = line.text.trim_start();
        let mut start = line.range.start;
        match fence {
            Some(mark) if bare.starts_with(mark) => fence = None,
            Some(_) => {}
            None if bare.starts_with("```") || bare.starts_with("~~~") => fence = Some(&bare[..3]),
            None if line.text.starts_with('#') && offset > 0 => {
                out.push_synthetic(&"#".repeat(offset.min(6) as usize), place);
            }
            None if line.text.starts_with('#') => {
                let level = line.text.len() - line.text.trim_start_matches('#').len();
                let wanted = level.saturating_sub(offset.unsigned_abs().min(64) as usize).max(1);
                start += level - wanted;
            }
            None => {}
        }
        out.push_slice(part, start..end);
    }
    out
}
