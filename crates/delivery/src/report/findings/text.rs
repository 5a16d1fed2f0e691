//! Findings for a terminal.

use std::fmt::Write as _;

use checks::Severity;

use super::{UnitFinding, summary};

/// One finding a line, with its hint below it, and a line that sums up.
pub fn text(findings: &[UnitFinding]) -> String {
    let mut out = String::new();
    for one in findings {
        let level = match one.finding.severity {
            Severity::Refuse => "error",
            Severity::Ask => "review",
            Severity::Warn => "warning",
            Severity::Note => "note",
        };
        // A String takes whatever is written to it.
        let _ = writeln!(out, "{level}: {}", one.diagnostic());
    }
    let _ = writeln!(out, "{}", summary(findings));
    out
}
