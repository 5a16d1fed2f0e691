//! What the pages show is true: each `hydrant.yaml` in them is one that hydrant takes, and what they give to CI systems is YAML with
//! every action pinned by its commit.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use std::path::{Path, PathBuf};

use delivery::config;
use serde_json::Value;

fn root() -> PathBuf {
    testkit::fixtures::root()
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn pages() -> Vec<PathBuf> {
    let mut pages = files(&root().join("docs"), "md");
    pages.push(root().join("README.md"));
    pages
}

/// The blocks of one language in a page, without the indentation that they have in a list.
fn blocks(page: &Path, language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(page).unwrap();
    let (mut found, mut open): (Vec<String>, Option<(usize, Vec<&str>)>) = (Vec::new(), None);
    for line in text.lines() {
        let bare = line.trim_start();
        match open.take() {
            Some((_, lines)) if bare == "```" => found.push(lines.join("\n") + "\n"),
            Some((indent, mut lines)) => {
                lines.push(line.get(indent..).unwrap_or(bare));
                open = Some((indent, lines));
            }
            None if bare == format!("```{language}") => open = Some((line.len() - bare.len(), Vec::new())),
            None => {}
        }
    }
    found
}

#[test]
fn every_config_in_the_pages_is_taken() {
    let mut taken = 0;
    for page in pages() {
        for block in blocks(&page, "yaml").into_iter().filter(|block| block.contains("kind: Delivery")) {
            config::parse(&block, "hydrant.yaml")
                .unwrap_or_else(|error| panic!("{}: {error}\n{block}", page.display()));
            taken += 1;
        }
    }
    assert!(taken >= 6, "{taken} configs");
}

#[test]
fn every_yaml_in_the_pages_can_be_read() {
    for page in pages() {
        for block in blocks(&page, "yaml") {
            // Several objects in a block are documents of their own.
            for document in block.split("\n---\n") {
                let read: Result<Value, _> = serde_saphyr::from_str(document);
                read.unwrap_or_else(|error| panic!("{}: {error}\n{document}", page.display()));
            }
        }
    }
}

#[test]
fn what_ci_systems_read_is_yaml_and_pinned() {
    let mut all = files(&root().join(".github"), "yml");
    all.extend(files(&root().join("templates"), "yml"));
    all.push(root().join("action.yml"));
    for file in &all {
        let text = std::fs::read_to_string(file).unwrap();
        for document in text.split("\n---\n") {
            let read: Result<Value, _> = serde_saphyr::from_str(document);
            read.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        }
        for line in text.lines().filter(|line| line.trim_start().trim_start_matches("- ").starts_with("uses: ")) {
            let (action, version) = line.split_once(" # v").unwrap_or((line, ""));
            let commit = action.rsplit('@').next().unwrap_or_default();
            let pinned = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(
                pinned && !version.is_empty(),
                "{}: not pinned by commit, with its version: {line}",
                file.display()
            );
        }
    }
    for file in files(&root().join(".github/workflows"), "yml") {
        let workflow: Value = serde_saphyr::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        assert_eq!(workflow["permissions"], serde_json::json!({ "contents": "read" }), "{}", file.display());
    }
}

#[test]
fn the_component_takes_what_it_uses() {
    let text = std::fs::read_to_string(root().join("templates/hydrant.yml")).unwrap();
    let (head, jobs) = text.split_once("\n---\n").unwrap();
    let head: Value = serde_saphyr::from_str(head).unwrap();
    let inputs = head["spec"]["inputs"].as_object().unwrap();
    let used: Vec<&str> = jobs.split("$[[ inputs.").skip(1).map(|rest| rest.split(' ').next().unwrap()).collect();
    assert!(used.iter().all(|name| inputs.contains_key(*name)), "{used:?}");
    assert!(inputs.keys().all(|name| used.contains(&name.as_str())), "{used:?}");
}
