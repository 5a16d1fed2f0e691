//! Every folder below `fixtures/kustomize` is a kustomization in `in/` (or in the sub-folder that the file `folder` names),
//! built in memory, and what comes of it: `expected.yaml`, which is kustomize 5.8.1's own output, or `expected.err`.

use manifest::yaml::write_kustomize;
use render_core::files::{MemoryFiles, join};
use render_core::host::NoHost;
use render_core::kustomize::{Built, Options, build};
use testkit::expect::Expect;
use testkit::fixtures::{Case, cases};

fn run(case: &Case) -> Result<String, String> {
    let mut files = MemoryFiles::default();
    for (path, bytes) in case.files("in") {
        files.insert(&format!("/{path}"), bytes);
    }
    let folder = join("/", case.text("folder").unwrap_or_default().trim());
    let built = build(&files, &NoHost, &folder, &Options::default()).map_err(|errors| format!("{errors}\n"))?;
    print(&built).map_err(|error| format!("{error}\n"))
}

fn print(built: &Built) -> Result<String, manifest::Diagnostic> {
    let mut text = String::new();
    for object in &built.objects {
        if !text.is_empty() {
            text.push_str("---\n");
        }
        write_kustomize(object, &mut text)?;
    }
    Ok(text)
}

#[test]
fn kustomizations_build_as_kustomize_builds_them() {
    let mut expect = Expect::default();
    for case in cases("kustomize", "in") {
        let outcome = run(&case);
        let outcome = outcome.as_ref().map(String::as_str).map_err(String::as_str);
        expect.outcome(&case.folder, "expected.yaml", "expected.err", outcome);
    }
    expect.finish();
}
