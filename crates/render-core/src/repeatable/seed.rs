//! The seed that random values are derived from.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::call::CallKey;

/// A seed. Knowledge of it is enough to compute every value that is derived from it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed")
    }
}

impl Seed {
    /// Makes a seed of a secret of any length.
    #[must_use]
    pub fn of_secret(secret: &[u8]) -> Seed {
        Seed(Sha256::digest(secret).into())
    }

    /// Derives the seed of a call: HMAC-SHA-256 over chart, release, namespace, function, templates and ordinal, each after its length.
    pub(crate) fn of_call(&self, key: &CallKey) -> [u8; 32] {
        let chart = &key.group.chart;
        let mut code = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of every length");
        let mut add = |part: &[u8]| {
            code.update(&(part.len() as u64).to_be_bytes());
            code.update(part);
        };
        for part in [chart.chart.as_str(), &chart.release, &chart.namespace, key.group.function] {
            add(part.as_bytes());
        }
        key.group.place.iter().for_each(|template| add(template.as_bytes()));
        add(&key.ordinal.to_be_bytes());
        code.finalize().into_bytes().into()
    }
}
