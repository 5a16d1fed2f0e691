//! The fields of kustomization.yaml that the page on compatibility lists are those that the code reads.

#![expect(clippy::disallowed_methods, reason = "a test reads the page that it checks")]

use render_core::kustomize::kustomization as k;
use render_core::kustomize::{GENERATORS, TRANSFORMERS};

const BEGIN: &str = "<!-- kustomization fields: written by a test -->\n";
const END: &str = "<!-- end of kustomization fields -->\n";

/// Every structure of the file: the path that leads to it, and its fields.
const STRUCTURES: &[(&str, &[&str])] = &[
    ("", k::Kustomization::FIELDS),
    ("metadata.", k::Metadata::FIELDS),
    ("labels[].", k::Label::FIELDS),
    ("labels[].fields[].", k::FieldSpecArgs::FIELDS),
    ("patches[].", k::Patch::FIELDS),
    ("patches[].target.", k::Selector::FIELDS),
    ("patches[].options.", k::PatchOptions::FIELDS),
    ("images[].", k::Image::FIELDS),
    ("replacements[].", k::Replacement::FIELDS),
    ("replacements[].source.", k::ReplacementSource::FIELDS),
    ("replacements[].source.options.", k::FieldOptions::FIELDS),
    ("replacements[].targets[].", k::ReplacementTarget::FIELDS),
    ("replicas[].", k::Replica::FIELDS),
    ("vars[].", k::Var::FIELDS),
    ("vars[].objref.", k::VarTarget::FIELDS),
    ("vars[].fieldref.", k::VarField::FIELDS),
    ("sortOptions.", k::SortOptions::FIELDS),
    ("sortOptions.legacySortOptions.", k::LegacySortOptions::FIELDS),
    ("configMapGenerator[].", k::ConfigMapArgs::FIELDS),
    ("secretGenerator[].", k::SecretArgs::FIELDS),
    ("generatorOptions.", k::GeneratorOptions::FIELDS),
    ("helmGlobals.", k::HelmGlobals::FIELDS),
    ("helmCharts[].", k::HelmChart::FIELDS),
    ("helmChartInflationGenerator[].", k::HelmChartArgs::FIELDS),
];

/// Fields that kustomize reads and gives no effect either.
const WITHOUT_EFFECT: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.labels",
    "metadata.annotations",
    "helmChartInflationGenerator[].chartRepoName",
    "helmChartInflationGenerator[].helmBin",
    "helmChartInflationGenerator[].releaseNamespace",
    "helmChartInflationGenerator[].extraArgs",
    "replacements[].source.options.create",
];

fn table() -> String {
    let mut table = "| field | what hydrant does |\n| --- | --- |\n".to_owned();
    for (path, fields) in STRUCTURES {
        for field in *fields {
            let name = format!("{path}{field}");
            let done = if WITHOUT_EFFECT.contains(&name.as_str()) { "accepted without effect" } else { "done" };
            table.push_str(&format!("| `{name}` | {done} |\n"));
        }
    }
    table
}

#[test]
fn the_page_on_compatibility_lists_the_fields_and_plugins_that_are_read() {
    let path = testkit::fixtures::root().join("docs/compatibility.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (front, rest) = page.split_once(BEGIN).expect("the page holds the mark of the table's begin");
    let (_, tail) = rest.split_once(END).expect("the page holds the mark of the table's end");
    let mut expect = testkit::expect::Expect::default();
    expect.file(&path, &with_plugins(&format!("{front}{BEGIN}{}{END}{tail}", table())));
    expect.finish();
}

const PLUGINS_BEGIN: &str = "<!-- built-in plugins: written by a test -->\n";
const PLUGINS_END: &str = "<!-- end of built-in plugins -->\n";

/// The page with its list of built-in plugins as the code has it.
fn with_plugins(page: &str) -> String {
    let (front, rest) = page.split_once(PLUGINS_BEGIN).expect("the page holds the mark of the list's begin");
    let (_, tail) = rest.split_once(PLUGINS_END).expect("the page holds the mark of the list's end");
    let mut table = "| plugin | what hydrant does |\n| --- | --- |\n".to_owned();
    for kind in GENERATORS.iter().chain(&TRANSFORMERS) {
        table.push_str(&format!("| `{kind}` | done |\n"));
    }
    format!("{front}{PLUGINS_BEGIN}{table}{PLUGINS_END}{tail}")
}
