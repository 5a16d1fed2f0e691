//! No text crashes the reader of `hydrant.yaml`, and an error names the file.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &str| {
    if let Err(error) = delivery::config::parse(data, "hydrant.yaml") {
        assert_eq!(error.file.as_deref(), Some("hydrant.yaml"));
    }
});
