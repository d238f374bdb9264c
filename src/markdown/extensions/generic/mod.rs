//! Generic blocks: `/// name | argument`, options indented below, content, `///`.
//!
//! `machine.rs` finds blocks and gives them their content; each kind of block is an extension of its own.

pub(super) mod admonition;
pub(super) mod caption;
mod css;
pub(super) mod definition;
pub(super) mod details;
pub(super) mod html;
pub(super) mod machine;
pub(super) mod tab;
mod titled;
