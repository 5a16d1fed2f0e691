//! The rules of `docs/style.md` that a test can hold: names and phrases that are not used, and the form of errors and hints.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

mod source;

use std::path::Path;

use regex::Regex;
use source::{all_files, crates, messages, relative, root, sources};

/// What a rule reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// Rust sources, comments included.
    Code,
    /// String literals of the crates' sources, without their tests.
    Literals,
    /// Rust sources, documentation, and the texts of fixtures.
    Everything,
}

/// A name or phrase that is not used.
struct Rule {
    pattern: &'static str,
    scope: Scope,
    instead: &'static str,
    /// How many places are known; the number only shrinks.
    known: usize,
}

const fn rule(pattern: &'static str, scope: Scope, instead: &'static str, known: usize) -> Rule {
    Rule { pattern, scope, instead, known }
}

/// The rules.
const RULES: &[Rule] = &[
    rule(r#"\bShelf\b"#, Scope::Code, "BaseCache", 0),
    rule(r#"\bDoors\b"#, Scope::Code, "Io", 0),
    rule(r#"\b(dyn|impl|trait) Outside\b"#, Scope::Code, "Host", 0),
    rule(r#"\bWorld\b"#, Scope::Code, "SystemHost", 0),
    rule(r#"\bSurroundings\b"#, Scope::Code, "RunContext", 0),
    rule(r#"\bWorkshop\b"#, Scope::Code, "ObjectStore", 0),
    rule(r#"\bcrew\b"#, Scope::Code, "worker_pool", 0),
    rule(r#"\bFooting\b"#, Scope::Code, "BaseKey", 0),
    rule(r#"\bTelling\b"#, Scope::Code, "PullRequestBody", 0),
    rule(r#"\bByApi\b"#, Scope::Code, "GitHubApiTransport", 0),
    rule(r#"\bStanding\b"#, Scope::Code, "TopicState", 0),
    rule(r#"\bSourced\b"#, Scope::Code, "SourceTree", 0),
    rule(r#"\bWanted\b"#, Scope::Code, "a name that says what is requested", 0),
    rule(r#"\bWalk\b"#, Scope::Code, "ConfigLoader", 0),
    rule(r#"\bTrouble\b"#, Scope::Code, "HttpError", 0),
    rule(r#"\bQuiet\b"#, Scope::Code, "RetryAfterGate", 0),
    rule(r#"\bGiven\b"#, Scope::Code, "PinnedInputs", 0),
    rule(r#"\bknock\b"#, Scope::Code, "ping", 0),
    rule(r#"\bconverse\b"#, Scope::Code, "send", 0),
    rule(r#"\belse_everything\b"#, Scope::Code, "default_to_all", 0),
    rule(
        r#"\b(struct|enum|trait|type) (Place|Found|Way|Via)\b"#,
        Scope::Code,
        "a name that says what kind of thing it is",
        0,
    ),
    rule(
        r#"\b(words|said|told|undone|around|patient|odd)\b"#,
        Scope::Code,
        "message, stderr, warnings, ctx, retry, protocol_error",
        0,
    ),
    rule(
        r#"(?i)\b(some|no|any)body\b|\bwhoever\b"#,
        Scope::Everything,
        "the field's term for who does it, or the passive",
        0,
    ),
    rule(
        r#"(?i)whose turn|\broofs?\b|lets? us in|the house\b|taken back|\bproved\b"#,
        Scope::Everything,
        "standard terms",
        0,
    ),
    rule(r#"\b(is|are) no [a-z]+"#, Scope::Literals, "invalid, expected, not a", 0),
    rule(
        r#"cannot be told|there already|as it is to be|no way to|all or nothing|was asked for"#,
        Scope::Everything,
        "standard phrases",
        0,
    ),
];

/// Proper nouns that may begin an error or a hint.
const PROPER_NOUNS: &[&str] = &[
    "GitHub",
    "GitLab",
    "Gitea",
    "Skaffold",
    "Kubernetes",
    "Helm",
    "Flux",
    "Argo",
    "Docker",
    "Secret",
    "Deployment",
    "Namespace",
    "CustomResourceDefinition",
];

/// Texts that are printed byte for byte as another tool prints them, by the file of the source and the beginning of the text.
const TEXTS_OF_OTHER_TOOLS: &[(&str, &str)] = &[
    // The warnings of kustomize 5.8.1.
    ("crates/render-core/src/kustomize/kustomization/deprecated.rs", "# Warning: '{old}' is deprecated."),
    ("crates/render-core/src/kustomize/build/mod.rs", "Warning: Sorting order is set both in"),
];

/// The files whose text is checked, with the text: sources, documentation, and the texts of fixtures.
fn texts() -> Vec<(String, String)> {
    let root = root();
    let mut paths: Vec<_> = ["README.md", "CONTRIBUTING.md", "action.yml"].map(|name| root.join(name)).into();
    for folder in ["crates", "docs", "fixtures", "examples", "templates", "benches", "fuzz", ".github", ".ci"] {
        paths.extend(all_files(&root.join(folder)));
    }
    paths.retain(|path| is_ours(path));
    let text = |path: &Path| String::from_utf8(std::fs::read(path).unwrap()).ok().map(|text| (relative(path), text));
    paths.iter().filter_map(|path| text(path)).collect()
}

/// Whether a file's text is written for hydrant: what a fixture gives as input, or expects of another tool, is not.
fn is_ours(path: &Path) -> bool {
    let name = relative(path);
    let extension = path.extension().map(|one| one.to_string_lossy().into_owned()).unwrap_or_default();
    if name == "crates/cli/tests/language.rs" {
        return false;
    }
    if name.starts_with("fixtures/") {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let input = name.contains("/in/") || name.contains("/crds/") || file.starts_with("in.");
        return !input
            && (["command", "setup", "expected", "note", "about"].contains(&file.as_str())
                || ["err", "txt", "md"].contains(&extension.as_str()));
    }
    ["rs", "md", "yml", "yaml", "sh", "py", "mjs", "toml"].contains(&extension.as_str())
}

/// The string literals of a file of Rust that are compiled outside of tests.
fn literals(file: &source::SourceFile) -> Vec<String> {
    source::literals(file)
}

/// Returns `FILE:LINE: LINE` for every line that a pattern is found in.
fn found(rule: &Rule, texts: &[(String, String)], literals: &[(String, String)]) -> Vec<String> {
    let pattern = Regex::new(rule.pattern).unwrap();
    if rule.scope == Scope::Literals {
        let hits = literals.iter().filter(|(_, text)| pattern.is_match(text));
        return hits.map(|(file, text)| format!("{file}: {text:?}")).collect();
    }
    let mut places = Vec::new();
    for (file, text) in texts.iter().filter(|(file, _)| rule.scope == Scope::Everything || file.ends_with(".rs")) {
        let lines = text.lines().enumerate().filter(|(_, line)| pattern.is_match(line));
        places.extend(lines.map(|(index, line)| format!("{file}:{}: {}", index + 1, line.trim())));
    }
    places
}

#[test]
fn replaced_names_and_phrases_are_not_used() {
    let texts = texts();
    let sources: Vec<_> = crates().values().flat_map(|folder| sources(folder)).collect();
    let literals: Vec<(String, String)> =
        sources.iter().flat_map(|file| literals(file).into_iter().map(|text| (file.name.clone(), text))).collect();
    let mut wrong = String::new();
    for rule in RULES {
        let places = found(rule, &texts, &literals);
        if places.len() > rule.known {
            let known = rule.known;
            wrong.push_str(&format!(
                "`{}` is found {} times, {known} are known; use {} instead:\n  {}\n",
                rule.pattern,
                places.len(),
                rule.instead,
                places.join("\n  ")
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What is wrong with the form of an error or a hint, if anything.
fn form(text: &str) -> Option<&'static str> {
    let first = text.split([' ', ':', ',']).next().unwrap_or_default();
    let capital = first.starts_with(|letter: char| letter.is_ascii_uppercase());
    let word = first.len() == 1 || first.bytes().skip(1).all(|byte| byte.is_ascii_lowercase());
    if capital && word && !PROPER_NOUNS.contains(&first) {
        return Some("starts with a capital letter");
    }
    let end = text.trim_end();
    (end.ends_with('.') && !end.ends_with("..")).then_some("ends with a full stop")
}

#[test]
fn errors_and_hints_start_in_lower_case_and_have_no_full_stop() {
    let sources: Vec<_> = crates().values().flat_map(|folder| sources(folder)).collect();
    let all: Vec<_> = sources.iter().flat_map(messages).collect();
    assert!(all.len() > 300, "only {} messages are found", all.len());
    let is_upstream = |one: &&source::Message| {
        TEXTS_OF_OTHER_TOOLS.iter().any(|(file, start)| one.file == *file && one.text.starts_with(start))
    };
    assert_eq!(all.iter().filter(is_upstream).count(), TEXTS_OF_OTHER_TOOLS.len(), "an exception is out of date");
    let wrong: Vec<String> = all
        .iter()
        .filter(|one| !is_upstream(one))
        .filter_map(|one| {
            let kind = if one.hint { "hint" } else { "error" };
            form(&one.text).map(|reason| format!("{}: the {kind} {:?} {reason}", one.file, one.text))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_form_of_a_message_is_checked() {
    for good in
        ["unknown field \"x\"", "SOURCE_DATE_EPOCH is set", "GitHub: not found", "cannot read ..", "run with `-v`"]
    {
        assert_eq!(form(good), None, "{good}");
    }
    assert_eq!(form("Set the field"), Some("starts with a capital letter"));
    assert_eq!(form("set the field."), Some("ends with a full stop"));
}
