//! Performs the parts of steps on this machine.
//!
//! Owns what a script may see: its environment (an allow-list, the plan's variables, the step's own
//! secrets, the kubeconfig of its environment and of no other), and what is particular to Helm: the
//! revision before a write, releases that an earlier attempt left pending, the flags of versions 3
//! and 4. Does not know the order of steps.

use super::driver::{News, Part, Performed, Performer, Task};
use super::error::RunError;
use super::process::{Control, Ended, Ending, Job, MASKED, Origin, PrivateFile, parse_outputs, perform};
use super::redact::{Redactor, SHORTEST};
use crate::plan::machine::StepResult;
use crate::plan::{Helm, Outputs, Plan, Shell, Step, StepKind};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

/// Variables of the runner's environment that scripts see, where they are set.
const PASSED_ON: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// How long a hook may take that does not say it, in seconds.
const TELLING_S: u64 = 30;

/// This machine as a performer of one run.
#[derive(Debug)]
pub struct Local {
    /// The plan that is performed.
    pub plan: Arc<Plan>,
    /// The run's name, for scripts that record it.
    pub run: String,
    /// The project's folder: relative folders of steps begin there.
    pub project: PathBuf,
    /// A private folder for scripts and the like.
    pub private_folder: PathBuf,
    /// The variables that are passed on to every script.
    pub env: BTreeMap<String, String>,
    /// The values of the plan's secrets.
    pub secrets: BTreeMap<String, String>,
    /// Takes them out of everything.
    pub redactor: Redactor,
    /// Whether what a step left running is ended with it.
    pub end_leftovers: bool,
    /// Interrupts.
    pub control: Arc<Control>,
    /// Environments whose cluster was looked at.
    pub known_clusters: Mutex<BTreeSet<String>>,
    /// Helm's major version, once it was asked for.
    pub helm_major: OnceLock<u32>,
}

/// Variables that change what a script, its shell or a program that it calls does, whatever is written on
/// the page: what was reviewed and approved would be something else.
const CHANGES_SCRIPTS: &[&str] = &[
    "PATH",
    "ENV",
    "IFS",
    "CDPATH",
    "FPATH",
    "GLOBIGNORE",
    "SHELLOPTS",
    "POSIXLY_CORRECT",
    "PROMPT_COMMAND",
    "PS0",
    "PS1",
    "PS2",
    "PS4",
    "SHELL",
    "ZDOTDIR",
    "TERMINFO",
    "GCONV_PATH",
    "LOCPATH",
    "NLSPATH",
    "HOSTALIASES",
    "RES_OPTIONS",
    "GLIBC_TUNABLES",
    "KUBECONFIG",
    "KUBECTL_EXTERNAL_DIFF",
    "EDITOR",
    "VISUAL",
    "PAGER",
    "LESSOPEN",
    "LESSCLOSE",
    "RB_OUTPUT",
    "PREVIOUS_REVISION",
    "CLASSPATH",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "AWKPATH",
    "TAR_OPTIONS",
    "GREP_OPTIONS",
    "CURL_HOME",
    "WGETRC",
    "INPUTRC",
    "MAKEFLAGS",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
];

/// Beginnings of the names of such variables.
const CHANGE_SCRIPTS: &[&str] = &[
    "BASH",
    "LD_",
    "DYLD_",
    "MALLOC_",
    "GIT_",
    "SSH_",
    "HELM_",
    "KUBE_",
    "KUBERNETES_",
    "OPSBOOK_",
    "PYTHON",
    "PERL",
    "RUBY",
    "NODE_",
    "NPM_",
    "npm_",
    "LUA_",
    "PHP",
    "XDG_",
];

/// Sees that a variable may be passed on to the scripts of a plan.
///
/// # Errors
/// Says why not.
pub(super) fn refuse_passing(name: &str, plan: &Plan) -> Result<(), RunError> {
    let is_name = !name.is_empty() && name.chars().all(|ch| ch.is_ascii_alphanumeric() || ch == '_');
    let is_given = plan.vars.contains_key(name) || plan.steps.iter().any(|step| step.vars.contains_key(name));
    let why =
        if !is_name || CHANGES_SCRIPTS.contains(&name) || CHANGE_SCRIPTS.iter().any(|start| name.starts_with(start)) {
            "it changes what scripts do, whatever was reviewed and approved: set in the script what it needs"
        } else if plan.secrets.iter().any(|secret| secret == name) {
            "it is a secret of the plan: only the steps that name it see it"
        } else if is_given {
            "the plan gives it its value"
        } else {
            return Ok(());
        };
    Err(RunError::Usage(format!("`{name}` is not passed on: {why}")))
}

/// Returns what scripts see of the runner's own environment: an allow-list and the names that were
/// asked for.
pub fn passed_on(variables: &BTreeMap<String, String>, also: &BTreeSet<String>) -> BTreeMap<String, String> {
    let wanted = |name: &str| PASSED_ON.contains(&name) || also.contains(name);
    variables.iter().filter(|(name, _)| wanted(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

impl Performer for Local {
    fn perform(&self, task: &Task<'_>, show: &mut dyn FnMut(&str)) -> Result<Performed, RunError> {
        let step = task.step;
        if step.kind == StepKind::Soak && task.part == Part::Main {
            return self.soak(task, show);
        }
        if let (Part::Check, None, Some(helm)) = (task.part, &step.check, &step.helm) {
            return self.check_helm(task, helm);
        }
        let work = match task.part {
            Part::Main => step.run.as_ref().map(|run| Work {
                shell: run.shell,
                script: self.main_script(step, &run.script),
                cwd: run.cwd.clone(),
                vars: BTreeMap::new(),
                timeout_s: step.timeout_s,
            }),
            Part::Check => step.check.as_ref().zip(step.run.as_ref()).map(|(check, run)| Work {
                shell: run.shell,
                script: check.clone(),
                cwd: run.cwd.clone(),
                vars: BTreeMap::new(),
                timeout_s: step.timeout_s,
            }),
            Part::Verify => step.verify.as_ref().map(Work::of),
            Part::Undo => step.undo.as_ref().map(Work::of),
        };
        let Some(work) = work else {
            return Err(RunError::Invalid { why: format!("step `{}` has nothing to run", step.id) });
        };
        let retries = match task.part {
            Part::Verify => step.verify.as_ref().and_then(|action| action.retries.clone()),
            Part::Undo => step.undo.as_ref().and_then(|action| action.retries.clone()),
            Part::Main | Part::Check => None,
        };
        let mut left = retries.as_ref().map_or(0, |retries| retries.max);
        loop {
            let performed = self.once(task, &work, show)?;
            let again = left > 0 && !matches!(performed.ended.ending, Ending::Exited(0)) && self.control.level() == 0;
            if !again {
                return Ok(performed);
            }
            left -= 1;
            self.pause(Duration::from_secs(retries.as_ref().map_or(0, crate::plan::Retries::backoff_s)));
        }
    }

    fn prepare(&self, step: &Step) -> Result<Option<String>, RunError> {
        self.verify_cluster(step)?;
        let Some(helm) = step.helm.as_ref().filter(|_| step.writes()) else {
            return Ok(None);
        };
        let history = self.history(step, helm)?;
        match history.stuck(helm) {
            Some(why) => Err(RunError::InDoubt(why)),
            None => Ok(history.deployed().map(|revision| revision.to_string())),
        }
    }

    fn tell(&self, news: &News) -> Result<(), String> {
        let hook = self.plan.notify.get(news.owed.hook).ok_or("the plan has no such hook")?;
        let action = &hook.action;
        let mut env = self.env.clone();
        env.extend(self.plan.vars.clone());
        env.extend(action.vars.clone());
        let secrets = hook.secrets.iter().filter_map(|name| Some((name.clone(), self.secrets.get(name)?.clone())));
        env.extend(secrets);
        env.extend(self.said_of(news));
        let job = Job {
            shell: action.shell,
            script: action.script.clone(),
            cwd: action.cwd.as_ref().map_or_else(|| self.project.clone(), |cwd| self.project.join(cwd)),
            env,
            timeout: Some(Duration::from_secs(action.timeout_s.unwrap_or(TELLING_S))),
            masks: None,
            end_leftovers: true,
            origin: None,
        };
        let ended = perform(&job, &self.private_folder, &self.redactor, &self.control, &mut |_| {});
        let ended = ended.map_err(|error| error.to_string())?;
        // A line of the log begins with its time and its stream.
        let last = ended.log.lines().last().and_then(|line| line.splitn(3, ' ').nth(2));
        let last = last.map(|line| format!(": {line}")).unwrap_or_default();
        match ended.ending {
            Ending::Exited(0) => Ok(()),
            Ending::Exited(status) => Err(format!("exit status {status}{last}")),
            Ending::TimedOut => Err("it took too long".to_owned()),
            Ending::Signalled(_) | Ending::Cancelled | Ending::Killed => Err(format!("it was ended{last}")),
        }
    }

    fn pause(&self, time: Duration) {
        let until = Instant::now() + time;
        while self.control.level() == 0 && Instant::now() < until {
            std::thread::sleep(until.saturating_duration_since(Instant::now()).min(Duration::from_millis(50)));
        }
    }
}

/// One script to run.
struct Work {
    shell: Shell,
    script: String,
    cwd: Option<String>,
    vars: BTreeMap<String, String>,
    timeout_s: Option<u64>,
}

impl Work {
    fn of(action: &crate::plan::Action) -> Work {
        Work {
            shell: action.shell,
            script: action.script.clone(),
            cwd: action.cwd.clone(),
            vars: action.vars.clone(),
            timeout_s: action.timeout_s,
        }
    }
}

impl Local {
    fn once(&self, task: &Task<'_>, work: &Work, show: &mut dyn FnMut(&str)) -> Result<Performed, RunError> {
        let output = PrivateFile::new(&self.private_folder, b"")?;
        let (mut env, _kubeconfig) = self.environment(task.step)?;
        env.extend(work.vars.clone());
        for (name, output) in Outputs::of(&self.plan).seen_by(task.step) {
            let value = output.and_then(|output| task.outputs.get(output.step)?.get(output.key));
            env.extend(value.map(|value| (name, value.clone())));
        }
        let at = output.path.to_string_lossy().into_owned();
        env.insert("RB_OUTPUT".into(), at.clone());
        env.insert("OPSBOOK_OUTPUT".into(), at);
        let masks = PrivateFile::new(&self.private_folder, b"")?;
        env.insert("OPSBOOK_MASK".into(), masks.path.to_string_lossy().into_owned());
        // What undoes a first installation finds the variable, and nothing in it.
        if task.part == Part::Undo || task.previous_revision.is_some() {
            env.insert("PREVIOUS_REVISION".into(), task.previous_revision.clone().unwrap_or_default());
        }
        let job = Job {
            shell: work.shell,
            script: work.script.clone(),
            cwd: work.cwd.as_ref().map_or_else(|| self.project.clone(), |cwd| self.project.join(cwd)),
            env,
            timeout: work.timeout_s.map(Duration::from_secs),
            masks: Some(masks.path.clone()),
            end_leftovers: self.end_leftovers,
            origin: if task.part == Part::Main { self.origin(task.step, &work.script) } else { None },
        };
        let ended = perform(&job, &self.private_folder, &self.redactor, &self.control, show)?;
        let written = fs::read(&output.path).unwrap_or_default();
        let written = String::from_utf8_lossy(&written);
        let wrong = self.leak(&written).or_else(|| {
            (ended.n_unmasked > 0).then(|| {
                format!(
                    "{} of the values in `$OPSBOOK_MASK` cannot be masked: each needs {SHORTEST} characters",
                    ended.n_unmasked
                )
            })
        });
        Ok(match wrong {
            None => Performed { ended, outputs_text: written.into_owned(), verdict: None, note: None },
            // An end that came from outside stays what it is.
            Some(why) => {
                let verdict = matches!(ended.ending, Ending::Exited(_)).then_some(StepResult::Failed);
                Performed { ended, outputs_text: String::new(), verdict, note: Some(why) }
            }
        })
    }

    /// What a hook may say: each part by itself, and all as one line of JSON, without secrets.
    fn said_of(&self, news: &News) -> BTreeMap<String, String> {
        let plan = &self.plan;
        let step = news.owed.step.as_ref().and_then(|step| plan.step(step));
        let title = plan.title.as_deref().unwrap_or(&plan.runbook);
        let about = step.map(|step| format!("{}: ", step.id)).unwrap_or_default();
        let text = format!("{title}: {about}{}", news.why);
        let parts = [
            ("EVENT", news.owed.on.word()),
            ("RUN", &self.run),
            ("PLAN", plan.short_hash()),
            ("RUNBOOK", &plan.runbook),
            ("TITLE", title),
            ("TICKET", plan.ticket.as_deref().unwrap_or_default()),
            ("STATE", &news.state.to_string()),
            ("STEP", step.map_or("", |step| &step.id)),
            ("STEP_TITLE", step.map_or("", |step| &step.title)),
            ("ENV", step.and_then(|step| step.env.as_deref()).unwrap_or_default()),
            ("REMINDER", &news.owed.reminder.map(|number| number.to_string()).unwrap_or_default()),
            ("REASON", &news.why),
            ("TEXT", &text),
        ];
        let parts = parts.map(|(name, value)| (name, self.redactor.redact(value)));
        let json: BTreeMap<String, &String> = parts.iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
        let json = serde_json::to_string(&json).expect("texts are JSON");
        let vars = parts.iter().map(|(name, value)| (format!("OPSBOOK_{name}"), value.clone()));
        vars.chain([("OPSBOOK_NOTICE".to_owned(), json)]).collect()
    }

    /// Finds where a step's script stands on its page: its lines, one below the other, in the step's
    /// block. The commands of a transcript do not.
    fn origin(&self, step: &Step, script: &str) -> Option<Origin> {
        let source = step.source.as_ref()?;
        let page = fs::read_to_string(self.project.join(&source.path)).ok()?;
        let before = source.prelude.as_ref().and_then(|prelude| usize::try_from(prelude.lines).ok()).unwrap_or(0);
        let wanted: Vec<&str> = script.trim_end().lines().skip(before).map(str::trim).collect();
        let (first, last) = (usize::try_from(source.first_line).ok()?, usize::try_from(source.last_line).ok()?);
        let block: Vec<&str> = page.lines().take(last).skip(first.saturating_sub(1)).map(str::trim).collect();
        let at = block.windows(wanted.len().max(1)).position(|lines| lines == wanted)?;
        let prelude = source.prelude.as_ref();
        let prelude = prelude.map(|it| (it.path.clone(), usize::try_from(it.first_line).unwrap_or(1), before));
        Some(Origin { page: source.path.clone(), line: first + at, prelude })
    }

    /// Says which output would carry a secret into the journal and to later steps.
    fn leak(&self, written: &str) -> Option<String> {
        let names = self.redactor.found_in(written.as_bytes());
        let name = names.first()?;
        let outputs = parse_outputs(written).unwrap_or_default();
        let key = outputs.iter().find(|(_, value)| !self.redactor.found_in(value.as_bytes()).is_empty());
        let what = key.map_or("its outputs hold".to_owned(), |(key, _)| {
            format!("its output `{}` holds", self.redactor.redact(key))
        });
        let what_secret =
            if name == MASKED { "a value that it masks".to_owned() } else { format!("the secret `{name}`") };
        Some(format!("{what} {what_secret}: outputs are written down; let the step that needs it name the secret"))
    }

    /// What a step's scripts see. The second value keeps the kubeconfig's file alive.
    fn environment(&self, step: &Step) -> Result<(BTreeMap<String, String>, Option<PrivateFile>), RunError> {
        let mut env = self.env.clone();
        env.extend(self.plan.vars.clone());
        env.extend(step.vars.clone());
        env.insert("OPSBOOK_PLAN".into(), self.plan.short_hash().to_owned());
        env.insert("OPSBOOK_RUN".into(), self.run.clone());
        env.insert("OPSBOOK_STEP".into(), step.id.clone());
        if let Some(name) = &step.env {
            env.insert("OPSBOOK_ENV".into(), name.clone());
        }
        // Not even a step that asks for it sees the kubeconfig of another environment.
        let foreign = |name: &String| {
            let mut others = self.plan.environments.iter().filter(|(of, _)| Some(*of) != step.env.as_ref());
            let own = step.env.as_ref().and_then(|of| self.plan.environments.get(of));
            let own = own.is_some_and(|own| own.kubeconfig.as_ref() == Some(name));
            step.env.is_some() && !own && others.any(|(_, other)| other.kubeconfig.as_ref() == Some(name))
        };
        for name in &step.secrets {
            if let Some(value) = self.secrets.get(name).filter(|_| !foreign(name)) {
                env.insert(name.clone(), value.clone());
            }
        }
        let Some(environment) = step.env.as_ref().and_then(|name| self.plan.environments.get(name)) else {
            return Ok((env, None));
        };
        // A step in an environment sees its cluster or none: never the one that happens to be at hand.
        let Some(value) = environment.kubeconfig.as_ref().and_then(|name| self.secrets.get(name)) else {
            env.insert("KUBECONFIG".into(), "/dev/null".into());
            return Ok((env, None));
        };
        if !value.contains('\n') && Path::new(value).is_file() {
            env.insert("KUBECONFIG".into(), value.clone());
            return Ok((env, None));
        }
        let file = PrivateFile::new(&self.private_folder, value.as_bytes())?;
        env.insert("KUBECONFIG".into(), file.path.to_string_lossy().into_owned());
        Ok((env, Some(file)))
    }

    /// Runs the monitor again and again until the time is over; its first failure ends the soak.
    fn soak(&self, task: &Task<'_>, show: &mut dyn FnMut(&str)) -> Result<Performed, RunError> {
        let step = task.step;
        let wait = Duration::from_secs(step.wait_s.unwrap_or(0));
        let pause = (wait / 30).clamp(Duration::from_secs(1), Duration::from_secs(60));
        let began = Instant::now();
        let mut n_passed = 0_u32;
        loop {
            let left = wait.saturating_sub(began.elapsed());
            if let Some(until) = &step.until {
                let mut look = self.once(task, &Work::of(until), show)?;
                if matches!(look.ended.ending, Ending::Exited(0) | Ending::Cancelled | Ending::Killed) {
                    return Ok(look);
                }
                if left.is_zero() {
                    look.verdict = Some(StepResult::TimedOut);
                    look.note = Some(format!("`{}` did not pass within {} s", until.block, wait.as_secs()));
                    return Ok(look);
                }
                self.pause(left.min(Duration::from_secs(step.every_s.unwrap_or(30))));
                if self.control.level() > 0 {
                    return Ok(empty_end(Ending::Cancelled));
                }
                continue;
            }
            let mut last = empty_end(Ending::Exited(0));
            if let Some(monitor) = &step.monitor {
                last = self.once(task, &Work::of(monitor), show)?;
                if last.ended.ending != Ending::Exited(0) {
                    if !matches!(last.ended.ending, Ending::Cancelled | Ending::Killed) {
                        last.verdict = Some(StepResult::Failed);
                        last.note = Some(format!("the monitor failed after {n_passed} passes"));
                    }
                    return Ok(last);
                }
                n_passed += 1;
            }
            if left.is_zero() {
                return Ok(last);
            }
            self.pause(left.min(pause));
            if self.control.level() > 0 {
                return Ok(empty_end(Ending::Cancelled));
            }
        }
    }

    /// The built-in check of Helm, for a step in doubt: the last revision is deployed, has the version
    /// that was to be, is newer than what the step found, and says that it is this step's.
    fn check_helm(&self, task: &Task<'_>, helm: &Helm) -> Result<Performed, RunError> {
        let history = self.history(task.step, helm)?;
        let found = task.previous_revision.as_ref().and_then(|revision| revision.parse().ok()).unwrap_or(0);
        let ours = format!("runbook {}/{}", self.plan.short_hash(), task.step.id);
        let holds = history.0.last().is_some_and(|last| {
            let version = helm.version.as_ref().is_none_or(|version| last.chart.ends_with(&format!("-{version}")));
            last.status == "deployed" && version && last.revision > found && last.description == ours
        });
        let note = history.stuck(helm);
        Ok(Performed { note, ..empty_end(Ending::Exited(i32::from(!holds))) })
    }

    /// A Helm step's command in the words of the Helm that is installed: version 3 says `--atomic`
    /// and plain `--wait`.
    fn main_script(&self, step: &Step, script: &str) -> String {
        if step.helm.is_none() || self.helm_major(step) != 3 {
            return script.to_owned();
        }
        in_words_of_3(script)
    }

    fn helm_major(&self, step: &Step) -> u32 {
        *self.helm_major.get_or_init(|| {
            let probed = self.probe(step, "helm version --short");
            let text = probed.map(|ended| ended.stdout).unwrap_or_default();
            let digits = text.trim().trim_start_matches('v');
            digits.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(4)
        })
    }

    fn history(&self, step: &Step, helm: &Helm) -> Result<History, RunError> {
        let ended = self.probe(step, &history_command(helm))?;
        let unknown = |why: &str| {
            let release = &helm.release;
            RunError::InDoubt(format!(
                "cannot see the history of release `{release}`, so its way back is not known: {why}"
            ))
        };
        if ended.ending != Ending::Exited(0) {
            // Helm says so with a failure: there is no revision yet.
            if ended.log.contains("release: not found") {
                return Ok(History::default());
            }
            return Err(unknown(ended.log.lines().last().unwrap_or("helm said nothing")));
        }
        serde_json::from_str(ended.stdout.trim()).map_err(|error| unknown(&format!("it is no list: {error}")))
    }

    /// Before the first write in an environment whose cluster is pinned: is it that cluster?
    fn verify_cluster(&self, step: &Step) -> Result<(), RunError> {
        let Some(name) = step.env.as_ref().filter(|_| step.writes()) else {
            return Ok(());
        };
        let Some(wanted) = self.plan.environments.get(name).and_then(|env| env.cluster_uid.as_ref()) else {
            return Ok(());
        };
        let held = "no thread panics while it holds the known clusters";
        if self.known_clusters.lock().expect(held).contains(name) {
            return Ok(());
        }
        let ended = self.probe(step, "kubectl get namespace kube-system -o 'jsonpath={.metadata.uid}'")?;
        if ended.ending != Ending::Exited(0) {
            let said = ended.log.lines().last().unwrap_or("kubectl said nothing");
            return Err(RunError::Stale {
                why: format!("cannot see whether the kubeconfig of environment `{name}` leads to its cluster: {said}"),
            });
        }
        let found = ended.stdout.trim();
        if found != wanted {
            return Err(RunError::Stale {
                why: format!(
                    "the kubeconfig of environment `{name}` does not lead to its cluster: the uid of `kube-system` is \
                     `{found}`, and the runbook pins `{wanted}`"
                ),
            });
        }
        self.known_clusters.lock().expect(held).insert(name.clone());
        Ok(())
    }

    /// Runs a command that only looks, as the step would.
    fn probe(&self, step: &Step, script: &str) -> Result<Ended, RunError> {
        let task = Task { step, part: Part::Check, outputs: BTreeMap::new(), previous_revision: None };
        let work = Work {
            shell: Shell::Bash,
            script: script.to_owned(),
            cwd: None,
            vars: BTreeMap::new(),
            timeout_s: Some(60),
        };
        Ok(self.once(&task, &work, &mut |_| {})?.ended)
    }
}

/// Helm's revisions of a release, in their order.
#[derive(Debug, Default, Deserialize)]
struct History(Vec<Revision>);

#[derive(Debug, Deserialize)]
struct Revision {
    revision: u64,
    status: String,
    chart: String,
    #[serde(default)]
    description: String,
}

impl History {
    /// Returns the revision to go back to: the one that serves, not an attempt that failed after it.
    fn deployed(&self) -> Option<u64> {
        self.0.iter().rev().find(|revision| revision.status == "deployed").map(|revision| revision.revision)
    }

    /// Says what is wrong and what to do where an operation of Helm was cut off.
    fn stuck(&self, helm: &Helm) -> Option<String> {
        let last = self.0.last().filter(|last| last.status.starts_with("pending-"))?;
        let (release, namespace) = (quote(&helm.release), quote(helm.namespace.as_deref().unwrap_or("default")));
        let way_back = match self.deployed() {
            Some(revision) => format!("go back with `helm rollback {release} {revision} -n {namespace}`"),
            None => format!("remove it with `helm uninstall {release} -n {namespace}`: nothing of it ever served"),
        };
        Some(format!(
            "release `{}` is {}: an earlier attempt was cut off. See `helm history {release} -n {namespace}`, \
             {way_back}, then resume",
            helm.release, last.status
        ))
    }
}

fn history_command(helm: &Helm) -> String {
    let mut command = format!("helm history {} -o json", quote(&helm.release));
    if let Some(namespace) = &helm.namespace {
        command.push_str(&format!(" -n {}", quote(namespace)));
    }
    command
}

/// Rewrites the options that Helm 3 has under another name. A plan's command has one option a line.
fn in_words_of_3(script: &str) -> String {
    let in_words = |line: &str| match line.trim_start().trim_end_matches(" \\") {
        "--rollback-on-failure" => line.replace("--rollback-on-failure", "--atomic"),
        option @ ("--wait=watcher" | "--wait=legacy") => line.replace(option, "--wait"),
        // Waiting for hooks only is what Helm 3 does without being told.
        "--wait=hookOnly" => line.replace("--wait=hookOnly", "--wait=false"),
        _ => line.to_owned(),
    };
    script.split('\n').map(in_words).collect::<Vec<_>>().join("\n")
}

fn empty_end(ending: Ending) -> Performed {
    let ended = Ended::nothing(ending);
    Performed { ended, outputs_text: String::new(), verdict: None, note: None }
}

/// Quotes a word for a POSIX shell.
fn quote(word: &str) -> String {
    let plain = |ch: char| ch.is_ascii_alphanumeric() || "-_./:=@%+,".contains(ch);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(
            ["a-b/c.yaml", "a b", "it's", "", "$x"].map(quote),
            ["a-b/c.yaml", "'a b'", "'it'\\''s'", "''", "'$x'"]
        );
    }

    #[test]
    fn commands_are_put_into_the_words_of_helm_3() {
        let script = "helm upgrade --install web c \\\n  --set 'x=--wait=legacy' \\\n  --rollback-on-failure \\\n  --wait=watcher";
        let wanted = "helm upgrade --install web c \\\n  --set 'x=--wait=legacy' \\\n  --atomic \\\n  --wait";
        assert_eq!(in_words_of_3(script), wanted);
    }

    #[test]
    fn the_way_back_is_the_revision_that_serves() {
        let revision = |revision: u64, status: &str| Revision {
            revision,
            status: status.into(),
            chart: "web-1.0.0".into(),
            description: String::new(),
        };
        let helm = Helm { release: "web".into(), ..Helm::default() };
        let history = History(vec![revision(3, "superseded"), revision(4, "deployed"), revision(5, "failed")]);
        assert_eq!((history.deployed(), history.stuck(&helm)), (Some(4), None));
        let cut_off = History(vec![revision(1, "pending-install")]);
        let said = cut_off.stuck(&helm).expect("it is stuck");
        assert!(said.contains("`helm uninstall web -n default`"), "{said}");
    }

    #[test]
    fn scripts_see_an_allow_list() {
        let own = BTreeMap::from(["PATH", "AWS_SECRET", "PROM_URL"].map(|name| (name.to_owned(), "x".to_owned())));
        let seen: Vec<String> = passed_on(&own, &["PROM_URL".to_owned()].into()).into_keys().collect();
        assert_eq!(seen, ["PATH", "PROM_URL"]);
    }
}
