//! Configuration: `book.toml` or `mkdocs.yml` becomes a `Config`; nothing behind this door knows which.
