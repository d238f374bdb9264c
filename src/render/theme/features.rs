//! The settings of the theme that are names from a closed list: feature flags and languages.

use super::language;
use crate::diag::{Code, Diagnostic, Diagnostics, Severity, nearest};
use crate::text::Spanned;

/// The flags that the theme carries out.
pub(super) const FEATURES: &[&str] = &[
    "announce.dismiss",
    "content.action.edit",
    "content.action.view",
    "content.code.annotate",
    "content.code.copy",
    "content.code.select",
    "content.footnote.tooltips",
    "content.tabs.link",
    "content.tooltips",
    "header.autohide",
    "navigation.expand",
    "navigation.footer",
    "navigation.indexes",
    "navigation.instant",
    "navigation.instant.prefetch",
    "navigation.instant.progress",
    "navigation.path",
    "navigation.prune",
    "navigation.sections",
    "navigation.tabs",
    "navigation.tabs.sticky",
    "navigation.top",
    "navigation.tracking",
    "search.highlight",
    "search.share",
    "search.suggest",
    "toc.follow",
    "toc.integrate",
];

/// Flags of Material that ask for what the theme does anyway.
const ALWAYS: &[&str] = &["content.lazy"];

/// Flags of Material that the theme does not carry out, and what is missing.
const MISSING: &[(&str, &str)] = &[("navigation.instant.preview", "links show no preview of their page")];

/// Says which flags have no effect (`OB424`), and that the theme does not speak a language (`OB425`).
/// `brings_words` tells whether the project has a file of words of its own.
///
/// A flag that Material does not have either is no more than information: it has no effect in MkDocs.
pub fn check_names(features: &[Spanned<String>], language: &Spanned<String>, brings_words: bool) -> Diagnostics {
    let mut out = Diagnostics::new();
    for feature in features {
        let name = feature.value.as_str();
        if FEATURES.contains(&name) || ALWAYS.contains(&name) {
            continue;
        }
        let message = format!("the feature `{name}` has no effect");
        let diagnostic = Diagnostic::new(Code::ThemeFeature, feature.span, message);
        out.push(match MISSING.iter().find(|(missing, _)| *missing == name) {
            Some((_, what)) => diagnostic.note(format!("without it: {what}")),
            None => {
                let diagnostic = diagnostic.severity(Severity::Info).note("Material has no feature of this name");
                match nearest(name, FEATURES.iter().copied()) {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                    None => diagnostic,
                }
            }
        });
    }
    if !brings_words && !language::is_spoken(&language.value) {
        let code = &language.value;
        out.push(
            Diagnostic::new(Code::ThemeLanguage, language.span, format!("the theme has no words in `{code}`"))
                .note("they are English, and pages carry the language code")
                .help(format!("put a file `languages/{code}.txt` into the project's own theme folder")),
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{SitePath, Span};

    fn said(features: &[&str], language: &str) -> Vec<String> {
        let at = |text: &str| Spanned::new(text.to_owned(), Span::at_start(SitePath::new("mkdocs.yml")));
        let features: Vec<_> = features.iter().map(|name| at(name)).collect();
        let out = check_names(&features, &at(language), false);
        out.iter().map(|finding| format!("{} {}", finding.code, finding.message)).collect()
    }

    #[test]
    fn names_without_an_effect_are_named() {
        assert_eq!(said(FEATURES, "pt-BR"), Vec::<String>::new());
        assert_eq!(
            said(&["content.lazy", "navigation.instant.preview", "navigation.tab"], "tlh"),
            [
                "OB424 the feature `navigation.instant.preview` has no effect",
                "OB424 the feature `navigation.tab` has no effect",
                "OB425 the theme has no words in `tlh`",
            ]
        );
    }

    /// A flag in the list that no template, script or line of this room asks for would do nothing.
    #[test]
    fn every_flag_is_asked_for_somewhere() {
        let rust = [include_str!("nav.rs"), include_str!("site.rs"), include_str!("options.rs")].concat();
        let theme = super::super::assets::embedded_texts();
        for flag in FEATURES {
            let is_asked = theme.contains(&format!("\"{flag}\"")) || rust.contains(&format!("has(\"{flag}\")"));
            assert!(is_asked, "{flag}");
        }
    }
}
