//! The one integration binary: one module per subject.

// Tests look at the world from outside: they write projects, run the program and read what it wrote.
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

mod adopt;
mod argo;
mod attacks;
mod cases;
mod cli;
mod colors;
mod commands;
mod config_fuzz;
mod config_reference;
mod conformance;
mod cycles;
mod deploy;
mod deviations;
mod diagnostics;
mod emit;
mod evidence;
mod examples;
mod extensions_page;
mod golden;
mod growth;
mod incremental;
mod inline;
mod keys;
// The programs that it runs are made for Linux.
#[cfg(target_os = "linux")]
mod kube;
mod language;
mod law;
mod layers;
mod limits;
mod links;
mod lints;
mod live;
mod manual;
mod markdown;
mod next;
mod odd_values;
mod outside;
mod plans;
mod plugins;
mod policies;
mod preprocess;
mod preview;
mod release;
mod robust;
mod routes;
mod rules;
mod runbooks;
mod runs;
mod schemas;
mod search;
mod seat;
mod secrets;
mod seeded;
mod several;
mod sites;
mod templates;
mod terminal;
mod tutorials;
mod wrong_files;
