//! Emoji by shortcode, as the three indexes of PyMdown Extensions name them.
//!
//! Owns their tables, in `emoji/`: shortcode, code points as the picture is called, code points of the
//! text where they are others, category and name, or `=` and the shortcode that another name stands
//! for; sorted by shortcode. EmojiOne's, GitHub's and Twemoji's names are what pages were written for,
//! so the tables are theirs name by name.

use std::sync::LazyLock;

/// Whose names are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmojiIndex {
    /// EmojiOne 2.
    Emojione,
    /// GitHub's.
    Gemoji,
    /// Twemoji's.
    Twemoji,
}

/// An emoji.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emoji {
    /// The code points in hexadecimal with `-` between, as the picture of it is called.
    pub picture: &'static str,
    /// The code points of the text, in the same form.
    pub code_points: &'static str,
    /// The group that it belongs to.
    pub category: &'static str,
    /// What it is called in full.
    pub name: &'static str,
}

impl EmojiIndex {
    /// Returns the emoji of a shortcode without its colons.
    pub fn emoji(self, shortcode: &str) -> Option<Emoji> {
        let fields = match self.row(shortcode)? {
            (alias, "") => self.row(alias.strip_prefix('=')?)?,
            own => own,
        };
        let mut fields = [fields.0].into_iter().chain(fields.1.split('\t'));
        let picture = fields.next()?;
        let code_points = fields.next().filter(|text| !text.is_empty()).unwrap_or(picture);
        Some(Emoji { picture, code_points, category: fields.next()?, name: fields.next()? })
    }

    /// Returns all shortcodes.
    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        self.rows().iter().map(|row| row.split('\t').next().unwrap_or(row))
    }

    /// Finds a row: its second field, and what follows.
    fn row(self, shortcode: &str) -> Option<(&'static str, &'static str)> {
        let rows = self.rows();
        let name = |row: &'static str| row.split_once('\t').unwrap_or((row, ""));
        let index = rows.binary_search_by_key(&shortcode, |row| name(row).0).ok()?;
        let rest = name(rows[index]).1;
        Some(rest.split_once('\t').unwrap_or((rest, "")))
    }

    fn rows(self) -> &'static [&'static str] {
        static EMOJIONE: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("emoji/emojione.tsv").lines().collect());
        static GEMOJI: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("emoji/gemoji.tsv").lines().collect());
        static TWEMOJI: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("emoji/twemoji.tsv").lines().collect());
        match self {
            EmojiIndex::Emojione => &EMOJIONE,
            EmojiIndex::Gemoji => &GEMOJI,
            EmojiIndex::Twemoji => &TWEMOJI,
        }
    }
}

impl Emoji {
    /// Returns the characters; without variation selectors where they are to go.
    pub fn text(&self, keep_variation_selectors: bool) -> String {
        let points = self.code_points.split('-').filter(|point| keep_variation_selectors || *point != "fe0f");
        points.filter_map(|point| char::from_u32(u32::from_str_radix(point, 16).ok()?)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(index: EmojiIndex, shortcode: &str) -> Option<String> {
        index.emoji(shortcode).map(|emoji| emoji.text(true))
    }

    #[test]
    fn the_tables_are_sorted_and_whole() {
        for (index, n_names) in [(EmojiIndex::Emojione, 2373), (EmojiIndex::Gemoji, 1913), (EmojiIndex::Twemoji, 6200)]
        {
            let names: Vec<_> = index.names().collect();
            assert!(names.len() >= n_names && names.windows(2).all(|pair| pair[0] < pair[1]), "{index:?}");
            for name in names {
                let emoji = index.emoji(name);
                assert!(emoji.is_some_and(|emoji| !emoji.text(true).is_empty() && !emoji.name.is_empty()), "{name}");
            }
        }
    }

    #[test]
    fn each_index_has_names_of_its_own() {
        for index in [EmojiIndex::Emojione, EmojiIndex::Gemoji, EmojiIndex::Twemoji] {
            assert_eq!(text(index, "smile").as_deref(), Some("😄"));
            assert_eq!(text(index, "thumbsup"), text(index, "+1"));
            assert_eq!(text(index, "no_such_thing"), None);
        }
        assert_eq!(text(EmojiIndex::Twemoji, "thumbsup_tone1").as_deref(), Some("👍🏻"));
        assert_eq!(text(EmojiIndex::Gemoji, "thumbsup_tone1"), None);
        assert_eq!(text(EmojiIndex::Emojione, "thumbsup_medium_dark_skin_tone"), None);
    }

    #[test]
    fn a_picture_may_be_called_otherwise_than_its_text() {
        let emoji = EmojiIndex::Gemoji.emoji("atom_symbol").expect("GitHub has it");
        assert_eq!((emoji.picture, emoji.code_points), ("269b", "269b-fe0f"));
        assert_eq!((emoji.text(true).as_str(), emoji.text(false).as_str()), ("⚛\u{fe0f}", "⚛"));
    }
}
