//! Test support: fixtures as named tests, expectations, and registries, git servers and a GitHub on loopback.

pub mod about;
pub mod client;
pub mod docker_registry;
pub mod expect;
pub mod fixtures;
pub mod git;
pub mod github;
pub mod hostile;
pub mod http;
pub mod peer;
pub mod proxy;
pub mod registry;
pub mod tls;
