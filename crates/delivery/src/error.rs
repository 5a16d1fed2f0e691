//! The failures of this crate, and the one place where typed errors of other crates become findings.

use committer::DeliverError;
use git::SigningError;
use git::snapshot::SnapshotError;
use git::source::SourceError;
use github::GitHubError;
use manifest::{Diagnostic, Errors};
use net::HttpError;

/// Why a command failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The input is wrong: a file, a field, a name. Trying again does not help.
    Input(Errors),
    /// A registry, a git host or a disk failed. Trying again may help.
    Outside(Errors),
}

impl Failure {
    /// The findings, at least one.
    pub fn errors(&self) -> &Errors {
        let (Failure::Input(errors) | Failure::Outside(errors)) = self;
        errors
    }
}

impl Failure {
    /// The findings without the kind of the failure.
    pub fn into_errors(self) -> Errors {
        let (Failure::Input(errors) | Failure::Outside(errors)) = self;
        errors
    }
}

impl From<Errors> for Failure {
    fn from(errors: Errors) -> Self {
        Failure::Input(errors)
    }
}

impl From<Diagnostic> for Failure {
    fn from(error: Diagnostic) -> Self {
        Failure::Input(error.into())
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.errors().fmt(f)
    }
}

impl std::error::Error for Failure {}

/// A typed error of another crate as a finding.
pub trait ToDiagnostic {
    /// The finding: the message, and what to do about it where the error says that.
    fn to_diagnostic(&self) -> Diagnostic;
}

/// A message with the hint that belongs to it.
fn with_hint(message: String, hint: Option<String>) -> Diagnostic {
    let diagnostic = Diagnostic::new(message);
    match hint {
        Some(hint) => diagnostic.hint(hint),
        None => diagnostic,
    }
}

impl ToDiagnostic for SourceError {
    fn to_diagnostic(&self) -> Diagnostic {
        with_hint(self.to_string(), self.hint())
    }
}

impl ToDiagnostic for SnapshotError {
    fn to_diagnostic(&self) -> Diagnostic {
        with_hint(self.to_string(), self.hint())
    }
}

impl ToDiagnostic for SigningError {
    fn to_diagnostic(&self) -> Diagnostic {
        with_hint(self.to_string(), self.hint())
    }
}

impl ToDiagnostic for DeliverError {
    fn to_diagnostic(&self) -> Diagnostic {
        with_hint(self.to_string(), self.hint())
    }
}

impl ToDiagnostic for HttpError {
    fn to_diagnostic(&self) -> Diagnostic {
        with_hint(self.to_string(), self.hint())
    }
}

impl ToDiagnostic for GitHubError {
    fn to_diagnostic(&self) -> Diagnostic {
        Diagnostic::new(self.to_string())
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Failure::Input(error.to_diagnostic().caused_by(error).into())
    }
}

impl From<DeliverError> for Failure {
    fn from(error: DeliverError) -> Self {
        let outside = error.is_outside();
        let errors = error.to_diagnostic().caused_by(error).into();
        if outside { Failure::Outside(errors) } else { Failure::Input(errors) }
    }
}

impl From<GitHubError> for Failure {
    fn from(error: GitHubError) -> Self {
        let outside = error.is_outside();
        let errors = error.to_diagnostic().caused_by(error).into();
        if outside { Failure::Outside(errors) } else { Failure::Input(errors) }
    }
}
