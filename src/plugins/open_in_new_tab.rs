//! `open-in-new-tab`: links to other hosts, and to documents and archives, open in a tab of their own
//! (mkdocs-open-in-new-tab 1.0).
//!
//! As with the real plugin, a script does it in the browser, so pages stay as they are; with `add_icon`
//! a style sheet shows an arrow behind such links.

use super::event::{Changing, Finished, Plugin, Reading};
use crate::config::{Config, Script};
use crate::text::Spanned;

const SCRIPT: (&str, &str) = ("js/open_in_new_tab.js", include_str!("open_in_new_tab.js"));
const STYLE: (&str, &str) = ("css/open_in_new_tab.css", include_str!("open_in_new_tab.css"));

#[derive(Debug)]
struct OpenInNewTab {
    add_icon: bool,
}

pub(super) fn on_config(config: &mut Config, changing: &mut Changing<'_>) {
    let plugin = changing.plugin;
    let path = |path: &str| Spanned::new(path.to_owned(), plugin.name.span);
    let script = Script { path: path(SCRIPT.0), kind: String::new(), defer: false, is_async: false };
    config.extra_javascript.push(script);
    if plugin.settings.get("add_icon").and_then(crate::text::yaml::Node::as_bool) == Some(true) {
        config.extra_css.push(path(STYLE.0));
    }
}

pub(super) fn read(reading: &mut Reading<'_>) -> Option<Box<dyn Plugin>> {
    let mut settings = reading.settings(&["add_icon"]).refusing();
    Some(Box::new(OpenInNewTab { add_icon: settings.flag("add_icon", false) }))
}

impl Plugin for OpenInNewTab {
    fn on_post_build(&self, finished: &mut Finished<'_>) {
        let style = self.add_icon.then_some(STYLE);
        for (path, text) in [Some(SCRIPT), style].into_iter().flatten() {
            finished.files.insert(path.to_owned(), text.as_bytes().to_vec());
        }
    }
}
