//! What every request of one run shares.

use std::time::{Duration, Instant};

use net::{Client, Retry, RetryAfterGate, RetryPolicy};

use crate::credentials::Credentials;
use crate::options::RegistryOptions;

/// How much of an error's body is read, in bytes.
pub(crate) const ERROR_LIMIT: usize = 64 * 1024;

/// What every request of one run shares.
#[derive(Clone, Copy)]
pub(crate) struct RequestContext<'a> {
    pub(crate) http: &'a Client,
    pub(crate) options: &'a RegistryOptions,
    pub(crate) credentials: &'a Credentials,
    /// No further attempt of a request begins after it; none if the clock cannot hold it.
    pub(crate) deadline: Option<Instant>,
}

impl RequestContext<'_> {
    /// How requests to a server are repeated.
    pub(crate) fn retry<'g>(&self, gate: &'g RetryAfterGate) -> Retry<'g> {
        let policy = RetryPolicy {
            attempts: self.options.attempts,
            backoff: self.options.backoff,
            max_backoff: Duration::from_secs(30),
            max_retry_after: self.options.deadline,
        };
        Retry { policy, deadline: self.deadline, gate: Some(gate), end: None }
    }
}
