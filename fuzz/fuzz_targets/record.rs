//! No bytes crash the reader of records, and what is written is read as the same.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| committer::fuzzing::record(data));
