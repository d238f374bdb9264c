//! The preview server: a site in memory over HTTP, and browsers that hear of its changes.
//!
//! The only file that knows tiny_http. That library is small and has known gaps, which are closed
//! here: its accept loop ends for good at the first error (the listener is ours, and a new server
//! takes it over), it neither checks `Host` nor paths (both are checked before anything is looked
//! up), and small answers wait for Nagle's algorithm (switched off on the listener, from which
//! connections inherit it).

use super::disk::Disk;
use crate::build::{Content, OutPath, Outputs};
use crate::text::Digest;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek as _, SeekFrom, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, ToSocketAddrs as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, UNIX_EPOCH};
use tiny_http::{Header, Method, Request, Response, StatusCode};

/// Below the mount point, where browsers listen for changes.
const EVENTS: &str = ".opsbook/events";
/// Below the mount point, the script that listens.
const SCRIPT: &str = ".opsbook/live.js";
const LIVE_JS: &str = include_str!("live.js");
/// Answers at once. A preview has few readers; beyond this, somebody plays tricks.
const MAX_REQUESTS: usize = 256;
/// Browsers that listen at once.
const MAX_LISTENERS: usize = 128;
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How to serve.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// The path that the site stands at, with a `/` at both ends.
    pub mount: String,
    /// Whether pages get the script that reloads them.
    pub live: bool,
    /// Names that requests may use for this server besides `localhost` and IP addresses.
    pub hosts: Vec<String>,
}

/// What is shown.
#[derive(Clone, Debug, Default)]
struct Shown {
    outputs: Outputs,
    /// Where copies come from.
    places: BTreeMap<OutPath, PathBuf>,
    /// What is wrong with the newest state of the sources; empty when all is well.
    problems: String,
    /// Counts the states, so that a browser knows whether it has missed one.
    generation: u64,
}

/// A server that runs until this process ends.
#[derive(Clone)]
pub struct Server {
    shared: Arc<Shared>,
}

struct Shared {
    options: ServeOptions,
    address: SocketAddr,
    shown: RwLock<Arc<Shown>>,
    listeners: Mutex<Vec<Box<dyn Write + Send>>>,
    n_requests: AtomicUsize,
}

impl Server {
    /// Listens at an address and answers from then on; nothing is shown yet.
    ///
    /// # Errors
    /// When the address is no address, or taken.
    pub fn start(address: &str, options: ServeOptions) -> io::Result<Server> {
        let listener = listen(address)?;
        let shared = Arc::new(Shared {
            options,
            address: listener.local_addr()?,
            shown: RwLock::default(),
            listeners: Mutex::default(),
            n_requests: AtomicUsize::new(0),
        });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || accept(&listener, &accepting));
        let beating = Arc::clone(&shared);
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(HEARTBEAT);
                beating.tell(": still here\n\n");
            }
        });
        Ok(Server { shared })
    }

    /// Returns the address that is listened at.
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// Shows a site in place of the one before, and tells the browsers which of its paths changed.
    /// Where only style sheets changed, pages are not reloaded.
    pub fn show(&self, disk: &Disk, outputs: Outputs, changed: &[OutPath]) {
        let places = outputs.files.iter().filter_map(|(path, content)| match content {
            Content::CopyOf(source) => Some((path.clone(), disk.locate(*source))),
            Content::Bytes(_) => None,
        });
        let places = places.collect();
        let generation =
            self.change(|shown| Shown { outputs, places, problems: String::new(), generation: shown.generation + 1 });
        let only_styles = !changed.is_empty() && changed.iter().all(|path| path.as_str().ends_with(".css"));
        let kind = if only_styles { "styles" } else { "reload" };
        self.shared.tell(&format!("event: {kind}\ndata: {generation}\n\n"));
    }

    /// Keeps the site that is shown and lays a report over its pages; the empty report lifts it.
    pub fn complain(&self, problems: &str) {
        if self.shared.shown.read().expect("no thread panics while it swaps the site").problems == problems {
            return;
        }
        self.change(|shown| Shown { problems: problems.to_owned(), ..shown.clone() });
        let data = serde_json::to_string(problems).expect("text is JSON");
        self.shared.tell(&format!("event: problems\ndata: {data}\n\n"));
    }

    fn change(&self, next: impl FnOnce(&Shown) -> Shown) -> u64 {
        let mut shown = self.shared.shown.write().expect("no thread panics while it swaps the site");
        let next = Arc::new(next(&shown));
        *shown = next;
        shown.generation
    }
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

/// Takes requests, for ever: whatever ends tiny_http's own loop, a new one takes the listener over.
fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    loop {
        let server = listener.try_clone().ok().and_then(|own| tiny_http::Server::from_listener(own, None).ok());
        while let Some(server) = &server {
            match server.recv() {
                Ok(request) => {
                    let shared = Arc::clone(shared);
                    if shared.n_requests.fetch_add(1, Ordering::SeqCst) >= MAX_REQUESTS {
                        shared.n_requests.fetch_sub(1, Ordering::SeqCst);
                        drop(request);
                        continue;
                    }
                    std::thread::spawn(move || {
                        // Who closed the connection does not wait for an answer.
                        let _ = answer(&shared, request);
                        shared.n_requests.fetch_sub(1, Ordering::SeqCst);
                    });
                }
                Err(_) => break,
            }
        }
        // Out of file descriptors, most likely: some will be free again in a moment.
        std::thread::sleep(Duration::from_millis(100));
    }
}

impl Shared {
    /// Tells all browsers; forgets those that are gone.
    fn tell(&self, event: &str) {
        let mut listeners = self.listeners.lock().expect("no thread panics while it holds the listeners");
        listeners.retain_mut(|listener| listener.write_all(event.as_bytes()).and_then(|()| listener.flush()).is_ok());
    }

    fn host_is_fine(&self, host: &str) -> bool {
        let name = host_name(host);
        name.eq_ignore_ascii_case("localhost")
            || name.to_ascii_lowercase().ends_with(".localhost")
            || name.parse::<IpAddr>().is_ok()
            || self.options.hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

/// The name in `name:port` and `[address]:port`.
fn host_name(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.split(':').next().unwrap_or(host),
    }
}

type Body = Box<dyn Read + Send>;

/// An answer before it meets ranges and cached copies.
enum Found {
    Bytes(Vec<u8>),
    File(File, u64),
}

fn header(name: &str, value: &str) -> Header {
    Header::from_bytes(name, value).expect("names and values of headers are written here or cleaned before")
}

fn field<'a>(request: &'a Request, name: &'static str) -> Option<&'a str> {
    request.headers().iter().find(|header| header.field.equiv(name)).map(|header| header.value.as_str())
}

fn answer(shared: &Arc<Shared>, request: Request) -> io::Result<()> {
    // A page of another site could make the browser ask for `attacker.example`, which its owner lets
    // point to this machine (DNS rebinding); the name in the request gives that away.
    if !field(&request, "Host").is_none_or(|host| shared.host_is_fine(host)) {
        let text = "this preview answers to localhost and IP addresses only; allow a name with --allow-host\n";
        return plain(request, 403, text);
    }
    if !matches!(request.method(), Method::Get | Method::Head) {
        return plain(request, 405, "only GET and HEAD\n");
    }
    let Some(path) = decode(request.url().split(['?', '#']).next().unwrap_or_default()) else {
        return plain(request, 400, "this path cannot be decoded\n");
    };
    let mount = &shared.options.mount;
    let Some(below) = path.strip_prefix(mount.as_str()) else {
        // As MkDocs does: the root and the mount point without its last slash lead to the site.
        if path == "/" || format!("{path}/") == *mount {
            return redirect(request, mount);
        }
        return plain(request, 404, "there is nothing outside of the site\n");
    };
    if below == EVENTS {
        return listen_to_events(shared, request);
    }
    if below == SCRIPT {
        return send(request, 200, "text/javascript; charset=utf-8", "no-store", Found::Bytes(LIVE_JS.into()), None);
    }
    let shown = Arc::clone(&shared.shown.read().expect("no thread panics while it swaps the site"));
    let index = if below.is_empty() || below.ends_with('/') { format!("{below}index.html") } else { below.to_owned() };
    if shown.outputs.files.is_empty() {
        return not_found(shared, &shown, request);
    }
    let Some(found) = OutPath::new(&index).filter(|path| shown.outputs.files.contains_key(path)) else {
        let folder = OutPath::new(&format!("{index}/index.html"));
        if folder.is_some_and(|folder| shown.outputs.files.contains_key(&folder)) {
            let target = format!("{}/", request.url().split(['?', '#']).next().unwrap_or_default());
            return redirect(request, &target);
        }
        return not_found(shared, &shown, request);
    };
    deliver(shared, &shown, request, &found, 200)
}

fn not_found(shared: &Shared, shown: &Shown, request: Request) -> io::Result<()> {
    let page = OutPath::new("404.html").expect("a plain name is a path");
    if shown.outputs.files.contains_key(&page) {
        return deliver(shared, shown, request, &page, 404);
    }
    if shown.problems.is_empty() {
        return plain(request, 404, "not found\n");
    }
    // The very first build failed: there is no page to lay the report over.
    let script = if shared.options.live { script_tag(shared) } else { String::new() };
    let report = escape(&shown.problems);
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>opsbook</title></head>\
         <body><h1>The site cannot be built</h1><pre>{report}</pre>{script}</body></html>\n"
    );
    send(request, 500, "text/html; charset=utf-8", "no-store", Found::Bytes(page.into_bytes()), None)
}

fn deliver(shared: &Shared, shown: &Shown, request: Request, path: &OutPath, status: u16) -> io::Result<()> {
    let kind = content_type(path.as_str());
    let is_page = kind.starts_with("text/html");
    let (found, tag) = match (&shown.outputs.files[path], shown.places.get(path)) {
        (Content::Bytes(bytes), _) if is_page && shared.options.live => {
            let page = with_script(bytes, &script_tag(shared));
            let tag = format!("\"{}\"", &Digest::of(&page).hex()[..32]);
            (Found::Bytes(page), tag)
        }
        (Content::Bytes(bytes), _) => (Found::Bytes(bytes.to_vec()), format!("\"{}\"", &Digest::of(bytes).hex()[..32])),
        (Content::CopyOf(_), Some(place)) => {
            let opened = File::open(place).and_then(|file| file.metadata().map(|metadata| (file, metadata)));
            let Ok((file, metadata)) = opened else { return plain(request, 404, "this file is gone\n") };
            let changed = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
            let tag = format!("\"{:x}-{:x}\"", changed.map_or(0, |at| at.as_nanos()), metadata.len());
            (Found::File(file, metadata.len()), tag)
        }
        (Content::CopyOf(_), None) => return plain(request, 404, "this file is gone\n"),
    };
    send(request, status, kind, "no-cache", found, Some(&tag))
}

/// Answers with a body, or a range of it, or the news that the browser's copy is still good.
fn send(request: Request, status: u16, kind: &str, caching: &str, found: Found, tag: Option<&str>) -> io::Result<()> {
    let mut headers = vec![
        header("Content-Type", kind),
        header("Cache-Control", caching),
        header("X-Content-Type-Options", "nosniff"),
    ];
    if let Some(tag) = tag {
        headers.push(header("ETag", tag));
        headers.push(header("Accept-Ranges", "bytes"));
        let known = field(&request, "If-None-Match").unwrap_or_default();
        if status == 200
            && known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag || known.trim() == "*")
        {
            return request.respond(Response::new(StatusCode(304), headers, io::empty(), Some(0), None));
        }
    }
    let len_bytes = match &found {
        Found::Bytes(bytes) => bytes.len() as u64,
        Found::File(_, len_bytes) => *len_bytes,
    };
    let still_the_same = field(&request, "If-Range").is_none_or(|known| Some(known) == tag);
    let asked = field(&request, "Range").filter(|_| status == 200 && tag.is_some() && still_the_same);
    let (status, start, len) = match asked.map(|range| byte_range(range, len_bytes)) {
        None | Some(Range::Whole) => (status, 0, len_bytes),
        Some(Range::Part { start, end }) => {
            headers.push(header("Content-Range", &format!("bytes {start}-{end}/{len_bytes}")));
            (206, start, end - start + 1)
        }
        Some(Range::Outside) => {
            headers.push(header("Content-Range", &format!("bytes */{len_bytes}")));
            return request.respond(Response::new(StatusCode(416), headers, io::empty(), Some(0), None));
        }
    };
    let body: Body = match found {
        Found::Bytes(bytes) => {
            let mut body = Cursor::new(bytes);
            body.set_position(start);
            Box::new(body.take(len))
        }
        Found::File(mut file, _) => {
            file.seek(SeekFrom::Start(start))?;
            Box::new(file.take(len))
        }
    };
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    request
        .respond(Response::new(StatusCode(status), headers, body, Some(len), None).with_chunked_threshold(usize::MAX))
}

fn plain(request: Request, status: u16, text: &str) -> io::Result<()> {
    send(request, status, "text/plain; charset=utf-8", "no-store", Found::Bytes(text.into()), None)
}

fn redirect(request: Request, target: &str) -> io::Result<()> {
    // Two slashes at the front would name another host.
    let target = format!("/{}", target.trim_start_matches('/'));
    let target: String = target.chars().filter(|letter| letter.is_ascii_graphic()).collect();
    let headers = vec![header("Location", &target)];
    request.respond(Response::new(StatusCode(302), headers, io::empty(), Some(0), None))
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

fn listen_to_events(shared: &Shared, request: Request) -> io::Result<()> {
    let shown = Arc::clone(&shared.shown.read().expect("no thread panics while it swaps the site"));
    let mut writer = request.into_writer();
    let problems = serde_json::to_string(&shown.problems).expect("text is JSON");
    let mut listeners = shared.listeners.lock().expect("no thread panics while it holds the listeners");
    if listeners.len() >= MAX_LISTENERS {
        listeners.remove(0);
    }
    write!(
        writer,
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n\
         retry: 500\n\nevent: hello\ndata: {}\n\nevent: problems\ndata: {problems}\n\n",
        shown.generation
    )?;
    writer.flush()?;
    listeners.push(writer);
    Ok(())
}

fn script_tag(shared: &Shared) -> String {
    let mount = &shared.options.mount;
    format!("<script src=\"{mount}{SCRIPT}\" data-events=\"{mount}{EVENTS}\" defer></script>")
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

/// Decodes `%xx` once. `None` for what is broken, not UTF-8, or holds a NUL.
fn decode(path: &str) -> Option<String> {
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
    use std::io::{BufRead as _, BufReader};
    use std::net::TcpStream;

    struct Preview {
        folder: tempfile::TempDir,
        disk: Disk,
        server: Server,
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
        let server = Server::start("127.0.0.1:0", options).unwrap();
        let mut site = outputs(&[
            ("index.html", "<body>home</body>"),
            ("guide/index.html", "<body>guide</body>"),
            ("A b/index.html", "<body>space</body>"),
            ("404.html", "<body>nothing here</body>"),
            ("style.css", "a{}"),
        ]);
        site.files.insert(OutPath::new("data.bin").unwrap(), Content::CopyOf(SitePath::new("docs/data.bin")));
        server.show(&disk, site, &[]);
        Preview { folder, disk, server }
    }

    impl Preview {
        /// Sends a raw request and returns status, headers and body.
        fn ask(&self, line: &str, headers: &str) -> (u16, String, String) {
            let mut stream = TcpStream::connect(self.server.address()).unwrap();
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
    fn other_names_for_this_machine_are_refused() {
        let preview = preview();
        for (host, status) in [
            ("localhost:8000", 200),
            ("127.0.0.1", 200),
            ("[::1]:8000", 200),
            ("devbox:80", 200),
            ("attacker.example", 403),
            ("localhost.attacker.example", 403),
            ("", 403),
        ] {
            assert_eq!(preview.ask("GET /handbook/", &format!("Host: {host}\r\n")).0, status, "{host}");
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

    #[test]
    fn browsers_hear_of_changes_and_problems() {
        let preview = preview();
        let mut stream = TcpStream::connect(preview.server.address()).unwrap();
        write!(stream, "GET /handbook/{EVENTS} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
        let mut heard = |event: &str| {
            lines.find(|line| line == &format!("event: {event}")).unwrap();
            lines.next().unwrap()
        };
        assert_eq!(heard("hello"), "data: 1");
        assert_eq!(heard("problems"), "data: \"\"");
        preview.server.show(&preview.disk, outputs(&[("index.html", "new")]), &[OutPath::new("index.html").unwrap()]);
        assert_eq!(heard("reload"), "data: 2");
        preview.server.complain("a.md:1:1: <bad>\nworse");
        assert_eq!(heard("problems"), "data: \"a.md:1:1: <bad>\\nworse\"");
        let (_, body) = preview.get("/handbook/");
        assert!(body.starts_with("new<script"), "{body}");
        preview.server.show(&preview.disk, outputs(&[("style.css", "b{}")]), &[OutPath::new("style.css").unwrap()]);
        assert_eq!(heard("styles"), "data: 3");
        assert!(preview.folder.path().exists());
    }

    #[test]
    fn a_first_build_that_fails_is_shown() {
        let options = ServeOptions { mount: "/".to_owned(), live: true, hosts: Vec::new() };
        let server = Server::start("127.0.0.1:0", options).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let preview = Preview { disk: Disk::open(folder.path()).unwrap(), folder, server };
        preview.server.complain("error: <script>");
        let (status, body) = preview.get("/");
        assert_eq!(status, 500);
        assert!(body.contains("error: &lt;script&gt;") && body.contains("live.js"), "{body}");
    }
}
