//! The notation of `pymdownx.snippets`: markers, section markers, and what a path may say behind
//! its colons.

use std::ops::Range;

/// A line that is snippet notation (`RE_ALL_SNIPPETS`).
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Marker {
    /// `;--8<-- …`: text, without the semicolon at this byte.
    Escaped(usize),
    /// `--8<-- "path"`, with the place of the path.
    Single(Range<usize>),
    /// `--8<--`: begins or ends a block of paths.
    Block,
}

/// Reads a line as a marker.
pub(super) fn marker(line: &str) -> Option<Marker> {
    if !line.contains("8<-") {
        return None;
    }
    let end = line.strip_suffix('\r').unwrap_or(line).len();
    let line = &line[..end];
    let start = line.len() - line.trim_start_matches([' ', '\t']).len();
    let after_escape = line.len() - line[start..].trim_start_matches(';').len();
    let after_scissors = scissors(line, after_escape)?;
    let rest = &line[after_scissors..];
    let marker = if rest.is_empty() {
        Marker::Block
    } else {
        let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let quoted = &rest[blank..];
        let quote = quoted.chars().next().filter(|ch| matches!(ch, '"' | '\''))?;
        let inside = quoted[1..].strip_suffix(quote)?;
        if blank == 0 || inside.is_empty() || !quotes_are_escaped(inside, quote) || inside.contains('\r') {
            return None;
        }
        let from = after_scissors + blank + 1;
        Marker::Single(from..from + inside.len())
    };
    Some(if after_escape > start { Marker::Escaped(start) } else { marker })
}

/// Matches `-{1,}8<-{1,}` at a byte and returns where it ends.
fn scissors(line: &str, at: usize) -> Option<usize> {
    let dashes = line[at..].trim_start_matches('-');
    let rest = dashes.strip_prefix("8<-")?.trim_start_matches('-');
    (dashes.len() < line.len() - at).then_some(line.len() - rest.len())
}

fn quotes_are_escaped(inside: &str, quote: char) -> bool {
    inside.match_indices(quote).all(|(at, _)| inside[..at].ends_with('\\'))
}

/// A section marker in a line (`RE_SNIPPET_SECTION`).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Section<'a> {
    /// The semicolon that makes it text.
    pub(super) escape: Option<usize>,
    /// Whether the section starts here rather than ends.
    pub(super) starts: bool,
    /// Its name.
    pub(super) name: &'a str,
}

/// Finds the first section marker of a line.
pub(super) fn section_marker(line: &str) -> Option<Section<'_>> {
    let mut from = 0;
    while let Some(found) = line[from..].find("8<-") {
        let eight = from + found;
        from = eight + 1;
        let dashes = line[..eight].trim_end_matches('-').len();
        if dashes == eight {
            continue;
        }
        let rest = line[eight + 2..].trim_start_matches('-');
        let bracket = rest.trim_start_matches([' ', '\t']);
        if bracket.len() == rest.len() {
            continue;
        }
        if let Some((starts, name)) = section(bracket) {
            let semicolons = line[..dashes].trim_end_matches(';').len();
            return Some(Section { escape: (semicolons < dashes).then_some(semicolons), starts, name });
        }
    }
    None
}

/// Reads `[ start : name ]`.
fn section(text: &str) -> Option<(bool, &str)> {
    let inside = text.strip_prefix('[')?.split(']').next().filter(|inside| inside.len() + 1 < text.len())?;
    let (kind, name) = inside.split_once(':')?;
    let (kind, name) = (kind.trim_matches([' ', '\t']), name.trim_matches([' ', '\t']));
    let known = kind.eq_ignore_ascii_case("start") || kind.eq_ignore_ascii_case("end");
    // Any case makes a marker, but only a small `start` starts a section.
    (known && is_name(name)).then_some((kind == "start", name))
}

fn is_name(text: &str) -> bool {
    text.starts_with(|ch: char| ch.is_ascii_alphabetic())
        && text.chars().all(|ch| ch.is_ascii_alphanumeric() || matches!(ch, '-' | '_'))
}

/// A longer path is no file's; what stands behind its colons is not looked for.
const LONGEST_PATH_BYTES: usize = 4_096;

/// What a path asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target<'a> {
    /// The file.
    pub(super) path: &'a str,
    /// The ranges of lines behind it.
    pub(super) ranges: Vec<LineRange>,
    /// The section behind it.
    pub(super) section: Option<&'a str>,
}

/// `:first:last`, from 1, both inclusive; below 0 from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LineRange {
    first: Option<i64>,
    last: Option<i64>,
}

impl LineRange {
    /// Returns the lines as positions from 0 in a file of so many lines.
    pub(super) fn of(self, n_lines: usize) -> Range<usize> {
        let total = i64::try_from(n_lines).unwrap_or(i64::MAX);
        let from = match self.first {
            None => 0,
            Some(line) if line < 0 => (total + line).clamp(0, total),
            Some(line) => (line - 1).max(0),
        };
        let to = match self.last {
            None => total,
            Some(line) if line < 0 => (total + 1 + line).clamp(0, total),
            Some(line) => line,
        };
        let cut = |line: i64| usize::try_from(line.clamp(0, total)).unwrap_or(0);
        cut(from)..cut(to).max(cut(from))
    }
}

impl<'a> Target<'a> {
    /// Splits a path from what stands behind its first colon that begins line ranges or a section
    /// (`split_path`, `parse_snippet_target`). `None` without a path.
    pub(super) fn parse(text: &'a str) -> Option<Target<'a>> {
        let colons = text.match_indices(':').filter(|_| text.len() <= LONGEST_PATH_BYTES);
        for (colon, _) in colons {
            let path = text[..colon].trim();
            let behind = &text[colon + 1..];
            if let Some(ranges) = parse_ranges(behind) {
                return (!path.is_empty()).then_some(Target { path, ranges, section: None });
            }
            if is_name(behind) {
                return (!path.is_empty()).then_some(Target { path, ranges: Vec::new(), section: Some(behind) });
            }
        }
        let path = text.trim();
        (!path.is_empty()).then_some(Target { path, ranges: Vec::new(), section: None })
    }
}

/// Reads `N`, `N:N`, and more of them with commas between; each number may be left out.
fn parse_ranges(text: &str) -> Option<Vec<LineRange>> {
    // A path with many colons is looked at from each: what cannot be ranges leaves at once.
    if !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b':' | b',')) {
        return None;
    }
    let number = |text: &str| -> Option<Option<i64>> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        // Numbers beyond any file's end are the end.
        Some(if digits.is_empty() { None } else { Some(text.parse().unwrap_or(i64::MAX / 2)) })
    };
    let mut ranges = Vec::new();
    for (idx, item) in text.split(',').enumerate() {
        if idx > 0 && item.is_empty() {
            return None;
        }
        let mut parts = item.split(':');
        let first = number(parts.next()?)?;
        let last = match parts.next() {
            Some(part) => number(part)?,
            None => None,
        };
        if parts.next().is_some() {
            return None;
        }
        ranges.push(LineRange { first, last });
    }
    Some(ranges)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_read_as_snippets_reads_them() {
        assert_eq!(marker("--8<-- \"a.md\""), Some(Marker::Single(8..12)));
        assert_eq!(marker("  -8<- 'a.md'\r"), Some(Marker::Single(8..12)));
        assert_eq!(marker("--8<--"), Some(Marker::Block));
        assert_eq!(marker("  ;--8<--"), Some(Marker::Escaped(2)));
        for line in ["--8<-- \"a.md\" x", "--8<-- a.md", "x --8<--", "8<--", "--8<-- \"\"", "--8<-- \"a\"b\""] {
            assert_eq!(marker(line), None, "{line}");
        }
    }

    #[test]
    fn section_markers_may_stand_in_comments() {
        let section = section_marker("# ---8<--- [ start: one-1 ] #").expect("a section");
        assert_eq!((section.starts, section.name, section.escape), (true, "one-1", None));
        assert_eq!(section_marker(";;--8<-- [end:a]").and_then(|section| section.escape), Some(0));
        assert_eq!(section_marker("--8<-- [START:a]").map(|section| section.starts), Some(false));
        assert_eq!(section_marker("--8<--[start:a]"), None);
        assert_eq!(section_marker("--8<-- [start:1a]"), None);
    }

    #[test]
    fn paths_end_where_ranges_or_a_section_begin() {
        let parse = |text| Target::parse(text).map(|target| (target.path, target.ranges.len(), target.section));
        assert_eq!(parse("a.md:3:5,7"), Some(("a.md", 2, None)));
        assert_eq!(parse("a.md:name"), Some(("a.md", 0, Some("name"))));
        assert_eq!(parse("c:/x.md"), Some(("c:/x.md", 0, None)));
        assert_eq!(parse(":3"), None);
        let of = |text, n| Target::parse(text).expect("a path").ranges[0].of(n);
        assert_eq!(of("a:2:3", 9), 1..3);
        assert_eq!(of("a:-2", 9), 7..9);
        assert_eq!(of("a::-2", 9), 0..8);
        assert_eq!(of("a:5:2", 9), 4..4);
    }
}
