//! Embedded files are inputs of the crate: a change of the theme compiles it again.

#![allow(clippy::print_stdout)]

fn main() {
    println!("cargo::rerun-if-changed=themes/default");
}
