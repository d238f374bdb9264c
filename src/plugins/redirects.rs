//! `redirects`: pages that moved lead to where they are now (mkdocs-redirects 1.2).
//!
//! `redirect_maps` maps the path a page had to the path of a page, or to a whole address. Where the
//! old page stood, a small file is written that keeps the anchor of the link that led there.

use super::event::{Plugin, Reading};
use super::history::History;
use super::settings::{PluginSettings, Settings};
use crate::diag::{Code, Diagnostic, Diagnostics, nearest};
use crate::site::files::{FileKind, FileRoute, Files, Inclusion, is_page};
use crate::site::{Env, SiteOptions, url};
use std::collections::BTreeMap;

/// The plugin's options, as written.
#[derive(Debug)]
struct Redirects(PluginSettings);

pub(super) fn read(reading: &mut Reading<'_>) -> Option<Box<dyn Plugin>> {
    Some(Box::new(Redirects(reading.plugin.clone())))
}

impl Plugin for Redirects {
    fn on_env(&self, env: &mut Env<'_>, _: &History) {
        env.site.generated.extend(redirects(&self.0, &env.site.files, env.options, env.diagnostics));
    }
}

/// Returns the files to write: path in the site, bytes. Reports `OB442` for a target that is not
/// there, `OB441` for an old path that is no page, and `OB443` for a redirect that hides a page.
fn redirects(
    plugin: &PluginSettings,
    files: &Files,
    options: &SiteOptions,
    diagnostics: &mut Diagnostics,
) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    let mut settings = Settings::open(plugin, &["redirect_maps"], diagnostics);
    let Some(map) = settings.node("redirect_maps") else { return out };
    let Some(entries) = map.as_map() else {
        settings.wrong("redirect_maps", map, "a mapping from old to new paths");
        return out;
    };
    for (old, new) in entries {
        let Some(from) = old.scalar_text() else { continue };
        let Some(to) = new.scalar_text() else {
            settings.wrong("redirect_maps", new, "a mapping from old to new paths");
            continue;
        };
        if !is_page(&from) {
            settings.report(
                Diagnostic::new(
                    Code::PluginBadOption,
                    old.span,
                    format!("`{from}` is not the path of a Markdown file"),
                )
                .help("write the path that the source file had, such as `guide/old.md`"),
            );
        }
        let old_out = FileRoute::out_path_of(&from, options.use_directory_urls);
        let (page, anchor) =
            to.split_once('#').map_or((to.as_str(), String::new()), |(page, anchor)| (page, format!("#{anchor}")));
        let lower = to.to_lowercase();
        let target = if lower.starts_with("http://") || lower.starts_with("https://") {
            to.clone()
        } else if let Some(file) = files.by_uri(page).filter(|file| is_target(file)) {
            relative(&old_out, &file.url, &anchor, options.use_directory_urls)
        } else {
            let known = files.iter().filter(|file| is_target(file)).map(|file| file.uri.as_str());
            let mut diagnostic =
                Diagnostic::new(Code::RedirectNotFound, new.span, format!("redirect target `{page}` does not exist"))
                    .note(format!("no redirect is written for `{from}`"));
            if let Some(near) = nearest(page, known) {
                diagnostic = diagnostic.help(format!("did you mean `{near}{anchor}`?"));
            }
            settings.report(diagnostic);
            continue;
        };
        if let Some(hidden) = files.iter().find(|file| file.out_path == old_out && file.inclusion > Inclusion::Draft) {
            settings.report(
                Diagnostic::new(
                    Code::RedirectHidesPage,
                    old.span,
                    format!("the redirect from `{from}` hides `{}`, which is still there", hidden.uri),
                )
                .help("remove the redirect, or the file"),
            );
        }
        out.insert(old_out, html(&target).into_bytes());
    }
    out
}

fn is_target(file: &FileRoute) -> bool {
    file.kind == FileKind::Page && file.inclusion.is_included()
}

/// `posixpath.relpath` from the old file's folder.
fn relative(old_out: &str, new_url: &str, anchor: &str, use_directory_urls: bool) -> String {
    let from = url::normpath(&format!("/{}", url::dirname(old_out)));
    let to = url::normpath(&format!("/{new_url}"));
    let parts = |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (from, to) = (parts(&from), parts(&to));
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let mut path = vec!["..".to_owned(); from.len() - common];
    path.extend_from_slice(&to[common..]);
    let path = if path.is_empty() { ".".to_owned() } else { path.join("/") };
    format!("{path}{}{anchor}", if use_directory_urls { "/" } else { "" })
}

/// The page that leads on: by script, which keeps the anchor, or else by its head.
fn html(target: &str) -> String {
    let attribute = target.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    let script = target.replace('\\', "\\\\").replace('"', "\\\"").replace('<', "\\x3c");
    format!(
        "\n<!doctype html>\n<html lang=\"en\">\n<head>\n    <meta charset=\"utf-8\">\n    \
         <title>Redirecting...</title>\n    <link rel=\"canonical\" href=\"{attribute}\">\n    \
         <script>var anchor=window.location.hash.substr(1);location.href=\"{script}\"+(anchor?\"#\"+anchor:\"\")</script>\n    \
         <meta http-equiv=\"refresh\" content=\"0; url={attribute}\">\n</head>\n<body>\n\
         You're being redirected to a <a href=\"{attribute}\">new destination</a>.\n</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_relative_to_the_old_page() {
        assert_eq!(relative("old/index.html", "new/", "#x", true), "../new/#x");
        assert_eq!(relative("a/b/index.html", "./", "", true), "../../");
        assert_eq!(relative("old.html", "a/new.html", "", false), "a/new.html");
        assert_eq!(relative("new/old/index.html", "new/", "", true), "../");
    }

    #[test]
    fn a_target_cannot_break_out_of_its_place() {
        assert!(!html("https://e.org/\"</script>").contains("\"</script>\""));
    }
}
