//! The shell: the only room that touches the world.
//!
//! Owns files, the terminal, the clock, the environment, sockets and processes. In: values of the
//! whole (`build`'s outputs, `plan`'s machine). Out: their effects. Knows no Markdown, no HTML and
//! no configuration keys; whatever it reads, it hands on as text.

// The one door of guard 1: everywhere else `clippy.toml` forbids these calls.
#![allow(clippy::disallowed_methods)]

mod clock;
mod compile;
mod disk;
mod environment;
mod git;
mod manifest;
mod output;
mod poll;
mod publish;
mod repository;
#[cfg(unix)]
pub mod run;
mod serve;
mod shellcheck;
mod swap;
mod terminal;
mod trust;
mod watch;
mod workshop;

pub use clock::{Stopwatch, build_time, pause};
pub use compile::{Again, CONFIG_NAMES, Pages, compile_again};
pub use disk::Disk;
pub use environment::{
    Kind, absolute, arguments, check_config, current_folder, find_repository, find_upwards, kind_of, look_at,
    open_in_browser, read_bytes, read_standard_input, read_text, state_folder, variables, way_between,
    write_atomically,
};
pub use git::{git_changed_since, git_commit, git_default_branch, git_file, git_history, git_tags};
pub use output::{OutputError, Written, check_output, replace_file, write_files, write_new_files, write_outputs};
pub use publish::{Deployed, Deployment, check_deployment, deploy};
pub use repository::{CommitWorld, Merged, Repository};
pub use serve::{Complaint, ServeOptions, Server, encode_path};
pub use shellcheck::shellcheck;
pub use terminal::{Stream, Terminal, Volume};
pub use trust::{Trust, short};
pub use watch::{Change, Watcher};
