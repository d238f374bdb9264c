//! `opsbook serve`: a preview that follows every change.

use super::build::{Dirty, Look, Strictness, without_output};
use super::project::{Place, ProjectArgs};
use super::report::{self, Format};
use super::{Status, could_not};
use crate::build::{self, Built, Cache, Content, Overrides, Project, Purpose};
use crate::shell::{self, Change, Disk, ServeOptions, Server, Stopwatch, Terminal, Watcher};
use crate::text::{SitePath, World as _, counted};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::PathBuf;

/// Show the site in the browser, and follow every change
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook serve -o
      Open this project's site in the browser
  opsbook serve -a 127.0.0.1:8080
      Listen at another port
  opsbook serve -a 0.0.0.0:8000 --allow-host devbox
      Listen for other machines, which may call this one `devbox`

The preview holds the site in memory and writes nothing. It shows drafts. While the newest state has errors, \
the last good pages stay, with the errors laid over them. It is no server for the public.")]
pub(super) struct Typed {
    #[command(flatten)]
    project: ProjectArgs,
    /// Address to listen at [default: `dev_addr` of the configuration, else 127.0.0.1:8000]
    #[arg(short = 'a', long = "dev-addr", value_name = "ADDR:PORT", value_parser = address)]
    address: Option<String>,
    /// Open the site in the browser
    #[arg(short = 'o', long = "open")]
    open: bool,
    /// Reload pages when they change, which is the default
    #[arg(long, overrides_with = "no_livereload")]
    livereload: bool,
    /// Do not reload pages when they change
    #[arg(long, overrides_with = "livereload")]
    no_livereload: bool,
    /// Show the very site that `opsbook build` writes: no drafts, and the site's own addresses
    #[arg(short, long, overrides_with = "dirty")]
    clean: bool,
    #[command(flatten)]
    dirty: Dirty,
    /// Accepted for MkDocs' sake, without effect: the theme's own folder is watched anyway
    #[arg(long)]
    watch_theme: bool,
    /// Watch a file or folder besides those of the project (can be repeated)
    #[arg(short = 'w', long = "watch", value_name = "PATH")]
    watch: Vec<PathBuf>,
    /// Look for changes twice a second, where the file system does not tell of them (network and
    /// container mounts)
    #[arg(long)]
    poll: bool,
    /// Address under which an editor opens a place, for the links of the problems that a page shows, with
    /// `{file}`, `{line}` and `{column}` [default: vscode://file{file}:{line}:{column}]
    #[arg(long, value_name = "ADDRESS", default_value = "vscode://file{file}:{line}:{column}", hide_default_value = true, value_parser = editor)]
    editor: String,
    /// Answer to this host name too, besides localhost and IP addresses (can be repeated)
    #[arg(long = "allow-host", value_name = "NAME")]
    allow_host: Vec<String>,
    #[command(flatten)]
    strictness: Strictness,
    #[command(flatten)]
    look: Look,
}

/// Reads the address to listen at. It is `dev_addr` of MkDocs: a host is named too.
fn address(text: &str) -> Result<String, String> {
    let ip =
        |host: &str| host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).parse::<IpAddr>();
    match text.rsplit_once(':') {
        _ if text.parse::<u16>().is_ok() => Err(format!("the host is missing; write `-a 127.0.0.1:{text}`")),
        Some((host, _)) if host != "localhost" && ip(host).is_err() => {
            Err(format!("`{host}` is not an IP address or `localhost`; write `-a 127.0.0.1:8000`"))
        }
        Some((_, port)) if port.parse::<u16>().is_err() => {
            Err(format!("`{port}` is not a port, a number up to 65535; write `-a 127.0.0.1:8000`"))
        }
        Some(_) => Ok(text.to_owned()),
        None => Err("the port is missing; write `-a 127.0.0.1:8000`".to_owned()),
    }
}

/// Reads the address under which an editor opens a file: a page must not run a script instead.
fn editor(text: &str) -> Result<String, String> {
    let scheme = text.split(':').next().unwrap_or_default().to_ascii_lowercase();
    if !text.contains("{file}") {
        return Err("it does not say `{file}`; write, for example, `idea://open?file={file}&line={line}`".to_owned());
    }
    if !text.contains(':') || ["javascript", "data"].contains(&scheme.as_str()) {
        return Err("it is not the address of an editor, such as `idea://open?file={file}&line={line}`".to_owned());
    }
    Ok(text.to_owned())
}

/// The preview: where it is shown, and the state of the sources that it shows.
struct Preview {
    terminal: Terminal,
    server: Server,
    project: Option<Project>,
    cache: Cache,
    stamps: BTreeMap<build::OutPath, String>,
    outputs: build::Outputs,
    editor: String,
    /// The files that the last build changed, where nothing but copies changed.
    only_copies: Vec<build::OutPath>,
}

pub(super) fn run(typed: &Typed, terminal: Terminal) -> Status {
    let Place { mut disk, config } = match typed.project.open(terminal) {
        Ok(place) => place,
        Err(status) => return status,
    };
    typed.dirty.explain(terminal);
    if typed.watch_theme {
        terminal.say(
            "note: `--watch-theme` does nothing here: `custom_dir` is watched anyway, and opsbook's own theme is \
             part of the program",
        );
    }
    let overrides = Overrides { dev_addr: typed.address.clone(), ..typed.look.overrides(&typed.strictness) };
    let variables = shell::variables();
    // The first look tells where to listen; where it fails, nothing can be shown at all.
    let (first, diagnostics) = build::load(&disk, config, &variables, &overrides, Purpose::default());
    let Some(first) = first else {
        return report::print(terminal, Format::Human, &diagnostics, &disk).max(Status::ContentAtFault);
    };
    let options = ServeOptions { mount: first.mount(), live: !typed.no_livereload, hosts: typed.allow_host.clone() };
    let server = match Server::start(&first.dev_addr.value, options) {
        Ok(server) => server,
        Err(error) => {
            let message = format!("cannot listen at `{}`: {error}", first.dev_addr.value);
            return could_not(
                terminal,
                &message,
                Some("choose another address with `-a`, such as `-a 127.0.0.1:8001`"),
            );
        }
    };
    let mut watcher = Watcher::start(typed.poll, vec![disk.locate(first.site_dir)]);
    // What changes while the first build runs is not lost.
    say_all(terminal, watch(&mut watcher, &disk, Some(&first), config, &typed.watch));
    let mut address = server.address(&first.mount());
    let mut preview = Preview {
        terminal,
        server,
        project: Some(first),
        cache: Cache::default(),
        stamps: BTreeMap::new(),
        outputs: build::Outputs::default(),
        editor: typed.editor.clone(),
        only_copies: Vec::new(),
    };
    let mut first_time = true;
    loop {
        let clock = Stopwatch::start();
        let purpose = Purpose {
            preview: !typed.clean,
            address: (!typed.clean).then(|| address.clone()),
            time: shell::build_time(),
        };
        let (project, diagnostics) = build::load(&disk, config, &variables, &overrides, purpose.clone());
        // The site stands where its own address is, which may be another one.
        let moved = project.as_ref().map(|project| preview.server.address(&project.mount()));
        let (project, diagnostics) = match moved {
            Some(moved) if moved != address => {
                address = moved;
                let purpose = Purpose { address: purpose.address.map(|_| address.clone()), ..purpose };
                build::load(&disk, config, &variables, &overrides, purpose)
            }
            _ => (project, diagnostics),
        };
        match project {
            None => {
                report::print(terminal, Format::Human, &diagnostics, &disk);
                preview.server.complain(report::complaints(&diagnostics, &disk, &typed.editor));
            }
            Some(mut project) => {
                super::project::prepare(&mut project, &mut disk, terminal);
                let found = without_output(disk.list(project.docs_dir), project.docs_dir, Some(project.site_dir));
                let built = build::build(&project, &disk, &found, &preview.cache, &|_, _| {});
                preview.show(&disk, &project, built, clock);
                preview.project = Some(project);
            }
        }
        // Watch before looking at what changed meanwhile: a change between the two is not lost.
        say_all(terminal, watch(&mut watcher, &disk, preview.project.as_ref(), config, &typed.watch));
        if std::mem::take(&mut first_time) {
            terminal.say(&format!("Serving on {address} (Ctrl+C ends it)"));
            if typed.open
                && let Err(error) = shell::open_in_browser(&address)
            {
                terminal.say(&format!("warning: cannot open a browser: {error}"));
            }
        }
        if watcher.wait() == Change::Everything {
            disk = disk.afresh();
        } else {
            disk = disk.next();
        }
    }
}

impl Preview {
    /// Shows what was built, where it is good; else says what is wrong with it.
    fn show(&mut self, disk: &Disk, project: &Project, built: Built, clock: Stopwatch) {
        let mut diagnostics = built.diagnostics;
        diagnostics.extend(build::problems_of_files(&disk.problems()));
        diagnostics.sort();
        let diagnostics = report::weigh(diagnostics, &project.levels(), project.strict);
        let stamps = stamps(disk, &built.outputs);
        let changed = changed(&self.outputs, &built.outputs, &self.stamps, &stamps);
        // A file that is copied and written again and again may hold what is said here, through `tee`:
        // it has been named, and saying it again would start the next build.
        let only_copies = if built.n_rendered == 0 { changed.clone() } else { Vec::new() };
        let is_said = !only_copies.is_empty() && only_copies == self.only_copies;
        self.only_copies = only_copies;
        if !is_said {
            report::print(self.terminal, Format::Human, &diagnostics, disk);
        }
        self.cache = built.cache;
        self.server.complain(report::complaints(&diagnostics, disk, &self.editor));
        if diagnostics.has_errors() {
            return;
        }
        self.outputs = built.outputs.clone();
        self.stamps = stamps;
        if !changed.is_empty() {
            self.server.show(disk, &project.mount(), built.outputs, &changed);
        }
        if is_said {
            return;
        }
        let millis = clock.elapsed().as_millis();
        let (pages, n_rendered) = (counted(built.n_pages, "page"), built.n_rendered);
        let changed = counted(changed.len(), "file");
        self.terminal.say(&format!("Built {n_rendered} of {pages} in {millis} ms, {changed} changed"));
    }
}

fn say_all(terminal: Terminal, warnings: Vec<String>) {
    for warning in warnings {
        terminal.say(&format!("warning: {warning}"));
    }
}

/// What copied files look like, so that a changed image is noticed too.
fn stamps(disk: &Disk, outputs: &build::Outputs) -> BTreeMap<build::OutPath, String> {
    let copies = outputs.files.iter().filter_map(|(path, content)| match content {
        Content::CopyOf(source) => Some((path.clone(), disk.stamp(*source))),
        Content::Bytes(_) => None,
    });
    copies.collect()
}

fn changed(
    before: &build::Outputs,
    now: &build::Outputs,
    stamps_before: &BTreeMap<build::OutPath, String>,
    stamps_now: &BTreeMap<build::OutPath, String>,
) -> Vec<build::OutPath> {
    let differs = |path: &&build::OutPath| {
        before.files.get(*path) != now.files.get(*path) || stamps_before.get(*path) != stamps_now.get(*path)
    };
    let all: BTreeSet<&build::OutPath> = before.files.keys().chain(now.files.keys()).collect();
    all.into_iter().filter(differs).cloned().collect()
}

fn watch(
    watcher: &mut Watcher,
    disk: &Disk,
    project: Option<&Project>,
    config: SitePath,
    more: &[PathBuf],
) -> Vec<String> {
    let (asked_files, _) = disk.asked();
    let mut files: BTreeSet<PathBuf> = asked_files.into_iter().map(|path| disk.locate(path)).collect();
    files.insert(disk.locate(config));
    let mut folders = BTreeSet::new();
    if let Some(project) = project {
        folders.insert(disk.locate(project.docs_dir));
        folders.extend(project.custom_dir.map(|folder| disk.locate(folder)));
        files.extend(project.config_files.iter().map(|path| disk.locate(*path)));
        folders.extend(project.watch.iter().map(|path| disk.locate(*path)));
    }
    folders.extend(more.iter().map(|path| shell::absolute(path)));
    watcher.watch(folders, files)
}
