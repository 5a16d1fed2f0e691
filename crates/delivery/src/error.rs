//! The failures of this crate, and the one place where typed errors of other crates become findings.

use committer::DeliverError;
use git::SigningError;
use git::bases::BaseError;
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
    External(Errors),
}

impl Failure {
    /// The findings, at least one.
    pub fn errors(&self) -> &Errors {
        let (Failure::Input(errors) | Failure::External(errors)) = self;
        errors
    }

    /// Both failures as one, each finding once. It is external only if both are.
    #[must_use]
    pub(crate) fn and(self, other: Failure) -> Failure {
        let external = matches!((&self, &other), (Failure::External(_), Failure::External(_)));
        let errors = self.into_errors().and(other.into_errors());
        if external { Failure::External(errors) } else { Failure::Input(errors) }
    }

    /// The findings without the kind of the failure.
    pub fn into_errors(self) -> Errors {
        let (Failure::Input(errors) | Failure::External(errors)) = self;
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

/// The conversion of another crate's typed error into a finding.
pub trait IntoDiagnostic {
    /// The finding: the error's message and hint. The error is kept as its cause.
    fn into_diagnostic(self) -> Diagnostic;
}

/// Implements [`IntoDiagnostic`] for errors that have a method `hint`.
macro_rules! into_diagnostic {
    ($($error:ty),+) => {
        $(impl IntoDiagnostic for $error {
            fn into_diagnostic(self) -> Diagnostic {
                let finding = Diagnostic::new(self.to_string());
                let finding = self.hint().into_iter().fold(finding, Diagnostic::hint);
                finding.caused_by(self)
            }
        })+
    };
}

into_diagnostic!(SourceError, BaseError, SigningError, DeliverError, GitHubError, HttpError);

/// Implements the conversion into a [`Failure`] for errors of the input.
macro_rules! input_failure {
    ($($error:ty),+) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Failure::Input(error.into_diagnostic().into())
            }
        })+
    };
}

input_failure!(SourceError, SigningError);

/// Implements the conversion into a [`Failure`] for errors that have a method `is_outside`.
macro_rules! input_or_external_failure {
    ($($error:ty),+) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                let outside = error.is_outside();
                let errors = error.into_diagnostic().into();
                if outside { Failure::External(errors) } else { Failure::Input(errors) }
            }
        })+
    };
}

input_or_external_failure!(DeliverError, GitHubError);
