//! Lints: each rule on a page that triggers it and one that does not, and what each of many small
//! mutations of the two example runbooks is caught by.

use crate::runbooks::Project;
use opsbook::plan::lint::{Context, lint, lint_release_please};
use opsbook::plan::{self, Binding, Facts};
use opsbook::text::SitePath;
use std::collections::BTreeSet;

/// 2026-06-01.
const TODAY: i64 = 20_605;

/// Returns the findings of a page as `file:line:col CODE message`, those of its parts included.
fn findings(project: &Project, entry: &str) -> Vec<String> {
    let (library, mut all) = project.library(entry);
    let (lowered, found) =
        plan::lower(SitePath::new(entry), &library, Binding::Template, &Facts::default(), project.world());
    all.append(found);
    let context = Context::of(project.world(), Some(TODAY), true);
    all.append(lint(SitePath::new(entry), &library, lowered.as_ref(), &context));
    all.sort();
    project.show_all(&all)
}

const QUARTERLY: &str = "docs/runbooks/quarterly-release.md";
const HOTFIX: &str = "docs/runbooks/hotfix-rollback.md";

/// What is changed, and the rule that must notice.
struct Mutation {
    page: &'static str,
    from: &'static str,
    to: &'static str,
    rule: &'static str,
}

const fn on(page: &'static str, from: &'static str, to: &'static str, rule: &'static str) -> Mutation {
    Mutation { page, from, to, rule }
}

const STAGING: &str = "  - group: Staging\n    env: staging\n    each: component\n    items:\n      - step: deploy\n      - step: watch-rollout\n      - step: smoke\n";
const APPROVAL: &str = "  - id: approve-production\n    approve: {role: release-managers, min: 1, forbid: [runner]}\n    text: \"Go / no-go for production\"\n";
const APPROVE_PATCH: &str = "  - {id: approve-patch, approve: {role: release-managers, min: 1, forbid: [runner]}, text: \"Ship the patch to production\"}\n";
const NOTE: &str = "  - {id: incident-note, text: \"Incident note written and linked\", evidence: url, section: \"#write-the-incident-note\"}\n";

/// Each example with one thing wrong.
const MUTATIONS: &[Mutation] = &[
    // Structure.
    on(QUARTERLY, "kind: release", "kind: relaese", "RB002"),
    on(QUARTERLY, "  version: 1\n", "", "RB002"),
    on(QUARTERLY, "checklist:\n", "checklist:\n  - {}\n", "RB002"),
    on(QUARTERLY, "evidence: note}", "evidnce: note}", "RB002"),
    on(QUARTERLY, "wait: 30m", "wait: soon", "RB002"),
    on(QUARTERLY, "#| timeout: 15m", "#| timout: 15m", "RB003"),
    on(QUARTERLY, "on_failure: rollback", "on_failur: rollback", "RB003"),
    on(QUARTERLY, "#| id: charts-lint", "#| id: [charts", "RB001"),
    on(QUARTERLY, "  - configs/${env}/${component.name}.yaml", "  [configs/${env}.yaml]", "RB001"),
    on(QUARTERLY, "```bash\n#| id: smoke", "```bash {#smoke .step}\n#| id: smoke", "RB004"),
    on(QUARTERLY, "#| id: smoke", "#| id: watch-rollout", "RB005"),
    on(QUARTERLY, "{id: announce,", "{id: read-changelog,", "RB005"),
    on(QUARTERLY, "      - step: charts-lint\n", "      - step: chart-lint\n", "RB006"),
    on(QUARTERLY, "rollback: undo-deploy", "rollback: undo-deploi", "RB006"),
    on(QUARTERLY, "verify: watch-rollout", "verify: watch-rolout", "RB006"),
    on(QUARTERLY, "monitor: error-budget", "monitor: error-budgets", "RB006"),
    on(QUARTERLY, "hotfix-rollback.md#write-the-incident-note\"}", "hotfix-rollback.md#write-a-note\"}", "RB006"),
    on(HOTFIX, "section: \"#write-the-incident-note\"", "section: \"#write-the-note\"", "RB006"),
    on(HOTFIX, "use: quarterly-release.md#smoke", "use: quarterly.md#smoke", "RB006"),
    on(QUARTERLY, "      - step: charts-lint\n", "      - {step: charts-lint, needs: [rollback-ready]}\n", "RB007"),
    on(QUARTERLY, "      - step: rollback-ready\n", "", "RB008"),
    on(
        QUARTERLY,
        "    each: component\n    items:\n      - step: deploy\n      - step: watch-rollout\n      - step: smoke\n  - {id: soak",
        "    items:\n      - step: deploy\n      - step: watch-rollout\n      - step: smoke\n  - {id: soak",
        "RB009",
    ),
    on(QUARTERLY, "version: ${component.to}", "version: ${component.too}", "RB009"),
    on(
        HOTFIX,
        "  - {step: confirm-service, id: confirm-patch, env: production}\n",
        "  - {use: hotfix-rollback.md, id: again}\n",
        "RB009",
    ),
    on(QUARTERLY, "  helm lint --strict \"$chart\"\ndone", "  helm lint --strict \"$chart\"", "RB010"),
    on(HOTFIX, "instance=$COMPONENT\" --timeout=9m", "instance=$COMPONENT --timeout=9m", "RB010"),
    on(HOTFIX, "-n skaha-system --wait", "-n <namespace> --wait", "RB011"),
    on(QUARTERLY, "helm test \"$COMPONENT_NAME\"", "helm test \"$COMPONENT_NMAE\"", "RB012"),
    on(QUARTERLY, "```bash\n#| id: smoke", "```sh\n#| id: smoke", "none"),
    on(QUARTERLY, "\nhelm test", "\ntrue\n$ helm test", "RB013"),
    on(QUARTERLY, "```bash\n#| id: smoke", "```brainfuck\n#| id: smoke", "RB014"),
    on(QUARTERLY, "{step: error-budget, env: production}", "{step: error-budget, env: staging}", "RB016"),
    // The checklist.
    on(
        HOTFIX,
        "  - {step: stop-the-bleeding, env: production, break_glass: {reason: required, review_within: 24h}}\n",
        "",
        "RB101",
    ),
    on(
        QUARTERLY,
        "    env: staging\n    each: component\n",
        "    env: staging\n    needs: []\n    each: component\n",
        "RB102",
    ),
    on(QUARTERLY, "  - group: Prepare\n    items:\n", "  - group: Prepare\n    needs: [close]\n    items:\n", "RB007"),
    on(QUARTERLY, "      - step: charts-lint\n      - step: rollback-ready\n", "", "RB103"),
    on(QUARTERLY, "#| rollback: undo-deploy\n", "", "RB104"),
    on(QUARTERLY, "      - step: rollback-ready\n", "      - {step: rollback-ready, when: window != none}\n", "RB105"),
    on(
        QUARTERLY,
        "text: \"Go / no-go for production\"\n",
        "text: \"Go / no-go for production\"\n    when: window != none\n",
        "RB105",
    ),
    on(
        QUARTERLY,
        "      - step: charts-lint\n",
        "      - step: charts-lint\n      - text: Look at one\n      - text: Look at two\n      - text: Look at three\n      - text: Look at \
         four\n      - text: Look at five\n      - text: Look at six\n",
        "RB106",
    ),
    on(QUARTERLY, "#| timeout: 5m\n", "", "RB107"),
    on(QUARTERLY, "on_failure: rollback\n", "on_failure: rollback\ntimeout: 8m\n", "RB107"),
    on(HOTFIX, "#| timeout: 10m\n", "", "RB107"),
    on(QUARTERLY, "--timeout=9m", "--timeout=10m", "RB107"),
    on(QUARTERLY, "## After\n", "## After\n\n- [ ] Water the plants\n", "RB108"),
    // Staging first.
    on(QUARTERLY, STAGING, "", "RB201"),
    on(
        QUARTERLY,
        "    env: production\n    each: component\n",
        "    env: production\n    needs: [approve-production]\n    each: component\n",
        "none",
    ),
    on(
        QUARTERLY,
        "text: \"Go / no-go for production\"\n",
        "text: \"Go / no-go for production\"\n    needs: [prepare]\n",
        "RB201",
    ),
    on(
        HOTFIX,
        "each: component\n    items:\n      - use: quarterly-release.md#deploy\n      - use: quarterly-release.md#watch-rollout\n  - {step: confirm-service, id",
        "each: component\n    needs: []\n    items:\n      - use: quarterly-release.md#deploy\n      - use: quarterly-release.md#watch-rollout\n  - {step: confirm-service, id",
        "RB201",
    ),
    on(HOTFIX, ", break_glass: {reason: required, review_within: 24h}", "", "RB203"),
    on(HOTFIX, APPROVE_PATCH, "", "RB203"),
    on(QUARTERLY, APPROVAL, "", "RB203"),
    on(QUARTERLY, "kubeconfig: KUBECONFIG_PRODUCTION}", "kubeconfig: KUBECONFIG_STAGING}", "RB204"),
    on(QUARTERLY, "  mode: read-do\n", "  mode: read-do\n  policy: {min_soak: 1h}\n", "RB205"),
    // Looking afterwards.
    on(HOTFIX, "  - {step: confirm-service, env: production}\n  - {id: fix-merged", "  - {id: fix-merged", "none"),
    on(HOTFIX, "  - {step: confirm-service, id: confirm-patch, env: production}\n", "", "none"),
    on(QUARTERLY, "awk -v r=\"$ratio\" 'BEGIN { exit !(r < 0.01) }'", "echo \"$ratio\"", "RB302"),
    on(QUARTERLY, "awk -v r=\"$ratio\" 'BEGIN { exit !(r < 0.01) }'", "test \"$ratio\" = 0 || true", "RB302"),
    on(QUARTERLY, "  mode: read-do\n", "  mode: read-do\n  policy: {min_watch: 1h}\n", "RB303"),
    // Incidents.
    on(HOTFIX, NOTE, "", "RB401"),
    on(QUARTERLY, ", then: \"hotfix-rollback.md#write-the-incident-note\"", "", "RB402"),
    // Secrets.
    on(
        HOTFIX,
        "helm rollback \"$COMPONENT\"",
        "export AWS_ACCESS_KEY_ID=AKIAQ3EGRJ5TX2B7WZ4K\nhelm rollback \"$COMPONENT\"",
        "RB501",
    ),
    on(QUARTERLY, "prompt: \"Change window (UTC)\"", "prompt: \"password: hunter2hunter2x9\"", "RB501"),
    on(QUARTERLY, "secrets: [KUBECONFIG_STAGING, KUBECONFIG_PRODUCTION]", "secrets: [KUBECONFIG_STAGING]", "RB502"),
    on(
        QUARTERLY,
        "secrets: [KUBECONFIG_STAGING, KUBECONFIG_PRODUCTION]",
        "secrets: [KUBECONFIG_STAGING, KUBECONFIG_PRODUCTION, UNUSED]",
        "RB502",
    ),
    on(
        QUARTERLY,
        "helm test \"$COMPONENT_NAME\" -n",
        "helm test \"$COMPONENT_NAME\" --password \"$RELEASE\" -n",
        "RB503",
    ),
    on(QUARTERLY, "\nhelm test", "\nset -x\nhelm test", "RB503"),
    on(QUARTERLY, "\nhelm test", "\necho \"$KUBECONFIG_STAGING\"\nhelm test", "RB503"),
    on(QUARTERLY, "\nhelm test", "\ncurl -u admin:x https://example.org\nhelm test", "RB503"),
    on(QUARTERLY, "\nhelm test", "\n: ${{ secrets.TOKEN }}\nhelm test", "RB504"),
    on(HOTFIX, "#| role: rollback\n", "#| role: rollback\n#| secrets: [KUBECONFIG_STAGING]\n", "RB505"),
    // People.
    on(QUARTERLY, "  owners: [\"@opencadc/platform\"]\n", "", "RB601"),
    on(QUARTERLY, "reviewed: 2026-05-04", "reviewed: 2025-05-04", "RB602"),
    on(QUARTERLY, "  reviewed: 2026-05-04\n", "", "RB602"),
    on(QUARTERLY, ", forbid: [runner]}", "}", "RB603"),
    on(
        HOTFIX,
        "\"Incident note written and linked\", evidence: url",
        "\"Incident note written and linked\", env: production, evidence: none",
        "RB604",
    ),
    on(QUARTERLY, "{tier: 1, after: staging,", "{tier: 1, allow_weak_identity: true, after: staging,", "RB605"),
];

#[test]
fn every_mutation_of_an_example_is_caught_by_its_rule() {
    let known = [QUARTERLY, HOTFIX].map(|page| (page, findings(&Project::read("canfar"), page)));
    let mut wrong = Vec::new();
    let mut n_caught = std::collections::BTreeMap::from([(QUARTERLY, 0), (HOTFIX, 0)]);
    for mutation in MUTATIONS {
        let project = Project::read("canfar");
        let text = project.text(mutation.page);
        assert!(text.contains(mutation.from), "nothing to change: {}", mutation.from);
        let text = text.replacen(mutation.from, mutation.to, 1);
        let found = findings(&project.with(mutation.page, &text), mutation.page);
        let was = &known.iter().find(|(page, _)| *page == mutation.page).expect("one of two").1;
        if mutation.rule == "none" {
            if rules(&found) != rules(was) {
                wrong.push(format!("{:?} → {:?} says {found:#?}", mutation.from, mutation.to));
            }
        } else if found.iter().any(|line| line.contains(&format!(" {} ", mutation.rule)) && !was.contains(line)) {
            *n_caught.entry(mutation.page).or_default() += 1;
        } else {
            wrong.push(format!("{} misses {:?} → {:?}: {found:#?}", mutation.rule, mutation.from, mutation.to));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(n_caught.values().sum::<usize>() >= 60 && n_caught[HOTFIX] >= 12, "only {n_caught:?} mutations");
}

/// The rules of findings.
fn rules(findings: &[String]) -> BTreeSet<String> {
    findings.iter().filter_map(|line| line.split(' ').nth(1)).map(str::to_owned).collect()
}

#[test]
fn the_examples_are_clean_but_for_what_they_leave_open() {
    let project = Project::read("canfar");
    assert_eq!(
        findings(&project, QUARTERLY),
        ["docs/runbooks/quarterly-release.md:143:41 RB012 nothing sets `$PROM_URL`"]
    );
    assert_eq!(
        findings(&project, HOTFIX),
        ["docs/runbooks/hotfix-rollback.md:42:31 RB401 the incident note is only written when everything went well"]
    );
}

#[test]
fn release_please_is_compared_with_its_charts() {
    let project = Project::read("canfar")
        .with("helm/applications/cavern/Chart.yaml", "name: cavern\nversion: 0.9.0\n")
        .with("helm/applications/skaha/Chart.yaml", "name: skaha-2\nversion: 1.2.0\n")
        .with(
            "release-please-config.json",
            r#"{"release-type": "helm", "include-v-in-tag": false, "packages": {
  "helm/applications/cavern": {},
  "helm/applications/skaha": {"package-name": "skaha"},
  "helm/applications/base": {}
}}"#,
        );
    let tags = BTreeSet::from(["cavern-0.10.0".to_owned()]);
    let found = lint_release_please(project.world(), Some(&tags));
    assert_eq!(
        project.show_all(&found),
        [
            ".release-please-manifest.json:3:3 RB702 `helm/applications/posix-mapper` has a version and is no package",
            ".release-please-manifest.json:4:3 RB704 Git has no tag `skaha-1.2.0`",
            "helm/applications/cavern/Chart.yaml:2:10 RB703 this chart is 0.9.0, and `.release-please-manifest.json` says 0.10.0",
            "release-please-config.json:3:47 RB705 the package is called `skaha`, and its chart `skaha-2`",
            "release-please-config.json:4:3 RB701 there is no `helm/applications/base/Chart.yaml`",
            "release-please-config.json:4:3 RB702 package `helm/applications/base` has no version in `.release-please-manifest.json`",
        ]
    );
}
