//! Emoji by shortcode.

use super::emoji_names::NAMES;
use std::borrow::Cow;

/// An emoji.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emoji {
    /// The character or sequence.
    pub text: Cow<'static, str>,
    /// Its name in Unicode; the shortcode where that is not known.
    pub name: String,
}

/// The endings that ask for a skin tone, longer ones first, and the modifier.
const TONES: [([&str; 2], char); 5] = [
    (["_tone2", "_medium_light_skin_tone"], '\u{1f3fc}'),
    (["_tone4", "_medium_dark_skin_tone"], '\u{1f3fe}'),
    (["_tone1", "_light_skin_tone"], '\u{1f3fb}'),
    (["_tone3", "_medium_skin_tone"], '\u{1f3fd}'),
    (["_tone5", "_dark_skin_tone"], '\u{1f3ff}'),
];

/// Returns the emoji of a shortcode without its colons: the names of GitHub and of Twemoji.
pub fn emoji(shortcode: &str) -> Option<Emoji> {
    if let Some(found) = plain(shortcode) {
        return Some(found);
    }
    let (base, modifier) = TONES.iter().find_map(|(suffixes, modifier)| {
        suffixes.iter().find_map(|suffix| shortcode.strip_suffix(suffix)).map(|base| (base, modifier))
    })?;
    let base = plain(base)?;
    // The modifier follows the first character, and takes the place of a variation selector.
    let mut chars = base.text.chars();
    let mut text = String::from(chars.next()?);
    text.push(*modifier);
    let rest = chars.as_str();
    text.push_str(rest.strip_prefix('\u{fe0f}').unwrap_or(rest));
    emojis::get(&text)?;
    Some(Emoji { text: text.into(), name: base.name })
}

fn plain(shortcode: &str) -> Option<Emoji> {
    if let Ok(index) = NAMES.binary_search_by_key(&shortcode, |entry| entry.0) {
        let text = NAMES[index].1;
        let name = emojis::get(text).map_or(shortcode, |emoji| emoji.name());
        return Some(Emoji { text: text.into(), name: name.to_owned() });
    }
    let found = emojis::get_by_shortcode(shortcode)?;
    Some(Emoji { text: found.as_str().into(), name: found.name().to_owned() })
}

/// Returns all shortcodes without skin tones.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    emojis::iter().flat_map(|emoji| emoji.shortcodes()).chain(NAMES.iter().map(|entry| entry.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(shortcode: &str) -> Option<String> {
        emoji(shortcode).map(|emoji| emoji.text.into_owned())
    }

    #[test]
    fn both_families_of_names_are_known() {
        assert!(NAMES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(text("smile").as_deref(), Some("😄"));
        assert_eq!(text("thumbsup"), text("+1"));
        assert_eq!(text("man_bald").is_some(), text("bald_man").is_some());
        assert_eq!(text("no_such_thing"), None);
    }

    #[test]
    fn skin_tones_follow_the_first_character() {
        assert_eq!(text("thumbsup_tone1").as_deref(), Some("👍🏻"));
        assert_eq!(text("thumbsup_medium_dark_skin_tone").as_deref(), Some("👍🏾"));
        assert_eq!(text("rocket_tone1"), None);
        assert_eq!(text("thumbsup_tone9"), None);
    }
}
