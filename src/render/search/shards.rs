//! The index of the search box: many small files, of which a query loads the few that it needs.
//!
//! `root.js` tells where everything is. `words-N.js` hold the words with the entries they stand in,
//! `texts-N.js` what is shown of the entries, `near-N.js` the words of N letters for typing errors, and
//! `facets.js` which entries a filter lets through. Each file is a script with one call, so that a page
//! on a disk can load it, too; over HTTP the search box reads what stands between the brackets.
//!
//! A shard ends where its content says, and root and requests name shards with their digest: an edit
//! leaves most files, and what browsers have kept of them, alone.

use super::page::{Findable, Found, number};
use crate::text::Digest;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// The folder in the site.
const FOLDER: &str = "search/shards";

/// A page with what only the whole site knows of it.
#[derive(Clone, Debug)]
pub struct PageInSite<'a> {
    /// Its words.
    pub findable: &'a Findable,
    /// Its URL relative to the site.
    pub url: &'a str,
    /// The titles of the sections of the navigation around it, from the outermost.
    pub path: Vec<String>,
    /// What filters know of it: name of the filter, value. Sorted.
    pub facets: Vec<(&'static str, String)>,
}

/// What the search box is told.
#[derive(Clone, Debug, PartialEq)]
pub struct BoxOptions {
    /// The languages of the site.
    pub lang: Vec<String>,
    /// How many characters a query has at least.
    pub shortest: i64,
    /// How much title and tags weigh, 1 for what Material has.
    pub title: f64,
}

/// How many bytes a shard has at least and at most; in between it ends where its content says.
struct Size {
    least: usize,
    most: usize,
}
const WORDS: Size = Size { least: 12 << 10, most: 40 << 10 };
const TEXTS: Size = Size { least: 8 << 10, most: 20 << 10 };

impl Size {
    /// Whether a shard of so many bytes ends before `next`.
    fn ends(&self, n_bytes: usize, next: &str) -> bool {
        // FNV-1a: any function of the content does.
        let hash = next.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        n_bytes >= self.most || n_bytes >= self.least && (hash >> 7) % 8 == 0
    }
}

/// How many words of one length are kept for typing errors, the most frequent ones.
const NEAR: usize = 8000;
/// How many words complete what has just been begun.
const FREQUENT: usize = 1500;

/// A shard's name and its content as JSON.
type Shard = (String, String);

/// One half of the index: its files by kind, and what the root says of them.
#[derive(Debug)]
pub struct Half {
    kinds: Vec<(&'static str, Vec<Written>)>,
    root: Vec<(&'static str, Value)>,
}

/// A file of the index.
#[derive(Debug)]
struct Written {
    path: String,
    bytes: Vec<u8>,
    /// Four characters that tell its content.
    digest: String,
}

/// The half that tells where each word stands.
pub fn words(pages: &[PageInSite<'_>]) -> Half {
    let merged = merge(pages);
    let (firsts, words) = word_shards(&merged);
    let (lengths, near) = near_shards(&merged);
    Half {
        kinds: vec![("words", written(words)), ("near", written(near))],
        root: vec![("words", firsts.into()), ("near", lengths.into()), ("frequent", frequent(&merged))],
    }
}

/// The half that tells what is shown of each entry, and which ones a filter lets through.
pub fn texts(pages: &[PageInSite<'_>]) -> Half {
    let (starts, texts) = text_shards(pages);
    let n_entries = pages.iter().map(|page| page.findable.entries.len() as u32);
    let boosts: Vec<(usize, f64)> =
        pages.iter().map(|page| page.findable.boost).enumerate().filter(|(_, boost)| *boost != 1.0).collect();
    Half {
        kinds: vec![("texts", written(texts)), ("facets", written(facets(pages)))],
        root: vec![
            ("texts", numbers(steps(&starts)).into()),
            ("pages", numbers(n_entries).into()),
            ("boosts", json!(boosts)),
        ],
    }
}

/// The files of the index, each with its path in the site.
pub fn files(options: &BoxOptions, halves: [Half; 2]) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut digests: BTreeMap<&str, String> = BTreeMap::new();
    let mut root = json!({ "lang": options.lang, "shortest": options.shortest, "title": options.title });
    for half in halves {
        for (key, value) in half.root {
            root[key] = value;
        }
        for (kind, list) in half.kinds {
            for file in list {
                digests.entry(kind).or_default().push_str(&file.digest);
                files.push((file.path, file.bytes));
            }
        }
    }
    root["digests"] = json!(digests);
    let root = file(("root".to_owned(), root.to_string()));
    files.push((root.path, root.bytes));
    files
}

fn written(shards: Vec<Shard>) -> Vec<Written> {
    shards.into_iter().map(file).collect()
}

/// A script with one call: the name, the content, and the content's digest, by which a page that has
/// been open for long sees that the site is another one now.
fn file((name, content): Shard) -> Written {
    let digest = Digest::of(content.as_bytes()).hex()[..4].to_owned();
    let bytes = format!("opsbookSearch(\"{name}\",{content},\"{digest}\")\n").into_bytes();
    Written { path: format!("{FOLDER}/{name}.js"), bytes, digest }
}

fn numbers(values: impl IntoIterator<Item = u32>) -> String {
    let mut out = String::new();
    values.into_iter().for_each(|value| number(value, &mut out));
    out
}

/// The ways from number to number.
fn steps(sorted: &[u32]) -> impl Iterator<Item = u32> {
    let befores = std::iter::once(0).chain(sorted.iter().copied());
    sorted.iter().zip(befores).map(|(value, before)| value - before)
}

/// A word of the site.
#[derive(Default)]
struct Merged {
    /// How many entries it stands in.
    count: u32,
    /// The last one, by number in the site.
    last: u32,
    /// The way from entry to entry, each with how it stands there.
    places: String,
}

type Words<'a> = Vec<(&'a str, Merged)>;

/// All words in the order in which a browser compares texts.
fn merge<'a>(pages: &[PageInSite<'a>]) -> Words<'a> {
    let mut known: HashMap<&str, Merged> = HashMap::new();
    let mut first = 0;
    for page in pages.iter().map(|page| page.findable) {
        let mut start = 0;
        let mut places = page.places.iter().peekable();
        for (index, term) in (0..).zip(page.terms.split_terminator(' ')) {
            let merged = known.entry(term).or_default();
            while let Some((_, entry, end)) = places.next_if(|(of, ..)| *of == index) {
                number(first + entry - merged.last, &mut merged.places);
                merged.places.push_str(&page.bodies[start..*end as usize]);
                merged.last = first + entry;
                merged.count += 1;
                start = *end as usize;
            }
        }
        first += page.entries.len() as u32;
    }
    let mut merged: Words<'_> = known.into_iter().collect();
    // UTF-16 has another order than UTF-8 where there are characters of two halves.
    match merged.iter().any(|(term, _)| term.chars().any(|ch| ch > '\u{d7ff}')) {
        true => merged.sort_unstable_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16())),
        false => merged.sort_unstable_by_key(|(term, _)| *term),
    }
    merged
}

/// The shards of words, and the first word of each.
fn word_shards(words: &Words<'_>) -> (String, Vec<Shard>) {
    let mut shards: Vec<String> = Vec::new();
    let mut firsts: Vec<&str> = Vec::new();
    for (term, merged) in words {
        let shard = match shards.last_mut() {
            Some(shard) if !WORDS.ends(shard.len() + merged.places.len() / 2, term) => {
                shard.push(' ');
                shard
            }
            _ => {
                firsts.push(term);
                shards.push(String::new());
                shards.last_mut().expect("it was pushed")
            }
        };
        shard.extend([term, " "]);
        number(merged.count, shard);
        shard.push_str(&merged.places);
    }
    let name = |(index, shard): (usize, String)| (format!("words-{index}"), Value::from(shard).to_string());
    (firsts.join(" "), shards.into_iter().enumerate().map(name).collect())
}

/// The shards of what is shown, and the first entry of each.
fn text_shards(pages: &[PageInSite<'_>]) -> (Vec<u32>, Vec<Shard>) {
    let mut starts: Vec<u32> = Vec::new();
    // Of each shard the pages and the entries.
    let mut shards: Vec<(String, String)> = Vec::new();
    let mut count = 0;
    for (index, page) in pages.iter().enumerate() {
        let mut shown_in = None;
        for Found { anchor, title, text, is_step } in &page.findable.entries {
            if shards.last().is_none_or(|(pages, entries)| TEXTS.ends(pages.len() + entries.len(), text)) {
                starts.push(count);
                shards.push(Default::default());
            }
            let n_shards = shards.len();
            let (pages, entries) = shards.last_mut().expect("there is one");
            if shown_in != Some(n_shards) {
                shown_in = Some(n_shards);
                let title = &page.findable.entries[0].title;
                add(pages, &json!([index, page.url, title, page.path, page.findable.tags]));
            }
            // The page's own title is said already.
            let title = if anchor.is_empty() { "" } else { title };
            add(entries, &(anchor, title, text, u8::from(*is_step)));
            count += 1;
        }
    }
    let name = |(index, (pages, entries)): (usize, _)| (format!("texts-{index}"), format!("[[{pages}],[{entries}]]"));
    (starts, shards.into_iter().enumerate().map(name).collect())
}

/// Adds a value to a list in JSON.
fn add(list: &mut String, value: &impl serde::Serialize) {
    if !list.is_empty() {
        list.push(',');
    }
    list.push_str(&serde_json::to_string(value).expect("text, numbers and lists"));
}

/// Words of letters only, by how many, and which lengths there are.
fn near_shards(words: &Words<'_>) -> (Vec<usize>, Vec<Shard>) {
    let mut by_length: BTreeMap<usize, Vec<&(&str, Merged)>> = BTreeMap::new();
    for word in words {
        let length = word.0.encode_utf16().count();
        if (4..=24).contains(&length) && word.0.chars().all(char::is_alphabetic) {
            by_length.entry(length).or_default().push(word);
        }
    }
    let lengths = by_length.keys().copied().collect();
    let shard = |(length, words)| (format!("near-{length}"), most_frequent(words, NEAR).to_string());
    (lengths, by_length.into_iter().map(shard).collect())
}

/// The words that complete what has just been begun.
fn frequent(words: &Words<'_>) -> Value {
    let is_word = |term: &str| term.len() > 2 && term.chars().all(char::is_alphanumeric);
    most_frequent(words.iter().filter(|(term, _)| is_word(term)).collect(), FREQUENT)
}

/// The words that stand in most entries, the most frequent first.
fn most_frequent(mut words: Vec<&(&str, Merged)>, count: usize) -> Value {
    words.sort_by_key(|(_, merged)| std::cmp::Reverse(merged.count));
    words.truncate(count);
    words.into_iter().map(|(term, _)| *term).collect::<Vec<_>>().join(" ").into()
}

/// The filters with their values, and the pages of each; of steps the entries. Nothing where there is
/// nothing to choose.
fn facets(pages: &[PageInSite<'_>]) -> Vec<Shard> {
    let mut known: BTreeMap<&str, BTreeMap<&str, Vec<u32>>> = BTreeMap::new();
    let mut steps_of_runbooks = Vec::new();
    let mut first = 0;
    for (index, page) in (0..).zip(pages) {
        for (name, value) in &page.facets {
            known.entry(name).or_default().entry(value).or_default().push(index);
        }
        for (at, entry) in (first..).zip(&page.findable.entries) {
            steps_of_runbooks.extend(entry.is_step.then_some(at));
        }
        first += page.findable.entries.len() as u32;
    }
    if known.is_empty() && steps_of_runbooks.is_empty() {
        return Vec::new();
    }
    let values = |values: BTreeMap<&str, Vec<u32>>| -> BTreeMap<String, String> {
        values.into_iter().map(|(value, pages)| (value.to_owned(), numbers(steps(&pages)))).collect()
    };
    let known: BTreeMap<&str, _> = known.into_iter().map(|(name, list)| (name, values(list))).collect();
    let facets = json!({ "pages": known, "steps": numbers(steps(&steps_of_runbooks)) });
    vec![("facets".to_owned(), facets.to_string())]
}

#[cfg(test)]
mod tests {
    use super::super::material::Entry;
    use super::super::page::Depth;
    use super::*;

    fn site(contents: &[String]) -> Vec<(String, Vec<u8>)> {
        let findables: Vec<Findable> = contents
            .iter()
            .enumerate()
            .map(|(index, text)| {
                let location = format!("page-{index}/");
                let entry =
                    Entry { location, title: format!("Title {index}"), text: text.clone(), tags: None, boost: None };
                Findable::new(&[entry], &[], Depth::Texts)
            })
            .collect();
        let page = |findable| PageInSite { findable, url: "p/", path: Vec::new(), facets: Vec::new() };
        let pages: Vec<PageInSite<'_>> = findables.iter().map(page).collect();
        let options = BoxOptions { lang: vec!["en".to_owned()], shortest: 0, title: 1.0 };
        files(&options, [words(&pages), super::texts(&pages)])
    }

    #[test]
    fn an_edit_leaves_what_is_shown_of_other_pages_alone() {
        let mut pages: Vec<String> =
            (0..400).map(|index| format!("<p>{}</p>", format!("word{index} ").repeat(60))).collect();
        let before = site(&pages);
        pages[200] = format!("<p>{}</p>", "other ".repeat(200));
        let after: BTreeMap<String, Vec<u8>> = site(&pages).into_iter().collect();
        let texts: Vec<_> = before.iter().filter(|(path, _)| path.contains("texts-")).collect();
        let same = texts.iter().filter(|(_, bytes)| after.values().any(|other| shown(other) == shown(bytes))).count();
        assert!(texts.len() > 8 && same >= texts.len() - 3, "{same} of {}", texts.len());
    }

    /// What a shard shows, without the numbers of its pages.
    fn shown(bytes: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(bytes).ok()?;
        Some(text.split_once("],[[")?.1.rsplit_once(',')?.0.to_owned())
    }

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        assert_eq!(numbers([0, 31, 32, 1023, 1024]), "AfgB_fggB");
    }

    #[test]
    fn a_site_without_anything_to_choose_has_no_facets() {
        let paths: Vec<String> = site(&["<p>a</p>".to_owned()]).into_iter().map(|(path, _)| path).collect();
        assert_eq!(
            paths.iter().map(|path| path.rsplit('/').next().unwrap()).collect::<Vec<_>>(),
            ["words-0.js", "near-4.js", "near-5.js", "texts-0.js", "root.js"]
        );
    }
}
