//! The pictures as `build.rs` packed them: names, and blocks that are opened when they are needed.

use flate2::read::DeflateDecoder;
use std::io::Read;
use std::sync::OnceLock;

include!(concat!(env!("OUT_DIR"), "/icon_blocks.rs"));

const NAMES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/icon_names.bin"));
const BLOCKS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/icon_blocks.bin"));

/// Returns the paths of all icons, sorted.
pub(super) fn names() -> &'static [&'static str] {
    static TEXT: OnceLock<String> = OnceLock::new();
    static LIST: OnceLock<Vec<&'static str>> = OnceLock::new();
    LIST.get_or_init(|| TEXT.get_or_init(|| inflate(NAMES)).lines().collect())
}

/// Returns the number of an icon by its path.
pub(super) fn find(path: &str) -> Option<usize> {
    names().binary_search(&path).ok()
}

/// Returns a picture by its number.
pub(super) fn svg(index: usize) -> Option<&'static str> {
    static OPENED: [OnceLock<String>; N_BLOCKS] = [const { OnceLock::new() }; N_BLOCKS];
    let block = index / BLOCK;
    let end = *ENDS.get(block)? as usize;
    let start = block.checked_sub(1).map_or(0, |before| ENDS[before] as usize);
    OPENED[block].get_or_init(|| inflate(&BLOCKS[start..end])).lines().nth(index % BLOCK)
}

/// Opens what `build.rs` closed; the data is part of the program, so it cannot be broken.
fn inflate(data: &[u8]) -> String {
    let mut text = String::new();
    DeflateDecoder::new(data).read_to_string(&mut text).expect("build.rs wrote valid deflated text");
    text
}
