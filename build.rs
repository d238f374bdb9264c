//! Says what else is an input of the crate: the theme is embedded, and a file that is new in its folder
//! must compile it again.  Makes nothing.

#![allow(clippy::print_stdout)]

fn main() {
    println!("cargo::rerun-if-changed=themes");
}
