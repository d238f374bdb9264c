//! The preview server: a site in memory over HTTP, and browsers that hear of its changes.
//!
//! What is shown is one value that is replaced whole; who hears of changes compares the value that it
//! told of with the newest one, so that nothing queues up for those who do not listen.

mod events;
mod gate;
mod request;

use self::gate::{House, Wire};
pub use self::request::encode_path;
use self::request::{Refusal, Request, decode};
use super::disk::Disk;
use crate::build::{Content, OutPath, Outputs};
use crate::text::Digest;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Cursor, Read, Seek as _, SeekFrom, Write as _};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tiny_http::{HTTPVersion, Header, Response, StatusCode};

/// Below the mount point, where browsers listen for changes.
const EVENTS: &str = ".opsbook/events";
/// Below the mount point, the scripts that listen: that of each page, and the one that all pages of a
/// browser share.
const SCRIPTS: [(&str, &str); 2] =
    [(".opsbook/live.js", include_str!("live.js")), (".opsbook/shared.js", include_str!("shared.js"))];

/// How to serve.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// The path that the site stands at, decoded and with a `/` at both ends.
    pub mount: String,
    /// Whether pages get the script that reloads them.
    pub live: bool,
    /// Names that requests may use for this server besides `localhost` and IP addresses.
    pub hosts: Vec<String>,
}

/// Something that is wrong with the newest state of the sources.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Complaint {
    /// Whether the newest state is not shown because of it.
    pub is_error: bool,
    /// What it says, with the text around its place.
    pub text: String,
    /// Its place for people, and the address under which an editor opens it.
    pub place: Option<(String, String)>,
}

/// What is shown.
#[derive(Clone, Debug)]
struct Shown {
    /// Counts the values of this type.
    serial: u64,
    mount: String,
    outputs: Outputs,
    /// Where copies come from.
    places: BTreeMap<OutPath, PathBuf>,
    complaints: Vec<Complaint>,
    /// Counts the states of the site, so that a browser knows whether it has missed one.
    generation: u64,
    /// What differs from the state before.
    changed: BTreeSet<OutPath>,
}

/// A server that runs until this process ends.
#[derive(Clone)]
pub struct Server {
    shared: Arc<Shared>,
}

struct Shared {
    live: bool,
    hosts: Vec<String>,
    address: SocketAddr,
    shown: Mutex<Arc<Shown>>,
    news: Condvar,
}

impl Server {
    /// Listens at an address and answers from then on; nothing is shown yet.
    ///
    /// # Errors
    /// When the address is no address, or taken.
    pub fn start(address: &str, options: ServeOptions) -> io::Result<Server> {
        let listener = listen(address)?;
        let shown = Shown {
            serial: 0,
            mount: options.mount,
            outputs: Outputs::default(),
            places: BTreeMap::new(),
            complaints: Vec::new(),
            generation: first_generation(),
            changed: BTreeSet::new(),
        };
        let shared = Arc::new(Shared {
            live: options.live,
            hosts: options.hosts.iter().map(|host| host.to_lowercase()).collect(),
            address: listener.local_addr()?,
            shown: Mutex::new(Arc::new(shown)),
            news: Condvar::new(),
        });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || gate::open(&listener, &accepting));
        Ok(Server { shared })
    }

    /// Returns the address of the site, for a browser, where it stands at a path.
    pub fn address(&self, mount: &str) -> String {
        format!("http://{}{}", self.shared.address, encode_path(mount))
    }

    /// Shows a site in place of the one before, and tells the browsers which of its paths changed.
    /// Where only style sheets changed, pages are not reloaded.
    pub fn show(&self, disk: &Disk, mount: &str, outputs: Outputs, changed: &[OutPath]) {
        let places = outputs.files.iter().filter_map(|(path, content)| match content {
            Content::CopyOf(source) => Some((path.clone(), disk.locate(*source))),
            Content::Bytes(_) => None,
        });
        let places = places.collect();
        self.change(|shown| Shown {
            serial: shown.serial + 1,
            mount: mount.to_owned(),
            outputs,
            places,
            complaints: shown.complaints.clone(),
            generation: shown.generation + 1,
            changed: changed.iter().cloned().collect(),
        });
    }

    /// Keeps the site that is shown and lays a report over its pages; the empty report lifts it.
    pub fn complain(&self, complaints: Vec<Complaint>) {
        if self.shared.shown().complaints != complaints {
            self.change(|shown| Shown { serial: shown.serial + 1, complaints, ..shown.clone() });
        }
    }

    fn change(&self, next: impl FnOnce(&Shown) -> Shown) {
        let mut shown = self.shared.lock();
        let next = Arc::new(next(&shown));
        let before = std::mem::replace(&mut *shown, next);
        drop(shown);
        self.shared.news.notify_all();
        // What is large goes without the lock.
        drop(before);
    }
}

/// Where counting begins: later than where any server before this one has come to, so that its pages are
/// known for old ones.
fn first_generation() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_1970.as_millis()).unwrap_or_default() * 1000
}

fn listen(address: &str) -> io::Result<TcpListener> {
    let mut last = io::Error::new(io::ErrorKind::InvalidInput, "it is no address");
    for address in address.to_socket_addrs()? {
        let attempt = || -> io::Result<TcpListener> {
            let domain = socket2::Domain::for_address(address);
            let socket = socket2::Socket::new(domain, socket2::Type::STREAM, Some(socket2::Protocol::TCP))?;
            // A restarted preview takes its port again; on Windows the option would share it.
            #[cfg(unix)]
            socket.set_reuse_address(true)?;
            // Small answers do not wait for more; connections inherit this.
            socket.set_tcp_nodelay(true)?;
            socket.bind(&address.into())?;
            socket.listen(128)?;
            Ok(socket.into())
        };
        match attempt() {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Arc<Shown>> {
        self.shown.lock().expect("no thread panics while it swaps the site")
    }

    fn shown(&self) -> Arc<Shown> {
        Arc::clone(&self.lock())
    }

    /// Waits for another value than the one of this number; `None` where there is none for so long.
    fn later_than(&self, serial: u64, wait: Duration) -> Option<Arc<Shown>> {
        let same = |shown: &mut Arc<Shown>| shown.serial == serial;
        let waited = self.news.wait_timeout_while(self.lock(), wait, same);
        let (shown, _) = waited.expect("no thread panics while it swaps the site");
        (shown.serial != serial).then(|| Arc::clone(&shown))
    }
}

impl House for Shared {
    fn is_called(&self, host: &str) -> bool {
        request::is_local(host) || self.hosts.iter().any(|known| known == host)
    }

    fn answer(&self, request: &Request, wire: &mut Wire<'_>) -> io::Result<()> {
        answer(self, Asked { request, is_head: request.method == "HEAD" }, wire)
    }

    fn refuse(&self, refusal: &Refusal, wire: &mut Wire<'_>) -> io::Result<()> {
        let headers = vec![header("Content-Type", "text/plain; charset=utf-8"), header("Cache-Control", "no-store")];
        let text = format!("{}\n", refusal.why);
        write(wire, refusal.status, headers, text.as_bytes(), text.len(), false)
    }
}

/// A request, and whether only the head of its answer is wanted.
#[derive(Clone, Copy)]
struct Asked<'a> {
    request: &'a Request,
    is_head: bool,
}

/// An answer before it meets ranges and cached copies.
enum Found {
    Bytes(Vec<u8>),
    File(File, u64),
}

fn header(name: &str, value: &str) -> Header {
    Header::from_bytes(name, value).expect("names and values of headers are written here or cleaned before")
}

/// Writes an answer; of a body that ends before its time, the connection ends too.
fn write(
    wire: &mut Wire<'_>,
    status: u16,
    headers: Vec<Header>,
    body: impl Read,
    len: usize,
    is_head: bool,
) -> io::Result<()> {
    let mut body = body.take(len as u64);
    let response = Response::new(StatusCode(status), headers, &mut body, Some(len), None);
    response.with_chunked_threshold(usize::MAX).raw_print(&mut *wire, HTTPVersion(1, 1), &[], is_head, None)?;
    wire.flush()?;
    let has_all = is_head || status == 304 || body.limit() == 0;
    if has_all { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn answer(shared: &Shared, asked: Asked<'_>, wire: &mut Wire<'_>) -> io::Result<()> {
    if !matches!(asked.request.method.as_str(), "GET" | "HEAD") {
        return plain(wire, asked, 405, "only GET and HEAD\n");
    }
    let shown = shared.shown();
    let mount = shown.mount.as_str();
    let Some(path) = decode(asked.request.path()) else {
        return plain(wire, asked, 400, "this path cannot be decoded\n");
    };
    let Some(below) = path.strip_prefix(mount) else {
        // As MkDocs does: the root and the mount point without its last slash lead to the site.
        if path == "/" || format!("{path}/") == *mount {
            return redirect(wire, asked, mount);
        }
        return plain(wire, asked, 404, "there is nothing outside of the site\n");
    };
    if below == EVENTS {
        return events::tell(shared, shown, wire);
    }
    if let Some((_, script)) = SCRIPTS.iter().find(|(name, _)| *name == below) {
        return send(
            wire,
            asked,
            200,
            "text/javascript; charset=utf-8",
            "no-store",
            Found::Bytes((*script).into()),
            None,
        );
    }
    let index = if below.is_empty() || below.ends_with('/') { format!("{below}index.html") } else { below.to_owned() };
    if shown.outputs.files.is_empty() {
        return not_found(shared, &shown, asked, wire);
    }
    let Some(found) = OutPath::new(&index).filter(|path| shown.outputs.files.contains_key(path)) else {
        let folder = OutPath::new(&format!("{index}/index.html"));
        if folder.is_some_and(|folder| shown.outputs.files.contains_key(&folder)) {
            return redirect(wire, asked, &format!("{path}/"));
        }
        return not_found(shared, &shown, asked, wire);
    };
    deliver(shared, &shown, asked, wire, &found, 200)
}

fn not_found(shared: &Shared, shown: &Shown, asked: Asked<'_>, wire: &mut Wire<'_>) -> io::Result<()> {
    let page = OutPath::new("404.html").expect("a plain name is a path");
    if shown.outputs.files.contains_key(&page) {
        return deliver(shared, shown, asked, wire, &page, 404);
    }
    let errors: Vec<&str> = shown.complaints.iter().map(|complaint| complaint.text.as_str()).collect();
    if errors.is_empty() {
        return plain(wire, asked, 404, "not found\n");
    }
    // The very first build failed: there is no page to lay the report over.
    let script = if shared.live { script_tag(shown, 404) } else { String::new() };
    let report = escape(&errors.join("\n"));
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>opsbook</title></head>\
         <body><h1>The site cannot be built</h1><pre>{report}</pre>{script}</body></html>\n"
    );
    send(wire, asked, 500, "text/html; charset=utf-8", "no-store", Found::Bytes(page.into_bytes()), None)
}

fn deliver(
    shared: &Shared,
    shown: &Shown,
    asked: Asked<'_>,
    wire: &mut Wire<'_>,
    path: &OutPath,
    status: u16,
) -> io::Result<()> {
    let kind = content_type(path.as_str());
    let is_page = kind.starts_with("text/html");
    let (found, tag) = match (&shown.outputs.files[path], shown.places.get(path)) {
        (Content::Bytes(bytes), _) if is_page && shared.live => {
            let page = with_script(bytes, &script_tag(shown, status));
            let tag = format!("\"{}\"", &Digest::of(&page).hex()[..32]);
            (Found::Bytes(page), tag)
        }
        (Content::Bytes(bytes), _) => (Found::Bytes(bytes.to_vec()), format!("\"{}\"", &Digest::of(bytes).hex()[..32])),
        (Content::CopyOf(_), Some(place)) => {
            let opened = File::open(place).and_then(|file| file.metadata().map(|metadata| (file, metadata)));
            let Ok((file, metadata)) = opened else { return plain(wire, asked, 404, "this file is gone\n") };
            let changed = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
            let tag = format!("\"{:x}-{:x}\"", changed.map_or(0, |at| at.as_nanos()), metadata.len());
            (Found::File(file, metadata.len()), tag)
        }
        (Content::CopyOf(_), None) => return plain(wire, asked, 404, "this file is gone\n"),
    };
    send(wire, asked, status, kind, "no-cache", found, Some(&tag))
}

/// Answers with a body, or a range of it, or the news that the browser's copy is still good.
fn send(
    wire: &mut Wire<'_>,
    asked: Asked<'_>,
    status: u16,
    kind: &str,
    caching: &str,
    found: Found,
    tag: Option<&str>,
) -> io::Result<()> {
    let field = |name| asked.request.field(name);
    let mut headers = vec![
        header("Content-Type", kind),
        header("Cache-Control", caching),
        header("X-Content-Type-Options", "nosniff"),
    ];
    if let Some(tag) = tag {
        headers.push(header("ETag", tag));
        headers.push(header("Accept-Ranges", "bytes"));
        let known = field("If-None-Match").unwrap_or_default();
        if status == 200
            && known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag || known.trim() == "*")
        {
            return write(wire, 304, headers, io::empty(), 0, asked.is_head);
        }
    }
    let len_bytes = match &found {
        Found::Bytes(bytes) => bytes.len() as u64,
        Found::File(_, len_bytes) => *len_bytes,
    };
    let still_the_same = field("If-Range").is_none_or(|known| Some(known) == tag);
    let range = field("Range").filter(|_| status == 200 && tag.is_some() && still_the_same);
    let (status, start, len) = match range.map(|range| byte_range(range, len_bytes)) {
        None | Some(Range::Whole) => (status, 0, len_bytes),
        Some(Range::Part { start, end }) => {
            headers.push(header("Content-Range", &format!("bytes {start}-{end}/{len_bytes}")));
            (206, start, end - start + 1)
        }
        Some(Range::Outside) => {
            headers.push(header("Content-Range", &format!("bytes */{len_bytes}")));
            return write(wire, 416, headers, io::empty(), 0, asked.is_head);
        }
    };
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    match found {
        Found::Bytes(bytes) => {
            let mut body = Cursor::new(bytes);
            body.set_position(start);
            write(wire, status, headers, body, len, asked.is_head)
        }
        Found::File(mut file, _) => {
            file.seek(SeekFrom::Start(start))?;
            write(wire, status, headers, file, len, asked.is_head)
        }
    }
}

fn plain(wire: &mut Wire<'_>, asked: Asked<'_>, status: u16, text: &str) -> io::Result<()> {
    send(wire, asked, status, "text/plain; charset=utf-8", "no-store", Found::Bytes(text.into()), None)
}

/// Leads to a decoded path of this server.
fn redirect(wire: &mut Wire<'_>, asked: Asked<'_>, path: &str) -> io::Result<()> {
    // Two slashes at the front would name another host.
    let mut target = encode_path(&format!("/{}", path.trim_start_matches('/')));
    let query = asked.request.target.split_once('?').map(|(_, query)| query.split('#').next().unwrap_or_default());
    if let Some(query) = query.filter(|query| query.bytes().all(|byte| byte.is_ascii_graphic())) {
        target = format!("{target}?{query}");
    }
    write(wire, 302, vec![header("Location", &target)], io::empty(), 0, asked.is_head)
}

/// What a `Range` header asks for (RFC 9110, section 14). Of several ranges, all: the whole file is
/// a lawful answer.
enum Range {
    Whole,
    Part { start: u64, end: u64 },
    Outside,
}

fn byte_range(text: &str, len_bytes: u64) -> Range {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Range::Whole;
    };
    let (start, end) = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(start), Ok(end)) if start <= end => (start, end.min(len_bytes.saturating_sub(1))),
        (Ok(start), Err(_)) if last.trim().is_empty() => (start, len_bytes.saturating_sub(1)),
        (Err(_), Ok(n_last)) if first.trim().is_empty() => {
            if n_last == 0 {
                return Range::Outside;
            }
            (len_bytes.saturating_sub(n_last), len_bytes.saturating_sub(1))
        }
        _ => return Range::Whole,
    };
    if start >= len_bytes { Range::Outside } else { Range::Part { start, end } }
}

fn script_tag(shown: &Shown, status: u16) -> String {
    let mount = encode_path(&shown.mount);
    // A page in the place of a missing one cannot tell from its address what it is.
    let missing = if status == 200 { "" } else { " data-missing" };
    let generation = shown.generation;
    let [(script, _), _] = SCRIPTS;
    format!(
        "<script src=\"{mount}{script}\" data-mount=\"{mount}\" data-generation=\"{generation}\"{missing} defer></script>"
    )
}

/// Puts the script before the last `</body>`, or at the end of a page that has none.
fn with_script(page: &[u8], script: &str) -> Vec<u8> {
    let end = b"</body>";
    let at = page.windows(end.len()).rposition(|bytes| bytes.eq_ignore_ascii_case(end)).unwrap_or(page.len());
    [&page[..at], script.as_bytes(), &page[at..]].concat()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn content_type(path: &str) -> &'static str {
    let extension = path.rsplit('/').next().unwrap_or(path).rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" | "webmanifest" => "application/json; charset=utf-8",
        "xml" | "rss" | "atom" => "application/xml; charset=utf-8",
        "txt" | "md" | "log" | "yml" | "yaml" | "toml" | "csv" | "sh" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "ttf" => "font/ttf",
        "pdf" => "application/pdf",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "mp3" => "audio/mpeg",
        "wasm" => "application/wasm",
        "gz" => "application/gzip",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SitePath;
    use std::io::{BufRead, BufReader};
    use std::net::TcpStream;
    use std::time::Instant;

    struct Preview {
        folder: tempfile::TempDir,
        disk: Disk,
        server: At,
    }

    /// A server and where it listens.
    struct At {
        server: Server,
        address: SocketAddr,
    }

    impl std::ops::Deref for At {
        type Target = Server;
        fn deref(&self) -> &Server {
            &self.server
        }
    }

    impl At {
        fn start(options: ServeOptions) -> At {
            let server = Server::start("127.0.0.1:0", options).unwrap();
            At { address: server.shared.address, server }
        }
    }

    fn outputs(files: &[(&str, &str)]) -> Outputs {
        let mut outputs = Outputs::default();
        for (path, text) in files {
            outputs.add(OutPath::new(path).unwrap(), text.as_bytes());
        }
        outputs
    }

    fn preview() -> Preview {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret.txt"), "secret").unwrap();
        std::fs::create_dir(folder.path().join("docs")).unwrap();
        std::fs::write(folder.path().join("docs/data.bin"), "0123456789").unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        let options = ServeOptions { mount: "/handbook/".to_owned(), live: true, hosts: vec!["devbox".to_owned()] };
        let server = At::start(options);
        let mut site = outputs(&[
            ("index.html", "<body>home</body>"),
            ("guide/index.html", "<body>guide</body>"),
            ("A b/index.html", "<body>space</body>"),
            ("404.html", "<body>nothing here</body>"),
            ("style.css", "a{}"),
        ]);
        site.files.insert(OutPath::new("data.bin").unwrap(), Content::CopyOf(SitePath::new("docs/data.bin")));
        server.show(&disk, "/handbook/", site, &[]);
        Preview { folder, disk, server }
    }

    impl Preview {
        /// Sends a raw request and returns status, headers and body.
        fn ask(&self, line: &str, headers: &str) -> (u16, String, String) {
            let mut stream = TcpStream::connect(self.server.address).unwrap();
            let host = if headers.contains("Host:") { "" } else { "Host: localhost\r\n" };
            write!(stream, "{line} HTTP/1.1\r\n{host}{headers}Connection: close\r\n\r\n").unwrap();
            let mut text = String::new();
            BufReader::new(stream).read_to_string(&mut text).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_owned(), body.to_owned())
        }

        fn get(&self, path: &str) -> (u16, String) {
            let (status, _, body) = self.ask(&format!("GET {path}"), "");
            (status, body)
        }
    }

    #[test]
    fn pages_stand_below_the_mount_point_with_the_script() {
        let preview = preview();
        let (status, body) = preview.get("/handbook/");
        assert_eq!(status, 200);
        assert!(body.starts_with("<body>home<script src=\"/handbook/.opsbook/live.js\""), "{body}");
        assert!(body.ends_with("</script></body>"), "{body}");
        assert_eq!(preview.get("/handbook/A%20b/").0, 200);
        assert_eq!(preview.get("/handbook/style.css"), (200, "a{}".to_owned()));
        for (path, target) in
            [("/", "/handbook/"), ("/handbook", "/handbook/"), ("/handbook/guide", "/handbook/guide/")]
        {
            let (status, head, _) = preview.ask(&format!("GET {path}"), "");
            assert_eq!(status, 302, "{path}");
            assert!(head.contains(&format!("Location: {target}\r\n")), "{head}");
        }
        let (status, body) = preview.get("/handbook/none/");
        assert_eq!(status, 404);
        assert!(body.contains("nothing here"), "{body}");
        assert_eq!(preview.ask("POST /handbook/", "Content-Length: 0\r\n").0, 405);
    }

    #[test]
    fn no_path_leads_out_of_the_site() {
        let preview = preview();
        for path in [
            "/handbook/../secret.txt",
            "/handbook/%2e%2e/secret.txt",
            "/handbook/%252e%252e/secret.txt",
            "/handbook/..%2fsecret.txt",
            "/handbook/..%5csecret.txt",
            "/handbook/..\\secret.txt",
            "/handbook//etc/passwd",
            "/handbook/guide/../../secret.txt",
            "/handbook/./index.html",
            "/handbook/index.html%00.css",
            "/handbook/%",
            "/handbook/%ff",
            "/handbook/%+1",
            "/secret.txt",
            "//etc/passwd",
            "/etc/passwd",
        ] {
            let (status, body) = preview.get(path);
            assert!(status == 404 || status == 400, "{path}: {status}");
            assert!(!body.contains("secret") && !body.contains("root:"), "{path}: {body}");
        }
    }

    #[test]
    fn ranges_heads_and_copies_follow_the_rules() {
        let preview = preview();
        let ask = |headers: &str| preview.ask("GET /handbook/data.bin", headers);
        let (status, head, body) = ask("");
        assert_eq!((status, body.as_str()), (200, "0123456789"));
        let tag = head.lines().find_map(|line| line.strip_prefix("ETag: ")).unwrap().to_owned();
        for (range, status, expected) in [
            ("bytes=2-4", 206, "234"),
            ("bytes=7-", 206, "789"),
            ("bytes=-3", 206, "789"),
            ("bytes=5-99", 206, "56789"),
            ("bytes=10-", 416, ""),
            ("bytes=-0", 416, ""),
            ("bytes=4-2", 200, "0123456789"),
            ("bytes=0-1,3-4", 200, "0123456789"),
            ("lines=1-2", 200, "0123456789"),
        ] {
            let (got, _, body) = ask(&format!("Range: {range}\r\n"));
            assert_eq!((got, body.as_str()), (status, expected), "{range}");
        }
        assert_eq!(ask(&format!("If-None-Match: W/\"x\", {tag}\r\n")).0, 304);
        assert_eq!(ask("If-None-Match: \"x\"\r\n").0, 200);
        assert_eq!(ask("Range: bytes=0-0\r\nIf-Range: \"x\"\r\n").0, 200);
        let (status, head, body) = preview.ask("HEAD /handbook/data.bin", "");
        assert_eq!((status, body.as_str()), (200, ""));
        assert!(head.contains("Content-Length: 10"), "{head}");
    }

    fn error(text: &str) -> Complaint {
        Complaint { is_error: true, text: text.to_owned(), place: None }
    }

    impl Preview {
        fn show(&self, files: &[(&str, &str)]) {
            let changed: Vec<OutPath> = files.iter().map(|(path, _)| OutPath::new(path).unwrap()).collect();
            self.server.show(&self.disk, "/handbook/", outputs(files), &changed);
        }

        /// A connection that has asked for the stream of events.
        fn listener(&self) -> TcpStream {
            let mut stream = TcpStream::connect(self.server.address).unwrap();
            write!(stream, "GET /handbook/{EVENTS} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            stream
        }
    }

    /// Reads up to an event of this kind and returns its data.
    fn heard(stream: &mut impl BufRead, event: &str) -> serde_json::Value {
        let mut lines = stream.lines().map(Result::unwrap);
        lines.find(|line| line == &format!("event: {event}")).unwrap();
        serde_json::from_str(lines.next().unwrap().strip_prefix("data: ").unwrap()).unwrap()
    }

    #[test]
    fn browsers_hear_of_changes_and_problems() {
        let preview = preview();
        let mut stream = BufReader::new(preview.listener());
        let hello = heard(&mut stream, "hello");
        let first = hello["generation"].as_u64().unwrap();
        assert_eq!(hello["mount"], "/handbook/");
        assert_eq!(heard(&mut stream, "problems"), serde_json::json!([]));
        preview.show(&[("index.html", "new")]);
        let expected = serde_json::json!({"generation": first + 1, "paths": ["index.html"]});
        assert_eq!(heard(&mut stream, "reload"), expected);
        preview.server.complain(vec![error("a.md:1:1: <bad>\nworse")]);
        let expected = serde_json::json!([{"is_error": true, "text": "a.md:1:1: <bad>\nworse", "place": null}]);
        assert_eq!(heard(&mut stream, "problems"), expected);
        let (_, body) = preview.get("/handbook/");
        assert!(body.starts_with("new<script"), "{body}");
        preview.show(&[("style.css", "b{}")]);
        assert_eq!(heard(&mut stream, "styles"), serde_json::json!({"generation": first + 2}));
        preview.server.show(&preview.disk, "/other/", outputs(&[("index.html", "new")]), &[]);
        assert_eq!(heard(&mut stream, "hello")["mount"], "/other/");
        assert!(preview.folder.path().exists());
    }

    #[test]
    fn three_hundred_who_stall_hold_up_nobody() {
        let preview = preview();
        let long = "x".repeat(200_000);
        let stalled: Vec<TcpStream> = (0..300)
            .map(|number| {
                let mut stream = preview.listener();
                if number % 3 == 1 {
                    // Half a head, for ever.
                    stream = TcpStream::connect(preview.server.address).unwrap();
                    write!(stream, "GET /handbook/ HTTP/1.1\r\nHo").unwrap();
                }
                stream
            })
            .collect();
        let mut stream = BufReader::new(preview.listener());
        heard(&mut stream, "hello");
        for round in 0..20 {
            let began = Instant::now();
            preview.server.complain(vec![error(&format!("{round} {long}"))]);
            preview.show(&[("index.html", &format!("round {round}."))]);
            heard(&mut stream, "reload");
            let (status, body) = preview.get("/handbook/");
            assert!(status == 200 && body.starts_with(&format!("round {round}.")), "{status} {body}");
            assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        }
        drop(stalled);
    }

    #[test]
    fn more_connections_than_there_is_room_for_hold_up_nobody() {
        let preview = preview();
        let idle: Vec<TcpStream> = (0..600).map(|_| TcpStream::connect(preview.server.address).unwrap()).collect();
        assert_eq!(preview.get("/handbook/").0, 200);
        drop(idle);
    }

    #[test]
    fn nobody_takes_more_memory_or_time_than_a_request_needs() {
        let preview = preview();
        for (headers, status) in [
            ("Content-Length: 1000000000000\r\n", 413),
            ("Content-Length: 99999999999999999999999\r\n", 413),
            ("Content-Length: many\r\n", 400),
            ("Content-Length: 5\r\n", 200),
            ("Transfer-Encoding: chunked\r\n", 200),
            ("Host: attacker.example\r\nContent-Length: 1000000000000\r\n", 403),
        ] {
            assert_eq!(preview.ask("GET /handbook/", headers).0, status, "{headers}");
        }
        assert_eq!(preview.ask("POST /handbook/", "Content-Length: 1000000000000\r\n").0, 413);
        assert_eq!(preview.ask("POST /handbook/", "Content-Length: 4\r\n").0, 405);
        let many: String = (0..10_000).map(|number| format!("X-{number}: y\r\n")).collect();
        assert_eq!(preview.ask("GET /handbook/", &many).0, 431);
        assert_eq!(preview.ask(&format!("GET /{}", "a".repeat(100_000)), "").0, 431);
        assert_eq!(preview.get("/handbook/").0, 200);
    }

    #[test]
    fn requests_follow_each_other_on_one_connection() {
        let preview = preview();
        let mut stream = TcpStream::connect(preview.server.address).unwrap();
        let one = "GET /handbook/style.css HTTP/1.1\r\nHost: localhost\r\n\r\n";
        let last = "GET /handbook/style.css HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        write!(stream, "{one}\r\n{one}{last}").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 3, "{text}");
    }

    #[test]
    fn a_mount_point_may_have_any_letters() {
        let preview = preview();
        for (mount, encoded) in [("/hand book/docs/", "/hand%20book/docs/"), ("/я/", "/%D1%8F/"), ("/a\"b/", "/a%22b/")]
        {
            preview.server.show(&preview.disk, mount, outputs(&[("index.html", "home")]), &[]);
            let (status, head, _) = preview.ask("GET /?q=1", "");
            assert!(status == 302 && head.contains(&format!("Location: {encoded}?q=1\r\n")), "{head}");
            let (status, body) = preview.get(encoded);
            assert_eq!(status, 200, "{mount}");
            assert!(body.contains(&format!("src=\"{encoded}.opsbook/live.js\"")), "{body}");
            assert!(preview.server.address(mount).ends_with(encoded));
        }
    }

    #[test]
    fn a_first_build_that_fails_is_shown() {
        let options = ServeOptions { mount: "/".to_owned(), live: true, hosts: Vec::new() };
        let server = At::start(options);
        let folder = tempfile::tempdir().unwrap();
        let preview = Preview { disk: Disk::open(folder.path()).unwrap(), folder, server };
        preview.server.complain(vec![error("error: <script>")]);
        let (status, body) = preview.get("/");
        assert_eq!(status, 500);
        assert!(body.contains("error: &lt;script&gt;") && body.contains("live.js"), "{body}");
    }
}
