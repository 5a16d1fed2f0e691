//! No pack crashes the check or what stores its objects, and the check accepts the same packs in pieces of every size.
#![no_main]

mod store;

libfuzzer_sys::fuzz_target!(|data: &[u8]| store::with(|repository| git::fuzzing::pack(data, repository)));
