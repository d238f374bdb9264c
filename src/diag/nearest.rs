//! The known name that was probably meant, for the help of a diagnostic.

/// Returns the known name that differs least from a misspelt one, where no more than a third of its
/// characters differ; of equally near ones the first in the order of strings.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = name.chars().collect();
    let limit = (wanted.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in known {
        if candidate == name {
            continue;
        }
        let far = distance(&wanted, candidate, limit);
        if let Some(far) = far
            && best.is_none_or(|known| (far, candidate) < known)
        {
            best = Some((far, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Counts the single-character edits between two words; `None` for more than `limit`.
fn distance(left: &[char], right: &str, limit: usize) -> Option<usize> {
    // A length that differs by more than the limit needs no counting; it also bounds the work.
    if left.len().abs_diff(right.chars().count()) > limit {
        return None;
    }
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, ch) in left.iter().enumerate() {
        let mut corner = row[0];
        row[0] = at + 1;
        for (col, other) in right.iter().enumerate() {
            let swap = corner + usize::from(ch != other);
            corner = row[col + 1];
            row[col + 1] = swap.min(corner + 1).min(row[col] + 1);
        }
    }
    Some(row[right.len()]).filter(|far| *far <= limit)
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
