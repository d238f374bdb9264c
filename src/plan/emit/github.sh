# shellcheck shell=bash disable=SC2034,SC2154

# ---- What a job of GitHub Actions does around a step ----

set -euo pipefail
state=$RUNNER_TEMP/opsbook earlier=$RUNNER_TEMP/opsbook-earlier run=github-$GITHUB_RUN_ID
mkdir -p "$state"

# Undoes the step that was described: undo_in_job RESULT JOB STEP... RESULT is how its job ended, and the
# steps are those of the job before it. Where a lost runner left nothing about a step that came next, it may
# have been begun.
undo_in_job() {
  local result=$1 job=$2 before
  shift 2
  kept halted
  [ ! -e "$REPLY" ] || { say "the run waits for a person: nothing is undone"; return 0; }
  kept "$id.state"
  if [ -e "$REPLY" ] || grep -qxF -- "$job" "$state/never-began" 2>/dev/null; then
    perform_undo
    return
  fi
  case $result in failure | cancelled) ;; *) perform_undo; return ;; esac
  for before in "$@"; do
    case $(state_of "$before") in done | true | unwanted) ;; *) perform_undo; return ;; esac
  done
  say "$id: its runner was lost, so it may have been begun"
  maybe=1
  perform_undo
}
