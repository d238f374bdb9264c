//! The journal's lines: events in a chain of hashes (RUNBOOK-FORMAT, section 3.4).
//!
//! Text in, records out, and the other way; where the lines are kept is the shell's matter.

use super::Event;
use crate::plan::canonical;
use crate::text::Digest;
use serde_json::{Map, Value};

/// The hash before the first record.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One line of a journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// From 0.
    pub seq: u64,
    /// When it was written: RFC 3339 in UTC.
    pub ts: String,
    /// What happened.
    pub event: Event,
    /// SHA-256 over the canonical record without this field, hexadecimal.
    pub hash: String,
}

/// A journal that was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chain {
    /// The records in order.
    pub records: Vec<Record>,
    /// How many bytes of whole, sound lines there are.
    pub sound_bytes: usize,
    /// The bytes after the last newline: a line whose writing was cut off.
    pub torn: Vec<u8>,
}

/// Why a journal cannot be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it, in lower case.
    pub message: String,
}

impl Chain {
    /// Returns the hash of the last record, or [`GENESIS`].
    pub fn head(&self) -> &str {
        self.records.last().map_or(GENESIS, |record| &record.hash)
    }

    /// Reads a journal from its bytes.
    ///
    /// A last line without `\n` is torn, not damaged: it was never acted on, because a record is
    /// synced before anything follows from it.
    ///
    /// # Errors
    /// Returns the first line that is no record, is out of sequence, or does not continue the chain.
    pub fn read(bytes: &[u8]) -> Result<Chain, Damage> {
        let sound_bytes = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let mut chain = Chain { torn: bytes[sound_bytes..].to_vec(), sound_bytes, ..Chain::default() };
        for (line_idx, line) in bytes[..sound_bytes].split_inclusive(|byte| *byte == b'\n').enumerate() {
            let record = read_record(&line[..line.len() - 1], chain.records.len() as u64, chain.head())
                .map_err(|message| Damage { line: line_idx + 1, message })?;
            chain.records.push(record);
        }
        Ok(chain)
    }

    /// Makes the next record and its line, `\n` included, and appends it.
    pub fn append(&mut self, ts: &str, event: Event) -> String {
        let mut fields = fields_of(&event);
        fields.insert("seq".to_owned(), Value::from(self.records.len() as u64));
        fields.insert("ts".to_owned(), Value::from(ts));
        fields.insert("prev".to_owned(), Value::from(self.head()));
        let hash = hash_of(&fields);
        fields.insert("hash".to_owned(), Value::from(hash.as_str()));
        let line = canonical(&Value::Object(fields)) + "\n";
        self.records.push(Record { seq: self.records.len() as u64, ts: ts.to_owned(), event, hash });
        self.sound_bytes += line.len();
        line
    }
}

fn fields_of(event: &Event) -> Map<String, Value> {
    match serde_json::to_value(event) {
        Ok(Value::Object(fields)) => fields,
        _ => unreachable!("an event is a tagged enum of string keys, so it is a JSON object"),
    }
}

fn hash_of(fields: &Map<String, Value>) -> String {
    Digest::of(canonical(&Value::Object(fields.clone())).as_bytes()).hex()
}

fn read_record(line: &[u8], seq: u64, prev: &str) -> Result<Record, String> {
    let value: Value = serde_json::from_slice(line).map_err(|error| format!("this is no JSON: {error}"))?;
    // A key that stands there twice, or a letter that is written as an escape, has two readings.
    if canonical(&value).as_bytes() != line {
        return Err("this is not how the record is written".to_owned());
    }
    let Value::Object(mut fields) = value else {
        return Err("this is no record".to_owned());
    };
    let Some(Value::String(hash)) = fields.remove("hash") else {
        return Err("the record has no hash".to_owned());
    };
    if hash_of(&fields) != hash {
        return Err("the record does not have the hash that it claims".to_owned());
    }
    if fields.remove("prev").as_ref().and_then(Value::as_str) != Some(prev) {
        return Err("the record does not follow the one before it".to_owned());
    }
    if fields.remove("seq").as_ref().and_then(Value::as_u64) != Some(seq) {
        return Err(format!("the record's number is not {seq}"));
    }
    let Some(Value::String(ts)) = fields.remove("ts") else {
        return Err("the record has no time".to_owned());
    };
    let event = serde_json::from_value(Value::Object(fields)).map_err(|error| format!("unknown event: {error}"))?;
    Ok(Record { seq, ts, event, hash })
}

#[cfg(test)]
mod tests {
    use super::super::StepResult;
    use super::*;

    /// The test vector of RUNBOOK-FORMAT, section 3.4.
    fn vector() -> (Chain, String) {
        let mut chain = Chain::default();
        let mut text = String::new();
        let plan = format!("sha256:{}", "a".repeat(64));
        let started = Event::RunStarted { run: "r1".into(), plan, by: "ana".into(), source: None, left_out: vec![] };
        text += &chain.append("2026-05-04T12:00:00Z", started);
        let step = "staging.cavern.deploy".to_owned();
        let started = Event::StepStarted { step: step.clone(), attempt: 1, previous_revision: None, break_glass: None };
        text += &chain.append("2026-05-04T12:00:01Z", started);
        let finished = Event::StepFinished {
            step,
            attempt: 1,
            result: StepResult::Succeeded,
            exit: Some(0),
            signal: None,
            outputs: Default::default(),
            strays: vec![],
            note: None,
        };
        text += &chain.append("2026-05-04T12:00:09Z", finished);
        (chain, text)
    }

    #[test]
    fn the_test_vector_of_the_format_holds() {
        let (chain, _) = vector();
        let hashes: Vec<&str> = chain.records.iter().map(|record| record.hash.as_str()).collect();
        assert_eq!(
            hashes,
            [
                "63a2b70b82cc9a406ca374b993466c2871e3edc00b7cb961c14f86835c628191",
                "593b0e4df74cc3d42be46a67f0813a87a494bd20b6001e751aa6dc308f976eac",
                "9f1e58e33856dd05e697fd3b3e14a3e6d7d6cce100676556d3f22dd50847bd44",
            ]
        );
    }

    #[test]
    fn what_is_written_reads_back() {
        let (chain, text) = vector();
        assert_eq!(Chain::read(text.as_bytes()).expect("it is sound"), chain);
    }

    #[test]
    fn a_cut_at_any_byte_is_torn_and_never_a_wrong_record() {
        let (chain, text) = vector();
        for end in 0..text.len() {
            let cut = Chain::read(&text.as_bytes()[..end]).expect("a prefix is torn, not damaged");
            assert!(chain.records.starts_with(&cut.records));
            assert_eq!(cut.sound_bytes + cut.torn.len(), end);
        }
    }

    #[test]
    fn a_record_has_one_reading() {
        let (_, text) = vector();
        let first = text.lines().next().expect("it has a line");
        let others = [
            first.replace(r#""by":"ana""#, r#""by":"bob","by":"ana""#),
            first.replace(r#""by":"ana""#, r#""by": "ana""#),
            first.replace(r#""by":"ana""#, r#""by":"\u0061na""#),
            first.replace(r#""seq":0"#, r#""seq":0,"seq":0"#),
            format!("{first} "),
            format!("{first}\r"),
        ];
        for other in others {
            assert_ne!(other, first);
            let read = Chain::read(format!("{other}\n").as_bytes());
            assert_eq!(read.map_err(|damage| damage.line), Err(1), "{other}");
        }
        assert!(Chain::read(format!("{first}\n").as_bytes()).is_ok());
    }

    #[test]
    fn a_changed_byte_in_a_whole_line_is_damage() {
        let (chain, text) = vector();
        for at in 0..text.len() - 1 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            match Chain::read(&bytes) {
                Err(_) => {}
                // A flipped newline joins two lines or tears the last one; no record may change.
                Ok(read) => assert!(chain.records.starts_with(&read.records) && read.records.len() < 3, "byte {at}"),
            }
        }
    }
}
