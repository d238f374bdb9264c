//! The Markdown room under random pages for a long time: `fuzz/long [SECONDS [SEED]]`.
//!
//! Watches for panics, for pages that do not end, and for time that grows faster than the page: a
//! pattern of a few pieces is repeated to 12, 24 and 48 kB. Twice the text may take two and a half
//! times the time, both the last time and on average (two would be linear, four quadratic). The time
//! is what the thread worked, so that other programs do not count.
//! What fails is written to `target/long/` as a page.
//! Needs no nightly compiler; the coverage-guided fuzzers are in `fuzz/`.

// A fuzzer looks at the world from outside: it reads clocks and writes what it found.
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use opsbook::markdown::{self, Dialect, ExtensionUse};
use opsbook::text::{SitePath, Source, Span, Spanned};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

/// Pieces that mean something somewhere.
const PIECES: &[&str] = &[
    "\n",
    "\n\n",
    "    ",
    "  ",
    "\t",
    " ",
    "a",
    "word ",
    "é",
    "日本",
    "\r\n",
    "\0",
    "\u{2}",
    "\u{3}",
    "*",
    "**",
    "***",
    "_",
    "__",
    "`",
    "``",
    "```",
    "~~~",
    "```sh\n",
    "``` { .sh #id }\n",
    "> ",
    "- ",
    "* ",
    "1. ",
    "a. ",
    "# ",
    "## ",
    "#",
    "===\n",
    "---\n",
    "***\n",
    "!!! note \"T\"\n",
    "??? tip\n",
    "=== \"Tab\"\n",
    "/// note\n",
    "///\n",
    "/// caption\n",
    "[",
    "]",
    "[]",
    "(",
    ")",
    "![",
    "](a.md)",
    "](",
    "][",
    "[x]: /u \"t\"\n",
    "[x]: ",
    "[^1]",
    "[^1]: note\n",
    "[^",
    "*[A]: abbr\n",
    "*[",
    ": def\n",
    ":   ",
    "|",
    "| a | b |\n|---|---|\n| c | d |\n",
    "|-",
    "<div markdown>",
    "</div>",
    "<div>",
    "<p>",
    "<b>",
    "</b>",
    "<script>",
    "</script>",
    "<pre>",
    "<!--",
    "-->",
    "<?",
    "?>",
    "<![CDATA[",
    "]]>",
    "<a href=\"",
    "<a b=\"",
    "<a ",
    "<a",
    "</a",
    "<",
    ">",
    "</",
    "/>",
    "<!",
    "<http://",
    "<a@b",
    "\"",
    "'",
    "&amp;",
    "&#",
    "&",
    ";",
    "{: #id .c }",
    "{: ",
    "{",
    "}",
    "=",
    "++ctrl++",
    "++",
    "+",
    "==",
    "^^",
    "^",
    "~~",
    "~",
    "{--",
    "--}",
    "{++",
    "{~~",
    "~>",
    "~~}",
    "{>>",
    "{==",
    ":smile:",
    ":",
    "$x$",
    "$",
    "$$",
    "\\(",
    "\\[",
    "\\)",
    "\\begin{a}",
    "\\end{a}",
    "\\",
    "#| id: x\n",
    "https://e.org/",
    "www.",
    "@a",
    "a@b.c",
    ".",
    "-",
    "--",
    "...",
    "(c)",
    "1/2",
    "-->",
    "[=5%",
    "[=50% \"a\"]",
    "[[",
    "]]",
    "- [ ] ",
    "#!py ",
    "#1",
    "a/b#1",
    "%",
    "!",
    ",",
    "0",
];

/// How many bytes the pattern is repeated to, each twice the one before.
const SIZES: [usize; 3] = [12_000, 24_000, 48_000];

/// How many times the time twice the text may take.
const GROWTH: f64 = 2.5;

/// Longer than any page of this size may take in an optimised program.
const PATIENCE: Duration = Duration::from_secs(20);

/// Below this for the longest text, the time says more about the machine than about the program.
const NOTICEABLE: Duration = Duration::from_millis(25);

struct Random(u64);

impl Random {
    /// Knuth's MMIX generator; its upper bits are good enough for choices.
    fn below(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }

    fn pieces(&mut self, n_pieces: usize) -> String {
        (0..n_pieces).map(|_| PIECES[self.below(PIECES.len())]).collect()
    }
}

fn dialect(names: &[&str]) -> Dialect {
    let nowhere = Span::at_start(SitePath::new("mkdocs.yml"));
    let uses: Vec<ExtensionUse> = names
        .iter()
        .map(|name| ExtensionUse { name: Spanned::new((*name).to_owned(), nowhere), options: None })
        .collect();
    Dialect::mkdocs(&uses).0
}

/// How long this thread has worked; where the system does not tell, the time that went by.
fn busy() -> Duration {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    // Linux brings the figure up to date as the thread gives way.
    std::thread::yield_now();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let busy = told.as_deref().and_then(|told| told.split_whitespace().next()?.parse().ok());
    busy.map_or_else(|| BEGAN.elapsed(), Duration::from_nanos)
}

/// Parses a page and tells how long this thread worked on it; `None` where it panics.
fn parse(text: &str, dialect: &Dialect) -> Option<Duration> {
    let path = SitePath::new("docs/index.md");
    let source = Source::new(path, text);
    let files: BTreeMap<SitePath, Arc<Source>> = BTreeMap::new();
    let began = busy();
    catch_unwind(AssertUnwindSafe(|| drop(markdown::parse(&source, dialect, &files)))).ok()?;
    Some(busy().saturating_sub(began))
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let mut number = |default: u64| arguments.next().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (limit, mut random) = (Duration::from_secs(number(600)), Random(number(1)));
    let rare =
        ["pymdownx.fancylists", "pymdownx.escapeall", "pymdownx.saneheaders", "mdx_truly_sane_lists", "wikilinks"];
    let usual: Vec<&str> = Dialect::extensions().into_iter().filter(|name| !rare.contains(name)).collect();
    let dialects = [
        ("usual extensions", dialect(&usual)),
        ("all extensions", dialect(&Dialect::extensions())),
        ("no extensions", dialect(&[])),
        ("commonmark", Dialect::commonmark()),
    ];
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../long");
    std::fs::create_dir_all(&folder).expect("the folder of the build takes another");
    let keep = |kind: &str, number: usize, text: &str| {
        let path = folder.join(format!("{kind}-{number}.md"));
        std::fs::write(&path, text).expect("the folder takes files");
        path.display().to_string()
    };
    // What is being parsed and since when: the watcher's only view.
    let in_hand = Arc::new(Mutex::new((Instant::now(), String::new())));
    let watched = Arc::clone(&in_hand);
    let hung = folder.join("hang.md");
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(500));
            let (since, text) = watched.lock().expect("nobody panics with the lock").clone();
            if since.elapsed() > PATIENCE {
                let _ = std::fs::write(&hung, &text);
                println!("HANG: {} bytes for {PATIENCE:?}: {:.60?}", text.len(), text);
                std::process::exit(1);
            }
        }
    });
    let began = Instant::now();
    let (mut n_pages, mut n_bytes, mut n_panics) = (0_usize, 0_usize, 0_usize);
    let mut slow = BTreeSet::new();
    let mut slowest = 0.0_f64;
    while began.elapsed() < limit {
        let (name, dialect) = &dialects[[0, 0, 0, 1, 2, 3][random.below(6)]];
        let n_pieces = 1 + random.below(4);
        let pattern = random.pieces(n_pieces);
        let mut measure = |text: &str| {
            *in_hand.lock().expect("nobody panics with the lock") = (Instant::now(), text.to_owned());
            (n_pages, n_bytes) = (n_pages + 1, n_bytes + text.len());
            let time = parse(text, dialect);
            if time.is_none() {
                n_panics += 1;
                println!("PANIC ({name}): {}", keep("panic", n_panics, text));
            }
            time.unwrap_or_default()
        };
        let before = random.pieces(40);
        let _ = measure(&random.pieces(400));
        let page = |n_bytes: usize| before.clone() + &pattern.repeat(n_bytes / pattern.len());
        let pages = SIZES.map(page);
        if measure(&pages[2]) < NOTICEABLE {
            continue;
        }
        // The least of several times, until they look linear: what else the machine does only adds.
        let mut best = [Duration::MAX; 3];
        let growth = |best: &[Duration; 3]| {
            let ratio = |at: usize| best[at + 1].as_secs_f64() / best[at].as_secs_f64().max(1e-6);
            ratio(1).min((ratio(0) * ratio(1)).sqrt())
        };
        for _ in 0..5 {
            for (best, page) in best.iter_mut().zip(&pages) {
                *best = measure(page).min(*best);
            }
            if growth(&best) <= GROWTH {
                break;
            }
        }
        slowest = slowest.max(best[2].as_secs_f64() / pages[2].len() as f64 * 1e6);
        if growth(&best) > GROWTH && best[2] > NOTICEABLE && slow.insert(pattern.clone()) {
            let kept = keep("slow", slow.len(), &pages[2]);
            println!("SLOW ({name}): {pattern:?}: {best:.1?}, twice the text {:.1} times: {kept}", growth(&best));
        }
    }
    println!("{n_pages} pages, {:.0} MB, {:.0} s", n_bytes as f64 / 1e6, began.elapsed().as_secs_f64());
    println!(
        "{n_panics} panics, {} patterns that grow faster than the page, at most {slowest:.1} s per MB",
        slow.len()
    );
    std::process::exit(i32::from(n_panics > 0 || !slow.is_empty()));
}
