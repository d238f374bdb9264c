#!/usr/bin/env bash
# Cut a release of opsbook
# runbook: cut-a-release, plan: sha256:0d310a67bb9360440dde15af3a6f30cec5bd456e39c3b951b037581d7b928ee2
# content: sha256:
# Emitted by opsbook; change the runbook and emit again instead of editing this file.
# Functions are called by name, and not every plan needs all of them; values are data, in which
# nothing expands:
# shellcheck disable=SC2034,SC2317,SC2329,SC2016
set -euo pipefail

plan='sha256:0d310a67bb9360440dde15af3a6f30cec5bd456e39c3b951b037581d7b928ee2'
runbook='cut-a-release'
then_go_to='content/contributing/withdraw-a-release.md#write-the-incident-note'
secrets=()
# Variables that scripts see besides: names of the project, and of whoever runs this.
read -r -a passes <<<''" ${OPSBOOK_PASS_ENV:-}"
state=${OPSBOOK_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/opsbook/bash/${plan:7:16}}
run=bash-${plan:7:8}

#include frame.sh
#include bash.sh

# prepare.read-changelog: Read the changelog's Unreleased section as a user would
work_0() {
ask "$@" note
}

# prepare.tools: git, cargo and gh are there, and gh is logged in
work_1() {
step 'prepare.tools' '-'
sees \
  OPSBOOK_PLAN='0d310a67' \
  OPSBOOK_STEP='prepare.tools' \
  VERSION='1.2.3'
part main bash 60 0 0 '' <<'END_OF_SCRIPT'
git --version
cargo --version
gh auth status
END_OF_SCRIPT
perform_step
}

# prepare.clean-main: The work tree is clean and is origin's main
work_2() {
step 'prepare.clean-main' '-'
sees \
  OPSBOOK_PLAN='0d310a67' \
  OPSBOOK_STEP='prepare.clean-main' \
  VERSION='1.2.3'
part main bash 120 0 0 '' <<'END_OF_SCRIPT'
git fetch --tags origin main
test -z "$(git status --porcelain)"
test "$(git rev-parse HEAD)" = "$(git rev-parse origin/main)"
END_OF_SCRIPT
perform_step
}

# prepare.gate: The whole gate passes
work_3() {
step 'prepare.gate' '-'
sees \
  OPSBOOK_PLAN='0d310a67' \
  OPSBOOK_STEP='prepare.gate' \
  VERSION='1.2.3'
part main bash 3600 0 0 '' <<'END_OF_SCRIPT'
.ci/run
END_OF_SCRIPT
perform_step
}

# prepare.version-is-set: Cargo.toml and the changelog name this version and its day
work_4() {
step 'prepare.version-is-set' '-'
sees \
  OPSBOOK_PLAN='0d310a67' \
  OPSBOOK_STEP='prepare.version-is-set' \
  VERSION='1.2.3'
part main bash 60 0 0 '' <<'END_OF_SCRIPT'
.ci/tag-fits "v$VERSION"
END_OF_SCRIPT
perform_step
}

# candidate.publish: Push the tag
work_5() {
step 'candidate.publish' 'candidate'
sees \
  OPSBOOK_ENV='candidate' \
  OPSBOOK_PLAN='0d310a67' \
  OPSBOOK_STEP='candidate.publish' \
  VERSION='1.2.3'
no_kubeconfig
part check bash 300 0 0 '' <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
git ls-remote --exit-code origin "refs/tags/$tag"
END_OF_SCRIPT
part main bash 300 0 0 '' <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
git tag --annotate "$tag" --message "opsbook $tag"
git push origin "refs/tags/$tag"
END_OF_SCRIPT
part verify bash 60 0 0 '' <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
git ls-remote --exit-code origin "refs/tags/$tag"
END_OF_SCRIPT
is_undoable
perform_step
}
undo_5() {
step 'candidate.publish' 'candidate'
sees \
  OPSBOOK_ENV='candidate' \
  OPSBOOK_PLAN='0d310a67' \
  OPSBOOK_STEP='candidate.publish' \
  VERSION='1.2.3'
no_kubeconfig
part undo bash 300 0 0 '' <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
if gh release view "$tag" > /dev/null 2>&1; then
  gh release delete "$tag" --yes
fi
git push origin --delete "refs/tags/$tag"
git tag --delete "$tag"
END_OF_SCRIPT
perform_undo
}

# candidate.watch-workflow: The release workflow ends well
work_6() {
step 'candidate.watch-workflow' 'candidate'
sees \
  OPSBOOK_ENV='candidate' \
  OPSBOOK_PLAN='0d310a67' \
  OPSBOOK_STEP='candidate.watch-workflow' \
  VERSION='1.2.3'
no_kubeconfig
part main bash 3600 0 0 '' <<'END_OF_SCRIPT'
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
perform_step
}

# candidate.make-public: Make the draft public
work_7() {
step 'candidate.make-public' 'candidate'
sees \
  OPSBOOK_ENV='candidate' \
  OPSBOOK_PLAN='0d310a67' \
  OPSBOOK_STEP='candidate.make-public' \
  VERSION='1.2.3'
no_kubeconfig
part main bash 300 0 0 '' <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
gh release edit "$tag" --draft=false
END_OF_SCRIPT
part verify bash 60 0 0 '' <<'END_OF_SCRIPT'
tag="v$VERSION"
expected=false/false
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; expected=false/true; fi
state=$(gh release view "$tag" --json isDraft,isPrerelease --jq '"\(.isDraft)/\(.isPrerelease)"')
test "$state" = "$expected"
END_OF_SCRIPT
is_undoable
perform_step
}
undo_7() {
step 'candidate.make-public' 'candidate'
sees \
  OPSBOOK_ENV='candidate' \
  OPSBOOK_PLAN='0d310a67' \
  OPSBOOK_STEP='candidate.make-public' \
  VERSION='1.2.3'
no_kubeconfig
part undo bash 300 0 0 '' <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
gh release edit "$tag" --draft
END_OF_SCRIPT
perform_undo
}

# candidate.binary-answers: The published binary says its version
work_8() {
step 'candidate.binary-answers' 'candidate'
sees \
  OPSBOOK_ENV='candidate' \
  OPSBOOK_PLAN='0d310a67' \
  OPSBOOK_STEP='candidate.binary-answers' \
  VERSION='1.2.3'
no_kubeconfig
part main bash 300 0 0 '' <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
folder=$(mktemp -d)
gh release download "$tag" --pattern '*x86_64-unknown-linux-gnu.tar.gz*' --dir "$folder"
(cd "$folder" && sha256sum -c ./*.sha256)
tar -xzf "$folder"/*.tar.gz -C "$folder"
found=$(find "$folder" -name opsbook -type f)
"$found" --version | grep -q "$VERSION"
END_OF_SCRIPT
retries 3 30
perform_step
}

# try-candidate: Build a real project with the candidate's binary and look at three pages
work_9() {
ask "$@" url
}

# approve-release: Publish it
work_10() {
ask "$@" approval
}

# public.publish: Push the tag
work_11() {
step 'public.publish' 'public'
sees \
  OPSBOOK_ENV='public' \
  OPSBOOK_PLAN='0d310a67' \
  OPSBOOK_STEP='public.publish' \
  VERSION='1.2.3'
no_kubeconfig
part check bash 300 0 0 '' <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
git ls-remote --exit-code origin "refs/tags/$tag"
END_OF_SCRIPT
part main bash 300 0 0 '' <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
git tag --annotate "$tag" --message "opsbook $tag"
git push origin "refs/tags/$tag"
END_OF_SCRIPT
part verify bash 60 0 0 '' <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
git ls-remote --exit-code origin "refs/tags/$tag"
END_OF_SCRIPT
is_undoable
perform_step
}
undo_11() {
step 'public.publish' 'public'
sees \
  OPSBOOK_ENV='public' \
  OPSBOOK_PLAN='0d310a67' \
  OPSBOOK_STEP='public.publish' \
  VERSION='1.2.3'
no_kubeconfig
part undo bash 300 0 0 '' <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
if gh release view "$tag" > /dev/null 2>&1; then
  gh release delete "$tag" --yes
fi
git push origin --delete "refs/tags/$tag"
git tag --delete "$tag"
END_OF_SCRIPT
perform_undo
}

# public.watch-workflow: The release workflow ends well
work_12() {
step 'public.watch-workflow' 'public'
sees \
  OPSBOOK_ENV='public' \
  OPSBOOK_PLAN='0d310a67' \
  OPSBOOK_STEP='public.watch-workflow' \
  VERSION='1.2.3'
no_kubeconfig
part main bash 3600 0 0 '' <<'END_OF_SCRIPT'
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
perform_step
}

# public.make-public: Make the draft public
work_13() {
step 'public.make-public' 'public'
sees \
  OPSBOOK_ENV='public' \
  OPSBOOK_PLAN='0d310a67' \
  OPSBOOK_STEP='public.make-public' \
  VERSION='1.2.3'
no_kubeconfig
part main bash 300 0 0 '' <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
gh release edit "$tag" --draft=false
END_OF_SCRIPT
part verify bash 60 0 0 '' <<'END_OF_SCRIPT'
tag="v$VERSION"
expected=false/false
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; expected=false/true; fi
state=$(gh release view "$tag" --json isDraft,isPrerelease --jq '"\(.isDraft)/\(.isPrerelease)"')
test "$state" = "$expected"
END_OF_SCRIPT
is_undoable
perform_step
}
undo_13() {
step 'public.make-public' 'public'
sees \
  OPSBOOK_ENV='public' \
  OPSBOOK_PLAN='0d310a67' \
  OPSBOOK_STEP='public.make-public' \
  VERSION='1.2.3'
no_kubeconfig
part undo bash 300 0 0 '' <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
gh release edit "$tag" --draft
END_OF_SCRIPT
perform_undo
}

# public.binary-answers: The published binary says its version
work_14() {
step 'public.binary-answers' 'public'
sees \
  OPSBOOK_ENV='public' \
  OPSBOOK_PLAN='0d310a67' \
  OPSBOOK_STEP='public.binary-answers' \
  VERSION='1.2.3'
no_kubeconfig
part main bash 300 0 0 '' <<'END_OF_SCRIPT'
tag="v$VERSION"
if [ "$OPSBOOK_ENV" = candidate ]; then tag="$tag-rc.1"; fi
folder=$(mktemp -d)
gh release download "$tag" --pattern '*x86_64-unknown-linux-gnu.tar.gz*' --dir "$folder"
(cd "$folder" && sha256sum -c ./*.sha256)
tar -xzf "$folder"/*.tar.gz -C "$folder"
found=$(find "$folder" -name opsbook -type f)
"$found" --version | grep -q "$VERSION"
END_OF_SCRIPT
retries 3 30
perform_step
}

# announce: Announce the release and link its notes
work_15() {
ask "$@" url
}

begin
ask_at 0 'prepare.read-changelog' '-' 'Read the changelog'\''s Unreleased section as a user would'
perform_at 1 'prepare.tools' '-' 'git, cargo and gh are there, and gh is logged in' yes 'success:prepare.read-changelog'
perform_at 2 'prepare.clean-main' '-' 'The work tree is clean and is origin'\''s main' yes 'success:prepare.tools'
perform_at 3 'prepare.gate' '-' 'The whole gate passes' yes 'success:prepare.clean-main'
perform_at 4 'prepare.version-is-set' '-' 'Cargo.toml and the changelog name this version and its day' yes 'success:prepare.gate'
perform_at 5 'candidate.publish' 'candidate' 'Push the tag' yes 'success:prepare.version-is-set'
perform_at 6 'candidate.watch-workflow' 'candidate' 'The release workflow ends well' yes 'success:candidate.publish'
perform_at 7 'candidate.make-public' 'candidate' 'Make the draft public' yes 'success:candidate.watch-workflow'
perform_at 8 'candidate.binary-answers' 'candidate' 'The published binary says its version' yes 'success:candidate.make-public'
ask_at 9 'try-candidate' '-' 'Build a real project with the candidate'\''s binary and look at three pages' 'success:candidate.binary-answers'
ask_at 10 'approve-release' '-' 'Publish it' 'success:try-candidate'
perform_at 11 'public.publish' 'public' 'Push the tag' yes 'success:approve-release'
perform_at 12 'public.watch-workflow' 'public' 'The release workflow ends well' yes 'success:public.publish'
perform_at 13 'public.make-public' 'public' 'Make the draft public' yes 'success:public.watch-workflow'
perform_at 14 'public.binary-answers' 'public' 'The published binary says its version' yes 'success:public.make-public'
ask_at 15 'announce' '-' 'Announce the release and link its notes' 'success:public.binary-answers'

if [ "${#failed[@]}" -eq 0 ]; then
  say "all done"
  exit 0
fi
undone=''
undo_of=([5]='candidate.publish' [7]='candidate.make-public' [11]='public.publish' [13]='public.make-public')
undo_in=([5]='candidate' [7]='candidate' [11]='public' [13]='public')
roll_back env
say "failed: ${failed[*]}${then_go_to:+; go to $then_go_to}"
[ -z "$undone" ] || exit 8
[ ! -f "$state/timed-out" ] || exit 124
exit 1
