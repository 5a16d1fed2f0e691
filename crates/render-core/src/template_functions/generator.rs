//! A random number generator whose seed comes from the caller of the template.

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest, Sha256};

/// The number of random bytes that a generator is seeded with.
pub(super) const SEED: usize = 32;

/// Returns the SHA-256 checksums of the seed and a counter, one after the other.
pub(super) struct Generator {
    seed: [u8; SEED],
    counter: u64,
    block: [u8; 32],
    /// The number of bytes of the block that were used.
    used: usize,
}

impl Generator {
    pub(super) fn new(seed: [u8; SEED]) -> Generator {
        Generator { seed, counter: 0, block: [0; 32], used: 32 }
    }

    /// Returns so many random bytes.
    pub(super) fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }

    /// Fills a buffer with random bytes.
    pub(super) fn fill(&mut self, out: &mut [u8]) {
        for byte in out {
            if self.used == self.block.len() {
                self.block =
                    Sha256::new().chain_update(self.seed).chain_update(self.counter.to_be_bytes()).finalize().into();
                self.counter += 1;
                self.used = 0;
            }
            *byte = self.block[self.used];
            self.used += 1;
        }
    }
}

impl TryRng for Generator {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_be_bytes(self.array()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_be_bytes(self.array()))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        self.fill(out);
        Ok(())
    }
}

impl TryCryptoRng for Generator {}
