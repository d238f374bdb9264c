//! GitHub shorthand: `@user`, `@user/repo`, `#12`, `user/repo#12`, commits.
//!
//! Source of the rule: the package's `mdx_gh_links.py`.

use super::extension::Extension;
use crate::markdown::engine::inline::chars::{is_boundary, is_word};
use crate::markdown::engine::inline::{El, Engine, Hit, InlineRule, Pass, Taken};
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::text::Chunk;
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// `domain`
    pub(crate) domain: String,
    /// `user`
    pub(crate) user: String,
    /// `repo`
    pub(crate) repo: String,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options {
            domain: reader.string("domain", "https://github.com"),
            user: reader.string("user", ""),
            repo: reader.string("repo", ""),
        }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        rules.escapable("@");
        for (name, form) in
            [("issue", Shorthand::Issue), ("mention", Shorthand::Mention), ("commit", Shorthand::Commit)]
        {
            rules.inline.register(name, 20.0, Box::new(Rule(form, Arc::clone(&self))));
        }
    }
}

/// A form of shorthand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shorthand {
    /// `#12`
    Issue,
    /// `@user`
    Mention,
    /// Forty hexadecimal digits.
    Commit,
}

/// A form with the options.
struct Rule(Shorthand, Arc<Options>);

impl InlineRule for Rule {
    fn next(&self, text: &str, at: usize) -> Option<usize> {
        self.0.next(text, at)
    }

    fn apply(&self, _: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize) -> Hit {
        self.0.apply(&self.1, pass, at)
    }

    fn in_links(&self) -> bool {
        false
    }
}

impl Shorthand {
    /// Returns the byte where the next use begins.
    fn next(self, text: &str, at: usize) -> Option<usize> {
        let mut from = at;
        loop {
            let rest = text.get(from..)?;
            let mark = match self {
                Shorthand::Issue => from + rest.find('#')?,
                Shorthand::Mention => return Some(from + rest.find('@')?),
                Shorthand::Commit => from + rest.find(|c: char| matches!(c, 'a'..='f' | '0'..='9'))?,
            };
            match self {
                Shorthand::Issue if text[mark + 1..].starts_with(|c: char| c.is_ascii_digit()) => {
                    return Some(owner(text, at, mark).unwrap_or(mark));
                }
                Shorthand::Commit => {
                    let digits =
                        text[mark..].bytes().take_while(|byte| matches!(byte, b'a'..=b'f' | b'0'..=b'9')).count();
                    let whole = digits == 40
                        && is_boundary(text[..mark + 40].chars().next_back(), text[mark + 40..].chars().next());
                    if whole && text[..mark].ends_with('@') && mark > at {
                        if let Some(start) = owner(text, at, mark - 1).or_else(|| user(text, at, mark - 1)) {
                            return Some(start);
                        }
                        return Some(mark);
                    }
                    if whole && is_boundary(text[..mark].chars().next_back(), Some('a')) {
                        return Some(mark);
                    }
                    from = mark + digits;
                    continue;
                }
                _ => {}
            }
            from = mark + 1;
        }
    }

    /// Makes the link.
    fn apply(self, options: &Options, pass: &Pass<'_>, at: usize) -> Hit {
        let text = &pass.text[at..];
        let built = match self {
            Shorthand::Mention => mention(text),
            Shorthand::Issue => issue(options, text),
            Shorthand::Commit => commit(options, text),
        };
        let Some((length, label, title, path, class)) = built else { return Hit::No };
        let span = pass.span(at..at + length);
        let mut el = El::new("a", span)
            .with_attr("title", title)
            .with_attr("href", format!("{}/{path}", options.domain))
            .with_attr("class", format!("gh-link gh-{class}"))
            .with_text(Chunk::synthetic(&label, span));
        el.target = Some(span);
        Hit::Take(at + length, Taken::el(el))
    }
}

type Built = (usize, String, String, String, &'static str);

fn is_user(c: char) -> bool {
    is_word(c) || c == '-'
}

/// Returns the length of a user's name at the start: it ends at a word's end.
fn user_length(text: &str) -> usize {
    let most = text.char_indices().take_while(|(_, c)| is_user(*c)).take(39).last();
    let end = most.map_or(0, |(at, c)| at + c.len_utf8());
    shrink(text, end)
}

fn repo_length(text: &str) -> usize {
    let end = text.find(|c: char| !(is_user(c) || c == '.')).unwrap_or(text.len());
    shrink(text, end)
}

/// Goes back to where a word ends.
fn shrink(text: &str, mut end: usize) -> usize {
    while end > 0 && !is_boundary(text[..end].chars().next_back(), text[end..].chars().next()) {
        end -= text[..end].chars().next_back().map_or(1, char::len_utf8);
    }
    end
}

fn mention(text: &str) -> Option<Built> {
    let user = user_length(&text[1..]);
    if user == 0 {
        return None;
    }
    let name = &text[1..1 + user];
    let repo = text[1 + user..].strip_prefix('/').map_or(0, repo_length);
    if repo == 0 {
        return Some((1 + user, format!("@{name}"), format!("GitHub User: @{name}"), name.to_owned(), "mention"));
    }
    let full = text[1..2 + user + repo].to_owned();
    Some((2 + user + repo, format!("@{full}"), format!("GitHub Repository: @{full}"), full, "mention"))
}

fn issue(options: &Options, text: &str) -> Option<Built> {
    let sign = text.find('#')?;
    let digits = text[sign + 1..].bytes().take_while(u8::is_ascii_digit).count();
    let number = text[sign + 1..sign + 1 + digits].trim_start_matches('0');
    let (user, repo) = text[..sign].split_once('/').unwrap_or((&options.user, &options.repo));
    let title = format!("GitHub Issue {user}/{repo} #{number}");
    let length = sign + 1 + digits;
    Some((length, text[..length].to_owned(), title, format!("{user}/{repo}/issues/{number}"), "issue"))
}

fn commit(options: &Options, text: &str) -> Option<Built> {
    let at = text.find('@').filter(|at| *at < 140 && text[..*at].chars().all(|c| is_user(c) || c == '/' || c == '.'));
    let start = at.map_or(0, |at| at + 1);
    let hash = text.get(start..start + 40)?;
    let short = &hash[..7];
    let owner = at.map_or("", |at| &text[..at]);
    let (user, repo) = owner.split_once('/').unwrap_or((owner, &options.repo));
    let label = if owner.is_empty() { short.to_owned() } else { format!("{owner}@{short}") };
    let user = if user.is_empty() { &options.user } else { user };
    let title = format!("GitHub Commit: {user}/{repo}@{hash}");
    Some((start + 40, label, title, format!("{user}/{repo}/commit/{hash}"), "commit"))
}

/// Finds where `user/repo` before a sign begins.
fn owner(text: &str, floor: usize, sign: usize) -> Option<usize> {
    let before = &text[floor..sign];
    let name_start = before.rfind(|c: char| !(is_user(c) || c == '.')).filter(|at| before[*at..].starts_with('/'))?;
    let repo = &before[name_start + 1..];
    if repo.is_empty() || !is_boundary(repo.chars().next_back(), text[sign..].chars().next()) {
        return None;
    }
    user(text, floor, floor + name_start)
}

/// Finds where a user's name that ends here begins.
fn user(text: &str, floor: usize, end: usize) -> Option<usize> {
    let before = &text[floor..end];
    let start = before.char_indices().rev().take_while(|(_, c)| is_user(*c)).take(39).last()?.0;
    is_boundary(before.chars().next_back(), text[end..].chars().next()).then_some(floor + start)
}
