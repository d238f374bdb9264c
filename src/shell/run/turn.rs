//! Whose turn it is: one run at a time of a runbook in an environment.

use super::error::RunError;
use super::folder::{name_of, read_run};
use super::lock::{Holder, Lock, Places, refuse_orphans};
use super::people::account;
use super::session::{Setting, fold_read};
use crate::plan::Plan;
use crate::plan::machine::{Chain, Event, Next};
use crate::shell::Terminal;
use std::path::Path;
use std::time::{Duration, Instant};

/// How often a lock is looked at that somebody else holds.
const PAUSE: Duration = Duration::from_millis(300);

/// How long a command of a person may hold a run.
const MOMENT: Duration = Duration::from_secs(3);

/// Takes the locks of a plan's environments for a run, and looks at the run that had them last: an
/// orphan of it still works there, and a run that has not ended is worth a word.
///
/// # Errors
/// When somebody has one of them and nobody wants to wait, or an orphan is alive.
pub(super) fn one_at_a_time(
    plan: &Plan,
    left_out: &[String],
    run: &Path,
    setting: &Setting,
    terminal: Terminal,
) -> Result<Vec<Lock>, RunError> {
    let steps = plan.steps.iter().filter(|step| !left_out.contains(&step.id));
    let mut environments: Vec<Option<&str>> = steps.map(|step| step.env.as_deref()).collect();
    environments.sort_unstable();
    environments.dedup();
    // Where there are environments, what belongs to none is no place of its own.
    if environments.len() > 1 {
        environments.retain(Option::is_some);
    }
    let places = Places { locks: &setting.locks, project: &setting.project, runbook: &plan.runbook };
    let holder = Holder::this(&account(), true, run);
    let locks = patiently(setting, terminal, || match places.take(&environments, &holder)? {
        Ok(locks) => Ok(locks),
        Err((what, held)) => Err(RunError::Locked { what, held: Box::new(held) }),
    })?;
    let mut before: Vec<&Path> = locks.iter().filter_map(|lock| Some(lock.before.as_ref()?.run.as_path())).collect();
    before.sort_unstable();
    before.dedup();
    for earlier in before.into_iter().filter(|earlier| *earlier != run && earlier.join("journal.jsonl").is_file()) {
        refuse_orphans(earlier)?;
        if let Ok(earlier_run) = read_run(earlier).and_then(|read| fold_read(&read))
            && !matches!(earlier_run.next(), Next::End(_))
        {
            let (name, state) = (name_of(earlier), earlier_run.state());
            terminal.say(&format!("Note: run {name} of the same runbook has not ended; it is {state}."));
        }
    }
    Ok(locks)
}

/// Tries again for as long as somebody else holds a lock, where that is wanted.
///
/// # Errors
/// Whatever is tried says.
pub(super) fn patiently<T>(
    setting: &Setting,
    terminal: Terminal,
    mut attempt: impl FnMut() -> Result<T, RunError>,
) -> Result<T, RunError> {
    let (mut said, began) = (None, Instant::now());
    loop {
        match attempt() {
            // A person's command is at work for a moment only.
            Err(RunError::Locked { held, .. })
                if held.holder.as_ref().is_some_and(|holder| !holder.runner) && began.elapsed() < MOMENT =>
            {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(RunError::Locked { what, held }) if setting.wait => {
                let pid = held.holder.as_ref().map(|holder| holder.pid);
                if said != Some(pid) {
                    terminal.say(&format!("Waiting: {}", RunError::Locked { what, held }));
                    said = Some(pid);
                }
                std::thread::sleep(PAUSE);
            }
            other => return other,
        }
    }
}

/// Returns the steps that a run leaves out.
pub(super) fn left_out_of(chain: &Chain) -> Vec<String> {
    match chain.records.first().map(|record| &record.event) {
        Some(Event::RunStarted { left_out, .. }) => left_out.clone(),
        _ => Vec::new(),
    }
}
