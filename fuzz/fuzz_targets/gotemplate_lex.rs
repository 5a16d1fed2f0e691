//! Any bytes are cut into tokens, at most one a byte and the end.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    assert!(gotemplate::count_tokens(text) <= 2 * text.len() + 1);
});
