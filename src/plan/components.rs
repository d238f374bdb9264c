//! What is released: an explicit list, or the packages of Release Please.
//!
//! Reads `release-please-config.json` and `.release-please-manifest.json` from the project's folder
//! through [`World`]; what the manifest said at a Git reference, and what the action's outputs say,
//! arrives in [`Facts`].

use super::library::Library;
use super::model::{Component, SourceFile};
use crate::diag::{Code, Diagnostic, Diagnostics, nearest};
use crate::runbook::{Components, Select, Template};
use crate::text::yaml::{self, Node};
use crate::text::{Chunk, SitePath, Source, Span, World};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Where Release Please keeps its configuration.
pub const CONFIG: &str = "release-please-config.json";
/// Where Release Please keeps the versions.
pub const MANIFEST: &str = ".release-please-manifest.json";

/// Facts of the repository, as values.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The commit that is planned.
    pub commit: Option<String>,
    /// The state to compare with (`--since`).
    pub base: Option<Base>,
    /// The outputs of the Release Please action, by name.
    pub outputs: Option<BTreeMap<String, String>>,
    /// What a plan says that it releases, where that plan is made again: which components, and from which
    /// versions. The versions to release are the manifest's.
    pub released: Option<Vec<Component>>,
    /// All Git tags, where they are known.
    pub tags: Option<BTreeSet<String>>,
}

/// An earlier state of the repository.
#[derive(Clone, Debug, Default)]
pub struct Base {
    /// The reference as given.
    pub reference: String,
    /// The manifest's text there; `None` where it did not exist.
    pub manifest: Option<String>,
}

/// The packages of Release Please with their places.
#[derive(Clone, Debug, Default)]
pub struct Packages {
    /// In the order of the configuration.
    pub packages: Vec<Package>,
    /// Paths in the manifest with their versions and places.
    pub manifest: Vec<(String, String, Span)>,
    /// The files that were read.
    pub sources: Vec<Arc<Source>>,
}

/// One package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// The folder.
    pub path: String,
    /// Where the configuration names it.
    pub span: Span,
    /// The component's name.
    pub name: String,
    /// The name as stated (`component` or `package-name`) with its place.
    pub stated: Option<(String, Span)>,
    /// `release-type`.
    pub release_type: String,
    /// The tag's text before the version.
    pub tag_prefix: String,
    /// `Chart.yaml`, where it is a chart.
    pub chart: Option<Chart>,
}

/// A chart's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// `name` with its place.
    pub name: Option<(String, Span)>,
    /// `version` with its place.
    pub version: Option<(String, Span)>,
}

/// Reads JSON as the YAML that it is; tabs between tokens count as spaces, byte for byte.
fn parse_json(source: &Source) -> Result<Node, yaml::Error> {
    let text = source.text().replace('\t', " ");
    yaml::parse(&Chunk::copied(&text, source.span())).map(|parsed| parsed.root)
}

/// Reads the configuration, the manifest and the charts. `None` where there is no configuration.
pub fn read_packages(world: &dyn World, diagnostics: &mut Diagnostics) -> Option<Packages> {
    let config = world.source(SitePath::new(CONFIG)).ok()?;
    let mut out = Packages { sources: vec![config.clone()], ..Packages::default() };
    let root = match parse_json(&config) {
        Ok(root) => root,
        Err(error) => {
            let message = format!("`{CONFIG}` is no JSON: {}", error.message);
            diagnostics.push(Diagnostic::new(Code::ReleasePleaseFile, error.span, message));
            return Some(out);
        }
    };
    let packages = root.get("packages").and_then(Node::as_map).unwrap_or_default();
    for (key, node) in packages {
        let Some(path) = key.as_str() else { continue };
        let setting = |name: &str| node.get(name).or_else(|| root.get(name));
        let flag = |name: &str, default: bool| setting(name).and_then(Node::as_bool).unwrap_or(default);
        let release_type = setting("release-type").and_then(Node::as_str).unwrap_or("node").to_owned();
        let chart = if release_type == "helm" { read_chart(world, path, &mut out.sources) } else { None };
        let stated = ["component", "package-name"].iter().find_map(|name| {
            node.get(name)?.as_str().map(|text| (text.to_owned(), node.get(name).map_or(key.span, |at| at.span)))
        });
        let from_chart = chart.as_ref().and_then(|chart| chart.name.as_ref()).map(|(name, _)| name.clone());
        let folder = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path).to_owned();
        let name = stated.as_ref().map(|(name, _)| name.clone()).or(from_chart).unwrap_or(folder);
        let name = if name == "." { "root".to_owned() } else { name };
        let separator = setting("tag-separator").and_then(Node::as_str).unwrap_or("-");
        let v = if flag("include-v-in-tag", true) { "v" } else { "" };
        let tag_prefix = if flag("include-component-in-tag", true) && (path != "." || stated.is_some()) {
            format!("{name}{separator}{v}")
        } else {
            v.to_owned()
        };
        out.packages.push(Package {
            path: path.to_owned(),
            span: key.span,
            name,
            stated,
            release_type,
            tag_prefix,
            chart,
        });
    }
    if let Ok(manifest) = world.source(SitePath::new(MANIFEST)) {
        out.sources.push(manifest.clone());
        match parse_json(&manifest) {
            Ok(root) => out.manifest = versions(&root),
            Err(error) => {
                let message = format!("`{MANIFEST}` is no JSON: {}", error.message);
                diagnostics.push(Diagnostic::new(Code::ReleasePleaseFile, error.span, message));
            }
        }
    }
    Some(out)
}

fn versions(root: &Node) -> Vec<(String, String, Span)> {
    let entries = root.as_map().unwrap_or_default().iter();
    entries.filter_map(|(key, value)| Some((key.as_str()?.to_owned(), value.as_str()?.to_owned(), key.span))).collect()
}

fn read_chart(world: &dyn World, path: &str, sources: &mut Vec<Arc<Source>>) -> Option<Chart> {
    let source = world.source(SitePath::new(path).join("Chart.yaml")).ok()?;
    let root = yaml::parse(&Chunk::of(&source)).ok()?.root;
    let text = |name: &str| {
        let node = root.get(name)?;
        // `version: 1.10` is a number to YAML, and a text to Helm.
        let text = node.as_str().map(str::to_owned).or_else(|| source.slice(node.span).map(str::to_owned))?;
        Some((text, node.span))
    };
    let chart = Chart { name: text("name"), version: text("version") };
    sources.push(source);
    Some(chart)
}

/// Resolves what a runbook releases.
pub(super) fn bind_components(
    declared: &Components,
    facts: &Facts,
    world: &dyn World,
    resolve: &mut dyn FnMut(&Template, &BTreeMap<&str, String>) -> String,
    files: &mut Vec<SourceFile>,
    diagnostics: &mut Diagnostics,
) -> Vec<Component> {
    let (select, span) = match declared {
        Components::List(list) => {
            let mut out: Vec<Component> = Vec::new();
            for declared in list {
                let component = bind_component(declared, resolve);
                if component.name.trim().is_empty() {
                    let message = "this component's name is empty";
                    diagnostics.push(Diagnostic::new(Code::ParameterValue, declared.name.span, message));
                } else if out.iter().any(|other| other.name == component.name) {
                    let message = format!("component `{}` is listed twice", component.name);
                    diagnostics.push(Diagnostic::new(Code::ParameterValue, declared.name.span, message));
                } else {
                    out.push(component);
                }
            }
            return out;
        }
        Components::ReleasePlease { select, span } => (select, *span),
    };
    let Some(packages) = read_packages(world, diagnostics) else {
        diagnostics.push(
            Diagnostic::new(Code::ReleasePleaseFile, span, format!("there is no `{CONFIG}` in the project's folder"))
                .help("add it, or list the components in the runbook"),
        );
        return Vec::new();
    };
    files.extend(packages.sources.iter().map(|source| super::lower::source_file(source)));
    let current: BTreeMap<&str, &str> =
        packages.manifest.iter().map(|(path, version, _)| (path.as_str(), version.as_str())).collect();
    let base = base_versions(facts, diagnostics);
    let released: Option<BTreeSet<String>> = facts.outputs.as_ref().map(released_paths);
    let output = |path: &str, name: &str| facts.outputs.as_ref()?.get(&output_name(path, name)).cloned();
    let component = |package: &Package| -> Option<Component> {
        let to = output(&package.path, "version")
            .or_else(|| current.get(package.path.as_str()).map(|to| (*to).to_owned()))?;
        let was = facts.released.iter().flatten().find(|was| was.path == package.path && was.to == to);
        let from =
            was.map_or_else(|| base.as_ref().and_then(|base| base.get(&package.path).cloned()), |was| was.from.clone());
        let tag = output(&package.path, "tag_name").unwrap_or_else(|| format!("{}{to}", package.tag_prefix));
        let sha = was.map_or_else(|| output(&package.path, "sha"), |was| was.sha.clone());
        Some(Component { name: package.name.clone(), path: package.path.clone(), from, to, tag: Some(tag), sha })
    };
    let mut out = Vec::new();
    match select {
        Select::All => out.extend(packages.packages.iter().filter_map(component)),
        Select::Changed => {
            if base.is_none() && released.is_none() && facts.released.is_none() {
                diagnostics.push(
                    Diagnostic::new(
                        Code::NoBase,
                        span,
                        "nothing says what changed, so every component counts as changed",
                    )
                    .help("name the last release: `--since REF`"),
                );
            }
            let changed = |component: &Component| match (&released, &base) {
                _ if facts.released.is_some() => facts.released.iter().flatten().any(|was| was == component),
                (Some(released), _) => released.contains(&component.path),
                (None, Some(base)) => base.get(&component.path) != Some(&component.to),
                (None, None) => true,
            };
            out.extend(packages.packages.iter().filter_map(component).filter(changed));
        }
        Select::Named(names) => {
            // A list stands for each of its words.
            let words = |(template, text): (&Template, String)| {
                text.split_whitespace().map(|word| (template.clone(), word.to_owned())).collect::<Vec<_>>()
            };
            let named: Vec<(&Template, String)> =
                names.iter().map(|template| (template, resolve(template, &BTreeMap::new()))).collect();
            for (template, name) in named.into_iter().flat_map(words) {
                let found = packages.packages.iter().find(|package| package.name == name || package.path == name);
                match found {
                    None => {
                        let known: Vec<&str> = packages.packages.iter().map(|package| package.name.as_str()).collect();
                        let diagnostic = Diagnostic::new(
                            Code::RunbookDangling,
                            template.span,
                            format!("unknown component `{name}`"),
                        );
                        diagnostics.push(match nearest(&name, known.iter().copied()) {
                            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                            None => diagnostic.note(format!("`{CONFIG}` has {}", known.join(", "))),
                        });
                    }
                    Some(package) => match component(package) {
                        Some(component) if out.contains(&component) => {}
                        Some(component) => out.push(component),
                        None => diagnostics.push(
                            Diagnostic::new(
                                Code::ReleasePleaseFile,
                                template.span,
                                format!("component `{name}` has no version in `{MANIFEST}`"),
                            )
                            .label(package.span, "the package is declared here"),
                        ),
                    },
                }
            }
        }
    }
    out
}

/// A component's own name is known in its other fields, and its version in those behind it.
fn bind_component(
    declared: &crate::runbook::Component,
    resolve: &mut dyn FnMut(&Template, &BTreeMap<&str, String>) -> String,
) -> Component {
    let name = resolve(&declared.name, &BTreeMap::new());
    let mut own = BTreeMap::from([("component.name", name.clone())]);
    let to = resolve(&declared.to, &own);
    own.extend([("component.to", to.clone()), ("component.version", to.clone())]);
    let mut field = |field: &Option<Template>| field.as_ref().map(|text| resolve(text, &own));
    let path = field(&declared.path).unwrap_or_else(|| name.clone());
    Component { path, from: field(&declared.from), tag: field(&declared.tag), sha: field(&declared.sha), name, to }
}

fn base_versions(facts: &Facts, diagnostics: &mut Diagnostics) -> Option<BTreeMap<String, String>> {
    let base = facts.base.as_ref()?;
    let Some(text) = &base.manifest else { return Some(BTreeMap::new()) };
    let name = SitePath::new(&format!("{}:{MANIFEST}", base.reference));
    match parse_json(&Source::new(name, text.as_str())) {
        Ok(root) => Some(versions(&root).into_iter().map(|(path, version, _)| (path, version)).collect()),
        Err(error) => {
            let message = format!("`{MANIFEST}` at `{}` is no JSON: {}", base.reference, error.message);
            diagnostics.push(Diagnostic::placeless(Code::ReleasePleaseFile, message));
            None
        }
    }
}

/// The action names outputs by path: `<path>--version`, and without a path for the root.
fn output_name(path: &str, name: &str) -> String {
    if path == "." { name.to_owned() } else { format!("{path}--{name}") }
}

fn released_paths(outputs: &BTreeMap<String, String>) -> BTreeSet<String> {
    let stated = outputs.get("paths_released").and_then(|text| serde_json::from_str::<Vec<String>>(text).ok());
    stated.map(|paths| paths.into_iter().collect()).unwrap_or_else(|| {
        let created = outputs.iter().filter(|(_, value)| *value == "true");
        created.filter_map(|(name, _)| name.strip_suffix("--release_created").map(str::to_owned)).collect()
    })
}

/// Whether any page of a library releases by Release Please.
pub fn uses_release_please(library: &Library) -> bool {
    library.pages().any(|(_, page)| {
        let settings = page.runbook.as_ref().and_then(|runbook| runbook.settings.as_ref());
        settings.is_some_and(|settings| matches!(settings.components, Some(Components::ReleasePlease { .. })))
    })
}
