//! What `hydrant bootstrap` prints, and what the guides show, has the fields that the CRDs of Argo CD and Flux have, with
//! their types, patterns and required neighbours: `fixtures/crds/fields`.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use regex::Regex;
use serde_json::Value;

/// What is known of one kind: its fields by their paths.
type Kind = BTreeMap<String, Field>;

struct Field {
    kind: String,
    required: bool,
    pattern: Option<Regex>,
}

#[test]
fn what_bootstrap_prints_is_what_the_crds_take() {
    let kinds = kinds();
    let folder = testkit::fixtures::root().join("fixtures/cli/bootstrap");
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for case in folders(&folder) {
        let text = std::fs::read_to_string(case.join("expected")).unwrap();
        let printed: Vec<&str> = text.lines().filter(|line| !line.starts_with("! ")).collect();
        let printed = printed.join("\n").replace("\nstatus 1", "");
        // Each command of a transcript begins with its line.
        for output in format!("\n{printed}").split("\n$ ") {
            let documents = output.split_once('\n').map_or("", |(_, documents)| documents);
            for (kind, count) in check(&kinds, documents, &case) {
                *seen.entry(kind).or_default() += count;
            }
        }
    }
    for kind in kinds.keys() {
        assert!(seen.contains_key(kind), "no fixture below {} prints a {kind}", folder.display());
    }
}

#[test]
fn what_the_guides_show_is_what_the_crds_take() {
    let kinds = kinds();
    let folder = testkit::fixtures::root().join("docs/guides");
    let mut shown = 0;
    for page in ["argo-cd.md", "flux.md", "artifacts.md"].map(|name| folder.join(name)) {
        let text = std::fs::read_to_string(&page).unwrap();
        for block in text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("\n```").next()) {
            shown += check(&kinds, block, &page).values().sum::<usize>();
        }
    }
    assert!(shown >= 4, "{shown} objects");
}

/// Holds the documents against the table, and counts them by kind.
fn check(kinds: &BTreeMap<String, Kind>, documents: &str, place: &Path) -> BTreeMap<String, usize> {
    let mut seen = BTreeMap::new();
    for document in documents.split("\n---\n").filter(|text| text.contains("apiVersion:")) {
        let mut object: Value = serde_saphyr::from_str(document).unwrap();
        let fields = object.as_object_mut().unwrap();
        let mut word = |name: &str| fields.shift_remove(name).unwrap().as_str().unwrap().to_owned();
        let name = format!("{} {}", word("apiVersion"), word("kind"));
        let kind = kinds.get(&name).unwrap_or_else(|| panic!("{}: {name} is not in the table", place.display()));
        let mut wrong = Vec::new();
        walk(kind, "", &object, &mut wrong);
        assert!(wrong.is_empty(), "{}: {name}: {wrong:#?}\n{document}", place.display());
        *seen.entry(name).or_default() += 1;
    }
    seen
}

fn walk(kind: &Kind, path: &str, value: &Value, wrong: &mut Vec<String>) {
    if let Value::Object(fields) = value {
        let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        for (known, field) in kind.iter().filter(|(_, field)| field.required) {
            let name = known.rsplit('.').next().unwrap();
            if *known == below(name) && !fields.contains_key(name) {
                wrong.push(format!("{known} is missing ({})", field.kind));
            }
        }
        fields.iter().for_each(|(name, value)| field(kind, &below(name), value, wrong));
    }
    if let Value::Array(items) = value {
        items.iter().for_each(|item| field(kind, &format!("{path}[]"), item, wrong));
    }
}

fn field(kind: &Kind, path: &str, value: &Value, wrong: &mut Vec<String>) {
    let Some(known) = kind.get(path) else { return wrong.push(format!("{path} is no field")) };
    let fits = match (known.kind.as_str(), value) {
        ("any", _) => return,
        ("string", Value::String(text)) => known.pattern.as_ref().is_none_or(|pattern| pattern.is_match(text)),
        ("boolean", Value::Bool(_)) | ("object", Value::Object(_)) | ("list", Value::Array(_)) => true,
        _ => false,
    };
    if !fits {
        wrong.push(format!("{path} is {value}, not {} {:?}", known.kind, known.pattern));
    }
    walk(kind, path, value, wrong);
}

/// The table.
fn kinds() -> BTreeMap<String, Kind> {
    let text = std::fs::read_to_string(testkit::fixtures::root().join("fixtures/crds/fields")).unwrap();
    let (mut kinds, mut last): (BTreeMap<String, Kind>, String) = (BTreeMap::new(), String::new());
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (head, pattern) = line.split_once(" ~").map_or((line, None), |(head, pattern)| (head, Some(pattern)));
        let columns: Vec<&str> = head.split(' ').collect();
        if columns[0].contains('/') {
            line.clone_into(&mut last);
            continue;
        }
        let field = Field {
            kind: columns[1].to_owned(),
            required: columns.get(2) == Some(&"required"),
            pattern: pattern.map(|text| Regex::new(text).unwrap()),
        };
        kinds.entry(last.clone()).or_default().insert(columns[0].to_owned(), field);
    }
    kinds
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}
