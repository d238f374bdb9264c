//! A plan is what its pages say: the pages are compiled again, and the plans compared.
//!
//! In a repository the pages are those of the commit that the plan names, whatever lies in the work
//! tree; without one they are those that lie here.

use super::trust::short;
use super::{Disk, Repository};
use crate::build;
use crate::plan::machine::approval::lets_through;
use crate::plan::{self, Binding, Facts, Library, Lowered, Plan, Stage};
use crate::text::{SitePath, World};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// The names of a configuration file, in the order in which they are looked for.
pub const CONFIG_NAMES: &[&str] =
    &["book.toml", "properdocs.yml", "properdocs.yaml", "mkdocs.yml", "mkdocs.yaml", "zensical.toml"];

/// What compiling a plan's pages again comes to.
#[derive(Clone, Debug)]
pub enum Again {
    /// The pages make this plan.
    Same(Box<Pages>),
    /// They make another one; what is different, and where they lie.
    Other {
        /// Such as ``commit 1234 of this repository``.
        place: String,
        /// One difference each.
        differences: Vec<String>,
    },
    /// They could not be compiled, and why.
    Unknown(String),
}

impl fmt::Display for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Again::Same(pages) => match &pages.commit {
                Some(commit) => write!(f, "compiled again from the pages of commit {}: the same plan", short(commit)),
                None => write!(f, "compiled again from the pages that lie here, without a repository: the same plan"),
            },
            Again::Other { place, differences } => {
                write!(f, "the plan is not what {place} make: {}", differences.join(", "))
            }
            Again::Unknown(why) => write!(f, "the plan was not compared with its pages: {why}"),
        }
    }
}

/// The pages that a plan was compiled from again.
#[derive(Clone, Debug)]
pub struct Pages {
    /// The commit; absent where there is no repository.
    pub commit: Option<String>,
    /// The way from the top of the repository to the folder that the plan's paths begin at.
    prefix: SitePath,
    lowered: Lowered,
    library: Library,
}

/// Compiles a plan's pages again. `folders` are where the plan's paths may begin, the most likely first.
pub fn compile_again(plan: &Plan, repository: Option<&Repository>, folders: &[PathBuf]) -> Again {
    let pages: Vec<&str> = plan.source.files.iter().map(|file| file.path.as_str()).collect();
    if pages.is_empty() {
        return Again::Unknown("the plan names no pages".into());
    }
    let folders: Vec<PathBuf> = folders.iter().filter_map(|folder| folder.canonicalize().ok()).collect();
    let Some(repository) = repository else {
        let has_all = |folder: &&PathBuf| pages.iter().all(|page| folder.join(page).is_file());
        let Some(root) = folders.iter().find(has_all) else {
            return Again::Unknown("there is no repository, and the plan's pages are not here".into());
        };
        let at = |folder: &Path| Disk::open(folder).map(|disk| Box::new(disk) as Box<dyn World>).ok();
        return compare(plan, root, Path::new("/"), None, SitePath::new(""), &at);
    };
    // Without its commit, the pages that lie here can still show that it is another plan.
    let unknown = |why: String| match compile_again(plan, None, &folders) {
        other @ Again::Other { .. } => other,
        _ => Again::Unknown(why),
    };
    let Some(commit) = &plan.source.commit else {
        return unknown("the plan was made of no commit".into());
    };
    let world = match repository.world(commit, repository.top()) {
        Ok(world) => world,
        Err(why) => return unknown(why),
    };
    let prefixes = folders.iter().filter_map(|folder| Some((folder, repository.prefix(folder).ok()?)));
    let mut fitting = prefixes.filter(|(_, prefix)| pages.iter().all(|page| world.source(prefix.join(page)).is_ok()));
    let Some((root, prefix)) = fitting.next() else {
        return Again::Unknown(format!("commit {} does not have the plan's pages", short(commit)));
    };
    let at = |folder: &Path| world.at(folder).map(|world| Box::new(world) as Box<dyn World>).ok();
    compare(plan, root, repository.top(), Some(commit.clone()), prefix, &at)
}

fn compare(
    plan: &Plan,
    root: &Path,
    top: &Path,
    commit: Option<String>,
    prefix: SitePath,
    at: &dyn Fn(&Path) -> Option<Box<dyn World>>,
) -> Again {
    let place = match &commit {
        Some(commit) => format!("the pages of commit {}", short(commit)),
        None => "the pages that lie here".to_owned(),
    };
    let Some(world) = at(root) else {
        return Again::Unknown(format!("`{}` cannot be opened", root.display()));
    };
    let other = |differences: Vec<String>| Again::Other { place: place.clone(), differences };
    let given: BTreeMap<String, String> =
        plan.params.iter().filter_map(|(name, param)| Some((name.clone(), text_of(param.value.as_ref()?)))).collect();
    let binding = if plan.stage == Stage::Template { Binding::Template } else { Binding::Bound(&given) };
    let facts =
        Facts { commit: plan.source.commit.clone(), released: Some(plan.components.clone()), ..Facts::default() };
    for file in plan.source.files.iter().filter(|file| file.path.ends_with(".md") || file.path.ends_with(".markdown")) {
        let entry = SitePath::new(&file.path);
        let project = project_of(&root.join(&file.path), top, at);
        let (library, mut diagnostics) = build::collect_library(project.as_ref(), &*world, entry);
        let settings = library.runbook(entry).and_then(|runbook| runbook.settings.as_ref());
        if settings.is_none_or(|settings| settings.id.value != plan.runbook) {
            continue;
        }
        let (lowered, found) = plan::lower(entry, &library, binding, &facts, &*world);
        diagnostics.append(found);
        let Some(lowered) = lowered.filter(|_| !diagnostics.has_errors()) else {
            return other(vec!["they make no plan: the runbook has errors".to_owned()]);
        };
        let differences = differences(plan, &lowered.plan);
        if !differences.is_empty() {
            return other(differences);
        }
        return Again::Same(Box::new(Pages { commit, prefix, lowered, library }));
    }
    other(vec![format!("none of them has the runbook `{}`", plan.runbook)])
}

/// Returns the project of a page: its dialect decides what a block is.
fn project_of(page: &Path, top: &Path, at: &dyn Fn(&Path) -> Option<Box<dyn World>>) -> Option<build::Project> {
    let folders = page.ancestors().skip(1).take_while(|folder| folder.starts_with(top));
    for folder in folders {
        let Some(world) = at(folder) else { continue };
        let named = CONFIG_NAMES.iter().map(|name| SitePath::new(name)).find(|name| world.source(*name).is_ok());
        if let Some(name) = named {
            let (overrides, purpose) = (build::Overrides::default(), build::Purpose::default());
            return build::load(&*world, name, &super::variables(), &overrides, purpose).0;
        }
    }
    None
}

/// A value as it is written on the command line.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(words) => words.iter().map(text_of).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// Says how a plan differs from the one that its pages make; nothing where it is the same.
fn differences(plan: &Plan, made: &Plan) -> Vec<String> {
    let mut found = Vec::new();
    for step in &plan.steps {
        match made.step(&step.id) {
            None => found.push(format!("step `{}` is not in them", step.id)),
            Some(other) if other.digest != step.digest => {
                found.push(format!("step `{}` is another one there", step.id))
            }
            Some(other) if other.source != step.source => {
                found.push(format!("step `{}` stands elsewhere there", step.id))
            }
            Some(_) => {}
        }
    }
    let missing = made.steps.iter().filter(|step| plan.step(&step.id).is_none());
    found.extend(missing.map(|step| format!("step `{}` is missing", step.id)));
    if found.is_empty() && plan.components != made.components {
        found.push("they release other components or versions".to_owned());
    }
    if found.is_empty() && plan.hash != made.hash {
        found.push("the settings, the parameters or the order of the steps are others there".to_owned());
    }
    found
}

impl Pages {
    /// Returns the lines that an approval lets through, by the file's path in the repository: the items
    /// and blocks of the steps behind it, of what verifies, monitors and undoes them, and its own.
    pub fn guarded_lines(&self, approval: &str) -> BTreeMap<String, Vec<RangeInclusive<u64>>> {
        let plan = &self.lowered.plan;
        let guarded = lets_through(plan, approval);
        let ids: BTreeSet<&str> = guarded.iter().map(|step| step.id.as_str()).collect();
        let mut spans = BTreeSet::new();
        for (step, place) in plan.steps.iter().zip(&self.lowered.places) {
            if ids.contains(step.id.as_str()) {
                spans.insert(place.item);
                spans.extend(place.block.map(|(block, _)| block));
            }
        }
        let actions = guarded.iter().flat_map(|step| [&step.verify, &step.undo, &step.monitor]).flatten();
        let blocks: BTreeSet<&str> = actions.map(|action| action.block.as_str()).collect();
        for (_, page) in self.library.pages() {
            let own = page.runbook.iter().flat_map(|runbook| &runbook.blocks);
            spans.extend(own.filter(|block| blocks.contains(block.id.value.as_str())).map(|block| block.span));
        }
        let mut lines: BTreeMap<String, Vec<RangeInclusive<u64>>> = BTreeMap::new();
        for span in spans {
            let Some(page) = self.library.page(span.file) else { continue };
            let (index, range) = (page.source.lines(), span.range());
            let last = range.end.max(range.start + 1) - 1;
            let path = self.prefix.join(span.file.as_str());
            lines.entry(path.to_string()).or_default().push(index.line(range.start) as u64..=index.line(last) as u64);
        }
        lines
    }
}
