//! The rules of the architecture, as tests: which crate and which module may use which, and what the documentation must name.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

mod source;

use std::collections::{BTreeMap, BTreeSet};

use source::{SourceFile, crates, files, read, references, relative, root, sources, wide_tuples};

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

fn own_crates(manifest: &str, name: &str) -> BTreeSet<String> {
    let crates = crates();
    table(manifest, name).into_iter().map(|(key, _)| key).filter(|key| crates.contains_key(key)).collect()
}

/// The arrows of docs/architecture.md: `cli → delivery`, each in backquotes, in the paragraph that begins `Arrows:`.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
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
        .map(|(name, path)| (name, own_crates(&read(&path.join("Cargo.toml")), "dependencies")))
        .collect();
    let mut documented = documented();
    for name in real.keys() {
        documented.entry(name.clone()).or_default();
    }
    assert_eq!(real, documented, "crates/*/Cargo.toml (left) and docs/architecture.md (right) differ");
}

#[test]
fn only_testkit_is_an_additional_dependency_of_tests() {
    for (name, path) in crates() {
        let extra = own_crates(&read(&path.join("Cargo.toml")), "dev-dependencies");
        assert!(extra.iter().all(|found| found == "testkit"), "crates/{name}: dev-dependencies on {extra:?}");
    }
}

#[test]
fn versions_and_lints_are_set_in_the_workspace_only() {
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

/// The top-level module that a path begins with.
fn top(path: &[String]) -> Option<&String> {
    path.first()
}

/// Which of a crate's top-level modules uses which, with the places that show it.
type Graph = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// Reads the graph of a crate's top-level modules.
fn module_graph(folder: &std::path::Path) -> Graph {
    let sources = sources(folder);
    let modules: BTreeSet<String> = sources.iter().filter_map(|file| top(&file.module).cloned()).collect();
    let mut graph: Graph = modules.iter().map(|name| (name.clone(), BTreeMap::new())).collect();
    for reference in references(&sources) {
        let (Some(from), Some(to)) = (top(&reference.from), top(&reference.to)) else { continue };
        if from != to && modules.contains(to) && graph.contains_key(from) {
            let place = format!("{}: {}", reference.file, reference.to.join("::"));
            graph.entry(from.clone()).or_default().entry(to.clone()).or_default().insert(place);
        }
    }
    graph
}

/// Returns the groups of modules of which each reaches each other.
fn cycles(graph: &Graph) -> Vec<BTreeSet<String>> {
    let reached = |start: &String| {
        let (mut open, mut seen) = (vec![start], BTreeSet::new());
        while let Some(name) = open.pop() {
            open.extend(graph[name].keys().filter(|next| seen.insert((*next).clone())));
        }
        seen
    };
    let reach: BTreeMap<&String, BTreeSet<String>> = graph.keys().map(|name| (name, reached(name))).collect();
    let cyclic = graph.keys().filter(|name| reach[name].contains(*name));
    let group = |name: &String| reach[name].iter().filter(|other| reach[other].contains(name)).cloned().collect();
    cyclic.map(group).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Describes a cycle: each pair of modules in it, with the files and names that connect them.
fn describe(graph: &Graph, cycle: &BTreeSet<String>) -> String {
    let mut text = String::new();
    for from in cycle {
        for (to, places) in graph[from].iter().filter(|(to, _)| cycle.contains(*to)) {
            text.push_str(&format!("  {from} -> {to}\n"));
            places.iter().for_each(|place| text.push_str(&format!("    {place}\n")));
        }
    }
    text
}

#[test]
fn top_level_modules_form_no_cycles() {
    let mut wrong = String::new();
    for (name, folder) in crates() {
        let graph = module_graph(&folder);
        for cycle in cycles(&graph) {
            wrong.push_str(&format!("crates/{name}: a cycle of {cycle:?}:\n{}", describe(&graph, &cycle)));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_cycle_is_found_and_described() {
    let file = |name: &str, module: &[&str], text: &str| {
        SourceFile::new(name.to_owned(), module.iter().map(|&part| part.to_owned()).collect(), text)
    };
    let files = [
        file("lib.rs", &[], "mod a; mod b; mod c; pub use b::Inner;"),
        file("a.rs", &["a"], "use crate::Inner; fn f() { println!(\"{}\", crate::c::text()); }"),
        file("b/mod.rs", &["b"], "pub struct Inner; mod deep { fn g() { super::super::a::h() } }"),
        file("c.rs", &["c"], "#[cfg(test)] mod tests { use crate::a::h; } fn text() {} // use crate::b;"),
    ];
    let found: Vec<String> =
        references(&files).into_iter().map(|one| format!("{} {}", one.file, one.to.join("::"))).collect();
    for expected in ["a.rs b::Inner", "a.rs c::text", "b/mod.rs a::h"] {
        assert!(found.iter().any(|one| one == expected), "{expected}: {found:?}");
    }
    assert!(!found.iter().any(|one| one.starts_with("c.rs")), "{found:?}");
    let mut graph: Graph = ["a", "b", "c"].map(|name| (name.to_owned(), BTreeMap::new())).into();
    for (from, to) in [("a", "b"), ("b", "a"), ("a", "c")] {
        let places = BTreeSet::from(["x.rs: y".to_owned()]);
        graph.entry(from.to_owned()).or_default().insert(to.to_owned(), places);
    }
    let cycle = BTreeSet::from(["a".to_owned(), "b".to_owned()]);
    assert_eq!(cycles(&graph), std::slice::from_ref(&cycle));
    assert_eq!(describe(&graph, &cycle), "  a -> b\n    x.rs: y\n  b -> a\n    x.rs: y\n");
}

#[test]
fn delivery_has_at_most_ten_top_level_modules() {
    let entries = std::fs::read_dir(root().join("crates/delivery/src")).unwrap();
    let names: BTreeSet<String> = entries
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .filter(|name| name != "lib")
        .collect();
    assert!(names.len() <= 10, "crates/delivery/src has {} modules: {names:?}", names.len());
}

#[test]
fn public_signatures_have_no_tuples_of_three_or_more() {
    let found: Vec<String> =
        crates().values().flat_map(|folder| sources(folder)).flat_map(|file| wide_tuples(&file)).collect();
    assert!(found.is_empty(), "use a struct instead of a tuple of three or more: {found:#?}");
}

#[test]
fn every_source_file_begins_with_a_description() {
    let undocumented: Vec<_> =
        files(&root().join("crates"), "rs").into_iter().filter(|path| !read(path).starts_with("//!")).collect();
    assert!(undocumented.is_empty(), "no `//!` comment at the top of {undocumented:#?}");
}

#[test]
fn only_one_file_chooses_exit_codes() {
    let allowed = [root().join("crates/cli/src/exit.rs"), root().join("crates/cli/src/main.rs")];
    for path in files(&root().join("crates"), "rs") {
        if path.components().any(|part| ["tests", "testkit"].contains(&part.as_os_str().to_string_lossy().as_ref()))
            || allowed.contains(&path)
        {
            continue;
        }
        let text = read(&path);
        assert!(!text.contains("process::exit"), "{} ends the process", path.display());
        assert!(!text.contains("ExitCode"), "{} knows exit codes: they belong in exit.rs", path.display());
    }
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let anchor = |heading: &str| {
        let kept = heading.to_lowercase();
        let kept = kept.chars().filter(|one| one.is_alphanumeric() || [' ', '-', '_'].contains(one));
        kept.map(|one| if one == ' ' { '-' } else { one }).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn links_between_pages_have_a_target() {
    let mut pages = files(&root().join("docs"), "md");
    let others = [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "SECURITY.md",
        "CODE_OF_CONDUCT.md",
        "docs/llms.txt",
        "conformance/README.md",
        "examples/apps/README.md",
        "examples/shop/README.md",
    ];
    pages.extend(others.map(|name| root().join(name)));
    let mut broken = Vec::new();
    for page in pages {
        let text = read(&page);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
            let path = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let has_anchor = |anchor: &str| anchors(&read(&path)).contains(anchor);
            if !path.exists() || anchor.is_some_and(|anchor| !has_anchor(anchor)) {
                broken.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn the_site_and_llms_txt_list_every_page() {
    for (index, skipped) in [("SUMMARY.md", &["SUMMARY.md"][..]), ("llms.txt", &["SUMMARY.md", "decisions/"])] {
        let text = read(&root().join("docs").join(index));
        for page in files(&root().join("docs"), "md") {
            let name = relative(&page).replacen("docs/", "", 1);
            if !skipped.iter().any(|one| name.starts_with(one)) {
                let count = text.matches(&format!("({name})")).count();
                assert_eq!(count, 1, "docs/{index} lists {name} {count} times");
            }
        }
    }
}

#[test]
fn the_index_of_decisions_lists_every_page() {
    let folder = root().join("docs/decisions");
    let index = read(&folder.join("README.md"));
    for page in files(&folder, "md") {
        let name = page.file_name().unwrap().to_string_lossy();
        assert!(name == "README.md" || index.contains(&format!("({name})")), "docs/decisions/README.md lacks {name}");
        if name != "README.md" {
            let text = read(&page);
            for heading in ["## Context", "## Measured", "## Decision", "## Consequences"] {
                assert!(text.contains(&format!("\n{heading}\n")), "docs/decisions/{name} lacks {heading:?}");
            }
        }
    }
}

#[test]
fn the_compatibility_page_names_fixtures_that_exist() {
    let page = read(&root().join("docs/compatibility.md"));
    let named: Vec<&str> = page
        .split("(`")
        .skip(1)
        .filter_map(|rest| rest.split_once("`)"))
        .flat_map(|(names, _)| names.split("`, `"))
        .filter(|name| name.split('/').count() == 2)
        .collect();
    assert!(named.len() > 30, "{named:?}");
    let exists = |name: &str| {
        ["helm", "kustomize", "skaffold", "yaml"]
            .iter()
            .any(|area| root().join("fixtures").join(area).join(name).is_dir())
    };
    let missing: Vec<_> = named.iter().filter(|name| !exists(name)).collect();
    assert!(missing.is_empty(), "docs/compatibility.md names fixtures that do not exist: {missing:?}");
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

/// Child processes are created in one place, where their environment is decided.
#[test]
fn only_one_file_creates_child_processes() {
    let mut creators = BTreeSet::new();
    for (name, path) in crates().into_iter().filter(|(name, _)| name != "testkit") {
        for file in files(&path.join("src"), "rs") {
            let text = read(&file);
            // Tests stand at the end of a file.
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            if code.contains("process::Command") && code.contains("Command::new(")
                || code.contains("std::process::Command::new")
            {
                creators.insert(format!("{name}: {}", file.file_name().unwrap().to_string_lossy()));
            }
        }
    }
    assert_eq!(creators, BTreeSet::from(["net: child.rs".to_owned()]));
}
