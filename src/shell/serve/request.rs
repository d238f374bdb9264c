//! What a browser asks: the head of a request (RFC 9112), read from bytes and judged.
//!
//! Knows no sockets. A head is small, names this server once, and announces no body that anybody would
//! want to send to a preview; what is otherwise is refused here, with a status and the reason.

use std::net::{IpAddr, Ipv6Addr};

/// Bytes that a head may have. Browsers send the cookies of every server on `localhost` to each of
/// them, so it is more than other servers take.
pub(super) const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Bytes that a body may have, which nobody reads.
const MAX_BODY_BYTES: u64 = 1024 * 1024;

/// A request, without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    /// As it was sent, beginning with `/`; without the host of an absolute form.
    pub(super) target: String,
    fields: Vec<(String, String)>,
    /// Whether nothing can follow on the same connection: the browser says so, or a body stands there.
    pub(super) is_last: bool,
}

/// Why a request gets no answer but this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) why: &'static str,
}

const fn refusal(status: u16, why: &'static str) -> Refusal {
    Refusal { status, why }
}

/// The answer to a head that is too large.
pub(super) const TOO_LARGE: Refusal = refusal(431, "the head of this request is too large");
/// The answer to a head that does not arrive.
pub(super) const TOO_SLOW: Refusal = refusal(408, "this request took too long");

impl Request {
    /// Returns the one value of a field, the first where there are several.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Returns the path that was asked for, still encoded.
    pub(super) fn path(&self) -> &str {
        self.target.split(['?', '#']).next().unwrap_or_default()
    }
}

/// Returns where the head at the front of these bytes ends, with the empty line that ends it. The first
/// `n_known` bytes are known to hold no end.
pub(super) fn head_len(bytes: &[u8], n_known: usize) -> Option<usize> {
    let start = n_known.saturating_sub(3);
    let ends = |at: usize| bytes[at] == b'\n' && (bytes[..at].ends_with(b"\n") || bytes[..at].ends_with(b"\n\r"));
    (start..bytes.len()).find(|at| ends(*at)).map(|at| at + 1)
}

/// Reads a head. Whether the names that it uses for this server may be used is asked of `is_known`.
pub(super) fn parse(head: &[u8], is_known: impl Fn(&str) -> bool) -> Result<Request, Refusal> {
    const BAD: Refusal = refusal(400, "this is no request of HTTP");
    let text = String::from_utf8_lossy(head.trim_ascii());
    let mut lines = text.split('\n').map(|line| line.trim_end_matches('\r'));
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(BAD);
    };
    if !matches!(version, "HTTP/1.1" | "HTTP/1.0") {
        return Err(if version.starts_with("HTTP/") { refusal(505, "HTTP 1.1 is spoken here") } else { BAD });
    }
    if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Err(BAD);
    }
    let mut fields = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':').ok_or(BAD)?;
        // A blank in a name, or at the front of a continued line, is read in two ways by two programs.
        if name.is_empty() || name.bytes().any(|byte| !byte.is_ascii_graphic()) {
            return Err(BAD);
        }
        fields.push((name.to_owned(), value.trim().to_owned()));
    }
    let all = |name: &str| -> Vec<&str> {
        let named = fields.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    };
    let hosts = all("Host");
    if hosts.len() > 1 || (hosts.is_empty() && version == "HTTP/1.1") {
        return Err(refusal(400, "a request names its host once"));
    }
    let (authority, target) = absolute(target);
    // A page of another site could make the browser ask for `attacker.example`, which its owner lets
    // point to this machine (DNS rebinding); the name in the request gives that away.
    if !hosts.iter().copied().chain(authority).all(|host| host_name(host).is_some_and(|name| is_known(&name))) {
        let why = "this preview answers to localhost and IP addresses only; allow a name with --allow-host";
        return Err(refusal(403, why));
    }
    let lengths = all("Content-Length");
    let body_bytes = match lengths.first() {
        None => 0,
        Some(length) if length.is_empty() || !length.bytes().all(|digit| digit.is_ascii_digit()) => return Err(BAD),
        Some(length) if lengths.iter().any(|other| other != length) => return Err(BAD),
        // More digits than a number holds are more bytes than anybody sends.
        Some(length) => length.parse().unwrap_or(u64::MAX),
    };
    if body_bytes > MAX_BODY_BYTES {
        return Err(refusal(413, "nothing can be sent to a preview"));
    }
    if !target.starts_with('/') && method != "OPTIONS" {
        return Err(BAD);
    }
    let says = |word: &str| all("Connection").iter().any(|value| value.to_ascii_lowercase().contains(word));
    let has_body = body_bytes > 0 || !all("Transfer-Encoding").is_empty();
    let is_last = has_body || says("close") || (version == "HTTP/1.0" && !says("keep-alive"));
    let (method, target) = (method.to_owned(), target.to_owned());
    Ok(Request { method, target, fields, is_last })
}

/// Splits the absolute form of a target, which proxies use, into host and path.
fn absolute(target: &str) -> (Option<&str>, &str) {
    let scheme = |name: &str| target.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    let rest = match (scheme("http://"), scheme("https://")) {
        (true, _) => &target[7..],
        (_, true) => &target[8..],
        _ => return (None, target),
    };
    match rest.find(['/', '?']) {
        Some(at) if rest[at..].starts_with('/') => (Some(&rest[..at]), &rest[at..]),
        _ => (Some(rest), "/"),
    }
}

/// The name in `name:port` and `[address]:port`, in small letters and without the dot at the end that
/// a complete name may have. `None` for what is neither.
fn host_name(host: &str) -> Option<String> {
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.len() <= 5;
    if let Some(rest) = host.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        // A zone says by which card of this machine (RFC 6874).
        let address = address.split('%').next().unwrap_or(address);
        let port_fits = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return (port_fits && address.parse::<Ipv6Addr>().is_ok()).then(|| address.to_ascii_lowercase());
    }
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    let name = name.strip_suffix('.').unwrap_or(name);
    let fits = !name.is_empty()
        && name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '.' | '_'))
        && is_port(port);
    fits.then(|| name.to_lowercase())
}

/// Tells whether a name can only mean this machine, or stands for no name at all: nobody can lead
/// `localhost` or an IP address elsewhere.
pub(super) fn is_local(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost") || name.parse::<IpAddr>().is_ok()
}

/// Decodes `%xx` once. `None` for what is broken, not UTF-8, or holds a NUL.
pub(super) fn decode(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok().filter(|path| !path.contains('\0'))
}

/// Encodes a path for an address and for an attribute of HTML: what may stand in a path stays
/// (RFC 3986, `pchar` without quotes and `&`).
pub fn encode_path(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$()*+,;=:@".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(head: &str) -> u16 {
        parse(head.as_bytes(), |name| is_local(name) || name == "devbox").map_or_else(|refusal| refusal.status, |_| 200)
    }

    fn with(fields: &str) -> u16 {
        status(&format!("GET / HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n"))
    }

    #[test]
    fn a_host_is_this_machine_in_each_of_its_forms() {
        for (host, expected) in [
            ("localhost", 200),
            ("LocalHost:8000", 200),
            ("localhost.", 200),
            ("localhost.:8000", 200),
            ("docs.localhost:80", 200),
            ("127.0.0.1", 200),
            ("127.0.0.1.:8000", 200),
            ("[::1]:8000", 200),
            ("[::1]", 200),
            ("[fe80::1%25eth0]:8000", 200),
            ("[::ffff:127.0.0.1]:1", 200),
            ("devbox:80", 200),
            ("DEVBOX", 200),
            ("localhost:", 200),
            ("", 403),
            (":8000", 403),
            (".", 403),
            ("attacker.example", 403),
            ("localhost.attacker.example", 403),
            ("attacker.example:localhost", 403),
            ("localhost:80:attacker.example", 403),
            ("localhost@attacker.example", 403),
            ("attacker.example#localhost", 403),
            ("localhost, attacker.example", 403),
            ("localhost attacker.example", 403),
            ("[::1", 403),
            ("::1", 403),
            ("[::1]attacker.example", 403),
            ("[localhost]:80", 403),
            ("localhost:999999", 403),
        ] {
            assert_eq!(status(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")), expected, "{host}");
        }
        assert_eq!(status("GET / HTTP/1.1\r\n\r\n"), 400);
        assert_eq!(status("GET / HTTP/1.0\r\n\r\n"), 200);
        assert_eq!(status("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n"), 400);
        assert_eq!(status("GET http://attacker.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n"), 403);
        assert_eq!(status("GET http://localhost/ HTTP/1.1\r\nHost: attacker.example\r\n\r\n"), 403);
        assert_eq!(status("GET HTTP://localhost:1/a HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
    }

    #[test]
    fn a_body_is_small_and_its_length_a_number() {
        for (length, expected) in [
            ("0", 200),
            ("10", 200),
            ("1048576", 200),
            ("1048577", 413),
            ("1000000000000", 413),
            ("18446744073709551615", 413),
            ("99999999999999999999999999", 413),
            ("-1", 400),
            ("+1", 400),
            ("0x10", 400),
            ("1e3", 400),
            ("", 400),
            ("1, 1", 400),
        ] {
            assert_eq!(with(&format!("Content-Length: {length}\r\n")), expected, "{length}");
        }
        assert_eq!(with("Content-Length: 1\r\nContent-Length: 2\r\n"), 400);
        assert_eq!(with("Content-Length: 1\r\nContent-Length: 1\r\n"), 200);
    }

    #[test]
    fn only_what_ends_with_its_head_is_followed_by_more() {
        let last = |head: &str| parse(head.as_bytes(), is_local).map(|request| request.is_last);
        assert_eq!(last("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), Ok(false));
        assert_eq!(last("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Close\r\n\r\n"), Ok(true));
        assert_eq!(last("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n"), Ok(true));
        assert_eq!(last("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"), Ok(true));
        assert_eq!(last("GET / HTTP/1.0\r\n\r\n"), Ok(true));
        assert_eq!(last("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), Ok(false));
    }

    #[test]
    fn what_is_no_head_is_refused() {
        for head in ["", "GET", "GET /", "GET / HTTP/1.1 x", "GET / FTP/1", "G@T / HTTP/1.1", "GET a HTTP/1.1"] {
            assert_eq!(status(&format!("{head}\r\nHost: localhost\r\n\r\n")), 400, "{head}");
        }
        assert_eq!(status("GET / HTTP/2.0\r\nHost: localhost\r\n\r\n"), 505);
        assert_eq!(with("no colon\r\n"), 400);
        assert_eq!(with("Host : attacker.example\r\n"), 400);
        assert_eq!(with(" continued: line\r\n"), 400);
        assert_eq!(with("Cookie: caf\u{e9}\r\n"), 200);
    }

    #[test]
    fn a_head_ends_with_an_empty_line() {
        assert_eq!(head_len(b"GET / HTTP/1.1\r\n\r\nrest", 0), Some(18));
        assert_eq!(head_len(b"GET / HTTP/1.1\r\n\r\nrest", 17), Some(18));
        assert_eq!(head_len(b"GET / HTTP/1.1\n\nrest", 0), Some(16));
        assert_eq!(head_len(b"GET / HTTP/1.1\r\nHost: a\r\n", 0), None);
    }

    #[test]
    fn paths_are_decoded_once_and_encoded_whole() {
        assert_eq!(decode("/a%20b/%D1%8F"), Some("/a b/я".to_owned()));
        assert_eq!(decode("/%2520"), Some("/%20".to_owned()));
        for broken in ["%", "%4", "%zz", "%+1", "%ff", "%00"] {
            assert_eq!(decode(broken), None, "{broken}");
        }
        assert_eq!(encode_path("/hand book/я\"<&%/"), "/hand%20book/%D1%8F%22%3C%26%25/");
    }
}
