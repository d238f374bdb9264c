//! Python's `str.title`.

/// `str.title`: every run of letters begins with a capital and goes on in lower case.
pub(super) fn title_case(text: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for ch in text.chars() {
        if !ch.is_alphabetic() {
            out.push(ch);
        } else if inside {
            out.extend(ch.to_lowercase());
        } else {
            out.extend(ch.to_uppercase());
        }
        inside = ch.is_alphabetic();
    }
    out
}
