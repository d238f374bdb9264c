//! Bare addresses become links, and repository shorthand such as `user/repo#12`.
//!
//! Source of the rule: `pymdownx/magiclink.py`.

use super::extension::Extension;
use crate::diag::{Code, Diagnostic, Severity};
use crate::markdown::engine::inline::chars::{is_boundary, is_space, is_word, strip};
use crate::markdown::engine::inline::links::angle;
use crate::markdown::engine::inline::{El, Engine, Hit, InlineRule, Pass, Taken, at_char, outside_links};
use crate::markdown::engine::mark::{ATOMIC, ETX};
use crate::markdown::engine::nodes::for_each_element;
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::markdown::tree::{Element, Node};
use crate::text::{Chunk, yaml};
use regex::Regex;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// `hide_protocol`: show addresses without `https://`.
    pub(crate) hide_protocol: bool,
    /// `repo_url_shortener`
    pub(crate) repo_url_shortener: bool,
    /// `social_url_shortener`
    pub(crate) social_url_shortener: bool,
    /// `shortener_user_exclude`: names in lower case that are no users.
    pub(crate) exclude: BTreeMap<String, Vec<String>>,
    /// `repo_url_shorthand`
    pub(crate) repo_url_shorthand: bool,
    /// `social_url_shorthand`
    pub(crate) social_url_shorthand: bool,
    /// `provider`
    pub(crate) provider: String,
    /// `labels`
    pub(crate) labels: Vec<(String, String)>,
    /// `normalize_issue_symbols`: `#` for everything.
    pub(crate) normalize_issue_symbols: bool,
    /// `user`
    pub(crate) user: String,
    /// `repo`
    pub(crate) repo: String,
    /// The hosts: the known ones and those of `custom`.
    pub(crate) providers: Vec<Provider>,
}

/// A host of repositories or people.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Provider {
    /// The word before `:` in shorthand, and in classes.
    pub(crate) name: String,
    /// What it is called in titles.
    pub(crate) label: String,
    /// Whose rules it follows: `github`, `gitlab`, `bitbucket`, `x` or `twitter`.
    pub(crate) kind: String,
    /// Its address without a slash at the end.
    pub(crate) url: String,
    /// Whether `www.` may stand before its name.
    pub(crate) www: bool,
    /// Whether the project's options name it.
    pub(crate) custom: bool,
}

const DEFAULT_EXCLUDES: [(&str, &[&str]); 5] = [
    ("bitbucket", &["dashboard", "account", "plans", "support", "repo"]),
    ("github", &["marketplace", "notifications", "issues", "pull", "sponsors", "settings", "support"]),
    ("gitlab", &["dashboard", "-", "explore", "help", "projects"]),
    ("twitter", &["i", "messages", "bookmarks", "home"]),
    ("x", &["i", "messages", "bookmarks", "home"]),
];

const KNOWN: [(&str, &str, &str); 5] = [
    ("github", "GitHub", "https://github.com"),
    ("gitlab", "GitLab", "https://gitlab.com"),
    ("bitbucket", "Bitbucket", "https://bitbucket.org"),
    ("x", "X", "https://x.com"),
    ("twitter", "Twitter", "https://twitter.com"),
];

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        let mut providers: Vec<Provider> = KNOWN
            .iter()
            .map(|(name, label, url)| Provider {
                name: (*name).to_owned(),
                label: (*label).to_owned(),
                kind: (*name).to_owned(),
                url: (*url).to_owned(),
                www: true,
                custom: false,
            })
            .collect();
        let mut exclude: BTreeMap<String, Vec<String>> = DEFAULT_EXCLUDES
            .iter()
            .map(|(name, users)| ((*name).to_owned(), users.iter().map(|user| (*user).to_owned()).collect()))
            .collect();
        read_custom(reader, &mut providers, &mut exclude);
        if let Some(entries) = reader.node("shortener_user_exclude").and_then(yaml::Node::as_map) {
            for (name, users) in entries {
                let users = users.as_seq().unwrap_or_default().iter().filter_map(yaml::Node::scalar_text);
                exclude.insert(name.scalar_text().unwrap_or_default(), users.map(|user| user.to_lowercase()).collect());
            }
        }
        let provider = reader.string("provider", "github");
        let known = providers.iter().any(|known| known.name == provider);
        if !known && let Some(node) = reader.node("provider") {
            reader.report(
                Diagnostic::new(Code::ConfigBadValue, node.span, format!("unknown provider `{provider}`"))
                    .severity(Severity::Warning)
                    .note("`github` is taken in its place"),
            );
        }
        Options {
            hide_protocol: reader.bool("hide_protocol", false),
            repo_url_shortener: reader.bool("repo_url_shortener", false),
            social_url_shortener: reader.bool("social_url_shortener", false),
            exclude,
            repo_url_shorthand: reader.bool("repo_url_shorthand", false),
            social_url_shorthand: reader.bool("social_url_shorthand", false),
            provider: if known { provider } else { "github".to_owned() },
            labels: reader.string_map("labels").unwrap_or_default(),
            normalize_issue_symbols: reader.bool("normalize_issue_symbols", false),
            user: reader.string("user", ""),
            repo: reader.string("repo", ""),
            providers,
        }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        let options = Arc::clone(&self);
        let bracketed = at_char('<', move |engine, pass, at| autolink(&options, engine, pass, at));
        rules.inline.register("autolink", 120.0, bracketed);
        let options = Arc::clone(&self);
        let bare = outside_links(next_link, move |engine, pass, at| link(&options, engine, pass, at));
        rules.inline.register("magic-link", 85.0, bare);
        rules.inline.register("magic-mail", 84.9, Box::new(Mail));
        for form in self.shorthands() {
            rules.escapable("@");
            // Names of providers are letters and digits, so that the expression is one whatever they are.
            let Ok(regex) = Regex::new(&form.expression(&self)) else { continue };
            let (name, priority) = form.place();
            rules.inline.register(name, priority, Box::new(Short { form, regex, options: Arc::clone(&self) }));
        }
        if self.repo_url_shortener || self.social_url_shortener {
            let shorteners = Shortener::all(&self);
            rules.tree.register(
                "magic-repo-shortener",
                9.9,
                Box::new(move |nodes, _| shorten_links(nodes, &self, &shorteners)),
            );
        }
    }
}

fn read_custom(
    reader: &mut OptionReader<'_>,
    providers: &mut Vec<Provider>,
    exclude: &mut BTreeMap<String, Vec<String>>,
) {
    let Some(entries) = reader.node("custom").and_then(yaml::Node::as_map) else { return };
    for (key, entry) in entries {
        let name = key.scalar_text().unwrap_or_default();
        let text = |field: &str| entry.get(field).and_then(yaml::Node::scalar_text);
        let kind = text("type").unwrap_or_default();
        let good_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let (Some(host), true, true) =
            (text("host"), good_name, matches!(kind.as_str(), "github" | "gitlab" | "bitbucket"))
        else {
            reader.report(
                Diagnostic::new(Code::ConfigBadValue, key.span, format!("custom provider `{name}` is not complete"))
                    .severity(Severity::Warning)
                    .note("it is ignored")
                    .help("its name is letters and digits; it needs `host`, `label` and a `type` of github, gitlab or bitbucket"),
            );
            continue;
        };
        if providers.iter().any(|known| known.name == name) {
            continue;
        }
        let of_kind = exclude.get(&kind).cloned().unwrap_or_default();
        exclude.entry(name.clone()).or_insert(of_kind);
        providers.push(Provider {
            label: text("label").unwrap_or_else(|| name.clone()),
            name,
            kind,
            url: host.to_lowercase().trim_end_matches('/').to_owned(),
            www: entry.get("www").and_then(yaml::Node::as_bool).unwrap_or(true),
            custom: true,
        });
    }
}

impl Provider {
    fn is_social(&self) -> bool {
        self.kind == "x" || self.kind == "twitter"
    }
}

impl Options {
    fn provider(&self, name: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.name == name)
    }

    fn label(&self, key: &str, default: &str) -> String {
        let own = self.labels.iter().rev().find(|(known, _)| known == key);
        own.map_or_else(|| default.to_owned(), |(_, label)| label.clone())
    }

    fn is_social(&self) -> bool {
        self.provider == "x" || self.provider == "twitter"
    }

    /// Returns the forms of shorthand that are on, in their order.
    fn shorthands(&self) -> impl Iterator<Item = Shorthand> {
        let git = self.repo_url_shorthand;
        let any = git || self.social_url_shorthand;
        let inner = git && !self.is_social();
        [
            (git, Shorthand::OuterRepository),
            (inner, Shorthand::InnerRepository),
            (any, Shorthand::OuterMention),
            (any, Shorthand::InnerMention),
            (git, Shorthand::OuterReference),
            (inner, Shorthand::InnerReference),
            (inner, Shorthand::Number),
        ]
        .into_iter()
        .filter(|(on, _)| *on)
        .map(|(_, shorthand)| shorthand)
    }

    /// The expression for a user's name with the provider before it.
    fn outer_users(&self, mentions: bool) -> String {
        let git = self.providers.iter().filter(|provider| {
            if provider.is_social() {
                mentions && self.social_url_shorthand
            } else {
                !mentions || self.repo_url_shorthand
            }
        });
        let mut parts: Vec<String> =
            git.map(|provider| format!("{}:{}", provider.name, user_pattern(&provider.kind))).collect();
        if parts.is_empty() {
            parts.push("[^\\s\\S]".to_owned());
        }
        format!("(?:{})", parts.join("|"))
    }

    fn inner_users(&self) -> &'static str {
        user_pattern(self.provider(&self.provider).map_or("github", |provider| &provider.kind))
    }
}

fn user_pattern(kind: &str) -> &'static str {
    match kind {
        "github" => r"[a-zA-Z\d](?:[-a-zA-Z\d_]{0,37}[a-zA-Z\d])?",
        "gitlab" => r"[\.a-zA-Z\d_](?:[-a-zA-Z\d_\.]{0,37}[-a-zA-Z\d_])?",
        "bitbucket" => r"[-a-zA-Z\d_]{1,39}",
        _ => r"\w{1,15}",
    }
}

// ── Bare addresses ──────────────────────────────────────────────────────────────────────────────────

/// Finds where an address may begin.
fn next_link(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (0..bytes.len()).find(|&at| matches!(bytes[at] | 0x20, b'h' | b'f' | b'w') && prefix(&bytes[at..]).is_some())
}

/// Returns the length of `https://`, `ftp://`, `www.` and the like.
fn prefix(bytes: &[u8]) -> Option<usize> {
    let starts = |what: &str| bytes.len() >= what.len() && bytes[..what.len()].eq_ignore_ascii_case(what.as_bytes());
    ["https://", "http://", "ftps://", "ftp://", "www."].iter().find(|what| starts(what)).map(|what| what.len())
}

/// An address in running text.
fn link(options: &Options, engine: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize) -> Hit {
    let text = pass.text;
    let allowed = |c: char| is_space(c) || "*_~^[('\"".contains(c) || c == ETX;
    if pass.before(at).is_some_and(|c| !allowed(c)) {
        return Hit::No;
    }
    let Some(length) = prefix(&text.as_bytes()[at..]) else { return Hit::No };
    let floor = at + length;
    let www = text.as_bytes()[at] | 0x20 == b'w';
    let next = Hit::Skip(floor);
    if pass.after(floor).is_none_or(|c| !is_word(c) || c == '_') {
        return next;
    }
    let outside = |rest: &str| rest.find(|c: char| !(is_word(c) || c == '-' || c == '.'));
    let domain = pass.ahead.find("the end of a domain", text, floor, outside).unwrap_or(text.len());
    let outside = |rest: &str| rest.find(|c: char| is_space(c) || c == '<');
    let all = pass.ahead.find("the end of an address", text, floor, outside).unwrap_or(text.len());
    let (end, looked_at) = trim_end(text, at, floor, all);
    if text[floor..end.min(domain)].rsplit('.').take(2).any(|segment| segment.contains('_')) {
        return if pass.spend(looked_at) { next } else { Hit::Skip(all) };
    }
    let range = at..end;
    let href = if www { format!("http://{}", &text[range.clone()]) } else { text[range.clone()].to_owned() };
    let shown = if !www && options.hide_protocol { floor..end } else { range.clone() };
    let el = magic(options, engine, pass, range, shown, strip(&href));
    Hit::Take(end, Taken::el(el))
}

/// Leaves out what ends a sentence rather than an address: the end, and how many bytes were looked at.
fn trim_end(text: &str, start: usize, floor: usize, all: usize) -> (usize, usize) {
    let mut end = all;
    let mut counts: Option<[(usize, usize); 2]> = None;
    while end > floor {
        let c = text[..end].chars().next_back().expect("the end lies behind the floor");
        match c {
            '?' | '!' | '.' | ',' | ':' | '*' | '_' | '~' | '^' | '\'' | '"' => end -= 1,
            ';' => {
                let name = text[floor..end - 1].trim_end_matches(|c: char| c.is_alphanumeric());
                let at = floor + name.len();
                end = if at < end - 1 && name.ends_with('&') { at - 1 } else { end - 1 };
            }
            ')' | ']' => {
                let known = counts.get_or_insert_with(|| {
                    let count = |c: char| text[start..end].matches(c).count();
                    [(count(')'), count('(')), (count(']'), count('['))]
                });
                let pair = &mut known[usize::from(c == ']')];
                if pair.0 <= pair.1 {
                    break;
                }
                pair.0 -= 1;
                end -= 1;
            }
            _ => break,
        }
    }
    (end, all - end + counts.map_or(0, |_| all - start))
}

fn magic(
    options: &Options,
    engine: &mut Engine<'_, '_>,
    pass: &Pass<'_>,
    range: Range<usize>,
    shown: Range<usize>,
    href: &str,
) -> El {
    let mut el = El::new("a", pass.span(range.clone()))
        .with_attr("href", engine.attribute(href))
        .with_atomic(pass.chunk.slice(shown));
    el.target = Some(pass.span(range));
    if options.repo_url_shortener {
        el.attrs.set("magiclink", "1");
    }
    el
}

/// `<https://…>`
fn autolink(options: &Options, engine: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize) -> Hit {
    let Some(inner) = angle(pass, at) else { return Hit::No };
    let length = match prefix(&pass.text.as_bytes()[inner.clone()]) {
        Some(length) if pass.text.as_bytes()[inner.start] | 0x20 != b'w' => length,
        _ => return Hit::No,
    };
    let shown = if options.hide_protocol { inner.start + length..inner.end } else { inner.clone() };
    let href = pass.text[inner.clone()].to_owned();
    let mut el = magic(options, engine, pass, inner.clone(), shown, &href);
    el.span = pass.span(at..inner.end + 1);
    Hit::Take(inner.end + 1, Taken::el(el))
}

// ── Bare mail addresses ─────────────────────────────────────────────────────────────────────────────

fn is_mail(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-+_".contains(&byte)
}

/// Finds where a mail address begins.
fn next_mail(text: &str, at: usize) -> Option<usize> {
    let mut from = at;
    loop {
        let sign = from + text[from..].find('@')?;
        if let Some(start) = mail_start(text, at, sign) {
            return Some(start);
        }
        from = sign + 1;
    }
}

fn mail_start(text: &str, floor: usize, sign: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    if sign == 0 || bytes[sign - 1] == b'.' {
        return None;
    }
    // What lies before the floor has been looked at: it is a link already, or ends in `@`.
    let mut start = sign;
    while start > floor && (is_mail(bytes[start - 1]) || bytes[start - 1] == b'.') {
        if bytes[start - 1] == b'.' && bytes[start] == b'.' {
            break;
        }
        start -= 1;
    }
    if bytes.get(start) == Some(&b'.') {
        start += 1;
    } else if start > 0 && (bytes[start - 1] == b'/' || bytes[start - 1] == b'@') {
        return None;
    }
    (start < sign && is_mail(bytes[start])).then_some(start)
}

/// A mail address in running text.
fn mail(pass: &Pass<'_>, at: usize) -> Hit {
    let text = pass.text;
    let bytes = text.as_bytes();
    let Some(sign) = text[at..].find('@').map(|length| at + length) else { return Hit::No };
    let next = Hit::Skip(sign + 1);
    let first = bytes[sign + 1..].iter().take_while(|byte| **byte != b'+' && is_mail(**byte)).count();
    let dot = sign + 1 + first;
    if first == 0 || bytes.get(dot) != Some(&b'.') {
        return next;
    }
    let mut end = dot + 1;
    while let Some(byte) = bytes.get(end) {
        let fits = match byte {
            b'.' => bytes[end - 1] != b'.' && bytes.get(end + 1) != Some(&b'.'),
            b'+' => false,
            byte => is_mail(*byte),
        };
        if !fits {
            break;
        }
        end += 1;
    }
    while end > dot + 1 {
        let after = text[end..].chars().next();
        let ends = bytes[end - 1].is_ascii_alphabetic();
        if ends && !after.is_some_and(is_word) && !matches!(after, Some('-' | '@')) {
            let span = pass.span(at..end);
            let mut el = El::new("a", span)
                .with_attr("href", format!("mailto:{}", &text[at..end]))
                .with_atomic(pass.chunk.slice(at..end));
            el.target = Some(span);
            return Hit::Take(end, Taken::el(el));
        }
        end -= 1;
    }
    next
}

// ── Shorthand ───────────────────────────────────────────────────────────────────────────────────────

/// A form of shorthand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shorthand {
    /// `@github:user/repo`
    OuterRepository,
    /// `@user/repo`
    InnerRepository,
    /// `@github:user`
    OuterMention,
    /// `@user`
    InnerMention,
    /// `github:user/repo#1`
    OuterReference,
    /// `user/repo#1`, `repo#1`
    InnerReference,
    /// `#1`, `!1`, a commit
    Number,
}

const REPO: &str = r"(?P<repo>[-._a-zA-Z\d]{0,99}[a-zA-Z\d])";
const TARGET: &str = r"(?:(?P<issue>[#!?][1-9][0-9]*)|@(?P<commit>[a-f\d]{40})(?:\.{3}(?P<diff>[a-f\d]{40}))?)\b";

/// The longest text between the start of a reference and its `#`, `!`, `?` or `@`.
const REACH: usize = 260;

impl Shorthand {
    fn expression(self, options: &Options) -> String {
        let inner = options.inner_users();
        match self {
            Shorthand::OuterRepository => format!(r"\A@(?P<user>{})\b/{REPO}\b", options.outer_users(false)),
            Shorthand::InnerRepository => format!(r"\A@(?P<user>{inner})\b/{REPO}\b"),
            Shorthand::OuterMention => format!(r"\A@(?P<user>{})\b", options.outer_users(true)),
            Shorthand::InnerMention => format!(r"\A@(?P<user>{inner})\b"),
            Shorthand::OuterReference => format!(r"\A(?P<user>{})/{REPO}{TARGET}", options.outer_users(false)),
            Shorthand::InnerReference => format!(r"\A(?:(?P<user>{inner})/)?{REPO}{TARGET}"),
            Shorthand::Number => {
                r"\A(?:(?P<issue>[#!?][1-9][0-9]*)|(?P<commit>[a-f\d]{40})(?:\.{3}(?P<diff>[a-f\d]{40}))?)\b".to_owned()
            }
        }
    }

    /// Its name in Python's registry, and its priority.
    fn place(self) -> (&'static str, f64) {
        match self {
            Shorthand::OuterRepository => ("magic-repo-ext-mention", 79.9),
            Shorthand::InnerRepository => ("magic-repo-int-mention", 79.8),
            Shorthand::OuterMention => ("magic-ext-mention", 79.7),
            Shorthand::InnerMention => ("magic-int-mention", 79.6),
            Shorthand::OuterReference => ("magic-ext-refs", 79.5),
            Shorthand::InnerReference => ("magic-int-refs", 79.4),
            Shorthand::Number => ("magic-int-micro-refs", 79.3),
        }
    }

    /// Returns the next byte where the form may begin.
    fn next(self, text: &str, at: usize) -> Option<usize> {
        let bytes = text.as_bytes();
        match self {
            Shorthand::OuterRepository
            | Shorthand::InnerRepository
            | Shorthand::OuterMention
            | Shorthand::InnerMention => Some(at + text.get(at..)?.find('@')?),
            Shorthand::Number => (at..bytes.len()).find(|&at| {
                let byte = bytes[at];
                (b"#!?".contains(&byte) && bytes.get(at + 1).is_some_and(u8::is_ascii_digit))
                    || (matches!(byte, b'a'..=b'f' | b'0'..=b'9') && is_hash(&bytes[at..]))
            }),
            Shorthand::OuterReference | Shorthand::InnerReference => {
                let mut mark = at;
                loop {
                    mark += bytes.get(mark..)?.iter().position(|byte| b"#!?@".contains(byte))?;
                    let rest = &bytes[mark + 1..];
                    let starts =
                        if bytes[mark] == b'@' { is_hash(rest) } else { rest.first().is_some_and(u8::is_ascii_digit) };
                    if starts {
                        let name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._/:".contains(byte);
                        let run = bytes[at..mark].iter().rev().take(REACH).take_while(|byte| name(byte)).count();
                        if run > 0 {
                            return Some(mark - run);
                        }
                    }
                    mark += 1;
                }
            }
        }
    }

    /// Tries the form, of which `regex` is the expression, at a place.
    fn apply(self, options: &Options, regex: &Regex, pass: &mut Pass<'_>, at: usize) -> Hit {
        let before = pass.before(at);
        let first = pass.after(at);
        let letter = before.is_some_and(|c| c.is_ascii_alphabetic());
        let fits = match self {
            Shorthand::OuterReference => !matches!(before, Some('@' | '/')) && is_boundary(before, first),
            Shorthand::InnerReference => !matches!(before, Some('@' | '/')),
            Shorthand::Number if first.is_some_and(|c| "#!?".contains(c)) => !letter,
            Shorthand::Number => !matches!(before, Some('@' | '/')) && is_boundary(before, first),
            _ => !letter,
        };
        if !fits || !pass.spend(32) {
            return Hit::No;
        }
        let end = at + pass.text[at..].char_indices().map(|(at, _)| at).take(2 * REACH).last().unwrap_or(0);
        // One character more than the match, so that the boundary at its end is the text's own.
        let window = &pass.text[at..end + pass.text[end..].chars().next().map_or(0, char::len_utf8)];
        let Some(found) = captures(regex, window) else { return Hit::No };
        if self == Shorthand::InnerReference && found.user.is_some() && !is_boundary(before, first) {
            return Hit::No;
        }
        let user = found.user.clone().unwrap_or_else(|| options.user.clone());
        let (provider, user) = match user.split_once(':') {
            Some((provider, user)) => (provider.to_owned(), user.to_owned()),
            None => (options.provider.clone(), user),
        };
        let Some(provider) = options.provider(&provider) else { return Hit::No };
        let range = at..at + found.length;
        let span = pass.span(range.clone());
        let name = &provider.name;
        let built = match self {
            Shorthand::OuterMention | Shorthand::InnerMention => Some(Built {
                href: format!("{}/{user}", provider.url),
                text: format!("@{user}"),
                class: "mention",
                title: format!("{} {}: {user}", provider.label, options.label("mention", "User")),
            }),
            Shorthand::OuterRepository | Shorthand::InnerRepository => Some(Built {
                href: format!("{}/{user}/{}", provider.url, found.repo),
                text: format!("{user}/{}", found.repo),
                class: "repository",
                title: format!(
                    "{} {}: {user}/{}",
                    provider.label,
                    options.label("repository", "Repository"),
                    found.repo
                ),
            }),
            Shorthand::OuterReference | Shorthand::InnerReference | Shorthand::Number => {
                if user.is_empty() || (self == Shorthand::Number && options.repo.is_empty()) {
                    return Hit::Skip(range.end);
                }
                let repo = if self == Shorthand::Number { options.repo.clone() } else { found.repo.clone() };
                let my_user = user == options.user && *name == options.provider;
                let my_repo = my_user && repo == options.repo;
                let nearness = if my_repo {
                    Near::Repo
                } else if my_user {
                    Near::User
                } else {
                    Near::None
                };
                refer(options, provider, &user, &repo, &found.target(), nearness)
            }
        };
        let Some(built) = built else { return Hit::Take(range.end, Taken::Text(pass.chunk.slice(range))) };
        let mut el = El::new("a", span)
            .with_attr("href", built.href)
            .with_attr("title", built.title)
            .with_attr("class", format!("magiclink magiclink-{name} magiclink-{}", built.class))
            .with_atomic(Chunk::synthetic(&built.text, span));
        el.target = Some(span);
        Hit::Take(range.end, Taken::el(el))
    }
}

/// A form of shorthand with its expression and the options.
struct Short {
    form: Shorthand,
    regex: Regex,
    options: Arc<Options>,
}

impl InlineRule for Short {
    fn next(&self, text: &str, at: usize) -> Option<usize> {
        self.form.next(text, at)
    }

    fn apply(&self, _: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize) -> Hit {
        self.form.apply(&self.options, &self.regex, pass, at)
    }

    fn in_links(&self) -> bool {
        false
    }
}

/// Bare mail addresses.
struct Mail;

impl InlineRule for Mail {
    fn next(&self, text: &str, at: usize) -> Option<usize> {
        next_mail(text, at)
    }

    fn apply(&self, _: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize) -> Hit {
        mail(pass, at)
    }

    fn in_links(&self) -> bool {
        false
    }
}

fn is_hash(bytes: &[u8]) -> bool {
    bytes.len() >= 40 && bytes[..40].iter().all(|byte| matches!(byte, b'a'..=b'f' | b'0'..=b'9'))
}

/// A link made of shorthand or of an address.
struct Built {
    href: String,
    text: String,
    class: &'static str,
    title: String,
}

/// What a reference points to.
enum Target {
    Issue(String),
    Pull(String),
    Discussion(String),
    Commit(String),
    Compare(String, String),
}

/// How much of `user/repo` goes without saying.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Near {
    Repo,
    User,
    None,
}

#[derive(Clone)]
struct Found {
    length: usize,
    user: Option<String>,
    repo: String,
    issue: Option<String>,
    commit: Option<String>,
    diff: Option<String>,
}

impl Found {
    fn target(&self) -> Target {
        match (&self.diff, &self.commit, &self.issue) {
            (Some(diff), Some(commit), _) => Target::Compare(commit.clone(), diff.clone()),
            (_, Some(commit), _) => Target::Commit(commit.clone()),
            (_, _, Some(issue)) => {
                let number = issue[1..].to_owned();
                match issue.as_bytes()[0] {
                    b'#' => Target::Issue(number),
                    b'!' => Target::Pull(number),
                    _ => Target::Discussion(number),
                }
            }
            _ => Target::Issue(String::new()),
        }
    }
}

fn captures(regex: &Regex, text: &str) -> Option<Found> {
    let found = regex.captures(text)?;
    let group = |name: &str| found.name(name).map(|group| group.as_str().to_owned());
    Some(Found {
        length: found.get_match().len(),
        user: group("user"),
        repo: group("repo").unwrap_or_default(),
        issue: group("issue"),
        commit: group("commit"),
        diff: group("diff"),
    })
}

/// Makes text, title and address of a reference; `None` where the provider has no such thing.
fn refer(options: &Options, provider: &Provider, user: &str, repo: &str, target: &Target, near: Near) -> Option<Built> {
    let base = format!("{}/{user}/{repo}", provider.url);
    let hash_size = if provider.kind == "gitlab" { 8 } else { 7 };
    let short = |hash: &str| hash[..hash_size.min(hash.len())].to_owned();
    let dash = if provider.kind == "gitlab" { "/-" } else { "" };
    let full = format!("{user}/{repo}");
    let own = |sign: &str, what: &str| match near {
        Near::Repo if sign == "@" => what.to_owned(),
        Near::Repo => format!("{sign}{what}"),
        Near::User => format!("{repo}{sign}{what}"),
        Near::None => format!("{full}{sign}{what}"),
    };
    let sign = |sign: &'static str| if options.normalize_issue_symbols { "#" } else { sign };
    let title = |label: String, what: String| format!("{} {label}: {what}", provider.label);
    Some(match target {
        Target::Issue(number) => Built {
            href: format!("{base}{dash}/issues/{number}"),
            text: own("#", number),
            class: "issue",
            title: title(options.label("issue", "Issue"), format!("{full} #{number}")),
        },
        Target::Pull(number) => {
            let path = match provider.kind.as_str() {
                "gitlab" => "merge_requests",
                "bitbucket" => "pull-requests",
                _ => "pull",
            };
            Built {
                href: format!("{base}{dash}/{path}/{number}"),
                text: own(sign("!"), number),
                class: "pull",
                title: title(options.label("pull", "Pull Request"), format!("{full} #{number}")),
            }
        }
        Target::Discussion(number) if provider.kind == "github" => Built {
            href: format!("{base}/discussions/{number}"),
            text: own(sign("?"), number),
            class: "discussion",
            title: title(options.label("discuss", "Discussion"), format!("{full} #{number}")),
        },
        Target::Discussion(_) => return None,
        Target::Commit(hash) => {
            let path = if provider.kind == "bitbucket" { "commits/commit" } else { "commit" };
            Built {
                href: format!("{base}{dash}/{path}/{hash}"),
                text: own("@", &short(hash)),
                class: "commit",
                title: title(options.label("commit", "Commit"), format!("{full}@{}", short(hash))),
            }
        }
        Target::Compare(from, to) => {
            let href = if provider.kind == "bitbucket" {
                format!("{base}/branches/commits/{from}..{to}#diff")
            } else {
                format!("{base}{dash}/compare/{from}...{to}")
            };
            let both = format!("{}...{}", short(from), short(to));
            Built {
                href,
                text: own("@", &both),
                class: "compare",
                title: title(options.label("compare", "Compare"), format!("{full}@{both}")),
            }
        }
    })
}

// ── Shorter addresses ───────────────────────────────────────────────────────────────────────────────

static ANY_ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\A(https?://)(.*)\z").expect("a fixed expression"));

/// Shortens links to repositories whose text is their address, and removes what MagicLink noted on
/// its links (`MagicShortenerTreeprocessor`).
fn shorten_links(nodes: &mut [Node], options: &Options, shorteners: &[Shortener]) {
    for_each_element(nodes, &mut |element| {
        if element.is(&["a"]) {
            shorten_link(element, options, shorteners);
        }
    });
}

fn shorten_link(link: &mut Element, options: &Options, shorteners: &[Shortener]) {
    let magic = link.attrs.remove("magiclink").is_some();
    let mut shown = String::new();
    for child in &link.children {
        let Node::Text(text) = child else { return };
        shown.push_str(text.text.strip_prefix(ATOMIC).unwrap_or(&text.text));
    }
    let Some(href) = link.attrs.get("href").map(str::to_owned) else { return };
    let same = shown == href || (magic && options.hide_protocol && format!("https://{shown}") == href);
    if !same || shown.is_empty() || !ANY_ADDRESS.is_match(&href) {
        return;
    }
    let found = shorteners.iter().find_map(|shortener| {
        let provider = &options.providers[shortener.provider];
        shortener.shorten(options, provider, &href).map(|built| (provider, built))
    });
    let Some((provider, Some(built))) = found else { return };
    link.children = vec![Node::text(format!("{ATOMIC}{}", built.text), link.span)];
    link.attrs.set("title", built.title);
    for class in ["magiclink".to_owned(), format!("magiclink-{}", provider.name), format!("magiclink-{}", built.class)]
    {
        if !link.attrs.has_class(&class) {
            link.attrs.add_class(&class);
        }
    }
}

/// The expressions for addresses of one provider.
struct Shortener {
    /// Which one, of the options' list.
    provider: usize,
    addresses: Addresses,
}

enum Addresses {
    /// Of people.
    People(Regex),
    /// Of what a repository holds, and of the repository or its owner.
    Repositories { deep: Regex, shallow: Regex },
}

impl Shortener {
    /// Makes those of the providers that are on.
    fn all(options: &Options) -> Vec<Shortener> {
        let on = |provider: &Provider| {
            let social = provider.is_social();
            provider.custom || if social { options.social_url_shortener } else { options.repo_url_shortener }
        };
        let providers = options.providers.iter().enumerate().filter(|(_, provider)| on(provider));
        providers
            .filter_map(|(index, provider)| Some(Shortener { provider: index, addresses: Addresses::of(provider)? }))
            .collect()
    }

    /// Reads an address of a provider: `None` where it is none, `Some(None)` where its user is excluded.
    fn shorten(&self, options: &Options, provider: &Provider, href: &str) -> Option<Option<Built>> {
        let excluded = |user: &str| {
            let known = options.exclude.get(&provider.name);
            known.is_some_and(|names| names.iter().any(|name| *name == user.to_lowercase()))
        };
        let mention = |user: &str| Built {
            href: String::new(),
            text: format!("@{user}"),
            class: "mention",
            title: format!("{} {}: {user}", provider.label, options.label("metion", "User")),
        };
        let (deep, shallow) = match &self.addresses {
            Addresses::People(people) => {
                let user = &people.captures(href)?["user"];
                return Some((!excluded(user)).then(|| mention(user)));
            }
            Addresses::Repositories { deep, shallow } => (deep, shallow),
        };
        if let Some(found) = deep.captures(href) {
            let group = |name: &str| found.name(name).map(|group| group.as_str().to_owned());
            let target = if let (Some(from), Some(to)) = (group("from"), group("to")) {
                Target::Compare(from, to)
            } else if let Some(hash) = group("commit") {
                Target::Commit(hash)
            } else if let Some(number) = group("pull") {
                Target::Pull(number)
            } else if let Some(number) = group("discuss") {
                Target::Discussion(number)
            } else {
                Target::Issue(group("issue").unwrap_or_default())
            };
            let (user, repo) = (&found["user"], &found["repo"]);
            let near = nearness(options, &found["base"]);
            return Some(if excluded(user) { None } else { refer(options, provider, user, repo, &target, near) });
        }
        let found = shallow.captures(href)?;
        let user = &found["user"];
        if excluded(user) {
            return Some(None);
        }
        Some(Some(match found.name("repo") {
            Some(repo) => Built {
                href: String::new(),
                text: format!("{user}/{}", repo.as_str()),
                class: "repository",
                title: format!(
                    "{} {}: {user}/{}",
                    provider.label,
                    options.label("repository", "Repository"),
                    repo.as_str()
                ),
            },
            None => mention(user),
        }))
    }
}

impl Addresses {
    /// Compiles a provider's expressions; `None` where its address makes none.
    fn of(provider: &Provider) -> Option<Addresses> {
        let host = regex::escape(&provider.url);
        let host = match host.split_once("://") {
            Some((scheme, rest)) if provider.www => {
                format!("{scheme}://(?:www\\.)?{}", rest.strip_prefix("www\\.").unwrap_or(rest))
            }
            _ => host,
        };
        let users = user_pattern(&provider.kind);
        let regex = |expression: String| Regex::new(&expression).ok();
        if provider.is_social() {
            return Some(Addresses::People(regex(format!(r"(?i)\A{host}/(?P<user>{users})/?\z"))?));
        }
        let size = if provider.kind == "gitlab" { 8 } else { 7 };
        let hash = format!(r"[\da-f]{{{size},40}}");
        let rest = match provider.kind.as_str() {
            "github" => format!(
                r"/(?:issues/(?P<issue>\d+)/?|pull/(?P<pull>\d+)/?|discussions/(?P<discuss>\d+)/?|commit/(?P<commit>{hash})/?|compare/(?P<from>{hash})\.{{3}}(?P<to>{hash}))"
            ),
            "gitlab" => format!(
                r"/(?:-/)?(?:issues/(?P<issue>\d+)/?|merge_requests/(?P<pull>\d+)/?|commit/(?P<commit>{hash})/?|compare/(?P<from>{hash})\.{{3}}(?P<to>{hash}))"
            ),
            _ => format!(
                r"/(?:issues/(?P<issue>\d+)(?:/[^/]+)?/?|pull-requests/(?P<pull>\d+)(?:/[^/]+(?:/diff)?)?/?|commits/commit/(?P<commit>{hash})/?|branches/commits/(?P<from>{hash})(?:\.{{2}}|%0d)(?P<to>{hash})\#diff)"
            ),
        };
        let slash = if provider.kind == "bitbucket" { "/?" } else { "" };
        Some(Addresses::Repositories {
            deep: regex(format!(r"(?i)\A(?P<base>{host}/(?P<user>{users})/(?P<repo>[^/]+)){rest}/?\z"))?,
            shallow: regex(format!(r"(?i)\A{host}/(?P<user>{users})(?:/(?P<repo>[^/]+){slash})?/?\z"))?,
        })
    }
}

/// Says whether an address lies in the project's own repository or under its own user.
fn nearness(options: &Options, base: &str) -> Near {
    if options.is_social() || options.user.is_empty() || options.repo.is_empty() {
        return Near::None;
    }
    let Some(provider) = options.provider(&options.provider) else { return Near::None };
    let own_user = format!("{}/{}/", provider.url, options.user);
    if format!("{base}/") == format!("{own_user}{}/", options.repo) {
        Near::Repo
    } else if base.starts_with(&own_user) {
        Near::User
    } else {
        Near::None
    }
}
