//! The runs of backticks of a text, so that each opening finds its closing run at once.

use super::delimiter::run_end;
use std::collections::BTreeMap;

/// The runs of backticks of a text.
pub(crate) struct Ticks {
    /// Start and length of each run, in order.
    runs: Vec<(usize, usize)>,
    /// By length, the indices of runs of that length.
    by_length: BTreeMap<usize, Vec<usize>>,
    /// For each run the index of the first longest run from it on.
    longest: Vec<usize>,
}

impl Ticks {
    /// Finds the runs.
    pub(super) fn of(text: &str) -> Ticks {
        let bytes = text.as_bytes();
        let mut runs = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at] == b'`' {
                let end = run_end(bytes, at);
                runs.push((at, end - at));
                at = end;
            } else {
                at += 1;
            }
        }
        let mut by_length: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, (_, length)) in runs.iter().enumerate() {
            by_length.entry(*length).or_default().push(index);
        }
        let mut longest: Vec<usize> = (0..runs.len()).collect();
        for index in (0..runs.len().saturating_sub(1)).rev() {
            if runs[longest[index + 1]].1 > runs[index].1 {
                longest[index] = longest[index + 1];
            }
        }
        Ticks { runs, by_length, longest }
    }

    /// Finds the code span that opens at `at`: where its code begins and ends. `Err` is the byte to go
    /// on at (`BacktickInlineProcessor.find_code_spans`).
    pub(super) fn code_span(&self, at: usize, bytes: &[u8]) -> Result<(usize, usize), usize> {
        let start = run_end(bytes, at);
        let ticks = start - at;
        let next = self.runs.partition_point(|run| run.0 < start);
        if let Some(same) = self.by_length.get(&ticks) {
            let index = same.partition_point(|index| *index < next);
            if let Some(run) = same.get(index) {
                return Ok((start, self.runs[*run].0));
            }
        }
        // No run of the same length: the longest shorter one closes, and what the opening has more
        // belongs to the code.
        let Some(&longest) = self.longest.get(next) else { return Err(start) };
        let (close, length) = self.runs[longest];
        if length < ticks { Ok((start - (ticks - length), close)) } else { Err(start) }
    }
}
