#!/usr/bin/env bash
# The environments that the workflow of this runbook asks for.
# runbook: hotfix-rollback, plan: sha256:686445f0a32f3958a8feda51d5b8fca9e89f8e9882ffdb1bb3a042f5b3ebaf84
# content: sha256:1e700d74b79ea1186e2009139321f398b35ad5b625cf4893285ad5858318e44a
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

gate 'hotfix-rollback-open-incident' false '@opencadc/platform'
gate 'hotfix-rollback-fix-merged' false '@opencadc/platform'
gate 'hotfix-rollback-approve-patch' true "${ROLE_RELEASE_MANAGERS:?the people and teams of this role, as 'ana org/team'}"
gate 'hotfix-rollback-incident-note' false '@opencadc/platform'
environment 'production'
environment 'staging'
secret 'KUBECONFIG_PRODUCTION' 'production'
secret 'KUBECONFIG_STAGING' 'staging'
