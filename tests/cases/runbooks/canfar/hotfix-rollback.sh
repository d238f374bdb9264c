#!/usr/bin/env bash
# Roll back or hotfix
# runbook: hotfix-rollback, plan: sha256:686445f0a32f3958a8feda51d5b8fca9e89f8e9882ffdb1bb3a042f5b3ebaf84
# content: sha256:4f78d7de5518fc9937439ea1e529641c023e0029ed2fcc87c82623f3ccb219f1
# Emitted by opsbook; change the runbook and emit again instead of editing this file.
# Functions are called by name, and not every plan needs all of them; values are data, in which
# nothing expands:
# shellcheck disable=SC2317,SC2016
set -euo pipefail

plan='sha256:686445f0a32f3958a8feda51d5b8fca9e89f8e9882ffdb1bb3a042f5b3ebaf84'
runbook='hotfix-rollback'
then_go_to=''
secrets=('KUBECONFIG_PRODUCTION' 'KUBECONFIG_STAGING')

state=${OPSBOOK_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/opsbook/bash/${plan:7:16}}
failed=''

say() { printf '%s\n' "$*" >&2; }

# The state of a step: nothing, started, done, skipped, bad or failed.
state_of() { cat "$state/$1.state" 2>/dev/null || true; }

# Written whole under another name first, so that a kill leaves the old state or the new one.
set_state() {
  printf '%s\n' "$2" >"$state/.new"
  mv "$state/.new" "$state/$1.state"
  sync -f "$state" 2>/dev/null || true
}

begin() {
  local missing=() name
  for name in "${secrets[@]+"${secrets[@]}"}"; do
    [ -n "${!name:-}" ] || missing+=("$name")
  done
  if [ "${#missing[@]}" -gt 0 ]; then
    say "set these variables first: ${missing[*]}"
    exit 2
  fi
  umask 077
  mkdir -p "$state"
  state=$(cd "$state" && pwd)
  exec 9>"$state/lock"
  if ! flock -n 9; then
    say "this plan is being run already (or a step of a killed run is alive): $state/lock"
    exit 6
  fi
  say "runbook $runbook, plan ${plan:7:8}, state in $state"
}

# Runs the script that a function prints, in its own process group: perform LIMIT SHELL FUNCTION
perform() {
  local limit=$1 shell=$2 script=$3 file ended=0
  # What a killed script leaves alive begins nothing new.
  kill -0 "$$" 2>/dev/null || exit 5
  file=$(mktemp "$state/.script.XXXXXX")
  "$script" >"$file"
  case $shell in
    bash) set -- bash -euo pipefail "$file" ;;
    sh) set -- sh -eu "$file" ;;
    *) set -- "$shell" "$file" ;;
  esac
  if [ "$limit" -gt 0 ]; then
    timeout -k 10 "$limit" "$@" </dev/null || ended=$?
  else
    "$@" </dev/null || ended=$?
  fi
  rm -f "$file"
  return "$ended"
}

# perform, again after a failure: attempts RETRIES PAUSE WANTED LIMIT SHELL FUNCTION
attempts() {
  local left=$1 pause=$2 wanted=$3 ended
  shift 3
  while :; do
    ended=0
    perform "$@" || ended=$?
    [ "$ended" -ne "$wanted" ] || return 0
    [ "$left" -gt 0 ] || return "$((ended == 0 ? 1 : ended))"
    left=$((left - 1))
    say "  again in $pause s"
    sleep "$pause"
  done
}

# Calls a function, and again after a failure: again RETRIES PAUSE FUNCTION
again() {
  local left=$1 pause=$2 ended
  while :; do
    ended=0
    "$3" || ended=$?
    [ "$ended" -ne 0 ] || return 0
    [ "$left" -gt 0 ] || return "$ended"
    left=$((left - 1))
    say "  again in $pause s"
    sleep "$pause"
  done
}

# Runs a monitor again and again: soak SECONDS LIMIT SHELL FUNCTION
soak() {
  local until=$((SECONDS + $1)) pause=$(($1 / 30))
  shift
  [ "$pause" -ge 1 ] || pause=1
  [ "$pause" -le 60 ] || pause=60
  while :; do
    if [ $# -gt 1 ]; then
      perform "$@" || return 1
    fi
    [ "$SECONDS" -lt "$until" ] || return 0
    sleep "$pause"
  done
}

# Runs a check again and again until it passes: poll SECONDS PAUSE LIMIT SHELL FUNCTION
poll() {
  local until=$((SECONDS + $1)) pause=$2
  shift 2
  while ! perform "$@"; do
    [ "$SECONDS" -lt "$until" ] || return 124
    sleep "$pause"
  done
}

# The kubeconfig of an environment: a secret holds its path or its text.
use_kubeconfig() {
  local value=${!1:-}
  if [ -f "$value" ]; then
    export KUBECONFIG=$value
  else
    export KUBECONFIG=$state/.kubeconfig-$1
    printf '%s\n' "$value" >"$KUBECONFIG"
  fi
}

# Leaves a step the secrets that it names: only_secrets NAME...
only_secrets() {
  local name kept
  for name in "${secrets[@]+"${secrets[@]}"}"; do
    for kept in "$@"; do
      [ "$kept" != "$name" ] || { export "${name?}"; continue 2; }
    done
    unset "$name"
  done
}

# Whether what a step needs has come: 0 yes, 1 no, 2 no because of a failure.
needs_hold() {
  local need of
  for need in "$@"; do
    of=$(state_of "${need#*:}")
    case ${need%%:*}:$of in
      success:done | success:skipped | done:?* | failure:failed | failure:bad) ;;
      success:failed | success:bad | success:) return 2 ;;
      *) return 1 ;;
    esac
  done
}

# The first line of a step: 0 to go on, 1 to pass it over. ready STEP TITLE REPEATABLE NEED...
ready() {
  local id=$1 title=$2 repeatable=$3 held=0
  shift 3
  case $(state_of "$id") in
    done | skipped | bad) return 1 ;;
    failed)
      failed=${failed:-$id}
      return 1
      ;;
    started)
      if [ "$repeatable" = no ]; then
        say "in doubt: $id ($title) was cut off, and nobody knows whether it happened."
        say "Look, then write 'done' or 'failed' into $state/$id.state, or remove the file to run it again."
        exit 5
      fi
      ;;
  esac
  needs_hold "$@" || held=$?
  case $held in
    1) set_state "$id" skipped ;;
    2) set_state "$id" bad ;;
  esac
  [ "$held" -eq 0 ] || { say "- $title: passed over"; return 1; }
  say "- $title [$id]"
}

finish() {
  local id=$1 ended=$2
  if [ "$ended" -eq 0 ]; then
    set_state "$id" "done"
  else
    set_state "$id" failed
    failed=${failed:-$id}
    say "  failed with exit status $ended"
    [ "$ended" -ne 124 ] || : >"$state/timed-out"
  fi
}

# Asks a person: ask STEP TITLE KIND, KIND being none, note, url, file or approval.
ask() {
  local id=$1 kind=$3 answer
  if [ ! -t 0 ]; then
    say "waiting: $2 [$id] needs a person; run this script on a terminal"
    exit 4
  fi
  if [ "$kind" = approval ]; then
    read -r -p "  approve? [yes/no] " answer
    case $answer in
      yes) finish "$id" 0 ;;
      no) finish "$id" 1 ;;
      *) say "  neither yes nor no: the run waits here"; exit 4 ;;
    esac
    return
  fi
  read -r -p "  done? [yes] " answer
  [ "$answer" = yes ] || { say "  the run waits here"; exit 4; }
  if [ "$kind" != none ]; then
    read -r -p "  evidence ($kind): " answer
    [ -n "$answer" ] || { say "  this step asks for evidence ($kind)"; exit 4; }
    printf '%s\n' "$answer" >"$state/$id.evidence"
  fi
  finish "$id" 0
}

# Asks for an answer before an item is done: answer STEP NAME PROMPT [CHOICE...]
answer() {
  local id=$1 name=$2 prompt=$3 answer choice
  shift 3
  [ -t 0 ] || { say "waiting: $prompt [$id] needs a person; run this script on a terminal"; exit 4; }
  read -r -p "  $prompt${*:+ ($*)}: " answer
  [ -n "$answer" ] || { say "  the run waits here"; exit 4; }
  if [ $# -gt 0 ]; then
    for choice in "$@"; do
      [ "$answer" != "$choice" ] || { printf '%s=%s\n' "$name" "$answer" >>"$state/$id.out"; return 0; }
    done
    say "  that is none of the choices: the run waits here"
    exit 4
  fi
  printf '%s=%s\n' "$name" "$answer" >>"$state/$id.out"
}

# Prints an output of a step: output FILE NAME
output() {
  local line key end text='' found=''
  [ -f "$1" ] || return 0
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      "$2="*) found=${line#*=} ;;
      *=*'<<'*) ;;
      *'<<'*)
        key=${line%%<<*} end=${line#*<<} text=''
        while IFS= read -r line && [ "$line" != "$end" ]; do text+=${text:+$'\n'}$line; done
        [ "$key" != "$2" ] || found=$text
        ;;
    esac
  done <"$1"
  printf '%s' "$found"
}

# stop-the-bleeding: Return the chart to its last good revision
script_1_main() {
  cat <<'END_OF_SCRIPT'
helm rollback "$COMPONENT" "$REVISION" -n skaha-system --wait --timeout 9m
END_OF_SCRIPT
}
script_1_check() {
  cat <<'END_OF_SCRIPT'
helm history "$COMPONENT" -n skaha-system -o json --max 1 |
  jq -e --arg d "Rollback to $REVISION" '.[-1] | .status == "deployed" and .description == $d'
END_OF_SCRIPT
}
surroundings_1() {
  export CHART_PATHS='helm/applications/cavern'
  export COMPONENT='cavern'
  export COMPONENTS='cavern'
  export ISSUE='#7'
  export OPSBOOK_ENV='production'
  export OPSBOOK_PLAN='686445f0'
  export OPSBOOK_STEP='stop-the-bleeding'
  export REVISION='12'
  export OPSBOOK_OUTPUT=$state/stop-the-bleeding.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  use_kubeconfig KUBECONFIG_PRODUCTION
  only_secrets 'KUBECONFIG_PRODUCTION'
}
attempt_1() {
  if attempts 0 0 0 600 bash script_1_check; then return 0; fi
  attempts 0 0 0 600 bash script_1_main || return
}
run_1() (
  surroundings_1 || exit
  again 0 0 attempt_1 || exit
)

# confirm-service: The chart's pods are healthy again
script_2_main() {
  cat <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment -l "app.kubernetes.io/instance=$COMPONENT" --timeout=9m
END_OF_SCRIPT
}
surroundings_2() {
  export CHART_PATHS='helm/applications/cavern'
  export COMPONENT='cavern'
  export COMPONENTS='cavern'
  export ISSUE='#7'
  export OPSBOOK_ENV='production'
  export OPSBOOK_PLAN='686445f0'
  export OPSBOOK_STEP='confirm-service'
  export REVISION='12'
  export OPSBOOK_OUTPUT=$state/confirm-service.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  use_kubeconfig KUBECONFIG_PRODUCTION
  only_secrets 'KUBECONFIG_PRODUCTION'
}
attempt_2() {
  attempts 0 0 0 600 bash script_2_main || return
}
run_2() (
  surroundings_2 || exit
  again 0 0 attempt_2 || exit
)

# patch-staging.cavern.deploy: Upgrade the chart
script_4_main() {
  cat <<'END_OF_SCRIPT'
helm upgrade --install cavern oci://images.canfar.net/platform/cavern \
  --version 0.10.0 \
  --namespace skaha-system \
  --values configs/staging/cavern.yaml \
  --timeout 405s \
  --description "runbook ${OPSBOOK_PLAN:-}/patch-staging.cavern.deploy" \
  --rollback-on-failure \
  --wait=watcher
END_OF_SCRIPT
}
script_4_verify() {
  cat <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment \
  -l "app.kubernetes.io/instance=$COMPONENT_NAME" --timeout=9m
END_OF_SCRIPT
}
script_4_undo() {
  cat <<'END_OF_SCRIPT'
helm rollback "$COMPONENT_NAME" "$PREVIOUS_REVISION" -n skaha-system --wait --timeout 9m
END_OF_SCRIPT
}
surroundings_4() {
  export CHART_PATHS='helm/applications/cavern'
  export COMPONENT='cavern'
  export COMPONENTS='cavern'
  export COMPONENT_FROM=''
  export COMPONENT_NAME='cavern'
  export COMPONENT_PATH='helm/applications/cavern'
  export COMPONENT_TAG='cavern-0.10.0'
  export COMPONENT_VERSION='0.10.0'
  export ISSUE='#7'
  export OPSBOOK_ENV='staging'
  export OPSBOOK_PLAN='686445f0'
  export OPSBOOK_STEP='patch-staging.cavern.deploy'
  export REVISION='12'
  export OPSBOOK_OUTPUT=$state/patch-staging.cavern.deploy.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  use_kubeconfig KUBECONFIG_STAGING
  only_secrets 'KUBECONFIG_STAGING'
}
attempt_4() {
  if [ ! -f "$state/patch-staging.cavern.deploy.previous" ]; then
    previous=$(helm history 'cavern' -o json -n 'skaha-system' 2>&1) || case $previous in
      *'release: not found'*) previous='' ;;
      *) printf '%s\n' "$previous" >&2; exit 1 ;;
    esac
    previous=$(printf '%s' "$previous" | tr '}' '\n' |
      sed -n 's/.*"revision":\([0-9]*\).*"status":"deployed".*/\1/p' | tail -n 1)
    printf '%s\n' "$previous" >"$state/patch-staging.cavern.deploy.previous"
  fi
  : >"$state/patch-staging.cavern.deploy.touched"
  attempts 0 0 0 900 bash script_4_main || return
  attempts 0 0 0 600 bash script_4_verify || return
}
run_4() (
  surroundings_4 || exit
  again 1 30 attempt_4 || exit
)
undo_4() (
  surroundings_4 || exit
  PREVIOUS_REVISION=$(cat "$state/patch-staging.cavern.deploy.previous" 2>/dev/null || true)
  export PREVIOUS_REVISION
  attempts 0 0 0 600 bash script_4_undo
)

# patch-staging.cavern.watch-rollout: Pods of the chart are rolled out
script_5_main() {
  cat <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment \
  -l "app.kubernetes.io/instance=$COMPONENT_NAME" --timeout=9m
END_OF_SCRIPT
}
surroundings_5() {
  export CHART_PATHS='helm/applications/cavern'
  export COMPONENT='cavern'
  export COMPONENTS='cavern'
  export COMPONENT_FROM=''
  export COMPONENT_NAME='cavern'
  export COMPONENT_PATH='helm/applications/cavern'
  export COMPONENT_TAG='cavern-0.10.0'
  export COMPONENT_VERSION='0.10.0'
  export ISSUE='#7'
  export OPSBOOK_ENV='staging'
  export OPSBOOK_PLAN='686445f0'
  export OPSBOOK_STEP='patch-staging.cavern.watch-rollout'
  export REVISION='12'
  export OPSBOOK_OUTPUT=$state/patch-staging.cavern.watch-rollout.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  use_kubeconfig KUBECONFIG_STAGING
  only_secrets 'KUBECONFIG_STAGING'
}
attempt_5() {
  attempts 0 0 0 600 bash script_5_main || return
}
run_5() (
  surroundings_5 || exit
  again 0 0 attempt_5 || exit
)

# patch-staging.cavern.smoke: Smoke test
script_6_main() {
  cat <<'END_OF_SCRIPT'
helm test "$COMPONENT_NAME" -n skaha-system --timeout 2m
END_OF_SCRIPT
}
surroundings_6() {
  export CHART_PATHS='helm/applications/cavern'
  export COMPONENT='cavern'
  export COMPONENTS='cavern'
  export COMPONENT_FROM=''
  export COMPONENT_NAME='cavern'
  export COMPONENT_PATH='helm/applications/cavern'
  export COMPONENT_TAG='cavern-0.10.0'
  export COMPONENT_VERSION='0.10.0'
  export ISSUE='#7'
  export OPSBOOK_ENV='staging'
  export OPSBOOK_PLAN='686445f0'
  export OPSBOOK_STEP='patch-staging.cavern.smoke'
  export REVISION='12'
  export OPSBOOK_OUTPUT=$state/patch-staging.cavern.smoke.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  use_kubeconfig KUBECONFIG_STAGING
  only_secrets 'KUBECONFIG_STAGING'
}
attempt_6() {
  attempts 0 0 0 180 bash script_6_main || return
}
run_6() (
  surroundings_6 || exit
  again 3 20 attempt_6 || exit
)

# patch-production.cavern.deploy: Upgrade the chart
script_8_main() {
  cat <<'END_OF_SCRIPT'
helm upgrade --install cavern oci://images.canfar.net/platform/cavern \
  --version 0.10.0 \
  --namespace skaha-system \
  --values configs/production/cavern.yaml \
  --timeout 405s \
  --description "runbook ${OPSBOOK_PLAN:-}/patch-production.cavern.deploy" \
  --rollback-on-failure \
  --wait=watcher
END_OF_SCRIPT
}
script_8_verify() {
  cat <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment \
  -l "app.kubernetes.io/instance=$COMPONENT_NAME" --timeout=9m
END_OF_SCRIPT
}
script_8_undo() {
  cat <<'END_OF_SCRIPT'
helm rollback "$COMPONENT_NAME" "$PREVIOUS_REVISION" -n skaha-system --wait --timeout 9m
END_OF_SCRIPT
}
surroundings_8() {
  export CHART_PATHS='helm/applications/cavern'
  export COMPONENT='cavern'
  export COMPONENTS='cavern'
  export COMPONENT_FROM=''
  export COMPONENT_NAME='cavern'
  export COMPONENT_PATH='helm/applications/cavern'
  export COMPONENT_TAG='cavern-0.10.0'
  export COMPONENT_VERSION='0.10.0'
  export ISSUE='#7'
  export OPSBOOK_ENV='production'
  export OPSBOOK_PLAN='686445f0'
  export OPSBOOK_STEP='patch-production.cavern.deploy'
  export REVISION='12'
  export OPSBOOK_OUTPUT=$state/patch-production.cavern.deploy.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  use_kubeconfig KUBECONFIG_PRODUCTION
  only_secrets 'KUBECONFIG_PRODUCTION'
}
attempt_8() {
  if [ ! -f "$state/patch-production.cavern.deploy.previous" ]; then
    previous=$(helm history 'cavern' -o json -n 'skaha-system' 2>&1) || case $previous in
      *'release: not found'*) previous='' ;;
      *) printf '%s\n' "$previous" >&2; exit 1 ;;
    esac
    previous=$(printf '%s' "$previous" | tr '}' '\n' |
      sed -n 's/.*"revision":\([0-9]*\).*"status":"deployed".*/\1/p' | tail -n 1)
    printf '%s\n' "$previous" >"$state/patch-production.cavern.deploy.previous"
  fi
  : >"$state/patch-production.cavern.deploy.touched"
  attempts 0 0 0 900 bash script_8_main || return
  attempts 0 0 0 600 bash script_8_verify || return
}
run_8() (
  surroundings_8 || exit
  again 1 30 attempt_8 || exit
)
undo_8() (
  surroundings_8 || exit
  PREVIOUS_REVISION=$(cat "$state/patch-production.cavern.deploy.previous" 2>/dev/null || true)
  export PREVIOUS_REVISION
  attempts 0 0 0 600 bash script_8_undo
)

# patch-production.cavern.watch-rollout: Pods of the chart are rolled out
script_9_main() {
  cat <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment \
  -l "app.kubernetes.io/instance=$COMPONENT_NAME" --timeout=9m
END_OF_SCRIPT
}
surroundings_9() {
  export CHART_PATHS='helm/applications/cavern'
  export COMPONENT='cavern'
  export COMPONENTS='cavern'
  export COMPONENT_FROM=''
  export COMPONENT_NAME='cavern'
  export COMPONENT_PATH='helm/applications/cavern'
  export COMPONENT_TAG='cavern-0.10.0'
  export COMPONENT_VERSION='0.10.0'
  export ISSUE='#7'
  export OPSBOOK_ENV='production'
  export OPSBOOK_PLAN='686445f0'
  export OPSBOOK_STEP='patch-production.cavern.watch-rollout'
  export REVISION='12'
  export OPSBOOK_OUTPUT=$state/patch-production.cavern.watch-rollout.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  use_kubeconfig KUBECONFIG_PRODUCTION
  only_secrets 'KUBECONFIG_PRODUCTION'
}
attempt_9() {
  attempts 0 0 0 600 bash script_9_main || return
}
run_9() (
  surroundings_9 || exit
  again 0 0 attempt_9 || exit
)

# confirm-patch: The chart's pods are healthy again
script_10_main() {
  cat <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment -l "app.kubernetes.io/instance=$COMPONENT" --timeout=9m
END_OF_SCRIPT
}
surroundings_10() {
  export CHART_PATHS='helm/applications/cavern'
  export COMPONENT='cavern'
  export COMPONENTS='cavern'
  export ISSUE='#7'
  export OPSBOOK_ENV='production'
  export OPSBOOK_PLAN='686445f0'
  export OPSBOOK_STEP='confirm-patch'
  export REVISION='12'
  export OPSBOOK_OUTPUT=$state/confirm-patch.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  use_kubeconfig KUBECONFIG_PRODUCTION
  only_secrets 'KUBECONFIG_PRODUCTION'
}
attempt_10() {
  attempts 0 0 0 600 bash script_10_main || return
}
run_10() (
  surroundings_10 || exit
  again 0 0 attempt_10 || exit
)

begin
if ready 'open-incident' 'Open the incident issue and name a lead' yes; then
  ask 'open-incident' 'Open the incident issue and name a lead' url
fi
if ready 'stop-the-bleeding' 'Return the chart to its last good revision' yes 'success:open-incident'; then
  set_state 'stop-the-bleeding' started
  printf '%s\n' 1 >>"$state/order"
  ended=0
  run_1 || ended=$?
  finish 'stop-the-bleeding' "$ended"
fi
if ready 'confirm-service' 'The chart'\''s pods are healthy again' yes 'success:stop-the-bleeding'; then
  set_state 'confirm-service' started
  printf '%s\n' 2 >>"$state/order"
  ended=0
  run_2 || ended=$?
  finish 'confirm-service' "$ended"
fi
if ready 'fix-merged' 'Fix merged through a reviewed pull request from the hotfix branch' yes 'success:confirm-service'; then
  ask 'fix-merged' 'Fix merged through a reviewed pull request from the hotfix branch' url
fi
if ready 'patch-staging.cavern.deploy' 'Upgrade the chart' no 'success:fix-merged'; then
  set_state 'patch-staging.cavern.deploy' started
  printf '%s\n' 4 >>"$state/order"
  ended=0
  run_4 || ended=$?
  finish 'patch-staging.cavern.deploy' "$ended"
fi
if ready 'patch-staging.cavern.watch-rollout' 'Pods of the chart are rolled out' yes 'success:patch-staging.cavern.deploy'; then
  set_state 'patch-staging.cavern.watch-rollout' started
  printf '%s\n' 5 >>"$state/order"
  ended=0
  run_5 || ended=$?
  finish 'patch-staging.cavern.watch-rollout' "$ended"
fi
if ready 'patch-staging.cavern.smoke' 'Smoke test' yes 'success:patch-staging.cavern.watch-rollout'; then
  set_state 'patch-staging.cavern.smoke' started
  printf '%s\n' 6 >>"$state/order"
  ended=0
  run_6 || ended=$?
  finish 'patch-staging.cavern.smoke' "$ended"
fi
if ready 'approve-patch' 'Ship the patch to production' yes 'success:patch-staging.cavern.smoke'; then
  ask 'approve-patch' 'Ship the patch to production' approval
fi
if ready 'patch-production.cavern.deploy' 'Upgrade the chart' no 'success:approve-patch'; then
  set_state 'patch-production.cavern.deploy' started
  printf '%s\n' 8 >>"$state/order"
  ended=0
  run_8 || ended=$?
  finish 'patch-production.cavern.deploy' "$ended"
fi
if ready 'patch-production.cavern.watch-rollout' 'Pods of the chart are rolled out' yes 'success:patch-production.cavern.deploy'; then
  set_state 'patch-production.cavern.watch-rollout' started
  printf '%s\n' 9 >>"$state/order"
  ended=0
  run_9 || ended=$?
  finish 'patch-production.cavern.watch-rollout' "$ended"
fi
if ready 'confirm-patch' 'The chart'\''s pods are healthy again' yes 'success:patch-production.cavern.watch-rollout'; then
  set_state 'confirm-patch' started
  printf '%s\n' 10 >>"$state/order"
  ended=0
  run_10 || ended=$?
  finish 'confirm-patch' "$ended"
fi
if ready 'incident-note' 'Incident note written and linked' yes 'success:confirm-patch'; then
  ask 'incident-note' 'Incident note written and linked' url
fi

if [ -z "$failed" ]; then
  say "all done"
  exit 0
fi
say "failed: $failed${then_go_to:+; go to $then_go_to}"
[ ! -f "$state/timed-out" ] || exit 124
exit 1
