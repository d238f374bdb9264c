//! The known name that was probably meant, for the help of a diagnostic.

use crate::text::edits;

/// Returns the known name that differs least from a misspelt one, where no more than a third of its
/// characters differ; of equally near ones the first in the order of strings.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).max(1);
    known
        .into_iter()
        .filter(|candidate| *candidate != name)
        .filter_map(|candidate| Some((edits(name, candidate, limit)?, candidate)))
        .min()
        .map(|best| best.1)
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
    }
}
