//! `opsbook gh-deploy`: the site is built and pushed to a branch that a web server shows.

use super::build::{SiteArgs, write_site};
use super::project::Place;
use super::report::{self, Format};
use super::{Status, could_not};
use crate::build::{self, Overrides, Purpose};
use crate::shell::{self, Deployment, Terminal};

/// Build the site and push it to the branch that GitHub Pages shows
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  opsbook gh-deploy
      Build the site and push it to the branch `gh-pages` of `origin`
  opsbook gh-deploy --force --no-history
      Replace whatever the branch held, as a single commit
  opsbook gh-deploy -b pages -r upstream -m \"Site of {sha}\"
      Push to another branch of another remote, with a message of your own

The branch holds the site and the file `.nojekyll`, and nothing else. A domain of your own stays when its \
file `CNAME` is among the pages.")]
pub(super) struct Typed {
    #[command(flatten)]
    site: SiteArgs,
    /// Message of the commit; `{sha}` is the commit that was built, `{version}` opsbook's version
    /// [default: Deployed {sha} with opsbook version: {version}]
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
    /// Branch to push to [default: `remote_branch` of the configuration, else `gh-pages`]
    #[arg(short = 'b', long, value_name = "BRANCH")]
    remote_branch: Option<String>,
    /// Remote to push to [default: `remote_name` of the configuration, else `origin`]
    #[arg(short, long, value_name = "REMOTE")]
    remote_name: Option<String>,
    /// Push also where the remote has commits that this repository has not
    #[arg(long)]
    force: bool,
    /// Replace the history of the branch by one commit
    #[arg(long)]
    no_history: bool,
    /// Deploy also where a newer opsbook has deployed before
    #[arg(long)]
    ignore_version: bool,
    /// Start Git through the shell
    #[arg(long)]
    shell: bool,
}

pub(super) fn run(typed: &Typed, terminal: Terminal) -> Status {
    deploy(typed, terminal).unwrap_or_else(|status| status)
}

fn deploy(typed: &Typed, terminal: Terminal) -> Result<Status, Status> {
    let failed = |error: shell::OutputError| could_not(terminal, &error.message, error.help.as_deref());
    // What is missing for the push is said before minutes go into a build.
    let Place { disk, config } = typed.site.project.open(terminal)?;
    let overrides = Overrides::default();
    let (project, diagnostics) = build::load(&disk, config, &shell::variables(), &overrides, Purpose::default());
    let Some(project) = project else {
        return Err(report::print(terminal, Format::Human, &diagnostics, &disk).max(Status::ContentAtFault));
    };
    let (remote, branch) = project.remote();
    let deployment = Deployment {
        repository: disk.root().to_owned(),
        remote: typed.remote_name.clone().unwrap_or_else(|| remote.to_owned()),
        branch: typed.remote_branch.clone().unwrap_or_else(|| branch.to_owned()),
        message: typed.message.clone(),
        force: typed.force,
        no_history: typed.no_history,
        ignore_version: typed.ignore_version,
        through_shell: typed.shell,
    };
    shell::check_deployment(&deployment).map_err(failed)?;
    let (folder, names) = write_site(&typed.site, Place { disk, config }, Format::Human, terminal)?;
    let (branch, remote) = (&deployment.branch, &deployment.remote);
    terminal.say(&format!("Pushing {} to the branch `{branch}` of `{remote}`", folder.display()));
    let deployed = shell::deploy(&deployment, &folder, &names, terminal).map_err(failed)?;
    if let Some(domain) = &deployed.domain_lost {
        terminal.say(&format!(
            "warning: the branch had a `CNAME` ({domain}), and the site has none; put the file `CNAME` among the \
             pages to keep the domain"
        ));
    }
    terminal.say(&match &deployed.address {
        Some(address) => format!("The site will soon stand at {address}"),
        None => "The site will soon stand where the remote shows it".to_owned(),
    });
    Ok(Status::Fine)
}
