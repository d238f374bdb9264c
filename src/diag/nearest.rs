//! The known name that was probably meant, for the help of a diagnostic.

use crate::text::edits;

/// Returns the known name that differs least from a misspelt one, where no more than a third of its
/// characters differ; of equally near ones the first in the order of strings.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut limit = (name.chars().count() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in known.into_iter().filter(|candidate| *candidate != name) {
        // What is further away than the best one so far need not be measured to the end.
        if let Some(far) = edits(name, candidate, limit)
            && best.is_none_or(|known| (far, candidate) < known)
        {
            best = Some((far, candidate));
            limit = far;
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = ["deploy.md", "delay.md", "rollback.md"];
        assert_eq!(nearest("deplyo.md", known), Some("deploy.md"));
        assert_eq!(nearest("deploy.md", ["deploy.md"]), None);
        assert_eq!(nearest("x", known), None);
        // Of two that are equally near, the first in order, wherever it stands.
        assert_eq!(nearest("a/cat.md", ["a/cut.md", "a/bat.md", "a/cart/x.md"]), Some("a/bat.md"));
    }
}
