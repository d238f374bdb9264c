//! A file as it was read.

use super::{Digest, LineCol, LineIndex, SitePath, Span};
use std::sync::OnceLock;

/// A file's text with its name, exactly as read: spans are offsets into [`Source::text`].
///
/// A byte order mark is part of the text; readers skip it themselves.
#[derive(Debug)]
pub struct Source {
    path: SitePath,
    text: String,
    digest: Digest,
    lines: OnceLock<LineIndex>,
}

impl Source {
    /// Names a text.
    pub fn new(path: SitePath, text: impl Into<String>) -> Source {
        let text = text.into();
        let digest = Digest::of(text.as_bytes());
        Source { path, text, digest, lines: OnceLock::new() }
    }

    /// Returns the file's path.
    pub fn path(&self) -> SitePath {
        self.path
    }

    /// Returns the whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the digest of the text.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Returns the text of a span of this file, or `None` where the span does not fit.
    pub fn slice(&self, span: Span) -> Option<&str> {
        if span.file == self.path { self.text.get(span.range()) } else { None }
    }

    /// Returns the span of the whole file.
    pub fn span(&self) -> Span {
        Span::new(self.path, 0..self.text.len())
    }

    /// Returns where lines begin; computed once.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }

    /// Returns line and column of a byte offset.
    pub fn line_col(&self, offset_bytes: usize) -> LineCol {
        self.lines().line_col(&self.text, offset_bytes)
    }
}
