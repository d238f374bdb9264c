//! `offline`: a site that works from a disk (Material's plugin, 9.8).
//!
//! Pages are files rather than folders, because folder URLs need a server that looks for `index.html`;
//! and the search index is there as a script too, because a page on a disk may load a script, but not
//! read a file.

use super::event::{Changing, Finished, Plugin, Reading};
use crate::config::Config;

#[derive(Debug)]
struct Offline;

pub(super) fn on_config(config: &mut Config, _: &mut Changing<'_>) {
    config.use_directory_urls = false;
    config.is_offline = true;
}

pub(super) fn read(_: &mut Reading<'_>) -> Option<Box<dyn Plugin>> {
    Some(Box::new(Offline))
}

impl Plugin for Offline {
    fn on_post_build(&self, finished: &mut Finished<'_>) {
        if let Some(index) = finished.search_index {
            let script = [b"var __index = ".as_slice(), index].concat();
            finished.files.insert("search/search_index.js".to_owned(), script);
        }
    }
}
