//! A survey of an MkDocs project, with the extensions that the Markdown room has.

use crate::config;
use crate::diag::Code;
use crate::markdown::{Dialect, ExtensionUse};
use crate::text::{SitePath, Span, Spanned, World};
use std::collections::BTreeMap;

pub use crate::config::migrate::{Fate, Item, Survey};

/// Surveys what would become of an MkDocs project. Changes nothing.
pub fn survey(world: &dyn World, file: SitePath, variables: &BTreeMap<String, String>) -> Survey {
    let knows_extension = |name: &str| {
        let name = Spanned::new(name.to_owned(), Span::at_start(file));
        let (_, findings) = Dialect::mkdocs(&[ExtensionUse { name, options: None }]);
        !findings.iter().any(|finding| finding.code == Code::UnknownExtension)
    };
    config::migrate::survey(file, world, &|name| variables.get(name).cloned(), &knows_extension)
}
