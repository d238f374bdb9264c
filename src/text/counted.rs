//! Numbers of things in messages.

/// Returns a number and its noun, the plural of which ends in `s`: `1 page`, `2 pages`.
pub fn counted(n: usize, noun: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{s}")
}
