//! Where the rules about people come from: the last commit of the branch that changes are merged into,
//! and only without a repository the project's folder as it lies.
//!
//! What an operator writes into his work tree, restored afterwards or not, is not read.

use super::repository::{Merged, Stamp};
use super::{Disk, Repository};
use crate::build::{self, RunRules};
use crate::plan::machine::Listed;
use crate::plan::machine::approval::{Rules, listed};
#[cfg(unix)]
use crate::plan::machine::signers::GIT;
use crate::plan::machine::signers::Signers;
use crate::text::{SitePath, World};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The rules about people, and where they stand.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// The repository, where the project has one.
    pub repository: Option<Repository>,
    /// The folder of the configuration.
    folder: PathBuf,
    /// The configuration's name, where there is one.
    config: Option<String>,
    /// The rules as they are now.
    pub rules: Rules,
    /// Where they stand.
    pub listed: Listed,
    /// What the same configuration says about runs.
    pub policy: RunRules,
    /// The references of the repository when they were read last.
    stamp: Option<Stamp>,
}

impl Trust {
    /// Finds the rules of the project in a folder.
    ///
    /// # Errors
    /// When there is a repository that cannot be asked.
    pub fn find(folder: &Path, config: Option<&str>) -> Result<Trust, String> {
        let repository = Repository::find(folder)?;
        let mut found =
            Trust { repository, folder: folder.to_owned(), config: config.map(str::to_owned), ..Trust::default() };
        match &found.repository {
            None => {
                let disk = Disk::open(folder).map_err(|error| error.to_string())?;
                (found.rules, found.policy) = found.read(&disk, None);
                found.rules.without_repository = true;
                found.listed = listed(&found.rules, None, None);
            }
            Some(repository) => match repository.default_branch() {
                Ok(merged) => {
                    let world = repository.world(&merged.commit, folder)?;
                    let place = format!("commit {} of `{}`", short(&merged.commit), merged.branch);
                    (found.rules, found.policy) = found.read(&world, Some(&place));
                    found.rules.since = repository.time(&merged.commit);
                    found.listed = listed(&found.rules, Some(merged.commit), Some(merged.branch));
                }
                Err(why) => {
                    found.rules.missing = Some(why);
                    found.listed = listed(&found.rules, None, None);
                }
            },
        }
        Ok(found)
    }

    /// Finds the rules again, and tells whether they are others than before.
    ///
    /// # Errors
    /// When there is a repository that cannot be asked.
    pub fn read_again(&mut self) -> Result<bool, String> {
        // Before anything is asked: what changes meanwhile is seen the next time.
        let stamp = self.repository.as_ref().and_then(Repository::stamp);
        if stamp.is_some() && stamp == self.stamp {
            return Ok(false);
        }
        let merged = self.repository.as_ref().and_then(|repository| repository.default_branch().ok());
        let is_same = |merged: Merged| {
            self.listed.commit.as_ref() == Some(&merged.commit) && self.listed.branch.as_ref() == Some(&merged.branch)
        };
        if self.folder.as_os_str().is_empty() || merged.is_some_and(is_same) {
            self.stamp = stamp;
            return Ok(false);
        }
        let found = Trust::find(&self.folder, self.config.as_deref())?;
        let is_new = found.listed != self.listed || found.rules.missing != self.rules.missing;
        *self = Trust { stamp, ..found };
        Ok(is_new)
    }

    /// Returns the rules as a record of a run says that they were. A commit counts where it is merged;
    /// without one, today's rules do.
    ///
    /// # Errors
    /// When the commit does not count.
    pub fn rules_of(&self, was: &Listed) -> Result<Rules, String> {
        let (Some(repository), Some(commit)) = (&self.repository, &was.commit) else {
            return Ok(self.rules.clone());
        };
        if self.listed == *was {
            return Ok(self.rules.clone());
        }
        let merged = repository.default_branch()?;
        let (short, branch) = (short(commit), &merged.branch);
        if !repository.is_ancestor(commit, &merged.commit) {
            return Err(format!("the rules about people are those of commit {short}, which is not on `{branch}`"));
        }
        let world = repository.world(commit, &self.folder)?;
        let (mut rules, _) = self.read(&world, Some(&format!("commit {short} of `{branch}`")));
        rules.since = repository.time(commit);
        if rules.digest() == was.digest {
            Ok(rules)
        } else {
            Err(format!("the rules about people in commit {short} are not those that the journal names"))
        }
    }

    /// Returns who signed a tag of the repository, and its message.
    ///
    /// # Errors
    /// When there is no such tag, or none of the allowed signers signed it.
    #[cfg(unix)]
    pub fn signed_tag(&self, name: &str) -> Result<(String, String), String> {
        const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
        let repository = self.repository.as_ref().ok_or("there is no repository")?;
        let text = repository.object("tag", &format!("refs/tags/{name}"))?;
        let at = text.find(BEGIN).ok_or("it has no SSH signature")?;
        let (message, signature) = text.split_at(at);
        let now = super::run::now();
        let by = self.rules.signers.verify_any(GIT, message, &now, signature)?;
        Ok((by, message.to_owned()))
    }

    /// Returns the files that say the rules about people, from the top of the repository. They are read from
    /// the branch that changes are merged into, whatever is checked out.
    pub fn files(&self) -> Vec<String> {
        let prefix = self.repository.as_ref().and_then(|repository| repository.prefix(&self.folder).ok());
        let list = self.policy.allowed_signers.as_ref().map(|path| path.to_string());
        let names = self.config.iter().cloned().chain(list);
        names.filter_map(|name| Some(prefix?.join(&name).to_string())).collect()
    }

    fn read(&self, world: &dyn World, place: Option<&str>) -> (Rules, RunRules) {
        let Some(config) = &self.config else {
            return Default::default();
        };
        let mut rules = Rules::default();
        if let Some(place) = place
            && world.source(SitePath::new(config)).is_err()
        {
            rules.missing = Some(format!("`{config}` is not in {place}, from where the people are taken"));
            return (rules, RunRules::default());
        }
        // Without variables: nothing of this process's environment has a say.
        let (overrides, purpose) = (build::Overrides::default(), build::Purpose::default());
        let (project, _) = build::load(world, SitePath::new(config), &BTreeMap::new(), &overrides, purpose);
        let Some(project) = project else {
            let place = place.map_or_else(String::new, |place| format!(" in {place}"));
            rules.missing = Some(format!("`{config}`{place} has errors"));
            return (rules, RunRules::default());
        };
        let policy = project.run_rules();
        rules.roles.clone_from(&policy.roles);
        rules.accounts.clone_from(&policy.accounts);
        if let Some(path) = policy.allowed_signers {
            match world.source(path) {
                Ok(list) => rules.signers = Signers::parse(list.text()),
                Err(error) => {
                    rules.missing = Some(format!("the list of allowed signers `{path}` cannot be read: {error:?}"))
                }
            }
        }
        (rules, policy)
    }
}

/// The first digits of a commit's name, enough for people.
pub fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}
