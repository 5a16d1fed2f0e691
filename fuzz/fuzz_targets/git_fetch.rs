//! No response to a fetch crashes the reader.
#![no_main]

mod store;

libfuzzer_sys::fuzz_target!(|data: &[u8]| store::with(|repository| git::fuzzing::fetch_response(data, repository)));
