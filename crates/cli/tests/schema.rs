//! Validates every hydrant.yaml and lock file of the repository against the schemas with Python's `jsonschema`.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::process::Command;

#[test]
#[ignore = "needs python3 with jsonschema and yaml"]
fn real_schemas_agree_with_the_program() {
    let root = testkit::fixtures::root();
    let done = Command::new("python3")
        .arg(root.join(".ci/schemas.py"))
        .arg(env!("CARGO_BIN_EXE_hydrant"))
        .arg(&root)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{stderr}");
}

#[test]
#[ignore = "needs python3 with jsonschema"]
fn real_output_fits_its_schema() {
    let root = testkit::fixtures::root();
    let done = Command::new("python3").arg(root.join(".ci/output_schema.py")).arg(&root).output().unwrap();
    let text = String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{text}");
}
