//! A step as a program of bash: what the law says of it, in the words of `frame.sh`, for every engine
//! that can run bash.
//!
//! Values and scripts stand in it as quoted words and here-documents, in which nothing expands; what
//! the engine around would take for its own is put apart. Does not know how an engine orders steps.

use super::law::{Duty, How, Law, Proof, Scripts, Seen};
use crate::plan::{Action, Retries, StepKind};
use crate::runbook::{Condition, OUTPUTS};

/// The functions that all these programs are written with.
pub(super) const FRAME: &str = include_str!("frame.sh");

/// A file of functions without its first line, which is for shellcheck alone.
pub(super) fn text_of(file: &'static str) -> &'static str {
    file.split_once('\n').map_or(file, |(_, rest)| rest)
}

/// What an engine does to the text of a program.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    /// What it would take for its own: never stands in a program.
    pub(super) apart: &'static [&'static str],
}

/// Nobody reads the text of a program but bash.
pub(super) const BASH: Dialect = Dialect { apart: &[] };

impl Dialect {
    /// Quotes a word for the shell, always in single quotes.
    pub(super) fn quote(self, word: &str) -> String {
        let mut cuts: Vec<usize> = Vec::new();
        for text in self.apart {
            let first = text.chars().next().map_or(1, char::len_utf8);
            let mut at = 0;
            while let Some(found) = word.get(at..).and_then(|rest| rest.find(text)) {
                cuts.push(at + found + first);
                at += found + first;
            }
        }
        cuts.sort_unstable();
        cuts.dedup();
        let mut out = String::from("'");
        let mut from = 0;
        for cut in cuts.into_iter().chain([word.len()]) {
            if from > 0 {
                out.push_str("''");
            }
            for ch in word[from..cut].chars() {
                match ch {
                    '\'' => out.push_str("'\\''"),
                    // What a file of YAML cannot keep in a block of lines.
                    '\u{1}'..='\u{8}'
                    | '\u{b}'..='\u{1f}'
                    | '\u{7f}'..='\u{9f}'
                    | '\u{2028}'
                    | '\u{2029}'
                    | '\u{feff}' => {
                        let mut bytes = [0; 4];
                        let bytes = ch.encode_utf8(&mut bytes).bytes().map(|byte| format!("\\x{byte:02x}"));
                        out.push_str(&format!("'$'{}''", bytes.collect::<String>()));
                    }
                    ch => out.push(ch),
                }
            }
            from = cut;
        }
        out + "'"
    }

    /// A script as standard input: a here-document where the engine leaves it alone.
    pub(super) fn input(self, script: &str) -> String {
        let script = script.trim_end_matches('\n');
        let is_plain = |ch: char| !ch.is_control() && !['\u{2028}', '\u{2029}', '\u{feff}'].contains(&ch);
        let is_kept = script.chars().all(|ch| is_plain(ch) || ch == '\n' || ch == '\t');
        if !is_kept || self.apart.iter().any(|text| script.contains(text)) {
            return format!("<<<{}\n", self.quote(script));
        }
        let end = end_of(script);
        format!("<<'{end}'\n{script}\n{end}\n")
    }

    /// Describes a step as far as all its scripts have it in common.
    fn head(self, duty: &Duty<'_>) -> String {
        let step = duty.step;
        let mut out = format!("step {} {}\n", self.quote(&step.id), self.quote(place_of(duty)));
        let vars = duty.vars.iter().map(|(name, value)| format!("{name}={}", self.quote(value)));
        out.push_str(&listed("sees", vars));
        for (variable, writer, key) in &duty.outputs {
            out.push_str(&format!("takes {variable} {} {}\n", self.quote(writer), self.quote(key)));
        }
        match duty.kubeconfig {
            Some(secret) => out.push_str(&format!("kubeconfig {secret}\n")),
            None if step.env.is_some() => out.push_str("no_kubeconfig\n"),
            None => {}
        }
        if !duty.secrets.is_empty() {
            out.push_str(&format!("sees_secrets {}\n", duty.secrets.join(" ")));
        }
        if let Some(helm) = step.helm.as_ref().filter(|_| step.writes()) {
            let namespace = helm.namespace.as_ref().map(|name| format!(" {}", self.quote(name))).unwrap_or_default();
            out.push_str(&format!("helm_release {}{namespace}\n", self.quote(&helm.release)));
        }
        out
    }

    fn part(self, name: &str, action: &Action, once: bool) -> String {
        let retries = action.retries.as_ref().filter(|_| !once);
        let input = self.input(&action.script);
        let mut out = format!(
            "part {name} {} {} {} {} {} {}",
            action.shell.program(),
            action.timeout_s.unwrap_or(0),
            retries.map_or(0, |retries| retries.max),
            retries.map_or(0, Retries::backoff_s),
            action.cwd.as_ref().map_or_else(|| "''".to_owned(), |cwd| self.quote(cwd)),
            input,
        );
        if input.starts_with("<<<") {
            out = noted(out);
        }
        for (variable, value) in &action.vars {
            out.push_str(&noted(format!("part_sees {name} {variable}={}\n", self.quote(value))));
        }
        out
    }

    /// Describes a step, for `perform_step`.
    pub(super) fn step(self, law: &Law<'_>, duty: &Duty<'_>) -> String {
        let step = duty.step;
        let Scripts { main, check, verify, monitor, until, .. } = &duty.scripts;
        let mut out = self.head(duty);
        let parts = [("check", check.as_ref()), ("main", main.as_ref()), ("verify", *verify)];
        let looks = [("monitor", *monitor), ("until", *until)];
        for (name, action) in parts.into_iter().chain(looks) {
            if let Some(action) = action {
                out.push_str(&self.part(name, action, name != "verify"));
            }
        }
        if step.kind == StepKind::Soak {
            out.push_str(&format!("waits {} {}\n", step.wait_s.unwrap_or(0), step.every_s.unwrap_or(30)));
        }
        if let Some(retries) = step.retries.as_ref().filter(|retries| retries.max > 0) {
            out.push_str(&format!("retries {} {}\n", retries.max, retries.backoff_s()));
        }
        if let Some(exit) = step.expect.as_ref().and_then(|expect| expect.exit).filter(|exit| *exit != 0) {
            out.push_str(&format!("expects {exit}\n"));
        }
        if duty.undoable {
            out.push_str("is_undoable\n");
        }
        let cluster = step.env.as_ref().filter(|_| step.writes()).and_then(|env| law.plan.environments.get(env));
        if let Some(uid) = cluster.and_then(|environment| environment.cluster_uid.as_ref()) {
            out.push_str(&format!("in_cluster {}\n", self.quote(uid)));
        }
        let needs = match &duty.proof {
            Proof::Given => None,
            Proof::Lacking { environment, why } => Some((environment, vec![self.quote(&format!("never:{why}"))])),
            Proof::Asked { environment, of } => {
                let word = |(at, seen): &(usize, Seen)| {
                    let word = match seen {
                        Seen::Done => "done",
                        Seen::Passed => "passed",
                        Seen::Well => "well",
                    };
                    self.quote(&format!("{word}:{}", law.duties[*at].step.id))
                };
                Some((environment, of.iter().map(word).collect()))
            }
        };
        if let Some((environment, needs)) = needs {
            if step.break_glass.is_some() {
                out.push_str("may_break_glass\n");
            }
            out.push_str(&listed(&format!("needs_proof {}", self.quote(environment)), needs));
        }
        out
    }

    /// Describes a step, for `perform_undo`.
    pub(super) fn undo(self, duty: &Duty<'_>) -> String {
        let undo = duty.scripts.undo.expect("only steps with an undo come here");
        self.head(duty) + &self.part("undo", undo, false)
    }

    /// A step as a whole program, its condition included.
    pub(super) fn performance(self, law: &Law<'_>, duty: &Duty<'_>) -> String {
        self.under_condition(duty, &self.step(law, duty), "perform_step\n")
    }

    /// What stands in for a step that depends on an answer of a person, where an engine asks nobody.
    pub(super) fn refusal(self, law: &Law<'_>, duty: &Duty<'_>) -> Option<String> {
        let asked = law.asks_a_person(duty)?;
        let why = format!("what was answered at {} is not known here", asked.id);
        let (id, place) = (self.quote(&duty.step.id), self.quote(place_of(duty)));
        Some(format!("say {}\ndecide {id} {place} no\n", self.quote(&why)))
    }

    /// What is done about a step where its condition holds.
    pub(super) fn under_condition(self, duty: &Duty<'_>, described: &str, what: &str) -> String {
        let Some(wanted) = &duty.wanted else { return format!("{described}{what}") };
        format!("{described}if {}; then\n{what}else\npass_over\nfi\n", self.condition(wanted))
    }

    /// A condition over outputs as a list of commands.
    fn condition(self, when: &Condition) -> String {
        let asked = |name: &str| {
            let (step, key) = name.strip_prefix(OUTPUTS).and_then(|name| name.rsplit_once('.')).unwrap_or(("", name));
            format!("{} {}", self.quote(step), self.quote(key))
        };
        match when {
            Condition::Is(name, value) => format!("is {} {}", asked(name), self.quote(value)),
            Condition::In(_, values) if values.is_empty() => "false".to_owned(),
            Condition::In(name, values) => {
                let any = values.iter().map(|value| format!("is {} {}", asked(name), self.quote(value)));
                format!("{{ {}; }}", any.collect::<Vec<_>>().join(" || "))
            }
            Condition::Truth(name) => format!("holds {}", asked(name)),
            Condition::Not(inner) => format!("! {{ {}; }}", self.condition(inner)),
            Condition::And(a, b) => format!("{{ {} && {}; }}", self.condition(a), self.condition(b)),
            Condition::Or(a, b) => format!("{{ {} || {}; }}", self.condition(a), self.condition(b)),
        }
    }
}

/// The environment that a step belongs to when something fails.
pub(super) fn place_of<'s>(duty: &'s Duty<'_>) -> &'s str {
    duty.step.env.as_deref().unwrap_or("-")
}

/// What a step waits for, as words.
pub(super) fn waits_of(law: &Law<'_>, duty: &Duty<'_>) -> Vec<String> {
    let word = |how: How| match how {
        How::Well => "success",
        How::Badly => "failure",
        How::Held => "held",
        How::Ended => "done",
    };
    duty.waits.iter().map(|wait| format!("{}:{}", word(wait.how), law.duties[wait.step].step.id)).collect()
}

/// A command and its words, one a line where there are several.
fn listed(command: &str, words: impl IntoIterator<Item = String>) -> String {
    let words: Vec<String> = words.into_iter().collect();
    match words.len() {
        0 => String::new(),
        1 => noted(format!("{command} {}\n", words[0])),
        _ => noted(format!("{command} \\\n  {}\n", words.join(" \\\n  "))),
    }
}

/// Tells shellcheck where nothing is meant to expand in quoted words.
fn noted(command: String) -> String {
    if command.contains(['$', '`']) { format!("# shellcheck disable=SC2016\n{command}") } else { command }
}

/// A word that no line of a script is: it ends the script's here-document.
fn end_of(script: &str) -> String {
    let mut end = "END_OF_SCRIPT".to_owned();
    while script.lines().any(|line| line == end) {
        end.push('_');
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods, reason = "Bash itself says what a quoted text is")]
    fn what_an_engine_would_take_is_put_apart_and_stays_what_it_is() {
        let dialect = Dialect { apart: &["{{", "$$", "$(A"] };
        for text in
            ["{{{x}}", "a$$$b", "it's {{ $(A) }}", "$", "{", "", "é{{é", "\n{{\n", "a\r\nb\u{1}1\u{85}'\u{2028}$\r$"]
        {
            let quoted = dialect.quote(text);
            assert!(!dialect.apart.iter().any(|apart| quoted.contains(apart)), "{quoted}");
            let output = std::process::Command::new("bash").args(["-c", &format!("printf %s {quoted}")]).output();
            assert_eq!(String::from_utf8_lossy(&output.expect("bash starts").stdout), text);
        }
    }

    #[test]
    fn no_line_of_a_script_ends_its_here_document() {
        let plain = Dialect { apart: &[] };
        let input = plain.input("a\nEND_OF_SCRIPT\n$x\n");
        assert_eq!(input, "<<'END_OF_SCRIPT_'\na\nEND_OF_SCRIPT\n$x\nEND_OF_SCRIPT_\n");
    }
}
