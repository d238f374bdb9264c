//! Packs icons into the one file that opsbook carries, `src/icons/icons.pack`.
//!
//! The icons come from four crates that carry Material Design Icons, Font Awesome Free, Octicons and
//! Simple Icons as Rust constants.  Compiled in, they would add twenty megabytes and could not be
//! listed; so their sources are read here, as `cargo metadata` says where they lie, and the pictures
//! are compressed in small blocks.  `src/icons/pack.rs` of opsbook reads what is written here.

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
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = sources(&here.join("Cargo.toml"))?;
    let mut icons = BTreeMap::new();
    for (name, folder) in CRATES {
        let root = sources.get(name).ok_or_else(|| format!("cargo metadata does not know {name}"))?;
        read_folder(&root.join("src/icons"), folder, &mut icons)?;
    }
    let file = here.join("../../src/icons/icons.pack");
    let packed = pack(&icons)?;
    fs::write(&file, &packed)?;
    println!("{} icons in {} bytes: {}", icons.len(), packed.len(), file.display());
    Ok(())
}

/// Packs the icons: how many pictures make a block, how many blocks there are, where each part ends,
/// then the parts: all names, and the blocks.  Numbers are four bytes, the low one first; ends count
/// from the first part.
fn pack(icons: &BTreeMap<String, String>) -> Result<Vec<u8>, Box<dyn Error>> {
    let names: Vec<&str> = icons.keys().map(String::as_str).collect();
    let pictures: Vec<&str> = icons.values().map(String::as_str).collect();
    let mut parts = deflate(&names.join("\n"))?;
    let mut ends = vec![parts.len()];
    for block in pictures.chunks(BLOCK) {
        parts.extend(deflate(&block.join("\n"))?);
        ends.push(parts.len());
    }
    let mut packed = Vec::new();
    for number in [BLOCK, ends.len() - 1].into_iter().chain(ends) {
        packed.extend(u32::try_from(number)?.to_le_bytes());
    }
    packed.extend(parts);
    Ok(packed)
}

fn deflate(text: &str) -> std::io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes())?;
    encoder.finish()
}

/// Asks cargo where the sources of the crates lie.
fn sources(manifest: &Path) -> Result<BTreeMap<String, PathBuf>, Box<dyn Error>> {
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--format-version", "1", "--locked", "--manifest-path"])
        .arg(manifest)
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
        icons.insert(path, without_id(&without_title(svg)).replace('\n', " "));
    }
}

/// Takes the `<title>` out of a picture, as Material does: it would be read as text of the page and
/// found by the search.
fn without_title(svg: &str) -> String {
    without(svg, "<title>", "</title>")
}

/// Takes the `id` out of a picture, as Material does: an icon that stands twice on a page would give
/// it two equal ids, and could take a heading's.  No picture refers to a part of itself.
fn without_id(svg: &str) -> String {
    without(svg, " id=\"", "\"")
}

/// Takes the first stretch from `open` to `close` out of a text.
fn without(text: &str, open: &str, close: &str) -> String {
    let found = text.split_once(open).and_then(|(before, rest)| Some((before, rest.split_once(close)?.1)));
    found.map_or_else(|| text.to_owned(), |(before, after)| format!("{before}{after}"))
}
