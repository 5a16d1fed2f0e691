//! The delivery of many units: round after round until every unit has its outcome.

use std::time::Instant;

use git::Transport;

use crate::backoff;
use crate::delivery::{Delivery, Step};
use crate::error::DeliverError;
use crate::options::Options;
use crate::outcome::UnitResult;
use crate::unit::Unit;

/// After a push whose connection was lost the branches are read again, but only this many times.
const MAX_LOST_CONNECTIONS: u32 = 4;

/// A round that starts again without a loss is not an attempt, but only this many times.
const MAX_RESTARTS: u32 = 4;

/// Delivers every unit to its branch over `transport` (see [`git::open`]). The result has one entry per unit, in their order. A unit that is
/// refused does not stop the others, unless `atomic` is set; its outcome says why.
///
/// Every branch is written with a compare-and-swap against the commit that was read. If it changed meanwhile, it is read and planned again: is
/// it still older than this delivery, does the output still differ? Nothing is forced or rebased.
///
/// # Errors
/// Invalid units, and a remote that cannot be used. What was pushed before a connection was lost for good is not reported then; the next
/// delivery finds it.
pub fn deliver<'u>(
    transport: &mut dyn Transport,
    units: impl IntoIterator<Item = &'u Unit>,
    options: &'u Options<'u>,
) -> Result<Vec<UnitResult>, DeliverError> {
    let attempts = options.attempts.max(1);
    let mut delivery = Delivery::new(units, options)?;
    let (mut attempt, mut lost_connections, mut restarts) = (1, 0, 0);
    let mut start = Instant::now();
    loop {
        match delivery.step(transport) {
            Ok(Step::Read | Step::Pushed) => continue,
            Ok(Step::Finished) => break,
            Ok(Step::Restarted) if restarts < MAX_RESTARTS => {
                restarts += 1;
                continue;
            }
            Ok(Step::Lost | Step::Restarted) => {}
            Err(error)
                if error.is_unreachable()
                    && delivery.failed_in_push()
                    && lost_connections < MAX_LOST_CONNECTIONS
                    && attempt < attempts =>
            {
                lost_connections += 1;
            }
            Err(error) => return Err(error),
        }
        if attempt == attempts {
            break;
        }
        tracing::info!(attempt, attempts, "a branch changed concurrently, retrying");
        std::thread::sleep(backoff::pause(attempt, start.elapsed(), backoff::chance()));
        attempt += 1;
        start = Instant::now();
    }
    Ok(delivery.finish(attempts))
}
