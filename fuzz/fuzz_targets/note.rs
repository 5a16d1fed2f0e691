//! No bytes crash the reader of notes, and what is written is read as the same.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| committer::fuzzing::note(data));
