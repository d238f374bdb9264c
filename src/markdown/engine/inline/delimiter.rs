//! Emphasis and its relatives: pairs runs of `*`, `_`, `^`, `~` and `=` into nested regions.
//!
//! Owns the pairing of Python-Markdown 3.11's `DelimiterProcessor` (`inlinepatterns.py`) and of
//! `pymdownx.delimiterprocessor` 13, which extends it by punctuation rules and by spans that may not
//! hold a space. Both walk the text once with a stack of open runs for each token. Does not know
//! what the regions become in the tree.

use super::chars::{is_punctuation, is_space, is_word};
use crate::markdown::engine::mark::{ETX, STX};

/// Which of the two programs' rules apply where they differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// Python-Markdown's own emphasis.
    Core,
    /// `pymdownx.betterem`, `caret`, `tilde` and `mark`.
    Pymdownx,
}

/// One token and what it makes.
#[derive(Clone, Debug)]
pub(crate) struct Delimiter {
    /// The character that is repeated.
    pub(crate) token: u8,
    /// The tag of a doubled token.
    pub(crate) double_tag: &'static str,
    /// The tag of a single token.
    pub(crate) single_tag: &'static str,
    /// Whether both lengths mean something.
    pub(crate) two_tags: bool,
    /// Whether only the doubled token means something.
    pub(crate) double: bool,
    /// Whether a single token's span may hold no space.
    pub(crate) no_space: bool,
    /// Whether tokens inside a word stay text.
    pub(crate) smart: bool,
    /// Whether punctuation beside a run decides as CommonMark has it.
    pub(crate) punctuation: bool,
}

impl Delimiter {
    fn single(&self) -> bool {
        !self.two_tags && !self.double
    }

    fn no_space(&self) -> bool {
        self.no_space && !self.double
    }

    fn max_size(&self) -> usize {
        if !self.two_tags && !self.double { 1 } else { 2 }
    }

    fn tag(&self, size: usize) -> &'static str {
        if size == 2 { self.double_tag } else { self.single_tag }
    }
}

/// A matched pair: `open..open_end` and `close..close_end` are the bytes of the tokens used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    pub(crate) open: usize,
    pub(crate) open_end: usize,
    pub(crate) close: usize,
    pub(crate) close_end: usize,
    pub(crate) tag: &'static str,
}

/// What became of the run at one position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pairing {
    /// Nothing opens here: go on at the first byte; the text was looked at up to the second.
    Skip(usize, usize),
    /// Regions sorted by where they open; the text was looked at up to the byte.
    Regions(Vec<Region>, usize),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Ambiguous,
    End,
    Start,
}

/// An open run: the part that is left, whether it may also close, its first length and its length.
#[derive(Clone, Copy)]
struct Open {
    start: usize,
    end: usize,
    ambiguous: bool,
    original: usize,
    length: usize,
}

#[derive(Default)]
struct Stack {
    open: Vec<Open>,
    space_track: isize,
    singles: isize,
}

impl Stack {
    fn reset(&mut self) {
        *self = Stack::default();
    }

    fn track(&mut self, delimiter: &Delimiter, length: usize, by: isize) {
        if delimiter.no_space() && !delimiter.single() {
            if length == 1 {
                self.singles += by;
            }
            if length != 2 {
                self.space_track += by;
            }
        }
    }
}

/// How many open runs the rule of three looks back over. Real text has a handful; the bound keeps
/// text that is nothing but tokens linear.
const LOOK_BACK: usize = 64;

/// Two ambiguous runs whose first lengths add up to a multiple of three do not pair.
fn rule_of_3(opener: usize, closer: usize) -> bool {
    (opener + closer).is_multiple_of(3) && (!opener.is_multiple_of(3) || !closer.is_multiple_of(3))
}

/// Pairs from the run at `at`, whose predecessor is `before` (a placeholder's end where the text
/// before has become a node).
pub(crate) fn pair(delimiters: &[Delimiter], family: Family, text: &str, at: usize, before: Option<char>) -> Pairing {
    let bytes = text.as_bytes();
    let first = which(delimiters, bytes[at]).expect("the scan stops at a token only");
    let run_end = run_end(bytes, at);
    let (side, end) = match classify(&delimiters[first], family, text, at, before) {
        Some((side, end)) if side != Side::End => (side, end),
        Some((_, end)) => return Pairing::Skip(end, end),
        None => return Pairing::Skip(run_end, run_end),
    };
    if delimiters[first].double && end - at < 2 {
        return Pairing::Skip(at + 1, at + 1);
    }
    let mut pairing = Pairer {
        delimiters,
        family,
        text,
        stacks: delimiters.iter().map(|_| Stack::default()).collect(),
        regions: Vec::new(),
        spaces: Spaces::default(),
        searched: end,
    };
    let length = end - at;
    pairing.push(first, Open { start: at, end, ambiguous: side == Side::Ambiguous, original: length, length });
    pairing.run(end);
    pairing.finish(at)
}

struct Pairer<'a> {
    delimiters: &'a [Delimiter],
    family: Family,
    text: &'a str,
    stacks: Vec<Stack>,
    regions: Vec<Region>,
    spaces: Spaces,
    /// How far the text was looked at.
    searched: usize,
}

impl Pairer<'_> {
    fn push(&mut self, which: usize, open: Open) {
        self.stacks[which].track(&self.delimiters[which], open.length, 1);
        self.stacks[which].open.push(open);
    }

    fn pop(&mut self, which: usize) -> Option<Open> {
        self.stacks[which].open.pop()
    }

    fn untrack(&mut self, which: usize, length: usize) {
        self.stacks[which].track(&self.delimiters[which], length, -1);
    }

    fn others_open(&self, which: usize) -> bool {
        self.stacks.iter().enumerate().any(|(index, stack)| index != which && !stack.open.is_empty())
    }

    /// Finds the next run that could mean something.
    fn search(&self, from: usize) -> Option<(usize, usize, Side, usize)> {
        let bytes = self.text.as_bytes();
        let mut at = from;
        while at < bytes.len() {
            let Some(which) = which(self.delimiters, bytes[at]) else {
                at += 1;
                continue;
            };
            let before = self.text[..at].chars().next_back();
            if let Some((side, end)) = classify(&self.delimiters[which], self.family, self.text, at, before)
                && !(side == Side::End && self.stacks[which].open.is_empty())
            {
                return Some((which, at, side, end));
            }
            // Of the rest of a run only the last tokens can say something else than the whole.
            at = (at + 1).max(run_end(bytes, at).saturating_sub(3));
        }
        None
    }

    fn add_region(&mut self, which: usize, open: usize, open_end: usize, close: usize, size: usize) {
        let close_end = close + size;
        let tag = self.delimiters[which].tag(size);
        self.regions.push(Region { open, open_end, close, close_end, tag });
        // Open runs inside the new region can pair no more.
        for other in 0..self.stacks.len() {
            while let Some(last) = self.stacks[other].open.last()
                && (open..close_end).contains(&last.start)
            {
                let length = last.length;
                self.stacks[other].open.pop();
                self.untrack(other, length);
            }
        }
    }

    fn run(&mut self, mut end: usize) {
        let pymdownx = self.family == Family::Pymdownx;
        while self.stacks.iter().any(|stack| !stack.open.is_empty()) {
            let Some((which, run_start, side, run_end)) = self.search(end) else {
                self.searched = self.text.len();
                break;
            };
            self.searched = run_end;
            let delimiter = &self.delimiters[which];
            let mut start = run_start;
            end = run_end;
            let mut current = end - start;
            let ambiguous = side == Side::Ambiguous;
            let mut is_start = side != Side::End;
            let mut is_end = side != Side::Start;
            let mut last = self.stacks[which].open.last().map_or(0, |open| open.length);

            if let Some(top) = self.stacks[which].open.last()
                && ambiguous
                && current != last
                && rule_of_3(top.original, current)
            {
                let open = &self.stacks[which].open;
                let found = (0..open.len() - 1)
                    .rev()
                    .take(LOOK_BACK)
                    .find(|&index| open[index].length == current && !rule_of_3(open[index].original, current));
                if let Some(index) = found {
                    // Python-Markdown's own rules leave what lies above, and then take more of the closing
                    // run than there is; its successor in PyMdown Extensions drops it, and so do both here.
                    while self.stacks[which].open.len() > index + 1 {
                        let dropped = self.pop(which).expect("longer than the index");
                        self.untrack(which, dropped.length);
                    }
                    last = current;
                }
            }

            // `*em*`, `**strong**`, `*em**`, `*em***`, `**strong***`: openers are used up until the
            // closing run is.
            if let Some(&top) = self.stacks[which].open.last()
                && is_end
                && ((current > last && (!ambiguous || !rule_of_3(top.original, current)))
                    || current == last
                    || current >= 3)
            {
                is_start = false;
                let original = current;
                while !self.stacks[which].open.is_empty() && current > 0 && last <= current {
                    let mut opener = self.pop(which).expect("not empty");
                    let mut fits = true;
                    if pymdownx && delimiter.no_space() {
                        loop {
                            let tracked = self.stacks[which].space_track != 0;
                            fits = !((tracked || delimiter.single() || current == 1)
                                && self.spaces.within(self.text, opener.end, start));
                            self.untrack(which, opener.length);
                            if !fits && let Some(next) = self.pop(which) {
                                opener = next;
                                last = opener.length;
                                continue;
                            }
                            break;
                        }
                    }
                    if !fits {
                        if self.others_open(which) {
                            self.stacks[which].reset();
                            continue;
                        }
                        self.stacks[which].open.push(top);
                        break;
                    }
                    let limit =
                        if !pymdownx && delimiter.two_tags && opener.length == 3 { 1 } else { delimiter.max_size() };
                    let size = opener.length.min(limit).min(current);
                    self.add_region(which, opener.end - size, opener.end, start, size);
                    start += size;
                    current -= size;
                    let left = opener.length - size;
                    last = if left > 0 && (!delimiter.double || left != 1) {
                        let rest = Open { end: opener.end - size, length: left, ..opener };
                        if pymdownx {
                            self.push(which, rest);
                        } else {
                            self.stacks[which].open.push(rest);
                        }
                        left
                    } else {
                        last
                    };
                    match self.stacks[which].open.last() {
                        Some(open) => last = open.length,
                        None if self.others_open(which) => self.stacks[which].reset(),
                        None => {
                            is_end = false;
                            break;
                        }
                    }
                }
                if original >= 3 && current > 0 && ambiguous {
                    let rest = Open {
                        start: run_start + (original - current),
                        end,
                        ambiguous: false,
                        original,
                        length: current,
                    };
                    if pymdownx {
                        self.push(which, rest);
                    } else {
                        self.stacks[which].open.push(rest);
                    }
                    is_end = false;
                } else {
                    is_end = is_end && current > 0 && !self.stacks[which].open.is_empty() && last > current;
                }
            }

            // `***em*`, `***strong**`, `**em*`: the closing run is shorter than the opening one.
            if !self.stacks[which].open.is_empty() && is_end && (last >= 3 || !ambiguous) && last > current {
                let mut opener = self.pop(which).expect("not empty");
                while opener.length != 3 && opener.ambiguous && !self.stacks[which].open.is_empty() {
                    if pymdownx {
                        self.untrack(which, opener.length);
                    }
                    opener = self.pop(which).expect("not empty");
                    last = opener.length;
                }
                if opener.ambiguous && opener.length != 3 {
                    if self.others_open(which) {
                        self.stacks[which].reset();
                        continue;
                    }
                    break;
                }
                let ignore = pymdownx
                    && delimiter.no_space()
                    && (current == 1 || delimiter.single())
                    && self.spaces.within(self.text, opener.end, start);
                if ignore {
                    self.stacks[which].open.push(opener);
                } else {
                    if pymdownx {
                        self.untrack(which, opener.length);
                    }
                    is_start = false;
                    let mut opener_end = opener.end;
                    while current > 0 && (!delimiter.double || current != 1) {
                        let limit =
                            if !pymdownx && delimiter.two_tags && current == 3 { 1 } else { delimiter.max_size() };
                        let size = current.min(limit);
                        // An opener that is used up leaves nothing for the rest of the closing run.
                        if size > last {
                            break;
                        }
                        self.add_region(which, opener.start + last - size, opener_end, start, size);
                        start += size;
                        current -= size;
                        last -= size;
                        opener_end -= size;
                    }
                    if last > 0 && (!delimiter.double || last > 1) {
                        let rest = Open { end: opener_end, ambiguous: false, length: last, ..opener };
                        if pymdownx {
                            self.push(which, rest);
                        } else {
                            self.stacks[which].open.push(rest);
                        }
                    }
                }
            }

            if is_start && (!delimiter.double || current != 1) {
                // A span that may not hold a space cannot open once there is one.
                if pymdownx
                    && delimiter.no_space()
                    && (self.stacks[which].space_track != 0 || delimiter.single())
                    && let Some(top) = self.stacks[which].open.last().copied()
                    && self.spaces.within(self.text, top.end, start)
                {
                    let stack = &self.stacks[which];
                    if stack.space_track > 1 || stack.singles != 0 || delimiter.single() {
                        if !self.others_open(which) {
                            break;
                        }
                        self.stacks[which].reset();
                    }
                    continue;
                }
                self.push(which, Open { start, end, ambiguous, original: current, length: current });
            }
        }
    }

    fn finish(mut self, at: usize) -> Pairing {
        if self.regions.is_empty() {
            let mut left: Vec<Open> = self.stacks.iter().flat_map(|stack| stack.open.iter().copied()).collect();
            left.sort_by_key(|open| open.start);
            let enough = if self.family == Family::Pymdownx { left.len() > 1 } else { !left.is_empty() };
            let next = left.last().filter(|_| enough).map_or(at + 1, |open| open.end);
            return Pairing::Skip(next, self.searched);
        }
        self.regions.sort_by_key(|region| region.open);
        Pairing::Regions(self.regions, self.searched)
    }
}

/// Remembers one stretch that holds a space and one that holds none, as `check_space` does.
#[derive(Default)]
struct Spaces {
    with: Option<(usize, usize)>,
    without: Option<(usize, usize)>,
}

impl Spaces {
    fn within(&mut self, text: &str, start: usize, end: usize) -> bool {
        let last = end.saturating_sub(1);
        let overlaps = |known: Option<(usize, usize)>| known.is_some_and(|(a, b)| start.max(a) <= last.min(b));
        let grow = |known: &mut Option<(usize, usize)>| {
            *known = Some(known.map_or((start, last), |(a, b)| (a.min(start), b.max(last))));
        };
        if overlaps(self.with) {
            grow(&mut self.with);
            return true;
        }
        if overlaps(self.without) {
            grow(&mut self.without);
            return false;
        }
        let found = text.get(start..end).is_some_and(|part| part.chars().any(is_space));
        grow(if found { &mut self.with } else { &mut self.without });
        found
    }
}

fn which(delimiters: &[Delimiter], byte: u8) -> Option<usize> {
    delimiters.iter().position(|delimiter| delimiter.token == byte)
}

pub(crate) fn run_end(bytes: &[u8], at: usize) -> usize {
    at + bytes[at..].iter().take_while(|byte| **byte == bytes[at]).count()
}

/// Says what the run at `at` can be and where it ends, or `None` for neither side.
fn classify(
    delimiter: &Delimiter,
    family: Family,
    text: &str,
    at: usize,
    before: Option<char>,
) -> Option<(Side, usize)> {
    let run = run_end(text.as_bytes(), at) - at;
    if family == Family::Pymdownx && delimiter.smart && delimiter.no_space {
        // Three and more are dumb, two are smart, one is dumb.
        return (run >= 3)
            .then(|| classify_exact(delimiter, family, text, at, before, run, false))
            .flatten()
            .or_else(|| (run >= 2).then(|| classify_exact(delimiter, family, text, at, before, 2, true)).flatten())
            .or_else(|| classify_exact(delimiter, family, text, at, before, 1, false));
    }
    classify_exact(delimiter, family, text, at, before, run, delimiter.smart)
}

fn classify_exact(
    delimiter: &Delimiter,
    family: Family,
    text: &str,
    at: usize,
    before: Option<char>,
    length: usize,
    smart: bool,
) -> Option<(Side, usize)> {
    let token = delimiter.token as char;
    let end = at + length;
    let next = text[end..].chars().next();
    let pymdownx = family == Family::Pymdownx;
    let flanking = |c: char| !(is_space(c) || c == token || (pymdownx && delimiter.punctuation && is_punctuation(c)));
    let outside = |c: Option<char>| match c {
        None => true,
        Some(c) => (token != '_' && c == '_') || !(is_word(c) || c == token),
    };
    let word_start = !smart || outside(before);
    let word_end = !smart || outside(next);
    let punctuation = |c: char| pymdownx && is_punctuation(c);
    let closes = before.is_some_and(flanking);
    let opens = next.is_some_and(flanking);
    let not_token = before != Some(token) && next != Some(token);

    let ambiguous = (closes && opens && word_start && word_end)
        || (pymdownx
            && not_token
            && before.is_some_and(|c| punctuation(c) || c == ETX)
            && next.is_some_and(|c| punctuation(c) || c == STX));
    if ambiguous {
        return Some((Side::Ambiguous, end));
    }
    let closing = (closes && word_end)
        || (pymdownx
            && not_token
            && before.is_some_and(punctuation)
            && next.is_none_or(|c| punctuation(c) || is_space(c) || c == STX));
    if closing {
        return Some((Side::End, end));
    }
    let opening = (opens && word_start)
        || (pymdownx
            && not_token
            && before.is_none_or(|c| punctuation(c) || is_space(c) || c == ETX)
            && next.is_some_and(punctuation));
    opening.then_some((Side::Start, end))
}
