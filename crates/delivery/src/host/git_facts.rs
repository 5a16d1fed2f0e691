//! What Skaffold's taggers ask git about the source repository.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use git::source::{SourceError, SourceRepository};
use manifest::Diagnostic;
use render_core::skaffold::SourceGit;

use crate::error::IntoDiagnostic;

/// Reads facts of the repository that contains a folder, each fact once a run.
#[derive(Default)]
pub struct GitFacts {
    /// The repositories that were opened, by the folder that has their `.git`: opening one reads its whole index.
    open: Mutex<HashMap<PathBuf, Arc<Mutex<SourceRepository>>>>,
    revision: Option<String>,
    known: Mutex<HashMap<(Question, String), Slot>>,
}

/// A fact; absent if there is no branch or no change.
type Answer = Result<Option<String>, Diagnostic>;

/// A slot for a fact, which the first caller computes.
type Slot = Arc<OnceLock<Answer>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Question {
    Describe,
    Commit { short: bool },
    Tree { short: bool },
    Branch,
    Dirty,
}

impl std::fmt::Debug for GitFacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GitFacts").field("revision", &self.revision).finish_non_exhaustive()
    }
}

impl GitFacts {
    /// Facts of a revision; of HEAD and the work tree where absent.
    pub fn at(revision: Option<String>) -> Self {
        GitFacts { revision, ..GitFacts::default() }
    }

    fn ask(&self, question: Question, folder: &str) -> Answer {
        let key = (question, folder.to_owned());
        // Concurrent callers wait for the first one's result.
        let slot = self.known.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone();
        let find = || self.answer(question, Path::new(folder)).map_err(|error| error.into_diagnostic());
        slot.get_or_init(find).clone()
    }

    fn answer(&self, question: Question, folder: &Path) -> Result<Option<String>, SourceError> {
        // Of a revision, the folder need not be in the work tree.
        let there = folder.ancestors().find(|path| path.is_dir()).unwrap_or(folder);
        let source = self.source(there)?;
        let source = source.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(match question {
            Question::Describe => Some(source.describe()?),
            Question::Commit { short: false } => Some(source.head()?.id),
            Question::Commit { short: true } => Some(source.head()?.short_id),
            Question::Tree { short: false } => Some(source.tree_id(folder)?),
            Question::Tree { short: true } => Some(source.short_tree_id(folder)?),
            Question::Branch => source.branch()?,
            Question::Dirty => source.dirty_under(folder)?.then(String::new),
        })
    }

    /// Returns the repository that contains a folder, opened once.
    fn source(&self, folder: &Path) -> Result<Arc<Mutex<SourceRepository>>, SourceError> {
        let top = folder.ancestors().find(|path| path.join(".git").exists()).unwrap_or(folder).to_path_buf();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = open.get(&top) {
            return Ok(known.clone());
        }
        let mut source = SourceRepository::discover(folder)?;
        if let Some(revision) = &self.revision {
            source = source.at(revision);
        }
        let source = Arc::new(Mutex::new(source));
        open.insert(top, source.clone());
        Ok(source)
    }

    fn text(&self, question: Question, folder: &str) -> Result<String, Diagnostic> {
        self.ask(question, folder).map(Option::unwrap_or_default)
    }
}

impl SourceGit for GitFacts {
    fn describe(&self, folder: &str) -> Result<String, Diagnostic> {
        self.text(Question::Describe, folder)
    }

    fn commit(&self, folder: &str, short: bool) -> Result<String, Diagnostic> {
        self.text(Question::Commit { short }, folder)
    }

    fn tree(&self, folder: &str, short: bool) -> Result<String, Diagnostic> {
        self.text(Question::Tree { short }, folder)
    }

    fn branch(&self, folder: &str) -> Result<Option<String>, Diagnostic> {
        self.ask(Question::Branch, folder)
    }

    fn is_dirty(&self, folder: &str) -> Result<bool, Diagnostic> {
        self.ask(Question::Dirty, folder).map(|found| found.is_some())
    }
}
