//! Reads the source commit that an earlier delivery recorded.

use std::path::Path;

use git::source::{SourceError, SourceRepository};
use manifest::Diagnostic;

use crate::error::IntoDiagnostic;
use crate::host::git_files::GitFiles;

/// The files of a recorded source commit; `root` is a folder of the source repository.
///
/// # Errors
/// A commit that this clone does not have: it is shallow, or the history was rewritten since.
pub(crate) fn files(root: &str, commit: &str) -> Result<GitFiles, Diagnostic> {
    let source = SourceRepository::discover(Path::new(root)).map_err(|error| error.into_diagnostic())?;
    GitFiles::new(&source, commit).map_err(|error| match error {
        SourceError::NoRevision { .. } => {
            let message = format!("the recorded source commit {commit} is not in this clone");
            Diagnostic::new(message).hint(
                "fetch the whole history (`git fetch --unshallow`; fetch-depth: 0 in actions/checkout, GIT_DEPTH: 0 in GitLab CI); \
                 after a rewrite of the history, record a new commit with `hydrant deliver --allow-older`",
            )
        }
        _ => error.into_diagnostic(),
    })
}
