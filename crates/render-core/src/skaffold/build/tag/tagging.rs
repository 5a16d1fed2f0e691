//! The inputs of tags.

use manifest::Diagnostic;

use crate::skaffold::inputs::Inputs;
use crate::skaffold::model::Config;
use crate::time::zone::offset;
use crate::time::{Now, Offset};

/// The inputs of a tag in addition to files and environment.
#[derive(Clone, Copy)]
pub struct Tagging<'a> {
    /// Files, environment and folder.
    pub inputs: Inputs<'a>,
    /// The source repository.
    pub git: &'a dyn SourceGit,
    /// The time that counts as now.
    pub now: Now,
    /// All configs, for artifacts that require others.
    pub configs: &'a [Config],
}

impl Tagging<'_> {
    /// Returns the offset of a zone at the time of the run.
    ///
    /// # Errors
    /// An unknown zone.
    pub fn offset(&self, zone: &str) -> Result<Offset, Diagnostic> {
        offset(self.inputs.files, self.inputs.environment, self.now.seconds, zone)
    }
}

/// The data of tags from the git repository that contains a folder (absolute). Each method returns what the git command prints.
pub trait SourceGit: Sync {
    /// `git describe --tags --always`
    ///
    /// # Errors
    /// Returns an error if there is no repository or no commit.
    fn describe(&self, folder: &str) -> Result<String, Diagnostic>;

    /// `git rev-list -1 HEAD`, with `--abbrev-commit` where `short`.
    ///
    /// # Errors
    /// As [`SourceGit::describe`].
    fn commit(&self, folder: &str, short: bool) -> Result<String, Diagnostic>;

    /// `git rev-parse HEAD:FOLDER/`, with `--short` where `short`.
    ///
    /// # Errors
    /// As [`SourceGit::describe`], and where the commit does not hold the folder.
    fn tree(&self, folder: &str, short: bool) -> Result<String, Diagnostic>;

    /// `git branch --show-current`; nothing on a detached HEAD.
    ///
    /// # Errors
    /// Returns an error if there is no repository.
    fn branch(&self, folder: &str) -> Result<Option<String>, Diagnostic>;

    /// Whether `git status . --porcelain` prints anything.
    ///
    /// # Errors
    /// Returns an error if there is no repository.
    fn is_dirty(&self, folder: &str) -> Result<bool, Diagnostic>;
}
