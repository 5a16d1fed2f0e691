//! For tests alone: fixture walker, expectation update, registry and git servers on loopback.

pub mod client;
pub mod docker_registry;
pub mod expect;
pub mod fixtures;
pub mod git;
pub mod github;
pub mod http;
pub mod proxy;
pub mod registry;
pub mod tls;
