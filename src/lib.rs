//! opsbook: one Markdown source, two compilers.
//!
//! A documentation site for people, a drop-in for MkDocs with Material; and release plans for
//! machines: runbooks that are compiled, linted, emitted for other engines, or run here.
//!
//! The rooms, from the ground up; each may use the ones above it in this list, as the table in the
//! manual's architecture page says:
//!
//! | layer | rooms |
//! |---|---|
//! | ground | [`text`], [`diag`], [`icons`] |
//! | reading | [`config`], [`markdown`] |
//! | meaning | [`site`], [`runbook`], [`plan`] |
//! | showing | [`render`], [`plugins`] |
//! | whole | [`build`] |
//! | outside | [`shell`], [`cli`] |

pub mod build;
pub mod cli;
pub mod config;
pub mod diag;
pub mod icons;
pub mod markdown;
pub mod plan;
pub mod plugins;
pub mod render;
pub mod runbook;
pub mod shell;
pub mod site;
pub mod text;
