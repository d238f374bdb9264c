//! Packs icons for the binary, and says what else is compiled in.
//!
//! The icons come from four crates that carry Material Design Icons, Font Awesome Free, Octicons and
//! Simple Icons as Rust constants.  Compiled in, they would add twenty megabytes and could not be
//! listed; so their sources are read here, as `cargo metadata` says where they lie, and the pictures
//! are compressed in small blocks.  Nothing is downloaded and nothing is written but two files in
//! `OUT_DIR`.

#![allow(clippy::print_stdout, clippy::disallowed_methods)]

use flate2::{Compression, write::DeflateEncoder};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, error::Error, fs};

/// Crates, and the folder that Material for MkDocs gives their icons.
const CRATES: [(&str, &str); 4] = [
    ("material-design-icons-pack", "material"),
    ("fontawesome-free-pack", "fontawesome"),
    ("octicons-pack", "octicons"),
    ("simple-icons-pack", "simple"),
];

/// How many icons are compressed together: more are smaller, fewer are quicker to open.
const BLOCK: usize = 64;

fn main() -> Result<(), Box<dyn Error>> {
    // Embedded files are inputs of the crate: a change of the theme compiles it again.
    println!("cargo::rerun-if-changed=themes/default");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=Cargo.lock");
    let sources = sources()?;
    let mut icons = BTreeMap::new();
    for (name, folder) in CRATES {
        let root = sources.get(name).ok_or_else(|| format!("cargo metadata does not know {name}"))?;
        read_folder(&root.join("src/icons"), folder, &mut icons)?;
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let names: Vec<&str> = icons.keys().map(String::as_str).collect();
    let mut blocks = Vec::new();
    let mut ends = Vec::new();
    let pictures: Vec<&str> = icons.values().map(String::as_str).collect();
    for block in pictures.chunks(BLOCK) {
        blocks.extend(deflate(&block.join("\n"))?);
        ends.push(blocks.len());
    }
    fs::write(out.join("icon_names.bin"), deflate(&names.join("\n"))?)?;
    fs::write(out.join("icon_blocks.bin"), blocks)?;
    let n_blocks = ends.len();
    let code = format!(
        "const BLOCK: usize = {BLOCK};\nconst N_BLOCKS: usize = {n_blocks};\nconst ENDS: [u32; N_BLOCKS] = {ends:?};\n"
    );
    fs::write(out.join("icon_blocks.rs"), code)?;
    Ok(())
}

fn deflate(text: &str) -> std::io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes())?;
    encoder.finish()
}

/// Asks cargo where the sources of the crates lie.
fn sources() -> Result<BTreeMap<String, PathBuf>, Box<dyn Error>> {
    let cargo = env::var_os("CARGO").ok_or("cargo sets CARGO")?;
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo sets CARGO_MANIFEST_DIR")?);
    // Without the filter, crates of other platforms are asked for too, which nobody downloaded.
    let target = env::var("TARGET")?;
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--offline", "--filter-platform", &target, "--manifest-path"])
        .arg(manifest.join("Cargo.toml"))
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let mut found = BTreeMap::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let (Some(name), Some(path)) = (package["name"].as_str(), package["manifest_path"].as_str()) else { continue };
        if let Some(folder) = Path::new(path).parent() {
            found.insert(name.to_owned(), folder.to_owned());
        }
    }
    Ok(found)
}

fn read_folder(folder: &Path, set: &str, icons: &mut BTreeMap<String, String>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read_folder(&path, set, icons)?;
        } else {
            read_icons(&fs::read_to_string(path)?, set, icons);
        }
    }
    Ok(())
}

/// Reads constants `Icon { svg: r##"…"##, slug: "…", …, family: "…" }`.
fn read_icons(source: &str, set: &str, icons: &mut BTreeMap<String, String>) {
    for part in source.split("svg: r").skip(1) {
        let hashes = part.bytes().take_while(|byte| *byte == b'#').count();
        let close = format!("\"{}", "#".repeat(hashes));
        let Some((svg, rest)) = part[hashes..].strip_prefix('"').and_then(|rest| rest.split_once(&close)) else {
            continue;
        };
        let field = |name: &str| Some(rest.split_once(name)?.1.split_once('"')?.0);
        let Some(slug) = field("slug: \"") else { continue };
        let path = match field("family: \"") {
            Some(family) => format!("{set}/{family}/{slug}"),
            None => format!("{set}/{slug}"),
        };
        icons.insert(path, without_title(svg).replace('\n', " "));
    }
}

/// Takes the `<title>` out of a picture, as Material does: it would be read as text of the page and
/// found by the search.
fn without_title(svg: &str) -> String {
    match (svg.find("<title>"), svg.find("</title>")) {
        (Some(start), Some(end)) if start < end => format!("{}{}", &svg[..start], &svg[end + "</title>".len()..]),
        _ => svg.to_owned(),
    }
}
