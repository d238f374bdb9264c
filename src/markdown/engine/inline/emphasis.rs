//! Regions of delimiters become nested elements.

use super::arena::{El, ElId, Txt};
use super::delimiter::{Delimiter, Pairing, Region, Rules, pair};
use super::patterns::Pattern;
use super::run::{Engine, Hit, Pass};

/// The tokens that are paired together.
#[derive(Clone, Debug)]
pub(crate) struct Emphasis {
    pub(crate) rules: Rules,
    pub(crate) delimiters: Vec<Delimiter>,
}

impl Emphasis {
    /// Pairs from the token at `at` on.
    pub(crate) fn apply(&self, pass: &mut Pass<'_>, at: usize) -> Hit {
        let mut before = pass.before(at);
        // What is left of a closing run stands behind a placeholder, but is judged by what stood
        // before the run.
        if let Some((token, known)) = pass.remainder.take()
            && self.rules == Rules::Pymdownx
            && before == Some(super::ETX)
            && pass.text.as_bytes()[at] == token
        {
            before = Some(known);
        }
        // Every search may run to the end of the text for little or nothing; text made of little else
        // is given up on in time.
        if pass.budget == 0 {
            return Hit::Skip(pass.text.len());
        }
        match pair(&self.delimiters, self.rules, pass.text, at, before) {
            Pairing::Skip(end, searched) => {
                if pass.spend(searched - at) {
                    Hit::Skip(end)
                } else {
                    Hit::Skip(pass.text.len())
                }
            }
            Pairing::Regions(regions, searched) => {
                // What was looked at behind the last region is looked at again from there.
                let end = regions.iter().map(|region| region.close_end).max().unwrap_or(at);
                pass.spend(searched.saturating_sub(end));
                Hit::Regions(regions)
            }
        }
    }
}

/// Says what stood before the closing run that ends in the middle at `end`, if it does.
pub(crate) fn remainder(text: &str, end: usize) -> Option<(u8, char)> {
    let bytes = text.as_bytes();
    let token = *bytes.get(end)?;
    if end == 0 || bytes[end - 1] != token {
        return None;
    }
    let run = text[..end].trim_end_matches(token as char);
    Some((token, run.chars().next_back()?))
}

/// Tells whether a pattern pairs delimiters and a text holds one of its tokens.
pub(crate) fn has_token(pattern: &Pattern<'_>, text: &str) -> bool {
    matches!(pattern, Pattern::Emphasis(emphasis)
        if emphasis.delimiters.iter().any(|delimiter| text.contains(delimiter.token as char)))
}

/// Builds the element of the first region with all regions inside it; returns how many there were.
pub(crate) fn build(engine: &mut Engine<'_, '_>, pass: &Pass<'_>, regions: &[Region]) -> (ElId, usize) {
    let slice = |from: usize, to: usize| Some(Txt::open(pass.chunk.slice(from..to.max(from))));
    let first = regions[0];
    let mut outer: Vec<(ElId, Region)> = Vec::new();
    let mut last: ElId = 0;
    let mut previous = first;
    let mut root = None;
    let mut count = 0;
    for (index, region) in regions.iter().enumerate() {
        if index > 0 && region.open >= first.close_end {
            break;
        }
        count += 1;
        let span = pass.span(region.open..region.close_end);
        let id = engine.add(El::new(region.tag, span));
        if let Some(&(top, top_region)) = outer.last() {
            if engine.els[last].text.is_none() {
                engine.els[last].text = slice(previous.open_end, previous.close.min(region.open));
            }
            if last != top && engine.els[last].tail.is_none() {
                if region.open < top_region.close_end {
                    engine.els[last].tail = slice(previous.close_end, region.open);
                } else {
                    engine.els[last].tail = slice(previous.close_end, top_region.close);
                    engine.els[top].tail = slice(top_region.close_end, region.open);
                }
            }
        }
        if root.is_none() {
            root = Some(id);
            outer.push((id, *region));
        } else {
            while outer.len() > 1 && region.close_end > outer[outer.len() - 1].1.close_end {
                outer.pop();
            }
            let top = outer[outer.len() - 1].0;
            engine.els[top].children.push(id);
            if regions.get(index + 1).is_some_and(|next| region.close_end > next.close_end) {
                outer.push((id, *region));
            }
        }
        last = id;
        previous = *region;
    }
    while let Some(&(top, top_region)) = outer.last() {
        if engine.els[last].text.is_none() {
            engine.els[last].text = slice(previous.open_end, previous.close);
        }
        if last != top && engine.els[last].tail.is_none() {
            engine.els[last].tail = slice(previous.close_end, top_region.close);
        }
        outer.pop();
        last = top;
        previous = top_region;
    }
    (root.expect("there is a first region"), count)
}
