//! The pause after a lost race.
//!
//! Concurrent deliveries need about as long for a round as this one, so the pause is a random part of a window that is measured in rounds and
//! doubles with each loss (binary exponential back-off): two deliveries that met once seldom meet again, and many spread until about
//! one of them pushes at a time, however slow the server is.

use std::time::Duration;

/// The number of times that the window doubles: up to 64 rounds, for as many writers.
const DOUBLINGS: u32 = 6;
/// A round on a local repository can be shorter than what clock and scheduler resolve.
const SHORTEST_ROUND: Duration = Duration::from_millis(5);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(10);

/// The pause after `lost` lost rounds, the last of which took `round`. `chance` is in 0..1.
pub(crate) fn pause(lost: u32, round: Duration, chance: f64) -> Duration {
    let window = round.max(SHORTEST_ROUND).saturating_mul(1 << lost.min(DOUBLINGS));
    window.min(LONGEST).mul_f64(chance)
}

/// A random number in 0..1, different in every process and at every call.
pub(crate) fn chance() -> f64 {
    use std::hash::{BuildHasher as _, Hasher as _};
    let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
    // The upper 32 bits: all of them fit into a number with 53.
    f64::from(u32::try_from(random >> 32).unwrap_or(0)) / 4_294_967_296.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_measured_in_rounds_doubles_and_ends() {
        let round = Duration::from_millis(100);
        assert_eq!(pause(1, round, 0.5), round);
        assert_eq!(pause(3, round, 0.5), round * 4);
        assert_eq!(pause(50, round, 0.5), round * 32);
        assert_eq!(pause(50, Duration::from_secs(5), 0.5), LONGEST / 2);
        assert_eq!(pause(1, Duration::ZERO, 0.0), Duration::ZERO);
    }

    #[test]
    fn chances_differ() {
        let chances: Vec<f64> = (0..20).map(|_| chance()).collect();
        assert!(chances.iter().all(|chance| (0.0..1.0).contains(chance)));
        assert!(chances.iter().any(|chance| *chance != chances[0]));
    }
}
