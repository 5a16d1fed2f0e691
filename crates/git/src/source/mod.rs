//! The source repository: its commits, the files of a revision, and its history. Only reads.

mod abbreviate;
mod ancestors;
mod ancestry;
mod commit;
mod commit_files;
mod commit_graph;
mod encoding;
mod error;
mod history;
mod known_commits;
mod repository;
mod tree_files;

pub use ancestry::Ancestry;
pub use commit::CommitInfo;
pub use commit_files::{CommitFiles, blob_id};
pub use error::SourceError;
pub use history::{HistoryService, SourceHistory};
pub use known_commits::KnownCommits;
pub use repository::{SourceRepository, UserConfig};
pub use tree_files::{EntryKind, FoundEntry, ReadError};
