//! Findings in SARIF 2.1.0, for code scanning.

use std::collections::BTreeMap;

use checks::{Finding, Severity};
use manifest::At;
use manifest::escape;
use serde_json::{Value, json};

use super::UnitFinding;

/// The most results that code scanning takes in one run (GitHub: "SARIF support for code scanning").
const LIMIT: usize = 25_000;

/// One run with a rule for each id and a result for each finding. A finding whose file is not known has a logical location only; GitHub
/// requires a file, so it is located in `fallback` (`hydrant.yaml`) if that is given.
pub fn sarif(findings: &[UnitFinding], fallback: Option<&str>) -> Value {
    let mut rules: BTreeMap<&str, &Finding> = BTreeMap::new();
    for one in findings {
        rules.entry(one.finding.id).or_insert(&one.finding);
    }
    let positions: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(position, id)| (*id, position)).collect();
    let results = findings.iter().take(LIMIT).map(|one| result(one, positions[one.finding.id], fallback));
    let driver = json!({
        "name": "hydrant",
        "version": env!("CARGO_PKG_VERSION"),
        "informationUri": env!("CARGO_PKG_REPOSITORY"),
        "rules": rules.iter().map(|(id, finding)| rule(id, finding)).collect::<Value>(),
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{ "tool": { "driver": driver }, "columnKind": "unicodeCodePoints", "results": results.collect::<Value>() }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Refuse => "error",
        Severity::Ask | Severity::Warn => "warning",
        Severity::Note => "note",
    }
}

fn rule(id: &str, finding: &Finding) -> Value {
    let mut rule = json!({ "id": id, "shortDescription": { "text": id.replace('-', " ") } });
    if let Some(url) = finding.reference {
        rule["helpUri"] = json!(url);
    }
    rule
}

fn result(one: &UnitFinding, rule: usize, fallback: Option<&str>) -> Value {
    let finding = &one.finding;
    let hint = finding.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    let field = if finding.field.is_empty() { String::new() } else { format!("{}: ", finding.field) };
    let text = format!("{field}{}{hint}", one.subject_and_message());
    let object = finding.object.as_ref().map(ToString::to_string).unwrap_or_default();
    let logical = format!("{}/{object}/{}", one.unit, finding.field);
    let mut location = json!({ "logicalLocations": [{ "fullyQualifiedName": logical, "kind": "object" }] });
    if let Some(file) = finding.file.as_deref().or(fallback) {
        let mut physical = json!({ "artifactLocation": { "uri": uri(file) } });
        if finding.file.is_some() && finding.at != At::default() {
            physical["region"] = json!({ "startLine": finding.at.line, "startColumn": finding.at.column.max(1) });
        } else {
            physical["region"] = json!({ "startLine": 1 });
        }
        location["physicalLocation"] = physical;
    }
    json!({
        "ruleId": finding.id,
        "ruleIndex": rule,
        "level": level(finding.severity),
        "message": { "text": escape::lines(&text) },
        "locations": [location],
        "partialFingerprints": { "hydrant/v1": format!("{}:{logical}:{}", finding.id, finding.message) },
    })
}

fn uri(file: &str) -> String {
    let file = file.strip_prefix("./").unwrap_or(file).replace('\\', "/");
    let encoded = escape::uri_path(&file);
    if encoded.starts_with('/') { format!("file://{encoded}") } else { encoded }
}
