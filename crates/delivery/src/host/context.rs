//! The run context: environment variables, clock and progress, as values.

use std::collections::BTreeMap;

pub use git::Moment;
pub use net::InputTrust;

use super::progress::Progress;

/// The environment and the clock of a run, read once by the program and handed on as values.
#[derive(Clone, Debug, Default)]
pub struct RunContext {
    /// The environment's variables.
    pub variables: BTreeMap<String, String>,
    /// The time that commits carry as the committer's.
    pub now: Option<Moment>,
    /// The nanoseconds of the second that `now` names.
    pub nanoseconds: u32,
    /// The connections to GitHub, shared by the run.
    pub github: github::Connections,
    /// Receives the progress of the run.
    pub progress: Progress,
    /// Whether the run's input is trusted; `--untrusted` says that it is not.
    pub trust: InputTrust,
}
