//! Snippets: `--8<-- "file"` becomes the file's text.
//!
//! Source of the rule: `pymdownx/snippets.py` of pymdown-extensions 13.1. On purpose different:
//! nothing is downloaded (`url_download`); with `restrict_base_path: false` a path may lead anywhere that
//! the project may be read from, and no further.

use super::{ExtensionOptions, OptionReader};
use crate::diag::{Code, Diagnostic};
use crate::text::SitePath;
use crate::text::yaml;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The folders that are searched, in order; a file stands for itself.
    pub base_path: Vec<SitePath>,
    /// Whether a path may lead out of its base path.
    pub restrict_base_path: bool,
    /// Whether a missing file is an error.
    pub check_paths: bool,
    /// Snippets at the end of every page.
    pub auto_append: Vec<String>,
    /// Whether sections and line ranges lose their common indentation.
    pub dedent_subsections: bool,
}

impl ExtensionOptions for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        if let Some(node) = reader.node("url_download")
            && node.as_bool() == Some(true)
        {
            reader.report(
                Diagnostic::new(
                    Code::SnippetDownload,
                    node.span,
                    "`url_download` is not supported: nothing is fetched",
                )
                .note("a build that asks the network gives other pages tomorrow, and none without it")
                .help("keep a copy of the file in the project and include that"),
            );
        }
        // They say how to download.
        for key in ["url_max_size", "url_timeout", "url_request_headers", "max_retries", "backoff_factor"] {
            reader.node(key);
        }
        read_encoding(reader);
        let base_path = reader.node("base_path").map(paths).unwrap_or_else(|| vec![SitePath::new("")]);
        Options {
            base_path,
            restrict_base_path: reader.bool("restrict_base_path", true),
            check_paths: reader.bool("check_paths", false),
            auto_append: reader.opt_strings("auto_append").unwrap_or_default(),
            dedent_subsections: reader.bool("dedent_subsections", false),
        }
    }
}

/// Reads one path or a list of them. `!relative` with `$config_dir` names the same folder as a path
/// without it; `$docs_dir` was put in place by the configuration.
pub(super) fn paths(node: &yaml::Node) -> Vec<SitePath> {
    let one = |node: &yaml::Node| {
        let text = node.scalar_text().unwrap_or_default();
        SitePath::new(text.strip_prefix("$config_dir").map_or(text.as_str(), |rest| rest.trim_start_matches('/')))
    };
    match node.as_seq() {
        Some(items) => items.iter().map(one).collect(),
        None => vec![one(node)],
    }
}

/// Every text file is UTF-8 here.
pub(super) fn read_encoding(reader: &mut OptionReader<'_>) {
    if let Some(node) = reader.node("encoding")
        && let Some(name) = node.as_str()
        && !matches!(
            name.to_ascii_lowercase().replace(['-', '_'], "").as_str(),
            "utf8" | "utf8sig" | "ascii" | "usascii"
        )
    {
        reader.wrong_kind("encoding", "`utf-8`", node);
    }
}
