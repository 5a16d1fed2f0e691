//! Findings as annotations of GitHub Actions: workflow commands that mark lines of files.

use std::fmt::Write as _;

use checks::Severity;
use manifest::At;
use manifest::escape;

use super::UnitFinding;

/// One `::error file=…,line=…,col=…,title=…::MESSAGE` a line (`::warning`, `::notice`), as GitHub's documentation of workflow commands
/// describes it.
pub fn github(findings: &[UnitFinding]) -> String {
    let mut out = String::new();
    for one in findings {
        let finding = &one.finding;
        let command = match finding.severity {
            Severity::Refuse => "error",
            Severity::Ask | Severity::Warn => "warning",
            Severity::Note => "notice",
        };
        let mut properties = Vec::new();
        if let Some(file) = &finding.file {
            properties.push(format!("file={}", escape::command_property(file)));
            if finding.at != At::default() {
                properties.push(format!("line={},col={}", finding.at.line, finding.at.column));
            }
        }
        properties.push(format!("title={}", escape::command_property(finding.id)));
        let field = if finding.field.is_empty() { String::new() } else { format!("{}: ", finding.field) };
        let hint = finding.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        let message = format!("{field}{}{hint}", one.subject_and_message());
        // A String takes whatever is written to it.
        let _ = writeln!(out, "::{command} {}::{}", properties.join(","), escape::command_message(&message));
    }
    out
}
