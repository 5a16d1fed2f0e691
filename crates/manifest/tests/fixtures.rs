//! Runs the fixtures of `fixtures/yaml`: `in.yaml` is read and printed as kustomize prints it; the result is `expected.yaml`, or the
//! error `expected.err`.

use std::process::ExitCode;

use manifest::yaml;
use testkit::expect::Expect;
use testkit::fixtures::{Case, Suite, run as run_suites};

fn reprint(input: &[u8]) -> Result<String, String> {
    let objects = yaml::read_objects(input).map_err(|error| error.in_file("in.yaml").to_string())?;
    let mut out = String::new();
    for object in &objects {
        if !out.is_empty() {
            out.push_str("---\n");
        }
        yaml::write_kustomize(object, &mut out).map_err(|error| error.in_file("in.yaml").to_string())?;
    }
    Ok(out)
}

fn run(case: &Case, expect: &mut Expect) {
    let input = case.bytes("in.yaml").unwrap_or_default();
    let outcome = reprint(&input).map_err(|error| error + "\n");
    expect.outcome(&case.folder, "expected.yaml", "expected.err", outcome.as_deref().map_err(String::as_str));
}

fn main() -> ExitCode {
    run_suites(&[Suite { name: "yaml", area: "yaml", marker: "in.yaml", run }])
}
