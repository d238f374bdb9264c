#!/usr/bin/env bash
# A sample
# runbook: sample, plan: sha256:f328cff2d2911ddfff93c422124e5b0230fd25ebf1feb2b6b4c0165b8e97e154
# content: sha256:5b5e232000540da9c14c08495143c306ae66cd04d2b4ed0aab97ba71ba8e41b3
# Emitted by opsbook; change the runbook and emit again instead of editing this file.
# Functions are called by name, and not every plan needs all of them; values are data, in which
# nothing expands:
# shellcheck disable=SC2034,SC2317,SC2329,SC2016
set -euo pipefail

plan='sha256:f328cff2d2911ddfff93c422124e5b0230fd25ebf1feb2b6b4c0165b8e97e154'
runbook='sample'
then_go_to='hotfix.md#note'
secrets=(KUBE_STAGING TOKEN)
# Variables that scripts see besides: names of the project, and of whoever runs this.
read -r -a passes <<<''" ${OPSBOOK_PASS_ENV:-}"
state=${OPSBOOK_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/opsbook/bash/${plan:7:16}}
run=bash-${plan:7:8}

# ---- How a step is performed and undone: the same in every engine that a plan is emitted for ----

say() { printf '%s\n' "$*" >&2; }

# Sets REPLY to where something about a step is kept: by this run, or by the jobs before.
kept() {
  REPLY=$state/$1
  [ -e "$REPLY" ] || [ -z "${earlier:-}" ] || REPLY=$earlier/$1
}

# The state of a step: nothing, started, stopped, done, true (nothing was left to do), failed, unproven,
# unwanted (by its condition), idle (what it waited for did not come) or bad (passed over after a failure).
state_of() {
  kept "$1.state"
  cat "$REPLY" 2>/dev/null || true
}

# Written whole under another name first, so that a kill leaves the old state or the new one.
set_state() {
  printf '%s\n' "$2" >"$state/.$1.new"
  mv "$state/.$1.new" "$state/$1.state"
  sync -f "$state" 2>/dev/null || true
}

# Reads `name=value` and `name<<END`, lines, `END`. Sets REPLY to the last value of a name; returns 1 where
# there is none, and 2 where a line is neither: read_output FILE NAME
read_output() {
  local line key end text n ended found=1
  REPLY=''
  [ -f "$1" ] || return 1
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line%$'\r'} text='' n=0 ended=''
    case ${line%%=*} in
      *'<<'*)
        key=${line%%'<<'*} end=${line#*'<<'}
        while IFS= read -r line || [ -n "$line" ]; do
          line=${line%$'\r'}
          [ "$line" != "$end" ] || { ended=1; break; }
          [ "$n" -eq 0 ] || text+=$'\n'
          text+=$line n=1
        done
        [ -n "$ended" ] || return 2
        ;;
      "$line")
        [ -z "${line//[[:space:]]/}" ] || return 2
        continue
        ;;
      *) key=${line%%=*} text=${line#*=} ;;
    esac
    read -r key <<<"$key" || true
    [ -n "$key" ] || return 2
    [ "$key" != "$2" ] || { REPLY=$text found=0; }
  done <"$1"
  return "$found"
}

# Sets REPLY to what a step wrote under a name: output STEP NAME
output() {
  kept "$1.out"
  read_output "$REPLY" "$2"
}

# Conditions over outputs: whether one is a value, and whether it is true.
is() { output "$1" "$2" && [ "$REPLY" = "$3" ]; }
holds() {
  output "$1" "$2" || return 1
  case $REPLY in '' | false | 0) return 1 ;; esac
}

# ---- A step is described ----

# Begins the description of a step: step ID ENVIRONMENT
step() {
  id=$1 where=$2 child='' late='' found='' release='' namespace='' cluster='' touched='' glass='' environment=''
  tries=0 pause=0 wanted=0 waiting='' every=0
  proof=() uses=() seen=() taken=()
  declare -gA shell=() limit=() folder=() again=() between=()
  work=$(mktemp -d "${TMPDIR:-/tmp}/opsbook.XXXXXX") || exit
  trap 'rm -rf "$work"' EXIT
  trap 'stop 130' INT
  trap 'stop 143' TERM
  trap 'stop 129' HUP
}

# Variables that its scripts see: sees NAME=VALUE...
sees() {
  local variable
  for variable in "$@"; do seen+=("*:$variable"); done
}

# A variable that holds an output of a step: takes NAME STEP OUTPUT
takes() { taken+=("$1" "$2" "$3"); }

# One of its scripts, on standard input: part NAME SHELL SECONDS TRIES PAUSE FOLDER
part() {
  shell[$1]=$2 limit[$1]=$3 again[$1]=$4 between[$1]=$5 folder[$1]=$6
  cat >"$work/$1"
}

# A variable that one of its scripts sees: part_sees PART NAME=VALUE
part_sees() { seen+=("$1:$2"); }

# The kubeconfig of its environment; a secret holds its path or its text: kubeconfig SECRET
kubeconfig() {
  local value=${!1:-}
  if [ -f "$value" ]; then
    sees KUBECONFIG="$value"
  else
    (umask 077 && printf '%s' "$value" >"$work/kubeconfig")
    sees KUBECONFIG="$work/kubeconfig"
  fi
}

# That its environment has none: its scripts see no cluster that happens to be at hand.
no_kubeconfig() { sees KUBECONFIG=/dev/null; }

# The Helm release that it changes: helm_release NAME [NAMESPACE]
helm_release() {
  release=$(printf '%q' "$1")
  [ $# -eq 1 ] || namespace=$(printf ' -n %q' "$2")
}

# The secrets that its scripts see: sees_secrets NAME...
sees_secrets() { uses=("$@"); }

# How often it is tried again, and after how many seconds: retries TIMES SECONDS
retries() { tries=$1 pause=$2; }

# The exit status that its script is to have.
expects() { wanted=$1; }

# How long it watches or waits, and how long between two looks: waits SECONDS SECONDS
waits() { waiting=$1 every=$2; }

# That it is undone once it was begun.
is_undoable() { touched=1; }

# That the glass may be broken for it.
may_break_glass() { glass=1; }

# The uid of its environment's cluster.
in_cluster() { cluster=$1; }

# What must have passed in the environment before: needs_proof ENVIRONMENT NEED...
needs_proof() {
  environment=$1
  shift
  proof=("$@")
}

# ---- A step is performed ----

# Notes that something is under way in an environment; where something failed, the note stays.
open_here() {
  mkdir -p "$state/open/$where"
  : >"$state/open/$where/$id"
}

# The run is stopped: what is under way is ended, and nothing is undone. stop STATUS
stop() {
  trap '' INT TERM HUP
  [ -e "$state/$id.undoing" ] || set_state "$id" stopped
  : >"$state/stopped"
  if [ -n "$child" ]; then
    kill -TERM "$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
  fi
  exit "$1"
}

# Waits, and can be stopped meanwhile.
rest() {
  sleep "$1" &
  child=$!
  wait "$child" || true
  child=''
}

# What engines leave out of the surroundings of scripts.
surround() { unset OPSBOOK_BREAK_GLASS OPSBOOK_FRAME OPSBOOK_FAILURES; }

# What a killed script leaves alive begins nothing new, and says nothing of what it saw.
see_alive() { kill -0 "${$}" 2>/dev/null || exit 5; }

# Runs one of its scripts, for as long as it may take: perform PART
perform() {
  local part=$1 began=$SECONDS ended=0 at variable see=()
  see_alive
  : >"$work/output"
  : >"$work/mask"
  for variable in "${seen[@]}"; do
    case $variable in "*:"* | "$part:"*) see+=("${variable#*:}") ;; esac
  done
  for ((at = 0; at < ${#taken[@]}; at += 3)); do
    ! output "${taken[at + 1]}" "${taken[at + 2]}" || see+=("${taken[at]}=$REPLY")
  done
  see+=(OPSBOOK_RUN="$run" OPSBOOK_OUTPUT="$work/output" RB_OUTPUT="$work/output" OPSBOOK_MASK="$work/mask")
  kept "$id.previous"
  if [ "$part" = undo ] || [ -s "$REPLY" ]; then
    see+=(PREVIOUS_REVISION="$(cat "$REPLY" 2>/dev/null)")
  fi
  case ${shell[$part]} in
    bash) set -- bash -euo pipefail "$work/$part" ;;
    sh) set -- sh -eu "$work/$part" ;;
    *) set -- "${shell[$part]}" "$work/$part" ;;
  esac
  set -- env "${see[@]}" timeout -k 10 "${limit[$part]}" "$@"
  (
    trap - INT TERM HUP EXIT
    if [ -n "${folder[$part]}" ]; then cd -- "${folder[$part]}" || exit; fi
    surround
    exec "$@"
  ) </dev/null &
  child=$!
  wait "$child" || ended=$?
  child='' late=''
  see_alive
  if [ "${limit[$part]}" -gt 0 ] && [ "$((SECONDS - began))" -ge "${limit[$part]}" ]; then
    case $ended in 124 | 137) late=1 ended=124 ;; esac
  fi
  return "$ended"
}

# Runs one of its scripts until it passes, as often as it may be tried.
try() {
  local left=${again[$1]}
  until perform "$1"; do
    [ "$left" -gt 0 ] || return 1
    left=$((left - 1))
    rest "${between[$1]}"
  done
}

# Keeps what the script wrote, unless it cannot be read or would carry a secret on.
keep_outputs() {
  local name value text ended=0
  read_output "$work/output" '' || ended=$?
  text=$(cat "$work/output"; printf x)
  for name in "${uses[@]+"${uses[@]}"}"; do
    value=${!name:-}
    [ "${#value}" -lt 6 ] || case $text in
      *"$value"*) say "its outputs hold the secret $name: outputs are written down"; ended=2 ;;
    esac
  done
  if [ "$ended" -eq 2 ]; then
    rm -f "$state/$id.out"
    return 1
  fi
  cp "$work/output" "$state/.$id.out.new"
  mv "$state/.$id.out.new" "$state/$id.out"
}

# Goes no further, and undoes nothing: a person is needed. halt STATUS WHY
halt() {
  say "$id cannot begin: $2"
  set_state "$id" unproven
  : >"$state/halted"
  rm -f "$state/open/$where/$id"
  exit "$1"
}

# Whether the environment before has proven the change, in this run; else the glass must be broken.
ask_for_proof() {
  local need
  for need in "${proof[@]}"; do
    case ${need%%:*}:$(state_of "${need#*:}") in
      done:done | done:true | passed:done | well:done | well:true | well:idle | well:unwanted) ;;
      never:*) break_glass "nothing in this plan proves it in $environment (${need#*:})" && return ;;
      *) break_glass "${need#*:} has not passed in $environment" && return ;;
    esac
  done
}

# Goes on for a reason that was given for this step (STEP=REASON), or for the first that needs one:
# break_glass WHY
break_glass() {
  local reason=${OPSBOOK_BREAK_GLASS:-}
  [ -n "$glass" ] || halt 4 "$1"
  case $reason in
    "$id="?*) reason=${reason#*=} ;;
    *[![:space:]]*)
      # A reason counts for one step, again where that one is performed again.
      kept glass-broken-for
      [ ! -e "$REPLY" ] || [ "$(cat "$REPLY")" = "$id" ] || halt 4 "$1, and the reason counted for $(cat "$REPLY")"
      printf '%s\n' "$id" >"$state/glass-broken-for"
      ;;
    *) halt 4 "$1, and nobody gave a reason to break the glass" ;;
  esac
  say "the glass is broken for $id: $reason"
  printf '%s\n' "$reason" >"$state/$id.glass"
}

# Whether the environment's kubeconfig leads to its cluster, once for all steps.
see_cluster() {
  [ ! -e "$state/cluster.$where" ] || return 0
  part probe bash 60 0 0 '' <<<"kubectl get namespace kube-system -o 'jsonpath={.metadata.uid}' >\"\$OPSBOOK_OUTPUT\""
  perform probe || halt 6 "nobody can see whether the kubeconfig of $where leads to its cluster"
  [ "$(cat "$work/output")" = "$cluster" ] || halt 6 "the kubeconfig of $where does not lead to its cluster"
  : >"$state/cluster.$where"
}

# Keeps the revision of a Helm release that serves, or nothing. A newer revision that failed is no way
# back, and where Helm cannot say, nothing may be written.
see_release() {
  [ ! -f "$state/$id.previous" ] || return 0
  part probe bash 60 0 0 '' <<<"helm history $release -o json$namespace >\"\$OPSBOOK_OUTPUT\" 2>&1"
  if ! perform probe; then
    grep -q 'release: not found' "$work/output" || { cat "$work/output" >&2; return 1; }
    : >"$work/output"
  fi
  tr '}' '\n' <"$work/output" |
    sed -n 's/.*"revision":\([0-9]*\).*"status":"deployed".*/\1/p' | tail -n 1 >"$state/.$id.previous"
  mv "$state/.$id.previous" "$state/$id.previous"
  part probe bash 60 0 0 '' <<<"helm version --short >\"\$OPSBOOK_OUTPUT\""
  # Helm 3 has other names for three options.
  if perform probe && [[ $(cat "$work/output") =~ ^[[:space:]]*v?3\. ]]; then
    sed -i -e 's/^\( *\)--rollback-on-failure\( \\\)\{0,1\}$/\1--atomic\2/' \
      -e 's/^\( *\)--wait=\(watcher\|legacy\)\( \\\)\{0,1\}$/\1--wait\3/' \
      -e 's/^\( *\)--wait=hookOnly\( \\\)\{0,1\}$/\1--wait=false\2/' "$work/main"
  fi
}

# Looks again and again: until the time is over, or until it passes.
soak() {
  local until=$((SECONDS + waiting)) gap=$((waiting / 30)) left
  [ "$gap" -ge 1 ] || gap=1
  [ "$gap" -le 60 ] || gap=60
  [ -z "${shell[until]:-}" ] || gap=$every
  while :; do
    if [ -n "${shell[until]:-}" ]; then
      ! perform until || return 0
    elif [ -n "${shell[monitor]:-}" ]; then
      perform monitor || { late=''; return 1; }
    fi
    left=$((until - SECONDS))
    if [ "$left" -le 0 ]; then
      [ -n "${shell[until]:-}" ] || return 0
      late=1
      return 124
    fi
    rest "$((left < gap ? left : gap))"
  done
}

# One attempt: its check, its script, its verification.
attempt() {
  local ended=0
  if [ -n "${shell[check]:-}" ] && perform check; then
    say "$id: already true"
    found=true
    return 0
  fi
  [ -z "$environment" ] || ask_for_proof
  [ -z "$cluster" ] || see_cluster
  [ -z "$release" ] || see_release || return 1
  [ -z "$touched" ] || : >"$state/$id.touched"
  if [ -n "$waiting" ]; then
    soak || return
  elif [ -n "${shell[main]:-}" ]; then
    perform main || ended=$?
    keep_outputs || [ "$ended" -ne "$wanted" ] || ended=-1
    [ -z "$late" ] || return 124
    [ "$ended" -eq "$wanted" ] || return 1
  fi
  if [ -n "${shell[verify]:-}" ]; then
    try verify || { late=''; return 1; }
  fi
}

# Performs the step that was described, again after a failure as often as it may be tried.
perform_step() {
  local left=$tries
  kept halted
  [ ! -e "$REPLY" ] || { say "$id does not begin: the run waits for a person"; exit 4; }
  open_here
  set_state "$id" started
  until late='' found='' && attempt; do
    if [ "$left" -eq 0 ]; then
      set_state "$id" failed
      [ -z "$late" ] || { : >"$state/timed-out"; return 124; }
      return 1
    fi
    left=$((left - 1))
    say "$id: again in $pause s"
    rest "$pause"
  done
  rm -f "$state/open/$where/$id"
  set_state "$id" "${found:-done}"
}

# The step that was described is passed over, because its condition does not hold.
pass_over() {
  say "$id: passed over"
  set_state "$id" unwanted
}

# Takes a person's word on a step: decide STEP ENVIRONMENT ANSWER
decide() {
  id=$1 where=$2
  if [ "$3" = yes ]; then
    set_state "$id" "done"
  else
    say "$id: refused"
    open_here
    set_state "$id" failed
    return 1
  fi
}

# Undoes the step that was described, if it was begun, and with `maybe=1` also where nobody knows.
perform_undo() {
  kept "$id.undone"
  [ ! -e "$REPLY" ] || return 0
  kept "$id.touched"
  [ -e "$REPLY" ] || [ -n "${maybe:-}" ] || { say "$id: not begun"; return 0; }
  if [ -e "$state/$id.undoing" ]; then
    say "in doubt: the undo of $id was cut off, and nobody knows whether it happened."
    say "Look, then move $state/$id.undoing to $state/$id.undone, or remove it to undo again."
    exit 5
  fi
  say "- undo $id"
  : >"$state/$id.undoing"
  kept "$id.previous"
  if { [ -n "$release" ] && [ ! -e "$REPLY" ] && ! see_release; } || ! try undo; then
    rm -f "$state/$id.undoing"
    say "the undo of $id failed"
    return 1
  fi
  mv "$state/$id.undoing" "$state/$id.undone"
}

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

# tick: Do tick
work_0() {
ask "$@" url
}

# outputs: Do outputs
work_1() {
step 'outputs' '-'
sees \
  OPSBOOK_PLAN='f328cff2' \
  OPSBOOK_STEP='outputs'
part main bash 60 0 0 '' <<'END_OF_SCRIPT'
echo "n=1" >> "$OPSBOOK_OUTPUT"
END_OF_SCRIPT
perform_step
}

# hard: Do hard
work_2() {
step 'hard' 'staging'
# shellcheck disable=SC2016
sees \
  OPSBOOK_ENV='staging' \
  OPSBOOK_PLAN='f328cff2' \
  OPSBOOK_STEP='hard' \
  QUOTE='it'\''s "so" $HOME ${{ a }} {{ b }}' \
  TRUTH='yes'
takes OPSBOOK_OUT_OUTPUTS_N 'outputs' 'n'
kubeconfig KUBE_STAGING
sees_secrets KUBE_STAGING TOKEN
part check bash 60 0 0 '' <<'END_OF_SCRIPT'
false
END_OF_SCRIPT
part main bash 60 0 0 '' <<'END_OF_SCRIPT_'
echo '${{ x }} {{ y }}'
END_OF_SCRIPT
echo $OPSBOOK_OUT_OUTPUTS_N
END_OF_SCRIPT_
part verify bash 60 0 0 'deploy' <<'END_OF_SCRIPT'
true
END_OF_SCRIPT
retries 2 5
is_undoable
perform_step
}
undo_2() {
step 'hard' 'staging'
# shellcheck disable=SC2016
sees \
  OPSBOOK_ENV='staging' \
  OPSBOOK_PLAN='f328cff2' \
  OPSBOOK_STEP='hard' \
  QUOTE='it'\''s "so" $HOME ${{ a }} {{ b }}' \
  TRUTH='yes'
takes OPSBOOK_OUT_OUTPUTS_N 'outputs' 'n'
kubeconfig KUBE_STAGING
sees_secrets KUBE_STAGING TOKEN
part undo python3 60 0 0 '' <<'END_OF_SCRIPT'
print('back')
END_OF_SCRIPT
perform_undo
}

# soak: Do soak
work_3() {
step 'soak' 'staging'
sees \
  OPSBOOK_ENV='staging' \
  OPSBOOK_PLAN='f328cff2' \
  OPSBOOK_STEP='soak'
kubeconfig KUBE_STAGING
part monitor bash 60 0 0 '' <<'END_OF_SCRIPT'
true
END_OF_SCRIPT
waits 120 30
perform_step
}

# go: Do go
work_4() {
ask "$@" approval
}

# python: Do python
work_5() {
step 'python' 'production'
sees \
  OPSBOOK_ENV='production' \
  OPSBOOK_PLAN='f328cff2' \
  OPSBOOK_STEP='python'
no_kubeconfig
part main python3 60 0 0 'tools' <<'END_OF_SCRIPT'
print('x')
END_OF_SCRIPT
expects 3
may_break_glass
# shellcheck disable=SC2016
needs_proof 'staging' 'never:`python` has not run in `staging`'
perform_step
}

# cleanup: Do cleanup
work_6() {
step 'cleanup' '-'
sees \
  OPSBOOK_PLAN='f328cff2' \
  OPSBOOK_STEP='cleanup'
part main bash 60 0 0 '' <<'END_OF_SCRIPT'
echo always
END_OF_SCRIPT
perform_step
}

# mourn: Do mourn
work_7() {
step 'mourn' '-'
sees \
  OPSBOOK_PLAN='f328cff2' \
  OPSBOOK_STEP='mourn'
part main bash 60 0 0 '' <<'END_OF_SCRIPT'
echo failed
END_OF_SCRIPT
perform_step
}

begin
ask_at 0 'tick' '-' 'Do tick'
perform_at 1 'outputs' '-' 'Do outputs' yes 'success:tick'
perform_at 2 'hard' 'staging' 'Do hard' yes 'success:outputs'
perform_at 3 'soak' 'staging' 'Do soak' yes 'success:hard'
ask_at 4 'go' 'production' 'Do go' 'success:soak'
perform_at 5 'python' 'production' 'Do python' no 'success:go'
perform_at 6 'cleanup' '-' 'Do cleanup' yes 'done:python'
perform_at 7 'mourn' '-' 'Do mourn' yes 'failure:python'

if [ "${#failed[@]}" -eq 0 ]; then
  say "all done"
  exit 0
fi
undone=''
undo_of=([2]='hard')
undo_in=([2]='staging')
roll_back env
say "failed: ${failed[*]}${then_go_to:+; go to $then_go_to}"
[ -z "$undone" ] || exit 8
[ ! -f "$state/timed-out" ] || exit 124
exit 1
