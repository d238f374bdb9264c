//! What the commands about runs share: where runs are, which one is meant, what a session may use.

use super::{Status, could_not};
use crate::build;
use crate::cli::project::CONFIG_NAMES;
use crate::plan::Plan;
use crate::plan::machine::approval::Proof;
use crate::shell::run::{
    Hint, Needs, RunError, Runner, SecretSource, Session, Setting, list_runs, name_of, next_commands, typeable,
};
use crate::shell::{self, Again, Disk, Terminal, Trust, compile_again, short};
use crate::text::{Digest, SitePath};
use std::path::{Path, PathBuf};

/// Where runs are kept.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct RunsArgs {
    /// Folder that runs are kept in [default: `runs` of `[runbook]` in the configuration, else
    /// `opsbook/runs` in this account's folder for state]
    #[arg(long, value_name = "DIR")]
    pub(super) runs: Option<PathBuf>,
}

/// Which run is meant, and where runs are kept.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct RunArgs {
    /// The run: its name, the beginning of its name, its folder, or `latest`
    #[arg(value_name = "RUN")]
    pub(super) run: String,
    #[command(flatten)]
    pub(super) place: RunsArgs,
}

/// What performing takes besides the plan.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct PerformArgs {
    /// Where a secret comes from: `NAME=env:VARIABLE`, `NAME=file:PATH`, or `NAME=command:PROGRAM
    /// ARGUMENTS` for a command that `[security] secret-commands` allows (can be repeated)
    /// [default: the variable of the secret's name]
    #[arg(long = "secret", value_name = "NAME=SOURCE")]
    pub(super) secrets: Vec<String>,
    /// Let a secret be shorter than six characters (can be repeated)
    #[arg(long = "allow-short-secret", value_name = "NAME")]
    pub(super) short_secrets: Vec<String>,
    /// Pass a variable of this environment on to the scripts (can be repeated)
    #[arg(long = "pass-env", value_name = "NAME")]
    pub(super) pass_env: Vec<String>,
    /// An earlier run that proves what staging has seen (can be repeated)
    #[arg(long = "evidence", value_name = "RUN")]
    pub(super) evidence: Vec<String>,
    /// Start the change of one step that allows it without proof from staging: the step that is
    /// named, or else the first that needs it; the reason is recorded and a review falls due (can
    /// be repeated, once for each step)
    #[arg(long = "break-glass", value_name = "[STEP=]REASON")]
    pub(super) break_glass: Vec<String>,
    /// Let the name of an account approve, without a signature, where nobody is hurt
    #[arg(long)]
    pub(super) allow_weak_identity: bool,
    /// Say who runs, by a name of the allowed signers, and sign that it is you
    #[arg(long = "as", value_name = "NAME", id = "runner", requires = "runner_key")]
    pub(super) runner: Option<String>,
    /// The private SSH key for `--as`
    #[arg(long = "key", value_name = "PATH", id = "runner_key", requires = "runner")]
    pub(super) runner_key: Option<PathBuf>,
    /// Append the heads of the journal to this file, which is kept elsewhere
    #[arg(long, value_name = "FILE")]
    pub(super) anchor: Option<PathBuf>,
    /// Print plain lines and ask nothing, also on a terminal
    #[arg(long)]
    pub(super) no_input: bool,
    /// Wait where another run of the same runbook holds the environment, instead of giving up
    #[arg(long)]
    pub(super) wait: bool,
    /// Stay where the run waits for people who are not at this terminal, or until a step may begin, in
    /// place of ending with status 4: what people do with `opsbook approve` and `opsbook done` counts
    /// at once
    #[arg(long)]
    pub(super) stay: bool,
    /// Show each script before it runs
    #[arg(long)]
    pub(super) show: bool,
}

/// What a command takes that writes down what a person types.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct MaskArgs {
    /// Where a secret comes from that must not stand in what is written down: as for `opsbook run`
    /// (can be repeated)
    #[arg(long = "secret", value_name = "NAME=SOURCE")]
    pub(super) secrets: Vec<String>,
    /// Write down what is typed although not all secrets of the run are at hand to look for
    #[arg(long)]
    pub(super) unchecked: bool,
}

/// The project around the current folder, as far as runs need it.
pub(super) struct Surroundings {
    pub(super) setting: Setting,
    secret_commands: Vec<Vec<String>>,
}

/// Finds the configuration, where there is one, and what it says about runs.
pub(super) fn surroundings(runs: &RunsArgs, terminal: Terminal) -> Result<Surroundings, Status> {
    let failed = |what: String| could_not(terminal, &what, None);
    let here = shell::current_folder().map_err(|error| failed(format!("cannot tell the current folder: {error}")))?;
    let mut setting = Setting { project: here.clone(), ..Setting::default() };
    let mut secret_commands = Vec::new();
    let mut configured = None;
    if let Some(file) = shell::find_upwards(&here, CONFIG_NAMES) {
        let folder = file.parent().unwrap_or(&here).to_owned();
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let disk = Disk::open(&folder)
            .map_err(|error| failed(format!("cannot open the folder `{}`: {error}", folder.display())))?;
        let (overrides, purpose) = (build::Overrides::default(), build::Purpose::default());
        let (project, _) = build::load(&disk, SitePath::new(name), &shell::variables(), &overrides, purpose);
        // Without its roles and keys a run would judge people by other rules than the project's.
        let project = project.ok_or_else(|| {
            let message = format!("the configuration `{}` has errors", file.display());
            could_not(terminal, &message, Some("`opsbook check` shows them"))
        })?;
        let rules = project.run_rules();
        setting.trust = Trust::find(&folder, Some(name)).map_err(&failed)?;
        setting.max_age_s = setting.trust.policy.max_age_s.or(rules.max_age_s);
        setting.end_leftovers = rules.end_leftovers;
        configured = rules.runs.map(|path| folder.join(path.as_str()));
        secret_commands = rules.secret_commands;
        setting.project = folder;
    } else {
        setting.trust = Trust::find(&here, None).map_err(&failed)?;
    }
    setting.runs = match runs.runs.as_ref().map(|path| here.join(path)).or(configured) {
        Some(path) => path,
        None => shell::state_folder()
            .ok_or_else(|| {
                failed("this account has no folder for state: say with `--runs` where runs are kept".into())
            })?
            .join("runs"),
    };
    // Runs of one project share the locks wherever their folders are.
    let locks = shell::state_folder().unwrap_or_else(|| setting.runs.join(".state"));
    setting.locks = locks.join("locks");
    Ok(Surroundings { setting, secret_commands })
}

impl Surroundings {
    /// Adds what the command line says about performing.
    pub(super) fn with(mut self, typed: &PerformArgs, terminal: Terminal) -> Result<Setting, Status> {
        let wrong = |text: &str, why: &str| could_not(terminal, &format!("`--secret {text}`: {why}"), None);
        for text in &typed.secrets {
            let (name, source) = text.split_once('=').ok_or_else(|| wrong(text, "write it as `NAME=SOURCE`"))?;
            let (kind, rest) = source.split_once(':').unwrap_or((source, ""));
            let source = match kind {
                "env" => SecretSource::Env(rest.to_owned()),
                "file" => SecretSource::File(PathBuf::from(rest)),
                "command" => {
                    let words: Vec<String> = rest.split_ascii_whitespace().map(str::to_owned).collect();
                    if !self.secret_commands.contains(&words) {
                        let help = format!("add {words:?} to `secret-commands` under `[security]` in `book.toml`");
                        return Err(could_not(terminal, "this command may not supply secrets", Some(&help)));
                    }
                    SecretSource::Command(words)
                }
                _ => return Err(wrong(text, "the source is one of `env:`, `file:` and `command:`")),
            };
            self.setting.secrets.insert(name.to_owned(), source);
        }
        self.setting.short_secrets = typed.short_secrets.iter().cloned().collect();
        self.setting.pass_env.clone_from(&typed.pass_env);
        self.setting.break_glass.clone_from(&typed.break_glass);
        self.setting.allow_weak_identity = typed.allow_weak_identity;
        self.setting.interactive = !typed.no_input;
        self.setting.wait = typed.wait;
        self.setting.stay = typed.stay;
        self.setting.show = typed.show;
        self.setting.anchor.clone_from(&typed.anchor);
        let runner = typed.runner.clone().zip(typed.runner_key.clone());
        self.setting.runner = runner.map(|(name, key)| Runner { name, key });
        for run in &typed.evidence {
            let path = find_run(&self.setting.runs, run, terminal)?;
            self.setting.evidence.push(path);
        }
        Ok(self.setting)
    }
}

impl Surroundings {
    /// Adds what the command line says about what must not be written down.
    pub(super) fn masking(self, typed: &MaskArgs, terminal: Terminal) -> Result<Setting, Status> {
        let perform = PerformArgs { secrets: typed.secrets.clone(), ..PerformArgs::default() };
        Ok(Setting { unchecked: typed.unchecked, ..self.with(&perform, terminal)? })
    }
}

/// Finds a run by its name, the beginning of its name, its folder, or as the latest.
pub(super) fn find_run(runs: &Path, wanted: &str, terminal: Terminal) -> Result<PathBuf, Status> {
    let known = list_runs(runs).map_err(|error| stopped(terminal, &error))?;
    if wanted == "latest"
        && let Some(last) = known.last()
    {
        return Ok(last.clone());
    }
    if wanted.contains('/') {
        return Ok(PathBuf::from(wanted));
    }
    // The part behind the plan's hash is enough too: it is the run's own.
    let fits = |path: &&PathBuf| {
        let name = name_of(path);
        name.starts_with(wanted) || name.split_once('-').is_some_and(|(_, ulid)| ulid.starts_with(wanted))
    };
    let found: Vec<&PathBuf> = known.iter().filter(fits).collect();
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => {
            let help = format!("`opsbook runs` lists them; they are kept in `{}`", runs.display());
            Err(could_not(terminal, &format!("there is no run `{wanted}`"), Some(&help)))
        }
        several => {
            let names: Vec<String> = several.iter().map(|path| name_of(path)).collect();
            let help = format!("it could be {}", names.join(", "));
            Err(could_not(terminal, &format!("`{wanted}` fits {} runs", several.len()), Some(&help)))
        }
    }
}

/// Says why a run could not go on, and returns the exit status for it.
pub(super) fn stopped(terminal: Terminal, error: &RunError) -> Status {
    let help = match error {
        RunError::Within { run, .. } => {
            Some(format!("once that is settled: opsbook resume {}", typeable(&run.to_string_lossy())))
        }
        _ => None,
    };
    let _ = could_not(terminal, &error.to_string(), help.as_deref());
    Status::Run(error.exit_status())
}

/// Says how a session ended and how to go on, and returns the exit status for it.
pub(super) fn finish(terminal: Terminal, session: &Session, setting: &Setting, typed: &Carried) -> Status {
    use crate::shell::run::Outcome;
    let name = &session.name;
    match &session.outcome {
        Outcome::Ended(_) => {
            terminal.complain(&format!("Run {name} {}.\n", session.run.said()));
            let then = session.run.plan().on_failure.as_ref().and_then(|policy| policy.then.clone());
            if let Some(then) = then.filter(|_| session.exit_status() != 0) {
                terminal.complain(&format!("What to do now: {then}\n"));
            }
        }
        Outcome::Waiting(_) => terminal.complain(&format!("Run {name} waits for a person.\n")),
        Outcome::InDoubt(steps) => terminal.complain(&format!(
            "Run {name} is in doubt: nobody knows whether {} happened. Look, then say.\n",
            steps.iter().map(|step| format!("`{step}`")).collect::<Vec<_>>().join(", ")
        )),
        Outcome::Interrupted => terminal.complain(&format!("Run {name} was interrupted.\n")),
        Outcome::Closed { step, closed } => {
            let until = closed.until.as_ref().map(|until| format!("; it may begin at {until}")).unwrap_or_default();
            terminal.complain(&format!("Run {name} stops before `{step}`: {}{until}.\n", closed.why));
        }
        Outcome::Unproven { step, why } => terminal.complain(&format!(
            "Run {name} stops before `{step}`: {}. Prove it in `{}` and name that run as evidence.\n",
            why.missing, why.environment
        )),
    }
    terminal.complain(&format!("Journal head: {}\n", session.head));
    let hints = next_commands(&session.path, &session.run, &session.outcome, &setting.trust.rules);
    terminal.complain(&typed.lines(&hints));
    Status::Run(session.exit_status())
}

/// What was typed that the commands after it need, too.
#[derive(Debug, Default)]
pub(super) struct Carried {
    place: String,
    texts: String,
    session: String,
    decision: String,
    person: Option<(String, String)>,
}

impl Carried {
    /// Takes over what was typed for a session.
    pub(super) fn of_session(place: &RunsArgs, perform: &PerformArgs) -> Carried {
        let mut carried =
            Carried::of_command(place, &perform.secrets, perform.runner.as_ref(), perform.runner_key.as_ref());
        carried.session =
            options("--allow-short-secret", &perform.short_secrets) + &options("--evidence", &perform.evidence);
        carried.decision = if perform.allow_weak_identity { " --allow-weak-identity".into() } else { String::new() };
        carried.decision += &options("--anchor", perform.anchor.iter().map(|path| path.to_string_lossy()));
        carried
    }

    /// Takes over what was typed for a command of a moment.
    pub(super) fn of_command(
        place: &RunsArgs,
        secrets: &[String],
        name: Option<&String>,
        key: Option<&PathBuf>,
    ) -> Carried {
        let person = name.zip(key);
        Carried {
            place: options("--runs", place.runs.iter().map(|path| path.to_string_lossy())),
            texts: options("--secret", secrets),
            person: person.map(|(name, key)| (typeable(name), typeable(&key.to_string_lossy()))),
            ..Carried::default()
        }
    }

    /// Writes commands under each other, or nothing where there are none.
    pub(super) fn lines(&self, hints: &[Hint]) -> String {
        let line = |hint: &Hint| {
            let why = hint.why.as_ref().map(|why| format!("   # {why}")).unwrap_or_default();
            format!("  {}{why}\n", self.command(hint))
        };
        let lines: String = hints.iter().map(line).collect();
        if lines.is_empty() { lines } else { format!("Next:\n{lines}") }
    }

    /// Writes a command so that it can be typed.
    pub(super) fn command(&self, hint: &Hint) -> String {
        let (place, texts) = (&self.place, &self.texts);
        let person = |option: &str, signed: bool| match &self.person {
            Some((name, key)) => format!(" {option} {name} --key {key}"),
            None if signed => format!(" {option} NAME --key PATH"),
            None => String::new(),
        };
        let added = match hint.needs {
            Needs::Place => place.clone(),
            Needs::Texts => format!("{texts}{place}"),
            Needs::Person { signed } => format!("{texts}{}{place}", person("--by", signed)),
            Needs::Approver(proof) => {
                let proof = match proof {
                    Proof::Signature => " --as NAME --key PATH",
                    Proof::AllowedAccount if !self.decision.contains("weak") => " --allow-weak-identity",
                    Proof::AllowedAccount | Proof::Account => "",
                };
                format!("{texts}{proof}{}{place}", self.decision)
            }
            Needs::Session { signed } => {
                format!("{texts}{}{}{}{place}", self.session, person("--as", signed), self.decision)
            }
        };
        format!("{}{added}", hint.command)
    }
}

/// Writes an option once for each of its values.
fn options<T: AsRef<str>>(option: &str, values: impl IntoIterator<Item = T>) -> String {
    values.into_iter().map(|value| format!(" {option} {}", typeable(value.as_ref()))).collect()
}

/// Sees that the pages of a plan are what it was made from: what was planned is what runs.
pub(super) fn check_fresh(plan: &Plan, project: &Path, terminal: Terminal) -> Result<(), Status> {
    let changed = |file: &&crate::plan::SourceFile| {
        let bytes = shell::read_bytes(&project.join(&file.path));
        bytes.map_or(true, |bytes| Digest::of(&bytes).hex() != file.sha256)
    };
    let changed: Vec<&str> = plan.source.files.iter().filter(changed).map(|file| file.path.as_str()).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let message = format!("changed since the plan was made: {}", changed.join(", "));
    let help = "make the plan again; a new run can take over what an old one has done with `--rebase`, and \
                `opsbook resume --as-planned` performs the old plan as it was approved";
    let _ = could_not(terminal, &message, Some(help));
    Err(Status::Run(6))
}

/// Sees that a plan is what its pages say, and that nothing uncommitted goes where people are hurt. What
/// could not be seen is said in a line.
pub(super) fn check_pages(plan: &Plan, setting: &Setting, as_planned: bool, terminal: Terminal) -> Result<(), Status> {
    let trust = &setting.trust;
    let tier = plan.steps.iter().filter_map(|step| Some(plan.environments.get(step.env.as_ref()?)?.tier)).max();
    let is_guarded = tier.is_some_and(|tier| tier > 0);
    let refuse = |message: String, help: &str| {
        let _ = could_not(terminal, &message, Some(help));
        Err(Status::Run(3))
    };
    let folders = folders_of(&setting.project);
    let uncommitted = "commit the change, or let `dirty-tree = \"allow\"` under `[runbook.policy]` be merged";
    let again = if as_planned && trust.repository.is_none() {
        Again::Unknown("there is no repository that has them as they were".into())
    } else {
        compile_again(plan, trust.repository.as_ref(), &folders)
    };
    match &again {
        Again::Same(_) => {}
        Again::Other { .. } => {
            let is_uncommitted =
                trust.repository.is_some() && matches!(compile_again(plan, None, &folders), Again::Same(_));
            if !is_uncommitted {
                return refuse(again.to_string(), "make the plan again with `opsbook plan`");
            }
            if is_guarded && !trust.policy.allow_dirty_tree {
                return refuse(format!("{again}; it is made of changes that are not committed"), uncommitted);
            }
        }
        Again::Unknown(_) if trust.repository.is_some() && is_guarded && !trust.policy.allow_unverified_plan => {
            let help =
                "make the plan of a commit, or let `unverified-plan = \"allow\"` under `[runbook.policy]` be merged";
            return refuse(again.to_string(), help);
        }
        Again::Unknown(_) => {}
    }
    if !matches!(&again, Again::Same(pages) if pages.commit.is_some()) {
        terminal.say(&format!("Pages: {again}."));
    }
    if is_guarded && trust.repository.is_none() {
        terminal
            .say("There is no repository: the list of people is what this folder says, and proves nothing about them.");
    }
    let Some(repository) = trust.repository.as_ref().filter(|_| is_guarded && !trust.policy.allow_dirty_tree) else {
        return Ok(());
    };
    let Some(head) = repository.head() else { return Ok(()) };
    let since = |commit: &str| repository.changed_since(commit).map_err(|why| could_not(terminal, &why, None));
    let changed = since(&head)?;
    if !changed.is_empty() {
        return refuse(format!("there are changes that are not committed: {}", named(&changed)), uncommitted);
    }
    // What is committed since is not what was approved, whatever branch it stands on.
    let planned = plan.source.commit.as_ref().and_then(|commit| repository.commit(commit).ok());
    let Some(planned) = planned.filter(|commit| *commit != head) else { return Ok(()) };
    let pages = plan.source.files.iter().filter(|_| as_planned).map(|file| setting.project.join(&file.path));
    let mut own = trust.files();
    own.extend(pages.filter_map(|page| Some(page.strip_prefix(repository.top()).ok()?.to_str()?.to_owned())));
    let mut changed = since(&planned)?;
    changed.retain(|path| !own.contains(path));
    if changed.is_empty() {
        return Ok(());
    }
    let message = format!(
        "changed since the commit {} of the plan, and nobody can tell which files its scripts read: {}",
        short(&planned),
        named(&changed)
    );
    let help = format!(
        "go on with the files that were planned: `git switch --detach {}`, this command again, and `git switch -` \
         afterwards. Or make the plan again: a new run can take over what an old one has done with `--rebase`",
        short(&planned)
    );
    let _ = could_not(terminal, &message, Some(&help));
    Err(Status::Run(6))
}

/// Names the first few of some files.
fn named(paths: &[String]) -> String {
    let named = paths.iter().take(3).map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ");
    let more = if paths.len() > 3 { format!(" and {} more", paths.len() - 3) } else { String::new() };
    named + &more
}

/// Where the paths of a plan may begin: the project's folder and those around it, and the current one.
pub(super) fn folders_of(project: &Path) -> Vec<PathBuf> {
    let here = shell::current_folder().unwrap_or_else(|_| project.to_owned());
    project.ancestors().chain(here.ancestors()).map(Path::to_owned).collect()
}
