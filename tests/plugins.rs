//! Plugins over a whole build: what a configuration with them makes of small sites in memory.

use opsbook::build::{self, Built, Cache, Overrides, Purpose};
use opsbook::diag::Diagnostic;
use opsbook::text::{SitePath, Source, World as _};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Builds a site of these files; the first is `mkdocs.yml`.
fn build(files: &[(&str, &str)]) -> Built {
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

fn page(built: &Built, path: &str) -> String {
    let bytes = built.outputs.bytes(path).unwrap_or_else(|| panic!("there is no `{path}`"));
    String::from_utf8(bytes.to_vec()).expect("pages are UTF-8")
}

/// The findings of a code, as line and message.
fn findings(built: &Built, files: &[(&str, &str)], code: &str) -> Vec<String> {
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
                  - git-revision-date-localized:\n    enable_git_follow: false\n    ignored_commits_file: .ignore\n";
    let files = [("mkdocs.yml", config), ("docs/index.md", "# Home\n\n<!-- material/tags { layout: own } -->\n")];
    let built = build(&files);
    assert_eq!(
        findings(&built, &files, "OB450"),
        [
            "3: option `layout` of plugin `tags` has no effect",
            "4: option `tags_name_variable` of plugin `tags` has no effect",
            "5: option `listings_layout` of plugin `tags` has no effect",
            "7: option `enable_git_follow` of plugin `git-revision-date-localized` has no effect",
            "8: option `ignored_commits_file` of plugin `git-revision-date-localized` has no effect",
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
    assert!(home.contains("\"glightbox\":{\"loop\":true}"), "{home}");
    assert!(!page(&built, "off/index.html").contains("class=\"glightbox\""));
    let without = build(&[("mkdocs.yml", "site_name: Images\n"), files[1]]);
    let home = page(&without, "index.html");
    assert!(!home.contains("class=\"glightbox\"") && home.contains("\"glightbox\":null"), "{home}");
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
