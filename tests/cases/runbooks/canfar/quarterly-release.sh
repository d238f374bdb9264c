#!/usr/bin/env bash
# Quarterly platform release
# runbook: quarterly-release, plan: sha256:a29720342054baf162931060e09a9642bc158f9502704272c1af059a87fdfd48
# content: sha256:
# Emitted by opsbook; change the runbook and emit again instead of editing this file.
# Functions are called by name, and not every plan needs all of them; values are data, in which
# nothing expands:
# shellcheck disable=SC2034,SC2317,SC2329,SC2016
set -euo pipefail

plan='sha256:a29720342054baf162931060e09a9642bc158f9502704272c1af059a87fdfd48'
runbook='quarterly-release'
then_go_to='docs/runbooks/hotfix-rollback.md#write-the-incident-note'
secrets=(KUBECONFIG_PRODUCTION KUBECONFIG_STAGING)
# Variables that scripts see besides: names of the project, and of whoever runs this.
read -r -a passes <<<''" ${OPSBOOK_PASS_ENV:-}"
state=${OPSBOOK_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/opsbook/bash/${plan:7:16}}
run=bash-${plan:7:8}

#include frame.sh
#include bash.sh

# prepare.read-changelog: Read every CHANGELOG entry in this release
work_0() {
ask "$@" note
}

# prepare.announce: Announce the window to users
work_1() {
ask "$@" url
}

# prepare.charts-lint: Lint every changed chart
work_2() {
step 'prepare.charts-lint' '-'
sees \
  CHART_PATHS='helm/applications/cavern helm/applications/skaha' \
  COMPONENTS='cavern skaha' \
  OPSBOOK_PLAN='a2972034' \
  OPSBOOK_STEP='prepare.charts-lint' \
  RELEASE='2026.3' \
  WINDOW='unscheduled'
part main bash 300 0 0 '' <<'END_OF_SCRIPT'
for chart in $CHART_PATHS; do
  helm lint --strict "$chart"
done
END_OF_SCRIPT
perform_step
}

# prepare.rollback-ready: An earlier revision exists for each release
work_3() {
step 'prepare.rollback-ready' '-'
sees \
  CHART_PATHS='helm/applications/cavern helm/applications/skaha' \
  COMPONENTS='cavern skaha' \
  OPSBOOK_PLAN='a2972034' \
  OPSBOOK_STEP='prepare.rollback-ready' \
  RELEASE='2026.3' \
  WINDOW='unscheduled'
part main bash 120 0 0 '' <<'END_OF_SCRIPT'
revs=""
for name in $COMPONENTS; do
  rev=$(helm history "$name" -o json --max 1 | jq -er '.[-1].revision')
  revs="$revs $name=$rev"
done
echo "revisions=${revs# }" >> "$RB_OUTPUT"
END_OF_SCRIPT
perform_step
}

# staging.cavern.deploy: Upgrade the chart
work_4() {
step 'staging.cavern.deploy' 'staging'
sees \
  CHART_PATHS='helm/applications/cavern helm/applications/skaha' \
  COMPONENTS='cavern skaha' \
  COMPONENT_FROM='0.8.0' \
  COMPONENT_NAME='cavern' \
  COMPONENT_PATH='helm/applications/cavern' \
  COMPONENT_TAG='cavern-0.10.0' \
  COMPONENT_VERSION='0.10.0' \
  OPSBOOK_ENV='staging' \
  OPSBOOK_PLAN='a2972034' \
  OPSBOOK_STEP='staging.cavern.deploy' \
  RELEASE='2026.3' \
  WINDOW='unscheduled'
kubeconfig KUBECONFIG_STAGING
sees_secrets KUBECONFIG_STAGING
helm_release 'cavern' 'skaha-system'
part main bash 900 0 0 '' <<'END_OF_SCRIPT'
helm upgrade --install cavern oci://images.canfar.net/platform/cavern \
  --version 0.10.0 \
  --namespace skaha-system \
  --values configs/staging/cavern.yaml \
  --timeout 405s \
  --description "runbook ${OPSBOOK_PLAN:-}/staging.cavern.deploy" \
  --rollback-on-failure \
  --wait=watcher
END_OF_SCRIPT
part verify bash 600 0 0 '' <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment \
  -l "app.kubernetes.io/instance=$COMPONENT_NAME" --timeout=9m
END_OF_SCRIPT
retries 1 30
is_undoable
perform_step
}
undo_4() {
step 'staging.cavern.deploy' 'staging'
sees \
  CHART_PATHS='helm/applications/cavern helm/applications/skaha' \
  COMPONENTS='cavern skaha' \
  COMPONENT_FROM='0.8.0' \
  COMPONENT_NAME='cavern' \
  COMPONENT_PATH='helm/applications/cavern' \
  COMPONENT_TAG='cavern-0.10.0' \
  COMPONENT_VERSION='0.10.0' \
  OPSBOOK_ENV='staging' \
  OPSBOOK_PLAN='a2972034' \
  OPSBOOK_STEP='staging.cavern.deploy' \
  RELEASE='2026.3' \
  WINDOW='unscheduled'
kubeconfig KUBECONFIG_STAGING
sees_secrets KUBECONFIG_STAGING
helm_release 'cavern' 'skaha-system'
part undo bash 600 0 0 '' <<'END_OF_SCRIPT'
helm rollback "$COMPONENT_NAME" "$PREVIOUS_REVISION" -n skaha-system --wait --timeout 9m
END_OF_SCRIPT
perform_undo
}

# staging.cavern.watch-rollout: Pods of the chart are rolled out
work_5() {
step 'staging.cavern.watch-rollout' 'staging'
sees \
  CHART_PATHS='helm/applications/cavern helm/applications/skaha' \
  COMPONENTS='cavern skaha' \
  COMPONENT_FROM='0.8.0' \
  COMPONENT_NAME='cavern' \
  COMPONENT_PATH='helm/applications/cavern' \
  COMPONENT_TAG='cavern-0.10.0' \
  COMPONENT_VERSION='0.10.0' \
  OPSBOOK_ENV='staging' \
  OPSBOOK_PLAN='a2972034' \
  OPSBOOK_STEP='staging.cavern.watch-rollout' \
  RELEASE='2026.3' \
  WINDOW='unscheduled'
kubeconfig KUBECONFIG_STAGING
sees_secrets KUBECONFIG_STAGING
part main bash 600 0 0 '' <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment \
  -l "app.kubernetes.io/instance=$COMPONENT_NAME" --timeout=9m
END_OF_SCRIPT
perform_step
}

# staging.cavern.smoke: Smoke test
work_6() {
step 'staging.cavern.smoke' 'staging'
sees \
  CHART_PATHS='helm/applications/cavern helm/applications/skaha' \
  COMPONENTS='cavern skaha' \
  COMPONENT_FROM='0.8.0' \
  COMPONENT_NAME='cavern' \
  COMPONENT_PATH='helm/applications/cavern' \
  COMPONENT_TAG='cavern-0.10.0' \
  COMPONENT_VERSION='0.10.0' \
  OPSBOOK_ENV='staging' \
  OPSBOOK_PLAN='a2972034' \
  OPSBOOK_STEP='staging.cavern.smoke' \
  RELEASE='2026.3' \
  WINDOW='unscheduled'
kubeconfig KUBECONFIG_STAGING
sees_secrets KUBECONFIG_STAGING
part main bash 180 0 0 '' <<'END_OF_SCRIPT'
helm test "$COMPONENT_NAME" -n skaha-system --timeout 2m
END_OF_SCRIPT
retries 3 20
perform_step
}

# staging.skaha.deploy: Upgrade the chart
work_7() {
step 'staging.skaha.deploy' 'staging'
sees \
  CHART_PATHS='helm/applications/cavern helm/applications/skaha' \
  COMPONENTS='cavern skaha' \
  COMPONENT_FROM='' \
  COMPONENT_NAME='skaha' \
  COMPONENT_PATH='helm/applications/skaha' \
  COMPONENT_TAG='skaha-1.2.0' \
  COMPONENT_VERSION='1.2.0' \
  OPSBOOK_ENV='staging' \
  OPSBOOK_PLAN='a2972034' \
  OPSBOOK_STEP='staging.skaha.deploy' \
  RELEASE='2026.3' \
  WINDOW='unscheduled'
kubeconfig KUBECONFIG_STAGING
sees_secrets KUBECONFIG_STAGING
helm_release 'skaha' 'skaha-system'
part main bash 900 0 0 '' <<'END_OF_SCRIPT'
helm upgrade --install skaha oci://images.canfar.net/platform/skaha \
  --version 1.2.0 \
  --namespace skaha-system \
  --values configs/staging/skaha.yaml \
  --timeout 405s \
  --description "runbook ${OPSBOOK_PLAN:-}/staging.skaha.deploy" \
  --rollback-on-failure \
  --wait=watcher
END_OF_SCRIPT
part verify bash 600 0 0 '' <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment \
  -l "app.kubernetes.io/instance=$COMPONENT_NAME" --timeout=9m
END_OF_SCRIPT
retries 1 30
is_undoable
perform_step
}
undo_7() {
step 'staging.skaha.deploy' 'staging'
sees \
  CHART_PATHS='helm/applications/cavern helm/applications/skaha' \
  COMPONENTS='cavern skaha' \
  COMPONENT_FROM='' \
  COMPONENT_NAME='skaha' \
  COMPONENT_PATH='helm/applications/skaha' \
  COMPONENT_TAG='skaha-1.2.0' \
  COMPONENT_VERSION='1.2.0' \
  OPSBOOK_ENV='staging' \
  OPSBOOK_PLAN='a2972034' \
  OPSBOOK_STEP='staging.skaha.deploy' \
  RELEASE='2026.3' \
  WINDOW='unscheduled'
kubeconfig KUBECONFIG_STAGING
sees_secrets KUBECONFIG_STAGING
helm_release 'skaha' 'skaha-system'
part undo bash 600 0 0 '' <<'END_OF_SCRIPT'
helm rollback "$COMPONENT_NAME" "$PREVIOUS_REVISION" -n skaha-system --wait --timeout 9m
END_OF_SCRIPT
perform_undo
}

# staging.skaha.watch-rollout: Pods of the chart are rolled out
work_8() {
step 'staging.skaha.watch-rollout' 'staging'
sees \
  CHART_PATHS='helm/applications/cavern helm/applications/skaha' \
  COMPONENTS='cavern skaha' \
  COMPONENT_FROM='' \
  COMPONENT_NAME='skaha' \
  COMPONENT_PATH='helm/applications/skaha' \
  COMPONENT_TAG='skaha-1.2.0' \
  COMPONENT_VERSION='1.2.0' \
  OPSBOOK_ENV='staging' \
  OPSBOOK_PLAN='a2972034' \
  OPSBOOK_STEP='staging.skaha.watch-rollout' \
  RELEASE='2026.3' \
  WINDOW='unscheduled'
kubeconfig KUBECONFIG_STAGING
sees_secrets KUBECONFIG_STAGING
part main bash 600 0 0 '' <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment \
  -l "app.kubernetes.io/instance=$COMPONENT_NAME" --timeout=9m
END_OF_SCRIPT
perform_step
}

# staging.skaha.smoke: Smoke test
work_9() {
step 'staging.skaha.smoke' 'staging'
sees \
  CHART_PATHS='helm/applications/cavern helm/applications/skaha' \
  COMPONENTS='cavern skaha' \
  COMPONENT_FROM='' \
  COMPONENT_NAME='skaha' \
  COMPONENT_PATH='helm/applications/skaha' \
  COMPONENT_TAG='skaha-1.2.0' \
  COMPONENT_VERSION='1.2.0' \
  OPSBOOK_ENV='staging' \
  OPSBOOK_PLAN='a2972034' \
  OPSBOOK_STEP='staging.skaha.smoke' \
  RELEASE='2026.3' \
  WINDOW='unscheduled'
kubeconfig KUBECONFIG_STAGING
sees_secrets KUBECONFIG_STAGING
part main bash 180 0 0 '' <<'END_OF_SCRIPT'
helm test "$COMPONENT_NAME" -n skaha-system --timeout 2m
END_OF_SCRIPT
retries 3 20
perform_step
}

# soak-staging: Soak in staging
work_10() {
step 'soak-staging' 'staging'
sees \
  CHART_PATHS='helm/applications/cavern helm/applications/skaha' \
  COMPONENTS='cavern skaha' \
  OPSBOOK_ENV='staging' \
  OPSBOOK_PLAN='a2972034' \
  OPSBOOK_STEP='soak-staging' \
  RELEASE='2026.3' \
  WINDOW='unscheduled'
kubeconfig KUBECONFIG_STAGING
sees_secrets KUBECONFIG_STAGING
part monitor bash 120 0 0 '' <<'END_OF_SCRIPT'
ratio=$(promtool query instant -o json "$PROM_URL" 'canfar:error_ratio:30m' | jq -er '.[0].value[1]')
awk -v r="$ratio" 'BEGIN { exit !(r < 0.01) }'
END_OF_SCRIPT
waits 1800 30
perform_step
}

# approve-production: Go / no-go for production
work_11() {
ask "$@" approval
}

# production.cavern.deploy: Upgrade the chart
work_12() {
step 'production.cavern.deploy' 'production'
sees \
  CHART_PATHS='helm/applications/cavern helm/applications/skaha' \
  COMPONENTS='cavern skaha' \
  COMPONENT_FROM='0.8.0' \
  COMPONENT_NAME='cavern' \
  COMPONENT_PATH='helm/applications/cavern' \
  COMPONENT_TAG='cavern-0.10.0' \
  COMPONENT_VERSION='0.10.0' \
  OPSBOOK_ENV='production' \
  OPSBOOK_PLAN='a2972034' \
  OPSBOOK_STEP='production.cavern.deploy' \
  RELEASE='2026.3' \
  WINDOW='unscheduled'
kubeconfig KUBECONFIG_PRODUCTION
sees_secrets KUBECONFIG_PRODUCTION
helm_release 'cavern' 'skaha-system'
part main bash 900 0 0 '' <<'END_OF_SCRIPT'
helm upgrade --install cavern oci://images.canfar.net/platform/cavern \
  --version 0.10.0 \
  --namespace skaha-system \
  --values configs/production/cavern.yaml \
  --timeout 405s \
  --description "runbook ${OPSBOOK_PLAN:-}/production.cavern.deploy" \
  --rollback-on-failure \
  --wait=watcher
END_OF_SCRIPT
part verify bash 600 0 0 '' <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment \
  -l "app.kubernetes.io/instance=$COMPONENT_NAME" --timeout=9m
END_OF_SCRIPT
retries 1 30
is_undoable
perform_step
}
undo_12() {
step 'production.cavern.deploy' 'production'
sees \
  CHART_PATHS='helm/applications/cavern helm/applications/skaha' \
  COMPONENTS='cavern skaha' \
  COMPONENT_FROM='0.8.0' \
  COMPONENT_NAME='cavern' \
  COMPONENT_PATH='helm/applications/cavern' \
  COMPONENT_TAG='cavern-0.10.0' \
  COMPONENT_VERSION='0.10.0' \
  OPSBOOK_ENV='production' \
  OPSBOOK_PLAN='a2972034' \
  OPSBOOK_STEP='production.cavern.deploy' \
  RELEASE='2026.3' \
  WINDOW='unscheduled'
kubeconfig KUBECONFIG_PRODUCTION
sees_secrets KUBECONFIG_PRODUCTION
helm_release 'cavern' 'skaha-system'
part undo bash 600 0 0 '' <<'END_OF_SCRIPT'
helm rollback "$COMPONENT_NAME" "$PREVIOUS_REVISION" -n skaha-system --wait --timeout 9m
END_OF_SCRIPT
perform_undo
}

# production.cavern.watch-rollout: Pods of the chart are rolled out
work_13() {
step 'production.cavern.watch-rollout' 'production'
sees \
  CHART_PATHS='helm/applications/cavern helm/applications/skaha' \
  COMPONENTS='cavern skaha' \
  COMPONENT_FROM='0.8.0' \
  COMPONENT_NAME='cavern' \
  COMPONENT_PATH='helm/applications/cavern' \
  COMPONENT_TAG='cavern-0.10.0' \
  COMPONENT_VERSION='0.10.0' \
  OPSBOOK_ENV='production' \
  OPSBOOK_PLAN='a2972034' \
  OPSBOOK_STEP='production.cavern.watch-rollout' \
  RELEASE='2026.3' \
  WINDOW='unscheduled'
kubeconfig KUBECONFIG_PRODUCTION
sees_secrets KUBECONFIG_PRODUCTION
part main bash 600 0 0 '' <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment \
  -l "app.kubernetes.io/instance=$COMPONENT_NAME" --timeout=9m
END_OF_SCRIPT
perform_step
}

# production.cavern.smoke: Smoke test
work_14() {
step 'production.cavern.smoke' 'production'
sees \
  CHART_PATHS='helm/applications/cavern helm/applications/skaha' \
  COMPONENTS='cavern skaha' \
  COMPONENT_FROM='0.8.0' \
  COMPONENT_NAME='cavern' \
  COMPONENT_PATH='helm/applications/cavern' \
  COMPONENT_TAG='cavern-0.10.0' \
  COMPONENT_VERSION='0.10.0' \
  OPSBOOK_ENV='production' \
  OPSBOOK_PLAN='a2972034' \
  OPSBOOK_STEP='production.cavern.smoke' \
  RELEASE='2026.3' \
  WINDOW='unscheduled'
kubeconfig KUBECONFIG_PRODUCTION
sees_secrets KUBECONFIG_PRODUCTION
part main bash 180 0 0 '' <<'END_OF_SCRIPT'
helm test "$COMPONENT_NAME" -n skaha-system --timeout 2m
END_OF_SCRIPT
retries 3 20
perform_step
}

# production.skaha.deploy: Upgrade the chart
work_15() {
step 'production.skaha.deploy' 'production'
sees \
  CHART_PATHS='helm/applications/cavern helm/applications/skaha' \
  COMPONENTS='cavern skaha' \
  COMPONENT_FROM='' \
  COMPONENT_NAME='skaha' \
  COMPONENT_PATH='helm/applications/skaha' \
  COMPONENT_TAG='skaha-1.2.0' \
  COMPONENT_VERSION='1.2.0' \
  OPSBOOK_ENV='production' \
  OPSBOOK_PLAN='a2972034' \
  OPSBOOK_STEP='production.skaha.deploy' \
  RELEASE='2026.3' \
  WINDOW='unscheduled'
kubeconfig KUBECONFIG_PRODUCTION
sees_secrets KUBECONFIG_PRODUCTION
helm_release 'skaha' 'skaha-system'
part main bash 900 0 0 '' <<'END_OF_SCRIPT'
helm upgrade --install skaha oci://images.canfar.net/platform/skaha \
  --version 1.2.0 \
  --namespace skaha-system \
  --values configs/production/skaha.yaml \
  --timeout 405s \
  --description "runbook ${OPSBOOK_PLAN:-}/production.skaha.deploy" \
  --rollback-on-failure \
  --wait=watcher
END_OF_SCRIPT
part verify bash 600 0 0 '' <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment \
  -l "app.kubernetes.io/instance=$COMPONENT_NAME" --timeout=9m
END_OF_SCRIPT
retries 1 30
is_undoable
perform_step
}
undo_15() {
step 'production.skaha.deploy' 'production'
sees \
  CHART_PATHS='helm/applications/cavern helm/applications/skaha' \
  COMPONENTS='cavern skaha' \
  COMPONENT_FROM='' \
  COMPONENT_NAME='skaha' \
  COMPONENT_PATH='helm/applications/skaha' \
  COMPONENT_TAG='skaha-1.2.0' \
  COMPONENT_VERSION='1.2.0' \
  OPSBOOK_ENV='production' \
  OPSBOOK_PLAN='a2972034' \
  OPSBOOK_STEP='production.skaha.deploy' \
  RELEASE='2026.3' \
  WINDOW='unscheduled'
kubeconfig KUBECONFIG_PRODUCTION
sees_secrets KUBECONFIG_PRODUCTION
helm_release 'skaha' 'skaha-system'
part undo bash 600 0 0 '' <<'END_OF_SCRIPT'
helm rollback "$COMPONENT_NAME" "$PREVIOUS_REVISION" -n skaha-system --wait --timeout 9m
END_OF_SCRIPT
perform_undo
}

# production.skaha.watch-rollout: Pods of the chart are rolled out
work_16() {
step 'production.skaha.watch-rollout' 'production'
sees \
  CHART_PATHS='helm/applications/cavern helm/applications/skaha' \
  COMPONENTS='cavern skaha' \
  COMPONENT_FROM='' \
  COMPONENT_NAME='skaha' \
  COMPONENT_PATH='helm/applications/skaha' \
  COMPONENT_TAG='skaha-1.2.0' \
  COMPONENT_VERSION='1.2.0' \
  OPSBOOK_ENV='production' \
  OPSBOOK_PLAN='a2972034' \
  OPSBOOK_STEP='production.skaha.watch-rollout' \
  RELEASE='2026.3' \
  WINDOW='unscheduled'
kubeconfig KUBECONFIG_PRODUCTION
sees_secrets KUBECONFIG_PRODUCTION
part main bash 600 0 0 '' <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment \
  -l "app.kubernetes.io/instance=$COMPONENT_NAME" --timeout=9m
END_OF_SCRIPT
perform_step
}

# production.skaha.smoke: Smoke test
work_17() {
step 'production.skaha.smoke' 'production'
sees \
  CHART_PATHS='helm/applications/cavern helm/applications/skaha' \
  COMPONENTS='cavern skaha' \
  COMPONENT_FROM='' \
  COMPONENT_NAME='skaha' \
  COMPONENT_PATH='helm/applications/skaha' \
  COMPONENT_TAG='skaha-1.2.0' \
  COMPONENT_VERSION='1.2.0' \
  OPSBOOK_ENV='production' \
  OPSBOOK_PLAN='a2972034' \
  OPSBOOK_STEP='production.skaha.smoke' \
  RELEASE='2026.3' \
  WINDOW='unscheduled'
kubeconfig KUBECONFIG_PRODUCTION
sees_secrets KUBECONFIG_PRODUCTION
part main bash 180 0 0 '' <<'END_OF_SCRIPT'
helm test "$COMPONENT_NAME" -n skaha-system --timeout 2m
END_OF_SCRIPT
retries 3 20
perform_step
}

# error-budget: Error ratio stays under one percent
work_18() {
step 'error-budget' 'production'
sees \
  CHART_PATHS='helm/applications/cavern helm/applications/skaha' \
  COMPONENTS='cavern skaha' \
  OPSBOOK_ENV='production' \
  OPSBOOK_PLAN='a2972034' \
  OPSBOOK_STEP='error-budget' \
  RELEASE='2026.3' \
  WINDOW='unscheduled'
kubeconfig KUBECONFIG_PRODUCTION
sees_secrets KUBECONFIG_PRODUCTION
part main bash 120 0 0 '' <<'END_OF_SCRIPT'
ratio=$(promtool query instant -o json "$PROM_URL" 'canfar:error_ratio:30m' | jq -er '.[0].value[1]')
awk -v r="$ratio" 'BEGIN { exit !(r < 0.01) }'
END_OF_SCRIPT
perform_step
}

# close.record: Attach the journal and the dashboard link to the release issue
work_19() {
ask "$@" url
}

# close.lessons: File or update runbooks for anything that surprised you
work_20() {
ask "$@" note
}

begin
ask_at 0 'prepare.read-changelog' '-' 'Read every CHANGELOG entry in this release'
ask_at 1 'prepare.announce' '-' 'Announce the window to users' 'success:prepare.read-changelog'
perform_at 2 'prepare.charts-lint' '-' 'Lint every changed chart' yes 'success:prepare.announce'
perform_at 3 'prepare.rollback-ready' '-' 'An earlier revision exists for each release' yes 'success:prepare.charts-lint'
perform_at 4 'staging.cavern.deploy' 'staging' 'Upgrade the chart' no 'success:prepare.rollback-ready'
perform_at 5 'staging.cavern.watch-rollout' 'staging' 'Pods of the chart are rolled out' yes 'success:staging.cavern.deploy'
perform_at 6 'staging.cavern.smoke' 'staging' 'Smoke test' yes 'success:staging.cavern.watch-rollout'
perform_at 7 'staging.skaha.deploy' 'staging' 'Upgrade the chart' no 'success:staging.cavern.smoke'
perform_at 8 'staging.skaha.watch-rollout' 'staging' 'Pods of the chart are rolled out' yes 'success:staging.skaha.deploy'
perform_at 9 'staging.skaha.smoke' 'staging' 'Smoke test' yes 'success:staging.skaha.watch-rollout'
perform_at 10 'soak-staging' 'staging' 'Soak in staging' yes 'success:staging.skaha.smoke'
ask_at 11 'approve-production' '-' 'Go / no-go for production' 'success:soak-staging'
perform_at 12 'production.cavern.deploy' 'production' 'Upgrade the chart' no 'success:approve-production'
perform_at 13 'production.cavern.watch-rollout' 'production' 'Pods of the chart are rolled out' yes 'success:production.cavern.deploy'
perform_at 14 'production.cavern.smoke' 'production' 'Smoke test' yes 'success:production.cavern.watch-rollout'
perform_at 15 'production.skaha.deploy' 'production' 'Upgrade the chart' no 'success:production.cavern.smoke'
perform_at 16 'production.skaha.watch-rollout' 'production' 'Pods of the chart are rolled out' yes 'success:production.skaha.deploy'
perform_at 17 'production.skaha.smoke' 'production' 'Smoke test' yes 'success:production.skaha.watch-rollout'
perform_at 18 'error-budget' 'production' 'Error ratio stays under one percent' yes 'success:production.skaha.smoke'
ask_at 19 'close.record' '-' 'Attach the journal and the dashboard link to the release issue' 'success:error-budget'
ask_at 20 'close.lessons' '-' 'File or update runbooks for anything that surprised you' 'success:close.record'

if [ "${#failed[@]}" -eq 0 ]; then
  say "all done"
  exit 0
fi
undone=''
undo_of=([4]='staging.cavern.deploy' [7]='staging.skaha.deploy' [12]='production.cavern.deploy' [15]='production.skaha.deploy')
undo_in=([4]='staging' [7]='staging' [12]='production' [15]='production')
roll_back env
say "failed: ${failed[*]}${then_go_to:+; go to $then_go_to}"
[ -z "$undone" ] || exit 8
[ ! -f "$state/timed-out" ] || exit 124
exit 1
