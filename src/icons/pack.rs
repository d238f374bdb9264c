//! The pictures as `tools/icons` packed them: names, and blocks that are opened when they are needed.

use flate2::read::DeflateDecoder;
use std::io::Read;
use std::sync::{LazyLock, OnceLock};

/// How many pictures make a block, how many blocks there are, where each part ends, then the parts: all
/// names, and the blocks. Numbers are four bytes, the low one first; ends count from the first part.
const PACK: &[u8] = include_bytes!("icons.pack");

/// Returns the paths of all icons, sorted.
pub(super) fn names() -> &'static [&'static str] {
    static TEXT: LazyLock<String> = LazyLock::new(|| inflate(part(0)));
    static LIST: LazyLock<Vec<&'static str>> = LazyLock::new(|| TEXT.lines().collect());
    &LIST
}

/// Returns the number of an icon by its path.
pub(super) fn find(path: &str) -> Option<usize> {
    names().binary_search(&path).ok()
}

/// Returns a picture by its number.
pub(super) fn svg(index: usize) -> Option<&'static str> {
    static OPENED: LazyLock<Vec<OnceLock<String>>> = LazyLock::new(|| vec![OnceLock::new(); number(1)]);
    let block = index / number(0);
    OPENED.get(block)?.get_or_init(|| inflate(part(block + 1))).lines().nth(index % number(0))
}

fn number(index: usize) -> usize {
    let bytes = PACK[4 * index..].first_chunk().expect("the table is whole");
    u32::from_le_bytes(*bytes) as usize
}

fn part(index: usize) -> &'static [u8] {
    let parts = &PACK[4 * (3 + number(1))..];
    let start = if index == 0 { 0 } else { number(1 + index) };
    &parts[start..number(2 + index)]
}

/// Opens what `tools/icons` closed; the data is part of the program, so it cannot be broken.
fn inflate(data: &[u8]) -> String {
    let mut text = String::new();
    DeflateDecoder::new(data).read_to_string(&mut text).expect("tools/icons wrote valid deflated text");
    text
}
