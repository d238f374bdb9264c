#!/usr/bin/env bash
# Cut a release of opsbook
# runbook: cut-a-release, plan: sha256:0d310a67bb9360440dde15af3a6f30cec5bd456e39c3b951b037581d7b928ee2
# content: sha256:f7a39559d5e6e4c8a7b860f2fb813217fc6ec1562bbf2ff402db8971ee9914e7
# Emitted by opsbook; change the runbook and emit again instead of editing this file.
# Functions are called by name, and not every plan needs all of them; values are data, in which
# nothing expands:
# shellcheck disable=SC2317,SC2016
set -euo pipefail

plan='sha256:0d310a67bb9360440dde15af3a6f30cec5bd456e39c3b951b037581d7b928ee2'
runbook='cut-a-release'
then_go_to='content/contributing/withdraw-a-release.md#write-the-incident-note'
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

# prepare.tools: git, cargo and gh are there, and gh is logged in
script_1_main() {
  cat <<'END_OF_SCRIPT'
git --version
cargo --version
gh auth status
END_OF_SCRIPT
}
surroundings_1() {
  export OPSBOOK_PLAN='0d310a67'
  export OPSBOOK_STEP='prepare.tools'
  export VERSION='1.2.3'
  export OPSBOOK_OUTPUT=$state/prepare.tools.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
}
attempt_1() {
  attempts 0 0 0 60 bash script_1_main || return
}
run_1() (
  surroundings_1 || exit
  again 0 0 attempt_1 || exit
)

# prepare.clean-main: The work tree is clean and is origin's main
script_2_main() {
  cat <<'END_OF_SCRIPT'
git fetch --tags origin main
test -z "$(git status --porcelain)"
test "$(git rev-parse HEAD)" = "$(git rev-parse origin/main)"
END_OF_SCRIPT
}
surroundings_2() {
  export OPSBOOK_PLAN='0d310a67'
  export OPSBOOK_STEP='prepare.clean-main'
  export VERSION='1.2.3'
  export OPSBOOK_OUTPUT=$state/prepare.clean-main.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
}
attempt_2() {
  attempts 0 0 0 120 bash script_2_main || return
}
run_2() (
  surroundings_2 || exit
  again 0 0 attempt_2 || exit
)

# prepare.gate: The whole gate passes
script_3_main() {
  cat <<'END_OF_SCRIPT'
.ci/run
END_OF_SCRIPT
}
surroundings_3() {
  export OPSBOOK_PLAN='0d310a67'
  export OPSBOOK_STEP='prepare.gate'
  export VERSION='1.2.3'
  export OPSBOOK_OUTPUT=$state/prepare.gate.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
}
attempt_3() {
  attempts 0 0 0 3600 bash script_3_main || return
}
run_3() (
  surroundings_3 || exit
  again 0 0 attempt_3 || exit
)

# prepare.version-is-set: Cargo.toml and the changelog name this version and its day
script_4_main() {
  cat <<'END_OF_SCRIPT'
.ci/tag-fits "v$VERSION"
END_OF_SCRIPT
}
surroundings_4() {
  export OPSBOOK_PLAN='0d310a67'
  export OPSBOOK_STEP='prepare.version-is-set'
  export VERSION='1.2.3'
  export OPSBOOK_OUTPUT=$state/prepare.version-is-set.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
}
attempt_4() {
  attempts 0 0 0 60 bash script_4_main || return
}
run_4() (
  surroundings_4 || exit
  again 0 0 attempt_4 || exit
)

# candidate.publish: Push the tag
script_5_main() {
  cat <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
git tag --annotate "$tag" --message "opsbook $tag"
git push origin "refs/tags/$tag"
END_OF_SCRIPT
}
script_5_check() {
  cat <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
git ls-remote --exit-code origin "refs/tags/$tag"
END_OF_SCRIPT
}
script_5_verify() {
  cat <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
git ls-remote --exit-code origin "refs/tags/$tag"
END_OF_SCRIPT
}
script_5_undo() {
  cat <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
if gh release view "$tag" > /dev/null 2>&1; then
  gh release delete "$tag" --yes
fi
git push origin --delete "refs/tags/$tag"
git tag --delete "$tag"
END_OF_SCRIPT
}
surroundings_5() {
  export OPSBOOK_ENV='candidate'
  export OPSBOOK_PLAN='0d310a67'
  export OPSBOOK_STEP='candidate.publish'
  export VERSION='1.2.3'
  export OPSBOOK_OUTPUT=$state/candidate.publish.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  export KUBECONFIG=/dev/null
}
attempt_5() {
  if attempts 0 0 0 300 bash script_5_check; then return 0; fi
  : >"$state/candidate.publish.touched"
  attempts 0 0 0 300 bash script_5_main || return
  attempts 0 0 0 60 bash script_5_verify || return
}
run_5() (
  surroundings_5 || exit
  again 0 0 attempt_5 || exit
)
undo_5() (
  surroundings_5 || exit
  PREVIOUS_REVISION=$(cat "$state/candidate.publish.previous" 2>/dev/null || true)
  export PREVIOUS_REVISION
  attempts 0 0 0 300 bash script_5_undo
)

# candidate.watch-workflow: The release workflow ends well
script_6_main() {
  cat <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
run=
for _ in $(seq 30); do
  run=$(gh run list --workflow release.yml --branch "$tag" --limit 1 --json databaseId --jq '.[0].databaseId // empty')
  if [ -n "$run" ]; then break; fi
  sleep 5
done
test -n "$run"
gh run watch "$run" --exit-status
END_OF_SCRIPT
}
surroundings_6() {
  export OPSBOOK_ENV='candidate'
  export OPSBOOK_PLAN='0d310a67'
  export OPSBOOK_STEP='candidate.watch-workflow'
  export VERSION='1.2.3'
  export OPSBOOK_OUTPUT=$state/candidate.watch-workflow.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  export KUBECONFIG=/dev/null
}
attempt_6() {
  attempts 0 0 0 3600 bash script_6_main || return
}
run_6() (
  surroundings_6 || exit
  again 0 0 attempt_6 || exit
)

# candidate.make-public: Make the draft public
script_7_main() {
  cat <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
gh release edit "$tag" --draft=false
END_OF_SCRIPT
}
script_7_verify() {
  cat <<'END_OF_SCRIPT'
tag="v$VERSION"
expected=false/false
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; expected=false/true; fi
state=$(gh release view "$tag" --json isDraft,isPrerelease --jq '"\(.isDraft)/\(.isPrerelease)"')
test "$state" = "$expected"
END_OF_SCRIPT
}
script_7_undo() {
  cat <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
gh release edit "$tag" --draft
END_OF_SCRIPT
}
surroundings_7() {
  export OPSBOOK_ENV='candidate'
  export OPSBOOK_PLAN='0d310a67'
  export OPSBOOK_STEP='candidate.make-public'
  export VERSION='1.2.3'
  export OPSBOOK_OUTPUT=$state/candidate.make-public.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  export KUBECONFIG=/dev/null
}
attempt_7() {
  : >"$state/candidate.make-public.touched"
  attempts 0 0 0 300 bash script_7_main || return
  attempts 0 0 0 60 bash script_7_verify || return
}
run_7() (
  surroundings_7 || exit
  again 0 0 attempt_7 || exit
)
undo_7() (
  surroundings_7 || exit
  PREVIOUS_REVISION=$(cat "$state/candidate.make-public.previous" 2>/dev/null || true)
  export PREVIOUS_REVISION
  attempts 0 0 0 300 bash script_7_undo
)

# candidate.binary-answers: The published binary says its version
script_8_main() {
  cat <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
folder=$(mktemp -d)
gh release download "$tag" --pattern '*x86_64-unknown-linux-gnu.tar.gz*' --dir "$folder"
(cd "$folder" && sha256sum -c ./*.sha256)
tar -xzf "$folder"/*.tar.gz -C "$folder"
found=$(find "$folder" -name opsbook -type f)
"$found" --version | grep -q "$VERSION"
END_OF_SCRIPT
}
surroundings_8() {
  export OPSBOOK_ENV='candidate'
  export OPSBOOK_PLAN='0d310a67'
  export OPSBOOK_STEP='candidate.binary-answers'
  export VERSION='1.2.3'
  export OPSBOOK_OUTPUT=$state/candidate.binary-answers.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  export KUBECONFIG=/dev/null
}
attempt_8() {
  attempts 0 0 0 300 bash script_8_main || return
}
run_8() (
  surroundings_8 || exit
  again 3 30 attempt_8 || exit
)

# public.publish: Push the tag
script_11_main() {
  cat <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
git tag --annotate "$tag" --message "opsbook $tag"
git push origin "refs/tags/$tag"
END_OF_SCRIPT
}
script_11_check() {
  cat <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
git ls-remote --exit-code origin "refs/tags/$tag"
END_OF_SCRIPT
}
script_11_verify() {
  cat <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
git ls-remote --exit-code origin "refs/tags/$tag"
END_OF_SCRIPT
}
script_11_undo() {
  cat <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
if gh release view "$tag" > /dev/null 2>&1; then
  gh release delete "$tag" --yes
fi
git push origin --delete "refs/tags/$tag"
git tag --delete "$tag"
END_OF_SCRIPT
}
surroundings_11() {
  export OPSBOOK_ENV='public'
  export OPSBOOK_PLAN='0d310a67'
  export OPSBOOK_STEP='public.publish'
  export VERSION='1.2.3'
  export OPSBOOK_OUTPUT=$state/public.publish.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  export KUBECONFIG=/dev/null
}
attempt_11() {
  if attempts 0 0 0 300 bash script_11_check; then return 0; fi
  : >"$state/public.publish.touched"
  attempts 0 0 0 300 bash script_11_main || return
  attempts 0 0 0 60 bash script_11_verify || return
}
run_11() (
  surroundings_11 || exit
  again 0 0 attempt_11 || exit
)
undo_11() (
  surroundings_11 || exit
  PREVIOUS_REVISION=$(cat "$state/public.publish.previous" 2>/dev/null || true)
  export PREVIOUS_REVISION
  attempts 0 0 0 300 bash script_11_undo
)

# public.watch-workflow: The release workflow ends well
script_12_main() {
  cat <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
run=
for _ in $(seq 30); do
  run=$(gh run list --workflow release.yml --branch "$tag" --limit 1 --json databaseId --jq '.[0].databaseId // empty')
  if [ -n "$run" ]; then break; fi
  sleep 5
done
test -n "$run"
gh run watch "$run" --exit-status
END_OF_SCRIPT
}
surroundings_12() {
  export OPSBOOK_ENV='public'
  export OPSBOOK_PLAN='0d310a67'
  export OPSBOOK_STEP='public.watch-workflow'
  export VERSION='1.2.3'
  export OPSBOOK_OUTPUT=$state/public.watch-workflow.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  export KUBECONFIG=/dev/null
}
attempt_12() {
  attempts 0 0 0 3600 bash script_12_main || return
}
run_12() (
  surroundings_12 || exit
  again 0 0 attempt_12 || exit
)

# public.make-public: Make the draft public
script_13_main() {
  cat <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
gh release edit "$tag" --draft=false
END_OF_SCRIPT
}
script_13_verify() {
  cat <<'END_OF_SCRIPT'
tag="v$VERSION"
expected=false/false
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; expected=false/true; fi
state=$(gh release view "$tag" --json isDraft,isPrerelease --jq '"\(.isDraft)/\(.isPrerelease)"')
test "$state" = "$expected"
END_OF_SCRIPT
}
script_13_undo() {
  cat <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
gh release edit "$tag" --draft
END_OF_SCRIPT
}
surroundings_13() {
  export OPSBOOK_ENV='public'
  export OPSBOOK_PLAN='0d310a67'
  export OPSBOOK_STEP='public.make-public'
  export VERSION='1.2.3'
  export OPSBOOK_OUTPUT=$state/public.make-public.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  export KUBECONFIG=/dev/null
}
attempt_13() {
  : >"$state/public.make-public.touched"
  attempts 0 0 0 300 bash script_13_main || return
  attempts 0 0 0 60 bash script_13_verify || return
}
run_13() (
  surroundings_13 || exit
  again 0 0 attempt_13 || exit
)
undo_13() (
  surroundings_13 || exit
  PREVIOUS_REVISION=$(cat "$state/public.make-public.previous" 2>/dev/null || true)
  export PREVIOUS_REVISION
  attempts 0 0 0 300 bash script_13_undo
)

# public.binary-answers: The published binary says its version
script_14_main() {
  cat <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
folder=$(mktemp -d)
gh release download "$tag" --pattern '*x86_64-unknown-linux-gnu.tar.gz*' --dir "$folder"
(cd "$folder" && sha256sum -c ./*.sha256)
tar -xzf "$folder"/*.tar.gz -C "$folder"
found=$(find "$folder" -name opsbook -type f)
"$found" --version | grep -q "$VERSION"
END_OF_SCRIPT
}
surroundings_14() {
  export OPSBOOK_ENV='public'
  export OPSBOOK_PLAN='0d310a67'
  export OPSBOOK_STEP='public.binary-answers'
  export VERSION='1.2.3'
  export OPSBOOK_OUTPUT=$state/public.binary-answers.out
  export RB_OUTPUT=$OPSBOOK_OUTPUT
  export KUBECONFIG=/dev/null
}
attempt_14() {
  attempts 0 0 0 300 bash script_14_main || return
}
run_14() (
  surroundings_14 || exit
  again 3 30 attempt_14 || exit
)

begin
if ready 'prepare.read-changelog' 'Read the changelog'\''s Unreleased section as a user would' yes; then
  ask 'prepare.read-changelog' 'Read the changelog'\''s Unreleased section as a user would' note
fi
if ready 'prepare.tools' 'git, cargo and gh are there, and gh is logged in' yes 'success:prepare.read-changelog'; then
  set_state 'prepare.tools' started
  printf '%s\n' 1 >>"$state/order"
  ended=0
  run_1 || ended=$?
  finish 'prepare.tools' "$ended"
fi
if ready 'prepare.clean-main' 'The work tree is clean and is origin'\''s main' yes 'success:prepare.tools'; then
  set_state 'prepare.clean-main' started
  printf '%s\n' 2 >>"$state/order"
  ended=0
  run_2 || ended=$?
  finish 'prepare.clean-main' "$ended"
fi
if ready 'prepare.gate' 'The whole gate passes' yes 'success:prepare.clean-main'; then
  set_state 'prepare.gate' started
  printf '%s\n' 3 >>"$state/order"
  ended=0
  run_3 || ended=$?
  finish 'prepare.gate' "$ended"
fi
if ready 'prepare.version-is-set' 'Cargo.toml and the changelog name this version and its day' yes 'success:prepare.gate'; then
  set_state 'prepare.version-is-set' started
  printf '%s\n' 4 >>"$state/order"
  ended=0
  run_4 || ended=$?
  finish 'prepare.version-is-set' "$ended"
fi
if ready 'candidate.publish' 'Push the tag' yes 'success:prepare.version-is-set'; then
  set_state 'candidate.publish' started
  printf '%s\n' 5 >>"$state/order"
  ended=0
  run_5 || ended=$?
  finish 'candidate.publish' "$ended"
fi
if ready 'candidate.watch-workflow' 'The release workflow ends well' yes 'success:candidate.publish'; then
  set_state 'candidate.watch-workflow' started
  printf '%s\n' 6 >>"$state/order"
  ended=0
  run_6 || ended=$?
  finish 'candidate.watch-workflow' "$ended"
fi
if ready 'candidate.make-public' 'Make the draft public' yes 'success:candidate.watch-workflow'; then
  set_state 'candidate.make-public' started
  printf '%s\n' 7 >>"$state/order"
  ended=0
  run_7 || ended=$?
  finish 'candidate.make-public' "$ended"
fi
if ready 'candidate.binary-answers' 'The published binary says its version' yes 'success:candidate.make-public'; then
  set_state 'candidate.binary-answers' started
  printf '%s\n' 8 >>"$state/order"
  ended=0
  run_8 || ended=$?
  finish 'candidate.binary-answers' "$ended"
fi
if ready 'try-candidate' 'Build a real project with the candidate'\''s binary and look at three pages' yes 'success:candidate.binary-answers'; then
  ask 'try-candidate' 'Build a real project with the candidate'\''s binary and look at three pages' url
fi
if ready 'approve-release' 'Publish it' yes 'success:try-candidate'; then
  ask 'approve-release' 'Publish it' approval
fi
if ready 'public.publish' 'Push the tag' yes 'success:approve-release'; then
  set_state 'public.publish' started
  printf '%s\n' 11 >>"$state/order"
  ended=0
  run_11 || ended=$?
  finish 'public.publish' "$ended"
fi
if ready 'public.watch-workflow' 'The release workflow ends well' yes 'success:public.publish'; then
  set_state 'public.watch-workflow' started
  printf '%s\n' 12 >>"$state/order"
  ended=0
  run_12 || ended=$?
  finish 'public.watch-workflow' "$ended"
fi
if ready 'public.make-public' 'Make the draft public' yes 'success:public.watch-workflow'; then
  set_state 'public.make-public' started
  printf '%s\n' 13 >>"$state/order"
  ended=0
  run_13 || ended=$?
  finish 'public.make-public' "$ended"
fi
if ready 'public.binary-answers' 'The published binary says its version' yes 'success:public.make-public'; then
  set_state 'public.binary-answers' started
  printf '%s\n' 14 >>"$state/order"
  ended=0
  run_14 || ended=$?
  finish 'public.binary-answers' "$ended"
fi
if ready 'announce' 'Announce the release and link its notes' yes 'success:public.binary-answers'; then
  ask 'announce' 'Announce the release and link its notes' url
fi

if [ -z "$failed" ]; then
  say "all done"
  exit 0
fi

# What has been written is undone in the reverse order.
env_of() {
  case $1 in
    'prepare.read-changelog') printf '%s' '-' ;;
    'prepare.tools') printf '%s' '-' ;;
    'prepare.clean-main') printf '%s' '-' ;;
    'prepare.gate') printf '%s' '-' ;;
    'prepare.version-is-set') printf '%s' '-' ;;
    'candidate.publish') printf '%s' 'candidate' ;;
    'candidate.watch-workflow') printf '%s' 'candidate' ;;
    'candidate.make-public') printf '%s' 'candidate' ;;
    'candidate.binary-answers') printf '%s' 'candidate' ;;
    'try-candidate') printf '%s' '-' ;;
    'approve-release') printf '%s' '-' ;;
    'public.publish') printf '%s' 'public' ;;
    'public.watch-workflow') printf '%s' 'public' ;;
    'public.make-public') printf '%s' 'public' ;;
    'public.binary-answers') printf '%s' 'public' ;;
    'announce') printf '%s' '-' ;;
  esac
}
undo() {
  case $1 in
    5) set -- 'candidate.publish' undo_5 ;;
    7) set -- 'candidate.make-public' undo_7 ;;
    11) set -- 'public.publish' undo_11 ;;
    13) set -- 'public.make-public' undo_13 ;;
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
