//! No bytes of a server crash the readers of advertisements, lists of refs and reports.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| git::fuzzing::packet_lines(data));
