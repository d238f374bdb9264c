//! Emoji by shortcode.

/// An emoji.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emoji {
    /// The character or sequence.
    pub text: &'static str,
    /// Its name in Unicode.
    pub name: &'static str,
}

/// Returns the emoji of a shortcode without its colons.
pub fn emoji(shortcode: &str) -> Option<Emoji> {
    let found = emojis::get_by_shortcode(shortcode)?;
    Some(Emoji { text: found.as_str(), name: found.name() })
}

/// Returns all shortcodes.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    emojis::iter().flat_map(|emoji| emoji.shortcodes())
}
