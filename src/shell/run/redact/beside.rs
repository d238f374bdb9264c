//! Readings that begin within an escape: what stands before a value may make its beginning part of an
//! escape, as `%` does with `ab%2f` and a backslash with `\\u00f6`, and then all that follows is read wrongly.
//!
//! So a text is read once more from the second byte of each escape, until it goes on as the main reading
//! does and nothing is left that only this one could find: mostly after a byte or two. Where that is not so
//! for too much of a text, it is masked unseen.

use super::escapes::{Escapes, Looked, Scheme};
use super::{Found, HARMLESS, Lane, Matcher, Unit, feed};

/// So many readings may be open between two pieces of a text.
const MANY: usize = 16;

/// So many bytes may be read beside each byte of a text.
const MUCH: usize = 8;

/// The readings beside one reading.
pub(super) struct Beside {
    scheme: Scheme,
    open: Vec<Aside>,
    /// One that has nothing to find any more: the next one takes its place in memory.
    spare: Option<Aside>,
}

/// One reading that began within an escape.
struct Aside {
    lanes: Vec<Lane>,
    escapes: Escapes,
    began: u64,
    /// Where the escape ends that it began in.
    least: u64,
    /// From where on it reads the same as the main reading.
    joined: Option<u64>,
}

impl Beside {
    pub(super) fn new(scheme: Scheme) -> Beside {
        Beside { scheme, open: Vec::new(), spare: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Reads on in what the main reading has just looked at.
    pub(super) fn take(&mut self, matcher: &Matcher, looked: &Looked, found: &mut Vec<Found>) {
        if looked.escapes.is_empty() && self.open.is_empty() {
            return;
        }
        let text = &looked.text;
        // Where the main reading has the end of a byte: within an escape it has none.
        let mut ends: Vec<bool> = (0..=text.len()).map(|at| at <= looked.n_done).collect();
        for escape in &looked.escapes {
            ends[escape.start + 1..escape.end].fill(false);
        }
        let mut left = MUCH * text.len();
        let mut asides = std::mem::take(&mut self.open);
        asides.retain_mut(|aside| aside.read(matcher, text, looked.n_before, &ends, &mut left, found));
        for escape in looked.escapes.iter().filter(|escape| escape.len() > 1) {
            let mut aside = self.spare.take().unwrap_or_else(|| Aside::new(matcher, self.scheme));
            aside.begin(matcher, text[escape.start].start, text[escape.end - 1].end);
            if aside.read(matcher, text, escape.start + 1, &ends, &mut left, found) {
                asides.push(aside);
            } else {
                self.spare = Some(aside);
            }
        }
        // Nobody has read all of it.
        if left == 0 || asides.len() > MANY {
            let begun = asides.iter().map(|aside| aside.began).min();
            let first = if left == 0 { text.first().map(|unit| unit.start) } else { begun };
            if let (Some(start), Some(last)) = (begun.into_iter().chain(first).min(), text.last()) {
                found.push(Found { range: start..last.end, owner: matcher.some_owner() });
            }
            asides.truncate(MANY);
        }
        self.open = asides;
    }

    /// Ends the text.
    pub(super) fn finish(&mut self, matcher: &Matcher, found: &mut Vec<Found>) {
        for mut aside in self.open.drain(..) {
            let rest = aside.escapes.undo(&[], true);
            feed(&mut aside.lanes, matcher, &rest, found);
        }
    }

    /// Calls `add` with where each byte begins that may yet turn out to be a secret's, and with how many
    /// bytes of one it could be the beginning of.
    pub(super) fn open(&self, matcher: &Matcher, now: u64, add: &mut dyn FnMut(u64, usize)) {
        for aside in &self.open {
            if let Some(start) = aside.escapes.open() {
                add(start, HARMLESS + 1);
            }
            for (lane, (_, words)) in aside.lanes.iter().zip(&matcher.levels) {
                if let Some(start) = lane.earliest(words, now) {
                    add(start, lane.depth(words, now));
                }
            }
        }
    }
}

impl Aside {
    fn new(matcher: &Matcher, scheme: Scheme) -> Aside {
        let lanes = matcher.levels.iter().map(|(_, words)| Lane::new(words)).collect();
        Aside { lanes, escapes: Escapes::new(scheme), began: 0, least: 0, joined: None }
    }

    /// Begins anew; what it read before has left no escape open.
    fn begin(&mut self, matcher: &Matcher, began: u64, least: u64) {
        self.lanes.iter_mut().zip(&matcher.levels).for_each(|(lane, (_, words))| lane.reset(words));
        (self.began, self.least, self.joined) = (began, least, None);
    }

    /// Reads on from a place; tells whether there is anything that only this reading may find yet.
    fn read(
        &mut self,
        matcher: &Matcher,
        text: &[Unit],
        from: usize,
        ends: &[bool],
        left: &mut usize,
        found: &mut Vec<Found>,
    ) -> bool {
        for at in from..text.len() {
            if *left == 0 {
                return true;
            }
            *left -= 1;
            let unit = &text[at..=at];
            if self.escapes.is_empty() && !self.escapes.begin(unit[0].byte) {
                feed(&mut self.lanes, matcher, unit, found);
            } else {
                let undone = self.escapes.undo(unit, false);
                feed(&mut self.lanes, matcher, &undone, found);
            }
            let now = text[at].end;
            if !self.escapes.is_empty() || now < self.least {
                continue;
            }
            if ends[at + 1] {
                self.joined.get_or_insert(now);
            }
            let joined = self.joined;
            let mut lanes = self.lanes.iter().zip(&matcher.levels);
            let is_own = |start: u64| joined.is_none_or(|joined| start < joined);
            if !lanes.any(|(lane, (_, words))| lane.earliest(words, now).is_some_and(is_own)) {
                return false;
            }
        }
        true
    }
}
