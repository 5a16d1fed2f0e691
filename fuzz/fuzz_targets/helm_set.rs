//! No `--set` crashes the readers of helm's flags.
//!
//! The input is a line with the kind of the flag, then several values, one a line.
#![no_main]

use render_core::helm::{Semantics, ValueSource, Values};

libfuzzer_sys::fuzz_target!(|data: &str| {
    let (kind, rest) = data.split_once('\n').unwrap_or(("", data));
    let make = |text: &str| match kind {
        "json" => ValueSource::SetJson(text.to_owned()),
        "string" => ValueSource::SetString(text.to_owned()),
        "literal" => ValueSource::SetLiteral(text.to_owned()),
        "file" => ValueSource::File { name: "values.yaml".to_owned(), bytes: text.as_bytes().to_vec() },
        _ => ValueSource::Set(text.to_owned()),
    };
    let sources: Vec<ValueSource> = rest.lines().map(make).collect();
    let _ = Values::merge(&sources, Semantics::default());
    let _ = Values::merge(&[make(rest)], Semantics::default());
});
