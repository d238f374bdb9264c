//! Plugins over a whole build: what a configuration with them makes of small sites in memory.

use opsbook::build::{self, Built, Cache, Overrides, Purpose};
use opsbook::diag::{Diagnostic, Severity};
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

/// The content of a page between its theme's marks of an article, from the first table or paragraph on.
fn article(built: &Built, path: &str) -> String {
    let html = page(built, path);
    let start = html.find("<article").expect("a page has an article");
    html[start..html.find("</article>").expect("it ends")].to_owned()
}

/// Values are those of mkdocs-table-reader-plugin 4.0.2 with pandas 3.1 and tabulate 0.10.
#[test]
fn tables_of_files_are_those_of_pandas_and_tabulate() {
    let calls = [
        "read_csv('a.csv')",
        "read_csv('num.csv')",
        "read_csv('semi.csv', sep=';')",
        "read_table('t.tsv')",
        "read_csv('idx.csv')",
        "read_csv('dup.csv')",
        "read_csv('zero.csv', dtype='str')",
        "read_csv('d.csv')",
        "read_csv('num.csv', nrows=1, colalign=('center','left'))",
        "read_csv('semi.csv', sep='\\s*;\\s*', skiprows=1, header=None)",
        "read_yaml('y.yml')",
        "read_json('j.json')",
        "read_csv('num.csv', usecols=['f'])",
    ];
    let text: String = calls.iter().map(|call| format!("{{{{ {call} }}}}\n\n")).collect();
    let text = format!("# T\n\n{text}    {{{{ read_csv('num.csv') }}}}\n\n{{{{ READ_RAW('r.md') }}}} end\n");
    let files = [
        ("mkdocs.yml", "site_name: T\nplugins:\n- table-reader: {data_path: data}\n"),
        ("docs/index.md", text.as_str()),
        ("data/a.csv", "name,n,x,flag,mixed\na|b,1,1.5,True,1\n\"two\nlines\",20,,False,z\n c ,300,1234567.0,True,\n"),
        ("data/num.csv", "i,f\n1234567,1.5\n2,2\n"),
        ("data/semi.csv", "a;b\n1;2\n\n3;x\n"),
        ("data/t.tsv", "a\tb\n1\t2\n"),
        ("data/idx.csv", "k,v\n1,a,b\n2,c,d\n"),
        ("data/dup.csv", "a,a,\n1,2,3\n"),
        ("data/zero.csv", "id\n007\n010\n"),
        ("data/d.csv", "d,v\n2020-01-01,1e-7\n2021-01-01,100000000\n"),
        ("data/r.md", "**raw** text\n"),
        ("data/y.yml", "- name: x\n  n: {a: 1}\n- name: y\n  n: {a: 2.5}\n"),
        ("data/j.json", "[{\"a\": 1, \"b\": \"x\"}, {\"a\": 2}]"),
    ];
    let built = build(&files);
    assert_eq!(findings(&built, &files, "OB452"), [""; 0]);
    let html = article(&built, "index.html");
    // A table as its rows, each cell with the first letter of where it stands.
    let tables = html.split("<table>").skip(1).map(|table| {
        let table = table.split("</table>").next().unwrap_or_default();
        let cells = table.split("<tr>").skip(1).map(|row| {
            let cells = row.split("style=\"text-align: ").skip(1).map(|cell| {
                let text = cell.split_once('>').map_or("", |(_, rest)| rest);
                let text = text.split("</t").next().unwrap_or_default();
                format!("{} {text}", &cell[..1])
            });
            cells.collect::<Vec<_>>().join(", ")
        });
        cells.collect::<Vec<_>>().join(" / ")
    });
    let want = [
        "l name, r n, r x, l flag, l mixed / l a|b, r 1, r 1.5, l True, l 1 / \
         l two<br>lines, r 20, r nan, l False, l z / l c, r 300, r 1.23457e+06, l True, l nan",
        "r i, r f / r 1.23457e+06, r 1.5 / r 2, r 2",
        "r a, l b / r 1, l 2 / r 3, l x",
        "r a, r b / r 1, r 2",
        "l k, l v / l a, l b / l c, l d",
        "r a, r a.1, r Unnamed: 2 / r 1, r 2, r 3",
        "r id / r 007 / r 010",
        "l d, r v / l 2020-01-01, r 1e-07 / l 2021-01-01, r 1e+08",
        "c i, l f / c 1.23457e+06, l 1.5",
        "r 0, l 1 / r 1, l 2 / r 3, l x",
        "l name, r n.a / l x, r 1 / l y, r 2.5",
        "r a, l b / r 1, l x / r 2, l nan",
        "r f / r 1.5 / r 2",
    ];
    assert_eq!(tables.collect::<Vec<_>>(), want);
    assert!(
        html.contains("|           i |   f |\n|------------:|----:|\n| 1.23457e+06 | 1.5 |\n| 2           | 2   |\n"),
        "{html}"
    );
    assert!(html.contains("<strong>raw</strong> text"));
}

#[test]
fn tables_that_cannot_be_shown_are_reported_at_their_call() {
    let page = "{{ read_csv('none.csv') }}\n\n{{ read_excel('a.xlsx') }}\n\n{{ read_csv(x) }}\n\n\
                {{ read_csv('bad.csv') }}\n\n{{ read_csv('a.csv', engine='c') }}\n\n{{ read_csv('a.csv', usecols=['z']) }}\n";
    let config = "site_name: T\nplugins:\n- table-reader\n";
    let files =
        [("mkdocs.yml", config), ("docs/index.md", page), ("a.csv", "a,b\n1,2\n"), ("bad.csv", "a,b\n1,2\n1,2,3\n")];
    let built = build(&files);
    assert_eq!(
        findings(&built, &files, "OB452"),
        [
            "1: there is no file of a table `none.csv`",
            "3: opsbook has no `read_excel`",
            "5: the call of `read_csv` needs the path of a file in quotes, not `x`",
            "7: `bad.csv` cannot be read as a table: row 2 has 3 values, the others 2",
            "11: `a.csv` cannot be read as a table: it has no column `z`",
        ]
    );
    assert_eq!(findings(&built, &files, "OB450"), ["9: the argument `engine` of `read_csv` has no effect"]);
    let lenient = "site_name: T\nplugins:\n- table-reader: {allow_missing_files: true, select_readers: [read_csv]}\n";
    let files = [("mkdocs.yml", lenient), files[1]];
    let built = build(&files);
    assert!(article(&built, "index.html").contains("{{ Cannot find 'none.csv' }}"));
    assert!(
        !built.diagnostics.iter().any(|found| found.message.contains("none.csv") && found.severity == Severity::Error)
    );
    let refused =
        loaded("site_name: a\nplugins:\n- table-reader: {data_path: [], select_readers: [read_csv, read_cvs]}\n");
    assert_eq!(
        refused,
        [
            "OB441 option `data_path` of plugin `table-reader` must be text, not a list",
            "OB441 plugin `table-reader` has no reader `read_cvs`",
        ]
    );
}

#[test]
fn links_open_in_a_new_tab_by_a_script_of_the_site() {
    let config = |options: &str| format!("site_name: T\nplugins:\n- open-in-new-tab: {options}\n");
    let (plain, with_icon) = (config("{}"), config("{add_icon: true}"));
    let built = |config: &str| build(&[("mkdocs.yml", config), ("docs/index.md", "# T\n"), ("docs/a/b.md", "# B\n")]);
    let site = built(&plain);
    assert!(page(&site, "js/open_in_new_tab.js").contains("_blank"));
    assert!(page(&site, "a/b/index.html").contains("<script src=\"../../js/open_in_new_tab.js\"></script>"));
    assert!(site.outputs.bytes("css/open_in_new_tab.css").is_none());
    let site = built(&with_icon);
    assert!(page(&site, "css/open_in_new_tab.css").contains("↗"));
    assert!(page(&site, "index.html").contains("<link rel=\"stylesheet\" href=\"css/open_in_new_tab.css\">"));
    let refused = loaded(&config("{add_icon: 3}"));
    assert_eq!(refused, ["OB441 option `add_icon` of plugin `open-in-new-tab` must be true or false, not a number"]);
}

/// Values are those of mkdocs-monorepo-plugin 1.1.2.
#[test]
fn projects_of_a_repository_stand_in_one_site() {
    let config = "site_name: Root\nrepo_url: https://github.com/o/r\nedit_uri: edit/main/docs/\ntheme: {name: material, features: [content.action.edit]}\nnav:\n- Home: index.md\n\
                  - API: '!include ./svc/api/mkdocs.yml'\n- More:\n  - Web: '!include svc/web/mkdocs.yml'\nplugins: [monorepo]\n";
    let api =
        "site_name: api-v1\nnav:\n- Intro: index.md\n- deep/x.md\n- Out: https://a.example/\n- Group:\n  - G: g.md\n";
    let files = [
        ("mkdocs.yml", config),
        ("docs/index.md", "# Home\n\n[a](api-v1/index.md) [w](the-web/b.md)\n"),
        ("svc/api/mkdocs.yml", api),
        ("svc/api/docs/index.md", "# Intro\n\n[x](deep/x.md) [up](../index.md) ![i](i.png)\n"),
        ("svc/api/docs/deep/x.md", "# X\n"),
        ("svc/api/docs/g.md", "# G\n"),
        ("svc/api/docs/i.png", ""),
        ("svc/web/mkdocs.yml", "site_name: The Web\n"),
        ("svc/web/docs/b.md", "# B title\n"),
        ("svc/web/docs/a_page.md", "# A\n"),
        ("svc/web/docs/sub-dir/s.md", "# S\n"),
    ];
    let built = build(&files);
    assert!(!built.diagnostics.has_errors(), "{:?}", built.diagnostics);
    let home = page(&built, "index.html");
    let mut at = 0;
    for href in [
        "api-v1/",
        "api-v1/deep/x/",
        "https://a.example/",
        "api-v1/g/",
        "the-web/sub-dir/s/",
        "the-web/a_page/",
        "the-web/b/",
    ] {
        let found = home[at..]
            .find(&format!("href=\"{href}\""))
            .unwrap_or_else(|| panic!("{href} is in the navigation, in its place"));
        at += found + 1;
    }
    assert!(home.contains("<a href=\"api-v1/\">a</a> <a href=\"the-web/b/\">w</a>"), "{home}");
    let intro = page(&built, "api-v1/index.html");
    assert!(
        intro.contains("<a href=\"deep/x/\">x</a> <a href=\"../\">up</a> <img alt=\"i\" src=\"i.png\" />"),
        "{intro}"
    );
    assert!(intro.contains("https://github.com/o/r/edit/main/svc/api/docs/index.md"), "{intro}");
    let refused = |nav: &str, other: &str| {
        let config = format!("site_name: a\nnav:\n- A: '{nav}'\nplugins: [monorepo]\n");
        let built = build(&[
            ("mkdocs.yml", config.as_str()),
            ("docs/index.md", ""),
            ("x/mkdocs.yml", other),
            ("x/docs/i.md", ""),
        ]);
        let mut found = built.diagnostics.iter().filter(|found| found.severity == Severity::Error);
        found.next().map(|found| found.message.clone()).unwrap_or_default()
    };
    assert_eq!(refused("!include x/none.yml", ""), "`x/none.yml` cannot be read: there is no such file");
    assert_eq!(
        refused("!include x/docs/i.md", ""),
        "`x/docs/i.md` is no file of YAML: `!include` names an `mkdocs.yml`"
    );
    assert_eq!(
        refused("!include x/mkdocs.yml", "nav: []"),
        "`x/mkdocs.yml` gives no `site_name`, below which its pages would stand"
    );
    assert_eq!(
        refused("!include x/mkdocs.yml", "site_name: x\ndocs_dir: y\n"),
        "the folder of the pages `x/y` of `x/mkdocs.yml` does not exist"
    );
    let nested = "site_name: x\nnav: [{B: '!include ../x/mkdocs.yml'}]\n";
    assert_eq!(refused("!include x/mkdocs.yml", nested), "a project that is included cannot include others");
}

/// Values are those of mkdocs-llmstxt 0.5.1.
#[test]
fn language_models_have_lists_of_pages_and_their_markdown() {
    let config = "site_name: My Site\nsite_description: A description\nsite_url: https://example.com/base/\n\
                  markdown_extensions: [{toc: {permalink: true}}]\nplugins:\n- llmstxt:\n    \
                  markdown_description: Long *description*.\n    full_output: llms-full.txt\n    sections:\n      \
                  Guide: [{index.md: The start}, sub/*.md]\n      Other: [nope.md]\n";
    let home =
        "# Home *x* & y\n\nText with [link](sub/a.md#x) and `code`,\nsecond line.\n\n![i](i.png)\n\n- one\n- two\n";
    let files = [
        ("mkdocs.yml", config),
        ("docs/index.md", home),
        ("docs/sub/a.md", "---\ntitle: Page A\n---\n\nText a [home](../index.md) [abs](/x) [#](#y)\n"),
        ("docs/sub/b.md", "# B\n\n* loose\n\n* items\n"),
        ("docs/i.png", ""),
    ];
    let built = build(&files);
    let head = "# My Site\n\n> A description\n\nLong *description*.\n\n";
    let list = "## Guide\n\n- [Home x &amp; y](https://example.com/base/index.md): The start\n\
                - [Page A](https://example.com/base/sub/a/index.md)\n\
                - [B](https://example.com/base/sub/b/index.md)\n\n## Other\n\n\n";
    assert_eq!(page(&built, "llms.txt"), format!("{head}{list}"));
    let home = "# Home *x* & y\n\nText with [link](https://example.com/base/sub/a/#x) and `code`, second line.\n\n- one\n- two\n";
    let a = "Text a [home](https://example.com/base/index.md) [abs](/x) [#](#y)\n";
    let b = "# B\n\n- loose\n- items\n";
    assert_eq!(page(&built, "index.md"), home);
    assert_eq!(page(&built, "sub/a/index.md"), a);
    assert_eq!(page(&built, "llms-full.txt"), format!("{head}# Guide\n\n{home}\n{a}\n{b}# Other\n\n"));
    assert_eq!(
        findings(&built, &files, "OB441"),
        ["11: `nope.md` in `sections` of plugin `llmstxt` is no page of the site"]
    );
    let refused = loaded("site_name: a\nplugins: [{llmstxt: {full_output: []}}]\n");
    assert_eq!(
        refused,
        [
            "OB441 plugin `llmstxt` needs `sections`",
            "OB441 plugin `llmstxt` needs `site_url`",
            "OB441 option `full_output` of plugin `llmstxt` must be text, not a list",
        ]
    );
}

/// Values are those of mkdocs-techdocs-core 1.7.1.
#[test]
fn a_backstage_repository_has_its_set_and_its_metadata() {
    let config = "site_name: T & \"x\" <é>\nplugins: [techdocs-core]\nmarkdown_extensions:\n- toc: {toc_depth: 2}\n";
    let text = "# T\n\n## A\n\n### B\n\n!!! note\n\n    ==mark== H~2~O\n\n> [!TIP]\n> text\n\n- [x] done\n";
    let files = [("mkdocs.yml", config), ("docs/index.md", text)];
    let built = build(&files);
    assert_eq!(
        page(&built, "techdocs_metadata.json"),
        "{\"site_description\": \"None\", \"site_name\": \"T \\u0026 \\\"x\\\" \\u003c\\u00e9\\u003e\"}"
    );
    let html = article(&built, "index.html");
    for part in [
        "<mark>mark</mark>",
        "H<sub>2</sub>O",
        "class=\"admonition note\"",
        "task-list-control",
        "class=\"headerlink\"",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    assert!(html.contains("class=\"admonition tip\""), "{html}");
    let index = page(&built, "search/search_index.json");
    assert!(index.contains("\"min_search_length\""), "the index is MkDocs' own: {index}");
    // `toc_depth` of the project lies over the set's options.
    assert!(!page(&built, "index.html").contains("href=\"#b\" class=\"md-nav__link\""));
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
