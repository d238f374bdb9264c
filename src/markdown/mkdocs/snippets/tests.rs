//! Tests of snippets over a world in memory.
