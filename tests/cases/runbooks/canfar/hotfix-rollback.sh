#!/usr/bin/env bash
# Roll back or hotfix
# runbook: hotfix-rollback, plan: sha256:686445f0a32f3958a8feda51d5b8fca9e89f8e9882ffdb1bb3a042f5b3ebaf84
# content: sha256:
# Emitted by opsbook; change the runbook and emit again instead of editing this file.
# Functions are called by name, and not every plan needs all of them; values are data, in which
# nothing expands:
# shellcheck disable=SC2034,SC2317,SC2329,SC2016
set -euo pipefail

plan='sha256:686445f0a32f3958a8feda51d5b8fca9e89f8e9882ffdb1bb3a042f5b3ebaf84'
runbook='hotfix-rollback'
then_go_to=''
secrets=(KUBECONFIG_PRODUCTION KUBECONFIG_STAGING)
# Variables that scripts see besides: names of the project, and of whoever runs this.
read -r -a passes <<<''" ${OPSBOOK_PASS_ENV:-}"
state=${OPSBOOK_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/opsbook/bash/${plan:7:16}}
run=bash-${plan:7:8}

#include frame.sh
#include bash.sh

# open-incident: Open the incident issue and name a lead
work_0() {
ask "$@" url
}

# stop-the-bleeding: Return the chart to its last good revision
work_1() {
step 'stop-the-bleeding' 'production'
sees \
  CHART_PATHS='helm/applications/cavern' \
  COMPONENT='cavern' \
  COMPONENTS='cavern' \
  ISSUE='#7' \
  OPSBOOK_ENV='production' \
  OPSBOOK_PLAN='686445f0' \
  OPSBOOK_STEP='stop-the-bleeding' \
  REVISION='12'
kubeconfig KUBECONFIG_PRODUCTION
sees_secrets KUBECONFIG_PRODUCTION
part check bash 600 0 0 '' <<'END_OF_SCRIPT'
helm history "$COMPONENT" -n skaha-system -o json --max 1 |
  jq -e --arg d "Rollback to $REVISION" '.[-1] | .status == "deployed" and .description == $d'
END_OF_SCRIPT
part main bash 600 0 0 '' <<'END_OF_SCRIPT'
helm rollback "$COMPONENT" "$REVISION" -n skaha-system --wait --timeout 9m
END_OF_SCRIPT
may_break_glass
# shellcheck disable=SC2016
needs_proof 'staging' 'never:`stop-the-bleeding` has not run in `staging`'
perform_step
}

# confirm-service: The chart's pods are healthy again
work_2() {
step 'confirm-service' 'production'
sees \
  CHART_PATHS='helm/applications/cavern' \
  COMPONENT='cavern' \
  COMPONENTS='cavern' \
  ISSUE='#7' \
  OPSBOOK_ENV='production' \
  OPSBOOK_PLAN='686445f0' \
  OPSBOOK_STEP='confirm-service' \
  REVISION='12'
kubeconfig KUBECONFIG_PRODUCTION
sees_secrets KUBECONFIG_PRODUCTION
part main bash 600 0 0 '' <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment -l "app.kubernetes.io/instance=$COMPONENT" --timeout=9m
END_OF_SCRIPT
perform_step
}

# fix-merged: Fix merged through a reviewed pull request from the hotfix branch
work_3() {
ask "$@" url
}

# patch-staging.cavern.deploy: Upgrade the chart
work_4() {
step 'patch-staging.cavern.deploy' 'staging'
sees \
  CHART_PATHS='helm/applications/cavern' \
  COMPONENT='cavern' \
  COMPONENTS='cavern' \
  COMPONENT_FROM='' \
  COMPONENT_NAME='cavern' \
  COMPONENT_PATH='helm/applications/cavern' \
  COMPONENT_TAG='cavern-0.10.0' \
  COMPONENT_VERSION='0.10.0' \
  ISSUE='#7' \
  OPSBOOK_ENV='staging' \
  OPSBOOK_PLAN='686445f0' \
  OPSBOOK_STEP='patch-staging.cavern.deploy' \
  REVISION='12'
kubeconfig KUBECONFIG_STAGING
sees_secrets KUBECONFIG_STAGING
helm_release 'cavern' 'skaha-system'
part main bash 900 0 0 '' <<'END_OF_SCRIPT'
helm upgrade --install cavern oci://images.canfar.net/platform/cavern \
  --version 0.10.0 \
  --namespace skaha-system \
  --values configs/staging/cavern.yaml \
  --timeout 405s \
  --description "runbook ${OPSBOOK_PLAN:-}/patch-staging.cavern.deploy" \
  --rollback-on-failure \
  --wait=watcher
END_OF_SCRIPT
part verify bash 600 0 0 '' <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment \
  -l "app.kubernetes.io/instance=$COMPONENT_NAME" --timeout=9m
END_OF_SCRIPT
retries 1 30
perform_step
}

# patch-staging.cavern.watch-rollout: Pods of the chart are rolled out
work_5() {
step 'patch-staging.cavern.watch-rollout' 'staging'
sees \
  CHART_PATHS='helm/applications/cavern' \
  COMPONENT='cavern' \
  COMPONENTS='cavern' \
  COMPONENT_FROM='' \
  COMPONENT_NAME='cavern' \
  COMPONENT_PATH='helm/applications/cavern' \
  COMPONENT_TAG='cavern-0.10.0' \
  COMPONENT_VERSION='0.10.0' \
  ISSUE='#7' \
  OPSBOOK_ENV='staging' \
  OPSBOOK_PLAN='686445f0' \
  OPSBOOK_STEP='patch-staging.cavern.watch-rollout' \
  REVISION='12'
kubeconfig KUBECONFIG_STAGING
sees_secrets KUBECONFIG_STAGING
part main bash 600 0 0 '' <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment \
  -l "app.kubernetes.io/instance=$COMPONENT_NAME" --timeout=9m
END_OF_SCRIPT
perform_step
}

# patch-staging.cavern.smoke: Smoke test
work_6() {
step 'patch-staging.cavern.smoke' 'staging'
sees \
  CHART_PATHS='helm/applications/cavern' \
  COMPONENT='cavern' \
  COMPONENTS='cavern' \
  COMPONENT_FROM='' \
  COMPONENT_NAME='cavern' \
  COMPONENT_PATH='helm/applications/cavern' \
  COMPONENT_TAG='cavern-0.10.0' \
  COMPONENT_VERSION='0.10.0' \
  ISSUE='#7' \
  OPSBOOK_ENV='staging' \
  OPSBOOK_PLAN='686445f0' \
  OPSBOOK_STEP='patch-staging.cavern.smoke' \
  REVISION='12'
kubeconfig KUBECONFIG_STAGING
sees_secrets KUBECONFIG_STAGING
part main bash 180 0 0 '' <<'END_OF_SCRIPT'
helm test "$COMPONENT_NAME" -n skaha-system --timeout 2m
END_OF_SCRIPT
retries 3 20
perform_step
}

# approve-patch: Ship the patch to production
work_7() {
ask "$@" approval
}

# patch-production.cavern.deploy: Upgrade the chart
work_8() {
step 'patch-production.cavern.deploy' 'production'
sees \
  CHART_PATHS='helm/applications/cavern' \
  COMPONENT='cavern' \
  COMPONENTS='cavern' \
  COMPONENT_FROM='' \
  COMPONENT_NAME='cavern' \
  COMPONENT_PATH='helm/applications/cavern' \
  COMPONENT_TAG='cavern-0.10.0' \
  COMPONENT_VERSION='0.10.0' \
  ISSUE='#7' \
  OPSBOOK_ENV='production' \
  OPSBOOK_PLAN='686445f0' \
  OPSBOOK_STEP='patch-production.cavern.deploy' \
  REVISION='12'
kubeconfig KUBECONFIG_PRODUCTION
sees_secrets KUBECONFIG_PRODUCTION
helm_release 'cavern' 'skaha-system'
part main bash 900 0 0 '' <<'END_OF_SCRIPT'
helm upgrade --install cavern oci://images.canfar.net/platform/cavern \
  --version 0.10.0 \
  --namespace skaha-system \
  --values configs/production/cavern.yaml \
  --timeout 405s \
  --description "runbook ${OPSBOOK_PLAN:-}/patch-production.cavern.deploy" \
  --rollback-on-failure \
  --wait=watcher
END_OF_SCRIPT
part verify bash 600 0 0 '' <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment \
  -l "app.kubernetes.io/instance=$COMPONENT_NAME" --timeout=9m
END_OF_SCRIPT
retries 1 30
perform_step
}

# patch-production.cavern.watch-rollout: Pods of the chart are rolled out
work_9() {
step 'patch-production.cavern.watch-rollout' 'production'
sees \
  CHART_PATHS='helm/applications/cavern' \
  COMPONENT='cavern' \
  COMPONENTS='cavern' \
  COMPONENT_FROM='' \
  COMPONENT_NAME='cavern' \
  COMPONENT_PATH='helm/applications/cavern' \
  COMPONENT_TAG='cavern-0.10.0' \
  COMPONENT_VERSION='0.10.0' \
  ISSUE='#7' \
  OPSBOOK_ENV='production' \
  OPSBOOK_PLAN='686445f0' \
  OPSBOOK_STEP='patch-production.cavern.watch-rollout' \
  REVISION='12'
kubeconfig KUBECONFIG_PRODUCTION
sees_secrets KUBECONFIG_PRODUCTION
part main bash 600 0 0 '' <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment \
  -l "app.kubernetes.io/instance=$COMPONENT_NAME" --timeout=9m
END_OF_SCRIPT
perform_step
}

# confirm-patch: The chart's pods are healthy again
work_10() {
step 'confirm-patch' 'production'
sees \
  CHART_PATHS='helm/applications/cavern' \
  COMPONENT='cavern' \
  COMPONENTS='cavern' \
  ISSUE='#7' \
  OPSBOOK_ENV='production' \
  OPSBOOK_PLAN='686445f0' \
  OPSBOOK_STEP='confirm-patch' \
  REVISION='12'
kubeconfig KUBECONFIG_PRODUCTION
sees_secrets KUBECONFIG_PRODUCTION
part main bash 600 0 0 '' <<'END_OF_SCRIPT'
kubectl -n skaha-system rollout status deployment -l "app.kubernetes.io/instance=$COMPONENT" --timeout=9m
END_OF_SCRIPT
perform_step
}

# incident-note: Incident note written and linked
work_11() {
ask "$@" url
}

begin
ask_at 0 'open-incident' '-' 'Open the incident issue and name a lead'
perform_at 1 'stop-the-bleeding' 'production' 'Return the chart to its last good revision' yes 'success:open-incident'
perform_at 2 'confirm-service' 'production' 'The chart'\''s pods are healthy again' yes 'success:stop-the-bleeding'
ask_at 3 'fix-merged' '-' 'Fix merged through a reviewed pull request from the hotfix branch' 'success:confirm-service'
perform_at 4 'patch-staging.cavern.deploy' 'staging' 'Upgrade the chart' no 'success:fix-merged'
perform_at 5 'patch-staging.cavern.watch-rollout' 'staging' 'Pods of the chart are rolled out' yes 'success:patch-staging.cavern.deploy'
perform_at 6 'patch-staging.cavern.smoke' 'staging' 'Smoke test' yes 'success:patch-staging.cavern.watch-rollout'
ask_at 7 'approve-patch' '-' 'Ship the patch to production' 'success:patch-staging.cavern.smoke'
perform_at 8 'patch-production.cavern.deploy' 'production' 'Upgrade the chart' no 'success:approve-patch'
perform_at 9 'patch-production.cavern.watch-rollout' 'production' 'Pods of the chart are rolled out' yes 'success:patch-production.cavern.deploy'
perform_at 10 'confirm-patch' 'production' 'The chart'\''s pods are healthy again' yes 'success:patch-production.cavern.watch-rollout'
ask_at 11 'incident-note' '-' 'Incident note written and linked' 'success:confirm-patch'

if [ "${#failed[@]}" -eq 0 ]; then
  say "all done"
  exit 0
fi
undone=''
say "failed: ${failed[*]}${then_go_to:+; go to $then_go_to}"
[ -z "$undone" ] || exit 8
[ ! -f "$state/timed-out" ] || exit 124
exit 1
