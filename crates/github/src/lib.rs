//! GitHub's API: commits without a clone, forks, pull requests, history, and a [`git::Transport`] whose commits GitHub creates.
//!
//! | module | content |
//! | --- | --- |
//! | `connection` | [`GitHub`]: the API with a login; connections that a run shares |
//! | `client`, `service` | requests by octocrab, sent through [`net`] |
//! | `commit`, `fork`, `pull_request` | what ghcp does, and what reviews need |
//! | `history` | which of two commits is older, for shallow clones |
//! | `api_transport` | `--via api`: reads over git, writes commits by the API |
//!
//! octocrab is behind the default feature `octocrab`. Without it everything compiles, and connecting fails with [`GitHubError::NotBuilt`].

mod api_transport;
#[cfg_attr(not(feature = "octocrab"), path = "no_client.rs")]
mod client;
mod commit;
mod connection;
mod error;
mod fork;
mod history;
mod pull_request;
#[cfg_attr(not(feature = "octocrab"), allow(dead_code, reason = "the client uses it"))]
mod request;
#[cfg(feature = "octocrab")]
mod service;
mod types;

pub use api_transport::GitHubApiTransport;
pub use commit::{ApiCommit, ApiOutcome, Parent};
pub use connection::{Connections, GitHub, Network};
pub use error::GitHubError;
pub use fork::ForkCommit;
pub use history::RepositoryHistory;
pub use pull_request::{MakeText, OpenPull, PullAction, PullOutcome, PullRequest, Rewrite};
pub use types::{Login, Repository};
