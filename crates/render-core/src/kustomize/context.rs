//! What a step of a build may need beside its own arguments.

use std::cell::RefCell;
use std::sync::Arc;

use manifest::{At, Diagnostic};

use crate::kustomize::decode::in_field;
use crate::kustomize::load::{Io, KustomizationDir};
use crate::kustomize::options::Options;
use crate::kustomize::schema::Schema;

/// Where a step stands and what it may reach.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// Files, remotes, programs.
    pub io: Io<'a>,
    /// The folder whose kustomization is at work.
    pub place: &'a Arc<KustomizationDir>,
    /// The path of that kustomization, for messages.
    pub file: &'a str,
    /// The schema in force.
    pub schema: &'a Schema,
    /// What the command line says.
    pub options: &'a Options,
    /// What is worth saying beside the result.
    pub warnings: &'a RefCell<Vec<Diagnostic>>,
}

impl Context<'_> {
    /// Says something beside the result.
    pub(super) fn warn(&self, found: Diagnostic) {
        self.warnings.borrow_mut().push(found);
    }
}

/// Adds the kustomization's file, and a place and field in it, to a finding that names no file yet.
pub(super) fn located(found: Diagnostic, file: &str, at: At, field: &str) -> Diagnostic {
    if found.file.is_some() {
        return found;
    }
    in_field(field, found.in_file(file).at(at))
}
