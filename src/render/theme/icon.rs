//! Icons: the theme's own drawings, and the icon set by name.

use super::assets::embedded_text;
use crate::text::Source;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, LazyLock};

/// The theme's own drawings: lines of strokes on a 24 by 24 grid, by name.
static DRAWN: LazyLock<BTreeMap<&'static str, &'static str>> = LazyLock::new(|| {
    let lines = embedded_text("icons.txt").unwrap_or_default().lines();
    lines.filter_map(|line| line.split_once(' ')).collect()
});

/// All icons that a theme has: the project's own, its drawings, the icon set.
#[derive(Clone, Debug, Default)]
pub(super) struct Icons {
    /// Files of the project by their path below `.icons/`, without `.svg`.
    own: Arc<BTreeMap<String, Arc<Source>>>,
}

impl Icons {
    /// Takes the icons among a project's files.
    pub(super) fn of(overrides: &BTreeMap<String, Arc<Source>>) -> Icons {
        let name = |path: &str| Some(path.strip_prefix(FOLDER)?.strip_suffix(".svg")?.to_owned());
        let own = overrides.iter().filter_map(|(path, source)| Some((name(path)?, Arc::clone(source))));
        Icons { own: Arc::new(own.collect()) }
    }

    /// Returns an icon as SVG: the project's own, else a drawing of the theme (`ob/menu`), else one of
    /// the icon set (`material/menu`). `None` where there is no such icon.
    pub(super) fn svg(&self, name: &str) -> Option<String> {
        match self.own.get(name) {
            Some(source) => Some(source.text().to_string()),
            None => svg(name),
        }
    }
}

/// The folder of icons in a theme.
pub(super) const FOLDER: &str = ".icons/";

fn svg(name: &str) -> Option<String> {
    match name.strip_prefix("ob/") {
        Some(drawn) => DRAWN.get(drawn).map(|body| draw(body)),
        None => crate::icons::svg(name).map(str::to_string),
    }
}

/// Returns the known icon whose path differs least from an unknown one.
pub(super) fn nearest(name: &str) -> Option<String> {
    crate::icons::path_of(&crate::icons::nearest(&name.replace('/', "-"), None)?)
}

fn draw(body: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 24 24\" fill=\"none\" stroke=\"currentColor\" \
         stroke-width=\"2\" stroke-linecap=\"round\" stroke-linejoin=\"round\" class=\"ob-stroke\">{body}</svg>"
    )
}

/// Returns the value of a CSS image property that shows an SVG.
pub(super) fn css_url(svg: &str) -> String {
    let mut url = String::from("url(\"data:image/svg+xml;charset=utf-8,");
    for ch in svg.chars() {
        match ch {
            '"' => url.push('\''),
            '<' | '>' | '#' | '%' | '{' | '}' => {
                let _ = write!(url, "%{:02X}", u32::from(ch));
            }
            '\n' | '\r' => url.push(' '),
            _ => url.push(ch),
        }
    }
    url.push_str("\")");
    url
}

/// Replaces `icon(NAME)` in a stylesheet by the drawing of that name.
pub(super) fn inline_css(css: &str) -> String {
    let mut out = String::with_capacity(css.len() + css.len() / 4);
    let mut rest = css;
    while let Some(at) = rest.find("icon(") {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let after = &after["icon(".len()..];
        match after.split_once(')').and_then(|(name, tail)| Some((svg(&format!("ob/{name}"))?, tail))) {
            Some((drawing, tail)) => {
                out.push_str(&css_url(&drawing.replace("currentColor", "black")));
                rest = tail;
            }
            None => {
                out.push_str("icon(");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawings_become_images_of_a_stylesheet() {
        let css = inline_css("a{mask:icon(close)}b{mask:icon(no such)}");
        assert!(css.starts_with("a{mask:url(\"data:image/svg+xml;charset=utf-8,%3Csvg xmlns="), "{css}");
        assert!(css.ends_with("b{mask:icon(no such)}"), "{css}");
    }

    #[test]
    fn every_drawing_is_well_formed() {
        for (name, body) in DRAWN.iter() {
            assert!(body.starts_with('<') && body.ends_with("/>"), "{name}");
        }
    }
}
