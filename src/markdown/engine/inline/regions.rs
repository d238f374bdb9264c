//! Regions of delimiters become nested elements.
//!
//! Source of the rule: `DelimiterProcessor.build_element` of Python-Markdown.

use super::arena::{El, ElId, Txt};
use super::delimiter::Region;
use crate::text::Chunk;

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

/// Builds the element of the first region with all regions inside it; returns how many there were.
pub(crate) fn build(els: &mut Vec<El>, chunk: &Chunk, regions: &[Region]) -> (ElId, usize) {
    let slice = |from: usize, to: usize| Some(Txt::open(chunk.slice(from..to.max(from))));
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
        let span = chunk.span(region.open..region.close_end);
        els.push(El::new(region.tag, span));
        let id = els.len() - 1;
        if let Some(&(top, top_region)) = outer.last() {
            if els[last].text.is_none() {
                els[last].text = slice(previous.open_end, previous.close.min(region.open));
            }
            if last != top && els[last].tail.is_none() {
                if region.open < top_region.close_end {
                    els[last].tail = slice(previous.close_end, region.open);
                } else {
                    els[last].tail = slice(previous.close_end, top_region.close);
                    els[top].tail = slice(top_region.close_end, region.open);
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
            els[top].children.push(id);
            if regions.get(index + 1).is_some_and(|next| region.close_end > next.close_end) {
                outer.push((id, *region));
            }
        }
        last = id;
        previous = *region;
    }
    while let Some(&(top, top_region)) = outer.last() {
        if els[last].text.is_none() {
            els[last].text = slice(previous.open_end, previous.close);
        }
        if last != top && els[last].tail.is_none() {
            els[last].tail = slice(previous.close_end, top_region.close);
        }
        outer.pop();
        last = top;
        previous = top_region;
    }
    (root.expect("there is a first region"), count)
}
