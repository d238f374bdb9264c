//! Finding and opening a project: the arguments that most commands share.

use super::{Status, could_not};
use crate::build::{self, Overrides, Project, Purpose};
use crate::shell::{self, Disk, Terminal};
use crate::text::{SitePath, Source};
use std::path::PathBuf;

/// The names of a configuration file, in the order in which they are looked for.
pub(super) use crate::shell::CONFIG_NAMES;

/// What most commands ask of a project.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct ProjectArgs {
    /// Configuration file; `-` reads an mkdocs.yml from standard input [default: book.toml,
    /// mkdocs.yml or mkdocs.yaml, in this folder or the nearest parent that has one]
    #[arg(short = 'f', long = "config-file", value_name = "CONFIG")]
    pub(super) config_file: Option<PathBuf>,
}

/// A project that was found: its files, and which of them is the configuration.
pub(super) struct Place {
    pub(super) disk: Disk,
    pub(super) config: SitePath,
}

impl ProjectArgs {
    /// Finds the project.
    pub(super) fn open(&self, terminal: Terminal) -> Result<Place, Status> {
        let here = shell::current_folder()
            .map_err(|error| could_not(terminal, &format!("cannot tell the current folder: {error}"), None))?;
        let path = match &self.config_file {
            Some(path) if path.as_os_str() == "-" => {
                let text = shell::read_standard_input()
                    .map_err(|error| could_not(terminal, &format!("cannot read standard input: {error}"), None))?;
                let mut disk = open_disk(&here, terminal)?;
                let config = SitePath::new("mkdocs.yml");
                disk.give(Source::new(config, text));
                return Ok(Place { disk, config });
            }
            Some(path) => here.join(path),
            None => shell::find_upwards(&here, CONFIG_NAMES).ok_or_else(|| {
                could_not(
                    terminal,
                    &format!("there is no `book.toml` or `mkdocs.yml` in `{}` or its parents", here.display()),
                    Some("name one with `-f`, or start a book with `opsbook new DIR`"),
                )
            })?,
        };
        if super::named::is_page(&path) {
            let message = format!("`{}` is a page, not a configuration", path.display());
            let help = "name a `book.toml` or an `mkdocs.yml` with `-f`; without it, the nearest one is taken";
            return Err(could_not(terminal, &message, Some(help)));
        }
        shell::check_config(&path).map_err(|error| could_not(terminal, &error.message, error.help.as_deref()))?;
        let disk = open_disk(path.parent().unwrap_or(&here), terminal)?;
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| could_not(terminal, "the configuration file's name is not UTF-8", None))?;
        terminal.detail(&format!("The configuration is {}", path.display()));
        Ok(Place { disk, config: SitePath::new(name) })
    }
}

/// Asks Git when pages were committed, where the project shows that.
fn ask_history(project: &mut Project, disk: &Disk, terminal: Terminal) {
    let Some(rules) = project.wanted_history() else { return };
    match shell::git_history(disk.root(), &disk.locate(project.docs_dir), rules) {
        Ok(history) => project.history = history,
        Err(why) => terminal.say(&format!("warning: pages show no dates: {why}")),
    }
}

/// Makes what was loaded ready to be built: pages know when Git saw them, and name files of the project only.
pub(super) fn prepare(project: &mut Project, disk: &mut Disk, terminal: Terminal) {
    ask_history(project, disk, terminal);
    let named: Vec<SitePath> = project.custom_dir.into_iter().collect();
    disk.fence(Some(project.docs_dir), &named);
}

fn open_disk(folder: &std::path::Path, terminal: Terminal) -> Result<Disk, Status> {
    Disk::open(folder)
        .map_err(|error| could_not(terminal, &format!("cannot open the folder `{}`: {error}", folder.display()), None))
}

/// A page and the project that it belongs to.
pub(super) struct Opened {
    pub(super) disk: Disk,
    pub(super) entry: SitePath,
    /// Absent where no configuration stands above the page.
    pub(super) project: Option<Project>,
    /// The folder of the project's pages.
    pub(super) docs: Option<SitePath>,
}

/// Finds the project of a page or a folder that is there.
///
/// Paths begin at the nearest folder above it with a Release Please configuration, whose paths do so
/// too; else at the folder of the configuration, of the repository, or of the page.
pub(super) fn open_page(terminal: Terminal, file: &std::path::Path) -> Result<Opened, Status> {
    let path = shell::absolute(file);
    let folder = match shell::kind_of(&path) {
        shell::Kind::Folder => path.as_path(),
        shell::Kind::File | shell::Kind::Missing => path.parent().unwrap_or(&path),
    };
    let config = shell::find_upwards(folder, CONFIG_NAMES);
    let marked = |name: &str| shell::find_upwards(folder, &[name]);
    let root = marked(crate::plan::CONFIG).or_else(|| config.clone()).or_else(|| marked(".git"));
    let root = root.and_then(|mark| mark.parent().map(PathBuf::from)).unwrap_or_else(|| folder.to_owned());
    let disk = open_disk(&root, terminal)?;
    let entry = disk
        .name(&path)
        .ok_or_else(|| could_not(terminal, &format!("the name of `{}` is not UTF-8", file.display()), None))?;
    let mut project = None;
    let mut docs = None;
    if let Some(config) = &config
        && let (Some(above), Some(name)) = (config.parent(), config.file_name().and_then(|name| name.to_str()))
    {
        let config_disk = open_disk(above, terminal)?;
        let variables = shell::variables();
        let loaded =
            build::load(&config_disk, SitePath::new(name), &variables, &Overrides::default(), Purpose::default());
        project = loaded.0;
        docs = project.as_ref().and_then(|project| disk.name(&config_disk.locate(project.docs_dir)));
    }
    Ok(Opened { disk, entry, project, docs })
}
