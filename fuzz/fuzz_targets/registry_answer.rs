//! No answer of a registry crashes the readers of manifests, indexes, challenges and credentials.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| registry::fuzzing::answer(data));
