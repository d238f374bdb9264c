//! Ground: text, and where it came from.
//!
//! Owns the values that every other room speaks in: paths, sources, spans, chunks (text that was
//! lifted out of an indentation and still knows where each line stood), digests, YAML as a tree
//! with spans, patterns over paths, the distance between two words, their
//! natural order, numbers of things, texts in the words of JSON and Python,
//! and [`World`], the only door through which a pure stage can ask for a file.
//!
//! Knows nothing of Markdown, of configuration, of a site, or of how a file is read.

mod chunk;
mod counted;
mod digest;
mod edits;
pub mod glob;
mod json;
mod line_index;
mod natural;
mod path;
mod python;
mod source;
mod span;
mod world;
pub mod yaml;

pub use chunk::{Chunk, Line};
pub use counted::counted;
pub use digest::{Digest, Digester, sha512};
pub use edits::edits;
pub use json::{quoted_ascii, safe_in_html};
pub use line_index::{LineCol, LineIndex};
pub use natural::NaturalKey;
pub use path::SitePath;
pub use python::{markup_escaped, python_repr, url_quoted};
pub use source::Source;
pub use span::{Span, Spanned};
pub use world::{ReadError, World};
