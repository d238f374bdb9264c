//! Where something stands next in a text, asked again and again from left to right.
//!
//! Owns what one pass remembers of what it looked for, so that a text full of openings whose end never
//! comes is read once and not once for each of them. Does not know what is looked for.

/// What one pass knows of the rest of its text.
#[derive(Default)]
pub(crate) struct Ahead {
    /// What was looked for, from where, and where it is; a handful of each pattern's own.
    found: Vec<(&'static str, usize, Option<usize>)>,
    /// For each byte where the math that goes on there ends.
    ends: Vec<(&'static str, Vec<u32>)>,
}

/// No end.
const NONE: u32 = u32::MAX;

impl Ahead {
    /// Returns the first byte at or after `from` that `search` finds in the rest of a text; `what`
    /// names the search. Questions that go forward read the text once in all.
    pub(crate) fn find(
        &mut self,
        what: &'static str,
        text: &str,
        from: usize,
        search: impl FnOnce(&str) -> Option<usize>,
    ) -> Option<usize> {
        let known = self.found.iter_mut().find(|(name, ..)| *name == what);
        if let Some((_, asked, found)) = &known
            && *asked <= from
            && found.is_none_or(|at| at >= from)
        {
            return *found;
        }
        let found = search(text.get(from..)?).map(|at| from + at);
        match known {
            Some(entry) => *entry = (what, from, found),
            None => self.found.push((what, from, found)),
        }
        found
    }

    /// Returns where `close` stands next at or after `from`, when a backslash takes the character
    /// behind it along and placeholders end everything. `close` may itself begin with a backslash.
    pub(crate) fn unescaped(&mut self, close: &'static str, text: &str, from: usize) -> Option<usize> {
        let index = match self.ends.iter().position(|(name, _)| *name == close) {
            Some(index) => index,
            None => {
                self.ends.push((close, ends(close, text)));
                self.ends.len() - 1
            }
        };
        let end = *self.ends[index].1.get(from)?;
        (end != NONE).then_some(end as usize)
    }
}

/// Computes from right to left where the first `close` from each byte on stands.
fn ends(close: &str, text: &str) -> Vec<u32> {
    let bytes = text.as_bytes();
    let mut ends = vec![NONE; bytes.len() + 1];
    for at in (0..bytes.len()).rev() {
        ends[at] = match bytes[at] {
            _ if bytes[at..].starts_with(close.as_bytes()) => u32::try_from(at).unwrap_or(NONE),
            b'\\' => text[at + 1..].chars().next().map_or(NONE, |next| ends[at + 1 + next.len_utf8()]),
            2 | 3 => NONE,
            _ => ends[at + 1],
        };
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_or_missed_is_not_looked_for_again() {
        let text = "a-b-c";
        let mut ahead = Ahead::default();
        let mut asked = 0;
        let mut find = |from| {
            ahead.find("-", text, from, |rest| {
                asked += 1;
                rest.find('-')
            })
        };
        let found: Vec<_> = (0..5).map(&mut find).collect();
        assert_eq!(found, [Some(1), Some(1), Some(3), Some(3), None]);
        assert_eq!((find(5), find(4)), (None, None));
        assert_eq!(asked, 3);
    }

    #[test]
    fn backslashes_take_a_character_along() {
        let text = r"a\\\)b\)";
        let mut ahead = Ahead::default();
        assert_eq!(ahead.unescaped(r"\)", text, 0), Some(3));
        assert_eq!(ahead.unescaped(r"\)", text, 2), Some(6));
        assert_eq!(ahead.unescaped("$", r"\$é\é$\", 0), Some(7));
        assert_eq!(Ahead::default().unescaped("$", "a\u{2}1\u{3}$", 0), None);
    }
}
