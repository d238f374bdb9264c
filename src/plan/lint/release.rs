//! Rules about the files of Release Please: RB701 to RB705.

use super::find;
use crate::diag::{Code, Diagnostics};
use crate::plan::components::{CONFIG, MANIFEST, read_packages};
use crate::text::{SitePath, World};
use std::collections::BTreeSet;

/// Compares the configuration, the manifest, the charts and the tags. Every place is in one of these
/// files. Without a configuration there is nothing to say.
pub fn lint_release_please(world: &dyn World, tags: Option<&BTreeSet<String>>) -> Diagnostics {
    let mut found = Diagnostics::new();
    let Some(packages) = read_packages(world, &mut found) else { return found };
    let paths: BTreeSet<&str> = packages.packages.iter().map(|package| package.path.as_str()).collect();
    for (path, _, span) in &packages.manifest {
        if !paths.contains(path.as_str()) {
            found.push(
                find(Code::ManifestEntry, *span, format!("`{path}` has a version and is no package"))
                    .help(format!("add it to `packages` of `{CONFIG}`, or remove it here")),
            );
        }
    }
    for package in &packages.packages {
        let version = packages.manifest.iter().find(|(path, ..)| *path == package.path);
        if version.is_none() && packages.sources.len() > 1 {
            found.push(
                find(
                    Code::ManifestEntry,
                    package.span,
                    format!("package `{}` has no version in `{MANIFEST}`", package.path),
                )
                .help("add its version there"),
            );
        }
        if package.release_type == "helm" {
            let Some(chart) = &package.chart else {
                let file = SitePath::new(&package.path).join("Chart.yaml");
                found.push(
                    find(Code::NoChart, package.span, format!("there is no `{file}`"))
                        .note("a package of the type `helm` is a chart")
                        .help("correct the path, or remove the package"),
                );
                continue;
            };
            if let (Some((_, released, span)), Some((own, chart_span))) = (version, &chart.version)
                && released != own
            {
                found.push(
                    find(
                        Code::VersionDrift,
                        *chart_span,
                        format!("this chart is {own}, and `{MANIFEST}` says {released}"),
                    )
                    .label(*span, "the other version")
                    .help("let one release pull request set both"),
                );
            }
            if let (Some((stated, span)), Some((own, chart_span))) = (&package.stated, &chart.name)
                && stated != own
            {
                found.push(
                    find(Code::ChartName, *span, format!("the package is called `{stated}`, and its chart `{own}`"))
                        .label(*chart_span, "the chart's name"),
                );
            }
        }
        if let (Some((_, version, span)), Some(tags)) = (version, tags) {
            let tag = format!("{}{version}", package.tag_prefix);
            if !tags.contains(&tag) {
                found.push(
                    find(Code::NoTag, *span, format!("Git has no tag `{tag}`"))
                        .note("the manifest says that this version was released"),
                );
            }
        }
    }
    found.sort();
    found
}
