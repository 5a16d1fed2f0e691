//! No input crashes a reader, and the bytes of a scalar lie in the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use manifest::yaml;

fuzz_target!(|data: &[u8]| {
    let _ = yaml::read_objects(data);
    let _ = yaml::read_configuration(data);
    let stream = yaml::read_stream(data);
    let spans = yaml::scalar_spans(data);
    if stream.is_ok() {
        let spans = spans.expect("what is read has spans");
        let mut last = 0;
        for span in spans {
            assert!(last <= span.range.start && span.range.start <= span.range.end && span.range.end <= data.len());
            last = span.range.start;
        }
    }
});
