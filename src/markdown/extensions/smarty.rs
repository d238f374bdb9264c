//! Typographic quotes, dashes and ellipses.
//!
//! Source of the rule: `markdown/extensions/smarty.py`. What stands for a
//! typed mark is a character here, where Python writes a character reference.

use super::extension::Extension;
use crate::markdown::engine::inline::chars::{is_boundary, is_space, is_word};
use crate::markdown::engine::inline::html::html;
use crate::markdown::engine::inline::{Engine, Hit, InlineRule, InlineRules, Pass, Substitutions, Taken, at_char};
use crate::markdown::engine::mark::{ETX, STX, escaped};
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::markdown::tree::{Node, Raw};
use crate::text::{Chunk, Span};
use std::sync::Arc;

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// `smart_quotes`
    pub(crate) smart_quotes: bool,
    /// `smart_angled_quotes`
    pub(crate) smart_angled_quotes: bool,
    /// `smart_dashes`
    pub(crate) smart_dashes: bool,
    /// `smart_ellipses`
    pub(crate) smart_ellipses: bool,
    /// `substitutions`, over the defaults.
    substitutions: Vec<(String, String)>,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options {
            smart_quotes: reader.bool("smart_quotes", true),
            smart_angled_quotes: reader.bool("smart_angled_quotes", false),
            smart_dashes: reader.bool("smart_dashes", true),
            smart_ellipses: reader.bool("smart_ellipses", true),
            substitutions: reader.string_map("substitutions").unwrap_or_default(),
        }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        rules.escapable("\"'");
        if self.smart_angled_quotes {
            let strict = at_char('<', |engine, pass, at| html(engine, pass, at, true));
            rules.inline.register("html", 90.0, strict);
        }
        let mut patterns = InlineRules::default();
        for rule in self::rules(&self) {
            let (name, priority) = PLACES[rule as usize];
            patterns.register(name, priority, Box::new(Smart(rule, Arc::clone(&self))));
        }
        if patterns.len() > 0 {
            rules.text.register("smarty", 6.0, Box::new(Substitutions(patterns)));
        }
    }
}

/// The names of substitutions and what stands for them.
const DEFAULTS: [(&str, char); 9] = [
    ("mdash", '—'),
    ("ndash", '–'),
    ("ellipsis", '…'),
    ("left-angle-quote", '«'),
    ("right-angle-quote", '»'),
    ("left-single-quote", '‘'),
    ("right-single-quote", '’'),
    ("left-double-quote", '“'),
    ("right-double-quote", '”'),
];

const LS: &str = "left-single-quote";
const RS: &str = "right-single-quote";
const LD: &str = "left-double-quote";
const RD: &str = "right-double-quote";

/// One rule, named as Python-Markdown names its expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    EmDash,
    EnDash,
    LeftAngle,
    RightAngle,
    SingleStart,
    DoubleStart,
    DoubleSets,
    SingleSets,
    DoubleSets2,
    SingleSets2,
    Decade,
    OpeningSingle,
    ClosingSingle,
    ClosingSingle2,
    RemainingSingle,
    OpeningDouble,
    ClosingDouble,
    ClosingDouble2,
    RemainingDouble,
    Ellipsis,
}

/// Names and priorities of the rules in the pass.
const PLACES: [(&str, f64); 20] = [
    ("smarty-em-dashes", 50.0),
    ("smarty-en-dashes", 45.0),
    ("smarty-left-angle-quotes", 40.0),
    ("smarty-right-angle-quotes", 35.0),
    ("smarty-quotes-0", 30.0),
    ("smarty-quotes-1", 29.0),
    ("smarty-quotes-2", 28.0),
    ("smarty-quotes-3", 27.0),
    ("smarty-quotes-4", 26.0),
    ("smarty-quotes-5", 25.0),
    ("smarty-quotes-6", 24.0),
    ("smarty-quotes-7", 23.0),
    ("smarty-quotes-8", 22.0),
    ("smarty-quotes-9", 21.0),
    ("smarty-quotes-10", 20.0),
    ("smarty-quotes-11", 19.0),
    ("smarty-quotes-12", 18.0),
    ("smarty-quotes-13", 17.0),
    ("smarty-quotes-14", 16.0),
    ("smarty-ellipses", 10.0),
];

/// Returns the rules that are on, in their order.
fn rules(options: &Options) -> Vec<Rule> {
    let mut rules = Vec::new();
    if options.smart_dashes {
        rules.extend([Rule::EmDash, Rule::EnDash]);
    }
    if options.smart_angled_quotes {
        rules.extend([Rule::LeftAngle, Rule::RightAngle]);
    }
    if options.smart_quotes {
        rules.extend([
            Rule::SingleStart,
            Rule::DoubleStart,
            Rule::DoubleSets,
            Rule::SingleSets,
            Rule::DoubleSets2,
            Rule::SingleSets2,
            Rule::Decade,
            Rule::OpeningSingle,
            Rule::ClosingSingle,
            Rule::ClosingSingle2,
            Rule::RemainingSingle,
            Rule::OpeningDouble,
            Rule::ClosingDouble,
            Rule::ClosingDouble2,
            Rule::RemainingDouble,
        ]);
    }
    if options.smart_ellipses {
        rules.push(Rule::Ellipsis);
    }
    rules
}

impl Rule {
    fn typed(self) -> &'static str {
        match self {
            Rule::EmDash => "---",
            Rule::EnDash => "--",
            Rule::LeftAngle => "<<",
            Rule::RightAngle => ">>",
            Rule::SingleStart
            | Rule::Decade
            | Rule::OpeningSingle
            | Rule::ClosingSingle
            | Rule::ClosingSingle2
            | Rule::RemainingSingle => "'",
            Rule::DoubleStart
            | Rule::OpeningDouble
            | Rule::ClosingDouble
            | Rule::ClosingDouble2
            | Rule::RemainingDouble => "\"",
            Rule::DoubleSets | Rule::SingleSets2 => "\"'",
            Rule::SingleSets | Rule::DoubleSets2 => "'\"",
            Rule::Ellipsis => "...",
        }
    }

    /// Tries the rule where its mark stands.
    fn apply(self, options: &Options, engine: &mut Engine<'_, '_>, pass: &Pass<'_>, at: usize) -> Hit {
        let typed = self.typed();
        let end = at + typed.len();
        let before = pass.before(at);
        let rest = &pass.text[end..];
        let after = rest.chars().next();
        let word_follows = after.is_some_and(is_word);
        let closes = before.is_some_and(closing);
        let names: &[&str] = match self {
            Rule::EmDash if before != Some('-') && after != Some('-') => &["mdash"],
            Rule::EnDash if before != Some('-') && after != Some('-') => &["ndash"],
            Rule::LeftAngle => &["left-angle-quote"],
            Rule::RightAngle => &["right-angle-quote"],
            Rule::SingleStart if at == 0 && punctuation_ahead(rest) => &[RS],
            Rule::DoubleStart if at == 0 && punctuation_ahead(rest) => &[RD],
            Rule::DoubleSets if word_follows => &[LD, LS],
            Rule::SingleSets if word_follows => &[LS, LD],
            Rule::DoubleSets2 if closes => &[RS, RD],
            Rule::SingleSets2 if closes => &[RD, RS],
            Rule::Decade if !before.is_some_and(is_word) && decade(rest) => &[RS],
            Rule::OpeningSingle | Rule::OpeningDouble => {
                if !word_follows {
                    return Hit::No;
                }
                let Some(length) = opening(&pass.text[..at], before) else { return Hit::No };
                let name = if self == Rule::OpeningSingle { LS } else { LD };
                let mut chunk = pass.chunk.slice(at - length..at);
                chunk.push(&substitution(options, engine, name, pass.span(at..end)));
                return Hit::TakeRange(at - length..end, Taken::Text(chunk));
            }
            Rule::ClosingSingle if closes && !(after.is_some_and(is_space) || plural(rest) || digit(after)) => &[RS],
            Rule::ClosingSingle2 => {
                let length = match after {
                    Some(c) if is_space(c) => c.len_utf8(),
                    _ if plural(rest) => 1,
                    _ => return Hit::No,
                };
                let mut chunk = substitution(options, engine, RS, pass.span(at..end));
                chunk.push_slice(pass.chunk, end..end + length);
                return Hit::Take(end + length, Taken::Text(chunk));
            }
            Rule::RemainingSingle => &[LS],
            Rule::ClosingDouble if after.is_some_and(is_space) => &[RD],
            Rule::ClosingDouble2 if closes => &[RD],
            Rule::RemainingDouble => &[LD],
            Rule::Ellipsis if before != Some('.') && after != Some('.') => &["ellipsis"],
            _ => return Hit::No,
        };
        let span = pass.span(at..end);
        let mut chunk = Chunk::default();
        // Two marks that stand together are one place.
        for name in names {
            chunk.push(&substitution(options, engine, name, span));
        }
        Hit::Take(end, Taken::Text(chunk))
    }
}

/// A rule with the options.
struct Smart(Rule, Arc<Options>);

impl InlineRule for Smart {
    fn next(&self, text: &str, at: usize) -> Option<usize> {
        Some(at + text.get(at..)?.find(self.0.typed())?)
    }

    fn apply(&self, engine: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize) -> Hit {
        self.0.apply(&self.1, engine, pass, at)
    }
}

fn digit(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_numeric())
}

/// `s\b`
fn plural(rest: &str) -> bool {
    rest.strip_prefix('s').is_some_and(|rest| !rest.chars().next().is_some_and(is_word))
}

/// `\d{2}s`
fn decade(rest: &str) -> bool {
    let bytes = rest.as_bytes();
    bytes.len() > 2 && bytes[0].is_ascii_digit() && bytes[1].is_ascii_digit() && bytes[2] == b's'
}

/// A punctuation mark with no word beside it.
fn punctuation_ahead(rest: &str) -> bool {
    let mut chars = rest.chars();
    let Some(c) = chars.next() else { return false };
    c.is_ascii_punctuation() && c != '&' && !is_boundary(Some(c), chars.next())
}

/// What a closing quote may follow.
fn closing(c: char) -> bool {
    !matches!(c, ' ' | '\t' | '\r' | '\n' | '[' | '{' | '(' | '-' | STX | ETX)
}

/// What an opening quote may follow: its length, where it stands before the quote.
fn opening(text: &str, before: Option<char>) -> Option<usize> {
    let last = before?;
    if is_space(last) || last == '–' || last == '—' {
        return text.ends_with(last).then_some(last.len_utf8());
    }
    let named = ["&nbsp;", "--", "&mdash;", "&ndash;", "&#8211;", "&#8212;"];
    named.iter().find(|name| text.ends_with(**name) && name.ends_with(last)).map(|name| name.len())
}

/// Returns what stands for a mark: a hidden character, or HTML where the project says so.
fn substitution(options: &Options, engine: &mut Engine<'_, '_>, name: &str, span: Span) -> Chunk {
    if let Some((_, html)) = options.substitutions.iter().rev().find(|(known, _)| known == name) {
        let raw = Raw { html: html.clone(), span, block: false };
        return Chunk::synthetic(&engine.page.stash.put(Node::Raw(raw)), span);
    }
    let character = DEFAULTS.iter().find(|(known, _)| *known == name).map_or('?', |(_, c)| *c);
    Chunk::synthetic(&escaped(character), span)
}
