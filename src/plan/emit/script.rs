//! Pieces of bash that more than one target is made of: a plan's script as a function, the loops
//! around a verification and around a monitor.

use super::{Scripts, exports, quote};
use crate::plan::{Action, Retries, Shell, Step};

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
    let cd = action.cwd.as_ref().map_or(String::new(), |cwd| format!("  cd {} || exit\n", quote(cwd)));
    let cd = cd + &exports(action).replace("export ", "  export ");
    let (open, close) = if cd.is_empty() { ("{", "}") } else { ("(", ")") };
    let script = action.script.trim_end_matches('\n');
    format!("{name}() {open}\n{cd}  {limit}{shell} <(cat <<'{end}'\n{script}\n{end}\n  )\n{close}\n")
}

/// Calls a function until it passes, as often as the retries allow; `leave` is how to give up.
pub(super) fn retry_loop(name: &str, retries: Option<&Retries>, leave: &str) -> String {
    let Some(retries) = retries.filter(|retries| retries.max > 0) else {
        return format!("{name} || {leave} \"$?\"\n");
    };
    format!(
        "left_{name}={}\nwhile :; do\n  ended=0\n  {name} || ended=$?\n  [ \"$ended\" -ne 0 ] || break\n  [ \"$left_{name}\" -gt 0 ] || \
         {leave} \"$ended\"\n  left_{name}=$((left_{name} - 1))\n  sleep {}\ndone\n",
        retries.max,
        retries.backoff_s()
    )
}

/// The functions of a step, and one attempt of it as the function `attempt`: its check, its script, its
/// verification. A whole attempt is what is repeated; `before` are commands behind the check.
pub(super) fn attempt(step: &Step, scripts: &Scripts<'_>, before: &str) -> String {
    let mut out = String::new();
    let mut body = String::new();
    if let Some(check) = &scripts.check {
        out.push_str(&function("check", check, check.timeout_s));
        body.push_str("if check; then echo 'already true'; return 0; fi\n");
    }
    body.push_str(before);
    if let Some(main) = &scripts.main {
        let wanted = step.expect.as_ref().and_then(|expect| expect.exit).unwrap_or(0);
        out.push_str(&function("main", main, main.timeout_s));
        body.push_str(&match wanted {
            0 => "main || return \"$?\"\n".to_owned(),
            _ => format!("ended=0\nmain || ended=$?\n[ \"$ended\" -eq {wanted} ] || return 1\n"),
        });
    }
    if let Some(verify) = scripts.verify {
        out.push_str(&function("verify", verify, verify.timeout_s));
        body.push_str(&retry_loop("verify", verify.retries.as_ref(), "return"));
    }
    let body: String = body.lines().map(|line| format!("  {line}\n")).collect();
    format!("{out}attempt() {{\n{body}}}\n")
}

/// Lets a soak's time pass while the function `monitor`, where there is one, keeps passing.
pub(super) fn soak_loop(step: &Step, scripts: &Scripts<'_>) -> String {
    if scripts.until.is_some() {
        let (wait, every) = (step.wait_s.unwrap_or(0), step.every_s.unwrap_or(30));
        return format!(
            "until=$((SECONDS + {wait}))\nwhile ! monitor; do\n  [ \"$SECONDS\" -lt \"$until\" ] || exit 1\n  sleep {every}\ndone\n"
        );
    }
    let call = if scripts.monitor.is_some() { "  monitor\n" } else { "" };
    let wait = step.wait_s.unwrap_or(0);
    format!(
        "until=$((SECONDS + {wait}))\nwhile :; do\n{call}  [ \"$SECONDS\" -lt \"$until\" ] || break\n  sleep {}\ndone\n",
        (wait / 30).clamp(1, 60)
    )
}
