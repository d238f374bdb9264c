//! `search`: the index of the site's pages.
//!
//! Its options are those of the configuration, because `book.toml` has a table for them; `render::search`
//! writes the index. So there is no event to listen to.

use super::event::{Plugin, Reading};

pub(super) fn read(_: &mut Reading<'_>) -> Option<Box<dyn Plugin>> {
    None
}
