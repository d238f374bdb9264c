//! What can be found on one page: its entries, and where in them each word stands.
//!
//! Knows nothing of other pages, so that it is kept with the page.

use super::material::Entry;
use super::words::words;
use crate::render::html_events::{Event, html_events};
use std::collections::HashMap;

/// Stands before and behind code in a text: a character that no one writes and that JSON leaves alone.
const CODE: char = '\u{7f}';

/// A heading with its text, or a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The id on the page; empty for the page itself.
    pub(super) anchor: String,
    pub(super) title: String,
    pub(super) text: String,
    pub(super) is_step: bool,
}

/// The words of a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findable {
    /// The page's tags.
    pub tags: Vec<String>,
    /// How much the page counts.
    pub(super) boost: f64,
    pub(super) entries: Vec<Found>,
    /// The words, sorted, each with a blank behind it.
    pub(super) terms: String,
    /// For each place of a word in an entry: which word, which entry, and where its part of `bodies`
    /// ends. Sorted.
    pub(super) places: Vec<(u32, u32, u32)>,
    /// How each word stands in its entry, as the shards hold it.
    pub(super) bodies: String,
}

/// A step of a runbook, as an entry of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The id on the page.
    pub anchor: String,
    /// What people read.
    pub title: String,
    /// Its code.
    pub code: String,
}

/// How much of a page can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// Titles of pages.
    Titles,
    /// Titles and headings.
    Headings,
    /// Titles, headings and texts.
    Texts,
}

/// A word where it stands.
struct Occurrence {
    /// Which of the page's words.
    term: u32,
    entry: u32,
    at: u32,
    /// In how long a title; 0 in a text.
    title: u32,
    /// How much it counts in a text, in tenths.
    tenths: u32,
}

/// The place of the first tag, behind every text.
const TAGS: u32 = 1 << 24;

/// How many places of a word in an entry are remembered.
const PLACES: usize = 16;

impl Findable {
    /// Reads a page from its entries in Material's form.
    pub(super) fn new(entries: &[Entry], steps: &[Step], depth: Depth) -> Findable {
        let text = |html: &str| if depth == Depth::Texts { plain(html) } else { String::new() };
        let mut found: Vec<Found> = entries
            .iter()
            .filter(|entry| depth != Depth::Titles || !entry.location.contains('#'))
            .map(|entry| Found {
                anchor: entry.location.split_once('#').map(|(_, id)| id.to_owned()).unwrap_or_default(),
                title: plain(&entry.title).replace(CODE, ""),
                text: text(&entry.text),
                is_step: false,
            })
            .collect();
        // A page that is left out leaves its steps out, too.
        if !found.is_empty() && depth == Depth::Texts {
            found.extend(steps.iter().map(|step| Found {
                anchor: step.anchor.clone(),
                title: step.title.clone(),
                text: format!("{CODE}{}{CODE}", step.code.replace(CODE, "").trim()),
                is_step: true,
            }));
        }
        let of_page = entries.first();
        let tags = of_page.and_then(|entry| entry.tags.clone()).unwrap_or_default();
        let boost = of_page.and_then(|entry| entry.boost.as_ref()?.as_f64()).unwrap_or(1.0);
        let mut reader = Reader::default();
        for entry in &found {
            reader.read(entry);
        }
        if let Some(entry) = of_page.filter(|_| !found.is_empty()) {
            tags.iter().for_each(|tag| reader.read_tag(tag));
            reader.read_address(&entry.location);
        }
        Findable { tags, boost, entries: found, ..reader.sorted() }
    }
}

/// Collects the words of a page.
#[derive(Default)]
struct Reader {
    /// The words, numbered as they came.
    terms: HashMap<String, u32>,
    occurrences: Vec<Occurrence>,
    /// How many parts the text of each entry has.
    lengths: Vec<u32>,
}

impl Reader {
    fn read(&mut self, entry: &Found) {
        let index = self.lengths.len() as u32;
        // How long the title is, is known behind it.
        let first = self.occurrences.len();
        let n_title =
            words(&entry.title, &mut |term, at, _| push(&mut self.terms, &mut self.occurrences, term, index, at));
        for occurrence in &mut self.occurrences[first..] {
            occurrence.title = n_title.clamp(1, 7);
        }
        let n_text = words(&entry.text, &mut |term, at, is_piece| {
            // Between title and text is a gap, so that no phrase reaches across.
            push(&mut self.terms, &mut self.occurrences, term, index, n_title + 1 + at);
            self.occurrences.last_mut().expect("it was pushed").tenths = if is_piece { 6 } else { 10 };
        });
        self.lengths.push(n_text);
    }

    /// A tag counts as a title of the page.
    fn read_tag(&mut self, tag: &str) {
        words(tag, &mut |term, at, _| {
            push(&mut self.terms, &mut self.occurrences, term, 0, TAGS + at);
            self.occurrences.last_mut().expect("it was pushed").title = 1;
        });
    }

    /// A word of the title that is in the address, too, is what the page is about: the title counts as
    /// no longer than the name of the file. A word that is in the address only counts as of a long title.
    fn read_address(&mut self, address: &str) {
        let address = address.split('#').next().unwrap_or_default();
        let address = address.trim_end_matches("index.html").trim_end_matches(".html").trim_end_matches('/');
        let name = address.rsplit('/').next().unwrap_or_default();
        let mut terms: Vec<String> = Vec::new();
        let n_parts = words(name, &mut |term, _, _| terms.push(term.to_owned())).max(1);
        for term in terms {
            let known = self.terms.get(&term).copied();
            let in_title = |one: &&mut Occurrence| one.entry == 0 && one.title > 0 && Some(one.term) == known;
            match self.occurrences.iter_mut().find(in_title) {
                Some(one) => one.title = one.title.min(n_parts),
                None => {
                    push(&mut self.terms, &mut self.occurrences, &term, 0, TAGS * 2);
                    self.occurrences.last_mut().expect("it was pushed").title = (n_parts + 4).min(7);
                }
            }
        }
    }

    fn sorted(mut self) -> Findable {
        let mut terms: Vec<(&str, u32)> = self.terms.iter().map(|(term, number)| (term.as_str(), *number)).collect();
        terms.sort_unstable();
        let mut ranks = vec![0; terms.len()];
        for (rank, (_, number)) in terms.iter().enumerate() {
            ranks[*number as usize] = rank;
        }
        let key = |one: &Occurrence| (ranks[one.term as usize], one.entry);
        self.occurrences.sort_by_key(key);
        let mut made = Findable::default();
        terms.iter().for_each(|(term, _)| made.terms.extend([term, " "]));
        for group in self.occurrences.chunk_by(|a, b| key(a) == key(b)) {
            let (rank, entry) = key(&group[0]);
            // The longer a text, the less one word in it says.
            let count = f64::from(group.iter().map(|one| one.tenths).sum::<u32>()) / 10.0;
            let damper = 0.4 + 0.6 * f64::from(self.lengths[entry as usize]) / 120.0;
            let impact = (15.0 * count / (count + damper)).round() as u32;
            let titles = group.iter().map(|one| one.title).filter(|title| *title > 0);
            // How it stands, how often, and the way from place to place.
            number(impact | titles.min().unwrap_or(0) << 4, &mut made.bodies);
            let places = &group[..group.len().min(PLACES)];
            number(places.len() as u32, &mut made.bodies);
            let mut last = 0;
            for place in places {
                number(place.at - last, &mut made.bodies);
                last = place.at;
            }
            made.places.push((rank as u32, entry, made.bodies.len() as u32));
        }
        made
    }
}

fn push(terms: &mut HashMap<String, u32>, occurrences: &mut Vec<Occurrence>, term: &str, entry: u32, at: u32) {
    let number = terms.get(term).copied().unwrap_or_else(|| {
        let number = terms.len() as u32;
        terms.insert(term.to_owned(), number);
        number
    });
    occurrences.push(Occurrence { term: number, entry, at, title: 0, tenths: 0 });
}

/// The characters that numbers are written with.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Writes a number in as few characters as it needs: five bits each, the sixth where more follow.
pub(super) fn number(mut value: u32, out: &mut String) {
    while value >= 32 {
        out.push(char::from(DIGITS[(value & 31 | 32) as usize]));
        value >>= 5;
    }
    out.push(char::from(DIGITS[value as usize]));
}

/// A fragment of HTML as text, with code marked, and blanks only where a reader sees some.
fn plain(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut depth = 0;
    for event in html_events(html) {
        match event {
            Event::Start { tag, .. } if is_code(&tag) => {
                depth += 1;
                if depth == 1 {
                    out.push(CODE);
                }
            }
            Event::End { tag } if is_code(&tag) => {
                depth = usize::saturating_sub(depth, 1);
                if depth == 0 {
                    out.push(CODE);
                }
            }
            Event::Text(text) if depth > 0 => out.extend(text.chars().filter(|ch| *ch != CODE)),
            Event::Text(text) => {
                for ch in text.chars().filter(|ch| *ch != CODE) {
                    if !ch.is_whitespace() {
                        out.push(ch);
                    } else if !out.ends_with([' ', '\n']) {
                        out.push(' ');
                    }
                }
            }
            Event::Start { .. } | Event::End { .. } => {
                if depth == 0 && !out.is_empty() && !out.ends_with([' ', '\n']) {
                    out.push(' ');
                }
            }
        }
    }
    if depth > 0 {
        out.push(CODE);
    }
    out.trim().to_owned()
}

fn is_code(tag: &str) -> bool {
    tag == "code" || tag == "pre"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(location: &str, title: &str, text: &str) -> Entry {
        let [location, title, text] = [location, title, text].map(str::to_owned);
        Entry { location, title, text, tags: None, boost: None }
    }

    #[test]
    fn html_becomes_text_with_its_code_marked() {
        let html = "<p>Use <code>a &lt;b&gt;</code> now.</p> <pre><span></span><code>x = 1\ny = 2\n</code></pre> <ul> <li>one</li> <li>two</li> </ul>";
        assert_eq!(plain(html), "Use \u{7f}a <b>\u{7f} now. \u{7f}x = 1\ny = 2\n\u{7f} one two");
    }

    #[test]
    fn steps_are_entries_unless_the_page_is_left_out() {
        let step = Step { anchor: "step-x".to_owned(), title: "Do it".to_owned(), code: "helm\n".to_owned() };
        let steps = [step];
        let page = Findable::new(&[entry("p/", "P", "")], &steps, Depth::Texts);
        assert_eq!(page.entries[1].text, "\u{7f}helm\u{7f}");
        assert!(page.entries[1].is_step && page.terms.contains("helm "));
        assert_eq!(Findable::new(&[], &steps, Depth::Texts), Findable { boost: 1.0, ..Findable::default() });
    }

    #[test]
    fn how_deep_a_page_is_read_is_kept_to() {
        let entries = [entry("p/", "Page", "<p>text</p>"), entry("p/#a", "Part", "<p>more</p>")];
        assert_eq!(Findable::new(&entries, &[], Depth::Texts).terms, "more p page part text ");
        assert_eq!(Findable::new(&entries, &[], Depth::Headings).terms, "p page part ");
        assert_eq!(Findable::new(&entries, &[], Depth::Titles).terms, "p page ");
    }

    #[test]
    fn a_word_of_title_and_address_counts_as_a_whole_title() {
        let read = |address: &str| Findable::new(&[entry(address, "Using uv in Docker", "")], &[], Depth::Texts);
        let head = |page: &Findable, term: &str| {
            let index = page.terms.split_terminator(' ').position(|known| known == term).expect("it is there");
            let start = if index == 0 { 0 } else { page.places[index - 1].2 as usize };
            page.bodies[start..].to_owned()
        };
        let (mut whole, mut long) = (String::new(), String::new());
        number(1 << 4, &mut whole);
        number(4 << 4, &mut long);
        for address in ["guides/docker/", "guides/docker.html", "guides/docker/index.html", "docker/#a"] {
            assert!(head(&read(address), "docker").starts_with(&whole), "{address}");
            assert!(head(&read(address), "uv").starts_with(&long), "{address}");
        }
        assert!(read("guides/containers/").terms.contains("containers "));
    }
}
