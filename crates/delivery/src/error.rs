//! Why a command could not do its work: whose turn it is now.

use manifest::{Diagnostic, Errors};

/// Why a command could not do its work.
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
    /// The findings, whose turn it is left out.
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
