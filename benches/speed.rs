//! How fast opsbook is, on a corpus that this file makes: `cargo bench --bench speed`.
//!
//! One line per figure, with its unit. A time says something about one machine only; the ratios that
//! the manual quotes are those of lines of one run. `cargo bench --bench speed -- PART` measures only
//! one part: `site`, `markdown`, `runbook`, `run` or `signed`. `OPSBOOK_BIN` names another binary for the parts that start one.

// A benchmark looks at the world from outside: it reads clocks, writes folders and starts programs.
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use opsbook::build::{self, Built, Cache, Overrides, Project, Purpose};
use opsbook::markdown::{self, Dialect, ExtensionUse};
use opsbook::plan::{self, Binding, Facts, Library, Page, Plan};
use opsbook::runbook::extract;
use opsbook::text::{SitePath, Source, Span, Spanned, World as _};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

type Files = BTreeMap<SitePath, Arc<Source>>;

const N_PAGES: usize = 1_000;

const CONFIG: &str = "site_name: Corpus\nsite_url: https://example.org/\ntheme:\n  name: material\n\
    markdown_extensions:\n  - abbr\n  - admonition\n  - attr_list\n  - def_list\n  - footnotes\n  - md_in_html\n\
    \x20 - tables\n  - toc: {permalink: true}\n  - pymdownx.details\n  - pymdownx.highlight\n  - pymdownx.inlinehilite\n\
    \x20 - pymdownx.superfences\n  - pymdownx.tabbed: {alternate_style: true}\n";

const CODE: [(&str, &str); 5] = [
    ("yaml", "replicas: 3\nimage:\n  repository: \"registry.example.org/cavern\"  # pinned below\n  tag: '1.4.2'\n"),
    (
        "bash",
        "set -euo pipefail\nfor name in \"${names[@]}\"; do\n  kubectl get pods -l app=\"$name\" | wc -l  # count\ndone\n",
    ),
    (
        "python",
        "def total(rows: list[int]) -> int:\n    \"\"\"Adds up.\"\"\"\n    return sum(row for row in rows if row > 0x10)\n",
    ),
    ("json", "{\"name\": \"cavern\", \"ports\": [80, 443], \"tls\": true, \"weight\": 0.25}\n"),
    (
        "rust",
        "pub fn total(rows: &[u64]) -> u64 {\n    // Rows may be empty.\n    rows.iter().filter(|row| **row > 10).sum()\n}\n",
    ),
];

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let wanted = arguments.next();
    if wanted.as_deref() == Some("--compile") {
        let number = arguments.next().and_then(|number| number.parse().ok()).unwrap_or(0);
        compile_in_this_process(number);
        return;
    }
    type Measure = fn();
    let all: [(&str, Measure); 5] = [
        ("site", site),
        ("markdown", markdown_alone),
        ("runbook", runbook_of_ten_thousand_steps),
        ("run", run),
        ("signed", signed_run),
    ];
    for (name, measure) in all {
        if wanted.as_ref().is_none_or(|wanted| name == wanted) {
            measure();
        }
    }
}

fn say(name: &str, figure: f64, unit: &str) {
    println!("{name:<58} {figure:>10.2} {unit}");
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

/// The median time of a few goes.
fn median(n_goes: usize, mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..n_goes).map(|_| timed(&mut work).1).collect();
    times.sort_unstable();
    times[n_goes / 2]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn put(files: &mut Files, path: &str, text: String) {
    let path = SitePath::new(path);
    files.insert(path, Arc::new(Source::new(path, text)));
}

// ── Sites ────────────────────────────────────────────────────────────────────

fn page_path(number: usize) -> String {
    format!("docs/part-{:02}/page-{number:04}.md", number / 50)
}

/// A page of about 4 kB: prose, lists, a table, boxes, tabs, links to neighbours, and code.
fn page(number: usize) -> String {
    let mut text = format!("# Page {number}\n\nWhat page {number} is about, in *a few* words and **some** `code`.\n\n");
    for section in 0..4 {
        let next = (number + section * 7 + 1) % N_PAGES;
        let (language, code) = CODE[(number + section) % CODE.len()];
        let _ = write!(
            text,
            "## Section {section}\n\nA paragraph with a [link](../part-{:02}/page-{next:04}.md#section-1), a footnote[^{section}] and \
             a path such as `charts/cavern/values.yaml`. It goes on for a second sentence,\nand over a line end, as \
             paragraphs in documentation do.\n\n- one point with *weight*\n- another\n\n    with a paragraph of its own\n\n\
             | key | meaning |\n|---|---|\n| `replicas` | how many |\n| `image` | which one |\n\n!!! note \"Mind this\"\n    \
             A box with a body\n    of two lines.\n\n```{language}\n{code}{code}```\n\n=== \"One\"\n\n    The first tab.\n\n\
             === \"Two\"\n\n    The second tab.\n\n[^{section}]: The note number {section}.\n\n",
            next / 50,
        );
    }
    text
}

fn corpus() -> Files {
    let mut files = Files::new();
    put(&mut files, "mkdocs.yml", CONFIG.to_owned());
    put(&mut files, "docs/index.md", "# Home\n\nThe first page.\n".to_owned());
    for number in 0..N_PAGES {
        put(&mut files, &page_path(number), page(number));
    }
    files
}

fn load(files: &Files) -> Project {
    let purpose = Purpose { preview: false, address: None, time: 1_700_000_000 };
    let config = SitePath::new("mkdocs.yml");
    let (project, _) = build::load(files, config, &BTreeMap::new(), &Overrides::default(), purpose);
    project.expect("the corpus has a configuration")
}

fn build_with(files: &Files, before: &Cache) -> Built {
    let project = load(files);
    let found = files.list(project.docs_dir);
    build::build(&project, files, &found, before, &|_, _| {})
}

fn on_threads<T: Send>(n_threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads can be started").install(work)
}

fn site() {
    let files = corpus();
    let n_bytes: usize = files.values().map(|source| source.text().len()).sum();
    say("corpus: pages", N_PAGES as f64, "pages");
    say("corpus: text", n_bytes as f64 / 1e6, "MB");
    let (first, whole) = timed(|| build_with(&files, &Cache::default()));
    say("site: whole build, in memory, all threads", ms(whole), "ms");
    let alone = on_threads(1, || timed(|| build_with(&files, &Cache::default())).1);
    say("site: whole build, in memory, one thread", ms(alone), "ms");
    let same = median(5, || drop(black_box(build_with(&files, &first.cache))));
    say("site: build again, nothing changed", ms(same), "ms");
    let mut number = 0;
    let mut edited = files.clone();
    let edit = median(5, || {
        number += 1;
        put(&mut edited, &page_path(500), page(500) + &format!("\nEdit {number}.\n"));
        let built = build_with(&edited, &first.cache);
        assert_eq!((built.n_parsed, built.n_rendered), (1, 1), "a word makes one page");
    });
    say("site: build after an edit of a word", ms(edit), "ms");
    put(&mut edited, &page_path(500), page(500).replace("# Page 500", "# Another title"));
    let (built, title) = timed(|| build_with(&edited, &first.cache));
    assert_eq!(built.n_parsed, 1, "a title makes one parse");
    say("site: build after an edit of a title (all pages rendered)", ms(title), "ms");
    say("site: whole build / edit of a word", ms(whole) / ms(edit), "times");
}

/// The extensions of the corpus.
fn mkdocs_dialect() -> Dialect {
    let nowhere = Span::at_start(SitePath::new("mkdocs.yml"));
    let lines = CONFIG.lines().filter_map(|line| line.strip_prefix("  - "));
    let names = lines.map(|line| line.split(':').next().unwrap_or_default().to_owned());
    let uses: Vec<_> = names.map(|name| ExtensionUse { name: Spanned::new(name, nowhere), options: None }).collect();
    Dialect::mkdocs(&uses).0
}

fn markdown_alone() {
    let files = corpus();
    let pages: Vec<&Arc<Source>> =
        files.iter().filter(|(path, _)| path.as_str().ends_with(".md")).map(|(_, s)| s).collect();
    let n_bytes: usize = pages.iter().map(|source| source.text().len()).sum();
    for (name, dialect) in [("mkdocs", mkdocs_dialect()), ("commonmark", Dialect::commonmark())] {
        let time = median(3, || pages.iter().for_each(|page| drop(black_box(markdown::parse(page, &dialect, &files)))));
        say(&format!("markdown: {name}, one thread"), n_bytes as f64 / 1e6 / time.as_secs_f64(), "MB/s");
    }
    // Highlighting has no door of its own: it is what a page of code costs more than the same page without.
    let build_one = |language: &str, code: &str, colours: bool| {
        let mut files = Files::new();
        let config = CONFIG.replace("pymdownx.highlight", &format!("pymdownx.highlight: {{use_pygments: {colours}}}"));
        put(&mut files, "mkdocs.yml", config);
        put(&mut files, "docs/index.md", format!("# Code\n\n```{language}\n{code}```\n"));
        on_threads(1, || median(3, || drop(black_box(build_with(&files, &Cache::default())))))
    };
    for (language, code) in CODE {
        let code = code.repeat(300_000 / code.len());
        let cost = build_one(language, &code, true).saturating_sub(build_one(language, &code, false));
        let rate = code.len() as f64 / 1e6 / cost.as_secs_f64().max(1e-9);
        say(&format!("highlighting: {language}, one thread"), rate, "MB/s");
    }
}

// ── Runbooks ─────────────────────────────────────────────────────────────────

/// A runbook whose steps each have their own block.
fn runbook(n_steps: usize) -> String {
    let mut text = "---\nrunbook:\n  version: 1\nchecklist:\n".to_owned();
    for step in 0..n_steps {
        let _ = writeln!(text, "  - step: do-{step}");
    }
    text.push_str("---\n\n# Large\n");
    for step in 0..n_steps {
        let _ = write!(
            text,
            "\n## Step {step}\n\nWhat it does.\n\n```bash\n#| id: do-{step}\n#| timeout: 1m\necho {step}\n```\n"
        );
    }
    text
}

/// Compiles and says how many steps there are.
fn compile(text: &str) -> Plan {
    let path = SitePath::new("large.md");
    let source = Arc::new(Source::new(path, text));
    let files = Files::from([(path, Arc::clone(&source))]);
    let (dialect, _) = Dialect::mkdocs(&[]);
    let library = Library::collect(path, &mut |_| {
        let parsed = markdown::parse(&source, &dialect, &files);
        let (runbook, _) = extract(&parsed.document, &source);
        let anchors = parsed.facts.anchors.keys().cloned().collect();
        Some(Page { source: Arc::clone(&source), runbook, anchors })
    });
    let none = BTreeMap::new();
    let (lowered, diagnostics) = plan::lower(path, &library, Binding::Bound(&none), &Facts::default(), &files);
    let errors: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).take(3).collect();
    lowered.unwrap_or_else(|| panic!("the runbook compiles: {errors:?}")).plan
}

/// The most memory that this process ever held, in MB (Linux).
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<f64>().ok().map(|kilobytes| kilobytes / 1024.0)
}

fn compile_in_this_process(n_steps: usize) {
    let text = runbook(n_steps);
    let (plan, time) = timed(|| (n_steps > 0).then(|| compile(&text)));
    assert_eq!(plan.map_or(0, |plan| plan.steps.len()), n_steps, "each block is a step");
    println!("{} {}", ms(time), peak_memory().unwrap_or(0.0));
}

fn runbook_of_ten_thousand_steps() {
    let mut base = 0.0;
    for n_steps in [0, 5_000, 10_000, 20_000] {
        // A process of its own: memory that was held once is not given back.
        let this = std::env::current_exe().expect("a benchmark knows its own file");
        let output = Command::new(this).args(["--compile", &n_steps.to_string()]).output().expect("it starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout);
        let figures: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        if n_steps == 0 {
            base = figures[1];
            continue;
        }
        say(&format!("runbook: {n_steps} steps compiled"), figures[0], "ms");
        say(&format!("runbook: {n_steps} steps, memory at most, text included"), figures[1] - base, "MB");
    }
}

// ── Runs ─────────────────────────────────────────────────────────────────────

fn trivial_plan(n_steps: usize) -> Plan {
    let step = |number: usize| {
        let needs: Vec<_> = number
            .checked_sub(1)
            .map(|before| serde_json::json!({"step": format!("s{before}"), "on": "success"}))
            .into_iter()
            .collect();
        serde_json::json!({
            "id": format!("s{number}"), "item": format!("s{number}"), "group": null, "kind": "run", "title": "Nothing",
            "impact": "write", "needs": needs, "run": {"shell": "bash", "script": ":"}, "timeout_s": 60, "digest": "",
        })
    };
    let plan = serde_json::json!({
        "format": 1, "runbook": "trivial", "stage": "bound", "kind": "procedure", "mode": "read-do", "params": {},
        "secrets": [], "components": [], "environments": {"staging": {"tier": 0}},
        "steps": (0..n_steps).map(step).collect::<Vec<_>>(), "source": {"files": []}, "hash": "",
    });
    let mut plan: Plan = serde_json::from_value(plan).expect("this has the plan's shape");
    plan.seal();
    plan
}

/// The binary that is measured.
fn opsbook() -> Command {
    Command::new(std::env::var_os("OPSBOOK_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_opsbook").into()))
}

fn spawn_bash(folder: &Path) {
    let script = folder.join("script");
    let output = Command::new("bash")
        .args(["-euo", "pipefail"])
        .arg(script)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("bash starts");
    assert!(output.status.success());
}

fn run() {
    const N_ROUNDS: usize = 5;
    const N_STEPS: usize = 200;
    // Beside the build's products, not in a folder that may lie in memory: each record is synced.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder can be made");
    let at = folder.path();
    std::fs::write(at.join("script"), ":\n").expect("the folder takes files");
    std::fs::write(at.join("plan.json"), trivial_plan(N_STEPS).to_json()).expect("the folder takes files");
    let (mut bash, mut steps, mut sync) = (Vec::new(), Vec::new(), Vec::new());
    let mut n_records = 0;
    // Taken in turns, so that both see the machine as it is at the time.
    for round in 0..N_ROUNDS {
        bash.push(timed(|| (0..N_STEPS).for_each(|_| spawn_bash(at))).1 / N_STEPS as u32);
        let runs = at.join(format!("runs-{round}"));
        let (output, time) = timed(|| {
            opsbook()
                .args(["run", "plan.json", "--runs"])
                .arg(&runs)
                .current_dir(at)
                .env("XDG_STATE_HOME", at.join("state"))
                .stdin(Stdio::null())
                .output()
                .expect("opsbook starts")
        });
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        steps.push(time / N_STEPS as u32);
        let run = std::fs::read_dir(&runs).expect("there is a run").flatten().next().expect("there is a run");
        let journal = std::fs::read(run.path().join("journal.jsonl")).expect("there is a journal");
        let lines: Vec<&[u8]> = journal.split_inclusive(|byte| *byte == b'\n').collect();
        n_records = lines.len();
        let mut copy = File::create(at.join("copy")).expect("the folder takes files");
        let (_, time) = timed(|| {
            for line in &lines {
                copy.write_all(line).and_then(|()| copy.sync_data()).expect("the disk takes it");
            }
        });
        sync.push(time / N_STEPS as u32);
    }
    for times in [&mut bash, &mut steps, &mut sync] {
        times.sort_unstable();
    }
    let (bash, steps, sync) = (bash[N_ROUNDS / 2], steps[N_ROUNDS / 2], sync[N_ROUNDS / 2]);
    say("run: steps", (N_STEPS * N_ROUNDS) as f64, "steps");
    say("run: records of the journal, per step", n_records as f64 / N_STEPS as f64, "records");
    say("run: bash alone, per start", ms(bash), "ms");
    say("run: a trivial step", ms(steps), "ms");
    say("run: writing and syncing its records alone", ms(sync), "ms");
    say("run: a step beyond bash", ms(steps.saturating_sub(bash)), "ms");
    say("run: a step / bash alone", ms(steps) / ms(bash), "times");
}

/// Changes for users behind an approval with a signature, in a repository: the rules about people are looked
/// at before each, and each session signs.
fn signed_run() {
    const N_ROUNDS: usize = 5;
    const N_STEPS: usize = 200;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder can be made");
    let at = folder.path();
    std::fs::write(at.join("script"), ":\n").expect("the folder takes files");
    std::fs::create_dir_all(at.join("book/docs")).expect("the folder takes folders");
    let put =
        |name: &str, text: &str| std::fs::write(at.join("book").join(name), text).expect("the folder takes files");
    let mut signers = String::new();
    for name in ["ana", "bob"] {
        let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(at.join(name)).status();
        assert!(made.is_ok_and(|status| status.success()), "ssh-keygen is installed");
        let public = std::fs::read_to_string(at.join(format!("{name}.pub"))).expect("the public key is there");
        let key: Vec<&str> = public.split_whitespace().take(2).collect();
        let _ = writeln!(signers, "{name}@example.org {}", key.join(" "));
    }
    put("allowed_signers", &signers);
    put(".gitignore", "runs*/\n");
    let roles = "[runbook.roles]\nmanagers = [\"bob@example.org\"]\n";
    put(
        "book.toml",
        &format!("[book]\ntitle = \"B\"\nsrc = \"docs\"\n[runbook]\nallowed-signers = \"allowed_signers\"\n{roles}"),
    );
    let mut page = "---\nrunbook:\n  version: 1\n  owners: [\"@a/b\"]\n  environments:\n    production: {tier: 1}\n\
                    checklist:\n  - {id: go, approve: {role: managers, forbid: [runner]}, text: Go}\n"
        .to_owned();
    for step in 0..N_STEPS {
        let _ = writeln!(page, "  - {{id: s{step}, step: nothing, env: production}}");
    }
    page += "---\n# R\n\n```bash\n#| id: nothing\n#| impact: write\n#| timeout: 1m\n:\n```\n";
    put("docs/r.md", &page);
    for words in [&["init", "-q", "-b", "main"][..], &["add", "-A"], &["commit", "-q", "-m", "all"]] {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=Dee", "-c", "user.email=dee@example.org"]).args(words).current_dir(at.join("book"));
        assert!(git.status().is_ok_and(|status| status.success()), "git is installed");
    }
    let (mut bash, mut steps) = (Vec::new(), Vec::new());
    for round in 0..N_ROUNDS {
        bash.push(timed(|| (0..N_STEPS).for_each(|_| spawn_bash(at))).1 / N_STEPS as u32);
        let runs = format!("runs-{round}");
        let does = |words: &str, status: i32| {
            let home = at.to_string_lossy();
            let words = words.split(' ').map(|word| word.replace('~', &home));
            let mut command = opsbook();
            command.args(words).args(["--runs", &runs]).current_dir(at.join("book")).stdin(Stdio::null());
            let (output, time) = timed(|| command.env("XDG_STATE_HOME", at.join("state")).output().expect("it starts"));
            assert_eq!(output.status.code(), Some(status), "{}", String::from_utf8_lossy(&output.stderr));
            time
        };
        does("run docs/r.md --no-input --as ana@example.org --key ~/ana", 4);
        does("approve latest go --as bob@example.org --key ~/bob", 0);
        steps.push(does("resume latest --no-input --as ana@example.org --key ~/ana", 0) / N_STEPS as u32);
    }
    bash.sort_unstable();
    steps.sort_unstable();
    let (bash, steps) = (bash[N_ROUNDS / 2], steps[N_ROUNDS / 2]);
    say("signed: a trivial change behind a signed approval", ms(steps), "ms");
    say("signed: such a step beyond bash", ms(steps.saturating_sub(bash)), "ms");
}
