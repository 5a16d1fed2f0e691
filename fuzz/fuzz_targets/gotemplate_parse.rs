//! Any bytes are a template or are refused with a message that begins as Go's.

#![no_main]

use gotemplate::Templates;

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    if let Err(error) = Templates::new("t").parse("t", text) {
        assert!(error.to_string().starts_with("template: t:"));
    }
});
