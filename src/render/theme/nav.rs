//! The navigation: each entry is rendered once per distinct view and spliced into the pages.
//!
//! An entry that does not lead to the page at hand looks the same on all pages of one depth, so its
//! HTML is kept and copied; only the entries from the root to the page are rendered for the page
//! itself. With `navigation.prune` a page holds the entries around its own path only, so that the
//! bytes of a site grow with its pages; from [`PRUNE_FROM`] entries on it is always so.

use super::engine::{Failure, Rendered};
use super::options::Options;
use super::view::{NavItem, NavKind, NavView};
use minijinja::value::Serde;
use minijinja::{Value, context};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, RwLock};

/// The number of entries from which a navigation is pruned whether asked for or not.
pub(super) const PRUNE_FROM: usize = 500;

/// The navigation of a site, and what has been rendered of it.
#[derive(Debug)]
pub(super) struct Nav {
    entries: Vec<Entry>,
    roots: Vec<usize>,
    /// The entry of each page; the last one where a page is listed more than once, which is the
    /// one that MkDocs opens.
    by_url: BTreeMap<String, usize>,
    flags: Flags,
    rendered: RwLock<BTreeMap<String, Arc<Depth>>>,
}

#[derive(Debug)]
struct Flags {
    tabs: bool,
    sections: bool,
    indexes: bool,
    expand: bool,
    prune: bool,
    integrate: bool,
}

/// An entry: its number is its place in the order of the navigation.
#[derive(Debug)]
pub(super) struct Entry {
    /// What it says, without what is below it.
    pub(super) item: NavItem,
    pub(super) parent: Option<usize>,
    pub(super) children: Vec<usize>,
    level: usize,
    /// `__nav_2_1`: the id of the entry's toggle.
    path: String,
}

type Fragment = OnceLock<Result<Arc<str>, Failure>>;

/// Renders a template with a context.
pub(super) type Render<'a> = &'a dyn Fn(&str, Value) -> Rendered;

/// What has been rendered for pages of one depth: per entry, below a closed and below an open
/// section.
#[derive(Debug)]
struct Depth {
    fragments: Vec<[Fragment; 2]>,
}

/// A step of the way from the homepage to a page.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(super) struct PathItem {
    pub(super) title: String,
    pub(super) url: String,
}

impl Nav {
    pub(super) fn new(view: NavView, options: &Options) -> Nav {
        let mut nav = Nav {
            entries: Vec::new(),
            roots: Vec::new(),
            by_url: BTreeMap::new(),
            flags: Flags {
                tabs: options.has("navigation.tabs"),
                sections: options.has("navigation.sections"),
                indexes: options.has("navigation.indexes"),
                expand: options.has("navigation.expand"),
                prune: options.has("navigation.prune"),
                integrate: options.has("toc.integrate"),
            },
            rendered: RwLock::default(),
        };
        nav.roots = nav.add(view.items, None, 1, "__nav");
        nav.flags.prune |= nav.entries.len() >= PRUNE_FROM;
        nav
    }

    fn add(&mut self, items: Vec<NavItem>, parent: Option<usize>, level: usize, path: &str) -> Vec<usize> {
        let mut ids = Vec::with_capacity(items.len());
        for (n, mut item) in items.into_iter().enumerate() {
            let below = std::mem::take(&mut item.children);
            let path = format!("{path}_{}", n + 1);
            let id = self.entries.len();
            if item.kind == NavKind::Page {
                self.by_url.insert(item.url.clone(), id);
            }
            self.entries.push(Entry { item, parent, children: Vec::new(), level, path: path.clone() });
            self.entries[id].children = self.add(below, Some(id), level + 1, &path);
            ids.push(id);
        }
        ids
    }

    /// Returns all entries.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns an entry by its number.
    pub(super) fn entry(&self, id: usize) -> &Entry {
        &self.entries[id]
    }

    /// Returns the numbers of the first level.
    pub(super) fn roots(&self) -> &[usize] {
        &self.roots
    }

    /// Returns the number of a page's entry.
    pub(super) fn id_of(&self, url: &str) -> Option<usize> {
        self.by_url.get(url).copied()
    }

    /// Returns the entries from the first level down to a page.
    pub(super) fn way(&self, url: &str) -> Vec<usize> {
        let mut way: Vec<usize> = std::iter::successors(self.id_of(url), |id| self.entries[*id].parent).collect();
        way.reverse();
        way
    }

    /// Returns the sections above a page, outermost first, each with the first page in it.
    pub(super) fn ancestors(&self, url: &str) -> Vec<PathItem> {
        let way = self.way(url);
        let above = &way[..way.len().saturating_sub(1)];
        above
            .iter()
            .map(|id| PathItem { title: self.entries[*id].item.title.clone(), url: self.first_url(*id) })
            .collect()
    }

    /// Returns an entry as a step of a way.
    pub(super) fn step_of(&self, id: usize) -> Value {
        let title = self.entries.get(id).map(|entry| entry.item.title.as_str()).unwrap_or_default();
        context! { title => title, url => self.first_url(id) }
    }

    /// Returns the address of the first page or link in an entry.
    fn first_url(&self, id: usize) -> String {
        let mut id = id;
        while let Some(first) = self.entries[id].children.first() {
            id = *first;
        }
        self.entries[id].item.url.clone()
    }

    /// Renders the tabs of a page.
    pub(super) fn render_tabs(&self, render: Render<'_>, base: &str, url: &str) -> Rendered {
        self.roots.iter().map(|id| self.render_tab(render, base, url, *id)).collect()
    }

    /// Renders the tab of an entry.
    pub(super) fn render_tab(&self, render: Render<'_>, base: &str, url: &str, id: usize) -> Rendered {
        let Some(entry) = self.entries.get(id) else { return Ok(String::new()) };
        let context = context! {
            tidy_base => base,
            item => Value::from(Serde(&entry.item)),
            icon_name => self.tab_icon(id),
            url => self.first_url(id),
            active => self.way(url).first() == Some(&id),
        };
        render("partials/tab-entry.html", context)
    }

    /// Renders one entry of a page's sidebar with all that is below it.
    pub(super) fn render_entry(
        &self,
        render: Render<'_>,
        (base, url, toc_html): (&str, &str, &str),
        id: usize,
    ) -> Rendered {
        if id >= self.entries.len() {
            return Ok(String::new());
        }
        let way = self.way(url);
        let depth = self.depth(base);
        let view = View { nav: self, render, base, depth: &depth, way: &way, toc_html };
        let level = self.entries[id].level;
        view.list(&[id], false, level - 1)
    }

    fn tab_icon(&self, id: usize) -> Option<&str> {
        let entry = &self.entries[id];
        let shown = self.index_of(id).unwrap_or(id);
        self.entries[shown].item.icon.as_deref().filter(|_| shown == id || entry.item.kind == NavKind::Section)
    }

    /// Renders the list of a page's sidebar; `toc_html` is what the page's own entry holds, and
    /// `variant` names the set of templates that it is made with.
    pub(super) fn render(&self, render: Render<'_>, base: &str, url: &str, toc_html: &str, variant: &str) -> Rendered {
        let way = self.way(url);
        let depth = self.depth(&format!("{base}{variant}"));
        let view = View { nav: self, render, base, depth: &depth, way: &way, toc_html };
        view.list(&self.roots, false, 0)
    }

    fn depth(&self, base: &str) -> Arc<Depth> {
        let held = "no thread panics while it holds the table of depths";
        if let Some(depth) = self.rendered.read().expect(held).get(base) {
            return Arc::clone(depth);
        }
        let mut table = self.rendered.write().expect(held);
        let fresh = || {
            let fragments = self.entries.iter().map(|_| [Fragment::new(), Fragment::new()]).collect();
            Arc::new(Depth { fragments })
        };
        Arc::clone(table.entry(base.to_string()).or_insert_with(fresh))
    }

    /// The page that a section's own title leads to.
    fn index_of(&self, id: usize) -> Option<usize> {
        let Entry { item, children, .. } = &self.entries[id];
        if item.leads_to_first {
            return children.first().copied();
        }
        children.iter().filter(|_| self.flags.indexes).copied().find(|child| self.entries[*child].item.is_index)
    }
}

/// The navigation as one page sees it.
struct View<'a> {
    nav: &'a Nav,
    render: Render<'a>,
    base: &'a str,
    depth: &'a Depth,
    /// The entries from the first level down to the page.
    way: &'a [usize],
    toc_html: &'a str,
}

impl View<'_> {
    /// Joins the entries of one level; `open` tells whether their section leads to the page, and
    /// `step` which entry of the way is among them.
    fn list(&self, ids: &[usize], open: bool, step: usize) -> Rendered {
        let mut html = String::new();
        for id in ids {
            if self.way.get(step) == Some(id) {
                html.push_str(&self.active(*id, step)?);
            } else {
                html.push_str(&self.inactive(*id, open)?);
            }
        }
        Ok(html)
    }

    fn inactive(&self, id: usize, below_open: bool) -> Result<Arc<str>, Failure> {
        let fragment = &self.depth.fragments[id][usize::from(below_open)];
        fragment.get_or_init(|| Ok(Arc::from(self.entry(id, below_open, None)?))).clone()
    }

    fn active(&self, id: usize, step: usize) -> Rendered {
        self.entry(id, step > 0, Some(step))
    }

    /// Renders an entry; `step` is its place on the way to the page, if it is on it.
    fn entry(&self, id: usize, below_open: bool, step: Option<usize>) -> Rendered {
        let nav = self.nav;
        let entry = &nav.entries[id];
        let flags = &nav.flags;
        let active = step.is_some();
        let is_section_entry = entry.item.kind == NavKind::Section;
        // Which sections stand open under a heading (Material, `partials/nav-item`).
        let is_section = is_section_entry
            && if flags.tabs {
                (entry.level == 1 && active) || (flags.sections && entry.level == 2 && below_open)
            } else {
                flags.sections && entry.level == 1
            };
        let is_pruned = is_section_entry && flags.prune && !is_section && !active;
        let index = nav.index_of(id).filter(|_| is_section_entry);
        let index_item = index.map(|index| Value::from(Serde(&nav.entries[index].item)));
        let mut children = String::new();
        if is_section_entry && !is_pruned {
            let shown: Vec<usize> = entry.children.iter().copied().filter(|child| Some(*child) != index).collect();
            // Entries that are not on the way never look at it: their HTML is shared.
            let step = step.map_or(usize::MAX, |step| step + 1);
            children = self.list(&shown, active, step)?;
        }
        let context = context! {
            tidy_base => self.base,
            item => Value::from(Serde(&entry.item)),
            level => entry.level,
            path => entry.path.as_str(),
            active => active,
            is_nested => is_section_entry && !entry.children.is_empty(),
            is_section => is_section,
            is_pruned => is_pruned,
            is_page => active && !is_section_entry && step.is_some_and(|n| n + 1 == self.way.len()),
            expand => flags.expand && !active,
            integrate => flags.integrate,
            first_url => nav.first_url(id),
            n_children => entry.children.len(),
            index_active => index.is_some() && self.way.last() == index.as_ref() && active,
            has_toc => !self.toc_html.is_empty(),
            toc_html => if active { self.toc_html } else { "" },
            children => children,
            ..index_item.map_or_else(Value::default, |index| context! { index => index })
        };
        (self.render)("partials/nav-entry.html", context)
    }
}

#[cfg(test)]
mod tests {
    use super::super::engine::Engine;
    use super::super::options;
    use super::*;
    use serde_json::json;

    fn page(title: &str, url: &str) -> NavItem {
        NavItem { title: title.into(), url: url.into(), ..NavItem::default() }
    }

    fn section(title: &str, children: Vec<NavItem>) -> NavItem {
        NavItem { title: title.into(), kind: NavKind::Section, children, ..NavItem::default() }
    }

    fn nav(features: &[&str]) -> (Nav, Engine) {
        let (options, _) = options::complete(&json!({ "features": features }), &Default::default());
        let items = vec![
            page("Home", ""),
            section("Guide", vec![page("Start", "guide/"), section("More", vec![page("Deep", "guide/deep/")])]),
            section("Other", vec![page("One", "other/one/"), page("Two", "other/two/")]),
        ];
        let (engine, _) = Engine::new(&BTreeMap::new());
        (Nav::new(NavView { items, homepage: None }, &options), engine)
    }

    fn hrefs(html: &str) -> Vec<&str> {
        html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect()
    }

    #[test]
    fn a_page_sees_the_whole_navigation_relative_to_itself() {
        let (nav, engine) = nav(&[]);
        let html = nav
            .render(&|name, context| engine.render(name, &context), "../..", "guide/deep/", "", "")
            .expect("it renders");
        assert_eq!(
            hrefs(&html),
            ["../../", "../../guide/", "../../guide/deep/", "../../other/one/", "../../other/two/"]
        );
        assert_eq!(html.matches("md-nav__item--active").count(), 3);
        assert_eq!(html.matches("md-nav__link--active").count(), 1);
    }

    #[test]
    fn pruning_keeps_one_link_for_a_closed_section() {
        let (nav, engine) = nav(&["navigation.prune"]);
        let html = nav.render(&|name, context| engine.render(name, &context), ".", "", "", "").expect("it renders");
        assert_eq!(hrefs(&html), ["./", "guide/", "other/one/"]);
        assert_eq!(html.matches("md-nav__item--pruned").count(), 2);
    }

    #[test]
    fn what_was_rendered_for_one_page_is_the_same_for_the_next() {
        let (nav, engine) = nav(&["navigation.sections"]);
        let first = nav
            .render(&|name, context| engine.render(name, &context), "../..", "other/one/", "", "")
            .expect("it renders");
        nav.render(&|name, context| engine.render(name, &context), "../..", "other/two/", "", "").expect("it renders");
        assert_eq!(
            nav.render(&|name, context| engine.render(name, &context), "../..", "other/one/", "", "")
                .expect("it renders"),
            first
        );
    }

    #[test]
    fn sections_above_a_page_lead_to_their_first_page() {
        let (nav, _) = nav(&[]);
        let ancestors = nav.ancestors("guide/deep/");
        let shown: Vec<_> = ancestors.iter().map(|item| (item.title.as_str(), item.url.as_str())).collect();
        assert_eq!(shown, [("Guide", "guide/"), ("More", "guide/deep/")]);
        assert!(nav.ancestors("nowhere/").is_empty());
    }

    #[test]
    fn a_large_navigation_is_pruned_without_being_asked() {
        let (options, _) = options::complete(&json!({}), &Default::default());
        let children = |n: usize| (0..n).map(|i| page("x", &format!("{n}/{i}/"))).collect();
        let small = NavView { items: vec![section("a", children(PRUNE_FROM - 2))], homepage: None };
        let large = NavView { items: vec![section("a", children(PRUNE_FROM))], homepage: None };
        assert!(!Nav::new(small, &options).flags.prune);
        assert!(Nav::new(large, &options).flags.prune);
    }
}
