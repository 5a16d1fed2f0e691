//! The rules of the house, as tests: what a reviewer would otherwise have to look for.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The repository's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate lies in crates/cli").to_path_buf()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file below `folder` whose name ends with `.EXTENSION`, sorted, without those in `target` and hidden folders.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let (mut open, mut found) = (vec![folder.to_path_buf()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !path.is_symlink() && name != "target" && !name.starts_with('.') {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The folders of the crates, by name.
fn crates() -> BTreeMap<String, PathBuf> {
    fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("Cargo.toml").is_file())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path))
        .collect()
}

/// The keys of one table of a `Cargo.toml`, each up to its first dot, with the rest of the line.
fn table(manifest: &str, name: &str) -> Vec<(String, String)> {
    manifest
        .lines()
        .skip_while(|line| line.trim() != format!("[{name}]"))
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(['.', '=']))
        .map(|(key, rest)| (key.trim().to_owned(), rest.trim().to_owned()))
        .collect()
}

fn ours(manifest: &str, name: &str) -> BTreeSet<String> {
    let crates = crates();
    table(manifest, name).into_iter().map(|(key, _)| key).filter(|key| crates.contains_key(key)).collect()
}

/// The arrows of docs/architecture.md: `cli → delivery`, each in backquotes, in the paragraph that begins `Arrows:`.
fn promised() -> BTreeMap<String, BTreeSet<String>> {
    let page = read(&root().join("docs/architecture.md"));
    let start = page.find("\nArrows:").expect("docs/architecture.md has a paragraph that begins `Arrows:`");
    let paragraph = page[start + 1..].split("\n\n").next().unwrap_or_default().replace('\n', " ");
    paragraph
        .split('`')
        .filter_map(|part| part.split_once(" → "))
        .map(|(from, to)| {
            (from.to_owned(), to.split(", ").filter(|name| *name != "nothing of ours").map(String::from).collect())
        })
        .collect()
}

#[test]
fn the_crates_depend_on_each_other_as_the_architecture_page_says() {
    let real: BTreeMap<_, _> = crates()
        .into_iter()
        .map(|(name, path)| (name, ours(&read(&path.join("Cargo.toml")), "dependencies")))
        .collect();
    let mut promised = promised();
    for name in real.keys() {
        promised.entry(name.clone()).or_default();
    }
    assert_eq!(real, promised, "crates/*/Cargo.toml (left) and docs/architecture.md (right) differ");
}

#[test]
fn tests_alone_use_testkit_and_nothing_else_of_ours_on_top() {
    for (name, path) in crates() {
        let extra = ours(&read(&path.join("Cargo.toml")), "dev-dependencies");
        assert!(extra.iter().all(|found| found == "testkit"), "crates/{name}: dev-dependencies on {extra:?}");
    }
}

#[test]
fn versions_and_lints_stand_in_the_workspace_alone() {
    for (name, path) in crates() {
        let manifest = read(&path.join("Cargo.toml"));
        assert_eq!(table(&manifest, "lints"), [("workspace".to_owned(), "true".to_owned())], "crates/{name}: [lints]");
        for section in ["dependencies", "dev-dependencies"] {
            for (key, rest) in table(&manifest, section) {
                assert!(
                    rest.contains("workspace = true"),
                    "crates/{name}: [{section}] {key} does not say workspace = true"
                );
            }
        }
    }
}

#[test]
fn every_source_file_says_what_it_is() {
    let silent: Vec<_> =
        files(&root().join("crates"), "rs").into_iter().filter(|path| !read(path).starts_with("//!")).collect();
    assert!(silent.is_empty(), "no `//!` comment on top of {silent:#?}");
}

#[test]
fn only_one_file_knows_the_exit_codes() {
    let allowed = [root().join("crates/cli/src/exit.rs"), root().join("crates/cli/src/main.rs")];
    for path in files(&root().join("crates"), "rs") {
        if path.components().any(|part| part.as_os_str() == "tests") || allowed.contains(&path) {
            continue;
        }
        let text = read(&path);
        assert!(!text.contains("process::exit"), "{} ends the process", path.display());
        assert!(!text.contains("ExitCode"), "{} knows exit codes: they belong in exit.rs", path.display());
    }
}

#[test]
fn links_between_the_pages_lead_somewhere() {
    let mut pages = files(&root().join("docs"), "md");
    pages.extend(
        ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
            .map(|name| root().join(name))
            .into_iter()
            .filter(|path| path.is_file()),
    );
    let mut broken = Vec::new();
    for page in pages {
        let text = read(&page);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            let elsewhere = file.is_empty() || file.contains("://") || file.starts_with("mailto:");
            if !elsewhere && !page.parent().unwrap().join(file).exists() {
                broken.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Every name under `properties`, anywhere in a JSON Schema.
fn properties(schema: &serde_json::Value, found: &mut BTreeSet<String>) {
    match schema {
        serde_json::Value::Object(map) => {
            if let Some(serde_json::Value::Object(named)) = map.get("properties") {
                found.extend(named.keys().cloned());
            }
            map.values().for_each(|value| properties(value, found));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|value| properties(value, found)),
        _ => {}
    }
}

#[test]
fn the_config_page_names_every_field() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_hydrant")).arg("schema").output().unwrap();
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut fields = BTreeSet::new();
    properties(&schema, &mut fields);
    assert!(fields.len() > 20, "{fields:?}");
    let page = read(&root().join("docs/config.md"));
    let missing: Vec<_> = fields.iter().filter(|field| !page.contains(&format!("`{field}`"))).collect();
    assert!(missing.is_empty(), "docs/config.md does not name {missing:?}");
}
