//! The context of a build step.

use std::cell::RefCell;
use std::sync::Arc;

use manifest::{At, Diagnostic};

use crate::kustomize::budget::Budget;
use crate::kustomize::decode::in_field;
use crate::kustomize::load::{Io, KustomizationDir};
use crate::kustomize::options::Options;
use crate::kustomize::schema::Schema;

/// The context that every step of a build receives.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// Files, remotes, programs.
    pub io: Io<'a>,
    /// The folder of the kustomization.
    pub dir: &'a Arc<KustomizationDir>,
    /// The path of that kustomization, for messages.
    pub file: &'a str,
    /// The schema in force.
    pub schema: &'a Schema,
    /// The command line options.
    pub options: &'a Options,
    /// What the build has used.
    pub budget: &'a Budget,
    /// Warnings.
    pub warnings: &'a RefCell<Vec<Diagnostic>>,
}

impl Context<'_> {
    /// Adds a warning.
    pub(super) fn warn(&self, diagnostic: Diagnostic) {
        self.warnings.borrow_mut().push(diagnostic);
    }
}

/// Adds the kustomization's file, and a place and field in it, to a diagnostic that names no file yet.
pub(super) fn located(diagnostic: Diagnostic, file: &str, at: At, field: &str) -> Diagnostic {
    if diagnostic.file.is_some() {
        return diagnostic;
    }
    in_field(field, diagnostic.in_file(file).at(at))
}
