//! What a project knows that its pages may ask for.

use std::collections::BTreeMap;

/// What pages may ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Icons of the project's own by their shortcode without colons: their SVG.
    pub icons: BTreeMap<String, String>,
    /// Whether the site must ask no other host.
    pub offline: bool,
}
