//! Findings about the objects of units, and their output formats.

mod annotations;
mod json;
mod markdown;
pub(crate) mod risks;
mod sarif;
mod text;

use checks::{Finding, Severity};
use manifest::{At, Diagnostic};

pub use annotations::github;
pub use json::json;
pub use markdown::markdown;
pub use sarif::sarif;
pub use text::text;

/// A finding and the unit that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitFinding {
    /// The unit, such as `cart/production`; empty outside of a `hydrant.yaml`.
    pub unit: String,
    /// What was found.
    pub finding: Finding,
}

impl UnitFinding {
    /// Whether the finding stops its unit.
    pub fn is_refusal(&self) -> bool {
        self.finding.severity == Severity::Refuse
    }

    /// Whether the finding is for reports only.
    pub fn is_note(&self) -> bool {
        self.finding.severity == Severity::Note
    }

    /// The finding as an error or a warning: `FILE:LINE:COLUMN: FIELD: UNIT: OBJECT: MESSAGE [ID]`.
    pub fn diagnostic(&self) -> Diagnostic {
        let Finding { field, hint, file, at, .. } = &self.finding;
        Diagnostic {
            message: format!("{} [{}]", self.subject_and_message(), self.finding.id),
            file: file.clone(),
            at: if file.is_some() { *at } else { At::default() },
            field: Some(field.clone()).filter(|field| !field.is_empty()),
            hints: hint.iter().cloned().collect(),
            source: None,
        }
    }

    /// `cart/production: Deployment.apps/web: MESSAGE`
    fn subject_and_message(&self) -> String {
        let object = self.finding.object.as_ref().map(ToString::to_string);
        let parts = Some(&self.unit).filter(|unit| !unit.is_empty()).into_iter().chain(&object);
        let mut text: String = parts.map(|part| format!("{part}: ")).collect();
        text.push_str(&self.finding.message);
        text
    }
}

/// The number of findings of a severity.
fn count(findings: &[UnitFinding], severity: Severity) -> usize {
    findings.iter().filter(|one| one.finding.severity == severity).count()
}

/// `2 refused, 1 warning`; `no findings` where there is none.
pub fn summary(findings: &[UnitFinding]) -> String {
    let plural = |count: usize, one: &str| if count == 1 { one.to_owned() } else { format!("{one}s") };
    let of = |severity| count(findings, severity);
    let parts = [
        (of(Severity::Refuse), "refused".to_owned()),
        (of(Severity::Ask), "for review".to_owned()),
        (of(Severity::Warn), plural(of(Severity::Warn), "warning")),
        (of(Severity::Note), plural(of(Severity::Note), "note")),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}")).collect();
    if parts.is_empty() { "no findings".to_owned() } else { parts.join(", ") }
}
