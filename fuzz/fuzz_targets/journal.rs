//! Any bytes are a journal or damaged; of a journal no byte is lost, and its records are counted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use opsbook::plan::machine::Chain;

fuzz_target!(|bytes: &[u8]| {
    let Ok(chain) = Chain::read(bytes) else { return };
    assert_eq!(chain.sound_bytes + chain.torn.len(), bytes.len());
    assert!(chain.records.iter().enumerate().all(|(number, record)| record.seq == number as u64));
});
