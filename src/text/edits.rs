//! How far one word is from another: what "did you mean" is made of.

/// Counts the characters to put in, take out, exchange, or swap with their neighbour that make one word of
/// the other (the optimal string alignment distance); `None` for more than `limit`.
///
/// Words that differ in length by more than the limit cost nothing.
pub fn edits(left: &str, right: &str, limit: usize) -> Option<usize> {
    // A name is compared with thousands of others, most of which are too long or too short.
    let lengths = [left, right].map(|word| word.chars().take(LONGEST + 1).count());
    if lengths[0].abs_diff(lengths[1]) > limit || lengths.iter().any(|length| *length > LONGEST) {
        return None;
    }
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    // What both begin and end with costs nothing: most paths of a site differ in one part only.
    let same = left.iter().zip(&right).take_while(|(one, other)| one == other).count();
    let (left, right) = (&left[same..], &right[same..]);
    let same = left.iter().rev().zip(right.iter().rev()).take_while(|(one, other)| one == other).count();
    let (left, right) = (&left[..left.len() - same], &right[..right.len() - same]);
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, from) in left.iter().enumerate() {
        let mut line = vec![row + 1];
        for (col, to) in right.iter().enumerate() {
            let mut count = (last[col] + usize::from(from != to)).min(last[col + 1] + 1).min(line[col] + 1);
            if row > 0 && col > 0 && *from == right[col - 1] && left[row - 1] == *to {
                count = count.min(before[col - 1] + 1);
            }
            line.push(count);
        }
        // No later line has a smaller number than the smallest of two neighbours.
        if line.iter().chain(&last).all(|count| *count > limit) {
            return None;
        }
        before = std::mem::replace(&mut last, line);
    }
    Some(last[right.len()]).filter(|count| *count <= limit)
}

/// No name that somebody mistyped is longer, in characters; it bounds the work.
const LONGEST: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_slip_counts_once() {
        assert_eq!(edits("timeout", "timeout", 0), Some(0));
        assert_eq!(edits("timout", "timeout", 2), Some(1));
        assert_eq!(edits("timeoutt", "timeout", 2), Some(1));
        assert_eq!(edits("timeaut", "timeout", 2), Some(1));
        assert_eq!(edits("timeuot", "timeout", 2), Some(1));
        assert_eq!(edits("tmieuot", "timeout", 2), Some(2));
    }

    #[test]
    fn what_is_farther_than_the_limit_is_nothing() {
        assert_eq!(edits("tmieuot", "timeout", 1), None);
        assert_eq!(edits("a", "abcdef", 3), None);
        assert_eq!(edits(&"a".repeat(100_000), &"b".repeat(100_000), 9), None);
    }
}
