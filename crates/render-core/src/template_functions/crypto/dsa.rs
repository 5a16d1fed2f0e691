//! Keys of the Digital Signature Algorithm, with parameters of 2,048 and 256 bits.

use crypto_bigint::{BoxedUint, Limb, NonZero, Odd, Resize};
use crypto_primes::{Flavor, is_prime, random_prime};

use super::super::generator::Generator;
use super::der::{self, Reader};

const MODULUS_BITS: u32 = 2_048;
const ORDER_BITS: u32 = 256;

/// A key: the parameters p, q and g, the public and the secret number, all big-endian.
pub(super) struct DsaKey([Vec<u8>; 5]);

impl DsaKey {
    /// Makes a key with parameters of its own.
    pub(super) fn generate(generator: &mut Generator) -> Option<DsaKey> {
        let (p, q) = primes(generator)?;
        let modulus = Odd::new(p.clone()).into_option()?;
        let one = BoxedUint::one_with_precision(MODULUS_BITS);
        let cofactor =
            p.wrapping_sub(&one).wrapping_div_vartime(&NonZero::new(q.clone().resize(MODULUS_BITS)).into_option()?);
        let mut base = one.clone();
        let generator_of_order = loop {
            base = base.wrapping_add(&one);
            let power = base.pow_mod(&cofactor, &modulus);
            if power != one {
                break power;
            }
        };
        // A number below q, and not zero, but for a chance of 2^-250.
        let secret = BoxedUint::from_be_slice_vartime(&generator.array::<32>());
        let secret = secret.rem_vartime(&NonZero::new(q.clone()).into_option()?);
        let public = generator_of_order.pow_mod(&secret.clone().resize(MODULUS_BITS), &modulus);
        Some(DsaKey([&p, &q, &generator_of_order, &public, &secret].map(|number| number.to_be_bytes().to_vec())))
    }

    /// Reads a key in OpenSSL's format.
    pub(super) fn parse(bytes: &[u8]) -> Option<DsaKey> {
        let mut key = Reader::new(Reader::new(bytes).expect(der::SEQUENCE)?);
        key.unsigned()?;
        let mut number = || key.unsigned().map(<[u8]>::to_vec);
        Some(DsaKey([number()?, number()?, number()?, number()?, number()?]))
    }

    /// Returns the key in OpenSSL's format.
    pub(super) fn encoded(&self) -> Vec<u8> {
        let mut numbers = vec![der::unsigned(&[])];
        numbers.extend(self.0.iter().map(|number| der::unsigned(number)));
        der::constructed(der::SEQUENCE, &numbers)
    }
}

/// Finds primes p and q where q divides p - 1 (FIPS 186-3, appendix A.1).
fn primes(generator: &mut Generator) -> Option<(BoxedUint, BoxedUint)> {
    let small = small_primes();
    loop {
        let q: BoxedUint = random_prime(generator, Flavor::Any, ORDER_BITS);
        let twice =
            NonZero::new(q.clone().resize(MODULUS_BITS).wrapping_add(q.clone().resize(MODULUS_BITS))).into_option()?;
        for _ in 0..4 * MODULUS_BITS {
            let mut bytes = generator.array::<{ MODULUS_BITS as usize / 8 }>();
            bytes[0] |= 0x80;
            let drawn = BoxedUint::from_be_slice_vartime(&bytes);
            let rest = drawn.rem_vartime(&twice);
            let p = drawn.wrapping_sub(&rest).wrapping_add(BoxedUint::one_with_precision(MODULUS_BITS));
            let divided = small.iter().any(|prime| p.rem_limb(*prime) == Limb::ZERO);
            if !divided && p.bit_width_vartime() == MODULUS_BITS && is_prime(Flavor::Any, &p) {
                return Some((p, q));
            }
        }
    }
}

/// Returns the primes from 3 below 2,000.
fn small_primes() -> Vec<NonZero<Limb>> {
    let is_prime = |number: &u32| {
        (2..*number).take_while(|divisor| divisor * divisor <= *number).all(|divisor| !number.is_multiple_of(divisor))
    };
    (3..2_000_u32).filter(is_prime).filter_map(|prime| NonZero::new(Limb::from(prime)).into_option()).collect()
}
