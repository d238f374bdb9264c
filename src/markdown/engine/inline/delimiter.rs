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

impl Family {
    /// How many tokens of a run of three Python takes first. Its own rules close `***a*` from the inside out,
    /// so that one token is `em`; the successor's look for the longer tag first.
    fn limit(self, delimiter: &Delimiter, length: usize) -> usize {
        if self == Family::Core && delimiter.two_tags && length == 3 { 1 } else { delimiter.max_size() }
    }
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

/// A run that may close or open: what is left of it, and the length of the innermost run that is open.
struct Run {
    which: usize,
    start: usize,
    end: usize,
    length: usize,
    side: Side,
    last: usize,
}

/// How pairing goes on behind a part of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// With the next part.
    On,
    /// With the next run.
    Leave,
    /// Not at all.
    Stop,
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
    fn search(&self, from: usize) -> Option<Run> {
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
                let last = self.stacks[which].open.last().map_or(0, |open| open.length);
                return Some(Run { which, start: at, end, length: end - at, side, last });
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

    /// Pairs run by run, until none is open. Each run first closes what it can, longer or as long as the
    /// opening one, then shorter; what it may not close it opens. A run that closed something opens nothing.
    fn run(&mut self, mut end: usize) {
        while self.stacks.iter().any(|stack| !stack.open.is_empty()) {
            let Some(mut run) = self.search(end) else {
                self.searched = self.text.len();
                break;
            };
            self.searched = run.end;
            end = run.end;
            self.look_back(&mut run);
            let mut may_open = run.side != Side::End;
            let may_close = run.side != Side::Start && self.close_longer(&mut run, &mut may_open);
            match if may_close { self.close_shorter(&mut run, &mut may_open) } else { Next::On } {
                Next::On => {}
                Next::Leave => continue,
                Next::Stop => break,
            }
            if may_open && self.open(&run) == Next::Stop {
                break;
            }
        }
    }

    /// Where the rule of three keeps an ambiguous run from the innermost opening one, looks for one that has
    /// its length further out.
    fn look_back(&mut self, run: &mut Run) {
        let open = &self.stacks[run.which].open;
        let Some(top) = open.last() else { return };
        if run.side != Side::Ambiguous || run.length == run.last || !rule_of_3(top.original, run.length) {
            return;
        }
        let found = (0..open.len() - 1)
            .rev()
            .take(LOOK_BACK)
            .find(|&index| open[index].length == run.length && !rule_of_3(open[index].original, run.length));
        let Some(index) = found else { return };
        // Python-Markdown's own rules leave what lies above, and then take more of the closing run than
        // there is; its successor in PyMdown Extensions drops it, and so do both here.
        while self.stacks[run.which].open.len() > index + 1 {
            let dropped = self.pop(run.which).expect("longer than the index");
            self.untrack(run.which, dropped.length);
        }
        run.last = run.length;
    }

    /// `*em*`, `**strong**`, `*em**`, `*em***`, `**strong***`: openers are used up until the closing run is.
    /// Returns whether what is left of the run may still close a longer one.
    fn close_longer(&mut self, run: &mut Run, may_open: &mut bool) -> bool {
        let which = run.which;
        let ambiguous = run.side == Side::Ambiguous;
        let Some(&top) = self.stacks[which].open.last() else { return true };
        let fits = (run.length > run.last && (!ambiguous || !rule_of_3(top.original, run.length)))
            || run.length == run.last
            || run.length >= 3;
        if !fits {
            return true;
        }
        *may_open = false;
        let first = run.start;
        let original = run.length;
        let used_up = self.use_up(run, top);
        if original >= 3 && run.length > 0 && ambiguous {
            // What is left of a long ambiguous run opens again.
            let start = first + (original - run.length);
            self.push(which, Open { start, end: run.end, ambiguous: false, original, length: run.length });
            return false;
        }
        !used_up && run.length > 0 && !self.stacks[which].open.is_empty() && run.last > run.length
    }

    /// Takes openers off the stack until the closing run is used up; returns whether that left nothing open.
    fn use_up(&mut self, run: &mut Run, top: Open) -> bool {
        let which = run.which;
        let delimiter = &self.delimiters[which];
        while !self.stacks[which].open.is_empty() && run.length > 0 && run.last <= run.length {
            let Some(opener) = self.pop_fitting(run) else {
                // Every opener has a space before the run where none may be.
                if self.others_open(which) {
                    self.stacks[which].reset();
                    continue;
                }
                self.stacks[which].open.push(top);
                break;
            };
            let size = opener.length.min(self.family.limit(delimiter, opener.length)).min(run.length);
            self.add_region(which, opener.end - size, opener.end, run.start, size);
            run.start += size;
            run.length -= size;
            let left = opener.length - size;
            if left > 0 && (!delimiter.double || left != 1) {
                self.push(which, Open { end: opener.end - size, length: left, ..opener });
                run.last = left;
            }
            match self.stacks[which].open.last() {
                Some(open) => run.last = open.length,
                None if self.others_open(which) => self.stacks[which].reset(),
                None => return true,
            }
        }
        false
    }

    /// Takes the innermost opener off that may pair with a run; those with a space between, where a span may
    /// hold none, are lost.
    fn pop_fitting(&mut self, run: &mut Run) -> Option<Open> {
        let which = run.which;
        let delimiter = &self.delimiters[which];
        let mut opener = self.pop(which).expect("not empty");
        while delimiter.no_space() {
            let tracked = self.stacks[which].space_track != 0;
            let fits = !((tracked || delimiter.single() || run.length == 1)
                && self.spaces.within(self.text, opener.end, run.start));
            self.untrack(which, opener.length);
            if fits {
                break;
            }
            opener = self.pop(which)?;
            run.last = opener.length;
        }
        Some(opener)
    }

    /// `***em*`, `***strong**`, `**em*`: the closing run is shorter than the opening one.
    fn close_shorter(&mut self, run: &mut Run, may_open: &mut bool) -> Next {
        let which = run.which;
        let delimiter = &self.delimiters[which];
        let ambiguous = run.side == Side::Ambiguous;
        if self.stacks[which].open.is_empty() || run.last <= run.length || (run.last < 3 && ambiguous) {
            return Next::On;
        }
        let mut opener = self.pop(which).expect("not empty");
        while opener.length != 3 && opener.ambiguous && !self.stacks[which].open.is_empty() {
            self.untrack(which, opener.length);
            opener = self.pop(which).expect("not empty");
            run.last = opener.length;
        }
        if opener.ambiguous && opener.length != 3 {
            if self.others_open(which) {
                self.stacks[which].reset();
                return Next::Leave;
            }
            return Next::Stop;
        }
        let spaced = delimiter.no_space()
            && (run.length == 1 || delimiter.single())
            && self.spaces.within(self.text, opener.end, run.start);
        if spaced {
            self.stacks[which].open.push(opener);
            return Next::On;
        }
        self.untrack(which, opener.length);
        *may_open = false;
        let mut opener_end = opener.end;
        while run.length > 0 && (!delimiter.double || run.length != 1) {
            let size = run.length.min(self.family.limit(delimiter, run.length));
            // An opener that is used up leaves nothing for the rest of the closing run.
            if size > run.last {
                break;
            }
            self.add_region(which, opener.start + run.last - size, opener_end, run.start, size);
            run.start += size;
            run.length -= size;
            run.last -= size;
            opener_end -= size;
        }
        if run.last > 0 && (!delimiter.double || run.last > 1) {
            self.push(which, Open { end: opener_end, ambiguous: false, length: run.last, ..opener });
        }
        Next::On
    }

    /// Opens a run.
    fn open(&mut self, run: &Run) -> Next {
        let which = run.which;
        let delimiter = &self.delimiters[which];
        if delimiter.double && run.length == 1 {
            return Next::On;
        }
        // A span that may not hold a space cannot open once there is one.
        if delimiter.no_space()
            && (self.stacks[which].space_track != 0 || delimiter.single())
            && let Some(top) = self.stacks[which].open.last().copied()
            && self.spaces.within(self.text, top.end, run.start)
        {
            let stack = &self.stacks[which];
            if stack.space_track > 1 || stack.singles != 0 || delimiter.single() {
                if !self.others_open(which) {
                    return Next::Stop;
                }
                self.stacks[which].reset();
            }
            return Next::On;
        }
        let ambiguous = run.side == Side::Ambiguous;
        let Run { start, end, length, .. } = *run;
        self.push(which, Open { start, end, ambiguous, original: length, length });
        Next::On
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
