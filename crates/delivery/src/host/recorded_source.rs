//! Reads the source commits that earlier deliveries recorded.

use git::source::{KnownCommits, SourceError, SourceRepository};
use manifest::Diagnostic;

use crate::error::IntoDiagnostic;
use crate::host::git_files::GitFiles;

/// The source commits that records may name. A record is on a branch of the manifest repository, whose writers must not choose the code that is
/// run here, so only commits that a known branch of the source contains are read.
pub(crate) struct RecordedSource<'a> {
    source: &'a SourceRepository,
    /// Absent where every commit may be read.
    known: Option<KnownCommits<'a>>,
    /// What else the user can do about a commit that may not be read.
    alternative: Option<&'static str>,
}

impl<'a> RecordedSource<'a> {
    /// The commits of the source's known branches. `alternative` is a hint for another commit.
    pub(crate) fn of_known_branches(source: &'a SourceRepository, alternative: Option<&'static str>) -> Self {
        RecordedSource { source, known: Some(source.known_commits()), alternative }
    }

    /// All commits that the clone has.
    pub(crate) fn of_any_commit(source: &'a SourceRepository) -> Self {
        RecordedSource { source, known: None, alternative: None }
    }

    /// The files of a recorded source commit.
    ///
    /// # Errors
    /// A commit that this clone does not have: it is shallow, or the history was rewritten since. A commit that no known branch contains.
    pub(crate) fn files(&self, commit: &str) -> Result<GitFiles, Diagnostic> {
        if !is_full_id(commit) {
            return Err(Diagnostic::new(format!("invalid source commit {commit:?} in the record")));
        }
        let files = GitFiles::new(self.source, commit).map_err(|error| match error {
            SourceError::NoRevision { .. } => {
                let message = format!("the recorded source commit {commit} is not in this clone");
                Diagnostic::new(message).hint(
                    "fetch the whole history (`git fetch --unshallow`; fetch-depth: 0 in actions/checkout, GIT_DEPTH: 0 in GitLab CI); \
                     after a rewrite of the history, record a new commit with `hydrant deliver --allow-older`",
                )
            }
            _ => error.into_diagnostic(),
        })?;
        if self.known.as_ref().is_some_and(|known| !known.contain(commit)) {
            let message = format!("no branch or tag of this clone contains the recorded source commit {commit}");
            let finding = Diagnostic::new(message).hint(
                "fetch the branch of the source that contains it; after a rewrite of the history, record a new commit with \
                 `hydrant deliver --allow-older`",
            );
            return Err(self.alternative.into_iter().fold(finding, Diagnostic::hint));
        }
        Ok(files)
    }
}

fn is_full_id(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
