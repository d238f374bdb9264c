//! Progress bars: `[=50% "half"]`.
//!
//! Source of the rule: `pymdownx/progressbar.py`.

use super::extension::Extension;
use crate::markdown::attrs::parse_attrs;
use crate::markdown::engine::inline::chars::is_space;
use crate::markdown::engine::inline::links::dequote;
use crate::markdown::engine::inline::{El, Engine, Hit, Pass, Taken, at_char};
use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use crate::text::Chunk;
use std::sync::{Arc, LazyLock};

/// The options.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// `level_class`: a class that says the level.
    pub(crate) level_class: bool,
    /// `progress_increment`: in which steps.
    pub(crate) progress_increment: i64,
    /// `add_classes`.
    pub(crate) add_classes: String,
}

impl Extension for Options {
    fn read(reader: &mut OptionReader<'_>) -> Options {
        Options {
            level_class: reader.bool("level_class", true),
            progress_increment: reader.int("progress_increment", 20).max(1),
            add_classes: reader.string("add_classes", ""),
        }
    }

    fn extend(self: Arc<Self>, rules: &mut Rules) {
        let attr_list = rules.uses("attr_list");
        rules.escapable("=");
        let rule = at_char('[', move |engine, pass, at| bar(&self, attr_list, engine, pass, at));
        rules.inline.register("progress-bar", 179.0, rule);
    }
}

/// How far along, up to where a title may begin.
static LEVEL: LazyLock<regex::Regex> = LazyLock::new(|| {
    regex::Regex::new(
        r"(?x)\A\[=+\s*
        (?:(?P<percent>100(?:\.0+)?|[1-9]?[0-9](?:\.\d+)?)%
          |(?P<num>\d+(?:\.\d+)?)\s*/\s*(?P<den>\d+(?:\.\d+)?))",
    )
    .expect("a fixed expression")
});

/// Reads the title at `at` with the space before it, and the `]` behind it: the title, and the byte
/// behind the `]`. A quote ends the title where nothing but space stands before a `]`.
fn title_end<'t>(pass: &mut Pass<'t>, at: usize) -> Option<(&'t str, usize)> {
    let text = pass.text;
    let space = |from: usize| from + text[from..].find(|c| !is_space(c)).unwrap_or(text.len() - from);
    let bracket = |from: usize| Some(space(from)).filter(|at| text.as_bytes().get(*at) == Some(&b']'));
    let open = space(at);
    if open > at
        && let Some(quote @ (b'"' | b'\'')) = text.as_bytes().get(open)
    {
        let (what, quote) = if *quote == b'"' { ("a title in \"", '"') } else { ("a title in '", '\'') };
        let closes = |rest: &str| {
            let start = text.len() - rest.len();
            rest.match_indices(quote).map(|(at, _)| at).find(|at| bracket(start + at + 1).is_some())
        };
        if let Some(close) = pass.ahead.find(what, text, open + 1, closes) {
            return Some((&text[open..=close], bracket(close + 1)? + 1));
        }
    }
    Some(("", bracket(at)? + 1))
}

/// `[=…]`
fn bar(options: &Options, attr_list: bool, engine: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize) -> Hit {
    if !pass.text[at..].starts_with("[=") {
        return Hit::No;
    }
    let Some(found) = LEVEL.captures(&pass.text[at..]) else { return Hit::No };
    let Some((title, mut end)) = title_end(pass, at + found.get_match().end()) else { return Hit::No };
    let mut attrs = "";
    if pass.text[end..].starts_with('{')
        && let Some(close) = pass.find("}", end)
    {
        attrs = &pass.text[end..=close];
        end = close + 1;
    }
    let group = |name: &str| found.name(name).map(|group| group.as_str());
    let number = |name: &str| group(name).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    let value = match group("percent") {
        Some(_) => number("percent"),
        None if number("den") == 0.0 => 0.0,
        None => number("num") / number("den") * 100.0,
    };
    let value = value.min(100.0);
    let mut classes = vec!["progress".to_owned()];
    classes.extend(options.add_classes.split_whitespace().map(str::to_owned));
    if options.level_class {
        let step = options.progress_increment as f64;
        classes.push(format!("progress-{}plus", (value - value % step) as i64));
    }
    classes.sort();
    classes.dedup();
    let span = pass.span(at..end);
    let mut bar = El::new("div", span).with_attr("class", classes.join(" "));
    if attr_list && !attrs.is_empty() {
        let inner = attrs[1..attrs.len() - 1].trim_start_matches(':').trim_start_matches(' ');
        for (name, value) in parse_attrs(inner).0.iter() {
            if name == "class" {
                bar.attrs.add_class(value);
            } else {
                bar.attrs.set(name.to_owned(), value);
            }
        }
    }
    let title = engine.attribute(title);
    let label = dequote(&title).to_owned();
    let mut p = El::new("p", span).with_attr("class", "progress-label");
    if !label.is_empty() {
        p = p.with_text(Chunk::synthetic(&label, span));
    }
    let p = engine.add(p);
    let mut inner =
        El::new("div", span).with_attr("class", "progress-bar").with_attr("style", format!("width:{value:.2}%"));
    inner.children.push(p);
    let inner = engine.add(inner);
    bar.children.push(inner);
    Hit::Take(end, Taken::el(bar))
}
