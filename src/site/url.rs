//! URLs and paths by the rules of Python's `urllib.parse` and `posixpath`, which MkDocs stands on.

/// The five parts of a URL, as `urlsplit` cuts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Split<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) netloc: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) fragment: &'a str,
}

/// Cuts a URL. A destination with control characters or spaces before it is cut without them.
pub(crate) fn split(url: &str) -> Split<'_> {
    let mut rest = url.trim_start_matches(|ch: char| ch <= ' ');
    let mut parts = Split::default();
    if let Some(colon) = rest.find(':') {
        let scheme = &rest[..colon];
        let known = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '+' | '-' | '.');
        if scheme.starts_with(|ch: char| ch.is_ascii_alphabetic()) && scheme.chars().all(known) {
            parts.scheme = scheme;
            rest = &rest[colon + 1..];
        }
    }
    if let Some(after) = rest.strip_prefix("//") {
        let end = after.find(['/', '?', '#']).unwrap_or(after.len());
        parts.netloc = &after[..end];
        rest = &after[end..];
    }
    if let Some((before, fragment)) = rest.split_once('#') {
        parts.fragment = fragment;
        rest = before;
    }
    if let Some((before, query)) = rest.split_once('?') {
        parts.query = query;
        rest = before;
    }
    parts.path = rest;
    parts
}

/// Puts a path, a query and a fragment together; an empty one leaves no mark.
pub(crate) fn unsplit(path: &str, query: &str, fragment: &str) -> String {
    let mut out = path.to_owned();
    if !query.is_empty() {
        out.push('?');
        out.push_str(query);
    }
    if !fragment.is_empty() {
        out.push('#');
        out.push_str(fragment);
    }
    out
}

/// Quotes what is not unreserved, `/` left alone (`urllib.parse.quote`).
pub(crate) fn quote(text: &str) -> String {
    crate::text::url_quoted(text, b"/")
}

/// Undoes `%xx`; what is not UTF-8 then becomes U+FFFD (`urllib.parse.unquote`).
pub(crate) fn unquote(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Folds `.`, `..` and doubled `/` (`posixpath.normpath`): nothing becomes `.`.
pub(crate) fn normpath(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if absolute => {}
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (absolute, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// Returns what stands before the last `/`.
pub(crate) fn dirname(path: &str) -> &str {
    path.rfind('/').map_or("", |slash| &path[..slash])
}

/// Puts a folder and a path together; an absolute path stands for itself.
pub(crate) fn join(folder: &str, path: &str) -> String {
    if folder.is_empty() || path.starts_with('/') {
        path.to_owned()
    } else if folder.ends_with('/') {
        format!("{folder}{path}")
    } else {
        format!("{folder}/{path}")
    }
}

/// Cuts off the last extension, dot included; dots that lead a file's name are none.
pub(crate) fn splitext(path: &str) -> (&str, &str) {
    let start = path.rfind('/').map_or(0, |slash| slash + 1);
    let name = &path[start..];
    let visible = name.len() - name.trim_start_matches('.').len();
    match name.rfind('.') {
        Some(dot) if dot > visible.saturating_sub(1) && dot >= visible => path.split_at(start + dot),
        _ => (path, ""),
    }
}

/// Returns a URL relative to another one, as MkDocs' `get_relative_url`: a last part of `other`
/// with a dot is a file; `..` beyond the root vanishes.
pub(crate) fn relative(url: &str, other: &str) -> String {
    let folder = match other.rsplit_once('/') {
        Some((folder, name)) if name.contains('.') => folder,
        None if other.contains('.') => "",
        _ => other,
    };
    let from = rooted(folder);
    let to = rooted(url);
    let from: Vec<&str> = from.split('/').filter(|part| !part.is_empty()).collect();
    let to: Vec<&str> = to.split('/').filter(|part| !part.is_empty()).collect();
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let mut parts = vec![".."; from.len() - common];
    parts.extend(&to[common..]);
    let mut out = if parts.is_empty() { ".".to_owned() } else { parts.join("/") };
    if url.ends_with('/') {
        out.push('/');
    }
    out
}

fn rooted(path: &str) -> String {
    normpath(&format!("/{path}"))
}

/// Resolves a reference against an absolute URL (RFC 3986, as `urljoin`).
pub(crate) fn resolve(base: &str, reference: &str) -> String {
    let to = split(reference);
    if base.is_empty() || !to.scheme.is_empty() {
        return reference.to_owned();
    }
    if reference.is_empty() {
        return base.to_owned();
    }
    let from = split(base);
    let scheme = if from.scheme.is_empty() { String::new() } else { format!("{}:", from.scheme) };
    if !to.netloc.is_empty() {
        return format!("{scheme}{reference}");
    }
    let root = if from.netloc.is_empty() { scheme } else { format!("{scheme}//{}", from.netloc) };
    let (path, query) = if to.path.is_empty() {
        (from.path.to_owned(), if to.query.is_empty() { from.query } else { to.query })
    } else {
        let merged =
            if to.path.starts_with('/') { to.path.to_owned() } else { format!("{}/{}", dirname(from.path), to.path) };
        let mut path = normpath(&merged);
        let last = merged.rsplit('/').next().unwrap_or_default();
        if matches!(last, "" | "." | "..") && !path.ends_with('/') {
            path.push('/');
        }
        (path, to.query)
    };
    format!("{root}{}", unsplit(&path, query, to.fragment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_pythons() {
        assert_eq!(splitext("a.b/c"), ("a.b/c", ""));
        assert_eq!(splitext("a/.pages"), ("a/.pages", ""));
        assert_eq!(splitext("..x"), ("..x", ""));
        assert_eq!(splitext("a.tar.gz"), ("a.tar", ".gz"));
        assert_eq!(splitext(".a.md"), (".a", ".md"));
        assert_eq!(splitext("a."), ("a", "."));
        assert_eq!(splitext(".."), ("..", ""));
    }

    #[test]
    fn relative_urls_are_mkdocs_own() {
        assert_eq!(relative("guide/deploy/", "guide/page/"), "../deploy/");
        assert_eq!(relative("./", "guide/page/"), "../../");
        assert_eq!(relative("img/p.png", "guide/page.html"), "../img/p.png");
        assert_eq!(relative("guide/", "guide/"), "./");
        assert_eq!(relative("a.html", "./"), "a.html");
        assert_eq!(relative(".", "404.html"), ".");
    }

    #[test]
    fn quoting_goes_both_ways() {
        assert_eq!(quote("A b/ü~.md"), "A%20b/%C3%BC~.md");
        assert_eq!(unquote("A%20b/%C3%BC%"), "A b/ü%");
    }

    #[test]
    fn references_resolve_as_the_standard_says() {
        assert_eq!(resolve("https://e.org/docs/", "a/b/"), "https://e.org/docs/a/b/");
        assert_eq!(resolve("https://e.org/docs/", ""), "https://e.org/docs/");
        assert_eq!(resolve("https://e.org/r/", "edit/main/docs/a.md"), "https://e.org/r/edit/main/docs/a.md");
        assert_eq!(resolve("https://e.org/r/", "/x?y#z"), "https://e.org/x?y#z");
        assert_eq!(resolve("https://e.org/r/", "?q=1"), "https://e.org/r/?q=1");
        assert_eq!(resolve("https://e.org/r/a", "../b/."), "https://e.org/b/");
    }

    #[test]
    fn schemes_are_letters_first() {
        assert_eq!(split("mailto:a@b").scheme, "mailto");
        assert_eq!(split("1:2").scheme, "");
        let parts = split("//e.org/x?q#f");
        assert_eq!((parts.netloc, parts.path, parts.query, parts.fragment), ("e.org", "/x", "q", "f"));
    }
}
