//! The settings that a workflow needs, as a script for `gh`: reviewers live in a repository's
//! environments, and no workflow file can bring them.

use super::github::{Flow, Job, environment_of, forbids_runner};
use super::law::Law;
use super::program::BASH;
use super::{CONTENT_MARK, Options, one_line, sealed};
use crate::plan::Plan;
use crate::plan::outputs::shouted;
use std::collections::{BTreeMap, BTreeSet};

/// Emits the script that makes the environments of a plan's workflow: one per gate with its reviewers,
/// and those that jobs run in. The people of a role come from a variable, because a plan does not
/// name them.
pub fn emit_github_setup(plan: &Plan) -> String {
    let (law, options) = (Law::of(plan), Options::default());
    let jobs = Flow::of(&law, &options).jobs;
    let mut out = format!(
        "#!/usr/bin/env bash\n# The environments that the workflow of this runbook asks for.\n# runbook: {}, plan: {}\n# \
         {CONTENT_MARK}\n# Emitted by opsbook; it needs gh, logged in as an administrator of the repository.\nset -euo \
         pipefail\n{FRAME}\n",
        one_line(&plan.runbook),
        plan.hash
    );
    for job in jobs.iter().filter(|job| job.gate) {
        let apart = forbids_runner(&law, job);
        let name = BASH.quote(&environment_of(plan, job));
        out.push_str(&format!("gate {name} {apart}{}\n", reviewers(&law, job)));
    }
    let used = jobs.iter().filter(|job| !job.gate).filter_map(|job| law.duties[job.steps[0]].step.env.as_deref());
    for env in used.collect::<BTreeSet<&str>>() {
        out.push_str(&format!("environment {}\n", BASH.quote(env)));
    }
    let mut secrets: BTreeMap<&str, BTreeSet<Option<&str>>> = BTreeMap::new();
    for step in &plan.steps {
        for secret in &step.secrets {
            secrets.entry(secret).or_default().insert(step.env.as_deref());
        }
    }
    for (secret, places) in secrets {
        for place in places {
            let place = place.map(|env| format!(" {}", BASH.quote(env))).unwrap_or_default();
            out.push_str(&format!("secret {}{place}\n", BASH.quote(secret)));
        }
    }
    sealed(&out)
}

/// The words that name a gate's reviewers: an approval's users or role, else the runbook's owners.
fn reviewers(law: &Law<'_>, job: &Job) -> String {
    let approval = law.duties[job.steps[0]].step.approval.as_ref();
    let named = match approval.and_then(|approval| approval.users.as_ref()) {
        Some(users) => users,
        None => match approval.and_then(|approval| approval.role.as_ref()) {
            Some(role) => {
                let variable = format!("ROLE_{}", shouted(role));
                return format!(" \"${{{variable}:?the people and teams of this role, as 'ana org/team'}}\"");
            }
            None => &law.plan.owners,
        },
    };
    if named.is_empty() {
        return " \"${OWNERS:?who confirms what is done by hand, as 'ana org/team'}\"".to_owned();
    }
    format!(" {}", BASH.quote(&named.iter().map(|name| one_line(name)).collect::<Vec<_>>().join(" ")))
}

const FRAME: &str = r#"
repository=${1:-$(gh repo view --json nameWithOwner --jq .nameWithOwner)}

# A reviewer as GitHub takes it, of `ana` or `org/team`.
reviewer() {
  local name=${1#@} kind=User address=users/${1#@} id
  case $name in
    */*) kind=Team address=orgs/${name%%/*}/teams/${name#*/} ;;
  esac
  id=$(gh api "$address" --jq .id) || return
  printf '{"type":"%s","id":%s}' "$kind" "$id"
}

# The environment of a gate, which asks its reviewers: gate NAME APART REVIEWERS
gate() {
  local name=$1 apart=$2 reviewers='' one people
  read -r -a people <<<"$3"
  for one in "${people[@]}"; do
    reviewers+=${reviewers:+,}$(reviewer "$one")
  done
  printf '{"prevent_self_review":%s,"reviewers":[%s]}' "$apart" "$reviewers" |
    gh api --silent --method PUT "repos/$repository/environments/$name" --input -
  printf 'gate %s: %s\n' "$name" "$3"
}

# An environment that jobs run in; one that is there keeps its rules.
environment() {
  gh api --silent "repos/$repository/environments/$1" 2>/dev/null ||
    gh api --silent --method PUT "repos/$repository/environments/$1"
  printf 'environment %s\n' "$1"
}

# Says how a secret is set that is not there: secret NAME [ENVIRONMENT]
secret() {
  local where=(--repo "$repository" ${2:+--env "$2"})
  gh secret list "${where[@]}" --json name --jq '.[].name' | grep -qx "$1" ||
    printf 'set the secret: gh secret set %s %s\n' "$1" "${where[*]}"
}
"#;
