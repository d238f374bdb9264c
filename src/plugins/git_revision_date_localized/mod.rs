//! Dates of pages, as the plugin `git-revision-date-localized` 1.6 shows them.
//!
//! In: when each page was first and last changed, in seconds since 1970, which somebody else asked Git
//! for. Out: the HTML that templates find in a page's `meta`. Pure: the languages' words and the time
//! zones are data of the program.

mod words;

use super::event::{Content, ContentContext, PageContext, Plugin, Reading};
use super::history::{History, HistoryRules};
use crate::diag::{Code, Diagnostic, Diagnostics, Severity, nearest};
use crate::site::Env;
use crate::text::glob::Pattern;
use crate::text::{SitePath, Span, Spanned, World, yaml};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, Zoned};
use words::{WORDS, Words};
use yaml::Node;

/// The names by which a page's text and its templates know the dates.
const NAMES: [&str; 3] =
    ["git_revision_date_localized", "git_site_revision_date_localized", "git_creation_date_localized"];

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

const FLAGS: &[&str] =
    &["enable_creation_date", "enable_git_follow", "enable_parallel_processing", "fallback_to_build_date", "strict"];

const TYPES: &[&str] = &["date", "datetime", "iso_date", "iso_datetime", "timeago", "custom"];

/// The plugin's options, read once.
#[derive(Clone, Debug)]
struct DateOptions {
    kind: String,
    locale: String,
    custom_format: String,
    zone: TimeZone,
    exclude: Vec<Pattern>,
    fallback_to_build_date: bool,
    enable_creation_date: bool,
    strict: bool,
    rules: HistoryRules,
    /// Where the plugin is named.
    place: Span,
}

pub(super) fn read(reading: &mut Reading<'_>) -> Option<Box<dyn Plugin>> {
    let Reading { plugin, config, world, diagnostics } = reading;
    let language = &config.theme.language.value;
    Some(Box::new(DateOptions::read(&plugin.name, &plugin.settings, language, *world, diagnostics)))
}

impl Plugin for DateOptions {
    fn wanted_history(&self) -> Option<&HistoryRules> {
        Some(&self.rules)
    }

    fn on_env(&self, env: &mut Env<'_>, history: &History) {
        let pages = env.site.pages.values().map(|route| (route.path, route.src_uri.as_str()));
        env.diagnostics.append(self.missing(&mut { pages }, history));
    }

    fn on_page_context(&self, meta: &mut serde_json::Value, page: &PageContext<'_>) {
        let locale = meta.get("locale").and_then(serde_json::Value::as_str).map(str::to_owned);
        for (name, html) in self.meta(page.uri, page.page, page.history, locale.as_deref(), page.build_time) {
            if meta.is_null() {
                *meta = serde_json::json!({});
            }
            if let Some(entries) = meta.as_object_mut() {
                entries.insert(name, html.into());
            }
        }
    }

    fn on_page_content(&self, content: &mut Content, page: &ContentContext<'_>) {
        if content.html.contains("{{") {
            content.html = fill_dates(&content.html, page.meta);
        }
    }
}

impl DateOptions {
    /// Reads the options; `language` is the theme's.
    ///
    /// Reports unknown options (`OB440`) and values that an option cannot have (`OB441`).
    fn read(
        name: &Spanned<String>,
        settings: &Node,
        language: &str,
        world: &dyn World,
        out: &mut Diagnostics,
    ) -> DateOptions {
        for (key, _) in settings.as_map().unwrap_or_default() {
            let Some(text) = key.as_str().filter(|text| !OPTIONS.contains(text)) else { continue };
            let message = format!("plugin `{}` has no option `{text}`", name.value);
            let mut diagnostic = Diagnostic::new(Code::PluginUnknownOption, key.span, message);
            if let Some(near) = nearest(text, OPTIONS.iter().copied()) {
                diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
            }
            out.push(diagnostic);
        }
        let bad = |node: &Node, message: String| Diagnostic::new(Code::PluginBadOption, node.span, message);
        let text = |key: &str| settings.get(key).and_then(Node::as_str);
        for key in FLAGS {
            if let Some(node) = settings.get(key).filter(|node| !node.is_null() && node.as_bool().is_none()) {
                out.push(bad(node, format!("`{key}` is true or false, not {}", node.kind_name())));
            }
        }
        let flag = |key: &str, default: bool| settings.get(key).and_then(Node::as_bool).unwrap_or(default);
        let mut rules = HistoryRules { ignored: Vec::new(), renamed_is_new: !flag("enable_git_follow", true) };
        if let (Some(file), Some(node)) = (text("ignored_commits_file"), settings.get("ignored_commits_file")) {
            match world.source(node.span.file.parent().join(file)) {
                Ok(source) => rules.ignored = ignored_commits(source.text()),
                Err(_) => out.push(bad(node, format!("there is no file `{file}`")).note("no commit is ignored")),
            }
        }
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
            fallback_to_build_date: flag("fallback_to_build_date", false),
            enable_creation_date: flag("enable_creation_date", false),
            strict: flag("strict", true),
            rules,
            place: name.span,
        }
    }

    /// Returns what goes into a page's `meta`: names, and HTML or text. `path` is relative to the folder
    /// of the pages, `locale` the page's own, `build_time` in seconds since 1970.
    ///
    /// A page that the repository does not hold yet has the time of the build. Without a repository
    /// there are no dates, unless `fallback_to_build_date` is set.
    fn meta(
        &self,
        path: &str,
        page: SitePath,
        history: &History,
        locale: Option<&str>,
        build_time: i64,
    ) -> Vec<(String, String)> {
        if self.is_excluded(path) || !(history.is_known || self.fallback_to_build_date) {
            return Vec::new();
        }
        let times = history.pages.get(&page);
        let updated = times.and_then(|times| times.updated).unwrap_or(build_time);
        let created = times.map_or(build_time, |times| times.created).min(updated);
        let site = history.site.unwrap_or(build_time);
        let shown = if self.enable_creation_date { 3 } else { 2 };
        let locale = locale.unwrap_or(&self.locale);
        let mut entries = Vec::new();
        for (name, time) in NAMES.into_iter().zip([updated, site, created]).take(shown) {
            entries.push((name.to_owned(), self.html(time, locale)));
            for kind in TYPES.iter().chain(&["datetime-timezone"]) {
                entries.push((format!("{name}_raw_{kind}"), self.format(kind, time, locale)));
            }
        }
        entries
    }

    /// Says of each page that the repository does not hold that its date is that of the build
    /// (`OB451`): a warning, or with `strict: false` a hint.
    fn missing(&self, pages: &mut dyn Iterator<Item = (SitePath, &str)>, history: &History) -> Diagnostics {
        let mut out = Diagnostics::new();
        if !history.is_known {
            return out;
        }
        for (page, path) in pages {
            let known = history.pages.get(&page).is_some_and(|times| times.updated.is_some());
            if known || self.is_excluded(path) {
                continue;
            }
            let message = format!("`{path}` has no commit, and shows the date of the build");
            let diagnostic = Diagnostic::new(Code::PageNotCommitted, Span::at_start(page), message)
                .label(self.place, "dates are those of Git")
                .help("commit the page, or list it in the plugin's `exclude`");
            out.push(if self.strict { diagnostic } else { diagnostic.severity(Severity::Info) });
        }
        out
    }

    fn is_excluded(&self, path: &str) -> bool {
        self.exclude.iter().any(|pattern| pattern.matches(path))
    }

    /// The date in the plugin's `<span>`.
    fn html(&self, time: i64, locale: &str) -> String {
        let title = self.format("datetime-timezone", time, locale);
        let span = |kind: &str| {
            format!(
                "<span class=\"git-revision-date-localized-plugin git-revision-date-localized-plugin-{kind}\" \
                 title=\"{title}\">{}</span>",
                self.format(kind, time, locale)
            )
        };
        // A time that a script keeps up to date is nothing on paper, where the plain date stands.
        if self.kind == "timeago" { span("timeago") + &span("iso_date") } else { span(&self.kind) }
    }

    fn format(&self, kind: &str, time: i64, locale: &str) -> String {
        let at = Timestamp::from_second(time).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(self.zone.clone());
        let words = words_of(locale).unwrap_or_else(|| words_of("en").expect("English is in the table"));
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
                locale.replace('-', "_")
            ),
            "custom" => custom(&self.custom_format, &at, words),
            _ => pattern(words.long, &at, words),
        }
    }
}

/// Writes a page's dates where its text asks for them: `{{ git_revision_date_localized }}` and its two
/// siblings, in code as text.
fn fill_dates(html: &str, meta: &serde_json::Value) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    let mut in_code = false;
    while let Some(at) = rest.find("{{") {
        let (before, found) = rest.split_at(at);
        out.push_str(before);
        if let (opened, closed) = (before.rfind("<code"), before.rfind("</code"))
            && opened != closed
        {
            in_code = opened > closed;
        }
        let name = found[2..].split_once("}}").map(|(name, _)| (name.len(), name.trim().to_lowercase()));
        let date = name.and_then(|(length, name)| {
            let date = NAMES.contains(&name.as_str()).then(|| meta.get(&name)?.as_str())??;
            Some((length + 4, date))
        });
        match date {
            Some((length, date)) if in_code => {
                out.push_str(&date.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
                rest = &found[length..];
            }
            Some((length, date)) => {
                out.push_str(date);
                rest = &found[length..];
            }
            None => {
                out.push_str("{{");
                rest = &found[2..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The hashes of a file in the form of Git's `blame.ignoreRevsFile`.
fn ignored_commits(text: &str) -> Vec<String> {
    let hash = |line: &str| line.split('#').next().unwrap_or_default().trim().to_owned();
    text.lines().map(hash).filter(|hash| !hash.is_empty()).collect()
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
    use super::super::history::PageTimes;
    use super::*;
    use crate::text::{Chunk, Source};
    use std::collections::BTreeMap;

    fn options(settings: &str, language: &str) -> DateOptions {
        let ignored = Source::new(SitePath::new("ignored"), "# formatting\nabc123 # all\n\n");
        let files = BTreeMap::from([(ignored.path(), std::sync::Arc::new(ignored))]);
        let source = Source::new(SitePath::new("mkdocs.yml"), settings);
        let settings = yaml::parse(&Chunk::of(&source)).expect("the test's YAML is valid").root;
        let name = Spanned::new("git-revision-date-localized".to_owned(), Span::at_start(source.path()));
        let mut out = Diagnostics::new();
        let options = DateOptions::read(&name, &settings, language, &files, &mut out);
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
            let got = options(&settings, "en").format(kind, time.parse().expect("a number"), locale);
            if got != expected {
                wrong.push(format!("{locale} {kind}: expected {expected:?}, got {got:?}"));
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
    }

    fn history(times: PageTimes) -> History {
        History { pages: BTreeMap::from([(SitePath::new("docs/a.md"), times)]), site: Some(0), is_known: true }
    }

    #[test]
    fn pages_have_what_the_options_ask_for() {
        let known = history(PageTimes { created: 1_714_828_523, updated: Some(1_735_689_599) });
        let (page, other) = (SitePath::new("docs/a.md"), SitePath::new("docs/b.md"));
        let get = |entries: Vec<(String, String)>, name: &str| {
            entries.into_iter().find(|(known, _)| known == name).map(|(_, html)| html).unwrap_or_default()
        };
        let plain = options("{type: iso_date}", "en");
        assert_eq!(
            get(plain.meta("a.md", page, &known, None, 0), NAMES[0]),
            "<span class=\"git-revision-date-localized-plugin git-revision-date-localized-plugin-iso_date\" \
             title=\"December 31, 2024 23:59:59 UTC\">2024-12-31</span>"
        );
        assert_eq!(
            get(plain.meta("a.md", page, &known, Some("de"), 0), &format!("{}_raw_date", NAMES[0])),
            "31. Dezember 2024"
        );
        assert_eq!(get(plain.meta("a.md", page, &known, None, 0), NAMES[2]), "");
        assert!(plain.meta("a.md", page, &History::default(), None, 0).is_empty());
        let more = options("{enable_creation_date: true, fallback_to_build_date: true, exclude: [x/*]}", "de");
        assert!(get(more.meta("a.md", page, &known, None, 0), NAMES[2]).contains(">4. Mai 2024<"));
        assert!(get(more.meta("b.md", other, &History::default(), None, 0), NAMES[0]).contains(">1. Januar 1970<"));
        assert!(more.meta("x/y/z.md", other, &known, None, 0).is_empty());
        let ago = options("{type: timeago}", "en").meta("a.md", page, &known, None, 0);
        assert!(get(ago, NAMES[0]).contains("</span></span><span class=\"git-revision-date-localized-plugin git-revision-date-localized-plugin-iso_date\""));
    }

    #[test]
    fn a_page_without_a_commit_is_named() {
        let known = history(PageTimes { created: 1, updated: None });
        let pages = [(SitePath::new("docs/a.md"), "a.md"), (SitePath::new("docs/b.md"), "b.md")];
        let loud = options("{exclude: [b.md]}", "en").missing(&mut pages.into_iter(), &known);
        assert_eq!(loud.iter().map(|finding| finding.severity).collect::<Vec<_>>(), [Severity::Warning]);
        let quiet = options("{strict: false}", "en").missing(&mut pages.into_iter(), &known);
        assert_eq!(quiet.count(Severity::Info), 2);
    }

    #[test]
    fn commits_are_left_out_by_a_file_of_hashes() {
        let rules = options("{ignored_commits_file: ignored, enable_git_follow: false}", "en").rules;
        assert_eq!(rules, HistoryRules { ignored: vec!["abc123".to_owned()], renamed_is_new: true });
    }

    #[test]
    fn dates_stand_where_a_text_asks_for_them() {
        let meta = serde_json::json!({ "git_revision_date_localized": "<i>D</i>" });
        let html = "<p>{{ Git_Revision_date_localized }} {{ other }} {{git_creation_date_localized}}</p><code>{{git_revision_date_localized}}</code>";
        assert_eq!(
            fill_dates(html, &meta),
            "<p><i>D</i> {{ other }} {{git_creation_date_localized}}</p><code>&lt;i&gt;D&lt;/i&gt;</code>"
        );
    }
}
