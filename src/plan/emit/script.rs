//! Pieces of bash that more than one target is made of: a plan's script as a function, the loops
//! around a verification and around a monitor.

use super::{Scripts, quote};
use crate::plan::{Action, Shell, Step};

/// A function that prints what a step wrote under a name, the last of several: `name=value`, or
/// `name<<END`, lines, `END`.
pub(super) const OUTPUT: &str = r#"# Prints an output of a step: output FILE NAME
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
"#;

/// A word that no line of a script is: it ends the script's here-document.
pub(super) fn end_of(script: &str) -> String {
    let mut end = "END_OF_SCRIPT".to_owned();
    while script.lines().any(|line| line == end) {
        end.push('_');
    }
    end
}

/// A function that runs a script in a shell and a folder of its own, for at most `limit_s` seconds: a
/// failing line ends it also where the function's result is asked for.
pub(super) fn function(name: &str, action: &Action, limit_s: Option<u64>) -> String {
    let end = end_of(&action.script);
    let shell = match action.shell {
        Shell::Bash => "bash -euo pipefail",
        Shell::Sh => "sh -eu",
        Shell::Python3 => "python3",
    };
    let limit = limit_s.map(|limit| format!("timeout -k 10 {limit} ")).unwrap_or_default();
    let (open, cd, close) = match &action.cwd {
        Some(cwd) => ("(", format!("  cd {} || exit\n", quote(cwd)), ")"),
        None => ("{", String::new(), "}"),
    };
    let script = action.script.trim_end_matches('\n');
    format!("{name}() {open}\n{cd}  {limit}{shell} <(cat <<'{end}'\n{script}\n{end}\n  )\n{close}\n")
}

/// Calls a function until it passes, as often as its retries allow.
pub(super) fn retry_loop(name: &str, action: &Action) -> String {
    let Some(retries) = action.retries.as_ref().filter(|retries| retries.max > 0) else {
        return format!("{name}\n");
    };
    format!(
        "left={}\nuntil {name}; do\n  [ \"$left\" -gt 0 ] || exit 1\n  left=$((left - 1))\n  sleep {}\ndone\n",
        retries.max,
        retries.backoff_s()
    )
}

/// Lets a soak's time pass while the function `monitor`, where there is one, keeps passing.
pub(super) fn soak_loop(step: &Step, scripts: &Scripts<'_>) -> String {
    let call = if scripts.monitor.is_some() { "  monitor\n" } else { "" };
    let wait = step.wait_s.unwrap_or(0);
    format!(
        "until=$((SECONDS + {wait}))\nwhile :; do\n{call}  [ \"$SECONDS\" -lt \"$until\" ] || break\n  sleep {}\ndone\n",
        (wait / 30).clamp(1, 60)
    )
}
