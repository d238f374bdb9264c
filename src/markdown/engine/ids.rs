//! Ids of a page: which are taken, and how another is made of one that is.
//!
//! Source of the rule: `unique` of `markdown/extensions/toc.py`.

use super::nodes::attrs_of;
use crate::markdown::tree::{Node, walk};
use std::collections::{BTreeMap, BTreeSet};

/// The ids of a page, and how far each base is counted.
pub(crate) struct Ids {
    used: BTreeSet<String>,
    counters: BTreeMap<String, usize>,
}

impl Ids {
    /// Collects the ids that elements have.
    pub(crate) fn of(nodes: &[Node]) -> Ids {
        let mut used = BTreeSet::new();
        walk(nodes, &mut |node| {
            if let Some(id) = attrs_of(node).and_then(|attrs| attrs.get("id")) {
                used.insert(id.to_owned());
            }
        });
        Ids { used, counters: BTreeMap::new() }
    }

    /// Makes an id unique by `_1`, `_2` and so on, and takes it.
    pub(crate) fn unique(&mut self, id: String) -> String {
        if !id.is_empty() && self.used.insert(id.clone()) {
            return id;
        }
        let counted = id.rsplit_once('_').and_then(|(base, count)| {
            let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
            Some((base, count.parse::<usize>().ok()?)).filter(|_| digits)
        });
        let (base, first) = counted.unwrap_or((&id, 0));
        let known = self.counters.get(base).copied().unwrap_or(0);
        // Skips the run of suffixes that are known to be taken; a later one may still be free.
        let within = first <= known + 1;
        let mut count = if within { first.max(known) } else { first } + 1;
        while self.used.contains(&format!("{base}_{count}")) {
            count += 1;
        }
        let unique = format!("{base}_{count}");
        if within {
            self.counters.insert(base.to_owned(), count);
        }
        self.used.insert(unique.clone());
        unique
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_counted_on() {
        let mut ids = Ids::of(&[]);
        let made: Vec<_> = ["a", "a", "a", "", "", "a_1"].map(|id| ids.unique(id.to_owned())).to_vec();
        assert_eq!(made, ["a", "a_1", "a_2", "_1", "_2", "a_3"]);
    }
}
