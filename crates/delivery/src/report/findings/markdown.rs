//! Findings for a pull request and a CI job's summary.

use std::fmt::Write as _;

use checks::{Finding, Severity};
use manifest::At;
use manifest::escape::{markdown as escaped, markdown_code, markdown_link};

use super::{UnitFinding, summary};

/// The most findings that are listed one by one.
const LISTED: usize = 200;

/// A table with the strictest findings first; empty where there is none.
pub fn markdown(findings: &[UnitFinding]) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let mut sorted: Vec<&UnitFinding> = findings.iter().collect();
    sorted.sort_by_key(|one| std::cmp::Reverse(one.finding.severity));
    let mut out =
        format!("### Findings: {}\n\n| | unit | object | finding |\n| --- | --- | --- | --- |\n", summary(findings));
    for one in sorted.iter().take(LISTED) {
        row(&mut out, one);
    }
    if sorted.len() > LISTED {
        // A String takes whatever is written to it.
        let _ = writeln!(out, "\nand {} more", sorted.len() - LISTED);
    }
    out.push('\n');
    out
}

fn row(out: &mut String, UnitFinding { unit, finding }: &UnitFinding) {
    let Finding { id, severity, object, field, message, hint, file, at, reference } = finding;
    let level = match severity {
        Severity::Refuse => "**refuse**",
        Severity::Ask => "**ask**",
        Severity::Warn => "warn",
        Severity::Note => "note",
    };
    let object = object.as_ref().map(|id| markdown_code(&id.to_string())).unwrap_or_default();
    let field = if field.is_empty() { String::new() } else { format!("{}: ", markdown_code(field)) };
    let rule = reference.map_or_else(|| escaped(id), |url| markdown_link(id, url));
    let hint = hint.as_ref().map(|hint| format!("; {}", escaped(hint))).unwrap_or_default();
    let place = file.as_ref().map(|file| {
        let line = if *at == At::default() { String::new() } else { format!(":{}", at.line) };
        format!("<br>{}", markdown_code(&format!("{file}{line}")))
    });
    let place = place.unwrap_or_default();
    // A String takes whatever is written to it.
    let _ =
        writeln!(out, "| {level} | {} | {object} | {field}{}{hint} ({rule}){place} |", escaped(unit), escaped(message));
}
