//! Plugins over a whole build: what a configuration with them makes of small sites in memory.

use opsbook::build::{self, Built, Cache, Overrides, Purpose};
use opsbook::diag::Diagnostic;
use opsbook::text::{SitePath, Source, World as _};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Builds a site of these files; the first is `mkdocs.yml`.
pub(crate) fn build(files: &[(&str, &str)]) -> Built {
    let file = |(path, text): &(&str, &str)| {
        let path = SitePath::new(path);
        (path, Arc::new(Source::new(path, *text)))
    };
    let world: BTreeMap<SitePath, Arc<Source>> = files.iter().map(file).collect();
    let purpose = Purpose { preview: false, address: None, time: 1_700_000_000 };
    let config = SitePath::new("mkdocs.yml");
    let (project, diagnostics) = build::load(&world, config, &BTreeMap::new(), &Overrides::default(), purpose);
    let project = project.unwrap_or_else(|| panic!("{diagnostics:?}"));
    build::build(&project, &world, &world.list(project.docs_dir), &Cache::default(), &|_, _| {})
}

pub(crate) fn page(built: &Built, path: &str) -> String {
    let bytes = built.outputs.bytes(path).unwrap_or_else(|| panic!("there is no `{path}`"));
    String::from_utf8(bytes.to_vec()).expect("pages are UTF-8")
}

/// The findings of a code, as line and message.
pub(crate) fn findings(built: &Built, files: &[(&str, &str)], code: &str) -> Vec<String> {
    let line = |finding: &Diagnostic| {
        let span = finding.span.expect("an option has a place");
        let text = files.iter().find(|(path, _)| *path == span.file.as_str()).map_or("", |file| file.1);
        text[..span.start as usize].matches('\n').count() + 1
    };
    let chosen = built.diagnostics.iter().filter(|finding| finding.code.id() == code);
    chosen.map(|finding| format!("{}: {}", line(finding), finding.message)).collect()
}

#[test]
fn options_without_effect_are_reported_at_their_place() {
    let config = "site_name: Options\n\
                  plugins:\n\
                  - tags:\n    tags_name_variable: labels\n    listings_layout: own\n\
                  - minify:\n    minify_js: true\n    htmlmin_opts: {remove_empty_space: true}\n";
    let files = [("mkdocs.yml", config), ("docs/index.md", "# Home\n\n<!-- material/tags { layout: own } -->\n")];
    let built = build(&files);
    assert_eq!(
        findings(&built, &files, "OB450"),
        [
            "3: option `layout` of plugin `tags` has no effect",
            "4: option `tags_name_variable` of plugin `tags` has no effect",
            "5: option `listings_layout` of plugin `tags` has no effect",
            "7: option `minify_js` of plugin `minify` has no effect",
            "8: option `htmlmin_opts.remove_empty_space` of plugin `minify` has no effect",
        ]
    );
    let silent = "site_name: Options\n\
                  plugins:\n\
                  - tags: {tags_name_variable: tags, listings_layout: default}\n\
                  - git-revision-date-localized: {enable_git_follow: true}\n";
    let files = [("mkdocs.yml", silent), ("docs/index.md", "# Home\n")];
    assert_eq!(findings(&build(&files), &files, "OB450"), Vec::<String>::new());
}

#[test]
fn the_filter_of_tags_leaves_pages_out() {
    let tagged = "---\ntags: [t]\n---\n# Page\n";
    let files = [
        ("mkdocs.yml", "site_name: Tags\nplugins:\n- tags:\n    filters: {include: ['a/*'], exclude: ['*/no.md']}\n"),
        ("docs/index.md", tagged),
        ("docs/a/yes.md", tagged),
        ("docs/a/b/no.md", tagged),
    ];
    let tags = page(&build(&files), "tags.json");
    assert!(tags.contains("a/yes/") && !tags.contains("no/") && tags.matches("\"url\"").count() == 1, "{tags}");
}

#[test]
fn images_open_in_the_light_box_of_the_theme() {
    let files = [
        ("mkdocs.yml", "site_name: Images\nplugins:\n- search\n- glightbox: {loop: true}\n"),
        ("docs/index.md", "# Home\n\n![Alt](a.png)\n\n<img src=\"b.png\">\n"),
        ("docs/off.md", "---\nglightbox: false\n---\n# Off\n\n![Alt](a.png)\n"),
        ("docs/a.png", ""),
    ];
    let built = build(&files);
    let home = page(&built, "index.html");
    assert_eq!(home.matches("<a class=\"glightbox\" data-type=\"image\"").count(), 2, "{home}");
    assert!(home.contains("\"glightbox\": {\"loop\": true}"), "{home}");
    assert!(!page(&built, "off/index.html").contains("class=\"glightbox\""));
    let without = build(&[("mkdocs.yml", "site_name: Images\n"), files[1]]);
    let home = page(&without, "index.html");
    assert!(!home.contains("class=\"glightbox\"") && home.contains("\"glightbox\": null"), "{home}");
}

#[test]
fn minified_pages_say_the_same() {
    let text = "# Home\n\nA  b\n\n```sh\nls  -l\n\n  x\n```\n";
    let plain = build(&[("mkdocs.yml", "site_name: Small\nplugins: [search]\n"), ("docs/index.md", text)]);
    let files = [
        ("mkdocs.yml", "site_name: Small\nplugins: [search, {minify: {minify_html: true}}]\n"),
        ("docs/index.md", text),
    ];
    let small = build(&files);
    for path in ["index.html", "404.html"] {
        let (before, after) = (page(&plain, path), page(&small, path));
        assert!(after.len() < before.len(), "{path}");
        let words = |html: &str| html.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        // Which plugins are on is all that the pages may differ in.
        assert_eq!(words(&after), words(&before), "{path}");
    }
    assert!(page(&small, "index.html").contains("ls  -l\n\n  x"));
}

#[test]
fn emoji_are_pictures_elsewhere_unless_the_site_is_for_use_offline() {
    let page_of = |plugins: &str, options: &str| {
        let config = format!(
            "site_name: E\nplugins: [{plugins}]\nmarkdown_extensions:\n- pymdownx.emoji:\n    title: short\n{options}"
        );
        let built = build(&[("mkdocs.yml", config.as_str()), ("docs/index.md", "a :smile: b\n")]);
        page(&built, "index.html").to_string()
    };
    let picture = "a <img alt=\"😄\" class=\"emojione\" \
                   src=\"https://cdnjs.cloudflare.com/ajax/libs/emojione/2.2.7/assets/png/1f604.png\" title=\":smile:\"";
    let text = "a <span class=\"emojione\" title=\":smile:\">😄</span> b";
    let own = "a <img alt=\"😄\" class=\"emojione\" src=\"own/1f604.png\" title=\":smile:\"";
    assert!(page_of("search", "").contains(picture));
    assert!(page_of("offline", "").contains(text));
    assert!(page_of("offline: {enabled: false}", "").contains(picture));
    // A picture that the site brings along is no other host's.
    assert!(page_of("offline", "    options: {image_path: own/}\n").contains(own));
    let alt = "    emoji_generator: !!python/name:pymdownx.emoji.to_alt\n";
    assert!(page_of("search", alt).contains("<p>a 😄 b</p>"));
}

#[test]
fn icons_of_the_project_are_in_pages_and_in_the_theme() {
    let config = "site_name: Icons\n\
                  theme:\n  name: material\n  custom_dir: own\n  icon: {repo: team/repo, edit: team/none}\n\
                  repo_url: https://git.example.org/x\n\
                  markdown_extensions:\n\
                  - pymdownx.emoji:\n    \
                  emoji_index: !!python/name:material.extensions.emoji.twemoji\n    \
                  emoji_generator: !!python/name:material.extensions.emoji.to_svg\n    \
                  options: {custom_icons: [own/.icons, none]}\n";
    let text = ":team-deep-logo: :material-check: :team-hidden: :smile:\n";
    let files = [
        ("mkdocs.yml", config),
        ("docs/index.md", text),
        ("own/.icons/team/deep/logo.svg", "<svg id=\"logo\"/>"),
        ("own/.icons/team/repo.svg", "<svg id=\"repo\"/>"),
        ("own/.icons/material/check.svg", "<svg id=\"check\"/>"),
        ("own/.icons/smile.svg", "<svg id=\"smile\"/>"),
        ("own/.icons/.team/hidden.svg", "<svg id=\"hidden\"/>"),
        ("own/partials/actions.html", "{% include \".icons/team/deep/logo.svg\" %}"),
    ];
    let built = build(&files);
    let home = page(&built, "index.html");
    assert!(home.contains("<span class=\"twemoji\"><svg id=\"logo\"/></span>"), "{home}");
    // A folder of the project comes before the icon set, and emoji before both, as with Material.
    assert!(home.contains("<svg id=\"check\"/>") && !home.contains("<svg id=\"smile\"/>"), "{home}");
    assert!(home.contains("<svg id=\"repo\"/>") && home.contains(":team-hidden:"), "{home}");
    assert_eq!(home.matches("<svg id=\"logo\"/>").count(), 2, "{home}");
    assert!(built.outputs.files.keys().all(|path| !path.as_str().contains(".icons")));
    let unknown: Vec<&str> = built.diagnostics.iter().map(|finding| finding.message.as_str()).collect();
    let has = |part: &str| unknown.iter().any(|message| message.contains(part));
    assert!(has("team/none") && has("`none`") && has("team-hidden") && !has("team/repo"), "{unknown:?}");
}

#[test]
fn a_section_leads_to_its_first_page_whatever_the_features() {
    let nav = "nav:\n- index.md\n- Guide: [guide/a.md, guide/b.md]\n- Alone: [alone.md]\n";
    let config = format!("site_name: Sections\nplugins: [section-index]\n{nav}");
    let files = [
        ("mkdocs.yml", config.as_str()),
        ("docs/index.md", "# Home\n"),
        ("docs/guide/a.md", "# A\n"),
        ("docs/guide/b.md", "# B\n"),
        ("docs/alone.md", "# Lone\n"),
    ];
    let home = page(&build(&files), "index.html");
    let container = home.split("md-nav__container\">").nth(1).expect("the section is a link");
    assert!(container.starts_with("<a href=\"guide/a/\""), "{container}");
    assert_eq!(home.matches("<a href=\"guide/a/\"").count(), 1, "{home}");
    // With no other page in it, the section is that page.
    assert!(home.contains("<li class=\"md-nav__item\"><a href=\"alone/\"") && home.contains(">Alone<"), "{home}");
}

#[test]
fn pages_may_lie_beside_the_configuration() {
    let files = [
        ("mkdocs.yml", "site_name: Same\ndocs_dir: .\nplugins: [same-dir]\n"),
        ("index.md", "# Home\n"),
        ("guide/a.md", "# A\n"),
        ("guide/data.txt", "x"),
        ("style.css", ""),
        ("requirements.txt", "x"),
    ];
    let built = build(&files);
    let paths: Vec<&str> = built.outputs.files.keys().map(|path| path.as_str()).collect();
    for there in ["index.html", "guide/a/index.html", "guide/data.txt", "style.css"] {
        assert!(paths.contains(&there), "{there} in {paths:?}");
    }
    for missing in ["requirements.txt", "mkdocs.yml"] {
        assert!(!paths.contains(&missing), "{missing} in {paths:?}");
    }
}

#[test]
fn front_matter_of_folders_is_no_part_of_the_site() {
    let files = [
        ("mkdocs.yml", "site_name: Meta\nplugins: [{meta: {meta_file: m.yml}}]\n"),
        ("docs/index.md", "# Home\n"),
        ("docs/a/m.yml", "title: From the folder\n"),
        ("docs/a/b.md", "# B\n"),
        ("docs/ab.md", "# AB\n"),
    ];
    let built = build(&files);
    assert!(built.outputs.files.keys().all(|path| path.as_str() != "a/m.yml"));
    for url in ["a/b/index.html", "ab/index.html"] {
        assert!(page(&built, url).contains("<title>From the folder - Meta</title>"), "{url}");
    }
}

#[test]
fn each_listing_of_tags_belongs_to_the_pages_own_heading() {
    let files = [
        ("mkdocs.yml", "site_name: Tags\nextra: {tags: {t: x}}\nplugins: [tags]\n"),
        ("docs/index.md", "# Tags\n\n<!-- material/tags -->\n\n<!-- material/tags -->\n"),
        ("docs/a.md", "---\ntags: [t]\n---\n# A\n"),
    ];
    let home = page(&build(&files), "index.html");
    let heading = "<h2 id=\"tag:t\"><span class=\"md-tag md-tag-icon md-tag--x\">t</span></h2>";
    assert_eq!(home.matches(heading).count(), 2, "{home}");
}

#[test]
fn the_search_index_of_a_site_with_a_light_box_has_an_entry_for_the_first_heading() {
    let config = "site_name: Images\ntheme: material\nplugins: [search, glightbox]\n";
    let off = "---\nglightbox: false\n---\n# Off\n\ntext\n";
    let files = [("mkdocs.yml", config), ("docs/index.md", "# Home\n\ntext\n"), ("docs/off.md", off)];
    let index = page(&build(&files), "search/search_index.json");
    let index: serde_json::Value = serde_json::from_str(&index).expect("it is JSON");
    let docs = index["docs"].as_array().expect("it has entries").iter();
    let entries: Vec<String> = docs.map(|entry| format!("{} {}", entry["location"], entry["text"])).collect();
    assert_eq!(entries, ["\"\" \"\"", "\"#home\" \"<p>text</p>\"", "\"off/\" \"<p>text</p>\""]);
}

#[test]
fn what_a_status_means_is_said_in_words_and_the_logo_leads_where_it_should() {
    let files = [
        ("mkdocs.yml", "site_name: S\nextra: {status: {new: Fresh}, homepage: 'https://example.org/'}\n"),
        ("docs/index.md", "# Home\n"),
        ("docs/a.md", "---\nstatus: new\n---\n# A\n"),
        ("docs/moved.md", "---\ntemplate: redirect.html\nlocation: https://example.org/new\n---\n"),
    ];
    let built = build(&files);
    let home = page(&built, "index.html");
    assert!(home.contains("<span class=\"md-status md-status--new\" title=\"Fresh\"></span>"), "{home}");
    assert!(
        home.contains("<a href=\"https://example.org/\" title=\"S\" class=\"md-header__button md-logo\""),
        "{home}"
    );
    assert!(page(&built, "moved/index.html").contains("content=\"0; url=https://example.org/new\""));
}

#[test]
fn a_missing_plugin_that_keeps_pages_back_stops_the_build_and_names_them() {
    let config = "site_name: x\nplugins:\n- search\n- encryptcontent:\n    inject: {}\n- file-filter:\n    excluded_tag: [internal]\n- blog\n";
    let files = [
        ("mkdocs.yml", config),
        ("docs/index.md", "# Home\n"),
        ("docs/secret.md", "---\npassword: x\n---\n# Secret\n"),
        ("docs/tagged.md", "---\ntags: [internal]\n---\n# Tagged\n"),
        ("docs/off.md", "---\ndraft: false\n---\n# Published\n"),
    ];
    let built = build(&files);
    let found: Vec<_> = built.diagnostics.iter().filter(|found| found.code.id() == "OB117").collect();
    assert!(found.iter().all(|found| found.severity == opsbook::diag::Severity::Error));
    let notes: Vec<_> = found.iter().flat_map(|found| found.notes.iter().map(String::as_str)).collect();
    assert_eq!(notes, ["a build would publish `docs/secret.md`", "a build would publish `docs/tagged.md`"]);
    assert_eq!(
        findings(&built, &files, "OB117"),
        [
            "4: the plugin `encryptcontent`, which encrypts pages, is not part of opsbook",
            "6: the plugin `file-filter`, which leaves files out, is not part of opsbook",
        ]
    );
}

/// What loading a configuration of one page says, as codes and messages.
fn loaded(yaml: &str) -> Vec<String> {
    let file = |(path, text): &(&str, &str)| {
        let path = SitePath::new(path);
        (path, Arc::new(Source::new(path, *text)))
    };
    let world: BTreeMap<SitePath, Arc<Source>> =
        [("mkdocs.yml", yaml), ("docs/index.md", "")].iter().map(file).collect();
    let config = SitePath::new("mkdocs.yml");
    let (_, found) = build::load(&world, config, &BTreeMap::new(), &Overrides::default(), Purpose::default());
    found.iter().map(|found| format!("{} {}", found.code, found.message)).collect()
}

#[test]
fn only_a_plugin_lets_the_pages_lie_around_the_site() {
    for (written, fault) in [
        ("site_dir: docs/out", "OB111 the site's folder (`docs/out`) lies within the pages (`docs`)"),
        ("docs_dir: .", "OB111 the folder of the pages is the configuration's own"),
    ] {
        assert_eq!(loaded(&format!("site_name: a\n{written}\n")), [fault]);
        assert_eq!(loaded(&format!("site_name: a\n{written}\nplugins: [same-dir]\n")), [""; 0]);
    }
}

#[test]
fn plugins_that_are_not_there_or_twice_are_reported() {
    assert_eq!(loaded("site_name: a\nplugins: [serach]\n"), ["OB109 the plugin `serach` is not part of opsbook"]);
    assert_eq!(loaded("site_name: a\nplugins: [tags, tags]\n"), ["OB104 the plugin `tags` is listed twice"]);
}
