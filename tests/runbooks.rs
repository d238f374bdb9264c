//! Runbooks become plans: whole projects under `tests/cases/runbooks/`, with the plans beside them.
//!
//! `UPDATE_EXPECTED=1` writes the plans anew; the difference is to be read before it is committed.

use opsbook::diag::{Diagnostic, Diagnostics};
use opsbook::markdown::{self, Dialect};
use opsbook::plan::{self, Base, Binding, Facts, Library, Lowered, Page, Plan};
use opsbook::runbook::extract;
use opsbook::text::{SitePath, Source, World};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A project in memory.
pub(crate) struct Project {
    files: BTreeMap<SitePath, Arc<Source>>,
}

impl Project {
    /// Reads a folder of `tests/cases/runbooks/`.
    pub(crate) fn read(name: &str) -> Project {
        let root = cases().join(name);
        let mut files = BTreeMap::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let site = SitePath::new(path.strip_prefix(&root).unwrap().to_str().unwrap());
                    files.insert(site, Arc::new(Source::new(site, fs::read_to_string(&path).unwrap())));
                }
            }
        }
        Project { files }
    }

    /// Makes a project out of texts.
    pub(crate) fn of(texts: &[(&str, &str)]) -> Project {
        let file = |(path, text): &(&str, &str)| {
            let path = SitePath::new(path);
            (path, Arc::new(Source::new(path, *text)))
        };
        Project { files: texts.iter().map(file).collect() }
    }

    /// Changes one file.
    pub(crate) fn with(mut self, path: &str, text: &str) -> Project {
        let path = SitePath::new(path);
        self.files.insert(path, Arc::new(Source::new(path, text)));
        self
    }

    /// Returns a file's text.
    pub(crate) fn text(&self, path: &str) -> &str {
        self.files[&SitePath::new(path)].text()
    }

    /// Parses a page and what it draws on.
    pub(crate) fn library(&self, entry: &str) -> (Library, Diagnostics) {
        let (dialect, _) = Dialect::mkdocs(&[]);
        let mut diagnostics = Diagnostics::new();
        let library = Library::collect(SitePath::new(entry), &mut |path| {
            let source = self.files.get(&path)?.clone();
            let parsed = markdown::parse(&source, &dialect, &self.files);
            let (runbook, found) = extract(&parsed.document, &source);
            diagnostics.append(found);
            Some(Page { source, runbook, anchors: parsed.facts.anchors.keys().cloned().collect() })
        });
        (library, diagnostics)
    }

    /// Lowers a runbook with parameters.
    pub(crate) fn lower(&self, entry: &str, params: &[(&str, &str)], facts: &Facts) -> (Option<Lowered>, Diagnostics) {
        let given = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.lower_as(entry, Binding::Bound(&given), facts)
    }

    /// Lowers a runbook.
    pub(crate) fn lower_as(&self, entry: &str, binding: Binding<'_>, facts: &Facts) -> (Option<Lowered>, Diagnostics) {
        let (library, mut diagnostics) = self.library(entry);
        let (lowered, found) = plan::lower(SitePath::new(entry), &library, binding, facts, &self.files);
        diagnostics.append(found);
        diagnostics.sort();
        if let Some(lowered) = &lowered {
            crate::schemas::assert_valid_plan(&lowered.plan);
        }
        (lowered, diagnostics)
    }

    /// Shows a diagnostic as `file:line:col CODE message`.
    pub(crate) fn show(&self, diagnostic: &Diagnostic) -> String {
        let place = diagnostic.span.map_or("-".to_owned(), |span| {
            let source = &self.files[&span.file];
            let at = source.line_col(span.range().start);
            format!("{}:{}:{}", span.file, at.line, at.col)
        });
        format!("{place} {} {}", diagnostic.code, diagnostic.message)
    }

    /// Shows diagnostics, one a line.
    pub(crate) fn show_all(&self, diagnostics: &Diagnostics) -> Vec<String> {
        diagnostics.iter().map(|diagnostic| self.show(diagnostic)).collect()
    }

    /// The world of this project.
    pub(crate) fn world(&self) -> &dyn World {
        &self.files
    }
}

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/runbooks")
}

/// Compares with a file, or writes it.
pub(crate) fn expect_file(name: &str, actual: &str) {
    let path = cases().join(name);
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&path, actual).unwrap();
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == actual, "{} differs; run with UPDATE_EXPECTED=1 and read the difference", path.display());
}

const QUARTERLY: &str = "docs/runbooks/quarterly-release.md";
const HOTFIX: &str = "docs/runbooks/hotfix-rollback.md";

fn since_last_quarter() -> Facts {
    let manifest = "{\n\t\"helm/applications/cavern\": \"0.8.0\",\n\t\"helm/applications/posix-mapper\": \"0.5.1\"\n}";
    Facts { base: Some(Base { reference: "v1".into(), manifest: Some(manifest.into()) }), ..Facts::default() }
}

fn plan_of(project: &Project, entry: &str, params: &[(&str, &str)], facts: &Facts) -> Plan {
    let (lowered, diagnostics) = project.lower(entry, params, facts);
    assert_eq!(project.show_all(&diagnostics), [] as [String; 0]);
    lowered.expect("no diagnostics, hence a plan").plan
}

#[test]
fn the_quarterly_release_is_planned_byte_for_byte() {
    let project = Project::read("canfar");
    let plan = plan_of(&project, QUARTERLY, &[("release", "2026.3")], &since_last_quarter());
    let changed: Vec<_> =
        plan.components.iter().map(|it| (it.name.as_str(), it.from.as_deref(), it.to.as_str())).collect();
    assert_eq!(changed, [("cavern", Some("0.8.0"), "0.10.0"), ("skaha", None, "1.2.0")]);
    let text = plan.to_json();
    expect_file("canfar/quarterly-release.plan.json", &text);
    assert_eq!(Plan::from_json(&text).expect("a plan of ours loads"), plan);
}

#[test]
fn the_hotfix_uses_blocks_of_another_page() {
    let project = Project::read("canfar");
    let params = [("component", "cavern"), ("revision", "12"), ("issue", "#7")];
    let plan = plan_of(&project, HOTFIX, &params, &Facts::default());
    let deploy = plan.step("patch-staging.cavern.deploy").expect("the group is unrolled");
    assert_eq!(deploy.source.as_ref().expect("it has a place").path, QUARTERLY);
    assert_eq!(deploy.undo.as_ref().map(|undo| undo.block.as_str()), Some("undo-deploy"));
    expect_file("canfar/hotfix-rollback.plan.json", &plan.to_json());
}

#[test]
fn a_template_stands_for_every_binding() {
    let project = Project::read("canfar");
    let (lowered, diagnostics) = project.lower_as(QUARTERLY, Binding::Template, &Facts::default());
    assert_eq!(project.show_all(&diagnostics), [] as [String; 0]);
    let plan = lowered.expect("no diagnostics, hence a plan").plan;
    let deploy = plan.step("staging.component.deploy").expect("one component stands for all");
    assert_eq!(deploy.helm.as_ref().and_then(|helm| helm.version.as_deref()), Some("‹component.to›"));
}

#[test]
fn mistakes_have_their_places() {
    let page = "---\nrunbook: {version: 1, environments: {prod: {tier: 1}}, owners: [a]}\nchecklist:\n  - step: one\n  - \
                {step: two, needs: [three]}\n  - {step: two, id: three, needs: [two], env: pord}\n---\n\n```bash\n#| id: \
                one\n#| rolback: x\ntrue\n```\n\n```yaml\n#| id: two\n#| type: helm\nrelease: ${component.name}\nchart: \
                c\n```\n";
    let project = Project::of(&[("a.md", page)]);
    let (_, diagnostics) = project.lower("a.md", &[("x", "1")], &Facts::default());
    assert_eq!(
        project.show_all(&diagnostics),
        [
            "- RB015 unknown parameter `x`",
            "a.md:5:25 RB007 these items wait for each other: `two` needs `three` needs `two`",
            "a.md:6:47 RB006 unknown environment `pord`",
            "a.md:11:4 RB003 unknown key `rolback` in `block header`",
            "a.md:18:10 RB009 `${component.name}` has no value here",
        ]
    );
}

#[test]
fn an_accepted_finding_names_a_rule_that_a_page_can_accept_and_says_why() {
    let page = "---\nrunbook:\n  version: 1\n  allow:\n    - RB006 it is fine\n    - RB703 it is fine\n    - RB999 it is fine\n    \
                - RB104\n    - {rule: RB104, reason: it is fine, until: 2026-13-01}\n    - {rule: RB104, reason: ' '}\nchecklist: \
                [{text: Look}]\n---\n";
    let project = Project::of(&[("a.md", page)]);
    let (_, diagnostics) = project.lower("a.md", &[], &Facts::default());
    assert_eq!(
        project.show_all(&diagnostics),
        [
            "a.md:5:7 RB002 no page can accept `RB006`",
            "a.md:6:7 RB002 no page can accept `RB703`",
            "a.md:7:7 RB002 `RB999` is no rule of runbooks",
            "a.md:8:7 RB002 `RB104` is allowed without a reason",
            "a.md:9:48 RB002 `2026-13-01` is no date",
            "a.md:10:14 RB002 `RB104` is allowed without a reason",
        ]
    );
}

#[test]
fn a_key_that_means_nothing_where_it_stands_is_said() {
    let page = "---\nrunbook: {version: 1, owners: [a]}\nchecklist:\n  - {step: one, evidence: url}\n  - {text: Look, evidence: \
                output}\n  - {group: All, evidence: note, section: \"#nowhere\", items: [{step: two}]}\n  - {use: b.md#three, with: \
                {coulor: red}}\n---\n\n```bash\n#| id: one\n#| verify: check\ntrue\n```\n\n```yaml\n#| id: two\n#| type: kubectl\n#| \
                shell: sh\nget: pods\nfor: delete\ntimeout: 5m\n```\n\n```bash\n#| id: check\n#| expect: {exit: 1}\nfalse\n```\n";
    let other =
        "---\nrunbook: {version: 1, params: {colour: {default: red}}}\n---\n\n```bash\n#| id: three\ntrue\n```\n";
    let project = Project::of(&[("a.md", page), ("b.md", other)]);
    let (_, diagnostics) = project.lower("a.md", &[], &Facts::default());
    assert_eq!(
        project.show_all(&diagnostics),
        [
            "a.md:4:27 RB002 `evidence: url` means nothing here",
            "a.md:5:28 RB002 `evidence: output` means nothing here",
            "a.md:6:28 RB002 `evidence: note` means nothing here",
            "a.md:6:43 RB006 there is no section `#nowhere`",
            "a.md:7:30 RB009 `b.md` has no parameter `coulor`",
            "a.md:19:4 RB002 `shell` means nothing in a block of type `kubectl`",
            "a.md:21:1 RB002 `for` means nothing without `wait`",
            "a.md:22:1 RB002 `timeout` means nothing without `rollout`, `wait`, `delete`",
            "a.md:26:8 RB002 what `check` expects is not looked at here",
        ]
    );
}

#[test]
fn the_guards_of_a_group_may_be_passed_for_the_changes_in_it() {
    let page = "---\nrunbook: {version: 1, owners: [a]}\nchecklist:\n  - {group: All, break_glass: {reason: required, review_within: \
                1h}, items: [{step: one}, {text: Look}]}\n---\n\n```bash\n#| id: one\n#| timeout: 1m\ntrue\n```\n";
    let plan = plan_of(&Project::of(&[("a.md", page)]), "a.md", &[], &Facts::default());
    let within =
        plan.steps.iter().map(|step| step.break_glass.as_ref().and_then(|glass| glass.review_within.as_deref()));
    assert_eq!(within.collect::<Vec<_>>(), [Some("1h"), None]);
}

#[test]
fn a_plain_page_of_boxes_is_a_runbook() {
    let page = "---\nrunbook: {version: 1}\n---\n\n# Restart\n\n- [ ] Tell the users\n- [x] Stop the queue\n\n```console\n#| id: \
                restart\n#| timeout: 1m\n$ systemctl restart \\\n> queue\nok\n```\n";
    let project = Project::of(&[("restart.md", page)]);
    let plan = plan_of(&project, "restart.md", &[], &Facts::default());
    let ids: Vec<_> = plan.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(ids, ["tell-the-users", "stop-the-queue", "restart"]);
    let run = plan.steps[2].run.as_ref().expect("it runs");
    assert_eq!(run.script, "systemctl restart \\\nqueue");
    assert_eq!(plan.steps[2].expect.as_ref().and_then(|expect| expect.transcript.as_deref()), Some("ok"));
}

#[test]
fn ten_thousand_steps_are_planned_in_linear_time() {
    let page = |n_components: usize| {
        let component = |number| format!("    - {{name: c{number}, path: charts/c{number}, to: 1.0.{number}}}\n");
        let components: String = (0..n_components).map(component).collect();
        format!(
            "---\nrunbook:\n  version: 1\n  components:\n{components}checklist:\n  - group: All\n    each: component\n    \
         items: [{{step: a}}, {{step: a, id: b}}, {{step: a, id: c}}, {{step: a, id: d}}]\n---\n\n```bash\n#| id: \
         a\n#| timeout: 1m\necho $COMPONENT_NAME\n```\n"
        )
    };
    let plan = |n_steps: usize| {
        let project = Project::of(&[("a.md", &page(n_steps / 4))]);
        let plan = plan_of(&project, "a.md", &[], &Facts::default());
        assert_eq!(plan.steps.len(), n_steps);
        plan
    };
    crate::growth::assert_linear("a plan", &mut |n_steps| drop(plan(n_steps)), 2_500);
    // The bytes of a step do not grow with the number of steps.
    assert!(plan(10_000).to_canonical().len() < 10_000 * 1_500);
}
