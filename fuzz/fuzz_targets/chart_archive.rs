//! No archive crashes the reader of charts.
//!
//! The input is gzip if it begins as such, else a tar file that is compressed here, so that a change of a byte reaches the reader.
#![no_main]

use std::io::Write as _;

use render_core::helm::{Chart, Semantics};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if data.starts_with(&[0x1f, 0x8b]) {
        let _ = Chart::from_archive(data, "chart.tgz", Semantics::default());
        return;
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(data).expect("memory can be written");
    let bytes = encoder.finish().expect("memory can be written");
    let _ = Chart::from_archive(&bytes, "chart.tgz", Semantics::default());
});
