//! The walk that applies patterns and puts what they found into place.
//!
//! The order of everything here is `markdown/treeprocessors.py`'s: a pattern's match is worked on by
//! the patterns after it at once, elements below it when the walk over the finished tree reaches
//! them.

use super::ahead::Ahead;
use super::arena::{El, ElId, MAX_DEPTH, Txt, to_nodes};
use super::chars::strip;
use super::delimiter::Region;
use super::regions;
use super::ticks::Ticks;
use crate::markdown::engine::mark::{ETX, Mark, STX};
use crate::markdown::engine::page::Page;
use crate::markdown::engine::registry::Registry;
use crate::markdown::tree::Node;
use crate::text::{Chunk, Span};
use std::collections::VecDeque;
use std::ops::Range;

/// A rule for text inside blocks (`InlineProcessor`).
pub(crate) trait InlineRule: Send + Sync {
    /// Returns the next byte at or after `at` where the rule may begin.
    fn next(&self, text: &str, at: usize) -> Option<usize>;

    /// Tries the rule at a place that [`InlineRule::next`] named.
    fn apply(&self, engine: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize) -> Hit;

    /// Tells whether the rule applies inside links (`ANCESTOR_EXCLUDES`).
    fn in_links(&self) -> bool {
        true
    }

    /// Tells whether a text holds one of the tokens that the rule pairs.
    fn pairs_in(&self, _: &str) -> bool {
        false
    }
}

/// Parses a run of text; marks in it become the nodes they stand for.
///
/// Escaped characters are still marks in the result, so that attribute lists cannot mistake `\{` for `{`;
/// the passes over text put them back.
pub(crate) fn parse_inline(text: &Chunk, rules: &InlineRules, page: &mut Page<'_>) -> Vec<Node> {
    if text.is_empty() { Vec::new() } else { Engine::new(page, rules).parse(text) }
}

/// The rules for text, in their order.
pub(crate) type InlineRules = Registry<Box<dyn InlineRule>>;

/// Makes a rule that may begin wherever a character stands.
pub(crate) fn at_char(
    c: char,
    apply: impl Fn(&mut Engine<'_, '_>, &mut Pass<'_>, usize) -> Hit + Send + Sync + 'static,
) -> Box<dyn InlineRule> {
    Box::new(Starts { find: move |rest: &str| rest.find(c), apply, in_links: true })
}

/// Makes a rule that may begin wherever one of some ASCII characters stands.
pub(crate) fn at_any(
    chars: &'static [u8],
    apply: impl Fn(&mut Engine<'_, '_>, &mut Pass<'_>, usize) -> Hit + Send + Sync + 'static,
) -> Box<dyn InlineRule> {
    let find = move |rest: &str| rest.bytes().position(|byte| chars.contains(&byte));
    Box::new(Starts { find, apply, in_links: true })
}

/// Makes a rule that may begin wherever a text stands.
pub(crate) fn at_text(
    what: &'static str,
    apply: impl Fn(&mut Engine<'_, '_>, &mut Pass<'_>, usize) -> Hit + Send + Sync + 'static,
) -> Box<dyn InlineRule> {
    Box::new(Starts { find: move |rest: &str| find_text(rest, what), apply, in_links: true })
}

/// Finds a short text by its first byte that is no space: most runs of text do not have that byte at all.
fn find_text(rest: &str, what: &str) -> Option<usize> {
    let spaces = what.len() - what.trim_start_matches(' ').len();
    let rare = char::from(what.as_bytes()[spaces]);
    let mut from = 0;
    while let Some(found) = rest[from..].find(rare) {
        let at = from + found;
        if at >= spaces && rest.as_bytes()[at - spaces..].starts_with(what.as_bytes()) {
            return Some(at - spaces);
        }
        from = at + 1;
    }
    None
}

/// Makes a rule for running text outside links; `find` names the next byte in the rest of a text where it
/// may begin.
pub(crate) fn outside_links(
    find: impl Fn(&str) -> Option<usize> + Send + Sync + 'static,
    apply: impl Fn(&mut Engine<'_, '_>, &mut Pass<'_>, usize) -> Hit + Send + Sync + 'static,
) -> Box<dyn InlineRule> {
    Box::new(Starts { find, apply, in_links: false })
}

/// A rule made of two functions.
struct Starts<F, A> {
    find: F,
    apply: A,
    in_links: bool,
}

impl<F, A> InlineRule for Starts<F, A>
where
    F: Fn(&str) -> Option<usize> + Send + Sync,
    A: Fn(&mut Engine<'_, '_>, &mut Pass<'_>, usize) -> Hit + Send + Sync,
{
    fn next(&self, text: &str, at: usize) -> Option<usize> {
        Some(at + (self.find)(text.get(at..)?)?)
    }

    fn apply(&self, engine: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize) -> Hit {
        (self.apply)(engine, pass, at)
    }

    fn in_links(&self) -> bool {
        self.in_links
    }
}

/// What a pattern makes of a place.
pub(crate) enum Hit {
    /// Nothing: the search goes on behind the first character.
    No,
    /// Nothing, and nothing before this byte either.
    Skip(usize),
    /// From the place to this byte, something.
    Take(usize, Taken),
    /// From another byte on, something.
    TakeRange(Range<usize>, Taken),
    /// Regions of delimiters.
    Regions(Vec<Region>),
    /// All elements that the pattern finds in the text, in order.
    Elements(Vec<(Range<usize>, ElId)>),
}

/// What stands for the text that a pattern took.
pub(crate) enum Taken {
    /// An element.
    Element(Box<El>),
    /// Text that no later pattern may look into.
    Text(Chunk),
}

impl Taken {
    /// Wraps an element.
    pub(crate) fn el(el: El) -> Taken {
        Taken::Element(Box::new(el))
    }
}

/// One pass of a pattern over a text.
pub(crate) struct Pass<'t> {
    /// The text as it was when the pass began.
    pub(crate) text: &'t str,
    /// The same with its places.
    pub(crate) chunk: &'t Chunk,
    /// The end of the last match that became a placeholder.
    replaced_to: Option<usize>,
    /// What is known of the rest of the text.
    pub(crate) ahead: Ahead,
    /// How many bytes scanners may still look at beyond what each match needs.
    pub(crate) budget: usize,
    /// For each `[` the byte of its `]`.
    pub(crate) brackets: Option<Vec<(usize, usize)>>,
    /// The runs of backticks.
    pub(crate) ticks: Option<Ticks>,
    /// What stood before a closing run that was used in part: its token and the character before.
    pub(crate) remainder: Option<(u8, char)>,
}

impl<'t> Pass<'t> {
    fn new(chunk: &'t Chunk) -> Pass<'t> {
        Pass {
            text: chunk.text(),
            chunk,
            replaced_to: None,
            ahead: Ahead::default(),
            budget: 200_000 + 40 * chunk.len(),
            brackets: None,
            ticks: None,
            remainder: None,
        }
    }

    /// Returns the character before a byte: the end of a placeholder where a match was replaced.
    pub(crate) fn before(&self, at: usize) -> Option<char> {
        if self.replaced_to == Some(at) { Some(ETX) } else { self.text[..at].chars().next_back() }
    }

    /// Returns the character at a byte.
    pub(crate) fn after(&self, at: usize) -> Option<char> {
        self.text[at..].chars().next()
    }

    /// Returns where a text stands next at or after a byte.
    pub(crate) fn find(&mut self, what: &'static str, from: usize) -> Option<usize> {
        self.ahead.find(what, self.text, from, |rest| rest.find(what))
    }

    /// Returns where one of two ASCII characters stands next at or after a byte.
    pub(crate) fn find_either(&mut self, both: &'static str, from: usize) -> Option<usize> {
        let (first, second) = (both.as_bytes()[0] as char, both.as_bytes()[1] as char);
        self.ahead.find(both, self.text, from, |rest| rest.find([first, second]))
    }

    /// Returns the place of a range.
    pub(crate) fn span(&self, range: Range<usize>) -> Span {
        self.chunk.span(range)
    }

    /// Counts work that could repeat; tells whether there is still leave to do it.
    pub(crate) fn spend(&mut self, bytes: usize) -> bool {
        let left = self.budget.checked_sub(bytes);
        self.budget = left.unwrap_or(0);
        left.is_some()
    }
}

/// What stands behind an inline placeholder.
pub(super) enum Stashed {
    Element(ElId),
    Text(Chunk),
}

/// The state of one run of text.
pub(crate) struct Engine<'e, 'p> {
    /// The page.
    pub(crate) page: &'e mut Page<'p>,
    rules: &'e InlineRules,
    /// What stands behind the marks of this run.
    pub(super) stash: Vec<Stashed>,
    /// The elements under construction.
    pub(crate) els: Vec<El>,
    within: Within,
}

/// What a text stands in: one text may stand in ten thousand elements, each text in one more.
#[derive(Clone, Copy, Default)]
struct Within {
    n_elements: usize,
    link: bool,
}

impl Within {
    fn and(self, tag: &str) -> Within {
        Within { n_elements: self.n_elements + 1, link: self.link || tag == "a" }
    }
}

impl<'e, 'p> Engine<'e, 'p> {
    /// Starts with the rules to apply.
    pub(crate) fn new(page: &'e mut Page<'p>, rules: &'e InlineRules) -> Engine<'e, 'p> {
        Engine { page, rules, stash: Vec::new(), els: Vec::new(), within: Within::default() }
    }

    /// Parses a run of text.
    pub(crate) fn parse(&mut self, text: &Chunk) -> Vec<Node> {
        let span = text.whole_span().unwrap_or_else(|| self.page.start());
        let root = self.add(El::new("div", span));
        let block = self.add(El::new("p", span).with_text(text.clone()));
        self.els[root].children.push(block);
        self.walk(root);
        to_nodes(&mut self.els, block, self.page, 0)
    }

    /// Applies the patterns to a text alone; elements are not expected of them.
    pub(crate) fn substitute(&mut self, text: Chunk) -> Chunk {
        let text = self.apply_all(text, 0);
        self.resolve_texts(text)
    }

    fn resolve_texts(&self, text: Chunk) -> Chunk {
        if self.stash.is_empty() {
            return text;
        }
        let mut changes = Vec::new();
        let mut at = 0;
        while let Some(found) = text.text()[at..].find(STX) {
            let start = at + found;
            match Mark::at(&text.text()[start..]) {
                Some((Mark::Inline(id), length)) => {
                    if let Some(Stashed::Text(by)) = self.stash.get(id) {
                        changes.push((start..start + length, self.resolve_texts(by.clone())));
                    }
                    at = start + length;
                }
                _ => at = start + 1,
            }
        }
        text.replace(&changes)
    }

    /// Puts an element into the arena.
    pub(crate) fn add(&mut self, el: El) -> ElId {
        self.els.push(el);
        self.els.len() - 1
    }

    /// Walks the tree from its root, level by level.
    fn walk(&mut self, root: ElId) {
        let mut queue: VecDeque<(ElId, Within)> = VecDeque::from([(root, Within::default())]);
        while let Some((current, parents)) = queue.pop_front() {
            let here = if current == root { parents } else { parents.and(&self.els[current].tag) };
            self.within = here;
            let mut inserts: Vec<(ElId, Vec<ElId>)> = Vec::new();
            let mut position = 0;
            while position < self.els[current].children.len() {
                let child = self.els[current].children[position];
                if self.els[child].text.as_ref().is_some_and(|text| !text.atomic && !text.chunk.is_empty()) {
                    self.within = here.and(&self.els[child].tag);
                    let text = self.els[child].text.take().expect("seen above");
                    let text = Txt::open(self.apply_within(text.chunk));
                    let found = self.place(text, child, true);
                    for id in &found {
                        queue.push_back((*id, self.within));
                    }
                    inserts.push((child, found));
                    self.within = here;
                }
                if let Some(tail) = self.els[child].tail.take() {
                    let tail = if tail.atomic { tail } else { Txt::open(self.apply_within(tail.chunk)) };
                    let holder = self.add(El::new("d", self.els[child].span));
                    let found = self.place(tail, holder, false);
                    self.els[child].tail = self.els[holder].tail.take();
                    self.els[current].children.splice(position + 1..position + 1, found);
                }
                if !self.els[child].children.is_empty() {
                    queue.push_back((child, here));
                }
                position += 1;
            }
            for (element, found) in inserts {
                self.els[element].children.splice(0..0, found);
            }
        }
    }

    /// Applies all patterns to the text of an element. Links can be written in links without end, each
    /// to be read again inside the next; what lies too deep to be kept stays as it is written.
    fn apply_within(&mut self, data: Chunk) -> Chunk {
        if self.within.n_elements > MAX_DEPTH + 1 { data } else { self.apply_all(data, 0) }
    }

    /// Applies the patterns from one on.
    fn apply_all(&mut self, mut data: Chunk, from: usize) -> Chunk {
        for index in from..self.rules.len() {
            data = self.apply(index, data);
        }
        data
    }

    /// Applies one pattern, from left to right.
    fn apply(&mut self, index: usize, data: Chunk) -> Chunk {
        let rules = self.rules;
        let rule = rules.at(index);
        if !rule.in_links() && self.within.link {
            return data;
        }
        let mut pass = Pass::new(&data);
        let mut changes: Vec<(Range<usize>, Chunk)> = Vec::new();
        let mut at = 0;
        while let Some(candidate) = rule.next(pass.text, at) {
            at = candidate;
            let step = pass.text[at..].chars().next().map_or(1, char::len_utf8);
            match rule.apply(self, &mut pass, at) {
                Hit::No => at += step,
                Hit::Skip(end) => at = end.max(at + step),
                Hit::Take(end, taken) => {
                    self.replace(index, at..end, taken, false, &mut pass, &mut changes);
                    at = end.max(at + step);
                }
                Hit::TakeRange(range, taken) => {
                    let end = range.end;
                    self.replace(index, range, taken, false, &mut pass, &mut changes);
                    at = end.max(at + step);
                }
                Hit::Elements(found) => {
                    for (range, id) in found {
                        self.replace_id(index, range, id, false, &mut pass, &mut changes);
                    }
                    at = pass.text.len();
                }
                Hit::Regions(regions) => {
                    let mut from = 0;
                    while from < regions.len() {
                        let (id, count) = regions::build(&mut self.els, pass.chunk, &regions[from..]);
                        let range = regions[from].open..regions[from].close_end;
                        from += count;
                        // Tails between regions that were paired together are only looked at again
                        // when nothing of them waits any more.
                        let evaluated = from < regions.len();
                        at = range.end;
                        pass.remainder = regions::remainder(pass.text, at);
                        self.replace_id(index, range, id, evaluated, &mut pass, &mut changes);
                    }
                }
            }
            if at >= pass.text.len() {
                break;
            }
        }
        if changes.is_empty() { data } else { data.replace(&changes) }
    }

    fn replace(
        &mut self,
        index: usize,
        range: Range<usize>,
        taken: Taken,
        evaluated: bool,
        pass: &mut Pass<'_>,
        changes: &mut Vec<(Range<usize>, Chunk)>,
    ) {
        match taken {
            Taken::Element(el) => {
                let id = self.add(*el);
                self.replace_id(index, range, id, evaluated, pass, changes);
            }
            Taken::Text(text) => self.put(range, Stashed::Text(text), pass, changes),
        }
    }

    fn replace_id(
        &mut self,
        index: usize,
        range: Range<usize>,
        id: ElId,
        evaluated: bool,
        pass: &mut Pass<'_>,
        changes: &mut Vec<(Range<usize>, Chunk)>,
    ) {
        if self.els[id].text.as_ref().is_none_or(|text| !text.atomic) {
            let mut ids = vec![id];
            ids.extend(&self.els[id].children);
            for child in ids {
                if let Some(text) = self.els[child].text.take_if(|text| !text.atomic) {
                    let here = self.within;
                    self.within = here.and(&self.els[child].tag);
                    let chunk = self.apply_all(text.chunk, index + 1);
                    self.els[child].text = Some(Txt::open(chunk));
                    self.within = here;
                }
                if let Some(tail) = self.els[child].tail.take_if(|tail| !tail.atomic) {
                    if self.rules.at(index).pairs_in(tail.chunk.text()) {
                        pass.remainder = None;
                    }
                    let chunk = self.apply_all(tail.chunk, if evaluated { index + 1 } else { index });
                    self.els[child].tail = Some(Txt::open(chunk));
                }
            }
        }
        self.put(range, Stashed::Element(id), pass, changes);
    }

    fn put(
        &mut self,
        range: Range<usize>,
        stashed: Stashed,
        pass: &mut Pass<'_>,
        changes: &mut Vec<(Range<usize>, Chunk)>,
    ) {
        let mark = Mark::Inline(self.stash.len()).to_string();
        self.stash.push(stashed);
        pass.replaced_to = Some(range.end);
        let span = pass.span(range.clone());
        changes.push((range, Chunk::synthetic(&mark, span)));
    }

    /// Takes a text apart at its placeholders: the elements behind them, in order. The text between
    /// them becomes tails, and the text (or tail) of `parent` before the first.
    fn place(&mut self, data: Txt, parent: ElId, is_text: bool) -> Vec<ElId> {
        let mut result: Vec<ElId> = Vec::new();
        let text = data.chunk.text().to_owned();
        let mut from = 0;
        let mut at = 0;
        while let Some(found) = text[at..].find(STX) {
            let start = at + found;
            let (number, length) = match Mark::at(&text[start..]) {
                Some((Mark::Inline(number), length)) if number < self.stash.len() => (number, length),
                _ => {
                    at = start + 1;
                    continue;
                }
            };
            self.link_text(&result, parent, is_text, data.chunk.slice(from..start), false);
            from = start + length;
            at = from;
            match &self.stash[number] {
                Stashed::Text(text) => {
                    let text = text.clone();
                    self.link_text(&result, parent, is_text, text, false);
                }
                Stashed::Element(node) => {
                    let node = *node;
                    let mut members = vec![node];
                    members.extend(&self.els[node].children);
                    for child in members {
                        if has_content(self.els[child].tail.as_ref()) {
                            self.place_in(node, child, false);
                        }
                        if has_content(self.els[child].text.as_ref()) {
                            self.place_in(child, child, true);
                        }
                    }
                    result.push(node);
                }
            }
        }
        let rest = data.chunk.slice(from..data.chunk.len());
        self.link_text(&result, parent, is_text, rest, data.atomic);
        result
    }

    fn place_in(&mut self, node: ElId, subnode: ElId, is_text: bool) {
        let text = if is_text { self.els[subnode].text.take() } else { self.els[subnode].tail.take() };
        let Some(text) = text else { return };
        let found = self.place(text, subnode, is_text);
        let position = if !is_text && node != subnode {
            self.els[node].children.iter().position(|id| *id == subnode).map_or(0, |at| at + 1)
        } else {
            0
        };
        self.els[node].children.splice(position..position, found);
    }

    fn link_text(&mut self, result: &[ElId], parent: ElId, is_text: bool, text: Chunk, atomic: bool) {
        if text.is_empty() {
            return;
        }
        let slot = match result.last() {
            Some(last) => &mut self.els[*last].tail,
            None if is_text => &mut self.els[parent].text,
            None => &mut self.els[parent].tail,
        };
        match slot {
            Some(known) if !known.chunk.is_empty() => {
                known.chunk.push(&text);
                known.atomic = false;
            }
            _ => *slot = Some(Txt { chunk: text, atomic }),
        }
    }
}

fn has_content(text: Option<&Txt>) -> bool {
    text.is_some_and(|text| !strip(text.chunk.text()).is_empty())
}

#[cfg(test)]
mod tests {
    use super::find_text;

    #[test]
    fn a_text_is_found_as_str_finds_it() {
        for rest in ["", "a  \n", "   \n", " \n  \n", "  \né  ", "!a![b", "+++", "\\\\\n"] {
            for what in ["  \n", "![", "++", "\\\n"] {
                assert_eq!(find_text(rest, what), rest.find(what), "{what:?} in {rest:?}");
            }
        }
    }
}
