//! Icons and emoji by name, from data in the binary.
//!
//! Owns the sets that Material for MkDocs carries, under its paths: `material/…` (Material Design
//! Icons), `fontawesome/brands/…`, `fontawesome/regular/…`, `fontawesome/solid/…`, `octicons/…-16` and
//! `simple/…`; and emoji by the shortcodes of EmojiOne, GitHub and Twemoji. `tools/icons` packed the pictures.
//!
//! Knows nothing of pages, and nothing of icons that a project brings itself.

mod aliases;
mod emoji;
mod pack;

pub use emoji::{Emoji, EmojiIndex};

use crate::text::edits;

/// Returns the SVG of an icon by its path, such as `material/pencil-box`.
pub fn svg(path: &str) -> Option<&'static str> {
    pack::svg(pack::find(&canonical(path)?)?)
}

/// Returns the path of an icon by its shortcode without colons: `material/check` for
/// `material-check`.
pub fn path_of(shortcode: &str) -> Option<String> {
    let (set, rest) = shortcode.split_once('-')?;
    let path = if set == "fontawesome" {
        let (family, name) = rest.split_once('-')?;
        format!("{set}/{family}/{name}")
    } else {
        format!("{set}/{rest}")
    };
    canonical(&path).map(|_| path)
}

/// Returns the shortcode of an icon that differs least from an unknown one, where one is near enough;
/// of an emoji too, where an index of them is in use. Looks through all names: for messages only.
pub fn nearest(shortcode: &str, emoji: Option<EmojiIndex>) -> Option<String> {
    let icons = pack::names().iter().map(|path| path.replace('/', "-"));
    let emoji = emoji.into_iter().flat_map(EmojiIndex::names).map(str::to_owned);
    nearest_of(shortcode, icons.chain(emoji))
}

/// The same among emoji alone.
pub fn nearest_emoji(shortcode: &str, index: EmojiIndex) -> Option<String> {
    nearest_of(shortcode, index.names().map(str::to_owned))
}

fn nearest_of(shortcode: &str, names: impl Iterator<Item = String>) -> Option<String> {
    let limit = (shortcode.chars().count() / 5).clamp(1, 3);
    names.filter_map(|name| Some((edits(shortcode, &name, limit)?, name))).min().map(|best| best.1)
}

/// Follows a former name to today's; `None` where there is no such icon.
fn canonical(path: &str) -> Option<String> {
    if pack::find(path).is_some() {
        return Some(path.to_owned());
    }
    let former = path.strip_prefix("fontawesome/")?;
    let index = aliases::ALIASES.binary_search_by_key(&former, |alias| alias.0).ok()?;
    let path = format!("fontawesome/{}", aliases::ALIASES[index].1);
    pack::find(&path).map(|_| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_is_there() {
        for path in ["material/pencil-box", "fontawesome/brands/github", "octicons/alert-16", "simple/rust"] {
            assert!(svg(path).is_some_and(|svg| svg.starts_with("<svg") && svg.ends_with("</svg>")), "{path}");
        }
        assert_eq!(svg("material/no-such-icon"), None);
    }

    /// Who packs newer icons writes their number and digest here.
    #[test]
    fn icons_are_those_of_the_pack() {
        let all: String =
            pack::names().iter().enumerate().map(|(i, name)| format!("{name}\t{}\n", pack::svg(i).unwrap())).collect();
        assert_eq!(pack::names().len(), 13_861);
        let digest = crate::text::Digest::of(all.as_bytes()).hex();
        assert_eq!(digest, "419b778b2848b9df72ca68e518f0b3c0d0a46a48fc209b5e1bc37ad60163c592");
        assert_eq!(pack::svg(13_861), None);
    }

    #[test]
    fn a_picture_may_stand_twice_on_a_page() {
        let pictures = (0..pack::names().len()).filter_map(pack::svg);
        let with_id: Vec<_> = pictures.filter(|svg| svg.contains(" id=") || svg.contains("url(#")).collect();
        assert_eq!(with_id, [""; 0]);
    }

    #[test]
    fn no_picture_brings_text() {
        assert!(svg("simple/github").is_some_and(|svg| !svg.contains("<title")));
    }

    #[test]
    fn every_picture_stands_under_its_own_name() {
        let names = pack::names();
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]));
        for index in [0, 63, 64, names.len() - 1] {
            assert_eq!(pack::find(names[index]), Some(index));
            assert!(pack::svg(index).is_some_and(|svg| svg.starts_with("<svg")), "{}", names[index]);
        }
    }

    #[test]
    fn shortcodes_name_paths() {
        assert_eq!(path_of("material-check").as_deref(), Some("material/check"));
        assert_eq!(path_of("fontawesome-brands-github").as_deref(), Some("fontawesome/brands/github"));
        assert_eq!(path_of("octicons-alert-16").as_deref(), Some("octicons/alert-16"));
        assert_eq!(path_of("material-chekc"), None);
    }

    #[test]
    fn former_names_show_todays_picture() {
        assert_eq!(svg("fontawesome/solid/home"), svg("fontawesome/solid/house"));
        assert!(svg("fontawesome/solid/home").is_some());
    }

    #[test]
    fn a_misspelt_name_has_a_suggestion() {
        let all = Some(EmojiIndex::Twemoji);
        assert_eq!(nearest("material-pencl-box", all).as_deref(), Some("material-pencil-box"));
        assert_eq!(nearest("rokcet", all).as_deref(), Some("rocket"));
        assert_eq!(nearest("rakcat", all).as_deref(), None);
        assert_eq!(nearest("rockett", all).as_deref(), Some("rocket"));
        assert_eq!(nearest("rockett", None).as_deref(), None);
        assert_eq!(nearest_emoji("material-pencl-box", EmojiIndex::Gemoji).as_deref(), None);
    }
}
