//! Every case below `fixtures/diff`: `old.yaml` and `new.yaml` compared, in each format.

use delivery::report::diff::{Noise, UnitDiff, compare, html, json, markdown, text, unified};
use testkit::expect::Expect;
use testkit::fixtures::{Case, cases};

fn compared(case: &Case) -> UnitDiff {
    let read = |name: &str| {
        let bytes = case.bytes(name).unwrap_or_else(|| panic!("{}: no {name}", case.name));
        manifest::yaml::read_objects(&bytes).unwrap_or_else(|error| panic!("{}: {error}", case.name))
    };
    let noise = case.text("noise.txt").unwrap_or_default();
    let noise = Noise::new(noise.lines()).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let objects = compare(&read("old.yaml"), &read("new.yaml"), &noise);
    UnitDiff { name: case.name.clone(), sides: ("old.yaml".to_owned(), "new.yaml".to_owned()), objects }
}

#[test]
fn every_format() {
    let mut expect = Expect::default();
    for case in cases("diff", "old.yaml") {
        let units = [compared(&case)];
        expect.file(&case.folder.join("expected.txt"), &text(&units, false));
        expect.file(&case.folder.join("expected.md"), &markdown(&units, 65_536));
        expect.file(&case.folder.join("expected.diff"), &unified(&units));
        expect.file(&case.folder.join("expected.html"), &html(&units));
        let json = serde_json::to_string_pretty(&json(&units)).expect("a JSON value prints");
        expect.file(&case.folder.join("expected.json"), &format!("{json}\n"));
    }
    expect.finish();
}

#[test]
fn secret_values_reach_no_format() {
    for case in cases("diff/secret/..", "old.yaml") {
        let units = [compared(&case)];
        let formats = [text(&units, true), markdown(&units, 65_536), unified(&units), html(&units)];
        let all = formats.concat() + &json(&units).to_string();
        for value in ["b2xk", "bmV3", "bWU=", "hunter2"] {
            assert!(!all.contains(value), "{}: {value} is shown", case.name);
        }
    }
}

#[test]
fn markdown_keeps_to_its_limit() {
    for case in cases("diff", "old.yaml") {
        for limit in [300, 600, 1200] {
            let shown = markdown(&[compared(&case)], limit);
            assert!(shown.len() <= limit, "{}: {} bytes", case.name, shown.len());
            let whole = markdown(&[compared(&case)], usize::MAX);
            assert!(shown == whole || shown.contains("left out") || shown.len() < whole.len(), "{}", case.name);
        }
    }
}
