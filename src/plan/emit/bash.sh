# shellcheck shell=bash disable=SC2034,SC2154

# ---- What this script does itself: it takes one step after the other, and asks a person ----

failed=() failed_in=() undo_of=() undo_in=() runner=''

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
  rm -rf "$state/halted" "$state/stopped" "$state/open"
  trap 'interrupt 130' INT
  trap 'interrupt 143' TERM
  trap 'interrupt 129' HUP
  say "runbook $runbook, plan ${plan:7:8}, state in $state"
}

# The run is stopped: the step that is under way is ended, and keeps what it needs to know. interrupt STATUS
interrupt() {
  trap '' INT TERM HUP
  if [ -n "$runner" ]; then
    kill -TERM "$runner" 2>/dev/null || true
    wait "$runner" 2>/dev/null || true
  fi
  say "stopped; run this script again to go on"
  exit "$1"
}

# Scripts see of this script's own surroundings what `opsbook run` lets them see, and their secrets.
surround() {
  local name
  for name in $(compgen -e); do
    case " PATH HOME USER LOGNAME LANG LC_ALL LC_CTYPE TZ TMPDIR HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy
      no_proxy SSL_CERT_FILE SSL_CERT_DIR ${passes[*]-} ${uses[*]-} " in
      *[[:space:]]"$name"[[:space:]]*) export "${name?}" ;;
      *) unset -v "$name" 2>/dev/null || true ;;
    esac
  done
}

# Calls a function of a step beside this script, so that it can be stopped, and returns how it ended.
beside() {
  local ended=0
  ("$1") &
  runner=$!
  wait "$runner" || ended=$?
  runner=''
  return "$ended"
}

# Whether what a step needs has come: 0 yes, 1 no, 2 no because of a failure.
needs_hold() {
  local need of held=0
  for need in "$@"; do
    of=$(state_of "${need#*:}")
    case ${need%%:*}:$of in
      success:done | success:true | success:unwanted | success:idle) ;;
      held:done | held:true | held:unwanted | done:?* | failure:failed | failure:bad) ;;
      success:* | held:failed | held:bad | held:) held=2 ;;
      *) [ "$held" -eq 2 ] || held=1 ;;
    esac
  done
  return "$held"
}

# The first line of a step: 0 to go on, 1 to pass it over. ready STEP ENVIRONMENT TITLE REPEATABLE NEED...
ready() {
  local step=$1 env=$2 title=$3 repeatable=$4 held=0
  shift 4
  case $(state_of "$step") in
    done | true | unwanted | idle | bad) return 1 ;;
    failed)
      failed+=("$step") failed_in+=("$env")
      return 1
      ;;
    started | stopped)
      if [ "$repeatable" = no ]; then
        say "in doubt: $step ($title) was cut off, and nobody knows whether it happened."
        say "Look, then write 'done' or 'failed' into $state/$step.state, or remove the file to run it again."
        exit 5
      fi
      ;;
  esac
  needs_hold "$@" || held=$?
  case $held in
    1) set_state "$step" idle ;;
    2) set_state "$step" bad ;;
  esac
  [ "$held" -eq 0 ] || { say "- $title: passed over"; return 1; }
  say "- $title [$step]"
}

# Performs a step: perform_at PLACE STEP ENVIRONMENT TITLE REPEATABLE NEED...
perform_at() {
  local at=$1 ended=0
  shift
  ready "$@" || return 0
  printf '%s\n' "$at" >>"$state/order"
  beside "work_$at" || ended=$?
  [ ! -e "$state/halted" ] || { say "the run waits here"; exit "$ended"; }
  [ ! -e "$state/stopped" ] || exit "$ended"
  [ "$ended" -ne 0 ] || return 0
  say "  failed"
  set_state "$1" failed
  failed+=("$1") failed_in+=("$2")
}

# Lets a person do a step: ask_at PLACE STEP ENVIRONMENT TITLE NEED...
ask_at() {
  ready "$2" "$3" "$4" yes "${@:5}" || return 0
  id=$2
  "work_$1" "$2" "$3" "$4"
}

# Asks a person: ask STEP ENVIRONMENT TITLE KIND, KIND being none, note, url, file or approval.
ask() {
  local step=$1 kind=$4 answer
  if [ ! -t 0 ]; then
    say "waiting: $3 [$step] needs a person; run this script on a terminal"
    exit 4
  fi
  if [ "$kind" = approval ]; then
    read -r -p "  approve? [yes/no] " answer
    case $answer in
      yes) set_state "$step" "done" ;;
      no)
        set_state "$step" failed
        failed+=("$step") failed_in+=("$2")
        ;;
      *) say "  neither yes nor no: the run waits here"; exit 4 ;;
    esac
    return
  fi
  read -r -p "  done? [yes] " answer
  [ "$answer" = yes ] || { say "  the run waits here"; exit 4; }
  if [ "$kind" != none ]; then
    read -r -p "  evidence ($kind): " answer
    [ -n "$answer" ] || { say "  this step asks for evidence ($kind)"; exit 4; }
    printf '%s\n' "$answer" >"$state/$step.evidence"
  fi
  set_state "$step" "done"
}

# Asks for an answer before an item is done: answer STEP NAME PROMPT [CHOICE...]
answer() {
  local step=$1 name=$2 prompt=$3 answer choice
  shift 3
  [ -t 0 ] || { say "waiting: $prompt [$step] needs a person; run this script on a terminal"; exit 4; }
  read -r -p "  $prompt${*:+ ($*)}: " answer
  [ -n "$answer" ] || { say "  the run waits here"; exit 4; }
  for choice in "$@"; do
    [ "$answer" != "$choice" ] || { printf '%s=%s\n' "$name" "$answer" >>"$state/$step.out"; return 0; }
  done
  [ $# -eq 0 ] || { say "  that is none of the choices: the run waits here"; exit 4; }
  printf '%s=%s\n' "$name" "$answer" >>"$state/$step.out"
}

# Undoes what was begun, the last first: roll_back SCOPE. With `env` where something failed, with `all` first
# there and then elsewhere.
roll_back() {
  local pass at env own
  for pass in own other; do
    [ "$pass" = own ] || [ "$1" = all ] || return 0
    while IFS= read -r at; do
      [ -n "${undo_of[at]:-}" ] || continue
      env=${undo_in[at]} own=other
      case " ${failed_in[*]} " in *" $env "*) own=own ;; esac
      [ "$own" = "$pass" ] || continue
      beside "undo_$at" || {
        [ ! -e "$state/stopped" ] || exit 5
        say "the rollback ended here${then_go_to:+; go to $then_go_to}"
        exit 9
      }
      [ ! -e "$state/${undo_of[at]}.undone" ] || undone=1
    done < <(tac "$state/order" 2>/dev/null | awk '!seen[$0]++')
  done
}
