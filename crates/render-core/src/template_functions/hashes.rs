//! Checksums.

use gotemplate::{Function, Param};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::arguments::bytes;

const STRING: &[Param] = &[Param::String];

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("sha1sum", Function::new(STRING, |args| Ok(hex(&Sha1::digest(bytes(args, 0))).into()))),
    ("sha256sum", Function::new(STRING, |args| Ok(hex(&Sha256::digest(bytes(args, 0))).into()))),
    ("sha512sum", Function::new(STRING, |args| Ok(hex(&Sha512::digest(bytes(args, 0))).into()))),
    ("adler32sum", Function::new(STRING, |args| Ok(adler32(bytes(args, 0)).to_string().into()))),
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        for digit in [byte >> 4, byte & 15] {
            out.push(char::from_digit(u32::from(digit), 16).unwrap_or_default());
        }
        out
    })
}

fn adler32(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    high << 16 | low
}
