//! The machine and its environment: disk, git, remotes, GitHub, environment variables, progress.

mod bases;
pub mod branches;
mod cache;
pub mod charts;
mod child_output;
pub mod ci_run;
pub mod clone;
pub(crate) mod commit_mount;
pub(crate) mod confined;
mod context;
pub(crate) mod definitions;
pub mod disk;
pub mod dotenv;
mod download;
pub mod git_facts;
pub mod git_files;
pub(crate) mod git_hosts;
pub(crate) mod git_remote;
pub(crate) mod github;
pub mod host_files;
mod kube_context;
pub mod machine;
pub mod output_folder;
mod permissions;
mod program_files;
pub mod progress;
pub mod recorded_files;
pub(crate) mod recorded_source;
mod remotes;
mod skaffold_config;
pub mod source_link;
pub mod system;
pub mod threads;
pub mod trailers;

pub(crate) use cache::sha256_hex;
pub use net::bounded::{read_file, read_stream, read_text};

pub use context::{InputTrust, Moment, RunContext};
pub use permissions::{AllowedPrograms, Permissions};

/// Returns a text in which no URL has credentials.
pub fn redact(text: &str) -> String {
    net::redact::text(text)
}
