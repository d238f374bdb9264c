//! What the search box finds in the whole site: pages with their place in the navigation, and what
//! filters know of them.

use super::cache::Cache;
use super::views::text_of_html;
use crate::render::search::shards::{PageInSite, files, texts, words};
use crate::render::search::{SearchOptions, Step};
use crate::runbook::Runbook;
use crate::site::{NavItem, Site};
use crate::text::SitePath;
use std::collections::BTreeMap;

/// The steps that stand on a page.
pub(super) fn steps(runbook: &Runbook) -> Vec<Step> {
    let step = |block: &crate::runbook::Block| Step {
        anchor: super::checklists::anchor(&block.id.value),
        title: block.title.shown(),
        code: block.code.text().to_owned(),
    };
    runbook.blocks.iter().map(step).collect()
}

/// Makes the index of the search box, each file with its path in the site.
pub(super) fn shards(options: &SearchOptions, site: &Site, cache: &Cache) -> Vec<(String, Vec<u8>)> {
    let mut paths = BTreeMap::new();
    collect_paths(&site.nav, &mut Vec::new(), &mut paths);
    let pages: Vec<PageInSite<'_>> = site
        .order
        .iter()
        .filter_map(|path| {
            let findable = &cache.bodies.get(path)?.value.findable;
            let runbook = cache.parsed.get(path)?.value.runbook.as_ref();
            let url = site.pages.get(path)?.url.as_str();
            let facets = facets(&findable.tags, runbook);
            Some(PageInSite { findable, url, path: paths.get(path).cloned().unwrap_or_default(), facets })
        })
        .collect();
    let (words, texts) = rayon::join(|| words(&pages), || texts(&pages));
    files(&options.of_box(), [words, texts])
}

/// The sections around each page.
fn collect_paths(items: &[NavItem], above: &mut Vec<String>, paths: &mut BTreeMap<SitePath, Vec<String>>) {
    for item in items {
        if let Some(page) = item.page {
            paths.entry(page).or_insert_with(|| above.clone());
        }
        above.push(item.title.as_deref().map(text_of_html).unwrap_or_default());
        collect_paths(&item.children, above, paths);
        above.pop();
    }
}

fn facets(tags: &[String], runbook: Option<&Runbook>) -> Vec<(&'static str, String)> {
    let mut facets: Vec<(&str, String)> = tags.iter().map(|tag| ("tag", tag.clone())).collect();
    if let Some(settings) = runbook.and_then(|runbook| runbook.settings.as_ref()) {
        facets.push(("runbook", settings.kind.value.word().to_owned()));
        facets.extend(settings.owners.iter().map(|owner| ("owner", owner.value.clone())));
        facets.extend(settings.environments.iter().map(|environment| ("environment", environment.name.value.clone())));
    }
    facets.sort();
    facets.dedup();
    facets
}
