//! Secrets at the edge: their values, and what must not be written down because of them.
//!
//! Whoever writes into a run's folder looks for its secrets first. A command of a person that has not
//! all of them at hand writes no text, because nobody could take out of it later what it must not hold.

use super::error::RunError;
use super::folder::{ReadRun, exposed, mask};
use super::people::Request;
use super::redact::Redactor;
use super::session::{SecretSource, Setting};
use crate::plan::Plan;
use crate::shell::variables;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};

/// The file of a run's folder that names the secrets which stand in it.
const EXPOSED: &str = "exposed.json";

/// Reads the values of a plan's secrets.
///
/// # Errors
/// Says which cannot be read, and why.
pub(super) fn read_secrets(plan: &Plan, setting: &Setting) -> Result<BTreeMap<String, String>, RunError> {
    let read = |name: &String| match read_secret(name, setting) {
        Ok(value) => Ok((name.clone(), value)),
        Err(why) => Err(RunError::Invalid { why: format!("secret `{name}`: {why}") }),
    };
    plan.secrets.iter().map(read).collect()
}

fn read_secret(name: &str, setting: &Setting) -> Result<String, String> {
    let source = setting.secrets.get(name).cloned().unwrap_or_else(|| SecretSource::Env(name.to_owned()));
    let value = match source {
        SecretSource::Env(variable) => variables()
            .remove(&variable)
            .ok_or_else(|| format!("the variable `{variable}` is not set; see `--secret`"))?,
        SecretSource::File(path) => {
            std::fs::read_to_string(&path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))?
        }
        SecretSource::Command(words) => value_of_command(&words)?,
    };
    let value = value.strip_suffix('\n').map(str::to_owned).unwrap_or(value);
    if value.is_empty() { Err("it is empty".into()) } else { Ok(value) }
}

fn value_of_command(words: &[String]) -> Result<String, String> {
    let Some((program, arguments)) = words.split_first() else {
        return Err("its command is empty".into());
    };
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("cannot start `{program}`: {error}"))?;
    if !output.status.success() {
        return Err(format!("`{program}` failed"));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("`{program}` did not print text"))
}

/// A parameter is part of the plan, which is written down: it must not hold a secret.
///
/// # Errors
/// Names the parameter and the secret.
pub(super) fn refuse_secret_params(plan: &Plan, redactor: &Redactor) -> Result<(), RunError> {
    for (name, param) in &plan.params {
        let value = param.value.as_ref().map(ToString::to_string).unwrap_or_default();
        if let Some(secret) = redactor.found_in(value.as_bytes()).first() {
            let why = format!(
                "parameter `{name}` holds the secret `{secret}`: parameters are written down with the plan; let the \
                 step that needs it name the secret"
            );
            return Err(RunError::Invalid { why });
        }
    }
    Ok(())
}

/// The names of variables that are passed on are written down as they stand: `--pass-env "$TOKEN"` is a
/// mistyped `--pass-env TOKEN`.
///
/// # Errors
/// Names the secret, and not what was typed.
pub(super) fn refuse_secret_names(names: &[String], redactor: &Redactor) -> Result<(), RunError> {
    match names.iter().find(|name| redactor.redact(name) != **name) {
        None => Ok(()),
        Some(name) => {
            let secret = redactor.found_in(name.as_bytes()).first().map(|secret| format!(" `{secret}`"));
            let secret = secret.unwrap_or_default();
            let why =
                format!("`--pass-env` was given the value of the secret{secret}: it takes the name of a variable");
            Err(RunError::Usage(why))
        }
    }
}

/// What a command of a person masks, and what it cannot look for.
#[derive(Debug, Default)]
pub struct Masks {
    /// Takes out the secrets that are at hand.
    pub redactor: Redactor,
    /// The secrets of the run that are not.
    missing: Vec<String>,
    unchecked: bool,
}

/// Gathers the secrets of a run, as far as they are at hand.
pub fn masks(plan: &Plan, setting: &Setting) -> Masks {
    let (mut values, mut missing) = (BTreeMap::new(), Vec::new());
    for name in &plan.secrets {
        match read_secret(name, setting) {
            Ok(value) => drop(values.insert(name.clone(), value)),
            Err(_) => missing.push(name.clone()),
        }
    }
    let short_allowed: BTreeSet<String> = plan.secrets.iter().cloned().collect();
    let redactor = Redactor::new(&values, &short_allowed).unwrap_or_default();
    Masks { redactor, missing, unchecked: setting.unchecked }
}

impl Masks {
    /// Takes secrets out of a file that is given as evidence.
    ///
    /// # Errors
    /// When not all of them can be looked for.
    pub fn clean_file(&self, bytes: &[u8]) -> Result<Vec<u8>, RunError> {
        self.refuse_unchecked()?;
        Ok(self.redactor.redact_bytes(bytes))
    }

    /// Takes secrets out of every text of a value.
    pub fn clean_value(&self, value: &mut serde_json::Value) {
        mask(value, &self.redactor, &|_| false);
    }

    /// Takes secrets out of what a person typed.
    ///
    /// # Errors
    /// When there is text and not all of them can be looked for.
    pub(super) fn clean(&self, request: &Request) -> Result<Request, RunError> {
        let typed = match request {
            Request::Decide { note, .. } | Request::Cancel { note, .. } => note.is_some(),
            Request::Done { evidence, .. } => !evidence.is_empty(),
            Request::Refuse { .. } | Request::Back { .. } | Request::Resolve { .. } => true,
        };
        if typed {
            self.refuse_unchecked()?;
        }
        let mut value = serde_json::to_value(request).expect("every part of a request has text keys");
        mask(&mut value, &self.redactor, &|key| ["request", "step", "as", "env", "signature"].contains(&key));
        serde_json::from_value(value).map_err(|error| RunError::System(error.to_string()))
    }

    fn refuse_unchecked(&self) -> Result<(), RunError> {
        if self.missing.is_empty() || self.unchecked {
            return Ok(());
        }
        let names: Vec<String> = self.missing.iter().map(|name| format!("`{name}`")).collect();
        Err(RunError::Usage(format!(
            "what you give is written down, and it cannot be looked through for {}: set the variable, say with \
             `--secret` where the value comes from, or say `--unchecked` if no secret stands in it",
            names.join(", ")
        )))
    }
}

/// Looks through what was written into a run before its secrets were known to whoever wrote it, and
/// notes in its folder which of them stand there. Returns their names.
///
/// # Errors
/// When the folder cannot be read or written.
pub(super) fn look_back(run: &ReadRun, redactor: &Redactor) -> Result<BTreeSet<String>, RunError> {
    let found = exposed(run, redactor)?;
    if !found.is_empty() {
        let path = run.path.join(EXPOSED);
        let names: BTreeSet<String> = found.union(&known_exposed(&run.path)).cloned().collect();
        let text = serde_json::to_string(&names).expect("names are text");
        std::fs::write(&path, text).map_err(|error| RunError::io("cannot write", &path, &error))?;
    }
    Ok(found)
}

fn known_exposed(run: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(run.join(EXPOSED)).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// Returns the secrets that stand in a run's folder and that this command has no value of, so that it
/// could not take them out of what it shows.
pub fn exposed_and_missing(run: &Path, masks: &Masks) -> Vec<String> {
    known_exposed(run).into_iter().filter(|name| masks.missing.contains(name)).collect()
}
