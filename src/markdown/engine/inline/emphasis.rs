//! The rule that pairs delimiters: emphasis and its relatives.

use super::delimiter::{Delimiter, Family, Pairing, pair};
use super::run::{Engine, Hit, InlineRule, Pass};
use crate::markdown::engine::mark::ETX;

/// The tokens that are paired together.
pub(crate) struct Emphasis {
    family: Family,
    delimiters: Vec<Delimiter>,
    /// Whether a byte is one of the tokens: every byte of a page is asked about.
    is_token: [bool; 256],
}

impl Emphasis {
    /// Makes the rule of some tokens.
    pub(crate) fn new(family: Family, delimiters: Vec<Delimiter>) -> Emphasis {
        let mut is_token = [false; 256];
        for delimiter in &delimiters {
            is_token[usize::from(delimiter.token)] = true;
        }
        Emphasis { family, delimiters, is_token }
    }
}

impl InlineRule for Emphasis {
    fn next(&self, text: &str, at: usize) -> Option<usize> {
        Some(at + text.get(at..)?.bytes().position(|byte| self.is_token[usize::from(byte)])?)
    }

    fn pairs_in(&self, text: &str) -> bool {
        self.next(text, 0).is_some()
    }

    /// Pairs from the token at `at` on.
    fn apply(&self, _: &mut Engine<'_, '_>, pass: &mut Pass<'_>, at: usize) -> Hit {
        let mut before = pass.before(at);
        // What is left of a closing run stands behind a placeholder, but is judged by what stood
        // before the run.
        if let Some((token, known)) = pass.remainder.take()
            && self.family == Family::Pymdownx
            && before == Some(ETX)
            && pass.text.as_bytes()[at] == token
        {
            before = Some(known);
        }
        // Every search may run to the end of the text for little or nothing; text made of little else
        // is given up on in time.
        if pass.budget == 0 {
            return Hit::Skip(pass.text.len());
        }
        match pair(&self.delimiters, self.family, pass.text, at, before) {
            Pairing::Skip(end, searched) => {
                if pass.spend(searched - at) {
                    Hit::Skip(end)
                } else {
                    Hit::Skip(pass.text.len())
                }
            }
            Pairing::Regions(regions, searched) => {
                // What was looked at behind the last region is looked at again from there.
                let end = regions.iter().map(|region| region.close_end).max().unwrap_or(at);
                pass.spend(searched.saturating_sub(end));
                Hit::Regions(regions)
            }
        }
    }
}
