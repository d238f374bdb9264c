//! The shell: the only room that touches the world.
//!
//! Owns files, the terminal, the clock, the environment, sockets and processes. In: values of the
//! whole (`build`'s outputs, `plan`'s machine). Out: their effects. Knows no Markdown, no HTML and
//! no configuration keys; whatever it reads, it hands on as text.

// The one door of guard 1: everywhere else `clippy.toml` forbids these calls.
#![allow(clippy::disallowed_methods)]

mod clock;
mod disk;
mod environment;
mod output;
#[cfg(unix)]
pub mod run;
mod terminal;

pub use clock::{Stopwatch, build_time};
pub use disk::{Disk, Problem, ProblemKind};
pub use environment::{arguments, current_folder, find_upwards, variables};
pub use output::{OutputError, Written, check_output, write_outputs};
pub use terminal::{Stream, Terminal};
