//! Fenced and indented code: which lines are code, and how it is to be shown.
//!
//! Four extensions that share what they read: `pymdownx.superfences` and `fenced_code` find fences,
//! `pymdownx.highlight` and `codehilite` say how code is shown. Every fence becomes a mark on a line of its
//! own before blocks are looked for. Nothing here knows how code is coloured or written.

pub(super) mod codehilite;
pub(super) mod fenced_code;
mod header;
pub(super) mod highlight;
pub(super) mod lifted;
mod lint;
pub(super) mod superfences;

#[cfg(test)]
mod tests;
