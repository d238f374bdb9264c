#!/usr/bin/env bash
# Quarterly platform release
# runbook: quarterly-release, plan: sha256:a29720342054baf162931060e09a9642bc158f9502704272c1af059a87fdfd48
# content: sha256:18369e9bf56dfd8112ac39b2a224d7c70a485ad014775cfdd9b1a55f7b7d3bdd
# Emitted by opsbook; change the runbook and emit again instead of editing this file.
# Functions are called by name, and not every plan needs all of them; values are data, in which
# nothing expands:
# shellcheck disable=SC2317,SC2016
set -euo pipefail

plan='sha256:a29720342054baf162931060e09a9642bc158f9502704272c1af059a87fdfd48'
runbook='quarterly-release'
then_go_to='docs/runbooks/hotfix-rollback.md#write-the-incident-note'
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

# prepare.charts-lint: Lint every changed chart
script_2_main() {
  cat <<'END_OF_SCRIPT'
for chart in $CHART_PATHS; do
  helm lint --strict "$chart"
done
END_OF_SCRIPT
}
surroundings_2() {
  export CHART_PATHS='helm/applications/cavern helm/applications/skaha'
  export COMPONENTS='cavern skaha'
  export OPSBOOK_PLAN='a2972034'
  export OPSBOOK_STEP='prepare.charts-lint'
  export RELEASE='2026.3'
  export WINDOW='unscheduled'
  export OPSBOOK_OUTPUT=$state/prepare.charts-lint.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  only_secrets
}
attempt_2() {
  attempts 0 0 0 300 bash script_2_main || return
}
run_2() (
  surroundings_2 || exit
  again 0 0 attempt_2 || exit
)

# prepare.rollback-ready: An earlier revision exists for each release
script_3_main() {
  cat <<'END_OF_SCRIPT'
revs=""
for name in $COMPONENTS; do
  rev=$(helm history "$name" -o json --max 1 | jq -er '.[-1].revision')
  revs="$revs $name=$rev"
done
echo "revisions=${revs# }" >> "$RB_OUTPUT"
END_OF_SCRIPT
}
surroundings_3() {
  export CHART_PATHS='helm/applications/cavern helm/applications/skaha'
  export COMPONENTS='cavern skaha'
  export OPSBOOK_PLAN='a2972034'
  export OPSBOOK_STEP='prepare.rollback-ready'
  export RELEASE='2026.3'
  export WINDOW='unscheduled'
  export OPSBOOK_OUTPUT=$state/prepare.rollback-ready.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  only_secrets
}
attempt_3() {
  attempts 0 0 0 120 bash script_3_main || return
}
run_3() (
  surroundings_3 || exit
  again 0 0 attempt_3 || exit
)

# staging.cavern.deploy: Upgrade the chart
script_4_main() {
  cat <<'END_OF_SCRIPT'
helm upgrade --install cavern oci://images.canfar.net/platform/cavern \
  --version 0.10.0 \
  --namespace skaha-system \
  --values configs/staging/cavern.yaml \
  --timeout 405s \
  --description "runbook ${OPSBOOK_PLAN:-}/staging.cavern.deploy" \
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
  export CHART_PATHS='helm/applications/cavern helm/applications/skaha'
  export COMPONENTS='cavern skaha'
  export COMPONENT_FROM='0.8.0'
  export COMPONENT_NAME='cavern'
  export COMPONENT_PATH='helm/applications/cavern'
  export COMPONENT_TAG='cavern-0.10.0'
  export COMPONENT_VERSION='0.10.0'
  export OPSBOOK_ENV='staging'
  export OPSBOOK_PLAN='a2972034'
  export OPSBOOK_STEP='staging.cavern.deploy'
  export RELEASE='2026.3'
  export WINDOW='unscheduled'
  export OPSBOOK_OUTPUT=$state/staging.cavern.deploy.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  use_kubeconfig KUBECONFIG_STAGING
  only_secrets 'KUBECONFIG_STAGING'
}
attempt_4() {
  if [ ! -f "$state/staging.cavern.deploy.previous" ]; then
    previous=$(helm history 'cavern' -o json -n 'skaha-system' 2>&1) || case $previous in
      *'release: not found'*) previous='' ;;
      *) printf '%s\n' "$previous" >&2; exit 1 ;;
    esac
    previous=$(printf '%s' "$previous" | tr '}' '\n' |
      sed -n 's/.*"revision":\([0-9]*\).*"status":"deployed".*/\1/p' | tail -n 1)
    printf '%s\n' "$previous" >"$state/staging.cavern.deploy.previous"
  fi
  : >"$state/staging.cavern.deploy.touched"
  attempts 0 0 0 900 bash script_4_main || return
  attempts 0 0 0 600 bash script_4_verify || return
}
run_4() (
  surroundings_4 || exit
  again 1 30 attempt_4 || exit
)
undo_4() (
  surroundings_4 || exit
  PREVIOUS_REVISION=$(cat "$state/staging.cavern.deploy.previous" 2>/dev/null || true)
  export PREVIOUS_REVISION
  attempts 0 0 0 600 bash script_4_undo
)

# staging.cavern.watch-rollout: Pods of the chart are rolled out
script_5_main() {
  cat <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment \
  -l "app.kubernetes.io/instance=$COMPONENT_NAME" --timeout=9m
END_OF_SCRIPT
}
surroundings_5() {
  export CHART_PATHS='helm/applications/cavern helm/applications/skaha'
  export COMPONENTS='cavern skaha'
  export COMPONENT_FROM='0.8.0'
  export COMPONENT_NAME='cavern'
  export COMPONENT_PATH='helm/applications/cavern'
  export COMPONENT_TAG='cavern-0.10.0'
  export COMPONENT_VERSION='0.10.0'
  export OPSBOOK_ENV='staging'
  export OPSBOOK_PLAN='a2972034'
  export OPSBOOK_STEP='staging.cavern.watch-rollout'
  export RELEASE='2026.3'
  export WINDOW='unscheduled'
  export OPSBOOK_OUTPUT=$state/staging.cavern.watch-rollout.out
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

# staging.cavern.smoke: Smoke test
script_6_main() {
  cat <<'END_OF_SCRIPT'
helm test "$COMPONENT_NAME" -n skaha-system --timeout 2m
END_OF_SCRIPT
}
surroundings_6() {
  export CHART_PATHS='helm/applications/cavern helm/applications/skaha'
  export COMPONENTS='cavern skaha'
  export COMPONENT_FROM='0.8.0'
  export COMPONENT_NAME='cavern'
  export COMPONENT_PATH='helm/applications/cavern'
  export COMPONENT_TAG='cavern-0.10.0'
  export COMPONENT_VERSION='0.10.0'
  export OPSBOOK_ENV='staging'
  export OPSBOOK_PLAN='a2972034'
  export OPSBOOK_STEP='staging.cavern.smoke'
  export RELEASE='2026.3'
  export WINDOW='unscheduled'
  export OPSBOOK_OUTPUT=$state/staging.cavern.smoke.out
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

# staging.skaha.deploy: Upgrade the chart
script_7_main() {
  cat <<'END_OF_SCRIPT'
helm upgrade --install skaha oci://images.canfar.net/platform/skaha \
  --version 1.2.0 \
  --namespace skaha-system \
  --values configs/staging/skaha.yaml \
  --timeout 405s \
  --description "runbook ${OPSBOOK_PLAN:-}/staging.skaha.deploy" \
  --rollback-on-failure \
  --wait=watcher
END_OF_SCRIPT
}
script_7_verify() {
  cat <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment \
  -l "app.kubernetes.io/instance=$COMPONENT_NAME" --timeout=9m
END_OF_SCRIPT
}
script_7_undo() {
  cat <<'END_OF_SCRIPT'
helm rollback "$COMPONENT_NAME" "$PREVIOUS_REVISION" -n skaha-system --wait --timeout 9m
END_OF_SCRIPT
}
surroundings_7() {
  export CHART_PATHS='helm/applications/cavern helm/applications/skaha'
  export COMPONENTS='cavern skaha'
  export COMPONENT_FROM=''
  export COMPONENT_NAME='skaha'
  export COMPONENT_PATH='helm/applications/skaha'
  export COMPONENT_TAG='skaha-1.2.0'
  export COMPONENT_VERSION='1.2.0'
  export OPSBOOK_ENV='staging'
  export OPSBOOK_PLAN='a2972034'
  export OPSBOOK_STEP='staging.skaha.deploy'
  export RELEASE='2026.3'
  export WINDOW='unscheduled'
  export OPSBOOK_OUTPUT=$state/staging.skaha.deploy.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  use_kubeconfig KUBECONFIG_STAGING
  only_secrets 'KUBECONFIG_STAGING'
}
attempt_7() {
  if [ ! -f "$state/staging.skaha.deploy.previous" ]; then
    previous=$(helm history 'skaha' -o json -n 'skaha-system' 2>&1) || case $previous in
      *'release: not found'*) previous='' ;;
      *) printf '%s\n' "$previous" >&2; exit 1 ;;
    esac
    previous=$(printf '%s' "$previous" | tr '}' '\n' |
      sed -n 's/.*"revision":\([0-9]*\).*"status":"deployed".*/\1/p' | tail -n 1)
    printf '%s\n' "$previous" >"$state/staging.skaha.deploy.previous"
  fi
  : >"$state/staging.skaha.deploy.touched"
  attempts 0 0 0 900 bash script_7_main || return
  attempts 0 0 0 600 bash script_7_verify || return
}
run_7() (
  surroundings_7 || exit
  again 1 30 attempt_7 || exit
)
undo_7() (
  surroundings_7 || exit
  PREVIOUS_REVISION=$(cat "$state/staging.skaha.deploy.previous" 2>/dev/null || true)
  export PREVIOUS_REVISION
  attempts 0 0 0 600 bash script_7_undo
)

# staging.skaha.watch-rollout: Pods of the chart are rolled out
script_8_main() {
  cat <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment \
  -l "app.kubernetes.io/instance=$COMPONENT_NAME" --timeout=9m
END_OF_SCRIPT
}
surroundings_8() {
  export CHART_PATHS='helm/applications/cavern helm/applications/skaha'
  export COMPONENTS='cavern skaha'
  export COMPONENT_FROM=''
  export COMPONENT_NAME='skaha'
  export COMPONENT_PATH='helm/applications/skaha'
  export COMPONENT_TAG='skaha-1.2.0'
  export COMPONENT_VERSION='1.2.0'
  export OPSBOOK_ENV='staging'
  export OPSBOOK_PLAN='a2972034'
  export OPSBOOK_STEP='staging.skaha.watch-rollout'
  export RELEASE='2026.3'
  export WINDOW='unscheduled'
  export OPSBOOK_OUTPUT=$state/staging.skaha.watch-rollout.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  use_kubeconfig KUBECONFIG_STAGING
  only_secrets 'KUBECONFIG_STAGING'
}
attempt_8() {
  attempts 0 0 0 600 bash script_8_main || return
}
run_8() (
  surroundings_8 || exit
  again 0 0 attempt_8 || exit
)

# staging.skaha.smoke: Smoke test
script_9_main() {
  cat <<'END_OF_SCRIPT'
helm test "$COMPONENT_NAME" -n skaha-system --timeout 2m
END_OF_SCRIPT
}
surroundings_9() {
  export CHART_PATHS='helm/applications/cavern helm/applications/skaha'
  export COMPONENTS='cavern skaha'
  export COMPONENT_FROM=''
  export COMPONENT_NAME='skaha'
  export COMPONENT_PATH='helm/applications/skaha'
  export COMPONENT_TAG='skaha-1.2.0'
  export COMPONENT_VERSION='1.2.0'
  export OPSBOOK_ENV='staging'
  export OPSBOOK_PLAN='a2972034'
  export OPSBOOK_STEP='staging.skaha.smoke'
  export RELEASE='2026.3'
  export WINDOW='unscheduled'
  export OPSBOOK_OUTPUT=$state/staging.skaha.smoke.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  use_kubeconfig KUBECONFIG_STAGING
  only_secrets 'KUBECONFIG_STAGING'
}
attempt_9() {
  attempts 0 0 0 180 bash script_9_main || return
}
run_9() (
  surroundings_9 || exit
  again 3 20 attempt_9 || exit
)

# soak-staging: Soak in staging
script_10_monitor() {
  cat <<'END_OF_SCRIPT'
ratio=$(promtool query instant -o json "$PROM_URL" 'canfar:error_ratio:30m' | jq -er '.[0].value[1]')
awk -v r="$ratio" 'BEGIN { exit !(r < 0.01) }'
END_OF_SCRIPT
}
surroundings_10() {
  export CHART_PATHS='helm/applications/cavern helm/applications/skaha'
  export COMPONENTS='cavern skaha'
  export OPSBOOK_ENV='staging'
  export OPSBOOK_PLAN='a2972034'
  export OPSBOOK_STEP='soak-staging'
  export RELEASE='2026.3'
  export WINDOW='unscheduled'
  export OPSBOOK_OUTPUT=$state/soak-staging.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  use_kubeconfig KUBECONFIG_STAGING
  only_secrets 'KUBECONFIG_STAGING'
}
attempt_10() {
  soak 1800 120 bash script_10_monitor || return
}
run_10() (
  surroundings_10 || exit
  again 0 0 attempt_10 || exit
)

# production.cavern.deploy: Upgrade the chart
script_12_main() {
  cat <<'END_OF_SCRIPT'
helm upgrade --install cavern oci://images.canfar.net/platform/cavern \
  --version 0.10.0 \
  --namespace skaha-system \
  --values configs/production/cavern.yaml \
  --timeout 405s \
  --description "runbook ${OPSBOOK_PLAN:-}/production.cavern.deploy" \
  --rollback-on-failure \
  --wait=watcher
END_OF_SCRIPT
}
script_12_verify() {
  cat <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment \
  -l "app.kubernetes.io/instance=$COMPONENT_NAME" --timeout=9m
END_OF_SCRIPT
}
script_12_undo() {
  cat <<'END_OF_SCRIPT'
helm rollback "$COMPONENT_NAME" "$PREVIOUS_REVISION" -n skaha-system --wait --timeout 9m
END_OF_SCRIPT
}
surroundings_12() {
  export CHART_PATHS='helm/applications/cavern helm/applications/skaha'
  export COMPONENTS='cavern skaha'
  export COMPONENT_FROM='0.8.0'
  export COMPONENT_NAME='cavern'
  export COMPONENT_PATH='helm/applications/cavern'
  export COMPONENT_TAG='cavern-0.10.0'
  export COMPONENT_VERSION='0.10.0'
  export OPSBOOK_ENV='production'
  export OPSBOOK_PLAN='a2972034'
  export OPSBOOK_STEP='production.cavern.deploy'
  export RELEASE='2026.3'
  export WINDOW='unscheduled'
  export OPSBOOK_OUTPUT=$state/production.cavern.deploy.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  use_kubeconfig KUBECONFIG_PRODUCTION
  only_secrets 'KUBECONFIG_PRODUCTION'
}
attempt_12() {
  if [ ! -f "$state/production.cavern.deploy.previous" ]; then
    previous=$(helm history 'cavern' -o json -n 'skaha-system' 2>&1) || case $previous in
      *'release: not found'*) previous='' ;;
      *) printf '%s\n' "$previous" >&2; exit 1 ;;
    esac
    previous=$(printf '%s' "$previous" | tr '}' '\n' |
      sed -n 's/.*"revision":\([0-9]*\).*"status":"deployed".*/\1/p' | tail -n 1)
    printf '%s\n' "$previous" >"$state/production.cavern.deploy.previous"
  fi
  : >"$state/production.cavern.deploy.touched"
  attempts 0 0 0 900 bash script_12_main || return
  attempts 0 0 0 600 bash script_12_verify || return
}
run_12() (
  surroundings_12 || exit
  again 1 30 attempt_12 || exit
)
undo_12() (
  surroundings_12 || exit
  PREVIOUS_REVISION=$(cat "$state/production.cavern.deploy.previous" 2>/dev/null || true)
  export PREVIOUS_REVISION
  attempts 0 0 0 600 bash script_12_undo
)

# production.cavern.watch-rollout: Pods of the chart are rolled out
script_13_main() {
  cat <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment \
  -l "app.kubernetes.io/instance=$COMPONENT_NAME" --timeout=9m
END_OF_SCRIPT
}
surroundings_13() {
  export CHART_PATHS='helm/applications/cavern helm/applications/skaha'
  export COMPONENTS='cavern skaha'
  export COMPONENT_FROM='0.8.0'
  export COMPONENT_NAME='cavern'
  export COMPONENT_PATH='helm/applications/cavern'
  export COMPONENT_TAG='cavern-0.10.0'
  export COMPONENT_VERSION='0.10.0'
  export OPSBOOK_ENV='production'
  export OPSBOOK_PLAN='a2972034'
  export OPSBOOK_STEP='production.cavern.watch-rollout'
  export RELEASE='2026.3'
  export WINDOW='unscheduled'
  export OPSBOOK_OUTPUT=$state/production.cavern.watch-rollout.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  use_kubeconfig KUBECONFIG_PRODUCTION
  only_secrets 'KUBECONFIG_PRODUCTION'
}
attempt_13() {
  attempts 0 0 0 600 bash script_13_main || return
}
run_13() (
  surroundings_13 || exit
  again 0 0 attempt_13 || exit
)

# production.cavern.smoke: Smoke test
script_14_main() {
  cat <<'END_OF_SCRIPT'
helm test "$COMPONENT_NAME" -n skaha-system --timeout 2m
END_OF_SCRIPT
}
surroundings_14() {
  export CHART_PATHS='helm/applications/cavern helm/applications/skaha'
  export COMPONENTS='cavern skaha'
  export COMPONENT_FROM='0.8.0'
  export COMPONENT_NAME='cavern'
  export COMPONENT_PATH='helm/applications/cavern'
  export COMPONENT_TAG='cavern-0.10.0'
  export COMPONENT_VERSION='0.10.0'
  export OPSBOOK_ENV='production'
  export OPSBOOK_PLAN='a2972034'
  export OPSBOOK_STEP='production.cavern.smoke'
  export RELEASE='2026.3'
  export WINDOW='unscheduled'
  export OPSBOOK_OUTPUT=$state/production.cavern.smoke.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  use_kubeconfig KUBECONFIG_PRODUCTION
  only_secrets 'KUBECONFIG_PRODUCTION'
}
attempt_14() {
  attempts 0 0 0 180 bash script_14_main || return
}
run_14() (
  surroundings_14 || exit
  again 3 20 attempt_14 || exit
)

# production.skaha.deploy: Upgrade the chart
script_15_main() {
  cat <<'END_OF_SCRIPT'
helm upgrade --install skaha oci://images.canfar.net/platform/skaha \
  --version 1.2.0 \
  --namespace skaha-system \
  --values configs/production/skaha.yaml \
  --timeout 405s \
  --description "runbook ${OPSBOOK_PLAN:-}/production.skaha.deploy" \
  --rollback-on-failure \
  --wait=watcher
END_OF_SCRIPT
}
script_15_verify() {
  cat <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment \
  -l "app.kubernetes.io/instance=$COMPONENT_NAME" --timeout=9m
END_OF_SCRIPT
}
script_15_undo() {
  cat <<'END_OF_SCRIPT'
helm rollback "$COMPONENT_NAME" "$PREVIOUS_REVISION" -n skaha-system --wait --timeout 9m
END_OF_SCRIPT
}
surroundings_15() {
  export CHART_PATHS='helm/applications/cavern helm/applications/skaha'
  export COMPONENTS='cavern skaha'
  export COMPONENT_FROM=''
  export COMPONENT_NAME='skaha'
  export COMPONENT_PATH='helm/applications/skaha'
  export COMPONENT_TAG='skaha-1.2.0'
  export COMPONENT_VERSION='1.2.0'
  export OPSBOOK_ENV='production'
  export OPSBOOK_PLAN='a2972034'
  export OPSBOOK_STEP='production.skaha.deploy'
  export RELEASE='2026.3'
  export WINDOW='unscheduled'
  export OPSBOOK_OUTPUT=$state/production.skaha.deploy.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  use_kubeconfig KUBECONFIG_PRODUCTION
  only_secrets 'KUBECONFIG_PRODUCTION'
}
attempt_15() {
  if [ ! -f "$state/production.skaha.deploy.previous" ]; then
    previous=$(helm history 'skaha' -o json -n 'skaha-system' 2>&1) || case $previous in
      *'release: not found'*) previous='' ;;
      *) printf '%s\n' "$previous" >&2; exit 1 ;;
    esac
    previous=$(printf '%s' "$previous" | tr '}' '\n' |
      sed -n 's/.*"revision":\([0-9]*\).*"status":"deployed".*/\1/p' | tail -n 1)
    printf '%s\n' "$previous" >"$state/production.skaha.deploy.previous"
  fi
  : >"$state/production.skaha.deploy.touched"
  attempts 0 0 0 900 bash script_15_main || return
  attempts 0 0 0 600 bash script_15_verify || return
}
run_15() (
  surroundings_15 || exit
  again 1 30 attempt_15 || exit
)
undo_15() (
  surroundings_15 || exit
  PREVIOUS_REVISION=$(cat "$state/production.skaha.deploy.previous" 2>/dev/null || true)
  export PREVIOUS_REVISION
  attempts 0 0 0 600 bash script_15_undo
)

# production.skaha.watch-rollout: Pods of the chart are rolled out
script_16_main() {
  cat <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment \
  -l "app.kubernetes.io/instance=$COMPONENT_NAME" --timeout=9m
END_OF_SCRIPT
}
surroundings_16() {
  export CHART_PATHS='helm/applications/cavern helm/applications/skaha'
  export COMPONENTS='cavern skaha'
  export COMPONENT_FROM=''
  export COMPONENT_NAME='skaha'
  export COMPONENT_PATH='helm/applications/skaha'
  export COMPONENT_TAG='skaha-1.2.0'
  export COMPONENT_VERSION='1.2.0'
  export OPSBOOK_ENV='production'
  export OPSBOOK_PLAN='a2972034'
  export OPSBOOK_STEP='production.skaha.watch-rollout'
  export RELEASE='2026.3'
  export WINDOW='unscheduled'
  export OPSBOOK_OUTPUT=$state/production.skaha.watch-rollout.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  use_kubeconfig KUBECONFIG_PRODUCTION
  only_secrets 'KUBECONFIG_PRODUCTION'
}
attempt_16() {
  attempts 0 0 0 600 bash script_16_main || return
}
run_16() (
  surroundings_16 || exit
  again 0 0 attempt_16 || exit
)

# production.skaha.smoke: Smoke test
script_17_main() {
  cat <<'END_OF_SCRIPT'
helm test "$COMPONENT_NAME" -n skaha-system --timeout 2m
END_OF_SCRIPT
}
surroundings_17() {
  export CHART_PATHS='helm/applications/cavern helm/applications/skaha'
  export COMPONENTS='cavern skaha'
  export COMPONENT_FROM=''
  export COMPONENT_NAME='skaha'
  export COMPONENT_PATH='helm/applications/skaha'
  export COMPONENT_TAG='skaha-1.2.0'
  export COMPONENT_VERSION='1.2.0'
  export OPSBOOK_ENV='production'
  export OPSBOOK_PLAN='a2972034'
  export OPSBOOK_STEP='production.skaha.smoke'
  export RELEASE='2026.3'
  export WINDOW='unscheduled'
  export OPSBOOK_OUTPUT=$state/production.skaha.smoke.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  use_kubeconfig KUBECONFIG_PRODUCTION
  only_secrets 'KUBECONFIG_PRODUCTION'
}
attempt_17() {
  attempts 0 0 0 180 bash script_17_main || return
}
run_17() (
  surroundings_17 || exit
  again 3 20 attempt_17 || exit
)

# error-budget: Error ratio stays under one percent
script_18_main() {
  cat <<'END_OF_SCRIPT'
ratio=$(promtool query instant -o json "$PROM_URL" 'canfar:error_ratio:30m' | jq -er '.[0].value[1]')
awk -v r="$ratio" 'BEGIN { exit !(r < 0.01) }'
END_OF_SCRIPT
}
surroundings_18() {
  export CHART_PATHS='helm/applications/cavern helm/applications/skaha'
  export COMPONENTS='cavern skaha'
  export OPSBOOK_ENV='production'
  export OPSBOOK_PLAN='a2972034'
  export OPSBOOK_STEP='error-budget'
  export RELEASE='2026.3'
  export WINDOW='unscheduled'
  export OPSBOOK_OUTPUT=$state/error-budget.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  use_kubeconfig KUBECONFIG_PRODUCTION
  only_secrets 'KUBECONFIG_PRODUCTION'
}
attempt_18() {
  attempts 0 0 0 120 bash script_18_main || return
}
run_18() (
  surroundings_18 || exit
  again 0 0 attempt_18 || exit
)

begin
if ready 'prepare.read-changelog' 'Read every CHANGELOG entry in this release' yes; then
  ask 'prepare.read-changelog' 'Read every CHANGELOG entry in this release' note
fi
if ready 'prepare.announce' 'Announce the window to users' yes 'success:prepare.read-changelog'; then
  ask 'prepare.announce' 'Announce the window to users' url
fi
if ready 'prepare.charts-lint' 'Lint every changed chart' yes 'success:prepare.announce'; then
  set_state 'prepare.charts-lint' started
  printf '%s\n' 2 >>"$state/order"
  ended=0
  run_2 || ended=$?
  finish 'prepare.charts-lint' "$ended"
fi
if ready 'prepare.rollback-ready' 'An earlier revision exists for each release' yes 'success:prepare.charts-lint'; then
  set_state 'prepare.rollback-ready' started
  printf '%s\n' 3 >>"$state/order"
  ended=0
  run_3 || ended=$?
  finish 'prepare.rollback-ready' "$ended"
fi
if ready 'staging.cavern.deploy' 'Upgrade the chart' no 'success:prepare.rollback-ready'; then
  set_state 'staging.cavern.deploy' started
  printf '%s\n' 4 >>"$state/order"
  ended=0
  run_4 || ended=$?
  finish 'staging.cavern.deploy' "$ended"
fi
if ready 'staging.cavern.watch-rollout' 'Pods of the chart are rolled out' yes 'success:staging.cavern.deploy'; then
  set_state 'staging.cavern.watch-rollout' started
  printf '%s\n' 5 >>"$state/order"
  ended=0
  run_5 || ended=$?
  finish 'staging.cavern.watch-rollout' "$ended"
fi
if ready 'staging.cavern.smoke' 'Smoke test' yes 'success:staging.cavern.watch-rollout'; then
  set_state 'staging.cavern.smoke' started
  printf '%s\n' 6 >>"$state/order"
  ended=0
  run_6 || ended=$?
  finish 'staging.cavern.smoke' "$ended"
fi
if ready 'staging.skaha.deploy' 'Upgrade the chart' no 'success:staging.cavern.smoke'; then
  set_state 'staging.skaha.deploy' started
  printf '%s\n' 7 >>"$state/order"
  ended=0
  run_7 || ended=$?
  finish 'staging.skaha.deploy' "$ended"
fi
if ready 'staging.skaha.watch-rollout' 'Pods of the chart are rolled out' yes 'success:staging.skaha.deploy'; then
  set_state 'staging.skaha.watch-rollout' started
  printf '%s\n' 8 >>"$state/order"
  ended=0
  run_8 || ended=$?
  finish 'staging.skaha.watch-rollout' "$ended"
fi
if ready 'staging.skaha.smoke' 'Smoke test' yes 'success:staging.skaha.watch-rollout'; then
  set_state 'staging.skaha.smoke' started
  printf '%s\n' 9 >>"$state/order"
  ended=0
  run_9 || ended=$?
  finish 'staging.skaha.smoke' "$ended"
fi
if ready 'soak-staging' 'Soak in staging' yes 'success:staging.skaha.smoke'; then
  set_state 'soak-staging' started
  printf '%s\n' 10 >>"$state/order"
  ended=0
  run_10 || ended=$?
  finish 'soak-staging' "$ended"
fi
if ready 'approve-production' 'Go / no-go for production' yes 'success:soak-staging'; then
  ask 'approve-production' 'Go / no-go for production' approval
fi
if ready 'production.cavern.deploy' 'Upgrade the chart' no 'success:approve-production'; then
  set_state 'production.cavern.deploy' started
  printf '%s\n' 12 >>"$state/order"
  ended=0
  run_12 || ended=$?
  finish 'production.cavern.deploy' "$ended"
fi
if ready 'production.cavern.watch-rollout' 'Pods of the chart are rolled out' yes 'success:production.cavern.deploy'; then
  set_state 'production.cavern.watch-rollout' started
  printf '%s\n' 13 >>"$state/order"
  ended=0
  run_13 || ended=$?
  finish 'production.cavern.watch-rollout' "$ended"
fi
if ready 'production.cavern.smoke' 'Smoke test' yes 'success:production.cavern.watch-rollout'; then
  set_state 'production.cavern.smoke' started
  printf '%s\n' 14 >>"$state/order"
  ended=0
  run_14 || ended=$?
  finish 'production.cavern.smoke' "$ended"
fi
if ready 'production.skaha.deploy' 'Upgrade the chart' no 'success:production.cavern.smoke'; then
  set_state 'production.skaha.deploy' started
  printf '%s\n' 15 >>"$state/order"
  ended=0
  run_15 || ended=$?
  finish 'production.skaha.deploy' "$ended"
fi
if ready 'production.skaha.watch-rollout' 'Pods of the chart are rolled out' yes 'success:production.skaha.deploy'; then
  set_state 'production.skaha.watch-rollout' started
  printf '%s\n' 16 >>"$state/order"
  ended=0
  run_16 || ended=$?
  finish 'production.skaha.watch-rollout' "$ended"
fi
if ready 'production.skaha.smoke' 'Smoke test' yes 'success:production.skaha.watch-rollout'; then
  set_state 'production.skaha.smoke' started
  printf '%s\n' 17 >>"$state/order"
  ended=0
  run_17 || ended=$?
  finish 'production.skaha.smoke' "$ended"
fi
if ready 'error-budget' 'Error ratio stays under one percent' yes 'success:production.skaha.smoke'; then
  set_state 'error-budget' started
  printf '%s\n' 18 >>"$state/order"
  ended=0
  run_18 || ended=$?
  finish 'error-budget' "$ended"
fi
if ready 'close.record' 'Attach the journal and the dashboard link to the release issue' yes 'success:error-budget'; then
  ask 'close.record' 'Attach the journal and the dashboard link to the release issue' url
fi
if ready 'close.lessons' 'File or update runbooks for anything that surprised you' yes 'success:close.record'; then
  ask 'close.lessons' 'File or update runbooks for anything that surprised you' note
fi

if [ -z "$failed" ]; then
  say "all done"
  exit 0
fi

# What has been written is undone in the reverse order.
env_of() {
  case $1 in
    'prepare.read-changelog') printf '%s' '-' ;;
    'prepare.announce') printf '%s' '-' ;;
    'prepare.charts-lint') printf '%s' '-' ;;
    'prepare.rollback-ready') printf '%s' '-' ;;
    'staging.cavern.deploy') printf '%s' 'staging' ;;
    'staging.cavern.watch-rollout') printf '%s' 'staging' ;;
    'staging.cavern.smoke') printf '%s' 'staging' ;;
    'staging.skaha.deploy') printf '%s' 'staging' ;;
    'staging.skaha.watch-rollout') printf '%s' 'staging' ;;
    'staging.skaha.smoke') printf '%s' 'staging' ;;
    'soak-staging') printf '%s' 'staging' ;;
    'approve-production') printf '%s' '-' ;;
    'production.cavern.deploy') printf '%s' 'production' ;;
    'production.cavern.watch-rollout') printf '%s' 'production' ;;
    'production.cavern.smoke') printf '%s' 'production' ;;
    'production.skaha.deploy') printf '%s' 'production' ;;
    'production.skaha.watch-rollout') printf '%s' 'production' ;;
    'production.skaha.smoke') printf '%s' 'production' ;;
    'error-budget') printf '%s' 'production' ;;
    'close.record') printf '%s' '-' ;;
    'close.lessons') printf '%s' '-' ;;
  esac
}
undo() {
  case $1 in
    4) set -- 'staging.cavern.deploy' undo_4 ;;
    7) set -- 'staging.skaha.deploy' undo_7 ;;
    12) set -- 'production.cavern.deploy' undo_12 ;;
    15) set -- 'production.skaha.deploy' undo_15 ;;
    *) return 0 ;;
  esac
  [ "$(env_of "$1")" = "$(env_of "$failed")" ] || return 0
  [ -f "$state/$1.touched" ] && [ ! -f "$state/$1.undone" ] || return 0
  say "- undo $1"
  undone=1
  if "$2"; then
    : >"$state/$1.undone"
  else
    say "the undo of $1 failed${then_go_to:+; go to $then_go_to}"
    exit 9
  fi
}
undone=''
while IFS= read -r at; do
  undo "$at"
done < <(tac "$state/order" | awk '!seen[$0]++')
say "failed: $failed${then_go_to:+; go to $then_go_to}"
[ -z "$undone" ] || exit 8
[ ! -f "$state/timed-out" ] || exit 124
exit 1
