//! Spreading units over CI jobs.

use std::str::FromStr;

use super::Plan;

/// One of N parts of the units, such as `2/5`. Every unit is in exactly one part, and sizes differ by at most one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    count: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Option<(usize, usize)> =
            text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        match numbers {
            Some((index, count)) if 1 <= index && index <= count => Ok(Shard { index: index - 1, count }),
            _ => Err(format!("invalid shard \"{text}\": expected I/N with I from 1 to N, such as 2/5")),
        }
    }
}

impl Plan {
    /// Keeps the units of one part.
    pub fn keep(&mut self, shard: Shard) {
        self.is_complete &= shard.count == 1;
        let mut index = 0;
        self.units.retain(|_| {
            index += 1;
            (index - 1) % shard.count == shard.index
        });
    }
}
