# shellcheck shell=bash disable=SC2154

# ---- What a pod does around a step ----

[ -w "${HOME:-/}" ] || export HOME=/tmp

# Whether a rollback reaches the step that was described: reached SCOPE PASS TASK... The tasks are those of its
# environment; a pod that never began left no note, and stands in what the controller says has failed.
reached() {
  local scope=$1 pass=$2 own=other task failures=${OPSBOOK_FAILURES:-}
  shift 2
  case $failures in
    *'shutdown with strategy'*) say "the workflow was stopped: nothing is undone"; return 1 ;;
    '{'*) [ ! -e "$state/stopped" ] || { say "the workflow was stopped: nothing is undone"; return 1; } ;;
  esac
  [ ! -e "$state/halted" ] || { say "the workflow waits for a person: nothing is undone"; return 1; }
  [ -z "$(ls -A "$state/open/$where" 2>/dev/null)" ] || own=own
  for task in "$@"; do
    case $failures in *"\"displayName\":\"$task\""*) own=own ;; esac
  done
  [ "$pass" = any ] || [ "$own" = "$pass" ] || { say "$id: not now"; return 1; }
  [ "$scope" = all ] || [ "$own" = own ] || { say "nothing failed in $where"; return 1; }
  [ "$own" = own ] || [ -n "$(find "$state/open" -type f 2>/dev/null)" ] || [ "${failures#\[}" != "$failures" ]
}
