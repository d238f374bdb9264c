//! Takes secrets out of this process's own environment block, which the system shows to every process
//! of the account as `/proc/PID/environ`.
//!
//! Linux only, through the process's own memory file. Where the system refuses, nothing happens: the
//! manual says that the block is then as the parent made it.

#[cfg(target_os = "linux")]
use std::fs::{self, OpenOptions};
#[cfg(target_os = "linux")]
use std::os::unix::fs::FileExt as _;

/// A shorter value would blot out what programs that are started later need.
const SHORTEST: usize = 4;

/// Writes stars over every occurrence of a value in the environment block. Afterwards this process and
/// those that it starts with its own environment see the stars too.
#[cfg(target_os = "linux")]
pub(super) fn forget<'v>(values: impl Iterator<Item = &'v String>) {
    let values: Vec<&[u8]> = values.map(|value| value.as_bytes()).filter(|value| value.len() >= SHORTEST).collect();
    if values.is_empty() {
        return;
    }
    let Some((start, end)) = block() else { return };
    let Ok(memory) = OpenOptions::new().read(true).write(true).open("/proc/self/mem") else { return };
    let mut bytes = vec![0_u8; usize::try_from(end - start).unwrap_or(0)];
    if memory.read_exact_at(&mut bytes, start).is_err() {
        return;
    }
    for value in values {
        let mut at = 0;
        while let Some(found) = bytes[at..].windows(value.len()).position(|window| window == value) {
            let place = at + found;
            let _ = memory.write_all_at(&b"*".repeat(value.len()), start + place as u64);
            at = place + value.len();
        }
    }
}

/// Elsewhere the block stays as it is.
#[cfg(not(target_os = "linux"))]
pub(super) fn forget<'v>(_values: impl Iterator<Item = &'v String>) {}

/// Returns where the environment block stands: fields 50 and 51 of `stat`, the first behind the name
/// being field 3.
#[cfg(target_os = "linux")]
fn block() -> Option<(u64, u64)> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let (start, end): (u64, u64) = (fields.get(47)?.parse().ok()?, fields.get(48)?.parse().ok()?);
    // No environment is that large; a zero says that the system does not tell.
    (start > 0 && end > start && end - start < 1 << 26).then_some((start, end))
}
