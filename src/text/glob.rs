//! Patterns over paths: gitignore as `pathspec` reads it, and `fnmatch`.
//!
//! A pattern is a small automaton whose states are followed all at once, so that matching takes
//! time in proportion to pattern times path, whatever the pattern.

/// One state of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// This character.
    Char(char),
    /// Any character but `/`.
    AnyInSegment,
    /// Any characters but `/`, or none.
    StarInSegment,
    /// Any character.
    Any,
    /// Any characters, or none.
    Star,
    /// One of these, or none of these; the second flag tells whether `/` may be one.
    Class { ranges: Vec<(char, char)>, negated: bool },
    /// Nothing: goes on here or so many states further.
    Skip(usize),
    /// Whole folders: any characters, the last of them `/`.
    Folders,
    /// One character or more.
    Some,
}

/// A pattern that is tried on a whole path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<Token>);

/// How far a pattern reached into a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reach {
    /// It matched the whole path.
    end: bool,
    /// It matched up to a `/`.
    slash: bool,
}

impl Pattern {
    /// Reads a pattern of Python's `fnmatch`: `*` and `?` cross `/`.
    pub fn fnmatch(pattern: &str) -> Pattern {
        let mut tokens = Vec::new();
        let chars: Vec<char> = pattern.chars().collect();
        let mut at = 0;
        while at < chars.len() {
            match chars[at] {
                '*' => tokens.push(Token::Star),
                '?' => tokens.push(Token::Any),
                '[' => match class(&chars[at + 1..], false) {
                    Some((token, length)) => {
                        tokens.push(token);
                        at += length;
                    }
                    None => tokens.push(Token::Char('[')),
                },
                other => tokens.push(Token::Char(other)),
            }
            at += 1;
        }
        Pattern(tokens)
    }

    /// Reads a pattern of Python's `pathlib.PurePath.match` and of `wcmatch`'s `glob`: `*` stays in
    /// its folder, `**` as a whole part crosses folders.
    pub fn path_glob(pattern: &str) -> Pattern {
        let mut tokens = Vec::new();
        let parts: Vec<&str> = pattern.split('/').collect();
        for (index, part) in parts.iter().enumerate() {
            let last = index + 1 == parts.len();
            if *part == "**" {
                if last {
                    tokens.push(Token::Star);
                } else {
                    tokens.extend([Token::Skip(2), Token::Folders]);
                }
                continue;
            }
            // An unfinished bracket is a plain character here.
            push_segment(&mut tokens, part, true);
            if !last {
                tokens.push(Token::Char('/'));
            }
        }
        Pattern(tokens)
    }

    /// Tells whether the whole of a path matches.
    pub fn matches(&self, path: &str) -> bool {
        self.reach(path).end
    }

    fn reach(&self, path: &str) -> Reach {
        let accept = self.0.len();
        let mut active = vec![false; accept + 1];
        let mut slash = false;
        self.enter(&mut active, 0);
        for ch in path.chars() {
            slash |= active[accept] && ch == '/';
            let mut next = vec![false; accept + 1];
            for (state, token) in self.0.iter().enumerate().filter(|(state, _)| active[*state]) {
                let (stay, go) = match token {
                    Token::Char(wanted) => (false, *wanted == ch),
                    Token::AnyInSegment => (false, ch != '/'),
                    Token::StarInSegment => (ch != '/', false),
                    Token::Any => (false, true),
                    Token::Star => (true, false),
                    Token::Class { ranges, negated } => {
                        (false, ranges.iter().any(|(low, high)| (*low..=*high).contains(&ch)) != *negated)
                    }
                    Token::Skip(_) => (false, false),
                    Token::Folders => (true, ch == '/'),
                    Token::Some => (true, true),
                };
                if stay {
                    self.enter(&mut next, state);
                }
                if go {
                    self.enter(&mut next, state + 1);
                }
            }
            active = next;
        }
        Reach { end: active[accept], slash }
    }

    /// Makes a state active, and those that follow it without a character.
    fn enter(&self, active: &mut [bool], state: usize) {
        let mut pending = vec![state];
        while let Some(state) = pending.pop() {
            if active.get(state) != Some(&false) {
                continue;
            }
            active[state] = true;
            match self.0.get(state) {
                Some(Token::Skip(far)) => pending.extend([state + 1, state + far]),
                Some(Token::Star | Token::StarInSegment) => pending.push(state + 1),
                _ => {}
            }
        }
    }
}

/// Reads the class after a `[`, and how many characters it took with its `]`.
fn class(chars: &[char], caret_negates: bool) -> Option<(Token, usize)> {
    let mut at = 0;
    let negated = chars.first().is_some_and(|ch| *ch == '!' || (caret_negates && *ch == '^'));
    at += usize::from(negated);
    let first = at;
    let close = (first..chars.len()).find(|index| chars[*index] == ']' && *index > first)?;
    let mut ranges = Vec::new();
    while at < close {
        if at + 2 < close && chars[at + 1] == '-' {
            ranges.push((chars[at], chars[at + 2]));
            at += 3;
        } else {
            ranges.push((chars[at], chars[at]));
            at += 1;
        }
    }
    Some((Token::Class { ranges, negated }, close + 1))
}

/// Reads one part between two `/`; tells whether it is well formed.
fn push_segment(tokens: &mut Vec<Token>, segment: &str, lenient: bool) -> bool {
    let chars: Vec<char> = segment.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        match chars[at] {
            '\\' => {
                at += 1;
                match chars.get(at) {
                    Some(escaped) => tokens.push(Token::Char(*escaped)),
                    None => return false,
                }
            }
            '*' => tokens.push(Token::StarInSegment),
            '?' => tokens.push(Token::AnyInSegment),
            '[' => match class(&chars[at + 1..], true) {
                Some((token, length)) => {
                    tokens.push(token);
                    at += length;
                }
                None if lenient => tokens.push(Token::Char('[')),
                None => return false,
            },
            other => tokens.push(Token::Char(other)),
        }
        at += 1;
    }
    true
}

/// A list of gitignore patterns, as `pathspec`'s `GitIgnoreSpec` reads them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitIgnore {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    pattern: Pattern,
    include: bool,
    accept: Accept,
}

/// What a rule's end stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Accept {
    /// A file, or a folder with all below it.
    FileOrFolder,
    /// A folder only (`x/`).
    Folder,
    /// What is below a folder (`x/**`).
    Below,
    /// Everything.
    All,
}

impl GitIgnore {
    /// Reads the lines of a text. Git drops lines with an unfinished `[`; so do we.
    pub fn parse(text: &str) -> GitIgnore {
        let mut all = GitIgnore::default();
        all.extend(text);
        all
    }

    /// Adds the lines of another text, which take precedence.
    pub fn extend(&mut self, text: &str) {
        self.rules.extend(text.lines().filter_map(Rule::parse));
    }

    /// Tells whether a path is matched, all rules taken together.
    pub fn matches(&self, path: &str) -> bool {
        let mut found = None;
        for rule in self.rules.iter().rev() {
            match rule.apply(path) {
                // A rule that names the file itself settles it; one that names a folder above it
                // gives way to an earlier one that names the file.
                Some(Hit::File) => return rule.include,
                Some(Hit::Folder) if found.is_none() => found = Some(rule.include),
                _ => {}
            }
        }
        found.unwrap_or(false)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hit {
    File,
    Folder,
}

impl Rule {
    fn parse(line: &str) -> Option<Rule> {
        let line = if line.ends_with("\\ ") { line } else { line.trim_end() };
        if line.is_empty() || line.starts_with('#') || line == "/" {
            return None;
        }
        let (include, line) = match line.strip_prefix('!') {
            Some(rest) => (false, rest),
            None => (true, line),
        };
        let mut segments: Vec<&str> = line.split('/').collect();
        let folder_only = segments.last() == Some(&"");
        if segments[0].is_empty() {
            segments.remove(0);
        } else if (segments.len() == 1 || (segments.len() == 2 && segments[1].is_empty())) && segments[0] != "**" {
            segments.insert(0, "**");
        }
        if let Some(last) = segments.last_mut()
            && last.is_empty()
        {
            *last = "**";
        }
        segments.dedup_by(|next, previous| *next == "**" && *previous == "**");
        match segments.as_slice() {
            [] => return None,
            ["**"] | ["**", "*"] if !folder_only => {
                return Some(Rule { pattern: Pattern(Vec::new()), include, accept: Accept::All });
            }
            _ => {}
        }
        let mut tokens = Vec::new();
        let mut accept = Accept::FileOrFolder;
        let mut need_slash = false;
        let end = segments.len() - 1;
        for (index, segment) in segments.iter().enumerate() {
            if *segment == "**" {
                if index == end {
                    accept = if folder_only { Accept::Folder } else { Accept::Below };
                    if index == 0 {
                        tokens.push(Token::Some);
                    }
                } else if index == 0 {
                    tokens.extend([Token::Skip(2), Token::Folders]);
                } else {
                    tokens.extend([Token::Skip(3), Token::Char('/'), Token::Some]);
                    need_slash = true;
                }
                continue;
            }
            if need_slash {
                tokens.push(Token::Char('/'));
            }
            need_slash = true;
            if *segment == "*" {
                tokens.extend([Token::AnyInSegment, Token::StarInSegment]);
            } else if !push_segment(&mut tokens, segment, false) {
                return None;
            }
        }
        Some(Rule { pattern: Pattern(tokens), include, accept })
    }

    fn apply(&self, path: &str) -> Option<Hit> {
        if self.accept == Accept::All {
            return Some(Hit::File);
        }
        let reach = self.pattern.reach(path);
        match self.accept {
            Accept::FileOrFolder if reach.end => Some(Hit::File),
            Accept::FileOrFolder | Accept::Folder if reach.slash => Some(Hit::Folder),
            Accept::Below if reach.slash => Some(Hit::File),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignored(rules: &str, path: &str) -> bool {
        GitIgnore::parse(rules).matches(path)
    }

    // The expectations of this module are the answers of pathspec 1.1 (`GitIgnoreSpec`).

    #[test]
    fn a_name_matches_at_any_depth_and_all_below_it() {
        for path in ["foo", "a/foo", "foo/a", "a/foo/b"] {
            assert!(ignored("foo", path), "{path}");
        }
        assert!(!ignored("foo", "foobar"));
        assert!(!ignored("foo/", "foo"));
        assert!(ignored("foo/", "a/foo/b"));
    }

    #[test]
    fn a_slash_anchors_at_the_root() {
        assert!(ignored("/a.md", "a.md"));
        assert!(!ignored("/a.md", "b/a.md"));
        assert!(ignored("a/b.md", "a/b.md"));
        assert!(!ignored("a/b.md", "x/a/b.md"));
        assert!(ignored("a/**/b.md", "a/b.md"));
        assert!(ignored("a/**/b.md", "a/x/y/b.md"));
        assert!(ignored("a/**", "a/b"));
        assert!(!ignored("a/**", "a"));
        assert!(ignored("**/b/*.md", "a/b/c.md"));
        assert!(!ignored("**/b/*.md", "a/b/c/d.md"));
    }

    #[test]
    fn later_rules_and_rules_for_files_take_precedence() {
        assert!(!ignored("*.md\n!keep.md", "a/keep.md"));
        assert!(ignored("*.md\n!keep.md", "a/drop.md"));
        assert!(!ignored("drafts/\n!drafts/a.md", "drafts/a.md"));
        assert!(!ignored("!a.md\ndrafts/", "drafts/a.md"));
        assert!(ignored(".*\n/templates/\n!.assets", ".git/x"));
        assert!(!ignored(".*\n/templates/\n!.assets", ".assets/x"));
    }

    #[test]
    fn classes_escapes_and_comments() {
        assert!(ignored("[a-c].md", "b.md"));
        assert!(!ignored("[!a-c].md", "b.md"));
        assert!(ignored("\\#x", "#x"));
        assert!(!ignored("# x", "# x"));
        assert!(!ignored("[a", "[a"));
        assert!(!ignored("/", "a"));
        assert!(ignored("*", "a/b"));
        assert!(ignored("a?c", "abc"));
        assert!(!ignored("a?c", "a/c"));
    }

    #[test]
    fn many_stars_stay_fast() {
        let pattern = Pattern::fnmatch(&"*a".repeat(200));
        assert!(pattern.matches(&"ba".repeat(200)));
        assert!(!pattern.matches(&"ab".repeat(5_000)));
        assert!(!pattern.matches(&"ba".repeat(199)));
    }

    #[test]
    fn fnmatch_crosses_folders_and_path_globs_do_not() {
        assert!(Pattern::fnmatch("a/*").matches("a/b/c"));
        assert!(!Pattern::path_glob("a/*").matches("a/b/c"));
        assert!(Pattern::path_glob("a/**/c").matches("a/c"));
        assert!(Pattern::path_glob("a/**/c").matches("a/b/b/c"));
    }
}
