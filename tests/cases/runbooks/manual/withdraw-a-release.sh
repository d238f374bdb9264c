#!/usr/bin/env bash
# Withdraw a release
# runbook: withdraw-a-release, plan: sha256:0abecac32b721355370bf4feea956986ac2756ddb0014835e7d987246f25ab26
# content: sha256:
# Emitted by opsbook; change the runbook and emit again instead of editing this file.
# Functions are called by name, and not every plan needs all of them; values are data, in which
# nothing expands:
# shellcheck disable=SC2034,SC2317,SC2329,SC2016
set -euo pipefail

plan='sha256:0abecac32b721355370bf4feea956986ac2756ddb0014835e7d987246f25ab26'
runbook='withdraw-a-release'
then_go_to=''
secrets=()
# Variables that scripts see besides: names of the project, and of whoever runs this.
read -r -a passes <<<''" ${OPSBOOK_PASS_ENV:-}"
state=${OPSBOOK_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/opsbook/bash/${plan:7:16}}
run=bash-${plan:7:8}

#include frame.sh
#include bash.sh

# open-issue: Open the incident's issue and say what users see
work_0() {
ask "$@" url
}

# good-release-exists: The release to go back to is there
work_1() {
step 'good-release-exists' 'public'
sees \
  BAD='1.2.3' \
  GOOD='1.2.2' \
  OPSBOOK_ENV='public' \
  OPSBOOK_PLAN='0abecac3' \
  OPSBOOK_STEP='good-release-exists'
no_kubeconfig
part main bash 60 0 0 '' <<'END_OF_SCRIPT'
gh release view "v$GOOD" --json isDraft,isPrerelease --jq 'select((.isDraft or .isPrerelease) | not)' | grep -q .
END_OF_SCRIPT
perform_step
}

# agree: Withdraw it
work_2() {
ask "$@" approval
}

# mark-bad: The bad release is a pre-release and the good one the latest
work_3() {
step 'mark-bad' 'public'
sees \
  BAD='1.2.3' \
  GOOD='1.2.2' \
  OPSBOOK_ENV='public' \
  OPSBOOK_PLAN='0abecac3' \
  OPSBOOK_STEP='mark-bad'
no_kubeconfig
part main bash 300 0 0 '' <<'END_OF_SCRIPT'
gh release edit "v$BAD" --prerelease
gh release edit "v$GOOD" --latest
END_OF_SCRIPT
part verify bash 120 5 10 '' <<'END_OF_SCRIPT'
test "$(gh release view --json tagName --jq .tagName)" = "v$GOOD"
END_OF_SCRIPT
perform_step
}

# latest-is-good: GitHub offers the good release
work_4() {
step 'latest-is-good' 'public'
sees \
  BAD='1.2.3' \
  GOOD='1.2.2' \
  OPSBOOK_ENV='public' \
  OPSBOOK_PLAN='0abecac3' \
  OPSBOOK_STEP='latest-is-good'
no_kubeconfig
part main bash 120 0 0 '' <<'END_OF_SCRIPT'
test "$(gh release view --json tagName --jq .tagName)" = "v$GOOD"
END_OF_SCRIPT
retries 5 10
perform_step
}

# note: Write the incident note and link the journal of this run
work_5() {
ask "$@" url
}

begin
ask_at 0 'open-issue' '-' 'Open the incident'\''s issue and say what users see'
perform_at 1 'good-release-exists' 'public' 'The release to go back to is there' yes 'success:open-issue'
ask_at 2 'agree' 'public' 'Withdraw it' 'success:good-release-exists'
perform_at 3 'mark-bad' 'public' 'The bad release is a pre-release and the good one the latest' yes 'success:agree'
perform_at 4 'latest-is-good' 'public' 'GitHub offers the good release' yes 'success:mark-bad'
ask_at 5 'note' '-' 'Write the incident note and link the journal of this run' 'done:latest-is-good'

if [ "${#failed[@]}" -eq 0 ]; then
  say "all done"
  exit 0
fi
undone=''
say "failed: ${failed[*]}${then_go_to:+; go to $then_go_to}"
[ -z "$undone" ] || exit 8
[ ! -f "$state/timed-out" ] || exit 124
exit 1
