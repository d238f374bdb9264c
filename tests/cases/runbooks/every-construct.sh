#!/usr/bin/env bash
# A sample
# runbook: sample, plan: sha256:48421ffc21687224fb6d67d821229a8cff70d402555d6ba2acb8c25112999653
# content: sha256:7b324f4c13a629278959bef3439b96c38b2480f80cec3c3762e3a24fd47e6301
# Emitted by opsbook; change the runbook and emit again instead of editing this file.
# Functions are called by name, and not every plan needs all of them; values are data, in which
# nothing expands:
# shellcheck disable=SC2317,SC2016
set -euo pipefail

plan='sha256:48421ffc21687224fb6d67d821229a8cff70d402555d6ba2acb8c25112999653'
runbook='sample'
then_go_to='hotfix.md#note'
secrets=('KUBE_STAGING' 'TOKEN')

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

# outputs: Do outputs
script_1_main() {
  cat <<'END_OF_SCRIPT'
echo "n=1" >> "$OPSBOOK_OUTPUT"
END_OF_SCRIPT
}
surroundings_1() {
  export OPSBOOK_PLAN='48421ffc'
  export OPSBOOK_STEP='outputs'
  export OPSBOOK_OUTPUT=$state/outputs.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  only_secrets
}
attempt_1() {
  attempts 0 0 0 60 bash script_1_main || return
}
run_1() (
  surroundings_1 || exit
  again 0 0 attempt_1 || exit
)

# hard: Do hard
script_2_main() {
  cat <<'END_OF_SCRIPT_'
echo '${{ x }} {{ y }}'
END_OF_SCRIPT
echo $OPSBOOK_OUT_OUTPUTS_N
END_OF_SCRIPT_
}
script_2_check() {
  cat <<'END_OF_SCRIPT'
false
END_OF_SCRIPT
}
script_2_verify() {
  cat <<'END_OF_SCRIPT'
true
END_OF_SCRIPT
}
script_2_undo() {
  cat <<'END_OF_SCRIPT'
print('back')
END_OF_SCRIPT
}
surroundings_2() {
  export OPSBOOK_ENV='staging'
  export OPSBOOK_PLAN='48421ffc'
  export OPSBOOK_STEP='hard'
  export QUOTE='it'\''s "so" $HOME ${{ a }} {{ b }}'
  export TRUTH='yes'
  OPSBOOK_OUT_OUTPUTS_N=$(output "$state"/'outputs.out' 'n')
  export OPSBOOK_OUT_OUTPUTS_N
  export OPSBOOK_OUTPUT=$state/hard.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  use_kubeconfig KUBE_STAGING
  only_secrets 'KUBE_STAGING' 'TOKEN'
}
attempt_2() {
  if attempts 0 0 0 60 bash script_2_check; then return 0; fi
  : >"$state/hard.touched"
  attempts 0 0 0 60 bash script_2_main || return
  (cd 'deploy' && attempts 0 0 0 60 bash script_2_verify) || return
}
run_2() (
  surroundings_2 || exit
  again 2 5 attempt_2 || exit
)
undo_2() (
  surroundings_2 || exit
  PREVIOUS_REVISION=$(cat "$state/hard.previous" 2>/dev/null || true)
  export PREVIOUS_REVISION
  attempts 0 0 0 60 python3 script_2_undo
)

# soak: Do soak
script_3_monitor() {
  cat <<'END_OF_SCRIPT'
true
END_OF_SCRIPT
}
surroundings_3() {
  export OPSBOOK_ENV='staging'
  export OPSBOOK_PLAN='48421ffc'
  export OPSBOOK_STEP='soak'
  export OPSBOOK_OUTPUT=$state/soak.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  use_kubeconfig KUBE_STAGING
  only_secrets
}
attempt_3() {
  soak 120 60 bash script_3_monitor || return
}
run_3() (
  surroundings_3 || exit
  again 0 0 attempt_3 || exit
)

# python: Do python
script_5_main() {
  cat <<'END_OF_SCRIPT'
print('x')
END_OF_SCRIPT
}
surroundings_5() {
  export OPSBOOK_ENV='production'
  export OPSBOOK_PLAN='48421ffc'
  export OPSBOOK_STEP='python'
  export OPSBOOK_OUTPUT=$state/python.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  export KUBECONFIG=/dev/null
  only_secrets
}
attempt_5() {
  (cd 'tools' && attempts 0 0 3 60 python3 script_5_main) || return
}
run_5() (
  surroundings_5 || exit
  again 0 0 attempt_5 || exit
)

# cleanup: Do cleanup
script_6_main() {
  cat <<'END_OF_SCRIPT'
echo always
END_OF_SCRIPT
}
surroundings_6() {
  export OPSBOOK_PLAN='48421ffc'
  export OPSBOOK_STEP='cleanup'
  export OPSBOOK_OUTPUT=$state/cleanup.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  only_secrets
}
attempt_6() {
  attempts 0 0 0 60 bash script_6_main || return
}
run_6() (
  surroundings_6 || exit
  again 0 0 attempt_6 || exit
)

# mourn: Do mourn
script_7_main() {
  cat <<'END_OF_SCRIPT'
echo failed
END_OF_SCRIPT
}
surroundings_7() {
  export OPSBOOK_PLAN='48421ffc'
  export OPSBOOK_STEP='mourn'
  export OPSBOOK_OUTPUT=$state/mourn.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  only_secrets
}
attempt_7() {
  attempts 0 0 0 60 bash script_7_main || return
}
run_7() (
  surroundings_7 || exit
  again 0 0 attempt_7 || exit
)

begin
if ready 'tick' 'Do tick' yes; then
  ask 'tick' 'Do tick' url
fi
if ready 'outputs' 'Do outputs' yes 'success:tick'; then
  set_state 'outputs' started
  printf '%s\n' 1 >>"$state/order"
  ended=0
  run_1 || ended=$?
  finish 'outputs' "$ended"
fi
if ready 'hard' 'Do hard' yes 'success:outputs'; then
  set_state 'hard' started
  printf '%s\n' 2 >>"$state/order"
  ended=0
  run_2 || ended=$?
  finish 'hard' "$ended"
fi
if ready 'soak' 'Do soak' yes 'success:hard'; then
  set_state 'soak' started
  printf '%s\n' 3 >>"$state/order"
  ended=0
  run_3 || ended=$?
  finish 'soak' "$ended"
fi
if ready 'go' 'Do go' yes 'success:soak'; then
  ask 'go' 'Do go' approval
fi
if ready 'python' 'Do python' no 'success:go'; then
  set_state 'python' started
  printf '%s\n' 5 >>"$state/order"
  ended=0
  run_5 || ended=$?
  finish 'python' "$ended"
fi
if ready 'cleanup' 'Do cleanup' yes 'done:python'; then
  set_state 'cleanup' started
  printf '%s\n' 6 >>"$state/order"
  ended=0
  run_6 || ended=$?
  finish 'cleanup' "$ended"
fi
if ready 'mourn' 'Do mourn' yes 'failure:python'; then
  set_state 'mourn' started
  printf '%s\n' 7 >>"$state/order"
  ended=0
  run_7 || ended=$?
  finish 'mourn' "$ended"
fi

if [ -z "$failed" ]; then
  say "all done"
  exit 0
fi

# What has been written is undone in the reverse order.
env_of() {
  case $1 in
    'tick') printf '%s' '-' ;;
    'outputs') printf '%s' '-' ;;
    'hard') printf '%s' 'staging' ;;
    'soak') printf '%s' 'staging' ;;
    'go') printf '%s' 'production' ;;
    'python') printf '%s' 'production' ;;
    'cleanup') printf '%s' '-' ;;
    'mourn') printf '%s' '-' ;;
  esac
}
undo() {
  case $1 in
    2) set -- 'hard' undo_2 ;;
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
