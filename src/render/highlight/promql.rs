//! PromQL, as Pygments' `PromQLLexer` cuts it.

use super::Tokens;
use super::scan::{byte, char_at, digits, is_word, line_end, next_char, run_bytes, space, word, words};

words!(
    KEYWORDS,
    "avg bool bottomk by count count_values group group_left group_right ignoring max min offset on quantile \
     stddev stdvar sum topk without"
);
words!(
    FUNCTIONS,
    "abs absent absent_over_time avg_over_time ceil changes clamp_max clamp_min count_over_time day_of_month \
     day_of_week days_in_month delta deriv exp floor histogram_quantile holt_winters hour idelta increase irate \
     label_join label_replace ln log10 log2 max_over_time min_over_time minute month predict_linear \
     quantile_over_time rate resets round scalar sort sort_desc sqrt stddev_over_time stdvar_over_time \
     sum_over_time time timestamp vector year"
);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Root,
    Labels,
    Range,
}

/// Colours PromQL.
pub(super) fn lex(text: &str, tokens: &mut Tokens) {
    let mut state = State::Root;
    let mut at = 0;
    while at < text.len() {
        let found = match (state, byte(text, at)) {
            (State::Labels, b'}') | (State::Range, b']') => {
                state = State::Root;
                Some((at + 1, "p"))
            }
            (State::Labels, b',') => Some((at + 1, "p")),
            (State::Labels, _) => match space(text, at) {
                end if end > at => Some((end, "w")),
                _ => matcher(text, at, tokens),
            },
            (State::Range, _) => duration(text, at).map(|end| (end, "s")),
            (State::Root, first) => {
                state = match first {
                    b'{' => State::Labels,
                    b'[' => State::Range,
                    _ => State::Root,
                };
                root(text, at, tokens)
            }
        };
        let (end, class) = found.unwrap_or_else(|| {
            // A line end that no rule takes begins anew.
            if byte(text, at) == b'\n' {
                state = State::Root;
                (at + 1, "w")
            } else {
                (next_char(text, at), "err")
            }
        });
        tokens.upto(end, class);
        at = end;
    }
}

/// `5m`.
fn duration(text: &str, at: usize) -> Option<usize> {
    matches!(byte(text, at), b'1'..=b'9').then_some(())?;
    let unit = digits(text, at);
    matches!(byte(text, unit), b's' | b'm' | b'h' | b'd' | b'w' | b'y').then_some(unit + 1)
}

fn root(text: &str, at: usize, tokens: &mut Tokens) -> Option<(usize, &'static str)> {
    let first = byte(text, at);
    let rest = &text[at..];
    let blank = space(text, at);
    if blank > at {
        return Some((blank, "w"));
    }
    let end = word(text, at);
    if KEYWORDS.has(&text[at..end]) {
        return Some((end, "k"));
    }
    if FUNCTIONS.has(&text[at..end]) {
        return Some((end, "kr"));
    }
    if let Some(end) = duration(text, at) {
        return Some((end, "s"));
    }
    let number = at + usize::from(first == b'-');
    let whole = digits(text, number);
    if whole > number {
        let fraction = digits(text, (whole + 1).min(text.len()));
        let float = byte(text, whole) == b'.' && fraction > whole + 1;
        return Some(if float { (fraction, "mf") } else { (whole, "mi") });
    }
    let operator = ["==", "!=", ">=", "<=", "<", ">"].into_iter().find(|operator| rest.starts_with(operator));
    let operator_word = ["and", "or", "unless"].into_iter().find(|word| rest.starts_with(word));
    match first {
        b',' | b'{' | b'[' => Some((at + 1, "p")),
        b'#' => Some((line_end(text, at), "c1")),
        b'+' | b'-' | b'*' | b'/' | b'%' | b'^' | b'(' | b')' => Some((at + 1, "o")),
        _ if operator.is_some() => operator.map(|operator| (at + operator.len(), "o")),
        _ if operator_word.is_some() => operator_word.map(|word| (at + word.len(), "ow")),
        b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
            let end = run_bytes(text, at, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
            (end > at + 1).then_some((end, "nv"))
        }
        b'"' | b'\'' => quoted(text, at, tokens),
        _ => None,
    }
}

/// A string on one line, from either quote to either quote.
fn quoted(text: &str, at: usize, tokens: &mut Tokens) -> Option<(usize, &'static str)> {
    let end = closing_quote(text, at + 1)?;
    tokens.upto(at + 1, "p");
    tokens.upto(end, "s");
    Some((end + 1, "p"))
}

/// The next quote of either kind on the line.
fn closing_quote(text: &str, from: usize) -> Option<usize> {
    let end = from + text[from..].find(['"', '\'', '\n'])?;
    (byte(text, end) != b'\n').then_some(end)
}

/// `label="value"`.
fn matcher(text: &str, at: usize, tokens: &mut Tokens) -> Option<(usize, &'static str)> {
    let name = run_bytes(text, at, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if name == at || byte(text, at).is_ascii_digit() {
        return None;
    }
    debug_assert!(char_at(text, at).is_some_and(is_word));
    let sign = space(text, name);
    let n_sign = match (byte(text, sign), byte(text, sign + 1)) {
        (b'=' | b'!', b'~') | (b'!', b'=') => 2,
        (b'=', _) => 1,
        _ => return None,
    };
    let quote = space(text, sign + n_sign);
    matches!(byte(text, quote), b'"' | b'\'').then_some(())?;
    let end = closing_quote(text, quote + 1)?;
    tokens.upto(name, "nl");
    tokens.upto(sign, "w");
    tokens.upto(sign + n_sign, "o");
    tokens.upto(quote, "w");
    tokens.upto(quote + 1, "p");
    tokens.upto(end, "s");
    Some((end + 1, "p"))
}
