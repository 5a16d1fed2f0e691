//! How a `skaffold.yaml` is read: `fixtures/skaffold/*/*/load.json` beside `in/`.
//!
//! `load.json` holds the options that differ from those of `skaffold render` in `/work`. The expectation is the configs
//! as documents of the newest version, in the order they are rendered, and the warnings.

use std::collections::BTreeMap;

use manifest::yaml::write_skaffold;
use manifest::{Diagnostic, Errors, Node};
use render_core::files::MemoryFiles;
use render_core::host::{Host, NoHost, Program, ProgramOutput, RemoteRepository};
use render_core::skaffold::{Inputs, Loaded, SkaffoldOptions, load};
use testkit::expect::Expect;
use testkit::fixtures::{Case, cases};

/// A world in which the repository `https://git.example/NAME` lies in `/repositories/NAME`.
struct Repositories;

impl Host for Repositories {
    fn repository(&self, wanted: &RemoteRepository) -> Result<String, Diagnostic> {
        match wanted.url.strip_prefix("https://git.example/") {
            Some(name) => Ok(format!("/repositories/{name}/{}", wanted.revision.as_deref().unwrap_or("default"))),
            None => NoHost.repository(wanted),
        }
    }

    fn download(&self, url: &str) -> Result<Vec<u8>, Diagnostic> {
        NoHost.download(url)
    }

    fn run(&self, program: &Program) -> Result<ProgramOutput, Diagnostic> {
        NoHost.run(program)
    }

    fn scratch(&self) -> Result<String, Diagnostic> {
        NoHost.scratch()
    }
}

fn run(case: &Case) -> Result<Loaded, Errors> {
    let given: serde_json::Value =
        serde_json::from_str(&case.text("load.json").unwrap_or_default()).expect("load.json is JSON");
    let list = |key: &str| -> Vec<String> {
        let items = given[key].as_array().into_iter().flatten();
        items.map(|item| item.as_str().expect("load.json holds strings").to_owned()).collect()
    };
    let environment: BTreeMap<String, String> = given["environment"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.clone(), value.as_str().expect("load.json holds strings").to_owned()))
        .collect();
    let mut files = MemoryFiles::default();
    for (name, bytes) in case.files("in") {
        files.insert(&format!("/work/{name}"), bytes);
    }
    for (name, bytes) in case.files("repositories") {
        files.insert(&format!("/repositories/{name}"), bytes);
    }
    let options = SkaffoldOptions {
        file: given["file"].as_str().unwrap_or("skaffold.yaml").to_owned(),
        input: given["input"].as_str().unwrap_or_default().into(),
        profiles: list("profiles"),
        optional_profiles: list("optionalProfiles"),
        auto_activation: given["autoActivation"].as_bool().unwrap_or(true),
        propagate_profiles: given["propagateProfiles"].as_bool().unwrap_or(true),
        modules: list("modules"),
        kube_context: given["kubeContext"].as_str().unwrap_or_default().to_owned(),
        ..SkaffoldOptions::default()
    };
    load(&Inputs {
        files: &files,
        host: &Repositories,
        working_dir: "/work",
        environment: &environment,
        options: &options,
        base_cache: None,
    })
}

fn shown(loaded: &Loaded) -> String {
    let mut out = String::new();
    for (config, document) in loaded.configs.iter().zip(&loaded.documents) {
        let name = if config.name.is_empty() { "unnamed" } else { &config.name };
        out += &format!("# {name} of {} [{}], {}\n", config.file, config.index, config.version);
        if !config.profiles.is_empty() {
            out += &format!("# profiles: {}\n", config.profiles.join(", "));
        }
        if config.manifests.by_default {
            out += "# rawYaml by default\n";
        }
        write_skaffold(&Node::from(document.clone()), &mut out).expect("a typed document can be printed");
    }
    for warning in &loaded.warnings {
        out += &format!("# warning: {}\n", warning.to_string().replace('\n', "\n# "));
    }
    out
}

#[test]
fn configs_are_read_as_expected() {
    let mut expect = Expect::default();
    for case in cases("skaffold", "load.json") {
        let outcome = run(&case).map(|loaded| shown(&loaded)).map_err(|errors| format!("{errors}\n"));
        expect.outcome(&case.folder, "expected.yaml", "expected.err", outcome.as_deref().map_err(String::as_str));
    }
    expect.finish();
}
