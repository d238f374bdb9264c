//! Character references of HTML.

use pulldown_cmark::{Event, Parser};

/// Measures what looks like a reference at the start of a text, by Python-Markdown's rule: any word
/// of letters and digits, or a number, between `&` and `;`.
pub(crate) fn len_at(text: &str) -> Option<usize> {
    let body = text.strip_prefix('&')?;
    let number = usize::from(body.starts_with('#'));
    let end = number + body[number..].find(|ch: char| !ch.is_ascii_alphanumeric())?;
    if !body[end..].starts_with(';') {
        return None;
    }
    let name = &body[..end];
    let valid = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(hex) => !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
            None => !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()),
        },
        None => !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()),
    };
    valid.then_some(end + 2)
}

/// Resolves every reference that HTML knows.
pub(crate) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let len = len_at(&rest[..floor(rest)]).unwrap_or(0);
        match resolve(&rest[..len]) {
            Some(resolved) => {
                out.push_str(&resolved);
                rest = &rest[len..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The longest reference has 33 characters.
const MAX_LEN: usize = 40;

/// Returns a length near [`MAX_LEN`] that cuts no character.
fn floor(text: &str) -> usize {
    (1..=text.len().min(MAX_LEN)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Resolves one reference. pulldown-cmark has the table of HTML's names.
fn resolve(reference: &str) -> Option<String> {
    if reference.is_empty() {
        return None;
    }
    let mut resolved = String::new();
    for event in Parser::new(reference) {
        if let Event::Text(text) = event {
            resolved.push_str(&text);
        }
    }
    (resolved != reference && !resolved.is_empty()).then_some(resolved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_and_the_rest_stays() {
        assert_eq!(unescape("a &amp; b &lt; &#65;&#x42; &copy; &nope; & c"), "a & b < AB © &nope; & c");
    }

    #[test]
    fn anything_that_looks_like_a_reference_counts() {
        assert_eq!(len_at("&nope; x"), Some(6));
        assert_eq!(len_at("&a b;"), None);
        assert_eq!(len_at("&#x;"), None);
    }
}
