//! `fixtures/board/…`: `units.json`, as `hydrant status --format json` prints it, becomes `expected.html`. `.ci/run browser`
//! opens the same pages in Chromium.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its case has failed")]

use delivery::host::Moment;
use delivery::verbs::status::board;
use serde_json::Value;
use testkit::expect::Expect;
use testkit::fixtures;

#[test]
fn units_become_a_page() {
    let now = Some(Moment { seconds: 1_795_298_400, offset_minutes: 0 });
    let mut expect = Expect::default();
    for case in fixtures::cases("board", "units.json") {
        let told: Value = serde_json::from_str(&case.text("units.json").unwrap()).unwrap();
        expect.file(&case.folder.join("expected.html"), &board(told["units"].as_array().unwrap(), now));
    }
    expect.finish();
}
