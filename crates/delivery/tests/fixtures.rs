//! Runs the fixtures of `fixtures/diff` and `fixtures/board`.
//!
//! - `diff`: `old.yaml` and `new.yaml` are compared, without what `noise.txt` leaves out; the result is printed in each format. The
//!   file `secrets` lists texts that no format may show.
//! - `board`: `units.json`, as `hydrant status --format json` prints it, becomes `expected.html`. `.ci/run browser` opens the same
//!   pages in Chromium.

use std::process::ExitCode;

use delivery::host::Moment;
use delivery::report::diff::{Noise, UnitDiff, compare, html, json, json_patch, markdown, text, unified};
use delivery::verbs::status;
use serde_json::Value;
use testkit::expect::Expect;
use testkit::fixtures::{Case, Suite, run};

fn compared(case: &Case) -> UnitDiff {
    let read = |name: &str| {
        let bytes = case.bytes(name).unwrap_or_else(|| panic!("{}: no {name}", case.name));
        manifest::yaml::read_objects(&bytes).unwrap_or_else(|error| panic!("{}: {error}", case.name))
    };
    let objects = compare(&read("old.yaml"), &read("new.yaml"), &noise(case));
    UnitDiff {
        name: case.name.clone(),
        sides: ("old.yaml".to_owned(), "new.yaml".to_owned()),
        objects,
        assignments: Vec::new(),
        ended: Vec::new(),
        hold: None,
        findings: Vec::new(),
    }
}

fn noise(case: &Case) -> Noise {
    let noise = case.text("noise.txt").unwrap_or_default();
    Noise::new(noise.lines()).unwrap_or_else(|error| panic!("{}: {error}", case.name))
}

fn diff(case: &Case, expect: &mut Expect) {
    let units = [compared(case)];
    let formats = [
        ("txt", text(&units, false)),
        ("md", markdown(&units, 65_536)),
        ("diff", unified(&units)),
        ("html", html(&units)),
        ("json-patch", json_patch(&units, &noise(case))),
        ("json", serde_json::to_string_pretty(&json(&units)).expect("a JSON value prints") + "\n"),
    ];
    for (extension, shown) in &formats {
        expect.file(&case.folder.join(format!("expected.{extension}")), shown);
        for secret in case.text("secrets").unwrap_or_default().lines() {
            assert!(!shown.contains(secret), "{extension}: {secret} is shown");
        }
    }
    for limit in [300, 600, 1200] {
        let shown = markdown(&units, limit);
        assert!(shown.len() <= limit, "{} bytes of Markdown, limit {limit}", shown.len());
        let whole = markdown(&units, usize::MAX);
        assert!(shown == whole || shown.contains("left out") || shown.len() < whole.len());
    }
}

fn board(case: &Case, expect: &mut Expect) {
    let now = Some(Moment { seconds: 1_795_298_400, offset_minutes: 0 });
    let status: Value = serde_json::from_str(&case.text("units.json").unwrap_or_default()).expect("units.json is JSON");
    let units = status["units"].as_array().expect("units.json has units");
    expect.file(&case.folder.join("expected.html"), &status::board(units, now));
}

fn main() -> ExitCode {
    run(&[
        Suite { name: "diff", area: "diff", marker: "old.yaml", run: diff },
        Suite { name: "board", area: "board", marker: "units.json", run: board },
    ])
}
