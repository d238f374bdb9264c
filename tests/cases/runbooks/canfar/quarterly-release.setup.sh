#!/usr/bin/env bash
# The environments that the workflow of this runbook asks for.
# runbook: quarterly-release, plan: sha256:a29720342054baf162931060e09a9642bc158f9502704272c1af059a87fdfd48
# content: sha256:1c578ddceddc679e914d029c4f568504bd1bcfa1839fdb7aa44d2225361bd85f
# Emitted by opsbook; it needs gh, logged in as an administrator of the repository.
set -euo pipefail

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

gate 'quarterly-release-prepare-read-changelog' false '@opencadc/platform'
gate 'quarterly-release-approve-production' true "${ROLE_RELEASE_MANAGERS:?the people and teams of this role, as 'ana org/team'}"
gate 'quarterly-release-close-record' false '@opencadc/platform'
environment 'production'
environment 'staging'
secret 'KUBECONFIG_PRODUCTION' 'production'
secret 'KUBECONFIG_STAGING' 'staging'
