//! One standalone bash script: for one operator, read-do.
//!
//! The script keeps the state of each step in a folder, so that a second run repeats nothing and a
//! step that was cut off is in doubt (exit 5), asks on a terminal and exits 4 without one. Each of
//! the plan's scripts stands in a here-document that nothing in it can end.

use super::script::{OUTPUT, end_of};
use super::{
    CONTENT_MARK, Emitted, Losses, exports, kubeconfig_of, lose_approval, lose_language, one_line, outputs_used,
    performed, previous_of, quote, repeatable, scripts_of, sealed, vars_of,
};
use crate::plan::{Action, Evidence, On, Plan, Retries, RollbackPolicy, RollbackScope, Step, StepKind};
use crate::runbook::{Condition, OUTPUTS};

/// Emits a bound plan as one bash script.
pub fn emit_bash(plan: &Plan) -> Emitted {
    let mut out = String::from("#!/usr/bin/env bash\n");
    let title = plan.title.as_deref().unwrap_or(&plan.runbook);
    out.push_str(&format!("# {}\n", one_line(title)));
    out.push_str(&format!("# runbook: {}, plan: {}\n# {CONTENT_MARK}\n", plan.runbook, plan.hash));
    out.push_str("# Emitted by opsbook; change the runbook and emit again instead of editing this file.\n");
    out.push_str(
        "# Functions are called by name, and not every plan needs all of them; values are data, in which\n# nothing \
         expands:\n# shellcheck disable=SC2317,SC2016\n",
    );
    out.push_str(&format!(
        "set -euo pipefail\n\nplan={}\nrunbook={}\nthen_go_to={}\nsecrets=({})\n",
        quote(&plan.hash),
        quote(&plan.runbook),
        quote(plan.on_failure.as_ref().and_then(|policy| policy.then.as_deref()).unwrap_or_default()),
        plan.secrets.iter().map(|name| quote(name)).collect::<Vec<_>>().join(" "),
    ));
    out.push_str(FRAME);
    out.push_str(&format!("\n{OUTPUT}"));
    for (at, step) in plan.steps.iter().enumerate() {
        out.push_str(&step_functions(plan, at, step));
    }
    out.push_str("\nbegin\n");
    for (at, step) in plan.steps.iter().enumerate() {
        out.push_str(&step_call(at, step));
    }
    out.push_str(&ending(plan));
    Emitted { text: sealed(&out), lost: losses(plan) }
}

fn losses(plan: &Plan) -> Vec<super::Loss> {
    let mut losses = Losses::default();
    losses.of_all("the hash chain of the journal");
    losses.of_all("that processes which outlive a killed runner are found");
    lose_language(&mut losses, plan);
    if !plan.secrets.is_empty() {
        losses.of_all("that secrets are taken out of what is shown");
    }
    if plan.groups.iter().any(|group| group.parallel != 1) {
        losses.of_all("that steps run side by side");
    }
    for step in &plan.steps {
        if let Some(approval) = &step.approval {
            lose_approval(&mut losses, step, approval, true, true);
        }
        if step.break_glass.is_some() {
            losses.of_step(step, "that breaking the glass is recorded and reviewed");
        }
        if step.evidence == Evidence::File {
            losses.of_step(step, "a copy of the file that is evidence");
        }
        if step.expect.as_ref().is_some_and(|expect| expect.stdout_matches.is_some()) {
            losses.of_step(step, "what the output must match");
        }
    }
    losses.into_sorted()
}

/// The script's own functions. They know steps by id, and state by a file per step.
const FRAME: &str = r#"
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
"#;

/// A condition over outputs as a list of bash commands.
fn condition(when: &Condition) -> String {
    let value = |name: &str| {
        let (step, key) = name.strip_prefix(OUTPUTS).and_then(|name| name.rsplit_once('.')).unwrap_or(("", name));
        format!("\"$(output \"$state\"/{} {})\"", quote(&format!("{step}.out")), quote(key))
    };
    match when {
        Condition::Is(name, wanted) => format!("[ {} = {} ]", value(name), quote(wanted)),
        Condition::In(name, wanted) => {
            let any = wanted.iter().map(|wanted| format!("[ {} = {} ]", value(name), quote(wanted)));
            let any: Vec<String> = any.collect();
            if any.is_empty() { "false".to_owned() } else { format!("{{ {}; }}", any.join(" || ")) }
        }
        Condition::Truth(name) => {
            let value = value(name);
            format!("{{ [ {value} != '' ] && [ {value} != false ] && [ {value} != 0 ]; }}")
        }
        Condition::Not(inner) => format!("! {{ {}; }}", condition(inner)),
        Condition::And(a, b) => format!("{{ {} && {}; }}", condition(a), condition(b)),
        Condition::Or(a, b) => format!("{{ {} || {}; }}", condition(a), condition(b)),
    }
}

fn step_functions(plan: &Plan, at: usize, step: &Step) -> String {
    if !performed(step) {
        return String::new();
    }
    let mut out = format!("\n# {}: {}\n", step.id, one_line(&step.title));
    let scripts = scripts_of(step);
    let parts = [
        ("main", scripts.main.as_ref()),
        ("check", scripts.check.as_ref()),
        ("verify", scripts.verify),
        ("undo", scripts.undo),
        ("monitor", scripts.monitor.or(scripts.until)),
    ];
    for (part, action) in parts {
        if let Some(action) = action {
            out.push_str(&here_document(&format!("script_{at}_{part}"), &action.script));
        }
    }
    out.push_str(&format!("surroundings_{at}() {{\n"));
    for (name, value) in vars_of(plan, step) {
        out.push_str(&format!("  export {name}={}\n", quote(&value)));
    }
    for (variable, earlier, key) in outputs_used(plan, step) {
        out.push_str(&format!(
            "  {variable}=$(output \"$state\"/{} {})\n  export {variable}\n",
            quote(&format!("{earlier}.out")),
            quote(&key)
        ));
    }
    out.push_str(&format!("  export OPSBOOK_OUTPUT=$state/{}.out\n  export RB_OUTPUT=$OPSBOOK_OUTPUT\n", step.id));
    match kubeconfig_of(plan, step) {
        Some(secret) => out.push_str(&format!("  use_kubeconfig {secret}\n")),
        None if step.env.is_some() => out.push_str("  export KUBECONFIG=/dev/null\n"),
        None => {}
    }
    if !plan.secrets.is_empty() {
        let names = step.secrets.iter().map(|name| format!(" {}", quote(name))).collect::<String>();
        out.push_str(&format!("  only_secrets{names}\n"));
    }
    out.push_str("}\n");
    out.push_str(&run_function(at, step, &scripts));
    if let Some(undo) = scripts.undo {
        out.push_str(&format!(
            "undo_{at}() (\n  surroundings_{at} || exit\n  PREVIOUS_REVISION=$(cat \"$state/{}.previous\" 2>/dev/null || true)\n  \
             export PREVIOUS_REVISION\n  {}\n)\n",
            step.id,
            call(undo, 0, &format!("script_{at}_undo"))
        ));
    }
    out
}

fn run_function(at: usize, step: &Step, scripts: &super::Scripts<'_>) -> String {
    // One attempt is the check, the script and the verification; an attempt is what is repeated.
    let mut out = format!("attempt_{at}() {{\n");
    if let Some(check) = &scripts.check {
        out.push_str(&format!("  if {}; then return 0; fi\n", call(&once(check), 0, &format!("script_{at}_check"))));
    }
    if let Some(previous) = previous_of(step) {
        out.push_str(&format!(
            "  if [ ! -f \"$state/{id}.previous\" ]; then\n    {previous}    printf '%s\\n' \"$previous\" \
             >\"$state/{id}.previous\"\n  fi\n",
            id = step.id,
            previous = previous.trim_end_matches('\n').replace('\n', "\n    ") + "\n"
        ));
    }
    if step.undo.is_some() && step.writes() {
        out.push_str(&format!("  : >\"$state/{}.touched\"\n", step.id));
    }
    let wanted = step.expect.as_ref().and_then(|expect| expect.exit).unwrap_or(0);
    if step.kind == StepKind::Soak {
        let look = scripts.monitor.or(scripts.until);
        let monitor = look.map_or_else(String::new, |monitor| {
            format!(" {} {} script_{at}_monitor", monitor.timeout_s.unwrap_or(0), monitor.shell.program())
        });
        let wait = step.wait_s.unwrap_or(0);
        let soak = match scripts.until {
            Some(_) => format!("poll {wait} {}{monitor}", step.every_s.unwrap_or(30)),
            None => format!("soak {wait}{monitor}"),
        };
        out.push_str(&match look {
            Some(monitor) => format!("  {} || return\n", inside(monitor, &soak)),
            None => format!("  {soak} || return\n"),
        });
    } else if let Some(main) = &scripts.main {
        out.push_str(&format!("  {} || return\n", call(&once(main), wanted, &format!("script_{at}_main"))));
    }
    if let Some(verify) = scripts.verify {
        out.push_str(&format!("  {} || return\n", call(verify, 0, &format!("script_{at}_verify"))));
    }
    out.push_str(&format!("}}\nrun_{at}() (\n  surroundings_{at} || exit\n"));
    let retries = step.retries.as_ref();
    let (max, pause) = (retries.map_or(0, |retries| retries.max), retries.map_or(0, Retries::backoff_s));
    // In the last place of a list, so that its failure is the function's.
    out.push_str(&format!("  again {max} {pause} attempt_{at} || exit\n)\n"));
    out
}

fn once(action: &Action) -> Action {
    Action { retries: None, ..action.clone() }
}

fn call(action: &Action, wanted: i32, function: &str) -> String {
    let retries = action.retries.as_ref();
    let attempts = format!(
        "attempts {} {} {wanted} {} {} {function}",
        retries.map_or(0, |retries| retries.max),
        retries.map_or(0, Retries::backoff_s),
        action.timeout_s.unwrap_or(0),
        action.shell.program(),
    );
    inside(action, &attempts)
}

/// A command in a folder and with variables of its own, and the next one without them.
fn inside(action: &Action, command: &str) -> String {
    let exports = exports(action).replace('\n', "; ");
    match &action.cwd {
        Some(cwd) => format!("({exports}cd {} && {command})", quote(cwd)),
        None if exports.is_empty() => command.to_owned(),
        None => format!("({exports}{command})"),
    }
}

/// A function that prints a script. The here-document's end is a word that no line of the script is.
fn here_document(function: &str, script: &str) -> String {
    let end = end_of(script);
    format!("{function}() {{\n  cat <<'{end}'\n{}\n{end}\n}}\n", script.trim_end_matches('\n'))
}

fn step_call(at: usize, step: &Step) -> String {
    let call = wanted_step(at, step);
    // What cannot be read as a condition never holds.
    let Some(when) = &step.when else { return call };
    let when = Condition::parse(when).map_or_else(|_| "false".to_owned(), |when| condition(&when));
    // Only where its needs hold is the condition asked: what it is about has ended then.
    let id = quote(&step.id);
    let passed_over =
        format!("  if [ -z \"$(state_of {id})\" ] && ! {when}; then\n    set_state {id} skipped\n    continue\n  fi\n");
    let needs = needs_words(step);
    format!("for _ in once; do\n  if needs_hold{needs}; then\n  {passed_over}  fi\n{call}done\n")
}

fn wanted_step(at: usize, step: &Step) -> String {
    let needs = needs_words(step);
    let (id, title) = (quote(&step.id), quote(&one_line(&step.title)));
    if !performed(step) {
        let kind = match (step.kind, step.evidence) {
            (StepKind::Approval, _) => "approval",
            (_, Evidence::Note) => "note",
            (_, Evidence::Url) => "url",
            (_, Evidence::File) => "file",
            _ => "none",
        };
        let answers: String = step
            .capture
            .iter()
            .map(|(name, capture)| {
                let choices: String = capture.choices.iter().map(|choice| format!(" {}", quote(choice))).collect();
                let prompt = quote(&one_line(capture.prompt.as_deref().unwrap_or(name)));
                format!("  answer {id} {} {prompt}{choices}\n", quote(name))
            })
            .collect();
        return format!("if ready {id} {title} yes{needs}; then\n{answers}  ask {id} {title} {kind}\nfi\n");
    }
    let repeatable = if repeatable(step) || step.check.is_some() { "yes" } else { "no" };
    format!(
        "if ready {id} {title} {repeatable}{needs}; then\n  set_state {id} started\n  printf '%s\\n' {at} \
         >>\"$state/order\"\n  ended=0\n  run_{at} || ended=$?\n  finish {id} \"$ended\"\nfi\n"
    )
}

/// What a step needs, as words for the shell.
fn needs_words(step: &Step) -> String {
    step.needs
        .iter()
        .map(|need| {
            let on = match need.on {
                On::Success => "success",
                On::Done => "done",
                On::Failure => "failure",
            };
            format!(" {}", quote(&format!("{on}:{}", need.step)))
        })
        .collect()
}

fn ending(plan: &Plan) -> String {
    let mut out = String::from("\nif [ -z \"$failed\" ]; then\n  say \"all done\"\n  exit 0\nfi\n");
    let policy = plan.on_failure.as_ref().filter(|policy| policy.rollback == RollbackPolicy::Reverse);
    if let Some(policy) = policy {
        out.push_str("\n# What has been written is undone in the reverse order.\nenv_of() {\n  case $1 in\n");
        for step in &plan.steps {
            out.push_str(&format!(
                "    {}) printf '%s' {} ;;\n",
                quote(&step.id),
                quote(step.env.as_deref().unwrap_or("-"))
            ));
        }
        out.push_str("  esac\n}\nundo() {\n  case $1 in\n");
        for (at, step) in plan.steps.iter().enumerate() {
            if step.undo.is_some() && step.writes() {
                out.push_str(&format!("    {at}) set -- {} undo_{at} ;;\n", quote(&step.id)));
            }
        }
        out.push_str("    *) return 0 ;;\n  esac\n");
        if policy.scope == RollbackScope::Env {
            out.push_str("  [ \"$(env_of \"$1\")\" = \"$(env_of \"$failed\")\" ] || return 0\n");
        }
        out.push_str(
            "  [ -f \"$state/$1.touched\" ] && [ ! -f \"$state/$1.undone\" ] || return 0\n  say \"- undo $1\"\n  undone=1\n  if \"$2\"; then\n    : \
             >\"$state/$1.undone\"\n  else\n    say \"the undo of $1 failed${then_go_to:+; go to $then_go_to}\"\n    exit \
             9\n  fi\n}\nundone=''\nwhile IFS= read -r at; do\n  undo \"$at\"\ndone < <(tac \"$state/order\" | awk \
             '!seen[$0]++')\n",
        );
    }
    out.push_str("say \"failed: $failed${then_go_to:+; go to $then_go_to}\"\n");
    if policy.is_some() {
        out.push_str("[ -z \"$undone\" ] || exit 8\n");
    }
    out.push_str("[ ! -f \"$state/timed-out\" ] || exit 124\nexit 1\n");
    out
}
