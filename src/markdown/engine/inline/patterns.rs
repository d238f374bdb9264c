//! Which patterns apply, and in what order.
//!
//! The order is the priorities with which Python-Markdown and the extensions register them.

use super::delimiter::{Delimiter, Rules};
use super::emphasis::Emphasis;
use super::links::{self, References};
use super::markup;
use super::run::{Engine, Hit, Pass, Taken};
use crate::markdown::dialect::Dialect;
use crate::markdown::extensions::{
    arithmatex, bracketspan, emoji, escapeall, footnotes, keys, magiclink, mdx_gh_links, progressbar, smartsymbols,
    smarty, wikilinks,
};

/// One pattern.
pub(crate) enum Pattern<'a> {
    /// `` ` `` (190)
    Backtick,
    /// Math (189.9)
    Math(&'a arithmatex::Options),
    /// `++"keys"++` (185)
    QuotedKeys(&'a keys::Options),
    /// `\` (180), with what may be escaped
    Escape(Vec<char>),
    /// `\` before anything (180)
    EscapeAll(&'a escapeall::Options),
    /// `[=50%]` (179)
    Progress(&'a progressbar::Options),
    /// `[^1]` (175)
    Footnote(&'a footnotes::Options),
    /// Links by reference (170)
    Reference,
    /// Links (160)
    Link,
    /// Images (150)
    Image,
    /// Images by reference (140)
    ImageReference,
    /// `[label]` (130)
    ShortReference,
    /// `![label]` (125)
    ShortImageReference,
    /// `[text]{.class}` (124)
    BracketSpan,
    /// `<scheme:…>` (120)
    Autolink,
    /// The same, by MagicLink (120)
    MagicAutolink(&'a magiclink::Options),
    /// `<mail>` (110)
    Automail,
    /// Two spaces at a line's end (100)
    LineBreak,
    /// Raw HTML (90)
    Html,
    /// Bare addresses (85)
    MagicLink(&'a magiclink::Options),
    /// Bare mail addresses (84.9)
    MagicMail,
    /// `&amp;` (80)
    Entity,
    /// Repository shorthand (79.9 to 79.3)
    MagicShorthand(&'a magiclink::Options, magiclink::Shorthand),
    /// `[[page]]` (75)
    WikiLink(&'a wikilinks::Options),
    /// `:name:` (75)
    Emoji(&'a emoji::Options),
    /// `++keys++` (70)
    Keys(&'a keys::Options),
    /// GitHub's shorthand by `mdx_gh_links`
    GitHub(&'a mdx_gh_links::Options, mdx_gh_links::Shorthand),
    /// Emphasis and the like (60)
    Emphasis(Emphasis),
    /// `\` at a line's end (5.1)
    HardBreak,
    /// Every line's end (5)
    NewLine,
    /// Smart symbols, over the finished tree
    Symbol(smartsymbols::Symbol),
    /// Smart quotes and dashes, over the finished tree
    Smart(smarty::Rule, &'a smarty::Options),
}

impl Pattern<'_> {
    /// Tells whether the pattern does not apply inside links.
    pub(crate) fn not_within_links(&self) -> bool {
        matches!(self, Pattern::MagicLink(_) | Pattern::MagicMail | Pattern::MagicShorthand(..) | Pattern::GitHub(..))
    }

    /// Returns the next byte at or after `at` where the pattern may begin.
    pub(crate) fn next_candidate(&self, text: &str, at: usize) -> Option<usize> {
        let rest = text.get(at..)?;
        let found = match self {
            Pattern::Backtick => rest.find(['`', '\\']),
            Pattern::Math(_) => rest.find(['$', '\\']),
            Pattern::QuotedKeys(_) => rest.find(['+', '\\']),
            Pattern::Escape(_) | Pattern::EscapeAll(_) => rest.find('\\'),
            Pattern::Progress(_)
            | Pattern::Footnote(_)
            | Pattern::Reference
            | Pattern::Link
            | Pattern::ShortReference
            | Pattern::BracketSpan
            | Pattern::WikiLink(_) => rest.find('['),
            Pattern::Image | Pattern::ImageReference | Pattern::ShortImageReference => rest.find("!["),
            Pattern::Autolink | Pattern::MagicAutolink(_) | Pattern::Automail | Pattern::Html => rest.find('<'),
            Pattern::LineBreak => rest.find("  \n"),
            Pattern::MagicLink(_) => magiclink::next_link(rest),
            Pattern::MagicMail => magiclink::next_mail(text, at).map(|start| start - at),
            Pattern::MagicShorthand(_, shorthand) => shorthand.next(text, at).map(|start| start - at),
            Pattern::Entity => rest.find('&'),
            Pattern::Emoji(_) => rest.find(':'),
            Pattern::Keys(_) => rest.find("++"),
            Pattern::GitHub(_, shorthand) => shorthand.next(text, at).map(|start| start - at),
            Pattern::Emphasis(emphasis) => {
                rest.bytes().position(|byte| emphasis.delimiters.iter().any(|delimiter| delimiter.token == byte))
            }
            Pattern::HardBreak => rest.find("\\\n"),
            Pattern::NewLine => rest.find('\n'),
            Pattern::Symbol(symbol) => symbol.next(text, at).map(|start| start - at),
            Pattern::Smart(rule, _) => rule.next(text, at).map(|start| start - at),
        }?;
        Some(at + found)
    }

    /// Tries the pattern at a candidate.
    pub(crate) fn apply(&self, engine: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize) -> Hit {
        match self {
            Pattern::Backtick => markup::backtick(engine, pass, at),
            Pattern::Math(options) => arithmatex::inline(options, engine, pass, at),
            Pattern::QuotedKeys(options) => keys::quoted(options, engine, pass, at),
            Pattern::Escape(escapable) => markup::escape(escapable, pass, at),
            Pattern::EscapeAll(options) => escapeall::escape(options, engine, pass, at),
            Pattern::Progress(options) => progressbar::bar(options, engine, pass, at),
            Pattern::Footnote(options) => super::footnote::reference(options, engine, pass, at),
            Pattern::Reference => links::reference(engine, pass, at, false, References::Long),
            Pattern::Link => links::inline_link(engine, pass, at, false),
            Pattern::Image => links::inline_link(engine, pass, at, true),
            Pattern::ImageReference => links::reference(engine, pass, at, true, References::Long),
            Pattern::ShortReference => links::reference(engine, pass, at, false, References::Short),
            Pattern::ShortImageReference => links::reference(engine, pass, at, true, References::Short),
            Pattern::BracketSpan => bracketspan::spans(engine, pass, at),
            Pattern::Autolink => links::autolink(engine, pass, at),
            Pattern::MagicAutolink(options) => magiclink::autolink(options, engine, pass, at),
            Pattern::Automail => links::automail(engine, pass, at),
            Pattern::LineBreak => markup::line_break(pass, at),
            Pattern::Html => markup::html(engine, pass, at),
            Pattern::MagicLink(options) => magiclink::link(options, engine, pass, at),
            Pattern::MagicMail => magiclink::mail(pass, at),
            Pattern::Entity => markup::entity(engine, pass, at),
            Pattern::MagicShorthand(options, shorthand) => shorthand.apply(options, pass, at),
            Pattern::WikiLink(options) => wikilinks::link(options, pass, at),
            Pattern::Emoji(options) => emoji::shortcode(options, engine, pass, at),
            Pattern::Keys(options) => keys::plain(options, engine, pass, at),
            Pattern::GitHub(options, shorthand) => shorthand.apply(options, pass, at),
            Pattern::Emphasis(emphasis) => emphasis.apply(pass, at),
            Pattern::HardBreak => {
                let el = super::El::new("br", pass.span(at..at + 2));
                Hit::Take(at + 2, Taken::el(el))
            }
            Pattern::NewLine => {
                let el = super::El::new("br", pass.span(at..at + 1));
                Hit::Take(at + 1, Taken::el(el))
            }
            Pattern::Symbol(symbol) => symbol.apply(engine, pass, at),
            Pattern::Smart(rule, options) => rule.apply(options, engine, pass, at),
        }
    }
}

/// Returns the patterns of a dialect in their order.
pub(crate) fn patterns_of(dialect: &Dialect) -> Vec<Pattern<'_>> {
    let mut patterns = vec![Pattern::Backtick];
    patterns.extend(dialect.arithmatex.as_ref().filter(|options| options.has_inline()).map(Pattern::Math));
    patterns.extend(dialect.keys.as_ref().map(Pattern::QuotedKeys));
    patterns.push(match &dialect.escapeall {
        Some(options) => Pattern::EscapeAll(options),
        None => Pattern::Escape(escapable(dialect)),
    });
    patterns.extend(dialect.progressbar.as_ref().map(Pattern::Progress));
    patterns.extend(dialect.footnotes.as_ref().map(Pattern::Footnote));
    patterns.extend([
        Pattern::Reference,
        Pattern::Link,
        Pattern::Image,
        Pattern::ImageReference,
        Pattern::ShortReference,
        Pattern::ShortImageReference,
    ]);
    if dialect.bracketspan.is_some() && dialect.attr_list.is_some() {
        patterns.push(Pattern::BracketSpan);
    }
    patterns.push(dialect.magiclink.as_ref().map_or(Pattern::Autolink, Pattern::MagicAutolink));
    patterns.extend([Pattern::Automail, Pattern::LineBreak, Pattern::Html]);
    if let Some(options) = &dialect.magiclink {
        patterns.extend([Pattern::MagicLink(options), Pattern::MagicMail]);
    }
    patterns.push(Pattern::Entity);
    if let Some(options) = &dialect.magiclink {
        patterns.extend(options.shorthands().map(|shorthand| Pattern::MagicShorthand(options, shorthand)));
    }
    patterns.extend(dialect.wikilinks.as_ref().map(Pattern::WikiLink));
    patterns.extend(dialect.emoji.as_ref().map(Pattern::Emoji));
    patterns.extend(dialect.keys.as_ref().map(Pattern::Keys));
    patterns.extend(emphasis_of(dialect).into_iter().map(Pattern::Emphasis));
    if let Some(options) = &dialect.mdx_gh_links {
        patterns.extend(mdx_gh_links::Shorthand::ALL.iter().map(|shorthand| Pattern::GitHub(options, *shorthand)));
    }
    if dialect.escapeall.as_ref().is_some_and(|options| options.hardbreak) {
        patterns.push(Pattern::HardBreak);
    }
    if dialect.nl2br.is_some() {
        patterns.push(Pattern::NewLine);
    }
    patterns
}

/// The characters that a backslash frees of their meaning: Markdown's own and those that extensions
/// give one.
fn escapable(dialect: &Dialect) -> Vec<char> {
    let mut chars: Vec<char> = "\\`*_{}[]()>#+-.!".chars().collect();
    if dialect.keys.is_some() {
        chars.push('+');
    }
    if dialect.emoji.is_some() {
        chars.push(':');
    }
    if dialect.mdx_gh_links.is_some() {
        chars.push('@');
    }
    if dialect.arithmatex.is_some() {
        chars.push('$');
    }
    if dialect.mark.is_some() || dialect.progressbar.is_some() || dialect.bracketspan.is_some() {
        chars.push('=');
    }
    if let Some(options) = &dialect.caret
        && (options.insert || options.superscript)
    {
        chars.push('^');
        chars.extend((options.superscript && options.no_space).then_some(' '));
    }
    if let Some(options) = &dialect.tilde
        && (options.delete || options.subscript)
    {
        chars.push('~');
        chars.extend((options.subscript && options.no_space).then_some(' '));
    }
    if dialect.magiclink.as_ref().is_some_and(|options| options.shorthands().next().is_some()) {
        chars.push('@');
    }
    if dialect.smarty.is_some() {
        chars.extend(['"', '\'']);
    }
    if dialect.tables.is_some() {
        chars.push('|');
    }
    chars
}

/// The sets of delimiters that are paired together, in order.
fn emphasis_of(dialect: &Dialect) -> Vec<Emphasis> {
    let mut sets = Vec::new();
    let mut extended = Vec::new();
    let strong = |token, smart, punctuation| Delimiter {
        token,
        double_tag: "strong",
        single_tag: "em",
        two_tags: true,
        double: false,
        no_space: false,
        smart,
        punctuation,
    };
    match &dialect.betterem {
        Some(options) => {
            extended.push(strong(b'*', options.smart_asterisk, options.punctuation));
            extended.push(strong(b'_', options.smart_underscore, options.punctuation));
        }
        None => {
            let delimiters = vec![strong(b'*', false, false), strong(b'_', dialect.legacy_em.is_none(), false)];
            sets.push(Emphasis { rules: Rules::Core, delimiters });
        }
    }
    if let Some(options) = &dialect.caret
        && let Some(delimiter) = pair(
            b'^',
            ("ins", options.insert),
            ("sup", options.superscript),
            options.smart_insert,
            options.no_space,
            options.punctuation,
        )
    {
        extended.push(delimiter);
    }
    if let Some(options) = &dialect.tilde
        && let Some(delimiter) = pair(
            b'~',
            ("del", options.delete),
            ("sub", options.subscript),
            options.smart_delete,
            options.no_space,
            options.punctuation,
        )
    {
        extended.push(delimiter);
    }
    if let Some(options) = &dialect.mark {
        extended.push(Delimiter {
            token: b'=',
            double_tag: "mark",
            single_tag: "mark",
            two_tags: false,
            double: true,
            no_space: false,
            smart: options.smart_mark,
            punctuation: true,
        });
    }
    if !extended.is_empty() {
        sets.push(Emphasis { rules: Rules::Pymdownx, delimiters: extended });
    }
    sets
}

/// A token whose double and single forms may each be off.
fn pair(
    token: u8,
    double: (&'static str, bool),
    single: (&'static str, bool),
    smart: bool,
    no_space: bool,
    punctuation: bool,
) -> Option<Delimiter> {
    let (double_tag, single_tag) = match (double.1, single.1) {
        (true, true) => (double.0, single.0),
        (true, false) => (double.0, double.0),
        (false, true) => (single.0, single.0),
        (false, false) => return None,
    };
    let two_tags = double.1 && single.1;
    let only_double = double.1 && !single.1;
    Some(Delimiter {
        token,
        double_tag,
        single_tag,
        two_tags,
        double: only_double,
        no_space,
        smart,
        punctuation: punctuation || only_double,
    })
}
