//! The delivery of many units in one push, again and again for those that lost a race.

use std::time::Instant;

use git::source::Ancestry;
use git::{Signing, SigningError, Transport, TransportError};

use crate::backoff;
use crate::outcome::{Outcome, UnitResult};
use crate::refusal::Refusal;
use crate::round::{Ended, Run};
use crate::unit::{self, Unit, UnitError};

/// Answers whether the first source commit is the second or one of its ancestors; usually [`git::source::Source::is_ancestor`].
pub type Ancestors<'a> = &'a dyn Fn(&str, &str) -> Ancestry;

/// How to deliver.
#[derive(Clone)]
pub struct Options<'a> {
    /// Compute everything, write nothing anywhere.
    pub dry_run: bool,
    /// All units or none: one refusal holds the others back, and the server takes all branches in one transaction.
    pub atomic: bool,
    /// How often a branch is read, decided and pushed before giving up; at least 1. 50 is a good number.
    pub attempts: u32,
    /// Passed to the server with the push (`-o`), for instance GitLab's `merge_request.create`.
    pub push_options: Vec<String>,
    /// Sign the commits. A dry run does not, so that it asks for no passphrase; its commit ids are those of unsigned commits.
    pub signing: Option<Signing>,
    /// Which of two source commits is older.
    pub ancestors: Ancestors<'a>,
}

/// Why nothing could be delivered at all.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// A unit is wrong in itself.
    #[error(transparent)]
    Unit(#[from] UnitError),
    /// A commit could not be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The remote cannot be used.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

/// libgit2's errors come from the repository in which the commits are built.
impl From<git2::Error> for DeliverError {
    fn from(error: git2::Error) -> Self {
        Self::Transport(git::own(&error))
    }
}

impl DeliverError {
    /// Whether trying again may help, without a change of the input.
    pub fn is_outside(&self) -> bool {
        matches!(self, Self::Transport(error) if error.is_outside())
    }
}

/// Brings every unit to its branch over `transport` (see [`git::open`]). The result has one entry a unit, in their order; a unit that was refused does not stop the others
/// (unless `atomic`), and is told by its outcome.
///
/// Every branch is written with a compare-and-swap against the commit that was read. Who loses reads the branch again and decides again:
/// is it still older than ours, does our output still differ? Nothing is ever forced or rebased.
///
/// # Errors
/// What concerns all of them: wrong units, a remote that cannot be reached or does not let us in. What was pushed before a connection
/// was lost for good is not told then; running again finds it.
pub fn deliver(
    transport: &mut dyn Transport,
    units: &[Unit],
    options: &Options<'_>,
) -> Result<Vec<UnitResult>, DeliverError> {
    unit::check(units)?;
    if options.atomic {
        unit::check_atomic(units)?;
    }
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let mut run = Run::new(units, options, transport)?;
    let attempts = options.attempts.max(1);
    let mut lost_connections = 0;
    for attempt in 1..=attempts {
        let start = Instant::now();
        match run.round() {
            Ok(Ended::Settled) => break,
            Ok(Ended::Lost) => {}
            Err(DeliverError::Transport(TransportError::Unreachable { .. }))
                if run.was_pushing() && lost_connections < MOST_LOST_CONNECTIONS && attempt < attempts =>
            {
                lost_connections += 1;
            }
            Err(error) => return Err(error),
        }
        if attempt < attempts {
            std::thread::sleep(backoff::pause(attempt, start.elapsed(), backoff::chance()));
        }
    }
    Ok(run.deliveries(attempts))
}

/// A push whose connection ended may have been taken: the branches are read again. Not for ever.
const MOST_LOST_CONNECTIONS: u32 = 4;

/// The outcome of a unit for which others were always faster.
pub(crate) fn gave_up(attempts: u32, words: &str) -> Outcome {
    Outcome::Refused(Refusal::TooManyAttempts { attempts, message: words.to_owned() })
}
