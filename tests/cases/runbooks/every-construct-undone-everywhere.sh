#!/usr/bin/env bash
# A sample
# runbook: sample, plan: sha256:e08c5108ea1c7d67a66185bc061ecdfd1906e22d19baa39dba7036cd4f0d3c94
# content: sha256:
# Emitted by opsbook; change the runbook and emit again instead of editing this file.
# Functions are called by name, and not every plan needs all of them; values are data, in which
# nothing expands:
# shellcheck disable=SC2034,SC2317,SC2329,SC2016
set -euo pipefail

plan='sha256:e08c5108ea1c7d67a66185bc061ecdfd1906e22d19baa39dba7036cd4f0d3c94'
runbook='sample'
then_go_to='hotfix.md#note'
secrets=(KUBE_STAGING TOKEN)
# Variables that scripts see besides: names of the project, and of whoever runs this.
read -r -a passes <<<''" ${OPSBOOK_PASS_ENV:-}"
state=${OPSBOOK_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/opsbook/bash/${plan:7:16}}
run=bash-${plan:7:8}

#include frame.sh
#include bash.sh

# tick: Do tick
work_0() {
ask "$@" url
}

# outputs: Do outputs
work_1() {
step 'outputs' '-'
sees \
  OPSBOOK_PLAN='e08c5108' \
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
  OPSBOOK_PLAN='e08c5108' \
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
  OPSBOOK_PLAN='e08c5108' \
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
  OPSBOOK_PLAN='e08c5108' \
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
  OPSBOOK_PLAN='e08c5108' \
  OPSBOOK_STEP='python'
no_kubeconfig
part main python3 60 0 0 'tools' <<'END_OF_SCRIPT'
print('x')
END_OF_SCRIPT
expects 3
is_undoable
may_break_glass
# shellcheck disable=SC2016
needs_proof 'staging' 'never:`python` has not run in `staging`'
perform_step
}
undo_5() {
step 'python' 'production'
sees \
  OPSBOOK_ENV='production' \
  OPSBOOK_PLAN='e08c5108' \
  OPSBOOK_STEP='python'
no_kubeconfig
part undo python3 60 0 0 '' <<'END_OF_SCRIPT'
print('back')
END_OF_SCRIPT
perform_undo
}

# cleanup: Do cleanup
work_6() {
step 'cleanup' '-'
sees \
  OPSBOOK_PLAN='e08c5108' \
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
  OPSBOOK_PLAN='e08c5108' \
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
undo_of=([2]='hard' [5]='python')
undo_in=([2]='staging' [5]='production')
roll_back all
say "failed: ${failed[*]}${then_go_to:+; go to $then_go_to}"
[ -z "$undone" ] || exit 8
[ ! -f "$state/timed-out" ] || exit 124
exit 1
