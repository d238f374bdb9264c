//! Dates of pages, as the plugin `git-revision-date-localized` 1.6 shows them.
//!
//! In: when each page was first and last changed, in seconds since 1970, which somebody else asked Git
//! for. Out: the HTML that templates find in a page's `meta`. Pure: the languages' words and the time
//! zones are data of the program.

mod words;

use crate::diag::{Code, Diagnostic, Diagnostics, nearest};
use crate::site::plugins::idle_option;
use crate::text::glob::Pattern;
use crate::text::{SitePath, Spanned, yaml};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, Zoned};
use std::collections::BTreeMap;
use words::{WORDS, Words};
use yaml::Node;

/// When a page was first and last committed, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageTimes {
    /// The first commit.
    pub created: i64,
    /// The last commit.
    pub updated: i64,
}

/// The times of all pages that Git knows.
pub type History = BTreeMap<SitePath, PageTimes>;

/// What the plugin may be told.
const OPTIONS: &[&str] = &[
    "custom_format",
    "enable_creation_date",
    "enable_git_follow",
    "enable_parallel_processing",
    "enabled",
    "exclude",
    "fallback_to_build_date",
    "ignored_commits_file",
    "locale",
    "strict",
    "timezone",
    "type",
];

const TYPES: &[&str] = &["date", "datetime", "iso_date", "iso_datetime", "timeago", "custom"];

/// The plugin's options, read once.
#[derive(Clone, Debug)]
pub struct DateOptions {
    kind: String,
    locale: String,
    custom_format: String,
    zone: TimeZone,
    exclude: Vec<Pattern>,
    fallback_to_build_date: bool,
    enable_creation_date: bool,
}

impl DateOptions {
    /// Reads the options; `language` is the theme's.
    ///
    /// Reports unknown options (`OB440`) and values that an option cannot have (`OB441`).
    pub fn read(name: &Spanned<String>, settings: &Node, language: &str, out: &mut Diagnostics) -> DateOptions {
        for (key, _) in settings.as_map().unwrap_or_default() {
            let Some(text) = key.as_str().filter(|text| !OPTIONS.contains(text)) else { continue };
            let message = format!("plugin `{}` has no option `{text}`", name.value);
            let mut diagnostic = Diagnostic::new(Code::PluginUnknownOption, key.span, message);
            if let Some(near) = nearest(text, OPTIONS.iter().copied()) {
                diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
            }
            out.push(diagnostic);
        }
        let idle = [
            ("enable_git_follow", "True", "a file that was renamed always keeps its past"),
            ("ignored_commits_file", "", "no commit is left out"),
        ];
        for (key, default, note) in idle {
            let node = settings.get(key).filter(|node| !node.is_null());
            if let Some(node) = node.filter(|node| node.scalar_text().is_none_or(|text| text != default)) {
                out.push(idle_option(&name.value, key, node.span).note(note));
            }
        }
        let bad = |node: &Node, message: String| Diagnostic::new(Code::PluginBadOption, node.span, message);
        let text = |key: &str| settings.get(key).and_then(Node::as_str);
        let flag = |key: &str| settings.get(key).and_then(Node::as_bool).unwrap_or(false);
        let mut kind = text("type").unwrap_or("date");
        if let Some(node) = settings.get("type").filter(|node| !node.is_null())
            && !node.as_str().is_some_and(|kind| TYPES.contains(&kind))
        {
            out.push(bad(node, format!("`type` takes one of {}", TYPES.join(", "))));
            kind = "date";
        }
        let mut zone = TimeZone::UTC;
        if let (Some(wanted), Some(node)) = (text("timezone"), settings.get("timezone")) {
            match TimeZoneDatabase::bundled().get(wanted) {
                Ok(found) => zone = found,
                Err(_) => out.push(bad(node, format!("there is no time zone `{wanted}`"))),
            }
        }
        let locale = text("locale").unwrap_or(language);
        if let Some(node) = settings.get("locale").filter(|node| !node.is_null())
            && words_of(locale).is_none()
        {
            out.push(bad(node, format!("opsbook has no words for dates in `{locale}`; they are English")));
        }
        DateOptions {
            kind: kind.to_owned(),
            locale: locale.to_owned(),
            custom_format: text("custom_format").unwrap_or("%d. %B %Y").to_owned(),
            zone,
            exclude: settings
                .get("exclude")
                .and_then(Node::as_seq)
                .unwrap_or_default()
                .iter()
                .filter_map(|pattern| pattern.as_str().map(Pattern::fnmatch))
                .collect(),
            fallback_to_build_date: flag("fallback_to_build_date"),
            enable_creation_date: flag("enable_creation_date"),
        }
    }

    /// Returns what goes into a page's `meta`: names and HTML. `path` is relative to the folder of the
    /// pages, `build_time` in seconds since 1970.
    ///
    /// A page that Git does not know has no dates, unless `fallback_to_build_date` is set.
    pub fn meta(&self, path: &str, times: Option<PageTimes>, build_time: i64) -> Vec<(&'static str, String)> {
        if self.exclude.iter().any(|pattern| pattern.matches(path)) {
            return Vec::new();
        }
        let fallback = PageTimes { created: build_time, updated: build_time };
        let Some(times) = times.or(self.fallback_to_build_date.then_some(fallback)) else { return Vec::new() };
        let mut entries = vec![("git_revision_date_localized", self.html(times.updated))];
        if self.enable_creation_date {
            entries.push(("git_creation_date_localized", self.html(times.created.min(times.updated))));
        }
        entries
    }

    /// The date in the plugin's `<span>`.
    fn html(&self, time: i64) -> String {
        let kind = &self.kind;
        format!(
            "<span class=\"git-revision-date-localized-plugin git-revision-date-localized-plugin-{kind}\" \
             title=\"{}\">{}</span>",
            self.format("datetime-timezone", time),
            self.format(kind, time)
        )
    }

    fn format(&self, kind: &str, time: i64) -> String {
        let at = Timestamp::from_second(time).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(self.zone.clone());
        let words = words_of(&self.locale).unwrap_or_else(|| words_of("en").expect("English is in the table"));
        let clock = || format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second());
        let iso = || format!("{:04}-{:02}-{:02}", at.year(), at.month(), at.day());
        match kind {
            "datetime" => format!("{} {}", pattern(words.long, &at, words), clock()),
            "datetime-timezone" => {
                format!("{} {} {}", pattern(words.long, &at, words), clock(), at.strftime("%Z"))
            }
            "iso_date" => iso(),
            "iso_datetime" => format!("{} {}", iso(), clock()),
            "timeago" => format!(
                "<span class=\"timeago\" datetime=\"{}T{}{}\" locale=\"{}\"></span>",
                iso(),
                clock(),
                at.strftime("%:z"),
                self.locale.replace('-', "_")
            ),
            "custom" => custom(&self.custom_format, &at, words),
            _ => pattern(words.long, &at, words),
        }
    }
}

/// The words of a language: of `de_AT` those of `de` where there are none of its own.
fn words_of(locale: &str) -> Option<&'static Words> {
    let locale = locale.replace('-', "_");
    // CLDR's `pt` is Brazilian, its `zh` simplified.
    let known = |locale: &str| WORDS.iter().find(|words| words.locale.eq_ignore_ascii_case(locale));
    known(&locale).or_else(|| match locale.to_ascii_lowercase().as_str() {
        "zh_hant" | "zh_hk" => known("zh_TW"),
        other => known(other.split('_').next().unwrap_or_default()),
    })
}

/// Fills in a CLDR pattern: letters are fields, text between `'` is text.
fn pattern(pattern: &str, at: &Zoned, words: &Words) -> String {
    let mut out = String::new();
    let mut letters = pattern.chars().peekable();
    let mut quoted = false;
    while let Some(ch) = letters.next() {
        if ch == '\'' {
            if letters.peek() == Some(&'\'') {
                letters.next();
                out.push('\'');
            } else {
                quoted = !quoted;
            }
        } else if quoted || !ch.is_ascii_alphabetic() {
            out.push(ch);
        } else {
            let mut width = 1;
            while letters.peek() == Some(&ch) {
                letters.next();
                width += 1;
            }
            field(ch, width, at, words, &mut out);
        }
    }
    out
}

fn field(letter: char, width: usize, at: &Zoned, words: &Words, out: &mut String) {
    let number = |number: i64| format!("{number:0width$}");
    let month = usize::from(at.month().unsigned_abs()) - 1;
    let day = usize::from(at.weekday().to_monday_zero_offset().unsigned_abs());
    let hour = i64::from(at.hour());
    out.push_str(&match letter {
        'y' if width == 2 => format!("{:02}", at.year() % 100),
        'y' => number(at.year().into()),
        'M' | 'L' if width >= 4 => words.months[month].to_owned(),
        'M' | 'L' if width == 3 => words.short_months[month].to_owned(),
        'M' | 'L' => number(at.month().into()),
        'd' => number(at.day().into()),
        'D' => number(at.day_of_year().into()),
        'E' if width >= 4 => words.days[day].to_owned(),
        'E' => words.short_days[day].to_owned(),
        'H' => number(hour),
        'h' => number((hour + 11) % 12 + 1),
        'm' => number(at.minute().into()),
        's' => number(at.second().into()),
        'a' => words.halves[usize::from(hour >= 12)].to_owned(),
        'Z' => at.strftime("%z").to_string(),
        'z' => at.strftime("%Z").to_string(),
        _ => String::new(),
    });
}

/// `strftime`'s directives, each by its CLDR field as the plugin maps it; any other text stays.
fn custom(format: &str, at: &Zoned, words: &Words) -> String {
    const FIELDS: &[(&str, char, usize)] = &[
        ("%-d", 'd', 1),
        ("%-H", 'H', 1),
        ("%-I", 'h', 1),
        ("%-m", 'M', 1),
        ("%-M", 'm', 1),
        ("%-S", 's', 1),
        ("%a", 'E', 3),
        ("%A", 'E', 4),
        ("%b", 'M', 3),
        ("%B", 'M', 4),
        ("%d", 'd', 2),
        ("%e", 'd', 1),
        ("%H", 'H', 2),
        ("%I", 'h', 2),
        ("%j", 'D', 3),
        ("%m", 'M', 2),
        ("%M", 'm', 2),
        ("%p", 'a', 1),
        ("%S", 's', 2),
        ("%y", 'y', 2),
        ("%Y", 'y', 4),
        ("%z", 'Z', 1),
        ("%Z", 'z', 1),
    ];
    let mut out = String::new();
    let mut rest = format;
    while let Some(ch) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("%%") {
            out.push('%');
            rest = after;
        } else if let Some((directive, letter, width)) = FIELDS.iter().find(|(name, ..)| rest.starts_with(name)) {
            field(*letter, *width, at, words, &mut out);
            rest = &rest[directive.len()..];
        } else {
            out.push(ch);
            rest = &rest[ch.len_utf8()..];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Chunk, Source, Span};

    fn options(settings: &str, language: &str) -> DateOptions {
        let source = Source::new(SitePath::new("mkdocs.yml"), settings);
        let settings = yaml::parse(&Chunk::of(&source)).expect("the test's YAML is valid").root;
        let name = Spanned::new("git-revision-date-localized".to_owned(), Span::at_start(source.path()));
        let mut out = Diagnostics::new();
        let options = DateOptions::read(&name, &settings, language, &mut out);
        assert!(out.is_empty(), "{out:?}");
        options
    }

    /// `get_date_formats` of mkdocs-git-revision-date-localized-plugin 1.6.3 with Babel, in 43 languages.
    #[test]
    fn dates_are_those_of_the_plugin() {
        let format = "\"%A, %d. %B %Y %H:%M %p week %a %-d %b %y %I %j it's\"";
        let mut wrong = Vec::new();
        for line in include_str!("../../../tests/cases/dates.tsv").lines() {
            let [time, locale, zone, kind, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("five columns: {line}");
            };
            let settings = format!("{{locale: \"{locale}\", timezone: \"{zone}\", custom_format: {format}}}");
            let got = options(&settings, "en").format(kind, time.parse().expect("a number"));
            if got != expected {
                wrong.push(format!("{locale} {kind}: expected {expected:?}, got {got:?}"));
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
    }

    #[test]
    fn pages_have_what_the_options_ask_for() {
        let times = PageTimes { created: 1_714_828_523, updated: 1_735_689_599 };
        let plain = options("{type: iso_date}", "en");
        assert_eq!(
            plain.meta("a.md", Some(times), 0),
            [(
                "git_revision_date_localized",
                "<span class=\"git-revision-date-localized-plugin git-revision-date-localized-plugin-iso_date\" \
                 title=\"December 31, 2024 23:59:59 UTC\">2024-12-31</span>"
                    .to_owned()
            )]
        );
        assert!(plain.meta("a.md", None, 0).is_empty());
        let more = options("{enable_creation_date: true, fallback_to_build_date: true, exclude: [x/*]}", "de");
        assert_eq!(more.meta("a.md", Some(times), 0).len(), 2);
        assert!(more.meta("b.md", None, 0)[0].1.contains(">1. Januar 1970<"));
        assert!(more.meta("x/y/z.md", Some(times), 0).is_empty());
    }
}
