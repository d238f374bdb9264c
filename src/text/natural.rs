//! Natural order: `2-x` before `10-x`, as `natsort` sorts.

/// A text that sorts naturally: runs of digits compare as numbers, what lies between as text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NaturalKey(Vec<(String, Option<(usize, String)>)>);

impl NaturalKey {
    /// Cuts a text into text and numbers.
    pub fn new(text: &str) -> NaturalKey {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let start = rest.find(|ch: char| ch.is_ascii_digit()).unwrap_or(rest.len());
            let end = rest[start..].find(|ch: char| !ch.is_ascii_digit()).map_or(rest.len(), |length| start + length);
            let digits = rest[start..end].trim_start_matches('0');
            let number = (start < end).then(|| (digits.len(), digits.to_owned()));
            parts.push((rest[..start].to_owned(), number));
            rest = &rest[end..];
        }
        NaturalKey(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sort_as_numbers() {
        let mut names = ["b", "10-x", "a10", "a2", "2-x", "a", "a02b"];
        names.sort_by_key(|name| NaturalKey::new(name));
        assert_eq!(names, ["2-x", "10-x", "a", "a2", "a02b", "a10", "b"]);
    }
}
