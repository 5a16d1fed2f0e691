//! What is read and printed: `fixtures/yaml/<case>/in.yaml` through the reader and kustomize's printer gives
//! `expected.yaml`, which `kubectl kustomize` wrote, or the error `expected.err`.

use manifest::yaml;
use testkit::expect::Expect;
use testkit::fixtures;

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

#[test]
fn files_come_out_as_kustomize_prints_them() {
    let mut expect = Expect::default();
    for case in fixtures::cases("yaml", "in.yaml") {
        let input = case.bytes("in.yaml").unwrap_or_default();
        let outcome = reprint(&input).map_err(|error| error + "\n");
        expect.outcome(&case.folder, "expected.yaml", "expected.err", outcome.as_deref().map_err(String::as_str));
    }
    expect.finish();
}
