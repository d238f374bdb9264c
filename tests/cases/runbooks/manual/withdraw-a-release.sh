#!/usr/bin/env bash
# Withdraw a release
# runbook: withdraw-a-release, plan: sha256:0abecac32b721355370bf4feea956986ac2756ddb0014835e7d987246f25ab26
# content: sha256:2ee46eda71118aea4f94d241b358d4752222c9706bf4adcc750ca2670793ae03
# Emitted by opsbook; change the runbook and emit again instead of editing this file.
# Functions are called by name, and not every plan needs all of them; values are data, in which
# nothing expands:
# shellcheck disable=SC2317,SC2016
set -euo pipefail

plan='sha256:0abecac32b721355370bf4feea956986ac2756ddb0014835e7d987246f25ab26'
runbook='withdraw-a-release'
then_go_to=''
secrets=()

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

# good-release-exists: The release to go back to is there
script_1_main() {
  cat <<'END_OF_SCRIPT'
gh release view "v$GOOD" --json isDraft,isPrerelease --jq 'select((.isDraft or .isPrerelease) | not)' | grep -q .
END_OF_SCRIPT
}
surroundings_1() {
  export BAD='1.2.3'
  export GOOD='1.2.2'
  export OPSBOOK_ENV='public'
  export OPSBOOK_PLAN='0abecac3'
  export OPSBOOK_STEP='good-release-exists'
  export OPSBOOK_OUTPUT=$state/good-release-exists.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  export KUBECONFIG=/dev/null
}
attempt_1() {
  attempts 0 0 0 60 bash script_1_main || return
}
run_1() (
  surroundings_1 || exit
  again 0 0 attempt_1 || exit
)

# mark-bad: The bad release is a pre-release and the good one the latest
script_3_main() {
  cat <<'END_OF_SCRIPT'
gh release edit "v$BAD" --prerelease
gh release edit "v$GOOD" --latest
END_OF_SCRIPT
}
script_3_verify() {
  cat <<'END_OF_SCRIPT'
test "$(gh release view --json tagName --jq .tagName)" = "v$GOOD"
END_OF_SCRIPT
}
surroundings_3() {
  export BAD='1.2.3'
  export GOOD='1.2.2'
  export OPSBOOK_ENV='public'
  export OPSBOOK_PLAN='0abecac3'
  export OPSBOOK_STEP='mark-bad'
  export OPSBOOK_OUTPUT=$state/mark-bad.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  export KUBECONFIG=/dev/null
}
attempt_3() {
  attempts 0 0 0 300 bash script_3_main || return
  attempts 5 10 0 120 bash script_3_verify || return
}
run_3() (
  surroundings_3 || exit
  again 0 0 attempt_3 || exit
)

# latest-is-good: GitHub offers the good release
script_4_main() {
  cat <<'END_OF_SCRIPT'
test "$(gh release view --json tagName --jq .tagName)" = "v$GOOD"
END_OF_SCRIPT
}
surroundings_4() {
  export BAD='1.2.3'
  export GOOD='1.2.2'
  export OPSBOOK_ENV='public'
  export OPSBOOK_PLAN='0abecac3'
  export OPSBOOK_STEP='latest-is-good'
  export OPSBOOK_OUTPUT=$state/latest-is-good.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  export KUBECONFIG=/dev/null
}
attempt_4() {
  attempts 0 0 0 120 bash script_4_main || return
}
run_4() (
  surroundings_4 || exit
  again 5 10 attempt_4 || exit
)

begin
if ready 'open-issue' 'Open the incident'\''s issue and say what users see' yes; then
  ask 'open-issue' 'Open the incident'\''s issue and say what users see' url
fi
if ready 'good-release-exists' 'The release to go back to is there' yes 'success:open-issue'; then
  set_state 'good-release-exists' started
  printf '%s\n' 1 >>"$state/order"
  ended=0
  run_1 || ended=$?
  finish 'good-release-exists' "$ended"
fi
if ready 'agree' 'Withdraw it' yes 'success:good-release-exists'; then
  ask 'agree' 'Withdraw it' approval
fi
if ready 'mark-bad' 'The bad release is a pre-release and the good one the latest' yes 'success:agree'; then
  set_state 'mark-bad' started
  printf '%s\n' 3 >>"$state/order"
  ended=0
  run_3 || ended=$?
  finish 'mark-bad' "$ended"
fi
if ready 'latest-is-good' 'GitHub offers the good release' yes 'success:mark-bad'; then
  set_state 'latest-is-good' started
  printf '%s\n' 4 >>"$state/order"
  ended=0
  run_4 || ended=$?
  finish 'latest-is-good' "$ended"
fi
if ready 'note' 'Write the incident note and link the journal of this run' yes 'done:latest-is-good'; then
  ask 'note' 'Write the incident note and link the journal of this run' url
fi

if [ -z "$failed" ]; then
  say "all done"
  exit 0
fi
say "failed: $failed${then_go_to:+; go to $then_go_to}"
[ ! -f "$state/timed-out" ] || exit 124
exit 1
